/*
 * queue.c - a bounded queue of pointers from one thread to one other.
 *
 * Each end keeps what it last saw of the other, so that it reads the other's cache line only when
 * that no longer does.  Written here because it is shorter than what a library needs to be set up.
 */
#include "gateway/queue.h"

#include <stdlib.h>

#include "protocol/assert.h"

#define QUEUE_SLOTS_MAX (UINT32_C(1) << 24)

enum tg_status
queue_init(struct queue *queue, uint32_t slots_min)
{
	uint32_t slots = 2;

	TG_ASSERT(slots_min >= 1 && slots_min <= QUEUE_SLOTS_MAX);
	while (slots < slots_min)
		slots *= 2;
	queue->slots = calloc(slots, sizeof(*queue->slots));
	if (queue->slots == NULL)
		return TG_NO_MEMORY;
	queue->mask = slots - 1;
	atomic_init(&queue->pushed, 0);
	atomic_init(&queue->popped, 0);
	queue->popped_seen = 0;
	queue->pushed_seen = 0;
	return TG_OK;
}

void
queue_deinit(struct queue *queue)
{
	free(queue->slots);
	queue->slots = NULL;
}

uint32_t
queue_room(struct queue *queue)
{
	uint32_t pushed = atomic_load_explicit(&queue->pushed, memory_order_relaxed);

	queue->popped_seen = atomic_load_explicit(&queue->popped, memory_order_acquire);
	return queue->mask + 1 - (pushed - queue->popped_seen);
}

bool
queue_push(struct queue *queue, void *item)
{
	uint32_t pushed = atomic_load_explicit(&queue->pushed, memory_order_relaxed);

	TG_ASSERT(item != NULL);
	if (pushed - queue->popped_seen > queue->mask && queue_room(queue) == 0)
		return false;
	queue->slots[pushed & queue->mask] = item;
	atomic_store_explicit(&queue->pushed, pushed + 1, memory_order_release);
	return true;
}

void *
queue_front(struct queue *queue)
{
	uint32_t popped = atomic_load_explicit(&queue->popped, memory_order_relaxed);

	if (popped == queue->pushed_seen) {
		queue->pushed_seen = atomic_load_explicit(&queue->pushed, memory_order_acquire);
		if (popped == queue->pushed_seen)
			return NULL;
	}
	return queue->slots[popped & queue->mask];
}

void *
queue_pop(struct queue *queue)
{
	uint32_t popped = atomic_load_explicit(&queue->popped, memory_order_relaxed);
	void *item = queue_front(queue);

	if (item != NULL)
		atomic_store_explicit(&queue->popped, popped + 1, memory_order_release);
	return item;
}

void *
queue_peek(const struct queue *queue, uint32_t nth)
{
	uint32_t popped = atomic_load_explicit(&queue->popped, memory_order_relaxed);

	if (nth >= queue->pushed_seen - popped)
		return NULL;
	return queue->slots[(popped + nth) & queue->mask];
}

uint32_t
queue_count(const struct queue *queue)
{
	uint32_t popped = atomic_load_explicit(&queue->popped, memory_order_acquire);
	uint32_t pushed = atomic_load_explicit(&queue->pushed, memory_order_acquire);

	/*
	 * Read in this order the difference is never negative, but it may count items just taken.
	 */
	return pushed - popped;
}
