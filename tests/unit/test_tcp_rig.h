#ifndef TESTS_UNIT_TEST_TCP_RIG_H
#define TESTS_UNIT_TEST_TCP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/secret.h"
#include "transport/transport.h"

/* Transports with connections in one real loop, plain sockets against them, and what they told. */

#define WATCHDOG_MS	30000	/* a test that hangs is to fail, not to hang */
#define KEY		"0123456789abcdef"
#define STREAM_BYTES	(1u << 20)

struct end {
	struct transport *t;
	struct addr	 at;
	/* what it does with bytes */
	bool		 echo, close_first, last_words;
	/* what it saw */
	unsigned	 opened, connected, gone, failed, asked;
	struct link	*link;		/* the last that opened */
	enum err	 going_why, connected_why;
	char		 reason[32], cause[256];
	uint8_t		 identity[64];
	size_t		 identity_len;
	uint8_t		*bytes;		/* all that came, of all links */
	size_t		 len;
	const char	*psk_identity, *psk_key;
};

static struct loop	*loop;
static struct end	 server, client;

static inline void
end_received(void *arg, struct link *l, const uint8_t *p, size_t len)
{
	struct end *e = arg;

	assert_true(len > 0 && e->len + len <= STREAM_BYTES);
	memcpy(e->bytes + e->len, p, len);
	e->len += len;
	if (e->echo)
		assert_int_equal(link_send(l, p, len), ERR_OK);
	if (e->last_words)
		assert_int_equal(link_send(l, (const uint8_t *)"bye", 3), ERR_OK);
	if (e->close_first)
		link_close(l);
	loop_stop(loop);
}

static inline void
end_going(void *arg, struct link *l, enum err why)
{
	struct end *e = arg;

	assert_non_null(link_user(l));
	e->gone++;
	e->going_why = why;
	loop_stop(loop);
}

static inline void
end_opened(void *arg, struct link *l)
{
	struct end *e = arg;

	e->opened++;
	e->link = l;
	link_set_user(l, e);
	loop_stop(loop);
}

static inline void
end_connected(void *arg, struct link *l, enum err why, const char *cause)
{
	struct end *e = arg;

	(void)l;
	e->connected++;
	e->connected_why = why;
	snprintf(e->cause, sizeof(e->cause), "%s", cause == NULL ? "" : cause);
	loop_stop(loop);
}

static inline enum err
end_find_psk(void *arg, const uint8_t *identity, size_t len, struct secret *ret)
{
	struct end *e = arg;

	e->asked++;
	if (e->psk_key == NULL || len != strlen(e->psk_identity) ||
	    memcmp(identity, e->psk_identity, len) != 0)
		return ERR_NOTFOUND;
	return secret_set(ret, e->psk_key, strlen(e->psk_key));
}

static inline void
end_failed(void *arg, const struct handshake_failure *f)
{
	struct end *e = arg;

	e->failed++;
	snprintf(e->reason, sizeof(e->reason), "%s", f->reason);
	snprintf(e->cause, sizeof(e->cause), "%s", f->cause);
	e->identity_len = f->identity == NULL ? 0 : f->identity_len;
	assert_true(e->identity_len <= sizeof(e->identity));
	if (e->identity_len > 0)
		memcpy(e->identity, f->identity, f->identity_len);
	loop_stop(loop);
}

static inline void
end_open(struct end *e, const struct transport_opts *opts)
{
	const struct transport_events events = {
		.received = end_received, .going = end_going, .opened = end_opened,
		.connected = end_connected, .find_psk = end_find_psk, .handshake_failed = end_failed,
		.arg = e,
	};

	*e = (struct end){ .bytes = malloc(STREAM_BYTES) };
	assert_non_null(e->bytes);
	assert_int_equal(transport_new(loop, opts, &events, &e->t), ERR_OK);
}

static inline void
end_close(struct end *e)
{
	if (e->t != NULL)
		transport_free(e->t);
	free(e->bytes);
	*e = (struct end){ 0 };
}

static inline void
end_listen(struct end *e, enum link_scheme scheme, const char *where)
{
	struct addr want;

	assert_int_equal(addr_parse(where, &want), ERR_OK);
	assert_int_equal(transport_listen(e->t, scheme, &want, false, &e->at), ERR_OK);
}

static inline struct addr
rig_addr(const char *ip, uint16_t port)
{
	char text[80];
	struct addr a;

	snprintf(text, sizeof(text), strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip, port);
	assert_int_equal(addr_parse(text, &a), ERR_OK);
	return a;
}

static inline void
rig_late(void *arg)
{
	*(bool *)arg = true;
	loop_stop(loop);
}

/* Turns the loop until the figure is what is wanted. */
static inline void
rig_until(const unsigned *figure, unsigned wanted)
{
	bool late = false;
	struct timer t;

	timer_init(&t, rig_late, &late);
	timer_set(loop, &t, WATCHDOG_MS);
	while (*figure < wanted && !late)
		assert_int_equal(loop_run(loop), ERR_OK);
	timer_cancel(loop, &t);
	assert_int_equal(*figure, wanted);
}

static inline void
rig_until_bytes(const struct end *e, size_t wanted)
{
	bool late = false;
	struct timer t;

	timer_init(&t, rig_late, &late);
	timer_set(loop, &t, WATCHDOG_MS);
	while (e->len < wanted && !late)
		assert_int_equal(loop_run(loop), ERR_OK);
	timer_cancel(loop, &t);
	assert_int_equal(e->len, wanted);
}

/* Lets the loop take what has arrived so far, with nothing else to wait for. */
static inline void
rig_settle(void)
{
	bool over = false;
	struct timer t;

	timer_init(&t, rig_late, &over);
	timer_set(loop, &t, 20);
	while (!over)
		assert_int_equal(loop_run(loop), ERR_OK);
}

static inline const struct transport_stats *
stats(void)
{
	return transport_stats(server.t);
}

static inline int
rig_setup(void **state)
{
	(void)state;
	server = client = (struct end){ 0 };
	return loop_new(&loop) == ERR_OK ? 0 : -1;
}

static inline int
rig_teardown(void **state)
{
	(void)state;
	end_close(&client);
	end_close(&server);
	loop_free(loop);
	return 0;
}

#endif
