/*
 * entries.c - a partner's entries of a business date, fetched into a CSV file.
 */
#include "contrib/settle/entries.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "contrib/common/cell.h"
#include "contrib/common/day.h"
#include "contrib/common/outcome.h"
#include "contrib/common/table.h"
#include "contrib/common/transaction_id.h"
#include "contrib/common/when.h"
#include "contrib/common/word.h"
#include "contrib/settle/ask.h"

/* Columns.  The rows of a file that is gone on with are read by their place. */
enum {
	COLUMN_SEQUENCE,
	COLUMN_DATE,
	COLUMN_BOOKED_AT,
	COLUMN_OPERATION,
	COLUMN_OUTCOME,
	COLUMN_TRANSACTION,
	COLUMN_ORIGINAL,
	COLUMN_MEMBER,
	COLUMN_STORE,
	COLUMN_TERMINAL,
	COLUMN_TILL,
	COLUMN_TILL_DAY,
	COLUMN_RECEIPT,
	COLUMN_AMOUNT,
	COLUMN_COVERED,
	COLUMN_POINTS,
	COLUMN_CHANGE,
	COLUMN_TEST,
	COLUMN_COUNT
};

static const char column_names[] =
	"sequence,business_date,booked_at,operation,outcome,transaction,original,member,store,"
	"terminal,till,till_day,receipt,amount,covered,points,change,test\n";

/* Count an entry that is in the file. */
static void
count(struct entries *entries, uint64_t sequence, const struct total_sum *sum, bool is_test)
{
	entries->last_sequence = sequence;
	entries->count++;
	if (!is_test)
		totals_add(&entries->totals, sum);
}

/* Read a row of the file. */
static bool
take_row(struct entries *entries, const struct csv_row *row)
{
	const uint32_t status = outcome_read(row->cells[COLUMN_OUTCOME]);
	struct total_sum sum = {
		.kind = outcome_operation(row->cells[COLUMN_OPERATION]),
		.is_declined = !outcome_is_done(status),
		.count = 1,
	};
	int64_t sequence;

	if (status == OUTCOME_NONE || sum.kind == OUTCOME_NONE ||
	    !word_number(row->cells[COLUMN_SEQUENCE], 1, INT64_MAX, &sequence) ||
	    (uint64_t)sequence <= entries->last_sequence ||
	    !day_parse(row->cells[COLUMN_DATE], &sum.day) || sum.day != entries->day ||
	    !word_number(row->cells[COLUMN_AMOUNT], 0, TG_AMOUNT_MAX, &sum.amount) ||
	    !word_number(row->cells[COLUMN_POINTS], -TG_BALANCE_MAX, TG_BALANCE_MAX, &sum.points))
		return false;
	count(entries, (uint64_t)sequence, &sum, row->cells[COLUMN_TEST][0] != '\0');
	return true;
}

/* Read all that an earlier run has left. */
static bool
take_over(struct entries *entries, struct failure *failure)
{
	struct table old = { .bytes = NULL };
	struct csv_row row;
	bool is_ok = table_read(&old, entries->kept.path, ',', failure);

	if (is_ok && old.column_count != COLUMN_COUNT)
		is_ok = failure_set(failure, "%s: not a file of entries", entries->kept.path);
	for (uint32_t i = 0; is_ok && i < old.line_count; i++)
		if (table_row(&old, i, &row) != CSV_ROW || !take_row(entries, &row))
			is_ok = failure_set(failure, "%s:%u: not a line of entries",
					    entries->kept.path, old.lines[i].number);
	entries->known_count = entries->count;
	table_deinit(&old);
	return is_ok;
}

bool
entries_open(struct entries *entries, const char *path, int32_t day,
	     const struct tg_session *session, struct failure *failure)
{
	char date[DAY_TEXT_BYTES];
	bool is_empty;

	memset(entries, 0, sizeof(*entries));
	entries->day = day;
	day_format(day, date);
	snprintf(entries->head, sizeof(entries->head),
		 "# tally-settle entries 1 %s partner %" PRIu32 " instance %s\n", date,
		 session->partner, session->instance);
	entries->kept = (struct kept){ path, entries->head, "file of entries",
				       "entries of another day or partner; name another file" };
	if (!kept_open(&entries->kept, &entries->file, &is_empty, failure))
		return false;
	if (!is_empty)
		return take_over(entries, failure);
	if (fprintf(entries->file, "%s%s", entries->head, column_names) < 0 ||
	    fflush(entries->file) != 0)
		return failure_set_errno(failure, errno, "%s", path);
	return true;
}

