#ifndef ADMIN_CHANGE_H
#define ADMIN_CHANGE_H

#include "admin/rpc.h"
#include "base/err.h"

struct call;
struct check;
struct json_t;

/*
 * A change of the store and the events that tell of it: all or none. Between change_begin()
 * and change_end() anything may fail; the store is then as it was before.
 */
enum rpc_error	 change_begin(struct call *, struct rpc_fault *) MUST_CHECK;
/* 'so_far' RPC_OK keeps the change, anything else undoes it. Returns it, or what went wrong now. */
enum rpc_error	 change_end(struct call *, enum rpc_error so_far, struct rpc_fault *) MUST_CHECK;

/* The event "endpoint.set" and its like: who did it, and what more 'body' says (takes it; may be NULL). */
enum rpc_error	 change_event(struct call *, const char *type, const char *endpoint,
    struct json_t *body, struct rpc_fault *) MUST_CHECK;

/* Writes a checked record. *created: it was not there before. RPC_CONFLICT: its PSK identity is another's. */
enum rpc_error	 change_put_endpoint(struct call *, const struct check *, struct json_t *doc,
    bool *created, struct rpc_fault *) MUST_CHECK;

/* One line at info: what was changed, by whom. */
void		 change_log(const struct call *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The store refused: RPC_NOT_FOUND, RPC_CONFLICT or RPC_UNAVAILABLE with its words. */
enum rpc_error	 change_store_failed(struct call *, enum err, struct rpc_fault *);

#endif
