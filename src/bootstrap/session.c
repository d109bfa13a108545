#include "bootstrap/session_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "store/config.h"
#include "store/record.h"
#include "transport/link.h"

/*
 * Bytes of an arena's chunks: the session and a profile's device; what a record may need besides;
 * Discover's answer, the plan of one account, the steps done. A device that never answers costs
 * nothing of the last.
 */
#define SESSION_CHUNK	512
#define RECORD_CHUNK	384
#define PLAN_CHUNK	640
#define PAUSE_MS	500	/* longer than what a network holds back while it lets others pass */
#define LEAN_FROM	1100	/* a record that takes more is not kept */

static void drive(struct session *s, struct seq_event ev);

static struct seq_event
plan_event(struct session *s, const struct seq_action *a)
{
	struct plan *plan = NULL;
	enum err e = session_plan(s, a->format, a->repair, &plan);

	return (struct seq_event){ .kind = SEQ_EV_PLANNED, .why = e, .plan = plan };
}

/* --- answers --- */

static enum outcome
outcome_of(const struct exchange_result *r)
{
	if (r->why == ERR_OK)
		return MSG_CLASS(r->code) == 2 ? OUTCOME_OK : OUTCOME_REFUSED;
	if (r->why == ERR_TIMEOUT)
		return OUTCOME_TIMEOUT;
	return r->why == ERR_RESET ? OUTCOME_RESET : OUTCOME_LOST;
}

static const struct plan_step *
planned_step(const struct session *s)
{
	return s->seq.plan != NULL && s->kind != STEP_DISCOVER ? &s->seq.plan->steps[s->seq.step] : NULL;
}

/* Without memory the step is missing in the history; the session goes on. */
static void
note_step(struct session *s, enum outcome outcome, const struct exchange_result *r)
{
	const struct plan_step *st = planned_step(s);
	struct step_log *l = arena_alloc(&s->arena, sizeof(*l));
	bool reads = s->kind == STEP_DISCOVER || s->kind == STEP_READ;

	if (l == NULL)
		return;
	*l = (struct step_log){ .path = s->path, .kind = s->kind, .outcome = (uint8_t)outcome,
		.content_format = st != NULL ? st->content_format : FORMAT_NONE };
	if (r != NULL) {
		l->code = r->why == ERR_OK ? r->code : 0;
		l->retransmissions = r->retransmissions < UINT8_MAX ? (uint8_t)r->retransmissions : UINT8_MAX;
		l->blocks = r->blocks < UINT16_MAX ? (uint16_t)r->blocks : UINT16_MAX;
		l->rtt_us = r->rtt_us;
		l->bytes = reads ? (uint32_t)r->payload_len : 0;
	}
	if (!reads && st != NULL)
		l->bytes = (uint32_t)st->payload_len;
	if (s->last != NULL)
		s->last->next = l;
	else
		s->log = l;
	s->last = l;
}

/* The answer to Discover, as far as it is one. */
static enum err
take_discovery(struct session *s, const struct exchange_result *r)
{
	struct discovery *d;
	enum err e;

	s->discover_failed = s->discovery == NULL;
	if (r->why != ERR_OK || MSG_CLASS(r->code) != 2 ||
	    (r->content_format != FORMAT_LINK && r->content_format != FORMAT_NONE))
		return ERR_OK;
	d = arena_alloc(&s->arena, sizeof(*d));
	if (d == NULL)
		return ERR_NOMEM;
	e = discovery_parse(r->payload, r->payload_len, &s->arena, d);
	if (e == ERR_NOMEM)
		return e;
	if (e == ERR_OK && s->seq.repairs > 0)
		s->repaired = d;
	else if (e == ERR_OK) {
		s->discovery = d;
		s->discover_failed = false;
	}
	return ERR_OK;
}

static struct seq_event
event_of(struct session *s, const struct exchange_result *r, enum outcome outcome)
{
	if (outcome == OUTCOME_DIFFERS)
		return (struct seq_event){ .kind = SEQ_EV_DRIFT };
	if (outcome == OUTCOME_UNREADABLE)
		return (struct seq_event){ .kind = SEQ_EV_LOST, .why = ERR_MALFORMED };
	if (s->kind == STEP_DISCOVER && take_discovery(s, r) != ERR_OK)
		return (struct seq_event){ .kind = SEQ_EV_STOP, .why = ERR_NOMEM };
	if (r->why != ERR_OK)
		return (struct seq_event){ .kind = SEQ_EV_LOST, .why = r->why };
	/* Of a body in blocks it is not known which message was repeated. */
	return (struct seq_event){ .kind = SEQ_EV_ANSWER, .code = r->code,
	    .repeated = r->retransmissions > 0 && r->blocks <= 1 };
}

