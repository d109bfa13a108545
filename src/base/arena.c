#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/secret.h"

#define ALIGN	alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk		*next;
	size_t				 size, used;	/* of data, bytes */
	alignas(max_align_t) uint8_t	 data[];
};

void
arena_init(struct arena *a, size_t chunk_size, size_t limit)
{
	*a = (struct arena){ .chunk_size = chunk_size, .limit = limit };
}

void
arena_fini(struct arena *a)
{
	while (a->chunks != NULL) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->next;
		secret_wipe(c->data, c->used);	/* the rest was never given out */
		free(c);
	}
	a->total = 0;
}

/* A chunk that holds 'size' at least; smaller than usual rather than over the limit. */
static struct arena_chunk *
grow(struct arena *a, size_t size)
{
	size_t want = size > a->chunk_size ? size : a->chunk_size;
	size_t max = a->limit > 0 ? a->limit : SIZE_MAX;
	struct arena_chunk *c;

	if (max - a->total < sizeof(*c) || max - a->total - sizeof(*c) < size)
		return NULL;
	max -= a->total + sizeof(*c);
	want = want < max ? want : max;
	c = calloc(1, sizeof(*c) + want);
	if (c == NULL)
		return NULL;
	c->size = want;
	c->next = a->chunks;
	a->chunks = c;
	a->total += sizeof(*c) + want;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (c == NULL || c->size - c->used < size)
		c = grow(a, size);
	if (c == NULL)
		return NULL;
	p = c->data + c->used;
	c->used += size;
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, n * size);
}

void *
arena_dup(struct arena *a, const void *p, size_t len)
{
	void *copy = arena_alloc(a, len);

	if (copy != NULL && len > 0)
		memcpy(copy, p, len);
	return copy;
}

char *
arena_text(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s) + 1);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		s = arena_alloc(a, (size_t)n + 1);
	if (s != NULL)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return s;
}
