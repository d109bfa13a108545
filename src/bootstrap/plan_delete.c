/*
 * What is deleted before anything is written: objects whole, as the record says or by what it is about
 * to write; or, where whole objects cannot be deleted (a quirk says so, or Finish was refused after
 * such a Delete had been), the instances that the device shows, one by one.
 */
#include "base/arena.h"
#include "bootstrap/plan_priv.h"
#include "lwm2m/discovery.h"
#include "store/record.h"
#include "store/resolve.h"

static bool
is_covered(const struct plan_deletes *del, const struct path *path)
{
	for (size_t i = 0; i < del->n; i++)
		if (path_within(path, &del->v[i]))
			return true;
	return false;
}

/* What belongs, or may belong, to the bootstrap account; and /3/0 (spec/bootstrap.md 1.3, 1.6). */
static bool
is_untouchable(const struct discovery *disc, const struct discovery_link *l)
{
	switch (l->path.id[0]) {
	case OBJ_SECURITY:
		return discovery_reserved(disc, l->path.id[1]);
	case OBJ_OSCORE:
	case OBJ_COSE:
	case OBJ_MQTT:
		return l->ssid == 0;
	case OBJ_DEVICE:
		return true;
	default:
		return false;
	}
}

static bool
by_instance(const struct plan_builder *b)
{
	return plan_has_quirk(b->res, QUIRK_BIT(QUIRK_DELETE_INSTANCES)) ||
	    (b->dev->repair > 0 && b->dev->discovery != NULL);
}

static void
add(struct plan_builder *b, const struct path *p)
{
	plan_add_step(b, STEP_DELETE, *p)->optional = b->cfg->on_delete_error == CONFIG_CONTINUE;
}

static void
add_instances(struct plan_builder *b)
{
	const struct discovery *disc = b->dev->discovery;

	if (disc == NULL && !b->dev->discover_failed && b->cfg->discover != CONFIG_NEVER) {
		plan_note(&b->notes, "what the device then shows is deleted one by one (quirk "
		    "delete-instances)");
		return;		/* a preview: it is yet to be asked */
	}
	if (disc == NULL) {
		plan_warn(&b->notes, "nothing is deleted: instances are to be deleted one by one (quirk "
		    "delete-instances), and the device did not tell which it has");
		return;
	}
	for (size_t i = 0; i < disc->nlinks; i++) {
		const struct discovery_link *l = &disc->links[i];

		if (l->path.depth == 2 && is_covered(&b->deletes, &l->path) && !is_untouchable(disc, l))
			add(b, &l->path);
	}
}

static void
add_targets(struct plan_builder *b)
{
	for (size_t i = 0; i < b->deletes.n; i++) {
		const struct path *p = &b->deletes.v[i];

		if (p->depth == 2 && p->id[0] == OBJ_SECURITY && b->dev->discovery != NULL &&
		    discovery_reserved(b->dev->discovery, p->id[1]))
			plan_warn(&b->notes, arena_printf(b->arena, "delete /0/%u is left out: it is the "
			    "device's bootstrap account", p->id[1]));
		else
			add(b, p);
	}
}

size_t
plan_count_deletes(const struct plan_builder *b)
{
	if (b->dev->pack)
		return 0;
	if (!by_instance(b))
		return b->deletes.n;
	return b->dev->discovery != NULL ? b->dev->discovery->nlinks : 0;
}

void
plan_add_deletes(struct plan_builder *b)
{
	if (by_instance(b))
		add_instances(b);
	else
		add_targets(b);
}
