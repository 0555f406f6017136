/*
 * wheel.c - rings of deadlines by tick.
 */
#include "gateway/wheel.h"

#include <string.h>

#include "protocol/assert.h"

static void
ring_init(struct wheel_entry *head)
{
	head->next = head->previous = head;
}

static void
ring_append(struct wheel_entry *head, struct wheel_entry *entry)
{
	entry->next = head;
	entry->previous = head->previous;
	head->previous->next = entry;
	head->previous = entry;
}

void
wheel_init(struct wheel *wheel, int64_t now_mono_ms)
{
	TG_ASSERT(now_mono_ms >= 0);
	for (int i = 0; i < WHEEL_SLOTS; i++)
		ring_init(&wheel->slots[i]);
	wheel->done_ticks = now_mono_ms / WHEEL_TICK_MS;
}

/* The first tick at which due has passed, if that is still to come; else the next one. */
static struct wheel_entry *
find_slot(struct wheel *wheel, int64_t due_mono_ms)
{
	int64_t tick = (due_mono_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;

	if (tick <= wheel->done_ticks)
		tick = wheel->done_ticks + 1;
	return &wheel->slots[tick % WHEEL_SLOTS];
}

void
wheel_set(struct wheel *wheel, struct wheel_entry *entry, int64_t due_mono_ms)
{
	TG_ASSERT(due_mono_ms >= 0);
	wheel_remove(entry);
	entry->due_mono_ms = due_mono_ms;
	ring_append(find_slot(wheel, due_mono_ms), entry);
}

void
wheel_remove(struct wheel_entry *entry)
{
	if (!wheel_is_set(entry))
		return;
	entry->previous->next = entry->next;
	entry->next->previous = entry->previous;
	entry->next = entry->previous = NULL;
}

/* Look at all of one slot. */
static void
run_slot(struct wheel *wheel, struct wheel_entry *slot, int64_t now_mono_ms, wheel_fn *fn,
	 void *context)
{
	struct wheel_entry waiting;

	if (slot->next == slot)
		return;
	/* On a ring of its own, so that what fn sets is not met in this run. */
	waiting = *slot;
	waiting.next->previous = waiting.previous->next = &waiting;
	ring_init(slot);
	while (waiting.next != &waiting) {
		struct wheel_entry *entry = waiting.next;

		wheel_remove(entry);
		if (entry->due_mono_ms <= now_mono_ms)
			fn(context, entry);
		else
			ring_append(find_slot(wheel, entry->due_mono_ms), entry);
	}
}

void
wheel_advance(struct wheel *wheel, int64_t now_mono_ms, wheel_fn *fn, void *context)
{
	int64_t ticks = now_mono_ms / WHEEL_TICK_MS;
	int64_t first = wheel->done_ticks + 1;

	if (ticks - first >= WHEEL_SLOTS)
		first = ticks - WHEEL_SLOTS + 1;
	if (ticks < first)
		return;
	/* Now, so that what is set meanwhile goes to ticks still to come. */
	wheel->done_ticks = ticks;
	for (int64_t tick = first; tick <= ticks; tick++)
		run_slot(wheel, &wheel->slots[tick % WHEEL_SLOTS], now_mono_ms, fn, context);
}
