#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "transport/credentials_priv.h"
#include "transport/dtls_types_priv.h"

/*
 * Certificates in a handshake: which of ours the peer sees, and what we think of the one it shows.
 *
 *   chain leads to a client CA, dates, purpose, CRL fit ---> passes, verified
 *   it does not, but a record pins exactly this certificate -> passes, not verified
 *   anything else ---------------------------------------------> fails, with a sentence
 *
 * That the peer has the private key OpenSSL sees to. Whether the name fits is no question
 * of the transport: authorise.c asks it for each request.
 *
 * Alerts. Clients take most alerts about certificates as final and never come again
 * (spec/bootstrap.md 5.2), but an unknown CA is mostly ours to add, and an expired certificate may be
 * the fault of our clock. So a refusal is told as handshake_failure (40), after which they try again
 * later; what failed here as internal_error (80); only "revoked" (44) is meant to be final.
 */

#define DEPTH_MAX	4	/* CAs between a device's certificate and an anchor */
#define STRENGTH	2	/* OpenSSL's level: 112 bits, so RSA from 2048, no SHA-1 */
#define CURVES		"P-256:X25519:P-384:P-521"
/* RFC 7925, 4.4 asks for the first; no SHA-1, which OpenSSL takes at our security level. */
#define SIGNATURES	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:"	\
			"RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
#define HAS_RAW_KEYS	1
#else
#define HAS_RAW_KEYS	0
#endif

static CRYPTO_ONCE indices_once = CRYPTO_ONCE_STATIC_INIT;
static int check_index = -1, credentials_index = -1;

static void
credentials_released(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	credentials_unref(ptr);
}

static void
make_indices(void)
{
	check_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	credentials_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, credentials_released);
}

static struct peer_check *
check_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, check_index);
}

/* --- ours, by the name the client asks for --- */

static bool
is_for(const struct own_credential *own, const char *name)
{
	/* a common name counts only where there is no alternative name (RFC 6125, 6.4.4) */
	return X509_check_host(own->cert, name, strlen(name), 0, NULL) == 1;
}

/* An unknown name goes on with the default certificate (spec/bootstrap.md 5.2): never an alert. */
static int
choose_by_name(SSL *ssl, int *alert, void *arg)
{
	const struct credentials *c = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (size_t i = 0; i < c->nown; i++) {
		if (!is_for(&c->own[i], name))
			continue;
		if (i > 0 && credentials_show(ssl, &c->own[i]) != ERR_OK)
			return SSL_TLSEXT_ERR_NOACK;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

enum err
credentials_show(SSL *ssl, const struct own_credential *own)
{
	return SSL_use_cert_and_key(ssl, own->cert, own->key, own->chain, 1) == 1 ? ERR_OK : ERR_CRYPTO;
}

/* --- what we think of the peer's --- */

struct judgement {
	int		 error;			/* X509_V_ERR_… */
	const char	*reason;
	const char	*leaf, *ca;	/* about the device's certificate; about one above it */
};

static const struct judgement judgements[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "expired", "the device's certificate expired",
	    "a CA certificate above the device's expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "not-yet-valid",
	    "the device's certificate is not valid yet, or the clock here is wrong: it begins",
	    "a CA certificate above the device's is not valid yet, or the clock here is wrong: it begins" },
	{ X509_V_ERR_CERT_REVOKED, "revoked", "the device's certificate is revoked",
	    "a CA certificate above the device's is revoked" },
	{ X509_V_ERR_INVALID_PURPOSE, "bad-purpose",
	    "the device's certificate is not meant for clients (its key usage says so)",
	    "a certificate above the device's is not meant for clients" },
	{ X509_V_ERR_INVALID_CA, "bad-purpose", "the issuer of the device's certificate is no CA",
	    "the issuer of the device's certificate is no CA" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown-ca", NULL, NULL },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown-ca", NULL, NULL },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown-ca", NULL, NULL },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "unknown-ca", NULL, NULL },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown-ca", NULL, NULL },
	{ X509_V_ERR_CERT_UNTRUSTED, "unknown-ca", NULL, NULL },
};

