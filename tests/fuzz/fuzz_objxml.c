#include "fuzz_lwm2m.h"

#include <jansson.h>

#include "lwm2m/objxml.h"

/* Whatever is read is a definition that the loader of files takes. */
static void
load(const json_t *defs)
{
	struct objdefs_doc docs[OBJXML_OBJECTS_MAX];
	struct problem why = { .reason = "" };
	struct objdefs *all = NULL;
	size_t n = json_array_size(defs);

	must(n >= 1 && n <= OBJXML_OBJECTS_MAX);
	for (size_t i = 0; i < n; i++)
		docs[i] = (struct objdefs_doc){ "xml", json_array_get(defs, i) };
	must(objdefs_load_with((const char *const[]){ NULL }, docs, n, &all, &why) == ERR_OK);
	must(objdefs_count(all) == n);
	for (size_t i = 0; i < n; i++) {
		json_t *again = objdefs_json(all, objdefs_at(all, i)->id);
		must(again != NULL);
		json_decref(again);
	}
	objdefs_free(all);
}

/* The first octet says whether the encoding is known. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct problem why = { .reason = "" };
	json_t *defs = NULL, *notes = NULL;

	if (len == 0)
		return 0;
	enum err e = objxml_read(data + 1, len - 1, (data[0] & 1) != 0, &defs, &notes, &why);
	if (e != ERR_OK) {
		must(defs == NULL && notes == NULL && why.reason[0] != '\0' && why.text[0] != '\0');
		return 0;
	}
	load(defs);
	json_decref(defs);
	json_decref(notes);
	return 0;
}
