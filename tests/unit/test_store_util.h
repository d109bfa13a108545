#ifndef TEST_STORE_UTIL_H
#define TEST_STORE_UTIL_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/reader.h"
#include "store/store.h"

/* A store in a folder of its own, made anew for each test. */
struct place {
	char		 dir[64];
	char		 file[96];
	char		 url[128];
	struct store	*st;
};

static inline enum err
place_try(struct place *p, const struct store_opts *more, struct problem *why)
{
	struct store_opts o = more != NULL ? *more : (struct store_opts){ 0 };

	if (o.url == NULL)
		o.url = p->url;
	*why = (struct problem){ 0 };
	return store_open(&o, &p->st, why);
}

static inline void
place_open(struct place *p, const struct store_opts *more)
{
	struct problem why;

	if (place_try(p, more, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static inline void
place_close(struct place *p)
{
	store_close(p->st);
	p->st = NULL;
}

static inline int
place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/strapd-store-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/x.db", p->dir);
	(void)snprintf(p->url, sizeof(p->url), "sqlite:%s", p->file);
	*state = p;
	return 0;
}

static inline int
place_teardown(void **state)
{
	static const char *const left[] = { "", "-wal", "-shm", ".lock" };
	struct place *p = *state;
	char name[128];

	store_close(p->st);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", p->file, left[i]);
		(void)unlink(name);
	}
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

#define test_place(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

/* Puts {"endpoint":name} under these keys. */
static inline enum err
put_keys(struct store *st, const struct endpoint_keys *k, char other[256])
{
	json_t *doc = json_pack("{s:s}", "endpoint", k->endpoint);
	enum err e = store_endpoint_put(st, k, doc, other);

	json_decref(doc);
	return e;
}

static inline enum err
put(struct store *st, const char *name, const char *profile)
{
	return put_keys(st, &(struct endpoint_keys){ .endpoint = name, .profile = profile,
	    .enabled = true }, NULL);
}

static inline enum err
put_psk(struct store *st, const char *name, const char *identity, char other[256])
{
	return put_keys(st, &(struct endpoint_keys){ .endpoint = name, .enabled = true,
	    .psk_identity = (const uint8_t *)identity, .psk_identity_len = strlen(identity),
	    .psk_key = (const uint8_t *)"0123456789abcdef", .psk_key_len = 16 }, other);
}

static inline bool
has(struct store *st, const char *name)
{
	json_t *doc = NULL;
	enum err e = store_endpoint_get(st, name, &doc);

	json_decref(doc);
	assert_true(e == ERR_OK || e == ERR_NOTFOUND);
	return e == ERR_OK;
}

static inline uint64_t
count(struct store *st)
{
	uint64_t endpoints, profiles;

	assert_int_equal(store_count(st, &endpoints, &profiles), ERR_OK);
	return endpoints;
}

#endif
