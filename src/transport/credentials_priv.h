#ifndef TRANSPORT_CREDENTIALS_PRIV_H
#define TRANSPORT_CREDENTIALS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/err.h"
#include "transport/credentials.h"
#include "transport/transport.h"

struct credentials;
struct dtls_shared;
struct problem;

#define CREDENTIALS_OWN_MAX	16	/* certificates of ours, told apart by SNI */
#define CREDENTIALS_WARNINGS	8

/*
 * Certificates as DTLS and TLS have them in common: ours, who may sign those of peers, and what
 * was revoked. Immutable once made; counted, because a context in use needs them until its last
 * handshake is over.
 */
struct own_credential {
	X509		*cert;
	STACK_OF(X509)	*chain;		/* without 'cert'; may be empty */
	EVP_PKEY	*key;
};
struct credentials {
	_Atomic unsigned	 held;
	bool			 is_client;
	struct own_credential	 own[CREDENTIALS_OWN_MAX];	/* the first is the default */
	size_t			 nown;
	STACK_OF(X509)		*anchors;
	STACK_OF(X509_CRL)	*crls;
	char			 warnings[CREDENTIALS_WARNINGS][320];
	size_t			 nwarnings;
};

/*
 * Reads the files the options name; NULL when they name none. ERR_INVALID with *why (its
 * 'where' is the file), ERR_NOMEM.
 */
enum err credentials_new(const struct dtls_opts *, struct credentials **ret, struct problem *why)
    MUST_CHECK;
struct credentials *credentials_ref(struct credentials *);
void	 credentials_unref(struct credentials *);
void	 own_credential_fini(struct own_credential *);

/*
 * What is found out about a peer's certificate during one handshake. Belongs to the link, which
 * fills 'events', 'stats' and 'is_client' before credentials_watch(). Afterwards: 'reason' NULL, the
 * peer passed, or showed nothing; else the word and the sentence for struct handshake_failure.
 */
struct peer_check {
	const struct transport_events	*events;	/* borrowed; its find_pinned is asked */
	struct transport_stats		*stats;
	bool		 is_client;	/* the peer is a server: nothing is pinned */
	bool		 is_verified;	/* the chain leads to an anchor, dates and purpose fit */
	bool		 has_shown;	/* a certificate came */
	bool		 is_list_old;	/* it was held against a list that is out of date */
	int64_t		 until_s;	/* verified: when the first of the chain ends, since 1970 */
	const char	*reason;
	char		 cause[256];
	char		 subject[128];	/* as far as it fits; for people */
};

/*
 * Gives a new context what the shared part has: certificates with SNI, suites' curves, the
 * check of the peer. For DTLS and TLS alike; a no-op without certificates. Every SSL of
 * the context then needs credentials_watch() before its handshake; the check is borrowed until
 * that ends. ERR_CRYPTO.
 */
enum err credentials_apply(SSL_CTX *, const struct dtls_shared *) MUST_CHECK;
enum err credentials_watch(SSL *, struct peer_check *) MUST_CHECK;

/* ERR_OK: some record pins it; ERR_NOTFOUND, or what failed. */
enum err credentials_find_pinned(const struct peer_check *, X509 *) MUST_CHECK;

/* The client side's own certificate, for one SSL; ERR_CRYPTO. */
enum err credentials_show(SSL *, const struct own_credential *) MUST_CHECK;

/*
 * After the handshake, also a resumed one: what the peer has proven. ret->p is owned (free()).
 * ERR_NOTFOUND: it showed neither certificate nor raw key.
 */
enum err credentials_identity(SSL *, struct identity *ret) MUST_CHECK;

/* The failure of a handshake by OpenSSL's reason code that has to do with certificates; NULL: none. */
const struct credentials_failure {
	const char	*reason, *cause;
} *credentials_failure(int openssl_reason);

#endif
