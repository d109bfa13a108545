/* JSON-RPC 2.0 lines, without a socket. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "admin/param.h"
#include "admin/rpc.h"

static struct rpc_line line;
static struct rpc_fault fault;

static enum rpc_error
parse(const char *text)
{
	fault = (struct rpc_fault){ 0 };
	line = (struct rpc_line){ 0 };
	return rpc_parse(text, strlen(text), &line, &fault);
}

/* The code of the first request, as the peer would see it. */
static enum rpc_error
first(const char *text, struct rpc_request *r)
{
	enum rpc_error code = parse(text);

	return code != RPC_OK ? code : rpc_request_at(&line, 0, r, &fault);
}

static int
reset(void **state)
{
	(void)state;
	rpc_line_fini(&line);
	return 0;
}

static void
request_is_taken_apart(void **state)
{
	struct rpc_request r;

	(void)state;
	assert_int_equal(first("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\","
			       "\"params\":{\"x\":1}}", &r), RPC_OK);
	assert_string_equal(json_string_value(r.id), "a");
	assert_string_equal(r.method, "m");
	assert_int_equal(json_object_size(r.params), 1);
}

static void
request_without_id_is_a_notification(void **state)
{
	struct rpc_request r;

	(void)state;
	assert_int_equal(first("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", &r), RPC_OK);
	assert_null(r.id);
	assert_null(r.params);
}

static void
bad_json_is_a_parse_error(void **state)
{
	static const char *const bad[] = { "{", "", "nonsense", "{\"a\":1,}", "[1", "{\"a\":1}{", "\"\xff\"",
		"{\"id\":1,\"id\":2}", "1e999", "123456789012345678901234567890" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i]), RPC_PARSE_ERROR);
}

static void
deep_nesting_is_a_parse_error(void **state)
{
	char text[400];
	size_t deepest = RPC_DEPTH_MAX;

	(void)state;
	memset(text, '[', deepest);
	memset(text + deepest, ']', deepest);
	text[2 * deepest] = '\0';
	assert_int_equal(parse(text), RPC_OK);
	rpc_line_fini(&line);

	memset(text, '[', deepest + 1);
	memset(text + deepest + 1, ']', deepest + 1);
	text[2 * deepest + 2] = '\0';
	assert_int_equal(parse(text), RPC_PARSE_ERROR);
	assert_string_equal(fault.problem.reason, "too-deep");

	/* brackets inside of strings are text */
	assert_int_equal(parse("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
			       "\\\"[[[[[[[\"}"), RPC_OK);
}

static void
things_that_are_no_request_are_refused(void **state)
{
	static const struct {
		const char	*text;
		enum rpc_error	 code;
		const char	*where;
	} bad[] = {
		{ "42", RPC_INVALID_REQUEST, "" },
		{ "\"status\"", RPC_INVALID_REQUEST, "" },
		{ "{\"method\":\"m\",\"id\":1}", RPC_INVALID_REQUEST, "/jsonrpc" },
		{ "{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":1}", RPC_INVALID_REQUEST, "/jsonrpc" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_INVALID_REQUEST, "/method" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":7,\"id\":1}", RPC_INVALID_REQUEST, "/method" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"params\":[1]}",
		  RPC_INVALID_PARAMS, "/params" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"params\":3}",
		  RPC_INVALID_REQUEST, "/params" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"param\":{}}",
		  RPC_INVALID_REQUEST, "/param" },
	};
	struct rpc_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(first(bad[i].text, &r), bad[i].code);
		assert_string_equal(fault.problem.where, bad[i].where);
		assert_non_null(r.id);
		rpc_line_fini(&line);
	}
}

static void
ids_are_strings_whole_numbers_or_null(void **state)
{
	static const char *const good[] = { "1", "-7", "\"x\"", "null" };
	static const char *const bad[] = { "1.5", "true", "{}", "[1]" };
	struct rpc_request r;
	char text[96];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%s}", good[i]);
		assert_int_equal(first(text, &r), RPC_OK);
		assert_non_null(r.id);
		rpc_line_fini(&line);
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%s}", bad[i]);
		assert_int_equal(first(text, &r), RPC_INVALID_REQUEST);
		assert_true(json_is_null(r.id));
		rpc_line_fini(&line);
	}
}

static void
batches_have_one_to_a_thousand_requests(void **state)
{
	char *text = malloc(2 * RPC_BATCH_MAX + 4);
	size_t n = 0;

	(void)state;
	assert_int_equal(parse("[]"), RPC_INVALID_REQUEST);
	assert_string_equal(fault.problem.reason, "empty-batch");
	assert_int_equal(parse("[1,2]"), RPC_OK);
	assert_true(line.batch);
	assert_int_equal(line.n, 2);
	rpc_line_fini(&line);

	text[n++] = '[';
	for (int i = 0; i <= RPC_BATCH_MAX; i++) {
		text[n++] = '1';
		text[n++] = ',';
	}
	text[n - 1] = ']';
	text[n] = '\0';
	assert_int_equal(parse(text), RPC_INVALID_REQUEST);
	assert_string_equal(fault.problem.reason, "limit");
	free(text);
}

