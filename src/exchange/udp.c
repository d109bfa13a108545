#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "base/secret.h"
#include "exchange/exchange_priv.h"
#include "transport/link.h"

/* CoAP over UDP and DTLS: the message layer (RFC 7252, 4). */

#define HEADER_LEN	4	/* RFC 7252, 3 */
#define DATAGRAM_MAX	2048	/* of ours: 1024 of payload, and options */

/* Our response, on its way by itself (RFC 7252, 5.2.2). */
struct separate {
	struct timer	 timer;
	struct peer	*peer;
	void		(*then)(void *arg, struct link *);
	void		*then_arg;
	uint64_t	 timeout_ms;
	uint8_t		 tries;
	bool		 confirmable, sent;
	uint16_t	 mid;
	uint16_t	 len;
	uint8_t		 datagram[];
};

/* --- small things --- */

/* A datagram lost on our side is as good as one lost on the way: time-outs see to it. */
static void
transmit(struct link *link, const uint8_t *p, size_t len)
{
	enum err lost = link_send(link, p, len);

	(void)lost;
}

static void
send_empty(struct link *link, enum msg_type type, uint16_t mid)
{
	uint8_t p[HEADER_LEN] = { (uint8_t)(1u << 6 | (unsigned)type << 4), MSG_EMPTY,
		(uint8_t)(mid >> 8), (uint8_t)mid };

	transmit(link, p, sizeof(p));
}

static void
send_reset(struct exchange *x, struct link *link, uint16_t mid)
{
	counter_add(&x->stats.resets_out, 1);
	send_empty(link, MSG_RESET, mid);
}

/* ACK_TIMEOUT times a random factor (RFC 7252, 4.2) */
static uint32_t
first_timeout(const struct exchange *x)
{
	const struct exchange_params *p = &x->opts.params;
	double spread = p->ack_timeout_ms * (p->ack_random_factor - 1.0);

	return p->ack_timeout_ms + random_below((uint32_t)spread + 1);
}

static uint32_t
hash_of(const uint8_t *p, size_t len)
{
	return (uint32_t)hash_keyed(p, len);
}

static void
udp_init(struct peer *peer)
{
	peer->udp.next_mid = (uint16_t)random_u64();
}

/* --- separate responses of ours --- */

static void
separate_free(struct peer *peer)
{
	struct separate *s = peer->separate;

	if (s == NULL)
		return;
	peer->separate = NULL;
	timer_cancel(peer->x->loop, &s->timer);
	secret_wipe(s->datagram, s->len);
	free(s);
}

static void
separate_timer(void *arg)
{
	struct separate *s = arg;
	struct peer *peer = s->peer;
	struct exchange *x = peer->x;
	struct link *link = peer->link;
	void (*then)(void *, struct link *) = s->then;
	void *then_arg = s->then_arg;

	if (s->sent && s->tries >= x->opts.params.max_retransmit) {
		separate_free(peer);
		return;
	}
	if (s->sent) {
		s->tries++;
		s->timeout_ms *= 2;
		counter_add(&x->stats.retransmissions, 1);
	}
	transmit(link, s->datagram, s->len);
	peer_used(peer);
	s->sent = true;
	s->then = NULL;
	if (s->confirmable)
		timer_set(x->loop, &s->timer, s->timeout_ms);
	else
		separate_free(peer);
	if (then != NULL)
		then(then_arg, link);
}

/* False when it cannot be: the response goes on the ACK then. */
static bool
separate_start(struct peer *peer, bool confirmable, struct answer *a)
{
	struct exchange *x = peer->x;
	struct separate *s;
	size_t len;

	if (peer->separate != NULL)
		return false;
	a->m.type = confirmable ? MSG_CON : MSG_NON;
	a->m.mid = peer->udp.next_mid;
	if (msg_encode(&a->m, x->scratch, DATAGRAM_MAX, &len) != ERR_OK)
		return false;
	s = calloc(1, sizeof(*s) + len);
	if (s == NULL)
		return false;
	peer->udp.next_mid++;
	s->peer = peer;
	s->then = a->reply.then;
	s->then_arg = a->reply.then_arg;
	s->timeout_ms = first_timeout(x);
	s->confirmable = confirmable;
	s->mid = a->m.mid;
	s->len = (uint16_t)len;
	memcpy(s->datagram, x->scratch, len);
	timer_init(&s->timer, separate_timer, s);
	timer_set(x->loop, &s->timer, a->reply.separate_after_ms);
	peer->separate = s;
	return true;
}

/* --- requests of the peer --- */

/*
 * Sends what serve.c decided and remembers it, for peers that are to be remembered. False when
 * the answer comes by itself later.
 */
