#include "fuzz_lwm2m.h"

#include "lwm2m/discovery.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena arena;
	struct discovery d;

	arena_init(&arena, 4096, 0);
	if (discovery_parse(data, len, &arena, &d) == ERR_OK) {
		must(d.nlinks <= 1024 && d.nreserved <= sizeof(d.reserved) / sizeof(d.reserved[0]));
		for (size_t i = 0; i < d.nlinks; i++) {
			const struct discovery_link *l = &d.links[i];
			must(l->path.depth >= 1 && l->path.depth <= 2 && l->ssid < 65535);
			must(discovery_has(&d, &l->path));
			/* An instance of /0 is somebody's, or not ours to write. */
			if (l->path.depth == 2 && l->path.id[0] == 0 && l->ssid == 0)
				must(discovery_reserved(&d, l->path.id[1]));
			(void)discovery_version(&d, l->path.id[0]);
		}
		for (size_t i = 0; i < d.nreserved; i++)
			must(discovery_reserved(&d, d.reserved[i]));
	}
	arena_fini(&arena);
	return 0;
}
