#include "test_store_util.h"

#include "store/history.h"
#include "store/store_priv.h"

struct page {
	char	text[512];
	int	n, most;
};

static bool
add_name(void *arg, const struct endpoint_item *it)
{
	struct page *pg = arg;
	size_t len = strlen(pg->text);

	(void)snprintf(pg->text + len, sizeof(pg->text) - len, "%s%s:%s%s", len > 0 ? " " : "", it->endpoint,
	    it->profile != NULL ? it->profile : "-", it->enabled ? "" : "!");
	return ++pg->n < pg->most;
}

static void
expect(struct store *st, struct endpoint_filter f, const char *want)
{
	struct page pg = { .most = 100 };

	if (f.limit == 0)
		f.limit = 100;
	assert_int_equal(store_endpoint_list(st, &f, add_name, &pg), ERR_OK);
	assert_string_equal(pg.text, want);
}

static void
ended(struct store *st, const char *endpoint, enum history_result r)
{
	int64_t seq;

	assert_int_equal(store_history_add(st, &(struct history){ .endpoint = endpoint, .peer = "p",
	    .scheme = "coap", .reason = "", .cause = "", .result = r, .format = -1, .known = true },
	    &seq), ERR_OK);
}

static void
fill(struct place *p)
{
	place_open(p, NULL);
	assert_int_equal(put(p->st, "b2", "eu"), ERR_OK);
	assert_int_equal(put(p->st, "a1", "us"), ERR_OK);
	assert_int_equal(put(p->st, "b10", NULL), ERR_OK);
	assert_int_equal(put(p->st, "b1", "eu"), ERR_OK);
	assert_int_equal(put_keys(p->st, &(struct endpoint_keys){ .endpoint = "c", .profile = "eu" }, NULL),
	    ERR_OK);
}

static void
pages_come_in_order_of_name(void **state)
{
	struct place *p = *state;

	fill(p);
	expect(p->st, (struct endpoint_filter){ 0 }, "a1:us b1:eu b10:- b2:eu c:eu!");
	expect(p->st, (struct endpoint_filter){ .limit = 2 }, "a1:us b1:eu");
	expect(p->st, (struct endpoint_filter){ .limit = 2, .after = "b1" }, "b10:- b2:eu");
	expect(p->st, (struct endpoint_filter){ .limit = 2, .after = "b2" }, "c:eu!");
	expect(p->st, (struct endpoint_filter){ .limit = 2, .after = "c" }, "");
	expect(p->st, (struct endpoint_filter){ .after = "b" }, "b1:eu b10:- b2:eu c:eu!");
}

static void
filters_go_together(void **state)
{
	struct place *p = *state;

	fill(p);
	expect(p->st, (struct endpoint_filter){ .prefix = "b" }, "b1:eu b10:- b2:eu");
	expect(p->st, (struct endpoint_filter){ .prefix = "b", .after = "b1" }, "b10:- b2:eu");
	expect(p->st, (struct endpoint_filter){ .prefix = "b1", .after = "a" }, "b1:eu b10:-");
	expect(p->st, (struct endpoint_filter){ .prefix = "x" }, "");
	expect(p->st, (struct endpoint_filter){ .profile = "eu" }, "b1:eu b2:eu c:eu!");
	expect(p->st, (struct endpoint_filter){ .profile = "eu", .prefix = "b", .after = "b1" }, "b2:eu");
	expect(p->st, (struct endpoint_filter){ .profile = "none" }, "");
}

