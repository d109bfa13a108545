#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
text_hex(const void *p, size_t len, char *out)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++) {
		*out++ = hex_digits[b[i] >> 4];
		*out++ = hex_digits[b[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err
text_unhex(const char *s, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
	if (len % 2 != 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		if (hex_value(s[i]) < 0)
			return ERR_MALFORMED;
	}
	if (len / 2 > cap)
		return ERR_TOOBIG;
	for (size_t i = 0; i < len / 2; i++)
		out[i] = (uint8_t)(hex_value(s[2 * i]) << 4 | hex_value(s[2 * i + 1]));
	*ret_len = len / 2;
	return ERR_OK;
}

static void
base64(const uint8_t *p, size_t len, const char *alphabet, bool pad, char *out)
{
	for (; len > 0; p += 3, len -= len < 3 ? len : 3) {
		uint32_t v = (uint32_t)p[0] << 16;

		if (len > 1)
			v |= (uint32_t)p[1] << 8;
		if (len > 2)
			v |= p[2];
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		if (len > 1)
			*out++ = alphabet[v >> 6 & 63];
		else if (pad)
			*out++ = '=';
		if (len > 2)
			*out++ = alphabet[v & 63];
		else if (pad)
			*out++ = '=';
		if (len < 3)
			break;
	}
	*out = '\0';
}

void
text_base64(const void *p, size_t len, char *out)
{
	base64(p, len, base64_std, true, out);
}

void
text_base64url(const void *p, size_t len, char *out)
{
	base64(p, len, base64_url, false, out);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

enum err
text_unbase64(const char *s, size_t len, uint8_t *out, size_t cap, size_t *ret_len)
{
	uint32_t v = 0;
	size_t n = 0, pad = 0;
	unsigned bits = 0;

	while (pad < 2 && len > pad && s[len - pad - 1] == '=')
		pad++;
	if (pad > 0 && len % 4 != 0)
		return ERR_MALFORMED;
	len -= pad;
	if (len % 4 == 1 || (pad == 2 && len % 4 != 2))
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		int d = base64_value(s[i]);

		if (d < 0)
			return ERR_MALFORMED;
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == cap)
			return ERR_TOOBIG;
		out[n++] = (uint8_t)(v >> bits);
	}
	if ((v & ((1u << bits) - 1)) != 0)	/* bits that belong to no byte: a cut or mistyped text */
		return ERR_MALFORMED;
	*ret_len = n;
	return ERR_OK;
}

enum err
text_duration(const char *s, uint64_t *ret_ms)
{
	static const struct {
		char		name[4];
		uint64_t	ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	const char *p = s;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (v > UINT32_MAX)	/* far beyond any use, and safe to multiply */
			return ERR_MALFORMED;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	for (size_t i = 0; p != s && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(p, units[i].name) == 0) {
			*ret_ms = v * units[i].ms;
			return ERR_OK;
		}
	}
	return ERR_MALFORMED;
}

/* RFC 3629, 4: the second byte's range depends on the first. */
size_t
text_utf8(const void *text, size_t len)
{
	const uint8_t *p = text;
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;		/* not overlong */
	else if (p[0] == 0xed)
		high = 0x9f;		/* no surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;		/* not overlong */
	else if (p[0] == 0xf4)
		high = 0x8f;		/* up to U+10FFFF */
	if (len < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool
text_is_utf8(const void *text, size_t len)
{
	const uint8_t *p = text;

	while (len > 0) {
		size_t n = text_utf8(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* Past one character; a broken one counts as a byte each. */
static const char *
next_char(const char *s)
{
	size_t n = text_utf8(s, strnlen(s, 4));

	return s + (n > 0 ? n : 1);
}

/* Only the last '*' is ever taken back: what an earlier one matched can stay as short as it is. */
bool
text_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *resume = NULL;

	while (*s != '\0' || *pattern == '*') {
		const char *literal = pattern[0] == '\\' && pattern[1] != '\0' ? pattern + 1 : pattern;

		if (*pattern == '*') {
			star = ++pattern;
			resume = s;
			if (*star == '\0')
				return true;
		} else if (*pattern == '?') {
			pattern++;
			s = next_char(s);
		} else if (*literal != '\0' && *literal == *s) {
			pattern = literal + 1;
			s++;
		} else if (star != NULL) {
			pattern = star;
			resume = next_char(resume);
			s = resume;
		} else {
			return false;
		}
	}
	return *pattern == '\0';
}

#define DISTANCE_MAX	128	/* bytes of text compared; names of settings are far shorter */

size_t
text_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t row[DISTANCE_MAX + 1];

	if (a_len > DISTANCE_MAX || b_len > DISTANCE_MAX)
		return strcmp(a, b) == 0 ? 0 : a_len > b_len ? a_len : b_len;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[b_len];
}

const char *
text_time(int64_t wall_ms, char buf[TEXT_TIME_MAX])
{
	const int64_t last = 253402300799999;	/* the end of the year 9999 */
	int64_t ms = wall_ms < 0 ? 0 : wall_ms > last ? last : wall_ms;
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(buf, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, TEXT_TIME_MAX - n, ".%03dZ", (int)(ms % 1000));
	return buf;
}
