#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/secret.h"
#include "exchange/exchange_priv.h"
#include "transport/link.h"

/* Requests from the peer, block by block (RFC 7959): Block1 in, Block2 out. */

/* Header, token, options and payload marker of an answer in blocks. */
#define ANSWER_OVERHEAD	40
#define ETAG_LEN	4

/* The body of a request, as far as it has come. */
struct upload {
	uint64_t	 key;
	size_t		 len, cap;
	uint8_t		*bytes;
};

/* The body of an answer, for those who ask for its other blocks. */
struct served {
	uint64_t	 key;
	size_t		 len;
	int32_t		 content_format;
	void		(*then)(void *arg, struct link *);	/* after the last block; or NULL */
	void		*then_arg;
	uint8_t		 code;
	uint8_t		 bytes[];
};

/*
 * What makes two messages parts of one request: method and options but those that differ from
 * block to block (RFC 7959, 2.5; Request-Tag counts, RFC 9175, 3.3). And who asks: what was said under
 * protection must not be had without it.
 */
static uint64_t
key_of(const struct exchange *x, const struct msg *m)
{
	uint64_t part[3] = { m->code, 0, 0 };
	uint64_t serial = secure_serial(x);

	for (size_t i = 0; i < m->nopts; i++) {
		const struct msg_opt *o = &m->opts[i];
		if (o->number == OPT_BLOCK1 || o->number == OPT_BLOCK2 || o->number == OPT_SIZE1 ||
		    o->number == OPT_SIZE2)
			continue;
		part[1] = o->number;
		part[2] = hash_keyed(o->value, o->len);
		part[0] = hash_keyed(part, sizeof(part));
	}
	return serial != 0 ? hash_keyed((uint64_t[]){ part[0], serial }, 2 * sizeof(uint64_t)) : part[0];
}

static void
drop_upload(struct peer *peer)
{
	if (peer->upload == NULL)
		return;
	secret_wipe(peer->upload->bytes, peer->upload->len);
	free(peer->upload->bytes);
	free(peer->upload);
	peer->upload = NULL;
}

static void
drop_served(struct peer *peer)
{
	if (peer->served != NULL)
		secret_wipe(peer->served->bytes, peer->served->len);
	free(peer->served);
	peer->served = NULL;
}

void
blockserve_drop(struct peer *peer)
{
	drop_upload(peer);
	drop_served(peer);
}

static void
add_block(struct answer *a, uint16_t number, const struct msg_block *b)
{
	enum err e = msg_add_block(&a->m, number, b, a->scratch[number == OPT_BLOCK1 ? 1 : 2]);

	if (e != ERR_OK)	/* never: the answer has few options */
		a->m.code = MSG_INTERNAL;
}

/* --- Block1 --- */

static bool
refuse(struct answer *a, uint8_t code)
{
	a->m.code = code;
	return false;
}

/*
 * Who may have a body kept: those we talk to already, or whose address is proven. A stranger's
 * first datagram is worth no memory.
 */
static struct peer *
uploader(struct exchange *x, struct link *link)
{
	return link_scheme(link) == LINK_COAP ? peer_of(link) : peer_make(x, link);
}

static enum err
append(struct upload *u, const struct msg *m, size_t max)
{
	size_t need = u->len + m->payload_len, cap = u->cap > 0 ? u->cap : 1024;
	uint8_t *bytes;

	if (need > max)
		return ERR_TOOBIG;
	while (cap < need)
		cap *= 2;
	if (cap > u->cap) {
		bytes = realloc(u->bytes, cap);
		if (bytes == NULL)
			return ERR_NOMEM;
		u->bytes = bytes;
		u->cap = cap;
	}
	if (m->payload_len > 0)
		memcpy(u->bytes + u->len, m->payload, m->payload_len);
	u->len = need;
	return ERR_OK;
}

/* The upload that the block belongs to; NULL with the refusal in 'a'. */
static struct upload *
upload_for(struct exchange *x, struct link *link, const struct msg *m, const struct msg_block *b,
    struct answer *a)
{
	struct peer *peer = b->num == 0 ? uploader(x, link) : peer_of(link);
	uint64_t key = key_of(x, m);

