#include "unit/test_certs.h"

#include "base/problem.h"
#include "transport/credentials.h"
#include "transport/transport.h"

/* Files of certificates: what is taken, and the sentence about each that is not. */

static struct issued ca, other, server, rsa, client;

static int
setup(void **state)
{
	(void)state;
	certs_open();
	ca = issue(&(struct wish){ .cn = "CA", .is_ca = true });
	other = issue(&(struct wish){ .cn = "Other", .is_ca = true });
	server = issue(&(struct wish){ .cn = "bs.example.com", .by = &ca, .eku = "serverAuth" });
	client = issue(&(struct wish){ .cn = "dev-1", .by = &ca, .eku = "clientAuth" });
	rsa = issue(&(struct wish){ .cn = "rsa.example.com", .by = &ca, .is_rsa = true });
	write_certs("ca.pem", false, &ca, (void *)NULL);
	write_certs("other.pem", false, &other, (void *)NULL);
	write_certs("server.pem", false, &server, &ca, (void *)NULL);
	write_certs("both.pem", true, &server, (void *)NULL);
	write_certs("client.pem", true, &client, (void *)NULL);
	write_certs("rsa.pem", true, &rsa, (void *)NULL);
	write_key("server.key", &server, NULL);
	write_key("locked.key", &server, "secret");
	write_crl("good.crl", &ca, &ca, &client, 5 * DAY);
	write_crl("old.crl", &ca, &ca, &client, -DAY);
	write_crl("forged.crl", &ca, &other, NULL, 5 * DAY);
	write_text("empty.pem", "");
	write_text("noise.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	issued_free(&ca);
	issued_free(&other);
	issued_free(&server);
	issued_free(&client);
	issued_free(&rsa);
	certs_close();
	return 0;
}

/* Names of files in the folder, separated by spaces, as the options have them. */
static const char *
list(const char *names, char *buf, size_t size)
{
	size_t len = 0;

	if (names == NULL)
		return NULL;
	buf[0] = '\0';
	for (const char *p = names; *p != '\0';) {
		size_t n = strcspn(p, " ");

		len += (size_t)snprintf(buf + len, size - len, "%s%s/%.*s", len > 0 ? "  " : "", certs_dir,
		    (int)n, p);
		p += n + strspn(p + n, " ");
	}
	return buf;
}

struct files {
	const char	*certificate, *private_key, *client_ca, *crl, *ciphers;
};

static enum err
make(const struct files *f, struct dtls_shared **ret, const char **why)
{
	char cert[512], key[512], anchors[512], crl[512];
	const struct dtls_opts opts = {
		.mtu = 1280, .ciphers = f->ciphers,
		.certificate = list(f->certificate, cert, sizeof(cert)),
		.private_key = list(f->private_key, key, sizeof(key)),
		.client_ca = list(f->client_ca, anchors, sizeof(anchors)),
		.crl = list(f->crl, crl, sizeof(crl)),
	};

	return dtls_shared_new(&opts, ret, why);
}

static void
accepted(const struct files *f, const char *warning)
{
	struct dtls_shared *s = NULL;
	const char *why = "", *said;

	if (make(f, &s, &why) != ERR_OK)
		fail_msg("refused: %s", why);
	said = dtls_shared_warning(s, 0);
	if (warning == NULL)
		assert_null(said);
	else if (said == NULL || strstr(said, warning) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", said == NULL ? "" : said, warning);
	dtls_shared_free(s);
}

static void
refused(const struct files *f, const char *file, const char *words)
{
	struct dtls_shared *s = NULL;
	const char *why = "";

	assert_int_equal(make(f, &s, &why), ERR_INVALID);
	assert_null(s);
	if (strstr(why, words) == NULL || strstr(why, file) == NULL)
		fail_msg("\"%s\" does not say \"%s\" of %s", why, words, file);
}

static void
good_files_are_taken(void **state)
{
	(void)state;
	accepted(&(struct files){ 0 }, NULL);
	accepted(&(struct files){ .certificate = "server.pem", .private_key = "server.key" }, NULL);
	accepted(&(struct files){ .certificate = "both.pem" }, NULL);
	accepted(&(struct files){ .certificate = "both.pem client.pem",
	    .client_ca = "ca.pem other.pem" }, NULL);
	accepted(&(struct files){ .certificate = "server.pem both.pem", .private_key = "server.key both.pem",
	    .client_ca = "ca.pem", .crl = "good.crl" }, NULL);
	accepted(&(struct files){ .certificate = "rsa.pem", .ciphers = "ECDHE-RSA-AES128-GCM-SHA256" }, NULL);
}

static void
broken_files_are_named(void **state)
{
	(void)state;
	refused(&(struct files){ .certificate = "none.pem" }, "none.pem", "No such file");
	refused(&(struct files){ .certificate = "empty.pem" }, "empty.pem", "no certificate");
	refused(&(struct files){ .certificate = "noise.pem" }, "noise.pem", "damaged");
	refused(&(struct files){ .certificate = "server.pem" }, "server.pem", "no private key");
	refused(&(struct files){ .certificate = "server.pem", .private_key = "locked.key" }, "locked.key",
	    "without a password");
	refused(&(struct files){ .certificate = "server.pem", .private_key = "client.pem" }, "client.pem",
	    "does not belong");
	refused(&(struct files){ .certificate = "rsa.pem" }, "rsa.pem", "secp256r1");
}

static void
lists_that_do_not_go_together_are_refused(void **state)
{
	(void)state;
	refused(&(struct files){ .certificate = "server.pem both.pem", .private_key = "server.key" },
	    "both.pem", "as many keys");
	refused(&(struct files){ .certificate = "server.pem", .private_key = "server.key both.pem" },
	    "both.pem", "no certificate for this");
	refused(&(struct files){ .private_key = "server.key" }, "server.key", "without a certificate");
	refused(&(struct files){ .client_ca = "ca.pem" }, "ca.pem", "certificate of the server");
	refused(&(struct files){ .certificate = "both.pem", .crl = "good.crl" }, "good.crl", "its CA");
	refused(&(struct files){ .certificate = "both.pem", .client_ca = "client.pem" },
	    "client.pem", "no CA's");
}

static void
revocation_lists_are_checked(void **state)
{
	(void)state;
	refused(&(struct files){ .certificate = "both.pem", .client_ca = "ca.pem", .crl = "forged.crl" },
	    "forged.crl", "signature");
	refused(&(struct files){ .certificate = "both.pem", .client_ca = "other.pem", .crl = "good.crl" },
	    "good.crl", "not among the client CAs");
	refused(&(struct files){ .certificate = "both.pem", .client_ca = "ca.pem", .crl = "server.pem" },
	    "server.pem", "no revocation list");
	accepted(&(struct files){ .certificate = "both.pem", .client_ca = "ca.pem", .crl = "old.crl" },
	    "out of date");
	accepted(&(struct files){ .certificate = "both.pem", .client_ca = "ca.pem other.pem",
	    .crl = "good.crl" }, "no revocation list of this CA");
}

static void
dates_are_warned_of(void **state)
{
	struct issued old = issue(&(struct wish){ .cn = "old", .by = &ca,
	    .from_s = -9 * DAY, .until_s = -DAY });
	struct issued early = issue(&(struct wish){ .cn = "early", .by = &ca,
	    .from_s = DAY, .until_s = 9 * DAY });

	(void)state;
	write_certs("old.pem", true, &old, (void *)NULL);
	write_certs("early.pem", true, &early, (void *)NULL);
	accepted(&(struct files){ .certificate = "old.pem" }, "has expired");
	accepted(&(struct files){ .certificate = "early.pem" }, "not valid yet");
	issued_free(&old);
	issued_free(&early);
}

static void
own_credential_of_a_client_is_loaded(void **state)
{
	struct own_credential *own = NULL;
	struct problem why;

	(void)state;
	assert_int_equal(own_credential_load(in_dir("client.pem"), NULL, &own, &why), ERR_OK);
	own_credential_free(own);
	own = NULL;
	assert_int_equal(own_credential_load(in_dir("client.pem"), in_dir("server.key"), &own, &why),
	    ERR_INVALID);
	assert_null(own);
	assert_non_null(strstr(why.text, "does not belong"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_are_taken),
		cmocka_unit_test(broken_files_are_named),
		cmocka_unit_test(lists_that_do_not_go_together_are_refused),
		cmocka_unit_test(revocation_lists_are_checked),
		cmocka_unit_test(dates_are_warned_of),
		cmocka_unit_test(own_credential_of_a_client_is_loaded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
