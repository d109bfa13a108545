#include <inttypes.h>
#include <jansson.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/method.h"

/* Live sessions, which only the daemon knows, and finished ones, which the store keeps. */

void
method_session_list(struct call *call, json_t *params)
{
	const struct admin_backend *b = &call->admin->opts.backend;
	uint32_t limit = (uint32_t)param_number(params, "limit", PAGE_DEFAULT);
	json_t *list = b->sessions(b->arg, param_text(params, "endpoint"), param_id(params, "after"),
	    limit + 1);
	json_t *next = NULL;

	if (json_array_size(list) > limit) {
		json_array_remove(list, limit);
		next = json_object_get(json_array_get(list, limit - 1), "session");
	}
	call_result(call, list == NULL ? NULL : json_pack("{s:o, s:O?}", "sessions", list, "next", next));
}

static void
unknown_session(struct call *call)
{
	struct rpc_fault f;

	rpc_refuse(&f, RPC_NOT_FOUND, "not-found", "/session", "There is no such session (any more).");
	rpc_hint(&f, "\"history\" has those that ended");
	call_fail(call, &f);
}

static void
session_told(void *arg, json_t *session)
{
	struct call *call = arg;

	if (session == NULL)
		unknown_session(call);
	else
		call_result(call, session);
}

void
method_session_get(struct call *call, json_t *params)
{
	const struct admin_backend *b = &call->admin->opts.backend;
	enum err e = b->session_get(b->arg, param_id(params, "session"), session_told, call);

	if (e == ERR_NOTFOUND)
		unknown_session(call);
	else if (e != ERR_OK)
		call_refuse(call, RPC_UNAVAILABLE, "unavailable", "", "The session cannot be asked: %s.",
		    err_text(e));
}

void
method_session_cancel(struct call *call, json_t *params)
{
	const struct admin_backend *b = &call->admin->opts.backend;
	uint64_t id = param_id(params, "session");
	enum err e = b->session_cancel(b->arg, id);

	if (e == ERR_NOTFOUND) {
		unknown_session(call);
	} else if (e != ERR_OK) {
		call_refuse(call, RPC_UNAVAILABLE, "unavailable", "", "The session cannot be cancelled: %s.",
		    err_text(e));
	} else {
		change_log(call, "ses=%" PRIx64 " cancelled", id);
		call_result(call, json_object());
	}
}

/* --- history --- */

struct page {
	json_t		*entries;
	size_t		 limit;
	int64_t		 oldest;
	bool		 more, failed;
};

static bool
add_entry(void *arg, int64_t seq, const char *text, size_t len)
{
	struct page *page = arg;
	json_t *entry;

	if (json_array_size(page->entries) >= page->limit) {
		page->more = true;
		return false;
	}
	entry = json_loadb(text, len, 0, NULL);
	if (json_array_append_new(page->entries, entry) < 0) {
		page->failed = true;
		return false;
	}
	page->oldest = seq;
	return true;
}

void
method_history(struct call *call, json_t *params)
{
	int64_t limit = param_number(params, "limit", PAGE_DEFAULT);
	struct page page = { .entries = json_array(), .limit = (size_t)limit };
	struct rpc_fault f = { 0 };
	enum err e = store_history_read(call->admin->opts.store, param_text(params, "endpoint"),
	    param_number(params, "after", 0), (uint32_t)limit + 1, add_entry, &page);

	if (e != ERR_OK || page.failed) {
		json_decref(page.entries);
		change_store_failed(call, e != ERR_OK ? e : ERR_DB, &f);
		call_fail(call, &f);
		return;
	}
	call_result(call, json_pack("{s:o, s:o}", "entries", page.entries,
	    "next", page.more ? json_integer(page.oldest) : json_null()));
}
