#include "bootstrap/service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/problem.h"
#include "bootstrap/authorise.h"
#include "bootstrap/request_priv.h"
#include "bootstrap/session_priv.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "store/history.h"
#include "transport/link.h"

/*
 * What an answer to a Bootstrap-Request may be is little: 2.04, 4.00, 4.15 (spec/bootstrap.md 1.2).
 * Several clients give up for good on an error, so whoever is turned away for a reason of ours
 * (a limit, the store, the end of the daemon) gets no answer at all and will ask again.
 */

/* See contest(); docs/who-may-bootstrap.md says why. */
#define QUIET_MS	5000		/* without a word of the device, its session may be taken over */
#define RESTART_MS	10000		/* a session this short was ended by an impatient device */
#define RESTARTS_MAX	2		/* of those in a row start anew, the next ones do not */
#define TURNS_MAX	6		/* the same for a device that calls over another link each time */

enum err
service_new(const struct service_opts *opts, struct service **ret)
{
	struct service *svc = calloc(1, sizeof(*svc));

	if (svc == NULL)
		return ERR_NOMEM;
	svc->opts = *opts;
	svc->refusals_at_ms = loop_now_ms(opts->loop);
	svc->refusals_left = (uint64_t)opts->refusals_per_s * 1000;
	/* Numbers that no earlier life of the daemon has given out: the time leads. */
	svc->last_id = (uint64_t)opts->worker << 48 |
	    (((uint64_t)loop_wall_ms(opts->loop) / 1000 & 0xffffffff) << 16);
	*ret = svc;
	return ERR_OK;
}

void
service_free(struct service *svc)
{
	struct session *s;

	if (svc == NULL)
		return;
	while ((s = sessions_any(&svc->sessions)) != NULL)
		session_stop(s, ERR_CANCELLED, "the server was stopped");
	sessions_fini(&svc->sessions);
	free(svc);
}

uint64_t
service_next_id(struct service *svc)
{
	return ++svc->last_id;
}

/* --- refusals --- */

struct refusal {
	const char	*endpoint;	/* or NULL */
	const char	*profile;	/* or NULL */
	const char	*reason;
	const char	*cause;
	bool		 known;
};

/* Anybody can make us refuse something, so only so many of them a second are kept. */
static bool
worth_telling(struct service *svc)
{
	uint64_t now = loop_now_ms(svc->opts.loop), full = (uint64_t)svc->opts.refusals_per_s * 1000;

	svc->refusals_left += (now - svc->refusals_at_ms) * svc->opts.refusals_per_s;
	svc->refusals_at_ms = now;
	if (svc->refusals_left > full)
		svc->refusals_left = full;
	if (svc->refusals_left < 1000)
		return false;
	svc->refusals_left -= 1000;
	return true;
}

static void
tell_refusal(struct service *svc, struct link *link, const struct refusal *r)
{
	char peer[ADDR_TEXT_MAX], name[LOG_WORD_MAX];
	struct history h = {
		.endpoint = r->endpoint != NULL ? r->endpoint : "",
		.peer = addr_format(link_peer(link), peer),
		.scheme = link_scheme_name(link_scheme(link)),
		.profile = r->profile,
		.started_ms = loop_wall_ms(svc->opts.loop),
		.result = HISTORY_REFUSED,
		.reason = r->reason,
		.cause = r->cause,
		.format = FORMAT_NONE,
		.known = r->known,
	};

	if (!worth_telling(svc))
		return;
	h.session = service_next_id(svc);
	log_info("ses=%016" PRIx64 " ep=%s peer=%s result=refused reason=%s cause=\"%s\"", h.session,
	    log_word(h.endpoint, name), peer, h.reason, h.cause);
	if (svc->opts.observer.ended != NULL)
		svc->opts.observer.ended(svc->opts.observer.arg, &h);
}

static void
over_limit(struct service *svc, struct link *link, const char *endpoint, struct exchange_reply *reply)
{
	counter_add(&svc->stats.refused_limit, 1);
	reply->silent = true;
	tell_refusal(svc, link, &(struct refusal){ .endpoint = endpoint, .reason = "limit",
	    .cause = "as many sessions are open as the settings allow" });
}

/* A verdict other than ALLOWED, as a number, an answer, and an entry in the history. */
static void
refuse(struct service *svc, struct link *link, enum verdict v, const char *name, const struct problem *why,
    struct exchange_reply *reply)
{
	struct service_stats *st = &svc->stats;
	/* What is kept of a device must not change by one who has not proven to be it. */
	struct refusal r = { .endpoint = name, .reason = verdict_reason(v), .cause = why->text,
		.known = v == VERDICT_DISABLED ||
		    (v == VERDICT_NO_CONFIG && strcmp(why->reason, verdict_reason(v)) == 0) };

