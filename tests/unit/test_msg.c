#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "coap/msg.h"

#define DATAGRAM_MAX	512

/* CoAP over UDP as a bootstrap speaks it, coded by hand and checked with another parser. */
struct vector {
	const char	*name;
	uint8_t		 type, code;
	uint16_t	 mid;
	const char	*token;		/* hex */
	struct {
		uint16_t	 number;
		uint16_t	 len;
		const char	*value;
	} opts[8];
	size_t		 nopts;
	size_t		 payload_len;	/* the payload is what the datagram ends with */
	const char	*hex;		/* the datagram */
};

static const struct vector vectors[] = {
	{
		"U1", MSG_CON, MSG_CODE(0, 2), 0x1234, "a1b2c3d4",
		{ { OPT_URI_PATH, 2, "bs" },
		  { OPT_URI_QUERY, 26, "ep=urn:dev:os:32473-000001" } }, 2, 0,
		"44021234a1b2c3d4b262734d0d65703d75726e3a6465763a6f733a33323437332d303030303031",
	},
	{
		"U2", MSG_CON, MSG_CODE(0, 2), 0x1234, "a1b2c3d4",
		{ { OPT_URI_PATH, 2, "bs" },
		  { OPT_URI_QUERY, 26, "ep=urn:dev:os:32473-000001" },
		  { OPT_URI_QUERY, 7, "pct=112" } }, 3, 0,
		"44021234a1b2c3d4b262734d0d65703d75726e3a6465763a6f733a33323437332d30303030303107"
		"7063743d313132",
	},
	{
		"U3", MSG_ACK, MSG_CODE(2, 4), 0x1234, "a1b2c3d4",
		{ { 0 } }, 0, 0,
		"64441234a1b2c3d4",
	},
	{
		"U4", MSG_ACK, MSG_CODE(4, 0), 0x1234, "a1b2c3d4",
		{ { 0 } }, 0, 0,
		"64801234a1b2c3d4",
	},
	{
		"U5", MSG_ACK, MSG_CODE(4, 15), 0x1234, "a1b2c3d4",
		{ { 0 } }, 0, 0,
		"648f1234a1b2c3d4",
	},
	{
		"U6", MSG_CON, MSG_CODE(0, 1), 0x0001, "51",
		{ { OPT_ACCEPT, 1, "\x28" } }, 1, 0,
		"4101000151d10428",
	},
	{
		"U7", MSG_CON, MSG_CODE(0, 1), 0x0002, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_ACCEPT, 1, "\x28" } }, 2, 0,
		"4101000251b1306128",
	},
	{
		"U8", MSG_CON, MSG_CODE(0, 4), 0x0003, "51",
		{ { 0 } }, 0, 0,
		"4104000351",
	},
	{
		"U9", MSG_CON, MSG_CODE(0, 4), 0x0004, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" } }, 2, 0,
		"4104000451b1300131",
	},
	{
		"U10", MSG_CON, MSG_CODE(0, 3), 0x0005, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" },
		  { OPT_CONTENT_FORMAT, 2, "\x2d\x16" } }, 3, 34,
		"4103000551b1300131122d16ffc80016636f61703a2f2f3139322e302e322e31303a35363833c101"
		"00c10203c10a65",
	},
	{
		"U11", MSG_CON, MSG_CODE(0, 3), 0x0006, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" },
		  { OPT_CONTENT_FORMAT, 1, "\x70" } }, 3, 56,
		"4103000651b13001311170ff84a321652f302f312f0061300376636f61703a2f2f3139322e302e32"
		"2e31303a35363833a200613104f4a20061320203a200623130021865",
	},
	{
		"U12", MSG_CON, MSG_CODE(0, 3), 0x0007, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" },
		  { OPT_CONTENT_FORMAT, 2, "\x2d\x18" } }, 3, 36,
		"4103000751b1300131122d18ffa100a101a40076636f61703a2f2f3139322e302e322e31303a3536"
		"383301f402030a1865",
	},
	{
		"U13", MSG_CON, MSG_CODE(0, 3), 0x0008, "51",
		{ { OPT_URI_PATH, 1, "1" }, { OPT_URI_PATH, 1, "0" },
		  { OPT_URI_PATH, 1, "1" }, { OPT_CONTENT_FORMAT, 0, "" } }, 4, 3,
		"4103000851b1310130013110ff333030",
	},
	{
		"U14", MSG_CON, MSG_CODE(0, 1), 0x0009, "51",
		{ { OPT_URI_PATH, 1, "1" }, { OPT_ACCEPT, 1, "\x6e" } }, 2, 0,
		"4101000951b131616e",
	},
	{
		"U15", MSG_CON, MSG_CODE(0, 2), 0x000a, "51",
		{ { OPT_URI_PATH, 2, "bs" } }, 1, 0,
		"4102000a51b26273",
	},
	{
		"U16", MSG_ACK, MSG_CODE(4, 6), 0x000a, "51",
		{ { 0 } }, 0, 0,
		"6186000a51",
	},
	{
		"U17", MSG_ACK, MSG_CODE(0, 0), 0x000a, "",
		{ { 0 } }, 0, 0,
		"6000000a",
	},
	{
		"U18", MSG_CON, MSG_CODE(0, 1), 0x2001, "a1b2c3d4",
		{ { OPT_URI_PATH, 6, "bspack" },
		  { OPT_URI_QUERY, 26, "ep=urn:dev:os:32473-000001" },
		  { OPT_URI_QUERY, 10, "acc=</0/0>" }, { OPT_ACCEPT, 1, "\x70" } }, 4, 0,
		"44012001a1b2c3d4b662737061636b4d0d65703d75726e3a6465763a6f733a33323437332d303030"
		"3030310a6163633d3c2f302f303e2170",
	},
	{
		"U19", MSG_ACK, MSG_CODE(2, 5), 0x2001, "a1b2c3d4",
		{ { OPT_CONTENT_FORMAT, 1, "\x70" } }, 1, 112,
		"64452001a1b2c3d4c170ff88a321612f0065302f312f300374636f61703a2f2f732e6578616d706c"
		"652e636f6da20065302f312f3104f4a20065302f312f320203a20066302f312f3130021865a20065"
		"312f302f30021865a20065312f302f31021a00015180a20065312f302f3604f5a20065312f302f37"
		"036155",
	},
	{
		"U20", MSG_CON, MSG_CODE(0, 3), 0x000b, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" },
		  { OPT_CONTENT_FORMAT, 2, "\x2d\x16" }, { OPT_BLOCK1, 1, "\x0c" },
		  { OPT_SIZE1, 2, "\x01\x5f" } }, 5, 256,
		"4103000b51b1300131122d16d1020cd214015fffc8001b636f6170733a2f2f736572766572322e65"
		"78616d706c652e636f6dc10100c10201c8035b3059301306072a8648ce3d020106082a8648ce3d03"
		"010703420004a09dcb1bc739e7f19afa9adcb1944968bfba73efcec29b50486eb44d1b29c1934499"
		"70a3736830cb2bd5d7ec05d2bd1fc07b6df5e48b54ce77a6a7229c3a91c2c8045b3059301306072a"
		"8648ce3d020106082a8648ce3d0301070342000482c773f378d30c2783a48eb811b96cf6a90694a8"
		"564f1e7f6d366152f11698950f6f7c40cda585334f837750a102f5bf25508ceb9e55dfc0f12a4551"
		"99a4c960c80579307702010104209f352da16495748e146fcb5370b8e96d292ced5567a8",
	},
	{
		"U21", MSG_ACK, MSG_CODE(2, 31), 0x000b, "51",
		{ { OPT_BLOCK1, 1, "\x0c" } }, 1, 0,
		"615f000b51d10e0c",
	},
	{
		"U22", MSG_CON, MSG_CODE(0, 3), 0x000c, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" },
		  { OPT_CONTENT_FORMAT, 2, "\x2d\x16" }, { OPT_BLOCK1, 1, "\x14" } }, 4, 95,
		"4103000c51b1300131122d16d10214fffae55a22bb67d91651b8a00a06082a8648ce3d030107a144"
		"03420004a09dcb1bc739e7f19afa9adcb1944968bfba73efcec29b50486eb44d1b29c193449970a3"
		"736830cb2bd5d7ec05d2bd1fc07b6df5e48b54ce77a6a7229c3a91c2c10a66",
	},
	{
		"U23", MSG_CON, MSG_CODE(0, 0), 0x00ff, "",
		{ { 0 } }, 0, 0,
		"400000ff",
	},
};
#define NVECTORS	(sizeof(vectors) / sizeof(vectors[0]))

