#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "oscore/oscore.h"

/* The contexts of a worker, and a device that knows the same secret. */

#define ROOM	512

struct end {
	uint8_t			bytes[ROOM];
	struct oscore_room	room;
};

struct device {
	struct oscore_params	params;
	struct oscore_keys	keys;
	struct oscore_binding	binding;
	struct end		end, out;
	uint64_t		next;
	bool			names_context;
	uint8_t			wrapped[OSCORE_ID_CONTEXT_MAX];	/* kid context instead of the real one */
	uint8_t			wrapped_len;
};

struct world {
	struct oscore_aead	*aead;
	struct oscore_numbers	*numbers;
	struct oscore		*o;
	struct end		 server;
	struct device		 device;
	struct oscore_params	 record;	/* as the store has it */
	bool			 removed, broken;
	unsigned		 nfound;
	struct oscore_opened	 opened;
	struct msg		 inner;
};

static struct world w;

static enum err
find(void *arg, const struct oscore_id *kid, const uint8_t *id_context, size_t len,
    struct oscore_params *ret)
{
	const struct oscore_params *p = &w.record;

	assert_ptr_equal(arg, &w);
	w.nfound++;
	if (w.broken)
		return ERR_DB;
	if (w.removed || kid->len != p->recipient.len ||
	    memcmp(kid->bytes, p->recipient.bytes, kid->len) != 0)
		return ERR_NOTFOUND;
	if (len > 0 && (len != p->id_context_len || memcmp(id_context, p->id_context, len) != 0))
		return ERR_NOTFOUND;
	*ret = *p;
	return ERR_OK;
}

static struct oscore *
worker(uint16_t number)
{
	struct oscore *o;

	assert_int_equal(oscore_new(&(struct oscore_opts){ .find = find, .arg = &w, .numbers = w.numbers,
	    .worker = number, .max_contexts = 4 }, &o), ERR_OK);
	return o;
}

/* To be done to each copy. */
static void
place(struct device *d)
{
	d->end.room = (struct oscore_room){ .p = d->end.bytes, .cap = ROOM };
	d->out.room = (struct oscore_room){ .p = d->out.bytes, .cap = ROOM };
}

static void
make_device(struct device *d, const struct oscore_params *record)
{
	*d = (struct device){ .params = *record };
	place(d);
	d->params.sender = record->recipient;
	d->params.recipient = record->sender;
	assert_int_equal(oscore_derive(&d->params, &d->keys), ERR_OK);
}

static int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.server.room = (struct oscore_room){ .p = w.server.bytes, .cap = ROOM };
	w.record = (struct oscore_params){ .aead = 10, .hash = OSCORE_HKDF_SHA_256, .secret_len = 16,
		.sender = { 1, { 0x01 } }, .recipient = { 3, { 'd', 'e', 'v' } } };
	memset(w.record.secret, 7, 16);
	make_device(&w.device, &w.record);
	if (oscore_aead_new(&w.aead) != ERR_OK || oscore_numbers_new(NULL, NULL, &w.numbers) != ERR_OK)
		return -1;
	oscore_numbers_grant(w.numbers, 0, 1000);
	w.o = worker(0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	oscore_free(w.o);
	oscore_numbers_free(w.numbers);
	oscore_aead_free(w.aead);
	return 0;
}

/* POST /bs, with an Echo when there is one, as the device protects it. */
static struct msg
request(struct device *d, const uint8_t *echo)
{
	struct msg m = { .code = MSG_POST }, outer;
	struct oscore_keys keys = d->keys;

	assert_int_equal(msg_add(&m, OPT_URI_PATH, "bs", 2), ERR_OK);
	if (echo != NULL)
		assert_int_equal(msg_add(&m, OPT_ECHO, echo, OSCORE_ECHO_LEN), ERR_OK);
	if (!d->names_context)
		keys.id_context_len = 0;
	if (d->wrapped_len > 0) {
		keys.id_context_len = d->wrapped_len;
		memcpy(keys.id_context, d->wrapped, d->wrapped_len);
	}
	assert_int_equal(oscore_protect_request(w.aead, &keys, d->next++, &m, &d->out.room, &outer,
	    &d->binding), ERR_OK);
	return outer;
}

static enum oscore_verdict
serve_at(struct oscore *o, const struct msg *outer)
{
	return oscore_open(o, outer, &w.server.room, &w.inner, &w.opened);
}

static enum oscore_verdict
serve(const struct msg *outer)
{
	return serve_at(w.o, outer);
}

