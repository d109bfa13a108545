#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/wheel.h"

/*
 * One turn of the loop is a wake-up: libevent calls what is ready (descriptors, mailboxes), then
 * due timers are called, then deferred work. libevent's own timer only ends its sleep: it
 * counts in a coarser clock than ours.
 */
struct loop {
	struct event_base	*base;
	struct event		*alarm;		/* pending only while timers are */
	uint64_t		 alarm_ms;	/* what it is set to; WHEEL_NEVER: not pending */
	struct event		*stop_event;
	int			 stop_fd;
	atomic_bool		 stop;
	struct clock_cache {
		uint64_t	 now_ms;
		bool		 fresh;		/* read since libevent's last sleep */
	} *clock;				/* the loop's own; apart, so that reading it is const */
	uint64_t		 wakeup;	/* counts turns, from 1 */
	bool			 draining;
	struct defer		*defers, **defers_end;	/* for this turn */
	struct defer		*later, **later_end;	/* for the next, which comes at once */
	struct wheel		 wheel;
};

struct watch {
	struct event	*event;
	struct event_base *base;
	int		 fd;
	unsigned	 events;
	watch_fn	 fn;
	void		*arg;
};

struct mailbox {
	_Atomic(struct letter *) posted;	/* newest first */
	struct letter	*batch;			/* taken over, oldest first */
	struct event	*event;
	int		 fd;			/* an eventfd: readable when 'posted' filled up */
	bool		*freed;			/* of a delivery that is under way */
	mailbox_fn	 fn;
	void		*arg;
};

static uint64_t
clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
loop_now_ms(const struct loop *l)
{
	if (!l->clock->fresh) {
		uint64_t ms = clock_us(CLOCK_MONOTONIC) / 1000;

		l->clock->now_ms = ms > 0 ? ms : 1;
		l->clock->fresh = true;
	}
	return l->clock->now_ms;
}

uint64_t
loop_now_us(const struct loop *l)
{
	(void)l;
	return clock_us(CLOCK_MONOTONIC);
}

int64_t
loop_wall_ms(const struct loop *l)
{
	(void)l;
	return (int64_t)(clock_us(CLOCK_REALTIME) / 1000);
}

static void
ring(int fd)
{
	ssize_t n;

	do
		n = write(fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	while (n < 0 && errno == EINTR);	/* EAGAIN: the bell has rung often enough */
}

static void
silence(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void
on_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->alarm_ms = WHEEL_NEVER;	/* timers are called by turn() */
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	(void)arg;
	silence(fd);
}

/* An eventfd that is watched at once. */
static enum err
bell_new(struct event_base *base, event_callback_fn fn, void *arg, int *ret_fd, struct event **ret)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct event *ev;

	if (fd < 0)
		return ERR_IO;
	ev = event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);
	if (ev == NULL || event_add(ev, NULL) != 0) {
		if (ev != NULL)
			event_free(ev);
		close(fd);
		return ERR_NOMEM;
	}
	*ret_fd = fd;
	*ret = ev;
	return ERR_OK;
}

static struct event_base *
base_new(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base = NULL;

	if (cfg == NULL)
		return NULL;
	/* One thread uses the base; others ring bells. */
	if (event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	return base;
}

enum err
loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));
	enum err e = ERR_NOMEM;

	if (l == NULL)
		return ERR_NOMEM;
	l->stop_fd = -1;
	l->alarm_ms = WHEEL_NEVER;
	l->wakeup = 1;
	l->defers_end = &l->defers;
	l->later_end = &l->later;
	l->clock = calloc(1, sizeof(*l->clock));
	l->base = base_new();
	if (l->clock == NULL || l->base == NULL)
		goto out;
	wheel_init(&l->wheel, loop_now_ms(l));
	l->alarm = evtimer_new(l->base, on_alarm, l);
	if (l->alarm == NULL)
		goto out;
	e = bell_new(l->base, on_stop, NULL, &l->stop_fd, &l->stop_event);
	if (e != ERR_OK)
		goto out;
	*ret = l;
	l = NULL;
out:
	loop_free(l);
	return e;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	assert(l->wheel.levels == 0);
	if (l->alarm != NULL)
		event_free(l->alarm);
	if (l->stop_event != NULL)
		event_free(l->stop_event);
	if (l->stop_fd >= 0)
		close(l->stop_fd);
	if (l->base != NULL)
		event_base_free(l->base);
	free(l->clock);
	free(l);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

void
loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	ring(l->stop_fd);
}

/* Only here does libevent hear of timers, once a turn however many were set. */
static void
set_alarm(struct loop *l)
{
	uint64_t next = wheel_next_ms(&l->wheel), now, delay;
	struct timeval tv;

	if (next == l->alarm_ms)
		return;
	l->alarm_ms = next;
	if (next == WHEEL_NEVER) {
		event_del(l->alarm);
		return;
	}
	now = loop_now_ms(l);
	delay = next > now ? next - now : 0;
	if (delay > 86400000)		/* a wake-up a day; and every time_t holds it */
		delay = 86400000;
	tv = (struct timeval){ .tv_sec = (time_t)(delay / 1000),
		.tv_usec = (suseconds_t)(delay % 1000 * 1000) };
	if (event_add(l->alarm, &tv) != 0)
		l->alarm_ms = WHEEL_NEVER;	/* out of memory: again at the next turn */
}

/* Whatever asks to be called a second time in this turn has gone to 'later'. */
static void
drain(struct loop *l)
{
	struct defer *d;

	l->draining = true;
	while ((d = l->defers) != NULL) {
		l->defers = d->next;
		if (l->defers == NULL)
			l->defers_end = &l->defers;
		d->next = NULL;
		d->queued = false;
		d->ran = l->wakeup;
		d->fn(d->arg);
	}
	l->draining = false;
	if (l->later != NULL) {
		l->defers = l->later;
		l->defers_end = l->later_end;
		l->later = NULL;
		l->later_end = &l->later;
	}
}

