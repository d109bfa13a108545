#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sockaddr;
struct sockaddr_storage;

/* An IP address and port. IPv4 is kept in its mapped form, ::ffff:a.b.c.d. No padding: may be hashed. */
struct addr {
	uint8_t		ip[16];		/* network order */
	uint32_t	scope;		/* interface of a link-local address, else 0 */
	uint16_t	port;		/* host order */
	uint16_t	family;		/* AF_INET, AF_INET6, or 0: none. What the socket speaks */
};

#define ADDR_TEXT_MAX	64		/* "[v6%scope]:port" and NUL */

/* "127.0.0.1:5783", "[::]:0". ERR_MALFORMED when it is neither; no names are looked up. */
enum err addr_parse(const char *text, struct addr *ret) MUST_CHECK;

/* The reverse; a mapped address is shown as plain IPv4. Returns 'buf'. */
const char *addr_format(const struct addr *, char buf[ADDR_TEXT_MAX]);

/* ERR_UNSUPPORTED when it is neither AF_INET nor AF_INET6. */
enum err addr_from_sockaddr(const struct sockaddr *, struct addr *ret) MUST_CHECK;

/* For a socket of 'family' (an AF_INET6 socket gets a mapped IPv4 address). Returns the length. */
unsigned addr_to_sockaddr(const struct addr *, int family, struct sockaddr_storage *ret);

bool	 addr_is_v4(const struct addr *);
bool	 addr_eq(const struct addr *, const struct addr *);	/* ip, scope and port */

/* The network that limits per source count by: IPv4 /24, IPv6 /56, port and scope cleared. */
struct addr addr_prefix(const struct addr *);

#endif
