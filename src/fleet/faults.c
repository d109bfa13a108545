#include "fleet/faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/random.h"
#include "fleet/options.h"
#include "transport/transport.h"

/* How far a reordered datagram falls behind when there is no delay to measure by. */
#define REORDER_MS	20

/* A datagram under way. */
struct held {
	struct held	*next, **prev;
	struct faults	*faults;
	struct timer	 timer;
	struct addr	 local, remote;
	bool		 outgoing;
	size_t		 len;
	uint8_t		 bytes[];
};

struct faults {
	struct loop		*loop;
	struct transport	*transport;
	struct held		*held;
	uint32_t		 delay_ms;	/* one way */
	double			 loss, duplicate, reorder;
	struct transport_filter	 filter;
	struct faults_stats	 stats;
};

static bool
chance(double p)
{
	return p > 0 && random_below(1000000) < (uint32_t)(p * 1000000);
}

static void
drop(struct held *h)
{
	timer_cancel(h->faults->loop, &h->timer);
	*h->prev = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
	free(h);
}

static void
arrive(void *arg)
{
	struct held *h = arg;

	transport_inject(h->faults->transport, h->outgoing, &h->local, &h->remote, h->bytes, h->len);
	drop(h);
}

static void
hold(struct faults *f, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len, uint32_t delay_ms)
{
	struct held *h = malloc(sizeof(*h) + len);

	if (h == NULL)
		return;		/* lost: that is what this network does */
	h->faults = f;
	h->local = *local;
	h->remote = *remote;
	h->outgoing = outgoing;
	h->len = len;
	memcpy(h->bytes, p, len);
	h->next = f->held;
	h->prev = &f->held;
	if (h->next != NULL)
		h->next->prev = &h->next;
	f->held = h;
	timer_init(&h->timer, arrive, h);
	timer_set(f->loop, &h->timer, delay_ms);
}

/* One copy on its way; true when it was kept back. */
static bool
travel(struct faults *f, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	uint32_t delay = f->delay_ms;

	if (chance(f->loss)) {
		f->stats.lost++;
		return true;
	}
	if (chance(f->reorder)) {
		delay += 1 + random_below(REORDER_MS + f->delay_ms);
		f->stats.reordered++;
	}
	if (delay == 0)
		return false;
	hold(f, outgoing, local, remote, p, len, delay);
	return true;
}

static bool
on_datagram(void *arg, bool outgoing, const struct addr *local, const struct addr *remote,
    const uint8_t *p, size_t len)
{
	struct faults *f = arg;

	f->stats.seen++;
	if (chance(f->duplicate)) {
		f->stats.duplicated++;
		hold(f, outgoing, local, remote, p, len, f->delay_ms + 1);
	}
	return travel(f, outgoing, local, remote, p, len);
}

enum err
faults_new(struct loop *loop, const struct options *o, struct faults **ret)
{
	struct faults *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return ERR_NOMEM;
	f->loop = loop;
	f->delay_ms = o->rtt_ms / 2;
	f->loss = o->loss;
	f->duplicate = o->duplicate;
	f->reorder = o->reorder;
	f->filter = (struct transport_filter){ .datagram = on_datagram, .arg = f };
	*ret = f;
	return ERR_OK;
}

void
faults_free(struct faults *f)
{
	if (f == NULL)
		return;
	while (f->held != NULL)
		drop(f->held);
	free(f);
}

const struct transport_filter *
faults_filter(struct faults *f)
{
	bool perfect = f->delay_ms == 0 && !(f->loss > 0 || f->duplicate > 0 || f->reorder > 0);

	return perfect ? NULL : &f->filter;
}

void
faults_attach(struct faults *f, struct transport *t)
{
	f->transport = t;
}

const struct faults_stats *
faults_stats(const struct faults *f)
{
	return &f->stats;
}
