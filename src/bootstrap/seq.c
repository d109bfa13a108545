#include "bootstrap/seq.h"

#include <assert.h>

#include "bootstrap/plan.h"
#include "coap/msg.h"

/*
 *   NEW --START--> DISCOVERING --answer, Reset--> PLANNING --PLANNED--> APPLYING
 *   NEW --START, nothing to ask-----------------> PLANNING
 *   NEW --START, a pause is wanted--> PAUSED --WAITED--> as above
 *   DISCOVERING --refused, another target is left--> DISCOVERING
 *
 *   APPLYING --step done, or refused and passed over--> APPLYING, FINISHING
 *   APPLYING --write refused, a format is left--------> TRYING --PLANNED--> APPLYING (same step)
 *   TRYING, APPLYING --no format left, passed over----> RESTORING --PLANNED--> APPLYING (next step)
 *   DISCOVERING, APPLYING, FINISHING --5.03-----------> PAUSED --WAITED--> the same request again
 *
 *   FINISHING --2.xx--> DONE
 *   FINISHING --4.06, something is left to repair--> REPAIRING --WAITED--> DISCOVERING, PLANNING
 *   all but DONE --refusal that counts, LOST, STOP--> FAILED
 *
 * TRYING waits for the plan in another content format, RESTORING for the one in the format
 * that served before. An event that has no meaning in a state changes nothing.
 */
enum state {
	NEW, PAUSED, DISCOVERING, PLANNING, APPLYING, TRYING, RESTORING, FINISHING, REPAIRING, DONE, FAILED,
	NSTATES
};

#define BIT(n)	(1u << (n))

#define REPAIRS_MAX	2	/* spec/bootstrap.md 1.7, X17 */
#define REPAIR_MS	1000	/* at least that long after a refused Finish; 1.7 */
#define RETRIES_MAX	2	/* of a step that was answered 5.03 */
#define RETRY_MS	1000

static const struct {
	const char	*name;
	unsigned	 next;		/* BIT() of every state that may be entered from here */
} states[NSTATES] = {
	[NEW]         = { "new",         BIT(PAUSED) | BIT(DISCOVERING) | BIT(PLANNING) | BIT(FAILED) },
	[PAUSED]      = { "paused",      BIT(DISCOVERING) | BIT(PLANNING) | BIT(APPLYING) |
	                                 BIT(FINISHING) | BIT(FAILED) },
	[DISCOVERING] = { "discovering", BIT(DISCOVERING) | BIT(PLANNING) | BIT(PAUSED) | BIT(FAILED) },
	[PLANNING]    = { "planning",    BIT(APPLYING) | BIT(FINISHING) | BIT(FAILED) },
	[APPLYING]    = { "applying",    BIT(APPLYING) | BIT(TRYING) | BIT(RESTORING) |
	                                 BIT(FINISHING) | BIT(PAUSED) | BIT(FAILED) },
	[TRYING]      = { "trying",      BIT(TRYING) | BIT(APPLYING) | BIT(RESTORING) |
	                                 BIT(FINISHING) | BIT(FAILED) },
	[RESTORING]   = { "restoring",   BIT(APPLYING) | BIT(FINISHING) | BIT(FAILED) },
	[FINISHING]   = { "finishing",   BIT(DONE) | BIT(REPAIRING) | BIT(PAUSED) | BIT(FAILED) },
	[REPAIRING]   = { "repairing",   BIT(DISCOVERING) | BIT(PLANNING) | BIT(FAILED) },
	[DONE]        = { "done",        0 },
	[FAILED]      = { "failed",      0 },
};

/* The only place where the state changes. */
static void
enter(struct seq *s, enum state next)
{
	assert(states[s->state].next & BIT(next));
	s->state = (uint8_t)next;
}

static struct seq_action
nothing(void)
{
	return (struct seq_action){ .kind = SEQ_DO_NOTHING, .format = -1 };
}

static struct seq_action
fail(struct seq *s, enum err why)
{
	enter(s, FAILED);
	return (struct seq_action){ .kind = SEQ_DO_CLOSE, .end = SEQ_END_FAILED, .why = why,
	    .step = s->step, .format = -1 };
}

static struct seq_action
ask_plan(struct seq *s, enum state state, int format)
{
	enter(s, state);
	return (struct seq_action){ .kind = SEQ_DO_PLAN, .step = s->step, .format = format,
	    .repair = s->repairs };
}

