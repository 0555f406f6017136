/*
 * sink_map_config.c - what the configuration of programme and partners means in its tables.
 *
 * Every such record carries the whole row, so the table's row is replaced.
 */
#include <assert.h>

#include "storage/sink_map.h"

static_assert(PROGRAMME_EXPIRES_ON_ANNIVERSARY == 1 && PROGRAMME_BURN_OFF == 2 &&
		      PROGRAMME_SANDBOX == 4 && PROGRAMME_TRACED == 8,
	      "programme.flags lists them in this order");
static_assert(EXPIRY_ROLLING == 0 && EXPIRY_NEVER == 1 && EXPIRY_VINTAGE == 2,
	      "programme.expiry_shape lists them in this order");
static_assert(PARTNER_TEST == 1 && PARTNER_BLOCKED == 2 && PARTNER_EARN_OFF == 4 &&
	      PARTNER_BURN_OFF == 8 && PARTNER_BASE_GROSS == 16 && PARTNER_REFUND_PRO_RATA == 32 &&
	      PARTNER_RETURN_NO_BURN == 64 && PARTNER_RETURN_LOSES_EXPIRED == 128 &&
	      PARTNER_CARRY_DAY == 256 && PARTNER_CARRY_MONTH == 512,
	      "partner.flags lists them in this order");
static_assert(STORE_BLOCKED == 1 && TERMINAL_BLOCKED == 1 && TERMINAL_TEST == 2,
	      "store.flags and terminal.flags list them in this order");
static_assert(FUNDING_PREPAID == 1, "partner_terms.flags lists them in this order");

static void
map_programme(struct sink_programme_row *row, const struct record *record)
{
	const struct programme_config *image = &record->programme;

	cell_set_u32(&row->version, image->version);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->flags, image->flags);
	cell_set_i64(&row->window_ms, image->window_ms);
	cell_set_i64(&row->clock_ahead_ms, image->clock_ahead_ms);
	cell_set_i64(&row->burn_clock_ms, image->burn_clock_ms);
	cell_set_i64(&row->point_value_num, image->point_value_num);
	cell_set_i64(&row->point_value_den, image->point_value_den);
	cell_set_i32(&row->expiry_months, image->expiry_months);
	cell_set_u8(&row->expiry_shape, (uint8_t)(image->expiry_shape + 1));
	cell_set_u8(&row->vintage_months, image->vintage_months);
	cell_set_u8(&row->sweep_month, image->sweep_month);
	cell_set_u8(&row->sweep_day, image->sweep_day);
	cell_set_i32(&row->hold_seconds_default, image->hold_seconds_default);
	cell_set_i32(&row->hold_seconds_max, image->hold_seconds_max);
	cell_set_i32(&row->declines_per_terminal_day, image->declines_per_terminal_day);
	cell_set_i32(&row->debt_days, image->debt_days);
	cell_set_i32(&row->debt_cycles, image->debt_cycles);
	sink_map_limit(&row->member_day_earn_points, image->member_day_earn_points);
	sink_map_limit(&row->member_day_burn_points, image->member_day_burn_points);
	cell_set_i64(&row->value_registered_max, image->value_registered_max);
	cell_set_i64(&row->value_bearer_max, image->value_bearer_max);
	sink_map_limit(&row->value_day_max, image->value_day_max);
}

/* Days out of the calendar's bounds are none that a partner could have. */
static bool
set_day_or_none(struct cell_day *cell, int32_t day)
{
	return day == 0 || cell_set_day(cell, day);
}

static bool
map_partner(struct sink_partner_row *row, const struct record *record)
{
	const struct partner_config *image = &record->partner_image;

	cell_set_u32(&row->partner, image->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_text(&row->name, image->name, NAME_BYTES);
	sink_map_u32_or_none(&row->group_number, image->group);
	cell_set_u32(&row->flags, image->flags);
	if (image->pending_days != PENDING_UNTIL_CONFIRMED)
		cell_set_i32(&row->pending_days, image->pending_days);
	if (image->return_days != INT32_MAX)
		cell_set_i32(&row->return_days, image->return_days);
	cell_set_i32(&row->restored_days, image->restored_days);
	cell_set_i64(&row->burn_minimum_points, image->burn_minimum_points);
	cell_set_i64(&row->burn_step_points, image->burn_step_points);
	sink_map_limit(&row->earn_transaction_points, image->earn_transaction_points);
	sink_map_limit(&row->burn_transaction_points, image->burn_transaction_points);
	sink_map_limit(&row->terminal_day_earn_points, image->terminal_day_earn_points);
	sink_map_limit(&row->terminal_day_burn_points, image->terminal_day_burn_points);
	sink_map_limit(&row->bonus_member_day_points, image->bonus_member_day_points);
	return set_day_or_none(&row->joined_day, image->joined_day) &&
	       set_day_or_none(&row->last_earn_day, image->last_earn_day) &&
	       set_day_or_none(&row->last_burn_day, image->last_burn_day);
}

static void
map_terms(struct sink_partner_terms_row *row, const struct record *record)
{
	const struct funding_config *image = &record->funding;

	cell_set_u32(&row->partner, image->partner);
	cell_set_u32(&row->version, image->version);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->flags, image->flags);
	cell_set_i64(&row->issue_price_micro, image->issue_price_micro);
	cell_set_i64(&row->redeem_price_micro, image->redeem_price_micro);
	cell_set_i64(&row->issue_fee_micro, image->issue_fee_micro);
	cell_set_i64(&row->redeem_fee_micro, image->redeem_fee_micro);
	cell_set_i64(&row->transaction_fee_micro, image->transaction_fee_micro);
	cell_set_i64(&row->month_fee_micro, image->month_fee_micro);
	sink_map_limit(&row->overdraft_points, image->overdraft_points);
	cell_set_i64(&row->alert_points, image->alert_points);
}

