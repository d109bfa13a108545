/*
 * Bootstrap-Pack (spec/bootstrap.md 1.8): everything in one payload with absolute names. The device
 * deletes all instances of each object that is in it, then writes; what is not in it stays. So a Pack
 * serves only records that mean just that, and the others need a session (4.05).
 */
#include <stdlib.h>

#include "base/arena.h"
#include "bootstrap/plan_priv.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"
#include "store/record.h"

bool
plan_pack_is_blind(const struct plan_device *dev)
{
	return dev->pack && (dev->discovery == NULL || dev->discovery->nreserved == 0);
}

static enum err
refuse(struct plan_builder *b, const char *sentence)
{
	return problem_set(b->why, ERR_INVALID, "pack", "", "%s", sentence);
}

/* All instances of the object go before the Pack is written: the record has to mean that. */
static bool
is_wiped(const struct plan_builder *b, uint16_t oid)
{
	for (size_t i = 0; i < b->deletes.n; i++)
		if (path_within(&PATH_O(oid), &b->deletes.v[i]))
			return true;
	return false;
}

static bool
is_written(const struct plan_builder *b, uint16_t oid)
{
	const struct config *c = b->cfg;

	if (((oid == OBJ_SECURITY || oid == OBJ_SERVER) && c->nservers > 0) ||
	    (oid == OBJ_SECURITY && c->bootstrap_server != NULL) ||
	    (oid == OBJ_ACCESS && c->naccess_control > 0) || (oid == OBJ_OSCORE && c->noscore > 0))
		return true;
	for (size_t i = 0; i < c->nwrites; i++)
		if (c->writes[i].path.id[0] == oid)
			return true;
	return false;
}

/* An object that is written whole or of which there is one instance only loses nothing by that. */
static bool
write_fits(const struct plan_builder *b, const struct config_write *w)
{
	const struct objdef *def = objdefs_object(b->defs, w->path.id[0]);

	if (w->path.id[0] == OBJ_DEVICE)	/* its instance is spared */
		return true;
	if (is_wiped(b, w->path.id[0]))
		return true;
	return w->path.depth == 2 && def != NULL && !def->multiple;
}

static enum err
check_objects(struct plan_builder *b)
{
	const struct config *c = b->cfg;

	if ((c->nservers > 0 && (!is_wiped(b, OBJ_SECURITY) || !is_wiped(b, OBJ_SERVER))) ||
	    (c->bootstrap_server != NULL && c->nservers == 0) ||
	    (c->naccess_control > 0 && !is_wiped(b, OBJ_ACCESS)) ||
	    (c->noscore > 0 && !is_wiped(b, OBJ_OSCORE)))
		return refuse(b, "a Pack would delete accounts that the record leaves on the device");
	for (size_t i = 0; i < c->nwrites; i++)
		if (!write_fits(b, &c->writes[i]))
			return refuse(b, "a Pack would delete more than what the record writes by path");
	for (size_t i = 0; i < b->deletes.n; i++)
		if (b->deletes.v[i].depth != 1 || !is_written(b, b->deletes.v[i].id[0]))
			return refuse(b, "a Pack cannot delete what it does not write");
	return ERR_OK;
}

enum err
plan_check_pack(struct plan_builder *b)
{
	if (plan_has_quirk(b->res, QUIRK_BIT(QUIRK_NO_PACK)))
		return refuse(b, "the device is to get no Pack (quirk no-pack)");
	if (b->cfg->nservers == 0)	/* spec/bootstrap.md 1.8: at least one */
		return refuse(b, "a Pack has at least one account, and the record has none");
	if (b->cfg->verify)
		return refuse(b, "what a Pack leaves cannot be read back, and the record asks for that");
	if (b->cfg->bootstrap_server != NULL && plan_pack_is_blind(b->dev))
		return refuse(b, "the bootstrap account is to be rewritten, and the request does not say "
		    "which it is");
	return check_objects(b);
}

static int
by_path(const void *a, const void *b)
{
	return path_cmp(&((const struct node *)a)->path, &((const struct node *)b)->path);
}

enum err
plan_add_pack(struct plan_builder *b)
{
	const struct path root = PATH_ROOT;
	size_t len = 0;
	struct plan_step *st;
	enum err e;

	if (b->packed.n > 1)
		qsort(b->packed.v, b->packed.n, sizeof(b->packed.v[0]), by_path);
	e = plan_encode(b, b->plan->format, &root, &b->packed, &len);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		return problem_set(b->why, ERR_INVALID, "format", "", "the Pack cannot be written as %s: %s",
		    format_name(b->plan->format), err_text(e));
	st = plan_add_step(b, STEP_PACK, root);
	st->content_format = b->plan->format;
	st->payload = arena_dup(b->arena, b->buf, len);
	st->payload_len = len;
	return st->payload == NULL ? ERR_NOMEM : ERR_OK;
}
