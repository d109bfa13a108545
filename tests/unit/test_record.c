#include "test_records.h"

#include "base/text.h"
#include "store/record.h"
#include "test_keys.h"

struct seen {
	struct arena		 arena;
	json_t			*doc;
	struct endpoint_record	 endpoint;
	struct profile_record	 profile;
	struct problem		 why;
};

static enum err
read_endpoint(struct seen *s, const char *text)
{
	*s = (struct seen){ .doc = js(text) };
	arena_init(&s->arena, 1024, 0);
	return record_endpoint(s->doc, &s->arena, &s->endpoint, &s->why);
}

static enum err
read_profile(struct seen *s, const char *text)
{
	*s = (struct seen){ .doc = js(text) };
	arena_init(&s->arena, 1024, 0);
	return record_profile(s->doc, the_objects(), &s->arena, &s->profile, &s->why);
}

static void
done(struct seen *s)
{
	json_decref(s->doc);
	arena_fini(&s->arena);
}

static void
endpoint_of_the_contract_is_read(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_endpoint(&s, "{'endpoint':'urn:imei:350000000000017','profile':'eu-meters',"
	    "'enabled':true,'auth':{'psk':{'identity':'dev-17','key':{'hex':'000102'}}},"
	    "'variables':{'region':'eu'},'config':{}}"), ERR_OK);
	assert_string_equal(s.endpoint.endpoint, "urn:imei:350000000000017");
	assert_string_equal(s.endpoint.profile, "eu-meters");
	assert_true(s.endpoint.enabled);
	assert_int_equal(s.endpoint.auth->kind, AUTH_PSK);
	assert_string_equal(s.endpoint.auth->psk_identity, "dev-17");
	assert_int_equal(s.endpoint.auth->psk_key_len, 3);
	assert_memory_equal(s.endpoint.auth->psk_key, "\x00\x01\x02", 3);
	assert_int_equal(s.endpoint.variables.n, 1);
	assert_string_equal(s.endpoint.variables.v[0].value, "eu");
	assert_non_null(s.endpoint.config);
	done(&s);
}

static void
endpoint_name_is_all_that_a_record_needs(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_endpoint(&s, "{'endpoint':'d\\u00e9v \\t\\uD83D\\uDE00'}"), ERR_OK);
	assert_string_equal(s.endpoint.endpoint, "d\xc3\xa9v \t\xf0\x9f\x98\x80");
	assert_true(s.endpoint.enabled);
	assert_null(s.endpoint.profile);
	assert_null(s.endpoint.auth);
	assert_null(s.endpoint.config);
	assert_int_equal(s.endpoint.variables.n, 0);
	done(&s);
}

static void
endpoint_names_have_1_to_252_octets(void **state)
{
	char text[400], name[300];
	struct seen s;

	(void)state;
	memset(name, 'x', sizeof(name));
	for (int len = 0; len <= 253; len += len == 0 ? 252 : 1) {
		snprintf(text, sizeof(text), "{'endpoint':'%.*s'}", len, name);
		assert_int_equal(read_endpoint(&s, text), len == 252 ? ERR_OK : ERR_INVALID);
		assert_string_equal(s.why.where, len == 252 ? "" : "/endpoint");
		done(&s);
	}
}

static void
name_with_a_nul_is_refused(void **state)
{
	static const char text[] = "{\"endpoint\":\"a\\u0000b\"}";
	struct seen s = { .doc = json_loads(text, JSON_ALLOW_NUL, NULL) };

	(void)state;
	assert_non_null(s.doc);
	arena_init(&s.arena, 1024, 0);
	assert_int_equal(record_endpoint(s.doc, &s.arena, &s.endpoint, &s.why), ERR_INVALID);
	assert_string_equal(s.why.where, "/endpoint");
	done(&s);
}

