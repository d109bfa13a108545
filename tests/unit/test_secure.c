#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coap/msg.h"
#include "exchange/exchange.h"
#include "oscore/oscore.h"
/* The exchange layer under OSCORE, in virtual time; the device is made of the pure functions. */
#include "lib/fake_loop.c"
#include "lib/fake_random.c"
#include "lib/fake_transport.c"

#define ROOM	4096

struct device {
	struct fake_peer	*peer;
	struct oscore_keys	 keys;
	struct oscore_binding	 asked, served;	/* its own request; ours that it serves */
	uint64_t		 number;
	uint16_t		 mid;
	uint8_t			 echo[OSCORE_ECHO_LEN];
	uint8_t			 bytes[ROOM];
	struct oscore_room	 room;
	uint8_t			 last[1500];	/* as it was sent */
	size_t			 last_len;
};

struct world {
	struct loop		*loop;
	struct fake_net		*net;
	struct exchange		*x;
	struct oscore_aead	*aead;
	struct oscore_numbers	*numbers;
	struct oscore		*o;
	struct oscore_params	 record;
	struct device		 device, other;	/* of the same record, at another address */
	/* the handler */
	unsigned		 handled, thens;
	uint8_t			 identity[16];
	size_t			 identity_len;
	bool			 protected;
	struct exchange_reply	 reply;
	struct oscore_failure	 failure;	/* the last */
	/* our request */
	unsigned		 done;
	struct exchange_result	 result;
	uint8_t			 answer[4096];
	/* what came last */
	struct fake_datagram	 datagram;
	struct msg		 outer;
};

static struct world w;

static enum err
find(void *arg, const struct oscore_id *kid, const uint8_t *id_context, size_t len,
    struct oscore_params *ret)
{
	(void)arg;
	(void)id_context;
	if (len > 0 || kid->len != 3 || memcmp(kid->bytes, "dev", 3) != 0)
		return ERR_NOTFOUND;
	*ret = w.record;
	return ERR_OK;
}

static void
then(void *arg, struct link *link)
{
	(void)arg;
	w.thens++;
	exchange_hold(w.x, link, true);
}

static void
handle(void *arg, struct link *link, const struct exchange_incoming *in, struct exchange_reply *ret)
{
	(void)arg;
	(void)link;
	w.handled++;
	w.protected = in->oscore != NULL;
	w.identity_len = in->oscore_len;
	assert_true(in->oscore_len <= sizeof(w.identity));
	if (in->oscore != NULL)
		memcpy(w.identity, in->oscore, in->oscore_len);
	*ret = w.reply;
}

static void
on_failure(void *arg, struct link *link, const struct oscore_failure *f)
{
	(void)arg;
	assert_non_null(link);
	w.failure = *f;
}

static void
on_done(void *arg, const struct exchange_result *r)
{
	(void)arg;
	w.done++;
	w.result = *r;
	assert_true(r->payload_len <= sizeof(w.answer));
	if (r->payload_len > 0)
		memcpy(w.answer, r->payload, r->payload_len);
}

static void
device_init(struct device *d, const char *address, size_t mtu, enum link_scheme scheme)
{
	struct oscore_params p = w.record;

	p.sender = w.record.recipient;
	p.recipient = w.record.sender;
	assert_int_equal(oscore_derive(&p, &d->keys), ERR_OK);
	d->room = (struct oscore_room){ .p = d->bytes, .cap = ROOM };
	d->mid = 100;
	d->peer = fake_peer_new(w.net, &(struct fake_peer_opts){ .address = address, .mtu = mtu,
		.scheme = scheme });
}

