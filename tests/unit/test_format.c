#include "test_lwm2m.h"

#include <math.h>

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
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
