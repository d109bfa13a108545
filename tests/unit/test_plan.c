#include "test_plan_rig.h"

/* --- order --- */

static void
one_account_is_deleted_written_finished(void **state)
{
	char hex[128];

	(void)state;
	config(ONE);
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	/* spec/bootstrap.md 4, data set A */
	const struct plan_step *st = step("write", PATH_OI(0, 1));
	text_hex(st->payload, st->payload_len, hex);
	assert_string_equal(hex, "c80016636f61703a2f2f3139322e302e322e31303a35363833c10100c10203c10a65");
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7");
}

static void
objects_come_in_the_order_of_the_rules(void **state)
{
	(void)state;
	config(OSCORE ",'access_control':[{'object_id':3,'object_instance_id':0,'acl':{'1':15},'owner':1}],"
	    "'write':[{'path':'/3/0/14','value':'+01:00'},{'path':'/5/0','value':{'1':'coap://f'}}]}");
	discovered("</>;lwm2m=1.1,</0/0>,</1>,</3/0>,</5/0>,</21>;ver=2.0");
	assert_string_equal(build(), BOTH "delete /2; delete /21; write /21/0 tlv; write /0/1 tlv; "
	    "write /1/1 tlv; write /2/0 tlv; write /3/0/14 tlv; write /5/0 tlv; finish");
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 10 17");
}

static void
deletes_of_the_record_replace_the_default(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "],'delete':['/']}");
	assert_string_equal(build(), "delete /; write /0/1 tlv; write /1/1 tlv; finish");
}

static void
record_without_servers_deletes_nothing(void **state)
{
	(void)state;
	config("{'write':[{'path':'/3/0/14','value':'+01:00'}]}");
	assert_string_equal(build(), "write /3/0/14 tlv; finish");
}

static void
bootstrap_account_is_never_deleted_by_name(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "],'delete':['/0/1','/0/2','/1']}");
	discovered("</0/0>;ssid=1,</0/1>,</0/2>;ssid=2");
	assert_string_equal(build(), "delete /0/2; delete /1; write /0/2 tlv; write /1/2 tlv; finish");
	assert_true(told("/0/1"));
}

/* --- instances --- */

static void
accounts_keep_off_the_bootstrap_account(void **state)
{
	static const struct { const char *answer, *plan; } cases[] = {
		{ "</0/0>", "write /0/1 tlv; write /0/2 tlv; write /1/1 tlv; write /1/2 tlv; finish" },
		{ "</0/1>", "write /0/0 tlv; write /0/2 tlv; write /1/0 tlv; write /1/2 tlv; finish" },
		{ "</0/10>", "write /0/0 tlv; write /0/1 tlv; write /1/0 tlv; write /1/1 tlv; finish" },
		{ "</0/0>;ssid=0,</0/1>;ssid=5",
		  "write /0/1 tlv; write /0/2 tlv; write /1/1 tlv; write /1/2 tlv; finish" },
	};

	(void)state;
	config("{'servers':[" NOSEC(101) "," NOSEC(102) "]}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		discovered(cases[i].answer);
		assert_string_equal(build() + strlen(BOTH), cases[i].plan);
		assert_int_equal(w.plan->nwarnings, 0);
	}
}

static void
device_that_cannot_tell_is_taken_to_have_it_at_zero(void **state)
{
	(void)state;
	config(ONE);
	w.dev.discover_failed = true;
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_int_equal(w.plan->nwarnings, 1);
	assert_true(told("could not answer Discover"));

	discovered("");
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_true(told("empty"));

	discovered("</0/0");
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_int_equal(w.plan->nwarnings, 1);

	discovered("</0/1>;ssid=7,</1/1>;ssid=7");	/* sound, but no bootstrap account */
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_int_equal(w.plan->nwarnings, 0);
}

static void
instance_of_the_record_is_honoured(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "," NOSEC_AT(102, 1) "]}");
	assert_string_equal(build(),
	    BOTH "write /0/2 tlv; write /0/1 tlv; write /1/2 tlv; write /1/1 tlv; finish");
}

static void
instance_of_the_record_on_the_bootstrap_account_is_an_error(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC_AT(102, 1) "]}");
	discovered("</0/1>");
	assert_string_equal(build(), "bootstrap-account");
	assert_int_equal(w.err, ERR_INVALID);
	assert_non_null(strstr(w.why.text, "/0/1"));
}

static void
written_path_on_the_bootstrap_account_is_an_error(void **state)
{
	(void)state;
	config("{'write':[{'path':'/0/1/0','value':'coap://h:1'}]}");
	discovered("</0/1>");
	assert_string_equal(build(), "bootstrap-account");
}

