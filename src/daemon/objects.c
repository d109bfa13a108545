/*
 * Object definitions: from the folders, and over them what was imported into the store. They never
 * change in place. When there are others, the main thread turns to them, and an order tells each
 * worker to; whoever is the last to turn away from the old ones frees them.
 */
#include <jansson.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "base/datadir.h"
#include "base/log.h"
#include "daemon/daemon_priv.h"
#include "daemon/worker.h"
#include "lwm2m/objdef.h"
#include "store/resolve.h"
#include "store/store.h"

struct imported {
	struct objdefs_doc	*v;
	size_t			 n, cap;
	bool			 full;		/* of memory */
};

/* What an older version took and this one does not is named and passed over: devices come first. */
static bool
is_readable(uint16_t oid, const struct objdefs_doc *doc)
{
	struct problem why = { .text = "" };
	struct objdefs *one = NULL;
	enum err e = objdefs_load_with((const char *const[]){ NULL }, doc, 1, &one, &why);

	if (e != ERR_OK)
		log_error("object definitions: the imported object %u is passed over: %s: %s", oid,
		    why.where, why.text);
	objdefs_free(one);
	return e == ERR_OK;
}

static bool
add_imported(void *arg, uint16_t oid, json_t *json)
{
	struct imported *list = arg;
	const struct objdefs_doc doc = { .origin = ADMIN_OBJECT_IMPORTED, .json = json };

	if (!is_readable(oid, &doc))
		return true;
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? 2 * list->cap : 16;
		struct objdefs_doc *v = reallocarray(list->v, cap, sizeof(*v));
		if (v == NULL) {
			list->full = true;
			return false;
		}
		list->v = v;
		list->cap = cap;
	}
	json_incref(json);
	list->v[list->n++] = doc;
	return true;
}

enum err
objects_load(void *daemon, struct objdefs **ret, struct problem *why)
{
	struct daemon *d = daemon;
	char shipped[4096];
	const char *dirs[] = { datadir_find("objects", shipped, sizeof(shipped)),
		d->settings.objects, NULL };
	struct imported list = { .n = 0 };
	struct objdefs *defs = NULL;
	enum err e = store_object_list(d->store, add_imported, &list);

	if (e != ERR_OK || list.full)
		e = problem_set(why, list.full ? ERR_NOMEM : e, "store", "", "%s",
		    list.full ? err_text(ERR_NOMEM) : store_error(d->store));
	else
		e = objdefs_load_with(dirs, list.v, list.n, &defs, why);
	if (e == ERR_OK && (objdefs_object(defs, 0) == NULL || objdefs_object(defs, 1) == NULL))
		e = problem_set(why, ERR_NOTFOUND, "missing", "",
		    "/0 and /1 are neither in %.120s nor in %.120s", dirs[0], dirs[1]);
	for (size_t i = 0; i < list.n; i++)
		json_decref((json_t *)(uintptr_t)list.v[i].json);
	free(list.v);
	if (e == ERR_OK)
		*ret = defs;
	else
		objdefs_free(defs);
	return e;
}

void
objects_take(void *daemon, struct objdefs *defs)
{
	struct daemon *d = daemon;

	for (size_t i = 0; i < d->nworkers; i++)
		worker_take_objects(d->workers[i], defs);
	resolver_take_objects(d->resolver, defs);
	if (d->admin != NULL)
		admin_take_objects(d->admin, defs);
	objdefs_free(d->defs);
	d->defs = defs;
}

void
objects_reload(struct daemon *d)
{
	struct problem why = { .text = "" };
	struct objdefs *defs = NULL;

	if (objects_load(d, &defs, &why) == ERR_OK)
		objects_take(d, defs);
	else
		log_error("reload: object definitions: %s%s%s; those in force stay", why.where,
		    why.where[0] != '\0' ? ": " : "", why.text);
}
