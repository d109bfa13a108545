#!/usr/bin/env bash
# strapd and strapfleet against software that is not ours. Writes docs/interoperability.md.
# What cannot be had here is skipped, loudly; what fails without a known reason makes this fail.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
here=tests/interop
cache=$(realpath -m "$build/interop")
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/interop/fetch.sh
. tests/interop/fetch.sh
# shellcheck source=tests/interop/report.sh
. tests/interop/report.sh
# shellcheck source=tests/interop/certs.sh
. tests/interop/certs.sh
# shellcheck source=tests/interop/peer_libcoap.sh
. tests/interop/peer_libcoap.sh
# shellcheck source=tests/interop/peer_leshan.sh
. tests/interop/peer_leshan.sh
# shellcheck source=tests/interop/peer_wakaama.sh
. tests/interop/peer_wakaama.sh
# shellcheck source=tests/interop/peer_coapnode.sh
. tests/interop/peer_coapnode.sh
# shellcheck source=tests/interop/peer_aiocoap.sh
. tests/interop/peer_aiocoap.sh

key=0f0e0d0c0b0a09080706050403020100		# with strapd
server_key=00112233445566778899aabbccddeeff	# with the LwM2M server, and Leshan's bootstrap server
uri_nosec=coap://127.0.0.1:5683
uri_psk=coaps://127.0.0.1:5684
certs=$dir/certs
since=0

trap 'stop_servers; clean_up' EXIT

eventually() {
	for _ in $(seq 1 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

start_strapd() {
	start_daemon --set log.level=info --set coap+tcp.listen=127.0.0.1:0 --set coaps+tcp.listen=127.0.0.1:0 \
		--set dtls.certificate="$certs/server.pem" --set dtls.private_key="$certs/server.key" \
		--set dtls.client_ca="$certs/ca.pem"
}

# --- what strapd is told, and what it says afterwards ---

# How a device of a mode proves who it is, and the security of the account that it is given.
auth_of() {
	case $1 in
	nosec | tcp) echo none ;;
	psk | tls) echo psk ;;
	x509*) echo certificate ;;
	esac
}
account_of() {
	case $1 in
	nosec | tcp | x509-nosec) echo nosec ;;
	*) echo psk ;;
	esac
}

# Stores a record: endpoint, mode, a jq filter over its config, and its quirks as JSON.
record() {
	local further='{}'
	[[ $# -lt 4 ]] || further=$4
	since=$(wc -l <"$dir/strapd.log")
	jq -n --arg ep "$1" --arg auth "$(auth_of "$2")" --arg account "$(account_of "$2")" --arg key "$key" --arg skey "$server_key" \
		--arg nosec "$uri_nosec" --arg psk "$uri_psk" '
		{ none: {none: true}, psk: {psk: {identity: "id-\($ep)", key: {hex: $key}}},
		  certificate: {certificate: {}} } as $proofs |
		{ nosec: {uri: $nosec, mode: "nosec"},
		  psk: {uri: $psk, mode: "psk", identity: {text: $ep}, secret_key: {hex: $skey}} } as $accounts |
		{ servers: [{short_server_id: 101, security: $accounts[$account], server: {lifetime: 3600}}] } |
		'"${3:-.}"' | {endpoint: $ep, auth: $proofs[$auth], config: .} + '"$further" |
		ctl endpoint set "$1" --config - >"$dir/set" 2>&1 && return 0
	because "the record is refused: $(head -1 "$dir/set")"
	return 1
}

# strapd's log has it, in a line since the newest record.
told() {
	tail -n "+$((since + 1))" "$dir/strapd.log" | grep -F -- "$1"
}
says_why() {	# text
	eventually told "$1" && return 0
	because "strapd does not say why"
	return 1
}

newest() { ctl --json history "$1" | jq -c '.entries[0] // {}'; }

newest_is() {	# endpoint, jq condition
	newest "$1" | jq -e "$2" >/dev/null
}

# The newest session is finished, with its writes in that format.
finished() {	# endpoint, format
	eventually newest_is "$1" '.result != null'
	if ! newest_is "$1" '.result == "finished"'; then
		because "$(newest "$1" | jq -r 'if .result then "\(.result): \(.cause)" else "no session ended" end')"
		return 1
	fi
	newest_is "$1" ".format == \"$2\"" && return 0
	because "written as $(newest "$1" | jq -r .format), not as $2"
	return 1
}

sessions_are() {
	[[ $(ctl --json history "$1" | jq -c '[.entries[].result] | [length, all(. == "finished")]') == "[$2,true]" ]]
}

# So many sessions of it are finished, and none ended otherwise.
sessions() {	# endpoint, number
	eventually sessions_are "$1" "$2" && return 0
	because "not $2 finished sessions: $(ctl --json history "$1" | jq -c '[.entries[].result]')"
	return 1
}

# By a certificate it proved the name that it goes by.
proved() {
	newest_is "$1" ".identity == \"$1\"" && return 0
	because "it proved to be $(newest "$1" | jq -r .identity)"
	return 1
}

# Each further argument is a line that the peer printed.
printed() {
	local line
	for line in "${@:2}"; do
		grep -qxF -- "$line" "$1" && continue
		because "the client did not say \"$line\" but \"$(tail -1 "$1")\""
		return 1
	done
}

hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

# What a client must say that it holds.
account_lines() {	# instance, mode, endpoint
	if [[ $2 == psk ]]; then
		printf "holds /0/$1/%s\n" "0 $uri_psk" "2 0" "3 $(hex "$3")" "5 $server_key"
	else
		printf "holds /0/$1/%s\n" "0 $uri_nosec" "2 3"
	fi
	printf 'holds /%s\n' "0/$1/1 false" "0/$1/10 101" "1/$1/0 101" "1/$1/1 3600" "1/$1/6 true" "1/$1/7 U"
}

make_certificates || { echo "interop: openssl makes no certificates" >&2; exit 1; }
start_strapd || exit 1
libcoap_cases
lacks mvn >/dev/null || { leshan_demo leshan-client-demo; leshan_demo leshan-bsserver-demo; }
leshan_cases
leshan_fleet_cases
wakaama_cases
stop_servers
wakaama_fleet_cases
coapnode_cases
aiocoap_cases
stop_daemon || { echo "interop: strapd did not stop in order" >&2; unexpected=$((unexpected + 1)); }
write_table docs/interoperability.md
printf 'interop: %d cases, %d failed without a known reason; docs/interoperability.md\n' \
	"$(wc -l <"$dir/rows")" $unexpected >&2
[[ $unexpected == 0 ]]
