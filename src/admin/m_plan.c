#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/check.h"
#include "admin/method.h"
#include "admin/show.h"
#include "admin/step.h"
#include "bootstrap/plan.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "store/config.h"

/*
 * "plan": what a session would send, made by the function that a session calls. The parameters
 * are {"endpoint"}, or {"record"}, or a record itself; the options below may stand beside.
 */

static const struct param options[] = {
	{ .name = "lwm2m", .type = PARAM_TEXT },
	{ .name = "pct", .type = PARAM_NUMBER, .min = 0, .max = 65535 },
	{ .name = "discovery", .type = PARAM_TEXT },
	{ .name = "reveal", .type = PARAM_BOOL },
	{ .name = NULL },
};

/* Moves the options out of 'params' (a copy of what came), which leaves the record. */
static enum rpc_error
split(json_t *params, json_t *opts, struct rpc_fault *f)
{
	for (const struct param *p = options; p->name != NULL; p++) {
		json_t *v = json_object_get(params, p->name);
		if (v == NULL)
			continue;
		json_object_set(opts, p->name, v);
		json_object_del(params, p->name);
	}
	return param_check(options, opts, f);
}

static enum rpc_error
read_version(const char *s, uint16_t *ret, struct rpc_fault *f)
{
	if (s == NULL)
		return RPC_OK;
	if (strlen(s) != 3 || s[0] != '1' || s[1] != '.' || s[2] < '0' || s[2] > '2')
		return rpc_refuse(f, RPC_INVALID_PARAMS, "invalid", "/lwm2m",
		    "\"lwm2m\" has to be \"1.0\", \"1.1\" or \"1.2\".");
	*ret = (uint16_t)(0x0100 | (s[2] - '0'));
	return RPC_OK;
}

/* What the device is taken to be; the same choice as a session makes. */
static enum rpc_error
read_device(const json_t *opts, struct check *c, struct plan_device *ret, struct rpc_fault *f)
{
	const char *links = param_text(opts, "discovery");
	struct plan_device dev = {
		.lwm2m = c->resolved.lwm2m, .format = c->resolved.format,
		.pct = (int)param_number(opts, "pct", -1),
	};
	struct discovery *d;

	if (links != NULL) {
		d = arena_alloc(&c->arena, sizeof(*d));
		enum err e = d == NULL ? ERR_NOMEM :
		    discovery_parse(links, strlen(links), &c->arena, d);
		if (e != ERR_OK)
			return rpc_refuse(f, RPC_INVALID_PARAMS, "invalid", "/discovery",
			    "The discovery answer cannot be read: %s.", err_text(e));
		dev.discovery = d;
		if (d->lwm2m != 0)
			dev.lwm2m = d->lwm2m;
	}
	if (read_version(param_text(opts, "lwm2m"), &dev.lwm2m, f) != RPC_OK)
		return f->code;
	*ret = dev;
	return RPC_OK;
}

/* By name: what is stored, or a profile that matches. */
static enum rpc_error
resolve_name(struct admin *a, const char *endpoint, struct check *c, struct rpc_fault *f)
{
	struct problem why = { .text = "" };
	enum err e;

	*c = (struct check){ .held = false };
	arena_init(&c->arena, 16U * 1024, 0);
	admin_settle(a);
	e = resolve_endpoint(a->opts.resolver, endpoint, &c->arena, &c->resolved, &why);
	c->held = e == ERR_OK;
	if (e == ERR_NOTFOUND) {
		rpc_refuse(f, RPC_NOT_FOUND, "unknown-endpoint", "/endpoint",
		    "The endpoint \"%.200s\" has no record, and no profile matches it.", endpoint);
		rpc_hint(f, "the device would be refused as \"unknown-endpoint\"");
		return f->code;
	}
	return e == ERR_OK ? check_mints(c->resolved.auth, c->resolved.config, f) :
	    check_failed(f, e, &why);
}

