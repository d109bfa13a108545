#include "test_seq_rig.h"

/* Pauses, second tries, repairs, and what is presumed to have been done. */

static struct seq_action
repeated(struct seq *s, uint8_t code)
{
	return seq_step(s, &(struct seq_event){ .kind = SEQ_EV_ANSWER, .code = code, .repeated = true });
}

static void
repeated_write_that_cannot_be_done_twice_was_done(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);
	struct seq_action a = repeated(&s, MSG_METHOD_NOT_ALLOWED);

	expect_send(a, WRITE_SRV);
	assert_true(a.presumed);

	s = at(&strict, WRITE_SEC);		/* but not when it was sent once only */
	expect_failed(answer(&s, MSG_METHOD_NOT_ALLOWED), ERR_REFUSED);
	s = at(&strict, WRITE_SEC);		/* and not for another word */
	expect_failed(repeated(&s, MSG_NOT_FOUND), ERR_REFUSED);
	s = at(&soft, DELETE);
	a = repeated(&s, MSG_METHOD_NOT_ALLOWED);
	assert_true(a.passed_over && !a.presumed);
}

static void
refused_target_of_discover_gives_way_to_the_next(void **state)
{
	(void)state;
	struct seq s;
	seq_init(&s, &(struct seq_opts){ .targets = 2 });
	struct seq_action a = say(&s, SEQ_EV_START);
	assert_int_equal(a.target, 0);
	a = answer(&s, MSG_BAD_REQUEST);
	assert_int_equal(a.kind, SEQ_DO_DISCOVER);
	assert_int_equal(a.target, 1);
	expect_plan(lost(&s, ERR_RESET), -1);

	seq_init(&s, &(struct seq_opts){ .targets = 2 });
	(void)say(&s, SEQ_EV_START);
	expect_plan(answer(&s, MSG_CONTENT), -1);
}

static void
pause_comes_before_all_else(void **state)
{
	(void)state;
	struct seq s;
	seq_init(&s, &(struct seq_opts){ .targets = 1, .pause_ms = 500 });
	struct seq_action a = say(&s, SEQ_EV_START);
	assert_int_equal(a.kind, SEQ_DO_WAIT);
	assert_int_equal(a.wait_ms, 500);
	assert_int_equal(answer(&s, MSG_CONTENT).kind, SEQ_DO_NOTHING);
	assert_int_equal(say(&s, SEQ_EV_WAITED).kind, SEQ_DO_DISCOVER);
	assert_int_equal(say(&s, SEQ_EV_WAITED).kind, SEQ_DO_NOTHING);
}

static void
device_that_asks_for_patience_is_asked_again_twice(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);
	for (int i = 0; i < 2; i++) {
		expect_wait(answer(&s, MSG_UNAVAILABLE));
		expect_send(say(&s, SEQ_EV_WAITED), WRITE_SEC);
	}
	expect_failed(answer(&s, MSG_UNAVAILABLE), ERR_REFUSED);

	seq_init(&s, &(struct seq_opts){ .targets = 1 });
	(void)say(&s, SEQ_EV_START);
	expect_wait(answer(&s, MSG_UNAVAILABLE));
	assert_int_equal(say(&s, SEQ_EV_WAITED).kind, SEQ_DO_DISCOVER);

	s = at(&strict, FINISH);
	expect_wait(answer(&s, MSG_UNAVAILABLE));
	expect_send(say(&s, SEQ_EV_WAITED), FINISH);
	assert_int_equal(answer(&s, MSG_CHANGED).end, SEQ_END_FINISHED);
}

static void
read_in_a_format_that_is_refused_is_tried_without_one(void **state)
{
	(void)state;
	struct seq s = at(&strict, READ);
	assert_false(s.any_format);
	struct seq_action a = answer(&s, MSG_NOT_ACCEPTABLE);
	expect_send(a, READ);
	assert_true(a.any_format);
	a = answer(&s, MSG_NOT_ACCEPTABLE);
	expect_send(a, FINISH);
	assert_true(a.passed_over);
	assert_false(a.any_format);
}

static void
finish_that_was_refused_is_repaired_twice_at_most(void **state)
{
	(void)state;
	struct seq s = refused_finish(MSG_INTERNAL, 2);
	struct seq_action a;

	for (uint8_t n = 1; n <= 2; n++) {
		expect_wait(answer(&s, MSG_NOT_ACCEPTABLE));
		assert_string_equal(seq_state_name(&s), "repairing");
		a = say(&s, SEQ_EV_WAITED);
		assert_int_equal(a.kind, SEQ_DO_DISCOVER);
		assert_int_equal(a.repair, n);
		a = answer(&s, MSG_CONTENT);
		expect_plan(a, -1);
		assert_int_equal(a.repair, n);
		expect_send(planned(&s, &soft), DELETE);
		(void)answer(&s, MSG_INTERNAL);
		while (s.step < FINISH)
			(void)answer(&s, MSG_CHANGED);
	}
	expect_failed(answer(&s, MSG_NOT_ACCEPTABLE), ERR_REFUSED);
}

