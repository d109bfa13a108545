#include "store/store_priv.h"

enum err
store_numbers_reserve(struct store *st, uint64_t n)
{
	struct txn t;

	if (n > (uint64_t)(INT64_MAX - st->now.oscore_numbers))
		return ERR_LIMIT;
	txn_begin_small(st, &t);
	st->now.oscore_numbers += (int64_t)n;
	return txn_end(&t);
}

uint64_t
store_numbers_reserved(const struct store *st)
{
	return (uint64_t)st->committed.oscore_numbers;
}
