/*
 * The floor of "make bench": a bare UDP echo server on 127.0.0.1, one socket, one thread.
 *
 *   echo PORT [--batch]
 *
 * Prints its port ("0" picks one), ends on SIGTERM. Without --batch one recvfrom and one sendto
 * a datagram; with it recvmmsg and sendmmsg of up to 64.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH		64
#define DATAGRAM_MAX	2048
#define SOCKET_BUFFER	(8 * 1024 * 1024)

static volatile sig_atomic_t is_over;

static void
end(int sig)
{
	(void)sig;
	is_over = 1;
}

static void
echo_one_by_one(int fd)
{
	static char buf[DATAGRAM_MAX];
	struct sockaddr_in from;

	while (!is_over) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			(void)sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static void
echo_in_batches(int fd)
{
	static char buf[BATCH][DATAGRAM_MAX + 64];	/* not a power of two apart: kinder to the cache */
	static struct sockaddr_in from[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];

	while (!is_over) {
		for (unsigned i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ buf[i], DATAGRAM_MAX };
			msgs[i].msg_hdr = (struct msghdr){
				.msg_name = &from[i], .msg_namelen = sizeof(from[i]),
				.msg_iov = &iov[i], .msg_iovlen = 1,
			};
		}
		int n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			iov[i].iov_len = msgs[i].msg_len;
		for (int sent = 0, k; sent < n; sent += k) {
			k = sendmmsg(fd, msgs + sent, (unsigned)(n - sent), 0);
			if (k <= 0)
				k = 1;		/* that one is lost */
		}
	}
}

static int
open_socket(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int size = SOCKET_BUFFER, fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	/* Without SA_RESTART, so that the signal ends the wait for a datagram. */
	const struct sigaction on_term = { .sa_handler = end };
	bool in_batches = argc == 3 && strcmp(argv[2], "--batch") == 0;
	int fd;

	if (argc < 2 || argc > 3 || (argc == 3 && !in_batches)) {
		fprintf(stderr, "usage: echo PORT [--batch]\n");
		return 2;
	}
	sigaction(SIGTERM, &on_term, NULL);
	sigaction(SIGINT, &on_term, NULL);
	fd = open_socket(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "echo: %s\n", strerror(errno));
		return 1;
	}
	if (in_batches)
		echo_in_batches(fd);
	else
		echo_one_by_one(fd);
	close(fd);
	return 0;
}
