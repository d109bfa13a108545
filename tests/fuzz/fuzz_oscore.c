#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "base/wr.h"
#include "oscore/oscore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * Input: steps of one byte what, one byte length, and so many bytes.
 *
 *	0  a message as it comes from anybody
 *	1  plaintext that a device protects: so the fuzzer gets behind the AEAD
 *	2  the same, in answer to a request of ours
 *	3  the device asks with the Echo that it was given last; the bytes are ignored
 *	4  plaintext in the first request of a renewal, the first 8 octets being ID1
 */
enum { STEP_RAW, STEP_REQUEST, STEP_ANSWER, STEP_ECHO, STEP_RENEWAL };

#define ROOM		2048
#define PLAIN_MAX	256

struct end {
	uint8_t			bytes[ROOM];
	struct oscore_room	room;
};

struct world {
	struct oscore_numbers	*numbers;
	struct oscore_aead	*aead;
	struct oscore		*o;
	struct oscore_params	 record;
	struct oscore_keys	 device;
	struct oscore_context	*context;	/* the last that a request was opened with */
	uint64_t		 next, last_own;
	bool			 any_own;
	uint8_t			 echo[OSCORE_ECHO_LEN];
	struct end		 server, other;
	uint8_t			 option[128], cipher[PLAIN_MAX + OSCORE_TAG_MAX];
};

static volatile unsigned sink;

static enum err
find(void *arg, const struct oscore_id *kid, const uint8_t *id_context, size_t len,
    struct oscore_params *ret)
{
	const struct world *w = arg;

	(void)id_context;
	if (len > 0 || kid->len != w->record.recipient.len)
		return ERR_NOTFOUND;
	*ret = w->record;
	return ERR_OK;
}

static void
must(enum err e)
{
	if (e != ERR_OK)
		abort();
}

static void
open_world(struct world *w)
{
	struct oscore_params p;

	memset(w, 0, sizeof(*w));
	w->record = (struct oscore_params){ .aead = 10, .hash = OSCORE_HKDF_SHA_256, .secret_len = 16,
		.sender = { 1, { 1 } }, .recipient = { 1, { 'd' } } };
	p = w->record;
	p.sender = w->record.recipient;
	p.recipient = w->record.sender;
	must(oscore_derive(&p, &w->device));
	must(oscore_numbers_new(NULL, NULL, &w->numbers));
	oscore_numbers_grant(w->numbers, 0, UINT64_C(1) << 30);
	must(oscore_aead_new(&w->aead));
	must(oscore_new(&(struct oscore_opts){ .find = find, .arg = w, .numbers = w->numbers,
	    .max_contexts = 2 }, &w->o));
	w->server.room = (struct oscore_room){ .p = w->server.bytes, .cap = ROOM };
	w->other.room = (struct oscore_room){ .p = w->other.bytes, .cap = ROOM };
}

static void
close_world(struct world *w)
{
	oscore_release(w->context);
	oscore_free(w->o);
	oscore_aead_free(w->aead);
	oscore_numbers_free(w->numbers);
}

static void
touch(const struct msg *m)
{
	for (size_t i = 0; i < m->nopts; i++)
		for (size_t k = 0; k < m->opts[i].len; k++)
			sink += m->opts[i].value[k];
	for (size_t k = 0; k < m->payload_len; k++)
		sink += m->payload[k];
}

/* ["Encrypt0", h'', bstr of [1, [10], kid, piv, h'']], written by hand: another hand than message.c's. */
static size_t
write_aad(const struct oscore_binding *b, uint8_t *to, size_t cap)
{
	struct wr w = wr_over(to, cap);

	wr_bytes(&w, "\x83\x68" "Encrypt0" "\x40", 11);
	wr_u8(&w, (uint8_t)(0x40 + 7 + b->kid.len + b->piv.len - 1));
	wr_bytes(&w, "\x85\x01\x81\x0a", 4);
	wr_u8(&w, (uint8_t)(0x40 + b->kid.len));
	wr_bytes(&w, b->kid.bytes, b->kid.len);
	wr_u8(&w, (uint8_t)(0x40 + b->piv.len));
	wr_bytes(&w, b->piv.bytes, b->piv.len);
	wr_u8(&w, 0x40);
	must(w.err);
	to[11] = (uint8_t)(0x40 + w.len - 12);
	return w.len;
}

/* Any octets, protected by the device. */
static struct msg
seal(struct world *w, const struct oscore_keys *k, const struct oscore_binding *b, const uint8_t *plain,
    size_t len)
{
	uint8_t nonce[OSCORE_NONCE_MAX], aad[64];
	struct oscore_seal s = { .alg = k->alg, .key = k->sender_key, .nonce = nonce, .aad = aad };
	struct msg m = { .code = MSG_POST };

	oscore_nonce(k, &b->kid, &b->piv, nonce);
	s.aad_len = write_aad(b, aad, sizeof(aad));
	must(oscore_aead_encrypt(w->aead, &s, plain, len, w->cipher));
	m.payload = w->cipher;
	m.payload_len = len + k->alg->tag_len;
	return m;
}

