#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/config_priv.h"
#include "store/keys_priv.h"
#include "store/uri.h"

/* Accounts: /0 and /1 of each server that the device is given, and its bootstrap account. */

enum err
instance_read(struct parse *p, const struct place *object, const json_t *v, int32_t *ret)
{
	int64_t iid;
	enum err e;

	*ret = -1;
	if (v == NULL)
		return ERR_OK;
	e = doc_integer(&p->doc, PLACE_KEY(object, "instance"), v, 0, 65534, &iid);
	if (e == ERR_OK)
		*ret = (int32_t)iid;
	return e;
}

bool
config_knows_server(const struct config *config, int64_t short_server_id)
{
	for (size_t i = 0; i < config->nservers; i++)
		if (config->servers[i].short_server_id == short_server_id)
			return true;
	return false;
}

/* --- /1 --- */

static enum err
read_keys(struct parse *p, const struct place *at, const json_t *object, struct reslist *list)
{
	size_t n;
	const struct config_key *keys = config_server_keys(&n);
	enum err e = object != NULL ? doc_object(&p->doc, at, object, keys_server) : ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		const struct place *here = PLACE_KEY(at, keys[i].name);
		const struct resdef *def = objdefs_resource(p->defs, OBJECT_SERVER, keys[i].rid);
		const json_t *v = json_object_get(object, keys[i].name);
		const struct value *literal;

		if (v == NULL)
			continue;
		if (def == NULL)
			return doc_refuse(&p->doc, here, "objects",
			    "the object definitions do not know /1/x/%u", keys[i].rid);
		e = value_read_resource(p, here, v, def, keys[i].words, list);
		literal = e == ERR_OK ? reslist_literal(list, keys[i].rid) : NULL;
		if (literal != NULL && literal->type == VALUE_INTEGER && literal->i < 0)
			return doc_refuse(&p->doc, here, "range", "\"%s\" is not negative, found %" PRId64,
			    keys[i].name, literal->i);
	}
	return e;
}

/* Letters of LwM2M Core 1.2, /1/x/7; Q went away with 1.1. */
static enum err
check_letters(struct parse *p, const struct place *at, const struct value *binding, char transport)
{
	const char *s = (const char *)binding->bytes.p;
	size_t len = binding->bytes.len;

	if (len == 0)
		return doc_refuse(
		    &p->doc, at, "range", "expected at least one of the letters U, T, S, N, M, H");
	for (size_t i = 0; i < len; i++) {
		if (memchr("UTSNMHQ", s[i], 7) == NULL)
			return doc_refuse(&p->doc, at, "invalid",
			    "'%c' is no binding; expected letters of U, T, S, N, M, H", s[i]);
		if (memchr(s, s[i], i) != NULL)
			return doc_refuse(&p->doc, at, "invalid", "'%c' stands twice", s[i]);
	}
	if (transport != '\0' && memchr(s, transport, len) == NULL)
		return doc_refuse(&p->doc, at, "conflict",
		    "the URI needs the letter '%c', which \"%.*s\" has not", transport, (int)len, s);
	if (memchr(s, 'Q', len) != NULL)
		return config_warn(p, at, "Q exists in LwM2M 1.0 only; later devices refuse it");
	return ERR_OK;
}

static enum err
check_binding(struct parse *p, const struct place *at, const struct reslist *list, char transport)
{
	const struct place *binding_at = PLACE_KEY(at, "binding"),
			   *preferred_at = PLACE_KEY(at, "preferred_transport");
	const struct config_value *binding = reslist_find(list, 7), *preferred = reslist_find(list, 22);
	enum err e;

	if (binding->source != CONFIG_LITERAL)
		return doc_refuse(&p->doc, binding_at, "invalid", "a variable cannot stand in a binding");
	e = check_letters(p, binding_at, &binding->literal, transport);
	if (e != ERR_OK || preferred == NULL)
		return e;
	if (preferred->source != CONFIG_LITERAL || preferred->literal.bytes.len != 1 ||
	    memchr("UTSNMH", preferred->literal.bytes.p[0], 6) == NULL)
		return doc_refuse(
		    &p->doc, preferred_at, "invalid", "expected one of the letters U, T, S, N, M, H");
	if (memchr(binding->literal.bytes.p, preferred->literal.bytes.p[0],
		binding->literal.bytes.len) == NULL)
		return config_warn(
		    p, preferred_at, "the preferred transport is not among the binding's letters");
	return ERR_OK;
}

/* "1.1" or "1.2.1" */
static bool
is_version(const struct value *v)
{
	const uint8_t *s = v->bytes.p;

	if (v->bytes.len != 3 && v->bytes.len != 5)
		return false;
	for (size_t i = 0; i < v->bytes.len; i++)
		if (i % 2 == 0 ? s[i] < '0' || s[i] > '9' : s[i] != '.')
			return false;
	return true;
}

