#include "fleet/fleet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/datadir.h"
#include "base/loop.h"
#include "exchange/exchange.h"
#include "fleet/device.h"
#include "fleet/expect.h"
#include "fleet/faults.h"
#include "fleet/options.h"
#include "fleet/report.h"
#include "lwm2m/objdef.h"
#include "transport/transport.h"

/*
 * Towards a server on 127.0.0.0/8 each device has an address of its own in that network, behind
 * one socket. Elsewhere each device at work has a socket, and so a port, of its own. Over TCP each has
 * a connection anyhow.
 */
#define SOCKETS_MAX	500
#define LOOPBACK_FIRST	0x7f010000u	/* 127.1.0.0: leaves 127.0.x.y to servers */
#define LOOPBACK_COUNT	0x00fe0000u

#define TICK_MS		10
#define PROGRESS_MS	200

struct fleet {
	const struct options	*opt;
	struct device_world	 world;
	struct loop		*loop;
	struct objdefs		*defs;
	struct expect		*expect;
	struct exchange		*exchange;
	struct transport	*transport;
	struct dtls_shared	*dtls;
	struct faults		*faults;
	struct report		*report;
	FILE			*dump;
	bool			 many_addresses;
	bool			 by_link;	/* TCP without them: the port is not known before */
	struct addr		 sockets[SOCKETS_MAX];
	uint32_t		 nslots;
	struct device		**slots;	/* by slot: who uses it; NULL: free */
	uint32_t		*free_slots;	/* a ring: longest unused first */
	uint32_t		 nfree, next_free;
	uint32_t		 begun, gone, live;
	uint64_t		 start_us, progress_us;
	struct timer		 tick;
};

/* --- addresses --- */

static struct addr
slot_addr(const struct fleet *f, uint32_t slot)
{
	struct addr a = f->sockets[f->many_addresses ? 0 : slot];

	if (f->many_addresses) {
		uint32_t ip = htonl(LOOPBACK_FIRST + slot);
		memcpy(a.ip + 12, &ip, sizeof(ip));
	}
	return a;
}

/* The reverse; nslots for an address that is none of ours. */
static uint32_t
slot_of(const struct fleet *f, const struct addr *local)
{
	uint32_t slot = 0;

	if (f->many_addresses) {
		memcpy(&slot, local->ip + 12, sizeof(slot));
		slot = ntohl(slot) - LOOPBACK_FIRST;
		return slot < f->nslots ? slot : f->nslots;
	}
	while (slot < f->nslots && f->sockets[slot].port != local->port)
		slot++;
	return slot;
}

static struct device *
device_at(const struct fleet *f, const struct link *l)
{
	uint32_t slot = 0;

	if (!f->by_link)
		slot = slot_of(f, link_local(l));
	else
		while (slot < f->nslots && (f->slots[slot] == NULL || device_link(f->slots[slot]) != l))
			slot++;

	return slot < f->nslots ? f->slots[slot] : NULL;
}

/* The address of ours from which the kernel would call the server. */
static enum err
address_towards(const struct addr *server, struct addr *ret)
{
	struct sockaddr_storage ss;
	int family = addr_is_v4(server) ? AF_INET : AF_INET6;
	socklen_t len = addr_to_sockaddr(server, family, &ss);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum err e = ERR_IO;

	if (fd < 0)
		return e;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
			e = addr_from_sockaddr((struct sockaddr *)&ss, ret);
	}
	close(fd);
	if (e == ERR_OK)
		ret->port = 0;
	return e;
}

/* Each device at work has a descriptor. */
static void
raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);	/* else devices fail, and say why */
}

static enum err
open_sockets(struct fleet *f)
{
	const struct addr *server = &f->opt->server;
	struct addr any;

	bool tcp = f->opt->scheme == LINK_COAP_TCP || f->opt->scheme == LINK_COAPS_TCP;
	f->many_addresses = addr_is_v4(server) && server->ip[12] == 127;
	f->by_link = tcp && !f->many_addresses;
	uint32_t sockets = f->many_addresses ? 1 : f->nslots;
	/* 0.0.0.0 receives for all addresses of the loopback network. */
	enum err e = f->many_addresses ? addr_parse("0.0.0.0:0", &any) : address_towards(server, &any);
	for (uint32_t i = 0; e == ERR_OK && tcp && i < sockets; i++)
		f->sockets[i] = any;
	if (tcp)
		raise_descriptors();
	for (uint32_t i = 0; e == ERR_OK && !tcp && i < sockets; i++)
		e = transport_listen(f->transport, f->opt->scheme, &any, false, &f->sockets[i]);
	return e;
}

