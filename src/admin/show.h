#ifndef ADMIN_SHOW_H
#define ADMIN_SHOW_H

#include "admin/rpc.h"

struct call;
struct json_t;

/* What is told of records, and to whom the secrets in them. */

/*
 * RPC_DENIED when "reveal" is asked for by one who may not change. When it is asked for by
 * one who may, that is logged, with what ("endpoint", "profile") and its name.
 */
enum rpc_error	 show_may_reveal(struct call *, const struct json_t *params, const char *what,
    const char *name, struct rpc_fault *) MUST_CHECK;

/* Answers with the record, redacted unless "reveal"; takes 'doc'. */
void		 show_record(struct call *, const struct json_t *params, struct json_t *doc);

#endif
