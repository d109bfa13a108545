#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct loop;
struct transport_stats;
struct udp;
struct udp_rx;

/*
 * One unconnected UDP socket in a loop. Datagrams come and go in batches; each carries the
 * address of ours that it was sent to, or is to leave from.
 */

#define UDP_DATAGRAM_MAX	2048	/* bytes; longer ones are dropped and counted as truncated */

/* 'p' is valid during the call. */
typedef void (*udp_received_fn)(void *arg, struct udp *, const struct addr *local,
    const struct addr *remote, const uint8_t *p, size_t len);

struct udp_opts {
	struct loop		*loop;		/* all borrowed */
	struct udp_rx		*rx;
	struct transport_stats	*stats;
	bool			 shared;	/* the port may be opened by other workers, too */
	udp_received_fn		 received;
	void			*arg;
};

/* Receive buffers: one for all sockets of a thread, since only one is read at a time. */
enum err udp_rx_new(struct udp_rx **ret) MUST_CHECK;
void	 udp_rx_free(struct udp_rx *);

/* "[::]" is dual stack. ERR_IO with errno set, ERR_NOMEM. */
enum err udp_open(const struct addr *, const struct udp_opts *, struct udp **ret) MUST_CHECK;

/*
 * The end, in two steps: after the first, what is sent waits for the second, which tries it once
 * and frees the socket; within a wake-up that has sent before, at its end.
 */
void	 udp_end(struct udp *);
void	 udp_close(struct udp *);

const struct addr *udp_local(const struct udp *);	/* with the port the kernel gave */

/* Whether datagrams for this address of ours reach the socket. */
bool	 udp_takes(const struct udp *, const struct addr *local);

/*
 * Queues one datagram for the end of this wake-up; copies. 'local' may be an unspecified
 * address: then the kernel chooses. What cannot be sent is dropped and counted.
 */
void	 udp_send(struct udp *, const struct addr *local, const struct addr *remote,
    const void *p, size_t len);

/* Fills an unspecified 'local' with the address the kernel would send from. ERR_IO with errno set. */
enum err udp_choose_source(struct addr *local, const struct addr *remote) MUST_CHECK;

#endif
