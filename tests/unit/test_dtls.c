#include <sys/socket.h>

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "transport/dtls_record.h"
#include "unit/test_transport_rig.h"

/* DTLS with pre-shared keys: our server against our client, and against OpenSSL's own sockets. */

#define KEY	"0123456789abcdef"

static struct dtls_shared	*server_dtls, *client_dtls;
static struct side		 server, client;

static const struct transport_opts usual = {
	.handshake_timeout_ms = 20000, .idle_timeout_ms = 60000,
};

static struct dtls_shared *
shared(bool is_client, const char *ciphers)
{
	struct dtls_opts opts = { .ciphers = ciphers, .mtu = 1280, .client = is_client };
	struct dtls_shared *s = NULL;
	const char *why = NULL;

	assert_int_equal(dtls_shared_new(&opts, &s, &why), ERR_OK);
	return s;
}

static void
open_server(const struct transport_opts *opts, const char *at)
{
	struct transport_opts o = *opts;

	o.dtls = server_dtls;
	server = (struct side){ .echo = true, .psk_identity = "dev-1", .psk_key = KEY };
	rig_open(&server, &o);
	rig_listen(&server, LINK_COAPS, at);
}

static void
open_client(struct side *c, struct dtls_shared *d, const struct transport_opts *opts)
{
	struct transport_opts o = *opts;

	o.dtls = d;
	*c = (struct side){ 0 };
	rig_open(c, &o);
	rig_listen(c, LINK_COAPS, "0.0.0.0:0");
}

static void
open_both(void)
{
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, client_dtls, &usual);
}

static void
close_both(void)
{
	transport_free(client.t);
	transport_free(server.t);
}

static struct link *
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

static struct link *
reach(struct side *c, const char *from)
{
	struct link *l = begin(c, from, "dev-1", KEY);

	rig_until(&c->connected, c->connected + 1);
	assert_int_equal(c->connected_why, ERR_OK);
	assert_ptr_equal(c->link, l);
	return l;
}

static void
say(struct link *l, const char *text)
{
	assert_int_equal(link_send(l, (const uint8_t *)text, strlen(text)), ERR_OK);
}

static const struct transport_stats *
stats(void)
{
	return transport_stats(server.t);
}

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
	(void)state;
	open_both();
	for (unsigned i = 1; i <= 200; i++) {
		char from[32];

		snprintf(from, sizeof(from), "127.0.1.%u", i);
		begin(&client, from, "dev-1", KEY);
	}
	rig_until(&client.connected, 200);
	assert_int_equal(stat_of(&stats()->associations), 200);
	assert_int_equal(stat_of(&stats()->handshakes_open), 0);
	close_both();
	assert_int_equal(client.gone, 200);
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
	struct transport_opts doubled = usual;

	doubled.filter = &f;
	open_server(&usual, "127.0.0.1:0");
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
	return outgoing && dtls_has_finished(p, len);
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

/* --- resumption, with OpenSSL's own socket BIO as the client --- */

struct raw {
	SSL_CTX		*ctx;
	SSL		*ssl;
	int		 fd;
	struct watch	*watch;
	SSL_SESSION	*session;
	const char	*key;
};

static struct raw raw;

static unsigned
raw_key(SSL *ssl, const char *hint, char *identity, unsigned cap, unsigned char *psk, unsigned psk_cap)
{
	(void)ssl;
	(void)hint;
	assert_true(cap > 8 && psk_cap >= 16);
	memcpy(identity, "dev-1", 6);
	memcpy(psk, raw.key, strlen(raw.key));
	return (unsigned)strlen(raw.key);
}

static void
raw_readable(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	loop_stop(loop);
}

static void
raw_open(bool with_ticket)
{
	struct sockaddr_storage ss;
	unsigned len = addr_to_sockaddr(&server.at, AF_INET, &ss);
	BIO *bio;

	raw.key = KEY;
	raw.ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_set_security_level(raw.ctx, 0);
	SSL_CTX_set_cipher_list(raw.ctx, "PSK-AES128-CCM8");
	SSL_CTX_set_psk_client_callback(raw.ctx, raw_key);
	if (!with_ticket)
		SSL_CTX_set_options(raw.ctx, SSL_OP_NO_TICKET);
	raw.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(raw.fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(watch_new(loop, raw.fd, LOOP_READ, raw_readable, NULL, &raw.watch), ERR_OK);
	raw.ssl = SSL_new(raw.ctx);
	bio = BIO_new_dgram(raw.fd, BIO_NOCLOSE);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &ss);
	SSL_set_bio(raw.ssl, bio, bio);
	if (raw.session != NULL)
		assert_int_equal(SSL_set_session(raw.ssl, raw.session), 1);
}

