/*
 * Runs the scripts of tests/scenario/bootstrap: the whole middle of the daemon, with a store in
 * memory, between a network that the script plays and a device that it describes. Besides the
 * language of README.md:
 *
 *	settings [session_timeout=93s] [unknown=ignore] [max_sessions=N] [refusals_per_s=N] [pack=off]
 *	profile {'profile':…}, endpoint {'endpoint':…}		records, with ' for "
 *	on METHOD PATH [FORMAT] CODE|rst|silent [text=…|hex=…] [echo] [times=N] [fmt=N]
 *					what the device answers from now on; the last that fits counts
 *	bs [@peer] [ep=NAME] [pct=N] [mid=N] [tok=HEX] [answer=2.04|none]
 *					the device asks; the answer must be that one
 *	run [until=N]			the device answers until no session is left, or N requests came
 *	lose N [answer]			the N-th request from now, or the answer to it, is lost once
 *	requests "GET /0; PUT /0/1 tlv; POST /bs"		what came since the last of these
 *	every-loss [@peer] ep=NAME [pct=N]	a session for each datagram, that one lost: all must finish
 *	history RESULT [REASON] [ep=NAME] [warnings=N] [format=NAME] [known=0|1] [resent=N]
 *					the next one, oldest first; "history none"
 *	steps "discover /0 2.05 ok; …"	of it
 *	cause "part", warning "part"	of it
 *	sessions N, count NAME N	now
 *	cancel, drain, stop		the session started last; no new ones; the service goes
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "bootstrap/service.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "lib/fake_net.h"
#include "lib/script.h"
#include "lib/script_records.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"
#include "store/history.h"
#include "store/reader.h"
#include "store/record.h"
#include "store/resolve.h"
#include "store/store.h"

#define TEXT_LEN	4096
#define ENTRIES_MAX	256
#define RULES_MAX	64
#define DATAGRAM_MAX	4096
#define RUN_MAX_MS	1000000u	/* longer than any session may last */

struct entry {
	enum history_result	 result;
	char			 endpoint[256], reason[64], cause[512], steps[TEXT_LEN], warnings[TEXT_LEN];
	size_t			 nwarnings;
	uint64_t		 session;
	uint32_t		 resent;
	int			 format;
	bool			 known, learnt;
};

struct rule {
	int			 method, format;	/* FORMAT_NONE: any */
	char			 path[64];
	int			 code;			/* 0: silence, -1: Reset */
	uint8_t			 text[1024];
	size_t			 text_len;
	int			 content_format;
	bool			 echo;			/* what was written there */
	int64_t			 left;			/* times; -1: for ever */
};

struct env {
	struct script		*s;
	struct store		*store;
	struct reader		*reader;
	struct resolver		*resolver;
	struct objdefs		*defs;
	struct exchange		*x;
	struct service		*svc;
	struct service_opts	 opts;
	struct entry		 entries[ENTRIES_MAX], *shown;
	size_t			 nentries, next_entry;
	/* the device */
	struct rule		 rules[RULES_MAX];
	size_t			 nrules;
	char			 requests[TEXT_LEN];
	size_t			 nrequests;
	uint64_t		 live_id;		/* of the session started last */
	uint16_t		 last_mid, next_mid;
	bool			 seen_any;
	size_t			 lose_request, lose_answer;	/* counted down; 0: no */
	size_t			 datagrams, lose_datagram;	/* of every-loss */
	struct { char path[64]; uint8_t bytes[DATAGRAM_MAX]; size_t len; int format; } written[16];
	size_t			 nwritten;
};

static void
append(char *text, const char *sep, const char *what)
{
	size_t len = strlen(text);

	snprintf(text + len, TEXT_LEN - len, "%s%s", len > 0 ? sep : "", what);
}

/* --- records --- */

static void
do_profile(struct env *env, char **words)
{
	script_profile(env->s, words, env->store, env->defs);
}

static void
do_endpoint(struct env *env, char **words)
{
	script_endpoint(env->s, words, env->store, env->resolver);
}

