/* TLV 11542 (spec/bootstrap.md 4.1): typed values from and to the raw entries of tlv.c. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "lwm2m/format_priv.h"
#include "lwm2m/tlv.h"

/* Octets of a number in two's complement: 1, 2, 4 or 8 (rule 7). */
static size_t
integer_width(int64_t i)
{
	if (i >= INT8_MIN && i <= INT8_MAX)
		return 1;
	if (i >= INT16_MIN && i <= INT16_MAX)
		return 2;
	return i >= INT32_MIN && i <= INT32_MAX ? 4 : 8;
}

/* As wide as a signed number of that value, so that both readings agree (rule 8). */
static size_t
unsigned_width(uint64_t u)
{
	return u <= INT64_MAX ? integer_width((int64_t)u) : 8;
}

static bool
fits_single(double f)
{
	return isnan(f) || isinf(f) || (fabs(f) <= FLT_MAX && (double)(float)f == f);
}

static size_t
value_len(const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		return 0;
	case VALUE_STRING:
	case VALUE_OPAQUE:
	case VALUE_CORELNK:
		return v->bytes.len;
	case VALUE_INTEGER:
	case VALUE_TIME:
		return integer_width(v->i);
	case VALUE_UNSIGNED:
		return unsigned_width(v->u);
	case VALUE_FLOAT:
		return fits_single(v->f) ? 4 : 8;
	case VALUE_BOOLEAN:
		return 1;
	case VALUE_OBJLNK:
		return 4;
	}
	return 0;
}

static void
put_float(struct wr *w, double f)
{
	uint64_t bits;
	uint32_t bits32;
	float single;

	if (!fits_single(f)) {
		memcpy(&bits, &f, sizeof(bits));
		wr_uint(w, bits, 8);
		return;
	}
	single = (float)f;
	memcpy(&bits32, &single, sizeof(bits32));
	wr_u32(w, bits32);
}

static void
put_value(struct wr *w, const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		break;
	case VALUE_STRING:
	case VALUE_OPAQUE:
	case VALUE_CORELNK:
		wr_bytes(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		wr_uint(w, (uint64_t)v->i, integer_width(v->i));
		break;
	case VALUE_UNSIGNED:
		wr_uint(w, v->u, unsigned_width(v->u));
		break;
	case VALUE_FLOAT:
		put_float(w, v->f);
		break;
	case VALUE_BOOLEAN:
		wr_u8(w, v->b);
		break;
	case VALUE_OBJLNK:
		wr_u16(w, v->link.oid);
		wr_u16(w, v->link.iid);
		break;
	}
}

/* Nodes from nodes[0] on that share the first 'depth' ids with it. */
static size_t
run_length(const struct node *nodes, size_t n, unsigned depth)
{
	size_t i = 1;

	while (i < n && nodes[i].path.id[depth - 1] == nodes[0].path.id[depth - 1] &&
	    (depth < 3 || nodes[i].path.id[1] == nodes[0].path.id[1]))
		i++;
	return i;
}

/* Content of a Multiple Resource: its resource instances. */
static size_t
multiple_len(const struct node *nodes, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n && nodes[i].path.depth == 4; i++)
		len += tlv_size(nodes[i].path.id[3], value_len(&nodes[i].value));
	return len;
}

/* A resource is multiple when it has instances, or is the mark that it has none. */
static bool
is_multiple(const struct node *node)
{
	return node->path.depth == 4 || node->value.type == VALUE_NONE;
}

/* Content of an Object Instance: its resources. */
static size_t
resources_len(const struct node *nodes, size_t n)
{
	size_t len = 0;

	while (n > 0) {
		size_t run = run_length(nodes, n, 3);
		len += tlv_size(nodes->path.id[2], is_multiple(nodes) ? multiple_len(nodes, run) :
		    value_len(&nodes->value));
		nodes += run;
		n -= run;
	}
	return len;
}

static void
put_multiple(struct wr *w, const struct node *nodes, size_t n)
{
	tlv_put_head(w, TLV_MULTIPLE, nodes->path.id[2], multiple_len(nodes, n));
	for (size_t i = 0; i < n && nodes[i].path.depth == 4; i++) {
		const struct value *v = &nodes[i].value;
		tlv_put_head(w, TLV_RESOURCE_INSTANCE, nodes[i].path.id[3], value_len(v));
		put_value(w, v);
	}
}

static void
put_resources(struct wr *w, const struct node *nodes, size_t n)
{
	while (n > 0) {
		size_t run = run_length(nodes, n, 3);
		if (is_multiple(nodes)) {
			put_multiple(w, nodes, run);
		} else {
			tlv_put_head(w, TLV_RESOURCE, nodes->path.id[2], value_len(&nodes->value));
			put_value(w, &nodes->value);
		}
		nodes += run;
		n -= run;
	}
}

enum err
format_tlv_encode(const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	switch (target->depth) {
	case 1:
		while (n > 0) {
			size_t run = run_length(nodes, n, 2);
			tlv_put_head(w, TLV_OBJECT_INSTANCE, nodes->path.id[1],
			    resources_len(nodes, run));
			put_resources(w, nodes, run);
			nodes += run;
			n -= run;
		}
		return ERR_OK;
	case 2:
	case 3:
		put_resources(w, nodes, n);
		return ERR_OK;
	default:	/* names in TLV are relative: no Pack; nothing is written to instances */
		return ERR_UNSUPPORTED;
	}
}

