#!/usr/bin/env bash
# CoAP over TCP and TLS (RFC 8323): devices built on libcoap, over OpenSSL and over GnuTLS, peers that
# speak it byte by byte, and fleets.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

key=0f0e0d0c0b0a09080706050403020100
certs=$dir/certs
check "openssl makes the certificates" tests/system/make_certs.sh "$certs"
start_daemon --set coap+tcp.listen="127.0.0.1:0 [::1]:0" --set coaps+tcp.listen="127.0.0.1:0 [::1]:0" \
	--set dtls.handshake_timeout=2s --set dtls.certificate="$certs/server.pem" \
	--set dtls.private_key="$certs/server.key" --set dtls.client_ca="$certs/ca.pem" || exit 1
address() {	# scheme, how it starts
	jq -r --arg s "$1" --arg a "$2" '[.listeners[] | select(.scheme == $s and (.address | startswith($a)))][0].address' \
		"$dir/status.json"
}
tcp=$(address coap+tcp 127)
tls=$(address coaps+tcp 127)
like "status shows both" '^127\.0\.0\.1:[1-9][0-9]* 127\.0\.0\.1:[1-9]' "$tcp $tls"

device() {	# engine, then options
	"$build/system/coapdevice-$1" "${@:2}"
}
raw() {
	perl tests/system/rawtcp.pl "$@" 2>&1
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
failures() { [[ $(ctl --json history "$1" | jq '[.entries[] | select(.result == "failed")] | length') == "$2" ]]; }
nosec='{"servers":[{"short_server_id":101,"instance":1,
	"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{"lifetime":86400}}]}'
# The Security instance is set A of the LwM2M vectors; /1 is 101, 86400, true, "U".
told="answer 2.04
DELETE /0
DELETE /1
PUT /0/1 format=11542 bytes=34 c80016636f61703a2f2f3139322e302e322e31303a35363833c10100c10203c10a65
PUT /1/1 format=11542 bytes=15 c10065c40100015180c10601c10755
POST /bs"
chain=$(head -c 6144 /dev/zero | tr '\0' 'A')
chain_config=$(jq -n --arg t "$chain" '{servers:[{short_server_id:101,instance:1,
	security:{uri:"coap://192.0.2.10:5683",mode:"nosec"},server:{}}],
	write:[{path:"/5/0",value:{"0":{"text":$t}}}]}')
endpoint chain '{"none":true}' "$chain_config"
endpoint chain-psk "$(psk chain-psk)" "$chain_config"

for engine in openssl gnutls; do
	endpoint "nosec-$engine" '{"none":true}' "$nosec"
	endpoint "psk-$engine" "$(psk "id-$engine")" "$nosec"
	is "$engine: over TCP a device is told Delete, Write, Finish" "$told" \
		"$(device $engine --server "coap+tcp://$tcp" --endpoint "nosec-$engine")"
	check "$engine: its session is finished" eventually ended "nosec-$engine" finished
	is "$engine: over TLS with a PSK the same" "$told" \
		"$(device $engine --server "coaps+tcp://$tls" --endpoint "psk-$engine" \
			--psk-identity "id-$engine" --psk-key $key)"
	check "$engine: its session is finished" eventually ended "psk-$engine" finished
	like "$engine: over IPv6" '^POST /bs$' \
		"$(device $engine --server "coap+tcp://$(address coap+tcp '[')" --endpoint "nosec-$engine")"
	like "$engine: without ep the proven identity is enough" '^POST /bs$' \
		"$(device $engine --server "coaps+tcp://$tls" --no-ep --psk-identity "id-$engine" --psk-key $key)"
	like "$engine: another device's name gets 4.00" '^answer 4.00$' \
		"$(device $engine --server "coaps+tcp://$tls" --endpoint "nosec-$engine" \
			--psk-identity "id-$engine" --psk-key $key)"
	like "$engine: a PSK device gets nothing over TCP without TLS" '^answer 4.00$' \
		"$(device $engine --server "coap+tcp://$tcp" --endpoint "psk-$engine")"
	out=$(device $engine --server "coap+tcp://$tcp" --endpoint chain)
	like "$engine: 6 KiB arrive whole" '^PUT /5/0 format=11542 bytes=6148 d0001800(41)+$' "$out"
	like "$engine: and the session ends well" '^POST /bs$' "$out"
	is "$engine: in one message" 1 "$(last chain '.steps[] | select(.path == "/5/0") | .blocks // 1')"
	like "$engine: 6 KiB over TLS, too" '^PUT /5/0 format=11542 bytes=6148 d0001800(41)+$' \
		"$(device $engine --server "coaps+tcp://$tls" --endpoint chain-psk --psk-identity chain-psk --psk-key $key)"
	device $engine --server "coaps+tcp://$tls" --endpoint "psk-$engine" --limit 5 \
		--psk-identity "id-$engine" --psk-key 00112233445566778899aabbccddeeff >/dev/null 2>&1
	check "$engine: a wrong key is told" eventually grep -q \
		"reason=wrong-key identity=id-$engine " "$dir/strapd.log"
	device $engine --server "coaps+tcp://$tls" --endpoint "psk-$engine" --limit 5 \
		--psk-identity "nobody-$engine" --psk-key $key >/dev/null 2>&1
	check "$engine: an unknown identity is told" eventually grep -q \
		"reason=unknown-identity identity=nobody-$engine " "$dir/strapd.log"
