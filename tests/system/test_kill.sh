#!/usr/bin/env bash
# kill -9 in the middle of an import and of a fleet: nothing acknowledged is missing, and every
# device gets there on a next try.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

options=(--set exchange.ack_timeout=100ms --set log.level=warn)
record='{"none":true}'
config='{"servers":[{"short_server_id":101,"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{}}]}'
start_daemon "${options[@]}" || exit 1
jq -n --argjson c "$config" '{profile:"p", config:$c}' | ctl profile set p --config - >/dev/null || exit 1

# One record a call, so that each is acknowledged by itself; the daemon dies in the middle.
for i in $(seq 1 3000); do
	printf '{"jsonrpc":"2.0","id":"kill-%04d","method":"endpoint.set","params":{"endpoint":"kill-%04d","profile":"p","auth":%s}}\n' \
		"$i" "$i" "$record"
done >"$dir/requests"
socket_feed() { "$build/system/unixpipe" "$sock" <"$dir/requests"; }
socket_feed >"$dir/answers" 2>/dev/null &
feeder=$!
eventually test -s "$dir/answers"
stop_daemon -KILL
wait $feeder
jq -r 'select(.result) | .id' "$dir/answers" 2>/dev/null | sort >"$dir/acknowledged"
acknowledged=$(wc -l <"$dir/acknowledged")
check "some were acknowledged before the kill" test "$acknowledged" -gt 0
start_daemon "${options[@]}" || exit 1
ctl export | jq -r 'select(.endpoint) | .endpoint' | sort >"$dir/stored"
is "nothing acknowledged is missing" "" "$(comm -23 "$dir/acknowledged" "$dir/stored" | head -3)"
is "the store is sound" ok "$(sqlite3 "$dir/strapd.db" 'PRAGMA integrity_check')"

# A fleet in the middle of it.
for i in $(seq 0 299); do
	printf '{"endpoint":"dev-%04d","profile":"p","auth":%s}\n' "$i" "$record"
done | ctl import - >/dev/null || exit 1
"$build/strapfleet" --server "coap://127.0.0.1:$coap_port" --count 300 --endpoint dev-%04d --rate 300 \
	--ack-timeout 100ms --patience 3s --retry 300ms --tries 30 --rtt 20ms --json >"$dir/fleet.json" &
fleet=$!
for _ in 1 2; do
	sleep 0.4
	stop_daemon -KILL
	start_daemon "${options[@]}" || exit 1
done
wait $fleet
is "every device got there" 0 $?
is "all 300 of them" 300 "$(jq .done "$dir/fleet.json")"
is "the store is sound" ok "$(sqlite3 "$dir/strapd.db" 'PRAGMA integrity_check')"
stop_daemon
is "the daemon stops in order" 0 $?
finish_tap
