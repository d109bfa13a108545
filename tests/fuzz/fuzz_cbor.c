#include "fuzz_lwm2m.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const targets[] = { "/0/1/0", "/0/1/5", "/0/1/13", "/0/1/17", "/1/0/1", "/1/0/6",
	    "/1/0/12", "/6/0/0", "/77/0/1", "/0/1/16/0", "/1/0" };

	return fuzz_one(FORMAT_CBOR, targets, sizeof(targets) / sizeof(targets[0]), data, len);
}
