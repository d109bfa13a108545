#!/usr/bin/env bash
# strapd as a service: settings and their mistakes, signals, systemd's notifications.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

strapd() { "$build/strapd" "$@" 2>&1; }

is "--check of good settings" "settings: in order" "$(strapd --set log.level=debug --check)"
out=$(strapd --set exchange.ack_timeot=2s --check)
is "a typo exits with 2" 2 $?
like "and is understood" 'exchange\.ack_timeot: no such setting.*did you mean "ack_timeout"' "$out"
like "a section that does not exist" '\[exchang\]: no such section.*"exchange"' "$(strapd --set exchang.x=1 --check)"
like "a value out of range names what is valid" 'block_size: "1000".*16, 32' "$(strapd --set exchange.block_size=1000 --check)"
like "a duration needs a unit" 'ack_timeout: "2".*10ms' "$(strapd --set exchange.ack_timeout=2 --check)"
printf '[coap]\nlisten = 127.0.0.1:0\n\n[log]\nlevle = info\n[bootstrap]\nsession_timeout = soon\n' >"$dir/bad.conf"
out=$(strapd -c "$dir/bad.conf" --check)
like "a mistake in a file names the line" "bad.conf:5: log.levle" "$out"
like "and the next one as well" "bad.conf:7: bootstrap.session_timeout" "$out"
like "a file that is not there" "nowhere.conf: cannot be read" "$(strapd -c "$dir/nowhere.conf" --check)"
like "all listeners off make no sense" "no device could ever call" \
	"$(strapd --set coap.listen=off --set coaps.listen=off --check)"
like "what this version lacks is refused with a sentence" "this version" \
	"$(strapd --set http.listen=127.0.0.1:1 --check)"
strapd --print-settings >"$dir/all.conf"
is "the printed settings are those that are installed" "" "$(diff "$dir/all.conf" etc/strapd.conf)"
sed 's/^#\([a-z_]* = \)/\1/' "$dir/all.conf" >"$dir/explicit.conf"
is "and valid when taken literally" "settings: in order" "$(strapd -c "$dir/explicit.conf" --check)"
is "strapd.conf(5) knows each of them" "" "$(sed -n 's/^#\([a-z_]*\) = .*/\1/p; s/^#\([a-z_]*\) =$/\1/p' etc/strapd.conf |
	while read -r k; do grep -q "^.It Cm $k$" docs/man/strapd.conf.5 || echo "$k"; done)"
like "--version" '^strapd [0-9]' "$(strapd -V)"
is "an unknown option exits with 2" 2 "$(strapd --nonsense >/dev/null; echo $?)"

out=$(strapd --set store.url=sqlite:"$dir/no/such/place.db" --set admin.socket="$sock" --set coap.listen=127.0.0.1:0 --set coaps.listen=off)
is "a store that cannot be opened exits with 1" 1 $?
like "with a sentence" "store" "$out"

# As systemd would run it.
coap_port=0
"$build/system/notified" "$dir/notify" 600000 "$build/strapd" --set store.url="sqlite:$dir/n.db" \
	--set admin.socket="$sock" --set coap.listen=127.0.0.1:0 --set coaps.listen=off \
	>"$dir/told" 2>"$dir/strapd.log" &
service=$!
check "READY=1 is told" eventually grep -q READY=1 "$dir/told"
check "the watchdog is fed" eventually grep -q WATCHDOG=1 "$dir/told"
like "a second strapd on the same store is refused" "another|lock|in use" \
	"$(strapd --set store.url="sqlite:$dir/n.db" --set admin.socket="$dir/b.sock" --set coap.listen=127.0.0.1:0 --set coaps.listen=off)"
kill -HUP $service
check "SIGHUP is told" eventually grep -q RELOADING=1 "$dir/told"
check "and logged" eventually grep -q "reload: done" "$dir/strapd.log"
kill -TERM $service
wait $service
is "SIGTERM ends it with 0" 0 $?
check "STOPPING=1 is told" grep -q STOPPING=1 "$dir/told"
check "the admin socket is removed" test ! -e "$sock"

# SIGHUP with a file.
printf '[log]\nlevel = info\n[bootstrap]\nunknown_endpoint = refuse\n[workers]\ncount = 1\n' >"$dir/live.conf"
start_daemon -c "$dir/live.conf" || exit 1
"$build/system/coapdevice-openssl" --server "coap://127.0.0.1:$coap_port" --endpoint nobody >"$dir/out"
like "an unknown endpoint is refused" "answer 4.00" "$(cat "$dir/out")"
printf '[log]\nlevel = info\n[bootstrap]\nunknown_endpoint = ignore\n[workers]\ncount = 2\n' >"$dir/live.conf"
kill -HUP "$daemon_pid"
check "SIGHUP says what needs a restart" eventually grep -q "workers.count differs and needs a restart" "$dir/strapd.log"
check "and what it took over" eventually grep -q "bootstrap.unknown_endpoint is changed" "$dir/strapd.log"
"$build/system/coapdevice-openssl" --server "coap://127.0.0.1:$coap_port" --endpoint nobody --limit 2 >"$dir/out"
is "now it hears nothing" "" "$(cat "$dir/out")"
printf '[bootstrap]\nunknown_endpoint = maybe\n' >"$dir/live.conf"
kill -HUP "$daemon_pid"
check "a mistake at SIGHUP changes nothing" eventually grep -q "those in force stay" "$dir/strapd.log"
stop_daemon
is "it stops in order" 0 $?

# SIGTERM lets open sessions finish and begins no new one.
start_daemon --set log.level=info --set workers.count=1 || exit 1
printf '{"servers":[{"short_server_id":101,"security":{"uri":"coap://192.0.2.10:5683","mode":"nosec"},"server":{}}]}' |
	ctl endpoint set slow --no-auth --config - >/dev/null
"$build/strapfleet" --server "coap://127.0.0.1:$coap_port" --endpoint slow --behaviour slow --tries 1 --quiet >"$dir/out" &
fleet=$!
check "a slow device is in the middle of it" eventually bash -c \
	"[[ \$('$build/strapctl' -s '$sock' --json sessions | jq '.sessions | length') == 1 ]]"
kill -TERM "$daemon_pid"
check "the daemon says that it is stopping" eventually grep -q "stopping:" "$dir/strapd.log"
"$build/system/coapdevice-openssl" --server "coap://127.0.0.1:$coap_port" --endpoint slow --limit 1 >"$dir/late"
is "a device that calls now hears nothing" "" "$(cat "$dir/late")"
wait $fleet
is "the one in the middle comes to its end" 0 $?
wait "$daemon_pid"
is "and then the daemon to its own" 0 $?
daemon_pid=""

check "hardened: systemd rates it below 1.5" bash -c "systemd-analyze security --offline=yes \
	systemd/strapd.service | awk '/Overall/ { exit !(\$(NF-2) < 1.5) }'"
finish_tap
