#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "transport/credentials_priv.h"
#include "transport/dtls_record.h"
#include "transport/dtls_types_priv.h"

/*
 * From a ClientHello to an association, or to a plain sentence why not.
 *
 *   ClientHello --no cookie--> HelloVerifyRequest, nothing kept
 *   ClientHello --cookie-----> a link in 'handshakes' --Finished is right--> in 'links'
 *                                                     --anything else------> told, freed
 *
 * A link that stands in 'links' for the same addresses stays in use until then: anybody can
 * send a ClientHello, and only the key shows that the device itself began anew (RFC 6347, 4.2.8).
 */

/* One Finished that cannot be read may be noise; the peer repeats its own after a second or so. */
#define BAD_FINISHED_MAX	2

/*
 * Records that come before their keys are put by. How many, and how much each costs, has changed
 * between versions of OpenSSL (1.1.1: 100 of them, with a buffer of 17 KiB each; 3.0.22: little).
 * A peer that has shown a cookie and nothing else gets no more than an honest flight needs.
 */
#define EARLY_MAX	4

/* What the client side is told, and the strings of struct handshake_failure. */
struct end {
	enum err	 why;
	const char	*reason, *cause;
};

static const struct end
	wrong_key = { ERR_DENIED, "wrong-key",
	    "the device's key is not the one that belongs to its PSK identity" },
	unknown_identity = { ERR_DENIED, "unknown-identity",
	    "no record has the PSK identity that the device showed" },
	store_failed = { ERR_DB, "other", "the key of the PSK identity could not be looked up" },
	no_common_cipher = { ERR_UNSUPPORTED, "no-common-cipher",
	    "the device offers no cipher suite that is allowed here and fits its credentials" },
	psk_only = { ERR_UNSUPPORTED, "no-common-cipher",
	    "the device offers no cipher suite that is allowed here; this server has no certificate, so "
	    "it knows pre-shared keys only" },
	no_certificate = { ERR_DENIED, "no-certificate",
	    "the device has proven nothing: it showed no certificate" },
	no_memory = { ERR_NOMEM, "other", "memory is out" },
	no_common_version = { ERR_UNSUPPORTED, "other", "the device does not offer DTLS 1.2" },
	timed_out = { ERR_TIMEOUT, "timeout", "the peer did not complete the handshake in time" },
	silent_server = { ERR_TIMEOUT, "wrong-key",
	    "the server fell silent after our Finished: it has another key, or not this identity" };

/* --- links --- */

static void
on_timer(void *arg)
{
	struct dtls_link *l = arg;
	struct transport *t = l->link.transport;

	transport_enter(t);
	if (l->attempt != NULL)
		dtls_handshake_timer(l);
	else
		dtls_idle_timer(l);
	transport_leave(t);
}

/* Only where certificates may come: a PSK handshake costs nothing more for them. */
static enum err
watch_certificates(struct dtls_link *l)
{
	struct transport *t = l->link.transport;
	struct peer_check *check;

	if (l->pipe.dtls->shared->credentials == NULL)
		return ERR_OK;
	check = l->attempt->check = calloc(1, sizeof(*check));
	if (check == NULL)
		return ERR_NOMEM;
	check->events = &t->events;
	check->stats = &t->stats;
	check->is_client = l->is_client;
	return credentials_watch(l->ssl, check);
}

/* A link in the making, without its SSL. NULL: out of memory. */
static struct dtls_link *
new_link(struct dtls *d, struct port *port, const struct link_key *key)
{
	struct transport *t = d->transport;
	struct dtls_link *l = calloc(1, sizeof(*l));
	struct attempt *a = calloc(1, sizeof(*a));

	if (l == NULL || a == NULL) {
		free(l);
		free(a);
		return NULL;
	}
	link_init(&l->link, t, port, key);
	l->pipe = (struct dtls_pipe){ .port = port, .key = &l->link.key, .owner = l, .dtls = d };
	l->attempt = a;
	timer_init(&l->timer, on_timer, l);
	if (t->opts.handshake_timeout_ms > 0)
		a->deadline_ms = loop_now_ms(t->loop) + t->opts.handshake_timeout_ms;
	return l;
}

void
dtls_attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	free(a->check);
	secret_wipe(a, sizeof(*a));
	free(a);
}

/* --- failing --- */

