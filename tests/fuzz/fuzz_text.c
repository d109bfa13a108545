#include "fuzz_lwm2m.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const targets[] = { "/1/0/1", "/0/1/13", "/6/0/0", "/1/0/6", "/0/1/5",
	    "/1/0/12", "/0/1/17", "/1/0/7", "/77/0/0", "/22/0/0" };
	size_t n = sizeof(targets) / sizeof(targets[0]);

	(void)fuzz_one(FORMAT_OPAQUE, targets, n, data, len);
	return fuzz_one(FORMAT_TEXT, targets, n, data, len);
}
