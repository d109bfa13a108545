#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hash.h"
#include "transport/credentials_priv.h"
#include "transport/dtls_types_priv.h"

/*
 * A session that is taken up again skips the proof of the pre-shared key. So each carries one
 * of its own: a keyed hash of the key, and the identity. It counts only while the same identity
 * still has the same key; else the handshake is a full one. One that began with a certificate carries
 * the date on which the first of the chain ends, or is asked anew whether it is still pinned. What CA and
 * revocation lists say it need not be asked: with new ones the keys of tickets and the cache are new.
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

/* What a session carries: a byte that says which, then one of these. */
enum session_kind { SESSION_PSK = 1, SESSION_VERIFIED, SESSION_PINNED };
#define SESSION_DATA_MAX	(1 + PROOF_LEN + PSK_IDENTITY_MAX)

/* Returns how much was written to 'data'; 0: such a session is not taken up again. */
static size_t
describe_session(const struct dtls_link *l, const SSL_SESSION *s, uint8_t data[SESSION_DATA_MAX])
{
	const struct attempt *a = l == NULL ? NULL : l->attempt;

	if (a == NULL)
		return 0;
	if (a->is_key_used) {
		data[0] = SESSION_PSK;
		memcpy(data + 1, a->proof, PROOF_LEN);
		memcpy(data + 1 + PROOF_LEN, l->identity.p, l->identity.len);
		return 1 + PROOF_LEN + l->identity.len;
	}
	if (a->check == NULL || !a->check->has_shown || SSL_SESSION_get0_peer((SSL_SESSION *)s) == NULL)
		return 0;
	data[0] = a->check->is_verified ? SESSION_VERIFIED : SESSION_PINNED;
	memcpy(data + 1, &a->check->until_s, sizeof(a->check->until_s));
	return 1 + sizeof(a->check->until_s);
}

/* This is what is encrypted into a ticket, too. */
static bool
sign_session(const struct dtls_link *l, SSL_SESSION *s)
{
	uint8_t data[SESSION_DATA_MAX];
	size_t len = describe_session(l, s, data);

	return len > 0 && SSL_SESSION_set1_ticket_appdata(s, data, len) == 1;
}

/* Whether the certificate of the session would pass today. */
static bool
is_certificate_good(struct dtls_link *l, SSL_SESSION *s, const uint8_t *data, size_t len)
{
	const struct transport *t = l->link.transport;
	struct peer_check *check = l->attempt->check;
	bool is_verified = data[0] == SESSION_VERIFIED;
	int64_t until_s;

	if (check == NULL || len != 1 + sizeof(until_s) || SSL_SESSION_get0_peer(s) == NULL)
		return false;
	memcpy(&until_s, data + 1, sizeof(until_s));
	if (is_verified ? loop_wall_ms(t->loop) / 1000 >= until_s
	    : credentials_find_pinned(check, SSL_SESSION_get0_peer(s)) != ERR_OK)
		return false;
	check->has_shown = true;
	check->is_verified = is_verified;
	check->until_s = until_s;
	return true;
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

	if (SSL_SESSION_get0_ticket_appdata(s, &data, &len) != 1 || data == NULL || len == 0 ||
	    len > SESSION_DATA_MAX)
		return false;
	const uint8_t *p = data, *identity = p + 1 + PROOF_LEN;
	if (p[0] != SESSION_PSK)
		return is_certificate_good(l, s, p, len);
	if (len < 1 + PROOF_LEN)
		return false;
	len -= 1 + PROOF_LEN;
	good = t->events.find_psk(t->events.arg, identity, len, &key) == ERR_OK && key.len > 0 &&
	    dtls_proof(l->pipe.dtls->shared, identity, len, &key, proof) == ERR_OK &&
	    secret_eq(proof, PROOF_LEN, p + 1, PROOF_LEN) &&
	    identity_set(&l->identity, identity, len) == ERR_OK;
	if (good)
		l->identity.key_tag = identity_key_tag(key.bytes, key.len);
	secret_fini(&key);
	return good;
}

/* --- tickets --- */

static int
ticket_made(SSL *ssl, void *arg)
{
	(void)arg;
	/* one that cannot be signed is a ticket that will not be taken */
	(void)sign_session(dtls_pipe_of(ssl)->owner, SSL_get_session(ssl));
	return 1;
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
	/* the handshake may have begun with certificates that are not in force any more */
	if (len == 0 || SSL_get_SSL_CTX(ssl) != pipe->dtls->ctx || !sign_session(pipe->owner, s))
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