static void
answered(void *arg, const struct exchange_result *r)
{
	struct session *s = arg;
	enum outcome outcome = outcome_of(r);
	const char *drift = NULL;

	s->in_flight = false;
	if (r->why == ERR_OK || r->why == ERR_RESET)
		s->progress_at_ms = loop_now_ms(s->svc->opts.loop);
	if (s->kind == STEP_READ && outcome == OUTCOME_OK)
		outcome = session_compare(s, planned_step(s), r, &drift);
	note_step(s, outcome, r);
	if (outcome == OUTCOME_DIFFERS && s->last != NULL)
		s->last->drift = drift;
	drive(s, event_of(s, r, outcome));
}

/* --- requests --- */

/* True when it is on its way; else *ret says what came of it. */
static bool
send(struct session *s, enum step_kind kind, const struct path *path, const struct seq_action *a,
    struct seq_event *ret)
{
	const struct plan_step *st = kind != STEP_DISCOVER ? &s->seq.plan->steps[a->step] : NULL;
	char text[PATH_TEXT_MAX];
	struct exchange_request r = {
		.code = step_method(kind),
		.path = kind == STEP_FINISH ? "/bs" : path_format(path, text),
		.accept = st == NULL ? FORMAT_LINK : a->any_format ? FORMAT_NONE : st->accept,
		.content_format = st != NULL ? st->content_format : FORMAT_NONE,
		.done = answered, .arg = s,
	};
	enum err e;

	if (kind == STEP_WRITE) {
		r.payload = st->payload;
		r.payload_len = st->payload_len;
	}
	s->kind = (uint8_t)kind;
	s->path = *path;
	e = exchange_request(s->svc->opts.exchange, s->link, &r);
	s->in_flight = e == ERR_OK;
	s->why = NULL;		/* what was said of a plan is about an earlier step */
	if (e == ERR_OK)
		return true;
	note_step(s, OUTCOME_NOT_SENT, NULL);
	/* What we could not send is no word of the device: it must not be taken for one. */
	*ret = (struct seq_event){ .kind = SEQ_EV_STOP, .why = e };
	return false;
}

static void
close_session(struct session *s, const struct session_end *end)
{
	struct service *svc = s->svc;
	struct link *link = s->link;
	struct arena arena;

	timer_cancel(svc->opts.loop, &s->timer);
	if (s->in_flight)
		exchange_cancel(svc->opts.exchange, link);
	sessions_remove(&svc->sessions, s);
	counter_sub(&svc->stats.sessions, 1);
	session_tell_end(s, end);
	exchange_hold(svc->opts.exchange, link, false);
	resolved_release(&s->res);
	arena = s->arena;	/* the session goes with it */
	arena_fini(&arena);
}

static void
note_action(struct session *s, const struct seq_action *a)
{
	if (a->passed_over && s->last != NULL && s->last->outcome == OUTCOME_REFUSED)
		s->last->outcome = OUTCOME_PASSED_OVER;
	if (a->presumed && s->last != NULL)
		s->last->outcome = OUTCOME_PRESUMED;
	if (a->learnt)
		s->learnt = s->seq.plan->format;
}

/* /0 is what every client that answers at all answers (Awa refuses the root). */
static struct path
discovery_path(const struct session *s, const struct seq_action *a)
{
	if (a->target > 0)
		return PATH_O(0);
	return a->repair > 0 ? PATH_ROOT : s->first_path;
}

/* The timer is for pauses, too: there is one in each of many thousand sessions. */
static void
pause_for(struct session *s, uint32_t ms)
{
	struct loop *loop = s->svc->opts.loop;
	uint64_t now = loop_now_ms(loop), left = s->deadline_ms > now ? s->deadline_ms - now : 0;

	s->paused = true;
	timer_set(loop, &s->timer, ms < left ? ms : left);
}

