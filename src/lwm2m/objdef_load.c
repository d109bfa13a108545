/*
 * Reads object definition files. Every key, type and range is checked, because a slip in a
 * definition would otherwise show on the air, in the encoding of a key.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "lwm2m/objdef_priv.h"

#define ID_MAX		65534
#define VERSIONS_MAX	16
#define VALUES_MAX	256	/* numbers and intervals of one resource */
#define FILE_SHOWN_MAX	120	/* characters of its path; the place in the file matters more */

/* An object as read, with the types that its resources had over the versions. */
struct loaded {
	struct objdef		 def;
	struct objdef_type	*types;
	size_t			 ntypes;
	size_t			 dir;		/* in which directory it was found */
	uint8_t			*open;		/* bit set: the resource said "secret": false */
};

/* The first failure sticks in 'err'; checks after it find nothing more to say. */
struct loader {
	struct objdefs	*defs;
	struct loaded	*v;
	size_t		 n, cap;
	size_t		 dir;
	char		 file[4096];	/* or the origin of what is no file */
	struct problem	*why;
	enum err	 err;
};

struct versions {
	uint16_t	v[VERSIONS_MAX];
	size_t		n;
};

/* A key in a JSON pointer (RFC 6901, 3). */
static void
put_key(struct wr *w, const char *key)
{
	wr_u8(w, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			wr_text(w, *key == '~' ? "~0" : "~1");
		else
			wr_u8(w, (uint8_t)*key);
	}
}

/* The end of a path says more than its beginning. */
static const char *
shown_file(const struct loader *l)
{
	size_t len = strlen(l->file);

	return l->file + (len > FILE_SHOWN_MAX ? len - FILE_SHOWN_MAX : 0);
}

/* Something is wrong with 'key' of what 'pointer' points to; key NULL: with that itself. */
static void PRINTF_LIKE(5, 6)
bad(struct loader *l, const char *reason, const char *pointer, const char *key,
    const char *fmt, ...)
{
	char where[sizeof(l->why->where)], text[sizeof(l->why->text)];
	struct wr w = wr_over(where, sizeof(where) - 1);
	va_list ap;

	if (l->err != ERR_OK)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	wr_text(&w, shown_file(l));
	wr_u8(&w, '#');
	wr_text(&w, pointer);
	if (key != NULL)
		put_key(&w, key);
	where[w.len] = '\0';
	l->err = problem_set(l->why, ERR_INVALID, reason, where, "%s", text);
}

static void
out_of_memory(struct loader *l)
{
	if (l->err == ERR_OK)
		l->err = problem_set(l->why, ERR_NOMEM, "no-memory", shown_file(l), "out of memory");
}

