#include "transport/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/dtls_types_priv.h"
#include "transport/tcp_priv.h"

/*
 * Connections: accepted, or made, to links. With TLS a link stands in 'handshakes' until it is
 * complete; the same goes for one that is being connected. What runs over it is in stream.c.
 */

#define ACCEPTS		64	/* at one wake-up */
#define PAUSE_MS	200	/* without a descriptor for another connection */
/* A device that vanished is found after two minutes; the idle ones are exchange's to close. */
#define KEEPALIVE_IDLE_S	60
#define KEEPALIVE_STEP_S	15
#define KEEPALIVE_COUNT		4
#define USER_TIMEOUT_MS		60000

struct tcp_listener {
	struct port	*port;		/* borrowed */
	int		 fd;
	struct watch	*watch;
	struct timer	 pause;
};

static struct tcp_link *
tcp_of(const struct link *l)
{
	return (struct tcp_link *)l;
}

const struct identity *
tcp_identity(const struct link *l)
{
	return &tcp_of(l)->identity;
}

enum err
tcp_send(struct link *l, const uint8_t *p, size_t len)
{
	return tcp_of(l)->is_open ? stream_send(tcp_of(l)->stream, p, len) : ERR_CLOSED;
}

void
tcp_link_free(struct link *link)
{
	struct tcp_link *l = tcp_of(link);

	timer_cancel(link->transport->loop, &l->timer);
	if (l->stream != NULL)
		stream_close(l->stream);
	tls_attempt_free(l->attempt);
	free((void *)l->identity.p);
	free(l);
}

/* --- coming to stand, or not --- */

static void
fail(struct tcp_link *l, const struct tcp_end *end)
{
	struct transport *t = l->link.transport;
	struct handshake_failure f = {
		.peer = &l->link.key.peer, .cause = end->cause, .reason = end->reason,
		.identity = l->identity.p, .identity_len = l->identity.len,
	};
	const char *subject = tls_subject(l);

	if (l->attempt != NULL)
		counter_add(&t->stats.handshakes_failed, 1);
	if (f.identity == NULL && subject[0] != '\0') {
		f.identity = (const uint8_t *)subject;
		f.identity_len = strlen(subject);
	}
	link_place(&l->link, LINK_NOWHERE);
	if (l->is_client && t->events.connected != NULL)
		t->events.connected(t->events.arg, &l->link, end->why, end->cause);
	else if (!l->is_client)
		dtls_tell_failure(t, &f);
	l->link.user = NULL;		/* it has been told */
	link_gone(&l->link, end->why);
}

static void
stands(struct tcp_link *l)
{
	struct transport *t = l->link.transport;

	timer_cancel(t->loop, &l->timer);
	tls_attempt_free(l->attempt);
	l->attempt = NULL;
	l->is_open = true;
	link_place(&l->link, LINK_IN_LINKS);
	transport_enter(t);
	if (t->events.opened != NULL)
		t->events.opened(t->events.arg, &l->link);
	if (!l->link.is_dead && l->is_client && t->events.connected != NULL)
		t->events.connected(t->events.arg, &l->link, ERR_OK, NULL);
	transport_leave(t);
}

static void
opened(void *arg)
{
	struct tcp_link *l = arg;
	struct transport *t = l->link.transport;
	struct tcp_end why;

	transport_enter(t);
	if (l->attempt != NULL && tls_complete(l, &why) != ERR_OK) {
		fail(l, &why);
	} else {
		if (l->attempt != NULL)
			counter_add(&t->stats.handshakes_done, 1);
		stands(l);
	}
	transport_leave(t);
}

static void
received(void *arg, const uint8_t *p, size_t len)
{
	struct tcp_link *l = arg;

	link_deliver(&l->link, p, len);
}

static void
explain(const struct tcp_link *l, enum err why, int error, struct tcp_end *ret)
{
	if (l->attempt != NULL && why != ERR_REFUSED) {
		tls_explain(l, why, ret);
		return;
	}
	*ret = (struct tcp_end){ .why = why, .reason = why == ERR_TIMEOUT ? "timeout" : "other",
		.cause = why == ERR_TIMEOUT ? "the peer did not accept the connection in time"
		    : "the connection was closed before it stood" };
	if (why == ERR_REFUSED)
		ret->cause = strerrordesc_np(error);
}

