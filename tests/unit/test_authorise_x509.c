#include "test_bootstrap_rig.h"
#include "unit/test_certs.h"

#include "base/text.h"
#include "bootstrap/authorise.h"
#include "transport/credentials.h"

/* Who may bootstrap, for those who come with a certificate or a raw public key. */

static struct rig rig;
static struct arena arena;
static const char *name;
static struct problem why;
static struct issued named, self, twice;
static uint8_t spki[256];
static size_t spki_len;

/* A record with one %s in it: the digest of a certificate, or a key in hex. */
static void
endpoint_with(const char *record, const char *hex)
{
	char text[1024];
	const char *at = strstr(record, "%s");

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - record), record, hex, at + 2);
	rig_endpoint(&rig, text);
}

static void
hex_of(const struct issued *i, char hex[2 * CREDENTIAL_DIGEST_LEN + 1])
{
	uint8_t der[2048], digest[CREDENTIAL_DIGEST_LEN];

	assert_int_equal(credential_digest(der, der_of(i, der, sizeof(der)), digest), ERR_OK);
	text_hex(digest, sizeof(digest), hex);
}

static int
open_rig(void **state)
{
	char hex[2 * sizeof(spki) + 1];
	unsigned char *p = spki;

	(void)state;
	named = issue(&(struct wish){ .cn = "dev-1", .san = "URI:urn:dev-1,DNS:victim.example" });
	self = issue(&(struct wish){ .cn = "dev-2" });
	twice = issue(&(struct wish){ .cn = "dev-1" });
	spki_len = (size_t)i2d_PUBKEY(self.key, &p);
	rig_open(&rig);
	rig_endpoint(&rig, "{'endpoint':'dev-1','auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'urn:dev-1','auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'dev-2','auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'dev-3','auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'psk-1','auth':" RIG_PSK("dev-1") ",'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'open','auth':{'none':true},'config':" RIG_CONFIG "}");
	hex_of(&self, hex);
	endpoint_with("{'endpoint':'pinned','auth':{'certificate':{'sha256':'%s'}},'config':" RIG_CONFIG "}",
	    hex);
	hex_of(&twice, hex);
	endpoint_with("{'endpoint':'twin-1','auth':{'certificate':{'sha256':'%s'}},'config':" RIG_CONFIG "}",
	    hex);
	endpoint_with("{'endpoint':'twin-2','auth':{'certificate':{'sha256':'%s'}},'config':" RIG_CONFIG "}",
	    hex);
	text_hex(spki, spki_len, hex);
	endpoint_with("{'endpoint':'raw','auth':{'public_key':{'spki':{'hex':'%s'}}},"
	    "'config':" RIG_CONFIG "}", hex);
	rig_profile(&rig,
	    "{'profile':'fleet','match':['dev-*'],'auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	issued_free(&named);
	issued_free(&self);
	issued_free(&twice);
	return 0;
}

static enum verdict
ask(const char *ep, const struct identity *id)
{
	struct authorise_request req = { .ep = ep, .scheme = LINK_COAPS, .identity = id };
	struct resolved res;
	enum verdict v;

	arena_fini(&arena);
	arena_init(&arena, 1024, 0);
	name = NULL;
	why = (struct problem){ .text = "" };
	v = authorise(&req, rig.reader, rig.resolver, &arena, &res, &name, &why);
	if (v == VERDICT_ALLOWED)
		resolved_release(&res);
	else
		assert_string_not_equal(why.text, "");
	return v;
}

static enum verdict
shows(const char *ep, const struct issued *i, bool is_verified)
{
	uint8_t der[2048];
	struct identity id = { .kind = IDENTITY_CERTIFICATE, .p = der, .len = der_of(i, der, sizeof(der)),
		.is_verified = is_verified };

	return ask(ep, &id);
}

static void
names_of_a_verified_certificate_are_allowed(void **state)
{
	(void)state;
	assert_int_equal(shows("dev-1", &named, true), VERDICT_ALLOWED);
	assert_int_equal(shows("urn:dev-1", &named, true), VERDICT_ALLOWED);
	assert_int_equal(shows("dev-2", &self, true), VERDICT_ALLOWED);
	assert_int_equal(shows("dev-9", &named, true), VERDICT_NOT_AUTHORISED);	/* by the profile's match */
	assert_int_equal(shows("victim.example", &named, true), VERDICT_UNKNOWN);
}

static void
name_of_another_is_refused(void **state)
{
	(void)state;
	assert_int_equal(shows("dev-2", &named, true), VERDICT_NOT_AUTHORISED);
	assert_non_null(strstr(why.text, "common name"));
	assert_int_equal(shows("dev-3", &named, true), VERDICT_NOT_AUTHORISED);
}

static void
name_in_an_unverified_certificate_is_worth_nothing(void **state)
{
	(void)state;
	assert_int_equal(shows("dev-1", &named, false), VERDICT_NOT_AUTHORISED);
	assert_non_null(strstr(why.text, "no client CA"));
	assert_int_equal(shows("dev-2", &self, false), VERDICT_NOT_AUTHORISED);	/* pinned elsewhere */
}

static void
pin_takes_exactly_that_certificate(void **state)
{
	(void)state;
	assert_int_equal(shows("pinned", &self, false), VERDICT_ALLOWED);
	assert_int_equal(shows("pinned", &self, true), VERDICT_ALLOWED);
	assert_int_equal(shows("pinned", &named, true), VERDICT_NOT_AUTHORISED);
	assert_int_equal(shows("twin-1", &twice, false), VERDICT_ALLOWED);
	assert_int_equal(shows("twin-2", &twice, false), VERDICT_ALLOWED);
}

static void
missing_name_is_the_pins_or_the_common_name(void **state)
{
	(void)state;
	assert_int_equal(shows(NULL, &named, true), VERDICT_ALLOWED);
	assert_string_equal(name, "dev-1");
	assert_int_equal(shows(NULL, &self, false), VERDICT_ALLOWED);
	assert_string_equal(name, "pinned");
	assert_int_equal(shows(NULL, &named, false), VERDICT_NOT_AUTHORISED);
	assert_int_equal(shows(NULL, &twice, false), VERDICT_NOT_AUTHORISED);
	assert_non_null(strstr(why.text, "several records"));
}

static void
certificate_opens_no_other_door(void **state)
{
	const struct identity psk = { .kind = IDENTITY_PSK, .p = (const uint8_t *)"dev-1", .len = 5 };
	const struct identity nobody = { .kind = IDENTITY_NONE };

	(void)state;
	assert_int_equal(shows("psk-1", &named, true), VERDICT_NOT_AUTHORISED);
	assert_int_equal(shows("open", &named, true), VERDICT_NOT_AUTHORISED);
	assert_int_equal(shows("raw", &self, true), VERDICT_NOT_AUTHORISED);	/* the same key */
	assert_int_equal(ask("dev-1", &psk), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask("pinned", &psk), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask("dev-1", &nobody), VERDICT_NOT_AUTHORISED);
}

/* The transport of this build may be too old to bring one; the rule is here all the same. */
static void
raw_public_key_is_compared_whole(void **state)
{
	struct identity key = { .kind = IDENTITY_PUBLIC_KEY, .p = spki, .len = spki_len };

	(void)state;
	assert_int_equal(ask("raw", &key), VERDICT_ALLOWED);
	assert_int_equal(ask("dev-1", &key), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask("pinned", &key), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask(NULL, &key), VERDICT_ALLOWED);
	assert_string_equal(name, "raw");
	key.len--;
	assert_int_equal(ask("raw", &key), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask(NULL, &key), VERDICT_NOT_AUTHORISED);
}

static void
noise_in_place_of_a_certificate_is_refused(void **state)
{
	const struct identity noise = { .kind = IDENTITY_CERTIFICATE, .p = (const uint8_t *)"dev-1", .len = 5,
		.is_verified = true };

	(void)state;
	assert_int_equal(ask("dev-1", &noise), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask(NULL, &noise), VERDICT_NOT_AUTHORISED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_a_verified_certificate_are_allowed),
		cmocka_unit_test(name_of_another_is_refused),
		cmocka_unit_test(name_in_an_unverified_certificate_is_worth_nothing),
		cmocka_unit_test(pin_takes_exactly_that_certificate),
		cmocka_unit_test(missing_name_is_the_pins_or_the_common_name),
		cmocka_unit_test(certificate_opens_no_other_door),
		cmocka_unit_test(raw_public_key_is_compared_whole),
		cmocka_unit_test(noise_in_place_of_a_certificate_is_refused),
	};
	int bad = cmocka_run_group_tests(tests, open_rig, close_rig);

	arena_fini(&arena);
	return bad;
}