static void
open_world(size_t mtu, bool with_oscore)
{
	struct exchange_opts opts = { .params = exchange_defaults, .handle = handle,
		.oscore_failed = on_failure };

	memset(&w, 0, sizeof(w));
	fake_random_seed(3);
	w.record = (struct oscore_params){ .aead = 10, .hash = OSCORE_HKDF_SHA_256, .secret_len = 16,
		.sender = { 1, { 0x01 } }, .recipient = { 3, { 'd', 'e', 'v' } } };
	assert_int_equal(oscore_aead_new(&w.aead), ERR_OK);
	assert_int_equal(oscore_numbers_new(NULL, NULL, &w.numbers), ERR_OK);
	oscore_numbers_grant(w.numbers, 0, 1000);
	assert_int_equal(oscore_new(&(struct oscore_opts){ .find = find, .numbers = w.numbers,
	    .max_contexts = 10 }, &w.o), ERR_OK);
	assert_int_equal(loop_new(&w.loop), ERR_OK);
	opts.oscore = with_oscore ? w.o : NULL;
	assert_int_equal(exchange_new(w.loop, &opts, &w.x), ERR_OK);
	w.net = fake_net_new(w.loop);
	fake_net_events(w.net, &(struct transport_events){ .received = exchange_received,
		.going = exchange_going, .arg = w.x });
	device_init(&w.device, "127.0.0.1:1000", mtu, LINK_COAP);
	device_init(&w.other, "127.0.0.1:2000", mtu, LINK_COAP);
	w.reply = (struct exchange_reply){ .code = MSG_CHANGED, .content_format = -1, .then = then };
}

static int
setup(void **state)
{
	(void)state;
	open_world(0, true);
	return 0;
}

static int
setup_narrow(void **state)
{
	(void)state;
	open_world(200, true);
	return 0;
}

static int
setup_without(void **state)
{
	(void)state;
	open_world(0, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_net_free(w.net);
	exchange_free(w.x);
	oscore_free(w.o);
	oscore_numbers_free(w.numbers);
	oscore_aead_free(w.aead);
	loop_free(w.loop);
	return 0;
}

/* --- the device's side --- */

static void
put_on_wire(struct device *d, const struct msg *m)
{
	assert_int_equal(msg_encode(m, d->last, sizeof(d->last), &d->last_len), ERR_OK);
	fake_peer_sends(d->peer, d->last, d->last_len);
}

/* POST /bs?ep=x, protected; 'echo' NULL: without. */
static void
asks(struct device *d, const uint8_t *echo)
{
	struct msg m = { .type = MSG_CON, .code = MSG_POST, .mid = d->mid++, .token_len = 2,
		.token = { 0xaa, 0xbb } }, outer;

	assert_int_equal(msg_add(&m, OPT_URI_PATH, "bs", 2), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_QUERY, "ep=x", 4), ERR_OK);
	if (echo != NULL)
		assert_int_equal(msg_add(&m, OPT_ECHO, echo, OSCORE_ECHO_LEN), ERR_OK);
	assert_int_equal(oscore_protect_request(w.aead, &d->keys, d->number++, &m, &d->room, &outer,
	    &d->asked), ERR_OK);
	put_on_wire(d, &outer);
}

/* The next datagram, for that device. */
static void
receive(struct device *d)
{
	assert_true(fake_net_take(w.net, &w.datagram));
	assert_ptr_equal(w.datagram.to, d->peer);
	assert_int_equal(msg_decode(w.datagram.p, w.datagram.len, &w.outer), ERR_OK);
}

static void
nothing(void)
{
	assert_false(fake_net_take(w.net, &w.datagram));
}

/* The answer to its request, opened. */
static struct msg
gets(struct device *d)
{
	struct msg inner;

	receive(d);
	assert_int_equal(w.outer.type, MSG_ACK);
	assert_int_equal(w.outer.code, MSG_CHANGED);
	assert_int_equal(w.outer.token_len, 2);
	assert_int_equal(oscore_open_response(w.aead, &d->keys, &d->asked, &w.outer, &d->room, &inner),
	    ERR_OK);
	return inner;
}

static void
gets_error(struct device *d, uint8_t code, const char *words)
{
	receive(d);
	assert_int_equal(w.outer.code, code);
	assert_null(msg_find(&w.outer, OPT_OSCORE));
	assert_int_equal(msg_uint(&w.outer, OPT_MAX_AGE), 0);
	assert_int_equal(w.outer.payload_len, strlen(words));
	assert_memory_equal(w.outer.payload, words, strlen(words));
}

