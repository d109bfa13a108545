/* How a session ended, in the words of the history (interface.md, 9): result, reason, one sentence. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/text.h"
#include "bootstrap/session_priv.h"
#include "coap/msg.h"
#include "lwm2m/format.h"
#include "store/history.h"
#include "transport/credentials.h"
#include "transport/link.h"

static const char *const outcomes[] = {
	[OUTCOME_OK] = "ok", [OUTCOME_PRESUMED] = "presumed", [OUTCOME_PASSED_OVER] = "passed-over",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_DIFFERS] = "differs", [OUTCOME_UNREADABLE] = "unreadable", [OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_RESET] = "reset", [OUTCOME_LOST] = "lost", [OUTCOME_NOT_SENT] = "not-sent",
};

struct verdict_text {
	enum history_result	 result;
	const char		*reason;
	const char		*cause;		/* NULL: out of memory */
};

static const char *
path_text(struct arena *a, const struct step_log *l)
{
	char text[PATH_TEXT_MAX];
	const char *copy = l->kind == STEP_FINISH ? "/bs" : l->kind == STEP_PACK ? "/bspack" :
	    arena_text(a, path_format(&l->path, text));

	return copy != NULL ? copy : "";
}

/* "write /0/1", "finish". */
static const char *
step_text(struct arena *a, uint8_t kind, const struct path *path)
{
	char text[PATH_TEXT_MAX];

	if (kind == STEP_FINISH)
		return "Finish";
	if (kind == STEP_PACK)
		return "the Pack";
	return arena_printf(a, "%s %s", step_kind_name(kind), path_format(path, text));
}

/* "4.00 Bad Request" */
static const char *
code_text(struct arena *a, uint8_t code)
{
	char number[8];

	return arena_printf(a, "%s%s%s", msg_code_text(code, number), *msg_code_name(code) != '\0' ? " " : "",
	    msg_code_name(code));
}

/* --- causes --- */

/* "senml-cbor, tlv": the formats in which the last step was refused; *n counts them. */
static const char *
formats_tried(struct arena *a, const struct session *s, unsigned *n)
{
	const char *list = "";

	*n = 0;
	for (const struct step_log *l = s->log; l != NULL; l = l->next) {
		const char *name = format_name(l->content_format);

		if (l->kind != STEP_WRITE || !path_eq(&l->path, &s->last->path) || name == NULL)
			continue;
		list = arena_printf(a, "%s%s%s", list != NULL ? list : "", (*n)++ > 0 ? ", " : "", name);
	}
	return list;
}

static const char *
drift_sentence(struct arena *a, const struct step_log *l, const char *step)
{
	return arena_printf(a, "%s gave back something else than was written: %s", step,
	    l->drift != NULL ? l->drift : "out of memory for what");
}

static const char *
finish_sentence(struct arena *a, const struct session *s, const char *code)
{
	if (s->last->code != MSG_NOT_ACCEPTABLE)
		return arena_printf(a, "the device refused Finish with %s", code);
	if (s->seq.repairs == 0)
		return arena_printf(a, "the device refused Finish with %s: it finds what it holds "
		    "inconsistent, and there is nothing that could be written otherwise", code);
	return arena_printf(a, "the device refused Finish with %s: it finds what it holds inconsistent, also "
	    "after %u %s", code, s->seq.repairs, s->seq.repairs == 1 ? "repair" : "repairs");
}

/* After a refused Finish some devices are gone for good: Anjay Lite and Leshan's client. */
static const char *
no_repair_sentence(struct arena *a, const struct session *s, const struct session_end *end)
{
	if (s->why != NULL)
		return arena_printf(a, "the device refused Finish with 4.06 Not Acceptable: it finds what it "
		    "holds inconsistent; and no other plan can be made: %s", s->why);
	return arena_printf(a, "the device refused Finish with 4.06 Not Acceptable: it finds what it holds "
	    "inconsistent. What had been refused before was to be tried again, but the device %s",
	    end->why == ERR_TIMEOUT ? "did not answer any more" :
	    end->why == ERR_RESET ? "had ended its session" :
	    s->last->outcome == OUTCOME_REFUSED ? "refused it again" : "went away");
}

