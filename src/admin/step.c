#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/rpc.h"
#include "admin/step.h"
#include "base/arena.h"
#include "base/secret.h"
#include "base/text.h"
#include "bootstrap/plan.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"

#define SHOWN_MAX 64		/* octets of an opaque value, shown as hex */

static json_t *
opaque(const struct value *v)
{
	size_t n = v->bytes.len < SHOWN_MAX ? v->bytes.len : SHOWN_MAX;
	char hex[2 * SHOWN_MAX + 1], text[2 * SHOWN_MAX + 48];

	text_hex(v->bytes.p, n, hex);
	if (n == v->bytes.len)
		snprintf(text, sizeof(text), "0x%s", hex);
	else
		snprintf(text, sizeof(text), "0x%s... (%zu bytes)", hex, v->bytes.len);
	json_t *shown = json_string(text);
	secret_wipe(hex, sizeof(hex));
	secret_wipe(text, sizeof(text));
	return shown;
}

/* An identity is opaque to the protocol, and mostly a word. */
static bool
is_plain_text(const struct value *v)
{
	for (size_t i = 0; i < v->bytes.len; i++)
		if (v->bytes.p[i] < 0x20 || v->bytes.p[i] > 0x7e)
			return false;
	return true;
}

static json_t *
readable(const struct value *v)
{
	char text[32];

	switch (v->type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		if (text_is_utf8(v->bytes.p, v->bytes.len))
			return json_stringn((const char *)v->bytes.p, v->bytes.len);
		return opaque(v);
	case VALUE_OPAQUE:
		return is_plain_text(v) ? json_stringn((const char *)v->bytes.p, v->bytes.len) : opaque(v);
	case VALUE_INTEGER:
	case VALUE_TIME:
		return json_integer(v->i);
	case VALUE_UNSIGNED:
		return json_integer((json_int_t)v->u);
	case VALUE_FLOAT:
		return json_real(v->f);
	case VALUE_BOOLEAN:
		return json_boolean(v->b);
	case VALUE_OBJLNK:
		snprintf(text, sizeof(text), "%u:%u", v->link.oid, v->link.iid);
		return json_string(text);
	case VALUE_NONE:
		break;
	}
	return json_null();
}

static json_t *
masked(const struct value *v)
{
	bool sized = v->type == VALUE_OPAQUE || v->type == VALUE_STRING;
	char text[40];

	if (sized)
		snprintf(text, sizeof(text), "(%zu bytes, secret)", v->bytes.len);
	return json_string(sized ? text : "(secret)");
}

static const char *
resource_name(const struct objdefs *defs, const struct path *p)
{
	const struct resdef *def = p->depth >= 3 ? objdefs_resource(defs, p->id[0], p->id[2]) : NULL;

	return def != NULL ? def->name : NULL;
}

/* An empty secret (no key for NoSec) tells nothing. */
static bool
has_secret(const struct objdefs *defs, const struct node *n)
{
	bool empty = (n->value.type == VALUE_OPAQUE || n->value.type == VALUE_STRING) &&
	    n->value.bytes.len == 0;

	return n->path.depth >= 3 && objdefs_secret(defs, n->path.id[0], n->path.id[2]) &&
	    n->value.type != VALUE_NONE && !empty;
}

static json_t *
describe_values(const struct nodes *nodes, const struct objdefs *defs, bool reveal, bool *secret)
{
	json_t *list = json_array();
	char path[PATH_TEXT_MAX];

	for (size_t i = 0; i < nodes->n; i++) {
		const struct node *n = &nodes->v[i];
		bool hide = has_secret(defs, n);
		*secret = *secret || hide;
		json_array_append_new(list, json_pack("{s:s, s:s?, s:o}",
		    "path", path_format(&n->path, path), "name", resource_name(defs, &n->path),
		    "value", hide && !reveal ? masked(&n->value) : readable(&n->value)));
	}
	return list;
}

static json_t *
hex_payload(const struct plan_step *s)
{
	char *hex = malloc(2 * s->payload_len + 1);
	json_t *o;

	if (hex == NULL)
		return json_null();
	text_hex(s->payload, s->payload_len, hex);
	o = json_pack("{s:s}", "hex", hex);
	secret_wipe(hex, 2 * s->payload_len);
	free(hex);
	return o;
}

static void
add_payload(json_t *o, const struct plan_step *s, const struct objdefs *defs, bool reveal)
{
	struct arena arena;
	struct nodes nodes = { .arena = &arena };
	bool secret = false;

	arena_init(&arena, 4096, 0);
	/* What cannot be read cannot be known to be harmless. */
	if (format_decode(s->content_format, &s->path, defs, s->payload, s->payload_len, &nodes) == ERR_OK)
		json_object_set_new(o, "values", describe_values(&nodes, defs, reveal, &secret));
	else
		secret = true;
	if (secret && !reveal)
		json_object_set_new(o, "payload", json_pack("{s:I}", "redacted", (json_int_t)s->payload_len));
	else
		json_object_set_new(o, "payload", hex_payload(s));
	arena_fini(&arena);
}

static json_t *
number_or_null(int n)
{
	return n >= 0 ? json_integer(n) : json_null();
}

json_t *
step_describe(const struct plan_step *s, const struct objdefs *defs, bool reveal)
{
	static const char *const methods[] = {
		[STEP_DISCOVER] = "GET", [STEP_READ] = "GET", [STEP_DELETE] = "DELETE",
		[STEP_WRITE] = "PUT", [STEP_FINISH] = "POST",
	};
	bool sends = s->kind == STEP_WRITE;
	char path[PATH_TEXT_MAX];
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:n, s:I}", "operation", step_kind_name(s->kind),
	    "method", methods[s->kind],
	    "path", s->kind == STEP_FINISH ? "/bs" : path_format(&s->path, path),
	    "content_format", number_or_null(sends ? s->content_format : -1),
	    "payload", "bytes", (json_int_t)(sends ? s->payload_len : 0));

	if (o == NULL)
		return NULL;
	if (sends) {
		const char *name = format_name(s->content_format);
		if (name != NULL)
			json_object_set_new(o, "format", json_string(name));
		add_payload(o, s, defs, reveal);
	}
	if (s->accept >= 0 && (s->kind == STEP_READ || s->kind == STEP_DISCOVER))
		json_object_set_new(o, "accept", json_integer(s->accept));
	json_object_set_new(o, "optional", json_boolean(s->optional));
	if (s->cleanup)
		json_object_set_new(o, "cleanup", json_true());
	if (s->note != NULL)
		json_object_set_new(o, "note", rpc_text(s->note));
	return o;
}
