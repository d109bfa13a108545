#include "test_plan_rig.h"

#include "store/record.h"

/* What plans do otherwise: for quirks, for repairs, and for writes of whole objects. */

static void
quirk(enum quirk q)
{
	w.res.quirks |= QUIRK_BIT(q);
}

static const char *
uri_of(struct path path)
{
	const struct plan_step *st = step("write", PATH_OI(path.id[0], path.id[1]));
	struct nodes nodes = { .arena = &w.arena };
	const struct node *n;

	assert_int_equal(format_decode(st->content_format, &st->path, defs, st->payload, st->payload_len,
	    &nodes), ERR_OK);
	n = nodes_find(&nodes, &path);
	assert_non_null(n);
	return arena_printf(&w.arena, "%.*s", (int)n->value.bytes.len, (const char *)n->value.bytes.p);
}

static void
instances_are_deleted_one_by_one_but_for_the_bootstrap_accounts(void **state)
{
	(void)state;
	config(ONE);
	discovered("</>;lwm2m=1.2,</0/0>,</0/1>;ssid=5,</1/1>;ssid=5,</3/0>,</21/0>,</21/1>;ssid=5,</5/0>");
	quirk(QUIRK_DELETE_INSTANCES);
	assert_string_equal(build(), "delete /0/1; delete /1/1; write /0/1 tlv; write /1/1 tlv; finish");
	config("{'servers':[" NOSEC(101) "],'delete':['/']}");
	assert_string_equal(build(),
	    "delete /0/1; delete /1/1; delete /21/1; delete /5/0; write /0/1 tlv; write /1/1 tlv; finish");
	assert_true(plan_wants_discovery(&w.res));
	assert_int_equal(plan_discovery_path(&w.res).depth, 0);
}

static void
nothing_is_deleted_one_by_one_of_what_is_not_known(void **state)
{
	(void)state;
	config(ONE);
	quirk(QUIRK_DELETE_INSTANCES);
	assert_string_equal(build(), "write /0/1 tlv; write /1/1 tlv; finish");
	assert_false(told("nothing is deleted"));	/* it is yet to be asked */
	assert_true(told("one by one"));
	w.dev.discover_failed = true;
	assert_string_equal(build(), "write /0/1 tlv; write /1/1 tlv; finish");
	assert_true(told("nothing is deleted"));
}

static void
repair_deletes_what_the_device_shows(void **state)
{
	(void)state;
	config(ONE);
	discovered("</>;lwm2m=1.2,</0/0>,</0/1>;ssid=101,</0/4>;ssid=101,</1/1>;ssid=101");
	w.dev.repair = 1;
	assert_string_equal(build(), "delete /0/1; delete /0/4; delete /1/1; write /0/1 tlv; write /1/1 tlv; "
	    "finish");
	w.dev.discovery = NULL;			/* it shows nothing: as before */
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
}

static void
keys_that_an_account_has_not_are_kept_empty(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(1) ",{'short_server_id':2,'security':{'uri':'coaps://h:5684',"
	    "'mode':'psk',"
	    "'identity':{'text':'i'},'secret_key':{'text':'0123456789abcdef'}}}]}");
	build();
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 10");
	assert_string_equal(resources(step("write", PATH_OI(0, 2))), "0 1 2 3 5 10");
	quirk(QUIRK_KEEP_EMPTY_RESOURCES);
	build();
	assert_string_equal(resources(step("write", PATH_OI(0, 1))), "0 1 2 3 4 5 10");
	assert_string_equal(resources(step("write", PATH_OI(0, 2))), "0 1 2 3 4 5 10");
	assert_string_equal(resources(step("write", PATH_OI(1, 1))), "0 1 6 7");
}

static void
only_the_first_server_is_written_where_there_is_room_for_one(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(7) "," NOSEC(8) "],'access_control':[{'object_id':3,"
	    "'object_instance_id':0,'acl':{'8':1}}]}");
	quirk(QUIRK_SINGLE_SERVER);
	assert_string_equal(build(), BOTH "write /0/1 tlv; write /1/1 tlv; finish");
	assert_true(told("only account 7 is written"));
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec'}},"
	    "{'short_server_id':2,'security':{'uri':'coap://h:5683','mode':'nosec','oscore':0}}],"
	    "'oscore':[{'master_secret':{'text':'abc'},'sender_id':{'text':'s'},"
	    "'recipient_id':{'text':'r'}}]}");
	assert_string_equal(build(), BOTH "delete /21; write /0/1 tlv; write /1/1 tlv; finish");
}