/* The server answers with 'code'; the device opens it. Lets the context go. */
static void
answer(struct device *d, uint8_t code)
{
	struct msg m = { .code = code }, outer, got;

	if (code == MSG_UNAUTHORIZED)
		assert_int_equal(msg_add(&m, OPT_ECHO, w.opened.echo, OSCORE_ECHO_LEN), ERR_OK);
	assert_int_equal(oscore_answer(w.o, &w.opened, &m, &w.server.room, &outer), ERR_OK);
	assert_int_equal(outer.code, MSG_CHANGED);
	assert_int_equal(oscore_open_response(w.aead, &d->keys, &d->binding, &outer, &d->end.room, &got),
	    ERR_OK);
	assert_int_equal(got.code, code);
	oscore_release(w.opened.context);
}

static void
take(void)
{
	oscore_taken(w.o, &w.opened);
	answer(&w.device, MSG_CHANGED);
}

/* The first request and the one with the Echo. */
static void
introduce(void)
{
	struct msg m = request(&w.device, NULL);

	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	answer(&w.device, MSG_UNAUTHORIZED);
	m = request(&w.device, w.opened.echo);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
}

static void
first_request_is_challenged_and_its_echo_accepted(void **state)
{
	struct msg m;
	uint8_t echo[OSCORE_ECHO_LEN];

	(void)state;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	memcpy(echo, w.opened.echo, sizeof(echo));
	answer(&w.device, MSG_UNAUTHORIZED);

	/* the same one again, as its answer was lost: the same Echo, under another number of ours */
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	assert_memory_equal(w.opened.echo, echo, sizeof(echo));
	assert_int_equal(w.opened.own, 1);
	answer(&w.device, MSG_UNAUTHORIZED);

	echo[0] ^= 1;
	m = request(&w.device, echo);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	oscore_release(w.opened.context);
	echo[0] ^= 1;
	m = request(&w.device, echo);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	assert_int_equal(w.inner.code, MSG_POST);
	assert_memory_equal(msg_find(&w.inner, OPT_URI_PATH)->value, "bs", 2);
	take();
}

static void
identity_is_what_records_are_found_by(void **state)
{
	struct msg m = request(&w.device, NULL);
	size_t len;

	(void)state;
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	assert_memory_equal(oscore_identity(w.opened.context, &len), "\3dev", 4);
	assert_int_equal(len, 4);
	assert_true(oscore_serial(w.opened.context) != 0);
	oscore_release(w.opened.context);
}

static void
replays_are_refused(void **state)
{
	struct msg m;

	(void)state;
	introduce();
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	oscore_release(w.opened.context);	/* not answered: so it may come again */
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	w.device.next--;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_int_equal(w.opened.failure.code, MSG_UNAUTHORIZED);
	assert_string_equal(w.opened.failure.diagnostic, "Replay detected");
	w.device.next = 0;		/* the very first one, from before the Echo */
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_int_equal(counter_get(&oscore_stats(w.o)->replayed), 2);
}

static void
echo_counts_once(void **state)
{
	struct msg m;
	uint8_t echo[OSCORE_ECHO_LEN];

	(void)state;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	memcpy(echo, w.opened.echo, sizeof(echo));
	oscore_release(w.opened.context);
	m = request(&w.device, echo);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();

	oscore_free(w.o);		/* a restart; the recording is played to the new one */
	w.o = worker(0);
	w.device.next--;
	m = request(&w.device, echo);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	assert_memory_not_equal(w.opened.echo, echo, sizeof(echo));
	oscore_release(w.opened.context);
}

static void
only_the_worker_that_verified_last_knows_a_context(void **state)
{
	struct oscore *other = worker(1);
	uint8_t echo[OSCORE_ECHO_LEN];
	struct msg m;

	(void)state;
	introduce();
	m = request(&w.device, NULL);
	assert_int_equal(serve_at(other, &m), OSCORE_CHALLENGE);
	memcpy(echo, w.opened.echo, sizeof(echo));
	oscore_release(w.opened.context);
	m = request(&w.device, echo);
	assert_int_equal(serve(&m), OSCORE_OPENED);	/* still the owner: no Echo matters */
	take();
	m = request(&w.device, echo);
	assert_int_equal(serve_at(other, &m), OSCORE_OPENED);
	oscore_taken(other, &w.opened);
	oscore_release(w.opened.context);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);	/* the replay that would have worked there */
	oscore_release(w.opened.context);
	assert_int_equal(serve_at(other, &m), OSCORE_REFUSED);
	oscore_free(other);
}