static void
state_filter_finds_the_devices_in_it(void **state)
{
	struct place *p = *state;

	fill(p);
	ended(p->st, "b1", HISTORY_FINISHED);
	ended(p->st, "b2", HISTORY_FINISHED);
	ended(p->st, "a1", HISTORY_FAILED);
	for (int i = 0; i < 20; i++) {		/* devices without a record of their own */
		char name[16];

		(void)snprintf(name, sizeof(name), "b1-%02d", i);
		ended(p->st, name, HISTORY_FINISHED);
	}
	expect(p->st, (struct endpoint_filter){ .state = "finished" }, "b1:eu b2:eu");
	expect(p->st, (struct endpoint_filter){ .state = "finished", .limit = 1 }, "b1:eu");
	expect(p->st, (struct endpoint_filter){ .state = "finished", .after = "b1" }, "b2:eu");
	expect(p->st, (struct endpoint_filter){ .state = "finished", .prefix = "b2" }, "b2:eu");
	expect(p->st, (struct endpoint_filter){ .state = "finished", .profile = "us" }, "");
	expect(p->st, (struct endpoint_filter){ .state = "failed" }, "a1:us");
	expect(p->st, (struct endpoint_filter){ .state = "new" }, "b10:- c:eu!");
	expect(p->st, (struct endpoint_filter){ .state = "new", .profile = "eu" }, "c:eu!");
	expect(p->st, (struct endpoint_filter){ .state = "no-such" }, "");
	assert_int_equal(store_endpoint_remove(p->st, "b1"), ERR_OK);
	expect(p->st, (struct endpoint_filter){ .state = "finished" }, "b2:eu");
}

static void
callback_stops_a_listing(void **state)
{
	struct place *p = *state;
	struct page pg = { .most = 1 };

	fill(p);
	assert_int_equal(store_endpoint_list(p->st, &(struct endpoint_filter){ .limit = 9 }, add_name, &pg),
	    ERR_OK);
	assert_string_equal(pg.text, "a1:us");
	pg = (struct page){ .most = 1 };
	assert_int_equal(store_endpoint_list(p->st, &(struct endpoint_filter){ .limit = 9, .state = "new" },
	    add_name, &pg), ERR_OK);
	assert_string_equal(pg.text, "a1:us");
	assert_int_equal(store_endpoint_list(p->st, &(struct endpoint_filter){ .limit = 0 }, add_name, &pg),
	    ERR_OK);
	assert_int_equal(pg.n, 1);
}

/* What SQLite would do for 'sql', into 'plan'. */
static void
explain(sqlite3 *db, const char *sql, char *plan, size_t cap)
{
	char text[1024];
	sqlite3_stmt *s = NULL;

	(void)snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	plan[0] = '\0';
	while (sqlite3_step(s) == SQLITE_ROW) {
		size_t len = strlen(plan);

		(void)snprintf(plan + len, cap - len, "%s; ", (const char *)sqlite3_column_text(s, 3));
	}
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
}

static void
no_statement_scans_or_sorts(void **state)
{
	struct place *p = *state;
	char plan[512];

	place_open(p, NULL);
	for (size_t i = ST_TALLY_SET; i < STORE_NSTMTS; i++) {
		if (i == ST_OBJECT_PROFILE || i == ST_OBJECT_ENDPOINT)
			continue;	/* look through so many rows, when a definition is removed */
		if (i == ST_PROFILE_LIST || i == ST_OBJECT_LIST)
			continue;	/* is asked for all of them */
		explain(p->st->db, store_sql[i], plan, sizeof(plan));
		if (strstr(plan, "SCAN") != NULL || strstr(plan, "TEMP B-TREE") != NULL)
			fail_msg("%s: %s", store_sql[i], plan);
	}
	explain(p->st->db, store_sql[ST_LIST_STATE], plan, sizeof(plan));
	assert_non_null(strstr(plan, "COVERING INDEX device_state"));	/* it would say so */
	explain(p->st->db, "SELECT * FROM endpoint WHERE json = ''", plan, sizeof(plan));
	assert_non_null(strstr(plan, "SCAN"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(pages_come_in_order_of_name),
		test_place(filters_go_together),
		test_place(state_filter_finds_the_devices_in_it),
		test_place(callback_stops_a_listing),
		test_place(no_statement_scans_or_sorts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
