#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "ctl/ctl_priv.h"
#include "ctl/rpcclient.h"
#include "strapd/rpc.h"

/* watch: the durable log as it grows. It remembers the last number it has shown, so that a daemon
 * that restarts costs no event. */

#define RETRY_MS	500

struct watch {
	struct ctl	*ctl;
	int64_t		 last;		/* number of the last event shown, or where to start */
	bool		 placed;	/* 'last' is known */
	bool		 again;		/* it was connected before */
	int64_t		 left;		/* events still to show; -1: no end */
};

/* "12:34:56" of RFC 3339; UTC. */
static void
print_time(struct ctl *c, const char *time)
{
	char clock[9] = "";

	if (strlen(time) >= 19)
		memcpy(clock, time + 11, 8);
	tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, clock);
	fprintf(c->io.out, "  ");
}

/* What an event says beyond its type, time and endpoint. */
static void
print_body(struct ctl *c, const json_t *event)
{
	static const char *const known[] = { "seq", "type", "time", "endpoint", "result", "steps", "warnings",
		"started", "session", "cause", "reason", "duration_ms", "identity", "lwm2m", "format" };
	const char *key;
	json_t *v;

	if (json_is_integer(json_object_get(event, "duration_ms"))) {
		char took[TAB_TEXT_MAX], steps[TAB_TEXT_MAX];
		fprintf(c->io.out, "  %s, %s",
		    tab_many(json_array_size(json_object_get(event, "steps")), "step", steps),
		    tab_duration((uint64_t)ctl_int(event, "duration_ms"), took));
	}
	if (ctl_text(event, "cause")[0] != '\0') {
		fprintf(c->io.out, "  ");
		tab_print(c->io.out, false, COLOUR_NONE, ctl_text(event, "cause"));
	}
	json_object_foreach((json_t *)event, key, v) {
		bool shown = json_is_null(v);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			shown = shown || strcmp(key, known[i]) == 0;
		if (shown)
			continue;
		fprintf(c->io.out, "  ");
		tab_print(c->io.out, c->io.out_colour, COLOUR_DIM, key);
		fputc('=', c->io.out);
		if (json_is_string(v))
			tab_print(c->io.out, false, COLOUR_NONE, json_string_value(v));
		else
			json_dumpf(v, c->io.out, JSON_ENCODE_ANY | JSON_COMPACT);
	}
}

static void
print_event(struct ctl *c, const json_t *event)
{
	const char *type = ctl_text(event, "type");
	const char *dot = strchr(type, '.');

	if (c->json) {
		json_dumpf(event, c->io.out, JSON_COMPACT);
	} else if (strcmp(type, RPC_EVENTS_LOST) == 0) {
		fprintf(c->io.out, "          ");
		tab_print(c->io.out, c->io.out_colour, COLOUR_YELLOW, "events lost");
		fprintf(c->io.out, "  %" PRId64 " to %" PRId64 " are no longer kept", ctl_int(event, "from"),
		    ctl_int(event, "to"));
	} else {
		print_time(c, ctl_text(event, "time"));
		tab_print(c->io.out, c->io.out_colour, ctl_result_colour(dot != NULL ? dot + 1 : ""), type);
		fprintf(c->io.out, "%*s", strlen(type) < 20 ? (int)(20 - strlen(type)) : 1, "");
		tab_print(c->io.out, c->io.out_colour, COLOUR_BOLD, ctl_text(event, "endpoint"));
		print_body(c, event);
	}
	fputc('\n', c->io.out);
	fflush(c->io.out);
}

static int
subscribe(struct watch *w)
{
	json_t *result = NULL, *answer = NULL;
	json_t *params = w->placed ? json_pack("{s:I}", "from", (json_int_t)w->last) : NULL;
	enum err e = rpcclient_call(w->ctl->client, "event.subscribe", params, &answer);

	json_decref(params);
	if (e != ERR_OK)
		return CTL_UNREACHABLE;
	const json_t *error = json_object_get(answer, "error");
	const char *reason = ctl_text(json_object_get(error, "data"), "reason");
	int code = CTL_DONE;
	if (error != NULL && w->again && w->last > 0 && strcmp(reason, "beyond-end") == 0) {
		ctl_warn(w->ctl, "the store is another one than before: all its events follow");
		w->last = 0;
		code = subscribe(w);
	} else if (error != NULL) {
		code = ctl_refused(w->ctl, error);
	} else {
		result = json_object_get(answer, "result");
		if (!w->placed)
			w->last = ctl_int(result, "last");
		w->placed = true;
	}
	json_decref(answer);
	return code;
}

/* Until the connection ends (CTL_UNREACHABLE), or all that was asked for is shown (CTL_DONE). */
static int
follow(struct watch *w)
{
	while (w->left != 0) {
		json_t *message;
		const json_t *event;
		enum err e = rpcclient_next(w->ctl->client, -1, &message);
		if (e == ERR_MALFORMED)
			return ctl_lost(w->ctl, e);
		if (e != ERR_OK)
			return CTL_UNREACHABLE;
		event = json_object_get(message, "params");
		if (strcmp(ctl_text(message, "method"), RPC_EVENT) == 0) {
			w->last = ctl_int(event, "seq");
			print_event(w->ctl, event);
			w->left -= w->left > 0;
		}
		json_decref(message);
	}
	return CTL_DONE;
}

static void
disconnect(struct ctl *c)
{
	rpcclient_close(c->client);
	c->client = NULL;
}

/* Tries until the daemon is there again. */
static void
reconnect(struct watch *w)
{
	struct ctl *c = w->ctl;
	struct problem why;

	w->again = true;
	ctl_warn(c, "the daemon is gone; waiting for it");
	disconnect(c);
	while (rpcclient_open(c->socket, &c->client, &why) != ERR_OK)
		rpcclient_pause(RETRY_MS);
}

int
cmd_watch(struct ctl *c)
{
	static const char *const numbers[] = { "from", "count", NULL };
	struct watch w = { .ctl = c, .left = -1 };
	json_t *given = NULL;
	int code = ctl_params(c, NULL, numbers, &given);

	if (code != CTL_DONE)
		return code;
	w.placed = json_object_get(given, "from") != NULL;
	w.last = ctl_int(given, "from");
	if (json_object_get(given, "count") != NULL)
		w.left = ctl_int(given, "count");
	json_decref(given);
	if (w.left < -1 || w.last < 0)
		return ctl_usage(c, "--from and --count are not negative.");
	code = ctl_connect(c);
	if (code != CTL_DONE)
		return code;
	for (;;) {
		code = subscribe(&w);
		if (code == CTL_DONE)
			code = follow(&w);
		if (code != CTL_UNREACHABLE)
			return code;
		if (!w.placed)
			return ctl_lost(c, ERR_CLOSED);
		reconnect(&w);
	}
}