static bool
raw_handshake(void)
{
	int r;

	while ((r = SSL_connect(raw.ssl)) != 1) {
		if (SSL_get_error(raw.ssl, r) != SSL_ERROR_WANT_READ)
			return false;
		assert_int_equal(loop_run(loop), ERR_OK);
	}
	return true;
}

static void
raw_close(void)
{
	SSL_SESSION_free(raw.session);
	raw.session = SSL_get1_session(raw.ssl);
	SSL_shutdown(raw.ssl);
	SSL_free(raw.ssl);
	SSL_CTX_free(raw.ctx);
	watch_free(raw.watch);
	close(raw.fd);
	rig_settle();
}

static void
raw_forget(void)
{
	SSL_SESSION_free(raw.session);
	raw.session = NULL;
}

static void
resume(bool with_ticket)
{
	open_server(&usual, "127.0.0.1:0");
	raw_open(with_ticket);
	assert_true(raw_handshake());
	raw_close();
	assert_int_equal(stat_of(&stats()->handshakes_resumed), 0);
	unsigned asked = server.psk_asked;

	raw_open(with_ticket);
	assert_true(raw_handshake());
	assert_int_equal(SSL_session_reused(raw.ssl), 1);
	assert_int_equal(SSL_write(raw.ssl, "hi", 2), 2);
	rig_until(&server.received, 1);
	assert_int_equal(server.identity_len, 5);
	assert_memory_equal(server.identity, "dev-1", 5);
	assert_int_equal(stat_of(&stats()->handshakes_resumed), 1);
	assert_true(server.psk_asked > asked);		/* the key was looked at again */
	raw_close();

	server.psk_key = "another key 1234";		/* the record changed */
	raw_open(with_ticket);
	raw.key = server.psk_key;
	assert_true(raw_handshake());
	assert_int_equal(SSL_session_reused(raw.ssl), 0);
	assert_int_equal(stat_of(&stats()->handshakes_resumed), 1);
	raw_close();

	server.psk_key = NULL;				/* the record was removed */
	raw_open(with_ticket);
	int r = SSL_connect(raw.ssl);
	assert_int_equal(SSL_get_error(raw.ssl, r), SSL_ERROR_WANT_READ);
	unsigned before = server.psk_asked;
	while (server.psk_asked < before + 2) {		/* for the session, then for the handshake */
		assert_int_equal(loop_run(loop), ERR_OK);
		assert_int_not_equal(SSL_connect(raw.ssl), 1);
	}
	rig_settle();
	assert_int_equal(stat_of(&stats()->handshakes_resumed), 1);
	assert_int_equal(stat_of(&stats()->associations), 0);
	raw_close();
	raw_forget();
	transport_free(server.t);
}

static void
ticket_resumes_while_the_key_is_the_same(void **state)
{
	(void)state;
	resume(true);
}

static void
session_id_resumes_while_the_key_is_the_same(void **state)
{
	(void)state;
	resume(false);
}

static void
ticket_of_another_worker_is_taken(void **state)
{
	(void)state;
	open_server(&usual, "127.0.0.1:0");
	raw_open(true);
	assert_true(raw_handshake());
	raw_close();
	transport_free(server.t);
	open_server(&usual, "127.0.0.1:0");	/* the same dtls_shared */
	raw_open(true);
	assert_true(raw_handshake());
	assert_int_equal(SSL_session_reused(raw.ssl), 1);
	raw_close();
	raw_forget();
	transport_free(server.t);
}

static int
setup(void **state)
{
	server_dtls = shared(false, NULL);
	client_dtls = shared(true, NULL);
	return rig_setup(state);
}

static int
teardown(void **state)
{
	dtls_shared_free(server_dtls);
	dtls_shared_free(client_dtls);
	return rig_teardown(state);
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
		cmocka_unit_test(stranger_at_the_address_does_not_end_the_association),
		cmocka_unit_test(newcomer_with_a_wrong_key_does_not_end_the_association),
		cmocka_unit_test(spoofed_hellos_leave_nothing),
		cmocka_unit_test(broken_records_are_counted_and_dropped),
		cmocka_unit_test(lost_and_doubled_flights_do_not_matter),
		cmocka_unit_test(bad_settings_are_refused_with_a_sentence),
		cmocka_unit_test(ticket_resumes_while_the_key_is_the_same),
		cmocka_unit_test(session_id_resumes_while_the_key_is_the_same),
		cmocka_unit_test(ticket_of_another_worker_is_taken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
