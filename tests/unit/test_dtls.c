#include "transport/dtls_record.h"
#include "unit/test_dtls_rig.h"

/* DTLS with pre-shared keys: our server against our client. */

/* --- the way it should go --- */

static void
right_key_makes_an_association(void **state)
{
	(void)state;
	open_both();
	struct link *l = reach(&client, "127.0.0.1");
	say(l, "hello");
	rig_until(&client.received, 1);
	assert_memory_equal(client.last, "hello", 5);
	assert_int_equal(client.last_len, 5);
	assert_int_equal(server.identity_len, 5);
	assert_memory_equal(server.identity, "dev-1", 5);
	assert_int_equal(link_identity(server.link)->kind, IDENTITY_PSK);
	assert_true(link_identity(server.link)->key_tag == identity_key_tag(KEY, strlen(KEY)));
	assert_true(link_mtu(server.link) > 1152 && link_mtu(server.link) < 1280);
	assert_int_equal(link_scheme(server.link), LINK_COAPS);
	assert_int_equal(stat_of(&stats()->hello_verify), 1);
	assert_int_equal(stat_of(&stats()->handshakes_done), 1);
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	assert_int_equal(stat_of(&stats()->associations), 1);
	assert_int_equal(server.failed, 0);
	/* From our side, without being asked. */
	say(server.link, "more");
	rig_until(&client.received, 2);
	close_both();
	assert_int_equal(client.gone, 1);
}

static void
largest_datagram_passes_and_a_larger_one_is_refused(void **state)
{
	static uint8_t big[2048];

	(void)state;
	open_both();
	struct link *l = reach(&client, "127.0.0.1");
	assert_int_equal(link_send(l, big, link_mtu(l) + 1), ERR_TOOBIG);
	assert_int_equal(link_send(l, big, link_mtu(l)), ERR_OK);
	rig_until(&client.received, 1);
	assert_int_equal(client.last_len, link_mtu(l));
	close_both();
}

static void
every_suite_of_ours_works(void **state)
{
	static const char *const suites[] = {
		"PSK-AES128-CCM8", "PSK-AES128-CCM", "PSK-AES128-GCM-SHA256",
		"PSK-AES128-CBC-SHA256", "ECDHE-PSK-AES128-CBC-SHA256",
	};

	(void)state;
	open_server(&usual, "127.0.0.1:0");
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct dtls_shared *d = shared(true, suites[i]);

		open_client(&client, d, &usual);
		say(reach(&client, "127.0.0.1"), "x");
		rig_until(&client.received, 1);
		transport_free(client.t);
		dtls_shared_free(d);
	}
	assert_int_equal(stat_of(&stats()->handshakes_done), 5);
	transport_free(server.t);
}

static void
many_devices_share_one_socket(void **state)
{
	enum { N = 400 };	/* more than keep their buffers at a time */
	static struct link *links[N];

	(void)state;
	open_both();
	for (unsigned i = 0; i < N; i++) {
		char from[32];

		snprintf(from, sizeof(from), "127.0.%u.%u", i / 200 + 1, i % 200 + 1);
		links[i] = begin(&client, from, "dev-1", KEY);
		if (i % 50 == 49)
			rig_until(&client.connected, i + 1);
	}
	assert_int_equal(stat_of(&stats()->associations), N);
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++) {
			say(links[i], "x");
			if (i % 50 == 49)
				rig_until(&client.received, round * N + i + 1);
		}
	}
	close_both();
	assert_int_equal(client.gone, N);
}

/* --- the ways it fails --- */

/* Hands each datagram to the network twice, so that no test has to wait for a retransmission. */
static bool
twice(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	if (outgoing)
		transport_inject(((struct side *)arg)->t, true, local, remote, p, len);
	return false;
}