static void
ended(void *arg, enum err why)
{
	struct tcp_link *l = arg;
	struct transport *t = l->link.transport;
	struct tcp_end end;
	int error = errno;

	transport_enter(t);
	if (l->is_open) {
		link_gone(&l->link, ERR_CLOSED);
	} else {
		explain(l, why, error, &end);
		fail(l, &end);
	}
	transport_leave(t);
}

static void
on_timer(void *arg)
{
	struct tcp_link *l = arg;
	struct transport *t = l->link.transport;
	struct tcp_end end;

	transport_enter(t);
	explain(l, ERR_TIMEOUT, 0, &end);
	fail(l, &end);
	transport_leave(t);
}

static struct tcp_link *
new_link(struct port *port, const struct link_key *key)
{
	struct tcp_link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	link_init(&l->link, port->transport, port, key);
	timer_init(&l->timer, on_timer, l);
	return l;
}

/* Takes 'fd'. */
static enum err
attach(struct tcp_link *l, int fd, bool connecting, const struct transport_connect *c)
{
	struct transport *t = l->link.transport;
	struct stream_opts opts = {
		.all = &t->streams, .connecting = connecting,
		.events = { opened, received, ended, l },
	};
	enum err e = ERR_OK;

	if (l->link.port->scheme == LINK_COAPS_TCP)
		e = tls_begin(l, c, &opts.ssl);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	return stream_new(fd, &opts, &l->stream);
}

/* Until it stands. */
static void
wait_for(struct tcp_link *l)
{
	struct transport *t = l->link.transport;

	link_place(&l->link, LINK_IN_HANDSHAKES);
	if (l->attempt != NULL)
		counter_add(&t->stats.handshakes_begun, 1);
	if (t->opts.handshake_timeout_ms > 0)
		timer_set(t->loop, &l->timer, t->opts.handshake_timeout_ms);
}

/* --- sockets --- */

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* None of these is worth a connection. */
static void
tune(int fd)
{
	(void)set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	(void)set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_STEP_S);
	(void)set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	(void)set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

static enum err
local_of(int fd, struct addr *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return ERR_IO;
	return addr_from_sockaddr((struct sockaddr *)&ss, ret);
}

/* --- accepting --- */

/* Takes 'fd'. */
static void
accepted(struct port *port, int fd, const struct sockaddr_storage *ss)
{
	struct transport *t = port->transport;
	struct link_key key = { .port = port->number };
	struct tcp_link *l;

	if (addr_from_sockaddr((const struct sockaddr *)ss, &key.peer) != ERR_OK ||
	    local_of(fd, &key.local) != ERR_OK) {
		close(fd);
		return;
	}
	if (!transport_admits(t, port, &key)) {
		if (port->scheme == LINK_COAPS_TCP)
			dtls_tell_failure(t, &(struct handshake_failure){
				.peer = &key.peer, .reason = "limit",
				.cause = "a limit on handshakes or connections is reached",
			});
		close(fd);
		return;
	}
	l = new_link(port, &key);
	if (l == NULL) {
		close(fd);
		return;
	}
	tune(fd);
	if (attach(l, fd, false, NULL) != ERR_OK) {
		tcp_link_free(&l->link);
		return;
	}
	counter_add(&t->stats.accepted, 1);
	link_count(&l->link);
	if (port->scheme == LINK_COAPS_TCP)
		wait_for(l);
	else
		stands(l);
}

/* False when there is nobody to accept. */
static bool
accept_one(struct tcp_listener *lis)
{
	struct transport *t = lis->port->transport;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(lis->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		accepted(lis->port, fd, &ss);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:		/* it stays readable, so look away for a while */
		counter_add(&t->stats.accept_failed, 1);
		watch_want(lis->watch, LOOP_NONE);
		timer_set(t->loop, &lis->pause, PAUSE_MS);
		return false;
	default:		/* of that connection, not of ours: accept(2) */
		return true;
	}
}

