#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "coap/frame.h"
#include "exchange/exchange_priv.h"
#include "transport/link.h"

/*
 * CoAP over TCP and TLS (RFC 8323): frames out of a stream, and signals. The stream delivers
 * once and in order, so nothing is sent again and no duplicate comes; what went wrong with it ends
 * the connection, and with it whatever was outstanding.
 */

#define MESSAGE_MAX	(SCRATCH_LEN - 3 * 1024)	/* bytes of ours, whatever the peer takes */
#define BODY_MAX	(64 * 1024)	/* of those, payload that goes uncut */
#define HEADER_MAX	5	/* bytes until the length of a frame is known (RFC 8323, 3.2) */
#define PARTS_MAX	(64u << 20)	/* bytes of messages not yet whole, of all peers together */
#define PART_FIRST	512
#define REST_MS		60000	/* for the rest of a message that has begun */

/* An answer that is to be late: a simulated device's. */
struct delayed {
	struct timer	 timer;
	struct peer	*peer;
	void		(*then)(void *arg, struct link *);
	void		*then_arg;
	size_t		 len;
	uint8_t		 frame[];
};

/* --- sending --- */

/* Wipes what was sent: a body may hold keys. */
static enum err
transmit(struct exchange *x, struct link *link, const struct msg *m)
{
	size_t len;
	enum err e = frame_encode(m, x->scratch, sizeof(x->scratch), &len);

	if (e != ERR_OK)
		return e;
	e = link_send(link, x->scratch, len);
	secret_wipe(x->scratch, len);
	return e;
}

/* The end, with a word upward. Neither peer nor link may be used afterwards. */
static void
hang_up(struct exchange *x, struct link *link, enum err why)
{
	exchange_going(x, link, why);
	link_close(link);
}

/* A signal that does not get through is as good as none: what is wrong shows soon enough. */
static void
signal_peer(struct exchange *x, struct link *link, const struct msg *m)
{
	enum err lost = transmit(x, link, m);

	(void)lost;
}

/* RFC 8323, 5.6: the peer broke a rule; its user is told why. 'option': 0, or the one of its CSM. */
static void
abort_link(struct exchange *x, struct link *link, enum err why, uint16_t option, const char *text)
{
	struct msg m = { .code = FRAME_ABORT, .payload = (const uint8_t *)text,
		.payload_len = strlen(text) };
	uint8_t value[4];
	enum err e = ERR_OK;

	if (option != 0)
		e = msg_add_uint(&m, FRAME_ABORT_BAD_CSM_OPTION, option, value);
	counter_add(&x->stats.malformed, 1);
	counter_add(&x->stats.aborts_out, 1);
	if (e == ERR_OK)
		signal_peer(x, link, &m);
	hang_up(x, link, why);
}

static void
send_csm(struct exchange *x, struct link *link)
{
	struct msg m = { .code = FRAME_CSM };
	uint8_t value[4];

	if (msg_add_uint(&m, FRAME_CSM_MAX_MESSAGE, x->opts.params.max_message, value) == ERR_OK &&
	    msg_add(&m, FRAME_CSM_BLOCK_WISE, NULL, 0) == ERR_OK)
		signal_peer(x, link, &m);
}

static void
send_release(struct peer *peer)
{
	signal_peer(peer->x, peer->link, &(struct msg){ .code = FRAME_RELEASE });
}

/* --- messages that are not whole yet --- */

static void
free_part(struct peer *peer)
{
	struct tcp *t = &peer->tcp;

	if (t->part != NULL)
		secret_wipe(t->part, t->part_cap);
	free(t->part);
	peer->x->parts -= t->part_cap;
	t->part = NULL;
	t->part_len = t->part_cap = 0;
}

