#include "store/record.h"

#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "store/auth_priv.h"
#include "store/doc_priv.h"
#include "store/keys_priv.h"
#include "store/record_priv.h"
#include "store/variables.h"

/* What endpoint and profile have in common. */
static enum err
read_common(const struct doc *d, const struct place *root, const json_t *doc, const struct auth **auth,
    struct variables *vars, json_t **config)
{
	const json_t *v;
	char found[DOC_FOUND_MAX];
	enum err e = ERR_OK;

	if ((v = json_object_get(doc, "auth")) != NULL)
		e = auth_read(d, PLACE_KEY(root, "auth"), v, auth);
	if (e == ERR_OK && (v = json_object_get(doc, "variables")) != NULL)
		e = variables_read(d, PLACE_KEY(root, "variables"), v, vars);
	*config = json_object_get(doc, "config");
	if (e == ERR_OK && *config != NULL && !json_is_object(*config))
		return doc_refuse(d, PLACE_KEY(root, "config"), "type", "expected an object, found %s",
		    doc_found(*config, found));
	return e;
}

/* The identity becomes what the device will say, once and for all: it is searched by. */
static enum err
expand_identity(const struct doc *d, const struct place *root, struct endpoint_record *rec)
{
	const struct place *at = PLACE_KEY(PLACE_KEY(PLACE_KEY(root, "auth"), "psk"), "identity");
	struct auth *own;
	struct problem why;
	enum err e;

	if (rec->auth == NULL || rec->auth->kind != AUTH_PSK || !variables_used(rec->auth->psk_identity))
		return ERR_OK;
	own = arena_dup(d->arena, rec->auth, sizeof(*own));
	if (own == NULL)
		return doc_nomem(d);
	e = config_expand_text(rec->auth->psk_identity, rec->endpoint, &rec->variables, d->arena,
	    &own->psk_identity, &why);
	if (e == ERR_NOMEM)
		return doc_nomem(d);
	if (e != ERR_OK)
		return doc_refuse(d, at, why.reason, "%s", why.text);
	if (own->psk_identity[0] == '\0' || strlen(own->psk_identity) > RECORD_PSK_IDENTITY_MAX)
		return doc_refuse(d, at, "range", "with its variables the identity has %zu octets; "
		    "expected 1 to %d", strlen(own->psk_identity), RECORD_PSK_IDENTITY_MAX);
	rec->auth = own;
	return ERR_OK;
}

const char *
quirk_name(enum quirk q)
{
	return words_quirks[q];
}

/* A list of names; each counts once however often it stands there. */
static enum err
read_quirks(const struct doc *d, const struct place *at, const json_t *v, unsigned *ret)
{
	enum err e = doc_array(d, at, v);
	size_t q;

	*ret = 0;
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		e = doc_word(d, PLACE_INDEX(at, i), json_array_get(v, i), words_quirks, &q);
		if (e == ERR_OK)
			*ret |= QUIRK_BIT(q);
	}
	return e;
}

enum err
record_read_endpoint(const struct doc *d, json_t *doc, struct endpoint_record *ret)
{
	const struct place *root = PLACE_ROOT("");
	struct endpoint_record rec = { .enabled = true };
	enum err e = doc_object(d, root, doc, keys_endpoint);

	if (e != ERR_OK)
		return e;
	if (json_object_get(doc, "endpoint") == NULL)
		return doc_refuse(d, PLACE_KEY(root, "endpoint"), "missing",
		    "a record of a device needs its endpoint name");
	e = doc_text(d, PLACE_KEY(root, "endpoint"), json_object_get(doc, "endpoint"), RECORD_ENDPOINT_MAX,
	    &rec.endpoint);
	if (e == ERR_OK && json_object_get(doc, "profile") != NULL)
		e = doc_name(d, PLACE_KEY(root, "profile"), json_object_get(doc, "profile"),
		    RECORD_NAME_MAX, &rec.profile);
	if (e == ERR_OK && json_object_get(doc, "enabled") != NULL)
		e = doc_boolean(d, PLACE_KEY(root, "enabled"), json_object_get(doc, "enabled"), &rec.enabled);
	if (e == ERR_OK)
		e = read_common(d, root, doc, &rec.auth, &rec.variables, &rec.config);
	if (e == ERR_OK)
		e = expand_identity(d, root, &rec);
	rec.has_quirks = json_object_get(doc, "quirks") != NULL;
	if (e == ERR_OK && rec.has_quirks)
		e = read_quirks(d, PLACE_KEY(root, "quirks"), json_object_get(doc, "quirks"), &rec.quirks);
	if (e == ERR_OK)
		*ret = rec;
	return e;
}

