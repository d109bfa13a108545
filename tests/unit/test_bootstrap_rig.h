#ifndef TEST_BOOTSTRAP_RIG_H
#define TEST_BOOTSTRAP_RIG_H

/*
 * What the tests of src/bootstrap share: a store in memory with its resolver, links and an exchange
 * layer that are played. The functions of link.h and exchange.h are defined here, so the real ones
 * stay out.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/loop.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "lwm2m/objdef.h"
#include "store/reader.h"
#include "store/record.h"
#include "store/resolve.h"
#include "store/store.h"
#include "transport/link.h"

/* --- links --- */

struct link {
	struct addr		 peer;
	enum link_scheme	 scheme;
	struct identity		 identity;
	uint32_t		 id;
	/* the outstanding request, and how often the exchange layer was told things */
	struct exchange_request	 request;
	char			 path[64];
	bool			 outstanding, held;
	unsigned		 nrequests, ncancels;
	enum err		 refuse;		/* requests fail so */
};

const struct addr *link_peer(const struct link *l) { return &l->peer; }
const struct addr *link_local(const struct link *l) { return &l->peer; }
enum link_scheme link_scheme(const struct link *l) { return l->scheme; }
const struct identity *link_identity(const struct link *l) { return &l->identity; }
uint32_t link_id(const struct link *l) { return l->id; }
const char *link_scheme_name(enum link_scheme s) { return s == LINK_COAPS ? "coaps" : "coap"; }

static inline struct link
make_link(const char *address, const char *psk)
{
	static uint32_t ids;
	struct link l = { .id = ++ids };

	assert_int_equal(addr_parse(address, &l.peer), ERR_OK);
	if (psk != NULL) {
		l.scheme = LINK_COAPS;
		l.identity = (struct identity){
			.kind = IDENTITY_PSK, .p = (const uint8_t *)psk, .len = strlen(psk) };
	}
	return l;
}

/* --- the exchange layer --- */

enum err
exchange_request(struct exchange *x, struct link *l, const struct exchange_request *r)
{
	(void)x;
	if (l->refuse != ERR_OK)
		return l->refuse;
	assert_false(l->outstanding);
	l->request = *r;
	snprintf(l->path, sizeof(l->path), "%s", r->path);
	l->outstanding = true;
	l->nrequests++;
	return ERR_OK;
}

void
exchange_cancel(struct exchange *x, struct link *l)
{
	(void)x;
	l->outstanding = false;
	l->ncancels++;
}

void
exchange_hold(struct exchange *x, struct link *l, bool hold)
{
	(void)x;
	l->held = hold;
}

bool
exchange_path_is(const struct exchange_incoming *in, const char *path)
{
	const struct msg_opt *o = msg_find(in->msg, OPT_URI_PATH);

	return o != NULL && strlen(path) == o->len + 1u && memcmp(path + 1, o->value, o->len) == 0;
}

static inline void
result(struct link *l, const struct exchange_result *r)
{
	assert_true(l->outstanding);
	l->outstanding = false;
	l->request.done(l->request.arg, r);
}

static inline void
answer(struct link *l, uint8_t code, const char *payload)
{
	result(l, &(struct exchange_result){ .why = ERR_OK, .code = code, .content_format = -1,
		.payload = (const uint8_t *)payload, .payload_len = payload != NULL ? strlen(payload) : 0,
		.rtt_us = 1500, .blocks = 1, .bytes_sent = 20, .bytes_received = 10 });
}

/* --- the store --- */

struct rig {
	struct loop		*loop;
	struct store		*store;
	struct reader		*reader;
	struct resolver		*resolver;
	struct objdefs		*defs;
};

static inline void
rig_open(struct rig *r)
{
	static const char *const dirs[] = { "etc/objects", NULL };
	struct problem why;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_PLAIN);
	assert_int_equal(loop_new(&r->loop), ERR_OK);
	assert_int_equal(objdefs_load(dirs, &r->defs, &why), ERR_OK);
	assert_int_equal(store_open(&(struct store_opts){ .url = "sqlite::memory:" }, &r->store, &why),
	    ERR_OK);
	assert_int_equal(reader_new(r->store, &r->reader), ERR_OK);
	assert_int_equal(resolver_new(r->reader, r->defs, &r->resolver), ERR_OK);
}

static inline void
rig_close(struct rig *r)
{
	resolver_free(r->resolver);
	reader_free(r->reader);
	store_close(r->store);
	objdefs_free(r->defs);
	loop_free(r->loop);
}

/* JSON with ' for "; the caller frees with json_decref(). */
static inline json_t *
rig_json(const char *quoted)
{
	char *text = strdup(quoted);
	json_t *v;

	assert_non_null(text);
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(text, 0, NULL);
	assert_non_null(v);
	free(text);
	return v;
}

static inline void
rig_profile(struct rig *r, const char *quoted)
{
	json_t *doc = rig_json(quoted);
	const char *name = json_string_value(json_object_get(doc, "profile"));

	assert_int_equal(store_profile_put(r->store, name, doc), ERR_OK);
	assert_int_equal(store_commit(r->store), ERR_OK);
	json_decref(doc);
}

static inline void
rig_endpoint(struct rig *r, const char *quoted)
{
	json_t *doc = rig_json(quoted);
	struct endpoint_record rec;
	struct endpoint_keys keys = { 0 };
	uint8_t pinned[AUTH_PINNED_LEN];
	struct problem why;
	struct arena a;

	arena_init(&a, 4096, 0);
	if (record_endpoint(doc, &a, &rec, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	keys = (struct endpoint_keys){ .endpoint = rec.endpoint, .profile = rec.profile,
		.enabled = rec.enabled };
	if (rec.auth != NULL && rec.auth->kind == AUTH_PSK) {
		keys.psk_identity = (const uint8_t *)rec.auth->psk_identity;
		keys.psk_identity_len = strlen(rec.auth->psk_identity);
		keys.psk_key = rec.auth->psk_key;
		keys.psk_key_len = rec.auth->psk_key_len;
	}
	if (rec.auth != NULL && auth_pinned(rec.auth, pinned))
		keys.pinned = pinned;
	assert_int_equal(store_endpoint_put(r->store, &keys, doc, NULL), ERR_OK);
	assert_int_equal(store_commit(r->store), ERR_OK);
	arena_fini(&a);
	json_decref(doc);
}

#define RIG_CONFIG	"{'servers':[{'short_server_id':1,'security':{'uri':'coap://h:5683'," \
	"'mode':'nosec'}}]}"
#define RIG_PSK(id)	"{'psk':{'identity':'" id "','key':{'hex':'000102030405060708090a0b0c0d0e0f'}}}"

#endif
