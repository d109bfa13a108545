#include "test_lwm2m.h"

#include <stdio.h>

#include "lwm2m/discovery.h"

static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 4096, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct discovery
parse(const char *text)
{
	struct discovery d = { .odd = true };
	uint8_t *copy = exact_copy(text, strlen(text));

	assert_int_equal(discovery_parse(copy, strlen(text), &arena, &d), ERR_OK);
	free(copy);
	return d;
}

static bool
has(const struct discovery *d, const char *text)
{
	struct path path = path_of(text);

	return discovery_has(d, &path);
}

static uint16_t
ssid_of(const struct discovery *d, const char *text)
{
	struct path path = path_of(text);

	for (size_t i = 0; i < d->nlinks; i++)
		if (path_eq(&d->links[i].path, &path))
			return d->links[i].ssid;
	fail_msg("%s is not listed", text);
	return 0;
}

/* The reserved instances are exactly these; -1 ends them. */
static void
reserves(const struct discovery *d, const int *iids)
{
	size_t n = 0;

	for (; *iids >= 0; iids++, n++)
		assert_true(discovery_reserved(d, (uint16_t)*iids));
	assert_int_equal(d->nreserved, n);
}
#define RESERVES(d, ...)	reserves(d, (const int[]){ __VA_ARGS__, -1 })

static void
answer_of_1_2_is_read(void **state)		/* L1 */
{
	struct discovery d = parse("</>;lwm2m=1.2,</0/0>,</0/1>;ssid=101;"
	    "uri=\"coaps://s.example.com:5684\",</1/0>;ssid=101,</3/0>,</5>");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.lwm2m, 0x0102);
	assert_int_equal(d.nlinks, 5);
	RESERVES(&d, 0);
	assert_false(discovery_reserved(&d, 1));
	assert_int_equal(ssid_of(&d, "/0/0"), 0);
	assert_int_equal(ssid_of(&d, "/0/1"), 101);
	assert_int_equal(ssid_of(&d, "/1/0"), 101);
	assert_true(has(&d, "/3/0") && has(&d, "/3") && has(&d, "/5") && has(&d, "/0"));
	assert_false(has(&d, "/5/0") || has(&d, "/2") || has(&d, "/0/2"));
	assert_int_equal(discovery_version(&d, 1), 0x0102);
	assert_int_equal(discovery_version(&d, 21), 0x0200);
}

static void
bare_first_item_is_the_enabler_version(void **state)	/* L2, and the forms of 1.3 */
{
	struct discovery d = parse("lwm2m=\"1.0\",</0/0>;ssid=1,</0/1>, </1/0>;ssid=1,</3/0>");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.lwm2m, 0x0100);
	assert_int_equal(d.nlinks, 4);
	RESERVES(&d, 1);

	d = parse("lwm2m=1.0,</0/0>;ssid=101,</0/1>");
	assert_false(d.odd);
	assert_int_equal(d.lwm2m, 0x0100);
	RESERVES(&d, 1);

	d = parse("lwm2m=\"1.0\",</0/0>;ssid=101, </0/1/>, </0/2>;ssid=102");
	assert_false(d.odd);
	RESERVES(&d, 1);
	assert_int_equal(ssid_of(&d, "/0/2"), 102);
}

static void
versions_and_trailing_slashes_are_read(void **state)	/* L3 */
{
	struct discovery d = parse("</>;lwm2m=\"1.1\",</0/1/>,</55>;ver=1.9, </55/0>,</21/0>;ssid=101");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.lwm2m, 0x0101);
	RESERVES(&d, 1);
	assert_int_equal(ssid_of(&d, "/21/0"), 101);
	assert_int_equal(discovery_version(&d, 55), 0x0109);
	assert_int_equal(discovery_version(&d, 1), 0x0101);
	assert_int_equal(discovery_version(&d, 3303), 0x0100);
	assert_int_equal(discovery_version(&d, 23), 0);

	d = parse("</1/0>;ssid=1;ver=\"1.1\",</0/0>");		/* on the one instance */
	assert_int_equal(discovery_version(&d, 1), 0x0101);
	assert_int_equal(discovery_version(&d, 3), 0);		/* enabler not said */
}

