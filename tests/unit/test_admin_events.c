/* event.*, history, session.*, status: what is told, to whom, and when it cannot keep up. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

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

/* The next event; fails when it is anything else. Returned owned. */
static json_t *
next_event(struct client *from)
{
	json_t *message = client_next(from), *event;

	assert_non_null(message);
	assert_string_equal(text_of(message, "method"), "event");
	assert_null(json_object_get(message, "id"));
	event = json_incref(json_object_get(message, "params"));
	json_decref(message);
	return event;
}

static void
set_profile(struct client *by, int i)
{
	char params[64];

	snprintf(params, sizeof(params), "{'profile':'p%d'}", i);
	client_does(by, "profile.set", params);
}

static void
changes_are_told_with_who_made_them(void **state)
{
	struct client by;
	json_t *e;

	client_does(&c, "event.subscribe", "{}");
	client_open(*state, &by);
	client_does(&by, "endpoint.set", "{'endpoint':'a','auth':" RIG_PSK "}");
	client_does(&by, "endpoint.remove", "{'endpoint':'a'}");
	client_does(&by, "profile.set", "{'profile':'p'}");
	client_does(&by, "profile.remove", "{'profile':'p'}");
	static const char *const types[] = { "endpoint.set", "endpoint.removed", "profile.set",
		"profile.removed" };
	for (size_t i = 0; i < 4; i++) {
		e = next_event(&c);
		assert_string_equal(text_of(e, "type"), types[i]);
		assert_string_equal(text_of(e, i < 2 ? "endpoint" : "profile"), i < 2 ? "a" : "p");
		assert_int_equal(int_of(e, "uid"), getuid());
		assert_int_equal(int_of(e, "pid"), getpid());
		assert_int_equal(int_of(e, "seq"), i + 1);
		char *text = json_dumps(e, 0);
		assert_null(strstr(text, "000102"));
		free(text);
		json_decref(e);
	}
	client_close(&by);
}

static void
subscription_from_a_number_starts_behind_it(void **state)
{
	struct client late;
	json_t *e;

	for (int i = 0; i < 5; i++)
		set_profile(&c, i);
	client_open(*state, &late);
	json_t *v = client_result(&late, "event.subscribe", "{'from':3}");
	assert_int_equal(int_of(v, "last"), 5);
	assert_int_equal(int_of(v, "first"), 1);
	json_decref(v);
	for (int seq = 4; seq <= 5; seq++) {
		e = next_event(&late);
		assert_int_equal(int_of(e, "seq"), seq);
		json_decref(e);
	}
	client_close(&late);
	client_open(*state, &late);
	client_does(&late, "event.subscribe", "{'from':0}");
	e = next_event(&late);
	assert_int_equal(int_of(e, "seq"), 1);
	json_decref(e);
	client_close(&late);
	client_refused(&c, "event.subscribe", "{'from':6}", RPC_INVALID_PARAMS, "beyond-end", "/from");
	client_refused(&c, "event.subscribe", "{'from':-1}", RPC_INVALID_PARAMS, "out-of-range", "/from");
}

static void
one_connection_has_one_subscription(void **state)
{
	json_t *v;
	char params[64];

	(void)state;
	v = client_result(&c, "event.subscribe", "{}");
	client_refused(&c, "event.subscribe", "{}", RPC_CONFLICT, "exists", "");
	client_refused(&c, "event.unsubscribe", "{'subscription':99}", RPC_NOT_FOUND, "not-found",
	    "/subscription");
	snprintf(params, sizeof(params), "{'subscription':%d}", (int)int_of(v, "subscription"));
	json_decref(v);
	client_does(&c, "event.unsubscribe", params);
	client_refused(&c, "event.unsubscribe", "{}", RPC_NOT_FOUND, "not-found", "/subscription");
	set_profile(&c, 1);		/* the answer is the next thing that comes */
	client_does(&c, "status", "{}");
	client_does(&c, "event.subscribe", "{}");
}

/* Adds events that only fill the log. */
static void
fill_log(struct rig *r, int n)
{
	json_t *body = json_pack("{s:s}", "filler",
	    "01234567890123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567890123456789");
	int64_t seq;

	for (int i = 0; i < n; i++)
		assert_int_equal(store_event_add(r->store, "test.filler", NULL, 1700000000000, body, &seq),
		    ERR_OK);
	assert_int_equal(store_commit(r->store), ERR_OK);
	json_decref(body);
}

