#include <assert.h>
#include <stdlib.h>

#include "transport/prefix.h"

struct prefix {
	struct table_node	node;
	struct addr		net;		/* the key */
	uint32_t		links;
};

static_assert(offsetof(struct prefix, net) == sizeof(struct table_node), "the key follows the node");

static struct prefix *
find(const struct table *t, const struct addr *peer, struct addr *net)
{
	*net = addr_prefix(peer);
	net->family = 0;	/* a mapped address is the same network on either kind of socket */
	return (struct prefix *)table_find(t, net);
}

uint32_t
prefix_count(const struct table *t, const struct addr *peer)
{
	struct addr net;
	const struct prefix *p = find(t, peer, &net);

	return p == NULL ? 0 : p->links;
}

enum err
prefix_add(struct table *t, const struct addr *peer)
{
	struct addr net;
	struct prefix *p = find(t, peer, &net);

	if (p == NULL) {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			return ERR_NOMEM;
		p->net = net;
		table_add(t, &p->node);
	}
	p->links++;
	return ERR_OK;
}

void
prefix_remove(struct table *t, const struct addr *peer)
{
	struct addr net;
	struct prefix *p = find(t, peer, &net);

	assert(p != NULL);
	if (--p->links > 0)
		return;
	table_remove(t, &p->node);
	free(p);
}