static bool
is_zero(const struct reslist *list, uint16_t rid)
{
	const struct value *v = reslist_literal(list, rid);

	return v != NULL && (v->type == VALUE_UNSIGNED ? v->u == 0 : v->i == 0);
}

/* Both links to APN profiles, /11; "65535:65535" is none. */
static enum err
check_links(struct parse *p, const struct place *at, const struct reslist *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct config_resource *r = &list->v[i];
		uint16_t oid = r->value.literal.link.oid;
		if ((r->rid == 10 || r->rid == 24) && oid != 11 && oid != 65535)
			return doc_refuse(&p->doc,
			    PLACE_KEY(at, r->rid == 10 ? "apn_link" : "alternate_apn_links"), "invalid",
			    "expected a link to an APN profile such as \"11:0\"");
	}
	return ERR_OK;
}

/* Legal, but refused or misread by devices that are in use (spec/bootstrap.md 2.6). */
static enum err
check_oddities(struct parse *p, const struct place *at, const struct reslist *list)
{
	const struct value *min = reslist_literal(list, 2), *max = reslist_literal(list, 3);
	enum err e = ERR_OK;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].rid == 25 && list->v[i].value.source == CONFIG_LITERAL &&
		    !is_version(&list->v[i].value.literal))
			return doc_refuse(&p->doc,
			    PLACE_INDEX(
				PLACE_KEY(at, "supported_server_versions"), (size_t)list->v[i].riid),
			    "invalid", "expected a version such as \"1.1\" or \"1.2.1\"");
	if (is_zero(list, 1))
		e = config_warn(p, PLACE_KEY(at, "lifetime"),
		    "a lifetime of 0 means for ever from LwM2M 1.2 on, "
		    "and nothing before");
	if (e == ERR_OK && is_zero(list, 3))
		e = config_warn(
		    p, PLACE_KEY(at, "default_max_period"), "some devices refuse 0; leave it out");
	if (e == ERR_OK && min != NULL && max != NULL && max->i != 0 && max->i < min->i)
		e = config_warn(p, PLACE_KEY(at, "default_max_period"), "it is less than default_min_period");
	if (e == ERR_OK && is_zero(list, 17))
		e = config_warn(p, PLACE_KEY(at, "communication_retry_count"),
		    "some devices refuse 0; leave it out");
	if (e == ERR_OK && is_zero(list, 20))
		e = config_warn(p, PLACE_KEY(at, "communication_sequence_retry_count"),
		    "some devices refuse 0; leave it out");
	return e;
}

/* What an account always has, whether the record spells it out or not. */
static enum err
fill_server(struct parse *p, const struct place *at, struct reslist *list, uint16_t ssid,
    const struct uri_scheme *scheme)
{
	enum err e =
	    reslist_set(p, list, OBJECT_SERVER, 0, &(struct value){ .type = VALUE_INTEGER, .i = ssid });
	char *letter;

	if (e == ERR_OK && reslist_find(list, 1) == NULL)
		e = reslist_set(
		    p, list, OBJECT_SERVER, 1, &(struct value){ .type = VALUE_INTEGER, .i = 86400 });
	if (e == ERR_OK && reslist_find(list, 6) == NULL)
		e = reslist_set(
		    p, list, OBJECT_SERVER, 6, &(struct value){ .type = VALUE_BOOLEAN, .b = true });
	if (e != ERR_OK || reslist_find(list, 7) != NULL)
		return e;
	if (scheme == NULL || scheme->binding == '\0')
		return doc_refuse(&p->doc, PLACE_KEY(at, "binding"), "missing",
		    "give \"binding\": it cannot be told from the scheme of this URI");
	letter = arena_dup(p->doc.arena, (char[]){ scheme->binding, '\0' }, 2);
	if (letter == NULL)
		return doc_nomem(&p->doc);
	return reslist_set(p, list, OBJECT_SERVER, 7,
	    &(struct value){ .type = VALUE_STRING, .bytes = { (const uint8_t *)letter, 1 } });
}

static enum err
read_server(struct parse *p, const struct place *at, const json_t *object, const struct reslist *security,
    struct config_server *ret)
{
	const struct config_value *uri = reslist_find(security, 0);
	const struct uri_scheme *scheme =
	    uri_scheme(uri->template != NULL ? uri->template : (const char *)uri->literal.bytes.p);
	struct reslist list = { 0 };
	enum err e = read_keys(p, at, object, &list);

	if (e == ERR_OK)
		e = fill_server(p, at, &list, ret->short_server_id, scheme);
	if (e == ERR_OK)
		e = check_binding(p, at, &list, scheme != NULL ? scheme->binding : '\0');
	if (e == ERR_OK)
		e = check_links(p, at, &list);
	if (e == ERR_OK)
		e = check_oddities(p, at, &list);
	if (e == ERR_OK)
		reslist_give(&list, &ret->server);
	return e;
}

