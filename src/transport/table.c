#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "transport/table.h"

#define FIRST_SIZE	64	/* a power of two, as every size */

static const void *
key_of(const struct table_node *n)
{
	return n + 1;
}

enum err
table_init(struct table *t, size_t key_len)
{
	*t = (struct table){ .mask = FIRST_SIZE - 1, .key_len = key_len };
	t->buckets = calloc(FIRST_SIZE, sizeof(struct table_node *));
	return t->buckets == NULL ? ERR_NOMEM : ERR_OK;
}

void
table_fini(struct table *t)
{
	assert(t->count == 0);
	free(t->buckets);
	t->buckets = NULL;
}

struct table_node *
table_find(const struct table *t, const void *key)
{
	uint64_t hash;
	struct table_node *n;

	if (t->count == 0)
		return NULL;
	hash = hash_keyed(key, t->key_len);
	n = t->buckets[hash & t->mask];
	while (n != NULL && (n->hash != hash || memcmp(key_of(n), key, t->key_len) != 0))
		n = n->next;
	return n;
}

static void
put(struct table *t, struct table_node *n)
{
	struct table_node **at = &t->buckets[n->hash & t->mask];

	n->next = *at;
	*at = n;
}

/* Without memory the table stays as it is: slower, and as right as before. */
static void
grow(struct table *t)
{
	struct table_node **old = t->buckets, *n, *next;
	size_t old_mask = t->mask;
	struct table_node **wider = calloc((old_mask + 1) * 2, sizeof(struct table_node *));

	if (wider == NULL)
		return;
	t->buckets = wider;
	t->mask = old_mask * 2 + 1;
	for (size_t i = 0; i <= old_mask; i++) {
		for (n = old[i]; n != NULL; n = next) {
			next = n->next;
			put(t, n);
		}
	}
	free(old);
}

void
table_add(struct table *t, struct table_node *n)
{
	if (t->count > t->mask)
		grow(t);
	n->hash = hash_keyed(key_of(n), t->key_len);
	put(t, n);
	t->count++;
}

void
table_remove(struct table *t, struct table_node *n)
{
	struct table_node **at = &t->buckets[n->hash & t->mask];

	while (*at != n) {
		assert(*at != NULL);
		at = &(*at)->next;
	}
	*at = n->next;
	t->count--;
}

struct table_node *
table_any(const struct table *t)
{
	for (size_t i = 0; t->count > 0 && i <= t->mask; i++) {
		if (t->buckets[i] != NULL)
			return t->buckets[i];
	}
	return NULL;
}
