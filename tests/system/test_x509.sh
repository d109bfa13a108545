#!/usr/bin/env bash
# Client certificates, end to end: devices on libcoap over OpenSSL and over GnuTLS, and
# openssl s_client; certificates that openssl(1) made. None of it is ours but the daemon.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

certs=$dir/certs
check "openssl makes the certificates" tests/system/make_certs.sh "$certs"
cp "$certs/ca.pem" "$dir/anchors.pem"
cp "$certs/server.pem" "$dir/server.pem"
cp "$certs/server.key" "$dir/server.key"
start_daemon --set dtls.certificate="$dir/server.pem $certs/server2.pem" \
	--set dtls.private_key="$dir/server.key $certs/server2.key" \
	--set dtls.client_ca="$dir/anchors.pem" --set dtls.crl="$certs/ca.crl" || exit 1
coaps=coaps://127.0.0.1:$coaps_port

config='{"servers":[{"short_server_id":101,"instance":1,
	"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{"lifetime":86400}}]}'
endpoint() {	# name, auth as JSON
	jq -n --arg e "$1" --argjson a "$2" --argjson c "$config" '{endpoint: $e, auth: $a, config: $c}' |
		ctl endpoint set "$1" --config - >/dev/null
}
device() {	# engine, certificate's name, endpoint, then options
	local pem=$certs/$2.pem
	[[ -e $certs/$2.chain ]] && pem=$certs/$2.chain
	"$build/system/coapdevice-$1" --server "$coaps" --endpoint "$3" --limit 10 --sni bs.example.com \
		--certificate "$pem" --private-key "$certs/$2.key" --ca "$certs/ca.pem" "${@:4}"
}
digest() { openssl x509 -in "$certs/$1.pem" -outform DER | sha256sum | cut -d' ' -f1; }
pinned() { printf '{"certificate":{"sha256":"%s"}}' "$(digest "$1")"; }
last() { ctl --json history "$1" | jq -r ".entries[0]$2"; }
# The newest handshake.failed with this text in it, from the log.
failed() { grep 'handshake=failed' "$dir/strapd.log" | grep -F -- "$1" | tail -1; }
said() { [[ -n $(failed "$1") ]]; }

for ep in dev-good dev-san urn:dev:os:4711 dev-expired dev-early dev-stranger dev-newcomer dev-revoked \
	dev-purpose dev-below another; do
	endpoint "$ep" '{"certificate":{}}'
done
endpoint pinned "$(pinned self)"
endpoint old-pin "$(pinned expired)"
endpoint revoked-pin "$(pinned revoked)"
endpoint psk-device '{"psk":{"identity":"id-1","key":{"hex":"0f0e0d0c0b0a09080706050403020100"}}}'

for engine in openssl gnutls; do
	like "$engine: a chain to the client CA and the name as CN" '^POST /bs$' \
		"$(device $engine good dev-good)"
	check "$engine: its history has the name it proved" eventually test "$(last dev-good .identity)" = dev-good
	like "$engine: the name as dNSName" '^POST /bs$' "$(device $engine san dev-san)"
	like "$engine: the name as URI" '^POST /bs$' "$(device $engine san urn:dev:os:4711)"
	like "$engine: a name that the certificate does not have gets 4.00" '^answer 4.00$' \
		"$(device $engine good another)"
	like "$engine: and history says why" 'neither a common name nor an alternative name' "$(last another .cause)"
	like "$engine: a PSK device's name gets 4.00" '^answer 4.00$' "$(device $engine good psk-device)"
	like "$engine: a pinned certificate without a CA" '^POST /bs$' "$(device $engine self pinned)"
	like "$engine: a pinned certificate that has expired" '^POST /bs$' "$(device $engine expired old-pin)"
	like "$engine: without ep the common name is the name" '^POST /bs$' \
		"$(device $engine good ignored --no-ep)"
	like "$engine: without ep the pin's record is it" '^POST /bs$' "$(device $engine self ignored --no-ep)"
	like "$engine: a psk goes on beside" '^POST /bs$' "$("$build/system/coapdevice-$engine" --server "$coaps" \
		--endpoint psk-device --psk-identity id-1 --psk-key 0f0e0d0c0b0a09080706050403020100)"
	for flaw in early:not-yet-valid stranger:unknown-ca purpose:bad-purpose lost:unknown-ca; do
		like "$engine: ${flaw%:*}: no association" 'lost|^$' "$(device $engine "${flaw%:*}" "dev-${flaw%:*}")"
		check "$engine: ${flaw%:*}: told as ${flaw#*:}" \
			eventually said "reason=${flaw#*:} identity=\"/CN=dev-${flaw%:*}\""
	done
done
# libcoap over OpenSSL sends its own certificate alone, so the one that goes with a chain is GnuTLS's.
like "a chain with a CA between" '^POST /bs$' "$(device gnutls below dev-below)"

check "a simulated fleet with certificates" "$build/strapfleet" --server "$coaps" --endpoint dev-good --quiet \
	--certificate "$certs/good.pem" --private-key "$certs/good.key" --ca "$certs/ca.pem"
like "which does not take a server of another CA" "server's certificate is not accepted" \
	"$("$build/strapfleet" --server "$coaps" --endpoint dev-good --quiet --tries 1 \
		--certificate "$certs/good.pem" --private-key "$certs/good.key" --ca "$certs/other.pem")"

