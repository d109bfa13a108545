/*
 * From a record to steps. The order, and why:
 *
 *   Delete      before anything is written: clients merge into what they have, or refuse to
 *               write over it (spec/bootstrap.md 1.5). Objects are deleted whole, which spares
 *               the bootstrap account; the account's instance itself is never named, since
 *               Wakaama and Anjay would obey
 *   /21, /24 …  what accounts link to before the links (spec/bootstrap.md 3.6): contexts of OSCORE,
 *               and writes to /23 (COSE), /24 (MQTT) and /11 (APN)
 *   /0          resource 0 of /0 in its first write, since Anjay dies of an account without a URI
 *   /1, /2      then whatever else the record says, in its order
 *   Read        with "verify": what clients let a bootstrap server read
 *   Finish
 *
 * A Pack is all of these writes as one payload (plan_pack.c).
 *
 * Whole instances are written. What is empty is left out, and so are keys that a NoSec account does
 * not have, the short server id of a bootstrap account, and resources newer than the device.
 */
#include "bootstrap/plan.h"

#include <string.h>

#include "base/arena.h"
#include "bootstrap/plan_priv.h"
#include "coap/msg.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "store/record.h"
#include "store/resolve.h"

void
plan_warn(struct plan_notes *n, const char *text)
{
	if (text != NULL && n->nwarnings < sizeof(n->warning) / sizeof(n->warning[0]))
		n->warning[n->nwarnings++] = text;
}

void
plan_note(struct plan_notes *n, const char *text)
{
	if (text != NULL && n->nnotes < sizeof(n->note) / sizeof(n->note[0]))
		n->note[n->nnotes++] = text;
}

static struct plan_piece
instance(uint16_t oid, uint16_t iid, const struct config_instance *ci)
{
	return (struct plan_piece){ .path = PATH_OI(oid, iid), .resources = ci->resources,
	    .n = ci->nresources, .whole = true, .oscore = -1, .account = PLAN_NO_ACCOUNT };
}

static bool
is_nosec(const struct config_instance *ci)
{
	for (size_t i = 0; i < ci->nresources; i++) {
		const struct config_resource *r = &ci->resources[i];

		if (r->rid != SEC_MODE || r->value.source != CONFIG_LITERAL)
			continue;
		const struct value *v = &r->value.literal;
		return (v->type == VALUE_INTEGER && v->i == MODE_NOSEC) ||
		    (v->type == VALUE_UNSIGNED && v->u == MODE_NOSEC);
	}
	return false;
}

static uint8_t
account_number(size_t i)
{
	return i < 64 ? (uint8_t)i : PLAN_NO_ACCOUNT;
}

/* The account that links to an instance of /21. */
static uint8_t
account_of_oscore(const struct config *cfg, size_t oscore)
{
	for (size_t i = 0; i < cfg->nservers; i++)
		if (cfg->servers[i].oscore == (int32_t)oscore)
			return account_number(i);
	return PLAN_NO_ACCOUNT;
}

/* A context of an account that a device with room for one does not get. */
static bool
is_left_out(const struct plan_builder *b, size_t oscore)
{
	const struct config *all = b->res->config;

	for (size_t i = b->cfg->nservers; i < all->nservers; i++)
		if (all->servers[i].oscore == (int32_t)oscore)
			return true;
	return false;
}

/*
 * Anjay keeps a half-made /0 instance and dies of it in Discover and Finish, so a refused one that is
 * passed over is deleted.
 */
static enum err
add_security(struct plan_builder *b, const struct plan_piece *pc)
{
	size_t before = b->plan->nsteps;
	enum err e = plan_add_write(b, pc);

	if (e == ERR_OK && b->plan->nsteps > before && !pc->bootstrap &&
	    b->cfg->on_write_error == CONFIG_CONTINUE) {
		struct plan_step *st = plan_add_step(b, STEP_DELETE, pc->path);

		st->cleanup = st->optional = true;
		st->account = pc->account;
		st->note = "only when the write before it was refused";
	}
	return e;
}

/* What resources of /0 and /1 link to, and a record writes by path. */
static bool
is_linked_to(const struct config_write *w)
{
	return w->path.id[0] == OBJ_APN || w->path.id[0] == OBJ_COSE || w->path.id[0] == OBJ_MQTT;
}

static enum err
add_other_writes(struct plan_builder *b, bool linked_to)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < b->cfg->nwrites && e == ERR_OK; i++) {
		const struct config_write *w = &b->cfg->writes[i];
		struct plan_piece pc = { .path = w->path, .resources = w->resources, .n = w->nresources,
			.oscore = -1, .account = PLAN_NO_ACCOUNT };

		if (is_linked_to(w) == linked_to)
			e = w->path.depth == 1 ? plan_add_object(b, w) : plan_add_write(b, &pc);
	}
	return e;
}

