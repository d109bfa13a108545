#ifndef BOOTSTRAP_AUTHORISE_H
#define BOOTSTRAP_AUTHORISE_H

#include <stddef.h>

#include "base/err.h"
#include "base/problem.h"
#include "store/resolve.h"
#include "transport/link.h"

struct arena;
struct reader;

/*
 * Who may bootstrap: the one place where proven identity and endpoint name meet. The page
 * docs/who-may-bootstrap.md says the same in words, rule by rule.
 */
enum verdict {
	VERDICT_ALLOWED,
	VERDICT_UNKNOWN,	/* no record, no profile: "unknown-endpoint" */
	VERDICT_NOT_AUTHORISED,	/* "not-authorised": *why has the sentence */
	VERDICT_DISABLED,
	VERDICT_NO_CONFIG,
	VERDICT_ERROR,		/* the store failed: say nothing to the device about it */
};

struct authorise_request {
	const char		*ep;		/* from the query, no NUL inside; NULL: absent */
	enum link_scheme	 scheme;
	const struct identity	*identity;	/* of the link */
	const uint8_t		*oscore;	/* what protects the request, as oscore_identity() has it,
						   or NULL; then the link's identity is not asked for */
	size_t			 oscore_len;
};

/*
 * On ALLOWED *ret is filled and needs resolved_release(); ret->endpoint is the device's name.
 * On anything else *ret needs none, and *name is the endpoint name as far as one is known (may be NULL).
 */
enum verdict authorise(const struct authorise_request *, struct reader *, struct resolver *,
    struct arena *, struct resolved *ret, const char **name, struct problem *why);

/* The word of interface.md, 9: "unknown-endpoint", …; "" when allowed. */
const char *verdict_reason(enum verdict);

#endif
