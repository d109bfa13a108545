#include "test_records.h"

#include "store/match.h"
#include "store/merge.h"
#include "store/reader.h"
#include "store/record.h"
#include "store/resolve.h"
#include "store/store.h"

/* --- RFC 7396, appendix A, all of it --- */

static void
merge_patch_gives_the_results_of_rfc_7396(void **state)
{
	static const struct {
		const char *target, *patch, *result;
	} cases[] = {
		{ "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
		{ "{'a':'b'}", "{'a':null}", "{}" },
		{ "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}" },
		{ "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':'c'}", "{'a':['b']}", "{'a':['b']}" },
		{ "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
		{ "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}" },
		{ "['a','b']", "['c','d']", "['c','d']" },
		{ "{'a':'b'}", "['c']", "['c']" },
		{ "{'a':'foo'}", "null", "null" },
		{ "{'a':'foo'}", "'bar'", "'bar'" },
		{ "{'e':null}", "{'a':1}", "{'e':null,'a':1}" },
		{ "[1,2]", "{'a':'b','c':null}", "{'a':'b'}" },
		{ "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *target = js(cases[i].target), *patch = js(cases[i].patch),
		       *result = js(cases[i].result);
		json_t *before = json_deep_copy(target), *got = merge_patch(target, patch);
		assert_non_null(got);
		if (!json_equal(got, result))
			fail_msg("%s with %s", cases[i].target, cases[i].patch);
		assert_true(json_equal(target, before));
		json_decref(got);
		json_decref(before);
		json_decref(target);
		json_decref(patch);
		json_decref(result);
	}
}

static void
patch_of_nothing_loses_its_nulls(void **state)
{
	json_t *patch = js("{'a':null,'b':{'c':null,'d':1}}"), *expected = js("{'b':{'d':1}}");
	json_t *got = merge_patch(NULL, patch);

	(void)state;
	assert_true(json_equal(got, expected));
	json_decref(got);
	json_decref(patch);
	json_decref(expected);
}

/* --- match --- */

static const char *
best(const char *const *globs, size_t n, const char *endpoint)
{
	struct match m[8];
	const struct match *found;

	for (size_t i = 0; i < n; i++)
		m[i] = match_of(globs[i], i % 2 == 0 ? "even" : "odd", NULL);
	match_sort(m, n);
	found = match_find(m, n, endpoint);
	return found != NULL ? found->glob : "";
}

static void
most_literal_characters_win(void **state)
{
	static const char *const globs[] = { "*", "urn:*", "urn:imei:35*", "*-17", "urn:imei:35??", "a\\*b" };

	(void)state;
	assert_string_equal(best(globs, 6, "x"), "*");
	assert_string_equal(best(globs, 6, "urn:x"), "urn:*");
	assert_string_equal(best(globs, 6, "urn:imei:351"), "urn:imei:35*");
	assert_string_equal(best(globs, 6, "urn:imei:3512"), "urn:imei:35??");	/* as many, but longer */
	assert_string_equal(best(globs, 6, "dev-17"), "*-17");
	assert_string_equal(best(globs, 6, "a*b"), "a\\*b");
	assert_string_equal(best(globs, 6, "axb"), "*");
	assert_string_equal(best(globs + 1, 5, "x"), "");
	assert_string_equal(best((const char *const[]){ "a?????", "ab*" }, 2, "abcdef"), "ab*");
}

static void
equal_patterns_go_by_the_name_of_their_profile(void **state)
{
	struct match m[3] = { match_of("a*", "z", NULL), match_of("a*", "b", NULL),
		match_of("a*", "y", NULL) };

	(void)state;
	match_sort(m, 3);
	assert_string_equal(match_find(m, 3, "abc")->profile, "b");
	assert_int_equal(m[0].literal, 1);
	assert_int_equal(match_of("a\\*b?c*", "p", NULL).literal, 4);
}

/* --- resolver over a store in memory --- */

struct house {
	struct store	*store;
	struct reader	*reader;
	struct resolver	*resolver;
	struct arena	 arena;
	struct problem	 why;
};

static int
set_up(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	const struct store_opts opts = { .url = "sqlite::memory:" };

	assert_non_null(h);
	arena_init(&h->arena, 8192, 0);
	if (store_open(&opts, &h->store, &h->why) != ERR_OK)
		fail_msg("%s", h->why.text);
	assert_int_equal(reader_new(h->store, &h->reader), ERR_OK);
	assert_int_equal(resolver_new(h->reader, the_objects(), &h->resolver), ERR_OK);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	struct house *h = *state;

	resolver_free(h->resolver);
	reader_free(h->reader);
	store_close(h->store);
	arena_fini(&h->arena);
	free(h);
	return 0;
}

static void
put_profile(struct house *h, const char *name, const char *text)
{
	json_t *doc = js(text);

	assert_int_equal(store_profile_put(h->store, name, doc), ERR_OK);
	assert_int_equal(store_commit(h->store), ERR_OK);
	json_decref(doc);
}

static void
put_endpoint(struct house *h, const char *text)
{
	json_t *doc = js(text);
	struct endpoint_record rec;
	struct endpoint_keys keys;

	if (record_endpoint(doc, &h->arena, &rec, &h->why) != ERR_OK)
		fail_msg("%s: %s", h->why.where, h->why.text);
	keys = (struct endpoint_keys){
		.endpoint = rec.endpoint, .profile = rec.profile, .enabled = rec.enabled
	};
	if (rec.auth != NULL && rec.auth->kind == AUTH_PSK) {
		keys.psk_identity = (const uint8_t *)rec.auth->psk_identity;
		keys.psk_identity_len = strlen(rec.auth->psk_identity);
		keys.psk_key = rec.auth->psk_key;
		keys.psk_key_len = rec.auth->psk_key_len;
	}
	assert_int_equal(store_endpoint_put(h->store, &keys, doc, NULL), ERR_OK);
	assert_int_equal(store_commit(h->store), ERR_OK);
	json_decref(doc);
}

static struct resolved
resolve(struct house *h, const char *endpoint)
{
	struct resolved r;

	if (resolve_endpoint(h->resolver, endpoint, &h->arena, &r, &h->why) != ERR_OK)
		fail_msg("%s: %s", h->why.where, h->why.text);
	assert_string_equal(r.endpoint, endpoint);
	return r;
}

static enum err
try_record(struct house *h, const char *text)
{
	json_t *doc = js(text);
	struct endpoint_record rec;
	struct resolved r;
	enum err e = record_endpoint(doc, &h->arena, &rec, &h->why);

	if (e == ERR_OK)
		e = resolve_record(h->resolver, &rec, &h->arena, &r, &h->why);
	if (e == ERR_OK)
		resolved_release(&r);
	json_decref(doc);
	return e;
}

#define SERVER(uri)	"{'short_server_id':101,'security':{'uri':'" uri "','mode':'nosec'}}"
#define METERS									\
	"{'profile':'meters','match':['urn:*'],'auth':{'none':true},'variables':{'region':'eu'},"	\
	"'config':{'verify':true,'servers':[" SERVER("coap://${region}.example.com:5683") "]}}"

static void
unknown_endpoint_is_not_found(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "meters", METERS);
	assert_int_equal(resolve_endpoint(h->resolver, "dev", &h->arena, &r, &h->why), ERR_NOTFOUND);
	assert_string_equal(h->why.reason, "unknown-endpoint");
}

static void
device_without_record_gets_the_profile_that_matches(void **state)
{
	struct house *h = *state;
	struct resolved a, b;

	put_profile(h, "meters", METERS);
	a = resolve(h, "urn:1");
	b = resolve(h, "urn:2");
	assert_string_equal(a.profile, "meters");
	assert_false(a.own_record);
	assert_true(a.enabled);
	assert_string_equal(a.matched, "profile \"meters\", by its match \"urn:*\"");
	assert_int_equal(a.auth->kind, AUTH_NONE);
	assert_int_equal(a.variables.n, 1);
	assert_int_equal(a.format, -1);
	assert_int_equal(a.lwm2m, 0);
	assert_true(a.config->verify);
	assert_ptr_equal(a.config, b.config);		/* parsed once */
	resolved_release(&a);
	resolved_release(&b);
}

static void
own_record_wins_over_every_match(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'urn:1','enabled':false}");
	r = resolve(h, "urn:1");
	assert_true(r.own_record);
	assert_false(r.enabled);
	assert_null(r.profile);
	assert_null(r.config);
	assert_null(r.auth);
	assert_string_equal(r.matched, "its own record");
	resolved_release(&r);
}

static void
record_with_a_key_only_shares_the_parsed_profile(void **state)
{
	struct house *h = *state;
	struct resolved a, b;

	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'dev-1','profile':'meters',"
	    "'auth':{'psk':{'identity':'id-1','key':{'hex':'000102'}}}}");
	put_endpoint(h, "{'endpoint':'dev-2','profile':'meters','variables':{'region':'us'}}");
	a = resolve(h, "dev-1");
	b = resolve(h, "dev-2");
	assert_ptr_equal(a.config, b.config);
	assert_int_equal(a.auth->kind, AUTH_PSK);
	assert_string_equal(a.psk_identity, "id-1");
	assert_int_equal(a.auth->psk_key_len, 3);
	assert_int_equal(b.auth->kind, AUTH_NONE);
	assert_int_equal(b.variables.n, 2);
	assert_string_equal(b.variables.v[1].value, "us");	/* later wins */
	assert_string_equal(a.matched, "its own record, over profile \"meters\"");
	resolved_release(&a);
	resolved_release(&b);
}

