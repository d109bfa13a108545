#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ctl/ctl_priv.h"
#include "ctl/rpcclient.h"
#include "strapd/rpc.h"

/*
 * import: lines become batches, a few of which are in flight at once. A batch is stored whole or
 * not at all; when records in it are refused, it is sent again without them, so every good line
 * is stored, every bad one is told with its number, and what was acknowledged is on disk.
 */

#define WINDOW		4
#define BATCH_BYTES	(2U * 1024 * 1024)	/* well below the longest line the daemon takes */

struct batch {
	int64_t	 id;		/* of its request; 0: the place is free */
	bool	 profile;
	json_t	*records;	/* array; owned */
	size_t	*lines;		/* of each record; owned */
	size_t	 n, bytes;
};

struct import {
	struct ctl	*ctl;
	const char	*name;		/* of the file, for messages */
	struct batch	 filling, flying[WINDOW];
	size_t		 line;
	uint64_t	 created, replaced, profiles, bad;
	json_t		*errors;
};

static void
batch_fini(struct batch *b)
{
	json_decref(b->records);
	free(b->lines);
	*b = (struct batch){ 0 };
}

static void
tell_bad(struct import *im, size_t line, const json_t *e)
{
	json_t *copy = json_copy((json_t *)e);

	im->bad++;
	json_object_del(copy, "index");
	json_object_set_new(copy, "line", json_integer((json_int_t)line));
	if (im->ctl->json) {
		json_array_append_new(im->errors, copy);
		return;
	}
	char text[900];
	const char *at = ctl_text(e, "pointer"), *hint = ctl_text(e, "hint");
	snprintf(text, sizeof(text), "%s:%zu: %s%s%s%s%s%s", im->name, line, at, at[0] != '\0' ? ": " : "",
	    ctl_text(e, "message"), hint[0] != '\0' ? " (" : "", hint, hint[0] != '\0' ? ")" : "");
	ctl_fail(im->ctl, "%s", text);
	json_decref(copy);
}

static int
send_batch(struct import *im, struct batch *b)
{
	json_t *params = b->profile ? json_incref(json_array_get(b->records, 0)) :
	    json_pack("{s:O}", "records", b->records);
	enum err e = rpcclient_send(im->ctl->client, b->profile ? "profile.set" : "endpoint.import", params,
	    &b->id);

	json_decref(params);
	return e == ERR_OK ? CTL_DONE : ctl_lost(im->ctl, e);
}

/* Tells of the records that were refused and takes them out. */
static void
drop_bad(struct import *im, struct batch *b, const json_t *errors)
{
	json_t *e;

	for (size_t i = json_array_size(errors); i-- > 0;) {
		e = json_array_get(errors, i);
		size_t index = (size_t)ctl_int(e, "index");
		if (index >= b->n)
			continue;
		tell_bad(im, b->lines[index], e);
		json_array_remove(b->records, index);
		memmove(b->lines + index, b->lines + index + 1, (b->n - index - 1) * sizeof(*b->lines));
		b->n--;
	}
}

static int
refused(struct import *im, struct batch *b, const json_t *error)
{
	const json_t *data = json_object_get(error, "data"), *errors = json_object_get(data, "errors");

	if (b->profile) {
		json_t *e = json_pack("{s:s, s:s, s:s, s:s}", "pointer", ctl_text(data, "pointer"), 
		    "reason", ctl_text(data, "reason"), "message", ctl_text(error, "message"),
		    "hint", ctl_text(data, "hint"));
		tell_bad(im, b->lines[0], e);
		json_decref(e);
		batch_fini(b);
		return CTL_DONE;
	}
	if (json_array_size(errors) == 0)
		return ctl_refused(im->ctl, error);
	drop_bad(im, b, errors);
	if (b->n > 0)
		return send_batch(im, b);
	batch_fini(b);
	return CTL_DONE;
}

/* Waits for one answer. */
static int
take_answer(struct import *im)
{
	json_t *answer, *result, *error;
	struct batch *b = NULL;
	int code = CTL_DONE;
	enum err e = rpcclient_next(im->ctl->client, -1, &answer);

	if (e != ERR_OK)
		return ctl_lost(im->ctl, e);
	for (size_t i = 0; i < WINDOW; i++)
		if (im->flying[i].id != 0 && im->flying[i].id == ctl_int(answer, "id"))
			b = &im->flying[i];
	result = json_object_get(answer, "result");
	error = json_object_get(answer, "error");
	if (error != NULL && b == NULL) {
		code = ctl_refused(im->ctl, error);	/* of no request: the connection ends */
	} else if (error != NULL) {
		code = refused(im, b, error);
	} else if (b != NULL) {
		im->created += (uint64_t)ctl_int(result, "created");
		im->replaced += (uint64_t)ctl_int(result, "replaced");
		im->profiles += b->profile;
		batch_fini(b);
	}
	json_decref(answer);
	return code;
}

/* Sends what was collected; waits when enough is in flight. */
static int
launch(struct import *im)
{
	struct batch *free_place = NULL;
	int code = CTL_DONE;

	if (im->filling.n == 0)
		return CTL_DONE;
	while (code == CTL_DONE && free_place == NULL) {
		for (size_t i = 0; i < WINDOW; i++)
			if (im->flying[i].id == 0)
				free_place = &im->flying[i];
		if (free_place == NULL)
			code = take_answer(im);
	}
	if (code != CTL_DONE)
		return code;
	*free_place = im->filling;
	im->filling = (struct batch){ 0 };
	return send_batch(im, free_place);
}

