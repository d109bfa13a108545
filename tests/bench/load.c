/*
 * The generator of "make bench": as light as it can be, so that what it drives is the limit.
 * Every device is an address of 127.0.0.0/8 behind one socket; what it says is made from a
 * template, and what it is told is looked at just as far as the answer needs.
 *
 *	load echo PORT N WINDOW SECONDS		bare datagrams to an echo server
 *	load bootstrap PORT N WINDOW SECONDS	POST /bs, then an ACK to all that comes, until Finish
 *	load silent PORT N			N devices that ask and never answer (live sessions)
 *
 * Devices are called dev-0000000 and so on, silent ones sil-0000000.
 *
 * Prints one JSON object: {"rate":…,"done":…,"seconds":…,"generator_cpu_us":…,"datagrams":…}.
 * N is how many devices there are, WINDOW how many are at it at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH		64
#define SLOT		2048
#define FIRST		0x7f010000u	/* 127.1.0.0 */
#define RETRY_NS	500000000	/* a device that hears nothing for so long starts again */

struct dev {
	uint64_t	 at_ns;		/* of its last word */
	uint32_t	 round;		/* token and message id of this round */
	bool		 busy;
};

static int fd;
static struct sockaddr_in server;
static struct dev *devs;
static uint32_t ndevs, window, live, next_dev, seconds;
static uint64_t done, datagrams, again;
static bool echo, silent;

static uint8_t out_buf[BATCH][SLOT], in_buf[BATCH][SLOT];
static struct iovec out_iov[BATCH], in_iov[BATCH];
static struct {
	_Alignas(struct cmsghdr) char buf[CMSG_SPACE(sizeof(struct in_pktinfo))];
} out_ctl[BATCH], in_ctl[BATCH];
static struct mmsghdr out_msg[BATCH], in_msg[BATCH];
static struct sockaddr_in in_from[BATCH];
static unsigned nout;

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
flush(void)
{
	unsigned sent = 0;

	while (sent < nout) {
		int n = sendmmsg(fd, out_msg + sent, nout - sent, 0);
		if (n <= 0) {
			if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
				continue;
			sent++;		/* a refused datagram is a lost one */
			continue;
		}
		sent += (unsigned)n;
	}
	datagrams += nout;
	nout = 0;
}

/* Room for a datagram from device 'd'; its length goes to *len when it is filled. */
static uint8_t *
room(uint32_t d, size_t **len)
{
	if (nout == BATCH)
		flush();
	struct in_pktinfo *pi = (struct in_pktinfo *)(void *)CMSG_DATA(
	    (struct cmsghdr *)(void *)out_ctl[nout].buf);
	pi->ipi_spec_dst.s_addr = htonl(FIRST + d);
	*len = &out_iov[nout].iov_len;
	return out_buf[nout++];
}

static void
start(uint32_t d, uint64_t now)
{
	size_t *len;
	uint8_t *p = room(d, &len);
	struct dev *dev = &devs[d];

	dev->round++;
	dev->at_ns = now;
	if (!dev->busy)
		live++;
	dev->busy = true;
	/* CON POST /bs?ep=dev-NNNNNNN, token of four bytes (RFC 7252, 3) */
	uint32_t token = htonl(dev->round << 24 ^ d);
	uint8_t head[] = { 0x44, 0x02, (uint8_t)(dev->round >> 8), (uint8_t)dev->round };
	memcpy(p, head, 4);
	memcpy(p + 4, &token, 4);
	memcpy(p + 8, "\xb2" "bs" "\x4d\x01" "ep=", 8);	/* Uri-Query of 13 + 1 bytes */
	snprintf((char *)p + 16, 12, silent ? "sil-%07u" : "dev-%07u", d);
	*len = 16 + 11;
}

/* Answers a request of the server; true when it was Finish. */
static bool
answer(uint32_t d, const uint8_t *in, size_t len)
{
	static const uint8_t code_of[] = { 0, 0x45, 0x44, 0x44, 0x42 };	/* 2.05 2.04 2.04 2.02 */
	uint8_t tkl = in[0] & 15, method = in[1];
	size_t *out_len;

	if (method < 1 || method > 4 || len < 4u + tkl || tkl > 8)
		return false;
	uint8_t *p = room(d, &out_len);
	p[0] = (uint8_t)(0x60 | tkl);
	p[1] = code_of[method];
	memcpy(p + 2, in + 2, 2u + tkl);
	*out_len = 4u + tkl;
	if (method == 1) {	/* Discover: link-format with a bootstrap account at /0/0 */
		memcpy(p + *out_len, "\xc1\x28\xff</0/0>", 9);
		*out_len += 9;
	}
	return method == 2;
}

static void
next(uint64_t now)
{
	for (uint32_t i = 0; i < ndevs; i++) {
		uint32_t d = next_dev++ % ndevs;
		if (!devs[d].busy) {
			start(d, now);
			return;
		}
	}
}

