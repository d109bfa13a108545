#include "test_lwm2m.h"

#include <math.h>
#include <stdio.h>

static const struct node ssid[] = { { AT(1, 0, 0), INT(101) } };

static void
reads(const char *hex)
{
	decodes(FORMAT_SENML_CBOR, "/1/0", hex, ssid, 1);
	prefixes(FORMAT_SENML_CBOR, "/1/0", hex, 1);
}

static void
refuses(const char *hex)
{
	fails(FORMAT_SENML_CBOR, "/1/0", hex, ERR_MALFORMED);
}

static void
base_name_and_name_are_put_together(void **state)
{
	(void)state;
	reads("81a321652f312f302f006130021865");	/* "/1/0/" "0" */
	reads("81a200662f312f302f30021865");		/* n "/1/0/0" */
	reads("81a221662f312f302f30021865");		/* bn "/1/0/0" */
	reads("81a321622f3100642f302f30021865");	/* "/1" "/0/0" */
	reads("81a321662f312f302f300060021865");	/* an empty name */
	reads("81a3216000662f312f302f30021865");	/* an empty base name */
}

static void
base_name_stays_in_force_until_replaced(void **state)
{
	static const struct node nodes[] = {
		{ AT(1, 0, 0), INT(101) },
		{ AT(1, 0, 6), BOOL(true) },
		{ AT(1, 1, 0), INT(102) },
		{ AT(1, 1, 6), BOOL(false) },
	};

	(void)state;
	decodes(FORMAT_SENML_CBOR, "/1",
	    "84a321652f312f302f006130021865a200613604f5a3006130021866"
	    "21652f312f312fa200613604f4", nodes, COUNT(nodes));
}

static void
members_come_in_any_order(void **state)
{
	(void)state;
	reads("81a302186500613021652f312f302f");
	reads("81a300613021652f312f302f021865");
}

static void
indefinite_lengths_are_read(void **state)
{
	static const struct node text[] = { { AT(1, 0, 7), STR("UT") } };
	static const struct node data[] = { { AT(0, 1, 5), OPQ("\1\2\3") } };

	(void)state;
	reads("9fa321652f312f302f006130021865ff");
	reads("81bf21652f312f302f006130021865ff");
	reads("9fbf21652f312f302f006130021865ffff");
	reads("81a3217f632f312f6130612fff006130021865");
	decodes(FORMAT_SENML_CBOR, "/1/0", "81a2007f642f312f30622f37ff037f61556154ff", text, 1);
	decodes(FORMAT_SENML_CBOR, "/0/1", "81a200662f302f312f35085f4101420203ff", data, 1);
	decodes(FORMAT_SENML_CBOR, "/0/1", "81a200662f302f312f35085f410141024103ff", data, 1);
	refuses("81a2007f642f312f30422f37ff036155");	/* a chunk of the other kind */
	refuses("81a2007f7f61550000ff");		/* chunks in chunks */
	refuses("81a200662f312f302f3002ff");		/* a break for a value */
	refuses("81ff");
	refuses("ff");
}

