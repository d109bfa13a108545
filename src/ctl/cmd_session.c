#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "ctl/ctl_priv.h"

/* Sessions: those going on, and those that ended. */

/* A session's number without its leading zeros; as logs and lists show it. */
static const char *
short_id(const json_t *o)
{
	const char *id = ctl_text(o, "session");

	while (id[0] == '0' && id[1] != '\0')
		id++;
	return id;
}

static void
session_row(struct tab *t, const json_t *s)
{
	char age[TAB_TEXT_MAX];

	tab_cell(t, short_id(s));
	tab_cell(t, ctl_text(s, "endpoint"));
	tab_cellf(t, COLOUR_NONE, "%s://%s", ctl_text(s, "scheme"), ctl_text(s, "peer"));
	tab_cellf(t, COLOUR_NONE, "%" PRId64, ctl_int(s, "worker"));
	tab_cell(t, tab_duration((uint64_t)ctl_int(s, "age_ms"), age));
}

int
cmd_sessions(struct ctl *c)
{
	static const char *const heads[] = { "SESSION", "ENDPOINT", "PEER", ">WORKER", ">AGE", NULL };
	static const char *const numbers[] = { "limit", NULL };
	json_t *params = NULL, *result = NULL;
	const json_t *s;
	struct tab *t;
	size_t i;
	int code = ctl_params(c, NULL, numbers, &params);

	if (code != CTL_DONE)
		return code;
	if (c->args.nwords > 0)
		json_object_set_new(params, "endpoint", json_string(c->args.words[0]));
	code = ctl_call(c, "session.list", params, &result);
	if (code != CTL_DONE)
		return code;
	if (c->json) {
		ctl_print_json(c, result);
	} else if (json_array_size(json_object_get(result, "sessions")) == 0) {
		ctl_say(c, "No session is going on.");
	} else {
		t = ctl_table(c, heads);
		json_array_foreach(json_object_get(result, "sessions"), i, s)
			session_row(t, s);
		tab_free(t);
		if (!json_is_null(json_object_get(result, "next")))
			ctl_say(c, "... and more (--limit)");
	}
	json_decref(result);
	return CTL_DONE;
}

/* Every member of an object on a line of its own. */
static void
print_members(struct ctl *c, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		fprintf(c->io.out, "  ");
		tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, key);
		fprintf(c->io.out, "%*s", (int)(16 - tab_width(key) % 16), "");
		if (json_is_string(v))
			tab_print(c->io.out, false, COLOUR_NONE, json_string_value(v));
		else
			json_dumpf(v, c->io.out, JSON_ENCODE_ANY | JSON_COMPACT);
		fputc('\n', c->io.out);
	}
}

static int
about_session(struct ctl *c, const char *method, bool show)
{
	json_t *result = NULL;
	int code = ctl_call(c, method, json_pack("{s:s}", "session", c->args.words[0]), &result);

	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, result);
	else if (show)
		print_members(c, result);
	else
		ctl_say(c, "session %s is being cancelled", c->args.words[0]);
	json_decref(result);
	return CTL_DONE;
}

int
cmd_session_get(struct ctl *c)
{
	return about_session(c, "session.get", true);
}

int
cmd_session_cancel(struct ctl *c)
{
	return about_session(c, "session.cancel", false);
}

/* --- history --- */

static bool
is_handshake(const json_t *h)
{
	return strcmp(ctl_text(h, "type"), "handshake.failed") == 0;
}

/* What such an entry is known by: the identity that was claimed, else the address. */
static const char *
known_by(const json_t *h)
{
	return ctl_text(h, "identity")[0] != '\0' ? "identity" : "peer";
}

static void
history_row(struct ctl *c, struct tab *t, const json_t *h)
{
	const char *result = ctl_text(h, "result"), *cause = ctl_text(h, "cause");
	char ago[TAB_TEXT_MAX], took[TAB_TEXT_MAX];

	tab_cellf(t, COLOUR_DIM, "%" PRId64, ctl_int(h, "seq"));
	tab_cell(t, tab_ago(ctl_text(h, "time"), ctl_now_ms(c), ago));
	if (is_handshake(h)) {
		/* nobody gave a name yet */
		tab_cellf(t, COLOUR_DIM, "(%s)", ctl_text(h, known_by(h)));
		result = "no handshake";
	} else
		tab_cell(t, ctl_text(h, "endpoint"));
	tab_cellf(t, ctl_result_colour(ctl_text(h, "result")), "%s", result);
	tab_cellf(t, COLOUR_NONE, "%zu", json_array_size(json_object_get(h, "steps")));
	tab_cell(t, tab_duration((uint64_t)ctl_int(h, "duration_ms"), took));
	tab_cell(t, cause[0] != '\0' ? cause : ctl_text(h, "reason"));
}