static void
repaired_finish_succeeds(void **state)
{
	(void)state;
	struct seq s = refused_finish(MSG_INTERNAL, 0);

	expect_wait(answer(&s, MSG_NOT_ACCEPTABLE));
	expect_plan(say(&s, SEQ_EV_WAITED), -1);	/* a device that is not to be asked */
	expect_send(planned(&s, &soft), DELETE);
	while (s.step < FINISH)
		(void)answer(&s, MSG_CHANGED);
	assert_int_equal(answer(&s, MSG_CHANGED).end, SEQ_END_FINISHED);
}

static void
nothing_to_repair_fails_at_once(void **state)
{
	(void)state;
	struct seq s = refused_finish(MSG_DELETED, 2);
	expect_failed(answer(&s, MSG_NOT_ACCEPTABLE), ERR_REFUSED);

	s = refused_finish(MSG_NOT_FOUND, 2);		/* what is not there needs none */
	expect_failed(answer(&s, MSG_NOT_ACCEPTABLE), ERR_REFUSED);

	s = refused_finish(MSG_INTERNAL, 2);		/* nor does another refusal speak of it */
	expect_failed(answer(&s, MSG_BAD_REQUEST), ERR_REFUSED);

	s = refused_finish(MSG_INTERNAL, 2);
	(void)answer(&s, MSG_NOT_ACCEPTABLE);
	(void)say(&s, SEQ_EV_WAITED);
	(void)answer(&s, MSG_CONTENT);
	expect_failed(planned(&s, NULL), ERR_REFUSED);
}

static void
drift_that_was_passed_over_can_be_repaired(void **state)
{
	(void)state;
	struct seq s = at(&soft, READ);

	(void)say(&s, SEQ_EV_DRIFT);
	expect_wait(answer(&s, MSG_NOT_ACCEPTABLE));
}

static void
repair_goes_on_in_the_format_that_was_learnt(void **state)
{
	(void)state;
	struct seq s = at(&soft, WRITE_SEC);

	(void)answer(&s, MSG_UNSUPPORTED_FORMAT);
	(void)planned(&s, &soft_cbor);
	(void)answer(&s, MSG_CHANGED);
	while (s.step < READ)
		(void)answer(&s, MSG_CHANGED);
	(void)say(&s, SEQ_EV_DRIFT);
	expect_wait(answer(&s, MSG_NOT_ACCEPTABLE));
	expect_plan(say(&s, SEQ_EV_WAITED), FORMAT_SENML_CBOR);
}

static void
unconfirmed_finish_is_a_success_where_the_plan_says_so(void **state)
{
	struct fixture f = soft;
	static const uint8_t codes[] = { MSG_NOT_FOUND, MSG_BAD_REQUEST, MSG_METHOD_NOT_ALLOWED };

	(void)state;
	f.plan.steps = f.steps;
	f.plan.finish_unconfirmed = true;
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct seq s = at(&f, FINISH);
		struct seq_action a = answer(&s, codes[i]);
		assert_int_equal(a.end, SEQ_END_FINISHED);
		assert_true(a.presumed);
	}
	struct seq s = at(&f, FINISH);
	assert_int_equal(lost(&s, ERR_TIMEOUT).end, SEQ_END_FINISHED);
	s = at(&f, FINISH);
	expect_failed(answer(&s, MSG_NOT_ACCEPTABLE), ERR_REFUSED);	/* that is a clear word */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeated_write_that_cannot_be_done_twice_was_done),
		cmocka_unit_test(refused_target_of_discover_gives_way_to_the_next),
		cmocka_unit_test(pause_comes_before_all_else),
		cmocka_unit_test(device_that_asks_for_patience_is_asked_again_twice),
		cmocka_unit_test(read_in_a_format_that_is_refused_is_tried_without_one),
		cmocka_unit_test(finish_that_was_refused_is_repaired_twice_at_most),
		cmocka_unit_test(repaired_finish_succeeds),
		cmocka_unit_test(nothing_to_repair_fails_at_once),
		cmocka_unit_test(drift_that_was_passed_over_can_be_repaired),
		cmocka_unit_test(repair_goes_on_in_the_format_that_was_learnt),
		cmocka_unit_test(unconfirmed_finish_is_a_success_where_the_plan_says_so),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
