#ifndef STORE_URI_H
#define STORE_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The addresses of LwM2M servers (/0/x/0), as far as they can be judged by looking at them. */

struct uri_scheme {
	const char	*name;
	bool		 secure;	/* fits the modes psk, rpk, x509, est */
	bool		 plain;		/* fits nosec */
	char		 binding;	/* letter of the transport (/1/x/7); 0: none is defined */
	bool		 host;		/* "//host[:port]" follows */
};

struct uri {
	const struct uri_scheme	*scheme;
	uint16_t		 port;	/* 0: not given */
	bool			 path;	/* anything after the authority */
};

/* RFC 7252, 6; RFC 8323, 8. ERR_INVALID and *what completes "the URI …". */
enum err uri_parse(const char *s, struct uri *ret, const char **what) MUST_CHECK;

/* The scheme that the text begins with, whatever follows; NULL: none that is known. */
const struct uri_scheme *uri_scheme(const char *s);

#endif
