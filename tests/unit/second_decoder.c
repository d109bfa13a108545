/*
 * Decoders of all formats that share nothing with src/lwm2m: no CBOR or JSON library, no reader
 * of ours, other data structures. What src/lwm2m writes is read with them, so that an encoder's
 * fault and its own decoder's twin do not cancel out. They are strict where encoders have no
 * choice (shortest numbers, definite lengths), and end the test on what they do not understand.
 * Included by test_property.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_VALUES	512
#define SECOND_NAME	64

/* A value as its format tells it. */
struct second_value {
	char		 name[SECOND_NAME];	/* "/0/1/16/0" */
	enum { S_INTEGER, S_FLOAT, S_TEXT, S_OCTETS, S_BOOLEAN, S_LINK, S_RAW, S_PLAIN } kind;
	bool		 minus;		/* INTEGER: the number is -1 - n */
	uint64_t	 n;		/* INTEGER, BOOLEAN */
	double		 f;
	const char	*p;		/* TEXT, OCTETS, LINK; RAW of TLV, PLAIN of text and opaque */
	size_t		 len;
};

struct second {
	struct second_value	 v[SECOND_VALUES];
	size_t			 n;
	const char		*at, *end;
	char			 pool[1 << 18];	/* strings that had to be put together */
	size_t			 used;
};

#define SECOND_MUST(s, cond) do {						\
	if (!(cond))								\
		fail_msg("second decoder: %s, %td octets before the end", #cond,	\
		    (s)->end - (s)->at);						\
} while (0)

static struct second_value *
second_new(struct second *s, const char *name)
{
	struct second_value *v = &s->v[s->n++];

	SECOND_MUST(s, s->n <= SECOND_VALUES && strlen(name) < SECOND_NAME);
	*v = (struct second_value){ .kind = S_RAW };
	memcpy(v->name, name, strlen(name) + 1);
	return v;
}

static unsigned
second_octet(struct second *s)
{
	SECOND_MUST(s, s->at < s->end);
	return (unsigned char)*s->at++;
}

static uint64_t
second_number(struct second *s, unsigned octets)
{
	uint64_t n = 0;

	while (octets-- > 0)
		n = n * 256 + second_octet(s);
	return n;
}

/* --- TLV --- */

/* Entries up to 'end', in the container of that kind: 0 instance, 2 multiple resource, 9 none. */
static void
second_tlv(struct second *s, const char *end, const char *name, unsigned container)
{
	char path[SECOND_NAME];

	while (s->at < end) {
		unsigned head = second_octet(s), kind = head / 64;
		unsigned id = (unsigned)second_number(s, head & 32 ? 2 : 1);
		SECOND_MUST(s, head & 32 ? id > 255 : true);
		unsigned wide = head / 8 % 4;
		uint64_t len = wide > 0 ? second_number(s, wide) : head % 8;
		SECOND_MUST(s, wide == 0 || (len >= 8 && len >> (8 * (wide - 1)) > 0 && head % 8 == 0));
		SECOND_MUST(s, len <= (uint64_t)(end - s->at));
		SECOND_MUST(s, (kind == 1) == (container == 2));
		SECOND_MUST(s, kind == 0 ? container == 9 : true);
		snprintf(path, sizeof(path), "%s/%u", name, id);
		if (kind == 0 || kind == 2) {
			SECOND_MUST(s, len > 0);
			second_tlv(s, s->at + len, path, kind);
			continue;
		}
		struct second_value *v = second_new(s, path);
		v->p = s->at;
		v->len = (size_t)len;
		s->at += len;
	}
	SECOND_MUST(s, s->at == end);
}

/* --- CBOR --- */

/* IEEE 754 of 2, 4 or 8 octets. */
static double
second_ieee(uint64_t bits, unsigned width)
{
	unsigned mantissa = width == 2 ? 10 : width == 4 ? 23 : 52;
	int top = (1 << (width * 8 - 1 - mantissa)) - 1, bias = top / 2;
	int e = (int)(bits >> mantissa & (uint64_t)top);
	uint64_t m = bits & (((uint64_t)1 << mantissa) - 1);
	double f = ldexp((double)(m | (uint64_t)(e > 0) << mantissa), (e > 0 ? e : 1) - bias - (int)mantissa);

	if (e == top)
		f = m == 0 ? (double)INFINITY : (double)NAN;
	return bits >> (width * 8 - 1) ? -f : f;
}

