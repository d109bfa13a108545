#!/usr/bin/env bash
# Every test that docs/protocol.md and docs/quirks.md name is there.
cd "$(dirname "$0")/../.." || exit 2
bad=0

missing() {	# document, what it names, file
	[[ -e $3 ]] && return
	echo "docs: $1 names $2, but there is no $3"
	bad=1
}

# shellcheck disable=SC2016
while read -r name; do
	case $name in
	b/*) file=tests/scenario/bootstrap/${name#b/}.txt ;;
	e/*) file=tests/scenario/exchange/${name#e/}.txt ;;
	u/*) file=tests/unit/test_${name#u/}.c ;;
	s/*) file=tests/system/test_${name#s/}.sh ;;
	esac
	missing docs/protocol.md "$name" "$file"
done < <(grep -oE '`[beus]/[a-z0-9_-]+`' docs/protocol.md | tr -d '`' | grep -v '/x$' | sort -u)

# Of the table of names, the last column; elsewhere what stands in parentheses or behind a device's name
# shellcheck disable=SC2016
while read -r name; do
	missing docs/quirks.md "$name" "tests/scenario/bootstrap/$name.txt"
done < <(sed -nE 's/^\| `.*\| `([a-z-]+)` \|$/\1/p; s/^\| \*\*.*\*\* `([a-z0-9-]+)` .*/\1/p' docs/quirks.md | sort -u)
exit $bad
