#ifndef COAP_LINKFMT_H
#define COAP_LINKFMT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* CoRE link-format (RFC 6690), read as leniently as devices write it (spec/bootstrap.md 1.3, 4.7). */

struct linkfmt_text {		/* points into the payload, not terminated */
	const char	*p;
	size_t		 len;
};

#define LINKFMT_ATTRS_MAX	16	/* of one link; more are passed over */

struct linkfmt_attr {
	struct linkfmt_text	name;
	struct linkfmt_text	value;	/* without quotes; escapes stay as written. len 0: none */
};

/*
 * One item. LwM2M 1.0 puts a bare 'lwm2m="1.0"' first: it arrives as a link without target
 * (has_target false) and with that one attribute.
 */
struct linkfmt_link {
	bool			has_target;
	struct linkfmt_text	target;
	size_t			nattrs;
	struct linkfmt_attr	attrs[LINKFMT_ATTRS_MAX];
};

/* Where the reader stands. Set up with linkfmt_over(). */
struct linkfmt {
	const char	*p, *end;
	enum err	 err;
};
struct linkfmt linkfmt_over(const void *payload, size_t len);

/*
 * The next item into *ret; false at the end. An item that cannot be read is skipped up to the
 * next comma outside quotes and marks lf->err = ERR_MALFORMED; reading goes on, so that the
 * sound items of an odd payload still count.
 */
bool linkfmt_next(struct linkfmt *lf, struct linkfmt_link *ret);

/* The attribute of that name, or NULL. */
const struct linkfmt_attr *linkfmt_find(const struct linkfmt_link *, const char *name);

#endif
