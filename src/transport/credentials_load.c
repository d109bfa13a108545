#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/problem.h"
#include "transport/credentials_priv.h"
#include "transport/dtls_types_priv.h"

/* Certificates, keys and lists of revoked ones, from PEM files to structures that were looked at. */

#define FILE_NAME_MAX	1024
#define CHAIN_MAX	8	/* certificates we would send: more fit into no device's buffer */

/* The next name of a list that spaces separate; false at its end. One too long is cut, and not found. */
static bool
next_name(const char **list, char name[FILE_NAME_MAX])
{
	const char *p = *list == NULL ? "" : *list + strspn(*list, " \t");
	size_t len = strcspn(p, " \t");

	if (len == 0)
		return false;
	*list = p + len;
	len = len < FILE_NAME_MAX ? len : FILE_NAME_MAX - 1;
	memcpy(name, p, len);
	name[len] = '\0';
	return true;
}

static enum err
refuse(struct problem *why, const char *file, const char *sentence)
{
	ERR_clear_error();
	return problem_set(why, ERR_INVALID, "credentials", file, "%s", sentence);
}

/* A file that ended well: nothing but "no further block" is on OpenSSL's list. */
static bool
is_end(void)
{
	unsigned long code = ERR_peek_last_error();
	bool end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return end;
}

static enum err
open_file(const char *file, BIO **ret, struct problem *why)
{
	char text[128];
	int number;

	ERR_clear_error();
	*ret = BIO_new_file(file, "r");
	if (*ret != NULL)
		return ERR_OK;
	number = ERR_GET_REASON(ERR_peek_error());	/* errno, of the system's library */
	ERR_clear_error();
	return problem_set(why, ERR_INVALID, "credentials", file, "it cannot be read: %s",
	    strerror_r(number, text, sizeof(text)));
}

static enum err
read_certificates(const char *file, STACK_OF(X509) *ret, struct problem *why)
{
	X509 *x;
	BIO *in;
	int before = sk_X509_num(ret);
	enum err e = open_file(file, &in, why);

	if (e != ERR_OK)
		return e;
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(ret, x) <= 0) {
			X509_free(x);
			e = ERR_NOMEM;
			break;
		}
	}
	BIO_free(in);
	if (e == ERR_OK && !is_end())
		e = refuse(why, file, "one of its certificates is damaged");
	if (e == ERR_OK && sk_X509_num(ret) == before)
		e = refuse(why, file, "it holds no certificate; expected PEM (\"BEGIN CERTIFICATE\")");
	return e;
}

/* Nobody is there to type it. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static enum err
read_key(const char *file, EVP_PKEY **ret, struct problem *why)
{
	BIO *in;
	enum err e = open_file(file, &in, why);

	if (e != ERR_OK)
		return e;
	*ret = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	BIO_free(in);
	if (*ret == NULL)
		return refuse(why, file, "it holds no private key that can be read; expected PEM without a "
		    "password");
	return ERR_OK;
}

/* --- ours --- */

static enum err
load_own(const char *cert_file, const char *key_file, struct own_credential *ret, struct problem *why)
{
	enum err e;

	ret->chain = sk_X509_new_null();
	if (ret->chain == NULL)
		return ERR_NOMEM;
	e = read_certificates(cert_file, ret->chain, why);
	if (e == ERR_OK && sk_X509_num(ret->chain) > CHAIN_MAX)
		e = refuse(why, cert_file, "it holds more than 8 certificates; expected one and its chain");
	if (e != ERR_OK)
		return e;
	ret->cert = sk_X509_shift(ret->chain);
	e = read_key(key_file, &ret->key, why);
	if (e == ERR_OK && X509_check_private_key(ret->cert, ret->key) != 1)
		e = refuse(why, key_file, "this key does not belong to the certificate given with it");
	return e;
}

/* LwM2M's suites with certificates are ECDSA ones (spec/bootstrap.md 5.2). */
static enum err
check_own(const struct own_credential *own, bool other_suites, const char *file, struct problem *why)
{
	if (!other_suites && EVP_PKEY_get_base_id(own->key) != EVP_PKEY_EC)
		return refuse(why, file, "the cipher suites of LwM2M need an elliptic-curve key (secp256r1), "
		    "and this certificate has another kind");
	return ERR_OK;
}

