#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/check.h"
#include "admin/method.h"

#define WARNINGS_MAX 100	/* records whose warnings are told; the rest is left out */

struct import {
	struct call	*call;
	json_t		*errors, *warnings;
	json_t		*seen;		/* names in this import */
	size_t		 refused, created, replaced;
};

/* Record 'i' cannot be taken; 'f' says why, in pointers of the record. */
static void
note(struct import *im, size_t i, const json_t *doc, struct rpc_fault *f)
{
	const json_t *name = json_object_get(doc, "endpoint");

	im->refused++;
	json_array_append_new(im->errors, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}",
	    "index", (json_int_t)i,
	    "endpoint", json_is_string(name) ? json_copy((json_t *)name) : json_null(),
	    "reason", rpc_text(f->problem.reason), "pointer", rpc_text(f->problem.where),
	    "message", rpc_text(f->problem.text), "hint", rpc_text(f->hint)));
}

static enum rpc_error
take(struct import *im, json_t *doc, struct rpc_fault *f)
{
	json_t *warnings = json_array();
	struct check c;
	bool created = false;
	enum rpc_error code = check_endpoint(im->call->admin, doc, warnings, &c, f);

	if (code == RPC_OK && json_object_get(im->seen, c.record.endpoint) != NULL)
		code = rpc_refuse(f, RPC_INVALID_PARAMS, "duplicate", "/endpoint",
		    "This endpoint stands in the import twice.");
	/* Once one is refused nothing will be stored; the rest is only checked. */
	if (code == RPC_OK && im->refused == 0) {
		json_object_set_new(im->seen, c.record.endpoint, json_true());
		code = change_put_endpoint(im->call, &c, doc, &created, f);
		if (code == RPC_OK)
			code = change_event(im->call, "endpoint.set", c.record.endpoint,
			    json_pack("{s:s?, s:b, s:b, s:b}", "profile", c.record.profile,
				"enabled", c.record.enabled, "created", created, "import", 1), f);
	}
	if (code == RPC_OK && json_array_size(warnings) > 0 &&
	    json_array_size(im->warnings) < WARNINGS_MAX)
		json_array_append_new(im->warnings, json_pack("{s:s, s:O}", "endpoint", c.record.endpoint,
		    "warnings", warnings));
	if (code == RPC_OK && created)
		im->created++;
	else if (code == RPC_OK)
		im->replaced++;
	check_fini(&c);
	json_decref(warnings);
	return code;
}

static enum rpc_error
refused(struct import *im, size_t n, struct rpc_fault *f)
{
	rpc_refuse(f, RPC_INVALID_PARAMS, "records", "/records",
	    "%zu of %zu records cannot be taken, so none was stored.", im->refused, n);
	rpc_hint(f, "data.errors says which and why");
	f->errors = json_incref(im->errors);
	return f->code;
}

/* RPC_OK, or the fault of the whole. */
static enum rpc_error
take_all(struct import *im, json_t *records, struct rpc_fault *f)
{
	json_t *doc;
	size_t i;

	json_array_foreach(records, i, doc) {
		enum rpc_error code = take(im, doc, f);
		if (code == RPC_UNAVAILABLE || code == RPC_INTERNAL)
			return code;
		if (code != RPC_OK)
			note(im, i, doc, f);
	}
	return im->refused == 0 ? RPC_OK : refused(im, json_array_size(records), f);
}

static enum rpc_error
import(struct import *im, json_t *records, struct rpc_fault *f)
{
	enum rpc_error code;

	if (json_array_size(records) > RPC_IMPORT_MAX)
		return rpc_refuse(f, RPC_LIMIT, "limit", "/records",
		    "One import holds at most %d records; this one has %zu.", RPC_IMPORT_MAX,
		    json_array_size(records));
	if (im->call->admin->profiles_unsettled)
		admin_settle(im->call->admin);	/* not once the mark is set */
	code = change_begin(im->call, f);
	if (code != RPC_OK)
		return code;
	return change_end(im->call, take_all(im, records, f), f);
}

void
method_endpoint_import(struct call *call, json_t *params)
{
	struct import im = { .call = call, .errors = json_array(), .warnings = json_array(),
		.seen = json_object() };
	struct rpc_fault f = { 0 };

	if (import(&im, json_object_get(params, "records"), &f) == RPC_OK) {
		change_log(call, "import created=%zu replaced=%zu", im.created, im.replaced);
		call_result_when_durable(call, json_pack("{s:I, s:I, s:O}", "created",
		    (json_int_t)im.created, "replaced", (json_int_t)im.replaced, "warnings", im.warnings));
	} else {
		call_fail(call, &f);
	}
	json_decref(im.errors);
	json_decref(im.warnings);
	json_decref(im.seen);
}