	if (b->num == 0 && peer != NULL) {
		drop_upload(peer);
		peer->upload = calloc(1, sizeof(*peer->upload));
		if (peer->upload != NULL)
			peer->upload->key = key;
	}
	if (peer != NULL && peer->upload != NULL && peer->upload->key == key &&
	    peer->upload->len == (size_t)b->num * BLOCK_BYTES(b->szx))
		return peer->upload;
	refuse(a, b->num == 0 ? MSG_TOO_LARGE : MSG_INCOMPLETE);
	return NULL;
}

bool
blockserve_collect(struct exchange *x, struct link *link, const struct msg *m,
    struct exchange_incoming *in, struct answer *a)
{
	size_t max = x->opts.params.max_upload;
	uint8_t szx = carrier_of(link)->has_bert ? MSG_SZX_BERT : x->szx;
	enum err bad = ERR_OK;
	struct msg_block b;
	struct upload *u;

	if (!block_option(link, m, OPT_BLOCK1, &b, &bad))
		return bad == ERR_OK || refuse(a, MSG_BAD_REQUEST);
	if (b.more ? !block_is_full(&b, m->payload_len)
	    : b.szx != MSG_SZX_BERT && m->payload_len > BLOCK_BYTES(b.szx))
		return refuse(a, MSG_BAD_REQUEST);
	if (b.more && b.szx > szx)	/* our wish for the rest (RFC 7959, 2.3) */
		add_block(a, OPT_BLOCK1, &(struct msg_block){ b.num, b.more, szx });
	else
		add_block(a, OPT_BLOCK1, &b);
	if (b.num == 0 && !b.more)
		return true;		/* one block is all */
	u = msg_uint(m, OPT_SIZE1) > (int64_t)max || m->payload_len > max ? NULL :
	    upload_for(x, link, m, &b, a);
	if (u == NULL)
		return refuse(a, a->m.code != 0 ? a->m.code : MSG_TOO_LARGE);
	if (append(u, m, max) != ERR_OK) {
		drop_upload(peer_of(link));
		return refuse(a, MSG_TOO_LARGE);
	}
	if (b.more)
		return refuse(a, MSG_CONTINUE);
	in->payload = a->body = u->bytes;	/* the answer has it now, as it may be part of it */
	in->payload_len = a->body_len = u->len;
	u->bytes = NULL;
	u->len = 0;
	drop_upload(peer_of(link));
	return true;
}

/* --- Block2 --- */

/* How to cut an answer for a link. */
struct slicing {
	uint8_t	 szx;		/* the largest that fits a message, our setting and what was asked for */
	size_t	 bytes;		/* of a block */
	size_t	 whole;		/* bytes that need no cutting, unless it was asked for */
};

static struct slicing
fitting(const struct exchange *x, const struct link *link, uint8_t szx)
{
	const struct carrier_limits limits = carrier_of(link)->limits(x, link);
	size_t room = limits.message > ANSWER_OVERHEAD ? limits.message - ANSWER_OVERHEAD : 0;
	struct slicing s;

	if (szx > limits.szx)
		szx = limits.szx;
	while (szx > 0 && BLOCK_BYTES(szx) > room)
		szx--;
	s = (struct slicing){ szx, BLOCK_BYTES(szx), BLOCK_BYTES(szx) };
	if (szx == MSG_SZX_BERT)
		s.bytes = room - room % BLOCK_BYTES(SZX_MAX);
	if (carrier_of(link)->has_bert)
		s.whole = limits.whole < room ? limits.whole : room;
	return s;
}

/* The block that starts at the same byte. */
static struct msg_block
resized(struct msg_block b, uint8_t szx)
{
	b.num = (uint32_t)(b.num * (BLOCK_BYTES(b.szx) / BLOCK_BYTES(szx)));
	b.szx = szx;
	return b;
}

