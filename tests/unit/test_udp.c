#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <unistd.h>

#include "transport/udp.h"
#include "unit/test_transport_rig.h"

/* Sockets and batches by themselves; sendmmsg is ours, to fail when a test wants it to. */

static int		 fail_with, fail_times;	/* the next calls */
static unsigned		 calls, largest;
static struct transport_stats stats;
static struct udp_rx	*rx;
static unsigned		 received;
static uint8_t		 last[2048];

int
sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	calls++;
	largest = n > largest ? n : largest;
	if (fail_times > 0) {
		fail_times--;
		errno = fail_with;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, msgs, n, flags);
}

static void
got(void *arg, struct udp *u, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)arg;
	(void)u;
	(void)local;
	(void)remote;
	received++;
	memcpy(last, p, len);
	loop_stop(loop);
}

static struct udp *
open_udp(const char *at)
{
	struct udp_opts opts = { .loop = loop, .rx = rx, .stats = &stats, .received = got };
	struct addr want;
	struct udp *u = NULL;

	assert_int_equal(addr_parse(at, &want), ERR_OK);
	assert_int_equal(udp_open(&want, &opts, &u), ERR_OK);
	return u;
}

static int
reset(void **state)
{
	(void)state;
	memset(&stats, 0, sizeof(stats));
	received = calls = largest = 0;
	fail_times = 0;
	return 0;
}

static void
sends_of_one_wakeup_leave_in_one_call(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	for (uint8_t i = 0; i < 10; i++)
		udp_send(a, udp_local(a), udp_local(b), &i, 1);
	assert_int_equal(calls, 0);
	rig_until(&received, 10);
	assert_int_equal(calls, 1);
	assert_int_equal(last[0], 9);		/* in the order of calls */
	assert_int_equal(stat_of(&stats.datagrams_out), 10);
	assert_int_equal(stat_of(&stats.bytes_out), 10);
	assert_int_equal(stat_of(&stats.bytes_in), 10);
	udp_close(a);
	udp_close(b);
}

static void
full_batch_leaves_at_once(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	for (uint8_t i = 0; i < 70; i++)
		udp_send(a, udp_local(a), udp_local(b), &i, 1);
	assert_int_equal(calls, 1);
	assert_int_equal(largest, 64);
	rig_until(&received, 70);
	assert_int_equal(calls, 2);
	udp_close(a);
	udp_close(b);
}

static void
full_socket_is_waited_for(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	fail_with = EAGAIN;
	fail_times = 1;
	for (uint8_t i = 0; i < 10; i++)
		udp_send(a, udp_local(a), udp_local(b), &i, 1);
	rig_until(&received, 10);
	assert_int_equal(last[0], 9);
	assert_int_equal(stat_of(&stats.send_failed), 0);
	udp_close(a);
	udp_close(b);
}

static void
queue_of_a_full_socket_is_bounded(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	fail_with = EAGAIN;
	fail_times = 1;
	for (unsigned i = 0; i < 300; i++)
		udp_send(a, udp_local(a), udp_local(b), "x", 1);
	assert_int_equal(stat_of(&stats.send_failed), 300 - 256);
	rig_until(&received, 256);
	for (unsigned i = 0; i < 300; i++)	/* and it is empty again */
		udp_send(a, udp_local(a), udp_local(b), "x", 1);
	rig_until(&received, 556);
	udp_close(a);
	udp_close(b);
}

static void
error_costs_one_datagram_only(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	fail_with = EPERM;
	fail_times = 1;
	for (uint8_t i = 0; i < 3; i++)
		udp_send(a, udp_local(a), udp_local(b), &i, 1);
	rig_until(&received, 2);
	assert_int_equal(stat_of(&stats.send_failed), 1);
	udp_close(a);
	udp_close(b);
}

static void
what_waits_leaves_when_the_socket_is_closed(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");

	(void)state;
	udp_send(a, udp_local(a), udp_local(b), "x", 1);
	udp_close(a);
	rig_until(&received, 1);
	udp_close(b);
}

static void
closed_port_is_no_error(void **state)
{
	struct udp *a = open_udp("127.0.0.1:0"), *b = open_udp("127.0.0.1:0");
	struct addr gone = *udp_local(b);

	(void)state;
	udp_close(b);
	b = open_udp("127.0.0.1:0");
	udp_send(a, udp_local(a), &gone, "x", 1);	/* brings an ICMP error back */
	rig_settle();
	udp_send(a, udp_local(a), udp_local(b), "y", 1);
	rig_until(&received, 1);
	assert_int_equal(stat_of(&stats.send_failed), 0);
	udp_close(a);
	udp_close(b);
}

static void
overflow_of_the_kernel_is_counted_once(void **state)
{
	struct udp *u = open_udp("127.0.0.1:0");
	struct sockaddr_storage ss;
	unsigned len = addr_to_sockaddr(udp_local(u), AF_INET, &ss), sent = 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	static const uint8_t big[1400];

	(void)state;
	/* More than any receive buffer, with nobody reading; then some that come in after it. */
	for (unsigned i = 0; i < 20000; i++)
		sent += sendto(fd, big, sizeof(big), 0, (struct sockaddr *)&ss, len) == sizeof(big);
	for (int i = 0; i < 100 && received + stat_of(&stats.dropped_by_kernel) < sent; i++)
		rig_settle();
	for (unsigned i = 0; i < 3; i++) {
		sent += sendto(fd, big, 1, 0, (struct sockaddr *)&ss, len) == 1;
		rig_settle();
	}
	assert_true(stat_of(&stats.dropped_by_kernel) > 0);
	assert_int_equal(received + stat_of(&stats.dropped_by_kernel), sent);
	close(fd);
	udp_close(u);
}

static void
socket_takes_what_is_for_its_address(void **state)
{
	struct udp *any = open_udp("[::]:0"), *v4 = open_udp("0.0.0.0:0"), *one = open_udp("127.0.0.1:0");
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse("127.0.0.1:1", &a), ERR_OK);
	assert_false(udp_takes(any, &a));		/* another port */
	a.port = udp_local(any)->port;
	assert_true(udp_takes(any, &a));
	a.port = udp_local(v4)->port;
	assert_true(udp_takes(v4, &a));
	a.port = udp_local(one)->port;
	assert_true(udp_takes(one, &a));
	a.ip[15] = 2;
	assert_false(udp_takes(one, &a));
	assert_int_equal(addr_parse("[::1]:1", &a), ERR_OK);
	a.port = udp_local(v4)->port;
	assert_false(udp_takes(v4, &a));
	udp_close(any);
	udp_close(v4);
	udp_close(one);
}

static int
setup(void **state)
{
	return rig_setup(state) == 0 && udp_rx_new(&rx) == ERR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	udp_rx_free(rx);
	return rig_teardown(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sends_of_one_wakeup_leave_in_one_call, reset),
		cmocka_unit_test_setup(full_batch_leaves_at_once, reset),
		cmocka_unit_test_setup(full_socket_is_waited_for, reset),
		cmocka_unit_test_setup(queue_of_a_full_socket_is_bounded, reset),
		cmocka_unit_test_setup(error_costs_one_datagram_only, reset),
		cmocka_unit_test_setup(what_waits_leaves_when_the_socket_is_closed, reset),
		cmocka_unit_test_setup(closed_port_is_no_error, reset),
		cmocka_unit_test_setup(overflow_of_the_kernel_is_counted_once, reset),
		cmocka_unit_test_setup(socket_takes_what_is_for_its_address, reset),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
