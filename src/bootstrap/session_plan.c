/* The plans of a session: one for each format that is tried, made when it is asked for. */
#include <string.h>

#include "base/problem.h"
#include "bootstrap/authorise.h"
#include "bootstrap/session_priv.h"
#include "transport/link.h"

/* A plan in one format (-1: as is best) is made once, however often it is asked for. */
static struct plan *
made_before(const struct session *s, int format, uint8_t repair)
{
	for (const struct session_plan *p = s->plans; p != NULL; p = p->next)
		if (p->format == format && p->repair == repair)
			return p->plan;
	return NULL;
}

/* A record's own config is large while it is parsed, so a lean session reads it for each plan. */
static enum err
read_record(struct session *s, struct arena *arena, struct resolved *ret)
{
	struct authorise_request who = { .ep = s->res.endpoint, .scheme = link_scheme(s->link),
		.identity = link_identity(s->link), .oscore = s->oscore, .oscore_len = s->oscore_len };
	struct problem why = { .reason = "" };
	const char *name;

	if (authorise(&who, s->svc->opts.reader, s->svc->opts.resolver, arena, ret, &name, &why) !=
	    VERDICT_ALLOWED) {
		s->why = arena_printf(&s->arena, "the record was changed during the session: %s", why.text);
		return ERR_INVALID;
	}
	ret->lwm2m = s->res.lwm2m;
	ret->format = s->res.format;
	return ERR_OK;
}

static enum err
build(struct session *s, const struct resolved *res, const struct session_plan *wanted,
    struct arena *arena, struct plan **ret)
{
	/* A device that answered before the first plan and does not now has not moved its account. */
	struct discovery *disc = wanted->repair > 0 && s->repaired != NULL ? s->repaired : s->discovery;
	struct plan_device dev = { .lwm2m = s->res.lwm2m, .pct = s->pct, .discovery = disc,
		.format = wanted->format >= 0 ? wanted->format : s->res.format,
		.format_forced = wanted->format >= 0, .discover_failed = s->discover_failed,
		.repair = wanted->repair };
	struct problem why = { .reason = "" };
	enum err e = plan_build(res, &dev, s->svc->opts.defs, NULL, arena, ret, &why);

	if (e != ERR_OK)
		s->why = why.text[0] != '\0' ? arena_text(&s->arena, why.text) : NULL;
	return e;
}

static bool
same_plan(const struct plan *a, const struct plan *b)
{
	if (a->nsteps != b->nsteps)
		return false;
	for (size_t i = 0; i < a->nsteps; i++) {
		const struct plan_step *x = &a->steps[i], *y = &b->steps[i];

		if (x->kind != y->kind || !path_eq(&x->path, &y->path) || x->payload_len != y->payload_len ||
		    (x->payload_len > 0 && memcmp(x->payload, y->payload, x->payload_len) != 0))
			return false;
	}
	return true;
}

/* Half of one configuration and half of another is none. */
static enum err
check_unchanged(struct session *s, const struct resolved *res, struct arena *scratch)
{
	const struct session_plan best = { .format = -1 };
	struct plan *first = made_before(s, -1, 0), *now = NULL;
	enum err e;

	if (first == NULL)
		return ERR_OK;
	e = build(s, res, &best, scratch, &now);
	if (e == ERR_OK && !same_plan(first, now)) {
		s->why = "the record was changed during the session";
		e = ERR_INVALID;
	}
	return e;
}

static enum err
build_lean(struct session *s, const struct session_plan *wanted, struct plan **ret)
{
	struct resolved res;
	struct arena arena;
	enum err e;

	arena_init(&arena, 4096, SESSION_ARENA_LIMIT);
	e = read_record(s, &arena, &res);
	if (e == ERR_OK) {
		e = check_unchanged(s, &res, &arena);
		if (e == ERR_OK)
			e = build(s, &res, wanted, &s->arena, ret);
		resolved_release(&res);
	}
	arena_fini(&arena);
	return e;
}

static enum err
make_plan(struct session *s, int format, uint8_t repair, struct plan **ret)
{
	struct session_plan *made = arena_alloc(&s->arena, sizeof(*made));
	enum err e;

	if (made == NULL)
		return ERR_NOMEM;
	*made = (struct session_plan){ .format = format, .repair = repair };
	e = s->lean ? build_lean(s, made, &made->plan) :
	    build(s, &s->res, made, &s->arena, &made->plan);
	if (e != ERR_OK)
		return e;
	made->next = s->plans;
	s->plans = made;
	*ret = made->plan;
	return ERR_OK;
}

enum err
session_plan(struct session *s, int format, uint8_t repair, struct plan **ret)
{
	struct plan *plan = made_before(s, format, repair);

	if (plan == NULL)
		return make_plan(s, format, repair, ret);
	*ret = plan;
	return ERR_OK;
}
