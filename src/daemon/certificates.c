#include "base/log.h"
#include "daemon/daemon_priv.h"
#include "daemon/letters.h"
#include "daemon/worker.h"

/* What DTLS and TLS have in common, from the settings; made anew at SIGHUP, since files change. */

/* IPv6 and UDP headers: what a datagram leaves of an IP packet (RFC 8200, RFC 768). */
#define IP_UDP_HEADERS	48

static enum err
make(const struct settings *s, struct dtls_shared **ret)
{
	const struct dtls_opts opts = {
		.ciphers = s->dtls_ciphers[0] != '\0' ? s->dtls_ciphers : NULL,
		.mtu = (uint16_t)(s->dtls_mtu - IP_UDP_HEADERS),
		.certificate = s->dtls_certificate, .private_key = s->dtls_private_key,
		.client_ca = s->dtls_client_ca, .crl = s->dtls_crl,
	};
	const char *why = "";
	enum err e = dtls_shared_new(&opts, ret, &why);

	if (e != ERR_OK) {
		log_error("dtls: %s", why);
		return e;
	}
	for (size_t i = 0; (why = dtls_shared_warning(*ret, i)) != NULL; i++)
		log_warn("dtls: %s", why);
	return ERR_OK;
}

enum err
daemon_check(const struct settings *s)
{
	struct dtls_shared *shared;
	enum err e = make(s, &shared);

	if (e == ERR_OK)
		dtls_shared_free(shared);
	return e;
}

enum err
certificates_load(struct daemon *d)
{
	return make(&d->settings, &d->dtls);
}

void
certificates_reload(struct daemon *d)
{
	struct dtls_shared *fresh;

	if (d->dtls == NULL)
		return;
	if (make(&d->settings, &fresh) != ERR_OK) {
		log_error("reload: the certificates in force stay");
		return;
	}
	for (size_t i = 0; i < d->nworkers; i++)
		worker_order(d->workers[i],
		    &(struct order){ .kind = ORDER_DTLS, .dtls = dtls_shared_ref(fresh) });
	dtls_shared_free(d->dtls);
	d->dtls = fresh;
}
