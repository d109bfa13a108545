#include "store/doc_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/wr.h"

#define PLACE_DEPTH_MAX	16

/* RFC 6901, 3: '~' and '/' of a key are written as "~0" and "~1". */
static void
write_key(struct wr *w, const char *key)
{
	for (; *key != '\0'; key++) {
		if (*key == '~')
			wr_text(w, "~0");
		else if (*key == '/')
			wr_text(w, "~1");
		else
			wr_u8(w, (uint8_t)*key);
	}
}

static void
write_pointer(const struct place *at, char *out, size_t size)
{
	const struct place *path[PLACE_DEPTH_MAX];
	struct wr w = wr_over(out, size - 1);
	size_t depth = 0;
	char number[24];

	for (; at != NULL && depth < PLACE_DEPTH_MAX; at = at->up)
		path[depth++] = at;
	while (depth-- > 0) {
		if (path[depth]->up == NULL) {
			wr_text(&w, path[depth]->key);
			continue;
		}
		wr_u8(&w, '/');
		if (path[depth]->key != NULL) {
			write_key(&w, path[depth]->key);
		} else {
			snprintf(number, sizeof(number), "%zu", path[depth]->index);
			wr_text(&w, number);
		}
	}
	out[w.len] = '\0';
}

/* Sentences quote what was written, cut to some length: half a character at a cut goes. */
static void
drop_broken(char *s)
{
	size_t len = strlen(s), to = 0, n;

	for (size_t i = 0; i < len; i += n > 0 ? n : 1) {
		n = text_utf8(s + i, len - i);
		memmove(s + to, s + i, n);
		to += n;
	}
	s[to] = '\0';
}

enum err
doc_refuse(const struct doc *d, const struct place *at, const char *reason, const char *fmt, ...)
{
	char where[sizeof(d->why->where)], text[sizeof(d->why->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	write_pointer(at, where, sizeof(where));
	drop_broken(text);
	drop_broken(where);
	return problem_set(d->why, ERR_INVALID, reason, where, "%s", text);
}

enum err
doc_nomem(const struct doc *d)
{
	return problem_set(d->why, ERR_NOMEM, "memory", "", "%s", err_text(ERR_NOMEM));
}

const char *
doc_found(const json_t *v, char buf[DOC_FOUND_MAX])
{
	if (v == NULL)
		return "nothing";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		snprintf(buf, DOC_FOUND_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return buf;
	case JSON_REAL:
		snprintf(buf, DOC_FOUND_MAX, "%g", json_real_value(v));
		return buf;
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

const char *
doc_list(const char *const *words, char *buf, size_t size)
{
	struct wr w = wr_over(buf, size - sizeof("…"));

	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0)
			wr_text(&w, words[i + 1] == NULL ? " or " : ", ");
		wr_text(&w, words[i]);
	}
	snprintf(buf + w.len, size - w.len, "%s", w.err != ERR_OK ? "…" : "");
	return buf;
}

enum err
doc_unknown_key(const struct doc *d, const struct place *object, const char *key, const char *const *keys)
{
	char list[200];
	const char *nearest = NULL;
	size_t best = 3;	/* edits: beyond that it is another word, not a typo */

	for (size_t i = 0; keys[i] != NULL; i++) {
		size_t n = text_distance(key, keys[i]);
		if (n < best) {
			best = n;
			nearest = keys[i];
		}
	}
	if (nearest != NULL)
		return doc_refuse(d, PLACE_KEY(object, key), "unknown-key",
		    "\"%.64s\" is not known here; did you mean \"%s\"?", key, nearest);
	return doc_refuse(d, PLACE_KEY(object, key), "unknown-key",
	    "\"%.64s\" is not known here; expected %s", key, doc_list(keys, list, sizeof(list)));
}

enum err
doc_object(const struct doc *d, const struct place *at, const json_t *v, const char *const *keys)
{
	char found[DOC_FOUND_MAX];
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return doc_refuse(d, at, "type", "expected an object, found %s", doc_found(v, found));
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		size_t i = 0;
		while (keys[i] != NULL && strcmp(key, keys[i]) != 0)
			i++;
		if (keys[i] == NULL)
			return doc_unknown_key(d, at, key, keys);
	}
	return ERR_OK;
}

enum err
doc_array(const struct doc *d, const struct place *at, const json_t *v)
{
	char found[DOC_FOUND_MAX];

	if (!json_is_array(v))
		return doc_refuse(d, at, "type", "expected an array, found %s", doc_found(v, found));
	return ERR_OK;
}

enum err
doc_text(const struct doc *d, const struct place *at, const json_t *v, size_t max, const char **ret)
{
	char found[DOC_FOUND_MAX];
	size_t len = json_string_length(v);

	if (!json_is_string(v))
		return doc_refuse(d, at, "type", "expected a string, found %s", doc_found(v, found));
	if (len == 0)
		return doc_refuse(d, at, "range", "expected a string, found an empty one");
	if (len > max)
		return doc_refuse(d, at, "range", "the string has %zu bytes, at most %zu are possible",
		    len, max);
	if (memchr(json_string_value(v), '\0', len) != NULL)
		return doc_refuse(
		    d, at, "invalid", "the string holds a NUL character, which is not possible");
	*ret = arena_dup(d->arena, json_string_value(v), len + 1);
	return *ret != NULL ? ERR_OK : doc_nomem(d);
}

enum err
doc_name(const struct doc *d, const struct place *at, const json_t *v, size_t max, const char **ret)
{
	enum err e = doc_text(d, at, v, max, ret);

	if (e != ERR_OK)
		return e;
	for (const char *c = *ret; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return doc_refuse(d, at, "invalid", "a name holds no control characters");
	return ERR_OK;
}

enum err
doc_integer(const struct doc *d, const struct place *at, const json_t *v, int64_t min, int64_t max,
    int64_t *ret)
{
	char found[DOC_FOUND_MAX];

	if (!json_is_integer(v))
		return doc_refuse(d, at, "type", "expected a whole number, found %s", doc_found(v, found));
	if (json_integer_value(v) < min || json_integer_value(v) > max) {
		if (max == INT64_MAX)
			return doc_refuse(d, at, "range", "expected at least %" PRId64 ", found %s", min,
			    doc_found(v, found));
		return doc_refuse(d, at, "range", "expected %" PRId64 " to %" PRId64 ", found %s", min, max,
		    doc_found(v, found));
	}
	*ret = json_integer_value(v);
	return ERR_OK;
}

enum err
doc_boolean(const struct doc *d, const struct place *at, const json_t *v, bool *ret)
{
	char found[DOC_FOUND_MAX];

	if (!json_is_boolean(v))
		return doc_refuse(d, at, "type", "expected true or false, found %s", doc_found(v, found));
	*ret = json_is_true(v);
	return ERR_OK;
}

enum err
doc_word(const struct doc *d, const struct place *at, const json_t *v, const char *const *words,
    size_t *ret)
{
	char list[200], found[DOC_FOUND_MAX];

	for (size_t i = 0; json_is_string(v) && words[i] != NULL; i++) {
		if (strcmp(json_string_value(v), words[i]) == 0) {
			*ret = i;
			return ERR_OK;
		}
	}
	if (json_is_string(v))
		return doc_refuse(d, at, "invalid", "expected %s, found \"%.40s\"",
		    doc_list(words, list, sizeof(list)), json_string_value(v));
	return doc_refuse(d, at, "type", "expected %s, found %s", doc_list(words, list, sizeof(list)),
	    doc_found(v, found));
}
