#ifndef DAEMON_REGISTRY_H
#define DAEMON_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct json_t;
struct registry;
struct worker;

/*
 * The main thread's list of live sessions of all workers. It is what lists are made from, and
 * where a device that turns up at another worker (its port changed, so the kernel's flow hash
 * did) is noticed: the older session is superseded, if the rules of service_supersede() say so.
 */
enum err registry_new(struct registry **ret) MUST_CHECK;
void	 registry_free(struct registry *);

/* Copies the strings. The worker of the device's older session, if it is another, is told. */
void	 registry_started(struct registry *, uint64_t id, struct worker *, const char *endpoint,
    const char *peer, const char *scheme, int64_t started_ms);
void	 registry_ended(struct registry *, uint64_t id);
/* That worker's session goes on: the newer one is told to end. */
void	 registry_stays(struct registry *, uint64_t older, uint64_t newer);

struct worker *registry_worker(const struct registry *, uint64_t id);	/* NULL: not live */

/* For "session.list" and "session.get"; returned objects are owned (json_decref), NULL: out of memory. */
struct json_t *registry_list(const struct registry *, const char *endpoint, uint64_t after,
    uint32_t limit, int64_t now_ms);
struct json_t *registry_get(const struct registry *, uint64_t id, int64_t now_ms);

#endif
