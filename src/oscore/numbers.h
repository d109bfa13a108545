#ifndef OSCORE_NUMBERS_H
#define OSCORE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What the workers of one process share, so that nothing is ever encrypted twice with one key
 * and one nonce (RFC 8613, 7.2.1), and nothing is taken twice (7.4). Used by all threads at once.
 *
 * Numbers: each message that we encrypt takes a number that no message of this store has had,
 * whatever its context, in this life of the process or an earlier one. They come out of ranges
 * that the store reserved durably before (B.1.1); what is left of a range at the end is lost.
 *
 * Owners: a context is known as fresh to the one worker that has verified an Echo for it last;
 * to any other one it is as after a restart (B.1.2).
 */
struct oscore_numbers;

#define OSCORE_RESERVE	(UINT64_C(1) << 16)	/* numbers in a range */

/*
 * 'low' is called by the thread that takes the number after which half a range is left, once
 * for each grant: the time to reserve the next one. May be NULL.
 */
enum err oscore_numbers_new(void (*low)(void *arg), void *arg, struct oscore_numbers **ret) MUST_CHECK;
void	 oscore_numbers_free(struct oscore_numbers *);

/* The numbers from … to - 1 are ours; 'from' is where the last grant ended. One thread at a time. */
void	 oscore_numbers_grant(struct oscore_numbers *, uint64_t from, uint64_t to);

/* ERR_BUSY: none is left until the next grant. ERR_LIMIT: all there can be are used up. */
enum err oscore_numbers_take(struct oscore_numbers *, uint64_t *ret) MUST_CHECK;

/* 'worker' counts from 0, below 65535. Contexts may share an owner: that costs an Echo, no more. */
void	 oscore_numbers_own(struct oscore_numbers *, uint64_t context_hash, uint16_t worker);
bool	 oscore_numbers_owned(struct oscore_numbers *, uint64_t context_hash, uint16_t worker);

#endif
