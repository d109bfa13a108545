#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon_priv.h"
#include "daemon/letters.h"
#include "daemon/worker.h"

/*
 * The watchdog watches every thread: the main one pings the workers and tells systemd that
 * all is well only when each has answered since the last ping.
 */
static void
ping(void *arg)
{
	struct daemon *d = arg;

	if (d->alive == d->nworkers)
		sd_notify(0, "WATCHDOG=1");
	d->alive = 0;
	for (size_t i = 0; i < d->nworkers; i++)
		worker_order(d->workers[i], &(struct order){ .kind = ORDER_PING });
	timer_set(d->loop, &d->watchdog, d->watchdog_ms / 3);
}

void
notify_alive(struct daemon *d)
{
	d->alive++;
}

void
notify_ready(struct daemon *d)
{
	uint64_t watchdog_us = 0;

	sd_notifyf(0, "READY=1\nSTATUS=serving with %zu workers", d->nworkers);
	/* After a reload the watchdog runs already. */
	if (d->watchdog_ms == 0 && sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us >= 3000) {
		d->watchdog_ms = watchdog_us / 1000;
		d->alive = d->nworkers;
		timer_init(&d->watchdog, ping, d);
		ping(d);
	}
}

void
notify_reloading(struct daemon *d)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, loop_now_us(d->loop));
}

void
notify_stopping(struct daemon *d)
{
	(void)d;
	sd_notify(0, "STOPPING=1\nSTATUS=open sessions may finish, no new ones");
}
