#!/usr/bin/env bash
# strapctl and the admin socket as an operator and a program meet them.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

start_daemon --set log.level=info || exit 1
config='{"servers":[{"short_server_id":101,"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{}}]}'
key=0f0e0d0c0b0a09080706050403020100
code() { "$@" >/dev/null 2>&1; echo $?; }
rpc() { printf '%s\n' "$@" | "$build/system/unixpipe" "$sock"; }

# Exit codes: 0 done, 1 refused, 2 usage, 3 not reachable.
echo "$config" >"$dir/config.json"
is "a record is stored" 0 "$(code ctl endpoint set dev-1 --no-auth --config "$dir/config.json")"
is "a record that is wrong is refused with 1" 1 \
	"$(code ctl endpoint set dev-2 --no-auth --config <(echo '{"servers":[{"short_server_id":0}]}'))"
is "a word that is no command is usage, 2" 2 "$(code ctl endpont set dev-1)"
is "no daemon there is 3" 3 "$(code "$build/strapctl" -s "$dir/nobody.sock" status)"
like "with a hint on the typo" 'did you mean.*endpoint' "$(ctl endpont list 2>&1)"
like "a mistake names its JSON pointer" '/config/servers/0/short_server_id' \
	"$(ctl endpoint set dev-2 --no-auth --config <(echo '{"servers":[{"short_server_id":0,"security":{"uri":"coap://h:1","mode":"nosec"}}]}') 2>&1)"
like "and an unknown key the one that was meant" 'lifetime' \
	"$(ctl endpoint set dev-2 --no-auth --config <(echo '{"servers":[{"short_server_id":1,"security":{"uri":"coap://h:1","mode":"nosec"},"server":{"lifetme":1}}]}') 2>&1)"

# What a record says.
ctl endpoint set dev-2 --psk-identity id-2 --psk-key $key --config "$dir/config.json" >/dev/null
is "--json is understood behind the command" dev-2 "$(ctl endpoint get dev-2 --json | jq -r '.record.endpoint // .endpoint')"
is "and before it" dev-2 "$(ctl --json endpoint get dev-2 | jq -r '.record.endpoint // .endpoint')"
is "a key is not shown" 0 "$(ctl --json endpoint get dev-2 | grep -c $key)"
is "unless asked for" 1 "$(ctl --json endpoint get dev-2 --reveal | grep -c $key)"
like "an identity that another device has is refused" dev-2 \
	"$(ctl endpoint set dev-3 --psk-identity id-2 --psk-key $key --config "$dir/config.json" 2>&1)"
is "the list has both" "dev-1 dev-2" "$(ctl --json endpoint list | jq -r '[.endpoints[].endpoint] | join(" ")')"

# Plans.
is "a plan ends with Finish" finish "$(ctl plan dev-1 --json | jq -r '.steps[-1].operation')"
is "a plan names endpoint and rule" "dev-1 string" "$(ctl plan dev-1 --json | jq -r '"\(.endpoint) \(.matched | type)"')"
is "its writes say how many bytes" number "$(ctl plan dev-1 --json | jq -r '[.steps[] | select(.operation == "write")][0].bytes | type')"
like "and with --reveal which" '^[0-9a-f]+$' \
	"$(ctl plan dev-1 --json --reveal | jq -r '[.steps[] | select(.operation == "write")][0].payload.hex')"

# Import and export are each other's reverse.
for i in $(seq 1 200); do
	printf '{"endpoint":"many-%03d","auth":{"psk":{"identity":"many-%03d","key":{"hex":"%s"}}},"config":%s}\n' "$i" "$i" $key "$config"
done >"$dir/many"
is "an import is stored" 0 "$(code ctl import "$dir/many")"
ctl export "$dir/export1" >/dev/null 2>&1
ctl endpoint list --json | jq -r '.endpoints[].endpoint' | while read -r e; do ctl endpoint remove "$e" >/dev/null; done
while next=$(ctl endpoint list --json | jq -r '.endpoints[].endpoint') && [[ -n $next ]]; do
	# shellcheck disable=SC2086 # one word a name
	ctl endpoint remove $next >/dev/null
done
is "an import of the export" 0 "$(code ctl import "$dir/export1")"
ctl export "$dir/export2" >/dev/null 2>&1
is "gives the same export" "" "$(diff "$dir/export1" "$dir/export2" | head -3)"
printf '{"endpoint":"good","auth":{"none":true},"config":%s}\n{"endpoint":"bad","auth":{"none":false}}\nnot json\n' "$config" >"$dir/mixed"
out=$(ctl import "$dir/mixed" 2>&1)
is "an import with bad lines is refused with 1" 1 $?
like "and names the line" '(^|[^0-9])2' "$out"
like "and the other" '(^|[^0-9])3' "$out"

# The protocol itself.
is "requests may be sent in one go" "1 2 3" "$(rpc '{"jsonrpc":"2.0","id":1,"method":"status"}' \
	'{"jsonrpc":"2.0","id":2,"method":"status"}' '{"jsonrpc":"2.0","id":3,"method":"status"}' | jq -r .id | xargs)"
is "and in a batch" 2 "$(rpc '[{"jsonrpc":"2.0","id":1,"method":"status"},{"jsonrpc":"2.0","id":2,"method":"nope"}]' | jq length)"
is "broken JSON is -32700" -32700 "$(rpc '{"jsonrpc":' | jq .error.code)"
is "an unknown method is -32601" -32601 "$(rpc '{"jsonrpc":"2.0","id":1,"method":"nope"}' | jq .error.code)"
is "errors carry reason, pointer and hint" "hint pointer reason" \
	"$(rpc '{"jsonrpc":"2.0","id":1,"method":"endpoint.set","params":{"endpoint":"x","auth":{"none":true},"config":{"servrs":[]}}}' |
		jq -r '.error.data | keys | sort | join(" ")')"
is "what lies between is not lost" 2 "$(rpc 'garbage' '{"jsonrpc":"2.0","id":2,"method":"status"}' | jq -s length)"

# strapctl watch: a line for each event, as it happens.
ctl watch >"$dir/watched" 2>&1 &
watcher=$!
check "watch shows what happens" eventually bash -c \
	"'$build/strapctl' -s '$sock' endpoint set seen --no-auth --config '$dir/config.json' && grep -q 'seen' '$dir/watched'"
kill $watcher
wait $watcher 2>/dev/null

# Events outlive the daemon, and a watcher misses nothing.
first=$(rpc '{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{"from":0}}' | jq -s '[.[] | select(.method)] | length')
check "the log tells what was done" test "$first" -gt 200
stop_daemon -KILL
start_daemon || exit 1
again=$(rpc '{"jsonrpc":"2.0","id":1,"method":"event.subscribe","params":{"from":0}}' | jq -s '[.[] | select(.method)] | length')
is "after kill -9 as well" "$first" "$again"

# Roles come from the peer's credentials.
if [[ $(id -u) == 0 ]] && getent passwd nobody >/dev/null; then
	chmod 755 "$dir"; chmod 666 "$sock"
	like "a stranger is told that he may not" 'neither root nor a member' \
		"$(setpriv --reuid nobody --regid nogroup --clear-groups "$build/strapctl" -s "$sock" endpoint list 2>&1)"
fi
stop_daemon
is "the daemon stops in order" 0 $?
is "no key stands in its log" 0 "$(grep -c $key "$dir/strapd.log")"
finish_tap
