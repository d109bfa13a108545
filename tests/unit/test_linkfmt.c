#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "coap/linkfmt.h"

/*
 * The items of a payload, written out plainly: "<target>" or "-", then " name" or " name=value"
 * per attribute, then "|"; at the end "!" when something was damaged. The payload is read from a
 * block of its exact size, where an overrun is seen.
 */
static const char *
items(const char *payload)
{
	static char out[4096];
	size_t len = strlen(payload), n = 0;
	char *exact = malloc(len > 0 ? len : 1);
	struct linkfmt lf;
	struct linkfmt_link l;

	assert_non_null(exact);
	memcpy(exact, payload, len);
	out[0] = '\0';
	lf = linkfmt_over(exact, len);
	while (linkfmt_next(&lf, &l)) {
		if (l.has_target)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "<%.*s>", (int)l.target.len,
			    l.target.p);
		else
			n += (size_t)snprintf(out + n, sizeof(out) - n, "-");
		for (size_t i = 0; i < l.nattrs; i++) {
			const struct linkfmt_attr *a = &l.attrs[i];

			n += (size_t)snprintf(out + n, sizeof(out) - n, " %.*s", (int)a->name.len, a->name.p);
			if (a->value.len > 0)
				n += (size_t)snprintf(out + n, sizeof(out) - n, "=%.*s", (int)a->value.len,
				    a->value.p);
		}
		n += (size_t)snprintf(out + n, sizeof(out) - n, "|");
	}
	assert_false(linkfmt_next(&lf, &l));
	if (lf.err != ERR_OK)
		snprintf(out + n, sizeof(out) - n, "!");
	free(exact);
	return out;
}

struct sample {
	const char	*payload, *items;
};

static void
check(const struct sample *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(items(t[i].payload), t[i].items);
}

#define CHECK(t)	check(t, sizeof(t) / sizeof((t)[0]))

/* As printed in the LwM2M specifications, 1.0 to 1.2, and in their conformance tests. */
static void
printed_forms_are_read(void **state)
{
	static const struct sample t[] = {
		{ "lwm2m=\"1.0\",</0/0>;ssid=101, </0/1/>, </0/2>;ssid=102",
		  "- lwm2m=1.0|</0/0> ssid=101|</0/1/>|</0/2> ssid=102|" },
		{ "lwm2m=1.0,</0/0>;ssid=101,</0/1>", "- lwm2m=1.0|</0/0> ssid=101|</0/1>|" },
		{ "lwm2m=\"1.1\",</0/0>;ssid=1,</0/1>,</1/0>;ssid=1,</3/0>",
		  "- lwm2m=1.1|</0/0> ssid=1|</0/1>|</1/0> ssid=1|</3/0>|" },
		{ "</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://server_1.example.com\",</0/1>,"
		  "</0/2>;ssid=102;uri=\"coaps://server_2.example.com\"",
		  "</> lwm2m=1.1|</0/0> ssid=101 uri=coaps://server_1.example.com|</0/1>|"
		  "</0/2> ssid=102 uri=coaps://server_2.example.com|" },
		{ "</>;lwm2m=1.2,</0/0>;ssid=101;uri=\"coaps://server_1.example.com\",</0/1>,</1/0>;ssid=101,"
		  "</3/0>,</5>,</4>",
		  "</> lwm2m=1.2|</0/0> ssid=101 uri=coaps://server_1.example.com|</0/1>|</1/0> ssid=101|"
		  "</3/0>|</5>|</4>|" },
		{ "</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://s1.example.com\",</0/2>;ssid=102;"
		  "uri=\"coap://s1.example.com\",</21/0>;ssid=101,</21/2>;ssid=102,</0/1>,</21/1/>",
		  "</> lwm2m=1.1|</0/0> ssid=101 uri=coaps://s1.example.com|</0/2> ssid=102 "
		  "uri=coap://s1.example.com|</21/0> ssid=101|</21/2> ssid=102|</0/1>|</21/1/>|" },
		{ "</>;lwm2m=1.1,</0/0>,</0/1>;ssid=101;uri=\"coaps://s1.example.com\",</1/0/>;ssid=101,"
		  "</3/0>,</5>,</4>,</55>;ver=1.9,</55/0>",
		  "</> lwm2m=1.1|</0/0>|</0/1> ssid=101 uri=coaps://s1.example.com|</1/0/> ssid=101|</3/0>|"
		  "</5>|</4>|</55> ver=1.9|</55/0>|" },
	};

	(void)state;
	CHECK(t);
}

