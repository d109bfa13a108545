#include "oscore/message.h"

#include <string.h>

#include "base/rd.h"
#include "base/secret.h"
#include "base/wr.h"
#include "oscore/cbor_priv.h"

/*
 * The option's value (RFC 8613, 6.1); without any bit set it is empty.
 *
 *	|0 0 0 h k  n  | Partial IV: n | s: 1, kid context: s, if h | kid: the rest, if k |
 */
enum { FLAG_KID = 8, FLAG_KID_CONTEXT = 16, FLAGS_PIV = 7, FLAGS_RESERVED = 0xe0 };

#define HEADER_LEN	4	/* of a CoAP message without token: what plaintext is read and written with */

static void
read_piv(struct rd *r, size_t n, struct oscore_piv *ret)
{
	const uint8_t *p = n <= OSCORE_PIV_MAX ? rd_bytes(r, n) : NULL;

	if (n > OSCORE_PIV_MAX || (n > 1 && p != NULL && p[0] == 0))
		rd_fail(r, ERR_MALFORMED);	/* not in its shortest form */
	else if (p != NULL)
		memcpy(ret->bytes, p, n);
	ret->len = (uint8_t)n;
}

static enum err
read_value(const struct msg_opt *o, struct oscore_header *ret)
{
	struct rd r = rd_over(o->value, o->len);
	struct oscore_header h = { .has_kid = false };
	uint8_t flags;

	if (o->len > 0) {
		flags = rd_u8(&r);
		if (flags == 0 || (flags & FLAGS_RESERVED) != 0)
			rd_fail(&r, ERR_MALFORMED);
		read_piv(&r, flags & FLAGS_PIV, &h.piv);
		h.has_kid = (flags & FLAG_KID) != 0;
		h.has_kid_context = (flags & FLAG_KID_CONTEXT) != 0;
		if (h.has_kid_context) {
			h.kid_context_len = rd_u8(&r);
			h.kid_context = rd_bytes(&r, h.kid_context_len);
		}
		if (r.left > OSCORE_ID_MAX || (!h.has_kid && r.left > 0))
			rd_fail(&r, ERR_MALFORMED);
	}
	if (r.err != ERR_OK)
		return ERR_MALFORMED;
	h.kid.len = (uint8_t)r.left;
	if (r.left > 0)
		memcpy(h.kid.bytes, r.p, r.left);
	*ret = h;
	return ERR_OK;
}

bool
oscore_header_read(const struct msg *m, struct oscore_header *ret, enum err *e)
{
	const struct msg_opt *o = msg_find(m, OPT_OSCORE);

	if (o == NULL)
		return false;
	*e = read_value(o, ret);
	return *e == ERR_OK;
}

static size_t
write_value(const struct oscore_piv *piv, const struct oscore_keys *named, struct oscore_room *room)
{
	struct wr w = wr_over(room->option, sizeof(room->option));
	bool context = named != NULL && named->id_context_len > 0;

	if (named == NULL && piv->len == 0)
		return 0;
	wr_u8(&w, (uint8_t)(piv->len | (named != NULL ? FLAG_KID : 0) | (context ? FLAG_KID_CONTEXT : 0)));
	wr_bytes(&w, piv->bytes, piv->len);
	if (context) {
		wr_u8(&w, named->id_context_len);
		wr_bytes(&w, named->id_context, named->id_context_len);
	}
	if (named != NULL)
		wr_bytes(&w, named->sender.bytes, named->sender.len);
	return w.len;
}

/* --- the AEAD's part --- */

/*
 * ["Encrypt0", h'', external_aad], and in it [1, [alg], request_kid, request_piv, h''] (5.4):
 * at most 20 bytes and those of both values.
 */
#define AAD_MAX	48