/* The head of an item: its major type, and its argument in the shortest form. */
static unsigned
second_cbor_head(struct second *s, uint64_t *arg)
{
	unsigned first = second_octet(s), low = first & 31;

	SECOND_MUST(s, low < 28);
	*arg = low;
	if (low >= 24 && first >> 5 != 7) {
		*arg = second_number(s, 1u << (low - 24));
		SECOND_MUST(s, low == 24 ? *arg >= 24 : *arg >> (8u << (low - 25)) > 0);
	}
	return first >> 5;
}

static void
second_cbor_value(struct second *s, struct second_value *v, unsigned major, uint64_t arg)
{
	switch (major) {
	case 0:
	case 1:
		v->kind = S_INTEGER;
		v->minus = major == 1;
		v->n = arg;
		break;
	case 2:
	case 3:
		SECOND_MUST(s, arg <= (uint64_t)(s->end - s->at));
		v->kind = major == 2 ? S_OCTETS : S_TEXT;
		v->p = s->at;
		v->len = (size_t)arg;
		s->at += arg;
		break;
	default:
		SECOND_MUST(s, major == 7 && (arg == 20 || arg == 21 || (arg >= 25 && arg <= 27)));
		v->kind = arg > 21 ? S_FLOAT : S_BOOLEAN;
		v->n = arg - 20;
		if (arg > 21)
			v->f = second_ieee(second_number(s, 1u << (arg - 24)), 1u << (arg - 24));
	}
}

static void
second_cbor_tree(struct second *s, const char *name, unsigned depth)
{
	char path[SECOND_NAME];
	uint64_t pairs, id, arg;

	SECOND_MUST(s, second_cbor_head(s, &pairs) == 5 && pairs > 0 && depth < 4);
	while (pairs-- > 0) {
		SECOND_MUST(s, second_cbor_head(s, &id) == 0 && id < 65535);
		snprintf(path, sizeof(path), "%s/%u", name, (unsigned)id);
		if (s->at < s->end && (unsigned char)*s->at >> 5 == 5) {
			second_cbor_tree(s, path, depth + 1);
			continue;
		}
		SECOND_MUST(s, depth >= 2);
		unsigned major = second_cbor_head(s, &arg);
		second_cbor_value(s, second_new(s, path), major, arg);
	}
}

static void
second_cbor_text(struct second *s, char out[SECOND_NAME])
{
	uint64_t len;

	SECOND_MUST(s, second_cbor_head(s, &len) == 3 && len < SECOND_NAME);
	for (uint64_t i = 0; i < len; i++)
		*out++ = (char)second_octet(s);
	*out = '\0';
}

/* A label that is no name, and the value behind it. */
static void
second_senml_member(struct second *s, struct second_value *v, unsigned major, uint64_t label)
{
	bool link = major == 3;
	uint64_t arg;

	if (link) {
		SECOND_MUST(s, label == 3 && s->end - s->at > 3 && memcmp(s->at, "vlo", 3) == 0);
		s->at += 3;
	}
	SECOND_MUST(s, link || major == 0);
	major = second_cbor_head(s, &arg);
	second_cbor_value(s, v, major, arg);
	if (!link) {
		SECOND_MUST(s, label == (v->kind == S_TEXT ? 3u : v->kind == S_BOOLEAN ? 4u :
		    v->kind == S_OCTETS ? 8u : 2u));
		return;
	}
	SECOND_MUST(s, v->kind == S_TEXT);
	v->kind = S_LINK;
}

static void
second_senml_cbor(struct second *s)
{
	char base[SECOND_NAME] = "", name[SECOND_NAME];
	uint64_t records, members, label;

	SECOND_MUST(s, second_cbor_head(s, &records) == 4);
	while (records-- > 0) {
		struct second_value *v = second_new(s, "");
		unsigned values = 0;
		name[0] = '\0';
		SECOND_MUST(s, second_cbor_head(s, &members) == 5);
		while (members-- > 0) {
			unsigned major = second_cbor_head(s, &label);
			if (major == 1 && label == 1) {		/* -2 */
				second_cbor_text(s, base);
			} else if (major == 0 && label == 0) {
				second_cbor_text(s, name);
			} else {
				SECOND_MUST(s, values++ == 0);
				second_senml_member(s, v, major, label);
			}
		}
		SECOND_MUST(s, values == 1);
		snprintf(v->name, sizeof(v->name), "%.30s%.30s", base, name);
	}
}

/* --- JSON, without white space as encoders write it --- */

static bool
second_if(struct second *s, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, literal, len) != 0)
		return false;
	s->at += len;
	return true;
}

