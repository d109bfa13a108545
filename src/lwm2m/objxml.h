#ifndef LWM2M_OBJXML_H
#define LWM2M_OBJXML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/problem.h"

struct json_t;

/*
 * Object definitions as OMA's registry publishes them (LWM2M.xsd): XML in, the JSON of our own
 * object files out (docs/objects.md says how each element is read). There is no document type,
 * so no entity is ever declared, fetched or expanded.
 */
#define OBJXML_BYTES_MAX	(1024U * 1024)	/* of one document */
#define OBJXML_OBJECTS_MAX	64U		/* in one document */
#define OBJXML_RESOURCES_MAX	2048U		/* in one object */

/*
 * Reads a document. With 'utf8' its text is UTF-8, whatever it declares: it came in a string;
 * else the declaration counts (UTF-8, UTF-16, ISO-8859-1, US-ASCII). *ret is an array of
 * definitions, *ret_notes one of sentences on what was passed over; both owned (json_decref).
 * ERR_INVALID with *why ("line 12" and a sentence), ERR_TOOBIG, likewise, ERR_NOMEM.
 */
enum err objxml_read(const void *xml, size_t len, bool utf8, struct json_t **ret,
    struct json_t **ret_notes, struct problem *why) MUST_CHECK;

#endif
