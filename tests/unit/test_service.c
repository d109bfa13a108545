#include "test_bootstrap_rig.h"

#include <malloc.h>

#include "bootstrap/request_priv.h"
#include "bootstrap/session_priv.h"
#include "lwm2m/format.h"
#include "store/history.h"

/* The requests a service answers, its table of sessions, and what the operator asks of it. */

static struct rig rig;
static struct service *svc;
static unsigned nended;
static char last_reason[32], last_endpoint[300];

static void
ended(void *arg, const struct history *h)
{
	(void)arg;
	nended++;
	snprintf(last_reason, sizeof(last_reason), "%s", h->reason);
	snprintf(last_endpoint, sizeof(last_endpoint), "%s", h->endpoint);
}

static int
setup(void **state)
{
	struct service_opts o = { .session_timeout_ms = 93000, .max_sessions = 20000, .refusals_per_s = 5,
		.worker = 3, .observer = { NULL, ended, NULL } };

	(void)state;
	rig_open(&rig);
	o.loop = rig.loop;
	o.reader = rig.reader;
	o.resolver = rig.resolver;
	o.defs = rig.defs;
	rig_profile(&rig, "{'profile':'p','match':['dev-*'],'auth':{'none':true},'config':" RIG_CONFIG "}");
	assert_int_equal(service_new(&o, &svc), ERR_OK);
	nended = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	service_free(svc);
	rig_close(&rig);
	return 0;
}

/* Links stand on the stacks of tests, so each one ends its sessions. */
static void stop_all(void);

/* POST /bs with these queries (NULL-terminated); runs reply.then as the exchange layer does. */
static struct exchange_reply
post(struct link *l, const char *const *queries)
{
	struct msg m = { .type = MSG_CON, .code = MSG_POST };
	struct exchange_incoming in = { .code = MSG_POST, .confirmable = true, .msg = &m, .accept = -1,
		.content_format = -1 };
	struct exchange_reply reply = { 0 };

	assert_int_equal(msg_add(&m, OPT_URI_PATH, "bs", 2), ERR_OK);
	for (; *queries != NULL; queries++)
		assert_int_equal(msg_add(&m, OPT_URI_QUERY, *queries, strlen(*queries)), ERR_OK);
	service_handle(svc, l, &in, &reply);
	if (reply.then != NULL)
		reply.then(reply.then_arg, l);
	return reply;
}

static struct exchange_reply
ask(struct link *l, const char *ep)
{
	char text[300];

	snprintf(text, sizeof(text), "ep=%s", ep);
	return post(l, (const char *const[]){ text, NULL });
}

static uint8_t
simple(uint8_t method, const char *path)
{
	struct msg m = { .type = MSG_CON, .code = method };
	struct exchange_incoming in = { .code = method, .msg = &m, .accept = -1, .content_format = -1 };
	struct exchange_reply reply = { 0 };
	struct link l = make_link("192.0.2.1:1", NULL);

	if (*path != '\0')
		assert_int_equal(msg_add(&m, OPT_URI_PATH, path, strlen(path)), ERR_OK);
	service_handle(svc, &l, &in, &reply);
	return reply.code;
}

static void
only_bs_and_bspack_are_here(void **state)
{
	(void)state;
	assert_int_equal(simple(MSG_GET, "bspack"), MSG_NOT_IMPLEMENTED);
	assert_int_equal(simple(MSG_POST, "bspack"), MSG_METHOD_NOT_ALLOWED);
	assert_int_equal(simple(MSG_GET, "bs"), MSG_METHOD_NOT_ALLOWED);
	assert_int_equal(simple(MSG_PUT, "bs"), MSG_METHOD_NOT_ALLOWED);
	assert_int_equal(simple(MSG_DELETE, "bs"), MSG_METHOD_NOT_ALLOWED);
	assert_int_equal(simple(MSG_CODE(0, 5), "bs"), MSG_METHOD_NOT_ALLOWED);
	assert_int_equal(simple(MSG_GET, ""), MSG_NOT_FOUND);
	assert_int_equal(simple(MSG_POST, "rd"), MSG_NOT_FOUND);
	assert_int_equal(counter_get(&service_stats(svc)->pack_requests), 2);
	assert_int_equal(counter_get(&service_stats(svc)->requests), 0);
}

