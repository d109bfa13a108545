#include <assert.h>
#include <stdlib.h>

#include "transport/dtls_priv.h"
#include "transport/prefix.h"
#include "transport/tcp.h"
#include "transport/transport_priv.h"

/*
 * The wiring: sockets below, links in the middle, events above. NoSec ends here; datagrams of a
 * coaps port go to dtls_*.c, which comes back with link_deliver(), as tcp.c does with what comes
 * over connections.
 */

static void
free_ports(struct transport *t)
{
	struct port *next;

	for (struct port *p = t->ports; p != NULL; p = next) {
		next = p->next;
		udp_close(p->udp);
		tcp_listener_free(p->listener);
		free(p);
	}
	t->ports = NULL;
}

static void
close_all(struct table *table)
{
	struct table_node *n;

	while ((n = table_any(table)) != NULL) {
		struct link *l = (struct link *)n;

		if (l->port->scheme == LINK_COAPS)
			dtls_close(l);
		link_gone(l, ERR_CANCELLED);
	}
}

void
transport_free(struct transport *t)
{
	if (t == NULL)
		return;
	assert(t->depth == 0);		/* not from within one of our own calls */
	for (struct port *p = t->ports; p != NULL; p = p->next)
		if (p->udp != NULL)
			udp_end(p->udp);
	if (t->links.buckets != NULL)
		close_all(&t->links);
	if (t->handshakes.buckets != NULL)
		close_all(&t->handshakes);
	free_ports(t);
	streams_fini(&t->streams);
	tls_free(t->tls);
	dtls_free(t->dtls);
	table_fini(&t->links);
	table_fini(&t->handshakes);
	table_fini(&t->prefixes);
	udp_rx_free(t->rx);
	free(t->spare);
	free(t);
}

enum err
transport_new(struct loop *loop, const struct transport_opts *opts,
    const struct transport_events *events, struct transport **ret)
{
	enum err e = ERR_NOMEM;
	struct transport *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return ERR_NOMEM;
	t->loop = loop;
	t->opts = *opts;
	t->events = *events;
	t->streams.loop = loop;
	t->streams.stats = &t->stats;
	if (table_init(&t->links, sizeof(struct link_key)) != ERR_OK ||
	    table_init(&t->handshakes, sizeof(struct link_key)) != ERR_OK ||
	    table_init(&t->prefixes, PREFIX_KEY_LEN) != ERR_OK || udp_rx_new(&t->rx) != ERR_OK)
		goto out;
	e = opts->dtls == NULL ? ERR_OK : dtls_new(t, opts->dtls, &t->dtls);
	if (e != ERR_OK)
		goto out;
	*ret = t;
	t = NULL;
out:
	transport_free(t);
	return e;
}

enum err
transport_renew(struct transport *t, struct dtls_shared *dtls)
{
	struct tls *tls = NULL;
	enum err e = t->dtls != NULL ? ERR_OK : ERR_UNSUPPORTED;

	if (e == ERR_OK && t->tls != NULL)
		e = tls_new(dtls, &tls);
	if (e == ERR_OK)
		e = dtls_renew(t->dtls, dtls);
	if (e == ERR_OK && tls != NULL) {
		struct tls *old = t->tls;
		t->tls = tls;
		tls = old;
	}
	tls_free(tls);
	return e;
}

const struct transport_stats *
transport_stats(const struct transport *t)
{
	return &t->stats;
}

/* --- limits --- */

static bool
is_reached(const struct counter *now, uint32_t limit)
{
	return limit != 0 && counter_get(now) >= limit;
}

