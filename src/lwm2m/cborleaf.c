#include "lwm2m/cborleaf.h"

#include <string.h>

#include "base/text.h"

#define TAG_DATE_TIME	0	/* RFC 3339 text (RFC 8949, 3.4.1) */
#define TAG_EPOCH	1	/* seconds since 1970 (3.4.2) */

enum err
cborleaf_put(struct wr *w, const struct value *v)
{
	char buf[OBJLNK_TEXT_MAX];

	switch (v->type) {
	case VALUE_NONE:
		return ERR_UNSUPPORTED;
	case VALUE_STRING:
	case VALUE_CORELNK:
		cborio_put_text(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		cborio_put_int(w, v->i);
		break;
	case VALUE_UNSIGNED:
		cborio_put_uint(w, v->u);
		break;
	case VALUE_FLOAT:
		cborio_put_float(w, v->f);
		break;
	case VALUE_BOOLEAN:
		cborio_put_bool(w, v->b);
		break;
	case VALUE_OPAQUE:
		cborio_put_bytes(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_OBJLNK:
		cborio_put_text(w, buf, objlnk_format(v, buf));
		break;
	}
	return ERR_OK;
}

/* The rest of a string whose head was read. */
static bool
finish_string(struct decoding *d, struct cborio *r, const struct cborio_item *head,
    const uint8_t **ret, size_t *ret_len)
{
	if (!cborio_string(r, head, d->out->arena, ret, ret_len))
		return false;
	if (head->kind == CBORIO_TEXT && !text_is_utf8(*ret, *ret_len))
		cborio_fail(r, ERR_MALFORMED);
	return r->err == ERR_OK;
}

bool
cborleaf_string(struct decoding *d, struct cborio *r, enum cborio_kind kind,
    const uint8_t **ret, size_t *ret_len)
{
	struct cborio_item head;

	if (cborio_next(r, &head) && head.kind != kind)
		cborio_fail(r, ERR_MALFORMED);
	return finish_string(d, r, &head, ret, ret_len);
}

bool
cborleaf_number(struct cborio *r, const struct cborio_item *head, struct value *ret)
{
	if (r->err != ERR_OK)
		return false;
	if (head->kind == CBORIO_FLOAT)
		*ret = value_float(head->f);
	else if (head->kind == CBORIO_UINT && head->u > INT64_MAX)
		*ret = value_unsigned(head->u);
	else if (head->kind == CBORIO_UINT)
		*ret = value_integer((int64_t)head->u);
	else if (head->kind == CBORIO_NINT && head->u <= INT64_MAX)
		*ret = value_integer(-1 - (int64_t)head->u);
	else
		cborio_fail(r, ERR_MALFORMED);
	return r->err == ERR_OK;
}

/* 'n' digits; -1 when there are others, or too few. Moves past them. */
static int
get_digits(const uint8_t **p, const uint8_t *end, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool
get_char(const uint8_t **p, const uint8_t *end, char c)
{
	return *p < end && *(*p)++ == (uint8_t)c;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in(int year, int month)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return length[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01, in the calendar that RFC 3339 uses for all of its years. */
static int64_t
days(int year, int month, int day)
{
	int y = year - 1;	/* whole years since the year 1, which began 719162 days before 1970 */
	int64_t n = (int64_t)y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	for (int m = 1; m < month; m++)
		n += days_in(year, m);
	return n + day - 1;
}

/* "Z", "+02:00", in seconds to take off. */
static bool
get_offset(const uint8_t **p, const uint8_t *end, int *ret)
{
	if (*p == end)
		return false;
	uint8_t sign = *(*p)++;
	if (sign == 'Z' || sign == 'z') {
		*ret = 0;
		return true;
	}
	int hours = get_digits(p, end, 2);
	if (!get_char(p, end, ':'))
		return false;
	int minutes = get_digits(p, end, 2);
	if ((sign != '+' && sign != '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ret = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

/* RFC 3339, 5.6, without the second 60; a fraction has to be 0, as times are whole seconds. */
static bool
parse_date_time(const uint8_t *p, size_t len, int64_t *ret)
{
	const uint8_t *end = p + len;
	int offset = 0;

	int year = get_digits(&p, end, 4);
	bool good = get_char(&p, end, '-');
	int month = get_digits(&p, end, 2);
	good = good && get_char(&p, end, '-');
	int day = get_digits(&p, end, 2);
	good = good && p < end && (*p == 'T' || *p == 't');
	p += good;
	int hour = get_digits(&p, end, 2);
	good = good && get_char(&p, end, ':');
	int minute = get_digits(&p, end, 2);
	good = good && get_char(&p, end, ':');
	int second = get_digits(&p, end, 2);
	if (good && p < end && *p == '.')
		for (p++, good = p < end && *p == '0'; p < end && *p == '0';)
			p++;
	if (!good || !get_offset(&p, end, &offset) || p != end || year < 1 || month < 1 || month > 12 ||
	    day < 1 || day > days_in(year, month) || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 59)
		return false;
	*ret = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	return true;
}

static bool
get_tagged(struct decoding *d, struct cborio *r, uint64_t tag, struct value *ret)
{
	struct cborio_item head;
	const uint8_t *p;
	size_t len;
	int64_t at;

	if (tag == TAG_EPOCH)
		return cborio_next(r, &head) && cborleaf_number(r, &head, ret);
	if (tag != TAG_DATE_TIME) {
		cborio_fail(r, ERR_MALFORMED);
		return false;
	}
	if (!cborleaf_string(d, r, CBORIO_TEXT, &p, &len))
		return false;
	if (!parse_date_time(p, len, &at)) {
		cborio_fail(r, ERR_MALFORMED);
		return false;
	}
	*ret = value_integer(at);
	return true;
}

enum err
cborleaf_get(struct decoding *d, struct cborio *r, const struct cborio_item *head,
    const struct path *path, struct value *ret)
{
	bool known, text = head->kind == CBORIO_TEXT;
	enum value_type type = decoding_type(d, path->id[0], path->id[2], &known);
	struct value v = { .type = VALUE_NONE };
	const uint8_t *p;
	size_t len;

	switch (head->kind) {
	case CBORIO_UINT:
	case CBORIO_NINT:
	case CBORIO_FLOAT:
		cborleaf_number(r, head, &v);
		break;
	case CBORIO_BYTES:
	case CBORIO_TEXT:
		if (!finish_string(d, r, head, &p, &len))
			break;
		v = value_bytes(text ? VALUE_STRING : VALUE_OPAQUE, p, len);
		if (text && type == VALUE_OBJLNK && objlnk_parse(p, len, &v) != ERR_OK)
			return ERR_MALFORMED;
		break;
	case CBORIO_BOOL:
		v = value_boolean(head->b);
		break;
	case CBORIO_TAG:
		if (known && type != VALUE_TIME)
			return ERR_MALFORMED;
		get_tagged(d, r, head->u, &v);
		break;
	case CBORIO_ARRAY:
	case CBORIO_MAP:
	case CBORIO_NULL:
	case CBORIO_BREAK:
		cborio_fail(r, ERR_MALFORMED);
		break;
	}
	if (r->err != ERR_OK)
		return r->err;
	enum err e = decoding_convert(d, path, &v);
	if (e == ERR_OK)
		*ret = v;
	return e;
}
