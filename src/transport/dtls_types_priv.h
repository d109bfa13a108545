#ifndef TRANSPORT_DTLS_TYPES_PRIV_H
#define TRANSPORT_DTLS_TYPES_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/loop.h"
#include "base/secret.h"
#include "transport/dtls_cookie.h"
#include "transport/dtls_priv.h"
#include "transport/transport_priv.h"

/* What the files dtls_*.c share: how an association stands in OpenSSL and in a link. */

#define TICKET_KEYS_LEN		80	/* what SSL_CTX_set_tlsext_ticket_keys() wants */
#define PROOF_SECRET_LEN	32
#define PROOF_LEN		16
#define DTLS_WARM		256	/* associations that keep their buffers: 5 MB in all */
#define PSK_IDENTITY_MAX	256	/* bytes OpenSSL takes; LwM2M asks for 128 */

struct credentials;
struct peer_check;

struct dtls_shared {
	_Atomic unsigned held;
	struct credentials *credentials;	/* NULL: PSK only */
	char	 ciphers[1024];
	uint16_t mtu;
	bool	 is_client;
	uint8_t	 cookie_secret[COOKIE_SECRET_LEN];
	uint8_t	 ticket_keys[TICKET_KEYS_LEN];
	uint8_t	 proof_secret[PROOF_SECRET_LEN];	/* dtls_resume.c */
};

/* What a BIO of ours reads from and writes to: one datagram in at most, any number out. */
struct dtls_pipe {
	struct port		*port;
	const struct link_key	*key;
	const uint8_t		*in;
	size_t			 in_len;	/* 0: nothing waits */
	struct dtls_link	*owner;		/* NULL: the listener's */
	struct dtls		*dtls;
};

/* Why a handshake fails, once that is known before its end. */
enum suspicion { NOT_SUSPECTED, UNKNOWN_IDENTITY, STORE_FAILED };

/* Needed until the handshake is complete. */
struct attempt {
	uint64_t	 deadline_ms;		/* 0: none */
	struct secret	 key;			/* client side */
	char		 name[PSK_IDENTITY_MAX + 1];	/* client side: the identity as text */
	enum suspicion	 suspicion;
	bool		 has_seen_finished;	/* encrypted handshake records arrived */
	uint8_t		 bad_finished;		/* how many of them could not be read */
	uint8_t		 early;			/* datagrams that came before the keys for them */
	bool		 is_key_used;		/* the peer named an identity */
	uint8_t		 proof[PROOF_LEN];	/* of the key; what a resumption is held against */
	struct peer_check *check;		/* owned; NULL where there are no certificates */
};

struct dtls_link {
	struct link	 link;		/* first: a link of a coaps port is one of these */
	SSL		*ssl;
	struct dtls_pipe pipe;
	struct timer	 timer;		/* retransmission and deadline, then idleness */
	uint64_t	 active_ms;	/* when the peer was last heard */
	uint64_t	 random;	/* of its ClientHello (dtls_record.h) */
	struct identity	 identity;	/* 'p' is owned */
	struct attempt	*attempt;	/* NULL: established */
	uint16_t	 mtu;		/* 0 until established */
	bool		 is_client;
	bool		 is_busy;	/* an SSL call is on the stack: its buffers stay */
	uint16_t	 warm;		/* its place in dtls.warm, counted from 1; 0: none */
};

struct dtls {
	struct transport	*transport;	/* borrowed */
	struct dtls_shared	*shared;	/* held */
	SSL_CTX			*ctx;
	BIO_METHOD		*method;
	SSL			*listener;	/* for ClientHellos; a good one makes it the link's */
	BIO_ADDR		*nobody;	/* DTLSv1_listen() wants one */
	struct dtls_pipe	 pipe;		/* the listener's */
	struct cookies		 cookies;
	struct sessions		*sessions;	/* dtls_resume.c */
	struct dtls_link	*warm[DTLS_WARM];	/* a ring, in the order of first use */
	unsigned		 next_warm;
};

/* dtls_bio.c: an SSL whose datagrams go through 'pipe'. NULL: out of memory. */
BIO_METHOD *dtls_bio_method(void);
SSL	*dtls_ssl_new(struct dtls *, struct dtls_pipe *);
void	 dtls_ssl_attach(SSL *, struct dtls_pipe *);
struct dtls_pipe *dtls_pipe_of(const SSL *);

/* dtls_context.c */
extern const char dtls_default_ciphers[], dtls_client_ciphers[], dtls_certificate_ciphers[];
/* Whether the peer proves itself by a key that both have, and no certificate. NULL: no. */
bool	 dtls_is_psk_suite(const SSL_CIPHER *);
enum err dtls_context_new(struct dtls *) MUST_CHECK;
/* NULL when good, else a sentence; static storage. */
const char *dtls_check_ciphers(const char *list, bool is_client);

/* dtls_resume.c: sessions that are taken up again, by ticket or from a small cache. */
enum err dtls_resume_setup(struct dtls *) MUST_CHECK;
void	 dtls_resume_fini(struct dtls *);
/* Ties the session to the key it was made with; ERR_CRYPTO. */
enum err dtls_proof(const struct dtls_shared *, const uint8_t *identity, size_t len,
    const struct secret *key, uint8_t ret[PROOF_LEN]) MUST_CHECK;

/* dtls_handshake.c */
/* A ClientHello that is no repetition of one we know. */
void	 dtls_hello(struct port *, const struct link_key *, const uint8_t *p, size_t len,
    uint64_t random);
void	 dtls_handshake_input(struct dtls_link *, const uint8_t *p, size_t len);
void	 dtls_handshake_timer(struct dtls_link *);
void	 dtls_attempt_free(struct attempt *);
void	 dtls_tell_failure(struct transport *, const struct handshake_failure *);

/* dtls.c */
unsigned dtls_read(struct dtls_link *);		/* hands up what can be read now; returns how much */
void	 dtls_idle_set_timer(struct dtls_link *);
void	 dtls_idle_timer(struct dtls_link *);

#endif
