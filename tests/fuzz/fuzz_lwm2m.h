#ifndef FUZZ_LWM2M_H
#define FUZZ_LWM2M_H

/*
 * For the fuzz targets of formats. The first octet of an input chooses what it was read from, the
 * rest is the payload. What decodes has to encode, and to decode to the same again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static inline const struct objdefs *
fuzz_defs(void)
{
	static struct objdefs *defs;
	/* From the top, as "make check" runs, or from here, as tests/fuzz/run.sh does. */
	const char *const dirs[] = { "etc/objects", "../../etc/objects", NULL };
	struct problem why;

	if (defs == NULL && (objdefs_load(dirs, &defs, &why) != ERR_OK || objdefs_count(defs) == 0)) {
		fprintf(stderr, "cannot read etc/objects\n");
		exit(2);
	}
	return defs;
}

static inline void
must(int holds)
{
	if (!holds)
		abort();
}

/* TLV writes back what it read; other formats may not have a way to say it. */
static inline void
fuzz_format(int cf, const struct path *target, const uint8_t *payload, size_t len)
{
	static uint8_t buf[1 << 18];
	struct wr w = wr_over(buf, sizeof(buf));
	struct arena arena;
	struct nodes first = { .arena = &arena }, second = { .arena = &arena };

	arena_init(&arena, 4096, 0);
	if (format_decode(cf, target, fuzz_defs(), payload, len, &first) != ERR_OK) {
		must(first.n == 0);
		goto out;
	}
	for (size_t i = 0; i < first.n; i++)
		must(path_within(&first.v[i].path, target) && first.v[i].path.depth >= 3);
	if (format_encode(cf, target, first.v, first.n, &w) != ERR_OK)
		goto out;
	if (w.len > 65536)		/* became longer than what is taken */
		goto out;
	must(format_decode(cf, target, fuzz_defs(), buf, w.len, &second) == ERR_OK);
	must(second.n == first.n);
	for (size_t i = 0; i < first.n; i++)
		must(path_eq(&first.v[i].path, &second.v[i].path) &&
		    value_eq(&first.v[i].value, &second.v[i].value));
out:
	arena_fini(&arena);
}

/* The payload of 'data' as one of 'targets'. */
static inline int
fuzz_one(int cf, const char *const *targets, size_t ntargets, const uint8_t *data, size_t len)
{
	struct path path;

	if (len == 0)
		return 0;
	const char *target = targets[data[0] % ntargets];
	must(path_parse(target, strlen(target), &path) == ERR_OK);
	fuzz_format(cf, &path, data + 1, len - 1);
	return 0;
}

#endif
