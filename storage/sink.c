/*
 * sink.c - writes every durable record to MariaDB, exactly once and in order.
 *
 * The thread's turns: open a session, fill a batch from the source, write it, and again.  While
 * there is more, a worker waits for the server with one batch and the thread fills the next.
 * Whatever fails ends the session; the next one begins where the cursor in MariaDB stands.
 */
#include "storage/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/assert.h"
#include "storage/sink_batch.h"
#include "storage/sink_clearing.h"
#include "storage/sink_entries.h"
#include "storage/sink_session.h"
#include "storage/sink_worker.h"

#define BATCH_RECORDS_DEFAULT 2000
#define SPLIT_RECORDS_DEFAULT 1000
#define IDLE_MS_DEFAULT 20
#define RETRY_MIN_MS_DEFAULT 100
#define RETRY_MAX_MS_DEFAULT 5000

/* A batch, and what it will move the cursor to. */
struct sink_fill {
	struct sink_batch batch;
	struct sink_cursor after;
	bool	 is_begun;		/* after says where the batch goes on */
	bool	 ends_at_unsound;	/* it was ended by a record that cannot be written */
};

/* The writing of one batch. */
struct sink_write {
	struct sink *sink;
	struct sink_fill *fill;
	enum tg_status status;
	struct storage_error error;
	struct storage_error partition_error; /* of which the batch can be written all the same */
};

struct sink {
	struct sink_config config;	/* defaults filled in */
	struct sink_source source;
	struct database_cutter cutter;

	/* The thread's own, but for these two and the fill in hand while a write runs. */
	struct sink_session session;
	struct sink_entries entries;
	struct sink_worker *worker;	/* owned; writes for the thread; NULL: it writes itself */
	struct sink_write write;	/* the last one, or that which runs */
	struct sink_fill fills[2];
	uint32_t turn;			/* which of the two is written next */
	struct record *record;		/* owned; room to decode one */
	uint64_t single_until;		/* below it one record a batch, to find the culprit */
	uint32_t retry_ms;		/* next wait after a failure */

	/* Written by the thread, read by any. */
	_Atomic uint32_t state;
	_Atomic bool has_position;
	_Atomic uint64_t next_sequence;
	_Atomic int64_t written_utc_ms;
	_Atomic int64_t oldest_waiting_utc_ms;
	_Atomic uint64_t records;
	_Atomic uint64_t batches;
	_Atomic uint64_t connects;
	_Atomic uint64_t failures;

	pthread_mutex_t lock;		/* guards is_stopping and error_text */
	pthread_cond_t wake;		/* is_stopping has become true */
	bool	 is_stopping;
	char	 error_text[STORAGE_ERROR_TEXT_BYTES];
};

#define STATE_BIT(state) (1u << (state))

/* From which states each state is entered. */
static const uint32_t state_from[] = {
	[SINK_NEW] = 0,
	[SINK_CONNECTING] = STATE_BIT(SINK_NEW) | STATE_BIT(SINK_WAITING),
	[SINK_FOLLOWING] = STATE_BIT(SINK_CONNECTING),
	[SINK_WAITING] = STATE_BIT(SINK_CONNECTING) | STATE_BIT(SINK_FOLLOWING),
	[SINK_STOPPED] = STATE_BIT(SINK_NEW) | STATE_BIT(SINK_CONNECTING) |
			 STATE_BIT(SINK_FOLLOWING) | STATE_BIT(SINK_WAITING),
	[SINK_FENCED] = STATE_BIT(SINK_CONNECTING) | STATE_BIT(SINK_FOLLOWING),
	[SINK_ALARM] = STATE_BIT(SINK_CONNECTING) | STATE_BIT(SINK_FOLLOWING),
};

static const struct {
	const char *name;
	const char *text;
} state_words[] = {
#define STATE_WORD(state, words) { #state, words },
	SINK_STATE_LIST(STATE_WORD)
#undef STATE_WORD
};

const char *
sink_state_name(enum sink_state state)
{
	return state_words[state].name;
}

const char *
sink_state_text(enum sink_state state)
{
	return state_words[state].text;
}

static void
enter(struct sink *sink, enum sink_state state)
{
	uint32_t from = atomic_load(&sink->state);

	TG_ASSERT((state_from[state] & STATE_BIT(from)) != 0);
	atomic_store(&sink->state, state);
}

