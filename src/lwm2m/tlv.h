#ifndef LWM2M_TLV_H
#define LWM2M_TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"
#include "base/wr.h"

/*
 * Raw entries of the TLV format (spec/bootstrap.md 4.1). TLV carries no types: what the bytes
 * of an entry mean, and which entries may stand in which, is the business of format_tlv.c.
 */
enum tlv_kind {			/* bits 7-6 of the type octet */
	TLV_OBJECT_INSTANCE,	/* holds RESOURCE and MULTIPLE */
	TLV_RESOURCE_INSTANCE,	/* in MULTIPLE only */
	TLV_MULTIPLE,		/* holds RESOURCE_INSTANCE */
	TLV_RESOURCE,
};

struct tlv {
	enum tlv_kind	 kind;
	uint16_t	 id;
	const uint8_t	*p;	/* borrowed from the payload */
	size_t		 len;
};

#define TLV_LEN_MAX	0xffffffu	/* of one entry's content: 24 bits */

/*
 * The next entry; false at the end and on failure (r->err). Longer forms of identifier and
 * length than needed are taken; the identifier 65535 is not.
 */
bool	 tlv_next(struct rd *r, struct tlv *ret);

size_t	 tlv_size(uint16_t id, size_t len);	/* of a whole entry, in the shortest form */

/* The head of an entry whose 'len' octets of content the caller writes next. ERR_TOOBIG. */
void	 tlv_put_head(struct wr *w, enum tlv_kind kind, uint16_t id, size_t len);

#endif
