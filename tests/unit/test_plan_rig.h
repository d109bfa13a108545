#ifndef TEST_PLAN_RIG_H
#define TEST_PLAN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/text.h"
#include "bootstrap/plan.h"
#include "coap/msg.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"
#include "lwm2m/value.h"
#include "store/config.h"
#include "store/resolve.h"

/* Configs are written with ' for "; plans are compared as "delete /0; write /0/1 tlv; finish". */

#define NOSEC(ssid)	"{'short_server_id':" #ssid \
	",'security':{'uri':'coap://192.0.2.10:5683','mode':'nosec'}}"
#define NOSEC_AT(ssid, i) "{'short_server_id':" #ssid ",'instance':" #i \
	",'security':{'uri':'coap://192.0.2.10:5683','mode':'nosec'}}"
#define ONE		"{'servers':[" NOSEC(101) "]}"
#define BOTH		"delete /0; delete /1; "
#define OSCORE		"{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683','mode':'nosec'," \
	"'oscore':0}}],'oscore':[{'master_secret':{'text':'abc'},'sender_id':{'text':'s'}," \
	"'recipient_id':{'text':'r'}}]"

static struct objdefs *defs;

struct world {
	struct arena		 arena;
	json_t			*doc;
	struct resolved		 res;
	struct plan_device	 dev;
	struct discovery	 disc;
	struct plan		*plan;
	enum err		 err;
	struct problem		 why;
	char			 text[2048];
};

static struct world w;

static inline int
load(void **state)
{
	static const char *const dirs[] = { "etc/objects", NULL };
	struct problem why;

	(void)state;
	return objdefs_load(dirs, &defs, &why) == ERR_OK ? 0 : -1;
}

static inline int
unload(void **state)
{
	(void)state;
	objdefs_free(defs);
	return 0;
}

static inline int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	arena_init(&w.arena, 4096, 0);
	w.dev.pct = w.dev.format = -1;
	w.res.endpoint = "dev-1";
	w.res.format = -1;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	json_decref(w.doc);
	arena_fini(&w.arena);
	return 0;
}

static inline void
config(const char *quoted)
{
	char *json = arena_text(&w.arena, quoted);
	struct config *cfg = NULL;

	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json_decref(w.doc);
	w.doc = json_loads(json, 0, NULL);
	assert_non_null(w.doc);
	if (config_parse(w.doc, defs, NULL, "/config", &w.arena, &cfg, &w.why) != ERR_OK)
		fail_msg("%s: %s", w.why.where, w.why.text);
	w.res.config = cfg;
}

static inline void
discovered(const char *answer)
{
	assert_int_equal(discovery_parse(answer, strlen(answer), &w.arena, &w.disc), ERR_OK);
	w.dev.discovery = &w.disc;
}

static inline void __attribute__((format(printf, 1, 2)))
put(const char *fmt, ...)
{
	size_t len = strlen(w.text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w.text + len, sizeof(w.text) - len, fmt, ap);
	va_end(ap);
}

static inline const char *
build(void)
{
	char path[PATH_TEXT_MAX];

	w.text[0] = '\0';
	w.err = plan_build(&w.res, &w.dev, defs, NULL, &w.arena, &w.plan, &w.why);
	if (w.err != ERR_OK) {
		put("%s", w.why.reason);
		return w.text;
	}
	for (size_t i = 0; i < w.plan->nsteps; i++) {
		const struct plan_step *st = &w.plan->steps[i];

		put("%s%s", i > 0 ? "; " : "", step_kind_name(st->kind));
		if (st->kind != STEP_FINISH)
			put(" %s", path_format(&st->path, path));
		if (st->kind == STEP_WRITE)
			put(" %s", format_name(st->content_format));
		if (st->cleanup)
			put(" if-refused");
	}
	return w.text;
}

static inline const struct plan_step *
step(const char *kind, struct path path)
{
	for (size_t i = 0; i < w.plan->nsteps; i++)
		if (strcmp(step_kind_name(w.plan->steps[i].kind), kind) == 0 &&
		    path_eq(&w.plan->steps[i].path, &path))
			return &w.plan->steps[i];
	fail_msg("no such step in %s", w.text);
	return NULL;
}

/* What a write carries: "0 1 2 10". */
static inline const char *
resources(const struct plan_step *st)
{
	static char text[256];
	struct nodes nodes = { .arena = &w.arena };

	text[0] = '\0';
	assert_int_equal(format_decode(st->content_format, &st->path, defs, st->payload, st->payload_len,
	    &nodes), ERR_OK);
	for (size_t i = 0; i < nodes.n; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%u", i > 0 ? " " : "", nodes.v[i].path.id[2]);
	}
	return text;
}

static inline bool
told(const char *part)
{
	for (size_t i = 0; i < w.plan->nnotes; i++)
		if (strstr(w.plan->notes[i], part) != NULL)
			return true;
	return false;
}

#endif