static void
take(uint32_t d, const uint8_t *p, size_t len, uint64_t now)
{
	struct dev *dev = &devs[d];

	if (d >= ndevs || len < 4 || !dev->busy)
		return;
	dev->at_ns = now;
	if (echo) {
		if ((uint16_t)dev->round != (uint16_t)(p[2] << 8 | p[3]))
			return;
		done++;
		start(d, now);
		return;
	}
	if (silent || (p[0] & 0x30) != 0 || !answer(d, p, len))
		return;
	done++;
	dev->busy = false;
	live--;
	next(now);
}

static void
receive(uint64_t now)
{
	int n = recvmmsg(fd, in_msg, BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&in_msg[i].msg_hdr);
		if (c != NULL && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *pi = (struct in_pktinfo *)(void *)CMSG_DATA(c);
			take(ntohl(pi->ipi_addr.s_addr) - FIRST, in_buf[i], in_msg[i].msg_len, now);
		}
		in_msg[i].msg_hdr.msg_controllen = sizeof(in_ctl[i]);
		in_msg[i].msg_hdr.msg_namelen = sizeof(in_from[i]);
	}
}

/* Devices that hear nothing start again; a few are looked at each time. */
static void
look_after(uint64_t now)
{
	static uint32_t at;

	for (unsigned i = 0; i < 256 && i < ndevs; i++) {
		uint32_t d = at++ % ndevs;
		if (devs[d].busy && now - devs[d].at_ns > RETRY_NS) {
			again++;
			start(d, now);
		}
	}
}

static void
set_up(uint16_t port)
{
	const int on = 1, size = 16 << 20;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0) {
		perror("load: socket");
		exit(2);
	}
	/* As large as we may; what is dropped is repeated and counted. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (unsigned i = 0; i < BATCH; i++) {
		out_iov[i].iov_base = out_buf[i];
		in_iov[i] = (struct iovec){ in_buf[i], SLOT };
		out_msg[i].msg_hdr = (struct msghdr){ .msg_name = &server,
			.msg_namelen = sizeof(server), .msg_iov = &out_iov[i], .msg_iovlen = 1,
			.msg_control = out_ctl[i].buf, .msg_controllen = sizeof(out_ctl[i].buf) };
		in_msg[i].msg_hdr = (struct msghdr){ .msg_name = &in_from[i],
			.msg_namelen = sizeof(in_from[i]), .msg_iov = &in_iov[i], .msg_iovlen = 1,
			.msg_control = in_ctl[i].buf, .msg_controllen = sizeof(in_ctl[i].buf) };
		struct cmsghdr *c = CMSG_FIRSTHDR(&out_msg[i].msg_hdr);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
		memset(CMSG_DATA(c), 0, sizeof(struct in_pktinfo));
	}
}

static void
run(void)
{
	uint64_t begin = now_ns(), now = begin, warm = begin + 500000000, counted = 0;
	uint64_t end = begin + (seconds * UINT64_C(1000000000)) + 500000000;
	struct rusage before, after;
	bool warmed = false;

	getrusage(RUSAGE_SELF, &before);
	for (uint32_t i = 0; i < window; i++)
		next(now);
	while (now < end) {
		receive(now);
		look_after(now);
		flush();
		now = now_ns();
		if (!warmed && now >= warm) {	/* caches and links are warm: counting begins */
			warmed = true;
			begin = now;
			counted = done;
			getrusage(RUSAGE_SELF, &before);
		}
	}
	getrusage(RUSAGE_SELF, &after);
	double s = (double)(now - begin) / 1e9;
	int64_t cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
	    before.ru_stime.tv_sec) * INT64_C(1000000) + after.ru_utime.tv_usec - before.ru_utime.tv_usec +
	    after.ru_stime.tv_usec - before.ru_stime.tv_usec;
	printf("{\"rate\":%.0f,\"done\":%" PRIu64 ",\"seconds\":%.2f,\"generator_cpu_us\":%" PRId64
	    ",\"datagrams\":%" PRIu64 ",\"restarted\":%" PRIu64 "}\n", (double)(done - counted) / s,
	    done - counted, s, cpu, datagrams, again);
}

/* Each asks once more slowly than the server can take, and keeps still. */
static void
keep_silent(void)
{
	for (uint32_t d = 0; d < ndevs; d++) {
		start(d, now_ns());
		if (d % 32 == 31) {
			flush();
			receive(now_ns());
			usleep(6000);
		}
	}
	flush();
	for (int i = 0; i < 200; i++) {
		receive(now_ns());
		usleep(1000);
	}
	printf("{\"silent\":%u}\n", ndevs);
}

int
main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: load echo|bootstrap PORT N WINDOW SECONDS | load silent PORT N\n", stderr);
		return 2;
	}
	echo = strcmp(argv[1], "echo") == 0;
	silent = strcmp(argv[1], "silent") == 0;
	ndevs = (uint32_t)strtoul(argv[3], NULL, 10);
	window = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : ndevs;
	seconds = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 3;
	devs = calloc(ndevs > 0 ? ndevs : 1, sizeof(*devs));
	if (devs == NULL || ndevs == 0 || window > ndevs)
		return 2;
	set_up((uint16_t)strtoul(argv[2], NULL, 10));
	if (silent)
		keep_silent();
	else
		run();
	free(devs);
	return 0;
}
