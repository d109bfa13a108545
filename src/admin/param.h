#ifndef ADMIN_PARAM_H
#define ADMIN_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/rpc.h"

struct json_t;

/* The parameters of a method: which there are, and reading them. */

enum param_type { PARAM_TEXT, PARAM_NUMBER, PARAM_BOOL, PARAM_OBJECT, PARAM_ARRAY, PARAM_ID };

struct param {			/* a list ends with a NULL name */
	const char	*name;
	enum param_type	 type;	/* PARAM_ID: a whole number, or its hex form in a string */
	bool		 required;
	int64_t		 min, max;	/* NUMBER; max 0: no limit */
};

/* Refuses what is unknown, missing, of the wrong type or out of range. */
enum rpc_error param_check(const struct param *, const struct json_t *params, struct rpc_fault *) MUST_CHECK;

/* After param_check(). Absent (or null): NULL, the default, false, 0. */
const char	*param_text(const struct json_t *params, const char *name);
int64_t		 param_number(const struct json_t *params, const char *name, int64_t otherwise);
bool		 param_bool(const struct json_t *params, const char *name);
uint64_t	 param_id(const struct json_t *params, const char *name);

#endif
