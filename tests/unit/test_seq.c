#include "test_seq_rig.h"

static void
steps_go_in_order_and_cleanup_is_left_out(void **state)
{
	(void)state;
	struct seq s = at(&strict, DELETE);

	expect_send(answer(&s, MSG_DELETED), WRITE_SEC);
	expect_send(answer(&s, MSG_CHANGED), WRITE_SRV);
	expect_send(answer(&s, MSG_CHANGED), WRITE_TEXT);
	expect_send(answer(&s, MSG_CHANGED), READ);
	expect_send(answer(&s, MSG_CONTENT), FINISH);
	assert_string_equal(seq_state_name(&s), "finishing");
	struct seq_action a = answer(&s, MSG_CHANGED);
	assert_int_equal(a.kind, SEQ_DO_CLOSE);
	assert_int_equal(a.end, SEQ_END_FINISHED);
	assert_string_equal(seq_state_name(&s), "done");
}

static void
discover_comes_before_the_plan(void **state)
{
	(void)state;
	struct seq s;

	seq_init(&s, &(struct seq_opts){ .targets = 1 });
	assert_int_equal(say(&s, SEQ_EV_START).kind, SEQ_DO_DISCOVER);
	expect_plan(answer(&s, MSG_CONTENT), -1);
	expect_send(planned(&s, &strict), DELETE);
}

static void
device_that_cannot_discover_gets_a_plan_all_the_same(void **state)
{
	static const uint8_t codes[] = { MSG_BAD_REQUEST, MSG_NOT_FOUND, MSG_METHOD_NOT_ALLOWED, MSG_INTERNAL,
		MSG_NOT_IMPLEMENTED, MSG_CODE(2, 0) };
	static const enum err whys[] = { ERR_RESET, ERR_TOOBIG, ERR_MALFORMED };
	struct seq s;

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		seq_init(&s, &(struct seq_opts){ .targets = 1 });
		(void)say(&s, SEQ_EV_START);
		expect_plan(answer(&s, codes[i]), -1);
	}
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++) {
		seq_init(&s, &(struct seq_opts){ .targets = 1 });
		(void)say(&s, SEQ_EV_START);
		expect_plan(lost(&s, whys[i]), -1);
	}
}

static void
silence_to_discover_fails(void **state)
{
	(void)state;
	struct seq s;

	seq_init(&s, &(struct seq_opts){ .targets = 1 });
	(void)say(&s, SEQ_EV_START);
	expect_failed(lost(&s, ERR_TIMEOUT), ERR_TIMEOUT);
}

static void
no_plan_fails_with_its_reason(void **state)
{
	(void)state;
	struct seq s;

	seq_init(&s, &(struct seq_opts){ .targets = 0 });
	(void)say(&s, SEQ_EV_START);
	expect_failed(planned(&s, NULL), ERR_INVALID);
}

static void
refused_delete_stops_or_is_passed_over(void **state)
{
	(void)state;
	struct seq s = at(&strict, DELETE);
	expect_failed(answer(&s, MSG_NOT_FOUND), ERR_REFUSED);

	s = at(&soft, DELETE);
	struct seq_action a = answer(&s, MSG_BAD_REQUEST);
	expect_send(a, WRITE_SEC);
	assert_true(a.passed_over);
}

static void
reset_to_a_delete_fails(void **state)
{
	(void)state;
	struct seq s = at(&soft, DELETE);

	expect_failed(lost(&s, ERR_RESET), ERR_RESET);
}

static void
refused_write_fails_without_finish(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);

	expect_failed(answer(&s, MSG_NOT_FOUND), ERR_REFUSED);	/* says nothing of formats */
	assert_string_equal(seq_state_name(&s), "failed");
}

static void
refused_format_is_tried_in_each_other(void **state)
{
	static const uint8_t codes[] = { MSG_UNSUPPORTED_FORMAT, MSG_NOT_ACCEPTABLE };

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct seq s = at(&strict, WRITE_SEC);

		expect_plan(answer(&s, codes[i]), FORMAT_SENML_CBOR);
		expect_send(planned(&s, &strict_cbor), WRITE_SEC);
		expect_plan(answer(&s, codes[i]), FORMAT_SENML_JSON);
		expect_send(planned(&s, &strict_json), WRITE_SEC);
		expect_failed(answer(&s, codes[i]), ERR_REFUSED);
	}
}

