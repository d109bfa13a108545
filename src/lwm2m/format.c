#include "lwm2m/format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lwm2m/format_priv.h"
#include "lwm2m/objdef_priv.h"

/* A new format is a file and a row here. What has no function is known by name only. */
static const struct format {
	int		  cf;
	const char	 *name;
	bool		  selectable;	/* a value of "format" in a record (interface.md 3) */
	bool		  tree;
	enum err	(*encode)(const struct path *, const struct node *, size_t, struct wr *);
	enum err	(*decode)(struct decoding *, const uint8_t *, size_t);
} formats[] = {
	{ FORMAT_TLV, "tlv", true, true, format_tlv_encode, format_tlv_decode },
	{ FORMAT_TLV_OLD, "tlv-old", false, true, format_tlv_encode, format_tlv_decode },
	{ FORMAT_SENML_CBOR, "senml-cbor", true, true, format_senml_cbor_encode,
	    format_senml_cbor_decode },
	{ FORMAT_SENML_JSON, "senml-json", true, true, format_senml_json_encode,
	    format_senml_json_decode },
	{ FORMAT_LWM2M_CBOR, "lwm2m-cbor", true, true, format_lwm2m_cbor_encode,
	    format_lwm2m_cbor_decode },
	{ FORMAT_JSON, "json", false, true, format_json_encode, format_json_decode },
	{ FORMAT_JSON_OLD, "json-old", false, true, NULL, format_json_decode },
	{ FORMAT_TEXT, "text", true, false, format_text_encode, format_text_decode },
	{ FORMAT_TEXT_OLD, "text-old", false, false, NULL, format_text_decode },
	{ FORMAT_OPAQUE, "opaque", true, false, format_opaque_encode, format_opaque_decode },
	{ FORMAT_CBOR, "cbor", false, false, format_cbor_encode, format_cbor_decode },
	{ FORMAT_LINK, "link-format", false, false, NULL, NULL },
};
#define NFORMATS (sizeof(formats) / sizeof(formats[0]))

static const struct format *
find(int cf)
{
	for (size_t i = 0; i < NFORMATS; i++)
		if (formats[i].cf == cf)
			return &formats[i];
	return NULL;
}

const char *
format_name(int cf)
{
	const struct format *f = find(cf);

	return f != NULL ? f->name : NULL;
}

int
format_by_name(const char *name)
{
	for (size_t i = 0; i < NFORMATS; i++)
		if (formats[i].selectable && strcmp(formats[i].name, name) == 0)
			return formats[i].cf;
	return FORMAT_NONE;
}

bool
format_can_encode(int cf)
{
	const struct format *f = find(cf);

	return f != NULL && f->encode != NULL;
}

bool
format_is_tree(int cf)
{
	const struct format *f = find(cf);

	return f != NULL && f->tree;
}

/* Two values for one place, or a resource both with a value and with instances. */
static bool
clashes(const struct path *a, const struct path *b)
{
	return path_within(a, b) || path_within(b, a);
}

enum err
format_encode(int cf, const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	const struct format *f = find(cf);
	size_t start = w->len;

	if (f == NULL || f->encode == NULL)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < n; i++) {
		const struct path *p = &nodes[i].path;
		if (p->depth < 3 || p->depth > 4 || !path_within(p, target) ||
		    (p->depth == 4 && nodes[i].value.type == VALUE_NONE) ||
		    (i > 0 && clashes(p, &nodes[i - 1].path)))
			return ERR_INVALID;
	}
	enum err e = f->encode(target, nodes, n, w);
	if (e == ERR_OK)
		e = w->err;
	if (e != ERR_OK)
		w->len = start;
	return e;
}

bool
format_is_single(const struct path *target, const struct node *nodes, size_t n)
{
	return target->depth == 3 && n == 1 && nodes[0].path.depth == 3;
}

enum err
format_decode(int cf, const struct path *target, const struct objdefs *defs,
    const uint8_t *payload, size_t len, struct nodes *out)
{
	const struct format *f = find(cf);
	struct decoding d = { .target = target, .defs = defs, .out = out, .first = out->n };

	if (f == NULL || f->decode == NULL)
		return ERR_UNSUPPORTED;
	if (len > FORMAT_INPUT_MAX)
		return ERR_TOOBIG;
	enum err e = f->decode(&d, payload, len);
	if (e != ERR_OK)
		out->n = d.first;
	return e;
}

