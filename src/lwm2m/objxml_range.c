/* What registries write into RangeEnumeration: numbers, intervals, lists of them, and units. */
#include <ctype.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lwm2m/objxml_priv.h"

#define SPANS_MAX 64

struct span {
	double min, max;
};

struct spans {
	struct span v[SPANS_MAX];
	size_t n;
	bool interval; /* one was written as "a..b" */
	bool length;   /* "bytes", "characters" stood behind */
};

static void
skip_space(const char **s)
{
	while (isspace((unsigned char)**s))
		(*s)++;
}

/* A number; unlike strtod() it leaves the dots of "1..5" alone, and reads nothing but numbers. */
static bool
take_number(const char **s, double *ret)
{
	const char *p = *s;
	char buf[40];
	size_t n = 0;

	if (*p == '+' || *p == '-')
		p++;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && isxdigit((unsigned char)p[2]);
	if (hex)
		for (p += 2; isxdigit((unsigned char)*p); p++)
			;
	else if (isdigit((unsigned char)*p))
		for (; isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]));
		     p++)
			;
	else
		return false;
	if (!hex && (*p == 'e' || *p == 'E') &&
	    (isdigit((unsigned char)p[1]) ||
		(strchr("+-", p[1]) != NULL && isdigit((unsigned char)p[2]))))
		for (p += 2; isdigit((unsigned char)*p); p++)
			;
	n = (size_t)(p - *s);
	if (n >= sizeof(buf))
		return false;
	memcpy(buf, *s, n);
	buf[n] = '\0';
	char *end;
	*ret = strtod(buf, &end);
	*s = p;
	return *end == '\0' && isfinite(*ret);
}

/* ".." or "...", "-", or "to" between two numbers. */
static bool
take_dots(const char **s)
{
	const char *p = *s;

	skip_space(&p);
	if (strncmp(p, "..", 2) == 0)
		p += p[2] == '.' ? 3 : 2;
	else if (strncmp(p, "to ", 3) == 0)
		p += 3;
	else if (*p == '-')
		p++;
	else
		return false;
	skip_space(&p);
	*s = p;
	return true;
}

/* Any words behind a number: "bytes", "s", "%". What is no unit has digits or stops. */
static bool
take_unit(const char **s, bool *length)
{
	static const char *const lengths[] = { "byte", "octet", "char" };
	const char *p = *s;

	skip_space(&p);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		*length = *length || strncasecmp(p, lengths[i], strlen(lengths[i])) == 0;
	while (*p != '\0' && *p != ',' && *p != ';' && *p != '|') {
		if (isdigit((unsigned char)*p) || *p == '.' || *p == '(' || *p == '^')
			return false;
		p++;
	}
	*s = p;
	return true;
}

static bool
take_span(const char **s, struct spans *ret)
{
	double min, max;

	skip_space(s);
	if (ret->n == SPANS_MAX || !take_number(s, &min))
		return false;
	max = min;
	if (take_dots(s)) {
		ret->interval = true;
		if (!take_number(s, &max)) {
			if (**s != '\0' && **s != ',')
				return false;
			max = DBL_MAX; /* "1..": no upper end */
		}
	}
	if (min > max || !take_unit(s, &ret->length))
		return false;
	ret->v[ret->n++] = (struct span){ min, max };
	return true;
}

static bool
take_spans(const char *s, struct spans *ret)
{
	do {
		if (!take_span(&s, ret))
			return false;
		if (*s == '\0')
			return true;
		s++;
		skip_space(&s);
	} while (*s != '\0'); /* a comma at the end is a slip */
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->min > y->min) - (x->min < y->min);
}

/* Ascending, and what overlaps made one. */
static void
put_in_order(struct spans *spans)
{
	size_t n = 0;

	qsort(spans->v, spans->n, sizeof(spans->v[0]), compare);
	for (size_t i = 1; i < spans->n; i++) {
		if (spans->v[i].min > spans->v[n].max)
			spans->v[++n] = spans->v[i];
		else if (spans->v[i].max > spans->v[n].max)
			spans->v[n].max = spans->v[i].max;
	}
	spans->n = n + 1;
}

/* Whole numbers as such, so that a file reads as it was written. */
static json_t *
number(double v)
{
	return v == rint(v) && fabs(v) < 9007199254740992.0 ? json_integer((json_int_t)v)
							    : json_real(v);
}

static void
set(json_t *resource, const struct spans *spans)
{
	json_t *list;

	if (spans->n == 1) {
		json_object_set_new(resource, "range",
		    json_pack("[o, o]", number(spans->v[0].min), number(spans->v[0].max)));
		return;
	}
	list = json_array();
	for (size_t i = 0; i < spans->n; i++)
		json_array_append_new(list,
		    spans->v[i].min == spans->v[i].max
			? number(spans->v[i].min)
			: json_pack("[o, o]", number(spans->v[i].min), number(spans->v[i].max)));
	json_object_set_new(resource, "values", list);
}

bool
objxml_range(const char *text, enum value_type type, json_t *resource)
{
	struct spans spans = { .n = 0 };
	bool text_type = type == VALUE_STRING || type == VALUE_CORELNK;

	if (type == VALUE_NONE || type == VALUE_OBJLNK)
		return false;
	if (!take_spans(text, &spans))
		return false;
	if (type == VALUE_BOOLEAN) /* "0..1" says nothing new */
		return true;
	/* A list of numbers in a string is a list of words, not of lengths. */
	if (text_type && !spans.interval && !spans.length)
		return false;
	for (size_t i = 0; i < spans.n; i++)
		if (spans.v[i].min < 0 &&
		    (text_type || type == VALUE_OPAQUE || type == VALUE_UNSIGNED))
			return false;
	put_in_order(&spans);
	set(resource, &spans);
	return true;
}
