#include <string.h>

#include "store/auth_priv.h"
#include "store/binary_priv.h"
#include "store/keys_priv.h"

/*
 * "auth": {"oscore": …}, a security context as the device's /21 holds it: "sender_id" is what the
 * device sends under. This end has the two ids the other way round.
 */

#define NONCE_BUT_IDS	6	/* octets of the nonce that are no id (RFC 8613, 3.3) */

static const struct {
	const char	*name;
	int		 number, nonce_len;
} aeads[] = {		/* RFC 8152, table 10: those that strapd can do */
	{ "AES-CCM-16-64-128", 10, 13 }, { "AES-CCM-16-64-256", 11, 13 }, { "AES-CCM-64-64-128", 12, 7 },
	{ "AES-CCM-64-64-256", 13, 7 }, { "AES-CCM-16-128-128", 30, 13 }, { "AES-CCM-16-128-256", 31, 13 },
	{ "AES-CCM-64-128-128", 32, 7 }, { "AES-CCM-64-128-256", 33, 7 },
};
/* As a hash of HMAC or of HKDF: devices disagree on what /21/x/4 is (spec/bootstrap.md 3.4). */
static const struct {
	const char	*name;
	int		 number, hkdf;
} hashes[] = {
	{ "HKDF-SHA-256", -10, -10 }, { "HKDF-SHA-512", -11, -11 }, { "HMAC 256/256", 5, -10 },
	{ "HMAC 512/512", 7, -11 },
};

static bool
is(const json_t *v, const char *name, int number)
{
	return json_is_integer(v) ? json_integer_value(v) == number :
	    json_is_string(v) && strcmp(json_string_value(v), name) == 0;
}

static enum err
read_aead(const struct doc *d, const struct place *at, const json_t *v, struct auth_oscore *o, int *nonce_len)
{
	char found[DOC_FOUND_MAX];

	for (size_t i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++) {
		if (v == NULL || is(v, aeads[i].name, aeads[i].number)) {
			o->aead = aeads[i].number;
			*nonce_len = aeads[i].nonce_len;
			return ERR_OK;
		}
	}
	return doc_refuse(d, at, "unsupported", "expected one of the AES-CCM algorithms by its name or COSE "
	    "number (10 to 13, 30 to 33), found %s", doc_found(v, found));
}

static enum err
read_hash(const struct doc *d, const struct place *at, const json_t *v, struct auth_oscore *o)
{
	char found[DOC_FOUND_MAX];

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (v == NULL || is(v, hashes[i].name, hashes[i].number)) {
			o->hkdf = hashes[i].hkdf;
			return ERR_OK;
		}
	}
	return doc_refuse(d, at, "unsupported",
	    "expected HKDF-SHA-256 (-10), HKDF-SHA-512 (-11), HMAC 256/256 (5) or HMAC 512/512 (7), found %s",
	    doc_found(v, found));
}

struct limits {
	size_t	min, max;
};

/* Octets as they are given; 'v' NULL: none. */
static enum err
read_octets(const struct doc *d, const struct place *at, const json_t *v, struct limits limits,
    struct record_octets *ret)
{
	struct config_value value;
	enum err e = v != NULL ? binary_read(d, at, v, &value) : ERR_OK;

	if (e != ERR_OK || v == NULL)
		return e;
	if (value.source != CONFIG_LITERAL)
		return doc_refuse(d, at, "unsupported",
		    "both ends must know this before the device calls: it is given as it is");
	if (value.literal.bytes.len < limits.min || value.literal.bytes.len > limits.max)
		return doc_refuse(d, at, "range", "expected %zu to %zu octets, found %zu", limits.min,
		    limits.max, value.literal.bytes.len);
	ret->p = value.literal.bytes.p;
	ret->len = value.literal.bytes.len;
	return ERR_OK;
}

/* What the store finds it by. */
static enum err
make_key(const struct doc *d, struct auth_oscore *o)
{
	uint8_t *key = arena_alloc(d->arena, 1 + o->sender_id.len + o->id_context.len);

	if (key == NULL)
		return doc_nomem(d);
	key[0] = (uint8_t)o->sender_id.len;
	if (o->sender_id.len > 0)
		memcpy(key + 1, o->sender_id.p, o->sender_id.len);
	if (o->id_context.len > 0)
		memcpy(key + 1 + o->sender_id.len, o->id_context.p, o->id_context.len);
	o->key = (struct record_octets){ key, 1 + o->sender_id.len + o->id_context.len };
	return ERR_OK;
}

enum err
auth_oscore_read(const struct doc *d, const struct place *at, const json_t *v, struct auth *auth)
{
	struct auth_oscore *o = arena_alloc(d->arena, sizeof(*o));
	struct limits ids = { 0, 0 };
	int nonce_len = 0;
	enum err e = doc_object(d, at, v, keys_auth_oscore);

	if (e != ERR_OK)
		return e;
	if (o == NULL)
		return doc_nomem(d);
	for (size_t i = 0; i < 3; i++)
		if (json_object_get(v, keys_auth_oscore[i]) == NULL)
			return doc_refuse(d, PLACE_KEY(at, keys_auth_oscore[i]), "missing", "oscore needs "
			    "\"master_secret\", \"sender_id\" and \"recipient_id\" (binary values)");
#define MEMBER(name)	d, PLACE_KEY(at, name), json_object_get(v, name)
	e = read_aead(MEMBER("aead_algorithm"), o, &nonce_len);
	ids.max = (size_t)(nonce_len - NONCE_BUT_IDS);
	if (e == ERR_OK)
		e = read_hash(MEMBER("hmac_algorithm"), o);
	if (e == ERR_OK)
		e = read_octets(MEMBER("master_secret"),
		    (struct limits){ RECORD_OSCORE_SECRET_MIN, RECORD_OSCORE_SECRET_MAX }, &o->master_secret);
	if (e == ERR_OK)
		e = read_octets(MEMBER("sender_id"), ids, &o->sender_id);
	if (e == ERR_OK)
		e = read_octets(MEMBER("recipient_id"), ids, &o->recipient_id);
	if (e == ERR_OK)
		e = read_octets(MEMBER("master_salt"), (struct limits){ 0, RECORD_OSCORE_SECRET_MAX },
		    &o->master_salt);
	if (e == ERR_OK)
		e = read_octets(MEMBER("id_context"), (struct limits){ 1, RECORD_OSCORE_CONTEXT_MAX },
		    &o->id_context);
	o->echo = true;
	if (e == ERR_OK && json_object_get(v, "echo") != NULL)
		e = doc_boolean(MEMBER("echo"), &o->echo);
#undef MEMBER
	if (e != ERR_OK)
		return e;
	if (o->sender_id.len == o->recipient_id.len && (o->sender_id.len == 0 ||
	    memcmp(o->sender_id.p, o->recipient_id.p, o->sender_id.len) == 0))
		return doc_refuse(d, PLACE_KEY(at, "recipient_id"), "conflict",
		    "sender and recipient id are the same; RFC 8613 needs different ones");
	auth->oscore = o;
	return make_key(d, o);
}