enum err
decoding_add(struct decoding *d, const struct path *path, const struct value *value)
{
	struct nodes *out = d->out;

	if (path->depth < 3 || !path_within(path, d->target))
		return ERR_MALFORMED;
	if (out->n - d->first >= FORMAT_NODES_MAX)
		return ERR_TOOBIG;
	/* Payloads mostly ascend; only one that does not has to be searched. */
	if (out->n > d->first && path_cmp(path, &d->last) <= 0) {
		for (size_t i = d->first; i < out->n; i++)
			if (clashes(path, &out->v[i].path))
				return ERR_MALFORMED;
	} else if (out->n > d->first && path_within(path, &d->last)) {
		return ERR_MALFORMED;
	}
	if (out->n == d->first || path_cmp(path, &d->last) > 0)
		d->last = *path;
	return nodes_add(out, path, value);
}

enum value_type
decoding_type(const struct decoding *d, uint16_t oid, uint16_t rid, bool *known)
{
	const struct resdef *r = d->defs != NULL ? objdefs_resource(d->defs, oid, rid) : NULL;

	*known = r != NULL && r->type != VALUE_NONE;
	return *known ? r->type : VALUE_OPAQUE;
}

/* A float that stands for a whole number, as some devices write integers. */
static bool
whole(double f, struct value *ret)
{
	if (f >= -0x1p63 && f < 0x1p63 && f == (double)(int64_t)f) {
		*ret = value_integer((int64_t)f);
		return true;
	}
	if (f >= 0x1p63 && f < 0x1p64) {
		*ret = value_unsigned((uint64_t)f);
		return true;
	}
	return false;
}

/* Any number as another kind of number, if it is one without loss of meaning. */
static enum err
convert_number(enum value_type type, struct value *v)
{
	if (type == VALUE_FLOAT) {
		if (v->type != VALUE_FLOAT)
			*v = value_float(v->type == VALUE_INTEGER ? (double)v->i : (double)v->u);
		return ERR_OK;
	}
	if (v->type == VALUE_FLOAT && !whole(v->f, v))
		return ERR_MALFORMED;
	if (type == VALUE_UNSIGNED) {
		if (v->type == VALUE_INTEGER && v->i < 0)
			return ERR_MALFORMED;
		if (v->type == VALUE_INTEGER)
			*v = value_unsigned((uint64_t)v->i);
		return ERR_OK;
	}
	if (v->type == VALUE_UNSIGNED && v->u > INT64_MAX)
		return ERR_MALFORMED;
	if (v->type == VALUE_UNSIGNED)
		*v = value_integer((int64_t)v->u);
	v->type = type;		/* INTEGER or TIME, which share 'i' */
	return ERR_OK;
}

enum err
decoding_convert(const struct decoding *d, const struct path *path, struct value *v)
{
	bool known;
	enum value_type type = decoding_type(d, path->id[0], path->id[2], &known);

	if (!known || v->type == type)
		return ERR_OK;
	if (type == VALUE_CORELNK && v->type == VALUE_STRING) {
		v->type = type;
		return ERR_OK;
	}
	if ((type == VALUE_INTEGER || type == VALUE_UNSIGNED || type == VALUE_TIME ||
	    type == VALUE_FLOAT) && (v->type == VALUE_INTEGER || v->type == VALUE_UNSIGNED ||
	    v->type == VALUE_FLOAT))
		return convert_number(type, v);
	/* The resources of /21 were strings before version 2.0 (spec/bootstrap.md 3.4). */
	return objdefs_allows(d->defs, path->id[0], path->id[2], v->type) ? ERR_OK : ERR_MALFORMED;
}

size_t
objlnk_format(const struct value *v, char buf[OBJLNK_TEXT_MAX])
{
	return (size_t)snprintf(buf, OBJLNK_TEXT_MAX, "%u:%u", v->link.oid, v->link.iid);
}

/* Decimal up to 65535, or the four digits FFFF. Moves past it. */
static enum err
link_id(const uint8_t **p, const uint8_t *end, uint16_t *ret)
{
	const uint8_t *s = *p;
	uint32_t v = 0;

	if (end - s >= 4 && strncasecmp((const char *)s, "ffff", 4) == 0) {
		*ret = UINT16_MAX;
		*p += 4;
		return ERR_OK;
	}
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint32_t)(*s - '0');
		if (v > UINT16_MAX)
			return ERR_MALFORMED;
	}
	if (s == *p)
		return ERR_MALFORMED;
	*ret = (uint16_t)v;
	*p = s;
	return ERR_OK;
}

enum err
objlnk_parse(const uint8_t *p, size_t len, struct value *ret)
{
	const uint8_t *end = p + len;
	uint16_t oid, iid;

	if (len == 0 || link_id(&p, end, &oid) != ERR_OK || p == end || *p++ != ':' ||
	    link_id(&p, end, &iid) != ERR_OK || p != end)
		return ERR_MALFORMED;
	*ret = value_objlnk(oid, iid);
	return ERR_OK;
}
