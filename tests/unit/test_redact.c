#include "test_records.h"

#include "store/record.h"

static void
check(const char *record, const char *shown)
{
	json_t *doc = js(record), *before = json_deep_copy(doc), *expected = js(shown);
	json_t *got = record_redact(doc, the_objects());

	assert_non_null(got);
	if (!json_equal(got, expected)) {
		char *text = json_dumps(got, 0);
		fail_msg("%s became %s", record, text);
		free(text);
	}
	assert_true(json_equal(doc, before));
	json_decref(got);
	json_decref(expected);
	json_decref(before);
	json_decref(doc);
}

static void
key_of_the_device_is_hidden_and_its_identity_is_not(void **state)
{
	(void)state;
	check("{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'hex':'0001020304'}}}}",
	    "{'endpoint':'d','auth':{'psk':{'identity':'i','key':{'redacted':5}}}}");
	check("{'profile':'d','auth':{'psk':{'identity':'i','key':{'derive':'m'}}}}",
	    "{'profile':'d','auth':{'psk':{'identity':'i','key':{'derive':'m'}}}}");
	check("{'endpoint':'d','auth':{'none':true}}", "{'endpoint':'d','auth':{'none':true}}");
}

static void
keys_of_accounts_are_hidden_and_certificates_are_not(void **state)
{
	(void)state;
	check("{'config':{'servers':[{'security':{'identity':{'text':'i'},'certificate':{'hex':'00'},"
	    "'secret_key':{'text':'abc'},'sms_binding_secret_key':{'base64':'AAEC'}}},"
	    "{'security':{'secret_key':{'random':16}}},{'security':{'secret_key':null}}],"
	    "'bootstrap_server':{'secret_key':{'hex':'zz'}},"
	    "'oscore':[{'master_secret':{'hex':'00'},'master_salt':{'hex':'11'}}]}}",
	    "{'config':{'servers':[{'security':{'identity':{'text':'i'},'certificate':{'hex':'00'},"
	    "'secret_key':{'redacted':3},'sms_binding_secret_key':{'redacted':3}}},"
	    "{'security':{'secret_key':{'random':16}}},{'security':{'secret_key':null}}],"
	    "'bootstrap_server':{'secret_key':{'redacted':0}},"
	    "'oscore':[{'master_secret':{'redacted':1},'master_salt':{'redacted':1}}]}}");
}

static void
private_resources_are_hidden_in_writes(void **state)
{
	(void)state;
	check(
	    "{'config':{'write':[{'path':'/0/9/5','value':{'hex':'0011'}},{'path':'/0/9/"
	    "3','value':{'hex':'0011'}},"
	    "{'path':'/0/8','value':{'0':'coap://h','5':{'hex':'00'},'8':{'hex':'00'}}},"
	    "{'path':'/21/0/0','value':{'text':'abc'}},{'path':'/24/"
	    "0','value':{'7':'user','8':{'text':'pw'}}},"
	    "{'path':'/23/0/2','value':'kkkk'},{'path':'/11','value':{'3':{'6':'pw','7':2}}},"
	    "{'path':'/11/0','value':{'6':'pw','7':2}},"
	    "{'path':'/9999/0/1','value':'x'},{'path':'/3/0/5','value':1},{'path':7,'value':1},{}]}}",
	    "{'config':{'write':[{'path':'/0/9/5','value':{'redacted':2}},{'path':'/0/9/"
	    "3','value':{'hex':'0011'}},"
	    "{'path':'/0/8','value':{'0':'coap://h','5':{'redacted':1},'8':{'redacted':1}}},"
	    "{'path':'/21/0/0','value':{'redacted':3}},{'path':'/24/"
	    "0','value':{'7':'user','8':{'redacted':2}}},"
	    "{'path':'/23/0/2','value':{'redacted':4}},"
	    "{'path':'/11','value':{'3':{'6':{'redacted':2},'7':2}}},"
	    "{'path':'/11/0','value':{'6':{'redacted':2},'7':2}},"
	    "{'path':'/9999/0/1','value':{'redacted':1}},{'path':'/3/0/"
	    "5','value':1},{'path':7,'value':1},{}]}}");
}

static void
anything_else_is_shown_as_it_is(void **state)
{
	(void)state;
	check("[]", "[]");
	check("{'config':7,'auth':[]}", "{'config':7,'auth':[]}");
	check("{'redacted':{'redacted':1},'auth':{'psk':{'key':{'redacted':9}}}}",
	    "{'redacted':{'redacted':1},'auth':{'psk':{'key':{'redacted':9}}}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_of_the_device_is_hidden_and_its_identity_is_not),
		cmocka_unit_test(keys_of_accounts_are_hidden_and_certificates_are_not),
		cmocka_unit_test(private_resources_are_hidden_in_writes),
		cmocka_unit_test(anything_else_is_shown_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
