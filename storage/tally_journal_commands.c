/*
 * tally_journal_commands.c - list, dump, follow, verify and statistics.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/record.h"
#include "storage/journal_survey.h"
#include "storage/journal_verify.h"
#include "storage/record_json.h"
#include "storage/segment_list.h"
#include "storage/segment_reader.h"
#include "storage/tally_journal.h"

#define FOLLOW_PAUSE_NS 100000000 /* between two looks for new records */
#define KINDS 256
#define STATUSES 256

/* What one segment holds. */
struct segment_counts {
	uint64_t batches;
	uint64_t marks;
	uint64_t records;
	enum segment_found end;
};

/*
 * Read a segment through; of batches only the headers, so that a large journal is listed quickly.
 */
static enum tg_status
count_segment(struct segment_reader *reader, struct segment_counts *ret_counts,
	      struct storage_error *error)
{
	*ret_counts = (struct segment_counts){ 0 };
	for (;;) {
		enum tg_status status =
			segment_reader_next(reader, UINT64_MAX, &ret_counts->end, error);

		if (status != TG_OK || ret_counts->end != SEGMENT_BATCH)
			return status;
		if (reader->batch.is_mark)
			ret_counts->marks++;
		else
			ret_counts->batches++;
		ret_counts->records += reader->batch.count;
	}
}

/* A row of the list; NULL with error->status TG_OK: out of memory. */
static json_t *
segment_row(const struct segment_place *where, const struct segment_name *name,
	    struct storage_error *error)
{
	struct segment_reader reader = { 0 };
	struct segment_counts counts;
	char file_name[SEGMENT_NAME_BYTES];
	struct storage_stat facts = { 0 };
	enum tg_status status = segment_reader_open(&reader, where, name, error);
	json_t *row = NULL;

	if (status == TG_OK)
		status = count_segment(&reader, &counts, error);
	if (status == TG_OK)
		status = where->io->stat(where->io->context, segment_source_path(reader.source),
					 &facts, error);
	if (status == TG_OK) {
		segment_name_format(name, file_name);
		error->status = TG_OK;
		row = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "segment",
				file_name, "first", (json_int_t)reader.header.first_sequence,
				"last", (json_int_t)reader.next_sequence - 1, "records",
				(json_int_t)counts.records, "batches", (json_int_t)counts.batches,
				"marks", (json_int_t)counts.marks, "bytes", (json_int_t)facts.bytes,
				"incarnation", (json_int_t)reader.header.incarnation, "epoch",
				(json_int_t)reader.header.epoch, "place",
				name->is_archived ? "archive" : "journal");
	}
	segment_reader_close(&reader);
	return row;
}

enum tool_exit
run_list(const struct tool_options *options)
{
	struct segment_place where = { .io = &options->io,
				       .directory = options->directory,
				       .archive_directory = options->archive,
				       .instance = options->instance };
	struct storage_error error = { .status = TG_OK };
	json_t *rows = json_array();
	struct segment_list list;

	if (segment_list_read(&options->io, options->directory, options->archive, &list, &error) !=
	    TG_OK) {
		json_decref(rows);
		return tool_complain(&error);
	}
	for (size_t index = 0; index < list.count; index++) {
		const struct record_filter *filter = &options->filter;

		if (list.names[index].first_sequence > filter->to_sequence)
			break;
		if (index + 1 < list.count &&
		    list.names[index + 1].first_sequence <= filter->from_sequence)
			continue;
		if (json_array_append_new(rows, segment_row(&where, &list.names[index], &error)) !=
		    0)
			break;
	}
	segment_list_deinit(&list);
	if (error.status != TG_OK) {
		json_decref(rows);
		return tool_complain(&error);
	}
	return tool_print(options, json_pack("{s:s, s:s, s:o}", "journal", options->directory,
					     "archive", options->archive, "segments", rows));
}

/* Print one line of JSON.  False: it cannot be printed. */
static bool
print_line(json_t *json)
{
	bool is_printed =
		json != NULL && json_dumpf(json, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;

	json_decref(json);
	return is_printed;
}

static json_t *
mark_json(const struct journal_item *item)
{
	return json_pack("{s:s, s:I, s:o, s:o}", "kind", "mark", "sequence",
			 (json_int_t)item->sequence, "hash", record_json_hash(item->hash),
			 "written_at", record_json_time(item->written_at_utc_ms));
}

/* Show the item if it is wanted.  record: room for it. */
static enum tg_status
dump_item(const struct tool_options *options, const struct journal_item *item,
	  struct record *record, struct storage_error *error)
{
	size_t bytes_count;
	enum tg_status status;

	if (item->kind == JOURNAL_MARK) {
		if (!options->has_marks || print_line(mark_json(item)))
			return TG_OK;
		return storage_fail(error, TG_IO, "cannot print");
	}
	status = record_decode(item->bytes, item->bytes_count, record, &bytes_count);
	if (status != TG_OK)
		return storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				    tg_status_text(status));
	if (!record_filter_takes(&options->filter, record))
		return TG_OK;
	if (!print_line(record_json(record)))
		return storage_fail(error, TG_IO, "cannot print");
	return TG_OK;
}