static void
expect_failure(const char *identity, const char *key, const char *reason)
{
	struct transport_filter f = { .datagram = twice, .arg = &client };
	struct transport_opts doubled = usual, patient = usual;

	doubled.filter = &f;
	patient.handshake_timeout_ms = 0;	/* it is told by what arrives, not by time */
	open_server(&patient, "127.0.0.1:0");
	open_client(&client, client_dtls, &doubled);
	begin(&client, "127.0.0.1", identity, key);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, reason);
	assert_int_equal(server.identity_len, strlen(identity));
	assert_memory_equal(server.identity, identity, strlen(identity));
	assert_int_equal(stat_of(&stats()->handshakes_failed), 1);
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	assert_int_equal(stat_of(&stats()->associations), 0);
	close_both();
}

static void
wrong_key_is_told_as_such(void **state)
{
	(void)state;
	expect_failure("dev-1", "another key", "wrong-key");
}

static void
unknown_identity_is_told_as_such(void **state)
{
	(void)state;
	expect_failure("dev-2", KEY, "unknown-identity");
}

static void
no_common_cipher_is_told_to_both(void **state)
{
	struct dtls_shared *d = shared(true, "PSK-AES256-GCM-SHA384");

	(void)state;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, d, &usual);
	begin(&client, "127.0.0.1", "dev-1", KEY);
	rig_until(&client.connected, 1);
	assert_int_equal(client.connected_why, ERR_REFUSED);
	assert_int_equal(server.failed, 1);
	assert_string_equal(server.reason, "no-common-cipher");
	assert_int_equal(server.psk_asked, 0);
	close_both();
	dtls_shared_free(d);
}

static bool
swallow_encrypted(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)arg;
	(void)local;
	(void)remote;
	return outgoing && dtls_content(p, len).has_finished;
}

static void
handshake_without_end_times_out(void **state)
{
	struct transport_filter f = { .datagram = swallow_encrypted };
	struct transport_opts quick = usual, lossy = usual;

	(void)state;
	quick.handshake_timeout_ms = 20;
	lossy.filter = &f;
	lossy.handshake_timeout_ms = 30;
	open_server(&quick, "127.0.0.1:0");
	open_client(&client, client_dtls, &lossy);
	begin(&client, "127.0.0.1", "dev-1", KEY);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "timeout");
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	rig_until(&client.connected, 1);
	assert_int_equal(client.connected_why, ERR_TIMEOUT);
	assert_int_equal(stat_of(&transport_stats(client.t)->handshakes_open), 0);
	close_both();
	assert_int_equal(client.gone, 0);	/* 'connected' told it */
}

static void
plain_coap_is_recognised(void **state)
{
	static const uint8_t coap[] = { 0x40, 0x02, 0x12, 0x34, 0xb2, 'b', 's' };
	static const uint8_t noise[] = { 0xff, 0x00, 0x01 };
	struct transport_opts o = { 0 };
	struct addr at;

	(void)state;
	open_server(&usual, "127.0.0.1:0");
	client = (struct side){ 0 };
	rig_open(&client, &o);
	rig_listen(&client, LINK_COAP, "127.0.0.1:0");
	at = server.at;
	transport_inject(client.t, true, &client.at, &at, coap, sizeof(coap));
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "plain-coap");
	transport_inject(client.t, true, &client.at, &at, noise, sizeof(noise));
	rig_settle();
	assert_int_equal(server.failed, 1);
	assert_int_equal(stat_of(&stats()->not_dtls), 2);
	close_both();
}

static void
handshakes_beyond_the_limit_are_refused(void **state)
{
	struct transport_filter f = { .datagram = swallow_encrypted };
	struct transport_opts few = usual, lossy = usual;

	(void)state;
	few.limits.handshakes = 2;
	lossy.filter = &f;
	open_server(&few, "127.0.0.1:0");
	open_client(&client, client_dtls, &lossy);
	begin(&client, "127.0.0.2", "dev-1", KEY);
	begin(&client, "127.0.0.3", "dev-1", KEY);
	begin(&client, "127.0.0.4", "dev-1", KEY);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "limit");
	assert_int_equal(stat_of(&stats()->limit_handshakes), 1);
	assert_int_equal(stat_of(&stats()->handshakes_open), 2);
	close_both();
}

