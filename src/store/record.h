#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "store/config.h"

struct arena;
struct json_t;
struct objdefs;

/* Records as operators write them (interface.md, 3), read and checked. All in an arena. */

#define RECORD_ENDPOINT_MAX	252	/* bytes (spec/bootstrap.md 2.8) */
#define RECORD_NAME_MAX		64	/* of a profile or a master secret */
#define RECORD_PSK_IDENTITY_MAX	128	/* spec/bootstrap.md 5.2 */
#define RECORD_PSK_MAX		64

enum auth_kind { AUTH_PSK, AUTH_CERTIFICATE, AUTH_PUBLIC_KEY, AUTH_NONE, AUTH_OSCORE };

#define RECORD_OSCORE_SECRET_MIN	16
#define RECORD_OSCORE_SECRET_MAX	64	/* of a master secret, or salt */
#define RECORD_OSCORE_CONTEXT_MAX	48	/* of an ID Context */

struct record_octets {
	const uint8_t	*p;
	size_t		 len;
};

/* An OSCORE security context, as the device's /21 holds it: 'sender_id' is what the device sends under. */
struct auth_oscore {
	struct record_octets	 master_secret, sender_id, recipient_id;
	struct record_octets	 master_salt, id_context;	/* may be empty */
	int		 aead;		/* COSE numbers: 10, 11 … */
	int		 hkdf;		/* -10, -11 */
	bool		 echo;		/* false: the device cannot answer one */
	struct record_octets	 key;		/* for endpoint_keys.oscore_id */
};

/* How a device proves itself to this server. */
struct auth {
	enum auth_kind	 kind;
	const char	*psk_identity;		/* PSK: may hold ${…} in a profile */
	const char	*psk_derive;		/* PSK: master's name, or NULL */
	const uint8_t	*psk_key;		/* PSK: NULL with derive */
	size_t		 psk_key_len;
	bool		 pinned;		/* CERTIFICATE: sha256 is set */
	uint8_t		 sha256[32];
	const uint8_t	*spki;			/* PUBLIC_KEY */
	size_t		 spki_len;
	const struct auth_oscore *oscore;	/* OSCORE */
};
/*
 * What a peer with this 'auth' is found by before its name is known: SHA-256 of the pinned certificate, or
 * of the raw public key. False: it is found otherwise.
 */
#define AUTH_PINNED_LEN	32
bool auth_pinned(const struct auth *, uint8_t ret[AUTH_PINNED_LEN]);

/*
 * Whether devices of this kind can come in at all in this build; else *why, at "/auth/…". Such a record is
 * read, for it may be another machine's, but is not to be stored.
 */
enum err auth_supported(const struct auth *, struct problem *why) MUST_CHECK;

const char *auth_kind_name(enum auth_kind);	/* "psk", "certificate", … */

/*
 * What is done otherwise for devices that need it, and cannot be recognised by what they answer
 * (docs/quirks.md). Sets are masks of QUIRK_BIT().
 */
enum quirk {
	QUIRK_DELETE_INSTANCES,		/* one by one, instead of whole objects */
	QUIRK_FINISH_UNCONFIRMED,	/* no answer to Finish, or an odd one, is a success */
	QUIRK_KEEP_EMPTY_RESOURCES,	/* keys that an account does not have are written empty */
	QUIRK_NO_PACK,			/* Bootstrap-Pack is refused */
	QUIRK_PAUSE_AFTER_204,		/* before the first operation */
	QUIRK_SINGLE_SERVER,		/* the first account only */
	QUIRK_URI_WITH_PORT,		/* the scheme's own, where the record has none */
	QUIRK_WRITE_INSTANCES,		/* one by one, where the record writes whole objects */
	QUIRKS,
};
#define QUIRK_BIT(q)	(1u << (q))
const char *quirk_name(enum quirk);	/* "delete-instances" … */

struct endpoint_record {
	const char		*endpoint;	/* no NUL inside, at most RECORD_ENDPOINT_MAX */
	const char		*profile;	/* or NULL */
	bool			 enabled;
	const struct auth	*auth;		/* or NULL: the profile's */
	struct variables	 variables;
	bool			 has_quirks;	/* else the profile's hold */
	unsigned		 quirks;
	struct json_t		*config;	/* or NULL; borrowed from the document */
};

struct profile_record {
	const char		*profile;
	const char		**match;	/* globs over endpoint names */
	size_t			 nmatch;
	const struct auth	*auth;		/* or NULL */
	struct variables	 variables;
	unsigned		 quirks;
	struct json_t		*config;	/* or NULL; borrowed from the document */
};

/*
 * Reads one record from JSON, which must outlive the result. Everything the record says by
 * itself is checked here; what needs the profile is checked by resolve_record().
 * ERR_INVALID with *why (JSON pointer and sentence), ERR_NOMEM.
 */
enum err record_endpoint(struct json_t *doc, struct arena *, struct endpoint_record *ret,
    struct problem *why) MUST_CHECK;
enum err record_profile(struct json_t *doc, const struct objdefs *, struct arena *,
    struct profile_record *ret, struct problem *why) MUST_CHECK;

/*
 * A binary value: {"hex"|"base64"|"text"|"pem": "…"}; octets in the arena. {"random":N} and
 * {"derive":"NAME"} are ERR_UNSUPPORTED here. ERR_INVALID with *why at 'pointer'.
 */
enum err record_binary(const struct json_t *, const char *pointer, struct arena *,
    const uint8_t **ret, size_t *ret_len, struct problem *why) MUST_CHECK;

/*
 * A copy for showing: the device's key and what the object definitions call secret replaced by
 * {"redacted": bytes}. Returns owned (json_decref), NULL when out of memory.
 */
struct json_t *record_redact(const struct json_t *doc, const struct objdefs *);

#endif
