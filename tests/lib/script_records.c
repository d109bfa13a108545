#include "lib/script_records.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "lib/script.h"
#include "store/record.h"
#include "store/resolve.h"
#include "store/store.h"

#define TEXT_LEN	4096

static void
append(char *text, const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, TEXT_LEN - len, "%s%s", len > 0 ? " " : "", word);
}

/* The words of a line as JSON again; the caller frees with json_decref(). */
static json_t *
read_json(struct script *s, char **words)
{
	char text[TEXT_LEN] = "";
	json_error_t error;
	json_t *v;

	for (words++; *words != NULL; words++)
		append(text, *words);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(text, 0, &error);
	if (v == NULL)
		script_fail(s, "no JSON: %s", error.text);
	return v;
}

void
script_profile(struct script *s, char **words, struct store *store, const struct objdefs *defs)
{
	json_t *doc = read_json(s, words);
	struct profile_record rec;
	struct problem why;
	struct arena a;

	if (doc == NULL)
		return;
	arena_init(&a, 4096, 0);
	if (record_profile(doc, defs, &a, &rec, &why) != ERR_OK)
		script_fail(s, "%s: %s", why.where, why.text);
	else if (store_profile_put(store, rec.profile, doc) != ERR_OK ||
	    store_commit(store) != ERR_OK)
		script_fail(s, "%s", store_error(store));
	arena_fini(&a);
	json_decref(doc);
}

static void
put_endpoint(struct script *s, struct store *store, const struct endpoint_record *rec, const json_t *doc)
{
	struct endpoint_keys keys = { .endpoint = rec->endpoint, .profile = rec->profile,
		.enabled = rec->enabled };

	if (rec->auth != NULL && rec->auth->kind == AUTH_PSK) {
		keys.psk_identity = (const uint8_t *)rec->auth->psk_identity;
		keys.psk_identity_len = strlen(rec->auth->psk_identity);
		keys.psk_key = rec->auth->psk_key;
		keys.psk_key_len = rec->auth->psk_key_len;
	}
	if (store_endpoint_put(store, &keys, doc, NULL) != ERR_OK || store_commit(store) != ERR_OK)
		script_fail(s, "%s", store_error(store));
}

void
script_endpoint(struct script *s, char **words, struct store *store, struct resolver *resolver)
{
	json_t *doc = read_json(s, words);
	struct endpoint_record rec;
	struct resolved res;
	struct problem why;
	struct arena a;

	if (doc == NULL)
		return;
	arena_init(&a, 4096, 0);
	if (record_endpoint(doc, &a, &rec, &why) != ERR_OK ||
	    resolve_record(resolver, &rec, &a, &res, &why) != ERR_OK) {
		script_fail(s, "%s: %s", why.where, why.text);
	} else {
		resolved_release(&res);
		put_endpoint(s, store, &rec, doc);
	}
	arena_fini(&a);
	json_decref(doc);
}
