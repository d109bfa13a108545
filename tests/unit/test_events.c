#include "test_store_util.h"

#include "store/history.h"

static int64_t
add(struct store *st, const char *type, const char *endpoint)
{
	json_t *body = json_pack("{s:s}", "key", "value");
	int64_t seq = 0;

	assert_int_equal(store_event_add(st, type, endpoint, 1767323045678, body, &seq), ERR_OK);
	json_decref(body);
	return seq;
}

static int64_t
ended(struct store *st, const struct history *h)
{
	int64_t seq = 0;

	assert_int_equal(store_history_add(st, h, &seq), ERR_OK);
	return seq;
}

static int64_t
ended_as(struct store *st, const char *endpoint, enum history_result r)
{
	return ended(st, &(struct history){ .endpoint = endpoint, .peer = "p", .scheme = "coap",
	    .reason = "", .cause = "", .result = r, .format = -1, .known = true,
	    .started_ms = 1000, .duration_ms = 234 });
}

static void
expect_state(struct store *st, const char *endpoint, const char *state, uint16_t lwm2m, int format)
{
	struct device_state d;

	assert_int_equal(store_device(st, endpoint, &d), ERR_OK);
	assert_string_equal(d.state, state);
	assert_int_equal(d.lwm2m, lwm2m);
	assert_int_equal(d.format, format);
}

struct seen {
	int	 n, most;
	int64_t	 seq[300];
	json_t	*last;
};

static bool
see(void *arg, int64_t seq, const char *text, size_t len)
{
	struct seen *s = arg;

	json_decref(s->last);
	s->last = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(s->last);
	assert_int_equal(json_integer_value(json_object_get(s->last, "seq")), seq);
	s->seq[s->n++] = seq;
	return s->most == 0 || s->n < s->most;
}

static struct seen
read_events(struct store *st, int64_t after, uint32_t limit)
{
	struct seen s = { 0 };

	assert_int_equal(store_event_read(st, after, limit, see, &s), ERR_OK);
	return s;
}

static void
events_are_read_once_committed(void **state)
{
	struct place *p = *state;
	struct seen s;

	place_open(p, NULL);
	assert_int_equal(store_event_last(p->st), 0);
	assert_int_equal(store_event_first(p->st), 0);
	assert_int_equal(add(p->st, "one", NULL), 1);
	assert_int_equal(add(p->st, "two", "dev"), 2);
	s = read_events(p->st, 0, 100);
	assert_int_equal(s.n, 0);
	assert_int_equal(store_event_last(p->st), 0);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(add(p->st, "three", NULL), 3);
	assert_int_equal(store_event_last(p->st), 2);
	assert_int_equal(store_event_first(p->st), 1);
	s = read_events(p->st, 0, 100);
	assert_int_equal(s.n, 2);
	json_decref(s.last);
	s = read_events(p->st, 1, 100);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.seq[0], 2);
	json_decref(s.last);
	s = read_events(p->st, 0, 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.seq[0], 1);
	json_decref(s.last);
}