static void
slow_subscriber_loses_nothing_and_costs_little(void **state)
{
	struct rig *r = *state;
	const int n = 8000;
	json_t *e;

	client_does(&c, "event.subscribe", "{}");
	watch_want(c.watch, LOOP_NONE);
	for (int i = 0; i < n / 100; i++) {
		fill_log(r, 100);
		event_base_loop(loop_base(r->loop), EVLOOP_NONBLOCK);
		assert_true(evbuffer_get_length(bufferevent_get_output(r->admin->conns->bev)) <
		    OUTPUT_HIGH + 16384);
	}
	assert_true(r->admin->conns->cursor < n);	/* it waits: most still is in the log only */
	watch_want(c.watch, LOOP_READ);
	for (int seq = 1; seq <= n; seq++) {
		e = next_event(&c);
		assert_int_equal(int_of(e, "seq"), seq);
		json_decref(e);
	}
	client_does(&c, "status", "{}");
}

static void
subscriber_that_was_away_too_long_is_told_what_is_lost(void **state)
{
	struct rig *r = *state;
	json_t *e;
	int64_t first;

	/* the store keeps 100 events */
	client_close(&c);
	admin_free(r->admin);
	resolver_free(r->resolver);
	reader_free(r->reader);
	store_close(r->store);
	rig_open_store(r, 100);
	rig_start_admin(r);
	client_open(r, &c);
	for (int i = 0; i < 30; i++)
		fill_log(r, 100);
	first = store_event_first(r->store);
	assert_true(first > 11);
	client_does(&c, "event.subscribe", "{'from':10}");
	e = next_event(&c);
	assert_string_equal(text_of(e, "type"), RPC_EVENTS_LOST);
	assert_int_equal(int_of(e, "from"), 11);
	assert_int_equal(int_of(e, "to"), first - 1);
	json_decref(e);
	e = next_event(&c);
	assert_int_equal(int_of(e, "seq"), first);
	json_decref(e);
}

static void
history_goes_from_new_to_old(void **state)
{
	struct rig *r = *state;
	json_t *v, *entries;
	char params[64];

	client_does(&c, "endpoint.set", "{'endpoint':'a'}");
	rig_history(r, "a", HISTORY_FAILED);
	rig_history(r, "b", HISTORY_REFUSED);
	rig_history(r, "a", HISTORY_FINISHED);
	v = client_result(&c, "history", "{'endpoint':'a','limit':1}");
	entries = json_object_get(v, "entries");
	assert_int_equal(json_array_size(entries), 1);
	assert_string_equal(text_of(json_array_get(entries, 0), "result"), "finished");
	assert_int_equal(json_array_size(json_object_get(json_array_get(entries, 0), "steps")), 2);
	snprintf(params, sizeof(params), "{'endpoint':'a','after':%d}", (int)int_of(v, "next"));
	json_decref(v);
	v = client_result(&c, "history", params);
	entries = json_object_get(v, "entries");
	assert_int_equal(json_array_size(entries), 1);
	assert_string_equal(text_of(json_array_get(entries, 0), "result"), "failed");
	assert_true(json_is_null(json_object_get(v, "next")));
	json_decref(v);
	v = client_result(&c, "history", "{}");
	assert_int_equal(json_array_size(json_object_get(v, "entries")), 3);
	json_decref(v);
	v = client_result(&c, "endpoint.list", "{'state':'finished'}");
	assert_int_equal(json_array_size(json_object_get(v, "endpoints")), 1);
	assert_int_equal(strlen(text_of(json_array_get(json_object_get(v, "endpoints"), 0), "last")), 24);
	json_decref(v);
}

static void
sessions_are_listed_page_by_page(void **state)
{
	json_t *v;

	(void)state;
	v = client_result(&c, "session.list", "{'limit':2}");
	assert_int_equal(json_array_size(json_object_get(v, "sessions")), 2);
	assert_string_equal(text_of(v, "next"), "0000000000004f22");
	json_decref(v);
	v = client_result(&c, "session.list", "{'after':'0000000000004f22'}");
	assert_int_equal(json_array_size(json_object_get(v, "sessions")), 1);
	assert_true(json_is_null(json_object_get(v, "next")));
	json_decref(v);
}