/* --- what the service tells --- */

static void
keep_steps(struct entry *e, const struct history *h)
{
	char line[256], code[8];

	for (size_t i = 0; i < h->nsteps; i++) {
		const struct history_step *st = &h->steps[i];
		const char *format = format_name(st->content_format);

		snprintf(line, sizeof(line), "%s %s%s%s %s%s%s", st->operation, st->path,
		    format != NULL ? " " : "", format != NULL ? format : "",
		    st->code != 0 ? msg_code_text(st->code, code) : "", st->code != 0 ? " " : "",
		    st->outcome);
		append(e->steps, "; ", line);
		e->resent += st->retransmissions;
	}
	for (size_t i = 0; i < h->nwarnings; i++)
		append(e->warnings, "\n", h->warnings[i]);
}

static void
ended(void *arg, const struct history *h)
{
	struct env *env = arg;
	struct entry *e = &env->entries[env->nentries];
	int64_t seq;

	if (env->nentries == ENTRIES_MAX) {
		script_fail(env->s, "too many history entries");
		return;
	}
	env->nentries++;
	*e = (struct entry){ .result = h->result, .nwarnings = h->nwarnings, .format = h->format,
		.known = h->known, .learnt = h->format_learnt, .session = h->session };
	snprintf(e->endpoint, sizeof(e->endpoint), "%s", h->endpoint);
	snprintf(e->reason, sizeof(e->reason), "%s", h->reason);
	snprintf(e->cause, sizeof(e->cause), "%s", h->cause);
	keep_steps(e, h);
	/* as the daemon does, so that lessons are there at the next session */
	if (store_history_add(env->store, h, &seq) != ERR_OK || store_commit(env->store) != ERR_OK)
		script_fail(env->s, "%s", store_error(env->store));
}

static void
started(void *arg, const struct session_info *info)
{
	struct env *env = arg;

	env->live_id = info->id;
}

/* history RESULT [REASON] … */
static void
do_history(struct env *env, char **words)
{
	struct entry *e = &env->entries[env->next_entry];
	const char *ep = script_value(words, "ep"), *format = script_value(words, "format");
	const char *reason = words[1] != NULL && words[2] != NULL && strchr(words[2], '=') == NULL ?
	    words[2] : NULL;

	if (env->next_entry == env->nentries) {
		if (words[1] == NULL || strcmp(words[1], "none") != 0)
			script_fail(env->s, "no session has ended");
		return;
	}
	env->shown = e;
	env->next_entry++;
	if (words[1] == NULL || strcmp(history_result_name(e->result), words[1]) != 0 ||
	    (reason != NULL && strcmp(reason, e->reason) != 0))
		script_fail(env->s, "it is %s %s: %s (%s)", history_result_name(e->result), e->reason,
		    e->cause, e->steps);
	else if (ep != NULL && strcmp(ep, e->endpoint) != 0)
		script_fail(env->s, "it is of %s", e->endpoint);
	else if (script_number(env->s, words, "warnings", (int64_t)e->nwarnings) != (int64_t)e->nwarnings)
		script_fail(env->s, "warnings: %s", e->warnings);
	else if (format != NULL && e->format != format_by_name(format))
		script_fail(env->s, "format is %d", e->format);
	else if (script_number(env->s, words, "known", e->known) != e->known ||
	    script_number(env->s, words, "learnt", e->learnt) != e->learnt)
		script_fail(env->s, "known=%d learnt=%d", e->known, e->learnt);
	else if (script_number(env->s, words, "resent", e->resent) != e->resent)
		script_fail(env->s, "%u were sent again", e->resent);
}

static void
do_part(struct env *env, char **words)
{
	const char *all = env->shown == NULL ? NULL :
	    strcmp(words[0], "cause") == 0 ? env->shown->cause : env->shown->warnings;

	if (all == NULL || words[1] == NULL || strstr(all, words[1]) == NULL)
		script_fail(env->s, "%s: %s", words[0], all != NULL ? all : "no history was asked for");
}

