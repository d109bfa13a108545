#!/bin/sh
# Prints the migrations of a directory as C initialisers: { version, "name", "text" },
set -eu
for file in "$1"/[0-9]*.sql; do
	[ -e "$file" ] || continue
	name=${file##*/}
	version=$(printf '%s' "${name%%_*}" | sed 's/^0*//')
	printf '{ %s, "%s",\n' "$version" "$name"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/\\n"/' "$file"
	printf '},\n'
done
