#ifndef TESTS_UNIT_TEST_CERTS_H
#define TESTS_UNIT_TEST_CERTS_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* Certificates of every kind, made on the spot, and files of them in a folder that goes away. */

#define DAY	(24L * 60 * 60)

struct issued {
	X509		*x;
	EVP_PKEY	*key;
};

struct wish {
	const char	*cn;
	const char	*san;		/* as in openssl.cnf, or NULL */
	const char	*eku;		/* or NULL: none */
	bool		 is_ca, is_rsa, has_no_cn;
	long		 from_s, until_s;	/* from now; 0 both: valid for ten days around now */
	const struct issued *by;	/* NULL: itself */
};

static char certs_dir[64];
static long certs_serial;

static inline EVP_PKEY *
new_key(bool is_rsa)
{
	EVP_PKEY *key = is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

static inline void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL)
		return;
	e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static inline struct issued
issue(const struct wish *w)
{
	struct issued i = { .x = X509_new(), .key = new_key(w->is_rsa) };
	const struct issued *by = w->by != NULL ? w->by : &i;
	bool usual = w->from_s == 0 && w->until_s == 0;
	X509_NAME *name = X509_get_subject_name(i.x);

	X509_set_version(i.x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(i.x), ++certs_serial);
	X509_gmtime_adj(X509_getm_notBefore(i.x), usual ? -5 * DAY : w->from_s);
	X509_gmtime_adj(X509_getm_notAfter(i.x), usual ? 5 * DAY : w->until_s);
	X509_set_pubkey(i.x, i.key);
	if (!w->has_no_cn)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)w->cn, -1, -1, 0);
	else
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)w->cn, -1, -1, 0);
	X509_set_issuer_name(i.x, X509_get_subject_name(by->x));
	extend(i.x, NID_basic_constraints, w->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	extend(i.x, NID_key_usage, w->is_ca ? "critical,keyCertSign,cRLSign" : "digitalSignature");
	extend(i.x, NID_ext_key_usage, w->eku);
	extend(i.x, NID_subject_alt_name, w->san);
	assert_true(X509_sign(i.x, by->key, EVP_sha256()) > 0);
	return i;
}

static inline void
issued_free(struct issued *i)
{
	X509_free(i->x);
	EVP_PKEY_free(i->key);
	*i = (struct issued){ 0 };
}

static inline const char *
in_dir(const char *name)
{
	static char paths[8][336];
	static unsigned next;
	char *p = paths[next++ % 8];

	snprintf(p, sizeof(paths[0]), "%s/%s", certs_dir, name);
	return p;
}

/* Certificates one after the other, up to NULL, then the key of the first, when 'key' is set. */
static inline const char *
write_certs(const char *name, bool key, const struct issued *first, ...)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "we");
	va_list ap;

	assert_non_null(f);
	va_start(ap, first);
	for (const struct issued *i = first; i != NULL; i = va_arg(ap, const struct issued *))
		assert_int_equal(PEM_write_X509(f, i->x), 1);
	va_end(ap);
	if (key)
		assert_int_equal(PEM_write_PrivateKey(f, first->key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	return path;
}

static inline const char *
write_key(const char *name, const struct issued *i, const char *password)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, i->key, password != NULL ? EVP_aes_128_cbc() : NULL,
	    (const unsigned char *)password, password != NULL ? (int)strlen(password) : 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	return path;
}

static inline const char *
write_text(const char *name, const char *text)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* A revocation list of 'by' with 'whom' on it (or NULL), good until 'until_s' from now. */
static inline const char *
write_crl(const char *name, const struct issued *by, const struct issued *signer, const struct issued *whom,
    long until_s)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "we");
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *last = X509_gmtime_adj(NULL, -5 * DAY), *next = X509_gmtime_adj(NULL, until_s);

	assert_non_null(f);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x));
	X509_CRL_set1_lastUpdate(crl, last);
	X509_CRL_set1_nextUpdate(crl, next);
	if (whom != NULL) {
		X509_REVOKED *r = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(whom->x));
		X509_REVOKED_set_revocationDate(r, last);
		assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
	}
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, signer->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509_CRL(f, crl), 1);
	assert_int_equal(fclose(f), 0);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	X509_CRL_free(crl);
	return path;
}

static inline size_t
der_of(const struct issued *i, uint8_t *buf, size_t cap)
{
	int len = i2d_X509(i->x, NULL);
	unsigned char *p = buf;

	assert_true(len > 0 && (size_t)len <= cap);
	return (size_t)i2d_X509(i->x, &p);
}

static inline void
certs_open(void)
{
	snprintf(certs_dir, sizeof(certs_dir), "/tmp/strapd-certs.XXXXXX");
	assert_non_null(mkdtemp(certs_dir));
}

static inline void
certs_close(void)
{
	DIR *d = opendir(certs_dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			assert_int_equal(unlink(in_dir(e->d_name)), 0);
	closedir(d);
	assert_int_equal(rmdir(certs_dir), 0);
}

#endif
