/*
 * A hostile device on a connection (RFC 8323): its stream, time, and our own requests, in virtual
 * time. Nothing may crash, leak, or leave a timer behind, and it must not matter how the stream was
 * cut: each input is played twice, once in pieces and once as whole as can be.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "coap/frame.h"
#include "exchange/exchange.h"
/* The fakes stand before the archive's own, as in the scenario runners. */
#include "lib/fake_loop.c"
#include "lib/fake_random.c"
#include "lib/fake_transport.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BODY	5000

struct world {
	struct loop		*loop;
	struct fake_net		*net;
	struct exchange		*x;
	struct fake_peer	*peer;
	uint8_t			 token[MSG_TOKEN_MAX];	/* of our request */
	uint8_t			 token_len;
	uint8_t			 knobs;			/* what the handler does */
	bool			 in_pieces;
	size_t			 results, requests, handled, told;
	uint64_t		 sent, heard;		/* sums of all that was sent, and told upward */
};

static uint8_t body[BODY];

static void
note(uint64_t *sum, const void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*sum = *sum * 1099511628211u + ((const uint8_t *)p)[i] + 1;
}

static void
done(void *arg, const struct exchange_result *r)
{
	struct world *w = arg;

	w->results++;
	note(&w->heard, &r->why, sizeof(r->why));
	note(&w->heard, r->payload, r->payload_len);
}

static void
ask(struct world *w, struct link *link, uint8_t how)
{
	struct exchange_request r = { .code = (uint8_t)(1 + how % 4), .path = how & 8 ? "/" : "/0/1",
		.accept = how & 0x20 ? 40 : -1, .content_format = how & 0x40 ? 11542 : -1, .payload = body,
		.payload_len = how & 4 ? how * 19u : 0, .done = done, .arg = w };

	if (link != NULL && exchange_request(w->x, link, &r) == ERR_OK)
		w->requests++;
}

static void
then(void *arg, struct link *link)
{
	struct world *w = arg;

	ask(w, link, w->knobs);
}

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	static const uint8_t codes[] = { MSG_CHANGED, MSG_CONTENT, MSG_BAD_REQUEST, MSG_NOT_FOUND };
	struct world *w = arg;

	w->handled++;
	note(&w->heard, in->payload, in->payload_len);
	ret->code = codes[w->knobs & 3];
	ret->silent = (w->knobs & 0x1c) == 0x1c;
	ret->separate = (w->knobs & 0x1c) == 0x18;
	ret->separate_after_ms = 100;
	ret->content_format = w->knobs & 4 ? 40 : -1;
	ret->payload = body;
	ret->payload_len = w->knobs * 19u;
	if (w->knobs & 0x80) {
		ret->then = then;
		ret->then_arg = w;
	}
	if (w->knobs & 0x20)
		exchange_hold(w->x, link, true);
	if ((w->knobs & 0x60) == 0x60)
		exchange_close(w->x, link);
}

static void
link_gone(void *arg, struct link *link, enum err why)
{
	struct world *w = arg;

	(void)why;
	w->told++;
	ask(w, link, 4);		/* refused */
	exchange_close(w->x, link);	/* it goes already: no more than ignored */
}

static void
drain(struct world *w)
{
	struct fake_datagram d = { 0 };
	struct msg m;

	while (fake_net_take(w->net, &d)) {
		enum err e = frame_decode(d.p, d.len, &m);	/* what we send is well formed */
		assert(e == ERR_OK);
		if (msg_is_request(m.code)) {
			memcpy(w->token, m.token, sizeof(w->token));
			w->token_len = m.token_len;
		}
		note(&w->sent, d.p, d.len);
	}
}

static void
arrive(struct world *w, const uint8_t *p, size_t len, uint8_t cut)
{
	size_t n = w->in_pieces ? 1u + cut % 7 : len;

	for (; len > 0; p += n, len -= n) {
		n = n < len ? n : len;
		/* a connection that was ended is not made again by what came behind */
		if (fake_peer_link(w->peer) != NULL)
			fake_peer_sends(w->peer, p, n);
		drain(w);
	}
}

