#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/test_transport_rig.h"

/* NoSec over real sockets. */

static const struct transport_opts plain;

static struct side server, client;

static void
open_both(const char *server_at, const char *client_at)
{
	server = (struct side){ .echo = true };
	client = (struct side){ 0 };
	rig_open(&server, &plain);
	rig_open(&client, &plain);
	rig_listen(&server, LINK_COAP, server_at);
	rig_listen(&client, LINK_COAP, client_at);
}

static void
close_both(void)
{
	transport_free(server.t);
	transport_free(client.t);
}

static struct link *
reach(struct side *c, const char *from, const char *to)
{
	struct link *l = NULL;
	struct transport_connect how = {
		.scheme = LINK_COAP, .local = rig_addr(from, c), .remote = rig_addr(to, &server),
		.user = c,
	};

	assert_int_equal(transport_connect(c->t, &how, &l), ERR_OK);
	assert_ptr_equal(c->link, l);
	return l;
}

static void
say(struct link *l, const char *text)
{
	assert_int_equal(link_send(l, (const uint8_t *)text, strlen(text)), ERR_OK);
}

static void
talk(const char *server_at, const char *client_at, const char *from, const char *to)
{
	open_both(server_at, client_at);
	say(reach(&client, from, to), "hello");
	rig_until(&client.received, 1);
	assert_int_equal(server.received, 1);
	assert_memory_equal(client.last, "hello", 5);
	assert_int_equal(client.last_len, 5);
	struct addr want = rig_addr(to, &server);
	assert_true(addr_eq(&client.peer, &want));
	assert_true(addr_eq(&server.local, &want));
	want = rig_addr(from, &client);
	assert_true(addr_eq(&server.peer, &want));
	close_both();
}

static void
ipv4_datagram_is_answered(void **state)
{
	(void)state;
	talk("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", "127.0.0.1");
}

static void
ipv6_datagram_is_answered(void **state)
{
	(void)state;
	talk("[::1]:0", "[::1]:0", "::1", "::1");
}

static void
answer_leaves_from_the_address_that_was_asked(void **state)
{
	(void)state;
	talk("0.0.0.0:0", "0.0.0.0:0", "127.0.0.9", "127.0.0.5");
	talk("[::]:0", "0.0.0.0:0", "127.1.2.3", "127.0.0.5");
}

static void
dual_stack_socket_hears_both_families(void **state)
{
	(void)state;
	talk("[::]:0", "127.0.0.1:0", "127.0.0.1", "127.0.0.1");
	talk("[::]:0", "[::1]:0", "::1", "::1");
	talk("[::]:0", "[::]:0", "127.0.0.7", "127.0.0.8");
}

static void
many_addresses_share_one_socket(void **state)
{
	char from[32];

	(void)state;
	open_both("127.0.0.1:0", "0.0.0.0:0");
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(from, sizeof(from), "127.1.%u.%u", i / 200, i % 200 + 1);
		say(reach(&client, from, "127.0.0.1"), "x");
	}
	assert_int_equal(stat_of(&transport_stats(client.t)->links), 1000);
	rig_until(&client.received, 1000);
	/* Batches: far fewer calls than datagrams. */
	assert_true(stat_of(&transport_stats(client.t)->send_calls) <= 1000 / 64 + 8);
	assert_int_equal(stat_of(&transport_stats(server.t)->datagrams_in), 1000);
	close_both();
	assert_int_equal(client.gone, 1000);
	assert_int_equal(client.going_why, ERR_CANCELLED);
}

static void
unspecified_local_address_is_chosen(void **state)
{
	(void)state;
	talk("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", "127.0.0.1");
	open_both("127.0.0.1:0", "0.0.0.0:0");
	say(reach(&client, "0.0.0.0", "127.0.0.1"), "x");
	rig_until(&client.received, 1);
	close_both();
}

static void
stranger_without_user_leaves_nothing(void **state)
{
	(void)state;
	open_both("127.0.0.1:0", "0.0.0.0:0");
	for (unsigned i = 1; i <= 100; i++) {
		char from[32];

		snprintf(from, sizeof(from), "127.0.1.%u", i);
		say(reach(&client, from, "127.0.0.1"), "x");
	}
	rig_until(&client.received, 100);
	assert_int_equal(stat_of(&transport_stats(server.t)->links), 0);
	close_both();
	assert_int_equal(server.gone, 0);
}

