/*
 * record_codec.c - the bytes of a record.
 *
 * One description per section serves both directions: a cursor either writes the members it is
 * shown or reads them.  Integers are little endian and fixed in width.  A record is padded with
 * zeros to a multiple of 8 bytes, so that the next header is aligned.
 */
#include <assert.h>
#include <string.h>

#include "ledger/record_cursor.h"

static void
section_principal(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->partner);
	cursor_u32(c, &r->store);
	cursor_u32(c, &r->terminal);
}

static void
section_operator(struct cursor *c, struct record *r)
{
	cursor_bytes(c, r->operator_name, OPERATOR_BYTES);
	cursor_bytes(c, r->origin, ORIGIN_BYTES);
}

static void
section_transaction(struct cursor *c, struct record *r)
{
	cursor_bytes(c, r->transaction_id, sizeof(r->transaction_id));
	cursor_bytes(c, r->fingerprint, sizeof(r->fingerprint));
	cursor_i64(c, &r->business_time_utc_ms);
	cursor_u32(c, &r->transaction_row);
}

static void
section_member(struct cursor *c, struct record *r)
{
	cursor_u64(c, &r->member);
}

static void
section_amount(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->amount);
	cursor_i64(c, &r->points);
	cursor_u32(c, &r->rule_version);
}

static void
section_till(struct cursor *c, struct record *r)
{
	cursor_i32(c, &r->till_day);
	cursor_u32(c, &r->till);
	cursor_u8(c, &r->receipt_bytes);
	if (r->receipt_bytes > TG_RECEIPT_BYTES_MAX) {
		c->is_ok = false;
		return;
	}
	cursor_bytes(c, r->receipt, r->receipt_bytes);
	if (r->receipt_bytes > 0)
		cursor_bytes(c, r->receipt_key, sizeof(r->receipt_key));
	else
		memset(r->receipt_key, 0, sizeof(r->receipt_key));
}

static void
section_details(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->covered);
	cursor_i64(c, &r->base_points);
	cursor_i64(c, &r->bonus_points);
	cursor_u32(c, &r->bonus_sponsor);
	cursor_u32(c, &r->campaign);
	cursor_u8(c, &r->tender);
	cursor_u8(c, &r->channel);
	cursor_u8(c, &r->reason);
}

static void
section_original(struct cursor *c, struct record *r)
{
	cursor_bytes(c, r->original_id, sizeof(r->original_id));
	cursor_i64(c, &r->original_time_utc_ms);
	cursor_u32(c, &r->original_row);
	cursor_bytes(c, r->original_burn_id, sizeof(r->original_burn_id));
	cursor_u32(c, &r->original_burn_row);
}

static void
section_hold(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->hold_row);
	cursor_i64(c, &r->hold_deadline_utc_ms);
	cursor_i64(c, &r->captured_points);
}

static void
section_refunded(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->returned_money);
	cursor_i64(c, &r->returned_covered);
	cursor_i64(c, &r->taken_points);
	cursor_i64(c, &r->absorbed_points);
	cursor_i64(c, &r->debt_points);
	cursor_i64(c, &r->restored_points);
	cursor_i64(c, &r->restored_regular_points);
	cursor_i64(c, &r->lost_points);
	cursor_i64(c, &r->paid_debt_points);
}

static void
section_regular_day(struct cursor *c, struct record *r)
{
	cursor_i32(c, &r->regular_last_day);
}

static void
section_after(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->available_points);
	cursor_i64(c, &r->regular_points);
	cursor_i32(c, &r->next_expiry_day);
	cursor_i64(c, &r->next_expiry_points);
}

static void
section_after_other(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->pending_points);
	cursor_i64(c, &r->held_points);
	cursor_i64(c, &r->debt_after_points);
}

static void
section_postings(struct cursor *c, struct record *r)
{
	uint8_t count = (uint8_t)r->posting_count;

	cursor_u8(c, &count);
	r->posting_count = count;
	if (count > RECORD_POSTINGS_MAX)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < r->posting_count; i++) {
		struct posting *p = &r->postings[i];

		cursor_u8(c, &p->account);
		cursor_u8(c, &p->unit);
		cursor_u32(c, &p->partner);
		cursor_i64(c, &p->points);
	}
}

