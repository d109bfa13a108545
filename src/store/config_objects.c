#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/config_priv.h"
#include "store/keys_priv.h"

/* "access_control" (/2) and "oscore" (/21). */

#define RIGHTS_CREATE	16	/* LwM2M Core 1.2, /2/x/2; the others are 1 R, 2 W, 4 E, 8 D */
#define RIGHTS_ALL	31
#define NO_INSTANCE	65535	/* of /2/x/1: the object itself; of /2/x/3: only this server */

static enum err
claim_instance(struct parse *p, const struct place *at, const struct config_instance *all, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (all[index].iid >= 0 && all[i].iid == all[index].iid)
			return doc_refuse(&p->doc, PLACE_KEY(at, "instance"), "conflict",
			    "instance %" PRId32 " stands twice", all[index].iid);
	return ERR_OK;
}

/* --- /2 --- */

static enum err
add_right(struct parse *p, const struct place *at, const char *ssid, const json_t *v, bool creates,
    struct reslist *list)
{
	const struct place *here = PLACE_KEY(at, ssid);
	const struct resdef *def = objdefs_resource(p->defs, OBJECT_ACCESS_CONTROL, 2);
	int64_t rights;
	char *end;
	unsigned long id = strtoul(ssid, &end, 10);
	enum err e;

	if (def == NULL)
		return doc_refuse(&p->doc, here, "objects", "the object definitions do not know /2/x/2");
	if (ssid[0] < '0' || ssid[0] > '9' || *end != '\0' || (ssid[0] == '0' && ssid[1] != '\0') ||
	    (id != 0 && !config_knows_server(p->config, id > 65534 ? -1 : (int64_t)id)))
		return doc_refuse(&p->doc, here, "invalid",
		    "\"%.20s\" is no short server id of this config's servers, nor 0 for all others", ssid);
	e = doc_integer(&p->doc, here, v, 0, RIGHTS_ALL, &rights);
	if (e != ERR_OK)
		return e;
	if (creates && rights != RIGHTS_CREATE)
		return doc_refuse(&p->doc, here, "invalid",
		    "a rule about an object itself gives the right to create, 16, and nothing else");
	if (!creates && (rights & RIGHTS_CREATE) != 0)
		e = config_warn(p, here,
		    "the right to create, 16, means something with object_instance_id 65535 only");
	if (e != ERR_OK)
		return e;
	return reslist_add(p, list, def, (int32_t)id, &(struct config_value){ .source = CONFIG_LITERAL,
	    .literal = { .type = VALUE_INTEGER, .i = rights } });
}

static enum err
add_rights(struct parse *p, const struct place *at, const json_t *acl, bool creates, struct reslist *list)
{
	char found[DOC_FOUND_MAX];
	const char *ssid;
	json_t *v;
	enum err e = ERR_OK;

	if (acl == NULL)
		return ERR_OK;
	if (!json_is_object(acl))
		return doc_refuse(&p->doc, at, "type",
		    "expected an object such as {\"101\":15} of short server ids and rights, found %s",
		    doc_found(acl, found));
	json_object_foreach((json_t *)(uintptr_t)acl, ssid, v)
		if (e == ERR_OK)
			e = add_right(p, at, ssid, v, creates, list);
	return e;
}

static enum err
read_owner(struct parse *p, const struct place *at, const json_t *v, int64_t *owner)
{
	enum err e;

	*owner = NO_INSTANCE;
	if (v == NULL)
		return ERR_OK;
	e = doc_integer(&p->doc, at, v, 1, 65535, owner);
	if (e == ERR_OK && *owner != NO_INSTANCE && !config_knows_server(p->config, *owner))
		return doc_refuse(&p->doc, at, "invalid",
		    "%" PRId64 " is no short server id of this config's "
		    "servers, nor 65535 for nobody",
		    *owner);
	return e;
}

