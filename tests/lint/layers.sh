#!/bin/sh
# Fails when a file in src/ includes a header of a folder that src/LAYERS does not
# allow, or another folder's private header (*_priv.h).
cd "$(dirname "$0")/../../src" || exit 2
grep -rn --include='*.[ch]' '^# *include "' . | sed 's|^\./||' | grep -v '"migrations\.inc"' |
awk -F'[:"/]' '
	NR == FNR { sub(/#.*/, ""); n = split($0, w, /[: ]+/); for (i = 1; i <= n; i++) ok[w[1], w[i]] = 1; next }
	{ from = $1; line = $0; sub(/^[^"]*"/, "", line); split(line, to, /[\/"]/) }
	!((from, to[1]) in ok)                       { print "layer:   " $0; bad = 1 }
	from != to[1] && line ~ /_priv\.h"/          { print "private: " $0; bad = 1 }
	END { exit bad }' LAYERS -
