/* The two JSON formats: SenML JSON 110 and the JSON 11543 of LwM2M 1.0. */
#include "test_lwm2m_sets.h"

#include <math.h>
#include <stdio.h>

/* spec/bootstrap.md 4.2 and 4.3, with ' for "; there is no Pack in LwM2M 1.0. */
static const struct {
	const char *senml, *json;
} vectors[NSETS] = {
	[A] = {
	    "[{'bn':'/0/1/','n':'0','vs':'coap://192.0.2.10:5683'},{'n':'1','vb':false},{'n':'2',"
	    "'v':3},{'n':'10','v':101}]",
	    "{'bn':'/0/1/','e':[{'n':'0','sv':'coap://192.0.2.10:5683'},{'n':'1','bv':false},"
	    "{'n':'2','v':3},{'n':'10','v':101}]}" },
	[A2] = {
	    "[{'bn':'/0/1/','n':'0','vs':'coap://192.0.2.10:5683'},{'n':'1','vb':false},{'n':'2',"
	    "'v':3},{'n':'3','vd':''},{'n':'4','vd':''},{'n':'5','vd':''},{'n':'10','v':101}]",
	    "{'bn':'/0/1/','e':[{'n':'0','sv':'coap://192.0.2.10:5683'},{'n':'1','bv':false},"
	    "{'n':'2','v':3},{'n':'3','sv':''},{'n':'4','sv':''},{'n':'5','sv':''},{'n':'10',"
	    "'v':101}]}" },
	[B] = {
	    "[{'bn':'/0/1/','n':'0','vs':'coaps://server1.example.com'},{'n':'1','vb':false},"
	    "{'n':'2','v':0},{'n':'3','vd':'YjMxM2NjMjItZjk2OS00MmVjLWFkNDI'},{'n':'4','vd':''},"
	    "{'n':'5','vd':'HKICjXGXx3jprvXvaQgr6g'},{'n':'10','v':101},{'n':'16/0','v':49320},"
	    "{'n':'16/1','v':174}]",
	    "{'bn':'/0/1/','e':[{'n':'0','sv':'coaps://server1.example.com'},{'n':'1','bv':false},"
	    "{'n':'2','v':0},{'n':'3','sv':'YjMxM2NjMjItZjk2OS00MmVjLWFkNDI='},{'n':'4','sv':''},"
	    "{'n':'5','sv':'HKICjXGXx3jprvXvaQgr6g=='},{'n':'10','v':101},{'n':'16/0','v':49320},"
	    "{'n':'16/1','v':174}]}" },
	[C] = {
	    "[{'bn':'/0/2/','n':'0','vs':'coap://s.example.com'},{'n':'1','vb':false},{'n':'2',"
	    "'v':3},{'n':'10','v':40000},{'n':'17','vlo':'21:0'}]",
	    "{'bn':'/0/2/','e':[{'n':'0','sv':'coap://s.example.com'},{'n':'1','bv':false},"
	    "{'n':'2','v':3},{'n':'10','v':40000},{'n':'17','ov':'21:0'}]}" },
	[C2] = {
	    "[{'bn':'/21/0/','n':'0','vd':'AQIDBAUGBwgJCgsMDQ4PEA'},{'n':'1','vd':'AQ'},{'n':'2',"
	    "'vd':'Ag'},{'n':'3','v':10},{'n':'5','vd':'nnypIiN4Y0A'}]",
	    "{'bn':'/21/0/','e':[{'n':'0','sv':'AQIDBAUGBwgJCgsMDQ4PEA=='},{'n':'1','sv':'AQ=='},"
	    "{'n':'2','sv':'Ag=='},{'n':'3','v':10},{'n':'5','sv':'nnypIiN4Y0A='}]}" },
	[D] = {
	    "[{'bn':'/0/0/','n':'0','vs':'coaps://bs.example.com'},{'n':'1','vb':true},{'n':'2',"
	    "'v':0},{'n':'3','vd':'ZGV2LTAwMDE'},{'n':'4','vd':''},{'n':'5',"
	    "'vd':'HKICjXGXx3jprvXvaQgr6g'},{'n':'11','v':3600},{'n':'12','v':0}]",
	    "{'bn':'/0/0/','e':[{'n':'0','sv':'coaps://bs.example.com'},{'n':'1','bv':true},"
	    "{'n':'2','v':0},{'n':'3','sv':'ZGV2LTAwMDE='},{'n':'4','sv':''},{'n':'5',"
	    "'sv':'HKICjXGXx3jprvXvaQgr6g=='},{'n':'11','v':3600},{'n':'12','v':0}]}" },
	[E] = {
	    "[{'bn':'/1/0/','n':'0','v':101},{'n':'1','v':86400},{'n':'2','v':300},{'n':'3',"
	    "'v':6000},{'n':'5','v':86400},{'n':'6','vb':true},{'n':'7','vs':'U'},{'n':'13','v':1},"
	    "{'n':'14','v':0},{'n':'15','vb':false},{'n':'16','vb':true},{'n':'17','v':5},"
	    "{'n':'18','v':60},{'n':'19','v':86400},{'n':'20','v':1},{'n':'23','vb':false}]",
	    "{'bn':'/1/0/','e':[{'n':'0','v':101},{'n':'1','v':86400},{'n':'2','v':300},{'n':'3',"
	    "'v':6000},{'n':'5','v':86400},{'n':'6','bv':true},{'n':'7','sv':'U'},{'n':'13','v':1},"
	    "{'n':'14','v':0},{'n':'15','bv':false},{'n':'16','bv':true},{'n':'17','v':5},"
	    "{'n':'18','v':60},{'n':'19','v':86400},{'n':'20','v':1},{'n':'23','bv':false}]}" },
	[F] = {
	    "[{'bn':'/1/1/','n':'0','v':40000},{'n':'1','v':300},{'n':'6','vb':false},{'n':'7',"
	    "'vs':'U'}]",
	    "{'bn':'/1/1/','e':[{'n':'0','v':40000},{'n':'1','v':300},{'n':'6','bv':false},"
	    "{'n':'7','sv':'U'}]}" },
	[G1] = {
	    "[{'bn':'/1/','n':'0/0','v':101},{'n':'0/1','v':86400},{'n':'0/6','vb':true},"
	    "{'n':'0/7','vs':'U'},{'n':'1/0','v':102},{'n':'1/1','v':300},{'n':'1/6','vb':false},"
	    "{'n':'1/7','vs':'UT'}]",
	    "{'bn':'/1/','e':[{'n':'0/0','v':101},{'n':'0/1','v':86400},{'n':'0/6','bv':true},"
	    "{'n':'0/7','sv':'U'},{'n':'1/0','v':102},{'n':'1/1','v':300},{'n':'1/6','bv':false},"
	    "{'n':'1/7','sv':'UT'}]}" },
	[G2] = {
	    "[{'bn':'/0/','n':'1/0','vs':'coap://a.example'},{'n':'1/1','vb':false},{'n':'1/2',"
	    "'v':3},{'n':'1/10','v':101},{'n':'2/0','vs':'coap://b.example'},{'n':'2/1',"
	    "'vb':false},{'n':'2/2','v':3},{'n':'2/10','v':102}]",
	    "{'bn':'/0/','e':[{'n':'1/0','sv':'coap://a.example'},{'n':'1/1','bv':false},"
	    "{'n':'1/2','v':3},{'n':'1/10','v':101},{'n':'2/0','sv':'coap://b.example'},{'n':'2/1',"
	    "'bv':false},{'n':'2/2','v':3},{'n':'2/10','v':102}]}" },
	[H1] = {
	    "[{'bn':'/2/0/','n':'0','v':3},{'n':'1','v':0},{'n':'2/101','v':15},{'n':'2/102',"
	    "'v':1},{'n':'2/0','v':1},{'n':'3','v':101}]",
	    "{'bn':'/2/0/','e':[{'n':'0','v':3},{'n':'1','v':0},{'n':'2/101','v':15},{'n':'2/102',"
	    "'v':1},{'n':'2/0','v':1},{'n':'3','v':101}]}" },
	[H2] = {
	    "[{'bn':'/2/4/','n':'0','v':5},{'n':'1','v':65535},{'n':'2/101','v':16},{'n':'3',"
	    "'v':65535}]",
	    "{'bn':'/2/4/','e':[{'n':'0','v':5},{'n':'1','v':65535},{'n':'2/101','v':16},{'n':'3',"
	    "'v':65535}]}" },
	[J] = {
	    "[{'bn':'/0/1/','n':'0','vs':'coaps://server2.example.com'},{'n':'1','vb':false},"
	    "{'n':'2','v':1},{'n':'3','vd':'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoJ3LG8c55_Ga-prcsZR"
	    "JaL-6c-_OwptQSG60TRspwZNEmXCjc2gwyyvV1-wF0r0fwHtt9eSLVM53pqcinDqRwg'},{'n':'4',"
	    "'vd':'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgsdz83jTDCeDpI64Ebls9qkGlKhWTx5_bTZhUvEWmJUP"
	    "b3xAzaWFM0-Dd1ChAvW_JVCM655V38DxKkVRmaTJYA'},{'n':'5',"
	    "'vd':'MHcCAQEEIJ81LaFklXSOFG_LU3C46W0pLO1VZ6j65Voiu2fZFlG4oAoGCCqGSM49AwEHoUQDQgAEoJ3L"
	    "G8c55_Ga-prcsZRJaL-6c-_OwptQSG60TRspwZNEmXCjc2gwyyvV1-wF0r0fwHtt9eSLVM53pqcinDqRwg'},"
	    "{'n':'10','v':102}]",
	    "{'bn':'/0/1/','e':[{'n':'0','sv':'coaps://server2.example.com'},{'n':'1','bv':false},"
	    "{'n':'2','v':1},{'n':'3','sv':'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoJ3LG8c55/Ga+prcsZR"
	    "JaL+6c+/OwptQSG60TRspwZNEmXCjc2gwyyvV1+wF0r0fwHtt9eSLVM53pqcinDqRwg=='},{'n':'4',"
	    "'sv':'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgsdz83jTDCeDpI64Ebls9qkGlKhWTx5/bTZhUvEWmJUP"
	    "b3xAzaWFM0+Dd1ChAvW/JVCM655V38DxKkVRmaTJYA=='},{'n':'5',"
	    "'sv':'MHcCAQEEIJ81LaFklXSOFG/LU3C46W0pLO1VZ6j65Voiu2fZFlG4oAoGCCqGSM49AwEHoUQDQgAEoJ3L"
	    "G8c55/Ga+prcsZRJaL+6c+/OwptQSG60TRspwZNEmXCjc2gwyyvV1+wF0r0fwHtt9eSLVM53pqcinDqRwg=='}"
	    ",{'n':'10','v':102}]}" },
	[P] = {
	    "[{'bn':'/','n':'0/1/0','vs':'coap://s.example.com'},{'n':'0/1/1','vb':false},"
	    "{'n':'0/1/2','v':3},{'n':'0/1/10','v':101},{'n':'1/0/0','v':101},{'n':'1/0/1',"
	    "'v':86400},{'n':'1/0/6','vb':true},{'n':'1/0/7','vs':'U'}]",
	    NULL },
};

