#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coap/frame.h"
#include "exchange/exchange.h"
/* Two exchanges talk over a connection of the test's making, cut as it likes, in virtual time. */
#include "lib/fake_loop.c"
#include "lib/fake_random.c"
#include "lib/fake_transport.c"

#define BODY_MAX	70000

/* One end: an exchange that answers PUT with 2.04 and GET with its body. */
struct end {
	struct exchange		*x;
	struct fake_net		*net;
	struct fake_peer	*other;
	uint8_t			*body;		/* last one received, and served */
	size_t			 body_len;
	unsigned		 handled, done;
	struct exchange_result	 result;
	uint8_t			*answer;
	size_t			 max_sent;	/* bytes of its largest message */
	unsigned		 sent;
};

struct world {
	struct loop		*loop;
	struct end		 server, device;
	size_t			 piece;		/* bytes that arrive at once; 0: whatever was sent */
};

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	struct end *end = arg;

	(void)link;
	end->handled++;
	ret->content_format = -1;
	if (in->code == MSG_GET) {
		ret->code = MSG_CONTENT;
		ret->payload = end->body;
		ret->payload_len = end->body_len;
		return;
	}
	assert_true(in->payload_len <= BODY_MAX);
	if (in->payload_len > 0)
		memcpy(end->body, in->payload, in->payload_len);
	end->body_len = in->payload_len;
	ret->code = MSG_CHANGED;
}

static void
done(void *arg, const struct exchange_result *r)
{
	struct end *end = arg;

	end->done++;
	end->result = *r;
	assert_true(r->payload_len <= BODY_MAX);
	if (r->payload_len > 0)
		memcpy(end->answer, r->payload, r->payload_len);
}

static void
open_end(struct world *w, struct end *end, uint32_t max_message)
{
	struct exchange_opts opts = { .params = exchange_defaults, .handle = handle, .arg = end };

	opts.params.max_message = max_message;
	opts.params.max_body = opts.params.max_upload = BODY_MAX;
	end->body = malloc(BODY_MAX);
	end->answer = malloc(BODY_MAX);
	assert_true(end->body != NULL && end->answer != NULL);
	assert_int_equal(exchange_new(w->loop, &opts, &end->x), ERR_OK);
	end->net = fake_net_new(w->loop);
	fake_net_events(end->net, &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .opened = exchange_opened, .arg = end->x });
	end->other = fake_peer_new(end->net, &(struct fake_peer_opts){ .address = "127.0.0.1:1000",
		.scheme = LINK_COAP_TCP });
	assert_non_null(end->other);
}

static void
close_end(struct end *end)
{
	fake_net_free(end->net);
	exchange_free(end->x);
	free(end->body);
	free(end->answer);
}

/* True when something was carried from one end to the other. */
static bool
carry(struct world *w, struct end *from, struct end *to)
{
	struct fake_datagram d;

	if (!fake_net_take(from->net, &d))
		return false;
	from->sent++;
	if (d.len > from->max_sent)
		from->max_sent = d.len;
	for (size_t at = 0; at < d.len;) {
		size_t n = w->piece == 0 || d.len - at < w->piece ? d.len - at : w->piece;
		fake_peer_sends(to->other, d.p + at, n);
		at += n;
	}
	return true;
}

static void
settle(struct world *w)
{
	while (carry(w, &w->server, &w->device) || carry(w, &w->device, &w->server))
		;
}

static void
open_world(struct world *w, uint32_t server_takes, uint32_t device_takes, size_t piece)
{
	*w = (struct world){ .piece = piece };
	fake_random_seed(1);
	assert_int_equal(loop_new(&w->loop), ERR_OK);
	open_end(w, &w->server, server_takes);
	open_end(w, &w->device, device_takes);
	assert_non_null(fake_peer_connect(w->server.other));
	assert_non_null(fake_peer_connect(w->device.other));
	settle(w);
}

static void
close_world(struct world *w)
{
	close_end(&w->server);
	close_end(&w->device);
	assert_int_equal(fake_loop_timers(w->loop), 0);
	loop_free(w->loop);
}

static uint8_t
body_byte(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + 1);
}

static void
ask(struct world *w, uint8_t code, const uint8_t *body, size_t len)
{
	const struct exchange_request r = { .code = code, .path = "/0/1", .accept = -1,
		.content_format = len > 0 ? 11542 : -1, .payload = body, .payload_len = len, .done = done,
		.arg = &w->server };

	assert_int_equal(exchange_request(w->server.x, fake_peer_link(w->server.other), &r), ERR_OK);
	settle(w);
	assert_int_equal(w->server.done, 1);
	assert_int_equal(w->server.result.why, ERR_OK);
	w->server.done = 0;
}

