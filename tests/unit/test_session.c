#include "test_bootstrap_rig.h"

#include "base/random.h"
#include "bootstrap/session_priv.h"
#include "lwm2m/format.h"
#include "store/history.h"

/* What a session does with answers, and how it tells its end. The order of steps is test_seq's. */

static struct rig rig;
static struct service *svc;
static struct link dev;
static struct session *live;
static unsigned nstarted, nended;

/* The last end, copied. */
static struct {
	enum history_result	 result;
	char			 reason[32], cause[512], identity[64], warnings[1024], paths[256];
	struct history_step	 steps[32];
	size_t			 nsteps;
	uint16_t		 lwm2m;
	int			 format;
	bool			 learnt, known;
	uint64_t		 id;
} got;

static void
started(void *arg, const struct session_info *info)
{
	(void)arg;
	(void)info;
	nstarted++;
}

static void
ended(void *arg, const struct history *h)
{
	(void)arg;
	nended++;
	memset(&got, 0, sizeof(got));
	got.result = h->result;
	got.id = h->session;
	got.lwm2m = h->lwm2m;
	got.format = h->format;
	got.learnt = h->format_learnt;
	got.known = h->known;
	snprintf(got.reason, sizeof(got.reason), "%s", h->reason);
	snprintf(got.cause, sizeof(got.cause), "%s", h->cause);
	snprintf(got.identity, sizeof(got.identity), "%s", h->identity != NULL ? h->identity : "");
	assert_true(h->nsteps <= 32);
	for (size_t i = 0; i < h->nsteps; i++) {
		size_t len = strlen(got.paths);
		got.steps[i] = h->steps[i];
		snprintf(got.paths + len, sizeof(got.paths) - len, "%s ", h->steps[i].path);
	}
	got.nsteps = h->nsteps;
	for (size_t i = 0; i < h->nwarnings; i++) {
		size_t len = strlen(got.warnings);
		snprintf(got.warnings + len, sizeof(got.warnings) - len, "%s\n", h->warnings[i]);
	}
	live = NULL;
}

static int
open_rig(void **state)
{
	struct service_opts o = { .session_timeout_ms = 93000, .max_sessions = 100, .refusals_per_s = 10,
		.observer = { started, ended, NULL } };

	(void)state;
	rig_open(&rig);
	o.loop = rig.loop;
	o.reader = rig.reader;
	o.resolver = rig.resolver;
	o.defs = rig.defs;
	rig_endpoint(&rig, "{'endpoint':'dev-1','auth':" RIG_PSK("id-1") ",'config':" RIG_CONFIG "}");
	rig_profile(&rig, "{'profile':'p','match':['light'],'auth':{'none':true},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'check','auth':{'none':true},'config':{'verify':true,'servers':["
	    "{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec'}}]}}");
	rig_endpoint(&rig, "{'endpoint':'mint','auth':{'none':true},'config':{'discover':'never','servers':["
	    "{'short_server_id':1,'security':{'uri':'coaps://h:5684','mode':'psk','identity':{'text':'i'},"
	    "'secret_key':{'random':16}}}]}}");
	assert_int_equal(service_new(&o, &svc), ERR_OK);
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	service_free(svc);
	rig_close(&rig);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	nstarted = nended = 0;
	memset(&got, 0, sizeof(got));
	dev = make_link("192.0.2.1:1000", "id-1");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (live != NULL)
		session_stop(live, ERR_CANCELLED, NULL);
	assert_int_equal(svc->sessions.n, 0);
	return 0;
}

static void
prepare(const char *endpoint)
{
	struct session_start start = { .link = &dev, .pct = -1 };
	struct resolved res;
	struct problem why;
	struct arena arena;

	start.room = session_room(&arena);
	assert_int_equal(resolve_endpoint(rig.resolver, endpoint, &arena, &res, &why), ERR_OK);
	start.arena = &arena;
	start.res = &res;
	assert_int_equal(session_new(svc, &start, &live), ERR_OK);
}

static void
begin(const char *endpoint)
{
	if (strcmp(endpoint, "dev-1") != 0)
		dev = make_link("192.0.2.1:1001", NULL);
	prepare(endpoint);
	session_begin(live, &dev);
}

