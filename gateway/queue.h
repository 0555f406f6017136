/*
 * queue.h - a bounded queue of pointers from one thread to one other.
 *
 * Owns a ring of slots, fixed for life.  Never blocks and never allocates after queue_init(); who
 * wakes the other side is the caller's business (waker.h).
 */
#ifndef TG_GATEWAY_QUEUE_H
#define TG_GATEWAY_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/status.h"

/* Size of what two processors share when one writes; keeps the two ends apart. */
#define CACHE_LINE_BYTES 64

/* Counts run over 2^32 and wrap.  Invariant: 0 <= pushed - popped <= mask + 1. */
struct queue {
	void	**slots;		/* owned; mask + 1 of them */
	uint32_t mask;			/* slots are a power of two, at least 2 */
	_Alignas(CACHE_LINE_BYTES) _Atomic uint32_t pushed; /* written by the producer only */
	uint32_t popped_seen;		/* producer's: popped when last looked */
	_Alignas(CACHE_LINE_BYTES) _Atomic uint32_t popped; /* written by the consumer only */
	uint32_t pushed_seen;		/* consumer's: pushed when last looked */
};

/* slots_min: rounded up to a power of two; 1..2^24.  TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status queue_init(struct queue *queue, uint32_t slots_min);
void queue_deinit(struct queue *queue);

/* Producer: append item, not NULL.  False: the queue is full. */
TG_MUST_CHECK bool queue_push(struct queue *queue, void *item);

/* Producer: how many may be pushed at least. */
uint32_t queue_room(struct queue *queue);

/* Consumer: take the oldest item out; NULL: empty. */
void *queue_pop(struct queue *queue);

/* Consumer: the oldest item, left where it is; NULL: empty. */
void *queue_front(struct queue *queue);

/* Consumer: the item behind nth older ones, left where it is; NULL: none is known of yet. */
void *queue_peek(const struct queue *queue, uint32_t nth);

/* Any thread: items in the queue, as of some moment during the call. */
uint32_t queue_count(const struct queue *queue);

#endif