static const char *
refusal_sentence(struct arena *a, const struct session *s)
{
	const struct step_log *l = s->last;
	const char *step = step_text(a, l->kind, &l->path), *code = code_text(a, l->code);
	unsigned n = 0;

	if (l->outcome == OUTCOME_DIFFERS)
		return drift_sentence(a, l, step);
	if (l->kind == STEP_FINISH)
		return finish_sentence(a, s, code);
	if (l->kind == STEP_WRITE) {
		const char *formats = formats_tried(a, s, &n);
		if (s->why != NULL)	/* no plan in another format */
			return arena_printf(a, "the device refused %s with %s (%s); %s", step, code, formats,
			    s->why);
		if (n > 1)
			return arena_printf(a, "the device refused %s with %s in every format tried (%s)",
			    step, code, formats);
	}
	return arena_printf(a, "the device refused %s with %s", step, code);
}

/*
 * A lost Finish, or a refused one that had been sent before: clients that were content with the first
 * answer the second with 4.00 (Awa), a Reset (coap-node) or not at all (Wakaama). Only 4.06 is a word
 * about the configuration.
 */
static bool
finish_unknown(const struct session *s, const struct session_end *end)
{
	const struct step_log *l = s->last;

	if (end->in_flight)
		return s->kind == STEP_FINISH;
	if (l == NULL || l->kind != STEP_FINISH || l->outcome == OUTCOME_NOT_SENT)
		return false;
	if (l->outcome == OUTCOME_REFUSED)
		return l->retransmissions > 0 && l->code != MSG_NOT_ACCEPTABLE;
	if (l->outcome == OUTCOME_RESET)
		return l->retransmissions > 0;
	return true;
}

static const char *
where(struct arena *a, const struct session *s, const struct session_end *end)
{
	if (end->in_flight || s->last != NULL)
		return step_text(a, s->kind, &s->path);
	return "its start";
}

/* The device was not there any more, or said that it had forgotten us. */
static struct verdict_text
lost(struct arena *a, const struct session *s, const struct session_end *end)
{
	struct verdict_text v = { .result = HISTORY_FAILED };
	const char *at = where(a, s, end);

	if (end->why == ERR_TIMEOUT && end->stopped) {
		v.reason = "timeout";
		v.cause = arena_printf(a, "the session took longer than %u s; it was at %s",
		    (unsigned)(s->svc->opts.session_timeout_ms / 1000), at);
	} else if (end->why == ERR_TIMEOUT) {
		v.reason = "timeout";
		v.cause = arena_printf(a, "the device did not answer %s", at);
	} else if (end->why == ERR_RESET) {
		v.reason = "reset";
		v.cause = arena_printf(a, "the device answered %s with a Reset: it has lost its session", at);
	} else if (end->why == ERR_DENIED) {
		v.reason = "lost";
		v.cause = arena_printf(a, "the device cannot open what OSCORE protects, at %s: "
		    "it has lost its security context, or holds another", at);
	} else if (err_class(end->why) == ERR_CLASS_PEER || end->why == ERR_CANCELLED) {
		v.reason = "lost";
		v.cause = arena_printf(a, "the session ended at %s: %s", at, err_text(end->why));
	} else {
		v.reason = "internal";
		v.cause = arena_printf(a, "the server failed at %s: %s", at, err_text(end->why));
	}
	return v;
}

static struct verdict_text
failed(struct arena *a, const struct session *s, const struct session_end *end)
{
	struct verdict_text v = { .result = HISTORY_FAILED };

	if (finish_unknown(s, end)) {
		v.reason = "finish-unknown";
		v.cause = "no clear answer to Finish came, so it is not known whether the device took its "
		    "configuration; it may be in use";
		return v;
	}
	if (s->seq.repairs > 0 && s->last != NULL && s->last->kind != STEP_FINISH &&
	    err_class(end->why) == ERR_CLASS_PEER && !(end->stopped && end->why == ERR_TIMEOUT)) {
		v.reason = step_kind_name(STEP_FINISH);
		v.cause = no_repair_sentence(a, s, end);
		return v;
	}
	if (end->why == ERR_REFUSED && s->last != NULL) {
		v.reason = s->last->outcome == OUTCOME_DIFFERS ? "verify" : step_kind_name(s->last->kind);
		v.cause = refusal_sentence(a, s);
		return v;
	}
	if (!end->stopped && (end->why == ERR_INVALID || end->why == ERR_UNSUPPORTED)) {
		v.reason = "plan";
		v.cause = s->why != NULL ? s->why : "no plan can be made from the record";
		return v;
	}
	v = lost(a, s, end);
	if (s->why != NULL)
		v.cause = s->why;
	return v;
}