static enum err
load_all_own(struct credentials *c, const struct dtls_opts *opts, struct problem *why)
{
	const char *certs = opts->certificate, *keys = opts->private_key;
	char cert[FILE_NAME_MAX], key[FILE_NAME_MAX];
	bool has_keys = keys != NULL && keys[strspn(keys, " \t")] != '\0';
	enum err e = ERR_OK;

	while (e == ERR_OK && next_name(&certs, cert)) {
		if (c->nown == CREDENTIALS_OWN_MAX)
			return refuse(why, cert, "there may be 16 certificates");
		if (has_keys && !next_name(&keys, key))
			return refuse(why, cert, "no private key is given for it; expected as many keys as "
			    "certificates, in the same order");
		e = load_own(cert, has_keys ? key : cert, &c->own[c->nown++], why);
		if (e == ERR_OK)
			e = check_own(&c->own[c->nown - 1], opts->ciphers != NULL, cert, why);
	}
	if (e == ERR_OK && has_keys && next_name(&keys, key))
		return refuse(why, key, "there is no certificate for this private key");
	return e;
}

/* --- others' --- */

static void
warn(struct credentials *c, X509_NAME *about, const char *sentence)
{
	char name[96];

	if (c->nwarnings == CREDENTIALS_WARNINGS)
		return;
	X509_NAME_oneline(about, name, sizeof(name));
	snprintf(c->warnings[c->nwarnings++], sizeof(c->warnings[0]), "%s: %s", name, sentence);
}

static enum err
load_anchors(struct credentials *c, const char *list, struct problem *why)
{
	char file[FILE_NAME_MAX];
	enum err e = ERR_OK;

	while (e == ERR_OK && next_name(&list, file)) {
		int from = sk_X509_num(c->anchors);

		e = read_certificates(file, c->anchors, why);
		for (int i = from; e == ERR_OK && i < sk_X509_num(c->anchors); i++)
			if (X509_check_ca(sk_X509_value(c->anchors, i)) == 0)
				e = refuse(why, file, "one of its certificates is no CA's; a single device's "
				    "certificate is pinned in its record instead");
	}
	return e;
}

static X509 *
anchor_of(const struct credentials *c, X509_NAME *subject)
{
	for (int i = 0; i < sk_X509_num(c->anchors); i++)
		if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(c->anchors, i)), subject) == 0)
			return sk_X509_value(c->anchors, i);
	return NULL;
}

static enum err
add_crl(struct credentials *c, X509_CRL *crl, const char *file, struct problem *why)
{
	X509 *issuer = anchor_of(c, X509_CRL_get_issuer(crl));
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

	if (issuer == NULL)
		return refuse(why, file, "a list in it is by a CA that is not among the client CAs");
	if (X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
		return refuse(why, file, "the signature of a list in it is wrong");
	if (sk_X509_CRL_push(c->crls, crl) <= 0)
		return ERR_NOMEM;
	X509_CRL_up_ref(crl);
	if (next != NULL && X509_cmp_current_time(next) < 0)
		warn(c, X509_CRL_get_issuer(crl), "its revocation list is out of date; who is on it stays "
		    "refused, who was revoked since is not known here");
	return ERR_OK;
}

static enum err
read_crls(struct credentials *c, const char *file, struct problem *why)
{
	X509_CRL *crl;
	BIO *in;
	int before = sk_X509_CRL_num(c->crls);
	enum err e = open_file(file, &in, why);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) != NULL) {
		e = add_crl(c, crl, file, why);
		X509_CRL_free(crl);
	}
	BIO_free(in);
	if (e == ERR_OK && !is_end())
		e = refuse(why, file, "one of its revocation lists is damaged");
	if (e == ERR_OK && sk_X509_CRL_num(c->crls) == before)
		e = refuse(why, file, "it holds no revocation list; expected PEM (\"BEGIN X509 CRL\")");
	return e;
}

static enum err
load_crls(struct credentials *c, const char *list, struct problem *why)
{
	char file[FILE_NAME_MAX];
	enum err e = ERR_OK;
	int i, k;

	while (e == ERR_OK && next_name(&list, file))
		e = read_crls(c, file, why);
	if (e != ERR_OK || sk_X509_CRL_num(c->crls) == 0)
		return e;
	for (i = 0; i < sk_X509_num(c->anchors); i++) {
		X509_NAME *name = X509_get_subject_name(sk_X509_value(c->anchors, i));

		for (k = 0; k < sk_X509_CRL_num(c->crls); k++)
			if (X509_NAME_cmp(X509_CRL_get_issuer(sk_X509_CRL_value(c->crls, k)), name) == 0)
				break;
		if (k == sk_X509_CRL_num(c->crls))
			warn(c, name, "there is no revocation list of this CA: nobody of it is revoked");
	}
	return ERR_OK;
}

