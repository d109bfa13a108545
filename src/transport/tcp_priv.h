#ifndef TRANSPORT_TCP_PRIV_H
#define TRANSPORT_TCP_PRIV_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/loop.h"
#include "transport/stream.h"
#include "transport/tcp.h"
#include "transport/transport_priv.h"

/* What tcp.c and tls.c share. */

struct tls_attempt;

struct tcp_link {
	struct link	 link;		/* first: a link of a TCP port is one of these */
	struct stream	*stream;	/* NULL: it came to nothing */
	struct timer	 timer;		/* deadline of connecting and of the handshake */
	struct identity	 identity;	/* 'p' is owned */
	struct tls_attempt *attempt;	/* NULL: no TLS, or its handshake is complete; owned */
	bool		 is_client;
	bool		 is_open;
};

/* Why a connection did not come to stand: for 'connected' and struct handshake_failure. */
struct tcp_end {
	enum err	 why;
	const char	*reason, *cause;
	char		 text[160];	/* 'cause' may point here */
};

/*
 * An SSL for the link, with l->attempt; 'c' of the client side, or NULL. ERR_NOMEM, ERR_CRYPTO,
 * ERR_INVALID.
 */
enum err tls_begin(struct tcp_link *, const struct transport_connect *c, SSL **ret) MUST_CHECK;
/* The handshake is complete: notes who the peer is. When it has proven nothing, *why says so. */
enum err tls_complete(struct tcp_link *, struct tcp_end *why) MUST_CHECK;
/* What ended it: CRYPTO (asks OpenSSL), CLOSED, TIMEOUT. */
void	 tls_explain(const struct tcp_link *, enum err, struct tcp_end *ret);
/* Of the certificate that the peer showed; "": none. */
const char *tls_subject(const struct tcp_link *);
void	 tls_attempt_free(struct tls_attempt *);

#endif
