/*
 * results.c - what became of each line.
 *
 * The first line is a comment with the digest of the file that the results are of.
 */
#include "contrib/settle/results.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/common/cell.h"
#include "contrib/common/day.h"
#include "contrib/common/outcome.h"
#include "contrib/common/transaction_id.h"
#include "contrib/common/word.h"
#include "protocol/assert.h"

/* Columns.  The rows of a results file are read by their place. */
enum {
	COLUMN_LINE,
	COLUMN_OPERATION,
	COLUMN_OUTCOME,
	COLUMN_TRANSACTION,
	COLUMN_TERMINAL,
	COLUMN_MEMBER,
	COLUMN_DATE,
	COLUMN_POINTS,
	COLUMN_AMOUNT,
	COLUMN_SEQUENCE,
	COLUMN_REPLAY,
	COLUMN_AVAILABLE,
	COLUMN_MESSAGE,
	COLUMN_COUNT
};

static const char column_names[] = "line,operation,outcome,transaction,terminal,member,"
				   "business_date,points,amount,sequence,replay,available,message";

static size_t
add_digest(char head[KEPT_HEAD_BYTES], size_t used, const uint8_t *digest, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		used += (size_t)snprintf(head + used, KEPT_HEAD_BYTES - used, "%02x", digest[i]);
	return used;
}

/* The line that says whose results these are. */
static void
make_head(const struct table *table, const struct layout *layout, char head[KEPT_HEAD_BYTES])
{
	static const uint8_t none[sizeof(layout->digest)];
	size_t used = (size_t)snprintf(head, KEPT_HEAD_BYTES, "# tally-settle 1 ");

	used = add_digest(head, used, table->digest, TABLE_DIGEST_BYTES);
	if (memcmp(layout->digest, none, sizeof(none)) != 0) {
		used += (size_t)snprintf(head + used, KEPT_HEAD_BYTES - used, " layout ");
		used = add_digest(head, used, layout->digest, sizeof(layout->digest));
	}
	(void)snprintf(head + used, KEPT_HEAD_BYTES - used, "\n");
}

/* Read a row: its line, its status, its sum, whose count is 0 when it is in no total. */
static bool
read_cells(const struct csv_row *row, int64_t *ret_line, uint32_t *ret_status,
	   struct total_sum *ret_sum)
{
	int64_t terminal, sequence = 0;

	memset(ret_sum, 0, sizeof(*ret_sum));
	*ret_status = outcome_read(row->cells[COLUMN_OUTCOME]);
	ret_sum->kind = outcome_operation(row->cells[COLUMN_OPERATION]);
	if (*ret_status == OUTCOME_NONE || ret_sum->kind == OUTCOME_NONE ||
	    !word_number(row->cells[COLUMN_LINE], 1, UINT32_MAX, ret_line) ||
	    !word_number(row->cells[COLUMN_TERMINAL], 1, UINT32_MAX, &terminal))
		return false;
	if (row->cells[COLUMN_SEQUENCE][0] == '\0')
		return true;
	ret_sum->terminal = (uint32_t)terminal;
	ret_sum->is_declined = !outcome_is_done(*ret_status);
	ret_sum->count = 1;
	return word_number(row->cells[COLUMN_SEQUENCE], 1, INT64_MAX, &sequence) &&
	       day_parse(row->cells[COLUMN_DATE], &ret_sum->day) &&
	       word_number(row->cells[COLUMN_POINTS], -TG_BALANCE_MAX, TG_BALANCE_MAX,
			   &ret_sum->points) &&
	       word_number(row->cells[COLUMN_AMOUNT], 0, TG_AMOUNT_MAX, &ret_sum->amount);
}

bool
results_sum(const char *path, struct totals *totals, struct failure *failure)
{
	struct total_sum sum;
	struct table table;
	struct csv_row row;
	int64_t line;
	uint32_t status;
	bool is_ok = table_read(&table, path, ',', failure);

	if (is_ok && table.column_count != COLUMN_COUNT)
		is_ok = failure_set(failure, "%s: not a file of results", path);
	for (uint32_t i = 0; is_ok && i < table.line_count; i++) {
		if (table_row(&table, i, &row) != CSV_ROW ||
		    !read_cells(&row, &line, &status, &sum))
			is_ok = failure_set(failure, "%s:%u: not a line of results", path,
					    table.lines[i].number);
		else if (sum.count > 0)
			totals_add(totals, &sum);
	}
	table_deinit(&table);
	return is_ok;
}

static void
mark(struct results *results, uint32_t index, uint32_t status)
{
	results->marks[index] = outcome_is_done(status) ? RESULT_DONE : RESULT_REFUSED;
	results->known_count++;
	results->refused_count += !outcome_is_done(status);
}

/* Take over what an earlier run knows. */
static bool
take_over(struct results *results, const struct table *old, struct failure *failure)
{
	struct total_sum sum;
	struct csv_row row;
	int64_t line;
	uint32_t status, index;

	if (old->column_count != COLUMN_COUNT)
		return failure_set(failure, "%s: not a file of results", results->path);
	for (uint32_t i = 0; i < old->line_count; i++) {
		if (table_row(old, i, &row) != CSV_ROW || !read_cells(&row, &line, &status, &sum) ||
		    (index = table_index(results->table, (uint32_t)line)) ==
			    results->table->line_count)
			return failure_set(failure, "%s:%u: not a line of results", results->path,
					   old->lines[i].number);
		if (results->marks[index] != RESULT_NONE)
			continue;
		mark(results, index, status);
		if (sum.count > 0)
			totals_add(&results->totals, &sum);
	}
	return true;
}

