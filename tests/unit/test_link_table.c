#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/prefix.h"
#include "transport/table.h"

/* What links are found by, and how networks are counted. */

struct entry {
	struct table_node	node;
	uint64_t		key;
};

static void
every_entry_is_found_while_it_is_there(void **state)
{
	enum { N = 5000 };
	struct entry *e = calloc(N, sizeof(*e));
	struct table t;
	uint64_t missing = N;

	(void)state;
	assert_non_null(e);
	assert_int_equal(table_init(&t, sizeof(uint64_t)), ERR_OK);
	assert_null(table_find(&t, &missing));
	assert_null(table_any(&t));
	for (uint64_t i = 0; i < N; i++) {
		e[i].key = i;
		table_add(&t, &e[i].node);
	}
	assert_true(t.mask + 1 >= N / 2);	/* it has grown: chains stay short */
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(table_find(&t, &i), &e[i].node);
	assert_null(table_find(&t, &missing));
	for (uint64_t i = 0; i < N; i += 2)
		table_remove(&t, &e[i].node);
	for (uint64_t i = 0; i < N; i++)
		assert_ptr_equal(table_find(&t, &i), i % 2 == 0 ? NULL : &e[i].node);
	for (struct table_node *n; (n = table_any(&t)) != NULL;)
		table_remove(&t, n);
	assert_int_equal(t.count, 0);
	table_fini(&t);
	free(e);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), ERR_OK);
	return a;
}

static void
neighbours_are_counted_together(void **state)
{
	struct addr a = addr("192.0.2.1:1"), b = addr("192.0.2.255:2"), c = addr("192.0.3.1:1");
	struct addr v6 = addr("[2001:db8:0:aa00::1]:1"), near = addr("[2001:db8:0:aaff::9]:7");
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, PREFIX_KEY_LEN), ERR_OK);
	assert_int_equal(prefix_add(&t, &a), ERR_OK);
	assert_int_equal(prefix_add(&t, &b), ERR_OK);
	assert_int_equal(prefix_add(&t, &v6), ERR_OK);
	assert_int_equal(prefix_count(&t, &a), 2);
	assert_int_equal(prefix_count(&t, &c), 0);
	assert_int_equal(prefix_count(&t, &near), 1);
	a.family = 0;			/* the same address on a dual-stack socket */
	assert_int_equal(prefix_count(&t, &a), 2);
	prefix_remove(&t, &b);
	assert_int_equal(prefix_count(&t, &a), 1);
	prefix_remove(&t, &a);
	prefix_remove(&t, &near);
	assert_int_equal(t.count, 0);
	table_fini(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_is_found_while_it_is_there),
		cmocka_unit_test(neighbours_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
