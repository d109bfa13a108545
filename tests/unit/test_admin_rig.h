#ifndef TEST_ADMIN_RIG_H
#define TEST_ADMIN_RIG_H

/* An admin socket over a real loop and store, a backend that is made up, and clients of it. */

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/loop.h"
#include "lwm2m/objdef.h"
#include "store/history.h"
#include "store/reader.h"
#include "store/resolve.h"

#define RIG_PATIENCE_MS 20000		/* a hung test ends; nothing is measured */

struct rig {
	char		 dir[64], socket[96], url[96];
	struct loop	*loop;
	struct store	*store;
	struct reader	*reader;
	struct resolver	*resolver;
	struct admin	*admin;
	struct timer	 patience;
	bool		 late;
	void		(*reply)(void *, json_t *);	/* of a session.get that waits */
	void		*reply_arg;
	uint64_t	 cancelled;
	uint32_t	 max_line, max_connections;
};

static inline const struct objdefs *
rig_defs(void)
{
	static struct objdefs *defs;
	struct problem why = { 0 };

	if (defs == NULL &&
	    objdefs_load((const char *const[]){ "etc/objects", NULL }, &defs, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	return defs;
}

/* JSON written with ' for ". */
static inline json_t *
js(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *v;

	assert_non_null(copy);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	v = json_loads(copy, JSON_DECODE_ANY, &error);
	if (v == NULL)
		fail_msg("%s in %s", error.text, copy);
	free(copy);
	return v;
}

/* --- the daemon's side --- */

static inline json_t *
rig_status(void *arg)
{
	(void)arg;
	return js("{'version':'9.9','uptime_s':93784,'pid':17,'state':'serving',"
	    "'listeners':[{'scheme':'coap','address':'127.0.0.1:40123'}],"
	    "'workers':[{'worker':0,'sessions':1,'started':1234567,'datagrams_in':2,'datagrams_out':3}],"
	    "'counters':{'bootstrap':{'requests':5,'refused_not_authorised':0}},'limits':{}}");
}

static inline json_t *
rig_sessions(void *arg, const char *endpoint, uint64_t after, uint32_t limit)
{
	json_t *list = json_array();
	char id[17];

	(void)arg;
	for (uint64_t i = 1; i <= 3; i++) {
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)(0x4f20 + i));
		if (0x4f20 + i > after && json_array_size(list) < limit && (endpoint == NULL || i == 2))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "session", id,
			    "endpoint", "dev\033[31m", "peer", "192.0.2.1:4", "scheme", "coaps", "age_ms", 1500,
			    "worker", 0));
	}
	return list;
}

static inline enum err
rig_session_get(void *arg, uint64_t id, void (*reply)(void *, json_t *), void *reply_arg)
{
	struct rig *r = arg;

	if (id != 0x4f21)
		return ERR_NOTFOUND;
	r->reply = reply;
	r->reply_arg = reply_arg;
	return ERR_OK;
}

static inline enum err
rig_session_cancel(void *arg, uint64_t id)
{
	struct rig *r = arg;

	r->cancelled = id;
	return id == 0x4f21 ? ERR_OK : ERR_NOTFOUND;
}

static inline void
rig_out_of_patience(void *arg)
{
	struct rig *r = arg;

	r->late = true;
	loop_stop(r->loop);
}

