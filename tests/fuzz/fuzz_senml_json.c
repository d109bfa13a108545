#include "fuzz_lwm2m.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const targets[] = { "/", "/0/1", "/1/0", "/2/0", "/3/0", "/0", "/1", "/2",
	    "/0/1/16", "/2/0/2", "/1/0/1", "/6/0", "/21/0", "/77/0" };

	return fuzz_one(FORMAT_SENML_JSON, targets, sizeof(targets) / sizeof(targets[0]), data, len);
}