/* Answers as a device does that has nothing against anything, up to the n-th request. */
static void
go_on(unsigned n)
{
	while (dev.outstanding && dev.nrequests < n)
		answer(&dev, dev.request.code == MSG_GET ? MSG_CONTENT :
		    dev.request.code == MSG_DELETE ? MSG_DELETED : MSG_CHANGED,
		    dev.request.code == MSG_GET ? "</>;lwm2m=1.1,</0/0>" : NULL);
}

static void
session_that_finishes_tells_its_steps(void **state)
{
	(void)state;
	begin("dev-1");
	assert_int_equal(nstarted, 1);
	assert_true(dev.held);
	assert_string_equal(dev.path, "/0");
	assert_int_equal(dev.request.accept, FORMAT_LINK);
	go_on(99);
	assert_int_equal(nended, 1);
	assert_int_equal(got.result, HISTORY_FINISHED);
	assert_string_equal(got.reason, "");
	assert_string_equal(got.cause, "");
	assert_string_equal(got.identity, "id-1");
	assert_string_equal(got.paths, "/0 /0 /1 /0/1 /1/1 /bs ");
	assert_int_equal(got.lwm2m, 0x0101);
	assert_int_equal(got.format, FORMAT_TLV);
	assert_true(got.known && !got.learnt);
	assert_int_equal(got.steps[0].bytes, strlen("</>;lwm2m=1.1,</0/0>"));
	assert_int_equal(got.steps[0].rtt_us, 1500);
	assert_int_equal(got.steps[0].content_format, FORMAT_NONE);
	assert_int_equal(got.steps[3].content_format, FORMAT_TLV);
	assert_true(got.steps[3].bytes > 20);
	assert_int_equal(got.steps[5].code, MSG_CHANGED);
	assert_false(dev.held);
}

static void
finish_has_no_payload_and_no_format(void **state)
{
	(void)state;
	begin("dev-1");
	go_on(6);
	assert_int_equal(dev.request.code, MSG_POST);
	assert_string_equal(dev.path, "/bs");
	assert_null(dev.request.query);
	assert_int_equal(dev.request.payload_len, 0);
	assert_int_equal(dev.request.content_format, FORMAT_NONE);
	assert_int_equal(dev.request.accept, -1);
}

static void
refused_write_names_formats_and_code(void **state)
{
	(void)state;
	begin("dev-1");
	go_on(4);
	answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	while (live != NULL)
		answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	assert_int_equal(got.result, HISTORY_FAILED);
	assert_string_equal(got.reason, "write");
	assert_non_null(strstr(got.cause, "the device refused write /0/1 with 4.15 Unsupported "
	    "Content-Format in every format tried (tlv, senml-cbor"));
	assert_false(got.learnt);
	assert_int_equal(dev.ncancels, 0);
}

static void
lesson_is_told(void **state)
{
	(void)state;
	begin("dev-1");
	go_on(4);
	answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	go_on(99);
	assert_int_equal(got.result, HISTORY_FINISHED);
	assert_true(got.learnt);
	assert_int_equal(got.format, FORMAT_SENML_CBOR);
}

