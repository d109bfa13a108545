#include <string.h>

#include <openssl/err.h>

#include "base/random.h"
#include "transport/credentials_priv.h"
#include "transport/dtls_record.h"
#include "transport/dtls_types_priv.h"

/* LwM2M Transport 1.1, 5.2.8 and 5.2.9 name the CCM_8 and CBC ones; CCM_8 first, CBC last. */
#define PSK_CIPHERS								\
	"PSK-AES128-CCM8:PSK-AES128-CCM:PSK-AES128-GCM-SHA256:"			\
	"PSK-AES128-CBC-SHA256:ECDHE-PSK-AES128-CBC-SHA256"
#define ECDSA_CIPHERS								\
	"ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM:"			\
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256"

const char dtls_default_ciphers[] = PSK_CIPHERS ":" ECDSA_CIPHERS;
const char dtls_client_ciphers[] = PSK_CIPHERS;
const char dtls_certificate_ciphers[] = ECDSA_CIPHERS;

#define HANDSHAKE_MESSAGE_MAX	16384

/* A key nobody has, so that an identity we do not know fails just as a wrong key does. */
#define DUMMY_KEY_LEN	16

/* --- server side --- */

static int
make_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
	const struct dtls_pipe *pipe = dtls_pipe_of(ssl);
	struct transport *t = pipe->dtls->transport;

	if (cookie_make(&pipe->dtls->cookies, loop_now_ms(t->loop), &pipe->key->peer,
	    &pipe->key->local, cookie) != ERR_OK)
		return 0;
	*len = COOKIE_LEN;
	counter_add(&t->stats.hello_verify, 1);
	return 1;
}

/* Asked by the listener, and once more, for the same ClientHello, by the handshake that it begins. */
static int
check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	const struct dtls_pipe *pipe = dtls_pipe_of(ssl);

	return pipe->owner != NULL || cookie_check(&pipe->dtls->cookies,
	    loop_now_ms(pipe->dtls->transport->loop), &pipe->key->peer, &pipe->key->local,
	    cookie, len);
}

bool
dtls_is_psk_suite(const SSL_CIPHER *c)
{
	switch (c == NULL ? NID_undef : SSL_CIPHER_get_kx_nid(c)) {
	case NID_kx_psk:
	case NID_kx_ecdhe_psk:
	case NID_kx_dhe_psk:
		return true;
	default:
		return false;
	}
}

/*
 * Sees each handshake message before OpenSSL acts on it. The identity is taken from here
 * because the key callback gets it as a C string, cut at a NUL.
 */
static void
watch_messages(int is_write, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct dtls_link *l = dtls_pipe_of(ssl)->owner;
	const uint8_t *identity;
	size_t identity_len;

	(void)version;
	(void)arg;
	if (is_write || type != SSL3_RT_HANDSHAKE || l == NULL || l->attempt == NULL || l->is_client ||
	    !dtls_is_psk_suite(SSL_get_pending_cipher(ssl)))
		return;
	identity = dtls_psk_identity(buf, len, &identity_len);
	if (identity != NULL && identity_len <= PSK_IDENTITY_MAX &&
	    identity_set(&l->identity, identity, identity_len) != ERR_OK)
		l->attempt->suspicion = STORE_FAILED;
}

static unsigned
server_key(SSL *ssl, const char *name, unsigned char *psk, unsigned cap)
{
	struct dtls_link *l = dtls_pipe_of(ssl)->owner;
	struct transport *t = l->link.transport;
	struct attempt *a = l->attempt;
	const struct identity *id = &l->identity;
	struct secret key = { .len = 0 };
	unsigned len = DUMMY_KEY_LEN;
	enum err e;

	(void)name;
	a->is_key_used = true;
	e = t->events.find_psk(t->events.arg, id->p, id->len, &key);
	if (e == ERR_OK && key.len > 0 && key.len <= cap)
		e = dtls_proof(l->pipe.dtls->shared, id->p, id->len, &key, a->proof);
	else if (e == ERR_OK)
		e = ERR_INVALID;
	if (e == ERR_OK) {
		len = key.len;
		memcpy(psk, key.bytes, len);
		l->identity.key_tag = identity_key_tag(key.bytes, key.len);
	} else {
		a->suspicion = e == ERR_NOTFOUND ? UNKNOWN_IDENTITY : STORE_FAILED;
		random_bytes(psk, len);
	}
	secret_fini(&key);
	return len;
}

/* --- client side --- */

static unsigned
client_key(SSL *ssl, const char *hint, char *name, unsigned name_cap, unsigned char *psk,
    unsigned cap)
{
	const struct dtls_link *l = dtls_pipe_of(ssl)->owner;
	const struct attempt *a = l->attempt;

	(void)hint;
	if (strlen(a->name) >= name_cap || a->key.len > cap)
		return 0;
	memcpy(name, a->name, strlen(a->name) + 1);
	memcpy(psk, a->key.bytes, a->key.len);
	return a->key.len;
}

/* --- both --- */

static SSL_CTX *
bare_context(const char *ciphers, bool is_client)
{
	SSL_CTX *ctx = SSL_CTX_new(is_client ? DTLS_client_method() : DTLS_server_method());

	if (ctx == NULL)
		return NULL;
	/* CCM_8 with its short tag is what LwM2M mandates; newer OpenSSL wants to be told. */
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, ciphers) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

const char *
dtls_check_ciphers(const char *list, bool is_client)
{
	SSL_CTX *ctx = bare_context(list, is_client);
	const char *why = NULL;

	if (ctx == NULL)
		why = "none of these cipher suites is known to OpenSSL; expected a list such as "
		    "\"PSK-AES128-CCM8:PSK-AES128-CBC-SHA256\"";
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return why;
}

static enum err
set_server(struct dtls *d)
{
	SSL_CTX_set_options(d->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_cookie_generate_cb(d->ctx, make_cookie);
	SSL_CTX_set_cookie_verify_cb(d->ctx, check_cookie);
	SSL_CTX_set_psk_server_callback(d->ctx, server_key);
	SSL_CTX_set_msg_callback(d->ctx, watch_messages);
	return dtls_resume_setup(d);
}

static void
set_client(struct dtls *d)
{
	/* Without a trust anchor every certificate is refused: the key is the only proof. */
	SSL_CTX_set_verify(d->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(d->ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(d->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_psk_client_callback(d->ctx, client_key);
}

enum err
dtls_context_new(struct dtls *d)
{
	enum err e = ERR_OK;

	d->ctx = bare_context(d->shared->ciphers, d->shared->is_client);
	if (d->ctx == NULL)
		return ERR_CRYPTO;
	SSL_CTX_set_options(d->ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_QUERY_MTU);
	/* A small buffer for what we send; the one for what we receive cannot be made smaller. */
	SSL_CTX_set_max_send_fragment(d->ctx, UDP_DATAGRAM_MAX);
	/* Bounds what a peer may announce, and so make us put together, in one handshake message. */
	SSL_CTX_set_max_cert_list(d->ctx, HANDSHAKE_MESSAGE_MAX);
	if (d->shared->is_client)
		set_client(d);
	else
		e = set_server(d);
	return e == ERR_OK ? credentials_apply(d->ctx, d->shared) : e;
}
