/*
 * heap.c - open holds by deadline.
 *
 * A binary heap of hold rows; ties go to the older hold, so that the order of expiry follows from
 * the state alone.  A hold's row carries its place (a link, outside the state hash), so that a
 * resolved hold leaves from the middle.
 */
#include "ledger/state.h"

static bool
is_before(const struct ledger *l, uint32_t a, uint32_t b)
{
	const struct hold_row *x = ledger_hold_row(l, a);
	const struct hold_row *y = ledger_hold_row(l, b);

	if (x->deadline_utc_ms != y->deadline_utc_ms)
		return x->deadline_utc_ms < y->deadline_utc_ms;
	return x->sequence < y->sequence;
}

static void
place(struct ledger *l, uint32_t index, uint32_t hold)
{
	struct hold_row *row = table_edit(&l->holds, hold);

	l->deadline_heap[index] = hold;
	row->heap_index = index;
}

static void
sift_up(struct ledger *l, uint32_t index, uint32_t hold)
{
	while (index > 1 && is_before(l, hold, l->deadline_heap[index / 2])) {
		place(l, index, l->deadline_heap[index / 2]);
		index /= 2;
	}
	place(l, index, hold);
}

static void
sift_down(struct ledger *l, uint32_t index, uint32_t hold)
{
	for (;;) {
		uint32_t child = index * 2;

		if (child > l->deadline_count)
			break;
		if (child < l->deadline_count &&
		    is_before(l, l->deadline_heap[child + 1], l->deadline_heap[child]))
			child++;
		if (!is_before(l, l->deadline_heap[child], hold))
			break;
		place(l, index, l->deadline_heap[child]);
		index = child;
	}
	place(l, index, hold);
}

void
state_heap_insert(struct ledger *l, uint32_t hold)
{
	sift_up(l, ++l->deadline_count, hold);
}

void
state_heap_remove(struct ledger *l, uint32_t hold)
{
	uint32_t index = ledger_hold_row(l, hold)->heap_index;
	uint32_t last = l->deadline_heap[l->deadline_count--];
	struct hold_row *row = table_edit(&l->holds, hold);

	TG_ASSERT(index >= 1);
	row->heap_index = 0;
	if (last == hold)
		return;
	if (index > 1 && is_before(l, last, l->deadline_heap[index / 2]))
		sift_up(l, index, last);
	else
		sift_down(l, index, last);
}

uint32_t
state_heap_first(const struct ledger *l)
{
	return l->deadline_count == 0 ? TABLE_NONE : l->deadline_heap[1];
}
