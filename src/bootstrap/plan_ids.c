/*
 * Which instance each account gets. The device's bootstrap account shares /0 with the accounts
 * that are written (spec/bootstrap.md 2.5): an instance without short server id is never chosen.
 * Where the device could not say which one it is, it is taken to be 0.
 */
#include <string.h>

#include "base/arena.h"
#include "bootstrap/plan_priv.h"
#include "lwm2m/discovery.h"
#include "store/config.h"

/* Ids that are in use, as far as they matter for choosing the smallest free one. */
#define IDS_MAX	256
struct idset {
	uint64_t	bits[IDS_MAX / 64];
};

static void
take(struct idset *set, int32_t id)
{
	if (id >= 0 && id < IDS_MAX)
		set->bits[id / 64] |= (uint64_t)1 << id % 64;
}

/* The smallest id that is free in both; -1 when there is none. 'b' may be NULL. */
static int32_t
smallest_free(const struct idset *a, const struct idset *b)
{
	for (int32_t w = 0; w < IDS_MAX / 64; w++) {
		uint64_t used = a->bits[w] | (b != NULL ? b->bits[w] : 0);

		if (used != UINT64_MAX)
			return w * 64 + __builtin_ctzll(~used);
	}
	return -1;
}

void
plan_choose_deletes(const struct config *cfg, struct plan_deletes *ret)
{
	if (cfg->delete_given) {
		*ret = (struct plan_deletes){ .v = cfg->deletes, .n = cfg->ndeletes };
		return;
	}
	*ret = (struct plan_deletes){ .n = 0 };
	if (cfg->nservers > 0) {
		ret->fixed[ret->n++] = PATH_O(OBJ_SECURITY);
		ret->fixed[ret->n++] = PATH_O(OBJ_SERVER);
	}
	if (cfg->naccess_control > 0)
		ret->fixed[ret->n++] = PATH_O(OBJ_ACCESS);
	if (cfg->noscore > 0)
		ret->fixed[ret->n++] = PATH_O(OBJ_OSCORE);
	ret->v = ret->fixed;
}

static bool
is_deleted(const struct plan_deletes *del, const struct path *path)
{
	for (size_t i = 0; i < del->n; i++)
		if (path_within(path, &del->v[i]))
			return true;
	return false;
}

/* What stays on the device, is told in the record, or must not be touched. */
static struct idset
occupied(uint16_t oid, const struct config *cfg, const struct discovery *disc,
    const struct plan_deletes *del)
{
	struct idset set = { { 0 } };

	for (size_t i = 0; disc != NULL && i < disc->nlinks; i++) {
		const struct discovery_link *l = &disc->links[i];
		bool untouchable = oid == OBJ_OSCORE && l->ssid == 0;

		if (l->path.depth >= 2 && l->path.id[0] == oid &&
		    (untouchable || !is_deleted(del, &l->path)))
			take(&set, l->path.id[1]);
	}
	for (size_t i = 0; i < cfg->nwrites; i++) {
		const struct config_write *w = &cfg->writes[i];

		if (w->path.id[0] == oid && w->path.depth > 1)
			take(&set, w->path.id[1]);
		for (size_t k = 0; w->path.id[0] == oid && k < w->ninstances; k++)
			take(&set, w->instances[k].iid);
	}
	return set;
}

/* The instance of an account that stands on the device and is not deleted first; -1. */
static int32_t
existing(uint16_t oid, uint16_t ssid, const struct discovery *disc, const struct plan_deletes *del)
{
	for (size_t i = 0; disc != NULL && i < disc->nlinks; i++) {
		const struct discovery_link *l = &disc->links[i];

		if (l->path.depth == 2 && l->path.id[0] == oid && l->ssid == ssid &&
		    !is_deleted(del, &l->path))
			return l->path.id[1];
	}
	return -1;
}

/* True when the device's own words leave instance 0 in doubt. */
static bool
zero_in_doubt(const struct discovery *disc)
{
	return disc == NULL || disc->odd || disc->nreserved == 0;
}

