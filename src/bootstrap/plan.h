#ifndef BOOTSTRAP_PLAN_H
#define BOOTSTRAP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "lwm2m/path.h"

struct arena;
struct config_mint;
struct discovery;
struct objdefs;
struct resolved;

/*
 * What is written to one device: its configuration compiled into ordered steps with their
 * payloads. Pure: the same input gives the same plan, so "strapctl plan" shows what a session
 * would send. Rules: plan.c.
 */

enum step_kind { STEP_DISCOVER, STEP_READ, STEP_DELETE, STEP_WRITE, STEP_FINISH, STEP_PACK };

struct plan_step {
	enum step_kind	 kind;
	bool		 optional;	/* a refusal is noted and passed over */
	bool		 cleanup;	/* DELETE: only when the write before it was passed over */
	bool		 must_match;	/* READ: an answer that differs ends the session */
	uint8_t		 account;	/* steps of one account, 0 … 63; PLAN_NO_ACCOUNT: of none */
	struct path	 path;		/* FINISH: unused */
	int		 content_format; /* WRITE; -1 */
	int		 accept;	/* DISCOVER, READ; -1 */
	const uint8_t	*payload;	/* WRITE, PACK: as it is sent. READ with verify: as it should be */
	size_t		 payload_len;
	const char	*note;		/* one sentence for people, or NULL: why this is so */
};

/* When a write of an account is refused and passed over, the rest of that account is left out. */
#define PLAN_NO_ACCOUNT	255

/* What is known of the device when the plan is made. */
struct plan_device {
	uint16_t		 lwm2m;		/* version, as far as known; 0: unknown */
	int			 pct;		/* what the Bootstrap-Request asked for; -1 */
	const struct discovery	*discovery;	/* its answer, or NULL: not asked, or it cannot answer */
	int			 format;	/* a format it is known to take, or that is to be tried; -1 */
	bool			 format_forced;	/* use 'format' whatever pct and record say (fall-back) */
	bool			 discover_failed; /* it was asked and could not answer */
	uint8_t			 repair;	/* after that many refused Finishes; 0: the first plan */
	/*
	 * One STEP_PACK with everything, in 'format', instead of steps (LwM2M 1.2, Bootstrap-Pack).
	 * 'discovery' is then what the request says of the bootstrap account, or NULL.
	 */
	bool			 pack;
};

struct plan {
	struct plan_step	*steps;		/* in order; the last is FINISH. DISCOVER is not among them */
	size_t			 nsteps;
	int			 format;	/* of the writes that leave a choice */
	int			 formats[6];	/* to try, best first; [0] == format unless forced */
	size_t			 nformats;
	size_t			 nformats_any;	/* as many after a refusal that names no format */
	uint16_t		 lwm2m;		/* taken to be; 0: unknown */
	bool			 finish_unconfirmed; /* the device's answer to Finish says little */
	const char		**notes;	/* sentences: how ids were chosen, what was left out */
	size_t			 nnotes;
	size_t			 nwarnings;	/* first of the notes: for the history, too */
};

/* Whether the device is to be asked first (config.discover; "auto": an instance id has to be chosen). */
bool	 plan_wants_discovery(const struct resolved *);
struct path plan_discovery_path(const struct resolved *);	/* where first; when that is refused, /0 */

/*
 * Compiles. Everything lives in the arena; nothing of the record is referred to afterwards.
 * ERR_INVALID   it cannot be done, *why says so in one sentence (no free instance, a variable
 *               unknown, no format carries it; a Pack would not leave the same as a session)
 * ERR_UNSUPPORTED  the record asks for a credential to be made and 'mint' is NULL
 * ERR_NOMEM
 */
enum err plan_build(const struct resolved *, const struct plan_device *, const struct objdefs *,
    const struct config_mint *mint, struct arena *, struct plan **ret, struct problem *why) MUST_CHECK;

const char *step_kind_name(enum step_kind);	/* "discover", "read", "delete", "write", "finish", "pack" */
uint8_t	 step_method(enum step_kind);		/* CoAP code of the request */

#endif
