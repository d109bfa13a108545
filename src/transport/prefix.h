#ifndef TRANSPORT_PREFIX_H
#define TRANSPORT_PREFIX_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "transport/table.h"

/* How many links each source network holds (addr_prefix). Memory follows the number of networks. */
uint32_t prefix_count(const struct table *, const struct addr *peer);
enum err prefix_add(struct table *, const struct addr *peer) MUST_CHECK;	/* ERR_NOMEM */
void	 prefix_remove(struct table *, const struct addr *peer);	/* one that was added */

/* For table_init(). */
#define PREFIX_KEY_LEN	sizeof(struct addr)

#endif