/* A block as it was bought; what is used and released of it is added to it. */
static bool
map_block(struct sink_partner_block_row *row, const struct record *record)
{
	cell_set_u64(&row->block, record->sequence);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->partner, record->funded_partner);
	cell_set_i64(&row->bought_points, record->funded_points);
	cell_set_i64(&row->price_micro, record->funded_price_micro);
	cell_set_i64(&row->used_points, 0);
	cell_set_i64(&row->released_points, 0);
	return sink_map_business_date(&row->bought_date, record->business_date);
}

static void
map_block_use(struct sink_partner_block_row *row, const struct record *record,
	      const struct move *move)
{
	const bool is_release = record->kind == RECORD_UNFUND;

	cell_set_u64(&row->block, move->serial);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->partner, move->partner);
	cell_set_i64(&row->used_points, is_release ? 0 : -move->points);
	cell_set_i64(&row->released_points, is_release ? -move->points : 0);
}

static void
map_rule(struct sink_rule_row *row, const struct record *record)
{
	const struct rule_config *image = &record->rule;
	const uint32_t usable_at = image->bonus_usable_at;

	cell_set_u32(&row->partner, image->partner);
	cell_set_u32(&row->version, image->version);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_i64(&row->base_num, image->base_num);
	cell_set_i64(&row->base_den, image->base_den);
	cell_set_i64(&row->bonus_num, image->bonus_num);
	cell_set_i64(&row->bonus_den, image->bonus_den);
	cell_set_i64(&row->bonus_threshold_amount, image->bonus_threshold_amount);
	cell_set_i64(&row->bonus_fixed_points, image->bonus_fixed_points);
	sink_map_u32_or_none(&row->bonus_sponsor, image->bonus_sponsor);
	cell_set_i32(&row->bonus_days, image->bonus_days);
	if ((usable_at & USABLE_AT_STORE) != 0)
		cell_set_u32(&row->bonus_store, USABLE_NUMBER(usable_at));
	else
		sink_map_u32_or_none(&row->bonus_partner, usable_at);
}

static void
map_store(struct sink_store_row *row, const struct record *record)
{
	const struct store_config *image = &record->store_image;

	cell_set_u32(&row->store, image->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->partner, image->partner);
	cell_set_text(&row->name, image->name, NAME_BYTES);
	cell_set_u32(&row->flags, image->flags);
}

static bool
map_terminal(struct sink_terminal_row *row, const struct record *record)
{
	const struct terminal_config *image = &record->terminal_image;

	cell_set_u32(&row->terminal, image->number);
	cell_set_u64(&row->last_sequence, record->sequence);
	cell_set_u32(&row->partner, image->partner);
	sink_map_u32_or_none(&row->store, image->store);
	cell_set_text(&row->name, image->name, NAME_BYTES);
	cell_set_u32(&row->flags, image->flags);
	cell_set_u16(&row->key_generation, image->key_generation);
	if (image->key_generation_old != 0)
		cell_set_u16(&row->key_generation_old, image->key_generation_old);
	cell_set_u32(&row->rights, image->rights);
	return image->old_key_until_utc_ms == 0 ||
	       cell_set_time(&row->old_key_until, image->old_key_until_utc_ms);
}

bool
sink_map_blocks(struct sink_batch *batch, const struct record *record)
{
	struct sink_rows *rows = &batch->tables[SINK_TABLE_partner_block];
	bool is_ok = true;

	if (RECORD_HAS(record, FUNDED) && record->kind == RECORD_FUND && record->cover_row != 0)
		is_ok = map_block(sink_rows_claim(rows), record);
	for (uint32_t i = 0; RECORD_HAS(record, MOVES) && i < record->move_count; i++) {
		if (record->moves[i].kind == MOVE_COVER && record->moves[i].points != 0)
			map_block_use(sink_rows_claim(rows), record, &record->moves[i]);
	}
	return is_ok;
}

bool
sink_map_configuration(struct sink_batch *batch, const struct record *record)
{
	bool is_ok = true;

	if (record->status != TG_OK)
		return true;
	if (RECORD_HAS(record, PROGRAMME))
		map_programme(sink_rows_claim(&batch->tables[SINK_TABLE_programme]), record);
	if (RECORD_HAS(record, PARTNER))
		is_ok = map_partner(sink_rows_claim(&batch->tables[SINK_TABLE_partner]), record);
	if (RECORD_HAS(record, RULE))
		map_rule(sink_rows_claim(&batch->tables[SINK_TABLE_rule]), record);
	if (RECORD_HAS(record, STORE))
		map_store(sink_rows_claim(&batch->tables[SINK_TABLE_store]), record);
	if (RECORD_HAS(record, TERMINAL))
		is_ok &= map_terminal(sink_rows_claim(&batch->tables[SINK_TABLE_terminal]), record);
	if (RECORD_HAS(record, FUNDING))
		map_terms(sink_rows_claim(&batch->tables[SINK_TABLE_partner_terms]), record);
	return is_ok;
}
