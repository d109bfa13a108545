/* OMA's object XML: what is read, what is passed over with a note, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lwm2m/objdef.h"
#include "lwm2m/objxml.h"

#define ITEM(id, name, ops, many, must, type, range)						\
	"<Item ID=\"" id "\"><Name>" name "</Name><Operations>" ops "</Operations>"		\
	"<MultipleInstances>" many "</MultipleInstances><Mandatory>" must "</Mandatory>"	\
	"<Type>" type "</Type><RangeEnumeration>" range "</RangeEnumeration><Units></Units>"	\
	"<Description>x</Description></Item>\n"
#define HEAD(id)										\
	"<Name>Meter</Name><Description1>d</Description1><ObjectID>" id "</ObjectID>"		\
	"<ObjectURN>urn:oma:lwm2m:x:" id "</ObjectURN><LWM2MVersion>1.0</LWM2MVersion>"		\
	"<ObjectVersion>1.0</ObjectVersion><MultipleInstances>Multiple</MultipleInstances>"	\
	"<Mandatory>Optional</Mandatory>\n"
#define OBJECT(id, items) "<Object ObjectType=\"MODefinition\">" HEAD(id) "<Resources>\n" items	\
	"</Resources><Description2></Description2></Object>\n"
#define DOC(objects) "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LWM2M>" objects "</LWM2M>"
#define PLAIN ITEM("0", "A", "RW", "Single", "Optional", "String", "")
#define PLAIN2 ITEM("3", "B", "W", "Multiple", "Mandatory", "Time", "")
#define ONE(items) DOC(OBJECT("26241", items))

static json_t *notes;

static json_t *
read_octets(const void *xml, size_t len, bool utf8)
{
	struct problem why = { .text = "" };
	json_t *defs = NULL;

	json_decref(notes);
	notes = NULL;
	if (objxml_read(xml, len, utf8, &defs, &notes, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	return defs;
}

static json_t *
read_text(const char *xml)
{
	return read_octets(xml, strlen(xml), true);
}

static void
is_json(const json_t *got, const char *expected)
{
	char *copy = strdup(expected), *text;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json_t *want = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(want);
	if (!json_equal(got, want)) {
		text = json_dumps(got, JSON_DECODE_ANY | JSON_ENCODE_ANY);
		fail_msg("%s is not %s", text, copy);
	}
	json_decref(want);
	free(copy);
}

/* What our own loader makes of it: nothing the reader makes is refused there. */
static struct objdefs *
load(const json_t *defs)
{
	struct objdefs_doc docs[OBJXML_OBJECTS_MAX];
	struct problem why = { .text = "" };
	struct objdefs *ret = NULL;
	size_t n = json_array_size(defs);

	for (size_t i = 0; i < n; i++)
		docs[i] = (struct objdefs_doc){ "xml", json_array_get(defs, i) };
	if (objdefs_load_with((const char *const[]){ NULL }, docs, n, &ret, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
	return ret;
}

static void
every_element_finds_its_key(void **state)
{
	(void)state;
	json_t *defs = read_text(ONE(
	    ITEM("0", "Label", "RW", "Single", "Mandatory", "String", "1..32")
	    ITEM("1", "Count", "R", "Single", "Optional", "Integer", "-5..5")
	    ITEM("2", "Go", "E", "Single", "Optional", "", "")));

	is_json(defs,
	    "[{'object':26241,'name':'Meter','multiple':true,'mandatory':false,'versions':['1.0'],"
	    "'resources':[{'id':0,'name':'Label','type':'string','multiple':false,'mandatory':true,"
	    "'range':[1,32]},"
	    "{'id':1,'name':'Count','type':'integer','multiple':false,'mandatory':false,'range':[-"
	    "5,5],"
	    "'bootstrap':false},"
	    "{'id':2,'name':'Go','type':'none','multiple':false,'mandatory':false}]}]");
	assert_int_equal(json_array_size(notes), 0);
	json_decref(defs);
}

static void
all_types_are_known_in_any_case(void **state)
{
	(void)state;
	json_t *defs = read_text(ONE(
	    ITEM("0", "a", "RW", "Single", "Optional", "String", "")
	    ITEM("1", "a", "RW", "Single", "Optional", "integer", "")
	    ITEM("2", "a", "RW", "Single", "Optional", "Unsigned Integer", "")
	    ITEM("3", "a", "RW", "Single", "Optional", "FLOAT", "")
	    ITEM("4", "a", "RW", "Single", "Optional", "Boolean", "0..1")
	    ITEM("5", "a", "RW", "Single", "Optional", " Opaque ", "")
	    ITEM("6", "a", "RW", "Single", "Optional", "Time", "")
	    ITEM("7", "a", "RW", "Multiple", "Optional", "Objlnk", "")
	    ITEM("8", "a", "RW", "Single", "Optional", "Corelnk", "")
	    ITEM("9", "a", "E", "Single", "Optional", "none", "")));
	struct objdefs *o = load(defs);
	static const enum value_type types[] = { VALUE_STRING, VALUE_INTEGER, VALUE_UNSIGNED,
		VALUE_FLOAT, VALUE_BOOLEAN, VALUE_OPAQUE, VALUE_TIME, VALUE_OBJLNK, VALUE_CORELNK,
		VALUE_NONE };

	for (uint16_t i = 0; i < 10; i++)
		assert_int_equal(objdefs_resource(o, 26241, i)->type, types[i]);
	assert_true(objdefs_resource(o, 26241, 7)->multiple);
	assert_false(objdefs_resource(o, 26241, 4)->has_range);
	assert_int_equal(json_array_size(notes), 0);
	objdefs_free(o);
	json_decref(defs);
}

static void
ranges_are_read_as_registries_write_them(void **state)
{
	static const struct {
		const char *type, *range, *json;	/* NULL: not understood; "": nothing to check */
	} t[] = {
		{ "Integer", "1..65534", "{'range':[1,65534]}" },
		{ "Integer", "0-8", "{'range':[0,8]}" },
		{ "Integer", " -90 .. 90 ", "{'range':[-90,90]}" },
		{ "Integer", "-90--10", "{'range':[-90,-10]}" },
		{ "Integer", "0...255", "{'range':[0,255]}" },
		{ "Integer", "0x00..0xFF", "{'range':[0,255]}" },
		{ "Integer", "1 to 9", "{'range':[1,9]}" },
		{ "Integer", "5", "{'range':[5,5]}" },
		{ "Integer", "1,2,3", "{'values':[1,2,3]}" },
		{ "Integer", "1, 2, 5..9,", "{'values':[1,2,[5,9]]}" },
		{ "Integer", "0..3; 7", "{'values':[[0,3],7]}" },
		{ "Integer", "0..100 %", "{'range':[0,100]}" },
		{ "Unsigned Integer", "0..65535 s", "{'range':[0,65535]}" },
		{ "Float", "0.00..100.00", "{'range':[0,100]}" },
		{ "Float", "0.5..1e3", "{'range':[0.5,1000]}" },
		{ "String", "0..255 bytes", "{'range':[0,255]}" },
		{ "String", "0-255", "{'range':[0,255]}" },
		{ "String", "16 characters", "{'range':[16,16]}" },
		{ "Opaque", "6", "{'range':[6,6]}" },
		{ "Opaque", "16, 32, 48", "{'values':[16,32,48]}" },
		{ "Boolean", "0..1", "{}" },
		{ "Integer", "", "{}" },
		{ "Integer", "3,2,1", "{'values':[1,2,3]}" },
		{ "Integer", "5,1..7,2", "{'range':[1,7]}" },
		{ "Integer", "3..", "{'range':[3,1.7976931348623157e308]}" },
		{ "Integer", "9..1", NULL },
		{ "Integer", "0..2^32", NULL },
		{ "Integer", "a..b", NULL },
		{ "Integer", "0: off, 1: on", "{'values':[0,1]}" },
		{ "Integer", "0 - off, 1 - on", NULL },
		{ "Integer", "1..x", NULL },
		{ "Integer", "-", NULL },
		{ "Integer", "1..9999999999999999999999999999999999999999999999999", NULL },
		{ "String", "1,2,3", NULL },
		{ "String", "U, UQ", NULL },
		{ "String", "-1..5", NULL },
		{ "Unsigned Integer", "-1..5", NULL },
		{ "Objlnk", "0..5", NULL },
		{ "Time", "now", NULL },
	};
	char xml[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(xml, sizeof(xml),
		    DOC("<Object>" HEAD(
			"5000") "<Resources><Item ID=\"1\"><Name>n</Name>"
				"<Operations>RW</Operations><MultipleInstances>Single</"
				"MultipleInstances><Mandatory>Optional"
				"</Mandatory><Type>%s</Type><RangeEnumeration>%s</"
				"RangeEnumeration></Item></Resources>"
				"</Object>"),
		    t[i].type, t[i].range);
		json_t *defs = read_text(xml);
		json_t *r = json_array_get(json_object_get(json_array_get(defs, 0), "resources"), 0);
		json_t *found = json_object();
		if (json_object_get(r, "range") != NULL)
			json_object_set(found, "range", json_object_get(r, "range"));
		if (json_object_get(r, "values") != NULL)
			json_object_set(found, "values", json_object_get(r, "values"));
		is_json(found, t[i].json != NULL ? t[i].json : "{}");
		if (json_array_size(notes) != (t[i].json == NULL ? 1u : 0u))
			fail_msg("%s \"%s\": %zu notes", t[i].type, t[i].range, json_array_size(notes));
		json_decref(found);
		objdefs_free(load(defs));
		json_decref(defs);
	}
}

static void
order_space_comments_and_cdata_do_not_matter(void **state)
{
	(void)state;
	json_t *defs = read_text(
	    "\xef\xbb\xbf<!-- licence -->\n"
	    "<LWM2M "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Extra><Object/></Extra>"
	    "<Object ObjectType=\"MODefinition\"><Resources>\n"
	    "<Item ID=\" 7 \"><Type><![CDATA[Integer]]></Type><Mandatory>\n Mandatory\n</Mandatory>"
	    "<MultipleInstances>single</MultipleInstances><Operations>RW</Operations><Units> Cel "
	    "</Units>"
	    "<Name>A &amp; <!-- not this -->B&#233;</Name><Description><![CDATA[<Item "
	    "ID='7'>]]></Description>"
	    "</Item></Resources><Mandatory>Optional</Mandatory><MultipleInstances>Single</"
	    "MultipleInstances>"
	    "<ObjectVersion/><LWM2MVersion/><ObjectID>\n 300\n </ObjectID><Name> N "
	    "</Name></Object></LWM2M>");

	is_json(defs,
	    "[{'object':300,'name':'N','multiple':false,'mandatory':false,'versions':['1.0'],"
	    "'resources':[{'id':7,'name':'A & "
	    "B\\u00e9','type':'integer','multiple':false,'mandatory':true,"
	    "'unit':'Cel'}]}]");
	json_decref(defs);
}

static void
declared_encodings_are_read(void **state)
{
	static const char latin[] =
	    "<?xml version='1.0' encoding='ISO-8859-1'?><LWM2M><Object>" HEAD(
		"5000") "<Resources>" ITEM("1",
		"Gr\xf6\xdf"
		"e",
		"R", "Single", "Optional", "Float", "") "</Resources>"
							"</Object></LWM2M>";
	uint8_t wide[4096];
	size_t n = 0;
	const char *ascii = "<?xml version='1.0' encoding='UTF-16'?>"
			    "<LWM2M>" OBJECT("5000", PLAIN) "</LWM2M>";

	(void)state;
	json_t *defs = read_octets(latin, sizeof(latin) - 1, false);
	json_t *r = json_array_get(json_object_get(json_array_get(defs, 0), "resources"), 0);
	assert_string_equal(json_string_value(json_object_get(r, "name")), "Gr\xc3\xb6\xc3\x9f" "e");
	json_decref(defs);

	wide[n++] = 0xff;
	wide[n++] = 0xfe;
	for (; *ascii != '\0' && n + 2 <= sizeof(wide); ascii++) {
		wide[n++] = (uint8_t)*ascii;
		wide[n++] = 0;
	}
	defs = read_octets(wide, n, false);
	assert_int_equal(json_array_size(defs), 1);
	json_decref(defs);

	/* in a string the text is UTF-8 by now, whatever it was in the file */
	defs = read_text("<?xml version='1.0' encoding='ISO-8859-1'?><LWM2M>" OBJECT("5000",
	    ITEM("1", "Gr\xc3\xb6\xc3\x9f" "e", "R", "Single", "Optional", "Float", "")) "</LWM2M>");
	r = json_array_get(json_object_get(json_array_get(defs, 0), "resources"), 0);
	assert_string_equal(json_string_value(json_object_get(r, "name")), "Gr\xc3\xb6\xc3\x9f" "e");
	json_decref(defs);
}

static void
several_objects_stand_in_one_document(void **state)
{
	(void)state;
	json_t *defs = read_text(DOC(OBJECT("5000", PLAIN) OBJECT("5001", PLAIN PLAIN2)));
	struct objdefs *o = load(defs);

	assert_int_equal(objdefs_count(o), 2);
	assert_int_equal(objdefs_object(o, 5000)->nresources, 1);
	assert_int_equal(objdefs_object(o, 5001)->nresources, 2);
	objdefs_free(o);
	json_decref(defs);
}

/* A device that tells no version has 1.0: nothing may be left out for it. */
static void
version_of_a_document_hides_no_resource(void **state)
{
	static const char *const v[][2] = {
		{ "", "['1.0']" },
		{ "1.0", "['1.0']" },
		{ "1.1", "['1.0','1.1']" },
		{ "2.0", "['1.0','2.0']" },
	};
	char xml[2048];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(xml, sizeof(xml),
		    DOC("<Object><Name>n</Name><ObjectID>5000</ObjectID><ObjectVersion>%s"
			"</ObjectVersion><MultipleInstances>Single</"
			"MultipleInstances><Mandatory>Optional</Mandatory>"
			"<Resources>" PLAIN "</Resources></Object>"),
		    v[i][0]);
		json_t *defs = read_text(xml);
		struct objdefs *o = load(defs);
		is_json(json_object_get(json_array_get(defs, 0), "versions"), v[i][1]);
		assert_int_equal(objdefs_resource(o, 5000, 0)->since, 0x0100);
		objdefs_free(o);
		json_decref(defs);
	}
}

static void
odd_things_are_passed_over_with_a_note(void **state)
{
	(void)state;
	json_t *defs = read_text(ONE("\n"
	    ITEM("0", "a", "E", "Single", "Optional", "String", "")
	    ITEM("1", "a", "E", "Multiple", "Optional", "", "")
	    ITEM("2", "a", "RW", "Single", "Optional", "Integer", "see text")));

	assert_int_equal(json_array_size(notes), 3);
	assert_string_equal(json_string_value(json_array_get(notes, 2)),
	    "line 7: resource 2: nothing is checked by its range, \"see text\"");
	objdefs_free(load(defs));
	json_decref(defs);
}

struct bad {
	const char *xml, *where, *text;
};

static void
refused(const struct bad *b)
{
	struct problem why = { .text = "" };
	json_t *defs = NULL, *got = NULL;
	enum err e = objxml_read(b->xml, strlen(b->xml), false, &defs, &got, &why);

	if (e != ERR_INVALID)
		fail_msg("\"%s\" is taken", b->text);
	assert_null(defs);
	assert_null(got);
	if (strcmp(why.where, b->where) != 0 || strstr(why.text, b->text) == NULL)
		fail_msg("%s: %s; expected %s: %s", why.where, why.text, b->where, b->text);
}

static void
slips_are_told_with_line_and_sentence(void **state)
{
	static const struct bad t[] = {
		{ "", "line 1", "no element" },
		{ "{}", "line 1", "not readable as XML" },
		{ "<LWM2M>", "line 1", "no element" },
		{ "<LWM2M>\n</LWM2m>", "line 2", "mismatched" },
		{ "<Object/>", "line 1", "the outermost element is <LWM2M>, found <Object>" },
		{ "<LWM2M/>", "line 1", "no <Object>" },
		{ "<?xml version='1.0' encoding='KOI8-R'?><LWM2M/>", "line 1", "expected UTF-8" },
		{ "<LWM2M><Object>\xff</Object></LWM2M>", "line 1", "not well-formed" },
		{ DOC("<Object><Name>x</Name></Object>"), "line 2", "has no <ObjectID>" },
		{ DOC("<Object>\n<ObjectID>65535</ObjectID></Object>"), "line 3",
		    "from 0 to 65534" },
		{ DOC("<Object>\n<ObjectID>0x10</ObjectID></Object>"), "line 3",
		    "from 0 to 65534" },
		{ DOC("<Object><ObjectID>5</ObjectID>\n<ObjectURN>urn:oma:lwm2m:x:6:1.0</"
		      "ObjectURN></Object>"),
		    "line 3", "names object 6, the <ObjectID> 5" },
		{ DOC("<Object>" HEAD("5000") "</Object>"), "line 2",
		    "object 5000 has no resource" },
		{ DOC("<Object>" HEAD("5000") "<Resources/></Object>"), "line 2",
		    "has no resource" },
		{ DOC("<Object>" HEAD("5000") "<Resources>" PLAIN
					      "</Resources><Resources/></Object>"),
		    "line 4", "<Resources> stands twice" },
		{ DOC("<Object><Name>a</Name>\n<Name>b</Name></Object>"), "line 3",
		    "<Name> stands twice" },
		{ DOC("<Object><Name>a<b/></Name></Object>"), "line 2",
		    "<b> stands where only text does" },
		{ DOC(OBJECT("5000", PLAIN) OBJECT("5000", PLAIN)), "line 6",
		    "object 5000 stands twice" },
		{ ONE(PLAIN PLAIN), "line 5", "resource 0 stands twice" },
		{ ONE(ITEM("", "a", "R", "Single", "Optional", "Float", "")), "line 4",
		    "an <Item> has its ID" },
		{ ONE("<Item/>"), "line 4", "an <Item> has its ID" },
		{ ONE("<Item ID='70000'/>"), "line 4", "found \"70000\"" },
		{ ONE("<Item ID='1'/>"), "line 4", "resource 1 has no <Name>" },
		{ ONE(ITEM("1", "", "R", "Single", "Optional", "Float", "")), "line 4",
		    "1 to 255 octets" },
		{ ONE(ITEM("1", "a", "X", "Single", "Optional", "Float", "")), "line 4",
		    "of R, W and E" },
		{ ONE(ITEM("1", "a", "R", "Some", "Optional", "Float", "")), "line 4",
		    "\"Single\" or \"Multiple\", found \"Some\"" },
		{ ONE(ITEM("1", "a", "R", "Single", "", "Float", "")), "line 4",
		    "\"Optional\" or \"Mandatory\"" },
		{ ONE(ITEM("1", "a", "R", "Single", "Optional", "Double", "")), "line 4",
		    "found \"Double\"" },
		{ ONE(ITEM("1", "a", "R", "Single", "Optional", "", "")), "line 4",
		    "resource 1 has no <Type>" },
		{ ONE(ITEM("1", "a", "", "Single", "Optional", "", "")), "line 4",
		    "resource 1 has no <Type>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(&t[i]);
}

/* Billion laughs, files of the machine, other people's servers: all need a document type. */
static void
document_types_are_refused_so_nothing_expands(void **state)
{
	static const struct bad t[] = {
		{ "<?xml version='1.0'?>\n<!DOCTYPE LWM2M [<!ENTITY a \"ha\"><!ENTITY b "
		  "\"&a;&a;&a;&a;&a;&a;\">"
		  "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><LWM2M>&c;</LWM2M>",
		    "line 2", "document type" },
		{ "<!DOCTYPE LWM2M SYSTEM \"file:///etc/passwd\"><LWM2M/>", "line 1",
		    "document type" },
		{ "<!DOCTYPE LWM2M [<!ENTITY x SYSTEM \"http://192.0.2.1/\">]><LWM2M>&x;</LWM2M>",
		    "line 1", "document type" },
		{ "<LWM2M>&undefined;</LWM2M>", "line 1", "undefined entity" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(&t[i]);
}

static void
limits_hold(void **state)
{
	struct problem why = { .text = "" };
	json_t *defs = NULL, *got = NULL;
	char *xml = malloc(OBJXML_BYTES_MAX + 2);
	size_t n;

	(void)state;
	assert_non_null(xml);
	memset(xml, ' ', OBJXML_BYTES_MAX + 1);
	assert_int_equal(objxml_read(xml, OBJXML_BYTES_MAX + 1, true, &defs, &got, &why), ERR_TOOBIG);

	n = (size_t)sprintf(xml, "<LWM2M>");
	for (int i = 0; i < 17; i++)
		n += (size_t)sprintf(xml + n, "<x>");
	refused(&(struct bad){ xml, "line 1", "more than 16 deep" });

	n = (size_t)sprintf(xml, "<LWM2M><Object><Name>");
	memset(xml + n, 'x', 2000);
	strcpy(xml + n + 2000, "</Name><ObjectID>1</ObjectID></Object></LWM2M>");
	refused(&(struct bad){ xml, "line 1", "longer than 1023 octets" });

	n = (size_t)sprintf(xml, "<LWM2M><Object><Resources>");
	for (unsigned i = 0; i <= OBJXML_RESOURCES_MAX; i++) {
		char number[8];
		snprintf(number, sizeof(number), "%u", i);
		n += (size_t)sprintf(xml + n,
		    "<Item ID='%s'><Name>n</Name><Operations>E</Operations>"
		    "<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory></"
		    "Item>",
		    number);
	}
	refused(&(struct bad){ xml, "line 1", "more than 2048 resources" });

	n = (size_t)sprintf(xml, "<LWM2M>");
	for (unsigned i = 0; i <= OBJXML_OBJECTS_MAX; i++)
		n += (size_t)sprintf(xml + n,
		    "<Object><Name>n</Name><ObjectID>%u</ObjectID><MultipleInstances>Single"
		    "</MultipleInstances><Mandatory>Optional</Mandatory><Resources>" PLAIN
		    "</Resources></Object>",
		    i);
	refused(&(struct bad){ xml, "line 65", "more than 64 objects" });
	free(xml);
}

static int
forget_notes(void **state)
{
	(void)state;
	json_decref(notes);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_element_finds_its_key),
		cmocka_unit_test(all_types_are_known_in_any_case),
		cmocka_unit_test(ranges_are_read_as_registries_write_them),
		cmocka_unit_test(order_space_comments_and_cdata_do_not_matter),
		cmocka_unit_test(declared_encodings_are_read),
		cmocka_unit_test(several_objects_stand_in_one_document),
		cmocka_unit_test(version_of_a_document_hides_no_resource),
		cmocka_unit_test(odd_things_are_passed_over_with_a_note),
		cmocka_unit_test(slips_are_told_with_line_and_sentence),
		cmocka_unit_test(document_types_are_refused_so_nothing_expands),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, forget_notes);
}
