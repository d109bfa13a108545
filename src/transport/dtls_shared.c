#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/secret.h"
#include "transport/dtls_types_priv.h"

/* RFC 6347, 4.1.1.1 and 4.2.3: below this a flight falls into too many pieces. */
#define MTU_MIN	256
#define MTU_MAX	1500

static const char *
check(const struct dtls_opts *opts, const char *ciphers)
{
	if (opts->mtu < MTU_MIN || opts->mtu > MTU_MAX)
		return "the datagram size of handshakes must be from 256 to 1500 bytes";
	if (strlen(ciphers) >= sizeof(((struct dtls_shared *)NULL)->ciphers))
		return "the list of cipher suites is too long";
	return dtls_check_ciphers(ciphers, opts->client);
}

enum err
dtls_shared_new(const struct dtls_opts *opts, struct dtls_shared **ret, const char **why)
{
	const char *ciphers = opts->ciphers != NULL ? opts->ciphers
	    : opts->client ? dtls_client_ciphers : dtls_default_ciphers;
	struct dtls_shared *s;

	*why = check(opts, ciphers);
	if (*why != NULL)
		return ERR_INVALID;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	memcpy(s->ciphers, ciphers, strlen(ciphers) + 1);
	s->mtu = opts->mtu;
	s->is_client = opts->client;
	random_bytes(s->cookie_secret, sizeof(s->cookie_secret));
	random_bytes(s->ticket_keys, sizeof(s->ticket_keys));
	random_bytes(s->proof_secret, sizeof(s->proof_secret));
	*ret = s;
	return ERR_OK;
}

void
dtls_shared_free(struct dtls_shared *s)
{
	if (s == NULL)
		return;
	secret_wipe(s, sizeof(*s));
	free(s);
}
