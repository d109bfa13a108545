#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "store/db.h"
#include "store/mapped.h"
#include "store/record.h"
#include "store/store_priv.h"

enum reader_stmt { RD_ENDPOINT, RD_PSK, RD_PINNED, RD_OSCORE, RD_KID, RD_DEVICE, RD_PROFILES, READER_NSTMTS };

#define ENDPOINT							\
	"SELECT e.name, e.profile, e.enabled, e.psk_identity, e.psk_key, e.json, d.lwm2m, d.format "	\
	"FROM endpoint e LEFT JOIN device d ON d.endpoint = e.name "

static const char *const sql[READER_NSTMTS] = {
	[RD_ENDPOINT] = ENDPOINT "WHERE e.name = ?1",
	[RD_PSK] = ENDPOINT "WHERE e.psk_identity = ?1",
	[RD_PINNED] = ENDPOINT "WHERE e.pinned = ?1 LIMIT 2",
	[RD_OSCORE] = ENDPOINT "WHERE e.oscore_id = ?1",
	[RD_KID] = ENDPOINT "WHERE e.oscore_id > ?1 AND e.oscore_id < ?2 LIMIT 2",
	[RD_DEVICE] = "SELECT lwm2m, format FROM device WHERE endpoint = ?1",
	[RD_PROFILES] = "SELECT name, json FROM profile ORDER BY name",
};

/*
 * Rows are copied out and the statement reset at once: one that stays open would hold a
 * snapshot, from which the reader would see old records and the log could not be shortened.
 */
struct reader {
	struct store	*st;
	sqlite3		*db;
	bool		 own_db;
	sqlite3_stmt	*stmts[READER_NSTMTS];
	uint8_t		*row;		/* the last row's columns; holds keys */
	size_t		 row_len, row_cap;
};

enum err
reader_new(struct store *st, struct reader **ret)
{
	struct reader *r = calloc(1, sizeof(*r));
	enum err e = ERR_OK;

	if (r == NULL)
		return ERR_NOMEM;
	r->st = st;
	r->db = st->db;		/* in memory there is one connection only */
	r->own_db = st->path != NULL;
	if (r->own_db)
		e = db_open_reader(st->path, mapped_vfs(st->map), &r->db);
	if (e == ERR_OK)
		e = db_prepare(r->db, sql, READER_NSTMTS, r->stmts);
	if (e != ERR_OK) {
		reader_free(r);
		return e;
	}
	*ret = r;
	return ERR_OK;
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	db_finalize(r->stmts, READER_NSTMTS);
	if (r->own_db)
		sqlite3_close(r->db);
	secret_wipe(r->row, r->row_len);
	free(r->row);
	free(r);
}

/* Room for a row of 'len' bytes; what the last one left is wiped. */
static enum err
make_room(struct reader *r, size_t len)
{
	secret_wipe(r->row, r->row_len);
	r->row_len = 0;
	if (len > r->row_cap) {
		uint8_t *p = realloc(r->row, 2 * len);

		if (p == NULL)
			return ERR_NOMEM;
		r->row = p;
		r->row_cap = 2 * len;
	}
	r->row_len = len;
	return ERR_OK;
}

/* One column, copied behind '*at' with a NUL after it; NULL stays NULL. */
static const void *
copy_column(sqlite3_stmt *s, int column, uint8_t **at, size_t *len)
{
	const void *from = sqlite3_column_blob(s, column);
	uint8_t *to = *at;

	*len = (size_t)sqlite3_column_bytes(s, column);
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return NULL;
	if (*len > 0)
		memcpy(to, from, *len);
	to[*len] = '\0';
	*at += *len + 1;
	return to;
}

static int
learnt_format(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? -1 : sqlite3_column_int(s, column);
}

static enum err
copy_row(struct reader *r, sqlite3_stmt *s, struct endpoint_row *ret)
{
	static const int copied[] = { 0, 1, 3, 4, 5 };
	size_t len = 0, unused;
	uint8_t *at;
	enum err e;

	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		len += (size_t)sqlite3_column_bytes(s, copied[i]) + 1;
	e = make_room(r, len);
	if (e != ERR_OK)
		return e;
	at = r->row;
	ret->endpoint = copy_column(s, 0, &at, &unused);
	ret->profile = copy_column(s, 1, &at, &unused);
	ret->enabled = sqlite3_column_int(s, 2) != 0;
	ret->psk_identity = copy_column(s, 3, &at, &ret->psk_identity_len);
	ret->psk_key = copy_column(s, 4, &at, &ret->psk_key_len);
	ret->json = copy_column(s, 5, &at, &ret->json_len);
	ret->lwm2m = (uint16_t)sqlite3_column_int(s, 6);
	ret->format = learnt_format(s, 7);
	return ERR_OK;
}

static enum err
find(struct reader *r, sqlite3_stmt *s, struct endpoint_row *ret)
{
	int rc = sqlite3_step(s);
	enum err e = rc == SQLITE_DONE ? ERR_NOTFOUND : ERR_DB;

	if (rc == SQLITE_ROW)
		e = copy_row(r, s, ret);
	store_done(s);
	return e;
}

