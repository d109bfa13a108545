#include <string.h>

#include "store/config_priv.h"
#include "store/credential_priv.h"

/* Keys and certificates of an account, as far as they stand in the record. */

enum { MODE_RPK = 1, MODE_X509 = 2, MODE_EST = 4 };

/* What the device compares the server's certificate or key with: itself, or its hash (/0/x/13). */
static enum err
check_server(struct parse *p, const struct place *at, const struct reslist *list, int64_t mode)
{
	static const struct {
		const char	*name;
		size_t		 len;
	} hashes[] = { { "exact", 0 }, { "sha-256", 32 }, { "sha-384", 48 }, { "sha-512", 64 } };
	const struct value *matching = reslist_literal(list, 13), *server = reslist_literal(list, 4);
	uint64_t type = matching != NULL ? matching->u : 0;
	const struct place *here =
	    PLACE_KEY(at, mode == MODE_RPK ? "server_public_key" : "server_certificate");

	if (type > 3)
		return doc_refuse(&p->doc, PLACE_KEY(at, "matching_type"), "range",
		    "expected exact, sha-256, sha-384, sha-512, or 0 to 3");
	if (server == NULL)
		return ERR_OK;
	if (type > 0 && server->bytes.len != hashes[type].len)
		return doc_refuse(&p->doc, here, "range",
		    "with matching_type %s this is a hash of %zu octets, found %zu", hashes[type].name,
		    hashes[type].len, server->bytes.len);
	if (type > 0 || p->doc.stored)
		return ERR_OK;
	if (mode == MODE_RPK && !credential_is_public_key(server->bytes.p, server->bytes.len))
		return doc_refuse(&p->doc, here, "invalid",
		    "expected a public key as DER SubjectPublicKeyInfo (RFC 7250)");
	if (mode != MODE_RPK && credential_certificates(server->bytes.p, server->bytes.len) == 0)
		return doc_refuse(
		    &p->doc, here, "invalid", "expected an X.509 certificate in DER, or as PEM");
	return ERR_OK;
}

static enum err
check_public(struct parse *p, const struct place *at, const struct value *public, int64_t mode)
{
	unsigned n;

	if (public == NULL)
		return ERR_OK;
	if (mode == MODE_RPK) {
		if (!credential_is_public_key(public->bytes.p, public->bytes.len))
			return doc_refuse(&p->doc, PLACE_KEY(at, "public_key"), "invalid",
			    "expected a public key as DER SubjectPublicKeyInfo (RFC 7250)");
		return ERR_OK;
	}
	n = credential_certificates(public->bytes.p, public->bytes.len);
	if (n == 0)
		return doc_refuse(&p->doc, PLACE_KEY(at, "certificate"), "invalid",
		    "expected an X.509 certificate in DER, or as PEM");
	return n == 1 ? ERR_OK : config_warn(p, PLACE_KEY(at, "certificate"),
	    "it is a chain of %u certificates; few devices take more than one", n);
}

static enum err
check_secret(struct parse *p, const struct place *at, const struct value *public, const struct value *secret,
    int64_t mode)
{
	const struct place *here = PLACE_KEY(at, "secret_key");
	bool fits = true;

	if (secret == NULL)
		return ERR_OK;
	if (!credential_is_private_key(secret->bytes.p, secret->bytes.len))
		return doc_refuse(&p->doc, here, "invalid",
		    "expected a private key in DER (PKCS#8 or SEC1), or as PEM without pass phrase");
	if (public != NULL && mode == MODE_RPK)
		fits = credential_fits_public_key(public->bytes.p, public->bytes.len, secret->bytes.p,
		    secret->bytes.len);
	else if (public != NULL)
		fits = credential_fits_certificate(public->bytes.p, public->bytes.len, secret->bytes.p,
		    secret->bytes.len);
	if (!fits)
		return doc_refuse(&p->doc, here, "conflict", "this private key does not belong to the %s",
		    mode == MODE_RPK ? "public_key" : "certificate");
	return ERR_OK;
}

enum err
security_check_keys(struct parse *p, const struct place *at, const struct reslist *list)
{
	int64_t mode = reslist_literal(list, 2)->i;
	const struct value *public = reslist_literal(list, 3);
	enum err e;

	if (mode != MODE_RPK && mode != MODE_X509 && mode != MODE_EST)
		return ERR_OK;
	e = check_server(p, at, list, mode);
	if (e != ERR_OK || mode == MODE_EST || p->doc.stored)
		return e;
	e = check_public(p, at, public, mode);
	return e == ERR_OK ? check_secret(p, at, public, reslist_literal(list, 5), mode) : e;
}
