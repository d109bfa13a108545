#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wheel.h"

#define START	UINT64_C(1234567890)

/* Every call leaves its number and the time it was due. */
struct shot {
	struct wheel	*wheel;
	struct timer	 timer;
	struct shot	*other;		/* what the function does something to */
	uint64_t	 delay_ms;
	unsigned	 id;
};

static struct {
	unsigned	id;
	uint64_t	at_ms;		/* what it was due at */
	uint64_t	now_ms;		/* the wheel's when it was called */
} calls[70000];
static size_t ncalls;

static void
note(void *arg)
{
	struct shot *s = arg;

	calls[ncalls].id = s->id;
	calls[ncalls].at_ms = s->timer.at_ms;
	calls[ncalls++].now_ms = s->wheel->now;
}

static void
set(struct shot *s, uint64_t at_ms)
{
	wheel_del(s->wheel, &s->timer);
	s->timer.at_ms = at_ms;
	wheel_add(s->wheel, &s->timer);
}

static void
note_and_set_other(void *arg)
{
	struct shot *s = arg;

	note(s);
	set(s->other, s->wheel->now + s->delay_ms);
}

static void
note_and_del_other(void *arg)
{
	struct shot *s = arg;

	note(s);
	wheel_del(s->wheel, &s->other->timer);
}

static void
shot_init(struct shot *s, struct wheel *w, unsigned id, timer_fn fn)
{
	*s = (struct shot){ .wheel = w, .id = id, .timer = { .fn = fn, .arg = s } };
}

static int
setup(void **state)
{
	struct wheel *w = malloc(sizeof(*w));

	if (w == NULL)
		return -1;
	wheel_init(w, START);
	ncalls = 0;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
empty_wheel_has_no_next(void **state)
{
	struct wheel *w = *state;

	assert_true(wheel_next_ms(w) == WHEEL_NEVER);
	wheel_advance(w, START + 1000000);
	assert_true(wheel_next_ms(w) == WHEEL_NEVER);
}

static void
timer_is_called_when_due_and_never_before(void **state)
{
	static const uint64_t delays[] = {
		1, 2, 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 16777216, 247000, 1073741824, 4294967295,
		4294967296, UINT64_C(1) << 40, UINT64_C(1) << 62,
	};
	struct wheel *w = *state;
	uint64_t now = START;
	struct shot s;

	shot_init(&s, w, 1, note);
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		size_t turns = 0;

		ncalls = 0;
		set(&s, now + delays[i]);
		while (ncalls == 0) {
			uint64_t next = wheel_next_ms(w);

			assert_true(next <= now + delays[i]);
			assert_true(++turns <= WHEEL_LEVELS);
			wheel_advance(w, next - 1);
			assert_int_equal(ncalls, 0);
			wheel_advance(w, next);
		}
		now += delays[i];
		assert_true(w->now == now);
		assert_true(wheel_next_ms(w) == WHEEL_NEVER);
		wheel_advance(w, now + 1000);
		assert_int_equal(ncalls, 1);
		now += 1000;
	}
}

static void
time_that_has_passed_counts_as_now(void **state)
{
	struct wheel *w = *state;
	struct shot s;

	shot_init(&s, w, 1, note);
	set(&s, 5);
	assert_true(wheel_next_ms(w) == START);
	wheel_advance(w, START);
	assert_int_equal(ncalls, 1);
}

static void
farthest_time_is_kept(void **state)
{
	struct wheel *w = *state;
	struct shot s;

	shot_init(&s, w, 1, note);
	set(&s, UINT64_MAX - 1);
	wheel_advance(w, UINT64_MAX - 2);
	assert_int_equal(ncalls, 0);
	wheel_advance(w, UINT64_MAX - 1);
	assert_int_equal(ncalls, 1);
}

