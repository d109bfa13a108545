/* LwM2M CBOR 11544. */
#include "test_lwm2m_sets.h"

#include <math.h>
#include <stdio.h>

/* spec/bootstrap.md 4.5: as it is written, and with keys of two ids. */
static const struct {
	const char *nested, *arrays;
} vectors[NSETS] = {
	[A] = {
	    "a100a101a40076636f61703a2f2f3139322e302e322e31303a3536383301f402030a1865",
	    "a1820001a40076636f61703a2f2f3139322e302e322e31303a3536383301f402030a1865" },
	[A2] = {
	    "a100a101a70076636f61703a2f2f3139322e302e322e31303a3536383301f402030340044005400a"
	    "1865",
	    "a1820001a70076636f61703a2f2f3139322e302e322e31303a3536383301f402030340044005400a"
	    "1865" },
	[B] = {
	    "a100a101a800781b636f6170733a2f2f736572766572312e6578616d706c652e636f6d01f4020003"
	    "5762333133636332322d663936392d343265632d61643432044005501ca2028d7197c778e9aef5ef"
	    "69082bea0a186510a20019c0a80118ae",
	    "a1820001a800781b636f6170733a2f2f736572766572312e6578616d706c652e636f6d01f4020003"
	    "5762333133636332322d663936392d343265632d61643432044005501ca2028d7197c778e9aef5ef"
	    "69082bea0a186510a20019c0a80118ae" },
	[C] = {
	    "a100a102a50074636f61703a2f2f732e6578616d706c652e636f6d01f402030a199c40116432313a"
	    "30",
	    "a1820002a50074636f61703a2f2f732e6578616d706c652e636f6d01f402030a199c40116432313a"
	    "30" },
	[C2] = {
	    "a115a100a500500102030405060708090a0b0c0d0e0f10014101024102030a05489e7ca922237863"
	    "40",
	    "a1821500a500500102030405060708090a0b0c0d0e0f10014101024102030a05489e7ca922237863"
	    "40" },
	[D] = {
	    "a100a100a80076636f6170733a2f2f62732e6578616d706c652e636f6d01f5020003486465762d30"
	    "303031044005501ca2028d7197c778e9aef5ef69082bea0b190e100c00",
	    "a1820000a80076636f6170733a2f2f62732e6578616d706c652e636f6d01f5020003486465762d30"
	    "303031044005501ca2028d7197c778e9aef5ef69082bea0b190e100c00" },
	[E] = {
	    "a101a100b0001865011a000151800219012c03191770051a0001518006f50761550d010e000ff410"
	    "f5110512183c131a00015180140117f4",
	    "a1820100b0001865011a000151800219012c03191770051a0001518006f50761550d010e000ff410"
	    "f5110512183c131a00015180140117f4" },
	[F] = {
	    "a101a101a400199c400119012c06f4076155",
	    "a1820101a400199c400119012c06f4076155" },
	[G1] = {
	    "a101a200a4001865011a0001518006f507615501a40018660119012c06f407625554",
	    "a2820100a4001865011a0001518006f5076155820101a40018660119012c06f407625554" },
	[G2] = {
	    "a100a201a40070636f61703a2f2f612e6578616d706c6501f402030a186502a40070636f61703a2f"
	    "2f622e6578616d706c6501f402030a1866",
	    "a2820001a40070636f61703a2f2f612e6578616d706c6501f402030a1865820002a40070636f6170"
	    "3a2f2f622e6578616d706c6501f402030a1866" },
	[H1] = {
	    "a102a100a40003010002a318650f1866010001031865",
	    "a1820200a40003010002a318650f1866010001031865" },
	[H2] = {
	    "a102a104a400050119ffff02a11865100319ffff",
	    "a1820204a400050119ffff02a11865100319ffff" },
	[J] = {
	    "a100a101a700781b636f6170733a2f2f736572766572322e6578616d706c652e636f6d01f4020103"
	    "585b3059301306072a8648ce3d020106082a8648ce3d03010703420004a09dcb1bc739e7f19afa9a"
	    "dcb1944968bfba73efcec29b50486eb44d1b29c193449970a3736830cb2bd5d7ec05d2bd1fc07b6d"
	    "f5e48b54ce77a6a7229c3a91c204585b3059301306072a8648ce3d020106082a8648ce3d03010703"
	    "42000482c773f378d30c2783a48eb811b96cf6a90694a8564f1e7f6d366152f11698950f6f7c40cd"
	    "a585334f837750a102f5bf25508ceb9e55dfc0f12a455199a4c960055879307702010104209f352d"
	    "a16495748e146fcb5370b8e96d292ced5567a8fae55a22bb67d91651b8a00a06082a8648ce3d0301"
	    "07a14403420004a09dcb1bc739e7f19afa9adcb1944968bfba73efcec29b50486eb44d1b29c19344"
	    "9970a3736830cb2bd5d7ec05d2bd1fc07b6df5e48b54ce77a6a7229c3a91c20a1866",
	    "a1820001a700781b636f6170733a2f2f736572766572322e6578616d706c652e636f6d01f4020103"
	    "585b3059301306072a8648ce3d020106082a8648ce3d03010703420004a09dcb1bc739e7f19afa9a"
	    "dcb1944968bfba73efcec29b50486eb44d1b29c193449970a3736830cb2bd5d7ec05d2bd1fc07b6d"
	    "f5e48b54ce77a6a7229c3a91c204585b3059301306072a8648ce3d020106082a8648ce3d03010703"
	    "42000482c773f378d30c2783a48eb811b96cf6a90694a8564f1e7f6d366152f11698950f6f7c40cd"
	    "a585334f837750a102f5bf25508ceb9e55dfc0f12a455199a4c960055879307702010104209f352d"
	    "a16495748e146fcb5370b8e96d292ced5567a8fae55a22bb67d91651b8a00a06082a8648ce3d0301"
	    "07a14403420004a09dcb1bc739e7f19afa9adcb1944968bfba73efcec29b50486eb44d1b29c19344"
	    "9970a3736830cb2bd5d7ec05d2bd1fc07b6df5e48b54ce77a6a7229c3a91c20a1866" },
	[P] = {
	    "a200a101a40074636f61703a2f2f732e6578616d706c652e636f6d01f402030a186501a100a40018"
	    "65011a0001518006f5076155",
	    "a2820001a40074636f61703a2f2f732e6578616d706c652e636f6d01f402030a1865820100a40018"
	    "65011a0001518006f5076155" },
};

