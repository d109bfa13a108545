#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/secret.h"
#include "transport/dtls_cookie.h"

enum err
cookies_init(struct cookies *c, const uint8_t secret[COOKIE_SECRET_LEN])
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	c->mac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (c->mac == NULL || EVP_MAC_init(c->mac, secret, COOKIE_SECRET_LEN, params) != 1) {
		cookies_fini(c);
		return ERR_CRYPTO;
	}
	return ERR_OK;
}

void
cookies_fini(struct cookies *c)
{
	EVP_MAC_CTX_free(c->mac);
	c->mac = NULL;
}

/* The slot of time is part of what is signed: so the cookies of all makers age, with no shared state. */
static enum err
sign(const struct cookies *c, uint64_t slot, const struct addr *peer, const struct addr *local,
    uint8_t ret[COOKIE_LEN])
{
	uint8_t full[EVP_MAX_MD_SIZE];
	size_t len;

	if (EVP_MAC_init(c->mac, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(c->mac, (const uint8_t *)&slot, sizeof(slot)) != 1 ||
	    EVP_MAC_update(c->mac, (const uint8_t *)peer, sizeof(*peer)) != 1 ||
	    EVP_MAC_update(c->mac, (const uint8_t *)local, sizeof(*local)) != 1 ||
	    EVP_MAC_final(c->mac, full, &len, sizeof(full)) != 1 || len < COOKIE_LEN)
		return ERR_CRYPTO;
	memcpy(ret, full, COOKIE_LEN);
	return ERR_OK;
}

enum err
cookie_make(const struct cookies *c, uint64_t now_ms, const struct addr *peer,
    const struct addr *local, uint8_t ret[COOKIE_LEN])
{
	return sign(c, now_ms / COOKIE_LIFETIME_MS, peer, local, ret);
}

bool
cookie_check(const struct cookies *c, uint64_t now_ms, const struct addr *peer,
    const struct addr *local, const uint8_t *cookie, size_t len)
{
	uint64_t slot = now_ms / COOKIE_LIFETIME_MS;
	uint8_t good[COOKIE_LEN];

	for (uint64_t age = 0; age <= 1 && age <= slot; age++) {
		if (sign(c, slot - age, peer, local, good) == ERR_OK &&
		    secret_eq(good, COOKIE_LEN, cookie, len))
			return true;
	}
	return false;
}
