#ifndef TEST_LWM2M_H
#define TEST_LWM2M_H

/* What the tests of src/lwm2m share: definitions, node literals, round trips through hex. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define AT(o, i, r)	{ .depth = 3, .id = { (o), (i), (r) } }
#define ATI(o, i, r, n)	{ .depth = 4, .id = { (o), (i), (r), (n) } }
#define BYTES(t, s)	{ .type = (t), .bytes = { (const uint8_t *)(s), sizeof(s) - 1 } }
#define STR(s)		BYTES(VALUE_STRING, s)
#define OPQ(s)		BYTES(VALUE_OPAQUE, s)
#define INT(n)		{ .type = VALUE_INTEGER, .i = (n) }
#define TIME(n)		{ .type = VALUE_TIME, .i = (n) }
#define UNS(n)		{ .type = VALUE_UNSIGNED, .u = (n) }
#define FLT(n)		{ .type = VALUE_FLOAT, .f = (n) }
#define BOOL(n)		{ .type = VALUE_BOOLEAN, .b = (n) }
#define LNK(o, i)	{ .type = VALUE_OBJLNK, .link = { (o), (i) } }
#define EMPTY		{ .type = VALUE_NONE }

static struct objdefs *defs;

static inline int
load_defs(void **state)
{
	const char *const dirs[] = { "etc/objects", NULL };
	struct problem why;

	(void)state;
	return objdefs_load(dirs, &defs, &why) == ERR_OK ? 0 : -1;
}

static inline int
free_defs(void **state)
{
	(void)state;
	objdefs_free(defs);
	return 0;
}

static inline struct path
path_of(const char *text)
{
	struct path path = PATH_ROOT;

	assert_int_equal(path_parse(text, strlen(text), &path), ERR_OK);
	return path;
}

/* In memory of exactly that size, so that a read beyond it is seen; the caller frees it. */
static inline uint8_t *
exact_copy(const void *p, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, p, len);
	return copy;
}

static inline uint8_t *
unhex(const char *hex, size_t *ret_len)
{
	size_t len = strlen(hex) / 2;
	uint8_t *p = malloc(len > 0 ? len : 1);

	assert_non_null(p);
	assert_int_equal(text_unhex(hex, strlen(hex), p, len, ret_len), ERR_OK);
	return p;
}

static inline void
encodes(int cf, const char *target, const struct node *nodes, size_t n, const char *hex)
{
	struct path path = path_of(target);
	static uint8_t buf[70000];
	static char text[2 * sizeof(buf) + 1];
	struct wr w = wr_over(buf, sizeof(buf));

	assert_int_equal(format_encode(cf, &path, nodes, n, &w), ERR_OK);
	text_hex(buf, w.len, text);
	assert_string_equal(text, hex);

	/* One octet less room is noticed, and nothing is left half written. */
	if (w.len > 0) {
		w = wr_over(buf, w.len - 1);
		assert_int_equal(format_encode(cf, &path, nodes, n, &w), ERR_TOOBIG);
		assert_int_equal(w.len, 0);
	}
}

static inline void
same_nodes(const struct nodes *got, const struct node *nodes, size_t n)
{
	assert_int_equal(got->n, n);
	for (size_t i = 0; i < n; i++) {
		char a[PATH_TEXT_MAX], b[PATH_TEXT_MAX];
		assert_string_equal(path_format(&got->v[i].path, a), path_format(&nodes[i].path, b));
		assert_string_equal(value_type_name(got->v[i].value.type),
		    value_type_name(nodes[i].value.type));
		assert_true(value_eq(&got->v[i].value, &nodes[i].value));
	}
}

static inline void
decodes(int cf, const char *target, const char *hex, const struct node *nodes, size_t n)
{
	struct path path = path_of(target);
	struct arena arena;
	struct nodes out = { .arena = &arena };
	size_t len;
	uint8_t *p = unhex(hex, &len);

	arena_init(&arena, 4096, 0);
	assert_int_equal(format_decode(cf, &path, defs, p, len, &out), ERR_OK);
	same_nodes(&out, nodes, n);
	arena_fini(&arena);
	free(p);
}

static inline void
fails(int cf, const char *target, const char *hex, enum err expected)
{
	struct path path = path_of(target);
	struct arena arena;
	struct nodes out = { .arena = &arena };
	size_t len;
	uint8_t *p = unhex(hex, &len);

	arena_init(&arena, 4096, 0);
	assert_int_equal(format_decode(cf, &path, defs, p, len, &out), expected);
	assert_int_equal(out.n, 0);
	arena_fini(&arena);
	free(p);
}

/* Every prefix decodes to an error or to a shorter list. */
static inline void
prefixes(int cf, const char *target, const char *hex, size_t n)
{
	struct path path = path_of(target);
	size_t len;
	uint8_t *p = unhex(hex, &len);

	for (size_t i = 0; i < len; i++) {
		struct arena arena;
		struct nodes out = { .arena = &arena };
		uint8_t *part = exact_copy(p, i);

		arena_init(&arena, 1024, 0);
		enum err e = format_decode(cf, &path, defs, part, i, &out);
		assert_true(e == ERR_OK ? out.n < n : out.n == 0);
		arena_fini(&arena);
		free(part);
	}
	free(p);
}

#endif
