#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "bootstrap/service_priv.h"
#include "bootstrap/session_priv.h"
#include "transport/link.h"

/*
 * Three tables in one, since every session is in all of them. Names are chosen by peers, so they
 * are hashed under a key of this process; ids and links are numbered by us.
 */

#define CHAINS_MIN	64

static size_t
slot(const struct session_table *t, uint64_t hash)
{
	return hash & (t->nchains - 1);
}

static uint64_t
hash_of(const struct session *s, enum session_key key)
{
	switch (key) {
	case KEY_NAME:
		return hash_keyed(s->res.endpoint, strlen(s->res.endpoint));
	case KEY_ID:
		return s->id;
	case KEY_LINK:
		return link_id(s->link);
	case SESSION_KEYS:
		break;
	}
	return 0;
}

static void
insert(struct session_table *t, struct session *s)
{
	for (unsigned k = 0; k < SESSION_KEYS; k++) {
		struct session **head = &t->chains[k][slot(t, hash_of(s, k))];

		s->next[k] = *head;
		*head = s;
	}
}

static bool
resize(struct session_table *t, size_t nchains)
{
	struct session_table big = { .nchains = nchains, .n = t->n };
	struct session **all = calloc(nchains * SESSION_KEYS, sizeof(*all));

	if (all == NULL)
		return false;
	for (unsigned k = 0; k < SESSION_KEYS; k++)
		big.chains[k] = all + nchains * k;
	for (size_t i = 0; i < t->nchains; i++) {
		struct session *s, *next;

		for (s = t->chains[KEY_ID][i]; s != NULL; s = next) {
			next = s->next[KEY_ID];
			insert(&big, s);
		}
	}
	free(t->chains[0]);
	*t = big;
	return true;
}

bool
sessions_add(struct session_table *t, struct session *s)
{
	/* A larger one that cannot be had makes chains longer, nothing else. */
	if (t->n >= t->nchains && !resize(t, t->nchains == 0 ? CHAINS_MIN : t->nchains * 2) &&
	    t->nchains == 0)
		return false;
	insert(t, s);
	t->n++;
	return true;
}

void
sessions_remove(struct session_table *t, struct session *s)
{
	for (unsigned k = 0; k < SESSION_KEYS; k++) {
		struct session **at = &t->chains[k][slot(t, hash_of(s, k))];

		while (*at != s)
			at = &(*at)->next[k];
		*at = s->next[k];
	}
	t->n--;
}

struct session *
sessions_by_name(const struct session_table *t, const char *endpoint)
{
	struct session *s;

	if (t->n == 0)
		return NULL;
	s = t->chains[KEY_NAME][slot(t, hash_keyed(endpoint, strlen(endpoint)))];
	while (s != NULL && strcmp(s->res.endpoint, endpoint) != 0)
		s = s->next[KEY_NAME];
	return s;
}

struct session *
sessions_by_id(const struct session_table *t, uint64_t id)
{
	struct session *s;

	if (t->n == 0)
		return NULL;
	s = t->chains[KEY_ID][slot(t, id)];
	while (s != NULL && s->id != id)
		s = s->next[KEY_ID];
	return s;
}

struct session *
sessions_by_link(const struct session_table *t, const struct link *link)
{
	struct session *s;

	if (t->n == 0)
		return NULL;
	s = t->chains[KEY_LINK][slot(t, link_id(link))];
	while (s != NULL && s->link != link)
		s = s->next[KEY_LINK];
	return s;
}

struct session *
sessions_any(const struct session_table *t)
{
	for (size_t i = 0; t->n > 0 && i < t->nchains; i++)
		if (t->chains[KEY_ID][i] != NULL)
			return t->chains[KEY_ID][i];
	return NULL;
}

void
sessions_fini(struct session_table *t)
{
	free(t->chains[0]);
	*t = (struct session_table){ .n = 0 };
}
