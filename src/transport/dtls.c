#include <stdlib.h>

#include <openssl/err.h>

#include "transport/dtls_record.h"
#include "transport/dtls_types_priv.h"

/*
 * DTLS over the sockets of a transport: whom a datagram is for, and associations once they are
 * established. How they come to be is in dtls_handshake.c.
 *
 * OpenSSL keeps 19 KiB of buffers per association and never gives them back over DTLS, whatever
 * SSL_MODE_RELEASE_BUFFERS says. So only those that were in use last keep theirs.
 */

enum err
dtls_new(struct transport *t, struct dtls_shared *shared, struct dtls **ret)
{
	struct dtls *d;
	enum err e = ERR_NOMEM;

	if (!shared->is_client && t->events.find_psk == NULL)
		return ERR_INVALID;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return ERR_NOMEM;
	d->transport = t;
	d->shared = dtls_shared_ref(shared);
	d->method = dtls_bio_method();
	d->nobody = BIO_ADDR_new();
	if (d->method == NULL || d->nobody == NULL)
		goto out;
	e = cookies_init(&d->cookies, shared->cookie_secret);
	if (e == ERR_OK)
		e = dtls_context_new(d);
	if (e != ERR_OK)
		goto out;
	*ret = d;
	d = NULL;
out:
	dtls_free(d);
	return e;
}

void
dtls_free(struct dtls *d)
{
	if (d == NULL)
		return;
	SSL_free(d->listener);
	dtls_resume_fini(d);
	SSL_CTX_free(d->ctx);
	cookies_fini(&d->cookies);
	BIO_ADDR_free(d->nobody);
	BIO_meth_free(d->method);
	dtls_shared_free(d->shared);
	free(d);
}

enum err
dtls_renew(struct dtls *d, struct dtls_shared *shared)
{
	struct dtls old = *d;
	enum err e;

	if (shared->is_client != d->shared->is_client)
		return ERR_INVALID;
	d->shared = shared;
	d->ctx = NULL;
	d->sessions = NULL;
	e = dtls_context_new(d);
	if (e != ERR_OK) {
		dtls_resume_fini(d);
		SSL_CTX_free(d->ctx);
		d->shared = old.shared;
		d->ctx = old.ctx;
		d->sessions = old.sessions;
		return e;
	}
	(void)dtls_shared_ref(shared);
	SSL_free(d->listener);		/* made from the old context */
	d->listener = NULL;
	dtls_resume_fini(&old);
	SSL_CTX_free(old.ctx);		/* gone with the last association made from it */
	dtls_shared_free(old.shared);
	return ERR_OK;
}

static struct dtls_link *
dtls_of(const struct link *l)
{
	return (struct dtls_link *)l;
}

const struct identity *
dtls_identity(const struct link *l)
{
	return &dtls_of(l)->identity;
}

size_t
dtls_mtu(const struct link *l)
{
	return dtls_of(l)->mtu;
}

/* --- buffers --- */

static void
leave_ring(struct dtls_link *l)
{
	if (l->warm != 0)
		l->pipe.dtls->warm[l->warm - 1] = NULL;
	l->warm = 0;
}

/* Must come before whatever reads or writes: a write without buffers would go through NULL. */
static bool
take_buffers(struct dtls_link *l)
{
	struct dtls *d = l->pipe.dtls;
	unsigned place = d->next_warm % DTLS_WARM;
	struct dtls_link *oldest = d->warm[place];

	if (l->warm != 0)
		return true;
	if (SSL_alloc_buffers(l->ssl) != 1)
		return false;
	if (oldest != NULL) {
		leave_ring(oldest);
		if (!oldest->is_busy)
			(void)SSL_free_buffers(oldest->ssl);	/* refuses while records wait in them */
	}
	d->warm[place] = l;
	d->next_warm++;
	l->warm = (uint16_t)(place + 1);
	return true;
}

