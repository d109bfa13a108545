#ifndef BOOTSTRAP_SESSION_PRIV_H
#define BOOTSTRAP_SESSION_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "bootstrap/plan.h"
#include "bootstrap/seq.h"
#include "bootstrap/service_priv.h"
#include "lwm2m/path.h"
#include "store/resolve.h"

struct discovery;
struct exchange_reply;
struct link;

/*
 * One bootstrap run: from the answer to POST /bs until the device has accepted Finish, refused
 * something, or gone silent. It does what seq says and tells it what came of it.
 *
 * A session lives in its own arena and ends exactly once: the observer gets its history, then it
 * is forgotten. It borrows the link, which exchange/ holds for it until then.
 */

/* What came of a step; the history's words stand in session_end.c. */
enum outcome {
	OUTCOME_OK, OUTCOME_PRESUMED, OUTCOME_PASSED_OVER, OUTCOME_REFUSED, OUTCOME_DIFFERS,
	OUTCOME_UNREADABLE, OUTCOME_TIMEOUT, OUTCOME_RESET, OUTCOME_LOST, OUTCOME_NOT_SENT,
};

struct step_log {
	struct step_log	*next;
	const char	*drift;		/* DIFFERS: what, in words; NULL: out of memory */
	struct path	 path;
	uint8_t		 kind;		/* enum step_kind */
	uint8_t		 code;		/* of the answer; 0: none */
	uint8_t		 outcome;
	uint8_t		 retransmissions;
	uint16_t	 blocks;
	int32_t		 content_format;
	uint32_t	 bytes, rtt_us;
};

/* Plans made so far: one for each format that was tried, and for each repair. */
struct session_plan {
	struct session_plan	*next;
	struct plan		*plan;
	int			 format;	/* forced; -1: none */
	uint8_t			 repair;
};

struct session {
	struct session		*next[SESSION_KEYS];	/* sessions.c */
	struct service		*svc;
	struct link		*link;
	struct arena		 arena;		/* all that is here, the session itself included */
	struct resolved		 res;		/* lean: name, profile and what was learnt only */
	struct timer		 timer;		/* of a pause, else for the whole session */
	uint64_t		 deadline_ms;
	struct seq		 seq;
	struct session_plan	*plans;
	struct discovery	*discovery;	/* NULL: not asked, or no answer to make use of */
	struct discovery	*repaired;	/* likewise, before the last repair */
	struct step_log		*log, *last;	/* steps that are over, oldest first */
	const char		*why;		/* a sentence that the end needs, or NULL */
	const uint8_t		*oscore;	/* the context that all is protected by, or NULL */
	size_t			 oscore_len;
	uint64_t		 id;
	uint64_t		 started_at_us, progress_at_ms;
	int64_t			 started_wall_ms;
	int			 pct;		/* of the Bootstrap-Request; -1 */
	int			 learnt;	/* format the device took after refusing another; -1 */
	struct path		 path;		/* of the request in flight; before the first, of Discover */
	struct path		 first_path;	/* of Discover */
	uint8_t			 kind;		/* enum step_kind of it */
	bool			 in_flight;
	bool			 paused;	/* the timer is of a pause */
	bool			 pack;		/* it only hands out a Pack: no request is ever made */
	bool			 discover_failed;
	bool			 lean;		/* the record is read again when a plan is made */
	uint8_t			 restarts;	/* quick repetitions of the request that came before */
};

/*
 * What a session is made of. 'arena' holds the room for it (session_room(), before all else) and
 * 'res'; all three are taken over on success.
 */
struct session_start {
	struct session		*room;
	struct link		*link;
	struct arena		*arena;
	const struct resolved	*res;
	int			 pct;
	const uint8_t		*oscore;	/* as in struct exchange_incoming */
	size_t			 oscore_len;
	uint8_t			 restarts;
	struct plan		*pack;		/* the session is to hand it out; in 'arena'. NULL: none */
};
/* Sets up the arena as one session needs it. NULL when out of memory. */
struct session *session_room(struct arena *);
/* Into the table; nothing is sent yet. ERR_NOMEM. */
enum err session_new(struct service *, const struct session_start *, struct session **ret) MUST_CHECK;

void	 session_begin(void *session, struct link *);	/* for exchange_reply.then */

/* Instead, of one with a Pack: fills the answer. It ends when all of it has been asked for. */
void	 session_offer(struct session *, struct exchange_reply *);

/*
 * Ends it: REPLACED (superseded), CANCELLED, TIMEOUT. 'sentence' (may be NULL) is the cause told;
 * static, or in the session's arena.
 */
void	 session_stop(struct session *, enum err why, const char *sentence);
void	 session_link_lost(struct session *, enum err why);	/* before the link is freed */

/* 'peer' holds ADDR_TEXT_MAX, 'step' SESSION_STEP_MAX characters; ret's strings point there. */
void	 session_info(const struct session *, char *peer, char *step, struct session_info *ret);

/* session_plan.c: the plan in a format (-1: the best); on failure s->why may have the sentence. */
#define SESSION_ARENA_LIMIT	(512u << 10)	/* bytes, whatever its record and answers say */
enum err session_plan(struct session *, int format, uint8_t repair, struct plan **ret) MUST_CHECK;

/*
 * session_verify.c: the answer to a Read against what was written. OK, DIFFERS with *drift (in the
 * session's arena; NULL when out of memory), or UNREADABLE: of a format or a form that tells nothing.
 */
struct exchange_result;
enum outcome session_compare(struct session *, const struct plan_step *, const struct exchange_result *,
    const char **drift);

/* session_end.c: counts it, writes the log line, tells the observer. */
struct session_end {
	enum seq_end	 end;
	enum err	 why;
	bool		 stopped;	/* by session_stop() */
	bool		 in_flight;	/* a request was under way when it ended */
};
void	 session_tell_end(struct session *, const struct session_end *);

#endif
