#include "store/resolve.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/config_priv.h"
#include "store/match.h"
#include "store/merge.h"
#include "store/reader.h"
#include "store/record_priv.h"
#include "store/variables.h"

#define PROFILE_ARENA	4096	/* bytes; what a profile usually needs */

/*
 * A profile, parsed once. Counted: the resolver's list holds one, and each resolved record
 * whose config, variables or auth are the profile's. A changed profile is a new one, and the old
 * one goes with its last record.
 */
struct profile {
	size_t			 held;
	struct arena		 arena;
	json_t			*doc;
	struct profile_record	 rec;
	struct config		*config;	/* NULL: it has none */
	bool			 broken;	/* it cannot be used; 'why' says so */
	struct problem		 why;
};

/* All profiles as of one generation. */
struct profiles {
	struct profile	**v;		/* ascending by name */
	size_t		  n, cap;
	struct match	 *matches;	/* the most specific first */
	size_t		  nmatches;
};

struct resolver {
	struct reader		*reader;
	const struct objdefs	*defs;
	bool			 loaded;
	uint64_t		 generation;
	struct profiles		 profiles;
};

/* --- profiles --- */

static void
profile_drop(struct profile *p)
{
	if (p == NULL || --p->held > 0)
		return;
	json_decref(p->doc);
	arena_fini(&p->arena);
	free(p);
}

static void
profiles_fini(struct profiles *set)
{
	for (size_t i = 0; i < set->n; i++)
		profile_drop(set->v[i]);
	free(set->v);
	free(set->matches);
}

/* A stored profile that cannot be read any more is kept, to say so to those who ask for it. */
static enum err
profile_parse(struct profile *p, const char *name, const char *json, size_t len, const struct objdefs *defs)
{
	const struct doc d = { .arena = &p->arena, .why = &p->why, .stored = true };
	json_error_t error;
	enum err e;

	p->doc = json_loadb(json, len, 0, &error);
	if (p->doc == NULL)
		e = problem_set(&p->why, ERR_INVALID, "invalid", "", "it is no JSON: %s", error.text);
	else
		e = record_read_profile(&d, p->doc, &p->rec);
	if (e == ERR_OK && p->rec.config != NULL)
		e = config_parse_stored(p->rec.config, defs, NULL, "/config", &p->arena, &p->config, &p->why);
	if (e == ERR_NOMEM)
		return e;
	p->broken = e != ERR_OK;
	if (p->broken)
		p->rec = (struct profile_record){ .profile = arena_text(&p->arena, name) };
	return p->rec.profile != NULL ? ERR_OK : ERR_NOMEM;
}

struct loading {
	struct profiles		 set;
	const struct objdefs	*defs;
	enum err		 err;
};

static bool
load_one(void *arg, const char *name, const char *json, size_t len)
{
	struct loading *l = arg;
	struct profile *p = calloc(1, sizeof(*p));

	l->err = ERR_NOMEM;
	if (p == NULL)
		return false;
	p->held = 1;
	arena_init(&p->arena, PROFILE_ARENA, 0);
	if (l->set.n == l->set.cap) {
		size_t cap = l->set.cap > 0 ? 2 * l->set.cap : 16;
		struct profile **v = reallocarray(l->set.v, cap, sizeof(struct profile *));
		if (v == NULL) {
			profile_drop(p);
			return false;
		}
		l->set.v = v;
		l->set.cap = cap;
	}
	l->set.v[l->set.n++] = p;
	l->err = profile_parse(p, name, json, len, l->defs);
	return l->err == ERR_OK;
}

static enum err
collect_matches(struct profiles *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += set->v[i]->rec.nmatch;
	set->matches = calloc(n > 0 ? n : 1, sizeof(*set->matches));
	if (set->matches == NULL)
		return ERR_NOMEM;
	set->nmatches = n;
	for (size_t i = set->n; i-- > 0;)
		for (size_t k = 0; k < set->v[i]->rec.nmatch; k++)
			set->matches[--n] =
			    match_of(set->v[i]->rec.match[k], set->v[i]->rec.profile, set->v[i]);
	match_sort(set->matches, set->nmatches);
	return ERR_OK;
}

/* Costs a load unless a profile was changed. */
static enum err
refresh(struct resolver *r)
{
	uint64_t generation = reader_profile_generation(r->reader);
	struct loading l = { .defs = r->defs };
	enum err e;

	if (r->loaded && generation == r->generation)
		return ERR_OK;
	e = reader_profiles(r->reader, load_one, &l);
	if (e == ERR_OK)
		e = l.err;
	if (e == ERR_OK)
		e = collect_matches(&l.set);
	if (e != ERR_OK) {
		profiles_fini(&l.set);
		return e;
	}
	profiles_fini(&r->profiles);
	r->profiles = l.set;
	r->generation = generation;
	r->loaded = true;
	return ERR_OK;
}