/* A number and a comma; nothing for 0 where that means none. */
static void
write_number(FILE *file, uint64_t number)
{
	if (number != 0)
		fprintf(file, "%" PRIu64, number);
	fputc(',', file);
}

/* An id, with a time if there is one, and a comma. */
static void
write_id(FILE *file, const uint8_t *id, uint32_t bytes, int64_t time_ms)
{
	char text[TRANSACTION_ID_TEXT_BYTES];

	if (bytes == TG_TRANSACTION_ID_BYTES) {
		transaction_id_format(id, text);
		fputs(text, file);
		if (time_ms != 0)
			fprintf(file, "@%" PRId64, time_ms);
	}
	fputc(',', file);
}

static void
write_day(FILE *file, int32_t day)
{
	char text[DAY_TEXT_BYTES];

	if (day != 0) {
		day_format(day, text);
		fputs(text, file);
	}
	fputc(',', file);
}

static void
write_row(struct entries *entries, const struct tg_history *row)
{
	char when[WHEN_TEXT_BYTES], receipt[TG_RECEIPT_BYTES_MAX + 1];
	FILE *file = entries->file;

	when_format(row->booked_at_utc_ms, when);
	snprintf(receipt, sizeof(receipt), "%.*s", (int)row->receipt_bytes, row->receipt);
	fprintf(file, "%" PRId64 ",", row->sequence);
	write_day(file, row->business_date);
	fprintf(file, "%s,%s,", when, tg_operation_name(row->kind));
	outcome_write(file, row->status);
	fputc(',', file);
	write_id(file, row->id, row->id_bytes, row->business_time_utc_ms);
	write_id(file, row->original, row->original_bytes, 0);
	write_number(file, (uint64_t)row->member);
	write_number(file, row->store);
	write_number(file, row->terminal);
	write_number(file, row->till);
	write_day(file, row->till_day);
	cell_write(file, receipt);
	fprintf(file, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s\n", row->amount,
		row->covered, row->points, row->change, row->is_test ? "yes" : "");
}

/* Write down a page.  False with the reason, also if it does not follow what is there. */
static bool
take_page(struct entries *entries, const struct tg_message *answer, struct failure *failure)
{
	struct tg_history row;
	struct tg_rows rows;

	entries->is_complete = tg_message_integer(answer, TG_FIELD_COMPLETE, 0) != 0;
	entries->held_sequence = tg_message_integer(answer, TG_FIELD_HELD_SEQUENCE, 0);
	entries->lag_records = tg_message_integer(answer, TG_FIELD_LAG_RECORDS, 0);
	entries->lag_ms = tg_message_integer(answer, TG_FIELD_LAG, 0);
	entries->business_date = (int32_t)tg_message_integer(answer, TG_FIELD_BUSINESS_DATE, 0);
	if (!tg_message_has(answer, TG_FIELD_HISTORY))
		return true;
	tg_rows_start(&answer->values[TG_FIELD_HISTORY], &rows);
	while (tg_rows_next_history(&rows, &row)) {
		const struct total_sum sum = {
			.day = row.business_date,
			.kind = row.kind,
			.is_declined = !outcome_is_done(row.status),
			.count = 1,
			.points = row.points,
			.amount = row.amount,
		};

		if ((uint64_t)row.sequence <= entries->last_sequence ||
		    row.business_date != entries->day)
			return failure_set(failure, "the gateway told record %" PRId64
					   " out of its turn", row.sequence);
		write_row(entries, &row);
		count(entries, (uint64_t)row.sequence, &sum, row.is_test);
	}
	if (fflush(entries->file) != 0 || ferror(entries->file) != 0)
		return failure_set_errno(failure, errno, "%s", entries->kept.path);
	return true;
}

bool
entries_fetch(struct entries *entries, struct tg_client *client, uint32_t timeout_ms,
	      struct gauge *gauge, struct failure *failure)
{
	struct tg_message request, answer;

	do {
		tg_message_init(&request, 0, TG_OP_ENTRIES);
		tg_message_set_integer(&request, TG_FIELD_DAY, entries->day);
		tg_message_set_integer(&request, TG_FIELD_AFTER, (int64_t)entries->last_sequence);
		if (!ask_gateway(client, &request, timeout_ms, &answer, failure) ||
		    !take_page(entries, &answer, failure))
			return false;
		gauge_set(gauge, entries->count);
	} while (tg_message_integer(&answer, TG_FIELD_MORE, 0) != 0);
	return true;
}

bool
entries_close(struct entries *entries, struct failure *failure)
{
	bool is_ok = kept_close(&entries->kept, entries->file, failure);

	entries->file = NULL;
	totals_deinit(&entries->totals);
	return is_ok;
}
