#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/loop.h"
#include "store/jtext.h"
#include "store/store.h"

/* Every statement of the writing connection; their texts stand in statements.c. */
enum store_stmt {
	ST_BEGIN, ST_COMMIT, ST_ROLLBACK,
	ST_SAVE, ST_SAVE_RELEASE, ST_SAVE_UNDO,
	ST_MARK, ST_MARK_RELEASE, ST_MARK_UNDO,
	ST_TALLY_SET,
	ST_ENDPOINT_INSERT, ST_ENDPOINT_UPDATE, ST_ENDPOINT_REMOVE, ST_ENDPOINT_GET, ST_ENDPOINT_BY_PSK,
	ST_ENDPOINT_BY_OSCORE,
	ST_LIST_ALL, ST_LIST_PROFILE, ST_LIST_STATE,
	ST_PROFILE_INSERT, ST_PROFILE_UPDATE, ST_PROFILE_REMOVE, ST_PROFILE_GET, ST_PROFILE_LIST,
	ST_DEVICE_NEW, ST_DEVICE_REMOVE, ST_DEVICE_GET, ST_DEVICE_SAME, ST_DEVICE_ENDED, ST_DEVICE_LEARN,
	ST_OBJECT_PUT, ST_OBJECT_REMOVE, ST_OBJECT_LIST, ST_OBJECT_PROFILE, ST_OBJECT_ENDPOINT,
	ST_EVENT_ADD, ST_EVENT_READ, ST_EVENT_TRIM, ST_HISTORY_READ, ST_HISTORY_READ_ENDPOINT,
	STORE_NSTMTS,
};
extern const char *const store_sql[STORE_NSTMTS];

/* Figures that would cost a scan: kept here, and in the table of that name with each commit. */
struct tally {
	int64_t		endpoints, profiles;
	int64_t		last_seq;	/* newest event ever; 0: none */
	int64_t		first_seq;	/* oldest event kept; 0: none */
	int64_t		oscore_numbers;	/* those below are reserved */
	uint64_t	profile_changes;
};

struct store {
	sqlite3		*db;
	sqlite3_stmt	*stmts[STORE_NSTMTS];
	char		*path;			/* NULL: in memory */
	struct mapped	*map;			/* shared with the readers; NULL: in memory */
	int		 lock_fd;
	int		 schema_version;
	uint64_t	 history_max;
	_Atomic uint64_t profile_generation;	/* read by every reader's thread */

	/* the group: one transaction that collects changes */
	bool		 open;
	bool		 lost;			/* SQLite rolled it back by itself */
	bool		 marked, mark_opened;
	struct tally	 now, committed, at_mark;
	char		 error[192];

	struct loop	*loop;
	uint32_t	 commit_delay_ms;
	struct timer	 timer;
	struct defer	 defer;
	struct log_limit complaints;
	struct store_waiter *waiters, **waiters_end;
	void		(*listener)(void *arg, int64_t last_seq);
	void		*listener_arg;

	char		*dump;			/* a record's text on its way in: holds keys */
	size_t		 dump_cap;
	struct jtext	 in, out;		/* an event's body; an event as it is read */
};

/*
 * One change within the group. The first failure sticks: what follows does nothing, and
 * txn_end() undoes what the change had done, the group's other changes staying as they are.
 */
struct txn {
	struct store	*st;
	enum err	 err;
	struct tally	 before;
	bool		 opened, saved;
};

void	 txn_begin(struct store *, struct txn *);
/*
 * Without a savepoint, which costs as much as a row: for changes of one statement, or whose
 * first statements may stay when the last one fails.
 */
void	 txn_begin_small(struct store *, struct txn *);
enum err txn_end(struct txn *) MUST_CHECK;

/* Numbers of parameters count from 1; what is bound is borrowed until the statement has run. */
void	 txn_bind_int(struct txn *, enum store_stmt, int at, int64_t v);
void	 txn_bind_text(struct txn *, enum store_stmt, int at, const char *s, size_t len);
void	 txn_bind_blob(struct txn *, enum store_stmt, int at, const void *p, size_t len);
void	 txn_run(struct txn *, enum store_stmt);
/* The same; a broken UNIQUE constraint is not a failure here: false. */
bool	 txn_try(struct txn *, enum store_stmt);
int	 txn_changes(const struct txn *);	/* rows that the last statement changed */

/* Reading: steps, and notes the failure for store_error(). False at the end and on failure (*e). */
bool	 store_step(struct store *, sqlite3_stmt *, enum err *e);
void	 store_done(sqlite3_stmt *);		/* makes it ready for the next use */
enum err store_fail(struct store *);		/* keeps the database's words; ERR_DB */
void	 store_text(sqlite3_stmt *, int at, const char *s);	/* binds; NULL is NULL */

/* The loop's part of group commits. */
void	 group_init(struct store *);
void	 group_schedule(struct store *);

#endif
