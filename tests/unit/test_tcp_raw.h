#ifndef TESTS_UNIT_TEST_TCP_RAW_H
#define TESTS_UNIT_TEST_TCP_RAW_H

#include "unit/test_tcp_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Plain sockets against a transport of the rig. */

/* A plain socket to the server; blocking, but for connect() the loop need not run. */
static inline int
rig_dial(const struct end *to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(to->at.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

/* Reads up to the end, turning the loop; returns how much, or -1 when it ends with a reset. */
static inline ssize_t
rig_read_all(int fd, uint8_t *buf, size_t cap)
{
	size_t len = 0;

	for (int i = 0; i < 3000; i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		bool over = false;
		struct timer t;

		timer_init(&t, rig_late, &over);
		timer_set(loop, &t, 1);
		while (!over)
			assert_int_equal(loop_run(loop), ERR_OK);
		while (poll(&p, 1, 0) > 0) {
			ssize_t n = recv(fd, buf + len, cap - len, MSG_DONTWAIT);
			if (n <= 0)
				return n == 0 ? (ssize_t)len : -1;
			len += (size_t)n;
		}
	}
	fail_msg("the other side did not end the connection");
	return -1;
}

#endif
