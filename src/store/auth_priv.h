#ifndef STORE_AUTH_PRIV_H
#define STORE_AUTH_PRIV_H

#include <jansson.h>

#include "base/err.h"
#include "store/doc_priv.h"
#include "store/record.h"

/* Reads an "auth" object; the identity of a PSK as it is written, with its ${…}. */
enum err auth_read(
    const struct doc *, const struct place *, const json_t *, const struct auth **ret) MUST_CHECK;

/* Its "oscore", into auth->oscore. */
enum err auth_oscore_read(const struct doc *, const struct place *, const json_t *, struct auth *) MUST_CHECK;

#endif
