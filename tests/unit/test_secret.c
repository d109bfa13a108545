#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"

static bool
is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++) {
		if (b[i] != 0)
			return false;
	}
	return true;
}

static void
secret_is_copied_and_wiped(void **state)
{
	struct secret s = { 0 };

	(void)state;
	assert_int_equal(secret_set(&s, "key", 3), ERR_OK);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.bytes, "key", 3);
	secret_fini(&s);
	assert_true(is_zero(&s, sizeof(s)));
}

static void
shorter_secret_leaves_nothing_of_the_longer(void **state)
{
	struct secret s = { 0 };

	(void)state;
	assert_int_equal(secret_set(&s, "a long secret", 13), ERR_OK);
	assert_int_equal(secret_set(&s, "ab", 2), ERR_OK);
	assert_true(is_zero(s.bytes + 2, sizeof(s.bytes) - 2));
	assert_int_equal(secret_set(&s, NULL, 0), ERR_OK);
	assert_true(is_zero(&s, sizeof(s)));
}

static void
secret_can_be_set_from_itself(void **state)
{
	struct secret s = { 0 };

	(void)state;
	assert_int_equal(secret_set(&s, "0123456789", 10), ERR_OK);
	assert_int_equal(secret_set(&s, s.bytes + 2, 4), ERR_OK);
	assert_true(secret_eq(s.bytes, s.len, "2345", 4));
}

static void
too_long_a_secret_is_refused_and_the_old_one_gone(void **state)
{
	static const uint8_t big[SECRET_MAX + 1] = { 1 };
	struct secret s = { 0 };

	(void)state;
	assert_int_equal(secret_set(&s, big, SECRET_MAX), ERR_OK);
	assert_int_equal(secret_set(&s, big, SECRET_MAX + 1), ERR_TOOBIG);
	assert_true(is_zero(&s, sizeof(s)));
}

static void
comparison_sees_every_byte_and_the_length(void **state)
{
	(void)state;
	assert_true(secret_eq("abc", 3, "abc", 3));
	assert_false(secret_eq("abc", 3, "abd", 3));
	assert_false(secret_eq("xbc", 3, "abc", 3));
	assert_false(secret_eq("abc", 3, "abc", 2));
	assert_true(secret_eq(NULL, 0, "x", 0));
}

static void
wipe_clears_what_it_is_given_and_no_more(void **state)
{
	char text[] = "abcdef";

	(void)state;
	secret_wipe(text + 1, 3);
	assert_memory_equal(text, "a\0\0\0ef", 7);
	secret_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_is_copied_and_wiped),
		cmocka_unit_test(shorter_secret_leaves_nothing_of_the_longer),
		cmocka_unit_test(secret_can_be_set_from_itself),
		cmocka_unit_test(too_long_a_secret_is_refused_and_the_old_one_gone),
		cmocka_unit_test(comparison_sees_every_byte_and_the_length),
		cmocka_unit_test(wipe_clears_what_it_is_given_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
