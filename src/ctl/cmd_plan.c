#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "ctl/ctl_priv.h"

/* plan: what a device would be sent. */

/* A value as JSON says it, strings without quotes. */
static void
print_value(struct ctl *c, const json_t *v)
{
	if (json_is_string(v)) {
		bool secret = strstr(json_string_value(v), "secret)") != NULL;
		tab_print(c->io.out, c->io.out_colour, secret ? COLOUR_DIM : COLOUR_NONE,
		    json_string_value(v));
	} else {
		json_dumpf(v, c->io.out, JSON_ENCODE_ANY | JSON_COMPACT);
	}
}

static void
print_values(struct ctl *c, const json_t *values)
{
	const json_t *v;
	size_t i, path = 0, name = 0;

	json_array_foreach(values, i, v) {
		size_t p = tab_width(ctl_text(v, "path")), n = tab_width(ctl_text(v, "name"));
		path = p > path ? p : path;
		name = n > name ? n : name;
	}
	json_array_foreach(values, i, v) {
		const char *words = ctl_text(v, "name");
		fprintf(c->io.out, "       %-*s  ", (int)path, ctl_text(v, "path"));
		tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, words);
		fprintf(c->io.out, "%*s", (int)(name - tab_width(words)) + 2, "");
		print_value(c, json_object_get(v, "value"));
		fputc('\n', c->io.out);
	}
}

static void
print_step(struct ctl *c, size_t number, const json_t *s)
{
	const char *format = ctl_text(s, "format"), *note = ctl_text(s, "note");

	fprintf(c->io.out, "  %2zu.  ", number);
	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, ctl_text(s, "operation"));
	fprintf(c->io.out, "%*s%s %s", strlen(ctl_text(s, "operation")) < 10 ?
	    (int)(10 - strlen(ctl_text(s, "operation"))) : 1, "", ctl_text(s, "method"), ctl_text(s, "path"));
	if (json_is_integer(json_object_get(s, "content_format")))
		fprintf(c->io.out, "  %s (%" PRId64 "), %" PRId64 " bytes", format,
		    ctl_int(s, "content_format"), ctl_int(s, "bytes"));
	if (json_is_true(json_object_get(s, "cleanup")))
		fprintf(c->io.out, "  only when the write before was refused");
	else if (json_is_true(json_object_get(s, "optional")))
		tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, "  may be refused");
	fputc('\n', c->io.out);
	if (note[0] != '\0') {
		fprintf(c->io.out, "       ");
		tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, note);
		fputc('\n', c->io.out);
	}
	print_values(c, json_object_get(s, "values"));
	const char *hex = ctl_text(json_object_get(s, "payload"), "hex");
	if (args_has(&c->args, "reveal") && hex[0] != '\0')
		fprintf(c->io.out, "       %s\n", hex);
}

static void
print_list(struct ctl *c, const char *title, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		fprintf(c->io.out, "%s: ", title);
		tab_print(c->io.out, false, COLOUR_NONE, json_is_string(v) ? json_string_value(v) : "");
		fputc('\n', c->io.out);
	}
}

static void
print_plan(struct ctl *c, const json_t *plan)
{
	const char *profile = ctl_text(plan, "profile");
	const json_t *s;
	size_t i;

	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, ctl_text(plan, "endpoint"));
	fputc('\n', c->io.out);
	fprintf(c->io.out, "  matched  ");
	tab_print(c->io.out, false, COLOUR_NONE, ctl_text(plan, "matched"));
	fprintf(c->io.out, "\n  profile  ");
	tab_print(c->io.out, false, COLOUR_NONE, profile[0] != '\0' ? profile : "none");
	fputs("\n\n", c->io.out);
	json_array_foreach(json_object_get(plan, "steps"), i, s)
		print_step(c, i + 1, s);
	if (json_array_size(json_object_get(plan, "notes")) > 0)
		fputc('\n', c->io.out);
	print_list(c, "note", json_object_get(plan, "notes"));
	ctl_warnings(c, json_object_get(plan, "warnings"));
	if (json_is_false(json_object_get(plan, "enabled")))
		ctl_warn(c, "the endpoint is disabled: it would be refused before any of this");
}

/* The stored record by name, or a record of the caller's. */
static int
subject(struct ctl *c, json_t *params)
{
	const char *file = args_value(&c->args, "config");
	json_t *record = NULL;
	int code;

	if (file == NULL && c->args.nwords == 0)
		return ctl_usage(c, "Which one? strapctl plan EP, or --config FILE with a whole record.");
	if (file == NULL) {
		json_object_set_new(params, "endpoint", json_string(c->args.words[0]));
		return CTL_DONE;
	}
	if (c->args.nwords > 0) {
		code = ctl_record(c, "endpoint", c->args.words[0], &record);
	} else {
		code = ctl_read_object(c, file, &record);
		if (code == CTL_DONE && ctl_text(record, "endpoint")[0] == '\0') {
			json_decref(record);
			return ctl_usage(c, "No \"endpoint\" in the file: strapctl plan EP --config FILE.");
		}
	}
	if (code == CTL_DONE)
		json_object_set_new(params, "record", record);
	return code;
}

int
cmd_plan(struct ctl *c)
{
	static const char *const texts[] = { "lwm2m", "discovery", NULL };
	static const char *const numbers[] = { "pct", NULL };
	json_t *params = NULL, *plan = NULL;
	int code = ctl_params(c, texts, numbers, &params);

	if (code != CTL_DONE)
		return code;
	code = subject(c, params);
	if (code != CTL_DONE) {
		json_decref(params);
		return code;
	}
	if (args_has(&c->args, "reveal"))
		json_object_set_new(params, "reveal", json_true());
	code = ctl_call(c, "plan", params, &plan);
	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, plan);
	else
		print_plan(c, plan);
	json_decref(plan);
	return CTL_DONE;
}
