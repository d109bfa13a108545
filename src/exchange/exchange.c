/*
 * CoAP as a conversation, in layers; a message climbs through them from top to bottom here:
 *
 *	udp.c		message layer of RFC 7252, 4: types, message ids, retransmission, duplicates,
 *			Reset, separate responses. A "carrier". It must not look at options, tokens
 *			(but to hand them on), payloads or blocks.
 *	recent.c	its memory of what came before
 *	tcp.c		the other carrier, for RFC 8323: frames out of a stream, signals, and no more
 *	request.c	requests to the peer: tokens, matching, the one outstanding request (NSTART)
 *	serve.c		requests from the peer: options we must understand, the handler, its reply
 *	block.c		RFC 7959 for requests to the peer: Block1 out, Block2 in
 *	secure.c	OSCORE: opens what comes protected, and protects what goes back, for serve.c and
 *			request.c, who know of it by name only
 *	blockserve.c	RFC 7959 for requests from the peer: Block1 in, Block2 out. None of these five
 *			may look at types, message ids or time-outs: over TCP there are none.
 *	exchange.c	conversations (struct peer), one per link: made, kept alive, ended
 *
 * There are two retransmission timers in the daemon: the one of udp.c, and that of the DTLS
 * handshake in transport/. They never run at the same time for one peer.
 *
 * Callbacks upward (handle, then, done, link_gone) may make requests, cancel, and close links.
 * So whoever calls one does it last and touches neither peer nor link afterwards; only 'handle'
 * is followed by work, and exchange_close() within it waits for that.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "exchange/exchange_priv.h"
#include "transport/link.h"

/* RFC 7252, 4.8; RFC 7959, 2.2 */
const struct exchange_params exchange_defaults = {
	.ack_timeout_ms = 2000,
	.ack_random_factor = 1.5,
	.max_retransmit = 4,
	.block_size = 1024,
	.max_body = 65536,
	.max_upload = 65536,
	.max_peers = 0,
	.max_message = 65536 + 1024,
	.csm_timeout_ms = 10000,
	.idle_timeout_ms = 300000,
};

/* Tens of thousands live at once, each for minutes after its last message. */
_Static_assert(sizeof(struct peer) <= 192, "a conversation at rest is small");

#define MAX_LATENCY_MS	100000u		/* RFC 7252, 4.8.2 */

static uint64_t
times_timeout(const struct exchange_params *p, uint64_t n)
{
	return (uint64_t)((double)(p->ack_timeout_ms * n) * p->ack_random_factor);
}

uint64_t
exchange_transmit_span_ms(const struct exchange_params *p)
{
	return times_timeout(p, (1ull << p->max_retransmit) - 1);
}

uint64_t
exchange_transmit_wait_ms(const struct exchange_params *p)
{
	return times_timeout(p, (2ull << p->max_retransmit) - 1);
}

/* MAX_TRANSMIT_SPAN + 2 * MAX_LATENCY + PROCESSING_DELAY, which is ACK_TIMEOUT */
uint64_t
exchange_lifetime_ms(const struct exchange_params *p)
{
	return exchange_transmit_span_ms(p) + 2 * MAX_LATENCY_MS + p->ack_timeout_ms;
}

enum err
exchange_new(struct loop *loop, const struct exchange_opts *opts, struct exchange **ret)
{
	struct exchange *x = calloc(1, sizeof(*x));
	struct exchange_params *p;

	if (x == NULL)
		return ERR_NOMEM;
	assert(opts->handle != NULL);
	x->loop = loop;
	x->opts = *opts;
	if (secure_init(x) != ERR_OK) {
		free(x);
		return ERR_NOMEM;
	}
	p = &x->opts.params;
	if (p->ack_random_factor < 1.0)
		p->ack_random_factor = 1.0;
	if (p->max_retransmit > 20)	/* a shift's worth of doublings: 24 days at 2 s */
		p->max_retransmit = 20;
	while (x->szx < SZX_MAX && BLOCK_BYTES(x->szx + 1) <= p->block_size)
		x->szx++;
	*ret = x;
	return ERR_OK;
}

void
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	assert(counter_get(&x->stats.peers) == 0);
	secure_fini(x);
	free(x);
}

const struct exchange_stats *
exchange_stats(const struct exchange *x)
{
	return &x->stats;
}

const struct carrier *
carrier_of(const struct link *link)
{
	switch (link_scheme(link)) {
	case LINK_COAP:
	case LINK_COAPS:
		return &udp_carrier;
	case LINK_COAP_TCP:
	case LINK_COAPS_TCP:
		return &tcp_carrier;
	}
	return NULL;
}

