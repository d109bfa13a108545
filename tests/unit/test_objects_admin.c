/* object.*: what is imported counts at once, stays, and goes only when nothing needs it. */
#include "test_admin_client.h"

#include "base/text.h"

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

#define DEFINITION(id, type) FORCED(id, type, "false")
#define FORCED(id, type, force)                                                                    \
	"{'force':" force ",'definition':{'object':" id                                            \
	",'name':'N','multiple':true,'mandatory':false,"                                           \
	"'versions':['1.0'],'resources':[{'id':3,'name':'V','type':'" type "','multiple':false,"   \
	"'mandatory':false}]}}"
#define RECORD(name, value)                                                                        \
	"{'endpoint':'" name "','auth':{'none':true},'config':{'servers':[],"                      \
	"'write':[{'path':'/26241/0','value':{'3':" value "}}]}}"
#define XML                                                                                        \
	"<LWM2M><Object><Name>X</Name><ObjectID>26241</ObjectID><MultipleInstances>Single"         \
	"</MultipleInstances><Mandatory>Optional</Mandatory><Resources><Item "                     \
	"ID=\\\"3\\\"><Name>K</Name>"                                                              \
	"<Operations>W</Operations><MultipleInstances>Single</"                                    \
	"MultipleInstances><Mandatory>Optional</Mandatory>"                                        \
	"<Type>Opaque</Type><RangeEnumeration>4..8 "                                               \
	"bytes</RangeEnumeration></Item></Resources></Object></LWM2M>"

/* The definition that holds for an object; owned by the answer in *v. */
static json_t *
definition(json_t **v, const char *params)
{
	*v = client_result(&c, "object.get", params);
	return json_object_get(*v, "definition");
}

static void
imported_object_can_be_written_at_once(void **state)
{
	json_t *v;

	(void)state;
	client_refused(&c, "endpoint.set", RECORD("a", "7"), RPC_INVALID_PARAMS, "unknown-object",
	    "/config/write/0/path");
	v = client_result(&c, "object.set", DEFINITION("26241", "integer"));
	assert_int_equal(int_of(json_array_get(json_object_get(v, "objects"), 0), "object"), 26241);
	assert_true(json_is_null(
	    json_object_get(json_array_get(json_object_get(v, "objects"), 0), "replaces")));
	json_decref(v);
	client_does(&c, "endpoint.set", RECORD("a", "7"));
	client_refused(&c, "endpoint.set", RECORD("b", "'x'"), RPC_INVALID_PARAMS, "type",
	    "/config/write/0/value/3");
	v = client_result(&c, "plan", "{'endpoint':'a'}");
	assert_int_equal(json_array_size(json_object_get(v, "steps")), 2);
	json_decref(v);
}

static void
profiles_are_read_anew_with_new_definitions(void **state)
{
	json_t *v;

	(void)state;
	client_does(&c, "object.set", DEFINITION("26241", "integer"));
	client_does(&c, "profile.set",
	    "{'profile':'p','match':['dev-*'],'auth':{'none':true},'config':{"
	    "'write':[{'path':'/26241/0/3','value':7}]}}");
	client_does(&c, "plan", "{'endpoint':'dev-1'}");
	client_refused(&c, "object.set", DEFINITION("26241", "string"), RPC_CONFLICT, "in-use", "");
	client_does(&c, "plan", "{'endpoint':'dev-1'}");
	v = client_result(&c, "object.set", FORCED("26241", "string", "true"));
	assert_non_null(strstr(json_string_value(json_array_get(json_object_get(v, "warnings"), 0)),
	    "The profile \"p\" does not fit"));
	assert_string_equal(
	    text_of(json_array_get(json_object_get(v, "objects"), 0), "replaces"), "imported");
	json_decref(v);
	client_refused(
	    &c, "plan", "{'endpoint':'dev-1'}", RPC_NOT_FOUND, "unknown-endpoint", "/endpoint");
	client_does(&c, "object.set", DEFINITION("26241", "integer"));
	client_does(&c, "plan", "{'endpoint':'dev-1'}");
}