static const struct judgement *
judgement_of(int error)
{
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++)
		if (judgements[i].error == error)
			return &judgements[i];
	return NULL;
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* " 2026-11-20", with a blank before it; "" when there is none. */
static const char *
date_of(const ASN1_TIME *t, char buf[16])
{
	struct tm tm;

	buf[0] = '\0';
	if (t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 && strftime(buf, 16, " %Y-%m-%d", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

/* Its holder has written it: OpenSSL escapes what cannot be printed, and quotes would end a log's word. */
static void
name_text(X509_NAME *name, char *buf, size_t size)
{
	if (name == NULL || X509_NAME_oneline(name, buf, (int)size) == NULL)
		buf[0] = '\0';
	for (char *p = buf; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
}

static void
accuse(struct peer_check *check, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);
	bool is_above = X509_STORE_CTX_get_error_depth(ctx) > 0;
	const struct judgement *j = judgement_of(error);
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	char date[16] = "", name[120] = "";

	if (at != NULL && error == X509_V_ERR_CERT_HAS_EXPIRED)
		(void)date_of(X509_get0_notAfter(at), date);
	if (at != NULL && error == X509_V_ERR_CERT_NOT_YET_VALID)
		(void)date_of(X509_get0_notBefore(at), date);
	if (check->is_client) {
		snprintf(check->cause, sizeof(check->cause), "the server's certificate is not accepted: %s",
		    X509_verify_cert_error_string(error));
	} else if (j != NULL && j->leaf == NULL) {
		name_text(at == NULL ? NULL : X509_get_issuer_name(at), name, sizeof(name));
		snprintf(check->cause, sizeof(check->cause),
		    "no client CA that is trusted here has issued the device's certificate, and no record "
		    "pins it (issuer%s%s)", name[0] != '\0' ? " " : " unknown", name);
	} else if (j != NULL) {
		snprintf(check->cause, sizeof(check->cause), "%s%s", is_above ? j->ca : j->leaf, date);
	} else {
		snprintf(check->cause, sizeof(check->cause),
		    "the device's certificate cannot be accepted: %s", X509_verify_cert_error_string(error));
	}
	check->reason = j != NULL ? j->reason : "bad-certificate";
}

/*
 * A revocation list that is missing or out of date is our neglect: devices are not to pay for
 * it, so it is told when it is loaded and counted here. Who is on a list is refused, however old it is.
 */
static int
forgive_lists(int ok, X509_STORE_CTX *ctx)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct peer_check *check = check_of(ssl);

	if (ok)
		return 1;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_CRL_HAS_EXPIRED:
		if (!check->is_list_old && check->stats != NULL)
			counter_add(&check->stats->crl_out_of_date, 1);
		check->is_list_old = true;	/* once, not for each of the chain */
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		break;
	default:
		return 0;
	}
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static int64_t
earliest_end(X509_STORE_CTX *ctx)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int64_t until = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end = seconds_of(X509_get0_notAfter(sk_X509_value(chain, i)));

		if (end < until)
			until = end;
	}
	return until;
}

/* ERR_OK: some record pins it. ERR_NOTFOUND, or what failed. */
static enum err
find_pin(const struct peer_check *check, enum identity_kind kind, uint8_t *der, int len)
{
	const struct transport_events *ev = check->events;
	uint8_t digest[CREDENTIAL_DIGEST_LEN];
	enum err e = ERR_NOTFOUND;

	if (len <= 0)
		return ERR_CRYPTO;
	if (ev != NULL && ev->find_pinned != NULL)
		e = credential_digest(der, (size_t)len, digest);
	if (e == ERR_OK)
		e = ev->find_pinned(ev->arg, kind, digest);
	return e;
}

enum err
credentials_find_pinned(const struct peer_check *check, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	enum err e = find_pin(check, IDENTITY_CERTIFICATE, der, len);

	OPENSSL_free(der);
	return e;
}

