#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "unit/test_certs.h"
#include "unit/test_dtls_rig.h"

#include "base/problem.h"
#include "transport/credentials.h"

/* Client certificates in handshakes: by our own client, and by one that is OpenSSL alone. */

#define ALERT_HANDSHAKE_FAILURE		40	/* RFC 5246, 7.2: clients try again later */
#define ALERT_CERTIFICATE_REVOKED	44	/* final */
#define ALERT_INTERNAL_ERROR		80

static struct issued ca, ca2, other, middle, server1, server2, device;

static int
make_authorities(void **state)
{
	(void)state;
	certs_open();
	ca = issue(&(struct wish){ .cn = "CA", .is_ca = true });
	ca2 = issue(&(struct wish){ .cn = "CA 2", .is_ca = true });
	other = issue(&(struct wish){ .cn = "Other", .is_ca = true });
	middle = issue(&(struct wish){ .cn = "Middle", .is_ca = true, .by = &ca });
	server1 = issue(&(struct wish){ .cn = "one", .san = "DNS:one.example.com", .by = &ca,
	    .eku = "serverAuth" });
	server2 = issue(&(struct wish){ .cn = "two", .san = "DNS:two.example.com", .by = &ca,
	    .eku = "serverAuth" });
	device = issue(&(struct wish){ .cn = "dev-1", .by = &ca, .eku = "clientAuth" });
	write_certs("ca.pem", false, &ca, (void *)NULL);
	write_certs("cas.pem", false, &ca, &ca2, (void *)NULL);
	write_certs("one.pem", true, &server1, (void *)NULL);
	write_certs("two.pem", true, &server2, (void *)NULL);
	return 0;
}

static int
free_authorities(void **state)
{
	(void)state;
	issued_free(&ca);
	issued_free(&ca2);
	issued_free(&other);
	issued_free(&middle);
	issued_free(&server1);
	issued_free(&server2);
	issued_free(&device);
	certs_close();
	return 0;
}

static struct dtls_shared *
certified(bool is_client, const char *certificate, const char *anchors, const char *crl)
{
	char certs[256] = "", ca_file[256] = "", crl_file[256] = "";
	struct dtls_opts opts = { .mtu = 1280, .client = is_client, .certificate = certs,
		.client_ca = ca_file, .crl = crl_file };
	struct dtls_shared *s = NULL;
	const char *why = "";

	if (certificate != NULL)
		snprintf(certs, sizeof(certs), "%s/one.pem %s/two.pem", certs_dir, certs_dir);
	if (anchors != NULL)
		snprintf(ca_file, sizeof(ca_file), "%s/%s", certs_dir, anchors);
	if (crl != NULL)
		snprintf(crl_file, sizeof(crl_file), "%s/%s", certs_dir, crl);
	if (dtls_shared_new(&opts, &s, &why) != ERR_OK)
		fail_msg("%s", why);
	return s;
}

static int
x509_setup(void **state)
{
	server_dtls = certified(false, "both", "ca.pem", NULL);
	client_dtls = certified(true, NULL, "ca.pem", NULL);
	return rig_setup(state);
}

/* With other files than the usual ones. */
static void
serve_with(const char *anchors, const char *crl)
{
	dtls_shared_free(server_dtls);
	server_dtls = certified(false, "both", anchors, crl);
	open_both();
}

static struct own_credential *
own(const struct issued *i, const struct issued *above)
{
	struct own_credential *ret = NULL;
	struct problem why;
	const char *file = write_certs("device.pem", true, i, above, (void *)NULL);

	assert_int_equal(own_credential_load(file, NULL, &ret, &why), ERR_OK);
	return ret;
}

static void
call_with(const struct issued *i, const struct issued *above)
{
	struct own_credential *cred = own(i, above);
	struct transport_connect how = {
		.scheme = LINK_COAPS, .local = rig_addr("127.0.0.1", &client),
		.remote = rig_addr("127.0.0.1", &server), .certificate = cred, .user = &client,
	};
	struct link *l;

	assert_int_equal(transport_connect(client.t, &how, &l), ERR_OK);
	own_credential_free(cred);		/* it was copied */
	rig_until(&client.connected, client.connected + 1);
}

