#ifndef LWM2M_CBORLEAF_H
#define LWM2M_CBORLEAF_H

#include "lwm2m/cborio.h"
#include "lwm2m/format_priv.h"

/* One value as the CBOR formats have it (spec/bootstrap.md 4.0, last two columns). */

/* ERR_UNSUPPORTED for a multiple resource without instances. */
enum err cborleaf_put(struct wr *, const struct value *) MUST_CHECK;

/* The octets of the string that comes next, of the kind asked for; text is UTF-8. False on failure. */
bool	 cborleaf_string(struct decoding *, struct cborio *, enum cborio_kind,
    const uint8_t **ret, size_t *ret_len);

/* The number whose head was read: INTEGER, UNSIGNED beyond INT64_MAX, FLOAT. False on failure. */
bool	 cborleaf_number(struct cborio *, const struct cborio_item *head, struct value *ret);

/*
 * The value whose head was read, as the type that the resource at 'path' has: links are text, times
 * may be tagged (RFC 8949, 3.4.1 and 3.4.2). ERR_MALFORMED, ERR_TRUNCATED, ERR_NOMEM.
 */
enum err cborleaf_get(struct decoding *, struct cborio *, const struct cborio_item *head,
    const struct path *, struct value *ret) MUST_CHECK;

#endif
