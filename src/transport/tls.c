#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/random.h"
#include "base/rd.h"
#include "transport/credentials_priv.h"
#include "transport/dtls_types_priv.h"
#include "transport/tcp_priv.h"

/*
 * TLS 1.2 over TCP, from what DTLS has as well (struct dtls_shared): suites, keys, certificates.
 * No sessions are resumed: a handshake with a pre-shared key costs less than the connection.
 */

#define HANDSHAKE_MESSAGE_MAX	16384
#define CLIENT_KEY_EXCHANGE	16	/* RFC 5246, 7.4 */
#define CSM_CODE		0xe1	/* RFC 8323, 5.3: what plain CoAP begins with */
#define DUMMY_KEY_LEN		16	/* of a key nobody has, see dtls_context.c */

static const uint8_t alpn[] = { 4, 'c', 'o', 'a', 'p' };	/* RFC 8323, 8.2 */

struct tls {
	SSL_CTX		*ctx;
};

/* Needed until the handshake is complete. */
struct tls_attempt {
	struct secret	 key;			/* client side, as is the next */
	char		 name[PSK_IDENTITY_MAX + 1];
	enum suspicion	 suspicion;
	struct peer_check *check;		/* owned; NULL where there are no certificates */
};

static struct tcp_link *
link_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

void
tls_attempt_free(struct tls_attempt *a)
{
	if (a == NULL)
		return;
	free(a->check);
	secret_wipe(a, sizeof(*a));
	free(a);
}

/* --- server side --- */

/* The identity stands in front, whatever the key exchange (RFC 4279, 2 to 4; RFC 5489, 2). */
static const uint8_t *
psk_identity(const uint8_t *p, size_t len, size_t *ret_len)
{
	struct rd r = rd_over(p, len);
	uint8_t type = rd_u8(&r);

	(void)rd_uint(&r, 3);		/* length */
	uint16_t n = rd_u16(&r);
	const uint8_t *identity = rd_bytes(&r, n);
	if (r.err != ERR_OK || type != CLIENT_KEY_EXCHANGE)
		return NULL;
	*ret_len = n;
	return identity;
}

/* Sees handshake messages before OpenSSL, which cuts the identity at a NUL. */
static void
watch_messages(int is_write, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct tcp_link *l = link_of(ssl);
	const uint8_t *identity;
	size_t identity_len;

	(void)version;
	(void)arg;
	if (is_write || type != SSL3_RT_HANDSHAKE || l->attempt == NULL ||
	    !dtls_is_psk_suite(SSL_get_pending_cipher(ssl)))
		return;
	identity = psk_identity(buf, len, &identity_len);
	if (identity != NULL && identity_len <= PSK_IDENTITY_MAX &&
	    identity_set(&l->identity, identity, identity_len) != ERR_OK)
		l->attempt->suspicion = STORE_FAILED;
}

static unsigned
server_key(SSL *ssl, const char *name, unsigned char *psk, unsigned cap)
{
	struct tcp_link *l = link_of(ssl);
	struct transport *t = l->link.transport;
	struct secret key = { .len = 0 };
	unsigned len = DUMMY_KEY_LEN;
	enum err e = ERR_NOTFOUND;

	(void)name;
	if (l->identity.p != NULL)
		e = t->events.find_psk(t->events.arg, l->identity.p, l->identity.len, &key);
	if (e == ERR_OK && key.len > 0 && key.len <= cap) {
		len = key.len;
		memcpy(psk, key.bytes, len);
		l->identity.key_tag = identity_key_tag(key.bytes, key.len);
	} else {
		l->attempt->suspicion = e == ERR_NOTFOUND ? UNKNOWN_IDENTITY : STORE_FAILED;
		random_bytes(psk, len);
	}
	secret_fini(&key);
	return len;
}

/* Called where the client offers protocols: ours must be among them (RFC 7301, 3.2). */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, alpn, sizeof(alpn), in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- client side --- */

static unsigned
client_key(SSL *ssl, const char *hint, char *name, unsigned name_cap, unsigned char *psk,
    unsigned cap)
{
	const struct tls_attempt *a = link_of(ssl)->attempt;

	(void)hint;
	if (a == NULL || strlen(a->name) >= name_cap || a->key.len > cap)
		return 0;
	memcpy(name, a->name, strlen(a->name) + 1);
	memcpy(psk, a->key.bytes, a->key.len);
	return a->key.len;
}

