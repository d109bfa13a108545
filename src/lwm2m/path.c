#include "lwm2m/path.h"

#include <stdio.h>

#define ID_MAX 65534	/* 65535 is "none" or "all", never an id (LwM2M Core 1.2, 7.3) */

/* One number without leading zeros at *s; moves past it. */
static enum err
parse_id(const char **s, const char *end, uint16_t *ret)
{
	const char *p = *s;
	uint32_t v = 0;

	while (p < end && *p >= '0' && *p <= '9') {
		v = v * 10 + (uint32_t)(*p++ - '0');
		if (v > ID_MAX)
			return ERR_MALFORMED;
	}
	if (p == *s || (**s == '0' && p - *s > 1))
		return ERR_MALFORMED;
	*s = p;
	*ret = (uint16_t)v;
	return ERR_OK;
}

enum err
path_parse(const char *s, size_t len, struct path *ret)
{
	const char *end = s + len;
	struct path path = PATH_ROOT;

	if (len == 0 || *s != '/')
		return ERR_MALFORMED;
	if (len > 1) {
		while (s < end) {
			if (*s++ != '/' || path.depth == 4)
				return ERR_MALFORMED;
			if (parse_id(&s, end, &path.id[path.depth]) != ERR_OK)
				return ERR_MALFORMED;
			path.depth++;
		}
	}
	*ret = path;
	return ERR_OK;
}

const char *
path_format(const struct path *path, char buf[PATH_TEXT_MAX])
{
	char *p = buf, *end = buf + PATH_TEXT_MAX;

	if (path->depth == 0)
		*p++ = '/';
	*p = '\0';
	for (unsigned i = 0; i < path->depth; i++)
		p += snprintf(p, (size_t)(end - p), "/%u", path->id[i]);
	return buf;
}

bool
path_eq(const struct path *a, const struct path *b)
{
	return path_cmp(a, b) == 0;
}

bool
path_within(const struct path *inner, const struct path *outer)
{
	if (inner->depth < outer->depth)
		return false;
	for (unsigned i = 0; i < outer->depth; i++)
		if (inner->id[i] != outer->id[i])
			return false;
	return true;
}

int
path_cmp(const struct path *a, const struct path *b)
{
	unsigned depth = a->depth < b->depth ? a->depth : b->depth;

	for (unsigned i = 0; i < depth; i++)
		if (a->id[i] != b->id[i])
			return a->id[i] < b->id[i] ? -1 : 1;
	return (a->depth > b->depth) - (a->depth < b->depth);
}
