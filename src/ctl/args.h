#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/problem.h"

/* A command line, read by tables: which options there are stands where the command does. */

struct opt {			/* a list ends with a NULL name */
	const char	*name;	/* "profile": --profile P, --profile=P */
	char		 letter; /* 's': -s S; 0: none */
	const char	*arg;	/* name of its argument for help; NULL: a flag */
	const char	*help;	/* one line */
};

#define ARGS_MAX 64

struct args {
	const char	*words[ARGS_MAX];	/* what is no option, in order */
	size_t		 nwords;
	struct {
		const char	*name;		/* as in the table */
		const char	*value;		/* NULL for a flag */
	} opts[ARGS_MAX];
	size_t		 nopts;
};

struct argline {
	char		**argv;
	int		  argc;
	int		  at;			/* the next to be read */
};

/*
 * Reads words and options of either list, in any order, until 'words' words are in *a (0: to
 * the end); "--" ends the options, "-" is a word. Adds to *a. ERR_INVALID with *why: an option
 * is unknown, lacks its argument, or has one too many.
 */
enum err args_read(struct argline *, const struct opt *own, const struct opt *global, size_t words,
    struct args *a, struct problem *why) MUST_CHECK;

/* The last one given wins; NULL when it was not given. */
const char *args_value(const struct args *, const char *name);
/* The i-th of an option that may be repeated; NULL after the last. */
const char *args_nth(const struct args *, const char *name, size_t i);
bool	 args_has(const struct args *, const char *name);

#endif