/* --- contexts --- */

static bool
set_client(SSL_CTX *ctx)
{
	/* Without a trust anchor every certificate is refused: the key is the only proof. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_psk_client_callback(ctx, client_key);
	return SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn)) == 0;
}

static void
set_server(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_psk_server_callback(ctx, server_key);
	SSL_CTX_set_msg_callback(ctx, watch_messages);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

static SSL_CTX *
new_context(const struct dtls_shared *shared)
{
	SSL_CTX *ctx = SSL_CTX_new(shared->is_client ? TLS_client_method() : TLS_server_method());
	bool ok;

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);	/* CCM_8, as for DTLS */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(ctx, HANDSHAKE_MESSAGE_MAX);
	ok = SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, shared->ciphers) == 1;
	if (shared->is_client)
		ok = ok && set_client(ctx);
	else
		set_server(ctx);
	if (ok && credentials_apply(ctx, shared) == ERR_OK)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

enum err
tls_new(const struct dtls_shared *shared, struct tls **ret)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return ERR_NOMEM;
	tls->ctx = new_context(shared);
	ERR_clear_error();
	if (tls->ctx == NULL) {
		free(tls);
		return ERR_CRYPTO;
	}
	*ret = tls;
	return ERR_OK;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);		/* gone with the last connection made from it */
	free(tls);
}

/* --- one handshake --- */

static bool
is_sound(const struct transport_connect *c)
{
	if (c->certificate != NULL)
		return c->psk_key_len == 0 && c->psk_identity_len == 0;
	return c->psk_identity_len <= PSK_IDENTITY_MAX && c->psk_key_len > 0 &&
	    c->psk_key_len <= SECRET_MAX &&
	    (c->psk_identity_len == 0 || memchr(c->psk_identity, 0, c->psk_identity_len) == NULL);
}

static enum err
set_credential(struct tcp_link *l, SSL *ssl, const struct transport_connect *c)
{
	struct tls_attempt *a = l->attempt;
	enum err e;

	if (!l->link.transport->dtls->shared->is_client || !is_sound(c))
		return ERR_INVALID;
	SSL_set_connect_state(ssl);
	if (c->certificate != NULL)
		return credentials_show(ssl, c->certificate);
	e = identity_set(&l->identity, c->psk_identity, c->psk_identity_len);
	if (e == ERR_OK)
		e = secret_set(&a->key, c->psk_key, c->psk_key_len);
	if (e == ERR_OK && c->psk_identity_len > 0)
		memcpy(a->name, c->psk_identity, c->psk_identity_len);
	return e;
}

static enum err
watch_certificates(struct tcp_link *l, SSL *ssl)
{
	struct transport *t = l->link.transport;
	struct peer_check *check;

	if (t->dtls->shared->credentials == NULL)
		return ERR_OK;
	check = l->attempt->check = calloc(1, sizeof(*check));
	if (check == NULL)
		return ERR_NOMEM;
	check->events = &t->events;
	check->stats = &t->stats;
	check->is_client = l->is_client;
	return credentials_watch(ssl, check);
}

enum err
tls_begin(struct tcp_link *l, const struct transport_connect *c, SSL **ret)
{
	struct transport *t = l->link.transport;
	enum err e = t->tls != NULL ? ERR_OK : tls_new(t->dtls->shared, &t->tls);
	SSL *ssl = NULL;

	if (e != ERR_OK)
		return e;
	e = ERR_NOMEM;
	l->attempt = calloc(1, sizeof(*l->attempt));
	ssl = l->attempt != NULL ? SSL_new(t->tls->ctx) : NULL;
	if (ssl == NULL)
		goto out;
	if (SSL_set_app_data(ssl, l) != 1)
		goto out;
	e = watch_certificates(l, ssl);
	if (e == ERR_OK && c != NULL)
		e = set_credential(l, ssl, c);
	else if (e == ERR_OK)
		SSL_set_accept_state(ssl);
	if (e != ERR_OK)
		goto out;
	*ret = ssl;
	ssl = NULL;
out:
	SSL_free(ssl);
	ERR_clear_error();
	return e;
}

