/*
 * Expat calls start, text and end; what counts is kept by the place it stands at:
 *
 *	LWM2M / Object / Name, ObjectID …
 *	               / Resources / Item ID= / Name, Operations …
 *
 * Other elements are passed over with all they hold. A field is looked at when what it belongs
 * to ends, so their order does not matter, and each keeps the line where it began.
 */
#include "lwm2m/objxml.h"

#include <ctype.h>
#include <expat.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwm2m/objxml_priv.h"

#define DEPTH_MAX	16
#define FIELD_MAX	1024	/* octets of one field that is kept; names and ranges are far shorter */
#define NAME_MAX_LEN	255	/* LWM2M.xsd sets no limit; a page of text is no name */
#define NOTES_MAX	100
#define ID_MAX		65534

enum field {
	F_NAME, F_ID, F_URN, F_VERSION, F_MULTIPLE, F_MANDATORY,	/* of both, or of an object */
	F_OPERATIONS, F_TYPE, F_RANGE, F_UNITS,
	NFIELDS,
};

struct field_text {
	char		text[FIELD_MAX];
	size_t		len;
	unsigned long	line;		/* 0: it was not there */
	bool		cut;
};

/* What is collected of an object, or of one of its resources. */
struct record {
	struct field_text	v[NFIELDS];
	unsigned long		line;
};

enum place { P_TOP, P_ROOT, P_OBJECT, P_RESOURCES, P_ITEM, P_FIELD, P_SKIPPED };

struct reading {
	XML_Parser	 xml;
	struct problem	*why;
	enum err	 err;
	enum place	 place[DEPTH_MAX + 1];
	unsigned	 depth;
	struct record	 object, item;
	struct field_text *field;	/* where text goes; NULL: nowhere */
	uint16_t	 oid;
	char		 label[32];	/* "object 10371", "resource 5" for notes */
	json_t		*resources;	/* of the object that is open */
	bool		 had_resources;
	uint8_t		 ids[(ID_MAX + 8) / 8];	/* bit set: the resource was there */
	json_t		*defs, *notes;
};

/* --- what goes wrong --- */

static void PRINTF_LIKE(4, 5)
refuse(struct reading *r, unsigned long line, const char *reason, const char *fmt, ...)
{
	char where[40], text[sizeof(r->why->text)];
	va_list ap;

	if (r->err != ERR_OK)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(where, sizeof(where), "line %lu", line);
	r->err = problem_set(r->why, ERR_INVALID, reason, where, "%s", text);
	XML_StopParser(r->xml, XML_FALSE);
}

static void
out_of_memory(struct reading *r)
{
	if (r->err == ERR_OK)
		r->err = problem_set(r->why, ERR_NOMEM, "no-memory", "", "out of memory");
	XML_StopParser(r->xml, XML_FALSE);
}

static unsigned long
line_now(const struct reading *r)
{
	return (unsigned long)XML_GetCurrentLineNumber(r->xml);
}

