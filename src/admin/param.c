#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/param.h"
#include "base/text.h"

static const char *const type_words[] = {
	[PARAM_TEXT] = "a string", [PARAM_NUMBER] = "a whole number", [PARAM_BOOL] = "true or false",
	[PARAM_OBJECT] = "an object", [PARAM_ARRAY] = "an array", [PARAM_ID] = "a session id",
};

static const struct param *
find(const struct param *list, const char *name)
{
	for (; list->name != NULL; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static void
hint_known(const struct param *list, struct rpc_fault *f)
{
	char known[160] = "";
	size_t n = 0;

	for (; list->name != NULL && n < sizeof(known); list++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n > 0 ? ", " : "", list->name);
	if (n > 0)
		rpc_hint(f, "known: %s", known);
	else
		rpc_hint(f, "this method takes no parameters");
}

/* Hex as sessions stand in logs, "4f21". */
static bool
read_hex(const char *s, uint64_t *ret)
{
	char *end;
	size_t len = strlen(s);

	if (len == 0 || len > 16 || strspn(s, "0123456789abcdefABCDEF") != len)
		return false;
	*ret = strtoull(s, &end, 16);
	return *end == '\0';
}

static bool
has_type(const struct param *p, const json_t *v)
{
	uint64_t id;

	switch (p->type) {
	case PARAM_TEXT:
		return json_is_string(v);
	case PARAM_NUMBER:
		return json_is_integer(v);
	case PARAM_BOOL:
		return json_is_boolean(v);
	case PARAM_OBJECT:
		return json_is_object(v);
	case PARAM_ARRAY:
		return json_is_array(v);
	case PARAM_ID:
		return (json_is_integer(v) && json_integer_value(v) >= 0) ||
		    (json_is_string(v) && read_hex(json_string_value(v), &id));
	}
	return false;
}

static enum rpc_error
check_value(const struct param *p, const json_t *v, struct rpc_fault *f)
{
	char where[64] = "";

	rpc_pointer_add(where, sizeof(where), p->name);
	if (!has_type(p, v))
		return rpc_refuse(f, RPC_INVALID_PARAMS, "invalid", where, "\"%s\" has to be %s.",
		    p->name, type_words[p->type]);
	if (p->type != PARAM_NUMBER)
		return RPC_OK;
	int64_t n = json_integer_value(v);
	if (n >= p->min && (p->max == 0 || n <= p->max))
		return RPC_OK;
	if (p->max == 0)
		return rpc_refuse(f, RPC_INVALID_PARAMS, "out-of-range", where,
		    "\"%s\" is %" PRId64 "; it has to be %" PRId64 " or more.", p->name, n, p->min);
	return rpc_refuse(f, RPC_INVALID_PARAMS, "out-of-range", where,
	    "\"%s\" is %" PRId64 "; it has to be %" PRId64 " to %" PRId64 ".", p->name, n, p->min, p->max);
}

enum rpc_error
param_check(const struct param *list, const json_t *params, struct rpc_fault *f)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)params, key, v) {
		const struct param *p = find(list, key);
		if (p == NULL) {
			char where[sizeof(f->problem.where)] = "";
			rpc_pointer_add(where, sizeof(where), key);
			rpc_refuse(f, RPC_INVALID_PARAMS, "unknown-key", where,
			    "There is no parameter of this name.");
			hint_known(list, f);
			return f->code;
		}
		if ((p->required || !json_is_null(v)) && check_value(p, v, f) != RPC_OK)
			return f->code;
	}
	for (; list->name != NULL; list++) {
		if (!list->required || json_object_get(params, list->name) != NULL)
			continue;
		char where[64] = "";
		rpc_pointer_add(where, sizeof(where), list->name);
		return rpc_refuse(f, RPC_INVALID_PARAMS, "missing", where, "\"%s\" is missing: %s.",
		    list->name, type_words[list->type]);
	}
	return RPC_OK;
}

const char *
param_text(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

int64_t
param_number(const json_t *params, const char *name, int64_t otherwise)
{
	const json_t *v = json_object_get(params, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool
param_bool(const json_t *params, const char *name)
{
	return json_is_true(json_object_get(params, name));
}

uint64_t
param_id(const json_t *params, const char *name)
{
	const json_t *v = json_object_get(params, name);
	uint64_t id = 0;

	if (json_is_string(v) && read_hex(json_string_value(v), &id))
		return id;
	return json_is_integer(v) ? (uint64_t)json_integer_value(v) : 0;
}