static void
numbers_of_every_form_are_read(void **state)
{
	static const struct node big[] = { { AT(1, 0, 13), UNS(UINT64_MAX) } };
	static const struct node low[] = { { AT(1, 0, 2), INT(INT64_MIN) } };
	static const struct node time[] = { { AT(1, 0, 12), TIME(-1) } };
	static const struct node half[] = { { AT(6, 0, 0), FLT(1.5) } };
	static const struct node whole[] = { { AT(6, 0, 0), FLT(-3) } };
	static const struct node tenth[] = { { AT(6, 0, 0), FLT(27.315) } };
	static const struct node tiny[] = { { AT(6, 0, 0), FLT(5.960464477539063e-08) } };

	(void)state;
	reads("81a200662f312f302f3002f95650");			/* 101 as half */
	reads("81a200662f312f302f3002fa42ca0000");		/* single */
	reads("81a200662f312f302f3002fb4059400000000000");	/* double */
	reads("81a200662f312f302f30021b0000000000000065");	/* longer than needed */
	reads("81a200662f312f302f3002c482001865");		/* 101 * 10^0 */
	reads("81a200662f312f302f3002c482201903f2");		/* 1010 * 10^-1 */
	decodes(FORMAT_SENML_CBOR, "/1/0", "81a200672f312f302f3133021bffffffffffffffff", big, 1);
	decodes(FORMAT_SENML_CBOR, "/1/0", "81a200662f312f302f32023b7fffffffffffffff", low, 1);
	decodes(FORMAT_SENML_CBOR, "/1/0", "81a200672f312f302f31320220", time, 1);
	decodes(FORMAT_SENML_CBOR, "/6/0", "81a200662f362f302f3002f93e00", half, 1);
	decodes(FORMAT_SENML_CBOR, "/6/0", "81a200662f362f302f300222", whole, 1);
	decodes(FORMAT_SENML_CBOR, "/6/0", "81a200662f362f302f3002c48222196ab3", tenth, 1);
	decodes(FORMAT_SENML_CBOR, "/6/0", "81a200662f362f302f3002f90001", tiny, 1);
	refuses("81a200662f312f302f3002f93e00");	/* 1.5 for an integer */
	refuses("81a200662f312f302f30021bffffffffffffffff");
	refuses("81a200662f312f302f32023bffffffffffffffff");
	refuses("81a200672f312f302f31330220");		/* -1 for an unsigned */
	refuses("81a200662f312f302f3002f97e00");	/* NaN */
	refuses("81a200662f312f302f3002c2410a");	/* a bignum */
	refuses("81a200662f312f302f3002c4830101" "01");	/* no decimal fraction */
	refuses("81a200662f312f302f3002c48201f5");
	refuses("81a200662f312f302f3002c4823a7fffffff01");	/* 10^-2147483648 */
	decodes(FORMAT_SENML_CBOR, "/1/0", "81a200662f312f302f3002c4821b7fffffffffffffff00",
	    (const struct node[]){ { AT(1, 0, 0), INT(0) } }, 1);
}

static void
floats_are_written_as_short_as_they_stay_the_same(void **state)
{
	static const struct { double f; const char *hex; } floats[] = {
		{ 0.0, "f90000" }, { -0.0, "f98000" }, { 1.5, "f93e00" }, { -3, "f9c200" },
		{ 65504, "f97bff" }, { 65505, "fa477fe100" }, { 100000, "fa47c35000" },
		{ 5.960464477539063e-08, "f90001" }, { 6.103515625e-05, "f90400" },
		{ 2.9802322387695312e-08, "fa33000000" }, { 6.097555160522461e-05, "f903ff" },
		{ 0.1, "fb3fb999999999999a" }, { 1e300, "fb7e37e43c8800759c" },
		{ (double)INFINITY, "f97c00" }, { -(double)INFINITY, "f9fc00" },
		{ (double)NAN, "f97e00" },
	};
	char hex[64];

	(void)state;
	for (size_t i = 0; i < COUNT(floats); i++) {
		struct node node = { AT(6, 0, 0), FLT(floats[i].f) };
		snprintf(hex, sizeof(hex), "81a221662f362f302f3002%s", floats[i].hex);
		encodes(FORMAT_SENML_CBOR, "/6/0/0", &node, 1, hex);
		decodes(FORMAT_SENML_CBOR, "/6/0/0", hex, &node, 1);
	}
}

static void
wrong_types_are_malformed(void **state)
{
	(void)state;
	refuses("81a200662f312f302f30036155");		/* string for an integer */
	refuses("81a200662f312f302f3004f5");		/* boolean for an integer */
	refuses("81a200662f312f302f37021865");		/* integer for a string */
	refuses("81a200662f312f302f36021865");		/* integer for a boolean */
	refuses("81a200672f312f302f3130036432313a30");	/* string for a link */
	refuses("81a200662f312f302f370841ff");		/* octets for a string */
	refuses("81a200662f312f302f370361ff");		/* no UTF-8 */
	refuses("81a200662f312f302f3004f6");		/* null */
	refuses("81a200672f312f302f313063766c6f6132");	/* half a link */
}

