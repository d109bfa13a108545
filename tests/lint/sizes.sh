#!/bin/sh
# Files of at most 800 lines, headers of 240, functions of 100, lines of 110 columns (tabs are 8).
# A function that is a table may stand in the list below, with its reason.
cd "$(dirname "$0")/../.." || exit 2
# shellcheck disable=SC2016 # awk, not sh
find src include tests -name '*.[ch]' -print | sort | xargs awk -v tables="" '
	function width(s,   n, i) {
		n = 0
		for (i = 1; i <= length(s); i++)
			n = substr(s, i, 1) == "\t" ? n + 8 - n % 8 : n + 1
		return n
	}
	BEGIN { split(tables, t, " "); for (i in t) exempt[t[i]] = 1 }
	FNR == 1 { if (file != "") check(); file = FILENAME; name = ""; start = 0 }
	{ lines = FNR }
	length($0) > 60 && width($0) > 110 { printf "size:    %s:%d is %d columns wide\n", FILENAME, FNR, width($0); bad = 1 }
	/^[A-Za-z_].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^\{/ { start = FNR }
	/^\}/ && start { if (FNR - start > 101 && !(name in exempt)) {
			printf "size:    %s:%d %s() has %d lines\n", FILENAME, start, name, FNR - start - 1; bad = 1 }
		start = 0 }
	function check() {
		limit = file ~ /\.h$/ ? 240 : 800
		if (lines > limit) { printf "size:    %s has %d lines, limit %d\n", file, lines, limit; bad = 1 }
	}
	END { check(); exit bad }'
