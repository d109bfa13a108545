#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon_priv.h"

static void
on_signal(void *arg, unsigned events)
{
	struct daemon *d = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			daemon_reload(d);
			break;
		case SIGTERM:
		case SIGINT:
			if (d->stopping) {
				log_info("asked again to stop: open sessions are cut short");
				loop_stop(d->loop);
			} else
				daemon_drain(d);
			break;
		default:
			break;
		}
	}
}

enum err
signals_open(struct daemon *d)
{
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGINT);
	sigaddset(&mine, SIGHUP);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &mine, NULL) != 0)
		return ERR_IO;
	d->signal_fd = signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
	if (d->signal_fd < 0)
		return ERR_IO;
	return watch_new(d->loop, d->signal_fd, LOOP_READ, on_signal, d, &d->signals);
}

void
signals_close(struct daemon *d)
{
	if (d->signals != NULL)
		watch_free(d->signals);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	d->signals = NULL;
	d->signal_fd = -1;
}
