/*
 * Runs the scripts of tests/scenario/exchange: the exchange layer alone, between a network that
 * the script plays and a handler that the script tells what to answer. Directives of its own
 * are described in README.md beside this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/loop.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "lib/fake_net.h"
#include "lib/script.h"

#define PATH_LEN	256
#define ANSWERS_MAX	32
#define QUEUE_MAX	64

/* A request that a line describes. */
struct asked {
	struct fake_peer	*peer;
	uint8_t			 code;
	char			 path[PATH_LEN];
	char			*query[8];	/* into 'path' */
	int32_t			 accept, content_format;
	uint8_t			*payload;
	size_t			 payload_len;
	enum err		 fails;		/* what exchange_request() is to return */
};

/* What the handler does about a path. */
struct reaction {
	char			 path[PATH_LEN];
	struct exchange_reply	 reply;
	bool			 then, hold, close, drop;
	uint8_t			*payload;
};

/* What came to the handler, or to 'done'. */
struct heard {
	bool			 is_set;
	enum err		 why;
	uint8_t			 code;
	int32_t			 content_format, accept;
	uint8_t			*payload;
	size_t			 payload_len;
	uint32_t		 blocks, retransmissions, rtt_us;
	bool			 confirmable;
};

struct env {
	struct script		*s;
	struct exchange		*x;
	struct exchange_params	 params;
	struct reaction		 reactions[ANSWERS_MAX];
	size_t			 nreactions;
	struct heard		 handled, results[QUEUE_MAX];
	size_t			 nhandled, first_result, nresults;
	struct asked		 asked[QUEUE_MAX];	/* payloads are borrowed by the exchange */
	size_t			 nasked;
	size_t			 on_then[QUEUE_MAX], first_then, nthen;	/* into 'asked' */
	size_t			 on_done[QUEUE_MAX], first_done, ndone;
	bool			 close_on_done;
	enum err		 told[QUEUE_MAX];	/* by link_gone */
	size_t			 ntold;
};

static const char *const err_names[] = {
#define X(name, cls, text) #name,
	ERR_LIST(X)
#undef X
};

/* "timeout" -> ERR_TIMEOUT; -1: no such error. */
static int
err_by_name(const char *word)
{
	for (size_t i = 0; i < sizeof(err_names) / sizeof(err_names[0]); i++)
		if (strcasecmp(err_names[i] + strlen("ERR_"), word) == 0)
			return (int)i;
	return -1;
}

static void
hear(struct heard *h, const struct heard *what, const uint8_t *payload)
{
	free(h->payload);
	*h = *what;
	h->is_set = true;
	h->payload = malloc(what->payload_len + 1);
	if (h->payload == NULL)
		abort();
	if (what->payload_len > 0)
		memcpy(h->payload, payload, what->payload_len);
}

/* --- requests of ours --- */

static void done(void *arg, const struct exchange_result *);

static void
ask(struct env *env, const struct asked *q)
{
	const struct exchange_request r = {
		.code = q->code,
		.path = q->path,
		.query = (const char *const *)q->query,
		.accept = q->accept,
		.content_format = q->content_format,
		.payload = q->payload,
		.payload_len = q->payload_len,
		.done = done,
		.arg = env,
	};

	enum err e = exchange_request(env->x, fake_peer_connect(q->peer), &r);

	if (e != q->fails)
		script_fail(env->s, "making the request: %s", err_text(e));
}

static void
ask_next(struct env *env, const size_t *queue, size_t *first, size_t n)
{
	if (*first < n)
		ask(env, &env->asked[queue[(*first)++]]);
}

static void
done(void *arg, const struct exchange_result *r)
{
	struct env *env = arg;

	if (env->nresults == QUEUE_MAX) {
		script_fail(env->s, "too many results");
		return;
	}
	hear(&env->results[env->nresults++], &(struct heard){ .why = r->why, .code = r->code,
		.content_format = r->content_format, .payload_len = r->payload_len,
		.blocks = r->blocks, .retransmissions = r->retransmissions, .rtt_us = r->rtt_us },
	    r->payload);
	if (env->close_on_done)
		exchange_close(env->x, fake_peer_connect(script_peer(env->s, NULL)));
	else
		ask_next(env, env->on_done, &env->first_done, env->ndone);
}