static void
error_object_says_code_place_and_hint(void **state)
{
	json_t *id = json_integer(5), *o, *e;

	(void)state;
	rpc_refuse(&fault, RPC_CONFLICT, "exists", "/auth/psk/identity", "Taken by %s.", "dev-1");
	rpc_hint(&fault, "another one");
	o = rpc_error(id, &fault);
	e = json_object_get(o, "error");
	assert_int_equal(json_integer_value(json_object_get(o, "id")), 5);
	assert_int_equal(json_integer_value(json_object_get(e, "code")), RPC_CONFLICT);
	assert_string_equal(json_string_value(json_object_get(e, "message")), "Taken by dev-1.");
	e = json_object_get(e, "data");
	assert_string_equal(json_string_value(json_object_get(e, "pointer")), "/auth/psk/identity");
	assert_string_equal(json_string_value(json_object_get(e, "hint")), "another one");
	json_decref(o);
	json_decref(id);
}

static void
text_cut_within_a_character_is_trimmed(void **state)
{
	json_t *v = rpc_text("caf\xc3\xa9 \xe2\x82");

	(void)state;
	assert_string_equal(json_string_value(v), "caf\xc3\xa9 ");
	json_decref(v);
	v = rpc_text("\xff\xff\xff\xff\xff");
	assert_true(json_is_string(v));
	json_decref(v);
}

static void
pointers_are_escaped_and_cut(void **state)
{
	char p[8] = "", q[32] = "/a";

	(void)state;
	rpc_pointer_add(q, sizeof(q), "b/c~d");
	assert_string_equal(q, "/a/b~1c~0d");
	rpc_pointer_add(p, sizeof(p), "longer than that");
	assert_true(strlen(p) < sizeof(p));
}

static void
params_are_checked_against_their_list(void **state)
{
	static const struct param list[] = {
		{ .name = "name", .type = PARAM_TEXT, .required = true },
		{ .name = "limit", .type = PARAM_NUMBER, .min = 1, .max = 10 },
		{ .name = "from", .type = PARAM_NUMBER },
		{ .name = "flag", .type = PARAM_BOOL },
		{ .name = "session", .type = PARAM_ID },
		{ .name = NULL },
	};
	static const struct {
		const char	*text, *reason, *where;
	} cases[] = {
		{ "{\"name\":\"x\",\"limit\":10,\"flag\":true,\"session\":\"4F21\"}", NULL, NULL },
		{ "{\"name\":\"x\",\"limit\":null}", NULL, NULL },
		{ "{}", "missing", "/name" },
		{ "{\"name\":null}", "invalid", "/name" },
		{ "{\"name\":1}", "invalid", "/name" },
		{ "{\"name\":\"x\",\"limit\":0}", "out-of-range", "/limit" },
		{ "{\"name\":\"x\",\"limit\":11}", "out-of-range", "/limit" },
		{ "{\"name\":\"x\",\"from\":-1}", "out-of-range", "/from" },
		{ "{\"name\":\"x\",\"limit\":1.0}", "invalid", "/limit" },
		{ "{\"name\":\"x\",\"session\":\"xyz\"}", "invalid", "/session" },
		{ "{\"name\":\"x\",\"session\":\"\"}", "invalid", "/session" },
		{ "{\"name\":\"x\",\"session\":-1}", "invalid", "/session" },
		{ "{\"name\":\"x\",\"li/mit\":5}", "unknown-key", "/li~1mit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *params = json_loads(cases[i].text, 0, NULL);
		enum rpc_error code = param_check(list, params, &fault);
		assert_int_equal(code, cases[i].reason == NULL ? RPC_OK : RPC_INVALID_PARAMS);
		if (code != RPC_OK) {
			assert_string_equal(fault.problem.reason, cases[i].reason);
			assert_string_equal(fault.problem.where, cases[i].where);
		}
		json_decref(params);
	}
	assert_string_equal(fault.hint, "known: name, limit, from, flag, session");
}

static void
session_ids_are_hex_or_numbers(void **state)
{
	json_t *p = json_loads("{\"a\":\"0000000000004f21\",\"b\":255,\"c\":\"ffffffffffffffff\"}", 0, NULL);

	(void)state;
	assert_true(param_id(p, "a") == 0x4f21);
	assert_true(param_id(p, "b") == 255);
	assert_true(param_id(p, "c") == UINT64_MAX);
	assert_true(param_id(p, "d") == 0);
	json_decref(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(request_is_taken_apart, reset),
		cmocka_unit_test_teardown(request_without_id_is_a_notification, reset),
		cmocka_unit_test_teardown(bad_json_is_a_parse_error, reset),
		cmocka_unit_test_teardown(deep_nesting_is_a_parse_error, reset),
		cmocka_unit_test_teardown(things_that_are_no_request_are_refused, reset),
		cmocka_unit_test_teardown(ids_are_strings_whole_numbers_or_null, reset),
		cmocka_unit_test_teardown(batches_have_one_to_a_thousand_requests, reset),
		cmocka_unit_test(error_object_says_code_place_and_hint),
		cmocka_unit_test(text_cut_within_a_character_is_trimmed),
		cmocka_unit_test(pointers_are_escaped_and_cut),
		cmocka_unit_test(params_are_checked_against_their_list),
		cmocka_unit_test(session_ids_are_hex_or_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
