#include "transport/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/secret.h"
#include "transport/transport.h"

/*
 *   CONNECTING --connected--> HANDSHAKE --complete--> OPEN --our end--> CLOSING --> freed
 *   without TLS there is no HANDSHAKE; any but CLOSING --told 'ended'--> ENDED --our end--> CLOSING
 *
 * A descriptor with unread bytes that is closed makes the kernel reset the connection, and the
 * peer may lose what we said last. So CLOSING reads on, and throws away, until the peer's end.
 */
enum state { CONNECTING, HANDSHAKE, OPEN, ENDED, CLOSING, GONE };

#define ROUNDS		4		/* reads at one wake-up, so that one peer starves no other */
#define OUT_HIGH	(64u * 1024)	/* a peer that lets this much wait is not listened to */
#define CLOSING_MS	2000
#define CLOSING_MAX	1024		/* streams; more are cut short */

struct stream {
	struct streams		*all;
	struct stream_events	 events;
	struct stream		*next, **prev;	/* in all->closing; prev NULL: not */
	SSL			*ssl;
	struct watch		*watch;
	struct timer		 timer;		/* CLOSING */
	int			 fd;
	enum state		 state;
	bool			 busy;		/* its own call is on the stack */
	bool			 eof;		/* the peer's end was read */
	bool			 failed;	/* the socket is of no use any more */
	bool			 said_end;
	bool			 tls_wants_write;
	uint8_t			 nfirst;
	uint8_t			 first[STREAM_FIRST];
	uint8_t			*out;		/* from out_at, out_len bytes wait */
	size_t			 out_at, out_len, out_cap;
};

/* --- TLS over the descriptor, without the SIGPIPE of OpenSSL's own --- */

static int
pipe_read(BIO *b, char *out, int cap)
{
	struct stream *s = BIO_get_data(b);
	ssize_t n = recv(s->fd, out, (size_t)cap, MSG_DONTWAIT);

	BIO_clear_retry_flags(b);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (n <= 0)
		s->eof = true;
	for (ssize_t i = 0; i < n && s->nfirst < STREAM_FIRST; i++)
		s->first[s->nfirst++] = (uint8_t)out[i];
	return (int)n;
}

static int
pipe_write(BIO *b, const char *p, int len)
{
	struct stream *s = BIO_get_data(b);
	ssize_t n = send(s->fd, p, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);

	BIO_clear_retry_flags(b);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(b);
	return (int)n;
}

static long
pipe_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

static int
pipe_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static BIO_METHOD *
make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "strapd stream");

	if (m == NULL)
		return NULL;
	if (BIO_meth_set_read(m, pipe_read) != 1 || BIO_meth_set_write(m, pipe_write) != 1 ||
	    BIO_meth_set_ctrl(m, pipe_ctrl) != 1 || BIO_meth_set_create(m, pipe_create) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

static enum err
attach(struct stream *s)
{
	BIO *bio;

	if (s->all->method == NULL)
		s->all->method = make_method();
	bio = s->all->method != NULL ? BIO_new(s->all->method) : NULL;
	if (bio == NULL)
		return ERR_NOMEM;
	BIO_set_data(bio, s);
	SSL_set_bio(s->ssl, bio, bio);
	return ERR_OK;
}

/* --- the end --- */

static void
free_stream(struct stream *s)
{
	if (s->prev != NULL) {
		*s->prev = s->next;
		if (s->next != NULL)
			s->next->prev = s->prev;
		s->all->nclosing--;
	}
	timer_cancel(s->all->loop, &s->timer);
	watch_free(s->watch);
	SSL_free(s->ssl);
	close(s->fd);
	if (s->out != NULL)
		secret_wipe(s->out, s->out_cap);
	free(s->out);
	free(s);
}

/* Frees it, now or when its own call returns. */
static void
drop(struct stream *s)
{
	s->state = GONE;
	if (!s->busy)
		free_stream(s);
}

static void
say_end(struct stream *s)
{
	if (s->said_end)
		return;
	s->said_end = true;
	ERR_clear_error();
	if (s->ssl != NULL && SSL_is_init_finished(s->ssl))
		(void)SSL_shutdown(s->ssl);	/* one close_notify; nobody waits for the answer */
	ERR_clear_error();
	if (shutdown(s->fd, SHUT_WR) != 0)
		s->failed = true;
}

static void
set_watch(struct stream *s)
{
	unsigned want = LOOP_NONE;

	if (s->state == ENDED || s->state == GONE) {
		watch_want(s->watch, LOOP_NONE);
		return;
	}
	if (s->out_len < OUT_HIGH && !s->eof && s->state != CONNECTING)
		want |= LOOP_READ;
	if (s->out_len > 0 || s->tls_wants_write || s->state == CONNECTING)
		want |= LOOP_WRITE;
	watch_want(s->watch, want);
}

static void
closing_timer(void *arg)
{
	struct stream *s = arg;

	drop(s);
}

void
stream_close(struct stream *s)
{
	bool useless = s->failed || s->state == CONNECTING || s->all->nclosing >= CLOSING_MAX;

	s->events = (struct stream_events){ 0 };
	s->state = CLOSING;
	if (!useless && s->out_len == 0)
		say_end(s);
	if (useless || s->failed || (s->said_end && s->eof)) {
		drop(s);
		return;
	}
	s->next = s->all->closing;
	if (s->next != NULL)
		s->next->prev = &s->next;
	s->prev = &s->all->closing;
	s->all->closing = s;
	s->all->nclosing++;
	timer_set(s->all->loop, &s->timer, CLOSING_MS);
	set_watch(s);
}

void
streams_fini(struct streams *all)
{
	while (all->closing != NULL)
		free_stream(all->closing);
	BIO_meth_free(all->method);
	all->method = NULL;
}

/* --- out --- */

/* How much the kernel, or OpenSSL, took; -1: the connection is dead. */
static ssize_t
push(struct stream *s, const uint8_t *p, size_t len)
{
	ssize_t n;
	int why;

	counter_add(&s->all->stats->send_calls, 1);
	if (s->ssl == NULL) {
		n = send(s->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
		    errno == ENOBUFS))
			n = 0;
	} else {
		ERR_clear_error();
		n = SSL_write(s->ssl, p, (int)len);
		why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, (int)n);
		ERR_clear_error();
		if (n <= 0)
			n = why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? 0 : -1;
	}
	if (n < 0)
		s->failed = true;
	else
		counter_add(&s->all->stats->bytes_out, (uint64_t)n);
	return n;
}

