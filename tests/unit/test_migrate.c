#include "test_store_util.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void
refused(struct place *p, const struct store_opts *o, enum err e, const char *reason, const char *words)
{
	struct problem why;

	assert_int_equal(place_try(p, o, &why), e);
	assert_null(p->st);
	assert_string_equal(why.reason, reason);
	if (strstr(why.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

static void
run(const char *file, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
new_store_gets_every_migration(void **state)
{
	struct place *p = *state;
	int version;

	place_open(p, NULL);
	version = store_schema_version(p->st);
	assert_in_range(version, 1, 9999);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	place_close(p);
	place_open(p, NULL);			/* again: nothing is left to do */
	assert_int_equal(store_schema_version(p->st), version);
	assert_true(has(p->st, "dev"));
}

static void
urls_of_no_store_are_refused(void **state)
{
	struct place *p = *state;

	refused(p, &(struct store_opts){ .url = "postgresql://x" }, ERR_INVALID, "invalid", "sqlite:/path");
	refused(p, &(struct store_opts){ .url = "/tmp/x.db" }, ERR_INVALID, "invalid", "sqlite:/path");
	refused(p, &(struct store_opts){ .url = "" }, ERR_INVALID, "invalid", "sqlite:/path");
	refused(p, &(struct store_opts){ .url = "sqlite:" }, ERR_INVALID, "invalid", "names no file");
	refused(p, &(struct store_opts){ .url = "sqlite:/tmp/" }, ERR_INVALID, "invalid", "names no file");
}

static void
missing_folder_is_said_so(void **state)
{
	refused(*state, &(struct store_opts){ .url = "sqlite:/nonexistent/dir/x.db" }, ERR_IO,
	    "no-directory", "/nonexistent/dir/x.db is missing: create it");
}

static void
folder_in_place_of_the_file_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir(p->file, 0700), 0);
	refused(p, NULL, ERR_IO, "invalid", "is a folder");
	assert_int_equal(rmdir(p->file), 0);
}

static void
file_that_is_no_database_is_left_alone(void **state)
{
	static const char text[] = "This is somebody's letter, long enough to be looked at as a header, "
	    "which it is not: SQLite's starts with its name. And one line more, to be past 100 bytes.\n";
	struct place *p = *state;
	char got[sizeof(text)] = "";
	FILE *f;

	write_file(p->file, text);
	refused(p, NULL, ERR_DB, "not-a-store", "not an SQLite database");
	f = fopen(p->file, "re");
	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof(got), f), sizeof(text) - 1);
	assert_string_equal(got, text);
	(void)fclose(f);
}

static void
database_of_another_program_is_refused(void **state)
{
	struct place *p = *state;

	run(p->file, "CREATE TABLE t (x)");
	refused(p, NULL, ERR_DB, "not-a-store", "another program's database");
	run(p->file, "DROP TABLE t; PRAGMA application_id = 7");
	refused(p, NULL, ERR_DB, "not-a-store", "another program's database");
}

static void
newer_schema_is_refused(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	place_close(p);
	run(p->file, "PRAGMA user_version = 9999");
	refused(p, NULL, ERR_DB, "newer-schema", "schema 9999");
}

static void
damaged_tables_are_said_so(void **state)
{
	struct place *p = *state;

	place_open(p, NULL);
	place_close(p);
	run(p->file, "DROP TABLE device");
	refused(p, NULL, ERR_DB, "database", "device");
}

static void
second_daemon_is_kept_out(void **state)
{
	struct place *p = *state, q = *p;
	char pid[32];

	place_open(p, NULL);
	q.st = NULL;
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	refused(&q, NULL, ERR_BUSY, "locked", pid);
	place_close(p);
	place_open(p, NULL);	/* and let in after the first has gone */
}

static void
locked_database_is_said_so(void **state)
{
	struct place *p = *state;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	refused(p, NULL, ERR_BUSY, "locked", "sqlite3 shell");
	sqlite3_close(db);
}

/* A folder of migrations: the first of ours, then others. */
static void
add_migration(const struct place *p, const char *name, const char *sql)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	write_file(path, sql);
}

static void
remove_migration(const struct place *p, const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	(void)unlink(path);
}

static void
migration_that_fails_is_undone(void **state)
{
	struct place *p = *state;
	struct store_opts o = { .schema_dir = p->dir };

	refused(p, &o, ERR_INVALID, "migration", "no migrations");
	add_migration(p, "0001_a.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (1);");
	add_migration(p, "0002_b.sql", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);");
	refused(p, &o, ERR_DB, "migration", "0002_b.sql");
	/* the first stays, the second left nothing: mended, it runs from its start */
	add_migration(p, "0002_b.sql", "CREATE TABLE b (x); INSERT INTO b SELECT x FROM a;");
	refused(p, &o, ERR_DB, "database", "no such table");	/* reached 2; but these are not our tables */
	run(p->file, "CREATE TABLE one (n INTEGER CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM b");
	remove_migration(p, "0002_b.sql");
	refused(p, &o, ERR_DB, "newer-schema", "knows up to 1");
	add_migration(p, "0003_c.sql", "");
	refused(p, &o, ERR_INVALID, "migration", "migration 2 is missing");
	remove_migration(p, "0003_c.sql");
	remove_migration(p, "0001_a.sql");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(new_store_gets_every_migration),
		test_place(urls_of_no_store_are_refused),
		test_place(missing_folder_is_said_so),
		test_place(folder_in_place_of_the_file_is_refused),
		test_place(file_that_is_no_database_is_left_alone),
		test_place(database_of_another_program_is_refused),
		test_place(newer_schema_is_refused),
		test_place(damaged_tables_are_said_so),
		test_place(second_daemon_is_kept_out),
		test_place(locked_database_is_said_so),
		test_place(migration_that_fails_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