/* Of what is already refused: takes it after all when it is pinned. A revocation stands. */
static int
ask_for_pin(struct peer_check *check, X509_STORE_CTX *ctx, enum err e)
{
	bool is_revoked = X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CERT_REVOKED;

	if (e == ERR_OK && !is_revoked) {
		check->reason = NULL;
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	if (e != ERR_OK && e != ERR_NOTFOUND) {
		check->reason = "other";
		snprintf(check->cause, sizeof(check->cause),
		    "whether a record pins the device's certificate could not be looked up");
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);		/* alert 80 */
	} else if (!is_revoked) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);	/* alert 40 */
	}
	return 0;
}

static int
judge_certificate(struct peer_check *check, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), STRENGTH);
	X509_STORE_CTX_set_verify_cb(ctx, forgive_lists);
	name_text(X509_get_subject_name(X509_STORE_CTX_get0_cert(ctx)), check->subject,
	    sizeof(check->subject));
	if (X509_verify_cert(ctx) == 1) {
		check->is_verified = true;
		check->until_s = earliest_end(ctx);
		return 1;
	}
	accuse(check, ctx);
	if (check->is_client)		/* a simulated device says what it thinks */
		return 0;
	return ask_for_pin(check, ctx, credentials_find_pinned(check, X509_STORE_CTX_get0_cert(ctx)));
}

#if HAS_RAW_KEYS
/* RFC 7250: nothing but a key, so nothing but a record can vouch for it. */
static int
judge_raw_key(struct peer_check *check, X509_STORE_CTX *ctx, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	enum err e = find_pin(check, IDENTITY_PUBLIC_KEY, der, len);

	OPENSSL_free(der);
	check->reason = "unknown-identity";
	snprintf(check->cause, sizeof(check->cause),
	    "no record has the raw public key that the device showed");
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_RPK_UNTRUSTED);
	return ask_for_pin(check, ctx, e);
}
#endif

static int
judge_peer(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct peer_check *check = check_of(ssl);

	(void)arg;
	if (check == NULL) {
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
		return 0;
	}
	/* a resumption that OpenSSL has thought better of may have left something */
	check->has_shown = true;
	check->is_verified = false;
#if HAS_RAW_KEYS
	EVP_PKEY *key = X509_STORE_CTX_get0_rpk(ctx);
	if (key != NULL)
		return judge_raw_key(check, ctx, key);
#endif
	return judge_certificate(check, ctx);
}

/* --- contexts --- */

static bool
add_anchors(SSL_CTX *ctx, const struct credentials *c)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	for (int i = 0; i < sk_X509_num(c->anchors); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(c->anchors, i)) != 1)
			return false;
	for (int i = 0; i < sk_X509_CRL_num(c->crls); i++)
		if (X509_STORE_add_crl(store, sk_X509_CRL_value(c->crls, i)) != 1)
			return false;
	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	/* an anchor need not be a root: what stands in the file is what is trusted */
	return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
	    (sk_X509_CRL_num(c->crls) > 0 ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0)) == 1;
}

static bool
add_own(SSL_CTX *ctx, const struct credentials *c)
{
	const struct own_credential *own = &c->own[0];

	if (c->nown == 0)
		return true;
	if (SSL_CTX_use_cert_and_key(ctx, own->cert, own->key, own->chain, 1) != 1)
		return false;
	if (c->nown == 1 || c->is_client)
		return true;
	return SSL_CTX_set_tlsext_servername_callback(ctx, choose_by_name) == 1 &&
	    SSL_CTX_set_tlsext_servername_arg(ctx, (void *)(uintptr_t)c) == 1;
}

#if HAS_RAW_KEYS
static bool
allow_raw_keys(SSL_CTX *ctx)
{
	static const unsigned char types[] = { TLSEXT_cert_type_x509, TLSEXT_cert_type_rpk };

	return SSL_CTX_set1_server_cert_type(ctx, types, sizeof(types)) == 1 &&
	    SSL_CTX_set1_client_cert_type(ctx, types, sizeof(types)) == 1;
}
#else
static bool
allow_raw_keys(SSL_CTX *ctx)
{
	(void)ctx;
	return true;
}
#endif