static void
sets_encode_in_nested_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++)
		encodes(FORMAT_LWM2M_CBOR, sets[i].target, sets[i].nodes, sets[i].n, vectors[i].nested);
}

static void
sets_decode_from_both_kinds_of_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		const char *const both[] = { vectors[i].nested, vectors[i].arrays };
		for (size_t j = 0; j < COUNT(both); j++) {
			decodes(FORMAT_LWM2M_CBOR, sets[i].target, both[j], sets[i].nodes, sets[i].n);
			prefixes(FORMAT_LWM2M_CBOR, sets[i].target, both[j], sets[i].n);
		}
	}
}

static void
printed_examples_hold(void **state)
{
	static const struct node servers[] = {
		{ AT(1, 0, 0), INT(101) }, { AT(1, 0, 1), INT(86400) }, { AT(1, 0, 2), INT(300) },
		{ AT(1, 0, 3), INT(6000) }, { AT(1, 0, 5), INT(86400) }, { AT(1, 0, 6), BOOL(true) },
		{ AT(1, 0, 7), STR("U") },
		{ AT(1, 1, 0), INT(102) }, { AT(1, 1, 1), INT(86400) }, { AT(1, 1, 2), INT(600) },
		{ AT(1, 1, 3), INT(6000) }, { AT(1, 1, 5), INT(86400) }, { AT(1, 1, 6), BOOL(false) },
		{ AT(1, 1, 7), STR("U") },
	};
	const char *two =
	    "a101a200a7001865011a000151800219012c03191770051a0001518006f507615501a7001866011a0001518002"
	    "19025803191770051a0001518006f4076155";
	const char *third =
	    "a1820300ad00744f70656e204d6f62696c6520416c6c69616e636501764c69676874776569676874204d324d20"
	    "436c69656e740269333435303030313233"
	    "0363312e3006a20001010507a200190ed80119138808a200187d011903840918640a0f0ba100000d1a5182428f"
	    "0e662b30323a3030106155";

	(void)state;
	encodes(FORMAT_LWM2M_CBOR, "/3/0/0", device, 1,
	    "a103a100a100744f70656e204d6f62696c6520416c6c69616e6365");
	decodes(FORMAT_LWM2M_CBOR, "/3/0/0", "a103a100a100744f70656e204d6f62696c6520416c6c69616e6365",
	    device, 1);
	decodes(FORMAT_LWM2M_CBOR, "/3/0/0", "a183030000744f70656e204d6f62696c6520416c6c69616e6365",
	    device, 1);
	encodes(FORMAT_LWM2M_CBOR, "/1", servers, COUNT(servers), two);
	decodes(FORMAT_LWM2M_CBOR, "/1", two, servers, COUNT(servers));
	decodes(FORMAT_LWM2M_CBOR, "/3/0", third, device, COUNT(device));
}

