/* The JSON of LwM2M 1.0, 11543 (spec/bootstrap.md 4.2). */
#include <jansson.h>

#include "lwm2m/jsonio.h"
#include "lwm2m/textio.h"

static const struct jsonio_keys keys = {
	.number = "v", .boolean = "bv", .string = "sv", .objlnk = "ov",
};

enum err
format_json_encode(const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	char name[NAMING_MAX];

	if (target->depth < 1 || target->depth > 3)	/* Pack is of 1.2 */
		return ERR_UNSUPPORTED;
	bool whole = n == 1 && nodes[0].path.depth == target->depth;
	wr_text(w, "{\"bn\":");
	textio_put_quoted(w, (const uint8_t *)name, naming_base(target, whole, name));
	wr_text(w, ",\"e\":[");
	for (size_t i = 0; i < n; i++) {
		wr_text(w, i > 0 ? ",{" : "{");
		if (!whole) {
			wr_text(w, "\"n\":");
			textio_put_quoted(w, (const uint8_t *)name,
			    naming_rest(&nodes[i].path, target->depth, name));
			wr_u8(w, ',');
		}
		enum err e = jsonio_put_value(w, &keys, &nodes[i].value);
		if (e != ERR_OK)
			return e;
		wr_u8(w, '}');
	}
	wr_text(w, "]}");
	return ERR_OK;
}

/* Without base name the names are relative to what was asked for. */
static enum err
get_path(struct decoding *d, struct naming_text base, struct naming_text name, struct path *ret)
{
	char target[NAMING_MAX];

	if (base.p == NULL) {
		base.p = (const uint8_t *)target;
		base.len = naming_base(d->target, name.len == 0, target);
	}
	enum err e = naming_join(base, name, ret);
	return e == ERR_OK && ret->depth < 3 ? ERR_MALFORMED : e;
}

/* What is no object has no members. */
static enum err
get_entry(struct decoding *d, const json_t *entry, struct naming_text base)
{
	struct naming_text name = { NULL, 0 };
	struct path path;
	struct value v;

	enum err e = jsonio_get_text(d, entry, "n", &name);
	if (e == ERR_OK)
		e = get_path(d, base, name, &path);
	if (e == ERR_OK)
		e = jsonio_get_value(d, &keys, entry, &path, &v);
	return e != ERR_OK ? e : decoding_add(d, &path, &v);
}

enum err
format_json_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct naming_text base = { NULL, 0 };
	json_t *json;

	if (len == 0)		/* an object without instances (spec/bootstrap.md 1.4) */
		return ERR_OK;
	enum err e = jsonio_load(payload, len, &json);
	if (e != ERR_OK)
		return e;
	const json_t *entries = json_object_get(json, "e");
	if (!json_is_array(entries))
		e = ERR_MALFORMED;
	if (e == ERR_OK)
		e = jsonio_get_text(d, json, "bn", &base);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(entries); i++)
		e = get_entry(d, json_array_get(entries, i), base);
	json_decref(json);
	return e;
}
