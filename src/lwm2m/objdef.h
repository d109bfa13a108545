#ifndef LWM2M_OBJDEF_H
#define LWM2M_OBJDEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "lwm2m/value.h"

struct json_t;

/*
 * Object definitions: which resources an object has, of which type, since which version.
 * Data, read from the files of etc/objects and from what was imported (format: docs/objects.md);
 * afterwards immutable, so that all workers share one. Counted: each holder keeps one hold, and
 * the last to let go frees it, in whatever thread.
 */
struct objdefs;

/* Some of the numbers (or lengths) between the least and the greatest. */
struct resdef_span {
	double	min, max;
};

/* One resource; of several versions of an object that differ in its type, the newest. */
struct resdef {
	uint16_t	 id;
	const char	*name;
	enum value_type	 type;
	bool		 multiple;
	bool		 mandatory;
	bool		 writable_by_bootstrap;	/* false: executable, or kept by the client */
	uint16_t	 since;		/* object version, major << 8 | minor: 0x0101 is 1.1 */
	bool		 has_range;
	double		 min, max;	/* numbers: value; strings and opaques: length */
	const struct resdef_span *spans;	/* only these of that range; NULL: all of it */
	size_t		 nspans;
	const char	*unit;		/* for people; or NULL */
	bool		 secret;	/* key material: shown to nobody who does not ask for it */
};

struct objdef {
	uint16_t		 id;
	const char		*name;
	bool			 multiple;
	bool			 mandatory;	/* for devices to have */
	uint16_t		 version;	/* newest known */
	const uint16_t		*versions;	/* all that its definition tells apart, ascending */
	size_t			 nversions;
	const char		*origin;	/* its file, or what objdefs_doc said */
	const struct resdef	*resources;	/* ascending by id */
	size_t			 nresources;
};

/*
 * Reads every .json file of the directories, later ones over earlier ones (NULL-terminated list;
 * a directory that does not exist is passed over). On failure *why names file and place.
 */
enum err objdefs_load(const char *const *dirs, struct objdefs **ret, struct problem *why) MUST_CHECK;

/* A definition that stands in no file. */
struct objdefs_doc {
	const char		*origin;	/* names it where a file's path would stand */
	const struct json_t	*json;		/* borrowed for the call */
};
/*
 * The same, with definitions over those of all directories. A resource that was secret before a
 * later definition replaced its object stays so unless that says "secret": false.
 */
enum err objdefs_load_with(const char *const *dirs, const struct objdefs_doc *docs, size_t ndocs,
    struct objdefs **ret, struct problem *why) MUST_CHECK;

struct objdefs *objdefs_hold(struct objdefs *);	/* one holder more; returns it */
void	 objdefs_free(struct objdefs *);		/* one holder less */

/* An object as its file would have it; owned (json_decref). NULL when unknown or out of memory. */
struct json_t *objdefs_json(const struct objdefs *, uint16_t oid);

const struct objdef *objdefs_object(const struct objdefs *, uint16_t oid);	/* or NULL */
const struct resdef *objdefs_resource(const struct objdefs *, uint16_t oid, uint16_t rid);
bool	 objdefs_secret(const struct objdefs *, uint16_t oid, uint16_t rid);	/* false: unknown, too */
bool	 resdef_takes(const struct resdef *, double n);		/* a number or length within its range */

/*
 * How a version of the object types a resource: /21 is String before 2.0 (spec/bootstrap.md 3.4).
 * Version 0 asks for the newest; VALUE_NONE when the resource is not known.
 */
enum value_type objdefs_type(const struct objdefs *, uint16_t oid, uint16_t rid, uint16_t version);

/*
 * The version of an object that an enabler implies (spec/bootstrap.md 3), when the client
 * sent no "ver": 0x0101 for /1 under LwM2M 1.1. 0 when the enabler has no such object.
 */
uint16_t objdefs_implied(uint16_t oid, uint16_t lwm2m_version);

size_t	 objdefs_count(const struct objdefs *);
const struct objdef *objdefs_at(const struct objdefs *, size_t i);	/* ascending by id */

#endif