/*
 * 'len' bytes that end where the memory of the process ends: an overrun is a crash, also
 * within libcoap, which no sanitizer watches. The next call takes the place back.
 */
static uint8_t *
fenced(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static uint8_t *map;

	if (map == NULL) {
		map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(map != MAP_FAILED);
		assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
	}
	assert_true(len <= page);
	return map + page - len;
}

static size_t
datagram(const struct vector *v, uint8_t buf[DATAGRAM_MAX])
{
	size_t len;

	assert_int_equal(text_unhex(v->hex, strlen(v->hex), buf, DATAGRAM_MAX, &len), ERR_OK);
	return len;
}

static void
vectors_are_decoded(void **state)
{
	uint8_t buf[DATAGRAM_MAX];

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		const struct vector *v = &vectors[i];
		size_t len = datagram(v, buf);
		char token[2 * MSG_TOKEN_MAX + 1];
		struct msg m;

		assert_int_equal(msg_decode(buf, len, &m), ERR_OK);
		assert_int_equal(m.type, v->type);
		assert_int_equal(m.code, v->code);
		assert_int_equal(m.mid, v->mid);
		text_hex(m.token, m.token_len, token);
		assert_string_equal(token, v->token);
		assert_int_equal(m.nopts, v->nopts);
		for (size_t j = 0; j < v->nopts; j++) {
			assert_int_equal(m.opts[j].number, v->opts[j].number);
			assert_int_equal(m.opts[j].len, v->opts[j].len);
			assert_memory_equal(m.opts[j].value, v->opts[j].value, v->opts[j].len);
		}
		assert_int_equal(m.payload_len, v->payload_len);
		if (v->payload_len > 0)
			assert_ptr_equal(m.payload, buf + len - v->payload_len);
		else
			assert_null(m.payload);
	}
}