/* A request of ours, opened. */
static struct msg
serves(struct device *d)
{
	struct msg inner;

	receive(d);
	assert_int_equal(w.outer.type, MSG_CON);
	assert_int_equal(w.outer.code, MSG_POST);
	assert_int_equal(oscore_open_request(w.aead, &d->keys, &w.outer, &d->room, &inner, &d->served),
	    ERR_OK);
	return inner;
}

static void
answers(struct device *d, struct msg m)
{
	struct msg outer;

	m.type = MSG_ACK;
	m.mid = w.outer.mid;
	m.token_len = w.outer.token_len;
	memcpy(m.token, w.outer.token, sizeof(m.token));
	assert_int_equal(oscore_protect_response(w.aead, &d->keys, &d->served, NULL, &m, &d->room, &outer),
	    ERR_OK);
	put_on_wire(d, &outer);
}

static void
answers_plainly(struct device *d, uint8_t code)
{
	struct msg m = { .type = MSG_ACK, .code = code, .mid = w.outer.mid,
		.token_len = w.outer.token_len };

	memcpy(m.token, w.outer.token, sizeof(m.token));
	put_on_wire(d, &m);
}

static void
challenged(struct device *d)
{
	struct msg m = gets(d);

	assert_int_equal(m.code, MSG_UNAUTHORIZED);
	assert_non_null(msg_find(&m, OPT_ECHO));
	memcpy(d->echo, msg_find(&m, OPT_ECHO)->value, OSCORE_ECHO_LEN);
}

/* Up to the answer after which we ask. */
static void
introduce(struct device *d)
{
	asks(d, NULL);
	challenged(d);
	asks(d, d->echo);
	assert_int_equal(gets(d).code, MSG_CHANGED);
}

static void
ask(uint8_t code, const char *path, const uint8_t *payload, size_t len)
{
	struct exchange_request r = { .code = code, .path = path, .accept = -1,
		.content_format = payload != NULL ? 42 : -1, .payload = payload, .payload_len = len,
		.done = on_done };

	assert_int_equal(exchange_request(w.x, fake_peer_link(w.device.peer), &r), ERR_OK);
}

/* --- tests --- */

static void
request_is_served_after_its_echo(void **state)
{
	(void)state;
	asks(&w.device, NULL);
	challenged(&w.device);
	assert_int_equal(w.handled, 0);
	assert_int_equal(fake_net_links(w.net), 0);	/* a stranger still: it costs nothing */
	asks(&w.device, w.device.echo);
	assert_int_equal(gets(&w.device).code, MSG_CHANGED);
	assert_int_equal(w.handled, 1);
	assert_int_equal(w.thens, 1);
	assert_true(w.protected);
	assert_int_equal(w.identity_len, 4);
	assert_memory_equal(w.identity, "\3dev", 4);
	nothing();
}

static void
repeated_request_gets_the_same_answer(void **state)
{
	uint8_t first[200];
	size_t len;

	(void)state;
	introduce(&w.device);
	len = w.datagram.len;
	memcpy(first, w.datagram.p, len);
	fake_peer_sends(w.device.peer, w.device.last, w.device.last_len);
	receive(&w.device);
	assert_int_equal(w.datagram.len, len);
	assert_memory_equal(w.datagram.p, first, len);
	assert_int_equal(w.handled, 1);
}

static void
refusal_is_protected_and_remembered(void **state)
{
	(void)state;
	w.reply = (struct exchange_reply){ .code = MSG_BAD_REQUEST, .content_format = -1 };
	asks(&w.device, NULL);
	challenged(&w.device);
	asks(&w.device, w.device.echo);
	assert_int_equal(gets(&w.device).code, MSG_BAD_REQUEST);
	fake_peer_sends(w.device.peer, w.device.last, w.device.last_len);
	assert_int_equal(gets(&w.device).code, MSG_BAD_REQUEST);
	assert_int_equal(w.handled, 1);
}

static void
silence_of_the_handler_leaves_the_request_new(void **state)
{
	(void)state;
	w.reply = (struct exchange_reply){ .silent = true };
	asks(&w.device, NULL);
	challenged(&w.device);
	asks(&w.device, w.device.echo);
	nothing();
	w.reply.code = MSG_CHANGED;
	w.reply.silent = false;
	fake_peer_sends(w.device.peer, w.device.last, w.device.last_len);
	assert_int_equal(gets(&w.device).code, MSG_CHANGED);
	assert_int_equal(w.handled, 2);
}

