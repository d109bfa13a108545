#ifndef TRANSPORT_TCP_H
#define TRANSPORT_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/link.h"
#include "transport/transport.h"

struct port;
struct tcp_listener;
struct tls;

/* What transport.c and link.c know of TCP. A link of a TCP port is a struct tcp_link. */

/* Sets port->listener. ERR_IO with errno set, ERR_NOMEM, ERR_CRYPTO. */
enum err tcp_listen(struct port *, const struct addr *, bool shared, struct addr *actual)
    MUST_CHECK;
void	 tcp_listener_free(struct tcp_listener *);

/* See transport_connect(); the outcome comes later. */
enum err tcp_connect(struct port *, const struct transport_connect *, struct link **ret) MUST_CHECK;

enum err tcp_send(struct link *, const uint8_t *p, size_t len) MUST_CHECK;
void	 tcp_link_free(struct link *);		/* what waits to be sent still leaves */
const struct identity *tcp_identity(const struct link *);

/* Of the suites, keys and certificates that DTLS has. ERR_CRYPTO, ERR_NOMEM. */
enum err tls_new(const struct dtls_shared *, struct tls **ret) MUST_CHECK;
void	 tls_free(struct tls *);		/* connections made with it go on */

#endif