static void
do_steps(struct env *env, char **words)
{
	if (env->shown == NULL || words[1] == NULL || strcmp(env->shown->steps, words[1]) != 0)
		script_fail(env->s, "steps: %s", env->shown != NULL ? env->shown->steps : "of none");
}

static void
do_sessions(struct env *env, char **words)
{
	if (words[1] == NULL || strtoul(words[1], NULL, 10) != service_live(env->svc))
		script_fail(env->s, "%zu sessions are open", service_live(env->svc));
}

static void
do_count(struct env *env, char **words)
{
	const struct service_stats *st = service_stats(env->svc);
	const struct { const char *name; const struct counter *c; } all[] = {
#define X(name) { #name, &st->name },
		SERVICE_COUNTERS(X)
#undef X
	};

	for (size_t i = 0; words[1] != NULL && words[2] != NULL && i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, words[1]) == 0) {
			if (counter_get(all[i].c) != strtoull(words[2], NULL, 10))
				script_fail(env->s, "%s is %llu", words[1],
				    (unsigned long long)counter_get(all[i].c));
			return;
		}
	script_fail(env->s, "count COUNTER N");
}

/* --- the device --- */

static void
set_text(struct rule *r, const char *text)
{
	size_t len = strlen(text) < sizeof(r->text) ? strlen(text) : sizeof(r->text);

	memcpy(r->text, text, len);
	r->text_len = len;
}

/* on METHOD PATH [FORMAT] CODE|rst|silent … */
static void
do_on(struct env *env, char **words)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	const char *text = script_value(words, "text"), *hex = script_value(words, "hex");
	struct rule *r = &env->rules[env->nrules];
	size_t at = 3;

	if (env->nrules == RULES_MAX || words[1] == NULL || words[2] == NULL || words[3] == NULL) {
		script_fail(env->s, "on METHOD PATH [FORMAT] CODE|rst|silent …");
		return;
	}
	*r = (struct rule){ .method = script_code(words[1]), .format = FORMAT_NONE,
		.content_format = (int)script_number(env->s, words, "fmt", FORMAT_NONE),
		.left = script_number(env->s, words, "times", -1), .echo = script_has(words, "echo") };
	snprintf(r->path, sizeof(r->path), "%s", words[2]);
	if (hex != NULL && strlen(hex) <= 2 * sizeof(r->text)) {
		r->text_len = script_bytes(env->s, hex, bytes);
		memcpy(r->text, bytes, r->text_len);
	} else {
		set_text(r, text != NULL ? text : "");
	}
	if (format_by_name(words[at]) != FORMAT_NONE)
		r->format = format_by_name(words[at++]);
	if (words[at] != NULL && strcmp(words[at], "rst") == 0)
		r->code = -1;
	else if (words[at] != NULL && strcmp(words[at], "silent") != 0)
		r->code = script_code(words[at]);
	if (words[at] == NULL || (r->code < 0 && strcmp(words[at], "rst") != 0) || r->method <= 0)
		script_fail(env->s, "a code, rst or silent");
	env->nrules++;
}

static void
add_rule(struct env *env, int method, const char *path, int code, const char *text, int content_format)
{
	struct rule *r = &env->rules[env->nrules++];

	*r = (struct rule){ .method = method, .format = FORMAT_NONE, .code = code, .left = -1,
		.content_format = content_format };
	snprintf(r->path, sizeof(r->path), "%s", path);
	set_text(r, text);
}

static void
path_of(const struct msg *m, char path[64])
{
	size_t len = 0;

	path[0] = '\0';
	for (size_t i = 0; i < m->nopts && len < 48; i++)
		if (m->opts[i].number == OPT_URI_PATH)
			len += (size_t)snprintf(path + len, 64 - len, "/%.*s",
			    (int)(m->opts[i].len < 8 ? m->opts[i].len : 8), (const char *)m->opts[i].value);
	if (len == 0)
		snprintf(path, 64, "/");
}

