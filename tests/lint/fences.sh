#!/bin/sh
# Fails when a third-party header is included outside the folders that may know it.
cd "$(dirname "$0")/../../src" || exit 2
bad=0
fence() {	# header pattern, then the places (grep -E on the file's path) that may include it
	found=$(grep -rlE --include='*.[ch]' "^# *include <$1" . | sed 's|^\./||' | grep -vE "^($2)")
	[ -z "$found" ] && return
	printf 'fence:   <%s> in %s\n' "$1" "$found"
	bad=1
}
fence 'coap3?/'		'coap/'
fence 'sqlite3'		'store/'
fence 'libpq'		'store/'
fence 'openssl/'	'transport/|store/|oscore/|base/secret\.c|daemon/main\.c'
fence 'event2?'		'base/loop\.c|transport/|admin/'
fence 'jansson'		'store/|lwm2m/|bootstrap/|admin/|daemon/|ctl/|fleet/'
fence 'cbor'		'lwm2m/'
fence 'expat'		'lwm2m/'
fence 'ini\.h'		'daemon/'
fence 'systemd/'	'daemon/'
fence 'pthread'		'daemon/|base/'
exit $bad
