#ifndef TRANSPORT_DTLS_COOKIE_H
#define TRANSPORT_DTLS_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/*
 * The cookie of a HelloVerifyRequest (RFC 6347, 4.2.1): proves that the peer receives at the
 * address it sends from, and is checked without anything having been kept. It holds for one to
 * two COOKIE_LIFETIME_MS; makers with the same secret accept each other's.
 */
#define COOKIE_LEN		16
#define COOKIE_LIFETIME_MS	60000

struct cookies {
	struct evp_mac_ctx_st	*mac;		/* private */
};

#define COOKIE_SECRET_LEN	32
/* ERR_CRYPTO */
enum err cookies_init(struct cookies *, const uint8_t secret[COOKIE_SECRET_LEN]) MUST_CHECK;
void	 cookies_fini(struct cookies *);

enum err cookie_make(const struct cookies *, uint64_t now_ms, const struct addr *peer,
    const struct addr *local, uint8_t ret[COOKIE_LEN]) MUST_CHECK;		/* ERR_CRYPTO */
bool	 cookie_check(const struct cookies *, uint64_t now_ms, const struct addr *peer,
    const struct addr *local, const uint8_t *cookie, size_t len);

#endif