static void PRINTF_LIKE(3, 4)
note(struct reading *r, unsigned long line, const char *fmt, ...)
{
	char text[320];
	int n = snprintf(text, sizeof(text), "line %lu: ", line);
	va_list ap;

	if (json_array_size(r->notes) >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	/* a cut within a character makes no string: then the note is the line alone */
	if (json_array_append_new(r->notes, json_string(text)) != 0) {
		text[n] = '\0';
		json_array_append_new(r->notes, json_string(text));
	}
}

/* --- fields --- */

/* The text without the white space around it. */
static const char *
trimmed(struct field_text *f)
{
	char *s = f->text;

	while (f->len > 0 && isspace((unsigned char)s[f->len - 1]))
		f->len--;
	s[f->len] = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* As it stands, or NULL after having said that it is missing or too long. */
static const char *
required(struct reading *r, struct record *rec, enum field f, const char *element)
{
	struct field_text *t = &rec->v[f];

	if (t->line == 0)
		refuse(r, rec->line, "missing", "%s has no <%s>", r->label, element);
	else if (t->cut)
		refuse(r, t->line, "invalid", "the <%s> of %s is longer than %d octets", element, r->label,
		    FIELD_MAX - 1);
	return r->err == ERR_OK ? trimmed(t) : NULL;
}

/* Which of two words it is; false for the first. */
static bool
choice(struct reading *r, struct record *rec, enum field f, const char *element, const char *no,
    const char *yes)
{
	const char *s = required(r, rec, f, element);

	if (s != NULL && strcasecmp(s, no) != 0 && strcasecmp(s, yes) != 0)
		refuse(r, rec->v[f].line, "invalid", "the <%s> of %s is \"%s\" or \"%s\", found \"%.40s\"",
		    element, r->label, no, yes, s);
	return s != NULL && strcasecmp(s, yes) == 0;
}

static const char *
name_of(struct reading *r, struct record *rec)
{
	const char *s = required(r, rec, F_NAME, "Name");

	if (s != NULL && (*s == '\0' || strlen(s) > NAME_MAX_LEN))
		refuse(r, rec->v[F_NAME].line, "invalid", "the <Name> of %s has 1 to %d octets", r->label,
		    NAME_MAX_LEN);
	return s;
}

/* A number as people write ids; false when it is none, or none of ours. */
static bool
parse_id(const char *s, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!isdigit((unsigned char)*s) || n > ID_MAX)
		return false;
	while (isspace((unsigned char)*end))
		end++;
	*ret = (uint16_t)n;
	return *end == '\0';
}

/* --- resources --- */

/* Names of types in any case, whatever stands between the words of one. */
static bool
parse_type(const char *s, enum value_type *ret)
{
	static const struct {
		const char	*name;
		enum value_type	 type;
	} types[] = {
		{ "string", VALUE_STRING }, { "integer", VALUE_INTEGER }, { "float", VALUE_FLOAT },
		{ "boolean", VALUE_BOOLEAN }, { "opaque", VALUE_OPAQUE }, { "time", VALUE_TIME },
		{ "objlnk", VALUE_OBJLNK }, { "corelnk", VALUE_CORELNK },
		{ "unsignedinteger", VALUE_UNSIGNED }, { "unsigned", VALUE_UNSIGNED },
		{ "none", VALUE_NONE }, { "", VALUE_NONE },
	};
	char word[24];
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (isspace((unsigned char)*s) || *s == '_')
			continue;
		if (n + 1 == sizeof(word))
			return false;
		word[n++] = (char)tolower((unsigned char)*s);
	}
	word[n] = '\0';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, word) == 0) {
			*ret = types[i].type;
			return true;
		}
	return false;
}

struct operations {
	bool	read, write, execute;
};

static struct operations
operations_of(struct reading *r, struct record *rec)
{
	const char *s = required(r, rec, F_OPERATIONS, "Operations");
	struct operations ops = { false, false, false };

	for (const char *p = s; p != NULL && *p != '\0'; p++) {
		if (*p == 'R' || *p == 'r')
			ops.read = true;
		else if (*p == 'W' || *p == 'w')
			ops.write = true;
		else if (*p == 'E' || *p == 'e')
			ops.execute = true;
		else if (!isspace((unsigned char)*p) && strchr(",/|-", *p) == NULL) {
			refuse(r, rec->v[F_OPERATIONS].line, "invalid",
			    "the <Operations> of %s are of R, W and E, found \"%.40s\"", r->label, s);
			return ops;
		}
	}
	return ops;
}