/* Feeds the sequencer until it waits for the device, or it is over. The session may be gone then. */
static void
drive(struct session *s, struct seq_event ev)
{
	bool waiting = false;

	while (!waiting) {
		struct session_end end = { .stopped = ev.kind == SEQ_EV_STOP, .in_flight = s->in_flight };
		struct seq_action a = seq_step(&s->seq, &ev);
		struct path path;

		note_action(s, &a);
		switch (a.kind) {
		case SEQ_DO_NOTHING:
			return;
		case SEQ_DO_DISCOVER:
			path = discovery_path(s, &a);
			waiting = send(s, STEP_DISCOVER, &path, &a, &ev);
			break;
		case SEQ_DO_PLAN:
			ev = plan_event(s, &a);
			break;
		case SEQ_DO_SEND:
			path = s->seq.plan->steps[a.step].path;
			waiting = send(s, s->seq.plan->steps[a.step].kind, &path, &a, &ev);
			break;
		case SEQ_DO_WAIT:
			pause_for(s, a.wait_ms);
			return;
		case SEQ_DO_CLOSE:
			end.end = a.end;
			end.why = a.why;
			close_session(s, &end);
			return;
		}
	}
}

/* --- beginning, end --- */

static void
on_timer(void *arg)
{
	struct session *s = arg;
	uint64_t now = loop_now_ms(s->svc->opts.loop);

	if (!s->paused || now >= s->deadline_ms) {
		session_stop(s, ERR_TIMEOUT, s->pack ? "the device did not ask for all of the Pack" : NULL);
		return;
	}
	s->paused = false;
	timer_set(s->svc->opts.loop, &s->timer, s->deadline_ms - now);
	drive(s, (struct seq_event){ .kind = SEQ_EV_WAITED });
}

struct session *
session_room(struct arena *arena)
{
	struct session *s;

	arena_init(arena, SESSION_CHUNK, SESSION_ARENA_LIMIT);
	s = arena_alloc(arena, sizeof(*s));
	arena->chunk_size = RECORD_CHUNK;
	return s;
}

/* Whom to ask, and when to begin. A device that may be asked is asked before a repair as well. */
static struct seq_opts
order_for(const struct resolved *res)
{
	const struct path path = plan_discovery_path(res);
	bool may = res->config != NULL && res->config->discover != CONFIG_NEVER;

	return (struct seq_opts){
		.targets = !plan_wants_discovery(res) ? 0 : path.depth == 0 ? 2 : 1,
		.repair_targets = may ? 2 : 0,
		.pause_ms = (res->quirks & QUIRK_BIT(QUIRK_PAUSE_AFTER_204)) != 0 ? PAUSE_MS : 0,
	};
}

/* What a session keeps of a record that is read again: names, and what was learnt of the device. */
static struct session *
make_lean(const struct session_start *start, struct arena *arena)
{
	const struct resolved *from = start->res;
	struct session *s = session_room(arena);
	char *endpoint = arena_text(arena, from->endpoint), *profile = NULL;

	if (from->profile != NULL)
		profile = arena_text(arena, from->profile);
	if (s == NULL || endpoint == NULL || (from->profile != NULL && profile == NULL)) {
		arena_fini(arena);
		return NULL;
	}
	s->lean = true;
	s->res = (struct resolved){ .endpoint = endpoint, .profile = profile, .enabled = true,
		.lwm2m = from->lwm2m, .format = from->format };
	return s;
}

/* 'start' has become a session's, or is what a lean one does without. */
static void
settle(struct session *s, const struct session_start *start, const struct arena *arena)
{
	struct resolved res = *start->res;

	if (s->lean) {
		resolved_release(&res);
		arena_fini(start->arena);
	}
	s->arena = *arena;
	s->arena.chunk_size = PLAN_CHUNK;
}

enum err
session_new(struct service *svc, const struct session_start *start, struct session **ret)
{
	bool lean = start->pack == NULL && start->arena->total > LEAN_FROM;
	struct arena arena = *start->arena;
	struct session *s = lean ? make_lean(start, &arena) : start->room;
	struct loop *loop = svc->opts.loop;
	struct seq_opts order;

	if (s == NULL)
		return ERR_NOMEM;
	if (!lean)
		s->res = *start->res;
	if (start->oscore != NULL) {
		s->oscore = arena_dup(&arena, start->oscore, start->oscore_len);
		s->oscore_len = s->oscore != NULL ? start->oscore_len : 0;
	}
	s->svc = svc;
	s->link = start->link;
	s->pct = start->pct;
	s->learnt = FORMAT_NONE;
	s->restarts = start->restarts;
	s->id = service_next_id(svc);
	s->started_at_us = loop_now_us(loop);
	s->progress_at_ms = loop_now_ms(loop);
	s->started_wall_ms = loop_wall_ms(loop);
	s->deadline_ms = s->progress_at_ms + svc->opts.session_timeout_ms;
	s->path = s->first_path = plan_discovery_path(start->res);
	order = order_for(start->res);
	seq_init(&s->seq, &order);
	s->pack = start->pack != NULL;
	s->seq.plan = start->pack;
	if (!sessions_add(&svc->sessions, s)) {
		if (lean)
			arena_fini(&arena);
		return ERR_NOMEM;
	}
	settle(s, start, &arena);
	timer_init(&s->timer, on_timer, s);
	timer_set(loop, &s->timer, svc->opts.session_timeout_ms);
	counter_add(&svc->stats.started, 1);
	counter_add(&svc->stats.sessions, 1);
	*ret = s;
	return ERR_OK;
}

