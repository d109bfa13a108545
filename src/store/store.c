#include "store/store.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "store/db.h"
#include "store/mapped.h"
#include "store/migrate.h"
#include "store/record.h"
#include "store/store_priv.h"

/* Where the figures stand at start: three rows of tally, and both ends of the log. */
static enum err
load_figures(struct store *st)
{
	struct tally *t = &st->committed;
	int64_t newest;

	if (db_number(st->db, "SELECT value FROM tally WHERE name = 'endpoints'", &t->endpoints) != ERR_OK ||
	    db_number(st->db, "SELECT value FROM tally WHERE name = 'profiles'", &t->profiles) != ERR_OK ||
	    db_number(st->db, "SELECT value FROM tally WHERE name = 'last_seq'", &t->last_seq) != ERR_OK ||
	    db_number(st->db, "SELECT value FROM tally WHERE name = 'oscore_numbers'",
		&t->oscore_numbers) != ERR_OK ||
	    db_number(st->db, "SELECT max(seq) FROM event", &newest) != ERR_OK ||
	    db_number(st->db, "SELECT min(seq) FROM event", &t->first_seq) != ERR_OK)
		return store_fail(st);
	if (t->last_seq < newest)
		t->last_seq = newest;
	st->now = *t;
	return ERR_OK;
}

static enum err
prepare(struct store *st, struct problem *why)
{
	if (db_prepare(st->db, store_sql, STORE_NSTMTS, st->stmts) == ERR_OK && load_figures(st) == ERR_OK)
		return ERR_OK;
	return problem_set(why, ERR_DB, "database", "", "the tables of the store %s are not as they should "
	    "be (%s): restore it from a backup, or move it away for a new one",
	    st->path != NULL ? st->path : "in memory", sqlite3_errmsg(st->db));
}

/* Ours alone, there, and mapped, before SQLite opens it. */
static enum err
prepare_file(struct store *st, const char *path, struct problem *why)
{
	enum err e;

	st->path = strdup(path);
	if (st->path == NULL)
		return problem_set(why, ERR_NOMEM, "memory", "", "out of memory");
	e = db_lock(path, &st->lock_fd, why);
	if (e == ERR_OK)
		e = db_create(path, why);
	if (e != ERR_OK)
		return e;
	e = mapped_new(path, &st->map);
	return e == ERR_OK ? e : problem_set(why, e, "io", "", "cannot map %s: %s", path, err_text(e));
}

static enum err
open_database(struct store *st, const struct store_opts *opts, struct problem *why)
{
	const char *path = NULL;
	enum err e = db_parse_url(opts->url, &path, why);

	if (e == ERR_OK && path != NULL)
		e = prepare_file(st, path, why);
	if (e == ERR_OK)
		e = db_open_writer(path, st->map != NULL ? mapped_vfs(st->map) : NULL, &st->db, why);
	if (e == ERR_OK && path != NULL)
		e = db_check_private(path, why);
	if (e == ERR_OK)
		e = migrate_run(st->db, opts->schema_dir, &st->schema_version, why);
	return e != ERR_OK ? e : prepare(st, why);
}

enum err
store_open(const struct store_opts *opts, struct store **ret, struct problem *why)
{
	struct store *st;
	enum err e;

	/* its counters are a lock that all threads share; refused, and harmless, once SQLite runs */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	st = calloc(1, sizeof(*st));
	if (st == NULL)
		return problem_set(why, ERR_NOMEM, "memory", "", "out of memory");
	st->lock_fd = -1;
	st->history_max = opts->history_max;
	st->loop = opts->loop;
	st->commit_delay_ms = opts->commit_delay_ms;
	atomic_init(&st->profile_generation, 1);
	group_init(st);
	e = open_database(st, opts, why);
	if (e != ERR_OK) {
		store_close(st);
		return e;
	}
	*ret = st;
	return ERR_OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	if (st->loop != NULL)
		timer_cancel(st->loop, &st->timer);
	db_finalize(st->stmts, STORE_NSTMTS);
	sqlite3_close(st->db);	/* rolls back what is open */
	mapped_free(st->map);
	if (st->lock_fd >= 0)
		(void)close(st->lock_fd);	/* held a lock, no data */
	free(st->path);
	free(st->dump);
	jtext_fini(&st->in);
	jtext_fini(&st->out);
	free(st);
}