/* The message of a vector, its options from the last to the first unless they have one number. */
static void
build(const struct vector *v, const uint8_t *buf, size_t len, struct msg *m)
{
	size_t n;

	*m = (struct msg){ .type = v->type, .code = v->code, .mid = v->mid };
	assert_int_equal(text_unhex(v->token, strlen(v->token), m->token, sizeof(m->token), &n), ERR_OK);
	m->token_len = (uint8_t)n;
	for (size_t end = v->nopts, begin; end > 0; end = begin) {
		for (begin = end - 1; begin > 0 && v->opts[begin - 1].number == v->opts[begin].number;)
			begin--;
		for (size_t j = begin; j < end; j++)
			assert_int_equal(msg_add(m, v->opts[j].number, v->opts[j].value, v->opts[j].len),
			    ERR_OK);
	}
	m->payload_len = v->payload_len;
	if (v->payload_len > 0)
		m->payload = buf + len - v->payload_len;
}

static void
vectors_are_encoded_byte_for_byte(void **state)
{
	uint8_t want[DATAGRAM_MAX], got[DATAGRAM_MAX];

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		size_t len = datagram(&vectors[i], want), n = 0;
		struct msg m;

		build(&vectors[i], want, len, &m);
		assert_int_equal(msg_encode(&m, got, sizeof(got), &n), ERR_OK);
		assert_int_equal(n, len);
		assert_memory_equal(got, want, len);
	}
}

