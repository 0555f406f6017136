/*
 * sink_columns.h - the columns that the sink writes, one list a table.
 *
 * From these lists come the row structs, the INSERT statements and the binding; a test compares
 * them with the tables that the migrations make.  A column is added by a migration and a line here.
 */
#ifndef TG_STORAGE_SINK_COLUMNS_H
#define TG_STORAGE_SINK_COLUMNS_H

#include "storage/database_bulk.h"

/*
 * What happens to a column when a row with the same key is there.  In tables with PLAIN columns
 * that is an error; others are updated.
 */
enum sink_role {
	SINK_PLAIN,	/* no update: a second row with the key is a bug */
	SINK_KEY,	/* part of the key */
	SINK_SET,	/* replaced */
	SINK_KEEP,	/* replaced unless the new value is NULL */
	SINK_ADD,	/* the new value is added */
};

/* Columns of the lists: role, type of the cell, name. */
/* clang-format off */
#define SINK_ENTRY_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u16,  line) \
	X(PLAIN, u8,   kind) \
	X(PLAIN, u16,  status) \
	X(PLAIN, u16,  flags) \
	X(PLAIN, time, booked_at) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, u32,  store) \
	X(PLAIN, u32,  terminal) \
	X(PLAIN, text, operator) \
	X(PLAIN, text, origin) \
	X(PLAIN, text, note) \
	X(PLAIN, u8,   is_blocked) \
	X(PLAIN, u32,  blocked_slot) \
	X(PLAIN, id,   transaction_id) \
	X(PLAIN, id,   fingerprint) \
	X(PLAIN, time, business_time) \
	X(PLAIN, u64,  member) \
	X(PLAIN, u64,  other_member) \
	X(PLAIN, i64,  amount) \
	X(PLAIN, i64,  covered) \
	X(PLAIN, i64,  points) \
	X(PLAIN, i64,  base_points) \
	X(PLAIN, i64,  bonus_points) \
	X(PLAIN, u32,  bonus_sponsor) \
	X(PLAIN, u32,  rule_version) \
	X(PLAIN, u32,  rulebook_version) \
	X(PLAIN, u32,  campaign) \
	X(PLAIN, u8,   tender) \
	X(PLAIN, u8,   channel) \
	X(PLAIN, u8,   reason) \
	X(PLAIN, u32,  till) \
	X(PLAIN, day,  till_day) \
	X(PLAIN, text, receipt) \
	X(PLAIN, id,   original_id) \
	X(PLAIN, time, original_time) \
	X(PLAIN, id,   original_burn_id) \
	X(PLAIN, time, hold_deadline) \
	X(PLAIN, i64,  captured_points) \
	X(PLAIN, i64,  returned_money) \
	X(PLAIN, i64,  returned_covered) \
	X(PLAIN, i64,  taken_points) \
	X(PLAIN, i64,  absorbed_points) \
	X(PLAIN, i64,  debt_points) \
	X(PLAIN, i64,  restored_points) \
	X(PLAIN, i64,  restored_regular_points) \
	X(PLAIN, i64,  lost_points) \
	X(PLAIN, i64,  paid_debt_points) \
	X(PLAIN, day,  regular_last_day) \
	X(PLAIN, i64,  available_after) \
	X(PLAIN, u64,  reopened_sequence) \
	X(PLAIN, u32,  config_number) \
	X(PLAIN, day,  next_business_date) \
	X(PLAIN, time, clock) \
	X(PLAIN, day,  sweep_day) \
	X(PLAIN, u32,  forget_count) \
	X(PLAIN, u16,  posting_count) \
	X(PLAIN, u16,  move_count) \
	X(PLAIN, u16,  line_count) \
	X(PLAIN, u8,   component_count)

#define SINK_POSTING_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u16,  line) \
	X(PLAIN, u8,   account) \
	X(PLAIN, u8,   unit) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, i64,  points) \
	X(PLAIN, u8,   is_test)

#define SINK_LOT_MOVE_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u16,  line) \
	X(PLAIN, u8,   kind) \
	X(PLAIN, u8,   flags) \
	X(PLAIN, u64,  member) \
	X(PLAIN, u32,  slot) \
	X(PLAIN, i64,  points) \
	X(PLAIN, u64,  lot) \
	X(PLAIN, day,  last_day) \
	X(PLAIN, day,  matures_day) \
	X(PLAIN, i32,  life_days) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, u32,  usable_partner) \
	X(PLAIN, u32,  usable_store) \
	X(PLAIN, u16,  lot_flags) \
	X(PLAIN, u32,  campaign)

