#ifndef BOOTSTRAP_PLAN_PRIV_H
#define BOOTSTRAP_PLAN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "bootstrap/plan.h"
#include "lwm2m/path.h"

struct arena;
struct config;

/* The parts of plan_build(): which instances, which format, which version. */

enum { OBJ_SECURITY = 0, OBJ_SERVER = 1, OBJ_ACCESS = 2, OBJ_OSCORE = 21 };

/* Sentences for plan.notes; text is static or in the plan's arena. */
struct plan_notes {
	const char	*warning[16];	/* more of them are left out */
	size_t		 nwarnings;
	const char	*note[8];
	size_t		 nnotes;
};
void	 plan_warn(struct plan_notes *, const char *text);
void	 plan_note(struct plan_notes *, const char *text);

/* What is deleted first: config.deletes, or the account objects that are about to be written. */
struct plan_deletes {
	struct path	 fixed[4];
	const struct path *v;
	size_t		 n;
};
void	 plan_choose_deletes(const struct config *, struct plan_deletes *ret);

/* Instance ids, each array as long as its list in the config; in the arena given. */
struct plan_ids {
	uint16_t	*security, *server;	/* by account */
	uint16_t	*access, *oscore;
	uint16_t	 bootstrap;		/* of the bootstrap account, when it is rewritten */
};
enum err plan_choose_ids(const struct config *, const struct plan_device *, const struct plan_deletes *,
    struct plan_notes *, struct arena *, struct plan_ids *ret, struct problem *why) MUST_CHECK;

/* Fills lwm2m, format, formats, nformats and nformats_any. */
void	 plan_choose_format(const struct resolved *, const struct plan_device *, struct plan *,
    struct plan_notes *);

/* The version of the device's object, major << 8 | minor; 0: not known, so nothing is left out. */
uint16_t plan_object_version(const struct plan *, const struct plan_device *, uint16_t oid);

#endif