static void
what_stays_on_the_device_is_not_written_over(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "],'delete':[]}");
	discovered("</0/0>,</0/1>;ssid=5,</0/2>;ssid=6,</1/1>;ssid=5,</1/3>;ssid=6");
	assert_string_equal(build(), "write /0/4 tlv; write /1/4 tlv; finish");
	discovered("</0/0>,</0/1>;ssid=5,</0/2>;ssid=101,</1/1>;ssid=5,</1/3>;ssid=101");
	assert_string_equal(build(), "write /0/2 tlv; write /1/3 tlv; finish");	/* its own, again */
}

static void
oscore_keeps_off_instances_that_nobody_may_touch(void **state)
{
	(void)state;
	config(OSCORE "}");
	discovered("</>;lwm2m=1.1,</0/0>,</21/0>,</21/1>;ssid=7");
	assert_string_equal(build(),
	    BOTH "delete /21; write /21/1 tlv; write /0/1 tlv; write /1/1 tlv; finish");
}

static void
no_free_instance_is_an_error(void **state)
{
	static char answer[16384];
	size_t len = 0;

	(void)state;
	config("{'servers':[" NOSEC(101) "],'delete':[]}");
	for (int i = 0; i < 256; i++)
		len += (size_t)snprintf(answer + len, sizeof(answer) - len, "</0/%d>;ssid=%d,", i, i + 1000);
	snprintf(answer + len, sizeof(answer) - len, "</0/256>");
	discovered(answer);
	assert_string_equal(build(), "no-instance");
}

/* --- the bootstrap account itself --- */

#define BS "'bootstrap_server':{'uri':'coaps://bs.example.com:5684','mode':'psk','identity':{'text':'i'}," \
	"'secret_key':{'hex':'00112233445566778899aabbccddeeff'},'account_timeout':0}"

static void
bootstrap_account_is_rewritten_where_it_is(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "]," BS "}");
	discovered("</0/1>");
	assert_string_equal(build(), BOTH "write /0/0 tlv; write /0/1 tlv; write /1/0 tlv; finish");
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 3 5 12");

	w.dev.discovery = NULL;
	w.dev.discover_failed = true;
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /0/0 tlv; write /1/1 tlv; finish");
}

static void
bootstrap_account_and_another_never_share_an_instance(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC_AT(102, 0) "]," BS "}");
	w.dev.discover_failed = true;
	assert_string_equal(build(), "bootstrap-account");
}

static void
bootstrap_account_in_doubt_is_not_rewritten(void **state)
{
	(void)state;
	config("{" BS "}");
	discovered("</0/1>,</0/2>");
	assert_string_equal(build(), "ambiguous");
}

/* --- formats --- */

static void
format_is_chosen_in_order(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "],'format':'senml-cbor'}");
	(void)build();
	assert_int_equal(w.plan->format, FORMAT_SENML_CBOR);	/* the record's */
	w.dev.pct = FORMAT_TLV;
	(void)build();
	assert_int_equal(w.plan->format, FORMAT_TLV);		/* pct before it */
	w.res.format = w.dev.format = FORMAT_SENML_CBOR;
	(void)build();
	assert_int_equal(w.plan->format, FORMAT_SENML_CBOR);	/* what was learnt before that */
	assert_int_equal(w.plan->formats[0], FORMAT_SENML_CBOR);
	assert_int_equal(w.plan->formats[1], FORMAT_TLV);
}

static void
format_nobody_writes_is_not_chosen(void **state)
{
	(void)state;
	config(ONE);
	w.dev.pct = FORMAT_JSON;
	(void)build();
	assert_int_equal(w.plan->format, FORMAT_TLV);
}

static void
tlv_is_the_last_resort_of_those_who_ask_for_cbor(void **state)
{
	(void)state;
	config(ONE);
	w.dev.pct = FORMAT_SENML_CBOR;
	assert_string_equal(build(), BOTH "write /0/1 senml-cbor; write /1/1 senml-cbor; finish");
	assert_int_equal(w.plan->formats[w.plan->nformats - 1], FORMAT_TLV);
	assert_int_equal(w.plan->nformats_any, w.plan->nformats);
}

static void
silent_device_gets_json_only_when_it_speaks_of_formats(void **state)
{
	(void)state;
	config(ONE);
	(void)build();
	size_t safe = w.plan->nformats_any;
	for (size_t i = 0; i < safe; i++)
		assert_int_not_equal(w.plan->formats[i], FORMAT_SENML_JSON);
	discovered("</>;lwm2m=1.1,</0/0>");
	(void)build();
	assert_int_equal(w.plan->nformats_any, w.plan->nformats);
}

