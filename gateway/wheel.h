/*
 * wheel.h - many deadlines of which few ever come: a timing wheel.
 *
 * Setting and moving a deadline costs the same for ten sessions and for a hundred thousand.
 * Deadlines come late by up to a tick, never early.  Knows nothing of what they are for.  One
 * thread; time comes in as an argument.
 */
#ifndef TG_GATEWAY_WHEEL_H
#define TG_GATEWAY_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_MS 50
#define WHEEL_SLOTS 1024 /* a lap is 51.2 s; later deadlines are looked at once a lap */

/* Part of what has a deadline.  All zero: none is set. */
struct wheel_entry {
	struct wheel_entry *next, *previous; /* in its slot; NULL: in none */
	int64_t due_mono_ms;
};

struct wheel {
	struct wheel_entry slots[WHEEL_SLOTS]; /* heads of rings */
	int64_t done_ticks;		       /* every tick up to this was looked at */
};

/* Begin at now.  wheel stays where it is. */
void wheel_init(struct wheel *wheel, int64_t now_mono_ms);

/* Set or move a deadline. */
void wheel_set(struct wheel *wheel, struct wheel_entry *entry, int64_t due_mono_ms);

/* Take a deadline away, if one is set. */
void wheel_remove(struct wheel_entry *entry);

/* Is a deadline set? */
static inline bool
wheel_is_set(const struct wheel_entry *entry)
{
	return entry->next != NULL;
}

/* Called for each deadline that has come; it is not set any more, and may be set again. */
typedef void wheel_fn(void *context, struct wheel_entry *entry);

/* Go on to now.  fn may set and remove any entries. */
void wheel_advance(struct wheel *wheel, int64_t now_mono_ms, wheel_fn *fn, void *context);

#endif
