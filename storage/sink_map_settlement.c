/*
 * sink_map_settlement.c - what records of settlement mean in its tables.
 */
#include <assert.h>

#include "ledger/request.h"
#include "storage/sink_map.h"

static_assert(CYCLE_DAILY == 1 && CYCLE_WEEKLY == 2 && CYCLE_MONTHLY == 3,
	      "settlement_cycle.period lists them in this order");
static_assert(CYCLE_SATURDAY_RESTS == 1 && CYCLE_SUNDAY_RESTS == 2,
	      "settlement_cycle.flags lists them in this order");
static_assert(STATEMENT_CLOSED == 1 && STATEMENT_ACKNOWLEDGED == 2 && STATEMENT_DISPUTED == 3 &&
		      STATEMENT_PAID == 4,
	      "statement_state.state lists them in this order");

/* The first day of a cycle; none for the first one. */
static bool
set_first_day(struct cell_day *cell, int32_t day)
{
	return day == DAY_NONE || cell_set_day(cell, day);
}

static bool
map_cycle(struct sink_settlement_cycle_row *row, const struct record *record)
{
	const struct cycle_config *image = &record->cycle_image;

	cell_set_u32(&row->partner, image->partner);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->period, (uint8_t)image->period);
	cell_set_u8(&row->ends_on, (uint8_t)image->ends_on);
	if (image->calendar != 0)
		cell_set_u32(&row->calendar, image->calendar);
	cell_set_u32(&row->flags, image->flags);
	cell_set_i64(&row->minimum_amount, image->minimum_amount);
	cell_set_u32(&row->open_cycle, record->cycle_open.number);
	return set_first_day(&row->open_first_date, record->cycle_open.first_day) &&
	       cell_set_day(&row->open_last_date, record->cycle_open.last_day);
}

static bool
map_holiday(struct sink_holiday_row *row, const struct record *record)
{
	cell_set_u32(&row->calendar, record->holiday.calendar);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->is_rest, (uint8_t)record->holiday.is_rest);
	return cell_set_day(&row->holiday_date, record->holiday.day);
}

static bool
map_closed(struct sink_closed_cycle_row *row, const struct record *record)
{
	const struct settlement_terms *terms = &record->terms;

	cell_set_u32(&row->partner, record->closed.partner);
	cell_set_u32(&row->cycle, record->closed.number);
	cell_set_u64(&row->closed_sequence, record->sequence);
	cell_set_u8(&row->is_traced, (uint8_t)terms->is_traced);
	cell_set_i64(&row->issued_num, terms->issued_num);
	cell_set_i64(&row->issued_den, terms->issued_den);
	cell_set_i64(&row->redeemed_num, terms->redeemed_num);
	cell_set_i64(&row->redeemed_den, terms->redeemed_den);
	cell_set_i64(&row->minimum_amount, terms->minimum_amount);
	return set_first_day(&row->first_date, record->closed.first_day) &&
	       cell_set_day(&row->last_date, record->closed.last_day) &&
	       cell_set_time(&row->closed_at, record->booked_at_utc_ms);
}

static bool
map_state(struct sink_statement_state_row *row, const struct record *record)
{
	const bool is_closing = RECORD_HAS(record, CLOSED);

	cell_set_u32(&row->partner,
		     is_closing ? record->closed.partner : record->statement_partner);
	cell_set_u32(&row->cycle, is_closing ? record->closed.number : record->statement_cycle);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->state, is_closing ? STATEMENT_CLOSED : record->statement_state);
	return cell_set_time(&row->changed_at, record->booked_at_utc_ms);
}

static bool
map_item(struct sink_settlement_item_row *row, const struct record *record)
{
	cell_set_u64(&row->sequence, record->sequence);
	cell_set_u32(&row->partner, record->item.partner);
	cell_set_u32(&row->other, record->item.other);
	cell_set_i64(&row->amount, record->item.amount);
	if (record->item.about != 0)
		cell_set_u64(&row->about, record->item.about);
	if (RECORD_HAS(record, FUNDED))
		cell_set_i64(&row->points, record->kind == RECORD_FUND ? record->funded_points :
									 -record->funded_points);
	return sink_map_business_date(&row->business_date, record->business_date);
}

bool
sink_map_settlement(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *tables = batch->tables;
	bool is_ok = true;

	if (RECORD_HAS(record, CYCLE))
		is_ok &= map_cycle(sink_rows_claim(&tables[SINK_TABLE_settlement_cycle]), record);
	if (RECORD_HAS(record, HOLIDAY))
		is_ok &= map_holiday(sink_rows_claim(&tables[SINK_TABLE_holiday]), record);
	if (RECORD_HAS(record, CLOSED))
		is_ok &= map_closed(sink_rows_claim(&tables[SINK_TABLE_closed_cycle]), record);
	if (RECORD_HAS(record, CLOSED) || RECORD_HAS(record, STATEMENT))
		is_ok &= map_state(sink_rows_claim(&tables[SINK_TABLE_statement_state]), record);
	if (RECORD_HAS(record, ITEM))
		is_ok &= map_item(sink_rows_claim(&tables[SINK_TABLE_settlement_item]), record);
	return is_ok;
}