/* --- what transport and exchange bring --- */

static void
on_received(void *arg, struct link *l, const uint8_t *p, size_t len)
{
	struct fleet *f = arg;

	if (device_at(f, l) != NULL)
		exchange_received(f->exchange, l, p, len);
}

static void
on_opened(void *arg, struct link *l)
{
	struct fleet *f = arg;

	exchange_opened(f->exchange, l);
}

static void
on_going(void *arg, struct link *l, enum err why)
{
	struct fleet *f = arg;

	exchange_going(f->exchange, l, why);
}

static void
on_connected(void *arg, struct link *l, enum err why, const char *cause)
{
	struct device *d = device_at(arg, l);

	if (d != NULL)
		device_connected(d, l, why, cause);
}

static void
on_request(void *arg, struct link *l, const struct exchange_incoming *in, struct exchange_reply *r)
{
	struct device *d = device_at(arg, l);

	if (d != NULL)
		device_request(d, l, in, r);
	else
		r->silent = true;
}

static void
on_link_gone(void *arg, struct link *l, enum err why)
{
	struct device *d = device_at(arg, l);

	if (d != NULL)
		device_link_gone(d, why);
}

/* --- the run --- */

static void
on_ended(void *arg, struct device *d)
{
	struct fleet *f = arg;
	uint32_t slot = 0;

	if (!f->by_link)
		slot = slot_of(f, device_local(d));
	else
		while (f->slots[slot] != d)
			slot++;
	device_free(d);
	f->slots[slot] = NULL;
	f->free_slots[(f->next_free + f->nfree++) % f->nslots] = slot;
	f->live--;
	f->gone++;
	if (f->gone == f->opt->count)
		loop_stop(f->loop);
}

static uint32_t
due(const struct fleet *f)
{
	uint64_t us = loop_now_us(f->loop) - f->start_us;

	if (!(f->opt->rate > 0))
		return f->opt->count;
	double n = (double)us * f->opt->rate / 1e6 + 1;
	return n < (double)f->opt->count ? (uint32_t)n : f->opt->count;
}

static void
begin_some(struct fleet *f)
{
	uint32_t until = due(f);

	while (f->begun < until && f->live < f->opt->concurrency && f->nfree > 0) {
		uint32_t slot = f->free_slots[f->next_free];
		struct addr local = slot_addr(f, slot);
		struct device *d;
		if (device_new(&f->world, f->opt->first + f->begun, &local, &d) != ERR_OK)
			return;
		f->next_free = (f->next_free + 1) % f->nslots;
		f->nfree--;
		f->slots[slot] = d;
		f->begun++;
		f->live++;
		device_start(d);
	}
}

static void
on_tick(void *arg)
{
	struct fleet *f = arg;
	uint64_t now = loop_now_us(f->loop);

	begin_some(f);
	if (now - f->progress_us > PROGRESS_MS * 1000) {
		f->progress_us = now;
		report_progress(f->report, f->live, now - f->start_us);
	}
	timer_set(f->loop, &f->tick, TICK_MS);
}

static enum err
make_network(struct fleet *f)
{
	const struct options *o = f->opt;
	const struct dtls_opts dtls = { .mtu = (uint16_t)(o->mtu - 48), .client = true, .client_ca = o->ca };
	const char *why = "";
	enum err e = faults_new(f->loop, o, &f->faults);

	if (e == ERR_OK && (o->scheme == LINK_COAPS || o->scheme == LINK_COAPS_TCP))
		e = dtls_shared_new(&dtls, &f->dtls, &why);
	if (e != ERR_OK) {
		fprintf(stderr, "strapfleet: %s\n", why[0] != '\0' ? why : err_text(e));
		return e;
	}
	struct exchange_opts exchange = {
		.params = exchange_defaults, .handle = on_request, .link_gone = on_link_gone, .arg = f,
	};
	exchange.params.ack_timeout_ms = o->ack_timeout_ms;
	exchange.params.block_size = o->block_size;
	const struct transport_opts transport = {
		.dtls = f->dtls,
		.limits = { .links = UINT32_MAX, .handshakes = UINT32_MAX },
		.handshake_timeout_ms = o->patience_ms, .idle_timeout_ms = 3600 * 1000,
		.filter = faults_filter(f->faults),
	};
	const struct transport_events events = {
		.received = on_received, .going = on_going, .opened = on_opened,
		.connected = on_connected, .arg = f,
	};
	e = exchange_new(f->loop, &exchange, &f->exchange);
	if (e == ERR_OK)
		e = transport_new(f->loop, &transport, &events, &f->transport);
	if (e != ERR_OK)
		return e;
	faults_attach(f->faults, f->transport);
	e = open_sockets(f);
	if (e == ERR_IO)
		fprintf(stderr, "strapfleet: a socket cannot be opened: %s\n", strerror(errno));
	return e;
}

