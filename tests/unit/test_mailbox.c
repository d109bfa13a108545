#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/loop.h"

#define POSTERS	4
#define EACH	20000

struct note {
	struct letter	letter;
	unsigned	poster, seq;
};

static struct loop *loop;
static struct mailbox *box;
static unsigned next_seq[POSTERS];
static size_t received;

static int
setup(void **state)
{
	(void)state;
	memset(next_seq, 0, sizeof(next_seq));
	received = 0;
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
take(struct letter *l)
{
	struct note *n = (struct note *)l;

	assert_int_equal(n->seq, next_seq[n->poster]);
	next_seq[n->poster]++;
	received++;
	free(n);
}

static void
on_letter(void *arg, struct letter *l)
{
	take(l);
	if (received == *(size_t *)arg)
		loop_stop(loop);
}

static void
post(unsigned poster, unsigned seq)
{
	struct note *n = malloc(sizeof(*n));

	if (n == NULL)
		abort();
	*n = (struct note){ .poster = poster, .seq = seq };
	mailbox_post(box, &n->letter);
}

static void *
post_all(void *arg)
{
	for (unsigned i = 0; i < EACH; i++)
		post((unsigned)(uintptr_t)arg, i);
	return NULL;
}

static void
all_letters_of_all_threads_arrive_in_order(void **state)
{
	size_t want = POSTERS * EACH;
	pthread_t t[POSTERS];

	(void)state;
	assert_int_equal(mailbox_new(loop, on_letter, &want, &box), ERR_OK);
	for (uintptr_t i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, post_all, (void *)i), 0);
	assert_int_equal(loop_run(loop), ERR_OK);
	for (size_t i = 0; i < POSTERS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(received, want);
	mailbox_free(box);
}

static void
letters_posted_before_the_loop_runs_arrive(void **state)
{
	size_t want = 3;

	(void)state;
	assert_int_equal(mailbox_new(loop, on_letter, &want, &box), ERR_OK);
	for (unsigned i = 0; i < 3; i++)
		post(0, i);
	assert_int_equal(received, 0);
	assert_int_equal(loop_run(loop), ERR_OK);
	assert_int_equal(received, 3);
	mailbox_free(box);
}

static void
freed_mailbox_hands_out_what_is_left(void **state)
{
	size_t want = SIZE_MAX;

	(void)state;
	assert_int_equal(mailbox_new(loop, on_letter, &want, &box), ERR_OK);
	for (unsigned i = 0; i < 3; i++)
		post(0, i);
	mailbox_free(box);
	assert_int_equal(received, 3);
	mailbox_free(NULL);
}

static void
free_at_first(void *arg, struct letter *l)
{
	(void)arg;
	take(l);
	if (received == 1) {
		mailbox_free(box);
		loop_stop(loop);
	}
}

static void
function_may_free_the_mailbox(void **state)
{
	(void)state;
	assert_int_equal(mailbox_new(loop, free_at_first, NULL, &box), ERR_OK);
	for (unsigned i = 0; i < 5; i++)
		post(0, i);
	assert_int_equal(loop_run(loop), ERR_OK);
	assert_int_equal(received, 5);
}

/* Posts to its own mailbox, as a thread that sends itself work would. */
static void
repost(void *arg, struct letter *l)
{
	(void)arg;
	take(l);
	if (received < 100)
		post(0, (unsigned)received);
	else
		loop_stop(loop);
}

static void
function_may_post_again(void **state)
{
	(void)state;
	assert_int_equal(mailbox_new(loop, repost, NULL, &box), ERR_OK);
	post(0, 0);
	assert_int_equal(loop_run(loop), ERR_OK);
	assert_int_equal(received, 100);
	mailbox_free(box);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_letters_of_all_threads_arrive_in_order),
		T(letters_posted_before_the_loop_runs_arrive),
		T(freed_mailbox_hands_out_what_is_left),
		T(function_may_free_the_mailbox),
		T(function_may_post_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
