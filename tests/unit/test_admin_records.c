/* endpoint.*, profile.*, plan: what is taken, what is refused, when it is answered. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/resource.h>

#include "test_admin_client.h"

static struct client c;

static int
setup(void **state)
{
	rig_setup(state);
	client_open(*state, &c);
	return 0;
}

static int
teardown(void **state)
{
	client_close(&c);
	return rig_teardown(state);
}

static void
endpoint_is_stored_shown_and_removed(void **state)
{
	json_t *v;

	(void)state;
	v = client_result(&c, "endpoint.set", "{'endpoint':'dev-1','auth':" RIG_PSK ",'config':{'servers':["
	    RIG_PSK_SERVER "]}}");
	assert_true(json_is_true(json_object_get(v, "created")));
	assert_int_equal(json_array_size(json_object_get(v, "warnings")), 0);
	json_decref(v);

	v = client_result(&c, "endpoint.list", "{}");
	assert_int_equal(json_array_size(json_object_get(v, "endpoints")), 1);
	assert_string_equal(text_of(json_array_get(json_object_get(v, "endpoints"), 0), "state"), "new");
	assert_true(json_is_null(json_object_get(v, "next")));
	json_decref(v);

	client_does(&c, "endpoint.remove", "{'endpoint':'dev-1'}");
	client_refused(&c, "endpoint.get", "{'endpoint':'dev-1'}", RPC_NOT_FOUND, "not-found", "/endpoint");
	client_refused(&c, "endpoint.remove", "{'endpoint':'dev-1'}", RPC_NOT_FOUND, "not-found",
	    "/endpoint");
}

static void
secrets_are_hidden_unless_revealed(void **state)
{
	json_t *v;
	char *text;

	(void)state;
	client_does(&c, "endpoint.set", "{'endpoint':'dev-1','auth':" RIG_PSK ",'config':{'servers':["
	    RIG_PSK_SERVER "]}}");
	v = client_result(&c, "endpoint.get", "{'endpoint':'dev-1'}");
	text = json_dumps(v, 0);
	assert_null(strstr(text, "00112233"));
	assert_null(strstr(text, "00010203"));
	assert_non_null(strstr(text, "redacted"));
	free(text);
	json_decref(v);
	v = client_result(&c, "endpoint.get", "{'endpoint':'dev-1','reveal':true}");
	text = json_dumps(v, 0);
	assert_non_null(strstr(text, "00112233"));
	assert_non_null(strstr(text, "00010203"));
	free(text);
	json_decref(v);
}

static void
bad_records_are_refused_with_their_place(void **state)
{
	(void)state;
	client_refused(&c, "endpoint.set", "{'endpoint':'a','colour':1}", RPC_INVALID_PARAMS, "unknown-key",
	    "/colour");
	client_refused(&c, "endpoint.set", "{'endpoint':'a','profile':'nowhere'}", RPC_INVALID_PARAMS,
	    "unknown-profile", "/profile");
	client_refused(&c, "endpoint.set", "{'endpoint':'a','config':{'servers':[{'short_server_id':0,"
	    "'security':{'uri':'coap://h','mode':'nosec'}}]}}", RPC_INVALID_PARAMS, "range",
	    "/config/servers/0/short_server_id");
}

static void
record_that_asks_for_minting_is_refused(void **state)
{
	json_t *a, *error;

	(void)state;
	a = client_call(&c, "endpoint.set", "{'endpoint':'a','auth':{'none':true},'config':{'servers':[{"
	    "'short_server_id':5,'security':{'uri':'coaps://h','mode':'psk','identity':{'text':'x'},"
	    "'secret_key':{'random':16}}}]}}");
	error = json_object_get(a, "error");
	assert_string_equal(text_of(json_object_get(error, "data"), "reason"), "cannot-mint");
	assert_non_null(strstr(text_of(error, "message"), "this version does not make any yet"));
	json_decref(a);
	client_refused(&c, "profile.set", "{'profile':'p','auth':{'psk':{'identity':'${endpoint}',"
	    "'key':{'derive':'m'}}}}", RPC_INVALID_PARAMS, "cannot-mint", "/auth/psk/key");
}

static void
psk_identity_belongs_to_one_endpoint(void **state)
{
	(void)state;
	client_does(&c, "endpoint.set", "{'endpoint':'a','auth':" RIG_PSK "}");
	client_refused(&c, "endpoint.set", "{'endpoint':'b','auth':" RIG_PSK "}", RPC_CONFLICT, "exists",
	    "/auth/psk/identity");
	client_does(&c, "endpoint.set", "{'endpoint':'a','auth':" RIG_PSK ",'enabled':false}");
}

static void
odd_records_are_stored_with_warnings(void **state)
{
	json_t *v;

	(void)state;
	v = client_result(&c, "endpoint.set", "{'endpoint':'a'}");
	assert_int_equal(json_array_size(json_object_get(v, "warnings")), 2);	/* no config, no auth */
	json_decref(v);
}

