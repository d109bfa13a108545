/* "verify": what was read back against what was written, value by value (spec/bootstrap.md 1.4). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/wr.h"
#include "bootstrap/session_priv.h"
#include "exchange/exchange.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"

#define DRIFTS_MAX	3	/* named; the rest is counted */
#define SHOWN_MAX	48	/* characters of a text */

/* For a sentence. What is secret cannot be read, but a definition may say otherwise of its own object. */
static void
show(const struct objdefs *defs, const struct node *n, char *buf, size_t size)
{
	const struct value *v = &n->value;

	if (objdefs_secret(defs, n->path.id[0], n->path.id[2])) {
		snprintf(buf, size, "(secret)");
		return;
	}
	switch (v->type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		if (text_is_utf8(v->bytes.p, v->bytes.len))
			snprintf(buf, size, "\"%.*s%s\"",
			    (int)(v->bytes.len > SHOWN_MAX ? SHOWN_MAX : v->bytes.len),
			    (const char *)v->bytes.p, v->bytes.len > SHOWN_MAX ? "..." : "");
		else
			snprintf(buf, size, "%zu bytes", v->bytes.len);
		break;
	case VALUE_OPAQUE:
		snprintf(buf, size, "%zu bytes", v->bytes.len);
		break;
	case VALUE_INTEGER:
	case VALUE_TIME:
		snprintf(buf, size, "%" PRId64, v->i);
		break;
	case VALUE_UNSIGNED:
		snprintf(buf, size, "%" PRIu64, v->u);
		break;
	case VALUE_FLOAT:
		snprintf(buf, size, "%g", v->f);
		break;
	case VALUE_BOOLEAN:
		snprintf(buf, size, "%s", v->b ? "true" : "false");
		break;
	case VALUE_OBJLNK:
		snprintf(buf, size, "%u:%u", v->link.oid, v->link.iid);
		break;
	case VALUE_NONE:
		snprintf(buf, size, "without instances");
		break;
	}
}

static void
name_drift(const struct objdefs *defs, const struct node *is, const struct node *should, struct wr *w)
{
	char at[PATH_TEXT_MAX], a[80], b[80], line[256];

	show(defs, should, b, sizeof(b));
	if (is != NULL)
		show(defs, is, a, sizeof(a));
	else
		snprintf(a, sizeof(a), "missing");
	snprintf(line, sizeof(line), "%s%s is %s, should be %s", w->len > 0 ? "; " : "",
	    path_format(&should->path, at), a, b);
	wr_text(w, line);
}

/* Each value that was written has to be there; whatever else is, is the device's. */
static size_t
count_drift(const struct objdefs *defs, const struct nodes *answer, const struct nodes *written,
    struct wr *w)
{
	size_t n = 0;

	for (size_t i = 0; i < written->n; i++) {
		const struct node *should = &written->v[i], *is = nodes_find(answer, &should->path);

		if (is != NULL && value_eq(&is->value, &should->value))
			continue;
		/* A resource without instances reads as none at all. */
		if (is == NULL && should->value.type == VALUE_NONE)
			continue;
		if (++n <= DRIFTS_MAX)
			name_drift(defs, is, should, w);
	}
	return n;
}

enum outcome
session_compare(struct session *s, const struct plan_step *st, const struct exchange_result *r,
    const char **drift)
{
	const struct objdefs *defs = s->svc->opts.defs;
	int format = r->content_format != FORMAT_NONE ? r->content_format : st->accept;
	struct arena scratch;
	char text[DRIFTS_MAX * 256];
	struct wr w = wr_over(text, sizeof(text));
	size_t n;

	arena_init(&scratch, 4096, 1 << 20);
	struct nodes answer = { .arena = &scratch }, written = { .arena = &scratch };
	if (format_decode(format, &st->path, defs, r->payload, r->payload_len, &answer) != ERR_OK ||
	    format_decode(st->accept, &st->path, defs, st->payload, st->payload_len, &written) != ERR_OK) {
		arena_fini(&scratch);
		return OUTCOME_UNREADABLE;
	}
	n = count_drift(defs, &answer, &written, &w);
	arena_fini(&scratch);
	if (n == 0)
		return OUTCOME_OK;
	*drift = n <= DRIFTS_MAX ? arena_printf(&s->arena, "%.*s", (int)w.len, text) :
	    arena_printf(&s->arena, "%.*s; and %zu more", (int)w.len, text, n - DRIFTS_MAX);
	return OUTCOME_DIFFERS;
}