static void
look_at_dates(struct credentials *c)
{
	for (size_t i = 0; i < c->nown; i++) {
		X509 *x = c->own[i].cert;

		if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
			warn(c, X509_get_subject_name(x), "this certificate of ours has expired");
		else if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
			warn(c, X509_get_subject_name(x), "this certificate of ours is not valid yet");
	}
	for (int i = 0; i < sk_X509_num(c->anchors); i++) {
		X509 *x = sk_X509_value(c->anchors, i);

		if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
			warn(c, X509_get_subject_name(x), "this CA has expired, and who has its certificates "
			    "is refused");
	}
}

/* --- whole --- */

static bool
is_given(const char *list)
{
	return list != NULL && list[strspn(list, " \t")] != '\0';
}

static enum err
load(struct credentials *c, const struct dtls_opts *opts, struct problem *why)
{
	enum err e = ERR_OK;

	c->anchors = sk_X509_new_null();
	c->crls = sk_X509_CRL_new_null();
	if (c->anchors == NULL || c->crls == NULL)
		return ERR_NOMEM;
	if (!is_given(opts->certificate) && is_given(opts->private_key))
		e = refuse(why, opts->private_key, "a private key without a certificate is of no use");
	else if (!opts->client && !is_given(opts->certificate))
		e = refuse(why, opts->client_ca, "client certificates need a certificate of the server");
	else if (is_given(opts->crl) && !is_given(opts->client_ca))
		e = refuse(why, opts->crl, "a revocation list needs its CA among the client CAs");
	if (e == ERR_OK)
		e = load_all_own(c, opts, why);
	if (e == ERR_OK)
		e = load_anchors(c, opts->client_ca, why);
	if (e == ERR_OK)
		e = load_crls(c, opts->crl, why);
	if (e == ERR_OK)
		look_at_dates(c);
	return e;
}

enum err
credentials_new(const struct dtls_opts *opts, struct credentials **ret, struct problem *why)
{
	struct credentials *c;
	enum err e;

	*why = (struct problem){ .text = "" };
	if (!is_given(opts->certificate) && !is_given(opts->private_key) &&
	    !is_given(opts->client_ca) && !is_given(opts->crl)) {
		*ret = NULL;		/* PSK alone: not a byte more than that needs */
		return ERR_OK;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR_NOMEM;
	c->held = 1;
	c->is_client = opts->client;
	e = load(c, opts, why);
	if (e == ERR_OK)
		*ret = c;
	else
		credentials_unref(c);
	ERR_clear_error();
	return e;
}

struct credentials *
credentials_ref(struct credentials *c)
{
	if (c != NULL)
		c->held++;
	return c;
}

void
credentials_unref(struct credentials *c)
{
	if (c == NULL || --c->held > 0)
		return;
	for (size_t i = 0; i < c->nown; i++)
		own_credential_fini(&c->own[i]);
	sk_X509_pop_free(c->anchors, X509_free);
	sk_X509_CRL_pop_free(c->crls, X509_CRL_free);
	free(c);
}

void
own_credential_fini(struct own_credential *own)
{
	X509_free(own->cert);
	sk_X509_pop_free(own->chain, X509_free);
	EVP_PKEY_free(own->key);		/* wipes it */
	*own = (struct own_credential){ 0 };
}

/* --- a client's --- */

enum err
own_credential_load(const char *cert_file, const char *key_file, struct own_credential **ret,
    struct problem *why)
{
	struct own_credential *own = calloc(1, sizeof(*own));
	enum err e;

	if (own == NULL)
		return ERR_NOMEM;
	e = load_own(cert_file, key_file != NULL ? key_file : cert_file, own, why);
	if (e == ERR_OK)
		*ret = own;
	else
		own_credential_free(own);
	return e;
}

void
own_credential_free(struct own_credential *own)
{
	if (own == NULL)
		return;
	own_credential_fini(own);
	free(own);
}