static void
other_kinds_of_auth_come_from_the_document(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'dev','profile':'meters','auth':{'certificate':{}}}");
	put_endpoint(h,
	    "{'endpoint':'derived','auth':{'psk':{'identity':'x-${endpoint}','key':{'derive':'m'}}}}");
	r = resolve(h, "dev");
	assert_int_equal(r.auth->kind, AUTH_CERTIFICATE);
	assert_null(r.psk_identity);
	resolved_release(&r);
	r = resolve(h, "derived");
	assert_string_equal(r.psk_identity, "x-derived");
	assert_string_equal(r.auth->psk_derive, "m");
	resolved_release(&r);
}

static void
own_config_is_merged_over_the_profiles(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'dev','profile':'meters','config':{'verify':null,'discover':'always',"
	    "'servers':[" SERVER("coap://own:1") "," "{'short_server_id':102,'security':{'uri':'coap://b:1',"
	    "'mode':'nosec'}}]}}");
	r = resolve(h, "dev");
	assert_false(r.config->verify);
	assert_int_equal(r.config->discover, CONFIG_ALWAYS);
	assert_int_equal(r.config->nservers, 2);
	resolved_release(&r);
	r = resolve(h, "urn:1");
	assert_true(r.config->verify);		/* the profile is as it was */
	assert_int_equal(r.config->nservers, 1);
	resolved_release(&r);
}

