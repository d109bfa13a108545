#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/loop.h"

/*
 * One client of the admin socket. Back-pressure is a matter of this file: while the reader
 * leaves more than OUTPUT_HIGH bytes lying, or CALLS_MAX requests are in flight, no further
 * line is looked at and the kernel's buffer fills; events wait in the durable log meanwhile.
 */

void
conn_write(struct conn *c, const char *text, size_t len)
{
	struct evbuffer *out;

	if (c->dead)
		return;
	out = bufferevent_get_output(c->bev);
	if (evbuffer_add(out, text, len) < 0 || evbuffer_add(out, "\n", 1) < 0)
		conn_close(c);		/* out of memory: a torn line must not be sent on */
}

bool
conn_has_room(const struct conn *c)
{
	return !c->dead && c->ncalls < CALLS_MAX &&
	    evbuffer_get_length(bufferevent_get_output(c->bev)) < OUTPUT_HIGH;
}

void
conn_close(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	c->subscribed = false;
	while (c->calls != NULL)
		call_detach(c->calls);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	admin_later(c->admin);
}

void
conn_free(struct conn *c)
{
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->admin->nconns--;
	bufferevent_free(c->bev);
	free(c);
}

/* The last line of a connection that is refused as a whole. */
static void
end_with(struct conn *c, enum rpc_error code, const char *reason, const char *text)
{
	struct rpc_fault f;
	struct json_t *answer;
	char *line;

	rpc_refuse(&f, code, reason, "", "%s", text);
	answer = rpc_error(json_null(), &f);
	line = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;
	if (line != NULL)
		conn_write(c, line, strlen(line));
	free(line);
	json_decref(answer);
	c->ending = true;
	c->subscribed = false;
}

static void
refuse_long_line(struct conn *c)
{
	char text[160];

	snprintf(text, sizeof(text), "The line is longer than %" PRIu32 " bytes, the most this daemon "
	    "takes; the connection ends here.", c->admin->opts.max_line);
	end_with(c, RPC_LIMIT, "line-too-long", text);
}

/* Runs the next line of the input. False when there is no whole one. */
static bool
next_line(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in), max = c->admin->opts.max_line;
	struct evbuffer_ptr from, found;
	size_t len;
	char *p;

	if (have == 0 || evbuffer_ptr_set(in, &from, c->scanned, EVBUFFER_PTR_SET) < 0)
		return false;
	found = evbuffer_search(in, "\n", 1, &from);
	len = found.pos >= 0 ? (size_t)found.pos : have;
	if (len > max) {
		refuse_long_line(c);
		return false;
	}
	if (found.pos < 0 && !c->eof) {
		c->scanned = have;
		return false;
	}
	c->scanned = 0;
	p = (char *)evbuffer_pullup(in, (ev_ssize_t)len);
	if (p == NULL && len > 0) {
		conn_close(c);
		return false;
	}
	if (len > 0 && strspn(p, " \t\r") < len)	/* an empty line is nothing */
		call_line(c, p, len);
	evbuffer_drain(in, len + (found.pos >= 0 ? 1 : 0));
	return true;
}

void
conn_turn(struct conn *c)
{
	struct loop *loop = c->admin->opts.loop;
	uint64_t began_us = loop_now_us(loop);

	while (!c->dead && !c->ending && conn_has_room(c) && next_line(c)) {
		if (loop_now_us(loop) - began_us < TURN_US)
			continue;
		admin_later(c->admin);
		break;
	}
	if (c->dead)
		return;
	if (c->subscribed)
		events_pump(c);
	if (c->dead)
		return;
	if (c->ending || c->eof || !conn_has_room(c))
		bufferevent_disable(c->bev, EV_READ);
	else
		bufferevent_enable(c->bev, EV_READ);

	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer *out = bufferevent_get_output(c->bev);
	bool done = c->ending || (c->eof && c->ncalls == 0 && evbuffer_get_length(in) == 0);
	if (done && evbuffer_get_length(out) == 0)
		conn_close(c);
}

static void
can_go_on(struct bufferevent *bev, void *arg)
{
	(void)bev;
	conn_turn(arg);
}

static void
ended(struct bufferevent *bev, short what, void *arg)
{
	struct conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_EOF) {
		/* It may have shut down its sending side only: what it asked is still answered. */
		c->eof = true;
		c->subscribed = false;
		conn_turn(c);
	} else {
		conn_close(c);
	}
}

static struct conn *
conn_new(struct admin *a, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->bev = bufferevent_socket_new(loop_base(a->opts.loop), fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		free(c);
		return NULL;
	}
	c->admin = a;
	c->next = a->conns;
	c->prev = &a->conns;
	if (a->conns != NULL)
		a->conns->prev = &c->next;
	a->conns = c;
	a->nconns++;
	bufferevent_setcb(c->bev, can_go_on, can_go_on, ended, c);
	/* One byte above the limit shows that a line is too long; more need not be held. */
	bufferevent_setwatermark(c->bev, EV_READ, 0, (size_t)a->opts.max_line + 1);
	bufferevent_setwatermark(c->bev, EV_WRITE, OUTPUT_LOW, 0);
	return c;
}

/* Those who may only look must not keep out those who may change. */
static uint32_t
connections_for(const struct admin *a, enum role role)
{
	uint32_t max = a->opts.max_connections;

	return role == ROLE_CHANGE ? max : max - max / 4;
}

void
admin_adopt(struct admin *a, int fd, const struct peercred *peer)
{
	struct conn *c = conn_new(a, fd);

	if (c == NULL) {
		close(fd);
		return;
	}
	c->role = peercred_role(peer, &a->rules);
	c->uid = peer->uid;
	c->pid = peer->pid;
	if (c->role == ROLE_NONE) {
		log_limited(&a->strangers, loop_now_ms(a->opts.loop),
		    "admin: uid=%lu pid=%ld is neither root nor in admin.group or admin.readonly_group: "
		    "refused", c->uid, c->pid);
		end_with(c, RPC_DENIED, "not-authorised", "You are neither root nor a member of admin.group "
		    "or admin.readonly_group, so this daemon tells you nothing.");
	} else if (a->nconns > connections_for(a, c->role)) {
		end_with(c, RPC_LIMIT, "connections", "All admin connections are in use; try again later.");
	}
	bufferevent_enable(c->bev, EV_WRITE | (c->ending ? 0 : EV_READ));
	if (c->ending)
		admin_later(a);		/* it closes when the line above has left */
}
