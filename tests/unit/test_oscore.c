#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "oscore/message.h"

/* RFC 8613, appendix C: the vectors byte for byte; then what they do not show. */

#define SECRET	"0102030405060708090a0b0c0d0e0f10"
#define SALT	"9e7ca92223786340"
#define CONTEXT	"37cbf3210017a2d3"

static struct oscore_aead *aead;

static size_t
unhex(const char *hex, void *to, size_t cap)
{
	size_t len;

	assert_int_equal(text_unhex(hex, strlen(hex), to, cap, &len), ERR_OK);
	return len;
}

static void
check_hex(const void *p, size_t len, const char *hex)
{
	char text[1024];

	assert_true(2 * len < sizeof(text));
	text_hex(p, len, text);
	assert_string_equal(text, hex);
}

static struct oscore_id
id_of(const char *hex)
{
	struct oscore_id id = { .len = 0 };

	id.len = (uint8_t)unhex(hex, id.bytes, sizeof(id.bytes));
	return id;
}

static struct oscore_params
params(const char *salt, const char *context, const char *sender, const char *recipient)
{
	struct oscore_params p = { .aead = OSCORE_AES_CCM_16_64_128, .hash = OSCORE_HKDF_SHA_256,
		.sender = id_of(sender), .recipient = id_of(recipient) };

	p.secret_len = (uint8_t)unhex(SECRET, p.secret, sizeof(p.secret));
	p.salt_len = (uint8_t)unhex(salt, p.salt, sizeof(p.salt));
	p.id_context_len = (uint8_t)unhex(context, p.id_context, sizeof(p.id_context));
	return p;
}

static struct oscore_keys
keys(const char *salt, const char *context, const char *sender, const char *recipient)
{
	struct oscore_params p = params(salt, context, sender, recipient);
	struct oscore_keys k;

	assert_int_equal(oscore_derive(&p, &k), ERR_OK);
	return k;
}

static struct oscore_keys
c1_client(void)
{
	return keys(SALT, "", "", "01");
}

static struct oscore_keys
c1_server(void)
{
	return keys(SALT, "", "01", "");
}

/* --- C.1 to C.3 --- */

struct derivation {
	const char	*salt, *context, *sender, *recipient;
	const char	*sender_key, *recipient_key, *common_iv, *sender_nonce, *recipient_nonce;
};

static void
check_derivation(const struct derivation *d)
{
	struct oscore_keys k = keys(d->salt, d->context, d->sender, d->recipient);
	struct oscore_piv zero = oscore_piv(0);
	uint8_t nonce[OSCORE_NONCE_MAX];

	check_hex(k.sender_key, 16, d->sender_key);
	check_hex(k.recipient_key, 16, d->recipient_key);
	check_hex(k.common_iv, 13, d->common_iv);
	oscore_nonce(&k, &k.sender, &zero, nonce);
	check_hex(nonce, 13, d->sender_nonce);
	oscore_nonce(&k, &k.recipient, &zero, nonce);
	check_hex(nonce, 13, d->recipient_nonce);
}

static void
keys_with_a_salt_are_the_rfcs(void **state)
{
	(void)state;
	check_derivation(&(struct derivation){ SALT, "", "", "01",
	    "f0910ed7295e6ad4b54fc793154302ff", "ffb14e093c94c9cac9471648b4f98710",
	    "4622d4dd6d944168eefb54987c", "4622d4dd6d944168eefb54987c", "4722d4dd6d944169eefb54987c" });
	check_derivation(&(struct derivation){ SALT, "", "01", "",
	    "ffb14e093c94c9cac9471648b4f98710", "f0910ed7295e6ad4b54fc793154302ff",
	    "4622d4dd6d944168eefb54987c", "4722d4dd6d944169eefb54987c", "4622d4dd6d944168eefb54987c" });
}

static void
keys_without_a_salt_are_the_rfcs(void **state)
{
	(void)state;
	check_derivation(&(struct derivation){ "", "", "00", "01",
	    "321b26943253c7ffb6003b0b64d74041", "e57b5635815177cd679ab4bcec9d7dda",
	    "be35ae297d2dace910c52e99f9", "bf35ae297d2dace910c52e99f9", "bf35ae297d2dace810c52e99f9" });
}

