/*
 * fleet.c - what the terminals tell of themselves in HELLO and PING, one row each.
 */
#include "gateway/fleet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/translate.h"
#include "ledger/record.h"
#include "protocol/assert.h"

const int64_t fleet_skew_us[HISTOGRAM_BOUNDS] = {
	10000,	  50000,     100000,	500000,	   1000000,    2000000,	   5000000,
	10000000, 20000000,  30000000,	60000000,  120000000,  300000000,  600000000,
	1800000000, 3600000000, 21600000000, 43200000000, 86400000000,
};

struct fleet {
	pthread_mutex_t lock;		/* over all but what is fixed for life */
	uint32_t rows_max;		/* fixed */
	uint32_t row_count;
	struct host_terminal *rows;	/* owned; rows_max of them, touched only as used */
	uint32_t slot_mask;		/* fixed */
	uint32_t *slots;		/* owned; row + 1 by hash of the terminal; 0: free */
	struct histogram skews;
};

enum tg_status
fleet_new(uint32_t terminals_max, struct fleet **ret_fleet)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));
	uint32_t slots = 16;

	if (fleet == NULL)
		return TG_NO_MEMORY;
	while (slots < terminals_max * UINT64_C(2))
		slots *= 2;
	fleet->rows_max = terminals_max;
	fleet->slot_mask = slots - 1;
	fleet->rows = calloc(terminals_max, sizeof(*fleet->rows));
	fleet->slots = calloc(slots, sizeof(*fleet->slots));
	pthread_mutex_init(&fleet->lock, NULL);
	if (fleet->rows == NULL || fleet->slots == NULL) {
		fleet_free(fleet);
		return TG_NO_MEMORY;
	}
	*ret_fleet = fleet;
	return TG_OK;
}

void
fleet_free(struct fleet *fleet)
{
	if (fleet == NULL)
		return;
	pthread_mutex_destroy(&fleet->lock);
	free(fleet->rows);
	free(fleet->slots);
	free(fleet);
}

/* The slot of a terminal, or the free one where it would be.  The lock is held. */
static uint32_t *
find_slot(struct fleet *fleet, uint32_t terminal)
{
	uint32_t at = terminal * UINT32_C(2654435761) >> 7;

	for (;; at++) {
		uint32_t *slot = &fleet->slots[at & fleet->slot_mask];

		if (*slot == 0 || fleet->rows[*slot - 1].terminal == terminal)
			return slot;
	}
}

/* The row of a terminal.  NULL: it has none.  The lock is held. */
static struct host_terminal *
find(struct fleet *fleet, uint32_t terminal)
{
	uint32_t slot = *find_slot(fleet, terminal);

	return slot != 0 ? &fleet->rows[slot - 1] : NULL;
}

void
fleet_open(struct fleet *fleet, const struct principal *principal, uint16_t key_generation,
	   int64_t utc_ms)
{
	struct host_terminal *row;
	uint32_t *slot;

	pthread_mutex_lock(&fleet->lock);
	slot = find_slot(fleet, principal->terminal);
	if (*slot == 0 && fleet->row_count < fleet->rows_max) {
		*slot = ++fleet->row_count;
		fleet->rows[*slot - 1] = (struct host_terminal){
			.terminal = principal->terminal,
			.settled_day = DAY_NONE,
			.counted_day = DAY_NONE,
			.compared_day = DAY_NONE,
		};
	}
	if (*slot != 0) {
		row = &fleet->rows[*slot - 1];
		row->partner = principal->partner;
		row->store = principal->store;
		row->session_count++;
		row->key_generation = key_generation;
		row->heard_utc_ms = utc_ms;
	}
	pthread_mutex_unlock(&fleet->lock);
}

void
fleet_close(struct fleet *fleet, uint32_t terminal)
{
	struct host_terminal *row;

	pthread_mutex_lock(&fleet->lock);
	row = find(fleet, terminal);
	/* One that had no room when it was opened has none now. */
	if (row != NULL) {
		TG_ASSERT(row->session_count > 0);
		row->session_count--;
	}
	pthread_mutex_unlock(&fleet->lock);
}

/* Set the software of a row. */
static void
set_software(struct host_terminal *row, const uint8_t *text, size_t bytes)
{
	if (bytes > sizeof(row->software) - 1)
		bytes = sizeof(row->software) - 1;
	memset(row->software, 0, sizeof(row->software));
	memcpy(row->software, text, bytes);
}

