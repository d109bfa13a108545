#include "test_lwm2m.h"

#include <math.h>
#include <stdio.h>

#include "base/random.h"

static void
names_are_those_of_the_records(void **state)
{
	static const struct { int cf; const char *name; bool tree, encode; } formats[] = {
		{ 0, "text", false, true }, { 42, "opaque", false, true },
		{ 11542, "tlv", true, true }, { 112, "senml-cbor", true, true },
		{ 110, "senml-json", true, true }, { 11544, "lwm2m-cbor", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		assert_string_equal(format_name(formats[i].cf), formats[i].name);
		assert_int_equal(format_by_name(formats[i].name), formats[i].cf);
		assert_int_equal(format_is_tree(formats[i].cf), formats[i].tree);
		assert_int_equal(format_can_encode(formats[i].cf), formats[i].encode);
	}
	assert_true(format_can_encode(FORMAT_JSON) && format_is_tree(FORMAT_JSON));
	assert_true(format_can_encode(FORMAT_CBOR) && !format_is_tree(FORMAT_CBOR));
	assert_int_equal(format_by_name("auto"), FORMAT_NONE);
	assert_int_equal(format_by_name("TLV"), FORMAT_NONE);
	assert_int_equal(format_by_name(""), FORMAT_NONE);
	assert_int_equal(format_by_name("link-format"), FORMAT_NONE);	/* not a choice for records */
	assert_string_equal(format_name(FORMAT_LINK), "link-format");
	assert_true(format_can_encode(FORMAT_TLV_OLD) && format_is_tree(FORMAT_TLV_OLD));
	assert_null(format_name(FORMAT_NONE));
	assert_null(format_name(4711));
	assert_false(format_can_encode(4711) || format_is_tree(4711) || format_can_encode(FORMAT_NONE));
}

static void
unknown_formats_are_unsupported(void **state)
{
	struct node node = { AT(1, 0, 0), INT(1) };
	struct path target = PATH_OI(1, 0);
	uint8_t buf[10];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(4711, &target, &node, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_LINK, &target, &node, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_NONE, &target, &node, 1, &w), ERR_UNSUPPORTED);
	fails(4711, "/1/0", "00", ERR_UNSUPPORTED);
	fails(FORMAT_LINK, "/1/0", "00", ERR_UNSUPPORTED);
}

static void
nodes_outside_the_target_are_invalid(void **state)
{
	static const struct node nodes[][2] = {
		{ { AT(1, 0, 0), INT(1) }, { AT(1, 1, 0), INT(1) } },
		{ { AT(1, 0, 0), INT(1) }, { AT(0, 0, 0), INT(1) } },
		{ { AT(1, 0, 0), INT(1) }, { AT(1, 0, 0), INT(1) } },		/* twice */
		{ { AT(1, 0, 0), INT(1) }, { ATI(1, 0, 0, 0), INT(1) } },	/* single and multiple */
		{ { AT(1, 0, 0), INT(1) }, { { .depth = 2, .id = { 1, 0 } }, INT(1) } },
		{ { AT(1, 0, 0), INT(1) }, { ATI(1, 0, 24, 0), EMPTY } },
	};
	static const int tree[] = { FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON, FORMAT_LWM2M_CBOR,
	    FORMAT_JSON };
	struct path target = PATH_OI(1, 0);
	uint8_t buf[100];

	(void)state;
	for (size_t i = 0; i < COUNT(nodes); i++)
		for (size_t j = 0; j < COUNT(tree); j++) {
			struct wr w = wr_over(buf, sizeof(buf));
			assert_int_equal(format_encode(tree[j], &target, nodes[i], 2, &w), ERR_INVALID);
			assert_int_equal(w.len, 0);
		}
}

static void
resource_instances_are_no_targets(void **state)
{
	static const int all[] = { FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON, FORMAT_LWM2M_CBOR,
	    FORMAT_JSON, FORMAT_CBOR, FORMAT_TEXT, FORMAT_OPAQUE };
	struct node node = { ATI(0, 1, 16, 0), UNS(49320) };
	struct path target = PATH_OIRR(0, 1, 16, 0);
	uint8_t buf[100];

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct wr w = wr_over(buf, sizeof(buf));
		assert_int_equal(format_encode(all[i], &target, &node, 1, &w), ERR_UNSUPPORTED);
	}
}

