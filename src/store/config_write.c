#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "store/config_priv.h"
#include "store/keys_priv.h"

/* "write" and "delete": anything by path. */

/* "0, 1, 5 …": what exists, for the sentence that says that something does not. */
static const char *
list_resources(const struct objdef *object, char *buf, size_t size)
{
	struct wr w = wr_over(buf, size - sizeof("…"));
	char number[8];

	for (size_t i = 0; i < object->nresources; i++) {
		if (object->resources[i].type == VALUE_NONE)
			continue;
		snprintf(number, sizeof(number), "%s%u", w.len > 0 ? ", " : "", object->resources[i].id);
		wr_text(&w, number);
	}
	snprintf(buf + w.len, size - w.len, "%s", w.err != ERR_OK ? "…" : "");
	return buf;
}

static const char *
list_objects(const struct objdefs *defs, char *buf, size_t size)
{
	struct wr w = wr_over(buf, size - sizeof("…"));
	char number[8];

	for (size_t i = 0; i < objdefs_count(defs); i++) {
		snprintf(number, sizeof(number), "%s%u", i > 0 ? ", " : "", objdefs_at(defs, i)->id);
		wr_text(&w, number);
	}
	snprintf(buf + w.len, size - w.len, "%s", w.err != ERR_OK ? "…" : "");
	return buf;
}

static enum err
find_resource(struct parse *p, const struct place *at, const struct objdef *object, uint16_t rid,
    const struct resdef **ret)
{
	char list[200];
	const struct resdef *def = objdefs_resource(p->defs, object->id, rid);

	if (def == NULL)
		return doc_refuse(&p->doc, at, "unknown-resource",
		    "object %u (%s) has no resource %u; it has %s", object->id, object->name, rid,
		    list_resources(object, list, sizeof(list)));
	if (def->type == VALUE_NONE)
		return doc_refuse(&p->doc, at, "invalid",
		    "resource %u of object %u (%s) is executed, not written", rid, object->id,
		    def->name);
	*ret = def;
	return def->writable_by_bootstrap ? ERR_OK : config_warn(p, at,
	    "the device keeps resource %u of object %u (%s) itself; it may refuse or overwrite this", rid,
	    object->id, def->name);
}

