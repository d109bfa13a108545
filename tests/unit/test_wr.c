#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wr.h"

static void
numbers_are_written_big_endian(void **state)
{
	const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 0xaa, 0xbb, 0xcc, 'o', 'k' };
	uint8_t out[sizeof(want)];
	struct wr w = wr_over(out, sizeof(out));

	(void)state;
	wr_u8(&w, 1);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_uint(&w, 0x11aabbcc, 3);
	wr_text(&w, "ok");
	assert_int_equal(w.err, ERR_OK);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

static void
full_buffer_fails_and_takes_nothing_more(void **state)
{
	uint8_t out[4] = { 9, 9, 9, 9 };
	struct wr w = wr_over(out, 3);

	(void)state;
	wr_u16(&w, 1);
	wr_u16(&w, 2);
	assert_int_equal(w.err, ERR_TOOBIG);
	wr_u8(&w, 3);		/* would fit, but the output is broken already */
	assert_int_equal(w.len, 2);
	assert_int_equal(out[2], 9);
	assert_null(wr_room(&w, 0));
}

static void
first_failure_sticks(void **state)
{
	uint8_t out[1];
	struct wr w = wr_over(out, sizeof(out));

	(void)state;
	wr_fail(&w, ERR_UNSUPPORTED);
	wr_bytes(&w, "ab", 2);
	assert_int_equal(w.err, ERR_UNSUPPORTED);
}

static void
nothing_fits_into_nothing(void **state)
{
	struct wr w = wr_over(NULL, 0);

	(void)state;
	wr_bytes(&w, NULL, 0);
	assert_int_equal(w.err, ERR_OK);
	wr_u8(&w, 0);
	assert_int_equal(w.err, ERR_TOOBIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_big_endian),
		cmocka_unit_test(full_buffer_fails_and_takes_nothing_more),
		cmocka_unit_test(first_failure_sticks),
		cmocka_unit_test(nothing_fits_into_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