static void
text_is_for_one_single_resource(void **state)
{
	static const struct node nodes[] = {
		{ AT(1, 0, 0), INT(1) }, { AT(1, 0, 1), INT(1) }, { ATI(0, 1, 16, 0), UNS(1) },
		{ AT(0, 1, 16), EMPTY }, { AT(6, 0, 0), FLT((double)NAN) },
		{ AT(6, 0, 0), FLT((double)INFINITY) },
	};
	struct path instance = PATH_OI(1, 0), multiple = PATH_OIR(0, 1, 16);
	struct path location = PATH_OIR(6, 0, 0);
	uint8_t buf[100];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(FORMAT_TEXT, &instance, nodes, 2, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &instance, nodes, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &multiple, nodes + 2, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &multiple, nodes + 3, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &multiple, NULL, 0, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_OPAQUE, &multiple, NULL, 0, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &location, nodes + 4, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_TEXT, &location, nodes + 5, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 0);
	fails(FORMAT_TEXT, "/1/0", "31", ERR_UNSUPPORTED);
	fails(FORMAT_OPAQUE, "/0/1", "31", ERR_UNSUPPORTED);
}

/* Text as it comes, and the value it is; a wrong one is refused. */
static void
reads(const char *target, const char *text, struct value v)
{
	struct node node = { path_of(target), v };
	char hex[2000];

	text_hex(text, strlen(text), hex);
	decodes(FORMAT_TEXT, target, hex, &node, 1);
}

static void
refuses(const char *target, const char *text)
{
	char hex[2000];

	text_hex(text, strlen(text), hex);
	fails(FORMAT_TEXT, target, hex, ERR_MALFORMED);
}

static void
text_numbers_are_strict(void **state)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "1-",
	    "9223372036854775808", "-9223372036854775809", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		refuses("/1/0/1", bad[i]);
		refuses("/1/0/12", bad[i]);
	}
	reads("/1/0/1", "9223372036854775807", value_integer(INT64_MAX));
	reads("/1/0/1", "-9223372036854775808", value_integer(INT64_MIN));
	reads("/1/0/1", "007", value_integer(7));
	reads("/1/0/1", "-0", value_integer(0));
	reads("/1/0/13", "18446744073709551615", value_unsigned(UINT64_MAX));
	refuses("/1/0/13", "18446744073709551616");
	refuses("/1/0/13", "-1");
}

static void
text_floats_are_decimal(void **state)
{
	static const char *const bad[] = { "", "-", ".5", "5.", "1e", "1e+", "nan", "inf", "0x1p3", "1,5",
	    "1e999", "1.5f", " 1.5" };
	static const struct { double f; const char *text; } written[] = {
		{ 0, "0" }, { 1, "1" }, { -1, "-1" }, { 100, "100" }, { 1e21, "1000000000000000000000" },
		{ 0.001, "0.001" }, { -2.5, "-2.5" }, { 123.456, "123.456" }, { 1e-7, "0.0000001" },
		{ 5e-324, NULL }, { 1.7976931348623157e308, NULL }, { 1.0 / 3, "0.3333333333333333" },
		{ 153.2176, "153.2176" }, { 9007199254740993.0, "9007199254740992" },
	};
	char hex[2000];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		refuses("/6/0/0", bad[i]);
	reads("/6/0/0", "1.5e3", value_float(1500));
	reads("/6/0/0", "1E-2", value_float(0.01));
	reads("/6/0/0", "-0012.50", value_float(-12.5));
	for (size_t i = 0; i < COUNT(written); i++) {
		struct node node = { AT(6, 0, 0), FLT(written[i].f) };
		struct path target = PATH_OIR(6, 0, 0);
		uint8_t buf[400];
		struct wr w = wr_over(buf, sizeof(buf));
		assert_int_equal(format_encode(FORMAT_TEXT, &target, &node, 1, &w), ERR_OK);
		assert_null(memchr(buf, 'e', w.len));
		if (written[i].text != NULL) {
			assert_int_equal(w.len, strlen(written[i].text));
			assert_memory_equal(buf, written[i].text, w.len);
		}
		text_hex(buf, w.len, hex);
		decodes(FORMAT_TEXT, "/6/0/0", hex, &node, 1);
	}
}

static void
text_of_other_types_is_strict(void **state)
{
	(void)state;
	refuses("/1/0/6", "true");
	refuses("/1/0/6", "2");
	refuses("/1/0/6", "");
	refuses("/1/0/6", "00");
	reads("/0/1/17", "65535:65535", value_objlnk(65535, 65535));
	reads("/0/1/17", "FFFF:FFFF", value_objlnk(65535, 65535));
	refuses("/0/1/17", "65536:0");
	refuses("/0/1/17", "21");
	refuses("/0/1/17", "21:");
	refuses("/0/1/17", ":0");
	refuses("/0/1/17", "21:0:0");
	refuses("/0/1/17", "");
	reads("/0/1/5", "", value_bytes(VALUE_OPAQUE, "", 0));
	reads("/0/1/5", "AQID", value_text(VALUE_OPAQUE, "\1\2\3"));
	refuses("/0/1/5", "AQI*");
	refuses("/0/1/5", "A");
	reads("/1/0/7", "", value_text(VALUE_STRING, ""));
	refuses("/1/0/7", "\xff");
	reads("/77/0/1", "12", value_text(VALUE_STRING, "12"));		/* as written */
}

