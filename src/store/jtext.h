#ifndef STORE_JTEXT_H
#define STORE_JTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * JSON written straight into a growing buffer, for texts made thousands of times a second.
 * The first failure (ERR_NOMEM) sticks: look at err once, at the end. Not NUL-terminated.
 * Commas come by themselves; brackets are the caller's, by jtext_raw().
 */
struct jtext {
	char		*p;
	size_t		 len, cap;
	enum err	 err;
};

void	jtext_reset(struct jtext *);	/* empty again; keeps the buffer */
void	jtext_fini(struct jtext *);

void	jtext_raw(struct jtext *, const char *p, size_t len);
void	jtext_lit(struct jtext *, const char *s);	/* text that is JSON already */
void	jtext_item(struct jtext *);			/* before each element of an array */
void	jtext_key(struct jtext *, const char *key);	/* 'key' needs no escapes */

/* Any octets: escaped as needed, broken UTF-8 becomes U+FFFD; NULL is null. */
void	jtext_string(struct jtext *, const char *s);
void	jtext_int(struct jtext *, int64_t v);

/* A key and its value. */
void	jtext_put_string(struct jtext *, const char *key, const char *s);
void	jtext_put_int(struct jtext *, const char *key, int64_t v);

#endif
