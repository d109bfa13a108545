#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/secret.h"
#include "ctl/rpcclient.h"

struct rpcclient {
	int		 fd;
	int64_t		 last_id;
	char		*in;		/* bytes not taken yet */
	size_t		 start, len, cap;
	size_t		 scanned;	/* of them, known to hold no line end */
	bool		 eof;
};

static enum err
not_there(struct problem *why, const char *path)
{
	switch (errno) {
	case ENOENT:
		return problem_set(why, ERR_CLOSED, "not-reachable", path,
		    "There is no socket: strapd is not running, or it listens elsewhere (-s SOCKET).");
	case ECONNREFUSED:
		return problem_set(why, ERR_CLOSED, "not-reachable", path,
		    "Nobody listens on the socket: strapd is not running.");
	case EACCES:
	case EPERM:
		return problem_set(why, ERR_CLOSED, "not-reachable", path,
		    "You may not use this socket: become root or a member of admin.group.");
	default:
		return problem_set(why, ERR_CLOSED, "not-reachable", path, "Cannot connect: %s.",
		    strerror(errno));
	}
}

enum err
rpcclient_open(const char *path, struct rpcclient **ret, struct problem *why)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct rpcclient *c;
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(sun.sun_path))
		return problem_set(why, ERR_CLOSED, "not-reachable", path,
		    "A socket's path has 1 to %zu bytes.", sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		enum err e = not_there(why, path);
		if (fd >= 0)
			close(fd);
		return e;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return problem_set(why, ERR_NOMEM, "out-of-memory", "", "Out of memory.");
	}
	c->fd = fd;
	*ret = c;
	return ERR_OK;
}

void
rpcclient_close(struct rpcclient *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	if (c->in != NULL)
		secret_wipe(c->in, c->cap);	/* records shown with their keys */
	free(c->in);
	free(c);
}

static enum err
make_room(struct rpcclient *c)
{
	if (c->start > 0) {
		memmove(c->in, c->in + c->start, c->len);
		c->start = 0;
	}
	if (c->cap - c->len >= 16384)
		return ERR_OK;
	size_t cap = c->cap > 0 ? 2 * c->cap : 65536;
	char *in = malloc(cap);
	if (in == NULL)
		return ERR_NOMEM;
	if (c->len > 0)
		memcpy(in, c->in, c->len);
	if (c->in != NULL)
		secret_wipe(c->in, c->cap);
	free(c->in);
	c->in = in;
	c->cap = cap;
	return ERR_OK;
}

/* Takes what there is; ERR_OK also when there is nothing. */
static enum err
receive(struct rpcclient *c)
{
	enum err e = make_room(c);
	ssize_t n;

	if (e != ERR_OK)
		return e;
	n = recv(c->fd, c->in + c->start + c->len, c->cap - c->start - c->len, MSG_DONTWAIT);
	if (n > 0)
		c->len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->eof = true;
	return ERR_OK;
}

/* Reads while it writes: the daemon takes no more requests from one who does not take its answers. */
static enum err
send_all(struct rpcclient *c, const char *p, size_t len)
{
	while (len > 0) {
		struct pollfd pfd = { .fd = c->fd, .events = POLLIN | POLLOUT };
		enum err e = ERR_OK;
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			return ERR_IO;
		if (pfd.revents & (POLLIN | POLLHUP | POLLERR))
			e = receive(c);
		if (e != ERR_OK || c->eof)
			return e != ERR_OK ? e : ERR_CLOSED;
		if (!(pfd.revents & POLLOUT))
			continue;
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return ERR_CLOSED;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

enum err
rpcclient_send(struct rpcclient *c, const char *method, json_t *params, int64_t *id)
{
	json_t *request = json_pack("{s:s, s:I, s:s, s:O*}", "jsonrpc", "2.0",
	    "id", (json_int_t)++c->last_id, "method", method, "params", params);
	char *line = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len;
	enum err e;

	json_decref(request);
	if (line == NULL)
		return ERR_NOMEM;
	len = strlen(line);
	e = send_all(c, line, len);
	if (e == ERR_OK)
		e = send_all(c, "\n", 1);
	secret_wipe(line, len);
	free(line);
	if (e == ERR_OK)
		*id = c->last_id;
	return e;
}

/* ERR_TRUNCATED: no whole line yet. */
static enum err
take_line(struct rpcclient *c, json_t **ret)
{
	char *p, *end;
	size_t len;

	if (c->len == c->scanned)
		return ERR_TRUNCATED;
	p = c->in + c->start;
	end = memchr(p + c->scanned, '\n', c->len - c->scanned);
	if (end == NULL) {
		c->scanned = c->len;
		return ERR_TRUNCATED;
	}
	len = (size_t)(end - p);
	*ret = json_loadb(p, len, 0, NULL);
	c->start += len + 1;
	c->len -= len + 1;
	c->scanned = 0;
	if (json_is_object(*ret))
		return ERR_OK;
	json_decref(*ret);
	return ERR_MALFORMED;
}

enum err
rpcclient_next(struct rpcclient *c, int timeout_ms, json_t **ret)
{
	for (;;) {
		struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
		json_t *message;
		enum err e = take_line(c, &message);
		int n;

		if (e == ERR_OK)
			*ret = message;
		if (e != ERR_TRUNCATED)
			return e;
		if (c->eof)
			return ERR_CLOSED;
		n = poll(&pfd, 1, timeout_ms);
		if (n == 0)
			return ERR_TIMEOUT;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		if (n > 0 && (e = receive(c)) != ERR_OK)
			return e;
	}
}

enum err
rpcclient_call(struct rpcclient *c, const char *method, json_t *params, json_t **ret)
{
	int64_t id;
	enum err e = rpcclient_send(c, method, params, &id);

	/* A closing daemon has said why before it closed: that is read, whatever became of the request. */
	while (e == ERR_OK || e == ERR_CLOSED) {
		json_t *message, *answers;
		enum err got = rpcclient_next(c, e == ERR_OK ? -1 : 0, &message);
		if (got != ERR_OK)
			return got;
		answers = json_object_get(message, "id");
		if (json_object_get(message, "method") == NULL &&
		    (json_is_null(answers) || json_integer_value(answers) == id || e != ERR_OK)) {
			*ret = message;
			return ERR_OK;
		}
		json_decref(message);
	}
	return e;
}

void
rpcclient_pause(int ms)
{
	poll(NULL, 0, ms);
}
