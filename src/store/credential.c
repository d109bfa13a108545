#include "store/credential_priv.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static EVP_PKEY *
public_key(const uint8_t *der, size_t len, size_t *used)
{
	const uint8_t *p = der;
	EVP_PKEY *key = len <= LONG_MAX ? d2i_PUBKEY(NULL, &p, (long)len) : NULL;

	*used = (size_t)(p - der);
	ERR_clear_error();
	return key;
}

/*
 * OneAsymmetricKey v1 (PKCS#8) or the key by itself (SEC1): both are in use (spec/bootstrap.md
 * 3.1). The order of the two attempts does not matter, no encoding is both.
 */
static EVP_PKEY *
private_key(const uint8_t *der, size_t len, size_t *used)
{
	const uint8_t *p = der;
	EVP_PKEY *key = len <= LONG_MAX ? d2i_AutoPrivateKey(NULL, &p, (long)len) : NULL;

	*used = (size_t)(p - der);
	ERR_clear_error();
	return key;
}

bool
credential_is_public_key(const uint8_t *der, size_t len)
{
	size_t used;
	EVP_PKEY *key = public_key(der, len, &used);
	bool good = key != NULL && used == len;

	EVP_PKEY_free(key);
	return good;
}

bool
credential_is_private_key(const uint8_t *der, size_t len)
{
	size_t used;
	EVP_PKEY *key = private_key(der, len, &used);
	bool good = key != NULL && used == len;

	EVP_PKEY_free(key);
	return good;
}

unsigned
credential_certificates(const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	unsigned n = 0;

	while (len <= LONG_MAX && p < der + len) {
		X509 *cert = d2i_X509(NULL, &p, (long)(der + len - p));
		if (cert == NULL) {
			ERR_clear_error();
			return 0;
		}
		X509_free(cert);
		n++;
	}
	return n;
}

bool
credential_fits_certificate(const uint8_t *cert_der, size_t cert_len, const uint8_t *key_der, size_t key_len)
{
	const uint8_t *p = cert_der;
	size_t used;
	X509 *cert = cert_len <= LONG_MAX ? d2i_X509(NULL, &p, (long)cert_len) : NULL;
	EVP_PKEY *key = private_key(key_der, key_len, &used);
	bool fits = cert == NULL || key == NULL || X509_check_private_key(cert, key) == 1;

	ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(key);
	return fits;
}

bool
credential_digest_of(const uint8_t *der, size_t len, uint8_t ret[32])
{
	unsigned n = 0;

	return EVP_Digest(der, len, ret, &n, EVP_sha256(), NULL) == 1 && n == 32;
}

bool
credential_fits_public_key(const uint8_t *spki, size_t spki_len, const uint8_t *key_der, size_t key_len)
{
	size_t used;
	EVP_PKEY *pub = public_key(spki, spki_len, &used);
	EVP_PKEY *key = private_key(key_der, key_len, &used);
	bool fits = pub == NULL || key == NULL || EVP_PKEY_eq(pub, key) == 1;

	EVP_PKEY_free(pub);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return fits;
}
