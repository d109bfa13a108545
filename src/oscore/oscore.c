/*
 * A context's life, for one worker:
 *
 *	nobody knows it --any genuine request--> doubtful --a request with our Echo--> fresh
 *	fresh --forgotten, its record changed, another worker verified it--> doubtful
 *
 * Doubtful ones answer with 4.01 and an Echo, whatever was asked, so what a recorded request gets
 * out of us is a question. In a fresh one each number counts once. A record may say that its device
 * cannot answer an Echo: then any genuine request makes it fresh, and a recorded one starts a session
 * that nobody can answer.
 *
 * A device that has lost its sequence numbers, or never kept any, renews the context before it
 * uses it (RFC 8613, B.2). kid context on the wire is a CBOR byte string then:
 *
 *	1  kid context = ID1		keys of ID Context ID1
 *	   4.01, kid context = R2	keys of R2 | ID1: R2 is random and remembered in 'renewal'
 *	2  kid context = R2 | R3	keys of R2 | R3: fresh, as R2 is; they are the context's from now on
 *
 * All we encrypt has a number of its own, answers too, although RFC 8613 would allow them the
 * request's: so that no mistake with replays can ever use up a nonce twice.
 */
#include "oscore/oscore.h"

#include <string.h>

#include "base/secret.h"
#include "oscore/contexts_priv.h"

#define RENEWAL_ID_MAX	(OSCORE_ID_CONTEXT_MAX - RENEWAL_LEN)

/* --- requests to us --- */

/* RFC 8613, 8.2, and the words it has for them */
static const struct oscore_failure
	not_readable = { MSG_BAD_OPTION, "Failed to decode COSE", "bad-option",
	    "the OSCORE option of the request cannot be read", { 0, { 0 } } },
	not_known = { MSG_UNAUTHORIZED, "Security context not found", "unknown-context",
	    "no record has the OSCORE context that the device names", { 0, { 0 } } },
	not_opened = { MSG_BAD_REQUEST, "Decryption failed", "wrong-key",
	    "the request cannot be opened: the device's OSCORE secret, salt, ids or algorithms "
	    "are not those of the record", { 0, { 0 } } },
	not_new = { MSG_UNAUTHORIZED, "Replay detected", "replay",
	    "the request has an OSCORE sequence number that was used before: somebody replays it, or the "
	    "device has lost its numbers", { 0, { 0 } } };

static enum oscore_verdict
refuse(struct oscore_opened *r, const struct oscore_failure *f)
{
	struct oscore_id kid = r->failure.kid;

	r->failure = *f;
	r->failure.kid = kid;
	return OSCORE_REFUSED;
}

static enum oscore_verdict
refuse_unknown(struct oscore *o, struct oscore_opened *r)
{
	counter_add(&o->stats.unknown_context, 1);
	return refuse(r, &not_known);
}

static enum oscore_verdict
refuse_undecipherable(struct oscore *o, struct oscore_opened *r)
{
	counter_add(&o->stats.undecipherable, 1);
	return refuse(r, &not_opened);
}

static enum oscore_verdict
opened(struct oscore_context *c, enum oscore_verdict verdict, struct oscore_opened *r)
{
	r->context = oscore_hold(c);
	counter_add(verdict == OSCORE_OPENED ? &c->o->stats.opened : &c->o->stats.challenged, 1);
	return verdict;
}

static bool
echoes(const struct oscore_context *c, const struct msg *inner)
{
	const struct msg_opt *echo = msg_find(inner, OPT_ECHO);

	return echo != NULL && secret_eq(echo->value, echo->len, c->echo, sizeof(c->echo));
}

/* Asked with our Echo. The number itself is left to oscore_taken(). */
static enum oscore_verdict
echoed(struct oscore_context *c, struct oscore_opened *r)
{
	uint64_t number = oscore_piv_number(&r->binding.piv);

	contexts_verify(c, number > 0 ? number - 1 : 0);
	c->window.any = number > 0;
	return opened(c, OSCORE_OPENED, r);
}

