#include "lwm2m/discovery.h"

#include <string.h>

#include "base/arena.h"
#include "coap/linkfmt.h"
#include "lwm2m/objdef.h"

#define LINKS_MAX	1024
#define SSID_MAX	65534	/* spec/bootstrap.md 3.1, resource 10 */
#define RESERVED_MAX	(sizeof((struct discovery *)0)->reserved / sizeof(uint16_t))

static void
reserve(struct discovery *d, uint16_t iid)
{
	for (size_t i = 0; i < d->nreserved; i++)
		if (d->reserved[i] == iid)
			return;
	/* Without room: discovery_reserved() looks into the links, too. */
	if (d->nreserved < RESERVED_MAX)
		d->reserved[d->nreserved++] = iid;
}

/*
 * A link that is damaged where it speaks of /0 leaves it open which instance is the bootstrap
 * account, so instance 0 counts as taken (4.7, L6b). No link says so: it needs a place.
 */
static void
reserve_first(struct discovery *d)
{
	if (d->nreserved == RESERVED_MAX)
		d->nreserved--;
	reserve(d, 0);
}

/* Digits up to 'max' from *p on; moves past them. */
static bool
take_number(const char **p, const char *end, unsigned max, unsigned *ret)
{
	const char *s = *p;
	unsigned v = 0;

	while (s < end && *s >= '0' && *s <= '9' && v <= max)
		v = v * 10 + (unsigned)(*s++ - '0');
	if (s == *p || v > max)
		return false;
	*p = s;
	*ret = v;
	return true;
}

/* "1.1" -> 0x0101; 0 when it is not a version. */
static uint16_t
parse_version(struct linkfmt_text t)
{
	const char *p = t.p, *end = t.p + t.len;
	unsigned major, minor;

	if (!take_number(&p, end, 255, &major) || p == end || *p++ != '.' ||
	    !take_number(&p, end, 255, &minor) || p != end)
		return 0;
	return (uint16_t)(major << 8 | minor);
}

/* The version in an attribute, if the link has it. */
static void
get_version(struct discovery *d, const struct linkfmt_link *link, const char *name, uint16_t *ret)
{
	const struct linkfmt_attr *a = linkfmt_find(link, name);

	if (a == NULL)
		return;
	*ret = parse_version(a->value);
	if (*ret == 0)
		d->odd = true;
}

/* False when the attribute is there and damaged; *ret is 0 without one. */
static bool
get_ssid(const struct linkfmt_link *link, uint16_t *ret)
{
	const struct linkfmt_attr *a = linkfmt_find(link, "ssid");
	unsigned ssid = 0;

	*ret = 0;
	if (a == NULL)
		return true;
	const char *p = a->value.p, *end = p + a->value.len;
	if (!take_number(&p, end, SSID_MAX, &ssid) || p != end)
		return false;
	*ret = (uint16_t)ssid;
	return true;
}

/* An object or instance: "/0/1" and, as some devices write it, "/0/1/". */
static bool
parse_target(struct linkfmt_text t, struct path *ret)
{
	if (t.len > 1 && t.p[t.len - 1] == '/')
		t.len--;
	return path_parse(t.p, t.len, ret) == ERR_OK && ret->depth >= 1 && ret->depth <= 2;
}

/* True when a target that cannot be read is surely not about /0. */
static bool
is_elsewhere(struct linkfmt_text t)
{
	return t.len >= 2 && t.p[0] == '/' && t.p[1] >= '1' && t.p[1] <= '9';
}

static void
take_link(struct discovery *d, const struct linkfmt_link *link)
{
	struct discovery_link found = { .ssid = 0 };

	get_version(d, link, "lwm2m", &d->lwm2m);
	if (!link->has_target || (link->target.len == 1 && *link->target.p == '/'))
		return;
	if (!parse_target(link->target, &found.path)) {
		/* An alternate path is none of this interface (1.1, rule 4). */
		d->odd = true;
		if (!is_elsewhere(link->target))
			reserve_first(d);
		return;
	}
	get_version(d, link, "ver", &found.version);
	bool sound = get_ssid(link, &found.ssid);
	d->odd = d->odd || !sound;
	if (found.path.depth == 2 && found.path.id[0] == 0 && found.ssid == 0)
		reserve(d, found.path.id[1]);
	if (found.path.id[0] == 0 && !sound)
		reserve_first(d);
	d->links[d->nlinks++] = found;
}

enum err
discovery_parse(const void *payload, size_t len, struct arena *arena, struct discovery *ret)
{
	struct discovery d = { .lwm2m = 0 };
	struct linkfmt lf = linkfmt_over(payload, len);
	struct linkfmt_link link;
	size_t n = 0;

	while (linkfmt_next(&lf, &link))
		if (++n > LINKS_MAX)
			return ERR_TOOBIG;
	d.links = arena_array(arena, n, sizeof(*d.links));
	if (d.links == NULL)
		return ERR_NOMEM;

	lf = linkfmt_over(payload, len);
	while (linkfmt_next(&lf, &link))
		take_link(&d, &link);
	if (lf.err != ERR_OK) {		/* something could not even be taken apart */
		d.odd = true;
		reserve_first(&d);
	}
	*ret = d;
	return ERR_OK;
}

bool
discovery_has(const struct discovery *d, const struct path *path)
{
	for (size_t i = 0; i < d->nlinks; i++)
		if (path_within(&d->links[i].path, path))
			return true;
	return false;
}

bool
discovery_reserved(const struct discovery *d, uint16_t iid)
{
	struct path path = PATH_OI(0, iid);

	for (size_t i = 0; i < d->nreserved; i++)
		if (d->reserved[i] == iid)
			return true;
	for (size_t i = 0; i < d->nlinks; i++)	/* the list may have been too short */
		if (d->links[i].ssid == 0 && path_eq(&d->links[i].path, &path))
			return true;
	return false;
}

uint16_t
discovery_version(const struct discovery *d, uint16_t oid)
{
	for (size_t i = 0; i < d->nlinks; i++)
		if (d->links[i].path.id[0] == oid && d->links[i].version != 0)
			return d->links[i].version;
	return objdefs_implied(oid, d->lwm2m);
}