static void
acceptable(void *arg, unsigned events)
{
	struct tcp_listener *lis = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS && accept_one(lis); i++)
		;
}

static void
resume(void *arg)
{
	struct tcp_listener *lis = arg;

	watch_want(lis->watch, LOOP_READ);
}

static int
open_socket(const struct addr *want, bool shared, struct addr *actual)
{
	int family = want->family == AF_INET ? AF_INET : AF_INET6, saved;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(want, family, &ss);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0 &&
	    (!shared || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0) &&
	    (family == AF_INET || set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0) &&
	    bind(fd, (struct sockaddr *)&ss, len) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    local_of(fd, actual) == ERR_OK)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

enum err
tcp_listen(struct port *port, const struct addr *want, bool shared, struct addr *actual)
{
	struct tcp_listener *lis = calloc(1, sizeof(*lis));
	enum err e = ERR_IO;

	if (lis == NULL)
		return ERR_NOMEM;
	lis->port = port;
	timer_init(&lis->pause, resume, lis);
	lis->fd = open_socket(want, shared, actual);
	if (lis->fd >= 0)
		e = watch_new(port->transport->loop, lis->fd, LOOP_READ, acceptable, lis, &lis->watch);
	if (e != ERR_OK) {
		int saved = errno;
		tcp_listener_free(lis);
		errno = saved;
		return e;
	}
	port->listener = lis;
	return ERR_OK;
}

void
tcp_listener_free(struct tcp_listener *lis)
{
	if (lis == NULL)
		return;
	timer_cancel(lis->port->transport->loop, &lis->pause);
	watch_free(lis->watch);
	if (lis->fd >= 0)
		close(lis->fd);
	free(lis);
}

/* --- connecting --- */

static bool
is_anywhere(const struct addr *a)
{
	static const struct addr any6 = { .port = 0 }, any4 = { .ip = { [10] = 0xff, [11] = 0xff } };

	return a->port == 0 && (memcmp(a->ip, any6.ip, sizeof(a->ip)) == 0 ||
	    memcmp(a->ip, any4.ip, sizeof(a->ip)) == 0);
}

/* A descriptor on its way to 'remote', or -1 with errno set. */
static int
dial(const struct addr *local, const struct addr *remote, struct addr *actual)
{
	int family = addr_is_v4(remote) ? AF_INET : AF_INET6, saved;
	struct sockaddr_storage from, to;
	socklen_t from_len = addr_to_sockaddr(local, family, &from);
	socklen_t to_len = addr_to_sockaddr(remote, family, &to);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	tune(fd);
	if (!is_anywhere(local)) {
		/* The port is chosen with the peer in view, so 28000 per peer and not per host. */
		if (local->port == 0)
			(void)set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		if (bind(fd, (struct sockaddr *)&from, from_len) != 0)
			goto out;
	}
	if ((connect(fd, (struct sockaddr *)&to, to_len) == 0 || errno == EINPROGRESS) &&
	    local_of(fd, actual) == ERR_OK)
		return fd;
out:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

enum err
tcp_connect(struct port *port, const struct transport_connect *c, struct link **ret)
{
	struct transport *t = port->transport;
	struct link_key key = { .peer = c->remote, .port = port->number };
	struct tcp_link *l;
	enum err e;
	int fd;

	if (t->opts.limits.links != 0 && counter_get(port_is_secure(port) ? &t->stats.associations
	    : &t->stats.links) >= t->opts.limits.links) {
		counter_add(&t->stats.limit_links, 1);
		return ERR_LIMIT;
	}
	fd = dial(&c->local, &c->remote, &key.local);
	if (fd < 0)
		return ERR_IO;
	key.peer.family = key.local.family;
	l = new_link(port, &key);
	if (l == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	l->is_client = true;
	e = attach(l, fd, true, c);
	if (e != ERR_OK) {
		tcp_link_free(&l->link);
		return e;
	}
	l->link.user = c->user;
	wait_for(l);
	*ret = &l->link;
	return ERR_OK;
}