static struct rule *
rule_for(struct env *env, const struct msg *m, const char *path)
{
	for (size_t i = env->nrules; i-- > 0;) {
		struct rule *r = &env->rules[i];

		if (r->method == m->code && r->left != 0 && fnmatch(r->path, path, 0) == 0 &&
		    (r->format == FORMAT_NONE ||
		    r->format == msg_uint(m, m->code == MSG_GET ? OPT_ACCEPT : OPT_CONTENT_FORMAT)))
			return r;
	}
	return NULL;
}

/* Each request once, however often it was sent. */
static void
log_request(struct env *env, const struct msg *m, const char *path)
{
	static const char *const methods[] = { "", "GET", "POST", "PUT", "DELETE" };
	const char *format = m->code == MSG_PUT ? format_name((int)msg_uint(m, OPT_CONTENT_FORMAT)) : NULL;
	char line[128];

	snprintf(line, sizeof(line), "%s %s%s%s", m->code < 5 ? methods[m->code] : "?", path,
	    format != NULL ? " " : "", format != NULL ? format : "");
	append(env->requests, "; ", line);
	env->nrequests++;
}

static void
remember(struct env *env, const struct msg *m, const char *path)
{
	size_t i = 0;

	while (i < env->nwritten && strcmp(env->written[i].path, path) != 0)
		i++;
	if (i == 16 || m->payload_len > DATAGRAM_MAX)
		return;
	env->nwritten += i == env->nwritten;
	snprintf(env->written[i].path, sizeof(env->written[i].path), "%s", path);
	memcpy(env->written[i].bytes, m->payload, m->payload_len);
	env->written[i].len = m->payload_len;
	env->written[i].format = (int)msg_uint(m, OPT_CONTENT_FORMAT);
}

/* True when this datagram is the one to be lost. */
static bool
is_lost(struct env *env, size_t *countdown)
{
	if (++env->datagrams == env->lose_datagram)
		return true;
	return *countdown > 0 && --*countdown == 0;
}

static void
reply(struct env *env, struct fake_peer *peer, const struct msg *m, const struct rule *r, const char *path)
{
	static uint8_t bytes[DATAGRAM_MAX];
	struct msg out = { .type = MSG_ACK, .code = (uint8_t)r->code, .mid = m->mid,
		.token_len = m->token_len };
	int content_format = r->content_format;
	uint8_t scratch[4];
	size_t len = 0;

	memcpy(out.token, m->token, sizeof(out.token));
	if (r->code < 0)
		out = (struct msg){ .type = MSG_RESET, .mid = m->mid };
	out.payload = r->text;
	out.payload_len = r->text_len;
	for (size_t i = 0; r->echo && i < env->nwritten; i++)
		if (strcmp(env->written[i].path, path) == 0) {
			out.payload = env->written[i].bytes;
			out.payload_len = env->written[i].len;
			content_format = env->written[i].format;
		}
	if (content_format != FORMAT_NONE &&
	    msg_add_uint(&out, OPT_CONTENT_FORMAT, (uint32_t)content_format, scratch) != ERR_OK)
		abort();
	if (msg_encode(&out, bytes, sizeof(bytes), &len) != ERR_OK)
		abort();
	fake_peer_sends(peer, bytes, len);
}

/* One request of the server's has arrived; a device that sees it again executes it again. */
static void
serve(struct env *env, const struct fake_datagram *d)
{
	struct fake_peer *peer = d->to;
	struct rule *r;
	struct msg m;
	char path[64];
	uint8_t copy[DATAGRAM_MAX];
	size_t len = d->len < sizeof(copy) ? d->len : sizeof(copy);

	memcpy(copy, d->p, len);
	if (msg_decode(copy, len, &m) != ERR_OK || !msg_is_request(m.code))
		return;
	if (is_lost(env, &env->lose_request))
		return;
	path_of(&m, path);
	if (!env->seen_any || m.mid != env->last_mid)
		log_request(env, &m, path);
	env->last_mid = m.mid;
	env->seen_any = true;
	if (m.code == MSG_PUT)
		remember(env, &m, path);
	r = rule_for(env, &m, path);
	if (r == NULL)
		r = &env->rules[0];
	if (r->left > 0)
		r->left--;
	if (r->code == 0 || is_lost(env, &env->lose_answer))
		return;
	reply(env, peer, &m, r, path);
}