static const char *
read_request(struct bs_request *ret, const void *query, size_t len, const char *second)
{
	struct msg m = { 0 };

	assert_int_equal(msg_add(&m, OPT_URI_QUERY, query, len), ERR_OK);
	if (second != NULL)
		assert_int_equal(msg_add(&m, OPT_URI_QUERY, second, strlen(second)), ERR_OK);
	return bs_request_read(&m, ret);
}
#define READ(text, second) read_request(&r, text, sizeof(text) - 1, second)

static void
query_is_read_as_it_stands(void **state)
{
	struct bs_request r;
	char longest[260];

	(void)state;
	assert_null(READ("ep=dev-1", "pct=112"));
	assert_true(r.has_ep);
	assert_string_equal(r.ep, "dev-1");
	assert_int_equal(r.pct, 112);
	assert_null(READ("pct=11542", "ep=a=b&c%20d"));
	assert_string_equal(r.ep, "a=b&c%20d");
	assert_null(READ("ep=", "lwm2m=1.1"));
	assert_false(r.has_ep);
	assert_int_equal(r.pct, -1);
	assert_null(READ("ep", NULL));
	assert_false(r.has_ep);
	assert_null(READ("epx=1", "xep=2"));
	assert_false(r.has_ep);
	assert_null(READ("pct=0000000000000112", NULL));
	assert_int_equal(r.pct, 112);
	assert_null(READ("pct=99999999999999999999", NULL));
	assert_int_equal(r.pct, 65536);
	assert_null(READ("", NULL));

	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "ep=", 3);
	assert_null(read_request(&r, longest, 255, NULL));
	assert_int_equal(strlen(r.ep), 252);
	assert_non_null(read_request(&r, longest, 256, NULL));
}

static void
query_that_makes_no_sense_is_refused(void **state)
{
	struct bs_request r;

	(void)state;
	assert_non_null(READ("ep=a", "ep=a"));
	assert_non_null(READ("ep=", "ep=a"));
	assert_non_null(READ("pct=1", "pct=1"));
	assert_non_null(READ("pct=", NULL));
	assert_non_null(READ("pct", NULL));
	assert_non_null(READ("pct=-1", NULL));
	assert_non_null(READ("pct=1x", NULL));
	assert_non_null(READ("pct= 1", NULL));
	assert_non_null(READ("ep=a\0b", NULL));
	assert_non_null(READ("ep=\xc3\x28", NULL));
}

static void
formats_that_are_written_are_served(void **state)
{
	static const int all[] = { 110, 112, 11542, 11544, 0, 42, 60, 1542, 11543, 40, 65535 };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct link l = make_link("192.0.2.1:1", NULL);
		char pct[16];
		bool served = i < 4 && format_can_encode(all[i]);

		snprintf(pct, sizeof(pct), "pct=%d", all[i]);
		struct exchange_reply r = post(&l, (const char *const[]){ "ep=dev-1", pct, NULL });
		assert_int_equal(r.code, served ? MSG_CHANGED : MSG_UNSUPPORTED_FORMAT);
		stop_all();
	}
}

static void
request_starts_a_session_only_after_its_answer(void **state)
{
	struct link l = make_link("192.0.2.1:1", NULL);
	struct msg m = { .type = MSG_CON, .code = MSG_POST };
	struct exchange_incoming in = { .code = MSG_POST, .msg = &m, .accept = -1, .content_format = -1 };
	struct exchange_reply reply = { 0 };

	(void)state;
	assert_int_equal(msg_add(&m, OPT_URI_PATH, "bs", 2), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_QUERY, "ep=dev-1", 8), ERR_OK);
	service_handle(svc, &l, &in, &reply);
	assert_int_equal(reply.code, MSG_CHANGED);
	assert_false(reply.separate || reply.silent);
	assert_int_equal(reply.payload_len, 0);
	assert_int_equal(l.nrequests, 0);
	reply.then(reply.then_arg, &l);
	assert_int_equal(l.nrequests, 1);
	stop_all();
}

