#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "exchange/exchange_priv.h"

/* Requests to the peer, block by block (RFC 7959): Block1 out, Block2 in. */

#define ETAG_MAX	8	/* RFC 7252, 5.10.6 */
#define OPTIONS_ROOM	256	/* besides the payload: a first guess, for large messages */

/* An answer that comes in blocks. */
struct body {
	uint8_t		*bytes;
	size_t		 len, cap;
	int32_t		 content_format;
	uint8_t		 etag[ETAG_MAX];
	uint8_t		 etag_len;
	uint8_t		 szx;		/* to ask the next block with */
};

void
block_drop(struct request *req)
{
	if (req->body == NULL)
		return;
	secret_wipe(req->body->bytes, req->body->len);
	free(req->body->bytes);
	free(req->body);
	req->body = NULL;
}

void
block_body(const struct request *req, const uint8_t **p, size_t *len)
{
	*p = req->body->bytes;
	*len = req->body->len;
}

/* --- options --- */

bool
block_option(const struct link *link, const struct msg *m, uint16_t number, struct msg_block *ret,
    enum err *e)
{
	return carrier_of(link)->has_bert ? msg_block_bert(m, number, ret, e)
	    : msg_block(m, number, ret, e);
}

bool
block_is_full(const struct msg_block *b, size_t len)
{
	if (b->szx == MSG_SZX_BERT)
		return len > 0 && len % BLOCK_BYTES(SZX_MAX) == 0;
	return len == BLOCK_BYTES(b->szx);
}

/* --- the message in flight --- */

static size_t
block_len(const struct request *req)
{
	size_t left = req->payload_len - req->offset;
	size_t most = req->szx == MSG_SZX_BERT ? req->bert : BLOCK_BYTES(req->szx);

	return left < most ? left : most;
}

void
block_begin(struct request *req, const struct carrier_limits *limits)
{
	size_t unit = BLOCK_BYTES(SZX_MAX);
	size_t room = limits->message > OPTIONS_ROOM ? limits->message - OPTIONS_ROOM : 0;

	req->szx = limits->szx;
	req->bert = (uint32_t)(room < unit ? unit : room - room % unit);
	req->in_blocks = req->payload_len > limits->whole;
}

void
block_cut_finer(struct request *req)
{
	if (!req->in_blocks) {
		req->in_blocks = true;
		req->szx = req->szx == MSG_SZX_BERT ? MSG_SZX_BERT : SZX_MAX;
		while (req->szx < MSG_SZX_BERT && BLOCK_BYTES(req->szx) >= req->payload_len)
			req->szx--;
	} else if (req->szx == MSG_SZX_BERT && req->bert > BLOCK_BYTES(SZX_MAX)) {
		req->bert -= (uint32_t)BLOCK_BYTES(SZX_MAX);
	} else {
		req->szx--;
	}
}

static bool
is_last(const struct request *req)
{
	return req->offset + block_len(req) == req->payload_len;
}

enum err
block_fill(const struct request *req, struct msg *m, uint8_t scratch[3][4])
{
	struct msg_block b;
	enum err e;

	if (req->body != NULL) {	/* the request has been made: it goes on without its payload */
		b = (struct msg_block){ .num = (uint32_t)(req->body->len / BLOCK_BYTES(req->body->szx)),
			.szx = req->body->szx };
		return msg_add_block(m, OPT_BLOCK2, &b, scratch[0]);
	}
	m->payload = req->payload_len > 0 ? req->payload : NULL;
	m->payload_len = req->payload_len;
	if (!req->in_blocks)
		return ERR_OK;
	b = (struct msg_block){ .num = (uint32_t)(req->offset / BLOCK_BYTES(req->szx)),
		.more = !is_last(req), .szx = req->szx };
	m->payload += req->offset;
	m->payload_len = block_len(req);
	e = msg_add_block(m, OPT_BLOCK1, &b, scratch[1]);
	if (e == ERR_OK && req->offset == 0)
		e = msg_add_uint(m, OPT_SIZE1, (uint32_t)req->payload_len, scratch[2]);
	return e;
}

/* --- Block1: the peer's word on our block --- */

/* 4.13: again from the start with smaller blocks, of the size the peer names or half of ours. */
static bool
shrink(struct request *req, const struct msg *in, const struct msg_block *hint)
{
	uint8_t szx = req->szx;

	if (in->code != MSG_TOO_LARGE || req->body != NULL || req->payload_len <= BLOCK_BYTES(0))
		return false;
	while (!req->in_blocks && szx > 0 && BLOCK_BYTES(szx) >= req->payload_len)
		szx--;
	if (hint != NULL && hint->szx < szx)
		szx = hint->szx;
	else if (req->in_blocks && szx == 0)
		return false;
	else if (req->in_blocks)
		szx--;
	req->szx = szx;
	req->offset = 0;
	req->in_blocks = true;
	return true;
}

/*
 * True when our block was taken and another one follows. 2.31 says so; another success does
 * where it names the block (RFC 7959, 2.3: acted upon by itself). The size is the peer's choice,
 * if it is not larger.
 */
