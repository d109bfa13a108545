#ifndef TEST_SEQ_RIG_H
#define TEST_SEQ_RIG_H

/* Plans, and ways to a state, for the tests of the sequencer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bootstrap/plan.h"
#include "bootstrap/seq.h"
#include "coap/msg.h"
#include "lwm2m/format.h"

/*
 * Delete, write /0/1 with its clean-up, write /1/1 of the same account, a text write, read, Finish;
 * the writes in 'cf', three formats to choose from, the last only when the device speaks of formats.
 */
enum { DELETE, WRITE_SEC, CLEANUP, WRITE_SRV, WRITE_TEXT, READ, FINISH, NSTEPS };

struct fixture {
	struct plan_step steps[NSTEPS];
	struct plan plan;
};

static inline struct fixture
make(int cf, bool soft)
{
	struct fixture f = { .plan = { .nsteps = NSTEPS, .format = cf, .nformats = 3, .nformats_any = 2,
		.formats = { FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON } } };

	f.steps[DELETE] = (struct plan_step){ .kind = STEP_DELETE, .optional = soft };
	f.steps[WRITE_SEC] = (struct plan_step){ .kind = STEP_WRITE, .optional = soft, .content_format = cf };
	f.steps[CLEANUP] = (struct plan_step){ .kind = STEP_DELETE, .optional = true, .cleanup = true };
	f.steps[WRITE_SRV] = (struct plan_step){ .kind = STEP_WRITE, .optional = soft, .content_format = cf };
	f.steps[WRITE_TEXT] = (struct plan_step){ .kind = STEP_WRITE, .optional = soft,
		.content_format = cf == FORMAT_TLV ? FORMAT_TEXT : cf };
	f.steps[READ] = (struct plan_step){ .kind = STEP_READ, .optional = true, .must_match = !soft };
	f.steps[FINISH] = (struct plan_step){ .kind = STEP_FINISH };
	for (size_t i = 0; i < NSTEPS; i++)
		f.steps[i].account = PLAN_NO_ACCOUNT;
	f.steps[WRITE_SEC].account = f.steps[CLEANUP].account = f.steps[WRITE_SRV].account = 0;
	return f;
}

static struct fixture strict, soft, soft_cbor, strict_cbor, strict_json, soft_json;

static inline int
setup(void **state)
{
	(void)state;
	strict = make(FORMAT_TLV, false);
	soft = make(FORMAT_TLV, true);
	strict_cbor = make(FORMAT_SENML_CBOR, false);
	soft_cbor = make(FORMAT_SENML_CBOR, true);
	strict_json = make(FORMAT_SENML_JSON, false);
	soft_json = make(FORMAT_SENML_JSON, true);
	struct fixture *all[] = { &strict, &soft, &strict_cbor, &soft_cbor, &strict_json, &soft_json };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		all[i]->plan.steps = all[i]->steps;
	return 0;
}

static inline struct seq_action
say(struct seq *s, enum seq_event_kind kind)
{
	return seq_step(s, &(struct seq_event){ .kind = kind });
}

static inline struct seq_action
answer(struct seq *s, uint8_t code)
{
	return seq_step(s, &(struct seq_event){ .kind = SEQ_EV_ANSWER, .code = code });
}

static inline struct seq_action
lost(struct seq *s, enum err why)
{
	return seq_step(s, &(struct seq_event){ .kind = SEQ_EV_LOST, .why = why });
}

static inline struct seq_action
planned(struct seq *s, const struct fixture *f)
{
	return seq_step(s, &(struct seq_event){ .kind = SEQ_EV_PLANNED, .why = ERR_INVALID,
	    .plan = f != NULL ? &f->plan : NULL });
}

static inline void
expect_send(struct seq_action a, size_t step)
{
	assert_int_equal(a.kind, SEQ_DO_SEND);
	assert_int_equal(a.step, step);
}

static inline void
expect_failed(struct seq_action a, enum err why)
{
	assert_int_equal(a.kind, SEQ_DO_CLOSE);
	assert_int_equal(a.end, SEQ_END_FAILED);
	assert_int_equal(a.why, why);
}

static inline void
expect_plan(struct seq_action a, int format)
{
	assert_int_equal(a.kind, SEQ_DO_PLAN);
	assert_int_equal(a.format, format);
}

/* A sequencer that has just sent 'step' of the plan. */
static inline struct seq
at(const struct fixture *f, size_t step)
{
	struct seq s;

	seq_init(&s, &(struct seq_opts){ .targets = 0 });
	expect_plan(say(&s, SEQ_EV_START), -1);
	expect_send(planned(&s, f), DELETE);
	while (s.step < step)
		assert_int_equal(answer(&s, MSG_CHANGED).kind, SEQ_DO_SEND);
	assert_int_equal(s.step, step);
	return s;
}

static inline void
expect_wait(struct seq_action a)
{
	assert_int_equal(a.kind, SEQ_DO_WAIT);
	assert_true(a.wait_ms >= 1000);
}

/* Passed over a refused Delete, and then was refused Finish. */
static inline struct seq
refused_finish(uint8_t delete_answer, uint8_t repair_targets)
{
	struct seq s;

	seq_init(&s, &(struct seq_opts){ .repair_targets = repair_targets });
	(void)say(&s, SEQ_EV_START);
	expect_send(planned(&s, &soft), DELETE);
	(void)answer(&s, delete_answer);
	while (s.step < FINISH)
		(void)answer(&s, MSG_CHANGED);
	return s;
}

#endif