/* Executed and nothing else: its type says nothing, whatever it is. */
static enum value_type
type_of(struct reading *r, struct record *rec, const struct operations *ops)
{
	struct field_text *f = &rec->v[F_TYPE];
	const char *s = f->line != 0 ? trimmed(f) : "";
	bool only_executed = ops->execute && !ops->read && !ops->write;
	enum value_type type = VALUE_NONE;

	if (f->cut || !parse_type(s, &type))
		refuse(r, f->line, "invalid", "the <Type> of %s is String, Integer, Unsigned Integer, Float, "
		    "Boolean, Opaque, Time, Objlnk, Corelnk, or nothing; found \"%.40s\"", r->label, s);
	else if (type == VALUE_NONE && !ops->execute)
		refuse(r, f->line != 0 ? f->line : rec->line, "missing",
		    "%s has no <Type>, which only what is executed (Operations E) has not", r->label);
	if (type != VALUE_NONE && only_executed) {
		note(r, f->line, "%s is executed, so its type, %.40s, is passed over", r->label, s);
		type = VALUE_NONE;
	}
	return type;
}

static void
add_range(struct reading *r, struct record *rec, enum value_type type, json_t *resource)
{
	struct field_text *f = &rec->v[F_RANGE];
	const char *s = f->line != 0 ? trimmed(f) : "";

	if (*s == '\0' || type == VALUE_NONE || objxml_range(f->cut ? "" : s, type, resource))
		return;
	note(r, f->line, "%s: nothing is checked by its range, \"%.60s\"%s", r->label, s,
	    strlen(s) > 60 ? "..." : "");
}

static void
end_item(struct reading *r)
{
	struct record *rec = &r->item;
	uint16_t id = (uint16_t)strtoul(rec->v[F_ID].text, NULL, 10);
	const char *units;

	snprintf(r->label, sizeof(r->label), "resource %u", id);
	const char *name = name_of(r, rec);
	bool multiple = choice(r, rec, F_MULTIPLE, "MultipleInstances", "Single", "Multiple");
	bool mandatory = choice(r, rec, F_MANDATORY, "Mandatory", "Optional", "Mandatory");
	struct operations ops = operations_of(r, rec);
	enum value_type type = type_of(r, rec, &ops);
	if (r->err != ERR_OK)
		return;
	if (type == VALUE_NONE && multiple) {
		note(r, rec->v[F_MULTIPLE].line, "%s is executed, so it is not multiple", r->label);
		multiple = false;
	}
	json_t *o = json_pack("{s:i, s:s, s:s, s:b, s:b}", "id", id, "name", name,
	    "type", value_type_name(type), "multiple", multiple, "mandatory", mandatory);
	if (o == NULL) {
		out_of_memory(r);
		return;
	}
	add_range(r, rec, type, o);
	/* What servers may only read is what the device itself knows. */
	if (type != VALUE_NONE && ops.read && !ops.write)
		json_object_set_new(o, "bootstrap", json_false());
	units = rec->v[F_UNITS].line != 0 && !rec->v[F_UNITS].cut ? trimmed(&rec->v[F_UNITS]) : "";
	if (*units != '\0')
		json_object_set_new(o, "unit", json_string(units));
	if (json_array_append_new(r->resources, o) != 0)
		out_of_memory(r);
}

static void
begin_item(struct reading *r, const char **attributes)
{
	const char *text = NULL;
	uint16_t id;

	memset(&r->item, 0, sizeof(r->item));
	r->item.line = line_now(r);
	for (size_t i = 0; attributes[i] != NULL; i += 2)
		if (strcasecmp(attributes[i], "ID") == 0)
			text = attributes[i + 1];
	while (text != NULL && isspace((unsigned char)*text))
		text++;
	if (text == NULL || !parse_id(text, &id)) {
		refuse(r, r->item.line, "invalid", "an <Item> has its ID, a number from 0 to %d, as attribute; "
		    "found \"%.40s\"", ID_MAX, text != NULL ? text : "");
		return;
	}
	if ((r->ids[id / 8] & 1u << id % 8) != 0)
		refuse(r, r->item.line, "duplicate", "resource %u stands twice", id);
	else if (json_array_size(r->resources) >= OBJXML_RESOURCES_MAX)
		refuse(r, r->item.line, "too-many", "more than %u resources", OBJXML_RESOURCES_MAX);
	r->ids[id / 8] |= (uint8_t)(1u << id % 8);
	snprintf(r->item.v[F_ID].text, FIELD_MAX, "%u", id);
}

