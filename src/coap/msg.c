#include <assert.h>
#include <coap3/coap.h>
#include <stdio.h>

#include "base/rd.h"
#include "base/wr.h"
#include "coap/msg_priv.h"

/*
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |Ver| T |  TKL  |      Code     |          Message ID           |
 *   |   Token (TKL bytes) | Options … |1 1 1 1 1 1 1 1| Payload …
 *
 * RFC 7252, 3. The options themselves (3.1) are coded by libcoap.
 */
#define VERSION	1
#define MARKER	0xff

_Static_assert(OPT_URI_PATH == COAP_OPTION_URI_PATH && OPT_ACCEPT == COAP_OPTION_ACCEPT &&
    OPT_CONTENT_FORMAT == COAP_OPTION_CONTENT_FORMAT && OPT_URI_QUERY == COAP_OPTION_URI_QUERY &&
    OPT_BLOCK1 == COAP_OPTION_BLOCK1 && OPT_BLOCK2 == COAP_OPTION_BLOCK2 &&
    OPT_SIZE1 == COAP_OPTION_SIZE1 && OPT_ECHO == COAP_OPTION_ECHO &&
    OPT_NO_RESPONSE == COAP_OPTION_NORESPONSE && OPT_REQUEST_TAG == COAP_OPTION_RTAG,
    "option numbers as libcoap has them");

/* A Reset, until the header is known: nobody answers one. */
static void
decode_header(struct rd *r, struct msg *m)
{
	uint8_t first = rd_u8(r), code = rd_u8(r), token_len = first & 15;
	uint16_t mid = rd_u16(r);
	const uint8_t *token;

	m->type = MSG_RESET;
	m->code = MSG_EMPTY;
	m->mid = 0;
	m->token_len = 0;
	if (r->err != ERR_OK)
		return;
	if (first >> 6 != VERSION) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	m->type = first >> 4 & 3;
	m->code = code;
	m->mid = mid;
	if (token_len > MSG_TOKEN_MAX || token_len > r->left) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	token = rd_bytes(r, token_len);
	m->token_len = token_len;
	memcpy(m->token, token, token_len);
}

/* One option; 'number' is the one before it. */
static void
decode_option(struct rd *r, unsigned *number, struct msg_opt *ret)
{
	coap_option_t opt;
	size_t n = coap_opt_parse(r->p, r->left, &opt);

	/* libcoap counts deltas in 16 bits and wraps around: the long form starts at 269. */
	if (n == 0 || (r->p[0] >> 4 == 14 && opt.delta < 269) || opt.length > UINT16_MAX ||
	    *number + opt.delta > UINT16_MAX) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	*number += opt.delta;
	ret->number = (uint16_t)*number;
	ret->len = (uint16_t)opt.length;
	ret->value = opt.value;
	(void)rd_bytes(r, n);
}

void
msg_read_body(struct rd *r, struct msg *m)
{
	unsigned number = 0;

	m->nopts = 0;
	m->payload = NULL;
	m->payload_len = 0;
	while (r->err == ERR_OK && r->left > 0 && r->p[0] != MARKER) {
		if (m->nopts == MSG_OPTS_MAX)
			rd_fail(r, ERR_TOOBIG);
		else
			decode_option(r, &number, &m->opts[m->nopts++]);
	}
	if (r->err == ERR_OK && r->left == 1)	/* a marker, and nothing behind it */
		rd_fail(r, ERR_MALFORMED);
	if (r->err == ERR_OK && r->left > 1) {
		m->payload = r->p + 1;
		m->payload_len = r->left - 1;
	}
}

enum err
msg_decode(const uint8_t *buf, size_t len, struct msg *ret)
{
	struct rd r = rd_over(buf, len);

	decode_header(&r, ret);
	if (r.err == ERR_OK && ret->code == MSG_EMPTY && len > 4)	/* RFC 7252, 4.1 */
		rd_fail(&r, ERR_MALFORMED);
	msg_read_body(&r, ret);
	return r.err;
}

