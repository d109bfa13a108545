/* CBOR 60: the last column of spec/bootstrap.md 4.6. */
#include "test_lwm2m.h"

static const struct {
	const char	*target;
	struct node	 node;
	const char	*hex;
} values[] = {
	{ "/0/1/0", { AT(0, 1, 0), STR("coap://192.0.2.10:5683") },
	    "76636f61703a2f2f3139322e302e322e31303a35363833" },
	{ "/0/1/1", { AT(0, 1, 1), BOOL(false) }, "f4" },
	{ "/0/1/2", { AT(0, 1, 2), INT(3) }, "03" },
	{ "/0/1/3", { AT(0, 1, 3), OPQ("b313cc22-f969-42ec-ad42") },
	    "5762333133636332322d663936392d343265632d61643432" },
	{ "/0/1/4", { AT(0, 1, 4), OPQ("\374\246\254\013\235\255\331\226\062\150\324\216\150\021\361"
	    "\105\200\367\354\026\063\167\174\166\031\000\151\346\011\322\006\156") },
	    "5820fca6ac0b9dadd9963268d48e6811f14580f7ec1633777c76190069e609d2066e" },
	{ "/0/1/5", { AT(0, 1, 5), OPQ("\034\242\002\215\161\227\307\170\351\256\365\357\151\010\053\352") },
	    "501ca2028d7197c778e9aef5ef69082bea" },
	{ "/0/1/10", { AT(0, 1, 10), INT(101) }, "1865" },
	{ "/0/1/13", { AT(0, 1, 13), UNS(49320) }, "19c0a8" },
	{ "/0/1/17", { AT(0, 1, 17), LNK(21, 0) }, "6432313a30" },
	{ "/1/0/0", { AT(1, 0, 0), INT(101) }, "1865" },
	{ "/1/0/1", { AT(1, 0, 1), INT(86400) }, "1a00015180" },
	{ "/1/0/6", { AT(1, 0, 6), BOOL(true) }, "f5" },
	{ "/1/0/7", { AT(1, 0, 7), STR("U") }, "6155" },
	{ "/1/0/12", { AT(1, 0, 12), TIME(1367491215) }, "1a5182428f" },
	{ "/1/0/22", { AT(1, 0, 22), STR("U") }, "6155" },
	{ "/1/0/2", { AT(1, 0, 2), INT(-129) }, "3880" },
	{ "/6/0/0", { AT(6, 0, 0), FLT(1.5) }, "f93e00" },
	{ "/6/0/1", { AT(6, 0, 1), FLT(0.1) }, "fb3fb999999999999a" },
};

static void
values_are_one_item(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		encodes(FORMAT_CBOR, values[i].target, &values[i].node, 1, values[i].hex);
		decodes(FORMAT_CBOR, values[i].target, values[i].hex, &values[i].node, 1);
		prefixes(FORMAT_CBOR, values[i].target, values[i].hex, 1);
	}
}

static void
resource_instance_may_be_read(void **state)
{
	struct node node = { ATI(0, 1, 16, 0), UNS(49320) };

	(void)state;
	decodes(FORMAT_CBOR, "/0/1/16/0", "19c0a8", &node, 1);
}

static void
more_than_one_item_is_refused(void **state)
{
	static const char *const bad[] = { "186500", "8101", "a10001", "f6", "f5", "6131", "ff", "f93e00",
	    "c101" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		fails(FORMAT_CBOR, "/1/0/0", bad[i], ERR_MALFORMED);
	fails(FORMAT_CBOR, "/1/0/0", "", ERR_TRUNCATED);
	fails(FORMAT_CBOR, "/1/0/0", "18", ERR_TRUNCATED);
	fails(FORMAT_CBOR, "/1/0", "01", ERR_UNSUPPORTED);
	fails(FORMAT_CBOR, "/1", "a0", ERR_UNSUPPORTED);
}

static void
only_one_single_resource_is_written(void **state)
{
	static const struct node nodes[] = { { AT(1, 0, 0), INT(1) }, { AT(1, 0, 1), INT(1) },
	    { ATI(1, 0, 24, 0), LNK(1, 1) }, { AT(1, 0, 24), EMPTY } };
	struct path instance = PATH_OI(1, 0), multiple = PATH_OIR(1, 0, 24);
	uint8_t buf[20];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(FORMAT_CBOR, &instance, nodes, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_CBOR, &instance, nodes, 2, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_CBOR, &multiple, nodes + 2, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_CBOR, &multiple, nodes + 3, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_CBOR, &multiple, NULL, 0, &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_one_item),
		cmocka_unit_test(resource_instance_may_be_read),
		cmocka_unit_test(more_than_one_item_is_refused),
		cmocka_unit_test(only_one_single_resource_is_written),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
