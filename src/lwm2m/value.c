#include "lwm2m/value.h"

#include <string.h>

#include "base/arena.h"
#include "base/secret.h"

static const char *const type_names[] = {
	[VALUE_NONE]     = "none",
	[VALUE_STRING]   = "string",
	[VALUE_INTEGER]  = "integer",
	[VALUE_UNSIGNED] = "unsigned",
	[VALUE_FLOAT]    = "float",
	[VALUE_BOOLEAN]  = "boolean",
	[VALUE_OPAQUE]   = "opaque",
	[VALUE_TIME]     = "time",
	[VALUE_OBJLNK]   = "objlnk",
	[VALUE_CORELNK]  = "corelnk",
};
#define NTYPES (sizeof(type_names) / sizeof(type_names[0]))

enum err
nodes_add(struct nodes *nodes, const struct path *path, const struct value *value)
{
	if (nodes->n == nodes->cap) {
		/* The old array stays behind in the arena; it is gone with the session. */
		size_t cap = nodes->cap == 0 ? 16 : nodes->cap * 2;
		struct node *v = arena_array(nodes->arena, cap, sizeof(*v));
		if (v == NULL)
			return ERR_NOMEM;
		if (nodes->n > 0)
			memcpy(v, nodes->v, nodes->n * sizeof(*v));
		nodes->v = v;
		nodes->cap = cap;
	}
	nodes->v[nodes->n++] = (struct node){ .path = *path, .value = *value };
	return ERR_OK;
}

const struct node *
nodes_find(const struct nodes *nodes, const struct path *path)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (path_eq(&nodes->v[i].path, path))
			return &nodes->v[i];
	return NULL;
}

struct value
value_text(enum value_type type, const char *s)
{
	return value_bytes(type, s, strlen(s));
}

struct value
value_bytes(enum value_type type, const void *p, size_t len)
{
	return (struct value){ .type = type, .bytes = { .p = p, .len = len } };
}

struct value
value_integer(int64_t i)
{
	return (struct value){ .type = VALUE_INTEGER, .i = i };
}

struct value
value_unsigned(uint64_t u)
{
	return (struct value){ .type = VALUE_UNSIGNED, .u = u };
}

struct value
value_boolean(bool b)
{
	return (struct value){ .type = VALUE_BOOLEAN, .b = b };
}

struct value
value_float(double f)
{
	return (struct value){ .type = VALUE_FLOAT, .f = f };
}

struct value
value_time(int64_t i)
{
	return (struct value){ .type = VALUE_TIME, .i = i };
}

struct value
value_objlnk(uint16_t oid, uint16_t iid)
{
	return (struct value){ .type = VALUE_OBJLNK, .link = { .oid = oid, .iid = iid } };
}

bool
value_eq(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NONE:
		return true;
	case VALUE_STRING:
	case VALUE_CORELNK:
		return a->bytes.len == b->bytes.len &&
		    (a->bytes.len == 0 || memcmp(a->bytes.p, b->bytes.p, a->bytes.len) == 0);
	case VALUE_OPAQUE:
		return secret_eq(a->bytes.p, a->bytes.len, b->bytes.p, b->bytes.len);
	case VALUE_INTEGER:
	case VALUE_TIME:
		return a->i == b->i;
	case VALUE_UNSIGNED:
		return a->u == b->u;
	case VALUE_FLOAT:
		return a->f == b->f || (a->f != a->f && b->f != b->f);	/* NaN is what was sent */
	case VALUE_BOOLEAN:
		return a->b == b->b;
	case VALUE_OBJLNK:
		return a->link.oid == b->link.oid && a->link.iid == b->link.iid;
	}
	return false;
}

const char *
value_type_name(enum value_type type)
{
	return (size_t)type < NTYPES ? type_names[type] : "unknown";
}

enum err
value_type_parse(const char *name, enum value_type *ret)
{
	for (size_t i = 0; i < NTYPES; i++)
		if (strcmp(type_names[i], name) == 0) {
			*ret = (enum value_type)i;
			return ERR_OK;
		}
	return ERR_MALFORMED;
}