static void
replay_from_elsewhere_is_refused(void **state)
{
	(void)state;
	introduce(&w.device);
	fake_peer_sends(w.other.peer, w.device.last, w.device.last_len);
	gets_error(&w.other, MSG_UNAUTHORIZED, "Replay detected");
	assert_int_equal(w.handled, 1);
	assert_int_equal(fake_net_links(w.net), 1);
}

static void
errors_are_told_without_protection_and_not_without_end(void **state)
{
	unsigned n = 0;

	(void)state;
	w.device.keys.sender_key[0] ^= 1;
	asks(&w.device, NULL);
	gets_error(&w.device, MSG_BAD_REQUEST, "Decryption failed");
	assert_string_equal(w.failure.reason, "wrong-key");
	assert_int_equal(w.failure.kid.len, 3);
	assert_memory_equal(w.failure.kid.bytes, "dev", 3);
	w.device.keys.sender.bytes[0] = 'D';
	asks(&w.device, NULL);
	gets_error(&w.device, MSG_UNAUTHORIZED, "Security context not found");
	for (unsigned i = 0; i < 200; i++)
		asks(&w.device, NULL);
	while (fake_net_take(w.net, &w.datagram))
		n++;
	assert_int_equal(n, 48);
	fake_loop_advance(w.loop, 1000);
	asks(&w.device, NULL);
	gets_error(&w.device, MSG_UNAUTHORIZED, "Security context not found");
}

static void
requests_of_ours_are_protected(void **state)
{
	struct msg m;

	(void)state;
	introduce(&w.device);
	ask(MSG_DELETE, "/0", NULL, 0);
	m = serves(&w.device);
	assert_int_equal(m.code, MSG_DELETE);
	assert_int_equal(w.outer.nopts, 1);
	assert_int_equal(w.outer.opts[0].number, OPT_OSCORE);
	answers(&w.device, (struct msg){ .code = MSG_CODE(2, 2), .payload = (const uint8_t *)"ok",
		.payload_len = 2 });
	assert_int_equal(w.done, 1);
	assert_int_equal(w.result.why, ERR_OK);
	assert_int_equal(w.result.code, MSG_CODE(2, 2));
	assert_memory_equal(w.answer, "ok", 2);
	assert_int_equal(oscore_piv_number(&w.device.served.piv), 2);	/* two answers came before */
}

static void
retransmission_is_the_same_datagram(void **state)
{
	uint8_t first[200];
	size_t len;

	(void)state;
	introduce(&w.device);
	ask(MSG_DELETE, "/0", NULL, 0);
	receive(&w.device);
	len = w.datagram.len;
	memcpy(first, w.datagram.p, len);
	fake_loop_advance(w.loop, 3000);
	receive(&w.device);
	assert_int_equal(w.datagram.len, len);
	assert_memory_equal(w.datagram.p, first, len);
}

static void
answer_without_protection_is_none(void **state)
{
	(void)state;
	introduce(&w.device);
	ask(MSG_DELETE, "/0", NULL, 0);
	receive(&w.device);
	answers_plainly(&w.device, MSG_CODE(2, 2));
	assert_int_equal(w.done, 0);
	answers_plainly(&w.device, MSG_UNAUTHORIZED);	/* this says: I cannot open it */
	assert_int_equal(w.done, 1);
	assert_int_equal(w.result.why, ERR_DENIED);
}

static void
answer_to_another_request_is_none(void **state)
{
	(void)state;
	introduce(&w.device);
	ask(MSG_DELETE, "/0", NULL, 0);
	(void)serves(&w.device);
	w.device.served.piv = oscore_piv(900);
	answers(&w.device, (struct msg){ .code = MSG_CODE(2, 2) });
	assert_int_equal(w.done, 0);
	w.device.served.piv = oscore_piv(2);
	answers(&w.device, (struct msg){ .code = MSG_CODE(2, 2) });
	assert_int_equal(w.done, 1);
	assert_int_equal(w.result.why, ERR_OK);
}

