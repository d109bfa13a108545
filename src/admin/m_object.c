#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/check.h"
#include "admin/method.h"
#include "base/text.h"
#include "lwm2m/objdef.h"
#include "lwm2m/objxml.h"

/*
 * "object.*": definitions beside those in files. A change is committed before it is taken over, so
 * that what is in force is never more than what a restart would find.
 */

#define IMPORTED_MAX 1000U   /* definitions in the store */
#define CHECKED_MAX  200000U /* records that are looked at before one is removed */

/* What is wanted: XML, or a definition as a file has it. */
struct wanted {
	json_t *defs;	  /* array of definitions; owned */
	json_t *warnings; /* array of sentences; owned */
};

static bool
is_imported(const struct objdef *o)
{
	return o != NULL && strcmp(o->origin, ADMIN_OBJECT_IMPORTED) == 0;
}

/* --- set: from the parameters to definitions --- */

static enum rpc_error
read_xml(const void *xml, size_t len, bool utf8, const char *pointer, struct wanted *w,
    struct rpc_fault *f)
{
	struct problem why = { .text = "" };
	json_t *notes = NULL;
	enum err e = objxml_read(xml, len, utf8, &w->defs, &notes, &why);

	if (e == ERR_NOMEM)
		return check_failed(f, e, &why);
	if (e != ERR_OK)
		return rpc_refuse(f, RPC_INVALID_PARAMS, why.reason, pointer, "%s%s%s.", why.where,
		    why.where[0] != '\0' ? ": " : "", why.text);
	json_array_extend(w->warnings, notes);
	json_decref(notes);
	return RPC_OK;
}

/* Octets of another encoding than UTF-8 do not fit a JSON string. */
static enum rpc_error
read_base64(const char *text, struct wanted *w, struct rpc_fault *f)
{
	size_t cap = strlen(text) / 4 * 3 + 3, len = 0;
	uint8_t *xml = malloc(cap);
	enum rpc_error code;

	if (xml == NULL)
		return rpc_refuse(f, RPC_INTERNAL, "out-of-memory", "", "Out of memory.");
	if (text_unbase64(text, strlen(text), xml, cap, &len) != ERR_OK)
		code = rpc_refuse(f, RPC_INVALID_PARAMS, "invalid", "/xml_base64",
		    "\"xml_base64\" has to be base64.");
	else
		code = read_xml(xml, len, false, "/xml_base64", w, f);
	free(xml);
	return code;
}

/* What XML has no word for. */
static enum rpc_error
mark_secret(const json_t *rids, struct wanted *w, struct rpc_fault *f)
{
	json_t *resources = json_object_get(json_array_get(w->defs, 0), "resources"), *rid, *r;
	size_t i, k;

	if (rids != NULL && json_array_size(w->defs) != 1)
		return rpc_refuse(f, RPC_INVALID_PARAMS, "invalid", "/secret",
		    "\"secret\" goes with one object; here are %zu.", json_array_size(w->defs));
	json_array_foreach((json_t *)rids, i, rid) {
		bool found = false;
		json_array_foreach(resources, k, r) {
			if (!json_is_integer(rid) ||
			    json_integer_value(json_object_get(r, "id")) != json_integer_value(rid))
				continue;
			json_object_set_new(r, "secret", json_true());
			found = true;
		}
		if (!found)
			return rpc_refuse(f, RPC_INVALID_PARAMS, "unknown-resource", "/secret",
			    "\"secret\" is a list of resource ids of the object; element %zu is "
			    "none.",
			    i);
	}
	return RPC_OK;
}

static enum rpc_error
read_wanted(const json_t *params, struct wanted *w, struct rpc_fault *f)
{
	const char *xml = param_text(params, "xml"), *base64 = param_text(params, "xml_base64");
	json_t *definition = json_object_get(params, "definition");
	enum rpc_error code = RPC_OK;

	if ((xml != NULL) + (base64 != NULL) + (definition != NULL) != 1)
		return rpc_refuse(f, RPC_INVALID_PARAMS, "missing", "",
		    "Expected one of \"xml\", \"xml_base64\" and \"definition\".");
	if (xml != NULL)
		code = read_xml(
		    xml, json_string_length(json_object_get(params, "xml")), true, "/xml", w, f);
	else if (base64 != NULL)
		code = read_base64(base64, w, f);
	else
		w->defs = json_pack("[O]", definition);
	return code != RPC_OK ? code : mark_secret(json_object_get(params, "secret"), w, f);
}

/* --- set: whether they can be taken --- */

/*
 * A record has names for resources of these, and versions of them differ in ways that one document
 * does not tell: a short definition would take keys away from records that are stored.
 */
static bool
is_reserved(int64_t oid)
{
	return oid == 0 || oid == 1 || oid == 2 || oid == 21;
}