done

# --- certificates ---

endpoint dev-good '{"certificate":{}}' "$nosec"
endpoint dev-stranger '{"certificate":{}}' "$nosec"
endpoint pinned "{\"certificate\":{\"sha256\":\"$(openssl x509 -in "$certs/self.pem" -outform DER |
	sha256sum | cut -d' ' -f1)\"}}" "$nosec"
certified() {	# engine, certificate's name, endpoint
	device "$1" --server "coaps+tcp://$tls" --endpoint "$3" --limit 10 --sni bs.example.com \
		--certificate "$certs/$2.pem" --private-key "$certs/$2.key" --ca "$certs/ca.pem" 2>/dev/null
}
for engine in openssl gnutls; do
	is "$engine: a certificate of the client CA over TLS" "$told" "$(certified $engine good dev-good)"
	check "$engine: its session is finished" eventually ended dev-good finished
	is "$engine: a pinned one, too" "$told" "$(certified $engine self pinned)"
	like "$engine: a name that the certificate does not have gets 4.00" '^answer 4.00$' \
		"$(certified $engine good dev-stranger)"
	like "$engine: of a stranger's CA: no connection" '^$' "$(certified $engine stranger dev-stranger)"
done
check "and told" eventually grep -q "reason=unknown-ca" "$dir/strapd.log"

# --- byte by byte ---

is "our CSM comes first, without being asked" "7.01  2301040020" "$(raw "$tcp" read)"
is "a Ping gets its Pong, with Custody" "7.01  2301040020
7.03 51 20" "$(raw "$tcp" send=00e1 send=11e25120 read read)"
is "a message before the CSM gets an Abort and the end" "7.01  2301040020
7.05  ff$(printf 'the first message has to be a CSM' | od -An -tx1 | tr -d ' \n')
end" "$(raw "$tcp" send=0002 read read eof)"
is "a message that is too large, too" "7.01  2301040020
7.05  ff$(printf 'a message is longer than the Max-Message-Size of our CSM' | od -An -tx1 | tr -d ' \n')
end" "$(raw "$tcp" send=00e1 send=f0ffffffff read read eof)"
is "a Release gets the end" "7.01  2301040020
end" "$(raw "$tcp" send=00e1 send=00e4 read eof)"

# POST /bs?ep=nosec-openssl: Len 3 + 2 + 16
bs=$(printf 'ep=nosec-openssl' | od -An -tx1 | tr -d ' \n')
ask=d60802a1b2c3d4e5f6b262734d03$bs
out=$(raw "$tcp" send=00e1 send="$ask" read read read close)
like "a request over a stream is answered, and the session begins" '^2\.04 a1b2c3d4e5f6 ' "$out"
check "a connection that is lost fails the session" eventually ended nosec-openssl failed
like "and says so" 'clos' "$(last nosec-openssl .cause)"
raw "$tcp" send=00e1 send="$ask" read read read reset >/dev/null
check "a reset does the same" eventually failures nosec-openssl 2
out=$(raw "$tcp" send=00e1 send="$ask" read read read send=00e4 answer=42 eof)
like "Release in the middle: our request is answered, then we close" '^end$' "$out"
check "and the session has failed" eventually failures nosec-openssl 3

