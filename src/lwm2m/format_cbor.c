/* CBOR 60 (spec/bootstrap.md 4.6): one data item, the value of one resource. */
#include "lwm2m/cborleaf.h"

enum err
format_cbor_encode(const struct path *target, const struct node *nodes, size_t n, struct wr *w)
{
	if (!format_is_single(target, nodes, n))
		return ERR_UNSUPPORTED;
	return cborleaf_put(w, &nodes[0].value);
}

enum err
format_cbor_decode(struct decoding *d, const uint8_t *payload, size_t len)
{
	struct cborio r = cborio_over(payload, len);
	struct cborio_item head;
	struct value v;

	if (d->target->depth < 3)
		return ERR_UNSUPPORTED;
	if (!cborio_next(&r, &head))
		return r.err;
	enum err e = cborleaf_get(d, &r, &head, d->target, &v);
	if (e == ERR_OK && r.left > 0)
		e = ERR_MALFORMED;
	return e != ERR_OK ? e : decoding_add(d, d->target, &v);
}
