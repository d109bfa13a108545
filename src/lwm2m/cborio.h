#ifndef LWM2M_CBORIO_H
#define LWM2M_CBORIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wr.h"

struct arena;

/*
 * CBOR (RFC 8949) one item at a time, both ways, over libcbor's coder of single items. No tree
 * is built, so what a length claims costs nothing until its bytes are there.
 */
enum cborio_kind {
	CBORIO_UINT,		/* u */
	CBORIO_NINT,		/* the number -1 - u */
	CBORIO_BYTES,		/* p, len; or indefinite: chunks follow */
	CBORIO_TEXT,		/* likewise; UTF-8 is not checked */
	CBORIO_ARRAY,		/* u items follow; or indefinite */
	CBORIO_MAP,		/* u pairs follow; or indefinite */
	CBORIO_TAG,		/* u, of the item that follows */
	CBORIO_FLOAT,		/* f, of any width */
	CBORIO_BOOL,		/* b */
	CBORIO_NULL,		/* null or undefined */
	CBORIO_BREAK,		/* the end of something indefinite */
};

struct cborio_item {
	enum cborio_kind	 kind;
	bool			 indefinite;
	bool			 b;
	uint64_t		 u;
	double			 f;
	const uint8_t		*p;		/* borrowed from the input */
	size_t			 len;
};

/* A reader; the first failure sticks. ERR_TRUNCATED, ERR_MALFORMED, ERR_TOOBIG, ERR_NOMEM. */
struct cborio {
	const uint8_t	*p;
	size_t		 left;
	enum err	 err;
};

struct cborio cborio_over(const void *p, size_t len);

/* False after a failure; *ret is a CBORIO_NULL then. */
bool	 cborio_next(struct cborio *, struct cborio_item *ret);
void	 cborio_fail(struct cborio *, enum err);

/*
 * Whether another item (or pair) of the array or map follows, whose head 'seq' was: counts down
 * in it, or takes the break off.
 */
bool	 cborio_more(struct cborio *, struct cborio_item *seq);

/* Passes over one item with all that is in it; ERR_TOOBIG when nested more than 8 deep. */
void	 cborio_skip(struct cborio *);

/*
 * The octets of a BYTES or TEXT item whose head was read; chunks are put together in the arena.
 * False after a failure.
 */
bool	 cborio_string(struct cborio *, const struct cborio_item *head, struct arena *,
    const uint8_t **ret, size_t *ret_len);

/* Writing: definite lengths, shortest forms, floats as short as they stay the same. */
void	 cborio_put_uint(struct wr *, uint64_t);
void	 cborio_put_int(struct wr *, int64_t);
void	 cborio_put_float(struct wr *, double);
void	 cborio_put_bool(struct wr *, bool);
void	 cborio_put_text(struct wr *, const void *p, size_t len);
void	 cborio_put_bytes(struct wr *, const void *p, size_t len);
void	 cborio_put_array(struct wr *, size_t n);
void	 cborio_put_map(struct wr *, size_t pairs);

#endif