static void
passes(const struct issued *i, const struct issued *above, bool is_verified)
{
	uint8_t der[2048];
	size_t len = der_of(i, der, sizeof(der));

	call_with(i, above);
	if (client.connected_why != ERR_OK)
		fail_msg("%s / %s", client.cause, server.cause);
	say(client.link, "hello");
	rig_until(&server.received, server.received + 1);
	assert_int_equal(server.kind, IDENTITY_CERTIFICATE);
	assert_true(server.is_verified == is_verified);
	assert_int_equal(server.identity_len, len);
	assert_memory_equal(server.identity, der, len);
}

static void
fails(const struct issued *i, const struct issued *above, const char *reason, const char *words)
{
	call_with(i, above);
	assert_int_not_equal(client.connected_why, ERR_OK);
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, reason);
	if (strstr(server.cause, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", server.cause, words);
	assert_int_equal(stat_of(&stats()->handshakes_done), 0);
	assert_int_equal(stat_of(&stats()->associations), 0);
}

static void
pin(const struct issued *i, enum err e)
{
	uint8_t der[2048];
	size_t len = der_of(i, der, sizeof(der));

	assert_int_equal(credential_digest(der, len, server.pinned), ERR_OK);
	server.pinned_err = e;
}

static void
chain_to_a_client_ca_passes(void **state)
{
	(void)state;
	open_both();
	passes(&device, NULL, true);
	assert_int_equal(server.pins_asked, 0);
	close_both();
}

static void
chain_with_a_ca_between_passes(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "dev-2", .by = &middle });

	(void)state;
	open_both();
	passes(&i, &middle, true);
	close_both();
	issued_free(&i);
}

static void
psk_goes_on_beside_certificates(void **state)
{
	struct dtls_shared *psk = shared(true, NULL);

	(void)state;
	open_server(&usual, "127.0.0.1:0");
	open_client(&client, psk, &usual);
	reach(&client, "127.0.0.1");
	say(client.link, "hello");
	rig_until(&server.received, 1);
	assert_int_equal(server.kind, IDENTITY_PSK);
	close_both();
	dtls_shared_free(psk);
}

static void
each_flaw_has_its_reason(void **state)
{
	const struct { struct wish wish; const char *reason, *words; } flaws[] = {
		{ { .cn = "d", .by = &ca, .from_s = -9 * DAY, .until_s = -DAY }, "expired", "expired 20" },
		{ { .cn = "d", .by = &ca, .from_s = DAY, .until_s = 9 * DAY }, "not-yet-valid", "clock" },
		{ { .cn = "d", .by = &other }, "unknown-ca", "issuer /CN=Other" },
		{ { .cn = "d" }, "unknown-ca", "no record pins it" },
		{ { .cn = "d", .by = &ca, .eku = "serverAuth" }, "bad-purpose", "not meant for clients" },
		{ { .cn = "d", .by = &device }, "unknown-ca", "issuer /CN=dev-1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
		struct issued bad = issue(&flaws[i].wish);

		open_both();
		fails(&bad, NULL, flaws[i].reason, flaws[i].words);
		close_both();
		issued_free(&bad);
	}
}

static void
names_in_failures_cannot_forge_a_log(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "x\" result=\"finished\n" });

	(void)state;
	open_both();
	fails(&i, NULL, "unknown-ca", "issuer /CN=x' result='finished\\x0A");
	close_both();
	issued_free(&i);
}

static void
failure_names_the_subject(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "dev-lost", .by = &other });

	(void)state;
	open_both();
	fails(&i, NULL, "unknown-ca", "");
	assert_int_equal(server.identity_len, strlen("/CN=dev-lost"));
	assert_memory_equal(server.identity, "/CN=dev-lost", server.identity_len);
	close_both();
	issued_free(&i);
}

static void
ca_that_is_expired_is_told_from_the_device(void **state)
{
	struct issued old = issue(&(struct wish){ .cn = "Old", .is_ca = true, .by = &ca,
	    .from_s = -9 * DAY, .until_s = -DAY });
	struct issued i = issue(&(struct wish){ .cn = "d", .by = &old });

	(void)state;
	open_both();
	fails(&i, &old, "expired", "a CA certificate above");
	close_both();
	issued_free(&old);
	issued_free(&i);
}

static void
revoked_certificate_is_refused_also_when_pinned(void **state)
{
	(void)state;
	write_crl("now.crl", &ca, &ca, &device, DAY);
	serve_with("ca.pem", "now.crl");
	pin(&device, ERR_OK);
	fails(&device, NULL, "revoked", "is revoked");
	close_both();
}

