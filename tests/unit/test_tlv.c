#include "test_lwm2m.h"

#include <stdio.h>

#include "lwm2m/tlv.h"

/* Micro vectors of spec/bootstrap.md 4.1. Types are checked where the definitions know them. */
static const struct {
	const char	*target;
	struct node	 node;
	const char	*hex;
	bool		 decodes;
} micro[] = {
	{ "/1/0/1", { AT(1, 0, 1), INT(0) }, "c10100", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(127) }, "c1017f", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(128) }, "c2010080", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(-1) }, "c101ff", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(-128) }, "c10180", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(-129) }, "c201ff7f", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(32767) }, "c2017fff", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(32768) }, "c40100008000", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(65535) }, "c4010000ffff", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(INT32_MAX) }, "c4017fffffff", true },
	{ "/1/0/1", { AT(1, 0, 1), INT((int64_t)1 << 31) }, "c801080000000080000000", true },
	{ "/1/0/1", { AT(1, 0, 1), INT(INT64_MIN) }, "c801088000000000000000", true },
	{ "/1/0/7", { AT(1, 0, 7), STR("") }, "c007", true },
	{ "/1/0/7", { AT(1, 0, 7), STR("abcdefg") }, "c70761626364656667", true },
	{ "/1/0/7", { AT(1, 0, 7), STR("abcdefgh") }, "c807086162636465666768", true },
	{ "/9/0/255", { AT(9, 0, 255), BOOL(true) }, "c1ff01", false },
	{ "/9/0/256", { AT(9, 0, 256), BOOL(true) }, "e1010001", false },
	{ "/9/0/65534", { AT(9, 0, 65534), BOOL(false) }, "e1fffe00", false },
	{ "/6/0/2", { AT(6, 0, 2), FLT(1.5) }, "c4023fc00000", true },
	{ "/6/0/2", { AT(6, 0, 2), FLT(0.1) }, "c802083fb999999999999a", true },
	{ "/0/1/17", { AT(0, 1, 17), LNK(21, 0) }, "c41100150000", true },
	{ "/0/1/17", { AT(0, 1, 17), LNK(65535, 65535) }, "c411ffffffff", true },
	{ "/0/1/16", { AT(0, 1, 16), EMPTY }, "8010", true },
	{ "/2/0/2", { ATI(2, 0, 2, 40000), INT(15) }, "8402619c400f", true },
	{ "/1", { AT(1, 300, 6), BOOL(true) }, "23012cc10601", true },
	{ "/1/0/12", { AT(1, 0, 12), TIME(1367491215) }, "c40c5182428f", true },
	{ "/0/1/13", { AT(0, 1, 13), UNS(174) }, "c20d00ae", true },
	{ "/0/1/13", { AT(0, 1, 13), UNS(127) }, "c10d7f", true },
	{ "/0/1/13", { AT(0, 1, 13), UNS(UINT64_MAX) }, "c80d08ffffffffffffffff", true },
};

static void
micro_vectors_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(micro); i++) {
		encodes(FORMAT_TLV, micro[i].target, &micro[i].node, 1, micro[i].hex);
		prefixes(FORMAT_TLV, micro[i].target, micro[i].hex, 1);
		if (micro[i].decodes)
			decodes(FORMAT_TLV, micro[i].target, micro[i].hex, &micro[i].node, 1);
	}
}

static void
length_fields_grow_with_the_content(void **state)
{
	static const struct { size_t len; const char *head; } heads[] = {
		{ 255, "c805ff" }, { 256, "d0050100" }, { 65535, "d005ffff" }, { 65536, "d805010000" },
	};
	static uint8_t content[65536], buf[65600];
	struct path target = PATH_OIR(0, 1, 5);

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct node node = { AT(0, 1, 5), value_bytes(VALUE_OPAQUE, content, heads[i].len) };
		struct wr w = wr_over(buf, sizeof(buf));
		char hex[16];
		size_t head = strlen(heads[i].head) / 2;
		assert_int_equal(format_encode(FORMAT_TLV, &target, &node, 1, &w), ERR_OK);
		assert_int_equal(w.len, head + heads[i].len);
		text_hex(buf, head, hex);
		assert_string_equal(hex, heads[i].head);
	}
}

