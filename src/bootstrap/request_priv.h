#ifndef BOOTSTRAP_REQUEST_PRIV_H
#define BOOTSTRAP_REQUEST_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "store/record.h"

struct msg;

/* What a Bootstrap-Request or Bootstrap-Pack-Request says (spec/bootstrap.md 1.2, 1.8). */
struct bs_request {
	bool	 has_ep;
	char	 ep[RECORD_ENDPOINT_MAX + 1];
	int	 pct;		/* content format; -1: not said. Larger than any format: 65536 */
	const char *acc;	/* links to the bootstrap account, within the message; NULL: none */
	size_t	 acc_len;
};

/* NULL, or why it has to be answered 4.00: one sentence. */
const char *bs_request_read(const struct msg *, struct bs_request *ret);

#endif
