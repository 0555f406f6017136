/*
 * fuzz_journal.c - recovery and reader over a segment of any bytes.
 *
 * The input is the file of the only segment.  Checksums would keep every input out, so its header
 * is made right, and each batch header found at its place, before anyone looks.
 */
#include <string.h>

#include "protocol/assert.h"
#include "storage/bytes.h"
#include "storage/journal_file.h"
#include "storage/journal_recover.h"
#include "tests/fuzz.h"
#include "tests/storage/sim_disk.h"

#define DIRECTORY "/journal"
#define SEGMENT DIRECTORY "/00000000000000000001-0000000001.journal"
#define FILE_BYTES_MAX (64 * JOURNAL_BLOCK_BYTES)
#define SEED_BYTES (16 * JOURNAL_BLOCK_BYTES) /* of a seed's segment */
#define SEED_RECORD_BYTES 120
#define SEED_RECORDS_MAX 60

/* Make checksums right, batch after batch, for as long as the sizes make sense. */
static void
mend(uint8_t *bytes, size_t bytes_count)
{
	struct segment_header segment = {
		.instance = "fuzz", .incarnation = 1, .epoch = 1, .first_sequence = 1, .salt = 1
	};
	size_t at = SEGMENT_HEADER_BYTES;
	uint64_t chain;

	segment_header_encode(&segment, bytes);
	chain = segment.checksum;
	while (at + SEGMENT_BATCH_HEADER_BYTES <= bytes_count) {
		uint8_t *batch = bytes + at;
		uint32_t batch_bytes = bytes_get_u32(batch + 8);

		if (batch_bytes < SEGMENT_BATCH_HEADER_BYTES || batch_bytes > bytes_count - at)
			return;
		bytes_put_u64(batch + 40, segment.salt);
		bytes_put_u64(batch + 48, segment.incarnation);
		bytes_put_u64(batch + 56, segment.epoch);
		bytes_put_u64(batch + 64, chain);
		bytes_put_u64(batch + 72,
			      segment_checksum(batch + SEGMENT_BATCH_HEADER_BYTES,
					       batch_bytes - SEGMENT_BATCH_HEADER_BYTES));
		chain = segment_checksum(batch, SEGMENT_BATCH_HEADER_BYTES - 8);
		bytes_put_u64(batch + SEGMENT_BATCH_HEADER_BYTES - 8, chain);
		at += batch_bytes;
	}
}