/* Block 'b', of 'n' bytes, of the body that 'a' carries whole; false when the body ends before it. */
static bool
cut(struct answer *a, const uint8_t *body, size_t len, struct msg_block b, size_t n)
{
	size_t at = (size_t)b.num * BLOCK_BYTES(b.szx);
	uint32_t etag = (uint32_t)hash_keyed(body, len);
	enum err e;

	if (at >= len && b.num > 0)
		return false;
	b.more = len - at > n;
	a->m.payload = len > at ? body + at : NULL;
	a->m.payload_len = b.more ? n : len - at;
	memcpy(a->scratch[3], &etag, ETAG_LEN);
	e = msg_add(&a->m, OPT_ETAG, a->scratch[3], ETAG_LEN);
	if (e != ERR_OK)	/* never: the answer has few options */
		a->m.code = MSG_INTERNAL;
	add_block(a, OPT_BLOCK2, &b);
	return true;
}

static void
no_such_block(struct answer *a)
{
	a->m.code = MSG_BAD_REQUEST;
	a->m.nopts = 0;
	a->m.payload = NULL;
	a->m.payload_len = 0;
}

bool
blockserve_kept(struct link *link, const struct msg *m, struct answer *a)
{
	struct peer *peer = peer_of(link);
	struct served *s = peer != NULL ? peer->served : NULL;
	enum err bad = ERR_OK, e = ERR_OK;
	struct slicing slicing;
	struct msg_block b;

	if (!block_option(link, m, OPT_BLOCK2, &b, &bad)) {
		if (bad != ERR_OK)
			a->m.code = MSG_BAD_REQUEST;
		return bad != ERR_OK;
	}
	if (b.num == 0)
		return false;
	if (s == NULL || s->key != key_of(peer->x, m)) {
		a->m.code = MSG_INCOMPLETE;	/* a GET may be evaluated again for one of its blocks */
		return m->code != MSG_GET;
	}
	slicing = fitting(peer->x, link, b.szx);
	b = resized(b, slicing.szx);
	a->m.code = s->code;
	if (s->content_format >= 0)
		e = msg_add_uint(&a->m, OPT_CONTENT_FORMAT, (uint32_t)s->content_format, a->scratch[0]);
	if (e != ERR_OK || !cut(a, s->bytes, s->len, b, slicing.bytes))
		no_such_block(a);
	else if (a->m.payload + a->m.payload_len == s->bytes + s->len) {
		peer->served = NULL;	/* all is told; duplicates have a cache of their own */
		a->reply.then = s->then;
		a->reply.then_arg = s->then_arg;
		a->body = s;
		a->body_len = sizeof(*s) + s->len;
	}
	return true;
}

static void
keep(struct exchange *x, struct link *link, const struct msg *m, const struct answer *a)
{
	struct peer *peer = peer_make(x, link);
	size_t len = a->reply.payload_len;
	struct served *s;

	if (peer == NULL || len > x->opts.params.max_body || (s = malloc(sizeof(*s) + len)) == NULL)
		return;		/* the handler is asked again */
	drop_served(peer);
	peer->served = s;
	*s = (struct served){ .key = key_of(x, m), .len = len, .code = a->m.code,
		.content_format = a->reply.content_format };
	if (a->reply.then_at_last) {
		s->then = a->reply.then;
		s->then_arg = a->reply.then_arg;
	}
	memcpy(s->bytes, a->reply.payload, len);
}

void
blockserve_cut(struct exchange *x, struct link *link, const struct msg *m, struct answer *a)
{
	const struct exchange_reply *r = &a->reply;
	struct msg_block b = { .szx = SZX_MAX };
	enum err bad = ERR_OK;
	bool asked = block_option(link, m, OPT_BLOCK2, &b, &bad);
	struct slicing s = fitting(x, link, asked ? b.szx : MSG_SZX_BERT);

	if (r->silent || (!asked && r->payload_len <= s.whole))
		return;
	if (MSG_CLASS(r->code) != 2 && r->payload_len <= s.whole)
		return;		/* a refusal is no part of what was asked for */
	b = resized(b, s.szx);
	if (!cut(a, r->payload, r->payload_len, b, s.bytes)) {
		no_such_block(a);
		return;
	}
	if (MSG_CLASS(r->code) == 2 && b.num == 0 && r->payload_len > s.bytes)
		keep(x, link, m, a);
	if (r->then_at_last && a->m.payload + a->m.payload_len < r->payload + r->payload_len)
		a->reply.then = NULL;
}
