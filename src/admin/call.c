#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/method.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"

/* Sent when not even an answer could be made. */
static const char no_memory[] =
    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":\"Out of memory.\","
    "\"data\":{\"reason\":\"out-of-memory\",\"pointer\":\"\",\"hint\":\"\"}}}";

static void
batch_free(struct batch *b)
{
	for (size_t i = 0; b != NULL && i < b->n; i++)
		free(b->answers[i]);
	if (b != NULL)
		free(b->answers);
	free(b);
}

static struct batch *
batch_new(size_t n)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->answers = calloc(n, sizeof(*b->answers));
	if (b->answers == NULL) {
		free(b);
		return NULL;
	}
	b->n = b->left = n;
	return b;
}

/* All answers on one line; a batch of notifications gets none (JSON-RPC 2.0, 6). */
static void
batch_send(struct conn *c, const struct batch *b)
{
	size_t len = 0;
	char *line;

	if (b->bytes == 0)
		return;
	line = malloc(b->bytes + b->n + 2);
	if (line == NULL) {
		conn_write(c, no_memory, sizeof(no_memory) - 1);
		return;
	}
	line[len++] = '[';
	for (size_t i = 0; i < b->n; i++) {
		if (b->answers[i] == NULL)
			continue;
		size_t n = strlen(b->answers[i]);
		if (len > 1)
			line[len++] = ',';
		memcpy(line + len, b->answers[i], n);
		len += n;
	}
	line[len++] = ']';
	conn_write(c, line, len);
	free(line);
}

/* One answer is there (or will never be: NULL); takes 'text'. */
static void
deliver(struct conn *c, struct batch *b, size_t slot, char *text)
{
	if (b == NULL) {
		if (c != NULL && text != NULL)
			conn_write(c, text, strlen(text));
		free(text);
		return;
	}
	b->answers[slot] = text;
	b->bytes += text != NULL ? strlen(text) : 0;
	if (--b->left > 0)
		return;
	if (c != NULL)
		batch_send(c, b);
	batch_free(b);
}

/* Takes 'answer'; NULL stands for "out of memory". */
static void
answer(struct conn *c, struct batch *b, size_t slot, json_t *answer)
{
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (text == NULL)
		text = strdup(no_memory);
	deliver(c, b, slot, text);
	json_decref(answer);
}

void
call_detach(struct call *call)
{
	struct conn *c = call->conn;

	if (c == NULL)
		return;
	*call->prev = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	c->ncalls--;
	call->conn = NULL;
}

static void
finish(struct call *call, json_t *full)
{
	struct conn *c = call->conn;

	if (call->id != NULL)
		answer(c, call->batch, call->slot, full);
	else
		deliver(c, call->batch, call->slot, NULL);
	if (c != NULL) {
		if (c->ncalls >= CALLS_MAX || c->eof)
			admin_later(c->admin);
		call_detach(call);
	}
	json_decref(call->id);
	free(call);
}

void
call_result(struct call *call, json_t *result)
{
	if (call->id == NULL) {
		json_decref(result);
		finish(call, NULL);
		return;
	}
	finish(call, result != NULL ? rpc_result(call->id, result) : NULL);
}

void
call_fail(struct call *call, struct rpc_fault *f)
{
	if (call->id == NULL) {
		json_decref(f->errors);
		finish(call, NULL);
		return;
	}
	finish(call, rpc_error(call->id, f));
}

void
call_refuse(struct call *call, enum rpc_error code, const char *reason, const char *where,
    const char *fmt, ...)
{
	struct rpc_fault f = { .code = code };
	va_list ap;

	snprintf(f.problem.reason, sizeof(f.problem.reason), "%s", reason);
	snprintf(f.problem.where, sizeof(f.problem.where), "%s", where);
	va_start(ap, fmt);
	vsnprintf(f.problem.text, sizeof(f.problem.text), fmt, ap);
	va_end(ap);
	call_fail(call, &f);
}

static void
durable(void *arg, enum err e)
{
	struct call *call = arg;
	json_t *result = call->result;

	call->result = NULL;
	if (--call->admin->unsettled == 0)	/* admin_free() settles first, so it is there */
		call->admin->profiles_unsettled = false;
	if (e == ERR_OK) {
		call_result(call, result);
		return;
	}
	json_decref(result);
	call_refuse(call, RPC_UNAVAILABLE, "store", "",
	    "The change could not be written to disk and did not happen: %s.", err_text(e));
}

