#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/wr.h"
#include "store/binary_priv.h"
#include "store/config_priv.h"
#include "store/variables.h"

#define TEXT_MAX	65535	/* octets of one string: far beyond what a device takes */

/* --- what a value is, once variables are known --- */

enum err
value_known(struct parse *p, const struct place *at, const struct config_value *v, const uint8_t **out,
    size_t *len)
{
	struct problem why;
	const char *text = NULL;
	enum err e;

	*out = NULL;
	if (v->source == CONFIG_LITERAL) {
		*out = v->literal.bytes.p != NULL ? v->literal.bytes.p : (const uint8_t *)"";
		*len = v->literal.bytes.len;
	}
	if (v->source != CONFIG_TEMPLATE)
		return ERR_OK;
	e = config_expand_text(v->template, p->endpoint, p->vars, p->doc.arena, &text, &why);
	if (e == ERR_NOTFOUND && p->vars == NULL)
		return ERR_OK;
	if (e == ERR_OK)
		e = binary_decode(v->encoding, text, strlen(text), p->doc.arena, out, len);
	else if (e != ERR_NOMEM)
		return doc_refuse(&p->doc, at, why.reason, "%s", why.text);
	if (e == ERR_NOMEM)
		return doc_nomem(&p->doc);
	if (e != ERR_OK)
		return doc_refuse(&p->doc, at, "invalid", "with its variables this is no valid %s",
		    v->encoding == CONFIG_HEX ? "hexadecimal" : "base64");
	return ERR_OK;
}

/* "1, 2 or 5 to 9": what the definitions allow. */
static const char *
span_list(const struct resdef *def, char *buf, size_t size)
{
	struct wr w = wr_over(buf, size - sizeof("…"));
	char text[80];

	for (size_t i = 0; i < def->nspans && w.err == ERR_OK; i++) {
		const struct resdef_span *s = &def->spans[i];
		const char *between = i == 0 ? "" : i + 1 == def->nspans ? " or " : ", ";

		if (s->min == s->max)
			snprintf(text, sizeof(text), "%s%.15g", between, s->min);
		else
			snprintf(text, sizeof(text), "%s%.15g to %.15g", between, s->min, s->max);
		wr_text(&w, text);
	}
	snprintf(buf + w.len, size - w.len, "%s", w.err != ERR_OK ? "…" : "");
	return buf;
}

/* Of strings and octets the definitions limit the length. */
static enum err
check_length(struct parse *p, const struct place *at, const struct resdef *def, const struct config_value *v)
{
	const uint8_t *octets;
	char list[120];
	size_t len = 0;
	enum err e;

	if (v->source == CONFIG_RANDOM)
		octets = (const uint8_t *)"", len = v->random_len;
	else if ((e = value_known(p, at, v, &octets, &len)) != ERR_OK)
		return e;
	if (octets == NULL || resdef_takes(def, (double)len))
		return ERR_OK;
	if (def->nspans > 0)
		return doc_refuse(&p->doc, at, "range", "%s has %s octets, found %zu", def->name,
		    span_list(def, list, sizeof(list)), len);
	if (def->min == def->max)
		return doc_refuse(&p->doc, at, "range", "%s has exactly %.0f octet(s), found %zu", def->name,
		    def->min, len);
	return doc_refuse(&p->doc, at, "range", "%s has %.0f to %.0f octets, found %zu", def->name, def->min,
	    def->max, len);
}

static enum err
check_number(struct parse *p, const struct place *at, const struct resdef *def, double v)
{
	char list[120];

	if (resdef_takes(def, v))
		return ERR_OK;
	if (def->nspans > 0)
		return doc_refuse(&p->doc, at, "range", "%s is %s, found %.15g", def->name,
		    span_list(def, list, sizeof(list)), v);
	return doc_refuse(&p->doc, at, "range", "%s is %.15g to %.15g, found %.15g", def->name,
	    def->min, def->max, v);
}

/* --- by type --- */

static enum err
read_string(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct config_value *ret)
{
	char found[DOC_FOUND_MAX];
	const char *s;
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return doc_refuse(&p->doc, at, "type", "%s is a string, found %s", def->name,
		    doc_found(v, found));
	if (len > TEXT_MAX || memchr(json_string_value(v), '\0', len) != NULL)
		return doc_refuse(
		    &p->doc, at, "invalid", "a string has at most %d octets and no NUL", TEXT_MAX);
	s = arena_dup(p->doc.arena, json_string_value(v), len + 1);
	if (s == NULL)
		return doc_nomem(&p->doc);
	ret->literal.bytes.p = (const uint8_t *)s;
	ret->literal.bytes.len = len;
	if (variables_used(s)) {
		ret->source = CONFIG_TEMPLATE;
		ret->template = s;
	}
	return check_length(p, at, def, ret);
}

