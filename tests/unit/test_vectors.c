/* TLV, SenML CBOR, plain text and opaque: spec/bootstrap.md 4.1, 4.4 and 4.6, byte for byte. */
#include "test_lwm2m_sets.h"

static const struct {
	const char		*tlv, *senml_cbor;	/* NULL: not in the specification */
} vectors[NSETS] = {
	[A] = {
	    "c80016636f61703a2f2f3139322e302e322e31303a35363833c10100c10203c10a65",
	    "84a321652f302f312f0061300376636f61703a2f2f3139322e302e322e31303a35363833a200"
	    "613104f4a20061320203a200623130021865" },
	[A2] = {
	    "c80016636f61703a2f2f3139322e302e322e31303a35363833c10100c10203c003c004c005c1"
	    "0a65",
	    "87a321652f302f312f0061300376636f61703a2f2f3139322e302e322e31303a35363833a200"
	    "613104f4a20061320203a20061330840a20061340840a20061350840a200623130021865" },
	[B] = {
	    "c8001b636f6170733a2f2f736572766572312e6578616d706c652e636f6dc10100c10200c803"
	    "1762333133636332322d663936392d343265632d61643432c004c805101ca2028d7197c778e9"
	    "aef5ef69082beac10a6588100a44000000c0a8420100ae",
	    "89a321652f302f312f00613003781b636f6170733a2f2f736572766572312e6578616d706c65"
	    "2e636f6da200613104f4a20061320200a2006133085762333133636332322d663936392d3432"
	    "65632d61643432a20061340840a200613508501ca2028d7197c778e9aef5ef69082beaa20062"
	    "3130021865a2006431362f300219c0a8a2006431362f310218ae" },
	[C] = {
	    "c80014636f61703a2f2f732e6578616d706c652e636f6dc10100c10203c40a00009c40c41100"
	    "150000",
	    "85a321652f302f322f0061300374636f61703a2f2f732e6578616d706c652e636f6da2006131"
	    "04f4a20061320203a20062313002199c40a20062313763766c6f6432313a30" },
	[C2] = {
	    "c800100102030405060708090a0b0c0d0e0f10c10101c10202c1030ac805089e7ca922237863"
	    "40",
	    "85a321662f32312f302f00613008500102030405060708090a0b0c0d0e0f10a2006131084101"
	    "a2006132084102a2006133020aa200613508489e7ca92223786340" },
	[D] = {
	    "c80016636f6170733a2f2f62732e6578616d706c652e636f6dc10101c10200c803086465762d"
	    "30303031c004c805101ca2028d7197c778e9aef5ef69082beac20b0e10c10c00",
	    "88a321652f302f302f0061300376636f6170733a2f2f62732e6578616d706c652e636f6da200"
	    "613104f5a20061320200a200613308486465762d30303031a20061340840a200613508501ca2"
	    "028d7197c778e9aef5ef69082beaa20062313102190e10a2006231320200" },
	[E] = {
	    "c10065c40100015180c202012cc2031770c40500015180c10601c10755c10d01c10e00c10f00"
	    "c11001c11105c1123cc41300015180c11401c11700",
	    "90a321652f312f302f006130021865a2006131021a00015180a20061320219012ca200613302"
	    "191770a2006135021a00015180a200613604f5a2006137036155a2006231330201a200623134"
	    "0200a20062313504f4a20062313604f5a2006231370205a20062313802183ca200623139021a"
	    "00015180a2006232300201a20062323304f4" },
	[F] = {
	    "c40000009c40c201012cc10600c10755",
	    "84a321652f312f312f00613002199c40a20061310219012ca200613604f4a2006137036155" },
	[G1] = {
	    "08000fc10065c40100015180c10601c1075508010ec10066c201012cc10600c2075554",
	    "88a321632f312f0063302f30021865a20063302f31021a00015180a20063302f3604f5a20063"
	    "302f37036155a20063312f30021866a20063312f310219012ca20063312f3604f4a20063312f"
	    "3703625554" },
	[G2] = {
	    "08011cc80010636f61703a2f2f612e6578616d706c65c10100c10203c10a6508021cc8001063"
	    "6f61703a2f2f622e6578616d706c65c10100c10203c10a66",
	    "88a321632f302f0063312f300370636f61703a2f2f612e6578616d706c65a20063312f3104f4"
	    "a20063312f320203a20064312f3130021865a20063322f300370636f61703a2f2f622e657861"
	    "6d706c65a20063322f3104f4a20063322f320203a20064322f3130021866" },
	[H1] = {
	    "c10003c1010088020941650f416601410001c10365",
	    "86a321652f322f302f0061300203a20061310200a20065322f313031020fa20065322f313032"
	    "0201a20063322f300201a2006133021865" },
	[H2] = {
	    "c10005c4010000ffff8302416510c4030000ffff",
	    "84a321652f322f342f0061300205a20061310219ffffa20065322f3130310210a20061330219"
	    "ffff" },
	[J] = {
	    "c8001b636f6170733a2f2f736572766572322e6578616d706c652e636f6dc10100c10201c803"
	    "5b3059301306072a8648ce3d020106082a8648ce3d03010703420004a09dcb1bc739e7f19afa"
	    "9adcb1944968bfba73efcec29b50486eb44d1b29c193449970a3736830cb2bd5d7ec05d2bd1f"
	    "c07b6df5e48b54ce77a6a7229c3a91c2c8045b3059301306072a8648ce3d020106082a8648ce"
	    "3d0301070342000482c773f378d30c2783a48eb811b96cf6a90694a8564f1e7f6d366152f116"
	    "98950f6f7c40cda585334f837750a102f5bf25508ceb9e55dfc0f12a455199a4c960c8057930"
	    "7702010104209f352da16495748e146fcb5370b8e96d292ced5567a8fae55a22bb67d91651b8"
	    "a00a06082a8648ce3d030107a14403420004a09dcb1bc739e7f19afa9adcb1944968bfba73ef"
	    "cec29b50486eb44d1b29c193449970a3736830cb2bd5d7ec05d2bd1fc07b6df5e48b54ce77a6"
	    "a7229c3a91c2c10a66",
	    NULL },
	[P] = {
	    NULL,
	    "88a321612f0065302f312f300374636f61703a2f2f732e6578616d706c652e636f6da2006530"
	    "2f312f3104f4a20065302f312f320203a20066302f312f3130021865a20065312f302f300218"
	    "65a20065312f302f31021a00015180a20065312f302f3604f5a20065312f302f37036155" },
};

