#include <stdlib.h>
#include <string.h>

#include "store/config_priv.h"

enum err
reslist_add(struct parse *p, struct reslist *list, const struct resdef *def, int32_t riid,
    const struct config_value *value)
{
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? 2 * list->cap : 8;
		struct config_resource *v = arena_array(p->doc.arena, cap, sizeof(*v));
		if (v == NULL)
			return doc_nomem(&p->doc);
		if (list->n > 0)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = (struct config_resource){
		.rid = def->id, .riid = riid, .since = def->since, .value = *value };
	return ERR_OK;
}

enum err
reslist_set(struct parse *p, struct reslist *list, uint16_t oid, uint16_t rid, const struct value *value)
{
	const struct resdef *def = objdefs_resource(p->defs, oid, rid);

	if (def == NULL)
		return problem_set(p->doc.why, ERR_INVALID, "objects", "",
		    "the object definitions do not know /%u/x/%u", oid, rid);
	return reslist_add(p, list, def, -1,
	    &(struct config_value){ .source = CONFIG_LITERAL, .literal = *value });
}

const struct config_value *
reslist_find(const struct reslist *list, uint16_t rid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].rid == rid)
			return &list->v[i].value;
	return NULL;
}

const struct value *
reslist_literal(const struct reslist *list, uint16_t rid)
{
	const struct config_value *v = reslist_find(list, rid);

	return v != NULL && v->source == CONFIG_LITERAL ? &v->literal : NULL;
}

static int
compare(const void *a, const void *b)
{
	const struct config_resource *x = a, *y = b;

	if (x->rid != y->rid)
		return x->rid < y->rid ? -1 : 1;
	return (x->riid > y->riid) - (x->riid < y->riid);
}

void
reslist_give(const struct reslist *list, struct config_instance *to)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), compare);
	to->resources = list->v;
	to->nresources = list->n;
}
