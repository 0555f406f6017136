/*
 * sink_fixture.c - a server, a journal in memory full of made-up records, and a sink between them.
 */
#include "tests/storage/sink_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/storage/sink_compare.h"

#define WAIT_MS_MAX 60000
#define BATCH_RECORDS 300
#define RECORD_VERSION_OFFSET 3 /* after length and kind */

/* An empty journal and a source over it. */
static void
open_journal(struct sink_fixture *f, uint64_t seed)
{
	f->journal = journal_memory_open(1);
	assert_non_null(f->journal);
	sink_journal_init(&f->reader, f->journal, &f->source);
	record_maker_init(&f->maker, seed);
}

static void
close_journal(struct sink_fixture *f)
{
	sink_journal_deinit(&f->reader);
	journal_close(f->journal);
	for (size_t i = 0; i < f->made.count; i++)
		free(f->made.bytes[i]);
	free(f->made.bytes);
	free(f->made.bytes_counts);
	memset(&f->made, 0, sizeof f->made);
}

/* Everything but the server and the room for a record. */
static void
init(struct sink_fixture *f, uint64_t seed)
{
	open_journal(f, seed);
	f->config = (struct sink_config){
		.database = *mariadb_config(f->server),
		.epoch = 1,
		.batch_records = 500,
		.split_records = 100,
		.idle_ms = 2,
		.retry_min_ms = 5,
		.retry_max_ms = 50,
		.months_ahead = 2,
	};
	mariadb_reset(f->server);
}

static void
deinit(struct sink_fixture *f)
{
	if (f->sink != NULL) {
		sink_cut(f->sink);
		sink_fixture_join(f);
	}
	close_journal(f);
}

void
sink_fixture_replace_journal(struct sink_fixture *f, uint64_t seed)
{
	close_journal(f);
	open_journal(f, seed);
}

int
sink_fixture_setup(void **state)
{
	struct sink_fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->server = *state;
	f->record = malloc(sizeof *f->record);
	assert_non_null(f->record);
	init(f, 1);
	*state = f;
	return 0;
}

int
sink_fixture_teardown(void **state)
{
	struct sink_fixture *f = *state;

	deinit(f);
	free(f->record);
	free(f);
	return 0;
}

void
sink_fixture_reset(struct sink_fixture *f, uint64_t seed)
{
	deinit(f);
	init(f, seed);
}

/* Keep a record's bytes. */
static void
keep(struct made_records *made, const uint8_t *bytes, size_t bytes_count)
{
	if (made->count == made->capacity) {
		made->capacity = made->capacity == 0 ? 1024 : 2 * made->capacity;
		made->bytes = realloc(made->bytes, made->capacity * sizeof *made->bytes);
		made->bytes_counts =
			realloc(made->bytes_counts, made->capacity * sizeof *made->bytes_counts);
		assert_true(made->bytes != NULL && made->bytes_counts != NULL);
	}
	made->bytes[made->count] = malloc(bytes_count);
	assert_non_null(made->bytes[made->count]);
	memcpy(made->bytes[made->count], bytes, bytes_count);
	made->bytes_counts[made->count++] = bytes_count;
}

/* Put the records from first on, as kept, into the journal. */
static void
journal_kept(struct sink_fixture *f, size_t first)
{
	uint8_t *bytes = malloc((size_t)BATCH_RECORDS * RECORD_BYTES_MAX);

	assert_non_null(bytes);
	while (first < f->made.count) {
		struct journal_batch batch = {
			.records = bytes,
			.first_sequence = first + 1,
			.written_at_utc_ms = 1,
		};

		for (; batch.count < BATCH_RECORDS && first < f->made.count; batch.count++) {
			memcpy(bytes + batch.records_bytes, f->made.bytes[first],
			       f->made.bytes_counts[first]);
			batch.records_bytes += f->made.bytes_counts[first++];
		}
		assert_int_equal(journal_append(f->journal, &batch, &f->error), TG_OK);
	}
	free(bytes);
}

/* Encode and keep. */
static void
keep_record(struct sink_fixture *f, const struct record *record)
{
	uint8_t bytes[RECORD_BYTES_MAX];
	size_t length = record_encode(record, bytes, sizeof bytes);

	assert_int_not_equal(length, 0);
	keep(&f->made, bytes, length);
}

