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

key=0f0e0d0c0b0a09080706050403020100		# with strapd
server_key=00112233445566778899aabbccddeeff	# with the LwM2M server, and Leshan's bootstrap server
uri_nosec=coap://127.0.0.1:5683
uri_psk=coaps://127.0.0.1:5684
servers_pid=""

stop_servers() {
	[[ -n $servers_pid ]] || return 0
	exec 9>&-
	kill "$servers_pid" 2>/dev/null
	wait "$servers_pid" 2>/dev/null
	servers_pid=""
}
trap 'stop_servers; clean_up' EXIT

eventually() {
	for _ in $(seq 1 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

# --- what strapd is told, and what it says afterwards ---

# Stores a record: endpoint, mode, then a jq filter over its config.
record() {
	jq -n --arg ep "$1" --arg mode "$2" --arg key "$key" --arg skey "$server_key" \
		--arg nosec "$uri_nosec" --arg psk "$uri_psk" '
		{ nosec: {none: true}, psk: {psk: {identity: "id-\($ep)", key: {hex: $key}}} } as $auth |
		{ nosec: {uri: $nosec, mode: "nosec"},
		  psk: {uri: $psk, mode: "psk", identity: {text: $ep}, secret_key: {hex: $skey}} } as $account |
		{ servers: [{short_server_id: 101, security: $account[$mode], server: {lifetime: 3600}}] } |
		'"${3:-.}"' | {endpoint: $ep, auth: $auth[$mode], config: .}' |
		ctl endpoint set "$1" --config - >"$dir/set" 2>&1 && return 0
	because "the record is refused: $(head -1 "$dir/set")"
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

# --- Leshan's client, and its LwM2M server afterwards ---

leshan_java() {
	timeout "$1" java -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=error \
		-cp "$cache/leshan/classes:$cache/leshan/lib/*" "${@:2}"
}

address_of() { sed -n "s|^listening $1 \($2://.*\)|\1|p" "$dir/servers"; }

start_servers() {
	mkfifo "$dir/fifo"
	leshan_java 600 LeshanServers psk-key=$server_key <"$dir/fifo" >"$dir/servers" 2>"$dir/servers.log" &
	servers_pid=$!
	exec 9>"$dir/fifo"
	eventually grep -qx ready "$dir/servers"
	uri_nosec=$(address_of lwm2m coap)
	uri_psk=$(address_of lwm2m coaps)
	[[ -n $uri_psk ]]
}

leshan_device() {	# endpoint, mode, options
	local security=("server=coap://127.0.0.1:$coap_port")
	[[ $2 == nosec ]] || security=("server=coaps://127.0.0.1:$coaps_port" "psk-identity=id-$1" "psk-key=$key")
	leshan_java 60 LeshanDevice endpoint="$1" "${security[@]}" limit=12 "${@:3}" >"$dir/out" 2>"$dir/err" ||
		because "$(grep -m1 -E 'failed|error|out of time' "$dir/out")"
}

# Bootstraps, holds what it was to be given, registers with what it was given.
leshan_case() {	# name, mode, further settings as below
	local ep=$2-leshan-$1 format="" as=senml-cbor config='.servers[0].instance = 1' runs=1 starts=1
	local lines uri=$uri_nosec
	[[ $# == 2 ]] || local "${@:3}"
	[[ $2 == nosec ]] || uri=$uri_psk
	record "$ep" "$2" "$config" || return 1
	for _ in $(seq 1 "$starts"); do
		leshan_device "$ep" "$2" runs="$runs" ${format:+"format=$format"}
		finished "$ep" "$as" || return 1
	done
	sessions "$ep" $((runs * starts)) || return 1
	mapfile -t lines < <(account_lines 1 "$2" "$ep")
	printed "$dir/out" bootstrapped "${lines[@]}" "registered $uri" || return 1
	grep -q "^registered $ep ${uri%%:*} 1.1 lt=3600" "$dir/servers" && return 0
	because "the LwM2M server saw no registration"
	return 1
}

# The demo programs stand on the same libraries. They are asked for so that the table tells the truth.
leshan_demo() {	# artifact
	peer "Leshan's $1" "$leshan_version"
	if leshan_demo_is_there "$1"; then
		row "-" "-" "-" "-" "not run" "its library is driven instead, below"
	else
		skip "-" "-" "-" "-" "the registry does not have it; its library is driven instead, below"
	fi
}

leshan_cases() {
	local mode why
	peer "Leshan client" "$leshan_version"
	if ! why=$(fetch_leshan); then
		skip "UDP, DTLS" "NoSec, PSK" all all "$why"
		return
	fi
	if ! start_servers; then
		skip "UDP, DTLS" "NoSec, PSK" all all "its servers do not start: $(tail -1 "$dir/servers.log")"
		return
	fi
	for mode in nosec psk; do
		prove $mode "its choice (112)" "bootstrap, register" leshan_case plain $mode
		prove $mode "TLV only (11542)" "bootstrap, register" leshan_case tlv $mode format=11542 as=tlv
		prove $mode "SenML JSON only (110)" "bootstrap, register" \
			leshan_case json $mode format=110 as=senml-json
		prove $mode "SenML CBOR only (112)" "bootstrap, register" leshan_case cbor $mode format=112
		prove $mode "TLV only (11542)" "instance chosen, its own account at /0/0" \
			leshan_case auto $mode format=11542 as=tlv config=.
		prove $mode "its choice (112)" "instance chosen, its own account at /0/0" \
			leshan_case choose $mode config=.
		prove $mode "its choice (112)" "bootstrap again, asked by the client" \
			leshan_case again $mode runs=2
		prove $mode "its choice (112)" "started anew at once, same endpoint" \
			leshan_case anew $mode starts=2
	done
}

# --- strapfleet with Leshan's bootstrap server ---

# What each device of a dump must hold.
fleet_holds() {	# file, mode, instance of the account, devices
	local n uri=coap://lwm2m.example.com:5683 secret=""
	[[ $2 == nosec ]] || uri=coaps://lwm2m.example.com:5684 secret=$server_key
	n=$(jq --arg uri "$uri" --arg key "$secret" --arg at "/0/$3" '.resources | select(.["\($at)/0"] == $uri and
		.["\($at)/10"] == 101 and .["/1/1/0"] == 101 and .["/1/1/1"] == 3600 and .["/1/1/7"] == "U" and
		(.["\($at)/5"].hex // "") == $key) | 1' "$1" | wc -l)
	[[ $n == "$4" ]] || { because "$n of $4 devices hold what they should"; return 1; }
}

fleet_case() {	# name (tells the server what to do), mode, instance it is to be given, further options
	local security=() server
	server=$(address_of bootstrap coap)
	if [[ $2 == psk ]]; then
		server=$(address_of bootstrap coaps)
		security=(--psk-identity "psk-$1-%02d" --psk-key "$server_key")
	fi
	if ! "$build/strapfleet" --server "$server" --count 20 --endpoint "$2-$1-%02d" "${security[@]}" \
		--quiet --patience 30s --tries 1 --dump "$dir/dump" "${@:4}" >"$dir/out" 2>&1; then
		because "$(grep -v '^ *$' "$dir/out" | tail -1)"
		return 1
	fi
	fleet_holds "$dir/dump" "$2" "$3" 20
}

fleet_cases() {
	local mode
	peer "Leshan bootstrap server (strapfleet is the client)" "$leshan_version"
	if [[ -z $servers_pid ]]; then
		skip "UDP, DTLS" "NoSec, PSK" all all "Leshan cannot be had, see above"
		return
	fi
	for mode in nosec psk; do
		prove $mode "TLV" "20 devices" fleet_case tlv $mode 1 --pct none
		prove $mode "SenML JSON" "20 devices" fleet_case json $mode 1 --pct 110
		prove $mode "SenML CBOR" "20 devices" fleet_case cbor $mode 1 --pct 112
		prove $mode "its choice" "20 devices, LwM2M 1.0" fleet_case old $mode 1 --lwm2m 1.0
		prove $mode "TLV" "20 devices, instance chosen by the server" fleet_case auto-tlv $mode 1
		prove $mode "TLV" "20 devices, account at /0/1, instance chosen by the server" \
			fleet_case auto-moved-tlv $mode 0 --behaviour account-at-1
	done
}

# --- libcoap's client ---

libcoap_device() {	# engine, endpoint, mode, options
	local security=(--server "coap://127.0.0.1:$coap_port")
	[[ $3 == nosec ]] ||
		security=(--server "coaps://127.0.0.1:$coaps_port" --psk-identity "id-$2" --psk-key "$key")
	timeout 60 "$build/system/coapdevice-$1" "${security[@]}" --endpoint "$2" --limit 15 "${@:4}" \
		>"$dir/out" 2>&1
}

libcoap_case() {	# name, engine, mode, settings as below
	local ep=$3-$2-$1 as=tlv config='.servers[0].instance = 1' starts=1 pct="" also="" expect
	[[ $# == 3 ]] || local "${@:4}"
	record "$ep" "$3" "$config" || return 1
	for _ in $(seq 1 "$starts"); do
		libcoap_device "$2" "$ep" "$3" ${pct:+--pct "$pct"}
		finished "$ep" "$as" || return 1
	done
	sessions "$ep" "$starts" || return 1
	for expect in "DELETE /0" "DELETE /1" "PUT /0/1 format=${pct:-11542} " "PUT /1/1 format=${pct:-11542} " \
		"$also" "POST /bs"; do
		grep -q "^$expect" "$dir/out" && continue
		because "the client did not see $expect"
		return 1
	done
}

libcoap_wrong_key() {	# engine
	record "psk-$1-wrong" psk || return 1
	key=ffffffffffffffffffffffffffffffff libcoap_device "$1" "psk-$1-wrong" psk --limit 4
	grep -q PUT "$dir/out" && { because "it was bootstrapped"; return 1; }
	eventually grep -q "handshake=failed reason=wrong-key identity=id-psk-$1-wrong" "$dir/strapd.log" && return 0
	because "strapd does not say why"
	return 1
}

libcoap_cases() {
	local engine mode long
	long='.servers[0].instance = 1 | .write = [{path: "/5/0", value: {"0": {text: ("A" * 6144)}}}]'
	for engine in openssl gnutls; do
		peer "libcoap client on ${engine/openssl/OpenSSL}" "$(pkg-config --modversion "libcoap-3-$engine")"
		peer_name=${peer_name/gnutls/GnuTLS}
		for mode in nosec psk; do
			prove $mode "TLV" "bootstrap" libcoap_case plain $engine $mode
			prove $mode "SenML CBOR" "bootstrap" libcoap_case cbor $engine $mode pct=112 as=senml-cbor
			prove $mode "SenML JSON" "bootstrap" libcoap_case json $engine $mode pct=110 as=senml-json
			prove $mode "TLV" "instance chosen, its own account at /0/0" \
				libcoap_case auto $engine $mode config=. also="GET /"
			prove $mode "TLV" "6 KiB in one write, block-wise" \
				libcoap_case long $engine $mode config="$long" also="PUT /5/0 format=11542 bytes=6148 "
			prove $mode "TLV" "started anew at once, same endpoint" \
				libcoap_case anew $engine $mode starts=2
		done
		prove psk "-" "a wrong key: no association, and strapd says why" libcoap_wrong_key $engine
	done
}

# --- npm's coap-node ---

coapnode_case() {	# name, config filter
	local ep=nosec-coapnode-$1 lines port=$((20000 + RANDOM % 10000))
	uri_nosec=coap://127.0.0.1:$port record "$ep" nosec "$2" || return 1
	NODE_PATH=$cache/coap-node/node_modules timeout 60 node "$here/coapnode.js" 127.0.0.1 "$coap_port" "$ep" \
		$port 20 >"$dir/out" 2>&1 || because "$(grep -m1 -E 'failed|error|out of time' "$dir/out")"
	finished "$ep" tlv || return 1
	mapfile -t lines < <(uri_nosec=coap://127.0.0.1:$port account_lines 1 nosec "$ep")
	printed "$dir/out" bootstrapped "${lines[@]}" "registered coap://127.0.0.1:$port"
}

coapnode_cases() {
	local why
	peer "coap-node" "$coapnode_version"
	if ! why=$(fetch_coapnode); then
		skip UDP NoSec TLV all "$why"
		return
	fi
	prove nosec TLV "bootstrap, register; \`\"delete\": [\"/\"]\`" \
		coapnode_case plain '.servers[0].instance = 1 | .delete = ["/"]'
	prove nosec TLV "instance chosen; \`\"delete\": [\"/\"]\`" coapnode_case auto '.delete = ["/"]'
	known="a fault of the client: it throws on Delete of an object (smartobject wants an instance) and is gone"
	prove nosec TLV "Delete of /0 and /1, strapd's default" coapnode_case default '.servers[0].instance = 1'
}

start_daemon --set log.level=info || exit 1
libcoap_cases
lacks mvn >/dev/null || { leshan_demo leshan-client-demo; leshan_demo leshan-bsserver-demo; }
leshan_cases
fleet_cases
coapnode_cases
stop_servers
stop_daemon || { echo "interop: strapd did not stop in order" >&2; unexpected=$((unexpected + 1)); }
write_table docs/interoperability.md
printf 'interop: %d cases, %d failed without a known reason; docs/interoperability.md\n' \
	"$(wc -l <"$dir/rows")" $unexpected >&2
[[ $unexpected == 0 ]]