static void
keys_with_an_id_context_are_the_rfcs(void **state)
{
	(void)state;
	check_derivation(&(struct derivation){ SALT, CONTEXT, "", "01",
	    "af2a1300a5e95788b356336eeecd2b92", "e39a0c7c77b43f03b4b39ab9a268699f",
	    "2ca58fb85ff1b81c0b7181b85e", "2ca58fb85ff1b81c0b7181b85e", "2da58fb85ff1b81d0b7181b85e" });
}

/* --- C.4 to C.8 --- */

struct wire {
	uint8_t		bytes[256], room[1024];
	size_t		len;
	struct msg	m;
	struct oscore_room room_of;
};

static void
from_hex(struct wire *w, const char *hex)
{
	*w = (struct wire){ .len = unhex(hex, w->bytes, sizeof(w->bytes)) };
	unhex(hex, w->bytes, sizeof(w->bytes));
	w->room_of = (struct oscore_room){ .p = w->room, .cap = sizeof(w->room) };
	assert_int_equal(msg_decode(w->bytes, w->len, &w->m), ERR_OK);
}

static void
check_wire(const struct msg *m, const char *hex)
{
	uint8_t bytes[256];
	size_t len;

	assert_int_equal(msg_encode(m, bytes, sizeof(bytes), &len), ERR_OK);
	check_hex(bytes, len, hex);
}

static void
check_request(const struct oscore_keys *client, const struct oscore_keys *server, const char *plain,
    const char *protected)
{
	struct oscore_binding made, read;
	struct wire in, out;
	struct msg outer, inner;

	from_hex(&in, plain);
	assert_int_equal(oscore_protect_request(aead, client, 20, &in.m, &in.room_of, &outer, &made), ERR_OK);
	check_wire(&outer, protected);

	from_hex(&out, protected);
	assert_int_equal(oscore_open_request(aead, server, &out.m, &out.room_of, &inner, &read), ERR_OK);
	assert_int_equal(inner.code, MSG_GET);
	assert_int_equal(inner.nopts, 1);
	assert_int_equal(inner.opts[0].number, OPT_URI_PATH);
	assert_memory_equal(inner.opts[0].value, "tv1", 3);
	assert_int_equal(inner.payload_len, 0);
	assert_int_equal(oscore_piv_number(&read.piv), 20);
	assert_memory_equal(&made, &read, sizeof(made));

	assert_int_equal(oscore_open_own(aead, client, &outer, &out.room_of, &inner), ERR_OK);
	assert_int_equal(inner.code, MSG_GET);
}

static void
requests_are_the_rfcs(void **state)
{
	struct oscore_keys client = c1_client(), server = c1_server();

	(void)state;
	check_request(&client, &server, "44015d1f00003974396c6f63616c686f737483747631",
	    "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e");
	client = keys("", "", "00", "01");
	server = keys("", "", "01", "00");
	check_request(&client, &server, "440171c30000b932396c6f63616c686f737483747631",
	    "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0");
	client = keys(SALT, CONTEXT, "", "01");
	server = keys(SALT, CONTEXT, "01", "");
	check_request(&client, &server, "44012f8eef9bbf7a396c6f63616c686f737483747631",
	    "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3");
}

static void
check_response(const uint64_t *own, const char *protected)
{
	struct oscore_keys client = c1_client(), server = c1_server();
	struct oscore_binding b = { .kid = client.sender, .piv = oscore_piv(20) };
	struct wire in, out;
	struct msg outer, inner;

	from_hex(&in, "64455d1f00003974ff48656c6c6f20576f726c6421");
	assert_int_equal(oscore_protect_response(aead, &server, &b, own, &in.m, &in.room_of, &outer), ERR_OK);
	check_wire(&outer, protected);

	from_hex(&out, protected);
	assert_int_equal(oscore_open_response(aead, &client, &b, &out.m, &out.room_of, &inner), ERR_OK);
	assert_int_equal(inner.code, MSG_CONTENT);
	assert_int_equal(inner.payload_len, 12);
	assert_memory_equal(inner.payload, "Hello World!", 12);

	b.piv = oscore_piv(21);		/* the answer to another request */
	assert_int_equal(oscore_open_response(aead, &client, &b, &out.m, &out.room_of, &inner),
	    ERR_MALFORMED);
}

static void
responses_are_the_rfcs(void **state)
{
	uint64_t own = 0;

	(void)state;
	check_response(NULL, "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106");
	check_response(&own, "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e");
}

/* --- what the vectors do not show --- */

