#include "store/binary_priv.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/text.h"
#include "store/keys_priv.h"
#include "store/record.h"
#include "store/variables.h"

struct pem {
	uint8_t		*der;
	size_t		 len;
	unsigned	 blocks;	/* taken over */
	bool		 certificates;	/* so far nothing else */
	const char	*what;		/* why it is refused, or NULL */
};

/* "EC PARAMETERS" only repeats what the key beside it says. */
static void
take_block(struct pem *pem, const char *label, const char *header, const uint8_t *der, size_t len)
{
	bool certificate = strcmp(label, "CERTIFICATE") == 0;

	if (strcmp(label, "EC PARAMETERS") == 0)
		return;
	if (header[0] != '\0' || strcmp(label, "ENCRYPTED PRIVATE KEY") == 0)
		pem->what = "the key is encrypted; give it without a pass phrase";
	else if (pem->blocks > 0 && !(certificate && pem->certificates))
		pem->what = "expected one key, or certificates only";
	if (pem->what != NULL)
		return;
	memcpy(pem->der + pem->len, der, len);	/* fits: base64 is longer than what it stands for */
	pem->len += len;
	pem->certificates = certificate;
	pem->blocks++;
}

enum err
binary_pem(const char *text, size_t len, struct arena *arena, const uint8_t **ret, size_t *ret_len,
    const char **what)
{
	struct pem pem = { .der = arena_alloc(arena, len + 1) };
	BIO *in = BIO_new_mem_buf(text, (int)len);
	char *label, *header;
	uint8_t *der;
	long der_len;

	if (pem.der == NULL || in == NULL) {
		BIO_free(in);
		return ERR_NOMEM;
	}
	while (pem.what == NULL && PEM_read_bio(in, &label, &header, &der, &der_len) == 1) {
		take_block(&pem, label, header, der, (size_t)der_len);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)der_len);
	}
	/* what ends the loop is "no start line", unless a block is broken */
	unsigned long last = ERR_peek_last_error();
	if (pem.what == NULL && pem.blocks > 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
		pem.what = "a block in it is broken";
	if (pem.what == NULL && pem.blocks == 0)
		pem.what = "no \"-----BEGIN …\" block that can be read stands in it";
	ERR_clear_error();
	BIO_free(in);
	if (pem.what != NULL) {
		*what = pem.what;
		return ERR_MALFORMED;
	}
	*ret = pem.der;
	*ret_len = pem.len;
	return ERR_OK;
}

enum err
binary_decode(enum config_encoding encoding, const char *text, size_t len, struct arena *arena,
    const uint8_t **ret, size_t *ret_len)
{
	uint8_t *out = arena_alloc(arena, len + 1);
	size_t n = len;
	enum err e = ERR_OK;

	if (out == NULL)
		return ERR_NOMEM;
	switch (encoding) {
	case CONFIG_HEX:
		e = text_unhex(text, len, out, len + 1, &n);
		break;
	case CONFIG_BASE64:
		e = text_unbase64(text, len, out, len + 1, &n);
		break;
	case CONFIG_TEXT:
		memcpy(out, text, len);
		break;
	}
	if (e != ERR_OK)
		return e;
	*ret = out;
	*ret_len = n;
	return ERR_OK;
}

static enum err
read_random(const struct doc *d, const struct place *at, const json_t *object, struct config_value *ret)
{
	static const char *const words[] = { "never", "always", NULL };
	const json_t *rotate = json_object_get(object, "rotate");
	int64_t n = 0;
	size_t when = 0;
	enum err e = doc_integer(d, PLACE_KEY(at, "random"), json_object_get(object, "random"), 1,
	    BINARY_RANDOM_MAX, &n);

	if (e == ERR_OK && rotate != NULL)
		e = doc_word(d, PLACE_KEY(at, "rotate"), rotate, words, &when);
	ret->source = CONFIG_RANDOM;
	ret->random_len = (uint16_t)n;
	ret->rotate = when == 1;
	return e;
}

static enum err
read_encoded(const struct doc *d, const struct place *at, enum config_encoding encoding, const json_t *v,
    struct config_value *ret)
{
	static const char *const expected[] = {
		[CONFIG_TEXT] = "text",
		[CONFIG_HEX] = "pairs of hexadecimal digits",
		[CONFIG_BASE64] = "base64 or base64url without white space",
	};
	const char *text = json_string_value(v);
	size_t len = json_string_length(v);

