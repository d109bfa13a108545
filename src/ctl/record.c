#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ctl/ctl_priv.h"

/* A record made of options: what "endpoint set" and "profile set" send. */

static bool
is_record(const json_t *o)
{
	static const char *const keys[] = { "endpoint", "profile", "match", "auth", "variables", "config",
		"enabled" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(o, keys[i]) != NULL)
			return true;
	return false;
}

/* The first line of a file, without white space around it. */
static int
read_key(struct ctl *c, FILE *f, const char *name, json_t **ret)
{
	char line[1024];
	char *from = line, *to;

	if (fgets(line, sizeof(line), f) == NULL)
		return ctl_fail(c, "%s: there is no key in it.", name);
	from += strspn(from, " \t");
	to = from + strcspn(from, " \t\r\n");
	*to = '\0';
	*ret = json_string(from);
	secret_wipe(line, sizeof(line));
	return *ret != NULL ? CTL_DONE : ctl_fail(c, "%s: the key is not text.", name);
}

static int
psk_key(struct ctl *c, json_t **ret)
{
	const char *key = args_value(&c->args, "psk-key"), *file = args_value(&c->args, "psk-key-file");

	if (key != NULL && file != NULL)
		return ctl_usage(c, "--psk-key and --psk-key-file do not go together.");
	if (key == NULL && file == NULL)
		return ctl_usage(c, "--psk-identity needs a key: --psk-key HEX or --psk-key-file FILE.");
	if (key != NULL && strcmp(key, "-") == 0)
		return read_key(c, c->io.in, "standard input", ret);
	if (key != NULL) {
		*ret = json_string(key);
		return *ret != NULL ? CTL_DONE : ctl_usage(c, "--psk-key has to be hex.");
	}
	FILE *f = fopen(file, "re");
	if (f == NULL)
		return ctl_fail(c, "%s: %s", file, strerror(errno));
	int code = read_key(c, f, file, ret);
	fclose(f);
	return code;
}

static int
set_auth(struct ctl *c, json_t *record)
{
	const char *identity = args_value(&c->args, "psk-identity");
	bool key_given = args_has(&c->args, "psk-key") || args_has(&c->args, "psk-key-file");
	bool none = args_has(&c->args, "no-auth");
	json_t *key = NULL;

	if (none && (identity != NULL || key_given))
		return ctl_usage(c, "--no-auth and a PSK do not go together.");
	if (identity == NULL && key_given)
		return ctl_usage(c, "A PSK needs its identity: --psk-identity I.");
	if (none)
		json_object_set_new(record, "auth", json_pack("{s:b}", "none", 1));
	if (identity == NULL)
		return CTL_DONE;
	int code = psk_key(c, &key);
	if (code != CTL_DONE)
		return code;
	json_t *auth = json_pack("{s:{s:s, s:{s:o}}}", "psk", "identity", identity, "key", "hex", key);
	if (auth == NULL)
		return ctl_usage(c, "--psk-identity has to be UTF-8 text.");
	json_object_set_new(record, "auth", auth);
	return CTL_DONE;
}

static int
set_variables(struct ctl *c, json_t *record)
{
	json_t *vars = json_object_get(record, "variables");
	const char *var;

	for (size_t i = 0; (var = args_nth(&c->args, "var", i)) != NULL; i++) {
		const char *eq = strchr(var, '=');
		char name[256];
		if (eq == NULL || eq == var || (size_t)(eq - var) >= sizeof(name))
			return ctl_usage(c, "--var has to be NAME=VALUE, not \"%.80s\".", var);
		memcpy(name, var, (size_t)(eq - var));
		name[eq - var] = '\0';
		if (vars == NULL) {
			vars = json_object();
			json_object_set_new(record, "variables", vars);
		}
		if (json_object_set_new(vars, name, json_string(eq + 1)) < 0)
			return ctl_usage(c, "--var has to be UTF-8 text.");
	}
	return CTL_DONE;
}

/* The stored record, which --keep starts from. */
static int
stored(struct ctl *c, const char *kind, const char *name, json_t **ret)
{
	char method[32];

	snprintf(method, sizeof(method), "%s.get", kind);
	return ctl_call(c, method, json_pack("{s:s, s:b}", kind, name, "reveal", 1), ret);
}

/* True when only the switch is given: then nobody means to drop the rest of the record. */
static bool
only_switch(const struct args *a)
{
	static const char *const record[] = { "profile", "psk-identity", "psk-key", "psk-key-file", "no-auth",
		"config", "var", "match" };
	bool given = false;

	for (size_t i = 0; i < sizeof(record) / sizeof(record[0]); i++)
		given = given || args_has(a, record[i]);
	return !given && (args_has(a, "enable") || args_has(a, "disable"));
}

static int
merge_file(struct ctl *c, const char *kind, const char *name, const char *file, json_t *record)
{
	json_t *given = NULL;
	int code;

	if (strcmp(file, "-") == 0 && args_value(&c->args, "psk-key") != NULL &&
	    strcmp(args_value(&c->args, "psk-key"), "-") == 0)
		return ctl_usage(c, "Only one of --config and --psk-key can come from standard input.");
	code = ctl_read_object(c, file, &given);
	if (code != CTL_DONE)
		return code;
	const char *own = ctl_text(given, kind);
	if (own[0] != '\0' && strcmp(own, name) != 0)
		code = ctl_usage(c, "The record in %s is of the %s \"%.100s\", not of \"%.100s\".",
		    file, kind, own, name);
	else if (is_record(given))
		json_object_update(record, given);
	else
		json_object_set(record, "config", given);
	json_decref(given);
	return code;
}

static int
set_simple(struct ctl *c, const char *kind, const char *name, json_t *record)
{
	const char *profile = args_value(&c->args, "profile"), *glob;
	json_t *match = NULL;

	if (args_has(&c->args, "enable") && args_has(&c->args, "disable"))
		return ctl_usage(c, "--enable and --disable do not go together.");
	if (json_object_set_new(record, kind, json_string(name)) < 0 ||
	    (profile != NULL && json_object_set_new(record, "profile", json_string(profile)) < 0))
		return ctl_usage(c, "Names have to be UTF-8 text.");
	if (args_has(&c->args, "enable") || args_has(&c->args, "disable"))
		json_object_set_new(record, "enabled", json_boolean(args_has(&c->args, "enable")));
	for (size_t i = 0; (glob = args_nth(&c->args, "match", i)) != NULL; i++) {
		match = match != NULL ? match : json_array();
		json_array_append_new(match, json_string(glob));
	}
	if (match != NULL)
		json_object_set_new(record, "match", match);
	return CTL_DONE;
}

int
ctl_record(struct ctl *c, const char *kind, const char *name, json_t **ret)
{
	const char *file = args_value(&c->args, "config");
	json_t *record = NULL;
	int code = CTL_DONE;

	if (args_has(&c->args, "keep") || only_switch(&c->args))
		code = stored(c, kind, name, &record);
	else
		record = json_pack("{s:s}", kind, name);	/* stands first in what is shown */
	if (code == CTL_DONE && record == NULL)
		code = ctl_usage(c, "Names have to be UTF-8 text.");
	if (code == CTL_DONE && file != NULL)
		code = merge_file(c, kind, name, file, record);
	if (code == CTL_DONE)
		code = set_simple(c, kind, name, record);
	if (code == CTL_DONE)
		code = set_auth(c, record);
	if (code == CTL_DONE)
		code = set_variables(c, record);
	if (code == CTL_DONE)
		*ret = record;
	else
		json_decref(record);
	return code;
}
