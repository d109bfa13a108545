#include "oscore/context.h"

#include <string.h>

#include "base/secret.h"
#include "base/wr.h"
#include "oscore/cbor_priv.h"

#define INFO_MAX	(OSCORE_ID_CONTEXT_MAX + 32)

/* info = [ id, id_context / nil, alg_aead, type, L ] (RFC 8613, 3.2.1) */
static enum err
expand(const struct oscore_params *p, const struct oscore_id *id, const char *type, uint8_t *out,
    size_t out_len)
{
	const struct oscore_hkdf hkdf = { .hash = p->hash, .secret = p->secret, .secret_len = p->secret_len,
		.salt = p->salt, .salt_len = p->salt_len };
	uint8_t info[INFO_MAX];
	struct wr w = wr_over(info, sizeof(info));

	cbor_head(&w, CBOR_ARRAY, 5);
	cbor_bytes(&w, id != NULL ? id->bytes : NULL, id != NULL ? id->len : 0);
	if (p->id_context_len > 0)
		cbor_bytes(&w, p->id_context, p->id_context_len);
	else
		wr_u8(&w, CBOR_NIL);
	cbor_head(&w, CBOR_UINT, (uint64_t)p->aead);
	cbor_head(&w, CBOR_TEXT, strlen(type));
	wr_text(&w, type);
	cbor_head(&w, CBOR_UINT, out_len);
	return w.err != ERR_OK ? w.err : oscore_hkdf(&hkdf, info, w.len, out, out_len);
}

static bool
same_id(const struct oscore_id *a, const struct oscore_id *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

enum err
oscore_derive(const struct oscore_params *p, struct oscore_keys *ret)
{
	const struct oscore_alg *alg = oscore_alg(p->aead);
	struct oscore_keys k = { .alg = alg, .sender = p->sender, .recipient = p->recipient,
		.id_context_len = p->id_context_len };
	enum err e;

	if (alg == NULL)
		return ERR_UNSUPPORTED;
	if (p->sender.len > oscore_id_max(alg) || p->recipient.len > oscore_id_max(alg) ||
	    same_id(&p->sender, &p->recipient))
		return ERR_INVALID;
	memcpy(k.id_context, p->id_context, p->id_context_len);
	e = expand(p, &p->sender, "Key", k.sender_key, alg->key_len);
	if (e == ERR_OK)
		e = expand(p, &p->recipient, "Key", k.recipient_key, alg->key_len);
	if (e == ERR_OK)
		e = expand(p, NULL, "IV", k.common_iv, alg->nonce_len);
	if (e == ERR_OK)
		*ret = k;
	secret_wipe(&k, sizeof(k));
	return e;
}

struct oscore_piv
oscore_piv(uint64_t number)
{
	struct oscore_piv piv = { .len = 1 };

	while (piv.len < OSCORE_PIV_MAX && number >> (8 * piv.len) != 0)
		piv.len++;
	for (size_t i = 0; i < piv.len; i++)
		piv.bytes[i] = (uint8_t)(number >> (8 * (piv.len - 1u - i)));
	return piv;
}

uint64_t
oscore_piv_number(const struct oscore_piv *piv)
{
	uint64_t v = 0;

	for (size_t i = 0; i < piv->len; i++)
		v = v << 8 | piv->bytes[i];
	return v;
}

/*
 *	| size of id | id, padded in front | Partial IV, padded in front |	xor Common IV
 *	    1 byte       nonce_len - 6		   5 bytes
 */
void
oscore_nonce(const struct oscore_keys *k, const struct oscore_id *id, const struct oscore_piv *piv,
    uint8_t ret[OSCORE_NONCE_MAX])
{
	size_t n = k->alg->nonce_len;

	memset(ret, 0, OSCORE_NONCE_MAX);
	ret[0] = id->len;
	memcpy(ret + 1 + (oscore_id_max(k->alg) - id->len), id->bytes, id->len);
	memcpy(ret + n - piv->len, piv->bytes, piv->len);
	for (size_t i = 0; i < n; i++)
		ret[i] ^= k->common_iv[i];
}

#define WINDOW	64	/* bits of oscore_window.seen */

bool
oscore_window_fresh(const struct oscore_window *w, uint64_t number)
{
	if (!w->any || number > w->newest)
		return true;
	if (w->newest - number >= WINDOW)
		return false;
	return (w->seen >> (w->newest - number) & 1) == 0;
}

void
oscore_window_mark(struct oscore_window *w, uint64_t number)
{
	if (!w->any) {
		*w = (struct oscore_window){ .any = true, .newest = number, .seen = 1 };
	} else if (number > w->newest) {
		uint64_t step = number - w->newest;
		w->seen = (step < WINDOW ? w->seen << step : 0) | 1;
		w->newest = number;
	} else if (w->newest - number < WINDOW) {
		w->seen |= UINT64_C(1) << (w->newest - number);
	}
}

void
oscore_window_from(struct oscore_window *w, uint64_t number)
{
	*w = (struct oscore_window){ .any = true, .newest = number, .seen = UINT64_MAX };
}
