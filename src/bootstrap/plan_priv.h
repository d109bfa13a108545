#ifndef BOOTSTRAP_PLAN_PRIV_H
#define BOOTSTRAP_PLAN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/problem.h"
#include "bootstrap/plan.h"
#include "lwm2m/path.h"
#include "lwm2m/value.h"
#include "store/config.h"


/* The parts of plan_build(): which instances, which format, which version, what is written. */

enum {
	OBJ_SECURITY = 0, OBJ_SERVER = 1, OBJ_ACCESS = 2, OBJ_DEVICE = 3, OBJ_APN = 11, OBJ_OSCORE = 21,
	OBJ_COSE = 23, OBJ_MQTT = 24,
};

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

/* Resources that are treated by number (spec/bootstrap.md 3.1). */
enum {
	SEC_URI = 0, SEC_BOOTSTRAP = 1, SEC_MODE = 2, SEC_PUBLIC_KEY = 3, SEC_SERVER_KEY = 4,
	SEC_SECRET_KEY = 5,
	SEC_SSID = 10, SEC_OSCORE = 17, SEC_SECONDARY_URIS = 25,
	MODE_NOSEC = 3,
};

/* What plan_build() has at hand on its way. */
struct plan_builder {
	const struct resolved		*res;
	struct config			 own;		/* the record's, less what is left out */
	const struct config		*cfg;		/* that */
	const struct plan_device	*dev;
	const struct objdefs		*defs;
	const struct config_mint	*mint;
	struct arena			*arena;		/* the plan's */
	struct arena			 scratch;	/* gone when the plan is built */
	struct plan			*plan;
	struct plan_deletes		 deletes;
	struct plan_ids			 ids;
	struct plan_notes		 notes;
	struct nodes			 packed;	/* for a Pack: all that is to be written */
	uint8_t				*buf;		/* scratch for one payload */
	size_t				 cap;
	struct problem			*why;
};

/* One instance or resource that is to be written. */
struct plan_piece {
	struct path			 path;
	const struct config_resource	*resources;
	size_t				 n;
	bool				 whole;		/* an account object: what is empty is left out */
	bool				 nosec;		/* /0 without keys */
	bool				 bootstrap;	/* the bootstrap account */
	int32_t				 oscore;	/* index into config.oscore, to link to; -1 */
	uint8_t				 account;
};

/* There is room for as many as count_steps() says. */
struct plan_step *plan_add_step(struct plan_builder *, enum step_kind, struct path);

/* Nothing is added when nothing is left to write. ERR_INVALID with *why, ERR_UNSUPPORTED, ERR_NOMEM. */
enum err plan_add_write(struct plan_builder *, const struct plan_piece *) MUST_CHECK;
/* The same for the instances of an object, in one payload. */
enum err plan_add_object(struct plan_builder *, const struct config_write *) MUST_CHECK;
/* nodes -> b->buf, *ret_len bytes of it. */
enum err plan_encode(struct plan_builder *, int format, const struct path *target, const struct nodes *,
    size_t *ret_len) MUST_CHECK;

/* plan_delete.c: the steps, and how many there can be. */
size_t	 plan_count_deletes(const struct plan_builder *);
void	 plan_add_deletes(struct plan_builder *);

/* plan_pack.c */
enum err plan_check_pack(struct plan_builder *) MUST_CHECK;	/* ERR_INVALID: a session is needed */
enum err plan_add_pack(struct plan_builder *) MUST_CHECK;

bool	 plan_has_quirk(const struct resolved *, unsigned bit);	/* QUIRK_BIT() */
/* A Pack without a word of where the bootstrap account is: it may be /0/0 or /0/1 (1.8). */
bool	 plan_pack_is_blind(const struct plan_device *);

#endif
