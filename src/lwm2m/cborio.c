#include "lwm2m/cborio.h"

#include <cbor.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"

#define DEPTH_MAX	8	/* record in array, decimal fraction in record: 3 are needed */
#define BREAK		0xff
#define HEAD_MAX	9	/* octets of an item's head */

struct cborio
cborio_over(const void *p, size_t len)
{
	return (struct cborio){ .p = p, .left = len, .err = ERR_OK };
}

void
cborio_fail(struct cborio *r, enum err e)
{
	if (r->err == ERR_OK)
		r->err = e;
}

/* What libcbor calls with the item it found; 'arg' is a struct cborio_item. */

static void
on_uint8(void *arg, uint8_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_UINT, .u = u };
}

static void
on_uint16(void *arg, uint16_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_UINT, .u = u };
}

static void
on_uint32(void *arg, uint32_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_UINT, .u = u };
}

static void
on_uint64(void *arg, uint64_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_UINT, .u = u };
}

static void
on_nint8(void *arg, uint8_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_NINT, .u = u };
}

static void
on_nint16(void *arg, uint16_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_NINT, .u = u };
}

static void
on_nint32(void *arg, uint32_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_NINT, .u = u };
}

static void
on_nint64(void *arg, uint64_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_NINT, .u = u };
}

static void
on_bytes(void *arg, cbor_data p, size_t len)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_BYTES, .p = p, .len = len };
}

static void
on_bytes_start(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_BYTES, .indefinite = true };
}

static void
on_text(void *arg, cbor_data p, size_t len)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_TEXT, .p = p, .len = len };
}

static void
on_text_start(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_TEXT, .indefinite = true };
}

static void
on_array(void *arg, size_t n)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_ARRAY, .u = n };
}

static void
on_array_start(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_ARRAY, .indefinite = true };
}

static void
on_map(void *arg, size_t n)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_MAP, .u = n };
}

static void
on_map_start(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_MAP, .indefinite = true };
}

static void
on_tag(void *arg, uint64_t u)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_TAG, .u = u };
}

static void
on_float(void *arg, float f)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_FLOAT, .f = (double)f };
}

static void
on_double(void *arg, double f)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_FLOAT, .f = f };
}

static void
on_null(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_NULL };
}

static void
on_bool(void *arg, bool b)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_BOOL, .b = b };
}

static void
on_break(void *arg)
{
	*(struct cborio_item *)arg = (struct cborio_item){ .kind = CBORIO_BREAK };
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8, .uint16 = on_uint16, .uint32 = on_uint32, .uint64 = on_uint64,
	.negint8 = on_nint8, .negint16 = on_nint16, .negint32 = on_nint32, .negint64 = on_nint64,
	.byte_string_start = on_bytes_start, .byte_string = on_bytes,
	.string = on_text, .string_start = on_text_start,
	.indef_array_start = on_array_start, .array_start = on_array,
	.indef_map_start = on_map_start, .map_start = on_map,
	.tag = on_tag, .float2 = on_float, .float4 = on_float, .float8 = on_double,
	.undefined = on_null, .null = on_null, .boolean = on_bool, .indef_break = on_break,
};

bool
cborio_next(struct cborio *r, struct cborio_item *ret)
{
	*ret = (struct cborio_item){ .kind = CBORIO_NULL };
	if (r->err != ERR_OK)
		return false;
	if (r->left == 0) {
		r->err = ERR_TRUNCATED;
		return false;
	}
	struct cbor_decoder_result result = cbor_stream_decode(r->p, r->left, &callbacks, ret);
	if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > r->left) {
		r->err = result.status == CBOR_DECODER_NEDATA ? ERR_TRUNCATED : ERR_MALFORMED;
		*ret = (struct cborio_item){ .kind = CBORIO_NULL };
		return false;
	}
	r->p += result.read;
	r->left -= result.read;
	return true;
}

bool
cborio_more(struct cborio *r, struct cborio_item *seq)
{
	if (r->err != ERR_OK)
		return false;
	if (!seq->indefinite)
		return seq->u > 0 && seq->u-- > 0;
	if (r->left == 0) {
		r->err = ERR_TRUNCATED;
		return false;
	}
	if (*r->p != BREAK)
		return true;
	r->p++;
	r->left--;
	return false;
}

/* The chunks of an indefinite string. */
static void
skip_chunks(struct cborio *r, struct cborio_item *head)
{
	struct cborio_item chunk;

	while (cborio_more(r, head))
		if (cborio_next(r, &chunk) && (chunk.kind != head->kind || chunk.indefinite))
			r->err = ERR_MALFORMED;
}