static void
move_attributes(struct cursor *c, struct move *m)
{
	cursor_u64(c, &m->serial);
	cursor_i32(c, &m->last_day);
	cursor_i32(c, &m->matures_day);
	cursor_i32(c, &m->life_days);
	cursor_u32(c, &m->usable_at);
	cursor_u32(c, &m->partner);
	cursor_u16(c, &m->lot_flags);
	cursor_u32(c, &m->campaign);
}

static void
section_moves(struct cursor *c, struct record *r)
{
	uint8_t count = (uint8_t)r->move_count;

	cursor_u8(c, &count);
	r->move_count = count;
	for (uint32_t i = 0; c->is_ok && i < r->move_count; i++) {
		struct move *m = &r->moves[i];

		cursor_u8(c, &m->kind);
		cursor_u8(c, &m->flags);
		cursor_u32(c, &m->row);
		cursor_i64(c, &m->points);
		if ((m->flags & MOVE_NEW) != 0) {
			move_attributes(c, m);
		} else if (m->kind == MOVE_COVER) {
			cursor_u64(c, &m->serial);
			cursor_u32(c, &m->partner);
		} else if (m->kind == MOVE_LOT || m->kind == MOVE_PENDING ||
			   m->kind == MOVE_PORTION) {
			cursor_u32(c, &m->partner);
		}
	}
}

/* The lines stay where they are: a decoded record borrows the journal's bytes. */
static void
section_lines(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->line_count);
	cursor_u16(c, &r->lines_bytes);
	if (!c->is_ok || (size_t)(c->end - c->at) < r->lines_bytes) {
		c->is_ok = false;
		return;
	}
	if (c->is_writing)
		memcpy(c->at, r->lines, r->lines_bytes);
	else
		r->lines = c->at;
	c->at += r->lines_bytes;
}

static void
section_identifiers(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->identifier_count);
	if (r->identifier_count > 2)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < r->identifier_count; i++) {
		struct identifier_image *image = &r->identifiers[i];

		cursor_u32(c, &image->row);
		cursor_u8(c, &image->type);
		cursor_u8(c, &image->key);
		cursor_bytes(c, image->hash, sizeof(image->hash));
	}
}

static void
section_programme(struct cursor *c, struct record *r)
{
	struct programme_config *p = &r->programme;

	cursor_u32(c, &p->version);
	cursor_u32(c, &p->flags);
	cursor_i64(c, &p->window_ms);
	cursor_i64(c, &p->clock_ahead_ms);
	cursor_i64(c, &p->burn_clock_ms);
	cursor_i64(c, &p->point_value_num);
	cursor_i64(c, &p->point_value_den);
	cursor_i32(c, &p->expiry_months);
	cursor_i32(c, &p->hold_seconds_default);
	cursor_i32(c, &p->hold_seconds_max);
	cursor_i32(c, &p->declines_per_terminal_day);
	cursor_i32(c, &p->debt_days);
	cursor_u8(c, &p->expiry_shape);
	cursor_u8(c, &p->vintage_months);
	cursor_u8(c, &p->sweep_month);
	cursor_u8(c, &p->sweep_day);
	cursor_i32(c, &p->debt_cycles);
	p->pad = 0;
	cursor_i64(c, &p->member_day_earn_points);
	cursor_i64(c, &p->member_day_burn_points);
	cursor_i64(c, &p->value_registered_max);
	cursor_i64(c, &p->value_bearer_max);
	cursor_i64(c, &p->value_day_max);
	cursor_i64(c, &r->window_floor_utc_ms);
}

static void
section_partner(struct cursor *c, struct record *r)
{
	struct partner_config *p = &r->partner_image;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->number);
	cursor_u32(c, &p->group);
	cursor_u32(c, &p->flags);
	cursor_i32(c, &p->pending_days);
	cursor_i32(c, &p->return_days);
	cursor_i32(c, &p->restored_days);
	cursor_i32(c, &p->joined_day);
	cursor_i32(c, &p->last_earn_day);
	cursor_i32(c, &p->last_burn_day);
	p->pad = 0;
	cursor_i64(c, &p->burn_minimum_points);
	cursor_i64(c, &p->burn_step_points);
	cursor_i64(c, &p->earn_transaction_points);
	cursor_i64(c, &p->burn_transaction_points);
	cursor_i64(c, &p->terminal_day_earn_points);
	cursor_i64(c, &p->terminal_day_burn_points);
	cursor_i64(c, &p->bonus_member_day_points);
	cursor_bytes(c, p->name, NAME_BYTES);
}

