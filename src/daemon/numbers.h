#ifndef DAEMON_NUMBERS_H
#define DAEMON_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"

struct loop;
struct numbers;
struct oscore_id;
struct oscore_numbers;
struct oscore_params;
struct reader;
struct store;

/*
 * OSCORE's ties to the store: sequence numbers for all workers, reserved on disk before one of them
 * is used, and security contexts out of records. The numbers belong to the main thread.
 */
/* Reserves the first range and waits for the disk. On failure *why. */
enum err numbers_new(struct loop *, struct store *, struct numbers **ret, struct problem *why) MUST_CHECK;
void	 numbers_free(struct numbers *);	/* after the workers and the last commit */
struct oscore_numbers *numbers_of(const struct numbers *);	/* for all threads */

/* For struct oscore_opts.find, of the worker whose reader it is. */
enum err numbers_context(struct reader *, const struct oscore_id *kid, const uint8_t *id_context,
    size_t len, struct oscore_params *ret) MUST_CHECK;

#endif
