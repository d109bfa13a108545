/*
 * Runs a program with a notification socket as systemd would, and prints what it is told, a
 * line each, until the program ends. Usage: notified SOCKET-PATH WATCHDOG-USEC COMMAND …
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void
pass_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char buf[4096];
	int status = 0;

	if (argc < 4 || strlen(argv[1]) >= sizeof(sun.sun_path))
		return 2;
	memcpy(sun.sun_path, argv[1], strlen(argv[1]) + 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		return 2;
	setenv("NOTIFY_SOCKET", argv[1], 1);
	setenv("WATCHDOG_USEC", argv[2], 1);
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	child = fork();
	if (child == 0) {
		execv(argv[3], argv + 3);
		_exit(127);
	}
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		if (poll(&p, 1, 50) > 0) {
			ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
			if (n > 0) {
				buf[n] = '\0';
				puts(buf);
				fflush(stdout);
			}
			continue;
		}
		if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
