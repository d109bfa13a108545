#include "test_records.h"

#include "lwm2m/format.h"

/* What a config that is right becomes. */

struct seen {
	struct arena	 arena;
	json_t		*doc;
	struct config	*config;
	struct problem	 why;
};

static struct config *
parse_with(struct seen *s, const char *text, const struct variables *vars)
{
	*s = (struct seen){ .doc = js(text) };
	arena_init(&s->arena, 4096, 0);
	if (config_parse(s->doc, the_objects(), vars, "/config", &s->arena, &s->config, &s->why) != ERR_OK)
		fail_msg("%s: %s", s->why.where, s->why.text);
	return s->config;
}

static struct config *
parse(struct seen *s, const char *text)
{
	return parse_with(s, text, NULL);
}

static void
done(struct seen *s)
{
	json_decref(s->doc);
	arena_fini(&s->arena);
}

static void
example_of_the_contract_is_read_whole(void **state)
{
	struct seen s;
	const struct config *c = parse(&s,
	    "{'servers':[{'short_server_id':101,'instance':1,"
	    "'security':{'uri':'coaps://lwm2m.example.com:5684','mode':'psk',"
	    "'identity':{'text':'${endpoint}'},'secret_key':{'random':16}},"
	    "'server':{'lifetime':86400,'binding':'U','notification_storing':true}}],"
	    "'write':[{'path':'/3/0/14','value':'+01:00'},{'path':'/5/0','value':{'1':'coap://x:1/f'}}],"
	    "'delete':['/0','/1'],'discover':'auto','verify':false,'format':'auto',"
	    "'on_error':{'delete':'continue','write':'stop'}}");
	const struct config_server *server = &c->servers[0];
	const struct config_resource *r;

	(void)state;
	assert_int_equal(c->nservers, 1);
	assert_int_equal(server->short_server_id, 101);
	assert_int_equal(server->security.iid, 1);
	assert_int_equal(server->server.iid, 1);
	assert_int_equal(server->oscore, -1);
	assert_octets(literal(&server->security, 0), "coaps://lwm2m.example.com:5684");
	assert_int_equal(literal(&server->security, 2)->i, 0);
	r = find(server->security.resources, server->security.nresources, 3, -1);
	assert_int_equal(r->value.source, CONFIG_TEMPLATE);
	assert_string_equal(r->value.template, "${endpoint}");
	assert_int_equal(r->value.literal.type, VALUE_OPAQUE);
	r = find(server->security.resources, server->security.nresources, 5, -1);
	assert_int_equal(r->value.source, CONFIG_RANDOM);
	assert_int_equal(r->value.random_len, 16);
	assert_false(r->value.rotate);
	assert_true(config_mints(c));
	assert_int_equal(c->nwrites, 2);
	assert_int_equal(c->writes[0].path.depth, 3);
	assert_octets(&c->writes[0].resources[0].value.literal, "+01:00");
	assert_int_equal(c->writes[1].path.depth, 2);
	assert_int_equal(c->writes[1].resources[0].rid, 1);
	assert_true(c->delete_given);
	assert_int_equal(c->ndeletes, 2);
	assert_int_equal(c->nwarnings, 0);
	done(&s);
}

static void
resources_ascend_and_what_an_account_always_has_is_filled_in(void **state)
{
	static const uint16_t security[] = { 0, 1, 2, 10, 16, 16, 16 }, server[] = { 0, 1, 6, 7 };
	struct seen s;
	const struct config *c = parse(&s,
	    "{'servers':[{'security':{'ciphersuites':[49320,'TLS_PSK_WITH_AES_128_CBC_SHA256',174],"
	    "'mode':'nosec','uri':'coap+tcp://h:5683'},'short_server_id':7}]}");
	const struct config_server *v = &c->servers[0];

	(void)state;
	assert_int_equal(v->security.nresources, sizeof(security) / sizeof(security[0]));
	for (size_t i = 0; i < v->security.nresources; i++)
		assert_int_equal(v->security.resources[i].rid, security[i]);
	assert_int_equal(v->security.resources[6].riid, 2);
	assert_int_equal(v->security.resources[4].since, 0x0101);
	assert_int_equal(v->security.resources[4].value.literal.u, 49320);
	assert_int_equal(v->security.resources[5].value.literal.u, 174);
	assert_false(literal(&v->security, 1)->b);
	assert_int_equal(literal(&v->security, 10)->i, 7);
	assert_int_equal(v->security.iid, -1);
	assert_int_equal(v->server.nresources, sizeof(server) / sizeof(server[0]));
	for (size_t i = 0; i < v->server.nresources; i++)
		assert_int_equal(v->server.resources[i].rid, server[i]);
	assert_int_equal(literal(&v->server, 0)->i, 7);
	assert_int_equal(literal(&v->server, 1)->i, 86400);
	assert_true(literal(&v->server, 6)->b);
	assert_octets(literal(&v->server, 7), "T");
	assert_false(config_mints(c));
	done(&s);
}

