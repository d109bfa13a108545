#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin_priv.h"
#include "base/log.h"
#include "base/loop.h"

#define BACKLOG 64

void
admin_later(struct admin *a)
{
	event_active(a->turn, EV_TIMEOUT, 0);
}

void
admin_settle(struct admin *a)
{
	if (a->unsettled > 0 && store_commit(a->opts.store) != ERR_OK)
		log_error("admin: a commit failed: %s", store_error(a->opts.store));
}

static void
turn(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;

	(void)fd;
	(void)what;
	for (struct conn *c = a->conns; c != NULL; c = c->next)
		conn_turn(c);
	for (struct conn *c = a->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->dead)
			conn_free(c);
	}
}

static void
events_added(void *arg, int64_t last_seq)
{
	(void)last_seq;
	admin_later(arg);	/* not from within the commit */
}

static void
accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct peercred peer;

	(void)l;
	(void)from;
	(void)len;
	if (peercred_of(fd, &peer) != ERR_OK) {
		log_warn("admin: cannot tell who connected: %s", strerror(errno));
		close(fd);
		return;
	}
	admin_adopt(arg, fd, &peer);
	peercred_fini(&peer);
}

/* Out of descriptors: asking again at once would spin. */
static void
accept_failed(struct evconnlistener *l, void *arg)
{
	struct admin *a = arg;

	log_warn("admin: cannot accept a connection: %s", strerror(errno));
	evconnlistener_disable(l);
	event_add(a->accept_again, &(struct timeval){ .tv_sec = 1 });
}

static void
accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(a->listener);
}

static enum err
socket_problem(struct problem *why, const char *path, const char *what)
{
	int saved = errno;
	const char *more = saved == ENOENT ? ": the directory does not exist" : "";

	return problem_set(why, ERR_IO, "io", "admin.socket", "Cannot %s %s: %s%s.", what, path,
	    strerror(saved), more);
}

/* True when somebody listens there. */
static bool
is_served(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	    errno == EAGAIN);	/* its backlog is full */

	if (fd >= 0)
		close(fd);
	return served;
}

/* What an earlier daemon left behind goes; anything else stays. */
static enum err
clear_path(const struct sockaddr_un *sun, struct problem *why)
{
	const char *path = sun->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? ERR_OK : socket_problem(why, path, "look at");
	if (!S_ISSOCK(st.st_mode))
		return problem_set(why, ERR_EXISTS, "exists", "admin.socket",
		    "%s exists and is not a socket: remove it, or set admin.socket to another path.", path);
	if (is_served(sun))
		return problem_set(why, ERR_BUSY, "in-use", "admin.socket",
		    "Another process serves %s: is strapd running already?", path);
	if (unlink(path) < 0)
		return socket_problem(why, path, "remove the old");
	return ERR_OK;
}

/* Nobody can connect before listen(), so the mode is right by then. */
static enum err
own_socket(struct admin *a, int fd, const struct sockaddr_un *sun, struct problem *why)
{
	const char *path = sun->sun_path;
	/* The credentials decide; those who may only read are in no group the file could name, too. */
	mode_t mode = a->rules.read != PEERCRED_NO_GROUP ? 0666 : 0660;
	struct stat st;

	if (bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0)
		return socket_problem(why, path, "make the socket");
	if (chmod(path, mode) < 0 || stat(path, &st) < 0)
		return socket_problem(why, path, "set the mode of");
	a->bound_dev = st.st_dev;
	a->bound_ino = st.st_ino;
	if (a->rules.change != PEERCRED_NO_GROUP && chown(path, (uid_t)-1, a->rules.change) < 0)
		return problem_set(why, ERR_IO, "io", "admin.group", "Cannot give %s to the group %s: %s. "
		    "Run the daemon as root or as a member of it, or leave admin.group empty.",
		    path, a->opts.group, strerror(errno));
	if (listen(fd, BACKLOG) < 0)
		return socket_problem(why, path, "listen on");
	return ERR_OK;
}

static enum err
open_socket(struct admin *a, struct problem *why)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = a->opts.socket;
	size_t len = strlen(path);
	enum err e;
	int fd;

	if (len == 0 || len >= sizeof(sun.sun_path))
		return problem_set(why, ERR_INVALID, "invalid", "admin.socket",
		    "A socket's path has 1 to %zu bytes; this one has %zu.", sizeof(sun.sun_path) - 1, len);
	memcpy(sun.sun_path, path, len);
	e = clear_path(&sun, why);
	if (e != ERR_OK)
		return e;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return socket_problem(why, path, "make the socket");
	e = own_socket(a, fd, &sun, why);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	a->listener = evconnlistener_new(loop_base(a->opts.loop), accepted, a,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (a->listener == NULL) {
		close(fd);
		return problem_set(why, ERR_NOMEM, "out-of-memory", "admin.socket", "Out of memory.");
	}
	evconnlistener_set_error_cb(a->listener, accept_failed);
	return ERR_OK;
}

/* Writing to a client that went must give an error, not a signal. */
static void
ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

enum err
admin_new(const struct admin_opts *opts, struct admin **ret, struct problem *why)
{
	struct admin *a = calloc(1, sizeof(*a));
	enum err e;

	if (a == NULL)
		return problem_set(why, ERR_NOMEM, "out-of-memory", "", "Out of memory.");
	a->opts = *opts;
	a->rules.own = geteuid();
	a->rules.change = a->rules.read = PEERCRED_NO_GROUP;
	a->turn = event_new(loop_base(opts->loop), -1, 0, turn, a);
	a->accept_again = event_new(loop_base(opts->loop), -1, 0, accept_again, a);
	if (a->turn == NULL || a->accept_again == NULL)
		e = problem_set(why, ERR_NOMEM, "out-of-memory", "", "Out of memory.");
	else
		e = peercred_group(opts->group, "admin.group", &a->rules.change, why);
	if (e == ERR_OK)
		e = peercred_group(opts->readonly_group, "admin.readonly_group", &a->rules.read, why);
	if (e == ERR_OK)
		e = open_socket(a, why);
	if (e != ERR_OK)
		goto out;

	ignore_sigpipe();
	store_set_listener(opts->store, events_added, a);
	*ret = a;
	a = NULL;
out:
	admin_free(a);
	return e;
}

/* Answers that are ready still reach a client that reads. */
static void
flush(struct conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	evbuffer_unfreeze(out, 1);	/* a bufferevent guards its own end */
	while (!c->dead && evbuffer_get_length(out) > 0 &&
	    evbuffer_write(out, bufferevent_getfd(c->bev)) > 0)
		;
}

static void
remove_socket(const struct admin *a)
{
	struct stat st;

	if (a->bound_ino != 0 && lstat(a->opts.socket, &st) == 0 &&
	    st.st_dev == a->bound_dev && st.st_ino == a->bound_ino)
		unlink(a->opts.socket);
}

void
admin_take_objects(struct admin *a, const struct objdefs *defs)
{
	a->opts.defs = defs;
}

void
admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	if (a->listener != NULL) {
		store_set_listener(a->opts.store, NULL, NULL);
		admin_settle(a);	/* whoever waits for the disk is told while it is here to hear it */
		evconnlistener_free(a->listener);
	}
	while (a->conns != NULL) {
		flush(a->conns);
		conn_close(a->conns);
		conn_free(a->conns);
	}
	remove_socket(a);
	if (a->turn != NULL)
		event_free(a->turn);
	if (a->accept_again != NULL)
		event_free(a->accept_again);
	free(a);
}
