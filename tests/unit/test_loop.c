#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"

static struct loop *loop;

static int
setup(void **state)
{
	(void)state;
	return loop_new(&loop) == ERR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
run(void)
{
	assert_int_equal(loop_run(loop), ERR_OK);
}

/* What the functions under test note, in order. */
static char trail[64];

static void
note(char c)
{
	size_t n = strlen(trail);

	assert_true(n + 1 < sizeof(trail));
	trail[n] = c;
	trail[n + 1] = '\0';
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
clocks_are_sane(void **state)
{
	uint64_t us = loop_now_us(loop);

	(void)state;
	assert_true(loop_now_ms(loop) > 0);
	assert_true(us / 1000 >= loop_now_ms(loop));
	assert_true(loop_now_us(loop) >= us);
	assert_true(loop_wall_ms(loop) > INT64_C(1700000000000));	/* 2023 */
	assert_non_null(loop_base(loop));
}

static void
stop_before_run_is_not_lost(void **state)
{
	struct timer t;

	(void)state;
	loop_stop(loop);
	run();
	timer_init(&t, stop, NULL);	/* and it stops one run only */
	timer_set(loop, &t, 1);
	run();
	assert_false(timer_pending(&t));
}

static void *
stop_from_thread(void *arg)
{
	loop_stop(arg);
	return NULL;
}

static void
stop_from_another_thread_ends_an_idle_loop(void **state)
{
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, stop_from_thread, loop), 0);
	run();
	pthread_join(t, NULL);
}

struct clocked {
	struct timer	timer;
	uint64_t	due_ms;
	int		left;		/* calls until the loop stops */
};

static void
on_clocked(void *arg)
{
	struct clocked *c = arg;

	assert_false(timer_pending(&c->timer));
	assert_true(loop_now_ms(loop) >= c->due_ms);
	if (--c->left == 0) {
		loop_stop(loop);
		return;
	}
	c->due_ms = loop_now_ms(loop) + 3;
	timer_set(loop, &c->timer, 3);
}

static void
timer_is_never_early_and_may_set_itself(void **state)
{
	struct clocked c = { .left = 5 };

	(void)state;
	timer_init(&c.timer, on_clocked, &c);
	assert_false(timer_pending(&c.timer));
	c.due_ms = loop_now_ms(loop) + 10;
	timer_set(loop, &c.timer, 10);
	assert_true(timer_pending(&c.timer));
	run();
	assert_int_equal(c.left, 0);
}

static void
note_a(void *arg)
{
	(void)arg;
	note('a');
}

static void
note_b(void *arg)
{
	(void)arg;
	note('b');
}

static void
cancelled_timer_is_not_called(void **state)
{
	struct timer a, b, end;

	(void)state;
	trail[0] = '\0';
	timer_init(&a, note_a, NULL);
	timer_init(&b, note_b, NULL);
	timer_init(&end, stop, NULL);
	timer_set(loop, &a, 2);
	timer_set(loop, &b, 1);
	timer_set(loop, &end, 3);
	timer_cancel(loop, &a);
	timer_cancel(loop, &a);
	assert_false(timer_pending(&a));
	run();
	assert_string_equal(trail, "b");
}

static void
timers_are_called_in_order_of_time(void **state)
{
	struct timer a, b, end;

	(void)state;
	trail[0] = '\0';
	timer_init(&a, note_a, NULL);
	timer_init(&b, note_b, NULL);
	timer_init(&end, stop, NULL);
	timer_set(loop, &end, 4);
	timer_set(loop, &b, 3);
	timer_set(loop, &a, 2);
	run();
	assert_string_equal(trail, "ab");
}

static void
endless_delay_is_taken(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, stop, NULL);
	timer_set(loop, &t, UINT64_MAX);
	assert_true(timer_pending(&t));
	timer_set(loop, &t, 0);
	run();
}

/* A chain: I/O, a timer that it sets, and what either defers. */
struct chain {
	struct watch	*watch;
	struct timer	 timer;
	struct defer	 one, two;
	int		 fds[2];
	int		 rounds;
};

static void
chain_one(void *arg)
{
	struct chain *c = arg;

	note('1');
	loop_defer(loop, &c->two);
	loop_defer(loop, &c->one);	/* again, but not in this wake-up */
}

static void
chain_two(void *arg)
{
	struct chain *c = arg;

	note('2');
	if (++c->rounds == 3)
		loop_stop(loop);
}

static void
chain_read(void *arg, unsigned events)
{
	struct chain *c = arg;
	char byte;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(c->fds[0], &byte, 1), 1);
	note('r');
	loop_defer(loop, &c->one);
	loop_defer(loop, &c->one);
	timer_set(loop, &c->timer, 0);
	note('.');
}

