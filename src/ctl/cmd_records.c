#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_priv.h"

/* endpoint and profile: set, get, list, remove. */

static int
set(struct ctl *c, const char *kind)
{
	json_t *record = NULL, *result = NULL;
	char method[32];
	int code = ctl_record(c, kind, c->args.words[0], &record);

	if (code != CTL_DONE)
		return code;
	snprintf(method, sizeof(method), "%s.set", kind);
	code = ctl_call(c, method, record, &result);
	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, result);
	ctl_say(c, "%s %s %s", kind, c->args.words[0],
	    json_is_true(json_object_get(result, "created")) ? "created" : "replaced");
	ctl_warnings(c, json_object_get(result, "warnings"));
	json_decref(result);
	return CTL_DONE;
}

static int
get(struct ctl *c, const char *kind)
{
	json_t *result = NULL;
	char method[32];
	int code;

	snprintf(method, sizeof(method), "%s.get", kind);
	code = ctl_call(c, method, json_pack("{s:s, s:b}", kind, c->args.words[0],
	    "reveal", args_has(&c->args, "reveal")), &result);
	if (code != CTL_DONE)
		return code;
	json_dumpf(result, c->io.out, c->json ? JSON_COMPACT : JSON_INDENT(2));
	fputc('\n', c->io.out);
	json_decref(result);
	return CTL_DONE;
}

static int
remove_all(struct ctl *c, const char *kind)
{
	char method[32];
	int worst = CTL_DONE;

	snprintf(method, sizeof(method), "%s.remove", kind);
	for (size_t i = 0; i < c->args.nwords; i++) {
		json_t *result = NULL;
		int code = ctl_call(c, method, json_pack("{s:s}", kind, c->args.words[i]), &result);
		if (code == CTL_DONE) {
			if (c->json)
				ctl_print_json(c, result);
			ctl_say(c, "%s %s removed", kind, c->args.words[i]);
			json_decref(result);
		} else if (code == CTL_UNREACHABLE) {
			return code;
		} else {
			worst = code;
		}
	}
	return worst;
}

/* --- lists, page by page --- */

struct listing {
	const char	*method, *items;	/* "endpoint.list", "endpoints" */
	const char *const *heads;
	void		(*row)(struct ctl *, struct tab *, const json_t *item);
};

/* Asks for the next page. *left is what may still be shown; -1: all. */
static int
next_page(struct ctl *c, const struct listing *l, json_t *params, int64_t *left, json_t **items)
{
	json_t *result = NULL, *next;
	int code;

	json_object_set_new(params, "limit", json_integer(*left >= 0 && *left < 1000 ? *left : 1000));
	code = ctl_call(c, l->method, json_incref(params), &result);
	if (code != CTL_DONE)
		return code;
	*items = json_incref(json_object_get(result, l->items));
	if (*left >= 0)
		*left -= (int64_t)json_array_size(*items);
	next = json_object_get(result, "next");
	if (json_is_string(next) && *left != 0)
		json_object_set(params, "after", next);
	else
		*left = 0;
	json_decref(result);
	return CTL_DONE;
}

static int
list(struct ctl *c, const struct listing *l, json_t *params, int64_t left)
{
	struct tab *t = c->json ? NULL : ctl_table(c, l->heads);
	json_t *all = json_array(), *item;
	int code = CTL_DONE;
	size_t i;

	while (code == CTL_DONE && left != 0) {
		json_t *items = NULL;
		code = next_page(c, l, params, &left, &items);
		json_array_foreach(items, i, item) {
			if (t != NULL)
				l->row(c, t, item);
		}
		if (t != NULL)
			tab_flush(t);
		else if (items != NULL)
			json_array_extend(all, items);
		json_decref(items);
	}
	if (code == CTL_DONE && c->json) {
		json_t *o = json_pack("{s:O, s:n}", l->items, all, "next");
		ctl_print_json(c, o);
		json_decref(o);
	} else if (code == CTL_DONE && t != NULL && tab_rows(t) == 0) {
		ctl_say(c, "There are no %s.", l->items);
	}
	tab_free(t);
	json_decref(all);
	json_decref(params);
	return code;
}

static int
list_params(struct ctl *c, const char *const *texts, json_t **params, int64_t *limit)
{
	static const char *const numbers[] = { "limit", NULL };
	int code = ctl_params(c, texts, numbers, params);

	if (code != CTL_DONE)
		return code;
	*limit = json_object_get(*params, "limit") != NULL ? ctl_int(*params, "limit") : -1;
	if (*limit == 0 || *limit < -1) {
		json_decref(*params);
		return ctl_usage(c, "--limit has to be 1 or more.");
	}
	if (c->args.nwords > 0)
		json_object_set_new(*params, "prefix", json_string(c->args.words[0]));
	return CTL_DONE;
}