static void
keys_may_be_mixed_and_indefinite(void **state)
{
	static const struct node number = { AT(13, 26, 1), INT(42) };
	static const struct node f[] = { { AT(1, 1, 0), INT(1) }, { AT(1, 1, 1), INT(2) },
	    { ATI(1, 1, 24, 0), LNK(3, 4) }, { AT(1, 1, 7), STR("U") } };

	(void)state;
	decodes(FORMAT_LWM2M_CBOR, "/13/26/1", "bf9f0d181a01ff182aff", &number, 1);
	decodes(FORMAT_LWM2M_CBOR, "/", "a10dbf181abf01182affff", &number, 1);
	decodes(FORMAT_LWM2M_CBOR, "/13", "a10da182181a01182a", &number, 1);
	/* {[1,1]: {0: 1}, 1: {[1,1]: 2, 1: {[24,0]: "3:4"}}, [1,1,7]: (_ "U", "")} */
	decodes(FORMAT_LWM2M_CBOR, "/1/1",
	    "a3820101a1000101a282010102" "01a1821818" "0063333a34" "830101077f615560ff", f, COUNT(f));
	decodes(FORMAT_LWM2M_CBOR, "/1/1",
	    "bf820101bf0001ff01bf82010102" "01bf9f1818" "00ff63333a34ffff" "830101077f615560ffff", f,
	    COUNT(f));
}

