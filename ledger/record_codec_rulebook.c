/*
 * record_codec_rulebook.c - the bytes of components, rulebook and budgets in a record.
 */
#include <string.h>

#include "ledger/record_cursor.h"

#define COMPONENT_BYTES 53

/* In one piece: there is room for all of it or for nothing. */
static inline void
component(struct cursor *c, struct record_component *p)
{
	uint8_t bytes[COMPONENT_BYTES] = { 0 };
	struct cursor one = { .at = bytes, .end = bytes + sizeof(bytes), .is_ok = true };

	if (!c->is_writing)
		cursor_bytes(c, bytes, sizeof(bytes));
	one.is_writing = c->is_writing;
	cursor_u32(&one, &p->row);
	cursor_u32(&one, &p->campaign_row);
	cursor_u32(&one, &p->campaign);
	cursor_u32(&one, &p->rate_row);
	cursor_u32(&one, &p->sponsor);
	cursor_u32(&one, &p->budget_row);
	cursor_u32(&one, &p->budget);
	cursor_u32(&one, &p->counter_row);
	cursor_u8(&one, &p->refusal);
	cursor_i64(&one, &p->amount);
	cursor_i64(&one, &p->points);
	cursor_u16(&one, &p->campaign_position);
	cursor_u16(&one, &p->rate_position);
	if (c->is_writing)
		cursor_bytes(c, bytes, sizeof(bytes));
}

void
record_section_components(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->rulebook_version);
	cursor_u8(c, &r->component_count);
	if (r->component_count > RECORD_COMPONENTS_MAX)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < r->component_count; i++)
		component(c, &r->components[i]);
}

void
record_section_undone(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->undone_count);
	if (r->undone_count > RECORD_COMPONENTS_MAX)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < r->undone_count; i++) {
		cursor_i64(c, &r->undone[i].amount);
		cursor_i64(c, &r->undone[i].points);
	}
}

void
record_section_carried(struct cursor *c, struct record *r)
{
	struct carried *p = &r->carried;

	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->row);
	cursor_i32(c, &p->day);
	cursor_u32(c, &p->rule_version);
	cursor_i64(c, &p->before);
	cursor_i64(c, &p->after);
}

void
record_section_birthday(struct cursor *c, struct record *r)
{
	cursor_u16(c, &r->birthday);
}

void
record_section_earn_rule(struct cursor *c, struct record *r)
{
	struct earn_rule *p = &r->earn_rule;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->version);
	cursor_u32(c, &p->position);
	cursor_u32(c, &p->number);
	cursor_u32(c, &p->flags);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->store);
	cursor_u32(c, &p->store_group);
	cursor_u32(c, &p->category_from);
	cursor_u32(c, &p->category_to);
	cursor_i32(c, &p->from_day);
	cursor_i32(c, &p->until_day);
	cursor_u16(c, &p->from_minute);
	cursor_u16(c, &p->until_minute);
	cursor_u8(c, &p->weekdays);
	cursor_u8(c, &p->tender);
	cursor_u8(c, &p->tier);
	cursor_u8(c, &p->sponsor_count);
	cursor_u32(c, &p->tag);
	cursor_u32(c, &p->sponsor);
	cursor_i32(c, &p->days);
	cursor_u32(c, &p->usable_at);
	cursor_u32(c, &p->budget);
	cursor_u32(c, &p->member_times);
	cursor_u32(c, &p->step);
	cursor_i64(c, &p->member_points);
	cursor_i64(c, &p->member_day_points);
	cursor_i64(c, &p->threshold_amount);
	cursor_i64(c, &p->rate_num);
	cursor_i64(c, &p->rate_den);
	cursor_i64(c, &p->fixed_points);
	cursor_bytes(c, p->name, sizeof(p->name));
	if (p->sponsor_count > SPONSORS_MAX)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < SPONSORS_MAX; i++) {
		if (i >= p->sponsor_count) {
			p->sponsors[i] = (struct sponsor_share){ 0, 0 };
			continue;
		}
		cursor_u32(c, &p->sponsors[i].partner);
		cursor_u32(c, &p->sponsors[i].weight);
	}
}

void
record_section_exchange(struct cursor *c, struct record *r)
{
	struct exchange *p = &r->exchange;

	cursor_u32(c, &p->version);
	cursor_u32(c, &p->position);
	cursor_u8(c, &p->direction);
	memset(p->pad, 0, sizeof(p->pad));
	cursor_i64(c, &p->given);
	cursor_i64(c, &p->expected);
	cursor_i64(c, &p->own_units);
	cursor_i64(c, &p->rate_num);
	cursor_i64(c, &p->rate_den);
}

void
record_section_rulebook(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->config_row);
	cursor_u32(c, &r->rulebook.version);
	cursor_u32(c, &r->rulebook.rule_count);
	cursor_i64(c, &r->rulebook.starts_at_utc_ms);
}

void
record_section_budget(struct cursor *c, struct record *r)
{
	cursor_u8(c, &r->budget_action);
	cursor_u8(c, &r->budget_count);
	if (r->budget_count > 2)
		c->is_ok = false;
	for (uint32_t i = 0; c->is_ok && i < r->budget_count; i++) {
		struct budget *p = &r->budgets[i];

		cursor_u32(c, &r->budget_rows[i]);
		cursor_u32(c, &p->number);
		cursor_u32(c, &p->parent);
		cursor_u32(c, &p->flags);
		cursor_u32(c, &p->asked_from);
		cursor_i64(c, &p->granted_points);
		cursor_i64(c, &p->passed_points);
		cursor_i64(c, &p->asked_points);
		cursor_bytes(c, p->asked_by, sizeof(p->asked_by));
		cursor_bytes(c, p->name, sizeof(p->name));
	}
}
