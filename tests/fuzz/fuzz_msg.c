#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "coap/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile unsigned sink;

/* Every byte that a message points at can be read. */
static void
touch(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sink += p[i];
}

#define FENCED_MAX	4096

/*
 * The same bytes where the memory of the process ends: an overrun is a crash, also within
 * libcoap, which no sanitizer watches.
 */
static const uint8_t *
fenced(const uint8_t *data, size_t len)
{
	static uint8_t *map;

	if (map == NULL) {
		map = mmap(NULL, 2 * FENCED_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (map == MAP_FAILED || mprotect(map + FENCED_MAX, FENCED_MAX, PROT_NONE) != 0)
			abort();
	}
	if (len == 0 || len > FENCED_MAX)
		return data;
	return memcpy(map + FENCED_MAX - len, data, len);
}

/* There is one encoding of a message: what is decoded comes back byte for byte. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum err e = ERR_OK;
	struct msg_block b;
	struct msg m;
	uint8_t *back;
	size_t n;

	data = fenced(data, len);
	if (msg_decode(data, len, &m) != ERR_OK)
		return 0;
	for (size_t i = 0; i < m.nopts; i++) {
		assert(i == 0 || m.opts[i - 1].number <= m.opts[i].number);
		touch(m.opts[i].value, m.opts[i].len);
		(void)msg_uint(&m, m.opts[i].number);
		if (msg_block(&m, m.opts[i].number, &b, &e))
			assert(b.szx <= 6 && b.num <= 0xfffff);
	}
	touch(m.payload, m.payload_len);
	back = malloc(len);
	if (back == NULL)
		abort();
	e = msg_encode(&m, back, len, &n);
	assert(e == ERR_OK && n == len && memcmp(back, data, len) == 0);
	e = msg_encode(&m, back, len - 1, &n);
	assert(e == ERR_TOOBIG);
	free(back);
	return 0;
}