static void
empty_config_has_the_defaults_and_a_warning(void **state)
{
	struct seen s;
	const struct config *c = parse(&s, "{}");

	(void)state;
	assert_int_equal(c->discover, CONFIG_AUTO);
	assert_int_equal(c->format, -1);
	assert_false(c->verify);
	assert_false(c->delete_given);
	assert_int_equal(c->on_delete_error, CONFIG_CONTINUE);
	assert_int_equal(c->on_write_error, CONFIG_STOP);
	assert_null(c->bootstrap_server);
	assert_int_equal(c->nwarnings, 1);
	done(&s);
}

static void
settings_of_the_session_are_taken_over(void **state)
{
	struct seen s;
	const struct config *c = parse(&s, "{'discover':'never','verify':true,'format':'senml-cbor',"
	    "'on_error':{'delete':'stop','write':'continue'},'delete':[]}");

	(void)state;
	assert_int_equal(c->discover, CONFIG_NEVER);
	assert_true(c->verify);
	assert_int_equal(c->format, FORMAT_SENML_CBOR);
	assert_int_equal(c->on_delete_error, CONFIG_STOP);
	assert_int_equal(c->on_write_error, CONFIG_CONTINUE);
	assert_int_equal(c->on_verify_error, CONFIG_CONTINUE);
	assert_true(c->delete_given);
	assert_int_equal(c->ndeletes, 0);
	done(&s);
}

static void
bootstrap_account_has_no_short_server_id(void **state)
{
	struct seen s;
	const struct config *c = parse(&s, "{'bootstrap_server':{'uri':'coaps://bs:5684','mode':'psk',"
	    "'identity':{'text':'a'},'secret_key':{'hex':'000102030405060708090a0b0c0d0e0f'},"
	    "'account_timeout':3600,'client_hold_off_time':10}}");
	const struct config_instance *b = c->bootstrap_server;

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->iid, -1);
	assert_true(literal(b, 1)->b);
	assert_int_equal(literal(b, 12)->i, 3600);
	assert_int_equal(literal(b, 11)->i, 10);
	assert_null(find(b->resources, b->nresources, 10, -1));
	assert_int_equal(literal(b, 5)->bytes.len, 16);
	done(&s);
}

static void
oscore_context_is_linked_by_its_index(void **state)
{
	struct seen s;
	const struct config *c =
	    parse(&s, "{'oscore':[{'master_secret':{'hex':'0102030405060708090a0b0c0d0e0f10'},'sender_"
		      "id':{'hex':''},"
		      "'recipient_id':{'hex':'02'},'aead_algorithm':'AES-CCM-16-64-128'},"
		      "{'instance':5,'master_secret':{'hex':'0102030405060708090a0b0c0d0e0f11'},'"
		      "sender_id':{'hex':'03'},"
		      "'recipient_id':{'hex':'04'}}],"
		      "'servers':[{'short_server_id':1,'security':{'uri':'coap://"
		      "h:1','mode':'nosec','oscore':0}}],"
		      "'bootstrap_server':{'uri':'coap://b:1','mode':'nosec','oscore':1}}");
	const struct config_resource *link;

	(void)state;
	assert_int_equal(c->servers[0].oscore, 0);
	assert_null(find(c->servers[0].security.resources, c->servers[0].security.nresources, 17, -1));
	assert_int_equal(c->noscore, 2);
	assert_int_equal(c->oscore[0].iid, -1);
	assert_int_equal(literal(&c->oscore[0], 1)->bytes.len, 0);
	assert_int_equal(literal(&c->oscore[0], 3)->i, 10);
	assert_int_equal(literal(&c->oscore[0], 2)->type, VALUE_OPAQUE);
	link = find(c->bootstrap_server->resources, c->bootstrap_server->nresources, 17, -1);
	assert_non_null(link);
	assert_int_equal(link->value.literal.link.oid, 21);
	assert_int_equal(link->value.literal.link.iid, 5);
	assert_int_equal(c->nwarnings, 0);
	done(&s);
}