/* Room for 'len' bytes behind those that wait. What was there is wiped: it may hold keys. */
static enum err
make_room(struct stream *s, size_t len)
{
	size_t cap = s->out_cap > 0 ? s->out_cap : 2048;
	uint8_t *bytes;

	if (s->out_at + s->out_len + len <= s->out_cap)
		return ERR_OK;
	while (cap < s->out_len + len)
		cap *= 2;
	bytes = malloc(cap);
	if (bytes == NULL)
		return ERR_NOMEM;
	if (s->out_len > 0)
		memcpy(bytes, s->out + s->out_at, s->out_len);
	if (s->out != NULL)
		secret_wipe(s->out, s->out_cap);
	free(s->out);
	s->out = bytes;
	s->out_at = 0;
	s->out_cap = cap;
	return ERR_OK;
}

enum err
stream_send(struct stream *s, const uint8_t *p, size_t len)
{
	ssize_t n = 0;
	enum err e;

	if (s->state != OPEN || s->failed)
		return ERR_CLOSED;
	if (s->out_len + len > STREAM_OUT_MAX)
		return ERR_LIMIT;
	if (s->out_len == 0)
		n = push(s, p, len);
	if (n < 0)
		return ERR_CLOSED;	/* the watch tells 'ended' */
	if ((size_t)n == len)
		return ERR_OK;
	e = make_room(s, len - (size_t)n);
	if (e != ERR_OK) {
		if (n > 0)		/* half a message cannot be taken back */
			(void)shutdown(s->fd, SHUT_RDWR);
		return e;
	}
	memcpy(s->out + s->out_at + s->out_len, p + n, len - (size_t)n);
	s->out_len += len - (size_t)n;
	set_watch(s);
	return ERR_OK;
}

static void
flush(struct stream *s)
{
	while (s->out_len > 0 && !s->failed) {
		ssize_t n = push(s, s->out + s->out_at, s->out_len);
		if (n <= 0)
			break;
		secret_wipe(s->out + s->out_at, (size_t)n);
		s->out_at += (size_t)n;
		s->out_len -= (size_t)n;
	}
	if (s->out_len > 0)
		return;
	free(s->out);		/* wiped piece by piece */
	s->out = NULL;
	s->out_at = s->out_cap = 0;
}

/* --- in --- */

static void
end(struct stream *s, enum err why)
{
	s->state = ENDED;
	s->events.ended(s->events.arg, why);
}

static void
become_open(struct stream *s)
{
	s->state = OPEN;
	s->events.opened(s->events.arg);
}