static void
paths_are_absolute_and_of_a_resource(void **state)
{
	static const char *const bad[] = {
		"a10001",			/* {0: 1}: relative */
		"a101a10001",			/* {1: {0: 1}}: an instance is no value */
		"a102a100a10001",		/* other object */
		"a101a101a10001",		/* other instance */
		"a101a100a100a100a10001",	/* five ids */
		"a185010000000001", "a101a100a11818a100a0", "a101a100a1830000000001",
		"a18001", "a1a1000101",		/* no id in the key, a map as a key */
		"a180a101a100a10001",
		"a183010000a10001" "00",	/* octets behind */
		"a119ffffa100a10001", "a183010019ffff01",	/* 65535 */
		"a13a00000000a10001", "a120a10001", "a1613101", "a18201613101", "a1820120a10001",
		"a1830100" "8100" "01",
		"a1fb3ff0000000000000a100a10001",	/* 1.0 as a key */
		"01", "80", "f6",
		"a1830100000001",		/* an octet too much */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		fails(FORMAT_LWM2M_CBOR, "/1/0", bad[i], ERR_MALFORMED);
}

static void
one_place_has_one_value(void **state)
{
	static const char *const bad[] = {
		"a2830100000183010000" "01", "a101a100a200010001", "a2830100000101a100a10001",
		"a20101a100a10001",
		"a28301001801" "0184010018010001",	/* a value and instances */
		"a284010018010001" "830100180101",
	};
	static const struct node merged[] = { { AT(1, 0, 0), INT(1) }, { AT(1, 0, 1), INT(2) } };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		fails(FORMAT_LWM2M_CBOR, "/1/0", bad[i], ERR_MALFORMED);
	/* The same key twice is no harm where the paths differ. */
	decodes(FORMAT_LWM2M_CBOR, "/1/0", "a28201" "00a10001" "8201" "00a10102", merged, 2);
}

static void
leaves_have_the_type_of_their_resource(void **state)
{
	static const struct { const char *target, *hex; struct node node; } good[] = {
		{ "/1/0/12", "a18301000c1a5182428f", { AT(1, 0, 12), TIME(1367491215) } },
		{ "/1/0/12", "a18301000cc11a5182428f", { AT(1, 0, 12), TIME(1367491215) } },
		{ "/1/0/12", "a18301000cc1fb41d46090a3c00000", { AT(1, 0, 12), TIME(1367491215) } },
		{ "/1/0/12", "a18301000c3a0001517f", { AT(1, 0, 12), TIME(-86400) } },
		{ "/6/0/0", "a183060000f93e00", { AT(6, 0, 0), FLT(1.5) } },
		{ "/6/0/0", "a183060000fa3fc00000", { AT(6, 0, 0), FLT(1.5) } },
		{ "/6/0/0", "a183060000fb3ff8000000000000", { AT(6, 0, 0), FLT(1.5) } },
		{ "/6/0/0", "a18306000003", { AT(6, 0, 0), FLT(3) } },
		{ "/1/0/0", "a183010000f94200", { AT(1, 0, 0), INT(3) } },
		{ "/0/1/17", "a183000111" "6b36353533353a3635353335", { AT(0, 1, 17), LNK(65535,
		    65535) } },
		{ "/0/1/13", "a18300010d1bffffffffffffffff", { AT(0, 1, 13), UNS(UINT64_MAX) } },
		{ "/77/0/1", "a183184d000163313a32", { AT(77, 0, 1), STR("1:2") } },
		{ "/77/0/1", "a183184d0001c105", { AT(77, 0, 1), INT(5) } },
		{ "/77/0/1", "a183184d000141ff", { AT(77, 0, 1), OPQ("\377") } },
		{ "/77/0/1", "a183184d00015f41014102ff", { AT(77, 0, 1), OPQ("\1\2") } },
		{ "/1/0/24", "a101a100a11818a0", { AT(1, 0, 24), EMPTY } },
	};
	static const struct { const char *target, *hex; } bad[] = {
		{ "/1/0/0", "a1830100006131" }, { "/1/0/0", "a183010000f5" }, { "/1/0/0",
		    "a183010000f6" },
		{ "/1/0/0", "a183010000f7" }, { "/1/0/0", "a1830100008101" }, { "/1/0/0",
		    "a183010000f93e00" },
		{ "/1/0/0", "a1830100001b8000000000000000" }, { "/1/0/0",
		    "a1830100003b8000000000000000" },
		{ "/1/0/0", "a183010000c101" }, { "/1/0/12", "a18301000cc201" }, { "/1/0/12",
		    "a18301000c6130" },
		{ "/1/0/12", "a18301000cc1c101" }, { "/1/0/12", "a18301000cc0" "01" },
		{ "/1/0/12", "a18301000cc1f93e00" }, { "/1/0/7", "a18301000761ff" }, { "/1/0/7",
		    "a1830100074155" },
		{ "/0/1/5", "a1830001056155" }, { "/0/1/13", "a18300010d20" },
		{ "/0/1/17", "a183000111" "6132" }, { "/0/1/17", "a18300011100" },
		{ "/1/0/6", "a18301000601" }, { "/1/0/0", "a183010000ff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		decodes(FORMAT_LWM2M_CBOR, good[i].target, good[i].hex, &good[i].node, 1);
	for (size_t i = 0; i < COUNT(bad); i++)
		fails(FORMAT_LWM2M_CBOR, bad[i].target, bad[i].hex, ERR_MALFORMED);
}

static void
dates_are_read_as_seconds(void **state)
{
	static const struct { const char *text; int64_t at; } good[] = {
		{ "1970-01-01T00:00:00Z", 0 }, { "2013-05-02T10:40:15Z", 1367491215 },
		{ "2013-05-02T12:40:15.000+02:00", 1367491215 }, { "2013-05-02t10:10:15-00:30",
		    1367491215 },
		{ "2000-02-29T00:00:00z", 951782400 }, { "2000-03-01T00:00:00Z", 951868800 },
		{ "1969-12-31T23:59:59Z", -1 }, { "2100-03-01T00:00:00Z", 4107542400 },
		{ "9999-12-31T23:59:59Z", 253402300799 }, { "0001-01-01T00:00:00Z", -62135596800 },
	};
	static const char *const bad[] = { "", "2013", "2013-05-02", "2013-05-02T10:40:15",
	    "2013-05-02 10:40:15Z",
	    "2013-13-02T10:40:15Z", "2013-00-02T10:40:15Z", "2013-02-29T10:40:15Z",
	    "2013-05-00T10:40:15Z",
	    "2013-05-02T24:40:15Z", "2013-05-02T10:60:15Z", "2013-05-02T10:40:60Z",
	    "2013-05-02T10:40:15.5Z",
	    "2013-05-02T10:40:15.Z", "2013-05-02T10:40:15Z ", "2013-05-02T10:40:15+0200",
	    "2013-05-02T10:40:15+24:00",
	    "0000-05-02T10:40:15Z", "13-05-02T10:40:15Z", "2013-5-02T10:40:15Z", "1900-02-29T00:00:00Z",
	    "2013-05-02T10:40:15*02:00", "2013-05-02T10:40:15+02:60",
	    "2013-05-02T10:40:15+02:", "2013-05-02T10:40:15+02:0", "2013-05-02T10:40:15+:00",
	    "2013/05/02T10:40:15Z" };
	char hex[200];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct node node = { AT(1, 0, 12), TIME(good[i].at) };
		size_t len = strlen(good[i].text);
		snprintf(hex, sizeof(hex), "a18301000cc078%02zx", len);
		text_hex(good[i].text, len, hex + strlen(hex));
		decodes(FORMAT_LWM2M_CBOR, "/1/0", hex, &node, 1);
		prefixes(FORMAT_LWM2M_CBOR, "/1/0", hex, 1);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t len = strlen(bad[i]);
		snprintf(hex, sizeof(hex), "a18301000cc078%02zx", len);
		text_hex(bad[i], len, hex + strlen(hex));
		fails(FORMAT_LWM2M_CBOR, "/1/0", hex, ERR_MALFORMED);
	}
}

static void
nothing_is_an_answer(void **state)
{
	(void)state;
	decodes(FORMAT_LWM2M_CBOR, "/1", "", NULL, 0);
	decodes(FORMAT_LWM2M_CBOR, "/1", "a0", NULL, 0);
	decodes(FORMAT_LWM2M_CBOR, "/1", "bfff", NULL, 0);
	decodes(FORMAT_LWM2M_CBOR, "/1", "a101a0", NULL, 0);
}

static void
claims_without_octets_are_truncated(void **state)
{
	static const char *const bad[] = { "bb0000010000000000", "a1", "a101", "bf", "bf01",
	    "a19b0000010000000000",
	    "a1830100075b0000010000000000", "a19f01", "a1830100077f6155", "bf8301000001",
	    "a18301000cc1",
	    "a18301000cc0" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		fails(FORMAT_LWM2M_CBOR, "/1/0", bad[i], ERR_TRUNCATED);
}

static void
what_maps_cannot_say_is_unsupported(void **state)
{
	struct node empty = { AT(1, 0, 24), EMPTY };
	struct node nan = { AT(6, 0, 0), FLT((double)NAN) };
	struct path target = PATH_OI(1, 0);
	uint8_t buf[20];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(FORMAT_LWM2M_CBOR, &target, &empty, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_LWM2M_CBOR, &target, NULL, 0, &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 0);
	encodes(FORMAT_LWM2M_CBOR, "/6/0", &nan, 1, "a106a100a100f97e00");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_encode_in_nested_maps),
		cmocka_unit_test(sets_decode_from_both_kinds_of_keys),
		cmocka_unit_test(printed_examples_hold),
		cmocka_unit_test(keys_may_be_mixed_and_indefinite),
		cmocka_unit_test(paths_are_absolute_and_of_a_resource),
		cmocka_unit_test(one_place_has_one_value),
		cmocka_unit_test(leaves_have_the_type_of_their_resource),
		cmocka_unit_test(dates_are_read_as_seconds),
		cmocka_unit_test(nothing_is_an_answer),
		cmocka_unit_test(claims_without_octets_are_truncated),
		cmocka_unit_test(what_maps_cannot_say_is_unsupported),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
