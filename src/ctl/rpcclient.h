#ifndef CTL_RPCCLIENT_H
#define CTL_RPCCLIENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"

struct json_t;
struct rpcclient;

/* A client of the admin socket: one connection, requests one behind the other, blocking. */

/* ERR_CLOSED: nobody is there (no socket, refused, not allowed); *why says what and what to do. */
enum err rpcclient_open(const char *socket, struct rpcclient **ret, struct problem *why) MUST_CHECK;
void	 rpcclient_close(struct rpcclient *);

/*
 * Sends a request; borrows 'params' (an object, or NULL). Answers that arrive meanwhile are
 * kept for rpcclient_next(). *id is the number of the request. ERR_CLOSED, ERR_NOMEM.
 */
enum err rpcclient_send(struct rpcclient *, const char *method, struct json_t *params, int64_t *id)
    MUST_CHECK;

/*
 * The next message of the daemon, answer or notification; returned owned. Waits 'timeout_ms',
 * -1: for ever. ERR_TIMEOUT, ERR_CLOSED, ERR_MALFORMED (no JSON object), ERR_NOMEM.
 */
enum err rpcclient_next(struct rpcclient *, int timeout_ms, struct json_t **ret) MUST_CHECK;

/* Sends and waits for the answer to it, whole: {"result"} or {"error"}. Notifications are passed over. */
enum err rpcclient_call(struct rpcclient *, const char *method, struct json_t *params,
    struct json_t **ret) MUST_CHECK;

/* Waits, without a connection: for the time between two attempts to connect. */
void	 rpcclient_pause(int ms);

#endif