static void
what_cannot_be_sent_fails_and_is_not_taken_for_an_answer(void **state)
{
	static const struct { enum err e; const char *reason; } cases[] = {
		{ ERR_CLOSED, "lost" }, { ERR_NOMEM, "internal" }, { ERR_TOOBIG, "lost" },
		{ ERR_LIMIT, "lost" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dev.refuse = cases[i].e;
		begin("dev-1");
		assert_int_equal(nended, i + 1);
		assert_int_equal(got.result, HISTORY_FAILED);
		assert_string_equal(got.reason, cases[i].reason);
		assert_string_equal(got.steps[0].outcome, "not-sent");
	}
	/* a Finish that was never sent leaves nothing in doubt */
	dev.refuse = ERR_OK;
	begin("dev-1");
	go_on(5);
	dev.refuse = ERR_CLOSED;
	answer(&dev, MSG_CHANGED, NULL);
	assert_string_equal(got.reason, "lost");
}

static void
stop_ends_it_once_wherever_it_is(void **state)
{
	static const struct { enum err why; enum history_result result; const char *reason; } cases[] = {
		{ ERR_REPLACED, HISTORY_SUPERSEDED, "superseded" },
		{ ERR_CANCELLED, HISTORY_CANCELLED, "cancelled" },
		{ ERR_TIMEOUT, HISTORY_FAILED, "timeout" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned step = 1; step <= 6; step++) {
			(void)setup(NULL);
			begin("dev-1");
			go_on(step);
			session_stop(live, cases[i].why, NULL);
			assert_int_equal(nended, 1);
			assert_int_equal(got.result, cases[i].result);
			assert_string_equal(got.reason, step == 6 && cases[i].why == ERR_TIMEOUT ?
			    "finish-unknown" : cases[i].reason);
			assert_string_not_equal(got.cause, "");
			assert_int_equal(dev.ncancels, 1);
			assert_false(dev.held);
		}
}

static void
time_is_up_is_told_with_the_place(void **state)
{
	(void)state;
	begin("dev-1");
	go_on(4);
	session_stop(live, ERR_TIMEOUT, NULL);
	assert_string_equal(got.cause, "the session took longer than 93 s; it was at write /0/1");
}

static void
link_that_goes_before_the_beginning_ends_it(void **state)
{
	(void)state;
	prepare("dev-1");
	session_link_lost(live, ERR_CLOSED);
	assert_int_equal(nstarted, 0);
	assert_int_equal(nended, 1);
	assert_string_equal(got.reason, "lost");
	assert_int_equal(got.nsteps, 0);
	assert_int_equal(got.format, FORMAT_NONE);
}

static void
record_that_gives_no_plan_fails_before_anything_is_sent(void **state)
{
	(void)state;
	begin("mint");
	assert_int_equal(dev.nrequests, 0);
	assert_string_equal(got.reason, "plan");
	assert_non_null(strstr(got.cause, "random"));
}

static void
identity_that_is_no_text_is_shown_in_hex(void **state)
{
	(void)state;
	dev.identity = (struct identity){
		.kind = IDENTITY_PSK, .p = (const uint8_t *)"\x00\xff", .len = 2 };
	begin("dev-1");
	session_stop(live, ERR_CANCELLED, NULL);
	assert_string_equal(got.identity, "00ff");
}

static void
progress_is_shown(void **state)
{
	char peer[ADDR_TEXT_MAX], step[SESSION_STEP_MAX];
	struct session_info info;

	(void)state;
	begin("dev-1");
	session_info(live, peer, step, &info);
	assert_string_equal(info.state, "discovering");
	assert_string_equal(info.step, "discover /0");
	assert_int_equal(info.nsteps, 0);
	go_on(4);
	session_info(live, peer, step, &info);
	assert_string_equal(info.endpoint, "dev-1");
	assert_string_equal(info.peer, "192.0.2.1:1000");
	assert_string_equal(info.scheme, "coaps");
	assert_string_equal(info.state, "applying");
	assert_string_equal(info.step, "write /0/1");
	assert_int_equal(info.step_number, 3);
	assert_int_equal(info.nsteps, 5);
	assert_true(info.id != 0 && info.started_ms > 0);
}

static void
answer_of_another_format_is_no_discovery(void **state)
{
	(void)state;
	begin("dev-1");
	result(&dev, &(struct exchange_result){ .code = MSG_CONTENT, .content_format = FORMAT_TLV,
	    .payload = (const uint8_t *)"</0/1>", .payload_len = 6 });
	go_on(99);
	assert_non_null(strstr(got.warnings, "could not answer Discover"));
	assert_string_equal(got.paths, "/0 /0 /1 /0/1 /1/1 /bs ");
}

static void
huge_answers_cost_no_more_than_the_limit(void **state)
{
	static char many[65536];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 4000; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len, "</%d/1>,", i);
	begin("dev-1");
	answer(&dev, MSG_CONTENT, many);	/* too many: as if it could not answer */
	assert_true(live->discover_failed);
	assert_true(live->arena.total < 65536);
	go_on(99);
	assert_int_equal(got.result, HISTORY_FINISHED);
}

static void
random_answers_never_harm(void **state)
{
	char junk[64];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		(void)setup(NULL);
		begin("check");
		while (live != NULL) {
			uint32_t dice = random_below(10);

			if (live->paused) {
				live->timer.fn(live->timer.arg);
				continue;
			}
			random_bytes(junk, sizeof(junk));
			result(&dev, &(struct exchange_result){
				.why = dice == 0 ? (enum err)(1 + random_below(ERR_DB)) : ERR_OK,
				.code = dice < 3 ? (uint8_t)random_below(256) :
				    dice < 6 ? MSG_CHANGED : MSG_CONTENT,
				.content_format = (int32_t)random_below(3) == 0 ? -1 :
				    (int32_t)random_below(3) == 0 ? FORMAT_TLV : FORMAT_LINK,
				.payload = (const uint8_t *)junk, .payload_len = random_below(sizeof(junk)),
				.retransmissions = random_below(5) });
		}
		assert_int_equal(nended, 1);
		assert_false(dev.outstanding || dev.held);
	}
}

