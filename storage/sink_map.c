/*
 * sink_map.c - what a record means in each table.
 *
 * Numbers that stand for "none" or "not told" in a record are NULL in a table.  Members of sections
 * that the record does not have are never looked at.
 */
#include "storage/sink_map.h"

#include <assert.h>
#include <string.h>

#include "ledger/request.h"
#include "storage/civil.h"

/* Positions in ENUMs and bits in SETs of the tables equal the record's numbers. */
static_assert(MOVE_REGULAR == 1 && MOVE_LOT == 2 && MOVE_PENDING == 3 && MOVE_DEBT == 4 &&
	      MOVE_PORTION == 5 && MOVE_COVER == 6, "lot_move.kind lists them in this order");
static_assert(MOVE_NEW == 1 && MOVE_GONE == 2 && MOVE_OF_HOLD == 4,
	      "lot_move.flags lists them in this order");
static_assert(RECORD_LATE == 1 && RECORD_REPEAT == 2 && RECORD_TEST == 4 && RECORD_CAPPED == 8 &&
	      RECORD_TOMBSTONE == 16 && RECORD_GROSS == 32 && RECORD_SKIP_LIMITED == 64 &&
	      RECORD_CAMPAIGN_CAPPED == 128 && RECORD_PARTS == 256 && RECORD_PAST_STOP == 512 &&
	      RECORD_OUT == 1024 && RECORD_OF_VALUE == 2048,
	      "entry.flags lists them in this order");
static_assert(RECORD_POSTINGS_MAX <= 64 && RECORD_MOVES_MAX <= 255 && TG_LINES_MAX <= 255,
	      "SINK_TABLE_LIST says how many rows a record can make");
static_assert(OPERATOR_BYTES <= CELL_TEXT_BYTES_MAX && ORIGIN_BYTES <= CELL_TEXT_BYTES_MAX &&
	      NAME_BYTES <= CELL_TEXT_BYTES_MAX && TG_RECEIPT_BYTES_MAX <= CELL_TEXT_BYTES_MAX,
	      "texts fit into their cells");

bool
sink_map_is_done(const struct record *record)
{
	return record->status == TG_OK || record->status == TG_ORIGINAL_UNKNOWN;
}

bool
sink_map_business_date(struct cell_day *cell, int32_t business_date)
{
	return cell_set_day(cell, business_date == DAY_NONE ? CIVIL_DAY_MIN : business_date);
}

static uint8_t
is_test(const struct record *record)
{
	return (record->flags & RECORD_TEST) != 0;
}

/* The next row of a table. */
static void *
claim(struct sink_batch *batch, enum sink_table_index table)
{
	return sink_rows_claim(&batch->tables[table]);
}

static void
set_id_or_none(struct cell_id *cell, const uint8_t *bytes)
{
	static const uint8_t none[CELL_ID_BYTES];

	if (memcmp(bytes, none, CELL_ID_BYTES) != 0)
		cell_set_id(cell, bytes);
}

static void
set_text_or_none(struct cell_text *cell, const uint8_t *bytes, size_t bytes_count)
{
	if (bytes_count > 0 && bytes[0] != 0)
		cell_set_text(cell, bytes, bytes_count);
}

/* INT32_MAX means for ever: the last date there is. */
static bool
set_last_day(struct cell_day *cell, int32_t day)
{
	return cell_set_day(cell, day == INT32_MAX ? CIVIL_DAY_MAX : day);
}

static bool
set_time_or_none(struct cell_time *cell, int64_t utc_ms)
{
	return utc_ms == 0 || cell_set_time(cell, utc_ms);
}

/* Moves of what has no row in lot_move: it is in the member's row, or the entry says it. */
static bool
is_lot_move(const struct move *move)
{
	return move->kind != MOVE_REGULAR && move->kind != MOVE_STOPPED;
}

