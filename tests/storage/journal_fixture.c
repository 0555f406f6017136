/*
 * journal_fixture.c - the model of a journal's content.
 */
#include "tests/storage/journal_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/bytes.h"

#define SEGMENT_BYTES (8 * JOURNAL_BLOCK_BYTES)
#define RECORD_BYTES_MAX 120

struct journal_fixture *
journal_fixture_new(uint64_t seed)
{
	struct journal_fixture *f = calloc(1, sizeof *f);

	TG_ASSERT(f != NULL);
	f->disk = sim_disk_new(seed, FIXTURE_DISK_BYTES);
	sim_disk_io(f->disk, &f->io);
	f->config = (struct journal_config){ .io = &f->io,
					     .directory = FIXTURE_DIRECTORY,
					     .archive_directory = FIXTURE_ARCHIVE,
					     .instance = "fixture",
					     .epoch = 1,
					     .segment_bytes = SEGMENT_BYTES };
	f->record_bytes_max = RECORD_BYTES_MAX;
	return f;
}

void
journal_fixture_free(struct journal_fixture *f)
{
	journal_close(f->journal);
	sim_disk_free(f->disk);
	free(f);
}

enum tg_status
journal_fixture_open(struct journal_fixture *f)
{
	TG_ASSERT(f->journal == NULL);
	f->config.salt = sim_disk_chance(f->disk, UINT64_MAX);
	return journal_file_open(&f->config, &f->journal, &f->opened, &f->error);
}

void
journal_fixture_close(struct journal_fixture *f)
{
	journal_close(f->journal);
	f->journal = NULL;
}

void
journal_fixture_abandon(struct journal_fixture *f, bool is_power_failure)
{
	journal_fixture_close(f); /* closes files, which changes nothing on the disk */
	if (is_power_failure)
		sim_disk_crash(f->disk);
	else
		sim_disk_kill(f->disk);
}

uint32_t
journal_fixture_record(const struct journal_fixture *f, uint64_t sequence, uint8_t *bytes)
{
	uint32_t seed = f->seeds[sequence];
	uint32_t length = JOURNAL_RECORD_HEADER_BYTES +
			  seed % (f->record_bytes_max - JOURNAL_RECORD_HEADER_BYTES + 1);

	for (uint32_t at = 0; at < length; at++)
		bytes[at] = (uint8_t)((seed >> (at % 25)) * 31 + at);
	bytes_put_u16(bytes, (uint16_t)length);
	bytes_put_u64(bytes + 8, sequence);
	return length;
}

/* Draw the next record of the model; one that was attempted before stays as it is. */
static uint32_t
draw_record(struct journal_fixture *f, uint64_t sequence, uint8_t *bytes)
{
	struct state_hash before = f->hashes[sequence - 1];
	XXH128_hash_t hash;
	uint32_t length;

	TG_ASSERT(sequence < FIXTURE_SEQUENCES_MAX);
	if (sequence > f->attempted)
		f->seeds[sequence] = (uint32_t)sim_disk_chance(f->disk, UINT32_MAX);
	length = journal_fixture_record(f, sequence, bytes);
	hash = XXH3_128bits(bytes, length);
	f->hashes[sequence] = (struct state_hash){ .low = before.low + hash.low64,
						   .high = before.high + hash.high64 };
	return length;
}

enum tg_status
journal_fixture_append(struct journal_fixture *f, uint32_t count)
{
	uint8_t *bytes = malloc((size_t)count * f->record_bytes_max);
	struct journal_batch batch = { .records = bytes,
				       .first_sequence = f->acknowledged + 1,
				       .count = count,
				       .written_at_utc_ms = 1000 };
	uint64_t last_sequence = f->acknowledged + count;
	enum tg_status status;

	TG_ASSERT(bytes != NULL);
	for (uint64_t sequence = batch.first_sequence; sequence <= last_sequence; sequence++)
		batch.records_bytes += draw_record(f, sequence, bytes + batch.records_bytes);
	if (last_sequence > f->attempted)
		f->attempted = last_sequence;
	status = journal_append(f->journal, &batch, &f->error);
	if (status == TG_OK)
		f->acknowledged = last_sequence;
	free(bytes);
	return status;
}

enum tg_status
journal_fixture_mark(struct journal_fixture *f)
{
	return journal_mark(f->journal, f->acknowledged, f->hashes[f->acknowledged], 2000,
			    &f->error);
}

static bool
is_expected(struct journal_fixture *f, const struct journal_item *item, uint64_t sequence)
{
	uint8_t bytes[UINT16_MAX];
	uint32_t length;

	if (item->kind == JOURNAL_MARK) {
		const struct state_hash *hash = &f->hashes[item->sequence];

		if (item->sequence + 1 == sequence && item->hash.low == hash->low &&
		    item->hash.high == hash->high)
			return true;
		(void)snprintf(f->why, sizeof f->why,
			       "mark after %" PRIu64 " in place of %" PRIu64
			       ", or its hash is wrong",
			       item->sequence, sequence - 1);
		return false;
	}
	if (item->sequence != sequence || sequence > f->attempted) {
		(void)snprintf(f->why, sizeof f->why,
			       "record %" PRIu64 " in place of %" PRIu64 ", attempted %" PRIu64,
			       item->sequence, sequence, f->attempted);
		return false;
	}
	length = journal_fixture_record(f, sequence, bytes);
	if (length == item->bytes_count && memcmp(bytes, item->bytes, length) == 0)
		return true;
	(void)snprintf(f->why, sizeof f->why, "record %" PRIu64 " has other bytes", sequence);
	return false;
}

bool
journal_fixture_matches(struct journal_fixture *f, struct journal_reader *reader,
			uint64_t first_sequence, uint64_t *ret_last)
{
	uint64_t sequence = first_sequence;

	for (;;) {
		struct journal_item item;
		enum tg_status status = journal_reader_next(reader, &item, &f->error);

		if (status != TG_OK) {
			(void)snprintf(f->why, sizeof f->why, "reading: %.400s", f->error.text);
			return false;
		}
		if (item.kind == JOURNAL_NOTHING)
			break;
		if (!is_expected(f, &item, sequence))
			return false;
		if (item.kind == JOURNAL_RECORD)
			sequence++;
	}
	*ret_last = sequence - 1;
	return true;
}

bool
journal_fixture_holds(struct journal_fixture *f, uint64_t first_sequence)
{
	uint64_t durable_sequence = journal_durable_sequence(f->journal);
	struct journal_reader *reader;
	uint64_t last_sequence = 0;
	bool is_match;

	if (durable_sequence < f->acknowledged || durable_sequence > f->attempted) {
		(void)snprintf(f->why, sizeof f->why,
			       "journal ends at %" PRIu64 ", acknowledged %" PRIu64
			       ", attempted %" PRIu64,
			       durable_sequence, f->acknowledged, f->attempted);
		return false;
	}
	if (first_sequence > durable_sequence + 1)
		first_sequence = durable_sequence + 1;
	if (journal_read_from(f->journal, first_sequence, &reader, &f->error) != TG_OK) {
		(void)snprintf(f->why, sizeof f->why, "no reader: %.400s", f->error.text);
		return false;
	}
	is_match = journal_fixture_matches(f, reader, first_sequence, &last_sequence);
	journal_reader_close(reader);
	if (is_match && last_sequence != durable_sequence) {
		(void)snprintf(f->why, sizeof f->why, "read up to %" PRIu64 " of %" PRIu64,
			       last_sequence, durable_sequence);
		return false;
	}
	f->acknowledged = f->attempted = durable_sequence;
	return is_match;
}
