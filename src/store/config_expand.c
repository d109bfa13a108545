#include <string.h>

#include "store/binary_priv.h"
#include "store/config.h"

/* From a configured value to the one of a device. */

static enum err
make(const struct config_value *v, const struct config_mint *mint, struct arena *arena, struct value *ret,
    struct problem *why)
{
	const uint8_t *octets = NULL;
	size_t len = 0;
	enum err e;

	if (mint == NULL)
		return problem_set(why, ERR_UNSUPPORTED, "unsupported", "",
		    "the server has to make this value (\"random\" or \"derive\"), and cannot do it here");
	e = mint->octets(mint->arg, v, arena, &octets, &len);
	if (e != ERR_OK)
		return problem_set(why, e, "mint", "", "the server could not make a value: %s", err_text(e));
	*ret = value_bytes(v->literal.type, octets, len);
	return ERR_OK;
}

enum err
config_expand(const struct config_value *v, const char *endpoint, const struct variables *vars,
    const struct config_mint *mint, struct arena *arena, struct value *ret, struct problem *why)
{
	const uint8_t *octets = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum err e;

	if (v->source == CONFIG_LITERAL) {
		*ret = v->literal;
		return ERR_OK;
	}
	if (v->source != CONFIG_TEMPLATE)
		return make(v, mint, arena, ret, why);
	e = config_expand_text(v->template, endpoint, vars, arena, &text, why);
	if (e != ERR_OK)
		return e;
	e = binary_decode(v->encoding, text, strlen(text), arena, &octets, &len);
	if (e != ERR_OK)
		return problem_set(why, e == ERR_NOMEM ? e : ERR_INVALID, "invalid", "",
		    e == ERR_NOMEM ? "out of memory" : "with its variables a value is no valid %s",
		    v->encoding == CONFIG_HEX ? "hexadecimal" : "base64");
	*ret = value_bytes(v->literal.type, octets, len);
	return ERR_OK;
}

static bool
any_made(const struct config_resource *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].value.source == CONFIG_RANDOM || r[i].value.source == CONFIG_DERIVE)
			return true;
	return false;
}

bool
config_mints(const struct config *c)
{
	for (size_t i = 0; i < c->nservers; i++)
		if (any_made(c->servers[i].security.resources, c->servers[i].security.nresources) ||
		    any_made(c->servers[i].server.resources, c->servers[i].server.nresources))
			return true;
	if (c->bootstrap_server != NULL &&
	    any_made(c->bootstrap_server->resources, c->bootstrap_server->nresources))
		return true;
	for (size_t i = 0; i < c->noscore; i++)
		if (any_made(c->oscore[i].resources, c->oscore[i].nresources))
			return true;
	for (size_t i = 0; i < c->nwrites; i++) {
		const struct config_write *w = &c->writes[i];

		if (any_made(w->resources, w->nresources))
			return true;
		for (size_t k = 0; k < w->ninstances; k++)
			if (any_made(w->instances[k].resources, w->instances[k].nresources))
				return true;
	}
	return false;
}
