#include "unit/test_tcp_raw.h"

/* Connections over TLS with pre-shared keys: our server against our client. */

static struct dtls_shared *server_tls, *client_tls;

static const struct transport_opts usual = { .handshake_timeout_ms = 20000 };

static struct dtls_shared *
shared(bool is_client, const char *ciphers)
{
	const struct dtls_opts opts = { .ciphers = ciphers, .mtu = 1280, .client = is_client };
	struct dtls_shared *s = NULL;
	const char *why = NULL;

	assert_int_equal(dtls_shared_new(&opts, &s, &why), ERR_OK);
	return s;
}

static void
open_server(const struct transport_opts *opts)
{
	struct transport_opts o = *opts;

	o.dtls = server_tls;
	end_open(&server, &o);
	server.psk_identity = "dev-1";
	server.psk_key = KEY;
	end_listen(&server, LINK_COAPS_TCP, "127.0.0.1:0");
}

static void
open_client(struct dtls_shared *tls)
{
	struct transport_opts o = usual;

	o.dtls = tls;
	end_open(&client, &o);
}

static enum err
begin(const char *identity, const char *key, struct link **ret)
{
	struct transport_connect how = { .scheme = LINK_COAPS_TCP,
		.remote = rig_addr("127.0.0.1", server.at.port),
		.psk_identity = (const uint8_t *)identity, .psk_identity_len = strlen(identity),
		.psk_key = (const uint8_t *)key, .psk_key_len = strlen(key) };

	return transport_connect(client.t, &how, ret);
}

static struct link *
reach(void)
{
	struct link *l;

	assert_int_equal(begin("dev-1", KEY, &l), ERR_OK);
	rig_until(&client.connected, client.connected + 1);
	assert_int_equal(client.connected_why, ERR_OK);
	rig_until(&server.opened, 1);
	return l;
}

/* The handshake fails on both sides; what the server tells is in 'server'. */
static void
fails(const char *identity, const char *key)
{
	struct link *l;

	assert_int_equal(begin(identity, key, &l), ERR_OK);
	rig_until(&client.connected, 1);
	assert_int_not_equal(client.connected_why, ERR_OK);
	rig_until(&server.failed, 1);
	assert_int_equal(server.opened + client.opened + server.gone + client.gone, 0);
	assert_int_equal(counter_get(&stats()->handshakes_failed), 1);
	assert_int_equal(counter_get(&stats()->handshakes_open), 0);
}

static void
open_both(void)
{
	open_server(&usual);
	open_client(client_tls);
}

/* --- the way it should go --- */

static void
right_key_makes_a_connection(void **state)
{
	(void)state;
	open_both();
	struct link *l = reach();
	assert_int_equal(link_scheme(server.link), LINK_COAPS_TCP);
	const struct identity *id = link_identity(server.link);
	assert_int_equal(id->kind, IDENTITY_PSK);
	assert_int_equal(id->len, 5);
	assert_memory_equal(id->p, "dev-1", 5);
	assert_int_equal(link_send(l, (const uint8_t *)"hello", 5), ERR_OK);
	rig_until_bytes(&server, 5);
	assert_int_equal(link_send(server.link, (const uint8_t *)"there", 5), ERR_OK);
	rig_until_bytes(&client, 5);
	assert_int_equal(counter_get(&stats()->associations), 1);
	assert_int_equal(counter_get(&stats()->handshakes_done), 1);
	assert_int_equal(counter_get(&stats()->handshakes_open), 0);
	link_close(l);
	rig_until(&server.gone, 1);
	assert_int_equal(server.going_why, ERR_CLOSED);
	assert_int_equal(counter_get(&stats()->associations), 0);
}

static void
every_suite_of_ours_works(void **state)
{
	static const char *const suites[] = {
		"PSK-AES128-CCM8", "PSK-AES128-CCM", "PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA256",
		"ECDHE-PSK-AES128-CBC-SHA256",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct dtls_shared *one = shared(true, suites[i]);
		open_server(&usual);
		open_client(one);
		(void)reach();
		end_close(&client);
		end_close(&server);
		dtls_shared_free(one);
	}
}

static void
large_messages_pass_in_order(void **state)
{
	static uint8_t piece[60000];
	struct link *l;

	(void)state;
	open_both();
	l = reach();
	for (size_t i = 0; i < sizeof(piece); i++)
		piece[i] = (uint8_t)(i * 31 + (i >> 8));
	for (int n = 0; n < 4; n++)
		assert_int_equal(link_send(l, piece, sizeof(piece)), ERR_OK);
	rig_until_bytes(&server, 4 * sizeof(piece));
	for (int n = 0; n < 4; n++)
		assert_memory_equal(server.bytes + (size_t)n * sizeof(piece), piece, sizeof(piece));
	/* and what waits leaves after the end */
	for (int n = 0; n < 4; n++)
		assert_int_equal(link_send(server.link, piece, sizeof(piece)), ERR_OK);
	link_close(server.link);
	rig_until_bytes(&client, 4 * sizeof(piece));
	rig_until(&client.gone, 1);
}