static enum rpc_error
resolve(struct admin *a, json_t *subject, struct check *c, struct rpc_fault *f)
{
	static const struct param only_name[] = {
		{ .name = "endpoint", .type = PARAM_TEXT, .required = true }, { .name = NULL },
	};
	json_t *record = json_object_get(subject, "record");

	if (record != NULL && json_object_size(subject) == 1)
		return check_resolve(a, record, c, f);
	if (json_object_size(subject) > 1)
		return check_resolve(a, subject, c, f);
	*c = (struct check){ .held = false };
	arena_init(&c->arena, 0, 0);
	if (param_check(only_name, subject, f) != RPC_OK)
		return f->code;
	return resolve_name(a, param_text(subject, "endpoint"), c, f);
}

static json_t *
texts(const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, rpc_text(v[i]));
	return list;
}

/* The question that comes before the plan stands first in what a session sends. */
static void
add_discovery(json_t *steps, json_t *notes, const struct check *c, const struct plan_device *dev)
{
	const struct plan_step discover = {
		.kind = STEP_DISCOVER, .optional = true, .path = plan_discovery_path(&c->resolved),
		.content_format = -1, .accept = FORMAT_LINK,
	};

	if (!plan_wants_discovery(&c->resolved))
		return;
	json_array_append_new(steps, step_describe(&discover, NULL, true));
	if (dev->discovery == NULL)
		json_array_append_new(notes, json_string("The device is asked first; what it answers may "
		    "move instances. This is the plan for one that cannot answer (\"discovery\" shows "
		    "another)."));
}

static json_t *
describe(struct admin *a, const struct check *c, const struct plan_device *dev,
    const struct plan *plan, bool reveal)
{
	const struct resolved *r = &c->resolved;
	json_t *steps = json_array();
	json_t *notes = json_array();

	add_discovery(steps, notes, c, dev);
	for (size_t i = 0; i < plan->nsteps; i++)
		json_array_append_new(steps, step_describe(&plan->steps[i], a->opts.defs, reveal));
	for (size_t i = 0; i < plan->nnotes; i++)
		json_array_append_new(notes, rpc_text(plan->notes[i]));
	return json_pack("{s:s, s:s, s:s?, s:b, s:o, s:o, s:o}", "endpoint", r->endpoint,
	    "matched", r->matched, "profile", r->profile, "enabled", r->enabled, "notes", notes,
	    "warnings", texts((const char *const *)r->config->warnings, r->config->nwarnings),
	    "steps", steps);
}

static enum rpc_error
make(struct call *call, const json_t *opts, struct check *c, json_t **ret, struct rpc_fault *f)
{
	struct admin *a = call->admin;
	struct problem why = { .text = "" };
	struct plan_device dev;
	struct plan *plan;

	if (c->resolved.config == NULL)
		return rpc_refuse(f, RPC_INVALID_PARAMS, "no-config", "/config",
		    "Nothing says what this device is to hold: it would be refused as \"no-config\".");
	if (read_device(opts, c, &dev, f) != RPC_OK ||
	    show_may_reveal(call, opts, "plan of", c->resolved.endpoint, f) != RPC_OK)
		return f->code;
	enum err e = plan_build(&c->resolved, &dev, a->opts.defs, NULL, &c->arena, &plan, &why);
	if (e != ERR_OK)
		return check_failed(f, e, &why);
	*ret = describe(a, c, &dev, plan, param_bool(opts, "reveal"));
	return RPC_OK;
}

void
method_plan(struct call *call, json_t *params)
{
	json_t *subject = json_copy(params), *opts = json_object(), *result = NULL;
	struct rpc_fault f = { 0 };
	struct check c;
	enum rpc_error code = split(subject, opts, &f);

	if (code == RPC_OK) {
		code = resolve(call->admin, subject, &c, &f);
		if (code == RPC_OK)
			code = make(call, opts, &c, &result, &f);
		check_fini(&c);
	}
	if (code == RPC_OK)
		call_result(call, result);
	else
		call_fail(call, &f);
	json_decref(subject);
	json_decref(opts);
}