static void
refusal_that_may_mean_anything_leaves_out_the_risky_formats(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);

	expect_plan(answer(&s, MSG_BAD_REQUEST), FORMAT_SENML_CBOR);
	expect_send(planned(&s, &strict_cbor), WRITE_SEC);
	expect_failed(answer(&s, MSG_INTERNAL), ERR_REFUSED);
}

static void
accepted_other_format_is_a_lesson_and_stays(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);

	(void)answer(&s, MSG_BAD_REQUEST);
	(void)planned(&s, &strict_cbor);
	struct seq_action a = answer(&s, MSG_CHANGED);
	expect_send(a, WRITE_SRV);
	assert_true(a.learnt);
	a = answer(&s, MSG_CHANGED);
	expect_send(a, WRITE_TEXT);
	assert_false(a.learnt);
	/* a later refusal may go back to the first one */
	expect_plan(answer(&s, MSG_UNSUPPORTED_FORMAT), FORMAT_TLV);
}

static void
format_that_no_plan_can_be_made_in_is_skipped(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);

	expect_plan(answer(&s, MSG_UNSUPPORTED_FORMAT), FORMAT_SENML_CBOR);
	expect_plan(planned(&s, NULL), FORMAT_SENML_JSON);
	expect_failed(planned(&s, NULL), ERR_REFUSED);
}

static void
plan_of_a_record_that_changed_is_not_mixed_in(void **state)
{
	(void)state;
	struct fixture other = strict_cbor;
	struct seq s = at(&strict, WRITE_SEC);

	other.plan.steps = other.steps;
	other.plan.nsteps--;
	(void)answer(&s, MSG_NOT_ACCEPTABLE);
	expect_plan(planned(&s, &other), FORMAT_SENML_JSON);
}

static void
refused_text_is_tried_in_the_tree_format(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_TEXT);
	struct fixture forced = strict;

	forced.plan.steps = forced.steps;
	forced.steps[WRITE_TEXT].content_format = FORMAT_TLV;
	expect_plan(answer(&s, MSG_BAD_REQUEST), FORMAT_TLV);
	expect_send(planned(&s, &forced), WRITE_TEXT);
	struct seq_action a = answer(&s, MSG_CHANGED);
	expect_send(a, READ);
	assert_false(a.learnt);
}

static void
refused_write_that_may_be_is_cleaned_up_and_its_account_left_out(void **state)
{
	(void)state;
	struct seq s = at(&soft, WRITE_SEC);

	struct seq_action a = answer(&s, MSG_NOT_FOUND);
	expect_send(a, CLEANUP);
	assert_true(a.passed_over);
	a = answer(&s, MSG_BAD_REQUEST);	/* Anjay Lite cannot delete it */
	expect_send(a, WRITE_TEXT);
	assert_true(a.passed_over);
}

static void
passed_over_write_goes_back_to_the_format_that_served(void **state)
{
	(void)state;
	struct seq s = at(&soft, WRITE_SEC);

	expect_plan(answer(&s, MSG_INTERNAL), FORMAT_SENML_CBOR);
	expect_send(planned(&s, &soft_cbor), WRITE_SEC);
	expect_plan(answer(&s, MSG_INTERNAL), -1);
	struct seq_action a = planned(&s, &soft);
	expect_send(a, CLEANUP);
	assert_true(a.passed_over);
	assert_ptr_equal(s.plan, &soft.plan);
}

static void
learnt_format_is_the_one_to_go_back_to(void **state)
{
	(void)state;
	struct seq s = at(&soft, WRITE_SEC);

	(void)answer(&s, MSG_UNSUPPORTED_FORMAT);
	(void)planned(&s, &soft_cbor);
	(void)answer(&s, MSG_CHANGED);		/* CBOR it is */
	expect_plan(answer(&s, MSG_INTERNAL), FORMAT_TLV);	/* /1/1 */
	(void)planned(&s, &soft);
	expect_plan(answer(&s, MSG_INTERNAL), FORMAT_SENML_CBOR);
	struct seq_action a = planned(&s, &soft_cbor);
	expect_send(a, WRITE_TEXT);
	assert_true(a.passed_over);
}

static void
nothing_to_go_back_to_fails(void **state)
{
	(void)state;
	struct seq s = at(&soft, WRITE_SEC);

	(void)answer(&s, MSG_INTERNAL);
	(void)planned(&s, &soft_cbor);
	(void)answer(&s, MSG_INTERNAL);
	expect_failed(planned(&s, NULL), ERR_INVALID);
}

