#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl_priv.h"

/* object: import, list, get, remove. What a file says is read by the daemon; here it is only sent. */

#define FILE_BYTES_MAX	(8U * 1024 * 1024)	/* far more than the daemon reads */

/* All of it, with a NUL behind; owned. Says what is wrong. */
static int
read_file(struct ctl *c, const char *name, char **ret, size_t *ret_len)
{
	bool in = strcmp(name, "-") == 0;
	FILE *f = in ? c->io.in : fopen(name, "re");
	char *text = NULL;
	size_t len = 0, cap = 0;
	int code = CTL_DONE;

	if (f == NULL)
		return ctl_fail(c, "%s: %s", name, strerror(errno));
	while (code == CTL_DONE && !feof(f)) {
		if (cap - len < 4096) {
			cap = cap > 0 ? 2 * cap : 65536;
			char *more = realloc(text, cap);
			if (more == NULL) {
				code = ctl_fail(c, "out of memory");
				break;
			}
			text = more;
		}
		len += fread(text + len, 1, cap - len - 1, f);
		if (ferror(f))
			code = ctl_fail(c, "%s: %s", in ? "standard input" : name, strerror(errno));
		else if (len > FILE_BYTES_MAX)
			code = ctl_fail(c, "%s: larger than any object definition", name);
	}
	if (!in)
		fclose(f);
	if (code != CTL_DONE) {
		free(text);
		return code;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return CTL_DONE;
}

/* A definition as in our own files, or XML; the latter goes as it is, in base64 when it is no UTF-8. */
static int
make_params(struct ctl *c, const char *name, const char *text, size_t len, json_t **ret)
{
	const char *p = text;
	json_error_t why;

	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	p += strspn(p, " \t\r\n");
	if (*p == '{') {
		json_t *v = json_loadb(p, len - (size_t)(p - text), JSON_REJECT_DUPLICATES, &why);
		if (v == NULL)
			return ctl_fail(
			    c, "%s:%d:%d: not JSON: %s", name, why.line, why.column, why.text);
		*ret = json_pack("{s:o}", "definition", v);
		return CTL_DONE;
	}
	*ret = json_object();
	if (text_is_utf8(text, len) && strlen(text) == len) {
		json_object_set_new(*ret, "xml", json_stringn(text, len));
		return CTL_DONE;
	}
	char *base64 = malloc(TEXT_BASE64_MAX(len));
	if (base64 == NULL)
		return ctl_fail(c, "out of memory");
	text_base64(text, len, base64);
	json_object_set_new(*ret, "xml_base64", json_string(base64));
	free(base64);
	return CTL_DONE;
}

/* "--secret 3,4" */
static int
add_secrets(struct ctl *c, json_t *params)
{
	const char *s = args_value(&c->args, "secret");
	json_t *list;
	char *end;

	if (s == NULL)
		return CTL_DONE;
	list = json_array();
	json_object_set_new(params, "secret", list);
	for (;; s = end + 1) {
		errno = 0;
		long n = strtol(s, &end, 10);
		if (errno != 0 || end == s || (*end != ',' && *end != '\0') || n < 0 || n > 65534)
			return ctl_usage(c,
			    "--secret takes resource ids with commas between them, such as 3,4.");
		json_array_append_new(list, json_integer(n));
		if (*end == '\0')
			return CTL_DONE;
	}
}

static void
tell_imported(struct ctl *c, const json_t *result)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(result, "objects"), i, o) {
		const char *replaces = ctl_text(o, "replaces");
		char many[TAB_TEXT_MAX];
		ctl_say(c, "object %" PRId64 " (%s, version %s, %s) imported%s%s", ctl_int(o, "object"),
		    ctl_text(o, "name"), ctl_text(o, "version"),
		    tab_many((uint64_t)ctl_int(o, "resources"), "resource", many),
		    replaces[0] == '\0' ? "" : strcmp(replaces, "imported") == 0 ? ", as before" :
		    ", in place of ", strcmp(replaces, "imported") == 0 ? "" : replaces);
	}
}