static bool
is_one_of(const char *key, const char *const *known)
{
	for (; *known != NULL; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

static void
check_keys(struct loader *l, json_t *o, const char *pointer, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach(o, key, value) {
		if (is_one_of(key, known))
			continue;
		bad(l, "unknown-key", pointer, key, "\"%s\" is not a key of an object definition", key);
	}
}

/* The member, or NULL; a missing one is an error when it is required. */
static json_t *
member(struct loader *l, json_t *o, const char *pointer, const char *key, bool required)
{
	json_t *value = json_object_get(o, key);

	if (value == NULL && required)
		bad(l, "missing", pointer, NULL, "\"%s\" is missing", key);
	return value;
}

static bool
get_bool(struct loader *l, json_t *o, const char *pointer, const char *key, bool required,
    bool otherwise)
{
	json_t *value = member(l, o, pointer, key, required);

	if (value != NULL && !json_is_boolean(value))
		bad(l, "wrong-type", pointer, key, "\"%s\" has to be true or false", key);
	return json_is_boolean(value) ? json_boolean_value(value) : otherwise;
}

static uint16_t
get_id(struct loader *l, json_t *o, const char *pointer, const char *key)
{
	json_t *value = member(l, o, pointer, key, true);
	json_int_t id = json_integer_value(value);

	if (value != NULL && !json_is_integer(value))
		bad(l, "wrong-type", pointer, key, "\"%s\" has to be a whole number", key);
	else if (id < 0 || id > ID_MAX)
		bad(l, "out-of-range", pointer, key, "\"%s\" has to be 0 to %d", key, ID_MAX);
	return (uint16_t)id;
}

/* Text of one character at least; "" after a failure. Lives as long as the JSON. */
static const char *
get_text(struct loader *l, json_t *o, const char *pointer, const char *key, bool required)
{
	json_t *value = member(l, o, pointer, key, required);
	const char *s = json_string_value(value);

	if (value != NULL && s == NULL)
		bad(l, "wrong-type", pointer, key, "\"%s\" has to be a string", key);
	else if (s != NULL && (*s == '\0' || strlen(s) != json_string_length(value)))
		bad(l, "invalid", pointer, key, "\"%s\" has to be text of one character or more", key);
	return s != NULL ? s : "";
}

static const char *
keep(struct loader *l, const char *s)
{
	char *copy = arena_text(&l->defs->arena, s);

	if (copy == NULL)
		out_of_memory(l);
	return copy;
}

/* "1.0" -> 0x0100; 0 after a failure. */
static uint16_t
parse_version(struct loader *l, const char *s, const char *pointer, const char *key)
{
	unsigned major = 0, minor = 0;
	char back[16] = "";
	char *end;

	if (s != NULL && *s >= '0' && *s <= '9') {
		major = (unsigned)strtoul(s, &end, 10);
		if (*end == '.' && end[1] >= '0' && end[1] <= '9')
			minor = (unsigned)strtoul(end + 1, NULL, 10);
		snprintf(back, sizeof(back), "%u.%u", major, minor);
	}
	if (s == NULL || strcmp(back, s) != 0 || major < 1 || major > 255 || minor > 255) {
		bad(l, "invalid", pointer, key, "a version has to be a string like \"1.0\"");
		return 0;
	}
	return (uint16_t)(major << 8 | minor);
}

static bool
known_version(const struct versions *versions, uint16_t version)
{
	for (size_t i = 0; i < versions->n; i++)
		if (versions->v[i] == version)
			return true;
	return false;
}

static void
load_versions(struct loader *l, json_t *o, struct versions *ret)
{
	json_t *list = member(l, o, "", "versions", true), *value;
	char key[24];
	size_t i;

	*ret = (struct versions){ .n = 0 };
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > VERSIONS_MAX) {
		bad(l, "wrong-type", "/versions", NULL, "\"versions\" has to be a list of 1 to %d "
		    "versions", VERSIONS_MAX);
		return;
	}
	json_array_foreach(list, i, value) {
		snprintf(key, sizeof(key), "%zu", i);
		ret->v[i] = parse_version(l, json_string_value(value), "/versions", key);
		if (i > 0 && ret->v[i] <= ret->v[i - 1])
			bad(l, "invalid", "/versions", key, "versions have to ascend");
		ret->n = i + 1;
	}
}

static enum value_type
parse_type(struct loader *l, json_t *value, const char *pointer, const char *key)
{
	const char *name = json_string_value(value);
	enum value_type type = VALUE_NONE;

	if (name == NULL || value_type_parse(name, &type) != ERR_OK)
		bad(l, "invalid", pointer, key, "a type has to be \"string\", \"integer\", "
		    "\"unsigned\", \"float\", \"boolean\", \"opaque\", \"time\", \"objlnk\", "
		    "\"corelnk\" or \"none\"");
	return type;
}

static void
add_type(struct loader *l, struct loaded *o, const struct objdef_type *type)
{
	struct objdef_type *v = arena_array(&l->defs->arena, o->ntypes + 1, sizeof(*v));

	if (v == NULL) {
		out_of_memory(l);
		return;
	}
	if (o->ntypes > 0)
		memcpy(v, o->types, o->ntypes * sizeof(*v));
	v[o->ntypes++] = *type;
	o->types = v;
}

/* {"1.0":"string","2.0":"opaque"}: the first is that of 'since', the last the newest. */
static void
load_types(struct loader *l, json_t *types, const char *pointer, const struct versions *versions,
    struct loaded *o, struct resdef *r)
{
	char key[16];
	size_t found = 0;

	if (!json_is_object(types) || json_object_size(types) < 2) {
		bad(l, "wrong-type", pointer, "types", "\"types\" has to name a type for two versions "
		    "or more");
		return;
	}
	for (size_t i = 0; i < versions->n && l->err == ERR_OK; i++) {
		snprintf(key, sizeof(key), "%u.%u", versions->v[i] >> 8, versions->v[i] & 0xffu);
		json_t *value = json_object_get(types, key);
		if (value == NULL)
			continue;
		r->type = parse_type(l, value, pointer, "types");
		if (r->type == VALUE_NONE || (found == 0 && versions->v[i] != r->since))
			bad(l, "invalid", pointer, "types", "the first type has to be that of "
			    "version \"since\", and none may be \"none\"");
		add_type(l, o, &(struct objdef_type){ .oid = o->def.id, .rid = r->id,
		    .version = versions->v[i], .type = r->type });
		found++;
	}
	if (found != json_object_size(types))
		bad(l, "invalid", pointer, "types", "\"types\" names a version that \"versions\" has not");
}

static void
load_type(struct loader *l, json_t *json, const char *pointer, const struct versions *versions,
    struct loaded *o, struct resdef *r)
{
	json_t *type = json_object_get(json, "type"), *types = json_object_get(json, "types");

	if ((type == NULL) == (types == NULL)) {
		bad(l, "missing", pointer, NULL, "a resource needs either \"type\" or \"types\"");
		return;
	}
	if (type != NULL)
		r->type = parse_type(l, type, pointer, "type");
	else
		load_types(l, types, pointer, versions, o, r);
}

static void
load_range(struct loader *l, json_t *json, const char *pointer, struct resdef *r)
{
	json_t *range = json_object_get(json, "range");
	json_t *min = json_array_get(range, 0), *max = json_array_get(range, 1);

	if (range == NULL)
		return;
	if (json_array_size(range) != 2 || !json_is_number(min) || !json_is_number(max)) {
		bad(l, "wrong-type", pointer, "range", "\"range\" has to be a list of two numbers");
		return;
	}
	r->min = json_number_value(min);
	r->max = json_number_value(max);
	r->has_range = true;
}

static void
check_range(struct loader *l, const char *pointer, const struct resdef *r)
{
	const char *key = r->spans != NULL ? "values" : "range";

	if (r->min > r->max)
		bad(l, "invalid", pointer, key, "the range ends before it starts");
	if (r->type == VALUE_NONE || r->type == VALUE_BOOLEAN || r->type == VALUE_OBJLNK)
		bad(l, "invalid", pointer, key, "a resource of type \"%s\" has no range",
		    value_type_name(r->type));
	if (r->min < 0 && r->type != VALUE_INTEGER && r->type != VALUE_FLOAT &&
	    r->type != VALUE_TIME)
		bad(l, "invalid", pointer, key, "a length or unsigned number is not below 0");
}

/* [1, 2, [5, 9]]: ascending, without overlap. */
static void
load_values(struct loader *l, json_t *json, const char *pointer, struct resdef *r)
{
	json_t *list = json_object_get(json, "values"), *v;
	size_t n = json_array_size(list), i;
	struct resdef_span *spans;

	if (list == NULL)
		return;
	if (n == 0 || n > VALUES_MAX || r->has_range) {
		bad(l, "invalid", pointer, "values", "\"values\" has to be a list of 1 to %d numbers, or "
		    "lists of two, in place of \"range\"", VALUES_MAX);
		return;
	}
	spans = arena_array(&l->defs->arena, n, sizeof(*spans));
	if (spans == NULL) {
		out_of_memory(l);
		return;
	}
	json_array_foreach(list, i, v) {
		json_t *min = json_is_array(v) ? json_array_get(v, 0) : v;
		json_t *max = json_is_array(v) ? json_array_get(v, 1) : v;
		if (!json_is_number(min) || !json_is_number(max) || json_array_size(v) > 2) {
			bad(l, "wrong-type", pointer, "values", "each of \"values\" has to be a number or a "
			    "list of two");
			return;
		}
		spans[i] = (struct resdef_span){ json_number_value(min), json_number_value(max) };
		if (spans[i].min > spans[i].max || (i > 0 && spans[i].min <= spans[i - 1].max))
			bad(l, "invalid", pointer, "values", "\"values\" have to ascend");
	}
	r->spans = spans;
	r->nspans = n;
	r->min = spans[0].min;
	r->max = spans[n - 1].max;
	r->has_range = true;
}

static void
load_secret(struct loader *l, json_t *json, const char *pointer, struct loaded *o, struct resdef *r)
{
	r->secret = get_bool(l, json, pointer, "secret", false, false);
	if (r->secret && r->type == VALUE_NONE)
		bad(l, "invalid", pointer, "secret", "a resource of type \"none\" has no value to hide");
	if (json_is_false(json_object_get(json, "secret")))
		o->open[r->id / 8] |= (uint8_t)(1u << r->id % 8);
}

static void
load_resource(struct loader *l, json_t *json, const char *pointer,
    const struct versions *versions, struct loaded *o, struct resdef *r)
{
	static const char *const known[] = { "id", "name", "type", "types", "multiple", "mandatory",
	    "since", "range", "values", "bootstrap", "secret", "unit", "description", NULL };

	if (!json_is_object(json)) {
		bad(l, "wrong-type", pointer, NULL, "a resource has to be an object");
		return;
	}
	check_keys(l, json, pointer, known);
	r->id = get_id(l, json, pointer, "id");
	r->name = keep(l, get_text(l, json, pointer, "name", true));
	r->multiple = get_bool(l, json, pointer, "multiple", true, false);
	r->mandatory = get_bool(l, json, pointer, "mandatory", true, false);
	if (json_object_get(json, "unit") != NULL)
		r->unit = keep(l, get_text(l, json, pointer, "unit", true));
	get_text(l, json, pointer, "description", false);	/* for people */

	r->since = versions->v[0];
	if (json_object_get(json, "since") != NULL)
		r->since = parse_version(l, get_text(l, json, pointer, "since", true), pointer,
		    "since");
	if (!known_version(versions, r->since))
		bad(l, "invalid", pointer, "since", "\"since\" names a version that \"versions\" has not");

	load_type(l, json, pointer, versions, o, r);
	load_range(l, json, pointer, r);
	load_values(l, json, pointer, r);
	if (r->has_range)
		check_range(l, pointer, r);
	load_secret(l, json, pointer, o, r);
	bool executable = r->type == VALUE_NONE;
	r->writable_by_bootstrap = get_bool(l, json, pointer, "bootstrap", false, !executable);
	if (executable && r->writable_by_bootstrap)
		bad(l, "invalid", pointer, "bootstrap", "a resource of type \"none\" cannot be written");
	if (executable && r->multiple)
		bad(l, "invalid", pointer, "multiple", "a resource of type \"none\" is not multiple");
}

static int
resource_order(const void *a, const void *b)
{
	const struct resdef *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* What was secret stays so when a later definition, such as one from XML, says nothing about it. */
static void
keep_secrets(const struct objdef *before, const struct loaded *o, struct resdef *v)
{
	for (size_t i = 0, k = 0; i < o->def.nresources; i++) {
		while (k < before->nresources && before->resources[k].id < v[i].id)
			k++;
		if (k < before->nresources && before->resources[k].id == v[i].id &&
		    before->resources[k].secret && v[i].type != VALUE_NONE &&
		    (o->open[v[i].id / 8] & 1u << v[i].id % 8) == 0)
			v[i].secret = true;
	}
}

static void
load_resources(struct loader *l, json_t *json, const struct versions *versions, struct loaded *o)
{
	json_t *list = member(l, json, "", "resources", true), *value;
	size_t n = json_array_size(list), i;
	char at[40];

	if (n == 0 || n > ID_MAX + 1) {
		bad(l, "wrong-type", "/resources", NULL, "\"resources\" has to be a list of resources");
		return;
	}
	struct resdef *v = arena_array(&l->defs->arena, n, sizeof(*v));
	if (v == NULL) {
		out_of_memory(l);
		return;
	}
	json_array_foreach(list, i, value) {
		snprintf(at, sizeof(at), "/resources/%zu", i);
		load_resource(l, value, at, versions, o, &v[i]);
		for (size_t j = 0; j < i && l->err == ERR_OK; j++)
			if (v[j].id == v[i].id)
				bad(l, "duplicate", at, "id", "resource %u is defined twice",
				    v[i].id);
		if (l->err != ERR_OK)
			return;
	}
	qsort(v, n, sizeof(*v), resource_order);
	o->def.resources = v;
	o->def.nresources = n;
	for (i = 0; i < l->n; i++)
		if (l->v[i].def.id == o->def.id)
			keep_secrets(&l->v[i].def, o, v);
}

/* Adds, or replaces what an earlier directory said of the same object. */
static void
put(struct loader *l, const struct loaded *o)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].def.id != o->def.id)
			continue;
		if (l->v[i].dir == l->dir)
			bad(l, "duplicate", "", "object", "object %u is defined by another file of "
			    "this directory, too", o->def.id);
		l->v[i] = *o;
		return;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 32 : l->cap * 2;
		struct loaded *v = realloc(l->v, cap * sizeof(*v));
		if (v == NULL) {
			out_of_memory(l);
			return;
		}
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *o;
}