static void
any_changed_octet_is_noticed(void **state)
{
	static const char protected[] =
	    "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e";
	struct oscore_keys server = c1_server();
	struct oscore_binding b;
	struct wire w;
	struct msg inner;

	(void)state;
	for (size_t i = 22; i < sizeof(protected) / 2; i++) {
		from_hex(&w, protected);
		w.bytes[i] ^= 1;
		assert_int_equal(oscore_open_request(aead, &server, &w.m, &w.room_of, &inner, &b),
		    ERR_MALFORMED);
	}
	from_hex(&w, protected);
	w.bytes[20] ^= 1;		/* the Partial IV */
	assert_int_equal(oscore_open_request(aead, &server, &w.m, &w.room_of, &inner, &b), ERR_MALFORMED);
}

static void
every_algorithm_opens_what_it_protected(void **state)
{
	static const int numbers[] = { 10, 11, 12, 13, 30, 31, 32, 33 };
	static const int hashes[] = { OSCORE_HKDF_SHA_256, OSCORE_HKDF_SHA_512 };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct oscore_params p = params(SALT, "", "", "01"), q = params(SALT, "", "01", "");
		struct oscore_binding made, read;
		struct oscore_keys client, server;
		struct wire w;
		struct msg outer, inner;
		uint8_t room[256];
		struct oscore_room second = { .p = room, .cap = sizeof(room) };

		p.aead = q.aead = numbers[i];
		p.hash = q.hash = hashes[i & 1];
		assert_int_equal(oscore_derive(&p, &client), ERR_OK);
		assert_int_equal(oscore_derive(&q, &server), ERR_OK);
		from_hex(&w, "44025d1f000039748274763140ff000102030405060708090a0b0c0d0e0f1011");
		assert_int_equal(oscore_protect_request(aead, &client, OSCORE_NUMBER_MAX, &w.m, &w.room_of,
		    &outer, &made), ERR_OK);
		assert_int_equal(outer.payload_len,
		    (size_t)oscore_alg(numbers[i])->tag_len + 1 + 5 + 1 + 18);
		assert_int_equal(oscore_open_request(aead, &server, &outer, &second, &inner, &read), ERR_OK);
		assert_int_equal(inner.payload_len, 18);
		assert_int_equal(oscore_piv_number(&read.piv), OSCORE_NUMBER_MAX);
	}
	assert_null(oscore_alg(1));
	assert_null(oscore_alg(0));
}

static void
ids_that_make_no_nonce_are_refused(void **state)
{
	struct oscore_params p = params(SALT, "", "01", "01");
	struct oscore_keys k;

	(void)state;
	assert_int_equal(oscore_derive(&p, &k), ERR_INVALID);
	p.recipient = id_of("02030405060708");
	assert_int_equal(oscore_derive(&p, &k), ERR_OK);
	p.aead = 12;		/* a nonce of 7 leaves one octet for an id */
	assert_int_equal(oscore_derive(&p, &k), ERR_INVALID);
	p.aead = 1;
	assert_int_equal(oscore_derive(&p, &k), ERR_UNSUPPORTED);
	p.aead = 10;
	p.hash = 5;
	assert_int_equal(oscore_derive(&p, &k), ERR_UNSUPPORTED);
}

static bool
read_option(const char *hex, struct oscore_header *h)
{
	static uint8_t value[300];
	struct msg m = { .code = MSG_POST };
	enum err e = ERR_OK;
	size_t len = unhex(hex, value, sizeof(value));
	bool good;

	assert_int_equal(msg_add(&m, OPT_OSCORE, value, len), ERR_OK);
	good = oscore_header_read(&m, h, &e);
	assert_int_equal(e, good ? ERR_OK : ERR_MALFORMED);
	return good;
}