#define SINK_PURCHASE_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u8,   kind) \
	X(PLAIN, u8,   is_test) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, u32,  store) \
	X(PLAIN, u32,  terminal) \
	X(PLAIN, u64,  member) \
	X(PLAIN, time, business_time) \
	X(PLAIN, u32,  till) \
	X(PLAIN, day,  till_day) \
	X(PLAIN, text, receipt) \
	X(PLAIN, i64,  amount) \
	X(PLAIN, i64,  covered) \
	X(PLAIN, i64,  points) \
	X(PLAIN, u8,   tender) \
	X(PLAIN, u8,   channel) \
	X(PLAIN, u32,  campaign) \
	X(PLAIN, u16,  line_count) \
	X(PLAIN, i64,  lines_amount)

#define SINK_PURCHASE_LINE_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u16,  line) \
	X(PLAIN, text, item) \
	X(PLAIN, u32,  category) \
	X(PLAIN, u32,  quantity) \
	X(PLAIN, i64,  amount)

#define SINK_COMPONENT_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u8,   line) \
	X(PLAIN, u8,   is_test) \
	X(PLAIN, u32,  campaign) \
	X(PLAIN, u32,  rulebook_version) \
	X(PLAIN, u16,  position) \
	X(PLAIN, u16,  rate_position) \
	X(PLAIN, u32,  budget) \
	X(PLAIN, u32,  sponsor) \
	X(PLAIN, u8,   refusal) \
	X(PLAIN, i64,  amount) \
	X(PLAIN, i64,  points) \
	X(PLAIN, i64,  carried) \
	X(PLAIN, day,  carried_date)

#define SINK_PARTNER_TOTAL_COLUMNS(X) \
	X(KEY,   day,  business_date) \
	X(KEY,   u32,  partner) \
	X(KEY,   u8,   kind) \
	X(KEY,   u8,   outcome) \
	X(ADD,   u64,  records) \
	X(ADD,   i64,  points) \
	X(ADD,   i64,  amount) \
	X(ADD,   i64,  covered) \
	X(ADD,   i64,  returned_money) \
	X(ADD,   i64,  taken_points) \
	X(ADD,   i64,  restored_points)

#define SINK_ACCOUNT_TOTAL_COLUMNS(X) \
	X(KEY,   day,  business_date) \
	X(KEY,   u8,   account) \
	X(KEY,   u8,   unit) \
	X(KEY,   u32,  partner) \
	X(KEY,   u8,   is_test) \
	X(ADD,   u64,  postings) \
	X(ADD,   i64,  points)

#define SINK_MEMBER_COLUMNS(X) \
	X(KEY,   u64,  member) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   is_test) \
	X(KEEP,  u8,   is_blocked) \
	X(KEEP,  u64,  merged_with) \
	X(SET,   time, booked_at) \
	X(SET,   day,  business_date) \
	X(KEEP,  time, enrolled_at) \
	X(KEEP,  u8,   channel) \
	X(SET,   i64,  available_points) \
	X(SET,   i64,  regular_points) \
	X(KEEP,  day,  regular_last_day) \
	X(SET,   day,  next_expiry_day) \
	X(SET,   i64,  next_expiry_points) \
	X(SET,   i64,  pending_points) \
	X(SET,   i64,  held_points) \
	X(SET,   i64,  debt_points)

#define SINK_STORED_VALUE_COLUMNS(X) \
	X(KEY,   u64,  member) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   is_test) \
	X(SET,   i64,  amount) \
	X(SET,   u8,   is_registered) \
	X(SET,   u8,   is_frozen)

#define SINK_IDENTIFIER_COLUMNS(X) \
	X(KEY,   u64,  member) \
	X(KEY,   u32,  slot) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   type) \
	X(SET,   u8,   key_number) \
	X(SET,   id,   hash) \
	X(SET,   u8,   is_linked)

