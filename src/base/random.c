#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"

#define BLOCK	1024	/* bytes drawn from the kernel at once: one call for some 100 tokens */

static _Thread_local uint8_t	block[BLOCK];
static _Thread_local size_t	block_left;	/* unused bytes, at the end of the block */

static void
draw(uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_error("random: the kernel gives no randomness: %s", strerror(errno));
			abort();
		}
		p += n;
		len -= (size_t)n;
	}
}

void
random_bytes(void *p, size_t len)
{
	uint8_t *from;

	if (len > BLOCK) {
		draw(p, len);
		return;
	}
	if (len > block_left) {
		draw(block, BLOCK);
		block_left = BLOCK;
	}
	if (len == 0)
		return;
	from = block + BLOCK - block_left;
	memcpy(p, from, len);
	secret_wipe(from, len);		/* what became a key is not to be found here later */
	block_left -= len;
}

uint64_t
random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

/* Lemire, "Fast random integer generation in an interval" (2019): a division in rare cases only. */
uint32_t
random_below(uint32_t n)
{
	uint32_t v;
	uint64_t m;

	assert(n > 0);
	do {
		random_bytes(&v, sizeof(v));
		m = (uint64_t)v * n;
	} while ((uint32_t)m < n && (uint32_t)m < -n % n);
	return (uint32_t)(m >> 32);
}
