/* One Write of a plan: which resources an instance gets, and its payload. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/wr.h"
#include "bootstrap/plan_priv.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"
#include "store/record.h"
#include "store/resolve.h"
#include "store/uri.h"

#define PAYLOAD_MAX	65536	/* of one write: what exchange/ puts together at most, too */

struct plan_step *
plan_add_step(struct plan_builder *b, enum step_kind kind, struct path path)
{
	struct plan_step *st = &b->plan->steps[b->plan->nsteps++];

	*st = (struct plan_step){ .kind = kind, .path = path, .content_format = FORMAT_NONE,
	    .accept = FORMAT_NONE, .account = PLAN_NO_ACCOUNT };
	return st;
}

/* Left out as newer than the device; 'left' collects the numbers for a sentence. */
static void
too_new(struct wr *left, const struct config_resource *r)
{
	char text[12];

	snprintf(text, sizeof(text), "%s%u", left->len == 0 ? "" : ", ", r->rid);
	wr_text(left, text);
}

static void
tell_left_out(struct plan_builder *b, const struct path *path, uint16_t version, const struct wr *left)
{
	char at[PATH_TEXT_MAX];

	if (left->len == 0)
		return;
	plan_warn(&b->notes, arena_printf(b->arena,
	    "%s: left out, newer than version %u.%u of the object on the device: %.*s",
	    path_format(path, at), version >> 8, version & 0xff, (int)left->len, (const char *)left->p));
}

static bool
is_bytes(const struct value *v)
{
	return v->type == VALUE_STRING || v->type == VALUE_OPAQUE || v->type == VALUE_CORELNK;
}

static bool
is_empty(const struct value *v)
{
	return v->type == VALUE_NONE || (is_bytes(v) && v->bytes.len == 0);
}

/* Keys that this account does not have, and what is decided here rather than in the record. */
static bool
is_superfluous(const struct plan_piece *pc, uint16_t rid)
{
	if (pc->path.id[0] != OBJ_SECURITY || !pc->whole)
		return false;
	if (pc->nosec && (rid == SEC_PUBLIC_KEY || rid == SEC_SERVER_KEY || rid == SEC_SECRET_KEY))
		return true;
	if (pc->bootstrap && (rid == SEC_SSID || rid == SEC_BOOTSTRAP))
		return true;
	return pc->oscore >= 0 && rid == SEC_OSCORE;
}

static bool
is_key(uint16_t rid)
{
	return rid == SEC_PUBLIC_KEY || rid == SEC_SERVER_KEY || rid == SEC_SECRET_KEY;
}

/*
 * Leshan's client answers Finish with 4.06 when one of the key resources was never written. It is
 * known by what no other says: a format in its request, which is LwM2M 1.1, and version 1.0 in its
 * answer to Discover.
 */
static bool
is_leshan(const struct plan_device *dev)
{
	return dev->pct >= 0 && dev->discovery != NULL && dev->discovery->lwm2m == 0x0100;
}

/* Some clients want all three key resources, if empty (spec/bootstrap.md 3.1). */
static bool
keeps_empty(const struct plan_builder *b, const struct plan_piece *pc, uint16_t rid)
{
	return pc->whole && pc->path.id[0] == OBJ_SECURITY && is_key(rid) &&
	    (plan_has_quirk(b->res, QUIRK_BIT(QUIRK_KEEP_EMPTY_RESOURCES)) || is_leshan(b->dev));
}

static bool
has_resource(const struct plan_piece *pc, uint16_t rid)
{
	for (size_t i = 0; i < pc->n; i++)
		if (pc->resources[i].rid == rid)
			return !is_superfluous(pc, rid);
	return false;
}

/*
 * coap://host:5683 is the same as coap://host (RFC 7252, 6.1), but Wakaama and Anjay Lite cannot use
 * an address without a port.
 */
static enum err
add_port(struct plan_builder *b, struct value *v)
{
	char *uri = arena_printf(&b->scratch, "%.*s", (int)v->bytes.len, (const char *)v->bytes.p);
	const char *port, *rest, *what;
	struct uri parts;

	if (uri == NULL)
		return ERR_NOMEM;
	if (uri_parse(uri, &parts, &what) != ERR_OK || parts.port != 0 || strncmp(uri, "coap", 4) != 0 ||
	    (rest = strstr(uri, "://")) == NULL)
		return ERR_OK;
	port = strncmp(uri, "coaps", 5) == 0 ? "5684" : "5683";
	rest += 3;
	rest += strcspn(rest, "/?#");
	uri = arena_printf(&b->scratch, "%.*s:%s%s", (int)(rest - uri), uri, port,
	    strcmp(rest, "/") == 0 ? "" : rest);
	if (uri == NULL)
		return ERR_NOMEM;
	*v = value_text(VALUE_STRING, uri);
	return ERR_OK;
}

