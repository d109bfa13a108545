#ifndef BOOTSTRAP_SEQ_H
#define BOOTSTRAP_SEQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct plan;

/*
 * In which order, and what if the device refuses. Pure: seq_step() sends nothing, allocates
 * nothing, reads no clock; the caller does what the action says and reports back with the
 * next event. Total: every state x event has a defined result.
 */

enum seq_event_kind {
	SEQ_EV_START,		/* the Bootstrap-Request has been answered 2.04 */
	SEQ_EV_PLANNED,		/* the plan asked for is there */
	SEQ_EV_ANSWER,		/* the device answered the request in flight */
	SEQ_EV_LOST,		/* no answer (TIMEOUT), or a Reset (RESET), or the link died */
	SEQ_EV_DRIFT,		/* the answer to a READ differs from what was written */
	SEQ_EV_WAITED,		/* the pause asked for is over */
	SEQ_EV_STOP,		/* superseded, cancelled, out of time, or no plan: 'why' */
};
#define SEQ_NEVENTS	(SEQ_EV_STOP + 1)

struct seq_event {
	enum seq_event_kind	 kind;
	uint8_t			 code;	/* ANSWER */
	bool			 repeated;	/* ANSWER: the request had been sent more than once */
	enum err		 why;	/* LOST, STOP; PLANNED without a plan */
	const struct plan	*plan;	/* PLANNED: borrowed until the end; NULL: none can be made */
};

enum seq_action_kind {
	SEQ_DO_NOTHING,
	SEQ_DO_DISCOVER,	/* send Bootstrap-Discover, of the target number 'target' */
	SEQ_DO_PLAN,		/* make the plan (with 'format', forced, unless -1) and say PLANNED */
	SEQ_DO_SEND,		/* send plan step number 'step' */
	SEQ_DO_WAIT,		/* say WAITED after 'wait_ms' */
	SEQ_DO_CLOSE,		/* the end: record it and forget the session */
};

enum seq_end { SEQ_END_NONE, SEQ_END_FINISHED, SEQ_END_FAILED };

struct seq_action {
	enum seq_action_kind	 kind;
	size_t			 step;
	int			 format;	/* PLAN */
	uint8_t			 repair;	/* DISCOVER, PLAN: for which repair, from 1; 0: none */
	uint8_t			 target;	/* DISCOVER: 0, then 1 when that was refused */
	bool			 any_format;	/* SEND of a READ: without Accept */
	uint32_t		 wait_ms;	/* WAIT */
	bool			 passed_over;	/* the step just reported was refused; never mind */
	bool			 presumed;	/* it counts as done, whatever was answered; see presumed() */
	bool			 learnt;	/* the format in use is a lesson for the next time */
	enum seq_end		 end;		/* CLOSE */
	enum err		 why;		/* CLOSE with FAILED */
};

struct seq_opts {
	uint8_t			 targets;	/* to ask in turn before the plan; 0: do not ask */
	uint8_t			 repair_targets; /* likewise before a repair */
	uint32_t		 pause_ms;	/* before all else; 0: none */
};

/* In place. Fields are private, but 'plan', 'step' and 'repairs' may be read. */
struct seq {
	uint8_t			 state;
	uint8_t			 format;	/* index into plan->formats: in use */
	uint8_t			 proven;	/* index: in use before this step's trials */
	uint8_t			 tried;		/* bit per index: refused at this step */
	uint8_t			 targets, target;	/* to ask, and which one is being asked */
	uint8_t			 repair_targets;
	uint8_t			 repairs;	/* begun */
	uint8_t			 retries;	/* of this step, after 5.03 */
	uint8_t			 resume;	/* enum state to go back to after a pause */
	bool			 repairable;	/* something was refused that another try may change */
	bool			 any_format;	/* this READ is repeated without Accept */
	bool			 forced;	/* the plan in use was asked for in one format */
	bool			 proven_forced;	/* the same, before this step's trials */
	bool			 spoke_of_format; /* the refusal that is being worked on */
	bool			 cleanup;	/* the write before was refused and passed over */
	uint32_t		 pause_ms;
	uint32_t		 step;
	uint64_t		 refused;	/* accounts a write of which was passed over */
	const struct plan	*plan;
};

void	 seq_init(struct seq *, const struct seq_opts *);
struct seq_action seq_step(struct seq *, const struct seq_event *) MUST_CHECK;

/* For logs and "session.get"; static storage: "new", "discovering", "applying", … */
const char *seq_state_name(const struct seq *);
/* For the test that walks the whole product. */
size_t	 seq_nstates(void);

#endif