static void
wrong_endpoint_records_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *record, *where, *reason;
	} cases[] = {
		{ "[]", "", "type" },
		{ "{}", "/endpoint", "missing" },
		{ "{'endpoint':7}", "/endpoint", "type" },
		{ "{'endpoint':'d','profil':'x'}", "/profil", "unknown-key" },
		{ "{'endpoint':'d','profile':''}", "/profile", "range" },
		{ "{'endpoint':'d','profile':'a\\nb'}", "/profile", "invalid" },
		{ "{'endpoint':'d','enabled':1}", "/enabled", "type" },
		{ "{'endpoint':'d','config':[]}", "/config", "type" },
		{ "{'endpoint':'d','variables':[]}", "/variables", "type" },
		{ "{'endpoint':'d','variables':{'a':1}}", "/variables/a", "type" },
		{ "{'endpoint':'d','variables':{'a b':'1'}}", "/variables/a b", "invalid" },
		{ "{'endpoint':'d','variables':{'endpoint':'1'}}", "/variables/endpoint", "invalid" },
		{ "{'endpoint':'d','auth':{}}", "/auth", "invalid" },
		{ "{'endpoint':'d','auth':{'none':true,'certificate':{}}}", "/auth", "invalid" },
		{ "{'endpoint':'d','auth':{'pks':{}}}", "/auth/pks", "unknown-key" },
		{ "{'endpoint':'d','auth':{'none':false}}", "/auth/none", "invalid" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'i'}}}", "/auth/psk/key", "missing" },
		{ "{'endpoint':'d','auth':{'psk':{'key':{'hex':'00'}}}}", "/auth/psk/identity",
		    "missing" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':{'text':'i'},'key':{'hex':'00'}}}}",
		    "/auth/psk/identity", "type" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'','key':{'hex':'00'}}}}",
		    "/auth/psk/identity", "range" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'hex':''}}}}", "/auth/psk/key",
		    "range" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'random':16}}}}",
		    "/auth/psk/key", "unsupported" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'text':'${k}'}}}}",
		    "/auth/psk/key", "invalid" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'${i}','key':{'hex':'00'}}}}",
		    "/auth/psk/identity", "unknown-variable" },
		{ "{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'redacted':16}}}}",
		    "/auth/psk/key", "redacted" },
		{ "{'endpoint':'d','auth':{'certificate':{'sha256':'00'}}}", "/auth/certificate/sha256",
		    "invalid" },
		{ "{'endpoint':'d','auth':{'certificate':{'sha1':'00'}}}", "/auth/certificate/sha1",
		    "unknown-key" },
		{ "{'endpoint':'d','auth':{'public_key':{}}}", "/auth/public_key/spki", "missing" },
		{ "{'endpoint':'d','auth':{'public_key':{'spki':{'hex':'3000'}}}}",
		    "/auth/public_key/spki", "invalid" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s;
		assert_int_equal(read_endpoint(&s, cases[i].record), ERR_INVALID);
		if (strcmp(s.why.where, cases[i].where) != 0 || strcmp(s.why.reason, cases[i].reason) != 0)
			fail_msg("%s: %s at %s (%s)", cases[i].record, s.why.reason, s.why.where, s.why.text);
		done(&s);
	}
}

static void
every_kind_of_auth_is_read(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_endpoint(&s, "{'endpoint':'d','auth':{'none':true}}"), ERR_OK);
	assert_int_equal(s.endpoint.auth->kind, AUTH_NONE);
	assert_string_equal(auth_kind_name(s.endpoint.auth->kind), "none");
	done(&s);
	assert_int_equal(read_endpoint(&s, "{'endpoint':'d','auth':{'certificate':{}}}"), ERR_OK);
	assert_int_equal(s.endpoint.auth->kind, AUTH_CERTIFICATE);
	assert_false(s.endpoint.auth->pinned);
	done(&s);
	assert_int_equal(read_endpoint(&s, "{'endpoint':'d','auth':{'certificate':{'sha256':"
	    "'000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f'}}}"), ERR_OK);
	assert_true(s.endpoint.auth->pinned);
	assert_int_equal(s.endpoint.auth->sha256[31], 0x1f);
	done(&s);
	assert_int_equal(
	    read_endpoint(&s, "{'endpoint':'d','auth':{'public_key':{'spki':{'hex':'" KEY_SPKI "'}}}}"),
	    ERR_OK);
	assert_int_equal(s.endpoint.auth->kind, AUTH_PUBLIC_KEY);
	assert_int_equal(s.endpoint.auth->spki_len, 91);
	done(&s);
	assert_int_equal(read_endpoint(&s, "{'endpoint':'d','variables':{'n':'17'},"
	    "'auth':{'psk':{'identity':'${endpoint}-${n}','key':{'derive':'fleet'}}}}"), ERR_OK);
	assert_string_equal(s.endpoint.auth->psk_identity, "d-17");
	assert_string_equal(s.endpoint.auth->psk_derive, "fleet");
	assert_null(s.endpoint.auth->psk_key);
	done(&s);
}

static void
profile_keeps_its_patterns(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(read_profile(&s, "{'profile':'eu-meters','match':['urn:imei:3500*','x-*'],"
					  "'auth':{'psk':{'identity':'${endpoint}','key':{'derive':'m'}"
					  "}},'variables':{'host':'h'},"
					  "'config':{'servers':[{'short_server_id':1,'security':{'uri':"
					  "'coap://${host}:1','mode':'nosec'}}]}}"),
	    ERR_OK);
	assert_string_equal(s.profile.profile, "eu-meters");
	assert_int_equal(s.profile.nmatch, 2);
	assert_string_equal(s.profile.match[1], "x-*");
	assert_string_equal(s.profile.auth->psk_identity, "${endpoint}");
	assert_non_null(s.profile.config);
	done(&s);
}