/* --- objects --- */

static void
begin_object(struct reading *r)
{
	memset(&r->object, 0, sizeof(r->object));
	memset(r->ids, 0, sizeof(r->ids));
	r->object.line = line_now(r);
	r->had_resources = false;
	json_array_clear(r->resources);
	if (json_array_size(r->defs) >= OBJXML_OBJECTS_MAX)
		refuse(r, r->object.line, "too-many", "more than %u objects", OBJXML_OBJECTS_MAX);
}

/* "1.2"; nothing is 1.0 (LwM2M Core 1.2, 7.2.2). False when it is something else. */
static bool
parse_version(const char *s, unsigned *major, unsigned *minor)
{
	char back[16];

	*major = 1;
	*minor = 0;
	if (*s == '\0')
		return true;
	*major = (unsigned)strtoul(s, NULL, 10);
	s = isdigit((unsigned char)*s) ? s : "";
	const char *dot = strchr(s, '.');
	if (dot != NULL && isdigit((unsigned char)dot[1]))
		*minor = (unsigned)strtoul(dot + 1, NULL, 10);
	snprintf(back, sizeof(back), "%u.%u", *major, *minor);
	return dot != NULL && strcmp(back, s) == 0 && *major >= 1 && *major <= 255 && *minor <= 255;
}

/*
 * A document says which version it describes, not which one brought a resource: all count as
 * there from 1.0 on, so that none is left out for a device that does not tell its version.
 */
static json_t *
versions_of(struct reading *r)
{
	struct field_text *f = &r->object.v[F_VERSION];
	const char *s = f->line != 0 ? trimmed(f) : "";
	unsigned major, minor;
	char text[16];

	if (f->cut || !parse_version(s, &major, &minor)) {
		refuse(r, f->line, "invalid", "the <ObjectVersion> of %s is a version like 1.0, found \"%.40s\"",
		    r->label, s);
		return NULL;
	}
	if (major == 1 && minor == 0)
		return json_pack("[s]", "1.0");
	snprintf(text, sizeof(text), "%u.%u", major, minor);
	return json_pack("[s, s]", "1.0", text);
}

/* "urn:oma:lwm2m:ext:10371:1.1": its number has to be the object's. */
static void
check_urn(struct reading *r)
{
	struct field_text *f = &r->object.v[F_URN];
	const char *s = f->line != 0 && !f->cut ? trimmed(f) : "";
	static const char prefix[] = "urn:oma:lwm2m:";

	if (strncasecmp(s, prefix, sizeof(prefix) - 1) != 0)
		return;
	s = strchr(s + sizeof(prefix) - 1, ':');
	if (s != NULL && isdigit((unsigned char)s[1]) && strtoul(s + 1, NULL, 10) != r->oid)
		refuse(r, f->line, "invalid", "the <ObjectURN> names object %lu, the <ObjectID> %u",
		    strtoul(s + 1, NULL, 10), r->oid);
}