uint16_t
sink_map_move_count(const struct record *record)
{
	uint16_t count = 0;

	for (uint32_t i = 0; RECORD_HAS(record, MOVES) && i < record->move_count; i++) {
		if (is_lot_move(&record->moves[i]))
			count++;
	}
	return count;
}

/* Do the record's lines have rows? */
static bool
has_purchase(const struct record *record)
{
	return RECORD_HAS(record, LINES) && record->line_count > 0 && record->status == TG_OK;
}

/* Who asked for what: the sections that name people, tills and requests. */
static bool
map_request(struct sink_entry_row *row, const struct record *record)
{
	bool is_ok = true;

	if (RECORD_HAS(record, PRINCIPAL)) {
		sink_map_u32_or_none(&row->partner, record->partner);
		sink_map_u32_or_none(&row->store, record->store);
		sink_map_u32_or_none(&row->terminal, record->terminal);
	}
	if (RECORD_HAS(record, OPERATOR)) {
		set_text_or_none(&row->operator, record->operator_name, OPERATOR_BYTES);
		set_text_or_none(&row->origin, record->origin, ORIGIN_BYTES);
	}
	if (RECORD_HAS(record, TEXT))
		set_text_or_none(&row->note, record->text, record->text_bytes);
	if (RECORD_HAS(record, BLOCK)) {
		cell_set_u8(&row->is_blocked, record->is_blocked);
		if (record->block_target == BLOCK_IDENTIFIER)
			cell_set_u32(&row->blocked_slot, record->blocked_row);
	}
	if (RECORD_HAS(record, TRANSACTION)) {
		cell_set_id(&row->transaction_id, record->transaction_id);
		cell_set_id(&row->fingerprint, record->fingerprint);
		is_ok &= cell_set_time(&row->business_time, record->business_time_utc_ms);
	}
	if (RECORD_HAS(record, TILL)) {
		sink_map_u32_or_none(&row->till, record->till);
		set_text_or_none(&row->receipt, record->receipt, record->receipt_bytes);
		if (record->till_day != DAY_NONE)
			is_ok &= cell_set_day(&row->till_day, record->till_day);
	}
	if (RECORD_HAS(record, ORIGINAL)) {
		set_id_or_none(&row->original_id, record->original_id);
		set_id_or_none(&row->original_burn_id, record->original_burn_id);
		is_ok &= set_time_or_none(&row->original_time, record->original_time_utc_ms);
	}
	return is_ok;
}

/* How much: money and points. */
static bool
map_figures(struct sink_entry_row *row, const struct record *record)
{
	bool is_ok = true;

	if (RECORD_HAS(record, AMOUNT)) {
		cell_set_i64(&row->amount, record->amount);
		cell_set_i64(&row->points, record->points);
		sink_map_u32_or_none(&row->rule_version, record->rule_version);
	}
	if (RECORD_HAS(record, COMPONENTS))
		sink_map_u32_or_none(&row->rulebook_version, record->rulebook_version);
	if (RECORD_HAS(record, DETAILS)) {
		cell_set_i64(&row->covered, record->covered);
		cell_set_i64(&row->base_points, record->base_points);
		cell_set_i64(&row->bonus_points, record->bonus_points);
		sink_map_u32_or_none(&row->bonus_sponsor, record->bonus_sponsor);
		sink_map_u32_or_none(&row->campaign, record->campaign);
		sink_map_u8_or_none(&row->tender, record->tender);
		sink_map_u8_or_none(&row->channel, record->channel);
		sink_map_u8_or_none(&row->reason, record->reason);
	}
	if (RECORD_HAS(record, HOLD)) {
		cell_set_i64(&row->captured_points, record->captured_points);
		is_ok &= set_time_or_none(&row->hold_deadline, record->hold_deadline_utc_ms);
	}
	if (RECORD_HAS(record, REFUNDED)) {
		cell_set_i64(&row->returned_money, record->returned_money);
		cell_set_i64(&row->returned_covered, record->returned_covered);
		cell_set_i64(&row->taken_points, record->taken_points);
		cell_set_i64(&row->absorbed_points, record->absorbed_points);
		cell_set_i64(&row->debt_points, record->debt_points);
		cell_set_i64(&row->restored_points, record->restored_points);
		cell_set_i64(&row->restored_regular_points, record->restored_regular_points);
		cell_set_i64(&row->lost_points, record->lost_points);
		cell_set_i64(&row->paid_debt_points, record->paid_debt_points);
	}
	return is_ok;
}

