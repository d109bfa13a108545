#include <sys/resource.h>

#include "transport/stream.h"
#include "unit/test_tcp_raw.h"

/* Connections over plain TCP. */

static const struct transport_opts usual = { .handshake_timeout_ms = 20000 };

static void
open_server(const struct transport_opts *opts)
{
	end_open(&server, opts);
	end_listen(&server, LINK_COAP_TCP, "127.0.0.1:0");
}

static struct link *
reach(const char *from, const char *to)
{
	struct transport_connect how = { .scheme = LINK_COAP_TCP, .local = rig_addr(from, 0),
		.remote = rig_addr(to, server.at.port) };
	struct link *l;

	assert_int_equal(transport_connect(client.t, &how, &l), ERR_OK);
	rig_until(&client.connected, client.connected + 1);
	assert_int_equal(client.connected_why, ERR_OK);
	assert_ptr_equal(client.link, l);
	return l;
}

static void
say(struct link *l, const char *text)
{
	assert_int_equal(link_send(l, (const uint8_t *)text, strlen(text)), ERR_OK);
}

/* --- the way it should go --- */

static void
bytes_pass_both_ways(void **state)
{
	(void)state;
	open_server(&usual);
	end_open(&client, &usual);
	struct link *l = reach("127.3.2.1", "127.0.0.1");
	rig_until(&server.opened, 1);
	assert_int_equal(link_scheme(l), LINK_COAP_TCP);
	assert_int_equal(link_identity(server.link)->kind, IDENTITY_NONE);
	assert_true(addr_eq(link_peer(server.link), link_local(l)));
	assert_true(addr_eq(link_local(server.link), link_peer(l)));
	assert_memory_equal(link_local(l)->ip + 12, ((uint8_t[]){ 127, 3, 2, 1 }), 4);
	say(l, "hello");
	rig_until_bytes(&server, 5);
	say(server.link, "there");
	rig_until_bytes(&client, 5);
	assert_memory_equal(client.bytes, "there", 5);
	assert_int_equal(counter_get(&stats()->accepted), 1);
	assert_int_equal(counter_get(&stats()->links), 1);
	link_close(l);
	rig_until(&server.gone, 1);
	assert_int_equal(server.going_why, ERR_CLOSED);
	assert_int_equal(client.gone, 0);
	assert_int_equal(counter_get(&stats()->links), 0);
}

static void
dual_stack_takes_ipv4(void **state)
{
	(void)state;
	end_open(&server, &usual);
	end_listen(&server, LINK_COAP_TCP, "[::]:0");
	end_open(&client, &usual);
	(void)reach("0.0.0.0", "127.0.0.1");
	rig_until(&server.opened, 1);
	assert_true(addr_is_v4(link_peer(server.link)));
	(void)reach("::", "::1");
	rig_until(&server.opened, 2);
	assert_false(addr_is_v4(link_peer(server.link)));
}

static void
workers_share_a_port(void **state)
{
	struct addr actual;

	(void)state;
	end_open(&server, &usual);
	end_open(&client, &usual);
	struct addr want = rig_addr("127.0.0.1", 0);
	assert_int_equal(transport_listen(server.t, LINK_COAP_TCP, &want, true, &actual), ERR_OK);
	assert_int_equal(transport_listen(client.t, LINK_COAP_TCP, &actual, true, &want), ERR_OK);
	assert_int_equal(want.port, actual.port);
	assert_int_equal(transport_listen(client.t, LINK_COAP_TCP, &actual, false, &want), ERR_IO);
}

static void
tls_needs_what_dtls_needs(void **state)
{
	struct addr want = rig_addr("127.0.0.1", 0), actual;
	struct transport_connect how = { .scheme = LINK_COAPS_TCP, .remote = want };
	struct link *l;

	(void)state;
	end_open(&server, &usual);
	assert_int_equal(transport_listen(server.t, LINK_COAPS_TCP, &want, false, &actual), ERR_UNSUPPORTED);
	assert_int_equal(transport_connect(server.t, &how, &l), ERR_UNSUPPORTED);
}

/* --- ends --- */

static void
refused_connection_is_told(void **state)
{
	struct transport_connect how = { .scheme = LINK_COAP_TCP };
	struct link *l;

	(void)state;
	open_server(&usual);
	how.remote = rig_addr("127.0.0.1", server.at.port);
	end_close(&server);		/* nobody listens there now */
	end_open(&client, &usual);
	assert_int_equal(transport_connect(client.t, &how, &l), ERR_OK);
	rig_until(&client.connected, 1);
	assert_int_equal(client.connected_why, ERR_REFUSED);
	assert_string_equal(client.cause, "Connection refused");
	assert_int_equal(client.gone + client.opened, 0);
}

static void
connecting_may_be_given_up(void **state)
{
	struct transport_connect how = { .scheme = LINK_COAP_TCP };
	struct link *l;

	(void)state;
	open_server(&usual);
	end_open(&client, &usual);
	how.remote = rig_addr("127.0.0.1", server.at.port);
	assert_int_equal(transport_connect(client.t, &how, &l), ERR_OK);
	link_close(l);
	rig_settle();
	assert_int_equal(client.connected + client.opened + client.gone, 0);
}

static void
reset_is_an_end(void **state)
{
	struct linger hard = { .l_onoff = 1 };

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	rig_until(&server.opened, 1);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(fd);
	rig_until(&server.gone, 1);
	assert_int_equal(server.going_why, ERR_CLOSED);
}

/* A peer that says no more can still be told something. */
static void
half_closed_peer_gets_the_answer(void **state)
{
	uint8_t buf[16];

	(void)state;
	open_server(&usual);
	server.echo = true;
	int fd = rig_dial(&server);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(rig_read_all(fd, buf, sizeof(buf)), 1);
	assert_int_equal(server.gone, 1);
	close(fd);
}