/* --- the account --- */

static enum err
check_unique(struct parse *p, const struct place *servers, size_t index)
{
	const struct config_server *new = &p->config->servers[index];
	const struct place *at = PLACE_INDEX(servers, index);

	for (size_t i = 0; i < index; i++) {
		const struct config_server *s = &p->config->servers[i];
		if (s->short_server_id == new->short_server_id)
			return doc_refuse(&p->doc, PLACE_KEY(at, "short_server_id"), "conflict",
			    "short server id %u stands twice; each server has its own", s->short_server_id);
		if (new->security.iid >= 0 && s->security.iid == new->security.iid)
			return doc_refuse(&p->doc, PLACE_KEY(at, "instance"), "conflict",
			    "instance %" PRId32 " stands twice; each server has its own", new->security.iid);
		if (new->oscore >= 0 && s->oscore == new->oscore)
			return doc_refuse(&p->doc, PLACE_KEY(PLACE_KEY(at, "security"), "oscore"), "conflict",
			    "oscore %" PRId32 " is linked twice; each account has its own", new->oscore);
	}
	return ERR_OK;
}

static enum err
read_account(struct parse *p, const struct place *at, const json_t *object, struct config_server *ret)
{
	const struct place *security_at = PLACE_KEY(at, "security");
	const json_t *security = json_object_get(object, "security");
	struct reslist list = { 0 };
	int64_t ssid;
	enum err e = doc_object(&p->doc, at, object, keys_server_account);

	if (e != ERR_OK)
		return e;
	if (json_object_get(object, "short_server_id") == NULL)
		return doc_refuse(&p->doc, PLACE_KEY(at, "short_server_id"), "missing",
		    "a server needs its short server id, 1 to 65534");
	if (security == NULL)
		return doc_refuse(&p->doc, security_at, "missing", "a server needs \"security\"");
	e = doc_integer(&p->doc, PLACE_KEY(at, "short_server_id"), json_object_get(object, "short_server_id"),
	    1, 65534, &ssid);
	if (e == ERR_OK)
		e = instance_read(p, at, json_object_get(object, "instance"), &ret->security.iid);
	if (e != ERR_OK)
		return e;
	ret->short_server_id = (uint16_t)ssid;
	ret->server.iid = ret->security.iid;
	e = security_read(p, security_at, security, false, &list, &ret->oscore);
	if (e == ERR_OK)
		e = reslist_set(
		    p, &list, OBJECT_SECURITY, 10, &(struct value){ .type = VALUE_INTEGER, .i = ssid });
	if (e == ERR_OK)
		e = read_server(p, PLACE_KEY(at, "server"), json_object_get(object, "server"), &list, ret);
	if (e == ERR_OK)
		reslist_give(&list, &ret->security);
	return e;
}

enum err
servers_read(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_array(&p->doc, at, v);

	if (e != ERR_OK)
		return e;
	p->config->servers = arena_array(p->doc.arena, json_array_size(v), sizeof(*p->config->servers));
	if (p->config->servers == NULL)
		return doc_nomem(&p->doc);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		e = read_account(p, PLACE_INDEX(at, i), json_array_get(v, i), &p->config->servers[i]);
		if (e == ERR_OK)
			e = check_unique(p, at, i);
		p->config->nservers = i + 1;
	}
	return e;
}

enum err
bootstrap_server_read(struct parse *p, const struct place *at, const json_t *v)
{
	struct config_instance *account = arena_alloc(p->doc.arena, sizeof(*account));
	struct reslist list = { 0 };
	char found[DOC_FOUND_MAX];
	int32_t oscore;
	enum err e;

	if (account == NULL)
		return doc_nomem(&p->doc);
	if (!json_is_object(v))
		return doc_refuse(&p->doc, at, "type", "expected an object, found %s", doc_found(v, found));
	e = instance_read(p, at, json_object_get(v, "instance"), &account->iid);
	if (e == ERR_OK)
		e = security_read(p, at, v, true, &list, &oscore);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < p->config->nservers; i++) {
		if (account->iid >= 0 && p->config->servers[i].security.iid == account->iid)
			return doc_refuse(&p->doc, PLACE_KEY(at, "instance"), "conflict",
			    "instance %" PRId32 " is that of server %u", account->iid,
			    p->config->servers[i].short_server_id);
		if (oscore >= 0 && p->config->servers[i].oscore == oscore)
			return doc_refuse(&p->doc, PLACE_KEY(at, "oscore"), "conflict",
			    "oscore %" PRId32 " is linked twice; each account has its own", oscore);
	}
	reslist_give(&list, account);
	p->config->bootstrap_server = account;
	return ERR_OK;
}