/* Room follows what has come, not what is claimed; wipes what it leaves. */
static enum err
grow_part(struct peer *peer, size_t need, size_t total)
{
	struct tcp *t = &peer->tcp;
	size_t cap = t->part_cap > 0 ? t->part_cap : PART_FIRST;
	uint8_t *bytes;

	while (cap < need)
		cap *= 2;
	if (total > 0 && cap > total)
		cap = total;
	if (cap <= t->part_cap)
		return ERR_OK;
	if (peer->x->parts + cap - t->part_cap > PARTS_MAX)
		return ERR_LIMIT;
	bytes = malloc(cap);
	if (bytes == NULL)
		return ERR_NOMEM;
	if (t->part_len > 0)
		memcpy(bytes, t->part, t->part_len);
	if (t->part != NULL)
		secret_wipe(t->part, t->part_cap);
	free(t->part);
	peer->x->parts += cap - t->part_cap;
	t->part = bytes;
	t->part_cap = (uint32_t)cap;
	return ERR_OK;
}

static void
deadline_over(void *arg)
{
	struct peer *peer = arg;

	abort_link(peer->x, peer->link, ERR_TIMEOUT, 0, peer->tcp.has_csm ?
	    "the rest of a message did not come in time" : "no CSM came in time");
}

/* --- signals --- */

/* The first critical option; none of those defined is (RFC 8323, 5.2). 0: none. */
static uint16_t
critical_option(const struct msg *m)
{
	for (size_t i = 0; i < m->nopts; i++)
		if (msg_opt_critical(m->opts[i].number))
			return m->opts[i].number;
	return 0;
}

static void
got_csm(struct peer *peer, const struct msg *m)
{
	int64_t max = msg_uint(m, FRAME_CSM_MAX_MESSAGE);

	if (!peer->tcp.has_csm)
		timer_cancel(peer->x->loop, &peer->tcp.deadline);
	peer->tcp.has_csm = true;
	if (max >= 0)		/* another length counts as unknown, which an elective one may be */
		peer->tcp.peer_max = (uint32_t)max;
	if (msg_find(m, FRAME_CSM_BLOCK_WISE) != NULL)
		peer->tcp.blocks = true;
}

/* RFC 8323, 5.4: with Custody only when everything before it was dealt with. */
static void
got_ping(struct peer *peer, const struct msg *m)
{
	struct msg pong = { .code = FRAME_PONG, .token_len = m->token_len };
	enum err e = ERR_OK;

	memcpy(pong.token, m->token, sizeof(pong.token));
	if (msg_find(m, FRAME_PING_CUSTODY) != NULL && peer->tcp.delayed == NULL)
		e = msg_add(&pong, FRAME_PING_CUSTODY, NULL, 0);
	if (e == ERR_OK)
		signal_peer(peer->x, peer->link, &pong);
}

/* RFC 8323, 5.5: it wants us to close, when the answer that we wait for has come. */
static void
close_if_released(struct peer *peer)
{
	if (peer->tcp.released && peer->request == NULL && peer->tcp.delayed == NULL)
		hang_up(peer->x, peer->link, ERR_CLOSED);
}

static void
got_signal(struct peer *peer, const struct msg *m)
{
	struct exchange *x = peer->x;
	uint16_t critical = critical_option(m);

	counter_add(&x->stats.signals_in, 1);
	if (critical != 0 && m->code != FRAME_ABORT) {
		abort_link(x, peer->link, ERR_MALFORMED, m->code == FRAME_CSM ? critical : 0,
		    "a critical option of a signal is not known here");
		return;
	}
	switch (m->code) {
	case FRAME_CSM:
		got_csm(peer, m);
		break;
	case FRAME_PING:
		got_ping(peer, m);
		break;
	case FRAME_PONG:
		break;		/* we ask for none, and it may come unasked */
	case FRAME_RELEASE:
		peer->tcp.released = true;
		close_if_released(peer);
		break;
	case FRAME_ABORT:
		counter_add(&x->stats.aborts_in, 1);
		hang_up(x, peer->link, ERR_CLOSED);
		break;
	default:
		abort_link(x, peer->link, ERR_MALFORMED, 0, "a signal that is not known here");
		break;
	}
}

