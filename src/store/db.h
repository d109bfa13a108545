#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"

/* SQLite connections: how they are opened, told apart from other people's files, and prepared. */

#define DB_APPLICATION_ID	0x53545244	/* "STRD", in the file's header */

/* The path in "sqlite:/path" (points into 'url'), NULL for "sqlite::memory:". ERR_INVALID. */
enum err db_parse_url(const char *url, const char **ret_path, struct problem *why) MUST_CHECK;

/*
 * Takes "<path>.lock" for this process until the descriptor is closed, so that two daemons
 * never write one store. ERR_BUSY names the process that has it; ERR_IO.
 */
enum err db_lock(const char *path, int *ret_fd, struct problem *why) MUST_CHECK;

/* Creates the file where there is none, mode 0600. ERR_IO. */
enum err db_create(const char *path, struct problem *why) MUST_CHECK;
/* Of an open database of ours: that only its owner may read or write it and its log. ERR_IO. */
enum err db_check_private(const char *path, struct problem *why) MUST_CHECK;

/*
 * The writing connection: refuses what is no store of ours before it changes anything. Takes
 * the same time however much the store holds. 'path' NULL: in memory. 'vfs' may be NULL.
 * Returns owned (sqlite3_close). ERR_DB, ERR_IO, ERR_BUSY.
 */
enum err db_open_writer(const char *path, const char *vfs, sqlite3 **ret, struct problem *why) MUST_CHECK;

/* A reading connection to a store that the writer has opened. Returns owned. ERR_DB. */
enum err db_open_reader(const char *path, const char *vfs, sqlite3 **ret) MUST_CHECK;

/* Prepares sql[0 … n) for the life of the connection. ERR_DB: none is left prepared. */
enum err db_prepare(sqlite3 *, const char *const *sql, size_t n, sqlite3_stmt **ret) MUST_CHECK;
void	 db_finalize(sqlite3_stmt **, size_t n);

/* The number that a statement yields; 0 when it yields none. ERR_DB. */
enum err db_number(sqlite3 *, const char *sql, int64_t *ret) MUST_CHECK;

#endif
