#include <assert.h>
#include <stdint.h>

#include "coap/linkfmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_inside(const uint8_t *data, size_t len, struct linkfmt_text t)
{
	const char *begin = (const char *)data;

	assert(t.len <= len);
	assert(t.len == 0 || (t.p >= begin && t.p + t.len <= begin + len));
}

/* Reading comes to an end, and all that it gives lies within the payload. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct linkfmt lf = linkfmt_over(data, len);
	struct linkfmt_link l;
	size_t items = 0;

	while (linkfmt_next(&lf, &l)) {
		assert(++items <= len);
		assert(l.has_target || l.nattrs > 0);
		assert(l.nattrs <= LINKFMT_ATTRS_MAX);
		check_inside(data, len, l.target);
		for (size_t i = 0; i < l.nattrs; i++) {
			assert(l.attrs[i].name.len > 0);
			check_inside(data, len, l.attrs[i].name);
			check_inside(data, len, l.attrs[i].value);
		}
		(void)linkfmt_find(&l, "ssid");
	}
	return 0;
}