static void
oscore_is_read_in_both_its_types(void **state)
{
	static const struct node as_opaque[] = { { AT(21, 0, 1), OPQ("id") } };
	static const struct node as_string[] = { { AT(21, 0, 1), STR("id") } };

	(void)state;
	decodes(FORMAT_SENML_CBOR, "/21/0", "81a200672f32312f302f3108426964", as_opaque, 1);
	decodes(FORMAT_SENML_CBOR, "/21/0", "81a200672f32312f302f3103626964", as_string, 1);
	fails(FORMAT_SENML_CBOR, "/21/0", "81a200672f32312f302f31020a", ERR_MALFORMED);
}

static void
unknown_resources_stay_as_written(void **state)
{
	static const struct node nodes[] = {
		{ AT(77, 0, 0), INT(-5) },
		{ AT(77, 0, 1), UNS(UINT64_MAX) },
		{ AT(77, 0, 2), STR("U") },
		{ AT(77, 0, 3), OPQ("\1") },
		{ AT(77, 0, 4), BOOL(false) },
		{ AT(77, 0, 5), FLT(1.5) },
		{ AT(77, 0, 6), LNK(65535, 65535) },
	};

	(void)state;
	decodes(FORMAT_SENML_CBOR, "/77/0",
	    "87a321662f37372f302f0061300224a2006131021bffffffffffffffffa2006132036155a2006133084101"
	    "a200613404f4a200613502f93e00a200613663766c6f69464646463a66666666", nodes,
	    COUNT(nodes));
}

static void
other_members_are_passed_over(void **state)
{
	(void)state;
	reads("81a400662f312f302f300218650163" "42656c" "061a00015180");	/* unit, time */
	reads("81a400662f312f302f30021865" "22fb41d5000000000000" "236142");	/* bt, bu */
	reads("81a300662f312f302f300218651863" "83010203");			/* 99: a list */
	reads("81a300662f312f302f30021865" "6378797a" "a1016161");		/* "xyz": a map */
	reads("81a300662f312f302f30021865200a");				/* bver 10 */
	refuses("81a300662f312f302f30021865200b");				/* bver 11 */
	refuses("81a300662f312f302f30021865" "63787a5f01");			/* "xz_" */
	refuses("81a300662f312f302f30021865240a");				/* base value */
	refuses("81a300662f312f302f30021865050a");				/* sum */
}

static void
record_has_one_value_and_one_of_each_member(void **state)
{
	(void)state;
	refuses("81a100662f312f302f30");			/* none */
	refuses("81a300662f312f302f3002186504f5");		/* two */
	refuses("81a300662f312f302f300218650201");		/* v twice */
	refuses("81a300662f312f302f3000662f312f302f30021865");	/* n twice */
	refuses("81a0");
	refuses("8100");
	refuses("81a2f500021865");				/* a key of no kind */
	refuses("82a200662f312f302f30021865a200662f312f302f30021866");	/* a place twice */
}

static void
names_outside_the_target_are_malformed(void **state)
{
	(void)state;
	refuses("81a200662f312f312f30021865");		/* /1/1/0 */
	refuses("81a200662f302f302f30021865");		/* /0/0/0 */
	refuses("81a200642f312f30021865");		/* /1/0 */
	refuses("81a2006a2f312f302f302f302f30021865");	/* /1/0/0/0/0 */
	refuses("81a200672f312f302f302f021865");	/* /1/0/0/ */
	refuses("81a200652f312f2f30021865");		/* /1//0 */
	refuses("81a20065312f302f30021865");		/* 1/0/0 */
	refuses("81a200682f6c776d326d2f31021865");	/* /lwm2m/1 */
	refuses("81a20060021865");
	refuses("81a10218" "65");			/* no name at all */
	refuses("81a20078192f36353533342f36353533342f36353533342f36353533342f021865");
	fails(FORMAT_SENML_CBOR, "/1/0/1", "81a200662f312f302f30021865", ERR_MALFORMED);
}

static void
claims_beyond_the_input_cost_nothing(void **state)
{
	(void)state;
	fails(FORMAT_SENML_CBOR, "/1/0", "9b0000010000000000", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "9bffffffffffffffff", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "81bbffffffffffffffff", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "81a1007bffffffffffffffff", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "81a1085bffffffffffffffff61", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "81a1189fbb7fffffffffffffff", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "9f", ERR_TRUNCATED);
	fails(FORMAT_SENML_CBOR, "/1/0", "81bf", ERR_TRUNCATED);
}

