#include "daemon/registry.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "daemon/letters.h"
#include "daemon/worker.h"

#define HASH_FUNCTION	HASH_KEYED
#include <uthash.h>

struct live {
	UT_hash_handle	 by_id, by_endpoint;
	uint64_t	 id;
	struct worker	*worker;
	int64_t		 started_ms;
	const char	*scheme;	/* static storage */
	char		*peer;		/* behind the endpoint, in one piece */
	char		 endpoint[];
};

struct registry {
	struct live	*ids, *endpoints;
};

enum err
registry_new(struct registry **ret)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	*ret = r;
	return ERR_OK;
}

static void
drop(struct registry *r, struct live *l)
{
	struct live *named;

	/* A superseded session has lost its place under the name to its successor. */
	HASH_FIND(by_endpoint, r->endpoints, l->endpoint, strlen(l->endpoint), named);
	if (named == l)
		HASH_DELETE(by_endpoint, r->endpoints, l);
	HASH_DELETE(by_id, r->ids, l);
	free(l);
}

void
registry_free(struct registry *r)
{
	struct live *l, *next;

	if (r == NULL)
		return;
	HASH_ITER(by_id, r->ids, l, next)
		drop(r, l);
	free(r);
}

static struct live *
find(const struct registry *r, uint64_t id)
{
	struct live *l;

	HASH_FIND(by_id, r->ids, &id, sizeof(id), l);
	return l;
}

/* The worker of the older session knows whether it makes progress, and with whom. */
static void
contest(const struct live *older, const struct live *newer)
{
	struct order o = {
		.kind = ORDER_SUPERSEDE, .session = older->id, .newer = newer->id,
		.proven = strncmp(newer->scheme, "coaps", 5) == 0,
	};

	snprintf(o.peer, sizeof(o.peer), "%s", newer->peer);
	worker_order(older->worker, &o);
}

void
registry_started(struct registry *r, uint64_t id, struct worker *w, const char *endpoint,
    const char *peer, const char *scheme, int64_t started_ms)
{
	size_t elen = strlen(endpoint), plen = strlen(peer);
	struct live *l = calloc(1, sizeof(*l) + elen + plen + 2), *older;

	if (l == NULL)
		return;
	l->id = id;
	l->worker = w;
	l->started_ms = started_ms;
	l->scheme = scheme;
	memcpy(l->endpoint, endpoint, elen + 1);
	l->peer = l->endpoint + elen + 1;
	memcpy(l->peer, peer, plen + 1);

	HASH_FIND(by_endpoint, r->endpoints, endpoint, elen, older);
	if (older != NULL) {
		HASH_DELETE(by_endpoint, r->endpoints, older);
		if (older->worker != w)
			contest(older, l);
	}
	HASH_ADD(by_id, r->ids, id, sizeof(l->id), l);
	HASH_ADD_KEYPTR(by_endpoint, r->endpoints, l->endpoint, elen, l);
}

void
registry_stays(struct registry *r, uint64_t older, uint64_t newer)
{
	struct live *stays = find(r, older), *goes = find(r, newer), *named;

	if (stays == NULL)
		return;		/* over meanwhile, so nothing stands against the newer one */
	if (goes != NULL)
		worker_order(goes->worker, &(struct order){
			.kind = ORDER_CANCEL, .session = newer, .why = ERR_CANCELLED });
	/* Under its name again, so that the next newcomer is held against it. */
	HASH_FIND(by_endpoint, r->endpoints, stays->endpoint, strlen(stays->endpoint), named);
	if (named != NULL && named == goes)
		HASH_DELETE(by_endpoint, r->endpoints, named);
	if (named == NULL || named == goes)
		HASH_ADD_KEYPTR(by_endpoint, r->endpoints, stays->endpoint, strlen(stays->endpoint), stays);
}

void
registry_ended(struct registry *r, uint64_t id)
{
	struct live *l = find(r, id);

	if (l != NULL)
		drop(r, l);
}

struct worker *
registry_worker(const struct registry *r, uint64_t id)
{
	struct live *l = find(r, id);

	return l != NULL ? l->worker : NULL;
}

static json_t *
describe(const struct live *l, int64_t now_ms)
{
	char id[17], started[TEXT_TIME_MAX];

	snprintf(id, sizeof(id), "%016" PRIx64, l->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "session", id,
	    "endpoint", l->endpoint, "peer", l->peer, "scheme", l->scheme,
	    "started", text_time(l->started_ms, started),
	    "age_ms", (json_int_t)(now_ms > l->started_ms ? now_ms - l->started_ms : 0),
	    "worker", (int)worker_number(l->worker));
}

static int
oldest_first(const void *a, const void *b)
{
	const struct live *x = *(const struct live *const *)a, *y = *(const struct live *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct json_t *
registry_list(const struct registry *r, const char *endpoint, uint64_t after, uint32_t limit,
    int64_t now_ms)
{
	size_t n = 0, total = HASH_CNT(by_id, r->ids);
	const struct live **all = calloc(total + 1, sizeof(*all));
	json_t *list = json_array();
	struct live *l;

	if (all == NULL || list == NULL) {
		free(all);
		json_decref(list);
		return NULL;
	}
	for (l = r->ids; l != NULL; l = l->by_id.next) {
		if (l->id > after && (endpoint == NULL || strcmp(endpoint, l->endpoint) == 0))
			all[n++] = l;
	}
	qsort(all, n, sizeof(all[0]), oldest_first);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, describe(all[i], now_ms));
	free(all);
	return list;
}

struct json_t *
registry_get(const struct registry *r, uint64_t id, int64_t now_ms)
{
	struct live *l = find(r, id);

	return l != NULL ? describe(l, now_ms) : NULL;
}