/* Of a device that is yet to be asked nothing is said: that is a preview, and its reader knows. */
static void
tell_doubt(const struct config *cfg, const struct plan_device *dev, struct plan_notes *notes)
{
	if (dev->discovery == NULL && dev->discover_failed)
		plan_warn(notes, "the device could not answer Discover: its bootstrap account is "
		    "taken to be /0/0");
	else if (dev->discovery == NULL && cfg->discover == CONFIG_NEVER)
		plan_note(notes, "the device is not asked where its bootstrap account is: it is "
		    "taken to be /0/0");
	else if (dev->discovery == NULL)
		return;
	else if (dev->discovery->nlinks == 0)
		plan_warn(notes, "the answer to Discover was empty: the bootstrap account is taken "
		    "to be /0/0");
	else if (dev->discovery->odd)
		plan_warn(notes, "the answer to Discover was odd: /0/0 is left alone besides what it shows");
	else
		plan_note(notes, "Discover shows no bootstrap account: /0/0 is left alone");
}

static enum err
choose_bootstrap(const struct config *cfg, const struct discovery *disc, struct plan_ids *ret,
    struct problem *why)
{
	if (cfg->bootstrap_server == NULL)
		return ERR_OK;
	if (cfg->bootstrap_server->iid >= 0)
		ret->bootstrap = (uint16_t)cfg->bootstrap_server->iid;
	else if (disc == NULL || disc->nreserved == 0)
		ret->bootstrap = 0;
	else if (disc->nreserved == 1)
		ret->bootstrap = disc->reserved[0];
	else
		return problem_set(why, ERR_INVALID, "ambiguous", "/config/bootstrap_server",
		    "Discover shows several instances of /0 without short server id, so which one is the "
		    "bootstrap account is not known; give its \"instance\"");
	return ERR_OK;
}

/* An instance of /0 that the record names, and the device has for its bootstrap account, or may have. */
static bool
is_reserved(const struct plan_device *dev, int32_t iid)
{
	if (dev->discovery != NULL && discovery_reserved(dev->discovery, (uint16_t)iid))
		return true;
	return plan_pack_is_blind(dev) && iid <= 1;
}

static const char *
who_says(const struct plan_device *dev)
{
	if (plan_pack_is_blind(dev))
		return "the request for a Pack does not say that its bootstrap account is elsewhere";
	return dev->pack ? "the request for a Pack says that its bootstrap account is there" :
	    "Discover shows that the device keeps its bootstrap account there";
}

static enum err
check_write(const struct config_write *w, const struct plan_device *dev, struct problem *why)
{
	size_t n = w->path.depth > 1 ? 1 : w->ninstances;

	for (size_t i = 0; i < n; i++) {
		int32_t iid = w->path.depth > 1 ? w->path.id[1] : w->instances[i].iid;

		if (w->path.id[0] == OBJ_SECURITY && is_reserved(dev, iid))
			return problem_set(why, ERR_INVALID, "bootstrap-account", "/config/write",
			    "/0/%d is to be written, but %s; \"bootstrap_server\" is the way to rewrite "
			    "that account", (int)iid, who_says(dev));
	}
	return ERR_OK;
}

/* An instance that the record names must not be the bootstrap account, unless that is to be rewritten. */
static enum err
check_told(const struct config *cfg, const struct plan_device *dev, const struct plan_ids *ids,
    struct problem *why)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < cfg->nservers; i++) {
		const struct config_server *s = &cfg->servers[i];

		if (cfg->bootstrap_server != NULL && s->security.iid == ids->bootstrap)
			return problem_set(why, ERR_INVALID, "bootstrap-account", "/config/servers",
			    "account %u and the bootstrap account would both be written to /0/%d",
			    s->short_server_id, (int)s->security.iid);

		if (s->security.iid >= 0 && is_reserved(dev, s->security.iid))
			return problem_set(why, ERR_INVALID, "bootstrap-account", "/config/servers",
			    "account %u is to be written to /0/%d, but %s; choose another \"instance\" or "
			    "none", s->short_server_id, (int)s->security.iid, who_says(dev));
	}
	for (size_t i = 0; i < cfg->nwrites && e == ERR_OK; i++)
		e = check_write(&cfg->writes[i], dev, why);
	return e;
}

