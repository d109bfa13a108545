#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include "base/err.h"

/*
 * Why something that a person or a program handed us cannot be taken: what, where,
 * and what would be right. Filled by the function that refuses; the caller shows it.
 */
struct problem {
	char	reason[32];	/* a word for programs, such as "invalid" or "unknown-key" */
	char	where[192];	/* JSON pointer, or "file:line"; "" when it is the whole */
	char	text[320];	/* one plain sentence: what is wrong and what was expected */
};

/* Fills 'p' and returns 'e', so that a check can end with "return problem_set(…)". */
enum err problem_set(struct problem *p, enum err e, const char *reason, const char *where,
    const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
