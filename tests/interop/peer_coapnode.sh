# npm's coap-node with strapd: an LwM2M 1.0 device.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

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