static void
deferred_work_comes_last_and_once_per_wakeup(void **state)
{
	struct chain c = { .one = { .fn = chain_one, .arg = &c }, .two = { .fn = chain_two, .arg = &c } };

	(void)state;
	trail[0] = '\0';
	timer_init(&c.timer, note_a, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c.fds), 0);
	assert_int_equal(watch_new(loop, c.fds[0], LOOP_READ, chain_read, &c, &c.watch), ERR_OK);
	assert_int_equal(write(c.fds[1], "x", 1), 1);
	run();
	timer_cancel(loop, &c.timer);
	watch_free(c.watch);
	close(c.fds[0]);
	close(c.fds[1]);
	/* the timer may come in between; what was deferred runs once in each of three wake-ups */
	assert_memory_equal(trail, "r.12", 4);
	for (char *p = trail; (p = strchr(p, 'a')) != NULL;)
		memmove(p, p + 1, strlen(p));
	assert_string_equal(trail, "r.121212");
}

static void
work_deferred_before_the_loop_runs_is_done(void **state)
{
	struct defer d = { .fn = stop };

	(void)state;
	loop_defer(loop, &d);
	assert_true(d.queued);
	run();
	assert_false(d.queued);
}

/* Removes itself once both directions were seen. */
struct pair {
	struct watch	*watch;
	int		 fds[2];
	unsigned	 seen;
};

static void
on_pair(void *arg, unsigned events)
{
	struct pair *p = arg;

	p->seen |= events;
	if (events & LOOP_WRITE) {
		watch_want(p->watch, LOOP_READ);
		assert_int_equal(write(p->fds[1], "x", 1), 1);
	}
	if (events & LOOP_READ) {
		watch_free(p->watch);
		p->watch = NULL;
		loop_stop(loop);
	}
}

static void
watch_reports_what_is_wanted_and_may_free_itself(void **state)
{
	struct pair p = { 0 };

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p.fds), 0);
	assert_int_equal(watch_new(loop, p.fds[0], LOOP_NONE, on_pair, &p, &p.watch), ERR_OK);
	watch_want(p.watch, LOOP_WRITE);
	run();
	assert_int_equal(p.seen, LOOP_READ | LOOP_WRITE);
	assert_null(p.watch);
	close(p.fds[0]);
	close(p.fds[1]);
	watch_free(NULL);
}

static void
unwanted_events_are_not_reported(void **state)
{
	struct pair p = { 0 };
	struct timer t;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p.fds), 0);
	assert_int_equal(watch_new(loop, p.fds[0], LOOP_WRITE, on_pair, &p, &p.watch), ERR_OK);
	watch_want(p.watch, LOOP_NONE);
	timer_init(&t, stop, NULL);
	timer_set(loop, &t, 2);
	run();
	assert_int_equal(p.seen, 0);
	watch_free(p.watch);
	close(p.fds[0]);
	close(p.fds[1]);
}

static void
time_stands_still_within_a_wakeup(void **state)
{
	uint64_t now = loop_now_ms(loop), us = loop_now_us(loop);

	(void)state;
	while (loop_now_us(loop) < us + 2000)
		;
	assert_true(loop_now_ms(loop) == now);
	loop_defer(loop, &(struct defer){ .fn = stop });
	run();
	assert_true(loop_now_ms(loop) >= now + 2);
}

/* What libevent waits for is counted in three wake-ups in a row. */
struct idle {
	struct defer	defer;
	struct timer	timer;
	int		count[3];
	size_t		wakeups;
};

static void
on_idle(void *arg)
{
	struct idle *i = arg;

	i->count[i->wakeups++] = event_base_get_num_events(loop_base(loop), EVENT_BASE_COUNT_ADDED);
	if (i->wakeups == 1)
		timer_set(loop, &i->timer, 1000000);
	else if (i->wakeups == 2)
		timer_cancel(loop, &i->timer);
	else
		loop_stop(loop);
	loop_defer(loop, &i->defer);
}

static void
alarm_is_set_only_while_timers_are_pending(void **state)
{
	struct idle i = { .defer = { .fn = on_idle, .arg = &i } };

	(void)state;
	timer_init(&i.timer, note_a, NULL);
	loop_defer(loop, &i.defer);
	run();
	assert_int_equal(i.wakeups, 3);
	assert_int_equal(i.count[1], i.count[0] + 1);
	assert_int_equal(i.count[2], i.count[0]);
}

static void
free_of_nothing_is_a_noop(void **state)
{
	(void)state;
	loop_free(NULL);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(clocks_are_sane),
		T(stop_before_run_is_not_lost),
		T(stop_from_another_thread_ends_an_idle_loop),
		T(timer_is_never_early_and_may_set_itself),
		T(cancelled_timer_is_not_called),
		T(timers_are_called_in_order_of_time),
		T(endless_delay_is_taken),
		T(deferred_work_comes_last_and_once_per_wakeup),
		T(work_deferred_before_the_loop_runs_is_done),
		T(watch_reports_what_is_wanted_and_may_free_itself),
		T(unwanted_events_are_not_reported),
		T(time_stands_still_within_a_wakeup),
		T(alarm_is_set_only_while_timers_are_pending),
		cmocka_unit_test(free_of_nothing_is_a_noop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
