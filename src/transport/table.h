#ifndef TRANSPORT_TABLE_H
#define TRANSPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A hash table of structs that stand elsewhere. Each begins with a node, and the bytes of
 * its key follow at once. Keys may be chosen by a peer. Entries are not owned.
 */
struct table_node {
	struct table_node	*next;
	uint64_t		 hash;
};

struct table {
	struct table_node	**buckets;
	size_t			 mask, count, key_len;
};

enum err table_init(struct table *, size_t key_len) MUST_CHECK;	/* ERR_NOMEM */
void	 table_fini(struct table *);				/* must be empty by then */

struct table_node *table_find(const struct table *, const void *key);	/* or NULL */
void	 table_add(struct table *, struct table_node *);	/* never fails; several may share a key */
void	 table_remove(struct table *, struct table_node *);
struct table_node *table_any(const struct table *);		/* NULL when empty: for clearing */

#endif
