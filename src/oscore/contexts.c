#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/secret.h"
#include "oscore/contexts_priv.h"

#define EVICT_LOOK	8	/* contexts in use that are passed over to find one that is not */

enum err
oscore_new(const struct oscore_opts *opts, struct oscore **ret)
{
	struct oscore *o = calloc(1, sizeof(*o));
	enum err e;

	if (o == NULL)
		return ERR_NOMEM;
	o->opts = *opts;
	e = oscore_aead_new(&o->aead);
	if (e != ERR_OK) {
		free(o);
		return e;
	}
	*ret = o;
	return ERR_OK;
}

const struct oscore_stats *
oscore_stats(const struct oscore *o)
{
	return &o->stats;
}

/* --- contexts --- */

struct oscore_context *
oscore_hold(struct oscore_context *c)
{
	c->refs++;
	return c;
}

void
oscore_release(struct oscore_context *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	c->o->all--;
	secret_wipe(c, sizeof(*c));
	free(c);
}

const uint8_t *
oscore_identity(const struct oscore_context *c, size_t *ret_len)
{
	*ret_len = c->identity_len;
	return c->identity;
}

uint64_t
oscore_serial(const struct oscore_context *c)
{
	return c->serial;
}

static void
contexts_remove(struct oscore *o, struct oscore_context *c)
{
	HASH_DEL(o->table, c);
	counter_sub(&o->stats.contexts, 1);
	oscore_release(c);
}

void
oscore_free(struct oscore *o)
{
	struct oscore_context *c, *next;

	if (o == NULL)
		return;
	HASH_ITER(hh, o->table, c, next)
		contexts_remove(o, c);
	assert(o->all == 0);
	oscore_aead_free(o->aead);
	free(o);
}

static size_t
write_identity(const struct oscore_params *p, uint8_t ret[IDENTITY_MAX])
{
	ret[0] = p->recipient.len;
	memcpy(ret + 1, p->recipient.bytes, p->recipient.len);
	memcpy(ret + 1 + p->recipient.len, p->id_context, p->id_context_len);
	return (size_t)1 + p->recipient.len + p->id_context_len;
}

static bool
same_id(const struct oscore_id *a, const struct oscore_id *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The record is still what the context was made of. */
static bool
same_params(const struct oscore_params *a, const struct oscore_params *b)
{
	return a->aead == b->aead && a->hash == b->hash && a->without_echo == b->without_echo &&
	    same_id(&a->sender, &b->sender) &&
	    same_id(&a->recipient, &b->recipient) &&
	    secret_eq(a->secret, a->secret_len, b->secret, b->secret_len) &&
	    secret_eq(a->salt, a->salt_len, b->salt, b->salt_len) &&
	    secret_eq(a->id_context, a->id_context_len, b->id_context, b->id_context_len);
}

struct oscore_context *
contexts_find(struct oscore *o, const struct oscore_params *p)
{
	uint8_t identity[IDENTITY_MAX];
	size_t len = write_identity(p, identity);
	struct oscore_context *c;

	HASH_FIND(hh, o->table, identity, len, c);
	if (c == NULL)
		return NULL;
	if (!same_params(&c->params, p)) {
		contexts_remove(o, c);
		return NULL;
	}
	HASH_DEL(o->table, c);
	HASH_ADD(hh, o->table, identity, c->identity_len, c);
	return c;
}

/* Contexts somebody uses are limited by their users. */
static void
make_room(struct oscore *o)
{
	struct oscore_context *c, *next;
	size_t looked = 0;

	if (HASH_COUNT(o->table) < o->opts.max_contexts)
		return;
	HASH_ITER(hh, o->table, c, next) {
		if (c->refs == 1) {
			contexts_remove(o, c);
			return;
		}
		if (++looked == EVICT_LOOK)
			return;
	}
}

struct oscore_context *
contexts_new(struct oscore *o, const struct oscore_keys *keys)
{
	struct oscore_context *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->o = o;
	c->serial = ++o->last_serial;
	c->keys = *keys;
	o->all++;
	return c;
}

struct oscore_context *
contexts_add(struct oscore *o, const struct oscore_params *p, const struct oscore_keys *keys)
{
	struct oscore_context *c = contexts_new(o, keys), *old;

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->params = *p;
	c->identity_len = (uint8_t)write_identity(p, c->identity);
	c->owner_hash = hash_keyed(c->identity, c->identity_len);
	random_bytes(c->echo, sizeof(c->echo));
	random_bytes(c->renewal, sizeof(c->renewal));
	HASH_FIND(hh, o->table, c->identity, c->identity_len, old);
	if (old != NULL)
		contexts_remove(o, old);
	make_room(o);
	HASH_ADD(hh, o->table, identity, c->identity_len, c);
	counter_add(&o->stats.contexts, 1);
	return c;
}

bool
contexts_fresh(const struct oscore_context *c)
{
	return c->verified && oscore_numbers_owned(c->o->opts.numbers, c->owner_hash, c->o->opts.worker);
}

void
contexts_verify(struct oscore_context *c, uint64_t number)
{
	oscore_window_from(&c->window, number);
	c->verified = true;
	oscore_numbers_own(c->o->opts.numbers, c->owner_hash, c->o->opts.worker);
	random_bytes(c->echo, sizeof(c->echo));		/* each is good for once */
	random_bytes(c->renewal, sizeof(c->renewal));
}
