#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "coap/msg.h"
#include "exchange/carrier_priv.h"
#include "exchange/exchange.h"
#include "oscore/message.h"

/* The insides of exchange/. Which file does what stands at the top of exchange.c. */

#define TOKEN_LEN	8		/* RFC 7252, 5.3.1: at least 32 random bits without DTLS */
#define SCRATCH_LEN	(68 * 1024)	/* a message of ours over TCP: up to 64 KiB of payload */
#define SZX_MAX		6		/* RFC 7959, 2.2: 1024 bytes */
/* In what 'num' counts; MSG_SZX_BERT counts as SZX_MAX does (RFC 8323, 6). */
#define BLOCK_BYTES(szx) ((size_t)16 << ((szx) < SZX_MAX ? (szx) : SZX_MAX))

struct oscore_context;

struct exchange {
	struct loop		*loop;
	struct exchange_opts	 opts;
	struct exchange_stats	 stats;
	struct link		*serving;	/* whose request the handler has now */
	bool			 close_served;	/* it asked for the end of that link */
	uint8_t			 szx;		/* of params.block_size */
	size_t			 parts;		/* tcp: bytes of messages that are not whole yet */
	struct oscore_context	*context;	/* the served request came protected by it, or NULL */
	struct oscore_room	 opening, sealing;	/* with opts.oscore; one block of memory, owned */
	uint64_t		 errors_second;
	uint32_t		 errors;	/* of OSCORE, this second */
	uint8_t			 scratch[SCRATCH_LEN];
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
	struct oscore_context	*context;	/* protects our requests, or NULL; counted */
	bool			 held;
	bool			 remembered;	/* a request was answered, or one made */
	bool			 going;		/* the link dies: nothing new */
	union {					/* the carrier's */
		struct udp	 udp;
		struct tcp	 tcp;
	};
};

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
/* Ends it; the link is let go, and nobody is told. */
void		 peer_end(struct peer *);
/* Frees it; the link still has it as its user. */
void		 peer_free(struct peer *);

/* --- request.c: a request to the peer --- */

struct request {
	exchange_done_fn	 done;
	void			*arg;
	const uint8_t		*payload;	/* borrowed */
	size_t			 payload_len;
	struct body		*body;		/* block.c: of the answer so far, or NULL; owned */
	struct oscore_context	*context;	/* secure.c: protects it, or NULL; counted */
	struct oscore_binding	 binding;	/* secure.c: of the message in flight */
	uint64_t		 sent_at_us;
	uint64_t		 timeout_ms;	/* udp: of the transmission in flight */
	uint32_t		 retransmissions, blocks, bytes_sent, bytes_received;
	uint32_t		 offset;	/* block.c: where the block in flight starts */
	uint32_t		 bert;		/* block.c: bytes of a block of MSG_SZX_BERT */
	uint8_t			 szx;		/* block.c: size of the block in flight */
	bool			 in_blocks;	/* block.c: the payload is cut */
	bool			 restarted;	/* block.c: from the first block, once */
	bool			 echoed;	/* the peer wanted an Echo, and got it */
	bool			 acked;		/* udp: the response comes by itself */
	uint8_t			 tries;		/* udp: retransmissions of the message in flight */
	uint8_t			 token[TOKEN_LEN];
	uint16_t		 mid;		/* udp */
	uint32_t		 len, cap;
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
	bool			 proven;	/* the peer is known: also a refusal is worth remembering */
	bool			 doubtful;	/* who asked is to be found out: not worth it at all */
	void			*body;		/* m.payload may point into it; owned */
	size_t			 body_len;
	uint8_t			 scratch[5][4];	/* option values of m */
};
void		 serve_request(struct exchange *, struct link *, const struct msg *, struct answer *ret);
/* The same for what was not protected, or is not any more. */
void		 serve_plain(struct exchange *, struct link *, const struct msg *, struct answer *ret);
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
enum block_verdict block_answered(struct peer *, const struct msg *, enum err *why);
/* msg_block(), or msg_block_bert() where there is BERT. */
bool		 block_option(const struct link *, const struct msg *, uint16_t number,
		    struct msg_block *ret, enum err *e);
/* Whether 'len' bytes are what a block with more behind it carries. */
bool		 block_is_full(const struct msg_block *, size_t len);
/* Cuts the body of a new request where it has to be. */
void		 block_begin(struct request *, const struct carrier_limits *);
/* The message turned out too long: it is cut, or into smaller blocks. */
void		 block_cut_finer(struct request *);
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

/* --- secure.c: OSCORE --- */

enum err	 secure_init(struct exchange *) MUST_CHECK;
void		 secure_fini(struct exchange *);
/* From here on the peer's conversation is under this context, or (NULL) none. */
void		 secure_adopt(struct peer *, struct oscore_context *);
/* True while nothing may be asked of us on that link without protection. */
bool		 secure_turns_away(const struct link *);
/* serve_request() of a message with an OSCORE option. */
void		 secure_serve(struct exchange *, struct link *, const struct msg *, struct answer *ret);
/* What the handler is told of who asks. */
void		 secure_identity(const struct exchange *, struct exchange_incoming *);
/* Of the context that the request being served came by; 0: none. Bodies are kept apart by it. */
uint64_t	 secure_serial(const struct exchange *);
/* Protects 'm', which is then what is sent; and the other way round for what was sent last. */
enum err	 secure_request(struct exchange *, struct request *, struct msg *m) MUST_CHECK;
enum err	 secure_last(struct exchange *, const struct request *, struct msg *m) MUST_CHECK;

enum secure_verdict {
	SECURE_ANSWER,		/* '*ret' is it; until secure_answer_done() */
	SECURE_IGNORE,		/* not from who was asked: as if it had not come */
	SECURE_LOST,		/* the peer says that it cannot open the request */
};
enum secure_verdict secure_answer(struct exchange *, const struct request *, const struct msg *outer,
		    struct msg *ret);
void		 secure_answer_done(struct exchange *, const struct msg *outer);

#endif