static size_t
write_aad(const struct oscore_keys *k, const struct oscore_binding *b, uint8_t aad[AAD_MAX])
{
	uint8_t external[AAD_MAX];
	struct wr x = wr_over(external, sizeof(external)), w = wr_over(aad, AAD_MAX);

	cbor_head(&x, CBOR_ARRAY, 5);
	cbor_head(&x, CBOR_UINT, 1);
	cbor_head(&x, CBOR_ARRAY, 1);
	cbor_head(&x, CBOR_UINT, (uint64_t)k->alg->number);
	cbor_bytes(&x, b->kid.bytes, b->kid.len);
	cbor_bytes(&x, b->piv.bytes, b->piv.len);
	cbor_bytes(&x, NULL, 0);
	cbor_head(&w, CBOR_ARRAY, 3);
	cbor_head(&w, CBOR_TEXT, strlen("Encrypt0"));
	wr_text(&w, "Encrypt0");
	cbor_bytes(&w, NULL, 0);
	cbor_bytes(&w, external, x.len);
	return w.len;
}

/* Who encrypted, with which nonce, bound to which request. */
struct seal {
	const uint8_t			*key;
	const struct oscore_id		*id;
	const struct oscore_piv		*piv;
	const struct oscore_binding	*binding;
};

static void
fill(const struct oscore_keys *k, const struct seal *s, uint8_t nonce[OSCORE_NONCE_MAX],
    uint8_t aad[AAD_MAX], struct oscore_seal *ret)
{
	oscore_nonce(k, s->id, s->piv, nonce);
	*ret = (struct oscore_seal){ .alg = k->alg, .key = s->key, .nonce = nonce, .aad = aad,
		.aad_len = write_aad(k, s->binding, aad) };
}

/* Options for proxies stay outside (4.1.2); Observe, which would be on both sides, is not used here. */
static bool
stays_outside(uint16_t number)
{
	return number == OPT_URI_HOST || number == OPT_URI_PORT || number == OPT_PROXY_URI ||
	    number == OPT_PROXY_SCHEME || number == OPT_OSCORE;
}

/* Code, inner options and payload, at room->p + 3; they are part of a message with an empty header. */
static enum err
write_plaintext(const struct msg *inner, struct oscore_room *room, struct msg *outer, size_t *ret_len)
{
	struct msg m = { .code = inner->code, .payload = inner->payload, .payload_len = inner->payload_len };
	size_t len;
	enum err e;

	for (size_t i = 0; i < inner->nopts; i++) {
		struct msg *to = stays_outside(inner->opts[i].number) ? outer : &m;
		to->opts[to->nopts++] = inner->opts[i];
	}
	e = msg_encode(&m, room->p, room->cap, &len);
	if (e != ERR_OK)
		return e;
	room->p[HEADER_LEN - 1] = m.code;
	*ret_len = len - (HEADER_LEN - 1);
	return ERR_OK;
}

/* The ciphertext comes behind the plaintext in the room. */
static enum err
protect(struct oscore_aead *a, const struct oscore_keys *k, const struct seal *s, const struct msg *inner,
    struct oscore_room *room, struct msg *outer)
{
	uint8_t nonce[OSCORE_NONCE_MAX], aad[AAD_MAX], *plain = room->p + HEADER_LEN - 1;
	struct oscore_seal seal;
	size_t len;
	enum err e = write_plaintext(inner, room, outer, &len);

	if (e == ERR_OK && room->cap < HEADER_LEN + 2 * len + k->alg->tag_len)
		e = ERR_TOOBIG;
	if (e != ERR_OK)
		return e;
	fill(k, s, nonce, aad, &seal);
	e = oscore_aead_encrypt(a, &seal, plain, len, plain + len);
	outer->payload = plain + len;
	outer->payload_len = len + k->alg->tag_len;
	secret_wipe(plain, len);
	return e;
}

static struct msg
outside(const struct msg *inner, uint8_t code)
{
	struct msg m = { .type = inner->type, .code = code, .mid = inner->mid,
		.token_len = inner->token_len };

	memcpy(m.token, inner->token, sizeof(m.token));
	return m;
}

static enum err
add_option(struct msg *outer, const struct oscore_room *room, size_t len)
{
	return msg_add(outer, OPT_OSCORE, room->option, len);
}

enum err
oscore_protect_request(struct oscore_aead *a, const struct oscore_keys *k, uint64_t number,
    const struct msg *inner, struct oscore_room *room, struct msg *outer, struct oscore_binding *ret)
{
	struct oscore_binding b = { .kid = k->sender, .piv = oscore_piv(number) };
	const struct seal s = { k->sender_key, &k->sender, &b.piv, &b };
	struct msg m = outside(inner, MSG_POST);	/* 4.1.3.5 */
	enum err e = add_option(&m, room, write_value(&b.piv, k, room));

	if (e == ERR_OK)
		e = protect(a, k, &s, inner, room, &m);
	if (e != ERR_OK)
		return e;
	*outer = m;
	*ret = b;
	return ERR_OK;
}