bool
transport_admits(struct transport *t, const struct port *port, const struct link_key *key)
{
	const struct transport_limits *limits = &t->opts.limits;
	struct transport_stats *stats = &t->stats;
	bool secure = port_is_secure(port);
	/* A device that begins anew takes its own place. */
	bool is_new = !secure || table_find(&t->links, key) == NULL;
	struct counter *reached = NULL;

	if (is_new && is_reached(secure ? &stats->associations : &stats->links, limits->links))
		reached = &stats->limit_links;
	else if (secure && is_reached(&stats->handshakes_open, limits->handshakes))
		reached = &stats->limit_handshakes;
	else if (is_new && limits->links_per_prefix != 0 &&
	    prefix_count(&t->prefixes, &key->peer) >= limits->links_per_prefix)
		reached = &stats->limit_prefix;
	if (reached != NULL)
		counter_add(reached, 1);
	return reached == NULL;
}

/* --- datagrams in --- */

/* A NoSec link for somebody we hold nothing of. */
static struct link *
stranger(struct port *port, const struct link_key *key)
{
	struct transport *t = port->transport;
	struct link *l = t->spare;

	if (!transport_admits(t, port, key))
		return NULL;
	t->spare = NULL;
	if (l == NULL)
		l = malloc(sizeof(*l));
	if (l != NULL)
		link_init(l, t, port, key);
	return l;
}

static void
nosec_received(struct port *port, const struct link_key *key, const uint8_t *p, size_t len)
{
	struct transport *t = port->transport;
	struct link *l = (struct link *)table_find(&t->links, key);

	if (l == NULL)
		l = stranger(port, key);
	if (l == NULL)
		return;
	transport_enter(t);
	link_deliver(l, p, len);
	link_sweep(l);
	transport_leave(t);
}

static void
dispatch(struct port *port, const struct link_key *key, const uint8_t *p, size_t len)
{
	if (port->scheme == LINK_COAPS)
		dtls_received(port, key, p, len);
	else
		nosec_received(port, key, p, len);
}

static void
received(void *arg, struct udp *udp, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	struct port *port = arg;
	const struct transport_filter *filter = port->transport->opts.filter;
	struct link_key key = { .peer = *remote, .local = *local, .port = port->number };

	(void)udp;	/* the port's */
	if (filter != NULL && filter->datagram(filter->arg, false, local, remote, p, len))
		return;
	dispatch(port, &key, p, len);
}

/* --- datagrams out --- */

void
port_send(struct port *port, const struct link_key *key, const void *p, size_t len)
{
	const struct transport_filter *filter = port->transport->opts.filter;

	if (filter != NULL && filter->datagram(filter->arg, true, &key->local, &key->peer, p, len))
		return;
	udp_send(port->udp, &key->local, &key->peer, p, len);
}

/* The few sockets of a simulator or a client; never walked for a datagram from a socket. */
static struct port *
port_of(struct transport *t, const struct addr *local)
{
	struct port *p = t->ports;

	while (p != NULL && (p->udp == NULL || !udp_takes(p->udp, local)))
		p = p->next;
	return p;
}

void
transport_inject(struct transport *t, bool outgoing, const struct addr *local,
    const struct addr *remote, const uint8_t *p, size_t len)
{
	struct port *port = port_of(t, local);
	struct link_key key;

	if (port == NULL || len > UDP_DATAGRAM_MAX)
		return;
	key = (struct link_key){ .peer = *remote, .local = *local, .port = port->number };
	key.peer.family = key.local.family = udp_local(port->udp)->family;
	if (outgoing)
		udp_send(port->udp, &key.local, &key.peer, p, len);
	else
		dispatch(port, &key, p, len);
}

/* --- opening --- */

static struct port *
new_port(struct transport *t, enum link_scheme scheme)
{
	struct port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return NULL;
	port->transport = t;
	port->scheme = scheme;
	port->number = t->ports == NULL ? 1 : t->ports->number + 1;
	return port;
}

static void
add_port(struct transport *t, struct port *port)
{
	port->next = t->ports;
	t->ports = port;
}

