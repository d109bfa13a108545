/* Pages of records. Every filter is a seek in an index: a page costs by its length, not the store's. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "store/history.h"
#include "store/store_priv.h"

#define NAME_MAX_LEN	1024	/* of a device's name in the store: unrecorded ones are the peer's choice */

#define STATE_NEW	0
#define STATE_UNKNOWN	(-1)

static int
state_by_name(const char *name)
{
	if (strcmp(name, "new") == 0)
		return STATE_NEW;
	for (int r = HISTORY_FINISHED; r <= HISTORY_CANCELLED; r++)
		if (strcmp(name, history_result_name((enum history_result)r)) == 0)
			return r + 1;
	return STATE_UNKNOWN;
}

/* Four columns from 'at' on: state, at_ms, lwm2m, format; all NULL for a device never seen. */
static struct device_state
device_columns(sqlite3_stmt *s, int at)
{
	int state = sqlite3_column_int(s, at);

	return (struct device_state){
		.state = state > 0 && state <= HISTORY_CANCELLED + 1 ?
		    history_result_name((enum history_result)(state - 1)) : "new",
		.at_ms = sqlite3_column_int64(s, at + 1),
		.lwm2m = (uint16_t)sqlite3_column_int(s, at + 2),
		.format = sqlite3_column_type(s, at + 3) == SQLITE_NULL ? -1 : sqlite3_column_int(s, at + 3),
	};
}

enum err
store_device(struct store *st, const char *endpoint, struct device_state *ret)
{
	sqlite3_stmt *s = st->stmts[ST_DEVICE_GET];
	enum err e = ERR_OK;

	st->error[0] = '\0';
	store_text(s, 1, endpoint);
	if (store_step(st, s, &e))
		*ret = device_columns(s, 0);
	else if (e == ERR_OK)
		*ret = (struct device_state){ .state = "new", .format = -1 };
	store_done(s);
	return e;
}

static struct endpoint_item
item_columns(sqlite3_stmt *s)
{
	return (struct endpoint_item){
		.endpoint = (const char *)sqlite3_column_text(s, 0),
		.profile = (const char *)sqlite3_column_text(s, 1),
		.enabled = sqlite3_column_int(s, 2) != 0,
		.device = device_columns(s, 3),
	};
}

/* Where a listing stands. */
struct cursor {
	struct store			*st;
	const struct endpoint_filter	*f;
	sqlite3_stmt			*s;		/* endpoints in order of name, from 'from' on */
	bool				(*each)(void *arg, const struct endpoint_item *);
	void				*arg;
	const char			*from;
	uint32_t			 given;
	enum err			 err;
};

static bool
wanted_name(const struct cursor *c, const char *name)
{
	return c->f->prefix == NULL || strncmp(name, c->f->prefix, strlen(c->f->prefix)) == 0;
}

/* Sets the statement to the first endpoint not before 'name'. */
static bool
seek(struct cursor *c, const char *name)
{
	store_done(c->s);
	store_text(c->s, 1, name);
	if (c->f->profile != NULL)
		store_text(c->s, 2, c->f->profile);
	return store_step(c->st, c->s, &c->err);
}

/* The row under the statement; false when the page is full or the caller has enough. */
static bool
give(struct cursor *c, const struct endpoint_item *it)
{
	if (c->f->after != NULL && strcmp(it->endpoint, c->f->after) == 0)
		return true;
	c->given++;
	return c->each(c->arg, it) && c->given < c->f->limit;
}

static void
list_by_name(struct cursor *c)
{
	for (bool row = seek(c, c->from); row; row = store_step(c->st, c->s, &c->err)) {
		struct endpoint_item it = item_columns(c->s);

		if (!wanted_name(c, it.endpoint) || !give(c, &it))
			break;
	}
}

/* The first device in 'state' whose name is not before 'from', into 'name'. */
static bool
next_in_state(struct cursor *c, int state, const char *from, char name[NAME_MAX_LEN])
{
	sqlite3_stmt *s = c->st->stmts[ST_LIST_STATE];
	bool found;

	store_text(s, 1, from);
	(void)sqlite3_bind_int(s, 2, state);	/* cannot fail: the parameter exists */
	found = store_step(c->st, s, &c->err);
	if (found) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		size_t len = text != NULL ? strnlen(text, NAME_MAX_LEN - 1) : 0;

		memcpy(name, text != NULL ? text : "", len);
		name[len] = '\0';
	}
	store_done(s);
	return found;
}

/*
 * Two ordered lists, devices in the state and endpoints (of the profile), walked like the
 * sides of a zip: each seeks to where the other stands, so that what only one has is skipped.
 */
static void
list_by_state(struct cursor *c, int state)
{
	char name[NAME_MAX_LEN + 1];
	struct endpoint_item it;

	for (bool more = next_in_state(c, state, c->from, name); more;
	    more = next_in_state(c, state, name, name)) {
		size_t len;

		if (!wanted_name(c, name) || !seek(c, name))
			return;
		it = item_columns(c->s);
		if (!wanted_name(c, it.endpoint))
			return;
		if (strcmp(it.endpoint, name) == 0 && !give(c, &it))
			return;
		/* go on after this name, or at the endpoint beyond it */
		if (strcmp(it.endpoint, name) != 0) {
			len = strnlen(it.endpoint, NAME_MAX_LEN - 1);
			memcpy(name, it.endpoint, len);
		} else {
			len = strlen(name);
			name[len++] = '\1';	/* no name has an octet less than this */
		}
		name[len] = '\0';
	}
}

enum err
store_endpoint_list(struct store *st, const struct endpoint_filter *f,
    bool (*each)(void *arg, const struct endpoint_item *), void *arg)
{
	struct cursor c = { .st = st, .f = f, .each = each, .arg = arg, .from = "",
		.s = st->stmts[f->profile != NULL ? ST_LIST_PROFILE : ST_LIST_ALL] };
	int state = f->state != NULL ? state_by_name(f->state) : STATE_UNKNOWN;

	st->error[0] = '\0';
	if (f->limit == 0 || (f->state != NULL && state == STATE_UNKNOWN))
		return ERR_OK;
	if (f->prefix != NULL)
		c.from = f->prefix;
	if (f->after != NULL && strcmp(f->after, c.from) > 0)
		c.from = f->after;
	if (f->state != NULL)
		list_by_state(&c, state);
	else
		list_by_name(&c);
	store_done(c.s);
	return c.err;
}

enum err
store_profile_list(struct store *st, bool (*each)(void *arg, const char *profile,
    const struct json_t *doc), void *arg)
{
	sqlite3_stmt *s = st->stmts[ST_PROFILE_LIST];
	enum err e = ERR_OK;
	bool more = true;

	st->error[0] = '\0';
	while (more && store_step(st, s, &e)) {
		const char *text = (const char *)sqlite3_column_text(s, 1);
		json_t *doc = text != NULL ?
		    json_loadb(text, (size_t)sqlite3_column_bytes(s, 1), 0, NULL) : NULL;

		if (doc == NULL) {
			e = ERR_DB;
			break;
		}
		more = each(arg, (const char *)sqlite3_column_text(s, 0), doc);
		json_decref(doc);
	}
	store_done(s);
	return e;
}