static void
one_peer_has_one_session(void **state)
{
	struct link l = make_link("192.0.2.1:1", NULL);

	(void)state;
	assert_int_equal(ask(&l, "dev-1").code, MSG_CHANGED);
	assert_int_equal(ask(&l, "dev-2").code, MSG_CHANGED);
	assert_int_equal(service_live(svc), 1);
	assert_string_equal(last_endpoint, "dev-1");
	assert_string_equal(last_reason, "superseded");
	stop_all();
}

static void
sessions_are_found_by_id(void **state)
{
	struct link a = make_link("192.0.2.1:1", NULL), b = make_link("192.0.2.2:1", NULL);
	struct session_info info;
	uint64_t id;

	(void)state;
	(void)ask(&a, "dev-1");
	(void)ask(&b, "dev-2");
	id = sessions_by_name(&svc->sessions, "dev-2")->id;
	assert_int_equal(id >> 48, 3);
	assert_int_equal(service_find(svc, id, &info), ERR_OK);
	assert_string_equal(info.endpoint, "dev-2");
	assert_string_equal(info.peer, "192.0.2.2:1");
	assert_int_equal(service_find(svc, id + 1, &info), ERR_NOTFOUND);
	assert_int_equal(service_cancel(svc, id + 1, ERR_CANCELLED), ERR_NOTFOUND);
	assert_int_equal(service_cancel(svc, id, ERR_CANCELLED), ERR_OK);
	assert_string_equal(last_reason, "cancelled");
	assert_int_equal(service_cancel(svc, id, ERR_CANCELLED), ERR_NOTFOUND);
	assert_int_equal(service_cancel(svc, id - 1, ERR_REPLACED), ERR_OK);	/* by another worker's */
	assert_string_equal(last_reason, "superseded");
	assert_int_equal(service_live(svc), 0);
}

static void
newer_session_elsewhere_follows_the_same_rules(void **state)
{
	struct link a = make_link("192.0.2.1:1", NULL);
	uint64_t id;

	(void)state;
	(void)ask(&a, "dev-1");
	id = sessions_by_name(&svc->sessions, "dev-1")->id;
	assert_int_equal(service_supersede(svc, id + 1, "192.0.2.1:2", false), ERR_NOTFOUND);
	assert_int_equal(service_supersede(svc, id, "192.0.2.9:1", false), ERR_BUSY);
	assert_int_equal(service_supersede(svc, id, "nonsense", false), ERR_BUSY);
	assert_int_equal(service_live(svc), 1);
	assert_int_equal(service_supersede(svc, id, "192.0.2.1:2", false), ERR_OK);
	assert_string_equal(last_reason, "superseded");
	(void)ask(&a, "dev-1");
	id = sessions_by_name(&svc->sessions, "dev-1")->id;
	assert_int_equal(service_supersede(svc, id, "192.0.2.9:1", true), ERR_OK);
}

static void
link_that_goes_without_a_request_ends_its_session(void **state)
{
	struct link l = make_link("192.0.2.1:1", NULL);

	(void)state;
	(void)ask(&l, "dev-1");
	l.outstanding = false;		/* as if told already, and the session still there */
	service_link_gone(svc, &l, ERR_CLOSED);
	assert_int_equal(service_live(svc), 0);
	service_link_gone(svc, &l, ERR_CLOSED);
	assert_int_equal(nended, 1);
}

