#include <assert.h>
#include <stdlib.h>

#include "base/loop.h"
#include "lib/fake_net.h"

/* More wake-ups without the clock moving than any sound test has: a timer that sets itself. */
#define SPIN_MAX	100000

struct mailbox {
	struct mailbox	*next;
	struct loop	*loop;
	mailbox_fn	 fn;
	void		*arg;
	struct letter	*first, **last;
};

struct watch {			/* never fires: there are no descriptors in virtual time */
	struct loop	*loop;
};

struct loop {
	uint64_t	 now_ms;
	struct timer	*timers;	/* by time, then by when they were set */
	struct defer	*defers, **last_defer;
	struct mailbox	*mailboxes;
	size_t		 nwatches;
	bool		 stop;
};

enum err
loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	l->now_ms = 1000;
	l->last_defer = &l->defers;
	*ret = l;
	return ERR_OK;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	assert(l->timers == NULL && l->nwatches == 0 && l->mailboxes == NULL);
	free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	(void)l;
	return NULL;
}

uint64_t
loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

uint64_t
loop_now_us(const struct loop *l)
{
	return l->now_ms * 1000;
}

int64_t
loop_wall_ms(const struct loop *l)
{
	return 1767225600000 + (int64_t)l->now_ms;	/* 2026-01-01 */
}

/* --- timers --- */

void
timer_init(struct timer *t, timer_fn fn, void *arg)
{
	*t = (struct timer){ .fn = fn, .arg = arg };
}

bool
timer_pending(const struct timer *t)
{
	return t->prev != NULL;
}

void
timer_cancel(struct loop *l, struct timer *t)
{
	(void)l;
	if (t->prev == NULL)
		return;
	*t->prev = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	t->next = NULL;
	t->prev = NULL;
}

void
timer_set(struct loop *l, struct timer *t, uint64_t delay_ms)
{
	struct timer **at = &l->timers;

	assert(t->fn != NULL);
	timer_cancel(l, t);
	t->at_ms = l->now_ms + delay_ms;
	while (*at != NULL && (*at)->at_ms <= t->at_ms)
		at = &(*at)->next;
	t->next = *at;
	t->prev = at;
	if (t->next != NULL)
		t->next->prev = &t->next;
	*at = t;
}

size_t
fake_loop_timers(const struct loop *l)
{
	size_t n = 0;

	for (const struct timer *t = l->timers; t != NULL; t = t->next)
		n++;
	return n;
}

uint64_t
fake_loop_next_ms(const struct loop *l)
{
	if (l->timers == NULL)
		return UINT64_MAX;
	return l->timers->at_ms > l->now_ms ? l->timers->at_ms - l->now_ms : 0;
}

/* --- letters and deferred work --- */

void
loop_defer(struct loop *l, struct defer *d)
{
	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	*l->last_defer = d;
	l->last_defer = &d->next;
}

static bool
deliver(struct mailbox *m)
{
	struct letter *letter = m->first;

	if (letter == NULL)
		return false;
	m->first = letter->next;
	if (m->first == NULL)
		m->last = &m->first;
	letter->next = NULL;
	m->fn(m->arg, letter);
	return true;
}

static bool
deliver_any(struct loop *l)
{
	for (struct mailbox *m = l->mailboxes; m != NULL; m = m->next)
		if (deliver(m))
			return true;	/* the list may have changed */
	return false;
}

static bool
run_deferred(struct loop *l)
{
	struct defer *d = l->defers;

	if (d == NULL)
		return false;
	l->defers = d->next;
	if (l->defers == NULL)
		l->last_defer = &l->defers;
	d->queued = false;
	d->fn(d->arg);
	return true;
}

void
fake_loop_settle(struct loop *l)
{
	int spins = 0;

	while (deliver_any(l) || run_deferred(l))
		assert(++spins < SPIN_MAX);
}

static void
fire_first(struct loop *l)
{
	struct timer *t = l->timers;

	if (t->at_ms > l->now_ms)
		l->now_ms = t->at_ms;
	timer_cancel(l, t);
	t->fn(t->arg);
	fake_loop_settle(l);
}

void
fake_loop_advance(struct loop *l, uint64_t ms)
{
	uint64_t end = l->now_ms + ms, moved_at = 0;
	int spins = 0;

	fake_loop_settle(l);
	while (l->timers != NULL && l->timers->at_ms <= end) {
		fire_first(l);
		spins = l->now_ms == moved_at ? spins + 1 : 0;
		moved_at = l->now_ms;
		assert(spins < SPIN_MAX);
	}
	l->now_ms = end;
}

/* Jumps from timer to timer until somebody stops it, or nothing more can happen. */
enum err
loop_run(struct loop *l)
{
	l->stop = false;
	fake_loop_settle(l);
	while (!l->stop && l->timers != NULL)
		fire_first(l);
	return ERR_OK;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

enum err
mailbox_new(struct loop *l, mailbox_fn fn, void *arg, struct mailbox **ret)
{
	struct mailbox *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return ERR_NOMEM;
	*m = (struct mailbox){ .next = l->mailboxes, .loop = l, .fn = fn, .arg = arg };
	m->last = &m->first;
	l->mailboxes = m;
	*ret = m;
	return ERR_OK;
}

void
mailbox_post(struct mailbox *m, struct letter *letter)
{
	letter->next = NULL;
	*m->last = letter;
	m->last = &letter->next;
}

void
mailbox_free(struct mailbox *m)
{
	if (m == NULL)
		return;
	while (deliver(m))
		;
	for (struct mailbox **at = &m->loop->mailboxes; *at != NULL; at = &(*at)->next)
		if (*at == m) {
			*at = m->next;
			break;
		}
	free(m);
}

/* --- watches --- */

enum err
watch_new(struct loop *l, int fd, unsigned events, watch_fn fn, void *arg, struct watch **ret)
{
	struct watch *w = calloc(1, sizeof(*w));

	(void)fd;
	(void)events;
	(void)fn;
	(void)arg;
	if (w == NULL)
		return ERR_NOMEM;
	w->loop = l;
	l->nwatches++;
	*ret = w;
	return ERR_OK;
}

void
watch_want(struct watch *w, unsigned events)
{
	(void)w;
	(void)events;
}

void
watch_free(struct watch *w)
{
	if (w != NULL)
		w->loop->nwatches--;
	free(w);
}
