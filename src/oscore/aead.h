#ifndef OSCORE_AEAD_H
#define OSCORE_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The two algorithms that OSCORE is made of (RFC 8613, 3.2.1 and 5): an AEAD, and HKDF. */

#define OSCORE_KEY_MAX		32
#define OSCORE_NONCE_MAX	13
#define OSCORE_TAG_MAX		16

/* COSE numbers (RFC 8152, table 10; RFC 9053, 5.1). */
enum { OSCORE_AES_CCM_16_64_128 = 10, OSCORE_HKDF_SHA_256 = -10, OSCORE_HKDF_SHA_512 = -11 };

struct oscore_alg {
	int		 number;	/* COSE */
	const char	*name;		/* "AES-CCM-16-64-128" */
	uint8_t		 key_len, nonce_len, tag_len;
};

/* An AEAD by its COSE number, or NULL: AES-CCM with 128 and 256 bits. Static storage. */
const struct oscore_alg *oscore_alg(int number);

/* What encryption needs and no key is part of. Belongs to one thread. */
struct oscore_aead;
enum err oscore_aead_new(struct oscore_aead **ret) MUST_CHECK;	/* ERR_NOMEM, ERR_CRYPTO */
void	 oscore_aead_free(struct oscore_aead *);

struct oscore_seal {
	const struct oscore_alg	*alg;
	const uint8_t		*key, *nonce;	/* of the algorithm's lengths */
	const uint8_t		*aad;
	size_t			 aad_len;
};
/* len + tag_len bytes to 'out', which does not overlap 'p'. ERR_CRYPTO. */
enum err oscore_aead_encrypt(struct oscore_aead *, const struct oscore_seal *, const uint8_t *p,
    size_t len, uint8_t *out) MUST_CHECK;
/* len - tag_len bytes to 'out'. ERR_MALFORMED: not what was encrypted; 'out' is wiped then. */
enum err oscore_aead_decrypt(struct oscore_aead *, const struct oscore_seal *, const uint8_t *p,
    size_t len, uint8_t *out) MUST_CHECK;

struct oscore_hkdf {
	int		 hash;		/* OSCORE_HKDF_… */
	const uint8_t	*secret, *salt;
	size_t		 secret_len, salt_len;
};
/* 'out' gets out_len bytes for 'info'. ERR_UNSUPPORTED: another hash, ERR_CRYPTO. */
enum err oscore_hkdf(const struct oscore_hkdf *, const uint8_t *info, size_t info_len, uint8_t *out,
    size_t out_len) MUST_CHECK;

#endif
