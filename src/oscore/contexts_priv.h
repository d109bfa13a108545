#ifndef OSCORE_CONTEXTS_PRIV_H
#define OSCORE_CONTEXTS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "oscore/oscore.h"

#define HASH_FUNCTION(p, len, ret)	((ret) = (unsigned)hash_keyed((p), (len)))
#include <uthash.h>

/* The contexts of a worker, as the files of this folder see them. oscore.c tells what becomes of them. */

#define RENEWAL_LEN	8	/* of R2: as long as the Echo, and for the same */
#define IDENTITY_MAX	(1 + OSCORE_ID_MAX + OSCORE_ID_CONTEXT_MAX)

struct oscore_context {
	struct oscore		*o;
	UT_hash_handle		 hh;		/* in o->table, the least used first */
	uint32_t		 refs;		/* users, and the table */
	uint64_t		 serial, owner_hash;
	bool			 verified;	/* by us, which holds while we own it */
	bool			 renewed;	/* the keys are those of R2 | R3 */
	struct oscore_params	 params;	/* the record's */
	struct oscore_keys	 keys;
	struct oscore_window	 window;
	uint8_t			 echo[OSCORE_ECHO_LEN];
	uint8_t			 renewal[RENEWAL_LEN];	/* R2 */
	uint8_t			 identity_len;
	uint8_t			 identity[IDENTITY_MAX];
};

struct oscore {
	struct oscore_opts	 opts;
	struct oscore_aead	*aead;
	struct oscore_context	*table;
	uint64_t		 last_serial;
	uint32_t		 all;		/* contexts there are, in the table or not */
	struct oscore_stats	 stats;
};

/* Not in the table: the caller's, who gives it away with a reference or frees it. NULL: no memory. */
struct oscore_context	*contexts_new(struct oscore *, const struct oscore_keys *);
/* The context of that record, if there is one and it is as the record is; now the most used. */
struct oscore_context	*contexts_find(struct oscore *, const struct oscore_params *);
/* In place of the one of the same record, if there is one; the table's. NULL: no memory. */
struct oscore_context	*contexts_add(struct oscore *, const struct oscore_params *,
			    const struct oscore_keys *);

bool	 contexts_fresh(const struct oscore_context *);		/* verified, and by no other worker since */
/* Everything up to 'number' is history, also for the other workers. */
void	 contexts_verify(struct oscore_context *, uint64_t number);

#endif
