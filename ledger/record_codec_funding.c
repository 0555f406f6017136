/*
 * record_codec_funding.c - the bytes of a record's sections about funding and stored value.
 */
#include <string.h>

#include "ledger/record_cursor.h"

void
record_section_funding(struct cursor *c, struct record *r)
{
	struct funding_config *p = &r->funding;

	cursor_u32(c, &r->config_row);
	cursor_u32(c, &p->partner);
	cursor_u32(c, &p->version);
	cursor_u32(c, &p->flags);
	cursor_i64(c, &p->issue_price_micro);
	cursor_i64(c, &p->redeem_price_micro);
	cursor_i64(c, &p->issue_fee_micro);
	cursor_i64(c, &p->redeem_fee_micro);
	cursor_i64(c, &p->transaction_fee_micro);
	cursor_i64(c, &p->month_fee_micro);
	cursor_i64(c, &p->overdraft_points);
	cursor_i64(c, &p->alert_points);
	p->pad = 0;
}

void
record_section_funded(struct cursor *c, struct record *r)
{
	cursor_u32(c, &r->funded_partner);
	cursor_u32(c, &r->cover_row);
	cursor_i64(c, &r->funded_points);
	cursor_i64(c, &r->funded_price_micro);
}

void
record_section_value(struct cursor *c, struct record *r)
{
	struct record_value *p = &r->value;

	cursor_u32(c, &p->row);
	cursor_u32(c, &p->other_row);
	cursor_u8(c, &p->is_new);
	cursor_u8(c, &p->flags);
	cursor_u8(c, &p->other_flags);
	memset(p->pad, 0, sizeof(p->pad));
	cursor_i64(c, &p->change);
	cursor_i64(c, &p->after);
	cursor_i64(c, &p->lent);
	cursor_i64(c, &p->shared);
}
