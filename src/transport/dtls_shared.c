#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problem.h"
#include "base/random.h"
#include "base/secret.h"
#include "transport/credentials_priv.h"
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

static enum err
load(const struct dtls_opts *opts, struct dtls_shared *s, const char **why)
{
	static _Thread_local char sentence[640];
	struct problem p;
	enum err e = credentials_new(opts, &s->credentials, &p);

	if (e != ERR_OK) {
		snprintf(sentence, sizeof(sentence), "%s%s%s", p.where, p.where[0] != '\0' ? ": " : "",
		    e == ERR_INVALID ? p.text : err_text(e));
		*why = sentence;
	}
	return e;
}

enum err
dtls_shared_new(const struct dtls_opts *opts, struct dtls_shared **ret, const char **why)
{
	const char *ciphers = opts->ciphers != NULL ? opts->ciphers
	    : opts->client && opts->client_ca != NULL ? dtls_certificate_ciphers
	    : opts->client ? dtls_client_ciphers : dtls_default_ciphers;
	struct dtls_shared *s;
	enum err e;

	*why = check(opts, ciphers);
	if (*why != NULL)
		return ERR_INVALID;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	s->held = 1;
	e = load(opts, s, why);
	if (e != ERR_OK) {
		free(s);
		return e;
	}
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
	if (s == NULL || --s->held > 0)
		return;
	credentials_unref(s->credentials);
	secret_wipe(s, sizeof(*s));
	free(s);
}

struct dtls_shared *
dtls_shared_ref(struct dtls_shared *s)
{
	s->held++;
	return s;
}

const char *
dtls_shared_warning(const struct dtls_shared *s, size_t i)
{
	const struct credentials *c = s->credentials;

	return c != NULL && i < c->nwarnings ? c->warnings[i] : NULL;
}