/* --- conversations --- */

struct peer *
peer_of(const struct link *link)
{
	return link_user(link);
}

bool
peer_allowed(const struct exchange *x)
{
	uint32_t max = x->opts.params.max_peers;

	return max == 0 || counter_get(&x->stats.peers) < max;
}

void
peer_free(struct peer *peer)
{
	struct exchange *x = peer->x;

	request_drop(peer);
	blockserve_drop(peer);
	secure_adopt(peer, NULL);
	carrier_of(peer->link)->drop(peer);
	timer_cancel(x->loop, &peer->timer);
	counter_sub(&x->stats.peers, 1);
	free(peer);
}

void
peer_end(struct peer *peer)
{
	struct link *link = peer->link;

	peer_free(peer);
	link_set_user(link, NULL);	/* a NoSec link is gone now */
}

/* The timer: of the request if there is one, else the conversation may be over. */
static void
peer_timer(void *arg)
{
	struct peer *peer = arg;
	struct exchange *x = peer->x;
	const struct carrier *carrier = carrier_of(peer->link);
	uint64_t life = carrier->life_ms(x);
	uint64_t age = loop_now_ms(x->loop) - peer->used_at_ms;

	if (peer->request != NULL)
		carrier->timeout(peer);
	else if (peer->held)
		return;		/* exchange_hold() sets it again */
	else if (peer->separate != NULL)
		timer_set(x->loop, &peer->timer, life);
	else if (age < life)
		timer_set(x->loop, &peer->timer, life - age);
	else
		carrier->expire(peer);
}

struct peer *
peer_make(struct exchange *x, struct link *link)
{
	const struct carrier *carrier = carrier_of(link);
	struct peer *peer = peer_of(link);

	if (peer != NULL || carrier == NULL)
		return peer;
	if (!peer_allowed(x)) {
		counter_add(&x->stats.limit_peers, 1);
		return NULL;
	}
	peer = calloc(1, sizeof(*peer));
	if (peer == NULL)
		return NULL;
	peer->x = x;
	peer->link = link;
	timer_init(&peer->timer, peer_timer, peer);
	carrier->init(peer);
	counter_add(&x->stats.peers, 1);
	link_set_user(link, peer);
	peer_used(peer);
	return peer;
}

void
peer_used(struct peer *peer)
{
	struct exchange *x = peer->x;

	peer->used_at_ms = loop_now_ms(x->loop);
	if (peer->request == NULL && !peer->held && !timer_pending(&peer->timer))
		timer_set(x->loop, &peer->timer, carrier_of(peer->link)->life_ms(x));
}

bool
peer_known(const struct peer *peer)
{
	return peer->held || peer->remembered || peer->request != NULL || peer->upload != NULL;
}

void
peer_tidy(struct peer *peer)
{
	if (!peer_known(peer))
		peer_end(peer);
}

void
exchange_hold(struct exchange *x, struct link *link, bool hold)
{
	struct peer *peer = hold ? peer_make(x, link) : peer_of(link);

	if (peer == NULL)
		return;
	peer->held = hold;
	peer_used(peer);
}

void
exchange_close(struct exchange *x, struct link *link)
{
	struct peer *peer = peer_of(link);

	if (x->serving == link) {
		x->close_served = true;
		return;
	}
	if (peer != NULL && peer->going)
		return;		/* it ends already */
	if (peer != NULL) {
		if (carrier_of(link)->goodbye != NULL)
			carrier_of(link)->goodbye(peer);
		peer_free(peer);
	}
	link_close(link);
}

/* --- what the transport tells --- */

void
exchange_received(void *exchange, struct link *link, const uint8_t *p, size_t len)
{
	struct exchange *x = exchange;
	const struct carrier *carrier = carrier_of(link);

	if (carrier != NULL)
		carrier->received(x, link, p, len);
}

void
exchange_going(void *exchange, struct link *link, enum err why)
{
	struct exchange *x = exchange;
	struct peer *peer = peer_of(link);

	if (peer == NULL)
		return;
	peer->going = true;
	if (why == ERR_CANCELLED && carrier_of(link)->goodbye != NULL)
		carrier_of(link)->goodbye(peer);
	if (peer->request != NULL)
		request_failed(peer, why);
	if (x->opts.link_gone != NULL)
		x->opts.link_gone(x->opts.arg, link, why);
	peer_free(peer);
}

void
exchange_opened(void *exchange, struct link *link)
{
	tcp_opened(exchange, link);
}