static void
what_is_no_business_of_ours_is_told_so(void **state)
{
	struct msg m = request(&w.device, NULL);
	struct device stranger = w.device;

	(void)state;
	w.removed = true;
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_int_equal(w.opened.failure.code, MSG_UNAUTHORIZED);
	assert_string_equal(w.opened.failure.diagnostic, "Security context not found");
	w.removed = false;
	w.broken = true;
	assert_int_equal(serve(&m), OSCORE_SILENT);
	w.broken = false;

	stranger.params.secret[0] ^= 1;
	place(&stranger);
	assert_int_equal(oscore_derive(&stranger.params, &stranger.keys), ERR_OK);
	m = request(&stranger, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_int_equal(w.opened.failure.code, MSG_BAD_REQUEST);
	assert_string_equal(w.opened.failure.diagnostic, "Decryption failed");
	assert_int_equal(counter_get(&oscore_stats(w.o)->contexts), 0);	/* strangers cost no memory */

	m = (struct msg){ .code = MSG_POST };
	assert_int_equal(msg_add(&m, OPT_OSCORE, "\x01\x05", 2), ERR_OK);	/* no kid */
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_int_equal(w.opened.failure.code, MSG_BAD_OPTION);
}

static void
without_numbers_nothing_is_said(void **state)
{
	struct msg m = request(&w.device, NULL);
	uint64_t n;

	(void)state;
	while (oscore_numbers_take(w.numbers, &n) == ERR_OK)
		;
	assert_int_equal(n, 999);
	assert_int_equal(serve(&m), OSCORE_SILENT);
	oscore_numbers_grant(w.numbers, 1000, 2000);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	assert_int_equal(w.opened.own, 1000);
	oscore_release(w.opened.context);
}

static void
changed_record_makes_the_context_unknown(void **state)
{
	struct msg m;

	(void)state;
	introduce();
	w.record.secret[3] ^= 1;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	make_device(&w.device, &w.record);
	introduce();
	w.removed = true;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
}

static void
forgotten_contexts_cost_an_echo_only(void **state)
{
	struct device first = w.device;
	struct msg m;

	(void)state;
	introduce();
	first.next = w.device.next;
	place(&first);
	for (uint8_t i = 0; i < 10; i++) {
		w.record.recipient.bytes[0] = i;
		make_device(&w.device, &w.record);
		introduce();
	}
	assert_int_equal(counter_get(&oscore_stats(w.o)->contexts), 4);
	w.record.recipient = first.params.sender;
	m = request(&first, NULL);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	oscore_release(w.opened.context);
}

static void
our_requests_are_the_devices_to_open(void **state)
{
	struct msg m = { .code = MSG_PUT, .payload = (const uint8_t *)"keys", .payload_len = 4 };
	struct msg outer, got, answered, back;
	struct oscore_binding binding, theirs;
	struct oscore_context *c;

	(void)state;
	introduce();
	m.token_len = 2;
	outer = request(&w.device, NULL);
	assert_int_equal(serve(&outer), OSCORE_OPENED);
	c = w.opened.context;
	assert_int_equal(msg_add(&m, OPT_URI_PATH, "0", 1), ERR_OK);
	assert_int_equal(oscore_ask(w.o, c, &m, &w.server.room, &outer, &binding), ERR_OK);
	assert_int_equal(outer.code, MSG_POST);
	assert_int_equal(outer.token_len, 2);
	assert_int_equal(outer.nopts, 1);
	assert_int_equal(oscore_open_request(w.aead, &w.device.keys, &outer, &w.device.end.room, &got,
	    &theirs), ERR_OK);
	assert_int_equal(got.code, MSG_PUT);
	assert_memory_equal(got.payload, "keys", 4);

	got = (struct msg){ .code = MSG_CHANGED };
	assert_int_equal(oscore_protect_response(w.aead, &w.device.keys, &theirs, NULL, &got,
	    &w.device.end.room, &answered), ERR_OK);
	assert_int_equal(oscore_answered(w.o, c, &binding, &answered, &w.server.room, &back), ERR_OK);
	assert_int_equal(back.code, MSG_CHANGED);
	binding.piv = oscore_piv(oscore_piv_number(&binding.piv) + 1);
	assert_int_equal(oscore_answered(w.o, c, &binding, &answered, &w.server.room, &back),
	    ERR_MALFORMED);
	oscore_release(c);
}

/* --- B.2 --- */

static void
rederive(struct device *d, const uint8_t *id, size_t len)
{
	d->params.id_context_len = (uint8_t)len;
	memcpy(d->params.id_context, id, len);
	assert_int_equal(oscore_derive(&d->params, &d->keys), ERR_OK);
	d->next = 0;
	d->wrapped[0] = (uint8_t)(0x40 | len);
	memcpy(d->wrapped + 1, id, len);
	d->wrapped_len = (uint8_t)(1 + len);
}

/* Request 1 and its answer; 'r2' is what that named. */
static void
begin_renewal(uint8_t r2[8])
{
	static const uint8_t id1[8] = "ID1-----";
	uint8_t both[16];
	struct msg m, outer, got, inner = { .code = MSG_UNAUTHORIZED };
	struct oscore_header h;
	enum err e;

	rederive(&w.device, id1, 8);
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	assert_int_equal(msg_add(&inner, OPT_ECHO, w.opened.echo, OSCORE_ECHO_LEN), ERR_OK);
	assert_int_equal(oscore_answer(w.o, &w.opened, &inner, &w.server.room, &outer), ERR_OK);
	oscore_release(w.opened.context);
	assert_true(oscore_header_read(&outer, &h, &e));
	assert_int_equal(h.kid_context_len, 9);
	assert_int_equal(h.kid_context[0], 0x48);
	memcpy(r2, h.kid_context + 1, 8);
	memcpy(both, r2, 8);
	memcpy(both + 8, id1, 8);
	rederive(&w.device, both, 16);
	assert_int_equal(oscore_open_response(w.aead, &w.device.keys, &w.device.binding, &outer,
	    &w.device.end.room, &got), ERR_OK);
	assert_int_equal(got.code, MSG_UNAUTHORIZED);
}

static void
renew(void)
{
	uint8_t id[16];
	struct msg m;

	begin_renewal(id);
	memcpy(id + 8, "R3------", 8);
	rederive(&w.device, id, 16);
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	assert_int_equal(serve(&m), OSCORE_REFUSED);	/* played again */
	w.device.wrapped_len = 0;
	m = request(&w.device, NULL);			/* it need not be named any more */
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
}

static void
device_renews_a_context(void **state)
{
	struct oscore_binding b;
	struct msg m = { .code = MSG_DELETE }, outer, got;
	struct oscore_header h;
	enum err e;

	(void)state;
	renew();
	renew();		/* and again, as after each restart */
	assert_int_equal(counter_get(&oscore_stats(w.o)->renewed), 2);
	assert_int_equal(counter_get(&oscore_stats(w.o)->contexts), 1);

	outer = request(&w.device, NULL);
	assert_int_equal(serve(&outer), OSCORE_OPENED);
	assert_int_equal(oscore_ask(w.o, w.opened.context, &m, &w.server.room, &outer, &b), ERR_OK);
	oscore_release(w.opened.context);
	assert_true(oscore_header_read(&outer, &h, &e));
	assert_false(h.has_kid_context);
	assert_int_equal(oscore_open_request(w.aead, &w.device.keys, &outer, &w.device.end.room, &got, &b),
	    ERR_OK);
}

static void
renewal_needs_what_we_said_now(void **state)
{
	uint8_t id[16], old[8];
	struct msg m;

	(void)state;
	begin_renewal(old);
	renew();
	memcpy(id, old, 8);
	memcpy(id + 8, "R3 again", 8);
	rederive(&w.device, id, 16);
	m = request(&w.device, NULL);	/* an R2 that was used counts as somebody's ID1 */
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	oscore_release(w.opened.context);
	memset(id, 0, sizeof(id));
	rederive(&w.device, id, 8);
	w.device.params.secret[0] ^= 1;
	rederive(&w.device, id, 8);
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
}

static void
old_recording_does_not_undo_a_renewal(void **state)
{
	struct device plain = w.device, renewed;
	struct msg m;

	(void)state;
	place(&plain);
	renew();
	renewed = w.device;
	place(&renewed);
	m = request(&plain, NULL);
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	answer(&plain, MSG_UNAUTHORIZED);
	m = request(&renewed, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	oscore_taken(w.o, &w.opened);
	answer(&renewed, MSG_CHANGED);

	m = request(&plain, NULL);	/* but a device that starts over with its first keys may */
	assert_int_equal(serve(&m), OSCORE_CHALLENGE);
	answer(&plain, MSG_UNAUTHORIZED);
	m = request(&plain, w.opened.echo);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	oscore_taken(w.o, &w.opened);
	answer(&plain, MSG_CHANGED);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
}

static void
device_without_echo_is_taken_as_it_comes(void **state)
{
	struct msg m;

	(void)state;
	w.record.without_echo = true;
	w.device.next = 700;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	w.device.next = 700;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);	/* but in one life each number counts once */
	w.device.next = 0;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	w.device.next = 701;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
}

static void
id_context_of_a_record_may_be_named_or_not(void **state)
{
	struct msg m;

	(void)state;
	w.record.id_context_len = 4;
	memcpy(w.record.id_context, "ctx1", 4);
	make_device(&w.device, &w.record);
	introduce();
	w.device.names_context = true;
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_OPENED);
	take();
	w.device.wrapped_len = 3;	/* another one, and no CBOR: nobody's */
	memcpy(w.device.wrapped, "xyz", 3);
	m = request(&w.device, NULL);
	assert_int_equal(serve(&m), OSCORE_REFUSED);
	assert_string_equal(w.opened.failure.diagnostic, "Security context not found");
}

