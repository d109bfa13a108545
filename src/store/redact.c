#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "lwm2m/path.h"
#include "store/config_priv.h"
#include "store/record.h"

/*
 * What nobody is shown without asking. Which resources are secret is a matter of the object
 * definitions alone; "write" names them by number, the rest of a config by the names of the contract.
 */

/* The members of "oscore" (interface.md, 3) that could be secret, as resources of /21. */
static const struct config_key oscore_keys[] = { { "master_secret", 0, NULL }, { "master_salt", 5, NULL } };

static bool
is_secret_named(const struct objdefs *defs, uint16_t oid, const struct config_key *keys, size_t n,
    const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, key) == 0)
			return objdefs_secret(defs, oid, keys[i].rid);
	return false;
}

static bool
is_secret_key(const struct objdefs *defs, const char *key)
{
	size_t n;
	const struct config_key *keys = config_security_keys(&n);

	return is_secret_named(defs, OBJECT_SECURITY, keys, n, key) ||
	    is_secret_named(defs, OBJECT_OSCORE, oscore_keys,
		sizeof(oscore_keys) / sizeof(oscore_keys[0]), key);
}

/* Of what is not known (any more) nobody can say that it is harmless. */
static bool
hides(const struct objdefs *defs, uint16_t oid, uint16_t rid)
{
	const struct resdef *r = objdefs_resource(defs, oid, rid);

	return r == NULL || r->secret;
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
hide_named(const struct objdefs *defs, json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;
	int rc = 0;

	json_array_foreach(v, i, member)
		rc |= hide_named(defs, member);
	json_object_foreach(v, key, member)
		rc |= is_secret_key(defs, key) ? hide(v, key) : hide_named(defs, member);
	return rc;
}

/* {"5": {"hex": …}} of an instance. */
static int
hide_members(const struct objdefs *defs, json_t *value, uint16_t oid)
{
	struct path rid;
	const char *key;
	json_t *member;
	char text[12];
	int rc = 0;

	json_object_foreach(value, key, member) {
		snprintf(text, sizeof(text), "/%.10s", key);
		if (path_parse(text, strlen(text), &rid) == ERR_OK && rid.depth == 1 &&
		    hides(defs, oid, rid.id[0]))
			rc |= hide(value, key);
	}
	return rc;
}

static int
hide_instances(const struct objdefs *defs, json_t *value, uint16_t oid)
{
	const char *iid;
	json_t *member;
	int rc = 0;

	json_object_foreach(value, iid, member)
		rc |= hide_members(defs, member, oid);
	return rc;
}

static int
hide_writes(const struct objdefs *defs, json_t *writes)
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
		if (path.depth == 1)
			rc |= hide_instances(defs, json_object_get(w, "value"), path.id[0]);
		else if (path.depth == 2)
			rc |= hide_members(defs, json_object_get(w, "value"), path.id[0]);
		else if (path.depth == 3 && hides(defs, path.id[0], path.id[2]))
			rc |= hide(w, "value");
	}
	return rc;
}

json_t *
record_redact(const json_t *doc, const struct objdefs *defs)
{
	json_t *copy = json_deep_copy(doc);
	json_t *config = json_object_get(copy, "config");
	int rc;

	if (copy == NULL)
		return NULL;
	rc = hide(json_object_get(json_object_get(copy, "auth"), "psk"), "key");
	rc |= hide(json_object_get(json_object_get(copy, "auth"), "oscore"), "master_secret");
	rc |= hide(json_object_get(json_object_get(copy, "auth"), "oscore"), "master_salt");
	rc |= hide_named(defs, config);
	rc |= hide_writes(defs, json_object_get(config, "write"));
	if (rc != 0) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}
