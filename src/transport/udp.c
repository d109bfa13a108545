#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "transport/transport.h"
#include "transport/udp.h"

#define BATCH		64		/* datagrams of one recvmmsg or sendmmsg */
#define BATCHES		4		/* read at one wake-up, so that one socket starves no other */
#define TX_SLOTS	256		/* datagrams that wait for a full socket */
#define TX_BYTES	(256u * 1024)
#define SOCKET_BUFFER	(8 * 1024 * 1024)
/* Not a power of two: 64 buffers at multiples of 2048 would share two sets of the cache. */
#define RX_STRIDE	(UDP_DATAGRAM_MAX + 64)
#define RX_CONTROL	128		/* destination address and SO_RXQ_OVFL */
#define TX_CONTROL	CMSG_SPACE(sizeof(struct in6_pktinfo))

union name {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

struct udp_rx {
	struct mmsghdr	msgs[BATCH];
	struct iovec	iov[BATCH];
	union name	names[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][RX_CONTROL];
	uint8_t		data[BATCH][RX_STRIDE];
};

/* Datagrams from 'head' to 'tail' wait; both are 0 again when all have left. */
struct tx {
	struct mmsghdr	msgs[TX_SLOTS];
	struct iovec	iov[TX_SLOTS];
	union name	names[TX_SLOTS];
	_Alignas(struct cmsghdr) uint8_t control[TX_SLOTS][TX_CONTROL];
	unsigned	head, tail;
	size_t		used;		/* of data */
	uint8_t		data[TX_BYTES];
};

struct udp {
	struct loop		*loop;		/* borrowed, as are rx and stats */
	struct udp_rx		*rx;
	struct transport_stats	*stats;
	udp_received_fn		 received;
	void			*arg;
	struct addr		 local;
	int			 fd;
	int			 family;
	struct watch		*watch;
	struct defer		 flush;
	bool			 full;		/* the kernel takes no more: wait for LOOP_WRITE */
	bool			 ending;	/* udp_close() flushes, nobody else */
	bool			 closed;	/* freed by the flush that is still to come */
	uint32_t		 overflows;	/* the kernel's count, as last told */
	struct tx		 tx;
};

static void readable(void *arg, unsigned events);
static void flush(struct udp *u);
static void end_of_wakeup(void *arg);

enum err
udp_rx_new(struct udp_rx **ret)
{
	struct udp_rx *rx = calloc(1, sizeof(*rx));

	if (rx == NULL)
		return ERR_NOMEM;
	for (unsigned i = 0; i < BATCH; i++) {
		rx->iov[i] = (struct iovec){ rx->data[i], UDP_DATAGRAM_MAX };
		rx->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &rx->names[i], .msg_namelen = sizeof(rx->names[i]),
			.msg_iov = &rx->iov[i], .msg_iovlen = 1,
			.msg_control = rx->control[i], .msg_controllen = RX_CONTROL,
		};
	}
	*ret = rx;
	return ERR_OK;
}

void
udp_rx_free(struct udp_rx *rx)
{
	free(rx);
}

/* --- opening --- */

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Buffers beyond net.core.*_max need a privilege; without it, as much as we are allowed. */
static void
set_buffers(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER) != 0)
		(void)set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	if (set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER) != 0)
		(void)set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
}

static int
configure(int fd, int family, bool shared)
{
	set_buffers(fd);
	(void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	/* A path narrower than dtls.mtu is to fragment rather than to swallow: our datagrams are small. */
	(void)set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	if (shared && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		return -1;
	if (family == AF_INET)
		return set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) != 0)
		return -1;
	return set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int
bind_to(int fd, int family, const struct addr *want, struct addr *actual)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(want, family, &ss);

	if (bind(fd, (struct sockaddr *)&ss, len) != 0)
		return -1;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return -1;
	return addr_from_sockaddr((struct sockaddr *)&ss, actual) == ERR_OK ? 0 : -1;
}