/* Number of the row of configuration that was set; 0: none. */
static uint32_t
config_number(const struct record *record)
{
	if (RECORD_HAS(record, PROGRAMME))
		return record->programme.version;
	if (RECORD_HAS(record, PARTNER))
		return record->partner_image.number;
	if (RECORD_HAS(record, RULE))
		return record->rule.version;
	if (RECORD_HAS(record, STORE))
		return record->store_image.number;
	if (RECORD_HAS(record, TERMINAL))
		return record->terminal_image.number;
	if (RECORD_HAS(record, CYCLE))
		return record->cycle_image.partner;
	if (RECORD_HAS(record, STATEMENT))
		return record->statement_partner;
	if (RECORD_HAS(record, FUNDING))
		return record->funding.partner;
	if (RECORD_HAS(record, FUNDED))
		return record->funded_partner;
	return 0;
}

/* What the programme's own records say: clock, cut-off, sweep, forgetting, opening again. */
static bool
map_housekeeping(struct sink_entry_row *row, const struct record *record)
{
	bool is_ok = true;

	sink_map_u32_or_none(&row->config_number, config_number(record));
	if (RECORD_HAS(record, DATE))
		is_ok &= cell_set_day(&row->next_business_date, record->next_business_date);
	if (RECORD_HAS(record, CLOCK))
		is_ok &= cell_set_time(&row->clock, record->clock_utc_ms);
	if (RECORD_HAS(record, SWEEP) && record->kind == RECORD_SWEEP)
		is_ok &= cell_set_day(&row->sweep_day, record->sweep_day);
	if (RECORD_HAS(record, SWEEP) && record->kind == RECORD_FORGET)
		cell_set_u32(&row->forget_count, record->forget_count);
	if (RECORD_HAS(record, REOPENED))
		cell_set_u64(&row->reopened_sequence, record->reopened_sequence);
	return is_ok;
}

bool
sink_map_entry(struct sink_batch *batch, const struct record *record)
{
	struct sink_entry_row *row = claim(batch, SINK_TABLE_entry);
	bool is_ok = sink_map_business_date(&row->business_date, record->business_date) &&
		     cell_set_time(&row->booked_at, record->booked_at_utc_ms);

	cell_set_u64(&row->sequence, record->sequence);
	cell_set_u16(&row->line, 0);
	cell_set_u8(&row->kind, record->kind);
	cell_set_u16(&row->status, record->status);
	cell_set_u16(&row->flags, record->flags);
	if (RECORD_HAS(record, MEMBER))
		cell_set_u64(&row->member, record->member);
	if (RECORD_HAS(record, OTHER))
		cell_set_u64(&row->other_member, record->other_member);
	is_ok = is_ok && map_request(row, record) && map_figures(row, record) &&
		map_housekeeping(row, record);
	if (RECORD_HAS(record, REGULAR_DAY))
		is_ok = is_ok && set_last_day(&row->regular_last_day, record->regular_last_day);
	if (RECORD_HAS(record, AFTER))
		cell_set_i64(&row->available_after, record->available_points);
	cell_set_u16(&row->posting_count,
		     RECORD_HAS(record, POSTINGS) ? (uint16_t)record->posting_count : 0);
	cell_set_u16(&row->move_count, sink_map_move_count(record));
	cell_set_u16(&row->line_count, has_purchase(record) ? record->line_count : 0);
	cell_set_u8(&row->component_count, sink_map_component_count(record));
	return is_ok;
}