static void
associations_beyond_the_limits_are_refused(void **state)
{
	struct transport_opts few = usual;

	(void)state;
	few.limits.links_per_prefix = 1;
	few.limits.links = 2;
	open_server(&few, "127.0.0.1:0");
	open_client(&client, client_dtls, &usual);
	reach(&client, "127.0.1.1");
	begin(&client, "127.0.1.2", "dev-1", KEY);
	rig_until(&server.failed, 1);
	assert_int_equal(stat_of(&stats()->limit_prefix), 1);
	struct link *l = reach(&client, "127.0.2.1");
	begin(&client, "127.0.3.1", "dev-1", KEY);
	rig_until(&server.failed, 2);
	assert_int_equal(stat_of(&stats()->limit_links), 1);
	link_close(l);
	rig_settle();
	reach(&client, "127.0.2.9");
	close_both();
}

/* --- ends --- */

static void
close_notify_ends_the_other_side(void **state)
{
	(void)state;
	open_both();
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1");
	say(l, "x");
	rig_until(&client.received, 1);
	link_close(l);
	rig_until(&server.gone, 1);
	assert_int_equal(server.going_why, ERR_CLOSED);
	assert_int_equal(stat_of(&stats()->associations), 0);
	assert_int_equal(client.gone, 0);

	l = reach(&client, "127.0.0.1");
	say(l, "x");
	rig_until(&server.received, 2);
	link_close(server.link);		/* and from the other side */
	rig_until(&client.gone, 1);
	assert_int_equal(client.going_why, ERR_CLOSED);
	close_both();
}

static void
closing_within_received_is_safe(void **state)
{
	(void)state;
	open_both();
	server.keep = server.close = true;
	say(reach(&client, "127.0.0.1"), "x");
	rig_until(&client.gone, 1);
	assert_int_equal(client.received, 1);	/* the echo came before the end */
	assert_int_equal(client.going_why, ERR_CLOSED);
	assert_int_equal(server.gone, 0);
	assert_int_equal(stat_of(&stats()->associations), 0);
	close_both();
}

static void
association_nobody_uses_goes_in_time(void **state)
{
	struct transport_opts brief = usual;

	(void)state;
	brief.idle_timeout_ms = 10;
	open_server(&brief, "127.0.0.1:0");
	open_client(&client, client_dtls, &usual);
	reach(&client, "127.0.0.1");
	rig_until(&client.gone, 1);
	assert_int_equal(client.going_why, ERR_CLOSED);
	assert_int_equal(stat_of(&stats()->associations), 0);
	/* One that is used stays. */
	server.keep = true;
	say(reach(&client, "127.0.0.1"), "x");
	rig_until(&client.received, 1);
	for (int i = 0; i < 4; i++)
		rig_settle();
	assert_int_equal(stat_of(&stats()->associations), 1);
	close_both();
}

static bool	is_mute;

static bool
mute(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)arg;
	(void)local;
	(void)remote;
	(void)p;
	(void)len;
	return outgoing && is_mute;
}

static void
device_that_begins_anew_replaces_its_association(void **state)
{
	struct transport_filter f = { .datagram = mute };
	struct transport_opts muted = usual;

	(void)state;
	muted.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &muted);
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1");
	say(l, "before");
	rig_until(&client.received, 1);

	is_mute = true;			/* the device loses power: no close_notify */
	link_close(l);
	is_mute = false;
	l = begin(&client, "127.0.0.1", "dev-1", KEY);
	rig_until(&server.gone, 1);
	assert_int_equal(server.going_why, ERR_REPLACED);
	assert_int_equal(stat_of(&stats()->handshakes_done), 2);
	rig_until(&client.connected, 2);
	assert_int_equal(stat_of(&stats()->associations), 1);
	say(l, "after");
	rig_until(&client.received, 2);
	close_both();
}

