#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"

struct admin;
struct json_t;
struct loop;
struct objdefs;
struct reader;
struct resolver;
struct store;

/*
 * The admin socket: JSON-RPC 2.0, one object a line, over a unix stream socket (interface.md,
 * 6; docs/admin-api.md). Runs in the main thread, the one that writes the store.
 */

/* What only the daemon knows. All in the main thread; JSON results are owned by the caller (json_decref). */
struct admin_backend {
	/* {"version","uptime_s","pid","listeners":[…],"workers":[…],"counters":{…},"limits":{…}} */
	struct json_t	*(*status)(void *arg);
	/* Array of live sessions; 'endpoint' NULL: all; at most 'limit', ids greater than 'after'. */
	struct json_t	*(*sessions)(void *arg, const char *endpoint, uint64_t after, uint32_t limit);
	/*
	 * One live session with its progress, from its worker: 'reply' is called later, once, with
	 * an object it takes, or NULL when the session is gone by then. ERR_NOTFOUND at once when unknown.
	 */
	enum err	 (*session_get)(void *arg, uint64_t id,
			    void (*reply)(void *reply_arg, struct json_t *), void *reply_arg);
	enum err	 (*session_cancel)(void *arg, uint64_t id);	/* ERR_NOTFOUND */
	/*
	 * All object definitions anew: of files, and of the store with what is not committed yet. The
	 * latter have ADMIN_OBJECT_IMPORTED as origin. ERR_INVALID, ERR_IO, ERR_DB, ERR_NOMEM.
	 */
	enum err	 (*objects_load)(void *arg, struct objdefs **ret, struct problem *why);
	/* They are in force from now on: takes the caller's hold, and calls admin_take_objects(). */
	void		 (*objects_take)(void *arg, struct objdefs *);
	void		*arg;
};

#define ADMIN_OBJECT_IMPORTED "imported"

struct admin_opts {
	struct loop		*loop;		/* all borrowed */
	struct store		*store;
	struct reader		*reader;	/* the main thread's own */
	struct resolver		*resolver;
	const struct objdefs	*defs;
	const char		*socket;	/* path; an old socket nobody listens on is replaced */
	const char		*group;		/* may change; NULL or "": root and our own user only */
	const char		*readonly_group;
	uint32_t		 max_line;	/* bytes of one request line */
	uint32_t		 max_connections;
	struct admin_backend	 backend;	/* copied */
};

enum err admin_new(const struct admin_opts *, struct admin **ret, struct problem *why) MUST_CHECK;
/* Definitions that replace those it was made with, which it then uses no more. */
void	 admin_take_objects(struct admin *, const struct objdefs *);
void	 admin_free(struct admin *);		/* closes connections, removes the socket */

#endif
