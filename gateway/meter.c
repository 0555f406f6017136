/*
 * meter.c - what one I/O thread counts of its work.
 */
#include "gateway/meter.h"

#include "gateway/clock.h"
#include "protocol/assert.h"

#define ASSERT_OPERATION(name, number, right, has_id, text) \
	_Static_assert((number) > 0 && (number) < METER_OPERATIONS, "a meter has room for it");
TG_OPERATION_LIST(ASSERT_OPERATION)
#undef ASSERT_OPERATION
#define ASSERT_STATUS(name, number, retry, recorded, text) \
	_Static_assert((number) < METER_STATUSES, "a meter has room for it");
TG_STATUS_LIST(ASSERT_STATUS)
#undef ASSERT_STATUS

/* Index of an operation; 0 for one that is not known. */
static uint32_t
index_of(uint32_t operation)
{
	return tg_operation_info(operation) != NULL ? operation : 0;
}

void
meter_count(struct meter *meter, uint32_t operation, uint32_t status)
{
	TG_ASSERT(status < METER_STATUSES);
	figure_add(&meter->answers[index_of(operation)][status], 1);
}

void
meter_note(struct meter *meter, uint32_t operation, uint32_t status, int64_t since_us)
{
	meter_count(meter, operation, status);
	if (meter->note_count == METER_NOTES_MAX)
		meter_settle(meter);
	meter->notes[meter->note_count++] =
		(struct meter_note){ .since_us = since_us, .operation = index_of(operation) };
}

void
meter_settle(struct meter *meter)
{
	int64_t now_us;

	if (meter->note_count == 0)
		return;
	now_us = clock_mono_us();
	for (uint32_t i = 0; i < meter->note_count; i++) {
		const struct meter_note *note = &meter->notes[i];

		histogram_add(&meter->times[note->operation], histogram_us,
			      now_us - note->since_us);
	}
	meter->note_count = 0;
}

void
meter_move(struct meter *meter, enum session_state from, enum session_state to)
{
	if (from != SESSION_FREE)
		figure_add(&meter->sessions[from], UINT64_MAX); /* one less */
	if (to != SESSION_FREE)
		figure_add(&meter->sessions[to], 1);
}

void
meter_collect(const struct meter *meter, struct meter_view *view)
{
	view->requests += figure_read(&meter->requests);
	view->items += figure_read(&meter->items);
	view->busy += figure_read(&meter->busy);
	for (uint32_t status = 0; status < METER_STATUSES; status++)
		view->notices[status] += figure_read(&meter->notices[status]);
	for (uint32_t state = 0; state < SESSION_STATE_COUNT; state++)
		view->sessions[state] += figure_read(&meter->sessions[state]);
	for (uint32_t operation = 0; operation < METER_OPERATIONS; operation++) {
		for (uint32_t status = 0; status < METER_STATUSES; status++)
			view->answers[operation][status] +=
				figure_read(&meter->answers[operation][status]);
		histogram_collect(&meter->times[operation], &view->times[operation]);
	}
}
