/* A line of the admin socket: framing, requests, parameters, and the answers made of them. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "admin/method.h"
#include "admin/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever came, what goes out is one line of JSON. */
static void
check_answer(json_t *answer)
{
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (text == NULL)
		abort();
	for (const char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			abort();
	free(text);
	json_decref(answer);
}

static void
one(const struct rpc_line *line, size_t i)
{
	struct rpc_fault f = { 0 };
	struct rpc_request r;
	const struct method *m;

	if (rpc_request_at(line, i, &r, &f) != RPC_OK) {
		check_answer(rpc_error(r.id, &f));
		return;
	}
	m = method_find(r.method);
	if (m == NULL)
		(void)method_nearest(r.method);
	else if (m->params != NULL && r.params != NULL && param_check(m->params, r.params, &f) != RPC_OK)
		check_answer(rpc_error(r.id != NULL ? r.id : json_null(), &f));
	else if (r.params != NULL)
		(void)param_id(r.params, "session");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rpc_fault f = { 0 };
	struct rpc_line line;

	if (rpc_parse((const char *)data, len, &line, &f) != RPC_OK) {
		check_answer(rpc_error(json_null(), &f));
		return 0;
	}
	for (size_t i = 0; i < line.n; i++)
		one(&line, i);
	rpc_line_fini(&line);
	return 0;
}
