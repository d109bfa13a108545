#include <string.h>

#include "base/random.h"
#include "lib/fake_net.h"

static uint64_t sequence = 1;
static uint32_t below;

void
fake_random_seed(uint64_t seed)
{
	sequence = seed;
	below = 0;
}

void
fake_random_below(uint32_t v)
{
	below = v;
}

/* splitmix64: any seed will do, every value differs from the last. */
uint64_t
random_u64(void)
{
	uint64_t z = sequence += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void
random_bytes(void *p, size_t len)
{
	uint8_t *out = p;

	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t v = random_u64();
		memcpy(out + i, &v, len - i < sizeof(v) ? len - i : sizeof(v));
	}
}

uint32_t
random_below(uint32_t n)
{
	return below < n ? below : n - 1;
}