bool
sink_map_postings(struct sink_batch *batch, const struct record *record)
{
	bool is_ok = true;

	for (uint32_t i = 0; RECORD_HAS(record, POSTINGS) && i < record->posting_count; i++) {
		const struct posting *posting = &record->postings[i];
		struct sink_posting_row *row = claim(batch, SINK_TABLE_posting);

		is_ok &= sink_map_business_date(&row->business_date, record->business_date);
		cell_set_u64(&row->sequence, record->sequence);
		cell_set_u16(&row->line, (uint16_t)(i + 1));
		cell_set_u8(&row->account, posting->account);
		cell_set_u8(&row->unit, posting->unit);
		cell_set_u32(&row->partner, posting->partner);
		cell_set_i64(&row->points, posting->points);
		cell_set_u8(&row->is_test, is_test(record));
	}
	return is_ok;
}

/* Split where points can be burned into its two columns. */
static void
set_usable_at(struct cell_u32 *partner, struct cell_u32 *store, uint32_t usable_at)
{
	if (usable_at == USABLE_ANYWHERE)
		return;
	cell_set_u32((usable_at & USABLE_AT_STORE) != 0 ? store : partner,
		     USABLE_NUMBER(usable_at));
}

/* A debt's partner is told with a new one only. */
static uint32_t
told_partner(const struct move *move)
{
	return move->kind == MOVE_DEBT && (move->flags & MOVE_NEW) == 0 ? 0 : move->partner;
}

/* The attributes that a new row of the ledger gets. */
static bool
map_new_lot(struct sink_lot_move_row *row, const struct move *move)
{
	bool is_ok = true;

	if (move->serial != 0) /* debts have none */
		cell_set_u64(&row->lot, move->serial);
	set_usable_at(&row->usable_partner, &row->usable_store, move->usable_at);
	cell_set_u16(&row->lot_flags, move->lot_flags);
	if (move->campaign != 0)
		cell_set_u32(&row->campaign, move->campaign);
	if (move->kind == MOVE_LOT || move->kind == MOVE_PORTION)
		is_ok &= set_last_day(&row->last_day, move->last_day);
	if (move->kind == MOVE_PENDING || move->kind == MOVE_DEBT)
		is_ok &= set_last_day(&row->matures_day, move->matures_day);
	if (move->kind == MOVE_PENDING)
		cell_set_i32(&row->life_days, move->life_days);
	return is_ok;
}

bool
sink_map_moves(struct sink_batch *batch, const struct record *record)
{
	uint16_t line = 0;
	bool is_ok = true;

	for (uint32_t i = 0; RECORD_HAS(record, MOVES) && i < record->move_count; i++) {
		const struct move *move = &record->moves[i];
		struct sink_lot_move_row *row;

		if (!is_lot_move(move))
			continue;
		row = claim(batch, SINK_TABLE_lot_move);
		is_ok &= sink_map_business_date(&row->business_date, record->business_date);
		cell_set_u64(&row->sequence, record->sequence);
		cell_set_u16(&row->line, ++line);
		cell_set_u8(&row->kind, move->kind);
		cell_set_u8(&row->flags, move->flags);
		if (RECORD_HAS(record, MEMBER))
			cell_set_u64(&row->member, (move->flags & MOVE_OF_OTHER) != 0 ?
							   record->other_member :
							   record->member);
		cell_set_u32(&row->slot, move->row);
		sink_map_u32_or_none(&row->partner, told_partner(move));
		cell_set_i64(&row->points, move->points);
		if ((move->flags & MOVE_NEW) != 0)
			is_ok &= map_new_lot(row, move);
		if (move->kind == MOVE_COVER) {
			cell_set_u64(&row->lot, move->serial);
		}
	}
	return is_ok;
}

