# For system tests: checks that print TAP lines.
# shellcheck shell=bash
tap_count=0

# check NAME command … : passes when the command succeeds; shows its output when it does not.
check() {
	local name=$1 out
	shift
	tap_count=$((tap_count + 1))
	if out=$("$@" 2>&1); then
		echo "ok $tap_count - $name"
	else
		echo "not ok $tap_count - $name"
		printf '%s\n' "$out" | sed 's/^/# /' | tail -25
		tap_failed=1
	fi
}

# is NAME WANT HAVE
is() {
	tap_count=$((tap_count + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $tap_count - $1"
	else
		echo "not ok $tap_count - $1"
		printf '# want: %s\n# have: %s\n' "$2" "$3"
		tap_failed=1
	fi
}

# like NAME PATTERN(extended regular expression) TEXT
like() {
	tap_count=$((tap_count + 1))
	if grep -qE -- "$2" <<<"$3"; then
		echo "ok $tap_count - $1"
	else
		echo "not ok $tap_count - $1"
		printf '# want: /%s/\n# have: %s\n' "$2" "$3"
		tap_failed=1
	fi
}

# Waits until a command succeeds, at most 20 s: for what happens a moment later.
eventually() {
	for _ in $(seq 1 400); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

finish_tap() {
	echo "1..$tap_count"
	[[ -z ${tap_failed:-} ]]
}
