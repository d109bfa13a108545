#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"

struct bio_method_st;
struct ssl_st;
struct stream;
struct transport_stats;

/*
 * One TCP connection in a loop, with TLS over it or without: bytes in as they come, bytes out
 * in order, bounded. Who is at the other end, and what the bytes mean, is not known here.
 */

#define STREAM_OUT_MAX	(256u * 1024)	/* bytes that may wait for a peer that does not read */
#define STREAM_FIRST	8		/* first bytes from the peer, kept for diagnosis */

struct stream_events {
	/* Connected, and the TLS handshake is complete. Not called for a stream that begins open. */
	void	(*opened)(void *arg);
	/* 'p' is valid during the call. */
	void	(*received)(void *arg, const uint8_t *p, size_t len);
	/*
	 * Nothing more will come: CLOSED by the peer or the network, REFUSED (connecting; errno
	 * tells), CRYPTO (TLS: the cause stands in OpenSSL's queue). The stream is still to be closed.
	 */
	void	(*ended)(void *arg, enum err why);
	void	*arg;			/* borrowed */
};

/* What the streams of a thread share. In place; zeroed but for the first two. */
struct streams {
	struct loop		*loop;		/* borrowed, as is stats */
	struct transport_stats	*stats;
	struct stream		*closing;	/* those nobody owns any more */
	unsigned		 nclosing;
	struct bio_method_st	*method;	/* made when it is needed */
	uint8_t			 rx[16 * 1024];	/* a whole TLS record (RFC 5246, 6.2.1) */
};
void	 streams_fini(struct streams *);	/* cuts short those that are closing */

struct stream_opts {
	struct streams		*all;		/* borrowed */
	struct ssl_st		*ssl;		/* taken; NULL: no TLS */
	bool			 connecting;	/* connect() is under way */
	struct stream_events	 events;
};

/* Takes 'fd', which does not block, and 'ssl'; both also on failure. ERR_NOMEM. */
enum err stream_new(int fd, const struct stream_opts *, struct stream **ret) MUST_CHECK;

/* Sends at once what the kernel takes, and the rest later. All or nothing: ERR_LIMIT, ERR_CLOSED. */
enum err stream_send(struct stream *, const uint8_t *p, size_t len) MUST_CHECK;

/*
 * Orderly: what waits is sent, then the end is told, and the peer has a moment to tell its own.
 * No events from here on; may be called from within one.
 */
void	 stream_close(struct stream *);

struct ssl_st *stream_ssl(const struct stream *);
/* What the peer sent first, up to STREAM_FIRST bytes, below TLS; filled for TLS alone. */
size_t	 stream_first(const struct stream *, const uint8_t **p);

#endif