static bool
send_answer(struct exchange *x, struct link *link, const struct msg *in, uint32_t hash,
    struct answer *a)
{
	bool confirmable = in->type == MSG_CON, good = MSG_CLASS(a->m.code) == 2 && !a->doubtful;
	bool known = (good || a->proven) && !a->reply.silent;
	struct peer *peer = known ? peer_make(x, link) : peer_of(link);
	bool later = false;
	size_t len = 0;

	if (a->reply.separate && !a->reply.silent && peer != NULL)
		later = separate_start(peer, confirmable, a);
	if (later) {
		a->m = (struct msg){ .code = MSG_EMPTY };
	} else if (!confirmable) {
		a->m.mid = peer != NULL ? peer->udp.next_mid++ : (uint16_t)random_u64();
	}
	if (confirmable)
		a->m.mid = in->mid;
	a->m.type = confirmable ? MSG_ACK : MSG_NON;
	if (!a->reply.silent && (confirmable || !later)) {
		if (msg_encode(&a->m, x->scratch, DATAGRAM_MAX, &len) == ERR_OK)
			transmit(link, x->scratch, len);
		else
			len = 0;
	}
	/* Duplicates of a non-confirmable request are ignored (RFC 7252, 4.3). */
	if (peer != NULL && (known || good || peer_known(peer)))
		recent_remember(peer, in->mid, hash, x->scratch, confirmable ? len : 0);
	if (a->reply.payload_len > 0 || a->body != NULL)
		secret_wipe(x->scratch, DATAGRAM_MAX);	/* a body may hold keys */
	return !later;
}

static void
got_request(struct exchange *x, struct link *link, const struct msg *in, uint32_t hash)
{
	struct peer *peer = peer_of(link);
	struct udp_recent *seen = peer != NULL ? recent_find(peer, in->mid, hash) : NULL;
	struct answer a;
	bool now;

	if (seen != NULL) {
		counter_add(&x->stats.duplicates, 1);
		seen->last_at_ms = loop_now_ms(x->loop);
		peer_used(peer);
		if (seen->len > 0)
			transmit(link, seen->len > UDP_SMALL ? seen->answer.large :
			    seen->answer.small, seen->len);
		return;
	}
	if (peer == NULL && !peer_allowed(x)) {
		counter_add(&x->stats.limit_peers, 1);
		return;		/* silence: several clients give up for good when refused */
	}
	serve_request(x, link, in, &a);
	if (a.reject) {
		send_reset(x, link, in->mid);
		now = false;
	} else {
		now = send_answer(x, link, in, hash, &a);
	}
	secret_wipe(a.body, a.body_len);
	free(a.body);
	peer = peer_of(link);
	if (a.closing) {
		exchange_close(x, link);
		return;
	}
	if (peer != NULL)
		peer_used(peer);
	if (now && a.reply.then != NULL && !a.reply.silent)
		a.reply.then(a.reply.then_arg, link);
	else if (peer != NULL)
		peer_tidy(peer);
}

/* --- responses and empty messages --- */

static void
got_response(struct exchange *x, struct link *link, const struct msg *in, uint32_t hash, size_t len)
{
	struct peer *peer = peer_of(link);
	struct request *req = peer != NULL ? peer->request : NULL;
	bool ours = req != NULL && request_has_token(req, in);

	if (in->type == MSG_ACK)	/* piggybacked: both must be right (RFC 7252, 5.3.2) */
		ours = ours && in->mid == req->mid;
	if (in->type == MSG_CON && peer != NULL && recent_was_taken(peer, in->mid, hash)) {
		counter_add(&x->stats.duplicates, 1);
		send_empty(link, MSG_ACK, in->mid);
		return;
	}
	if (!ours || serve_bad_response(in)) {
		counter_add(&x->stats.unmatched, 1);
		if (in->type == MSG_CON)
			send_reset(x, link, in->mid);
		return;
	}
	if (in->type == MSG_CON) {
		recent_take(peer, in->mid, hash);
		send_empty(link, MSG_ACK, in->mid);
	}
	counter_add(&x->stats.responses_in, 1);
	req->bytes_received += (uint32_t)len;
	request_answered(peer, in);
}

static void
got_empty_ack(struct exchange *x, struct peer *peer, uint16_t mid)
{
	struct request *req = peer->request;

	if (peer->separate != NULL && peer->separate->sent && peer->separate->mid == mid) {
		separate_free(peer);
		return;
	}
	if (req == NULL || req->mid != mid || req->acked)
		return;
	req->acked = true;
	timer_set(x->loop, &peer->timer, exchange_transmit_wait_ms(&x->opts.params));
}

static void
got_reset(struct exchange *x, struct peer *peer, uint16_t mid)
{
	counter_add(&x->stats.resets_in, 1);
	if (peer->separate != NULL && peer->separate->sent && peer->separate->mid == mid)
		separate_free(peer);
	else if (peer->request != NULL && peer->request->mid == mid)
		request_failed(peer, ERR_RESET);
}

