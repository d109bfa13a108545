#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coap/msg.h"
#include "exchange/exchange.h"
/* Two exchanges talk through a network of the test's making, in virtual time. */
#include "lib/fake_loop.c"
#include "lib/fake_random.c"
#include "lib/fake_transport.c"

#define BODY_MAX	8192
#define HELD_MAX	64

/* One end: an exchange that answers PUT with 2.04 and GET with its body. */
struct end {
	struct exchange		*x;
	struct fake_net		*net;
	struct fake_peer	*other;
	uint8_t			 body[BODY_MAX];	/* last one received, and served */
	size_t			 body_len;
	unsigned		 handled;
	struct exchange_result	 result;
	uint8_t			 answer[BODY_MAX];
	unsigned		 done;
};

/* A datagram that the network holds back. */
struct held {
	bool		 used, to_device;
	uint64_t	 due_ms;
	size_t		 len;
	uint8_t		 bytes[1500];
};

struct world {
	struct loop	*loop;
	struct end	 server, device;
	unsigned	 loss, duplicates, reorder;	/* percent */
	uint64_t	 noise;
	struct held	 held[HELD_MAX];
	size_t		 carried;
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
	if (r->payload_len > 0)
		memcpy(end->answer, r->payload, r->payload_len);
}

static void
end_init(struct end *end, struct world *w, const struct exchange_params *params, const char *other)
{
	struct exchange_opts opts = { .params = *params, .handle = handle, .arg = end };

	assert_int_equal(exchange_new(w->loop, &opts, &end->x), ERR_OK);
	end->net = fake_net_new(w->loop);
	fake_net_events(end->net, &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .arg = end->x });
	end->other = fake_peer_new(end->net, &(struct fake_peer_opts){ .address = other });
	(void)fake_peer_connect(end->other);
	/* Held, as by a session: a block-wise Write to a device comes after its /bs. */
	exchange_hold(end->x, fake_peer_link(end->other), true);
}

static struct world *
world_new(const struct exchange_params *server, const struct exchange_params *device)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	fake_random_seed(7);
	assert_int_equal(loop_new(&w->loop), ERR_OK);
	end_init(&w->server, w, server, "127.0.0.1:1000");
	end_init(&w->device, w, device, "127.0.0.1:5783");
	w->noise = 88172645463325252u;
	return w;
}

static void
world_free(struct world *w)
{
	fake_net_free(w->server.net);
	fake_net_free(w->device.net);
	exchange_free(w->server.x);
	exchange_free(w->device.x);
	loop_free(w->loop);
	free(w);
}

static unsigned
percent(struct world *w)
{
	w->noise ^= w->noise << 13;
	w->noise ^= w->noise >> 7;
	w->noise ^= w->noise << 17;
	return (unsigned)(w->noise % 100);
}

static void
hold_back(struct world *w, bool to_device, const struct fake_datagram *d, uint64_t delay_ms)
{
	struct held *h = w->held;

	while (h < w->held + HELD_MAX && h->used)
		h++;
	if (h == w->held + HELD_MAX)
		return;		/* lost */
	assert_true(d->len <= sizeof(h->bytes));
	*h = (struct held){ .used = true, .to_device = to_device, .len = d->len,
		.due_ms = loop_now_ms(w->loop) + delay_ms };
	memcpy(h->bytes, d->p, d->len);
}

/* One datagram's way: 40 ms, or lost, or twice, or later than others. */
static void
carry(struct world *w, bool to_device, const struct fake_datagram *d)
{
	w->carried++;
	if (percent(w) < w->loss)
		return;
	hold_back(w, to_device, d, percent(w) < w->reorder ? 40 + percent(w) * 30 : 40);
	if (percent(w) < w->duplicates)
		hold_back(w, to_device, d, 40 + percent(w) * 50);
}

static void
take_all(struct world *w)
{
	struct fake_datagram d = { 0 };

	while (fake_net_take(w->server.net, &d))
		carry(w, true, &d);
	while (fake_net_take(w->device.net, &d))
		carry(w, false, &d);
}

static void
run(struct world *w, uint64_t ms)
{
	uint64_t end = loop_now_ms(w->loop) + ms;

	take_all(w);
	while (loop_now_ms(w->loop) < end) {
		fake_loop_advance(w->loop, 10);
		for (struct held *h = w->held; h < w->held + HELD_MAX; h++)
			if (h->used && h->due_ms <= loop_now_ms(w->loop)) {
				struct held copy = *h;
				h->used = false;
				fake_peer_sends(copy.to_device ? w->device.other : w->server.other,
				    copy.bytes, copy.len);
				take_all(w);
			}
		take_all(w);
	}
}

static void
ask(struct world *w, uint8_t code, const uint8_t *payload, size_t len)
{
	struct exchange_request r = { .code = code, .path = "/0/1", .accept = -1,
		.content_format = -1, .payload = payload, .payload_len = len, .done = done,
		.arg = &w->server };

	assert_int_equal(exchange_request(w->server.x, fake_peer_link(w->server.other), &r), ERR_OK);
}

