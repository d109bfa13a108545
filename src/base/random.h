#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Randomness from the kernel's generator, fit for keys and tokens; drawn in blocks, one
 * per thread. Never fails: without the kernel's randomness the process ends. Scenario
 * tests link a deterministic one.
 */
void		random_bytes(void *p, size_t len);
uint64_t	random_u64(void);
uint32_t	random_below(uint32_t n);	/* 0 … n-1, uniform; n > 0 */

#endif
