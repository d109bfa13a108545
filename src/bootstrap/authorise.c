/*
 * The rules, in the order in which they are asked (spec/bootstrap.md 2.9; docs/who-may-bootstrap.md):
 *
 *  1. The name is what the device says ("ep"); if it says none, what its proven identity stands
 *     for. A name by itself proves nothing.
 *  2. There must be a record of that name, or a profile that matches it.
 *  3. The record says how this device proves itself, and only that way counts: better proof than
 *     asked for is refused as well as worse, so nobody gets in by another door.
 *  4. PSK: the identity of this very link is the record's, octet by octet, and belongs to no
 *     other endpoint. What the key was worth the handshake has found out.
 *     Certificate: of this very link, and either exactly the one that the record pins; or its chain leads to
 *     a client CA and the name is a common name of its subject or an alternative name, octet by octet.
 *     Raw public key: exactly the record's.
 *     OSCORE: this very request is protected by the record's context, whatever it came over.
 *  5. NoSec only over plain CoAP, and only where the record says {"none":true}.
 *  6. Only who has proven to be the device learns that it is disabled or has nothing to get.
 */
#include "bootstrap/authorise.h"

#include <string.h>

#include "base/arena.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/reader.h"
#include "transport/credentials.h"

static enum verdict
deny(struct problem *why, const char *sentence)
{
	problem_set(why, ERR_DENIED, "not-authorised", "", "%s", sentence);
	return VERDICT_NOT_AUTHORISED;
}

static enum verdict
fault(struct problem *why, enum err e)
{
	problem_set(why, e, "store", "", "the record could not be read: %s", err_text(e));
	return VERDICT_ERROR;
}

/* An identity that may serve as an endpoint name: text, as records have it. */
static const char *
identity_as_name(const struct identity *id, struct arena *arena)
{
	char *name;

	if (id->len == 0 || id->len > RECORD_ENDPOINT_MAX || memchr(id->p, '\0', id->len) != NULL ||
	    !text_is_utf8(id->p, id->len))
		return NULL;
	name = arena_alloc(arena, id->len + 1);
	if (name != NULL)
		memcpy(name, id->p, id->len);
	return name;
}

static const char *
common_name_as_name(const struct identity *id, struct arena *arena)
{
	char name[RECORD_ENDPOINT_MAX + 1];

	/* of a chain that leads nowhere the holder has written the name */
	if (id->kind != IDENTITY_CERTIFICATE || !id->is_verified ||
	    certificate_common_name(id->p, id->len, name, sizeof(name)) != ERR_OK)
		return NULL;
	return arena_text(arena, name);
}

/* Rule 1 for certificates and raw public keys: the endpoint that pins it, else the common name. */
static enum verdict
name_by_credential(const struct identity *id, struct reader *reader, struct arena *arena,
    const char **ret, struct problem *why)
{
	uint8_t digest[CREDENTIAL_DIGEST_LEN];
	struct endpoint_row row;
	enum err e = credential_digest(id->p, id->len, digest);

	if (e == ERR_OK)
		e = reader_pinned(reader, digest, &row);
	if (e == ERR_OK)
		*ret = arena_text(arena, row.endpoint);
	else if (e == ERR_EXISTS)
		return deny(why, "the device gave no endpoint name, and several records pin its credentials");
	else if (e == ERR_NOTFOUND)
		*ret = common_name_as_name(id, arena);
	else
		return fault(why, e);
	if (*ret == NULL)
		return deny(why, "the device gave no endpoint name, and its credentials hold none");
	return VERDICT_ALLOWED;
}

/* Rule 1, for OSCORE: the endpoint whose context it is. The octets begin with the length of the kid. */
static enum verdict
name_by_oscore(const struct authorise_request *req, struct reader *reader, struct arena *arena,
    const char **ret, struct problem *why)
{
	size_t kid = req->oscore[0];
	struct endpoint_row row;
	enum err e = reader_oscore(reader, req->oscore + 1, kid, req->oscore + 1 + kid,
	    req->oscore_len - 1 - kid, &row);

	if (e == ERR_OK)
		*ret = arena_text(arena, row.endpoint);
	else if (e != ERR_NOTFOUND)
		return fault(why, e);
	if (*ret == NULL)
		return deny(why, "the device gave no endpoint name, and no record has its OSCORE context");
	return VERDICT_ALLOWED;
}