static void
policy_may_change_while_it_runs(void **state)
{
	struct link l = make_link("192.0.2.1:1", NULL);

	(void)state;
	assert_int_equal(ask(&l, "stranger").code, MSG_BAD_REQUEST);
	service_policy(svc, 1000, SERVICE_IGNORE, false);
	assert_true(ask(&l, "stranger").silent);
	assert_int_equal(counter_get(&service_stats(svc)->refused_unknown_endpoint), 2);
}

static void
drained_service_answers_nobody(void **state)
{
	struct link l = make_link("192.0.2.1:1", NULL);

	(void)state;
	service_drain(svc);
	assert_true(ask(&l, "dev-1").silent);
	assert_true(ask(&l, "stranger").silent);
	assert_int_equal(service_live(svc), 0);
}

static size_t
heap_used(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks;
}

enum { MANY = 10000 };

/* The figure for the memory of a session: told, and judged by a bound far above it only. */
static struct link *
start_many(const char *prefix)
{
	struct link *links = calloc(MANY, sizeof(*links));
	char address[32], ep[32];
	size_t before, waiting, planned;

	assert_non_null(links);
	for (int i = 0; i < MANY; i++) {
		snprintf(address, sizeof(address), "10.0.%d.%d:1000", i / 200, i % 200);
		links[i] = make_link(address, NULL);
	}
	before = heap_used();
	for (int i = 0; i < MANY; i++) {
		snprintf(ep, sizeof(ep), "%s%06d", prefix, i);
		assert_int_equal(ask(&links[i], ep).code, MSG_CHANGED);
	}
	waiting = (heap_used() - before) / MANY;
	for (int i = 0; i < MANY; i++)
		answer(&links[i], MSG_CONTENT, "</>;lwm2m=1.1,</0/0>");
	planned = (heap_used() - before) / MANY;
	print_message("# bytes of a session '%s': %zu before its plan, %zu with it\n", prefix, waiting,
	    planned);
	assert_true(planned == 0 || planned < 8192);	/* a sanitizer's heap tells nothing */
	return links;
}

static void
stop_all(void)
{
	while (service_live(svc) > 0)
		session_stop(sessions_any(&svc->sessions), ERR_CANCELLED, NULL);
}

static void
session_of_a_record_of_its_own_has_a_bounded_size(void **state)
{
	char record[300];
	struct link *links;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(record, sizeof(record),
		    "{'endpoint':'own-%06d','auth':{'none':true},'config':" RIG_CONFIG "}", i);
		rig_endpoint(&rig, record);
	}
	links = start_many("own-");
	stop_all();
	free(links);
}

static void
ten_thousand_sessions_live_side_by_side(void **state)
{
	enum { N = MANY };
	struct link *links = start_many("dev-");
	char ep[32];

	(void)state;
	assert_int_equal(service_live(svc), N);
	assert_int_equal(counter_get(&service_stats(svc)->sessions), N);
	for (int i = 0; i < N; i++) {
		snprintf(ep, sizeof(ep), "dev-%06d", i);
		const struct session *s = sessions_by_name(&svc->sessions, ep);
		assert_non_null(s);
		assert_ptr_equal(sessions_by_id(&svc->sessions, s->id), s);
		assert_ptr_equal(sessions_by_link(&svc->sessions, &links[i]), s);
	}
	stop_all();
	assert_int_equal(nended, N);
	free(links);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_bs_and_bspack_are_here),
		TEST(query_is_read_as_it_stands),
		TEST(query_that_makes_no_sense_is_refused),
		TEST(formats_that_are_written_are_served),
		TEST(request_starts_a_session_only_after_its_answer),
		TEST(one_peer_has_one_session),
		TEST(sessions_are_found_by_id),
		TEST(newer_session_elsewhere_follows_the_same_rules),
		TEST(link_that_goes_without_a_request_ends_its_session),
		TEST(policy_may_change_while_it_runs),
		TEST(drained_service_answers_nobody),
		TEST(session_of_a_record_of_its_own_has_a_bounded_size),
		TEST(ten_thousand_sessions_live_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