static void
list_that_is_out_of_date_still_counts(void **state)
{
	struct issued fine = issue(&(struct wish){ .cn = "fine", .by = &ca });

	(void)state;
	write_crl("old.crl", &ca, &ca, &device, -DAY);
	serve_with("ca.pem", "old.crl");
	passes(&fine, NULL, true);
	assert_int_equal(stat_of(&stats()->crl_out_of_date), 1);
	close_both();
	open_both();
	fails(&device, NULL, "revoked", "");
	close_both();
	issued_free(&fine);
}

static void
ca_without_a_list_revokes_nobody(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "d", .by = &ca2 });

	(void)state;
	write_crl("now.crl", &ca, &ca, &device, DAY);
	serve_with("cas.pem", "now.crl");
	passes(&i, NULL, true);
	close_both();
	issued_free(&i);
}

static void
pinned_certificate_passes_unverified(void **state)
{
	struct issued self = issue(&(struct wish){ .cn = "self", .from_s = -9 * DAY, .until_s = -DAY });

	(void)state;
	open_both();
	pin(&self, ERR_OK);
	passes(&self, NULL, false);
	assert_int_equal(server.pins_asked, 1);
	close_both();
	serve_with(NULL, NULL);		/* the same where no CA is known at all */
	pin(&self, ERR_OK);
	passes(&self, NULL, false);
	close_both();
	open_both();
	fails(&self, NULL, "unknown-ca", "no record pins it");
	close_both();
	issued_free(&self);
}

static void
store_that_fails_is_not_the_devices_fault(void **state)
{
	struct issued self = issue(&(struct wish){ .cn = "self" });

	(void)state;
	open_both();
	pin(&self, ERR_DB);
	fails(&self, NULL, "other", "could not be looked up");
	close_both();
	issued_free(&self);
}

static void
rsa_device_passes_when_its_key_is_strong(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "rsa", .by = &ca, .is_rsa = true });

	(void)state;
	open_both();
	passes(&i, NULL, true);
	close_both();
	issued_free(&i);
}

/* --- a client that is OpenSSL alone --- */

struct raw {
	SSL_CTX		*ctx;
	SSL		*ssl;
	int		 fd, alert;
	struct watch	*watch;
	SSL_SESSION	*session;
};

static struct raw raw;

static void
raw_readable(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	loop_stop(loop);
}

static void
raw_info(const SSL *ssl, int where, int value)
{
	(void)ssl;
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		raw.alert = value & 0xff;
}

static void
raw_open(const struct issued *i, const char *sni)
{
	struct sockaddr_storage ss;
	unsigned len = addr_to_sockaddr(&server.at, AF_INET, &ss);
	BIO *bio;

	raw.alert = 0;
	raw.ctx = SSL_CTX_new(DTLS_client_method());
	if (i != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(raw.ctx, i->x), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(raw.ctx, i->key), 1);
	}
	SSL_CTX_set_info_callback(raw.ctx, raw_info);
	raw.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(raw.fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(watch_new(loop, raw.fd, LOOP_READ, raw_readable, NULL, &raw.watch), ERR_OK);
	raw.ssl = SSL_new(raw.ctx);
	bio = BIO_new_dgram(raw.fd, BIO_NOCLOSE);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &ss);
	SSL_set_bio(raw.ssl, bio, bio);
	if (sni != NULL)
		SSL_set_tlsext_host_name(raw.ssl, sni);
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
raw_close(bool keep)
{
	if (keep) {
		SSL_SESSION_free(raw.session);
		raw.session = SSL_get1_session(raw.ssl);
	}
	SSL_shutdown(raw.ssl);
	SSL_free(raw.ssl);
	SSL_CTX_free(raw.ctx);
	watch_free(raw.watch);
	close(raw.fd);
	ERR_clear_error();
	rig_settle();
}

static void
raw_forget(void)
{
	SSL_SESSION_free(raw.session);
	raw.session = NULL;
}

/* The whole handshake; returns the alert that ended it, 0 when none did. */
static int
alert_for(const struct issued *i)
{
	raw_open(i, NULL);
	assert_false(raw_handshake());
	raw_close(false);
	return raw.alert;
}

