#!/bin/sh
# Runs the script checker over every script of the project.
cd "$(dirname "$0")/../.." || exit 2
git ls-files -co --exclude-standard '*.sh' .ci/run | xargs shellcheck -x