static void
buffer_must_hold_the_whole_message(void **state)
{
	uint8_t want[DATAGRAM_MAX];

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		size_t len = datagram(&vectors[i], want);
		struct msg m;

		build(&vectors[i], want, len, &m);
		for (size_t cap = 0; cap <= len; cap++) {
			size_t n = 9999;
			enum err e = msg_encode(&m, fenced(cap), cap, &n);

			assert_int_equal(e, cap < len ? ERR_TOOBIG : ERR_OK);
			assert_int_equal(n, cap < len ? 9999 : len);
		}
	}
}

/* There is one encoding of a message, so what is decoded must come back the same. */
static void
every_prefix_is_refused_or_a_message_of_its_own(void **state)
{
	uint8_t buf[DATAGRAM_MAX], back[DATAGRAM_MAX];
	size_t refused = 0, taken = 0;

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		size_t len = datagram(&vectors[i], buf);

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *exact = fenced(cut);
			struct msg m;
			size_t n;

			memcpy(exact, buf, cut);
			if (msg_decode(exact, cut, &m) == ERR_OK) {
				taken++;
				assert_int_equal(msg_encode(&m, back, sizeof(back), &n), ERR_OK);
				assert_int_equal(n, cut);
				assert_memory_equal(back, exact, cut);
			} else {
				refused++;
			}
		}
	}
	assert_true(refused > 100 && taken > 100);
}

static enum err
decode_hex(const char *hex, struct msg *ret)
{
	size_t len = strlen(hex) / 2;
	uint8_t *buf = fenced(len);

	assert_int_equal(text_unhex(hex, 2 * len, buf, len, &len), ERR_OK);
	return msg_decode(buf, len, ret);
}

static void
damaged_messages_are_refused(void **state)
{
	static const struct {
		const char	*hex;
		enum err	 err;
	} t[] = {
		{ "", ERR_TRUNCATED },
		{ "400100", ERR_TRUNCATED },
		{ "0001000a", ERR_MALFORMED },			/* version 0 */
		{ "8001000a", ERR_MALFORMED },			/* version 2 */
		{ "4901000a000000000000000000", ERR_MALFORMED },	/* token length 9 */
		{ "4f01000a000000000000000000000000000000", ERR_MALFORMED },
		{ "4401000a5152", ERR_MALFORMED },		/* a token that ends early */
		{ "4100000a51", ERR_MALFORMED },		/* empty, with a token */
		{ "4000000ac0", ERR_MALFORMED },		/* empty, with an option */
		{ "4000000aff00", ERR_MALFORMED },		/* empty, with a payload */
		{ "4001000aff", ERR_MALFORMED },		/* marker alone */
		{ "4001000af0", ERR_MALFORMED },		/* delta 15 */
		{ "4001000a0f", ERR_MALFORMED },		/* length 15 */
		{ "4001000ab2", ERR_MALFORMED },		/* value missing */
		{ "4001000ab261", ERR_MALFORMED },
		{ "4001000ad0", ERR_MALFORMED },		/* delta missing */
		{ "4001000ae0", ERR_MALFORMED },
		{ "4001000ae001", ERR_MALFORMED },
		{ "4001000abd", ERR_MALFORMED },		/* length missing */
		{ "4001000abe", ERR_MALFORMED },
		{ "4001000abe01", ERR_MALFORMED },
		{ "4001000aeeffff", ERR_MALFORMED },
		{ "4001000abeffff", ERR_MALFORMED },
	};
	struct msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (decode_hex(t[i].hex, &m) != t[i].err)
			fail_msg("%s", t[i].hex);
	}
}

