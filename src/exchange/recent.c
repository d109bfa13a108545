#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "exchange/exchange_priv.h"

/* What a peer has sent lately over UDP, and what it got for it: for duplicates (RFC 7252, 4.2). */

static void
forget_answer(struct udp_recent *r)
{
	if (r->len > UDP_SMALL) {
		secret_wipe(r->answer.large, r->len);
		free(r->answer.large);
	}
	r->len = 0;
}

/* Later than any retransmission could come after the last one that was seen. */
static bool
outlived(const struct exchange *x, const struct udp_recent *r)
{
	uint64_t now = loop_now_ms(x->loop);

	return now - r->last_at_ms > exchange_transmit_span_ms(&x->opts.params) ||
	    now - r->first_at_ms > exchange_lifetime_ms(&x->opts.params);
}

/*
 * The same message id is not enough: without DTLS a device that restarted may use it again for
 * something else, or, later than any retransmission could come, for the same.
 */
struct udp_recent *
recent_find(struct peer *peer, uint16_t mid, uint32_t hash)
{
	for (size_t i = 0; i < peer->udp.nrecent; i++) {
		struct udp_recent *r = &peer->udp.recent[i];
		if (r->mid == mid && r->hash == hash && !outlived(peer->x, r))
			return r;
	}
	return NULL;
}

/* Twice as many entries, the oldest first. False: as it was. */
static bool
grow(struct udp *udp)
{
	size_t cap = udp->cap_recent > 0 ? (size_t)udp->cap_recent * 2 : 2;
	size_t tail = udp->nrecent - (size_t)udp->oldest_recent;
	struct udp_recent *more;

	if (cap > UDP_RECENT_MAX || (more = calloc(cap, sizeof(*more))) == NULL)
		return false;
	if (udp->nrecent > 0) {
		memcpy(more, udp->recent + udp->oldest_recent, tail * sizeof(*more));
		memcpy(more + tail, udp->recent, udp->oldest_recent * sizeof(*more));
	}
	free(udp->recent);
	udp->recent = more;
	udp->cap_recent = (uint8_t)cap;
	udp->oldest_recent = 0;
	return true;
}

/* The place for one more: of the oldest if that is of no use, or there is no more room. */
static struct udp_recent *
next_place(struct peer *peer)
{
	struct udp *udp = &peer->udp;
	bool full = udp->nrecent == udp->cap_recent;
	struct udp_recent *r;

	if (full && (udp->nrecent == 0 || !outlived(peer->x, &udp->recent[udp->oldest_recent])))
		full = !grow(udp);
	if (!full)
		return &udp->recent[udp->nrecent++];
	if (udp->nrecent == 0)
		return NULL;
	r = &udp->recent[udp->oldest_recent];
	udp->oldest_recent = (uint8_t)((udp->oldest_recent + 1) % udp->nrecent);
	forget_answer(r);
	return r;
}

void
recent_remember(struct peer *peer, uint16_t mid, uint32_t hash, const uint8_t *answer, size_t len)
{
	uint8_t *large = len > UDP_SMALL ? malloc(len) : NULL;
	struct udp_recent *r = len > UDP_SMALL && large == NULL ? NULL : next_place(peer);

	if (r == NULL) {	/* out of memory: a duplicate will be served again */
		free(large);
		return;
	}
	*r = (struct udp_recent){ .mid = mid, .hash = hash, .len = (uint16_t)len };
	r->first_at_ms = r->last_at_ms = loop_now_ms(peer->x->loop);
	if (large != NULL)
		r->answer.large = large;
	if (len > 0)
		memcpy(large != NULL ? large : r->answer.small, answer, len);
	peer->remembered = true;
}

bool
recent_was_taken(const struct peer *peer, uint16_t mid, uint32_t hash)
{
	for (size_t i = 0; i < UDP_TAKEN; i++) {
		const struct udp_taken *t = &peer->udp.taken[i];
		if (t->set && t->mid == mid && t->hash == hash)
			return true;
	}
	return false;
}

void
recent_take(struct peer *peer, uint16_t mid, uint32_t hash)
{
	struct udp_taken *t = &peer->udp.taken[peer->udp.next_taken];

	peer->udp.next_taken = (uint8_t)((peer->udp.next_taken + 1) % UDP_TAKEN);
	*t = (struct udp_taken){ .hash = hash, .mid = mid, .set = true };
}

void
recent_drop(struct peer *peer)
{
	for (size_t i = 0; i < peer->udp.nrecent; i++)
		forget_answer(&peer->udp.recent[i]);
	free(peer->udp.recent);
}