/* Requests that follow one another at once see what those before them did. */
static void
pipelined_record_finds_the_profile_of_the_line_before(void **state)
{
	json_t *a;

	(void)state;
	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'profile.set','params':{'profile':'p','config':{"
	    "'servers':[" RIG_SERVER "]}}}\n"
	    "{'jsonrpc':'2.0','id':2,'method':'endpoint.set','params':{'endpoint':'a','profile':'p',"
	    "'auth':{'none':true}}}\n"
	    "{'jsonrpc':'2.0','id':3,'method':'profile.remove','params':{'profile':'p'}}\n"
	    "{'jsonrpc':'2.0','id':4,'method':'plan','params':{'endpoint':'a'}}");
	for (int i = 1; i <= 4; i++) {
		a = client_next(&c);
		if (int_of(a, "id") == 3)
			assert_string_equal(reason_of(a), "in-use");
		else
			assert_non_null(json_object_get(a, "result"));
		json_decref(a);
	}
}

static void
profiles_are_stored_listed_and_removed(void **state)
{
	json_t *v, *item;

	(void)state;
	client_does(&c, "profile.set", "{'profile':'b','match':['urn:*'],'auth':{'none':true},'config':{"
	    "'servers':[" RIG_SERVER "]}}");
	client_does(&c, "profile.set", "{'profile':'a'}");
	v = client_result(&c, "profile.list", "{'limit':1}");
	assert_string_equal(text_of(v, "next"), "a");
	json_decref(v);
	v = client_result(&c, "profile.list", "{'limit':1,'after':'a'}");
	assert_true(json_is_null(json_object_get(v, "next")));
	item = json_array_get(json_object_get(v, "profiles"), 0);
	assert_string_equal(text_of(item, "profile"), "b");
	assert_int_equal(int_of(item, "servers"), 1);
	json_decref(v);
	client_refused(&c, "profile.get", "{'profile':'z'}", RPC_NOT_FOUND, "not-found", "/profile");
	client_refused(&c, "profile.remove", "{'profile':'z'}", RPC_NOT_FOUND, "not-found", "/profile");
	client_does(&c, "endpoint.set", "{'endpoint':'x','profile':'a'}");
	client_refused(&c, "profile.remove", "{'profile':'a'}", RPC_CONFLICT, "in-use", "/profile");
	client_does(&c, "endpoint.remove", "{'endpoint':'x'}");
	client_does(&c, "profile.remove", "{'profile':'a'}");
	client_refused(&c, "profile.get", "{'profile':'a'}", RPC_NOT_FOUND, "not-found", "/profile");
}

static void
list_goes_page_by_page(void **state)
{
	char after[64] = "", params[160];
	int seen = 0;

	(void)state;
	for (int i = 0; i < 25; i++) {
		snprintf(params, sizeof(params), "{'endpoint':'dev-%02d','enabled':%s}", i,
		    i % 2 ? "true" : "false");
		client_does(&c, "endpoint.set", params);
	}
	client_does(&c, "endpoint.set", "{'endpoint':'other'}");
	for (bool more = true; more;) {
		if (after[0] == '\0')
			snprintf(params, sizeof(params), "{'prefix':'dev-','limit':10}");
		else
			snprintf(params, sizeof(params), "{'prefix':'dev-','limit':10,'after':'%s'}", after);
		json_t *v = client_result(&c, "endpoint.list", params);
		seen += (int)json_array_size(json_object_get(v, "endpoints"));
		more = json_is_string(json_object_get(v, "next"));
		snprintf(after, sizeof(after), "%s", text_of(v, "next"));
		json_decref(v);
	}
	assert_int_equal(seen, 25);
	client_refused(&c, "endpoint.list", "{'limit':1001}", RPC_INVALID_PARAMS, "out-of-range", "/limit");
}

/* --- import --- */

static void
import_stores_all_and_counts(void **state)
{
	json_t *v;

	(void)state;
	client_does(&c, "endpoint.set", "{'endpoint':'a'}");
	v = client_result(&c, "endpoint.import", "{'records':[{'endpoint':'a','auth':{'none':true}},"
	    "{'endpoint':'b'},{'endpoint':'c'}]}");
	assert_int_equal(int_of(v, "created"), 2);
	assert_int_equal(int_of(v, "replaced"), 1);
	assert_int_equal(json_array_size(json_object_get(v, "warnings")), 3);
	json_decref(v);
	v = client_result(&c, "endpoint.import", "{'records':[]}");
	assert_int_equal(int_of(v, "created"), 0);
	json_decref(v);
}

static void
import_with_one_bad_record_stores_nothing(void **state)
{
	json_t *a, *errors, *v;

	(void)state;
	client_does(&c, "endpoint.set", "{'endpoint':'old','auth':" RIG_PSK "}");
	a = client_call(&c, "endpoint.import", "{'records':[{'endpoint':'a'},{'endpoint':'b','colour':1},"
	    "{'endpoint':'c','auth':" RIG_PSK "},{'endpoint':'a'},7]}");
	errors = json_object_get(json_object_get(json_object_get(a, "error"), "data"), "errors");
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_INVALID_PARAMS);
	assert_int_equal(int_of(json_array_get(errors, 0), "index"), 1);
	assert_string_equal(text_of(json_array_get(errors, 0), "endpoint"), "b");
	assert_string_equal(text_of(json_array_get(errors, 0), "pointer"), "/colour");
	assert_string_equal(text_of(json_array_get(errors, 0), "reason"), "unknown-key");
	assert_int_equal(int_of(json_array_get(errors, json_array_size(errors) - 1), "index"), 4);
	json_decref(a);
	a = client_call(&c, "endpoint.import", "{'records':[{'endpoint':'a'},{'endpoint':'c','auth':"
	    RIG_PSK "}]}");
	errors = json_object_get(json_object_get(json_object_get(a, "error"), "data"), "errors");
	assert_int_equal(json_array_size(errors), 1);
	assert_string_equal(text_of(json_array_get(errors, 0), "pointer"), "/auth/psk/identity");
	json_decref(a);
	v = client_result(&c, "endpoint.list", "{}");
	assert_int_equal(json_array_size(json_object_get(v, "endpoints")), 1);
	json_decref(v);
}

