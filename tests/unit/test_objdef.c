#include "test_lwm2m.h"

#include <stdio.h>
#include <unistd.h>

#include "base/problem.h"

static char dir_a[] = "/tmp/objdef-a-XXXXXX", dir_b[] = "/tmp/objdef-b-XXXXXX";

static int
make_dirs(void **state)
{
	(void)state;
	return mkdtemp(dir_a) != NULL && mkdtemp(dir_b) != NULL ? 0 : -1;
}

static void
clear(const char *dir)
{
	static const char *const names[] = { "x.json", "y.json", ".hidden.json", "notes.txt" };
	char path[100];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
}

static int
remove_dirs(void **state)
{
	(void)state;
	clear(dir_a);
	clear(dir_b);
	return rmdir(dir_a) == 0 && rmdir(dir_b) == 0 ? 0 : -1;
}

static void
put(const char *dir, const char *name, const char *text)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static enum err
load(struct objdefs **ret, struct problem *why)
{
	const char *const dirs[] = { dir_a, dir_b, NULL };

	return objdefs_load(dirs, ret, why);
}

#define OBJECT(id, name, resources)							\
	"{\"object\":" id ",\"name\":\"" name "\",\"multiple\":true,\"mandatory\":false,"	\
	"\"versions\":[\"1.0\",\"1.1\"],\"resources\":[" resources "]}"
#define RESOURCE(id, more)								\
	"{\"id\":" id ",\"name\":\"r\",\"multiple\":false,\"mandatory\":false," more "}"

/* A row of the tables in spec/bootstrap.md 3.1 to 3.4. */
struct row {
	uint16_t	oid, rid;
	uint16_t	since;
	bool		multiple, mandatory, writable;
	enum value_type	type;
	double		min, max;	/* both 0: no range */
};

static const struct row rows[] = {
	{ 0, 0, 0x0100, false, true, true, VALUE_STRING, 0, 255 },
	{ 0, 1, 0x0100, false, true, true, VALUE_BOOLEAN, 0, 0 },
	{ 0, 2, 0x0100, false, true, true, VALUE_INTEGER, 0, 4 },
	{ 0, 3, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 0, 4, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 0, 5, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 0, 6, 0x0100, false, false, true, VALUE_INTEGER, 0, 255 },
	{ 0, 7, 0x0100, false, false, true, VALUE_OPAQUE, 6, 6 },
	{ 0, 8, 0x0100, false, false, true, VALUE_OPAQUE, 16, 48 },
	{ 0, 9, 0x0100, false, false, true, VALUE_STRING, 0, 0 },
	{ 0, 10, 0x0100, false, false, true, VALUE_INTEGER, 1, 65534 },
	{ 0, 11, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 0, 12, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 0, 13, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 3 },
	{ 0, 14, 0x0101, false, false, true, VALUE_STRING, 0, 0 },
	{ 0, 15, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 3 },
	{ 0, 16, 0x0101, true, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 0, 17, 0x0101, false, false, true, VALUE_OBJLNK, 0, 0 },
	{ 0, 18, 0x0102, true, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 19, 0x0102, true, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 20, 0x0102, true, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 21, 0x0102, true, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 22, 0x0102, false, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 23, 0x0102, false, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 24, 0x0102, false, false, true, VALUE_UNSIGNED, 0, 65535 },
	{ 0, 25, 0x0102, true, false, true, VALUE_STRING, 0, 255 },
	{ 0, 26, 0x0102, false, false, true, VALUE_OBJLNK, 0, 0 },
	{ 0, 27, 0x0102, true, false, true, VALUE_OBJLNK, 0, 0 },
	{ 0, 28, 0x0102, false, false, true, VALUE_INTEGER, 0, 15 },
	{ 0, 29, 0x0102, false, false, true, VALUE_INTEGER, 0, 15 },
	{ 0, 30, 0x0102, false, false, true, VALUE_STRING, 0, 0 },
	{ 1, 0, 0x0100, false, true, true, VALUE_INTEGER, 1, 65534 },
	{ 1, 1, 0x0100, false, true, true, VALUE_INTEGER, 0, 0 },
	{ 1, 2, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 1, 3, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 1, 4, 0x0100, false, false, false, VALUE_NONE, 0, 0 },
	{ 1, 5, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 1, 6, 0x0100, false, true, true, VALUE_BOOLEAN, 0, 0 },
	{ 1, 7, 0x0100, false, true, true, VALUE_STRING, 0, 0 },
	{ 1, 8, 0x0100, false, true, false, VALUE_NONE, 0, 0 },
	{ 1, 9, 0x0101, false, false, false, VALUE_NONE, 0, 0 },
	{ 1, 10, 0x0101, false, false, true, VALUE_OBJLNK, 0, 0 },
	{ 1, 11, 0x0101, false, false, false, VALUE_UNSIGNED, 0, 255 },
	{ 1, 12, 0x0101, false, false, false, VALUE_TIME, 0, 0 },
	{ 1, 13, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 14, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 15, 0x0101, false, false, true, VALUE_BOOLEAN, 0, 0 },
	{ 1, 16, 0x0101, false, false, true, VALUE_BOOLEAN, 0, 0 },
	{ 1, 17, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 18, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 19, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 20, 0x0101, false, false, true, VALUE_UNSIGNED, 0, 0 },
	{ 1, 21, 0x0101, false, false, true, VALUE_BOOLEAN, 0, 0 },
	{ 1, 22, 0x0101, false, false, true, VALUE_STRING, 1, 1 },
	{ 1, 23, 0x0101, false, false, true, VALUE_BOOLEAN, 0, 0 },
	{ 1, 24, 0x0102, true, false, true, VALUE_OBJLNK, 0, 0 },
	{ 1, 25, 0x0102, true, false, true, VALUE_STRING, 0, 0 },
	{ 1, 26, 0x0102, false, false, true, VALUE_INTEGER, 0, 1 },
	{ 1, 27, 0x0102, false, false, true, VALUE_UNSIGNED, 0, 255 },
	{ 2, 0, 0x0100, false, true, true, VALUE_INTEGER, 1, 65534 },
	{ 2, 1, 0x0100, false, true, true, VALUE_INTEGER, 0, 65535 },
	{ 2, 2, 0x0100, true, false, true, VALUE_INTEGER, 0, 31 },
	{ 2, 3, 0x0100, false, true, true, VALUE_INTEGER, 0, 65535 },
	{ 21, 0, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 21, 1, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 21, 2, 0x0100, false, true, true, VALUE_OPAQUE, 0, 0 },
	{ 21, 3, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 21, 4, 0x0100, false, false, true, VALUE_INTEGER, 0, 0 },
	{ 21, 5, 0x0100, false, false, true, VALUE_OPAQUE, 0, 0 },
	{ 21, 6, 0x0101, false, false, true, VALUE_OPAQUE, 0, 0 },
};