static void
link_with_a_user_is_found_again(void **state)
{
	struct link *kept;
	uint32_t id;

	(void)state;
	open_both("127.0.0.1:0", "127.0.0.1:0");
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1", "127.0.0.1");
	say(l, "one");
	rig_until(&client.received, 1);
	kept = server.link;
	id = link_id(kept);
	assert_int_equal(stat_of(&transport_stats(server.t)->links), 1);
	say(l, "two");
	rig_until(&client.received, 2);
	assert_ptr_equal(server.link, kept);
	assert_int_equal(link_id(server.link), id);
	/* From our side, without being asked: */
	say(kept, "three");
	rig_until(&client.received, 3);
	assert_memory_equal(client.last, "three", 5);
	link_set_user(kept, NULL);
	assert_int_equal(stat_of(&transport_stats(server.t)->links), 0);
	close_both();
	assert_int_equal(server.gone, 0);
}

static void
closing_within_received_is_safe(void **state)
{
	(void)state;
	open_both("127.0.0.1:0", "127.0.0.1:0");
	server.keep = server.close = true;
	struct link *l = reach(&client, "127.0.0.1", "127.0.0.1");
	say(l, "one");
	rig_until(&client.received, 1);	/* what was sent before the close still leaves */
	assert_int_equal(stat_of(&transport_stats(server.t)->links), 0);
	assert_int_equal(server.gone, 0);
	link_close(l);
	close_both();
	assert_int_equal(client.gone, 0);
}

static void
same_pair_of_addresses_is_refused(void **state)
{
	struct link *other = NULL;

	(void)state;
	open_both("127.0.0.1:0", "127.0.0.1:0");
	reach(&client, "127.0.0.1", "127.0.0.1");
	struct transport_connect how = {
		.scheme = LINK_COAP, .local = client.at, .remote = server.at, .user = &client,
	};
	assert_int_equal(transport_connect(client.t, &how, &other), ERR_EXISTS);
	assert_null(other);
	how.scheme = LINK_COAPS;
	assert_int_equal(transport_connect(client.t, &how, &other), ERR_NOTFOUND);
	close_both();
}

static void
too_long_a_datagram_is_refused_and_dropped(void **state)
{
	static const uint8_t big[4000];

	(void)state;
	open_both("127.0.0.1:0", "127.0.0.1:0");
	struct link *l = reach(&client, "127.0.0.1", "127.0.0.1");
	assert_int_equal(link_send(l, big, link_mtu(l) + 1), ERR_TOOBIG);
	assert_int_equal(link_send(l, big, link_mtu(l)), ERR_OK);
	rig_until(&client.received, 1);
	assert_int_equal(client.last_len, link_mtu(l));

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	unsigned len = addr_to_sockaddr(&server.at, AF_INET, &ss);
	assert_int_equal(sendto(fd, big, sizeof(big), 0, (struct sockaddr *)&ss, len), sizeof(big));
	close(fd);
	rig_settle();
	assert_int_equal(stat_of(&transport_stats(server.t)->truncated), 1);
	assert_int_equal(server.received, 1);
	close_both();
}

static void
links_beyond_the_limit_are_dropped_and_counted(void **state)
{
	struct transport_opts few = { .limits = { .links = 2 } };

	(void)state;
	server = (struct side){ .keep = true, .echo = true };
	client = (struct side){ 0 };
	rig_open(&server, &few);
	rig_open(&client, &plain);
	rig_listen(&server, LINK_COAP, "127.0.0.1:0");
	rig_listen(&client, LINK_COAP, "0.0.0.0:0");
	struct link *first = reach(&client, "127.0.0.11", "127.0.0.1");
	say(first, "1");
	say(reach(&client, "127.0.0.12", "127.0.0.1"), "2");
	rig_until(&client.received, 2);
	say(reach(&client, "127.0.0.13", "127.0.0.1"), "3");
	say(first, "4");
	rig_until(&client.received, 3);
	assert_int_equal(stat_of(&transport_stats(server.t)->limit_links), 1);
	link_close(server.link);
	say(client.link, "5");
	rig_until(&client.received, 4);
	close_both();
}

