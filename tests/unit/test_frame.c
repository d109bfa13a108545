#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "coap/frame.h"

#define BYTES_MAX	512

/* CoAP over TCP as a bootstrap speaks it (RFC 8323), coded by hand and checked with another parser. */
static const struct vector {
	const char	*name;
	uint8_t		 code;
	const char	*token;		/* hex */
	struct {
		uint16_t	 number;
		uint16_t	 len;
		const char	*value;
	} opts[4];
	size_t		 nopts;
	size_t		 payload_len;	/* the payload is what the frame ends with */
	const char	*hex;
} vectors[] = {
	{
		"T1", FRAME_CSM, "",
		{ { FRAME_CSM_MAX_MESSAGE, 2, "\x10\x00" }, { FRAME_CSM_BLOCK_WISE, 0, "" } }, 2, 0,
		"40e122100020",
	},
	{
		"T2", FRAME_CSM, "", { { 0 } }, 0, 0, "00e1",
	},
	{
		"T3", MSG_POST, "a1b2c3d4",
		{ { OPT_URI_PATH, 2, "bs" }, { OPT_URI_QUERY, 26, "ep=urn:dev:os:32473-000001" },
		  { OPT_URI_QUERY, 7, "pct=112" } }, 3, 0,
		"d41a02a1b2c3d4b262734d0d65703d75726e3a6465763a6f733a33323437332d3030303030310770"
		"63743d313132",
	},
	{
		"T4", MSG_CHANGED, "a1b2c3d4", { { 0 } }, 0, 0, "0444a1b2c3d4",
	},
	{
		"T5", MSG_DELETE, "51", { { 0 } }, 0, 0, "010451",
	},
	{
		"T6", MSG_PUT, "51",
		{ { OPT_URI_PATH, 1, "0" }, { OPT_URI_PATH, 1, "1" }, { OPT_CONTENT_FORMAT, 1, "\x70" } },
		3, 56,
		"d1320351b13001311170ff84a321652f302f312f0061300376636f61703a2f2f3139322e302e322e"
		"31303a35363833a200613104f4a20061320203a200623130021865",
	},
	{
		"T7", FRAME_PING, "51", { { FRAME_PING_CUSTODY, 0, "" } }, 1, 0, "11e25120",
	},
	{
		"T8", FRAME_PONG, "51", { { FRAME_PING_CUSTODY, 0, "" } }, 1, 0, "11e35120",
	},
	{
		"T9", FRAME_ABORT, "", { { FRAME_ABORT_BAD_CSM_OPTION, 1, "\x02" } }, 1, 3,
		"60e52102ff626164",
	},
	{
		"T10", FRAME_RELEASE, "", { { FRAME_RELEASE_HOLD_OFF, 1, "\x3c" } }, 1, 0, "20e4413c",
	},
};
#define NVECTORS	(sizeof(vectors) / sizeof(vectors[0]))

static size_t
bytes_of(const char *hex, uint8_t *out)
{
	size_t len;

	assert_int_equal(text_unhex(hex, strlen(hex), out, BYTES_MAX, &len), ERR_OK);
	return len;
}

static void
every_vector_is_read(void **state)
{
	uint8_t buf[BYTES_MAX], token[BYTES_MAX];
	struct msg m;

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		const struct vector *v = &vectors[i];
		size_t len = bytes_of(v->hex, buf);
		uint64_t total;

		assert_int_equal(frame_len(buf, len, &total), ERR_OK);
		assert_int_equal(total, len);
		assert_int_equal(frame_decode(buf, len, &m), ERR_OK);
		assert_int_equal(m.code, v->code);
		assert_int_equal(m.token_len, bytes_of(v->token, token));
		assert_memory_equal(m.token, token, m.token_len);
		assert_int_equal(m.nopts, v->nopts);
		for (size_t j = 0; j < v->nopts; j++) {
			assert_int_equal(m.opts[j].number, v->opts[j].number);
			assert_int_equal(m.opts[j].len, v->opts[j].len);
			assert_memory_equal(m.opts[j].value, v->opts[j].value, v->opts[j].len);
		}
		assert_int_equal(m.payload_len, v->payload_len);
		if (v->payload_len > 0)
			assert_ptr_equal(m.payload + m.payload_len, buf + len);
		assert_int_equal(m.type, MSG_CON);
		assert_int_equal(m.mid, 0);
	}
}

static void
every_vector_is_written(void **state)
{
	uint8_t want[BYTES_MAX], got[BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		const struct vector *v = &vectors[i];
		size_t len = bytes_of(v->hex, want), n = 0;
		struct msg m = { .code = v->code, .payload_len = v->payload_len,
			.payload = want + len - v->payload_len };
		uint8_t token[BYTES_MAX];

		m.token_len = (uint8_t)bytes_of(v->token, token);
		memcpy(m.token, token, m.token_len);
		for (size_t j = 0; j < v->nopts; j++)
			assert_int_equal(msg_add(&m, v->opts[j].number, v->opts[j].value, v->opts[j].len),
			    ERR_OK);
		assert_int_equal(frame_encode(&m, got, sizeof(got), &n), ERR_OK);
		assert_int_equal(n, len);
		assert_memory_equal(got, want, len);
		for (size_t cap = 0; cap < len; cap++) {
			n = 7777;
			assert_int_equal(frame_encode(&m, got, cap, &n), ERR_TOOBIG);
			assert_int_equal(n, 7777);
		}
	}
}