static void
endpoint_row(struct ctl *c, struct tab *t, const json_t *e)
{
	const char *state = ctl_text(e, "state"), *last = ctl_text(e, "last");
	char ago[TAB_TEXT_MAX];

	tab_cell(t, ctl_text(e, "endpoint"));
	tab_cell(t, ctl_text(e, "profile"));
	if (json_is_true(json_object_get(e, "enabled")))
		tab_cell(t, "yes");
	else
		tab_cellf(t, COLOUR_YELLOW, "no");
	tab_cellf(t, ctl_result_colour(state), "%s", state);
	tab_cell(t, last[0] != '\0' ? tab_ago(last, ctl_now_ms(c), ago) : NULL);
}

static void
profile_row(struct ctl *c, struct tab *t, const json_t *p)
{
	const json_t *match = json_object_get(p, "match"), *glob;
	char globs[300] = "";
	size_t i, n = 0;

	(void)c;
	json_array_foreach(match, i, glob)
		if (n < sizeof(globs))
			n += (size_t)snprintf(globs + n, sizeof(globs) - n, "%s%s", i > 0 ? " " : "",
			    json_string_value(glob));
	tab_cell(t, ctl_text(p, "profile"));
	tab_count(t, (uint64_t)ctl_int(p, "servers"));
	tab_cell(t, globs);
}

int
cmd_endpoint_list(struct ctl *c)
{
	static const char *const texts[] = { "profile", "state", "after", NULL };
	static const char *const heads[] = { "ENDPOINT", "PROFILE", "ENABLED", "STATE", "LAST", NULL };
	static const struct listing l = { "endpoint.list", "endpoints", heads, endpoint_row };
	json_t *params = NULL;
	int64_t limit;
	int code = list_params(c, texts, &params, &limit);

	return code == CTL_DONE ? list(c, &l, params, limit) : code;
}

int
cmd_profile_list(struct ctl *c)
{
	static const char *const heads[] = { "PROFILE", ">SERVERS", "MATCH", NULL };
	static const struct listing l = { "profile.list", "profiles", heads, profile_row };
	json_t *params = NULL;
	int64_t limit;
	int code = list_params(c, NULL, &params, &limit);

	return code == CTL_DONE ? list(c, &l, params, limit) : code;
}

int
cmd_endpoint_set(struct ctl *c)
{
	return set(c, "endpoint");
}

/* What was learnt of the device, below its record; programs find it in endpoint.list. */
static int
show_learnt(struct ctl *c)
{
	static const char *const heads[] = { "STATE", "LAST", "LWM2M", "TAKES", NULL };
	const char *name = c->args.words[0];
	char ago[TAB_TEXT_MAX];
	json_t *result = NULL;
	int code = ctl_call(c, "endpoint.list", json_pack("{s:s, s:i}", "prefix", name, "limit", 1),
	    &result);

	if (code != CTL_DONE)
		return code;
	const json_t *e = json_array_get(json_object_get(result, "endpoints"), 0);
	if (e != NULL && strcmp(ctl_text(e, "endpoint"), name) == 0) {
		const char *state = ctl_text(e, "state"), *last = ctl_text(e, "last");
		fputc('\n', c->io.out);
		struct tab *t = ctl_table(c, heads);
		tab_cellf(t, ctl_result_colour(state), "%s", state);
		tab_cell(t, last[0] != '\0' ? tab_ago(last, ctl_now_ms(c), ago) : NULL);
		tab_cell(t, ctl_text(e, "lwm2m"));
		tab_cell(t, ctl_text(e, "format"));
		tab_free(t);
	}
	json_decref(result);
	return CTL_DONE;
}

int
cmd_endpoint_get(struct ctl *c)
{
	int code = get(c, "endpoint");

	return code == CTL_DONE && !c->json ? show_learnt(c) : code;
}

int
cmd_endpoint_remove(struct ctl *c)
{
	return remove_all(c, "endpoint");
}

int
cmd_profile_set(struct ctl *c)
{
	return set(c, "profile");
}

int
cmd_profile_get(struct ctl *c)
{
	return get(c, "profile");
}

int
cmd_profile_remove(struct ctl *c)
{
	return remove_all(c, "profile");
}
