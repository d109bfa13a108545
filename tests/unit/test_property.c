/*
 * Random lists of nodes: what is written in any format that can carry them comes back the same,
 * and a second decoder finds the same in it.
 */
#include "test_lwm2m.h"

#include <stdio.h>

#include "base/random.h"
#include "second_decoder.c"

#define ROUNDS		1500
#define NODES_MAX	40

static const int all[] = { FORMAT_TLV, FORMAT_TLV_OLD, FORMAT_SENML_CBOR, FORMAT_SENML_JSON,
    FORMAT_LWM2M_CBOR, FORMAT_JSON, FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR };

/* --- random values --- */

/* Characters of every length in UTF-8, with what JSON has to escape among them. */
static struct value
random_string(enum value_type type, struct arena *arena, size_t n)
{
	static const char *const wide[] = { "\303\244", "\342\202\254", "\360\237\230\200", "\"", "\\",
	    "/", "\177" };
	uint8_t *p = arena_alloc(arena, 4 * n + 1);
	size_t len = 0;

	assert_non_null(p);
	while (n-- > 0) {
		const char *c = wide[random_below(COUNT(wide))];
		size_t c_len = random_below(4) == 0 ? strlen(c) : 0;
		if (c_len == 0)
			p[len++] = (uint8_t)random_below(128);
		memcpy(p + len, c, c_len);
		len += c_len;
	}
	return value_bytes(type, p, len);
}

static struct value
random_float(void)
{
	double f;

	switch (random_below(4)) {
	case 0:
		return value_float((double)(int64_t)random_u64() / (double)(1 + random_below(1000000)));
	case 1:
		return value_float((double)((float)random_below(100000) / 64));
	case 2:
		return value_float((double)random_below(1000) - 500);
	default:
		do {
			uint64_t bits = random_u64();
			memcpy(&f, &bits, sizeof(f));
		} while (!isfinite(f));
		return value_float(f);
	}
}

/* A value of the type, of any size and sign. */
static struct value
random_value(enum value_type type, struct arena *arena)
{
	uint64_t bits = random_u64() >> random_below(64);
	size_t len = random_below(random_below(8) == 0 ? 600 : 20);
	uint8_t *p = arena_alloc(arena, len);

	assert_non_null(p);
	switch (type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		return random_string(type, arena, len);
	case VALUE_OPAQUE:
		random_bytes(p, len);
		return value_bytes(type, p, len);
	case VALUE_INTEGER:
	case VALUE_TIME:
		return (struct value){ .type = type,
		    .i = random_below(2) ? (int64_t)bits : ~(int64_t)(bits >> 1) };
	case VALUE_UNSIGNED:
		return value_unsigned(bits);
	case VALUE_FLOAT:
		return random_float();
	case VALUE_BOOLEAN:
		return value_boolean(random_below(2));
	case VALUE_OBJLNK:
		return value_objlnk((uint16_t)random_u64(), (uint16_t)random_u64());
	case VALUE_NONE:
		break;
	}
	return (struct value){ .type = VALUE_NONE };
}

/* --- random lists --- */

static unsigned seen_types;

static void
add(struct nodes *nodes, const struct path *path, enum value_type type)
{
	struct value v = random_value(type, nodes->arena);

	if (nodes->n == NODES_MAX)
		return;
	seen_types |= 1u << type;
	assert_int_equal(nodes_add(nodes, path, &v), ERR_OK);
}

/* A resource; a multiple one with up to 4 instances. */
static void
add_resource(struct nodes *nodes, const struct objdef *o, const struct resdef *r, uint16_t iid)
{
	uint32_t riid = random_below(4) == 0 ? 65500 : random_below(400);

	if (!r->multiple)
		add(nodes, &PATH_OIR(o->id, iid, r->id), r->type);
	for (uint32_t n = r->multiple ? 1 + random_below(4) : 0; n > 0; n--) {
		add(nodes, &PATH_OIRR(o->id, iid, r->id, (uint16_t)riid), r->type);
		riid += 1 + random_below(8);
	}
}

/* Some of the resources of an instance, at least one. */
static void
add_instance(struct nodes *nodes, const struct objdef *o, uint16_t iid)
{
	size_t n = nodes->n;

	while (nodes->n == n && n < NODES_MAX)
		for (size_t i = 0; i < o->nresources; i++)
			if (o->resources[i].type != VALUE_NONE && random_below(2) == 0)
				add_resource(nodes, o, &o->resources[i], iid);
}

