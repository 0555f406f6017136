/*
 * record_codec_matters.c - the bytes of what records say of countersigned days, proposals,
 * disputes and merged members.
 */
#include <string.h>

#include "ledger/record_cursor.h"

/* What is not in the bytes is zero when read. */
static void
clear(const struct cursor *c, uint8_t *bytes, size_t count)
{
	if (!c->is_writing)
		memset(bytes, 0, count);
}

void
record_section_day_proof(struct cursor *c, struct record *r)
{
	struct day_proof *p = &r->day_proof;

	cursor_u32(c, &r->proof_row);
	cursor_u32(c, &p->owner);
	cursor_i32(c, &p->day);
	cursor_u8(c, &p->scope);
	cursor_u8(c, &p->basis);
	clear(c, p->pad, sizeof(p->pad));
	cursor_i64(c, &p->count);
	cursor_bytes(c, p->digest, sizeof(p->digest));
	cursor_bytes(c, p->chain, sizeof(p->chain));
}

void
record_section_proposal(struct cursor *c, struct record *r)
{
	struct proposal *p = &r->proposal;

	cursor_u32(c, &r->proposal_row);
	cursor_u64(c, &p->number);
	cursor_i64(c, &p->expires_utc_ms);
	cursor_bytes(c, p->proposer, sizeof(p->proposer));
	cursor_u8(c, &p->state);
	cursor_u8(c, &p->text_bytes);
	clear(c, p->pad, sizeof(p->pad));
	if (p->text_bytes > sizeof(p->text)) {
		c->is_ok = false;
		return;
	}
	cursor_bytes(c, p->text, p->text_bytes);
	clear(c, p->text + p->text_bytes, sizeof(p->text) - p->text_bytes);
}

void
record_section_dispute(struct cursor *c, struct record *r)
{
	struct dispute *p = &r->dispute;

	cursor_u32(c, &r->dispute_row);
	cursor_u64(c, &p->number);
	cursor_u64(c, &p->about);
	cursor_u64(c, &p->member);
	cursor_i64(c, &p->amount);
	cursor_u32(c, &p->partner);
	cursor_u8(c, &p->reason);
	cursor_u8(c, &p->state);
	clear(c, p->pad, sizeof(p->pad));
	cursor_bytes(c, p->original_id, sizeof(p->original_id));
}

void
record_section_other(struct cursor *c, struct record *r)
{
	cursor_u64(c, &r->other_member);
	cursor_u32(c, &r->extension_rows[0]);
	cursor_u32(c, &r->extension_rows[1]);
}

void
record_section_shared(struct cursor *c, struct record *r)
{
	struct member_sums *p = &r->shared;

	cursor_i64(c, &p->available_points);
	cursor_i64(c, &p->regular_points);
	cursor_i64(c, &p->pending_points);
	cursor_i64(c, &p->held_points);
	cursor_i64(c, &p->debt_points);
	cursor_i64(c, &p->next_expiry_points);
	cursor_i32(c, &p->next_expiry_day);
	p->pad = 0;
}