/* Genuine it is; but is it new? */
static enum oscore_verdict
judge(struct oscore_context *c, const struct msg *inner, struct oscore_opened *r)
{
	if (contexts_fresh(c) || c->params.without_echo) {
		if (oscore_window_fresh(&c->window, oscore_piv_number(&r->binding.piv)))
			return opened(c, OSCORE_OPENED, r);
		counter_add(&c->o->stats.replayed, 1);
		return refuse(r, &not_new);
	}
	if (echoes(c, inner))
		return echoed(c, r);
	memcpy(r->echo, c->echo, sizeof(r->echo));
	return opened(c, OSCORE_CHALLENGE, r);
}

/* One request, on its way through the possible keys. */
struct attempt {
	const struct oscore_header	*header;
	const struct oscore_params	*params;	/* the record's */
	const struct msg		*outer;
	struct oscore_room		*room;
	struct msg			*inner;
};

static enum err
open_with(struct oscore *o, const struct attempt *a, const struct oscore_keys *keys,
    struct oscore_opened *r)
{
	return oscore_open_request(o->aead, keys, a->outer, a->room, a->inner, &r->binding);
}

/* Keys of the record with another ID Context. */
static enum err
derive(const struct oscore_params *p, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
    struct oscore_keys *ret)
{
	struct oscore_params with = *p;
	enum err e = ERR_INVALID;

	if (a_len + b_len <= OSCORE_ID_CONTEXT_MAX) {
		with.id_context_len = (uint8_t)(a_len + b_len);
		memcpy(with.id_context, a, a_len);
		if (b_len > 0)
			memcpy(with.id_context + a_len, b, b_len);
		e = oscore_derive(&with, ret);
	}
	secret_wipe(&with, sizeof(with));
	return e;
}

/*
 * The record's own keys again, after a renewal that the device has forgotten. It may be a recording,
 * so the renewed context stays until our Echo comes back.
 */
static enum oscore_verdict
start_over(struct oscore_context *old, const struct attempt *a, const struct oscore_keys *keys,
    struct oscore_opened *r)
{
	struct oscore *o = old->o;
	struct oscore_context *c;

	if (echoes(old, a->inner)) {
		c = contexts_add(o, a->params, keys);
		return c != NULL ? echoed(c, r) : OSCORE_SILENT;
	}
	c = contexts_new(o, keys);
	memcpy(r->echo, old->echo, sizeof(r->echo));
	return c != NULL ? opened(c, OSCORE_CHALLENGE, r) : OSCORE_SILENT;
}

/* The record's own keys, of a context that is here or not yet. */
static enum oscore_verdict
open_plain(struct oscore *o, const struct attempt *a, struct oscore_opened *r)
{
	struct oscore_context *c = contexts_find(o, a->params);
	struct oscore_keys keys;
	enum oscore_verdict v;
	enum err e;

	if (c != NULL && !(c->renewed && a->header->has_kid_context)) {
		e = open_with(o, a, &c->keys, r);
		if (e == ERR_OK)
			return judge(c, a->inner, r);
		if (!c->renewed)
			return refuse_undecipherable(o, r);
	}
	e = oscore_derive(a->params, &keys);
	if (e != ERR_OK)
		return OSCORE_SILENT;
	e = open_with(o, a, &keys, r);
	if (e != ERR_OK) {
		v = refuse_undecipherable(o, r);
	} else if (c != NULL) {
		v = start_over(c, a, &keys, r);
	} else {
		c = contexts_add(o, a->params, &keys);
		v = c != NULL ? judge(c, a->inner, r) : OSCORE_SILENT;
	}
	secret_wipe(&keys, sizeof(keys));
	return v;
}

/* --- renewal (RFC 8613, B.2) --- */

/* What the CBOR byte string holds that the kid context is; NULL: it is none. */
static const uint8_t *
unwrap(const struct oscore_header *h, size_t *ret_len)
{
	const uint8_t *p = h->kid_context;
	size_t len = h->kid_context_len;

	if (len > 1 && p[0] >= 0x40 && p[0] < 0x58 && len == (size_t)1 + (p[0] & 0x1f))
		*ret_len = len - 1;
	else if (len > 2 && p[0] == 0x58 && p[1] >= 24 && len == (size_t)2 + p[1])
		*ret_len = len - 2;
	else
		return NULL;
	return p + (len - *ret_len);
}