#define SINK_PROGRAMME_COLUMNS(X) \
	X(KEY,   u32,  version) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  flags) \
	X(SET,   i64,  window_ms) \
	X(SET,   i64,  clock_ahead_ms) \
	X(SET,   i64,  burn_clock_ms) \
	X(SET,   i64,  point_value_num) \
	X(SET,   i64,  point_value_den) \
	X(SET,   i32,  expiry_months) \
	X(SET,   u8,   expiry_shape) \
	X(SET,   u8,   vintage_months) \
	X(SET,   u8,   sweep_month) \
	X(SET,   u8,   sweep_day) \
	X(SET,   i32,  hold_seconds_default) \
	X(SET,   i32,  hold_seconds_max) \
	X(SET,   i32,  declines_per_terminal_day) \
	X(SET,   i32,  debt_days) \
	X(SET,   i32,  debt_cycles) \
	X(SET,   i64,  member_day_earn_points) \
	X(SET,   i64,  member_day_burn_points) \
	X(SET,   i64,  value_registered_max) \
	X(SET,   i64,  value_bearer_max) \
	X(SET,   i64,  value_day_max)

#define SINK_PARTNER_COLUMNS(X) \
	X(KEY,   u32,  partner) \
	X(SET,   u64,  last_sequence) \
	X(SET,   text, name) \
	X(SET,   u32,  group_number) \
	X(SET,   u32,  flags) \
	X(SET,   i32,  pending_days) \
	X(SET,   i32,  return_days) \
	X(SET,   i32,  restored_days) \
	X(SET,   i64,  burn_minimum_points) \
	X(SET,   i64,  burn_step_points) \
	X(SET,   i64,  earn_transaction_points) \
	X(SET,   i64,  burn_transaction_points) \
	X(SET,   i64,  terminal_day_earn_points) \
	X(SET,   i64,  terminal_day_burn_points) \
	X(SET,   i64,  bonus_member_day_points) \
	X(SET,   day,  joined_day) \
	X(SET,   day,  last_earn_day) \
	X(SET,   day,  last_burn_day)

#define SINK_PARTNER_TERMS_COLUMNS(X) \
	X(KEY,   u32,  partner) \
	X(KEY,   u32,  version) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  flags) \
	X(SET,   i64,  issue_price_micro) \
	X(SET,   i64,  redeem_price_micro) \
	X(SET,   i64,  issue_fee_micro) \
	X(SET,   i64,  redeem_fee_micro) \
	X(SET,   i64,  transaction_fee_micro) \
	X(SET,   i64,  month_fee_micro) \
	X(SET,   i64,  overdraft_points) \
	X(SET,   i64,  alert_points)

#define SINK_PARTNER_BLOCK_COLUMNS(X) \
	X(KEY,   u64,  block) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  partner) \
	X(KEEP,  day,  bought_date) \
	X(KEEP,  i64,  bought_points) \
	X(KEEP,  i64,  price_micro) \
	X(ADD,   i64,  used_points) \
	X(ADD,   i64,  released_points)

#define SINK_RULE_COLUMNS(X) \
	X(KEY,   u32,  partner) \
	X(KEY,   u32,  version) \
	X(SET,   u64,  last_sequence) \
	X(SET,   i64,  base_num) \
	X(SET,   i64,  base_den) \
	X(SET,   i64,  bonus_num) \
	X(SET,   i64,  bonus_den) \
	X(SET,   i64,  bonus_threshold_amount) \
	X(SET,   i64,  bonus_fixed_points) \
	X(SET,   u32,  bonus_sponsor) \
	X(SET,   i32,  bonus_days) \
	X(SET,   u32,  bonus_partner) \
	X(SET,   u32,  bonus_store)

#define SINK_RULEBOOK_COLUMNS(X) \
	X(KEY,   u32,  version) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  rules) \
	X(SET,   time, starts_at)

#define SINK_EARN_RULE_COLUMNS(X) \
	X(KEY,   u32,  version) \
	X(KEY,   u16,  position) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  number) \
	X(SET,   text, name) \
	X(SET,   u8,   flags) \
	X(SET,   u32,  partner) \
	X(SET,   u32,  store) \
	X(SET,   u32,  store_group) \
	X(SET,   u32,  category_from) \
	X(SET,   u32,  category_to) \
	X(SET,   u8,   tender) \
	X(SET,   day,  from_date) \
	X(SET,   day,  until_date) \
	X(SET,   u8,   weekdays) \
	X(SET,   u16,  from_minute) \
	X(SET,   u16,  until_minute) \
	X(SET,   u8,   tier) \
	X(SET,   u32,  tag) \
	X(SET,   u32,  sponsor) \
	X(SET,   u8,   sponsors) \
	X(SET,   i32,  life_days) \
	X(SET,   u32,  usable_partner) \
	X(SET,   u32,  usable_store) \
	X(SET,   u32,  budget) \
	X(SET,   u32,  member_times) \
	X(SET,   i64,  member_points) \
	X(SET,   i64,  member_day_points) \
	X(SET,   i64,  threshold_amount) \
	X(SET,   i64,  rate_num) \
	X(SET,   i64,  rate_den) \
	X(SET,   i64,  fixed_points) \
	X(SET,   u32,  step)

