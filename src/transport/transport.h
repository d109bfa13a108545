#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/counter.h"
#include "base/err.h"
#include "base/secret.h"
#include "transport/link.h"

struct dtls_shared;
struct own_credential;
struct loop;
struct transport;

/*
 * The sockets of one worker, the links on them, and DTLS. Belongs to one thread; workers
 * share nothing but struct dtls_shared, which is read only after its making.
 */

/* A handshake that came to nothing; strings are borrowed for the call. */
struct handshake_failure {
	const struct addr	*peer;
	const char		*cause;		/* one plain sentence */
	/*
	 * A word for programs: "unknown-identity", "wrong-key", "no-common-cipher", "timeout",
	 * "plain-coap", "limit", "other"; with certificates also "no-certificate", "unknown-ca",
	 * "expired", "not-yet-valid", "revoked", "bad-purpose", "bad-certificate", and "server-refused" (the
	 * device does not take ours).
	 */
	const char		*reason;
	/* PSK identity or subject of the certificate as far as it was seen, proven or not; or NULL. */
	const uint8_t		*identity;
	size_t			 identity_len;
};

/* What the transport tells and asks upward. All are called in the transport's thread. */
struct transport_events {
	/*
	 * Bytes from a link, decrypted: a datagram; of a connection a piece of its stream, cut
	 * anywhere. 'p' is valid during the call.
	 */
	void		(*received)(void *arg, struct link *, const uint8_t *p, size_t len);
	/* A link with a user is about to be freed: CLOSED, REPLACED, TIMEOUT, CANCELLED (shutdown). */
	void		(*going)(void *arg, struct link *, enum err why);
	/* A connection stands, its handshake complete; before 'connected'. Needed for TCP alone. */
	void		(*opened)(void *arg, struct link *);
	/* Server side: the key of a PSK identity. ERR_NOTFOUND: nobody's. Must not wait. */
	enum err	(*find_psk)(void *arg, const uint8_t *identity, size_t len, struct secret *ret);
	/*
	 * Server side, may be NULL (nothing is pinned): whether any record pins the certificate, or has the
	 * raw public key, with this SHA-256 of its DER. Asked of certificates whose chain leads to
	 * no client CA and of every raw key. ERR_NOTFOUND: none. Must not wait.
	 */
	enum err	(*find_pinned)(void *arg, enum identity_kind, const uint8_t sha256[32]);
	/* Server side, may be NULL. */
	void		(*handshake_failed)(void *arg, const struct handshake_failure *);
	/*
	 * Client side, may be NULL: the link of transport_connect() is ready; or it failed, and is
	 * freed after the call, without 'going'.
	 */
	void		(*connected)(void *arg, struct link *, enum err why, const char *cause);
	void		*arg;			/* borrowed */
};

/*
 * For a simulator of bad networks: sees each datagram on its way in and out and may keep it
 * (returns true), to hand it back later, or never, through transport_inject().
 */
struct transport_filter {
	bool		(*datagram)(void *arg, bool outgoing, const struct addr *local,
			    const struct addr *remote, const uint8_t *p, size_t len);
	void		*arg;
};

struct transport_limits {
	/* 0: no limit. Own links of transport_connect() count for the first alone. */
	uint32_t	links;			/* NoSec links with a user and TCP connections; DTLS
						   associations and TLS connections: each of the two */
	uint32_t	handshakes;		/* begun (cookie shown) and not complete */
	uint32_t	links_per_prefix;	/* all of these from one source prefix (addr_prefix) */
};

struct transport_opts {
	struct dtls_shared	*dtls;		/* held; NULL: no coaps */
	struct transport_limits	 limits;
	uint64_t		 handshake_timeout_ms;	/* 0: when OpenSSL gives up, minutes later */
	uint64_t		 idle_timeout_ms;	/* of an association nobody uses; 0: none.
							   Connections are their user's to close */
	const struct transport_filter *filter;	/* borrowed, or NULL */
};

/* Counted by the transport's thread, readable by any. */
#define TRANSPORT_COUNTERS(X)								\
	X(datagrams_in) X(datagrams_out) X(bytes_in) X(bytes_out)			\
	X(receive_calls) X(send_calls)							\
	X(dropped_by_kernel)		/* SO_RXQ_OVFL: our receive buffer was full */	\
	X(send_failed) X(truncated)							\
	X(links) X(associations)	/* now */					\
	X(accepted) X(accept_failed)	/* connections; without a descriptor for one */	\
	X(hello_verify) X(handshakes_begun) X(handshakes_done) X(handshakes_resumed)	\
	X(handshakes_failed) X(handshakes_open)	/* now */				\
	X(limit_links) X(limit_handshakes) X(limit_prefix)				\
	X(dtls_bad_records) X(not_dtls)							\
	X(crl_out_of_date)		/* client certificates held against an old list */
