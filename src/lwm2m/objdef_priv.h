#ifndef LWM2M_OBJDEF_PRIV_H
#define LWM2M_OBJDEF_PRIV_H

#include <stdatomic.h>

#include "base/arena.h"
#include "lwm2m/objdef.h"

/* From which version on a resource has which type; only for those whose type changed. */
struct objdef_type {
	uint16_t	oid, rid;
	uint16_t	version;
	enum value_type	type;
};

struct objdefs {
	_Atomic unsigned	 holders;
	struct objdef		*objects;	/* ascending by id */
	size_t			 nobjects;
	struct objdef_type	*types;		/* ascending by oid, rid, version */
	size_t			 ntypes;
	struct arena		 arena;		/* holds all of the above, and the names */
};

/* True when any version of the object gives the resource this type. */
bool	objdefs_allows(const struct objdefs *, uint16_t oid, uint16_t rid, enum value_type);

#endif
