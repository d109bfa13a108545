#ifndef STORE_RESOLVE_H
#define STORE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "store/config.h"
#include "store/record.h"

struct arena;
struct objdefs;
struct reader;
struct resolver;

/*
 * From an endpoint name to what holds for that device (interface.md, 4): its own record, else
 * the profile whose match is the most specific; profile's config with the endpoint's merged
 * over it (RFC 7396); variables. Keeps parsed profiles, so that a device of a profile costs
 * one look-up. One per worker; belongs to its thread. Borrows reader and definitions.
 */
enum err resolver_new(struct reader *, const struct objdefs *, struct resolver **ret) MUST_CHECK;
void	 resolver_free(struct resolver *);

/* Whether a profile pins this (auth_pinned()). Walks the profiles: for what is rare. ERR_NOTFOUND, ERR_DB. */
enum err resolver_pinned(struct resolver *, const uint8_t sha256[32]) MUST_CHECK;
/* Other definitions, borrowed: profiles are read anew with them; what sessions hold stays as it is. */
void	 resolver_take_objects(struct resolver *, const struct objdefs *);

/* Lives in the arena given, but for what may be the profile's: its name, 'config', 'variables', 'auth'. */
struct resolved {
	const char		*endpoint;
	const char		*profile;	/* or NULL */
	bool			 own_record;
	const char		*matched;	/* one sentence: which rule matched */
	bool			 enabled;
	const struct auth	*auth;		/* NULL: nobody said how it proves itself */
	const char		*psk_identity;	/* auth PSK: expanded for this device */
	const struct config	*config;	/* NULL: no config at all */
	struct variables	 variables;	/* without ${endpoint} */
	unsigned		 quirks;	/* QUIRK_BIT() of each */
	uint16_t		 lwm2m;		/* learnt; 0: unknown */
	int			 format;	/* learnt; -1 */
	void			*hold;		/* private; for resolved_release() */
};

/*
 * ERR_NOTFOUND  no record and no profile matches
 * ERR_INVALID   record and profile do not go together (*why): possible when the profile
 *               changed after the record was stored
 */
enum err resolve_endpoint(struct resolver *, const char *endpoint, struct arena *,
    struct resolved *ret, struct problem *why) MUST_CHECK;

/* The same for a record that is not stored: for validation and for "plan". */
enum err resolve_record(struct resolver *, const struct endpoint_record *, struct arena *,
    struct resolved *ret, struct problem *why) MUST_CHECK;

void	 resolved_release(struct resolved *);	/* every success needs one; before the resolver goes */

#endif
