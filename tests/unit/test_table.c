/* Tables, times and figures for people; and the reading of command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctl/args.h"
#include "ctl/tab.h"

static char *printed;
static size_t printed_len;

static int
reset(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

static void
width_counts_columns_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(tab_width(""), 0);
	assert_int_equal(tab_width("plain"), 5);
	assert_int_equal(tab_width("caf\xc3\xa9"), 4);
	assert_int_equal(tab_width("cafe\xcc\x81"), 4);		/* combining acute accent */
	assert_int_equal(tab_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);	/* two wide characters */
	assert_int_equal(tab_width("\xff"), 1);
}

static void
columns_line_up(void **state)
{
	static const char *const heads[] = { "NAME", ">COUNT", "LAST", NULL };
	FILE *f = open_memstream(&printed, &printed_len);
	struct tab *t = tab_new(f, false, heads);

	(void)state;
	tab_cell(t, "caf\xc3\xa9");
	tab_count(t, 5);
	tab_cell(t, "");
	tab_cell(t, "a longer one");
	tab_count(t, 1234567);
	tab_cellf(t, COLOUR_RED, "%d", 7);
	assert_int_equal(tab_rows(t), 2);
	tab_free(t);
	fclose(f);
	assert_string_equal(printed,
	    "NAME              COUNT  LAST\n"
	    "caf\xc3\xa9                  5  -\n"
	    "a longer one  1 234 567  7\n");
}

static void
pages_keep_their_widths_and_have_one_head(void **state)
{
	static const char *const heads[] = { "A", "B", NULL };
	FILE *f = open_memstream(&printed, &printed_len);
	struct tab *t = tab_new(f, false, heads);

	(void)state;
	tab_cell(t, "wide");
	tab_cell(t, "1");
	tab_flush(t);
	tab_cell(t, "x");
	tab_cell(t, "2");
	tab_free(t);
	fclose(f);
	assert_string_equal(printed, "A     B\nwide  1\nx     2\n");
}

static void
table_without_rows_prints_nothing(void **state)
{
	static const char *const heads[] = { "A", NULL };
	FILE *f = open_memstream(&printed, &printed_len);

	(void)state;
	tab_free(tab_new(f, true, heads));
	fclose(f);
	assert_string_equal(printed, "");
}

static void
what_devices_say_cannot_steer_a_terminal(void **state)
{
	FILE *f = open_memstream(&printed, &printed_len);

	(void)state;
	tab_print(f, false, COLOUR_NONE, "a\033[31mb\r\n\x7f\xff\xc2\x9b" "c\xe2\x80\xae");
	fclose(f);
	assert_string_equal(printed, "a\\x1b[31mb\\x0d\\x0a\\x7f\\xff\\xc2\\x9bc\\xe2\\x80\\xae");
}

static void
colours_only_where_they_are_wanted(void **state)
{
	FILE *f = open_memstream(&printed, &printed_len);

	(void)state;
	tab_print(f, false, COLOUR_RED, "x");
	tab_print(f, true, COLOUR_RED, "y");
	tab_print(f, true, COLOUR_NONE, "z");
	fclose(f);
	assert_string_equal(printed, "x\033[31my\033[0mz");
}

static void
durations_read_well(void **state)
{
	char b[TAB_TEXT_MAX];

	(void)state;
	assert_string_equal(tab_duration(0, b), "0 ms");
	assert_string_equal(tab_duration(999, b), "999 ms");
	assert_string_equal(tab_duration(1500, b), "1.5 s");
	assert_string_equal(tab_duration(200000, b), "3 min 20 s");
	assert_string_equal(tab_duration(15000000, b), "4 h 10 min");
	assert_string_equal(tab_duration(UINT64_C(93784000), b), "1 d 2 h");
}

static void
times_are_told_from_now(void **state)
{
	const char *t = "2023-11-14T22:13:20.250Z";
	const int64_t at = 1700000000250;
	char b[TAB_TEXT_MAX];
	int64_t ms;

	(void)state;
	assert_true(tab_parse_time(t, &ms));
	assert_true(ms == at);
	assert_true(tab_parse_time("2024-02-29T00:00:00Z", &ms));
	assert_true(ms == INT64_C(1709164800000));
	assert_true(tab_parse_time("1970-01-01T00:00:00Z", &ms));
	assert_true(ms == 0);
	assert_string_equal(tab_ago(t, at + 500, b), "just now");
	assert_string_equal(tab_ago(t, at + 42000, b), "42 s ago");
	assert_string_equal(tab_ago(t, at + 185000, b), "3 min ago");
	assert_string_equal(tab_ago(t, at + 7200000, b), "2 h ago");
	assert_string_equal(tab_ago(t, at + INT64_C(10) * 86400000, b), "10 days ago");
	assert_string_equal(tab_ago(t, at - 5000, b), "in 5 s");
}

