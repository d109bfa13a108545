#ifndef ADMIN_ADMIN_PRIV_H
#define ADMIN_ADMIN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/admin.h"
#include "admin/peercred.h"
#include "admin/rpc.h"
#include "base/log.h"
#include "store/store.h"

struct bufferevent;
struct event;
struct evconnlistener;
struct method;

/*
 * What the files of this folder share. A connection (conn.c) cuts lines, a call (call.c) is
 * one request until it is answered, methods stand in method.c and run in the m_*.c files.
 */

#define OUTPUT_HIGH	(256U * 1024)	/* no more requests read, no more events added */
#define OUTPUT_LOW	(64U * 1024)	/* until the reader has taken all but this */
#define CALLS_MAX	256		/* of one connection, in flight */
#define BATCH_ANSWER_MAX (16U * 1024 * 1024)	/* bytes of one batch's answers */
#define BATCH_READ_US	500000U		/* after which a batch may change, but no more look */
#define TURN_US		50000U		/* of one connection, before others have their turn */
#define PAGE_DEFAULT	100

struct admin {
	struct admin_opts	 opts;
	struct peercred_rules	 rules;
	struct evconnlistener	*listener;
	struct event		*turn;		/* put-off work: resume, pump events, free what closed */
	struct event		*accept_again;	/* after descriptors ran out */
	struct conn		*conns;
	uint32_t		 nconns;
	uint64_t		 next_subscription;
	uint32_t		 unsettled;	/* answers that wait for the disk */
	bool			 profiles_unsettled;
	uint64_t		 bound_dev, bound_ino;	/* of the socket file that is ours */
	uint64_t		 batch_read_us;	/* for tests; 0: BATCH_READ_US */
	struct log_limit	 strangers;
};

struct conn {
	struct admin		*admin;
	struct conn		*next, **prev;
	struct bufferevent	*bev;
	enum role		 role;
	unsigned long		 uid;
	long			 pid;
	size_t			 scanned;	/* bytes of the input known to hold no line end */
	struct call		*calls;		/* in flight */
	uint32_t		 ncalls;
	bool			 eof;		/* nothing more comes in */
	bool			 ending;	/* close when everything is written */
	bool			 dead;		/* freed by the next turn */
	bool			 subscribed;
	uint64_t		 subscription;
	int64_t			 cursor;	/* last event that was sent */
};

/* The answers of a batch, kept until the last one is there. */
struct batch {
	char			**answers;	/* JSON text or NULL; owned */
	size_t			 n, left, bytes;
	uint64_t		 began_us;
};

struct call {
	struct call		*next, **prev;	/* in its connection's list */
	struct admin		*admin;		/* not to be used once conn is NULL */
	struct conn		*conn;		/* NULL: it is gone, nobody waits for the answer */
	struct batch		*batch;		/* NULL: stands alone */
	size_t			 slot;
	struct json_t		*id;		/* owned; NULL: a notification */
	const struct method	*method;
	struct store_waiter	 waiter;
	struct json_t		*result;	/* owned; while it waits for the disk */
};

/* conn.c */

/* Takes the descriptor: a connected stream socket whose other end is 'peer'. Also for tests. */
void	 admin_adopt(struct admin *, int fd, const struct peercred *);
void	 conn_turn(struct conn *);		/* goes on with whatever was held back */
void	 conn_write(struct conn *, const char *text, size_t len);	/* adds the line end */
void	 conn_close(struct conn *);		/* what it had in flight is answered to nobody */
void	 conn_free(struct conn *);		/* of a dead one; only from a turn */
bool	 conn_has_room(const struct conn *);

/* admin.c */
void	 admin_later(struct admin *);		/* a turn at the end of this wake-up */
/* What was changed and not yet committed becomes visible to the reader, or is undone. */
void	 admin_settle(struct admin *);

/* call.c: each call ends by exactly one of these. */
void	 call_line(struct conn *, char *line, size_t len);	/* runs the request or batch of a line */
void	 call_result(struct call *, struct json_t *result);	/* takes; NULL: out of memory */
void	 call_fail(struct call *, struct rpc_fault *);
void	 call_refuse(struct call *, enum rpc_error, const char *reason, const char *where,
    const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The answer when everything changed so far is on disk, RPC_UNAVAILABLE when it is not to be. */
void	 call_result_when_durable(struct call *, struct json_t *result);
void	 call_detach(struct call *);

/* m_event.c */
void	 events_pump(struct conn *);		/* sends what is new, as far as the reader keeps up */

#endif