enum err
credentials_apply(SSL_CTX *ctx, const struct dtls_shared *shared)
{
	struct credentials *c = shared->credentials;
	int mode = SSL_VERIFY_PEER | (c != NULL && c->is_client ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);

	if (c == NULL)
		return ERR_OK;
	if (CRYPTO_THREAD_run_once(&indices_once, make_indices) != 1 || check_index < 0 ||
	    credentials_index < 0 || SSL_CTX_set_ex_data(ctx, credentials_index, c) != 1)
		return ERR_CRYPTO;
	credentials_ref(c);		/* the context's now */
	if (!add_own(ctx, c) || !add_anchors(ctx, c) || !allow_raw_keys(ctx) ||
	    SSL_CTX_set1_groups_list(ctx, CURVES) != 1 || SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) != 1)
		return ERR_CRYPTO;
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, judge_peer, NULL);
	return ERR_OK;
}

enum err
credentials_watch(SSL *ssl, struct peer_check *check)
{
	return SSL_set_ex_data(ssl, check_index, check) == 1 ? ERR_OK : ERR_CRYPTO;
}

enum err
credentials_identity(SSL *ssl, struct identity *ret)
{
	X509 *x = SSL_get0_peer_certificate(ssl);
	enum identity_kind kind = IDENTITY_CERTIFICATE;
	unsigned char *der = NULL;
	uint8_t *copy;
	int len = 0;

	if (x != NULL)
		len = i2d_X509(x, &der);
#if HAS_RAW_KEYS
	if (x == NULL && SSL_get0_peer_rpk(ssl) != NULL) {
		kind = IDENTITY_PUBLIC_KEY;
		len = i2d_PUBKEY(SSL_get0_peer_rpk(ssl), &der);
	}
#endif
	if (len <= 0)
		return len < 0 ? ERR_CRYPTO : ERR_NOTFOUND;
	copy = malloc((size_t)len);
	if (copy != NULL)
		memcpy(copy, der, (size_t)len);
	OPENSSL_free(der);
	if (copy == NULL)
		return ERR_NOMEM;
	*ret = (struct identity){ .kind = kind, .p = copy, .len = (size_t)len };
	return ERR_OK;
}

/* --- failures --- */

static const struct {
	int				reason;
	struct credentials_failure	failure;
} failures[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, { "no-certificate",
	    "the device showed no certificate, and the cipher suite it chose needs one" } },
	{ SSL_R_BAD_SIGNATURE, { "wrong-key",
	    "the device does not hold the private key of the certificate that it showed" } },
	{ SSL_R_CERTIFICATE_VERIFY_FAILED, { "bad-certificate", "the peer's certificate was not accepted" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_UNKNOWN_CA, { "server-refused",
	    "the device does not know the CA of our certificate" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_BAD_CERTIFICATE, { "server-refused",
	    "the device does not accept our certificate" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_UNSUPPORTED_CERTIFICATE, { "server-refused",
	    "the device cannot use our certificate: its kind or its purpose does not fit" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_EXPIRED, { "server-refused",
	    "the device takes our certificate for expired; its clock may be wrong" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REVOKED, { "server-refused",
	    "the device takes our certificate for revoked" } },
	{ SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_UNKNOWN, { "server-refused",
	    "the device does not accept our certificate, and does not say why" } },
};

const struct credentials_failure *
credentials_failure(int reason)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].reason == reason)
			return &failures[i].failure;
	return NULL;
}

/* --- raw public keys --- */

const char credentials_no_raw_keys[] =
    "raw public keys need OpenSSL 3.2 or newer, and this strapd is built with an older one";

bool
credentials_have_raw_keys(void)
{
	return HAS_RAW_KEYS;
}