/* Rule 1, without "ep": the endpoint whose PSK identity this is, else the identity is the name. */
static enum verdict
name_by_identity(const struct identity *id, struct reader *reader, struct arena *arena,
    const char **ret, struct problem *why)
{
	struct endpoint_row row;
	enum err e;

	if (id->kind == IDENTITY_NONE)
		return deny(why,
		    "the device gave no endpoint name, and over NoSec there is nothing else to know it by");
	if (id->kind != IDENTITY_PSK)
		return name_by_credential(id, reader, arena, ret, why);

	e = reader_psk(reader, id->p, id->len, &row);
	if (e == ERR_OK)
		*ret = arena_text(arena, row.endpoint);
	else if (e == ERR_NOTFOUND)
		*ret = identity_as_name(id, arena);
	else
		return fault(why, e);
	if (*ret == NULL)
		return deny(why, "the device gave no endpoint name, and its PSK identity cannot be one");
	return VERDICT_ALLOWED;
}

/* An association may be older than the last change of its key, or than its removal. */
static enum verdict
is_key_now(const struct identity *id, const uint8_t *key, size_t len, struct problem *why)
{
	if (id->key_tag == 0 || (key != NULL && id->key_tag == identity_key_tag(key, len)))
		return VERDICT_ALLOWED;
	return deny(why, "the key of this PSK identity was changed or removed since the handshake");
}

/*
 * Rule 4. Equality alone is not enough: a profile may give "${endpoint}" as identity, and then a
 * device whose own identity reads like another's name would pass for that one.
 */
static enum verdict
check_psk(const struct identity *id, const struct resolved *res, struct reader *reader, struct problem *why)
{
	struct endpoint_row row;
	enum err e;

	if (id->kind != IDENTITY_PSK)
		return deny(why, id->kind == IDENTITY_NONE ?
		    "the record asks for a pre-shared key, but the request came over NoSec" :
		    "the record asks for a pre-shared key, but the device proved itself otherwise");
	if (res->psk_identity == NULL ||
	    !secret_eq(id->p, id->len, res->psk_identity, strlen(res->psk_identity)))
		return deny(why, "the endpoint name belongs to another PSK identity");

	e = reader_psk(reader, id->p, id->len, &row);
	if (e == ERR_NOTFOUND)
		return is_key_now(id, res->auth->psk_key, res->auth->psk_key_len, why);	/* a profile's */
	if (e != ERR_OK)
		return fault(why, e);
	if (strcmp(row.endpoint, res->endpoint) != 0)
		return deny(why, "the PSK identity belongs to another endpoint");
	return is_key_now(id, row.psk_key, row.psk_key_len, why);
}

/* Rule 4 for certificates. A pin is the record's word for this one: dates and CA do not count. */
static enum verdict
check_certificate(const struct identity *id, const struct resolved *res, struct problem *why)
{
	uint8_t digest[CREDENTIAL_DIGEST_LEN];
	enum err e;

	if (id->kind != IDENTITY_CERTIFICATE)
		return deny(why, id->kind == IDENTITY_NONE ?
		    "the record asks for a certificate, but the request came over NoSec" :
		    "the record asks for a certificate, but the device proved itself otherwise");
	if (!res->auth->pinned) {
		if (!id->is_verified)
			return deny(why, "the device's certificate leads to no client CA, and its record "
			    "does not pin it");
		if (!certificate_has_name(id->p, id->len, res->endpoint))
			return deny(why, "the endpoint name is neither a common name nor an alternative name "
			    "of the device's certificate");
		return VERDICT_ALLOWED;
	}
	e = credential_digest(id->p, id->len, digest);
	if (e != ERR_OK)
		return fault(why, e);
	if (!secret_eq(digest, sizeof(digest), res->auth->sha256, sizeof(res->auth->sha256)))
		return deny(why, "the record pins another certificate");
	return VERDICT_ALLOWED;
}

static enum verdict
check_public_key(const struct identity *id, const struct resolved *res, struct problem *why)
{
	if (id->kind != IDENTITY_PUBLIC_KEY)
		return deny(why, credentials_have_raw_keys() ?
		    "the record asks for a raw public key, but the device proved itself otherwise" :
		    credentials_no_raw_keys);
	if (!secret_eq(id->p, id->len, res->auth->spki, res->auth->spki_len))
		return deny(why, "the record has another raw public key");
	return VERDICT_ALLOWED;
}

