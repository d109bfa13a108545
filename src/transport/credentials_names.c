#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/secret.h"
#include "transport/credentials.h"

/* What names a certificate has. Of certificates that were shown, so nothing in them is believed. */

static X509 *
parse(const uint8_t *der, size_t len)
{
	const unsigned char *p = der;
	X509 *x = len <= 65536 ? d2i_X509(NULL, &p, (long)len) : NULL;

	if (x != NULL && p != der + len) {
		X509_free(x);
		x = NULL;
	}
	ERR_clear_error();
	return x;
}

/* UTF-8 of a string in whatever encoding, to be freed by OPENSSL_free(); -1: it has none. */
static int
text_of(const ASN1_STRING *s, unsigned char **ret)
{
	int len = s == NULL ? -1 : ASN1_STRING_to_UTF8(ret, s);

	ERR_clear_error();
	return len;
}

static const ASN1_STRING *
common_name(X509_NAME *subject, int *at)
{
	*at = X509_NAME_get_index_by_NID(subject, NID_commonName, *at);
	return *at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, *at));
}

static bool
subject_has(X509_NAME *subject, const char *name)
{
	const ASN1_STRING *cn;
	unsigned char *text;
	bool found = false;
	int at = -1, len;

	while (!found && (cn = common_name(subject, &at)) != NULL) {
		len = text_of(cn, &text);
		if (len < 0)
			continue;
		found = secret_eq(text, (size_t)len, name, strlen(name));
		OPENSSL_free(text);
	}
	return found;
}

static bool
alternative_has(const X509 *x, const char *name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_DNS || type == GEN_URI)		/* both IA5String (RFC 5280, 4.2.1.6) */
			found = secret_eq(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s), name,
			    strlen(name));
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

bool
certificate_has_name(const uint8_t *der, size_t len, const char *name)
{
	X509 *x = parse(der, len);
	bool found = x != NULL && name[0] != '\0' &&
	    (subject_has(X509_get_subject_name(x), name) || alternative_has(x, name));

	X509_free(x);
	return found;
}

enum err
certificate_common_name(const uint8_t *der, size_t len, char *buf, size_t cap)
{
	X509 *x = parse(der, len);
	const ASN1_STRING *cn;
	unsigned char *text = NULL;
	enum err e = ERR_OK;
	int at = -1, n = -1;

	if (x == NULL)
		return ERR_MALFORMED;
	cn = common_name(X509_get_subject_name(x), &at);
	if (cn == NULL || common_name(X509_get_subject_name(x), &at) != NULL)
		e = ERR_NOTFOUND;
	else if ((n = text_of(cn, &text)) < 0 || memchr(text, '\0', (size_t)n) != NULL)
		e = ERR_MALFORMED;
	else if (n == 0)
		e = ERR_NOTFOUND;
	else if ((size_t)n >= cap)
		e = ERR_TOOBIG;
	if (e == ERR_OK) {
		memcpy(buf, text, (size_t)n);
		buf[n] = '\0';
	}
	OPENSSL_free(text);
	X509_free(x);
	return e;
}

enum err
credential_digest(const uint8_t *der, size_t len, uint8_t ret[CREDENTIAL_DIGEST_LEN])
{
	unsigned n = 0;
	bool ok = EVP_Digest(der, len, ret, &n, EVP_sha256(), NULL) == 1 && n == CREDENTIAL_DIGEST_LEN;

	ERR_clear_error();
	return ok ? ERR_OK : ERR_CRYPTO;
}