void
loop_defer(struct loop *l, struct defer *d)
{
	struct defer ***end = l->draining && d->ran == l->wakeup ? &l->later_end : &l->defers_end;

	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	**end = d;
	*end = &d->next;
}

static enum err
turn(struct loop *l)
{
	int flags = EVLOOP_ONCE;

	set_alarm(l);
	if (l->defers != NULL)
		flags |= EVLOOP_NONBLOCK;
	l->clock->fresh = false;
	if (event_base_loop(l->base, flags) < 0)
		return ERR_IO;
	if (wheel_next_ms(&l->wheel) <= loop_now_ms(l))
		wheel_advance(&l->wheel, loop_now_ms(l));
	drain(l);
	l->wakeup++;
	return ERR_OK;
}

enum err
loop_run(struct loop *l)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && !atomic_load(&l->stop))
		e = turn(l);
	atomic_store(&l->stop, false);
	return e;
}

void
timer_init(struct timer *t, timer_fn fn, void *arg)
{
	*t = (struct timer){ .fn = fn, .arg = arg };
}

void
timer_set(struct loop *l, struct timer *t, uint64_t delay_ms)
{
	uint64_t now = loop_now_ms(l), most = WHEEL_NEVER - 1 - now;
	uint64_t delay = delay_ms > 0 ? delay_ms : 1;	/* the tick of this wake-up is still to come */

	wheel_del(&l->wheel, t);
	t->at_ms = now + (delay < most ? delay : most);
	wheel_add(&l->wheel, t);
}

void
timer_cancel(struct loop *l, struct timer *t)
{
	wheel_del(&l->wheel, t);
}

bool
timer_pending(const struct timer *t)
{
	return t->prev != NULL;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	unsigned events = 0;

	(void)fd;
	if (what & EV_READ)
		events |= LOOP_READ;
	if (what & EV_WRITE)
		events |= LOOP_WRITE;
	w->fn(w->arg, events);		/* may free 'w' */
}

static short
wanted(unsigned events)
{
	return (short)(EV_PERSIST | (events & LOOP_READ ? EV_READ : 0) |
	    (events & LOOP_WRITE ? EV_WRITE : 0));
}

enum err
watch_new(struct loop *l, int fd, unsigned events, watch_fn fn, void *arg, struct watch **ret)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return ERR_NOMEM;
	*w = (struct watch){ .base = l->base, .fd = fd, .events = events, .fn = fn, .arg = arg };
	w->event = event_new(l->base, fd, wanted(events), on_watch, w);
	if (w->event == NULL) {
		free(w);
		return ERR_NOMEM;
	}
	if (events != LOOP_NONE && event_add(w->event, NULL) != 0) {
		watch_free(w);
		return ERR_IO;		/* such as a plain file, which epoll does not take */
	}
	*ret = w;
	return ERR_OK;
}

void
watch_want(struct watch *w, unsigned events)
{
	if (w->events == events)
		return;
	w->events = events;
	event_del(w->event);
	event_assign(w->event, w->base, w->fd, wanted(events), on_watch, w);
	if (events != LOOP_NONE && event_add(w->event, NULL) != 0)
		log_error("loop: descriptor %d cannot be watched", w->fd);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	event_free(w->event);
	free(w);
}

/* Appends what was posted to the batch, oldest first. */
static void
collect(struct mailbox *m)
{
	struct letter *stack = atomic_exchange_explicit(&m->posted, NULL, memory_order_acquire);
	struct letter **end = &m->batch, *fifo = NULL;

	while (stack != NULL) {
		struct letter *l = stack;

		stack = l->next;
		l->next = fifo;
		fifo = l;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = fifo;
}

/* The function may free the mailbox, which then has delivered the rest itself. */
static void
deliver(struct mailbox *m)
{
	bool freed = false;

	m->freed = &freed;
	while (m->batch != NULL) {
		struct letter *l = m->batch;

		m->batch = l->next;
		l->next = NULL;
		m->fn(m->arg, l);
		if (freed)
			return;
	}
	m->freed = NULL;
}

static void
on_post(evutil_socket_t fd, short what, void *arg)
{
	struct mailbox *m = arg;

	(void)what;
	silence(fd);		/* before collecting: what is posted from here on rings again */
	collect(m);
	deliver(m);
}

enum err
mailbox_new(struct loop *l, mailbox_fn fn, void *arg, struct mailbox **ret)
{
	struct mailbox *m = calloc(1, sizeof(*m));
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	m->fn = fn;
	m->arg = arg;
	e = bell_new(l->base, on_post, m, &m->fd, &m->event);
	if (e != ERR_OK) {
		free(m);
		return e;
	}
	*ret = m;
	return ERR_OK;
}

void
mailbox_post(struct mailbox *m, struct letter *l)
{
	struct letter *head = atomic_load_explicit(&m->posted, memory_order_relaxed);

	do
		l->next = head;
	while (!atomic_compare_exchange_weak_explicit(&m->posted, &head, l, memory_order_release,
	    memory_order_relaxed));
	if (head == NULL)
		ring(m->fd);
}

void
mailbox_free(struct mailbox *m)
{
	bool *under_way;

	if (m == NULL)
		return;
	under_way = m->freed;
	collect(m);
	deliver(m);
	if (under_way != NULL)
		*under_way = true;
	event_free(m->event);
	close(m->fd);
	free(m);
}
