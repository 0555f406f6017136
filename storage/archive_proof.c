/*
 * archive_proof.c - a day's transactions as MariaDB has them, divided as a proof wants it.
 *
 * Read through the index of a partner's dates in slices of so many rows, with a statement each, so
 * that one who asks about a day of millions does not keep others waiting.  Entries never change:
 * slices that stop at the record the first one saw last are of one state.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/archive_internal.h"

#define SLICE_ROWS 50000

/* A till's own day is found among business dates from so many before it to so many after it. */
#define TILL_DATES_BEFORE 2
#define TILL_DATES_AFTER 8

/* In the order that on_item() reads them. */
static const char columns[] =
	"e.sequence, e.kind, HEX(e.transaction_id), " SQL_MS("e.business_time") ", e.amount,"
	" e.points, CAST(e.restored_points AS SIGNED) - CAST(e.taken_points AS SIGNED),"
	" e.flags + 0";

/* A slice being read. */
struct slice {
	const struct archive_page_question *question;
	struct archived_page *page;
	uint32_t row_count;		/* of the slice */
	uint64_t last_sequence;
	/* a listing: the records selected, at most one more than the page takes */
	uint64_t selected[TG_HISTORY_MAX + 1];
	uint32_t selected_count;
};

static void
on_item(void *context, const struct database_cell *cells)
{
	struct slice *slice = context;
	const struct archive_proof_question *proof = &slice->question->proof;
	struct tg_proof_item item = { .kind = (uint32_t)database_cell_u64(&cells[1]) };

	slice->row_count++;
	slice->last_sequence = database_cell_u64(&cells[0]);
	if (!archive_cell_bytes(&cells[2], item.id, sizeof item.id))
		return;
	item.business_time_utc_ms = database_cell_i64(&cells[3]);
	item.amount = database_cell_i64(&cells[4]);
	item.points = archive_counted_points(item.kind, (uint32_t)database_cell_u64(&cells[7]),
					     database_cell_i64(&cells[5]),
					     database_cell_i64(&cells[6]));
	if (proof->divide != 0)
		tg_division_add(&slice->page->division, &item);
	else if (tg_proof_has_kind(item.kind) && tg_selection_has(&proof->selection, &item) &&
		 slice->selected_count + slice->page->row_count <= slice->question->rows_max)
		slice->selected[slice->selected_count++] = slice->last_sequence;
}

/* Of which owner, and of which till's day. */
static void
format_owner(const struct archive_page_question *question, char *ret_sql, size_t bytes)
{
	const struct archive_proof_question *proof = &question->proof;
	char date[ARCHIVE_DATE_BYTES];
	int used = 0;

	ret_sql[0] = '\0';
	if (proof->scope == TG_SCOPE_TERMINAL)
		used = snprintf(ret_sql, bytes, " AND e.terminal = %" PRIu32, proof->owner);
	else if (proof->scope == TG_SCOPE_STORE)
		used = snprintf(ret_sql, bytes, " AND e.store = %" PRIu32, proof->owner);
	if (proof->basis != TG_BASIS_TILL_DAY)
		return;
	archive_format_date(question->business_date, date);
	(void)snprintf(ret_sql + used, bytes - (size_t)used, " AND e.till_day = '%s'", date);
}

static enum tg_status
read_slice(struct archive_query *query, struct slice *slice, struct storage_error *error)
{
	const struct archive_page_question *question = slice->question;
	const struct archived_page *page = slice->page;
	char owner[128], date[ARCHIVE_DATE_BYTES], sql[ARCHIVE_SQL_BYTES_MAX];
	int used = archive_format_timeout(question->timeout_ms, sql, sizeof sql);

	format_owner(question, owner, sizeof owner);
	archive_format_date(page->progress.date, date);
	(void)snprintf(sql + used, sizeof sql - (size_t)used,
		       "SELECT %s FROM entry e FORCE INDEX (partner_day)"
		       " WHERE e.partner = %" PRIu32 " AND e.business_date = '%s'"
		       " AND e.sequence > %" PRIu64 " AND e.sequence <= %" PRIu64
		       " AND e.kind <> %d AND e.status IN (%d, %d) AND (e.flags + 0) & %u = 0%s"
		       " ORDER BY e.sequence LIMIT %d",
		       columns, question->partner, date, page->progress.after,
		       page->held_sequence, RECORD_REOPEN, TG_OK, TG_ORIGINAL_UNKNOWN,
		       RECORD_TEST, owner, SLICE_ROWS);
	return database_query(query->database, sql, on_item, slice, error);
}

/* The entries that were selected, onto the page. */
static enum tg_status
read_selected(struct archive_query *query, const struct slice *slice, struct storage_error *error)
{
	char where[ARCHIVE_SQL_BYTES_MAX], date[ARCHIVE_DATE_BYTES];
	const char *comma = "";
	int used;

	if (slice->selected_count == 0)
		return TG_OK;
	archive_format_date(slice->page->progress.date, date);
	used = snprintf(where, sizeof where, "WHERE e.business_date = '%s' AND e.line = 0"
			" AND e.sequence IN (", date);
	for (uint32_t i = 0; i < slice->selected_count; i++, comma = ",")
		used += snprintf(where + used, sizeof where - (size_t)used, "%s%" PRIu64, comma,
				 slice->selected[i]);
	TG_ASSERT(used < (int)sizeof where);
	(void)snprintf(where + used, sizeof where - (size_t)used, ") ORDER BY e.sequence");
	return archive_read_entries(query, slice->question, where, slice->page, error);
}

static int32_t
first_date(const struct archive_page_question *question)
{
	const int32_t first = question->business_date - TILL_DATES_BEFORE;

	if (question->proof.basis != TG_BASIS_TILL_DAY)
		return question->business_date;
	return first < 0 ? 0 : first;
}

static int32_t
last_date(const struct archive_page_question *question)
{
	if (question->proof.basis != TG_BASIS_TILL_DAY ||
	    question->business_date > TG_DAY_MAX - TILL_DATES_AFTER)
		return question->business_date;
	return question->business_date + TILL_DATES_AFTER;
}

static void
begin(const struct archive_page_question *question, struct archived_page *page)
{
	page->progress.is_begun = true;
	page->progress.date = first_date(question);
	page->progress.after = question->after;
	memset(&page->division, 0, sizeof page->division);
	if (question->proof.divide != 0)
		tg_division_init(&page->division, (enum tg_divide)question->proof.divide,
				 &question->proof.selection);
}

enum tg_status
archive_read_proof(struct archive_query *query, const struct archive_page_question *question,
		   struct archived_page *page, struct storage_error *error)
{
	struct slice slice = { .question = question, .page = page };
	enum tg_status status;

	if (!page->progress.is_begun)
		begin(question, page);
	if (page->progress.date > last_date(question))
		return TG_OK;
	status = read_slice(query, &slice, error);
	if (status == TG_OK)
		status = read_selected(query, &slice, error);
	if (status != TG_OK)
		return status;
	if (slice.row_count == SLICE_ROWS)
		page->progress.after = slice.last_sequence;
	else
		page->progress.date++;
	page->is_unfinished = !page->has_more && page->progress.date <= last_date(question);
	if (!page->is_unfinished && question->proof.divide != 0)
		tg_division_compact(&page->division);
	return TG_OK;
}