static enum err
load_files(struct fleet *f)
{
	char shipped[4096];
	const char *dirs[] = {
		f->opt->objects != NULL ? f->opt->objects : datadir_find("objects", shipped, sizeof(shipped)),
		NULL,
	};
	struct problem why = { .text = "" };
	enum err e = objdefs_load(dirs, &f->defs, &why);

	if (e == ERR_OK && f->opt->expect != NULL)
		e = expect_load(f->opt->expect, f->defs, &f->expect, &why);
	if (e != ERR_OK)
		fprintf(stderr, "strapfleet: %s: %s\n", why.where, why.text);
	if (e == ERR_OK && f->opt->dump != NULL) {
		f->dump = fopen(f->opt->dump, "we");
		if (f->dump == NULL) {
			fprintf(stderr, "strapfleet: %s: %s\n", f->opt->dump, strerror(errno));
			e = ERR_IO;
		}
	}
	return e;
}

static enum err
make_slots(struct fleet *f)
{
	const struct options *o = f->opt;
	bool many = addr_is_v4(&o->server) && o->server.ip[12] == 127;
	uint64_t want = many ? (uint64_t)o->concurrency * 4 : o->concurrency;
	uint64_t most = many ? LOOPBACK_COUNT : SOCKETS_MAX;

	/* More addresses than devices at work: each rests between two users. */
	f->nslots = (uint32_t)(want < most ? want : most);
	f->slots = calloc(f->nslots, sizeof(*f->slots));
	f->free_slots = calloc(f->nslots, sizeof(*f->free_slots));
	if (f->slots == NULL || f->free_slots == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < f->nslots; i++)
		f->free_slots[f->nfree++] = i;
	return ERR_OK;
}

enum err
fleet_new(const struct options *opt, struct fleet **ret)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return ERR_NOMEM;
	f->opt = opt;
	timer_init(&f->tick, on_tick, f);
	enum err e = loop_new(&f->loop);
	if (e == ERR_OK)
		e = load_files(f);
	if (e == ERR_OK)
		e = report_new(opt, &f->report);
	if (e == ERR_OK)
		e = make_slots(f);
	if (e == ERR_OK)
		e = make_network(f);
	if (e != ERR_OK) {
		fleet_free(f);
		return e;
	}
	f->world = (struct device_world){
		.opt = opt, .defs = f->defs, .expect = f->expect, .loop = f->loop,
		.transport = f->transport, .exchange = f->exchange, .report = f->report,
		.ended = on_ended, .arg = f, .dump = f->dump,
	};
	*ret = f;
	return ERR_OK;
}

enum err
fleet_run(struct fleet *f, unsigned *failed)
{
	f->start_us = loop_now_us(f->loop);
	timer_set(f->loop, &f->tick, 0);
	enum err e = loop_run(f->loop);
	report_progress_end(f->report);
	if (e == ERR_OK) {
		report_print(f->report, faults_stats(f->faults), loop_now_us(f->loop) - f->start_us, stdout);
		*failed = report_bad(f->report);
	}
	return e;
}

void
fleet_free(struct fleet *f)
{
	if (f == NULL)
		return;
	for (uint32_t i = 0; f->slots != NULL && i < f->nslots; i++)
		device_free(f->slots[i]);
	if (f->transport != NULL)
		transport_free(f->transport);
	if (f->exchange != NULL)
		exchange_free(f->exchange);
	faults_free(f->faults);
	dtls_shared_free(f->dtls);
	report_free(f->report);
	expect_free(f->expect);
	objdefs_free(f->defs);
	if (f->loop != NULL)
		timer_cancel(f->loop, &f->tick);
	loop_free(f->loop);
	if (f->dump != NULL)
		fclose(f->dump);
	free(f->slots);
	free(f->free_slots);
	free(f);
}
