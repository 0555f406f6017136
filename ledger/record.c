/*
 * record.c - names, sums and receipt lines of records.
 *
 * The bytes of a record are the business of record_codec.c.
 */
#include "ledger/record.h"

#include <string.h>

void
record_init(struct record *record)
{
	memset(record, 0, offsetof(struct record, partner));
	record->version = RECORD_VERSION;
	record->posting_count = 0;
	record->move_count = 0;
	record->line_count = 0;
	record->lines_bytes = 0;
	record->lines = NULL;
	record->identifier_count = 0;
	record->component_count = 0;
	record->undone_count = 0;
	record->budget_count = 0;
}

int64_t
record_posting_sum(const struct record *record, enum unit unit)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < record->posting_count; i++) {
		if (record->postings[i].unit == (uint8_t)unit)
			sum += record->postings[i].points;
	}
	return sum;
}

int64_t
record_posted_points(const struct record *record, enum account account)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < record->posting_count; i++) {
		if (record->postings[i].account == (uint8_t)account)
			sum += record->postings[i].points;
	}
	return sum;
}

const char *
record_kind_name(uint8_t kind)
{
	switch (kind) {
#define RECORD_KIND_NAME(name, number, text)                                                       \
	case number:                                                                               \
		return #name;
		RECORD_KIND_LIST(RECORD_KIND_NAME)
#undef RECORD_KIND_NAME
	default:
		return "?";
	}
}

const char *
account_name(uint8_t account)
{
	switch (account) {
#define ACCOUNT_NAME(name, number, sign, per_partner, text)                                        \
	case number:                                                                               \
		return #name;
		ACCOUNT_LIST(ACCOUNT_NAME)
#undef ACCOUNT_NAME
	default:
		return "?";
	}
}

/* A line: length of the item, item, category u32, quantity u32, amount i64, little endian. */
size_t
record_line_append(uint8_t *bytes, size_t capacity, const struct purchase_line *line)
{
	size_t length = (size_t)1 + line->item_bytes + 16;

	if (line->item_bytes > LINE_ITEM_BYTES_MAX || length > capacity)
		return 0;
	bytes[0] = line->item_bytes;
	memcpy(bytes + 1, line->item, line->item_bytes);
	bytes += 1 + line->item_bytes;
	for (int i = 0; i < 4; i++) {
		bytes[i] = (uint8_t)(line->category >> (8 * i));
		bytes[4 + i] = (uint8_t)(line->quantity >> (8 * i));
	}
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (uint8_t)((uint64_t)line->amount >> (8 * i));
	return length;
}

bool
record_line_next(const struct record *record, size_t *offset, struct purchase_line *ret_line)
{
	const uint8_t *bytes = record->lines + *offset;
	size_t left = record->lines_bytes - *offset;
	size_t item_bytes;
	uint64_t amount = 0;

	if (*offset >= record->lines_bytes)
		return false;
	item_bytes = bytes[0];
	if (item_bytes > LINE_ITEM_BYTES_MAX || left < 1 + item_bytes + 16)
		return false;
	ret_line->item = bytes + 1;
	ret_line->item_bytes = (uint8_t)item_bytes;
	bytes += 1 + item_bytes;
	ret_line->category = 0;
	ret_line->quantity = 0;
	for (int i = 3; i >= 0; i--) {
		ret_line->category = ret_line->category << 8 | bytes[i];
		ret_line->quantity = ret_line->quantity << 8 | bytes[4 + i];
	}
	for (int i = 7; i >= 0; i--)
		amount = amount << 8 | bytes[8 + i];
	ret_line->amount = (int64_t)amount;
	*offset += 1 + item_bytes + 16;
	return true;
}

struct member_sums
member_sums_add(struct member_sums a, struct member_sums b)
{
	struct member_sums sum = a.next_expiry_day <= b.next_expiry_day ? a : b;

	if (a.next_expiry_day == b.next_expiry_day)
		sum.next_expiry_points = a.next_expiry_points + b.next_expiry_points;
	sum.available_points = a.available_points + b.available_points;
	sum.regular_points = a.regular_points + b.regular_points;
	sum.pending_points = a.pending_points + b.pending_points;
	sum.held_points = a.held_points + b.held_points;
	sum.debt_points = a.debt_points + b.debt_points;
	return sum;
}

struct member_sums
record_shown(const struct record *record)
{
	const bool has_other = RECORD_HAS(record, AFTER_OTHER);
	const struct member_sums own = {
		.available_points = record->available_points,
		.regular_points = record->regular_points,
		.pending_points = has_other ? record->pending_points : 0,
		.held_points = has_other ? record->held_points : 0,
		.debt_points = has_other ? record->debt_after_points : 0,
		.next_expiry_points = record->next_expiry_points,
		.next_expiry_day = record->next_expiry_day,
	};

	/* What was parted is shared no more. */
	return RECORD_HAS(record, SHARED) && record->kind != RECORD_UNMERGE ?
		       member_sums_add(own, record->shared) :
		       own;
}
