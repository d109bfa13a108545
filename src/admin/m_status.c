#include <jansson.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/method.h"

static json_t *
store_status(struct store *st, uint64_t endpoints, uint64_t profiles)
{
	return json_pack("{s:I, s:I, s:i, s:{s:I, s:I}}", "endpoints", (json_int_t)endpoints,
	    "profiles", (json_int_t)profiles, "schema_version", store_schema_version(st),
	    "events", "first", (json_int_t)store_event_first(st), "last", (json_int_t)store_event_last(st));
}

static json_t *
admin_status(const struct admin *a)
{
	json_int_t subscriptions = 0;

	for (const struct conn *c = a->conns; c != NULL; c = c->next)
		subscriptions += c->subscribed;
	return json_pack("{s:s, s:I, s:I, s:I}", "socket", a->opts.socket,
	    "connections", (json_int_t)a->nconns, "subscriptions", subscriptions,
	    "max_connections", (json_int_t)a->opts.max_connections);
}

void
method_status(struct call *call, json_t *params)
{
	struct admin *a = call->admin;
	uint64_t endpoints, profiles;
	struct rpc_fault f = { 0 };
	enum err e = store_count(a->opts.store, &endpoints, &profiles);

	(void)params;
	if (e != ERR_OK) {
		change_store_failed(call, e, &f);
		call_fail(call, &f);
		return;
	}
	json_t *status = a->opts.backend.status(a->opts.backend.arg);
	if (status != NULL) {
		json_object_set_new(status, "store", store_status(a->opts.store, endpoints, profiles));
		json_object_set_new(status, "admin", admin_status(a));
	}
	call_result(call, status);
}