static void
new_keys_are_for_new_connections(void **state)
{
	struct dtls_shared *other = shared(false, "PSK-AES128-CBC-SHA256");

	(void)state;
	open_both();
	struct link *l = reach();
	assert_int_equal(transport_renew(server.t, other), ERR_OK);
	dtls_shared_free(other);
	assert_int_equal(link_send(l, (const uint8_t *)"still", 5), ERR_OK);
	rig_until_bytes(&server, 5);
	assert_int_equal(begin("dev-1", KEY, &l), ERR_OK);
	rig_until(&server.opened, 2);
}

/* --- why not --- */

static void
wrong_key_is_told(void **state)
{
	(void)state;
	open_both();
	fails("dev-1", "another key 1234");
	assert_string_equal(server.reason, "wrong-key");
	assert_memory_equal(server.identity, "dev-1", 5);
	assert_int_equal(server.identity_len, 5);
}

static void
unknown_identity_is_told(void **state)
{
	(void)state;
	open_both();
	fails("dev-2", KEY);
	assert_string_equal(server.reason, "unknown-identity");
	assert_memory_equal(server.identity, "dev-2", 5);
	assert_int_equal(server.asked, 1);
}

static void
no_common_cipher_is_told(void **state)
{
	struct dtls_shared *other = shared(true, "PSK-AES256-GCM-SHA384");

	(void)state;
	open_server(&usual);
	open_client(other);
	fails("dev-1", KEY);
	assert_string_equal(server.reason, "no-common-cipher");
	end_close(&client);
	dtls_shared_free(other);
}

static void
plain_coap_is_told(void **state)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} csms[] = {
		{ "\x40\xe1\x22\x10\x00\x20", 6 },			/* T1 */
		{ "\x00\xe1", 2 },					/* T2 */
		{ "\xd0\x00\xe1\x2c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16 },
	};
	uint8_t buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(csms) / sizeof(csms[0]); i++) {
		open_server(&usual);
		int fd = rig_dial(&server);
		assert_int_equal(send(fd, csms[i].bytes, csms[i].len, 0), csms[i].len);
		if (csms[i].len < 5)		/* less than the header of a record */
			assert_int_equal(shutdown(fd, SHUT_WR), 0);
		(void)rig_read_all(fd, buf, sizeof(buf));
		assert_int_equal(server.failed, 1);
		assert_string_equal(server.reason, "plain-coap");
		close(fd);
		end_close(&server);
	}
}

static void
noise_is_told(void **state)
{
	uint8_t buf[64];

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	(void)rig_read_all(fd, buf, sizeof(buf));
	assert_int_equal(server.failed, 1);
	assert_string_equal(server.reason, "other");
	close(fd);
}

static void
silence_is_a_timeout(void **state)
{
	struct transport_opts opts = usual;

	(void)state;
	opts.handshake_timeout_ms = 30;
	open_server(&opts);
	int fd = rig_dial(&server);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "timeout");
	assert_int_equal(counter_get(&stats()->handshakes_open), 0);
	close(fd);
}

static void
end_within_the_handshake_is_told(void **state)
{
	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	assert_int_equal(send(fd, "\x16\x03\x01", 3, 0), 3);
	close(fd);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "other");
	assert_string_equal(server.cause, "the peer closed the connection during the handshake");
}

static void
handshakes_are_limited(void **state)
{
	struct transport_opts opts = usual;
	uint8_t buf[4];

	(void)state;
	opts.limits.handshakes = 1;
	open_server(&opts);
	int first = rig_dial(&server), second = rig_dial(&server);
	assert_int_equal(rig_read_all(second, buf, sizeof(buf)), 0);
	assert_int_equal(server.failed, 1);
	assert_string_equal(server.reason, "limit");
	assert_int_equal(counter_get(&stats()->limit_handshakes), 1);
	close(first);
	close(second);
}

static void
unusable_credentials_are_refused(void **state)
{
	static char long_name[300];
	struct link *l;

	(void)state;
	open_both();
	memset(long_name, 'x', sizeof(long_name) - 1);
	assert_int_equal(begin(long_name, KEY, &l), ERR_INVALID);
	assert_int_equal(begin("dev-1", "", &l), ERR_INVALID);
	/* a server's keys are not a client's */
	end_close(&client);
	open_client(server_tls);
	assert_int_equal(begin("dev-1", KEY, &l), ERR_INVALID);
}

static int
setup(void **state)
{
	server_tls = shared(false, NULL);
	client_tls = shared(true, NULL);
	return rig_setup(state);
}

static int
teardown(void **state)
{
	int r = rig_teardown(state);

	dtls_shared_free(server_tls);
	dtls_shared_free(client_tls);
	return r;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(right_key_makes_a_connection),
		T(every_suite_of_ours_works),
		T(large_messages_pass_in_order),
		T(new_keys_are_for_new_connections),
		T(wrong_key_is_told),
		T(unknown_identity_is_told),
		T(no_common_cipher_is_told),
		T(plain_coap_is_told),
		T(noise_is_told),
		T(silence_is_a_timeout),
		T(end_within_the_handshake_is_told),
		T(handshakes_are_limited),
		T(unusable_credentials_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