void
store_set_listener(struct store *st, void (*fn)(void *arg, int64_t last_seq), void *arg)
{
	st->listener = fn;
	st->listener_arg = arg;
}

const char *
store_error(const struct store *st)
{
	return st->error;
}

int
store_schema_version(const struct store *st)
{
	return st->schema_version;
}

enum err
store_count(struct store *st, uint64_t *endpoints, uint64_t *profiles)
{
	*endpoints = (uint64_t)st->now.endpoints;
	*profiles = (uint64_t)st->now.profiles;
	return ERR_OK;
}

/* --- records --- */

/* The record's text, in st->dump until wipe_dump(). */
static size_t
dump(struct txn *t, const json_t *doc)
{
	struct store *st = t->st;
	size_t len = json_dumpb(doc, st->dump, st->dump_cap, JSON_COMPACT);

	if (len > st->dump_cap) {
		secret_wipe(st->dump, st->dump_cap);
		free(st->dump);
		st->dump_cap = 0;
		st->dump = malloc(2 * len);
		if (st->dump != NULL) {
			st->dump_cap = 2 * len;
			len = json_dumpb(doc, st->dump, st->dump_cap, JSON_COMPACT);
		}
	}
	if ((len == 0 || st->dump == NULL) && t->err == ERR_OK)
		t->err = st->dump == NULL ? ERR_NOMEM : ERR_INVALID;
	return t->err == ERR_OK ? len : 0;
}

static void
wipe_dump(struct store *st, size_t len)
{
	secret_wipe(st->dump, len);
}

static void
bind_endpoint(struct txn *t, enum store_stmt which, const struct endpoint_keys *k, size_t json_len,
    const char *pinned)
{
	txn_bind_text(t, which, 1, k->endpoint, strlen(k->endpoint));
	if (k->profile != NULL)
		txn_bind_text(t, which, 2, k->profile, strlen(k->profile));
	txn_bind_int(t, which, 3, k->enabled);
	if (k->psk_identity != NULL) {
		txn_bind_blob(t, which, 4, k->psk_identity, k->psk_identity_len);
		/* a key in a profile leaves none here; bound as NULL then */
		txn_bind_blob(t, which, 5, k->psk_key, k->psk_key_len);
	}
	if (k->oscore_id != NULL)
		txn_bind_blob(t, which, 8, k->oscore_id, k->oscore_id_len);
	txn_bind_text(t, which, 6, t->st->dump, json_len);
	if (pinned[0] != '\0')
		txn_bind_text(t, which, 7, pinned, strlen(pinned));
}

static void
name_holder(struct store *st, const struct endpoint_keys *k, char other[256])
{
	bool psk = k->psk_identity != NULL;
	sqlite3_stmt *s = st->stmts[psk ? ST_ENDPOINT_BY_PSK : ST_ENDPOINT_BY_OSCORE];
	enum err e = ERR_OK;

	other[0] = '\0';
	/* cannot fail with a number and a length like these */
	(void)sqlite3_bind_blob64(s, 1, psk ? k->psk_identity : k->oscore_id,
	    psk ? k->psk_identity_len : k->oscore_id_len, SQLITE_STATIC);
	if (store_step(st, s, &e)) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		size_t len = name != NULL ? strnlen(name, 255) : 0;

		if (len > 0)
			memcpy(other, name, len);
		other[len] = '\0';
	}
	store_done(s);
}

