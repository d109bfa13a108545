#include "oscore/aead.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "base/secret.h"

/* RFC 8152, 10.2: AES-CCM-L-M-K has a nonce of 15 - L/8 bytes, and a tag of M bits. */
static const struct oscore_alg algs[] = {
	{ 10, "AES-CCM-16-64-128", 16, 13, 8 },
	{ 11, "AES-CCM-16-64-256", 32, 13, 8 },
	{ 12, "AES-CCM-64-64-128", 16, 7, 8 },
	{ 13, "AES-CCM-64-64-256", 32, 7, 8 },
	{ 30, "AES-CCM-16-128-128", 16, 13, 16 },
	{ 31, "AES-CCM-16-128-256", 32, 13, 16 },
	{ 32, "AES-CCM-64-128-128", 16, 7, 16 },
	{ 33, "AES-CCM-64-128-256", 32, 7, 16 },
};

struct oscore_aead {
	EVP_CIPHER	*aes128, *aes256;
	EVP_CIPHER_CTX	*ctx;
};

const struct oscore_alg *
oscore_alg(int number)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (algs[i].number == number)
			return &algs[i];
	return NULL;
}

enum err
oscore_aead_new(struct oscore_aead **ret)
{
	struct oscore_aead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->aes128 = EVP_CIPHER_fetch(NULL, "AES-128-CCM", NULL);
	a->aes256 = EVP_CIPHER_fetch(NULL, "AES-256-CCM", NULL);
	a->ctx = EVP_CIPHER_CTX_new();
	if (a->aes128 == NULL || a->aes256 == NULL || a->ctx == NULL) {
		oscore_aead_free(a);
		return ERR_CRYPTO;
	}
	*ret = a;
	return ERR_OK;
}

void
oscore_aead_free(struct oscore_aead *a)
{
	if (a == NULL)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	EVP_CIPHER_free(a->aes128);
	EVP_CIPHER_free(a->aes256);
	free(a);
}

/* CCM is told all lengths before the first byte. 'tag' NULL: to encrypt. */
static bool
begin(struct oscore_aead *a, const struct oscore_seal *s, const uint8_t *tag, size_t len)
{
	const EVP_CIPHER *cipher = s->alg->key_len == 32 ? a->aes256 : a->aes128;
	int enc = tag == NULL, n;

	if (len > INT_MAX || s->aad_len > INT_MAX)
		return false;
	return EVP_CipherInit_ex(a->ctx, cipher, NULL, NULL, NULL, enc) == 1 &&
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_IVLEN, s->alg->nonce_len, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, s->alg->tag_len,
		(void *)(uintptr_t)tag) == 1 &&
	    EVP_CipherInit_ex(a->ctx, NULL, NULL, s->key, s->nonce, enc) == 1 &&
	    EVP_CipherUpdate(a->ctx, NULL, &n, NULL, (int)len) == 1 &&
	    EVP_CipherUpdate(a->ctx, NULL, &n, s->aad, (int)s->aad_len) == 1;
}

/* The context is kept for the next message, the key is not. */
static void
end(struct oscore_aead *a)
{
	/* cannot fail, by its source */
	(void)EVP_CIPHER_CTX_reset(a->ctx);
}

enum err
oscore_aead_encrypt(struct oscore_aead *a, const struct oscore_seal *s, const uint8_t *p, size_t len,
    uint8_t *out)
{
	int n;
	bool done = begin(a, s, NULL, len) && EVP_CipherUpdate(a->ctx, out, &n, p, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, s->alg->tag_len, out + len) == 1;

	end(a);
	return done ? ERR_OK : ERR_CRYPTO;
}

enum err
oscore_aead_decrypt(struct oscore_aead *a, const struct oscore_seal *s, const uint8_t *p, size_t len,
    uint8_t *out)
{
	size_t inner = len - s->alg->tag_len;
	bool done;
	int n;

	if (len <= s->alg->tag_len)	/* a message has a code at least */
		return ERR_MALFORMED;
	done = begin(a, s, p + inner, inner) && EVP_CipherUpdate(a->ctx, out, &n, p, (int)inner) == 1;
	end(a);
	if (!done)
		secret_wipe(out, inner);
	return done ? ERR_OK : ERR_MALFORMED;
}

static bool
derive(EVP_KDF_CTX *ctx, const char *digest, const struct oscore_hkdf *k, const uint8_t *info,
    size_t info_len, uint8_t *out, size_t out_len)
{
	OSSL_PARAM params[5], *p = params;

	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)k->secret,
	    k->secret_len);
	if (k->salt_len > 0)	/* none is as many zeros (RFC 5869, 2.2) */
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
		    (void *)(uintptr_t)k->salt, k->salt_len);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_len);
	*p = OSSL_PARAM_construct_end();
	return EVP_KDF_derive(ctx, out, out_len, params) == 1;
}

enum err
oscore_hkdf(const struct oscore_hkdf *k, const uint8_t *info, size_t info_len, uint8_t *out,
    size_t out_len)
{
	const char *digest = k->hash == OSCORE_HKDF_SHA_256 ? "SHA256" :
	    k->hash == OSCORE_HKDF_SHA_512 ? "SHA512" : NULL;
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	bool done;

	if (digest == NULL)
		return ERR_UNSUPPORTED;
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	done = ctx != NULL && derive(ctx, digest, k, info, info_len, out, out_len);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done ? ERR_OK : ERR_CRYPTO;
}
