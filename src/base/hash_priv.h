#ifndef BASE_HASH_PRIV_H
#define BASE_HASH_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * SipHash-c-d (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). The rounds
 * are arguments so that the published vectors of SipHash-2-4 test what SipHash-1-3 runs on.
 */
struct sip {
	uint64_t	v0, v1, v2, v3;
};

static inline uint64_t
sip_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void
sip_rounds(struct sip *s, unsigned n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = sip_rotl(s->v1, 13) ^ s->v0;
		s->v3 = sip_rotl(s->v3, 16) ^ s->v2;
		s->v0 = sip_rotl(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v1 = sip_rotl(s->v1, 17) ^ s->v2;
		s->v3 = sip_rotl(s->v3, 21) ^ s->v0;
		s->v2 = sip_rotl(s->v2, 32);
	}
}

/* Up to 8 bytes, little endian. */
static inline uint64_t
sip_word(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline void
sip_absorb(struct sip *s, uint64_t word, unsigned c)
{
	s->v3 ^= word;
	sip_rounds(s, c);
	s->v0 ^= word;
}

static inline uint64_t
sip_hash(uint64_t k0, uint64_t k1, unsigned c, unsigned d, const void *data, size_t len)
{
	struct sip s = {
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	};
	const uint8_t *p = data;
	size_t left = len;

	for (; left >= 8; p += 8, left -= 8)
		sip_absorb(&s, sip_word(p, 8), c);
	sip_absorb(&s, (uint64_t)len << 56 | sip_word(p, left), c);
	s.v2 ^= 0xff;
	sip_rounds(&s, d);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
