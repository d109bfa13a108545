#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_priv.h"
#include "ctl/rpcclient.h"
#include "strapd/rpc.h"

/* Talking: to the daemon, and to whoever called us. */

static void
error_line(struct ctl *c, const char *text)
{
	tab_print(c->io.err, c->io.err_colour, COLOUR_RED, "strapctl:");
	fputc(' ', c->io.err);
	tab_print(c->io.err, false, COLOUR_NONE, text);
	fputc('\n', c->io.err);
}

int
ctl_usage(struct ctl *c, const char *fmt, ...)
{
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_line(c, text);
	return CTL_USAGE;
}

int
ctl_fail(struct ctl *c, const char *fmt, ...)
{
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_line(c, text);
	return CTL_REFUSED;
}

void
ctl_warn(struct ctl *c, const char *text)
{
	tab_print(c->io.err, c->io.err_colour, COLOUR_YELLOW, "warning:");
	fputc(' ', c->io.err);
	tab_print(c->io.err, false, COLOUR_NONE, text);
	fputc('\n', c->io.err);
}

void
ctl_warnings(struct ctl *c, const json_t *list)
{
	const json_t *w;
	size_t i;

	if (c->json)
		return;		/* they stand in the result */
	json_array_foreach(list, i, w)
		if (json_is_string(w))
			ctl_warn(c, json_string_value(w));
}

void
ctl_say(struct ctl *c, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (c->json)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tab_print(c->io.out, false, COLOUR_NONE, text);
	fputc('\n', c->io.out);
}

void
ctl_print_json(struct ctl *c, const json_t *v)
{
	json_dumpf(v, c->io.out, (c->io.out_colour ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY);
	fputc('\n', c->io.out);
}

struct tab *
ctl_table(struct ctl *c, const char *const *heads)
{
	return tab_new(c->io.out, c->io.out_colour, heads);
}

const char *
ctl_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "";
}

int64_t
ctl_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* --- the daemon --- */

static void
detail(struct ctl *c, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(c->io.err, "  %s: ", name);
	tab_print(c->io.err, false, COLOUR_NONE, text);
	fputc('\n', c->io.err);
}

int
ctl_refused(struct ctl *c, const json_t *error)
{
	const json_t *data = json_object_get(error, "data"), *e;
	size_t i;

	if (c->json) {
		fprintf(c->io.err, "{\"error\":");
		json_dumpf(error, c->io.err, JSON_COMPACT | JSON_ENCODE_ANY);
		fprintf(c->io.err, "}\n");
		return CTL_REFUSED;
	}
	error_line(c, ctl_text(error, "message"));
	detail(c, "where", ctl_text(data, "pointer"));
	detail(c, "reason", ctl_text(data, "reason"));
	detail(c, "hint", ctl_text(data, "hint"));
	json_array_foreach(json_object_get(data, "errors"), i, e) {
		char line[1024];
		snprintf(line, sizeof(line), "record %lld (%s) %s: %s", (long long)ctl_int(e, "index"),
		    ctl_text(e, "endpoint"), ctl_text(e, "pointer"), ctl_text(e, "message"));
		detail(c, "error", line);
	}
	return CTL_REFUSED;
}

int
ctl_lost(struct ctl *c, enum err e)
{
	if (e == ERR_MALFORMED)
		ctl_fail(c, "What answers at %s is no strapd.", c->socket);
	else
		ctl_fail(c, "The daemon closed the connection before it answered (%s).", err_text(e));
	return CTL_UNREACHABLE;
}

int
ctl_connect(struct ctl *c)
{
	struct problem why;

	if (c->client != NULL || rpcclient_open(c->socket, &c->client, &why) == ERR_OK)
		return CTL_DONE;
	ctl_fail(c, "%s: %s", c->socket, why.text);
	return CTL_UNREACHABLE;
}

int
ctl_call(struct ctl *c, const char *method, json_t *params, json_t **result)
{
	json_t *answer = NULL;
	int code = ctl_connect(c);
	enum err e = ERR_OK;

	if (code == CTL_DONE)
		e = rpcclient_call(c->client, method, params, &answer);
	json_decref(params);
	if (code != CTL_DONE)
		return code;
	if (e != ERR_OK)
		return ctl_lost(c, e);
	if (json_object_get(answer, "error") != NULL) {
		code = ctl_refused(c, json_object_get(answer, "error"));
	} else {
		*result = json_object_get(answer, "result");
		json_incref(*result);
	}
	json_decref(answer);
	return code;
}

/* --- what goes in --- */

int
ctl_read_object(struct ctl *c, const char *file, json_t **ret)
{
	bool in = strcmp(file, "-") == 0;
	FILE *f = in ? c->io.in : fopen(file, "re");
	json_error_t why;
	json_t *v;

	if (f == NULL)
		return ctl_fail(c, "%s: %s", file, strerror(errno));
	v = json_loadf(f, JSON_REJECT_DUPLICATES, &why);
	if (!in)
		fclose(f);
	if (v == NULL)
		return ctl_fail(c, "%s:%d:%d: not JSON: %s", in ? "standard input" : file, why.line,
		    why.column, why.text);
	if (!json_is_object(v)) {
		json_decref(v);
		return ctl_fail(c, "%s: expected a JSON object.", in ? "standard input" : file);
	}
	*ret = v;
	return CTL_DONE;
}

int
ctl_params(struct ctl *c, const char *const *texts, const char *const *numbers, json_t **ret)
{
	json_t *params = json_object();
	char *end;

	for (; texts != NULL && *texts != NULL; texts++)
		if (args_value(&c->args, *texts) != NULL)
			json_object_set_new(params, *texts, json_string(args_value(&c->args, *texts)));
	for (; numbers != NULL && *numbers != NULL; numbers++) {
		const char *s = args_value(&c->args, *numbers);
		if (s == NULL)
			continue;
		errno = 0;
		long long n = strtoll(s, &end, 10);
		if (errno != 0 || end == s || *end != '\0') {
			json_decref(params);
			return ctl_usage(c, "--%s has to be a whole number, not \"%.40s\".", *numbers, s);
		}
		json_object_set_new(params, *numbers, json_integer(n));
	}
	*ret = params;
	return CTL_DONE;
}

enum colour
ctl_result_colour(const char *word)
{
	if (strcmp(word, "finished") == 0)
		return COLOUR_GREEN;
	if (strcmp(word, "failed") == 0 || strcmp(word, "refused") == 0)
		return COLOUR_RED;
	if (strcmp(word, "superseded") == 0 || strcmp(word, "cancelled") == 0)
		return COLOUR_YELLOW;
	return COLOUR_NONE;
}
