#include <assert.h>
#include <stddef.h>

#include "base/wheel.h"

/*
 * Time is a number of WHEEL_LEVELS digits in base 64. A timer stands at the level of the highest
 * digit in which its time differs from 'now', in the slot of its own digit there. So the timers
 * of a level come before those of all higher levels, and slots in use lie ahead of now's digit:
 * the lowest bit of the lowest level in use is what comes next, and nothing wraps around. When
 * 'now' reaches a slot of a higher level, its timers spread over the levels below; each moves
 * WHEEL_LEVELS - 1 times at most, and only if it is not cancelled before.
 */
#define DUE	(WHEEL_LEVELS * WHEEL_SLOTS)	/* index of the ring of those about to be called */

static void
ring_init(struct timer *head)
{
	head->next = head;
	head->prev = &head->next;
}

/* prev points at the predecessor's 'next'; the head closes the ring. */
static void
ring_append(struct timer *head, struct timer *t)
{
	t->next = head;
	t->prev = head->prev;
	*head->prev = t;
	head->prev = &t->next;
}

static unsigned
level_of(uint64_t at, uint64_t now)
{
	uint64_t differ = at ^ now;

	return differ == 0 ? 0 : (63u - (unsigned)__builtin_clzll(differ)) / WHEEL_BITS;
}

void
wheel_init(struct wheel *w, uint64_t now_ms)
{
	w->now = now_ms;
	w->levels = 0;
	for (size_t l = 0; l < WHEEL_LEVELS; l++)
		w->used[l] = 0;
	for (size_t i = 0; i <= DUE; i++)
		ring_init(&w->slots[i]);
}

void
wheel_add(struct wheel *w, struct timer *t)
{
	uint64_t at = t->at_ms > w->now ? t->at_ms : w->now;
	unsigned level = level_of(at, w->now);
	unsigned slot = at >> (level * WHEEL_BITS) & (WHEEL_SLOTS - 1);

	assert(t->prev == NULL);
	ring_append(&w->slots[level * WHEEL_SLOTS + slot], t);
	w->used[level] |= UINT64_C(1) << slot;
	w->levels |= 1u << level;
}

static void
mark_empty(struct wheel *w, size_t index)
{
	size_t level = index / WHEEL_SLOTS;

	if (index == DUE)
		return;
	w->used[level] &= ~(UINT64_C(1) << index % WHEEL_SLOTS);
	if (w->used[level] == 0)
		w->levels &= ~(1u << level);
}

void
wheel_del(struct wheel *w, struct timer *t)
{
	struct timer *next = t->next;

	if (t->prev == NULL)
		return;
	next->prev = t->prev;
	*t->prev = next;
	t->next = NULL;
	t->prev = NULL;
	if (next->next == next)		/* alone with itself: the head of a ring now empty */
		mark_empty(w, (size_t)(next - w->slots));
}

/* The slot that comes next, and when it begins. */
static uint64_t
next_slot(const struct wheel *w, size_t *ret_index)
{
	unsigned level, slot, shift;
	uint64_t above;

	if (w->levels == 0)
		return WHEEL_NEVER;
	level = (unsigned)__builtin_ctz(w->levels);
	slot = (unsigned)__builtin_ctzll(w->used[level]);
	shift = level * WHEEL_BITS;
	above = level + 1 < WHEEL_LEVELS ? w->now >> (shift + WHEEL_BITS) << (shift + WHEEL_BITS) : 0;
	*ret_index = level * WHEEL_SLOTS + slot;
	return above | (uint64_t)slot << shift;
}

uint64_t
wheel_next_ms(const struct wheel *w)
{
	size_t index;

	return next_slot(w, &index);
}

/* Level 0 is a single tick, so its timers are due; those of others find their new place. */
static void
empty_slot(struct wheel *w, size_t index)
{
	struct timer *head = &w->slots[index], *t;

	while ((t = head->next) != head) {
		wheel_del(w, t);
		if (index < WHEEL_SLOTS)
			ring_append(&w->slots[DUE], t);
		else
			wheel_add(w, t);
	}
}

void
wheel_advance(struct wheel *w, uint64_t now_ms)
{
	struct timer *due = &w->slots[DUE], *t;
	uint64_t begins;
	size_t index;

	while (w->levels != 0 && (begins = next_slot(w, &index)) <= now_ms) {
		w->now = begins;
		empty_slot(w, index);
	}
	if (now_ms > w->now)
		w->now = now_ms;
	while ((t = due->next) != due) {
		wheel_del(w, t);
		t->fn(t->arg);
	}
}
