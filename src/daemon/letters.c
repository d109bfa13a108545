#include "daemon/letters.h"

#include <stdlib.h>

/* What a report of an ordinary session takes: one chunk, no second trip to the heap. */
#define REPORT_CHUNK	1024

struct report *
letters_report(enum report_kind kind, struct worker *worker)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->kind = kind;
	r->worker = worker;
	arena_init(&r->arena, REPORT_CHUNK, 0);
	return r;
}

void
letters_report_free(struct report *r)
{
	if (r == NULL)
		return;
	arena_fini(&r->arena);
	free(r);
}

/* The copy, NULL for NULL; *ok goes false when memory is out. */
static const char *
copy_text(struct arena *a, const char *s, bool *ok)
{
	const char *copy = s != NULL ? arena_text(a, s) : NULL;

	if (s != NULL && copy == NULL)
		*ok = false;
	return copy;
}

static const struct history_step *
copy_steps(struct arena *a, const struct history *h, bool *ok)
{
	struct history_step *steps = arena_dup(a, h->steps, h->nsteps * sizeof(*steps));

	if (steps == NULL) {
		*ok = false;
		return NULL;
	}
	for (size_t i = 0; i < h->nsteps; i++) {
		/* operation and outcome are words of static storage */
		steps[i].path = copy_text(a, steps[i].path, ok);
	}
	return steps;
}

static const char *const *
copy_warnings(struct arena *a, const struct history *h, bool *ok)
{
	const char **warnings = arena_array(a, h->nwarnings, sizeof(*warnings));

	if (warnings == NULL) {
		*ok = false;
		return NULL;
	}
	for (size_t i = 0; i < h->nwarnings; i++)
		warnings[i] = copy_text(a, h->warnings[i], ok);
	return warnings;
}

const struct history *
letters_copy_history(struct arena *a, const struct history *h)
{
	struct history *copy = arena_dup(a, h, sizeof(*h));
	bool ok = copy != NULL;

	if (!ok)
		return NULL;
	copy->endpoint = copy_text(a, h->endpoint, &ok);
	copy->peer = copy_text(a, h->peer, &ok);
	copy->scheme = copy_text(a, h->scheme, &ok);
	copy->identity = copy_text(a, h->identity, &ok);
	copy->profile = copy_text(a, h->profile, &ok);
	copy->reason = copy_text(a, h->reason, &ok);
	copy->cause = copy_text(a, h->cause, &ok);
	if (h->nsteps > 0)
		copy->steps = copy_steps(a, h, &ok);
	if (h->nwarnings > 0)
		copy->warnings = copy_warnings(a, h, &ok);
	return ok ? copy : NULL;
}