static enum err
read_rule(struct parse *p, const struct place *at, const json_t *v, struct config_instance *ret)
{
	const struct place *object_at = PLACE_KEY(at, "object_id"),
			   *instance_at = PLACE_KEY(at, "object_instance_id");
	struct reslist list = { 0 };
	int64_t object, instance, owner;
	enum err e = doc_object(&p->doc, at, v, keys_access_control);

	if (e == ERR_OK)
		e = instance_read(p, at, json_object_get(v, "instance"), &ret->iid);
	if (e == ERR_OK)
		e = doc_integer(&p->doc, object_at, json_object_get(v, "object_id"), 1, 65534, &object);
	if (e == ERR_OK)
		e = doc_integer(&p->doc, instance_at, json_object_get(v, "object_instance_id"), 0,
		    65535, &instance);
	if (e == ERR_OK)
		e = read_owner(p, PLACE_KEY(at, "owner"), json_object_get(v, "owner"), &owner);
	if (e != ERR_OK)
		return e;
	if (object == OBJECT_OSCORE || object == 23)	/* spec/bootstrap.md 2.7 */
		return doc_refuse(&p->doc, object_at, "invalid",
		    "no server ever reaches object %" PRId64 "; it has no access control", object);
	e = reslist_set(
	    p, &list, OBJECT_ACCESS_CONTROL, 0, &(struct value){ .type = VALUE_INTEGER, .i = object });
	if (e == ERR_OK)
		e = reslist_set(p, &list, OBJECT_ACCESS_CONTROL, 1,
		    &(struct value){ .type = VALUE_INTEGER, .i = instance });
	if (e == ERR_OK)
		e = add_rights(
		    p, PLACE_KEY(at, "acl"), json_object_get(v, "acl"), instance == NO_INSTANCE, &list);
	if (e == ERR_OK)
		e = reslist_set(p, &list, OBJECT_ACCESS_CONTROL, 3,
		    &(struct value){ .type = VALUE_INTEGER, .i = owner });
	if (e == ERR_OK)
		reslist_give(&list, ret);
	return e;
}

static int64_t
rule_number(const struct config_instance *rule, uint16_t rid)
{
	for (size_t i = 0; i < rule->nresources; i++)
		if (rule->resources[i].rid == rid)
			return rule->resources[i].value.literal.i;
	return -1;
}

enum err
access_control_read(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_array(&p->doc, at, v);
	struct config_instance *rules;

	if (e != ERR_OK)
		return e;
	rules = arena_array(p->doc.arena, json_array_size(v), sizeof(*rules));
	if (rules == NULL)
		return doc_nomem(&p->doc);
	for (size_t i = 0; i < json_array_size(v); i++) {
		const struct place *here = PLACE_INDEX(at, i);
		e = read_rule(p, here, json_array_get(v, i), &rules[i]);
		if (e == ERR_OK)
			e = claim_instance(p, here, rules, i);
		if (e != ERR_OK)
			return e;
		for (size_t k = 0; k < i; k++)
			if (rule_number(&rules[k], 0) == rule_number(&rules[i], 0) &&
			    rule_number(&rules[k], 1) == rule_number(&rules[i], 1))
				return doc_refuse(&p->doc, here, "conflict",
				    "a rule about this object and instance stands before (element %zu)", k);
	}
	p->config->access_control = rules;
	p->config->naccess_control = json_array_size(v);
	return ERR_OK;
}

/* --- /21 --- */

static const struct config_word aead_words[] = {	/* RFC 8152, 10 */
	{ "A128GCM", 1 }, { "A192GCM", 2 }, { "A256GCM", 3 }, { "AES-CCM-16-64-128", 10 },
	{ "AES-CCM-16-64-256", 11 }, { "AES-CCM-64-64-128", 12 }, { "AES-CCM-64-64-256", 13 },
	{ "ChaCha20/Poly1305", 24 }, { "AES-CCM-16-128-128", 30 }, { "AES-CCM-16-128-256", 31 },
	{ "AES-CCM-64-128-128", 32 }, { "AES-CCM-64-128-256", 33 }, { NULL, 0 },
};
static const struct config_word hmac_words[] = {	/* RFC 8152, 7.1 and 12.1.2 */
	{ "HMAC 256/256", 5 }, { "HMAC 384/384", 6 }, { "HMAC 512/512", 7 }, { "HKDF-SHA-256", -10 },
	{ "HKDF-SHA-512", -11 }, { NULL, 0 },
};