enum err
oscore_protect_response(struct oscore_aead *a, const struct oscore_keys *k, const struct oscore_binding *b,
    const uint64_t *own, const struct msg *inner, struct oscore_room *room, struct msg *outer)
{
	struct oscore_piv piv = own != NULL ? oscore_piv(*own) : (struct oscore_piv){ .len = 0 };
	const struct seal s = { k->sender_key, own != NULL ? &k->sender : &b->kid,
		own != NULL ? &piv : &b->piv, b };
	struct msg m = outside(inner, MSG_CHANGED);	/* 4.1.3.5 */
	enum err e = add_option(&m, room, write_value(&piv, NULL, room));

	if (e == ERR_OK)
		e = protect(a, k, &s, inner, room, &m);
	if (e == ERR_OK)
		*outer = m;
	return e;
}

/* Back to a message; options that are the outside's have no say in here. */
static enum err
open_sealed(struct oscore_aead *a, const struct oscore_keys *k, const struct seal *s,
    const struct msg *outer, struct oscore_room *room, struct msg *inner)
{
	uint8_t nonce[OSCORE_NONCE_MAX], aad[AAD_MAX], *plain = room->p + HEADER_LEN - 1;
	struct oscore_seal seal;
	size_t len = outer->payload_len;
	enum err e;

	if (len <= k->alg->tag_len)
		return ERR_MALFORMED;
	if (room->cap < len + HEADER_LEN)
		return ERR_TOOBIG;
	fill(k, s, nonce, aad, &seal);
	e = oscore_aead_decrypt(a, &seal, outer->payload, len, plain);
	if (e != ERR_OK)
		return e;
	memcpy(room->p, (const uint8_t[HEADER_LEN]){ 1u << 6, plain[0], 0, 0 }, HEADER_LEN);
	e = msg_decode(room->p, HEADER_LEN - 1 + len - k->alg->tag_len, inner);
	return e == ERR_TRUNCATED ? ERR_MALFORMED : e;
}

enum err
oscore_open_request(struct oscore_aead *a, const struct oscore_keys *k, const struct msg *outer,
    struct oscore_room *room, struct msg *inner, struct oscore_binding *ret)
{
	struct oscore_header h;
	struct oscore_binding b;
	enum err e = ERR_MALFORMED;

	if (!oscore_header_read(outer, &h, &e) || !h.has_kid || h.piv.len == 0)
		return ERR_MALFORMED;
	b = (struct oscore_binding){ .kid = h.kid, .piv = h.piv };
	e = open_sealed(a, k, &(struct seal){ k->recipient_key, &k->recipient, &b.piv, &b }, outer, room,
	    inner);
	if (e == ERR_OK)
		*ret = b;
	return e;
}

enum err
oscore_open_response(struct oscore_aead *a, const struct oscore_keys *k, const struct oscore_binding *b,
    const struct msg *outer, struct oscore_room *room, struct msg *inner)
{
	struct oscore_header h;
	enum err e = ERR_MALFORMED;
	bool own;

	if (!oscore_header_read(outer, &h, &e))
		return ERR_MALFORMED;
	own = h.piv.len > 0;
	return open_sealed(a, k, &(struct seal){ k->recipient_key, own ? &k->recipient : &b->kid,
	    own ? &h.piv : &b->piv, b }, outer, room, inner);
}

enum err
oscore_open_own(struct oscore_aead *a, const struct oscore_keys *k, const struct msg *outer,
    struct oscore_room *room, struct msg *inner)
{
	struct oscore_header h;
	struct oscore_binding b;
	enum err e = ERR_MALFORMED;

	if (!oscore_header_read(outer, &h, &e))
		return ERR_MALFORMED;
	b = (struct oscore_binding){ .kid = k->sender, .piv = h.piv };
	return open_sealed(a, k, &(struct seal){ k->sender_key, &k->sender, &b.piv, &b }, outer, room, inner);
}
