#!/usr/bin/env bash
# Runs every libFuzzer binary fuzz_* of DIR for SECONDS, from the seeds in tests/fuzz/seeds, as
# many at once as there are cores. Usage: tests/fuzz/run.sh DIR SECONDS.
# A crash leaves its input below DIR and fails the run.
set -u
dir=$(cd "$1" && pwd) || exit 2
seconds=$2
cd "$(dirname "$0")" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Annotated hex, as driver.c reads it: comments from '#', everything but digits left out.
convert() {	# target
	local seed
	mkdir -p "$work/$1"
	for seed in "seeds/$1"/*.hex; do
		[[ -e $seed ]] || continue
		perl -0777 -pe 's/#.*//g; s/[^0-9a-f]//gi; $_ = pack "H*", $_' "$seed" \
			>"$work/$1/$(basename "$seed" .hex)"
	done
}

# One target; its verdict goes to a file, "ok" or "FAIL" first.
run_one() {	# binary
	local name=${1##*/fuzz_} log runs edges
	log=$work/$name.log
	convert "$name"
	if "$1" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$dir/crash-$name-" "$work/$name" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
		echo "ok   $name: ${runs:-?} inputs in $seconds s, ${edges:-?} edges" >"$work/$name.verdict"
	else
		{
			echo "FAIL $name: the input is $dir/crash-$name-*"
			grep -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|INITED|READ)' "$log" | head -60
		} >"$work/$name.verdict"
	fi
	cat "$work/$name.verdict"
}

for fuzzer in "$dir"/fuzz_*; do
	[[ -x $fuzzer && -f $fuzzer ]] || continue
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n
	done
	run_one "$fuzzer" &
done
wait
ran=$(cat "$work"/*.verdict 2>/dev/null | grep -cE '^(ok|FAIL) ')
failed=$(cat "$work"/*.verdict 2>/dev/null | grep -c '^FAIL ')
((ran > 0 && failed == 0))
