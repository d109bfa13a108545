#ifndef OSCORE_OSCORE_H
#define OSCORE_OSCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/err.h"
#include "oscore/message.h"
#include "oscore/numbers.h"

/*
 * The security contexts of one worker: found by what a request says, verified as fresh by an
 * Echo (RFC 9175; RFC 8613, B.1.2), renewed when the device asks for it (B.2), and kept as long as
 * there is room. One that is forgotten costs its device an Echo again, and nothing else.
 * Belongs to one thread, as do its contexts.
 */
struct oscore;
struct oscore_context;

struct oscore_opts {
	/*
	 * What was agreed on with the peer whose sender id is 'kid', as seen from our end: so
	 * ret->recipient is 'kid'. With context_len 0 the request named no ID Context: found then is
	 * the one record of this kid, or among several the one without ID Context. *ret is zeroed.
	 * ERR_NOTFOUND, ERR_DB.
	 */
	enum err	(*find)(void *arg, const struct oscore_id *kid, const uint8_t *id_context,
			    size_t id_context_len, struct oscore_params *ret);
	void		*arg;			/* borrowed, as is: */
	struct oscore_numbers *numbers;
	uint16_t	 worker;
	uint32_t	 max_contexts;		/* kept although nobody uses them */
};
enum err oscore_new(const struct oscore_opts *, struct oscore **ret) MUST_CHECK;
void	 oscore_free(struct oscore *);		/* after the last context was let go */

/* --- requests to us --- */

#define OSCORE_ECHO_LEN	8

enum oscore_verdict {
	OSCORE_OPENED,		/* genuine and fresh */
	OSCORE_CHALLENGE,	/* genuine; whether it is fresh the Echo will show */
	OSCORE_REFUSED,		/* an error, to be told without protection: 'failure' */
	OSCORE_SILENT,		/* a failure of ours: no answer, so that the peer asks again */
};

/* RFC 8613, 8.2; all static but the kid, which is as the peer gave it. */
struct oscore_failure {
	uint8_t			 code;
	const char		*diagnostic;	/* for the answer's payload */
	const char		*reason;	/* for programs: "unknown-context", "wrong-key", "replay",
						   "bad-option" */
	const char		*cause;		/* for operators: one plain sentence */
	struct oscore_id	 kid;
};

struct oscore_opened {
	struct oscore_context	*context;	/* OPENED, CHALLENGE: counted, let go with oscore_release() */
	struct oscore_binding	 binding;
	uint64_t		 own;		/* our number for the answer */
	uint8_t			 echo[OSCORE_ECHO_LEN];	/* CHALLENGE: to be sent within a 4.01 */
	struct oscore_failure	 failure;	/* REFUSED */
};
/* 'inner' lies in the room, with OPENED and CHALLENGE. Wipe the room. */
enum oscore_verdict oscore_open(struct oscore *, const struct msg *outer, struct oscore_room *,
    struct msg *inner, struct oscore_opened *ret);

/* The request is being answered: the same one again would be a replay. */
void	 oscore_taken(struct oscore *, const struct oscore_opened *);

/* Protects the answer, once for each oscore_open(). ERR_TOOBIG, ERR_CRYPTO. */
enum err oscore_answer(struct oscore *, const struct oscore_opened *, const struct msg *inner,
    struct oscore_room *, struct msg *outer) MUST_CHECK;

/* --- requests of ours --- */

/* As oscore_protect_request(); ERR_BUSY, ERR_LIMIT: there is no number for it. */
enum err oscore_ask(struct oscore *, const struct oscore_context *, const struct msg *inner,
    struct oscore_room *, struct msg *outer, struct oscore_binding *ret) MUST_CHECK;
enum err oscore_answered(struct oscore *, const struct oscore_context *, const struct oscore_binding *,
    const struct msg *outer, struct oscore_room *, struct msg *inner) MUST_CHECK;
/* What oscore_ask() protected, as it was before. */
enum err oscore_asked(struct oscore *, const struct oscore_context *, const struct msg *outer,
    struct oscore_room *, struct msg *inner) MUST_CHECK;

/* --- contexts --- */

struct oscore_context *oscore_hold(struct oscore_context *);	/* counts one more; returns it */
void	 oscore_release(struct oscore_context *);		/* NULL is a no-op */

/*
 * Who the peer has proven to be: the octets that store/ finds records by (reader_oscore()):
 * length of the recipient id, recipient id, and the record's ID Context if it has one.
 */
const uint8_t *oscore_identity(const struct oscore_context *, size_t *ret_len);
uint64_t oscore_serial(const struct oscore_context *);	/* not 0; no other context of this worker has it */

#define OSCORE_COUNTERS(X)								\
	X(opened) X(challenged) X(unknown_context) X(undecipherable) X(replayed)	\
	X(renewed)		/* contexts, by B.2 */					\
	X(contexts)		/* kept now */						\
	X(out_of_numbers)
struct oscore_stats {
#define X(name) struct counter name;
	OSCORE_COUNTERS(X)
#undef X
};
const struct oscore_stats *oscore_stats(const struct oscore *);

#endif
