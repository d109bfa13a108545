#ifndef ADMIN_CHECK_H
#define ADMIN_CHECK_H

#include <stdbool.h>

#include "admin/rpc.h"
#include "base/arena.h"
#include "store/record.h"
#include "store/resolve.h"

struct admin;
struct json_t;
struct plan_device;

/*
 * A record on its way into the store: everything that can be known to be wrong is found here,
 * not when the device calls (interface.md, 4).
 */
struct check {
	struct arena		 arena;
	struct endpoint_record	 record;	/* borrows the document */
	struct resolved		 resolved;
	bool			 held;
};

/*
 * Reads the record, resolves it against its profile and compiles its plan for a device of
 * which nothing is known. 'warnings' (an array) gets what is legal but odd. After success and
 * failure alike the check needs check_fini(). RPC_INVALID_PARAMS, RPC_UNAVAILABLE, RPC_INTERNAL.
 */
enum rpc_error	 check_endpoint(struct admin *, struct json_t *doc, struct json_t *warnings,
    struct check *ret, struct rpc_fault *) MUST_CHECK;
void		 check_fini(struct check *);

/* The first two of these steps: for a plan of a record that is not stored. */
enum rpc_error	 check_resolve(struct admin *, struct json_t *doc, struct check *ret,
    struct rpc_fault *) MUST_CHECK;

enum rpc_error	 check_profile(struct admin *, struct json_t *doc, struct json_t *warnings,
    struct check *ret, struct profile_record *rec, struct rpc_fault *) MUST_CHECK;

/* A plan of a record that mints is refused: there is nothing yet that makes credentials. */
enum rpc_error	 check_mints(const struct auth *, const struct config *, struct rpc_fault *) MUST_CHECK;

/* The answer to 'e', with *why when it is about what the caller gave us. */
enum rpc_error	 check_failed(struct rpc_fault *, enum err e, const struct problem *why);

#endif
