#ifndef TRANSPORT_DTLS_RECORD_H
#define TRANSPORT_DTLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the first record of a datagram says in clear: enough to know whom it is for. */

/* RFC 6347, 4.1 */
enum dtls_kind { DTLS_CHANGE_CIPHER = 20, DTLS_ALERT = 21, DTLS_HANDSHAKE = 22, DTLS_DATA = 23 };

struct dtls_look {
	uint8_t		kind;		/* enum dtls_kind, or another content type */
	uint16_t	epoch;		/* 0: not encrypted */
	bool		is_hello;	/* a ClientHello, from its beginning */
	uint64_t	random;		/* the end of a ClientHello's random: tells two of them apart */
};

/* False when it is no DTLS; *ret is untouched then. */
bool	 dtls_look(const uint8_t *p, size_t len, struct dtls_look *ret);

/* What the records of a datagram hold, as far as they are well formed. */
struct dtls_content {
	size_t		clear_len;	/* bytes before the first record that needs keys */
	bool		has_finished;	/* an encrypted handshake record: a Finished */
};
struct dtls_content dtls_content(const uint8_t *p, size_t len);

/* Whether it may be a CoAP message in clear (RFC 7252, 3; RFC 7983 keeps the first bytes apart). */
bool	 dtls_is_plain_coap(const uint8_t *p, size_t len);

/* The PSK identity in a ClientKeyExchange, from its handshake header on (RFC 4279, 2). NULL: none. */
const uint8_t *dtls_psk_identity(const uint8_t *p, size_t len, size_t *ret_len);

#endif