static enum err
get_float(struct rd r, struct value *ret)
{
	uint64_t bits;
	uint32_t bits32;
	float single;
	double f;

	if (r.left == 4) {
		bits32 = rd_u32(&r);
		memcpy(&single, &bits32, sizeof(single));
		f = (double)single;
	} else if (r.left == 8) {
		bits = rd_uint(&r, 8);
		memcpy(&f, &bits, sizeof(f));
	} else {
		return ERR_MALFORMED;
	}
	*ret = value_float(f);
	return ERR_OK;
}

static enum err
get_number(enum value_type type, struct rd r, struct value *ret)
{
	size_t len = r.left;

	if (len != 1 && len != 2 && len != 4 && len != 8)
		return ERR_MALFORMED;
	uint64_t u = rd_uint(&r, len);
	if (type == VALUE_UNSIGNED) {
		*ret = value_unsigned(u);
		return ERR_OK;
	}
	if (len < 8 && u >> (8 * len - 1) != 0)		/* carry the sign up */
		u |= UINT64_MAX << (8 * len);
	*ret = (struct value){ .type = type, .i = (int64_t)u };
	return ERR_OK;
}

static enum err
get_value(enum value_type type, const struct tlv *t, struct value *ret)
{
	struct rd r = rd_over(t->p, t->len);

	switch (type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		if (!text_is_utf8(t->p, t->len))
			return ERR_MALFORMED;
		*ret = value_bytes(type, t->p, t->len);
		return ERR_OK;
	case VALUE_INTEGER:
	case VALUE_UNSIGNED:
	case VALUE_TIME:
		return get_number(type, r, ret);
	case VALUE_FLOAT:
		return get_float(r, ret);
	case VALUE_BOOLEAN:
		if (t->len != 1 || *t->p > 1)
			return ERR_MALFORMED;
		*ret = value_boolean(*t->p == 1);
		return ERR_OK;
	case VALUE_OBJLNK:
		if (t->len != 4)
			return ERR_MALFORMED;
		ret->type = VALUE_OBJLNK;
		ret->link.oid = rd_u16(&r);
		ret->link.iid = rd_u16(&r);
		return ERR_OK;
	case VALUE_OPAQUE:
	case VALUE_NONE:
		break;
	}
	*ret = value_bytes(VALUE_OPAQUE, t->p, t->len);
	return ERR_OK;
}

static enum err
add(struct decoding *d, const struct path *path, const struct tlv *t)
{
	bool known;
	enum value_type type = decoding_type(d, path->id[0], path->id[2], &known);
	struct value v;
	enum err e = get_value(type, t, &v);

	return e != ERR_OK ? e : decoding_add(d, path, &v);
}

/* The resource instances of 'path' that fill 'r'. */
static enum err
get_instances(struct decoding *d, const struct path *path, struct rd r)
{
	struct tlv t;

	if (r.left == 0)
		return decoding_add(d, path, &(struct value){ .type = VALUE_NONE });
	while (tlv_next(&r, &t)) {
		if (t.kind != TLV_RESOURCE_INSTANCE)
			return ERR_MALFORMED;
		struct path at = PATH_OIRR(path->id[0], path->id[1], path->id[2], t.id);
		enum err e = add(d, &at, &t);
		if (e != ERR_OK)
			return e;
	}
	return r.err;
}

/* The resources of an object instance that fill 'r'. */
static enum err
get_resources(struct decoding *d, uint16_t oid, uint16_t iid, struct rd r)
{
	struct tlv t;
	enum err e = ERR_OK;

	while (e == ERR_OK && tlv_next(&r, &t)) {
		struct path path = PATH_OIR(oid, iid, t.id);
		if (t.kind == TLV_RESOURCE)
			e = add(d, &path, &t);
		else if (t.kind == TLV_MULTIPLE)
			e = get_instances(d, &path, rd_over(t.p, t.len));
		else
			e = ERR_MALFORMED;
	}
	return e != ERR_OK ? e : r.err;
}

static enum err
get_object(struct decoding *d, uint16_t oid, struct rd r)
{
	struct tlv t;
	enum err e = ERR_OK;

	while (e == ERR_OK && tlv_next(&r, &t)) {
		e = ERR_MALFORMED;
		if (t.kind == TLV_OBJECT_INSTANCE)
			e = get_resources(d, oid, t.id, rd_over(t.p, t.len));
	}
	return e != ERR_OK ? e : r.err;
}

/* Bare resources, or all of them in one Object Instance of the same id (rule 2). */
static enum err
get_instance(struct decoding *d, struct rd r)
{
	struct rd ahead = r;
	struct tlv t;

	if (!tlv_next(&ahead, &t) || t.kind != TLV_OBJECT_INSTANCE)
		return get_resources(d, d->target->id[0], d->target->id[1], r);
	if (t.id != d->target->id[1] || ahead.left > 0)
		return ERR_MALFORMED;
	return get_resources(d, d->target->id[0], t.id, rd_over(t.p, t.len));
}

/* One resource; some devices leave the Multiple Resource around its instances out (rule 4). */
static enum err
get_resource(struct decoding *d, struct rd r)
{
	struct rd ahead = r;
	struct tlv t;

	if (tlv_next(&ahead, &t) && t.kind == TLV_RESOURCE_INSTANCE)
		return get_instances(d, d->target, r);
	if (ahead.err == ERR_OK && (r.left == 0 || ahead.left > 0))
		return ERR_MALFORMED;
	return get_resources(d, d->target->id[0], d->target->id[1], r);
}

enum err
format_tlv_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct rd r = rd_over(payload, len);

	switch (d->target->depth) {
	case 1:
		return get_object(d, d->target->id[0], r);
	case 2:
		return get_instance(d, r);
	case 3:
		return get_resource(d, r);
	default:
		return ERR_UNSUPPORTED;
	}
}