enum err
reader_endpoint(struct reader *r, const char *endpoint, struct endpoint_row *ret)
{
	sqlite3_stmt *s = r->stmts[RD_ENDPOINT];

	store_text(s, 1, endpoint);
	return find(r, s, ret);
}

enum err
reader_psk(struct reader *r, const uint8_t *identity, size_t len, struct endpoint_row *ret)
{
	sqlite3_stmt *s = r->stmts[RD_PSK];

	/* fails on more than a gigabyte only, and finds nothing then */
	(void)sqlite3_bind_blob64(s, 1, identity, len, SQLITE_STATIC);
	return find(r, s, ret);
}

enum err
reader_pinned(struct reader *r, const uint8_t sha256[32], struct endpoint_row *ret)
{
	sqlite3_stmt *s = r->stmts[RD_PINNED];
	char hex[2 * AUTH_PINNED_LEN + 1];
	enum err e;
	int rc;

	text_hex(sha256, AUTH_PINNED_LEN, hex);
	store_text(s, 1, hex);
	rc = sqlite3_step(s);
	e = rc == SQLITE_ROW ? copy_row(r, s, ret) : rc == SQLITE_DONE ? ERR_NOTFOUND : ERR_DB;
	if (e == ERR_OK && sqlite3_step(s) == SQLITE_ROW)
		e = ERR_EXISTS;
	store_done(s);
	return e;
}

#define KID_MAX	255	/* octets, as of an ID Context: far more than there are */

static enum err
find_blob(struct reader *r, enum reader_stmt which, const uint8_t *p, size_t len, struct endpoint_row *ret)
{
	/* fails on more than a gigabyte only, and finds nothing then */
	(void)sqlite3_bind_blob64(r->stmts[which], 1, p, len, SQLITE_STATIC);
	return find(r, r->stmts[which], ret);
}

/* The one record whose key begins so; keys do not begin with 255, the length of a kid. */
static enum err
find_kid(struct reader *r, const uint8_t *key, size_t len, struct endpoint_row *ret)
{
	sqlite3_stmt *s = r->stmts[RD_KID];
	uint8_t beyond[1 + KID_MAX];
	size_t last = len - 1;
	enum err e;
	int rc;

	memcpy(beyond, key, len);
	while (beyond[last] == UINT8_MAX)
		last--;
	beyond[last]++;
	/* neither fails with numbers and lengths like these */
	(void)sqlite3_bind_blob64(s, 1, key, len, SQLITE_STATIC);
	(void)sqlite3_bind_blob64(s, 2, beyond, last + 1, SQLITE_STATIC);
	rc = sqlite3_step(s);
	e = rc == SQLITE_ROW ? copy_row(r, s, ret) : rc == SQLITE_DONE ? ERR_NOTFOUND : ERR_DB;
	if (e == ERR_OK) {
		rc = sqlite3_step(s);	/* nobody can say which of several is meant */
		e = rc == SQLITE_DONE ? ERR_OK : rc == SQLITE_ROW ? ERR_NOTFOUND : ERR_DB;
	}
	store_done(s);
	return e;
}

enum err
reader_oscore(struct reader *r, const uint8_t *kid, size_t kid_len, const uint8_t *id_context, size_t len,
    struct endpoint_row *ret)
{
	uint8_t key[1 + KID_MAX + KID_MAX];
	enum err e;

	if (kid_len >= KID_MAX || len > KID_MAX)
		return ERR_NOTFOUND;
	key[0] = (uint8_t)kid_len;
	if (kid_len > 0)
		memcpy(key + 1, kid, kid_len);
	if (len > 0)
		memcpy(key + 1 + kid_len, id_context, len);
	e = find_blob(r, RD_OSCORE, key, 1 + kid_len + len, ret);
	return e == ERR_NOTFOUND && len == 0 ? find_kid(r, key, 1 + kid_len, ret) : e;
}

enum err
reader_device(struct reader *r, const char *endpoint, uint16_t *lwm2m, int *format)
{
	sqlite3_stmt *s = r->stmts[RD_DEVICE];
	enum err e = ERR_OK;
	int rc;

	store_text(s, 1, endpoint);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*lwm2m = (uint16_t)sqlite3_column_int(s, 0);
		*format = learnt_format(s, 1);
	} else {
		e = rc == SQLITE_DONE ? ERR_NOTFOUND : ERR_DB;
	}
	store_done(s);
	return e;
}

enum err
reader_profiles(struct reader *r, bool (*each)(void *arg, const char *profile, const char *json,
    size_t len), void *arg)
{
	sqlite3_stmt *s = r->stmts[RD_PROFILES];
	int rc = SQLITE_ROW;

	while (rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW && !each(arg, (const char *)sqlite3_column_text(s, 0),
		    (const char *)sqlite3_column_text(s, 1), (size_t)sqlite3_column_bytes(s, 1)))
			rc = SQLITE_DONE;
	}
	store_done(s);
	return rc == SQLITE_DONE ? ERR_OK : ERR_DB;
}

uint64_t
reader_profile_generation(const struct reader *r)
{
	return atomic_load_explicit(&r->st->profile_generation, memory_order_acquire);
}
