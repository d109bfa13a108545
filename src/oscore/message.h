#ifndef OSCORE_MESSAGE_H
#define OSCORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "coap/msg.h"
#include "oscore/context.h"

/*
 * One message, protected and opened (RFC 8613, 4 to 6). Pure: numbers come from the caller,
 * who gives none twice; replays are the caller's to find.
 *
 * Type, message id and token are of no concern here: they are zero in what is opened, and the
 * same as before in what is protected.
 */

/* The value of the OSCORE option (6.1); points into the message. */
struct oscore_header {
	struct oscore_piv piv;
	bool		 has_kid, has_kid_context;
	struct oscore_id kid;		/* the sender id of who sent it */
	const uint8_t	*kid_context;
	uint8_t		 kid_context_len;
};
/* False when there is no such option. ERR_MALFORMED in *e when it cannot be read. */
bool	 oscore_header_read(const struct msg *, struct oscore_header *ret, enum err *e);

/* The request that a response is bound to (5.4). */
struct oscore_binding {
	struct oscore_id kid;
	struct oscore_piv piv;
};

/* Where the results lie, until the next use of it. */
struct oscore_room {
	uint8_t		*p;
	size_t		 cap;
	uint8_t		 option[1 + OSCORE_PIV_MAX + 1 + OSCORE_ID_CONTEXT_MAX + OSCORE_ID_MAX];
};

/* ERR_TOOBIG: the room's cap. ERR_CRYPTO. 'outer' points into the room, and to values of 'inner'. */
enum err oscore_protect_request(struct oscore_aead *, const struct oscore_keys *, uint64_t number,
    const struct msg *inner, struct oscore_room *, struct msg *outer,
    struct oscore_binding *ret) MUST_CHECK;

/* 'own' is a number of ours; NULL: with the request's nonce, which is safe once only (5.2). */
enum err oscore_protect_response(struct oscore_aead *, const struct oscore_keys *,
    const struct oscore_binding *, const uint64_t *own, const struct msg *inner, struct oscore_room *,
    struct msg *outer) MUST_CHECK;

/*
 * ERR_MALFORMED: not protected by these keys, or no CoAP message inside. ERR_TOOBIG: the room,
 * or more options than a msg has. What is opened lies in the room: private, wipe it.
 */
enum err oscore_open_request(struct oscore_aead *, const struct oscore_keys *, const struct msg *outer,
    struct oscore_room *, struct msg *inner, struct oscore_binding *ret) MUST_CHECK;
enum err oscore_open_response(struct oscore_aead *, const struct oscore_keys *,
    const struct oscore_binding *, const struct msg *outer, struct oscore_room *,
    struct msg *inner) MUST_CHECK;
/* What oscore_protect_request() made. */
enum err oscore_open_own(struct oscore_aead *, const struct oscore_keys *, const struct msg *outer,
    struct oscore_room *, struct msg *inner) MUST_CHECK;

#endif