static void
end_object(struct reading *r)
{
	struct record *rec = &r->object;
	json_t *versions, *def, *other;
	size_t i;

	snprintf(r->label, sizeof(r->label), "the object");
	const char *id = required(r, rec, F_ID, "ObjectID");
	if (id != NULL && !parse_id(id, &r->oid))
		refuse(r, rec->v[F_ID].line, "invalid", "an <ObjectID> is a number from 0 to %d, found \"%.40s\"",
		    ID_MAX, id);
	if (r->err != ERR_OK)
		return;
	snprintf(r->label, sizeof(r->label), "object %u", r->oid);
	check_urn(r);
	const char *name = name_of(r, rec);
	bool multiple = choice(r, rec, F_MULTIPLE, "MultipleInstances", "Single", "Multiple");
	bool mandatory = choice(r, rec, F_MANDATORY, "Mandatory", "Optional", "Mandatory");
	if (json_array_size(r->resources) == 0)
		refuse(r, rec->line, "missing", "%s has no resource: <Resources> with one <Item> or more",
		    r->label);
	json_array_foreach(r->defs, i, other)
		if (json_integer_value(json_object_get(other, "object")) == r->oid)
			refuse(r, rec->line, "duplicate", "object %u stands twice", r->oid);
	versions = r->err == ERR_OK ? versions_of(r) : NULL;
	if (r->err != ERR_OK) {
		json_decref(versions);
		return;
	}
	def = json_pack("{s:i, s:s, s:b, s:b, s:o?, s:O}", "object", r->oid, "name", name,
	    "multiple", multiple, "mandatory", mandatory, "versions", versions, "resources", r->resources);
	json_decref(r->resources);
	r->resources = json_array();
	if (r->resources == NULL || def == NULL || json_array_append_new(r->defs, def) != 0)
		out_of_memory(r);
}

/* --- what expat calls --- */

/* A prefix is not what an element is known by. */
static const char *
local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon != NULL ? colon + 1 : name;
}

static int
field_by_name(enum place place, const char *name)
{
	static const struct {
		const char	*name;
		enum field	 field;
		bool		 object, item;
	} fields[] = {
		{ "Name", F_NAME, true, true }, { "ObjectID", F_ID, true, false },
		{ "ObjectURN", F_URN, true, false }, { "ObjectVersion", F_VERSION, true, false },
		{ "MultipleInstances", F_MULTIPLE, true, true }, { "Mandatory", F_MANDATORY, true, true },
		{ "Operations", F_OPERATIONS, false, true }, { "Type", F_TYPE, false, true },
		{ "RangeEnumeration", F_RANGE, false, true }, { "Units", F_UNITS, false, true },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((place == P_OBJECT ? fields[i].object : fields[i].item) &&
		    strcasecmp(fields[i].name, name) == 0)
			return (int)fields[i].field;
	return -1;
}

static enum place
begin_field(struct reading *r, enum place within, const char *name)
{
	struct record *rec = within == P_OBJECT ? &r->object : &r->item;
	int field = field_by_name(within, name);

	if (field < 0)
		return P_SKIPPED;
	if (rec->v[field].line != 0)
		refuse(r, line_now(r), "duplicate", "<%.40s> stands twice, here and in line %lu", name,
		    rec->v[field].line);
	rec->v[field] = (struct field_text){ .line = line_now(r) };
	r->field = &rec->v[field];
	return P_FIELD;
}

static enum place
enter(struct reading *r, enum place within, const char *name, const char **attributes)
{
	switch (within) {
	case P_TOP:
		if (strcasecmp(name, "LWM2M") != 0)
			refuse(r, line_now(r), "invalid", "the outermost element is <LWM2M>, found <%.60s>", name);
		return P_ROOT;
	case P_ROOT:
		if (strcasecmp(name, "Object") != 0)
			return P_SKIPPED;
		begin_object(r);
		return P_OBJECT;
	case P_OBJECT:
		if (strcasecmp(name, "Resources") != 0)
			return begin_field(r, within, name);
		if (r->had_resources)
			refuse(r, line_now(r), "duplicate", "<Resources> stands twice");
		r->had_resources = true;
		return P_RESOURCES;
	case P_RESOURCES:
		if (strcasecmp(name, "Item") != 0)
			return P_SKIPPED;
		begin_item(r, attributes);
		return P_ITEM;
	case P_ITEM:
		return begin_field(r, within, name);
	case P_FIELD:
		refuse(r, line_now(r), "invalid", "<%.60s> stands where only text does", name);
		break;
	case P_SKIPPED:
		break;
	}
	return P_SKIPPED;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = arg;
	enum place within = r->place[r->depth];

	if (r->err != ERR_OK)
		return;
	if (r->depth == DEPTH_MAX) {
		refuse(r, line_now(r), "too-deep", "elements stand within each other more than %d deep",
		    DEPTH_MAX);
		return;
	}
	r->place[++r->depth] = enter(r, within, local_name(name), attributes);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;

	(void)name;
	if (r->err != ERR_OK)
		return;
	switch (r->place[r->depth--]) {
	case P_FIELD:
		r->field = NULL;
		break;
	case P_ITEM:
		end_item(r);
		break;
	case P_OBJECT:
		end_object(r);
		break;
	case P_TOP:
	case P_ROOT:
	case P_RESOURCES:
	case P_SKIPPED:
		break;
	}
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int len)
{
	struct reading *r = arg;
	struct field_text *f = r->field;
	size_t n = (size_t)len;

	if (f == NULL || r->err != ERR_OK)
		return;
	/* what leads is never part of a value, and may be longer than one */
	while (f->len == 0 && n > 0 && isspace((unsigned char)*s))
		s++, n--;
	if (n > FIELD_MAX - 1 - f->len) {
		f->cut = true;
		n = 0;
	}
	memcpy(f->text + f->len, s, n);
	f->len += n;
}

/* Entities live in document types; without one there is nothing to expand, and nothing to fetch. */
static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	struct reading *r = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	refuse(r, line_now(r), "invalid", "a document type (<!DOCTYPE …>) is not accepted: object "
	    "definitions need none");
}

