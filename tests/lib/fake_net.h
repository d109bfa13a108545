#ifndef TESTS_LIB_FAKE_NET_H
#define TESTS_LIB_FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/transport.h"

struct loop;

/*
 * The world for tests in virtual time. fake_loop.c, fake_random.c and fake_transport.c define
 * every symbol of base/loop.h, base/random.h and transport/link.h; linked before the archive
 * they keep the real ones out. The test owns the clock and plays all peers:
 *
 *	loop_new(&loop);
 *	net = fake_net_new(loop);
 *	exchange_new(loop, &opts, &x);
 *	fake_net_events(net, &(struct transport_events){ .received = exchange_received,
 *	    .going = exchange_going, .arg = x });
 *	dev = fake_peer_new(net, &(struct fake_peer_opts){ .address = "127.0.0.1:1000" });
 *	fake_peer_sends(dev, bytes, len);	what the device sends arrives, and is worked on
 *	while (fake_net_take(net, &d)) …	what was sent, oldest first
 *	fake_loop_advance(loop, 3000);		timers fire in order, each at its own time
 *	fake_net_free(net);			every link goes, ERR_CANCELLED
 *	exchange_free(x);
 *	loop_free(loop);
 *
 * Everything happens in one thread. Nothing here returns an error: a test that asks for what
 * cannot be ends by assert().
 */

/* --- the clock --- */

/* Work that waits: letters, then deferred work, until there is none. Called by the rest of these. */
void	 fake_loop_settle(struct loop *);
/* Moves the clock; a timer that is due at the very end fires. */
void	 fake_loop_advance(struct loop *, uint64_t ms);
size_t	 fake_loop_timers(const struct loop *);		/* pending */
/* Milliseconds until the next timer; UINT64_MAX: none. */
uint64_t fake_loop_next_ms(const struct loop *);

/* --- randomness: the same at each run --- */

/* Starts the sequence of random_bytes() and random_u64() again; fake_random_below() is 0 then. */
void	 fake_random_seed(uint64_t seed);
/* What random_below(n) returns from now on: 'v', at most n - 1. 0 pins ACK_RANDOM_FACTOR to 1. */
void	 fake_random_below(uint32_t v);

/* --- the network --- */

struct fake_net;
struct fake_peer;

struct fake_net	*fake_net_new(struct loop *);
/* Links go (ERR_CANCELLED), then peers and datagrams. */
void		 fake_net_free(struct fake_net *);

/* Who is told; copied. Only 'received', 'going', 'opened' (of TCP) and 'arg' are used. */
void		 fake_net_events(struct fake_net *, const struct transport_events *);

struct fake_peer_opts {
	const char		*address;	/* "127.0.0.1:1000" */
	const char		*local;		/* ours; NULL: 127.0.0.1 with the scheme's port */
	enum link_scheme	 scheme;
	enum identity_kind	 kind;
	const void		*identity;	/* copied */
	size_t			 identity_len;
	size_t			 mtu;		/* 0: 1280 */
};
/* Owned by the net. NULL when an address cannot be read. */
struct fake_peer *fake_peer_new(struct fake_net *, const struct fake_peer_opts *);

/*
 * The peer's datagram arrives. Without a link one comes into being, as link.h says: over NoSec
 * it is gone afterwards unless it got a user, else it stays until it is closed.
 */
void		 fake_peer_sends(struct fake_peer *, const void *p, size_t len);

/*
 * The link, made if there is none (a handshake, a connection, transport_connect()). NULL when it
 * was closed as soon as it was opened.
 */
struct link	*fake_peer_connect(struct fake_peer *);
enum link_scheme fake_peer_scheme(const struct fake_peer *);
struct link	*fake_peer_link(const struct fake_peer *);	/* NULL: none now */

/* The link goes from the other side: CLOSED, REPLACED, TIMEOUT … No link: a no-op. */
void		 fake_peer_close(struct fake_peer *, enum err why);

/* From now on link_send() to the peer fails so; ERR_OK: works again. */
void		 fake_peer_refuse(struct fake_peer *, enum err);

/* True when our side ended a link of the peer by link_close() since the last call of this. */
bool		 fake_peer_closed_by_us(struct fake_peer *);

struct fake_datagram {
	struct fake_peer	*to;
	const uint8_t		*p;		/* valid until the next fake_net_take() */
	size_t			 len;
	uint64_t		 at_ms;		/* loop_now_ms() when it was sent */
};
/* The oldest datagram that was sent and not yet taken; false: none. */
bool		 fake_net_take(struct fake_net *, struct fake_datagram *ret);
size_t		 fake_net_links(const struct fake_net *);	/* alive now */

#endif