#define DEVICE_TLV								\
	"c800144f70656e204d6f62696c6520416c6c69616e6365c801164c69676874776569676874204d" \
	"324d20436c69656e74c80209333435303030313233c303312e30860641000141010588070842" \
	"000ed842011388870841007d42010384c10964c10a0f830b410000c40d5182428fc60e2b30323a" \
	"3030c11055"

static void
sets_encode_in_tlv(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		if (vectors[i].tlv == NULL)
			continue;
		encodes(FORMAT_TLV, sets[i].target, sets[i].nodes, sets[i].n, vectors[i].tlv);
		encodes(FORMAT_TLV_OLD, sets[i].target, sets[i].nodes, sets[i].n, vectors[i].tlv);
	}
}

static void
sets_decode_from_tlv(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		if (vectors[i].tlv == NULL)
			continue;
		decodes(FORMAT_TLV, sets[i].target, vectors[i].tlv, sets[i].nodes, sets[i].n);
		decodes(FORMAT_TLV_OLD, sets[i].target, vectors[i].tlv, sets[i].nodes, sets[i].n);
		prefixes(FORMAT_TLV, sets[i].target, vectors[i].tlv, sets[i].n);
	}
}

static void
sets_encode_in_senml_cbor(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++)
		if (vectors[i].senml_cbor != NULL)
			encodes(FORMAT_SENML_CBOR, sets[i].target, sets[i].nodes, sets[i].n,
			    vectors[i].senml_cbor);
}

static void
sets_decode_from_senml_cbor(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		if (vectors[i].senml_cbor == NULL)
			continue;
		decodes(FORMAT_SENML_CBOR, sets[i].target, vectors[i].senml_cbor, sets[i].nodes,
		    sets[i].n);
		prefixes(FORMAT_SENML_CBOR, sets[i].target, vectors[i].senml_cbor, sets[i].n);
	}
}

static void
pack_is_not_for_tlv(void **state)
{
	struct path root = PATH_ROOT;
	uint8_t buf[200];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(FORMAT_TLV, &root, set_p, COUNT(set_p), &w),
	    ERR_UNSUPPORTED);
	fails(FORMAT_TLV, "/", "c10100", ERR_UNSUPPORTED);
}

static void
unsigned_of_minimal_width_decodes(void **state)
{
	(void)state;
	decodes(FORMAT_TLV, "/0/1",
	    "c8001b636f6170733a2f2f736572766572312e6578616d706c652e636f6dc10100c10200c803176233"
	    "3133636332322d663936392d343265632d61643432c004c805101ca2028d7197c778e9aef5ef69082b"
	    "eac10a6587104200c0a84101ae", set_b, COUNT(set_b));
}