static void
history_steps(struct ctl *c, const json_t *steps)
{
	static const char *const heads[] = { " ", "STEP", "PATH", "ANSWER", "OUTCOME", ">BYTES", ">RTT",
		">RESENT", "FORMAT", NULL };
	struct tab *t = ctl_table(c, heads);
	const json_t *s;
	size_t i;

	json_array_foreach(steps, i, s) {
		const char *outcome = ctl_text(s, "outcome");
		int64_t resent = ctl_int(s, "retransmissions");
		double rtt = json_number_value(json_object_get(s, "rtt_ms"));
		tab_cellf(t, COLOUR_NONE, " ");
		tab_cell(t, ctl_text(s, "operation"));
		tab_cell(t, ctl_text(s, "path"));
		tab_cell(t, ctl_text(s, "code"));
		tab_cellf(t, strcmp(outcome, "ok") == 0 ? COLOUR_GREEN :
		    strcmp(outcome, "passed-over") == 0 || strcmp(outcome, "presumed") == 0 ? COLOUR_YELLOW :
		    COLOUR_RED, "%s", outcome);
		tab_count(t, (uint64_t)ctl_int(s, "bytes"));
		tab_cellf(t, COLOUR_NONE, rtt < 10 ? "%.2f ms" : "%.0f ms", rtt);
		tab_cellf(t, resent > 0 ? COLOUR_YELLOW : COLOUR_DIM, "%" PRId64, resent);
		tab_cell(t, ctl_text(s, "format"));
	}
	tab_free(t);
}

static void
field(struct ctl *c, const char *before, const char *text)
{
	if (text[0] == '\0')
		return;
	fputs(before, c->io.out);
	tab_print(c->io.out, false, COLOUR_NONE, text);
}

static void
history_whole(struct ctl *c, const json_t *h)
{
	const char *result = ctl_text(h, "result"), *endpoint = ctl_text(h, "endpoint");
	char ago[TAB_TEXT_MAX], took[TAB_TEXT_MAX];
	const json_t *w;
	size_t i;

	tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD,
	    endpoint[0] != '\0' ? endpoint : "(no endpoint name)");
	fprintf(c->io.out, "  ");
	tab_print(c->io.out, c->io.out_colour, ctl_result_colour(result), result);
	fprintf(c->io.out, "  %s, took %s\n", tab_ago(ctl_text(h, "time"), ctl_now_ms(c), ago),
	    tab_duration((uint64_t)ctl_int(h, "duration_ms"), took));
	field(c, "  from ", ctl_text(h, "scheme"));
	field(c, "://", ctl_text(h, "peer"));
	field(c, " as ", ctl_text(h, "identity"));
	field(c, ", profile ", ctl_text(h, "profile"));
	field(c, ", LwM2M ", ctl_text(h, "lwm2m"));
	fprintf(c->io.out, ", number %" PRId64, ctl_int(h, "seq"));
	if (!is_handshake(h))
		fprintf(c->io.out, ", session %s", short_id(h));
	fputc('\n', c->io.out);
	if (ctl_text(h, "reason")[0] != '\0' || ctl_text(h, "cause")[0] != '\0') {
		field(c, "  ", ctl_text(h, "reason"));
		field(c, ctl_text(h, "reason")[0] != '\0' ? ": " : "  ", ctl_text(h, "cause"));
		fputc('\n', c->io.out);
	}
	json_array_foreach(json_object_get(h, "warnings"), i, w) {
		fprintf(c->io.out, "  ");
		tab_print(c->io.out, c->io.out_colour, COLOUR_YELLOW, "warning: ");
		tab_print(c->io.out, false, COLOUR_NONE, json_is_string(w) ? json_string_value(w) : "");
		fputc('\n', c->io.out);
	}
	history_steps(c, json_object_get(h, "steps"));
}

static void
print_history(struct ctl *c, const json_t *entries)
{
	static const char *const heads[] = { ">NUMBER", "WHEN", "ENDPOINT", "RESULT", ">STEPS", ">TOOK",
		"CAUSE", NULL };
	bool whole = args_has(&c->args, "steps") || json_array_size(entries) == 1;
	struct tab *t = whole ? NULL : ctl_table(c, heads);
	const json_t *h;
	size_t i;

	json_array_foreach(entries, i, h) {
		if (!whole) {
			history_row(c, t, h);
			continue;
		}
		if (i > 0)
			fputc('\n', c->io.out);
		history_whole(c, h);
	}
	tab_free(t);
}

int
cmd_history(struct ctl *c)
{
	static const char *const numbers[] = { "limit", "after", NULL };
	json_t *params = NULL, *result = NULL;
	int code = ctl_params(c, NULL, numbers, &params);

	if (code != CTL_DONE)
		return code;
	if (c->args.nwords > 0)
		json_object_set_new(params, "endpoint", json_string(c->args.words[0]));
	if (json_object_get(params, "limit") == NULL)
		json_object_set_new(params, "limit", json_integer(20));
	code = ctl_call(c, "history", params, &result);
	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, result);
	else if (json_array_size(json_object_get(result, "entries")) == 0)
		ctl_say(c, c->args.nwords > 0 ? "No session of this endpoint has ended yet." :
		    "No session has ended yet.");
	else
		print_history(c, json_object_get(result, "entries"));
	json_decref(result);
	return CTL_DONE;
}