/* Request 2: nobody but a holder of the secret can have asked with our R2, and not before now. */
static enum oscore_verdict
finish_renewal(struct oscore_context *old, const struct attempt *a, const uint8_t *id, size_t id_len,
    struct oscore_opened *r)
{
	struct oscore *o = old->o;
	struct oscore_context *c = NULL;
	struct oscore_keys keys;
	enum err e = derive(a->params, id, id_len, NULL, 0, &keys);

	if (e == ERR_OK)
		e = open_with(o, a, &keys, r);
	if (e == ERR_OK)
		c = contexts_add(o, a->params, &keys);
	secret_wipe(&keys, sizeof(keys));
	if (e != ERR_OK)
		return refuse_undecipherable(o, r);
	if (c == NULL)
		return OSCORE_SILENT;
	c->renewed = true;
	contexts_verify(c, 0);
	c->window.any = false;		/* these keys are new: no number was used with them */
	counter_add(&o->stats.renewed, 1);
	return opened(c, OSCORE_OPENED, r);
}

/*
 * Request 1. The answer's keys are a context of their own, which nobody finds again: what is
 * remembered, of the record's context, is R2.
 */
static enum oscore_verdict
begin_renewal(struct oscore *o, struct oscore_context *c, const struct attempt *a, const uint8_t *id,
    size_t id_len, struct oscore_opened *r)
{
	struct oscore_context *once = NULL;
	struct oscore_keys keys;
	enum err e = id_len <= RENEWAL_ID_MAX ? derive(a->params, id, id_len, NULL, 0, &keys) : ERR_INVALID;

	if (e == ERR_OK)
		e = open_with(o, a, &keys, r);
	if (e != ERR_OK)
		return refuse_undecipherable(o, r);
	if (c == NULL && oscore_derive(a->params, &keys) == ERR_OK)
		c = contexts_add(o, a->params, &keys);
	if (c != NULL && derive(a->params, c->renewal, RENEWAL_LEN, id, id_len, &keys) == ERR_OK)
		once = contexts_new(o, &keys);
	if (once != NULL) {
		once->renewed = true;
		memcpy(once->renewal, c->renewal, RENEWAL_LEN);
		memcpy(r->echo, c->echo, sizeof(r->echo));
	}
	secret_wipe(&keys, sizeof(keys));
	return once != NULL ? opened(once, OSCORE_CHALLENGE, r) : OSCORE_SILENT;
}

static enum oscore_verdict
open_renewal(struct oscore *o, const struct attempt *a, struct oscore_opened *r)
{
	struct oscore_context *c = contexts_find(o, a->params);
	size_t len = 0;
	const uint8_t *id = unwrap(a->header, &len);

	if (c != NULL && c->renewed && a->header->kid_context_len == c->keys.id_context_len &&
	    memcmp(a->header->kid_context, c->keys.id_context, c->keys.id_context_len) == 0)
		return open_with(o, a, &c->keys, r) == ERR_OK ? judge(c, a->inner, r) :
		    refuse_undecipherable(o, r);
	if (id == NULL)
		return refuse_unknown(o, r);
	if (c != NULL && c->renewed && len == c->keys.id_context_len &&
	    memcmp(id, c->keys.id_context, len) == 0)	/* still wrapped, as in request 2 */
		return open_with(o, a, &c->keys, r) == ERR_OK ? judge(c, a->inner, r) :
		    refuse_undecipherable(o, r);
	if (c != NULL && len > RENEWAL_LEN && memcmp(id, c->renewal, RENEWAL_LEN) == 0)
		return finish_renewal(c, a, id, len, r);
	return begin_renewal(o, c, a, id, len, r);
}

/* --- from the start --- */

static enum oscore_verdict
find_and_open(struct oscore *o, struct attempt *a, struct oscore_opened *r)
{
	const struct oscore_header *h = a->header;
	struct oscore_params p = { .aead = 0 };
	enum oscore_verdict v;
	bool renewal = false;
	enum err e = o->opts.find(o->opts.arg, &h->kid, h->kid_context, h->kid_context_len, &p);

	r->failure.kid = h->kid;
	if (e == ERR_NOTFOUND && h->kid_context_len > 0) {	/* one that is not ours: to renew it? */
		renewal = true;
		secret_wipe(&p, sizeof(p));
		e = o->opts.find(o->opts.arg, &h->kid, NULL, 0, &p);
	}
	a->params = &p;
	if (e == ERR_NOTFOUND)
		v = refuse_unknown(o, r);
	else if (e != ERR_OK)
		v = OSCORE_SILENT;
	else
		v = renewal ? open_renewal(o, a, r) : open_plain(o, a, r);
	secret_wipe(&p, sizeof(p));
	return v;
}