struct transport_stats {
#define X(name) struct counter name;
	TRANSPORT_COUNTERS(X)
#undef X
};

enum err transport_new(struct loop *, const struct transport_opts *, const struct transport_events *,
    struct transport **ret) MUST_CHECK;		/* copies both structs */
void	 transport_free(struct transport *);	/* every link goes, with ERR_CANCELLED */

/*
 * Opens a socket for the scheme; may be called for several addresses. 'actual' is the
 * address with the port the kernel gave for port 0. With 'shared' the port is shared with
 * other workers (SO_REUSEPORT). ERR_IO with errno set.
 */
enum err transport_listen(struct transport *, enum link_scheme, const struct addr *, bool shared,
    struct addr *actual) MUST_CHECK;

/*
 * Client side: a link from 'local' to 'remote' over the socket of 'scheme' that
 * transport_listen() opened; 'local' may be any address that socket receives for, such as one
 * of 127.0.0.0/8 behind 0.0.0.0; unspecified, it becomes the one the kernel would choose, and its
 * port may be 0. Over TCP no such socket is needed: the connection has one of its own, bound to
 * 'local'. For COAPS and COAPS_TCP with a PSK or a certificate; the outcome comes by 'connected' (over
 * COAP before the call returns). ERR_LIMIT, ERR_EXISTS, ERR_NOMEM, ERR_CRYPTO, ERR_NOTFOUND (no such socket),
 * ERR_INVALID (an identity over 256 bytes or with a NUL, no key), ERR_IO (no route).
 */
struct transport_connect {
	enum link_scheme	 scheme;
	struct addr		 local, remote;
	const uint8_t		*psk_identity, *psk_key;	/* copied */
	size_t			 psk_identity_len, psk_key_len;
	const struct own_credential *certificate;	/* instead of a PSK; used during the call only */
	void			*user;		/* link_user() from the start; not NULL over COAP */
};
enum err transport_connect(struct transport *, const struct transport_connect *, struct link **ret)
    MUST_CHECK;

/*
 * Takes other suites and certificates for handshakes that begin from now on: associations and
 * handshakes under way keep what they began with, no session of the old ones is resumed.
 * Holds 'dtls'. ERR_UNSUPPORTED (was made without), ERR_CRYPTO, ERR_NOMEM: nothing is changed.
 */
enum err transport_renew(struct transport *, struct dtls_shared *dtls) MUST_CHECK;

/* Lets a datagram that the filter kept go on its way, past the filter. */
void	 transport_inject(struct transport *, bool outgoing, const struct addr *local,
    const struct addr *remote, const uint8_t *p, size_t len);

const struct transport_stats *transport_stats(const struct transport *);

/*
 * What all workers' DTLS and TLS have in common: suites, cookie and ticket secrets, certificates. Immutable
 * and counted: a transport holds it as long as it uses it, and dtls_shared_free() lets go of the maker's.
 */
struct dtls_opts {
	const char	*ciphers;	/* OpenSSL cipher list; NULL: those of LwM2M, CCM_8 first */
	uint16_t	 mtu;		/* bytes of UDP payload a datagram of a handshake may have */
	bool		 client;	/* for transport_connect() */
	/*
	 * PEM files, names separated by spaces; NULL or "": none, and then there is PSK only. They
	 * are read once, by dtls_shared_new().
	 */
	const char	*certificate;	/* each: ours, then its chain; SNI picks, the first is the default */
	const char	*private_key;	/* one for each, in order; none: in the certificates' files */
	const char	*client_ca;	/* who may sign certificates of peers; of servers, for a client */
	const char	*crl;		/* what those have revoked */
};
/* ERR_INVALID with a sentence, valid until the thread's next call; ERR_NOMEM. */
enum err dtls_shared_new(const struct dtls_opts *, struct dtls_shared **ret, const char **why) MUST_CHECK;
/* What is not as it should be about the files, one sentence for each 'i' from 0; NULL: no more. */
const char *dtls_shared_warning(const struct dtls_shared *, size_t i);
struct dtls_shared *dtls_shared_ref(struct dtls_shared *);	/* for one more dtls_shared_free() */
void	 dtls_shared_free(struct dtls_shared *);

#endif