/* --- requests of the peer --- */

static void
free_delayed(struct peer *peer)
{
	struct delayed *d = peer->tcp.delayed;

	if (d == NULL)
		return;
	peer->tcp.delayed = NULL;
	timer_cancel(peer->x->loop, &d->timer);
	secret_wipe(d->frame, d->len);
	free(d);
}

static void
send_delayed(void *arg)
{
	struct delayed *d = arg;
	struct peer *peer = d->peer;
	struct link *link = peer->link;
	void (*then)(void *, struct link *) = d->then;
	void *then_arg = d->then_arg;
	enum err e = link_send(link, d->frame, d->len);

	free_delayed(peer);
	peer_used(peer);
	if (e != ERR_OK)
		hang_up(peer->x, link, e);
	else if (then != NULL)
		then(then_arg, link);
	else
		close_if_released(peer);
}

/* False when it cannot be: the answer goes at once then. */
static bool
delay(struct peer *peer, const struct answer *a)
{
	struct exchange *x = peer->x;
	struct delayed *d;
	size_t len;

	if (!a->reply.separate || a->reply.separate_after_ms == 0 || peer->tcp.delayed != NULL ||
	    frame_encode(&a->m, x->scratch, sizeof(x->scratch), &len) != ERR_OK)
		return false;
	d = malloc(sizeof(*d) + len);
	if (d == NULL)
		return false;
	*d = (struct delayed){ .peer = peer, .then = a->reply.then, .then_arg = a->reply.then_arg,
		.len = len };
	memcpy(d->frame, x->scratch, len);
	secret_wipe(x->scratch, len);
	timer_init(&d->timer, send_delayed, d);
	timer_set(x->loop, &d->timer, a->reply.separate_after_ms);
	peer->tcp.delayed = d;
	return true;
}

static void
got_request(struct exchange *x, struct link *link, const struct msg *in)
{
	struct answer a;
	enum err e = ERR_OK;
	bool now = true;

	serve_request(x, link, in, &a);
	if (a.reply.silent || a.reject)
		now = false;
	else if (delay(peer_of(link), &a))
		now = false;
	else
		e = transmit(x, link, &a.m);
	secret_wipe(a.body, a.body_len);
	free(a.body);
	if (a.closing)
		exchange_close(x, link);
	else if (e != ERR_OK)		/* a hole in the stream of answers: there is no going on */
		hang_up(x, link, e);
	else if (now && a.reply.then != NULL)
		a.reply.then(a.reply.then_arg, link);
}

/* Well formed, so it deserves an answer. */
static void
got_too_many(struct exchange *x, struct link *link, const struct msg *in)
{
	struct msg m = { .code = MSG_BAD_REQUEST, .token_len = in->token_len };

	memcpy(m.token, in->token, sizeof(m.token));
	if (!msg_is_request(in->code)) {
		abort_link(x, link, ERR_MALFORMED, 0, "a message has more options than are taken here");
		return;
	}
	counter_add(&x->stats.malformed, 1);
	signal_peer(x, link, &m);
}

static void
got_response(struct exchange *x, struct link *link, const struct msg *in, size_t len)
{
	struct peer *peer = peer_of(link);
	struct request *req = peer->request;

	if (req == NULL || !request_has_token(req, in)) {
		counter_add(&x->stats.unmatched, 1);
		return;
	}
	counter_add(&x->stats.responses_in, 1);
	req->bytes_received += (uint32_t)len;
	if (serve_bad_response(in))	/* nobody will send it again without that option */
		request_failed(peer, ERR_MALFORMED);
	else
		request_answered(peer, in);
	peer = peer_of(link);
	if (peer != NULL)
		close_if_released(peer);
}

/* --- the stream --- */

