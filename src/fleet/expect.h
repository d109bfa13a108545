#ifndef FLEET_EXPECT_H
#define FLEET_EXPECT_H

#include <stddef.h>

#include "base/err.h"
#include "base/problem.h"

struct expect;
struct model;
struct objdefs;

/*
 * What every device has to hold at the end, from "strapctl plan EP --json --reveal". Where the
 * name of that endpoint stands in a value, another device holds its own name.
 */
enum err expect_load(const char *file, const struct objdefs *, struct expect **ret,
    struct problem *why) MUST_CHECK;
void	 expect_free(struct expect *);

/* NULL when the device holds just that (besides its bootstrap account and /3); else a sentence in 'buf'. */
const char *expect_differs(const struct expect *, const struct model *, const char *endpoint,
    char *buf, size_t size);

#endif
