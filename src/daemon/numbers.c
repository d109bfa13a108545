#include "daemon/numbers.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "oscore/oscore.h"
#include "store/reader.h"
#include "store/record.h"
#include "store/store.h"

#define RETRY_MS	1000		/* after the disk refused */

struct numbers {
	struct loop		*loop;
	struct store		*store;
	struct oscore_numbers	*shared;
	struct mailbox		*calls;		/* of a worker that runs low */
	struct letter		 call;		/* at most one is under way */
	struct store_waiter	 durable;
	struct timer		 retry;
	uint64_t		 granted;	/* numbers below this */
	bool			 waiting;	/* for the disk */
	bool			 ending;
};

/*
 * What the store has committed is ours, and nothing else: whatever became of a reservation, it
 * counts from the moment it stands on disk.
 */
static void
grant(struct numbers *n)
{
	uint64_t to = store_numbers_reserved(n->store);

	if (to <= n->granted)
		return;
	oscore_numbers_grant(n->shared, n->granted, to);
	n->granted = to;
}

static void
on_durable(void *arg, enum err e)
{
	struct numbers *n = arg;
	uint64_t before = n->granted;

	n->waiting = false;
	grant(n);
	if (n->granted == before) {
		log_error("store: no sequence numbers for OSCORE could be reserved: %s", err_text(e));
		timer_set(n->loop, &n->retry, RETRY_MS);
	}
}

static void
reserve(void *arg)
{
	struct numbers *n = arg;

	if (n->waiting || n->ending)
		return;
	if (store_numbers_reserve(n->store, OSCORE_RESERVE) != ERR_OK) {
		timer_set(n->loop, &n->retry, RETRY_MS);
		return;
	}
	n->waiting = true;
	n->durable = (struct store_waiter){ .fn = on_durable, .arg = n };
	store_when_durable(n->store, &n->durable);
}

static void
on_call(void *arg, struct letter *letter)
{
	(void)letter;
	reserve(arg);
}

/* On a worker's thread, once for each grant. */
static void
call(void *arg)
{
	struct numbers *n = arg;

	mailbox_post(n->calls, &n->call);
}

enum err
numbers_new(struct loop *loop, struct store *store, struct numbers **ret, struct problem *why)
{
	struct numbers *n = calloc(1, sizeof(*n));
	enum err e = n != NULL ? ERR_OK : ERR_NOMEM;

	if (e == ERR_OK) {
		n->loop = loop;
		n->store = store;
		n->granted = store_numbers_reserved(store);
		timer_init(&n->retry, reserve, n);
		e = mailbox_new(loop, on_call, n, &n->calls);
	}
	if (e == ERR_OK)
		e = oscore_numbers_new(call, n, &n->shared);
	if (e == ERR_OK)
		e = store_numbers_reserve(store, OSCORE_RESERVE);
	if (e == ERR_OK)
		e = store_commit(store);
	if (e != ERR_OK) {
		numbers_free(n);
		return problem_set(why, e, "numbers", "", "no sequence numbers for OSCORE could be "
		    "reserved: %s", e == ERR_DB ? store_error(store) : err_text(e));
	}
	grant(n);
	*ret = n;
	return ERR_OK;
}

void
numbers_free(struct numbers *n)
{
	if (n == NULL)
		return;
	n->ending = true;
	timer_cancel(n->loop, &n->retry);
	if (n->calls != NULL)
		mailbox_free(n->calls);
	oscore_numbers_free(n->shared);
	free(n);
}

struct oscore_numbers *
numbers_of(const struct numbers *n)
{
	return n->shared;
}

/* --- contexts --- */

static void
copy(const struct record_octets *from, uint8_t *to, uint8_t *len)
{
	if (from->len > 0)
		memcpy(to, from->p, from->len);
	*len = (uint8_t)from->len;
}

_Static_assert(RECORD_OSCORE_SECRET_MAX <= OSCORE_SECRET_MAX, "secrets fit");
_Static_assert(RECORD_OSCORE_CONTEXT_MAX <= OSCORE_ID_CONTEXT_MAX, "ID Contexts fit");

/* The record has it as the device's /21 does; we are the other end. Ids fit, as records are checked. */
static void
mirror(const struct auth_oscore *o, struct oscore_params *ret)
{
	ret->aead = o->aead;
	ret->hash = o->hkdf;
	ret->without_echo = !o->echo;
	copy(&o->sender_id, ret->recipient.bytes, &ret->recipient.len);
	copy(&o->recipient_id, ret->sender.bytes, &ret->sender.len);
	copy(&o->master_secret, ret->secret, &ret->secret_len);
	copy(&o->master_salt, ret->salt, &ret->salt_len);
	copy(&o->id_context, ret->id_context, &ret->id_context_len);
}

enum err
numbers_context(struct reader *reader, const struct oscore_id *kid, const uint8_t *id_context, size_t len,
    struct oscore_params *ret)
{
	struct endpoint_record rec;
	struct endpoint_row row;
	struct problem why;
	struct arena arena;
	json_t *doc = NULL;
	enum err e = reader_oscore(reader, kid->bytes, kid->len, id_context, len, &row);

	if (e != ERR_OK)
		return e;
	arena_init(&arena, 1024, 0);
	doc = json_loadb(row.json, row.json_len, 0, NULL);
	e = doc != NULL ? record_endpoint(doc, &arena, &rec, &why) : ERR_NOMEM;
	if (e == ERR_OK && (rec.auth == NULL || rec.auth->kind != AUTH_OSCORE))
		e = ERR_NOTFOUND;
	if (e == ERR_OK)
		mirror(rec.auth->oscore, ret);
	json_decref(doc);
	arena_fini(&arena);
	return e;
}
