/*
 * Group commits. The first change begins a transaction, each change is a savepoint in it, and
 * what ends it is store_commit(): called by the owner, by the timer that the first change set,
 * or at the end of the wake-up in which somebody asked to be told.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

/* Old events that one commit removes at most, besides two for each that it adds. */
#define TRIM_MIN	64

enum err
store_fail(struct store *st)
{
	(void)snprintf(st->error, sizeof(st->error), "%s", sqlite3_errmsg(st->db));
	return ERR_DB;
}

void
store_done(sqlite3_stmt *s)
{
	/* both repeat what the step before them said */
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
}

bool
store_step(struct store *st, sqlite3_stmt *s, enum err *e)
{
	int rc = sqlite3_step(s);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		*e = store_fail(st);
	return rc == SQLITE_ROW;
}

void
store_text(sqlite3_stmt *s, int at, const char *text)
{
	/* can fail on a bad number only: it would be NULL then, and the tests would see */
	(void)sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void
txn_check(struct txn *t, int rc)
{
	if (t->err == ERR_OK && rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
		t->err = store_fail(t->st);
}

void
txn_bind_int(struct txn *t, enum store_stmt which, int at, int64_t v)
{
	txn_check(t, sqlite3_bind_int64(t->st->stmts[which], at, v));
}

void
txn_bind_text(struct txn *t, enum store_stmt which, int at, const char *s, size_t len)
{
	txn_check(t, sqlite3_bind_text64(t->st->stmts[which], at, s, len, SQLITE_STATIC, SQLITE_UTF8));
}

void
txn_bind_blob(struct txn *t, enum store_stmt which, int at, const void *p, size_t len)
{
	txn_check(t, sqlite3_bind_blob64(t->st->stmts[which], at, p, len, SQLITE_STATIC));
}

bool
txn_try(struct txn *t, enum store_stmt which)
{
	sqlite3_stmt *s = t->st->stmts[which];
	int rc = t->err == ERR_OK ? sqlite3_step(s) : SQLITE_DONE;
	bool unique = rc != SQLITE_CONSTRAINT_UNIQUE && rc != SQLITE_CONSTRAINT_PRIMARYKEY;

	if (unique)
		txn_check(t, rc);
	store_done(s);
	return unique;
}

void
txn_run(struct txn *t, enum store_stmt which)
{
	if (!txn_try(t, which))
		t->err = store_fail(t->st);
}

int
txn_changes(const struct txn *t)
{
	return t->err == ERR_OK ? sqlite3_changes(t->st->db) : 0;
}

/* Ends the transaction as if it had never been. */
static void
rollback(struct store *st)
{
	struct txn t = { .st = st };
	char why[sizeof(st->error)];

	memcpy(why, st->error, sizeof(why));
	if (!sqlite3_get_autocommit(st->db))
		txn_run(&t, ST_ROLLBACK);
	memcpy(st->error, why, sizeof(why));
	st->open = st->lost = st->marked = false;
	st->now = st->committed;
}

static void
open_group(struct txn *t)
{
	struct store *st = t->st;

	if (st->lost) {		/* its changes are gone: nothing joins it before the owners were told */
		t->err = ERR_DB;
		return;
	}
	st->error[0] = '\0';
	if (st->open)
		return;
	txn_run(t, ST_BEGIN);
	t->opened = st->open = t->err == ERR_OK;
}

void
txn_begin_small(struct store *st, struct txn *t)
{
	*t = (struct txn){ .st = st, .before = st->now };
	open_group(t);
}

void
txn_begin(struct store *st, struct txn *t)
{
	txn_begin_small(st, t);
	txn_run(t, ST_SAVE);
	t->saved = t->err == ERR_OK;
}

/* Back to where the change began. A full disk or the like makes SQLite roll back all by itself. */
static void
undo_change(struct txn *t)
{
	struct store *st = t->st;
	struct txn undo = { .st = st };
	char why[sizeof(st->error)];

	st->now = t->before;
	if (!st->open || st->lost)
		return;		/* it never began, or ended before this change */
	memcpy(why, st->error, sizeof(why));
	if (sqlite3_get_autocommit(st->db)) {
		undo.err = ERR_DB;
	} else if (t->saved) {
		txn_run(&undo, ST_SAVE_UNDO);
		txn_run(&undo, ST_SAVE_RELEASE);
	}
	memcpy(st->error, why, sizeof(why));
	if (undo.err != ERR_OK) {
		st->lost = true;
		group_schedule(st);
	}
}

enum err
txn_end(struct txn *t)
{
	struct store *st = t->st;

	if (t->saved)
		txn_run(t, ST_SAVE_RELEASE);
	if (t->err == ERR_OK)
		group_schedule(st);
	else if (t->opened)
		rollback(st);
	else
		undo_change(t);
	return t->err;
}

/* Bounded, so that a limit that was lowered by millions stops no commit for seconds. */
static void
trim(struct txn *t)
{
	struct store *st = t->st;
	struct tally *now = &st->now;
	int64_t keep_from, most;

	if (st->history_max == 0 || st->history_max >= INT64_MAX || now->first_seq == 0)
		return;
	keep_from = now->last_seq - (int64_t)st->history_max + 1;
	most = now->first_seq + TRIM_MIN + 2 * (now->last_seq - st->committed.last_seq);
	if (keep_from > most)
		keep_from = most;
	if (keep_from <= now->first_seq)
		return;
	txn_bind_int(t, ST_EVENT_TRIM, 1, keep_from);
	txn_run(t, ST_EVENT_TRIM);
	now->first_seq = keep_from;
}

static void
put_figure(struct txn *t, const char *name, int64_t now, int64_t committed)
{
	if (now == committed)
		return;
	txn_bind_text(t, ST_TALLY_SET, 1, name, strlen(name));
	txn_bind_int(t, ST_TALLY_SET, 2, now);
	txn_run(t, ST_TALLY_SET);
}

static enum err
commit_group(struct store *st)
{
	struct txn t = { .st = st, .err = st->lost ? ERR_DB : ERR_OK };
	const struct tally *now = &st->now, *was = &st->committed;

	if (t.err == ERR_OK)
		st->error[0] = '\0';
	trim(&t);
	put_figure(&t, "endpoints", now->endpoints, was->endpoints);
	put_figure(&t, "profiles", now->profiles, was->profiles);
	put_figure(&t, "last_seq", now->last_seq, was->last_seq);
	put_figure(&t, "oscore_numbers", now->oscore_numbers, was->oscore_numbers);
	txn_run(&t, ST_COMMIT);
	if (t.err != ERR_OK) {
		rollback(st);
		return t.err;
	}
	if (now->profile_changes != was->profile_changes)
		atomic_fetch_add_explicit(&st->profile_generation, 1, memory_order_release);
	st->open = false;
	st->committed = st->now;
	return ERR_OK;
}

/* Those who asked before; one that asks while it is told waits for the next commit. */
static void
tell(struct store *st, enum err e)
{
	struct store_waiter *w = st->waiters, *next;

	st->waiters = NULL;
	st->waiters_end = &st->waiters;
	for (; w != NULL; w = next) {
		next = w->next;
		w->fn(w->arg, e);
	}
}

enum err
store_commit(struct store *st)
{
	int64_t seen = st->committed.last_seq, last;
	enum err e = ERR_OK;

	if (st->marked)
		return ERR_BUSY;
	if (st->loop != NULL)
		timer_cancel(st->loop, &st->timer);
	if (st->open)
		e = commit_group(st);
	else
		st->error[0] = '\0';
	last = st->committed.last_seq;
	tell(st, e);
	if (last > seen && st->listener != NULL)
		st->listener(st->listener_arg, last);
	return e;
}

bool
store_dirty(const struct store *st)
{
	return st->open;
}

static void
commit_by_itself(void *arg)
{
	struct store *st = arg;

	if (st->marked)
		return;		/* the end of the mark schedules anew */
	/* logged here, as history has nobody else who would say that it was lost */
	if (store_commit(st) != ERR_OK)
		log_limited(&st->complaints, loop_now_ms(st->loop), "store: a commit failed, "
		    "its changes are lost: %s", st->error);
}

void
group_init(struct store *st)
{
	st->waiters_end = &st->waiters;
	timer_init(&st->timer, commit_by_itself, st);
	st->defer = (struct defer){ .fn = commit_by_itself, .arg = st };
}

void
group_schedule(struct store *st)
{
	if (st->loop == NULL || st->marked)
		return;
	if (st->waiters != NULL)
		loop_defer(st->loop, &st->defer);
	else if (st->open && !timer_pending(&st->timer))
		timer_set(st->loop, &st->timer, st->commit_delay_ms);
}

void
store_when_durable(struct store *st, struct store_waiter *w)
{
	w->next = NULL;
	*st->waiters_end = w;
	st->waiters_end = &w->next;
	group_schedule(st);
}

enum err
store_mark(struct store *st)
{
	struct txn t = { .st = st };

	assert(!st->marked);
	open_group(&t);
	txn_run(&t, ST_MARK);
	if (t.err != ERR_OK) {
		if (t.opened)
			rollback(st);
		return t.err;
	}
	st->at_mark = st->now;
	st->marked = true;
	st->mark_opened = t.opened;
	return ERR_OK;
}

/* What both ends of a mark have in common. */
static enum err
end_mark(struct store *st, struct txn *t)
{
	st->marked = false;
	if (t->err != ERR_OK)
		st->lost = true;	/* the group's changes cannot be told apart any more */
	group_schedule(st);
	return t->err;
}

enum err
store_undo_to_mark(struct store *st)
{
	struct txn t = { .st = st, .err = st->lost ? ERR_DB : ERR_OK };

	assert(st->marked);
	if (st->mark_opened && !st->lost) {
		rollback(st);
		group_schedule(st);
		return ERR_OK;
	}
	txn_run(&t, ST_MARK_UNDO);
	txn_run(&t, ST_MARK_RELEASE);
	if (t.err == ERR_OK)
		st->now = st->at_mark;
	return end_mark(st, &t);
}

enum err
store_release_mark(struct store *st)
{
	struct txn t = { .st = st, .err = st->lost ? ERR_DB : ERR_OK };

	if (!st->marked)
		return ERR_OK;
	txn_run(&t, ST_MARK_RELEASE);
	return end_mark(st, &t);
}