static void
shipped_core_objects_are_those_of_the_registry(void **state)
{
	static const struct { uint16_t oid; size_t n; uint16_t version; } objects[] = {
		{ 0, 31, 0x0102 }, { 1, 28, 0x0102 }, { 2, 4, 0x0101 }, { 21, 7, 0x0200 },
	};

	(void)state;
	load_defs(NULL);
	for (size_t i = 0; i < COUNT(objects); i++) {
		const struct objdef *o = objdefs_object(defs, objects[i].oid);
		assert_non_null(o);
		assert_int_equal(o->nresources, objects[i].n);
		assert_int_equal(o->version, objects[i].version);
		assert_true(o->multiple);
		assert_int_equal(o->mandatory, o->id < 2);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		const struct resdef *r = objdefs_resource(defs, row->oid, row->rid);
		assert_non_null(r);
		assert_int_equal(r->id, row->rid);
		assert_true(r->name[0] != '\0');
		assert_int_equal(r->since, row->since);
		assert_int_equal(r->multiple, row->multiple);
		assert_int_equal(r->mandatory, row->mandatory);
		assert_int_equal(r->writable_by_bootstrap, row->writable);
		assert_string_equal(value_type_name(r->type), value_type_name(row->type));
		assert_int_equal(r->has_range, row->max > 0);
		if (r->has_range)
			assert_true(r->min >= row->min && r->min <= row->min &&
			    r->max >= row->max && r->max <= row->max);
	}
	free_defs(NULL);
}

static void
lookups_find_what_is_there_and_nothing_else(void **state)
{
	(void)state;
	load_defs(NULL);
	for (size_t i = 0; i < objdefs_count(defs); i++) {
		const struct objdef *o = objdefs_at(defs, i);
		assert_true(i == 0 || o->id > objdefs_at(defs, i - 1)->id);
		assert_ptr_equal(objdefs_object(defs, o->id), o);
		for (size_t j = 0; j < o->nresources; j++) {
			assert_true(j == 0 || o->resources[j].id > o->resources[j - 1].id);
			assert_ptr_equal(objdefs_resource(defs, o->id, o->resources[j].id),
			    &o->resources[j]);
		}
		assert_null(objdefs_resource(defs, o->id, 65534));
	}
	assert_null(objdefs_at(defs, objdefs_count(defs)));
	assert_null(objdefs_object(defs, 8));
	assert_null(objdefs_object(defs, 65535));
	assert_null(objdefs_resource(defs, 8, 0));
	assert_null(objdefs_resource(defs, 5, 4));
	free_defs(NULL);
}

