/*
 * record_sample.c - records with every member set, for tests of their bytes.
 */
#include "tests/ledger/record_sample.h"

#include <string.h>

/* Bytes that repeat after 251, so that a member read from a wrong place shows. */
static void
fill(void *at, size_t size, uint8_t from)
{
	uint8_t *bytes = at;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(from + i % 251);
}

void
record_sample_fill(struct record *record, uint8_t *lines, uint64_t sections)
{
	struct purchase_line line = { .item = (const uint8_t *)"tea", .item_bytes = 3 };

	fill(record, sizeof(*record), (uint8_t)sections);
	record_init(record);
	record->sections = sections;
	record->sequence = 0x1122334455667788;
	record->booked_at_utc_ms = -5;
	record->business_date = 19814;
	record->kind = RECORD_EARN;
	record->receipt_bytes = 7;
	record->posting_count = 3;
	record->move_count = 4;
	for (uint32_t i = 0; i < record->move_count; i++)
		record->moves[i].flags = i % 2 == 0 ? MOVE_NEW : MOVE_GONE;
	record->identifier_count = 2;
	record->component_count = 3;
	record->undone_count = 3;
	record->budget_count = 2;
	record->text_bytes = RECORD_TEXT_BYTES_MAX;
	record->proposal.text_bytes = sizeof(record->proposal.text);
	record->earn_rule.sponsor_count = SPONSORS_MAX;
	record->lines = lines;
	record->lines_bytes = 0;
	for (record->line_count = 0; record->line_count < 3; record->line_count++) {
		line.category = record->line_count;
		line.quantity = 1000;
		line.amount = -12345678901 * record->line_count;
		record->lines_bytes =
			(uint16_t)(record->lines_bytes +
				   record_line_append(lines + record->lines_bytes,
						      RECORD_SAMPLE_LINES_BYTES -
							      record->lines_bytes,
						      &line));
	}
}
