#ifndef DAEMON_DAEMON_PRIV_H
#define DAEMON_DAEMON_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/problem.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "transport/transport.h"

#define WORKERS_MAX	64
#define LISTENERS_MAX	(4 * SETTINGS_LISTEN_MAX)

struct admin;
struct json_t;
struct objdefs;
struct registry;

struct listener {
	enum link_scheme	scheme;
	struct addr		addr;		/* with the real port */
};

struct daemon {
	struct settings		 settings;
	struct daemon_opts	 opts;
	struct loop		*loop;
	struct store		*store;
	struct numbers		*numbers;	/* of OSCORE */
	struct objdefs		*defs;
	struct reader		*reader;
	struct resolver		*resolver;
	struct dtls_shared	*dtls;
	struct registry		*registry;
	struct admin		*admin;
	struct mailbox		*reports;
	struct worker		*workers[WORKERS_MAX];
	size_t			 nworkers;
	struct listener		 listeners[LISTENERS_MAX];
	size_t			 nlisteners;
	int64_t			 started_ms;	/* wall clock */
	uint64_t		 started_at_ms;
	uint64_t		 store_failures;	/* history that could not be kept */

	int			 signal_fd;
	struct watch		*signals;
	bool			 stopping;
	size_t			 drained;	/* workers without sessions, once stopping */
	struct timer		 drain_timer;

	uint64_t		 watchdog_ms;	/* 0: systemd does not watch us */
	struct timer		 watchdog;
	size_t			 alive;		/* workers that answered since the last ping */
};

/* status.c */
struct json_t	*daemon_status(void *daemon);

/* notify.c: what systemd is told; nothing where it does not listen. */
void		 notify_ready(struct daemon *);
void		 notify_stopping(struct daemon *);
void		 notify_reloading(struct daemon *);
void		 notify_alive(struct daemon *);	/* a worker answered the ping */

/* objects.c; the first two as struct admin_backend has them */
enum err	 objects_load(void *daemon, struct objdefs **ret, struct problem *why) MUST_CHECK;
void		 objects_take(void *daemon, struct objdefs *);
void		 objects_reload(struct daemon *);	/* logs what is wrong with them */

/* certificates.c */
enum err	 certificates_load(struct daemon *) MUST_CHECK;	/* after having said what is wrong */
void		 certificates_reload(struct daemon *);		/* the workers', too */

/* signals.c */
enum err	 signals_open(struct daemon *) MUST_CHECK;
void		 signals_close(struct daemon *);

/* daemon.c */
void		 daemon_drain(struct daemon *);	/* no new sessions; stops when the open ones ended */
void		 daemon_reload(struct daemon *);

#endif
