#include "test_bootstrap_rig.h"

#include "bootstrap/authorise.h"

static struct rig rig;
static struct arena arena;
static struct resolved res;
static const char *name;
static struct problem why;

static int
open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_endpoint(&rig, "{'endpoint':'psk-1','auth':" RIG_PSK("id-1") ",'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'psk-2','auth':" RIG_PSK("id-2") ",'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'thief','auth':" RIG_PSK("fleet-9") ",'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'open','auth':{'none':true},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig,
	    "{'endpoint':'off','enabled':false,'auth':{'none':true},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'off-psk','enabled':false,'auth':" RIG_PSK("id-off") "}");
	rig_endpoint(&rig, "{'endpoint':'bare','auth':{'none':true}}");
	rig_endpoint(&rig, "{'endpoint':'bare-psk','auth':" RIG_PSK("id-bare") "}");
	rig_endpoint(&rig, "{'endpoint':'cert','auth':{'certificate':{}},'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'no-auth','config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'broken','profile':'nowhere','auth':{'none':true}}");
	rig_profile(&rig, "{'profile':'fleet','match':['fleet-*'],'auth':{'psk':{'identity':'${endpoint}',"
	    "'key':{'derive':'m'}}},'config':" RIG_CONFIG "}");
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static uint64_t key_tag;		/* of the key that the handshake used; 0: not told */

static enum verdict
ask(const char *ep, enum link_scheme scheme, enum identity_kind kind, const char *identity)
{
	struct identity id = { .kind = kind, .p = (const uint8_t *)identity,
		.len = identity != NULL ? strlen(identity) : 0, .key_tag = key_tag };
	struct authorise_request req = { .ep = ep, .scheme = scheme, .identity = &id };
	enum verdict v;

	arena_fini(&arena);
	arena_init(&arena, 1024, 0);
	name = NULL;
	why = (struct problem){ .text = "" };
	v = authorise(&req, rig.reader, rig.resolver, &arena, &res, &name, &why);
	if (v == VERDICT_ALLOWED) {
		assert_string_equal(res.endpoint, name);
		resolved_release(&res);
	} else {
		assert_string_not_equal(why.text, "");	/* every refusal has its sentence */
	}
	return v;
}

static enum verdict
psk(const char *ep, const char *identity)
{
	return ask(ep, LINK_COAPS, IDENTITY_PSK, identity);
}

static enum verdict
nosec(const char *ep)
{
	return ask(ep, LINK_COAP, IDENTITY_NONE, NULL);
}

static void
own_identity_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(psk("psk-1", "id-1"), VERDICT_ALLOWED);
	assert_int_equal(psk("fleet-1", "fleet-1"), VERDICT_ALLOWED);
	assert_int_equal(nosec("open"), VERDICT_ALLOWED);
	assert_int_equal(ask("open", LINK_COAP_TCP, IDENTITY_NONE, NULL), VERDICT_ALLOWED);
}

