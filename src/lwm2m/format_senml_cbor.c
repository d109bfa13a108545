/* SenML CBOR 112 (RFC 8428; spec/bootstrap.md 4.3 and 4.4). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwm2m/cborleaf.h"
#include "lwm2m/naming.h"

/* Labels of record members (RFC 8428, 6). */
enum {
	LABEL_BASE_SUM = -6, LABEL_BASE_VALUE = -5, LABEL_BASE_NAME = -2, LABEL_BASE_VERSION = -1,
	LABEL_NAME = 0, LABEL_VALUE = 2, LABEL_STRING = 3, LABEL_BOOLEAN = 4, LABEL_SUM = 5,
	LABEL_DATA = 8, LABEL_FIRST = LABEL_BASE_SUM, LABEL_LAST = LABEL_DATA,
};
#define LABEL_OBJLNK	"vlo"		/* the one member of LwM2M's own */
#define VERSION_MAX	10		/* bver: the version of RFC 8428 */
#define TAG_DECIMAL	4		/* [exponent, mantissa] (RFC 8949, 3.4.4) */

static void
put_text_label(struct wr *w, int label, const char *text, size_t len)
{
	cborio_put_int(w, label);
	cborio_put_text(w, text, len);
}

static enum err
put_value(struct wr *w, const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:	/* SenML cannot say that a resource has no instance */
		return ERR_UNSUPPORTED;
	case VALUE_STRING:
	case VALUE_CORELNK:
		cborio_put_uint(w, LABEL_STRING);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
	case VALUE_UNSIGNED:
	case VALUE_FLOAT:
		cborio_put_uint(w, LABEL_VALUE);
		break;
	case VALUE_BOOLEAN:
		cborio_put_uint(w, LABEL_BOOLEAN);
		break;
	case VALUE_OPAQUE:
		cborio_put_uint(w, LABEL_DATA);
		break;
	case VALUE_OBJLNK:
		cborio_put_text(w, LABEL_OBJLNK, strlen(LABEL_OBJLNK));
		break;
	}
	return cborleaf_put(w, v);
}

enum err
format_senml_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w)
{
	char name[NAMING_MAX];

	if (target->depth > 3)		/* nothing is written to a resource instance (1.5) */
		return ERR_UNSUPPORTED;
	cborio_put_array(w, n);
	for (size_t i = 0; i < n; i++) {
		bool base = i == 0, named = nodes[i].path.depth > target->depth;
		cborio_put_map(w, 1u + base + named);
		if (base)
			put_text_label(w, LABEL_BASE_NAME, name, naming_base(target, !named, name));
		if (named)
			put_text_label(w, LABEL_NAME, name,
			    naming_rest(&nodes[i].path, target->depth, name));
		enum err e = put_value(w, &nodes[i].value);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* What a record says, and the base name that stays in force. */
struct record {
	struct naming_text	base, name;
	bool			has_value;
	struct value		value;
	unsigned		seen;		/* bit per label */
};

static void
set_value(struct cborio *r, struct record *rec, struct value v)
{
	if (rec->has_value)		/* one value a record (4.3, rule 3) */
		cborio_fail(r, ERR_MALFORMED);
	rec->has_value = true;
	rec->value = v;
}

static struct naming_text
get_string(struct decoding *d, struct cborio *r, enum cborio_kind kind)
{
	struct naming_text text = { NULL, 0 };

	(void)cborleaf_string(d, r, kind, &text.p, &text.len);	/* r->err tells */
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
	struct value v = value_integer(0);
	struct cborio_item head;

	if (!cborio_next(r, &head))
		return v;
	if (head.kind == CBORIO_TAG && head.u == TAG_DECIMAL)
		return get_decimal(r);
	(void)cborleaf_number(r, &head, &v);	/* r->err tells */
	return v;
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
	struct naming_text text = get_string(d, r, CBORIO_TEXT);
	struct value v = value_objlnk(UINT16_MAX, UINT16_MAX);

	if (r->err == ERR_OK && objlnk_parse(text.p, text.len, &v) != ERR_OK)
		cborio_fail(r, ERR_MALFORMED);
	return v;
}

static void
get_labelled(struct decoding *d, struct cborio *r, int64_t label, struct record *rec)
{
	struct naming_text text;

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
	e = naming_join(rec->base, rec->name, &path);
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
