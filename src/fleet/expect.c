#include "fleet/expect.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "coap/msg.h"
#include "fleet/model.h"
#include "lwm2m/format.h"
#include "lwm2m/path.h"

#define PAYLOAD_MAX	65536

#define HIDDEN_MAX	32

struct expect {
	struct model	 model;		/* of the device the plan was made for */
	char		*endpoint;
	struct path	 hidden[HIDDEN_MAX];	/* the plan hides what: being there counts */
	size_t		 nhidden;
};

static enum err
apply_write(struct expect *x, const struct objdefs *defs, const json_t *step, struct problem *why)
{
	const char *path_text = json_string_value(json_object_get(step, "path"));
	const char *hex = json_string_value(json_object_get(json_object_get(step, "payload"), "hex"));
	json_int_t format = json_integer_value(json_object_get(step, "content_format"));
	struct path path;
	size_t len;

	if (path_text == NULL || path_parse(path_text, strlen(path_text), &path) != ERR_OK)
		return problem_set(why, ERR_INVALID, "invalid", "/steps", "a write step has no path");
	if (hex == NULL) {
		if (x->nhidden == HIDDEN_MAX)
			return problem_set(why, ERR_INVALID, "redacted", path_text,
			    "too many payloads are hidden: make the plan with --reveal");
		x->hidden[x->nhidden++] = path;
		return ERR_OK;
	}
	uint8_t *payload = malloc(PAYLOAD_MAX);
	if (payload == NULL)
		return ERR_NOMEM;
	enum err e = text_unhex(hex, strlen(hex), payload, PAYLOAD_MAX, &len);
	uint8_t code = MSG_BAD_REQUEST;
	if (e == ERR_OK)
		code = model_write(&x->model, defs, &path, (int)format, payload, len, false);
	free(payload);
	if (code != MSG_CHANGED)
		return problem_set(why, ERR_INVALID, "invalid", path_text,
		    "the payload of this write cannot be read");
	return ERR_OK;
}

static enum err
apply(struct expect *x, const struct objdefs *defs, const json_t *plan, struct problem *why)
{
	const json_t *steps = json_object_get(plan, "steps"), *step;
	const char *endpoint = json_string_value(json_object_get(plan, "endpoint"));
	size_t i;

	if (!json_is_array(steps) || endpoint == NULL)
		return problem_set(why, ERR_INVALID, "invalid", "",
		    "this is no plan: \"endpoint\" or \"steps\" is missing");
	x->endpoint = strdup(endpoint);
	if (x->endpoint == NULL)
		return ERR_NOMEM;
	json_array_foreach(steps, i, step) {
		const char *operation = json_string_value(json_object_get(step, "operation"));
		if (operation == NULL || strcmp(operation, "write") != 0)
			continue;
		enum err e = apply_write(x, defs, step, why);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
expect_load(const char *file, const struct objdefs *defs, struct expect **ret, struct problem *why)
{
	json_error_t bad;
	json_t *plan = json_load_file(file, JSON_REJECT_DUPLICATES, &bad);

	if (plan == NULL)
		return problem_set(why, ERR_INVALID, "invalid", file, "%s (line %d)", bad.text, bad.line);
	struct expect *x = calloc(1, sizeof(*x));
	enum err e = x != NULL ? model_init(&x->model, 0, "") : ERR_NOMEM;
	if (e == ERR_OK)
		e = apply(x, defs, plan, why);
	json_decref(plan);
	if (e != ERR_OK) {
		expect_free(x);
		return e;
	}
	*ret = x;
	return ERR_OK;
}

void
expect_free(struct expect *x)
{
	if (x == NULL)
		return;
	model_fini(&x->model);
	free(x->endpoint);
	free(x);
}

/* Whether 'have' is 'want' with each occurrence of one name replaced by another. */
static bool
same_renamed(const struct value *want, const struct value *have, const char *from, const char *to)
{
	const uint8_t *w = want->bytes.p, *h = have->bytes.p;
	size_t wn = want->bytes.len, hn = have->bytes.len, fn = strlen(from), tn = strlen(to);

	while (wn > 0) {
		if (fn > 0 && wn >= fn && hn >= tn && memcmp(w, from, fn) == 0 && memcmp(h, to, tn) == 0) {
			w += fn, wn -= fn, h += tn, hn -= tn;
			continue;
		}
		if (hn == 0 || *w != *h)
			return false;
		w++, wn--, h++, hn--;
	}
	return hn == 0;
}

static bool
same(const struct expect *x, const struct value *want, const struct value *have, const char *endpoint)
{
	if (want->type != have->type)
		return false;
	if (want->type == VALUE_STRING || want->type == VALUE_OPAQUE)
		return same_renamed(want, have, x->endpoint, endpoint);
	return value_eq(want, have);
}

/* What is the device's own and no part of any plan. */
static bool
own(const struct model *m, const struct path *p)
{
	const struct path account = PATH_OI(0, m->account), device = PATH_O(3);

	return path_within(p, &account) || path_within(p, &device);
}

static bool
hidden(const struct expect *x, const struct path *p)
{
	for (size_t i = 0; i < x->nhidden; i++) {
		if (path_within(p, &x->hidden[i]))
			return true;
	}
	return false;
}

static bool
holds_something(const struct model *m, const struct path *within)
{
	for (size_t i = 0; i < m->n; i++) {
		if (path_within(&m->nodes[i].path, within))
			return true;
	}
	return false;
}

const char *
expect_differs(const struct expect *x, const struct model *m, const char *endpoint, char *buf,
    size_t size)
{
	char path[PATH_TEXT_MAX];

	for (size_t i = 0; i < x->model.n; i++) {
		const struct node *want = &x->model.nodes[i];
		if (own(&x->model, &want->path))
			continue;
		const struct node *have = model_find(m, &want->path);
		if (have == NULL || !same(x, &want->value, &have->value, endpoint)) {
			snprintf(buf, size, "%s %s", path_format(&want->path, path),
			    have == NULL ? "is missing" : "has another value than expected");
			return buf;
		}
	}
	for (size_t i = 0; i < x->nhidden; i++) {
		if (!holds_something(m, &x->hidden[i])) {
			snprintf(buf, size, "%s is missing", path_format(&x->hidden[i], path));
			return buf;
		}
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct path *p = &m->nodes[i].path;
		if (!own(m, p) && !hidden(x, p) && model_find(&x->model, p) == NULL) {
			snprintf(buf, size, "%s is there and should not be",
			    path_format(p, path));
			return buf;
		}
	}
	return NULL;
}
