/*
 * test_queue.c - the bounded queue between two threads.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/queue.h"

#define ITEMS 200000

/* What: what goes in comes out in order, and a full queue takes no more. */
static void
items_come_out_in_order_and_a_full_queue_refuses(void **state)
{
	struct queue queue;
	char items[5];

	(void)state;
	assert_int_equal(queue_init(&queue, 3), TG_OK);
	assert_int_equal(queue_room(&queue), 4);
	assert_null(queue_pop(&queue));
	for (int i = 0; i < 4; i++)
		assert_true(queue_push(&queue, &items[i]));
	assert_false(queue_push(&queue, &items[4]));
	assert_int_equal(queue_count(&queue), 4);
	assert_ptr_equal(queue_front(&queue), &items[0]);
	for (uint32_t i = 0; i < 4; i++)
		assert_ptr_equal(queue_peek(&queue, i), &items[i]);
	assert_null(queue_peek(&queue, 4));
	assert_ptr_equal(queue_pop(&queue), &items[0]);
	assert_true(queue_push(&queue, &items[4]));
	for (int i = 1; i < 5; i++)
		assert_ptr_equal(queue_pop(&queue), &items[i]);
	assert_null(queue_front(&queue));
	assert_int_equal(queue_count(&queue), 0);
	queue_deinit(&queue);
}

/* What: counts that pass 2^32 change nothing.
 * How:  both are set to just before it. */
static void
counts_may_wrap(void **state)
{
	struct queue queue;
	char items[8];

	(void)state;
	assert_int_equal(queue_init(&queue, 4), TG_OK);
	atomic_init(&queue.pushed, UINT32_MAX - 1);
	atomic_init(&queue.popped, UINT32_MAX - 1);
	queue.pushed_seen = UINT32_MAX - 1;
	queue.popped_seen = UINT32_MAX - 1;
	for (int i = 0; i < 8; i++) {
		assert_true(queue_push(&queue, &items[i]));
		assert_int_equal(queue_count(&queue), 1);
		assert_ptr_equal(queue_pop(&queue), &items[i]);
	}
	for (int i = 0; i < 4; i++)
		assert_true(queue_push(&queue, &items[i]));
	assert_false(queue_push(&queue, &items[4]));
	queue_deinit(&queue);
}

static void *
push_all(void *argument)
{
	struct queue *queue = argument;

	for (uintptr_t i = 1; i <= ITEMS; i++) {
		while (!queue_push(queue, (void *)i))
			sched_yield();
	}
	return NULL;
}

/* What: nothing is lost, doubled or reordered between two threads. */
static void
two_threads_lose_nothing(void **state)
{
	struct queue queue;
	pthread_t producer;

	(void)state;
	assert_int_equal(queue_init(&queue, 64), TG_OK);
	assert_int_equal(pthread_create(&producer, NULL, push_all, &queue), 0);
	for (uintptr_t i = 1; i <= ITEMS; i++) {
		void *item;

		while ((item = queue_pop(&queue)) == NULL)
			sched_yield();
		assert_int_equal((uintptr_t)item, i);
	}
	assert_null(queue_pop(&queue));
	pthread_join(producer, NULL);
	queue_deinit(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_come_out_in_order_and_a_full_queue_refuses),
		cmocka_unit_test(counts_may_wrap),
		cmocka_unit_test(two_threads_lose_nothing),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
