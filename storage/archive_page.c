/*
 * archive_page.c - entries as MariaDB has them, by pages: of a member, or of a partner's day.
 *
 * Each page is a range of an index that has what is asked for in the order wanted: (member,
 * sequence) or (partner, business_date, sequence).  So a page costs the same wherever it lies.
 */
#include "storage/archive_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/archive_internal.h"
#include "storage/civil.h"

#define SQL_BYTES_MAX ARCHIVE_SQL_BYTES_MAX
#define DATE_BYTES ARCHIVE_DATE_BYTES

/* A day of a DATE column, as a number. */
#define SQL_DAY(column) "DATEDIFF(" column ", '1970-01-01')"

/* In the order that on_entry() reads them. */
static const char columns[] =
	"e.sequence, " SQL_DAY("e.business_date") ", " SQL_MS("e.booked_at") ", e.kind, e.status,"
	" e.member, e.store, e.terminal, HEX(e.transaction_id), " SQL_MS("e.business_time") ","
	" HEX(COALESCE(e.original_id, e.original_burn_id)), e.till, " SQL_DAY("e.till_day") ","
	" e.receipt, e.amount, e.covered, e.points,"
	" CAST(e.restored_points AS SIGNED) - CAST(e.taken_points AS SIGNED), e.flags + 0";

int64_t
archive_counted_points(uint32_t kind, uint32_t flags, int64_t points, int64_t restored_less_taken)
{
	if (kind == RECORD_REFUND || kind == RECORD_REVERSE)
		return restored_less_taken;
	return (flags & RECORD_OUT) != 0 ? -points : points;
}

/* What the member has more, or less, as INQUIRY tells it. */
static int64_t
changed_points(const struct tg_history *row)
{
	if (row->status != TG_OK)
		return 0;
	switch (row->kind) {
	case RECORD_EARN:
	case RECORD_EXCHANGE:
	case RECORD_REFUND:
	case RECORD_REVERSE:
		return row->points;
	case RECORD_BURN:
	case RECORD_CAPTURE:
		return -row->points;
	default:
		return 0;
	}
}

/* A day of the programme's; 0 for NULL and for what lies before 1970, as no wire says that. */
static int32_t
cell_day(const struct database_cell *cell)
{
	int64_t day = database_cell_i64(cell);

	return day < 0 ? 0 : (int32_t)day;
}

/* What is being read. */
struct reading {
	struct archived_page *page;
	uint32_t rows_max;
	bool is_damaged; /* a cell has what the sink never writes */
};

/* The id in a cell, kept in bytes; 0 bytes: none. */
static uint32_t
read_id(const struct database_cell *cell, uint8_t *bytes)
{
	return archive_cell_bytes(cell, bytes, TG_TRANSACTION_ID_BYTES) ? TG_TRANSACTION_ID_BYTES
									: 0;
}

static void
on_entry(void *context, const struct database_cell *cells)
{
	struct reading *reading = context;
	struct archived_page *page = reading->page;
	uint32_t index = page->row_count;
	struct tg_history *row = &page->rows[index];

	if (index == reading->rows_max) {
		page->has_more = true;
		return;
	}
	page->row_count++;
	row->sequence = database_cell_i64(&cells[0]);
	row->business_date = cell_day(&cells[1]);
	row->booked_at_utc_ms = database_cell_i64(&cells[2]);
	row->kind = (uint32_t)database_cell_u64(&cells[3]);
	row->status = (uint32_t)database_cell_u64(&cells[4]);
	row->member = database_cell_i64(&cells[5]);
	row->store = (uint32_t)database_cell_u64(&cells[6]);
	row->terminal = (uint32_t)database_cell_u64(&cells[7]);
	row->id = page->ids[index][0];
	row->id_bytes = read_id(&cells[8], page->ids[index][0]);
	row->business_time_utc_ms = database_cell_i64(&cells[9]);
	row->original = page->ids[index][1];
	row->original_bytes = read_id(&cells[10], page->ids[index][1]);
	row->till = (uint32_t)database_cell_u64(&cells[11]);
	row->till_day = cell_day(&cells[12]);
	row->receipt = page->receipts[index];
	row->receipt_bytes = 0;
	if (cells[13].bytes > sizeof(page->receipts[index])) {
		reading->is_damaged = true;
	} else if (cells[13].bytes > 0) {
		row->receipt_bytes = (uint32_t)cells[13].bytes;
		memcpy(page->receipts[index], cells[13].text, cells[13].bytes);
	}
	row->amount = database_cell_i64(&cells[14]);
	row->covered = database_cell_i64(&cells[15]);
	row->points = archive_counted_points(row->kind, (uint32_t)database_cell_u64(&cells[18]),
					     database_cell_i64(&cells[16]),
					     database_cell_i64(&cells[17]));
	row->change = changed_points(row);
	row->is_test = (database_cell_u64(&cells[18]) & RECORD_TEST) != 0;
}