static void
one_network_cannot_take_all_links(void **state)
{
	struct transport_opts few = { .limits = { .links_per_prefix = 1 } };

	(void)state;
	server = (struct side){ .keep = true, .echo = true };
	client = (struct side){ 0 };
	rig_open(&server, &few);
	rig_open(&client, &plain);
	rig_listen(&server, LINK_COAP, "127.0.0.1:0");
	rig_listen(&client, LINK_COAP, "0.0.0.0:0");
	struct link *first = reach(&client, "127.0.1.1", "127.0.0.1");
	struct link *neighbour = reach(&client, "127.0.1.2", "127.0.0.1");
	say(first, "1");
	rig_until(&client.received, 1);
	struct link *held = server.link;
	say(neighbour, "2");
	say(reach(&client, "127.0.2.1", "127.0.0.1"), "3");
	rig_until(&client.received, 2);
	assert_memory_equal(client.last, "3", 1);
	assert_int_equal(stat_of(&transport_stats(server.t)->limit_prefix), 1);
	link_close(held);
	say(neighbour, "4");
	rig_until(&client.received, 3);
	close_both();
}

/* --- filter and inject --- */

static uint8_t	kept[64];
static size_t	kept_len;
static unsigned	seen_in, seen_out;
static bool	keep_next_in, keep_next_out;

static bool
filter(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	bool *keep_it = outgoing ? &keep_next_out : &keep_next_in;
	bool mine = *keep_it;

	(void)arg;
	assert_int_equal(local->port, client.at.port);
	assert_int_equal(remote->port, server.at.port);
	*(outgoing ? &seen_out : &seen_in) += 1;
	*keep_it = false;
	if (mine) {
		memcpy(kept, p, len);
		kept_len = len;
	}
	return mine;
}

static void
filtered_datagram_comes_back_by_inject(void **state)
{
	struct transport_filter f = { .datagram = filter };
	struct transport_opts opts = { .filter = &f };

	(void)state;
	server = (struct side){ .echo = true };
	client = (struct side){ 0 };
	rig_open(&server, &plain);
	rig_open(&client, &opts);
	rig_listen(&server, LINK_COAP, "127.0.0.1:0");
	rig_listen(&client, LINK_COAP, "127.0.0.1:0");
	keep_next_out = true;
	say(reach(&client, "127.0.0.1", "127.0.0.1"), "first");
	rig_settle();
	assert_int_equal(server.received, 0);
	transport_inject(client.t, true, &client.at, &server.at, kept, kept_len);
	keep_next_in = true;
	rig_until(&server.received, 1);
	rig_settle();
	assert_int_equal(client.received, 0);
	transport_inject(client.t, false, &client.at, &server.at, kept, kept_len);
	assert_int_equal(client.received, 1);
	assert_int_equal(seen_in, 1);
	assert_int_equal(seen_out, 1);
	close_both();
}

static void
shared_port_is_opened_twice(void **state)
{
	struct addr want, second;

	(void)state;
	server = (struct side){ 0 };
	client = (struct side){ 0 };
	rig_open(&server, &plain);
	rig_open(&client, &plain);
	assert_int_equal(addr_parse("127.0.0.1:0", &want), ERR_OK);
	assert_int_equal(transport_listen(server.t, LINK_COAP, &want, true, &server.at), ERR_OK);
	assert_int_equal(transport_listen(client.t, LINK_COAP, &server.at, true, &second), ERR_OK);
	assert_int_equal(second.port, server.at.port);
	close_both();
}

static void
port_in_use_and_missing_dtls_are_told(void **state)
{
	struct addr second;

	(void)state;
	open_both("127.0.0.1:0", "127.0.0.1:0");
	assert_int_equal(transport_listen(client.t, LINK_COAP, &server.at, false, &second), ERR_IO);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(transport_listen(client.t, LINK_COAPS, &server.at, false, &second),
	    ERR_UNSUPPORTED);
	close_both();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_datagram_is_answered),
		cmocka_unit_test(ipv6_datagram_is_answered),
		cmocka_unit_test(answer_leaves_from_the_address_that_was_asked),
		cmocka_unit_test(dual_stack_socket_hears_both_families),
		cmocka_unit_test(many_addresses_share_one_socket),
		cmocka_unit_test(unspecified_local_address_is_chosen),
		cmocka_unit_test(stranger_without_user_leaves_nothing),
		cmocka_unit_test(link_with_a_user_is_found_again),
		cmocka_unit_test(closing_within_received_is_safe),
		cmocka_unit_test(same_pair_of_addresses_is_refused),
		cmocka_unit_test(too_long_a_datagram_is_refused_and_dropped),
		cmocka_unit_test(links_beyond_the_limit_are_dropped_and_counted),
		cmocka_unit_test(one_network_cannot_take_all_links),
		cmocka_unit_test(filtered_datagram_comes_back_by_inject),
		cmocka_unit_test(shared_port_is_opened_twice),
		cmocka_unit_test(port_in_use_and_missing_dtls_are_told),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
