#ifndef TRANSPORT_LINK_H
#define TRANSPORT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct link;

enum link_scheme { LINK_COAP, LINK_COAPS, LINK_COAP_TCP, LINK_COAPS_TCP };
const char *link_scheme_name(enum link_scheme);		/* "coap", "coaps", "coap+tcp", "coaps+tcp" */

/* What the other end has proven, by the handshake of this very link. */
enum identity_kind { IDENTITY_NONE, IDENTITY_PSK, IDENTITY_CERTIFICATE, IDENTITY_PUBLIC_KEY };
struct identity {
	enum identity_kind	 kind;
	const uint8_t		*p;	/* PSK identity octets, certificate DER, SPKI DER; the link's */
	size_t			 len;
	uint64_t		 key_tag;	/* PSK: identity_key_tag() of the key used; 0: not told */
	bool			 is_verified;	/* CERTIFICATE: the chain leads to a client CA, all dates fit;
						   else only a record can vouch for it, by its digest */
};

/*
 * Tells keys apart without keeping them, so that one that was replaced since the handshake is
 * noticed. Never 0; means nothing to another process.
 */
uint64_t identity_key_tag(const void *key, size_t len);

/*
 * One peer on a transport: a (local, remote) pair of addresses over NoSec, a DTLS association
 * whose handshake is complete, or a connection. Owned by its transport.
 *
 * A NoSec link without a user is gone when the 'received' call that made it returns, so a
 * stranger's datagram costs no lasting memory; with a user it stays until the user lets go.
 * A link with a user tells it by 'going' before it is freed. A connection stays without one.
 */

/*
 * Sends one datagram (a message, over TCP); copies. It leaves at the end of the wake-up, in
 * the order of calls, from the address that was asked; over TCP at once. ERR_TOOBIG above
 * link_mtu(), ERR_CLOSED, ERR_LIMIT (a peer that reads nothing: the message is not sent). A
 * datagram lost in the kernel is not reported.
 */
enum err	 link_send(struct link *, const uint8_t *p, size_t len) MUST_CHECK;

const struct addr *link_peer(const struct link *);
const struct addr *link_local(const struct link *);
enum link_scheme link_scheme(const struct link *);
const struct identity *link_identity(const struct link *);
size_t		 link_mtu(const struct link *);		/* payload bytes of one datagram; SIZE_MAX over TCP */
uint32_t	 link_id(const struct link *);		/* unique in this transport; never reused soon */

/* exchange/ keeps its side of the conversation here; NULL lets go. */
void		*link_user(const struct link *);
void		 link_set_user(struct link *, void *user);

/*
 * Ends it from our side (close_notify over DTLS and TLS; what waits to be sent still leaves); no
 * 'going' is called. The link is freed once
 * nothing of the transport is on the stack; it must not be used after the call.
 */
void		 link_close(struct link *);

#endif
