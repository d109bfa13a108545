#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct event_base;	/* libevent's; for the folders that may speak it */
struct loop;
struct watch;

/*
 * One thread's event loop: descriptors, timers, work put off to the end of a wake-up, and
 * wake-ups from other threads. Everything but loop_stop() and mailbox_post() belongs to the
 * thread that runs it. Scenario tests link another implementation with a clock of their own.
 */
enum err	 loop_new(struct loop **ret) MUST_CHECK;	/* caller frees with loop_free */
void		 loop_free(struct loop *);			/* timers and watches must be gone */
enum err	 loop_run(struct loop *) MUST_CHECK;		/* until loop_stop() */
void		 loop_stop(struct loop *);			/* from any thread */
struct event_base *loop_base(struct loop *);

/* Monotonic milliseconds, as of this wake-up; never 0. */
uint64_t	 loop_now_ms(const struct loop *);
/* Monotonic microseconds, read now: for durations worth telling. */
uint64_t	 loop_now_us(const struct loop *);
/* Milliseconds since 1970 UTC. */
int64_t		 loop_wall_ms(const struct loop *);

/*
 * A timer stands in its owner's struct. Setting, moving and cancelling take constant time
 * however many are pending. It fires once, never early, and not before the next wake-up.
 */
typedef void (*timer_fn)(void *arg);
struct timer {
	struct timer	*next, **prev;	/* private; prev == NULL: not pending */
	uint64_t	 at_ms;
	timer_fn	 fn;
	void		*arg;		/* borrowed */
};
void		 timer_init(struct timer *, timer_fn, void *arg);
void		 timer_set(struct loop *, struct timer *, uint64_t delay_ms);
void		 timer_cancel(struct loop *, struct timer *);	/* of one not pending: a no-op */
bool		 timer_pending(const struct timer *);

/* Work for the end of this wake-up, before the loop sleeps; once per wake-up however often asked. */
struct defer {
	struct defer	*next;		/* private, as are the next two */
	bool		 queued;
	uint64_t	 ran;
	void		(*fn)(void *arg);
	void		*arg;
};
void		 loop_defer(struct loop *, struct defer *);

/* A descriptor to wait for; the descriptor stays the caller's. */
enum loop_events { LOOP_NONE = 0, LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void (*watch_fn)(void *arg, unsigned events);
enum err	 watch_new(struct loop *, int fd, unsigned events, watch_fn, void *arg,
		    struct watch **ret) MUST_CHECK;
void		 watch_want(struct watch *, unsigned events);
void		 watch_free(struct watch *);

/*
 * Messages between threads: posted by any, delivered in order of posting (per poster) in the
 * thread of the loop. Posting waits for nobody.
 */
struct letter {			/* first member of what is posted */
	struct letter	*next;
};
struct mailbox;
typedef void (*mailbox_fn)(void *arg, struct letter *);	/* takes the letter */
enum err	 mailbox_new(struct loop *, mailbox_fn, void *arg, struct mailbox **ret) MUST_CHECK;
void		 mailbox_post(struct mailbox *, struct letter *);	/* takes the letter */
void		 mailbox_free(struct mailbox *);	/* hands undelivered letters to the function first */

#endif
