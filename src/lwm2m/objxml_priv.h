#ifndef LWM2M_OBJXML_PRIV_H
#define LWM2M_OBJXML_PRIV_H

#include <expat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "lwm2m/value.h"

struct json_t;

/*
 * objxml.c hears of elements and keeps their text; objxml_record.c makes definitions of it;
 * objxml_range.c reads ranges.
 */
#define OBJXML_DEPTH_MAX	16
#define OBJXML_TEXT_MAX		1024	/* octets of a field that is kept; names are far shorter */
#define OBJXML_ID_MAX		65534

enum objxml_field {
	F_NAME, F_ID, F_URN, F_VERSION, F_MULTIPLE, F_MANDATORY,	/* of both, or of an object */
	F_OPERATIONS, F_TYPE, F_RANGE, F_UNITS,
	NFIELDS,
};

struct objxml_text {
	char		text[OBJXML_TEXT_MAX];
	size_t		len;
	unsigned long	line;		/* 0: it was not there */
	bool		cut;
};

/* What is collected of an object, or of one of its resources. */
struct objxml_record {
	struct objxml_text	v[NFIELDS];
	unsigned long		line;
};

enum objxml_place { P_TOP, P_ROOT, P_OBJECT, P_RESOURCES, P_ITEM, P_FIELD, P_SKIPPED };

struct objxml {
	XML_Parser		 xml;
	struct problem		*why;
	enum err		 err;
	enum objxml_place	 place[OBJXML_DEPTH_MAX + 1];
	unsigned		 depth;
	struct objxml_record	 object, item;
	struct objxml_text	*field;		/* where text goes; NULL: nowhere */
	uint16_t		 oid;
	char			 label[32];	/* "object 10371", "resource 5" for notes */
	struct json_t		*resources;	/* of the object that is open */
	bool			 had_resources;
	uint8_t			 ids[(OBJXML_ID_MAX + 8) / 8];	/* bit set: the resource was there */
	struct json_t		*defs, *notes;
};

/* The first problem sticks, and ends the reading. */
void	 objxml_refuse(struct objxml *, unsigned long line, const char *reason, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void	 objxml_out_of_memory(struct objxml *);
/* A sentence on what is passed over. */
void	 objxml_note(struct objxml *, unsigned long line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A number as people write ids; false when it is none, or none of ours. */
bool	 objxml_parse_id(const char *s, uint16_t *ret);

/* All of a resource, or of an object, was read: checks it, and adds its JSON. */
void	 objxml_end_item(struct objxml *);
void	 objxml_end_object(struct objxml *);

/*
 * Reads a RangeEnumeration such as "1..65534", "0..255 bytes", "1,2,3" or "-5..5, 9" and sets
 * "range" or "values" of the resource. False when it says something else: nothing is set.
 */
bool	 objxml_range(const char *text, enum value_type, struct json_t *resource);

#endif