static void
vectors_are_read(void **state)
{
	static const struct sample t[] = {
		{ "</>;lwm2m=1.2,</0/0>,</0/1>;ssid=101;uri=\"coaps://s.example.com:5684\",</1/0>;ssid=101,"
		  "</3/0>,</5>",
		  "</> lwm2m=1.2|</0/0>|</0/1> ssid=101 uri=coaps://s.example.com:5684|</1/0> ssid=101|"
		  "</3/0>|</5>|" },
		{ "lwm2m=\"1.0\",</0/0>;ssid=1,</0/1>, </1/0>;ssid=1,</3/0>",
		  "- lwm2m=1.0|</0/0> ssid=1|</0/1>|</1/0> ssid=1|</3/0>|" },
		{ "</>;lwm2m=\"1.1\",</0/1/>,</55>;ver=1.9, </55/0>,</21/0>;ssid=101",
		  "</> lwm2m=1.1|</0/1/>|</55> ver=1.9|</55/0>|</21/0> ssid=101|" },
		{ "</0/0>;ssid=7;uri=\"coap://h/a,b;c>d\",</0/1>",
		  "</0/0> ssid=7 uri=coap://h/a,b;c>d|</0/1>|" },
		{ "", "" },
		{ "</0/0>;ssid=0", "</0/0> ssid=0|" },
		{ "</0/0>;ssid=70000", "</0/0> ssid=70000|" },
		{ "</0/65535>", "</0/65535>|" },
		{ "</0//1>", "</0//1>|" },
		{ "</0/0", "!" },
		{ "</lwm2m/0/0>", "</lwm2m/0/0>|" },
		{ "</0/2>,</21/0>", "</0/2>|</21/0>|" },
	};

	(void)state;
	CHECK(t);
}

static void
white_space_and_empty_parts_count_as_nothing(void **state)
{
	static const struct sample t[] = {
		{ "   ", "" },
		{ ",,", "" },
		{ ", </1> ; a = 1 ;b= \"2\" ;\tc , </2>\r\n", "</1> a=1 b=2 c|</2>|" },
		{ "</1>;;a;,</2>;,", "</1> a|</2>|" },
		{ "</1>;a=;b,</2>", "</1> a b|</2>|" },
		{ "<>", "<>|" },
		{ "lwm2m = \"1.0\" ; x=1 , </0>", "- lwm2m=1.0 x=1|</0>|" },
		{ "</1>;a=\"\"", "</1> a|" },
	};

	(void)state;
	CHECK(t);
}

static void
quotes_may_hold_anything_and_escapes_stay(void **state)
{
	static const struct sample t[] = {
		{ "</0/0>;uri=\"a\\\"b,;>\",</0/1>", "</0/0> uri=a\\\"b,;>|</0/1>|" },
		{ "</0/0>;uri=\"a\\\\\",</0/1>", "</0/0> uri=a\\\\|</0/1>|" },
	};

	(void)state;
	CHECK(t);
}

