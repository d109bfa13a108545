#ifndef STRAPD_RPC_H
#define STRAPD_RPC_H

/* What strapd and strapctl agree on: the admin socket's protocol (docs/admin-api.md). */

#define RPC_SOCKET_DEFAULT	"/run/strapd/admin.sock"

/* JSON-RPC 2.0, 5.1, and our own from -32000 down. */
enum rpc_error {
	RPC_OK			= 0,
	RPC_PARSE_ERROR		= -32700,
	RPC_INVALID_REQUEST	= -32600,
	RPC_METHOD_NOT_FOUND	= -32601,
	RPC_INVALID_PARAMS	= -32602,	/* data.pointer says where */
	RPC_INTERNAL		= -32603,
	RPC_NOT_FOUND		= -32001,
	RPC_CONFLICT		= -32002,	/* exists, or is in use */
	RPC_DENIED		= -32003,	/* the caller may not do this */
	RPC_LIMIT		= -32004,	/* too much at once */
	RPC_UNAVAILABLE		= -32005,	/* the store failed, or the daemon is stopping */
};

/* The one notification: its params are an event of the durable log, or an "events.lost". */
#define RPC_EVENT		"event"
#define RPC_EVENTS_LOST		"events.lost"	/* {"seq","type","from","to"}: gone before they were read */

#define RPC_DEPTH_MAX		64	/* JSON nesting of a line */
#define RPC_BATCH_MAX		1000	/* requests in a batch array */
#define RPC_IMPORT_MAX		1000	/* records in one endpoint.import */
#define RPC_PAGE_MAX		1000	/* of every "limit"; the default is 100 */

#endif