static void
option_is_read_as_section_6_has_it(void **state)
{
	struct oscore_header h;

	(void)state;
	assert_true(read_option("", &h));
	assert_false(h.has_kid || h.has_kid_context || h.piv.len > 0);
	assert_true(read_option("0914", &h));
	assert_true(h.has_kid && h.kid.len == 0 && h.piv.len == 1 && !h.has_kid_context);
	assert_true(read_option("090525", &h));			/* 6.3, example 1 */
	assert_true(h.has_kid && h.kid.len == 1 && h.kid.bytes[0] == 0x25);
	assert_true(read_option("0900", &h));			/* 6.3, example 2 */
	assert_true(read_option("190500" "01", &h));
	assert_true(h.has_kid_context && h.kid_context_len == 0 && h.kid.len == 1);
	assert_true(read_option("19050444616c656b25", &h));	/* 6.3, example 3 */
	assert_int_equal(h.kid_context_len, 4);
	assert_memory_equal(h.kid_context, "Dale", 4);
	assert_true(read_option("0107", &h));
	assert_false(h.has_kid);
	assert_true(read_option("1003aabbcc", &h));
	assert_true(h.has_kid_context && !h.has_kid);

	assert_false(read_option("00", &h));			/* nothing is said with nothing */
	assert_false(read_option("0e010203040506", &h));	/* six octets of Partial IV */
	assert_false(read_option("8914", &h));			/* a reserved bit */
	assert_false(read_option("0a14", &h));			/* cut off */
	assert_false(read_option("0a0014", &h));		/* not the shortest form */
	assert_false(read_option("1914", &h));			/* no length of the kid context */
	assert_false(read_option("191405aabb", &h));		/* longer than there is */
	assert_false(read_option("011401", &h));		/* a kid that was not announced */
	assert_false(read_option("09140102030405060708", &h));	/* a kid of eight */
}

static void
partial_iv_is_as_short_as_can_be(void **state)
{
	static const struct { uint64_t n; uint8_t len; } cases[] = { { 0, 1 }, { 255, 1 }, { 256, 2 },
		{ 65535, 2 }, { 65536, 3 }, { 0xffffff, 3 }, { UINT64_C(0xffffffff), 4 },
		{ OSCORE_NUMBER_MAX, 5 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oscore_piv piv = oscore_piv(cases[i].n);
		assert_int_equal(piv.len, cases[i].len);
		assert_int_equal(oscore_piv_number(&piv), cases[i].n);
	}
}

static void
window_takes_each_number_once(void **state)
{
	struct oscore_window w = { .any = false };

	(void)state;
	for (uint64_t n = 100; n < 140; n++) {
		assert_true(oscore_window_fresh(&w, n));
		oscore_window_mark(&w, n);
		assert_false(oscore_window_fresh(&w, n));
	}
	assert_true(oscore_window_fresh(&w, 99));	/* out of order, within 64 */
	oscore_window_mark(&w, 99);
	assert_false(oscore_window_fresh(&w, 99));
	assert_true(oscore_window_fresh(&w, 76));
	assert_false(oscore_window_fresh(&w, 75));	/* 64 behind the newest */
	oscore_window_mark(&w, 75);			/* harmless */
	oscore_window_mark(&w, 10000);
	assert_false(oscore_window_fresh(&w, 139));
	assert_true(oscore_window_fresh(&w, 9999));
	oscore_window_from(&w, 20000);
	assert_false(oscore_window_fresh(&w, 20000));
	assert_false(oscore_window_fresh(&w, 19999));
	assert_true(oscore_window_fresh(&w, 20001));
	oscore_window_mark(&w, 20001);
	assert_false(oscore_window_fresh(&w, 20000));
}

static void
room_that_is_too_small_is_told(void **state)
{
	struct oscore_keys client = c1_client(), server = c1_server();
	struct oscore_binding b;
	struct wire w;
	struct msg outer, inner;

	(void)state;
	from_hex(&w, "44015d1f00003974396c6f63616c686f737483747631");
	w.room_of.cap = 20;
	assert_int_equal(oscore_protect_request(aead, &client, 1, &w.m, &w.room_of, &outer, &b), ERR_TOOBIG);
	from_hex(&w, "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e");
	w.room_of.cap = 16;
	assert_int_equal(oscore_open_request(aead, &server, &w.m, &w.room_of, &inner, &b), ERR_TOOBIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_with_a_salt_are_the_rfcs),
		cmocka_unit_test(keys_without_a_salt_are_the_rfcs),
		cmocka_unit_test(keys_with_an_id_context_are_the_rfcs),
		cmocka_unit_test(requests_are_the_rfcs),
		cmocka_unit_test(responses_are_the_rfcs),
		cmocka_unit_test(any_changed_octet_is_noticed),
		cmocka_unit_test(every_algorithm_opens_what_it_protected),
		cmocka_unit_test(ids_that_make_no_nonce_are_refused),
		cmocka_unit_test(option_is_read_as_section_6_has_it),
		cmocka_unit_test(partial_iv_is_as_short_as_can_be),
		cmocka_unit_test(window_takes_each_number_once),
		cmocka_unit_test(room_that_is_too_small_is_told),
	};
	int failed;

	if (oscore_aead_new(&aead) != ERR_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	oscore_aead_free(aead);
	return failed;
}