/* An instance that is made has all that its object demands, or some devices refuse Finish. */
static enum err
check_mandatory(struct parse *p, const struct place *at, const struct objdef *object,
    const struct reslist *list)
{
	for (size_t i = 0; object->multiple && i < object->nresources; i++) {
		const struct resdef *def = &object->resources[i];
		enum err e = ERR_OK;

		if (def->mandatory && def->writable_by_bootstrap && reslist_find(list, def->id) == NULL)
			e = config_warn(p, at, "it lacks resource %u (%s), which object %u demands", def->id,
			    def->name, object->id);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Of a resource that may have several instances, [] says that it is to have none. */
static enum err
read_resource(struct parse *p, const struct place *at, const json_t *v, const struct resdef *def,
    struct reslist *list)
{
	bool none = def->multiple && (json_is_array(v) || json_is_object(v)) &&
	    json_array_size(v) + json_object_size(v) == 0;

	if (!none)
		return value_read_resource(p, at, v, def, NULL, list);
	return reslist_add(p, list, def, -1, &(struct config_value){ .source = CONFIG_LITERAL,
	    .literal = { .type = VALUE_NONE } });
}

static enum err
read_whole(struct parse *p, const struct place *at, const json_t *v, const struct objdef *object,
    struct reslist *list)
{
	char found[DOC_FOUND_MAX];
	const char *key;
	json_t *member;

	if (!json_is_object(v))
		return doc_refuse(&p->doc, at, "type", "the value of an instance is an object such as "
		    "{\"3\":…} by resource id, found %s", doc_found(v, found));
	if (json_object_size(v) == 0)
		return doc_refuse(
		    &p->doc, at, "invalid", "an instance is written with at least one resource");
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		const struct place *here = PLACE_KEY(at, key);
		const struct resdef *def = NULL;
		struct path rid;
		char text[12];
		enum err e;

		snprintf(text, sizeof(text), "/%.10s", key);
		if (path_parse(text, strlen(text), &rid) != ERR_OK || rid.depth != 1)
			return doc_refuse(&p->doc, here, "invalid", "expected a resource id, 0 to 65534");
		e = find_resource(p, here, object, rid.id[0], &def);
		if (e == ERR_OK)
			e = read_resource(p, here, member, def, list);
		if (e != ERR_OK)
			return e;
	}
	return check_mandatory(p, at, object, list);
}

/* An instance that an account, a rule or a context of this record is written to. */
static bool
is_taken(const struct config *c, const struct path *path, const char **by)
{
	const struct config_instance *list = NULL;
	size_t n = 0;

	*by = "an account";
	for (size_t i = 0; path->id[0] <= OBJECT_SERVER && i < c->nservers; i++)
		if (c->servers[i].security.iid == path->id[1])
			return true;
	if (path->id[0] == OBJECT_SECURITY && c->bootstrap_server != NULL &&
	    c->bootstrap_server->iid == path->id[1])
		return true;
	if (path->id[0] == OBJECT_ACCESS_CONTROL) {
		*by = "a rule of \"access_control\"";
		list = c->access_control;
		n = c->naccess_control;
	} else if (path->id[0] == OBJECT_OSCORE) {
		*by = "a context of \"oscore\"";
		list = c->oscore;
		n = c->noscore;
	}
	for (size_t i = 0; i < n; i++)
		if (list[i].iid == path->id[1])
			return true;
	return false;
}

static enum err
check_instance(struct parse *p, const struct place *at, const struct path *path, const struct objdef *object)
{
	const char *by;

	if (!object->multiple && path->id[1] != 0)
		return doc_refuse(&p->doc, at, "invalid", "object %u (%s) has one instance only, 0",
		    object->id, object->name);
	if (is_taken(p->config, path, &by))
		return doc_refuse(&p->doc, at, "conflict",
		    "%s of this record is written to /%u/%u already", by, path->id[0], path->id[1]);
	return ERR_OK;
}

static int
by_iid(const void *a, const void *b)
{
	const struct config_instance *x = a, *y = b;

	return (x->iid > y->iid) - (x->iid < y->iid);
}

static enum err
check_target(struct parse *p, const struct place *at, const struct path *path, const struct objdef **ret)
{
	char text[PATH_TEXT_MAX], list[200];
	const struct objdef *object = objdefs_object(p->defs, path->id[0]);

	if (object == NULL)
		return doc_refuse(&p->doc, at, "unknown-object",
		    "object %u is not known; its definition can be imported (\"object.set\"). "
		    "Known are %s",
		    path->id[0], list_objects(p->defs, list, sizeof(list)));
	if (path->depth > 1) {
		enum err e = check_instance(p, at, path, object);

		if (e != ERR_OK)
			return e;
	}
	for (size_t i = 0; i < p->config->nwrites; i++)
		if (path_within(path, &p->config->writes[i].path) ||
		    path_within(&p->config->writes[i].path, path))
			return doc_refuse(&p->doc, at, "conflict", "%s is written before (element %zu)",
			    path_format(&p->config->writes[i].path, text), i);
	*ret = object;
	return ERR_OK;
}

/* {"0":{…}, "3":{…}}: instances of an object, each whole. */
static enum err
read_instances(struct parse *p, const struct place *at, const json_t *v, const struct objdef *object,
    struct config_write *ret)
{
	char found[DOC_FOUND_MAX];
	const char *key;
	json_t *member;
	enum err e = ERR_OK;

	if (!json_is_object(v))
		return doc_refuse(&p->doc, at, "type", "the value of an object is an object such as "
		    "{\"0\":{\"3\":…}} by instance and resource id, found %s", doc_found(v, found));
	if (json_object_size(v) == 0)
		return doc_refuse(
		    &p->doc, at, "invalid", "an object is written with at least one instance");
	ret->instances = arena_array(p->doc.arena, json_object_size(v), sizeof(*ret->instances));
	if (ret->instances == NULL)
		return doc_nomem(&p->doc);
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		const struct place *here = PLACE_KEY(at, key);
		struct config_instance *to = &ret->instances[ret->ninstances++];
		struct reslist list = { 0 };
		struct path iid;
		char text[12];

		snprintf(text, sizeof(text), "/%.10s", key);
		if (path_parse(text, strlen(text), &iid) != ERR_OK || iid.depth != 1)
			return doc_refuse(&p->doc, here, "invalid", "expected an instance id, 0 to 65534");
		to->iid = iid.id[0];
		e = check_instance(p, here, &PATH_OI(object->id, iid.id[0]), object);
		if (e == ERR_OK)
			e = read_whole(p, here, member, object, &list);
		if (e != ERR_OK)
			return e;
		reslist_give(&list, to);
	}
	qsort(ret->instances, ret->ninstances, sizeof(*ret->instances), by_iid);
	return e;
}

