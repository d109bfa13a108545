#ifndef TRANSPORT_CREDENTIALS_H
#define TRANSPORT_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct own_credential;
struct problem;

/* What certificates say, for those who judge them; and a client's own, for who shows one. */

/*
 * Whether the certificate names 'name': a common name of its subject, or a subject alternative
 * name of type dNSName or URI, octet by octet. No wildcards, no case folding.
 */
bool	 certificate_has_name(const uint8_t *der, size_t len, const char *name);

/* The one common name of the subject as UTF-8, ended by NUL. ERR_NOTFOUND: none, or several;
 * ERR_TOOBIG, ERR_MALFORMED (a NUL inside, or no certificate). */
enum err certificate_common_name(const uint8_t *der, size_t len, char *buf, size_t cap) MUST_CHECK;

/* The digest that records pin a certificate or a raw public key by. ERR_CRYPTO. */
#define CREDENTIAL_DIGEST_LEN	32
enum err credential_digest(const uint8_t *der, size_t len, uint8_t ret[CREDENTIAL_DIGEST_LEN]) MUST_CHECK;

/*
 * A certificate with its chain and key, from PEM files; 'key_file' NULL: in the same file.
 * ERR_INVALID with *why.
 */
enum err own_credential_load(const char *cert_file, const char *key_file, struct own_credential **ret,
    struct problem *why) MUST_CHECK;
void	 own_credential_free(struct own_credential *);

/* Whether this build can do raw public keys (RFC 7250): OpenSSL 3.2 or newer. */
bool	 credentials_have_raw_keys(void);
extern const char credentials_no_raw_keys[];	/* the sentence that says why not */

#endif
