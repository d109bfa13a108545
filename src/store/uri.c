#include "store/uri.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct uri_scheme schemes[] = {
	{ "coap",      .plain = true,  .binding = 'U', .host = true },
	{ "coaps",     .secure = true, .binding = 'U', .host = true },
	{ "coap+tcp",  .plain = true,  .binding = 'T', .host = true },
	{ "coaps+tcp", .secure = true, .binding = 'T', .host = true },
	{ "coap+ws",   .plain = true,  .host = true },
	{ "coaps+ws",  .secure = true, .host = true },
	{ "mqtt",      .plain = true,  .binding = 'M', .host = true },
	{ "mqtts",     .secure = true, .binding = 'M', .host = true },
	{ "http",      .plain = true,  .binding = 'H', .host = true },
	{ "https",     .secure = true, .binding = 'H', .host = true },
	{ "tel",       .secure = true, .plain = true, .binding = 'S' },
	{ "sms",       .secure = true, .plain = true, .binding = 'S' },
	{ "lorawan",   .secure = true, .plain = true, .binding = 'N' },
};

const struct uri_scheme *
uri_scheme(const char *s)
{
	size_t len = strcspn(s, ":");

	for (size_t i = 0; s[len] == ':' && i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i].name) == len && memcmp(schemes[i].name, s, len) == 0)
			return &schemes[i];
	return NULL;
}

static bool
is_in(char c, const char *set)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(set, c) != NULL);
}

/* "host", "192.0.2.1" or "[2001:db8::1]"; returns what follows it, or NULL. */
static const char *
skip_host(const char *s, const char **what)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	size_t len;

	if (*s != '[') {
		len = 0;
		while (is_in(s[len], "-._~!$&'()*+,;=%"))	/* RFC 3986, 3.2.2: reg-name */
			len++;
		*what = "names no host";
		return len > 0 ? s + len : NULL;
	}
	len = strcspn(++s, "]");
	*what = "has no valid IPv6 address between its brackets";
	if (s[len] != ']' || len >= sizeof(address))
		return NULL;
	memcpy(address, s, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, &in6) == 1 ? s + len + 1 : NULL;
}

static const char *
skip_port(const char *s, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (*s != ':')
		return s;
	if (s[1] < '0' || s[1] > '9')
		return NULL;
	n = strtoul(s + 1, &end, 10);
	if (n < 1 || n > 65535 || end - s > 6)
		return NULL;
	*port = (uint16_t)n;
	return end;
}

enum err
uri_parse(const char *s, struct uri *ret, const char **what)
{
	struct uri u = { .scheme = uri_scheme(s) };

	*what =
	    "has none of the schemes coap, coaps, coap+tcp, coaps+tcp, coap+ws, coaps+ws, mqtt(s), http(s), "
	    "tel, sms, lorawan";
	if (u.scheme == NULL)
		return ERR_INVALID;
	s += strlen(u.scheme->name) + 1;
	if (!u.scheme->host) {
		*what = "has nothing after its scheme";
		if (*s == '\0')
			return ERR_INVALID;
		*ret = u;
		return ERR_OK;
	}
	*what = "has no \"//\" after its scheme";
	if (strncmp(s, "//", 2) != 0)
		return ERR_INVALID;
	s = skip_host(s + 2, what);
	if (s == NULL)
		return ERR_INVALID;
	*what = "has a port that is not 1 to 65535";
	s = skip_port(s, &u.port);
	if (s == NULL)
		return ERR_INVALID;
	*what = "has a character after host and port that is not possible there";
	if (*s != '\0' && *s != '/' && *s != '?')
		return ERR_INVALID;
	u.path = *s != '\0';
	while (is_in(*s, "-._~!$&'()*+,;=%:@/?"))
		s++;
	if (*s != '\0')
		return ERR_INVALID;
	*ret = u;
	return ERR_OK;
}
