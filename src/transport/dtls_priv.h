#ifndef TRANSPORT_DTLS_PRIV_H
#define TRANSPORT_DTLS_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/link.h"
#include "transport/transport.h"

struct dtls;
struct link_key;
struct port;

/* What transport.c and link.c know of DTLS. A link of a coaps port is a struct dtls_link. */

enum err dtls_new(struct transport *, struct dtls_shared *, struct dtls **ret) MUST_CHECK;
void	 dtls_free(struct dtls *);
/* As transport_renew() says. */
enum err dtls_renew(struct dtls *, struct dtls_shared *) MUST_CHECK;

/* Any datagram on a coaps port. */
void	 dtls_received(struct port *, const struct link_key *, const uint8_t *p, size_t len);

/* ERR_NOMEM, ERR_CRYPTO, ERR_INVALID: identity or key that cannot be told to OpenSSL. */
enum err dtls_connect(struct port *, const struct link_key *, const struct transport_connect *,
    struct link **ret) MUST_CHECK;

enum err dtls_send(struct link *, const uint8_t *p, size_t len) MUST_CHECK;
void	 dtls_close(struct link *);		/* tells the peer, once */
void	 dtls_link_free(struct link *);
const struct identity *dtls_identity(const struct link *);
size_t	 dtls_mtu(const struct link *);

#endif
