/* SenML CBOR 112 (RFC 8428; spec/bootstrap.md 4.3 and 4.4). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lwm2m/cborio.h"
#include "lwm2m/format_priv.h"

/* Labels of record members (RFC 8428, 6). */
enum {
	LABEL_BASE_SUM = -6, LABEL_BASE_VALUE = -5, LABEL_BASE_NAME = -2, LABEL_BASE_VERSION = -1,
	LABEL_NAME = 0, LABEL_VALUE = 2, LABEL_STRING = 3, LABEL_BOOLEAN = 4, LABEL_SUM = 5,
	LABEL_DATA = 8, LABEL_FIRST = LABEL_BASE_SUM, LABEL_LAST = LABEL_DATA,
};
#define LABEL_OBJLNK	"vlo"		/* the one member of LwM2M's own */
#define VERSION_MAX	10		/* bver: the version of RFC 8428 */
#define TAG_DECIMAL	4		/* [exponent, mantissa] (RFC 8949, 3.4.4) */
#define NAME_MAX_LEN	(PATH_TEXT_MAX - 1)

static size_t
put_id(char *p, uint16_t id)
{
	char digits[5];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + id % 10);
		id /= 10;
	} while (id > 0);
	for (size_t i = 0; i < n; i++)
		p[i] = digits[n - 1 - i];
	return n;
}

/* The ids of a path from level 'from' on, with slashes between them. */
static size_t
put_name(char buf[PATH_TEXT_MAX], const struct path *path, unsigned from)
{
	size_t n = 0;

	for (unsigned i = from; i < path->depth; i++) {
		if (i > from)
			buf[n++] = '/';
		n += put_id(buf + n, path->id[i]);
	}
	return n;
}

/* "/", "/0/", "/0/1/"; without the last slash when the target's own name is all there is. */
static void
put_base_name(struct wr *w, const struct path *target, bool whole)
{
	char buf[PATH_TEXT_MAX + 2] = "/";
	size_t n = 1 + put_name(buf + 1, target, 0);

	if (target->depth > 0 && !whole)
		buf[n++] = '/';
	cborio_put_int(w, LABEL_BASE_NAME);
	cborio_put_text(w, buf, n);
}