/* bs [@peer] [ep=NAME] [pct=N] [mid=N] [tok=HEX] [answer=2.04|none] */
static void
ask(struct env *env, struct fake_peer *peer, char **words)
{
	const char *ep = script_value(words, "ep"), *pct = script_value(words, "pct");
	const char *tok = script_value(words, "tok");
	struct msg m = { .type = MSG_CON, .code = MSG_POST, .token_len = 1, .token = { 0xa1 } };
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	char ep_text[300], pct_text[64];
	size_t len = 0;

	m.mid = (uint16_t)script_number(env->s, words, "mid", ++env->next_mid);
	if (tok != NULL) {
		m.token_len = (uint8_t)script_bytes(env->s, tok, bytes);
		memcpy(m.token, bytes, m.token_len <= MSG_TOKEN_MAX ? m.token_len : 0);
	}
	snprintf(ep_text, sizeof(ep_text), "ep=%s", ep != NULL ? ep : "");
	snprintf(pct_text, sizeof(pct_text), "pct=%s", pct != NULL ? pct : "");
	if (msg_add(&m, OPT_URI_PATH, "bs", 2) != ERR_OK ||
	    (ep != NULL && msg_add(&m, OPT_URI_QUERY, ep_text, strlen(ep_text)) != ERR_OK) ||
	    (pct != NULL && msg_add(&m, OPT_URI_QUERY, pct_text, strlen(pct_text)) != ERR_OK) ||
	    msg_encode(&m, bytes, sizeof(bytes), &len) != ERR_OK)
		abort();
	fake_peer_sends(peer, bytes, len);
}

static void
do_bs(struct env *env, char **words)
{
	struct fake_peer *peer = script_peer_of(env->s, words);
	const char *answer = script_value(words, "answer");
	struct fake_datagram d;
	struct msg m;
	char code[8];

	ask(env, peer, words);
	if (answer != NULL && strcmp(answer, "none") == 0)
		return;
	if (!fake_net_take(script_net(env->s), &d) || msg_decode(d.p, d.len, &m) != ERR_OK) {
		script_fail(env->s, "no answer");
		return;
	}
	if (d.to != peer || m.type != MSG_ACK || m.mid != env->next_mid ||
	    strcmp(msg_code_text(m.code, code), answer != NULL ? answer : "2.04") != 0)
		script_fail(env->s, "the answer is %s", msg_code_text(m.code, code));
}

/* run [until=N] */
static void
run(struct env *env, size_t until)
{
	struct loop *loop = script_loop(env->s);
	uint64_t end = loop_now_ms(loop) + RUN_MAX_MS;
	struct fake_datagram d;

	for (;;) {
		while (env->nrequests < until && fake_net_take(script_net(env->s), &d))
			serve(env, &d);
		if (env->nrequests >= until || service_live(env->svc) == 0)
			return;
		if (loop_now_ms(loop) > end || fake_loop_next_ms(loop) == UINT64_MAX) {
			script_fail(env->s, "a session hangs");
			return;
		}
		fake_loop_advance(loop, fake_loop_next_ms(loop));
	}
}

static void
do_run(struct env *env, char **words)
{
	run(env, (size_t)script_number(env->s, words, "until", INT64_MAX));
}

static void
do_requests(struct env *env, char **words)
{
	if (words[1] == NULL || strcmp(env->requests, words[1]) != 0)
		script_fail(env->s, "requests: %s", env->requests);
	env->requests[0] = '\0';
	env->nrequests = 0;
}

