/*
 * LwM2M CBOR 11544 (spec/bootstrap.md 4.5): maps in maps, by the ids of absolute paths. A map
 * is as good as a leaf at first sight; what it is follows from how deep it stands.
 */
#include "lwm2m/cborleaf.h"

#define DEPTH_RESOURCE	3
#define DEPTH_MAX	4
#define ID_MAX		65534	/* 65535 is a placeholder of Create, which bootstrap has not */

/* Nodes from nodes[0] on that share the id of this level with it. */
static size_t
run_length(const struct node *nodes, size_t n, unsigned level)
{
	size_t i = 1;

	while (i < n && nodes[i].path.id[level] == nodes[0].path.id[level])
		i++;
	return i;
}

/* A map by the ids of a level, of nodes that are the same above it. */
static enum err
put_map(struct wr *w, const struct node *nodes, size_t n, unsigned level)
{
	size_t pairs = 0;

	for (size_t i = 0; i < n; i += run_length(nodes + i, n - i, level))
		pairs++;
	cborio_put_map(w, pairs);
	for (size_t run; n > 0; nodes += run, n -= run) {
		enum err e;
		run = run_length(nodes, n, level);
		cborio_put_uint(w, nodes->path.id[level]);
		if (nodes->path.depth == level + 1)
			e = cborleaf_put(w, &nodes->value);
		else
			e = put_map(w, nodes, run, level + 1);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
format_lwm2m_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w)
{
	/* No map is empty, so neither "no instance" nor "no resource" can be said. */
	if (target->depth > DEPTH_RESOURCE || n == 0)
		return ERR_UNSUPPORTED;
	return put_map(w, nodes, n, 0);
}

/* One more segment of the path. */
static void
get_id(struct cborio *r, const struct cborio_item *item, struct path *path)
{
	if (item->kind != CBORIO_UINT || item->u > ID_MAX || path->depth == DEPTH_MAX)
		cborio_fail(r, ERR_MALFORMED);
	if (r->err == ERR_OK)
		path->id[path->depth++] = (uint16_t)item->u;
}

/* One id, or an array of some. */
static void
get_key(struct cborio *r, struct path *path)
{
	struct cborio_item head, item;
	unsigned depth = path->depth;

	if (!cborio_next(r, &head))
		return;
	if (head.kind != CBORIO_ARRAY) {
		get_id(r, &head, path);
		return;
	}
	while (cborio_more(r, &head) && cborio_next(r, &item))
		get_id(r, &item, path);
	if (path->depth == depth)	/* else maps could be nested without end */
		cborio_fail(r, ERR_MALFORMED);
}

static enum err get_map(struct decoding *, struct cborio *, struct cborio_item *map,
    const struct path *above);

/* A key with what it leads to: a map, or the value of a resource or a resource instance. */
static enum err
get_pair(struct decoding *d, struct cborio *r, const struct path *above)
{
	struct path path = *above;
	struct cborio_item head;
	struct value v;

	get_key(r, &path);
	if (!cborio_next(r, &head))
		return r->err;
	if (head.kind == CBORIO_MAP)
		return path.depth < DEPTH_MAX ? get_map(d, r, &head, &path) : ERR_MALFORMED;
	if (path.depth < DEPTH_RESOURCE)
		return ERR_MALFORMED;
	enum err e = cborleaf_get(d, r, &head, &path, &v);
	return e != ERR_OK ? e : decoding_add(d, &path, &v);
}

/* Calls itself as often as a path is deep: each key adds to it. */
static enum err
get_map(struct decoding *d, struct cborio *r, struct cborio_item *map, const struct path *above)
{
	bool empty = true;

	for (; cborio_more(r, map); empty = false) {
		enum err e = get_pair(d, r, above);
		if (e != ERR_OK)
			return e;
	}
	/* Maps should not be empty. One that is can mean only that there are no instances. */
	if (r->err == ERR_OK && empty && above->depth == DEPTH_RESOURCE)
		return decoding_add(d, above, &(struct value){ .type = VALUE_NONE });
	return r->err;
}

enum err
format_lwm2m_cbor_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct cborio r = cborio_over(payload, len);
	const struct path root = PATH_ROOT;
	struct cborio_item map;

	if (len == 0)		/* an object without instances (spec/bootstrap.md 1.4) */
		return ERR_OK;
	if (cborio_next(&r, &map) && map.kind != CBORIO_MAP)
		return ERR_MALFORMED;
	enum err e = r.err != ERR_OK ? r.err : get_map(d, &r, &map, &root);
	if (e == ERR_OK && r.left > 0)
		e = ERR_MALFORMED;
	return e;
}