static void
what_is_not_tlv_fails(void **state)
{
	(void)state;
	fails(FORMAT_TLV, "/0/1", "c1", ERR_TRUNCATED);
	fails(FORMAT_TLV, "/0/1", "c100", ERR_TRUNCATED);
	fails(FORMAT_TLV, "/0/1", "c8000541", ERR_TRUNCATED);
	fails(FORMAT_TLV, "/0", "080002c100", ERR_TRUNCATED);
	fails(FORMAT_TLV, "/0/1", "410001", ERR_MALFORMED);
	fails(FORMAT_TLV, "/2/0", "8302c10001", ERR_MALFORMED);
	fails(FORMAT_TLV, "/1/0", "c301000001", ERR_MALFORMED);		/* integer of 3 octets */
	fails(FORMAT_TLV, "/1/0", "c001", ERR_MALFORMED);		/* integer of none */
	fails(FORMAT_TLV, "/1/0", "c006", ERR_MALFORMED);		/* boolean of none */
	fails(FORMAT_TLV, "/1/0", "c10602", ERR_MALFORMED);		/* neither false nor true */
	fails(FORMAT_TLV, "/1/0", "c2060001", ERR_MALFORMED);
	fails(FORMAT_TLV, "/0/1", "c311001500", ERR_MALFORMED);		/* link of 3 octets */
	fails(FORMAT_TLV, "/1/0", "c107ff", ERR_MALFORMED);		/* string that is no UTF-8 */
	fails(FORMAT_TLV, "/6/0", "c2003fc0", ERR_MALFORMED);		/* float of 2 octets */
}

static void
entries_stand_only_where_they_may(void **state)
{
	(void)state;
	fails(FORMAT_TLV, "/1", "c10065", ERR_MALFORMED);		/* resource at object level */
	fails(FORMAT_TLV, "/1", "410065", ERR_MALFORMED);		/* resource instance there */
	fails(FORMAT_TLV, "/1", "05000300c10065", ERR_MALFORMED);	/* instance in instance */
	fails(FORMAT_TLV, "/1/0", "05000300c10065", ERR_MALFORMED);
	fails(FORMAT_TLV, "/1/0", "0301c1006500", ERR_MALFORMED);	/* wrapper of another one */
	fails(FORMAT_TLV, "/1/0", "0300c10065c10600", ERR_MALFORMED);	/* something behind it */
	fails(FORMAT_TLV, "/1/0", "c106000300c10065", ERR_MALFORMED);	/* something before it */
	fails(FORMAT_TLV, "/2/0", "82020001", ERR_MALFORMED);		/* instance in multiple */
	fails(FORMAT_TLV, "/2/0", "82028000", ERR_MALFORMED);		/* multiple in multiple */
	fails(FORMAT_TLV, "/1/0/1", "c10665", ERR_MALFORMED);		/* another resource */
	fails(FORMAT_TLV, "/1/0/1", "c10165c10165", ERR_MALFORMED);	/* two of them */
	fails(FORMAT_TLV, "/1/0/1", "", ERR_MALFORMED);
	fails(FORMAT_TLV, "/1/0", "e1ffff00", ERR_MALFORMED);		/* 65535 is no id */
	fails(FORMAT_TLV, "/1/0/1/0", "c10100", ERR_UNSUPPORTED);
}

static void
second_value_of_a_place_fails(void **state)
{
	(void)state;
	fails(FORMAT_TLV, "/1/0", "c10065c10065", ERR_MALFORMED);
	fails(FORMAT_TLV, "/1/0", "c10065c10600c10066", ERR_MALFORMED);
	fails(FORMAT_TLV, "/1", "0300c100650300c10066", ERR_MALFORMED);
	fails(FORMAT_TLV, "/2/0", "8602410001410002", ERR_MALFORMED);
	fails(FORMAT_TLV, "/2/0", "80028302410001", ERR_MALFORMED);
	fails(FORMAT_TLV, "/2/0", "8302410001c10205", ERR_MALFORMED);
}

static void
longer_forms_than_needed_decode(void **state)
{
	static const struct node ssid[] = { { AT(1, 0, 0), INT(101) } };
	static const struct node acl[] = { { ATI(2, 0, 2, 101), INT(16) } };

	(void)state;
	decodes(FORMAT_TLV, "/1/0", "e1000065", ssid, 1);		/* identifier of 16 bits */
	decodes(FORMAT_TLV, "/1/0", "c8000165", ssid, 1);		/* length of 8 bits */
	decodes(FORMAT_TLV, "/1/0", "d000000165", ssid, 1);		/* 16 */
	decodes(FORMAT_TLV, "/1/0", "d80000000165", ssid, 1);		/* 24 */
	decodes(FORMAT_TLV, "/1/0", "cf000165", ssid, 1);		/* b2-0 say nothing then */
	decodes(FORMAT_TLV, "/1/0", "c40000000065", ssid, 1);		/* number of 32 bits */
	decodes(FORMAT_TLV, "/2/0", "a80002056800650110", acl, 1);
}

