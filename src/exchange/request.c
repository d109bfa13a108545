#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/secret.h"
#include "exchange/exchange_priv.h"
#include "oscore/oscore.h"
#include "transport/link.h"

/* Requests to the peer: one at a time, matched by a token that is new for each message. */

#define SEGMENT_MAX	255	/* RFC 7252, 5.10: Uri-Path, Uri-Query */
/* What a later message of the request may need more than the first: block options. */
#define DATAGRAM_SLACK	16
#define ECHO_MAX	40	/* RFC 9175, 2.2.1 */
#define SECURE_SLACK	64	/* and an Echo, and a longer sequence number */

/* --- making the first message --- */

static enum err
add_path(struct msg *m, const char *path)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && *path == '/' && path[1] != '\0') {
		size_t len = strcspn(++path, "/");
		e = len <= SEGMENT_MAX ? msg_add(m, OPT_URI_PATH, path, len) : ERR_TOOBIG;
		path += len;
	}
	return e;
}

static enum err
add_queries(struct msg *m, const char *const *query)
{
	enum err e = ERR_OK;

	for (; e == ERR_OK && query != NULL && *query != NULL; query++) {
		size_t len = strlen(*query);
		e = len <= SEGMENT_MAX ? msg_add(m, OPT_URI_QUERY, *query, len) : ERR_TOOBIG;
	}
	return e;
}

static enum err
fill_options(const struct exchange_request *r, struct msg *m, uint8_t scratch[2][4])
{
	enum err e = add_path(m, r->path);

	if (e == ERR_OK && r->content_format >= 0)
		e = msg_add_uint(m, OPT_CONTENT_FORMAT, (uint32_t)r->content_format, scratch[0]);
	if (e == ERR_OK)
		e = add_queries(m, r->query);
	if (e == ERR_OK && r->accept >= 0)
		e = msg_add_uint(m, OPT_ACCEPT, (uint32_t)r->accept, scratch[1]);
	return e;
}

static void
new_token(struct request *req, struct msg *m)
{
	random_bytes(req->token, TOKEN_LEN);
	memcpy(m->token, req->token, TOKEN_LEN);
	m->token_len = TOKEN_LEN;
}

/* Encodes into the scratch buffer: 'm' may point into the datagram that it replaces. */
static enum err
encode(struct peer *peer, struct request *req, struct msg *m, size_t *ret_len)
{
	struct exchange *x = peer->x;
	uint8_t values[3][4];
	enum err e = block_fill(req, m, values);

	new_token(req, m);
	if (e == ERR_OK)
		e = secure_request(x, req, m);
	if (e == ERR_OK)
		e = carrier_of(peer->link)->encode(peer, m, x->scratch, sizeof(x->scratch), ret_len);
	return e;
}

/* How the body is cut, and the datagram that carries its first part. */
static enum err
encode_first(struct peer *peer, struct request *req, const struct msg *options, size_t *ret_len)
{
	const struct carrier_limits limits = carrier_of(peer->link)->limits(peer->x, peer->link);
	enum err e;

	block_begin(req, &limits);
	for (;;) {
		struct msg m = *options;
		e = encode(peer, req, &m, ret_len);
		if (e != ERR_OK || *ret_len <= limits.message)
			return e;
		if (req->payload_len <= BLOCK_BYTES(0) || (req->in_blocks && req->szx == 0))
			return ERR_TOOBIG;
		block_cut_finer(req);
	}
}

static enum err
request_new(struct peer *peer, const struct exchange_request *r, struct request **ret)
{
	struct exchange *x = peer->x;
	struct msg options = { .code = r->code };
	struct request draft = { .done = r->done, .arg = r->arg, .payload = r->payload,
		.payload_len = r->payload_len, .context = peer->context };
	struct request *req;
	uint8_t scratch[2][4];
	enum err e = fill_options(r, &options, scratch);
	size_t len = 0, cap;

	if (e == ERR_OK)
		e = encode_first(peer, &draft, &options, &len);
	if (e != ERR_OK)
		return e;
	cap = len + (draft.context != NULL ? SECURE_SLACK : DATAGRAM_SLACK);
	req = malloc(sizeof(*req) + cap);
	if (req == NULL)
		return ERR_NOMEM;
	*req = draft;
	if (req->context != NULL)
		oscore_hold(req->context);
	req->cap = (uint32_t)cap;
	req->len = (uint32_t)len;
	memcpy(req->datagram, x->scratch, len);
	secret_wipe(x->scratch, len);
	*ret = req;
	return ERR_OK;
}

static void
request_free(struct request *req)
{
	if (req == NULL)
		return;
	block_drop(req);
	oscore_release(req->context);
	secret_wipe(req->datagram, req->cap);
	free(req);
}

static enum err
send_message(struct peer *peer)
{
	peer->request->blocks++;
	peer->used_at_ms = loop_now_ms(peer->x->loop);
	return carrier_of(peer->link)->send(peer);
}

enum err
exchange_request(struct exchange *x, struct link *link, const struct exchange_request *r)
{
	struct peer *peer = peer_of(link);
	enum err e;

	if (peer != NULL && peer->going)
		return ERR_CLOSED;
	if (peer != NULL && peer->request != NULL)
		return ERR_BUSY;
	if (carrier_of(link) == NULL)
		return ERR_UNSUPPORTED;
	if (peer == NULL && !peer_allowed(x))
		return ERR_LIMIT;
	peer = peer_make(x, link);
	if (peer == NULL)
		return ERR_NOMEM;
	e = request_new(peer, r, &peer->request);
	if (e == ERR_OK)
		e = send_message(peer);
	if (e != ERR_OK) {
		request_drop(peer);
		return e;
	}
	peer->remembered = true;
	counter_add(&x->stats.requests_out, 1);
	return ERR_OK;
}