static void
section_rule(struct cursor *c, struct record *r)
{
	struct rule_config *p = &r->rule;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->version);
	cursor_i64(c, &p->base_num);
	cursor_i64(c, &p->base_den);
	cursor_i64(c, &p->bonus_num);
	cursor_i64(c, &p->bonus_den);
	cursor_i64(c, &p->bonus_threshold_amount);
	cursor_i64(c, &p->bonus_fixed_points);
	cursor_u32(c, &p->bonus_sponsor);
	cursor_i32(c, &p->bonus_days);
	cursor_u32(c, &p->bonus_usable_at);
	p->pad = 0;
}

static void
section_store(struct cursor *c, struct record *r)
{
	struct store_config *p = &r->store_image;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->number);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->flags);
	p->pad = 0;
	cursor_u64(c, &p->groups);
	cursor_bytes(c, p->name, NAME_BYTES);
}

static void
section_terminal(struct cursor *c, struct record *r)
{
	struct terminal_config *p = &r->terminal_image;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->number);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->store);
	cursor_u32(c, &p->flags);
	cursor_u16(c, &p->key_generation);
	cursor_u16(c, &p->key_generation_old);
	cursor_u32(c, &p->rights);
	cursor_i64(c, &p->old_key_until_utc_ms);
	cursor_bytes(c, p->name, NAME_BYTES);
}

static void
section_clock(struct cursor *c, struct record *r)
{
	cursor_i64(c, &r->clock_utc_ms);
}

static void
section_date(struct cursor *c, struct record *r)
{
	cursor_i32(c, &r->next_business_date);
}

static void
section_sweep(struct cursor *c, struct record *r)
{
	cursor_i32(c, &r->sweep_day);
	cursor_u8(c, &r->sweep_phase);
	cursor_u32(c, &r->sweep_row);
	cursor_i64(c, &r->sweep_before_utc_ms);
	cursor_u32(c, &r->forget_count);
}

static void
section_reopened(struct cursor *c, struct record *r)
{
	cursor_u64(c, &r->reopened_sequence);
	cursor_u8(c, &r->reopened_kind);
	cursor_i64(c, &r->reopened_booked_at_utc_ms);
}

static void
section_life(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->regular_life);
}

static void
section_counted(struct cursor *c, struct record *r)
{
	cursor_i32(c, &r->counted_day);
}

static void
section_text(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->text_bytes);
	if (r->text_bytes > RECORD_TEXT_BYTES_MAX)
		c->is_ok = false;
	if (c->is_ok)
		cursor_bytes(c, r->text, r->text_bytes);
}

static void
section_block(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->block_target);
	cursor_u8(c, &r->is_blocked);
	cursor_u32(c, &r->blocked_row);
}

static void
section_activation(struct cursor *c, struct record *r)
{
	struct activation *p = &r->activation;

	cursor_u32(c, &r->activation_row);
	cursor_u32(c, &p->terminal);
	cursor_u16(c, &p->key_generation);
	cursor_u16(c, &p->is_used);
	cursor_i64(c, &p->expires_utc_ms);
	cursor_bytes(c, p->code_hash, sizeof(p->code_hash));
	cursor_bytes(c, p->nonce, sizeof(p->nonce));
}

typedef void section_fn(struct cursor *, struct record *);