enum err
tls_complete(struct tcp_link *l, struct tcp_end *why)
{
	const struct peer_check *check = l->attempt->check;
	SSL *ssl = stream_ssl(l->stream);
	struct identity id;
	enum err e;

	if (l->is_client || dtls_is_psk_suite(SSL_get_current_cipher(ssl))) {
		l->identity.kind = IDENTITY_PSK;
		return ERR_OK;
	}
	e = check == NULL ? ERR_NOTFOUND : credentials_identity(ssl, &id);
	if (e != ERR_OK) {
		*why = (struct tcp_end){ .why = e, .reason = "other", .cause = err_text(e) };
		if (e == ERR_NOTFOUND)
			*why = (struct tcp_end){ .why = ERR_DENIED, .reason = "no-certificate",
				.cause = "the device has proven nothing: it showed no certificate" };
		return e;
	}
	id.is_verified = check->is_verified;
	free((void *)l->identity.p);
	l->identity = id;
	return credentials_watch(ssl, NULL);	/* the check goes with the handshake */
}

const char *
tls_subject(const struct tcp_link *l)
{
	return l->attempt != NULL && l->attempt->check != NULL ? l->attempt->check->subject : "";
}

/* --- why it failed --- */

static bool
is_plain_coap(const struct tcp_link *l)
{
	static const uint8_t extension[16] = { [13] = 1, [14] = 2, [15] = 4 };
	const uint8_t *p;
	size_t len = stream_first(l->stream, &p);

	return len > 1 && len > 1u + extension[p[0] >> 4] && p[1 + extension[p[0] >> 4]] == CSM_CODE;
}

/* What OpenSSL's last error says. */
static void
explain_openssl(const struct tcp_link *l, struct tcp_end *ret)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);
	int reason = ERR_GET_REASON(code);
	const struct credentials_failure *f = l->is_client ? NULL : credentials_failure(reason);
	const struct peer_check *check = l->attempt->check;

	*ret = (struct tcp_end){ .why = ERR_REFUSED, .reason = "other" };
	snprintf(ret->text, sizeof(ret->text), reason > SSL_AD_REASON_OFFSET
	    ? "the peer gave up the handshake (%s)" : "the handshake failed (%s)",
	    text == NULL ? "no reason given" : text);
	ret->cause = ret->text;
	if (f != NULL) {
		ret->why = ERR_DENIED;
		ret->reason = f->reason;
		ret->cause = f->cause;
	}
	if (check != NULL && check->reason != NULL) {
		ret->why = ERR_DENIED;
		ret->reason = check->reason;
		ret->cause = check->cause;
	}
	switch (reason) {
	case SSL_R_NO_SHARED_CIPHER:
		ret->why = ERR_UNSUPPORTED;
		ret->reason = "no-common-cipher";
		ret->cause = "the device offers no cipher suite that is allowed here and fits its "
		    "credentials";
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
		ret->why = ERR_UNSUPPORTED;
		ret->cause = "the device does not offer TLS 1.2";
		break;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		ret->why = ERR_UNSUPPORTED;
		ret->cause = "the device offers application protocols (ALPN), but not coap";
		break;
	case SSL_R_DIGEST_CHECK_FAILED:
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
	case SSL_AD_REASON_OFFSET + SSL_AD_DECRYPT_ERROR:
	case SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC:
		ret->why = ERR_DENIED;
		ret->reason = "wrong-key";
		ret->cause = "the device's key is not the one that belongs to its PSK identity";
		break;
	default:
		break;
	}
}

void
tls_explain(const struct tcp_link *l, enum err why, struct tcp_end *ret)
{
	if (why == ERR_CRYPTO)
		explain_openssl(l, ret);
	else if (why == ERR_TIMEOUT)
		*ret = (struct tcp_end){ .why = ERR_TIMEOUT, .reason = "timeout",
			.cause = "the peer did not complete the handshake in time" };
	else
		*ret = (struct tcp_end){ .why = ERR_CLOSED, .reason = "other",
			.cause = "the peer closed the connection during the handshake" };
	if (is_plain_coap(l)) {
		ret->reason = "plain-coap";
		ret->cause = "plain CoAP came to the port of CoAP over TLS";
	}
	switch (l->attempt->suspicion) {
	case UNKNOWN_IDENTITY:
		ret->why = ERR_DENIED;
		ret->reason = "unknown-identity";
		ret->cause = "no record has the PSK identity that the device showed";
		break;
	case STORE_FAILED:
		ret->why = ERR_DB;
		ret->reason = "other";
		ret->cause = "the key of the PSK identity could not be looked up";
		break;
	case NOT_SUSPECTED:
		break;
	}
}