static void
xml_is_read_by_the_daemon(void **state)
{
	char *base64 = malloc(TEXT_BASE64_MAX(sizeof(XML))), *params, *plain = strdup(XML);
	json_t *v, *xml, *r;

	(void)state;
	for (char *from = plain, *to = plain;; from++) {
		if (*from == '\\')
			continue;
		*to++ = *from;
		if (*from == '\0')
			break;
	}
	text_base64(plain, strlen(plain), base64);
	assert_true(asprintf(&params, "{'xml_base64':'%s','secret':[3]}", base64) > 0);
	client_does(&c, "object.set", params);
	r = json_array_get(json_object_get(definition(&v, "{'object':26241}"), "resources"), 0);
	assert_string_equal(text_of(r, "type"), "opaque");
	assert_true(json_is_true(json_object_get(r, "secret")));
	json_decref(v);

	xml = json_pack("{s:s}", "xml", plain);
	free(params);
	params = json_dumps(xml, 0);
	client_does(&c, "object.remove", "{'object':26241}");
	client_does(&c, "object.set", params);
	r = json_array_get(json_object_get(definition(&v, "{'object':26241}"), "resources"), 0);
	assert_null(json_object_get(r, "secret"));
	assert_string_equal(text_of(v, "source"), "import");
	json_decref(v);
	json_decref(xml);
	free(params);
	free(plain);
	free(base64);
}

static void
what_is_secret_by_definition_is_hidden_everywhere(void **state)
{
	json_t *v;
	char *text;

	(void)state;
	client_does(&c, "object.set", "{'definition':{'object':26241,'name':'N','multiple':false,"
	    "'mandatory':false,'versions':['1.0'],'resources':[{'id':3,'name':'K','type':'string',"
	    "'multiple':true,'mandatory':false,'secret':true}]}}");
	client_does(&c, "endpoint.set", "{'endpoint':'a','auth':{'none':true},'config':{'servers':[],"
	    "'write':[{'path':'/26241/0','value':{'3':['hush-hush']}}]}}");
	for (size_t i = 0; i < 2; i++) {
		v = client_result(&c, i == 0 ? "endpoint.get" : "plan", "{'endpoint':'a'}");
		text = json_dumps(v, 0);
		assert_null(strstr(text, "hush"));
		assert_null(strstr(text, "68757368"));
		free(text);
		json_decref(v);
		v = client_result(
		    &c, i == 0 ? "endpoint.get" : "plan", "{'endpoint':'a','reveal':true}");
		text = json_dumps(v, 0);
		assert_non_null(strstr(text, "hush-hush"));
		free(text);
		json_decref(v);
	}
	/* also when nobody knows any more what it was */
	client_does(&c, "object.remove", "{'object':26241,'force':true}");
	v = client_result(&c, "endpoint.get", "{'endpoint':'a'}");
	text = json_dumps(v, 0);
	assert_null(strstr(text, "hush"));
	free(text);
	json_decref(v);
}

static void
slips_are_refused_and_change_nothing(void **state)
{
	(void)state;
	client_refused(&c, "object.set", "{}", RPC_INVALID_PARAMS, "missing", "");
	client_refused(&c, "object.set", "{'xml':'<LWM2M/>','xml_base64':''}", RPC_INVALID_PARAMS,
	    "missing", "");
	client_refused(&c, "object.set", "{'xml':'<LWM2M>'}", RPC_INVALID_PARAMS, "syntax", "/xml");
	client_refused(
	    &c, "object.set", "{'xml_base64':'*'}", RPC_INVALID_PARAMS, "invalid", "/xml_base64");
	client_refused(
	    &c, "object.set", "{'definition':{'object':5}}", RPC_INVALID_PARAMS, "missing", "");
	client_refused(
	    &c, "object.set", DEFINITION("26241", "double"), RPC_INVALID_PARAMS, "invalid", "");
	client_refused(&c, "object.set", "{'xml':'" XML "','secret':[4]}", RPC_INVALID_PARAMS,
	    "unknown-resource", "/secret");
	client_refused(&c, "object.set", "{'xml':'" XML "','secret':['3']}", RPC_INVALID_PARAMS,
	    "unknown-resource", "/secret");
	client_refused(&c, "object.get", "{'object':26241}", RPC_NOT_FOUND, "not-found", "/object");
	client_refused(
	    &c, "object.get", "{'object':65535}", RPC_INVALID_PARAMS, "out-of-range", "/object");
	client_refused(&c, "object.remove", "{'object':26241}", RPC_NOT_FOUND, "not-found", "/object");
}