static enum err
add_account_objects(struct plan_builder *b)
{
	const struct config *cfg = b->cfg;
	struct plan_piece pc;
	enum err e = ERR_OK;

	for (size_t i = 0; i < cfg->noscore && e == ERR_OK; i++) {
		if (is_left_out(b, i))
			continue;
		pc = instance(OBJ_OSCORE, b->ids.oscore[i], &cfg->oscore[i]);
		pc.account = account_of_oscore(cfg, i);
		e = plan_add_write(b, &pc);
	}
	if (e == ERR_OK)
		e = add_other_writes(b, true);
	for (size_t i = 0; i < cfg->nservers && e == ERR_OK; i++) {
		pc = instance(OBJ_SECURITY, b->ids.security[i], &cfg->servers[i].security);
		pc.nosec = is_nosec(&cfg->servers[i].security);
		pc.oscore = cfg->servers[i].oscore;
		pc.account = account_number(i);
		e = add_security(b, &pc);
	}
	if (cfg->bootstrap_server != NULL && e == ERR_OK) {
		pc = instance(OBJ_SECURITY, b->ids.bootstrap, cfg->bootstrap_server);
		pc.nosec = is_nosec(cfg->bootstrap_server);
		pc.bootstrap = true;
		e = add_security(b, &pc);
	}
	for (size_t i = 0; i < cfg->nservers && e == ERR_OK; i++) {
		pc = instance(OBJ_SERVER, b->ids.server[i], &cfg->servers[i].server);
		pc.account = account_number(i);
		e = plan_add_write(b, &pc);
	}
	for (size_t i = 0; i < cfg->naccess_control && e == ERR_OK; i++) {
		pc = instance(OBJ_ACCESS, b->ids.access[i], &cfg->access_control[i]);
		e = plan_add_write(b, &pc);
	}
	return e;
}

/* Clients let /1 and /2 be read, and only those of LwM2M 1.1 and later (spec/bootstrap.md 1.4). */
static void
add_reads(struct plan_builder *b)
{
	size_t written = b->plan->nsteps;

	if (!b->cfg->verify)
		return;
	if (b->plan->lwm2m == 0x0100) {
		plan_warn(&b->notes, "nothing is read back: LwM2M 1.0 has no Bootstrap-Read");
		return;
	}
	for (size_t i = 0; i < written; i++) {
		const struct plan_step w = b->plan->steps[i];

		if (w.kind != STEP_WRITE || w.path.depth > 2 ||
		    (w.path.id[0] != OBJ_SERVER && w.path.id[0] != OBJ_ACCESS))
			continue;
		struct plan_step *st = plan_add_step(b, STEP_READ, w.path);
		st->accept = w.content_format;
		st->payload = w.payload;
		st->payload_len = w.payload_len;
		st->account = w.account;
		st->optional = true;
		st->must_match = b->cfg->on_verify_error == CONFIG_STOP;
	}
}

static enum err
keep_notes(struct plan_builder *b)
{
	const struct plan_notes *n = &b->notes;
	struct plan *p = b->plan;

	p->nwarnings = n->nwarnings;
	p->nnotes = n->nwarnings + n->nnotes;
	if (p->nnotes == 0)
		return ERR_OK;
	p->notes = arena_array(b->arena, p->nnotes, sizeof(p->notes[0]));
	if (p->notes == NULL)
		return ERR_NOMEM;
	memcpy(p->notes, n->warning, n->nwarnings * sizeof(p->notes[0]));
	memcpy(p->notes + n->nwarnings, n->note, n->nnotes * sizeof(p->notes[0]));
	return ERR_OK;
}

/* The most steps there can be; the array is sized by it, since an arena gives nothing back. */
static size_t
count_steps(const struct plan_builder *b)
{
	const struct config *cfg = b->cfg;
	bool cleanup = cfg->on_write_error == CONFIG_CONTINUE;
	size_t n = plan_count_deletes(b) + cfg->noscore + cfg->nservers * (cleanup ? 3 : 2) +
	    (cfg->bootstrap_server != NULL) + cfg->naccess_control + cfg->nwrites + 1;
	size_t instances = 0;

	for (size_t i = 0; i < cfg->nwrites; i++)
		instances += cfg->writes[i].ninstances;
	if (cfg->verify)
		n += cfg->nservers + cfg->naccess_control + cfg->nwrites + instances;
	return n + instances;
}

bool
plan_has_quirk(const struct resolved *res, unsigned bit)
{
	return (res->quirks & bit) != 0;
}

/* The first account, for a device that has room for no other; rules among servers mean nothing then. */
static void
keep_one_server(struct plan_builder *b)
{
	size_t left = b->own.nservers;

	if (left < 2 || !plan_has_quirk(b->res, QUIRK_BIT(QUIRK_SINGLE_SERVER)))
		return;
	b->own.nservers = 1;
	b->own.naccess_control = 0;
	plan_warn(&b->notes, arena_printf(b->arena, "only account %u is written, for the device is said to "
	    "have room for one (quirk single-server): %zu accounts and all access control are left out",
	    b->own.servers[0].short_server_id, left - 1));
}

