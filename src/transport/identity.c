#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "transport/transport_priv.h"

uint64_t
identity_key_tag(const void *key, size_t len)
{
	uint64_t tag = hash_keyed(key, len);

	return tag != 0 ? tag : 1;
}

enum err
identity_set(struct identity *id, const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len + 1);	/* an identity may be empty */

	if (copy == NULL)
		return ERR_NOMEM;
	if (len > 0)
		memcpy(copy, p, len);
	free((void *)id->p);
	id->p = copy;
	id->len = len;
	return ERR_OK;
}
