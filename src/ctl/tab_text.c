#include <inttypes.h>
#include <string.h>

#include "ctl/tab.h"

/* Figures as one says them. */

const char *
tab_duration(uint64_t ms, char buf[TAB_TEXT_MAX])
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		snprintf(buf, TAB_TEXT_MAX, "%" PRIu64 " ms", ms);
	else if (s < 60)
		snprintf(buf, TAB_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " s", s, ms / 100 % 10);
	else if (s < 3600)
		snprintf(buf, TAB_TEXT_MAX, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, TAB_TEXT_MAX, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	else
		snprintf(buf, TAB_TEXT_MAX, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
	return buf;
}

/* 'n' decimal digits at 'p', or -1. */
static int
digits(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = 10 * v + (p[i] - '0');
	}
	return v;
}

/* Days since 1970-01-01 in the Gregorian calendar; years are counted from March. */
static int64_t
days(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

bool
tab_parse_time(const char *s, int64_t *ret_ms)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	int ms = 0;

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? (s[i] < '0' || s[i] > '9') : s[i] != form[i])
			return false;
	const char *rest = s + sizeof(form) - 1;
	if (rest[0] == '.') {
		if (strlen(rest) < 4 || (ms = digits(rest + 1, 3)) < 0)
			return false;
		rest += 4;
	}
	if (strcmp(rest, "Z") != 0 || digits(s, 4) < 1970 || digits(s + 5, 2) < 1 || digits(s + 5, 2) > 12)
		return false;
	*ret_ms = ((days(digits(s, 4), digits(s + 5, 2), digits(s + 8, 2)) * 24 + digits(s + 11, 2)) * 60 +
	    digits(s + 14, 2)) * 60000 + digits(s + 17, 2) * 1000 + ms;
	return true;
}

const char *
tab_ago(const char *text, int64_t now_ms, char buf[TAB_TEXT_MAX])
{
	int64_t then, s;

	if (!tab_parse_time(text, &then)) {
		snprintf(buf, TAB_TEXT_MAX, "%.30s", text);
		return buf;
	}
	s = (now_ms - then) / 1000;
	if (s < 0)
		snprintf(buf, TAB_TEXT_MAX, "in %" PRId64 " s", -s);
	else if (s < 2)
		snprintf(buf, TAB_TEXT_MAX, "just now");
	else if (s < 60)
		snprintf(buf, TAB_TEXT_MAX, "%" PRId64 " s ago", s);
	else if (s < 3600)
		snprintf(buf, TAB_TEXT_MAX, "%" PRId64 " min ago", s / 60);
	else if (s < 2 * 86400)
		snprintf(buf, TAB_TEXT_MAX, "%" PRId64 " h ago", s / 3600);
	else
		snprintf(buf, TAB_TEXT_MAX, "%" PRId64 " days ago", s / 86400);
	return buf;
}

const char *
tab_number(uint64_t n, char buf[TAB_TEXT_MAX])
{
	char plain[24];
	int len = snprintf(plain, sizeof(plain), "%" PRIu64, n), out = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[out++] = ' ';
		buf[out++] = plain[i];
	}
	buf[out] = '\0';
	return buf;
}

const char *
tab_many(uint64_t n, const char *noun, char buf[TAB_TEXT_MAX])
{
	char number[TAB_TEXT_MAX];

	snprintf(buf, TAB_TEXT_MAX, "%.26s %.11s%s", tab_number(n, number), noun, n == 1 ? "" : "s");
	return buf;
}