static void
every_prefix_is_truncated(void **state)
{
	uint8_t buf[BYTES_MAX];
	struct msg m;
	uint64_t total;

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		size_t len = bytes_of(vectors[i].hex, buf);
		for (size_t n = 0; n < len; n++) {
			uint8_t *exact = malloc(n > 0 ? n : 1);	/* an overrun is seen */
			assert_non_null(exact);
			memcpy(exact, buf, n);
			assert_int_equal(frame_decode(exact, n, &m), ERR_TRUNCATED);
			enum err e = frame_len(exact, n, &total);
			assert_true(e == ERR_TRUNCATED || (e == ERR_OK && total == len));
			assert_true(n < 3 || e == ERR_OK);
			free(exact);
		}
	}
}

static void
bytes_after_the_end_are_malformed(void **state)
{
	uint8_t buf[BYTES_MAX];
	struct msg m;

	(void)state;
	for (size_t i = 0; i < NVECTORS; i++) {
		size_t len = bytes_of(vectors[i].hex, buf);
		buf[len] = 0;
		assert_int_equal(frame_decode(buf, len + 1, &m), ERR_MALFORMED);
	}
}

/* RFC 8323, 3.2: where the forms of Len begin and end. */
static void
length_forms_meet_without_a_gap(void **state)
{
	static const struct {
		size_t		 body;
		uint8_t		 head[5];
		size_t		 head_len;
	} forms[] = {
		{ 12, { 0xc0 }, 1 },
		{ 13, { 0xd0, 0 }, 2 },
		{ 268, { 0xd0, 0xff }, 2 },
		{ 269, { 0xe0, 0, 0 }, 3 },
		{ 65804, { 0xe0, 0xff, 0xff }, 3 },
		{ 65805, { 0xf0, 0, 0, 0, 0 }, 5 },
		{ 70000, { 0xf0, 0, 0, 0x10, 0x63 }, 5 },
	};
	static uint8_t payload[70000], buf[70010];
	struct msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct msg out = { .code = MSG_CONTENT, .payload = payload,
			.payload_len = forms[i].body - 1 };	/* and the marker */
		size_t n;
		uint64_t total;

		assert_int_equal(frame_encode(&out, buf, sizeof(buf), &n), ERR_OK);
		assert_int_equal(n, forms[i].head_len + 1 + forms[i].body);
		assert_memory_equal(buf, forms[i].head, forms[i].head_len);
		assert_int_equal(frame_len(buf, forms[i].head_len, &total), ERR_OK);
		assert_int_equal(total, n);
		if (forms[i].head_len > 1)
			assert_int_equal(frame_len(buf, forms[i].head_len - 1, &total), ERR_TRUNCATED);
		assert_int_equal(frame_decode(buf, n, &m), ERR_OK);
		assert_int_equal(m.payload_len, out.payload_len);
	}
}

static void
a_claim_of_four_gigabytes_is_told(void **state)
{
	const uint8_t head[] = { 0xf8, 0xff, 0xff, 0xff, 0xff };
	uint64_t total;

	(void)state;
	assert_int_equal(frame_len(head, sizeof(head), &total), ERR_OK);
	assert_true(total == 5 + 1 + 8 + 65805ull + UINT32_MAX);
}

static void
long_tokens_are_malformed(void **state)
{
	struct msg m;

	(void)state;
	for (uint8_t tkl = 9; tkl < 16; tkl++) {
		uint8_t frame[32] = { tkl, MSG_GET };
		uint64_t total;

		assert_int_equal(frame_len(frame, 1, &total), ERR_MALFORMED);
		assert_int_equal(frame_decode(frame, 2u + tkl, &m), ERR_MALFORMED);
	}
}

static void
bad_bodies_are_malformed(void **state)
{
	static const char *const bad[] = {
		"1001ff",	/* a marker and no payload */
		"1001f0",	/* delta 15 */
		"10010f",	/* length 15 */
		"200123aa",	/* a value that ends early */
		"1001d0",	/* an extension that is missing */
	};
	uint8_t buf[BYTES_MAX];
	struct msg m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t len = bytes_of(bad[i], buf);
		assert_int_equal(frame_decode(buf, len, &m), ERR_MALFORMED);
	}
}

/* A 4.00 with the right token can be sent for it. */
static void
too_many_options_leave_code_and_token(void **state)
{
	uint8_t buf[3 + MSG_OPTS_MAX + 1] = { 0xd1, MSG_OPTS_MAX + 1 - 13, MSG_GET };
	uint8_t frame[sizeof(buf) + 1];
	struct msg m;

	(void)state;
	memcpy(frame, buf, 3);
	frame[3] = 0x77;
	memset(frame + 4, 0, MSG_OPTS_MAX + 1);
	assert_int_equal(frame_decode(frame, sizeof(frame), &m), ERR_TOOBIG);
	assert_int_equal(m.code, MSG_GET);
	assert_int_equal(m.token_len, 1);
	assert_int_equal(m.token[0], 0x77);
}

static void
an_empty_message_may_have_anything(void **state)
{
	const uint8_t frame[] = { 0x31, MSG_EMPTY, 0xaa, 0x10, 0xff, 0x01 };
	struct msg m;

	(void)state;
	assert_int_equal(frame_decode(frame, sizeof(frame), &m), ERR_OK);
	assert_int_equal(m.code, MSG_EMPTY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_is_read),
		cmocka_unit_test(every_vector_is_written),
		cmocka_unit_test(every_prefix_is_truncated),
		cmocka_unit_test(bytes_after_the_end_are_malformed),
		cmocka_unit_test(length_forms_meet_without_a_gap),
		cmocka_unit_test(a_claim_of_four_gigabytes_is_told),
		cmocka_unit_test(long_tokens_are_malformed),
		cmocka_unit_test(bad_bodies_are_malformed),
		cmocka_unit_test(too_many_options_leave_code_and_token),
		cmocka_unit_test(an_empty_message_may_have_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
