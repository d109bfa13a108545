#include "daemon/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "daemon/letters.h"
#include "daemon/numbers.h"
#include "daemon/settings.h"
#include "exchange/exchange.h"
#include "oscore/oscore.h"
#include "lwm2m/objdef.h"
#include "store/reader.h"
#include "store/resolve.h"

/* Reports that may wait for the main thread; beyond it history is counted, not kept. */
#define BACKLOG_MAX	50000
/* OSCORE contexts kept after their session, half a KiB each: beyond them an Echo more is asked for. */
#define CONTEXTS_MAX	20000

struct worker {
	uint16_t		 number;
	bool			 shared, running;
	pthread_t		 thread;
	struct loop		*loop;
	struct mailbox		*orders;
	struct mailbox		*reports;	/* the main thread's */
	struct reader		*reader;
	struct resolver		*resolver;
	struct objdefs		*defs;
	struct oscore		*oscore;
	struct exchange		*exchange;
	struct transport	*transport;
	struct service		*service;
	bool			 draining;
	struct timer		 drain_check;
	_Atomic uint64_t	 backlog;
	struct counter		 history_lost;
	/* Failed handshakes told this second; the rest is in the counters. */
	uint64_t		 failures_second, failures_told, failures_max;
};

/* --- what is reported to the main thread --- */

static void
post(struct worker *w, struct report *r)
{
	atomic_fetch_add_explicit(&w->backlog, 1, memory_order_relaxed);
	mailbox_post(w->reports, &r->letter);
}

static void
on_started(void *arg, const struct session_info *info)
{
	struct worker *w = arg;
	struct report *r = letters_report(REPORT_STARTED, w);

	if (r == NULL)
		return;
	r->session = info->id;
	r->endpoint = arena_text(&r->arena, info->endpoint);
	r->peer = arena_text(&r->arena, info->peer);
	r->scheme = info->scheme;
	r->at_ms = info->started_ms;
	if (r->endpoint == NULL || r->peer == NULL) {
		letters_report_free(r);
		return;
	}
	post(w, r);
}

static void
on_ended(void *arg, const struct history *h)
{
	struct worker *w = arg;
	struct report *r = letters_report(REPORT_ENDED, w);

	if (r == NULL)
		return;
	r->session = h->session;
	if (worker_backlog(w) < BACKLOG_MAX)
		r->history = letters_copy_history(&r->arena, h);
	if (r->history == NULL)
		counter_add(&w->history_lost, 1);
	post(w, r);
}

/* A PSK identity as far as it can be shown; hex when it is no text. */
static const char *
printable(struct arena *a, const uint8_t *p, size_t len)
{
	if (text_is_utf8(p, len))
		return arena_printf(a, "%.*s", (int)len, (const char *)p);
	char *hex = arena_alloc(a, 2 * len + 1);
	if (hex != NULL)
		text_hex(p, len, hex);
	return hex;
}

static void
on_handshake_failed(void *arg, const struct handshake_failure *f)
{
	struct worker *w = arg;
	char peer[ADDR_TEXT_MAX];
	uint64_t second = loop_now_ms(w->loop) / 1000;

	if (second != w->failures_second) {
		w->failures_second = second;
		w->failures_told = 0;
	}
	if (w->failures_told++ >= w->failures_max || worker_backlog(w) >= BACKLOG_MAX)
		return;
	struct report *r = letters_report(REPORT_HANDSHAKE, w);
	if (r == NULL)
		return;
	r->at_ms = loop_wall_ms(w->loop);
	r->peer = arena_text(&r->arena, addr_format(f->peer, peer));
	r->reason = arena_text(&r->arena, f->reason);
	r->cause = arena_text(&r->arena, f->cause);
	if (f->identity != NULL)
		r->identity = printable(&r->arena, f->identity, f->identity_len);
	if (r->peer == NULL || r->reason == NULL || r->cause == NULL) {
		letters_report_free(r);
		return;
	}
	post(w, r);
}