static void
event_text_has_number_type_and_time(void **state)
{
	struct place *p = *state;
	json_t *body = json_pack("{s:i, s:s, s:s, s:s, s:[b]}", "seq", 99, "type", "no", "endpoint", "no",
	    "time", "no", "list", 1), *want;
	struct seen s;
	int64_t seq;

	place_open(p, NULL);
	assert_int_equal(store_event_add(p->st, "x.y", "d\"\xff", 1767323045678, body, &seq), ERR_OK);
	assert_int_equal(json_object_size(body), 5);	/* was only read */
	assert_int_equal(store_commit(p->st), ERR_OK);
	s = read_events(p->st, 0, 9);
	want = json_pack("{s:i, s:s, s:s, s:s, s:[b]}", "seq", 1, "type", "x.y",
	    "time", "2026-01-02T03:04:05.678Z", "endpoint", "d\"\xef\xbf\xbd", "list", 1);
	assert_true(json_equal(s.last, want));
	json_decref(s.last);
	json_decref(want);

	assert_int_equal(json_object_clear(body), 0);
	assert_int_equal(store_event_add(p->st, "x", NULL, 0, body, &seq), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	s = read_events(p->st, 1, 9);
	assert_int_equal(json_object_size(s.last), 3);
	json_decref(s.last);
	json_decref(body);
}

static void
heard(void *arg, int64_t last_seq)
{
	*(int64_t *)arg = last_seq;
}

static void
listener_hears_of_commits_with_events(void **state)
{
	struct place *p = *state;
	int64_t last = -1;

	place_open(p, NULL);
	store_set_listener(p->st, heard, &last);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(last, -1);
	(void)add(p->st, "a", NULL);
	(void)add(p->st, "b", NULL);
	assert_int_equal(last, -1);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(last, 2);
}

static void
undone_events_give_their_numbers_back(void **state)
{
	struct place *p = *state;
	struct seen s;

	place_open(p, NULL);
	assert_int_equal(add(p->st, "a", NULL), 1);
	assert_int_equal(store_mark(p->st), ERR_OK);
	assert_int_equal(add(p->st, "b", NULL), 2);
	assert_int_equal(store_undo_to_mark(p->st), ERR_OK);
	assert_int_equal(add(p->st, "c", NULL), 2);
	assert_int_equal(store_commit(p->st), ERR_OK);
	s = read_events(p->st, 0, 9);
	assert_int_equal(s.n, 2);
	assert_string_equal(json_string_value(json_object_get(s.last, "type")), "c");
	json_decref(s.last);
}

static void
history_is_read_newest_first(void **state)
{
	struct place *p = *state;
	struct seen s = { 0 };

	place_open(p, NULL);
	assert_int_equal(ended_as(p->st, "a", HISTORY_FINISHED), 1);
	assert_int_equal(add(p->st, "other", "a"), 2);
	assert_int_equal(ended_as(p->st, "b", HISTORY_FAILED), 3);
	assert_int_equal(ended_as(p->st, "a", HISTORY_CANCELLED), 4);
	assert_int_equal(store_history_read(p->st, NULL, 0, 9, see, &s), ERR_OK);
	assert_int_equal(s.n, 3);
	assert_true(s.seq[0] == 4 && s.seq[1] == 3 && s.seq[2] == 1);
	assert_string_equal(json_string_value(json_object_get(s.last, "type")), "session.finished");
	assert_string_equal(json_string_value(json_object_get(s.last, "endpoint")), "a");
	assert_string_equal(json_string_value(json_object_get(s.last, "result")), "finished");
	assert_string_equal(json_string_value(json_object_get(s.last, "time")), "1970-01-01T00:00:01.234Z");
	json_decref(s.last);
	s = (struct seen){ 0 };
	assert_int_equal(store_history_read(p->st, "a", 0, 9, see, &s), ERR_OK);
	assert_true(s.n == 2 && s.seq[0] == 4 && s.seq[1] == 1);
	json_decref(s.last);
	s = (struct seen){ .most = 1 };
	assert_int_equal(store_history_read(p->st, "a", 4, 9, see, &s), ERR_OK);
	assert_true(s.n == 1 && s.seq[0] == 1);
	json_decref(s.last);
}

static void
state_is_how_the_last_session_ended(void **state)
{
	struct place *p = *state;
	struct device_state d;

	place_open(p, NULL);
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	expect_state(p->st, "a", "new", 0, -1);
	expect_state(p->st, "never", "new", 0, -1);
	(void)ended_as(p->st, "a", HISTORY_FAILED);
	expect_state(p->st, "a", "failed", 0, -1);
	assert_int_equal(store_device(p->st, "a", &d), ERR_OK);
	assert_int_equal(d.at_ms, 1234);
	(void)ended_as(p->st, "a", HISTORY_FINISHED);
	(void)ended_as(p->st, "a", HISTORY_FINISHED);
	expect_state(p->st, "a", "finished", 0, -1);
	(void)ended_as(p->st, "a", HISTORY_SUPERSEDED);		/* told late, by another worker */
	expect_state(p->st, "a", "finished", 0, -1);
	(void)ended_as(p->st, "a", HISTORY_CANCELLED);
	expect_state(p->st, "a", "cancelled", 0, -1);
	(void)ended_as(p->st, "a", HISTORY_REFUSED);
	expect_state(p->st, "a", "refused", 0, -1);
	(void)ended_as(p->st, "by-profile", HISTORY_FINISHED);	/* no record of its own */
	expect_state(p->st, "by-profile", "finished", 0, -1);
	assert_int_equal(store_endpoint_remove(p->st, "a"), ERR_OK);
	expect_state(p->st, "a", "new", 0, -1);
}

static void
strangers_leave_no_state(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(ended(p->st, &(struct history){ .endpoint = "x", .peer = "p", .scheme = "coap",
	    .reason = "unknown-endpoint", .cause = "c", .result = HISTORY_REFUSED, .format = -1 }), 1);
	assert_int_equal(ended(p->st, &(struct history){ .peer = "p", .scheme = "coap", .reason = "",
	    .cause = "", .result = HISTORY_REFUSED, .format = -1, .known = true }), 2);
	expect_state(p->st, "x", "new", 0, -1);
}

static void
lessons_stay_until_a_newer_one(void **state)
{
	struct place *p = *state;
	struct history h = { .endpoint = "a", .peer = "p", .scheme = "coap", .reason = "", .cause = "",
		.result = HISTORY_FINISHED, .lwm2m = 0x0101, .format = 112, .format_learnt = true,
		.known = true };

	place_open(p, NULL);
	(void)ended(p->st, &h);
	expect_state(p->st, "a", "finished", 0x0101, 112);
	h.format_learnt = false;
	h.format = 11542;
	h.lwm2m = 0;
	(void)ended(p->st, &h);				/* same state */
	expect_state(p->st, "a", "finished", 0x0101, 112);
	h.result = HISTORY_FAILED;
	(void)ended(p->st, &h);				/* another state */
	expect_state(p->st, "a", "failed", 0x0101, 112);
	h.result = HISTORY_SUPERSEDED;
	h.format_learnt = true;
	h.lwm2m = 0x0102;
	(void)ended(p->st, &h);
	expect_state(p->st, "a", "failed", 0x0102, 11542);
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);	/* a record for it changes none of this */
	expect_state(p->st, "a", "failed", 0x0102, 11542);
}