static void
import_with_the_same_name_twice_is_refused(void **state)
{
	json_t *a, *errors;

	(void)state;
	a = client_call(&c, "endpoint.import", "{'records':[{'endpoint':'a'},{'endpoint':'a'}]}");
	errors = json_object_get(json_object_get(json_object_get(a, "error"), "data"), "errors");
	assert_string_equal(text_of(json_array_get(errors, 0), "reason"), "duplicate");
	json_decref(a);
	client_refused(&c, "endpoint.get", "{'endpoint':'a'}", RPC_NOT_FOUND, "not-found", "/endpoint");
}

static void
import_of_more_than_a_thousand_is_refused(void **state)
{
	char *params = malloc(5 * (RPC_IMPORT_MAX + 10));
	size_t n;

	(void)state;
	n = (size_t)sprintf(params, "{'records':[");
	for (int i = 0; i <= RPC_IMPORT_MAX; i++)
		n += (size_t)sprintf(params + n, "{},");
	sprintf(params + n - 1, "]}");
	client_refused(&c, "endpoint.import", params, RPC_LIMIT, "limit", "/records");
	free(params);
}

/* --- on disk before it is answered --- */

static void
answer_comes_after_the_commit(void **state)
{
	struct rig *r = *state;
	json_t *a;
	int64_t before;

	client_does(&c, "profile.set", "{'profile':'p'}");
	before = store_event_last(r->store);
	/* read and run by the loop, but nothing is committed within this call */
	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'endpoint.set','params':{'endpoint':'a'}}");
	while (r->admin->unsettled == 0)
		assert_true(event_base_loop(loop_base(r->loop), EVLOOP_ONCE) >= 0);
	assert_int_equal(c.len, 0);
	assert_int_equal(evbuffer_get_length(bufferevent_get_output(r->admin->conns->bev)), 0);
	assert_true(store_dirty(r->store));
	assert_int_equal(store_event_last(r->store), before);
	a = client_next(&c);
	assert_non_null(json_object_get(a, "result"));
	assert_int_equal(store_event_last(r->store), before + 1);
	assert_int_equal(r->admin->unsettled, 0);
	json_decref(a);
}

