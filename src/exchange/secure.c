#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "exchange/exchange_priv.h"
#include "oscore/oscore.h"
#include "transport/link.h"

/*
 * OSCORE (RFC 8613) between a carrier and all else: what comes protected is opened, served or taken
 * as an answer as if it had come so, and what goes back to it is protected. Blocks, options and the
 * handler are inside; types, message ids and tokens are outside and stay as they are.
 *
 * A conversation in which the handler began to ask (reply->then) is under the context of that
 * request to its end: our requests are protected, their answers have to be, and requests without
 * protection are turned away meanwhile.
 */

#define ROOM_SLACK	1024	/* options and the rest of a message, besides a body */
#define ERRORS_PER_S	50	/* answers without protection; anybody can ask for them */

enum err
secure_init(struct exchange *x)
{
	size_t cap = x->opts.params.max_body + ROOM_SLACK;
	uint8_t *p;

	if (x->opts.oscore == NULL)
		return ERR_OK;
	p = malloc(3 * cap);
	if (p == NULL)
		return ERR_NOMEM;
	x->opening.p = p;
	x->opening.cap = cap;
	x->sealing.p = p + cap;
	x->sealing.cap = 2 * cap;	/* plaintext and ciphertext */
	return ERR_OK;
}

void
secure_fini(struct exchange *x)
{
	free(x->opening.p);
}

void
secure_adopt(struct peer *peer, struct oscore_context *context)
{
	if (context != NULL)
		context = oscore_hold(context);
	oscore_release(peer->context);
	peer->context = context;
}

bool
secure_turns_away(const struct link *link)
{
	const struct peer *peer = peer_of(link);

	return peer != NULL && peer->held && peer->context != NULL;
}

/* --- requests of the peer --- */

static bool
error_allowed(struct exchange *x)
{
	uint64_t second = loop_now_ms(x->loop) / 1000;

	if (second != x->errors_second) {
		x->errors_second = second;
		x->errors = 0;
	}
	return x->errors++ < ERRORS_PER_S;
}

/* RFC 8613, 8.2: not protected, never cached, and the reason in words. */
static void
answer_error(struct exchange *x, struct link *link, const struct oscore_opened *r, struct answer *a)
{
	enum err e;

	if (!error_allowed(x)) {
		a->reply.silent = true;
		return;
	}
	a->m.code = r->failure.code;
	e = msg_add_uint(&a->m, OPT_MAX_AGE, 0, a->scratch[0]);
	if (e != ERR_OK)	/* never: it is the only option */
		a->m.code = MSG_INTERNAL;
	a->m.payload = (const uint8_t *)r->failure.diagnostic;
	a->m.payload_len = strlen(r->failure.diagnostic);
	if (x->opts.oscore_failed != NULL)
		x->opts.oscore_failed(x->opts.arg, link, &r->failure);
}

static void
seal_answer(struct exchange *x, const struct oscore_opened *r, struct answer *a)
{
	struct msg outer;

	/* our numbers have all been used, or the like: the peer will ask again */
	if (oscore_answer(x->opts.oscore, r, &a->m, &x->sealing, &outer) != ERR_OK)
		a->reply.silent = true;
	else
		a->m = outer;
}

static void
challenge(struct exchange *x, const struct oscore_opened *r, struct answer *a)
{
	a->m.code = MSG_UNAUTHORIZED;
	a->doubtful = true;
	if (msg_add(&a->m, OPT_ECHO, r->echo, sizeof(r->echo)) != ERR_OK)	/* never: the only one */
		a->m.code = MSG_INTERNAL;
	seal_answer(x, r, a);
}

/* The peer has proven who it is, so it may cost a conversation from here on. */
static void
serve_opened(struct exchange *x, struct link *link, const struct msg *inner,
    const struct oscore_opened *r, struct answer *a)
{
	if (peer_make(x, link) == NULL) {
		a->reply.silent = true;
		return;
	}
	x->context = r->context;
	serve_plain(x, link, inner, a);
	x->context = NULL;
	a->proven = true;
	if (a->reply.silent || a->reject)
		return;
	oscore_taken(x->opts.oscore, r);
	seal_answer(x, r, a);
}

void
secure_serve(struct exchange *x, struct link *link, const struct msg *outer, struct answer *ret)
{
	struct oscore_opened r;
	struct msg inner;

	*ret = (struct answer){ .m = { .token_len = outer->token_len } };
	memcpy(ret->m.token, outer->token, sizeof(ret->m.token));
	switch (oscore_open(x->opts.oscore, outer, &x->opening, &inner, &r)) {
	case OSCORE_SILENT:
		ret->reply.silent = true;
		return;
	case OSCORE_REFUSED:
		answer_error(x, link, &r, ret);
		return;
	case OSCORE_CHALLENGE:
		challenge(x, &r, ret);
		break;
	case OSCORE_OPENED:
		inner.type = outer->type;
		inner.token_len = outer->token_len;
		memcpy(inner.token, outer->token, sizeof(inner.token));
		serve_opened(x, link, &inner, &r, ret);
		break;
	}
	oscore_release(r.context);
	secret_wipe(x->opening.p, outer->payload_len);
}

void
secure_identity(const struct exchange *x, struct exchange_incoming *in)
{
	if (x->context != NULL)
		in->oscore = oscore_identity(x->context, &in->oscore_len);
}

uint64_t
secure_serial(const struct exchange *x)
{
	return x->context != NULL ? oscore_serial(x->context) : 0;
}

/* --- requests of ours --- */

enum err
secure_request(struct exchange *x, struct request *req, struct msg *m)
{
	struct msg outer;
	enum err e;

	if (req->context == NULL)
		return ERR_OK;
	e = oscore_ask(x->opts.oscore, req->context, m, &x->sealing, &outer, &req->binding);
	if (e == ERR_OK)
		*m = outer;
	return e != ERR_BUSY ? e : ERR_LIMIT;	/* of numbers; the link is not busy */
}

enum err
secure_last(struct exchange *x, const struct request *req, struct msg *m)
{
	struct msg inner;
	enum err e;

	if (req->context == NULL)
		return ERR_OK;
	e = oscore_asked(x->opts.oscore, req->context, m, &x->opening, &inner);
	if (e == ERR_OK)
		*m = inner;
	return e;
}

enum secure_verdict
secure_answer(struct exchange *x, const struct request *req, const struct msg *outer, struct msg *ret)
{
	bool protected = msg_find(outer, OPT_OSCORE) != NULL;
	struct msg inner;

	if (req->context == NULL && !protected) {
		*ret = *outer;
		return SECURE_ANSWER;
	}
	if (!protected && MSG_CLASS(outer->code) >= 4)
		return SECURE_LOST;	/* RFC 8613, 8.2: it has not got our context (any more) */
	if (req->context == NULL || oscore_answered(x->opts.oscore, req->context, &req->binding, outer,
	    &x->opening, &inner) != ERR_OK || !msg_is_response(inner.code))
		return SECURE_IGNORE;	/* 8.4 */
	*ret = inner;
	return SECURE_ANSWER;
}

void
secure_answer_done(struct exchange *x, const struct msg *outer)
{
	if (x->opts.oscore != NULL && msg_find(outer, OPT_OSCORE) != NULL)
		secret_wipe(x->opening.p, outer->payload_len);
}
