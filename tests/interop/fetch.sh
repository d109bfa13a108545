# Fetches the peers into a cache that is no part of the tree, with the package managers as they are set up.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Needs: cache (folder), here (tests/interop). Sets: …_version of each.

leshan_version=$(sed -n 's|.*<leshan.version>\(.*\)</leshan.version>.*|\1|p' "$here/pom.xml")
coapnode_version=0.2.5
wakaama_version="node-red-contrib-lwm2m 2.12.3"

# Says why a tool is not there; nothing when it is.
lacks() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || { echo "$tool is not installed"; return 0; }
	done
	return 1
}

# Once a stamp of the same kind is there nothing is fetched again.
is_fetched() {	# stamp, text
	[[ -f $1 && $(<"$1") == "$2" ]]
}

# Leshan's libraries and the drivers compiled against them. Prints why it cannot be had.
fetch_leshan() {
	local to=$cache/leshan stamp
	stamp=$(cat "$here/pom.xml" "$here"/*.java | cksum)
	lacks java javac mvn && return 1
	is_fetched "$to/stamp" "$stamp" && return 0
	rm -rf "$to"
	mkdir -p "$to/lib" "$to/classes"
	if ! timeout 300 mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies \
		-DoutputDirectory="$to/lib" >"$to/log" 2>&1; then
		echo "the Maven registry has no leshan-client-cf and leshan-server-cf $leshan_version, or does not answer"
		return 1
	fi
	if ! javac -Xlint:all -Werror -cp "$to/lib/*" -d "$to/classes" "$here"/*.java >"$to/log" 2>&1; then
		cat "$to/log" >&2
		echo "the drivers do not compile with this JDK"
		return 1
	fi
	printf '%s' "$stamp" >"$to/stamp"
}

leshan_demo_is_there() {	# artifact
	timeout 120 mvn -B -q dependency:get -Dtransitive=false \
		-Dartifact="org.eclipse.leshan:$1:$leshan_version" >/dev/null 2>&1
}

fetch_coapnode() {
	local to=$cache/coap-node
	lacks node npm && return 1
	is_fetched "$to/stamp" "$coapnode_version" && return 0
	rm -rf "$to"
	mkdir -p "$to"
	if ! timeout 300 npm install --prefix "$to" --no-audit --no-fund --no-save \
		"coap-node@$coapnode_version" >"$to/log" 2>&1; then
		echo "the npm registry has no coap-node $coapnode_version, or does not answer"
		return 1
	fi
	printf '%s' "$coapnode_version" >"$to/stamp"
}

# Wakaama's own sources, which this npm package carries; of the package itself nothing is used.
fetch_wakaama() {
	local to=$cache/wakaama from tls
	lacks npm cc tar stdbuf && return 1
	is_fetched "$to/stamp" "$wakaama_version" && return 0
	rm -rf "$to"
	mkdir -p "$to"
	if ! timeout 300 npm pack --pack-destination "$to" "${wakaama_version/ /@}" >"$to/log" 2>&1 ||
		! tar xzf "$to"/*.tgz -C "$to"; then
		echo "the npm registry has no $wakaama_version, or does not answer"
		return 1
	fi
	from=$to/package/deps/wakatiwai/deps/wakaama
	tls=$from/examples/shared/tinydtls
	local common=(-w -O1 -DLWM2M_LITTLE_ENDIAN -DWITH_LOGS -D_POSIX_C_SOURCE=200809 -I"$from/core"
		-I"$from/core/er-coap-13" -I"$from/examples/shared" "$from"/core/*.c "$from"/core/er-coap-13/*.c
		"$from"/examples/shared/{commandline,memtrace,platform}.c)
	if ! { cc "${common[@]}" -DLWM2M_CLIENT_MODE -DLWM2M_BOOTSTRAP -DLWM2M_SUPPORT_JSON -DWITH_TINYDTLS \
		-DDTLSv12 -DWITH_SHA256 -DDTLS_PSK -DDTLS_ECC -DNDEBUG -I"$tls" -I"$from/../tinydtls" \
		"$from"/examples/client/*.c "$from/examples/shared/dtlsconnection.c" \
		"$tls"/{ccm,crypto,dtls,dtls_debug,dtls_time,hmac,netq,peer,session,sha2/sha2,aes/rijndael,ecc/ecc}.c \
		-o "$to/client" && cc "${common[@]}" -DLWM2M_BOOTSTRAP_SERVER_MODE \
		"$from"/examples/bootstrap_server/*.c "$from/examples/shared/connection.c" \
		-o "$to/bootstrapserver"; } >"$to/log" 2>&1; then
		echo "its sources do not compile here"
		return 1
	fi
	printf '%s' "$wakaama_version" >"$to/stamp"
}
