#include <jansson.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/check.h"
#include "admin/method.h"
#include "admin/show.h"

static enum rpc_error
put(struct call *call, const struct profile_record *rec, json_t *doc, bool *created, struct rpc_fault *f)
{
	struct store *st = call->admin->opts.store;
	json_t *before = NULL;
	enum err e = store_profile_get(st, rec->profile, &before);

	if (e != ERR_OK && e != ERR_NOTFOUND)
		return change_store_failed(call, e, f);
	*created = e == ERR_NOTFOUND;
	json_decref(before);
	e = store_profile_put(st, rec->profile, doc);
	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	return change_event(call, "profile.set", NULL,
	    json_pack("{s:s, s:b}", "profile", rec->profile, "created", *created), f);
}

static enum rpc_error
set_profile(struct call *call, json_t *doc, json_t *warnings, json_t **ret, struct rpc_fault *f)
{
	struct profile_record rec;
	struct check c;
	bool created = false;
	enum rpc_error code = check_profile(call->admin, doc, warnings, &c, &rec, f);

	if (code == RPC_OK)
		code = change_begin(call, f);
	if (code == RPC_OK)
		code = change_end(call, put(call, &rec, doc, &created, f), f);
	if (code == RPC_OK) {
		change_log(call, "profile=%s %s", rec.profile, created ? "created" : "replaced");
		*ret = json_pack("{s:s, s:b, s:O}", "profile", rec.profile, "created", created,
		    "warnings", warnings);
	}
	check_fini(&c);
	return code;
}

void
method_profile_set(struct call *call, json_t *params)
{
	json_t *warnings = json_array(), *result = NULL;
	struct rpc_fault f = { 0 };

	if (set_profile(call, params, warnings, &result, &f) == RPC_OK) {
		call->admin->profiles_unsettled = true;
		call_result_when_durable(call, result);
	} else {
		call_fail(call, &f);
	}
	json_decref(warnings);
}

static enum rpc_error
unknown(const char *profile, struct rpc_fault *f)
{
	return rpc_refuse(f, RPC_NOT_FOUND, "not-found", "/profile", "There is no profile \"%.64s\".",
	    profile);
}

void
method_profile_get(struct call *call, json_t *params)
{
	const char *profile = param_text(params, "profile");
	struct rpc_fault f = { 0 };
	json_t *doc = NULL;

	if (show_may_reveal(call, params, "profile", profile, &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	enum err e = store_profile_get(call->admin->opts.store, profile, &doc);
	if (e == ERR_OK) {
		show_record(call, params, doc);
		return;
	}
	if (e == ERR_NOTFOUND)
		unknown(profile, &f);
	else
		change_store_failed(call, e, &f);
	call_fail(call, &f);
}

/* --- remove --- */

#define USERS_MAX 1000		/* counted up to here */

static bool
count_user(void *arg, const struct endpoint_item *it)
{
	size_t *n = arg;

	(void)it;
	(*n)++;
	return true;
}

static enum rpc_error
check_unused(struct call *call, const char *profile, struct rpc_fault *f)
{
	const struct endpoint_filter users = { .profile = profile, .limit = USERS_MAX };
	size_t n = 0;
	enum err e = store_endpoint_list(call->admin->opts.store, &users, count_user, &n);

	if (e != ERR_OK)
		return change_store_failed(call, e, f);
	if (n == 0)
		return RPC_OK;
	rpc_refuse(f, RPC_CONFLICT, "in-use", "/profile",
	    "%s%zu endpoint%s the profile \"%.64s\", so it stays.", n == USERS_MAX ? "At least " : "", n,
	    n == 1 ? " names" : "s name", profile);
	rpc_hint(f, "endpoint.list with \"profile\" shows them; give them another profile first");
	return f->code;
}

static enum rpc_error
remove_profile(struct call *call, const char *profile, struct rpc_fault *f)
{
	enum rpc_error code;

	admin_settle(call->admin);	/* an endpoint that names it may be the line before */
	code = check_unused(call, profile, f);
	if (code == RPC_OK)
		code = change_begin(call, f);
	if (code != RPC_OK)
		return code;
	enum err e = store_profile_remove(call->admin->opts.store, profile);
	if (e == ERR_NOTFOUND)
		code = unknown(profile, f);
	else if (e != ERR_OK)
		code = change_store_failed(call, e, f);
	else
		code = change_event(call, "profile.removed", NULL, json_pack("{s:s}", "profile", profile), f);
	return change_end(call, code, f);
}

void
method_profile_remove(struct call *call, json_t *params)
{
	const char *profile = param_text(params, "profile");
	struct rpc_fault f = { 0 };

	if (remove_profile(call, profile, &f) != RPC_OK) {
		call_fail(call, &f);
		return;
	}
	call->admin->profiles_unsettled = true;
	change_log(call, "profile=%s removed", profile);
	call_result_when_durable(call, json_pack("{s:s}", "profile", profile));
}

/* --- list --- */

struct listing {
	const char	*prefix, *after;
	json_t		*items;
	size_t		 limit;
	bool		 more;
};

static bool
add_profile(void *arg, const char *profile, const json_t *doc)
{
	struct listing *l = arg;
	json_t *match = json_object_get(doc, "match");

	if (l->prefix != NULL && strncmp(profile, l->prefix, strlen(l->prefix)) != 0)
		return true;
	if (l->after != NULL && strcmp(profile, l->after) <= 0)
		return true;
	if (json_array_size(l->items) >= l->limit) {
		l->more = true;
		return false;
	}
	json_array_append_new(l->items, json_pack("{s:s, s:o, s:I}", "profile", profile,
	    "match", match != NULL ? json_copy(match) : json_array(), "servers",
	    (json_int_t)json_array_size(json_object_get(json_object_get(doc, "config"), "servers"))));
	return true;
}

void
method_profile_list(struct call *call, json_t *params)
{
	struct listing l = {
		.prefix = param_text(params, "prefix"), .after = param_text(params, "after"),
		.items = json_array(), .limit = (size_t)param_number(params, "limit", PAGE_DEFAULT),
	};
	struct rpc_fault f = { 0 };
	json_t *next = NULL;

	enum err e = store_profile_list(call->admin->opts.store, add_profile, &l);
	if (e != ERR_OK) {
		json_decref(l.items);
		change_store_failed(call, e, &f);
		call_fail(call, &f);
		return;
	}
	if (l.more)
		next = json_object_get(json_array_get(l.items, l.limit - 1), "profile");
	call_result(call, json_pack("{s:o, s:O?}", "profiles", l.items, "next", next));
}