static void
protected_answer_to_a_plain_request_is_none(void **state)
{
	struct msg m = { .type = MSG_CON, .code = MSG_POST, .mid = 1 };

	(void)state;
	put_on_wire(&w.device, &m);		/* accepted, and without protection */
	receive(&w.device);
	assert_int_equal(w.thens, 1);
	assert_false(w.protected);
	ask(MSG_DELETE, "/0", NULL, 0);
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_DELETE);
	w.device.served = (struct oscore_binding){ .kid = w.device.keys.recipient, .piv = oscore_piv(0) };
	answers(&w.device, (struct msg){ .code = MSG_CODE(2, 2) });
	assert_int_equal(w.done, 0);
}

static void
plain_requests_are_turned_away_during_a_session(void **state)
{
	struct msg m = { .type = MSG_CON, .code = MSG_POST, .mid = 1 };

	(void)state;
	introduce(&w.device);
	put_on_wire(&w.device, &m);
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_UNAUTHORIZED);
	assert_int_equal(w.handled, 1);
	exchange_hold(w.x, fake_peer_link(w.device.peer), false);
	m.mid = 2;
	put_on_wire(&w.device, &m);
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_CHANGED);
	assert_int_equal(w.handled, 2);
	ask(MSG_DELETE, "/0", NULL, 0);		/* and it is a plain conversation from there on */
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_DELETE);
}

static void
device_may_want_an_echo_once(void **state)
{
	static const uint8_t echo[40] = "forty octets are what an Echo has at mos";
	struct msg m, want = { .code = MSG_UNAUTHORIZED };

	(void)state;
	introduce(&w.device);
	ask(MSG_PUT, "/0/1", (const uint8_t *)"keys", 4);
	m = serves(&w.device);
	assert_null(msg_find(&m, OPT_ECHO));
	assert_int_equal(msg_add(&want, OPT_ECHO, echo, sizeof(echo)), ERR_OK);
	answers(&w.device, want);
	m = serves(&w.device);
	assert_int_equal(m.code, MSG_PUT);
	assert_memory_equal(m.payload, "keys", 4);
	assert_int_equal(msg_find(&m, OPT_ECHO)->len, sizeof(echo));
	assert_memory_equal(msg_find(&m, OPT_ECHO)->value, echo, sizeof(echo));
	answers(&w.device, want);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.result.code, MSG_UNAUTHORIZED);
}

static void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
}

static void
blocks_are_protected_one_by_one(void **state)
{
	static uint8_t body[3000], got[3000];
	size_t len = 0;
	uint8_t scratch[4];

	(void)state;
	fill(body, sizeof(body));
	introduce(&w.device);
	ask(MSG_PUT, "/0/1", body, sizeof(body));
	for (unsigned i = 0; w.done == 0; i++) {
		struct msg m = serves(&w.device), answer = { .code = MSG_CONTINUE };
		struct msg_block b;
		enum err bad = ERR_OK;

		assert_true(i < 200);
		assert_true(w.datagram.len <= 200);
		assert_int_equal(m.code, MSG_PUT);
		assert_int_equal(msg_uint(&m, OPT_CONTENT_FORMAT), 42);
		assert_null(msg_find(&w.outer, OPT_BLOCK1));
		assert_true(msg_block(&m, OPT_BLOCK1, &b, &bad));
		assert_int_equal((size_t)b.num << (4 + b.szx), len);
		memcpy(got + len, m.payload, m.payload_len);
		len += m.payload_len;
		if (!b.more)
			answer.code = MSG_CHANGED;
		assert_int_equal(msg_add_block(&answer, OPT_BLOCK1, &b, scratch), ERR_OK);
		answers(&w.device, answer);
	}
	assert_int_equal(w.result.why, ERR_OK);
	assert_int_equal(w.result.code, MSG_CHANGED);
	assert_int_equal(len, sizeof(body));
	assert_memory_equal(got, body, sizeof(body));
}