enum oscore_verdict
oscore_open(struct oscore *o, const struct msg *outer, struct oscore_room *room, struct msg *inner,
    struct oscore_opened *ret)
{
	struct oscore_header h = { .has_kid = false };
	struct attempt a = { .header = &h, .outer = outer, .room = room, .inner = inner };
	struct oscore_opened r = { .context = NULL };
	enum oscore_verdict v;
	enum err e = ERR_MALFORMED;

	if (!oscore_header_read(outer, &h, &e) || !h.has_kid || h.piv.len == 0 || outer->payload_len == 0)
		v = refuse(&r, &not_readable);
	else if (oscore_numbers_take(o->opts.numbers, &r.own) != ERR_OK) {
		counter_add(&o->stats.out_of_numbers, 1);
		v = OSCORE_SILENT;
	} else
		v = find_and_open(o, &a, &r);
	*ret = r;
	return v;
}

void
oscore_taken(struct oscore *o, const struct oscore_opened *r)
{
	(void)o;
	oscore_window_mark(&r->context->window, oscore_piv_number(&r->binding.piv));
}

/* R2 in the answer to request 1: the only answer with a kid context. */
static enum err
name_renewal(const struct oscore_context *c, struct oscore_room *room, struct msg *outer)
{
	struct msg_opt *o = NULL;
	uint8_t piv_len;

	for (size_t i = 0; i < outer->nopts; i++)
		if (outer->opts[i].number == OPT_OSCORE)
			o = &outer->opts[i];
	if (o == NULL)
		return ERR_CRYPTO;	/* never: we wrote it */
	piv_len = room->option[0] & 7;
	room->option[0] |= 0x10;
	room->option[1 + piv_len] = 1 + RENEWAL_LEN;
	room->option[2 + piv_len] = 0x40 | RENEWAL_LEN;
	memcpy(room->option + 3 + piv_len, c->renewal, RENEWAL_LEN);
	o->len = (uint16_t)(3 + piv_len + RENEWAL_LEN);
	return ERR_OK;
}

enum err
oscore_answer(struct oscore *o, const struct oscore_opened *r, const struct msg *inner,
    struct oscore_room *room, struct msg *outer)
{
	const struct oscore_context *c = r->context;
	enum err e = oscore_protect_response(o->aead, &c->keys, &r->binding, &r->own, inner, room, outer);

	if (e == ERR_OK && c->renewed && c->identity_len == 0)
		e = name_renewal(c, room, outer);
	return e;
}

/* --- requests of ours --- */

enum err
oscore_ask(struct oscore *o, const struct oscore_context *c, const struct msg *inner,
    struct oscore_room *room, struct msg *outer, struct oscore_binding *ret)
{
	struct oscore_keys keys = c->keys;
	uint64_t number;
	enum err e = oscore_numbers_take(o->opts.numbers, &number);

	if (e != ERR_OK) {
		counter_add(&o->stats.out_of_numbers, 1);
		return e;
	}
	if (c->renewed)
		keys.id_context_len = 0;	/* known to both by now: it is not named any more */
	e = oscore_protect_request(o->aead, &keys, number, inner, room, outer, ret);
	secret_wipe(&keys, sizeof(keys));
	return e;
}

enum err
oscore_answered(struct oscore *o, const struct oscore_context *c, const struct oscore_binding *b,
    const struct msg *outer, struct oscore_room *room, struct msg *inner)
{
	return oscore_open_response(o->aead, &c->keys, b, outer, room, inner);
}

enum err
oscore_asked(struct oscore *o, const struct oscore_context *c, const struct msg *outer,
    struct oscore_room *room, struct msg *inner)
{
	return oscore_open_own(o->aead, &c->keys, outer, room, inner);
}