/* JSON with ' for " as hex; good for the next few calls. */
static const char *
json(const char *text)
{
	static char hex[4][8000];
	static unsigned turn;
	char *out = hex[turn++ % COUNT(hex)], *copy = strdup(text);

	assert_non_null(copy);
	assert_true(strlen(text) < sizeof(hex[0]) / 2);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	text_hex(copy, strlen(copy), out);
	free(copy);
	return out;
}

static void
sets_encode_in_senml_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++)
		encodes(FORMAT_SENML_JSON, sets[i].target, sets[i].nodes, sets[i].n,
		    json(vectors[i].senml));
}

static void
sets_decode_from_senml_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		const char *hex = json(vectors[i].senml);
		decodes(FORMAT_SENML_JSON, sets[i].target, hex, sets[i].nodes, sets[i].n);
		prefixes(FORMAT_SENML_JSON, sets[i].target, hex, sets[i].n);
	}
}

static void
sets_encode_in_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++)
		if (vectors[i].json != NULL)
			encodes(FORMAT_JSON, sets[i].target, sets[i].nodes, sets[i].n,
			    json(vectors[i].json));
}

static void
sets_decode_from_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSETS; i++) {
		if (vectors[i].json == NULL)
			continue;
		const char *hex = json(vectors[i].json);
		decodes(FORMAT_JSON, sets[i].target, hex, sets[i].nodes, sets[i].n);
		decodes(FORMAT_JSON_OLD, sets[i].target, hex, sets[i].nodes, sets[i].n);
		prefixes(FORMAT_JSON, sets[i].target, hex, sets[i].n);
	}
}

