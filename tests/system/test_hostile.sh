#!/usr/bin/env bash
# Neighbours that mean no good: on the network, at the admin socket, in the file system. After each
# of them the daemon lives, holds no more than before, and a good device is served. docs/security.md
# says what each check stands for.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

# Under ASan freed memory is kept for a while, which is not what is measured here.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1"
key=5ec2e7c0ffee5ec2e7c0ffee5ec2e7c1		# of the good device
secret=feedfacecafebeeffeedfacecafebee5		# what it is given
other=0123456789abcdef0123456789abcdef		# of a device that is a thief
refusals=50
hostile() { "$build/system/hostile" "$@"; }
rpc() { printf '%s\n' "$@" | "$build/system/unixpipe" "$sock"; }
counter() { ctl --json status | jq ".counters$1"; }
memory() { awk '/^RssAnon/ { print $2 }' "/proc/$daemon_pid/status"; }	# KiB
alive() { kill -0 "$daemon_pid"; }
entries() { ctl --json history "$1" --limit 1000 | jq -r '[.entries[].result] | sort | unique | join(" ")'; }
finished_once() { [[ $(ctl --json history "$1" | jq '[.entries[] | select(.result == "finished")] | length') == "$2" ]]; }

start_daemon -v --set workers.count=2 --set bootstrap.drain_timeout=1s \
	--set limits.refusals_per_second=$refusals --set limits.admin_line=1048576 --set limits.admin_connections=32 || exit 1
coaps=coaps://127.0.0.1:$coaps_port
# shellcheck disable=SC2016 # ${endpoint} is the daemon's
config='{"servers":[{"short_server_id":101,"security":{"uri":"coaps://192.0.2.10:5684","mode":"psk",
	"identity":{"text":"${endpoint}"},"secret_key":{"hex":"'$secret'"}},"server":{"lifetime":300}}]}'
echo "$config" >"$dir/config.json"
set_psk() { ctl endpoint set "$1" --psk-identity "$2" --psk-key "$3" --config "$dir/config.json" >/dev/null; }
set_psk good good-id $key
set_psk thief thief-id $other
ctl endpoint set open --no-auth --config "$dir/config.json" >/dev/null
ctl endpoint set victim --no-auth --config "$dir/config.json" >/dev/null
for i in $(seq 0 9999); do
	printf '{"endpoint":"victim-%04d","auth":{"psk":{"identity":"id-%d","key":{"hex":"%s"}}}}\n' "$i" "$i" $key
done | ctl import - >/dev/null
good() { "$build/system/coapdevice-openssl" --server "$coaps" --endpoint good --psk-identity good-id --psk-key $key; }
gets_through() { good | grep -q '^POST /bs$'; }
check "a good device is served to begin with" gets_through

# --- names ---
hostile names "$coap_port" >"$dir/names"
is "odd names are unknown, or make no sense; a query of 256 bytes is no option" "4.00 4.02" \
	"$(cut -d' ' -f2 "$dir/names" | sort -u | xargs)"
named() { ctl --json history | jq -e --arg e "$1" '[.entries[].endpoint] | index($e)'; }
check "a name of 252 bytes stands in the history" eventually named "$(printf 'L%.0s' $(seq 252))"
check "so does one with quotes" named "\"}],\"x\":\"'\`\\"
check "and one with a line end" named $'n\n2026-01-01T00:00:00.000Z info forged'
check "and one with escapes of terminals" named $'\e[2J\e]0;own\a'
is "the table of it steers no terminal" 0 "$(ctl history | LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae')"
check "the event log is JSON, line by line" bash -c "printf '%s\n' \
	'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"event.subscribe\",\"params\":{\"from\":0}}' |
	'$build/system/unixpipe' '$sock' | jq -s 'length > 10' | grep -q true"

# --- what cannot be read ---
is "all seeds of the fuzz targets, to the port without DTLS" yes \
	"$(hostile seeds "$coap_port" tests/fuzz/seeds/{msg,exchange,linkfmt,dtls} | sed 's/seeds=[1-9].*/yes/')"
is "and to the port with it" yes \
	"$(hostile seeds "$coaps_port" tests/fuzz/seeds/{msg,exchange,linkfmt,dtls} | sed 's/seeds=[1-9].*/yes/')"
hostile junk "$coap_port" 3000 >"$dir/out"
hostile junk "$coaps_port" 3000 >>"$dir/out"
check "garbage, floods and 65 507 bytes are survived" alive
for c in .exchange.malformed .exchange.unmatched .exchange.resets_out .transport.truncated \
	.transport.not_dtls .transport.dtls_bad_records .bootstrap.refused_bad_request; do
	check "counted: ${c#.}" test "$(counter $c)" -gt 0