static void
separators_in_quotes_are_text(void **state)		/* L4 */
{
	struct discovery d = parse("</0/0>;ssid=7;uri=\"coap://h/a,b;c>d\",</0/1>");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.nlinks, 2);
	assert_int_equal(ssid_of(&d, "/0/0"), 7);
	RESERVES(&d, 1);
}

static void
empty_answer_lists_nothing(void **state)		/* L5 */
{
	struct discovery d = parse("");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.nlinks, 0);
	assert_int_equal(d.nreserved, 0);
	assert_false(has(&d, "/"));
}

static void
ssid_0_is_no_ssid(void **state)				/* L6 */
{
	struct discovery d = parse("</0/0>;ssid=0,</0/3>;ssid=4,</1/1>");

	(void)state;
	assert_false(d.odd);
	RESERVES(&d, 0);
	assert_int_equal(d.nlinks, 3);
}

static void
damaged_links_leave_instance_0_occupied(void **state)	/* L6b */
{
	static const char *const damaged[] = { "</0/0>;ssid=70000", "</0/65535>", "</0//1>", "</0/0",
	    "</0/0>;ssid=65535", "</0/0>;ssid=", "</0/0>;ssid=-1", "</0/00>", "0/0", "<0/0>",
	    "</0/0>;ssid=\"1", "</0/0/1>", "<>", "</0/0>ssid=1", "<<</0/1>", "<//>" };

	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		char text[100];
		struct discovery d = parse(damaged[i]);
		assert_true(d.odd);
		RESERVES(&d, 0);

		/* What is sound beside it still counts. */
		snprintf(text, sizeof(text), "</>;lwm2m=1.1,</1/3>;ssid=9,%s", damaged[i]);
		d = parse(text);
		assert_true(d.odd);
		assert_int_equal(d.lwm2m, 0x0101);
		assert_int_equal(ssid_of(&d, "/1/3"), 9);
		assert_true(discovery_reserved(&d, 0));
	}
}

static void
damaged_link_reserves_its_own_instance_too(void **state)
{
	struct discovery d = parse("</0/2>;ssid=abc,</0/1>;ssid=5");

	(void)state;
	assert_true(d.odd);
	assert_true(has(&d, "/0/2"));
	RESERVES(&d, 2, 0);
}

static void
damage_elsewhere_reserves_nothing(void **state)
{
	struct discovery d = parse("</0/1>,</1/0>;ssid=70000,</55>;ver=new,</5/0/1>,</3/65535>");

	(void)state;
	assert_true(d.odd);
	RESERVES(&d, 1);
	assert_int_equal(ssid_of(&d, "/1/0"), 0);
	assert_int_equal(discovery_version(&d, 55), 0);
	assert_false(has(&d, "/5/0"));
}

static void
alternate_paths_are_ignored(void **state)		/* L7 */
{
	struct discovery d = parse("</lwm2m/0/0>");

	(void)state;
	assert_true(d.odd);
	assert_int_equal(d.nlinks, 0);
	assert_true(discovery_reserved(&d, 0));
}

static void
account_list_of_a_pack_request_is_read(void **state)	/* L8 */
{
	struct discovery d = parse("</0/2>,</21/0>");

	(void)state;
	assert_false(d.odd);
	RESERVES(&d, 2);
	assert_true(has(&d, "/21/0"));
}

static void
oscore_instances_do_not_reserve_security_ones(void **state)
{
	struct discovery d = parse("</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://s1.example.com\","
	    "</0/2>;ssid=102;uri=\"coap://s1.example.com\",</21/0>;ssid=101,</21/2>;ssid=102,"
	    "</0/1>,</21/1/>");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.nlinks, 6);
	RESERVES(&d, 1);
	assert_int_equal(ssid_of(&d, "/21/1"), 0);
}