static void
deep_nesting_is_refused(void **state)
{
	static uint8_t deep[60000];
	struct path target = PATH_OI(1, 0);
	struct arena arena;
	struct nodes out = { .arena = &arena };

	(void)state;
	arena_init(&arena, 1024, 0);
	memset(deep, 0x81, sizeof(deep));
	assert_int_equal(format_decode(FORMAT_SENML_CBOR, &target, defs, deep, sizeof(deep), &out),
	    ERR_MALFORMED);
	memcpy(deep, "\x81\xa1\x18\x63", 4);	/* in a member that is passed over */
	assert_int_equal(format_decode(FORMAT_SENML_CBOR, &target, defs, deep, sizeof(deep), &out),
	    ERR_TOOBIG);
	memset(deep + 4, 0xd8, sizeof(deep) - 4);
	assert_int_equal(format_decode(FORMAT_SENML_CBOR, &target, defs, deep, sizeof(deep), &out),
	    ERR_TOOBIG);
	memset(deep + 4, 0x9f, sizeof(deep) - 4);
	assert_int_equal(format_decode(FORMAT_SENML_CBOR, &target, defs, deep, sizeof(deep), &out),
	    ERR_TOOBIG);
	arena_fini(&arena);
}

static void
something_behind_the_array_is_malformed(void **state)
{
	(void)state;
	refuses("81a200662f312f302f3002186500");
	refuses("a200662f312f302f30021865");		/* a record without its array */
	decodes(FORMAT_SENML_CBOR, "/1", "80", NULL, 0);
	decodes(FORMAT_SENML_CBOR, "/1", "", NULL, 0);
	encodes(FORMAT_SENML_CBOR, "/1", NULL, 0, "80");
}

static void
single_resource_is_named_by_the_base_name(void **state)
{
	static const struct node acl[] = {
		{ ATI(2, 0, 2, 101), INT(15) },
		{ ATI(2, 0, 2, 0), INT(1) },
	};

	(void)state;
	encodes(FORMAT_SENML_CBOR, "/1/0/0", ssid, 1, "81a221662f312f302f30021865");
	decodes(FORMAT_SENML_CBOR, "/1/0/0", "81a221662f312f302f30021865", ssid, 1);
	encodes(FORMAT_SENML_CBOR, "/2/0/2", acl, 2,
	    "82a321672f322f302f322f0063313031020fa20061300201");
	decodes(FORMAT_SENML_CBOR, "/2/0/2",
	    "82a321672f322f302f322f0063313031020fa20061300201", acl, 2);
}

static void
resource_without_instances_cannot_be_written(void **state)
{
	static const struct node none[] = { { AT(0, 1, 16), EMPTY } };
	struct path target = PATH_OI(0, 1);
	uint8_t buf[64] = { 1, 2 };
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	w.len = 2;
	assert_int_equal(format_encode(FORMAT_SENML_CBOR, &target, none, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 2);
	assert_int_equal(w.err, ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_name_and_name_are_put_together),
		cmocka_unit_test(base_name_stays_in_force_until_replaced),
		cmocka_unit_test(members_come_in_any_order),
		cmocka_unit_test(indefinite_lengths_are_read),
		cmocka_unit_test(numbers_of_every_form_are_read),
		cmocka_unit_test(floats_are_written_as_short_as_they_stay_the_same),
		cmocka_unit_test(wrong_types_are_malformed),
		cmocka_unit_test(oscore_is_read_in_both_its_types),
		cmocka_unit_test(unknown_resources_stay_as_written),
		cmocka_unit_test(other_members_are_passed_over),
		cmocka_unit_test(record_has_one_value_and_one_of_each_member),
		cmocka_unit_test(names_outside_the_target_are_malformed),
		cmocka_unit_test(claims_beyond_the_input_cost_nothing),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(something_behind_the_array_is_malformed),
		cmocka_unit_test(single_resource_is_named_by_the_base_name),
		cmocka_unit_test(resource_without_instances_cannot_be_written),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