# A chain to a device that takes 1152 bytes: blocks of 1024, and 3000 bytes with BERT.
# POST /bs?ep=chain: Len 3 + 1 + 8
ask_chain=c302a1b2c3b2627348$(printf 'ep=chain' | od -An -tx1 | tr -d ' \n')
blocks() {	# CSM
	raw "$tcp" send="$1" send="$ask_chain" read read read answer=42 read answer=42 read answer=44 read answer=44 \
		read answer=5f read answer=5f read answer=5f close
}
out=$(blocks 00e1)
like "1152 bytes taken: blocks of 1024" '^0\.03 [0-9a-f]{16} b13501301[^f]*d1020e[0-9a-f]*ff' "$out"
is "none is longer than 1152 bytes" "" "$(awk '$1 == "0.03" && length($3) > 2 * (1152 - 12)' <<<"$out")"
out=$(blocks 40e1220bb820)
like "3000 bytes and blocks taken: BERT" '^0\.03 [0-9a-f]{16} b13501301[^f]*d1020f[0-9a-f]*ff' "$out"
is "in blocks of 2048" 2 "$(awk '$1 == "0.03" && length($3) > 2 * 2048' <<<"$out" | head -2 | wc -l)"

# --- TLS by openssl(1) ---

s_client() {	# more options
	openssl s_client -connect "$tls" -psk $key -psk_identity id-openssl -tls1_2 -cipher PSK "$@" \
		</dev/null 2>&1 | tr -d '\0'
}
like "ALPN coap is agreed upon" 'ALPN protocol: coap' \
	"$(s_client -alpn coap)"
like "another protocol alone is refused" 'no application protocol' "$(s_client -alpn http/1.1)"
check "and told" eventually grep -q 'ALPN' "$dir/strapd.log"
like "without ALPN it goes, too" 'Cipher is PSK-AES128-CCM8' "$(s_client)"
like "TLS 1.1 is not spoken" 'alert|unsupported|error' "$(openssl s_client -connect "$tls" -tls1_1 \
	-cipher 'ALL@SECLEVEL=0' </dev/null 2>&1)"
raw "$tls" send=40e122100020 eof >/dev/null
check "plain CoAP on the port of TLS is told" eventually grep -q "reason=plain-coap" "$dir/strapd.log"
raw "$tls" eof >/dev/null
check "silence, too" eventually grep -q "reason=timeout" "$dir/strapd.log"

# --- fleets ---

for i in $(seq 0 299); do
	printf '{"endpoint":"f-%03d","auth":{"psk":{"identity":"f-%03d","key":{"hex":"%s"}}},"config":%s}\n' \
		"$i" "$i" $key "$(tr -d '\n\t' <<<"$nosec")"
	printf '{"endpoint":"n-%03d","auth":{"none":true},"config":%s}\n' "$i" "$(tr -d '\n\t' <<<"$nosec")"
done | ctl import - >/dev/null || exit 1
ctl plan n-000 --json --reveal >"$dir/plan.json"
fleet() { "$build/strapfleet" --server "coap+tcp://$tcp" --endpoint n-%03d --quiet --patience 20s \
	--retry 200ms --expect "$dir/plan.json" "$@"; }
check "300 devices over TCP" fleet --count 300
check "300 devices over TLS" "$build/strapfleet" --server "coaps+tcp://$tls" --endpoint f-%03d --count 300 \
	--psk-identity f-%03d --psk-key $key --quiet --patience 20s --expect "$dir/plan.json"
check "over IPv6, where they share an address" "$build/strapfleet" --server "coap+tcp://$(address coap+tcp '[')" \
	--endpoint n-%03d --count 100 --quiet --patience 20s --expect "$dir/plan.json"
for behaviour in no-discover slow restart bad-finish no-tlv no-cbor refuse-delete created; do
	check "30 devices that are $behaviour" fleet --count 30 --behaviour $behaviour
done
like "what is about datagrams is refused" 'datagrams' "$(fleet --count 1 --loss 0.1 2>&1)"

# --- the end ---

is "no session is left open" 0 "$(ctl --json sessions | jq '.sessions | length')"
is "no connection either" 0 "$(ctl --json status | jq '.counters.transport | .links + .associations + .handshakes_open')"
raw "$tcp" send=00e1 read read eof >"$dir/end" &
peer=$!
check "a peer is there" eventually test -s "$dir/end"
stop_daemon
is "the daemon stops in order" 0 $?
wait $peer
is "and told the peer so" "7.01  2301040020
7.04  
end" "$(cat "$dir/end")"
finish_tap