	reply->code = MSG_BAD_REQUEST;
	switch (v) {
	case VERDICT_UNKNOWN:
		counter_add(&st->refused_unknown_endpoint, 1);
		reply->silent = svc->opts.unknown_endpoint == SERVICE_IGNORE;
		break;
	case VERDICT_NOT_AUTHORISED:
		counter_add(&st->refused_not_authorised, 1);
		break;
	case VERDICT_DISABLED:
		counter_add(&st->refused_disabled, 1);
		break;
	case VERDICT_NO_CONFIG:
		counter_add(&st->refused_no_config, 1);
		break;
	case VERDICT_ERROR:
	case VERDICT_ALLOWED:
		counter_add(&st->store_errors, 1);
		reply->silent = true;
		log_error("ep=%s bootstrap not possible: %s", name != NULL ? name : "", why->text);
		return;
	}
	tell_refusal(svc, link, &r);
}

/* --- a new request beside a running session --- */

enum contest { TAKE_OVER, GO_ON, LEAVE_ALONE };

static bool
same_host(const struct addr *a, const struct addr *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->scope == b->scope;
}

static bool
is_quiet(const struct session *s)
{
	return loop_now_ms(s->svc->opts.loop) - s->progress_at_ms >= QUIET_MS;
}

/*
 * Over NoSec anybody can use a name, so another host must not end a session that makes progress, nor
 * can a host's every datagram start one anew.
 */
static bool
may_take_over(const struct session *old, const struct addr *peer, bool proven)
{
	if (proven || is_quiet(old))
		return true;
	return link_identity(old->link)->kind == IDENTITY_NONE && old->restarts < RESTARTS_MAX &&
	    same_host(link_peer(old->link), peer);
}

/*
 * The request has been authorised, so the newest wins; with two exceptions. One is that of
 * may_take_over(). The other: a device that asks again each second, as Contiki-NG does until it has
 * an account, must not start over each time: over a slow network it would never get there.
 */
static enum contest
contest(const struct session *old, const struct session_start *begin)
{
	const struct link *link = begin->link;
	bool proven = begin->oscore != NULL || link_identity(link)->kind != IDENTITY_NONE;

	if (old->link == link && old->pack)
		return TAKE_OVER;	/* it begins anew, or has thought better of it */
	if (old->link == link && old->restarts >= RESTARTS_MAX && !is_quiet(old))
		return GO_ON;
	/* Two associations of one device that take turns would fill log and history. */
	if (old->link != link && old->restarts >= TURNS_MAX && !is_quiet(old))
		return LEAVE_ALONE;
	return may_take_over(old, link_peer(link), proven) ? TAKE_OVER : LEAVE_ALONE;
}

static uint8_t
count_restarts(const struct session *old, uint64_t now_us)
{
	if (now_us - old->started_at_us >= RESTART_MS * UINT64_C(1000))
		return 0;
	return old->restarts < UINT8_MAX ? (uint8_t)(old->restarts + 1) : UINT8_MAX;
}

/* --- POST /bs --- */

/* A format that may be asked for and that we write (spec/bootstrap.md 1.2). */
static bool
pct_is_served(int pct)
{
	switch (pct) {
	case -1:
		return true;
	case FORMAT_SENML_JSON:
	case FORMAT_SENML_CBOR:
	case FORMAT_TLV:
	case FORMAT_LWM2M_CBOR:
		return format_can_encode(pct);
	default:
		return false;
	}
}

/* The device is who it says and has a configuration. True when all of 'begin' is the session's now. */
static bool
start(struct service *svc, struct session_start *begin, struct exchange_reply *reply)
{
	const struct resolved *res = begin->res;
	struct link *link = begin->link;
	struct session *old = sessions_by_name(&svc->sessions, res->endpoint);
	struct session *same_link = sessions_by_link(&svc->sessions, link), *s;

	if (old != NULL) {
		switch (contest(old, begin)) {
		case TAKE_OVER:
			break;
		case GO_ON:
			reply->code = MSG_CHANGED;
			reply->silent = begin->pack != NULL;
			return false;
		case LEAVE_ALONE:
			reply->silent = true;
			log_debug("ep=%s request from another address left alone", res->endpoint);
			return false;
		}
		begin->restarts = count_restarts(old, loop_now_us(svc->opts.loop));
		session_stop(old, ERR_REPLACED, NULL);
	}
	/* One conversation with one peer (NSTART 1): it has become another device. */
	if (same_link != NULL && same_link != old)
		session_stop(same_link, ERR_REPLACED, "the same peer asked as another endpoint");
	if (svc->sessions.n >= svc->opts.max_sessions) {
		over_limit(svc, link, res->endpoint, reply);
		return false;
	}
	if (session_new(svc, begin, &s) != ERR_OK) {
		reply->silent = true;
		return false;
	}
	if (begin->pack != NULL) {
		session_offer(s, reply);
	} else {
		reply->code = MSG_CHANGED;
		reply->then = session_begin;
		reply->then_arg = s;
	}
	return true;
}