/* In the order of RECORD_SECTION_LIST. */
static section_fn *const sections[RECORD_INDEX_MORE] = {
	[RECORD_INDEX_PRINCIPAL] = section_principal,
	[RECORD_INDEX_OPERATOR] = section_operator,
	[RECORD_INDEX_TRANSACTION] = section_transaction,
	[RECORD_INDEX_MEMBER] = section_member,
	[RECORD_INDEX_AMOUNT] = section_amount,
	[RECORD_INDEX_TILL] = section_till,
	[RECORD_INDEX_DETAILS] = section_details,
	[RECORD_INDEX_ORIGINAL] = section_original,
	[RECORD_INDEX_HOLD] = section_hold,
	[RECORD_INDEX_REFUNDED] = section_refunded,
	[RECORD_INDEX_REGULAR_DAY] = section_regular_day,
	[RECORD_INDEX_AFTER] = section_after,
	[RECORD_INDEX_AFTER_OTHER] = section_after_other,
	[RECORD_INDEX_POSTINGS] = section_postings,
	[RECORD_INDEX_MOVES] = section_moves,
	[RECORD_INDEX_LINES] = section_lines,
	[RECORD_INDEX_IDENTIFIERS] = section_identifiers,
	[RECORD_INDEX_PROGRAMME] = section_programme,
	[RECORD_INDEX_PARTNER] = section_partner,
	[RECORD_INDEX_RULE] = section_rule,
	[RECORD_INDEX_STORE] = section_store,
	[RECORD_INDEX_TERMINAL] = section_terminal,
	[RECORD_INDEX_CLOCK] = section_clock,
	[RECORD_INDEX_DATE] = section_date,
	[RECORD_INDEX_SWEEP] = section_sweep,
	[RECORD_INDEX_REOPENED] = section_reopened,
	[RECORD_INDEX_COUNTED] = section_counted,
	[RECORD_INDEX_LIFE] = section_life,
	[RECORD_INDEX_TEXT] = section_text,
	[RECORD_INDEX_BLOCK] = section_block,
	[RECORD_INDEX_ACTIVATION] = section_activation,
};

/* In the order of RECORD_MORE_SECTION_LIST. */
static section_fn *const more_sections[RECORD_INDEX_END - 32] = {
	[RECORD_INDEX_COMPONENTS - 32] = record_section_components,
	[RECORD_INDEX_EARN_RULE - 32] = record_section_earn_rule,
	[RECORD_INDEX_RULEBOOK - 32] = record_section_rulebook,
	[RECORD_INDEX_BUDGET - 32] = record_section_budget,
	[RECORD_INDEX_CYCLE - 32] = record_section_cycle,
	[RECORD_INDEX_HOLIDAY - 32] = record_section_holiday,
	[RECORD_INDEX_CLOSED - 32] = record_section_closed,
	[RECORD_INDEX_STATEMENT - 32] = record_section_statement,
	[RECORD_INDEX_ITEM - 32] = record_section_item,
	[RECORD_INDEX_FUNDING - 32] = record_section_funding,
	[RECORD_INDEX_FUNDED - 32] = record_section_funded,
	[RECORD_INDEX_DAY_PROOF - 32] = record_section_day_proof,
	[RECORD_INDEX_PROPOSAL - 32] = record_section_proposal,
	[RECORD_INDEX_DISPUTE - 32] = record_section_dispute,
	[RECORD_INDEX_UNDONE - 32] = record_section_undone,
	[RECORD_INDEX_EXCHANGE - 32] = record_section_exchange,
	[RECORD_INDEX_CARRIED - 32] = record_section_carried,
	[RECORD_INDEX_OTHER - 32] = record_section_other,
	[RECORD_INDEX_SHARED - 32] = record_section_shared,
	[RECORD_INDEX_VALUE - 32] = record_section_value,
	[RECORD_INDEX_BIRTHDAY - 32] = record_section_birthday,
};

static_assert(RECORD_INDEX_MORE == 31, "the header's sections are bits of a uint32_t");
static_assert(RECORD_INDEX_END < 64, "all sections are bits of a uint64_t");
static_assert(RECORD_MOVES_MAX == UINT8_MAX, "moves are counted in a byte");

#define MORE_BIT ((uint32_t)RECORD_HAS_BIT(MORE))

