#include "store/jtext.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP	1024

void
jtext_reset(struct jtext *j)
{
	j->len = 0;
	j->err = ERR_OK;
}

void
jtext_fini(struct jtext *j)
{
	free(j->p);
	*j = (struct jtext){ 0 };
}

/* Room for 'n' more bytes; NULL when there is no memory, or was none before. */
static char *
room(struct jtext *j, size_t n)
{
	size_t cap = j->cap != 0 ? j->cap : FIRST_CAP;
	char *p;

	if (j->err != ERR_OK)
		return NULL;
	while (cap - j->len < n && cap < SIZE_MAX / 2)
		cap *= 2;
	if (cap != j->cap) {
		p = cap - j->len >= n ? realloc(j->p, cap) : NULL;
		if (p == NULL) {
			j->err = ERR_NOMEM;
			return NULL;
		}
		j->p = p;
		j->cap = cap;
	}
	return j->p + j->len;
}

void
jtext_raw(struct jtext *j, const char *p, size_t len)
{
	char *to = room(j, len);

	if (to == NULL || len == 0)
		return;
	memcpy(to, p, len);
	j->len += len;
}

void
jtext_lit(struct jtext *j, const char *s)
{
	jtext_raw(j, s, strlen(s));
}

void
jtext_item(struct jtext *j)
{
	if (j->len > 0 && j->p[j->len - 1] != '[' && j->p[j->len - 1] != '{')
		jtext_raw(j, ",", 1);
}

void
jtext_key(struct jtext *j, const char *key)
{
	jtext_item(j);
	jtext_raw(j, "\"", 1);
	jtext_lit(j, key);
	jtext_raw(j, "\":", 2);
}

/* Length of the UTF-8 sequence at 's' (RFC 3629, 4), 0 when it is broken. NUL ends the text. */
static size_t
sequence(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;		/* shortest form only */
	if (s[0] == 0xed)
		high = 0x9f;		/* no surrogates */
	if (s[0] == 0xf0)
		low = 0x90;
	if (s[0] == 0xf4)
		high = 0x8f;		/* up to U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static void
escape(struct jtext *j, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	char two[2] = { '\\', (char)c };

	switch (c) {
	case '\n':
		two[1] = 'n';
		break;
	case '\r':
		two[1] = 'r';
		break;
	case '\t':
		two[1] = 't';
		break;
	case '"':
	case '\\':
		break;
	default:
		jtext_raw(j, u, sizeof(u));
		return;
	}
	jtext_raw(j, two, sizeof(two));
}

static bool
plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

void
jtext_string(struct jtext *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text, *from;
	size_t n;

	if (text == NULL) {
		jtext_lit(j, "null");
		return;
	}
	jtext_raw(j, "\"", 1);
	while (*s != '\0') {
		for (from = s; plain(*s); s++)
			;
		jtext_raw(j, (const char *)from, (size_t)(s - from));
		if (*s == '\0')
			break;
		n = sequence(s);
		if (n == 0)
			jtext_lit(j, "\xef\xbf\xbd");	/* U+FFFD */
		else if (n == 1)
			escape(j, *s);
		else
			jtext_raw(j, (const char *)s, n);
		s += n != 0 ? n : 1;
	}
	jtext_raw(j, "\"", 1);
}

void
jtext_int(struct jtext *j, int64_t v)
{
	char digits[20], *p = digits + sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (v < 0)
		*--p = '-';	/* 2^63 has 19 digits */
	jtext_raw(j, p, (size_t)(digits + sizeof(digits) - p));
}

void
jtext_put_string(struct jtext *j, const char *key, const char *s)
{
	jtext_key(j, key);
	jtext_string(j, s);
}

void
jtext_put_int(struct jtext *j, const char *key, int64_t v)
{
	jtext_key(j, key);
	jtext_int(j, v);
}
