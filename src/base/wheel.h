#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdint.h>

#include "base/loop.h"

/*
 * Pending timers by time, in ticks of a millisecond: adding and taking out take constant time.
 * No clock of its own: the real loop drives it, and so does the one of the scenario tests.
 */
#define WHEEL_BITS	6				/* of the time per level */
#define WHEEL_SLOTS	(1u << WHEEL_BITS)
#define WHEEL_LEVELS	11				/* all 64 bits */
#define WHEEL_NEVER	UINT64_MAX

struct wheel {
	uint64_t	now;				/* of the last wheel_advance(), ms */
	uint32_t	levels;				/* bit l: some slot of level l is in use */
	uint64_t	used[WHEEL_LEVELS];		/* bit s: slot s of that level is in use */
	struct timer	slots[WHEEL_LEVELS * WHEEL_SLOTS + 1];	/* heads of rings; the last: due now */
};

/* Not to be moved in memory afterwards. */
void	 wheel_init(struct wheel *, uint64_t now_ms);

/* At t->at_ms; a time that has passed counts as now. 't' must not be pending. */
void	 wheel_add(struct wheel *, struct timer *t);
void	 wheel_del(struct wheel *, struct timer *t);	/* of one not pending: a no-op */

/*
 * When to call wheel_advance() next; WHEEL_NEVER when nothing is pending. Not later than the
 * first timer, but it may be earlier (a few times for a timer that is far away).
 */
uint64_t wheel_next_ms(const struct wheel *);

/*
 * Moves to 'now_ms' (never back) and calls the timers due by then, in order of time, equal ones
 * in order of adding. Their functions may add and delete any timer; what they add waits for the
 * next call, even when it is due at once. Not to be called from such a function.
 */
void	 wheel_advance(struct wheel *, uint64_t now_ms);

#endif
