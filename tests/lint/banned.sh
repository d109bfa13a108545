#!/bin/sh
# Calls with no place here: unbounded copies anywhere, and clocks, sleep and randomness outside
# base/, which would break the virtual time of the scenario tests.
cd "$(dirname "$0")/../../src" || exit 2
bad=0
ban() {	# pattern, files left out (grep -E on the path), reason
	found=$(grep -rnE --include='*.[ch]' "(^|[^A-Za-z0-9_.>])($1) *\(" . | sed 's|^\./||' |
		grep -vE "^($2)" | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)')
	[ -z "$found" ] && return
	printf 'banned:  %s\n%s\n' "$3" "$found"
	bad=1
}
ban 'strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|atof|scanf|sscanf|strncat|strncpy' 'none/' \
	'no bound or no error'
ban 'time|gettimeofday|clock_gettime|localtime|sleep|usleep|nanosleep' 'base/' 'clocks belong to base/loop'
ban 'rand|random|srand|srandom|drand48|RAND_bytes|getrandom' 'base/' 'randomness belongs to base/random'
ban 'system|popen' 'none/' 'the daemon runs no command'
exit $bad
