#!/bin/sh
# Prints the migrations of a directory as C initialisers: { version, "name", lines, NULL last },
# a string for each line, since C grants no more than 4095 characters in one.
set -eu
for file in "$1"/[0-9]*.sql; do
	[ -e "$file" ] || continue
	name=${file##*/}
	version=$(printf '%s' "${name%%_*}" | sed 's/^0*//')
	printf '{ %s, "%s", (const char *const[]){\n' "$version" "$name"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/"/' -e 's/$/\\n",/' "$file"
	printf 'NULL } },\n'
done