static void
got_empty(struct exchange *x, struct link *link, const struct msg *in)
{
	struct peer *peer = peer_of(link);

	if (in->type == MSG_CON)	/* a ping (RFC 7252, 4.3) */
		send_reset(x, link, in->mid);
	else if (peer != NULL && in->type == MSG_ACK)
		got_empty_ack(x, peer, in->mid);
	else if (peer != NULL && in->type == MSG_RESET)
		got_reset(x, peer, in->mid);
}

/* What cannot be read is rejected (RFC 7252, 4.2 and 4.3); ACK and RST never get an answer. */
static void
got_malformed(struct exchange *x, struct link *link, const uint8_t *p)
{
	counter_add(&x->stats.malformed, 1);
	if ((p[0] >> 4 & 3) == MSG_CON)
		send_reset(x, link, (uint16_t)(p[2] << 8 | p[3]));
}

/* More options than we take: well formed, so it deserves an answer. */
static void
got_too_many(struct exchange *x, struct link *link, const struct msg *in)
{
	struct msg m = { .type = MSG_ACK, .code = MSG_BAD_REQUEST, .mid = in->mid,
		.token_len = in->token_len };
	size_t len;

	counter_add(&x->stats.malformed, 1);
	if (in->type != MSG_CON)
		return;
	memcpy(m.token, in->token, sizeof(m.token));
	if (!msg_is_request(in->code))
		send_reset(x, link, in->mid);
	else if (msg_encode(&m, x->scratch, DATAGRAM_MAX, &len) == ERR_OK)
		transmit(link, x->scratch, len);
}

static void
udp_received(struct exchange *x, struct link *link, const uint8_t *p, size_t len)
{
	struct msg in;
	enum err e;

	/* Too short to be answered, or of another version, which must be ignored (RFC 7252, 3). */
	if (len < HEADER_LEN || p[0] >> 6 != 1) {
		counter_add(&x->stats.malformed, 1);
		return;
	}
	e = msg_decode(p, len, &in);
	if (e == ERR_TOOBIG)
		got_too_many(x, link, &in);
	else if (e != ERR_OK)
		got_malformed(x, link, p);
	else if (in.code == MSG_EMPTY)
		got_empty(x, link, &in);
	else if (msg_is_request(in.code) && (in.type == MSG_CON || in.type == MSG_NON))
		got_request(x, link, &in, hash_of(p, len));
	else if (msg_is_response(in.code) && in.type != MSG_RESET)
		got_response(x, link, &in, hash_of(p, len), len);
	else
		got_malformed(x, link, p);
}

/* --- the request of ours --- */

static enum err
udp_encode(struct peer *peer, struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len)
{
	m->type = MSG_CON;
	m->mid = peer->udp.next_mid++;
	return msg_encode(m, buf, cap, ret_len);
}

static enum err
transmit_request(struct peer *peer)
{
	struct request *req = peer->request;
	struct exchange *x = peer->x;

	req->sent_at_us = loop_now_us(x->loop);
	req->bytes_sent += req->len;
	timer_set(x->loop, &peer->timer, req->timeout_ms);
	return link_send(peer->link, req->datagram, req->len);
}

static enum err
udp_send(struct peer *peer)
{
	struct request *req = peer->request;

	req->mid = (uint16_t)(req->datagram[2] << 8 | req->datagram[3]);
	req->timeout_ms = first_timeout(peer->x);
	req->tries = 0;
	req->acked = false;
	return transmit_request(peer);
}

static void
udp_timeout(struct peer *peer)
{
	struct request *req = peer->request;
	struct exchange *x = peer->x;
	enum err lost;

	if (req->acked || req->tries >= x->opts.params.max_retransmit) {
		counter_add(&x->stats.timeouts, 1);
		request_failed(peer, ERR_TIMEOUT);
		return;
	}
	req->tries++;
	req->retransmissions++;
	req->timeout_ms *= 2;
	counter_add(&x->stats.retransmissions, 1);
	lost = transmit_request(peer);
	(void)lost;	/* the next time-out sees to it */
}

static struct carrier_limits
udp_limits(const struct exchange *x, const struct link *link)
{
	return (struct carrier_limits){ .message = link_mtu(link), .whole = BLOCK_BYTES(x->szx),
		.szx = x->szx };
}

static uint64_t
udp_life_ms(const struct exchange *x)
{
	return exchange_lifetime_ms(&x->opts.params);
}

static void
udp_drop(struct peer *peer)
{
	separate_free(peer);
	recent_drop(peer);
}

const struct carrier udp_carrier = {
	.received = udp_received,
	.encode = udp_encode,
	.decode = msg_decode,
	.send = udp_send,
	.timeout = udp_timeout,
	.limits = udp_limits,
	.init = udp_init,
	.drop = udp_drop,
	.life_ms = udp_life_ms,
	.expire = peer_end,
};
