# OSCORE with strapd: aiocoap, whose OSCORE is its own (a device of tests/interop/oscore_device.py), and
# Leshan's client on Californium's.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

aiocoap_version=0.4.17
oscore_secret=000102030405060708090a0b0c0d0e0f

# Prints why it cannot be had.
fetch_aiocoap() {
	local to=$cache/aiocoap
	lacks python3 && return 1
	is_fetched "$to/stamp" "$aiocoap_version" && return 0
	rm -rf "$to"
	mkdir -p "$to"
	if ! python3 -m venv "$to/venv" >"$to/log" 2>&1; then
		echo "python3 makes no virtual environment (python3-venv)"
		return 1
	fi
	if ! timeout 300 "$to/venv/bin/pip" install -q "aiocoap[oscore]==$aiocoap_version" >"$to/log" 2>&1; then
		echo "PyPI has no aiocoap $aiocoap_version, or does not answer"
		return 1
	fi
	printf '%s' "$aiocoap_version" >"$to/stamp"
}

# A record with OSCORE: endpoint, filter over "oscore", filter over the config.
oscore_record() {
	jq -n --arg ep "$1" --arg secret "$oscore_secret" --arg uri "$uri_nosec" '
		({master_secret: {hex: $secret}, sender_id: {text: $ep[-6:]}, recipient_id: {hex: "01"}} | '"$2"') as $oscore |
		({servers: [{short_server_id: 101, instance: 1, security: {uri: $uri, mode: "nosec"},
			server: {lifetime: 3600}}]} | '"$3"') as $config |
		{endpoint: $ep, auth: {oscore: $oscore}, config: $config}' |
		ctl endpoint set "$1" --config - >"$dir/set" 2>&1 && return 0
	because "the record is refused: $(head -1 "$dir/set")"
	return 1
}

# Each run is a life of the device; what it keeps over them is its context.
aiocoap_device() {	# endpoint, further options
	timeout 60 "$cache/aiocoap/venv/bin/python" "$here/oscore_device.py" --endpoint "$1" \
		--server "127.0.0.1:$coap_port" --secret $oscore_secret --sender-id "$(hex "${1: -6}")" \
		--recipient-id 01 --state "$dir/aiocoap-$1" "${@:2}" >"$dir/out" 2>"$dir/err" && return 0
	because "$(grep -m1 -E 'Error|Timeout|not protected' "$dir/err" || tail -1 "$dir/out")"
	return 1
}

aiocoap_case() {	# endpoint, filter over "oscore", filter over the config, line it must print, options
	oscore_record "$1" "$2" "$3" || return 1
	aiocoap_device "$1" "${@:5}" || return 1
	finished "$1" tlv || return 1
	printed "$dir/out" "unprotected 0" "$4"
}

aiocoap_again() {	# endpoint
	aiocoap_case "$1" . . "bootstrapped 1 times" || return 1
	aiocoap_device "$1" --repeat 2 || return 1
	sessions "$1" 3
}

# The daemon is killed between two lives: numbers and windows are not what they were.
aiocoap_after_kill() {	# endpoint
	aiocoap_case "$1" . . "bootstrapped 1 times" || return 1
	stop_daemon -KILL
	start_strapd || return 1
	aiocoap_device "$1" || return 1
	sessions "$1" 2
}

aiocoap_tcp() {		# endpoint, filter over the config, line it must print
	local port
	port=$(jq -r '[.listeners[] | select(.scheme == "coap+tcp")][0].address // "" | sub(".*:"; "")' "$dir/status.json")
	aiocoap_case "$1" . "$2" "$3" --scheme coap+tcp --server "127.0.0.1:$port"
}

aiocoap_refused() {	# endpoint, options; a device that must not get in
	oscore_record "$1" . . || return 1
	if aiocoap_device "$1" --timeout 3 "${@:2}"; then
		because "it was bootstrapped"
		return 1
	fi
	: >"$dir/why"
	[[ $(ctl --json history "$1" | jq '[.entries[] | select(.result == "finished")] | length') == 0 ]]
}