void
fleet_software(struct fleet *fleet, uint32_t terminal, const uint8_t *text, size_t bytes)
{
	struct host_terminal *row;

	pthread_mutex_lock(&fleet->lock);
	row = find(fleet, terminal);
	if (row != NULL)
		set_software(row, text, bytes);
	pthread_mutex_unlock(&fleet->lock);
}

/* Take the fields of a PING.  The lock is held. */
static void
take(struct fleet *fleet, struct host_terminal *row, const struct tg_message *ping, int64_t utc_ms)
{
	const struct tg_value *software = &ping->values[TG_FIELD_SOFTWARE];
	int64_t distance_ms;

	row->heard_utc_ms = utc_ms;
	if (tg_message_has(ping, TG_FIELD_SOFTWARE))
		set_software(row, software->data, software->bytes);
	if (tg_message_has(ping, TG_FIELD_QUEUE_DEPTH)) {
		row->has_queue = true;
		row->queue_depth = (uint32_t)tg_message_integer(ping, TG_FIELD_QUEUE_DEPTH, 0);
		row->queue_age_s = (uint32_t)tg_message_integer(ping, TG_FIELD_QUEUE_AGE, 0);
	}
	if (tg_message_has(ping, TG_FIELD_BUSINESS_TIME)) {
		row->has_skew = true;
		row->skew_ms = tg_message_integer(ping, TG_FIELD_BUSINESS_TIME, 0) - utc_ms;
		distance_ms = row->skew_ms < 0 ? -row->skew_ms : row->skew_ms;
		histogram_add(&fleet->skews, fleet_skew_us, distance_ms * 1000);
	}
	row->settled_day =
		(int32_t)tg_message_integer(ping, TG_FIELD_SETTLED_DAY, row->settled_day);
	if (tg_message_has(ping, TG_FIELD_COUNTED_DAY)) {
		row->counted_day = (int32_t)tg_message_integer(ping, TG_FIELD_COUNTED_DAY, 0);
		row->counted_transactions =
			tg_message_integer(ping, TG_FIELD_COUNTED_TRANSACTIONS, 0);
		row->counted_points = tg_message_integer(ping, TG_FIELD_COUNTED_POINTS, 0);
	}
}

void
fleet_ping(struct fleet *fleet, uint32_t terminal, const struct tg_message *ping, int64_t utc_ms)
{
	struct host_terminal *row;

	pthread_mutex_lock(&fleet->lock);
	row = find(fleet, terminal);
	if (row != NULL)
		take(fleet, row, ping, utc_ms);
	pthread_mutex_unlock(&fleet->lock);
}

void
fleet_compare(struct fleet *fleet, uint32_t terminal, int32_t day, int64_t transactions,
	      int64_t points)
{
	struct host_terminal *row;

	pthread_mutex_lock(&fleet->lock);
	row = find(fleet, terminal);
	if (row != NULL && row->counted_day == day) {
		row->compared_day = day;
		row->difference_transactions = row->counted_transactions - transactions;
		row->difference_points = row->counted_points - points;
	}
	pthread_mutex_unlock(&fleet->lock);
}

bool
fleet_find(struct fleet *fleet, uint32_t terminal, struct host_terminal *ret_row)
{
	const struct host_terminal *row;

	pthread_mutex_lock(&fleet->lock);
	row = find(fleet, terminal);
	if (row != NULL)
		*ret_row = *row;
	pthread_mutex_unlock(&fleet->lock);
	return row != NULL;
}

uint32_t
fleet_rows(struct fleet *fleet, uint32_t first, struct host_terminal *rows, uint32_t rows_max)
{
	uint32_t count = 0;

	pthread_mutex_lock(&fleet->lock);
	if (first < fleet->row_count)
		count = fleet->row_count - first;
	if (count > rows_max)
		count = rows_max;
	if (count > 0)
		memcpy(rows, &fleet->rows[first], count * sizeof(*rows));
	pthread_mutex_unlock(&fleet->lock);
	return count;
}

void
fleet_skews(struct fleet *fleet, struct histogram_view *view)
{
	pthread_mutex_lock(&fleet->lock);
	histogram_collect(&fleet->skews, view);
	pthread_mutex_unlock(&fleet->lock);
}