/* The lines of a receipt; ret_amount: their sum.  False when they are not what the record says. */
static bool
map_lines(struct sink_batch *batch, const struct record *record, int64_t *ret_amount)
{
	struct purchase_line line;
	size_t offset = 0;
	uint16_t count = 0;

	*ret_amount = 0;
	while (record_line_next(record, &offset, &line)) {
		struct sink_purchase_line_row *row;

		if (count == record->line_count ||
		    __builtin_add_overflow(*ret_amount, line.amount, ret_amount))
			return false;
		row = claim(batch, SINK_TABLE_purchase_line);
		if (!sink_map_business_date(&row->business_date, record->business_date))
			return false;
		cell_set_u64(&row->sequence, record->sequence);
		cell_set_u16(&row->line, ++count);
		cell_set_text(&row->item, line.item, line.item_bytes);
		cell_set_u32(&row->category, line.category);
		cell_set_u32(&row->quantity, line.quantity);
		cell_set_i64(&row->amount, line.amount);
	}
	return offset == record->lines_bytes && count == record->line_count;
}

bool
sink_map_purchase(struct sink_batch *batch, const struct record *record)
{
	const struct sink_rows *entries = &batch->tables[SINK_TABLE_entry];
	const struct sink_entry_row *entry = sink_rows_at(entries, entries->count - 1);
	struct sink_purchase_row *row;
	int64_t lines_amount;

	if (!has_purchase(record))
		return true;
	if (!map_lines(batch, record, &lines_amount))
		return false;
	row = claim(batch, SINK_TABLE_purchase);
	row->business_date = entry->business_date;
	row->sequence = entry->sequence;
	row->kind = entry->kind;
	cell_set_u8(&row->is_test, is_test(record));
	row->partner = entry->partner;
	row->store = entry->store;
	row->terminal = entry->terminal;
	row->member = entry->member;
	row->business_time = entry->business_time;
	row->till = entry->till;
	row->till_day = entry->till_day;
	row->receipt = entry->receipt;
	row->amount = entry->amount;
	row->covered = entry->covered;
	row->points = entry->points;
	row->tender = entry->tender;
	row->channel = entry->channel;
	row->campaign = entry->campaign;
	row->line_count = entry->line_count;
	cell_set_i64(&row->lines_amount, lines_amount);
	return true;
}

/* Identifiers that the record linked or unlinked. */
static void
map_identifiers(struct sink_batch *batch, const struct record *record)
{
	for (uint32_t i = 0; i < record->identifier_count; i++) {
		const struct identifier_image *image = &record->identifiers[i];
		struct sink_identifier_row *row = claim(batch, SINK_TABLE_identifier);

		cell_set_u64(&row->member, record->member);
		cell_set_u32(&row->slot, image->row);
		cell_set_u64(&row->last_sequence, record->sequence);
		cell_set_u8(&row->type, image->type);
		cell_set_u8(&row->key_number, image->key);
		cell_set_id(&row->hash, image->hash);
		cell_set_u8(&row->is_linked, record->kind != RECORD_UNLINK);
	}
}

static void
set_merged(struct sink_member_row *row, const struct record *record, uint64_t other)
{
	if (record->kind == RECORD_MERGE || record->kind == RECORD_UNMERGE)
		cell_set_u64(&row->merged_with, record->kind == RECORD_MERGE ? other : 0);
}

/* The member that the record's own is merged with, is parted from or borrows of. */
static bool
map_other_member(struct sink_batch *batch, const struct record *record)
{
	const struct member_sums *sums = &record->shared;
	struct sink_member_row *row = claim(batch, SINK_TABLE_member);

	cell_set_u64(&row->member, record->other_member);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->is_test, is_test(record));
	set_merged(row, record, record->member);
	cell_set_i64(&row->available_points, sums->available_points);
	cell_set_i64(&row->regular_points, sums->regular_points);
	cell_set_i64(&row->next_expiry_points, sums->next_expiry_points);
	cell_set_i64(&row->pending_points, sums->pending_points);
	cell_set_i64(&row->held_points, sums->held_points);
	cell_set_i64(&row->debt_points, sums->debt_points);
	return cell_set_time(&row->booked_at, record->booked_at_utc_ms) &&
	       sink_map_business_date(&row->business_date, record->business_date) &&
	       (sums->next_expiry_day == INT32_MAX ||
		cell_set_day(&row->next_expiry_day, sums->next_expiry_day));
}