enum err
record_endpoint(json_t *doc, struct arena *arena, struct endpoint_record *ret, struct problem *why)
{
	const struct doc d = { .arena = arena, .why = why };

	return record_read_endpoint(&d, doc, ret);
}

static enum err
read_match(const struct doc *d, const struct place *at, const json_t *v, struct profile_record *rec)
{
	enum err e = v == NULL ? ERR_OK : doc_array(d, at, v);

	if (e != ERR_OK || v == NULL)
		return e;
	rec->match = arena_array(d->arena, json_array_size(v), sizeof(*rec->match));
	if (rec->match == NULL)
		return doc_nomem(d);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		e = doc_text(
		    d, PLACE_INDEX(at, i), json_array_get(v, i), RECORD_ENDPOINT_MAX, &rec->match[i]);
		rec->nmatch = i + 1;
	}
	return e;
}

/*
 * A profile's own config. Devices that have no record of their own bring no variables, so with
 * "match" all must be known here.
 */
static enum err
check_profile(const struct objdefs *defs, struct arena *arena, const struct profile_record *rec,
    struct problem *why)
{
	const struct variables *known = rec->nmatch > 0 ? &rec->variables : NULL;
	struct config *config;
	const char *text;
	enum err e = ERR_OK;

	if (known != NULL && rec->auth != NULL && rec->auth->kind == AUTH_PSK) {
		e = config_expand_text(rec->auth->psk_identity, "endpoint", known, arena, &text, why);
		if (e == ERR_NOTFOUND || e == ERR_MALFORMED)
			return problem_set(why, ERR_INVALID,
			    e == ERR_NOTFOUND ? "unknown-variable" : "invalid", "/auth/psk/identity",
			    "a variable in it is not known; a profile with \"match\" "
			    "sets all its variables itself, besides ${endpoint}");
	}
	if (e == ERR_OK && rec->config != NULL)
		e = config_parse(rec->config, defs, known, "/config", arena, &config, why);
	return e;
}

enum err
record_read_profile(const struct doc *d, json_t *doc, struct profile_record *ret)
{
	const struct place *root = PLACE_ROOT("");
	struct profile_record rec = { 0 };
	enum err e = doc_object(d, root, doc, keys_profile);

	if (e != ERR_OK)
		return e;
	if (json_object_get(doc, "profile") == NULL)
		return doc_refuse(d, PLACE_KEY(root, "profile"), "missing", "a profile needs its name");
	e = doc_name(d, PLACE_KEY(root, "profile"), json_object_get(doc, "profile"), RECORD_NAME_MAX,
	    &rec.profile);
	if (e == ERR_OK)
		e = read_match(d, PLACE_KEY(root, "match"), json_object_get(doc, "match"), &rec);
	if (e == ERR_OK)
		e = read_common(d, root, doc, &rec.auth, &rec.variables, &rec.config);
	if (e == ERR_OK && rec.auth != NULL && rec.auth->kind == AUTH_OSCORE)
		return doc_refuse(d, PLACE_KEY(PLACE_KEY(root, "auth"), "oscore"), "unsupported",
		    "each device has an OSCORE context of its own: it is given in the device's record");
	if (e == ERR_OK && json_object_get(doc, "quirks") != NULL)
		e = read_quirks(d, PLACE_KEY(root, "quirks"), json_object_get(doc, "quirks"), &rec.quirks);
	if (e == ERR_OK)
		*ret = rec;
	return e;
}

enum err
record_profile(json_t *doc, const struct objdefs *defs, struct arena *arena, struct profile_record *ret,
    struct problem *why)
{
	const struct doc d = { .arena = arena, .why = why };
	struct profile_record rec;
	enum err e = record_read_profile(&d, doc, &rec);

	if (e == ERR_OK)
		e = check_profile(defs, arena, &rec, why);
	if (e == ERR_OK)
		*ret = rec;
	return e;
}
