/*
 * record_cursor.h - members of a record, written to bytes or read from them alike.
 *
 * For the files that describe a record's sections (record_codec*.c).
 */
#ifndef TG_LEDGER_RECORD_CURSOR_H
#define TG_LEDGER_RECORD_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ledger/record.h"

/* at..end is what is left; is_ok falls when it does not suffice, and nothing is touched after. */
struct cursor {
	uint8_t *at;
	uint8_t *end;
	bool is_writing;
	bool is_ok;
};

static inline void
cursor_bytes(struct cursor *c, void *member, size_t bytes)
{
	if (!c->is_ok || (size_t)(c->end - c->at) < bytes) {
		c->is_ok = false;
		return;
	}
	if (c->is_writing)
		memcpy(c->at, member, bytes);
	else
		memcpy(member, c->at, bytes);
	c->at += bytes;
}

static inline void
cursor_u8(struct cursor *c, uint8_t *member)
{
	cursor_bytes(c, member, 1);
}

static inline void
cursor_u16(struct cursor *c, uint16_t *member)
{
	uint16_t little = htole16(*member);

	cursor_bytes(c, &little, 2);
	if (!c->is_writing && c->is_ok)
		*member = le16toh(little);
}

static inline void
cursor_u32(struct cursor *c, uint32_t *member)
{
	uint32_t little = htole32(*member);

	cursor_bytes(c, &little, 4);
	if (!c->is_writing && c->is_ok)
		*member = le32toh(little);
}

static inline void
cursor_u64(struct cursor *c, uint64_t *member)
{
	uint64_t little = htole64(*member);

	cursor_bytes(c, &little, 8);
	if (!c->is_writing && c->is_ok)
		*member = le64toh(little);
}

static inline void
cursor_i32(struct cursor *c, int32_t *member)
{
	uint32_t bits = (uint32_t)*member;

	cursor_u32(c, &bits);
	*member = (int32_t)bits;
}

static inline void
cursor_i64(struct cursor *c, int64_t *member)
{
	uint64_t bits = (uint64_t)*member;

	cursor_u64(c, &bits);
	*member = (int64_t)bits;
}

/* Components, rulebook and budgets (record_codec_rulebook.c). */
void record_section_components(struct cursor *c, struct record *r);
void record_section_undone(struct cursor *c, struct record *r);
void record_section_carried(struct cursor *c, struct record *r);
void record_section_birthday(struct cursor *c, struct record *r);
void record_section_earn_rule(struct cursor *c, struct record *r);
void record_section_exchange(struct cursor *c, struct record *r);
void record_section_rulebook(struct cursor *c, struct record *r);
void record_section_budget(struct cursor *c, struct record *r);

/* What partners pay and may issue (record_codec_funding.c). */
void record_section_funding(struct cursor *c, struct record *r);
void record_section_funded(struct cursor *c, struct record *r);
void record_section_value(struct cursor *c, struct record *r);

/* Sections of settlement (record_codec_settlement.c). */
void record_section_cycle(struct cursor *c, struct record *r);
void record_section_holiday(struct cursor *c, struct record *r);
void record_section_closed(struct cursor *c, struct record *r);
void record_section_statement(struct cursor *c, struct record *r);
void record_section_item(struct cursor *c, struct record *r);

/* Countersigned days, proposals, disputes (record_codec_matters.c). */
void record_section_day_proof(struct cursor *c, struct record *r);
void record_section_proposal(struct cursor *c, struct record *r);
void record_section_dispute(struct cursor *c, struct record *r);

/* Members that are merged, in the same file. */
void record_section_other(struct cursor *c, struct record *r);
void record_section_shared(struct cursor *c, struct record *r);

#endif
