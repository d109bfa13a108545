/* Definitions of what was collected: each element is looked at here, and nowhere else. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwm2m/objxml_priv.h"

#define NAME_MAX_LEN 255 /* LWM2M.xsd sets no limit; a page of text is no name */

/* --- fields --- */

/* The text without the white space around it. */
static const char *
trimmed(struct objxml_text *f)
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
required(struct objxml *r, struct objxml_record *rec, enum objxml_field f, const char *element)
{
	struct objxml_text *t = &rec->v[f];

	if (t->line == 0)
		objxml_refuse(r, rec->line, "missing", "%s has no <%s>", r->label, element);
	else if (t->cut)
		objxml_refuse(r, t->line, "invalid", "the <%s> of %s is longer than %d octets",
		    element, r->label, OBJXML_TEXT_MAX - 1);
	return r->err == ERR_OK ? trimmed(t) : NULL;
}

/* Which of two words it is; false for the first. */
static bool
choice(struct objxml *r, struct objxml_record *rec, enum objxml_field f, const char *element,
    const char *no, const char *yes)
{
	const char *s = required(r, rec, f, element);

	if (s != NULL && strcasecmp(s, no) != 0 && strcasecmp(s, yes) != 0)
		objxml_refuse(r, rec->v[f].line, "invalid",
		    "the <%s> of %s is \"%s\" or \"%s\", found \"%.40s\"", element, r->label, no,
		    yes, s);
	return s != NULL && strcasecmp(s, yes) == 0;
}

static const char *
name_of(struct objxml *r, struct objxml_record *rec)
{
	const char *s = required(r, rec, F_NAME, "Name");

	if (s != NULL && (*s == '\0' || strlen(s) > NAME_MAX_LEN))
		objxml_refuse(r, rec->v[F_NAME].line, "invalid",
		    "the <Name> of %s has 1 to %d octets", r->label, NAME_MAX_LEN);
	return s;
}

bool
objxml_parse_id(const char *s, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!isdigit((unsigned char)*s) || n > OBJXML_ID_MAX)
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
		const char *name;
		enum value_type type;
	} types[] = {
		{ "string", VALUE_STRING },
		{ "integer", VALUE_INTEGER },
		{ "float", VALUE_FLOAT },
		{ "boolean", VALUE_BOOLEAN },
		{ "opaque", VALUE_OPAQUE },
		{ "time", VALUE_TIME },
		{ "objlnk", VALUE_OBJLNK },
		{ "corelnk", VALUE_CORELNK },
		{ "unsignedinteger", VALUE_UNSIGNED },
		{ "unsigned", VALUE_UNSIGNED },
		{ "none", VALUE_NONE },
		{ "", VALUE_NONE },
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
	bool read, write, execute;
};

static struct operations
operations_of(struct objxml *r, struct objxml_record *rec)
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
			objxml_refuse(r, rec->v[F_OPERATIONS].line, "invalid",
			    "the <Operations> of %s are of R, W and E, found \"%.40s\"", r->label,
			    s);
			return ops;
		}
	}
	return ops;
}

/* Executed and nothing else: its type says nothing, whatever it is. */
static enum value_type
type_of(struct objxml *r, struct objxml_record *rec, const struct operations *ops)
{
	struct objxml_text *f = &rec->v[F_TYPE];
	const char *s = f->line != 0 ? trimmed(f) : "";
	bool only_executed = ops->execute && !ops->read && !ops->write;
	enum value_type type = VALUE_NONE;

	if (f->cut || !parse_type(s, &type))
		objxml_refuse(r, f->line, "invalid",
		    "the <Type> of %s is String, Integer, Unsigned Integer, Float, "
		    "Boolean, Opaque, Time, Objlnk, Corelnk, or nothing; found \"%.40s\"",
		    r->label, s);
	else if (type == VALUE_NONE && !ops->execute)
		objxml_refuse(r, f->line != 0 ? f->line : rec->line, "missing",
		    "%s has no <Type>, which only what is executed (Operations E) has not",
		    r->label);
	if (type != VALUE_NONE && only_executed) {
		objxml_note(
		    r, f->line, "%s is executed, so its type, %.40s, is passed over", r->label, s);
		type = VALUE_NONE;
	}
	return type;
}

