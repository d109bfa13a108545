#ifndef STORE_MAPPED_H
#define STORE_MAPPED_H

#include "base/err.h"

struct mapped;

/*
 * The database file as memory, for every connection of one store. SQLite maps 2 GiB of a file
 * at most, a limit that Debian's build cannot be told to raise: beyond it each page costs a
 * system call and a copy, and a look-up among ten million endpoints needs a dozen of them.
 *
 * The file must exist, and nobody in this process may have it open yet: closing a descriptor
 * would drop the locks that SQLite holds on it. Outlives the connections. When the address
 * space cannot be had, SQLite's own mapping does the work. ERR_IO, ERR_NOMEM.
 */
enum err mapped_new(const char *path, struct mapped **ret) MUST_CHECK;
void	 mapped_free(struct mapped *);

const char *mapped_vfs(const struct mapped *);	/* for sqlite3_open_v2() */

#endif