# The rest by openssl s_client, which also shows what we send.
client() {	# certificate's name, then options
	timeout 10 openssl s_client -dtls1_2 -connect "127.0.0.1:$coaps_port" -cert "$certs/$1.pem" \
		-key "$certs/$1.key" "${@:2}" </dev/null 2>&1
}
like "the first certificate is the default" 'subject=CN = bs.example.com' "$(client good -noservername)"
like "SNI picks the second" 'subject=CN = second.example.net' "$(client good -servername second.example.net)"
like "an unknown name gets the default" 'subject=CN = bs.example.com' "$(client good -servername who.example.org)"
like "CCM_8 is taken when it is offered" 'Cipher is ECDHE-ECDSA-AES128-CCM8' \
	"$(client good -cipher 'ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0')"
like "the mandatory CBC suite is there" 'Cipher is ECDHE-ECDSA-AES128-SHA256' \
	"$(client good -cipher 'ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0')"
like "a revoked one is told so for good" 'alert certificate revoked' "$(client revoked)"
check "and the log has it" eventually said 'reason=revoked identity="/CN=dev-revoked"'
like "a stranger may come again: handshake failure, not unknown CA" 'alert handshake failure' "$(client stranger)"
timeout 5 openssl s_client -dtls1_2 -connect "127.0.0.1:$coaps_port" </dev/null >/dev/null 2>&1
check "no certificate at all is told" eventually said 'reason=no-certificate'
timeout 5 openssl s_client -dtls1_2 -connect "127.0.0.1:$coaps_port" -cipher ECDHE-RSA-AES128-GCM-SHA256 \
	</dev/null >/dev/null 2>&1
check "no common cipher is told" eventually said 'reason=no-common-cipher'
printf '\x40\x01\x00\x01' >"/dev/udp/127.0.0.1/$coaps_port"
check "plain CoAP on the port of DTLS is told" eventually said 'reason=plain-coap'

# An expired certificate without a pin: one with a pin was served above.
ctl endpoint remove old-pin >/dev/null
client expired >/dev/null
check "expired is told with its date" eventually said "expired 2021-01-01"
check "failed handshakes are events, too" eventually bash -c \
	"'$build/strapctl' -s '$sock' --json status | jq -e '.counters | .. | .handshakes_failed? // empty | . > 0'"

# New files, while an association stays open.
like "a CA that is not there yet" 'lost|^$' "$(device gnutls newcomer dev-newcomer --limit 4)"
mkfifo "$dir/talk"
timeout 60 openssl s_client -dtls1_2 -connect "127.0.0.1:$coaps_port" -cert "$certs/good.pem" \
	-key "$certs/good.key" -sess_out "$dir/session.pem" <"$dir/talk" >"$dir/open.out" 2>&1 &
open_pid=$!
exec 9>"$dir/talk"
established() { grep -q 'Cipher is' "$dir/open.out"; }
check "an association is open" eventually established
cat "$certs/later.pem" >>"$dir/anchors.pem"
kill -HUP "$daemon_pid"
reloaded() { [[ $(grep -c 'reload: done' "$dir/strapd.log") == "$1" ]]; }
check "reload" eventually reloaded 1
works() { device gnutls newcomer dev-newcomer --limit 4 | grep -q '^POST /bs$'; }
check "its devices are served after SIGHUP" eventually works
received() { ctl --json status | jq '[.. | .dtls_bad_records? // empty] | add'; }
before=$(received)
alive() { kill -0 $open_pid; }
check "the open association stands" alive
echo "not CoAP, but it decrypts" >&9
check "and no record of it is bad" test "$(received)" = "$before"
exec 9>&-
wait $open_pid
like "a session from before the reload is not resumed" '^New,' \
	"$(client good -sess_in "$dir/session.pem")"

cp "$certs/other.key" "$dir/server.key"
kill -HUP "$daemon_pid"
check "a key that does not fit is named" eventually grep -q 'server.key: this key does not belong' "$dir/strapd.log"
like "and what was in force stays" '^POST /bs$' "$(device gnutls good dev-good)"
cp "$certs/server2.pem" "$dir/server.pem"
cp "$certs/server2.key" "$dir/server.key"
kill -HUP "$daemon_pid"
check "reload" eventually reloaded 3
renewed() { client good -noservername | grep -q 'subject=CN = second.example.net'; }
check "a new certificate of ours is shown" eventually renewed

spki=$(openssl x509 -in "$certs/self.pem" -pubkey -noout)
raw=$(jq -n --arg p "$spki" '{endpoint:"raw",auth:{public_key:{spki:{pem:$p}}}}' | ctl endpoint set raw --config - 2>&1)
if "$build/strapd" -V | grep -q '^raw public keys: yes'; then
	like "a record with a raw public key is taken" 'raw' "$raw"
else
	like "a record with a raw public key is refused, and why" 'OpenSSL 3\.2' "$raw"
fi
like "strapd -V says what it cannot" '^raw public keys: (yes|no: .*OpenSSL 3\.2)' "$("$build/strapd" -V)"
stop_daemon
is "the daemon stops in order" 0 $?

out=$("$build/strapd" --set store.url="sqlite:$dir/x.db" --set admin.socket="$dir/x.sock" --set coap.listen=off \
	--set coaps.listen=127.0.0.1:0 --set dtls.certificate="$certs/none.pem" 2>&1)
is "a file that is not there keeps it from starting" 1 $?
like "in one sentence" 'none.pem: it cannot be read: No such file' "$out"
like "strapd --check finds it, too" 'none.pem: it cannot be read' \
	"$("$build/strapd" --check --set dtls.certificate="$certs/none.pem" 2>&1)"
finish_tap