static bool
answer_request(struct service *svc, struct session_start *begin, struct exchange_reply *reply)
{
	const struct resolved *res = begin->res;

	if (pct_is_served(begin->pct))
		return start(svc, begin, reply);
	counter_add(&svc->stats.refused_bad_request, 1);
	reply->code = MSG_UNSUPPORTED_FORMAT;
	tell_refusal(svc, begin->link, &(struct refusal){ .endpoint = res->endpoint, .known = true,
	    .profile = res->profile, .reason = "unsupported-format",
	    .cause = "the device asks for a content format (pct) that this server does not write" });
	return false;
}

/* --- GET /bspack (spec/bootstrap.md 1.8) --- */

/* In which format; FORMAT_NONE: in none that is accepted. */
static int
pack_format(int32_t accept)
{
	switch (accept) {
	case -1:
		return FORMAT_SENML_CBOR;
	case FORMAT_SENML_CBOR:
	case FORMAT_SENML_JSON:
	case FORMAT_LWM2M_CBOR:
		return format_can_encode(accept) ? accept : FORMAT_NONE;
	default:
		return FORMAT_NONE;
	}
}

/* What the request says of its bootstrap account, as if Discover had been answered so; NULL: nothing. */
static enum err
read_acc(const struct bs_request *req, struct arena *arena, struct discovery **ret)
{
	struct discovery *d = NULL;
	enum err e = ERR_OK;

	if (req->acc != NULL) {
		d = arena_alloc(arena, sizeof(*d));
		e = d == NULL ? ERR_NOMEM : discovery_parse(req->acc, req->acc_len, arena, d);
		if (e == ERR_OK && (d->odd || d->nlinks == 0))
			e = ERR_MALFORMED;
	}
	if (e == ERR_OK)
		*ret = d;
	return e;
}

/*
 * Records that a Pack cannot serve are for a session: 4.05, and the device goes on with a
 * Bootstrap-Request. That is no refusal, so no history tells of it.
 */
static bool
answer_pack(struct service *svc, struct session_start *begin, const struct bs_request *req, int format,
    struct exchange_reply *reply)
{
	struct plan_device dev = { .lwm2m = 0x0102, .pct = -1, .format = format, .format_forced = true,
		.pack = true };
	struct problem why = { .reason = "" };
	struct discovery *acc = NULL;
	enum err e = read_acc(req, begin->arena, &acc);

	if (e == ERR_OK) {
		dev.discovery = acc;
		e = plan_build(begin->res, &dev, svc->opts.defs, NULL, begin->arena, &begin->pack, &why);
	}
	if (e == ERR_OK)
		return start(svc, begin, reply);
	if (e == ERR_MALFORMED || e == ERR_TOOBIG) {
		counter_add(&svc->stats.refused_bad_request, 1);
		reply->code = MSG_BAD_REQUEST;
	} else if (e == ERR_INVALID || e == ERR_UNSUPPORTED) {
		log_debug("ep=%s no Pack: %s", begin->res->endpoint, why.text);
		reply->code = MSG_METHOD_NOT_ALLOWED;
	} else {
		reply->silent = true;
	}
	return false;
}

/* A Pack has more codes to refuse with than a session. */
static uint8_t
pack_refusal(enum verdict v)
{
	switch (v) {
	case VERDICT_DISABLED:
		return MSG_UNAUTHORIZED;
	case VERDICT_NO_CONFIG:
		return MSG_NOT_FOUND;
	case VERDICT_ALLOWED:
	case VERDICT_UNKNOWN:
	case VERDICT_NOT_AUTHORISED:
	case VERDICT_ERROR:
		break;
	}
	return MSG_BAD_REQUEST;
}

/* --- both --- */

/* A server that is full asks no store for strangers. */
static bool
is_full_for(const struct service *svc, const char *ep)
{
	return svc->sessions.n >= svc->opts.max_sessions && ep != NULL &&
	    sessions_by_name(&svc->sessions, ep) == NULL;
}