static void
map_value(struct sink_batch *batch, const struct record *record, uint64_t member, int64_t amount,
	  uint8_t flags)
{
	struct sink_stored_value_row *row = claim(batch, SINK_TABLE_stored_value);

	cell_set_u64(&row->member, member);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->is_test, is_test(record));
	cell_set_i64(&row->amount, amount);
	cell_set_u8(&row->is_registered, (flags & VALUE_REGISTERED) != 0);
	cell_set_u8(&row->is_frozen, (flags & VALUE_FROZEN) != 0);
}

/* Of the record's member, and of the one that lends it. */
static void
map_values(struct sink_batch *batch, const struct record *record)
{
	const struct record_value *value = &record->value;

	map_value(batch, record, record->member, value->after, value->flags);
	if (value->lent > 0)
		map_value(batch, record, record->other_member, value->shared, value->other_flags);
}

bool
sink_map_member(struct sink_batch *batch, const struct record *record)
{
	const bool has_after = RECORD_HAS(record, AFTER);
	const bool has_other = RECORD_HAS(record, AFTER_OTHER);
	const bool is_new = record->kind == RECORD_ENROLL && record->status == TG_OK;
	struct sink_member_row *row;
	bool is_ok;

	if (!RECORD_HAS(record, MEMBER))
		return true;
	if (RECORD_HAS(record, IDENTIFIERS) && record->status == TG_OK)
		map_identifiers(batch, record);
	if (RECORD_HAS(record, VALUE))
		map_values(batch, record);
	if (!has_after && !is_new)
		return true;
	row = claim(batch, SINK_TABLE_member);
	cell_set_u64(&row->member, record->member);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u8(&row->is_test, is_test(record));
	if (RECORD_HAS(record, BLOCK) && record->block_target == BLOCK_MEMBER)
		cell_set_u8(&row->is_blocked, record->is_blocked);
	is_ok = cell_set_time(&row->booked_at, record->booked_at_utc_ms) &&
		sink_map_business_date(&row->business_date, record->business_date);
	if (is_new)
		row->enrolled_at = row->booked_at;
	if (is_new && RECORD_HAS(record, DETAILS))
		sink_map_u8_or_none(&row->channel, record->channel);
	cell_set_i64(&row->available_points, has_after ? record->available_points : 0);
	cell_set_i64(&row->regular_points, has_after ? record->regular_points : 0);
	cell_set_i64(&row->next_expiry_points, has_after ? record->next_expiry_points : 0);
	if (has_after && record->next_expiry_day != INT32_MAX)
		is_ok &= cell_set_day(&row->next_expiry_day, record->next_expiry_day);
	if (RECORD_HAS(record, REGULAR_DAY))
		is_ok &= set_last_day(&row->regular_last_day, record->regular_last_day);
	cell_set_i64(&row->pending_points, has_other ? record->pending_points : 0);
	cell_set_i64(&row->held_points, has_other ? record->held_points : 0);
	cell_set_i64(&row->debt_points, has_other ? record->debt_after_points : 0);
	if (RECORD_HAS(record, OTHER)) {
		set_merged(row, record, record->other_member);
		is_ok &= map_other_member(batch, record);
	}
	return is_ok;
}

bool
sink_map_business_day(struct sink_batch *batch, const struct record *record)
{
	struct sink_business_day_row *row;

	if (record->kind != RECORD_CUTOVER || !RECORD_HAS(record, DATE) ||
	    record->status != TG_OK || record->business_date == DAY_NONE)
		return true;
	row = claim(batch, SINK_TABLE_business_day);
	cell_set_u64(&row->closed_sequence, record->sequence);
	return sink_map_business_date(&row->business_date, record->business_date) &&
	       cell_set_day(&row->next_business_date, record->next_business_date) &&
	       cell_set_time(&row->closed_at, record->booked_at_utc_ms);
}
