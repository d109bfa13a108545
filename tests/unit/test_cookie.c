#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/dtls_cookie.h"

static const uint8_t secret[COOKIE_SECRET_LEN] = "one secret for all the workers";

static struct cookies	jar;
static struct addr	peer, local;

static int
setup(void **state)
{
	(void)state;
	if (addr_parse("192.0.2.1:5000", &peer) != ERR_OK || addr_parse("[::1]:5784", &local) != ERR_OK)
		return -1;
	return cookies_init(&jar, secret) == ERR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	cookies_fini(&jar);
	return 0;
}

static void
cookie_holds_for_its_lifetime_and_no_longer(void **state)
{
	const uint64_t made = 10 * COOKIE_LIFETIME_MS;
	uint8_t c[COOKIE_LEN];

	(void)state;
	assert_int_equal(cookie_make(&jar, made, &peer, &local, c), ERR_OK);
	assert_true(cookie_check(&jar, made, &peer, &local, c, sizeof(c)));
	assert_true(cookie_check(&jar, made + COOKIE_LIFETIME_MS, &peer, &local, c, sizeof(c)));
	assert_false(cookie_check(&jar, made + 2 * COOKIE_LIFETIME_MS, &peer, &local, c, sizeof(c)));
	assert_false(cookie_check(&jar, made - 1, &peer, &local, c, sizeof(c)));
	assert_true(cookie_make(&jar, 0, &peer, &local, c) == ERR_OK &&
	    cookie_check(&jar, 0, &peer, &local, c, sizeof(c)));
}

static void
cookie_is_bound_to_both_addresses(void **state)
{
	uint8_t c[COOKIE_LEN];
	struct addr other = peer;

	(void)state;
	assert_int_equal(cookie_make(&jar, 1, &peer, &local, c), ERR_OK);
	other.port++;
	assert_false(cookie_check(&jar, 1, &other, &local, c, sizeof(c)));
	other = peer;
	other.ip[15]++;
	assert_false(cookie_check(&jar, 1, &other, &local, c, sizeof(c)));
	assert_false(cookie_check(&jar, 1, &peer, &peer, c, sizeof(c)));
}

static void
changed_or_cut_cookie_is_refused(void **state)
{
	uint8_t c[COOKIE_LEN + 1] = { 0 };

	(void)state;
	assert_int_equal(cookie_make(&jar, 1, &peer, &local, c), ERR_OK);
	for (size_t i = 0; i < COOKIE_LEN; i++) {
		c[i] ^= 0x80;
		assert_false(cookie_check(&jar, 1, &peer, &local, c, COOKIE_LEN));
		c[i] ^= 0x80;
	}
	assert_false(cookie_check(&jar, 1, &peer, &local, c, COOKIE_LEN - 1));
	assert_false(cookie_check(&jar, 1, &peer, &local, c, COOKIE_LEN + 1));
	assert_false(cookie_check(&jar, 1, &peer, &local, c, 0));
}

static void
makers_with_one_secret_agree_and_others_do_not(void **state)
{
	static const uint8_t another[COOKIE_SECRET_LEN] = "another secret";
	struct cookies twin, stranger;
	uint8_t c[COOKIE_LEN];

	(void)state;
	assert_int_equal(cookies_init(&twin, secret), ERR_OK);
	assert_int_equal(cookies_init(&stranger, another), ERR_OK);
	assert_int_equal(cookie_make(&jar, 1, &peer, &local, c), ERR_OK);
	assert_true(cookie_check(&twin, 1, &peer, &local, c, sizeof(c)));
	assert_false(cookie_check(&stranger, 1, &peer, &local, c, sizeof(c)));
	cookies_fini(&twin);
	cookies_fini(&stranger);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookie_holds_for_its_lifetime_and_no_longer),
		cmocka_unit_test(cookie_is_bound_to_both_addresses),
		cmocka_unit_test(changed_or_cut_cookie_is_refused),
		cmocka_unit_test(makers_with_one_secret_agree_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
