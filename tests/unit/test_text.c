#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void
hex_goes_both_ways(void **state)
{
	uint8_t out[4];
	char text[9];
	size_t n = 99;

	(void)state;
	text_hex("\x00\x7f\xab\xff", 4, text);
	assert_string_equal(text, "007fabff");
	assert_int_equal(text_unhex("007fABff", 8, out, sizeof(out), &n), ERR_OK);
	assert_int_equal(n, 4);
	assert_memory_equal(out, "\x00\x7f\xab\xff", 4);
	assert_int_equal(text_unhex("", 0, out, sizeof(out), &n), ERR_OK);
	assert_int_equal(n, 0);
	n = 99;
	assert_int_equal(text_unhex("abc", 3, out, sizeof(out), &n), ERR_MALFORMED);
	assert_int_equal(text_unhex("0g", 2, out, sizeof(out), &n), ERR_MALFORMED);
	assert_int_equal(text_unhex("0 ", 2, out, sizeof(out), &n), ERR_MALFORMED);
	assert_int_equal(text_unhex("0011223344", 10, out, sizeof(out), &n), ERR_TOOBIG);
	assert_int_equal(n, 99);
}

/* RFC 4648, 10 */
static void
base64_gives_the_published_values(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
	};
	char text[TEXT_BASE64_MAX(6)];
	uint8_t out[6];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *plain = vectors[i][0], *coded = vectors[i][1];

		text_base64(plain, strlen(plain), text);
		assert_string_equal(text, coded);
		assert_int_equal(text_unbase64(coded, strlen(coded), out, sizeof(out), &n), ERR_OK);
		assert_int_equal(n, strlen(plain));
		assert_memory_equal(out, plain, n);
		assert_int_equal(text_unbase64(coded, strcspn(coded, "="), out, sizeof(out), &n), ERR_OK);
		assert_int_equal(n, strlen(plain));
	}
	text_base64url("\xfb\xff\xbf\x01", 4, text);
	assert_string_equal(text, "-_-_AQ");
	assert_int_equal(text_unbase64("-_-_AQ", 6, out, sizeof(out), &n), ERR_OK);
	assert_memory_equal(out, "\xfb\xff\xbf\x01", 4);
}

static void
bad_base64_is_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg=", "Zm9vY", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9v=", "Zh==",
		"Zm9=", "Zg=a", "Zm8==",
	};
	uint8_t out[6];
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_unbase64(bad[i], strlen(bad[i]), out, sizeof(out), &n), ERR_MALFORMED);
	assert_int_equal(text_unbase64("Zm9vYmFy", 8, out, 5, &n), ERR_TOOBIG);
	assert_int_equal(n, 99);
}

static void
durations_need_a_unit(void **state)
{
	static const char *const bad[] = {
		"", "5", "s", "5 s", "5S", "-5s", "1.5s", "5ss", "99999999999999999999s", "5min", " 5s",
	};
	uint64_t ms = 99;

	(void)state;
	assert_int_equal(text_duration("500ms", &ms), ERR_OK);
	assert_int_equal(ms, 500);
	assert_int_equal(text_duration("2s", &ms), ERR_OK);
	assert_int_equal(ms, 2000);
	assert_int_equal(text_duration("5m", &ms), ERR_OK);
	assert_int_equal(ms, 300000);
	assert_int_equal(text_duration("1h", &ms), ERR_OK);
	assert_int_equal(ms, 3600000);
	assert_int_equal(text_duration("7d", &ms), ERR_OK);
	assert_int_equal(ms, 604800000);
	assert_int_equal(text_duration("0s", &ms), ERR_OK);
	assert_int_equal(ms, 0);
	ms = 99;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_duration(bad[i], &ms), ERR_MALFORMED);
	assert_int_equal(ms, 99);
}

static void
utf8_is_well_formed_or_not(void **state)
{
	static const char *const good[] = {
		"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xe2\x82\xacz",
	};
	static const char *const bad[] = {
		"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"a\xe2\x82z", "\xf0\x90\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_true(text_is_utf8("a\0b", 3));
	assert_int_equal(text_utf8("\xe2\x82\xac", 3), 3);
	assert_int_equal(text_utf8("\xe2\x82\xac", 2), 0);
}

static void
globs_match_the_whole_text(void **state)
{
	static const struct {
		const char	*pattern, *text;
		bool		 match;
	} t[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false }, { "abc", "abc", true },
		{ "abc", "abcd", false }, { "*", "", true }, { "*", "anything", true }, { "**", "", true },
		{ "urn:imei:3500*", "urn:imei:350000000000017", true },
		{ "urn:imei:3500*", "urn:imei:351", false }, { "*17", "urn:17:0017", true },
		{ "*17", "urn:17:0018", false }, { "a*b*c", "aXbXbYc", true }, { "a*b*c", "aXcXb", false },
		{ "a?c", "abc", true }, { "a?c", "ac", false }, { "a?", "a\xc3\xa4", true },
		{ "??", "\xc3\xa4", false },
		{ "\\*", "*", true }, { "\\*", "x", false }, { "a\\?b", "a?b", true },
		{ "a\\?b", "axb", false },
		{ "\\\\", "\\", true }, { "a\\", "a\\", true },
		{ "*\\*", "ab*", true }, { "*\\*", "ab", false },
		{ "*?", "", false }, { "*?", "a", true }, { "?*", "a", true }, { "*a?", "xaab", true },
		{ "a*", "b", false }, { "*.x", ".x.x", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (text_glob(t[i].pattern, t[i].text) != t[i].match)
			fail_msg("'%s' against '%s'", t[i].pattern, t[i].text);
	}
}

static void
hostile_glob_comes_to_an_end(void **state)
{
	static char text[20001], pattern[20001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i + 2 < 2000; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 1998, "b", 2);
	assert_false(text_glob(pattern, text));
}

static void
distance_counts_edits(void **state)
{
	static char big[500];

	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("listen", "listne"), 2);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("same", "same"), 0);
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(text_distance(big, "x"), 499);
	assert_int_equal(text_distance(big, big), 0);
}

static void
time_is_shown_in_utc_with_milliseconds(void **state)
{
	char buf[TEXT_TIME_MAX];

	(void)state;
	assert_string_equal(text_time(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(text_time(1767323045678, buf), "2026-01-02T03:04:05.678Z");
	assert_string_equal(text_time(951782400001, buf), "2000-02-29T00:00:00.001Z");
	assert_string_equal(text_time(INT64_MAX, buf), "9999-12-31T23:59:59.999Z");
	assert_string_equal(text_time(-1, buf), "1970-01-01T00:00:00.000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(base64_gives_the_published_values),
		cmocka_unit_test(bad_base64_is_refused),
		cmocka_unit_test(durations_need_a_unit),
		cmocka_unit_test(utf8_is_well_formed_or_not),
		cmocka_unit_test(globs_match_the_whole_text),
		cmocka_unit_test(hostile_glob_comes_to_an_end),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(time_is_shown_in_utc_with_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
