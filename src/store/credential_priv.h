#ifndef STORE_CREDENTIAL_PRIV_H
#define STORE_CREDENTIAL_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What octets are, as far as a certificate or a key can be told by looking at it. */
bool	credential_is_public_key(const uint8_t *der, size_t len);	/* one SubjectPublicKeyInfo */
bool	credential_is_private_key(const uint8_t *der, size_t len);	/* plain PKCS#8, or SEC1 */

/* How many stand one after the other; 0: none, or something else is among them. */
unsigned credential_certificates(const uint8_t *der, size_t len);

/* Whether they belong together; true as well when either cannot be read. */
bool	credential_fits_certificate(const uint8_t *cert, size_t cert_len, const uint8_t *key, size_t key_len);
bool	credential_digest_of(const uint8_t *der, size_t len, uint8_t ret[32]);	/* SHA-256 */
bool	credential_fits_public_key(const uint8_t *spki, size_t spki_len, const uint8_t *key, size_t key_len);

#endif
