#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/check.h"
#include "admin/method.h"
#include "admin/show.h"
#include "base/log.h"
#include "base/text.h"
#include "lwm2m/format.h"

static enum rpc_error
set_endpoint(struct call *call, json_t *doc, json_t *warnings, json_t **ret, struct rpc_fault *f)
{
	struct check c;
	char name[LOG_WORD_MAX];
	bool created = false;
	enum rpc_error code = check_endpoint(call->admin, doc, warnings, &c, f);

	if (code == RPC_OK)
		code = change_begin(call, f);
	if (code == RPC_OK) {
		code = change_put_endpoint(call, &c, doc, &created, f);
		if (code == RPC_OK)
			code = change_event(call, "endpoint.set", c.record.endpoint,
			    json_pack("{s:s?, s:b, s:b}", "profile", c.record.profile,
				"enabled", c.record.enabled, "created", created), f);
		code = change_end(call, code, f);
	}
	if (code == RPC_OK) {
		change_log(call, "ep=%s record %s profile=%s", log_word(c.record.endpoint, name),
		    created ? "created" : "replaced", c.record.profile != NULL ? c.record.profile : "-");
		*ret = json_pack("{s:s, s:b, s:O}", "endpoint", c.record.endpoint, "created", created,
		    "warnings", warnings);
	}
	check_fini(&c);
	return code;
}

void
method_endpoint_set(struct call *call, json_t *params)
{
	json_t *warnings = json_array(), *result = NULL;
	struct rpc_fault f = { 0 };

	if (set_endpoint(call, params, warnings, &result, &f) == RPC_OK)
		call_result_when_durable(call, result);
	else
		call_fail(call, &f);
	json_decref(warnings);
}

void
method_endpoint_get(struct call *call, json_t *params)
{
	const char *endpoint = param_text(params, "endpoint");
	struct rpc_fault f = { 0 };
	json_t *doc = NULL;

	if (show_may_reveal(call, params, "endpoint", endpoint, &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	enum err e = store_endpoint_get(call->admin->opts.store, endpoint, &doc);
	if (e == ERR_OK) {
		show_record(call, params, doc);
		return;
	}
	change_store_failed(call, e, &f);
	if (e == ERR_NOTFOUND) {
		rpc_refuse(&f, RPC_NOT_FOUND, "not-found", "/endpoint",
		    "There is no record of the endpoint \"%.252s\".", endpoint);
		rpc_hint(&f, "a device without one may still match a profile: see \"plan\"");
	}
	call_fail(call, &f);
}

static enum rpc_error
remove_endpoint(struct call *call, const char *endpoint, struct rpc_fault *f)
{
	enum rpc_error code = change_begin(call, f);

	if (code != RPC_OK)
		return code;
	enum err e = store_endpoint_remove(call->admin->opts.store, endpoint);
	if (e == ERR_NOTFOUND)
		code = rpc_refuse(f, RPC_NOT_FOUND, "not-found", "/endpoint",
		    "There is no record of the endpoint \"%.252s\".", endpoint);
	else if (e != ERR_OK)
		code = change_store_failed(call, e, f);
	else
		code = change_event(call, "endpoint.removed", endpoint, NULL, f);
	return change_end(call, code, f);
}

void
method_endpoint_remove(struct call *call, json_t *params)
{
	const char *endpoint = param_text(params, "endpoint");
	struct rpc_fault f = { 0 };
	char name[LOG_WORD_MAX];

	if (remove_endpoint(call, endpoint, &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	change_log(call, "ep=%s record removed", log_word(endpoint, name));
	call_result_when_durable(call, json_pack("{s:s}", "endpoint", endpoint));
}

/* --- list --- */

struct page {
	json_t		*items;
	size_t		 limit;
	bool		 more;
};

static bool
add_item(void *arg, const struct endpoint_item *it)
{
	struct page *page = arg;
	char time[TEXT_TIME_MAX], version[8];
	json_t *last;

	if (json_array_size(page->items) >= page->limit) {
		page->more = true;
		return false;
	}
	last = it->device.at_ms != 0 ? json_string(text_time(it->device.at_ms, time)) : json_null();
	snprintf(version, sizeof(version), "%u.%u", it->device.lwm2m >> 8, it->device.lwm2m & 0xff);
	json_array_append_new(page->items, json_pack("{s:s, s:s?, s:b, s:s, s:o, s:s?, s:s?}",
	    "endpoint", it->endpoint, "profile", it->profile, "enabled", it->enabled,
	    "state", it->device.state, "last", last,
	    "lwm2m", it->device.lwm2m != 0 ? version : NULL,
	    "format", it->device.format >= 0 ? format_name(it->device.format) : NULL));
	return true;
}

void
method_endpoint_list(struct call *call, json_t *params)
{
	int64_t limit = param_number(params, "limit", PAGE_DEFAULT);
	struct page page = { .items = json_array(), .limit = (size_t)limit };
	const struct endpoint_filter filter = {
		.prefix = param_text(params, "prefix"), .profile = param_text(params, "profile"),
		.state = param_text(params, "state"), .after = param_text(params, "after"),
		.limit = (uint32_t)limit + 1,	/* one more tells whether there is a next page */
	};
	struct rpc_fault f = { 0 };
	json_t *next = NULL;

	enum err e = store_endpoint_list(call->admin->opts.store, &filter, add_item, &page);
	if (e != ERR_OK) {
		json_decref(page.items);
		change_store_failed(call, e, &f);
		call_fail(call, &f);
		return;
	}
	if (page.more)
		next = json_object_get(json_array_get(page.items, page.limit - 1), "endpoint");
	call_result(call, json_pack("{s:o, s:O?}", "endpoints", page.items, "next", next));
}
