#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

static struct addr
parsed(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), ERR_OK);
	return a;
}

static const char *
formatted(const char *text)
{
	static char buf[ADDR_TEXT_MAX];
	struct addr a = parsed(text);

	return addr_format(&a, buf);
}

static void
sound_addresses_are_shown_as_they_were_given(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1:5783", "0.0.0.0:0", "255.255.255.255:65535", "[::]:0", "[::1]:5784",
		"[2001:db8::1]:1", "[fe80::1%lo]:5783", "[fe80::1]:5783",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(formatted(texts[i]), texts[i]);
	assert_string_equal(formatted("[::ffff:192.0.2.1]:7"), "192.0.2.1:7");
	assert_string_equal(formatted("[fe80::1%1]:5783"), "[fe80::1%lo]:5783");
	assert_string_equal(formatted("[fe80::1%4294967294]:5783"), "[fe80::1%4294967294]:5783");
}

static void
anything_else_is_malformed(void **state)
{
	static const char *const texts[] = {
		"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x",
		"127.0.0.1: 1", "127.1:1", "::1:5783", "[::1]", "[::1]5783", "[::1:5783", "::1]:5783",
		"[]:1", "[:1", "[127.0.0.1]:1", "localhost:1", "[fe80::1%nosuchif]:1", "[fe80::1%]:1",
		"[fe80::1%0]:1", "[::1]x:1",
		"[fe80::1%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]:1",
		"127.0.0.1:99999999999999999999",
	};
	struct addr a = { .port = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(addr_parse(texts[i], &a), ERR_MALFORMED);
	assert_int_equal(a.port, 7);
}

static void
v4_is_kept_mapped(void **state)
{
	struct addr a = parsed("192.0.2.1:80");

	(void)state;
	assert_memory_equal(a.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
	assert_int_equal(a.family, AF_INET);
	assert_true(addr_is_v4(&a));
	a = parsed("[::c000:201]:80");
	assert_int_equal(a.family, AF_INET6);
	assert_false(addr_is_v4(&a));
}

static void
there_and_back_through_both_kinds_of_socket(void **state)
{
	struct addr a = parsed("192.0.2.1:4660"), b;
	struct sockaddr_storage ss;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	(void)state;
	assert_int_equal(addr_to_sockaddr(&a, AF_INET, &ss), sizeof(sin));
	memcpy(&sin, &ss, sizeof(sin));
	assert_int_equal(ntohs(sin.sin_port), 4660);
	assert_int_equal(ntohl(sin.sin_addr.s_addr), 0xc0000201);
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&ss, &b), ERR_OK);
	assert_true(addr_eq(&a, &b));
	assert_int_equal(b.family, AF_INET);

	assert_int_equal(addr_to_sockaddr(&a, AF_INET6, &ss), sizeof(sin6));
	memcpy(&sin6, &ss, sizeof(sin6));
	assert_true(IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr));
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&ss, &b), ERR_OK);
	assert_true(addr_eq(&a, &b));
	assert_int_equal(b.family, AF_INET6);

	a = parsed("[fe80::1%lo]:1");
	(void)addr_to_sockaddr(&a, AF_INET6, &ss);
	memcpy(&sin6, &ss, sizeof(sin6));
	assert_int_equal(sin6.sin6_scope_id, if_nametoindex("lo"));
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&ss, &b), ERR_OK);
	assert_true(addr_eq(&a, &b));

	ss.ss_family = AF_UNIX;
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&ss, &b), ERR_UNSUPPORTED);
}

static void
addresses_are_equal_in_ip_scope_and_port(void **state)
{
	struct addr a = parsed("[fe80::1%1]:1"), b = a;

	(void)state;
	b.family = 0;
	assert_true(addr_eq(&a, &b));
	b.port = 2;
	assert_false(addr_eq(&a, &b));
	b = a;
	b.scope = 2;
	assert_false(addr_eq(&a, &b));
	b = a;
	b.ip[15] ^= 1;
	assert_false(addr_eq(&a, &b));
}

static void
prefix_is_24_bits_of_v4_and_56_of_v6(void **state)
{
	struct addr a = parsed("192.0.2.77:9"), b = parsed("192.0.2.254:10"), p;

	(void)state;
	p = addr_prefix(&a);
	a = addr_prefix(&b);
	assert_true(addr_eq(&p, &a));
	b = parsed("192.0.2.0:0");
	assert_true(addr_eq(&p, &b));

	a = parsed("[2001:db8:1:2ff:3:4:5:6]:9");
	p = addr_prefix(&a);
	b = parsed("[2001:db8:1:200::]:0");
	assert_true(addr_eq(&p, &b));
}

static void
addresses_have_no_padding(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct addr), 16 + 4 + 2 + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_addresses_are_shown_as_they_were_given),
		cmocka_unit_test(anything_else_is_malformed),
		cmocka_unit_test(v4_is_kept_mapped),
		cmocka_unit_test(there_and_back_through_both_kinds_of_socket),
		cmocka_unit_test(addresses_are_equal_in_ip_scope_and_port),
		cmocka_unit_test(prefix_is_24_bits_of_v4_and_56_of_v6),
		cmocka_unit_test(addresses_have_no_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