static void
forced_format_keeps_list_and_steps(void **state)
{
	char before[sizeof(w.text)];
	int formats[6];

	(void)state;
	config("{'servers':[" NOSEC(101) "],'format':'text','write':[{'path':'/3/0/14','value':'+01:00'}]}");
	w.res.format = w.dev.format = FORMAT_SENML_CBOR;
	snprintf(before, sizeof(before), "%s", build());
	assert_string_equal(before,
	    BOTH "write /0/1 senml-cbor; write /1/1 senml-cbor; write /3/0/14 text; finish");
	memcpy(formats, w.plan->formats, sizeof(formats));
	w.dev.format = FORMAT_TLV;
	w.dev.format_forced = true;
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; write /3/0/14 tlv; finish");
	assert_int_equal(w.plan->format, FORMAT_TLV);
	assert_memory_equal(w.plan->formats, formats, sizeof(formats));
}

/* --- versions, what is left out --- */

static void
resources_newer_than_the_device_are_left_out(void **state)
{
	(void)state;
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec','sni':'h'},"
	    "'server':{'lifetime':60,'bootstrap_on_registration_failure':false,'mute_send':true,"
	    "'default_notification_mode':1}}]}");
	discovered("lwm2m=\"1.0\",</0/0>");
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 10");
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7");
	assert_int_equal(w.plan->nwarnings, 2);
	assert_true(told("/1/1: left out, newer than version 1.0 of the object on the device: 16, 23, 26"));

	w.dev.pct = FORMAT_TLV;		/* so it is 1.1 at least, whatever Discover says */
	(void)build();
	assert_int_equal(w.plan->lwm2m, 0x0101);
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7 16 23");

	discovered("</>;lwm2m=1.1,</0/0>,</1>;ver=1.2");
	(void)build();
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7 16 23 26");
}

static void
unknown_version_leaves_nothing_out(void **state)
{
	(void)state;
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec'},"
	    "'server':{'mute_send':true,'default_notification_mode':1}}]}");
	w.dev.pct = FORMAT_SENML_CBOR;
	(void)build();
	assert_int_equal(w.plan->lwm2m, 0);
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7 23 26");
}

static void
empty_values_are_left_out(void **state)
{
	(void)state;
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec',"
	    "'sni':''}}]}");
	(void)build();
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 10");
}

static void
octets_of_oscore_are_a_string_before_version_two(void **state)
{
	(void)state;
	config(OSCORE "}");
	w.dev.pct = FORMAT_SENML_CBOR;
	discovered("</>;lwm2m=1.1,</0/0>,</21>");
	(void)build();
	const struct plan_step *st = step("write", PATH_OI(21, 0));
	assert_non_null(memmem(st->payload, st->payload_len, "\x03\x63" "abc", 5));	/* vs, text of 3 */
	discovered("</>;lwm2m=1.2,</0/0>,</21>");
	(void)build();
	st = step("write", PATH_OI(21, 0));
	assert_non_null(memmem(st->payload, st->payload_len, "\x08\x43" "abc", 5));	/* vd, octets */
}

static void
variables_become_values(void **state)
{
	struct variable v = { "region", "eu" };

	(void)state;
	w.res.variables = (struct variables){ &v, 1 };
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coaps://${region}.example.com:5684',"
	    "'mode':'psk','identity':{'text':'${endpoint}'},"
	    "'secret_key':{'hex':'00112233445566778899aabbccddeeff'}}}]}");
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	const struct plan_step *st = step("write", PATH_OI(0, 1));
	assert_non_null(memmem(st->payload, st->payload_len, "coaps://eu.example.com:5684", 27));
	assert_non_null(memmem(st->payload, st->payload_len, "\xc5\x03" "dev-1", 7));
	w.res.variables.n = 0;
	(void)build();
	assert_int_equal(w.err, ERR_INVALID);
	assert_non_null(strstr(w.why.text, "region"));
}

static void
value_to_be_made_needs_a_mint(void **state)
{
	(void)state;
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coaps://h:5684','mode':'psk',"
	    "'identity':{'text':'i'},'secret_key':{'random':16}}}]}");
	(void)build();
	assert_int_equal(w.err, ERR_UNSUPPORTED);
}

/* --- policies --- */

static void
refusals_follow_the_policy_of_the_record(void **state)
{
	(void)state;
	config(ONE);
	(void)build();
	assert_true(step("delete", PATH_O(0))->optional);
	assert_false(step("write", PATH_OI(0, 1))->optional);

	config("{'servers':[" NOSEC(101) "],'on_error':{'delete':'stop','write':'continue'}}");
	assert_string_equal(build(), BOTH "write /0/1 tlv; delete /0/1 if-refused; write /1/1 tlv; finish");
	assert_false(step("delete", PATH_O(0))->optional);
	assert_true(step("write", PATH_OI(1, 1))->optional);
	assert_true(step("delete", PATH_OI(0, 1))->optional);
	assert_int_equal(step("write", PATH_OI(0, 1))->account, step("write", PATH_OI(1, 1))->account);
}

