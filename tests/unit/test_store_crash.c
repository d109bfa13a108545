#include "test_store_util.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/random.h"

#define ROUNDS	12

/* Puts without end; each number goes down the pipe once its commit has returned. */
static void
writer(struct place *p, int fd, int next)
{
	struct problem why;
	char name[32];

	if (place_try(p, NULL, &why) != ERR_OK)
		_exit(1);
	for (;; next += 3) {
		for (int i = next; i < next + 3; i++) {
			(void)snprintf(name, sizeof(name), "dev-%d", i);
			if (put_psk(p->st, name, name, NULL) != ERR_OK)
				_exit(2);
		}
		int last = next + 2;

		if (store_commit(p->st) != ERR_OK || write(fd, &last, sizeof(last)) != sizeof(last))
			_exit(3);
	}
}

static void
expect_sound(const char *file)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), "ok");
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	sqlite3_close(db);
}

/* One life of a writer, killed after 'most' commits were told. Returns the last number told. */
static int
live_and_die(struct place *p, int next, uint32_t most)
{
	int fd[2], last = next - 1, got, status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fd[0]);
		writer(p, fd[1], next);
	}
	(void)close(fd[1]);
	for (uint32_t i = 0; i < most && read(fd[0], &got, sizeof(got)) == sizeof(got); i++)
		last = got;
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(fd[0], &got, sizeof(got)) == sizeof(got))	/* what it told before it died */
		last = got;
	(void)close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));		/* not by a failure of its own */
	return last;
}

static void
killed_writer_loses_nothing_it_had_committed(void **state)
{
	struct place *p = *state;
	int next = 0;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t most = 1 + random_below(30);
		int last = live_and_die(p, next, most);
		char name[32];

		expect_sound(p->file);
		place_open(p, NULL);
		for (int i = 0; i <= last; i++) {
			(void)snprintf(name, sizeof(name), "dev-%d", i);
			assert_true(has(p->st, name));
		}
		/* a group that was not told is there whole, or not at all */
		assert_int_equal(count(p->st) % 3, 0);
		assert_in_range(count(p->st), last + 1, last + 4);
		next = (int)count(p->st);
		place_close(p);
	}
	assert_in_range(next, ROUNDS, 1000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(killed_writer_loses_nothing_it_had_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
