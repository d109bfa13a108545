#ifndef TESTS_UNIT_TEST_TRANSPORT_RIG_H
#define TESTS_UNIT_TEST_TRANSPORT_RIG_H

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

/* Transports on real loopback sockets in one real loop, and what they told. */

#define WATCHDOG_MS	30000	/* a test that hangs is to fail, not to hang */

struct side {
	struct transport	*t;
	struct loop		*loop;
	struct addr		 at;		/* of the last socket opened */
	/* what it does */
	bool			 echo, keep, close;
	/* what it saw */
	unsigned		 received, gone, failed, connected;
	uint8_t			 last[2048];
	size_t			 last_len;
	struct link		*link;		/* of the last datagram, or of 'connected' */
	struct addr		 local, peer;	/* of the last datagram */
	uint8_t			 identity[2048];
	size_t			 identity_len;
	enum identity_kind	 kind;
	bool			 is_verified;
	enum err		 going_why, connected_why;
	char			 reason[32], cause[256];
	/* credentials it knows */
	const char		*psk_identity;
	size_t			 psk_identity_len;	/* 0: strlen */
	const char		*psk_key;		/* text; NULL: nobody's */
	unsigned		 psk_asked;
	uint8_t			 pinned[32];
	enum err		 pinned_err;	/* of find_pinned, for that digest; any other is nobody's */
	unsigned		 pins_asked;
};

static struct loop	*loop;
static bool		 timed_out;

static inline void
rig_received(void *arg, struct link *l, const uint8_t *p, size_t len)
{
	struct side *s = arg;

	s->received++;
	s->last_len = len < sizeof(s->last) ? len : sizeof(s->last);
	memcpy(s->last, p, s->last_len);
	s->link = l;
	s->local = *link_local(l);
	s->peer = *link_peer(l);
	s->kind = link_identity(l)->kind;
	s->is_verified = link_identity(l)->is_verified;
	s->identity_len = link_identity(l)->len;
	assert_true(s->identity_len <= sizeof(s->identity));
	if (s->identity_len > 0)
		memcpy(s->identity, link_identity(l)->p, s->identity_len);
	if (s->keep)
		link_set_user(l, s);
	if (s->echo)
		assert_int_equal(link_send(l, p, len), ERR_OK);
	if (s->close)
		link_close(l);
	loop_stop(s->loop);
}

static inline void
rig_going(void *arg, struct link *l, enum err why)
{
	struct side *s = arg;

	assert_non_null(link_user(l));
	s->gone++;
	s->going_why = why;
	loop_stop(s->loop);
}

static inline enum err
rig_find_psk(void *arg, const uint8_t *identity, size_t len, struct secret *ret)
{
	struct side *s = arg;
	size_t want = s->psk_identity_len > 0 || s->psk_identity == NULL ? s->psk_identity_len
	    : strlen(s->psk_identity);

	s->psk_asked++;
	if (s->psk_key == NULL || len != want || memcmp(identity, s->psk_identity, len) != 0)
		return ERR_NOTFOUND;
	return secret_set(ret, s->psk_key, strlen(s->psk_key));
}

static inline enum err
rig_find_pinned(void *arg, enum identity_kind kind, const uint8_t sha256[32])
{
	struct side *s = arg;

	assert_true(kind == IDENTITY_CERTIFICATE || kind == IDENTITY_PUBLIC_KEY);
	s->pins_asked++;
	return memcmp(sha256, s->pinned, sizeof(s->pinned)) == 0 ? s->pinned_err : ERR_NOTFOUND;
}

static inline void
rig_failed(void *arg, const struct handshake_failure *f)
{
	struct side *s = arg;

	s->failed++;
	snprintf(s->reason, sizeof(s->reason), "%s", f->reason);
	snprintf(s->cause, sizeof(s->cause), "%s", f->cause);
	s->identity_len = f->identity == NULL ? 0 : f->identity_len;
	if (s->identity_len > 0)
		memcpy(s->identity, f->identity, f->identity_len);
	loop_stop(s->loop);
}

static inline void
rig_connected(void *arg, struct link *l, enum err why, const char *cause)
{
	struct side *s = arg;

	s->connected++;
	s->connected_why = why;
	s->link = why == ERR_OK ? l : NULL;
	snprintf(s->cause, sizeof(s->cause), "%s", cause == NULL ? "" : cause);
	loop_stop(s->loop);
}

static inline void
rig_open(struct side *s, const struct transport_opts *opts)
{
	struct transport_events events = {
		.received = rig_received, .going = rig_going, .find_psk = rig_find_psk,
		.find_pinned = rig_find_pinned,
		.handshake_failed = rig_failed, .connected = rig_connected, .arg = s,
	};

	s->loop = loop;
	assert_int_equal(transport_new(loop, opts, &events, &s->t), ERR_OK);
}

static inline void
rig_listen(struct side *s, enum link_scheme scheme, const char *where)
{
	struct addr want;

	assert_int_equal(addr_parse(where, &want), ERR_OK);
	assert_int_equal(transport_listen(s->t, scheme, &want, false, &s->at), ERR_OK);
}

static inline struct addr
rig_addr(const char *ip, const struct side *port_of)
{
	struct addr a;
	char text[80];

	snprintf(text, sizeof(text), strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip,
	    port_of->at.port);
	assert_int_equal(addr_parse(text, &a), ERR_OK);
	return a;
}

static inline void
watchdog(void *arg)
{
	timed_out = true;
	loop_stop(arg);
}

/* Turns the loop until the figure is what is wanted. */
static inline void
rig_until(const unsigned *figure, unsigned wanted)
{
	struct timer t;

	timed_out = false;
	timer_init(&t, watchdog, loop);
	timer_set(loop, &t, WATCHDOG_MS);
	while (*figure < wanted && !timed_out)
		assert_int_equal(loop_run(loop), ERR_OK);
	timer_cancel(loop, &t);
	assert_int_equal(*figure, wanted);
}

/* Lets the loop take what has arrived so far, with nothing else to wait for. */
static inline void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static inline void
rig_settle(void)
{
	struct timer t;

	timer_init(&t, stop_loop, loop);
	for (int i = 0; i < 4; i++) {
		timer_set(loop, &t, 2);
		assert_int_equal(loop_run(loop), ERR_OK);
	}
	timer_cancel(loop, &t);
}

static inline uint64_t
stat_of(const struct counter *c)
{
	return counter_get(c);
}

static inline int
rig_setup(void **state)
{
	(void)state;
	return loop_new(&loop) == ERR_OK ? 0 : -1;
}

static inline int
rig_teardown(void **state)
{
	(void)state;
	rig_settle();		/* a socket that was closed with something to send goes now */
	loop_free(loop);
	return 0;
}

#endif