enum tg_status
tool_walk(const struct tool_options *options, tool_item_fn *each, void *context,
	  struct storage_error *error)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_PAUSE_NS };
	struct journal_source source = tool_source(options);
	struct journal_reader *reader;
	struct journal_item item;
	uint64_t torn_bytes;
	enum tg_status status =
		journal_file_read_from(&source, options->filter.from_sequence, &reader, error);

	if (status != TG_OK)
		return status;
	for (;;) {
		status = journal_reader_next(reader, &item, error);
		if (status != TG_OK)
			break;
		if (item.kind == JOURNAL_NOTHING) {
			if (!options->is_following || fflush(stdout) != 0)
				break;
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (item.sequence > options->filter.to_sequence)
			break;
		status = each(context, reader, &item, error);
		if (status != TG_OK)
			break;
	}
	if (status == TG_OK && item.kind == JOURNAL_NOTHING)
		status = journal_file_reader_check_end(reader, &torn_bytes, error);
	journal_reader_close(reader);
	return status;
}

/* A dump under way. */
struct dump {
	const struct tool_options *options;
	struct record *record; /* owned */
};

static enum tg_status
dump_each(void *context, const struct journal_reader *reader, const struct journal_item *item,
	  struct storage_error *error)
{
	struct dump *dump = context;

	(void)reader;
	return dump_item(dump->options, item, dump->record, error);
}

enum tool_exit
run_dump(const struct tool_options *options)
{
	struct dump dump = { .options = options, .record = malloc(sizeof *dump.record) };
	struct storage_error error = { 0 };
	enum tg_status status;

	if (dump.record == NULL)
		status = storage_fail(&error, TG_NO_MEMORY, "no memory for a record");
	else
		status = tool_walk(options, dump_each, &dump, &error);
	free(dump.record);
	if (fflush(stdout) != 0 && status == TG_OK)
		status = storage_fail(&error, TG_IO, "cannot print");
	return status == TG_OK ? TOOL_OK : tool_complain(&error);
}

enum tool_exit
run_follow(const struct tool_options *options)
{
	struct tool_options following = *options;
	const struct journal_source source = tool_source(options);
	struct storage_error error = { 0 };
	struct journal_survey survey;

	following.is_following = true;
	if (options->from == NULL) {
		if (journal_survey(&source, &survey, &error) != TG_OK)
			return tool_complain(&error);
		following.filter.from_sequence = survey.last_sequence + 1;
	}
	return run_dump(&following);
}

enum tool_exit
run_verify(const struct tool_options *options)
{
	struct verify_config config = { .source = tool_source(options),
					.snapshot_directory = options->directory };
	struct storage_error error = { 0 };
	struct verify_report report;
	enum tool_exit result;
	enum tg_status status;

	config.source.is_unconfirmed_wanted = true;
	status = journal_verify(&config, &report, &error);
	if (status == TG_CONFIG || status == TG_NO_MEMORY || status == TG_IO)
		return tool_complain(&error);
	result = tool_print(
		options,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:o, s:I, s:I}",
			  "verdict",
			  status != TG_OK ? "damaged"
			  : report.is_state_verified || report.records == 0
				  ? "sound"
				  : "sound, state not verified: its beginning is missing",
			  "first_sequence", (json_int_t)report.first_sequence, "last_sequence",
			  (json_int_t)report.last_sequence, "records", (json_int_t)report.records,
			  "marks", (json_int_t)report.marks, "torn_bytes",
			  (json_int_t)report.torn_bytes, "state_verified",
			  (int)report.is_state_verified, "replayed_from",
			  (json_int_t)report.start_sequence, "marks_compared",
			  (json_int_t)report.marks_compared, "snapshots_compared",
			  (json_int_t)report.snapshots_compared, "state_hash",
			  record_json_hash(report.hash), "issued_points",
			  (json_int_t)report.issued_points, "redeemed_points",
			  (json_int_t)report.redeemed_points));
	return status == TG_OK ? result : tool_complain(&error);
}

