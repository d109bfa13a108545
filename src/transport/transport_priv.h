#ifndef TRANSPORT_TRANSPORT_PRIV_H
#define TRANSPORT_TRANSPORT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "transport/link.h"
#include "transport/stream.h"
#include "transport/table.h"
#include "transport/transport.h"
#include "transport/udp.h"

struct dtls;
struct tcp_listener;
struct tls;

/* One socket of a transport; for the connections that it makes itself there is one without. */
struct port {
	struct port		*next;
	struct transport	*transport;
	struct udp		*udp;		/* NULL: TCP */
	struct tcp_listener	*listener;	/* NULL: UDP, or none */
	enum link_scheme	 scheme;
	uint32_t		 number;	/* unique in its transport */
};

/* What a link is found by; hashed as bytes, so it has no padding. */
struct link_key {
	struct addr		peer, local;
	uint32_t		port;
};

/*
 * In 'links' of its transport: a NoSec link with a user, a DTLS association, a connection. In
 * 'handshakes': an association or a connection to be. In neither: a NoSec link that only lives for
 * the call of
 * 'received' that it was made for, or a link that is on its way out.
 */
struct link {
	struct table_node	 node;
	struct link_key		 key;
	uint32_t		 id;
	struct transport	*transport;
	struct port		*port;
	void			*user;
	struct link		*later;		/* in transport.swept */
	uint8_t			 place;		/* enum link_place */
	bool			 is_swept;	/* stands in transport.swept */
	bool			 is_dead;	/* may not be used any more */
	bool			 is_counted;	/* in transport.prefixes */
};
enum link_place { LINK_NOWHERE, LINK_IN_LINKS, LINK_IN_HANDSHAKES };

struct transport {
	struct loop		*loop;		/* borrowed */
	struct transport_opts	 opts;
	struct transport_events	 events;
	struct transport_stats	 stats;
	struct table		 links, handshakes, prefixes;
	struct port		*ports;
	struct udp_rx		*rx;
	struct dtls		*dtls;		/* NULL: no coaps */
	struct tls		*tls;		/* made for the first port of coaps+tcp */
	struct streams		 streams;
	struct link		*spare;		/* the next stranger's, so that it costs no malloc */
	struct link		*swept;		/* looked at when nothing of us is on the stack */
	unsigned		 depth;		/* of calls upward */
	uint32_t		 last_id;
};

static inline bool port_is_tcp(const struct port *p)
{
	return p->scheme == LINK_COAP_TCP || p->scheme == LINK_COAPS_TCP;
}
static inline bool port_is_secure(const struct port *p)
{
	return p->scheme == LINK_COAPS || p->scheme == LINK_COAPS_TCP;
}

/* --- for every kind of link --- */

/* Fills the fields all links have. */
void	 link_init(struct link *, struct transport *, struct port *, const struct link_key *);

/* Moves the link between the tables, keeping the figures. */
void	 link_place(struct link *, enum link_place);

/* Counts the link in its source network (without memory: not at all). Undone when it is freed. */
void	 link_count(struct link *);

/* Hands bytes up. The link may be dead after it, and is still there until transport_leave(). */
void	 link_deliver(struct link *, const uint8_t *p, size_t len);

/* The end, from the peer's side or ours: tells the user, if there is one, and takes the link away. */
void	 link_gone(struct link *, enum err why);

/* Frees the link, if it is not needed any more, once nothing of the transport is on the stack. */
void	 link_sweep(struct link *);

/* Around everything that may call upward. */
void	 transport_enter(struct transport *);
void	 transport_leave(struct transport *);

/* Whether a link, or a handshake for one, is within the limits; counts the limit that is reached. */
bool	 transport_admits(struct transport *, const struct port *, const struct link_key *);

/* One datagram out, through the filter. */
void	 port_send(struct port *, const struct link_key *, const void *p, size_t len);

/* Takes the place of what it held, which is freed; copies. The rest of *id stays. */
enum err identity_set(struct identity *id, const uint8_t *p, size_t len) MUST_CHECK;

#endif
