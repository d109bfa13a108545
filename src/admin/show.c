#include <jansson.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/param.h"
#include "admin/show.h"
#include "base/log.h"
#include "store/record.h"

enum rpc_error
show_may_reveal(struct call *call, const json_t *params, const char *what, const char *name,
    struct rpc_fault *f)
{
	char word[LOG_WORD_MAX];

	if (!param_bool(params, "reveal"))
		return RPC_OK;
	if (call->conn->role < ROLE_CHANGE)
		return rpc_refuse(f, RPC_DENIED, "not-authorised", "/reveal",
		    "Secrets are shown only to those who may change: root, the daemon's own user and the "
		    "members of admin.group.");
	change_log(call, "reveals the secrets of %s %s", what, log_word(name, word));
	return RPC_OK;
}

void
show_record(struct call *call, const json_t *params, json_t *doc)
{
	json_t *shown = param_bool(params, "reveal") ? json_incref(doc) : 
	    record_redact(doc, call->admin->opts.defs);

	json_decref(doc);
	call_result(call, shown);
}