static void
access_rules_name_the_servers_of_the_config(void **state)
{
	struct seen s;
	const struct config *c = parse(&s,
	    "{'servers':[{'short_server_id':101,'security':{'uri':'coap://h:1','mode':'nosec'}},"
	    "{'short_server_id':102,'security':{'uri':'coap://i:1','mode':'nosec'}}],"
	    "'access_control':[{'object_id':3,'object_instance_id':0,'acl':{'102':1,'0':1,'101':15},'"
	    "owner':101},"
	    "{'instance':4,'object_id':5,'object_instance_id':65535,'acl':{'101':16}}]}");
	const struct config_instance *rule = &c->access_control[0];

	(void)state;
	assert_int_equal(c->naccess_control, 2);
	assert_int_equal(rule->nresources, 6);
	assert_int_equal(rule->resources[2].rid, 2);
	assert_int_equal(rule->resources[2].riid, 0);
	assert_int_equal(rule->resources[3].riid, 101);
	assert_int_equal(rule->resources[3].value.literal.i, 15);
	assert_int_equal(rule->resources[4].riid, 102);
	assert_int_equal(literal(rule, 3)->i, 101);
	assert_int_equal(c->access_control[1].iid, 4);
	assert_int_equal(literal(&c->access_control[1], 3)->i, 65535);
	assert_int_equal(c->nwarnings, 0);
	done(&s);
}

static void
value_of_each_type_is_read(void **state)
{
	struct seen s;
	const struct config *c = parse(&s,
	    "{'write':[{'path':'/3/0','value':{'13':'2026-01-02T03:04:05Z','15':'Europe/Berlin'}},"
	    "{'path':'/11/0','value':{'1':'apn.example','2':true}},"
	    "{'path':'/1/9/10','value':'11:0'},"
	    "{'path':'/0/9/5','value':{'base64':'AAEC'}},"
	    "{'path':'/0/9/18','value':{'3':23,'0':29}},"
	    "{'path':'/6/0/0','value':48.5},{'path':'/4/0/0','value':3},"
	    "{'path':'/24','value':{'7':{'6':'seven'},'2':{'7':'a','6':'two'}}}]}");

	(void)state;
	assert_int_equal(c->writes[0].resources[0].value.literal.type, VALUE_TIME);
	assert_int_equal(c->writes[0].resources[0].value.literal.i, 1767323045);
	assert_int_equal(c->writes[2].resources[0].value.literal.link.oid, 11);
	assert_int_equal(c->writes[3].resources[0].value.literal.bytes.len, 3);
	assert_int_equal(c->writes[4].nresources, 2);
	assert_int_equal(c->writes[4].resources[0].riid, 0);
	assert_int_equal(c->writes[4].resources[0].value.literal.u, 29);
	assert_int_equal(c->writes[4].resources[1].riid, 3);
	assert_true(c->writes[5].resources[0].value.literal.f > 48.4);
	assert_int_equal(c->writes[7].path.depth, 1);
	assert_int_equal(c->writes[7].ninstances, 2);
	assert_int_equal(c->writes[7].instances[0].iid, 2);
	assert_int_equal(c->writes[7].instances[0].nresources, 2);
	assert_int_equal(c->writes[7].instances[1].iid, 7);
	assert_octets(&c->writes[7].instances[1].resources[0].value.literal, "seven");
	done(&s);
}

