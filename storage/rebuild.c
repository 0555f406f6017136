/*
 * rebuild.c - fills MariaDB from the files of a journal, by the sink.
 *
 * The sink runs on a thread of its own, as in the gateway; this one looks how far it is.
 */
#include "storage/rebuild.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "storage/journal_survey.h"
#include "storage/sink_table.h"

#define LOOK_MS 100
#define SQL_BYTES_MAX 256

/* The sink's source: files, up to a sequence. */
struct files {
	struct journal_source source;
	struct journal_reader *reader;	/* owned; NULL before the first seek */
	uint64_t last_sequence;
};

/* One rebuilding under way. */
struct rebuild {
	const struct rebuild_config *config;
	struct journal_survey survey;
	struct sink_cursor cursor;	/* before */
	struct files files;
	struct sink *sink;
	struct storage_error error;	/* of the sink's end */
	enum tg_status result;		/* of the sink's end */
	_Atomic bool has_ended;
};

static enum tg_status
files_seek(void *context, uint64_t sequence, struct storage_error *error)
{
	struct files *files = context;

	journal_reader_close(files->reader);
	files->reader = NULL;
	return journal_file_read_from(&files->source, sequence, &files->reader, error);
}

static enum tg_status
files_next(void *context, const uint8_t **ret_bytes, size_t *ret_bytes_count,
	   struct storage_error *error)
{
	struct files *files = context;
	struct journal_item item;
	bool is_wanted;

	do {
		enum tg_status status = journal_reader_next(files->reader, &item, error);

		if (status != TG_OK)
			return status;
	} while (item.kind == JOURNAL_MARK);
	is_wanted = item.kind == JOURNAL_RECORD && item.sequence <= files->last_sequence;
	*ret_bytes = is_wanted ? item.bytes : NULL;
	*ret_bytes_count = is_wanted ? item.bytes_count : 0;
	return TG_OK;
}

static uint64_t
files_durable(void *context)
{
	const struct files *files = context;

	return files->last_sequence;
}

enum tg_status
rebuild_compare_cursor(const struct journal_source *source, uint64_t first_sequence,
		       const struct sink_cursor *cursor, struct storage_error *error)
{
	struct files files = { .source = *source,
					.last_sequence = cursor->next_sequence - 1 };
	const bool is_whole = first_sequence == 1;
	XXH128_hash_t chain = { 0, 0 };
	XXH128_hash_t last = { 0, 0 };
	uint64_t sequence = is_whole ? 1 : cursor->next_sequence - 1;
	enum tg_status status;

	if (cursor->next_sequence == 1 || sequence < first_sequence)
		return TG_OK;
	status = files_seek(&files, sequence, error);
	for (; status == TG_OK && sequence < cursor->next_sequence; sequence++) {
		const uint8_t *bytes;
		size_t bytes_count;

		status = files_next(&files, &bytes, &bytes_count, error);
		if (status == TG_OK && bytes == NULL)
			status = storage_fail(error, TG_CONFIG,
					      "the journal ends before record %" PRIu64
					      ", the database holds records up to %" PRIu64,
					      sequence, cursor->next_sequence - 1);
		if (status != TG_OK)
			break;
		chain = sink_cursor_chain(chain, bytes, bytes_count);
		last = XXH3_128bits(bytes, bytes_count);
	}
	journal_reader_close(files.reader);
	if (status == TG_OK && (!XXH128_isEqual(last, cursor->last_hash) ||
				(is_whole && !XXH128_isEqual(chain, cursor->hash))))
		return storage_fail(error, TG_CONFIG,
				    "the database was not written from this journal: the records "
				    "up to %" PRIu64 " are others",
				    cursor->next_sequence - 1);
	return status;
}

static void
on_row(void *context, const struct database_cell *cells)
{
	(void)cells;
	*(bool *)context = true;
}

/* Is there any row in the sink's tables?  Tables that are not there have none. */
static enum tg_status
find_rows(struct database *database, const char **ret_table, struct storage_error *error)
{
	*ret_table = NULL;
	for (int i = 0; i < SINK_TABLE_COUNT; i++) {
		char sql[SQL_BYTES_MAX];
		bool has_row = false;
		enum tg_status status;

		(void)snprintf(sql, sizeof sql, "SELECT 1 FROM %s LIMIT 1", sink_tables[i].name);
		status = database_query(database, sql, on_row, &has_row, error);
		if (status != TG_OK && database_failure(database) != DATABASE_FAILURE_SCHEMA)
			return status;
		if (has_row) {
			*ret_table = sink_tables[i].name;
			return TG_OK;
		}
	}
	return TG_OK;
}

/* May this database be filled? */
static enum tg_status
check_database(struct rebuild *rebuild, struct storage_error *error)
{
	const struct rebuild_config *config = rebuild->config;
	const char *name = config->sink.database.database;
	struct database *database;
	const char *table;
	enum tg_status status = database_open(&config->sink.database, &database, error);

	if (status != TG_OK)
		return status;
	status = sink_cursor_read(database, config->sink.shard, &rebuild->cursor, error);
	if (status == TG_OK)
		status = find_rows(database, &table, error);
	database_close(database);
	if (status != TG_OK)
		return status;
	if (rebuild->cursor.next_sequence == 1 && table != NULL)
		return storage_fail(error, TG_CONFIG,
				    "database %s is not empty: table %s has rows, but nothing "
				    "tells of which records",
				    name, table);
	if (rebuild->cursor.next_sequence > 1 && !config->may_resume)
		return storage_fail(error, TG_CONFIG,
				    "database %s is not empty: it holds records up to %" PRIu64,
				    name, rebuild->cursor.next_sequence - 1);
	return TG_OK;
}

