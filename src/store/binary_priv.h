#ifndef STORE_BINARY_PRIV_H
#define STORE_BINARY_PRIV_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/config.h"
#include "store/doc_priv.h"

#define BINARY_MAX	65536	/* octets: beyond any certificate chain a device could hold */
#define BINARY_RANDOM_MAX	255

/*
 * Reads one of {"hex"|"base64"|"text"|"pem": "…"}, {"random":N,"rotate":…}, {"derive":"NAME"}.
 * A value of type OPAQUE; a text with ${…} becomes a TEMPLATE.
 */
enum err binary_read(
    const struct doc *, const struct place *, const json_t *, struct config_value *ret) MUST_CHECK;

/* Text in the encoding named to octets in the arena. ERR_MALFORMED, ERR_TOOBIG, ERR_NOMEM. */
enum err binary_decode(enum config_encoding, const char *text, size_t len, struct arena *,
    const uint8_t **ret, size_t *ret_len) MUST_CHECK;

/* The DER of all certificates, or of the one key, that stand in a PEM text. *what says what is wrong. */
enum err binary_pem(const char *text, size_t len, struct arena *, const uint8_t **ret, size_t *ret_len,
    const char **what) MUST_CHECK;

#endif
