#!/usr/bin/env bash
# The main job, start to end: a throw-away strapd, two devices, then a thousand over a bad network.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh

bold="" dim="" off=""
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
# Shows a command as one would type it, then runs it.
show() {
	printf '%s$ %s%s\n' "$dim" "$(printf '%s ' "$@" | sed "s|$build/||g; s|-s $sock ||g; s|$dir/||g; s| *$||")" "$off"
	"$@"
}
die() { printf 'demo: %s\n' "$*" >&2; tail -5 "$dir/strapd.log" >&2; exit 1; }

say "1. A bootstrap server"
start_daemon --set log.level=warn --set exchange.ack_timeout=500ms || die "strapd does not start"
show "$build/strapctl" -s "$sock" status | sed -n 1,8p

say "2. What devices of a kind are to hold: a profile"
cat >"$dir/meters.json" <<'END'
{ "servers": [ {
      "short_server_id": 101,
      "security": { "uri": "coaps://lwm2m.example.com:5684", "mode": "psk",
                    "identity": {"text": "${endpoint}"}, "secret_key": {"hex": "000102030405060708090a0b0c0d0e0f"} },
      "server": { "lifetime": 86400, "binding": "U" } } ],
  "write": [ {"path": "/3/0/14", "value": "${offset}"} ] }
END
cat "$dir/meters.json"
jq -n --slurpfile c "$dir/meters.json" \
	'{profile: "meters", variables: {offset: "+01:00"}, config: $c[0]}' >"$dir/profile.json"
show "$build/strapctl" -s "$sock" profile set meters --config "$dir/profile.json" || die "the profile is refused"

say "3. Two devices: one that proves itself with a key, one on a trusted network"
show "$build/strapctl" -s "$sock" endpoint set meter-1 --profile meters \
	--psk-identity id-1 --psk-key 0f0e0d0c0b0a09080706050403020100 || die "the endpoint is refused"
show "$build/strapctl" -s "$sock" endpoint set meter-2 --profile meters --no-auth || die "the endpoint is refused"
show "$build/strapctl" -s "$sock" endpoint list

say "4. What will be sent to meter-1, before it calls"
show "$build/strapctl" -s "$sock" plan meter-1

say "5. Both call"
show "$build/strapfleet" --server "coaps://127.0.0.1:$coaps_port" --endpoint meter-1 \
	--psk-identity id-1 --psk-key 0f0e0d0c0b0a09080706050403020100 --dump "$dir/meter-1.json" |
	grep -v '<' || die "meter-1 was not bootstrapped"
show "$build/strapfleet" --server "coap://127.0.0.1:$coap_port" --endpoint meter-2 \
	--dump "$dir/meter-2.json" | grep -v '<' || die "meter-2 was not bootstrapped"
echo "and hold, besides their bootstrap account at /0/0:"
jq -r '.endpoint as $e | .resources | to_entries[]
	| select(.key | (startswith("/0/0/") or . == "/3/0/0") | not)
	| [$e, .key, (.value | if type == "object" then "(hex) " + .hex else tostring end)] | @tsv' \
	"$dir/meter-1.json" "$dir/meter-2.json" | sort -V |
	awk -F'\t' '{ printf "  %-8s %-9s %s\n", $1, $2, $3 }'
show "$build/strapctl" -s "$sock" history

say "6. A thousand more, over DTLS, through a network that loses 5 % each way"
for i in $(seq 1 1000); do
	printf '{"endpoint":"fleet-%04d","profile":"meters","auth":{"psk":{"identity":"id-%04d","key":{"hex":"%s"}}}}\n' \
		"$i" "$i" 00112233445566778899aabbccddeeff
done >"$dir/fleet.jsonl"
show "$build/strapctl" -s "$sock" import "$dir/fleet.jsonl" || die "the import failed"
show "$build/strapfleet" --server "coaps://127.0.0.1:$coaps_port" --count 1000 --first 1 \
	--endpoint fleet-%04d --psk-identity id-%04d --psk-key 00112233445566778899aabbccddeeff \
	--loss 0.05 --ack-timeout 500ms --patience 8s || die "some device was not bootstrapped"

say "7. How it went"
show "$build/strapctl" -s "$sock" status
stop_daemon || die "strapd did not stop in order"
say "Done; nothing is left behind."