static void
old_json_is_never_written(void **state)
{
	struct path target = PATH_OI(0, 1), root = PATH_ROOT;
	uint8_t buf[400];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(format_encode(FORMAT_JSON_OLD, &target, set_a, COUNT(set_a), &w),
	    ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_JSON, &root, set_p, COUNT(set_p), &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 0);
}

static void
reads(int cf, const char *target, const char *text, struct node node)
{
	decodes(cf, target, json(text), &node, 1);
}

static void
refuses(int cf, const char *target, const char *text)
{
	fails(cf, target, json(text), ERR_MALFORMED);
}

static void
names_of_senml_are_put_together(void **state)
{
	static const char *const same[] = {
		"[{'bn':'/1/0/','n':'0','v':101}]", "[{'n':'/1/0/0','v':101}]",
		"[{'bn':'/1/0/0','v':101}]", "[{'bn':'/1','n':'/0/0','v':101}]",
		" [ { 'v' : 101 , 'n' : '' , 'bn' : '/1/0/0' } ]\n", "[{'bn':'','n':'/1/0/0','v':101}]",
	};
	static const char *const bad[] = {
		"[{'bn':'/1/0/','n':'/0','v':101}]", "[{'bn':'/1/0','n':'0','v':101}]",
		"[{'n':'1/0/0','v':101}]", "[{'n':'/1/0/0/','v':101}]", "[{'v':101}]",
		"[{'n':'/lwm2m/1/0/0','v':101}]", "[{'n':'/1/0/00','v':101}]",
		    "[{'n':'/1/1/0','v':101}]",
		"[{'n':'/1/0','v':101}]", "[{'n':'/1/0/65535','v':101}]",
		    "[{'n':'/1/0/0/0/0','v':101}]",
		"[{'n':'/1/0/000000000000000000000000','v':101}]", "[{'n':5,'v':101}]",
		"[{'bn':null,'n':'/1/0/0','v':101}]",
	};
	static const struct node two[] = { { AT(1, 0, 0), INT(1) }, { AT(1, 0, 1), INT(2) },
	    { ATI(1, 0, 24, 3), LNK(1, 2) } };

	(void)state;
	char zeros[400] = "", text[1000];
	memset(zeros, '0', sizeof(zeros) - 1);
	snprintf(text, sizeof(text), "[{'n':'/1/0/%s','v':101}]", zeros);
	refuses(FORMAT_SENML_JSON, "/1/0", text);
	snprintf(text, sizeof(text), "[{'bn':'/1/0/%s','n':'0','v':101}]", zeros);
	refuses(FORMAT_SENML_JSON, "/1/0", text);
	for (size_t i = 0; i < COUNT(same); i++)
		reads(FORMAT_SENML_JSON, "/1/0", same[i], (struct node){ AT(1, 0, 0), INT(101) });
	for (size_t i = 0; i < COUNT(bad); i++)
		refuses(FORMAT_SENML_JSON, "/1/0", bad[i]);
	decodes(FORMAT_SENML_JSON, "/1", json("[{'bn':'/1/0/','n':'0','v':1},{'n':'1','v':2},"
	    "{'bn':'/1/0/24/','n':'3','vlo':'1:2'}]"), two, 3);	/* the base stays until replaced */
}

