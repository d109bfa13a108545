#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "lwm2m/path.h"
#include "store/doc_priv.h"
#include "store/record.h"

/*
 * What nobody is shown without asking. In a record a secret is a member with a name; in "write" it is
 * a resource that no server may read (spec/bootstrap.md 3.1, 3.4, 3.5).
 */

static const char *const secret_keys[] = { "secret_key", "sms_binding_secret_key", "master_secret" };
static const struct {
	uint16_t	oid, rid;
} secret_resources[] = { { 0, 5 }, { 0, 8 }, { 21, 0 }, { 23, 2 }, { 24, 8 } };

static bool
is_secret_key(const char *key)
{
	for (size_t i = 0; i < sizeof(secret_keys) / sizeof(secret_keys[0]); i++)
		if (strcmp(key, secret_keys[i]) == 0)
			return true;
	return false;
}

static bool
is_secret_resource(uint16_t oid, uint16_t rid)
{
	for (size_t i = 0; i < sizeof(secret_resources) / sizeof(secret_resources[0]); i++)
		if (secret_resources[i].oid == oid && secret_resources[i].rid == rid)
			return true;
	return false;
}

/* How long it is, as far as that can be told; a text counts as it stands. */
static size_t
secret_len(const json_t *v)
{
	const uint8_t *octets;
	struct problem why;
	struct arena arena;
	size_t len = 0;

	if (json_is_string(v))
		return json_string_length(v);
	arena_init(&arena, 512, 0);
	if (record_binary(v, "", &arena, &octets, &len, &why) != ERR_OK)
		len = 0;
	arena_fini(&arena);
	return len;
}

/* What the server makes is no secret yet; null only takes something away. */
static bool
is_open(const json_t *v)
{
	return json_is_null(v) || json_object_get(v, "random") != NULL ||
	       json_object_get(v, "derive") != NULL || json_object_get(v, "redacted") != NULL;
}

/* 0, or -1 when out of memory, as jansson has it. */
static int
hide(json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (v == NULL || is_open(v))
		return 0;
	return json_object_set_new(object, key, json_pack("{s:I}", "redacted", (json_int_t)secret_len(v)));
}

/* The names of the contract, wherever they stand in a config. */
static int
hide_named(json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;
	int rc = 0;

	json_array_foreach(v, i, member)
		rc |= hide_named(member);
	json_object_foreach(v, key, member)
		rc |= is_secret_key(key) ? hide(v, key) : hide_named(member);
	return rc;
}

/* {"5": {"hex": …}} of an instance. */
static int
hide_members(json_t *value, uint16_t oid)
{
	struct path rid;
	const char *key;
	json_t *member;
	char text[12];
	int rc = 0;

	json_object_foreach(value, key, member) {
		snprintf(text, sizeof(text), "/%.10s", key);
		if (path_parse(text, strlen(text), &rid) == ERR_OK && rid.depth == 1 &&
		    is_secret_resource(oid, rid.id[0]))
			rc |= hide(value, key);
	}
	return rc;
}

static int
hide_writes(json_t *writes)
{
	json_t *w;
	size_t i;
	int rc = 0;

	json_array_foreach(writes, i, w) {
		const json_t *text = json_object_get(w, "path");
		struct path path;
		if (!json_is_string(text) ||
		    path_parse(json_string_value(text), json_string_length(text), &path) != ERR_OK)
			continue;
		if (path.depth == 2)
			rc |= hide_members(json_object_get(w, "value"), path.id[0]);
		else if (path.depth == 3 && is_secret_resource(path.id[0], path.id[2]))
			rc |= hide(w, "value");
	}
	return rc;
}

json_t *
record_redact(const json_t *doc)
{
	json_t *copy = json_deep_copy(doc);
	json_t *config = json_object_get(copy, "config");
	int rc;

	if (copy == NULL)
		return NULL;
	rc = hide(json_object_get(json_object_get(copy, "auth"), "psk"), "key");
	rc |= hide_named(config);
	rc |= hide_writes(json_object_get(config, "write"));
	if (rc != 0) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}