void
archive_format_date(int32_t day, char ret_text[DATE_BYTES])
{
	struct civil_date date = { .year = 1970, .month = 1, .day = 1 };
	bool is_date = civil_from_day(day, &date);

	TG_ASSERT(is_date);
	(void)snprintf(ret_text, DATE_BYTES, "%04d-%02d-%02d", (int)date.year, (int)date.month,
		       (int)date.day);
}

/* Which entries: the index that leads to them, and what they have.  None lies beyond held. */
static void
format_where(const struct archive_page_question *question, uint64_t held_sequence, char *ret_sql,
	     size_t bytes)
{
	uint64_t before = held_sequence + 1;
	char date[DATE_BYTES];

	if (question->before != 0 && question->before < before)
		before = question->before;
	if (question->member != 0) {
		(void)snprintf(ret_sql, bytes,
			       "FORCE INDEX (member) WHERE e.member = %" PRIu64
			       " AND e.sequence < %" PRIu64 " AND e.partner = %" PRIu32
			       " AND e.kind <> %d ORDER BY e.sequence DESC",
			       question->member, before, question->partner, RECORD_REOPEN);
		return;
	}
	archive_format_date(question->business_date, date);
	(void)snprintf(ret_sql, bytes,
		       "FORCE INDEX (partner_day) WHERE e.partner = %" PRIu32
		       " AND e.business_date = '%s' AND e.sequence > %" PRIu64
		       " AND e.sequence <= %" PRIu64 " AND e.kind <> %d ORDER BY e.sequence",
		       question->partner, date, question->after, held_sequence, RECORD_REOPEN);
}

int
archive_format_timeout(uint32_t timeout_ms, char *ret_sql, size_t bytes)
{
	if (timeout_ms == 0) {
		ret_sql[0] = '\0';
		return 0;
	}
	return snprintf(ret_sql, bytes, "SET STATEMENT max_statement_time = %u.%03u FOR ",
			timeout_ms / 1000, timeout_ms % 1000);
}

enum tg_status
archive_read_entries(struct archive_query *query, const struct archive_page_question *question,
		     const char *where, struct archived_page *page, struct storage_error *error)
{
	struct reading reading = { .page = page, .rows_max = question->rows_max };
	enum tg_status status;
	char sql[SQL_BYTES_MAX];
	int used = archive_format_timeout(question->timeout_ms, sql, sizeof sql);

	(void)snprintf(sql + used, sizeof sql - (size_t)used, "SELECT %s FROM entry e %s LIMIT %u",
		       columns, where, question->rows_max + 1);
	status = database_query(query->database, sql, on_entry, &reading, error);
	if (status == TG_OK && reading.is_damaged)
		status = storage_fail(error, TG_DATABASE,
				      "a receipt is not what was written: over %d bytes",
				      TG_RECEIPT_BYTES_MAX);
	return status;
}

static enum tg_status
find_entries(struct archive_query *query, const struct archive_page_question *question,
	     struct archived_page *page, struct storage_error *error)
{
	char where[SQL_BYTES_MAX / 2];

	format_where(question, page->held_sequence, where, sizeof where);
	return archive_read_entries(query, question, where, page, error);
}

static void
on_closed(void *context, const struct database_cell *cells)
{
	struct archived_page *page = context;

	(void)cells;
	page->is_complete = true;
}

/* Is the date closed?  Its cut-off is written after all that it closes. */
static enum tg_status
find_closed(struct archive_query *query, const struct archive_page_question *question,
	    struct archived_page *page, struct storage_error *error)
{
	char date[DATE_BYTES], sql[SQL_BYTES_MAX];

	archive_format_date(question->business_date, date);
	(void)snprintf(sql, sizeof sql, "SELECT 1 FROM business_day WHERE business_date = '%s'",
		       date);
	return database_query(query->database, sql, on_closed, page, error);
}

enum tg_status
archive_query_page(struct archive_query *query, const struct archive_page_question *question,
		   struct archived_page *ret_page, struct storage_error *error)
{
	struct sink_cursor cursor = { .next_sequence = 1 };
	bool is_new = !question->proof.is_asked || !ret_page->progress.is_begun;
	enum tg_status status;

	TG_ASSERT(question->rows_max >= 1 && question->rows_max <= TG_HISTORY_MAX);
	if (is_new) {
		ret_page->row_count = 0;
		ret_page->has_more = false;
	}
	ret_page->is_unfinished = ret_page->is_complete = false;
	status = archive_begin(query, &cursor, error);
	/* What came in since the proof began is none of it. */
	if (status == TG_OK && is_new) {
		ret_page->held_sequence = cursor.next_sequence - 1;
		ret_page->held_booked_at_utc_ms = cursor.booked_at_utc_ms;
	}
	if (status == TG_OK && question->document.kind != 0)
		status = archive_read_document(query, question, &ret_page->document, error);
	else if (status == TG_OK && question->proof.is_asked)
		status = archive_read_proof(query, question, ret_page, error);
	else if (status == TG_OK)
		status = find_entries(query, question, ret_page, error);
	if (status == TG_OK && question->member == 0 && question->document.kind == 0 &&
	    question->proof.basis != TG_BASIS_TILL_DAY)
		status = find_closed(query, question, ret_page, error);
	return archive_end(query, status);
}
