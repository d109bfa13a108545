#ifndef BOOTSTRAP_SERVICE_H
#define BOOTSTRAP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/err.h"

struct exchange;
struct exchange_incoming;
struct exchange_reply;
struct history;
struct link;
struct loop;
struct objdefs;
struct reader;
struct resolver;
struct service;

/*
 * The bootstrap service of one worker: answers /bs and /bspack, and runs the sessions.
 * A session is one bootstrap run of one device, at most one per device; a new
 * Bootstrap-Request of an authorised device supersedes its older session. The delivery of a
 * Bootstrap-Pack is one, too, from its first block to its last.
 */

enum service_unknown { SERVICE_REFUSE, SERVICE_IGNORE };

/* A live session, for lists. Strings are borrowed for the call. */
struct session_info {
	uint64_t	 id;
	const char	*endpoint;
	const char	*peer;
	const char	*scheme;
	const char	*state;		/* seq_state_name() */
	const char	*step;		/* "write /0/1", or "" */
	size_t		 step_number, nsteps;	/* 1-based; 0 before the plan is there */
	int64_t		 started_ms;	/* wall clock */
	uint32_t	 age_ms;
};

/* What is told upward, in the worker's thread. Any may be NULL. Nothing is kept by the callee. */
struct service_observer {
	void	(*started)(void *arg, const struct session_info *);
	void	(*ended)(void *arg, const struct history *);	/* also for refusals, see refusals_per_s */
	void	*arg;
};

struct service_opts {
	struct loop		*loop;		/* all borrowed */
	struct exchange		*exchange;
	struct reader		*reader;
	struct resolver		*resolver;
	const struct objdefs	*defs;
	uint64_t		 session_timeout_ms;	/* for the whole session */
	enum service_unknown	 unknown_endpoint;
	bool			 pack;			/* Bootstrap-Pack is offered; else 5.01 */
	uint32_t		 max_sessions;
	uint32_t		 refusals_per_s;	/* told to 'ended'; more are only counted */
	uint16_t		 worker;		/* number of the worker, part of session ids */
	struct service_observer	 observer;		/* copied */
};

enum err service_new(const struct service_opts *, struct service **ret) MUST_CHECK;
void	 service_free(struct service *);	/* ends what is open as cancelled */

/* For struct exchange_opts; 'service' is the arg. */
void	 service_handle(void *service, struct link *, const struct exchange_incoming *,
    struct exchange_reply *);
void	 service_link_gone(void *service, struct link *, enum err why);

/* What may change while it runs; sessions that are open keep their time. */
void	 service_policy(struct service *, uint64_t session_timeout_ms, enum service_unknown, bool pack);

/* Other definitions, borrowed: open sessions plan with them from now on, and keep nothing of the old. */
void	 service_take_objects(struct service *, const struct objdefs *);

/* From now on no new sessions: Bootstrap-Requests are ignored. For a drain before the end. */
void	 service_drain(struct service *);
size_t	 service_live(const struct service *);

/* Ends a session. ERR_NOTFOUND. 'why': ERR_CANCELLED (operator), ERR_REPLACED (newer one elsewhere). */
enum err service_cancel(struct service *, uint64_t id, enum err why) MUST_CHECK;
/*
 * A newer session of the same device has begun at another worker, whose peer is 'peer'
 * ("192.0.2.1:1000"), with a proven identity or without. Ends the older one by the same rules as
 * if both were here (docs/who-may-bootstrap.md). ERR_BUSY: it goes on. ERR_NOTFOUND.
 */
enum err service_supersede(struct service *, uint64_t id, const char *peer, bool proven) MUST_CHECK;
enum err service_find(struct service *, uint64_t id, struct session_info *ret) MUST_CHECK;

#define SERVICE_COUNTERS(X)								\
	X(requests) X(pack_requests) X(packs)	/* handed out */		\
	X(sessions)	/* now */						\
	X(started) X(finished) X(failed) X(superseded) X(cancelled)			\
	X(refused_unknown_endpoint) X(refused_not_authorised) X(refused_disabled)	\
	X(refused_no_config) X(refused_limit) X(refused_bad_request) X(store_errors)
struct service_stats {
#define X(name) struct counter name;
	SERVICE_COUNTERS(X)
#undef X
};
const struct service_stats *service_stats(const struct service *);

#endif