static bool
is_stopping(struct sink *sink)
{
	bool is;

	pthread_mutex_lock(&sink->lock);
	is = sink->is_stopping;
	pthread_mutex_unlock(&sink->lock);
	return is;
}

/* Wait for ms, or until told to stop. */
static void
wait_ms(struct sink *sink, uint32_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&sink->lock);
	while (!sink->is_stopping &&
	       pthread_cond_timedwait(&sink->wake, &sink->lock, &until) != ETIMEDOUT)
		continue;
	pthread_mutex_unlock(&sink->lock);
}

/* Keep the text for whoever looks. */
static void
tell_error(struct sink *sink, const struct storage_error *error)
{
	pthread_mutex_lock(&sink->lock);
	memcpy(sink->error_text, error->text, sizeof sink->error_text);
	pthread_mutex_unlock(&sink->lock);
}

/* Locks and the condition, on the monotonic clock. */
static bool
init_locks(struct sink *sink)
{
	pthread_condattr_t attributes;
	bool is_made;

	is_made = database_cutter_init(&sink->cutter) == TG_OK;
	is_made &= sink_entries_init(&sink->entries, &sink->config.database, sink->config.shard,
				     sink->config.epoch) == TG_OK;
	if (!is_made)
		return false;
	if (pthread_mutex_init(&sink->lock, NULL) != 0)
		return false;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	is_made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		  pthread_cond_init(&sink->wake, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return is_made;
}

static void
close_session(struct sink *sink)
{
	sink_session_close(&sink->session);
	sink_entries_close(&sink->entries);
}

static uint32_t
or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

enum tg_status
sink_new(const struct sink_config *config, const struct sink_source *source,
	 struct sink **ret_sink, struct storage_error *error)
{
	struct sink *sink = calloc(1, sizeof *sink);

	if (sink == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for the sink");
	sink->config = *config;
	sink->config.batch_records = or_default(config->batch_records, BATCH_RECORDS_DEFAULT);
	sink->config.split_records = or_default(config->split_records, SPLIT_RECORDS_DEFAULT);
	sink->config.idle_ms = or_default(config->idle_ms, IDLE_MS_DEFAULT);
	sink->config.retry_min_ms = or_default(config->retry_min_ms, RETRY_MIN_MS_DEFAULT);
	sink->config.retry_max_ms = or_default(config->retry_max_ms, RETRY_MAX_MS_DEFAULT);
	sink->config.clearing_records = or_default(config->clearing_records,
						   CLEARING_RECORDS_DEFAULT);
	sink->config.database.cutter = &sink->cutter;
	sink->source = *source;
	sink->retry_ms = sink->config.retry_min_ms;
	TG_ASSERT(sink->config.batch_records <= SINK_BATCH_RECORDS_MAX);
	TG_ASSERT(config->months_ahead <= 24);
	sink->record = malloc(sizeof *sink->record);
	if (!init_locks(sink) || sink->record == NULL ||
	    sink_batch_init(&sink->fills[0].batch, sink->config.batch_records) != TG_OK ||
	    sink_batch_init(&sink->fills[1].batch, sink->config.batch_records) != TG_OK) {
		sink_free(sink);
		return storage_fail(error, TG_NO_MEMORY, "no memory for the sink");
	}
	*ret_sink = sink;
	return TG_OK;
}

void
sink_free(struct sink *sink)
{
	if (sink == NULL)
		return;
	sink_session_close(&sink->session);
	sink_entries_deinit(&sink->entries);
	sink_batch_deinit(&sink->fills[0].batch);
	sink_batch_deinit(&sink->fills[1].batch);
	free(sink->record);
	pthread_cond_destroy(&sink->wake);
	pthread_mutex_destroy(&sink->lock);
	database_cutter_deinit(&sink->cutter);
	free(sink);
}

void
sink_stop(struct sink *sink)
{
	pthread_mutex_lock(&sink->lock);
	sink->is_stopping = true;
	pthread_cond_broadcast(&sink->wake);
	pthread_mutex_unlock(&sink->lock);
}

void
sink_cut(struct sink *sink)
{
	sink_stop(sink);
	database_cutter_cut(&sink->cutter);
	database_cutter_cut(&sink->entries.cutter);
}

struct sink_status
sink_status(struct sink *sink)
{
	struct sink_status status = {
		.state = (enum sink_state)atomic_load(&sink->state),
		.has_position = atomic_load(&sink->has_position),
		.next_sequence = atomic_load(&sink->next_sequence),
		.durable_sequence = sink->source.durable_sequence(sink->source.context),
		.written_utc_ms = atomic_load(&sink->written_utc_ms),
		.oldest_waiting_utc_ms = atomic_load(&sink->oldest_waiting_utc_ms),
		.records = atomic_load(&sink->records),
		.batches = atomic_load(&sink->batches),
		.connects = atomic_load(&sink->connects),
		.failures = atomic_load(&sink->failures),
	};

	if (status.has_position && status.durable_sequence >= status.next_sequence)
		status.lag_records = status.durable_sequence - status.next_sequence + 1;
	pthread_mutex_lock(&sink->lock);
	memcpy(status.error, sink->error_text, sizeof status.error);
	pthread_mutex_unlock(&sink->lock);
	return status;
}

/* A record that comes where another was due, or cannot be read. */
static enum tg_status
unsound(uint64_t sequence, const char *what, struct storage_error *error)
{
	(void)storage_fail(error, TG_CORRUPT, "record %" PRIu64 " %s", sequence, what);
	error->sequence = sequence;
	return TG_CORRUPT;
}

/*
 * Begin to read at the cursor.  The record before it is read first: it must be the one that MariaDB
 * was written from, else this is another journal, or it has lost records.
 */
static enum tg_status
seek_cursor(struct sink *sink, struct storage_error *error)
{
	const struct sink_cursor *cursor = &sink->session.cursor;
	const uint64_t durable = sink->source.durable_sequence(sink->source.context);
	const uint8_t *bytes = NULL;
	size_t bytes_count = 0;
	enum tg_status status;

	if (cursor->next_sequence == 1)
		return sink->source.seek(sink->source.context, 1, error);
	if (cursor->next_sequence > durable + 1)
		return unsound(cursor->next_sequence - 1,
			       "was written to MariaDB, but the journal ends before it", error);
	/* What lies before may have left the archive by the operator's retention. */
	if (sink->source.seek(sink->source.context, cursor->next_sequence - 1, error) != TG_OK)
		return sink->source.seek(sink->source.context, cursor->next_sequence, error);
	status = sink->source.next(sink->source.context, &bytes, &bytes_count, error);
	if (status != TG_OK)
		return status;
	if (bytes == NULL ||
	    !XXH128_isEqual(XXH3_128bits(bytes, bytes_count), cursor->last_hash))
		return unsound(cursor->next_sequence - 1,
			       "is not the one that MariaDB was written from", error);
	return TG_OK;
}

/* Decode the bytes and add them to the batch.  TG_CORRUPT: they cannot be written. */
static enum tg_status
add_record(struct sink *sink, struct sink_fill *fill, const uint8_t *bytes, size_t bytes_count,
	   struct storage_error *error)
{
	struct sink_cursor *after = &fill->after;
	size_t length = 0;
	enum tg_status status = record_decode(bytes, bytes_count, sink->record, &length);

	if (status != TG_OK || length != bytes_count)
		return unsound(after->next_sequence, "cannot be decoded", error);
	if (sink->record->sequence != after->next_sequence)
		return unsound(after->next_sequence, "is not what the journal gave", error);
	status = sink_batch_add(&fill->batch, sink->record, error);
	if (status != TG_OK)
		return status;
	after->next_sequence++;
	after->hash = sink_cursor_chain(after->hash, bytes, bytes_count);
	after->last_hash = XXH3_128bits(bytes, bytes_count);
	after->booked_at_utc_ms = sink->record->booked_at_utc_ms;
	after->business_date = sink->record->business_date;
	return TG_OK;
}

static uint32_t
records_max(const struct sink *sink)
{
	return sink->session.cursor.next_sequence < sink->single_until ? 1 :
									 sink->config.batch_records;
}

static bool
is_full(const struct sink_fill *fill, uint32_t max)
{
	return fill->batch.record_count >= max || !sink_batch_has_room(&fill->batch);
}

/*
 * Fill the batch with what is durable, from the cursor on or where it was left off.  A record that
 * cannot be written ends it; if it is the first, it is the failure.
 */
static enum tg_status
fill_up(struct sink *sink, struct sink_fill *fill, const struct sink_cursor *from, uint32_t max,
	struct storage_error *error)
{
	if (!fill->is_begun) {
		fill->is_begun = true;
		fill->ends_at_unsound = false;
		fill->after = *from;
		sink_batch_clear(&fill->batch);
	}
	while (!fill->ends_at_unsound && !is_full(fill, max)) {
		const uint8_t *bytes = NULL;
		size_t bytes_count = 0;
		enum tg_status status = sink->source.next(sink->source.context, &bytes,
							  &bytes_count, error);

		if (status == TG_OK && bytes == NULL)
			break;
		if (status == TG_OK)
			status = add_record(sink, fill, bytes, bytes_count, error);
		if (status != TG_OK && fill->batch.record_count == 0)
			return status;
		fill->ends_at_unsound = status != TG_OK;
	}
	return TG_OK;
}

static void
publish_position(struct sink *sink)
{
	atomic_store(&sink->next_sequence, sink->session.cursor.next_sequence);
	atomic_store(&sink->written_utc_ms, sink->session.cursor.booked_at_utc_ms);
	atomic_store(&sink->has_position, true);
}

/* A job: write the batch. */
static void
run_write(void *context)
{
	struct sink_write *write = context;
	struct sink *sink = write->sink;

	write->partition_error = (struct storage_error){ .status = TG_OK };
	write->status = sink_session_partition(&sink->session,
					       write->fill->batch.last_business_date,
					       sink->config.months_ahead, &write->partition_error);
	if (write->status != TG_OK)
		write->error = write->partition_error;
	else
		write->status = sink_session_write(&sink->session, &sink->config, &sink->entries,
						   &write->fill->batch, &write->fill->after,
						   &write->error);
}

/* What came of a write.  When a row was refused among many, look for it one record at a time. */
static enum tg_status
end_write(struct sink *sink, const struct sink_fill *fill, struct storage_error *error)
{
	enum tg_status status = sink->write.status;

	if (status != TG_OK)
		*error = sink->write.error;
	else if (sink->write.partition_error.status != TG_OK)
		tell_error(sink, &sink->write.partition_error);
	if (status == TG_CORRUPT) {
		error->sequence = sink->session.cursor.next_sequence;
		if (fill->batch.record_count > 1 &&
		    sink->session.failure == DATABASE_FAILURE_DATA) {
			sink->single_until = fill->after.next_sequence;
			status = TG_DATABASE;
		}
	}
	if (status != TG_OK)
		return status;
	atomic_store(&sink->oldest_waiting_utc_ms, 0);
	atomic_fetch_add(&sink->records, fill->batch.record_count);
	atomic_fetch_add(&sink->batches, 1);
	publish_position(sink); /* who sees it sees the counts as well */
	sink->retry_ms = sink->config.retry_min_ms;
	return TG_OK;
}

/* Write the batch, and fill the next one meanwhile if there is more than one. */
static enum tg_status
write_batch(struct sink *sink, struct sink_fill *fill, bool has_more, struct storage_error *error)
{
	struct sink_fill *next = &sink->fills[!sink->turn];
	struct storage_error next_error;

	sink->write = (struct sink_write){ .sink = sink, .fill = fill };
	fill->is_begun = false;
	if (sink->worker == NULL) {
		run_write(&sink->write);
		return end_write(sink, fill, error);
	}
	sink_worker_give(sink->worker, run_write, &sink->write);
	/* What goes wrong here goes wrong again when it is this one's turn. */
	if (has_more && fill_up(sink, next, &fill->after, sink->config.batch_records,
				&next_error) != TG_OK)
		next->ends_at_unsound = true;
	sink_worker_wait(sink->worker);
	if (has_more)
		sink->turn = !sink->turn;
	return end_write(sink, fill, error);
}

/* One batch on the open session.  ret_wait_ms: before the next one. */
static enum tg_status
write_next(struct sink *sink, uint32_t *ret_wait_ms, struct storage_error *error)
{
	struct sink_fill *fill = &sink->fills[sink->turn];
	const uint32_t max = records_max(sink);
	enum tg_status status = TG_OK;
	bool was_full;

	if (fill->is_begun && fill->ends_at_unsound && fill->batch.record_count == 0) {
		fill->is_begun = false;
		status = seek_cursor(sink, error);
	}
	if (status == TG_OK)
		status = fill_up(sink, fill, &sink->session.cursor, max, error);
	if (status != TG_OK)
		return status;
	if (fill->batch.record_count == 0) {
		*ret_wait_ms = sink->config.idle_ms;
		return TG_OK;
	}
	atomic_store(&sink->oldest_waiting_utc_ms, fill->batch.first_booked_at_utc_ms);
	was_full = is_full(fill, max);
	status = write_batch(sink, fill, was_full && !fill->ends_at_unsound && max > 1, error);
	if (status == TG_OK && fill->ends_at_unsound)
		status = seek_cursor(sink, error);
	if (!was_full)
		*ret_wait_ms = sink->config.pause_ms;
	return status;
}

/* Connect, and begin to read where MariaDB stands. */
static enum tg_status
begin_session(struct sink *sink, struct storage_error *error)
{
	enum tg_status status;

	enter(sink, SINK_CONNECTING);
	status = sink_session_open(&sink->session, &sink->config, &sink->fills[0].batch, error);
	if (status != TG_OK)
		return status;
	atomic_fetch_add(&sink->connects, 1);
	publish_position(sink);
	sink->fills[0].is_begun = false;
	sink->fills[1].is_begun = false;
	enter(sink, SINK_FOLLOWING);
	return seek_cursor(sink, error);
}

/* The session is of no use any more.  TG_OK: another one may be. */
static enum tg_status
end_session(struct sink *sink, enum tg_status status, uint32_t *ret_wait_ms,
	    const struct storage_error *error)
{
	close_session(sink);
	if (is_stopping(sink))
		return TG_OK;
	tell_error(sink, error);
	if (status == TG_FENCED || status == TG_CORRUPT) {
		enter(sink, status == TG_FENCED ? SINK_FENCED : SINK_ALARM);
		return status;
	}
	atomic_fetch_add(&sink->failures, 1);
	enter(sink, SINK_WAITING);
	*ret_wait_ms = sink->retry_ms;
	sink->retry_ms *= 2;
	if (sink->retry_ms > sink->config.retry_max_ms)
		sink->retry_ms = sink->config.retry_max_ms;
	return TG_OK;
}

enum tg_status
sink_turn(struct sink *sink, uint32_t *ret_wait_ms, struct storage_error *error)
{
	enum tg_status status;

	*ret_wait_ms = 0;
	if (sink->session.database != NULL)
		status = write_next(sink, ret_wait_ms, error);
	else
		status = begin_session(sink, error);
	return status == TG_OK ? TG_OK : end_session(sink, status, ret_wait_ms, error);
}

/* Turn after turn. */
static enum tg_status
run_turns(struct sink *sink, struct storage_error *error)
{
	while (!is_stopping(sink)) {
		uint32_t pause_ms;
		enum tg_status status = sink_turn(sink, &pause_ms, error);

		if (status != TG_OK)
			return status;
		if (pause_ms > 0)
			wait_ms(sink, pause_ms);
	}
	close_session(sink);
	enter(sink, SINK_STOPPED);
	return TG_OK;
}

enum tg_status
sink_run(struct sink *sink, struct storage_error *error)
{
	enum tg_status status;

	/* Without it there is less at once, and nothing is lost. */
	if (sink_worker_new(&sink->worker) != TG_OK)
		sink->worker = NULL;
	sink_entries_start(&sink->entries);
	status = run_turns(sink, error);
	sink_entries_stop(&sink->entries);
	sink_worker_free(sink->worker);
	sink->worker = NULL;
	return status;
}

enum tg_status
sink_read_cursor(const struct database_config *config, uint16_t shard,
		 struct sink_cursor *ret_cursor, struct storage_error *error)
{
	struct database *database;
	enum tg_status status = database_open(config, &database, error);

	if (status != TG_OK)
		return status;
	status = sink_cursor_read(database, shard, ret_cursor, error);
	database_close(database);
	return status;
}