/* The association is older than the change of the key. */
static void
key_that_was_replaced_is_refused(void **state)
{
	static const uint8_t key[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

	(void)state;
	key_tag = identity_key_tag(key, sizeof(key));
	assert_int_equal(psk("psk-1", "id-1"), VERDICT_ALLOWED);
	key_tag = identity_key_tag("the key before", 14);
	assert_int_equal(psk("psk-1", "id-1"), VERDICT_NOT_AUTHORISED);
	assert_non_null(strstr(why.text, "since the handshake"));
	assert_int_equal(psk(NULL, "id-1"), VERDICT_NOT_AUTHORISED);
	key_tag = 0;
}

static void
missing_name_comes_from_the_identity(void **state)
{
	(void)state;
	assert_int_equal(psk(NULL, "id-2"), VERDICT_ALLOWED);
	assert_string_equal(name, "psk-2");
	assert_int_equal(psk(NULL, "fleet-1"), VERDICT_ALLOWED);
	assert_string_equal(name, "fleet-1");
	assert_int_equal(psk(NULL, "fleet-9"), VERDICT_ALLOWED);	/* its record's name */
	assert_string_equal(name, "thief");
	assert_int_equal(psk(NULL, "nobody"), VERDICT_UNKNOWN);
	assert_int_equal(nosec(NULL), VERDICT_NOT_AUTHORISED);
	assert_null(name);
	assert_int_equal(ask(NULL, LINK_COAPS, IDENTITY_CERTIFICATE, "x"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask(NULL, LINK_COAPS, IDENTITY_PUBLIC_KEY, "x"), VERDICT_NOT_AUTHORISED);
}

static void
identity_that_is_no_name_is_refused(void **state)
{
	struct identity id = { .kind = IDENTITY_PSK, .p = (const uint8_t *)"a\0b", .len = 3 };
	struct authorise_request req = { .scheme = LINK_COAPS, .identity = &id };

	(void)state;
	assert_int_equal(authorise(&req, rig.reader, rig.resolver, &arena, &res, &name, &why),
	    VERDICT_NOT_AUTHORISED);
	id = (struct identity){ .kind = IDENTITY_PSK, .p = (const uint8_t *)"\xff\xfe", .len = 2 };
	assert_int_equal(authorise(&req, rig.reader, rig.resolver, &arena, &res, &name, &why),
	    VERDICT_NOT_AUTHORISED);
}

static void
good_credentials_of_another_are_refused(void **state)
{
	(void)state;
	assert_int_equal(psk("psk-1", "id-2"), VERDICT_NOT_AUTHORISED);
	assert_string_equal(name, "psk-1");
	assert_int_equal(psk("fleet-1", "fleet-2"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("fleet-1", "id-1"), VERDICT_NOT_AUTHORISED);
	/* 'thief' has a key of its own under an identity that reads like a device of the fleet */
	assert_int_equal(psk("fleet-9", "fleet-9"), VERDICT_NOT_AUTHORISED);
}

static void
identities_are_compared_whole(void **state)
{
	(void)state;
	assert_int_equal(psk("psk-1", "id-"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("psk-1", "id-11"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("psk-1", "ID-1"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("psk-1", ""), VERDICT_NOT_AUTHORISED);
}

static void
no_other_door_is_open(void **state)
{
	(void)state;
	assert_int_equal(nosec("psk-1"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(nosec("cert"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(nosec("no-auth"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("open", "id-1"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(psk("cert", "cert"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask("cert", LINK_COAPS, IDENTITY_CERTIFICATE, "cert"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(ask("psk-1", LINK_COAPS, IDENTITY_PUBLIC_KEY, "id-1"), VERDICT_NOT_AUTHORISED);
	/* NoSec is for plain CoAP: a link that should have an identity and has none is not it */
	assert_int_equal(ask("open", LINK_COAPS, IDENTITY_NONE, NULL), VERDICT_NOT_AUTHORISED);
}

static void
unknown_name_is_unknown_whoever_asks(void **state)
{
	(void)state;
	assert_int_equal(nosec("nobody"), VERDICT_UNKNOWN);
	assert_int_equal(psk("nobody", "id-1"), VERDICT_UNKNOWN);
	assert_string_equal(verdict_reason(VERDICT_UNKNOWN), "unknown-endpoint");
}

static void
only_the_device_learns_of_its_record(void **state)
{
	(void)state;
	assert_int_equal(nosec("off"), VERDICT_DISABLED);
	assert_int_equal(psk("off-psk", "id-off"), VERDICT_DISABLED);
	assert_int_equal(psk("off-psk", "id-1"), VERDICT_NOT_AUTHORISED);
	assert_int_equal(nosec("bare"), VERDICT_NO_CONFIG);
	assert_int_equal(psk("bare-psk", "id-bare"), VERDICT_NO_CONFIG);
	assert_int_equal(nosec("bare-psk"), VERDICT_NOT_AUTHORISED);
}

static void
record_that_does_not_hold_together_lets_nobody_in(void **state)
{
	(void)state;
	assert_int_equal(nosec("broken"), VERDICT_NO_CONFIG);
	assert_string_not_equal(why.reason, "no-config");	/* nothing was proven */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_identity_is_allowed),
		cmocka_unit_test(key_that_was_replaced_is_refused),
		cmocka_unit_test(missing_name_comes_from_the_identity),
		cmocka_unit_test(identity_that_is_no_name_is_refused),
		cmocka_unit_test(good_credentials_of_another_are_refused),
		cmocka_unit_test(identities_are_compared_whole),
		cmocka_unit_test(no_other_door_is_open),
		cmocka_unit_test(unknown_name_is_unknown_whoever_asks),
		cmocka_unit_test(only_the_device_learns_of_its_record),
		cmocka_unit_test(record_that_does_not_hold_together_lets_nobody_in),
	};
	int bad = cmocka_run_group_tests(tests, open_rig, close_rig);

	arena_fini(&arena);
	return bad;
}
