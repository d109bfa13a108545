#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME		"sqlite:"

/* Nobody else writes; an operator's sqlite3 shell may, and must not stop the daemon for long. */
#define WRITER_BUSY_MS	250
/* Readers meet a lock only while a foreign program recovers or closes the file. */
#define READER_BUSY_MS	50

/* Reads come from the mapped file (store/mapped.h), so the cache serves pages of the log only. */
#define READER_PRAGMAS							\
	"PRAGMA mmap_size = 2147418112;"				\
	"PRAGMA cache_size = -8192;"					\
	"PRAGMA temp_store = MEMORY;"					\
	"PRAGMA query_only = ON;"

/*
 * A checkpoint every 16 MiB of log rather than every 4: it runs within a commit and syncs twice.
 * secure_delete, for removed rows held keys; temporary data never leaves memory for the same reason.
 */
#define WRITER_PRAGMAS							\
	"PRAGMA synchronous = FULL;"					\
	"PRAGMA mmap_size = 2147418112;"				\
	"PRAGMA cache_size = -32768;"					\
	"PRAGMA temp_store = MEMORY;"					\
	"PRAGMA secure_delete = ON;"					\
	"PRAGMA foreign_keys = ON;"					\
	"PRAGMA wal_autocheckpoint = 4096;"				\
	"PRAGMA journal_size_limit = 67108864;"

enum err
db_parse_url(const char *url, const char **ret_path, struct problem *why)
{
	const char *path = url + strlen(SCHEME);

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return problem_set(why, ERR_INVALID, "invalid", "",
		    "\"%s\" is not a store this program knows: write sqlite:/path/to/file", url);
	if (*path == '\0' || path[strlen(path) - 1] == '/')
		return problem_set(why, ERR_INVALID, "invalid", "",
		    "\"%s\" names no file: write sqlite:/path/to/file", url);
	*ret_path = strcmp(path, ":memory:") == 0 ? NULL : path;
	return ERR_OK;
}

/* Says what an operator can do about errno, met at 'path'. */
static enum err
file_problem(const char *path, struct problem *why)
{
	int err = errno;

	switch (err) {
	case ENOENT:
	case ENOTDIR:
		return problem_set(why, ERR_IO, "no-directory", "",
		    "the folder of the store %s is missing: create it, or set store.url to another place",
		    path);
	case EACCES:
	case EPERM:
		return problem_set(why, ERR_IO, "no-permission", "",
		    "user %ld may not write %s: give it the file and its folder", (long)geteuid(), path);
	case EROFS:
		return problem_set(why, ERR_IO, "read-only", "",
		    "%s is on a file system mounted read-only: set store.url to a writable place", path);
	case EISDIR:
		return problem_set(why, ERR_IO, "invalid", "",
		    "%s is a folder: store.url must name a file", path);
	default:
		return problem_set(why, ERR_IO, "io", "", "cannot open %s: %s", path, strerror(err));
	}
}

static enum err
db_problem(sqlite3 *db, const char *path, struct problem *why)
{
	const char *shown = path != NULL ? path : ":memory:";

	switch (db != NULL ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
	case SQLITE_NOTADB:
		return problem_set(why, ERR_DB, "not-a-store", "",
		    "%s is not an SQLite database: set store.url to another file, or move this one away",
		    shown);
	case SQLITE_CORRUPT:
		return problem_set(why, ERR_DB, "corrupt", "",
		    "%s is damaged (%s): restore it from a backup, or try \"sqlite3 FILE .recover\"",
		    shown, sqlite3_errmsg(db));
	case SQLITE_BUSY:
		return problem_set(why, ERR_BUSY, "locked", "",
		    "another program holds a lock on %s: end it (an sqlite3 shell?) and start again", shown);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return problem_set(why, ERR_IO, "no-permission", "",
		    "%s cannot be written (%s): user %ld needs the file and its folder", shown,
		    sqlite3_errmsg(db), (long)geteuid());
	default:
		return problem_set(why, ERR_DB, "database", "", "the store %s cannot be opened: %s",
		    shown, db != NULL ? sqlite3_errmsg(db) : "out of memory");
	}
}