static void
odd_but_legal_configs_are_warned_of(void **state)
{
	static const struct {
		const char *config, *warning;
	} cases[] = {
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coap://h','mode':'nosec'}}]}",
		    "/config/servers/0/security/uri: the URI has no port" },
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:1/rd','mode':'nosec'}}]}",
		    "/config/servers/0/security/uri: the URI has a path" },
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coaps://h:1','mode':'psk',"
		    "'identity':{'text':'i'},'secret_key':{'text':'short'}}}]}",
		    "/config/servers/0/security/secret_key: a pre-shared key of less than 16" },
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:1','mode':'nosec'}},"
		    "{'short_server_id':2,'security':{'uri':'coap://h:2','mode':'nosec'}}]}",
		    "/config/access_control: with several servers" },
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:1','mode':'nosec'},"
		    "'server':{'binding':'UQ'}}]}", "/config/servers/0/server/binding: Q exists" },
		{ "{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:1','mode':'nosec'},"
		    "'server':{'communication_retry_count':0}}]}",
		    "/config/servers/0/server/communication_retry_count: some devices refuse 0" },
		{ "{'oscore':[{'master_secret':{'text':'0123456789abcdef'},'sender_id':{'text':'a'},"
		    "'recipient_id':{'text':'b'}}],"
		    "'servers':[{'short_server_id':1,'security':{'uri':'coap://h:1','mode':'nosec'}}]}",
		    "/config/oscore/0: no account uses it" },
		{ "{'write':[{'path':'/3/0/0','value':'ACME'}]}",
		    "/config/write/0/path: the device keeps resource 0 of object 3 (Manufacturer) itself" },
		{ "{'write':[{'path':'/1/5','value':{'0':7,'1':60,'7':'U'}}]}",
		    "/config/write/0/value: it lacks resource 6 (Notification Storing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s;
		const struct config *c = parse(&s, cases[i].config);
		if (c->nwarnings != 1)
			fail_msg("%zu warnings for %s", c->nwarnings, cases[i].config);
		if (strncmp(c->warnings[0], cases[i].warning, strlen(cases[i].warning)) != 0)
			fail_msg("'%s' instead of '%s'", c->warnings[0], cases[i].warning);
		done(&s);
	}
}

/* --- expansion --- */

static const char *
expand_text(struct arena *arena, const char *text)
{
	static struct variable v[] = { { "region", "us" }, { "region", "eu" }, { "key", "0a0b" },
		{ "loop", "${key}" } };
	const struct variables vars = { v, sizeof(v) / sizeof(v[0]) };
	static struct problem why;
	const char *out = NULL;
	enum err e = config_expand_text(text, "dev", &vars, arena, &out, &why);

	return e == ERR_OK ? out : e == ERR_NOTFOUND ? "NOTFOUND" : "MALFORMED";
}

static void
variables_are_put_in_once_and_the_last_of_a_name_wins(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 512, 0);
	assert_string_equal(expand_text(&a, ""), "");
	assert_string_equal(expand_text(&a, "plain $ {x} $x"), "plain $ {x} $x");
	assert_string_equal(expand_text(&a, "a-${region}-${endpoint}"), "a-eu-dev");
	assert_string_equal(expand_text(&a, "${loop}"), "${key}");
	assert_string_equal(expand_text(&a, "$${region}"), "${region}");
	assert_string_equal(expand_text(&a, "$$${region}"), "$${region}");
	assert_string_equal(expand_text(&a, "${nothing}"), "NOTFOUND");
	assert_string_equal(expand_text(&a, "${regio}"), "NOTFOUND");
	assert_string_equal(expand_text(&a, "${region"), "MALFORMED");
	assert_string_equal(expand_text(&a, "${}"), "MALFORMED");
	assert_string_equal(expand_text(&a, "${a b}"), "MALFORMED");
	arena_fini(&a);
}