static char
second_escape(struct second *s)
{
	unsigned c = second_octet(s);
	char hex[5] = "";

	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		for (int i = 0; i < 4; i++)
			hex[i] = (char)second_octet(s);
		c = (unsigned)strtoul(hex, NULL, 16);
		SECOND_MUST(s, strspn(hex, "0123456789abcdef") == 4 && c < 32);
		return (char)c;
	default:
		SECOND_MUST(s, c == '"' || c == '\\');
		return (char)c;
	}
}

static void
second_string(struct second *s, const char **p, size_t *len)
{
	char *out = s->pool + s->used;
	unsigned c;

	SECOND_MUST(s, second_if(s, "\""));
	for (*p = out; (c = second_octet(s)) != '"';) {
		SECOND_MUST(s, c >= 32 && s->used < sizeof(s->pool) - 1);
		*out++ = c == '\\' ? second_escape(s) : (char)c;
		s->used++;
	}
	*len = (size_t)(out - *p);
	*out = '\0';
	s->used++;
}

static void
second_json_number(struct second *s, struct second_value *v)
{
	char text[40] = "", *stop;
	size_t n = 0;

	while (s->at < s->end && n < sizeof(text) - 1 && strchr("+-.0123456789e", *s->at) != NULL)
		text[n++] = *s->at++;
	errno = 0;
	if (strpbrk(text, ".e") != NULL) {
		v->kind = S_FLOAT;
		v->f = strtod(text, &stop);
	} else {
		v->kind = S_INTEGER;
		v->minus = text[0] == '-';
		v->n = strtoull(text + v->minus, &stop, 10) - v->minus;
		SECOND_MUST(s, text[v->minus] != '0' || text[v->minus + 1] == '\0');
	}
	SECOND_MUST(s, n > 0 && *stop == '\0' && errno != ERANGE);
}

/* Octets of base64: the alphabet given, padded or not at all. */
static void
second_base64(struct second *s, struct second_value *v, const char *alphabet, bool padded)
{
	uint8_t *out = (uint8_t *)s->pool + s->used, *start = out;
	unsigned bits = 0, have = 0;
	size_t len = v->len;

	SECOND_MUST(s, s->used + len < sizeof(s->pool));
	SECOND_MUST(s, padded ? len % 4 == 0 : len % 4 != 1);
	for (int i = 0; padded && i < 2 && len > 0 && v->p[len - 1] == '='; i++)
		len--;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(alphabet, v->p[i]);
		SECOND_MUST(s, digit != NULL && *digit != '\0');
		bits = bits << 6 | (unsigned)(digit - alphabet);
		have += 6;
		if (have >= 8)
			*out++ = (uint8_t)(bits >> (have -= 8));
	}
	v->kind = S_OCTETS;
	v->p = (const char *)start;
	v->len = (size_t)(out - start);
	s->used += v->len;
}

#define SECOND_ALNUM	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A member with a value, of either JSON format. */
static void
second_json_value(struct second *s, struct second_value *v)
{
	if (second_if(s, "\"v\":")) {
		second_json_number(s, v);
	} else if (second_if(s, "\"vs\":") || second_if(s, "\"sv\":")) {
		second_string(s, &v->p, &v->len);
		v->kind = S_TEXT;
	} else if (second_if(s, "\"vd\":")) {
		second_string(s, &v->p, &v->len);
		second_base64(s, v, SECOND_ALNUM "-_", false);
	} else if (second_if(s, "\"vlo\":") || second_if(s, "\"ov\":")) {
		second_string(s, &v->p, &v->len);
		v->kind = S_LINK;
	} else {
		SECOND_MUST(s, second_if(s, "\"vb\":") || second_if(s, "\"bv\":"));
		v->kind = S_BOOLEAN;
		v->n = second_if(s, "true");
		SECOND_MUST(s, v->n == 1 || second_if(s, "false"));
	}
}

/* Objects with a name, and in SenML a base name, before their value. */
static void
second_json_entries(struct second *s, const char *base)
{
	const char *name;
	size_t len;

	for (bool more = true; more; more = second_if(s, ",")) {
		struct second_value *v = second_new(s, "");
		SECOND_MUST(s, second_if(s, "{"));
		if (second_if(s, "\"bn\":")) {
			second_string(s, &base, &len);
			SECOND_MUST(s, second_if(s, ","));
		}
		name = "";
		if (second_if(s, "\"n\":")) {
			second_string(s, &name, &len);
			SECOND_MUST(s, second_if(s, ","));
		}
		second_json_value(s, v);
		SECOND_MUST(s, second_if(s, "}"));
		snprintf(v->name, sizeof(v->name), "%s%s", base, name);
	}
	SECOND_MUST(s, second_if(s, "]"));
}

