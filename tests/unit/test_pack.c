#include "test_bootstrap_rig.h"

#include "base/text.h"
#include "bootstrap/plan.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "store/config.h"

/* Bootstrap-Pack (spec/bootstrap.md 1.8): what is in it, and which records it serves. */

static struct rig rig;

struct made {
	struct arena	 arena;
	struct resolved	 res;
	struct plan	*plan;
	struct nodes	 nodes;
	struct problem	 why;
	enum err	 err;
};

static int
open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* The plan of an endpoint; 'acc' as in the request, or NULL. */
static void
make(struct made *m, const char *record, const char *acc, int format)
{
	struct plan_device dev = { .lwm2m = 0x0102, .pct = -1, .format = format, .format_forced = true,
		.pack = true };
	const struct path root = PATH_ROOT;
	struct discovery disc;

	memset(m, 0, sizeof(*m));
	arena_init(&m->arena, 4096, 0);
	m->nodes.arena = &m->arena;
	rig_endpoint(&rig, record);
	assert_int_equal(resolve_endpoint(rig.resolver, "d", &m->arena, &m->res, &m->why), ERR_OK);
	if (acc != NULL) {
		assert_int_equal(discovery_parse(acc, strlen(acc), &m->arena, &disc), ERR_OK);
		dev.discovery = &disc;
	}
	m->err = plan_build(&m->res, &dev, rig.defs, NULL, &m->arena, &m->plan, &m->why);
	if (m->err != ERR_OK)
		return;
	assert_int_equal(m->plan->nsteps, 1);
	assert_int_equal(m->plan->steps[0].kind, STEP_PACK);
	assert_int_equal(m->plan->steps[0].content_format, format);
	assert_int_equal(format_decode(format, &root, rig.defs, m->plan->steps[0].payload,
	    m->plan->steps[0].payload_len, &m->nodes), ERR_OK);
}

static void
done(struct made *m)
{
	resolved_release(&m->res);
	arena_fini(&m->arena);
}

#define ACCOUNT(ssid, more)							\
	"{'short_server_id':" ssid ",'security':{'uri':'coap://s.example.com','mode':'nosec'}" more "}"
#define RECORD(config)	"{'endpoint':'d','auth':{'none':true},'config':{" config "}}"
#define ONE		"'servers':[" ACCOUNT("101", "") "]"

static const struct value *
at(const struct made *m, struct path p)
{
	const struct node *n = nodes_find(&m->nodes, &p);

	return n != NULL ? &n->value : NULL;
}

static void
pack_has_everything_under_absolute_names(void **state)
{
	static const int formats[] = { FORMAT_SENML_CBOR, FORMAT_SENML_JSON, FORMAT_LWM2M_CBOR };
	struct made m;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		make(&m, RECORD("'servers':[" ACCOUNT("101", "") "," ACCOUNT("7", ",'instance':9") "],"
		    "'access_control':[{'object_id':3,'object_instance_id':0,'acl':{'101':1}}],"
		    "'write':[{'path':'/3/0/14','value':'+01:00'},{'path':'/4/0','value':{'0':3}}]"),
		    "</0/0>", formats[i]);
		assert_int_equal(m.err, ERR_OK);
		assert_int_equal(at(&m, PATH_OIR(0, 1, 10))->i, 101);
		assert_int_equal(at(&m, PATH_OIR(1, 1, 0))->i, 101);
		assert_int_equal(at(&m, PATH_OIR(0, 9, 10))->i, 7);
		assert_int_equal(at(&m, PATH_OIR(1, 9, 1))->i, 86400);
		assert_int_equal(at(&m, PATH_OIRR(2, 0, 2, 101))->i, 1);
		assert_int_equal(at(&m, PATH_OIR(3, 0, 14))->bytes.len, 6);
		assert_non_null(at(&m, PATH_OIR(4, 0, 0)));
		for (size_t k = 1; k < m.nodes.n; k++)	/* in tree order, as formats that nest want it */
			assert_true(path_cmp(&m.nodes.v[k - 1].path, &m.nodes.v[k].path) < 0);
		done(&m);
	}
}

/* Set P of spec/bootstrap.md, 4.2 and 4.5, but that its /1/0 is /1/1 here. */
static void
pack_is_the_vector_of_the_specification(void **state)
{
	static const struct {
		int format;
		const char *hex;
	} vectors[] = {
		{ FORMAT_SENML_CBOR, "88a321612f0065302f312f300374636f61703a2f2f732e6578616d706c652e636f6d"
		    "a20065302f312f3104f4a20065302f312f320203a20066302f312f3130021865a20065312f312f30021865"
		    "a20065312f312f31021a00015180a20065312f312f3604f5a20065312f312f37036155" },
		{ FORMAT_LWM2M_CBOR, "a200a101a40074636f61703a2f2f732e6578616d706c652e636f6d01f402030a1865"
		    "01a101a4001865011a0001518006f5076155" },
	};
	struct made m;
	char hex[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make(&m, RECORD(ONE), "</0/0>", vectors[i].format);
		assert_int_equal(m.err, ERR_OK);
		text_hex(m.plan->steps[0].payload, m.plan->steps[0].payload_len, hex);
		assert_string_equal(hex, vectors[i].hex);
		done(&m);
	}
}