void
sink_fixture_add(struct sink_fixture *f, uint32_t count)
{
	size_t first = f->made.count;

	for (uint32_t i = 0; i < count; i++) {
		record_maker_next(&f->maker, f->record);
		keep_record(f, f->record);
	}
	journal_kept(f, first);
}

void
sink_fixture_add_all_kinds(struct sink_fixture *f)
{
	size_t first = f->made.count;

	for (const uint8_t *kind = record_maker_kinds; *kind != 0; kind++) {
		record_maker_make(&f->maker, (enum record_kind)*kind, f->record);
		keep_record(f, f->record);
	}
	journal_kept(f, first);
}

void
sink_fixture_add_earns(struct sink_fixture *f, uint32_t count)
{
	size_t first = f->made.count;

	for (uint32_t i = 0; i < count; i++) {
		record_maker_earn(&f->maker, f->record);
		keep_record(f, f->record);
	}
	journal_kept(f, first);
}

void
sink_fixture_add_record(struct sink_fixture *f, const struct record *record)
{
	size_t first = f->made.count;

	keep_record(f, record);
	journal_kept(f, first);
}

void
sink_fixture_add_unreadable(struct sink_fixture *f)
{
	size_t first = f->made.count;

	record_maker_earn(&f->maker, f->record);
	keep_record(f, f->record);
	f->made.bytes[first][RECORD_VERSION_OFFSET] = RECORD_VERSION + 1;
	journal_kept(f, first);
}

static void *
run_sink(void *context)
{
	struct sink_fixture *f = context;

	f->result = sink_run(f->sink, &f->error);
	return NULL;
}

void
sink_fixture_start(struct sink_fixture *f)
{
	assert_null(f->sink);
	memset(&f->error, 0, sizeof f->error);
	assert_int_equal(sink_new(&f->config, &f->source, &f->sink, &f->error), TG_OK);
	assert_int_equal(pthread_create(&f->thread, NULL, run_sink, f), 0);
}

void
sink_fixture_join(struct sink_fixture *f)
{
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	sink_free(f->sink);
	f->sink = NULL;
}

void
sink_fixture_stop(struct sink_fixture *f)
{
	sink_stop(f->sink);
	sink_fixture_join(f);
}

void
sink_fixture_pause_ms(uint32_t ms)
{
	const struct timespec pause = {
		.tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	nanosleep(&pause, NULL);
}

/* Is it so?  Asked until it is, or a minute has passed in which nothing was written. */
static void
await(struct sink_fixture *f, bool (*is_so)(const struct sink_status *status, uint64_t value),
      uint64_t value)
{
	struct sink_status status = sink_status(f->sink);

	for (uint32_t i = 0; i < WAIT_MS_MAX; i++) {
		const uint64_t before = status.next_sequence;

		status = sink_status(f->sink);
		if (is_so(&status, value))
			return;
		if (status.next_sequence != before)
			i = 0;
		sink_fixture_pause_ms(1);
	}
	fail_msg("the sink is %s at %llu: %s", sink_state_name(status.state),
		 (unsigned long long)status.next_sequence, status.error);
}

static bool
has_next_sequence(const struct sink_status *status, uint64_t value)
{
	return status->has_position && status->next_sequence == value;
}

static bool
is_in_state(const struct sink_status *status, uint64_t value)
{
	return status->state == value;
}

static bool
has_records(const struct sink_status *status, uint64_t value)
{
	return status->records >= value;
}

void
sink_fixture_await_all(struct sink_fixture *f)
{
	await(f, has_next_sequence, f->made.count + 1);
}

void
sink_fixture_await_state(struct sink_fixture *f, enum sink_state state)
{
	await(f, is_in_state, (uint64_t)state);
}

void
sink_fixture_await_records(struct sink_fixture *f, uint64_t records)
{
	await(f, has_records, records);
}

void
sink_fixture_run(struct sink_fixture *f)
{
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	sink_fixture_stop(f);
	assert_int_equal(f->result, TG_OK);
}

void
sink_fixture_assert_equal(struct sink_fixture *f)
{
	sink_compare(mariadb_config(f->server), &f->made);
}

int
sink_fixture_group_setup(void **state)
{
	*state = mariadb_new(NULL);
	return 0;
}

int
sink_fixture_group_teardown(void **state)
{
	mariadb_free(*state);
	return 0;
}