static void
verify_reads_back_what_may_be_read(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(101) "],'verify':true,'access_control':[{'object_id':3,"
	    "'object_instance_id':0,'acl':{'101':15},'owner':101}],"
	    "'write':[{'path':'/3/0/14','value':'x'}]}");
	w.dev.pct = FORMAT_SENML_CBOR;
	assert_string_equal(build(), BOTH "delete /2; write /0/1 senml-cbor; write /1/1 senml-cbor; "
	    "write /2/0 senml-cbor; write /3/0/14 senml-cbor; read /1/1; read /2/0; finish");
	const struct plan_step *st = step("read", PATH_OI(1, 1));
	assert_int_equal(st->accept, FORMAT_SENML_CBOR);
	assert_true(st->optional && st->must_match);
	assert_ptr_equal(st->payload, step("write", PATH_OI(1, 1))->payload);

	discovered("lwm2m=1.0,</0/0>");
	w.dev.pct = -1;
	assert_null(strstr(build(), "read"));
	assert_true(told("LwM2M 1.0 has no Bootstrap-Read"));
}

static void
discover_is_wanted_when_something_is_to_be_chosen(void **state)
{
	static const struct { const char *cfg; bool wanted; uint8_t depth; } cases[] = {
		{ ONE, true, 1 },
		{ "{'servers':[" NOSEC_AT(1, 1) "]}", false, 1 },
		{ "{'servers':[" NOSEC_AT(1, 1) "],'discover':'always'}", true, 1 },
		{ "{'servers':[" NOSEC(1) "],'discover':'never'}", false, 1 },
		{ "{'write':[{'path':'/3/0/14','value':'x'}]}", false, 1 },
		{ "{" BS "}", true, 1 },
		{ "{'servers':[" NOSEC(1) "],'delete':[]}", true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config(cases[i].cfg);
		assert_int_equal(plan_wants_discovery(&w.res), cases[i].wanted);
		assert_int_equal(plan_discovery_path(&w.res).depth, cases[i].depth);
	}
}

static void
same_input_gives_the_same_plan(void **state)
{
	char first[sizeof(w.text)];

	(void)state;
	config("{'servers':[" NOSEC(101) "," NOSEC(102) "],'verify':true}");
	discovered("</>;lwm2m=1.1,</0/1>,</0/0>;ssid=9");
	snprintf(first, sizeof(first), "%s", build());
	struct plan *one = w.plan;
	assert_string_equal(build(), first);
	for (size_t i = 0; i < one->nsteps; i++) {
		assert_int_equal(one->steps[i].payload_len, w.plan->steps[i].payload_len);
		if (one->steps[i].payload_len > 0)
			assert_memory_equal(one->steps[i].payload, w.plan->steps[i].payload,
			    one->steps[i].payload_len);
	}
}

static void
no_config_is_an_error(void **state)
{
	(void)state;
	assert_string_equal(build(), "no-config");
	assert_false(plan_wants_discovery(&w.res));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_account_is_deleted_written_finished),
		TEST(objects_come_in_the_order_of_the_rules),
		TEST(deletes_of_the_record_replace_the_default),
		TEST(record_without_servers_deletes_nothing),
		TEST(bootstrap_account_is_never_deleted_by_name),
		TEST(accounts_keep_off_the_bootstrap_account),
		TEST(device_that_cannot_tell_is_taken_to_have_it_at_zero),
		TEST(instance_of_the_record_is_honoured),
		TEST(instance_of_the_record_on_the_bootstrap_account_is_an_error),
		TEST(written_path_on_the_bootstrap_account_is_an_error),
		TEST(what_stays_on_the_device_is_not_written_over),
		TEST(oscore_keeps_off_instances_that_nobody_may_touch),
		TEST(no_free_instance_is_an_error),
		TEST(bootstrap_account_is_rewritten_where_it_is),
		TEST(bootstrap_account_and_another_never_share_an_instance),
		TEST(bootstrap_account_in_doubt_is_not_rewritten),
		TEST(format_is_chosen_in_order),
		TEST(format_nobody_writes_is_not_chosen),
		TEST(tlv_is_the_last_resort_of_those_who_ask_for_cbor),
		TEST(silent_device_gets_json_only_when_it_speaks_of_formats),
		TEST(forced_format_keeps_list_and_steps),
		TEST(resources_newer_than_the_device_are_left_out),
		TEST(unknown_version_leaves_nothing_out),
		TEST(empty_values_are_left_out),
		TEST(octets_of_oscore_are_a_string_before_version_two),
		TEST(variables_become_values),
		TEST(value_to_be_made_needs_a_mint),
		TEST(refusals_follow_the_policy_of_the_record),
		TEST(verify_reads_back_what_may_be_read),
		TEST(discover_is_wanted_when_something_is_to_be_chosen),
		TEST(same_input_gives_the_same_plan),
		TEST(no_config_is_an_error),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
