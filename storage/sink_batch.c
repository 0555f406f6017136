/*
 * sink_batch.c - records as rows of MariaDB's tables, in memory.
 *
 * Totals are summed here, so that a batch adds to each row of a total once.
 */
#include "storage/sink_batch.h"

#include <inttypes.h>

#include "protocol/assert.h"
#include "storage/sink_index.h"
#include "storage/sink_map.h"

#define OUTCOME_DONE 1		/* positions in the ENUM of partner_total.outcome */
#define OUTCOME_DECLINED 2

enum tg_status
sink_batch_init(struct sink_batch *batch, uint32_t records_max)
{
	enum tg_status status = TG_OK;

	TG_ASSERT(records_max >= 1);
	*batch = (struct sink_batch){ .records_max = records_max };
	for (int i = 0; status == TG_OK && i < SINK_TABLE_COUNT; i++)
		status = sink_rows_init(&batch->tables[i], &sink_tables[i], records_max);
	if (status != TG_OK)
		return status;
	batch->partner_totals =
		sink_index_new(batch->tables[SINK_TABLE_partner_total].capacity);
	batch->account_totals =
		sink_index_new(batch->tables[SINK_TABLE_account_total].capacity);
	if (batch->partner_totals == NULL || batch->account_totals == NULL)
		return TG_NO_MEMORY;
	return TG_OK;
}

void
sink_batch_deinit(struct sink_batch *batch)
{
	for (int i = 0; i < SINK_TABLE_COUNT; i++)
		sink_rows_deinit(&batch->tables[i]);
	sink_index_free(batch->partner_totals);
	sink_index_free(batch->account_totals);
	batch->partner_totals = NULL;
	batch->account_totals = NULL;
}

void
sink_batch_clear(struct sink_batch *batch)
{
	for (int i = 0; i < SINK_TABLE_COUNT; i++)
		batch->tables[i].count = 0;
	sink_index_clear(batch->partner_totals);
	sink_index_clear(batch->account_totals);
	batch->record_count = 0;
}

bool
sink_batch_has_room(const struct sink_batch *batch)
{
	if (batch->record_count == batch->records_max)
		return false;
	for (int i = 0; i < SINK_TABLE_COUNT; i++) {
		if (!sink_rows_has_room(&batch->tables[i]))
			return false;
	}
	return true;
}

/* Add to a cell.  False, and nothing added, when the sum has no room. */
static bool
add_i64(struct cell_i64 *cell, int64_t value)
{
	return !__builtin_add_overflow(cell->value, value, &cell->value);
}

/* The business date, which has a place, as the record's entry has shown. */
static void
set_known_date(struct cell_day *cell, int32_t day)
{
	bool is_set = sink_map_business_date(cell, day);

	TG_ASSERT(is_set);
}

/* Points as the day's totals of the ledger show them: signed for refund, reversal, exchange. */
static int64_t
total_points(const struct record *record)
{
	if (record->kind == RECORD_REFUND || record->kind == RECORD_REVERSE)
		return RECORD_HAS(record, REFUNDED) ?
			       record->restored_points - record->taken_points : 0;
	if ((record->flags & RECORD_OUT) != 0)
		return -record->points;
	return RECORD_HAS(record, AMOUNT) ? record->points : 0;
}

/* Add to the partner's row; a row of which a sum is full is left behind for a new one. */
static void
add_partner_total(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *rows = &batch->tables[SINK_TABLE_partner_total];
	const bool has_amount = RECORD_HAS(record, AMOUNT);
	const bool has_refunded = RECORD_HAS(record, REFUNDED);
	const uint32_t partner = RECORD_HAS(record, PRINCIPAL) ? record->partner : 0;
	const uint8_t outcome = sink_map_is_done(record) ? OUTCOME_DONE : OUTCOME_DECLINED;
	uint32_t *place = sink_index_row(
		batch->partner_totals,
		(struct sink_key){ (uint64_t)(uint32_t)record->business_date << 32 | partner,
				   (uint64_t)record->kind << 8 | outcome });
	struct sink_partner_total_row *row;
	struct sink_partner_total_row sum;

	if (*place == SINK_INDEX_NEW) {
		*place = rows->count;
		row = sink_rows_claim(rows);
		set_known_date(&row->business_date, record->business_date);
		cell_set_u32(&row->partner, partner);
		cell_set_u8(&row->kind, record->kind);
		cell_set_u8(&row->outcome, outcome);
		cell_set_u64(&row->records, 0);
		cell_set_i64(&row->points, 0);
		cell_set_i64(&row->amount, 0);
		cell_set_i64(&row->covered, 0);
		cell_set_i64(&row->returned_money, 0);
		cell_set_i64(&row->taken_points, 0);
		cell_set_i64(&row->restored_points, 0);
	}
	row = sink_rows_at(rows, *place);
	sum = *row;
	sum.records.value++;
	if (!add_i64(&sum.points, total_points(record)) ||
	    !add_i64(&sum.amount, has_amount ? record->amount : 0) ||
	    !add_i64(&sum.covered, RECORD_HAS(record, DETAILS) ? record->covered : 0) ||
	    !add_i64(&sum.returned_money, has_refunded ? record->returned_money : 0) ||
	    !add_i64(&sum.taken_points, has_refunded ? record->taken_points : 0) ||
	    !add_i64(&sum.restored_points, has_refunded ? record->restored_points : 0)) {
		*place = SINK_INDEX_NEW;
		add_partner_total(batch, record);
		return;
	}
	*row = sum;
}