bool
results_open(struct results *results, const char *path, const struct table *table,
	     const struct layout *layout, uint32_t own, struct failure *failure)
{
	struct table old = { .bytes = NULL };
	bool is_empty, is_ok;

	memset(results, 0, sizeof(*results));
	results->path = path;
	results->table = table;
	results->own = own;
	results->marks = calloc((size_t)table->line_count + 1, 1);
	TG_ASSERT(results->marks != NULL);
	make_head(table, layout, results->head);
	results->kept = (struct kept){ path, results->head, "file of results",
				       "results of another file or layout; move it away, or name "
				       "another with --result" };
	if (!kept_open(&results->kept, &results->file, &is_empty, failure))
		return false;
	if (is_empty) {
		if (fprintf(results->file, "%s%s\n", results->head, column_names) < 0)
			return failure_set_errno(failure, errno, "%s", path);
		return results_flush(results, failure);
	}
	is_ok = table_read(&old, path, ',', failure) && take_over(results, &old, failure);
	table_deinit(&old);
	return is_ok;
}

/* Points as TOTALS sums them. */
static int64_t
total_points(uint32_t operation, const struct tg_message *answer)
{
	switch (operation) {
	case TG_OP_EARN:
	case TG_OP_BURN:
	case TG_OP_HOLD:
	case TG_OP_CAPTURE:
		return tg_message_integer(answer, TG_FIELD_POINTS, 0);
	case TG_OP_EXCHANGE:
		return tg_message_integer(answer, TG_FIELD_DIRECTION, 0) == TG_DIRECTION_OUT ?
			       -tg_message_integer(answer, TG_FIELD_POINTS, 0) :
			       tg_message_integer(answer, TG_FIELD_POINTS, 0);
	case TG_OP_REFUND:
	case TG_OP_REVERSE:
		return tg_message_integer(answer, TG_FIELD_RESTORED_POINTS, 0) -
		       tg_message_integer(answer, TG_FIELD_TAKEN_POINTS, 0);
	default:
		return 0;
	}
}

/* A number of the answer, nothing where there is none, and a comma. */
static void
write_figure(FILE *file, const struct tg_message *answer, enum tg_field field)
{
	if (tg_message_has(answer, field))
		fprintf(file, "%" PRId64, answer->values[field].integer);
	fputc(',', file);
}

static void
write_row(struct results *results, uint32_t index, const struct upload_item *item,
	  const struct tg_message *answer, const struct total_sum *sum)
{
	const struct tg_message *request = &item->request;
	FILE *file = results->file;
	char id[TRANSACTION_ID_TEXT_BYTES], day[DAY_TEXT_BYTES] = "";

	transaction_id_format(item->id, id);
	if (tg_message_has(answer, TG_FIELD_BUSINESS_DATE))
		day_format(sum->day, day);
	fprintf(file, "%" PRIu32 ",%s,", results->table->lines[index].number,
		tg_operation_name(request->code));
	outcome_write(file, answer->code);
	fprintf(file, ",%s@%" PRId64 ",%" PRIu32 ",", id,
		request->values[TG_FIELD_BUSINESS_TIME].integer, sum->terminal);
	write_figure(file, answer, TG_FIELD_MEMBER);
	fprintf(file, "%s,%" PRId64 ",%" PRId64 ",", day, sum->points, sum->amount);
	write_figure(file, answer, TG_FIELD_SEQUENCE);
	fprintf(file, "%s,", tg_message_integer(answer, TG_FIELD_REPLAY, 0) != 0 ? "yes" : "");
	write_figure(file, answer, TG_FIELD_AVAILABLE);
	cell_write(file, answer->code == TG_OK ? "" : tg_status_text((enum tg_status)answer->code));
	fputc('\n', file);
}

void
results_add(struct results *results, uint32_t index, const struct upload_item *item,
	    const struct tg_message *answer)
{
	const struct tg_message *request = &item->request;
	const struct total_sum sum = {
		.day = (int32_t)tg_message_integer(answer, TG_FIELD_BUSINESS_DATE, 0),
		.terminal = (uint32_t)tg_message_integer(request, TG_FIELD_TERMINAL, results->own),
		.kind = request->code,
		.is_declined = !outcome_is_done(answer->code),
		.count = 1,
		.points = total_points(request->code, answer),
		.amount = tg_message_integer(request, TG_FIELD_AMOUNT, 0),
	};

	mark(results, index, answer->code);
	write_row(results, index, item, answer, &sum);
	if (tg_message_has(answer, TG_FIELD_SEQUENCE))
		totals_add(&results->totals, &sum);
}

bool
results_flush(struct results *results, struct failure *failure)
{
	return fflush(results->file) == 0 || failure_set_errno(failure, errno, "%s", results->path);
}

bool
results_close(struct results *results, struct failure *failure)
{
	bool is_ok = kept_close(&results->kept, results->file, failure);

	results->file = NULL;
	free(results->marks);
	results->marks = NULL;
	totals_deinit(&results->totals);
	return is_ok;
}
