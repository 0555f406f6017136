/*
 * record_codec_settlement.c - the bytes of what records say of settlement.
 */
#include "ledger/record_cursor.h"

static void
cycle_members(struct cursor *c, struct cycle *p)
{
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->number);
	cursor_i32(c, &p->first_day);
	cursor_i32(c, &p->last_day);
}

void
record_section_cycle(struct cursor *c, struct record *r)
{
	struct cycle_config *p = &r->cycle_image;

	cursor_u32(c, &r->cycle_row);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->period);
	cursor_u32(c, &p->ends_on);
	cursor_u32(c, &p->calendar);
	cursor_u32(c, &p->flags);
	p->pad = 0;
	cursor_i64(c, &p->minimum_amount);
	cycle_members(c, &r->cycle_open);
}

void
record_section_holiday(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->holiday_row);
	cursor_u32(c, &r->holiday.calendar);
	cursor_i32(c, &r->holiday.day);
	cursor_u32(c, &r->holiday.is_rest);
	r->holiday.pad = 0;
}

void
record_section_closed(struct cursor *c, struct record *r)
{
	struct settlement_terms *p = &r->terms;

	cursor_u32(c, &r->statement_row);
	cycle_members(c, &r->closed);
	cursor_u32(c, &p->is_traced);
	p->pad = 0;
	cursor_i64(c, &p->issued_num);
	cursor_i64(c, &p->issued_den);
	cursor_i64(c, &p->redeemed_num);
	cursor_i64(c, &p->redeemed_den);
	cursor_i64(c, &p->minimum_amount);
}

void
record_section_statement(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->statement_row);
	cursor_u32(c, &r->statement_partner);
	cursor_u32(c, &r->statement_cycle);
	cursor_u8(c, &r->statement_state);
}

void
record_section_item(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->item.partner);
	cursor_u32(c, &r->item.other);
	cursor_i64(c, &r->item.amount);
	cursor_u64(c, &r->item.about);
}