/* Positions of the options by number; equal numbers stay as they stand. */
static void
sort_options(const struct msg *m, uint8_t order[MSG_OPTS_MAX])
{
	for (uint8_t i = 0; i < m->nopts; i++) {
		uint8_t j = i;

		for (; j > 0 && m->opts[order[j - 1]].number > m->opts[i].number; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
}

void
msg_write_body(struct wr *w, const struct msg *m)
{
	uint8_t order[MSG_OPTS_MAX];
	uint16_t number = 0;

	sort_options(m, order);
	for (size_t i = 0; i < m->nopts && w->err == ERR_OK; i++) {
		const struct msg_opt *o = &m->opts[order[i]];
		uint16_t delta = (uint16_t)(o->number - number);
		uint8_t *room = wr_room(w, coap_opt_encode_size(delta, o->len));

		if (room != NULL)
			coap_opt_encode(room, (size_t)(w->p + w->len - room), delta, o->value, o->len);
		number = o->number;
	}
	if (m->payload_len > 0) {
		wr_u8(w, MARKER);
		wr_bytes(w, m->payload, m->payload_len);
	}
}

size_t
msg_body_len(const struct msg *m)
{
	uint8_t order[MSG_OPTS_MAX];
	uint16_t number = 0;
	size_t len = m->payload_len > 0 ? 1 + m->payload_len : 0;

	sort_options(m, order);
	for (size_t i = 0; i < m->nopts; i++) {
		const struct msg_opt *o = &m->opts[order[i]];

		len += coap_opt_encode_size((uint16_t)(o->number - number), o->len);
		number = o->number;
	}
	return len;
}

enum err
msg_encode(const struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct wr w = wr_over(buf, cap);

	assert(m->token_len <= MSG_TOKEN_MAX && m->nopts <= MSG_OPTS_MAX);
	wr_u8(&w, (uint8_t)(VERSION << 6 | (m->type & 3) << 4 | m->token_len));
	wr_u8(&w, m->code);
	wr_u16(&w, m->mid);
	wr_bytes(&w, m->token, m->token_len);
	msg_write_body(&w, m);
	if (w.err == ERR_OK)
		*ret_len = w.len;
	return w.err;
}

enum err
msg_add(struct msg *m, uint16_t number, const void *value, size_t len)
{
	if (m->nopts == MSG_OPTS_MAX || len > UINT16_MAX)
		return ERR_TOOBIG;
	m->opts[m->nopts++] = (struct msg_opt){ number, (uint16_t)len, value };
	return ERR_OK;
}

enum err
msg_add_uint(struct msg *m, uint16_t number, uint32_t v, uint8_t scratch[4])
{
	return msg_add(m, number, scratch, coap_encode_var_safe(scratch, 4, v));
}

const struct msg_opt *
msg_find(const struct msg *m, uint16_t number)
{
	for (size_t i = 0; i < m->nopts; i++) {
		if (m->opts[i].number == number)
			return &m->opts[i];
	}
	return NULL;
}

int64_t
msg_uint(const struct msg *m, uint16_t number)
{
	const struct msg_opt *o = msg_find(m, number);

	if (o == NULL || o->len > 4)
		return -1;
	return (int64_t)coap_decode_var_bytes(o->value, o->len);
}

#define BLOCK_NUM_MAX	0xfffff	/* 20 bits: RFC 7959, 2.2 */

bool
msg_block_bert(const struct msg *m, uint16_t number, struct msg_block *ret, enum err *e)
{
	const struct msg_opt *o = msg_find(m, number);
	uint32_t v;

	if (o == NULL)
		return false;
	if (o->len > 3) {
		*e = ERR_MALFORMED;
		return false;
	}
	v = coap_decode_var_bytes(o->value, o->len);
	*ret = (struct msg_block){ .num = v >> 4, .more = v >> 3 & 1, .szx = v & 7 };
	return true;
}

bool
msg_block(const struct msg *m, uint16_t number, struct msg_block *ret, enum err *e)
{
	struct msg_block b;

	if (!msg_block_bert(m, number, &b, e))
		return false;
	if (b.szx == MSG_SZX_BERT) {
		*e = ERR_MALFORMED;
		return false;
	}
	*ret = b;
	return true;
}

enum err
msg_add_block(struct msg *m, uint16_t number, const struct msg_block *b, uint8_t scratch[4])
{
	if (b->num > BLOCK_NUM_MAX)
		return ERR_TOOBIG;
	assert(b->szx <= MSG_SZX_BERT);
	return msg_add_uint(m, number, b->num << 4 | (uint32_t)b->more << 3 | b->szx, scratch);
}

const char *
msg_code_text(uint8_t code, char buf[8])
{
	snprintf(buf, 8, "%d.%02d", MSG_CLASS(code), code & 31);
	return buf;
}

static const char *const code_names[256] = {
	[MSG_EMPTY] = "Empty",
	[MSG_GET] = "GET",
	[MSG_POST] = "POST",
	[MSG_PUT] = "PUT",
	[MSG_DELETE] = "DELETE",
	[MSG_CREATED] = "Created",
	[MSG_DELETED] = "Deleted",
	[MSG_CODE(2, 3)] = "Valid",
	[MSG_CHANGED] = "Changed",
	[MSG_CONTENT] = "Content",
	[MSG_CONTINUE] = "Continue",
	[MSG_BAD_REQUEST] = "Bad Request",
	[MSG_UNAUTHORIZED] = "Unauthorized",
	[MSG_BAD_OPTION] = "Bad Option",
	[MSG_FORBIDDEN] = "Forbidden",
	[MSG_NOT_FOUND] = "Not Found",
	[MSG_METHOD_NOT_ALLOWED] = "Method Not Allowed",
	[MSG_NOT_ACCEPTABLE] = "Not Acceptable",
	[MSG_INCOMPLETE] = "Request Entity Incomplete",
	[MSG_CODE(4, 9)] = "Conflict",
	[MSG_CODE(4, 12)] = "Precondition Failed",
	[MSG_TOO_LARGE] = "Request Entity Too Large",
	[MSG_UNSUPPORTED_FORMAT] = "Unsupported Content-Format",
	[MSG_CODE(4, 22)] = "Unprocessable Entity",
	[MSG_CODE(4, 29)] = "Too Many Requests",
	[MSG_INTERNAL] = "Internal Server Error",
	[MSG_NOT_IMPLEMENTED] = "Not Implemented",
	[MSG_CODE(5, 2)] = "Bad Gateway",
	[MSG_UNAVAILABLE] = "Service Unavailable",
	[MSG_CODE(5, 4)] = "Gateway Timeout",
	[MSG_CODE(5, 5)] = "Proxying Not Supported",
};

const char *
msg_code_name(uint8_t code)
{
	return code_names[code] != NULL ? code_names[code] : "";
}
