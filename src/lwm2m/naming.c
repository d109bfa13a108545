#include "lwm2m/naming.h"

#include <string.h>

#define LEN_MAX		(PATH_TEXT_MAX - 1)

static size_t
put_id(char *p, uint16_t id)
{
	char digits[5];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + id % 10);
		id /= 10;
	} while (id > 0);
	for (size_t i = 0; i < n; i++)
		p[i] = digits[n - 1 - i];
	return n;
}

size_t
naming_rest(const struct path *path, unsigned from, char buf[PATH_TEXT_MAX])
{
	size_t n = 0;

	for (unsigned i = from; i < path->depth; i++) {
		if (i > from)
			buf[n++] = '/';
		n += put_id(buf + n, path->id[i]);
	}
	return n;
}

size_t
naming_base(const struct path *target, bool whole, char buf[NAMING_MAX])
{
	size_t n = 1;

	buf[0] = '/';
	n += naming_rest(target, 0, buf + 1);
	if (target->depth > 0 && !whole)
		buf[n++] = '/';
	return n;
}

enum err
naming_join(struct naming_text base, struct naming_text name, struct path *ret)
{
	char buf[LEN_MAX];

	if (base.len > sizeof(buf) || name.len > sizeof(buf) - base.len)
		return ERR_MALFORMED;
	if (base.len > 0)
		memcpy(buf, base.p, base.len);
	if (name.len > 0)
		memcpy(buf + base.len, name.p, name.len);
	return path_parse(buf, base.len + name.len, ret);
}