/* Closing a descriptor with unread bytes resets the connection; the last words would be lost. */
static void
last_words_arrive_before_unread_bytes(void **state)
{
	static uint8_t noise[200000];
	uint8_t buf[16];

	(void)state;
	open_server(&usual);
	server.last_words = server.close_first = true;
	int fd = rig_dial(&server);
	assert_true(send(fd, noise, sizeof(noise), MSG_DONTWAIT) > 50000);
	rig_until(&server.opened, 1);
	ssize_t n;
	for (n = 0; n == 0;) {
		rig_settle();
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		n = n < 0 && errno == EAGAIN ? 0 : n;
	}
	assert_int_equal(n, 3);
	assert_memory_equal(buf, "bye", 3);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(rig_read_all(fd, buf, sizeof(buf)), 0);
	assert_int_equal(server.gone, 0);	/* we ended it */
	close(fd);
}

static void
shutdown_tells_both(void **state)
{
	uint8_t buf[4];

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	rig_until(&server.opened, 1);
	transport_free(server.t);
	server.t = NULL;
	assert_int_equal(server.gone, 1);
	assert_int_equal(server.going_why, ERR_CANCELLED);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 0);
	close(fd);
}

/* --- a peer that does not read --- */

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13);
}

/* Sends until it is full; returns how many bytes were taken. */
static size_t
fill(struct link *l)
{
	static uint8_t piece[5000];
	size_t sent = 0;

	for (;;) {
		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = pattern(sent + i);
		enum err e = link_send(l, piece, sizeof(piece));
		if (e != ERR_OK) {
			assert_int_equal(e, ERR_LIMIT);
			return sent;
		}
		sent += sizeof(piece);
		assert_true(sent < 64u << 20);
	}
}

static void
what_waits_is_bounded_and_in_order(void **state)
{
	static uint8_t buf[64u << 20];

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	rig_until(&server.opened, 1);
	size_t sent = fill(server.link);
	assert_true(sent >= STREAM_OUT_MAX / 2);
	/* and it still leaves when the link is closed over it */
	link_close(server.link);
	assert_int_equal(rig_read_all(fd, buf, sizeof(buf)), sent);
	for (size_t i = 0; i < sent; i++)
		if (buf[i] != pattern(i))
			fail_msg("byte %zu differs", i);
	close(fd);
}

/* Its own bytes are not read meanwhile: it could make us pile up answers. */
static void
who_does_not_read_is_not_listened_to(void **state)
{
	static uint8_t noise[20000];

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	rig_until(&server.opened, 1);
	(void)fill(server.link);
	assert_int_equal(send(fd, noise, sizeof(noise), 0), sizeof(noise));
	rig_settle();
	assert_int_equal(server.len, 0);
	close(fd);
	rig_until(&server.gone, 1);
}

/* --- limits --- */

static void
links_are_limited(void **state)
{
	struct transport_opts opts = usual;
	uint8_t buf[4];

	(void)state;
	opts.limits.links = 1;
	open_server(&opts);
	int first = rig_dial(&server), second = rig_dial(&server);
	assert_int_equal(rig_read_all(second, buf, sizeof(buf)), 0);
	assert_int_equal(server.opened, 1);
	assert_int_equal(counter_get(&stats()->limit_links), 1);
	close(second);
	close(first);
	rig_until(&server.gone, 1);
	first = rig_dial(&server);
	rig_until(&server.opened, 2);
	close(first);
}

static void
links_of_a_network_are_limited(void **state)
{
	struct transport_opts opts = usual;
	uint8_t buf[4];

	(void)state;
	opts.limits.links_per_prefix = 2;
	open_server(&opts);
	end_open(&client, &usual);
	int one = rig_dial(&server), two = rig_dial(&server), three = rig_dial(&server);
	assert_int_equal(rig_read_all(three, buf, sizeof(buf)), 0);
	assert_int_equal(counter_get(&stats()->limit_prefix), 1);
	(void)reach("127.9.9.9", "127.0.0.1");
	rig_until(&server.opened, 3);
	close(one);
	close(two);
	close(three);
}

/* No spinning, no loss: the connection is accepted when there is a descriptor again. */
static void
no_descriptor_means_later(void **state)
{
	struct rlimit was, now;

	(void)state;
	open_server(&usual);
	int fd = rig_dial(&server);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = was;
	now.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	rig_settle();
	assert_int_equal(counter_get(&stats()->accept_failed), 1);
	assert_int_equal(server.opened, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	rig_until(&server.opened, 1);
	close(fd);
}

static void
wrong_local_address_is_an_error(void **state)
{
	struct transport_connect how = { .scheme = LINK_COAP_TCP, .local = rig_addr("192.0.2.1", 0) };
	struct link *l;

	(void)state;
	open_server(&usual);
	end_open(&client, &usual);
	how.remote = rig_addr("127.0.0.1", server.at.port);
	assert_int_equal(transport_connect(client.t, &how, &l), ERR_IO);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(bytes_pass_both_ways),
		T(dual_stack_takes_ipv4),
		T(workers_share_a_port),
		T(tls_needs_what_dtls_needs),
		T(refused_connection_is_told),
		T(connecting_may_be_given_up),
		T(reset_is_an_end),
		T(half_closed_peer_gets_the_answer),
		T(last_words_arrive_before_unread_bytes),
		T(shutdown_tells_both),
		T(what_waits_is_bounded_and_in_order),
		T(who_does_not_read_is_not_listened_to),
		T(links_are_limited),
		T(links_of_a_network_are_limited),
		T(no_descriptor_means_later),
		T(wrong_local_address_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