static void
do_lose(struct env *env, char **words)
{
	size_t n = words[1] != NULL ? strtoul(words[1], NULL, 10) : 0;

	if (n == 0)
		script_fail(env->s, "lose N [answer]");
	else if (script_has(words, "answer"))
		env->lose_answer = n;
	else
		env->lose_request = n;
}

/* Every datagram after the 2.04 is lost once, each in a session of its own; all sessions finish. */
static void
do_every_loss(struct env *env, char **words)
{
	struct fake_peer *peer = script_peer_of(env->s, words);
	struct fake_datagram d;
	size_t lost = 0;

	do {
		env->datagrams = 0;
		env->lose_datagram = ++lost;
		ask(env, peer, words);
		run(env, SIZE_MAX);
		if (env->next_entry == env->nentries) {
			script_fail(env->s, "no session ended");
			return;
		}
		env->shown = &env->entries[env->next_entry++];
		if (env->shown->result != HISTORY_FINISHED)
			script_fail(env->s, "with datagram %zu lost: %s %s", lost,
			    history_result_name(env->shown->result), env->shown->cause);
		else if (env->datagrams >= lost && env->shown->resent == 0)
			script_fail(env->s, "nothing was sent again for datagram %zu", lost);
		while (fake_net_take(script_net(env->s), &d))
			;
		fake_loop_advance(script_loop(env->s), 300000);
	} while (!script_failed(env->s) && env->datagrams >= lost);
	env->lose_datagram = 0;
	env->requests[0] = '\0';
	env->nrequests = 0;
	if (lost < 8)
		script_fail(env->s, "only %zu datagrams were lost", lost);
}

/* --- the operator --- */

static void
do_cancel(struct env *env, char **words)
{
	struct session_info info;

	(void)words;
	if (service_find(env->svc, env->live_id, &info) != ERR_OK ||
	    service_cancel(env->svc, env->live_id, ERR_CANCELLED) != ERR_OK)
		script_fail(env->s, "there is no session");
}

static void
do_drain(struct env *env, char **words)
{
	(void)words;
	service_drain(env->svc);
}

static void
do_stop(struct env *env, char **words)
{
	(void)words;
	service_free(env->svc);
	env->svc = NULL;
}

static void
do_settings(struct env *env, char **words)
{
	const char *timeout = script_value(words, "session_timeout");
	const char *unknown = script_value(words, "unknown");
	struct service_opts *o = &env->opts;

	if (timeout != NULL)
		o->session_timeout_ms = script_duration(env->s, timeout);
	if (unknown != NULL)
		o->unknown_endpoint = strcmp(unknown, "ignore") == 0 ? SERVICE_IGNORE : SERVICE_REFUSE;
	if (script_value(words, "pack") != NULL)
		o->pack = strcmp(script_value(words, "pack"), "off") != 0;
	o->max_sessions = (uint32_t)script_number(env->s, words, "max_sessions", o->max_sessions);
	o->refusals_per_s = (uint32_t)script_number(env->s, words, "refusals_per_s", o->refusals_per_s);
}

/* --- the runner --- */

static void *
setup(struct script *s)
{
	static const char *const dirs[] = { "etc/objects", NULL };
	struct env *env = calloc(1, sizeof(*env));
	struct problem why = { .reason = "" };

	if (env == NULL)
		abort();
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_PLAIN);
	env->s = s;
	env->opts = (struct service_opts){ .session_timeout_ms = 93000, .max_sessions = 1000,
		.refusals_per_s = 100, .pack = true };
	if (objdefs_load(dirs, &env->defs, &why) != ERR_OK ||
	    store_open(&(struct store_opts){ .url = "sqlite::memory:" }, &env->store, &why) != ERR_OK ||
	    reader_new(env->store, &env->reader) != ERR_OK ||
	    resolver_new(env->reader, env->defs, &env->resolver) != ERR_OK) {
		fprintf(stderr, "%s: %s\n", why.where, why.text);
		abort();
	}
	add_rule(env, MSG_GET, "*", MSG_METHOD_NOT_ALLOWED, "", FORMAT_NONE);
	add_rule(env, MSG_GET, "/0", MSG_CONTENT, "</>;lwm2m=1.1,</0/0>", FORMAT_LINK);
	add_rule(env, MSG_GET, "/", MSG_CONTENT, "</>;lwm2m=1.1,</0/0>,</1>,</3/0>", FORMAT_LINK);
	add_rule(env, MSG_DELETE, "*", MSG_DELETED, "", FORMAT_NONE);
	add_rule(env, MSG_PUT, "*", MSG_CHANGED, "", FORMAT_NONE);
	add_rule(env, MSG_POST, "/bs", MSG_CHANGED, "", FORMAT_NONE);
	return env;
}

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	struct env *env = arg;

	if (env->svc != NULL)
		service_handle(env->svc, link, in, ret);
}