static int
import_file(struct ctl *c, const char *name)
{
	json_t *params = NULL, *result = NULL;
	char *text = NULL;
	size_t len = 0;
	int code = read_file(c, name, &text, &len);

	if (code == CTL_DONE)
		code = make_params(
		    c, strcmp(name, "-") == 0 ? "standard input" : name, text, len, &params);
	if (code == CTL_DONE)
		code = add_secrets(c, params);
	free(text);
	if (code != CTL_DONE) {
		json_decref(params);
		return code;
	}
	if (args_has(&c->args, "force"))
		json_object_set_new(params, "force", json_true());
	code = ctl_call(c, "object.set", params, &result);
	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, result);
	tell_imported(c, result);
	ctl_warnings(c, json_object_get(result, "warnings"));
	json_decref(result);
	return CTL_DONE;
}

int
cmd_object_import(struct ctl *c)
{
	int worst = CTL_DONE;

	for (size_t i = 0; i < c->args.nwords; i++) {
		int code = import_file(c, c->args.words[i]);
		if (code == CTL_UNREACHABLE || code == CTL_USAGE)
			return code;
		if (code != CTL_DONE) {
			if (c->args.nwords > 1)
				ctl_fail(c, "%s was not imported", c->args.words[i]);
			worst = code;
		}
	}
	return worst;
}

/* --- list, get, remove --- */

static void
add_rows(struct tab *t, const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		tab_cellf(t, COLOUR_BOLD, "%" PRId64, ctl_int(o, "object"));
		tab_cell(t, ctl_text(o, "name"));
		tab_cell(t, ctl_text(o, "version"));
		tab_cell(t, json_is_true(json_object_get(o, "multiple")) ? "multiple" : "single");
		tab_count(t, (uint64_t)ctl_int(o, "resources"));
		tab_cell(t, ctl_text(o, "source"));
	}
}

int
cmd_object_list(struct ctl *c)
{
	static const char *const heads[] = { ">OBJECT", "NAME", "VERSION", "INSTANCES",
		">RESOURCES", "FROM", NULL };
	struct tab *t = c->json ? NULL : ctl_table(c, heads);
	json_t *all = json_array(), *next = json_null();
	int code = CTL_DONE;

	do {
		json_t *result = NULL, *params = json_pack("{s:i}", "limit", 1000);
		if (json_is_integer(next))
			json_object_set(params, "after", next);
		json_decref(next);
		next = json_null();
		code = ctl_call(c, "object.list", params, &result);
		if (code == CTL_DONE) {
			next = json_incref(json_object_get(result, "next"));
			if (t != NULL)
				add_rows(t, json_object_get(result, "objects"));
			json_array_extend(all, json_object_get(result, "objects"));
		}
		json_decref(result);
	} while (json_is_integer(next));
	json_decref(next);
	if (c->json && code == CTL_DONE) {
		json_t *o = json_pack("{s:O}", "objects", all);
		ctl_print_json(c, o);
		json_decref(o);
	}
	tab_free(t);
	json_decref(all);
	return code;
}

/* The number of an object from the command line. */
static int
object_id(struct ctl *c, const char *word, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || *ret < 0 || *ret > 65534)
		return ctl_usage(c, "\"%.40s\" is no object id: a number from 0 to 65534.", word);
	return CTL_DONE;
}

/* Alone it is what a file of object definitions holds, ready to be changed and imported again. */
int
cmd_object_get(struct ctl *c)
{
	json_t *result = NULL;
	int64_t id;
	int code = object_id(c, c->args.words[0], &id);

	if (code == CTL_DONE)
		code = ctl_call(c, "object.get", json_pack("{s:I}", "object", (json_int_t)id), &result);
	if (code != CTL_DONE)
		return code;
	if (c->json)
		ctl_print_json(c, result);
	else {
		json_dumpf(json_object_get(result, "definition"), c->io.out, JSON_INDENT(2));
		fputc('\n', c->io.out);
	}
	json_decref(result);
	return CTL_DONE;
}

int
cmd_object_remove(struct ctl *c)
{
	int worst = CTL_DONE;

	for (size_t i = 0; i < c->args.nwords; i++) {
		json_t *result = NULL;
		int64_t id;
		int code = object_id(c, c->args.words[i], &id);
		if (code == CTL_DONE)
			code = ctl_call(c, "object.remove",
			    json_pack("{s:I, s:b}", "object", (json_int_t)id, "force",
				args_has(&c->args, "force")),
			    &result);
		if (code == CTL_UNREACHABLE || code == CTL_USAGE)
			return code;
		if (code != CTL_DONE) {
			worst = code;
			continue;
		}
		if (c->json)
			ctl_print_json(c, result);
		ctl_say(c, "object %" PRId64 " removed", id);
		json_decref(result);
	}
	return worst;
}