static enum err
open_port(struct port *port, const struct addr *addr, bool shared, struct addr *actual)
{
	struct transport *t = port->transport;
	const struct udp_opts opts = {
		.loop = t->loop, .rx = t->rx, .stats = &t->stats, .shared = shared,
		.received = received, .arg = port,
	};
	enum err e;

	if (port_is_tcp(port))
		return tcp_listen(port, addr, shared, actual);
	e = udp_open(addr, &opts, &port->udp);
	if (e == ERR_OK)
		*actual = *udp_local(port->udp);
	return e;
}

enum err
transport_listen(struct transport *t, enum link_scheme scheme, const struct addr *addr,
    bool shared, struct addr *actual)
{
	bool secure = scheme == LINK_COAPS || scheme == LINK_COAPS_TCP;
	struct port *port;
	enum err e;

	if (secure && t->dtls == NULL)
		return ERR_UNSUPPORTED;
	port = new_port(t, scheme);
	if (port == NULL)
		return ERR_NOMEM;
	e = open_port(port, addr, shared, actual);
	if (e != ERR_OK) {
		free(port);
		return e;
	}
	add_port(t, port);
	return ERR_OK;
}

static struct port *
port_for(struct transport *t, const struct transport_connect *c)
{
	struct addr local = c->local;

	for (struct port *p = t->ports; p != NULL; p = p->next) {
		if (p->udp == NULL)
			continue;
		if (c->local.port == 0)
			local.port = udp_local(p->udp)->port;
		if (p->scheme == c->scheme && udp_takes(p->udp, &local))
			return p;
	}
	return NULL;
}

/* What the connections that we make have in common, in place of a listener. */
static struct port *
tcp_port_for(struct transport *t, enum link_scheme scheme)
{
	struct port *p = t->ports;

	while (p != NULL && (p->scheme != scheme || p->listener != NULL))
		p = p->next;
	if (p == NULL && (p = new_port(t, scheme)) != NULL)
		add_port(t, p);
	return p;
}

static enum err
connect_tcp(struct transport *t, const struct transport_connect *c, struct link **ret)
{
	struct port *port;

	if (c->scheme == LINK_COAPS_TCP && t->dtls == NULL)
		return ERR_UNSUPPORTED;
	port = tcp_port_for(t, c->scheme);
	return port == NULL ? ERR_NOMEM : tcp_connect(port, c, ret);
}

static enum err
nosec_connect(struct port *port, const struct link_key *key, void *user, struct link **ret)
{
	struct transport *t = port->transport;
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	link_init(l, t, port, key);
	transport_enter(t);
	link_set_user(l, user);
	*ret = l;
	if (t->events.connected != NULL)
		t->events.connected(t->events.arg, l, ERR_OK, NULL);
	link_sweep(l);
	transport_leave(t);
	return ERR_OK;
}

enum err
transport_connect(struct transport *t, const struct transport_connect *c, struct link **ret)
{
	struct port *port;
	const struct counter *held;
	struct link_key key;
	enum err e;

	if (c->scheme == LINK_COAP_TCP || c->scheme == LINK_COAPS_TCP)
		return connect_tcp(t, c, ret);
	port = port_for(t, c);
	if (port == NULL)
		return ERR_NOTFOUND;
	key = (struct link_key){ .peer = c->remote, .local = c->local, .port = port->number };
	key.local.port = udp_local(port->udp)->port;
	key.peer.family = key.local.family = udp_local(port->udp)->family;
	e = udp_choose_source(&key.local, &key.peer);
	if (e != ERR_OK)
		return e;
	if (table_find(&t->links, &key) != NULL || table_find(&t->handshakes, &key) != NULL)
		return ERR_EXISTS;
	held = c->scheme == LINK_COAPS ? &t->stats.associations : &t->stats.links;
	if (is_reached(held, t->opts.limits.links)) {
		counter_add(&t->stats.limit_links, 1);
		return ERR_LIMIT;
	}
	return c->scheme == LINK_COAPS ? dtls_connect(port, &key, c, ret)
	    : nosec_connect(port, &key, c->user, ret);
}