/* The loader's words, with a place in the parameters for the one in a file. */
static enum rpc_error
not_taken(const struct problem *why, enum err e, bool xml, struct rpc_fault *f)
{
	const char *hash = strchr(why->where, '#');

	if (e != ERR_INVALID)
		return check_failed(f, e == ERR_IO ? ERR_INVALID : e, why);
	return rpc_refuse(f, RPC_INVALID_PARAMS, why->reason, "", "%s%s%s: %s.",
	    xml ? "The definition" : "/definition", hash != NULL ? " at " : "",
	    hash != NULL ? hash + 1 : "", why->text);
}

/* Each by itself, so that what is refused is what came in and not what was there. */
static enum rpc_error
check_definition(const json_t *def, bool xml, uint16_t *oid, struct rpc_fault *f)
{
	const struct objdefs_doc doc = { .origin = ADMIN_OBJECT_IMPORTED, .json = def };
	struct problem why = { .text = "" };
	struct objdefs *one = NULL;
	enum err e = objdefs_load_with((const char *const[]){ NULL }, &doc, 1, &one, &why);

	if (e != ERR_OK)
		return not_taken(&why, e, xml, f);
	*oid = objdefs_at(one, 0)->id;
	objdefs_free(one);
	if (!is_reserved(*oid))
		return RPC_OK;
	rpc_refuse(f, RPC_CONFLICT, "reserved", "",
	    "Object %u cannot be imported: records have names of "
	    "their own for its resources, and the definition that comes with strapd knows all its "
	    "versions.",
	    *oid);
	rpc_hint(f, "a JSON file in the folder of object definitions (objects.directory) replaces "
		    "it nevertheless");
	return f->code;
}

/* --- set: what it does to records --- */

struct profile_check {
	const struct objdefs *before, *after;
	json_t *warnings;
	size_t told;
};

static bool
fits(const json_t *config, const struct objdefs *defs, struct problem *why)
{
	struct config *parsed;
	struct arena arena;

	arena_init(&arena, 4096, 0);
	enum err e = config_parse(config, defs, NULL, "/config", &arena, &parsed, why);
	arena_fini(&arena);
	return e == ERR_OK;
}

/* A profile that was good, and is not with the new definitions, is told. */
static bool
check_profile_fits(void *arg, const char *profile, const json_t *doc)
{
	struct profile_check *c = arg;
	const json_t *config = json_object_get(doc, "config");
	struct problem why = { .text = "" };

	if (config == NULL || fits(config, c->after, &why) ||
	    !fits(config, c->before, &(struct problem){ 0 }))
		return true;
	json_array_append_new(
	    c->warnings, json_sprintf("The profile \"%.64s\" does not fit the definition "
				      "any more: %s: %s.",
			     profile, why.where, why.text));
	return ++c->told < 20;
}

/* Devices of such a profile would be refused from now on, so that has to be wanted. */
static enum rpc_error
check_profiles(struct call *call, const struct objdefs *after, bool force, json_t *warnings,
    struct rpc_fault *f)
{
	struct profile_check c = {
		.before = call->admin->opts.defs, .after = after, .warnings = warnings
	};
	enum err e = store_profile_list(call->admin->opts.store, check_profile_fits, &c);

	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	if (c.told == 0 || force)
		return RPC_OK;
	rpc_refuse(f, RPC_CONFLICT, "in-use", "", "%s",
	    json_string_value(json_array_get(warnings, json_array_size(warnings) - 1)));
	rpc_hint(
	    f, "\"force\" goes on; devices of the profile are then refused until it is changed");
	return f->code;
}

static json_t *
describe(const struct objdefs *before, const struct objdefs *after, uint16_t oid)
{
	const struct objdef *o = objdefs_object(after, oid), *old = objdefs_object(before, oid);

	return json_pack("{s:i, s:s, s:o, s:I, s:s?}", "object", oid, "name", o->name, "version",
	    json_sprintf("%u.%u", o->version >> 8, o->version & 0xffu), "resources",
	    (json_int_t)o->nresources, "replaces", old != NULL ? old->origin : NULL);
}

/* --- set: storing and taking over --- */

/* XML says nothing of secrets, so those that were stay. */
static void
keep_secrets(const struct objdefs *defs, uint16_t oid, json_t *def)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(def, "resources"), i,
	    r) if (json_object_get(r, "secret") == NULL &&
		   strcmp(json_string_value(json_object_get(r, "type")), "none") != 0 &&
		   objdefs_secret(
		       defs, oid, (uint16_t)json_integer_value(json_object_get(r, "id"))))
	    json_object_set_new(r, "secret", json_true());
}

