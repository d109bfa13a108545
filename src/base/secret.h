#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SECRET_MAX	512	/* bytes: far more than any key we are given (LwM2M asks for 64) */

/*
 * Key material in place: a fixed buffer that wipes itself. There is no function that
 * prints one. A zeroed struct is an empty secret.
 */
struct secret {
	uint16_t	len;
	uint8_t		bytes[SECRET_MAX];
};

/* Copies. ERR_TOOBIG when longer than SECRET_MAX; *s is empty then. */
enum err secret_set(struct secret *s, const void *p, size_t len) MUST_CHECK;
void	 secret_fini(struct secret *s);

/* In time that depends on the lengths only. */
bool	 secret_eq(const void *a, size_t a_len, const void *b, size_t b_len);

/* Wipes memory in a way the compiler keeps. wipe(NULL, 0) is a no-op. */
void	 secret_wipe(void *p, size_t len);

/* free() that wipes the whole block first; for libraries that are given their allocator. */
void	 secret_free(void *p);

#endif