static void
alerts_leave_the_device_a_way_back(void **state)
{
	struct issued old = issue(&(struct wish){ .cn = "d", .by = &ca,
	    .from_s = -9 * DAY, .until_s = -DAY });
	struct issued early = issue(&(struct wish){ .cn = "d", .by = &ca,
	    .from_s = DAY, .until_s = 9 * DAY });
	struct issued lost = issue(&(struct wish){ .cn = "d", .by = &other });
	struct issued self = issue(&(struct wish){ .cn = "d" });

	(void)state;
	write_crl("now.crl", &ca, &ca, &device, DAY);
	serve_with("ca.pem", "now.crl");
	assert_int_equal(alert_for(&old), ALERT_HANDSHAKE_FAILURE);
	assert_int_equal(alert_for(&early), ALERT_HANDSHAKE_FAILURE);
	assert_int_equal(alert_for(&lost), ALERT_HANDSHAKE_FAILURE);
	assert_int_equal(alert_for(NULL), ALERT_HANDSHAKE_FAILURE);
	assert_string_equal(server.reason, "no-certificate");
	pin(&self, ERR_DB);
	assert_int_equal(alert_for(&self), ALERT_INTERNAL_ERROR);
	assert_int_equal(alert_for(&device), ALERT_CERTIFICATE_REVOKED);
	close_both();
	issued_free(&old);
	issued_free(&early);
	issued_free(&lost);
	issued_free(&self);
}

static bool
shows(const char *sni, const struct issued *wanted)
{
	bool same;

	raw_open(&device, sni);
	assert_true(raw_handshake());
	same = X509_cmp(SSL_get0_peer_certificate(raw.ssl), wanted->x) == 0;
	raw_close(false);
	return same;
}

static void
name_picks_the_certificate(void **state)
{
	(void)state;
	open_both();
	assert_true(shows(NULL, &server1));
	assert_true(shows("one.example.com", &server1));
	assert_true(shows("two.example.com", &server2));
	assert_true(shows("TWO.example.com", &server2));	/* host names know no case */
	assert_true(shows("two", &server1));	/* the common name counts only without alternative names */
	assert_true(shows("nobody.example.com", &server1));
	close_both();
}

static void
server_without_a_certificate_says_so(void **state)
{
	(void)state;
	dtls_shared_free(server_dtls);
	server_dtls = shared(false, NULL);
	open_both();
	assert_int_equal(alert_for(&device), ALERT_HANDSHAKE_FAILURE);
	assert_string_equal(server.reason, "no-common-cipher");
	assert_non_null(strstr(server.cause, "pre-shared keys only"));
	close_both();
}

static bool
resumes(const struct issued *i)
{
	bool reused;

	raw_open(i, NULL);
	assert_true(raw_handshake());
	reused = SSL_session_reused(raw.ssl) == 1;
	assert_int_equal(SSL_write(raw.ssl, "hello", 5), 5);
	rig_until(&server.received, server.received + 1);
	assert_int_equal(server.kind, IDENTITY_CERTIFICATE);
	raw_close(true);
	return reused;
}

static void
certificate_session_is_taken_up_again(void **state)
{
	(void)state;
	open_both();
	assert_false(resumes(&device));
	assert_true(server.is_verified);
	assert_true(resumes(&device));
	assert_true(server.is_verified);
	assert_int_equal(server.identity_len, i2d_X509(device.x, NULL));
	raw_forget();
	close_both();
}

static void
session_of_a_pin_ends_with_the_pin(void **state)
{
	struct issued self = issue(&(struct wish){ .cn = "self" });

	(void)state;
	open_both();
	pin(&self, ERR_OK);
	assert_false(resumes(&self));
	assert_true(resumes(&self));
	assert_false(server.is_verified);
	server.pinned_err = ERR_NOTFOUND;
	raw_open(&self, NULL);
	assert_false(raw_handshake());
	raw_close(false);
	assert_string_equal(server.reason, "unknown-ca");
	raw_forget();
	close_both();
	issued_free(&self);
}

/* The end of the chain's validity is in the session. No clock can be turned here, so it is near. */
static void
session_ends_with_the_certificate(void **state)
{
	struct issued brief = issue(&(struct wish){ .cn = "brief", .by = &ca, .from_s = -DAY, .until_s = 1 });
	struct timer t;
	bool begun;

	(void)state;
	open_both();
	raw_open(&brief, NULL);
	begun = raw_handshake();	/* not on a machine that took a second for this */
	raw_close(begun);
	timer_init(&t, stop_loop, loop);
	timer_set(loop, &t, 1200);
	assert_int_equal(loop_run(loop), ERR_OK);
	timer_cancel(loop, &t);
	raw_open(&brief, NULL);
	assert_false(raw_handshake());
	raw_close(false);
	assert_string_equal(server.reason, "expired");
	raw_forget();
	close_both();
	issued_free(&brief);
}

/* --- new files while running --- */

