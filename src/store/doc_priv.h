#ifndef STORE_DOC_PRIV_H
#define STORE_DOC_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/problem.h"

/* Reading a JSON document that an operator wrote: every refusal says where and what was expected. */

/* Where we are in the document. Lives on the stack of the reader; costs nothing until it is printed. */
struct place {
	const struct place	*up;
	const char		*key;	/* NULL: an array's element. The root's is a JSON pointer */
	size_t			 index;
};
#define PLACE_ROOT(pointer)	(&(struct place){ NULL, (pointer), 0 })
#define PLACE_KEY(up, key)	(&(struct place){ (up), (key), 0 })
#define PLACE_INDEX(up, i)	(&(struct place){ (up), NULL, (i) })

struct doc {
	struct arena	*arena;		/* holds what is read */
	struct problem	*why;		/* filled by the first refusal */
	bool		 stored;	/* it was checked when it was stored: leave out what takes long */
};

/* Both return what they say, so that a check can end with "return doc_refuse(…)". */
enum err doc_refuse(const struct doc *, const struct place *, const char *reason, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
enum err doc_nomem(const struct doc *);

/* "a string", "the number 7", "null", … for sentences. 'buf' is used for numbers. */
#define DOC_FOUND_MAX	48
const char *doc_found(const json_t *, char buf[DOC_FOUND_MAX]);

/* ERR_INVALID unless it is an object, all of whose keys are among 'keys' (NULL-terminated). */
enum err doc_object(
    const struct doc *, const struct place *, const json_t *, const char *const *keys) MUST_CHECK;
enum err doc_unknown_key(const struct doc *, const struct place *object, const char *key,
    const char *const *keys) MUST_CHECK;	/* the refusal itself, with the nearest key as a hint */
enum err doc_array(const struct doc *, const struct place *, const json_t *) MUST_CHECK;

/* A string of 1 to 'max' octets without NUL; a copy in the arena. */
enum err doc_text(
    const struct doc *, const struct place *, const json_t *, size_t max, const char **ret) MUST_CHECK;
/* The same without control characters: a name that is shown in tables. */
enum err doc_name(
    const struct doc *, const struct place *, const json_t *, size_t max, const char **ret) MUST_CHECK;
enum err doc_integer(const struct doc *, const struct place *, const json_t *, int64_t min, int64_t max,
    int64_t *ret) MUST_CHECK;
enum err doc_boolean(const struct doc *, const struct place *, const json_t *, bool *ret) MUST_CHECK;

/* The place of 'v' in 'words' (NULL-terminated), which is what the string must be one of. */
enum err doc_word(const struct doc *, const struct place *, const json_t *v, const char *const *words,
    size_t *ret) MUST_CHECK;

/* "a, b or c", or as many as fit and "…". Returns 'buf'. */
const char *doc_list(const char *const *words, char *buf, size_t size);

#endif