static enum err
put_value(struct wr *w, const struct value *v)
{
	char buf[OBJLNK_TEXT_MAX];

	switch (v->type) {
	case VALUE_NONE:	/* SenML cannot say that a resource has no instance */
		return ERR_UNSUPPORTED;
	case VALUE_STRING:
	case VALUE_CORELNK:
		cborio_put_uint(w, LABEL_STRING);
		cborio_put_text(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		cborio_put_uint(w, LABEL_VALUE);
		cborio_put_int(w, v->i);
		break;
	case VALUE_UNSIGNED:
		cborio_put_uint(w, LABEL_VALUE);
		cborio_put_uint(w, v->u);
		break;
	case VALUE_FLOAT:
		cborio_put_uint(w, LABEL_VALUE);
		cborio_put_float(w, v->f);
		break;
	case VALUE_BOOLEAN:
		cborio_put_uint(w, LABEL_BOOLEAN);
		cborio_put_bool(w, v->b);
		break;
	case VALUE_OPAQUE:
		cborio_put_uint(w, LABEL_DATA);
		cborio_put_bytes(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_OBJLNK:
		cborio_put_text(w, LABEL_OBJLNK, strlen(LABEL_OBJLNK));
		cborio_put_text(w, buf, objlnk_format(v, buf));
		break;
	}
	return ERR_OK;
}

enum err
format_senml_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w)
{
	char name[PATH_TEXT_MAX];

	if (target->depth > 3)		/* nothing is written to a resource instance (1.5) */
		return ERR_UNSUPPORTED;
	cborio_put_array(w, n);
	for (size_t i = 0; i < n; i++) {
		bool base = i == 0, named = nodes[i].path.depth > target->depth;
		cborio_put_map(w, 1u + base + named);
		if (base)
			put_base_name(w, target, !named);
		if (named) {
			cborio_put_uint(w, LABEL_NAME);
			cborio_put_text(w, name, put_name(name, &nodes[i].path, target->depth));
		}
		enum err e = put_value(w, &nodes[i].value);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

struct text {
	const uint8_t	*p;
	size_t		 len;
};

/* What a record says, and the base name that stays in force. */
struct record {
	struct text	base, name;
	bool		has_value;
	struct value	value;
	unsigned	seen;		/* bit per label */
};

static void
set_value(struct cborio *r, struct record *rec, struct value v)
{
	if (rec->has_value)		/* one value a record (4.3, rule 3) */
		cborio_fail(r, ERR_MALFORMED);
	rec->has_value = true;
	rec->value = v;
}

/* The string that comes next, of the kind asked for. */
static struct text
get_string(struct decoding *d, struct cborio *r, enum cborio_kind kind)
{
	struct cborio_item item;
	struct text text = { NULL, 0 };

	if (cborio_next(r, &item) && item.kind != kind)
		cborio_fail(r, ERR_MALFORMED);
	if (cborio_string(r, &item, d->out->arena, &text.p, &text.len) &&
	    kind == CBORIO_TEXT && !text_is_utf8(text.p, text.len))
		cborio_fail(r, ERR_MALFORMED);
	return text;
}

/* A whole number that fits into 64 bits with its sign; others fail. */
static int64_t
get_int64(struct cborio *r)
{
	struct cborio_item item;

	if (!cborio_next(r, &item))
		return 0;
	if ((item.kind != CBORIO_UINT && item.kind != CBORIO_NINT) || item.u > INT64_MAX) {
		cborio_fail(r, ERR_MALFORMED);
		return 0;
	}
	return item.kind == CBORIO_UINT ? (int64_t)item.u : -1 - (int64_t)item.u;
}

/* [exponent, mantissa]: exact as long as it is whole, else the nearest float. */
static struct value
get_decimal(struct cborio *r)
{
	struct cborio_item item;
	char text[48];

	if (cborio_next(r, &item) && (item.kind != CBORIO_ARRAY || item.indefinite || item.u != 2))
		cborio_fail(r, ERR_MALFORMED);
	int64_t exponent = get_int64(r), mantissa = get_int64(r);
	if (r->err != ERR_OK)
		return value_integer(0);

	int64_t e = exponent, m = mantissa, m10;
	for (; e < 0 && m % 10 == 0 && m != 0; e++)
		m /= 10;
	for (; e > 0 && m != 0 && !__builtin_mul_overflow(m, 10, &m10); e--)
		m = m10;
	if (e == 0 || m == 0)
		return value_integer(m);
	snprintf(text, sizeof(text), "%" PRId64 "e%" PRId64, mantissa, exponent);
	double f = strtod(text, NULL);
	if (f == 0 || isinf(f))		/* out of all range */
		cborio_fail(r, ERR_MALFORMED);
	return value_float(f);
}

static struct value
get_number(struct cborio *r)
{
	struct cborio_item item;

	if (!cborio_next(r, &item))
		return value_integer(0);
	switch (item.kind) {
	case CBORIO_UINT:
		return item.u <= INT64_MAX ? value_integer((int64_t)item.u) : value_unsigned(item.u);
	case CBORIO_NINT:
		if (item.u > INT64_MAX)
			break;
		return value_integer(-1 - (int64_t)item.u);
	case CBORIO_FLOAT:
		return value_float(item.f);
	case CBORIO_TAG:
		if (item.u != TAG_DECIMAL)
			break;
		return get_decimal(r);
	case CBORIO_BYTES:
	case CBORIO_TEXT:
	case CBORIO_ARRAY:
	case CBORIO_MAP:
	case CBORIO_BOOL:
	case CBORIO_NULL:
	case CBORIO_BREAK:
		break;
	}
	cborio_fail(r, ERR_MALFORMED);
	return value_integer(0);
}

static struct value
get_boolean(struct cborio *r)
{
	struct cborio_item item;

	if (cborio_next(r, &item) && item.kind != CBORIO_BOOL)
		cborio_fail(r, ERR_MALFORMED);
	return value_boolean(item.b);
}

static struct value
get_objlnk(struct decoding *d, struct cborio *r)
{
	struct text text = get_string(d, r, CBORIO_TEXT);
	struct value v = value_objlnk(UINT16_MAX, UINT16_MAX);

	if (r->err == ERR_OK && objlnk_parse(text.p, text.len, &v) != ERR_OK)
		cborio_fail(r, ERR_MALFORMED);
	return v;
}

static void
get_labelled(struct decoding *d, struct cborio *r, int64_t label, struct record *rec)
{
	struct text text;

	if (label >= LABEL_FIRST && label <= LABEL_LAST) {
		unsigned bit = 1u << (label - LABEL_FIRST);
		if ((rec->seen & bit) != 0)
			cborio_fail(r, ERR_MALFORMED);
		rec->seen |= bit;
	}
	switch (label) {
	case LABEL_BASE_NAME:
		rec->base = get_string(d, r, CBORIO_TEXT);
		break;
	case LABEL_NAME:
		rec->name = get_string(d, r, CBORIO_TEXT);
		break;
	case LABEL_BASE_VERSION:
		if (get_int64(r) > VERSION_MAX)
			cborio_fail(r, ERR_MALFORMED);
		break;
	case LABEL_VALUE:
		set_value(r, rec, get_number(r));
		break;
	case LABEL_STRING:
		text = get_string(d, r, CBORIO_TEXT);
		set_value(r, rec, value_bytes(VALUE_STRING, text.p, text.len));
		break;
	case LABEL_DATA:
		text = get_string(d, r, CBORIO_BYTES);
		set_value(r, rec, value_bytes(VALUE_OPAQUE, text.p, text.len));
		break;
	case LABEL_BOOLEAN:
		set_value(r, rec, get_boolean(r));
		break;
	case LABEL_BASE_SUM:
	case LABEL_BASE_VALUE:
	case LABEL_SUM:		/* would change the values; LwM2M does not use them */
		cborio_fail(r, ERR_MALFORMED);
		break;
	default:		/* times, units, and whatever is yet to come */
		cborio_skip(r);
		break;
	}
}

static void
get_member(struct decoding *d, struct cborio *r, struct record *rec)
{
	struct cborio_item key;
	const uint8_t *p;
	size_t len;

	if (!cborio_next(r, &key))
		return;
	if (key.kind == CBORIO_UINT || key.kind == CBORIO_NINT) {
		/* Labels far out are unknown ones; what they are exactly does not matter. */
		int64_t magnitude = key.u <= INT32_MAX ? (int64_t)key.u : INT32_MAX;
		get_labelled(d, r, key.kind == CBORIO_UINT ? magnitude : -1 - magnitude, rec);
	} else if (key.kind == CBORIO_TEXT) {
		if (!cborio_string(r, &key, d->out->arena, &p, &len))
			return;
		if (len == strlen(LABEL_OBJLNK) && memcmp(p, LABEL_OBJLNK, len) == 0)
			set_value(r, rec, get_objlnk(d, r));
		else if (len > 0 && p[len - 1] == '_')	/* must be understood (RFC 8428, 4.4) */
			cborio_fail(r, ERR_MALFORMED);
		else
			cborio_skip(r);
	} else {
		cborio_fail(r, ERR_MALFORMED);
	}
}

/* Base name and name, put together without anything between them. */
static enum err
full_name(const struct record *rec, struct path *ret)
{
	char name[NAME_MAX_LEN];

	if (rec->base.len > sizeof(name) || rec->name.len > sizeof(name) - rec->base.len)
		return ERR_MALFORMED;
	if (rec->base.len > 0)
		memcpy(name, rec->base.p, rec->base.len);
	if (rec->name.len > 0)
		memcpy(name + rec->base.len, rec->name.p, rec->name.len);
	return path_parse(name, rec->base.len + rec->name.len, ret);
}

static enum err
get_record(struct decoding *d, struct cborio *r, struct record *rec)
{
	struct cborio_item map;
	struct path path;
	enum err e;

	*rec = (struct record){ .base = rec->base };
	if (cborio_next(r, &map) && map.kind != CBORIO_MAP)
		cborio_fail(r, ERR_MALFORMED);
	while (cborio_more(r, &map))
		get_member(d, r, rec);
	if (r->err != ERR_OK)
		return r->err;
	if (!rec->has_value)
		return ERR_MALFORMED;
	e = full_name(rec, &path);
	if (e == ERR_OK && path.depth < 3)
		e = ERR_MALFORMED;
	if (e == ERR_OK)
		e = decoding_convert(d, &path, &rec->value);
	return e != ERR_OK ? e : decoding_add(d, &path, &rec->value);
}

enum err
format_senml_cbor_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct cborio r = cborio_over(payload, len);
	struct record rec = { .has_value = false };
	struct cborio_item array;

	if (len == 0)		/* an object without instances (spec/bootstrap.md 1.4) */
		return ERR_OK;
	if (cborio_next(&r, &array) && array.kind != CBORIO_ARRAY)
		return ERR_MALFORMED;
	while (cborio_more(&r, &array)) {
		enum err e = get_record(d, &r, &rec);
		if (e != ERR_OK)
			return e;
	}
	if (r.err == ERR_OK && r.left > 0)
		return ERR_MALFORMED;
	return r.err;
}