static void
type_depends_on_the_version(void **state)
{
	(void)state;
	load_defs(NULL);
	assert_int_equal(objdefs_type(defs, 21, 0, 0x0100), VALUE_STRING);
	assert_int_equal(objdefs_type(defs, 21, 0, 0x0101), VALUE_STRING);
	assert_int_equal(objdefs_type(defs, 21, 0, 0x0200), VALUE_OPAQUE);
	assert_int_equal(objdefs_type(defs, 21, 0, 0x0300), VALUE_OPAQUE);
	assert_int_equal(objdefs_type(defs, 21, 0, 0), VALUE_OPAQUE);
	assert_int_equal(objdefs_type(defs, 21, 6, 0x0101), VALUE_STRING);
	assert_int_equal(objdefs_type(defs, 21, 6, 0x0200), VALUE_OPAQUE);
	assert_int_equal(objdefs_type(defs, 21, 3, 0x0100), VALUE_INTEGER);
	assert_int_equal(objdefs_type(defs, 10, 11, 0x0100), VALUE_STRING);
	assert_int_equal(objdefs_type(defs, 10, 11, 0x0101), VALUE_OBJLNK);
	assert_int_equal(objdefs_type(defs, 21, 7, 0x0200), VALUE_NONE);
	assert_int_equal(objdefs_type(defs, 8, 0, 0x0100), VALUE_NONE);
	free_defs(NULL);
}