static void
answers_in_blocks_are_put_together(void **state)
{
	static uint8_t body[1000];
	uint8_t scratch[4];

	(void)state;
	fill(body, sizeof(body));
	introduce(&w.device);
	ask(MSG_GET, "/", NULL, 0);
	for (uint32_t i = 0; w.done == 0; i++) {
		struct msg m = serves(&w.device), answer = { .code = MSG_CONTENT };
		struct msg_block b = { .szx = 2 }, want = { .num = i, .szx = 2, .more = (i + 1) * 64 < 1000 };
		enum err bad = ERR_OK;

		assert_int_equal(m.code, MSG_GET);
		assert_true(i == 0 || msg_block(&m, OPT_BLOCK2, &b, &bad));
		assert_int_equal(b.num, i);
		answer.payload = body + (size_t)i * 64;
		answer.payload_len = want.more ? 64 : 1000 - (size_t)i * 64;
		assert_int_equal(msg_add_block(&answer, OPT_BLOCK2, &want, scratch), ERR_OK);
		answers(&w.device, answer);
	}
	assert_int_equal(w.result.code, MSG_CONTENT);
	assert_int_equal(w.result.payload_len, sizeof(body));
	assert_memory_equal(w.answer, body, sizeof(body));
}

static void
body_served_under_protection_is_not_had_without(void **state)
{
	static uint8_t body[3000];
	uint8_t scratch[4];
	struct msg m;

	(void)state;
	fill(body, sizeof(body));
	w.reply = (struct exchange_reply){ .code = MSG_CONTENT, .content_format = 42, .payload = body,
		.payload_len = sizeof(body) };
	asks(&w.device, NULL);
	challenged(&w.device);
	asks(&w.device, w.device.echo);
	m = gets(&w.device);
	assert_int_equal(m.code, MSG_CONTENT);
	assert_int_equal(m.payload_len, 1024);
	assert_int_equal(w.handled, 1);

	m = (struct msg){ .type = MSG_CON, .code = MSG_POST, .mid = 7 };
	assert_int_equal(msg_add(&m, OPT_URI_PATH, "bs", 2), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_QUERY, "ep=x", 4), ERR_OK);
	assert_int_equal(msg_add_block(&m, OPT_BLOCK2, &(struct msg_block){ .num = 1, .szx = 6 }, scratch),
	    ERR_OK);
	assert_int_equal(msg_add(&m, OPT_ECHO, w.device.echo, OSCORE_ECHO_LEN), ERR_OK);
	put_on_wire(&w.device, &m);
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_INCOMPLETE);
	assert_int_equal(w.outer.payload_len, 0);
}

static void
no_numbers_no_word(void **state)
{
	struct exchange_request r = { .code = MSG_DELETE, .path = "/0", .accept = -1, .content_format = -1,
		.done = on_done };
	uint64_t n;

	(void)state;
	introduce(&w.device);
	while (oscore_numbers_take(w.numbers, &n) == ERR_OK)
		;
	assert_int_equal(exchange_request(w.x, fake_peer_link(w.device.peer), &r), ERR_LIMIT);
	asks(&w.device, NULL);
	nothing();
	assert_int_equal(w.handled, 1);
}

static void
without_oscore_the_option_is_unknown(void **state)
{
	(void)state;
	asks(&w.device, NULL);
	receive(&w.device);
	assert_int_equal(w.outer.code, MSG_BAD_OPTION);
	assert_int_equal(w.handled, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_is_served_after_its_echo),
		TEST(repeated_request_gets_the_same_answer),
		TEST(refusal_is_protected_and_remembered),
		TEST(silence_of_the_handler_leaves_the_request_new),
		TEST(replay_from_elsewhere_is_refused),
		TEST(errors_are_told_without_protection_and_not_without_end),
		TEST(requests_of_ours_are_protected),
		TEST(retransmission_is_the_same_datagram),
		TEST(answer_without_protection_is_none),
		TEST(answer_to_another_request_is_none),
		TEST(protected_answer_to_a_plain_request_is_none),
		TEST(plain_requests_are_turned_away_during_a_session),
		TEST(device_may_want_an_echo_once),
		TEST(answers_in_blocks_are_put_together),
		TEST(body_served_under_protection_is_not_had_without),
		TEST(no_numbers_no_word),
		cmocka_unit_test_setup_teardown(blocks_are_protected_one_by_one, setup_narrow, teardown),
		cmocka_unit_test_setup_teardown(without_oscore_the_option_is_unknown, setup_without,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