static void
link_gone(void *arg, struct link *link, enum err why)
{
	struct env *env = arg;

	if (env->svc != NULL)
		service_link_gone(env->svc, link, why);
}

static void
ready(void *arg, struct script *s)
{
	struct env *env = arg;

	if (exchange_new(script_loop(s), &(struct exchange_opts){ .params = exchange_defaults,
		.handle = handle, .link_gone = link_gone, .arg = env }, &env->x) != ERR_OK)
		abort();
	env->opts.loop = script_loop(s);
	env->opts.exchange = env->x;
	env->opts.reader = env->reader;
	env->opts.resolver = env->resolver;
	env->opts.defs = env->defs;
	env->opts.observer = (struct service_observer){ .started = started, .ended = ended, .arg = env };
	if (service_new(&env->opts, &env->svc) != ERR_OK)
		abort();
	fake_net_events(script_net(s), &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .arg = env->x });
}

static const struct {
	const char	*name;
	bool		 needs_service;
	void		(*run)(struct env *, char **words);
} directives[] = {
	{ "settings",   false, do_settings },
	{ "profile",    false, do_profile },
	{ "endpoint",   false, do_endpoint },
	{ "on",         false, do_on },
	{ "lose",       false, do_lose },
	{ "bs",         true,  do_bs },
	{ "run",        true,  do_run },
	{ "requests",   true,  do_requests },
	{ "every-loss", true,  do_every_loss },
	{ "history",    true,  do_history },
	{ "steps",      true,  do_steps },
	{ "cause",      true,  do_part },
	{ "warning",    true,  do_part },
	{ "sessions",   true,  do_sessions },
	{ "count",      true,  do_count },
	{ "cancel",     true,  do_cancel },
	{ "drain",      true,  do_drain },
	{ "stop",       true,  do_stop },
};

static bool
directive(void *arg, struct script *s, char **words)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strcmp(words[0], directives[i].name) == 0) {
			if (directives[i].needs_service)
				script_ready(s);
			directives[i].run(arg, words);
			return true;
		}
	return false;
}

/* What ended must have been spoken of, and nothing may be left over. */
static void
finish(void *arg, struct script *s)
{
	struct env *env = arg;

	if (env->next_entry < env->nentries)
		script_fail(s, "an end that no line speaks of: %s %s: %s",
		    history_result_name(env->entries[env->next_entry].result),
		    env->entries[env->next_entry].reason, env->entries[env->next_entry].cause);
	if (env->requests[0] != '\0')
		script_fail(s, "requests that no line speaks of: %s", env->requests);
	service_free(env->svc);
	env->svc = NULL;
}

static void
teardown(void *arg)
{
	struct env *env = arg;

	exchange_free(env->x);
	resolver_free(env->resolver);
	reader_free(env->reader);
	store_close(env->store);
	objdefs_free(env->defs);
	free(env);
}

int
main(int argc, char **argv)
{
	static const struct script_runner runner = { .setup = setup, .ready = ready,
		.directive = directive, .finish = finish, .teardown = teardown };

	return script_main(argc, argv, &runner);
}
