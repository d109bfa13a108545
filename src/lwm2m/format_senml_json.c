/* SenML JSON 110 (RFC 8428; spec/bootstrap.md 4.3). */
#include <jansson.h>
#include <string.h>

#include "lwm2m/jsonio.h"
#include "lwm2m/textio.h"

#define VERSION_MAX	10	/* bver: the version of RFC 8428 */

static const struct jsonio_keys keys = {
	.number = "v", .boolean = "vb", .string = "vs", .opaque = "vd", .objlnk = "vlo", .url = true,
};

static void
put_name(struct wr *w, const char *key, const char *name, size_t len)
{
	wr_text(w, key);
	textio_put_quoted(w, (const uint8_t *)name, len);
	wr_u8(w, ',');
}

enum err
format_senml_json_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w)
{
	char name[NAMING_MAX];

	if (target->depth > 3)		/* nothing is written to a resource instance (1.5) */
		return ERR_UNSUPPORTED;
	wr_u8(w, '[');
	for (size_t i = 0; i < n; i++) {
		bool named = nodes[i].path.depth > target->depth;
		wr_text(w, i > 0 ? ",{" : "{");
		if (i == 0)
			put_name(w, "\"bn\":", name, naming_base(target, !named, name));
		if (named)
			put_name(w, "\"n\":", name, naming_rest(&nodes[i].path, target->depth, name));
		enum err e = jsonio_put_value(w, &keys, &nodes[i].value);
		if (e != ERR_OK)
			return e;
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
	return ERR_OK;
}

/* Members that have to be understood, and are not; times, units and what is yet to come may pass. */
static enum err
check_members(const json_t *record)
{
	/* Would change the values; LwM2M does not use them. */
	static const char *const refused[] = { "bv", "bs", "s" };
	const json_t *version = json_object_get(record, "bver");

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_object_get(record, refused[i]) != NULL)
			return ERR_MALFORMED;
	if (version != NULL && (!json_is_number(version) || json_number_value(version) > VERSION_MAX))
		return ERR_MALFORMED;
	for (void *it = json_object_iter((json_t *)record); it != NULL;
	    it = json_object_iter_next((json_t *)record, it)) {
		size_t len = strlen(json_object_iter_key(it));
		if (len > 0 && json_object_iter_key(it)[len - 1] == '_')	/* RFC 8428, 4.4 */
			return ERR_MALFORMED;
	}
	return ERR_OK;
}

/* A record, and the base name that stays in force. What is no object has no members. */
static enum err
get_record(struct decoding *d, const json_t *record, struct naming_text *base)
{
	struct naming_text name = { NULL, 0 };
	struct path path;
	struct value v;

	enum err e = check_members(record);
	if (e == ERR_OK)
		e = jsonio_get_text(d, record, "bn", base);
	if (e == ERR_OK)
		e = jsonio_get_text(d, record, "n", &name);
	if (e == ERR_OK)
		e = naming_join(*base, name, &path);
	if (e == ERR_OK && path.depth < 3)
		e = ERR_MALFORMED;
	if (e == ERR_OK)
		e = jsonio_get_value(d, &keys, record, &path, &v);
	return e != ERR_OK ? e : decoding_add(d, &path, &v);
}

enum err
format_senml_json_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct naming_text base = { NULL, 0 };
	json_t *json;

	if (len == 0)		/* an object without instances (spec/bootstrap.md 1.4) */
		return ERR_OK;
	enum err e = jsonio_load(payload, len, &json);
	if (e != ERR_OK)
		return e;
	if (!json_is_array(json))
		e = ERR_MALFORMED;
	for (size_t i = 0; e == ERR_OK && i < json_array_size(json); i++)
		e = get_record(d, json_array_get(json, i), &base);
	json_decref(json);
	return e;
}
