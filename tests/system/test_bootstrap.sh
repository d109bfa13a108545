#!/usr/bin/env bash
# Devices built on libcoap's client, over OpenSSL and over GnuTLS: neither their CoAP nor their
# DTLS is ours. What they are told is compared byte by byte.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

key=0f0e0d0c0b0a09080706050403020100
start_daemon --set log.level=info || exit 1
coap=coap://127.0.0.1:$coap_port
coaps=coaps://127.0.0.1:$coaps_port

device() {	# engine, then options
	"$build/system/coapdevice-$1" "${@:2}"
}
endpoint() {	# name, auth as JSON, config as JSON
	jq -n --arg e "$1" --argjson a "$2" --argjson c "$3" '{endpoint: $e, auth: $a, config: $c}' |
		ctl endpoint set "$1" --config - >/dev/null
}
last() {	# endpoint, jq path of its newest history entry
	ctl --json history "$1" | jq -r ".entries[0]$2"
}
psk() { printf '{"psk":{"identity":"%s","key":{"hex":"%s"}}}' "$1" "$key"; }
ended() { [[ $(last "$1" .result) == "$2" ]]; }

nosec='{"servers":[{"short_server_id":101,"instance":1,
	"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{"lifetime":86400}}]}'

# The Security instance is set A of the LwM2M vectors; /1 is 101, 86400, true, "U".
set_a=c80016636f61703a2f2f3139322e302e322e31303a35363833c10100c10203c10a65
set_1=c10065c40100015180c10601c10755

for engine in openssl gnutls; do
	endpoint "nosec-$engine" '{"none":true}' "$nosec"
	is "$engine: a NoSec device is told Delete, Write, Finish" \
"answer 2.04
DELETE /0
DELETE /1
PUT /0/1 format=11542 bytes=34 $set_a
PUT /1/1 format=11542 bytes=15 $set_1
POST /bs" "$(device $engine --server "$coap" --endpoint "nosec-$engine")"
	check "$engine: its session is finished" eventually ended "nosec-$engine" finished

	endpoint "psk-$engine" "$(psk "id-$engine")" "$nosec"
	is "$engine: a PSK device is told the same" \
"answer 2.04
DELETE /0
DELETE /1
PUT /0/1 format=11542 bytes=34 $set_a
PUT /1/1 format=11542 bytes=15 $set_1
POST /bs" "$(device $engine --server "$coaps" --endpoint "psk-$engine" \
		--psk-identity "id-$engine" --psk-key $key)"
	check "$engine: its session is finished" eventually ended "psk-$engine" finished

	like "$engine: without ep the proven identity is enough" 'POST /bs' \
		"$(device $engine --server "$coaps" --no-ep --psk-identity "id-$engine" --psk-key $key)"
	like "$engine: another device's name gets 4.00" '^answer 4.00$' \
		"$(device $engine --server "$coaps" --endpoint "nosec-$engine" \
			--psk-identity "id-$engine" --psk-key $key)"
	like "$engine: a PSK device gets nothing over NoSec" '^answer 4.00$' \
		"$(device $engine --server "$coap" --endpoint "psk-$engine")"
	like "$engine: a wrong key gets no association" 'lost|^$' \
		"$(device $engine --server "$coaps" --endpoint "psk-$engine" --limit 6 \
			--psk-identity "id-$engine" --psk-key 00112233445566778899aabbccddeeff)"

	why() { ctl --json history | jq -r '[.entries[] | select(.type == "handshake.failed")][0].reason'; }
	check "$engine: history says why" eventually test "$(eventually test "$(why)" != null; why)" = wrong-key

	like "$engine: pct=112 gets SenML CBOR" '^PUT /0/1 format=112 bytes=56 84a3' \
		"$(device $engine --server "$coap" --endpoint "nosec-$engine" --pct 112)"
	like "$engine: pct=60 gets 4.15" '^answer 4.15$' \
		"$(device $engine --server "$coap" --endpoint "nosec-$engine" --pct 60)"
	like "$engine: a format that is refused is tried in another" '^PUT /0/1 format=112' \
		"$(device $engine --server "$coap" --endpoint "nosec-$engine" --refuse-format 11542)"
	check "$engine: and the lesson is kept" eventually test \
		"$(ctl --json endpoint list "nosec-$engine" | jq -r '.endpoints[0].state')" = finished
done

auto='{"servers":[{"short_server_id":101,
	"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{"lifetime":86400}}]}'
endpoint auto '{"none":true}' "$auto"
out=$(device openssl --server "$coap" --endpoint auto --links '</>;lwm2m=1.1,</0/0>,</3/0>')
like "with an instance to choose the device is asked first" '^GET /0$' "$out"
like "bootstrap account at 0: the account goes to /0/1" '^PUT /0/1 ' "$out"
out=$(device openssl --server "$coap" --endpoint auto --links '</>;lwm2m=1.1,</0/1>,</3/0>')
like "bootstrap account at 1: the account does not go there" '^PUT /0/[^1] ' "$out"
out=$(device openssl --server "$coap" --endpoint auto --discover-code 405)
like "a device that cannot answer Discover is served all the same" '^POST /bs$' "$out"

# A chain of 6 KiB to a device that takes blocks of 64 bytes.
chain=$(head -c 6144 /dev/zero | tr '\0' 'A')
endpoint chain '{"none":true}' "$(jq -n --arg t "$chain" '{servers:[{short_server_id:101,instance:1,
	security:{uri:"coap://192.0.2.10:5683",mode:"nosec"},server:{}}],
	write:[{path:"/5/0",value:{"0":{"text":$t}}}]}')"
out=$(device openssl --server "$coap" --endpoint chain --szx 2)
like "6 KiB arrive whole in blocks of 64" '^PUT /5/0 format=11542 bytes=6148 d0001800(41)+' "$out"
like "and the session ends well" '^POST /bs$' "$out"

stop_daemon
coap_port="" coaps_port=""
start_daemon --set coap.listen="127.0.0.1:0 [::1]:0" --set coaps.listen="[::1]:0" || exit 1
six() { jq -r --arg s "$1" '[.listeners[] | select(.scheme == $s and (.address | startswith("[")))][0].address' "$dir/status.json"; }
for engine in openssl gnutls; do
	like "$engine: over IPv6" '^POST /bs$' "$(device $engine --server "coap://$(six coap)" --endpoint "nosec-$engine")"
	like "$engine: over IPv6 and DTLS" '^POST /bs$' "$(device $engine --server "coaps://$(six coaps)" \
		--endpoint "psk-$engine" --psk-identity "id-$engine" --psk-key $key)"
done
check "strapfleet over IPv6 and DTLS" "$build/strapfleet" --server "coaps://$(six coaps)" --endpoint psk-openssl \
	--psk-identity id-openssl --psk-key $key --quiet
coap=coap://127.0.0.1:$coap_port

like "an endpoint nobody knows gets 4.00" '^answer 4.00$' \
	"$(device openssl --server "$coap" --endpoint nobody)"
check "and history says why" eventually test "$(last nobody .reason)" = unknown-endpoint

device openssl --server "$coap" --endpoint nosec-openssl --finish-code 406 >/dev/null
check "a refused Finish fails the session" eventually ended nosec-openssl failed
like "with a sentence" 'Finish.*4\.06' "$(last nosec-openssl .cause)"
stop_daemon
is "the daemon stops in order" 0 $?
finish_tap