static void
answer_known(struct service *svc, struct link *link, const struct exchange_incoming *in,
    const struct bs_request *req, struct exchange_reply *reply)
{
	bool pack = in->code == MSG_GET, taken = false;
	struct authorise_request who = { .ep = req->has_ep ? req->ep : NULL, .scheme = link_scheme(link),
		.identity = link_identity(link), .oscore = in->oscore, .oscore_len = in->oscore_len };
	struct problem why = { .reason = "" };
	struct resolved res;
	struct arena arena;
	const char *name = NULL;
	struct session_start begin = { .room = session_room(&arena), .link = link, .arena = &arena,
		.res = &res, .pct = pack ? -1 : req->pct, .oscore = in->oscore,
		.oscore_len = in->oscore_len };

	if (begin.room == NULL) {
		reply->silent = true;
		return;
	}
	enum verdict v = authorise(&who, svc->opts.reader, svc->opts.resolver, &arena, &res, &name, &why);
	if (v == VERDICT_ALLOWED) {
		taken = pack ? answer_pack(svc, &begin, req, pack_format(in->accept), reply) :
		    answer_request(svc, &begin, reply);
		if (!taken)
			resolved_release(&res);
	} else {
		refuse(svc, link, v, name, &why, reply);
		if (pack)
			reply->code = pack_refusal(v);
	}
	if (!taken)
		arena_fini(&arena);
}

/* POST /bs, GET /bspack */
static void
bootstrap_request(struct service *svc, struct link *link, const struct exchange_incoming *in,
    struct exchange_reply *reply)
{
	struct bs_request req;

	if (svc->draining) {
		reply->silent = true;
	} else if (bs_request_read(in->msg, &req) != NULL) {
		counter_add(&svc->stats.refused_bad_request, 1);
		reply->code = MSG_BAD_REQUEST;
	} else if (in->code == MSG_GET && pack_format(in->accept) == FORMAT_NONE) {
		reply->code = MSG_NOT_ACCEPTABLE;
	} else if (is_full_for(svc, req.has_ep ? req.ep : NULL)) {
		over_limit(svc, link, req.ep, reply);
	} else {
		answer_known(svc, link, in, &req, reply);
	}
}

static void
pack_request(struct service *svc, struct link *link, const struct exchange_incoming *in,
    struct exchange_reply *reply)
{
	counter_add(&svc->stats.pack_requests, 1);
	if (in->code != MSG_GET)
		reply->code = MSG_METHOD_NOT_ALLOWED;
	else if (!svc->opts.pack)
		reply->code = MSG_NOT_IMPLEMENTED;	/* the device then comes to /bs */
	else
		bootstrap_request(svc, link, in, reply);
}

/* --- what the exchange layer tells --- */

void
service_handle(void *service, struct link *link, const struct exchange_incoming *in,
    struct exchange_reply *reply)
{
	struct service *svc = service;

	if (exchange_path_is(in, "/bspack")) {
		pack_request(svc, link, in, reply);
	} else if (!exchange_path_is(in, "/bs")) {
		reply->code = MSG_NOT_FOUND;
	} else if (in->code != MSG_POST) {
		reply->code = MSG_METHOD_NOT_ALLOWED;
	} else {
		counter_add(&svc->stats.requests, 1);
		bootstrap_request(svc, link, in, reply);
	}
}

void
service_link_gone(void *service, struct link *link, enum err why)
{
	struct service *svc = service;
	struct session *s = sessions_by_link(&svc->sessions, link);

	if (s != NULL)
		session_link_lost(s, why);
}

/* --- for the operator --- */

void
service_policy(struct service *svc, uint64_t session_timeout_ms, enum service_unknown unknown, bool pack)
{
	svc->opts.session_timeout_ms = session_timeout_ms;
	svc->opts.unknown_endpoint = unknown;
	svc->opts.pack = pack;
}

void
service_take_objects(struct service *svc, const struct objdefs *defs)
{
	svc->opts.defs = defs;
}

void
service_drain(struct service *svc)
{
	svc->draining = true;
}

size_t
service_live(const struct service *svc)
{
	return svc->sessions.n;
}

enum err
service_cancel(struct service *svc, uint64_t id, enum err why)
{
	struct session *s = sessions_by_id(&svc->sessions, id);

	if (s == NULL)
		return ERR_NOTFOUND;
	session_stop(s, why == ERR_REPLACED ? ERR_REPLACED : ERR_CANCELLED, NULL);
	return ERR_OK;
}

enum err
service_supersede(struct service *svc, uint64_t id, const char *peer, bool proven)
{
	struct session *s = sessions_by_id(&svc->sessions, id);
	struct addr addr = { .family = 0 };

	if (s == NULL)
		return ERR_NOTFOUND;
	if (addr_parse(peer, &addr) != ERR_OK || !may_take_over(s, &addr, proven))
		return ERR_BUSY;
	session_stop(s, ERR_REPLACED, NULL);
	return ERR_OK;
}

enum err
service_find(struct service *svc, uint64_t id, struct session_info *ret)
{
	const struct session *s = sessions_by_id(&svc->sessions, id);

	if (s == NULL)
		return ERR_NOTFOUND;
	session_info(s, svc->peer_text, svc->step_text, ret);
	return ERR_OK;
}

const struct service_stats *
service_stats(const struct service *svc)
{
	return &svc->stats;
}
