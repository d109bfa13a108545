#!/usr/bin/env bash
# Measures strapd against floors of the same machine, in one run; a table, and build/bench.json.
# Ratios count, not rates: machines are shared. Usage: tests/bench/run.sh BUILD [SECONDS]
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
seconds=${2:-${BENCH_SECONDS:-4}}
# shellcheck source=tests/lib.sh
. tests/lib.sh
window=256 devices=20000 rounds=3
result=$build/bench.json
echo '{}' >"$dir/result"

put() {	# key value(JSON)
	jq --arg k "$1" --argjson v "$2" '.[$k] = $v' "$dir/result" >"$dir/r2" && mv "$dir/r2" "$dir/result"
}
row() { printf '%-58s %14s  %s\n' "$1" "$2" "${3:-}"; }
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# Nanoseconds of CPU of the main thread, and of the threads that are not it: the workers.
main_ns() { cut -d' ' -f1 "/proc/$daemon_pid/task/$daemon_pid/schedstat"; }
worker_ns() {
	local t sum=0
	for t in /proc/"$daemon_pid"/task/*; do
		[[ ${t##*/} == "$daemon_pid" ]] || sum=$((sum + $(cut -d' ' -f1 "$t/schedstat")))
	done
	echo "$sum"
}
rss_kib() { awk '/VmRSS/ { print $2 }' "/proc/$daemon_pid/status"; }
load() { "$build/bench/load" "$@"; }

# shellcheck disable=SC2016 # strapd's variables, not the shell's
profile='{"servers":[{"short_server_id":101,"instance":1,"security":{"uri":"coaps://lwm2m.example.com:5684",
	"mode":"psk","identity":{"text":"${endpoint}"},"secret_key":{"hex":"000102030405060708090a0b0c0d0e0f"}},
	"server":{"lifetime":86400}}], "discover":"never"}'
key=00112233445566778899aabbccddeeff
fill() {	# prefix count auth(JSON, %n is the number)
	awk -v p="$1" -v n="$2" -v a="$3" 'BEGIN { for (i = 0; i < n; i++) {
		x = a; gsub("%n", sprintf("%07d", i), x)
		printf "{\"endpoint\":\"%s-%07d\",\"profile\":\"bench\",\"auth\":%s}\n", p, i, x } }' |
		ctl import - >/dev/null
}
serve() {	# a fresh daemon with one worker and its records
	stop_daemon
	rm -f "$dir"/strapd.db*
	coap_port="" coaps_port=""
	start_daemon --set workers.count=1 --set log.level=error --set exchange.ack_timeout=60s \
		--set bootstrap.session_timeout=1h --set limits.history=1000000 || exit 1
	jq -n --argjson c "$profile" '{profile:"bench",config:$c}' | ctl profile set bench --config - >/dev/null
}

echo "measuring: $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $seconds s a figure, median of $rounds"
put machine "$(jq -n --arg c "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" \
	--arg k "$(uname -r)" --argjson n "$(nproc)" '{cpu:$c,kernel:$k,cores:$n}')"

# Floors and NoSec alternate, so that a neighbour's load falls on both.
serve
fill dev $devices '{"none":true}'
fill sil 50000 '{"none":true}'
"$build/bench/echo" 0 >"$dir/echo_port" &
echo_pid=$!
eventually_port() { for _ in $(seq 100); do [[ -s $dir/echo_port ]] && return; sleep 0.02; done; }
eventually_port
echo_port=$(tr -dc '0-9' <"$dir/echo_port")
: >"$dir/floor"; : >"$dir/nosec"; : >"$dir/cpu"; : >"$dir/main"
for _ in $(seq $rounds); do
	load echo "$echo_port" 20000 $window "$seconds" | jq .rate >>"$dir/floor"
	before=$(worker_ns) main_before=$(main_ns)
	load bootstrap "$coap_port" $devices $window "$seconds" >"$dir/out"
	after=$(worker_ns) main_after=$(main_ns)
	jq .rate "$dir/out" >>"$dir/nosec"
	# The warm-up of half a second is in the CPU time as well.
	# shellcheck disable=SC2016 # jq's variables
	per='$t / 1000 / (.done * (.seconds + 0.5) / .seconds)'
	jq --argjson t $((after - before)) "$per" "$dir/out" >>"$dir/cpu"
	jq --argjson t $((main_after - main_before)) "$per" "$dir/out" >>"$dir/main"
done
kill $echo_pid
wait $echo_pid 2>/dev/null
floor=$(median <"$dir/floor") nosec=$(median <"$dir/nosec") cpu=$(median <"$dir/cpu")
main_cpu=$(median <"$dir/main")
ratio=$(calc "$nosec / ($floor / 5)") cpu_ratio=$(calc "1e6 / $cpu / ($floor / 5)")
row "bare UDP echo, round trips/s" "$floor" "the floor of NoSec is a fifth: $(calc "$floor / 5" 0)"
row "NoSec bootstraps/s, one worker" "$nosec" "ratio to the floor $ratio (wanted 0.3, goal 0.5)"
row "  CPU of the worker for one, us" "$(calc "$cpu" 1)" "with a core of its own: $(calc "1e6 / $cpu" 0)/s, ratio $cpu_ratio"
row "  CPU of the main thread (history) for one, us" "$(calc "$main_cpu" 1)"
put nosec_cpu_ratio "$cpu_ratio"; put main_cpu_us "$(calc "$main_cpu" 1)"
put echo_per_s "$floor"; put nosec_per_s "$nosec"; put nosec_ratio "$ratio"; put nosec_cpu_us "$(calc "$cpu" 1)"