static void
records_of_senml_have_one_value(void **state)
{
	static const char *const bad[] = {
		"[{'n':'/1/0/0'}]", "[{'n':'/1/0/0','v':1,'vs':'1'}]", "[{'n':'/1/0/0','v':1,'v':1}]",
		"[{'n':'/1/0/0','v':null}]", "[{'n':'/1/0/0','v':'1'}]", "[{'n':'/1/0/0','vs':'1'}]",
		"[{'n':'/1/0/6','vb':1}]", "[{'n':'/1/0/6','v':1,'vb':true}]",
		"[{'n':'/1/0/7','vs':5}]", "[{'n':'/1/0/0','v':1},5]",
		"{'n':'/1/0/0','v':1}", "[{'n':'/1/0/0','v':1}]x",
		    "[{'n':'/1/0/0','v':1},{'n':'/1/0/0','v':1}]",
		"[{'n':'/1/0/0','v':1},]", "5", "[{'n':'/1/0/10','vlo':5}]",
		    "[{'n':'/1/0/10','vlo':'1'}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		refuses(FORMAT_SENML_JSON, "/1/0", bad[i]);
	refuses(FORMAT_SENML_JSON, "/0/1", "[{'n':'/0/1/5','vd':5}]");
	decodes(FORMAT_SENML_JSON, "/1", "", NULL, 0);
	decodes(FORMAT_SENML_JSON, "/1", json("[]"), NULL, 0);
	encodes(FORMAT_SENML_JSON, "/1", NULL, 0, json("[]"));
	fails(FORMAT_SENML_JSON, "/1", json("[{'n':'/1/0/0','v':1}"), ERR_TRUNCATED);
	fails(FORMAT_SENML_JSON, "/1/0", "5b7b226e223a222f312f302f37222c227673223a22ff227d5d",
	    ERR_MALFORMED);	/* not UTF-8 */
}

static void
members_of_senml_that_matter_are_understood(void **state)
{
	static const char *const good[] = {
		"[{'bver':10,'n':'/1/0/0','v':1}]",
		    "[{'bver':5,'bt':1e9,'bu':'s','n':'/1/0/0','v':1,'t':3}]",
		"[{'n':'/1/0/0','v':1,'u':'s','ut':5,'x':[[{}]],'_y':1}]",
	};
	static const char *const bad[] = {
		"[{'bver':11,'n':'/1/0/0','v':1}]", "[{'bver':'10','n':'/1/0/0','v':1}]",
		"[{'n':'/1/0/0','v':1,'x_':1}]", "[{'n':'/1/0/0','v':1,'_':1}]",
		"[{'n':'/1/0/0','v':1,'bv':1}]", "[{'n':'/1/0/0','v':1,'bs':1}]",
		    "[{'n':'/1/0/0','v':1,'s':1}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		reads(FORMAT_SENML_JSON, "/1/0", good[i], (struct node){ AT(1, 0, 0), INT(1) });
	for (size_t i = 0; i < COUNT(bad); i++)
		refuses(FORMAT_SENML_JSON, "/1/0", bad[i]);
}

static void
whole_numbers_stay_exact(void **state)
{
	static const struct { const char *text; int64_t i; } good[] = {
		{ "0", 0 }, { "-0", 0 }, { "1.0", 1 }, { "1e3", 1000 }, { "-1.5E1", -15 },
		{ "9007199254740993", 9007199254740993 }, { "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN }, { "9007199254740992.0", 9007199254740992 },
	};
	static const char *const bad[] = { "1.5", "1e400", "9223372036854775808",
	    "-9223372036854775809",
	    "1e17", "9007199254740993.5e2", "01", "+1", "0x1", ".5", "5.", "nan", "--1" };
	char text[100];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		snprintf(text, sizeof(text), "[{'n':'/1/0/1','v':%s}]", good[i].text);
		reads(FORMAT_SENML_JSON, "/1/0", text,
		    (struct node){ AT(1, 0, 1), INT(good[i].i) });
		snprintf(text, sizeof(text), "{'e':[{'n':'12','v':%s}]}", good[i].text);
		reads(FORMAT_JSON, "/1/0", text, (struct node){ AT(1, 0, 12), TIME(good[i].i) });
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text), "[{'n':'/1/0/1','v':%s}]", bad[i]);
		refuses(FORMAT_SENML_JSON, "/1/0", text);
		snprintf(text, sizeof(text), "[{'n':'/0/1/13','v':%s}]", bad[i]);
		refuses(FORMAT_SENML_JSON, "/0/1", text);
	}
	refuses(FORMAT_SENML_JSON, "/0/1", "[{'n':'/0/1/13','v':-1}]");
}