static int
add(struct import *im, json_t *record, size_t bytes)
{
	struct batch *b = &im->filling;
	bool profile = json_object_get(record, "endpoint") == NULL &&
	    json_object_get(record, "profile") != NULL;
	int code = CTL_DONE;

	if (b->n > 0 && (profile || b->profile || b->n == RPC_IMPORT_MAX || b->bytes + bytes > BATCH_BYTES))
		code = launch(im);
	if (code == CTL_DONE && b->records == NULL) {
		b->records = json_array();
		b->lines = calloc(RPC_IMPORT_MAX, sizeof(*b->lines));
		if (b->records == NULL || b->lines == NULL)
			code = ctl_fail(im->ctl, "Out of memory.");
	}
	if (code != CTL_DONE)
		return code;
	json_array_append(b->records, record);
	b->lines[b->n++] = im->line;
	b->bytes += bytes;
	b->profile = profile;
	return CTL_DONE;
}

static int
take_line(struct import *im, const char *text, size_t len)
{
	json_error_t why;
	json_t *record;
	int code;

	if (strspn(text, " \t\r\n") == len)
		return CTL_DONE;
	record = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(record)) {
		json_t *e = json_pack("{s:s, s:s+}", "reason", "parse-error", "message",
		    record == NULL ? "not JSON: " : "expected a JSON object", record == NULL ? why.text : "");
		tell_bad(im, im->line, e);
		json_decref(e);
		json_decref(record);
		return CTL_DONE;
	}
	code = add(im, record, len);
	json_decref(record);
	return code;
}

static void
progress(struct import *im)
{
	char n[TAB_TEXT_MAX];

	if (im->ctl->io.err_colour && im->line % 10000 == 0)
		fprintf(im->ctl->io.err, "\r%s lines\r", tab_number(im->line, n));
}

static int
take_file(struct import *im, FILE *f)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	int code = CTL_DONE;

	while (code == CTL_DONE && (len = getline(&text, &cap, f)) >= 0) {
		im->line++;
		code = take_line(im, text, (size_t)len);
		progress(im);
	}
	if (code == CTL_DONE && ferror(f))
		code = ctl_fail(im->ctl, "%s: %s", im->name, strerror(errno));
	if (text != NULL)
		secret_wipe(text, cap);
	free(text);
	if (code == CTL_DONE)
		code = launch(im);
	for (size_t i = 0; i < WINDOW; i++)
		while (code == CTL_DONE && im->flying[i].id != 0)
			code = take_answer(im);
	return code;
}

/* The last line before anything that is not acknowledged. */
static size_t
safe_line(const struct import *im)
{
	size_t safe = im->filling.n > 0 ? im->filling.lines[0] - 1 : im->line;

	for (size_t i = 0; i < WINDOW; i++)
		if (im->flying[i].n > 0 && im->flying[i].lines[0] - 1 < safe)
			safe = im->flying[i].lines[0] - 1;
	return safe;
}

static void
summary(struct import *im, int code)
{
	struct ctl *c = im->ctl;
	char a[TAB_TEXT_MAX], b[TAB_TEXT_MAX];

	if (c->json) {
		json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:b, s:O}", "created", (json_int_t)im->created,
		    "replaced", (json_int_t)im->replaced, "profiles", (json_int_t)im->profiles,
		    "acknowledged_lines", (json_int_t)safe_line(im), "complete", code == CTL_DONE,
		    "errors", im->errors);
		ctl_print_json(c, o);
		json_decref(o);
		return;
	}
	ctl_say(c, "%s created, %s replaced", tab_many(im->created, "endpoint", a),
	    tab_number(im->replaced, b));
	if (im->profiles > 0)
		ctl_say(c, "%s stored", tab_many(im->profiles, "profile", a));
	if (im->bad > 0)
		ctl_fail(c, "Refused and not stored: %s.", tab_many(im->bad, "line", a));
	if (code != CTL_DONE)
		ctl_fail(c, "The import is not complete: lines up to %s are stored.",
		    tab_number(safe_line(im), a));
}

int
cmd_import(struct ctl *c)
{
	const char *from = args_value(&c->args, "from"), *file = c->args.words[0];
	bool in = strcmp(file, "-") == 0;
	struct import im = { .ctl = c, .name = in ? "standard input" : file };
	FILE *f;
	int code;

	if (from != NULL && strcmp(from, "strapd") != 0)
		return ctl_usage(c, "--from %.40s is not offered by this version; it reads its own format, "
		    "one record a line as \"export\" writes them.", from);
	f = in ? c->io.in : fopen(file, "re");
	if (f == NULL)
		return ctl_fail(c, "%s: %s", file, strerror(errno));
	im.errors = json_array();
	code = ctl_connect(c);
	if (code == CTL_DONE) {
		code = take_file(&im, f);
		summary(&im, code);
	}
	if (!in)
		fclose(f);
	batch_fini(&im.filling);
	for (size_t i = 0; i < WINDOW; i++)
		batch_fini(&im.flying[i]);
	json_decref(im.errors);
	return code == CTL_DONE && im.bad > 0 ? CTL_REFUSED : code;
}
