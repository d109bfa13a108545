#include "lwm2m/jsonio.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "lwm2m/textio.h"

#define DEPTH_MAX	8	/* an entry in a list in an object: 3 are needed */
#define OPENINGS_MAX	(FORMAT_NODES_MAX + 2)	/* an object each value, and what is around them */
#define EXACT_MAX	0x1p53	/* up to here a double tells which whole number was written */

static void
put_key(struct wr *w, const char *key)
{
	wr_u8(w, '"');
	wr_text(w, key);
	wr_text(w, "\":");
}

static void
put_opaque(struct wr *w, const struct jsonio_keys *keys, const struct value *v)
{
	put_key(w, keys->opaque != NULL ? keys->opaque : keys->string);
	wr_u8(w, '"');
	textio_put_base64(w, v->bytes.p, v->bytes.len, keys->url);
	wr_u8(w, '"');
}

enum err
jsonio_put_value(struct wr *w, const struct jsonio_keys *keys, const struct value *v)
{
	char buf[OBJLNK_TEXT_MAX];

	switch (v->type) {
	case VALUE_NONE:
		return ERR_UNSUPPORTED;
	case VALUE_STRING:
	case VALUE_CORELNK:
		if (!text_is_utf8(v->bytes.p, v->bytes.len))
			return ERR_UNSUPPORTED;
		put_key(w, keys->string);
		textio_put_quoted(w, v->bytes.p, v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		put_key(w, keys->number);
		textio_put_int(w, v->i);
		break;
	case VALUE_UNSIGNED:
		put_key(w, keys->number);
		textio_put_uint(w, v->u);
		break;
	case VALUE_FLOAT:
		if (!isfinite(v->f))
			return ERR_UNSUPPORTED;
		put_key(w, keys->number);
		textio_put_json_number(w, v->f);
		break;
	case VALUE_BOOLEAN:
		put_key(w, keys->boolean);
		wr_text(w, v->b ? "true" : "false");
		break;
	case VALUE_OPAQUE:
		put_opaque(w, keys, v);
		break;
	case VALUE_OBJLNK:
		put_key(w, keys->objlnk);
		textio_put_quoted(w, (const uint8_t *)buf, objlnk_format(v, buf));
		break;
	}
	return ERR_OK;
}

/* That jansson will not be asked for more than what is limited here. */
static enum err
check_size(const uint8_t *p, size_t len)
{
	size_t depth = 0, openings = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (p[i] == '{' || p[i] == '[')) {
			if (++depth > DEPTH_MAX || ++openings > OPENINGS_MAX)
				return ERR_TOOBIG;
		} else if (!quoted && (p[i] == '}' || p[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return ERR_OK;
}

enum err
jsonio_load(const uint8_t *payload, size_t len, struct json_t **ret)
{
	enum err e = check_size(payload, len);
	json_error_t error;

	if (e != ERR_OK)
		return e;
	json_t *json = json_loadb((const char *)payload, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	    &error);
	if (json == NULL) {
		enum json_error_code code = json_error_code(&error);
		return code == json_error_premature_end_of_input ? ERR_TRUNCATED :
		    code == json_error_out_of_memory ? ERR_NOMEM : ERR_MALFORMED;
	}
	*ret = json;
	return ERR_OK;
}

static enum err
copy_text(struct decoding *d, const json_t *json, struct naming_text *ret)
{
	if (!json_is_string(json))
		return ERR_MALFORMED;
	size_t len = json_string_length(json);
	const uint8_t *p = arena_dup(d->out->arena, json_string_value(json), len);
	if (p == NULL)
		return ERR_NOMEM;
	*ret = (struct naming_text){ p, len };
	return ERR_OK;
}

enum err
jsonio_get_text(struct decoding *d, const json_t *object, const char *key, struct naming_text *ret)
{
	const json_t *json = json_object_get(object, key);

	return json == NULL ? ERR_OK : copy_text(d, json, ret);
}

static enum err
get_string(struct decoding *d, const json_t *json, struct value *ret)
{
	struct naming_text text;
	enum err e = copy_text(d, json, &text);

	if (e == ERR_OK)
		*ret = value_bytes(VALUE_STRING, text.p, text.len);
	return e;
}

static enum err
get_opaque(struct decoding *d, const json_t *json, struct value *ret)
{
	if (!json_is_string(json))
		return ERR_MALFORMED;
	size_t len = json_string_length(json), n = 0;
	uint8_t *bytes = arena_alloc(d->out->arena, len);
	if (bytes == NULL)
		return ERR_NOMEM;
	if (text_unbase64(json_string_value(json), len, bytes, len, &n) != ERR_OK)
		return ERR_MALFORMED;
	*ret = value_bytes(VALUE_OPAQUE, bytes, n);
	return ERR_OK;
}

static enum err
get_objlnk(const json_t *json, struct value *ret)
{
	if (!json_is_string(json))
		return ERR_MALFORMED;
	return objlnk_parse((const uint8_t *)json_string_value(json), json_string_length(json), ret);
}

/* A number with fraction or exponent is a whole one as long as it tells exactly which. */
static enum err
get_number(enum value_type type, const json_t *json, struct value *ret)
{
	bool whole = type == VALUE_INTEGER || type == VALUE_UNSIGNED || type == VALUE_TIME;

	if (json_is_integer(json))
		*ret = value_integer(json_integer_value(json));
	else if (json_is_real(json) && !(whole && fabs(json_real_value(json)) > EXACT_MAX))
		*ret = value_float(json_real_value(json));
	else
		return ERR_MALFORMED;
	return ERR_OK;
}

/* The one of the members that is there, and its key. */
static enum err
find_value(const json_t *object, const struct jsonio_keys *keys, const json_t **ret,
    const char **ret_key)
{
	const char *const all[] = { keys->number, keys->boolean, keys->string, keys->objlnk,
	    keys->opaque };
	size_t found = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const json_t *json = all[i] != NULL ? json_object_get(object, all[i]) : NULL;
		if (json == NULL)
			continue;
		*ret = json;
		*ret_key = all[i];
		found++;
	}
	return found == 1 ? ERR_OK : ERR_MALFORMED;
}

enum err
jsonio_get_value(struct decoding *d, const struct jsonio_keys *keys, const json_t *object,
    const struct path *path, struct value *ret)
{
	struct value v = { .type = VALUE_NONE };
	const json_t *json = NULL;
	const char *key = NULL;
	bool known;
	enum value_type type = decoding_type(d, path->id[0], path->id[2], &known);
	enum err e = find_value(object, keys, &json, &key);

	if (e != ERR_OK)
		return e;
	/* What is not defined stays a string where opaque values look the same. */
	bool opaque = keys->opaque == NULL && known && type == VALUE_OPAQUE;
	if (key == keys->opaque || (key == keys->string && opaque))
		e = get_opaque(d, json, &v);
	else if (key == keys->string)
		e = get_string(d, json, &v);
	else if (key == keys->objlnk)
		e = get_objlnk(json, &v);
	else if (key == keys->number)
		e = get_number(type, json, &v);
	else if (json_is_boolean(json))
		v = value_boolean(json_is_true(json));
	else
		e = ERR_MALFORMED;
	if (e == ERR_OK)
		e = decoding_convert(d, path, &v);
	if (e == ERR_OK)
		*ret = v;
	return e;
}
