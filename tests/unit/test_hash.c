#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/hash_priv.h"

#define K0	0x0706050403020100	/* the key 00 01 … 0f */
#define K1	0x0f0e0d0c0b0a0908

static void
siphash_2_4_gives_the_published_values(void **state)
{
	uint8_t in[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(in); i++)
		in[i] = i;
	/* "SipHash: a fast short-input PRF", appendix A, and vectors.h of the reference code */
	assert_true(sip_hash(K0, K1, 2, 4, in, 15) == 0xa129ca6149be45e5);
	assert_true(sip_hash(K0, K1, 2, 4, in, 0) == 0x726fdb47dd0e0e31);
	assert_true(sip_hash(K0, K1, 2, 4, in, 1) == 0x74f839c593dc67fd);
}

static void
siphash_1_3_gives_the_values_of_another_implementation(void **state)
{
	static const struct {
		size_t		len;
		uint64_t	hash;
	} want[] = {	/* CPython 3.11, hash(bytes(range(len))), PYTHONHASHSEED=0: the key is zero */
		{ 1, 0x68a914128e01e473 },
		{ 7, 0x2f098ab0c751325a },
		{ 8, 0xead411e67ebe2eea },
		{ 9, 0x75927f9d95124362 },
		{ 15, 0xf30eb725bb91c9ea },
		{ 16, 0x8972188433a5c5b7 },
		{ 63, 0x385d3e39e5f37359 },
	};
	uint8_t in[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof(in); i++)
		in[i] = i;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(sip_hash(0, 0, 1, 3, in, want[i].len) == want[i].hash);
}

static void
hash_depends_on_every_byte_and_on_the_length(void **state)
{
	uint8_t a[20] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++) {
		uint8_t b[20] = { 0 };

		b[i] = 1;
		assert_true(hash_keyed(a, sizeof(a)) != hash_keyed(b, sizeof(b)));
		assert_true(hash_keyed(a, i) != hash_keyed(a, i + 1));
	}
	assert_true(hash_keyed(a, sizeof(a)) == hash_keyed(a, sizeof(a)));
}

static void
macro_gives_the_low_bits(void **state)
{
	unsigned v;

	(void)state;
	HASH_KEYED("abc", 3, v);
	assert_int_equal(v, (unsigned)hash_keyed("abc", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_2_4_gives_the_published_values),
		cmocka_unit_test(siphash_1_3_gives_the_values_of_another_implementation),
		cmocka_unit_test(hash_depends_on_every_byte_and_on_the_length),
		cmocka_unit_test(macro_gives_the_low_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
