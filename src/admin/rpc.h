#ifndef ADMIN_RPC_H
#define ADMIN_RPC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/problem.h"
#include "strapd/rpc.h"

struct json_t;

/*
 * One line of the admin protocol, taken apart and put together: JSON-RPC 2.0 without any
 * input or output. What is refused is told as a struct rpc_fault, which becomes "error".
 */

struct rpc_fault {
	enum rpc_error	 code;
	struct problem	 problem;	/* where: JSON pointer into params (into the line, before that) */
	char		 hint[192];	/* what to do about it, or "" */
	struct json_t	*errors;	/* data.errors or NULL; rpc_error() takes it */
};

/* Fills a fault and returns its code. */
enum rpc_error rpc_refuse(struct rpc_fault *, enum rpc_error, const char *reason, const char *where,
    const char *fmt, ...) PRINTF_LIKE(5, 6);
void	 rpc_hint(struct rpc_fault *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A request line: one request, or a batch of them. */
struct rpc_line {
	struct json_t	*doc;		/* owned; rpc_line_fini() */
	bool		 batch;
	size_t		 n;		/* requests; 1 without batch */
};

/*
 * RPC_PARSE_ERROR (not JSON, a key twice, nested too deep), RPC_INVALID_REQUEST (an empty
 * batch or one of more than RPC_BATCH_MAX): *ret is untouched and the answer's id is null.
 */
enum rpc_error rpc_parse(const char *p, size_t len, struct rpc_line *ret, struct rpc_fault *) MUST_CHECK;
void	 rpc_line_fini(struct rpc_line *);

struct rpc_request {
	struct json_t	*id;		/* borrowed from the line; NULL: a notification, no answer */
	const char	*method;
	struct json_t	*params;	/* an object, or NULL */
};

/*
 * The request number 'i' of a line. When it is refused, ret->id is what the answer carries
 * (JSON null when the id itself is no good), and there always is an answer.
 */
enum rpc_error rpc_request_at(const struct rpc_line *, size_t i, struct rpc_request *ret,
    struct rpc_fault *) MUST_CHECK;

/* {"jsonrpc","id","result"}: takes 'result', borrows 'id'. Returns owned; NULL: out of memory. */
struct json_t *rpc_result(struct json_t *id, struct json_t *result);
/* {"jsonrpc","id","error"}: takes fault->errors. */
struct json_t *rpc_error(struct json_t *id, struct rpc_fault *);

/* A JSON string of text that may have been cut within a character. Returns owned. */
struct json_t *rpc_text(const char *);

/* Appends "/key" to a JSON pointer, escaped (RFC 6901, 3) and cut to fit. */
void	 rpc_pointer_add(char *pointer, size_t cap, const char *key);

#endif
