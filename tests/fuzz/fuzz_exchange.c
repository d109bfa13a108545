/*
 * A conversation of hostile datagrams, time and our own requests, in virtual time: nothing may
 * crash, leak, or leave a timer behind. The input is a list of steps, see step().
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
/* The fakes stand before the archive's own, as in the scenario runners. */
#include "lib/fake_loop.c"
#include "lib/fake_random.c"
#include "lib/fake_transport.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NPEERS	3
#define BODY	2000

struct world {
	struct loop		*loop;
	struct fake_net		*net;
	struct exchange		*x;
	struct fake_peer	*peers[NPEERS];
	struct msg		 last[NPEERS];	/* header of what was sent last, to be answered */
	uint8_t			 knobs;		/* what the handler does */
	size_t			 results, requests;
	bool			 ending;
};

static uint8_t body[BODY];

static void
then(void *arg, struct link *link)
{
	struct world *w = arg;

	if (w->knobs & 0x80)
		exchange_close(w->x, link);
}

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	static const uint8_t codes[] = { MSG_CHANGED, MSG_CONTENT, MSG_BAD_REQUEST, MSG_NOT_FOUND };
	struct world *w = arg;

	(void)exchange_path_is(in, "/bs");
	for (size_t i = 0; i < in->payload_len; i++)
		body[i % BODY] ^= in->payload[i];	/* reads all of it */
	ret->code = codes[w->knobs & 3];
	ret->silent = (w->knobs & 0x1c) == 0x1c;
	ret->separate = (w->knobs & 0x1c) == 0x18;
	ret->separate_after_ms = 100;
	ret->content_format = w->knobs & 4 ? 40 : -1;
	ret->payload = in->payload_len > 0 && w->knobs & 8 ? in->payload : body;
	ret->payload_len = in->payload_len > 0 && w->knobs & 8 ? in->payload_len : w->knobs * 7u;
	ret->then = then;
	ret->then_arg = w;
	if (w->knobs & 0x20)
		exchange_hold(w->x, link, true);
	if ((w->knobs & 0x60) == 0x60)
		exchange_close(w->x, link);
}

static void
done(void *arg, const struct exchange_result *r)
{
	struct world *w = arg;

	w->results++;
	for (size_t i = 0; i < r->payload_len; i++)
		body[i % BODY] ^= r->payload[i];
}

static void
ask(struct world *w, struct fake_peer *peer, uint8_t how)
{
	static const char *const query[] = { "ep=x", "pct=110", NULL };
	struct exchange_request r = { .code = (uint8_t)(1 + how % 4), .path = how & 8 ? "/" : "/0/1",
		.query = how & 0x10 ? query : NULL, .accept = how & 0x20 ? 40 : -1,
		.content_format = how & 0x40 ? 11542 : -1, .payload = body,
		.payload_len = how & 4 ? how * 6u : 0, .done = done, .arg = w };

	if (exchange_request(w->x, fake_peer_connect(peer), &r) == ERR_OK)
		w->requests++;
}

static void
drain(struct world *w)
{
	struct fake_datagram d = { 0 };
	struct msg m;

	while (fake_net_take(w->net, &d)) {
		assert(msg_decode(d.p, d.len, &m) == ERR_OK);	/* what we send is well formed */
		for (size_t i = 0; i < NPEERS; i++)
			if (w->peers[i] == d.to)
				w->last[i] = m;
	}
}

/* An answer to what was sent last: header from there, type, code and the rest from the input. */
static void
answer(struct world *w, size_t who, struct rd *r)
{
	uint8_t head = rd_u8(r), code = rd_u8(r), len = rd_u8(r), out[4 + MSG_TOKEN_MAX + 256];
	const struct msg *m = &w->last[who];
	const uint8_t *rest = rd_bytes(r, len);
	size_t n = 4;

	if (rest == NULL)
		return;
	out[0] = (uint8_t)(0x40 | (head & 0x30) | m->token_len);
	out[1] = code;
	out[2] = (uint8_t)(m->mid >> 8);
	out[3] = (uint8_t)m->mid;
	memcpy(out + n, m->token, m->token_len);
	n += m->token_len;
	memcpy(out + n, rest, len);
	fake_peer_sends(w->peers[who], out, n + len);
}

static void
step(struct world *w, struct rd *r)
{
	uint8_t op = rd_u8(r), arg = rd_u8(r);
	size_t who = (op >> 4) % NPEERS;
	struct fake_peer *peer = w->peers[who];
	struct link *link = fake_peer_link(peer);
	const uint8_t *p;

	switch (op & 15) {
	case 0:
		fake_loop_advance(w->loop, (uint64_t)arg * arg * 10);
		break;
	case 1:
	case 2:
		p = rd_bytes(r, arg);
		if (p != NULL)
			fake_peer_sends(peer, p, arg);
		break;
	case 3:
	case 4:
	case 5:
		answer(w, who, r);
		break;
	case 6:
	case 7:
		ask(w, peer, arg);
		break;
	case 8:
		w->knobs = arg;
		break;
	case 9:
		if (link != NULL)
			exchange_hold(w->x, link, arg & 1);
		break;
	case 10:
		if (link != NULL)
			exchange_cancel(w->x, link);
		break;
	case 11:
		fake_peer_close(peer, ERR_CLOSED);
		break;
	case 12:
		if (link != NULL && arg & 1)
			exchange_close(w->x, link);
		break;
	case 13:
		fake_peer_refuse(peer, arg & 1 ? ERR_LIMIT : ERR_OK);
		break;
	default:
		break;
	}
	drain(w);
}

static void
link_gone(void *arg, struct link *link, enum err why)
{
	struct world *w = arg;

	(void)why;
	if (!w->ending)
		ask(w, w->peers[0], 4);	/* refused, or over another link */
	exchange_close(w->x, link);	/* it goes already: no more than ignored */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const addresses[NPEERS] = { "127.0.0.1:1000", "127.0.0.2:1000", "[::1]:7" };
	struct rd r = rd_over(data, len);
	struct world w = { 0 };
	struct exchange_opts opts = { .params = exchange_defaults, .handle = handle,
		.link_gone = link_gone, .arg = &w };

	opts.params.block_size = 16u << (rd_u8(&r) % 7);
	opts.params.max_body = opts.params.max_upload = 3000;
	opts.params.max_peers = 2;
	fake_random_seed(1);
	if (loop_new(&w.loop) != ERR_OK || exchange_new(w.loop, &opts, &w.x) != ERR_OK)
		abort();
	w.net = fake_net_new(w.loop);
	fake_net_events(w.net, &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .arg = w.x });
	for (size_t i = 0; i < NPEERS; i++)
		w.peers[i] = fake_peer_new(w.net, &(struct fake_peer_opts){ .address = addresses[i],
			.scheme = i == 1 ? LINK_COAPS : LINK_COAP, .mtu = i == 2 ? 100 : 0 });
	while (r.err == ERR_OK && r.left > 0)
		step(&w, &r);
	w.ending = true;
	fake_net_free(w.net);
	assert(w.results <= w.requests);
	exchange_free(w.x);
	assert(fake_loop_timers(w.loop) == 0);
	loop_free(w.loop);
	return 0;
}