static void
answer_to_a_failed_commit_is_unavailable(void **state)
{
	struct rig *r = *state;
	struct rlimit was, none;
	json_t *a;

	client_line(&c, "{'jsonrpc':'2.0','id':6,'method':'endpoint.set','params':{'endpoint':'a'}}");
	while (r->admin->unsettled == 0)
		assert_true(event_base_loop(loop_base(r->loop), EVLOOP_ONCE) >= 0);
	/* no file may grow any more: the disk is full */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	a = client_next(&c);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(int_of(a, "id"), 6);
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_UNAVAILABLE);
	json_decref(a);
	client_refused(&c, "endpoint.get", "{'endpoint':'a'}", RPC_NOT_FOUND, "not-found", "/endpoint");
	client_does(&c, "endpoint.set", "{'endpoint':'a'}");
}

/* --- plan --- */

static const json_t *
step(const json_t *plan, const char *operation, const char *path)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(plan, "steps"), i, s)
		if (strcmp(text_of(s, "operation"), operation) == 0 && strcmp(text_of(s, "path"), path) == 0)
			return s;
	fail_msg("the plan has no %s %s", operation, path);
	return NULL;
}

static void
plan_shows_every_message_and_hides_secrets(void **state)
{
	json_t *v, *again;
	const json_t *s;
	char *text;

	(void)state;
	client_does(&c, "profile.set", "{'profile':'p','config':{'servers':[" RIG_PSK_SERVER "]}}");
	client_does(&c, "endpoint.set", "{'endpoint':'dev-1','profile':'p','auth':" RIG_PSK "}");
	v = client_result(&c, "plan", "{'endpoint':'dev-1'}");
	assert_string_equal(text_of(v, "endpoint"), "dev-1");
	assert_string_equal(text_of(v, "profile"), "p");
	assert_true(strlen(text_of(v, "matched")) > 5);
	s = step(v, "write", "/0/1");
	assert_string_equal(text_of(s, "method"), "PUT");
	assert_int_equal(int_of(s, "content_format"), 11542);
	assert_true(int_of(s, "bytes") > 40);
	assert_int_equal(int_of(json_object_get(s, "payload"), "redacted"), int_of(s, "bytes"));
	s = step(v, "write", "/1/1");
	assert_true(strlen(text_of(json_object_get(s, "payload"), "hex")) == 2 * (size_t)int_of(s, "bytes"));
	step(v, "delete", "/0");
	step(v, "finish", "/bs");
	text = json_dumps(v, 0);
	assert_null(strstr(text, "00112233"));
	assert_non_null(strstr(text, "(16 bytes, secret)"));
	assert_non_null(strstr(text, "coaps://lwm2m.example.com:5684"));
	free(text);

	again = client_result(&c, "plan", "{'endpoint':'dev-1','reveal':true}");
	s = step(again, "write", "/0/1");
	assert_non_null(strstr(text_of(json_object_get(s, "payload"), "hex"),
	    "00112233445566778899aabbccddeeff"));
	json_decref(again);
	json_decref(v);
}