static void
damaged_items_are_skipped_and_told(void **state)
{
	static const struct sample t[] = {
		{ "</0/0,</0/1>", "</0/1>|!" },
		{ "</0/0;ssid=1,</0/1>;ssid=2", "</0/1> ssid=2|!" },
		{ "</0/0>;uri=\"x\"y,</0/1>", "</0/1>|!" },
		{ "</0/0>;uri=\"a,b\"y,</0/1>", "</0/1>|!" },
		{ "</0/0>x,</0/1>", "</0/1>|!" },
		{ "</0/0> </0/1>,</0/2>", "</0/2>|!" },
		{ "</0/0>;=1,</0/1>", "</0/1>|!" },
		{ "</0/0>;\"q\",</0/1>", "</0/1>|!" },
		{ "</1>,</0/0>;uri=\"open,</0/1>", "</1>|!" },
		{ "</0/0>;uri=\"a\\", "!" },
		{ "</0/0>;uri=\"a\\\"", "!" },
		{ "/0/1,</0/2>", "</0/2>|!" },
		{ ">,</0/2>", "</0/2>|!" },
		{ "\"a,b\",</0/2>", "</0/2>|!" },
		{ "<", "!" },
		{ "</0\"/0>,</0/2>", "!" },		/* the quote takes in all that follows */
		{ "=,;,</0/2>", "</0/2>|!" },
	};

	(void)state;
	CHECK(t);
}

static void
any_bytes_are_read_to_their_end(void **state)
{
	static const char payload[] = "</\0>;a=\0\xff,\0,</2>";
	struct linkfmt lf = linkfmt_over(payload, sizeof(payload) - 1);
	struct linkfmt_link l;

	(void)state;
	assert_true(linkfmt_next(&lf, &l));
	assert_int_equal(l.target.len, 2);
	assert_memory_equal(l.attrs[0].value.p, "\0\xff", 2);
	assert_true(linkfmt_next(&lf, &l));
	assert_false(l.has_target);
	assert_true(linkfmt_next(&lf, &l));
	assert_memory_equal(l.target.p, "/2", l.target.len);
	assert_false(linkfmt_next(&lf, &l));
	lf = linkfmt_over(NULL, 0);
	assert_false(linkfmt_next(&lf, &l));
	assert_int_equal(lf.err, ERR_OK);
}

static void
attributes_beyond_the_limit_are_passed_over(void **state)
{
	char payload[400] = "</1>";
	struct linkfmt lf;
	struct linkfmt_link l;
	size_t n = 4;

	(void)state;
	for (int i = 0; i < LINKFMT_ATTRS_MAX + 5; i++)
		n += (size_t)snprintf(payload + n, sizeof(payload) - n, ";a%d=\"%d\"", i, i);
	n += (size_t)snprintf(payload + n, sizeof(payload) - n, ",</2>");
	lf = linkfmt_over(payload, n);
	assert_true(linkfmt_next(&lf, &l));
	assert_int_equal(l.nattrs, LINKFMT_ATTRS_MAX);
	assert_non_null(linkfmt_find(&l, "a15"));
	assert_null(linkfmt_find(&l, "a16"));
	assert_true(linkfmt_next(&lf, &l));
	assert_int_equal(l.nattrs, 0);
	assert_int_equal(lf.err, ERR_OK);
}

static void
attributes_are_found_by_their_whole_name(void **state)
{
	static const char payload[] = "</0/0>;ss=1;ssid=2;ssidx=3;ssid=4";
	struct linkfmt lf = linkfmt_over(payload, sizeof(payload) - 1);
	struct linkfmt_link l;

	(void)state;
	assert_true(linkfmt_next(&lf, &l));
	assert_ptr_equal(linkfmt_find(&l, "ssid"), &l.attrs[1]);
	assert_null(linkfmt_find(&l, "s"));
	assert_null(linkfmt_find(&l, "ssidxy"));
	assert_null(linkfmt_find(&l, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_forms_are_read),
		cmocka_unit_test(vectors_are_read),
		cmocka_unit_test(white_space_and_empty_parts_count_as_nothing),
		cmocka_unit_test(quotes_may_hold_anything_and_escapes_stay),
		cmocka_unit_test(damaged_items_are_skipped_and_told),
		cmocka_unit_test(any_bytes_are_read_to_their_end),
		cmocka_unit_test(attributes_beyond_the_limit_are_passed_over),
		cmocka_unit_test(attributes_are_found_by_their_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
