#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum err
secret_set(struct secret *s, const void *p, size_t len)
{
	uint8_t copy[SECRET_MAX];	/* 'p' may point into *s */

	if (len > sizeof(s->bytes)) {
		secret_fini(s);
		return ERR_TOOBIG;
	}
	if (len > 0)
		memcpy(copy, p, len);
	secret_fini(s);
	if (len > 0)
		memcpy(s->bytes, copy, len);
	s->len = (uint16_t)len;
	secret_wipe(copy, len);
	return ERR_OK;
}

void
secret_fini(struct secret *s)
{
	secret_wipe(s, sizeof(*s));
}

bool
secret_eq(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || CRYPTO_memcmp(a, b, a_len) == 0);
}

void
secret_wipe(void *p, size_t len)
{
	if (len > 0)
		OPENSSL_cleanse(p, len);
}

void
secret_free(void *p)
{
	if (p != NULL)
		OPENSSL_cleanse(p, malloc_usable_size(p));
	free(p);
}