static void
add_object(struct nodes *nodes, const struct objdef *o)
{
	uint32_t iid = random_below(4) == 0 ? 65000 : random_below(300);

	for (uint32_t n = 1 + random_below(3); n > 0; n--) {
		add_instance(nodes, o, (uint16_t)iid);
		iid += 1 + random_below(100);
	}
}

/* Nodes in tree order below a target of any depth; returns the target. */
static struct path
random_nodes(struct nodes *nodes)
{
	uint32_t n = (uint32_t)objdefs_count(defs), at = random_below(n);
	const struct objdef *o = objdefs_at(defs, at);
	uint16_t iid = (uint16_t)random_below(random_below(2) ? 10 : 65535);
	const struct resdef *r;

	switch (random_below(4)) {
	case 0:
		for (; at < n; at += 1 + random_below(4))
			add_object(nodes, objdefs_at(defs, at));
		return PATH_ROOT;
	case 1:
		add_object(nodes, o);
		return PATH_O(o->id);
	case 2:
		add_instance(nodes, o, iid);
		return PATH_OI(o->id, iid);
	default:
		do {
			r = &o->resources[random_below((uint32_t)o->nresources)];
		} while (r->type == VALUE_NONE);
		add_resource(nodes, o, r, iid);
		return PATH_OIR(o->id, iid, r->id);
	}
}

/* Whether the format has a way to say it (spec/bootstrap.md 4). */
static bool
carries(int cf, const struct path *target, const struct nodes *nodes)
{
	bool single = target->depth == 3 && nodes->n == 1 && nodes->v[0].path.depth == 3;

	switch (cf) {
	case FORMAT_TLV:
	case FORMAT_TLV_OLD:
	case FORMAT_JSON:
		return target->depth > 0;
	case FORMAT_TEXT:
	case FORMAT_CBOR:
		return single;
	case FORMAT_OPAQUE:
		return single && nodes->v[0].value.type == VALUE_OPAQUE;
	default:
		return true;
	}
}

/* jansson holds no whole number beyond 63 bits: such a payload is refused, not misread. */
static bool
is_beyond_json(int cf, const struct nodes *nodes)
{
	if (cf != FORMAT_JSON && cf != FORMAT_SENML_JSON)
		return false;
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->v[i].value.type == VALUE_UNSIGNED && nodes->v[i].value.u > INT64_MAX)
			return true;
	return false;
}

/* --- the properties --- */

static void
comes_back_the_same(int cf, const struct path *target, const struct nodes *nodes, const uint8_t *p,
    size_t len)
{
	struct nodes out = { .arena = nodes->arena };
	uint8_t *copy = exact_copy(p, len);
	enum err e = format_decode(cf, target, defs, copy, len, &out);

	if (is_beyond_json(cf, nodes)) {
		assert_int_equal(e, ERR_MALFORMED);
		assert_int_equal(out.n, 0);
	} else {
		assert_int_equal(e, ERR_OK);
		same_nodes(&out, nodes->v, nodes->n);
	}
	free(copy);
}