static void
what_is_no_time_is_shown_as_it_is(void **state)
{
	static const char *const bad[] = { "", "2023", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20",
		"2023-11-14T22:13:20.2Z", "2023-13-14T22:13:20Z", "2023-11-14T22:13:20Zx" };
	char b[TAB_TEXT_MAX];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(tab_parse_time(bad[i], &ms));
		assert_string_equal(tab_ago(bad[i], 0, b), bad[i]);
	}
}

static void
numbers_read_well(void **state)
{
	char b[TAB_TEXT_MAX];

	(void)state;
	assert_string_equal(tab_number(0, b), "0");
	assert_string_equal(tab_number(999, b), "999");
	assert_string_equal(tab_number(1000, b), "1 000");
	assert_string_equal(tab_number(UINT64_MAX, b), "18 446 744 073 709 551 615");
}

/* --- command lines --- */

static const struct opt own[] = { { "profile", 'p', "P", "" }, { "var", 0, "N=V", "" },
	{ "disable", 0, NULL, "" }, { NULL, 0, NULL, NULL } };
static const struct opt global[] = { { "socket", 's', "S", "" }, { "json", 0, NULL, "" },
	{ NULL, 0, NULL, NULL } };

static enum err
read_words(struct args *a, struct problem *why, size_t words, int argc, const char *const *argv)
{
	struct argline line = { .argv = (char **)argv, .argc = argc };

	*a = (struct args){ .nwords = 0 };
	return args_read(&line, own, global, words, a, why);
}
#define READ(...) read_words(&a, &why, 0, (int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)), \
	(const char *const[]){ __VA_ARGS__ })

static void
options_and_words_come_in_any_order(void **state)
{
	struct problem why;
	struct args a;

	(void)state;
	assert_int_equal(READ("-s", "sock", "one", "--profile=a", "--json", "--var", "x=1", "two",
	    "--var=y=2", "-p", "b", "-", "--", "--json"), ERR_OK);
	assert_int_equal(a.nwords, 4);
	assert_string_equal(a.words[2], "-");
	assert_string_equal(a.words[3], "--json");
	assert_string_equal(args_value(&a, "socket"), "sock");
	assert_string_equal(args_value(&a, "profile"), "b");
	assert_true(args_has(&a, "json"));
	assert_false(args_has(&a, "disable"));
	assert_string_equal(args_nth(&a, "var", 1), "y=2");
	assert_null(args_nth(&a, "var", 2));
}

static void
wrong_options_are_told_apart(void **state)
{
	struct problem why;
	struct args a;

	(void)state;
	assert_int_equal(READ("--profil", "x"), ERR_INVALID);
	assert_non_null(strstr(why.text, "did you mean --profile?"));
	assert_int_equal(READ("--something-else"), ERR_INVALID);
	assert_null(strstr(why.text, "did you mean"));
	assert_int_equal(READ("--profile"), ERR_INVALID);
	assert_non_null(strstr(why.text, "needs its argument"));
	assert_int_equal(READ("--json=yes"), ERR_INVALID);
	assert_non_null(strstr(why.text, "takes no argument"));
	assert_int_equal(READ("-x"), ERR_INVALID);
	assert_int_equal(READ("-px"), ERR_INVALID);
	assert_int_equal(READ("--=x"), ERR_INVALID);
}

static void
too_much_is_refused(void **state)
{
	const char *many[ARGS_MAX + 1];
	struct problem why;
	struct args a;

	(void)state;
	for (size_t i = 0; i <= ARGS_MAX; i++)
		many[i] = "w";
	assert_int_equal(read_words(&a, &why, 0, ARGS_MAX + 1, many), ERR_INVALID);
	assert_int_equal(read_words(&a, &why, 2, ARGS_MAX + 1, many), ERR_OK);
	assert_int_equal(a.nwords, 2);
	for (size_t i = 0; i <= ARGS_MAX; i++)
		many[i] = "--json";
	assert_int_equal(read_words(&a, &why, 0, ARGS_MAX + 1, many), ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(width_counts_columns_and_not_bytes),
		cmocka_unit_test_teardown(columns_line_up, reset),
		cmocka_unit_test_teardown(pages_keep_their_widths_and_have_one_head, reset),
		cmocka_unit_test_teardown(table_without_rows_prints_nothing, reset),
		cmocka_unit_test_teardown(what_devices_say_cannot_steer_a_terminal, reset),
		cmocka_unit_test_teardown(colours_only_where_they_are_wanted, reset),
		cmocka_unit_test(durations_read_well),
		cmocka_unit_test(times_are_told_from_now),
		cmocka_unit_test(what_is_no_time_is_shown_as_it_is),
		cmocka_unit_test(numbers_read_well),
		cmocka_unit_test(options_and_words_come_in_any_order),
		cmocka_unit_test(wrong_options_are_told_apart),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
