#include "lwm2m/tlv.h"

#define WIDE_ID		0x20	/* bit 5: identifier of 16 bits */
#define LEN_SHIFT	3	/* bits 4-3: width of the length field in octets, 0: none */
#define LEN_INLINE	7	/* bits 2-0: the length itself when there is no field */

bool
tlv_next(struct rd *r, struct tlv *ret)
{
	if (r->left == 0 || r->err != ERR_OK)
		return false;

	uint8_t type = rd_u8(r);
	uint16_t id = type & WIDE_ID ? rd_u16(r) : rd_u8(r);
	size_t width = type >> LEN_SHIFT & 3;
	size_t len = width == 0 ? type & LEN_INLINE : (size_t)rd_uint(r, width);
	const uint8_t *p = rd_bytes(r, len);

	if (r->err == ERR_OK && id == UINT16_MAX)
		rd_fail(r, ERR_MALFORMED);
	if (r->err != ERR_OK)
		return false;
	*ret = (struct tlv){ .kind = (enum tlv_kind)(type >> 6), .id = id, .p = p, .len = len };
	return true;
}

/* Octets of the length field. */
static size_t
len_width(size_t len)
{
	return len <= LEN_INLINE ? 0 : len <= 0xff ? 1 : len <= 0xffff ? 2 : 3;
}

size_t
tlv_size(uint16_t id, size_t len)
{
	return (id > 0xff ? 3u : 2u) + len_width(len) + len;
}

void
tlv_put_head(struct wr *w, enum tlv_kind kind, uint16_t id, size_t len)
{
	size_t width = len_width(len);
	unsigned type = (unsigned)kind << 6 | (unsigned)width << LEN_SHIFT;

	if (len > TLV_LEN_MAX) {
		wr_fail(w, ERR_TOOBIG);
		return;
	}
	if (id > 0xff)
		type |= WIDE_ID;
	if (width == 0)
		type |= (unsigned)len;
	wr_u8(w, (uint8_t)type);
	wr_uint(w, id, id > 0xff ? 2 : 1);
	if (width > 0)
		wr_uint(w, len, width);
}