static void
one_leap_calls_all_in_order_of_time(void **state)
{
	static const uint64_t at[] = { 5000, 1, 64, 5000, 63, 300000, 4096, 64, 1 };
	static const unsigned order[] = { 1, 8, 4, 2, 7, 6, 0, 3, 5 };
	struct wheel *w = *state;
	struct shot s[9];

	for (unsigned i = 0; i < 9; i++) {
		shot_init(&s[i], w, i, note);
		set(&s[i], START + at[i]);
	}
	wheel_advance(w, START + 1000000);
	assert_int_equal(ncalls, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(calls[i].id, order[i]);
}

static void
deleted_timer_is_not_called(void **state)
{
	struct wheel *w = *state;
	struct shot a, b;

	shot_init(&a, w, 1, note);
	shot_init(&b, w, 2, note);
	set(&a, START + 100);
	set(&b, START + 100);
	wheel_del(w, &a.timer);
	wheel_del(w, &a.timer);
	assert_null(a.timer.prev);
	wheel_del(w, &b.timer);
	assert_true(wheel_next_ms(w) == WHEEL_NEVER);
	set(&a, START + 70);
	wheel_advance(w, START + 100);
	assert_int_equal(ncalls, 1);
	assert_int_equal(calls[0].id, 1);
}

static void
function_may_take_back_another_that_is_due(void **state)
{
	struct wheel *w = *state;
	struct shot a, b, c;

	shot_init(&a, w, 1, note_and_del_other);
	shot_init(&b, w, 2, note);
	shot_init(&c, w, 3, note);
	a.other = &b;
	set(&a, START + 10);
	set(&b, START + 10);
	set(&c, START + 10);
	wheel_advance(w, START + 10);
	assert_int_equal(ncalls, 2);
	assert_int_equal(calls[1].id, 3);
	assert_null(b.timer.prev);
}

static void
function_may_move_another_that_is_due(void **state)
{
	struct wheel *w = *state;
	struct shot a, b;

	shot_init(&a, w, 1, note_and_set_other);
	shot_init(&b, w, 2, note);
	a.other = &b;
	a.delay_ms = 5;
	set(&a, START + 10);
	set(&b, START + 12);
	wheel_advance(w, START + 20);
	assert_int_equal(ncalls, 1);
	wheel_advance(w, START + 24);
	assert_int_equal(ncalls, 1);
	wheel_advance(w, START + 25);
	assert_int_equal(ncalls, 2);
}

static void
function_that_sets_itself_at_once_waits_for_the_next_call(void **state)
{
	struct wheel *w = *state;
	struct shot a;

	shot_init(&a, w, 1, note_and_set_other);
	a.other = &a;
	set(&a, START + 1);
	wheel_advance(w, START + 5);
	assert_int_equal(ncalls, 1);
	assert_true(wheel_next_ms(w) == START + 5);
	wheel_advance(w, START + 5);
	assert_int_equal(ncalls, 2);
	wheel_del(w, &a.timer);
}

static uint64_t seed;

static uint64_t
draw(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

/* Some delays are near, some far, some beyond what is ever reached. */
static uint64_t
draw_delay(void)
{
	return 1 + draw(UINT64_C(1) << (1 + draw(30)));
}

/* The same sets, moves and deletes as a plain array of times, which is right by being simple. */
static void
random_use_agrees_with_a_plain_list(void **state)
{
	enum { N = 500, ROUNDS = 20000 };
	static struct shot s[N];
	static uint64_t at[N];		/* 0: not pending */
	struct wheel *w = *state;
	uint64_t now = START;

	seed = 1;
	for (unsigned i = 0; i < N; i++) {
		shot_init(&s[i], w, i, note);
		at[i] = 0;
	}
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t i = draw(N), due = 0;
		uint64_t first = WHEEL_NEVER;

		if (draw(4) == 0) {
			wheel_del(w, &s[i].timer);
			at[i] = 0;
		} else {
			at[i] = now + draw_delay();
			set(&s[i], at[i]);
		}
		for (i = 0; i < N; i++)
			first = at[i] != 0 && at[i] < first ? at[i] : first;
		assert_true(wheel_next_ms(w) <= first);
		assert_true((wheel_next_ms(w) == WHEEL_NEVER) == (first == WHEEL_NEVER));
		if (draw(3) != 0)
			continue;
		now += draw_delay();
		ncalls = 0;
		wheel_advance(w, now);
		for (i = 0; i < N; i++)
			due += at[i] != 0 && at[i] <= now;
		assert_int_equal(ncalls, due);
		for (i = 0; i < ncalls; i++) {
			assert_true(calls[i].at_ms == at[calls[i].id]);
			assert_true(i == 0 || calls[i - 1].at_ms <= calls[i].at_ms);
			at[calls[i].id] = 0;
		}
	}
}

static void
fifty_thousand_timers_are_called_once_each_in_order(void **state)
{
	enum { N = 50000 };
	struct shot *s = malloc(N * sizeof(*s));
	struct wheel *w = *state;
	uint64_t turns = 0;

	assert_non_null(s);
	seed = 7;
	for (unsigned i = 0; i < N; i++) {
		shot_init(&s[i], w, i, note);
		set(&s[i], START + 1 + draw(247000));
	}
	for (; wheel_next_ms(w) != WHEEL_NEVER; turns++)
		wheel_advance(w, wheel_next_ms(w));
	assert_int_equal(ncalls, N);
	for (size_t i = 0; i < N; i++) {
		assert_true(calls[i].at_ms == calls[i].now_ms);
		assert_true(i == 0 || calls[i - 1].at_ms <= calls[i].at_ms);
	}
	assert_true(turns <= N + 247000 / 32);
	free(s);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(empty_wheel_has_no_next),
		T(timer_is_called_when_due_and_never_before),
		T(time_that_has_passed_counts_as_now),
		T(farthest_time_is_kept),
		T(one_leap_calls_all_in_order_of_time),
		T(deleted_timer_is_not_called),
		T(function_may_take_back_another_that_is_due),
		T(function_may_move_another_that_is_due),
		T(function_that_sets_itself_at_once_waits_for_the_next_call),
		T(random_use_agrees_with_a_plain_list),
		T(fifty_thousand_timers_are_called_once_each_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