static struct seq_action
wait_for(struct seq *s, enum state state, uint32_t ms)
{
	s->resume = s->state;
	enter(s, state);
	return (struct seq_action){ .kind = SEQ_DO_WAIT, .step = s->step, .format = -1, .wait_ms = ms };
}

static const struct plan_step *
current(const struct seq *s)
{
	return &s->plan->steps[s->step];
}

/* Sends the step at hand, or the next one that is not to be left out. The last is FINISH and never is. */
static struct seq_action
send(struct seq *s)
{
	for (;; s->step++) {
		assert(s->step < s->plan->nsteps);
		const struct plan_step *st = current(s);

		if (st->cleanup) {
			if (s->cleanup)
				break;
		} else if (st->account >= 64 || !(s->refused >> st->account & 1)) {
			break;
		}
	}
	s->cleanup = false;
	enter(s, current(s)->kind == STEP_FINISH ? FINISHING : APPLYING);
	return (struct seq_action){ .kind = SEQ_DO_SEND, .step = s->step, .format = -1,
	    .any_format = s->any_format };
}

static struct seq_action
next(struct seq *s)
{
	s->step++;
	s->tried = 0;
	s->retries = 0;
	s->any_format = false;
	s->proven = s->format;
	s->proven_forced = s->forced;
	return send(s);
}

/* Goes on as if the refused step had not been asked for. */
static struct seq_action
pass_over(struct seq *s)
{
	const struct plan_step *st = current(s);

	if (st->kind == STEP_WRITE) {
		s->cleanup = s->repairable = true;
		if (st->account < 64)
			s->refused |= (uint64_t)1 << st->account;
	}

	struct seq_action a = next(s);
	a.passed_over = true;
	return a;
}

/* Notes the format that the step at hand was sent in; one that is no candidate (text) leaves no mark. */
static void
mark_tried(struct seq *s)
{
	for (size_t i = 0; i < s->plan->nformats; i++)
		if (s->plan->formats[i] == current(s)->content_format)
			s->tried |= (uint8_t)BIT(i);
}

/* No format is left, or the refusal was not about formats. */
static struct seq_action
give_up(struct seq *s)
{
	if (!current(s)->optional)
		return fail(s, ERR_REFUSED);
	if (s->format == s->proven && s->forced == s->proven_forced)
		return pass_over(s);
	s->format = s->proven;
	s->forced = s->proven_forced;
	return ask_plan(s, RESTORING, s->forced ? s->plan->formats[s->format] : -1);
}

static struct seq_action
try_format(struct seq *s)
{
	size_t n = s->spoke_of_format ? s->plan->nformats : s->plan->nformats_any;

	for (size_t i = 0; i < n; i++) {
		if (s->tried & BIT(i))
			continue;
		s->tried |= (uint8_t)BIT(i);
		s->format = (uint8_t)i;
		s->forced = true;
		return ask_plan(s, TRYING, s->plan->formats[i]);
	}
	return give_up(s);
}

/*
 * What devices answer to a format that they cannot read: Wakaama 4.00 and 4.06, Anjay and
 * Contiki-NG 4.15, coap-node 5.00.
 */
static bool
may_be_format(uint8_t code)
{
	return code == MSG_UNSUPPORTED_FORMAT || code == MSG_NOT_ACCEPTABLE ||
	    code == MSG_BAD_REQUEST || code == MSG_INTERNAL;
}

static struct seq_action
refused(struct seq *s, uint8_t code)
{
	const struct plan_step *st = current(s);

	if (st->kind == STEP_READ && code == MSG_NOT_ACCEPTABLE && !s->any_format) {
		s->any_format = true;		/* the format may be the device's choice */
		return send(s);
	}
	/* What is not there needs no repair. */
	if (st->kind == STEP_DELETE && !st->cleanup && code != MSG_NOT_FOUND)
		s->repairable = true;
	if (st->kind != STEP_WRITE || !may_be_format(code))
		return give_up(s);
	mark_tried(s);
	s->spoke_of_format = code == MSG_UNSUPPORTED_FORMAT || code == MSG_NOT_ACCEPTABLE;
	return try_format(s);
}

static struct seq_action
accepted(struct seq *s)
{
	bool learnt = current(s)->kind == STEP_WRITE && s->format != s->proven;
	struct seq_action a = next(s);

	a.learnt = learnt;
	return a;
}

