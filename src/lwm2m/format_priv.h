#ifndef LWM2M_FORMAT_PRIV_H
#define LWM2M_FORMAT_PRIV_H

#include "lwm2m/format.h"
#include "lwm2m/objdef.h"

/*
 * What the formats share. One file each implements them (format_tlv.c, …); format.c has the
 * table. What an encoder gets is checked: nodes of depth 3 or 4 within the target, resources
 * not mixed. What it wrote before it failed is taken back by format.c.
 */
#define FORMAT_INPUT_MAX	65536	/* octets of a payload that is decoded */
#define FORMAT_NODES_MAX	2048	/* values in it; reading all of /2 of a big device takes 700 */

/* A payload being decoded. */
struct decoding {
	const struct path	*target;
	const struct objdefs	*defs;
	struct nodes		*out;
	size_t			 first;		/* nodes of this payload start here in 'out' */
	struct path		 last;		/* greatest path so far */
};

/*
 * Adds a value. ERR_MALFORMED outside the target, for a depth below 3, and for a second value
 * of the same place; ERR_TOOBIG, ERR_NOMEM.
 */
enum err decoding_add(struct decoding *, const struct path *, const struct value *) MUST_CHECK;

/* The type to read a resource as; *known false (and OPAQUE) when the definitions lack it. */
enum value_type decoding_type(const struct decoding *, uint16_t oid, uint16_t rid, bool *known);

/*
 * Turns a value as a self-describing format wrote it (STRING, OPAQUE, BOOLEAN, INTEGER, UNSIGNED,
 * FLOAT, OBJLNK) into the type that the resource has; integers are widened where nothing is lost.
 * What the definitions do not know stays as written. ERR_MALFORMED.
 */
enum err decoding_convert(const struct decoding *, const struct path *, struct value *) MUST_CHECK;

/* "21:0"; decimal, on reading hexadecimal FFFF, too (spec/bootstrap.md 4.0). */
#define OBJLNK_TEXT_MAX	12
size_t	 objlnk_format(const struct value *, char buf[OBJLNK_TEXT_MAX]);	/* length */
enum err objlnk_parse(const uint8_t *p, size_t len, struct value *ret) MUST_CHECK;

/* True when the nodes are one single resource: all that text, opaque and CBOR 60 carry. */
bool	 format_is_single(const struct path *target, const struct node *nodes, size_t n);

enum err format_tlv_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_tlv_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_senml_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_senml_cbor_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_senml_json_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_senml_json_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_lwm2m_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_lwm2m_cbor_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_json_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_json_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_cbor_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_cbor_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_text_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_text_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;
enum err format_opaque_encode(const struct path *target, const struct node *nodes, size_t n,
    struct wr *w) MUST_CHECK;
enum err format_opaque_decode(struct decoding *, const uint8_t *payload, size_t len) MUST_CHECK;

#endif