static void
printed_tlv_examples_hold(void **state)
{
	static const struct node links[] = {
		{ ATI(65, 0, 0, 0), LNK(66, 0) },
		{ ATI(65, 0, 0, 1), LNK(66, 1) },
		{ AT(65, 0, 1), STR("8613800755500") },
		{ AT(65, 0, 2), OPQ("\022\064\126\170") },
	};
	static const struct node untyped[] = {		/* nobody defined object 65 */
		{ ATI(65, 0, 0, 0), OPQ("\0\102\0\0") },
		{ ATI(65, 0, 0, 1), OPQ("\0\102\0\1") },
		{ AT(65, 0, 1), OPQ("8613800755500") },
		{ AT(65, 0, 2), OPQ("\022\064\126\170") },
	};
	static const struct node access[] = {
		{ AT(2, 0, 0), INT(1) },
		{ AT(2, 0, 1), INT(0) },
		{ ATI(2, 0, 2, 127), INT(7) },
		{ AT(2, 0, 3), INT(127) },
		{ AT(2, 2, 0), INT(3) },
		{ AT(2, 2, 1), INT(0) },
		{ ATI(2, 2, 2, 127), INT(7) },
		{ ATI(2, 2, 2, 310), INT(1) },
		{ AT(2, 2, 3), INT(127) },
	};
	static const struct node server[] = {
		{ AT(1, 0, 0), INT(1) },
		{ AT(1, 0, 1), INT(86400) },
		{ AT(1, 0, 6), BOOL(true) },
		{ AT(1, 0, 7), STR("U") },
	};
	const char *h65 = "88000c440000420000440100420001c8010d38363133383030373535353030c40212345678";
	const char *h2 = "08000ec10001c101008302417f07c1037f"
	    "080212c10003c101008702417f0761013601c1037f";
	const char *h1 = "08000fc10001c40100015180c10601c10755";

	(void)state;
	encodes(FORMAT_TLV, "/3/0", device, COUNT(device), DEVICE_TLV);
	decodes(FORMAT_TLV, "/3/0", DEVICE_TLV, device, COUNT(device));
	decodes(FORMAT_TLV, "/3/0", "080079" DEVICE_TLV, device, COUNT(device));
	prefixes(FORMAT_TLV, "/3/0", DEVICE_TLV, COUNT(device));
	prefixes(FORMAT_TLV, "/3/0", "080079" DEVICE_TLV, COUNT(device));
	encodes(FORMAT_TLV, "/65/0", links, COUNT(links), h65);
	decodes(FORMAT_TLV, "/65/0", h65, untyped, COUNT(untyped));
	encodes(FORMAT_TLV, "/2", access, COUNT(access), h2);
	decodes(FORMAT_TLV, "/2", h2, access, COUNT(access));
	prefixes(FORMAT_TLV, "/2", h2, COUNT(access));
	encodes(FORMAT_TLV, "/1", server, COUNT(server), h1);
	decodes(FORMAT_TLV, "/1", h1, server, COUNT(server));
}

static void
printed_senml_cbor_example_holds(void **state)
{
	const char *hex =
	    "90a321652f332f302f00613003744f70656e204d6f62696c6520416c6c69616e6365a200613103764c"
	    "69676874776569676874204d324d20436c69656e74a20061320369333435303030313233a200613303"
	    "63312e30a20063362f300201a20063362f310205a20063372f3002190ed8a20063372f3102191388a2"
	    "0063382f3002187da20063382f3102190384a2006139021864a200623130020fa2006431312f300200"
	    "a200623133021a5182428fa20062313403662b30323a3030a200623136036155";

	(void)state;
	encodes(FORMAT_SENML_CBOR, "/3/0", device, COUNT(device), hex);
	decodes(FORMAT_SENML_CBOR, "/3/0", hex, device, COUNT(device));
	prefixes(FORMAT_SENML_CBOR, "/3/0", hex, COUNT(device));
}

static void
senml_cbor_without_base_name_decodes(void **state)
{
	(void)state;
	decodes(FORMAT_SENML_CBOR, "/0/1",
	    "84a200662f302f312f300376636f61703a2f2f3139322e302e322e31303a35363833a200662f302f31"
	    "2f3104f4a200662f302f312f320203a200672f302f312f3130021865", set_a, COUNT(set_a));
	decodes(FORMAT_SENML_CBOR, "/1/1",
	    "84a200662f312f312f3002199c40a200662f312f312f310219012ca200662f312f312f3604f4a20066"
	    "2f312f312f37036155", set_f, COUNT(set_f));
}