/* An answer to our last request: its token, the rest from the input. */
static void
answer(struct world *w, struct rd *r)
{
	uint8_t code = rd_u8(r), len = rd_u8(r), frame[3 + MSG_TOKEN_MAX + 256];
	const uint8_t *rest = rd_bytes(r, len);
	struct msg m = { .code = code, .token_len = w->token_len };
	size_t n;

	if (rest == NULL)
		return;
	memcpy(m.token, w->token, sizeof(m.token));
	if (frame_encode(&m, frame, sizeof(frame), &n) != ERR_OK)
		abort();
	frame[0] = (uint8_t)((len < 13 ? len : 13) << 4 | w->token_len);
	if (len >= 13) {
		memmove(frame + 2, frame + 1, n - 1);
		frame[1] = (uint8_t)(len - 13);
		n++;
	}
	memcpy(frame + n, rest, len);
	arrive(w, frame, n + len, code);
}

static void
step(struct world *w, struct rd *r)
{
	uint8_t op = rd_u8(r), arg = rd_u8(r);
	struct link *link = fake_peer_link(w->peer);
	const uint8_t *p;

	switch (op & 15) {
	case 0:
		fake_loop_advance(w->loop, (uint64_t)arg * arg * 10);
		break;
	case 1:
	case 2:
	case 3:
		p = rd_bytes(r, arg);
		if (p != NULL)
			arrive(w, p, arg, op >> 4);
		break;
	case 4:
	case 5:
	case 6:
		answer(w, r);
		break;
	case 7:
	case 8:
		ask(w, link, arg);
		break;
	case 9:
		w->knobs = arg;
		break;
	case 10:
		if (link != NULL)
			exchange_hold(w->x, link, arg & 1);
		break;
	case 11:
		if (link != NULL && arg & 1)
			exchange_close(w->x, link);
		else
			fake_peer_close(w->peer, arg & 2 ? ERR_CLOSED : ERR_CANCELLED);
		break;
	case 12:
		(void)fake_peer_connect(w->peer);
		break;
	case 13:
		fake_peer_refuse(w->peer, arg & 1 ? ERR_LIMIT : ERR_OK);
		break;
	case 14:
		if (link != NULL)
			exchange_cancel(w->x, link);
		break;
	default:
		break;
	}
	drain(w);
}

static struct world
play(const uint8_t *data, size_t len, bool in_pieces)
{
	struct rd r = rd_over(data, len);
	struct world w = { .in_pieces = in_pieces };
	struct exchange_opts opts = { .params = exchange_defaults, .handle = handle,
		.link_gone = link_gone, .arg = &w };

	opts.params.max_body = opts.params.max_upload = 3000;
	opts.params.max_message = 1152 + 16u * rd_u8(&r);
	fake_random_seed(1);
	if (loop_new(&w.loop) != ERR_OK || exchange_new(w.loop, &opts, &w.x) != ERR_OK)
		abort();
	w.net = fake_net_new(w.loop);
	fake_net_events(w.net, &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .opened = exchange_opened, .arg = w.x });
	w.peer = fake_peer_new(w.net, &(struct fake_peer_opts){ .address = "127.0.0.1:1000",
		.scheme = LINK_COAP_TCP });
	(void)fake_peer_connect(w.peer);
	drain(&w);
	while (r.err == ERR_OK && r.left > 0)
		step(&w, &r);
	fake_net_free(w.net);
	assert(w.results <= w.requests);
	exchange_free(w.x);
	assert(fake_loop_timers(w.loop) == 0);
	loop_free(w.loop);
	return w;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world whole = play(data, len, false), pieces = play(data, len, true);

	assert(whole.sent == pieces.sent && whole.heard == pieces.heard && whole.handled == pieces.handled &&
	    whole.results == pieces.results && whole.told == pieces.told);
	return 0;
}
