/* Standard input into a unix stream socket, and what comes back to standard output, until the end. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char buf[4096];
	bool input = true;

	if (argc != 2 || strlen(argv[1]) >= sizeof(sun.sun_path))
		return 2;
	memcpy(sun.sun_path, argv[1], strlen(argv[1]) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		perror(argv[1]);
		return 3;
	}
	for (;;) {
		struct pollfd p[2] = { { fd, POLLIN, 0 }, { input ? STDIN_FILENO : -1, POLLIN, 0 } };
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (p[0].revents != 0) {
			ssize_t n = read(fd, buf, sizeof(buf));
			if (n <= 0)
				return n == 0 ? 0 : 1;
			if (!write_all(STDOUT_FILENO, buf, (size_t)n))
				return 1;
		}
		if (p[1].revents != 0) {
			ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n <= 0) {
				input = false;
				shutdown(fd, SHUT_WR);
			} else if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
				return 1;
		}
	}
}