static void
drift_stops_or_is_noted(void **state)
{
	(void)state;
	struct seq s = at(&strict, READ);
	expect_failed(say(&s, SEQ_EV_DRIFT), ERR_REFUSED);

	s = at(&soft, READ);
	struct seq_action a = say(&s, SEQ_EV_DRIFT);
	expect_send(a, FINISH);
	assert_true(a.passed_over);
}

static void
what_cannot_be_read_back_is_passed_over(void **state)
{
	(void)state;
	struct seq s = at(&strict, READ);
	expect_send(answer(&s, MSG_METHOD_NOT_ALLOWED), FINISH);

	s = at(&strict, READ);
	expect_send(lost(&s, ERR_RESET), FINISH);

	s = at(&strict, READ);
	expect_failed(lost(&s, ERR_TIMEOUT), ERR_TIMEOUT);
}

static void
any_success_will_do(void **state)
{
	(void)state;
	struct seq s = at(&strict, WRITE_SEC);

	expect_send(answer(&s, MSG_CREATED), WRITE_SRV);
	expect_send(answer(&s, MSG_CODE(2, 0)), WRITE_TEXT);
}

static void
refused_or_lost_finish_fails(void **state)
{
	(void)state;
	struct seq s = at(&soft, FINISH);
	expect_failed(answer(&s, MSG_NOT_ACCEPTABLE), ERR_REFUSED);

	s = at(&soft, FINISH);
	expect_failed(lost(&s, ERR_TIMEOUT), ERR_TIMEOUT);
}

/*
 * The whole product: every state, entered as it is entered in life, meets every event in each of
 * its shades. Nothing may assert, what comes out must be possible, and after the end all is quiet.
 */
static const enum err whys[] = { ERR_TIMEOUT, ERR_RESET, ERR_CLOSED, ERR_REPLACED, ERR_TOOBIG,
	ERR_MALFORMED, ERR_CANCELLED, ERR_INVALID };

static size_t
states_reached(struct seq *out, size_t cap)
{
	size_t n = 0;
	struct seq s;

	assert_true(cap >= 24);
	seq_init(&s, &(struct seq_opts){ .targets = 1 });
	out[n++] = s;					/* new */
	(void)say(&s, SEQ_EV_START);
	out[n++] = s;					/* discovering */
	(void)answer(&s, MSG_CONTENT);
	out[n++] = s;					/* planning */
	for (size_t i = 0; i < NSTEPS; i++)		/* applying each step, finishing */
		if (i != CLEANUP)
			out[n++] = at(&soft, i);
	s = at(&soft, WRITE_SEC);
	(void)answer(&s, MSG_NOT_FOUND);
	out[n++] = s;					/* applying the clean-up */
	s = at(&soft, WRITE_SEC);
	(void)answer(&s, MSG_INTERNAL);
	out[n++] = s;					/* trying */
	(void)planned(&s, &soft_cbor);
	(void)answer(&s, MSG_INTERNAL);
	out[n++] = s;					/* restoring */
	s = at(&soft, FINISH);
	(void)answer(&s, MSG_CHANGED);
	out[n++] = s;					/* done */
	s = at(&soft, FINISH);
	(void)answer(&s, MSG_NOT_ACCEPTABLE);
	out[n++] = s;					/* failed */
	s = refused_finish(MSG_INTERNAL, 2);
	(void)answer(&s, MSG_NOT_ACCEPTABLE);
	out[n++] = s;					/* repairing */
	(void)say(&s, SEQ_EV_WAITED);
	out[n++] = s;					/* discovering for it */
	(void)answer(&s, MSG_CONTENT);
	out[n++] = s;					/* planning it */
	s = refused_finish(MSG_INTERNAL, 0);
	(void)answer(&s, MSG_NOT_ACCEPTABLE);
	out[n++] = s;					/* repairing a device that is not asked */
	seq_init(&s, &(struct seq_opts){ .targets = 2, .pause_ms = 1 });
	(void)say(&s, SEQ_EV_START);
	out[n++] = s;					/* paused before all else */
	(void)say(&s, SEQ_EV_WAITED);
	(void)answer(&s, MSG_UNAVAILABLE);
	out[n++] = s;					/* paused in Discover */
	s = at(&soft, CLEANUP + 1);
	(void)answer(&s, MSG_UNAVAILABLE);
	out[n++] = s;					/* paused at a step */
	s = at(&soft, FINISH);
	(void)answer(&s, MSG_UNAVAILABLE);
	out[n++] = s;					/* paused at the end */
	return n;
}

