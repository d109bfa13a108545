#include <jansson.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/check.h"
#include "bootstrap/plan.h"
#include "store/config.h"

#define ARENA_CHUNK	(16U * 1024)
#define ARENA_LIMIT	(64U * 1024 * 1024)	/* a record as long as a line may be, and its plan */

enum rpc_error
check_failed(struct rpc_fault *f, enum err e, const struct problem *why)
{
	*f = (struct rpc_fault){ .problem = *why };
	if (e == ERR_DB || e == ERR_IO)
		return rpc_refuse(f, RPC_UNAVAILABLE, "store", "", "The store failed: %s.", err_text(e));
	if (e == ERR_NOMEM)
		return rpc_refuse(f, RPC_INTERNAL, "out-of-memory", "", "Out of memory.");
	f->code = e == ERR_NOTFOUND ? RPC_NOT_FOUND : RPC_INVALID_PARAMS;
	if (f->problem.text[0] == '\0')
		return rpc_refuse(f, f->code, "invalid", why->where, "The record cannot be taken: %s.",
		    err_text(e));
	return f->code;
}

static void
check_init(struct check *c)
{
	*c = (struct check){ .held = false };
	arena_init(&c->arena, ARENA_CHUNK, ARENA_LIMIT);
}

void
check_fini(struct check *c)
{
	if (c->held)
		resolved_release(&c->resolved);
	c->held = false;
	arena_fini(&c->arena);
}

enum rpc_error
check_mints(const struct auth *auth, const struct config *config, struct rpc_fault *f)
{
	bool key = auth != NULL && auth->kind == AUTH_PSK && auth->psk_derive != NULL;

	if (!key && (config == NULL || !config_mints(config)))
		return RPC_OK;
	rpc_refuse(f, RPC_INVALID_PARAMS, "cannot-mint", key ? "/auth/psk/key" : "/config",
	    "The record asks for a credential that the server makes ({\"random\"} or {\"derive\"}); "
	    "this version does not make any yet.");
	rpc_hint(f, "write the value itself, as {\"hex\":\"...\"}");
	return f->code;
}

enum rpc_error
check_resolve(struct admin *a, json_t *doc, struct check *ret, struct rpc_fault *f)
{
	struct problem why = { .text = "" };
	enum err e;

	check_init(ret);
	if (a->profiles_unsettled)
		admin_settle(a);	/* its profile may be the line before */
	e = record_endpoint(doc, &ret->arena, &ret->record, &why);
	if (e == ERR_OK) {
		e = resolve_record(a->opts.resolver, &ret->record, &ret->arena, &ret->resolved, &why);
		ret->held = e == ERR_OK;
	}
	if (e != ERR_OK) {
		check_failed(f, e, &why);
		if (f->code == RPC_NOT_FOUND)
			f->code = RPC_INVALID_PARAMS;	/* what it names, not what was asked for */
		return f->code;
	}
	return check_mints(ret->resolved.auth, ret->resolved.config, f);
}

static void
warn(json_t *warnings, const char *text)
{
	json_array_append_new(warnings, rpc_text(text));
}

static void
add_warnings(json_t *warnings, const struct resolved *r)
{
	if (r->config == NULL)
		warn(warnings, "Neither the record nor its profile has a \"config\": the device will be "
		    "refused as \"no-config\".");
	if (r->auth == NULL)
		warn(warnings, "Neither the record nor its profile has an \"auth\": the device will be "
		    "refused as \"not-authorised\". Write {\"none\":true} for plain CoAP.");
	for (size_t i = 0; r->config != NULL && i < r->config->nwarnings; i++)
		warn(warnings, r->config->warnings[i]);
}

enum rpc_error
check_endpoint(struct admin *a, json_t *doc, json_t *warnings, struct check *ret, struct rpc_fault *f)
{
	const struct plan_device anything = { .pct = -1, .format = -1 };
	struct problem why = { .text = "" };
	struct plan *plan;

	if (check_resolve(a, doc, ret, f) != RPC_OK)
		return f->code;
	if (ret->record.auth != NULL && auth_supported(ret->record.auth, &why) != ERR_OK)
		return check_failed(f, ERR_INVALID, &why);
	add_warnings(warnings, &ret->resolved);
	if (ret->resolved.config == NULL)
		return RPC_OK;
	enum err e = plan_build(&ret->resolved, &anything, a->opts.defs, NULL, &ret->arena, &plan, &why);
	return e == ERR_OK ? RPC_OK : check_failed(f, e, &why);
}

enum rpc_error
check_profile(struct admin *a, json_t *doc, json_t *warnings, struct check *ret,
    struct profile_record *rec, struct rpc_fault *f)
{
	struct problem why = { .text = "" };
	struct config *config = NULL;
	enum err e;

	check_init(ret);
	e = record_profile(doc, a->opts.defs, &ret->arena, rec, &why);
	if (e == ERR_OK && rec->auth != NULL)
		e = auth_supported(rec->auth, &why);
	if (e == ERR_OK && rec->config != NULL)
		e = config_parse(rec->config, a->opts.defs, NULL, "/config", &ret->arena, &config, &why);
	if (e != ERR_OK)
		return check_failed(f, e, &why);
	for (size_t i = 0; config != NULL && i < config->nwarnings; i++)
		warn(warnings, config->warnings[i]);
	return check_mints(rec->auth, config, f);
}
