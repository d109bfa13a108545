#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "ctl/ctl_priv.h"

/* status: one screen, the figures that matter first. */

static void
line(struct ctl *c, const char *name)
{
	fprintf(c->io.out, "  ");
	tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, name);
	fprintf(c->io.out, "%*s", (int)(12 - tab_width(name)), "");
}

static void
print_head(struct ctl *c, const json_t *s)
{
	const char *state = ctl_text(s, "state");
	char up[TAB_TEXT_MAX];
	const json_t *l;
	size_t i;

	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, "strapd ");
	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, ctl_text(s, "version"));
	fprintf(c->io.out, "  ");
	if (state[0] != '\0')
		tab_print(c->io.out, c->io.out_colour,
		    strcmp(state, "serving") == 0 ? COLOUR_GREEN : COLOUR_YELLOW, state);
	fprintf(c->io.out, "  up %s  pid %" PRId64 "\n\n",
	    tab_duration((uint64_t)ctl_int(s, "uptime_s") * 1000, up), ctl_int(s, "pid"));
	json_array_foreach(json_object_get(s, "listeners"), i, l) {
		line(c, i == 0 ? "listens" : "");
		tab_print(c->io.out, false, COLOUR_NONE, ctl_text(l, "scheme"));
		fprintf(c->io.out, "://");
		tab_print(c->io.out, false, COLOUR_NONE, ctl_text(l, "address"));
		fputc('\n', c->io.out);
	}
}

static void
print_store(struct ctl *c, const json_t *s)
{
	const json_t *store = json_object_get(s, "store"), *events = json_object_get(store, "events");
	const json_t *admin = json_object_get(s, "admin");
	char a[TAB_TEXT_MAX], b[TAB_TEXT_MAX];

	line(c, "store");
	fprintf(c->io.out, "%s, %s, schema %" PRId64 "\n",
	    tab_many((uint64_t)ctl_int(store, "endpoints"), "endpoint", a),
	    tab_many((uint64_t)ctl_int(store, "profiles"), "profile", b),
	    ctl_int(store, "schema_version"));
	line(c, "events");
	fprintf(c->io.out, "%" PRId64 " to %" PRId64 " kept\n", ctl_int(events, "first"),
	    ctl_int(events, "last"));
	line(c, "admin");
	fprintf(c->io.out, "%" PRId64 " of %" PRId64 " connections, %" PRId64 " of them watching\n\n",
	    ctl_int(admin, "connections"), ctl_int(admin, "max_connections"),
	    ctl_int(admin, "subscriptions"));
}

static void
print_workers(struct ctl *c, const json_t *workers)
{
	static const char *const heads[] = { "WORKER", ">SESSIONS", ">STARTED", ">IN", ">OUT", NULL };
	struct tab *t = ctl_table(c, heads);
	const json_t *w;
	size_t i;

	json_array_foreach(workers, i, w) {
		tab_cellf(t, COLOUR_NONE, "%" PRId64, ctl_int(w, "worker"));
		tab_count(t, (uint64_t)ctl_int(w, "sessions"));
		tab_count(t, (uint64_t)ctl_int(w, "started"));
		tab_count(t, (uint64_t)ctl_int(w, "datagrams_in"));
		tab_count(t, (uint64_t)ctl_int(w, "datagrams_out"));
	}
	tab_free(t);
}

/* "refused_not_authorised" -> "refused not authorised" */
static void
counter_name(const char *key, char *out, size_t cap)
{
	snprintf(out, cap, "%s", key);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
}

/* One group in lines of three; with 'zeros' also those that nothing happened to. */
static void
print_group(struct ctl *c, const char *title, const json_t *group, bool zeros)
{
	char name[64], n[TAB_TEXT_MAX];
	const char *key;
	json_t *v;
	int column = 0, idle = 0;

	fputc('\n', c->io.out);
	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, title);
	fputc('\n', c->io.out);
	json_object_foreach((json_t *)group, key, v) {
		if (json_integer_value(v) == 0 && !zeros) {
			idle++;
			continue;
		}
		counter_name(key, name, sizeof(name));
		fprintf(c->io.out, "%s%-26s%10s%s", column % 2 == 0 ? "  " : "    ", name,
		    tab_number((uint64_t)json_integer_value(v), n), column % 2 == 0 ? "" : "\n");
		column++;
	}
	if (column % 2 != 0)
		fputc('\n', c->io.out);
	if (column == 0)
		fprintf(c->io.out, "  nothing yet\n");
	else if (idle > 0 && column > 0)
		fprintf(c->io.out, "  and %d that are 0\n", idle);
}

static void
print_counters(struct ctl *c, const json_t *counters)
{
	static const char *const order[] = { "bootstrap", "exchange", "transport" };
	const char *key;
	json_t *group;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (json_object_get(counters, order[i]) != NULL)
			print_group(c, order[i], json_object_get(counters, order[i]),
			    args_has(&c->args, "all"));
	json_object_foreach((json_t *)counters, key, group)
		if (strcmp(key, order[0]) != 0 && strcmp(key, order[1]) != 0 && strcmp(key, order[2]) != 0 &&
		    json_is_object(group))
			print_group(c, key, group, args_has(&c->args, "all"));
}

int
cmd_status(struct ctl *c)
{
	json_t *status = NULL;
	int code = ctl_call(c, "status", NULL, &status);

	if (code != CTL_DONE)
		return code;
	if (c->json) {
		ctl_print_json(c, status);
	} else {
		print_head(c, status);
		print_store(c, status);
		print_workers(c, json_object_get(status, "workers"));
		print_counters(c, json_object_get(status, "counters"));
	}
	json_decref(status);
	return CTL_DONE;
}