static void
templates_expand_to_the_octets_of_their_encoding(void **state)
{
	static struct variable v[] = { { "key", "0a0B" }, { "b", "AAEC" } };
	const struct variables vars = { v, 2 };
	const struct config_value hex = { .source = CONFIG_TEMPLATE,
		.encoding = CONFIG_HEX,
		.template = "${key}ff",
		.literal = { .type = VALUE_OPAQUE } };
	const struct config_value base64 = { .source = CONFIG_TEMPLATE,
		.encoding = CONFIG_BASE64,
		.template = "${b}",
		.literal = { .type = VALUE_OPAQUE } };
	const struct config_value text = { .source = CONFIG_TEMPLATE, .template = "x${endpoint}",
		.literal = { .type = VALUE_STRING } };
	const struct config_value odd = { .source = CONFIG_TEMPLATE,
		.encoding = CONFIG_HEX,
		.template = "0${key}",
		.literal = { .type = VALUE_OPAQUE } };
	const struct config_value made = { .source = CONFIG_RANDOM, .random_len = 8 };
	struct problem why;
	struct value out;
	struct arena a;

	(void)state;
	arena_init(&a, 512, 0);
	assert_int_equal(config_expand(&hex, "d", &vars, NULL, &a, &out, &why), ERR_OK);
	assert_int_equal(out.type, VALUE_OPAQUE);
	assert_int_equal(out.bytes.len, 3);
	assert_memory_equal(out.bytes.p, "\x0a\x0b\xff", 3);
	assert_int_equal(config_expand(&base64, "d", &vars, NULL, &a, &out, &why), ERR_OK);
	assert_memory_equal(out.bytes.p, "\x00\x01\x02", 3);
	assert_int_equal(config_expand(&text, "d", &vars, NULL, &a, &out, &why), ERR_OK);
	assert_int_equal(out.type, VALUE_STRING);
	assert_octets(&out, "xd");
	assert_int_equal(config_expand(&odd, "d", &vars, NULL, &a, &out, &why), ERR_INVALID);
	assert_int_equal(config_expand(&made, "d", &vars, NULL, &a, &out, &why), ERR_UNSUPPORTED);
	arena_fini(&a);
}

static enum err
mint(void *arg, const struct config_value *v, struct arena *a, const uint8_t **p, size_t *len)
{
	uint8_t *made = arena_alloc(a, v->random_len);

	assert_non_null(made);
	memset(made, *(int *)arg, v->random_len);
	*p = made;
	*len = v->random_len;
	return ERR_OK;
}

static void
made_values_come_from_the_mint(void **state)
{
	const struct config_value made = {
		.source = CONFIG_RANDOM, .random_len = 4, .literal = { .type = VALUE_OPAQUE }
	};
	int octet = 0x55;
	const struct config_mint m = { mint, &octet };
	struct problem why;
	struct value out;
	struct arena a;

	(void)state;
	arena_init(&a, 512, 0);
	assert_int_equal(config_expand(&made, "d", NULL, &m, &a, &out, &why), ERR_OK);
	assert_int_equal(out.bytes.len, 4);
	assert_memory_equal(out.bytes.p, "UUUU", 4);
	arena_fini(&a);
}

static void
scheme_in_a_variable_is_fine_when_the_binding_is_given(void **state)
{
	static struct variable v[] = { { "where", "coap+tcp://h:1" } };
	const struct variables vars = { v, 1 };
	struct seen s;
	const struct config *c = parse_with(&s, "{'servers':[{'short_server_id':1,"
	    "'security':{'uri':'${where}','mode':'nosec'},'server':{'binding':'T'}}]}", &vars);

	(void)state;
	assert_int_equal(c->servers[0].security.resources[0].value.source, CONFIG_TEMPLATE);
	done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_of_the_contract_is_read_whole),
		cmocka_unit_test(resources_ascend_and_what_an_account_always_has_is_filled_in),
		cmocka_unit_test(empty_config_has_the_defaults_and_a_warning),
		cmocka_unit_test(settings_of_the_session_are_taken_over),
		cmocka_unit_test(bootstrap_account_has_no_short_server_id),
		cmocka_unit_test(oscore_context_is_linked_by_its_index),
		cmocka_unit_test(access_rules_name_the_servers_of_the_config),
		cmocka_unit_test(value_of_each_type_is_read),
		cmocka_unit_test(odd_but_legal_configs_are_warned_of),
		cmocka_unit_test(variables_are_put_in_once_and_the_last_of_a_name_wins),
		cmocka_unit_test(templates_expand_to_the_octets_of_their_encoding),
		cmocka_unit_test(made_values_come_from_the_mint),
		cmocka_unit_test(scheme_in_a_variable_is_fine_when_the_binding_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