static bool
second_same(int cf, const struct second_value *got, const struct value *v, struct second *s)
{
	bool untyped = cf == FORMAT_LWM2M_CBOR || cf == FORMAT_CBOR || got->kind == S_PLAIN;
	struct second_value octets = *got;
	char link[16];

	switch (v->type) {
	case VALUE_STRING:
	case VALUE_CORELNK:
		return (got->kind == S_TEXT || got->kind == S_RAW || got->kind == S_PLAIN) &&
		    second_same_octets(got, v->bytes.p, v->bytes.len);
	case VALUE_OPAQUE:
		if (got->kind == S_PLAIN || (got->kind == S_TEXT && cf == FORMAT_JSON))
			second_base64(s, &octets, SECOND_ALNUM "+/", true);
		return (octets.kind == S_OCTETS || octets.kind == S_RAW) &&
		    second_same_octets(&octets, v->bytes.p, v->bytes.len);
	case VALUE_INTEGER:
	case VALUE_TIME:
		return second_same_integer(got, v->i < 0, v->i < 0 ? ~(uint64_t)v->i : (uint64_t)v->i);
	case VALUE_UNSIGNED:
		return second_same_integer(got, false, v->u);
	case VALUE_FLOAT:
		return second_same_float(got, v->f);
	case VALUE_BOOLEAN:
		if (got->kind == S_BOOLEAN)
			return got->n == v->b;
		return (got->kind == S_RAW || got->kind == S_PLAIN) && got->len == 1 &&
		    got->p[0] == (got->kind == S_PLAIN ? '0' : 0) + v->b;
	case VALUE_OBJLNK:
		if (got->kind == S_RAW) {
			const uint8_t raw[4] = { (uint8_t)(v->link.oid / 256), (uint8_t)(v->link.oid % 256),
			    (uint8_t)(v->link.iid / 256), (uint8_t)(v->link.iid % 256) };
			return second_same_octets(got, raw, 4);
		}
		snprintf(link, sizeof(link), "%d:%d", v->link.oid, v->link.iid);
		return got->kind == (!untyped ? S_LINK : got->kind == S_PLAIN ? S_PLAIN : S_TEXT) &&
		    second_same_octets(got, link, strlen(link));
	case VALUE_NONE:
		break;
	}
	return false;
}

static void
second_decoder_agrees(int cf, const struct path *target, const struct nodes *nodes, const uint8_t *p,
    size_t len)
{
	static struct second s;
	static char hex[2 * 65536 + 1];
	char name[PATH_TEXT_MAX];

	path_format(target, name);
	second_decode(&s, cf, name, p, len);
	bool same = s.n == nodes->n;
	for (size_t i = 0; same && i < s.n; i++) {
		path_format(&nodes->v[i].path, name);
		same = strcmp(s.v[i].name, name) == 0 && second_same(cf, &s.v[i], &nodes->v[i].value, &s);
	}
	if (!same) {
		text_hex(p, len, hex);
		fail_msg("format %d, at %s of %zu nodes, %zu read: %s", cf, name, nodes->n, s.n, hex);
	}
}

static void
random_nodes_survive_every_format_that_carries_them(void **state)
{
	static uint8_t buf[65536];
	unsigned written[COUNT(all)] = { 0 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena arena;
		struct nodes nodes = { .arena = &arena };
		arena_init(&arena, 16384, 0);
		struct path target = random_nodes(&nodes);
		for (size_t i = 0; i < COUNT(all); i++) {
			struct wr w = wr_over(buf, sizeof(buf));
			enum err e = format_encode(all[i], &target, nodes.v, nodes.n, &w);
			if (!carries(all[i], &target, &nodes)) {
				assert_int_equal(e, ERR_UNSUPPORTED);
				continue;
			}
			assert_int_equal(e, ERR_OK);
			comes_back_the_same(all[i], &target, &nodes, buf, w.len);
			second_decoder_agrees(all[i], &target, &nodes, buf, w.len);
			written[i]++;
		}
		arena_fini(&arena);
	}
	for (size_t i = 0; i < COUNT(all); i++)
		assert_true(written[i] > 0);
	assert_int_equal(seen_types, (1u << (VALUE_CORELNK + 1)) - 2);		/* all but NONE */
}

static void
random_damage_is_survived(void **state)
{
	static uint8_t buf[65536];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int cf = all[random_below(COUNT(all))];
		struct arena arena;
		struct nodes nodes = { .arena = &arena }, out = { .arena = &arena };
		struct wr w = wr_over(buf, sizeof(buf));

		arena_init(&arena, 16384, 0);
		struct path target = random_nodes(&nodes);
		if (format_encode(cf, &target, nodes.v, nodes.n, &w) == ERR_OK && w.len > 0) {
			uint8_t *copy = exact_copy(buf, w.len);
			for (uint32_t n = 1 + random_below(4); n > 0; n--)
				copy[random_below((uint32_t)w.len)] = (uint8_t)random_u64();
			if (format_decode(cf, &target, defs, copy, w.len, &out) != ERR_OK)
				assert_int_equal(out.n, 0);
			free(copy);
		}
		arena_fini(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_nodes_survive_every_format_that_carries_them),
		cmocka_unit_test(random_damage_is_survived),
	};
	return cmocka_run_group_tests(tests, load_defs, free_defs);
}