static void
tell_start(struct session *s, struct link *link)
{
	char peer[ADDR_TEXT_MAX], step[SESSION_STEP_MAX], name[LOG_WORD_MAX];
	struct session_info info;

	session_info(s, peer, step, &info);
	log_info("ses=%016" PRIx64 " ep=%s peer=%s scheme=%s profile=%s state=started", s->id,
	    log_word(info.endpoint, name), peer, info.scheme, s->res.profile != NULL ? s->res.profile : "-");
	if (s->svc->opts.observer.started != NULL)
		s->svc->opts.observer.started(s->svc->opts.observer.arg, &info);
	exchange_hold(s->svc->opts.exchange, link, true);
}

void
session_begin(void *session, struct link *link)
{
	struct session *s = session;

	tell_start(s, link);
	drive(s, (struct seq_event){ .kind = SEQ_EV_START });
}

/* The last block was asked for: more is never heard of a Pack (spec/bootstrap.md 1.8). */
static void
delivered(void *service, struct link *link)
{
	struct service *svc = service;
	struct session *s = sessions_by_link(&svc->sessions, link);

	if (s == NULL || !s->pack)
		return;
	counter_add(&svc->stats.packs, 1);
	note_step(s, OUTCOME_OK, &(struct exchange_result){ .why = ERR_OK, .code = MSG_CONTENT,
	    .rtt_us = (uint32_t)(loop_now_us(svc->opts.loop) - s->started_at_us) });
	close_session(s, &(struct session_end){ .end = SEQ_END_FINISHED });
}

void
session_offer(struct session *s, struct exchange_reply *reply)
{
	const struct plan_step *st = &s->seq.plan->steps[0];

	s->kind = STEP_PACK;
	reply->code = MSG_CONTENT;
	reply->content_format = st->content_format;
	reply->payload = st->payload;
	reply->payload_len = st->payload_len;
	reply->then = delivered;
	reply->then_arg = s->svc;	/* the session may be gone by then */
	reply->then_at_last = true;
	tell_start(s, s->link);
}

void
session_stop(struct session *s, enum err why, const char *sentence)
{
	s->why = sentence;
	drive(s, (struct seq_event){ .kind = SEQ_EV_STOP, .why = why });
}

/* Only for a session without a request: that one has been told by its own 'done'. */
void
session_link_lost(struct session *s, enum err why)
{
	s->in_flight = false;
	s->why = s->pack ? "the connection ended before the device had asked for all of the Pack" :
	    "the connection ended before the session could begin";
	drive(s, (struct seq_event){ .kind = SEQ_EV_STOP, .why = why == ERR_OK ? ERR_CLOSED : why });
}

void
session_info(const struct session *s, char *peer, char *step, struct session_info *ret)
{
	struct loop *loop = s->svc->opts.loop;
	char path[PATH_TEXT_MAX];

	step[0] = '\0';
	if (s->pack)
		snprintf(step, SESSION_STEP_MAX, "pack");
	else if (s->in_flight && s->kind == STEP_FINISH)
		snprintf(step, SESSION_STEP_MAX, "finish");
	else if (s->in_flight)
		snprintf(step, SESSION_STEP_MAX, "%s %s", step_kind_name(s->kind),
		    path_format(&s->path, path));
	*ret = (struct session_info){
		.id = s->id,
		.endpoint = s->res.endpoint,
		.peer = addr_format(link_peer(s->link), peer),
		.scheme = link_scheme_name(link_scheme(s->link)),
		.state = s->pack ? "delivering" : seq_state_name(&s->seq),
		.step = step,
		.step_number = s->seq.plan != NULL ? s->seq.step + 1 : 0,
		.nsteps = s->seq.plan != NULL ? s->seq.plan->nsteps : 0,
		.started_ms = s->started_wall_ms,
		.age_ms = (uint32_t)((loop_now_us(loop) - s->started_at_us) / 1000),
	};
}
