#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/problem.h"

static void
every_error_has_a_text_and_a_class(void **state)
{
	static const enum err all[] = {
#define X(name, cls, text) name,
		ERR_LIST(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_non_null(err_text(all[i]));
		assert_true(strlen(err_text(all[i])) > 0);
		if (all[i] == ERR_OK)
			assert_int_equal(err_class(all[i]), ERR_CLASS_NONE);
		else
			assert_int_not_equal(err_class(all[i]), ERR_CLASS_NONE);
	}
}

static void
bad_input_is_the_peers_fault_and_a_full_disk_ours(void **state)
{
	(void)state;
	assert_int_equal(err_class(ERR_MALFORMED), ERR_CLASS_PEER);
	assert_int_equal(err_class(ERR_TIMEOUT), ERR_CLASS_PEER);
	assert_int_equal(err_class(ERR_IO), ERR_CLASS_LOCAL);
	assert_int_equal(err_class(ERR_NOMEM), ERR_CLASS_LOCAL);
	assert_string_equal(err_text(ERR_TIMEOUT), "no answer in time");
}

static void
problem_is_filled_and_the_error_returned(void **state)
{
	struct problem p;

	(void)state;
	assert_int_equal(problem_set(&p, ERR_INVALID, "invalid", "/config/delete", "%d is not a path", 5),
	    ERR_INVALID);
	assert_string_equal(p.reason, "invalid");
	assert_string_equal(p.where, "/config/delete");
	assert_string_equal(p.text, "5 is not a path");
}

static void
long_problem_is_cut_between_characters(void **state)
{
	char text[1000] = "";
	struct problem p;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text) - 1; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	(void)problem_set(&p, ERR_INVALID, "invalid", text, "%s", text);
	assert_int_equal(strlen(p.where) % 2, 0);
	assert_int_equal(strlen(p.text) % 2, 0);
	assert_in_range(strlen(p.text), sizeof(p.text) - 3, sizeof(p.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_text_and_a_class),
		cmocka_unit_test(bad_input_is_the_peers_fault_and_a_full_disk_ours),
		cmocka_unit_test(problem_is_filled_and_the_error_returned),
		cmocka_unit_test(long_problem_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