static enum err
read_write(struct parse *p, const struct place *at, const json_t *v, struct config_write *ret)
{
	const struct place *value_at = PLACE_KEY(at, "value"), *path_at = PLACE_KEY(at, "path");
	const json_t *value = json_object_get(v, "value");
	const struct objdef *object = NULL;
	const struct resdef *def = NULL;
	struct reslist list = { 0 };
	struct config_instance given;
	enum err e = doc_object(&p->doc, at, v, keys_write);

	if (e == ERR_OK)
		e = value_read_path(p, path_at, json_object_get(v, "path"), 1, 3, &ret->path);
	if (e == ERR_OK && value == NULL)
		return doc_refuse(&p->doc, value_at, "missing", "a write needs its value");
	if (e == ERR_OK)
		e = check_target(p, path_at, &ret->path, &object);
	if (e == ERR_OK && ret->path.depth == 3)
		e = find_resource(p, path_at, object, ret->path.id[2], &def);
	if (e == ERR_OK && ret->path.depth == 1)
		return read_instances(p, value_at, value, object, ret);
	if (e == ERR_OK)
		e = def != NULL ? read_resource(p, value_at, value, def, &list) :
		    read_whole(p, value_at, value, object, &list);
	if (e != ERR_OK)
		return e;
	reslist_give(&list, &given);
	ret->resources = given.resources;
	ret->nresources = given.nresources;
	return ERR_OK;
}

enum err
writes_read(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_array(&p->doc, at, v);

	if (e != ERR_OK)
		return e;
	p->config->writes = arena_array(p->doc.arena, json_array_size(v), sizeof(*p->config->writes));
	if (p->config->writes == NULL)
		return doc_nomem(&p->doc);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		e = read_write(p, PLACE_INDEX(at, i), json_array_get(v, i), &p->config->writes[i]);
		p->config->nwrites = i + 1;
	}
	return e;
}

enum err
deletes_read(struct parse *p, const struct place *at, const json_t *v)
{
	enum err e = doc_array(&p->doc, at, v);

	if (e != ERR_OK)
		return e;
	p->config->deletes = arena_array(p->doc.arena, json_array_size(v), sizeof(*p->config->deletes));
	if (p->config->deletes == NULL)
		return doc_nomem(&p->doc);
	for (size_t i = 0; e == ERR_OK && i < json_array_size(v); i++) {
		const struct place *here = PLACE_INDEX(at, i);
		struct path *path = &p->config->deletes[i];
		e = value_read_path(p, here, json_array_get(v, i), 0, 2, path);
		if (e == ERR_OK && path->depth > 0 && path->id[0] == 3)	/* spec/bootstrap.md 1.6 */
			return doc_refuse(&p->doc, here, "invalid",
			    "the Device object, /3, is never deleted; leave it out");
		for (size_t k = 0; e == ERR_OK && k < i; k++)
			if (path_eq(path, &p->config->deletes[k]))
				return doc_refuse(&p->doc, here, "conflict", "this path stands twice");
	}
	p->config->delete_given = true;
	p->config->ndeletes = json_array_size(v);
	return e;
}