static void
bodies_of_every_size_pass(size_t piece)
{
	static const uint32_t takes[] = { 1152, 1153, 1200, 2100, 3000, 10000, 66560 };
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 1023, 1024, 1025, 1100, 1152, 2048, 3000, 4096,
		6144, 20000, 65535, 65536 };
	static uint8_t body[BODY_MAX];
	struct world w;

	for (size_t i = 0; i < BODY_MAX; i++)
		body[i] = body_byte(i);
	for (size_t t = 0; t < sizeof(takes) / sizeof(takes[0]); t++) {
		open_world(&w, 66560, takes[t], piece);
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			ask(&w, MSG_PUT, body, sizes[s]);
			assert_int_equal(w.server.result.code, MSG_CHANGED);
			assert_int_equal(w.device.handled, 1);
			assert_int_equal(w.device.body_len, sizes[s]);
			assert_memory_equal(w.device.body, body, sizes[s]);
			w.device.handled = 0;
		}
		assert_true(w.server.max_sent <= takes[t]);
		close_world(&w);
		/* and the other way round: it is our Max-Message-Size that the device keeps to */
		open_world(&w, takes[t], 66560, piece);
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			memcpy(w.device.body, body, sizes[s]);
			w.device.body_len = sizes[s];
			ask(&w, MSG_GET, NULL, 0);
			assert_int_equal(w.server.result.code, MSG_CONTENT);
			assert_int_equal(w.server.result.payload_len, sizes[s]);
			assert_memory_equal(w.server.answer, body, sizes[s]);
			w.device.handled = 0;
		}
		assert_true(w.device.max_sent <= takes[t]);
		close_world(&w);
	}
}

static void
bodies_pass_whole(void **state)
{
	(void)state;
	bodies_of_every_size_pass(0);
}

static void
bodies_pass_in_pieces(void **state)
{
	(void)state;
	bodies_of_every_size_pass(7);
	bodies_of_every_size_pass(1000);
}

/* A device that takes 64 KiB gets them in one message, one of 10000 bytes in seven. */
static void
blocks_are_as_large_as_may_be(void **state)
{
	static uint8_t body[BODY_MAX];
	struct world w;

	(void)state;
	/* ours end at 65 KiB, whatever the peer takes */
	open_world(&w, 66560, 1000000, 0);
	ask(&w, MSG_PUT, body, BODY_MAX);
	assert_int_equal(w.server.result.blocks, 2);
	assert_int_equal(w.device.body_len, BODY_MAX);
	close_world(&w);
	open_world(&w, 66560, 66560, 0);
	ask(&w, MSG_PUT, body, 65536);
	assert_int_equal(w.server.result.blocks, 1);
	close_world(&w);
	open_world(&w, 66560, 10000, 0);
	ask(&w, MSG_PUT, body, 65536);
	assert_int_equal(w.server.result.blocks, 8);
	close_world(&w);
	open_world(&w, 66560, 1152, 0);
	ask(&w, MSG_PUT, body, 65536);
	assert_int_equal(w.server.result.blocks, 64);
	close_world(&w);
}

/* What all peers together may leave unfinished is bounded. */
static void
unfinished_messages_are_bounded(void **state)
{
	static uint8_t half[60000] = { 0xe0, 0xff, 0xff, MSG_POST };	/* of 65808 bytes */
	static const uint8_t csm[] = { 0x00, FRAME_CSM };
	struct fake_datagram d;
	struct world w;
	unsigned aborted = 0;
	char address[32];

	(void)state;
	open_world(&w, 66560, 66560, 0);
	for (unsigned i = 0; i < 1100; i++) {
		snprintf(address, sizeof(address), "127.0.%u.%u:1000", 1 + i / 250, i % 250);
		struct fake_peer *p = fake_peer_new(w.server.net, &(struct fake_peer_opts){
			.address = address, .scheme = LINK_COAP_TCP });
		assert_non_null(p);
		fake_peer_sends(p, csm, sizeof(csm));
		fake_peer_sends(p, half, sizeof(half));
		aborted += fake_peer_closed_by_us(p);
	}
	assert_true(aborted > 0 && aborted < 200);	/* 64 MiB hold 1023 of 65536 bytes */
	assert_int_equal(counter_get(&exchange_stats(w.server.x)->aborts_out), aborted);
	/* and who has begun nothing is served */
	while (fake_net_take(w.server.net, &d))
		;
	ask(&w, MSG_GET, NULL, 0);
	assert_int_equal(w.server.result.code, MSG_CONTENT);
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_pass_whole),
		cmocka_unit_test(bodies_pass_in_pieces),
		cmocka_unit_test(blocks_are_as_large_as_may_be),
		cmocka_unit_test(unfinished_messages_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
