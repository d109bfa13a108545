#include "test_store_util.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/loop.h"

static void
record_put_is_got_again(void **state)
{
	struct place *p = *state;
	const char *text = "{\"endpoint\":\"dev\\u00e9\",\"variables\":{\"z\":\"1\",\"a\":\"2\"},\"n\":1.5}";
	json_t *doc = json_loads(text, 0, NULL), *got = NULL;

	place_open(p, NULL);
	assert_int_equal(store_endpoint_put(p->st, &(struct endpoint_keys){ .endpoint = "dev\xc3\xa9" },
	    doc, NULL), ERR_OK);
	assert_true(store_dirty(p->st));
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_false(store_dirty(p->st));
	place_close(p);

	place_open(p, NULL);
	assert_int_equal(store_endpoint_get(p->st, "dev\xc3\xa9", &got), ERR_OK);
	assert_true(json_equal(doc, got));
	assert_string_equal(json_object_iter_key(json_object_iter(got)), "endpoint");
	assert_int_equal(count(p->st), 1);
	json_decref(doc);
	json_decref(got);
}

static void
unknown_names_are_not_found(void **state)
{
	struct place *p = *state;
	json_t *doc = NULL;

	place_open(p, NULL);
	assert_int_equal(store_endpoint_get(p->st, "x", &doc), ERR_NOTFOUND);
	assert_int_equal(store_profile_get(p->st, "x", &doc), ERR_NOTFOUND);
	assert_int_equal(store_endpoint_remove(p->st, "x"), ERR_NOTFOUND);
	assert_int_equal(store_profile_remove(p->st, "x"), ERR_NOTFOUND);
	assert_null(doc);
	assert_false(store_dirty(p->st));	/* a group of failures only is none */
	assert_string_equal(store_error(p->st), "");
}

static void
names_are_compared_octet_by_octet(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(put(p->st, "Dev", NULL), ERR_OK);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(put(p->st, "dev ", NULL), ERR_OK);
	assert_int_equal(count(p->st), 3);
	assert_false(has(p->st, "DEV"));
}