/* Sums for statistics. */
struct statistics {
	const struct record_filter *filter;
	struct record *record; /* owned */
	uint64_t records;
	uint64_t record_bytes;
	uint64_t batches;
	uint64_t batch_bytes;
	uint64_t batch_records_max;
	uint64_t marks;
	uint64_t batch_sequence; /* first sequence of the batch counted last */
	int64_t first_written_utc_ms;
	int64_t last_written_utc_ms;
	uint64_t counts[KINDS][STATUSES];
	uint64_t bytes[KINDS][STATUSES];
};

static void
count_batch(struct statistics *sums, const struct batch_header *batch)
{
	if (batch->first_sequence == sums->batch_sequence)
		return;
	if (sums->batches++ == 0)
		sums->first_written_utc_ms = batch->written_at_utc_ms;
	sums->last_written_utc_ms = batch->written_at_utc_ms;
	sums->batch_sequence = batch->first_sequence;
	sums->batch_bytes += batch->batch_bytes;
	if (sums->batch_records_max < batch->count)
		sums->batch_records_max = batch->count;
}

static enum tg_status
count_each(void *context, const struct journal_reader *reader, const struct journal_item *item,
	   struct storage_error *error)
{
	struct statistics *sums = context;
	const char *path;
	uint64_t offset;
	size_t bytes_count;
	enum tg_status status;
	uint16_t outcome;

	if (item->kind == JOURNAL_MARK) {
		sums->marks++;
		return TG_OK;
	}
	status = record_decode(item->bytes, item->bytes_count, sums->record, &bytes_count);
	if (status != TG_OK)
		return storage_fail(error, status, "record %" PRIu64 ": %s", item->sequence,
				    tg_status_text(status));
	if (!record_filter_takes(sums->filter, sums->record))
		return TG_OK;
	outcome = sums->record->status < STATUSES ? sums->record->status : STATUSES - 1;
	sums->records++;
	sums->record_bytes += item->bytes_count;
	sums->counts[sums->record->kind][outcome]++;
	sums->bytes[sums->record->kind][outcome] += item->bytes_count;
	count_batch(sums, journal_file_reader_batch(reader, &path, &offset));
	return TG_OK;
}

static double
ratio(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (double)part / (double)whole;
}

/* A row for each kind and status that came up. */
static json_t *
kind_rows(const struct statistics *sums)
{
	json_t *rows = json_array();

	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (unsigned status = 0; status < STATUSES; status++) {
			uint64_t count = sums->counts[kind][status];

			if (count == 0)
				continue;
			if (json_array_append_new(
				    rows, json_pack("{s:s, s:s, s:I, s:f}", "kind",
						    record_kind_name((uint8_t)kind), "status",
						    tg_status_name((enum tg_status)status),
						    "records", (json_int_t)count, "bytes_each",
						    ratio(sums->bytes[kind][status], count))) !=
			    0) {
				json_decref(rows);
				return NULL;
			}
		}
	}
	return rows;
}

enum tool_exit
run_statistics(const struct tool_options *options)
{
	struct statistics *sums = calloc(1, sizeof *sums);
	struct storage_error error = { 0 };
	enum tg_status status = TG_NO_MEMORY;
	enum tool_exit result;

	if (sums != NULL) {
		sums->filter = &options->filter;
		sums->record = malloc(sizeof *sums->record);
	}
	if (sums == NULL || sums->record == NULL)
		(void)storage_fail(&error, status, "no memory for statistics");
	else
		status = tool_walk(options, count_each, sums, &error);
	if (status != TG_OK)
		result = tool_complain(&error);
	else
		result = tool_print(
			options,
			json_pack("{s:I, s:f, s:I, s:f, s:I, s:f, s:f, s:I, s:o, s:o, s:o}",
				  "records", (json_int_t)sums->records, "record_bytes_mean",
				  ratio(sums->record_bytes, sums->records), "batches",
				  (json_int_t)sums->batches, "batch_records_mean",
				  ratio(sums->records, sums->batches), "batch_records_max",
				  (json_int_t)sums->batch_records_max, "batch_bytes_mean",
				  ratio(sums->batch_bytes, sums->batches), "bytes_per_record",
				  ratio(sums->batch_bytes, sums->records), "marks",
				  (json_int_t)sums->marks, "first_written_at",
				  record_json_time(sums->first_written_utc_ms), "last_written_at",
				  record_json_time(sums->last_written_utc_ms), "kinds",
				  kind_rows(sums)));
	if (sums != NULL)
		free(sums->record);
	free(sums);
	return result;
}
