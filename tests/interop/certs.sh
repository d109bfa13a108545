# Certificates, made with openssl(1) alone: none of strapd's code has a hand in them.
# shellcheck shell=bash
# shellcheck disable=SC2154
# Needs: certs (folder). A certificate is NAME.pem and NAME.der, its key NAME.key and NAME.pk8.

new_key() {	# name
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$certs/$1.key" 2>/dev/null &&
		openssl pkcs8 -topk8 -nocrypt -in "$certs/$1.key" -outform DER -out "$certs/$1.pk8"
}

authority() {	# name, subject
	new_key "$1" &&
		openssl req -x509 -new -key "$certs/$1.key" -days 30 -subj "$2" -out "$certs/$1.pem" \
			-addext keyUsage=critical,keyCertSign &&
		openssl x509 -in "$certs/$1.pem" -outform DER -out "$certs/$1.der"
}

leaf() {	# name, authority, common name, extensions, one a line
	new_key "$1" &&
		printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n%s\n' "$4" >"$certs/$1.ext" &&
		openssl req -new -key "$certs/$1.key" -subj "/O=Meters/CN=$3" -out "$certs/$1.csr" &&
		openssl x509 -req -in "$certs/$1.csr" -CA "$certs/$2.pem" -CAkey "$certs/$2.key" -days 30 \
			-set_serial $((++serial)) -extfile "$certs/$1.ext" -out "$certs/$1.pem" 2>/dev/null &&
		openssl x509 -in "$certs/$1.pem" -outform DER -out "$certs/$1.der"
}

# A device's, by the authority that strapd accepts or by another.
device_certificate() {	# endpoint, authority
	leaf "$1" "$2" "$1" extendedKeyUsage=clientAuth
}

# Of strapd, and of the two authorities.
make_certificates() {
	serial=0
	mkdir -p "$certs"
	authority ca "/O=Meters/CN=Meter CA" && authority other "/O=Elsewhere/CN=Another CA" &&
		leaf server ca bs.example.com "extendedKeyUsage=serverAuth
subjectAltName=DNS:bs.example.com,IP:127.0.0.1"
}