/* --- numbers --- */

static unsigned lows;

static void
low(void *arg)
{
	(void)arg;
	lows++;
}

static void
numbers_come_once_and_warn_in_time(void **state)
{
	struct oscore_numbers *n;
	uint64_t v, last = 0;

	(void)state;
	assert_int_equal(oscore_numbers_new(low, NULL, &n), ERR_OK);
	oscore_numbers_grant(n, 5 * OSCORE_RESERVE, 6 * OSCORE_RESERVE);
	lows = 0;
	for (uint64_t i = 0; i < OSCORE_RESERVE; i++) {
		assert_int_equal(oscore_numbers_take(n, &v), ERR_OK);
		assert_int_equal(v, 5 * OSCORE_RESERVE + i);
		assert_int_equal(lows, i >= OSCORE_RESERVE / 2);
		last = v;
	}
	assert_int_equal(oscore_numbers_take(n, &v), ERR_BUSY);
	oscore_numbers_grant(n, 6 * OSCORE_RESERVE, 7 * OSCORE_RESERVE);
	assert_int_equal(oscore_numbers_take(n, &v), ERR_OK);
	assert_int_equal(v, last + 1);
	oscore_numbers_free(n);

	assert_int_equal(oscore_numbers_new(NULL, NULL, &n), ERR_OK);
	oscore_numbers_grant(n, OSCORE_NUMBER_MAX, OSCORE_NUMBER_MAX + 10);
	assert_int_equal(oscore_numbers_take(n, &v), ERR_OK);
	assert_int_equal(v, OSCORE_NUMBER_MAX);
	assert_int_equal(oscore_numbers_take(n, &v), ERR_LIMIT);
	oscore_numbers_free(n);
}

