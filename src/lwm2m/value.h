#ifndef LWM2M_VALUE_H
#define LWM2M_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lwm2m/path.h"

struct arena;

/* Resource types (LwM2M Core 1.2, appendix C). */
enum value_type {
	VALUE_NONE,		/* executable; also: a multiple resource that has no instance */
	VALUE_STRING,
	VALUE_INTEGER,
	VALUE_UNSIGNED,
	VALUE_FLOAT,
	VALUE_BOOLEAN,
	VALUE_OPAQUE,
	VALUE_TIME,
	VALUE_OBJLNK,
	VALUE_CORELNK,
};

struct value {
	enum value_type		 type;
	union {
		int64_t		 i;		/* INTEGER, TIME */
		uint64_t	 u;		/* UNSIGNED */
		double		 f;
		bool		 b;
		struct {
			const uint8_t	*p;	/* never NULL-terminated; borrowed */
			size_t		 len;
		} bytes;			/* STRING (UTF-8), OPAQUE, CORELNK */
		struct {
			uint16_t oid, iid;	/* 65535:65535 is the null link */
		} link;
	};
};

/*
 * One resource (depth 3) or resource instance (depth 4) and its value. A multiple resource
 * without instances is one node of depth 3 and VALUE_NONE.
 */
struct node {
	struct path	path;
	struct value	value;
};

/* A list of nodes in an arena; in order of writing or of the payload. */
struct nodes {
	struct node	*v;
	size_t		 n, cap;
	struct arena	*arena;		/* borrowed: holds the array, and values that were decoded */
};
enum err	 nodes_add(struct nodes *, const struct path *, const struct value *) MUST_CHECK;
const struct node *nodes_find(const struct nodes *, const struct path *);	/* or NULL */

struct value	 value_text(enum value_type, const char *s);	/* STRING, CORELNK or OPAQUE; borrows */
struct value	 value_bytes(enum value_type, const void *p, size_t len);
struct value	 value_integer(int64_t);
struct value	 value_unsigned(uint64_t);
struct value	 value_boolean(bool);
struct value	 value_float(double);
struct value	 value_time(int64_t);
struct value	 value_objlnk(uint16_t oid, uint16_t iid);
bool		 value_eq(const struct value *, const struct value *);	/* OPAQUE in constant time */

const char	*value_type_name(enum value_type);	/* "string", "integer", … */
enum err	 value_type_parse(const char *name, enum value_type *ret) MUST_CHECK;

#endif