static void
device_that_begins_anew_needs_no_room(void **state)
{
	struct transport_filter f = { .datagram = mute };
	struct transport_opts muted = usual, full = usual;

	(void)state;
	muted.filter = &f;
	full.limits = (struct transport_limits){ .links = 1, .handshakes = 1, .links_per_prefix = 1 };
	open_server(&full, "127.0.0.1:0");
	open_client(&client, client_dtls, &muted);
	struct link *l = reach(&client, "127.0.0.1");
	is_mute = true;
	link_close(l);
	is_mute = false;
	say(reach(&client, "127.0.0.1"), "x");
	rig_until(&client.received, 1);
	assert_int_equal(stat_of(&stats()->associations), 1);
	assert_int_equal(server.failed, 0);
	close_both();
}

/* Keeps the second datagram that the server sends: its first flight after the cookie. */
static bool
lose_second(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)local;
	(void)remote;
	(void)p;
	(void)len;
	return outgoing && ++*(unsigned *)arg == 2;
}

static void
lost_flight_is_sent_again(void **state)
{
	unsigned sent = 0;
	struct transport_filter f = { .datagram = lose_second, .arg = &sent };
	struct transport_opts lossy = usual;

	(void)state;
	lossy.filter = &f;
	open_server(&lossy, "127.0.0.1:0");
	open_client(&client, client_dtls, &usual);
	say(reach(&client, "127.0.0.1"), "x");		/* a second later: the timer of RFC 6347 */
	rig_until(&client.received, 1);
	assert_int_equal(stat_of(&stats()->handshakes_begun), 1);
	close_both();
}

static uint8_t	stolen[2048];
static size_t	stolen_len;

/* Keeps the last ClientHello, and counts as nothing else. */
static bool
steal_hello(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	struct dtls_look look;

	(void)arg;
	(void)local;
	(void)remote;
	if (outgoing && dtls_look(p, len, &look) && look.is_hello) {
		memcpy(stolen, p, len);
		stolen_len = len;
	}
	return outgoing && is_mute;
}

static void
stranger_at_the_address_does_not_end_the_association(void **state)
{
	struct transport_filter f = { .datagram = steal_hello };
	struct transport_opts watched = usual;

	(void)state;
	watched.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &watched);
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1");
	/* The same ClientHello once more, as a network that duplicates brings it: nothing begins. */
	transport_inject(client.t, true, link_local(l), link_peer(l), stolen, stolen_len);
	rig_settle();
	assert_int_equal(stat_of(&stats()->handshakes_begun), 1);
	/* Another one, with a cookie that is not right: a HelloVerifyRequest at most. */
	stolen[13 + 12 + 2 + 31] ^= 1;
	stolen[13 + 12 + 2 + 32 + 1 + 3] ^= 1;
	transport_inject(client.t, true, link_local(l), link_peer(l), stolen, stolen_len);
	rig_settle();
	assert_int_equal(stat_of(&stats()->hello_verify), 2);
	assert_int_equal(stat_of(&stats()->handshakes_begun), 1);
	say(l, "still here");
	rig_until(&client.received, 1);
	assert_int_equal(server.gone, 0);
	close_both();
}

static void
newcomer_with_a_wrong_key_does_not_end_the_association(void **state)
{
	struct transport_filter f = { .datagram = mute };
	struct transport_opts muted = usual;

	(void)state;
	muted.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &muted);
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1");
	say(l, "x");
	rig_until(&client.received, 1);
	is_mute = true;
	link_close(l);
	is_mute = false;
	begin(&client, "127.0.0.1", "dev-1", "no such key");
	rig_until(&server.failed, 1);		/* after the client's first retransmission, 1 s */
	assert_string_equal(server.reason, "wrong-key");
	assert_int_equal(server.gone, 0);
	assert_int_equal(stat_of(&stats()->associations), 1);
	say(server.link, "the old one still works");
	close_both();
}

/* --- what costs nothing --- */

