#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* Standard error goes into a pipe meanwhile. */
static int saved, pipe_fd;
static char captured[32768];

static void
capture(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	saved = dup(STDERR_FILENO);
	assert_true(dup2(fds[1], STDERR_FILENO) == STDERR_FILENO);
	close(fds[1]);
	pipe_fd = fds[0];
}

static const char *
release(void)
{
	size_t len = 0;
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	while ((n = read(pipe_fd, captured + len, sizeof(captured) - 1 - len)) > 0)
		len += (size_t)n;
	close(pipe_fd);
	captured[len] = '\0';
	return captured;
}

static void
levels_above_the_chosen_one_are_silent(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_JOURNAL);
	assert_true(log_enabled(LOG_LEVEL_ERROR));
	assert_true(log_enabled(LOG_LEVEL_WARN));
	assert_false(log_enabled(LOG_LEVEL_INFO));
	capture();
	log_error("e %d", 1);
	log_warn("w %d", 2);
	log_info("i %d", 3);
	log_debug("d %d", 4);
	assert_string_equal(release(), "<3>e 1\n<4>w 2\n");
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JOURNAL);
	capture();
	log_info("i");
	log_debug("d");
	assert_string_equal(release(), "<6>i\n<7>d\n");
}

static void
what_peers_send_cannot_break_out_of_the_line(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JOURNAL);
	capture();
	log_info("ep=%s", "a\nb\x1b[2J\x7f\t\xff\xc3\xa4\xc2\x9b\xc0\xafz\xe2\x82");
	assert_string_equal(release(),
	    "<6>ep=a\\x0ab\\x1b[2J\\x7f\\x09\\xff\xc3\xa4\\xc2\\x9b\\xc0\\xafz\\xe2\\x82\n");
}

static void
text_of_peers_cannot_turn_direction_or_line(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JOURNAL);
	capture();
	log_info("ep=%s", "\xe2\x80\xae" "exe\xe2\x81\xa6\xe2\x80\xa8\xe2\x82\xac");
	assert_string_equal(release(),
	    "<6>ep=\\xe2\\x80\\xaeexe\\xe2\\x81\\xa6\\xe2\\x80\\xa8\xe2\x82\xac\n");
}

static void
word_that_could_pass_for_more_is_quoted(void **state)
{
	char buf[LOG_WORD_MAX], big[2 * LOG_WORD_MAX];

	(void)state;
	assert_string_equal(log_word("urn:imei:35000", buf), "urn:imei:35000");
	assert_string_equal(log_word("", buf), "\"\"");
	assert_string_equal(log_word("x result=finished", buf), "\"x result=finished\"");
	assert_string_equal(log_word("a\"b\\x0a", buf), "\"a\\\"b\\\\x0a\"");
	assert_string_equal(log_word("a\nb", buf), "\"a\nb\"");	/* the line's own escapes see to it */
	memset(big, '"', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_true(strlen(log_word(big, buf)) < LOG_WORD_MAX);
	assert_int_equal(buf[strlen(buf) - 1], '"');
}

static void
plain_lines_carry_time_and_level(void **state)
{
	const char *line;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_PLAIN);
	capture();
	log_warn("text");
	line = release();
	assert_int_equal(strlen(line), strlen("2026-01-02T03:04:05.678Z warn text\n"));
	assert_int_equal(line[10], 'T');
	assert_string_equal(line + 23, "Z warn text\n");
}

static void
json_lines_stay_json(void **state)
{
	const char *line;

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	capture();
	log_error("a \"b\" \\ \n\xff");
	line = release();
	assert_memory_equal(line, "{\"time\":\"", 9);
	assert_string_equal(strstr(line, "\",\"level\""),
	    "\",\"level\":\"error\",\"message\":\"a \\\"b\\\" \\\\ \\\\x0a\\\\xff\"}\n");
}

static void
journal_is_recognised(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	capture();
	log_info("x");
	assert_string_equal(release(), "<6>x\n");
	unsetenv("JOURNAL_STREAM");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	capture();
	log_info("x");
	assert_string_equal(release() + 23, "Z info x\n");
}

static void
long_line_is_cut_and_says_so(void **state)
{
	static char big[10000];
	const char *line;

	(void)state;
	memset(big, '\n', sizeof(big) - 1);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	capture();
	log_info("%s", big);
	line = release();
	assert_true(strlen(line) > 2000 && strlen(line) < 11000);
	assert_string_equal(line + strlen(line) - 6, "...\"}\n");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
noise_is_told_once_a_minute_and_counted(void **state)
{
	struct log_limit limit = { 0 };

	(void)state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JOURNAL);
	capture();
	log_limited(&limit, 1, "bad datagram %d", 1);
	log_limited(&limit, 2, "bad datagram %d", 2);
	log_limited(&limit, 60000, "bad datagram %d", 3);
	log_limited(&limit, 60001, "bad datagram %d", 4);
	log_limited(&limit, 120001, "bad datagram %d", 5);
	assert_string_equal(release(),
	    "<4>bad datagram 1\n<4>bad datagram 4 (and 2 more like it)\n<4>bad datagram 5\n");
}

static void
errno_survives_a_line(void **state)
{
	(void)state;
	capture();
	errno = ENOTTY;
	log_error("x");
	assert_int_equal(errno, ENOTTY);
	(void)release();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_above_the_chosen_one_are_silent),
		cmocka_unit_test(what_peers_send_cannot_break_out_of_the_line),
		cmocka_unit_test(text_of_peers_cannot_turn_direction_or_line),
		cmocka_unit_test(word_that_could_pass_for_more_is_quoted),
		cmocka_unit_test(plain_lines_carry_time_and_level),
		cmocka_unit_test(json_lines_stay_json),
		cmocka_unit_test(journal_is_recognised),
		cmocka_unit_test(long_line_is_cut_and_says_so),
		cmocka_unit_test(noise_is_told_once_a_minute_and_counted),
		cmocka_unit_test(errno_survives_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
