#!/usr/bin/env bash
# Fleets over bad networks: every device ends whole, whatever is lost on the way.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

key=00112233445566778899aabbccddeeff
start_daemon --set exchange.ack_timeout=100ms --set dtls.handshake_timeout=20s --set log.level=warn || exit 1
coap=coap://127.0.0.1:$coap_port
coaps=coaps://127.0.0.1:$coaps_port

jq -n '{profile:"p", config:{servers:[{short_server_id:101,
	security:{uri:"coaps://lwm2m.example.com:5684",mode:"psk",identity:{text:"${endpoint}"},
		secret_key:{hex:"000102030405060708090a0b0c0d0e0f"}},
	server:{lifetime:3600}}]}}' >"$dir/profile.json"
ctl profile set p --config "$dir/profile.json" >/dev/null || exit 1
for i in $(seq 0 499); do
	printf '{"endpoint":"psk-%04d","profile":"p","auth":{"psk":{"identity":"id-%04d","key":{"hex":"%s"}}}}\n' "$i" "$i" $key
	printf '{"endpoint":"nosec-%04d","profile":"p","auth":{"none":true}}\n' "$i"
done | ctl import - >/dev/null || exit 1
ctl plan nosec-0000 --json --reveal >"$dir/nosec.json" || exit 1
ctl plan psk-0000 --json --reveal >"$dir/psk.json" || exit 1

nosec() { "$build/strapfleet" --server "$coap" --endpoint nosec-%04d --quiet --ack-timeout 100ms \
	--patience 20s --retry 200ms --expect "$dir/nosec.json" "$@"; }
dtls() { "$build/strapfleet" --server "$coaps" --endpoint psk-%04d --psk-identity id-%04d --psk-key $key \
	--quiet --ack-timeout 100ms --patience 20s --retry 200ms --expect "$dir/psk.json" "$@"; }

check "500 over NoSec, perfect network" nosec --count 500
check "500 over DTLS, perfect network" dtls --count 500
# These mostly wait for retransmission timers: together, with devices of their own, beside the rest.
nosec --first 200 --count 200 --loss 0.3 --duplicate 0.1 --reorder 0.1 --tries 30 >"$dir/lossy_nosec" 2>&1 &
lossy_nosec=$!
dtls --first 200 --count 60 --loss 0.3 --duplicate 0.1 --reorder 0.1 --tries 30 >"$dir/lossy_dtls" 2>&1 &
lossy_dtls=$!
check "100 over DTLS with a round trip of 100 ms" dtls --count 100 --rtt 100ms
for behaviour in separate-response no-discover rst slow restart bad-finish no-tlv no-cbor \
	refuse-delete created; do
	check "30 devices that are $behaviour" nosec --count 30 --behaviour $behaviour
done
check "LwM2M 1.0 devices" nosec --count 20 --lwm2m 1.0
check "LwM2M 1.2 devices take a Pack" nosec --count 20 --lwm2m 1.2
is "of which the daemon tells" 20 "$(ctl --json status | jq '.counters.bootstrap.packs')"
check "a bootstrap account at /0/1 survives" "$build/strapfleet" --server "$coap" \
	--endpoint nosec-%04d --count 20 --quiet --behaviour account-at-1
lossy() { wait "$1"; local status=$?; cat "$2"; return $status; }
lossy $lossy_nosec "$dir/lossy_nosec" >"$dir/out"
is "200 over NoSec with 30 % loss, duplicates and reordering: all whole" 0 $?
lossy $lossy_dtls "$dir/lossy_dtls" >"$dir/out"
is "60 over DTLS with 30 % loss, duplicates and reordering: all whole" 0 $?
check "a wrong expectation is noticed" bash -c "! '$build/strapfleet' --server '$coap' \
	--endpoint nosec-%04d --quiet --expect <(sed 's/3600/3601/; s/0e10/0e11/' '$dir/nosec.json')"
is "no session is left open" 0 "$(ctl --json sessions | jq '.sessions | length')"
stop_daemon
is "the daemon stops in order" 0 $?
finish_tap