static struct asked *
read_request(struct env *env, char **words)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	struct asked *q = &env->asked[env->nasked];
	const char *payload = script_value(words, "payload"), *fails = script_value(words, "fails");
	size_t n = 0;
	char *part;

	q->peer = script_peer_of(env->s, words);
	if (env->nasked == QUEUE_MAX || words[0] == NULL || words[1] == NULL ||
	    script_code(words[0]) < 0) {
		script_fail(env->s, "request METHOD PATH …");
		return NULL;
	}
	q->code = (uint8_t)script_code(words[0]);
	snprintf(q->path, sizeof(q->path), "%s", words[1]);
	part = strchr(q->path, '?');
	while (part != NULL && n < 7) {
		*part++ = '\0';
		q->query[n++] = part;
		part = strchr(part, '&');
	}
	q->accept = (int32_t)script_number(env->s, words, "accept", -1);
	q->content_format = (int32_t)script_number(env->s, words, "fmt", -1);
	q->payload_len = payload != NULL ? script_bytes(env->s, payload, bytes) : 0;
	q->payload = malloc(q->payload_len + 1);
	if (q->payload == NULL)
		abort();
	memcpy(q->payload, bytes, q->payload_len);
	if (fails != NULL && err_by_name(fails) < 0)
		script_fail(env->s, "'%s' is no error", fails);
	else if (fails != NULL)
		q->fails = (enum err)err_by_name(fails);
	env->nasked++;
	return q;
}

/* request [@peer] METHOD PATH [fmt=N] [accept=N] [payload=…] [fails=busy|…] */
static void
do_request(struct env *env, char **words)
{
	const struct asked *q = read_request(env, words + 1);

	if (q != NULL)
		ask(env, q);
}

/* then request … / done request …: made when an answer has left, or from within 'done' */
static void
do_later(struct env *env, char **words)
{
	bool then = strcmp(words[0], "then") == 0;

	if (words[1] != NULL && strcmp(words[1], "close") == 0 && !then) {
		env->close_on_done = true;
		return;
	}
	if (words[1] == NULL || strcmp(words[1], "request") != 0) {
		script_fail(env->s, "%s request METHOD PATH …", words[0]);
		return;
	}
	if (read_request(env, words + 2) == NULL)
		return;
	if (then)
		env->on_then[env->nthen++] = env->nasked - 1;
	else
		env->on_done[env->ndone++] = env->nasked - 1;
}

/* --- requests of theirs --- */

/* handle PATH CODE|silent [payload=…] [fmt=N] [separate=500ms] [then] [hold|drop] [close] */
static void
do_handle(struct env *env, char **words)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	const char *payload = script_value(words, "payload"), *separate = script_value(words, "separate");
	struct reaction *r = env->reactions;
	int code;

	if (words[1] == NULL || words[2] == NULL) {
		script_fail(env->s, "handle PATH CODE|silent …");
		return;
	}
	while (r < env->reactions + env->nreactions && strcmp(r->path, words[1]) != 0)
		r++;
	if (r == env->reactions + env->nreactions)
		env->nreactions++;
	free(r->payload);
	*r = (struct reaction){ .reply.content_format = -1 };
	snprintf(r->path, sizeof(r->path), "%s", words[1]);
	code = script_code(words[2]);
	r->reply.silent = strcmp(words[2], "silent") == 0;
	if (code < 0 && !r->reply.silent)
		script_fail(env->s, "'%s' is no code", words[2]);
	r->reply.code = code < 0 ? 0 : (uint8_t)code;
	r->reply.payload_len = payload != NULL ? script_bytes(env->s, payload, bytes) : 0;
	r->payload = malloc(r->reply.payload_len + 1);
	if (r->payload == NULL)
		abort();
	memcpy(r->payload, bytes, r->reply.payload_len);
	r->reply.payload = r->payload;
	r->reply.content_format = (int32_t)script_number(env->s, words, "fmt", -1);
	r->reply.separate = separate != NULL;
	if (separate != NULL)
		r->reply.separate_after_ms = (uint32_t)script_duration(env->s, separate);
	r->then = script_has(words, "then");
	r->reply.then_at_last = script_has(words, "last");
	r->hold = script_has(words, "hold");
	r->drop = script_has(words, "drop");
	r->close = script_has(words, "close");
}