static void
load_object(struct loader *l, json_t *json)
{
	static const char *const known[] = { "object", "name", "multiple", "mandatory", "versions",
	    "resources", "description", NULL };
	uint8_t open[(ID_MAX + 8) / 8] = { 0 };
	struct loaded o = { .dir = l->dir, .open = open };
	struct versions versions;

	if (!json_is_object(json)) {
		bad(l, "wrong-type", "", NULL, "an object definition has to be a JSON object");
		return;
	}
	check_keys(l, json, "", known);
	o.def.id = get_id(l, json, "", "object");
	o.def.name = keep(l, get_text(l, json, "", "name", true));
	o.def.multiple = get_bool(l, json, "", "multiple", true, false);
	o.def.mandatory = get_bool(l, json, "", "mandatory", true, false);
	get_text(l, json, "", "description", false);		/* for people */
	load_versions(l, json, &versions);
	if (l->err != ERR_OK)
		return;
	o.def.version = versions.v[versions.n - 1];
	o.def.versions = arena_dup(&l->defs->arena, versions.v, versions.n * sizeof(versions.v[0]));
	o.def.nversions = versions.n;
	o.def.origin = keep(l, l->file);
	if (o.def.versions == NULL)
		out_of_memory(l);
	load_resources(l, json, &versions, &o);
	o.open = NULL;
	if (l->err == ERR_OK)
		put(l, &o);
}

