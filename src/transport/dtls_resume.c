#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hash.h"
#include "transport/dtls_types_priv.h"

/*
 * A session that is taken up again skips the proof of the pre-shared key. So each carries one
 * of its own: a keyed hash of the key, and the identity. It counts only while the same identity
 * still has the same key; else the handshake is a full one.
 *
 * Clients that know tickets keep the session themselves (RFC 5077). For the others there is a
 * small cache here, where a newer session takes the place of an older one.
 */

#define CACHE_SIZE	1024		/* sessions of some 700 bytes */
#define LIFETIME_S	(24 * 60 * 60)

struct sessions {
	SSL_SESSION	*slots[CACHE_SIZE];
};

enum err
dtls_proof(const struct dtls_shared *shared, const uint8_t *identity, size_t len,
    const struct secret *key, uint8_t ret[PROOF_LEN])
{
	uint8_t text[PSK_IDENTITY_MAX + SECRET_MAX + 2], full[EVP_MAX_MD_SIZE];
	unsigned full_len = 0;
	bool ok;

	if (len > PSK_IDENTITY_MAX)
		return ERR_TOOBIG;
	text[0] = (uint8_t)(key->len >> 8);	/* so that key and identity cannot be shifted */
	text[1] = (uint8_t)key->len;
	memcpy(text + 2, key->bytes, key->len);
	memcpy(text + 2 + key->len, identity, len);
	ok = HMAC(EVP_sha256(), shared->proof_secret, PROOF_SECRET_LEN, text, 2 + key->len + len,
	    full, &full_len) != NULL;
	if (ok)
		memcpy(ret, full, PROOF_LEN);
	secret_wipe(text, sizeof(text));
	return ok ? ERR_OK : ERR_CRYPTO;
}

/* Puts proof and identity into the session: this is what is encrypted into a ticket, too. */
static int
sign_session(const struct dtls_link *l, SSL_SESSION *s)
{
	uint8_t data[PROOF_LEN + PSK_IDENTITY_MAX];

	if (l == NULL || l->attempt == NULL || !l->attempt->is_key_used)
		return 0;
	memcpy(data, l->attempt->proof, PROOF_LEN);
	memcpy(data + PROOF_LEN, l->identity.p, l->identity.len);
	return SSL_SESSION_set1_ticket_appdata(s, data, PROOF_LEN + l->identity.len);
}

/* Whether the session's identity has the same key today; notes the identity when it has. */
static bool
is_still_good(struct dtls_link *l, SSL_SESSION *s)
{
	struct transport *t = l->link.transport;
	struct secret key = { .len = 0 };
	uint8_t proof[PROOF_LEN];
	size_t len;
	void *data;
	bool good;

	if (SSL_SESSION_get0_ticket_appdata(s, &data, &len) != 1 || data == NULL ||
	    len < PROOF_LEN || len > PROOF_LEN + PSK_IDENTITY_MAX)
		return false;
	const uint8_t *identity = (const uint8_t *)data + PROOF_LEN;
	len -= PROOF_LEN;
	good = t->events.find_psk(t->events.arg, identity, len, &key) == ERR_OK && key.len > 0 &&
	    dtls_proof(l->pipe.dtls->shared, identity, len, &key, proof) == ERR_OK &&
	    secret_eq(proof, PROOF_LEN, data, PROOF_LEN) &&
	    dtls_link_set_identity(l, identity, len) == ERR_OK;
	secret_fini(&key);
	return good;
}

/* --- tickets --- */

static int
ticket_made(SSL *ssl, void *arg)
{
	(void)arg;
	return sign_session(dtls_pipe_of(ssl)->owner, SSL_get_session(ssl));
}

static SSL_TICKET_RETURN
ticket_shown(SSL *ssl, SSL_SESSION *s, const unsigned char *name, size_t name_len,
    SSL_TICKET_STATUS status, void *arg)
{
	struct dtls_link *l = dtls_pipe_of(ssl)->owner;

	(void)name;
	(void)name_len;
	(void)arg;
	if (l == NULL || (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return is_still_good(l, s) ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* --- sessions of clients without tickets --- */

static SSL_SESSION **
slot_of(struct sessions *sessions, const uint8_t *id, size_t len)
{
	return &sessions->slots[hash_keyed(id, len) % CACHE_SIZE];
}

/* Returns whether the reference is ours now. */
static int
session_made(SSL *ssl, SSL_SESSION *s)
{
	struct dtls_pipe *pipe = dtls_pipe_of(ssl);
	SSL_SESSION **slot;
	const uint8_t *id;
	unsigned len;

	id = SSL_SESSION_get_id(s, &len);
	if (len == 0 || sign_session(pipe->owner, s) != 1)
		return 0;
	slot = slot_of(pipe->dtls->sessions, id, len);
	SSL_SESSION_free(*slot);
	*slot = s;
	return 1;
}

static SSL_SESSION *
session_asked(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	struct dtls_pipe *pipe = dtls_pipe_of(ssl);
	SSL_SESSION *s;
	const uint8_t *its_id;
	unsigned its_len;

	*copy = 1;		/* OpenSSL is to take a reference of its own */
	if (pipe->owner == NULL || len <= 0)
		return NULL;
	s = *slot_of(pipe->dtls->sessions, id, (size_t)len);
	if (s == NULL)
		return NULL;
	its_id = SSL_SESSION_get_id(s, &its_len);
	if (!secret_eq(its_id, its_len, id, (size_t)len) || !is_still_good(pipe->owner, s))
		return NULL;
	return s;
}

enum err
dtls_resume_setup(struct dtls *d)
{
	static const uint8_t context[] = "strapd";
	uint8_t keys[TICKET_KEYS_LEN];
	bool ok;

	d->sessions = calloc(1, sizeof(*d->sessions));
	if (d->sessions == NULL)
		return ERR_NOMEM;
	memcpy(keys, d->shared->ticket_keys, sizeof(keys));
	ok = SSL_CTX_set_tlsext_ticket_keys(d->ctx, keys, sizeof(keys)) == 1 &&
	    SSL_CTX_set_session_ticket_cb(d->ctx, ticket_made, ticket_shown, NULL) == 1 &&
	    SSL_CTX_set_session_id_context(d->ctx, context, sizeof(context) - 1) == 1;
	secret_wipe(keys, sizeof(keys));
	SSL_CTX_set_session_cache_mode(d->ctx,
	    SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_sess_set_new_cb(d->ctx, session_made);
	SSL_CTX_sess_set_get_cb(d->ctx, session_asked);
	SSL_CTX_set_timeout(d->ctx, LIFETIME_S);
	return ok ? ERR_OK : ERR_CRYPTO;
}

void
dtls_resume_fini(struct dtls *d)
{
	for (size_t i = 0; d->sessions != NULL && i < CACHE_SIZE; i++)
		SSL_SESSION_free(d->sessions->slots[i]);
	free(d->sessions);
	d->sessions = NULL;
}
