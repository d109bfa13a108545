# Leshan's client with strapd, its LwM2M server behind, and strapfleet with its bootstrap server.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

servers_pid=""

stop_servers() {
	[[ -n $servers_pid ]] || return 0
	exec 9>&-
	kill "$servers_pid" 2>/dev/null
	wait "$servers_pid" 2>/dev/null
	servers_pid=""
}

leshan_java() {
	timeout "$1" java -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=error \
		-cp "$cache/leshan/classes:$cache/leshan/lib/*" "${@:2}"
}

address_of() { sed -n "s|^listening $1 \($2://.*\)|\1|p" "$dir/servers"; }

start_servers() {
	mkfifo "$dir/fifo"
	leshan_java 600 LeshanServers "psk-key=$server_key" <"$dir/fifo" >"$dir/servers" 2>"$dir/servers.log" &
	servers_pid=$!
	exec 9>"$dir/fifo"
	eventually grep -qx ready "$dir/servers"
	uri_nosec=$(address_of lwm2m coap)
	uri_psk=$(address_of lwm2m coaps)
	[[ -n $uri_psk ]]
}

leshan_device() {	# endpoint, mode, options
	local security=("server=coaps://127.0.0.1:$coaps_port")
	case $(auth_of "$2") in
	none) security=("server=coap://127.0.0.1:$coap_port") ;;
	psk) security+=("psk-identity=id-$1" "psk-key=$key") ;;
	certificate) security+=("certificate=$certs/$1.der" "private-key=$certs/$1.pk8") ;;
	esac
	leshan_java 60 LeshanDevice endpoint="$1" "${security[@]}" limit=12 "${@:3}" >"$dir/out" 2>"$dir/err" ||
		because "$(grep -m1 -E 'failed|error|out of time' "$dir/out")"
}

