#ifndef TESTS_UNIT_TEST_DTLS_RIG_H
#define TESTS_UNIT_TEST_DTLS_RIG_H

#include "unit/test_transport_rig.h"

/* A server with DTLS and a client of ours, on loopback. */

#define KEY	"0123456789abcdef"

static struct dtls_shared	*server_dtls, *client_dtls;
static struct side		 server, client;

static const struct transport_opts usual = {
	.handshake_timeout_ms = 20000, .idle_timeout_ms = 60000,
};

static inline struct dtls_shared *
shared(bool is_client, const char *ciphers)
{
	struct dtls_opts opts = { .ciphers = ciphers, .mtu = 1280, .client = is_client };
	struct dtls_shared *s = NULL;
	const char *why = NULL;

	assert_int_equal(dtls_shared_new(&opts, &s, &why), ERR_OK);
	return s;
}

static inline void
open_server(const struct transport_opts *opts, const char *at)
{
	struct transport_opts o = *opts;

	o.dtls = server_dtls;
	server = (struct side){ .echo = true, .psk_identity = "dev-1", .psk_key = KEY };
	rig_open(&server, &o);
	rig_listen(&server, LINK_COAPS, at);
}

static inline void
open_client(struct side *c, struct dtls_shared *d, const struct transport_opts *opts)
{
	struct transport_opts o = *opts;

	o.dtls = d;
	*c = (struct side){ 0 };
	rig_open(c, &o);
	rig_listen(c, LINK_COAPS, "0.0.0.0:0");
}

static inline void
open_both(void)
{
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &usual);
}

static inline void
close_both(void)
{
	transport_free(client.t);
	transport_free(server.t);
}

static inline struct link *
begin(struct side *c, const char *from, const char *identity, const char *key)
{
	struct link *l = NULL;
	struct transport_connect how = {
		.scheme = LINK_COAPS, .local = rig_addr(from, c), .remote = rig_addr("127.0.0.1", &server),
		.psk_identity = (const uint8_t *)identity, .psk_identity_len = strlen(identity),
		.psk_key = (const uint8_t *)key, .psk_key_len = strlen(key), .user = c,
	};

	assert_int_equal(transport_connect(c->t, &how, &l), ERR_OK);
	return l;
}

static inline struct link *
reach(struct side *c, const char *from)
{
	struct link *l = begin(c, from, "dev-1", KEY);

	rig_until(&c->connected, c->connected + 1);
	assert_int_equal(c->connected_why, ERR_OK);
	assert_ptr_equal(c->link, l);
	return l;
}

static inline void
say(struct link *l, const char *text)
{
	assert_int_equal(link_send(l, (const uint8_t *)text, strlen(text)), ERR_OK);
}

static inline const struct transport_stats *
stats(void)
{
	return transport_stats(server.t);
}

static inline int
dtls_setup(void **state)
{
	server_dtls = shared(false, NULL);
	client_dtls = shared(true, NULL);
	return rig_setup(state);
}

static inline int
dtls_teardown(void **state)
{
	dtls_shared_free(server_dtls);
	dtls_shared_free(client_dtls);
	return rig_teardown(state);
}

#endif
