#include <pthread.h>

#include "base/hash.h"
#include "base/hash_priv.h"
#include "base/random.h"

static pthread_once_t	once = PTHREAD_ONCE_INIT;
static uint64_t		key[2];

static void
draw_key(void)
{
	random_bytes(key, sizeof(key));
}

uint64_t
hash_keyed(const void *p, size_t len)
{
	pthread_once(&once, draw_key);
	return sip_hash(key[0], key[1], 1, 3, p, len);
}