static void
add_range(struct objxml *r, struct objxml_record *rec, enum value_type type, json_t *resource)
{
	struct objxml_text *f = &rec->v[F_RANGE];
	const char *s = f->line != 0 ? trimmed(f) : "";

	if (*s == '\0' || type == VALUE_NONE || objxml_range(f->cut ? "" : s, type, resource))
		return;
	objxml_note(r, f->line, "%s: nothing is checked by its range, \"%.60s\"%s", r->label, s,
	    strlen(s) > 60 ? "..." : "");
}

void
objxml_end_item(struct objxml *r)
{
	struct objxml_record *rec = &r->item;
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
		objxml_note(
		    r, rec->v[F_MULTIPLE].line, "%s is executed, so it is not multiple", r->label);
		multiple = false;
	}
	json_t *o = json_pack("{s:i, s:s, s:s, s:b, s:b}", "id", id, "name", name, "type",
	    value_type_name(type), "multiple", multiple, "mandatory", mandatory);
	if (o == NULL) {
		objxml_out_of_memory(r);
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
		objxml_out_of_memory(r);
}

/* --- objects --- */

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
versions_of(struct objxml *r)
{
	struct objxml_text *f = &r->object.v[F_VERSION];
	const char *s = f->line != 0 ? trimmed(f) : "";
	unsigned major, minor;
	char text[16];

	if (f->cut || !parse_version(s, &major, &minor)) {
		objxml_refuse(r, f->line, "invalid",
		    "the <ObjectVersion> of %s is a version like 1.0, found \"%.40s\"", r->label,
		    s);
		return NULL;
	}
	if (major == 1 && minor == 0)
		return json_pack("[s]", "1.0");
	snprintf(text, sizeof(text), "%u.%u", major, minor);
	return json_pack("[s, s]", "1.0", text);
}

/* "urn:oma:lwm2m:ext:10371:1.1": its number has to be the object's. */
static void
check_urn(struct objxml *r)
{
	struct objxml_text *f = &r->object.v[F_URN];
	const char *s = f->line != 0 && !f->cut ? trimmed(f) : "";
	static const char prefix[] = "urn:oma:lwm2m:";

	if (strncasecmp(s, prefix, sizeof(prefix) - 1) != 0)
		return;
	s = strchr(s + sizeof(prefix) - 1, ':');
	if (s != NULL && isdigit((unsigned char)s[1]) && strtoul(s + 1, NULL, 10) != r->oid)
		objxml_refuse(r, f->line, "invalid",
		    "the <ObjectURN> names object %lu, the <ObjectID> %u", strtoul(s + 1, NULL, 10),
		    r->oid);
}

void
objxml_end_object(struct objxml *r)
{
	struct objxml_record *rec = &r->object;
	json_t *versions, *def, *other;
	size_t i;

	snprintf(r->label, sizeof(r->label), "the object");
	const char *id = required(r, rec, F_ID, "ObjectID");
	if (id != NULL && !objxml_parse_id(id, &r->oid))
		objxml_refuse(r, rec->v[F_ID].line, "invalid",
		    "an <ObjectID> is a number from 0 to %d, found \"%.40s\"", OBJXML_ID_MAX, id);
	if (r->err != ERR_OK)
		return;
	snprintf(r->label, sizeof(r->label), "object %u", r->oid);
	check_urn(r);
	const char *name = name_of(r, rec);
	bool multiple = choice(r, rec, F_MULTIPLE, "MultipleInstances", "Single", "Multiple");
	bool mandatory = choice(r, rec, F_MANDATORY, "Mandatory", "Optional", "Mandatory");
	if (json_array_size(r->resources) == 0)
		objxml_refuse(r, rec->line, "missing",
		    "%s has no resource: <Resources> with one <Item> or more", r->label);
	json_array_foreach(
	    r->defs, i, other) if (json_integer_value(json_object_get(other, "object")) == r->oid)
	    objxml_refuse(r, rec->line, "duplicate", "object %u stands twice", r->oid);
	versions = r->err == ERR_OK ? versions_of(r) : NULL;
	if (r->err != ERR_OK) {
		json_decref(versions);
		return;
	}
	def =
	    json_pack("{s:i, s:s, s:b, s:b, s:o?, s:O}", "object", r->oid, "name", name, "multiple",
		multiple, "mandatory", mandatory, "versions", versions, "resources", r->resources);
	json_decref(r->resources);
	r->resources = json_array();
	if (r->resources == NULL || def == NULL || json_array_append_new(r->defs, def) != 0)
		objxml_out_of_memory(r);
}
