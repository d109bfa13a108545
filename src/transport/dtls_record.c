#include "base/rd.h"
#include "transport/dtls_record.h"

#define VERSION_MAJOR		0xfe	/* RFC 6347, 4.1: 254 of {254, 253} */
#define CLIENT_HELLO		1	/* RFC 5246, 7.4 */
#define CLIENT_KEY_EXCHANGE	16
#define LAST_KIND		25	/* tls12_cid, RFC 9146 */

struct header {
	uint8_t		kind;
	uint16_t	epoch;
	struct rd	body;
};

/* RFC 6347, 4.1 */
static struct header
read_header(struct rd *r)
{
	struct header h = { .kind = rd_u8(r) };
	uint8_t major = rd_u8(r);

	(void)rd_u8(r);
	h.epoch = rd_u16(r);
	(void)rd_uint(r, 6);		/* sequence number */
	uint16_t len = rd_u16(r);
	const uint8_t *p = rd_bytes(r, len);
	if (h.kind < DTLS_CHANGE_CIPHER || h.kind > LAST_KIND || major != VERSION_MAJOR)
		rd_fail(r, ERR_MALFORMED);
	if (r->err == ERR_OK)
		h.body = rd_over(p, len);
	return h;
}

/* RFC 6347, 4.2.2 and 4.2.1 */
static void
look_at_hello(struct rd r, struct dtls_look *ret)
{
	uint8_t type = rd_u8(&r);

	(void)rd_uint(&r, 3);		/* length */
	(void)rd_u16(&r);		/* message_seq */
	uint64_t offset = rd_uint(&r, 3);
	(void)rd_uint(&r, 3);		/* fragment_length */
	(void)rd_u16(&r);		/* client_version */
	(void)rd_bytes(&r, 24);		/* the first of 32 bytes, a clock among them in old clients */
	ret->random = rd_uint(&r, 8);
	ret->is_hello = r.err == ERR_OK && type == CLIENT_HELLO && offset == 0;
}

bool
dtls_look(const uint8_t *p, size_t len, struct dtls_look *ret)
{
	struct rd r = rd_over(p, len);
	struct header h = read_header(&r);

	if (r.err != ERR_OK)
		return false;
	*ret = (struct dtls_look){ .kind = h.kind, .epoch = h.epoch };
	if (h.kind == DTLS_HANDSHAKE && h.epoch == 0)
		look_at_hello(h.body, ret);
	return true;
}

struct dtls_content
dtls_content(const uint8_t *p, size_t len)
{
	struct dtls_content c = { .clear_len = len };
	struct rd r = rd_over(p, len);

	while (r.left > 0 && r.err == ERR_OK) {
		size_t before = len - r.left;
		struct header h = read_header(&r);

		if (r.err == ERR_OK && h.epoch > 0) {
			c.clear_len = before < c.clear_len ? before : c.clear_len;
			c.has_finished |= h.kind == DTLS_HANDSHAKE;
		}
	}
	return c;
}

bool
dtls_is_plain_coap(const uint8_t *p, size_t len)
{
	return len >= 4 && p[0] >> 6 == 1;
}

const uint8_t *
dtls_psk_identity(const uint8_t *p, size_t len, size_t *ret_len)
{
	struct rd r = rd_over(p, len);
	uint8_t type = rd_u8(&r);

	(void)rd_bytes(&r, 11);		/* the rest of the header */
	uint16_t n = rd_u16(&r);
	const uint8_t *identity = rd_bytes(&r, n);
	if (r.err != ERR_OK || type != CLIENT_KEY_EXCHANGE)
		return NULL;
	*ret_len = n;
	return identity;
}