/* One whole frame. Peer and link may be gone afterwards. */
static void
got_frame(struct peer *peer, const uint8_t *p, size_t len)
{
	struct exchange *x = peer->x;
	struct link *link = peer->link;
	struct msg in;
	enum err e = frame_decode(p, len, &in);

	peer_used(peer);
	if (in.code == MSG_EMPTY)	/* to be ignored, whatever it has (RFC 8323, 3.4) */
		return;
	if (!peer->tcp.has_csm && in.code != FRAME_CSM && in.code != FRAME_ABORT)
		abort_link(x, link, ERR_MALFORMED, 0, "the first message has to be a CSM");
	else if (e == ERR_TOOBIG)
		got_too_many(x, link, &in);
	else if (e != ERR_OK)
		abort_link(x, link, ERR_MALFORMED, 0, "a message is not well formed");
	else if (frame_is_signal(in.code))
		got_signal(peer, &in);
	else if (msg_is_request(in.code))
		got_request(x, link, &in);
	else if (msg_is_response(in.code))
		got_response(x, link, &in, len);
	else
		abort_link(x, link, ERR_MALFORMED, 0, "a message has a code that is reserved");
}

/* The message that was put together; its memory is not the peer's any more, which may go. */
static void
got_part(struct peer *peer)
{
	struct exchange *x = peer->x;
	struct tcp *t = &peer->tcp;
	uint8_t *part = t->part;
	size_t len = t->part_len, cap = t->part_cap;

	t->part = NULL;
	t->part_len = t->part_cap = 0;
	if (t->has_csm)
		timer_cancel(x->loop, &t->deadline);
	got_frame(peer, part, len);
	x->parts -= cap;
	secret_wipe(part, cap);
	free(part);
}

/* Bytes of the frame that begins at 'p'. 0: not known yet, or (then *e is set) it may not come. */
static size_t
length_of(const struct exchange *x, const uint8_t *p, size_t len, enum err *e)
{
	uint64_t total = 0;

	*e = frame_len(p, len, &total);
	if (*e == ERR_TRUNCATED) {
		*e = ERR_OK;
		return 0;
	}
	if (*e == ERR_OK && total > x->opts.params.max_message)
		*e = ERR_TOOBIG;
	return *e == ERR_OK ? (size_t)total : 0;
}

static void
refuse(struct peer *peer, enum err e)
{
	abort_link(peer->x, peer->link, e, 0, e == ERR_TOOBIG ?
	    "a message is longer than the Max-Message-Size of our CSM" : e == ERR_MALFORMED ?
	    "a message is not well formed" : "there is no room for another message");
}

/* Adds to the message that is not whole. Returns how much of 'p' it took; peer and link may be gone. */
static size_t
add_to_part(struct peer *peer, const uint8_t *p, size_t len)
{
	struct tcp *t = &peer->tcp;
	enum err e;
	size_t total = length_of(peer->x, t->part, t->part_len, &e);
	size_t want = total > 0 ? total - t->part_len : 1, n = len < want ? len : want;

	/* While the length is unknown, byte by byte. */
	e = grow_part(peer, t->part_len + n, total);
	if (e == ERR_OK) {
		memcpy(t->part + t->part_len, p, n);
		t->part_len += (uint32_t)n;
		if (total == 0)
			total = length_of(peer->x, t->part, t->part_len, &e);
	}
	if (e != ERR_OK)
		refuse(peer, e);
	else if (total != 0 && t->part_len == total)
		got_part(peer);
	return n;
}

/* Returns how much of 'p' it took. Peer and link may be gone afterwards. */
static size_t
take(struct peer *peer, const uint8_t *p, size_t len)
{
	struct exchange *x = peer->x;
	size_t total;
	enum err e;

	if (peer->tcp.part_len > 0)
		return add_to_part(peer, p, len);
	total = length_of(x, p, len, &e);
	if (e == ERR_OK && total > 0 && total <= len) {
		got_frame(peer, p, total);
		return total;
	}
	if (e == ERR_OK)
		e = grow_part(peer, len, total);
	if (e != ERR_OK) {
		refuse(peer, e);
		return len;
	}
	memcpy(peer->tcp.part, p, len);
	peer->tcp.part_len = (uint32_t)len;
	if (!timer_pending(&peer->tcp.deadline))
		timer_set(x->loop, &peer->tcp.deadline, REST_MS);
	return len;
}

