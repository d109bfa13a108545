#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/counter.h"
#include "base/err.h"
#include "bootstrap/service.h"
#include "transport/transport.h"

struct exchange_stats;
struct mailbox;
struct objdefs;
struct order;
struct oscore_numbers;
struct oscore_stats;
struct settings;
struct store;
struct worker;

/*
 * One thread that serves devices: loop, sockets, links, conversations and sessions of its own,
 * and a read-only window on the store. It shares nothing mutable with the others.
 */
struct worker_opts {
	uint16_t		 number;	/* 0 … */
	uint16_t		 of;		/* how many there are: they share ports and some limits */
	const struct settings	*settings;	/* used during worker_new() only */
	struct store		*store;		/* all borrowed */
	struct objdefs		*defs;		/* counted: the worker has a hold of its own */
	struct dtls_shared	*dtls;		/* NULL: no coaps */
	struct oscore_numbers	*numbers;	/* shared by all */
	struct mailbox		*reports;	/* to the main thread */
};

/* Not running yet: the caller's thread opens the sockets. ERR_IO leaves errno. */
enum err worker_new(const struct worker_opts *, struct worker **ret) MUST_CHECK;

/* Opens one address; 'actual' has the port that was free. */
enum err worker_listen(struct worker *, enum link_scheme, const struct addr *,
    struct addr *actual) MUST_CHECK;

enum err worker_start(struct worker *) MUST_CHECK;	/* its thread runs */
/* Other definitions from now on: a hold goes along, and the worker lets go of the old ones in its thread. */
void	 worker_take_objects(struct worker *, struct objdefs *);
void	 worker_order(struct worker *, const struct order *);	/* copies; dropped when out of memory */
/* Waits for the thread to end, then ends the open sessions, which are reported. */
void	 worker_stop(struct worker *);
void	 worker_free(struct worker *);		/* stops it first, if need be */

uint16_t worker_number(const struct worker *);
const struct transport_stats *worker_transport(const struct worker *);
const struct exchange_stats *worker_exchange(const struct worker *);
const struct oscore_stats *worker_oscore(const struct worker *);
const struct service_stats *worker_service(const struct worker *);

/* Reports that the main thread has not taken yet; it says so with worker_taken(). */
void	 worker_taken(struct worker *);
uint64_t worker_backlog(const struct worker *);
uint64_t worker_history_lost(const struct worker *);

#endif
