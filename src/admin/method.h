#ifndef ADMIN_METHOD_H
#define ADMIN_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/param.h"
#include "admin/peercred.h"

struct call;
struct json_t;

/* What can be called: name, who may, parameters, one line for people. */
struct method {
	const char	*name;
	enum role	 role;		/* the least that may call it */
	const char	*summary;
	const struct param *params;	/* NULL: the method reads them by itself */
	/* 'params': an object, borrowed, checked against the list. Ends the call, now or later. */
	void		(*run)(struct call *, struct json_t *params);
};

const struct method *method_find(const char *name);	/* or NULL */
bool method_is_later(const char *name);	/* in the contract, not in this version */
const struct method *method_nearest(const char *name);	/* for a hint; or NULL */

void method_endpoint_set(struct call *, struct json_t *params);
void method_endpoint_get(struct call *, struct json_t *params);
void method_endpoint_remove(struct call *, struct json_t *params);
void method_endpoint_list(struct call *, struct json_t *params);
void method_endpoint_import(struct call *, struct json_t *params);
void method_profile_set(struct call *, struct json_t *params);
void method_profile_get(struct call *, struct json_t *params);
void method_profile_remove(struct call *, struct json_t *params);
void method_profile_list(struct call *, struct json_t *params);
void method_plan(struct call *, struct json_t *params);
void method_object_set(struct call *, struct json_t *params);
void method_object_get(struct call *, struct json_t *params);
void method_object_list(struct call *, struct json_t *params);
void method_object_remove(struct call *, struct json_t *params);
void method_session_list(struct call *, struct json_t *params);
void method_session_get(struct call *, struct json_t *params);
void method_session_cancel(struct call *, struct json_t *params);
void method_history(struct call *, struct json_t *params);
void method_event_subscribe(struct call *, struct json_t *params);
void method_event_unsubscribe(struct call *, struct json_t *params);
void method_status(struct call *, struct json_t *params);

#endif
