#include <string.h>

#include <openssl/bio.h>

#include "transport/dtls_types_priv.h"

/*
 * OpenSSL without a descriptor: a BIO that gives out the one datagram at hand, and whose writes
 * go to the batch of the socket. Each keeps the boundaries of datagrams.
 */

/* RFC 768 and RFC 791, RFC 8200: what stands before the payload. */
#define RECORD_HEADER	13	/* RFC 6347, 4.1 */
#define OVERHEAD_V4	28
#define OVERHEAD_V6	48

static int
pipe_read(BIO *b, char *out, int cap)
{
	struct dtls_pipe *pipe = BIO_get_data(b);
	size_t len = pipe->in_len;

	BIO_clear_retry_flags(b);
	if (len == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (len > (size_t)cap)		/* as a socket does; the record is then found to be short */
		len = (size_t)cap;
	memcpy(out, pipe->in, len);
	pipe->in_len = 0;
	return (int)len;
}

static int
pipe_write(BIO *b, const char *p, int len)
{
	struct dtls_pipe *pipe = BIO_get_data(b);
	char hello_verify[128];

	BIO_clear_retry_flags(b);
	/*
	 * The listener says DTLS 1.0 in the record of its HelloVerifyRequest (RFC 6347, 4.2.1). tinydtls,
	 * so Wakaama, drops all records but those of 1.2: it is answered with its own version.
	 */
	if (pipe->owner == NULL && len > RECORD_HEADER && (size_t)len <= sizeof(hello_verify)) {
		memcpy(hello_verify, p, (size_t)len);
		memcpy(hello_verify + 1, pipe->in + 1, 2);
		p = hello_verify;
	}
	if (len > 0)
		port_send(pipe->port, pipe->key, p, (size_t)len);
	return len;
}

static long
pipe_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	const struct dtls_pipe *pipe = BIO_get_data(b);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DUP:
		return 1;
	case BIO_CTRL_PENDING:
		return (long)pipe->in_len;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return addr_is_v4(&pipe->key->peer) ? OVERHEAD_V4 : OVERHEAD_V6;
	default:
		return 0;
	}
}

static int
pipe_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

BIO_METHOD *
dtls_bio_method(void)
{
	/* Without an index of its own: there are 127 in a process, and each worker makes a method. */
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "strapd datagram");

	if (m == NULL)
		return NULL;
	if (BIO_meth_set_read(m, pipe_read) != 1 || BIO_meth_set_write(m, pipe_write) != 1 ||
	    BIO_meth_set_ctrl(m, pipe_ctrl) != 1 || BIO_meth_set_create(m, pipe_create) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

SSL *
dtls_ssl_new(struct dtls *d, struct dtls_pipe *pipe)
{
	SSL *ssl = SSL_new(d->ctx);
	BIO *bio = ssl == NULL ? NULL : BIO_new(d->method);

	if (bio == NULL) {
		SSL_free(ssl);
		return NULL;
	}
	BIO_set_data(bio, pipe);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_mtu(ssl, d->shared->mtu);
	return ssl;
}

void
dtls_ssl_attach(SSL *ssl, struct dtls_pipe *pipe)
{
	BIO_set_data(SSL_get_rbio(ssl), pipe);
}

struct dtls_pipe *
dtls_pipe_of(const SSL *ssl)
{
	return BIO_get_data(SSL_get_rbio(ssl));	/* never wrapped, unlike the other direction's */
}
