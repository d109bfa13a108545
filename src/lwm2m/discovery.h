#ifndef LWM2M_DISCOVERY_H
#define LWM2M_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lwm2m/path.h"

struct arena;

/* What a device answered to Bootstrap-Discover (spec/bootstrap.md 1.3). */
struct discovery_link {
	struct path	path;		/* object or instance */
	uint16_t	ssid;		/* short server id; 0: none (ssid=0 counts as none) */
	uint16_t	version;	/* "ver", major << 8 | minor; 0: not said */
};

struct discovery {
	uint16_t		 lwm2m;		/* enabler version, 0x0101 is 1.1; 0: not said */
	struct discovery_link	*links;		/* in order of the answer */
	size_t			 nlinks;
	bool			 odd;		/* something in the answer could not be read */
	/*
	 * The /0 instances without short server id: the bootstrap account, and whatever else
	 * has to be left alone. Also instances whose link was damaged.
	 */
	uint16_t		 reserved[8];
	size_t			 nreserved;
};

/*
 * Reads a link-format answer; links live in the arena. An empty or odd payload is no error:
 * 'odd' and what could be read tell the caller. ERR_NOMEM, ERR_TOOBIG (more than 1024 links).
 */
enum err discovery_parse(const void *payload, size_t len, struct arena *, struct discovery *ret)
    MUST_CHECK;

/* True when the answer lists the object or instance, by itself or by one inside it. */
bool	 discovery_has(const struct discovery *, const struct path *);
bool	 discovery_reserved(const struct discovery *, uint16_t security_iid);
/* The version of an object the device said or its enabler implies; 0: unknown. */
uint16_t discovery_version(const struct discovery *, uint16_t oid);

#endif