/* What a handshake is to DTLS, the opening of the first request is to OSCORE. */
static void
on_oscore_failed(void *arg, struct link *l, const struct oscore_failure *f)
{
	on_handshake_failed(arg, &(struct handshake_failure){ .peer = link_peer(l), .cause = f->cause,
	    .reason = f->reason, .identity = f->kid.len > 0 ? f->kid.bytes : NULL,
	    .identity_len = f->kid.len });
}

/* --- what transport asks --- */

static enum err
find_psk(void *arg, const uint8_t *identity, size_t len, struct secret *ret)
{
	struct worker *w = arg;
	struct endpoint_row row;
	enum err e = reader_psk(w->reader, identity, len, &row);

	if (e == ERR_OK)
		e = secret_set(ret, row.psk_key, row.psk_key_len);
	return e;
}

static enum err
find_pinned(void *arg, enum identity_kind kind, const uint8_t sha256[32])
{
	struct worker *w = arg;
	struct endpoint_row row;
	enum err e = reader_pinned(w->reader, sha256, &row);

	(void)kind;		/* which kind the record means authorise() sees to */
	if (e == ERR_EXISTS)
		return ERR_OK;
	return e == ERR_NOTFOUND ? resolver_pinned(w->resolver, sha256) : e;
}

static enum err
find_context(void *arg, const struct oscore_id *kid, const uint8_t *id_context, size_t len,
    struct oscore_params *ret)
{
	struct worker *w = arg;

	return numbers_context(w->reader, kid, id_context, len, ret);
}

static void
on_received(void *arg, struct link *l, const uint8_t *p, size_t len)
{
	struct worker *w = arg;

	exchange_received(w->exchange, l, p, len);
}

static void
on_opened(void *arg, struct link *l)
{
	struct worker *w = arg;

	exchange_opened(w->exchange, l);
}

static void
on_going(void *arg, struct link *l, enum err why)
{
	struct worker *w = arg;

	exchange_going(w->exchange, l, why);
}

static void
on_request(void *arg, struct link *l, const struct exchange_incoming *in, struct exchange_reply *r)
{
	struct worker *w = arg;

	service_handle(w->service, l, in, r);
}

static void
on_link_gone(void *arg, struct link *l, enum err why)
{
	struct worker *w = arg;

	if (w->service != NULL)		/* at the end the links outlive it */
		service_link_gone(w->service, l, why);
}

/* --- orders from the main thread --- */

static void
report_found(struct worker *w, const struct order *o)
{
	struct report *r = letters_report(REPORT_FOUND, w);
	struct session_info info;

	if (r == NULL)
		return;
	r->session = o->session;
	r->request = o->request;
	if (service_find(w->service, o->session, &info) == ERR_OK) {
		r->state = arena_text(&r->arena, info.state);
		r->step = arena_text(&r->arena, info.step);
		r->step_number = info.step_number;
		r->nsteps = info.nsteps;
		r->age_ms = info.age_ms;
		r->live = r->state != NULL && r->step != NULL;
	}
	post(w, r);
}

static void
report_plain(struct worker *w, enum report_kind kind)
{
	struct report *r = letters_report(kind, w);

	if (r != NULL)
		post(w, r);
}

static void
supersede(struct worker *w, const struct order *o)
{
	struct report *r;

	if (service_supersede(w->service, o->session, o->peer, o->proven) != ERR_BUSY)
		return;
	r = letters_report(REPORT_STAYS, w);
	if (r == NULL)
		return;
	r->session = o->session;
	r->newer = o->newer;
	post(w, r);
}

static void
check_drained(void *arg)
{
	struct worker *w = arg;

	if (service_live(w->service) == 0)
		report_plain(w, REPORT_DRAINED);
	else
		timer_set(w->loop, &w->drain_check, 50);
}

/* Nothing that outlives a call points into the old ones (service.h, resolve.h). */
static void
take_objects(struct worker *w, struct objdefs *defs)
{
	struct objdefs *old = w->defs;

	resolver_take_objects(w->resolver, defs);
	service_take_objects(w->service, defs);
	w->defs = defs;
	objdefs_free(old);
}

