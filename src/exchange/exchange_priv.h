#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "coap/msg.h"
#include "exchange/exchange.h"

/* The insides of exchange/. Which file does what stands at the top of exchange.c. */

#define TOKEN_LEN	8		/* RFC 7252, 5.3.1: at least 32 bits of randomness without DTLS */
#define SCRATCH_LEN	2048		/* a datagram of ours: 1024 of payload, and options */
#define SZX_MAX		6		/* RFC 7959, 2.2: 1024 bytes; 7 is reserved */
#define BLOCK_BYTES(szx) ((size_t)16 << (szx))

struct exchange {
	struct loop		*loop;
	struct exchange_opts	 opts;
	struct exchange_stats	 stats;
	struct link		*serving;	/* whose request the handler has now */
	bool			 close_served;	/* it asked for the end of that link */
	uint8_t			 szx;		/* of params.block_size */
	uint8_t			 scratch[SCRATCH_LEN];
};

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

/* --- a conversation --- */

struct peer {
	struct exchange		*x;
	struct link		*link;
	struct timer		 timer;		/* the carrier's while 'request' is set, else the end */
	uint64_t		 used_at_ms;
	struct request		*request;	/* outstanding, or NULL; owned, as the next three */
	struct separate		*separate;	/* udp: a response that goes by itself */
	struct upload		*upload;	/* body of a request, blocks missing */
	struct served		*served;	/* body of a reply, blocks not asked for yet */
	bool			 held;
	bool			 remembered;	/* a request was answered, or one made */
	bool			 going;		/* the link dies: nothing new */
	struct udp		 udp;
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

/* The link's conversation, or NULL. */
struct peer	*peer_of(const struct link *);
/* The same, made if there is none. NULL when out of memory or over the limit. */
struct peer	*peer_make(struct exchange *, struct link *);
bool		 peer_allowed(const struct exchange *);	/* one more conversation */
/* It is alive, so it ends EXCHANGE_LIFETIME from now at the earliest. */
void		 peer_used(struct peer *);
/* It has something to remember, so there is room for a refusal, too. */
bool		 peer_known(const struct peer *);
/* After a request was served: forgets a conversation with nothing to remember. */
void		 peer_tidy(struct peer *);

/* --- request.c: a request to the peer --- */

struct request {
	exchange_done_fn	 done;
	void			*arg;
	const uint8_t		*payload;	/* borrowed */
	size_t			 payload_len;
	struct body		*body;		/* block.c: of the answer so far, or NULL; owned */
	uint64_t		 sent_at_us;
	uint64_t		 timeout_ms;	/* udp: of the transmission in flight */
	uint32_t		 retransmissions, blocks, bytes_sent, bytes_received;
	uint32_t		 offset;	/* block.c: where the block in flight starts */
	uint8_t			 szx;		/* block.c: size of the block in flight */
	bool			 in_blocks;	/* block.c: the payload is cut */
	bool			 restarted;	/* block.c: from the first block, once */
	bool			 acked;		/* udp: the response comes by itself */
	uint8_t			 tries;		/* udp: retransmissions of the message in flight */
	uint8_t			 token[TOKEN_LEN];
	uint16_t		 mid;		/* udp */
	uint16_t		 len, cap;
	uint8_t			 datagram[];	/* as it is sent */
};

/* A response that the carrier found to be for peer->request. The peer may be gone afterwards. */
void		 request_answered(struct peer *, const struct msg *);
/* No response will come. The peer may be gone afterwards. */
void		 request_failed(struct peer *, enum err why);
bool		 request_has_token(const struct request *, const struct msg *);
void		 request_drop(struct peer *);	/* without a word */

/* --- serve.c: a request from the peer --- */

/* What is to be sent for it. */
struct answer {
	struct msg		 m;		/* but for type and mid, which are the carrier's */
	struct exchange_reply	 reply;		/* silent, separate, then */
	bool			 reject;	/* not even an error: a Reset, where there is such a thing */
	bool			 closing;	/* the handler wants the link to end */
	void			*body;		/* m.payload may point into it; owned */
	size_t			 body_len;
	uint8_t			 scratch[5][4];	/* option values of m */
};
void		 serve_request(struct exchange *, struct link *, const struct msg *, struct answer *ret);
/* Accept or Content-Format; -1: none, or not of its defined length, which is as good as none. */
int32_t		 serve_format(const struct msg *, uint16_t option);
/* True when a response carries a critical option that we do not know (RFC 7252, 5.4.1). */
bool		 serve_bad_response(const struct msg *);

/* --- block.c: requests of ours cut into blocks, their answers put together --- */

enum block_verdict {
	BLOCK_FINAL,		/* this was the answer */
	BLOCK_NEXT,		/* block_fill() makes the next message */
	BLOCK_FAILED,
};
enum block_verdict block_answered(struct exchange *, struct request *, const struct msg *,
		    enum err *why);
/* Payload and block options of the message in flight; 'scratch' lives as long as 'm'. */
enum err	 block_fill(const struct request *, struct msg *m, uint8_t scratch[3][4]) MUST_CHECK;
/* What was put together; request->body is set. */
void		 block_body(const struct request *, const uint8_t **p, size_t *len);
void		 block_drop(struct request *);

/* --- blockserve.c: the same for requests of theirs --- */

/* False when 'a' is the answer already; else 'in' has the whole body. */
bool		 blockserve_collect(struct exchange *, struct link *, const struct msg *,
		    struct exchange_incoming *in, struct answer *a);
/* True when 'a' is the answer, cut from a body that was kept. */
bool		 blockserve_kept(struct link *, const struct msg *, struct answer *a);
/* Cuts the handler's payload where it has to be, and keeps the rest. */
void		 blockserve_cut(struct exchange *, struct link *, const struct msg *, struct answer *a);
void		 blockserve_drop(struct peer *);

/* --- carriers: what differs below a request --- */

struct carrier {
	void	 (*received)(struct exchange *, struct link *, const uint8_t *p, size_t len);
	/* 'm' as a request on the wire: new, confirmable. */
	enum err (*encode)(struct peer *, struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len);
	enum err (*decode)(const uint8_t *p, size_t len, struct msg *ret);
	/* Sends request->datagram, just encoded, and sees to its arrival. */
	enum err (*send)(struct peer *);
	void	 (*timeout)(struct peer *);	/* peer->timer, with a request outstanding */
	void	 (*init)(struct peer *);
	void	 (*drop)(struct peer *);	/* the conversation ends */
};
extern const struct carrier udp_carrier;
/* NULL: a transport nobody speaks CoAP over here. */
const struct carrier *carrier_of(const struct link *);

#endif