void
dtls_tell_failure(struct transport *t, const struct handshake_failure *f)
{
	if (t->events.handshake_failed != NULL)
		t->events.handshake_failed(t->events.arg, f);
}

static void
tell_device_failed(const struct dtls_link *l, const struct end *end)
{
	const struct peer_check *check = l->attempt == NULL ? NULL : l->attempt->check;
	struct handshake_failure f = {
		.peer = &l->link.key.peer, .cause = end->cause, .reason = end->reason,
		.identity = l->identity.p, .identity_len = l->identity.len,
	};

	if (f.identity == NULL && check != NULL && check->subject[0] != '\0') {
		f.identity = (const uint8_t *)check->subject;
		f.identity_len = strlen(check->subject);
	}
	dtls_tell_failure(l->link.transport, &f);
}

static void
fail(struct dtls_link *l, const struct end *end)
{
	struct transport *t = l->link.transport;

	counter_add(&t->stats.handshakes_failed, 1);
	link_place(&l->link, LINK_NOWHERE);
	if (l->is_client && t->events.connected != NULL)
		t->events.connected(t->events.arg, &l->link, end->why, end->cause);
	else if (!l->is_client)
		tell_device_failed(l, end);
	l->link.user = NULL;		/* it has been told */
	link_gone(&l->link, end->why);
}

/* The cause that was known before OpenSSL came to its end. */
static const struct end *
suspected(const struct dtls_link *l, const struct end *otherwise)
{
	switch (l->attempt->suspicion) {
	case UNKNOWN_IDENTITY:
		return &unknown_identity;
	case STORE_FAILED:
		return &store_failed;
	case NOT_SUSPECTED:
		break;
	}
	return otherwise;
}

static void
fail_in_openssl(struct dtls_link *l)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);
	int reason = ERR_GET_REASON(code);
	char cause[160];
	const struct credentials_failure *f = l->is_client ? NULL : credentials_failure(reason);
	const struct peer_check *check = l->attempt->check;
	struct end other = { ERR_REFUSED, "other", cause };
	const struct end *end = &other;

	snprintf(cause, sizeof(cause), reason > SSL_AD_REASON_OFFSET
	    ? "the peer gave up the handshake (%s)" : "the handshake failed (%s)",
	    text == NULL ? "no reason given" : text);
	if (f != NULL)
		other = (struct end){ ERR_DENIED, f->reason, f->cause };
	if (check != NULL && check->reason != NULL)
		other = (struct end){ ERR_DENIED, check->reason, check->cause };
	switch (reason) {
	case SSL_R_NO_SHARED_CIPHER:
		end = l->pipe.dtls->shared->credentials != NULL ? &no_common_cipher : &psk_only;
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_WRONG_SSL_VERSION:
		end = &no_common_version;
		break;
	case SSL_R_DIGEST_CHECK_FAILED:
	case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
	case SSL_AD_REASON_OFFSET + SSL_AD_DECRYPT_ERROR:
	case SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC:
		end = &wrong_key;
		break;
	default:
		break;
	}
	fail(l, suspected(l, end));
}

static void
fail_by_time(struct dtls_link *l)
{
	const struct end *end = &timed_out;

	if (l->is_client && SSL_get_state(l->ssl) == TLS_ST_CW_FINISHED)
		end = &silent_server;
	else if (l->attempt->bad_finished > 0)
		end = &wrong_key;
	fail(l, suspected(l, end));
}

/* --- going on --- */

static void
set_timer(struct dtls_link *l)
{
	struct loop *loop = l->link.transport->loop;
	uint64_t now = loop_now_ms(loop), deadline = l->attempt->deadline_ms, wait = UINT64_MAX;
	struct timeval tv;

	if (DTLSv1_get_timeout(l->ssl, &tv) == 1)
		wait = (uint64_t)tv.tv_sec * 1000 + ((uint64_t)tv.tv_usec + 999) / 1000;
	if (deadline != 0 && (deadline <= now || deadline - now < wait))
		wait = deadline <= now ? 0 : deadline - now;
	if (wait != UINT64_MAX)
		timer_set(loop, &l->timer, wait);
}

