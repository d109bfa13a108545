#!/bin/sh
# Installs what building, testing and linting need of Debian's packages; silent when all is there.
set -eu
packages="gcc clang clang-format libclang-rt-14-dev make pkg-config libevent-dev libcoap3-dev
	libssl-dev libsqlite3-dev libjansson-dev libcbor-dev libinih-dev libexpat1-dev uthash-dev libsystemd-dev
	libcmocka-dev libgnutls28-dev shellcheck jq openssl sqlite3 systemd mandoc procps"
missing=""
for p in $packages; do
	case "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -z "$missing" ] && exit 0
echo "make deps: installing$missing"
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
