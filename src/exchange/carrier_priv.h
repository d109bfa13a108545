#ifndef EXCHANGE_CARRIER_PRIV_H
#define EXCHANGE_CARRIER_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

struct exchange;
struct link;
struct msg;
struct peer;

/* What differs below a request, by transport; and what each carrier keeps of a conversation. */

/* What a message to a peer may be. */
struct carrier_limits {
	size_t	 message;	/* bytes */
	size_t	 whole;		/* bytes of a body that may go uncut */
	uint8_t	 szx;		/* to cut it with, at most */
};

struct carrier {
	void	 (*received)(struct exchange *, struct link *, const uint8_t *p, size_t len);
	/* 'm' as a request on the wire: new, confirmable. */
	enum err (*encode)(struct peer *, struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len);
	enum err (*decode)(const uint8_t *p, size_t len, struct msg *ret);
	/* Sends request->datagram, just encoded, and sees to its arrival. */
	enum err (*send)(struct peer *);
	void	 (*timeout)(struct peer *);	/* peer->timer, with a request outstanding */
	struct carrier_limits (*limits)(const struct exchange *, const struct link *);
	void	 (*init)(struct peer *);
	void	 (*drop)(struct peer *);	/* the conversation ends */
	/* How long a conversation that nobody holds is kept, and what is done then. */
	uint64_t (*life_ms)(const struct exchange *);
	void	 (*expire)(struct peer *);
	void	 (*goodbye)(struct peer *);	/* we end it; NULL: without a word */
	bool	 has_bert;
};
extern const struct carrier udp_carrier, tcp_carrier;
/* tcp.c: a connection stands. */
void	 tcp_opened(struct exchange *, struct link *);
/* NULL: a transport nobody speaks CoAP over here. */
const struct carrier *carrier_of(const struct link *);

/* --- udp.c and recent.c: what is kept for messages --- */

#define UDP_RECENT_MAX	64	/* requests of one peer that are remembered, the latest ones */
#define UDP_TAKEN	4	/* confirmable responses likewise */
#define UDP_SMALL	16	/* bytes: an answer without payload and options */

/* A request that was answered, and the answer, for duplicates. */
struct udp_recent {
	uint64_t	 first_at_ms, last_at_ms;	/* seen */
	uint32_t	 hash;			/* of the whole datagram */
	uint16_t	 mid;
	uint16_t	 len;			/* of the answer, 0: none is sent */
	union {
		uint8_t	 small[UDP_SMALL];
		uint8_t	*large;			/* len > UDP_SMALL; owned */
	} answer;
};

/* A confirmable response that was taken, for duplicates: they get an ACK again. */
struct udp_taken {
	uint32_t	 hash;
	uint16_t	 mid;
	bool		 set;
};

struct udp {
	struct udp_recent	*recent;	/* a ring that grows while its entries are of use */
	uint8_t			 nrecent, cap_recent;
	uint8_t			 oldest_recent;	/* of a full ring */
	uint8_t			 next_taken;
	uint16_t		 next_mid;
	struct udp_taken	 taken[UDP_TAKEN];
};

/* The answered request that a datagram repeats, or NULL. */
struct udp_recent *recent_find(struct peer *, uint16_t mid, uint32_t hash);
/* Copies the answer; len 0: there is none. */
void		 recent_remember(struct peer *, uint16_t mid, uint32_t hash, const uint8_t *answer,
		    size_t len);
/* Confirmable responses: was it taken before; it is now. */
bool		 recent_was_taken(const struct peer *, uint16_t mid, uint32_t hash);
void		 recent_take(struct peer *, uint16_t mid, uint32_t hash);
void		 recent_drop(struct peer *);

/* --- tcp.c --- */

struct tcp {
	struct timer		 deadline;	/* for the CSM, for the rest of a message */
	uint8_t			*part;		/* of a message that is not whole; owned */
	struct delayed		*delayed;	/* an answer that waits; owned */
	uint32_t		 part_len, part_cap;
	uint32_t		 peer_max;	/* bytes of a message it takes */
	bool			 has_csm;
	bool			 blocks;	/* it said Block-Wise-Transfer */
	bool			 released;	/* it wants the end: nothing new */
};

#endif