static void
take_dtls(struct worker *w, struct dtls_shared *dtls)
{
	enum err e = transport_renew(w->transport, dtls);

	if (e != ERR_OK)
		log_error("worker=%u goes on with the old certificates: %s", w->number, err_text(e));
	dtls_shared_free(dtls);
}

static void
on_order(void *arg, struct letter *letter)
{
	struct worker *w = arg;
	struct order *o = (struct order *)letter;

	if (w->service == NULL) {	/* it was left when the thread ended, and nobody waits for it */
		objdefs_free(o->defs);
		dtls_shared_free(o->dtls);
		free(o->request);
		free(o);
		return;
	}
	switch (o->kind) {
	case ORDER_CANCEL:
		if (service_cancel(w->service, o->session, o->why) != ERR_OK)
			log_debug("ses=%016llx is over before it could be cancelled",
			    (unsigned long long)o->session);
		break;
	case ORDER_SUPERSEDE:
		supersede(w, o);
		break;
	case ORDER_FIND:
		report_found(w, o);
		break;
	case ORDER_PING:
		report_plain(w, REPORT_ALIVE);
		break;
	case ORDER_POLICY:
		service_policy(w->service, o->session_timeout_ms,
		    (enum service_unknown)o->unknown_endpoint, o->pack);
		break;
	case ORDER_OBJECTS:
		take_objects(w, o->defs);
		break;
	case ORDER_DTLS:
		take_dtls(w, o->dtls);
		break;
	case ORDER_DRAIN:
		service_drain(w->service);
		check_drained(w);
		break;
	case ORDER_STOP:
		loop_stop(w->loop);
		break;
	}
	free(o);
}

/* --- making and ending --- */

/* This worker's part of a limit for all; at least one, unless the limit is none at all. */
static uint32_t
share_of(const struct worker_opts *opts, uint64_t limit)
{
	return (uint32_t)((limit + opts->of - 1) / opts->of);
}

static enum err
make_layers(struct worker *w, const struct worker_opts *opts)
{
	const struct settings *s = opts->settings;
	const struct transport_opts transport = {
		.dtls = opts->dtls,
		.limits = {
			.links = (uint32_t)s->limit_links,
			.handshakes = (uint32_t)s->limit_handshakes,
			.links_per_prefix = (uint32_t)s->limit_per_prefix,
		},
		.handshake_timeout_ms = s->dtls_handshake_timeout,
		.idle_timeout_ms = s->dtls_idle_timeout,
	};
	const struct transport_events events = {
		.received = on_received, .going = on_going, .opened = on_opened, .find_psk = find_psk,
		.find_pinned = find_pinned,
		.handshake_failed = on_handshake_failed, .arg = w,
	};
	struct exchange_opts exchange = {
		.params = exchange_defaults,
		.handle = on_request, .link_gone = on_link_gone, .oscore_failed = on_oscore_failed,
		.arg = w,
	};
	exchange.params.ack_timeout_ms = (uint32_t)s->ack_timeout;
	exchange.params.ack_random_factor = s->ack_random_factor;
	exchange.params.max_retransmit = (uint32_t)s->max_retransmit;
	exchange.params.block_size = (uint32_t)s->block_size;
	exchange.params.max_body = (uint32_t)s->limit_body;
	exchange.params.max_message = (uint32_t)s->limit_message;
	exchange.params.idle_timeout_ms = (uint32_t)s->dtls_idle_timeout;
	exchange.params.max_upload = 0;		/* no request to us has a body */

	enum err e = oscore_new(&(struct oscore_opts){ .find = find_context, .arg = w,
	    .numbers = opts->numbers, .worker = opts->number, .max_contexts = CONTEXTS_MAX }, &w->oscore);
	exchange.oscore = w->oscore;
	if (e == ERR_OK)
		e = exchange_new(w->loop, &exchange, &w->exchange);
	if (e == ERR_OK)
		e = transport_new(w->loop, &transport, &events, &w->transport);
	if (e != ERR_OK)
		return e;
	const struct service_opts service = {
		.loop = w->loop, .exchange = w->exchange, .reader = w->reader,
		.resolver = w->resolver, .defs = opts->defs,
		.session_timeout_ms = s->session_timeout,
		.unknown_endpoint = (enum service_unknown)s->unknown_endpoint,
		.pack = s->pack != 0,
		.max_sessions = (uint32_t)s->limit_sessions,
		.refusals_per_s = share_of(opts, s->limit_refusals),
		.worker = w->number,
		.observer = { .started = on_started, .ended = on_ended, .arg = w },
	};
	return service_new(&service, &w->service);
}

