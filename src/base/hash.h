#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-1-3 under a key drawn once per process: for tables whose keys a peer chooses.
 * Define HASH_FUNCTION as HASH_KEYED before including <uthash.h>.
 */
uint64_t hash_keyed(const void *p, size_t len);

#define HASH_KEYED(keyptr, keylen, hashv) ((hashv) = (unsigned)hash_keyed((keyptr), (keylen)))

#endif
