#ifndef LWM2M_PATH_H
#define LWM2M_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A place in the device's tree: /object/instance/resource/resource-instance, as deep as it goes. */
struct path {
	uint8_t		depth;		/* 0 is the root … 4 a resource instance */
	uint16_t	id[4];		/* 0 … 65534; beyond 'depth' always 0 */
};

#define PATH_TEXT_MAX	25		/* "/65534/65534/65534/65534" and NUL */

#define PATH_ROOT		((struct path){ .depth = 0 })
#define PATH_O(o)		((struct path){ .depth = 1, .id = { (o) } })
#define PATH_OI(o, i)		((struct path){ .depth = 2, .id = { (o), (i) } })
#define PATH_OIR(o, i, r)	((struct path){ .depth = 3, .id = { (o), (i), (r) } })
#define PATH_OIRR(o, i, r, n)	((struct path){ .depth = 4, .id = { (o), (i), (r), (n) } })

/*
 * "/", "/0", "/0/1/2/3"; decimal without leading zeros, no trailing slash. 'len' characters.
 * ERR_MALFORMED otherwise, also for 65535 (never a valid id, spec/bootstrap.md 3.6).
 */
enum err path_parse(const char *s, size_t len, struct path *ret) MUST_CHECK;
const char *path_format(const struct path *, char buf[PATH_TEXT_MAX]);	/* returns buf */

bool	 path_eq(const struct path *, const struct path *);
bool	 path_within(const struct path *inner, const struct path *outer);	/* equal counts */
int	 path_cmp(const struct path *, const struct path *);	/* tree order, parents first */

#endif