static bool
advance(struct request *req, const struct msg *in, const struct msg_block *echo)
{
	if (!req->in_blocks || req->body != NULL || is_last(req))
		return false;
	if (in->code != MSG_CONTINUE && (MSG_CLASS(in->code) != 2 || echo == NULL))
		return false;
	req->offset += (uint32_t)block_len(req);
	if (echo != NULL && echo->szx < req->szx)
		req->szx = echo->szx;
	return true;
}

/* 4.08: the peer has lost what we sent before; once from the start. */
static bool
restart(struct request *req, const struct msg *in)
{
	if (in->code != MSG_INCOMPLETE || !req->in_blocks || req->body != NULL || req->restarted)
		return false;
	req->restarted = true;
	req->offset = 0;
	return true;
}

/* --- Block2: the answer's parts --- */

static bool
same_body(const struct body *body, const struct msg *in)
{
	const struct msg_opt *etag = msg_find(in, OPT_ETAG);
	size_t len = etag != NULL && etag->len <= ETAG_MAX ? etag->len : 0;

	return body->content_format == serve_format(in, OPT_CONTENT_FORMAT) && body->etag_len == len &&
	    (len == 0 || memcmp(body->etag, etag->value, len) == 0);
}

/* What the first part says of the whole. */
static void
identify(struct body *body, const struct msg *in)
{
	const struct msg_opt *etag = msg_find(in, OPT_ETAG);

	body->content_format = serve_format(in, OPT_CONTENT_FORMAT);
	body->etag_len = etag != NULL && etag->len <= ETAG_MAX ? (uint8_t)etag->len : 0;
	if (body->etag_len > 0)
		memcpy(body->etag, etag->value, body->etag_len);
}

/* Room for 'n' bytes more. The old bytes are wiped: a device's answer may hold keys. */
static enum err
body_grow(struct body *body, size_t n, size_t max)
{
	size_t cap = body->cap > 0 ? body->cap * 2 : 1024;
	uint8_t *bytes;

	if (n > max - body->len)
		return ERR_TOOBIG;
	if (body->len + n <= body->cap)
		return ERR_OK;
	while (cap < body->len + n)
		cap *= 2;
	bytes = malloc(cap);
	if (bytes == NULL)
		return ERR_NOMEM;
	if (body->len > 0)
		memcpy(bytes, body->bytes, body->len);
	secret_wipe(body->bytes, body->len);
	free(body->bytes);
	body->bytes = bytes;
	body->cap = cap;
	return ERR_OK;
}

/* Another representation than the one begun: once from the start. */
static enum block_verdict
changed(struct request *req, enum err *why)
{
	*why = ERR_MALFORMED;
	if (req->restarted)
		return BLOCK_FAILED;
	req->restarted = true;
	secret_wipe(req->body->bytes, req->body->len);
	req->body->len = 0;
	return BLOCK_NEXT;
}

static enum block_verdict
collect(struct exchange *x, struct request *req, const struct msg *in, const struct msg_block *b,
    enum err *why)
{
	struct body *body = req->body;
	size_t have = body != NULL ? body->len : 0;

	*why = ERR_MALFORMED;
	if ((size_t)b->num * BLOCK_BYTES(b->szx) != have ||
	    (b->more && !block_is_full(b, in->payload_len)))
		return BLOCK_FAILED;
	if (body == NULL && !b->more)
		return BLOCK_FINAL;
	if (body == NULL && (body = req->body = calloc(1, sizeof(*body))) == NULL) {
		*why = ERR_NOMEM;
		return BLOCK_FAILED;
	}
	if (body->len == 0)
		identify(body, in);
	*why = body_grow(body, in->payload_len, x->opts.params.max_body);
	if (*why != ERR_OK)
		return BLOCK_FAILED;
	if (in->payload_len > 0)
		memcpy(body->bytes + body->len, in->payload, in->payload_len);
	body->len += in->payload_len;
	body->szx = b->szx;
	return b->more ? BLOCK_NEXT : BLOCK_FINAL;
}

enum block_verdict
block_answered(struct peer *peer, const struct msg *in, enum err *why)
{
	struct request *req = peer->request;
	struct msg_block b1, b2;
	enum err bad = ERR_OK;
	bool has_b1 = block_option(peer->link, in, OPT_BLOCK1, &b1, &bad);
	bool has_b2 = block_option(peer->link, in, OPT_BLOCK2, &b2, &bad);

	if (bad != ERR_OK) {
		*why = ERR_MALFORMED;
		return BLOCK_FAILED;
	}
	if (shrink(req, in, has_b1 ? &b1 : NULL) || advance(req, in, has_b1 ? &b1 : NULL) ||
	    restart(req, in))
		return BLOCK_NEXT;
	if (in->code == MSG_CONTINUE) {		/* after the last block, or without any */
		*why = ERR_MALFORMED;
		return BLOCK_FAILED;
	}
	if (!has_b2 || MSG_CLASS(in->code) != 2) {
		block_drop(req);	/* the message is the whole answer */
		return BLOCK_FINAL;
	}
	if (req->body != NULL && req->body->len > 0 && !same_body(req->body, in))
		return changed(req, why);
	return collect(peer->x, req, in, &b2, why);
}