static void
renew(const char *anchors, const char *crl)
{
	struct dtls_shared *fresh = certified(false, "both", anchors, crl);

	assert_int_equal(transport_renew(server.t, fresh), ERR_OK);
	dtls_shared_free(fresh);	/* the transport has its own hold */
}

static void
renewal_takes_a_new_ca_and_keeps_associations(void **state)
{
	struct issued late = issue(&(struct wish){ .cn = "late", .by = &ca2 });
	struct side first;

	(void)state;
	open_both();
	passes(&device, NULL, true);
	first = client;
	renew("cas.pem", NULL);
	say(first.link, "still here");
	rig_until(&server.received, 2);
	assert_int_equal(stat_of(&stats()->associations), 1);
	open_client(&client, client_dtls, &usual);
	passes(&late, NULL, true);
	assert_int_equal(stat_of(&stats()->associations), 2);
	transport_free(first.t);
	close_both();
	issued_free(&late);
}

static void
renewal_ends_resumption(void **state)
{
	(void)state;
	open_both();
	assert_false(resumes(&device));
	write_crl("now.crl", &ca, &ca, &device, DAY);
	renew("ca.pem", "now.crl");
	raw_open(&device, NULL);
	assert_false(raw_handshake());
	raw_close(false);
	assert_string_equal(server.reason, "revoked");
	raw_forget();
	close_both();
}

/* The one that is under way goes on with what it began with; nothing of it is left behind. */
static void
renewal_amid_a_handshake_harms_nobody(void **state)
{
	(void)state;
	open_both();
	raw_open(&device, NULL);
	for (int flight = 0; flight < 2; flight++) {	/* without a cookie, then with it */
		assert_int_equal(SSL_connect(raw.ssl), -1);
		assert_int_equal(loop_run(loop), ERR_OK);
	}
	assert_int_equal(stat_of(&stats()->handshakes_open), 1);
	renew("cas.pem", NULL);
	renew("ca.pem", NULL);
	assert_true(raw_handshake());
	assert_int_equal(SSL_write(raw.ssl, "hello", 5), 5);
	rig_until(&server.received, 1);
	assert_int_equal(server.kind, IDENTITY_CERTIFICATE);
	raw_close(true);
	assert_false(resumes(&device));		/* it was of the old ones */
	raw_forget();
	close_both();
}

static void
client_refuses_a_server_of_another_ca(void **state)
{
	(void)state;
	dtls_shared_free(client_dtls);
	write_certs("other.pem", false, &other, (void *)NULL);
	client_dtls = certified(true, NULL, "other.pem", NULL);
	open_both();
	call_with(&device, NULL);
	assert_int_not_equal(client.connected_why, ERR_OK);
	assert_non_null(strstr(client.cause, "server's certificate"));
	rig_until(&server.failed, 1);
	assert_string_equal(server.reason, "server-refused");
	close_both();
}

#define X509_TEST(name) cmocka_unit_test_setup_teardown(name, x509_setup, dtls_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		X509_TEST(chain_to_a_client_ca_passes),
		X509_TEST(chain_with_a_ca_between_passes),
		X509_TEST(psk_goes_on_beside_certificates),
		X509_TEST(each_flaw_has_its_reason),
		X509_TEST(failure_names_the_subject),
		X509_TEST(names_in_failures_cannot_forge_a_log),
		X509_TEST(ca_that_is_expired_is_told_from_the_device),
		X509_TEST(revoked_certificate_is_refused_also_when_pinned),
		X509_TEST(list_that_is_out_of_date_still_counts),
		X509_TEST(ca_without_a_list_revokes_nobody),
		X509_TEST(pinned_certificate_passes_unverified),
		X509_TEST(store_that_fails_is_not_the_devices_fault),
		X509_TEST(rsa_device_passes_when_its_key_is_strong),
		X509_TEST(alerts_leave_the_device_a_way_back),
		X509_TEST(name_picks_the_certificate),
		X509_TEST(server_without_a_certificate_says_so),
		X509_TEST(certificate_session_is_taken_up_again),
		X509_TEST(session_of_a_pin_ends_with_the_pin),
		X509_TEST(session_ends_with_the_certificate),
		X509_TEST(renewal_takes_a_new_ca_and_keeps_associations),
		X509_TEST(renewal_ends_resumption),
		X509_TEST(renewal_amid_a_handshake_harms_nobody),
		X509_TEST(client_refuses_a_server_of_another_ca),
	};

	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