static void
put_changing(const char *uri, const char *auth)
{
	char record[400];

	snprintf(record, sizeof(record), "{'endpoint':'changing','auth':%s,'config':{'servers':["
	    "{'short_server_id':1,'security':{'uri':'%s','mode':'nosec'}}]}}", auth, uri);
	rig_endpoint(&rig, record);
}

static void
record_of_its_own_is_read_when_it_is_needed(void **state)
{
	(void)state;
	put_changing("coap://a:1", "{'none':true}");
	begin("changing");
	assert_true(live->lean);
	assert_true(live->arena.total < 1024);
	assert_null(live->res.config);
	put_changing("coap://b:1", "{'none':true}");	/* before anything was planned: the new one holds */
	go_on(4);
	assert_non_null(memmem(dev.request.payload, dev.request.payload_len, "coap://b:1", 10));
	go_on(99);
	assert_int_equal(got.result, HISTORY_FINISHED);
}

static void
record_that_changes_under_a_session_is_not_mixed_in(void **state)
{
	(void)state;
	put_changing("coap://a:1", "{'none':true}");
	begin("changing");
	go_on(4);
	put_changing("coap://b:1", "{'none':true}");
	answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	assert_int_equal(got.result, HISTORY_FAILED);
	assert_string_equal(got.reason, "write");
	assert_non_null(strstr(got.cause, "the record was changed during the session"));
}

static void
device_that_may_no_more_gets_nothing(void **state)
{
	(void)state;
	put_changing("coap://a:1", "{'none':true}");
	begin("changing");
	put_changing("coap://a:1", RIG_PSK("id-9"));
	answer(&dev, MSG_CONTENT, "</0/0>");
	assert_int_equal(dev.nrequests, 1);
	assert_string_equal(got.reason, "plan");
	assert_non_null(strstr(got.cause, "over NoSec"));
}

static void
device_of_a_profile_keeps_what_it_began_with(void **state)
{
	(void)state;
	begin("light");
	assert_false(live->lean);
	go_on(4);
	answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	go_on(99);
	assert_int_equal(got.result, HISTORY_FINISHED);
	assert_true(got.learnt);
}

static void
lean_session_falls_back_as_others_do(void **state)
{
	(void)state;
	put_changing("coap://a:1", "{'none':true}");
	begin("changing");
	go_on(4);
	answer(&dev, MSG_UNSUPPORTED_FORMAT, NULL);
	go_on(99);
	assert_int_equal(got.result, HISTORY_FINISHED);
	assert_true(got.learnt);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(session_that_finishes_tells_its_steps),
		TEST(finish_has_no_payload_and_no_format),
		TEST(refused_write_names_formats_and_code),
		TEST(lesson_is_told),
		TEST(what_cannot_be_sent_fails_and_is_not_taken_for_an_answer),
		TEST(stop_ends_it_once_wherever_it_is),
		TEST(time_is_up_is_told_with_the_place),
		TEST(link_that_goes_before_the_beginning_ends_it),
		TEST(record_that_gives_no_plan_fails_before_anything_is_sent),
		TEST(identity_that_is_no_text_is_shown_in_hex),
		TEST(progress_is_shown),
		TEST(answer_of_another_format_is_no_discovery),
		TEST(huge_answers_cost_no_more_than_the_limit),
		TEST(random_answers_never_harm),
		TEST(record_of_its_own_is_read_when_it_is_needed),
		TEST(record_that_changes_under_a_session_is_not_mixed_in),
		TEST(device_that_may_no_more_gets_nothing),
		TEST(device_of_a_profile_keeps_what_it_began_with),
		TEST(lean_session_falls_back_as_others_do),
	};

	return cmocka_run_group_tests(tests, open_rig, close_rig);
}