enum err
worker_new(const struct worker_opts *opts, struct worker **ret)
{
	enum err e = ERR_NOMEM;
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		goto out;
	w->number = opts->number;
	w->shared = opts->of > 1;
	w->reports = opts->reports;
	w->defs = objdefs_hold(opts->defs);
	w->failures_max = share_of(opts, opts->settings->limit_refusals);
	timer_init(&w->drain_check, check_drained, w);
	e = loop_new(&w->loop);
	if (e == ERR_OK)
		e = mailbox_new(w->loop, on_order, w, &w->orders);
	if (e == ERR_OK)
		e = reader_new(opts->store, &w->reader);
	if (e == ERR_OK)
		e = resolver_new(w->reader, opts->defs, &w->resolver);
	if (e == ERR_OK)
		e = make_layers(w, opts);
	if (e != ERR_OK)
		goto out;
	*ret = w;
	w = NULL;
out:
	worker_free(w);
	return e;
}

enum err
worker_listen(struct worker *w, enum link_scheme scheme, const struct addr *addr,
    struct addr *actual)
{
	return transport_listen(w->transport, scheme, addr, w->shared, actual);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	if (loop_run(w->loop) != ERR_OK)
		log_error("worker=%u its loop failed: no device of it is served any more", w->number);
	return NULL;
}

enum err
worker_start(struct worker *w)
{
	sigset_t all, before;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = failed == 0;
	return w->running ? ERR_OK : ERR_NOMEM;
}

void
worker_order(struct worker *w, const struct order *o)
{
	struct order *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		log_error("worker=%u an order is lost: out of memory", w->number);
		objdefs_free(o->defs);
		return;
	}
	*copy = *o;
	mailbox_post(w->orders, &copy->letter);
}

void
worker_take_objects(struct worker *w, struct objdefs *defs)
{
	worker_order(w, &(struct order){ .kind = ORDER_OBJECTS, .defs = objdefs_hold(defs) });
}

void
worker_stop(struct worker *w)
{
	if (w->running) {
		loop_stop(w->loop);
		pthread_join(w->thread, NULL);
		w->running = false;
	}
	service_free(w->service);
	w->service = NULL;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_stop(w);
	if (w->transport != NULL)
		transport_free(w->transport);
	if (w->exchange != NULL)
		exchange_free(w->exchange);
	oscore_free(w->oscore);
	resolver_free(w->resolver);
	reader_free(w->reader);
	if (w->loop != NULL)
		timer_cancel(w->loop, &w->drain_check);
	if (w->orders != NULL)
		mailbox_free(w->orders);
	objdefs_free(w->defs);
	loop_free(w->loop);
	free(w);
}

uint16_t
worker_number(const struct worker *w)
{
	return w->number;
}

const struct transport_stats *
worker_transport(const struct worker *w)
{
	return transport_stats(w->transport);
}

const struct exchange_stats *
worker_exchange(const struct worker *w)
{
	return exchange_stats(w->exchange);
}

const struct oscore_stats *
worker_oscore(const struct worker *w)
{
	return oscore_stats(w->oscore);
}

const struct service_stats *
worker_service(const struct worker *w)
{
	return service_stats(w->service);
}

void
worker_taken(struct worker *w)
{
	atomic_fetch_sub_explicit(&w->backlog, 1, memory_order_relaxed);
}

uint64_t
worker_backlog(const struct worker *w)
{
	return atomic_load_explicit(&w->backlog, memory_order_relaxed);
}

uint64_t
worker_history_lost(const struct worker *w)
{
	return counter_get(&w->history_lost);
}
