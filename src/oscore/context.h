#ifndef OSCORE_CONTEXT_H
#define OSCORE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "oscore/aead.h"

/* The security context of RFC 8613, 3: what two ends have agreed on, and the keys made of it. Pure. */

#define OSCORE_ID_MAX		7	/* octets of a sender or recipient id (3.3) */
#define OSCORE_ID_CONTEXT_MAX	64	/* octets; ours: the RFC has no limit */
#define OSCORE_SECRET_MAX	64	/* octets of a master secret or salt; ours, too */
#define OSCORE_PIV_MAX		5
#define OSCORE_NUMBER_MAX	((UINT64_C(1) << 40) - 1)	/* of a sequence number (7.2.1) */

struct oscore_id {
	uint8_t		len;
	uint8_t		bytes[OSCORE_ID_MAX];
};

/* What is agreed on, seen from our end. Holds a secret: secret_wipe() it. */
struct oscore_params {
	int		 aead, hash;		/* COSE numbers */
	bool		 without_echo;		/* for oscore.h: its first request is taken as fresh */
	struct oscore_id sender, recipient;	/* ours; the other end's */
	uint8_t		 secret_len, salt_len;
	uint8_t		 id_context_len;	/* 0: there is none */
	uint8_t		 secret[OSCORE_SECRET_MAX];
	uint8_t		 salt[OSCORE_SECRET_MAX];
	uint8_t		 id_context[OSCORE_ID_CONTEXT_MAX];
};

/* The keys. Secret as well. */
struct oscore_keys {
	const struct oscore_alg	*alg;
	struct oscore_id	 sender, recipient;
	uint8_t			 id_context_len;
	uint8_t			 id_context[OSCORE_ID_CONTEXT_MAX];
	uint8_t			 sender_key[OSCORE_KEY_MAX], recipient_key[OSCORE_KEY_MAX];
	uint8_t			 common_iv[OSCORE_NONCE_MAX];
};

/*
 * ERR_UNSUPPORTED  the AEAD or the hash is not known here
 * ERR_INVALID      ids that are equal, or longer than the nonce allows (3.3)
 * ERR_CRYPTO
 */
enum err oscore_derive(const struct oscore_params *, struct oscore_keys *ret) MUST_CHECK;

/* The longest id that leaves room in the algorithm's nonce (3.3). */
static inline size_t
oscore_id_max(const struct oscore_alg *alg)
{
	return (size_t)alg->nonce_len - 6;
}

/* A number in its shortest form, 1 to 5 octets: a Partial IV (6.1). */
struct oscore_piv {
	uint8_t		len;		/* 0: absent */
	uint8_t		bytes[OSCORE_PIV_MAX];
};
struct oscore_piv oscore_piv(uint64_t number);
uint64_t oscore_piv_number(const struct oscore_piv *);

/* RFC 8613, 5.2; 'id' is that of the end that made up the Partial IV. */
void	 oscore_nonce(const struct oscore_keys *, const struct oscore_id *id,
    const struct oscore_piv *, uint8_t ret[OSCORE_NONCE_MAX]);

/*
 * Numbers that came already (7.4): the newest and 63 before it. Anything older counts as seen.
 */
struct oscore_window {
	bool		 any;
	uint64_t	 newest;
	uint64_t	 seen;		/* bit n: newest - n */
};
bool	 oscore_window_fresh(const struct oscore_window *, uint64_t number);
void	 oscore_window_mark(struct oscore_window *, uint64_t number);
/* Nothing up to and including 'number' is fresh any more (B.1.2). */
void	 oscore_window_from(struct oscore_window *, uint64_t number);

#endif
