#include <string.h>

#include "coap/linkfmt.h"

/*
 * RFC 6690, 2:  link *( "," link ),  link = "<" URI ">" *( ";" name [ "=" ( token / quoted ) ] )
 *
 * White space may stand between any two of these; empty items and attributes, as a comma at the
 * end leaves them, count as nothing.
 */
static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct linkfmt *lf)
{
	while (lf->p < lf->end && is_space(*lf->p))
		lf->p++;
}

static bool
at(const struct linkfmt *lf, char c)
{
	return lf->p < lf->end && *lf->p == c;
}

/* Up to the first character of 'stops', or to the end. */
static struct linkfmt_text
take_until(struct linkfmt *lf, const char *stops)
{
	struct linkfmt_text t = { lf->p, 0 };

	while (lf->p < lf->end && (*lf->p == '\0' || strchr(stops, *lf->p) == NULL))
		lf->p++;
	t.len = (size_t)(lf->p - t.p);
	return t;
}

/* Past the closing quote; false without one. */
static bool
take_quoted(struct linkfmt *lf, struct linkfmt_text *ret)
{
	const char *p = lf->p + 1;

	ret->p = p;
	while (p < lf->end && *p != '"')
		p += *p == '\\' && lf->end - p > 1 ? 2 : 1;
	ret->len = (size_t)(p - ret->p);
	lf->p = p < lf->end ? p + 1 : p;
	return p < lf->end;
}

static bool
take_target(struct linkfmt *lf, struct linkfmt_text *ret)
{
	lf->p++;
	*ret = take_until(lf, "<>\"");	/* neither is part of a URI */
	if (!at(lf, '>'))
		return false;
	lf->p++;
	return true;
}

static bool
take_attr(struct linkfmt *lf, struct linkfmt_attr *ret)
{
	ret->name = take_until(lf, "=;,\"<> \t\r\n");
	ret->value = (struct linkfmt_text){ lf->p, 0 };
	skip_space(lf);
	if (!at(lf, '='))
		return ret->name.len > 0;
	lf->p++;
	skip_space(lf);
	if (!at(lf, '"'))
		ret->value = take_until(lf, ";,\" \t\r\n");
	else if (!take_quoted(lf, &ret->value))
		return false;
	return ret->name.len > 0;
}

/* What follows the target, or a bare item: up to its comma. */
static bool
take_attrs(struct linkfmt *lf, struct linkfmt_link *l)
{
	struct linkfmt_attr a;

	for (;;) {
		skip_space(lf);
		if (lf->p == lf->end || at(lf, ','))
			return true;
		if (!at(lf, ';'))
			return false;
		while (at(lf, ';')) {
			lf->p++;
			skip_space(lf);
		}
		if (lf->p == lf->end || at(lf, ','))
			return true;
		if (!take_attr(lf, &a))
			return false;
		if (l->nattrs < LINKFMT_ATTRS_MAX)
			l->attrs[l->nattrs++] = a;
	}
}

static bool
take_item(struct linkfmt *lf, struct linkfmt_link *l)
{
	l->has_target = at(lf, '<');
	l->target = (struct linkfmt_text){ lf->p, 0 };
	l->nattrs = 0;
	if (l->has_target)
		return take_target(lf, &l->target) && take_attrs(lf, l);
	if (!take_attr(lf, &l->attrs[0]) || memchr(l->attrs[0].name.p, '/', l->attrs[0].name.len))
		return false;		/* a path without its brackets is no attribute */
	l->nattrs = 1;
	return take_attrs(lf, l);
}

static void
skip_item(struct linkfmt *lf)
{
	struct linkfmt_text quoted;

	while (lf->p < lf->end && *lf->p != ',') {
		if (*lf->p == '"')
			(void)take_quoted(lf, &quoted);
		else
			lf->p++;
	}
}

struct linkfmt
linkfmt_over(const void *payload, size_t len)
{
	const char *p = len > 0 ? payload : "";

	return (struct linkfmt){ .p = p, .end = p + len, .err = ERR_OK };
}

bool
linkfmt_next(struct linkfmt *lf, struct linkfmt_link *ret)
{
	for (;;) {
		const char *start;

		while (lf->p < lf->end && (is_space(*lf->p) || *lf->p == ','))
			lf->p++;
		if (lf->p == lf->end)
			return false;
		start = lf->p;
		if (take_item(lf, ret))
			return true;
		lf->err = ERR_MALFORMED;
		lf->p = start;
		skip_item(lf);
	}
}

const struct linkfmt_attr *
linkfmt_find(const struct linkfmt_link *l, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < l->nattrs; i++) {
		if (l->attrs[i].name.len == len && memcmp(l->attrs[i].name.p, name, len) == 0)
			return &l->attrs[i];
	}
	return NULL;
}
