#ifndef BASE_RD_H
#define BASE_RD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/*
 * A reader over bytes it does not own. The first failure sticks: later reads
 * return zero and move nothing, so a parser checks rd.err once, at the end.
 * Numbers are big endian.
 */
struct rd {
	const uint8_t	*p;
	size_t		 left;		/* bytes */
	enum err	 err;
};

static inline struct rd
rd_over(const void *p, size_t len)
{
	return (struct rd){ .p = p, .left = len, .err = ERR_OK };
}

/* The next 'n' bytes, which stay the buffer's; NULL after a failure. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->err != ERR_OK || r->left < n) {
		r->err = r->err != ERR_OK ? r->err : ERR_TRUNCATED;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

/* An unsigned number of 'n' bytes, 1 to 8. */
static inline uint64_t
rd_uint(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	return (uint8_t)rd_uint(r, 1);
}

static inline uint16_t
rd_u16(struct rd *r)
{
	return (uint16_t)rd_uint(r, 2);
}

static inline uint32_t
rd_u32(struct rd *r)
{
	return (uint32_t)rd_uint(r, 4);
}

/* Marks the input as bad; an earlier failure stays. */
static inline void
rd_fail(struct rd *r, enum err e)
{
	if (r->err == ERR_OK)
		r->err = e;
}

#endif