# Leshan's client over Californium's OSCORE. It forgets its numbers at its end, so each device has one life.
leshan_oscore() {	# endpoint, filter over "oscore"
	oscore_record "$1" "$2" "del(.servers[0].instance)" || return 1
	leshan_java 60 LeshanDevice endpoint="$1" "server=coap://127.0.0.1:$coap_port" limit=12 no-registration \
		"oscore-secret=$oscore_secret" "oscore-sender=${1: -6}" oscore-recipient=01 >"$dir/out" 2>"$dir/err" ||
		because "$(grep -m1 -E 'failed|error|out of time' "$dir/out")"
	finished "$1" senml-cbor || return 1
	printed "$dir/out" bootstrapped "holds /0/1/0 $uri_nosec" "holds /0/1/10 101" "holds /1/1/1 3600"
}

leshan_oscore_cases() {
	local why
	peer "Leshan client" "$leshan_version"
	if ! why=$(fetch_leshan); then
		skip UDP OSCORE "SenML CBOR" all "$why"
		return
	fi
	prove "UDP | OSCORE" "SenML CBOR" "\`\"echo\": false\`; bootstrap only" leshan_oscore oscore-leshan-l1 '.echo = false'
	known="the client takes 4.01 with an Echo, which LwM2M 1.1 asks a bootstrap server for, as the end"
	prove "UDP | OSCORE" "SenML CBOR" "with Echo, strapd's default" leshan_oscore oscore-leshan-l2 .
}

aiocoap_cases() {
	leshan_oscore_cases
	local why account server="holds /1/1 11542 c10065c2010e10c10601c10755" firmware
	peer "aiocoap" "$aiocoap_version"
	if ! why=$(fetch_aiocoap); then
		skip UDP OSCORE TLV all "$why"
		return
	fi
	account="holds /0/1 11542 c800$(printf %02x ${#uri_nosec})$(hex "$uri_nosec")c10100c10203c10a65"
	firmware="holds /5/0/0 11542 d0000bb8$(printf 'ab%.0s' $(seq 3000))"
	prove "UDP | OSCORE" TLV "Echo, then a session; its security account" \
		aiocoap_case oscore-aiocoap-d1 . . "$account"
	prove "UDP | OSCORE" TLV "master salt, ID Context; its server account" \
		aiocoap_case oscore-aiocoap-d2 '.master_salt = {hex: "9e7ca92223786340"} | .id_context = {text: "ctx"}' . \
		"$server" --salt 9e7ca92223786340 --id-context "$(hex ctx)"
	prove "UDP | OSCORE" TLV "AES-CCM-64-128-128, an empty id" \
		aiocoap_case oscore-aiocoap-d3 '.aead_algorithm = 32 | .sender_id = {hex: "61"} | .recipient_id = {hex: ""}' \
		. "$server" --algorithm AES-CCM-64-128-128 --sender-id 61 --recipient-id ""
	prove "UDP | OSCORE" TLV "3000 octets, block-wise" \
		aiocoap_case oscore-aiocoap-d4 . '.write = [{path: "/5/0/0", value: {hex: ("ab" * 3000)}}]' "$firmware"
	prove "UDP | OSCORE" TLV "again, in its next life and twice" aiocoap_again oscore-aiocoap-d5
	prove "UDP | OSCORE" TLV "strapd killed in between" aiocoap_after_kill oscore-aiocoap-d6
	prove "TCP | OSCORE" TLV "coap+tcp; block-wise" \
		aiocoap_tcp oscore-aiocoap-d7 '.write = [{path: "/5/0/0", value: {hex: ("ab" * 3000)}}]' "$firmware"
	prove "UDP | OSCORE" - "refused: a wrong secret" \
		aiocoap_refused oscore-aiocoap-d8 --secret 000102030405060708090a0b0c0d0eff
	prove "UDP | OSCORE" - "refused: no protection" aiocoap_refused oscore-aiocoap-d9 --plain
}