/* Whether a device that answers so is still there, and only cannot do what was asked. */
static bool
only_cannot(enum err why)
{
	return why == ERR_RESET || why == ERR_TOOBIG || why == ERR_MALFORMED;
}

static struct seq_action
discover(struct seq *s, uint8_t target)
{
	s->target = target;
	enter(s, DISCOVERING);
	return (struct seq_action){ .kind = SEQ_DO_DISCOVER, .format = -1, .target = target,
	    .repair = s->repairs };
}

/* The format that serves by now; -1: what is best. */
static int
serving_format(const struct seq *s)
{
	return s->forced ? s->plan->formats[s->format] : -1;
}

/* Before the plan, and before each repair. */
static struct seq_action
begin(struct seq *s)
{
	return s->targets > 0 ? discover(s, 0) :
	    ask_plan(s, PLANNING, s->plan != NULL ? serving_format(s) : -1);
}

/*
 * The answer to a request that did not fit the moment: Anjay Lite's to one that comes before it has
 * read our 2.04 (RFC 7252, 5.9.3.4).
 */
static bool
asks_for_patience(struct seq *s, const struct seq_event *ev)
{
	return ev->kind == SEQ_EV_ANSWER && ev->code == MSG_UNAVAILABLE && s->retries < RETRIES_MAX;
}

static struct seq_action
retry(struct seq *s)
{
	s->retries++;
	s->cleanup = s->state == APPLYING && current(s)->cleanup;
	return wait_for(s, PAUSED, RETRY_MS);
}

static struct seq_action
discovering(struct seq *s, const struct seq_event *ev)
{
	bool refused = ev->kind == SEQ_EV_LOST || (ev->kind == SEQ_EV_ANSWER && MSG_CLASS(ev->code) != 2);

	if (ev->kind == SEQ_EV_LOST && !only_cannot(ev->why))
		return fail(s, ev->why);
	if (ev->kind != SEQ_EV_ANSWER && ev->kind != SEQ_EV_LOST)
		return nothing();
	if (asks_for_patience(s, ev))
		return retry(s);
	s->retries = 0;
	if (refused && s->target + 1 < s->targets)
		return discover(s, (uint8_t)(s->target + 1));
	if (refused)
		s->repair_targets = 0;		/* it will not do better next time */
	return ask_plan(s, PLANNING, s->plan != NULL ? serving_format(s) : -1);
}

static struct seq_action
paused(struct seq *s, const struct seq_event *ev)
{
	if (ev->kind != SEQ_EV_WAITED)
		return nothing();
	if (s->resume == NEW)
		return begin(s);
	return s->resume == DISCOVERING ? discover(s, s->target) : send(s);
}

static struct seq_action
planning(struct seq *s, const struct seq_event *ev)
{
	if (ev->kind != SEQ_EV_PLANNED)
		return nothing();
	if (ev->plan == NULL)
		return fail(s, s->repairs > 0 ? ERR_REFUSED : ev->why);
	s->plan = ev->plan;
	s->step = 0;
	return send(s);
}

/*
 * A repetition of a Write that was executed, answered by a device that knows no duplicates and
 * cannot write over what it has: Contiki-NG. Its first answer was lost, and the Write took place.
 */
static bool
presumed(const struct seq *s, const struct seq_event *ev)
{
	return current(s)->kind == STEP_WRITE && ev->repeated && ev->code == MSG_METHOD_NOT_ALLOWED;
}

static struct seq_action
answered(struct seq *s, const struct seq_event *ev)
{
	struct seq_action a;

	/* Any success will do: Contiki-NG answers 2.01 to a Write, Awa 2.00 to a Read. */
	if (MSG_CLASS(ev->code) == 2)
		return accepted(s);
	if (asks_for_patience(s, ev))
		return retry(s);
	if (!presumed(s, ev))
		return refused(s, ev->code);
	a = accepted(s);
	a.presumed = true;
	return a;
}

static struct seq_action
applying(struct seq *s, const struct seq_event *ev)
{
	const struct plan_step *st = current(s);

	switch (ev->kind) {
	case SEQ_EV_ANSWER:
		return answered(s, ev);
	case SEQ_EV_DRIFT:
		s->repairable = true;
		return st->must_match ? fail(s, ERR_REFUSED) : pass_over(s);
	case SEQ_EV_LOST:
		/* What cannot be read back is no reason to fail; a Reset elsewhere means a lost session. */
		if (st->kind == STEP_READ && st->optional && only_cannot(ev->why))
			return pass_over(s);
		return fail(s, ev->why);
	case SEQ_EV_START:
	case SEQ_EV_PLANNED:
	case SEQ_EV_WAITED:
	case SEQ_EV_STOP:
		break;
	}
	return nothing();
}

