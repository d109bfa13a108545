#include "fuzz_lwm2m.h"

#include <unistd.h>

static char dir[] = "/tmp/fuzz-objdef-XXXXXX", file[64];

static void
clean_up(void)
{
	unlink(file);
	rmdir(dir);
}

static void
put(const uint8_t *data, size_t len)
{
	if (file[0] == '\0') {
		must(mkdtemp(dir) != NULL);
		snprintf(file, sizeof(file), "%s/x.json", dir);
		atexit(clean_up);
	}
	FILE *f = fopen(file, "w");
	must(f != NULL);
	must(fwrite(data, 1, len, f) == len);
	must(fclose(f) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *const dirs[] = { dir, NULL };
	struct objdefs *defs = NULL;
	struct problem why = { .reason = "" };

	put(data, len);
	enum err e = objdefs_load(dirs, &defs, &why);
	if (e != ERR_OK) {
		must(defs == NULL && why.reason[0] != '\0' && why.where[0] != '\0' && why.text[0] != '\0');
		return 0;
	}
	must(objdefs_count(defs) == 1);
	const struct objdef *o = objdefs_at(defs, 0);
	must(objdefs_object(defs, o->id) == o && o->nresources > 0);
	for (size_t i = 0; i < o->nresources; i++) {
		const struct resdef *r = &o->resources[i];
		must(objdefs_resource(defs, o->id, r->id) == r);
		must(objdefs_type(defs, o->id, r->id, 0) == r->type);
		must(!r->has_range || r->min <= r->max);
	}
	objdefs_free(defs);
	return 0;
}
