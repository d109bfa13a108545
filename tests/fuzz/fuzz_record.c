#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "lwm2m/objdef.h"
#include "store/merge.h"
#include "store/record.h"

/* Records as an operator or a program might send them: read, merged, expanded and shown. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct objdefs *
the_objects(void)
{
	static struct objdefs *defs;
	struct problem why;

	if (defs == NULL &&
	    objdefs_load((const char *const[]){ "etc/objects", NULL }, &defs, &why) != ERR_OK)
		abort();
	return defs;
}

/* A refusal has a reason, a place and a sentence. */
static void
check(enum err e, const struct problem *why)
{
	assert(e == ERR_OK || e == ERR_INVALID || e == ERR_NOMEM);
	assert(e != ERR_INVALID || (why->reason[0] != '\0' && why->text[0] != '\0'));
	assert(e != ERR_INVALID || text_is_utf8(why->text, strlen(why->text)));
	assert(e != ERR_INVALID || text_is_utf8(why->where, strlen(why->where)));
	assert(e != ERR_INVALID || why->where[0] == '\0' || why->where[0] == '/');
}

static void
expand_all(const struct config_resource *r, size_t n, const struct variables *vars, struct arena *arena)
{
	struct problem why;
	struct value v;

	for (size_t i = 0; i < n; i++) {
		enum err e = config_expand(&r[i].value, "dev", vars, NULL, arena, &v, &why);
		assert(e == ERR_OK || why.text[0] != '\0');
	}
}

static void
try_config(json_t *config, const struct variables *vars, struct arena *arena)
{
	json_t *merged = merge_patch(NULL, config);
	struct config *c = NULL;
	struct problem why;
	enum err e;

	if (merged == NULL)
		return;
	e = config_parse(merged, the_objects(), vars, "/config", arena, &c, &why);
	check(e, &why);
	for (size_t i = 0; e == ERR_OK && i < c->nservers; i++)
		expand_all(c->servers[i].security.resources, c->servers[i].security.nresources, vars, arena);
	for (size_t i = 0; e == ERR_OK && i < c->nwrites; i++)
		expand_all(c->writes[i].resources, c->writes[i].nresources, vars, arena);
	json_decref(merged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *doc = json_loadb((const char *)data, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL), *shown;
	struct endpoint_record endpoint;
	struct profile_record profile;
	struct problem why;
	struct arena arena;
	enum err e;

	if (doc == NULL)
		return 0;
	arena_init(&arena, 4096, 1 << 22);
	e = record_endpoint(doc, &arena, &endpoint, &why);
	check(e, &why);
	if (e == ERR_OK && endpoint.config != NULL)
		try_config(endpoint.config, &endpoint.variables, &arena);
	check(record_profile(doc, the_objects(), &arena, &profile, &why), &why);
	try_config(doc, NULL, &arena);
	shown = record_redact(doc, the_objects());
	json_decref(shown);
	json_decref(doc);
	arena_fini(&arena);
	return 0;
}