static void
second_json(struct second *s)
{
	const char *base;
	size_t len;

	SECOND_MUST(s, second_if(s, "{\"bn\":"));
	second_string(s, &base, &len);
	SECOND_MUST(s, second_if(s, ",\"e\":["));
	second_json_entries(s, base);
	SECOND_MUST(s, second_if(s, "}"));
}

/* --- all of them --- */

/* Reads what was written to 'target' in the content format of that number. */
static void
second_decode(struct second *s, int format, const char *target, const void *payload, size_t len)
{
	char above[SECOND_NAME];
	unsigned depth = 0;
	uint64_t arg;

	s->n = s->used = 0;
	s->at = payload;
	s->end = s->at + len;
	for (const char *p = target; p[1] != '\0' && (p = strchr(p, '/')) != NULL; p++)
		depth++;
	switch (format) {
	case 11542:
	case 1542:
		snprintf(above, sizeof(above), "%s", target);
		if (depth == 3)
			*strrchr(above, '/') = '\0';
		second_tlv(s, s->end, above, depth == 1 ? 9 : 0);
		break;
	case 110:
		SECOND_MUST(s, second_if(s, "["));
		second_json_entries(s, "");
		break;
	case 11543:
		second_json(s);
		break;
	case 112:
		second_senml_cbor(s);
		break;
	case 11544:
		second_cbor_tree(s, "", 0);
		break;
	case 60: {
		struct second_value *v = second_new(s, target);
		unsigned major = second_cbor_head(s, &arg);
		second_cbor_value(s, v, major, arg);
		break;
	}
	default:
		SECOND_MUST(s, format == 0 || format == 42);
		struct second_value *v = second_new(s, target);
		v->kind = format == 0 ? S_PLAIN : S_OCTETS;
		v->p = payload;
		v->len = len;
		s->at = s->end;
	}
	SECOND_MUST(s, s->at == s->end);
}

static bool
second_same_octets(const struct second_value *v, const void *p, size_t len)
{
	return v->len == len && (len == 0 || memcmp(v->p, p, len) == 0);
}

/* A whole number, signed or not; what TLV has for an unsigned one is the same read either way. */
static bool
second_same_integer(const struct second_value *v, bool minus, uint64_t n)
{
	char text[32];
	uint64_t raw = 0;
	size_t len;

	switch (v->kind) {
	case S_INTEGER:
		return v->minus == minus && v->n == n;
	case S_RAW:
		for (size_t i = 0; i < v->len; i++)
			raw = raw * 256 + (unsigned char)v->p[i];
		if (v->len != 1 && v->len != 2 && v->len != 4 && v->len != 8)
			return false;
		if (n > INT64_MAX)
			return v->len == 8 && raw == n;
		if (((unsigned char)v->p[0] >= 128) != minus)
			return false;
		if (minus && v->len < 8)
			raw += -((uint64_t)1 << (8 * v->len));
		return raw == (minus ? ~n : n);
	case S_PLAIN:
		len = (size_t)snprintf(text, sizeof(text), "%s%" PRIu64, minus ? "-" : "", minus ? n + 1 : n);
		return second_same_octets(v, text, len);
	case S_FLOAT:
	case S_TEXT:
	case S_OCTETS:
	case S_BOOLEAN:
	case S_LINK:
		break;
	}
	return false;
}

static bool
second_same_float(const struct second_value *v, double f)
{
	char text[400] = "", *stop;
	uint64_t bits = 0;
	double got = v->f;

	if (v->kind == S_PLAIN) {
		if (v->len == 0 || v->len >= sizeof(text))
			return false;
		memcpy(text, v->p, v->len);
		got = strtod(text, &stop);
		if (strspn(text, "-.0123456789") != v->len || *stop != '\0')
			return false;
	} else if (v->kind == S_RAW) {
		if (v->len != 4 && v->len != 8)
			return false;
		for (size_t i = 0; i < v->len; i++)
			bits = bits * 256 + (unsigned char)v->p[i];
		got = second_ieee(bits, (unsigned)v->len);
	} else if (v->kind != S_FLOAT) {
		return false;
	}
	return got == f && signbit(got) == signbit(f);
}