/* Only TLV has a way to say that a multiple resource is there and has no instance. */
static enum err
tell_no_instances(struct plan_builder *b, const struct path *path, uint16_t rid)
{
	const char *name = format_name(b->plan->format);

	plan_warn(&b->notes, arena_printf(b->arena, "/%u/%u/%u: left out, %s cannot say that a resource "
	    "has no instances", path->id[0], path->id[1], rid, name != NULL ? name : "the format"));
	return ERR_OK;
}

static enum err
add_resource(struct plan_builder *b, const struct plan_piece *pc, const struct config_resource *r,
    uint16_t version, struct nodes *out)
{
	struct path path = pc->path;
	struct value v;
	enum err e = config_expand(&r->value, b->res->endpoint, &b->res->variables, b->mint,
	    &b->scratch, &v, b->why);

	if (e != ERR_OK)
		return e == ERR_NOTFOUND || e == ERR_MALFORMED ? ERR_INVALID : e;
	if (pc->whole && is_empty(&v) && !keeps_empty(b, pc, r->rid))
		return ERR_OK;
	if (path.id[0] == OBJ_SECURITY && (r->rid == SEC_URI || r->rid == SEC_SECONDARY_URIS) &&
	    plan_has_quirk(b->res, QUIRK_BIT(QUIRK_URI_WITH_PORT)) && add_port(b, &v) != ERR_OK)
		return ERR_NOMEM;
	if (v.type == VALUE_NONE && b->plan->format != FORMAT_TLV)
		return tell_no_instances(b, &pc->path, r->rid);
	/* The same octets are a String in /21 1.x and an Opaque in 2.0 (spec/bootstrap.md 3.4). */
	if (is_bytes(&v) && version != 0) {
		enum value_type t = objdefs_type(b->defs, path.id[0], r->rid, version);

		if (t == VALUE_STRING || t == VALUE_OPAQUE)
			v.type = t;
	}
	path.id[2] = r->rid;
	path.depth = 3;
	if (r->riid >= 0) {
		path.id[3] = (uint16_t)r->riid;
		path.depth = 4;
	}
	return nodes_add(out, &path, &v);
}

/* What the plan itself puts in, each in its place among the record's resources. */
static enum err
add_own(const struct plan_piece *pc, const struct plan_builder *b, int32_t *last, int32_t upto,
    struct nodes *out)
{
	static const uint16_t own[] = { SEC_BOOTSTRAP, SEC_PUBLIC_KEY, SEC_SERVER_KEY, SEC_SECRET_KEY,
		SEC_OSCORE };
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && e == ERR_OK; i++) {
		struct value v;
		struct path path = PATH_OIR(pc->path.id[0], pc->path.id[1], own[i]);

		if (own[i] <= *last || own[i] > upto)
			continue;
		if (own[i] == SEC_BOOTSTRAP && pc->bootstrap)
			v = value_boolean(true);
		else if (own[i] == SEC_OSCORE && pc->oscore >= 0)
			v = value_objlnk(OBJ_OSCORE, b->ids.oscore[pc->oscore]);
		else if (keeps_empty(b, pc, own[i]) && !has_resource(pc, own[i]))
			v = value_text(VALUE_OPAQUE, "");
		else
			continue;
		e = nodes_add(out, &path, &v);
	}
	*last = upto;
	return e;
}

static enum err
collect(struct plan_builder *b, const struct plan_piece *pc, struct nodes *out)
{
	uint16_t version = plan_object_version(b->plan, b->dev, pc->path.id[0]);
	char text[96];
	struct wr left = wr_over(text, sizeof(text));
	int32_t last = -1;
	enum err e = ERR_OK;

	for (size_t i = 0; i < pc->n && e == ERR_OK; i++) {
		const struct config_resource *r = &pc->resources[i];

		if (is_superfluous(pc, r->rid))
			continue;
		if (version != 0 && r->since > version) {
			too_new(&left, r);
			continue;
		}
		e = add_own(pc, b, &last, r->rid, out);
		if (e == ERR_OK)
			e = add_resource(b, pc, r, version, out);
	}
	if (e == ERR_OK)
		e = add_own(pc, b, &last, UINT16_MAX, out);
	if (e == ERR_OK)
		tell_left_out(b, &pc->path, version, &left);
	return e;
}

