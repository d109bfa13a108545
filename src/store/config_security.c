#include <inttypes.h>
#include <string.h>

#include "store/config_priv.h"
#include "store/keys_priv.h"

/*
 * The keys of a /0 instance: which resource each one is, and which of the three credentials
 * (resources 3, 4, 5) a mode has (spec/bootstrap.md 3.1).
 */

static const struct config_key account_timeout = { "account_timeout", 12, NULL };

static const struct {
	const char	*mode;
	const char	*keys[4];	/* NULL-terminated */
} credentials[] = {
	{ "psk",   { "identity", "secret_key" } },
	{ "rpk",   { "public_key", "server_public_key", "secret_key" } },
	{ "x509",  { "certificate", "server_certificate", "secret_key" } },
	{ "nosec", { NULL } },
	{ "est",   { "server_certificate" } },
};
#define NMODES	((int64_t)(sizeof(credentials) / sizeof(credentials[0])))

static bool
mode_has(int64_t mode, const char *key)
{
	for (size_t i = 0; credentials[mode].keys[i] != NULL; i++)
		if (strcmp(credentials[mode].keys[i], key) == 0)
			return true;
	return false;
}

static enum err
check_mode(struct parse *p, const struct place *at, const json_t *object, int64_t mode)
{
	static const char *const all[] = { "identity", "public_key", "certificate", "server_public_key",
		"server_certificate", "secret_key" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool given = json_object_get(object, all[i]) != NULL, has = mode_has(mode, all[i]);
		if (given && !has)
			return doc_refuse(&p->doc, PLACE_KEY(at, all[i]), "conflict",
			    "mode %s has no \"%s\"; leave it out", credentials[mode].mode, all[i]);
		if (!given && has)
			return doc_refuse(&p->doc, PLACE_KEY(at, all[i]), "missing", "mode %s needs \"%s\"",
			    credentials[mode].mode, all[i]);
	}
	return ERR_OK;
}

/*
 * The plan links a server account to its /21 instance, whatever number that gets. A bootstrap
 * account is written as it stands here, so its /21 instance needs a number in the record.
 */
static enum err
read_oscore(struct parse *p, const struct place *at, const json_t *v, bool bootstrap, struct reslist *list,
    int32_t *ret)
{
	int64_t index;
	int32_t iid;
	enum err e;

	if (p->config->noscore == 0)
		return doc_refuse(&p->doc, at, "invalid",
		    "this is an index into the config's \"oscore\", which is empty or absent");
	e = doc_integer(&p->doc, at, v, 0, (int64_t)p->config->noscore - 1, &index);
	if (e != ERR_OK)
		return e;
	*ret = (int32_t)index;
	if (!bootstrap)
		return ERR_OK;
	iid = p->config->oscore[index].iid;
	if (iid < 0)
		return doc_refuse(&p->doc, at, "missing",
		    "what the bootstrap account is linked to needs an \"instance\" of its own in \"oscore\"");
	return reslist_set(p, list, OBJECT_SECURITY, 17,
	    &(struct value){ .type = VALUE_OBJLNK, .link = { OBJECT_OSCORE, (uint16_t)iid } });
}

static enum err
read_key(struct parse *p, const struct place *at, const json_t *v, const struct config_key *key,
    struct reslist *list)
{
	const struct resdef *def = objdefs_resource(p->defs, OBJECT_SECURITY, key->rid);
	const struct value *literal;
	enum err e;

	if (def == NULL)
		return doc_refuse(
		    &p->doc, at, "objects", "the object definitions do not know /0/x/%u", key->rid);
	e = value_read_resource(p, at, v, def, key->words, list);
	literal = e == ERR_OK ? reslist_literal(list, key->rid) : NULL;
	if (literal != NULL && literal->type == VALUE_INTEGER && literal->i < 0)
		return doc_refuse(&p->doc, at, "range", "\"%s\" is not negative, found %" PRId64, key->name,
		    literal->i);
	return e;
}

enum err
security_read(struct parse *p, const struct place *at, const json_t *object, bool bootstrap,
    struct reslist *list, int32_t *oscore)
{
	size_t n;
	const struct config_key *keys = config_security_keys(&n);
	const json_t *v;
	int64_t mode;
	enum err e = doc_object(&p->doc, at, object, bootstrap ? keys_bootstrap_server : keys_security);

	*oscore = -1;
	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		const struct place *here = PLACE_KEY(at, keys[i].name);
		v = json_object_get(object, keys[i].name);
		if (v == NULL && i < 2)
			return doc_refuse(&p->doc, here, "missing", "an account needs \"%s\"", keys[i].name);
		if (v == NULL)
			continue;
		if (strcmp(keys[i].name, "oscore") == 0)
			e = read_oscore(p, here, v, bootstrap, list, oscore);
		else
			e = read_key(p, here, v, &keys[i], list);
	}
	if (e == ERR_OK && bootstrap && (v = json_object_get(object, account_timeout.name)) != NULL)
		e = read_key(p, PLACE_KEY(at, account_timeout.name), v, &account_timeout, list);
	if (e != ERR_OK)
		return e;
	mode = reslist_literal(list, 2)->i;
	if (mode < 0 || mode >= NMODES)
		return doc_refuse(&p->doc, PLACE_KEY(at, "mode"), "range",
		    "expected a mode from 0 to %d, found %" PRId64, (int)NMODES - 1, mode);
	e = check_mode(p, at, object, mode);
	if (e == ERR_OK)
		e = reslist_set(p, list, OBJECT_SECURITY, 1,
		    &(struct value){ .type = VALUE_BOOLEAN, .b = bootstrap });
	return e == ERR_OK ? security_check(p, at, list, bootstrap) : e;
}