static const struct {
	const char		*name;
	uint16_t		 rid;
	bool			 needed;
	const struct config_word *words;
} oscore_keys[] = {
	{ "master_secret", 0, true, NULL },
	{ "sender_id", 1, true, NULL },
	{ "recipient_id", 2, true, NULL },
	{ "aead_algorithm", 3, false, aead_words },
	{ "hmac_algorithm", 4, false, hmac_words },
	{ "master_salt", 5, false, NULL },
	{ "id_context", 6, false, NULL },
};

#define OSCORE_ID_MAX	7	/* octets: nonce length - 6 with AES-CCM-16-64-128 (RFC 8613, 3.3) */

static enum err
check_id(struct parse *p, const struct place *at, const struct config_value *v)
{
	const uint8_t *octets;
	size_t len = 0;
	enum err e = value_known(p, at, v, &octets, &len);

	if (e == ERR_OK && octets != NULL && len > OSCORE_ID_MAX)
		return doc_refuse(
		    &p->doc, at, "range", "an id has at most %d octets, found %zu", OSCORE_ID_MAX, len);
	return e;
}

static enum err
check_oscore(struct parse *p, const struct place *at, const struct reslist *list)
{
	const struct config_value *secret = reslist_find(list, 0);
	const struct value *sender = reslist_literal(list, 1), *recipient = reslist_literal(list, 2);
	enum err e = check_id(p, PLACE_KEY(at, "sender_id"), reslist_find(list, 1));

	if (e == ERR_OK)
		e = check_id(p, PLACE_KEY(at, "recipient_id"), reslist_find(list, 2));
	if (e != ERR_OK)
		return e;
	if (secret->source == CONFIG_LITERAL && secret->literal.bytes.len == 0)
		return doc_refuse(
		    &p->doc, PLACE_KEY(at, "master_secret"), "range", "a master secret is not empty");
	if (secret->source == CONFIG_LITERAL && secret->literal.bytes.len < 16)
		e = config_warn(p, PLACE_KEY(at, "master_secret"),
		    "a master secret of less than 16 octets is weak");
	if (sender != NULL && recipient != NULL && sender->bytes.len == recipient->bytes.len &&
	    memcmp(sender->bytes.p, recipient->bytes.p, sender->bytes.len) == 0)
		return doc_refuse(&p->doc, PLACE_KEY(at, "recipient_id"), "conflict",
		    "sender and recipient id are the same; RFC 8613 needs different ones");
	return e;
}

static enum err
read_context(struct parse *p, const struct place *at, const json_t *v, struct config_instance *ret)
{
	struct reslist list = { 0 };
	enum err e = doc_object(&p->doc, at, v, keys_oscore);

	if (e == ERR_OK)
		e = instance_read(p, at, json_object_get(v, "instance"), &ret->iid);
	for (size_t i = 0; e == ERR_OK && i < sizeof(oscore_keys) / sizeof(oscore_keys[0]); i++) {
		const struct place *here = PLACE_KEY(at, oscore_keys[i].name);
		const json_t *member = json_object_get(v, oscore_keys[i].name);
		const struct resdef *def = objdefs_resource(p->defs, OBJECT_OSCORE, oscore_keys[i].rid);

		if (member == NULL && oscore_keys[i].needed)
			return doc_refuse(
			    &p->doc, here, "missing", "OSCORE needs \"%s\"", oscore_keys[i].name);
		if (member == NULL)
			continue;
		if (def == NULL)
			return doc_refuse(&p->doc, here, "objects",
			    "the object definitions do not know /21/x/%u", oscore_keys[i].rid);
		e = value_read_resource(p, here, member, def, oscore_keys[i].words, &list);
	}
	if (e == ERR_OK)
		e = check_oscore(p, at, &list);
	if (e == ERR_OK)
		reslist_give(&list, ret);
	return e;
}

enum err
oscore_read(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_array(&p->doc, at, v);
	struct config_instance *all;

	if (e != ERR_OK)
		return e;
	all = arena_array(p->doc.arena, json_array_size(v), sizeof(*all));
	if (all == NULL)
		return doc_nomem(&p->doc);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		e = read_context(p, PLACE_INDEX(at, i), json_array_get(v, i), &all[i]);
		if (e == ERR_OK)
			e = claim_instance(p, PLACE_INDEX(at, i), all, i);
	}
	p->config->oscore = all;
	p->config->noscore = json_array_size(v);
	return e;
}