static void
profile_without_match_may_leave_variables_to_its_devices(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(
	    read_profile(&s,
		"{'profile':'p','auth':{'psk':{'identity':'${serial}','key':{'derive':'m'}}},"
		"'config':{'write':[{'path':'/3/0/15','value':'${zone}'}]}}"),
	    ERR_OK);
	done(&s);
	assert_int_equal(read_profile(&s, "{'profile':'p','match':['*'],"
	    "'config':{'write':[{'path':'/3/0/15','value':'${zone}'}]}}"), ERR_INVALID);
	assert_string_equal(s.why.where, "/config/write/0/value");
	assert_string_equal(s.why.reason, "unknown-variable");
	done(&s);
	assert_int_equal(read_profile(&s, "{'profile':'p','match':['*'],"
	    "'auth':{'psk':{'identity':'${serial}','key':{'derive':'m'}}}}"), ERR_INVALID);
	assert_string_equal(s.why.where, "/auth/psk/identity");
	done(&s);
}

static void
wrong_profiles_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *record, *where;
	} cases[] = {
		{ "{}", "/profile" },
		{ "{'profile':'p','endpoint':'d'}", "/endpoint" },
		{ "{'profile':'p','match':'x'}", "/match" },
		{ "{'profile':'p','match':['x','']}", "/match/1" },
		{ "{'profile':'p','config':{'servers':[{}]}}", "/config/servers/0/short_server_id" },
		{ "{'profile':'p','config':{'verify':null}}", "/config/verify" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s;
		assert_int_equal(read_profile(&s, cases[i].record), ERR_INVALID);
		assert_string_equal(s.why.where, cases[i].where);
		done(&s);
	}
}

static void
binary_value_is_decoded_at_its_pointer(void **state)
{
	const uint8_t *p = NULL;
	struct problem why;
	struct arena a;
	json_t *v;
	size_t n;

	(void)state;
	arena_init(&a, 512, 0);
	v = js("{'base64':'_-8'}");
	assert_int_equal(record_binary(v, "/x", &a, &p, &n, &why), ERR_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(p, "\xff\xef", 2);
	json_decref(v);
	v = js("{'random':16}");
	assert_int_equal(record_binary(v, "/x", &a, &p, &n, &why), ERR_UNSUPPORTED);
	json_decref(v);
	v = js("{'hex':'zz'}");
	assert_int_equal(record_binary(v, "/x/0", &a, &p, &n, &why), ERR_INVALID);
	assert_string_equal(why.where, "/x/0/hex");
	json_decref(v);
	v = js("{'pem':'" KEY_CERT_PEM "'}");
	assert_int_equal(record_binary(v, "/x", &a, &p, &n, &why), ERR_OK);
	assert_int_equal(n, sizeof(KEY_CERT) / 2);
	json_decref(v);
	arena_fini(&a);
}

static void
refusals_are_utf8_whatever_is_quoted(void **state)
{
	char text[600], name[401];

	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		struct seen s;
		memset(name, 'x', lead);
		for (size_t i = lead; i + 2 < sizeof(name); i += 2)
			memcpy(name + i, "\xc3\xa9", 3);
		snprintf(text, sizeof(text), "{'endpoint':'d','%s':1}", name);
		assert_int_equal(read_endpoint(&s, text), ERR_INVALID);
		assert_true(text_is_utf8(s.why.text, strlen(s.why.text)));
		assert_true(text_is_utf8(s.why.where, strlen(s.why.where)));
		assert_true(strlen(s.why.where) > 180);
		done(&s);
	}
}

static void
exhausted_arena_is_no_crash(void **state)
{
	json_t *doc = js("{'profile':'p','match':['a','b'],'variables':{'v':'1'},'config':{'servers':["
			 "{'short_server_id':1,'security':{'uri':'coap://"
			 "${v}:1','mode':'nosec','ciphersuites':[1,2,3,4,5,6,7,8,9]}}],"
			 "'write':[{'path':'/3/0','value':{'14':'x','15':'${v}'}}]}}");
	enum err e = ERR_NOMEM;

	(void)state;
	for (size_t limit = 32; e != ERR_OK; limit += 16) {
		struct profile_record rec;
		struct problem why;
		struct arena a;
		arena_init(&a, 16, limit);
		e = record_profile(doc, the_objects(), &a, &rec, &why);
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		arena_fini(&a);
	}
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_of_the_contract_is_read),
		cmocka_unit_test(endpoint_name_is_all_that_a_record_needs),
		cmocka_unit_test(endpoint_names_have_1_to_252_octets),
		cmocka_unit_test(name_with_a_nul_is_refused),
		cmocka_unit_test(wrong_endpoint_records_are_refused_with_their_place),
		cmocka_unit_test(every_kind_of_auth_is_read),
		cmocka_unit_test(profile_keeps_its_patterns),
		cmocka_unit_test(profile_without_match_may_leave_variables_to_its_devices),
		cmocka_unit_test(wrong_profiles_are_refused_with_their_place),
		cmocka_unit_test(binary_value_is_decoded_at_its_pointer),
		cmocka_unit_test(refusals_are_utf8_whatever_is_quoted),
		cmocka_unit_test(exhausted_arena_is_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