static enum rpc_error
put_one(struct call *call, json_t *def, bool xml, json_t *oids, struct rpc_fault *f)
{
	uint16_t oid = 0;
	enum rpc_error code = check_definition(def, xml, &oid, f);

	if (code != RPC_OK)
		return code;
	if (xml)
		keep_secrets(call->admin->opts.defs, oid, def);
	enum err e = store_object_put(call->admin->opts.store, oid, def);
	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	json_array_append_new(oids, json_integer(oid));
	return change_event(call, "object.set", NULL,
	    json_pack("{s:i, s:O}", "object", oid, "name", json_object_get(def, "name")), f);
}

static size_t
count_imported(const struct objdefs *defs)
{
	size_t n = 0;

	for (size_t i = 0; i < objdefs_count(defs); i++)
		n += is_imported(objdefs_at(defs, i));
	return n;
}

/* All definitions as they would be with the change, which is not committed yet. */
static enum rpc_error
load_changed(struct call *call, struct objdefs **ret, struct rpc_fault *f)
{
	const struct admin_backend *b = &call->admin->opts.backend;
	struct problem why = { .text = "" };
	enum err e = b->objects_load != NULL ? b->objects_load(b->arg, ret, &why) : ERR_UNSUPPORTED;

	if (e == ERR_DB)
		return change_store_failed(call, e, f);
	if (e == ERR_OK && count_imported(*ret) <= IMPORTED_MAX)
		return RPC_OK;
	if (e == ERR_OK) {
		objdefs_free(*ret);
		*ret = NULL;
		return rpc_refuse(f, RPC_LIMIT, "limit", "",
		    "There are %u imported objects already.", IMPORTED_MAX);
	}
	return rpc_refuse(f, RPC_UNAVAILABLE, "objects", "",
	    "The object definitions cannot be read: %s%s%s.", why.where,
	    why.where[0] != '\0' ? ": " : "", why.text);
}

/* On disk first; then all workers are told. Takes 'fresh'. */
static enum rpc_error
commit_and_take(struct call *call, struct objdefs *fresh, struct rpc_fault *f)
{
	const struct admin_backend *b = &call->admin->opts.backend;
	enum err e = store_commit(call->admin->opts.store);

	if (e != ERR_OK) {
		objdefs_free(fresh);
		return change_store_failed(call, e, f);
	}
	b->objects_take(b->arg, fresh);
	return RPC_OK;
}

static enum rpc_error
put_all(struct call *call, const struct wanted *w, bool xml, json_t *oids, struct objdefs **fresh,
    struct rpc_fault *f)
{
	enum rpc_error code = RPC_OK;
	json_t *def;
	size_t i;

	json_array_foreach(w->defs, i, def) if (code == RPC_OK) code =
	    put_one(call, def, xml, oids, f);
	return code == RPC_OK ? load_changed(call, fresh, f) : code;
}

static enum rpc_error
set_objects(struct call *call, const struct wanted *w, const json_t *params, json_t **ret,
    struct rpc_fault *f)
{
	bool xml = json_object_get(params, "definition") == NULL,
	     force = param_bool(params, "force");
	const struct objdefs *before = call->admin->opts.defs;
	json_t *oids = json_array(), *list = json_array(), *oid;
	struct objdefs *fresh = NULL;
	size_t i;
	enum rpc_error code = change_begin(call, f);

	if (code == RPC_OK) {
		code = put_all(call, w, xml, oids, &fresh, f);
		if (code == RPC_OK)
			code = check_profiles(call, fresh, force, w->warnings, f);
		code = change_end(call, code, f);
	}
	if (code == RPC_OK) {
		json_array_foreach(oids, i, oid) json_array_append_new(
		    list, describe(before, fresh, (uint16_t)json_integer_value(oid)));
		code = commit_and_take(call, fresh, f);
		fresh = NULL;
	}
	objdefs_free(fresh);
	if (code == RPC_OK) {
		json_array_foreach(oids, i, oid)
		    change_log(call, "object=%d imported", (int)json_integer_value(oid));
		*ret = json_pack("{s:O, s:O}", "objects", list, "warnings", w->warnings);
	}
	json_decref(oids);
	json_decref(list);
	return code;
}

void
method_object_set(struct call *call, json_t *params)
{
	struct wanted w = { .warnings = json_array() };
	struct rpc_fault f = { 0 };
	json_t *result = NULL;
	enum rpc_error code = read_wanted(params, &w, &f);

	if (code == RPC_OK)
		code = set_objects(call, &w, params, &result, &f);
	if (code == RPC_OK)
		call_result(call, result);
	else
		call_fail(call, &f);
	json_decref(w.defs);
	json_decref(w.warnings);
}

/* --- get and list --- */

static const char *
source_of(const struct objdef *o)
{
	return is_imported(o) ? "import" : "file";
}