static void
numbers_are_written_without_loss(void **state)
{
	static const struct { struct node node; const char *text; } written[] = {
		{ { AT(1, 0, 1), INT(INT64_MIN) }, "-9223372036854775808" },
		{ { AT(1, 0, 1), INT(INT64_MAX) }, "9223372036854775807" },
		{ { AT(0, 1, 13), UNS(UINT64_MAX) }, "18446744073709551615" },
		{ { AT(1, 0, 12), TIME(-1) }, "-1" },
		{ { AT(6, 0, 0), FLT(1.5) }, "1.5" }, { { AT(6, 0, 0), FLT(0.1) }, "0.1" },
		{ { AT(6, 0, 0), FLT(100) }, "100.0" }, { { AT(6, 0, 0), FLT(-0.0) }, "-0.0" },
		{ { AT(6, 0, 0), FLT(1e15) }, "1000000000000000.0" }, { { AT(6, 0, 0), FLT(1e16) },
		    "1e+16" },
		{ { AT(6, 0, 0), FLT(0.0001) }, "0.0001" }, { { AT(6, 0, 0), FLT(0.00001) }, "1e-05" },
		{ { AT(6, 0, 0), FLT(-1.0 / 3) }, "-0.3333333333333333" },
		{ { AT(6, 0, 0), FLT(1.7976931348623157e308) }, "1.7976931348623157e+308" },
		{ { AT(6, 0, 0), FLT(5e-324) }, "5e-324" },
		{ { AT(6, 0, 0), FLT(123456.789e3) }, "123456789.0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		char path[PATH_TEXT_MAX], text[100];
		path_format(&written[i].node.path, path);
		snprintf(text, sizeof(text), "[{'bn':'%s','v':%s}]", path, written[i].text);
		encodes(FORMAT_SENML_JSON, path, &written[i].node, 1, json(text));
		snprintf(text, sizeof(text), "{'bn':'%s','e':[{'v':%s}]}", path, written[i].text);
		encodes(FORMAT_JSON, path, &written[i].node, 1, json(text));
		if (written[i].node.value.type != VALUE_UNSIGNED)	/* beyond what jansson holds */
			decodes(FORMAT_JSON, path, json(text), &written[i].node, 1);
	}
}

static void
strings_are_escaped_no_more_than_needed(void **state)
{
	static const struct node odd = { AT(1, 0, 7), STR("\"\\/\b\f\n\r\t\001\037\177\303\244\0z") };
	const char *hex = "5b7b22626e223a222f312f302f37222c227673223a22"
	    "5c225c5c2f5c625c665c6e5c725c745c75303030315c75303031667fc3a45c75303030307a227d5d";
	struct node bad = { AT(1, 0, 7), STR("\377") };
	struct path target = PATH_OIR(1, 0, 7);
	uint8_t buf[100];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	encodes(FORMAT_SENML_JSON, "/1/0/7", &odd, 1, hex);
	decodes(FORMAT_SENML_JSON, "/1/0/7", hex, &odd, 1);
	reads(FORMAT_SENML_JSON, "/1/0/7", "[{'bn':'/1/0/7','vs':'\\u00e4\\ud83d\\ude00\\/'}]",
	    (struct node){ AT(1, 0, 7), STR("\303\244\360\237\230\200/") });
	refuses(FORMAT_SENML_JSON, "/1/0/7", "[{'bn':'/1/0/7','vs':'\\ud83d'}]");
	refuses(FORMAT_SENML_JSON, "/1/0/7", "[{'bn':'/1/0/7','vs':'\n'}]");
	assert_int_equal(format_encode(FORMAT_SENML_JSON, &target, &bad, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(format_encode(FORMAT_JSON, &target, &bad, 1, &w), ERR_UNSUPPORTED);
	assert_int_equal(w.len, 0);
}

static void
base64_of_both_alphabets_decodes(void **state)
{
	static const char *const same[] = { "-_-_-w", "+/+/+w", "-_-_-w==", "+/+/+w==" };
	static const struct node node = { AT(0, 1, 5), OPQ("\373\377\277\373") };
	char text[100];

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		snprintf(text, sizeof(text), "[{'n':'/0/1/5','vd':'%s'}]", same[i]);
		reads(FORMAT_SENML_JSON, "/0/1", text, node);
		snprintf(text, sizeof(text), "{'e':[{'n':'5','sv':'%s'}]}", same[i]);
		reads(FORMAT_JSON, "/0/1", text, node);
	}
	encodes(FORMAT_SENML_JSON, "/0/1/5", &node, 1, json("[{'bn':'/0/1/5','vd':'-_-_-w'}]"));
	encodes(FORMAT_JSON, "/0/1/5", &node, 1, json("{'bn':'/0/1/5','e':[{'sv':'+/+/+w=='}]}"));
	refuses(FORMAT_SENML_JSON, "/0/1", "[{'n':'/0/1/5','vd':'-_-_-w='}]");
	refuses(FORMAT_SENML_JSON, "/0/1", "[{'n':'/0/1/5','vd':'A'}]");
	refuses(FORMAT_JSON, "/0/1", "{'e':[{'n':'5','sv':'*'}]}");
}

static void
names_of_json_are_relative_to_the_base_or_the_request(void **state)
{
	static const struct node node = { AT(1, 0, 0), INT(101) };
	static const struct node acl = { ATI(2, 0, 2, 7), INT(15) };
	static const char *const same[] = {
		"{'bn':'/1/0/','e':[{'n':'0','v':101}]}", "{'bn':'/1/0/0','e':[{'v':101}]}",
		"{'bn':'/1/0/0','e':[{'n':'','v':101}]}", "{'e':[{'n':'0','v':101}]}",
		"{'bn':'','e':[{'n':'/1/0/0','v':101}]}",
		"{'e':[{'v':101,'n':'0','t':5}],'bt':25462634,'bn':'/1/0/','x':1}",
	};
	static const char *const bad[] = {
		"{'bn':'/1/0','e':[{'n':'0','v':101}]}", "{'bn':'/1/1/','e':[{'n':'0','v':101}]}",
		"{'e':[{'v':101}]}", "{'e':[{'n':'0'}]}", "{'e':[{'n':'0','v':1,'sv':'1'}]}",
		"{'e':[{'n':'6','v':1,'bv':true}]}",
		"{'e':{'n':'0','v':1}}", "{'bn':'/1/0/'}", "[{'n':'0','v':1}]", "{'e':[5]}",
		"{'bn':5,'e':[{'n':'0','v':101}]}", "{'e':[{'n':5,'v':101}]}",
		    "{'e':[{'n':'6','bv':1}]}",
		"{'e':[{'n':'10','ov':5}]}", "{'e':[{'n':'10','ov':'1:'}]}", "{'e':[{'n':'7','sv':5}]}",
		"{'e':[{'n':'0','v':1}]}{", "{'e':[{'n':'0','v':1},{'n':'0','v':1}]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++)
		reads(FORMAT_JSON, "/1/0", same[i], node);
	for (size_t i = 0; i < COUNT(bad); i++)
		refuses(FORMAT_JSON, "/1/0", bad[i]);
	reads(FORMAT_JSON, "/1/0/0", "{'e':[{'v':101}]}", node);
	reads(FORMAT_JSON, "/1", "{'e':[{'n':'0/0','v':101}]}", node);
	reads(FORMAT_JSON, "/2/0/2", "{'e':[{'n':'7','v':15}]}", acl);
	encodes(FORMAT_JSON, "/2/0/2", &acl, 1, json("{'bn':'/2/0/2/','e':[{'n':'7','v':15}]}"));
	decodes(FORMAT_JSON, "/1", json("{'bn':'/1/','e':[]}"), NULL, 0);
	encodes(FORMAT_JSON, "/1", NULL, 0, json("{'bn':'/1/','e':[]}"));
	decodes(FORMAT_JSON, "/1", "", NULL, 0);
}

static void
types_of_json_come_from_the_definitions(void **state)
{
	(void)state;
	reads(FORMAT_JSON, "/0/1", "{'e':[{'n':'17','ov':'FFFF:FFFF'}]}",
	    (struct node){ AT(0, 1, 17), LNK(65535, 65535) });
	reads(FORMAT_JSON, "/6/0", "{'e':[{'n':'0','v':3}]}", (struct node){ AT(6, 0, 0), FLT(3) });
	reads(FORMAT_JSON, "/77/0", "{'e':[{'n':'1','sv':'AQID'}]}",
	    (struct node){ AT(77, 0, 1), STR("AQID") });	/* as written: nobody defined it */
	reads(FORMAT_JSON, "/77/0", "{'e':[{'n':'1','v':1e20}]}",
	    (struct node){ AT(77, 0, 1), FLT(1e20) });
	reads(FORMAT_SENML_JSON, "/77/0", "[{'n':'/77/0/1','vd':'AQID'}]",
	    (struct node){ AT(77, 0, 1), OPQ("\1\2\3") });
	refuses(FORMAT_JSON, "/1/0", "{'e':[{'n':'0','sv':'101'}]}");
	refuses(FORMAT_JSON, "/1/0", "{'e':[{'n':'0','bv':true}]}");
}

static void
what_json_cannot_say_is_unsupported(void **state)
{
	static const struct node nodes[] = { { AT(1, 0, 24), EMPTY }, { AT(6, 0, 0), FLT((double)NAN) },
	    { AT(6, 0, 0), FLT(-(double)INFINITY) } };
	static const int all[] = { FORMAT_SENML_JSON, FORMAT_JSON };
	uint8_t buf[100];

	(void)state;
	for (size_t i = 0; i < COUNT(nodes); i++)
		for (size_t j = 0; j < COUNT(all); j++) {
			struct wr w = wr_over(buf, sizeof(buf));
			assert_int_equal(format_encode(all[j], &nodes[i].path, &nodes[i], 1, &w),
			    ERR_UNSUPPORTED);
			assert_int_equal(w.len, 0);
		}
}

/* "…" n times, as hex. */
static char *
repeated(const char *head, const char *text, size_t n)
{
	size_t len = strlen(head) + n * strlen(text);
	char *all = malloc(len + 1), *hex = malloc(2 * len + 1);

	assert_true(all != NULL && hex != NULL);
	strcpy(all, head);
	for (size_t i = 0; i < n; i++)
		memcpy(all + strlen(head) + i * strlen(text), text, strlen(text) + 1);
	text_hex(all, len, hex);
	free(all);
	return hex;
}

static void
trees_beyond_all_need_are_refused(void **state)
{
	static const struct { const char *head, *text; size_t n; } big[] = {
		{ "", "[", 9 }, { "", "[", 60000 }, { "", "{\"e\":", 10000 }, { "[{}", ",{}", 2100 },
		{ "[[]", ",[]", 20000 }, { "[\"\\\\\"", ",[]", 20000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(big); i++) {
		char *hex = repeated(big[i].head, big[i].text, big[i].n);
		fails(FORMAT_SENML_JSON, "/1/0", hex, ERR_TOOBIG);
		fails(FORMAT_JSON, "/1/0", hex, ERR_TOOBIG);
		free(hex);
	}
	reads(FORMAT_SENML_JSON, "/1/0/7", "[{'bn':'/1/0/7','vs':'[[[[[[[[[[{{{{{{{{{{\\\\'}]",
	    (struct node){ AT(1, 0, 7), STR("[[[[[[[[[[{{{{{{{{{{\\") });
}

static void
full_arena_fails_json(void **state)
{
	const char *text = "[{\"n\":\"/0/1/5\",\"vd\":\"AQIDBAUGBwgJCgsMDQ4PEA\"}]";
	struct path target = PATH_OI(0, 1);
	struct arena arena;
	struct nodes out = { .arena = &arena };

	(void)state;
	arena_init(&arena, 16, 40);
	assert_int_equal(format_decode(FORMAT_SENML_JSON, &target, defs, (const uint8_t *)text,
	    strlen(text), &out), ERR_NOMEM);
	arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_encode_in_senml_json),
		cmocka_unit_test(sets_decode_from_senml_json),
		cmocka_unit_test(sets_encode_in_json),
		cmocka_unit_test(sets_decode_from_json),
		cmocka_unit_test(old_json_is_never_written),
		cmocka_unit_test(names_of_senml_are_put_together),
		cmocka_unit_test(records_of_senml_have_one_value),
		cmocka_unit_test(members_of_senml_that_matter_are_understood),
		cmocka_unit_test(whole_numbers_stay_exact),
		cmocka_unit_test(numbers_are_written_without_loss),
		cmocka_unit_test(strings_are_escaped_no_more_than_needed),
		cmocka_unit_test(base64_of_both_alphabets_decodes),
		cmocka_unit_test(names_of_json_are_relative_to_the_base_or_the_request),
		cmocka_unit_test(types_of_json_come_from_the_definitions),
		cmocka_unit_test(what_json_cannot_say_is_unsupported),
		cmocka_unit_test(trees_beyond_all_need_are_refused),
		cmocka_unit_test(full_arena_fails_json),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
