#include "coap/frame.h"

#include <assert.h>

#include "coap/msg_priv.h"

/*
 *    0                   1                   2
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 …
 *   |  Len  |  TKL  | Extended Length (0, 1, 2 or 4 bytes) … |
 *   |      Code     | Token (TKL bytes) | Options … |1 1 1 1 1 1 1 1| Payload …
 *
 * RFC 8323, 3.2. Len counts what follows the token.
 */
#define LEN_1		13	/* one byte more holds Len - 13, and so on */
#define LEN_2		14
#define LEN_4		15
#define BASE_1		13u
#define BASE_2		269u
#define BASE_4		65805u

/* Len as it is coded, and how many bytes extend the nibble. */
struct coded {
	uint8_t		nibble, bytes;
	uint32_t	base;
};

static struct coded
by_nibble(uint8_t nibble)
{
	switch (nibble) {
	case LEN_1:
		return (struct coded){ nibble, 1, BASE_1 };
	case LEN_2:
		return (struct coded){ nibble, 2, BASE_2 };
	case LEN_4:
		return (struct coded){ nibble, 4, BASE_4 };
	default:
		return (struct coded){ nibble, 0, nibble };
	}
}

static struct coded
by_len(size_t len)
{
	return by_nibble(len < BASE_1 ? (uint8_t)len : len < BASE_2 ? LEN_1 : len < BASE_4 ? LEN_2 :
	    LEN_4);
}

/* First byte and extension; what follows the token is *ret_len long. */
static uint8_t
read_len(struct rd *r, uint64_t *ret_len)
{
	uint8_t first = rd_u8(r), token_len = first & 15;
	struct coded c = by_nibble(first >> 4);

	if (token_len > MSG_TOKEN_MAX)
		rd_fail(r, ERR_MALFORMED);
	*ret_len = c.base + (c.bytes > 0 ? rd_uint(r, c.bytes) : 0);
	return token_len;
}

enum err
frame_len(const uint8_t *p, size_t len, uint64_t *ret)
{
	struct rd r = rd_over(p, len);
	uint64_t body;
	uint8_t token_len = read_len(&r, &body);

	if (r.err == ERR_OK)
		*ret = (len - r.left) + 1 + token_len + body;
	return r.err;
}

enum err
frame_decode(const uint8_t *buf, size_t len, struct msg *ret)
{
	struct rd r = rd_over(buf, len);
	const uint8_t *token;
	uint64_t body;

	ret->type = MSG_CON;
	ret->mid = 0;
	ret->token_len = read_len(&r, &body);
	ret->code = rd_u8(&r);
	token = rd_bytes(&r, ret->token_len);
	if (token != NULL && ret->token_len > 0)
		memcpy(ret->token, token, ret->token_len);
	if (r.err == ERR_OK && body != r.left)
		rd_fail(&r, body > r.left ? ERR_TRUNCATED : ERR_MALFORMED);
	msg_read_body(&r, ret);
	return r.err;
}

enum err
frame_encode(const struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct wr w = wr_over(buf, cap);
	size_t body = msg_body_len(m);
	struct coded c = by_len(body);

	assert(m->token_len <= MSG_TOKEN_MAX && m->nopts <= MSG_OPTS_MAX);
	if (body > cap)		/* 'body' may not be a Len at all */
		return ERR_TOOBIG;
	wr_u8(&w, (uint8_t)(c.nibble << 4 | m->token_len));
	if (c.bytes > 0)
		wr_uint(&w, body - c.base, c.bytes);
	wr_u8(&w, m->code);
	wr_bytes(&w, m->token, m->token_len);
	msg_write_body(&w, m);
	if (w.err == ERR_OK)
		*ret_len = w.len;
	return w.err;
}