static void
handshake(struct stream *s)
{
	int r, why;

	ERR_clear_error();
	r = SSL_do_handshake(s->ssl);
	why = r == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, r);
	s->tls_wants_write = why == SSL_ERROR_WANT_WRITE;
	if (why == SSL_ERROR_NONE)
		become_open(s);
	else if (why == SSL_ERROR_SYSCALL)
		end(s, ERR_CLOSED);
	else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		end(s, ERR_CRYPTO);
	ERR_clear_error();
}

static void
connected(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
		s->failed = true;
		errno = error;
		end(s, ERR_REFUSED);
	} else if (s->ssl != NULL) {
		s->state = HANDSHAKE;
		handshake(s);
	} else {
		become_open(s);
	}
}

/* Bytes read; 0: none now; -1: the end. */
static ssize_t
pull(struct stream *s)
{
	struct streams *all = s->all;
	ssize_t n;
	int why;

	counter_add(&all->stats->receive_calls, 1);
	if (s->ssl != NULL && s->state != CLOSING) {
		ERR_clear_error();
		n = SSL_read(s->ssl, all->rx, sizeof(all->rx));
		why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, (int)n);
		ERR_clear_error();
		if (n <= 0)
			n = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
		s->tls_wants_write = why == SSL_ERROR_WANT_WRITE;
	} else {
		n = recv(s->fd, all->rx, sizeof(all->rx), MSG_DONTWAIT);
		if (n == 0)
			s->eof = true;
		else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			s->failed = true;
		n = n > 0 ? n : s->eof || s->failed ? -1 : 0;
	}
	return n;
}

static void
receive(struct stream *s)
{
	for (int i = 0; i < ROUNDS && s->state == OPEN; i++) {
		ssize_t n = pull(s);
		if (n == 0)
			break;
		if (n < 0) {
			end(s, ERR_CLOSED);
			break;
		}
		counter_add(&s->all->stats->bytes_in, (uint64_t)n);
		s->events.received(s->events.arg, s->all->rx, (size_t)n);
		if (s->ssl == NULL && (size_t)n < sizeof(s->all->rx))
			break;		/* the socket is empty, or tells again */
	}
}

static void
go_on_closing(struct stream *s, unsigned events)
{
	if (events & LOOP_WRITE)
		flush(s);
	if (s->out_len == 0)
		say_end(s);
	for (int i = 0; i < ROUNDS && (events & LOOP_READ) && !s->eof && !s->failed; i++)
		if (pull(s) == 0)
			break;
	if (s->failed || (s->said_end && s->eof))
		s->state = GONE;
}

static void
ready(void *arg, unsigned events)
{
	struct stream *s = arg;

	s->busy = true;
	if (s->state == CONNECTING)
		connected(s);
	else if (s->state == HANDSHAKE)
		handshake(s);
	else if (s->state == OPEN && (events & LOOP_WRITE) && s->out_len > 0)
		flush(s);
	if (s->state == OPEN && s->failed)
		end(s, ERR_CLOSED);
	else if (s->state == OPEN)
		receive(s);		/* TLS may have read ahead in the handshake */
	else if (s->state == CLOSING)
		go_on_closing(s, events);
	s->busy = false;
	if (s->state == GONE)
		free_stream(s);
	else
		set_watch(s);
}

enum err
stream_new(int fd, const struct stream_opts *opts, struct stream **ret)
{
	struct stream *s = calloc(1, sizeof(*s));
	enum err e = ERR_NOMEM;

	if (s == NULL) {
		SSL_free(opts->ssl);
		close(fd);
		return ERR_NOMEM;
	}
	s->all = opts->all;
	s->events = opts->events;
	s->ssl = opts->ssl;
	s->fd = fd;
	s->state = opts->connecting ? CONNECTING : opts->ssl != NULL ? HANDSHAKE : OPEN;
	timer_init(&s->timer, closing_timer, s);
	if (s->ssl != NULL)
		e = attach(s);
	if (s->ssl == NULL || e == ERR_OK)
		e = watch_new(s->all->loop, fd, LOOP_READ, ready, s, &s->watch);
	if (e != ERR_OK) {
		free_stream(s);
		return e;
	}
	set_watch(s);
	*ret = s;
	return ERR_OK;
}

SSL *
stream_ssl(const struct stream *s)
{
	return s->ssl;
}

size_t
stream_first(const struct stream *s, const uint8_t **p)
{
	*p = s->first;
	return s->nfirst;
}