static enum err
compile(struct plan_builder *b)
{
	enum err e;

	plan_choose_format(b->res, b->dev, b->plan, &b->notes);
	b->plan->finish_unconfirmed = plan_has_quirk(b->res, QUIRK_BIT(QUIRK_FINISH_UNCONFIRMED));
	keep_one_server(b);
	plan_choose_deletes(b->cfg, &b->deletes);
	if (b->dev->pack) {
		e = plan_check_pack(b);
		if (e != ERR_OK)
			return e;
	}
	e = plan_choose_ids(b->cfg, b->dev, &b->deletes, &b->notes, &b->scratch, &b->ids, b->why);
	if (e != ERR_OK)
		return e;
	b->plan->steps = arena_array(b->arena, count_steps(b), sizeof(b->plan->steps[0]));
	if (b->plan->steps == NULL)
		return ERR_NOMEM;

	if (!b->dev->pack)
		plan_add_deletes(b);
	e = add_account_objects(b);
	if (e == ERR_OK)
		e = add_other_writes(b, false);
	if (e == ERR_OK && b->dev->pack)
		e = plan_add_pack(b);
	if (e != ERR_OK)
		return e;
	if (!b->dev->pack) {
		add_reads(b);
		plan_add_step(b, STEP_FINISH, PATH_ROOT);
	}
	return keep_notes(b);
}

enum err
plan_build(const struct resolved *res, const struct plan_device *dev, const struct objdefs *defs,
    const struct config_mint *mint, struct arena *arena, struct plan **ret, struct problem *why)
{
	struct plan_builder b = { .res = res, .dev = dev, .defs = defs, .mint = mint, .arena = arena,
		.why = why };
	enum err e;

	if (res->config == NULL)
		return problem_set(why, ERR_INVALID, "no-config", "", "there is no configuration for %s",
		    res->endpoint);
	b.own = *res->config;
	b.cfg = &b.own;
	b.plan = arena_alloc(arena, sizeof(*b.plan));
	if (b.plan == NULL)
		return ERR_NOMEM;

	arena_init(&b.scratch, 4096, 0);
	b.packed.arena = &b.scratch;
	e = compile(&b);
	arena_fini(&b.scratch);
	if (e == ERR_OK)
		*ret = b.plan;
	return e;
}

/* --- what a plan needs to know first --- */

static bool
chooses_instance(const struct config_instance *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].iid < 0)
			return true;
	return false;
}

bool
plan_wants_discovery(const struct resolved *res)
{
	const struct config *cfg = res->config;

	if (cfg == NULL || cfg->discover == CONFIG_NEVER)
		return false;
	if (cfg->discover == CONFIG_ALWAYS || plan_has_quirk(res, QUIRK_BIT(QUIRK_DELETE_INSTANCES)))
		return true;
	for (size_t i = 0; i < cfg->nservers; i++)
		if (cfg->servers[i].security.iid < 0)
			return true;
	if (cfg->bootstrap_server != NULL && cfg->bootstrap_server->iid < 0)
		return true;
	/* /2 is free after its Delete; in /21 there may be an instance that nobody may touch. */
	return chooses_instance(cfg->oscore, cfg->noscore) ||
	    (cfg->delete_given && chooses_instance(cfg->access_control, cfg->naccess_control));
}

/*
 * /0 is what every client that answers at all answers (Awa refuses the root). The root tells more,
 * which matters when instances of other objects have to be avoided.
 */
struct path
plan_discovery_path(const struct resolved *res)
{
	const struct config *cfg = res->config;

	if (cfg != NULL && (cfg->noscore > 0 || cfg->delete_given ||
	    plan_has_quirk(res, QUIRK_BIT(QUIRK_DELETE_INSTANCES))))
		return PATH_ROOT;
	return PATH_O(OBJ_SECURITY);
}

const char *
step_kind_name(enum step_kind kind)
{
	static const char *const names[] = {
		[STEP_DISCOVER] = "discover", [STEP_READ] = "read", [STEP_DELETE] = "delete",
		[STEP_WRITE] = "write", [STEP_FINISH] = "finish", [STEP_PACK] = "pack",
	};

	return names[kind];
}

uint8_t
step_method(enum step_kind kind)
{
	static const uint8_t methods[] = {
		[STEP_DISCOVER] = MSG_GET, [STEP_READ] = MSG_GET, [STEP_DELETE] = MSG_DELETE,
		[STEP_WRITE] = MSG_PUT, [STEP_FINISH] = MSG_POST, [STEP_PACK] = MSG_GET,
	};

	return methods[kind];
}
