#ifndef BASE_WR_H
#define BASE_WR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/*
 * A writer into a buffer it does not own. The first failure sticks (ERR_TOOBIG when the
 * buffer is full): later writes add nothing, so an encoder checks wr.err once, at the end.
 * Numbers are big endian.
 */
struct wr {
	uint8_t		*p;
	size_t		 len;		/* written so far */
	size_t		 cap;
	enum err	 err;
};

static inline struct wr
wr_over(void *p, size_t cap)
{
	return (struct wr){ .p = p, .len = 0, .cap = cap, .err = ERR_OK };
}

/* Room for 'n' bytes that the caller fills; NULL after a failure. */
static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->p + w->len;

	if (w->err != ERR_OK || w->cap - w->len < n) {
		w->err = w->err != ERR_OK ? w->err : ERR_TOOBIG;
		return NULL;
	}
	w->len += n;
	return p;
}

static inline void
wr_bytes(struct wr *w, const void *src, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, src, n);
}

/* The low 'n' bytes of 'v', 1 to 8. */
static inline void
wr_uint(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	for (size_t i = 0; p != NULL && i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static inline void
wr_u8(struct wr *w, uint8_t v)
{
	wr_uint(w, v, 1);
}

static inline void
wr_u16(struct wr *w, uint16_t v)
{
	wr_uint(w, v, 2);
}

static inline void
wr_u32(struct wr *w, uint32_t v)
{
	wr_uint(w, v, 4);
}

static inline void
wr_text(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s));
}

/* Marks the output as failed; an earlier failure stays. */
static inline void
wr_fail(struct wr *w, enum err e)
{
	if (w->err == ERR_OK)
		w->err = e;
}

#endif