static void
skip(struct cborio *r, unsigned depth)
{
	struct cborio_item item;

	if (depth == 0)
		cborio_fail(r, ERR_TOOBIG);
	if (!cborio_next(r, &item))
		return;
	switch (item.kind) {
	case CBORIO_BYTES:
	case CBORIO_TEXT:
		if (item.indefinite)
			skip_chunks(r, &item);
		break;
	case CBORIO_ARRAY:
		while (cborio_more(r, &item))
			skip(r, depth - 1);
		break;
	case CBORIO_MAP:
		while (cborio_more(r, &item)) {
			skip(r, depth - 1);
			skip(r, depth - 1);
		}
		break;
	case CBORIO_TAG:
		skip(r, depth - 1);
		break;
	case CBORIO_BREAK:
		r->err = ERR_MALFORMED;
		break;
	case CBORIO_UINT:
	case CBORIO_NINT:
	case CBORIO_FLOAT:
	case CBORIO_BOOL:
	case CBORIO_NULL:
		break;
	}
}

void
cborio_skip(struct cborio *r)
{
	skip(r, DEPTH_MAX);
}

bool
cborio_string(struct cborio *r, const struct cborio_item *head, struct arena *arena,
    const uint8_t **ret, size_t *ret_len)
{
	struct cborio_item seq = *head, chunk;
	struct cborio ahead = *r;
	size_t len = 0;

	if (r->err != ERR_OK)
		return false;
	if (!head->indefinite) {
		*ret = head->p;
		*ret_len = head->len;
		return true;
	}
	skip_chunks(&ahead, &seq);
	if (ahead.err != ERR_OK) {
		r->err = ahead.err;
		return false;
	}
	/* The chunks are smaller than the input that they came in. */
	uint8_t *p = arena_alloc(arena, (size_t)(ahead.p - r->p));
	if (p == NULL) {
		r->err = ERR_NOMEM;
		return false;
	}
	while (cborio_more(r, &seq) && cborio_next(r, &chunk)) {
		if (chunk.len > 0)
			memcpy(p + len, chunk.p, chunk.len);
		len += chunk.len;
	}
	*ret = p;
	*ret_len = len;
	return r->err == ERR_OK;
}

void
cborio_put_uint(struct wr *w, uint64_t u)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_uint(u, head, sizeof(head)));
}

void
cborio_put_int(struct wr *w, int64_t i)
{
	uint8_t head[HEAD_MAX];

	if (i >= 0)
		cborio_put_uint(w, (uint64_t)i);
	else
		wr_bytes(w, head, cbor_encode_negint(~(uint64_t)i, head, sizeof(head)));
}

/* The bits of a half float, when 'f' is one exactly (RFC 8949, appendix D). */
static bool
half(float f, uint16_t *ret)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	uint32_t sign = bits >> 16 & 0x8000, fraction = bits & 0x7fffff;
	int exponent = (int)(bits >> 23 & 0xff) - 127;

	if (isnan(f)) {
		*ret = 0x7e00;
	} else if (isinf(f)) {
		*ret = (uint16_t)(sign | 0x7c00);
	} else if (bits << 1 == 0) {
		*ret = (uint16_t)sign;
	} else if (exponent >= -14 && exponent <= 15 && (fraction & 0x1fff) == 0) {
		*ret = (uint16_t)(sign | (uint32_t)(exponent + 15) << 10 | fraction >> 13);
	} else if (exponent >= -24 && exponent < -14) {		/* subnormal, in units of 2^-24 */
		unsigned shift = (unsigned)(-exponent - 1);
		fraction |= 0x800000;
		if ((fraction & ((1u << shift) - 1)) != 0)
			return false;
		*ret = (uint16_t)(sign | fraction >> shift);
	} else {
		return false;
	}
	return true;
}

void
cborio_put_float(struct wr *w, double f)
{
	uint8_t head[HEAD_MAX];
	uint16_t bits;

	if (!isnan(f) && !isinf(f) && (fabs(f) > (double)FLT_MAX || (double)(float)f != f)) {
		wr_bytes(w, head, cbor_encode_double(f, head, sizeof(head)));
	} else if (half((float)f, &bits)) {
		wr_u8(w, 0xf9);
		wr_u16(w, bits);
	} else {
		wr_bytes(w, head, cbor_encode_single((float)f, head, sizeof(head)));
	}
}

void
cborio_put_bool(struct wr *w, bool b)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_bool(b, head, sizeof(head)));
}

void
cborio_put_text(struct wr *w, const void *p, size_t len)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_string_start(len, head, sizeof(head)));
	wr_bytes(w, p, len);
}

void
cborio_put_bytes(struct wr *w, const void *p, size_t len)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_bytestring_start(len, head, sizeof(head)));
	wr_bytes(w, p, len);
}

void
cborio_put_array(struct wr *w, size_t n)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_array_start(n, head, sizeof(head)));
}

void
cborio_put_map(struct wr *w, size_t pairs)
{
	uint8_t head[HEAD_MAX];

	wr_bytes(w, head, cbor_encode_map_start(pairs, head, sizeof(head)));
}
