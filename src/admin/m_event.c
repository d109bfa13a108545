#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/method.h"
#include "base/log.h"

/*
 * Subscriptions: a place in the durable log, nothing more. A reader that is slow, or away for
 * a while, costs no memory; its events are read again from the log when it has room.
 */

#define READ_AT_ONCE 64		/* events */

static bool
send_event(void *arg, int64_t seq, const char *text, size_t len)
{
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"method\":\"" RPC_EVENT "\",\"params\":";
	struct conn *c = arg;
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (evbuffer_add(out, head, sizeof(head) - 1) < 0 || evbuffer_add(out, text, len) < 0 ||
	    evbuffer_add(out, "}\n", 2) < 0) {
		conn_close(c);		/* out of memory: a torn line must not be sent on */
		return false;
	}
	c->cursor = seq;
	return conn_has_room(c);
}

/* Retention was faster than the reader: say so, and which are missing. */
static void
tell_lost(struct conn *c, int64_t first)
{
	int64_t from = c->cursor + 1, to = first - 1;
	char text[160];
	int len = snprintf(text, sizeof(text), "{\"seq\":%" PRId64 ",\"type\":\"" RPC_EVENTS_LOST "\","
	    "\"from\":%" PRId64 ",\"to\":%" PRId64 "}", to, from, to);

	send_event(c, to, text, (size_t)len);
}

void
events_pump(struct conn *c)
{
	struct store *st = c->admin->opts.store;

	while (c->subscribed && conn_has_room(c)) {
		int64_t before = c->cursor, last = store_event_last(st);
		int64_t first = store_event_first(st);
		if (c->cursor >= last)
			return;
		if (first == 0)
			first = last + 1;
		if (first > c->cursor + 1)
			tell_lost(c, first);
		if (c->dead || store_event_read(st, c->cursor, READ_AT_ONCE, send_event, c) != ERR_OK) {
			if (!c->dead)
				log_error("admin: cannot read events: %s", store_error(st));
			return;
		}
		if (c->cursor == before)
			return;
	}
}

static enum rpc_error
start_after(struct call *call, const json_t *params, int64_t last, int64_t *ret, struct rpc_fault *f)
{
	int64_t from = param_number(params, "from", -1);
	int64_t first = store_event_first(call->admin->opts.store);

	if (from > last) {
		rpc_refuse(f, RPC_INVALID_PARAMS, "beyond-end", "/from", "The log of this store ends at "
		    "%" PRId64 "; it never had an event %" PRId64 ".", last, from);
		rpc_hint(f, "was the store replaced? Start again from 0");
		return f->code;
	}
	if (from < 0)
		*ret = last;
	else if (from == 0)		/* all that is kept: nothing counts as lost */
		*ret = first > 0 ? first - 1 : last;
	else
		*ret = from;
	return RPC_OK;
}

void
method_event_subscribe(struct call *call, json_t *params)
{
	struct conn *c = call->conn;
	int64_t last = store_event_last(call->admin->opts.store), cursor = 0;
	struct rpc_fault f = { 0 };

	if (c->subscribed) {
		rpc_refuse(&f, RPC_CONFLICT, "exists", "",
		    "This connection has the subscription %" PRIu64 " already.", c->subscription);
		rpc_hint(&f, "end it with event.unsubscribe, or open another connection");
		call_fail(call, &f);
		return;
	}
	if (start_after(call, params, last, &cursor, &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	c->subscribed = true;
	c->subscription = ++call->admin->next_subscription;
	c->cursor = cursor;
	admin_later(c->admin);		/* events come after the answer */
	call_result(call, json_pack("{s:I, s:I, s:I}", "subscription", (json_int_t)c->subscription,
	    "last", (json_int_t)last, "first",
	    (json_int_t)store_event_first(call->admin->opts.store)));
}

void
method_event_unsubscribe(struct call *call, json_t *params)
{
	struct conn *c = call->conn;
	int64_t id = param_number(params, "subscription", (int64_t)c->subscription);

	if (!c->subscribed || (uint64_t)id != c->subscription) {
		call_refuse(call, RPC_NOT_FOUND, "not-found", "/subscription",
		    "This connection has no such subscription.");
		return;
	}
	c->subscribed = false;
	call_result(call, json_pack("{s:I}", "last", (json_int_t)c->cursor));
}