static void
add_account_total(struct sink_batch *batch, const struct record *record,
		  const struct posting *posting)
{
	struct sink_rows *rows = &batch->tables[SINK_TABLE_account_total];
	const uint8_t is_test = (record->flags & RECORD_TEST) != 0;
	uint32_t *place = sink_index_row(
		batch->account_totals,
		(struct sink_key){
			(uint64_t)(uint32_t)record->business_date << 32 | posting->partner,
			(uint64_t)posting->account << 16 | (uint64_t)posting->unit << 8 |
				is_test });
	struct sink_account_total_row *row;

	if (*place == SINK_INDEX_NEW ||
	    !add_i64(&((struct sink_account_total_row *)sink_rows_at(rows, *place))->points,
		     posting->points)) {
		*place = rows->count;
		row = sink_rows_claim(rows);
		set_known_date(&row->business_date, record->business_date);
		cell_set_u8(&row->account, posting->account);
		cell_set_u8(&row->unit, posting->unit);
		cell_set_u32(&row->partner, posting->partner);
		cell_set_u8(&row->is_test, is_test);
		cell_set_u64(&row->postings, 0);
		cell_set_i64(&row->points, posting->points);
	}
	row = sink_rows_at(rows, *place);
	row->postings.value++;
}

/* Do the postings sum to zero in each unit? */
static bool
is_balanced(const struct record *record)
{
	if (!RECORD_HAS(record, POSTINGS))
		return true;
	for (uint32_t i = 0; i < record->posting_count; i++) {
		uint8_t unit = record->postings[i].unit;
		bool is_seen = i > 0 && record->postings[i - 1].unit == unit;

		if (!is_seen && record_posting_sum(record, (enum unit)unit) != 0)
			return false;
	}
	return true;
}

/* Why a record cannot be written; NULL: it was mapped. */
static const char *
map(struct sink_batch *batch, const struct record *record)
{
	if (!is_balanced(record))
		return "its postings do not sum to zero";
	if (!sink_map_entry(batch, record))
		return "a date or time of it lies outside of the years 1000 to 9999";
	if (!sink_map_postings(batch, record) || !sink_map_moves(batch, record))
		return "a posting or move of it has no place";
	if (!sink_map_purchase(batch, record))
		return "its receipt lines are damaged";
	if (!sink_map_member(batch, record) || !sink_map_business_day(batch, record))
		return "a date of its member or of the business day has no place";
	if (!sink_map_rulebook(batch, record))
		return "a date or time of its rulebook has no place";
	if (!sink_map_settlement(batch, record))
		return "a date of its cycle has no place";
	if (!sink_map_matters(batch, record))
		return "a date of its day's proof, proposal or dispute has no place";
	if (!sink_map_configuration(batch, record) || !sink_map_blocks(batch, record))
		return "a date of the partner or of its block has no place";
	return NULL;
}

enum tg_status
sink_batch_add(struct sink_batch *batch, const struct record *record, struct storage_error *error)
{
	uint32_t counts[SINK_TABLE_COUNT];
	const char *trouble;

	TG_ASSERT(sink_batch_has_room(batch));
	for (int i = 0; i < SINK_TABLE_COUNT; i++)
		counts[i] = batch->tables[i].count;
	trouble = map(batch, record);
	if (trouble != NULL) {
		for (int i = 0; i < SINK_TABLE_COUNT; i++)
			batch->tables[i].count = counts[i];
		(void)storage_fail(error, TG_CORRUPT,
				   "record %" PRIu64 " cannot be written to MariaDB: %s",
				   record->sequence, trouble);
		error->sequence = record->sequence;
		return TG_CORRUPT;
	}
	if ((record->flags & RECORD_TEST) == 0)
		add_partner_total(batch, record);
	for (uint32_t i = 0; RECORD_HAS(record, POSTINGS) && i < record->posting_count; i++)
		add_account_total(batch, record, &record->postings[i]);
	if (batch->record_count == 0)
		batch->first_booked_at_utc_ms = record->booked_at_utc_ms;
	batch->last_booked_at_utc_ms = record->booked_at_utc_ms;
	batch->last_business_date = record->business_date;
	batch->record_count++;
	return TG_OK;
}

size_t
sink_batch_packet_bytes_max(const struct sink_batch *batch)
{
	size_t most = 0;

	for (int i = 0; i < SINK_TABLE_COUNT; i++) {
		const struct sink_rows *rows = &batch->tables[i];
		size_t bytes = rows->capacity * bulk_row_wire_bytes_max(rows->table->cells,
									rows->table->column_count);

		if (bytes > most)
			most = bytes;
	}
	return most;
}