static void
order_is_free(void **state)
{
	static const struct node nodes[] = {
		{ AT(1, 0, 7), STR("U") },
		{ AT(1, 0, 0), INT(101) },
		{ AT(1, 0, 6), BOOL(true) },
	};

	(void)state;
	decodes(FORMAT_TLV, "/1/0", "c10755c10065c10601", nodes, COUNT(nodes));
}

static void
empty_payload_is_an_object_without_instances(void **state)
{
	(void)state;
	decodes(FORMAT_TLV, "/1", "", NULL, 0);
	decodes(FORMAT_TLV, "/1/0", "", NULL, 0);
	encodes(FORMAT_TLV, "/1", NULL, 0, "");
}

static void
resource_is_read_with_or_without_its_wrapper(void **state)
{
	static const struct node acl[] = {
		{ ATI(2, 0, 2, 101), INT(15) },
		{ ATI(2, 0, 2, 0), INT(1) },
	};

	(void)state;
	decodes(FORMAT_TLV, "/2/0/2", "860241650f410001", acl, COUNT(acl));
	decodes(FORMAT_TLV, "/2/0/2", "41650f410001", acl, COUNT(acl));
	encodes(FORMAT_TLV, "/2/0/2", acl, COUNT(acl), "860241650f410001");
	fails(FORMAT_TLV, "/2/0/2", "41650fc10001", ERR_MALFORMED);
}

static void
unknown_resources_stay_octets(void **state)
{
	static const struct node nodes[] = {
		{ AT(1, 0, 4), OPQ("x") },			/* executable */
		{ AT(1, 0, 999), OPQ("\1\2\3") },
		{ ATI(1, 0, 1000, 7), OPQ("") },
	};

	(void)state;
	decodes(FORMAT_TLV, "/1/0", "c10478e303e7010203a203e84007", nodes, COUNT(nodes));
}

static void
too_many_values_are_refused(void **state)
{
	size_t n = 2049, len = 3 * n;
	uint8_t *p = malloc(len);
	struct path target = PATH_OI(77, 0);
	struct arena arena;
	struct nodes out = { .arena = &arena };

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {		/* descending, so that each is searched for */
		size_t id = n - i;
		p[3 * i] = 0xe0;
		p[3 * i + 1] = (uint8_t)(id >> 8);
		p[3 * i + 2] = (uint8_t)id;
	}
	arena_init(&arena, 4096, 0);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, p, len, &out), ERR_TOOBIG);
	assert_int_equal(out.n, 0);
	assert_int_equal(format_decode(FORMAT_TLV, &target, defs, p, len - 3, &out), ERR_OK);
	assert_int_equal(out.n, n - 1);
	arena_fini(&arena);
	free(p);
}

static void
raw_entries_are_walked(void **state)
{
	static const uint8_t p[] = { 0x88, 0x10, 0x0a, 0x44, 0, 0, 0, 0xc0, 0xa8, 0x42, 1, 0, 0xae, 0xc0, 4 };
	struct rd r = rd_over(p, sizeof(p));
	struct tlv t;

	(void)state;
	assert_true(tlv_next(&r, &t));
	assert_true(t.kind == TLV_MULTIPLE && t.id == 16 && t.len == 10 && t.p == p + 3);
	assert_true(tlv_next(&r, &t));
	assert_true(t.kind == TLV_RESOURCE && t.id == 4 && t.len == 0);
	assert_false(tlv_next(&r, &t));
	assert_int_equal(r.err, ERR_OK);
	assert_int_equal(tlv_size(16, 10), 13);
	assert_int_equal(tlv_size(256, 7), 10);

	uint8_t buf[8];
	struct wr w = wr_over(buf, sizeof(buf));
	tlv_put_head(&w, TLV_RESOURCE, 1, TLV_LEN_MAX + 1);
	assert_int_equal(w.err, ERR_TOOBIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(micro_vectors_hold),
		cmocka_unit_test(length_fields_grow_with_the_content),
		cmocka_unit_test(what_is_not_tlv_fails),
		cmocka_unit_test(entries_stand_only_where_they_may),
		cmocka_unit_test(second_value_of_a_place_fails),
		cmocka_unit_test(longer_forms_than_needed_decode),
		cmocka_unit_test(order_is_free),
		cmocka_unit_test(empty_payload_is_an_object_without_instances),
		cmocka_unit_test(resource_is_read_with_or_without_its_wrapper),
		cmocka_unit_test(unknown_resources_stay_octets),
		cmocka_unit_test(too_many_values_are_refused),
		cmocka_unit_test(raw_entries_are_walked),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
