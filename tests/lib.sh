# Shared by the demo, the benchmark and the system tests: a throw-away daemon on free ports.
# shellcheck shell=bash
# shellcheck disable=SC2154
# Needs: build (folder of the programs). Sets: dir, sock, daemon_pid, coap_port, coaps_port.

dir=$(mktemp -d "${TMPDIR:-/tmp}/strapd.XXXXXX")
sock=$dir/admin.sock
daemon_pid=""

ctl() {
	"$build/strapctl" -s "$sock" "$@"
}

# Starts strapd with further options; waits until it answers.
start_daemon() {
	"$build/strapd" --set store.url="sqlite:$dir/strapd.db" --set admin.socket="$sock" \
		--set coap.listen=127.0.0.1:"${coap_port:-0}" --set coaps.listen=127.0.0.1:"${coaps_port:-0}" \
		"$@" 2>>"$dir/strapd.log" &
	daemon_pid=$!
	for _ in $(seq 1 200); do
		ctl --json status >"$dir/status.json" 2>/dev/null && break
		kill -0 "$daemon_pid" 2>/dev/null || { cat "$dir/strapd.log" >&2; return 1; }
		sleep 0.05
	done
	coap_port=$(jq -r '[.listeners[] | select(.scheme == "coap")][0].address // "" | sub(".*:"; "")' "$dir/status.json")
	coaps_port=$(jq -r '[.listeners[] | select(.scheme == "coaps")][0].address // "" | sub(".*:"; "")' "$dir/status.json")
	[[ -n $coap_port ]]
}

stop_daemon() {
	[[ -n $daemon_pid ]] || return 0
	kill "${1:--TERM}" "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	local status=$?
	daemon_pid=""
	return $status
}

clean_up() {
	stop_daemon -KILL
	rm -rf "$dir"
}
trap clean_up EXIT
