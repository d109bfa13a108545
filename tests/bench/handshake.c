/*
 * What OpenSSL alone costs a server: the CPU time of one DTLS handshake with a pre-shared key
 * and CCM_8, cookie exchange included, in memory, and the resident size of an established session.
 *
 *   handshake [N]        N handshakes (2000) for the median, and as many sessions for the size
 *
 * Prints {"psk_handshake_us":…,"ssl_session_bytes":…}. Nothing of strapd is in it.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define MTU	1280
#define SUITE	"PSK-AES128-CCM8"

static const unsigned char key[16] = "0123456789abcdef";

static unsigned
client_key(SSL *ssl, const char *hint, char *identity, unsigned cap, unsigned char *psk, unsigned psk_cap)
{
	(void)ssl;
	(void)hint;
	if (cap < 6 || psk_cap < sizeof(key))
		return 0;
	memcpy(identity, "dev-1", 6);
	memcpy(psk, key, sizeof(key));
	return sizeof(key);
}

static unsigned
server_key(SSL *ssl, const char *identity, unsigned char *psk, unsigned cap)
{
	(void)ssl;
	if (strcmp(identity, "dev-1") != 0 || cap < sizeof(key))
		return 0;
	memcpy(psk, key, sizeof(key));
	return sizeof(key);
}

static int
make_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
	(void)ssl;
	memset(cookie, 7, 16);
	*len = 16;
	return 1;
}

static int
check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	(void)ssl;
	return len == 16 && cookie[0] == 7;
}

static void
die(const char *what)
{
	fprintf(stderr, "handshake: %s failed\n", what);
	exit(1);
}

static SSL_CTX *
context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL)
		die("SSL_CTX_new");
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_cipher_list(ctx, SUITE) != 1)
		die("SSL_CTX_set_cipher_list");
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_COOKIE_EXCHANGE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_psk_client_callback(ctx, client_key);
	SSL_CTX_set_psk_server_callback(ctx, server_key);
	SSL_CTX_set_cookie_generate_cb(ctx, make_cookie);
	SSL_CTX_set_cookie_verify_cb(ctx, check_cookie);
	return ctx;
}

/* An SSL with two memory BIOs of its own; records keep their boundaries by their lengths. */
static SSL *
endpoint(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (ssl == NULL || in == NULL || out == NULL)
		die("SSL_new");
	BIO_set_mem_eof_return(in, -1);
	BIO_set_mem_eof_return(out, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_mtu(ssl, MTU);
	return ssl;
}

static void
carry(SSL *from, SSL *to)
{
	static char buf[65536];
	int n = BIO_read(SSL_get_wbio(from), buf, sizeof(buf));

	if (n > 0 && BIO_write(SSL_get_rbio(to), buf, n) != n)
		die("BIO_write");
}

static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Returns the nanoseconds the server spent, from SSL_new to the end of the handshake. */
static uint64_t
handshake(SSL_CTX *server_ctx, SSL_CTX *client_ctx, SSL **ret)
{
	uint64_t spent, from = cpu_ns();
	SSL *server = endpoint(server_ctx), *client;
	int done = 0;

	SSL_set_accept_state(server);
	spent = cpu_ns() - from;
	client = endpoint(client_ctx);
	SSL_set_connect_state(client);
	for (int turn = 0; !done && turn < 10; turn++) {
		(void)SSL_do_handshake(client);
		carry(client, server);
		from = cpu_ns();
		done = SSL_do_handshake(server) == 1;
		spent += cpu_ns() - from;
		carry(server, client);
	}
	if (!done || SSL_do_handshake(client) != 1)
		die("the handshake");
	SSL_free(client);
	*ret = server;
	return spent;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t
resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		die("/proc/self/statm");
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
	SSL_CTX *server = context(DTLS_server_method()), *client = context(DTLS_client_method());
	uint64_t *ns, before, bytes;
	SSL **sessions;

	if (n == 0 || n > 1000000) {
		fprintf(stderr, "usage: handshake [N]\n");
		return 2;
	}
	ns = calloc(n, sizeof(*ns));
	sessions = calloc(n, sizeof(SSL *));
	if (ns == NULL || sessions == NULL)
		die("calloc");
	for (size_t i = 0; i < n; i++) {
		uint64_t from;

		ns[i] = handshake(server, client, &sessions[i]);
		from = cpu_ns();
		SSL_free(sessions[i]);
		ns[i] += cpu_ns() - from;
	}
	qsort(ns, n, sizeof(*ns), by_size);
	before = resident();
	for (size_t i = 0; i < n; i++)
		(void)handshake(server, client, &sessions[i]);
	bytes = (resident() - before) / n;
	printf("{\"psk_handshake_us\":%.1f,\"ssl_session_bytes\":%llu}\n", (double)ns[n / 2] / 1000.0,
	    (unsigned long long)bytes);
	for (size_t i = 0; i < n; i++)
		SSL_free(sessions[i]);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	free(sessions);
	free(ns);
	return 0;
}
