#ifndef TEST_ADMIN_BACKEND_H
#define TEST_ADMIN_BACKEND_H

/* The daemon's side of an admin socket in tests: a backend that is made up. */

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/loop.h"
#include "lwm2m/objdef.h"
#include "store/history.h"
#include "store/reader.h"
#include "store/resolve.h"

#define RIG_PATIENCE_MS 20000		/* a hung test ends; nothing is measured */

struct rig {
	char		 dir[64], socket[96], url[96];
	struct loop	*loop;
	struct store	*store;
	struct reader	*reader;
	struct resolver	*resolver;
	struct admin	*admin;
	struct timer	 patience;
	bool		 late;
	void		(*reply)(void *, json_t *);	/* of a session.get that waits */
	void		*reply_arg;
	uint64_t	 cancelled;
	uint32_t	 max_line, max_connections;
	struct objdefs	*defs;		/* once some were imported */
};

static inline const struct objdefs *
rig_defs(void)
{
	static struct objdefs *defs;
	struct problem why = { 0 };

	if (defs == NULL &&
	    objdefs_load((const char *const[]){ "etc/objects", NULL }, &defs, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	return defs;
}

/* JSON written with ' for ". */
static inline json_t *
js(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *v;

	assert_non_null(copy);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	v = json_loads(copy, JSON_DECODE_ANY, &error);
	if (v == NULL)
		fail_msg("%s in %s", error.text, copy);
	free(copy);
	return v;
}

/* --- the daemon's side --- */

static inline json_t *
rig_status(void *arg)
{
	(void)arg;
	return js("{'version':'9.9','uptime_s':93784,'pid':17,'state':'serving',"
	    "'listeners':[{'scheme':'coap','address':'127.0.0.1:40123'}],"
	    "'workers':[{'worker':0,'sessions':1,'started':1234567,'datagrams_in':2,'datagrams_out':3}],"
	    "'counters':{'bootstrap':{'requests':5,'refused_not_authorised':0}},'limits':{}}");
}

static inline json_t *
rig_sessions(void *arg, const char *endpoint, uint64_t after, uint32_t limit)
{
	json_t *list = json_array();
	char id[17];

	(void)arg;
	for (uint64_t i = 1; i <= 3; i++) {
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)(0x4f20 + i));
		if (0x4f20 + i > after && json_array_size(list) < limit && (endpoint == NULL || i == 2))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}",
			    "session", id, "endpoint", "dev\033[31m", "peer", "192.0.2.1:4",
			    "scheme", "coaps", "age_ms", 1500, "worker", 0));
	}
	return list;
}

static inline enum err
rig_session_get(void *arg, uint64_t id, void (*reply)(void *, json_t *), void *reply_arg)
{
	struct rig *r = arg;

	if (id != 0x4f21)
		return ERR_NOTFOUND;
	r->reply = reply;
	r->reply_arg = reply_arg;
	return ERR_OK;
}

static inline enum err
rig_session_cancel(void *arg, uint64_t id)
{
	struct rig *r = arg;

	r->cancelled = id;
	return id == 0x4f21 ? ERR_OK : ERR_NOTFOUND;
}

struct rig_docs {
	struct objdefs_doc	v[64];
	size_t			n;
};

static inline bool
rig_add_doc(void *arg, uint16_t oid, json_t *doc)
{
	struct rig_docs *docs = arg;

	(void)oid;
	docs->v[docs->n++] = (struct objdefs_doc){ ADMIN_OBJECT_IMPORTED, json_incref(doc) };
	return docs->n < 64;
}

static inline enum err
rig_objects_load(void *arg, struct objdefs **ret, struct problem *why)
{
	struct rig *r = arg;
	struct rig_docs docs = { .n = 0 };
	enum err e = store_object_list(r->store, rig_add_doc, &docs);

	if (e == ERR_OK)
		e = objdefs_load_with((const char *const[]){ "etc/objects", NULL }, docs.v, docs.n, ret, why);
	while (docs.n > 0)
		json_decref((json_t *)(uintptr_t)docs.v[--docs.n].json);
	return e;
}

static inline void
rig_objects_take(void *arg, struct objdefs *defs)
{
	struct rig *r = arg;

	resolver_take_objects(r->resolver, defs);
	admin_take_objects(r->admin, defs);
	objdefs_free(r->defs);
	r->defs = defs;
}

#endif
