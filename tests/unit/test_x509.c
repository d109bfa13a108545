#include "unit/test_certs.h"

#include "transport/credentials.h"

/* What certificates say about names, and what is made of ones that lie. */

static bool
names(const struct wish *w, const char *name)
{
	struct issued i = issue(w);
	uint8_t der[4096];
	size_t len = der_of(&i, der, sizeof(der));
	bool found = certificate_has_name(der, len, name);

	issued_free(&i);
	return found;
}

static void
common_name_is_compared_octet_by_octet(void **state)
{
	const struct wish w = { .cn = "urn:dev:Öl-1" };

	(void)state;
	assert_true(names(&w, "urn:dev:Öl-1"));
	assert_false(names(&w, "urn:dev:öl-1"));
	assert_false(names(&w, "urn:dev:Öl-"));
	assert_false(names(&w, "urn:dev:Öl-12"));
	assert_false(names(&w, ""));
}

static void
alternative_names_of_two_types_count(void **state)
{
	const struct wish w = { .cn = "x",
		.san = "DNS:dev.example.com,URI:urn:dev:os:1,email:dev@example.com,IP:192.0.2.1" };

	(void)state;
	assert_true(names(&w, "dev.example.com"));
	assert_true(names(&w, "urn:dev:os:1"));
	assert_true(names(&w, "x"));
	assert_false(names(&w, "dev@example.com"));
	assert_false(names(&w, "192.0.2.1"));
	assert_false(names(&w, "DEV.example.com"));
}

static void
wildcard_stands_for_itself_only(void **state)
{
	const struct wish w = { .cn = "*", .san = "DNS:*.example.com" };

	(void)state;
	assert_false(names(&w, "dev.example.com"));
	assert_false(names(&w, "anything"));
	assert_true(names(&w, "*.example.com"));
	assert_true(names(&w, "*"));
}

/* "dev-1\0.evil" as a common name must not pass for "dev-1". */
static void
nul_inside_a_name_cuts_nothing(void **state)
{
	struct issued i = { .x = X509_new(), .key = new_key(false) };
	uint8_t der[4096];
	char cn[64];
	size_t len;

	(void)state;
	X509_set_pubkey(i.x, i.key);
	X509_gmtime_adj(X509_getm_notBefore(i.x), 0);
	X509_gmtime_adj(X509_getm_notAfter(i.x), DAY);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(i.x), "CN", MBSTRING_UTF8,
	    (const uint8_t *)"dev-1\0.evil", 11, -1, 0);
	assert_true(X509_sign(i.x, i.key, EVP_sha256()) > 0);
	len = der_of(&i, der, sizeof(der));
	assert_false(certificate_has_name(der, len, "dev-1"));
	assert_int_equal(certificate_common_name(der, len, cn, sizeof(cn)), ERR_MALFORMED);
	issued_free(&i);
}

static enum err
common_name(const struct wish *w, const char *second, char *buf, size_t cap)
{
	struct issued i = issue(w);
	uint8_t der[4096];
	size_t len;
	enum err e;

	if (second != NULL) {
		X509_NAME_add_entry_by_txt(X509_get_subject_name(i.x), "CN", MBSTRING_UTF8,
		    (const uint8_t *)second, -1, -1, 0);
		assert_true(X509_sign(i.x, i.key, EVP_sha256()) > 0);
	}
	len = der_of(&i, der, sizeof(der));
	e = certificate_common_name(der, len, buf, cap);
	issued_free(&i);
	return e;
}

static void
common_name_is_told_when_there_is_one(void **state)
{
	char buf[16] = "untouched";

	(void)state;
	assert_int_equal(common_name(&(struct wish){ .cn = "two" }, "names", buf, sizeof(buf)), ERR_NOTFOUND);
	assert_int_equal(common_name(&(struct wish){ .cn = "o", .has_no_cn = true }, NULL, buf, sizeof(buf)),
	    ERR_NOTFOUND);
	assert_int_equal(common_name(&(struct wish){ .cn = "sixteen-octets-x" }, NULL, buf, sizeof(buf)),
	    ERR_TOOBIG);
	assert_string_equal(buf, "untouched");
	assert_int_equal(common_name(&(struct wish){ .cn = "fifteen-octets-" }, NULL, buf, sizeof(buf)),
	    ERR_OK);
	assert_string_equal(buf, "fifteen-octets-");
}

static void
every_prefix_of_a_certificate_has_no_name(void **state)
{
	struct issued i = issue(&(struct wish){ .cn = "dev-1", .san = "URI:urn:dev-1" });
	uint8_t der[4096], digest[CREDENTIAL_DIGEST_LEN];
	char buf[64];
	size_t len = der_of(&i, der, sizeof(der));

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *copy = malloc(n + 1);		/* so that a look past the end is seen */

		memcpy(copy, der, n);
		assert_false(certificate_has_name(copy, n, "dev-1"));
		assert_int_equal(certificate_common_name(copy, n, buf, sizeof(buf)), ERR_MALFORMED);
		free(copy);
	}
	der[len] = 0;
	assert_false(certificate_has_name(der, len + 1, "dev-1"));	/* nor one with something behind it */
	assert_int_equal(credential_digest(der, len, digest), ERR_OK);
	issued_free(&i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_name_is_compared_octet_by_octet),
		cmocka_unit_test(alternative_names_of_two_types_count),
		cmocka_unit_test(wildcard_stands_for_itself_only),
		cmocka_unit_test(nul_inside_a_name_cuts_nothing),
		cmocka_unit_test(common_name_is_told_when_there_is_one),
		cmocka_unit_test(every_prefix_of_a_certificate_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