static void
then(void *arg, struct link *link)
{
	struct env *env = arg;

	(void)link;
	ask_next(env, env->on_then, &env->first_then, env->nthen);
}

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	struct env *env = arg;
	const struct reaction *r = env->reactions;

	env->nhandled++;
	hear(&env->handled, &(struct heard){ .code = in->code, .content_format = in->content_format,
		.accept = in->accept, .payload_len = in->payload_len,
		.confirmable = in->confirmable }, in->payload);
	while (r < env->reactions + env->nreactions && !exchange_path_is(in, r->path))
		r++;
	if (r == env->reactions + env->nreactions) {
		ret->code = MSG_NOT_FOUND;
		return;
	}
	*ret = r->reply;
	if (r->then) {
		ret->then = then;
		ret->then_arg = env;
	}
	if (r->hold || r->drop)
		exchange_hold(env->x, link, true);
	if (r->drop)
		exchange_hold(env->x, link, false);
	if (r->close)
		exchange_close(env->x, link);
}

static void
link_gone(void *arg, struct link *link, enum err why)
{
	struct env *env = arg;

	(void)link;
	if (env->ntold < QUEUE_MAX)
		env->told[env->ntold++] = why;
}

/* --- checks --- */

static void
check_heard(struct env *env, const struct heard *h, char **words)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	const char *payload = script_value(words, "payload");
	size_t len = payload != NULL ? script_bytes(env->s, payload, bytes) : 0;

	if (payload != NULL && (len != h->payload_len || memcmp(bytes, h->payload, len) != 0))
		script_fail(env->s, "another payload, of %zu bytes", h->payload_len);
	if (script_number(env->s, words, "fmt", h->content_format) != h->content_format)
		script_fail(env->s, "fmt is %d", (int)h->content_format);
	if (script_number(env->s, words, "accept", h->accept) != h->accept)
		script_fail(env->s, "accept is %d", (int)h->accept);
	if (script_number(env->s, words, "blocks", h->blocks) != h->blocks)
		script_fail(env->s, "it took %u blocks", h->blocks);
	if (script_number(env->s, words, "rtt_ms", h->rtt_us / 1000) != h->rtt_us / 1000)
		script_fail(env->s, "rtt is %u us", h->rtt_us);
	if (script_number(env->s, words, "retransmissions", h->retransmissions) != h->retransmissions)
		script_fail(env->s, "there were %u retransmissions", h->retransmissions);
}

/* result CODE|none|timeout|reset|… [payload=…] [fmt=N] [blocks=N] [retransmissions=N] [rtt_ms=N] */
static void
do_result(struct env *env, char **words)
{
	const struct heard *h = &env->results[env->first_result];
	bool none = words[1] != NULL && strcmp(words[1], "none") == 0;
	char code[8];

	if (words[1] == NULL) {
		script_fail(env->s, "result CODE|none|timeout|reset …");
	} else if (none) {
		if (env->first_result < env->nresults)
			script_fail(env->s, "there is a result: %s %s", err_text(h->why),
			    msg_code_text(h->code, code));
	} else if (env->first_result == env->nresults) {
		script_fail(env->s, "there is no result yet");
	} else if (err_by_name(words[1]) < 0 ? h->why != ERR_OK || script_code(words[1]) != h->code :
	    (int)h->why != err_by_name(words[1])) {
		script_fail(env->s, "the result is '%s' %s", err_text(h->why),
		    msg_code_text(h->code, code));
	} else {
		env->first_result++;
		check_heard(env, h, words);
	}
}

/* handled COUNT [METHOD] [payload=…] [fmt=N] [accept=N]: calls so far, and the last of them */
static void
do_handled(struct env *env, char **words)
{
	if (words[1] == NULL || strtoul(words[1], NULL, 10) != env->nhandled)
		script_fail(env->s, "the handler was called %zu times", env->nhandled);
	else if (words[2] != NULL && script_code(words[2]) >= 0 &&
	    script_code(words[2]) != env->handled.code)
		script_fail(env->s, "it was called for another method");
	else
		check_heard(env, &env->handled, words);
}

/* told COUNT [WHY]: calls of link_gone so far, and the last of them */
static void
do_told(struct env *env, char **words)
{
	if (words[1] == NULL || strtoul(words[1], NULL, 10) != env->ntold)
		script_fail(env->s, "link_gone was called %zu times", env->ntold);
	else if (words[2] != NULL && (env->ntold == 0 ||
	    err_by_name(words[2]) != (int)env->told[env->ntold - 1]))
		script_fail(env->s, "link_gone was told something else");
}

