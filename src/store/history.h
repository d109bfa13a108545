#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A finished session, as it is kept and shown (interface.md, 9). Plain data. */

enum history_result {
	HISTORY_FINISHED, HISTORY_REFUSED, HISTORY_FAILED, HISTORY_SUPERSEDED, HISTORY_CANCELLED,
};
const char *history_result_name(enum history_result);	/* "finished", … */

struct history_step {
	const char	*operation;	/* "discover", "read", "delete", "write", "finish" */
	const char	*path;		/* "/0/1" */
	int		 content_format; /* -1: none */
	uint8_t		 code;		/* CoAP code of the answer; 0: none came */
	const char	*outcome;	/* "ok", "passed-over", "refused", "timeout", "reset", … */
	uint32_t	 bytes;		/* of payload sent, or received for discover and read */
	uint32_t	 rtt_us;
	uint32_t	 retransmissions;
	uint32_t	 blocks;
};

struct history {
	uint64_t	 session;	/* id */
	const char	*endpoint;	/* as the device gave it or its identity implied */
	const char	*peer;		/* "192.0.2.1:49152" */
	const char	*scheme;	/* "coap", "coaps" */
	const char	*identity;	/* proven, printable, or NULL */
	const char	*profile;	/* or NULL */
	int64_t		 started_ms;	/* wall clock */
	uint32_t	 duration_ms;
	enum history_result result;
	const char	*reason;	/* a word: "unknown-endpoint", "not-authorised", "disabled",
					   "no-config", "limit", "write", "finish", "timeout",
					   "lost" …; "" when finished */
	const char	*cause;		/* one plain sentence; "" when finished without remark */
	uint16_t	 lwm2m;		/* version the device was taken to have, 0: unknown */
	int		 format;	/* of its writes; -1: none sent */
	bool		 format_learnt;	/* 'format' is to be kept for this device */
	bool		 known;		/* a record or profile stands behind it: its state is kept */
	const struct history_step *steps;
	size_t		 nsteps;
	const char *const *warnings;
	size_t		 nwarnings;
};

#endif