static void
object_links_of_real_clients_are_read(void **state)	/* field/clients.md 1-3 */
{
	struct discovery d = parse("</>;lwm2m=1.1,</0/0>,</0/1>;ssid=1;uri=\"coap://h:5683\","
	    "</1>;ver=1.1,</1/1>;ssid=1,</2>,</3/0>");

	(void)state;
	assert_false(d.odd);
	RESERVES(&d, 0);
	assert_int_equal(discovery_version(&d, 1), 0x0101);

	d = parse("</>;lwm2m=1.2,</0>;ver=1.0,</0/0>,</0/1>;ssid=1;uri=\"\",</1>;ver=1.2,</1/1>;ssid=1");
	assert_false(d.odd);
	RESERVES(&d, 0);
	assert_int_equal(discovery_version(&d, 0), 0x0100);
}

static void
unknown_attributes_are_no_error(void **state)
{
	struct discovery d = parse("</>;rt=\"oma.lwm2m\";ct=\"112 11542\",</0/0>;foo;bar=1;ssid=3");

	(void)state;
	assert_false(d.odd);
	assert_int_equal(d.lwm2m, 0);
	assert_int_equal(ssid_of(&d, "/0/0"), 3);
	assert_int_equal(d.nreserved, 0);
}

static void
more_accounts_than_remembered_are_still_reserved(void **state)
{
	char text[400] = "";
	size_t n = 0;

	(void)state;
	for (int i = 1; i <= 20; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "</0/%d>,", i);
	struct discovery d = parse(text);
	assert_int_equal(d.nreserved, 8);
	for (uint16_t i = 1; i <= 20; i++)
		assert_true(discovery_reserved(&d, i));
	assert_false(discovery_reserved(&d, 21));

	snprintf(text + n, sizeof(text) - n, "</0/0");		/* and one that is damaged */
	d = parse(text);
	for (uint16_t i = 0; i <= 20; i++)
		assert_true(discovery_reserved(&d, i));
	assert_false(discovery_reserved(&d, 21));
}

static void
too_many_links_are_refused(void **state)
{
	size_t n = 1025, len = n * 7;
	char *text = malloc(len + 1);
	struct discovery d = { .nlinks = 7 };

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + 7 * i, "</1/3>,", 8);
	assert_int_equal(discovery_parse(text, len, &arena, &d), ERR_TOOBIG);
	assert_int_equal(d.nlinks, 7);
	assert_int_equal(discovery_parse(text, len - 7, &arena, &d), ERR_OK);
	assert_int_equal(d.nlinks, 1024);
	free(text);
}

static void
every_prefix_is_survived(void **state)
{
	const char *text = "</>;lwm2m=\"1.1\",</0/1/>,</55>;ver=1.9, </0/2>;ssid=3;uri=\"coap://a,b\\\";c>\","
	    "</21/0>;ssid=101";

	(void)state;
	for (size_t i = 0; i <= strlen(text); i++) {
		struct discovery d;
		uint8_t *copy = exact_copy(text, i);
		assert_int_equal(discovery_parse(copy, i, &arena, &d), ERR_OK);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answer_of_1_2_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(bare_first_item_is_the_enabler_version, setup, teardown),
		cmocka_unit_test_setup_teardown(versions_and_trailing_slashes_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(separators_in_quotes_are_text, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_answer_lists_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(ssid_0_is_no_ssid, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_links_leave_instance_0_occupied, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_link_reserves_its_own_instance_too, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(damage_elsewhere_reserves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(alternate_paths_are_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(account_list_of_a_pack_request_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(oscore_instances_do_not_reserve_security_ones, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(object_links_of_real_clients_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_attributes_are_no_error, setup, teardown),
		cmocka_unit_test_setup_teardown(more_accounts_than_remembered_are_still_reserved, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(too_many_links_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_prefix_is_survived, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
