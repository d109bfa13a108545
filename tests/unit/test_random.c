#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/random.h"

static void
bytes_differ_from_call_to_call(void **state)
{
	uint8_t seen[500][16];

	(void)state;
	for (size_t i = 0; i < 500; i++) {	/* over several blocks */
		random_bytes(seen[i], sizeof(seen[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], sizeof(seen[i]));
	}
}

static void
only_the_asked_bytes_are_written(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 1023, 1024, 1025, 5000 };
	static uint8_t out[5002];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t zeros = 0;

		memset(out, 0, sizeof(out));
		random_bytes(out + 1, sizes[i]);
		assert_int_equal(out[0], 0);
		assert_int_equal(out[sizes[i] + 1], 0);
		for (size_t j = 1; j <= sizes[i]; j++)
			zeros += out[j] == 0;
		assert_true(sizes[i] < 100 || zeros < sizes[i] / 8);
	}
}

static void *
draw(void *arg)
{
	random_bytes(arg, 64);
	return NULL;
}

static void
threads_draw_different_bytes(void **state)
{
	uint8_t a[64], b[64];
	pthread_t t[2];

	(void)state;
	assert_int_equal(pthread_create(&t[0], NULL, draw, a), 0);
	assert_int_equal(pthread_create(&t[1], NULL, draw, b), 0);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
numbers_stay_below_and_reach_every_value(void **state)
{
	size_t count[7] = { 0 };

	(void)state;
	for (size_t i = 0; i < 7000; i++) {
		uint32_t v = random_below(7);

		assert_in_range(v, 0, 6);
		count[v]++;
	}
	for (size_t i = 0; i < 7; i++)
		assert_in_range(count[i], 700, 1300);	/* 10 standard deviations */
	assert_int_equal(random_below(1), 0);
	for (size_t i = 0; i < 100; i++)
		assert_true(random_below(0x80000001) <= 0x80000000);
	assert_true(random_u64() != random_u64());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_differ_from_call_to_call),
		cmocka_unit_test(only_the_asked_bytes_are_written),
		cmocka_unit_test(threads_draw_different_bytes),
		cmocka_unit_test(numbers_stay_below_and_reach_every_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
