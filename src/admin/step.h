#ifndef ADMIN_STEP_H
#define ADMIN_STEP_H

#include <stdbool.h>

struct json_t;
struct objdefs;
struct plan_step;

/*
 * One step of a plan for people and programs: {"operation","method","path","content_format",
 * "format","accept","optional","payload","bytes","values","note"}. Without 'reveal' a payload
 * that holds a secret is {"redacted": bytes} and the value reads "(16 bytes, secret)".
 * Returns owned (json_decref), NULL: out of memory. 'defs' may be NULL for steps without payload.
 */
struct json_t	*step_describe(const struct plan_step *, const struct objdefs *, bool reveal);

#endif
