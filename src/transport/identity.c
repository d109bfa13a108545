#include "base/hash.h"
#include "transport/link.h"

uint64_t
identity_key_tag(const void *key, size_t len)
{
	uint64_t tag = hash_keyed(key, len);

	return tag != 0 ? tag : 1;
}