#define SINK_EARN_RULE_SPONSOR_COLUMNS(X) \
	X(KEY,   u32,  version) \
	X(KEY,   u16,  position) \
	X(KEY,   u8,   line) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  partner) \
	X(SET,   u32,  weight)

#define SINK_BUDGET_COLUMNS(X) \
	X(KEY,   u32,  budget) \
	X(SET,   u64,  last_sequence) \
	X(KEEP,  text, name) \
	X(KEEP,  u32,  parent) \
	X(KEEP,  u8,   is_stopped) \
	X(KEEP,  i64,  granted_points) \
	X(KEEP,  i64,  passed_points) \
	X(KEEP,  i64,  asked_points) \
	X(KEEP,  u32,  asked_from) \
	X(KEEP,  text, asked_by) \
	X(ADD,   i64,  used_points)

#define SINK_STORE_COLUMNS(X) \
	X(KEY,   u32,  store) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  partner) \
	X(SET,   text, name) \
	X(SET,   u32,  flags)

#define SINK_TERMINAL_COLUMNS(X) \
	X(KEY,   u32,  terminal) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  partner) \
	X(SET,   u32,  store) \
	X(SET,   text, name) \
	X(SET,   u32,  flags) \
	X(SET,   u16,  key_generation) \
	X(SET,   u16,  key_generation_old) \
	X(SET,   time, old_key_until) \
	X(SET,   u32,  rights)

#define SINK_BUSINESS_DAY_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, day,  next_business_date) \
	X(PLAIN, u64,  closed_sequence) \
	X(PLAIN, time, closed_at)

#define SINK_SETTLEMENT_CYCLE_COLUMNS(X) \
	X(KEY,   u32,  partner) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   period) \
	X(SET,   u8,   ends_on) \
	X(SET,   u32,  calendar) \
	X(SET,   u32,  flags) \
	X(SET,   i64,  minimum_amount) \
	X(SET,   u32,  open_cycle) \
	X(SET,   day,  open_first_date) \
	X(SET,   day,  open_last_date)

#define SINK_HOLIDAY_COLUMNS(X) \
	X(KEY,   u32,  calendar) \
	X(KEY,   day,  holiday_date) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   is_rest)

#define SINK_CLOSED_CYCLE_COLUMNS(X) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, u32,  cycle) \
	X(PLAIN, day,  first_date) \
	X(PLAIN, day,  last_date) \
	X(PLAIN, u64,  closed_sequence) \
	X(PLAIN, time, closed_at) \
	X(PLAIN, u8,   is_traced) \
	X(PLAIN, i64,  issued_num) \
	X(PLAIN, i64,  issued_den) \
	X(PLAIN, i64,  redeemed_num) \
	X(PLAIN, i64,  redeemed_den) \
	X(PLAIN, i64,  minimum_amount)

#define SINK_STATEMENT_STATE_COLUMNS(X) \
	X(KEY,   u32,  partner) \
	X(KEY,   u32,  cycle) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   state) \
	X(SET,   time, changed_at)

#define SINK_SETTLEMENT_ITEM_COLUMNS(X) \
	X(PLAIN, day,  business_date) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, u32,  partner) \
	X(PLAIN, u32,  other) \
	X(PLAIN, i64,  amount) \
	X(PLAIN, u64,  about) \
	X(PLAIN, i64,  points)

#define SINK_DAY_PROOF_COLUMNS(X) \
	X(PLAIN, u64,  sequence) \
	X(PLAIN, time, signed_at) \
	X(PLAIN, u8,   scope) \
	X(PLAIN, u32,  owner) \
	X(PLAIN, u8,   basis) \
	X(PLAIN, day,  day) \
	X(PLAIN, i64,  transactions) \
	X(PLAIN, id,   digest) \
	X(PLAIN, id,   chain)

#define SINK_PROPOSAL_COLUMNS(X) \
	X(KEY,   u64,  proposal) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u8,   state) \
	X(SET,   text, proposed_by) \
	X(SET,   time, expires_at) \
	X(SET,   text, command) \
	X(KEEP,  text, decided_by)

