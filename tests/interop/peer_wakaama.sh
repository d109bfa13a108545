# Wakaama's client (over tinydtls) with strapd, and strapfleet with its bootstrap server.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

wakaama_port=$((30000 + RANDOM % 9000))

# Ten seconds of hold-off stand in the client's source, so that all its cases run at once. It does not end
# by itself; nothing of it is left after 17 s.
wakaama_device() {	# endpoint, mode, local port
	local server=(-p "$coap_port")
	[[ $2 == nosec ]] || server=(-p "$coaps_port" -i "id-$1" -s "$key")
	{ sleep 14; echo disp; sleep 1; } | timeout 17 stdbuf -oL "$cache/wakaama/client" -4 -b -n "$1" \
		-h 127.0.0.1 "${server[@]}" -l "$3" >"$dir/$1" 2>&1
}

wakaama_round() {
	local mode name port=$wakaama_port pids=()
	for mode in nosec psk; do
		for name in plain auto; do
			wakaama_device "wakaama-$mode-$name" $mode $port &
			pids+=($!)
			port=$((port + 1))
		done
	done
	wait "${pids[@]}"
}

# Looks at what a round has left: sessions, and the account as the client shows it.
wakaama_holds() {	# endpoint, sessions so far, URI of the account
	finished "$1" tlv && sessions "$1" "$2" || return 1
	grep -q "/0/1: .*uri: $3, isBootstrap: false, shortId: 101," "$dir/$1" &&
		grep -q "/1/1: .*shortServerId: 101, lifetime: 3600, storing: true, binding: U" "$dir/$1" && return 0
	because "the client does not show the account"
	return 1
}

wakaama_registers() {	# endpoint, sessions so far
	wakaama_holds "$1" "$2" "$uri_nosec" || return 1
	[[ $(grep -c "^registered $1 coap 1.0 lt=3600" "$dir/servers") == "$2" ]] && return 0
	because "the LwM2M server saw no registration"
	return 1
}

# Its ClientHello has no extensions, which ends in a NullPointerException in Leshan's server (Californium 3.12.0).
wakaama_tries_dtls() {	# endpoint, sessions so far
	wakaama_holds "$1" "$2" "$uri_psk" || return 1
	grep -A1 "^Sending .*:${uri_psk##*:}" "$dir/$1" | grep -q '^16 FE FD' && return 0
	because "the client sends no ClientHello to the LwM2M server"
	return 1
}

wakaama_cases() {
	local why nosec
	peer "Wakaama client" "$wakaama_version"
	if ! why=$(fetch_wakaama); then
		skip "UDP, DTLS" "NoSec, PSK" TLV all "$why"
		return
	fi
	if [[ -z $servers_pid ]]; then
		skip "UDP, DTLS" "NoSec, PSK" TLV all "there is no LwM2M server for it: Leshan cannot be had"
		return
	fi
	nosec=".servers[0].security = {uri: \"$uri_nosec\", mode: \"nosec\"}"
	record wakaama-nosec-plain nosec '.servers[0].instance = 1'
	record wakaama-nosec-auto nosec
	record wakaama-psk-plain psk '.servers[0].instance = 1'
	record wakaama-psk-auto psk "$nosec"
	wakaama_round
	prove nosec TLV "bootstrap, register" wakaama_registers wakaama-nosec-plain 1
	prove nosec TLV "instance chosen, its own account at /0/0; register" wakaama_registers wakaama-nosec-auto 1
	prove psk TLV "bootstrap, begin DTLS with the LwM2M server" wakaama_tries_dtls wakaama-psk-plain 1
	prove psk TLV "instance chosen, its own account at /0/0; register without DTLS" \
		wakaama_registers wakaama-psk-auto 1
	wakaama_round
	prove nosec TLV "started anew, same endpoint and port; register" wakaama_registers wakaama-nosec-plain 2
	prove psk TLV "started anew, same endpoint and port; register without DTLS" \
		wakaama_registers wakaama-psk-auto 2
}

wakaama_fleet_case() {	# name, further options
	local pid status
	cat >"$dir/wakaama.ini" <<-END
		[Server]
		id=101
		uri=coap://lwm2m.example.com:5683
		bootstrap=no
		lifetime=3600
		security=NoSec
		[Endpoint]
		Delete=/0
		Delete=/1
		Server=101
		[End]
	END
	[[ -p $dir/nothing ]] || mkfifo "$dir/nothing"
	timeout 60 "$cache/wakaama/bootstrapserver" -4 -l $wakaama_port -f "$dir/wakaama.ini" \
		<>"$dir/nothing" >"$dir/wakaama-server" 2>&1 &
	pid=$!
	"$build/strapfleet" --server "coap://127.0.0.1:$wakaama_port" --count 20 --endpoint "wakaama-$1-%02d" \
		--quiet --patience 20s --tries 3 --lwm2m 1.0 --dump "$dir/dump" "${@:2}" >"$dir/out" 2>&1
	status=$?
	kill $pid
	wait $pid 2>/dev/null
	[[ $status == 0 ]] || { because "$(grep -v '^ *$' "$dir/out" | tail -1)"; return 1; }
	fleet_holds "$dir/dump" nosec 101 101 20
}

wakaama_fleet_cases() {
	local why
	peer "Wakaama bootstrap server (strapfleet is the client)" "$wakaama_version"
	if ! why=$(fetch_wakaama); then
		skip UDP NoSec TLV all "$why"
		return
	fi
	prove nosec TLV "20 devices, LwM2M 1.0" wakaama_fleet_case plain
	prove nosec TLV "20 devices, LwM2M 1.0, account at /0/1" wakaama_fleet_case moved --behaviour account-at-1
}