static void
plan_takes_records_that_are_not_stored(void **state)
{
	json_t *v;

	(void)state;
	v = client_result(&c, "plan", RIG_NOSEC("x"));
	step(v, "write", "/0/1");
	json_decref(v);
	v = client_result(&c, "plan", "{'record':{'endpoint':'x','auth':{'none':true},'config':{'servers':["
	    RIG_SERVER "]}},'pct':112}");
	assert_int_equal(int_of(step(v, "write", "/0/1"), "content_format"), 112);
	json_decref(v);
	client_refused(&c, "endpoint.get", "{'endpoint':'x'}", RPC_NOT_FOUND, "not-found", "/endpoint");
}

static void
plan_heeds_what_the_device_would_answer(void **state)
{
	json_t *v;

	(void)state;
	client_does(&c, "endpoint.set", RIG_NOSEC("x"));
	v = client_result(&c, "plan", "{'endpoint':'x','discovery':'</>;lwm2m=1.1,</0/1>,</1>,</3/0>'}");
	step(v, "discover", "/0");
	/* the bootstrap account stands at /0/1 */
	step(v, "write", "/0/0");
	json_decref(v);
}

static void
plan_refuses_what_cannot_be_planned(void **state)
{
	(void)state;
	client_refused(&c, "plan", "{'endpoint':'nobody'}", RPC_NOT_FOUND, "unknown-endpoint", "/endpoint");
	client_refused(&c, "plan", "{}", RPC_INVALID_PARAMS, "missing", "/endpoint");
	client_refused(&c, "plan", "{'endpoint':'a','lwm2m':'3.0'}", RPC_NOT_FOUND, "unknown-endpoint",
	    "/endpoint");
	client_does(&c, "endpoint.set", RIG_NOSEC("a"));
	client_refused(&c, "plan", "{'endpoint':'a','lwm2m':'3.0'}", RPC_INVALID_PARAMS, "invalid", "/lwm2m");
	client_refused(&c, "plan", "{'endpoint':'a','pct':-1}", RPC_INVALID_PARAMS, "out-of-range", "/pct");
	client_does(&c, "endpoint.set", "{'endpoint':'b'}");
	client_refused(&c, "plan", "{'endpoint':'b'}", RPC_INVALID_PARAMS, "no-config", "/config");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(endpoint_is_stored_shown_and_removed),
		T(secrets_are_hidden_unless_revealed),
		T(bad_records_are_refused_with_their_place),
		T(record_that_asks_for_minting_is_refused),
		T(psk_identity_belongs_to_one_endpoint),
		T(odd_records_are_stored_with_warnings),
		T(pipelined_record_finds_the_profile_of_the_line_before),
		T(profiles_are_stored_listed_and_removed),
		T(list_goes_page_by_page),
		T(import_stores_all_and_counts),
		T(import_with_one_bad_record_stores_nothing),
		T(import_with_the_same_name_twice_is_refused),
		T(import_of_more_than_a_thousand_is_refused),
		T(answer_comes_after_the_commit),
		T(answer_to_a_failed_commit_is_unavailable),
		T(plan_shows_every_message_and_hides_secrets),
		T(plan_takes_records_that_are_not_stored),
		T(plan_heeds_what_the_device_would_answer),
		T(plan_refuses_what_cannot_be_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
