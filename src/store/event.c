/* The durable log: history entries and all other events, one row each, numbered in one sequence. */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "store/history.h"
#include "store/history_priv.h"
#include "store/store_priv.h"

/* A row of table event, but for its number. */
struct row {
	const char	*type, *endpoint;	/* endpoint may be NULL */
	int64_t		 at_ms;
	bool		 history;
};

/* Adds 'r' with the body in st->in. Returns its number. */
static int64_t
add_row(struct txn *t, const struct row *r)
{
	struct store *st = t->st;
	int64_t seq = ++st->now.last_seq;

	if (t->err == ERR_OK)
		t->err = st->in.err;
	txn_bind_int(t, ST_EVENT_ADD, 1, seq);
	txn_bind_int(t, ST_EVENT_ADD, 2, r->at_ms);
	txn_bind_int(t, ST_EVENT_ADD, 3, r->history);
	txn_bind_text(t, ST_EVENT_ADD, 4, r->type, strlen(r->type));
	if (r->endpoint != NULL)
		txn_bind_text(t, ST_EVENT_ADD, 5, r->endpoint, strlen(r->endpoint));
	txn_bind_text(t, ST_EVENT_ADD, 6, st->in.p, st->in.len);
	txn_run(t, ST_EVENT_ADD);
	if (st->now.first_seq == 0)
		st->now.first_seq = seq;
	return seq;
}

/* schema/db: 0 is new, then the results in their order */
static int64_t
state_number(enum history_result r)
{
	return (int64_t)r + 1;
}

static void
bind_device(struct txn *t, enum store_stmt which, const struct history *h)
{
	txn_bind_text(t, which, 1, h->endpoint, strlen(h->endpoint));
	txn_bind_int(t, which, 4, h->lwm2m);
	if (h->format_learnt && h->format >= 0)
		txn_bind_int(t, which, 5, h->format);
}

/*
 * A superseded session leaves the state alone: the one that took its place tells how the device
 * fared, and may do so first when another worker ran it. What was learnt is kept all the same.
 */
static void
note_device(struct txn *t, const struct history *h)
{
	enum store_stmt tries[] = { ST_DEVICE_SAME, ST_DEVICE_ENDED };

	if (h->result == HISTORY_SUPERSEDED) {
		bind_device(t, ST_DEVICE_LEARN, h);
		txn_run(t, ST_DEVICE_LEARN);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		bind_device(t, tries[i], h);
		txn_bind_int(t, tries[i], 2, state_number(h->result));
		txn_bind_int(t, tries[i], 3, h->started_ms + h->duration_ms);
		txn_run(t, tries[i]);
		if (txn_changes(t) > 0)
			return;
	}
}

enum err
store_history_add(struct store *st, const struct history *h, int64_t *seq)
{
	static const char *const types[] = {
		[HISTORY_FINISHED] = "session.finished", [HISTORY_REFUSED] = "session.refused",
		[HISTORY_FAILED] = "session.failed", [HISTORY_SUPERSEDED] = "session.superseded",
		[HISTORY_CANCELLED] = "session.cancelled",
	};
	struct row r = { .type = types[h->result], .endpoint = h->endpoint, .history = true,
		.at_ms = h->started_ms + h->duration_ms };
	struct txn t;
	int64_t number;
	enum err e;

	jtext_reset(&st->in);
	history_body(h, &st->in);
	/* the device's state is true even when its entry cannot be kept */
	txn_begin_small(st, &t);
	if (h->known && h->endpoint != NULL)
		note_device(&t, h);
	number = add_row(&t, &r);
	e = txn_end(&t);
	if (e == ERR_OK)
		*seq = number;
	return e;
}

static int
append(const char *p, size_t len, void *arg)
{
	struct jtext *j = arg;

	jtext_raw(j, p, len);
	return j->err == ERR_OK ? 0 : -1;
}

