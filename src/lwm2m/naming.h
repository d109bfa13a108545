#ifndef LWM2M_NAMING_H
#define LWM2M_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwm2m/path.h"

/*
 * Names as SenML and the JSON of LwM2M 1.0 write them: a base name and the rest of the path, put
 * together without anything between them (spec/bootstrap.md 4.2 and 4.3).
 */
#define NAMING_MAX	(PATH_TEXT_MAX + 1)

/* "/", "/0/", "/0/1/"; with 'whole' without the last slash, as nothing follows. Returns the length. */
size_t	 naming_base(const struct path *target, bool whole, char buf[NAMING_MAX]);

/* The ids of a path from level 'from' on, with slashes between them: "16/0". Returns the length. */
size_t	 naming_rest(const struct path *, unsigned from, char buf[PATH_TEXT_MAX]);

struct naming_text {
	const uint8_t	*p;
	size_t		 len;
};

/* The path of a base name and a name, either of which may be empty. ERR_MALFORMED. */
enum err naming_join(struct naming_text base, struct naming_text name, struct path *ret) MUST_CHECK;

#endif