enum err
udp_open(const struct addr *want, const struct udp_opts *opts, struct udp **ret)
{
	enum err e = ERR_IO;
	int saved;
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return ERR_NOMEM;
	u->loop = opts->loop;
	u->rx = opts->rx;
	u->stats = opts->stats;
	u->received = opts->received;
	u->arg = opts->arg;
	u->flush = (struct defer){ .fn = end_of_wakeup, .arg = u };
	u->family = want->family == AF_INET ? AF_INET : AF_INET6;
	u->fd = socket(u->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0 || configure(u->fd, u->family, opts->shared) != 0 ||
	    bind_to(u->fd, u->family, want, &u->local) != 0)
		goto out;
	e = watch_new(u->loop, u->fd, LOOP_READ, readable, u, &u->watch);
	if (e != ERR_OK)
		goto out;
	*ret = u;
	return ERR_OK;
out:
	saved = errno;
	if (u->fd >= 0)
		close(u->fd);
	free(u);
	errno = saved;
	return e;
}

void
udp_end(struct udp *u)
{
	u->ending = true;
}

void
udp_close(struct udp *u)
{
	if (u == NULL)
		return;
	u->full = false;
	flush(u);
	watch_free(u->watch);
	close(u->fd);
	u->closed = true;
	if (!u->flush.queued)
		free(u);
}

const struct addr *
udp_local(const struct udp *u)
{
	return &u->local;
}

static const uint8_t any4[16] = { [10] = 0xff, [11] = 0xff }, any6[16];

static bool
is_unspecified(const struct addr *a)
{
	return memcmp(a->ip, any4, sizeof(any4)) == 0 || memcmp(a->ip, any6, sizeof(any6)) == 0;
}

bool
udp_takes(const struct udp *u, const struct addr *local)
{
	if (u->local.port != local->port)
		return false;
	if (memcmp(u->local.ip, any4, sizeof(any4)) == 0)
		return addr_is_v4(local);
	return is_unspecified(&u->local) || memcmp(u->local.ip, local->ip, sizeof(local->ip)) == 0;
}

enum err
udp_choose_source(struct addr *local, const struct addr *remote)
{
	struct addr chosen;
	enum err e = ERR_IO;
	int family = addr_is_v4(remote) ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(remote, family, &ss);
	int fd;

	if (!is_unspecified(local))
		return ERR_OK;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&ss, len) != 0)
		goto out;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		e = addr_from_sockaddr((struct sockaddr *)&ss, &chosen);
	if (e == ERR_OK) {
		memcpy(local->ip, chosen.ip, sizeof(local->ip));
		local->scope = chosen.scope;
	}
out:
	if (fd >= 0)
		close(fd);
	return e;
}

/* --- receiving --- */

static void
note_overflow(struct udp *u, const struct cmsghdr *c)
{
	uint32_t now;

	memcpy(&now, CMSG_DATA(c), sizeof(now));
	counter_add(&u->stats->dropped_by_kernel, now - u->overflows);
	u->overflows = now;
}

/* Fills the address of ours the datagram was sent to; the bound one where the kernel is silent. */
static void
read_control(struct udp *u, struct msghdr *h, struct addr *local)
{
	*local = u->local;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(local->ip + 12, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(local->ip, &info.ipi6_addr, 16);
			local->scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			note_overflow(u, c);
		}
	}
}

static void
take(struct udp *u, unsigned i)
{
	struct mmsghdr *m = &u->rx->msgs[i];
	struct addr local, remote;

	read_control(u, &m->msg_hdr, &local);
	if (m->msg_hdr.msg_flags & MSG_TRUNC) {
		counter_add(&u->stats->truncated, 1);
	} else if (addr_from_sockaddr(&u->rx->names[i].sa, &remote) == ERR_OK && remote.port != 0) {
		remote.family = local.family;
		u->received(u->arg, u, &local, &remote, u->rx->data[i], m->msg_len);
	}
}

/* False when the socket is empty. */
static bool
read_batch(struct udp *u)
{
	uint64_t bytes = 0;
	int n = recvmmsg(u->fd, u->rx->msgs, BATCH, MSG_DONTWAIT, NULL);

	counter_add(&u->stats->receive_calls, 1);
	if (n <= 0)			/* nothing there, or an ICMP error, which anybody can send */
		return n < 0 && errno == EINTR;
	for (unsigned i = 0; i < (unsigned)n; i++)
		bytes += u->rx->msgs[i].msg_len;
	counter_add(&u->stats->datagrams_in, (unsigned)n);
	counter_add(&u->stats->bytes_in, bytes);
	for (unsigned i = 0; i < (unsigned)n; i++) {
		struct msghdr *h = &u->rx->msgs[i].msg_hdr;

		take(u, i);
		h->msg_namelen = sizeof(u->rx->names[i]);
		h->msg_controllen = RX_CONTROL;
		h->msg_flags = 0;
	}
	return n == BATCH;
}