static enum rpc_error
unknown(int64_t oid, struct rpc_fault *f)
{
	return rpc_refuse(
	    f, RPC_NOT_FOUND, "not-found", "/object", "Object %d is not known.", (int)oid);
}

void
method_object_get(struct call *call, json_t *params)
{
	const struct objdefs *defs = call->admin->opts.defs;
	uint16_t oid = (uint16_t)param_number(params, "object", 0);
	const struct objdef *o = objdefs_object(defs, oid);
	struct rpc_fault f = { 0 };

	if (o == NULL) {
		unknown(oid, &f);
		call_fail(call, &f);
		return;
	}
	call_result(call, json_pack("{s:o?, s:s, s:s}", "definition", objdefs_json(defs, oid),
			      "source", source_of(o), "origin", o->origin));
}

static json_t *
list_item(const struct objdef *o)
{
	return json_pack("{s:i, s:s, s:o, s:b, s:b, s:I, s:s}", "object", o->id, "name", o->name,
	    "version", json_sprintf("%u.%u", o->version >> 8, o->version & 0xffu), "multiple",
	    o->multiple, "mandatory", o->mandatory, "resources", (json_int_t)o->nresources,
	    "source", source_of(o));
}

void
method_object_list(struct call *call, json_t *params)
{
	const struct objdefs *defs = call->admin->opts.defs;
	int64_t after = param_number(params, "after", -1);
	size_t limit = (size_t)param_number(params, "limit", PAGE_DEFAULT), i = 0;
	json_t *items = json_array(), *next;

	while (i < objdefs_count(defs) && objdefs_at(defs, i)->id <= after)
		i++;
	for (; i < objdefs_count(defs) && json_array_size(items) < limit; i++)
		json_array_append_new(items, list_item(objdefs_at(defs, i)));
	next = i < objdefs_count(defs) ? json_integer(objdefs_at(defs, i - 1)->id) : json_null();
	call_result(call, json_pack("{s:o, s:o}", "objects", items, "next", next));
}

/* --- remove --- */

static enum rpc_error
check_unused(struct call *call, uint16_t oid, struct rpc_fault *f)
{
	bool profile = false;
	char name[256];
	enum err e = store_object_user(call->admin->opts.store, oid, CHECKED_MAX, &profile, name);

	if (e == ERR_NOTFOUND)
		return RPC_OK;
	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	rpc_refuse(f, RPC_CONFLICT, "in-use", "/object",
	    "The %s \"%.200s\" writes to object %u, so its "
	    "definition stays.",
	    profile ? "profile" : "endpoint", name, oid);
	rpc_hint(f, "\"force\" removes it all the same; such devices are then refused until their "
		    "record is "
		    "changed");
	return f->code;
}

/* What is left knows the object from a file, or no record needs it, or that is wanted. */
static enum rpc_error
remove_stored(
    struct call *call, uint16_t oid, bool force, struct objdefs **fresh, struct rpc_fault *f)
{
	enum rpc_error code;
	enum err e = store_object_remove(call->admin->opts.store, oid);

	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	code = change_event(call, "object.removed", NULL, json_pack("{s:i}", "object", oid), f);
	if (code == RPC_OK)
		code = load_changed(call, fresh, f);
	if (code == RPC_OK && !force && objdefs_object(*fresh, oid) == NULL)
		code = check_unused(call, oid, f);
	if (code == RPC_OK) {
		json_t *warnings = json_array();
		code = check_profiles(call, *fresh, force, warnings, f);
		json_decref(warnings);
	}
	return code;
}

static enum rpc_error
remove_object(struct call *call, uint16_t oid, bool force, struct rpc_fault *f)
{
	const struct objdef *o = objdefs_object(call->admin->opts.defs, oid);
	struct objdefs *fresh = NULL;
	enum rpc_error code;

	if (o == NULL)
		return unknown(oid, f);
	if (!is_imported(o))
		return rpc_refuse(f, RPC_CONFLICT, "from-file", "/object",
		    "Object %u was not imported: its "
		    "definition is in %.150s.",
		    oid, o->origin);
	code = change_begin(call, f);
	if (code == RPC_OK) {
		code = remove_stored(call, oid, force, &fresh, f);
		code = change_end(call, code, f);
	}
	if (code == RPC_OK)
		return commit_and_take(call, fresh, f);
	objdefs_free(fresh);
	return code;
}

void
method_object_remove(struct call *call, json_t *params)
{
	uint16_t oid = (uint16_t)param_number(params, "object", 0);
	struct rpc_fault f = { 0 };

	if (remove_object(call, oid, param_bool(params, "force"), &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	change_log(call, "object=%u removed", oid);
	call_result(call, json_pack("{s:i}", "object", oid));
}