static void
fill(uint8_t *p, size_t len, unsigned salt)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + salt);
}

/* --- tests --- */

static void
derived_times_are_those_of_the_rfc(void **state)
{
	(void)state;
	/* RFC 7252, 4.8.2 */
	assert_int_equal(exchange_transmit_span_ms(&exchange_defaults), 45000);
	assert_int_equal(exchange_transmit_wait_ms(&exchange_defaults), 93000);
	assert_int_equal(exchange_lifetime_ms(&exchange_defaults), 247000);
}

static void
fresh_tokens_and_message_ids_each_time(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w = world_new(&params, &params);
	uint8_t first[12];
	struct fake_datagram d = { 0 };

	(void)state;
	ask(w, MSG_GET, NULL, 0);
	assert_true(fake_net_take(w->server.net, &d));
	assert_int_equal(d.p[0], 0x48);		/* version 1, CON, token of 8 */
	memcpy(first, d.p, sizeof(first));
	exchange_cancel(w->server.x, fake_peer_link(w->server.other));
	ask(w, MSG_GET, NULL, 0);
	assert_true(fake_net_take(w->server.net, &d));
	assert_int_equal((uint16_t)(d.p[2] << 8 | d.p[3]),
	    (uint16_t)((first[2] << 8 | first[3]) + 1));
	assert_memory_not_equal(d.p + 4, first + 4, 8);
	world_free(w);
}

static void
chain_of_certificates_reaches_a_device_of_small_blocks(void **state)
{
	struct exchange_params big = exchange_defaults, small = exchange_defaults;
	struct world *w;
	static uint8_t chain[6144];

	(void)state;
	small.block_size = 64;
	w = world_new(&big, &small);
	fill(chain, sizeof(chain), 1);
	ask(w, MSG_PUT, chain, sizeof(chain));
	run(w, 20000);
	assert_int_equal(w->server.done, 1);
	assert_int_equal(w->server.result.why, ERR_OK);
	assert_int_equal(w->server.result.code, MSG_CHANGED);
	/* The first block of 1024 counts, the rest goes in 64s. */
	assert_int_equal(w->server.result.blocks, 1 + (6144 - 1024) / 64);
	assert_int_equal(w->device.handled, 1);
	assert_int_equal(w->device.body_len, sizeof(chain));
	assert_memory_equal(w->device.body, chain, sizeof(chain));
	world_free(w);
}

static void
smallest_blocks_carry_a_body_both_ways(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w;
	static uint8_t body[5000];

	(void)state;
	params.block_size = 16;
	w = world_new(&params, &params);
	fill(body, sizeof(body), 2);
	ask(w, MSG_PUT, body, sizeof(body));
	run(w, 60000);
	assert_int_equal(w->server.result.code, MSG_CHANGED);
	ask(w, MSG_GET, NULL, 0);
	run(w, 60000);
	assert_int_equal(w->server.result.code, MSG_CONTENT);
	assert_int_equal(w->server.result.payload_len, sizeof(body));
	assert_memory_equal(w->server.answer, body, sizeof(body));
	assert_int_equal(w->device.handled, 2);
	world_free(w);
}

static void
every_body_length_around_a_block_arrives(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w;
	static uint8_t body[140];

	(void)state;
	params.block_size = 32;
	w = world_new(&params, &params);
	for (size_t len = 0; len <= sizeof(body); len++) {
		fill(body, len, (unsigned)len);
		ask(w, MSG_PUT, body, len);
		run(w, 1000);
		assert_int_equal(w->server.result.code, MSG_CHANGED);
		assert_int_equal(w->device.body_len, len);
		assert_memory_equal(w->device.body, body, len);
		ask(w, MSG_GET, NULL, 0);
		run(w, 1000);
		assert_int_equal(w->server.result.payload_len, len);
		assert_memory_equal(w->server.answer, body, len);
	}
	world_free(w);
}

/* At most one result each, the handler called once for each body that arrived, and never a wrong body. */
static void
lossy_network_never_confuses_two_exchanges(void **state)
{
	struct exchange_params params = exchange_defaults;
	static uint8_t body[700];
	unsigned answered = 0;
	struct world *w;

	(void)state;
	params.block_size = 256;
	w = world_new(&params, &params);
	w->loss = 20;
	w->duplicates = 15;
	w->reorder = 15;
	for (unsigned i = 0; i < 300; i++) {
		size_t len = 1 + (i * 37) % sizeof(body);
		unsigned handled = w->device.handled, results = w->server.done;
		bool put = i % 3 != 2;
		if (put)
			fill(body, len, i);
		ask(w, put ? MSG_PUT : MSG_GET, put ? body : NULL, put ? len : 0);
		for (int s = 0; s < 2000 && w->server.done == results; s++)
			run(w, 1000);
		assert_int_equal(w->server.done, results + 1);
		if (w->server.result.why != ERR_OK) {
			assert_int_equal(w->server.result.why, ERR_TIMEOUT);
			continue;
		}
		if (MSG_CLASS(w->server.result.code) != 2)
			continue;	/* 4.08: a repeated block came out of its place */
		answered++;
		assert_int_equal(w->device.handled, handled + 1);
		if (put) {
			assert_int_equal(w->device.body_len, len);
			assert_memory_equal(w->device.body, body, len);
		} else {
			assert_int_equal(w->server.result.payload_len, w->device.body_len);
			assert_memory_equal(w->server.answer, w->device.body, w->device.body_len);
		}
	}
	assert_true(answered > 280);
	run(w, 400000);
	world_free(w);
}