static void
option_numbers_end_at_16_bits(void **state)
{
	struct msg m;

	(void)state;
	assert_int_equal(decode_hex("4001000ae0fef2", &m), ERR_OK);	/* 65266 + 269 */
	assert_int_equal(m.opts[0].number, 65535);
	assert_int_equal(decode_hex("4001000ae0fef3", &m), ERR_MALFORMED);
	assert_int_equal(decode_hex("4001000ae0feff", &m), ERR_MALFORMED);
	assert_int_equal(decode_hex("4001000ae0ffff", &m), ERR_MALFORMED);
	assert_int_equal(decode_hex("4001000ae0fef200", &m), ERR_OK);
	assert_int_equal(m.opts[1].number, 65535);
	assert_int_equal(decode_hex("4001000ae0fef210", &m), ERR_MALFORMED);
	assert_int_equal(decode_hex("4001000ae0ff00", &m), ERR_MALFORMED);
	assert_int_equal(decode_hex("4001000ad0ffe0fdf6", &m), ERR_MALFORMED);	/* 268 + 65283 */
}

static void
refused_message_can_be_answered_if_its_header_was_sound(void **state)
{
	struct msg m;

	(void)state;
	assert_int_equal(decode_hex("4202beefa1b2ff", &m), ERR_MALFORMED);
	assert_int_equal(m.type, MSG_CON);
	assert_int_equal(m.code, MSG_POST);
	assert_int_equal(m.mid, 0xbeef);
	assert_int_equal(m.token_len, 2);
	assert_memory_equal(m.token, "\xa1\xb2", 2);
	assert_int_equal(decode_hex("4402beefa1b2", &m), ERR_MALFORMED);
	assert_int_equal(m.type, MSG_CON);
	assert_int_equal(m.mid, 0xbeef);
	assert_int_equal(m.token_len, 0);
	assert_int_equal(decode_hex("8102beefa1", &m), ERR_MALFORMED);
	assert_int_equal(m.type, MSG_RESET);
	assert_int_equal(decode_hex("4002be", &m), ERR_TRUNCATED);
	assert_int_equal(m.type, MSG_RESET);
}

static void
options_beyond_the_limit_are_refused(void **state)
{
	uint8_t buf[4 + MSG_OPTS_MAX + 1] = { 0x40, MSG_GET, 0, 1 };
	struct msg m;

	(void)state;
	assert_int_equal(msg_decode(buf, 4 + MSG_OPTS_MAX, &m), ERR_OK);
	assert_int_equal(m.nopts, MSG_OPTS_MAX);
	assert_int_equal(msg_add(&m, OPT_ETAG, "x", 1), ERR_TOOBIG);
	assert_int_equal(m.nopts, MSG_OPTS_MAX);
	assert_int_equal(msg_decode(buf, sizeof(buf), &m), ERR_TOOBIG);
}

static void
options_of_any_size_come_back(void **state)
{
	static const uint16_t lens[] = { 0, 1, 12, 13, 14, 268, 269, 270, 1034, 65535 };
	static const uint16_t numbers[] = { 0, 12, 13, 268, 269, 270, 281, 65535 };
	static uint8_t value[65535], buf[70000];
	struct msg m = { .type = MSG_NON, .code = MSG_PUT }, back;
	size_t n;

	(void)state;
	memset(value, 0x5a, sizeof(value));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (size_t j = 0; j < sizeof(lens) / sizeof(lens[0]); j++) {
			m.nopts = 0;
			assert_int_equal(msg_add(&m, numbers[i], value, lens[j]), ERR_OK);
			assert_int_equal(msg_encode(&m, buf, sizeof(buf), &n), ERR_OK);
			assert_int_equal(msg_decode(buf, n, &back), ERR_OK);
			assert_int_equal(back.nopts, 1);
			assert_int_equal(back.opts[0].number, numbers[i]);
			assert_int_equal(back.opts[0].len, lens[j]);
			assert_memory_equal(back.opts[0].value, value, lens[j]);
		}
	}
	assert_int_equal(msg_add(&m, 1, value, 65536), ERR_TOOBIG);
	/* one byte longer than a struct msg_opt can tell: 65536 = 269 + 0xfef3 */
	memcpy(buf, "\x50\x03\0\0\xbe\xfe\xf3", 7);
	assert_int_equal(msg_decode(buf, 7 + 65536, &back), ERR_MALFORMED);
}