/* count NAME N */
static void
do_count(struct env *env, char **words)
{
	const struct exchange_stats *st = exchange_stats(env->x);
	const struct { const char *name; const struct counter *c; } all[] = {
#define X(name) { #name, &st->name },
		EXCHANGE_COUNTERS(X)
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

/* params [ack_timeout_ms=N] [max_retransmit=N] [block_size=N] [max_body=N] [max_upload=N] [max_peers=N] */
static void
do_params(struct env *env, char **words)
{
	struct exchange_params *p = &env->params;

	p->ack_timeout_ms = (uint32_t)script_number(env->s, words, "ack_timeout_ms", p->ack_timeout_ms);
	p->max_retransmit = (uint32_t)script_number(env->s, words, "max_retransmit", p->max_retransmit);
	p->block_size = (uint32_t)script_number(env->s, words, "block_size", p->block_size);
	p->max_body = (uint32_t)script_number(env->s, words, "max_body", p->max_body);
	p->max_upload = (uint32_t)script_number(env->s, words, "max_upload", p->max_upload);
	p->max_message = (uint32_t)script_number(env->s, words, "max_message", p->max_message);
	p->max_peers = (uint32_t)script_number(env->s, words, "max_peers", p->max_peers);
	if (env->x != NULL)
		script_fail(env->s, "params come before anything else");
}

static void
do_hold(struct env *env, char **words)
{
	struct link *l = fake_peer_link(script_peer_of(env->s, words));

	if (l == NULL || words[1] == NULL)
		script_fail(env->s, "hold [@peer] on|off, of a peer that has a link");
	else
		exchange_hold(env->x, l, strcmp(words[1], "on") == 0);
}

static void
do_cancel(struct env *env, char **words)
{
	struct link *l = fake_peer_link(script_peer_of(env->s, words));

	if (l == NULL)
		script_fail(env->s, "no link");
	else
		exchange_cancel(env->x, l);
}

static void
do_end(struct env *env, char **words)
{
	struct link *l = fake_peer_link(script_peer_of(env->s, words));

	if (l == NULL)
		script_fail(env->s, "no link");
	else
		exchange_close(env->x, l);
}

/* --- the runner --- */

static void *
setup(struct script *s)
{
	struct env *env = calloc(1, sizeof(*env));

	if (env == NULL)
		abort();
	env->s = s;
	env->params = exchange_defaults;
	return env;
}

static void
ready(void *arg, struct script *s)
{
	struct env *env = arg;

	if (exchange_new(script_loop(s), &(struct exchange_opts){ .params = env->params,
		.handle = handle, .link_gone = link_gone, .arg = env }, &env->x) != ERR_OK)
		abort();
	fake_net_events(script_net(s), &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .opened = exchange_opened, .arg = env->x });
}

static const struct {
	const char	*name;
	bool		 needs_exchange;
	void		(*run)(struct env *, char **words);
} directives[] = {
	{ "params",  false, do_params },
	{ "handle",  false, do_handle },
	{ "then",    false, do_later },
	{ "done",    false, do_later },
	{ "request", true,  do_request },
	{ "result",  true,  do_result },
	{ "handled", true,  do_handled },
	{ "told",    true,  do_told },
	{ "count",   true,  do_count },
	{ "hold",    true,  do_hold },
	{ "cancel",  true,  do_cancel },
	{ "end",     true,  do_end },
};

static bool
directive(void *arg, struct script *s, char **words)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strcmp(words[0], directives[i].name) == 0) {
			if (directives[i].needs_exchange)
				script_ready(s);
			directives[i].run(arg, words);
			return true;
		}
	return false;
}

static void
finish(void *arg, struct script *s)
{
	struct env *env = arg;

	if (env->first_result < env->nresults)
		script_fail(s, "a result that no line speaks of: %s",
		    err_text(env->results[env->first_result].why));
	env->first_done = env->ndone;	/* what comes now is the end of the world */
	env->first_then = env->nthen;
}

static void
teardown(void *arg)
{
	struct env *env = arg;

	exchange_free(env->x);
	for (size_t i = 0; i < env->nreactions; i++)
		free(env->reactions[i].payload);
	for (size_t i = 0; i < env->nasked; i++)
		free(env->asked[i].payload);
	for (size_t i = 0; i < env->nresults; i++)
		free(env->results[i].payload);
	free(env->handled.payload);
	free(env);
}

int
main(int argc, char **argv)
{
	static const struct script_runner runner = { .setup = setup, .ready = ready,
		.directive = directive, .finish = finish, .teardown = teardown };

	return script_main(argc, argv, &runner);
}
