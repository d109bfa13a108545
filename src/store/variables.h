#ifndef STORE_VARIABLES_H
#define STORE_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/config.h"

struct arena;
struct doc;
struct json_t;
struct place;

/*
 * ${name} in the strings of a configuration. Names are [A-Za-z_][A-Za-z0-9_.-]*, "endpoint" is
 * built in, "$${" stands for "${". What is put in is not looked at again.
 */
#define VARIABLES_NAME_MAX	64
#define VARIABLES_VALUE_MAX	4096

/* Reads {"name":"value", …}. ERR_INVALID with the document's problem, ERR_NOMEM. */
enum err variables_read(const struct doc *, const struct place *, const struct json_t *,
    struct variables *ret) MUST_CHECK;

/* Both, 'over' after 'under' and so winning; in the arena, or one of the two when the other is empty. */
enum err variables_join(const struct variables *under, const struct variables *over, struct arena *,
    struct variables *ret) MUST_CHECK;

/* The value, or NULL. 'name' has 'len' characters. */
const char *variables_find(const struct variables *, const char *name, size_t len);

bool	 variables_used(const char *text);	/* it holds "${", also in its quoted form */

#endif