static void
equal_options_keep_their_order(void **state)
{
	struct msg m = { .code = MSG_GET }, back;
	uint8_t buf[64], scratch[4];
	size_t n;

	(void)state;
	assert_int_equal(msg_add(&m, OPT_URI_QUERY, "b", 1), ERR_OK);
	assert_int_equal(msg_add_uint(&m, OPT_ACCEPT, 40, scratch), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_PATH, "2", 1), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_QUERY, "a", 1), ERR_OK);
	assert_int_equal(msg_add(&m, OPT_URI_PATH, "1", 1), ERR_OK);
	assert_int_equal(msg_encode(&m, buf, sizeof(buf), &n), ERR_OK);
	assert_int_equal(msg_decode(buf, n, &back), ERR_OK);
	assert_int_equal(back.nopts, 5);
	assert_memory_equal(back.opts[0].value, "2", 1);
	assert_memory_equal(back.opts[1].value, "1", 1);
	assert_memory_equal(back.opts[2].value, "b", 1);
	assert_memory_equal(back.opts[3].value, "a", 1);
	assert_ptr_equal(msg_find(&back, OPT_URI_QUERY), &back.opts[2]);
	assert_null(msg_find(&back, OPT_ECHO));
	assert_int_equal(msg_uint(&back, OPT_ACCEPT), 40);
}