static struct verdict_text
judge(struct arena *a, const struct session *s, const struct session_end *end)
{
	if (end->end == SEQ_END_FINISHED)
		return (struct verdict_text){ .result = HISTORY_FINISHED, .reason = "",
		    .cause = s->pack ? "delivered: the device was handed its configuration as a Pack" : "" };
	if (end->stopped && end->why == ERR_REPLACED)
		return (struct verdict_text){ .result = HISTORY_SUPERSEDED, .reason = "superseded",
		    .cause = s->why != NULL ? s->why : "the device sent a new Bootstrap-Request" };
	if (end->stopped && end->why == ERR_CANCELLED)
		return (struct verdict_text){ .result = HISTORY_CANCELLED, .reason = "cancelled",
		    .cause = s->why != NULL ? s->why : "cancelled by the operator" };
	return failed(a, s, end);
}

/* --- the history entry --- */

static size_t
count_steps(const struct session *s, uint64_t *resent)
{
	size_t n = 0;

	*resent = 0;
	for (const struct step_log *l = s->log; l != NULL; l = l->next) {
		*resent += l->retransmissions;
		n++;
	}
	return n;
}

static struct history_step *
tell_steps(struct arena *a, const struct session *s, size_t n)
{
	struct history_step *steps = arena_array(a, n + 1, sizeof(*steps));
	size_t i = 0;

	for (const struct step_log *l = s->log; steps != NULL && l != NULL; l = l->next)
		steps[i++] = (struct history_step){ .operation = step_kind_name(l->kind),
			.path = path_text(a, l), .content_format = l->content_format, .code = l->code,
			.outcome = outcomes[l->outcome], .bytes = l->bytes, .rtt_us = l->rtt_us,
			.retransmissions = l->retransmissions, .blocks = l->blocks };
	return steps;
}

/* What deserves a warning of one step, or NULL. */
static const char *
step_warning(struct arena *a, const struct step_log *l)
{
	const char *step = step_text(a, l->kind, &l->path);

	switch ((enum outcome)l->outcome) {
	case OUTCOME_PASSED_OVER:
		if (l->kind == STEP_READ)
			return arena_printf(a, "%s: the device refused it with %s, so what was written there "
			    "is not verified", step, code_text(a, l->code));
		return arena_printf(a, "the device refused %s with %s; passed over", step,
		    code_text(a, l->code));
	case OUTCOME_DIFFERS:
		return drift_sentence(a, l, step);
	case OUTCOME_PRESUMED:
		if (l->kind == STEP_FINISH)
			return arena_printf(a, "Finish %s; taken for a success (quirk finish-unconfirmed)",
			    l->code != 0 ? arena_printf(a, "was answered with %s", code_text(a, l->code)) :
			    "was not answered");
		return arena_printf(a, "the device answered a repetition of %s with %s: it was taken to have "
		    "been executed the first time", step, code_text(a, l->code));
	case OUTCOME_UNREADABLE:
		return arena_printf(a, "%s: the answer cannot be read, so what was written there is not "
		    "verified", step);
	case OUTCOME_RESET:
		return l->kind == STEP_READ ? arena_printf(a, "%s: the device cannot answer it, so what was "
		    "written there is not verified", step) : NULL;
	case OUTCOME_OK:
		return l->kind == STEP_PACK ? "a device does not confirm a Pack: what it made of it is not "
		    "known, and one that cannot use it comes back with a Bootstrap-Request" : NULL;
	case OUTCOME_REFUSED:
	case OUTCOME_TIMEOUT:
	case OUTCOME_LOST:
	case OUTCOME_NOT_SENT:
		break;
	}
	return NULL;
}

static const char **
tell_warnings(struct arena *a, const struct session *s, size_t nsteps, size_t *n)
{
	const struct plan *plan = s->seq.plan;
	size_t nplan = plan != NULL ? plan->nwarnings : 0;
	const char **v = arena_array(a, nplan + nsteps + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v != NULL && i < nplan; i++)
		v[(*n)++] = plan->notes[i];
	for (const struct step_log *l = s->log; v != NULL && l != NULL; l = l->next) {
		v[*n] = step_warning(a, l);
		*n += v[*n] != NULL;
	}
	return v;
}