# Bootstraps, holds what it was to be given, registers with what it was given.
leshan_case() {	# name, mode, further settings as below
	local account ep lines uri=$uri_nosec further='{}' options=()
	account=$(account_of "$2")
	ep=$account-leshan-$1
	local format="" as=senml-cbor config='.servers[0].instance = 1' runs=1 starts=1 trusts=server usage=3
	[[ $# == 2 ]] || local "${@:3}"
	[[ $account == nosec ]] || uri=$uri_psk
	if [[ $(auth_of "$2") == certificate ]]; then
		device_certificate "$ep" ca || return 1
		options=("server-certificate=$certs/$trusts.der" "usage=$usage")
	fi
	# It insists on all key resources. Asked by Discover it is recognised; else its record has to say so.
	[[ $config != *instance* ]] || further='{quirks: ["keep-empty-resources"]}'
	record "$ep" "$2" "$config" "$further" || return 1
	for _ in $(seq 1 "$starts"); do
		leshan_device "$ep" "$2" runs="$runs" ${format:+"format=$format"} "${options[@]}"
		finished "$ep" "$as" || return 1
	done
	sessions "$ep" $((runs * starts)) || return 1
	[[ $(auth_of "$2") != certificate ]] || proved "$ep" || return 1
	mapfile -t lines < <(account_lines 1 "$account" "$ep")
	printed "$dir/out" bootstrapped "${lines[@]}" "registered $uri" || return 1
	grep -q "^registered $ep ${uri%%:*} 1.1 lt=3600" "$dir/servers" && return 0
	because "the LwM2M server saw no registration"
	return 1
}

# Of two that do not trust each other neither gets anywhere.
leshan_stranger() {	# name, authority of its certificate, what it takes for strapd's, what strapd's log says
	local ep=psk-leshan-$1
	record "$ep" x509 || return 1
	device_certificate "$ep" "$2" || return 1
	leshan_device "$ep" x509 limit=6 "server-certificate=$certs/$3.der" usage=3
	grep -qx bootstrapped "$dir/out" && { because "it was bootstrapped"; return 1; }
	: >"$dir/why"
	says_why "$4"
}

leshan_x509_cases() {
	prove x509 "its choice (112)" "server certificate held (usage 3); PSK account; register" \
		leshan_case x509-plain x509
	prove x509 "TLV only (11542)" "server certificate held (usage 3); PSK account; register" \
		leshan_case x509-tlv x509 format=11542 as=tlv
	prove x509 "SenML CBOR only (112)" "server certificate held (usage 3); PSK account; register" \
		leshan_case x509-cbor x509 format=112
	prove x509 "TLV only (11542)" "CA held (usage 2); PSK account; register" \
		leshan_case x509-anchor x509 trusts=ca usage=2 format=11542 as=tlv
	prove x509 "SenML CBOR only (112)" "CA held (usage 2); PSK account; register" \
		leshan_case x509-anchor-cbor x509 trusts=ca usage=2 format=112
	prove x509 "TLV only (11542)" "NoSec account; register" \
		leshan_case x509-tlv x509-nosec format=11542 as=tlv
	prove x509 "SenML CBOR only (112)" "NoSec account; register" \
		leshan_case x509-cbor x509-nosec format=112
	prove x509 "its choice (112)" "instance chosen, its own account at /0/0" \
		leshan_case x509-choose x509 config=.
	prove x509 "its choice (112)" "bootstrap again, asked by the client" leshan_case x509-again x509 runs=2
	prove x509 "its choice (112)" "started anew at once, same endpoint" leshan_case x509-anew x509 starts=2
	prove x509 "-" "refused: a certificate of another CA; strapd says so" \
		leshan_stranger x509-stranger other server 'reason=unknown-ca identity="/O=Meters/CN=psk-leshan-x509-stranger"'
	prove x509 "-" "refused by the client, which holds another server certificate; strapd says so" \
		leshan_stranger x509-doubt ca other "handshake=failed reason=server-refused"
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
	leshan_x509_cases
}

# --- strapfleet with Leshan's bootstrap server ---

# What each device of a dump must hold.
fleet_holds() {	# file, mode, instance of /0, instance of /1, devices
	local n uri=coap://lwm2m.example.com:5683 secret=""
	[[ $2 == nosec ]] || uri=coaps://lwm2m.example.com:5684 secret=$server_key
	n=$(jq --arg uri "$uri" --arg key "$secret" --arg at "/0/$3" --arg server "/1/$4" '
		.resources | select(.["\($at)/0"] == $uri and .["\($at)/10"] == 101 and
		.["\($server)/0"] == 101 and .["\($server)/1"] == 3600 and .["\($server)/7"] == "U" and
		(.["\($at)/5"].hex // "") == $key) | 1' "$1" | wc -l)
	[[ $n == "$5" ]] || { because "$n of $5 devices hold what they should"; return 1; }
}

leshan_fleet_case() {	# name (tells the server what to do), mode, instance it is to be given, further options
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
	fleet_holds "$dir/dump" "$2" "$3" 1 20
}

leshan_fleet_cases() {
	local mode
	peer "Leshan bootstrap server (strapfleet is the client)" "$leshan_version"
	if [[ -z $servers_pid ]]; then
		skip "UDP, DTLS" "NoSec, PSK" all all "Leshan cannot be had, see above"
		return
	fi
	for mode in nosec psk; do
		prove $mode "TLV" "20 devices" leshan_fleet_case tlv $mode 1 --pct none
		prove $mode "SenML JSON" "20 devices" leshan_fleet_case json $mode 1 --pct 110
		prove $mode "SenML CBOR" "20 devices" leshan_fleet_case cbor $mode 1 --pct 112
		prove $mode "its choice" "20 devices, LwM2M 1.0" leshan_fleet_case old $mode 1 --lwm2m 1.0
		prove $mode "TLV" "20 devices, instance chosen by the server" leshan_fleet_case auto-tlv $mode 1
		prove $mode "TLV" "20 devices, account at /0/1, instance chosen by the server" \
			leshan_fleet_case auto-moved-tlv $mode 0 --behaviour account-at-1
	done
}