static void
numbers_are_written_in_their_shortest_form(void **state)
{
	static const struct {
		uint32_t	 v;
		uint16_t	 len;
		const char	*bytes;
	} t[] = {
		{ 0, 0, "" }, { 1, 1, "\x01" }, { 255, 1, "\xff" }, { 256, 2, "\x01\x00" },
		{ 11542, 2, "\x2d\x16" }, { 65536, 3, "\x01\x00\x00" }, { UINT32_MAX, 4, "\xff\xff\xff\xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct msg m = { .nopts = 0 };
		uint8_t scratch[4];

		assert_int_equal(msg_add_uint(&m, OPT_SIZE1, t[i].v, scratch), ERR_OK);
		assert_int_equal(m.opts[0].len, t[i].len);
		assert_memory_equal(m.opts[0].value, t[i].bytes, t[i].len);
		assert_int_equal(msg_uint(&m, OPT_SIZE1), t[i].v);
	}
}

static void
numbers_are_read_leniently_but_not_too_long(void **state)
{
	struct msg m = { .nopts = 0 };

	(void)state;
	assert_int_equal(msg_uint(&m, OPT_ACCEPT), -1);
	assert_int_equal(msg_add(&m, OPT_ACCEPT, "\0\0\0\x28", 4), ERR_OK);	/* leading zeros */
	assert_int_equal(msg_uint(&m, OPT_ACCEPT), 40);
	assert_int_equal(msg_add(&m, OPT_MAX_AGE, "\0\0\0\0\x28", 5), ERR_OK);
	assert_int_equal(msg_uint(&m, OPT_MAX_AGE), -1);
}

static void
block_options_go_both_ways(void **state)
{
	static const struct msg_block blocks[] = {
		{ 0, false, 0 }, { 0, true, 4 }, { 1, false, 6 }, { 15, true, 6 }, { 16, true, 2 },
		{ 0xfffff, true, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct msg m = { .nopts = 0 };
		struct msg_block b = { 0 };
		enum err e = ERR_OK;
		uint8_t scratch[4];

		assert_int_equal(msg_add_block(&m, OPT_BLOCK1, &blocks[i], scratch), ERR_OK);
		assert_true(m.opts[0].len <= 3);
		assert_true(msg_block(&m, OPT_BLOCK1, &b, &e));
		assert_int_equal(e, ERR_OK);
		assert_int_equal(b.num, blocks[i].num);
		assert_int_equal(b.more, blocks[i].more);
		assert_int_equal(b.szx, blocks[i].szx);
		assert_false(msg_block(&m, OPT_BLOCK2, &b, &e));
		assert_int_equal(e, ERR_OK);
	}
	assert_int_equal(msg_add_block(&(struct msg){ .nopts = 0 }, OPT_BLOCK1,
	    &(struct msg_block){ .num = 0x100000 }, (uint8_t[4]){ 0 }), ERR_TOOBIG);
}

static void
bad_block_options_are_told(void **state)
{
	struct msg m = { .nopts = 0 };
	struct msg_block b = { .num = 5 };
	enum err e = ERR_OK;

	(void)state;
	assert_int_equal(msg_add(&m, OPT_BLOCK1, "\x0f", 1), ERR_OK);		/* szx 7 */
	assert_int_equal(msg_add(&m, OPT_BLOCK2, "\0\0\0\x0e", 4), ERR_OK);	/* four bytes */
	assert_false(msg_block(&m, OPT_BLOCK1, &b, &e));
	assert_int_equal(e, ERR_MALFORMED);
	e = ERR_OK;
	assert_false(msg_block(&m, OPT_BLOCK2, &b, &e));
	assert_int_equal(e, ERR_MALFORMED);
	assert_int_equal(b.num, 5);
}

static void
codes_have_text_and_name(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(msg_code_text(MSG_CHANGED, buf), "2.04");
	assert_string_equal(msg_code_text(MSG_EMPTY, buf), "0.00");
	assert_string_equal(msg_code_text(MSG_CONTINUE, buf), "2.31");
	assert_string_equal(msg_code_text(255, buf), "7.31");
	assert_string_equal(msg_code_name(MSG_CHANGED), "Changed");
	assert_string_equal(msg_code_name(MSG_BAD_REQUEST), "Bad Request");
	assert_string_equal(msg_code_name(MSG_PUT), "PUT");
	assert_string_equal(msg_code_name(255), "");
	assert_true(msg_is_request(MSG_POST) && !msg_is_request(MSG_EMPTY) && !msg_is_request(MSG_CHANGED));
	assert_true(msg_is_response(MSG_CHANGED) && !msg_is_response(MSG_CODE(1, 1)));
	assert_false(msg_is_response(MSG_CODE(7, 1)));
	assert_true(msg_opt_critical(OPT_URI_PATH) && !msg_opt_critical(OPT_SIZE1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_decoded),
		cmocka_unit_test(vectors_are_encoded_byte_for_byte),
		cmocka_unit_test(buffer_must_hold_the_whole_message),
		cmocka_unit_test(every_prefix_is_refused_or_a_message_of_its_own),
		cmocka_unit_test(damaged_messages_are_refused),
		cmocka_unit_test(option_numbers_end_at_16_bits),
		cmocka_unit_test(refused_message_can_be_answered_if_its_header_was_sound),
		cmocka_unit_test(options_beyond_the_limit_are_refused),
		cmocka_unit_test(options_of_any_size_come_back),
		cmocka_unit_test(equal_options_keep_their_order),
		cmocka_unit_test(numbers_are_written_in_their_shortest_form),
		cmocka_unit_test(numbers_are_read_leniently_but_not_too_long),
		cmocka_unit_test(block_options_go_both_ways),
		cmocka_unit_test(bad_block_options_are_told),
		cmocka_unit_test(codes_have_text_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
