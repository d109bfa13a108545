#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena a;
	uint8_t *p[100];

	(void)state;
	arena_init(&a, 256, 0);
	for (size_t i = 0; i < 100; i++) {
		p[i] = arena_alloc(&a, i + 1);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(p[i][j], 0);
		memset(p[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 100; i++) {
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(p[i][j], i);
	}
	arena_fini(&a);
}

static void
nothing_is_taken_before_it_is_needed(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1000, 0);
	assert_int_equal(a.total, 0);
	assert_null(a.chunks);
	assert_non_null(arena_alloc(&a, 1));
	assert_true(a.total >= 1000);
	arena_fini(&a);
	assert_int_equal(a.total, 0);
	assert_null(a.chunks);
}

static void
limit_holds_and_what_is_left_can_be_used(void **state)
{
	struct arena a;
	size_t got = 0;

	(void)state;
	arena_init(&a, 1024, 3000);
	while (arena_alloc(&a, 64) != NULL)
		got += 64;
	assert_in_range(got, 2600, 3000);
	assert_true(a.total <= 3000);
	assert_null(arena_alloc(&a, 1000));
	arena_fini(&a);
	assert_non_null(arena_alloc(&a, 1000));	/* usable again */
	arena_fini(&a);
}

static void
piece_larger_than_a_chunk_is_given(void **state)
{
	struct arena a;
	char *p;

	(void)state;
	arena_init(&a, 16, 0);
	p = arena_alloc(&a, 100000);
	assert_non_null(p);
	memset(p, 1, 100000);
	arena_fini(&a);
}

static void
absurd_sizes_are_refused(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 64, 0);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_array(&a, SIZE_MAX / 2, 4));
	assert_null(arena_array(&a, SIZE_MAX, SIZE_MAX));
	assert_non_null(arena_array(&a, 3, 4));
	assert_non_null(arena_array(&a, 0, 4));
	arena_fini(&a);
}

static void
copies_are_equal_and_terminated(void **state)
{
	struct arena a;
	char *s;

	(void)state;
	arena_init(&a, 64, 0);
	assert_memory_equal(arena_dup(&a, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_dup(&a, NULL, 0));
	assert_string_equal(arena_text(&a, "text"), "text");
	assert_string_equal(arena_text(&a, ""), "");
	s = arena_printf(&a, "/%d/%s", 7, "a long piece of text that is no part of the first chunk");
	assert_string_equal(s, "/7/a long piece of text that is no part of the first chunk");
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(nothing_is_taken_before_it_is_needed),
		cmocka_unit_test(limit_holds_and_what_is_left_can_be_used),
		cmocka_unit_test(piece_larger_than_a_chunk_is_given),
		cmocka_unit_test(absurd_sizes_are_refused),
		cmocka_unit_test(copies_are_equal_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
