#include "test_lwm2m.h"

#include <math.h>

static void
list_grows_and_keeps_order(void **state)
{
	struct arena arena;
	struct nodes nodes = { .arena = &arena };

	(void)state;
	arena_init(&arena, 256, 0);
	for (uint16_t i = 0; i < 100; i++) {
		struct path path = PATH_OIR(1, 0, i);
		struct value v = value_integer(i);
		assert_int_equal(nodes_add(&nodes, &path, &v), ERR_OK);
	}
	assert_int_equal(nodes.n, 100);
	for (uint16_t i = 0; i < 100; i++) {
		struct path path = PATH_OIR(1, 0, i);
		const struct node *node = nodes_find(&nodes, &path);
		assert_ptr_equal(node, &nodes.v[i]);
		assert_int_equal(node->value.i, i);
	}
	struct path absent = PATH_OI(1, 0);
	assert_null(nodes_find(&nodes, &absent));
	arena_fini(&arena);
}

static void
full_arena_is_out_of_memory(void **state)
{
	struct arena arena;
	struct nodes nodes = { .arena = &arena };
	struct path path = PATH_OIR(0, 0, 0);
	struct value v = value_boolean(true);
	enum err e;

	(void)state;
	arena_init(&arena, 512, 4096);
	do
		e = nodes_add(&nodes, &path, &v);
	while (e == ERR_OK);
	assert_int_equal(e, ERR_NOMEM);
	assert_int_equal(nodes.n, nodes.cap);
	arena_fini(&arena);
}

static void
constructors_set_type_and_value(void **state)
{
	struct value v;

	(void)state;
	v = value_text(VALUE_STRING, "ab");
	assert_true(v.type == VALUE_STRING && v.bytes.len == 2 && memcmp(v.bytes.p, "ab", 2) == 0);
	v = value_bytes(VALUE_OPAQUE, "a\0b", 3);
	assert_true(v.type == VALUE_OPAQUE && v.bytes.len == 3);
	v = value_integer(INT64_MIN);
	assert_true(v.type == VALUE_INTEGER && v.i == INT64_MIN);
	v = value_unsigned(UINT64_MAX);
	assert_true(v.type == VALUE_UNSIGNED && v.u == UINT64_MAX);
	v = value_time(-1);
	assert_true(v.type == VALUE_TIME && v.i == -1);
	v = value_boolean(true);
	assert_true(v.type == VALUE_BOOLEAN && v.b);
	v = value_float(0.5);
	assert_true(v.type == VALUE_FLOAT && v.f > 0.4 && v.f < 0.6);
	v = value_objlnk(65535, 1);
	assert_true(v.type == VALUE_OBJLNK && v.link.oid == 65535 && v.link.iid == 1);
}

static void
equal_means_same_type_and_value(void **state)
{
	struct value v[] = {
		value_text(VALUE_STRING, ""), value_text(VALUE_STRING, "a"),
		value_text(VALUE_STRING, "b"), value_text(VALUE_OPAQUE, "a"),
		value_text(VALUE_OPAQUE, ""), value_text(VALUE_CORELNK, "a"),
		value_bytes(VALUE_OPAQUE, "a\0", 2), value_integer(1), value_integer(-1),
		value_unsigned(1), value_time(1), value_float(1), value_float(NAN),
		value_boolean(true), value_boolean(false), value_objlnk(1, 2), value_objlnk(2, 1),
		value_objlnk(1, 1), { .type = VALUE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++)
		for (size_t j = 0; j < COUNT(v); j++)
			assert_int_equal(value_eq(&v[i], &v[j]), i == j);
	v[0] = value_bytes(VALUE_STRING, NULL, 0);
	v[1] = value_text(VALUE_STRING, "");
	assert_true(value_eq(&v[0], &v[1]));
}

static void
type_names_go_there_and_back(void **state)
{
	(void)state;
	for (unsigned t = VALUE_NONE; t <= VALUE_CORELNK; t++) {
		enum value_type back;
		assert_int_equal(value_type_parse(value_type_name((enum value_type)t), &back), ERR_OK);
		assert_int_equal(back, t);
	}
	enum value_type kept = VALUE_TIME;
	assert_int_equal(value_type_parse("Integer", &kept), ERR_MALFORMED);
	assert_int_equal(value_type_parse("", &kept), ERR_MALFORMED);
	assert_int_equal(kept, VALUE_TIME);
	assert_string_equal(value_type_name((enum value_type)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_grows_and_keeps_order),
		cmocka_unit_test(full_arena_is_out_of_memory),
		cmocka_unit_test(constructors_set_type_and_value),
		cmocka_unit_test(equal_means_same_type_and_value),
		cmocka_unit_test(type_names_go_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