static void
load_file(struct loader *l, const char *dir, const char *name)
{
	char where[sizeof(l->why->where)];
	json_error_t error;

	snprintf(l->file, sizeof(l->file), "%s/%s", dir, name);
	json_t *json = json_load_file(l->file, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		bool opened = error.line >= 0;
		snprintf(where, sizeof(where), "%s", shown_file(l));
		if (opened)
			snprintf(where + strlen(where), sizeof(where) - strlen(where), ":%d", error.line);
		l->err = problem_set(l->why, opened ? ERR_INVALID : ERR_IO,
		    opened ? "syntax" : "unreadable", where, "not readable as JSON: %s", error.text);
		return;
	}
	load_object(l, json);
	json_decref(json);
}

static int
is_definition(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

static void
load_dir(struct loader *l, const char *dir)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_definition, alphasort);

	if (n < 0 && errno != ENOENT)
		l->err = problem_set(l->why, ERR_IO, "unreadable", dir, "cannot read the directory: %s",
		    strerror(errno));
	for (int i = 0; i < n; i++) {
		if (l->err == ERR_OK)
			load_file(l, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static int
loaded_order(const void *a, const void *b)
{
	const struct loaded *x = a, *y = b;

	return (x->def.id > y->def.id) - (x->def.id < y->def.id);
}

static int
type_order(const void *a, const void *b)
{
	const struct objdef_type *x = a, *y = b;

	if (x->oid != y->oid)
		return x->oid < y->oid ? -1 : 1;
	if (x->rid != y->rid)
		return x->rid < y->rid ? -1 : 1;
	return (x->version > y->version) - (x->version < y->version);
}

/* Packs what was read into the tables that are looked up in. */
static void
finish(struct loader *l)
{
	struct objdefs *defs = l->defs;

	for (size_t i = 0; i < l->n; i++)
		defs->ntypes += l->v[i].ntypes;
	defs->objects = arena_array(&defs->arena, l->n, sizeof(*defs->objects));
	defs->types = arena_array(&defs->arena, defs->ntypes, sizeof(*defs->types));
	if (defs->objects == NULL || defs->types == NULL) {
		out_of_memory(l);
		return;
	}
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), loaded_order);
	struct objdef_type *t = defs->types;
	for (size_t i = 0; i < l->n; i++) {
		defs->objects[i] = l->v[i].def;
		for (size_t j = 0; j < l->v[i].ntypes; j++)
			*t++ = l->v[i].types[j];
	}
	defs->nobjects = l->n;
	qsort(defs->types, defs->ntypes, sizeof(*defs->types), type_order);
}

