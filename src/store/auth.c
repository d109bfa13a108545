#include "store/auth_priv.h"

#include <openssl/opensslv.h>
#include <string.h>

#include "base/text.h"
#include "store/binary_priv.h"
#include "store/credential_priv.h"
#include "store/keys_priv.h"

const char *
auth_kind_name(enum auth_kind kind)
{
	return keys_auth[kind];
}

/* RFC 7250 came with OpenSSL 3.2. */
enum err
auth_supported(const struct auth *auth, struct problem *why)
{
	if (auth->kind != AUTH_PUBLIC_KEY || OPENSSL_VERSION_NUMBER >= 0x30200000L)
		return ERR_OK;
	return problem_set(why, ERR_INVALID, "unsupported", "/auth/public_key",
	    "raw public keys need OpenSSL 3.2 or newer, and this strapd is built with an older one: the "
	    "device could never come in");
}

bool
auth_pinned(const struct auth *auth, uint8_t ret[AUTH_PINNED_LEN])
{
	if (auth->kind == AUTH_PUBLIC_KEY)
		return credential_digest_of(auth->spki, auth->spki_len, ret);
	if (auth->kind == AUTH_CERTIFICATE && auth->pinned)
		memcpy(ret, auth->sha256, AUTH_PINNED_LEN);
	return auth->kind == AUTH_CERTIFICATE && auth->pinned;
}

static enum err
read_psk(const struct doc *d, const struct place *at, const json_t *v, struct auth *auth)
{
	const struct place *key_at = PLACE_KEY(at, "key");
	struct config_value key;
	enum err e = doc_object(d, at, v, keys_auth_psk);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; keys_auth_psk[i] != NULL; i++)
		if (json_object_get(v, keys_auth_psk[i]) == NULL)
			return doc_refuse(d, PLACE_KEY(at, keys_auth_psk[i]), "missing",
			    "psk needs \"identity\" (a string) and \"key\" (a binary value)");
	e = doc_text(d, PLACE_KEY(at, "identity"), json_object_get(v, "identity"), RECORD_PSK_IDENTITY_MAX,
	    &auth->psk_identity);
	if (e == ERR_OK)
		e = binary_read(d, key_at, json_object_get(v, "key"), &key);
	if (e != ERR_OK)
		return e;
	switch (key.source) {
	case CONFIG_RANDOM:
		return doc_refuse(d, key_at, "unsupported",
		    "this key must be known before the device calls; give it, or {\"derive\":\"NAME\"}");
	case CONFIG_TEMPLATE:
		return doc_refuse(d, key_at, "invalid", "a variable cannot stand in a key");
	case CONFIG_DERIVE:
		auth->psk_derive = key.derive;
		return ERR_OK;
	case CONFIG_LITERAL:
		break;
	}
	if (key.literal.bytes.len == 0 ||
	    key.literal.bytes.len > RECORD_PSK_MAX) /* spec/bootstrap.md 5.2 */
		return doc_refuse(d, key_at, "range", "a pre-shared key has 1 to %d octets, found %zu",
		    RECORD_PSK_MAX, key.literal.bytes.len);
	auth->psk_key = key.literal.bytes.p;
	auth->psk_key_len = key.literal.bytes.len;
	return ERR_OK;
}

static enum err
read_certificate(const struct doc *d, const struct place *at, const json_t *v, struct auth *auth)
{
	const json_t *sha256 = json_object_get(v, "sha256");
	size_t len = 0;
	enum err e = doc_object(d, at, v, keys_auth_certificate);

	if (e != ERR_OK || sha256 == NULL)
		return e;
	if (!json_is_string(sha256) ||
	    text_unhex(json_string_value(sha256), json_string_length(sha256), auth->sha256,
		sizeof(auth->sha256), &len) != ERR_OK || len != sizeof(auth->sha256))
		return doc_refuse(d, PLACE_KEY(at, "sha256"), "invalid",
		    "expected the SHA-256 of the device's certificate as 64 hexadecimal digits");
	auth->pinned = true;
	return ERR_OK;
}

static enum err
read_public_key(const struct doc *d, const struct place *at, const json_t *v, struct auth *auth)
{
	const struct place *spki_at = PLACE_KEY(at, "spki");
	struct config_value spki;
	enum err e = doc_object(d, at, v, keys_auth_public_key);

	if (e != ERR_OK)
		return e;
	if (json_object_get(v, "spki") == NULL)
		return doc_refuse(d, spki_at, "missing", "public_key needs \"spki\" (a binary value)");
	e = binary_read(d, spki_at, json_object_get(v, "spki"), &spki);
	if (e != ERR_OK)
		return e;
	if (spki.source != CONFIG_LITERAL)
		return doc_refuse(
		    d, spki_at, "invalid", "a public key is given as it is, as hex, base64 or pem");
	if (!d->stored && !credential_is_public_key(spki.literal.bytes.p, spki.literal.bytes.len))
		return doc_refuse(d, spki_at, "invalid",
		    "expected a public key as DER SubjectPublicKeyInfo (RFC 7250)");
	auth->spki = spki.literal.bytes.p;
	auth->spki_len = spki.literal.bytes.len;
	return ERR_OK;
}

static enum err
read_kind(const struct doc *d, const struct place *at, const json_t *v, struct auth *auth)
{
	switch (auth->kind) {
	case AUTH_PSK:
		return read_psk(d, at, v, auth);
	case AUTH_CERTIFICATE:
		return read_certificate(d, at, v, auth);
	case AUTH_PUBLIC_KEY:
		return read_public_key(d, at, v, auth);
	case AUTH_OSCORE:
		return auth_oscore_read(d, at, v, auth);
	case AUTH_NONE:
		break;
	}
	if (!json_is_true(v))
		return doc_refuse(d, at, "invalid", "\"none\" is written as {\"none\":true}");
	return ERR_OK;
}

enum err
auth_read(const struct doc *d, const struct place *at, const json_t *v, const struct auth **ret)
{
	struct auth *auth = arena_alloc(d->arena, sizeof(*auth));
	char list[80];
	const char *key;
	enum err e = doc_object(d, at, v, keys_auth);

	if (e != ERR_OK)
		return e;
	if (auth == NULL)
		return doc_nomem(d);
	if (json_object_size(v) != 1)
		return doc_refuse(d, at, "invalid", "expected exactly one of %s",
		    doc_list(keys_auth, list, sizeof(list)));
	key = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)v));
	while (strcmp(keys_auth[auth->kind], key) != 0)
		auth->kind++;
	e = read_kind(d, PLACE_KEY(at, key), json_object_get(v, key), auth);
	if (e == ERR_OK)
		*ret = auth;
	return e;
}