done
is "nothing of it is kept" "0 0 0" "$(counter '| "\(.transport.links) \(.transport.handshakes_open) \(.exchange.peers)"' | tr -d '"')"
check "a good device gets through" gets_through

# --- strangers ---
hostile strangers "$coap_port" 20000 >/dev/null		# whatever grows once has grown
before=$(memory) rows=$(counter .bootstrap.refused_unknown_endpoint)
hostile strangers "$coap_port" 100000 >"$dir/out"
after=$(memory)
check "100 000 strangers are refused, each" test $(($(counter .bootstrap.refused_unknown_endpoint) - rows)) -gt 95000
check "they take no memory ($before KiB, then $after)" test $((after - before)) -lt 8192
before=$(memory)
hostile hellos "$coaps_port" 20000 >"$dir/out"
check "20 000 ClientHellos are answered with a cookie" test "$(counter .transport.hello_verify)" -gt 19000
is "they leave no association and no handshake" "0 0" \
	"$(counter '| "\(.transport.associations) \(.transport.handshakes_open)"' | tr -d '"')"
check "and take no memory ($before KiB, then $(memory))" test $(($(memory) - before)) -lt 8192
began=$SECONDS logged=$(grep -c 'result=refused' "$dir/strapd.log")
hostile same "$coap_port" 20000 nobody >"$dir/out"
logged=$(($(grep -c 'result=refused' "$dir/strapd.log") - logged))
most=$(((SECONDS - began + 2) * refusals * 2))	# two workers
check "20 000 requests for one unknown name: $logged lines of log, at most $most" test $logged -le $most
stored=$(ctl --json history nobody --limit 1000 | jq '.entries | length')
check "and $stored entries of history" test "$stored" -le $most
check "a good device gets through" gets_through

# --- one device's credentials, another's name ---
"$build/strapfleet" --server "$coaps" --endpoint good --psk-identity good-id --psk-key $key \
	--rtt 500ms --tries 1 --quiet >"$dir/slow" 2>&1 &
slow=$!
hostile victim "$coap_port" victim 700 >"$dir/victim" &
victim=$!
both_begun() { [[ $(counter .bootstrap.sessions) == 2 ]]; }
eventually both_begun
hostile same "$coap_port" 300 victim >"$dir/out"		# NoSec, from other hosts
hostile same "$coap_port" 300 good >"$dir/out"			# NoSec, for one with a key
refused=$(counter .bootstrap.refused_not_authorised)
"$build/strapfleet" --server "$coaps" --endpoint victim-%04d --psk-identity thief-id --psk-key $other \
	--count 10000 --concurrency 500 --tries 1 --quiet >"$dir/out" 2>&1
is "10 000 requests for other names than the own are all refused" 1 $?
check "and counted" test $(($(counter .bootstrap.refused_not_authorised) - refused)) -ge 10000
wait $slow
is "the session of the device with the key went on to its end" 0 $?
wait $victim
is "and so did that over NoSec, though other hosts asked for its name" finished "$(cat "$dir/victim")"
check "it has one finished session" eventually finished_once victim 1
is "that of the device with the key was never superseded" "finished refused" "$(entries good)"
is "the thief still gets what is its own" 0 "$("$build/strapfleet" --server "$coaps" --endpoint thief \
	--psk-identity thief-id --psk-key $other --quiet >/dev/null 2>&1; echo $?)"
is "without a name it gets that, and no other" thief "$("$build/system/coapdevice-openssl" --server "$coaps" \
	--no-ep --psk-identity thief-id --psk-key $other >/dev/null; ctl --json history thief | jq -r '.entries[0].endpoint')"
is "a replayed request is answered as before, and starts no second session" "answers=50 different=0" \
	"$(hostile replay "$coap_port" 50 open)"
is "one session came of it" 1 "$(ctl --json sessions | jq '[.sessions[] | select(.endpoint == "open")] | length')"

# --- the admin socket ---
exec 9> >(hostile admin "$sock" 1000 >"$dir/admin")
check "1000 rude connections are taken or refused" eventually grep -q 'connected=1000' "$dir/admin"
check "the daemon serves devices meanwhile" gets_through
exec 9>&-
check "and operators afterwards" eventually ctl status
is "a line beyond the limit is refused, and the connection ends" line-too-long \
	"$(head -c 1048577 /dev/zero | tr '\0' x | "$build/system/unixpipe" "$sock" | jq -r .error.data.reason)"
is "so is deep nesting" too-deep \
	"$(rpc "$(head -c 30000 /dev/zero | tr '\0' '[')" | jq -r .error.data.reason)"
is "binary garbage is answered with JSON" -32700 \
	"$(head -c 3000 /dev/urandom | tr -d '\n' | "$build/system/unixpipe" "$sock" | jq -r .error.code)"