enum err
db_lock(const char *path, int *ret_fd, struct problem *why)
{
	char *real = realpath(path, NULL);	/* one lock, by whatever link the file is reached */
	char name[4096], pid[24] = "";
	int fd, n = snprintf(name, sizeof(name), "%s.lock", real != NULL ? real : path);

	free(real);
	if (n < 0 || (size_t)n >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return file_problem(path, why);
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return file_problem(errno == ENOENT || errno == ENOTDIR ? path : name, why);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t got = pread(fd, pid, sizeof(pid) - 1, 0);

		pid[got > 0 ? strspn(pid, "0123456789") : 0] = '\0';
		(void)close(fd);	/* nothing was written */
		return problem_set(why, ERR_BUSY, "locked", "",
		    "the store %s is in use by process %s: stop it, or set store.url to another file", path,
		    pid[0] != '\0' ? pid : "(unknown)");
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	/* the number is a help for people: without it the lock holds all the same */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		errno = 0;
	*ret_fd = fd;
	return ERR_OK;
}

/* SQLite gives -wal and -shm the mode of the database, so that all three are 0600. */
enum err
db_create(const char *path, struct problem *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return file_problem(path, why);
	(void)close(fd);	/* empty, or not touched */
	return ERR_OK;
}

/*
 * Keys stand in all three in clear, and whoever opened them to others may not know; sshd refuses
 * a host key for less.
 */
enum err
db_check_private(const char *path, struct problem *why)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[4096];
	struct stat st;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		int n = snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);

		if (n < 0 || (size_t)n >= sizeof(name) || stat(name, &st) != 0 || (st.st_mode & 077) == 0)
			continue;
		return problem_set(why, ERR_IO, "too-open", "", "%s holds keys and has the mode %04o, so "
		    "others than its owner can use it: chmod 600 it, and think of the keys as known",
		    name, (unsigned)st.st_mode & 07777);
	}
	return ERR_OK;
}

enum err
db_number(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	int64_t v = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		v = sqlite3_column_int64(s, 0);
		rc = SQLITE_DONE;
	}
	if (sqlite3_finalize(s) != SQLITE_OK || rc != SQLITE_DONE)
		return ERR_DB;
	*ret = v;
	return ERR_OK;
}

/* Ours, or empty: looked at before anything is written. Reads the header page only. */
static enum err
check_identity(sqlite3 *db, const char *path, struct problem *why)
{
	int64_t id, tables;

	if (db_number(db, "PRAGMA application_id", &id) != ERR_OK ||
	    db_number(db, "SELECT count(*) FROM (SELECT 1 FROM sqlite_master LIMIT 1)", &tables) != ERR_OK)
		return db_problem(db, path, why);
	if (id == DB_APPLICATION_ID || (id == 0 && tables == 0))
		return ERR_OK;
	return problem_set(why, ERR_DB, "not-a-store", "",
	    "%s is another program's database: set store.url to another file, or move this one away", path);
}

static enum err
set_wal(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	bool wal = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(s, 0), "wal") == 0;

	return sqlite3_finalize(s) == SQLITE_OK && wal ? ERR_OK : ERR_DB;
}

enum err
db_open_writer(const char *path, const char *vfs, sqlite3 **ret, struct problem *why)
{
	sqlite3 *db = NULL;
	enum err e;

	if (sqlite3_open_v2(path != NULL ? path : ":memory:", &db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, WRITER_BUSY_MS) != SQLITE_OK) {
		e = db_problem(db, path, why);
		goto out;
	}
	e = check_identity(db, path, why);
	if (e != ERR_OK)
		goto out;
	if (sqlite3_exec(db, WRITER_PRAGMAS, NULL, NULL, NULL) != SQLITE_OK ||
	    (path != NULL && set_wal(db) != ERR_OK)) {
		e = db_problem(db, path, why);
		goto out;
	}
	*ret = db;
	db = NULL;
out:
	sqlite3_close(db);
	return e;
}

enum err
db_open_reader(const char *path, const char *vfs, sqlite3 **ret)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, READER_BUSY_MS) != SQLITE_OK ||
	    sqlite3_exec(db, READER_PRAGMAS, NULL, NULL, NULL) != SQLITE_OK) {
		sqlite3_close(db);
		return ERR_DB;
	}
	*ret = db;
	return ERR_OK;
}

enum err
db_prepare(sqlite3 *db, const char *const *sql, size_t n, sqlite3_stmt **ret)
{
	memset(ret, 0, n * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &ret[i], NULL) == SQLITE_OK)
			continue;
		db_finalize(ret, n);
		return ERR_DB;
	}
	return ERR_OK;
}

void
db_finalize(sqlite3_stmt **s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_finalize(s[i]);
		s[i] = NULL;
	}
}