enum err
plan_encode(struct plan_builder *b, int format, const struct path *target, const struct nodes *nodes,
    size_t *ret_len)
{
	for (;;) {
		struct wr w = wr_over(b->buf, b->cap);
		enum err e = b->buf == NULL ? ERR_TOOBIG :
		    format_encode(format, target, nodes->v, nodes->n, &w);
		size_t cap = b->cap == 0 ? 512 : b->cap * 4;

		if (e == ERR_OK)
			*ret_len = w.len;
		if (e != ERR_TOOBIG || b->cap >= PAYLOAD_MAX)
			return e;
		b->buf = arena_alloc(&b->scratch, cap);
		b->cap = cap;
		if (b->buf == NULL)
			return ERR_NOMEM;
	}
}

/* "text" and "opaque" serve single resources; for all else they cannot be meant. */
static int
format_for(const struct plan_builder *b, const struct path *target, const struct nodes *nodes)
{
	int wish = b->cfg->format;

	if (b->dev->format_forced || target->depth != 3 || nodes->n != 1 || nodes->v[0].path.depth != 3)
		return b->plan->format;
	if (wish == FORMAT_OPAQUE && nodes->v[0].value.type == VALUE_OPAQUE && format_can_encode(wish))
		return wish;
	if (wish == FORMAT_TEXT && format_can_encode(wish))
		return wish;
	return b->plan->format;
}

static enum err
say_not_encodable(const struct plan_builder *b, enum err e, int format, const struct path *path)
{
	char at[PATH_TEXT_MAX];
	const char *name = format_name(format);

	if (e == ERR_NOMEM)
		return e;
	return problem_set(b->why, ERR_INVALID, "format", path_format(path, at),
	    "%s cannot be written as %s: %s", at, name != NULL ? name : "that format", err_text(e));
}

/* One Write, or, of a Pack, a part of it. */
static enum err
write_nodes(struct plan_builder *b, const struct path *target, const struct nodes *nodes, uint8_t account)
{
	int format = format_for(b, target, nodes);
	size_t len = 0;
	enum err e = ERR_OK;

	if (b->dev->pack) {
		for (size_t i = 0; i < nodes->n && e == ERR_OK; i++)
			e = nodes_add(&b->packed, &nodes->v[i].path, &nodes->v[i].value);
		return e;
	}
	e = plan_encode(b, format, target, nodes, &len);
	if (e != ERR_OK)
		return say_not_encodable(b, e, format, target);

	struct plan_step *st = plan_add_step(b, STEP_WRITE, *target);
	st->content_format = format;
	st->payload = arena_dup(b->arena, b->buf, len);
	st->payload_len = len;
	st->optional = b->cfg->on_write_error == CONFIG_CONTINUE;
	st->account = account;
	return st->payload == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
plan_add_write(struct plan_builder *b, const struct plan_piece *pc)
{
	struct nodes nodes = { .arena = &b->scratch };
	enum err e = collect(b, pc, &nodes);

	if (e != ERR_OK || nodes.n == 0)
		return e;
	return write_nodes(b, &pc->path, &nodes, pc->account);
}

enum err
plan_add_object(struct plan_builder *b, const struct config_write *w)
{
	bool one_by_one = plan_has_quirk(b->res, QUIRK_BIT(QUIRK_WRITE_INSTANCES));
	struct nodes nodes = { .arena = &b->scratch };
	enum err e = ERR_OK;

	for (size_t i = 0; i < w->ninstances && e == ERR_OK; i++) {
		const struct config_instance *ci = &w->instances[i];
		struct plan_piece pc = { .path = PATH_OI(w->path.id[0], (uint16_t)ci->iid),
			.resources = ci->resources, .n = ci->nresources, .oscore = -1,
			.account = PLAN_NO_ACCOUNT };

		e = one_by_one ? plan_add_write(b, &pc) : collect(b, &pc, &nodes);
	}
	if (e != ERR_OK || nodes.n == 0)
		return e;
	return write_nodes(b, &w->path, &nodes, PLAN_NO_ACCOUNT);
}