/* The sections of the second list, behind their bits. */
static __attribute__((noinline)) void
walk_more(struct cursor *c, struct record *r)
{
	uint32_t more = (uint32_t)(r->sections >> 32);

	cursor_u32(c, &more);
	if (more == 0 || more >> (RECORD_INDEX_END - 32) != 0)
		c->is_ok = false;
	r->sections = (uint64_t)more << 32 | (uint32_t)r->sections;
	for (uint32_t left = more; c->is_ok && left != 0; left &= left - 1)
		more_sections[__builtin_ctz(left)](c, r);
}

#define HEADER_MEMBERS_BYTES (RECORD_HEADER_BYTES - 2)

/* Everything in the header but the length, in one piece: there is room for it or for nothing. */
static void
walk_header(struct cursor *c, struct record *r, uint32_t *sections_first)
{
	uint8_t bytes[HEADER_MEMBERS_BYTES] = { 0 };
	struct cursor h = { .at = bytes, .end = bytes + sizeof(bytes), .is_ok = true };

	if (!c->is_writing)
		cursor_bytes(c, bytes, sizeof(bytes));
	h.is_writing = c->is_writing;
	cursor_u8(&h, &r->kind);
	cursor_u8(&h, &r->version);
	cursor_u32(&h, sections_first);
	cursor_u64(&h, &r->sequence);
	cursor_i64(&h, &r->booked_at_utc_ms);
	cursor_i32(&h, &r->business_date);
	cursor_u16(&h, &r->status);
	cursor_u16(&h, &r->flags);
	if (c->is_writing)
		cursor_bytes(c, bytes, sizeof(bytes));
}

static void
record_walk(struct cursor *c, struct record *r)
{
	uint32_t header = (uint32_t)r->sections | (r->sections > UINT32_MAX ? MORE_BIT : 0);

	walk_header(c, r, &header);
	if (!c->is_writing) {
		if (r->version > RECORD_VERSION)
			return;
		r->sections = header & ~MORE_BIT;
	}
	for (uint32_t left = header & ~MORE_BIT; c->is_ok && left != 0; left &= left - 1)
		sections[__builtin_ctz(left)](c, r);
	if ((header & MORE_BIT) != 0)
		walk_more(c, r);
}

size_t
record_encode(const struct record *record, uint8_t *bytes, size_t capacity)
{
	/* The cursor only reads members while it writes: the cast changes nothing. */
	struct record *r = (struct record *)(uintptr_t)record;
	struct cursor c = {
		.at = bytes + 2,
		.end = bytes + (capacity < RECORD_BYTES_MAX ? capacity : RECORD_BYTES_MAX),
		.is_writing = true,
		.is_ok = capacity >= RECORD_HEADER_BYTES,
	};
	size_t length;

	record_walk(&c, r);
	length = (size_t)(c.at - bytes);
	while (c.is_ok && length % 8 != 0) {
		if (c.at == c.end)
			return 0;
		*c.at++ = 0;
		length++;
	}
	if (!c.is_ok)
		return 0;
	bytes[0] = (uint8_t)length;
	bytes[1] = (uint8_t)(length >> 8);
	return length;
}

size_t
record_peek_bytes(const uint8_t *bytes, size_t size)
{
	return size < RECORD_HEADER_BYTES ? 0 : (size_t)(bytes[0] | bytes[1] << 8);
}

enum tg_status
record_decode(const uint8_t *bytes, size_t size, struct record *ret_record, size_t *ret_bytes)
{
	size_t length = record_peek_bytes(bytes, size);
	/* The cursor only writes to the record while it reads the bytes. */
	struct cursor c = {
		.at = (uint8_t *)(uintptr_t)bytes + 2,
		.end = (uint8_t *)(uintptr_t)bytes + length,
		.is_writing = false,
		.is_ok = true,
	};

	if (length < RECORD_HEADER_BYTES || length > size || length % 8 != 0)
		return TG_CORRUPT;
	record_init(ret_record);
	record_walk(&c, ret_record);
	if (ret_record->version > RECORD_VERSION)
		return TG_TOO_NEW;
	if (!c.is_ok || ret_record->version == 0)
		return TG_CORRUPT;
	if ((size_t)(c.end - c.at) >= 8)
		return TG_CORRUPT;
	while (c.at < c.end) {
		if (*c.at++ != 0)
			return TG_CORRUPT;
	}
	*ret_bytes = length;
	return TG_OK;
}
