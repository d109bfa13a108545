#include <sys/socket.h>

#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "unit/test_dtls_rig.h"

/* Sessions that are taken up again, by a client that is OpenSSL alone, with its own socket BIO. */

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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticket_resumes_while_the_key_is_the_same),
		cmocka_unit_test(session_id_resumes_while_the_key_is_the_same),
		cmocka_unit_test(ticket_of_another_worker_is_taken),
	};

	return cmocka_run_group_tests(tests, dtls_setup, dtls_teardown);
}