void
dtls_link_free(struct link *link)
{
	struct dtls_link *l = dtls_of(link);

	leave_ring(l);
	timer_cancel(link->transport->loop, &l->timer);
	/* An end without close_notify would make OpenSSL forbid the session's resumption. */
	if (l->ssl != NULL && l->attempt == NULL)
		SSL_set_shutdown(l->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(l->ssl);
	dtls_attempt_free(l->attempt);
	free((void *)l->identity.p);
	free(l);
}

/* --- sending --- */

enum err
dtls_send(struct link *link, const uint8_t *p, size_t len)
{
	struct dtls_link *l = dtls_of(link);
	bool was_busy = l->is_busy;
	enum err e = ERR_OK;

	if (l->attempt != NULL)
		return ERR_CLOSED;
	if (len > l->mtu)
		return ERR_TOOBIG;
	ERR_clear_error();
	l->is_busy = true;
	if (!take_buffers(l))
		e = ERR_NOMEM;
	else if (len > 0 && SSL_write(l->ssl, p, (int)len) <= 0)
		e = ERR_CRYPTO;
	l->is_busy = was_busy;
	ERR_clear_error();
	l->active_ms = loop_now_ms(link->transport->loop);
	return e;
}

void
dtls_close(struct link *link)
{
	struct dtls_link *l = dtls_of(link);
	bool was_busy = l->is_busy;

	if (l->attempt != NULL || link->is_dead)
		return;
	ERR_clear_error();
	l->is_busy = true;
	if (take_buffers(l))
		(void)SSL_shutdown(l->ssl);	/* one close_notify; nobody waits for the answer */
	l->is_busy = was_busy;
	ERR_clear_error();
}

/* --- receiving --- */

/* Returns what ended the reading: SSL_ERROR_WANT_READ when there is no more. */
static int
read_records(struct dtls_link *l, unsigned *delivered)
{
	uint8_t plain[UDP_DATAGRAM_MAX];
	int n;

	while (!l->link.is_dead) {
		ERR_clear_error();
		n = SSL_read(l->ssl, plain, sizeof(plain));
		if (n <= 0)
			return SSL_get_error(l->ssl, n);
		*delivered += 1;
		l->active_ms = loop_now_ms(l->link.transport->loop);
		link_deliver(&l->link, plain, (size_t)n);
	}
	return SSL_ERROR_NONE;
}

unsigned
dtls_read(struct dtls_link *l)
{
	unsigned delivered = 0;
	int end;

	l->is_busy = true;
	end = take_buffers(l) ? read_records(l, &delivered) : SSL_ERROR_WANT_READ;
	l->is_busy = false;
	if (end != SSL_ERROR_WANT_READ)		/* close_notify, or a fatal alert */
		link_gone(&l->link, ERR_CLOSED);
	ERR_clear_error();
	return delivered;
}

static void
input(struct dtls_link *l, const struct dtls_look *look, const uint8_t *p, size_t len)
{
	if (l->attempt != NULL) {
		dtls_handshake_input(l, p, len);
		return;
	}
	l->pipe.in = p;
	l->pipe.in_len = len;
	if (dtls_read(l) == 0 && look->kind == DTLS_DATA)
		counter_add(&l->link.transport->stats.dtls_bad_records, 1);
	l->pipe.in_len = 0;
}

static void
not_dtls(struct transport *t, const struct link_key *key, const uint8_t *p, size_t len)
{
	counter_add(&t->stats.not_dtls, 1);
	if (!t->dtls->shared->is_client && dtls_is_plain_coap(p, len))
		dtls_tell_failure(t, &(struct handshake_failure){
			.peer = &key->peer, .reason = "plain-coap",
			.cause = "plain CoAP came to the port of CoAP over DTLS",
		});
}

/*
 * An association and the handshake that is to replace it share their addresses. What is in clear
 * and what is an encrypted handshake message belongs to the handshake, the rest to the
 * association; a ClientHello of neither is looked at by itself.
 */
static void
route(struct port *port, const struct link_key *key, const uint8_t *p, size_t len)
{
	struct transport *t = port->transport;
	struct dtls_link *open = (struct dtls_link *)table_find(&t->handshakes, key);
	struct dtls_link *old = (struct dtls_link *)table_find(&t->links, key), *l;
	struct dtls_look look;

	if (!dtls_look(p, len, &look)) {
		not_dtls(t, key, p, len);
		return;
	}
	if (look.is_hello && !t->dtls->shared->is_client) {
		if (open != NULL && open->random == look.random)
			input(open, &look, p, len);
		else if (old == NULL || old->random != look.random)
			dtls_hello(port, key, p, len, look.random);
		return;		/* else the one that 'old' began with, late or twice */
	}
	l = old;
	if (open != NULL && (old == NULL || look.epoch == 0 || look.kind == DTLS_HANDSHAKE))
		l = open;
	if (l != NULL)
		input(l, &look, p, len);
	else
		counter_add(&t->stats.dtls_bad_records, 1);
}

void
dtls_received(struct port *port, const struct link_key *key, const uint8_t *p, size_t len)
{
	transport_enter(port->transport);
	route(port, key, p, len);
	transport_leave(port->transport);
}

/* --- idleness --- */

void
dtls_idle_set_timer(struct dtls_link *l)
{
	struct transport *t = l->link.transport;
	uint64_t limit = t->opts.idle_timeout_ms, idle = loop_now_ms(t->loop) - l->active_ms;

	if (limit != 0)
		timer_set(t->loop, &l->timer, idle < limit ? limit - idle : limit);
}

void
dtls_idle_timer(struct dtls_link *l)
{
	struct transport *t = l->link.transport;

	if (l->link.user != NULL || loop_now_ms(t->loop) - l->active_ms < t->opts.idle_timeout_ms) {
		dtls_idle_set_timer(l);
		return;
	}
	dtls_close(&l->link);
	link_gone(&l->link, ERR_TIMEOUT);
}