static void
enabler_implies_object_versions(void **state)
{
	static const struct { uint16_t oid, v[3]; } table[] = {
		{ 0, { 0x0100, 0x0101, 0x0102 } }, { 1, { 0x0100, 0x0101, 0x0102 } },
		{ 2, { 0x0100, 0x0100, 0x0101 } }, { 3, { 0x0100, 0x0101, 0x0102 } },
		{ 4, { 0x0100, 0x0102, 0x0103 } }, { 5, { 0x0100, 0x0100, 0x0101 } },
		{ 6, { 0x0100, 0x0100, 0x0100 } }, { 7, { 0x0100, 0x0100, 0x0100 } },
		{ 21, { 0, 0x0100, 0x0200 } }, { 23, { 0, 0, 0x0100 } }, { 24, { 0, 0, 0x0100 } },
		{ 25, { 0, 0, 0x0100 } }, { 26, { 0, 0, 0x0100 } }, { 27, { 0, 0, 0x0100 } },
		{ 11, { 0x0100, 0x0100, 0x0100 } }, { 3303, { 0x0100, 0x0100, 0x0100 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		for (uint16_t minor = 0; minor < 3; minor++)
			assert_int_equal(objdefs_implied(table[i].oid, (uint16_t)(0x0100 | minor)),
			    table[i].v[minor]);
		assert_int_equal(objdefs_implied(table[i].oid, 0x0103), table[i].v[2]);
		assert_int_equal(objdefs_implied(table[i].oid, 0), 0);
		assert_int_equal(objdefs_implied(table[i].oid, 0x0200), 0);
	}
}

static void
later_directory_replaces_an_object(void **state)
{
	struct objdefs *d = NULL;
	struct problem why;

	(void)state;
	put(dir_a, "x.json", OBJECT("9", "first", RESOURCE("0", "\"type\":\"integer\"") ","
	    RESOURCE("3", "\"types\":{\"1.0\":\"string\",\"1.1\":\"opaque\"}")));
	put(dir_a, "y.json", OBJECT("700", "kept", RESOURCE("65534", "\"type\":\"time\"")));
	put(dir_a, ".hidden.json", "{");
	put(dir_a, "notes.txt", "not for us");
	put(dir_b, "x.json", OBJECT("9", "second", RESOURCE("5", "\"type\":\"float\",\"since\":\"1.1\","
	    "\"range\":[-1.5,2e3],\"unit\":\"m\",\"description\":\"d\"") ","
	    RESOURCE("1", "\"type\":\"none\"")));
	assert_int_equal(load(&d, &why), ERR_OK);
	assert_int_equal(objdefs_count(d), 2);
	assert_string_equal(objdefs_object(d, 9)->name, "second");
	assert_int_equal(objdefs_object(d, 9)->nresources, 2);
	assert_int_equal(objdefs_object(d, 9)->resources[0].id, 1);
	const struct resdef *r = objdefs_resource(d, 9, 5);
	assert_true(r->has_range && r->min > -1.6 && r->min < -1.4 && r->max > 1999 && r->max < 2001);
	assert_int_equal(r->since, 0x0101);
	assert_true(r->writable_by_bootstrap);
	assert_false(objdefs_resource(d, 9, 1)->writable_by_bootstrap);
	assert_null(objdefs_resource(d, 9, 3));
	assert_int_equal(objdefs_type(d, 9, 3, 0x0100), VALUE_NONE);
	assert_string_equal(objdefs_object(d, 700)->name, "kept");
	assert_int_equal(objdefs_type(d, 700, 65534, 0), VALUE_TIME);
	objdefs_free(d);
	clear(dir_a);
	clear(dir_b);
}

static void
missing_directory_is_passed_over(void **state)
{
	const char *const dirs[] = { "/nowhere/at/all", "etc/objects", NULL };
	const char *const none[] = { "/nowhere/at/all", NULL };
	const char *const file[] = { "/dev/null", NULL };
	struct objdefs *d = NULL;
	struct problem why;

	(void)state;
	assert_int_equal(objdefs_load(dirs, &d, &why), ERR_OK);
	assert_true(objdefs_count(d) >= 10);
	objdefs_free(d);
	assert_int_equal(objdefs_load(none, &d, &why), ERR_OK);
	assert_int_equal(objdefs_count(d), 0);
	assert_null(objdefs_object(d, 0));
	objdefs_free(d);
	d = NULL;
	assert_int_equal(objdefs_load(file, &d, &why), ERR_IO);
	assert_string_equal(why.where, "/dev/null");
	assert_null(d);
	objdefs_free(NULL);
}

static void
unreadable_file_is_named(void **state)
{
	struct objdefs *d = NULL;
	struct problem why;
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/x.json", dir_a);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
	assert_int_equal(load(&d, &why), ERR_IO);
	assert_string_equal(why.where, path);
	assert_string_equal(why.reason, "unreadable");
	clear(dir_a);
}

static void
two_files_for_an_object_clash(void **state)
{
	struct objdefs *d = NULL;
	struct problem why;
	char where[200];

	(void)state;
	put(dir_a, "x.json", OBJECT("9", "one", RESOURCE("0", "\"type\":\"integer\"")));
	put(dir_a, "y.json", OBJECT("9", "two", RESOURCE("0", "\"type\":\"integer\"")));
	assert_int_equal(load(&d, &why), ERR_INVALID);
	snprintf(where, sizeof(where), "%s/y.json#/object", dir_a);
	assert_string_equal(why.where, where);
	assert_string_equal(why.reason, "duplicate");
	assert_null(d);
	clear(dir_a);
}

#define GOOD_TYPE	"\"type\":\"integer\""

static const struct {
	const char *text, *reason, *where;
} bad[] = {
	{ "{", "syntax", ":1" },
	{ "{\"object\":1,\n\"object\":2}", "syntax", ":2" },
	{ "[]", "wrong-type", "#" },
	{ "{}", "missing", "#" },
	{ OBJECT("-1", "n", RESOURCE("0", GOOD_TYPE)), "out-of-range", "#/object" },
	{ OBJECT("65535", "n", RESOURCE("0", GOOD_TYPE)), "out-of-range", "#/object" },
	{ OBJECT("\"1\"", "n", RESOURCE("0", GOOD_TYPE)), "wrong-type", "#/object" },
	{ OBJECT("1.0", "n", RESOURCE("0", GOOD_TYPE)), "wrong-type", "#/object" },
	{ OBJECT("1", "", RESOURCE("0", GOOD_TYPE)), "invalid", "#/name" },
	{ OBJECT("1", "a\\u0000b", RESOURCE("0", GOOD_TYPE)), "syntax", ":1" },
	{ OBJECT("1", "n", ""), "wrong-type", "#/resources" },
	{ OBJECT("1", "n", "7"), "wrong-type", "#/resources/0" },
	{ OBJECT("1", "n", RESOURCE("65535", GOOD_TYPE)), "out-of-range", "#/resources/0/id" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE) "," RESOURCE("0", GOOD_TYPE)), "duplicate",
	    "#/resources/1/id" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"a/b~c\":1")), "unknown-key",
	    "#/resources/0/a~1b~0c" },
	{ OBJECT("1", "n", RESOURCE("0", "\"type\":\"int\"")), "invalid", "#/resources/0/type" },
	{ OBJECT("1", "n", RESOURCE("0", "\"type\":1")), "invalid", "#/resources/0/type" },
	{ OBJECT("1", "n", RESOURCE("0", "\"since\":\"1.0\"")), "missing", "#/resources/0" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"since\":\"1.2\"")), "invalid",
	    "#/resources/0/since" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"since\":\"1\"")), "invalid",
	    "#/resources/0/since" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"since\":\"01.0\"")), "invalid",
	    "#/resources/0/since" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"types\":{}")), "missing", "#/resources/0" },
	{ OBJECT("1", "n", RESOURCE("0", "\"types\":{\"1.0\":\"string\"}")), "wrong-type",
	    "#/resources/0/types" },
	{ OBJECT("1", "n", RESOURCE("0", "\"types\":{\"1.0\":\"string\",\"3.0\":\"opaque\"}")), "invalid",
	    "#/resources/0/types" },
	{ OBJECT("1", "n", RESOURCE("0", "\"since\":\"1.1\","
	    "\"types\":{\"1.0\":\"string\",\"1.1\":\"opaque\"}")), "invalid", "#/resources/0/types" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"range\":[1]")), "wrong-type",
	    "#/resources/0/range" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"range\":[2,1]")), "invalid",
	    "#/resources/0/range" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"range\":\"0..1\"")), "wrong-type",
	    "#/resources/0/range" },
	{ OBJECT("1", "n", RESOURCE("0", "\"type\":\"boolean\",\"range\":[0,1]")), "invalid",
	    "#/resources/0/range" },
	{ OBJECT("1", "n", RESOURCE("0", "\"type\":\"string\",\"range\":[-1,1]")), "invalid",
	    "#/resources/0/range" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"bootstrap\":1")), "wrong-type",
	    "#/resources/0/bootstrap" },
	{ OBJECT("1", "n", RESOURCE("0", "\"type\":\"none\",\"bootstrap\":true")), "invalid",
	    "#/resources/0/bootstrap" },
	{ OBJECT("1", "n", RESOURCE("0", GOOD_TYPE ",\"unit\":5")), "wrong-type",
	    "#/resources/0/unit" },
	{ OBJECT("1", "n", "{\"id\":0,\"name\":\"r\",\"mandatory\":true,\"type\":\"time\"}"), "missing",
	    "#/resources/0" },
	{ OBJECT("1", "n", "{\"id\":0,\"name\":\"r\",\"mandatory\":true,\"multiple\":true,"
	    "\"type\":\"none\"}"), "invalid", "#/resources/0/multiple" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":true,\"mandatory\":true,\"resources\":[]}", "missing",
	    "#" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":true,\"mandatory\":true,\"versions\":[],"
	    "\"resources\":[]}", "wrong-type", "#/versions" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":true,\"mandatory\":true,\"versions\":[\"1.1\",\"1.0\"],"
	    "\"resources\":[]}", "invalid", "#/versions/1" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":true,\"mandatory\":true,\"versions\":[1.0],"
	    "\"resources\":[]}", "invalid", "#/versions/0" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":true,\"mandatory\":true,\"versions\":[\"0.9\"],"
	    "\"resources\":[]}", "invalid", "#/versions/0" },
	{ "{\"object\":1,\"name\":\"n\",\"multiple\":0,\"mandatory\":true,\"versions\":[\"1.0\"],"
	    "\"resources\":[]}", "wrong-type", "#/multiple" },
};

static void
slips_name_file_and_place(void **state)
{
	char where[200];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct objdefs *d = NULL;
		struct problem why = { .reason = "" };
		put(dir_a, "x.json", bad[i].text);
		assert_int_equal(load(&d, &why), ERR_INVALID);
		snprintf(where, sizeof(where), "%s/x.json%s", dir_a, bad[i].where);
		assert_string_equal(why.where, where);
		assert_string_equal(why.reason, bad[i].reason);
		assert_true(why.text[0] != '\0');
		assert_null(d);
	}
	clear(dir_a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_core_objects_are_those_of_the_registry),
		cmocka_unit_test(lookups_find_what_is_there_and_nothing_else),
		cmocka_unit_test(type_depends_on_the_version),
		cmocka_unit_test(enabler_implies_object_versions),
		cmocka_unit_test(later_directory_replaces_an_object),
		cmocka_unit_test(missing_directory_is_passed_over),
		cmocka_unit_test(unreadable_file_is_named),
		cmocka_unit_test(two_files_for_an_object_clash),
		cmocka_unit_test(slips_name_file_and_place),
	};
	return cmocka_run_group_tests(tests, make_dirs, remove_dirs);
}