static void
conversations_leave_no_timer_behind(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w = world_new(&params, &params);

	(void)state;
	ask(w, MSG_GET, NULL, 0);
	run(w, 1000);
	exchange_hold(w->server.x, fake_peer_link(w->server.other), false);
	exchange_hold(w->device.x, fake_peer_link(w->device.other), false);
	run(w, 248000);
	assert_int_equal(fake_loop_timers(w->loop), 0);
	assert_int_equal(counter_get(&exchange_stats(w->server.x)->peers), 0);
	assert_int_equal(counter_get(&exchange_stats(w->device.x)->peers), 0);
	assert_int_equal(fake_net_links(w->server.net), 0);
	world_free(w);
}

static void
failing_send_fails_the_request_at_once(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w = world_new(&params, &params);
	struct exchange_request r = { .code = MSG_GET, .path = "/", .accept = -1,
		.content_format = -1, .done = done, .arg = &w->server };

	(void)state;
	fake_peer_refuse(w->server.other, ERR_CLOSED);
	assert_int_equal(exchange_request(w->server.x, fake_peer_link(w->server.other), &r),
	    ERR_CLOSED);
	fake_peer_refuse(w->server.other, ERR_OK);
	assert_int_equal(exchange_request(w->server.x, fake_peer_link(w->server.other), &r), ERR_OK);
	run(w, 1000);
	assert_int_equal(w->server.done, 1);
	world_free(w);
}

static void
failing_send_of_a_later_block_fails_the_request(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w;
	static uint8_t body[100];

	(void)state;
	params.block_size = 64;
	w = world_new(&params, &params);
	ask(w, MSG_PUT, body, sizeof(body));
	take_all(w);
	fake_peer_refuse(w->server.other, ERR_CLOSED);
	run(w, 1000);
	assert_int_equal(w->server.done, 1);
	assert_int_equal(w->server.result.why, ERR_CLOSED);
	world_free(w);
}

static void
send_numbered(struct world *w, uint16_t mid)
{
	const uint8_t get[] = { 0x40, MSG_PUT, (uint8_t)(mid >> 8), (uint8_t)mid, 0xb1, 'a' };
	struct fake_datagram d = { 0 };

	fake_peer_sends(w->device.other, get, sizeof(get));
	assert_true(fake_net_take(w->device.net, &d));
	assert_int_equal(d.len, 4);
	assert_int_equal(d.p[2] << 8 | d.p[3], mid);
}

static void
latest_requests_are_remembered_however_many_came(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w = world_new(&params, &params);

	(void)state;
	for (uint16_t mid = 0; mid < 200; mid++)
		send_numbered(w, mid);
	assert_int_equal(w->device.handled, 200);
	for (uint16_t mid = 199; mid >= 136; mid--)	/* 64 of them */
		send_numbered(w, mid);
	assert_int_equal(w->device.handled, 200);
	send_numbered(w, 135);
	assert_int_equal(w->device.handled, 201);
	world_free(w);
}

static void
places_of_outlived_requests_are_used_again(void **state)
{
	struct exchange_params params = exchange_defaults;
	struct world *w = world_new(&params, &params);

	(void)state;
	for (uint16_t mid = 0; mid < 100; mid++) {
		send_numbered(w, mid);
		if (mid > 0)
			send_numbered(w, (uint16_t)(mid - 1));
		fake_loop_advance(w->loop, 20000);
	}
	assert_int_equal(w->device.handled, 100);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derived_times_are_those_of_the_rfc),
		cmocka_unit_test(fresh_tokens_and_message_ids_each_time),
		cmocka_unit_test(chain_of_certificates_reaches_a_device_of_small_blocks),
		cmocka_unit_test(smallest_blocks_carry_a_body_both_ways),
		cmocka_unit_test(every_body_length_around_a_block_arrives),
		cmocka_unit_test(lossy_network_never_confuses_two_exchanges),
		cmocka_unit_test(latest_requests_are_remembered_however_many_came),
		cmocka_unit_test(places_of_outlived_requests_are_used_again),
		cmocka_unit_test(conversations_leave_no_timer_behind),
		cmocka_unit_test(failing_send_fails_the_request_at_once),
		cmocka_unit_test(failing_send_of_a_later_block_fails_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