/* Rule 4. The exchange layer has opened the request: only a holder of the secret can have made it. */
static enum verdict
check_oscore(const struct authorise_request *req, const struct resolved *res, struct problem *why)
{
	const struct record_octets *key = &res->auth->oscore->key;

	if (req->oscore == NULL)
		return deny(why, "the record asks for OSCORE, but the request came without");
	if (!secret_eq(req->oscore, req->oscore_len, key->p, key->len))
		return deny(why, "the endpoint name belongs to another OSCORE context");
	return VERDICT_ALLOWED;
}

/* Rules 3 to 5. */
static enum verdict
check_proof(const struct authorise_request *req, const struct resolved *res, struct reader *reader,
    struct problem *why)
{
	if (res->auth == NULL)
		return deny(why, "neither the record nor its profile says how the device proves itself");

	if (req->oscore != NULL && res->auth->kind != AUTH_OSCORE)
		return deny(why, "the request is protected by OSCORE, but the record asks for another proof");
	switch (res->auth->kind) {
	case AUTH_OSCORE:
		return check_oscore(req, res, why);
	case AUTH_PSK:
		return check_psk(req->identity, res, reader, why);
	case AUTH_NONE:
		if (req->identity->kind == IDENTITY_NONE &&
		    (req->scheme == LINK_COAP || req->scheme == LINK_COAP_TCP))
			return VERDICT_ALLOWED;
		return deny(why, "the record allows NoSec only, but the device came with credentials");
	case AUTH_CERTIFICATE:
		return check_certificate(req->identity, res, why);
	case AUTH_PUBLIC_KEY:
		return check_public_key(req->identity, res, why);
	}
	return deny(why, "the record asks for a proof that is not known here");
}

static enum verdict
check_found(const struct authorise_request *req, const struct resolved *res, struct reader *reader,
    struct problem *why)
{
	enum verdict v = check_proof(req, res, reader, why);

	if (v != VERDICT_ALLOWED)
		return v;
	if (!res->enabled) {
		problem_set(why, ERR_DENIED, "disabled", "", "the record of the endpoint is disabled");
		return VERDICT_DISABLED;
	}
	if (res->config == NULL) {
		problem_set(why, ERR_NOTFOUND, "no-config", "",
		    "neither the record nor its profile has a configuration");
		return VERDICT_NO_CONFIG;
	}
	return VERDICT_ALLOWED;
}

static enum verdict
find(struct resolver *resolver, const char *ep, struct arena *arena, struct resolved *ret,
    struct problem *why)
{
	enum err e = resolve_endpoint(resolver, ep, arena, ret, why);

	if (e == ERR_OK)
		return VERDICT_ALLOWED;
	if (e == ERR_INVALID)	/* nobody can prove anything against a record that does not hold together */
		return VERDICT_NO_CONFIG;
	if (e != ERR_NOTFOUND)
		return fault(why, e);
	problem_set(why, ERR_NOTFOUND, "unknown-endpoint", "",
	    "there is no record of this endpoint, and no profile matches it");
	return VERDICT_UNKNOWN;
}

enum verdict
authorise(const struct authorise_request *req, struct reader *reader, struct resolver *resolver,
    struct arena *arena, struct resolved *ret, const char **name, struct problem *why)
{
	struct resolved res;
	enum verdict v = VERDICT_ALLOWED;

	*name = req->ep;
	if (*name == NULL)
		v = req->oscore != NULL ? name_by_oscore(req, reader, arena, name, why) :
		    name_by_identity(req->identity, reader, arena, name, why);
	if (v == VERDICT_ALLOWED)
		v = find(resolver, *name, arena, &res, why);
	if (v != VERDICT_ALLOWED)
		return v;

	v = check_found(req, &res, reader, why);
	if (v == VERDICT_ALLOWED)
		*ret = res;
	else
		resolved_release(&res);
	return v;
}

const char *
verdict_reason(enum verdict v)
{
	static const char *const reasons[] = {
		[VERDICT_ALLOWED] = "", [VERDICT_UNKNOWN] = "unknown-endpoint",
		[VERDICT_NOT_AUTHORISED] = "not-authorised", [VERDICT_DISABLED] = "disabled",
		[VERDICT_NO_CONFIG] = "no-config", [VERDICT_ERROR] = "store",
	};

	return reasons[v];
}
