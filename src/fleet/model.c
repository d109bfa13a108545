#include "fleet/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/msg.h"
#include "lwm2m/format.h"

/* A device's memory: more than any account needs, little enough for thousands of devices. */
#define MODEL_LIMIT	(256u * 1024)

const struct node *
model_find(const struct model *m, const struct path *p)
{
	for (size_t i = 0; i < m->n; i++) {
		if (path_eq(&m->nodes[i].path, p))
			return &m->nodes[i];
	}
	return NULL;
}

static bool
is_bytes(const struct value *v)
{
	return v->type == VALUE_STRING || v->type == VALUE_OPAQUE || v->type == VALUE_CORELNK;
}

static enum err
put(struct model *m, const struct path *p, const struct value *v)
{
	struct value copy = *v;

	if (m->n == m->cap) {
		size_t cap = m->cap > 0 ? 2 * m->cap : 24;
		struct node *more = realloc(m->nodes, cap * sizeof(*more));
		if (more == NULL)
			return ERR_NOMEM;
		m->nodes = more;
		m->cap = cap;
	}
	if (is_bytes(v)) {
		copy.bytes.p = arena_dup(&m->arena, v->bytes.p, v->bytes.len);
		if (copy.bytes.p == NULL && v->bytes.len > 0)
			return ERR_NOMEM;
	}
	m->nodes[m->n++] = (struct node){ *p, copy };
	return ERR_OK;
}

enum err
model_init(struct model *m, uint16_t account, const char *server_uri)
{
	*m = (struct model){ .account = account };
	arena_init(&m->arena, 1024, MODEL_LIMIT);
	const struct node initial[] = {
		{ PATH_OIR(0, account, 0), value_text(VALUE_STRING, server_uri) },
		{ PATH_OIR(0, account, 1), value_boolean(true) },
		{ PATH_OIR(0, account, 2), value_integer(3) },
		{ PATH_OIR(3, 0, 0), value_text(VALUE_STRING, "strapfleet") },
	};
	enum err e = ERR_OK;
	for (size_t i = 0; e == ERR_OK && i < sizeof(initial) / sizeof(initial[0]); i++)
		e = put(m, &initial[i].path, &initial[i].value);
	return e;
}

void
model_fini(struct model *m)
{
	arena_fini(&m->arena);
	free(m->nodes);
	*m = (struct model){ .nodes = NULL };
}

/* Takes away what stands within the target, but for what a Delete may never touch. */
static void
clear(struct model *m, const struct path *target, bool protect)
{
	const struct path account = PATH_OI(0, m->account), device = PATH_OI(3, 0);
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct path *p = &m->nodes[i].path;
		bool safe = protect && (path_within(p, &account) || path_within(p, &device));
		if (safe || !path_within(p, target))
			m->nodes[kept++] = m->nodes[i];
	}
	m->n = kept;
}

static bool
exists(const struct model *m, const struct path *target)
{
	for (size_t i = 0; i < m->n; i++) {
		if (path_within(&m->nodes[i].path, target))
			return true;
	}
	return false;
}

uint8_t
model_write(struct model *m, const struct objdefs *defs, const struct path *target, int format,
    const uint8_t *payload, size_t len, bool created)
{
	struct arena scratch;
	uint8_t code = MSG_CHANGED;

	if (target->depth < 1 || target->depth > 3)
		return MSG_METHOD_NOT_ALLOWED;
	arena_init(&scratch, 2048, MODEL_LIMIT);
	struct nodes nodes = { .arena = &scratch };
	enum err e = format_decode(format, target, defs, payload, len, &nodes);
	if (e == ERR_UNSUPPORTED)
		code = MSG_UNSUPPORTED_FORMAT;
	else if (e == ERR_NOMEM)
		code = MSG_INTERNAL;
	else if (e != ERR_OK)
		code = MSG_BAD_REQUEST;
	else {
		if (created && !exists(m, target))
			code = MSG_CREATED;
		clear(m, target, false);
		for (size_t i = 0; i < nodes.n; i++) {
			if (put(m, &nodes.v[i].path, &nodes.v[i].value) != ERR_OK)
				code = MSG_INTERNAL;
		}
	}
	arena_fini(&scratch);
	return code;
}

enum err
model_pack(struct model *m, const struct objdefs *defs, int format, const uint8_t *payload, size_t len)
{
	const struct path root = PATH_ROOT;
	struct arena scratch;
	enum err e;

	arena_init(&scratch, 2048, MODEL_LIMIT);
	struct nodes nodes = { .arena = &scratch };
	e = format_decode(format, &root, defs, payload, len, &nodes);
	for (size_t i = 0; e == ERR_OK && i < nodes.n; i++)
		clear(m, &PATH_O(nodes.v[i].path.id[0]), true);
	for (size_t i = 0; e == ERR_OK && i < nodes.n; i++) {
		/* of /3/0, which was spared, the old value has to go */
		clear(m, &nodes.v[i].path, false);
		e = put(m, &nodes.v[i].path, &nodes.v[i].value);
	}
	arena_fini(&scratch);
	return e;
}

uint8_t
model_delete(struct model *m, const struct path *target)
{
	const struct path account = PATH_OI(0, m->account), device = PATH_OI(3, 0);

	if (target->depth > 2 || path_eq(target, &account) || path_eq(target, &device))
		return MSG_BAD_REQUEST;
	clear(m, target, true);
	return MSG_DELETED;
}