static void
port_is_put_into_addresses_without_one(void **state)
{
	static const struct {
		const char *uri, *expected;
	} cases[] = {
		{ "coap://h", "coap://h:5683" },
		{ "coap://h/", "coap://h:5683" },
		{ "coap://h/rd", "coap://h:5683/rd" },
		{ "coap://h:1", "coap://h:1" },
		{ "coap://[2001:db8::1]", "coap://[2001:db8::1]:5683" },
		{ "coap://[2001:db8::1]:9", "coap://[2001:db8::1]:9" },
		{ "coap+tcp://h", "coap+tcp://h:5683" },
	};
	char text[512];

	(void)state;
	quirk(QUIRK_URI_WITH_PORT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{'servers':[{'short_server_id':1,'security':{'uri':'%s',"
		    "'mode':'nosec'}}]}", cases[i].uri);
		config(text);
		build();
		assert_string_equal(uri_of(PATH_OIR(0, 1, 0)), cases[i].expected);
	}
	config("{'servers':[{'short_server_id':1,'security':{'uri':'coaps://h','mode':'psk','identity':"
	    "{'text':'i'},'secret_key':{'text':'0123456789abcdef'}}}]}");
	build();
	assert_string_equal(uri_of(PATH_OIR(0, 1, 0)), "coaps://h:5684");
}

#define APNS	"{'write':[{'path':'/11','value':{'2':{'0':'a'},'0':{'0':'b'}}}]}"

static void
whole_object_is_one_write_unless_the_device_cannot(void **state)
{
	(void)state;
	config(APNS);
	assert_string_equal(build(), "write /11 tlv; finish");
	/* two Object-Instance TLVs, ascending (spec/bootstrap.md 4.1, rule 3) */
	assert_int_equal(w.plan->steps[0].payload_len, 10);
	assert_memory_equal(w.plan->steps[0].payload, "\x03\x00\xc1\x00" "b", 5);
	quirk(QUIRK_WRITE_INSTANCES);
	assert_string_equal(build(), "write /11/0 tlv; write /11/2 tlv; finish");
}

static void
instances_of_a_whole_object_are_not_given_to_accounts(void **state)
{
	(void)state;
	config("{'servers':[" NOSEC(1) "],'write':[{'path':'/0','value':{'1':{'0':'coap://x:1','1':false,"
	    "'2':3,'10':9}}}]}");
	assert_string_equal(build(), BOTH "write /0/2 tlv; write /1/2 tlv; write /0 tlv; finish");
	discovered("</0/1>");
	assert_string_equal(build(), "bootstrap-account");
}

static void
quirks_of_the_session_are_in_the_plan(void **state)
{
	(void)state;
	config(ONE);
	build();
	assert_false(w.plan->finish_unconfirmed);
	quirk(QUIRK_FINISH_UNCONFIRMED);
	build();
	assert_true(w.plan->finish_unconfirmed);
}

static void
verify_has_a_policy_of_its_own(void **state)
{
	static const struct {
		const char *on_error;
		bool must_match;
	} cases[] = {
		{ "{}", true }, { "{'write':'continue'}", false }, { "{'verify':'continue'}", false },
		{ "{'write':'continue','verify':'stop'}", true },
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{'verify':true,'on_error':%s,'servers':[" NOSEC(1) "]}",
		    cases[i].on_error);
		config(text);
		build();
		assert_int_equal(step("read", PATH_OI(1, 1))->must_match, cases[i].must_match);
	}
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(instances_are_deleted_one_by_one_but_for_the_bootstrap_accounts),
		TEST(nothing_is_deleted_one_by_one_of_what_is_not_known),
		TEST(repair_deletes_what_the_device_shows),
		TEST(keys_that_an_account_has_not_are_kept_empty),
		TEST(only_the_first_server_is_written_where_there_is_room_for_one),
		TEST(port_is_put_into_addresses_without_one),
		TEST(whole_object_is_one_write_unless_the_device_cannot),
		TEST(instances_of_a_whole_object_are_not_given_to_accounts),
		TEST(quirks_of_the_session_are_in_the_plan),
		TEST(verify_has_a_policy_of_its_own),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
