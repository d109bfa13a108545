#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "lib/fake_net.h"

struct datagram {
	struct datagram		*next;
	struct fake_peer	*to;
	uint64_t		 at_ms;
	size_t			 len;
	uint8_t			 bytes[];
};

struct link {
	struct fake_peer	*peer;
	void			*user;
	uint32_t		 id;
	unsigned		 on_stack;	/* calls of 'received' for this link */
	bool			 closed;
};

struct fake_peer {
	struct fake_peer	*next;
	struct fake_net		*net;
	struct addr		 addr, local;
	enum link_scheme	 scheme;
	struct identity		 identity;
	uint8_t			*identity_bytes;
	size_t			 mtu;
	struct link		*link;
	enum err		 refuse;
	bool			 closed_by_us;
};

struct fake_net {
	struct loop		*loop;
	struct transport_events	 events;
	struct fake_peer	*peers;
	struct datagram		*sent, **last, *taken;
	uint32_t		 next_id;
	size_t			 nlinks;
};

struct fake_net *
fake_net_new(struct loop *loop)
{
	struct fake_net *net = calloc(1, sizeof(*net));

	assert(net != NULL);
	net->loop = loop;
	net->last = &net->sent;
	return net;
}

void
fake_net_events(struct fake_net *net, const struct transport_events *events)
{
	net->events = *events;
}

static void
free_peer(struct fake_peer *peer)
{
	free(peer->identity_bytes);
	free(peer);
}

struct fake_peer *
fake_peer_new(struct fake_net *net, const struct fake_peer_opts *opts)
{
	static const char *const ours[] = { "127.0.0.1:5783", "127.0.0.1:5784", "127.0.0.1:5783",
		"127.0.0.1:5784" };
	struct fake_peer *peer = calloc(1, sizeof(*peer));

	assert(peer != NULL);
	peer->identity_bytes = malloc(opts->identity_len > 0 ? opts->identity_len : 1);
	assert(peer->identity_bytes != NULL);
	if (opts->identity_len > 0)
		memcpy(peer->identity_bytes, opts->identity, opts->identity_len);
	peer->identity = (struct identity){ .kind = opts->kind, .p = peer->identity_bytes,
		.len = opts->identity_len };
	peer->net = net;
	peer->scheme = opts->scheme;
	peer->mtu = opts->mtu > 0 ? opts->mtu : 1280;
	if (addr_parse(opts->address, &peer->addr) != ERR_OK ||
	    addr_parse(opts->local != NULL ? opts->local : ours[opts->scheme], &peer->local) !=
	    ERR_OK) {
		free_peer(peer);
		return NULL;
	}
	peer->next = net->peers;
	net->peers = peer;
	return peer;
}

/* --- links --- */

struct link *
fake_peer_link(const struct fake_peer *peer)
{
	return peer->link;
}

static bool
is_tcp(const struct fake_peer *peer)
{
	return peer->scheme == LINK_COAP_TCP || peer->scheme == LINK_COAPS_TCP;
}

static void maybe_free_link(struct link *);

struct link *
fake_peer_connect(struct fake_peer *peer)
{
	struct link *l = peer->link;

	if (l != NULL)
		return l;
	l = calloc(1, sizeof(*l));
	assert(l != NULL);
	l->peer = peer;
	l->id = ++peer->net->next_id;
	peer->link = l;
	peer->net->nlinks++;
	if (is_tcp(peer) && peer->net->events.opened != NULL) {
		l->on_stack++;
		peer->net->events.opened(peer->net->events.arg, l);
		l->on_stack--;
		maybe_free_link(l);
	}
	return peer->link;
}

enum link_scheme
fake_peer_scheme(const struct fake_peer *peer)
{
	return peer->scheme;
}

static void
free_link(struct link *l)
{
	if (l->peer->link == l)
		l->peer->link = NULL;
	l->peer->net->nlinks--;
	free(l);
}

/* Over NoSec nobody's link is kept; a closed one goes when nothing of it is on the stack. */
static void
maybe_free_link(struct link *l)
{
	if (l->on_stack > 0)
		return;
	if (l->closed || (l->user == NULL && l->peer->scheme == LINK_COAP))
		free_link(l);
}