static bool
is_over(const struct seq *s)
{
	return strcmp(seq_state_name(s), "done") == 0 || strcmp(seq_state_name(s), "failed") == 0;
}

static void
check_action(const struct seq *before, const struct seq *after, const struct seq_action *a)
{
	if (is_over(before))
		assert_int_equal(a->kind, SEQ_DO_NOTHING);
	else
		assert_int_equal(a->kind == SEQ_DO_CLOSE, is_over(after));
	if (a->kind == SEQ_DO_NOTHING)
		assert_string_equal(seq_state_name(before), seq_state_name(after));
	if (a->kind == SEQ_DO_SEND)
		assert_true(after->plan != NULL && a->step < after->plan->nsteps && a->step == after->step);
	if (a->kind == SEQ_DO_CLOSE)
		assert_true(a->end == SEQ_END_FINISHED || (a->end == SEQ_END_FAILED && a->why != ERR_OK));
}

static void
try_event(const struct seq *before, struct seq_event ev)
{
	struct seq s = *before;
	struct seq_action a = seq_step(&s, &ev);

	check_action(before, &s, &a);
}

static void
every_state_has_an_answer_to_every_event(void **state)
{
	struct seq states[32];
	const struct fixture *plans[] = { &soft, &soft_cbor, &soft_json, &strict };
	size_t n = states_reached(states, 32);
	bool seen[64] = { false };
	size_t nseen = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(states[i].state < seq_nstates());
		nseen += !seen[states[i].state];
		seen[states[i].state] = true;
		try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_START });
		try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_DRIFT });
		try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_WAITED });
		try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_PLANNED, .why = ERR_NOMEM });
		for (size_t p = 0; p < sizeof(plans) / sizeof(plans[0]); p++)
			try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_PLANNED,
			    .plan = &plans[p]->plan });
		for (unsigned code = 0; code < 512; code++)
			try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_ANSWER,
			    .code = (uint8_t)code, .repeated = code > 255 });
		for (size_t w = 0; w < sizeof(whys) / sizeof(whys[0]); w++) {
			try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_LOST, .why = whys[w] });
			try_event(&states[i], (struct seq_event){ .kind = SEQ_EV_STOP, .why = whys[w] });
		}
	}
	assert_int_equal(nseen, seq_nstates());		/* no state was forgotten */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_go_in_order_and_cleanup_is_left_out),
		cmocka_unit_test(discover_comes_before_the_plan),
		cmocka_unit_test(device_that_cannot_discover_gets_a_plan_all_the_same),
		cmocka_unit_test(silence_to_discover_fails),
		cmocka_unit_test(no_plan_fails_with_its_reason),
		cmocka_unit_test(refused_delete_stops_or_is_passed_over),
		cmocka_unit_test(reset_to_a_delete_fails),
		cmocka_unit_test(refused_write_fails_without_finish),
		cmocka_unit_test(refused_format_is_tried_in_each_other),
		cmocka_unit_test(refusal_that_may_mean_anything_leaves_out_the_risky_formats),
		cmocka_unit_test(accepted_other_format_is_a_lesson_and_stays),
		cmocka_unit_test(format_that_no_plan_can_be_made_in_is_skipped),
		cmocka_unit_test(plan_of_a_record_that_changed_is_not_mixed_in),
		cmocka_unit_test(refused_text_is_tried_in_the_tree_format),
		cmocka_unit_test(refused_write_that_may_be_is_cleaned_up_and_its_account_left_out),
		cmocka_unit_test(passed_over_write_goes_back_to_the_format_that_served),
		cmocka_unit_test(learnt_format_is_the_one_to_go_back_to),
		cmocka_unit_test(nothing_to_go_back_to_fails),
		cmocka_unit_test(drift_stops_or_is_noted),
		cmocka_unit_test(what_cannot_be_read_back_is_passed_over),
		cmocka_unit_test(any_success_will_do),
		cmocka_unit_test(refused_or_lost_finish_fails),
		cmocka_unit_test(every_state_has_an_answer_to_every_event),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