static void
bootstrap_account_is_avoided(void **state)
{
	static const struct {
		const char *acc;
		uint16_t expected;
	} cases[] = {
		{ NULL, 2 },			/* it may be at 0 or at 1 */
		{ "</0/0>", 1 },
		{ "</0/1>", 0 },
		{ "</0/2>,</21/0>", 0 },
		{ "</21/0>", 2 },		/* says nothing of /0 */
	};
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(&m, RECORD(ONE), cases[i].acc, FORMAT_SENML_CBOR);
		assert_int_equal(m.err, ERR_OK);
		assert_non_null(at(&m, PATH_OIR(0, cases[i].expected, 0)));
		done(&m);
	}
}

static void
contexts_of_the_bootstrap_account_are_avoided(void **state)
{
	struct made m;

	(void)state;
	make(&m, RECORD("'oscore':[{'master_secret':{'hex':'00112233445566778899aabbccddeeff'},"
	    "'sender_id':{'hex':'01'},'recipient_id':{'hex':'02'}}],'servers':[{'short_server_id':1,"
	    "'security':{'uri':'coap://h:5683','mode':'nosec','oscore':0}}]"), "</0/2>,</21/0>",
	    FORMAT_SENML_CBOR);
	assert_int_equal(m.err, ERR_OK);
	assert_non_null(at(&m, PATH_OIR(21, 1, 0)));
	assert_int_equal(at(&m, PATH_OIR(0, 0, 17))->link.iid, 1);
	done(&m);
}

static void
record_that_means_otherwise_needs_a_session(void **state)
{
	static const struct {
		const char *record, *acc, *words;
	} cases[] = {
		{ RECORD("'write':[{'path':'/3/0/14','value':'x'}]"), "</0/0>", "at least one account" },
		{ RECORD(ONE ",'verify':true"), "</0/0>", "read back" },
		{ RECORD(ONE ",'delete':[]"), "</0/0>", "leaves on the device" },
		{ RECORD(ONE ",'delete':['/0']"), "</0/0>", "leaves on the device" },
		{ RECORD(ONE ",'delete':['/0','/1','/5']"), "</0/0>", "cannot delete" },
		{ RECORD(ONE ",'delete':['/']"), "</0/0>", "cannot delete" },
		{ RECORD(ONE ",'write':[{'path':'/11/0','value':{'0':'x'}}]"), "</0/0>", "more than" },
		{ RECORD(ONE ",'write':[{'path':'/5/0/1','value':'coap://f/w'}]"), "</0/0>", "more than" },
		{ RECORD(ONE ",'bootstrap_server':{'uri':'coap://b:1','mode':'nosec'}"), NULL,
		    "which it is" },
		{ RECORD("'servers':[" ACCOUNT("1", ",'instance':1") "]"), NULL, "is elsewhere" },
		{ RECORD("'servers':[" ACCOUNT("1", ",'instance':1") "]"), "</0/1>", "is there" },
		{ "{'endpoint':'d','quirks':['no-pack'],'auth':{'none':true},'config':{" ONE "}}", "</0/0>",
		    "no-pack" },
	};
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(&m, cases[i].record, cases[i].acc, FORMAT_SENML_CBOR);
		if (m.err != ERR_INVALID || strstr(m.why.text, cases[i].words) == NULL)
			fail_msg("%s: %d %s", cases[i].record, m.err, m.why.text);
		done(&m);
	}
}

static void
what_a_pack_deletes_may_be_what_the_record_deletes(void **state)
{
	struct made m;

	(void)state;
	make(&m, RECORD(ONE ",'delete':['/0','/1','/11'],'write':[{'path':'/11','value':{'0':{'0':'x'}}}]"),
	    "</0/0>", FORMAT_SENML_CBOR);
	assert_int_equal(m.err, ERR_OK);
	assert_non_null(at(&m, PATH_OIR(11, 0, 0)));
	done(&m);
}

static void
credentials_to_be_made_need_a_finish(void **state)
{
	struct made m;

	(void)state;
	make(&m, RECORD("'servers':[{'short_server_id':1,'security':{'uri':'coaps://h:5684','mode':'psk',"
	    "'identity':{'text':'i'},'secret_key':{'random':16}}}]"), "</0/0>", FORMAT_SENML_CBOR);
	assert_int_equal(m.err, ERR_UNSUPPORTED);
	done(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pack_has_everything_under_absolute_names),
		cmocka_unit_test(pack_is_the_vector_of_the_specification),
		cmocka_unit_test(bootstrap_account_is_avoided),
		cmocka_unit_test(contexts_of_the_bootstrap_account_are_avoided),
		cmocka_unit_test(record_that_means_otherwise_needs_a_session),
		cmocka_unit_test(what_a_pack_deletes_may_be_what_the_record_deletes),
		cmocka_unit_test(credentials_to_be_made_need_a_finish),
	};

	return cmocka_run_group_tests(tests, open_rig, close_rig);
}
