#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/err.h"

struct exchange;
struct link;
struct loop;
struct msg;
struct oscore;
struct oscore_failure;

/*
 * CoAP as a conversation (RFC 7252, 4 and 5; RFC 7959): confirmable messages with
 * retransmission, duplicates answered from a cache, responses matched to requests, bodies cut
 * into blocks and put together. Over TCP (RFC 8323) there is no retransmission and there are no
 * duplicates; signals come in their place. One struct exchange serves all links of one worker.
 */

/* Transmission parameters (RFC 7252, 4.8). */
struct exchange_params {
	uint32_t	ack_timeout_ms;		/* 2000 */
	double		ack_random_factor;	/* 1.5; at least 1 */
	uint32_t	max_retransmit;		/* 4; at most 20 */
	uint32_t	block_size;	/* 16 to 1024, a power of two: largest body sent in one piece */
	uint32_t	max_body;		/* bytes an answer put together from blocks may have: 65536 */
	uint32_t	max_upload;		/* a request likewise; 0: none is put together */
	uint32_t	max_peers;		/* conversations kept, 0: no limit but the links' */
	/* Connections: */
	uint32_t	max_message;		/* bytes of a message the peer may send: 66560 */
	uint32_t	csm_timeout_ms;		/* for the first of them, a CSM: 10000 */
	uint32_t	idle_timeout_ms;	/* until one that nobody uses is closed: 300000 */
};
extern const struct exchange_params exchange_defaults;

/* Derived times (RFC 7252, 4.8.2), for those who plan by them. */
uint64_t exchange_transmit_span_ms(const struct exchange_params *);
uint64_t exchange_transmit_wait_ms(const struct exchange_params *);
uint64_t exchange_lifetime_ms(const struct exchange_params *);

/* --- requests from the peer --- */

struct exchange_incoming {
	uint8_t			 code;		/* method */
	bool			 confirmable;
	const struct msg	*msg;		/* options: Uri-Path, Uri-Query … */
	int32_t			 accept;	/* -1: none */
	int32_t			 content_format; /* -1: none */
	const uint8_t		*payload;	/* whole body, blocks put together */
	size_t			 payload_len;
	/* NULL: not protected; else who the peer has proven to be, as oscore_identity() has it. */
	const uint8_t		*oscore;
	size_t			 oscore_len;
};

/* True when the request's Uri-Path is 'path', such as "/bs" ("/" is the root). */
bool	 exchange_path_is(const struct exchange_incoming *, const char *path);

/*
 * The answer, filled by the handler; zeroed before. It leaves at once, on the ACK. The payload
 * is copied (and kept for Block2 when it is large). With 'silent' nothing is sent at all.
 * 'then' runs after the answer was handed to the transport: the first moment at which a
 * request to the same peer may be made. It is not called when the link goes before that. When the
 * request came protected by OSCORE, all requests to the peer from then on are, too, until the
 * answer to another request has a 'then'.
 */
struct exchange_reply {
	uint8_t			 code;
	bool			 silent;
	bool			 separate;	/* an empty ACK first and the answer, CON, by itself; when one
						   such is under way still, this one goes on the ACK */
	uint32_t		 separate_after_ms;
	int32_t			 content_format; /* with a payload */
	const uint8_t		*payload;
	size_t			 payload_len;
	void			(*then)(void *arg, struct link *);
	void			*then_arg;	/* borrowed until 'then' */
	bool			 then_at_last;	/* of a body in blocks, 'then' waits for the last of them to
						   be asked for; it is not called when it never is */
};

struct exchange_opts {
	struct exchange_params	 params;
	/*
	 * Called once per request, never for duplicates. But a peer is remembered only after a 2.xx
	 * answer, while it is held, or while a request to it is outstanding: the repeated request
	 * of a stranger who was refused is a request again, so that strangers cost no memory.
	 */
	void	(*handle)(void *arg, struct link *, const struct exchange_incoming *,
		    struct exchange_reply *);
	/*
	 * A link with a conversation is about to be freed; an outstanding request has been told
	 * already. A conversation that is not held may end before that, untold. May be NULL.
	 */
	void	(*link_gone)(void *arg, struct link *, enum err why);
	/* May be NULL. A request under OSCORE was refused (no more than some a second are told). */
	void	(*oscore_failed)(void *arg, struct link *, const struct oscore_failure *);
	void	*arg;				/* borrowed */
	struct oscore	*oscore;		/* borrowed; NULL: protected messages are not understood */
};