static void
name_kid(struct world *w, struct msg *m, const struct oscore_binding *b, const uint8_t *context,
    size_t len)
{
	struct wr v = wr_over(w->option, sizeof(w->option));

	wr_u8(&v, (uint8_t)(8 | (len > 0 ? 16 : 0) | b->piv.len));
	wr_bytes(&v, b->piv.bytes, b->piv.len);
	if (len > 0) {
		wr_u8(&v, (uint8_t)(len + 1));
		wr_u8(&v, (uint8_t)(0x40 + len));
		wr_bytes(&v, context, len);
	}
	wr_bytes(&v, b->kid.bytes, b->kid.len);
	must(v.err);
	must(msg_add(m, OPT_OSCORE, w->option, v.len));
}

static void
serve(struct world *w, const struct msg *outer)
{
	struct msg inner, answer = { .code = MSG_CHANGED }, sealed;
	struct oscore_opened r;
	enum oscore_verdict v = oscore_open(w->o, outer, &w->server.room, &inner, &r);

	if (v == OSCORE_REFUSED)
		assert(r.context == NULL && r.failure.code >= MSG_BAD_REQUEST && r.failure.reason != NULL);
	if (v != OSCORE_OPENED && v != OSCORE_CHALLENGE)
		return;
	touch(&inner);
	assert(!w->any_own || r.own > w->last_own);	/* no number of ours comes twice */
	w->any_own = true;
	w->last_own = r.own;
	if (v == OSCORE_CHALLENGE) {
		memcpy(w->echo, r.echo, sizeof(w->echo));
	} else {
		oscore_taken(w->o, &r);
		oscore_release(w->context);
		w->context = oscore_hold(r.context);
	}
	must(oscore_answer(w->o, &r, &answer, &w->other.room, &sealed));
	touch(&sealed);
	oscore_release(r.context);
	if (v == OSCORE_OPENED)		/* and none of theirs is taken twice */
		assert(oscore_open(w->o, outer, &w->server.room, &inner, &r) == OSCORE_REFUSED);
}

static void
request(struct world *w, const struct oscore_keys *k, const uint8_t *context, size_t context_len,
    const uint8_t *plain, size_t len)
{
	struct oscore_binding b = { .kid = k->sender, .piv = oscore_piv(w->next++) };
	struct msg m;

	if (len == 0)
		return;
	m = seal(w, k, &b, plain, len);
	name_kid(w, &m, &b, context, context_len);
	serve(w, &m);
}

static void
answer(struct world *w, const uint8_t *plain, size_t len)
{
	struct msg ask = { .code = MSG_PUT }, outer, inner;
	struct oscore_binding b;

	if (len == 0 || w->context == NULL)
		return;
	must(oscore_ask(w->o, w->context, &ask, &w->other.room, &outer, &b));
	w->last_own = oscore_piv_number(&b.piv);
	must(oscore_asked(w->o, w->context, &outer, &w->server.room, &inner));
	assert(inner.code == MSG_PUT);
	outer = seal(w, &w->device, &b, plain, len);
	must(msg_add(&outer, OPT_OSCORE, NULL, 0));
	if (oscore_answered(w->o, w->context, &b, &outer, &w->server.room, &inner) == ERR_OK)
		touch(&inner);
}

static void
ask_with_echo(struct world *w)
{
	uint8_t plain[3 + OSCORE_ECHO_LEN] = { MSG_POST, 0xd8, OPT_ECHO - 13 };

	memcpy(plain + 3, w->echo, sizeof(w->echo));
	request(w, &w->device, NULL, 0, plain, sizeof(plain));
}

static void
renewal(struct world *w, const uint8_t *p, size_t len)
{
	struct oscore_params params = w->record;
	struct oscore_keys k;

	if (len < 9)
		return;
	params.sender = w->record.recipient;
	params.recipient = w->record.sender;
	params.id_context_len = 8;
	memcpy(params.id_context, p, 8);
	must(oscore_derive(&params, &k));
	request(w, &k, p, 8, p + 8, len - 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rd r = rd_over(data, len);
	struct world w;
	struct msg m;

	open_world(&w);
	while (r.left >= 2) {
		uint8_t what = rd_u8(&r), n = rd_u8(&r);
		const uint8_t *p = rd_bytes(&r, n < r.left ? n : r.left);

		n = (uint8_t)(r.p - p);
		switch (what % 5) {
		case STEP_RAW:
			if (msg_decode(p, n, &m) == ERR_OK)
				serve(&w, &m);
			break;
		case STEP_REQUEST:
			request(&w, &w.device, NULL, 0, p, n);
			break;
		case STEP_ANSWER:
			answer(&w, p, n);
			break;
		case STEP_ECHO:
			ask_with_echo(&w);
			break;
		case STEP_RENEWAL:
			renewal(&w, p, n);
			break;
		}
	}
	close_world(&w);
	return 0;
}