enum err
resolver_pinned(struct resolver *r, const uint8_t sha256[32])
{
	uint8_t digest[AUTH_PINNED_LEN];
	enum err e = refresh(r);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r->profiles.n; i++) {
		const struct auth *auth = r->profiles.v[i]->rec.auth;

		if (auth != NULL && auth_pinned(auth, digest) && memcmp(digest, sha256, sizeof(digest)) == 0)
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static int
compare_name(const void *key, const void *member)
{
	const struct profile *p = *(struct profile *const *)member;

	return strcmp(key, p->rec.profile);
}

/* *ret is NULL without a name. ERR_INVALID when there is no such profile, or it is broken. */
static enum err
find_profile(const struct resolver *r, const char *name, struct profile **ret, struct problem *why)
{
	struct profile **found = NULL;

	*ret = NULL;
	if (name == NULL)
		return ERR_OK;
	if (r->profiles.n > 0)
		found = bsearch(name, r->profiles.v, r->profiles.n, sizeof(*found), compare_name);
	if (found == NULL)
		return problem_set(why, ERR_INVALID, "unknown-profile", "/profile",
		    "there is no profile \"%.64s\"", name);
	if ((*found)->broken)
		return problem_set(why, ERR_INVALID, "invalid", "/profile",
		    "the profile \"%.64s\" cannot be used: %s", name, (*found)->why.text);
	*ret = *found;
	return ERR_OK;
}

/* --- from a record and its profile to what holds --- */

/* One device's own part; all of it may be missing. */
struct own {
	const char		*endpoint;
	const struct auth	*auth;
	struct variables	 variables;
	bool			 has_quirks;
	unsigned		 quirks;
	json_t			*config;
	bool			 stored;
};

/* The variables for a look at the config: with ${endpoint} among them. */
static enum err
with_endpoint(const struct variables *vars, const char *endpoint, struct arena *arena, struct variables *ret)
{
	struct variable *v = arena_array(arena, vars->n + 1, sizeof(*v));

	if (v == NULL)
		return ERR_NOMEM;
	if (vars->n > 0)
		memcpy(v, vars->v, vars->n * sizeof(*v));
	v[vars->n] = (struct variable){ .name = "endpoint", .value = endpoint };
	*ret = (struct variables){ .v = v, .n = vars->n + 1 };
	return ERR_OK;
}

/* Whose fault it is cannot be told after the merge, but that there was one can. */
static void
mention_profile(const struct profile *profile, struct problem *why)
{
	struct problem what = *why;

	if (profile != NULL)
		(void)problem_set(why, ERR_INVALID, what.reason, what.where, "%s (with profile \"%s\")",
		    what.text, profile->rec.profile);
}

static enum err
merged_config(const struct resolver *r, const struct profile *profile, const struct own *own,
    const struct variables *vars, struct arena *arena, struct config **ret, struct problem *why)
{
	json_t *under = profile != NULL ? profile->rec.config : NULL, *empty = json_object(), *merged;
	struct variables known;
	enum err e = ERR_NOMEM;

	merged = empty != NULL ? merge_patch(under, own->config != NULL ? own->config : empty) : NULL;
	if (merged != NULL)
		e = with_endpoint(vars, own->endpoint, arena, &known);
	if (e == ERR_OK)
		e = own->stored ?
		    config_parse_stored(merged, r->defs, &known, "/config", arena, ret, why) :
		    config_parse(merged, r->defs, &known, "/config", arena, ret, why);
	if (e == ERR_INVALID)
		mention_profile(profile, why);
	json_decref(merged);
	json_decref(empty);
	return e;
}

/* What was stored was looked at with all its variables then: a profile's own config stands as it is. */
static enum err
settle_config(const struct resolver *r, const struct profile *profile, const struct own *own,
    struct arena *arena, struct resolved *ret, struct problem *why)
{
	struct config *config = NULL;
	bool any = own->config != NULL || (profile != NULL && profile->rec.config != NULL);
	enum err e = ERR_OK;

	if (any && own->stored && own->config == NULL)
		ret->config = profile->config;
	else if (any) {
		e = merged_config(r, profile, own, &ret->variables, arena, &config, why);
		ret->config = config;
	}
	return e;
}

/* The identity in a record of its own is plain text by now; in a profile it is a pattern. */
static enum err
settle_auth(const struct profile *profile, const struct own *own, struct arena *arena, struct resolved *ret,
    struct problem *why)
{
	size_t len;
	enum err e;

	ret->auth = own->auth;
	if (ret->auth != NULL && ret->auth->kind == AUTH_PSK)
		ret->psk_identity = ret->auth->psk_identity;
	if (ret->auth != NULL || profile == NULL || profile->rec.auth == NULL)
		return ERR_OK;
	ret->auth = profile->rec.auth;
	if (ret->auth->kind != AUTH_PSK)
		return ERR_OK;
	e = config_expand_text(ret->auth->psk_identity, own->endpoint, &ret->variables, arena,
	    &ret->psk_identity, why);
	if (e == ERR_NOTFOUND || e == ERR_MALFORMED) {
		snprintf(why->where, sizeof(why->where), "/auth/psk/identity");
		mention_profile(profile, why);
		return ERR_INVALID;
	}
	if (e != ERR_OK)
		return e;
	len = strlen(ret->psk_identity);
	if (len == 0 || len > RECORD_PSK_IDENTITY_MAX)
		return problem_set(why, ERR_INVALID, "range", "/auth/psk/identity",
		    "the identity that profile \"%.64s\" gives this device has %zu octets; expected 1 to %d",
		    profile->rec.profile, len, RECORD_PSK_IDENTITY_MAX);
	return ERR_OK;
}

static enum err
settle(const struct resolver *r, struct profile *profile, const struct own *own, struct arena *arena,
    struct resolved *ret, struct problem *why)
{
	static const struct variables none;
	enum err e = variables_join(profile != NULL ? &profile->rec.variables : &none, &own->variables, arena,
	    &ret->variables);

	if (e == ERR_OK)
		e = settle_auth(profile, own, arena, ret, why);
	if (e == ERR_OK)
		e = settle_config(r, profile, own, arena, ret, why);
	if (e != ERR_OK)
		return e;
	ret->endpoint = own->endpoint;
	ret->profile = profile != NULL ? profile->rec.profile : NULL;
	ret->quirks = own->has_quirks || profile == NULL ? own->quirks : profile->rec.quirks;
	ret->hold = profile;
	if (profile != NULL)
		profile->held++;
	return ERR_OK;
}

static enum err
say_own_record(const struct profile *profile, struct arena *arena, struct resolved *ret)
{
	ret->own_record = true;
	ret->matched = profile == NULL ? "its own record" :
	    arena_printf(arena, "its own record, over profile \"%s\"", profile->rec.profile);
	return ret->matched != NULL ? ERR_OK : ERR_NOMEM;
}

/* --- stored records --- */

/* Stored documents are written by a JSON library, so a key stands in them as it is. */
static bool
mentions(const struct endpoint_row *row, const char *key)
{
	return memmem(row->json, row->json_len, key, strlen(key)) != NULL;
}

static bool
has_psk(const struct endpoint_row *row)
{
	return row->psk_identity != NULL && row->psk_key != NULL;
}

/* The columns beside the document say all about a pre-shared key. */
static enum err
own_from_columns(const struct endpoint_row *row, struct arena *arena, struct own *own)
{
	struct auth *auth = arena_alloc(arena, sizeof(*auth));
	char *identity = arena_alloc(arena, row->psk_identity_len + 1);

	if (auth == NULL || identity == NULL)
		return ERR_NOMEM;
	memcpy(identity, row->psk_identity, row->psk_identity_len);
	auth->kind = AUTH_PSK;
	auth->psk_identity = identity;
	auth->psk_key = arena_dup(arena, row->psk_key, row->psk_key_len);
	auth->psk_key_len = row->psk_key_len;
	own->auth = auth;
	return auth->psk_key != NULL ? ERR_OK : ERR_NOMEM;
}

static enum err
own_from_document(json_t *doc, struct arena *arena, struct own *own, struct problem *why)
{
	const struct doc d = { .arena = arena, .why = why, .stored = true };
	struct endpoint_record rec;
	enum err e = record_read_endpoint(&d, doc, &rec);

	if (e != ERR_OK)
		return e;
	own->auth = rec.auth;
	own->variables = rec.variables;
	own->has_quirks = rec.has_quirks;
	own->quirks = rec.quirks;
	own->config = rec.config;
	return ERR_OK;
}

/* Only a record that brings more than a pre-shared key and a profile's name has to be parsed. */
static bool
needs_document(const struct endpoint_row *row)
{
	return mentions(row, "\"config\"") || mentions(row, "\"variables\"") || mentions(row, "\"quirks\"") ||
	    (!has_psk(row) && mentions(row, "\"auth\""));
}

static enum err
from_row(struct resolver *r, const char *endpoint, const struct endpoint_row *row, struct arena *arena,
    struct resolved *ret, struct problem *why)
{
	struct own own = { .endpoint = arena_text(arena, endpoint), .stored = true };
	struct resolved res = { .enabled = row->enabled, .lwm2m = row->lwm2m, .format = row->format };
	struct profile *profile;
	json_t *doc = NULL;
	enum err e = own.endpoint != NULL ? ERR_OK : ERR_NOMEM;

	if (e == ERR_OK)
		e = find_profile(r, row->profile, &profile, why);
	if (e == ERR_OK && needs_document(row)) {
		doc = json_loadb(row->json, row->json_len, 0, NULL);
		e = doc != NULL ? own_from_document(doc, arena, &own, why) :
		    problem_set(why, ERR_INVALID, "invalid", "", "the stored record is no JSON");
	} else if (e == ERR_OK && has_psk(row)) {
		e = own_from_columns(row, arena, &own);
	}
	if (e == ERR_OK)
		e = say_own_record(profile, arena, &res);
	if (e == ERR_OK)
		e = settle(r, profile, &own, arena, &res, why);
	json_decref(doc);
	if (e == ERR_OK)
		*ret = res;
	return e;
}

static enum err
from_match(struct resolver *r, const char *endpoint, struct arena *arena, struct resolved *ret,
    struct problem *why)
{
	const struct match *m = match_find(r->profiles.matches, r->profiles.nmatches, endpoint);
	struct own own = { .endpoint = arena_text(arena, endpoint), .stored = true };
	struct resolved res = { .enabled = true, .format = -1 };
	enum err e;

	if (m == NULL)
		return problem_set(why, ERR_NOTFOUND, "unknown-endpoint", "",
		    "there is no record of this device, and no profile matches its name");
	e = reader_device(r->reader, endpoint, &res.lwm2m, &res.format);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	res.matched = arena_printf(arena, "profile \"%s\", by its match \"%s\"", m->profile, m->glob);
	if (own.endpoint == NULL || res.matched == NULL)
		return ERR_NOMEM;
	e = settle(r, m->arg, &own, arena, &res, why);
	if (e == ERR_OK)
		*ret = res;
	return e;
}

enum err
resolve_endpoint(struct resolver *r, const char *endpoint, struct arena *arena, struct resolved *ret,
    struct problem *why)
{
	struct endpoint_row row;
	enum err e = refresh(r);

	if (e == ERR_OK)
		e = reader_endpoint(r->reader, endpoint, &row);
	if (e == ERR_OK)
		return from_row(r, endpoint, &row, arena, ret, why);
	if (e == ERR_NOTFOUND)
		return from_match(r, endpoint, arena, ret, why);
	return problem_set(why, e, "store", "", "%s", err_text(e));
}

enum err
resolve_record(struct resolver *r, const struct endpoint_record *rec, struct arena *arena,
    struct resolved *ret, struct problem *why)
{
	const struct own own = { .endpoint = rec->endpoint, .auth = rec->auth, .variables = rec->variables,
		.has_quirks = rec->has_quirks, .quirks = rec->quirks, .config = rec->config };
	struct resolved res = { .enabled = rec->enabled, .format = -1 };
	struct profile *profile = NULL;
	enum err e = refresh(r);

	if (e != ERR_OK)
		return problem_set(why, e, "store", "", "%s", err_text(e));
	e = find_profile(r, rec->profile, &profile, why);
	if (e == ERR_OK)
		e = say_own_record(profile, arena, &res);
	if (e == ERR_OK)
		e = settle(r, profile, &own, arena, &res, why);
	if (e == ERR_OK)
		*ret = res;
	return e;
}

/* --- life --- */

enum err
resolver_new(struct reader *reader, const struct objdefs *defs, struct resolver **ret)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->reader = reader;
	r->defs = defs;
	*ret = r;
	return ERR_OK;
}

void
resolver_take_objects(struct resolver *r, const struct objdefs *defs)
{
	r->defs = defs;
	r->loaded = false;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	profiles_fini(&r->profiles);
	free(r);
}

void
resolved_release(struct resolved *res)
{
	profile_drop(res->hold);
	*res = (struct resolved){ 0 };
}
