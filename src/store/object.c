/* Object definitions that operators imported. Few, and read as a whole, so nothing is indexed. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"

enum err
store_object_put(struct store *st, uint16_t oid, const json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	struct txn t;

	if (text == NULL)
		return ERR_NOMEM;
	txn_begin(st, &t);
	txn_bind_int(&t, ST_OBJECT_PUT, 1, oid);
	txn_bind_text(&t, ST_OBJECT_PUT, 2, text, strlen(text));
	txn_run(&t, ST_OBJECT_PUT);
	enum err e = txn_end(&t);
	free(text);
	return e;
}

enum err
store_object_remove(struct store *st, uint16_t oid)
{
	struct txn t;

	txn_begin(st, &t);
	txn_bind_int(&t, ST_OBJECT_REMOVE, 1, oid);
	txn_run(&t, ST_OBJECT_REMOVE);
	if (t.err == ERR_OK && txn_changes(&t) == 0)
		t.err = ERR_NOTFOUND;
	return txn_end(&t);
}

static json_t *
document(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text != NULL ? json_loadb(text, (size_t)sqlite3_column_bytes(s, column), 0, NULL) : NULL;
}

enum err
store_object_list(struct store *st, bool (*each)(void *arg, uint16_t oid, json_t *doc), void *arg)
{
	sqlite3_stmt *s = st->stmts[ST_OBJECT_LIST];
	enum err e = ERR_OK;
	bool more = true;

	st->error[0] = '\0';
	while (more && store_step(st, s, &e)) {
		json_t *doc = document(s, 1);

		if (doc == NULL) {
			e = ERR_DB;
			break;
		}
		more = each(arg, (uint16_t)sqlite3_column_int(s, 0), doc);
		json_decref(doc);
	}
	store_done(s);
	return e;
}

/* Stored documents are written by a JSON library, so a path stands in them as it is: "/26241/0", "/26241". */
enum err
store_object_user(struct store *st, uint16_t oid, uint32_t most, bool *profile, char name[256])
{
	enum store_stmt which[] = { ST_OBJECT_PROFILE, ST_OBJECT_ENDPOINT };
	enum err e = ERR_OK;
	bool found = false;
	char path[16], whole[16];

	st->error[0] = '\0';
	snprintf(path, sizeof(path), "\"/%u/", oid);
	snprintf(whole, sizeof(whole), "\"/%u\"", oid);
	for (size_t i = 0; i < 2 && !found && e == ERR_OK; i++) {
		sqlite3_stmt *s = st->stmts[which[i]];

		store_text(s, 1, path);
		store_text(s, 3, whole);
		(void)sqlite3_bind_int64(s, 2, most);	/* cannot fail: the parameter exists */
		found = store_step(st, s, &e);
		if (found) {
			const char *text = (const char *)sqlite3_column_text(s, 0);
			snprintf(name, 256, "%s", text != NULL ? text : "");
			*profile = i == 0;
		}
		store_done(s);
	}
	return e != ERR_OK || found ? e : ERR_NOTFOUND;
}
