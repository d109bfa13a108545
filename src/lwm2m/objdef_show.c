/* Definitions the other way round: as the file that they could have been read from. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "lwm2m/objdef_priv.h"

static json_t *
version_text(uint16_t version)
{
	return json_sprintf("%u.%u", version >> 8, version & 0xffu);
}

/* Whole numbers as such; beyond 2^53 no double tells them apart. */
static json_t *
number(double v)
{
	return v == rint(v) && fabs(v) < 9007199254740992.0 ? json_integer((json_int_t)v) : json_real(v);
}

static json_t *
values_of(const struct resdef *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nspans; i++) {
		const struct resdef_span *s = &r->spans[i];

		json_array_append_new(list, s->min == s->max ? number(s->min) :
		    json_pack("[o, o]", number(s->min), number(s->max)));
	}
	return list;
}

/* "type", or "types" where it changed between versions. */
static void
set_type(json_t *o, const struct objdefs *defs, uint16_t oid, const struct resdef *r)
{
	json_t *types = json_object();
	char key[16];

	for (size_t i = 0; i < defs->ntypes; i++) {
		const struct objdef_type *t = &defs->types[i];

		if (t->oid != oid || t->rid != r->id)
			continue;
		snprintf(key, sizeof(key), "%u.%u", t->version >> 8, t->version & 0xffu);
		json_object_set_new(types, key, json_string(value_type_name(t->type)));
	}
	if (json_object_size(types) > 0) {
		json_object_set_new(o, "types", types);
		return;
	}
	json_decref(types);
	json_object_set_new(o, "type", json_string(value_type_name(r->type)));
}

static json_t *
resource_json(const struct objdefs *defs, const struct objdef *object, const struct resdef *r)
{
	json_t *o = json_pack("{s:i, s:s}", "id", r->id, "name", r->name);

	if (o == NULL)
		return NULL;
	set_type(o, defs, object->id, r);
	json_object_set_new(o, "multiple", json_boolean(r->multiple));
	json_object_set_new(o, "mandatory", json_boolean(r->mandatory));
	if (r->since != object->versions[0])
		json_object_set_new(o, "since", version_text(r->since));
	if (r->nspans > 0)
		json_object_set_new(o, "values", values_of(r));
	else if (r->has_range)
		json_object_set_new(o, "range", json_pack("[o, o]", number(r->min), number(r->max)));
	if (!r->writable_by_bootstrap && r->type != VALUE_NONE)
		json_object_set_new(o, "bootstrap", json_false());
	if (r->unit != NULL)
		json_object_set_new(o, "unit", json_string(r->unit));
	if (r->secret)
		json_object_set_new(o, "secret", json_true());
	return o;
}

json_t *
objdefs_json(const struct objdefs *defs, uint16_t oid)
{
	const struct objdef *object = objdefs_object(defs, oid);
	json_t *versions, *resources;

	if (object == NULL)
		return NULL;
	versions = json_array();
	resources = json_array();
	for (size_t i = 0; i < object->nversions; i++)
		json_array_append_new(versions, version_text(object->versions[i]));
	for (size_t i = 0; i < object->nresources; i++)
		json_array_append_new(resources, resource_json(defs, object, &object->resources[i]));
	return json_pack("{s:i, s:s, s:b, s:b, s:o, s:o}", "object", object->id, "name", object->name,
	    "multiple", object->multiple, "mandatory", object->mandatory, "versions", versions,
	    "resources", resources);
}
