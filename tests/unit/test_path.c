#include "test_lwm2m.h"

static void
paths_of_every_depth_go_there_and_back(void **state)
{
	static const struct { const char *text; struct path path; } good[] = {
		{ "/", { .depth = 0 } },
		{ "/0", { .depth = 1, .id = { 0 } } },
		{ "/65534", { .depth = 1, .id = { 65534 } } },
		{ "/0/1", { .depth = 2, .id = { 0, 1 } } },
		{ "/3/0/14", AT(3, 0, 14) },
		{ "/2/0/2/101", ATI(2, 0, 2, 101) },
		{ "/65534/65534/65534/65534", ATI(65534, 65534, 65534, 65534) },
	};
	char buf[PATH_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct path path = path_of(good[i].text);
		assert_int_equal(path.depth, good[i].path.depth);
		assert_memory_equal(path.id, good[i].path.id, sizeof(path.id));
		assert_ptr_equal(path_format(&path, buf), buf);
		assert_string_equal(buf, good[i].text);
	}
}

static void
anything_else_is_malformed(void **state)
{
	static const char *const bad[] = { "", "0", "//", "/0/", "/00", "/01", "/0/01", "/0//1", "/65535",
	    "/65536", "/99999999999999999999", "/-1", "/+1", "/ 1", "/1 ", "/a", "/0/1/2/3/4", "/0x1",
	    "/1.0", "0/1", "/0/1/2/3/", "\\0" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct path path = { .depth = 77 };
		size_t len = strlen(bad[i]);
		uint8_t *copy = exact_copy(bad[i], len);
		assert_int_equal(path_parse((char *)copy, len, &path), ERR_MALFORMED);
		assert_int_equal(path.depth, 77);
		free(copy);
	}
}

static void
length_ends_the_text(void **state)
{
	struct path path;
	char buf[PATH_TEXT_MAX];

	(void)state;
	assert_int_equal(path_parse("/12/345", 5, &path), ERR_OK);
	assert_string_equal(path_format(&path, buf), "/12/3");
	assert_int_equal(path_parse("/1\0/2", 5, &path), ERR_MALFORMED);
}

static void
within_counts_equal_and_deeper(void **state)
{
	struct path root = PATH_ROOT, o = PATH_O(1), i = PATH_OI(1, 2), r = PATH_OIR(1, 2, 3);
	struct path other = PATH_OI(1, 3);

	(void)state;
	assert_true(path_within(&root, &root) && path_within(&r, &root));
	assert_true(path_within(&i, &i) && path_within(&i, &o) && path_within(&r, &i));
	assert_false(path_within(&o, &i) || path_within(&r, &other) || path_within(&root, &o));
	assert_true(path_eq(&i, &i));
	assert_false(path_eq(&i, &other) || path_eq(&i, &o));
}

static void
order_is_that_of_the_tree(void **state)
{
	static const char *const order[] = { "/", "/0", "/0/0", "/0/0/0", "/0/0/0/0", "/0/0/0/1", "/0/0/1",
	    "/0/0/10", "/0/1", "/1", "/1/0", "/2", "/10", "/300" };

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++) {
			struct path a = path_of(order[i]), b = path_of(order[j]);
			int c = path_cmp(&a, &b);
			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_every_depth_go_there_and_back),
		cmocka_unit_test(anything_else_is_malformed),
		cmocka_unit_test(length_ends_the_text),
		cmocka_unit_test(within_counts_equal_and_deeper),
		cmocka_unit_test(order_is_that_of_the_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