/* What recovery keeps, the reader must give, in order. */
static void
read_back(const struct storage_io *io, uint64_t last_sequence)
{
	const struct journal_source source = { .io = io,
					       .directory = DIRECTORY,
					       .is_unconfirmed_wanted = true };
	struct journal_reader *reader;
	struct storage_error error;
	struct journal_item item;
	uint64_t next_sequence = 1;

	TG_ASSERT(journal_file_read_from(&source, 1, &reader, &error) == TG_OK);
	do {
		TG_ASSERT(journal_reader_next(reader, &item, &error) == TG_OK);
		if (item.kind == JOURNAL_RECORD)
			TG_ASSERT(item.sequence == next_sequence++);
	} while (item.kind != JOURNAL_NOTHING);
	TG_ASSERT(next_sequence == last_sequence + 1);
	journal_reader_close(reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	static uint8_t const empty[SEGMENT_HEADER_BYTES];
	struct sim_disk *disk = sim_disk_new(1, 1 << 20);
	uint8_t bytes[FILE_BYTES_MAX];
	struct journal_config config = { .directory = DIRECTORY,
					 .archive_directory = "/archive",
					 .instance = "fuzz",
					 .epoch = 1 };
	struct journal_opened opened;
	struct storage_error error;
	struct journal_end end;
	struct storage_io io;

	sim_disk_io(disk, &io);
	config.io = &io;
	TG_ASSERT(io.make_directory(io.context, DIRECTORY, &error) == TG_OK);
	if (data_bytes > sizeof bytes - sizeof empty)
		data_bytes = sizeof bytes - sizeof empty;
	memcpy(bytes, empty, sizeof empty);
	if (data_bytes > 0)
		memcpy(bytes + sizeof empty, data, data_bytes);
	mend(bytes, sizeof empty + data_bytes);
	sim_disk_put(disk, SEGMENT, bytes, sizeof empty + data_bytes);
	if (journal_recover(&config, &end, &opened, &error) == TG_OK) {
		TG_ASSERT(end.next_sequence == opened.last_sequence + 1);
		read_back(&io, opened.last_sequence);
	} else {
		TG_ASSERT(error.text[0] != '\0');
	}
	sim_disk_free(disk);
	return 0;
}

/* What a journal is made of as a seed: batches of so many records each, 0 for a mark. */
struct shape {
	uint32_t counts[8];
	uint32_t count;
};

/* Append a batch; returns the sequence of its last record. */
static uint64_t
append(struct journal *journal, uint64_t sequence, uint32_t count)
{
	uint8_t records[SEED_RECORDS_MAX * SEED_RECORD_BYTES] = { 0 };
	struct journal_batch batch = { .records = records,
				       .records_bytes = (size_t)count * SEED_RECORD_BYTES,
				       .first_sequence = sequence + 1,
				       .count = count,
				       .written_at_utc_ms = 1000 };
	struct storage_error error;

	TG_ASSERT(count <= SEED_RECORDS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		bytes_put_u16(records + i * SEED_RECORD_BYTES, SEED_RECORD_BYTES);
		bytes_put_u64(records + i * SEED_RECORD_BYTES + 8, sequence + 1 + i);
	}
	TG_ASSERT(journal_append(journal, &batch, &error) == TG_OK);
	return sequence + count;
}

/* The segment that a journal writes, behind its header. */
static void
give_shape(const struct fuzz_sink *sink, const struct shape *shape)
{
	struct sim_disk *disk = sim_disk_new(1, 1 << 20);
	struct journal_config config = { .directory = DIRECTORY,
					 .archive_directory = "/archive",
					 .instance = "fuzz",
					 .salt = 1,
					 .epoch = 1,
					 .segment_bytes = SEED_BYTES };
	struct state_hash hash = { .low = 1, .high = 2 };
	struct journal_opened opened;
	struct storage_error error;
	struct journal *journal;
	uint64_t sequence = 0;
	struct storage_io io;
	const uint8_t *bytes;
	size_t used;

	sim_disk_io(disk, &io);
	config.io = &io;
	TG_ASSERT(journal_file_open(&config, &journal, &opened, &error) == TG_OK);
	for (uint32_t i = 0; i < shape->count; i++) {
		if (shape->counts[i] == 0)
			TG_ASSERT(journal_mark(journal, sequence, hash, 1000, &error) == TG_OK);
		else
			sequence = append(journal, sequence, shape->counts[i]);
	}
	journal_close(journal);
	bytes = sim_disk_get(disk, SEGMENT, &used);
	TG_ASSERT(bytes != NULL && used > SEGMENT_HEADER_BYTES);
	while (used > SEGMENT_HEADER_BYTES && bytes[used - 1] == 0)
		used--;
	used = segment_round_up(used);
	sink->seed(sink->context, bytes + SEGMENT_HEADER_BYTES, used - SEGMENT_HEADER_BYTES);
	if (used > SEGMENT_HEADER_BYTES) /* how a batch begins */
		sink->word(sink->context, bytes + SEGMENT_HEADER_BYTES, 8);
	sim_disk_free(disk);
}

/* Journals as they are written: a record, a full batch, one of two blocks, marks in between. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const struct shape shapes[] = {
		{ { 1 }, 1 },
		{ { 1, 0 }, 2 },
		{ { 30 }, 1 },
		{ { SEED_RECORDS_MAX, 0 }, 2 },
		{ { 1, 2, 3, 0, 4, 1, 0 }, 7 },
		{ { 0, 1, 1, 1, 1, 1, 1, 1 }, 8 },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		give_shape(sink, &shapes[i]);
}
