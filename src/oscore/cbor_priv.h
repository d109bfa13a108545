#ifndef OSCORE_CBOR_PRIV_H
#define OSCORE_CBOR_PRIV_H

#include <stdint.h>

#include "base/wr.h"

/* As much CBOR (RFC 8949) as is hashed and authenticated here; none of it is ever read. */

enum { CBOR_UINT = 0, CBOR_BYTES = 2, CBOR_TEXT = 3, CBOR_ARRAY = 4, CBOR_NIL = 0xf6 };

/* An item's head, of numbers below 65536. */
static inline void
cbor_head(struct wr *w, unsigned major, uint64_t v)
{
	if (v < 24) {
		wr_u8(w, (uint8_t)(major << 5 | v));
	} else if (v < 256) {
		wr_u8(w, (uint8_t)(major << 5 | 24));
		wr_u8(w, (uint8_t)v);
	} else {
		wr_u8(w, (uint8_t)(major << 5 | 25));
		wr_u16(w, (uint16_t)v);
	}
}

static inline void
cbor_bytes(struct wr *w, const uint8_t *p, size_t len)
{
	cbor_head(w, CBOR_BYTES, len);
	wr_bytes(w, p, len);
}

#endif