/* The common name of a certificate, or what a record would pin. */
static const char *
credential_text(struct arena *a, const struct identity *id)
{
	char text[128];
	uint8_t digest[CREDENTIAL_DIGEST_LEN];

	if (id->kind == IDENTITY_CERTIFICATE &&
	    certificate_common_name(id->p, id->len, text, sizeof(text)) == ERR_OK)
		return arena_text(a, text);
	if (credential_digest(id->p, id->len, digest) != ERR_OK)
		return NULL;
	text_hex(digest, sizeof(digest), text);
	return arena_printf(a, "sha256:%s", text);
}

/* A PSK identity is text as a rule; what is not is shown in hex. */
static const char *
identity_text(struct arena *a, const struct link *link)
{
	const struct identity *id = link_identity(link);
	char *text;

	if (id == NULL || id->kind == IDENTITY_NONE)
		return NULL;
	if (id->kind == IDENTITY_CERTIFICATE || id->kind == IDENTITY_PUBLIC_KEY)
		return credential_text(a, id);
	if (id->len > 0 && text_is_utf8(id->p, id->len) && memchr(id->p, '\0', id->len) == NULL)
		return arena_printf(a, "%.*s", (int)id->len, (const char *)id->p);
	text = arena_alloc(a, 2 * id->len + 1);
	if (text != NULL)
		text_hex(id->p, id->len, text);
	return text;
}

static int
format_used(const struct session *s)
{
	if (s->learnt != FORMAT_NONE)
		return s->learnt;
	for (const struct step_log *l = s->log; l != NULL; l = l->next)
		if (l->kind == STEP_PACK)
			return l->content_format;
		else if (l->kind == STEP_WRITE)
			return s->seq.plan->formats[0];
	return FORMAT_NONE;
}

static void
count_end(struct service_stats *stats, enum history_result result)
{
	switch (result) {
	case HISTORY_FINISHED:
		counter_add(&stats->finished, 1);
		break;
	case HISTORY_FAILED:
		counter_add(&stats->failed, 1);
		break;
	case HISTORY_SUPERSEDED:
		counter_add(&stats->superseded, 1);
		break;
	case HISTORY_CANCELLED:
		counter_add(&stats->cancelled, 1);
		break;
	case HISTORY_REFUSED:
		break;
	}
}

static void
write_log(const struct history *h, size_t nsteps, uint64_t resent)
{
	const char *quote = *h->cause != '\0' ? "\"" : "";
	char name[LOG_WORD_MAX];

	log_info("ses=%016" PRIx64 " ep=%s peer=%s result=%s steps=%zu resent=%" PRIu64 " ms=%u%s%s%s%s%s%s",
	    h->session, log_word(h->endpoint, name), h->peer, history_result_name(h->result), nsteps,
	    resent, h->duration_ms, *h->reason != '\0' ? " reason=" : "", h->reason,
	    *h->cause != '\0' ? " cause=" : "", quote, h->cause, quote);
}

void
session_tell_end(struct session *s, const struct session_end *end)
{
	struct service *svc = s->svc;
	struct arena a;
	char peer[ADDR_TEXT_MAX];
	uint64_t resent;
	size_t nsteps = count_steps(s, &resent), nwarnings = 0;

	arena_init(&a, 2048, 0);
	struct verdict_text v = judge(&a, s, end);
	struct history_step *steps = tell_steps(&a, s, nsteps);
	const char **warnings = tell_warnings(&a, s, nsteps, &nwarnings);
	struct history h = {
		.session = s->id,
		.endpoint = s->res.endpoint,
		.peer = addr_format(link_peer(s->link), peer),
		.scheme = link_scheme_name(link_scheme(s->link)),
		.identity = identity_text(&a, s->link),
		.profile = s->res.profile,
		.started_ms = s->started_wall_ms,
		.duration_ms = (uint32_t)((loop_now_us(svc->opts.loop) - s->started_at_us) / 1000),
		.result = v.result,
		.reason = v.reason,
		.cause = v.cause != NULL ? v.cause : "",
		.lwm2m = s->seq.plan != NULL ? s->seq.plan->lwm2m : s->res.lwm2m,
		.format = format_used(s),
		.format_learnt = s->learnt != FORMAT_NONE,
		.known = true,
		.steps = steps,
		.nsteps = steps != NULL ? nsteps : 0,
		.warnings = warnings,
		.nwarnings = nwarnings,
	};

	count_end(&svc->stats, v.result);
	write_log(&h, nsteps, resent);
	if (svc->opts.observer.ended != NULL)
		svc->opts.observer.ended(svc->opts.observer.arg, &h);
	arena_fini(&a);
}