#define SINK_DISPUTE_COLUMNS(X) \
	X(KEY,   u64,  dispute) \
	X(SET,   u64,  last_sequence) \
	X(SET,   u32,  partner) \
	X(SET,   u64,  about) \
	X(SET,   id,   transaction_id) \
	X(SET,   u64,  member) \
	X(SET,   u8,   reason) \
	X(SET,   i64,  claimed_amount) \
	X(SET,   u8,   state) \
	X(KEEP,  time, opened_at) \
	X(KEEP,  time, decided_at) \
	X(KEEP,  text, decided_by)

/*
 * Tables in the order in which they are written.  Columns: name, list of columns, rows that a
 * record can make at most, rows that it makes on average, at most (of 1000 records that is the
 * room).
 */
#define SINK_TABLE_LIST(X) \
	X(entry,         SINK_ENTRY_COLUMNS,         1, 1) \
	X(posting,       SINK_POSTING_COLUMNS,       64, 4) \
	X(lot_move,      SINK_LOT_MOVE_COLUMNS,      255, 2) \
	X(purchase,      SINK_PURCHASE_COLUMNS,      1, 1) \
	X(purchase_line, SINK_PURCHASE_LINE_COLUMNS, 255, 4) \
	X(partner_total, SINK_PARTNER_TOTAL_COLUMNS, 1, 1) \
	X(account_total, SINK_ACCOUNT_TOTAL_COLUMNS, 64, 4) \
	X(member,        SINK_MEMBER_COLUMNS,        2, 1) \
	X(identifier,    SINK_IDENTIFIER_COLUMNS,    2, 2) \
	X(programme,     SINK_PROGRAMME_COLUMNS,     1, 1) \
	X(partner,       SINK_PARTNER_COLUMNS,       1, 1) \
	X(rule,          SINK_RULE_COLUMNS,          1, 1) \
	X(store,         SINK_STORE_COLUMNS,         1, 1) \
	X(terminal,      SINK_TERMINAL_COLUMNS,      1, 1) \
	X(business_day,  SINK_BUSINESS_DAY_COLUMNS,  1, 1) \
	X(settlement_cycle, SINK_SETTLEMENT_CYCLE_COLUMNS, 1, 1) \
	X(holiday,       SINK_HOLIDAY_COLUMNS,       1, 1) \
	X(closed_cycle,  SINK_CLOSED_CYCLE_COLUMNS,  1, 1) \
	X(statement_state, SINK_STATEMENT_STATE_COLUMNS, 1, 1) \
	X(settlement_item, SINK_SETTLEMENT_ITEM_COLUMNS, 1, 1) \
	X(partner_terms, SINK_PARTNER_TERMS_COLUMNS, 1, 1) \
	X(partner_block, SINK_PARTNER_BLOCK_COLUMNS, 255, 1) \
	X(day_proof,     SINK_DAY_PROOF_COLUMNS,     1, 1) \
	X(proposal,      SINK_PROPOSAL_COLUMNS,      1, 1) \
	X(dispute,       SINK_DISPUTE_COLUMNS,       1, 1) \
	X(component,     SINK_COMPONENT_COLUMNS,     16, 2) \
	X(rulebook,      SINK_RULEBOOK_COLUMNS,      1, 1) \
	X(earn_rule,     SINK_EARN_RULE_COLUMNS,     1, 1) \
	X(earn_rule_sponsor, SINK_EARN_RULE_SPONSOR_COLUMNS, 8, 1) \
	X(budget,        SINK_BUDGET_COLUMNS,        18, 2) \
	X(stored_value,  SINK_STORED_VALUE_COLUMNS,  2, 1)
/* clang-format on */

enum sink_table_index {
#define SINK_TABLE_INDEX(name, columns, most, mean) SINK_TABLE_##name,
	SINK_TABLE_LIST(SINK_TABLE_INDEX)
#undef SINK_TABLE_INDEX
	SINK_TABLE_COUNT,
};

/* struct sink_entry_row and so on: a cell for each column. */
#define SINK_CELL(role, type, name) struct cell_##type name;
#define SINK_ROW_STRUCT(name, columns, most, mean)                                                 \
	struct sink_##name##_row {                                                                 \
		columns(SINK_CELL)                                                                 \
	};
SINK_TABLE_LIST(SINK_ROW_STRUCT)
#undef SINK_ROW_STRUCT
#undef SINK_CELL

#endif