/* --- the end --- */

/* Takes it from the peer, which goes on living from now. */
static struct request *
detach(struct peer *peer)
{
	struct request *req = peer->request;

	peer->request = NULL;
	timer_cancel(peer->x->loop, &peer->timer);
	peer_used(peer);
	return req;
}

void
request_drop(struct peer *peer)
{
	if (peer->request != NULL)
		request_free(detach(peer));
}

void
exchange_cancel(struct exchange *x, struct link *link)
{
	struct peer *peer = peer_of(link);

	(void)x;
	if (peer != NULL)
		request_drop(peer);
}

/* The caller may do anything in 'done', also end the link: nothing of the peer is used after it. */
static void
finish(struct peer *peer, struct exchange_result *r)
{
	struct request *req = detach(peer);

	r->retransmissions = req->retransmissions;
	r->blocks = req->blocks;
	r->bytes_sent = req->bytes_sent;
	r->bytes_received = req->bytes_received;
	req->done(req->arg, r);
	request_free(req);
}

void
request_failed(struct peer *peer, enum err why)
{
	finish(peer, &(struct exchange_result){ .why = why, .content_format = -1 });
}

bool
request_has_token(const struct request *req, const struct msg *m)
{
	return m->token_len == TOKEN_LEN && memcmp(m->token, req->token, TOKEN_LEN) == 0;
}

/* The next message has the options of the last one, but those about blocks; and an Echo that is wanted. */
static enum err
send_next(struct peer *peer, const struct msg_opt *echo)
{
	struct request *req = peer->request;
	struct msg last, m = { 0 };
	enum err e = carrier_of(peer->link)->decode(req->datagram, req->len, &last);
	size_t len = 0;

	assert(e == ERR_OK);	/* we wrote it */
	e = secure_last(peer->x, req, &last);
	if (e != ERR_OK)
		return e;
	m.code = last.code;
	for (size_t i = 0; i < last.nopts; i++) {
		const struct msg_opt *o = &last.opts[i];
		if (o->number != OPT_BLOCK1 && o->number != OPT_BLOCK2 && o->number != OPT_SIZE1)
			m.opts[m.nopts++] = *o;
	}
	if (echo != NULL)
		e = msg_add(&m, OPT_ECHO, echo->value, echo->len);
	if (e == ERR_OK)
		e = encode(peer, req, &m, &len);
	if (e == ERR_OK && len > req->cap)
		e = ERR_TOOBIG;
	if (e != ERR_OK)
		return e;
	memcpy(req->datagram, peer->x->scratch, len);
	secret_wipe(peer->x->scratch, len);
	req->len = (uint32_t)len;
	return send_message(peer);
}

static void
finish_answered(struct peer *peer, const struct msg *in)
{
	struct request *req = peer->request;
	struct exchange_result r = { .why = ERR_OK, .code = in->code,
		.content_format = serve_format(in, OPT_CONTENT_FORMAT),
		.payload = in->payload, .payload_len = in->payload_len };

	if (req->body != NULL)
		block_body(req, &r.payload, &r.payload_len);
	r.rtt_us = (uint32_t)(loop_now_us(peer->x->loop) - req->sent_at_us);
	finish(peer, &r);
}

/*
 * A peer that wants to be sure that we are there now (RFC 9175, 2.3), as one does that has lost its
 * replay window (RFC 8613, B.1.2). The value is copied to 'buf'.
 */
static bool
wants_echo(struct request *req, const struct msg *in, uint8_t buf[ECHO_MAX], struct msg_opt *ret)
{
	const struct msg_opt *o = msg_find(in, OPT_ECHO);

	if (in->code != MSG_UNAUTHORIZED || o == NULL || o->len == 0 || o->len > ECHO_MAX ||
	    req->context == NULL || req->echoed || req->body != NULL)
		return false;
	memcpy(buf, o->value, o->len);
	*ret = (struct msg_opt){ .number = OPT_ECHO, .len = o->len, .value = buf };
	req->echoed = true;
	return true;
}

static void
answered(struct peer *peer, const struct msg *in)
{
	struct request *req = peer->request;
	uint8_t buf[ECHO_MAX];
	struct msg_opt echo;
	enum err why = ERR_OK;

	if (wants_echo(req, in, buf, &echo)) {
		why = send_next(peer, &echo);
		if (why != ERR_OK)
			request_failed(peer, why);
		return;
	}
	switch (block_answered(peer, in, &why)) {
	case BLOCK_FINAL:
		finish_answered(peer, in);
		return;
	case BLOCK_NEXT:
		why = send_next(peer, NULL);
		break;
	case BLOCK_FAILED:
		break;
	}
	if (why != ERR_OK)
		request_failed(peer, why);
}

void
request_answered(struct peer *peer, const struct msg *in)
{
	struct exchange *x = peer->x;
	struct msg inner;

	switch (secure_answer(x, peer->request, in, &inner)) {
	case SECURE_ANSWER:
		answered(peer, &inner);
		secure_answer_done(x, in);
		break;
	case SECURE_IGNORE:
		counter_add(&x->stats.unmatched, 1);
		break;
	case SECURE_LOST:
		request_failed(peer, ERR_DENIED);
		break;
	}
}
