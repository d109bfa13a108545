#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rd.h"

static void
numbers_are_read_big_endian(void **state)
{
	const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct rd r = rd_over(in, sizeof(in));

	(void)state;
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_u16(&r), 0x0203);
	assert_int_equal(rd_u32(&r), 0x04050607);
	assert_int_equal(rd_uint(&r, 3), 0x08090a);
	assert_int_equal(r.left, 0);
	assert_int_equal(r.err, ERR_OK);
}

static void
eight_bytes_make_the_largest_number(void **state)
{
	const uint8_t in[] = { 255, 255, 255, 255, 255, 255, 255, 254 };
	struct rd r = rd_over(in, sizeof(in));

	(void)state;
	assert_true(rd_uint(&r, 8) == UINT64_MAX - 1);
}

static void
short_input_fails_and_moves_nothing(void **state)
{
	const uint8_t in[] = { 1, 2, 3 };
	struct rd r = rd_over(in, sizeof(in));

	(void)state;
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(r.err, ERR_TRUNCATED);
	assert_int_equal(r.left, 3);
	assert_ptr_equal(r.p, in);
}

static void
first_failure_sticks(void **state)
{
	const uint8_t in[] = { 1, 2, 3 };
	struct rd r = rd_over(in, sizeof(in));

	(void)state;
	rd_fail(&r, ERR_UNSUPPORTED);
	rd_fail(&r, ERR_MALFORMED);
	assert_null(rd_bytes(&r, 1));
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(r.err, ERR_UNSUPPORTED);
	assert_int_equal(r.left, 3);
}

static void
bytes_stay_where_they_are(void **state)
{
	const uint8_t in[] = { 1, 2, 3 };
	struct rd r = rd_over(in, sizeof(in));

	(void)state;
	assert_ptr_equal(rd_bytes(&r, 2), in);
	assert_ptr_equal(rd_bytes(&r, 1), in + 2);
	assert_ptr_equal(rd_bytes(&r, 0), in + 3);
	assert_null(rd_bytes(&r, SIZE_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_big_endian),
		cmocka_unit_test(eight_bytes_make_the_largest_number),
		cmocka_unit_test(short_input_fails_and_moves_nothing),
		cmocka_unit_test(first_failure_sticks),
		cmocka_unit_test(bytes_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
