#ifndef TEST_ADMIN_CLIENT_H
#define TEST_ADMIN_CLIENT_H

/* A client of the rig's admin socket, driven by the rig's own loop. */

#include <sys/socket.h>
#include <sys/un.h>

#include "test_admin_rig.h"

struct client {
	struct rig	*rig;
	struct watch	*watch;
	int		 fd;
	char		*in;
	size_t		 len, cap;
	bool		 eof;
};

static inline void
client_readable(void *arg, unsigned events)
{
	struct client *c = arg;

	(void)events;
	if (c->cap - c->len < 65536) {
		c->cap += 1 << 20;
		c->in = realloc(c->in, c->cap);
		assert_non_null(c->in);
	}
	ssize_t n = recv(c->fd, c->in + c->len, c->cap - c->len, MSG_DONTWAIT);
	if (n > 0)
		c->len += (size_t)n;
	else if (n == 0 || (n < 0 && c->fd >= 0))
		c->eof = true;
	if (c->eof)
		watch_want(c->watch, LOOP_NONE);
	loop_stop(c->rig->loop);
}

static inline void
client_on(struct rig *r, int fd, struct client *c)
{
	*c = (struct client){ .rig = r, .fd = fd };
	assert_int_equal(watch_new(r->loop, fd, LOOP_READ, client_readable, c, &c->watch), ERR_OK);
}

static inline void
client_open(struct rig *r, struct client *c)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", r->socket);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	client_on(r, fd, c);
}

/* As somebody else: the credentials are made up. */
static inline void
client_open_as(struct rig *r, struct client *c, uid_t uid, gid_t gid)
{
	const struct peercred peer = { .uid = uid, .gid = gid, .pid = 4711 };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	admin_adopt(r->admin, pair[1], &peer);
	client_on(r, pair[0], c);
}

static inline void
client_close(struct client *c)
{
	watch_free(c->watch);
	close(c->fd);
	free(c->in);
	c->in = NULL;
}

static inline void
client_send(struct client *c, const char *text, size_t len)
{
	assert_int_equal(send(c->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* A line written with ' for ". */
static inline void
client_line(struct client *c, const char *line)
{
	size_t len = strlen(line);
	char *copy = malloc(len + 2);

	assert_non_null(copy);
	for (size_t i = 0; i < len; i++)
		copy[i] = line[i] == '\'' ? '"' : line[i];
	copy[len] = '\n';
	client_send(c, copy, len + 1);
	free(copy);
}

/* The next line, as JSON; NULL: the connection ended. */
static inline json_t *
client_next(struct client *c)
{
	char *end;
	json_t *v;

	while ((end = c->len > 0 ? memchr(c->in, '\n', c->len) : NULL) == NULL) {
		if (c->eof)
			return NULL;
		rig_run(c->rig);
	}
	v = json_loadb(c->in, (size_t)(end - c->in), 0, NULL);
	assert_non_null(v);
	c->len -= (size_t)(end + 1 - c->in);
	memmove(c->in, end + 1, c->len);
	return v;
}

/* The answer to a request with id 1. */
static inline json_t *
client_call(struct client *c, const char *method, const char *params)
{
	json_t *p = js(params);
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", method,
	    "params", p);
	char *line = json_dumps(request, JSON_COMPACT);
	json_t *answer;

	client_send(c, line, strlen(line));
	client_send(c, "\n", 1);
	free(line);
	json_decref(request);
	answer = client_next(c);
	assert_non_null(answer);
	return answer;
}

static inline json_t *
client_result(struct client *c, const char *method, const char *params)
{
	json_t *answer = client_call(c, method, params);
	json_t *result = json_incref(json_object_get(answer, "result"));

	if (result == NULL) {
		char *text = json_dumps(answer, JSON_COMPACT);
		fail_msg("%s: %s", method, text);
	}
	json_decref(answer);
	return result;
}

static inline void
client_does(struct client *c, const char *method, const char *params)
{
	json_decref(client_result(c, method, params));
}

/* Refused with this code, reason and pointer. */
static inline void
client_refused(struct client *c, const char *method, const char *params, int code, const char *reason,
    const char *pointer)
{
	json_t *answer = client_call(c, method, params), *error = json_object_get(answer, "error");
	json_t *data = json_object_get(error, "data");
	char *text = json_dumps(answer, JSON_COMPACT);

	if (error == NULL || json_integer_value(json_object_get(error, "code")) != code ||
	    strcmp(json_string_value(json_object_get(data, "reason")), reason) != 0 ||
	    strcmp(json_string_value(json_object_get(data, "pointer")), pointer) != 0)
		fail_msg("expected %d %s at \"%s\": %s", code, reason, pointer, text);
	assert_true(strlen(json_string_value(json_object_get(error, "message"))) > 10);
	free(text);
	json_decref(answer);
}

static inline const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static inline int64_t
int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static inline const char *
reason_of(const json_t *answer)
{
	return text_of(json_object_get(json_object_get(answer, "error"), "data"), "reason");
}

/* A session ended. */
static inline void
rig_history(struct rig *r, const char *endpoint, enum history_result result)
{
	static const struct history_step steps[] = {
		{ .operation = "delete", .path = "/0", .content_format = -1, .code = 0x42, .outcome = "ok",
		  .rtt_us = 12345 },
		{ .operation = "write", .path = "/0/1", .content_format = 11542, .code = 0x44,
		  .outcome = "ok", .bytes = 96, .rtt_us = 2500, .retransmissions = 1 },
	};
	static const char *const warnings[] = { "DELETE /0 was refused and passed over." };
	const struct history h = {
		.session = 0x4f21, .endpoint = endpoint, .peer = "192.0.2.9:5683", .scheme = "coaps",
		.identity = "id-1", .started_ms = 1700000000000, .duration_ms = 1234, .result = result,
		.reason = result == HISTORY_FINISHED ? "" : "write",
		.cause = result == HISTORY_FINISHED ? "" : "The device refused to write /0/1.",
		.lwm2m = 0x0101, .format = 11542, .known = true,
		.steps = steps, .nsteps = 2, .warnings = warnings, .nwarnings = 1,
	};
	int64_t seq;

	assert_int_equal(store_history_add(r->store, &h, &seq), ERR_OK);
	assert_int_equal(store_commit(r->store), ERR_OK);
}

#endif
