#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/dtls_priv.h"
#include "transport/prefix.h"
#include "transport/tcp.h"
#include "transport/transport_priv.h"

/* RFC 7252, 4.6 counts on 1152 bytes; this is what an Ethernet path carries over IPv6. */
#define NOSEC_MTU	1452

static_assert(offsetof(struct link, key) == sizeof(struct table_node), "the key follows the node");
static_assert(sizeof(struct link_key) == 2 * sizeof(struct addr) + 4, "no padding in a key");

static const struct identity nobody = { .kind = IDENTITY_NONE };

const char *
link_scheme_name(enum link_scheme scheme)
{
	static const char *const names[] = {
		[LINK_COAP] = "coap",
		[LINK_COAPS] = "coaps",
		[LINK_COAP_TCP] = "coap+tcp",
		[LINK_COAPS_TCP] = "coaps+tcp",
	};

	return names[scheme];
}

const struct addr *
link_peer(const struct link *l)
{
	return &l->key.peer;
}

const struct addr *
link_local(const struct link *l)
{
	return &l->key.local;
}

enum link_scheme
link_scheme(const struct link *l)
{
	return l->port->scheme;
}

static bool
is_dtls(const struct link *l)
{
	return l->port->scheme == LINK_COAPS;
}

static bool
is_tcp(const struct link *l)
{
	return port_is_tcp(l->port);
}

const struct identity *
link_identity(const struct link *l)
{
	return is_dtls(l) ? dtls_identity(l) : is_tcp(l) ? tcp_identity(l) : &nobody;
}

size_t
link_mtu(const struct link *l)
{
	return is_dtls(l) ? dtls_mtu(l) : is_tcp(l) ? SIZE_MAX : NOSEC_MTU;
}

uint32_t
link_id(const struct link *l)
{
	return l->id;
}

void *
link_user(const struct link *l)
{
	return l->user;
}

/* A stranger's link becomes one that stays. */
static void
promote(struct link *l)
{
	link_place(l, LINK_IN_LINKS);
	if (!l->is_counted)
		link_count(l);
}

void
link_set_user(struct link *l, void *user)
{
	if (l->is_dead)
		return;
	l->user = user;
	if (user == NULL)
		link_sweep(l);
	else if (l->place == LINK_NOWHERE && l->port->scheme == LINK_COAP)
		promote(l);
}

enum err
link_send(struct link *l, const uint8_t *p, size_t len)
{
	if (l->is_dead)
		return ERR_CLOSED;
	if (is_dtls(l))
		return dtls_send(l, p, len);
	if (is_tcp(l))
		return tcp_send(l, p, len);
	if (len > NOSEC_MTU)
		return ERR_TOOBIG;
	port_send(l->port, &l->key, p, len);
	return ERR_OK;
}

void
link_close(struct link *l)
{
	if (l->is_dead)
		return;
	if (is_dtls(l))
		dtls_close(l);
	l->user = NULL;
	link_gone(l, ERR_CANCELLED);
}

/* --- within the transport --- */

void
link_init(struct link *l, struct transport *t, struct port *port, const struct link_key *key)
{
	*l = (struct link){ .key = *key, .id = ++t->last_id, .transport = t, .port = port };
}

static struct counter *
figure_of(struct link *l, uint8_t place)
{
	struct transport_stats *stats = &l->transport->stats;

	if (place == LINK_IN_HANDSHAKES)
		return &stats->handshakes_open;
	return port_is_secure(l->port) ? &stats->associations : &stats->links;
}

void
link_place(struct link *l, enum link_place place)
{
	struct transport *t = l->transport;

	if (l->place != LINK_NOWHERE) {
		table_remove(l->place == LINK_IN_LINKS ? &t->links : &t->handshakes, &l->node);
		counter_sub(figure_of(l, l->place), 1);
	}
	l->place = (uint8_t)place;
	if (l->place != LINK_NOWHERE) {
		table_add(place == LINK_IN_LINKS ? &t->links : &t->handshakes, &l->node);
		counter_add(figure_of(l, l->place), 1);
	}
}

void
link_count(struct link *l)
{
	l->is_counted = prefix_add(&l->transport->prefixes, &l->key.peer) == ERR_OK;
}

void
link_deliver(struct link *l, const uint8_t *p, size_t len)
{
	struct transport *t = l->transport;

	transport_enter(t);
	t->events.received(t->events.arg, l, p, len);
	transport_leave(t);
}

void
link_gone(struct link *l, enum err why)
{
	struct transport *t = l->transport;

	if (l->is_dead)
		return;
	transport_enter(t);
	link_place(l, LINK_NOWHERE);
	if (l->user != NULL)
		t->events.going(t->events.arg, l, why);
	l->user = NULL;
	l->is_dead = true;
	link_sweep(l);
	transport_leave(t);
}

/* A NoSec link is kept by its user alone; an association or a connection stands until it ends. */
static bool
is_needed(const struct link *l)
{
	return !l->is_dead && (l->user != NULL || l->port->scheme != LINK_COAP);
}

static void
free_link(struct link *l)
{
	struct transport *t = l->transport;

	link_place(l, LINK_NOWHERE);
	if (l->is_counted)
		prefix_remove(&t->prefixes, &l->key.peer);
	if (is_dtls(l))
		dtls_link_free(l);
	else if (is_tcp(l))
		tcp_link_free(l);
	else if (t->spare == NULL)
		t->spare = l;
	else
		free(l);
}

void
link_sweep(struct link *l)
{
	struct transport *t = l->transport;

	if (l->is_swept || is_needed(l))
		return;
	l->is_swept = true;
	l->later = t->swept;
	t->swept = l;
	if (t->depth == 0) {
		transport_enter(t);
		transport_leave(t);
	}
}

void
transport_enter(struct transport *t)
{
	t->depth++;
}

void
transport_leave(struct transport *t)
{
	struct link *l;

	while (t->depth == 1 && (l = t->swept) != NULL) {
		t->swept = l->later;
		l->is_swept = false;
		if (!is_needed(l))	/* it may have found a new user */
			free_link(l);
	}
	t->depth--;
}
