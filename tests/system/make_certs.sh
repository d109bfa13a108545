#!/usr/bin/env bash
# Certificates for tests, made with openssl(1) alone: none of strapd's code has a hand in them.
# Usage: tests/system/make_certs.sh FOLDER
set -eu
mkdir -p "$1"
cd "$1"

key() {	# name
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null
}
# A CA that can revoke, too.
authority() {	# name, subject
	key "$1"
	openssl req -x509 -new -key "$1.key" -days 3650 -subj "$2" -out "$1.pem" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	: >"$1.index"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s.index\ndefault_md=sha256\ndefault_crl_days=30\n' \
		"$1" >"$1.cnf"
}
# A certificate by an authority. Dates are from openssl-ca's -startdate and -enddate.
leaf() {	# name, authority, subject, extensions, [begin end as YYYYMMDDHHMMSSZ]
	local name=$1 ca=$2 subject=$3 begin=${5:-20200101000000Z} end=${6:-20491231235959Z}
	key "$name"
	openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
	printf '[x]\n%b\n' "$4" >"$name.ext"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s.index\ndefault_md=sha256\nrand_serial=yes\n' \
		"$ca" >"$ca.issue.cnf"
	printf 'policy=any\nunique_subject=no\nnew_certs_dir=.\n[any]\ncommonName=optional\n' >>"$ca.issue.cnf"
	openssl ca -batch -notext -config "$ca.issue.cnf" -cert "$ca.pem" -keyfile "$ca.key" \
		-extfile "$name.ext" -extensions x -startdate "$begin" -enddate "$end" -preserveDN \
		-in "$name.csr" -out "$name.pem" 2>/dev/null
	rm -f "$name.csr" "$name.ext"
}
client='basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth'
server='basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth'

authority ca "/O=Meters/CN=Meter CA"
authority other "/O=Elsewhere/CN=Another CA"
authority later "/O=Meters/CN=Meter CA 2"

leaf server ca "/CN=bs.example.com" "$server\nsubjectAltName=DNS:bs.example.com"
leaf server2 ca "/CN=second.example.net" "$server\nsubjectAltName=DNS:second.example.net"

# An authority below the first one; its devices send it along.
key middle
openssl req -new -key middle.key -subj "/O=Meters/CN=Factory" -out middle.csr
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >middle.ext
openssl x509 -req -in middle.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days 3650 -extfile middle.ext \
	-out middle.pem 2>/dev/null
: >middle.index

leaf good ca "/CN=dev-good" "$client"
leaf san ca "/CN=serial 4711" "$client\nsubjectAltName=URI:urn:dev:os:4711,DNS:dev-san"
leaf expired ca "/CN=dev-expired" "$client" 20200101000000Z 20210101000000Z
leaf early ca "/CN=dev-early" "$client" 20480101000000Z 20491231235959Z
leaf stranger other "/CN=dev-stranger" "$client"
leaf newcomer later "/CN=dev-newcomer" "$client"
leaf revoked ca "/CN=dev-revoked" "$client"
leaf purpose ca "/CN=dev-purpose" "$server"
leaf below middle "/CN=dev-below" "$client"
cat below.pem middle.pem >below.chain

key self
openssl req -x509 -new -key self.key -days 3650 -subj "/CN=dev-self" -out self.pem
key lost
openssl req -x509 -new -key lost.key -days 3650 -subj "/CN=dev-lost" -out lost.pem

openssl ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke revoked.pem 2>/dev/null
openssl ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -out ca.crl 2>/dev/null
