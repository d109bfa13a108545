#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "coap/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile unsigned sink;

static void
touch(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sink += p[i];
}

/* There is one encoding of a message: what is decoded comes back byte for byte. */
static void
one_frame(const uint8_t *p, size_t len)
{
	struct msg_block b;
	enum err e = ERR_OK;
	uint8_t *exact = malloc(len), *back = malloc(len);
	struct msg m;
	size_t n;

	if (exact == NULL || back == NULL)
		abort();
	memcpy(exact, p, len);
	e = frame_decode(exact, len, &m);
	assert(e != ERR_TRUNCATED);
	if (e == ERR_OK) {
		for (size_t i = 0; i < m.nopts; i++) {
			assert(i == 0 || m.opts[i - 1].number <= m.opts[i].number);
			touch(m.opts[i].value, m.opts[i].len);
			if (msg_block_bert(&m, m.opts[i].number, &b, &e))
				assert(b.szx <= MSG_SZX_BERT && b.num <= 0xfffff);
		}
		touch(m.payload, m.payload_len);
		e = frame_encode(&m, back, len, &n);
		assert(e == ERR_OK && n == len && memcmp(back, exact, len) == 0);
		e = frame_encode(&m, back, len - 1, &n);
		assert(e == ERR_TOOBIG);
	}
	free(exact);
	free(back);
}

/* The input is a stream of frames. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t total;
	struct msg m;

	while (frame_len(data, len, &total) == ERR_OK && total <= len) {
		assert(total >= 2);
		for (uint64_t n = 0; n < total && n < 6; n++)
			assert(frame_decode(data, n, &m) == ERR_TRUNCATED);
		one_frame(data, total);
		data += total;
		len -= total;
	}
	if (len > 0)
		assert(frame_decode(data, len, &m) != ERR_OK);
	return 0;
}
