/* Plain text 0 and opaque 42 (spec/bootstrap.md 4.6): one value of one resource, no more. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "lwm2m/format_priv.h"
#include "lwm2m/textio.h"

#define FLOAT_TEXT_MAX	800	/* of a number that is read; 1e308 spelled out has 309 digits */

enum err
format_text_encode(const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	char buf[OBJLNK_TEXT_MAX];

	if (!format_is_single(target, nodes, n))
		return ERR_UNSUPPORTED;
	const struct value *v = &nodes[0].value;
	switch (v->type) {
	case VALUE_NONE:
		return ERR_UNSUPPORTED;
	case VALUE_STRING:
	case VALUE_CORELNK:
		wr_bytes(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		textio_put_int(w, v->i);
		break;
	case VALUE_UNSIGNED:
		textio_put_uint(w, v->u);
		break;
	case VALUE_FLOAT:
		if (!isfinite(v->f))
			return ERR_UNSUPPORTED;
		textio_put_decimal(w, v->f);
		break;
	case VALUE_BOOLEAN:
		wr_u8(w, v->b ? '1' : '0');
		break;
	case VALUE_OPAQUE:
		textio_put_base64(w, v->bytes.p, v->bytes.len, false);
		break;
	case VALUE_OBJLNK:
		wr_bytes(w, buf, objlnk_format(v, buf));
		break;
	}
	return ERR_OK;
}

/* Digits only, up to 'max'. */
static enum err
parse_digits(const uint8_t *p, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (len == 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)p[i] - '0';
		if (digit > 9 || v > (max - digit) / 10)
			return ERR_MALFORMED;
		v = v * 10 + digit;
	}
	*ret = v;
	return ERR_OK;
}

static enum err
parse_integer(enum value_type type, const uint8_t *p, size_t len, struct value *ret)
{
	bool negative = len > 0 && *p == '-';
	uint64_t u;
	enum err e;

	if (type == VALUE_UNSIGNED) {
		e = parse_digits(p, len, UINT64_MAX, &u);
		if (e == ERR_OK)
			*ret = value_unsigned(u);
		return e;
	}
	e = parse_digits(p + negative, len - negative, (uint64_t)INT64_MAX + negative, &u);
	if (e == ERR_OK)
		*ret = (struct value){ .type = type, .i = (int64_t)(negative ? -u : u) };
	return e;
}

static size_t
skip_digits(const uint8_t *p, size_t len, size_t i)
{
	while (i < len && isdigit(p[i]))
		i++;
	return i;
}

/* "-12", "0.5", "1e-3": what strtod() would take beyond that is refused. */
static bool
is_decimal(const uint8_t *p, size_t len)
{
	size_t i = len > 0 && *p == '-' ? 1 : 0, from = i;

	i = skip_digits(p, len, i);
	if (i == from)
		return false;
	if (i < len && p[i] == '.') {
		from = ++i;
		i = skip_digits(p, len, i);
		if (i == from)
			return false;
	}
	if (i < len && (p[i] == 'e' || p[i] == 'E')) {
		i++;
		if (i < len && (p[i] == '-' || p[i] == '+'))
			i++;
		from = i;
		i = skip_digits(p, len, i);
		if (i == from)
			return false;
	}
	return i == len;
}

static enum err
parse_float(const uint8_t *p, size_t len, struct value *ret)
{
	char text[FLOAT_TEXT_MAX];

	if (len >= sizeof(text) || !is_decimal(p, len))
		return ERR_MALFORMED;
	memcpy(text, p, len);
	text[len] = '\0';
	double f = strtod(text, NULL);
	if (!isfinite(f))
		return ERR_MALFORMED;
	*ret = value_float(f);
	return ERR_OK;
}

static enum err
parse_opaque(struct decoding *d, const uint8_t *p, size_t len, struct value *ret)
{
	size_t cap = len / 4 * 3 + 3, n = 0;
	uint8_t *bytes = arena_alloc(d->out->arena, cap);

	if (bytes == NULL)
		return ERR_NOMEM;
	if (text_unbase64((const char *)p, len, bytes, cap, &n) != ERR_OK)
		return ERR_MALFORMED;
	*ret = value_bytes(VALUE_OPAQUE, bytes, n);
	return ERR_OK;
}

static enum err
parse(struct decoding *d, enum value_type type, const uint8_t *p, size_t len, struct value *ret)
{
	switch (type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
	case VALUE_NONE:
		if (!text_is_utf8(p, len))
			return ERR_MALFORMED;
		*ret = value_bytes(type == VALUE_NONE ? VALUE_STRING : type, p, len);
		return ERR_OK;
	case VALUE_INTEGER:
	case VALUE_UNSIGNED:
	case VALUE_TIME:
		return parse_integer(type, p, len, ret);
	case VALUE_FLOAT:
		return parse_float(p, len, ret);
	case VALUE_BOOLEAN:
		if (len != 1 || (*p != '0' && *p != '1'))
			return ERR_MALFORMED;
		*ret = value_boolean(*p == '1');
		return ERR_OK;
	case VALUE_OPAQUE:
		return parse_opaque(d, p, len, ret);
	case VALUE_OBJLNK:
		return objlnk_parse(p, len, ret);
	}
	return ERR_MALFORMED;
}

enum err
format_text_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	const struct path *target = d->target;
	struct value v;
	bool known;

	if (target->depth < 3)
		return ERR_UNSUPPORTED;
	enum value_type type = decoding_type(d, target->id[0], target->id[2], &known);
	enum err e = parse(d, known ? type : VALUE_STRING, payload, len, &v);
	return e != ERR_OK ? e : decoding_add(d, target, &v);
}

enum err
format_opaque_encode(const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	if (!format_is_single(target, nodes, n) || nodes[0].value.type != VALUE_OPAQUE)
		return ERR_UNSUPPORTED;
	const struct value *v = &nodes[0].value;
	wr_bytes(w, v->bytes.p, v->bytes.len);
	return ERR_OK;
}

enum err
format_opaque_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	const struct path *target = d->target;
	struct value v = value_bytes(VALUE_OPAQUE, payload, len);

	if (target->depth < 3)
		return ERR_UNSUPPORTED;
	enum err e = decoding_convert(d, target, &v);
	return e != ERR_OK ? e : decoding_add(d, target, &v);
}
