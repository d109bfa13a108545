#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdio.h>

#include "base/err.h"

struct daemon;
struct settings;

/*
 * The whole of strapd behind its command line: store, workers, admin socket, wired together;
 * the main thread's loop. Messages about what keeps it from starting go to standard error, one
 * line each.
 */
struct daemon_opts {
	const struct settings	*settings;	/* copied */
	/* Reads the settings again for SIGHUP. ERR_INVALID after having said what is wrong. */
	enum err		(*reread)(void *arg, struct settings *ret);
	void			*arg;		/* borrowed */
};

/* Looks at the certificates and keys that the settings name, and says what is wrong. */
enum err daemon_check(const struct settings *) MUST_CHECK;

enum err daemon_new(const struct daemon_opts *, struct daemon **ret) MUST_CHECK;
enum err daemon_run(struct daemon *) MUST_CHECK;	/* until SIGTERM or SIGINT, drain included */
void	 daemon_free(struct daemon *);

#endif