static void
changed_profile_is_seen_and_the_old_one_lives_as_long_as_it_is_held(void **state)
{
	struct house *h = *state;
	struct resolved old, new;

	put_profile(h, "meters", METERS);
	old = resolve(h, "urn:1");
	put_profile(h, "meters", "{'profile':'meters','match':['urn:*'],'config':{'discover':'never'}}");
	new = resolve(h, "urn:1");
	assert_ptr_not_equal(old.config, new.config);
	assert_int_equal(old.config->nservers, 1);
	assert_int_equal(old.config->servers[0].short_server_id, 101);
	assert_int_equal(new.config->discover, CONFIG_NEVER);
	assert_null(new.auth);
	resolved_release(&old);
	resolved_release(&new);
	assert_int_equal(store_profile_remove(h->store, "meters"), ERR_OK);
	assert_int_equal(store_commit(h->store), ERR_OK);
	assert_int_equal(resolve_endpoint(h->resolver, "urn:1", &h->arena, &new, &h->why), ERR_NOTFOUND);
}

static void
identity_pattern_of_a_profile_is_filled_in(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "p", "{'profile':'p','match':['d*'],'variables':{'site':'x'},"
	    "'auth':{'psk':{'identity':'${site}/${endpoint}','key':{'derive':'m'}}},'config':{}}");
	r = resolve(h, "d1");
	assert_string_equal(r.psk_identity, "x/d1");
	assert_string_equal(r.auth->psk_identity, "${site}/${endpoint}");
	resolved_release(&r);
}

static void
record_whose_profile_is_gone_says_so(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'dev','profile':'meters'}");
	assert_int_equal(store_profile_remove(h->store, "meters"), ERR_OK);
	assert_int_equal(store_commit(h->store), ERR_OK);
	assert_int_equal(resolve_endpoint(h->resolver, "dev", &h->arena, &r, &h->why), ERR_INVALID);
	assert_string_equal(h->why.reason, "unknown-profile");
	assert_string_equal(h->why.text, "there is no profile \"meters\"");
}

static void
profile_that_became_invalid_is_refused_to_its_devices_only(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "bad", "{'profile':'bad','config':{'servers':7}}");
	put_profile(h, "meters", METERS);
	put_endpoint(h, "{'endpoint':'dev','profile':'bad'}");
	assert_int_equal(resolve_endpoint(h->resolver, "dev", &h->arena, &r, &h->why), ERR_INVALID);
	assert_non_null(strstr(h->why.text, "expected an array"));
	r = resolve(h, "urn:1");
	resolved_release(&r);
}

