#include "lwm2m/objdef.h"

#include <stdlib.h>

#include "lwm2m/objdef_priv.h"

/* Enabler versions, columns of the table below. */
enum { LWM2M_1_0, LWM2M_1_1, LWM2M_1_2, NENABLERS };

/* spec/bootstrap.md 3: object versions that an enabler implies; 0: has no such object. */
static const struct {
	uint16_t oid;
	uint16_t version[NENABLERS];
} implied[] = {
	{  0, { 0x0100, 0x0101, 0x0102 } },
	{  1, { 0x0100, 0x0101, 0x0102 } },
	{  2, { 0x0100, 0x0100, 0x0101 } },
	{  3, { 0x0100, 0x0101, 0x0102 } },
	{  4, { 0x0100, 0x0102, 0x0103 } },
	{  5, { 0x0100, 0x0100, 0x0101 } },
	{  6, { 0x0100, 0x0100, 0x0100 } },
	{  7, { 0x0100, 0x0100, 0x0100 } },
	{ 21, { 0,      0x0100, 0x0200 } },
	{ 23, { 0,      0,      0x0100 } },
	{ 24, { 0,      0,      0x0100 } },
	{ 25, { 0,      0,      0x0100 } },
	{ 26, { 0,      0,      0x0100 } },
	{ 27, { 0,      0,      0x0100 } },
};

static int
compare_ids(uint16_t a, uint16_t b)
{
	return (a > b) - (a < b);
}

static int
object_cmp(const void *key, const void *member)
{
	return compare_ids(*(const uint16_t *)key, ((const struct objdef *)member)->id);
}

static int
resource_cmp(const void *key, const void *member)
{
	return compare_ids(*(const uint16_t *)key, ((const struct resdef *)member)->id);
}

const struct objdef *
objdefs_object(const struct objdefs *defs, uint16_t oid)
{
	/* The core objects come first and nearly without gaps, so the guess is mostly right. */
	if (oid < defs->nobjects && defs->objects[oid].id == oid)
		return &defs->objects[oid];
	return bsearch(&oid, defs->objects, defs->nobjects, sizeof(*defs->objects), object_cmp);
}

const struct resdef *
objdefs_resource(const struct objdefs *defs, uint16_t oid, uint16_t rid)
{
	const struct objdef *o = objdefs_object(defs, oid);

	if (o == NULL)
		return NULL;
	if (rid < o->nresources && o->resources[rid].id == rid)
		return &o->resources[rid];
	return bsearch(&rid, o->resources, o->nresources, sizeof(*o->resources), resource_cmp);
}

/* The entries of one resource, ascending by version; *n is 0 for nearly all. */
static const struct objdef_type *
types_of(const struct objdefs *defs, uint16_t oid, uint16_t rid, size_t *n)
{
	uint32_t key = (uint32_t)oid << 16 | rid;
	size_t low = 0, high = defs->ntypes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct objdef_type *t = &defs->types[mid];
		if (((uint32_t)t->oid << 16 | t->rid) < key)
			low = mid + 1;
		else
			high = mid;
	}
	size_t end = low;
	while (end < defs->ntypes && defs->types[end].oid == oid && defs->types[end].rid == rid)
		end++;
	*n = end - low;
	return defs->types + low;
}

enum value_type
objdefs_type(const struct objdefs *defs, uint16_t oid, uint16_t rid, uint16_t version)
{
	const struct resdef *r = objdefs_resource(defs, oid, rid);
	size_t n;

	if (r == NULL)
		return VALUE_NONE;
	const struct objdef_type *t = types_of(defs, oid, rid, &n);
	if (n == 0 || version == 0)
		return r->type;
	while (n > 1 && t[n - 1].version > version)
		n--;
	return t[n - 1].type;
}

bool
objdefs_allows(const struct objdefs *defs, uint16_t oid, uint16_t rid, enum value_type type)
{
	const struct resdef *r = objdefs_resource(defs, oid, rid);
	size_t n;

	if (r == NULL)
		return false;
	if (r->type == type)
		return true;
	const struct objdef_type *t = types_of(defs, oid, rid, &n);
	for (size_t i = 0; i < n; i++)
		if (t[i].type == type)
			return true;
	return false;
}

uint16_t
objdefs_implied(uint16_t oid, uint16_t lwm2m_version)
{
	unsigned minor = lwm2m_version & 0xff;

	if (lwm2m_version >> 8 != 1)
		return 0;
	if (minor >= NENABLERS)		/* a later 1.x: at least what the last known one has */
		minor = NENABLERS - 1;
	for (size_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++)
		if (implied[i].oid == oid)
			return implied[i].version[minor];
	return 0x0100;	/* objects outside the enabler: "ver" is sent when it is not 1.0 (1.3) */
}

size_t
objdefs_count(const struct objdefs *defs)
{
	return defs->nobjects;
}

const struct objdef *
objdefs_at(const struct objdefs *defs, size_t i)
{
	return i < defs->nobjects ? &defs->objects[i] : NULL;
}

bool
objdefs_secret(const struct objdefs *defs, uint16_t oid, uint16_t rid)
{
	const struct resdef *r = objdefs_resource(defs, oid, rid);

	return r != NULL && r->secret;
}

bool
resdef_takes(const struct resdef *r, double n)
{
	if (!r->has_range)
		return true;
	for (size_t i = 0; i < r->nspans; i++)
		if (n >= r->spans[i].min && n <= r->spans[i].max)
			return true;
	return r->nspans == 0 && n >= r->min && n <= r->max;
}

struct objdefs *
objdefs_hold(struct objdefs *defs)
{
	atomic_fetch_add_explicit(&defs->holders, 1, memory_order_relaxed);
	return defs;
}

void
objdefs_free(struct objdefs *defs)
{
	if (defs == NULL || atomic_fetch_sub_explicit(&defs->holders, 1, memory_order_acq_rel) > 1)
		return;
	arena_fini(&defs->arena);
	free(defs);
}
