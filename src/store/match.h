#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which of several "match" globs that fit an endpoint name wins: the one with more literal
 * characters, then the longer pattern, then the profile whose name comes first.
 */
struct match {
	const char	*glob, *profile;	/* borrowed */
	size_t		 literal;		/* characters that stand for themselves */
	size_t		 prefix;		/* of these, how many stand before the first wildcard */
	void		*arg;			/* the caller's */
};

struct match match_of(const char *glob, const char *profile, void *arg);
void	 match_sort(struct match *, size_t n);	/* the most specific first */

/* The most specific that fits among the sorted, or NULL. */
const struct match *match_find(const struct match *, size_t n, const char *endpoint);

#endif