# The same beside sessions that are open and silent; memory of one.
flat=""
for live in 100 50000; do
	serve
	fill dev $devices '{"none":true}'
	fill sil $live '{"none":true}'
	load bootstrap "$coap_port" $devices $window 1 >/dev/null
	before=$(rss_kib) already=$(ctl --json status | jq .counters.bootstrap.sessions)
	load silent "$coap_port" $live >/dev/null
	open=$(($(ctl --json status | jq .counters.bootstrap.sessions) - already))
	after=$(rss_kib)
	: >"$dir/live"
	for _ in $(seq $rounds); do
		load bootstrap "$coap_port" $devices $window "$seconds" | jq .rate >>"$dir/live"
	done
	rate=$(median <"$dir/live")
	row "NoSec bootstraps/s beside $open silent live sessions" "$rate"
	put "nosec_per_s_live_$live" "$rate"
	if [[ $live == 100 ]]; then
		flat=$rate
	else
		row "  ratio to 100 live sessions" "$(calc "$rate / $flat")" "wanted 0.9"
		row "  resident bytes of a live NoSec session" "$(calc "($after - $before) * 1024 / $open" 0)" "goal 2048"
		put flat_ratio "$(calc "$rate / $flat")"
		put nosec_session_bytes "$(calc "($after - $before) * 1024 / $open" 0)"
	fi
done

# DTLS with PSK: against OpenSSL alone, in memory, and eight round trips.
"$build/bench/handshake" >"$dir/handshake"
handshake=$(jq -s 'add | .psk_handshake_us' "$dir/handshake")
bare=$(jq -s 'add | .ssl_session_bytes' "$dir/handshake")
serve
fill dev 6000 "{\"psk\":{\"identity\":\"id-%n\",\"key\":{\"hex\":\"$key\"}}}"
fleet() {
	"$build/strapfleet" --server "coaps://127.0.0.1:$coaps_port" --endpoint 'dev-%07d' --psk-identity 'id-%07d' \
		--psk-key $key --json --ack-timeout 20s --tries 1 "$@"
}
: >"$dir/psk"; : >"$dir/pskcpu"
for _ in $(seq $rounds); do
	before=$(worker_ns)
	fleet --count 4000 --concurrency 100 >"$dir/out" || { echo "bench: devices failed" >&2; jq .reasons "$dir/out" >&2; }
	after=$(worker_ns)
	jq .rate "$dir/out" >>"$dir/psk"
	jq --argjson t $((after - before)) '$t / 1000 / .done' "$dir/out" >>"$dir/pskcpu"
done
psk=$(median <"$dir/psk") pskcpu=$(median <"$dir/pskcpu")
pskfloor=$(calc "$handshake + 8 * 1e6 / $floor" 1)
row "OpenSSL's PSK handshake in memory, server side, us" "$handshake"
row "PSK bootstraps/s, one worker, strapfleet as generator" "$(calc "$psk" 0)" "the generator does the clients' DTLS on one core"
row "  CPU of the worker for one, us" "$(calc "$pskcpu" 1)" "floor $pskfloor"
row "  ratio floor / CPU" "$(calc "$pskfloor / $pskcpu")" "goal 0.6"
put psk_handshake_us "$handshake"; put psk_per_s "$(calc "$psk" 0)"; put psk_cpu_us "$(calc "$pskcpu" 1)"
put psk_floor_us "$pskfloor"; put psk_ratio "$(calc "$pskfloor / $pskcpu")"

# A handshake by itself, and one that resumes a session, with openssl's own client.
client() {	# further options
	openssl s_client -dtls1_2 -connect "127.0.0.1:$coaps_port" -psk $key -psk_identity id-0000001 \
		-cipher PSK-AES128-CCM8:@SECLEVEL=0 "$@" </dev/null >"$dir/client" 2>&1
}
handshakes() {	# how many, further options; CPU of the worker for each, us
	local before after i
	before=$(worker_ns)
	for ((i = 0; i < $1; i++)); do client "${@:2}"; done
	after=$(worker_ns)
	calc "($after - $before) / 1000 / $1" 1
}
client -sess_out "$dir/session"
handshakes 10 >/dev/null
full=$(handshakes 40) resumed=$(handshakes 40 -sess_in "$dir/session")
taken=$(ctl --json status | jq .counters.transport.handshakes_resumed)
row "PSK handshake alone: CPU of the worker, us" "$full" "one at a time, caches cold"
row "  the same resumed from a ticket ($taken of 40 were)" "$resumed"
put handshake_cpu_us "$full"; put handshake_resumed_cpu_us "$resumed"; put handshakes_resumed "$taken"

serve
fill dev 3000 "{\"psk\":{\"identity\":\"id-%n\",\"key\":{\"hex\":\"$key\"}}}"
fleet --count 200 >/dev/null
before=$(rss_kib)
fleet --count 2000 --concurrency 2000 --first 500 --behaviour silent --patience 40s >/dev/null &
silent_pid=$!
for _ in $(seq 150); do
	open=$(ctl --json status | jq .counters.bootstrap.sessions)
	((open >= 2000)) && break
	sleep 0.2
done
after=$(rss_kib)
kill $silent_pid
wait $silent_pid 2>/dev/null
bytes=$(calc "($after - $before) * 1024 / $open" 0)
row "resident bytes of a live DTLS session ($open open)" "$bytes" "a bare OpenSSL session: $bare, ratio $(calc "$bytes / $bare"), goal 1.1"
put dtls_session_bytes "$bytes"; put bare_ssl_bytes "$bare"
stop_daemon
cp "$dir/result" "$result"
echo "as JSON: $result"