/* spec/bootstrap.md 4.6; the payloads are shown as hex of their text. */
static const struct {
	const char	*target;
	struct node	 node;
	const char	*text;
	const char	*opaque;
} singles[] = {
	{ "/0/1/0", { AT(0, 1, 0), STR("coap://192.0.2.10:5683") }, "coap://192.0.2.10:5683", NULL },
	{ "/0/1/1", { AT(0, 1, 1), BOOL(false) }, "0", NULL },
	{ "/0/1/2", { AT(0, 1, 2), INT(3) }, "3", NULL },
	{ "/0/1/3", { AT(0, 1, 3), OPQ("b313cc22-f969-42ec-ad42") },
	    "YjMxM2NjMjItZjk2OS00MmVjLWFkNDI=", "62333133636332322d663936392d343265632d61643432" },
	{ "/0/1/4", { AT(0, 1, 4), OPQ("\374\246\254\013\235\255\331\226\062\150\324\216\150\021\361"
	    "\105\200\367\354\026\063\167\174\166\031\000\151\346\011\322\006\156") },
	    "/KasC52t2ZYyaNSOaBHxRYD37BYzd3x2GQBp5gnSBm4=",
	    "fca6ac0b9dadd9963268d48e6811f14580f7ec1633777c76190069e609d2066e" },
	{ "/0/1/5", { AT(0, 1, 5), OPQ(PSK) }, "HKICjXGXx3jprvXvaQgr6g==",
	    "1ca2028d7197c778e9aef5ef69082bea" },
	{ "/0/1/10", { AT(0, 1, 10), INT(101) }, "101", NULL },
	{ "/0/1/17", { AT(0, 1, 17), LNK(21, 0) }, "21:0", NULL },
	{ "/1/0/0", { AT(1, 0, 0), INT(101) }, "101", NULL },
	{ "/1/0/1", { AT(1, 0, 1), INT(86400) }, "86400", NULL },
	{ "/1/0/6", { AT(1, 0, 6), BOOL(true) }, "1", NULL },
	{ "/1/0/7", { AT(1, 0, 7), STR("U") }, "U", NULL },
	{ "/1/0/12", { AT(1, 0, 12), TIME(1367491215) }, "1367491215", NULL },
	{ "/1/0/22", { AT(1, 0, 22), STR("U") }, "U", NULL },
	{ "/1/0/2", { AT(1, 0, 2), INT(-129) }, "-129", NULL },
	{ "/6/0/0", { AT(6, 0, 0), FLT(1.5) }, "1.5", NULL },
	{ "/6/0/1", { AT(6, 0, 1), FLT(0.1) }, "0.1", NULL },
	{ "/0/1/13", { AT(0, 1, 13), UNS(49320) }, "49320", NULL },
};

static void
single_values_are_plain_text(void **state)
{
	char hex[200];

	(void)state;
	for (size_t i = 0; i < COUNT(singles); i++) {
		text_hex(singles[i].text, strlen(singles[i].text), hex);
		encodes(FORMAT_TEXT, singles[i].target, &singles[i].node, 1, hex);
		decodes(FORMAT_TEXT, singles[i].target, hex, &singles[i].node, 1);
	}
}

static void
only_opaque_resources_are_octet_streams(void **state)
{
	uint8_t buf[100];

	(void)state;
	for (size_t i = 0; i < COUNT(singles); i++) {
		struct path target = path_of(singles[i].target);
		struct wr w = wr_over(buf, sizeof(buf));
		if (singles[i].opaque != NULL) {
			encodes(FORMAT_OPAQUE, singles[i].target, &singles[i].node, 1,
			    singles[i].opaque);
			decodes(FORMAT_OPAQUE, singles[i].target, singles[i].opaque,
			    &singles[i].node, 1);
			continue;
		}
		assert_int_equal(format_encode(FORMAT_OPAQUE, &target, &singles[i].node, 1, &w),
		    ERR_UNSUPPORTED);
		fails(FORMAT_OPAQUE, singles[i].target, "00", ERR_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_encode_in_tlv),
		cmocka_unit_test(sets_decode_from_tlv),
		cmocka_unit_test(sets_encode_in_senml_cbor),
		cmocka_unit_test(sets_decode_from_senml_cbor),
		cmocka_unit_test(pack_is_not_for_tlv),
		cmocka_unit_test(unsigned_of_minimal_width_decodes),
		cmocka_unit_test(printed_tlv_examples_hold),
		cmocka_unit_test(printed_senml_cbor_example_holds),
		cmocka_unit_test(senml_cbor_without_base_name_decodes),
		cmocka_unit_test(single_values_are_plain_text),
		cmocka_unit_test(only_opaque_resources_are_octet_streams),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