static void
session_is_told_when_its_worker_has_answered(void **state)
{
	struct rig *r = *state;
	json_t *a;

	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'session.get','params':{'session':'4f21'}}");
	client_line(&c, "{'jsonrpc':'2.0','id':2,'method':'status'}");
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 2);		/* overtakes the one that waits */
	json_decref(a);
	r->reply(r->reply_arg, json_pack("{s:s}", "state", "applying"));
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 1);
	assert_string_equal(text_of(json_object_get(a, "result"), "state"), "applying");
	json_decref(a);

	client_line(&c, "{'jsonrpc':'2.0','id':3,'method':'session.get','params':{'session':'4f21'}}");
	client_does(&c, "status", "{}");
	r->reply(r->reply_arg, NULL);			/* it ended meanwhile */
	a = client_next(&c);
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_NOT_FOUND);
	json_decref(a);
	client_refused(&c, "session.get", "{'session':'1'}", RPC_NOT_FOUND, "not-found", "/session");
}

static void
session_is_cancelled_by_its_id(void **state)
{
	struct rig *r = *state;

	client_does(&c, "session.cancel", "{'session':'0000000000004f21'}");
	assert_true(r->cancelled == 0x4f21);
	client_refused(&c, "session.cancel", "{'session':5}", RPC_NOT_FOUND, "not-found", "/session");
}

static void
status_adds_store_and_admin_to_the_daemons(void **state)
{
	json_t *v, *store;

	(void)state;
	client_does(&c, "endpoint.set", "{'endpoint':'a'}");
	client_does(&c, "event.subscribe", "{}");
	v = client_result(&c, "status", "{}");
	store = json_object_get(v, "store");
	assert_int_equal(int_of(store, "endpoints"), 1);
	assert_int_equal(int_of(store, "profiles"), 0);
	assert_true(int_of(store, "schema_version") >= 1);
	assert_int_equal(int_of(json_object_get(store, "events"), "last"), 1);
	assert_int_equal(int_of(json_object_get(v, "admin"), "subscriptions"), 1);
	assert_string_equal(text_of(v, "version"), "9.9");
	json_decref(v);
}

/* docs/admin-api.md has a heading for each. */
static void
every_method_is_documented(void **state)
{
	char page[65536], heading[64];
	FILE *f = fopen("docs/admin-api.md", "r");
	size_t len, i;
	json_t *v, *m;

	(void)state;
	assert_non_null(f);
	len = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	assert_true(len < sizeof(page) - 1);
	page[len] = '\0';
	v = client_result(&c, "methods", "{}");
	json_array_foreach(json_object_get(v, "methods"), i, m) {
		snprintf(heading, sizeof(heading), "\n### %s", text_of(m, "name"));
		if (strstr(page, heading) == NULL)
			fail_msg("docs/admin-api.md does not describe %s", text_of(m, "name"));
	}
	json_decref(v);
}

static void
end_of_the_daemon_closes_and_removes_the_socket(void **state)
{
	struct rig *r = *state;
	struct call *waiting;

	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'session.get','params':{'session':'4f21'}}");
	client_line(&c, "{'jsonrpc':'2.0','id':2,'method':'profile.set','params':{'profile':'p'}}");
	while (r->admin->unsettled == 0)
		assert_true(event_base_loop(loop_base(r->loop), EVLOOP_ONCE) >= 0);
	admin_free(r->admin);
	r->admin = NULL;
	assert_int_equal(access(r->socket, F_OK), -1);
	/* what was on its way to the disk is there, and was answered */
	json_t *a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 2);
	assert_non_null(json_object_get(a, "result"));
	json_decref(a);
	assert_null(client_next(&c));
	waiting = r->reply_arg;
	r->reply(waiting, json_object());	/* to nobody */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(changes_are_told_with_who_made_them),
		T(subscription_from_a_number_starts_behind_it),
		T(one_connection_has_one_subscription),
		T(slow_subscriber_loses_nothing_and_costs_little),
		T(subscriber_that_was_away_too_long_is_told_what_is_lost),
		T(history_goes_from_new_to_old),
		T(sessions_are_listed_page_by_page),
		T(session_is_told_when_its_worker_has_answered),
		T(session_is_cancelled_by_its_id),
		T(status_adds_store_and_admin_to_the_daemons),
		T(every_method_is_documented),
		T(end_of_the_daemon_closes_and_removes_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