static enum err
choose_accounts(const struct config *cfg, const struct discovery *disc, const struct plan_deletes *del,
    const struct plan_ids *ids, struct idset sec, struct problem *why)
{
	struct idset srv = occupied(OBJ_SERVER, cfg, disc, del);

	for (size_t i = 0; i < cfg->nservers; i++) {
		take(&sec, cfg->servers[i].security.iid);
		take(&srv, cfg->servers[i].server.iid);
	}
	for (size_t i = 0; i < cfg->nservers; i++) {
		const struct config_server *s = &cfg->servers[i];
		int32_t a = s->security.iid >= 0 ? s->security.iid :
		    existing(OBJ_SECURITY, s->short_server_id, disc, del);
		int32_t b = s->server.iid >= 0 ? s->server.iid :
		    existing(OBJ_SERVER, s->short_server_id, disc, del);

		/* Equal ids are no rule, but easier to read for people. */
		if (a < 0 && b < 0)
			a = b = smallest_free(&sec, &srv);
		if (a < 0)
			a = smallest_free(&sec, NULL);
		if (b < 0)
			b = smallest_free(&srv, NULL);
		if (a < 0 || b < 0)
			return problem_set(why, ERR_INVALID, "no-instance", "/config/servers",
			    "no instance is free for account %u", s->short_server_id);
		take(&sec, a);
		take(&srv, b);
		ids->security[i] = (uint16_t)a;
		ids->server[i] = (uint16_t)b;
	}
	return ERR_OK;
}

static enum err
choose_list(const struct config_instance *v, size_t n, struct idset set, uint16_t oid, uint16_t *ret,
    struct problem *why)
{
	for (size_t i = 0; i < n; i++)
		take(&set, v[i].iid);
	for (size_t i = 0; i < n; i++) {
		int32_t id = v[i].iid >= 0 ? v[i].iid : smallest_free(&set, NULL);

		if (id < 0)
			return problem_set(why, ERR_INVALID, "no-instance", "/config",
			    "no instance of /%u is free", oid);
		take(&set, id);
		ret[i] = (uint16_t)id;
	}
	return ERR_OK;
}

/* True when some account leaves the choice of its instance to us. */
static bool
any_free_choice(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->nservers; i++)
		if (cfg->servers[i].security.iid < 0)
			return true;
	return cfg->bootstrap_server != NULL && cfg->bootstrap_server->iid < 0;
}

enum err
plan_choose_ids(const struct config *cfg, const struct plan_device *dev, const struct plan_deletes *del,
    struct plan_notes *notes, struct arena *arena, struct plan_ids *ret, struct problem *why)
{
	const struct discovery *disc = dev->discovery;
	struct idset sec = occupied(OBJ_SECURITY, cfg, disc, del);
	struct plan_ids ids = {
		.security = arena_array(arena, cfg->nservers + 1, sizeof(uint16_t)),
		.server = arena_array(arena, cfg->nservers + 1, sizeof(uint16_t)),
		.access = arena_array(arena, cfg->naccess_control + 1, sizeof(uint16_t)),
		.oscore = arena_array(arena, cfg->noscore + 1, sizeof(uint16_t)),
	};
	enum err e;

	if (ids.security == NULL || ids.server == NULL || ids.access == NULL || ids.oscore == NULL)
		return ERR_NOMEM;

	for (size_t i = 0; disc != NULL && i < disc->nreserved; i++)
		take(&sec, disc->reserved[i]);
	if (zero_in_doubt(disc)) {
		take(&sec, 0);
		if (plan_pack_is_blind(dev))
			take(&sec, 1);
		if (any_free_choice(cfg) && !dev->pack)
			tell_doubt(cfg, dev, notes);
	}
	e = choose_bootstrap(cfg, disc, &ids, why);
	if (e == ERR_OK && cfg->bootstrap_server != NULL)
		take(&sec, ids.bootstrap);
	if (e == ERR_OK)
		e = check_told(cfg, dev, &ids, why);
	if (e == ERR_OK)
		e = choose_accounts(cfg, disc, del, &ids, sec, why);
	if (e == ERR_OK)
		e = choose_list(cfg->access_control, cfg->naccess_control,
		    occupied(OBJ_ACCESS, cfg, disc, del), OBJ_ACCESS, ids.access, why);
	if (e == ERR_OK)
		e = choose_list(cfg->oscore, cfg->noscore, occupied(OBJ_OSCORE, cfg, disc, del), OBJ_OSCORE,
		    ids.oscore, why);
	if (e == ERR_OK)
		*ret = ids;
	return e;
}