/* The numbers that 1.0 devices used before IANA gave them (spec/bootstrap.md 4.0). */
static void
old_numbers_are_read_but_not_written(void **state)
{
	struct node node = { AT(1, 0, 0), INT(101) };
	struct path target = PATH_OIR(1, 0, 0);
	uint8_t buf[40];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	decodes(FORMAT_TEXT_OLD, "/1/0/0", "313031", &node, 1);
	decodes(FORMAT_TLV_OLD, "/1/0/0", "c10065", &node, 1);
	decodes(FORMAT_JSON_OLD, "/1/0/0", "7b2265223a5b7b2276223a3130317d5d7d", &node, 1);
	assert_int_equal(format_encode(FORMAT_TEXT_OLD, &target, &node, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_JSON_OLD, &target, &node, 1, &w), ERR_UNSUPPORTED);
	assert_false(format_can_encode(FORMAT_TEXT_OLD) || format_can_encode(FORMAT_JSON_OLD));
}

static void
oversized_payload_is_refused(void **state)
{
	static uint8_t big[65537];
	struct path target = PATH_OIR(0, 1, 5);
	struct arena arena;
	struct nodes out = { .arena = &arena };

	(void)state;
	arena_init(&arena, 1024, 0);
	assert_int_equal(format_decode(FORMAT_OPAQUE, &target, defs, big, sizeof(big), &out),
	    ERR_TOOBIG);
	assert_int_equal(format_decode(FORMAT_OPAQUE, &target, defs, big, sizeof(big) - 1, &out),
	    ERR_OK);
	arena_fini(&arena);
}

static void
full_arena_fails_the_payload(void **state)
{
	struct path target = PATH_OI(1, 0);
	struct arena arena;
	struct nodes out = { .arena = &arena };
	const uint8_t p[] = { 0xc1, 0, 1 };

	(void)state;
	arena_init(&arena, 16, 64);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, p, sizeof(p), &out), ERR_NOMEM);
	arena_fini(&arena);
}

static void
decoding_adds_to_what_is_there(void **state)
{
	struct path target = PATH_OI(1, 0);
	struct arena arena;
	struct nodes out = { .arena = &arena };
	const uint8_t good[] = { 0xc1, 0, 1 }, wrong[] = { 0xc1, 1, 1, 0xc3, 0, 0, 0, 0 };

	(void)state;
	arena_init(&arena, 1024, 0);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, good, sizeof(good), &out), ERR_OK);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, good, sizeof(good), &out), ERR_OK);
	assert_int_equal(out.n, 2);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, wrong, sizeof(wrong), &out),
	    ERR_MALFORMED);
	assert_int_equal(out.n, 2);
	arena_fini(&arena);
}

/* A value of the type, of any size and sign. */
static struct value
random_value(enum value_type type, struct arena *arena)
{
	uint64_t bits = random_u64() >> random_below(64);
	size_t len = random_below(random_below(8) == 0 ? 600 : 20);
	uint8_t *p = arena_alloc(arena, len);
	double f = (double)(int64_t)random_u64() / (double)(1 + random_below(1000000));

	assert_non_null(p);
	random_bytes(p, len);
	switch (type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		for (size_t i = 0; i < len; i++)
			p[i] = (uint8_t)(p[i] & 0x7f);
		return value_bytes(type, p, len);
	case VALUE_OPAQUE:
		return value_bytes(type, p, len);
	case VALUE_INTEGER:
		return value_integer(random_below(2) ? (int64_t)bits : -(int64_t)(bits >> 1) - 1);
	case VALUE_TIME:
		return value_time((int64_t)bits);
	case VALUE_UNSIGNED:
		return value_unsigned(bits);
	case VALUE_FLOAT:
		return value_float(random_below(2) ? f : (double)(float)f);
	case VALUE_BOOLEAN:
		return value_boolean(random_below(2));
	case VALUE_OBJLNK:
		return value_objlnk((uint16_t)random_u64(), (uint16_t)random_u64());
	case VALUE_NONE:
		break;
	}
	return (struct value){ .type = VALUE_NONE };
}

/* Some resources of an instance, with random values; multiple ones with up to 4 instances. */
static void
add_random_instance(struct nodes *nodes, const struct objdef *o, uint16_t iid)
{
	for (size_t i = 0; i < o->nresources; i++) {
		const struct resdef *r = &o->resources[i];
		if (r->type == VALUE_NONE || random_below(2) == 0)
			continue;
		uint16_t riid = (uint16_t)random_below(400);
		for (uint32_t n = r->multiple ? 1 + random_below(4) : 1; n > 0; n--) {
			struct path p = PATH_OIR(o->id, iid, r->id);
			if (r->multiple)
				p = PATH_OIRR(o->id, iid, r->id, riid);
			struct value v = random_value(r->type, nodes->arena);
			assert_int_equal(nodes_add(nodes, &p, &v), ERR_OK);
			riid = (uint16_t)(riid + 1 + random_below(9));
		}
	}
}

