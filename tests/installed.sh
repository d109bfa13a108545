#!/usr/bin/env bash
# Starts strapd from below a DESTDIR and asks it how it is. Usage: tests/installed.sh DESTDIR
set -u
root=$1
cd "$(dirname "$0")/.." || exit 2
build=$root/usr/bin
# shellcheck source=tests/lib.sh
. tests/lib.sh
ln -s ../sbin/strapd "$root/usr/bin/strapd"
for f in usr/sbin/strapd usr/bin/strapctl usr/bin/strapfleet etc/strapd/strapd.conf \
	lib/systemd/system/strapd.service usr/lib/sysusers.d/strapd.conf \
	usr/share/strapd/objects/0-security.json usr/share/man/man8/strapd.8; do
	[[ -e $root/$f ]] || { echo "missing: $f"; exit 1; }
done
"$root/usr/sbin/strapd" -c "$root/etc/strapd/strapd.conf" --check || exit 1
start_daemon -c "$root/etc/strapd/strapd.conf" || exit 1
ctl status || exit 1
stop_daemon
