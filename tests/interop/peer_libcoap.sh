# libcoap's client with strapd, on two TLS libraries.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

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