#define THREADS	4
#define EACH	20000

struct taker {
	pthread_t		 thread;
	struct oscore_numbers	*numbers;
	uint64_t		 got[EACH];
};

static void *
take_many(void *arg)
{
	struct taker *t = arg;

	for (size_t i = 0; i < EACH;)
		if (oscore_numbers_take(t->numbers, &t->got[i]) == ERR_OK)
			i++;
	return NULL;
}

static void
threads_never_share_a_number(void **state)
{
	static struct taker takers[THREADS];
	static uint8_t seen[THREADS * EACH];
	struct oscore_numbers *n;

	(void)state;
	assert_int_equal(oscore_numbers_new(NULL, NULL, &n), ERR_OK);
	oscore_numbers_grant(n, 0, EACH);
	for (size_t i = 0; i < THREADS; i++) {
		takers[i].numbers = n;
		assert_int_equal(pthread_create(&takers[i].thread, NULL, take_many, &takers[i]), 0);
	}
	for (uint64_t i = 1; i < THREADS; i++)	/* while they take */
		oscore_numbers_grant(n, i * EACH, (i + 1) * EACH);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(takers[i].thread, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		for (size_t k = 0; k < EACH; k++) {
			assert_true(takers[i].got[k] < THREADS * EACH);
			assert_int_equal(seen[takers[i].got[k]]++, 0);
		}
	oscore_numbers_free(n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_request_is_challenged_and_its_echo_accepted),
		TEST(identity_is_what_records_are_found_by),
		TEST(replays_are_refused),
		TEST(echo_counts_once),
		TEST(only_the_worker_that_verified_last_knows_a_context),
		TEST(what_is_no_business_of_ours_is_told_so),
		TEST(without_numbers_nothing_is_said),
		TEST(changed_record_makes_the_context_unknown),
		TEST(forgotten_contexts_cost_an_echo_only),
		TEST(our_requests_are_the_devices_to_open),
		TEST(device_renews_a_context),
		TEST(renewal_needs_what_we_said_now),
		TEST(old_recording_does_not_undo_a_renewal),
		TEST(device_without_echo_is_taken_as_it_comes),
		TEST(id_context_of_a_record_may_be_named_or_not),
		TEST(numbers_come_once_and_warn_in_time),
		TEST(threads_never_share_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