static void
old_events_go_in_small_steps(void **state)
{
	struct place *p = *state;
	struct seen s;

	place_open(p, NULL);
	for (int i = 0; i < 250; i++)
		(void)add(p->st, "x", NULL);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(store_event_first(p->st), 1);	/* no limit: all are kept */
	place_close(p);

	place_open(p, &(struct store_opts){ .history_max = 10 });
	assert_int_equal(store_event_first(p->st), 1);
	assert_int_equal(add(p->st, "x", NULL), 251);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_in_range(store_event_first(p->st), 2, 100);	/* not all at once */
	for (int i = 0; i < 10; i++) {
		(void)add(p->st, "x", NULL);
		assert_int_equal(store_commit(p->st), ERR_OK);
	}
	assert_int_equal(store_event_last(p->st), 261);
	assert_int_equal(store_event_first(p->st), 252);
	s = read_events(p->st, 0, 300);
	assert_int_equal(s.n, 10);
	assert_int_equal(s.seq[0], 252);
	json_decref(s.last);
	place_close(p);
	place_open(p, NULL);
	assert_int_equal(store_event_first(p->st), 252);
	assert_int_equal(store_event_last(p->st), 261);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(events_are_read_once_committed),
		test_place(event_text_has_number_type_and_time),
		test_place(listener_hears_of_commits_with_events),
		test_place(undone_events_give_their_numbers_back),
		test_place(history_is_read_newest_first),
		test_place(state_is_how_the_last_session_ended),
		test_place(strangers_leave_no_state),
		test_place(lessons_stay_until_a_newer_one),
		test_place(old_events_go_in_small_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