static void
record_is_validated_together_with_its_profile(void **state)
{
	struct house *h = *state;

	put_profile(h, "meters", METERS);
	put_profile(h, "open",
	    "{'profile':'open','auth':{'psk':{'identity':'${serial}','key':{'derive':'m'}}},"
	    "'config':{'servers':[" SERVER("coap://${host}:1") "]}}");
	assert_int_equal(try_record(h, "{'endpoint':'d'}"), ERR_OK);
	assert_int_equal(try_record(h, "{'endpoint':'d','profile':'meters'}"), ERR_OK);
	assert_int_equal(try_record(h, "{'endpoint':'d','profile':'nope'}"), ERR_INVALID);
	assert_string_equal(h->why.where, "/profile");
	assert_int_equal(
	    try_record(h, "{'endpoint':'d','profile':'open','auth':{'none':true}}"), ERR_INVALID);
	assert_string_equal(h->why.where, "/config/servers/0/security/uri");
	assert_string_equal(h->why.reason, "unknown-variable");
	assert_non_null(strstr(h->why.text, "(with profile \"open\")"));
	assert_int_equal(
	    try_record(h, "{'endpoint':'d','profile':'open','variables':{'host':'h'}}"), ERR_INVALID);
	assert_string_equal(h->why.where, "/auth/psk/identity");
	assert_int_equal(
	    try_record(h, "{'endpoint':'d','profile':'open','variables':{'host':'h','serial':'7'}}"),
	    ERR_OK);
	assert_int_equal(
	    try_record(h, "{'endpoint':'d','profile':'open','variables':{'host':'h h','serial':'7'}}"),
	    ERR_INVALID);
	assert_int_equal(
	    try_record(h, "{'endpoint':'d','config':{'servers':[" SERVER("coap://${endpoint}:1") "]}}"),
	    ERR_OK);
	assert_int_equal(try_record(h, "{'endpoint':'d @','config':{'servers':[" SERVER(
					   "coap://${endpoint}:1") "]}}"),
	    ERR_INVALID);
	assert_int_equal(try_record(h, "{'endpoint':'d','config':{'servers':null,'verify':1}}"), ERR_INVALID);
	assert_string_equal(h->why.where, "/config/verify");
}

static void
resolved_record_that_is_not_stored_has_its_warnings(void **state)
{
	struct house *h = *state;
	json_t *doc = js("{'endpoint':'d','config':{'servers':[" SERVER("coap://h") "]}}");
	struct endpoint_record rec;
	struct resolved r;

	assert_int_equal(record_endpoint(doc, &h->arena, &rec, &h->why), ERR_OK);
	assert_int_equal(resolve_record(h->resolver, &rec, &h->arena, &r, &h->why), ERR_OK);
	assert_int_equal(r.config->nwarnings, 1);
	assert_true(r.own_record);
	assert_int_equal(r.variables.n, 0);	/* ${endpoint} is not among them */
	resolved_release(&r);
	json_decref(doc);
}

static void
quirks_are_the_records_else_the_profiles(void **state)
{
	struct house *h = *state;
	struct resolved r;

	put_profile(h, "odd", "{'profile':'odd','match':['odd-*'],'auth':{'none':true},"
	    "'quirks':['no-pack','single-server','no-pack']}");
	put_endpoint(h, "{'endpoint':'same','profile':'odd'}");
	put_endpoint(h, "{'endpoint':'own','profile':'odd','quirks':['uri-with-port']}");
	put_endpoint(h, "{'endpoint':'none','profile':'odd','quirks':[]}");
	r = resolve(h, "odd-1");
	assert_int_equal(r.quirks, QUIRK_BIT(QUIRK_NO_PACK) | QUIRK_BIT(QUIRK_SINGLE_SERVER));
	resolved_release(&r);
	r = resolve(h, "same");
	assert_int_equal(r.quirks, QUIRK_BIT(QUIRK_NO_PACK) | QUIRK_BIT(QUIRK_SINGLE_SERVER));
	resolved_release(&r);
	r = resolve(h, "own");
	assert_int_equal(r.quirks, QUIRK_BIT(QUIRK_URI_WITH_PORT));
	resolved_release(&r);
	r = resolve(h, "none");
	assert_int_equal(r.quirks, 0);
	resolved_release(&r);
	assert_string_equal(quirk_name(QUIRK_WRITE_INSTANCES), "write-instances");
}

#define WITH_STORE(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merge_patch_gives_the_results_of_rfc_7396),
		cmocka_unit_test(patch_of_nothing_loses_its_nulls),
		cmocka_unit_test(most_literal_characters_win),
		cmocka_unit_test(equal_patterns_go_by_the_name_of_their_profile),
		WITH_STORE(unknown_endpoint_is_not_found),
		WITH_STORE(device_without_record_gets_the_profile_that_matches),
		WITH_STORE(own_record_wins_over_every_match),
		WITH_STORE(record_with_a_key_only_shares_the_parsed_profile),
		WITH_STORE(other_kinds_of_auth_come_from_the_document),
		WITH_STORE(own_config_is_merged_over_the_profiles),
		WITH_STORE(changed_profile_is_seen_and_the_old_one_lives_as_long_as_it_is_held),
		WITH_STORE(identity_pattern_of_a_profile_is_filled_in),
		WITH_STORE(record_whose_profile_is_gone_says_so),
		WITH_STORE(profile_that_became_invalid_is_refused_to_its_devices_only),
		WITH_STORE(record_is_validated_together_with_its_profile),
		WITH_STORE(resolved_record_that_is_not_stored_has_its_warnings),
		WITH_STORE(quirks_are_the_records_else_the_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
