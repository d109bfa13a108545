#!/bin/sh
# Every header compiles on its own. Arguments: compiler flags.
cd "$(dirname "$0")/../.." || exit 2
bad=0
for h in src/*/*.h include/strapd/*.h; do
	inc=${h#src/}
	printf '#include "%s"\nextern int here;\n' "${inc#include/}" |
		${CC:-cc} "$@" -x c -fsyntax-only - 2>/tmp/headers.$$ ||
		{ printf 'header:  %s\n' "$h"; head -5 /tmp/headers.$$; bad=1; }
done
rm -f /tmp/headers.$$
exit $bad
