#!/usr/bin/env bash
# Runs the tests that stand below a build folder and closes with "N passed, N failed".
# Usage: tests/run.sh BUILD all|quick|system [PATTERN]
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1 what=$2 pattern=${3:-}
passed=0 failed=0
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

# One program that speaks TAP: "ok N - name", "not ok N - name".
tap() {	# label, command …
	local label=$1 out=$log/out
	shift
	[[ -n $pattern && $label != *$pattern* ]] && return
	CMOCKA_MESSAGE_OUTPUT=TAP "$@" >"$out" 2>"$log/err"
	judge "$label" $? "$out" "$log/err"
}

judge() {	# label, exit status, output, standard error
	local label=$1 status=$2 out=$3 err=$4 ok bad
	ok=$(grep -cE '^ok ' "$out")
	bad=$(grep -cE '^not ok ' "$out")
	# A crash, or an exit code without a failed test, counts as one failure.
	((status != 0 && bad == 0)) && bad=1
	((ok + bad == 0)) && bad=1
	passed=$((passed + ok)) failed=$((failed + bad))
	if ((bad > 0)); then
		echo "FAIL $label (exit $status)"
		grep -vE '^ok ' "$out" | tail -40
		tail -40 "$err"
	else
		echo "ok   $label ($ok)"
	fi
}

if [[ $what != system ]]; then
	for t in "$build"/unit/test_*; do
		[[ -x $t && $t != *.d ]] && tap "unit/${t##*/}" "$t"
	done
	for t in "$build"/scenario/run_*; do
		[[ -x $t && $t != *.d ]] && tap "scenario/${t##*/}" "$t" "tests/scenario/${t##*/run_}"
	done
	for t in "$build"/seeds/fuzz_*; do
		[[ -x $t && $t != *.d ]] && tap "seeds/${t##*/}" "$t" "tests/fuzz/seeds/${t##*/fuzz_}"
	done
fi
if [[ $what != quick ]]; then
	# Each has a daemon, ports and a folder of its own, and mostly waits for timers: all at once.
	declare -A jobs
	for t in tests/system/test_*.sh; do
		[[ -n $pattern && system/${t##*/} != *$pattern* ]] && continue
		bash "$t" "$build" >"$log/${t##*/}.out" 2>"$log/${t##*/}.err" &
		jobs[$t]=$!
	done
	for t in tests/system/test_*.sh; do
		[[ -n ${jobs[$t]:-} ]] || continue
		wait "${jobs[$t]}"
		judge "system/${t##*/}" $? "$log/${t##*/}.out" "$log/${t##*/}.err"
	done
fi
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