batch="[$(for _ in $(seq 500); do printf '{"jsonrpc":"2.0","method":"history","params":{"limit":1000}},'; done)"
batch+='{"jsonrpc":"2.0","id":1,"method":"status"}]'
rpc "$batch" "$batch" "$batch" >"$dir/out" &
check "batches that ask for everything do not stop the others" timeout 5 "$build/strapctl" -s "$sock" status
wait $!

# --- files and /proc ---
is "the store and the socket are for their owner and group" "600 600 600 600 660" "$(stat -c %a "$dir"/strapd.db{,-wal,-shm,.lock} "$sock" | xargs)"
if [[ $(id -u) == 0 ]] && getent passwd nobody >/dev/null; then
	chmod 755 "$dir"
	as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }
	is "another user cannot reach the admin socket" 3 "$(as_nobody "$build/strapctl" -s "$sock" status >/dev/null 2>&1; echo $?)"
	for f in "$dir/strapd.db" "$dir/strapd.db-wal" "/proc/$daemon_pid/environ" "/proc/$daemon_pid/maps"; do
		check "nor read ${f##*/}" bash -c "! setpriv --reuid nobody --regid nogroup --clear-groups head -c 1 '$f'"
	done
fi
if ! grep -qa __asan_init "$build/strapd"; then
	is "its memory is not for others of its own user" root "$(stat -c %U "/proc/$daemon_pid/maps")"
fi

# --- secrets ---
base64=$(printf %s $secret | sed 's/../\\x&/g' | xargs -0 printf %b | base64)
raw_in() { LC_ALL=C grep -cP "$(printf %s "$2" | sed 's/../\\x&/g')" "$1"; }
{ ctl --json history --limit 1000; ctl --json status; ctl --json sessions; ctl plan good; ctl --json plan good
	ctl --json endpoint get good; ctl endpoint get good; ctl --json endpoint list
	rpc '{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{"from":0}}'
	# shellcheck disable=SC2016
	for wrong in '{"hex":"'$secret'z"}' '{"hex":"'$secret'0"}' '{"base64":"'$secret'*"}' '"'$secret'"' \
		'{"heks":"'$secret'"}' '{"text":"'$secret'${nope}"}'; do
		jq --argjson w "$wrong" '.servers[0].security.secret_key = $w' "$dir/config.json" |
			ctl endpoint set bad --no-auth --config - && echo "taken: $wrong"
	done
	rpc '{"jsonrpc":"2.0","id":1,"method":"endpoint.set","params":{"endpoint":"x","auth":{"psk":{"identity":"x","key":"'$key'"}}}}' \
		'{"jsonrpc":"2.0","id":1,"method":"endpoint.set","params":{"endpoint":"x","auth":{"psk":{"identity":"x","key":{"hex":"'$key'zz"}}}}}' \
		'{"broken '$key
} >"$dir/told" 2>&1
for file in strapd.log told; do
	is "no key stands in $file, as hex" 0 "$(grep -ciE "$key|$secret|$other" "$dir/$file")"
	is "nor as bytes or base64" "0 0 0" "$(raw_in "$dir/$file" $key) $(raw_in "$dir/$file" $secret) $(grep -cF "${base64%=*}" "$dir/$file")"
done
is "nothing in the log steers a terminal" 0 "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]' "$dir/strapd.log")"
check "and all of it is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$dir/strapd.log"
stop_daemon
is "the daemon stops in order" 0 $?

# --- half handshakes ---
start_daemon --set workers.count=1 --set limits.handshakes=400 --set dtls.handshake_timeout=2s || exit 1
hostile half "$coaps_port" 5000 >"$dir/out"
check "5 000 half handshakes reach their limit, which is counted" test "$(counter .transport.limit_handshakes)" -gt 4000
check "no more than that are open" test "$(counter .transport.handshakes_open)" -le 400
none_open() { [[ $(counter .transport.handshakes_open) == 0 ]]; }
check "they time out" eventually none_open
check "a good device gets through" gets_through

# --- files of others ---
stop_daemon
is "the daemon stops in order" 0 $?
chmod 644 "$dir/strapd.db"
like "a store that others may read is refused" 'chmod 600' \
	"$("$build/strapd" --set store.url=sqlite:"$dir/strapd.db" --set admin.socket="$sock" --set coap.listen=127.0.0.1:0 --set coaps.listen=off 2>&1)"
printf '[log]\nlevel = info\n' >"$dir/x.conf"
chmod 666 "$dir/x.conf"
like "settings that every user may write are refused" 'chmod o-w' "$("$build/strapd" -c "$dir/x.conf" --check 2>&1)"
finish_tap