static enum err
read_opaque(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct config_value *ret)
{
	enum err e = binary_read(&p->doc, at, v, ret);

	return e == ERR_OK ? check_length(p, at, def, ret) : e;
}

static const char *
word_list(const struct config_word *words, char *buf, size_t size)
{
	const char *names[32];
	size_t n = 0;

	for (; words[n].name != NULL && n < 31; n++)
		names[n] = words[n].name;
	names[n] = NULL;
	return doc_list(names, buf, size);
}

static enum err
read_number(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    const struct config_word *words, struct config_value *ret)
{
	char found[DOC_FOUND_MAX], list[200];
	int64_t n = json_integer_value(v);

	if (json_is_string(v) && words != NULL) {
		while (words->name != NULL && strcmp(words->name, json_string_value(v)) != 0)
			words++;
		n = words->value;
		if (words->name == NULL)
			return doc_refuse(&p->doc, at, "invalid",
			    "\"%.40s\" is no %s that has a name here; "
			    "the documentation lists them, or give its number",
			    json_string_value(v), def->name);
	} else if (!json_is_integer(v)) {
		return words == NULL
			   ? doc_refuse(&p->doc, at, "type", "%s is a whole number, found %s",
				 def->name, doc_found(v, found))
			   : doc_refuse(&p->doc, at, "type", "%s is %s, or its number; found %s",
				 def->name, word_list(words, list, sizeof(list)), doc_found(v, found));
	}
	if (def->type == VALUE_UNSIGNED && n < 0)
		return doc_refuse(&p->doc, at, "range", "%s is not negative, found %" PRId64, def->name, n);
	if (def->type == VALUE_UNSIGNED)
		ret->literal.u = (uint64_t)n;
	else
		ret->literal.i = n;
	return check_number(p, at, def, (double)n);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t
days_since_epoch(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;	/* the year begins in March here */
	int64_t shifted = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

/* Two digits at each 'd' of the pattern "dd"; -1 when there is something else. */
static int64_t
digits(const char **s, unsigned n)
{
	int64_t v = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		v = 10 * v + (**s - '0');
	}
	return v;
}

/* RFC 3339 without fractions of a second, to seconds since 1970 (LwM2M Core 1.2, appendix C: Time). */
static bool
parse_time(const char *s, int64_t *ret)
{
	static const char separators[] = "--T::";
	static const int64_t low[] = { 1, 1, 1, 0, 0, 0 }, high[] = { 9999, 12, 31, 23, 59, 59 };
	int64_t part[6], offset = 0;

	for (unsigned i = 0; i < 6; i++) {
		part[i] = digits(&s, i == 0 ? 4 : 2);
		if (part[i] < low[i] || part[i] > high[i] || (i < 5 && *s++ != separators[i]))
			return false;
	}
	if (*s == '+' || *s == '-') {
		int64_t sign = *s++ == '+' ? 1 : -1, hours = digits(&s, 2), minutes;
		if (hours < 0 || hours > 23 || *s++ != ':' || (minutes = digits(&s, 2)) < 0 || minutes > 59)
			return false;
		offset = sign * (60 * hours + minutes) * 60;
	} else if (*s++ != 'Z') {
		return false;
	}
	if (*s != '\0')
		return false;
	*ret = 86400 * days_since_epoch(part[0], part[1], part[2]) + 3600 * part[3] + 60 * part[4] +
	    part[5] - offset;
	return true;
}

static enum err
read_time(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct config_value *ret)
{
	char found[DOC_FOUND_MAX];

	ret->literal.i = json_integer_value(v);
	if (json_is_integer(v) || (json_is_string(v) && parse_time(json_string_value(v), &ret->literal.i)))
		return ERR_OK;
	return doc_refuse(&p->doc, at, json_is_string(v) ? "invalid" : "type",
	    "%s is a time: seconds since 1970, or \"2026-01-02T03:04:05Z\"; found %s", def->name,
	    doc_found(v, found));
}

static bool
parse_link(const char *s, uint16_t *oid, uint16_t *iid)
{
	char *end;
	unsigned long o, i;

	if (*s < '0' || *s > '9')
		return false;
	o = strtoul(s, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	i = strtoul(end + 1, &end, 10);
	if (*end != '\0' || o > 65535 || i > 65535 || (o == 65535) != (i == 65535))
		return false;
	*oid = (uint16_t)o;
	*iid = (uint16_t)i;
	return true;
}

static enum err
read_link(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct config_value *ret)
{
	char found[DOC_FOUND_MAX];

	if (json_is_string(v) &&
	    parse_link(json_string_value(v), &ret->literal.link.oid, &ret->literal.link.iid))
		return ERR_OK;
	return doc_refuse(&p->doc, at, json_is_string(v) ? "invalid" : "type",
	    "%s is a link to an object instance such as \"11:0\", or \"65535:65535\" for none; found %s",
	    def->name, doc_found(v, found));
}

static enum err
read_float(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct config_value *ret)
{
	char found[DOC_FOUND_MAX];

	if (!json_is_number(v))
		return doc_refuse(
		    &p->doc, at, "type", "%s is a number, found %s", def->name, doc_found(v, found));
	ret->literal.f = json_number_value(v);
	return check_number(p, at, def, ret->literal.f);
}

enum err
value_read(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    const struct config_word *words, struct config_value *ret)
{
	*ret = (struct config_value){ .source = CONFIG_LITERAL, .literal = { .type = def->type } };
	switch (def->type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		return read_string(p, at, v, def, ret);
	case VALUE_INTEGER:
	case VALUE_UNSIGNED:
		return read_number(p, at, v, def, words, ret);
	case VALUE_FLOAT:
		return read_float(p, at, v, def, ret);
	case VALUE_BOOLEAN:
		return doc_boolean(&p->doc, at, v, &ret->literal.b);
	case VALUE_OPAQUE:
		return read_opaque(p, at, v, def, ret);
	case VALUE_TIME:
		return read_time(p, at, v, def, ret);
	case VALUE_OBJLNK:
		return read_link(p, at, v, def, ret);
	case VALUE_NONE:
		break;
	}
	return doc_refuse(&p->doc, at, "invalid", "%s is executed, not written", def->name);
}

/* --- resources and paths --- */

/* The key of {"riid": value}: a decimal number as in a path. */
static bool
parse_riid(const char *s, int32_t *ret)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || n > 65534 || (s[0] == '0' && s[1] != '\0'))
		return false;
	*ret = (int32_t)n;
	return true;
}

