#ifndef LWM2M_JSONIO_H
#define LWM2M_JSONIO_H

#include <stdbool.h>

#include "lwm2m/format_priv.h"
#include "lwm2m/naming.h"

struct json_t;		/* of jansson, which allocates a tree: its size is limited before */

/* What a JSON format calls the members that hold a value (spec/bootstrap.md 4.0). */
struct jsonio_keys {
	const char	*number, *boolean, *string, *objlnk;
	const char	*opaque;	/* base64; NULL: 'string', too, and the type tells */
	bool		 url;		/* written with the alphabet of RFC 4648, 5, unpadded */
};

/*
 * Writes the member that holds the value. ERR_UNSUPPORTED for a resource without instances, for
 * numbers that are not finite, and for strings that are not UTF-8.
 */
enum err jsonio_put_value(struct wr *, const struct jsonio_keys *, const struct value *) MUST_CHECK;

/*
 * Parses a payload; the caller owes json_decref(). UTF-8 is checked, members do not repeat.
 * ERR_TOOBIG for more objects and arrays, or deeper ones, than the formats need.
 */
enum err jsonio_load(const uint8_t *payload, size_t len, struct json_t **ret) MUST_CHECK;

/* A member that is a string, copied to the arena; *ret stays when there is none. ERR_MALFORMED. */
enum err jsonio_get_text(struct decoding *, const struct json_t *object, const char *key,
    struct naming_text *ret) MUST_CHECK;

/*
 * The one member that holds a value, as the type that the resource at 'path' has. Whole numbers
 * may be written as 1.0 or 1e3, base64 in either alphabet. ERR_MALFORMED, ERR_NOMEM.
 */
enum err jsonio_get_value(struct decoding *, const struct jsonio_keys *,
    const struct json_t *object, const struct path *, struct value *ret) MUST_CHECK;

#endif