static inline void
rig_start_admin(struct rig *r)
{
	const struct admin_opts opts = {
		.loop = r->loop, .store = r->store, .reader = r->reader, .resolver = r->resolver,
		.defs = rig_defs(), .socket = r->socket, .max_line = r->max_line,
		.max_connections = r->max_connections,
		.backend = { rig_status, rig_sessions, rig_session_get, rig_session_cancel, r },
	};
	struct problem why = { 0 };

	if (admin_new(&opts, &r->admin, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
}

static inline void
rig_open_store(struct rig *r, uint64_t history_max)
{
	const struct store_opts opts = {
		.url = r->url, .loop = r->loop, .commit_delay_ms = 20, .history_max = history_max,
	};
	struct problem why = { 0 };

	if (store_open(&opts, &r->store, &why) != ERR_OK)
		fail_msg("%s", why.text);
	assert_int_equal(reader_new(r->store, &r->reader), ERR_OK);
	assert_int_equal(resolver_new(r->reader, rig_defs(), &r->resolver), ERR_OK);
}

static inline struct rig *
rig_new(const char *url)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	snprintf(r->dir, sizeof(r->dir), "/tmp/strapd-admin-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->socket, sizeof(r->socket), "%s/a.sock", r->dir);
	if (url != NULL)
		snprintf(r->url, sizeof(r->url), "%s", url);
	else
		snprintf(r->url, sizeof(r->url), "sqlite:%s/s.db", r->dir);
	r->max_line = 1 << 20;
	r->max_connections = 8;
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_PLAIN);
	assert_int_equal(loop_new(&r->loop), ERR_OK);
	timer_init(&r->patience, rig_out_of_patience, r);
	return r;
}

static inline int
rig_setup(void **state)
{
	struct rig *r = rig_new(NULL);

	rig_open_store(r, 0);
	rig_start_admin(r);
	*state = r;
	return 0;
}

static inline int
rig_teardown(void **state)
{
	struct rig *r = *state;
	char command[128];

	timer_cancel(r->loop, &r->patience);
	admin_free(r->admin);
	resolver_free(r->resolver);
	reader_free(r->reader);
	store_close(r->store);
	loop_free(r->loop);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
	free(r);
	return 0;
}

/* Runs the loop until somebody stops it. */
static inline void
rig_run(struct rig *r)
{
	timer_set(r->loop, &r->patience, RIG_PATIENCE_MS);
	assert_int_equal(loop_run(r->loop), ERR_OK);
	timer_cancel(r->loop, &r->patience);
	if (r->late)
		fail_msg("nothing came for %d s", RIG_PATIENCE_MS / 1000);
}

/* --- a client --- */

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

#define RIG_SERVER "{'short_server_id':101,'security':{'uri':'coap://192.0.2.1:5683','mode':'nosec'}," \
	"'server':{'lifetime':300}}"
#define RIG_PSK_SERVER "{'short_server_id':102,'security':{'uri':'coaps://lwm2m.example.com:5684'," \
	"'mode':'psk','identity':{'text':'${endpoint}'},'secret_key':{'hex':'00112233445566778899aabbccddeeff'}}," \
	"'server':{'lifetime':86400}}"
#define RIG_PSK "{'psk':{'identity':'id-1','key':{'hex':'000102030405060708090a0b0c0d0e0f'}}}"

static inline void
rig_history(struct rig *r, const char *endpoint, enum history_result result)
{
	static const struct history_step steps[] = {
		{ .operation = "delete", .path = "/0", .content_format = -1, .code = 0x42, .outcome = "ok",
		  .rtt_us = 12345 },
		{ .operation = "write", .path = "/0/1", .content_format = 11542, .code = 0x44, .outcome = "ok",
		  .bytes = 96, .rtt_us = 2500, .retransmissions = 1 },
	};
	static const char *const warnings[] = { "DELETE /0 was refused and passed over." };
	const struct history h = {
		.session = 0x4f21, .endpoint = endpoint, .peer = "192.0.2.9:5683", .scheme = "coaps",
		.identity = "id-1", .started_ms = 1700000000000, .duration_ms = 1234, .result = result,
		.reason = result == HISTORY_FINISHED ? "" : "write", .cause = result == HISTORY_FINISHED ? "" :
		    "The device refused to write /0/1.", .lwm2m = 0x0101, .format = 11542, .known = true,
		.steps = steps, .nsteps = 2, .warnings = warnings, .nwarnings = 1,
	};
	int64_t seq;

	assert_int_equal(store_history_add(r->store, &h, &seq), ERR_OK);
	assert_int_equal(store_commit(r->store), ERR_OK);
}

#endif