/* What the handshake has proven about the peer, for good. */
static enum err
settle_identity(struct dtls_link *l)
{
	const struct peer_check *check = l->attempt->check;
	struct identity id;
	enum err e;

	if (l->is_client || dtls_is_psk_suite(SSL_get_current_cipher(l->ssl))) {
		l->identity.kind = IDENTITY_PSK;
		return ERR_OK;
	}
	e = check == NULL ? ERR_NOTFOUND : credentials_identity(l->ssl, &id);
	if (e != ERR_OK)
		return e;
	id.is_verified = check->is_verified;
	free((void *)l->identity.p);
	l->identity = id;
	/* the check goes with the handshake; nothing asks for it any more */
	return credentials_watch(l->ssl, NULL);
}

static void
complete(struct dtls_link *l)
{
	struct transport *t = l->link.transport;
	struct link *old = (struct link *)table_find(&t->links, &l->link.key);
	enum err e = settle_identity(l);

	if (e != ERR_OK) {
		fail(l, e == ERR_NOTFOUND ? &no_certificate : &no_memory);
		return;
	}
	counter_add(&t->stats.handshakes_done, 1);
	if (SSL_session_reused(l->ssl) == 1)
		counter_add(&t->stats.handshakes_resumed, 1);
	if (old != NULL)
		link_gone(old, ERR_REPLACED);
	dtls_attempt_free(l->attempt);
	l->attempt = NULL;
	l->mtu = (uint16_t)DTLS_get_data_mtu(l->ssl);
	l->active_ms = loop_now_ms(t->loop);
	timer_cancel(t->loop, &l->timer);
	dtls_idle_set_timer(l);
	link_place(&l->link, LINK_IN_LINKS);
	if (l->is_client && t->events.connected != NULL)
		t->events.connected(t->events.arg, &l->link, ERR_OK, NULL);
}

/*
 * A Finished made with another key cannot be decrypted, and OpenSSL drops it without a word, as
 * DTLS wants it. It has done so when the ChangeCipherSpec has been read and the Finished,
 * which was there, has not.
 */
static bool
is_finished_bad(struct dtls_link *l, bool has_finished)
{
	struct attempt *a = l->attempt;

	if (has_finished)
		a->has_seen_finished = true;
	if (l->is_client || !a->has_seen_finished || SSL_get_state(l->ssl) != TLS_ST_SR_CHANGE)
		return false;
	if (has_finished || a->bad_finished == 0) {
		a->bad_finished++;
		counter_add(&l->link.transport->stats.dtls_bad_records, 1);
	}
	return a->bad_finished >= BAD_FINISHED_MAX;
}

static void
step(struct dtls_link *l, bool has_finished)
{
	int r, why;

	ERR_clear_error();
	r = SSL_do_handshake(l->ssl);
	why = r == 1 ? SSL_ERROR_NONE : SSL_get_error(l->ssl, r);
	if (why == SSL_ERROR_NONE)
		complete(l);
	else if (why != SSL_ERROR_WANT_READ)
		fail_in_openssl(l);
	else if (is_finished_bad(l, has_finished))
		fail(l, suspected(l, &wrong_key));
	else
		set_timer(l);
	ERR_clear_error();
}

/* Whether OpenSSL would have to put by what is encrypted, and has put by enough. */
static bool
is_too_early(struct dtls_link *l)
{
	OSSL_HANDSHAKE_STATE state = SSL_get_state(l->ssl);

	if (state == TLS_ST_SR_CHANGE || state == TLS_ST_CR_CHANGE)
		return false;
	if (l->attempt->early < EARLY_MAX) {
		l->attempt->early++;
		return false;
	}
	return true;
}

void
dtls_handshake_input(struct dtls_link *l, const uint8_t *p, size_t len)
{
	struct dtls_content content = dtls_content(p, len);

	if (content.clear_len < len && is_too_early(l)) {
		counter_add(&l->link.transport->stats.dtls_bad_records, 1);
		len = content.clear_len;
		content.has_finished = false;
	}
	l->pipe.in = p;
	l->pipe.in_len = len;
	step(l, content.has_finished);
	if (!l->link.is_dead && l->attempt == NULL)
		dtls_read(l);		/* data may have come before the end of the handshake */
	l->pipe.in_len = 0;
}

void
dtls_handshake_timer(struct dtls_link *l)
{
	uint64_t deadline = l->attempt->deadline_ms;

	if (deadline != 0 && loop_now_ms(l->link.transport->loop) >= deadline) {
		fail_by_time(l);
		return;
	}
	ERR_clear_error();
	if (DTLSv1_handle_timeout(l->ssl) < 0)
		fail_by_time(l);
	else
		set_timer(l);
	ERR_clear_error();
}

