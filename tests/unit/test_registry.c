#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/letters.h"
#include "daemon/registry.h"
#include "daemon/worker.h"

/* Live sessions of all workers, and what happens when one device has two. The workers are made up. */

struct worker {
	uint16_t	number;
	unsigned	orders;
	struct order	last;
};

void
worker_order(struct worker *w, const struct order *o)
{
	w->orders++;
	w->last = *o;
}

uint16_t
worker_number(const struct worker *w)
{
	return w->number;
}

static struct worker one, two;

static struct registry *
fresh(void)
{
	struct registry *r;

	one = (struct worker){ .number = 0 };
	two = (struct worker){ .number = 1 };
	assert_int_equal(registry_new(&r), ERR_OK);
	return r;
}

static void
newer_session_elsewhere_is_left_to_the_older_ones_worker(void **state)
{
	struct registry *r = fresh();

	(void)state;
	registry_started(r, 1, &one, "dev", "192.0.2.1:1000", "coap", 0);
	registry_started(r, 2, &two, "dev", "192.0.2.2:2000", "coap", 0);
	assert_int_equal(one.orders, 1);
	assert_int_equal(one.last.kind, ORDER_SUPERSEDE);
	assert_int_equal(one.last.session, 1);
	assert_int_equal(one.last.newer, 2);
	assert_string_equal(one.last.peer, "192.0.2.2:2000");
	assert_false(one.last.proven);
	assert_int_equal(two.orders, 0);
	registry_free(r);
}

static void
newcomer_over_dtls_counts_as_proven(void **state)
{
	struct registry *r = fresh();

	(void)state;
	registry_started(r, 1, &one, "dev", "192.0.2.1:1000", "coaps", 0);
	registry_started(r, 2, &two, "dev", "192.0.2.2:2000", "coaps", 0);
	assert_true(one.last.proven);
	registry_free(r);
}

static void
session_that_stays_ends_the_newer_one_and_meets_the_next(void **state)
{
	struct registry *r = fresh();

	(void)state;
	registry_started(r, 1, &one, "dev", "192.0.2.1:1000", "coap", 0);
	registry_started(r, 2, &two, "dev", "192.0.2.2:2000", "coap", 0);
	registry_stays(r, 1, 2);
	assert_int_equal(two.last.kind, ORDER_CANCEL);
	assert_int_equal(two.last.session, 2);
	registry_ended(r, 2);
	registry_started(r, 3, &two, "dev", "192.0.2.3:3000", "coap", 0);
	assert_int_equal(one.orders, 2);
	assert_int_equal(one.last.newer, 3);
	registry_free(r);
}

static void
word_about_sessions_that_are_over_changes_nothing(void **state)
{
	struct registry *r = fresh();

	(void)state;
	registry_started(r, 1, &one, "dev", "192.0.2.1:1000", "coap", 0);
	registry_started(r, 2, &two, "dev", "192.0.2.2:2000", "coap", 0);
	registry_ended(r, 1);
	registry_stays(r, 1, 2);
	assert_int_equal(two.orders, 0);
	registry_ended(r, 2);
	registry_stays(r, 1, 2);
	assert_null(registry_worker(r, 1));
	assert_null(registry_worker(r, 2));
	registry_free(r);
}

static void
same_worker_has_settled_it_already(void **state)
{
	struct registry *r = fresh();

	(void)state;
	registry_started(r, 1, &one, "dev", "192.0.2.1:1000", "coap", 0);
	registry_started(r, 2, &one, "dev", "192.0.2.2:2000", "coap", 0);
	assert_int_equal(one.orders, 0);
	registry_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newer_session_elsewhere_is_left_to_the_older_ones_worker),
		cmocka_unit_test(newcomer_over_dtls_counts_as_proven),
		cmocka_unit_test(session_that_stays_ends_the_newer_one_and_meets_the_next),
		cmocka_unit_test(word_about_sessions_that_are_over_changes_nothing),
		cmocka_unit_test(same_worker_has_settled_it_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
