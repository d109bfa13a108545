#ifndef LWM2M_FORMAT_H
#define LWM2M_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wr.h"
#include "lwm2m/value.h"

struct objdefs;

/* Content formats by their CoAP numbers (spec/bootstrap.md 4.0). */
enum {
	FORMAT_TEXT = 0, FORMAT_LINK = 40, FORMAT_OPAQUE = 42, FORMAT_CBOR = 60,
	FORMAT_SENML_JSON = 110, FORMAT_SENML_CBOR = 112,
	FORMAT_TEXT_OLD = 1541, FORMAT_TLV_OLD = 1542, FORMAT_JSON_OLD = 1543,	/* before IANA's */
	FORMAT_TLV = 11542, FORMAT_JSON = 11543, FORMAT_LWM2M_CBOR = 11544,
	FORMAT_NONE = -1,
};

/* "tlv", "senml-cbor", …, or NULL; the reverse gives FORMAT_NONE for an unknown name. */
const char	*format_name(int cf);
int		 format_by_name(const char *name);

bool		 format_can_encode(int cf);	/* this build writes it */
bool		 format_is_tree(int cf);	/* carries instances and objects, not one value only */

/*
 * Writes nodes, all within 'target' and in tree order, as the payload of a Write to 'target'
 * (depth 1 object, 2 instance, 3 resource; depth 0 is a Pack, for formats with absolute names).
 * Byte for byte as spec/bootstrap.md, section 4.
 *
 * ERR_UNSUPPORTED  format unknown, or it cannot carry this (text for an instance, …)
 * ERR_TOOBIG       the writer is full
 * ERR_INVALID      a node outside the target
 */
enum err format_encode(int cf, const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;

/*
 * Reads a payload that was written to, or read from, 'target'. Types come from 'defs'; what
 * they do not know stays OPAQUE in TLV and as written elsewhere. String and opaque values
 * point into 'payload' where it holds them as they are, else into the arena of 'out'.
 *
 * ERR_TRUNCATED, ERR_MALFORMED  not of this format, or of the wrong type
 * ERR_UNSUPPORTED               format unknown
 * ERR_TOOBIG                    deeper or more than any payload needs
 */
enum err format_decode(int cf, const struct path *target, const struct objdefs *defs,
    const uint8_t *payload, size_t len, struct nodes *out) MUST_CHECK;

#endif
