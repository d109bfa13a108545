#ifndef TEST_RECORDS_H
#define TEST_RECORDS_H

/* What the tests of records and configurations share. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/problem.h"
#include "lwm2m/objdef.h"
#include "store/config.h"

static inline const struct objdefs *
the_objects(void)
{
	static struct objdefs *defs;
	struct problem why = { 0 };

	if (defs == NULL &&
	    objdefs_load((const char *const[]){ "etc/objects", "schema/json/examples/objects", NULL },
	    &defs, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	return defs;
}

/* JSON written with ' for ", to be read in C. */
static inline json_t *
js(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *v;

	assert_non_null(copy);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	v = json_loads(copy, JSON_DECODE_ANY, &error);
	if (v == NULL)
		fail_msg("%s in %s", error.text, copy);
	free(copy);
	return v;
}

static inline const struct config_resource *
find(const struct config_resource *r, size_t n, uint16_t rid, int32_t riid)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].rid == rid && r[i].riid == riid)
			return &r[i];
	return NULL;
}

/* The literal of a single resource; fails the test when there is none. */
static inline const struct value *
literal(const struct config_instance *i, uint16_t rid)
{
	const struct config_resource *r = find(i->resources, i->nresources, rid, -1);

	if (r == NULL)
		fail_msg("resource %u is missing", rid);
	assert_int_equal(r->value.source, CONFIG_LITERAL);
	return &r->value.literal;
}

static inline void
assert_octets(const struct value *v, const char *text)
{
	assert_int_equal(v->bytes.len, strlen(text));
	assert_memory_equal(v->bytes.p, text, strlen(text));
}

#endif