static void
say_syntax(struct reading *r)
{
	enum XML_Error code = XML_GetErrorCode(r->xml);

	if (code == XML_ERROR_NO_MEMORY) {
		out_of_memory(r);
		return;
	}
	if (code == XML_ERROR_UNKNOWN_ENCODING)
		refuse(r, line_now(r), "encoding", "the encoding that the document declares is not known: "
		    "expected UTF-8, UTF-16, ISO-8859-1 or US-ASCII");
	refuse(r, line_now(r), "syntax", "not readable as XML: %s", XML_ErrorString(code));
}

static void
run(struct reading *r, const void *xml, size_t len)
{
	XML_SetUserData(r->xml, r);
	XML_SetElementHandler(r->xml, on_start, on_end);
	XML_SetCharacterDataHandler(r->xml, on_text);
	XML_SetStartDoctypeDeclHandler(r->xml, on_doctype);
	/* OBJXML_BYTES_MAX fits an int */
	if (XML_Parse(r->xml, xml, (int)len, XML_TRUE) != XML_STATUS_OK && r->err == ERR_OK)
		say_syntax(r);
	if (r->err == ERR_OK && json_array_size(r->defs) == 0)
		refuse(r, 1, "missing", "the document has no <Object>");
}

enum err
objxml_read(const void *xml, size_t len, bool utf8, json_t **ret, json_t **ret_notes,
    struct problem *why)
{
	struct reading *r;
	enum err e;

	if (len > OBJXML_BYTES_MAX)
		return problem_set(why, ERR_TOOBIG, "too-big", "", "the document has %zu octets; at most %u are "
		    "read", len, OBJXML_BYTES_MAX);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return problem_set(why, ERR_NOMEM, "no-memory", "", "out of memory");
	r->why = why;
	r->xml = XML_ParserCreate(utf8 ? "UTF-8" : NULL);
	r->defs = json_array();
	r->notes = json_array();
	r->resources = json_array();
	if (r->xml != NULL && r->defs != NULL && r->notes != NULL && r->resources != NULL)
		run(r, xml, len);
	else
		r->err = problem_set(why, ERR_NOMEM, "no-memory", "", "out of memory");
	e = r->err;
	if (e == ERR_OK) {
		*ret = json_incref(r->defs);
		*ret_notes = json_incref(r->notes);
	}
	json_decref(r->defs);
	json_decref(r->notes);
	json_decref(r->resources);
	if (r->xml != NULL)
		XML_ParserFree(r->xml);
	free(r);
	return e;
}