static void
comes_back_the_same(int cf, const struct path *target, const struct nodes *nodes)
{
	static uint8_t buf[65536];
	struct wr w = wr_over(buf, sizeof(buf));
	struct nodes out = { .arena = nodes->arena };

	assert_int_equal(format_encode(cf, target, nodes->v, nodes->n, &w), ERR_OK);
	uint8_t *copy = exact_copy(buf, w.len);
	assert_int_equal(format_decode(cf, target, defs, copy, w.len, &out), ERR_OK);
	same_nodes(&out, nodes->v, nodes->n);
	free(copy);
}

static void
random_values_come_back_from_every_format(void **state)
{
	static const int tree[] = { FORMAT_TLV, FORMAT_TLV_OLD, FORMAT_SENML_CBOR };

	(void)state;
	for (int round = 0; round < 400; round++) {
		const struct objdef *o = objdefs_at(defs, random_below((uint32_t)objdefs_count(defs)));
		struct arena arena;
		struct nodes nodes = { .arena = &arena };
		struct path object = PATH_O(o->id), instance = PATH_OI(o->id, 7);

		arena_init(&arena, 16384, 0);
		add_random_instance(&nodes, o, 7);
		for (size_t i = 0; i < COUNT(tree); i++)
			comes_back_the_same(tree[i], &instance, &nodes);
		for (size_t i = 0; i < nodes.n; i++) {
			struct nodes one = { .v = &nodes.v[i], .n = 1, .arena = &arena };
			struct path target = nodes.v[i].path;
			bool single = target.depth == 3;
			target = PATH_OIR(target.id[0], target.id[1], target.id[2]);
			comes_back_the_same(FORMAT_TLV, &target, &one);
			comes_back_the_same(FORMAT_SENML_CBOR, &target, &one);
			if (single)
				comes_back_the_same(FORMAT_TEXT, &target, &one);
			if (single && one.v[0].value.type == VALUE_OPAQUE)
				comes_back_the_same(FORMAT_OPAQUE, &target, &one);
		}
		add_random_instance(&nodes, o, 300);
		for (size_t i = 0; i < COUNT(tree); i++)
			comes_back_the_same(tree[i], &object, &nodes);
		arena_fini(&arena);
	}
}

static void
random_damage_is_survived(void **state)
{
	static const int all[] = { FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_TEXT, FORMAT_OPAQUE };
	static uint8_t buf[65536];

	(void)state;
	for (int round = 0; round < 300; round++) {
		const struct objdef *o = objdefs_at(defs, random_below((uint32_t)objdefs_count(defs)));
		int cf = all[random_below(COUNT(all))];
		struct arena arena;
		struct nodes nodes = { .arena = &arena }, out = { .arena = &arena };
		struct path target = PATH_OI(o->id, 7);
		struct wr w = wr_over(buf, sizeof(buf));

		arena_init(&arena, 16384, 0);
		add_random_instance(&nodes, o, 7);
		if (format_encode(format_is_tree(cf) ? cf : FORMAT_TLV, &target, nodes.v, nodes.n,
		    &w) == ERR_OK && w.len > 0) {
			uint8_t *copy = exact_copy(buf, w.len);
			for (uint32_t n = 1 + random_below(4); n > 0; n--)
				copy[random_below((uint32_t)w.len)] = (uint8_t)random_u64();
			if (format_decode(cf, &target, defs, copy, w.len, &out) != ERR_OK)
				assert_int_equal(out.n, 0);
			free(copy);
		}
		arena_fini(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_records),
		cmocka_unit_test(unknown_formats_are_unsupported),
		cmocka_unit_test(nodes_outside_the_target_are_invalid),
		cmocka_unit_test(resource_instances_are_no_targets),
		cmocka_unit_test(text_is_for_one_single_resource),
		cmocka_unit_test(text_numbers_are_strict),
		cmocka_unit_test(text_floats_are_decimal),
		cmocka_unit_test(text_of_other_types_is_strict),
		cmocka_unit_test(old_numbers_are_read_but_not_written),
		cmocka_unit_test(oversized_payload_is_refused),
		cmocka_unit_test(full_arena_fails_the_payload),
		cmocka_unit_test(decoding_adds_to_what_is_there),
		cmocka_unit_test(random_values_come_back_from_every_format),
		cmocka_unit_test(random_damage_is_survived),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