static void
tcp_received(struct exchange *x, struct link *link, const uint8_t *p, size_t len)
{
	struct peer *peer;

	(void)x;
	while (len > 0 && (peer = peer_of(link)) != NULL && !peer->going) {
		size_t n = take(peer, p, len);
		p += n;
		len -= n;
	}
}

void
tcp_opened(struct exchange *x, struct link *link)
{
	struct peer *peer = peer_make(x, link);

	if (peer == NULL) {
		link_close(link);
		return;
	}
	peer->remembered = true;	/* as long as the connection */
	timer_set(x->loop, &peer->tcp.deadline, x->opts.params.csm_timeout_ms);
	send_csm(x, link);
}

/* --- the request of ours --- */

static struct carrier_limits
tcp_limits(const struct exchange *x, const struct link *link)
{
	const struct peer *peer = peer_of(link);
	size_t max = peer != NULL ? peer->tcp.peer_max : FRAME_MAX_MESSAGE;
	/* RFC 8323, 5.3.2: blocks and a size above the default, together, stand for BERT. */
	bool bert = peer != NULL && peer->tcp.blocks && max > FRAME_MAX_MESSAGE;
	struct carrier_limits limits = { .message = max, .szx = bert ? MSG_SZX_BERT : SZX_MAX };

	(void)x;
	if (limits.message > MESSAGE_MAX)
		limits.message = MESSAGE_MAX;
	limits.whole = limits.message < BODY_MAX ? limits.message : BODY_MAX;
	return limits;
}

static enum err
tcp_encode(struct peer *peer, struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len)
{
	return peer->tcp.released ? ERR_CLOSED : frame_encode(m, buf, cap, ret_len);
}

static enum err
tcp_send(struct peer *peer)
{
	struct request *req = peer->request;
	struct exchange *x = peer->x;

	req->sent_at_us = loop_now_us(x->loop);
	req->bytes_sent += req->len;
	timer_set(x->loop, &peer->timer, exchange_transmit_wait_ms(&x->opts.params));
	return link_send(peer->link, req->datagram, req->len);
}

static void
tcp_timeout(struct peer *peer)
{
	counter_add(&peer->x->stats.timeouts, 1);
	if (peer->tcp.released)
		hang_up(peer->x, peer->link, ERR_TIMEOUT);
	else
		request_failed(peer, ERR_TIMEOUT);
}

static void
tcp_init(struct peer *peer)
{
	peer->tcp.peer_max = FRAME_MAX_MESSAGE;
	timer_init(&peer->tcp.deadline, deadline_over, peer);
}

static void
tcp_drop(struct peer *peer)
{
	timer_cancel(peer->x->loop, &peer->tcp.deadline);
	free_part(peer);
	free_delayed(peer);
}

static uint64_t
tcp_life_ms(const struct exchange *x)
{
	return x->opts.params.idle_timeout_ms;
}

/* Nobody has used the connection for long. */
static void
tcp_expire(struct peer *peer)
{
	struct link *link = peer->link;

	send_release(peer);
	peer_free(peer);
	link_close(link);
}

const struct carrier tcp_carrier = {
	.received = tcp_received,
	.encode = tcp_encode,
	.decode = frame_decode,
	.send = tcp_send,
	.timeout = tcp_timeout,
	.limits = tcp_limits,
	.init = tcp_init,
	.drop = tcp_drop,
	.life_ms = tcp_life_ms,
	.expire = tcp_expire,
	.goodbye = send_release,
	.has_bert = true,
};