/* A new name is an insert; a UNIQUE that breaks means the name is there, or the identity is another's. */
static void
put_endpoint(struct txn *t, const struct endpoint_keys *k, size_t json_len)
{
	struct store *st = t->st;
	char pinned[2 * AUTH_PINNED_LEN + 1] = "";

	if (k->pinned != NULL)
		text_hex(k->pinned, AUTH_PINNED_LEN, pinned);
	bind_endpoint(t, ST_ENDPOINT_INSERT, k, json_len, pinned);
	if (txn_try(t, ST_ENDPOINT_INSERT)) {
		txn_bind_text(t, ST_DEVICE_NEW, 1, k->endpoint, strlen(k->endpoint));
		txn_run(t, ST_DEVICE_NEW);
		st->now.endpoints++;
		return;
	}
	bind_endpoint(t, ST_ENDPOINT_UPDATE, k, json_len, pinned);
	if ((!txn_try(t, ST_ENDPOINT_UPDATE) || txn_changes(t) == 0) && t->err == ERR_OK)
		t->err = ERR_EXISTS;
}

enum err
store_endpoint_put(struct store *st, const struct endpoint_keys *keys, const struct json_t *doc,
    char other[256])
{
	struct txn t;
	size_t len;
	enum err e;

	assert(keys->psk_key == NULL || keys->psk_identity != NULL);
	txn_begin(st, &t);
	len = dump(&t, doc);
	put_endpoint(&t, keys, len);
	e = txn_end(&t);
	wipe_dump(st, len);
	if (e == ERR_EXISTS && other != NULL)
		name_holder(st, keys, other);
	return e;
}

/* Deletes by name; ERR_NOTFOUND when there was none. */
static void
remove_named(struct txn *t, enum store_stmt which, const char *name)
{
	txn_bind_text(t, which, 1, name, strlen(name));
	txn_run(t, which);
	if (t->err == ERR_OK && txn_changes(t) == 0)
		t->err = ERR_NOTFOUND;
}

enum err
store_endpoint_remove(struct store *st, const char *endpoint)
{
	struct txn t;

	txn_begin(st, &t);
	remove_named(&t, ST_ENDPOINT_REMOVE, endpoint);
	txn_bind_text(&t, ST_DEVICE_REMOVE, 1, endpoint, strlen(endpoint));
	txn_run(&t, ST_DEVICE_REMOVE);
	st->now.endpoints--;
	return txn_end(&t);
}

enum err
store_profile_put(struct store *st, const char *profile, const struct json_t *doc)
{
	struct txn t;
	size_t len;
	enum err e;

	txn_begin(st, &t);
	len = dump(&t, doc);
	for (enum store_stmt s = ST_PROFILE_INSERT; s <= ST_PROFILE_UPDATE; s++) {
		txn_bind_text(&t, s, 1, profile, strlen(profile));
		txn_bind_text(&t, s, 2, st->dump, len);
	}
	txn_run(&t, ST_PROFILE_INSERT);
	if (txn_changes(&t) > 0)
		st->now.profiles++;
	else
		txn_run(&t, ST_PROFILE_UPDATE);
	store_done(st->stmts[ST_PROFILE_UPDATE]);
	st->now.profile_changes++;
	e = txn_end(&t);
	wipe_dump(st, len);
	return e;
}

enum err
store_profile_remove(struct store *st, const char *profile)
{
	struct txn t;

	txn_begin(st, &t);
	remove_named(&t, ST_PROFILE_REMOVE, profile);
	st->now.profiles--;
	st->now.profile_changes++;
	return txn_end(&t);
}

static enum err
get_document(struct store *st, enum store_stmt which, const char *name, struct json_t **ret)
{
	sqlite3_stmt *s = st->stmts[which];
	json_t *doc = NULL;
	enum err e = ERR_NOTFOUND;

	st->error[0] = '\0';
	store_text(s, 1, name);
	if (store_step(st, s, &e)) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		doc = text != NULL ? json_loadb(text, (size_t)sqlite3_column_bytes(s, 0), 0, NULL) : NULL;
		e = doc != NULL ? ERR_OK : ERR_DB;
	}
	store_done(s);
	if (e == ERR_OK)
		*ret = doc;
	return e;
}

enum err
store_endpoint_get(struct store *st, const char *endpoint, struct json_t **ret)
{
	return get_document(st, ST_ENDPOINT_GET, endpoint, ret);
}

enum err
store_profile_get(struct store *st, const char *profile, struct json_t **ret)
{
	return get_document(st, ST_PROFILE_GET, profile, ret);
}