void
fake_peer_sends(struct fake_peer *peer, const void *p, size_t len)
{
	struct link *l = fake_peer_connect(peer);
	uint8_t *exact;

	if (l == NULL)
		return;
	exact = malloc(len > 0 ? len : 1);	/* so that an overrun is seen */
	assert(exact != NULL && peer->net->events.received != NULL);
	if (len > 0)
		memcpy(exact, p, len);
	l->on_stack++;
	peer->net->events.received(peer->net->events.arg, l, exact, len);
	l->on_stack--;
	free(exact);
	maybe_free_link(l);
	fake_loop_settle(peer->net->loop);
}

void
fake_peer_close(struct fake_peer *peer, enum err why)
{
	struct link *l = peer->link;

	if (l == NULL)
		return;
	l->on_stack++;
	if (l->user != NULL)
		peer->net->events.going(peer->net->events.arg, l, why);
	l->closed = true;
	l->on_stack--;
	maybe_free_link(l);
	fake_loop_settle(peer->net->loop);
}

void
fake_peer_refuse(struct fake_peer *peer, enum err e)
{
	peer->refuse = e;
}

bool
fake_peer_closed_by_us(struct fake_peer *peer)
{
	bool was = peer->closed_by_us;

	peer->closed_by_us = false;
	return was;
}

size_t
fake_net_links(const struct fake_net *net)
{
	return net->nlinks;
}

void
fake_net_free(struct fake_net *net)
{
	struct fake_peer *peer;
	struct datagram *d;

	if (net == NULL)
		return;
	for (peer = net->peers; peer != NULL; peer = peer->next)
		fake_peer_close(peer, ERR_CANCELLED);
	while ((peer = net->peers) != NULL) {
		net->peers = peer->next;
		free_peer(peer);
	}
	while ((d = net->sent) != NULL) {
		net->sent = d->next;
		free(d);
	}
	free(net->taken);
	free(net);
}

/* --- what was sent --- */

bool
fake_net_take(struct fake_net *net, struct fake_datagram *ret)
{
	struct datagram *d = net->sent;

	if (d == NULL)
		return false;
	net->sent = d->next;
	if (net->sent == NULL)
		net->last = &net->sent;
	free(net->taken);
	net->taken = d;
	*ret = (struct fake_datagram){ .to = d->to, .p = d->bytes, .len = d->len,
		.at_ms = d->at_ms };
	return true;
}

/* --- transport/link.h --- */

enum err
link_send(struct link *l, const uint8_t *p, size_t len)
{
	struct fake_net *net = l->peer->net;
	struct datagram *d;

	if (l->closed)
		return ERR_CLOSED;
	if (len > l->peer->mtu && !is_tcp(l->peer))
		return ERR_TOOBIG;
	if (l->peer->refuse != ERR_OK)
		return l->peer->refuse;
	d = malloc(sizeof(*d) + len);
	assert(d != NULL);
	*d = (struct datagram){ .to = l->peer, .at_ms = loop_now_ms(net->loop), .len = len };
	memcpy(d->bytes, p, len);
	*net->last = d;
	net->last = &d->next;
	return ERR_OK;
}

void
link_set_user(struct link *l, void *user)
{
	l->user = user;
	maybe_free_link(l);
}

void
link_close(struct link *l)
{
	l->closed = true;
	l->user = NULL;
	l->peer->closed_by_us = true;
	if (l->peer->link == l)
		l->peer->link = NULL;	/* the next datagram makes another one */
	maybe_free_link(l);
}

void *
link_user(const struct link *l)
{
	return l->user;
}

const struct addr *
link_peer(const struct link *l)
{
	return &l->peer->addr;
}

const struct addr *
link_local(const struct link *l)
{
	return &l->peer->local;
}

enum link_scheme
link_scheme(const struct link *l)
{
	return l->peer->scheme;
}

const char *
link_scheme_name(enum link_scheme scheme)
{
	static const char *const names[] = { "coap", "coaps", "coap+tcp", "coaps+tcp" };

	return names[scheme];
}

const struct identity *
link_identity(const struct link *l)
{
	return &l->peer->identity;
}

size_t
link_mtu(const struct link *l)
{
	return is_tcp(l->peer) ? SIZE_MAX : l->peer->mtu;
}

uint32_t
link_id(const struct link *l)
{
	return l->id;
}
