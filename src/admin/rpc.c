#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/rpc.h"
#include "base/text.h"

enum rpc_error
rpc_refuse(struct rpc_fault *f, enum rpc_error code, const char *reason, const char *where,
    const char *fmt, ...)
{
	va_list ap;

	*f = (struct rpc_fault){ .code = code };
	snprintf(f->problem.reason, sizeof(f->problem.reason), "%s", reason);
	snprintf(f->problem.where, sizeof(f->problem.where), "%s", where);
	va_start(ap, fmt);
	vsnprintf(f->problem.text, sizeof(f->problem.text), fmt, ap);
	va_end(ap);
	return code;
}

void
rpc_hint(struct rpc_fault *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->hint, sizeof(f->hint), fmt, ap);
	va_end(ap);
}

void
rpc_pointer_add(char *pointer, size_t cap, const char *key)
{
	size_t n = strlen(pointer);

	if (n + 1 < cap)
		pointer[n++] = '/';
	for (; *key != '\0' && n + 2 < cap; key++) {
		if (*key == '~' || *key == '/') {
			pointer[n++] = '~';
			pointer[n++] = *key == '~' ? '0' : '1';
		} else {
			pointer[n++] = *key;
		}
	}
	pointer[n < cap ? n : cap - 1] = '\0';
}

/* jansson's own limit is 2048 levels, which is more stack than an answer to it is worth. */
static bool
too_deep(const char *p, size_t len)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				quoted = false;
		} else if (p[i] == '"') {
			quoted = true;
		} else if (p[i] == '[' || p[i] == '{') {
			if (++depth > RPC_DEPTH_MAX)
				return true;
		} else if ((p[i] == ']' || p[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static enum rpc_error
batch_size(const json_t *doc, struct rpc_fault *f)
{
	if (json_array_size(doc) == 0)
		return rpc_refuse(f, RPC_INVALID_REQUEST, "empty-batch", "",
		    "The batch holds no request.");
	if (json_array_size(doc) > RPC_BATCH_MAX)
		return rpc_refuse(f, RPC_INVALID_REQUEST, "limit", "",
		    "The batch holds %zu requests; %d are the most in one line.",
		    json_array_size(doc), RPC_BATCH_MAX);
	return RPC_OK;
}

enum rpc_error
rpc_parse(const char *p, size_t len, struct rpc_line *ret, struct rpc_fault *f)
{
	json_error_t why;
	json_t *doc;

	if (too_deep(p, len))
		return rpc_refuse(f, RPC_PARSE_ERROR, "too-deep", "",
		    "The line nests deeper than %d levels.", RPC_DEPTH_MAX);
	doc = json_loadb(p, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (doc == NULL)
		return rpc_refuse(f, RPC_PARSE_ERROR, "parse-error", "",
		    "The line is not JSON: %s (byte %d).", why.text, why.position);
	if (json_is_array(doc) && batch_size(doc, f) != RPC_OK) {
		json_decref(doc);
		return f->code;
	}
	*ret = (struct rpc_line){ .doc = doc, .batch = json_is_array(doc),
		.n = json_is_array(doc) ? json_array_size(doc) : 1 };
	return RPC_OK;
}

void
rpc_line_fini(struct rpc_line *l)
{
	json_decref(l->doc);
	*l = (struct rpc_line){ 0 };
}

/* Only what JSON-RPC 2.0, 4 names: a misspelt "params" must not go unnoticed. */
static enum rpc_error
check_members(json_t *r, struct rpc_fault *f)
{
	const char *key;
	json_t *v;

	json_object_foreach(r, key, v) {
		if (strcmp(key, "jsonrpc") == 0 || strcmp(key, "id") == 0 ||
		    strcmp(key, "method") == 0 || strcmp(key, "params") == 0)
			continue;
		char where[64] = "";
		rpc_pointer_add(where, sizeof(where), key);
		rpc_refuse(f, RPC_INVALID_REQUEST, "unknown-key", where,
		    "A request has no member of this name.");
		rpc_hint(f, "known: jsonrpc, id, method, params");
		return f->code;
	}
	return RPC_OK;
}

static enum rpc_error
check_request(json_t *r, struct rpc_request *ret, struct rpc_fault *f)
{
	const json_t *version = json_object_get(r, "jsonrpc");
	const json_t *method = json_object_get(r, "method");
	json_t *params = json_object_get(r, "params");

	if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0)
		return rpc_refuse(f, RPC_INVALID_REQUEST, "invalid-request", "/jsonrpc",
		    "\"jsonrpc\" has to be \"2.0\".");
	if (!json_is_string(method))
		return rpc_refuse(f, RPC_INVALID_REQUEST, "invalid-request", "/method",
		    "\"method\" has to be the name of a method.");
	if (json_is_array(params))
		return rpc_refuse(f, RPC_INVALID_PARAMS, "positional-params", "/params",
		    "Parameters go by name here: \"params\" has to be an object, not an array.");
	if (params != NULL && !json_is_object(params))
		return rpc_refuse(f, RPC_INVALID_REQUEST, "invalid-request", "/params",
		    "\"params\" has to be an object.");
	if (check_members(r, f) != RPC_OK)
		return f->code;
	ret->method = json_string_value(method);
	ret->params = params;
	return RPC_OK;
}

enum rpc_error
rpc_request_at(const struct rpc_line *l, size_t i, struct rpc_request *ret, struct rpc_fault *f)
{
	json_t *r = l->batch ? json_array_get(l->doc, i) : l->doc;
	json_t *id = json_object_get(r, "id");

	*ret = (struct rpc_request){ .id = json_null() };
	if (!json_is_object(r))
		return rpc_refuse(f, RPC_INVALID_REQUEST, "invalid-request", "",
		    "A request is a JSON object with \"jsonrpc\", \"id\", \"method\" and \"params\".");
	if (id != NULL && !json_is_string(id) && !json_is_integer(id) && !json_is_null(id))
		return rpc_refuse(f, RPC_INVALID_REQUEST, "invalid-id", "/id",
		    "\"id\" has to be a string or a whole number.");
	if (id != NULL)
		ret->id = id;
	if (check_request(r, ret, f) != RPC_OK)
		return f->code;
	ret->id = id;		/* from here on without an id it is a notification */
	return RPC_OK;
}

json_t *
rpc_text(const char *s)
{
	size_t len = strlen(s);

	for (size_t cut = 0; cut < 4 && cut <= len; cut++)
		if (text_is_utf8(s, len - cut))
			return json_stringn(s, len - cut);
	return json_string("(not UTF-8)");
}

json_t *
rpc_result(json_t *id, json_t *result)
{
	return json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result);
}

json_t *
rpc_error(json_t *id, struct rpc_fault *f)
{
	json_t *data = json_pack("{s:o, s:o, s:o}", "reason", rpc_text(f->problem.reason),
	    "pointer", rpc_text(f->problem.where), "hint", rpc_text(f->hint));

	if (f->errors != NULL && data != NULL)
		json_object_set_new(data, "errors", f->errors);
	else
		json_decref(f->errors);
	f->errors = NULL;
	return json_pack("{s:s, s:O, s:{s:i, s:o, s:o}}", "jsonrpc", "2.0", "id", id, "error",
	    "code", (int)f->code, "message", rpc_text(f->problem.text), "data", data);
}
