#ifndef DAEMON_LETTERS_H
#define DAEMON_LETTERS_H

#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "store/history.h"

struct objdefs;
struct dtls_shared;
struct worker;

/* What workers and the main thread say to each other. Posted letters belong to the receiver. */

enum report_kind {
	REPORT_STARTED,		/* a session began */
	REPORT_ENDED,		/* one ended, or a request was refused */
	REPORT_HANDSHAKE,	/* a handshake came to nothing */
	REPORT_FOUND,		/* the answer to ORDER_FIND */
	REPORT_ALIVE,		/* the answer to ORDER_PING */
	REPORT_DRAINED,		/* after ORDER_DRAIN: no session is left */
	REPORT_STAYS,		/* the answer to ORDER_SUPERSEDE, when the older session goes on */
};

/* Worker to main. Texts live in the arena. */
struct report {
	struct letter	 letter;
	enum report_kind kind;
	struct worker	*worker;
	struct arena	 arena;
	uint64_t	 session;	/* STARTED, ENDED, FOUND; STAYS: the older one */
	uint64_t	 newer;		/* STAYS */
	const char	*endpoint;	/* STARTED */
	const char	*peer;		/* STARTED, HANDSHAKE */
	const char	*scheme;	/* STARTED */
	int64_t		 at_ms;		/* STARTED, HANDSHAKE: wall clock */
	const struct history *history;	/* ENDED; NULL when the main thread is too far behind to keep it */
	const char	*reason, *cause, *identity;	/* HANDSHAKE; identity printable, or NULL */
	void		*request;	/* FOUND: as it came */
	bool		 live;		/* FOUND: the rest is set */
	const char	*state, *step;	/* FOUND */
	size_t		 step_number, nsteps;
	uint32_t	 age_ms;
};

enum order_kind {
	ORDER_CANCEL, ORDER_SUPERSEDE, ORDER_FIND, ORDER_PING, ORDER_POLICY, ORDER_OBJECTS, ORDER_DTLS,
	ORDER_DRAIN, ORDER_STOP,
};

/* Main to worker. Plain data. */
struct order {
	struct letter	 letter;
	enum order_kind	 kind;
	uint64_t	 session;	/* CANCEL, SUPERSEDE, FIND */
	uint64_t	 newer;		/* SUPERSEDE: the session elsewhere */
	char		 peer[ADDR_TEXT_MAX];	/* SUPERSEDE: of it */
	bool		 proven;	/* SUPERSEDE: its device has shown who it is */
	enum err	 why;		/* CANCEL */
	void		*request;	/* FOUND carries it back */
	uint64_t	 session_timeout_ms;	/* POLICY */
	int		 unknown_endpoint;	/* POLICY: enum service_unknown */
	bool		 pack;		/* POLICY */
	struct objdefs	*defs;		/* OBJECTS: with a hold of the order's own */
	struct dtls_shared *dtls;	/* DTLS: likewise */
};

/* A report with an empty arena, or NULL. letters_report_free() wipes it. */
struct report	*letters_report(enum report_kind, struct worker *);
void		 letters_report_free(struct report *);

/* A deep copy into the arena, or NULL when out of memory. */
const struct history *letters_copy_history(struct arena *, const struct history *);

#endif
