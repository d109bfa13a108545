#include "oscore/numbers.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "oscore/context.h"

#define OWNERS	8192		/* slots; a power of two */

struct oscore_numbers {
	_Atomic uint64_t	 next, limit;
	_Atomic bool		 told;		/* 'low' was, since the last grant */
	void			(*low)(void *arg);
	void			*arg;
	_Atomic uint16_t	 owners[OWNERS];	/* worker + 1; 0: none */
};

enum err
oscore_numbers_new(void (*low)(void *arg), void *arg, struct oscore_numbers **ret)
{
	struct oscore_numbers *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return ERR_NOMEM;
	atomic_init(&n->next, 0);
	atomic_init(&n->limit, 0);
	atomic_init(&n->told, false);
	n->low = low;
	n->arg = arg;
	*ret = n;
	return ERR_OK;
}

void
oscore_numbers_free(struct oscore_numbers *n)
{
	free(n);
}

void
oscore_numbers_grant(struct oscore_numbers *n, uint64_t from, uint64_t to)
{
	uint64_t limit = atomic_load(&n->limit);

	assert(from <= to && from >= limit);
	if (limit == 0)
		atomic_store(&n->next, from);
	else
		assert(from == limit);		/* else those between would be given out, too */
	atomic_store(&n->limit, to);
	atomic_store(&n->told, false);
}

enum err
oscore_numbers_take(struct oscore_numbers *n, uint64_t *ret)
{
	uint64_t limit = atomic_load(&n->limit), v = atomic_load(&n->next);

	do {
		if (v >= limit || v > OSCORE_NUMBER_MAX)
			break;
	} while (!atomic_compare_exchange_weak(&n->next, &v, v + 1));
	if (limit - v <= OSCORE_RESERVE / 2 && n->low != NULL && !atomic_exchange(&n->told, true))
		n->low(n->arg);
	if (v > OSCORE_NUMBER_MAX)
		return ERR_LIMIT;
	if (v >= limit)
		return ERR_BUSY;
	*ret = v;
	return ERR_OK;
}

static _Atomic uint16_t *
slot(struct oscore_numbers *n, uint64_t context_hash)
{
	return &n->owners[context_hash & (OWNERS - 1)];
}

void
oscore_numbers_own(struct oscore_numbers *n, uint64_t context_hash, uint16_t worker)
{
	atomic_store(slot(n, context_hash), (uint16_t)(worker + 1));
}

bool
oscore_numbers_owned(struct oscore_numbers *n, uint64_t context_hash, uint16_t worker)
{
	return atomic_load(slot(n, context_hash)) == worker + 1;
}
