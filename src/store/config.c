#include "store/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lwm2m/format.h"
#include "store/config_priv.h"
#include "store/keys_priv.h"
#include "store/variables.h"

#define WARNING_MAX	512

enum err
config_warn(struct parse *p, const struct place *at, const char *fmt, ...)
{
	struct problem where;
	char text[WARNING_MAX];
	char **grown;
	va_list ap;

	if (p->doc.stored)		/* it was said when the record was stored */
		return ERR_OK;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)doc_refuse(&(struct doc){ .why = &where }, at, "", "%s", "");	/* only for its pointer */
	if (p->config->nwarnings == p->warnings_cap) {
		p->warnings_cap = p->warnings_cap > 0 ? 2 * p->warnings_cap : 8;
		grown = arena_array(p->doc.arena, p->warnings_cap, sizeof(*grown));
		if (grown == NULL)
			return doc_nomem(&p->doc);
		if (p->config->nwarnings > 0)
			memcpy(grown, p->config->warnings, p->config->nwarnings * sizeof(*grown));
		p->config->warnings = grown;
	}
	char *line = arena_printf(p->doc.arena, "%s: %s", where.where, text);
	if (line == NULL)
		return doc_nomem(&p->doc);
	p->config->warnings[p->config->nwarnings++] = line;
	return ERR_OK;
}

static enum err
read_format(struct parse *p, const struct place *at, const json_t *v)
{
	size_t i;
	enum err e = doc_word(&p->doc, at, v, words_format, &i);

	if (e != ERR_OK || i == 0)	/* auto */
		return e;
	p->config->format = format_by_name(words_format[i]);
	if (p->config->format == FORMAT_NONE || !format_can_encode(p->config->format))
		return doc_refuse(&p->doc, at, "unsupported",
		    "this release does not write %s; use auto, tlv or "
		    "senml-cbor",
		    words_format[i]);
	return ERR_OK;
}

static enum err
read_on_error_key(struct parse *p, const struct place *at, const json_t *object, const char *key,
    enum config_on_error *ret)
{
	const json_t *v = json_object_get(object, key);
	size_t i;
	enum err e;

	if (v == NULL)
		return ERR_OK;
	e = doc_word(&p->doc, PLACE_KEY(at, key), v, words_on_error, &i);
	if (e == ERR_OK)
		*ret = i == 0 ? CONFIG_STOP : CONFIG_CONTINUE;
	return e;
}

static enum err
read_on_error(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_object(&p->doc, at, v, keys_on_error);

	if (e == ERR_OK)
		e = read_on_error_key(p, at, v, "delete", &p->config->on_delete_error);
	if (e == ERR_OK)
		e = read_on_error_key(p, at, v, "write", &p->config->on_write_error);
	p->config->on_verify_error = p->config->on_write_error;
	if (e == ERR_OK)
		e = read_on_error_key(p, at, v, "verify", &p->config->on_verify_error);
	return e;
}

static enum err
read_discover(struct parse *p, const struct place *at, const json_t *v)
{
	static const enum config_when when[] = { CONFIG_NEVER, CONFIG_AUTO, CONFIG_ALWAYS };
	size_t i;
	enum err e = doc_word(&p->doc, at, v, words_discover, &i);

	if (e == ERR_OK)
		p->config->discover = when[i];
	return e;
}

static enum err
read_verify(struct parse *p, const struct place *at, const json_t *v)
{
	return doc_boolean(&p->doc, at, v, &p->config->verify);
}

/* Each may look at what stands before it: accounts link to "oscore", rules name servers, writes avoid all. */
static const struct {
	const char	*key;
	enum err	(*read)(struct parse *, const struct place *, const json_t *);
} members[] = {
	{ "oscore", oscore_read },
	{ "servers", servers_read },
	{ "bootstrap_server", bootstrap_server_read },
	{ "access_control", access_control_read },
	{ "write", writes_read },
	{ "delete", deletes_read },
	{ "discover", read_discover },
	{ "verify", read_verify },
	{ "format", read_format },
	{ "on_error", read_on_error },
};

static enum err
check_whole(struct parse *p, const struct place *at)
{
	const struct config *c = p->config;
	enum err e = ERR_OK;

	if (c->nservers >= 2 && c->naccess_control == 0)	/* spec/bootstrap.md 2.7 */
		e = config_warn(p, PLACE_KEY(at, "access_control"),
		    "with several servers LwM2M 1.0 and 1.1 devices want access control; there is none here");
	if (e == ERR_OK && c->nservers == 0 && c->bootstrap_server == NULL && c->nwrites == 0)
		e = config_warn(p, at, "nothing is written: the device is only told that it is finished");
	for (size_t i = 0; e == ERR_OK && i < c->noscore; i++) {
		bool linked = c->bootstrap_server != NULL && c->oscore[i].iid >= 0;
		for (size_t k = 0; k < c->nservers; k++)
			linked = linked || c->servers[k].oscore == (int32_t)i;
		if (!linked)
			e = config_warn(p, PLACE_INDEX(PLACE_KEY(at, "oscore"), i), "no account uses it");
	}
	return e;
}

static enum err
parse(struct parse *p, const json_t *config, const char *pointer, struct config **ret)
{
	const struct place *at = PLACE_ROOT(pointer);
	const char *named = variables_find(p->vars, "endpoint", 8);
	enum err e = doc_object(&p->doc, at, config, keys_config);

	if (e != ERR_OK)
		return e;
	p->config = arena_alloc(p->doc.arena, sizeof(*p->config));
	if (p->config == NULL)
		return doc_nomem(&p->doc);
	p->endpoint = named != NULL ? named : "endpoint";
	p->config->discover = CONFIG_AUTO;
	p->config->format = FORMAT_NONE;
	p->config->on_delete_error = CONFIG_CONTINUE;
	p->config->on_write_error = p->config->on_verify_error = CONFIG_STOP;
	for (size_t i = 0; e == ERR_OK && i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *v = json_object_get(config, members[i].key);
		if (v != NULL)
			e = members[i].read(p, PLACE_KEY(at, members[i].key), v);
	}
	if (e == ERR_OK)
		e = check_whole(p, at);
	if (e == ERR_OK)
		*ret = p->config;
	return e;
}

enum err
config_parse(const json_t *config, const struct objdefs *defs, const struct variables *vars,
    const char *pointer, struct arena *arena, struct config **ret, struct problem *why)
{
	struct parse p = { .doc = { .arena = arena, .why = why }, .defs = defs, .vars = vars };

	return parse(&p, config, pointer, ret);
}

enum err
config_parse_stored(const json_t *config, const struct objdefs *defs, const struct variables *vars,
    const char *pointer, struct arena *arena, struct config **ret, struct problem *why)
{
	struct parse p = {
		.doc = { .arena = arena, .why = why, .stored = true }, .defs = defs, .vars = vars
	};

	return parse(&p, config, pointer, ret);
}