static void
spoofed_hellos_leave_nothing(void **state)
{
	struct transport_filter f = { .datagram = steal_hello };
	struct transport_opts watched = usual;
	struct link *l;

	(void)state;
	watched.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &watched);
	is_mute = true;
	l = begin(&client, "127.0.0.1", "dev-1", KEY);
	is_mute = false;
	for (unsigned i = 0; i < 1000; i++) {
		struct addr from = *link_local(l);

		from.ip[14] = (uint8_t)(i / 250 + 1);
		from.ip[15] = (uint8_t)(i % 250 + 1);
		transport_inject(client.t, true, &from, link_peer(l), stolen, stolen_len);
		if (i % 50 == 49)
			rig_settle();
	}
	rig_settle();
	assert_int_equal(stat_of(&stats()->hello_verify), 1000);
	assert_int_equal(stat_of(&stats()->handshakes_begun), 0);
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	assert_int_equal(stat_of(&stats()->associations), 0);
	close_both();
}

/* The version that the record of a HelloVerifyRequest had. */
static uint8_t answered[2];

static bool
steal_hello_and_answer(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	if (!outgoing && len > 13 && p[0] == 22 && p[13] == 3)	/* handshake, hello_verify_request */
		memcpy(answered, p + 1, sizeof(answered));
	return steal_hello(arg, outgoing, local, remote, p, len) || !outgoing;
}

/* tinydtls, so Wakaama and Contiki-NG, drops records of another version than its own. */
static void
hello_verify_has_the_version_of_the_hello(void **state)
{
	static const uint8_t versions[][2] = { { 0xfe, 0xfd }, { 0xfe, 0xff } };
	struct transport_filter f = { .datagram = steal_hello_and_answer };
	struct transport_opts watched = usual;

	(void)state;
	watched.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &watched);
	is_mute = true;
	struct link *l = begin(&client, "127.0.0.1", "dev-1", KEY);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		memcpy(stolen + 1, versions[i], sizeof(versions[i]));
		transport_inject(client.t, true, link_local(l), link_peer(l), stolen, stolen_len);
		rig_settle();
		assert_memory_equal(answered, versions[i], sizeof(versions[i]));
	}
	is_mute = false;
	close_both();
}

static void
broken_records_are_counted_and_dropped(void **state)
{
	(void)state;
	open_both();
	server.keep = true;
	struct link *l = reach(&client, "127.0.0.1");
	uint8_t record[13 + 40] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 40 };
	transport_inject(client.t, true, link_local(l), link_peer(l), record, sizeof(record));
	transport_inject(client.t, true, link_local(l), link_peer(l), record, 13);
	record[0] = 21;		/* an alert in clear, from anybody */
	record[3] = record[4] = 0;
	record[12] = 2;
	record[13] = 2;
	record[14] = 40;
	transport_inject(client.t, true, link_local(l), link_peer(l), record, 15);
	rig_settle();
	assert_int_equal(stat_of(&stats()->dtls_bad_records), 1);
	assert_int_equal(server.gone, 0);
	say(l, "still here");
	rig_until(&client.received, 1);
	close_both();
}

static void
records_before_their_keys_are_not_piled_up(void **state)
{
	struct transport_filter f = { .datagram = swallow_encrypted };
	struct transport_opts lossy = usual;

	(void)state;
	lossy.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &lossy);
	struct link *l = begin(&client, "127.0.0.1", "dev-1", KEY);
	for (int i = 0; i < 200 && stat_of(&stats()->handshakes_open) == 0; i++)
		rig_settle();
	uint8_t record[13 + 40] = { 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 40 };
	for (uint8_t i = 0; i < 50; i++) {
		record[10] = i;
		transport_inject(client.t, true, link_local(l), link_peer(l), record, sizeof(record));
	}
	rig_settle();
	assert_int_equal(stat_of(&stats()->dtls_bad_records), 50 - 4);
	assert_int_equal(stat_of(&stats()->handshakes_open), 1);
	close_both();
}

/* Keeps the datagram with the Finished back. */
static bool
hold_finished(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)arg;
	(void)local;
	(void)remote;
	if (!outgoing || !dtls_content(p, len).has_finished)
		return false;
	memcpy(stolen, p, len);
	stolen_len = len;
	loop_stop(loop);
	return true;
}