static void
objects_that_records_have_names_for_stay_ours(void **state)
{
	static const char *const ids[] = { "0", "1", "2", "21" };
	char params[512];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(params, sizeof(params), DEFINITION("%s", "integer"), ids[i]);
		client_refused(&c, "object.set", params, RPC_CONFLICT, "reserved", "");
	}
	client_refused(&c, "object.remove", "{'object':3}", RPC_CONFLICT, "from-file", "/object");
}

/* The one that was there before it comes back. */
static void
import_stands_over_a_file_until_it_is_removed(void **state)
{
	json_t *v;

	(void)state;
	client_does(&c, "object.set", DEFINITION("24", "integer"));
	assert_int_equal(
	    json_array_size(json_object_get(definition(&v, "{'object':24}"), "resources")), 1);
	json_decref(v);
	client_does(&c, "object.remove", "{'object':24}");
	assert_int_equal(
	    json_array_size(json_object_get(definition(&v, "{'object':24}"), "resources")), 9);
	assert_string_equal(text_of(v, "source"), "file");
	json_decref(v);
}

static void
object_that_a_record_needs_stays(void **state)
{
	(void)state;
	client_does(&c, "object.set", DEFINITION("26241", "integer"));
	client_does(&c, "endpoint.set", RECORD("a", "7"));
	client_refused(&c, "object.remove", "{'object':26241}", RPC_CONFLICT, "in-use", "/object");
	client_does(&c, "object.get", "{'object':26241}");
	client_does(&c, "endpoint.remove", "{'endpoint':'a'}");
	client_does(&c, "profile.set",
	    "{'profile':'p','config':{'write':[{'path':'/26241/0/3','value':7}]}}");
	client_refused(&c, "object.remove", "{'object':26241}", RPC_CONFLICT, "in-use", "/object");
	client_does(&c, "object.remove", "{'object':26241,'force':true}");
	client_refused(&c, "object.get", "{'object':26241}", RPC_NOT_FOUND, "not-found", "/object");
}

static void
lists_come_in_pages(void **state)
{
	size_t n = 0;
	json_t *v, *next = NULL;
	char params[64];

	(void)state;
	client_does(&c, "object.set", DEFINITION("26241", "integer"));
	do {
		if (next == NULL)
			snprintf(params, sizeof(params), "{'limit':7}");
		else
			snprintf(params, sizeof(params), "{'limit':7,'after':%d}",
			    (int)json_integer_value(next));
		v = client_result(&c, "object.list", params);
		n += json_array_size(json_object_get(v, "objects"));
		json_decref(next);
		next = json_incref(json_object_get(v, "next"));
		json_decref(v);
	} while (json_is_integer(next));
	assert_int_equal(n, objdefs_count(rig_defs()) + 1);
}

/* Answered means on disk: nothing waits for a commit any more. */
static void
import_is_durable_and_told(void **state)
{
	struct rig *r = *state;
	json_t *v;

	client_does(&c, "event.subscribe", "{'from':0}");
	v = client_call(&c, "object.set", DEFINITION("26241", "integer"));
	assert_false(store_dirty(r->store));
	if (json_object_get(v, "method") == NULL) {	/* either may come first */
		json_decref(v);
		v = client_next(&c);
	}
	assert_string_equal(text_of(json_object_get(v, "params"), "type"), "object.set");
	assert_int_equal(int_of(json_object_get(v, "params"), "object"), 26241);
	json_decref(v);
}

static void
those_who_may_only_read_change_nothing(void **state)
{
	struct rig *r = *state;
	struct client reader;

	r->admin->rules.read = 600;
	client_open_as(r, &reader, 12345, 600);
	client_refused(&reader, "object.set", DEFINITION("26241", "integer"), RPC_DENIED,
	    "not-authorised", "");
	client_refused(&reader, "object.remove", "{'object':24}", RPC_DENIED, "not-authorised", "");
	client_does(&reader, "object.get", "{'object':24}");
	client_close(&reader);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(imported_object_can_be_written_at_once),
		T(profiles_are_read_anew_with_new_definitions),
		T(xml_is_read_by_the_daemon),
		T(what_is_secret_by_definition_is_hidden_everywhere),
		T(slips_are_refused_and_change_nothing),
		T(objects_that_records_have_names_for_stay_ours),
		T(import_stands_over_a_file_until_it_is_removed),
		T(object_that_a_record_needs_stays),
		T(lists_come_in_pages),
		T(import_is_durable_and_told),
		T(those_who_may_only_read_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