	ret->encoding = encoding;
	if (variables_used(text)) {
		ret->source = CONFIG_TEMPLATE;
		ret->template = arena_dup(d->arena, text, len + 1);
		return ret->template != NULL ? ERR_OK : doc_nomem(d);
	}
	enum err e = binary_decode(encoding, text, len, d->arena, &ret->literal.bytes.p,
	    &ret->literal.bytes.len);
	if (e == ERR_NOMEM)
		return doc_nomem(d);
	if (e != ERR_OK)
		return doc_refuse(d, at, "invalid", "expected %s", expected[encoding]);
	return ERR_OK;
}

static enum err
read_string(const struct doc *d, const struct place *object, const char *key, const json_t *v,
    struct config_value *ret)
{
	const struct place *at = PLACE_KEY(object, key);
	char found[DOC_FOUND_MAX];
	const char *what = "";
	enum err e;

	if (!json_is_string(v))
		return doc_refuse(d, at, "type", "expected a string, found %s", doc_found(v, found));
	if (json_string_length(v) > 2 * BINARY_MAX)
		return doc_refuse(d, at, "range", "the value is longer than %d octets", BINARY_MAX);
	if (strcmp(key, "derive") == 0) {
		ret->source = CONFIG_DERIVE;
		return doc_name(d, at, v, RECORD_NAME_MAX, &ret->derive);
	}
	if (strcmp(key, "hex") == 0)
		return read_encoded(d, at, CONFIG_HEX, v, ret);
	if (strcmp(key, "base64") == 0)
		return read_encoded(d, at, CONFIG_BASE64, v, ret);
	if (strcmp(key, "text") == 0)
		return read_encoded(d, at, CONFIG_TEXT, v, ret);
	e = binary_pem(json_string_value(v), json_string_length(v), d->arena, &ret->literal.bytes.p,
	    &ret->literal.bytes.len, &what);
	if (e == ERR_NOMEM)
		return doc_nomem(d);
	if (e != ERR_OK)
		return doc_refuse(d, at, "invalid", "this is no PEM: %s", what);
	return ERR_OK;
}

enum err
binary_read(const struct doc *d, const struct place *at, const json_t *object, struct config_value *ret)
{
	static const char *const with_rotate[] = { "hex", "base64", "text", "pem", "random", "derive",
		"rotate", NULL };
	char list[120], found[DOC_FOUND_MAX];
	const char *key = NULL, *k;
	size_t forms = 0;
	json_t *v;
	enum err e;

	*ret = (struct config_value){ .literal = { .type = VALUE_OPAQUE } };
	if (!json_is_object(object))
		return doc_refuse(d, at, "type",
		    "expected a binary value such as {\"hex\":\"00ff\"}, found %s",
		    doc_found(object, found));
	if (json_object_get(object, "redacted") != NULL)
		return doc_refuse(d, at, "redacted",
		    "this value was hidden when it was shown; give the real one");
	e = doc_object(d, at, object, with_rotate);
	if (e != ERR_OK)
		return e;
	json_object_foreach((json_t *)(uintptr_t)object, k, v) {
		if (strcmp(k, "rotate") != 0) {
			key = k;
			forms++;
		}
	}
	if (forms != 1)
		return doc_refuse(d, at, "invalid", "a binary value has exactly one of %s",
		    doc_list(keys_binary, list, sizeof(list)));
	if (strcmp(key, "random") == 0)
		return read_random(d, at, object, ret);
	if (json_object_size(object) > 1)
		return doc_refuse(
		    d, PLACE_KEY(at, "rotate"), "invalid", "\"rotate\" goes with \"random\" only");
	return read_string(d, at, key, json_object_get(object, key), ret);
}

enum err
record_binary(const json_t *v, const char *pointer, struct arena *arena, const uint8_t **ret,
    size_t *ret_len, struct problem *why)
{
	const struct doc d = { .arena = arena, .why = why };
	struct config_value value;
	enum err e = binary_read(&d, PLACE_ROOT(pointer), v, &value);

	if (e != ERR_OK)
		return e;
	if (value.source == CONFIG_RANDOM || value.source == CONFIG_DERIVE)
		return problem_set(why, ERR_UNSUPPORTED, "unsupported", pointer,
		    "a value that the server makes cannot stand here; give it as hex, base64, text or pem");
	if (value.source == CONFIG_TEMPLATE)
		return problem_set(why, ERR_INVALID, "invalid", pointer, "a variable cannot stand here");
	*ret = value.literal.bytes.p;
	*ret_len = value.literal.bytes.len;
	return ERR_OK;
}