static void
load_doc(struct loader *l, const struct objdefs_doc *doc)
{
	snprintf(l->file, sizeof(l->file), "%s", doc->origin);
	/* reading a member takes a json_t that may change; nothing does */
	load_object(l, (json_t *)(uintptr_t)doc->json);
}

enum err
objdefs_load(const char *const *dirs, struct objdefs **ret, struct problem *why)
{
	return objdefs_load_with(dirs, NULL, 0, ret, why);
}

enum err
objdefs_load_with(const char *const *dirs, const struct objdefs_doc *docs, size_t ndocs,
    struct objdefs **ret, struct problem *why)
{
	struct loader l = { .why = why, .err = ERR_OK };

	l.defs = calloc(1, sizeof(*l.defs));
	if (l.defs == NULL) {
		out_of_memory(&l);
		return l.err;
	}
	atomic_init(&l.defs->holders, 1);
	arena_init(&l.defs->arena, 16384, 0);
	for (; dirs[l.dir] != NULL && l.err == ERR_OK; l.dir++)
		load_dir(&l, dirs[l.dir]);
	for (size_t i = 0; i < ndocs && l.err == ERR_OK; i++)
		load_doc(&l, &docs[i]);
	if (l.err == ERR_OK)
		finish(&l);
	if (l.err == ERR_OK) {
		*ret = l.defs;
		l.defs = NULL;
	}
	objdefs_free(l.defs);
	free(l.v);
	return l.err;
}
