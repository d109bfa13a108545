/*
 * A DTLS server and a client whose datagrams the input delivers, loses, doubles, cuts, changes
 * and adds to. Nothing may crash or leak, and no datagram but a whole one may go up. The input
 * is a list of steps, see step().
 */
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/rd.h"
#include "transport/dtls_record.h"
#include "transport/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define QUEUE	64
#define PSK	"0123456789abcdef"

struct datagram {
	uint8_t		p[2048];
	size_t		len;
	bool		to_server;
};

struct world {
	struct transport *server, *client;
	struct addr	 server_at, client_at;
	struct link	*link, *served;		/* the client's, and the server's, while they live */
	struct datagram	 queue[QUEUE];		/* in flight, oldest first */
	size_t		 queued;
};

static struct world	w;
static struct loop	*loop;
static struct dtls_shared *server_dtls, *client_dtls;

static void
must(bool good)
{
	if (!good)
		abort();
}

/* Swallows what a side sends; what is beyond the queue is lost. */
static bool
take(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	(void)local;
	(void)remote;
	if (outgoing && w.queued < QUEUE && len <= sizeof(w.queue[0].p)) {
		struct datagram *d = &w.queue[w.queued++];

		memcpy(d->p, p, len);
		d->len = len;
		d->to_server = arg != NULL;
	}
	return true;
}

static void
received(void *arg, struct link *l, const uint8_t *p, size_t len)
{
	must(len == 4 && memcmp(p, "ping", 4) == 0);	/* all that is ever sent */
	if (arg == &w.server) {
		link_set_user(l, &w.served);
		w.served = l;
		must(link_identity(l)->kind == IDENTITY_PSK && link_identity(l)->len == 5);
	}
}

static void
going(void *arg, struct link *l, enum err why)
{
	(void)why;
	(void)l;
	*(arg == &w.server ? &w.served : &w.link) = NULL;
}

static void
connected(void *arg, struct link *l, enum err why, const char *cause)
{
	(void)arg;
	(void)l;
	(void)cause;
	if (why != ERR_OK)
		w.link = NULL;
}

static enum err
find_psk(void *arg, const uint8_t *identity, size_t len, struct secret *ret)
{
	(void)arg;
	if (len != 5 || memcmp(identity, "dev-1", 5) != 0)
		return ERR_NOTFOUND;
	return secret_set(ret, PSK, strlen(PSK));
}

static void
handshake_failed(void *arg, const struct handshake_failure *f)
{
	(void)arg;
	must(f->reason[0] != '\0' && f->cause[0] != '\0');
}

static void
connect_again(void)
{
	struct transport_connect how = {
		.scheme = LINK_COAPS, .local = w.client_at, .remote = w.server_at, .user = &w.link,
		.psk_identity = (const uint8_t *)"dev-1", .psk_identity_len = 5,
		.psk_key = (const uint8_t *)PSK, .psk_key_len = strlen(PSK),
	};

	if (w.link == NULL)
		must(transport_connect(w.client, &how, &w.link) == ERR_OK);
}

static void
hand_over(bool to_server, const uint8_t *p, size_t len)
{
	if (to_server)
		transport_inject(w.server, false, &w.server_at, &w.client_at, p, len);
	else
		transport_inject(w.client, false, &w.client_at, &w.server_at, p, len);
}

/* Takes the datagram out of the queue first: handing it over fills the queue again. */
static bool
next(struct datagram *d, size_t which)
{
	if (w.queued == 0)
		return false;
	which %= w.queued;
	*d = w.queue[which];
	w.queued--;
	memmove(&w.queue[which], &w.queue[which + 1], (w.queued - which) * sizeof(*d));
	return true;
}

static void
say(struct link *l)
{
	if (l != NULL)
		(void)!link_send(l, (const uint8_t *)"ping", 4);	/* too early: refused */
}

static void
raw(struct rd *r, bool to_server)
{
	uint8_t len = rd_u8(r);
	const uint8_t *p = rd_bytes(r, len);
	struct dtls_look look;
	size_t n;

	if (p == NULL)
		return;
	(void)dtls_look(p, len, &look);
	(void)dtls_content(p, len);
	(void)dtls_psk_identity(p, len, &n);
	hand_over(to_server, p, len);
}

static void
step(struct rd *r)
{
	static struct datagram d;
	uint8_t op = rd_u8(r), arg = rd_u8(r);

	switch (op & 15) {
	case 0:		/* that many arrive, in order */
		for (unsigned i = 0; i < arg && next(&d, 0); i++)
			hand_over(d.to_server, d.p, d.len);
		break;
	case 1:		/* one is lost */
		(void)next(&d, arg);
		break;
	case 2:		/* one overtakes */
		if (next(&d, arg))
			hand_over(d.to_server, d.p, d.len);
		break;
	case 3:		/* one comes twice */
		if (next(&d, arg)) {
			hand_over(d.to_server, d.p, d.len);
			hand_over(d.to_server, d.p, d.len);
		}
		break;
	case 4:		/* one is changed */
		if (next(&d, 0) && d.len > 0) {
			d.p[arg % d.len] ^= (uint8_t)(rd_u8(r) | 1);
			hand_over(d.to_server, d.p, d.len);
		}
		break;
	case 5:		/* one is cut */
		if (next(&d, 0))
			hand_over(d.to_server, d.p, d.len * arg / 256);
		break;
	case 6:
		raw(r, arg & 1);
		break;
	case 7:
		say(arg & 1 ? w.served : w.link);
		break;
	case 8:		/* the client goes: with close_notify, as far as that arrives */
		if (w.link != NULL)
			link_close(w.link);
		w.link = NULL;
		break;
	case 9:
		connect_again();
		break;
	case 10:
		if (w.served != NULL)
			link_close(w.served);
		w.served = NULL;
		break;
	default:
		break;
	}
}

static void
open_side(struct transport **t, struct dtls_shared *shared, struct transport_filter *f,
    const char *at, struct addr *actual)
{
	struct transport_opts opts = { .dtls = shared, .filter = f };
	struct transport_events events = { .received = received, .going = going,
		.find_psk = find_psk, .handshake_failed = handshake_failed, .connected = connected,
		.arg = t };
	struct addr want;

	must(addr_parse(at, &want) == ERR_OK && transport_new(loop, &opts, &events, t) == ERR_OK &&
	    transport_listen(*t, LINK_COAPS, &want, false, actual) == ERR_OK);
}

static void
open_once(void)
{
	struct dtls_opts opts = { .mtu = 1280 };
	const char *why;

	if (loop != NULL)
		return;
	must(loop_new(&loop) == ERR_OK && dtls_shared_new(&opts, &server_dtls, &why) == ERR_OK);
	opts.client = true;
	must(dtls_shared_new(&opts, &client_dtls, &why) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct transport_filter from_server = { .datagram = take };
	struct transport_filter from_client = { .datagram = take, .arg = &w };
	struct rd r = rd_over(data, len);

	open_once();
	w.queued = 0;
	w.link = w.served = NULL;
	open_side(&w.server, server_dtls, &from_server, "127.0.0.1:0", &w.server_at);
	open_side(&w.client, client_dtls, &from_client, "127.0.0.1:0", &w.client_at);
	connect_again();
	while (r.err == ERR_OK && r.left > 0)
		step(&r);
	transport_free(w.client);
	transport_free(w.server);
	must(w.link == NULL && w.served == NULL);
	return 0;
}
