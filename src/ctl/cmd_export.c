#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl_priv.h"
#include "ctl/rpcclient.h"
#include "strapd/rpc.h"

/* export: the names page by page, the records of a page in one pipeline. Profiles come first. */

struct kind {
	const char	*name, *items, *list, *get;
};

/* Waits for the answer to 'id'; the daemon answers these in the order they were asked. */
static int
take_record(struct ctl *c, FILE *out, int64_t id, uint64_t *count)
{
	json_t *answer, *error;
	int code = CTL_DONE;
	enum err e = rpcclient_next(c->client, -1, &answer);

	if (e != ERR_OK)
		return ctl_lost(c, e);
	error = json_object_get(answer, "error");
	if (error != NULL && ctl_int(error, "code") != RPC_NOT_FOUND) {
		code = ctl_refused(c, error);
	} else if (error == NULL && ctl_int(answer, "id") == id) {
		json_dumpf(json_object_get(answer, "result"), out, JSON_COMPACT);
		fputc('\n', out);
		++*count;
	}		/* one that was removed since it was listed is not there to be exported */
	json_decref(answer);
	return code;
}

static int
export_page(struct ctl *c, const struct kind *k, const json_t *items, FILE *out, uint64_t *count)
{
	int64_t first = 0, id = 0;
	const json_t *item;
	int code = CTL_DONE;
	size_t i;

	json_array_foreach(items, i, item) {
		json_t *params = json_pack("{s:s, s:b}", k->name, ctl_text(item, k->name), "reveal", 1);
		enum err e = rpcclient_send(c->client, k->get, params, &id);
		json_decref(params);
		if (e != ERR_OK)
			return ctl_lost(c, e);
		first = i == 0 ? id : first;
	}
	for (i = 0; code == CTL_DONE && i < json_array_size(items); i++)
		code = take_record(c, out, first + (int64_t)i, count);
	return code;
}

static int
export_kind(struct ctl *c, const struct kind *k, FILE *out, uint64_t *count)
{
	json_t *params = json_pack("{s:i}", "limit", RPC_PAGE_MAX);
	int code = CTL_DONE;
	bool more = true;

	while (code == CTL_DONE && more) {
		json_t *page = NULL, *next;
		code = ctl_call(c, k->list, json_incref(params), &page);
		if (code != CTL_DONE)
			break;
		code = export_page(c, k, json_object_get(page, k->items), out, count);
		next = json_object_get(page, "next");
		more = json_is_string(next);
		if (more)
			json_object_set(params, "after", next);
		json_decref(page);
	}
	json_decref(params);
	return code;
}

static int
export_all(struct ctl *c, FILE *out, uint64_t *profiles, uint64_t *endpoints)
{
	static const struct kind kinds[] = {
		{ "profile", "profiles", "profile.list", "profile.get" },
		{ "endpoint", "endpoints", "endpoint.list", "endpoint.get" },
	};
	int code = export_kind(c, &kinds[0], out, profiles);

	if (code == CTL_DONE)
		code = export_kind(c, &kinds[1], out, endpoints);
	return code;
}

/* Under another name until it is whole, and readable by nobody else: it holds keys. */
static int
to_file(struct ctl *c, const char *file)
{
	char part[4096], a[TAB_TEXT_MAX], b[TAB_TEXT_MAX];
	uint64_t profiles = 0, endpoints = 0;
	FILE *f = NULL;
	int fd, code;

	if (snprintf(part, sizeof(part), "%s.part", file) >= (int)sizeof(part))
		return ctl_usage(c, "The file's name is too long.");
	unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || (f = fdopen(fd, "w")) == NULL) {
		code = ctl_fail(c, "%s: %s", part, strerror(errno));
		if (fd >= 0)
			close(fd);
		return code;
	}
	code = export_all(c, f, &profiles, &endpoints);
	if (fflush(f) != 0 || fsync(fd) != 0)
		code = code == CTL_DONE ? ctl_fail(c, "%s: %s", part, strerror(errno)) : code;
	fclose(f);
	if (code == CTL_DONE && rename(part, file) < 0)
		code = ctl_fail(c, "%s: %s", file, strerror(errno));
	if (code != CTL_DONE)
		unlink(part);
	else if (c->json)
		fprintf(c->io.out, "{\"profiles\":%" PRIu64 ",\"endpoints\":%" PRIu64 "}\n",
		    profiles, endpoints);
	else
		ctl_say(c, "%s and %s written to %s, secrets included", tab_many(profiles, "profile", a),
		    tab_many(endpoints, "endpoint", b), file);
	return code;
}

int
cmd_export(struct ctl *c)
{
	uint64_t profiles = 0, endpoints = 0;
	int code = ctl_connect(c);

	if (code != CTL_DONE)
		return code;
	if (c->args.nwords > 0 && strcmp(c->args.words[0], "-") != 0)
		return to_file(c, c->args.words[0]);
	return export_all(c, c->io.out, &profiles, &endpoints);
}