void
call_result_when_durable(struct call *call, json_t *result)
{
	struct admin *a = call->admin;

	call->result = result;
	call->waiter = (struct store_waiter){ .fn = durable, .arg = call };
	a->unsettled++;
	store_when_durable(a->opts.store, &call->waiter);
}

static void
refuse_unknown(const char *name, struct rpc_fault *f)
{
	const struct method *near = method_nearest(name);

	if (method_is_later(name)) {
		rpc_refuse(f, RPC_METHOD_NOT_FOUND, "not-offered", "/method",
		    "The method \"%s\" is not offered by this version.", name);
		return;
	}
	rpc_refuse(f, RPC_METHOD_NOT_FOUND, "unknown-method", "/method",
	    "There is no method \"%.64s\".", name);
	if (near != NULL)
		rpc_hint(f, "did you mean \"%s\"?", near->name);
	else
		rpc_hint(f, "\"methods\" lists what there is");
}

static void
run(struct call *call, const struct rpc_request *r)
{
	const struct method *m = method_find(r->method);
	json_t *params = r->params != NULL ? json_incref(r->params) : json_object();
	struct rpc_fault f = { 0 };

	if (params == NULL) {
		call_result(call, NULL);
		return;
	}
	if (m == NULL) {
		refuse_unknown(r->method, &f);
		call_fail(call, &f);
	} else if (call->conn->role < m->role) {
		call_refuse(call, RPC_DENIED, "not-authorised", "",
		    "You may read but not change: %s is for root, the daemon's own user and the members "
		    "of admin.group.", m->name);
	} else if (m->params != NULL && param_check(m->params, params, &f) != RPC_OK) {
		call_fail(call, &f);
	} else {
		call->method = m;
		m->run(call, params);
	}
	json_decref(params);
}

static struct call *
call_new(struct conn *c, struct batch *b, size_t slot, json_t *id)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->admin = c->admin;
	call->conn = c;
	call->batch = b;
	call->slot = slot;
	call->id = id != NULL ? json_incref(id) : NULL;
	call->next = c->calls;
	call->prev = &c->calls;
	if (c->calls != NULL)
		c->calls->prev = &call->next;
	c->calls = call;
	c->ncalls++;
	return call;
}

/*
 * A few kilobytes of a line can ask for a thousand looks at everything, as notifications even without
 * an answer, and this thread has others to serve. Changes are cheap, and half of them would be a trap.
 */
static bool
is_spent(const struct conn *c, const struct batch *b, const struct rpc_request *r)
{
	const struct admin *a = c->admin;
	uint64_t most = a->batch_read_us > 0 ? a->batch_read_us : BATCH_READ_US;
	const struct method *m;

	if (b->bytes > BATCH_ANSWER_MAX)
		return true;
	if (loop_now_us(a->opts.loop) - b->began_us < most)
		return false;
	m = method_find(r->method);
	return m == NULL || m->role == ROLE_READ;
}

static void
one(struct conn *c, const struct rpc_line *line, size_t i, struct batch *b)
{
	struct rpc_request r;
	struct rpc_fault f = { 0 };
	struct call *call;

	if (rpc_request_at(line, i, &r, &f) != RPC_OK) {
		answer(c, b, i, rpc_error(r.id, &f));
		return;
	}
	call = call_new(c, b, i, r.id);
	if (call == NULL) {
		answer(c, b, i, NULL);
	} else if (b != NULL && is_spent(c, b, &r)) {
		call_refuse(call, RPC_LIMIT, "limit", "",
		    "The answers to this batch are larger than %u MiB or take too long; this request was not "
		    "looked at. Ask in smaller batches.", BATCH_ANSWER_MAX >> 20);
	} else {
		run(call, &r);
	}
}

void
call_line(struct conn *c, char *p, size_t len)
{
	struct rpc_fault f = { 0 };
	struct rpc_line line;
	struct batch *b = NULL;
	size_t n;

	enum rpc_error code = rpc_parse(p, len, &line, &f);
	secret_wipe(p, len);		/* it may have held keys */
	if (code != RPC_OK) {
		answer(c, NULL, 0, rpc_error(json_null(), &f));
		return;
	}
	n = line.n;
	if (line.batch && (b = batch_new(n)) == NULL) {
		answer(c, NULL, 0, NULL);
		n = 0;
	}
	if (b != NULL)
		b->began_us = loop_now_us(c->admin->opts.loop);
	/* The batch is gone once its last answer is there. */
	for (size_t i = 0; i < n; i++)
		one(c, &line, i, b);
	rpc_line_fini(&line);
}
