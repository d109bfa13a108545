# libcoap's client with strapd, on two TLS libraries.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

listener() {	# scheme
	jq -r --arg s "$1" '[.listeners[] | select(.scheme == $s)][0].address' "$dir/status.json"
}

libcoap_device() {	# engine, endpoint, mode, options
	local scheme
	case $3 in
	nosec) scheme=coap ;;
	tcp) scheme=coap+tcp ;;
	tls | x509-tls) scheme=coaps+tcp ;;
	*) scheme=coaps ;;
	esac
	local security=(--server "$scheme://$(listener $scheme)")
	case $(auth_of "$3") in
	psk) security+=(--psk-identity "id-$2" --psk-key "$key") ;;
	certificate) security+=(--certificate "$certs/$2.pem" --private-key "$certs/$2.key" \
		--ca "$certs/ca.pem" --sni bs.example.com) ;;
	esac
	timeout 60 "$build/system/coapdevice-$1" "${security[@]}" --endpoint "$2" --limit 15 "${@:4}" \
		>"$dir/out" 2>&1
}

libcoap_case() {	# name, engine, mode, settings as below
	local ep=$3-$2-$1 as=tlv config='.servers[0].instance = 1' starts=1 pct="" also="" expect
	[[ $# == 3 ]] || local "${@:4}"
	record "$ep" "$3" "$config" || return 1
	[[ $(auth_of "$3") != certificate ]] || device_certificate "$ep" ca || return 1
	for _ in $(seq 1 "$starts"); do
		libcoap_device "$2" "$ep" "$3" ${pct:+--pct "$pct"}
		finished "$ep" "$as" || return 1
	done
	sessions "$ep" "$starts" || return 1
	[[ $(auth_of "$3") != certificate ]] || proved "$ep" || return 1
	for expect in "DELETE /0" "DELETE /1" "PUT /0/1 format=${pct:-11542} " "PUT /1/1 format=${pct:-11542} " \
		"$also" "POST /bs"; do
		grep -q "^$expect" "$dir/out" && continue
		because "the client did not see $expect"
		return 1
	done
}

# Nothing was written, and strapd's log says why.
refused() {	# what the log says
	grep -qE 'PUT|DELETE' "$dir/out" && { because "it was bootstrapped"; return 1; }
	says_why "$1"
}

libcoap_wrong_key() {	# engine, mode
	local ep=$2-$1-wrong
	record "$ep" "$2" || return 1
	key=ffffffffffffffffffffffffffffffff libcoap_device "$1" "$ep" "$2" --limit 4
	refused "handshake=failed reason=wrong-key identity=id-$ep"
}

libcoap_stranger() {	# engine, mode
	local ep=$2-$1-stranger
	record "$ep" "$2" || return 1
	device_certificate "$ep" other || return 1
	libcoap_device "$1" "$ep" "$2" --limit 4
	refused "handshake=failed reason=unknown-ca identity=\"/O=Meters/CN=$ep\""
}

# A good certificate with somebody else's name.
libcoap_impostor() {	# engine, mode
	local ep=$2-$1-impostor
	record "$ep" "$2" || return 1
	leaf "$ep" ca "$ep-2" extendedKeyUsage=clientAuth || return 1
	libcoap_device "$1" "$ep" "$2" --limit 4
	grep -qx "answer 4.00" "$dir/out" || { because "no 4.00 but \"$(tail -1 "$dir/out")\""; return 1; }
	newest_is "$ep" '.cause | test("neither a common name nor an alternative name")' && return 0
	because "strapd does not say why"
	return 1
}

# A device that knows another authority turns strapd away.
libcoap_doubt() {	# engine, mode
	local ep=$2-$1-doubt
	record "$ep" "$2" || return 1
	device_certificate "$ep" ca || return 1
	libcoap_device "$1" "$ep" "$2" --limit 4 --ca "$certs/other.pem"
	refused "handshake=failed reason=server-refused"
}

long_way() {	# mode
	case $1 in
	tcp | *tls) echo "in one message" ;;
	*) echo "block-wise" ;;
	esac
}

libcoap_cases() {
	local engine mode long
	long='.servers[0].instance = 1 | .write = [{path: "/5/0", value: {"0": {text: ("A" * 6144)}}}]'
	for engine in openssl gnutls; do
		peer "libcoap client on ${engine/openssl/OpenSSL}" "$(pkg-config --modversion "libcoap-3-$engine")"
		peer_name=${peer_name/gnutls/GnuTLS}
		for mode in nosec psk x509 tcp tls x509-tls; do
			prove $mode "TLV" "bootstrap" libcoap_case plain $engine $mode
			prove $mode "SenML CBOR" "bootstrap" libcoap_case cbor $engine $mode pct=112 as=senml-cbor
			prove $mode "SenML JSON" "bootstrap" libcoap_case json $engine $mode pct=110 as=senml-json
			prove $mode "TLV" "instance chosen, its own account at /0/0" \
				libcoap_case auto $engine $mode config=. also="GET /"
			prove $mode "TLV" "6 KiB in one write, $(long_way $mode)" \
				libcoap_case long $engine $mode config="$long" also="PUT /5/0 format=11542 bytes=6148 "
			prove $mode "TLV" "started anew at once, same endpoint" \
				libcoap_case anew $engine $mode starts=2
		done
		for mode in psk tls; do
			prove $mode "-" "refused: a wrong key; strapd says so" libcoap_wrong_key $engine $mode
		done
		for mode in x509 x509-tls; do
			prove $mode "-" "refused: a certificate of another CA; strapd says so" \
				libcoap_stranger $engine $mode
			prove $mode "-" "refused: a name that its certificate does not have" \
				libcoap_impostor $engine $mode
			prove $mode "-" "refused by the client, which holds another CA; strapd says so" \
				libcoap_doubt $engine $mode
		done
	done
}