/* The plan is the same but for the format; one that is not comes from a record that changed meanwhile. */
static bool
same_steps(const struct seq *s, const struct plan *plan)
{
	return plan != NULL && plan->nsteps == s->plan->nsteps && plan->nformats == s->plan->nformats;
}

static struct seq_action
trying(struct seq *s, const struct seq_event *ev)
{
	if (ev->kind != SEQ_EV_PLANNED)
		return nothing();
	/* A format that cannot carry this step leaves it as it was refused. */
	if (!same_steps(s, ev->plan) ||
	    ev->plan->steps[s->step].content_format != s->plan->formats[s->format])
		return try_format(s);
	s->plan = ev->plan;
	return send(s);
}

static struct seq_action
restoring(struct seq *s, const struct seq_event *ev)
{
	if (ev->kind != SEQ_EV_PLANNED)
		return nothing();
	if (!same_steps(s, ev->plan))
		return fail(s, ev->plan == NULL ? ev->why : ERR_INVALID);
	s->plan = ev->plan;
	return pass_over(s);
}

/*
 * What was refused and passed over may be what Finish is refused for, so it is tried again, after a
 * look at what the device holds. Where nothing was, the same would only be refused again.
 */
static struct seq_action
repair(struct seq *s)
{
	if (s->repairs == REPAIRS_MAX || !s->repairable)
		return fail(s, ERR_REFUSED);
	s->repairs++;
	s->repairable = false;
	s->targets = s->repair_targets;
	s->refused = 0;
	s->tried = 0;
	s->retries = 0;
	return wait_for(s, REPAIRING, REPAIR_MS);
}

static struct seq_action
finished(struct seq *s, bool is_presumed)
{
	enter(s, DONE);
	return (struct seq_action){ .kind = SEQ_DO_CLOSE, .end = SEQ_END_FINISHED, .step = s->step,
	    .format = -1, .presumed = is_presumed };
}

static struct seq_action
finishing(struct seq *s, const struct seq_event *ev)
{
	bool answer = ev->kind == SEQ_EV_ANSWER;

	if (!answer && ev->kind != SEQ_EV_LOST)
		return nothing();
	if (answer && MSG_CLASS(ev->code) == 2)
		return finished(s, false);
	if (asks_for_patience(s, ev))
		return retry(s);
	if (answer && ev->code == MSG_NOT_ACCEPTABLE)
		return repair(s);
	if (s->plan->finish_unconfirmed)
		return finished(s, true);
	return fail(s, answer ? ERR_REFUSED : ev->why);
}

struct seq_action
seq_step(struct seq *s, const struct seq_event *ev)
{
	if (states[s->state].next == 0)		/* over: a late answer changes nothing */
		return nothing();
	if (ev->kind == SEQ_EV_STOP)
		return fail(s, ev->why);

	switch ((enum state)s->state) {
	case NEW:
		if (ev->kind != SEQ_EV_START)
			return nothing();
		return s->pause_ms > 0 ? wait_for(s, PAUSED, s->pause_ms) : begin(s);
	case PAUSED:
		return paused(s, ev);
	case DISCOVERING:
		return discovering(s, ev);
	case PLANNING:
		return planning(s, ev);
	case APPLYING:
		return applying(s, ev);
	case TRYING:
		return trying(s, ev);
	case RESTORING:
		return restoring(s, ev);
	case FINISHING:
		return finishing(s, ev);
	case REPAIRING:
		return ev->kind == SEQ_EV_WAITED ? begin(s) : nothing();
	case DONE:
	case FAILED:
	case NSTATES:
		break;
	}
	return nothing();
}

void
seq_init(struct seq *s, const struct seq_opts *opts)
{
	*s = (struct seq){ .state = NEW, .targets = opts->targets, .repair_targets = opts->repair_targets,
		.pause_ms = opts->pause_ms };
}

const char *
seq_state_name(const struct seq *s)
{
	return states[s->state].name;
}

size_t
seq_nstates(void)
{
	return NSTATES;
}
