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

#define NOTES_MAX 100

/* --- what goes wrong --- */

void
objxml_refuse(struct objxml *r, unsigned long line, const char *reason, const char *fmt, ...)
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

void
objxml_out_of_memory(struct objxml *r)
{
	if (r->err == ERR_OK)
		r->err = problem_set(r->why, ERR_NOMEM, "no-memory", "", "out of memory");
	XML_StopParser(r->xml, XML_FALSE);
}

static unsigned long
line_now(const struct objxml *r)
{
	return (unsigned long)XML_GetCurrentLineNumber(r->xml);
}

void
objxml_note(struct objxml *r, unsigned long line, const char *fmt, ...)
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

/* --- beginning of records --- */

static void
begin_item(struct objxml *r, const char **attributes)
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
	if (text == NULL || !objxml_parse_id(text, &id)) {
		objxml_refuse(r, r->item.line, "invalid",
		    "an <Item> has its ID, a number from 0 to %d, as attribute; "
		    "found \"%.40s\"",
		    OBJXML_ID_MAX, text != NULL ? text : "");
		return;
	}
	if ((r->ids[id / 8] & 1u << id % 8) != 0)
		objxml_refuse(r, r->item.line, "duplicate", "resource %u stands twice", id);
	else if (json_array_size(r->resources) >= OBJXML_RESOURCES_MAX)
		objxml_refuse(
		    r, r->item.line, "too-many", "more than %u resources", OBJXML_RESOURCES_MAX);
	r->ids[id / 8] |= (uint8_t)(1u << id % 8);
	snprintf(r->item.v[F_ID].text, OBJXML_TEXT_MAX, "%u", id);
}

static void
begin_object(struct objxml *r)
{
	memset(&r->object, 0, sizeof(r->object));
	memset(r->ids, 0, sizeof(r->ids));
	r->object.line = line_now(r);
	r->had_resources = false;
	json_array_clear(r->resources);
	if (json_array_size(r->defs) >= OBJXML_OBJECTS_MAX)
		objxml_refuse(
		    r, r->object.line, "too-many", "more than %u objects", OBJXML_OBJECTS_MAX);
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
field_by_name(enum objxml_place place, const char *name)
{
	static const struct {
		const char *name;
		enum objxml_field field;
		bool object, item;
	} fields[] = {
		{ "Name", F_NAME, true, true },
		{ "ObjectID", F_ID, true, false },
		{ "ObjectURN", F_URN, true, false },
		{ "ObjectVersion", F_VERSION, true, false },
		{ "MultipleInstances", F_MULTIPLE, true, true },
		{ "Mandatory", F_MANDATORY, true, true },
		{ "Operations", F_OPERATIONS, false, true },
		{ "Type", F_TYPE, false, true },
		{ "RangeEnumeration", F_RANGE, false, true },
		{ "Units", F_UNITS, false, true },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((place == P_OBJECT ? fields[i].object : fields[i].item) &&
		    strcasecmp(fields[i].name, name) == 0)
			return (int)fields[i].field;
	return -1;
}

static enum objxml_place
begin_field(struct objxml *r, enum objxml_place within, const char *name)
{
	struct objxml_record *rec = within == P_OBJECT ? &r->object : &r->item;
	int field = field_by_name(within, name);

	if (field < 0)
		return P_SKIPPED;
	if (rec->v[field].line != 0)
		objxml_refuse(r, line_now(r), "duplicate",
		    "<%.40s> stands twice, here and in line %lu", name, rec->v[field].line);
	rec->v[field] = (struct objxml_text){ .line = line_now(r) };
	r->field = &rec->v[field];
	return P_FIELD;
}

static enum objxml_place
enter(struct objxml *r, enum objxml_place within, const char *name, const char **attributes)
{
	switch (within) {
	case P_TOP:
		if (strcasecmp(name, "LWM2M") != 0)
			objxml_refuse(r, line_now(r), "invalid",
			    "the outermost element is <LWM2M>, found <%.60s>", name);
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
			objxml_refuse(r, line_now(r), "duplicate", "<Resources> stands twice");
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
		objxml_refuse(
		    r, line_now(r), "invalid", "<%.60s> stands where only text does", name);
		break;
	case P_SKIPPED:
		break;
	}
	return P_SKIPPED;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct objxml *r = arg;
	enum objxml_place within = r->place[r->depth];

	if (r->err != ERR_OK)
		return;
	if (r->depth == OBJXML_DEPTH_MAX) {
		objxml_refuse(r, line_now(r), "too-deep",
		    "elements stand within each other more than %d deep", OBJXML_DEPTH_MAX);
		return;
	}
	r->place[++r->depth] = enter(r, within, local_name(name), attributes);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct objxml *r = arg;

	(void)name;
	if (r->err != ERR_OK)
		return;
	switch (r->place[r->depth--]) {
	case P_FIELD:
		r->field = NULL;
		break;
	case P_ITEM:
		objxml_end_item(r);
		break;
	case P_OBJECT:
		objxml_end_object(r);
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
	struct objxml *r = arg;
	struct objxml_text *f = r->field;
	size_t n = (size_t)len;

	if (f == NULL || r->err != ERR_OK)
		return;
	/* what leads is never part of a value, and may be longer than one */
	while (f->len == 0 && n > 0 && isspace((unsigned char)*s))
		s++, n--;
	if (n > OBJXML_TEXT_MAX - 1 - f->len) {
		f->cut = true;
		n = 0;
	}
	memcpy(f->text + f->len, s, n);
	f->len += n;
}

/* Entities live in document types; without one there is nothing to expand, and nothing to fetch. */
static void XMLCALL
on_doctype(
    void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	struct objxml *r = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	objxml_refuse(r, line_now(r), "invalid",
	    "a document type (<!DOCTYPE …>) is not accepted: object "
	    "definitions need none");
}

static void
say_syntax(struct objxml *r)
{
	enum XML_Error code = XML_GetErrorCode(r->xml);

	if (code == XML_ERROR_NO_MEMORY) {
		objxml_out_of_memory(r);
		return;
	}
	if (code == XML_ERROR_UNKNOWN_ENCODING)
		objxml_refuse(r, line_now(r), "encoding",
		    "the encoding that the document declares is not known: "
		    "expected UTF-8, UTF-16, ISO-8859-1 or US-ASCII");
	objxml_refuse(r, line_now(r), "syntax", "not readable as XML: %s", XML_ErrorString(code));
}

static void
run(struct objxml *r, const void *xml, size_t len)
{
	XML_SetUserData(r->xml, r);
	XML_SetElementHandler(r->xml, on_start, on_end);
	XML_SetCharacterDataHandler(r->xml, on_text);
	XML_SetStartDoctypeDeclHandler(r->xml, on_doctype);
	/* OBJXML_BYTES_MAX fits an int */
	if (XML_Parse(r->xml, xml, (int)len, XML_TRUE) != XML_STATUS_OK && r->err == ERR_OK)
		say_syntax(r);
	if (r->err == ERR_OK && json_array_size(r->defs) == 0)
		objxml_refuse(r, 1, "missing", "the document has no <Object>");
}

enum err
objxml_read(
    const void *xml, size_t len, bool utf8, json_t **ret, json_t **ret_notes, struct problem *why)
{
	struct objxml *r;
	enum err e;

	if (len > OBJXML_BYTES_MAX)
		return problem_set(why, ERR_TOOBIG, "too-big", "",
		    "the document has %zu octets; at most %u are "
		    "read",
		    len, OBJXML_BYTES_MAX);
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