/* --- beginning --- */

/* The cookie was right: the listener becomes the link's own, with the ClientHello in it. */
static void
begin(struct dtls *d, struct port *port, const struct link_key *key, uint64_t random)
{
	struct transport *t = d->transport;
	struct link *old = (struct link *)table_find(&t->handshakes, key);
	struct dtls_link *l;

	if (old != NULL) {		/* the device began anew */
		counter_add(&t->stats.handshakes_failed, 1);
		link_gone(old, ERR_REPLACED);
	}
	if (!transport_admits(t, port, key)) {
		dtls_tell_failure(t, &(struct handshake_failure){
			.peer = &key->peer, .reason = "limit",
			.cause = "a limit on handshakes or associations is reached",
		});
		return;
	}
	l = new_link(d, port, key);
	if (l == NULL)
		return;
	l->random = random;
	l->ssl = d->listener;
	d->listener = NULL;
	dtls_ssl_attach(l->ssl, &l->pipe);
	if (watch_certificates(l) != ERR_OK) {
		dtls_link_free(&l->link);
		return;
	}
	counter_add(&t->stats.handshakes_begun, 1);
	link_count(&l->link);
	link_place(&l->link, LINK_IN_HANDSHAKES);
	step(l, false);
}

void
dtls_hello(struct port *port, const struct link_key *key, const uint8_t *p, size_t len,
    uint64_t random)
{
	struct dtls *d = port->transport->dtls;
	int r;

	d->pipe = (struct dtls_pipe){ .port = port, .key = key, .in = p, .in_len = len, .dtls = d };
	if (d->listener == NULL)
		d->listener = dtls_ssl_new(d, &d->pipe);
	if (d->listener == NULL)
		return;
	ERR_clear_error();
	r = DTLSv1_listen(d->listener, d->nobody);
	if (r < 0)
		counter_add(&port->transport->stats.dtls_bad_records, 1);
	ERR_clear_error();
	d->pipe.in_len = 0;
	if (r > 0)
		begin(d, port, key, random);
}

static bool
is_sound(const struct transport_connect *c)
{
	if (c->certificate != NULL)
		return c->psk_key_len == 0 && c->psk_identity_len == 0;
	return c->psk_identity_len <= PSK_IDENTITY_MAX && c->psk_key_len > 0 &&
	    c->psk_key_len <= SECRET_MAX &&
	    (c->psk_identity_len == 0 || memchr(c->psk_identity, 0, c->psk_identity_len) == NULL);
}

enum err
dtls_connect(struct port *port, const struct link_key *key, const struct transport_connect *c,
    struct link **ret)
{
	struct transport *t = port->transport;
	struct dtls_link *l;
	enum err e = ERR_NOMEM;

	if (!t->dtls->shared->is_client || !is_sound(c))
		return ERR_INVALID;
	l = new_link(t->dtls, port, key);
	if (l == NULL)
		return ERR_NOMEM;
	l->is_client = true;
	l->ssl = dtls_ssl_new(t->dtls, &l->pipe);
	if (l->ssl == NULL || identity_set(&l->identity, c->psk_identity, c->psk_identity_len) != ERR_OK ||
	    secret_set(&l->attempt->key, c->psk_key, c->psk_key_len) != ERR_OK ||
	    watch_certificates(l) != ERR_OK)
		goto out;
	if (c->certificate != NULL && credentials_show(l->ssl, c->certificate) != ERR_OK) {
		e = ERR_CRYPTO;
		goto out;
	}
	if (c->psk_identity_len > 0)
		memcpy(l->attempt->name, c->psk_identity, c->psk_identity_len);
	SSL_set_connect_state(l->ssl);
	ERR_clear_error();
	e = SSL_get_error(l->ssl, SSL_do_handshake(l->ssl)) == SSL_ERROR_WANT_READ ? ERR_OK : ERR_CRYPTO;
	ERR_clear_error();
	if (e != ERR_OK)
		goto out;
	l->link.user = c->user;
	counter_add(&t->stats.handshakes_begun, 1);
	link_place(&l->link, LINK_IN_HANDSHAKES);
	set_timer(l);
	*ret = &l->link;
	l = NULL;
out:
	if (l != NULL)
		dtls_link_free(&l->link);
	return e;
}