static void
early_records_of_a_stranger_do_not_stop_the_handshake(void **state)
{
	struct transport_filter f = { .datagram = hold_finished };
	struct transport_opts held = usual;
	uint8_t record[13 + 40] = { 22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 40 };

	(void)state;
	held.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &held);
	stolen_len = 0;
	struct link *l = begin(&client, "127.0.0.1", "dev-1", KEY);
	while (stolen_len == 0)
		assert_int_equal(loop_run(loop), ERR_OK);
	for (uint8_t i = 0; i < 10; i++)
		transport_inject(client.t, true, link_local(l), link_peer(l), record, sizeof(record));
	/* The flight, cut before its Finished, and again, as the client repeats it. */
	transport_inject(client.t, true, link_local(l), link_peer(l), stolen, stolen_len);
	transport_inject(client.t, true, link_local(l), link_peer(l), stolen, stolen_len);
	rig_until(&client.connected, 1);
	assert_int_equal(client.connected_why, ERR_OK);
	/* Six of the stranger's and the cut flight; and the other four, once there were keys. */
	assert_int_equal(stat_of(&stats()->dtls_bad_records), 6 + 1 + 1);
	close_both();
}

static void
lost_and_doubled_flights_do_not_matter(void **state)
{
	struct transport_filter f = { .datagram = twice, .arg = &client };
	struct transport_opts doubled = usual;

	(void)state;
	doubled.filter = &f;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &doubled);
	say(reach(&client, "127.0.0.1"), "x");
	rig_until(&client.received, 1);
	rig_settle();
	assert_int_equal(server.received, 1);	/* the replay window took the second */
	assert_int_equal(stat_of(&stats()->handshakes_begun), 1);
	close_both();
}

/* --- settings --- */

static void
bad_settings_are_refused_with_a_sentence(void **state)
{
	struct dtls_opts opts = { .ciphers = "no such suite", .mtu = 1280 };
	struct dtls_shared *s = NULL;
	const char *why = NULL;

	(void)state;
	assert_int_equal(dtls_shared_new(&opts, &s, &why), ERR_INVALID);
	assert_non_null(strstr(why, "cipher"));
	opts.ciphers = NULL;
	opts.mtu = 100;
	assert_int_equal(dtls_shared_new(&opts, &s, &why), ERR_INVALID);
	assert_non_null(strstr(why, "datagram size"));
	assert_null(s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_key_makes_an_association),
		cmocka_unit_test(largest_datagram_passes_and_a_larger_one_is_refused),
		cmocka_unit_test(every_suite_of_ours_works),
		cmocka_unit_test(many_devices_share_one_socket),
		cmocka_unit_test(wrong_key_is_told_as_such),
		cmocka_unit_test(unknown_identity_is_told_as_such),
		cmocka_unit_test(no_common_cipher_is_told_to_both),
		cmocka_unit_test(handshake_without_end_times_out),
		cmocka_unit_test(plain_coap_is_recognised),
		cmocka_unit_test(handshakes_beyond_the_limit_are_refused),
		cmocka_unit_test(associations_beyond_the_limits_are_refused),
		cmocka_unit_test(close_notify_ends_the_other_side),
		cmocka_unit_test(closing_within_received_is_safe),
		cmocka_unit_test(association_nobody_uses_goes_in_time),
		cmocka_unit_test(device_that_begins_anew_replaces_its_association),
		cmocka_unit_test(device_that_begins_anew_needs_no_room),
		cmocka_unit_test(lost_flight_is_sent_again),
		cmocka_unit_test(stranger_at_the_address_does_not_end_the_association),
		cmocka_unit_test(newcomer_with_a_wrong_key_does_not_end_the_association),
		cmocka_unit_test(spoofed_hellos_leave_nothing),
		cmocka_unit_test(hello_verify_has_the_version_of_the_hello),
		cmocka_unit_test(broken_records_are_counted_and_dropped),
		cmocka_unit_test(records_before_their_keys_are_not_piled_up),
		cmocka_unit_test(early_records_of_a_stranger_do_not_stop_the_handshake),
		cmocka_unit_test(lost_and_doubled_flights_do_not_matter),
		cmocka_unit_test(bad_settings_are_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, dtls_setup, dtls_teardown);
}