static void
put_replaces_and_remove_removes(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(put_psk(p->st, "a", "id-1", NULL), ERR_OK);
	assert_int_equal(put_psk(p->st, "a", "id-1", NULL), ERR_OK);
	assert_int_equal(put_psk(p->st, "a", "id-2", NULL), ERR_OK);
	assert_int_equal(count(p->st), 1);
	assert_int_equal(put_psk(p->st, "b", "id-1", NULL), ERR_OK);	/* free again */
	assert_int_equal(store_endpoint_remove(p->st, "a"), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_false(has(p->st, "a"));
	assert_true(has(p->st, "b"));
	assert_int_equal(count(p->st), 1);
}

static void
psk_identity_of_another_is_refused_with_its_name(void **state)
{
	struct place *p = *state;
	char other[256];

	place_open(p, NULL);
	assert_int_equal(put_psk(p->st, "a", "id", NULL), ERR_OK);
	assert_int_equal(put_psk(p->st, "b", "id-b", NULL), ERR_OK);
	assert_int_equal(put_psk(p->st, "c", "id", other), ERR_EXISTS);
	assert_string_equal(other, "a");
	assert_int_equal(put_psk(p->st, "b", "id", other), ERR_EXISTS);	/* a replacement, too */
	assert_string_equal(other, "a");
	assert_int_equal(put_psk(p->st, "c", "id", NULL), ERR_EXISTS);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_false(has(p->st, "c"));		/* the failed one is gone, the others stay */
	assert_true(has(p->st, "a"));
	assert_int_equal(count(p->st), 2);
}

static void
uncommitted_changes_are_lost_on_close(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(put(p->st, "b", NULL), ERR_OK);
	assert_true(has(p->st, "b"));
	place_close(p);
	place_open(p, NULL);
	assert_true(has(p->st, "a"));
	assert_false(has(p->st, "b"));
	assert_int_equal(count(p->st), 1);
}

static void
undone_import_leaves_the_group_as_it_was(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(put(p->st, "before", NULL), ERR_OK);
	assert_int_equal(store_mark(p->st), ERR_OK);
	assert_int_equal(put(p->st, "one", NULL), ERR_OK);
	assert_int_equal(store_endpoint_remove(p->st, "before"), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_BUSY);
	assert_int_equal(store_undo_to_mark(p->st), ERR_OK);
	assert_int_equal(put(p->st, "after", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_true(has(p->st, "before"));
	assert_false(has(p->st, "one"));
	assert_true(has(p->st, "after"));
	assert_int_equal(count(p->st), 2);
}

static void
undone_import_alone_leaves_nothing_to_commit(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(store_mark(p->st), ERR_OK);
	assert_int_equal(put(p->st, "one", NULL), ERR_OK);
	assert_int_equal(store_undo_to_mark(p->st), ERR_OK);
	assert_false(store_dirty(p->st));
	assert_false(has(p->st, "one"));
	assert_int_equal(store_release_mark(p->st), ERR_OK);
}

static void
released_import_is_kept(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	assert_int_equal(store_mark(p->st), ERR_OK);
	assert_int_equal(put_psk(p->st, "one", "id", NULL), ERR_OK);
	assert_int_equal(put_psk(p->st, "two", "id", NULL), ERR_EXISTS);
	assert_int_equal(put_psk(p->st, "three", "id3", NULL), ERR_OK);
	assert_int_equal(store_release_mark(p->st), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	place_close(p);
	place_open(p, NULL);
	assert_int_equal(count(p->st), 2);
}

struct told {
	int		n;
	enum err	e;
	struct loop	*stop;
	struct store	*again;
	struct store_waiter waiter;
};

static void
note(void *arg, enum err e)
{
	struct told *t = arg;

	t->n++;
	t->e = e;
	if (t->again != NULL) {
		t->waiter = (struct store_waiter){ .fn = note, .arg = t };
		store_when_durable(t->again, &t->waiter);
		t->again = NULL;
	}
	if (t->stop != NULL)
		loop_stop(t->stop);
}

static void
waiters_are_told_once_by_the_commit(void **state)
{
	struct place *p = *state;
	struct told a = { 0 }, b = { 0 };
	struct store_waiter wa = { .fn = note, .arg = &a }, wb = { .fn = note, .arg = &b };

	place_open(p, NULL);
	a.again = p->st;
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	store_when_durable(p->st, &wa);
	store_when_durable(p->st, &wb);
	assert_int_equal(a.n + b.n, 0);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 1);
	assert_int_equal(a.e, ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);	/* tells the one that 'a' asked for */
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 1);
}

/* A file may not grow beyond 'bytes': the disk is full, as far as SQLite can see. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit lim;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &lim), 0);
	lim.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

static void
failed_commit_undoes_the_group_and_the_store_goes_on(void **state)
{
	struct place *p = *state;
	struct told told = { 0 };
	struct store_waiter w = { .fn = note, .arg = &told };
	char name[32];

	(void)signal(SIGXFSZ, SIG_IGN);
	place_open(p, NULL);
	assert_int_equal(put(p->st, "good", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);

	limit_files(4096);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "bad-%d", i);
		assert_int_equal(put(p->st, name, NULL), ERR_OK);
	}
	store_when_durable(p->st, &w);
	assert_int_equal(store_commit(p->st), ERR_DB);
	assert_string_not_equal(store_error(p->st), "");
	limit_files(RLIM_INFINITY);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.e, ERR_DB);
	assert_false(store_dirty(p->st));
	assert_int_equal(count(p->st), 1);
	assert_false(has(p->st, "bad-1"));

	assert_int_equal(put(p->st, "next", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_string_equal(store_error(p->st), "");
	place_close(p);
	place_open(p, NULL);
	assert_true(has(p->st, "good") && has(p->st, "next"));
	assert_int_equal(count(p->st), 2);
}

/* The cache is full long before the commit: SQLite meets the full disk in the middle of a change. */
static void
group_lost_in_the_middle_is_told_at_its_commit(void **state)
{
	struct place *p = *state;
	struct told told = { 0 };
	struct store_waiter w = { .fn = note, .arg = &told };
	char *big = malloc(1 << 20), name[32];
	json_t *doc;
	enum err e = ERR_OK;
	int i;

	assert_non_null(big);
	memset(big, 'x', 1 << 20);
	doc = json_pack("{s:s%}", "k", big, (size_t)1 << 20);
	(void)signal(SIGXFSZ, SIG_IGN);
	place_open(p, NULL);
	limit_files(65536);
	for (i = 0; i < 200 && e == ERR_OK; i++) {
		(void)snprintf(name, sizeof(name), "bad-%d", i);
		e = store_endpoint_put(p->st, &(struct endpoint_keys){ .endpoint = name }, doc, NULL);
	}
	assert_int_equal(e, ERR_DB);
	assert_in_range(i, 2, 199);
	limit_files(RLIM_INFINITY);
	assert_int_equal(put(p->st, "late", NULL), ERR_DB);	/* nothing joins a group that is gone */
	assert_true(store_dirty(p->st));
	store_when_durable(p->st, &w);
	assert_int_equal(store_commit(p->st), ERR_DB);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.e, ERR_DB);
	assert_false(has(p->st, "bad-0"));
	assert_int_equal(count(p->st), 0);
	assert_int_equal(put(p->st, "next", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_true(has(p->st, "next"));
	json_decref(doc);
	free(big);
}

static void
foreign_lock_fails_a_change_and_no_more(void **state)
{
	struct place *p = *state;
	json_t *body = json_object();
	sqlite3 *other = NULL;
	int64_t seq;

	place_open(p, NULL);
	assert_int_equal(sqlite3_open(p->file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(put(p->st, "a", NULL), ERR_DB);
	assert_string_equal(store_error(p->st), "database is locked");
	assert_int_equal(store_event_add(p->st, "x", NULL, 1, body, &seq), ERR_DB);
	assert_false(store_dirty(p->st));
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(store_event_add(p->st, "x", NULL, 1, body, &seq), ERR_OK);
	assert_int_equal(seq, 1);
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(count(p->st), 1);
	json_decref(body);
}

static void
stop(void *arg, int64_t last_seq)
{
	(void)last_seq;
	loop_stop(arg);
}

static void
loop_commits_by_itself_and_for_waiters(void **state)
{
	struct place *p = *state;
	struct loop *loop = NULL;
	struct told told = { 0 };
	struct store_waiter w = { .fn = note, .arg = &told };
	json_t *body = json_object();
	int64_t seq;

	assert_int_equal(loop_new(&loop), ERR_OK);
	place_open(p, &(struct store_opts){ .loop = loop, .commit_delay_ms = 1 });
	store_set_listener(p->st, stop, loop);
	assert_int_equal(store_event_add(p->st, "x", NULL, 1, body, &seq), ERR_OK);
	assert_int_equal(loop_run(loop), ERR_OK);		/* by the timer */
	assert_false(store_dirty(p->st));
	assert_int_equal(store_event_last(p->st), 1);
	place_close(p);

	place_open(p, &(struct store_opts){ .loop = loop, .commit_delay_ms = 3600000 });
	told.stop = loop;
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	store_when_durable(p->st, &w);
	assert_int_equal(told.n, 0);
	assert_int_equal(loop_run(loop), ERR_OK);		/* for the waiter, an hour early */
	assert_int_equal(told.n, 1);
	assert_int_equal(told.e, ERR_OK);
	assert_false(store_dirty(p->st));
	place_close(p);
	json_decref(body);
	loop_free(loop);
}

static void
files_are_for_their_owner_only(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm", ".lock" };
	struct place *p = *state;
	char name[128];
	struct stat s;

	umask(0);
	place_open(p, NULL);
	assert_int_equal(put(p->st, "a", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", p->file, names[i]);
		assert_int_equal(stat(name, &s), 0);
		assert_int_equal(s.st_mode & 07777, 0600);
	}
	umask(022);
}

static bool
count_profile(void *arg, const char *profile, const struct json_t *doc)
{
	int *n = arg;

	assert_string_equal(profile, json_string_value(json_object_get(doc, "profile")));
	return ++*n < 2;
}

static void
file_that_is_open_to_others_is_refused(void **state)
{
	struct place *p = *state;
	struct problem why;

	place_open(p, NULL);
	place_close(p);
	assert_int_equal(chmod(p->file, 0640), 0);
	assert_int_equal(place_try(p, NULL, &why), ERR_IO);
	assert_string_equal(why.reason, "too-open");
	assert_non_null(strstr(why.text, "chmod 600"));
	assert_int_equal(chmod(p->file, 0600), 0);
	place_open(p, NULL);
}

static void
profiles_are_stored_listed_and_removed(void **state)
{
	static const char *const names[] = { "c", "a", "b" };
	struct place *p = *state;
	uint64_t endpoints, profiles;
	json_t *got = NULL;
	int n = 0;

	place_open(p, NULL);
	for (size_t i = 0; i < 6; i++) {	/* each twice: replaced */
		json_t *doc = json_pack("{s:s, s:i}", "profile", names[i % 3], "n", (int)i);

		assert_int_equal(store_profile_put(p->st, names[i % 3], doc), ERR_OK);
		json_decref(doc);
	}
	assert_int_equal(store_profile_get(p->st, "a", &got), ERR_OK);
	assert_int_equal(json_integer_value(json_object_get(got, "n")), 4);
	json_decref(got);
	assert_int_equal(store_profile_list(p->st, count_profile, &n), ERR_OK);
	assert_int_equal(n, 2);			/* stopped when told to */
	assert_int_equal(store_profile_remove(p->st, "a"), ERR_OK);
	assert_int_equal(store_count(p->st, &endpoints, &profiles), ERR_OK);
	assert_int_equal(profiles, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(record_put_is_got_again),
		test_place(unknown_names_are_not_found),
		test_place(names_are_compared_octet_by_octet),
		test_place(put_replaces_and_remove_removes),
		test_place(psk_identity_of_another_is_refused_with_its_name),
		test_place(uncommitted_changes_are_lost_on_close),
		test_place(undone_import_leaves_the_group_as_it_was),
		test_place(undone_import_alone_leaves_nothing_to_commit),
		test_place(released_import_is_kept),
		test_place(waiters_are_told_once_by_the_commit),
		test_place(failed_commit_undoes_the_group_and_the_store_goes_on),
		test_place(group_lost_in_the_middle_is_told_at_its_commit),
		test_place(foreign_lock_fails_a_change_and_no_more),
		test_place(loop_commits_by_itself_and_for_waiters),
		test_place(files_are_for_their_owner_only),
		test_place(file_that_is_open_to_others_is_refused),
		test_place(profiles_are_stored_listed_and_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