static enum err
read_instance(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    const struct config_word *words, int32_t riid, struct reslist *list)
{
	struct config_value value;
	enum err e = value_read(p, at, v, def, words, &value);

	return e == ERR_OK ? reslist_add(p, list, def, riid, &value) : e;
}

enum err
value_read_resource(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    const struct config_word *words, struct reslist *list)
{
	char found[DOC_FOUND_MAX];
	const char *key;
	json_t *member;
	enum err e = ERR_OK;

	if (!def->multiple)
		return read_instance(p, at, v, def, words, -1, list);
	if (!json_is_array(v) && !json_is_object(v))
		return doc_refuse(&p->doc, at, "type",
		    "%s has several instances: expected an array of values, "
		    "or an object {\"0\":…} by resource instance id; found %s",
		    def->name, doc_found(v, found));
	if (json_array_size(v) + json_object_size(v) == 0)
		return doc_refuse(
		    &p->doc, at, "invalid", "%s has no value here; leave it out instead", def->name);
	if (json_array_size(v) > 65535)
		return doc_refuse(&p->doc, at, "range", "%s has at most 65535 instances", def->name);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++)
		e = read_instance(p, PLACE_INDEX(at, i), json_array_get(v, i), def, words, (int32_t)i, list);
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		int32_t riid;
		if (e == ERR_OK && !parse_riid(key, &riid))
			return doc_refuse(&p->doc, PLACE_KEY(at, key), "invalid",
			    "expected a resource instance id, 0 to 65534");
		if (e == ERR_OK)
			e = read_instance(p, PLACE_KEY(at, key), member, def, words, riid, list);
	}
	return e;
}

enum err
value_read_path(struct parse *p, const struct place *at, const json_t *v, unsigned min, unsigned max,
    struct path *ret)
{
	static const char *const shapes[] = { "/", "/object", "/object/instance",
		"/object/instance/resource" };
	char found[DOC_FOUND_MAX];
	struct path path;

	if (!json_is_string(v))
		return doc_refuse(&p->doc, at, "type", "expected a path such as \"/3/0\", found %s",
		    doc_found(v, found));
	if (path_parse(json_string_value(v), json_string_length(v), &path) != ERR_OK)
		return doc_refuse(&p->doc, at, "invalid",
		    "\"%.40s\" is no path: expected numbers from 0 to 65534 such as \"/3/0/14\"",
		    json_string_value(v));
	if (path.depth < min || path.depth > max)
		return doc_refuse(&p->doc, at, "invalid", "\"%s\" is %s: expected %s to %s",
		    json_string_value(v), path.depth < min ? "too short" : "too deep", shapes[min],
		    shapes[max]);
	*ret = path;
	return ERR_OK;
}