/* The instances of the model, ascending and once each; returns how many. */
static size_t
instances(const struct model *m, const struct path *within, struct path *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct path p = PATH_OI(m->nodes[i].path.id[0], m->nodes[i].path.id[1]);
		size_t at = 0;
		if (!path_within(&p, within))
			continue;
		while (at < n && path_cmp(&out[at], &p) < 0)
			at++;
		if ((at < n && path_eq(&out[at], &p)) || n == cap)
			continue;
		memmove(&out[at + 1], &out[at], (n - at) * sizeof(*out));
		out[at] = p;
		n++;
	}
	return n;
}

static int64_t
integer_at(const struct model *m, uint16_t oid, uint16_t iid, uint16_t rid)
{
	const struct node *node = model_find(m, &PATH_OIR(oid, iid, rid));

	return node != NULL && node->value.type == VALUE_INTEGER ? node->value.i : -1;
}

uint8_t
model_discover(const struct model *m, const struct path *target, uint16_t lwm2m, struct wr *w)
{
	struct path list[64];
	char text[PATH_TEXT_MAX + 32];

	if (target->depth > 1)
		return MSG_BAD_REQUEST;
	size_t n = instances(m, target, list, 64);
	snprintf(text, sizeof(text), lwm2m == 0x0100 ? "lwm2m=\"%d.%d\"" : "</>;lwm2m=%d.%d",
	    lwm2m >> 8, lwm2m & 0xff);
	wr_text(w, text);
	if (target->depth == 1 && n == 0)
		return MSG_NOT_FOUND;
	for (size_t i = 0; i < n; i++) {
		uint16_t oid = list[i].id[0], iid = list[i].id[1];
		int64_t ssid = -1;
		if (oid <= 1)
			ssid = integer_at(m, oid, iid, oid == 0 ? 10 : 0);
		snprintf(text, sizeof(text), ",</%u/%u>", oid, iid);
		wr_text(w, text);
		if (ssid > 0) {
			snprintf(text, sizeof(text), ";ssid=%lld", (long long)ssid);
			wr_text(w, text);
		}
	}
	return w->err == ERR_OK ? MSG_CONTENT : MSG_INTERNAL;
}

static int
by_path(const void *a, const void *b)
{
	return path_cmp(&((const struct node *)a)->path, &((const struct node *)b)->path);
}

uint8_t
model_read(const struct model *m, const struct path *target, int format, struct wr *w)
{
	struct node inside[64];
	size_t n = 0;

	if (target->depth < 1 || target->depth > 2 || (target->id[0] != 1 && target->id[0] != 2))
		return MSG_METHOD_NOT_ALLOWED;
	for (size_t i = 0; i < m->n && n < 64; i++) {
		if (path_within(&m->nodes[i].path, target))
			inside[n++] = m->nodes[i];
	}
	if (n == 0)
		return target->depth == 1 ? MSG_CONTENT : MSG_NOT_FOUND;
	qsort(inside, n, sizeof(inside[0]), by_path);
	if (format_encode(format, target, inside, n, w) != ERR_OK)
		return MSG_NOT_ACCEPTABLE;
	return MSG_CONTENT;
}

/* Of the account at /0/iid; NULL: in order. */
static const char *
account_problem(const struct model *m, uint16_t iid)
{
	int64_t ssid = integer_at(m, 0, iid, 10);

	if (model_find(m, &PATH_OIR(0, iid, 0)) == NULL || model_find(m, &PATH_OIR(0, iid, 1)) == NULL ||
	    model_find(m, &PATH_OIR(0, iid, 2)) == NULL)
		return "a Security instance lacks resource 0, 1 or 2";
	if (ssid < 1 || ssid > 65534)
		return "a Security instance has no short server id from 1 to 65534";
	for (size_t i = 0; i < m->n; i++) {
		const struct path *p = &m->nodes[i].path;
		if (p->id[0] != 1 || p->depth != 3 || p->id[2] != 0 || m->nodes[i].value.i != ssid)
			continue;
		if (model_find(m, &PATH_OIR(1, p->id[1], 1)) == NULL ||
		    model_find(m, &PATH_OIR(1, p->id[1], 6)) == NULL ||
		    model_find(m, &PATH_OIR(1, p->id[1], 7)) == NULL)
			return "a Server instance lacks lifetime, notification storing or binding";
		return NULL;
	}
	return "an account has a Security instance and no Server instance";
}

const char *
model_inconsistent(const struct model *m)
{
	const struct node *own = model_find(m, &PATH_OIR(0, m->account, 1));
	size_t accounts = 0;

	if (own == NULL || own->value.type != VALUE_BOOLEAN || !own->value.b)
		return "the bootstrap account was overwritten";
	for (size_t i = 0; i < m->n; i++) {
		const struct path *p = &m->nodes[i].path;
		if (p->id[0] != 0 || p->depth != 3 || p->id[2] != 0 || p->id[1] == m->account)
			continue;
		const char *why = account_problem(m, p->id[1]);
		if (why != NULL)
			return why;
		accounts++;
	}
	return accounts > 0 ? NULL : "no account was given";
}
