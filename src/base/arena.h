#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

/*
 * Memory that is given out in pieces and returned as a whole. What belongs to one session
 * or one plan is taken from its arena, so nothing is freed piece by piece and nothing leaks.
 */
struct arena {
	struct arena_chunk	*chunks;	/* private, newest first */
	size_t			 chunk_size;	/* of the next chunk, bytes */
	size_t			 total;		/* bytes taken from the heap so far */
	size_t			 limit;		/* arena_alloc fails beyond it; 0: none */
};

/* 'chunk_size' is a hint: what the owner usually needs in all. Allocates nothing yet. */
void	 arena_init(struct arena *, size_t chunk_size, size_t limit);

/* Wipes every byte (arenas hold keys) and returns it to the heap; usable again after it. */
void	 arena_fini(struct arena *);

/* Zeroed, aligned for any type; NULL when out of memory or over the limit. */
void	*arena_alloc(struct arena *, size_t size);
void	*arena_array(struct arena *, size_t n, size_t size);	/* NULL on overflow, too */

/* Copies; text gets a terminating NUL. NULL when out of memory. */
void	*arena_dup(struct arena *, const void *p, size_t len);
char	*arena_text(struct arena *, const char *s);
char	*arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
