#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/problem.h"

/*
 * Brings a store to the newest schema: every migration above its version, each in a
 * transaction of its own. 'dir' NULL: those built into the program, else NNNN_name.sql there,
 * numbered from 1 without a gap. *ret is the version reached.
 *
 * ERR_DB       the store is newer than this program, or a migration failed: *why
 * ERR_INVALID  'dir' holds none, or leaves a number out: *why
 * ERR_IO, ERR_NOMEM
 */
enum err migrate_run(sqlite3 *, const char *dir, int *ret, struct problem *why) MUST_CHECK;

#endif