/* --- requests to the peer --- */

struct exchange_result {
	enum err	 why;		/* ERR_OK: the peer answered 'code'. Else TIMEOUT, RESET,
					   TOOBIG, MALFORMED, NOMEM, DENIED (it cannot open what we
					   protect), or what the link ended with: CLOSED, REPLACED,
					   CANCELLED … */
	uint8_t		 code;
	int32_t		 content_format; /* -1: none */
	const uint8_t	*payload;	/* whole body; valid during the call */
	size_t		 payload_len;
	uint32_t	 rtt_us;	/* from the last transmission to the answer; 0 unless ERR_OK */
	uint32_t	 retransmissions;
	uint32_t	 blocks;	/* messages the request took, 1 without block-wise */
	uint32_t	 bytes_sent, bytes_received;	/* datagram payloads */
};
typedef void (*exchange_done_fn)(void *arg, const struct exchange_result *);

struct exchange_request {
	uint8_t			 code;		/* method */
	const char		*path;		/* "/", "/0/1", "/bs"; used during the call only */
	const char *const	*query;		/* "ep=x" … up to NULL, or NULL; during the call only */
	int32_t			 accept;	/* -1: none */
	int32_t			 content_format; /* -1: none */
	const uint8_t		*payload;	/* borrowed until 'done' or cancel */
	size_t			 payload_len;
	exchange_done_fn	 done;		/* called once, after exchange_request() has returned */
	void			*arg;		/* borrowed */
};

enum err exchange_new(struct loop *, const struct exchange_opts *, struct exchange **ret) MUST_CHECK;
void	 exchange_free(struct exchange *);	/* after its transport */

/*
 * Sends a confirmable request. One at a time per link (NSTART 1): ERR_BUSY while one is
 * outstanding. ERR_LIMIT (max_peers), ERR_NOMEM, ERR_TOOBIG (options do not fit a datagram),
 * ERR_CLOSED, ERR_UNSUPPORTED (a transport without CoAP); with OSCORE ERR_LIMIT also when there is no
 * sequence number for it, and ERR_CRYPTO. On failure 'done' is never called.
 */
enum err exchange_request(struct exchange *, struct link *, const struct exchange_request *) MUST_CHECK;

/* Forgets the outstanding request, if any; its 'done' is not called. */
void	 exchange_cancel(struct exchange *, struct link *);

/* For struct transport_events; 'exchange' is the arg. */
void	 exchange_received(void *exchange, struct link *, const uint8_t *p, size_t len);
void	 exchange_going(void *exchange, struct link *, enum err why);
void	 exchange_opened(void *exchange, struct link *);

/* Keeps the link's conversation, and so a NoSec link, while set. */
void	 exchange_hold(struct exchange *, struct link *, bool hold);

/*
 * Ends the conversation and the link, to be used instead of link_close(): neither 'done' nor
 * 'link_gone' is called, and the link must not be used after it. Within 'handle' the reply still
 * leaves, but 'then' is not called.
 */
void	 exchange_close(struct exchange *, struct link *);

#define EXCHANGE_COUNTERS(X)								\
	X(requests_in) X(requests_out) X(responses_in) X(duplicates) X(retransmissions)	\
	X(timeouts) X(resets_in) X(resets_out) X(malformed) X(unmatched)		\
	X(peers)		/* conversations now */					\
	X(signals_in) X(aborts_in) X(aborts_out)	/* of connections */		\
	X(limit_peers)
struct exchange_stats {
#define X(name) struct counter name;
	EXCHANGE_COUNTERS(X)
#undef X
};
const struct exchange_stats *exchange_stats(const struct exchange *);

#endif