static void
readable(void *arg, unsigned events)
{
	struct udp *u = arg;

	if (events & LOOP_WRITE) {
		u->full = false;
		watch_want(u->watch, LOOP_READ);
		flush(u);
	}
	for (int i = 0; (events & LOOP_READ) && i < BATCHES; i++) {
		if (!read_batch(u))
			break;
	}
}

/* --- sending --- */

/* An error belongs to the first datagram alone: that one is given up, the rest goes on. */
static void
send_batch(struct udp *u)
{
	struct tx *tx = &u->tx;
	unsigned waiting = tx->tail - tx->head;
	int n = sendmmsg(u->fd, tx->msgs + tx->head, waiting < BATCH ? waiting : BATCH, MSG_DONTWAIT);

	counter_add(&u->stats->send_calls, 1);
	if (n > 0) {
		counter_add(&u->stats->datagrams_out, (unsigned)n);
		tx->head += (unsigned)n;
	} else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
		u->full = true;
	} else if (errno != EINTR) {
		counter_add(&u->stats->send_failed, 1);
		tx->head++;
	}
}

static void
flush(struct udp *u)
{
	struct tx *tx = &u->tx;

	if (u->full)
		return;
	while (tx->head < tx->tail && !u->full)
		send_batch(u);
	if (u->full) {
		watch_want(u->watch, LOOP_READ | LOOP_WRITE);
		return;
	}
	tx->head = tx->tail = 0;
	tx->used = 0;
}

static void
end_of_wakeup(void *arg)
{
	struct udp *u = arg;

	if (u->closed)
		free(u);
	else
		flush(u);
}

/* Says from which address the datagram leaves. */
static void
set_source(struct udp *u, struct msghdr *h, const struct addr *local)
{
	struct cmsghdr *c = h->msg_control;

	h->msg_controllen = 0;
	if (is_unspecified(local))
		return;
	if (u->family == AF_INET) {
		struct in_pktinfo info = { 0 };

		memcpy(&info.ipi_spec_dst, local->ip + 12, 4);
		h->msg_controllen = CMSG_SPACE(sizeof(info));
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = local->scope };

		memcpy(&info.ipi6_addr, local->ip, 16);
		h->msg_controllen = CMSG_SPACE(sizeof(info));
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

static bool
no_room(const struct tx *tx, size_t len)
{
	return tx->tail == TX_SLOTS || TX_BYTES - tx->used < len;
}

void
udp_send(struct udp *u, const struct addr *local, const struct addr *remote, const void *p,
    size_t len)
{
	struct tx *tx = &u->tx;
	struct sockaddr_storage ss;
	unsigned name_len;

	if (no_room(tx, len))
		flush(u);
	if (no_room(tx, len)) {
		counter_add(&u->stats->send_failed, 1);
		return;
	}
	name_len = addr_to_sockaddr(remote, u->family, &ss);
	memcpy(&tx->names[tx->tail], &ss, name_len);
	memcpy(tx->data + tx->used, p, len);
	tx->iov[tx->tail] = (struct iovec){ tx->data + tx->used, len };
	tx->msgs[tx->tail].msg_hdr = (struct msghdr){
		.msg_name = &tx->names[tx->tail], .msg_namelen = name_len,
		.msg_iov = &tx->iov[tx->tail], .msg_iovlen = 1,
		.msg_control = tx->control[tx->tail],
	};
	set_source(u, &tx->msgs[tx->tail].msg_hdr, local);
	tx->used += len;
	tx->tail++;
	counter_add(&u->stats->bytes_out, len);
	if (tx->tail - tx->head >= BATCH)
		flush(u);
	else if (!u->full && !u->ending)
		loop_defer(u->loop, &u->flush);
}