/* Writes the body without the keys that the row itself gives. */
static enum err
put_body(struct jtext *j, const json_t *body, bool endpoint)
{
	static const char *const own[] = { "seq", "type", "time" };
	json_t *copy = json_copy((json_t *)body);	/* shallow; the original is not changed */
	enum err e = copy != NULL ? ERR_OK : ERR_NOMEM;

	/* a key that is not there is no failure to us */
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)json_object_del(copy, own[i]);
	if (endpoint)
		(void)json_object_del(copy, "endpoint");
	if (copy != NULL && json_dump_callback(copy, append, j, JSON_COMPACT) != 0)
		e = ERR_NOMEM;
	json_decref(copy);
	return e;
}

enum err
store_event_add(struct store *st, const char *type, const char *endpoint, int64_t at_ms,
    const struct json_t *body, int64_t *seq)
{
	/* A handshake that came to nothing stands among the sessions: who asks why looks there. */
	struct row r = { .type = type, .endpoint = endpoint, .at_ms = at_ms,
		.history = strcmp(type, "handshake.failed") == 0 };
	struct txn t;
	int64_t number;
	enum err e;

	jtext_reset(&st->in);
	e = put_body(&st->in, body, endpoint != NULL);
	if (e != ERR_OK)
		return e;
	txn_begin_small(st, &t);
	number = add_row(&t, &r);
	e = txn_end(&t);
	if (e == ERR_OK)
		*seq = number;
	return e;
}

/* One row as it is shown: {"seq","type","time","endpoint"?, …body}. */
static void
show(struct jtext *j, sqlite3_stmt *s)
{
	const char *body = (const char *)sqlite3_column_text(s, 4);
	size_t len = (size_t)sqlite3_column_bytes(s, 4);
	char time[TEXT_TIME_MAX];

	jtext_reset(j);
	jtext_lit(j, "{");
	jtext_put_int(j, "seq", sqlite3_column_int64(s, 0));
	jtext_put_string(j, "type", (const char *)sqlite3_column_text(s, 1));
	jtext_put_string(j, "time", text_time(sqlite3_column_int64(s, 2), time));
	if (sqlite3_column_type(s, 3) == SQLITE_TEXT)
		jtext_put_string(j, "endpoint", (const char *)sqlite3_column_text(s, 3));
	if (body != NULL && len > 2) {		/* more than "{}": what stands between its brackets */
		jtext_item(j);
		jtext_raw(j, body + 1, len - 2);
	}
	jtext_lit(j, "}");
}

/* Hands out the rows of a bound statement. */
static enum err
each_row(struct store *st, sqlite3_stmt *s,
    bool (*each)(void *arg, int64_t seq, const char *text, size_t len), void *arg)
{
	enum err e = ERR_OK;

	st->error[0] = '\0';
	while (store_step(st, s, &e)) {
		show(&st->out, s);
		if (st->out.err != ERR_OK) {
			e = st->out.err;
			break;
		}
		if (!each(arg, sqlite3_column_int64(s, 0), st->out.p, st->out.len))
			break;
	}
	store_done(s);
	return e;
}

enum err
store_event_read(struct store *st, int64_t after, uint32_t limit,
    bool (*each)(void *arg, int64_t seq, const char *text, size_t len), void *arg)
{
	sqlite3_stmt *s = st->stmts[ST_EVENT_READ];

	/* bindings of numbers to parameters that exist do not fail, here and below */
	(void)sqlite3_bind_int64(s, 1, after);
	(void)sqlite3_bind_int64(s, 2, st->committed.last_seq);
	(void)sqlite3_bind_int64(s, 3, limit);
	return each_row(st, s, each, arg);
}

enum err
store_history_read(struct store *st, const char *endpoint, int64_t before, uint32_t limit,
    bool (*each)(void *arg, int64_t seq, const char *text, size_t len), void *arg)
{
	sqlite3_stmt *s = st->stmts[endpoint != NULL ? ST_HISTORY_READ_ENDPOINT : ST_HISTORY_READ];

	(void)sqlite3_bind_int64(s, 1, before > 0 ? before : INT64_MAX);
	(void)sqlite3_bind_int64(s, 2, limit);
	if (endpoint != NULL)
		store_text(s, 3, endpoint);
	return each_row(st, s, each, arg);
}

int64_t
store_event_last(struct store *st)
{
	return st->committed.last_seq;
}

int64_t
store_event_first(struct store *st)
{
	return st->committed.first_seq;
}