/* Has the journal what the database needs? */
static enum tg_status
check_journal(const struct rebuild *rebuild, struct storage_error *error)
{
	const struct journal_survey *survey = &rebuild->survey;
	const uint64_t next = rebuild->cursor.next_sequence;

	if (survey->last_sequence > 0 && next < survey->first_sequence) {
		(void)storage_fail(error, TG_CORRUPT,
				   "records %" PRIu64 " to %" PRIu64
				   " are gone from journal and archive: their rows cannot be "
				   "made.  Restore a backup of the database that has them, and "
				   "resume",
				   next, survey->first_sequence - 1);
		error->sequence = next;
		return TG_CORRUPT;
	}
	return rebuild_compare_cursor(&rebuild->config->source, survey->first_sequence,
				      &rebuild->cursor, error);
}

static void *
run_sink(void *context)
{
	struct rebuild *rebuild = context;

	rebuild->result = sink_run(rebuild->sink, &rebuild->error);
	atomic_store(&rebuild->has_ended, true);
	return NULL;
}

static void
tell(const struct rebuild *rebuild, const struct sink_status *status)
{
	const struct rebuild_progress progress = {
		.next_sequence = status->has_position ? status->next_sequence
						      : rebuild->cursor.next_sequence,
		.last_sequence = rebuild->files.last_sequence,
		.records = status->records,
		.trouble = status->state == SINK_WAITING ? status->error : NULL,
	};

	if (rebuild->config->on_progress != NULL)
		rebuild->config->on_progress(rebuild->config->context, &progress);
}

/* Wait until all is written, the sink has ended by itself, or nothing moves any more. */
static enum tg_status
await_end(struct rebuild *rebuild, struct storage_error *error)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	uint64_t written = 0;
	uint32_t waited_ms = 0;

	for (;;) {
		struct sink_status status = sink_status(rebuild->sink);

		tell(rebuild, &status);
		if (atomic_load(&rebuild->has_ended))
			return TG_OK;
		if (status.has_position && status.next_sequence > rebuild->files.last_sequence)
			return TG_OK;
		if (status.records != written || status.state == SINK_FOLLOWING)
			waited_ms = 0;
		written = status.records;
		if (waited_ms >= rebuild->config->patience_ms)
			return storage_fail(error, TG_DATABASE, "%s", status.error);
		(void)nanosleep(&look, NULL);
		waited_ms += LOOK_MS;
	}
}

/* Run the sink until it has written all. */
static enum tg_status
fill(struct rebuild *rebuild, struct storage_error *error)
{
	const struct sink_source source = { .context = &rebuild->files,
					    .seek = files_seek,
					    .next = files_next,
					    .durable_sequence = files_durable };
	struct sink_config config = rebuild->config->sink;
	enum tg_status status;
	pthread_t thread;

	config.epoch = rebuild->survey.epoch;
	status = sink_new(&config, &source, &rebuild->sink, error);
	if (status != TG_OK)
		return status;
	if (pthread_create(&thread, NULL, run_sink, rebuild) != 0) {
		sink_free(rebuild->sink);
		return storage_fail(error, TG_NO_MEMORY, "no thread for the sink");
	}
	status = await_end(rebuild, error);
	sink_stop(rebuild->sink);
	(void)pthread_join(thread, NULL);
	if (status == TG_OK && rebuild->result != TG_OK) {
		*error = rebuild->error;
		status = rebuild->result;
	}
	sink_free(rebuild->sink);
	journal_reader_close(rebuild->files.reader);
	return status;
}

static void
on_findings(void *context, const struct database_cell *cells)
{
	*(uint64_t *)context = database_cell_u64(&cells[0]);
}

/* What the schema's own checks find. */
static enum tg_status
count_findings(const struct rebuild_config *config, uint64_t *ret_findings,
	       struct storage_error *error)
{
	struct database *database;
	enum tg_status status = database_open(&config->sink.database, &database, error);

	if (status != TG_OK)
		return status;
	status = database_query(database, "SELECT SUM(findings) FROM check_all", on_findings,
				ret_findings, error);
	database_close(database);
	return status;
}

enum tg_status
rebuild_run(const struct rebuild_config *config, struct rebuild_report *ret_report,
	    struct storage_error *error)
{
	struct rebuild rebuild = { .config = config, .files = { .source = config->source } };
	struct rebuild_report report = { 0 };
	enum tg_status status = journal_survey(&config->source, &rebuild.survey, error);

	if (status == TG_OK)
		status = check_database(&rebuild, error);
	if (status == TG_OK)
		status = check_journal(&rebuild, error);
	if (status != TG_OK)
		return status;
	rebuild.files.last_sequence = rebuild.survey.last_sequence;
	report.first_sequence = rebuild.cursor.next_sequence;
	report.last_sequence = rebuild.survey.last_sequence;
	status = fill(&rebuild, error);
	if (status == TG_OK)
		status = count_findings(config, &report.findings, error);
	if (status == TG_OK)
		*ret_report = report;
	return status;
}
