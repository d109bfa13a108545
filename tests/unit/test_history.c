#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lwm2m/format.h"
#include "store/history_priv.h"
#include "store/jtext.h"

static void
every_result_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(history_result_name(HISTORY_FINISHED), "finished");
	assert_string_equal(history_result_name(HISTORY_REFUSED), "refused");
	assert_string_equal(history_result_name(HISTORY_FAILED), "failed");
	assert_string_equal(history_result_name(HISTORY_SUPERSEDED), "superseded");
	assert_string_equal(history_result_name(HISTORY_CANCELLED), "cancelled");
}

/* The body's text, which the caller frees. */
static void
expect_body(const struct history *h, const char *text)
{
	struct jtext j = { 0 };

	history_body(h, &j);
	jtext_raw(&j, "", 1);
	assert_int_equal(j.err, ERR_OK);
	assert_string_equal(j.p, text);
	jtext_fini(&j);
}

static void
finished_session_is_told_with_every_step(void **state)
{
	const struct history_step steps[] = {
		{ .operation = "delete", .path = "/0", .content_format = -1, .code = 0x42,
		    .outcome = "ok", .rtt_us = 1234567 },
		{ .operation = "write", .path = "/0/1", .content_format = FORMAT_TLV, .code = 0x8f,
		    .outcome = "passed-over", .bytes = 70, .rtt_us = 45, .retransmissions = 1, .blocks = 2 },
		{ .operation = "finish", .path = "", .content_format = 4242, .outcome = "timeout" },
	};
	const char *warnings[] = { "one", "two" };

	(void)state;
	expect_body(&(struct history){ .session = 0x1000000000a5, .endpoint = "dev",
	    .peer = "192.0.2.1:49152",
	    .scheme = "coaps", .identity = "id", .profile = "eu", .started_ms = 1767323045678,
	    .duration_ms = 812, .result = HISTORY_FINISHED, .reason = "", .cause = "", .lwm2m = 0x0101,
	    .format = FORMAT_TLV, .steps = steps, .nsteps = 3, .warnings = warnings, .nwarnings = 2 },
	    "{\"session\":\"00001000000000a5\",\"peer\":\"192.0.2.1:49152\",\"scheme\":\"coaps\","
	    "\"identity\":\"id\",\"profile\":\"eu\",\"started\":\"2026-01-02T03:04:05.678Z\","
	    "\"duration_ms\":812,\"result\":\"finished\",\"reason\":\"\",\"cause\":\"\",\"lwm2m\":\"1.1\","
	    "\"format\":\"tlv\",\"steps\":["
	    "{\"operation\":\"delete\",\"path\":\"/0\",\"code\":\"2.02\",\"outcome\":\"ok\",\"bytes\":0,"
	    "\"rtt_ms\":1234.567,\"retransmissions\":0,\"blocks\":0},"
	    "{\"operation\":\"write\",\"path\":\"/0/1\",\"format\":\"tlv\",\"code\":\"4.15\","
	    "\"outcome\":\"passed-over\",\"bytes\":70,\"rtt_ms\":0.045,\"retransmissions\":1,\"blocks\":2},"
	    "{\"operation\":\"finish\",\"path\":\"\",\"format\":4242,\"code\":null,\"outcome\":\"timeout\","
	    "\"bytes\":0,\"rtt_ms\":0.000,\"retransmissions\":0,\"blocks\":0}],"
	    "\"warnings\":[\"one\",\"two\"]}");
}

static void
what_is_not_known_is_null(void **state)
{
	(void)state;
	expect_body(&(struct history){ .session = UINT64_MAX, .peer = "p", .scheme = "coap",
	    .result = HISTORY_REFUSED, .reason = "unknown-endpoint", .cause = "No record.", .format = -1 },
	    "{\"session\":\"ffffffffffffffff\",\"peer\":\"p\",\"scheme\":\"coap\",\"identity\":null,"
	    "\"profile\":null,\"started\":\"1970-01-01T00:00:00.000Z\",\"duration_ms\":0,"
	    "\"result\":\"refused\",\"reason\":\"unknown-endpoint\",\"cause\":\"No record.\",\"lwm2m\":null,"
	    "\"format\":null,\"steps\":[],\"warnings\":[]}");
}

static void
expect_text(const char *in, const char *out)
{
	struct jtext j = { 0 };
	json_t *read;

	jtext_string(&j, in);
	assert_int_equal(j.len, strlen(out));
	assert_memory_equal(j.p, out, j.len);
	read = json_loadb(j.p, j.len, JSON_DECODE_ANY, NULL);	/* somebody else's parser takes it */
	assert_non_null(read);
	json_decref(read);
	jtext_fini(&j);
}

static void
octets_of_peers_become_valid_json(void **state)
{
	(void)state;
	expect_text("", "\"\"");
	expect_text("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	expect_text("\n\r\t\b\x01\x1f\x7f", "\"\\n\\r\\t\\u0008\\u0001\\u001f\x7f\"");
	expect_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	expect_text("\xff", "\"\xef\xbf\xbd\"");
	expect_text("a\xc3", "\"a\xef\xbf\xbd\"");			/* ends early */
	expect_text("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");	/* overlong */
	expect_text("\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");	/* surrogate */
	expect_text("\xf4\x90\x80\x80z", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
	expect_text("\xf0\x9f\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void
numbers_are_written_whole(void **state)
{
	struct jtext j = { 0 };

	(void)state;
	jtext_lit(&j, "[");
	jtext_item(&j);
	jtext_int(&j, INT64_MIN);
	jtext_item(&j);
	jtext_int(&j, INT64_MAX);
	jtext_item(&j);
	jtext_int(&j, 0);
	jtext_lit(&j, "]");
	assert_int_equal(j.len, strlen("[-9223372036854775808,9223372036854775807,0]"));
	assert_memory_equal(j.p, "[-9223372036854775808,9223372036854775807,0]", j.len);
	jtext_fini(&j);
}

static void
long_texts_make_the_buffer_grow(void **state)
{
	struct jtext j = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		jtext_lit(&j, "0123456789");
	assert_int_equal(j.len, 100000);
	assert_memory_equal(j.p + 99990, "0123456789", 10);
	jtext_reset(&j);
	assert_int_equal(j.len, 0);
	jtext_fini(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_result_has_its_name),
		cmocka_unit_test(finished_session_is_told_with_every_step),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(octets_of_peers_become_valid_json),
		cmocka_unit_test(numbers_are_written_whole),
		cmocka_unit_test(long_texts_make_the_buffer_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
