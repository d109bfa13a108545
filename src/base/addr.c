#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void
set_v4(struct addr *a, const void *ip)
{
	memcpy(a->ip, mapped, sizeof(mapped));
	memcpy(a->ip + sizeof(mapped), ip, 4);
}

/* Decimal digits only, as a whole. */
static bool
parse_number(const char *s, uint32_t max, uint32_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > max)
			return false;
	}
	*ret = (uint32_t)v;
	return true;
}

static bool
parse_scope(const char *s, uint32_t *ret)
{
	if (parse_number(s, UINT32_MAX, ret))
		return *ret != 0;
	*ret = if_nametoindex(s);
	return *ret != 0;
}

/* 'host' without its brackets; may be written to. */
static bool
parse_v6(char *host, struct addr *a)
{
	char *scope = strchr(host, '%');

	if (scope != NULL) {
		*scope++ = '\0';
		if (!parse_scope(scope, &a->scope))
			return false;
	}
	a->family = AF_INET6;
	return inet_pton(AF_INET6, host, a->ip) == 1;
}

static bool
parse_v4(const char *host, struct addr *a)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, host, &ip) != 1)
		return false;
	a->family = AF_INET;
	set_v4(a, &ip);
	return true;
}

enum err
addr_parse(const char *text, struct addr *ret)
{
	char buf[ADDR_TEXT_MAX + IF_NAMESIZE];
	struct addr a = { .family = 0 };
	char *colon, *host = buf;
	uint32_t port;
	bool ok;

	if (snprintf(buf, sizeof(buf), "%s", text) >= (int)sizeof(buf))
		return ERR_MALFORMED;
	colon = strrchr(buf, ':');
	if (colon == NULL || !parse_number(colon + 1, UINT16_MAX, &port))
		return ERR_MALFORMED;
	*colon = '\0';
	if (*host == '[') {
		if (colon == host + 1 || colon[-1] != ']')
			return ERR_MALFORMED;
		colon[-1] = '\0';
		ok = parse_v6(host + 1, &a);
	} else {
		ok = parse_v4(host, &a);
	}
	if (!ok)
		return ERR_MALFORMED;
	a.port = (uint16_t)port;
	*ret = a;
	return ERR_OK;
}

const char *
addr_format(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	char ip[40] = "", name[IF_NAMESIZE];	/* eight groups of four digits; never ending in IPv4 */

	if (addr_is_v4(a)) {
		snprintf(buf, ADDR_TEXT_MAX, "%u.%u.%u.%u:%u", a->ip[12], a->ip[13], a->ip[14], a->ip[15],
		    a->port);
		return buf;
	}
	inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
	if (a->scope == 0)
		snprintf(buf, ADDR_TEXT_MAX, "[%s]:%u", ip, a->port);
	else if (if_indextoname(a->scope, name) != NULL)
		snprintf(buf, ADDR_TEXT_MAX, "[%s%%%s]:%u", ip, name, a->port);
	else
		snprintf(buf, ADDR_TEXT_MAX, "[%s%%%u]:%u", ip, a->scope, a->port);
	return buf;
}

enum err
addr_from_sockaddr(const struct sockaddr *sa, struct addr *ret)
{
	struct addr a = { .family = sa->sa_family };

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in sin;

		memcpy(&sin, sa, sizeof(sin));
		set_v4(&a, &sin.sin_addr);
		a.port = ntohs(sin.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 sin6;

		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(a.ip, &sin6.sin6_addr, sizeof(a.ip));
		/* Linux leaves the interface of a global address in some calls and not in others. */
		a.scope = IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr) ? sin6.sin6_scope_id : 0;
		a.port = ntohs(sin6.sin6_port);
	} else {
		return ERR_UNSUPPORTED;
	}
	*ret = a;
	return ERR_OK;
}

unsigned
addr_to_sockaddr(const struct addr *a, int family, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (family == AF_INET) {
		struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port) };

		memcpy(&sin.sin_addr, a->ip + 12, 4);
		memcpy(ret, &sin, sizeof(sin));
		return sizeof(sin);
	}
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope,
	};
	memcpy(&sin6.sin6_addr, a->ip, sizeof(a->ip));
	memcpy(ret, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->scope == b->scope && a->port == b->port;
}

struct addr
addr_prefix(const struct addr *a)
{
	struct addr net = *a;
	size_t keep = addr_is_v4(a) ? 15 : 7;	/* /24 of the mapped form; /56 */

	memset(net.ip + keep, 0, sizeof(net.ip) - keep);
	net.scope = 0;
	net.port = 0;
	return net;
}
