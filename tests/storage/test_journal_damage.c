/*
 * test_journal_damage.c - torn tails are cut, damage is named, stale bytes stay dead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/bytes.h"
#include "storage/journal_recover.h"
#include "tests/storage/journal_fixture.h"

#define BATCHES 4
#define BATCH_RECORDS 75
#define RECORDS (BATCHES * BATCH_RECORDS)
#define ONE_SEGMENT_BYTES (16 * JOURNAL_BLOCK_BYTES)

/* One segment of 300 records in four batches, closed; and copies of its bytes to damage. */
struct damage {
	struct journal_fixture *f;
	char path[STORAGE_PATH_BYTES_MAX];
	uint8_t bytes[ONE_SEGMENT_BYTES];
	uint64_t batch_ends[BATCHES + 1]; /* offset behind batch n; [0]: behind the header */
	uint64_t used_bytes;		  /* with the mark, if there is one */
};

static void
remember(struct damage *d)
{
	const char *path = sim_disk_path(d->f->disk, FIXTURE_DIRECTORY "/0", 0);
	const uint8_t *bytes;
	size_t bytes_count;

	assert_non_null(path);
	memcpy(d->path, path, strlen(path) + 1);
	bytes = sim_disk_get(d->f->disk, path, &bytes_count);
	assert_int_equal(bytes_count, ONE_SEGMENT_BYTES);
	memcpy(d->bytes, bytes, bytes_count);
}

static void
build(struct damage *d, bool has_mark)
{
	struct journal_fixture *f = d->f;

	f->config.segment_bytes = ONE_SEGMENT_BYTES;
	f->record_bytes_max = 64;
	assert_int_equal(journal_fixture_open(f), TG_OK);
	d->batch_ends[0] = SEGMENT_HEADER_BYTES;
	for (int batch = 1; batch <= BATCHES; batch++) {
		assert_int_equal(journal_fixture_append(f, BATCH_RECORDS), TG_OK);
		d->batch_ends[batch] = journal_facts(f->journal).segment_used_bytes;
	}
	if (has_mark)
		assert_int_equal(journal_fixture_mark(f), TG_OK);
	d->used_bytes = journal_facts(f->journal).segment_used_bytes;
	journal_fixture_close(f);
	remember(d);
}

static int
setup(void **state)
{
	struct damage *d = calloc(1, sizeof *d);

	d->f = journal_fixture_new(7);
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	struct damage *d = *state;

	journal_fixture_free(d->f);
	free(d);
	return 0;
}

static enum tg_status
recover(struct damage *d, struct journal_opened *ret_opened)
{
	struct journal_end end;

	return journal_recover(&d->f->config, &end, ret_opened, &d->f->error);
}

/* Batches that end at or before offset. */
static uint64_t
batches_before(const struct damage *d, uint64_t offset)
{
	uint64_t count = 0;

	while (count < BATCHES && d->batch_ends[count + 1] <= offset)
		count++;
	return count;
}

/* Do the records that are there match the model, up to last_sequence? */
static void
assert_prefix(struct damage *d, uint64_t last_sequence)
{
	struct journal_fixture *f = d->f;
	struct journal_source source = { .io = &f->io,
					 .directory = FIXTURE_DIRECTORY,
					 .is_unconfirmed_wanted = true };
	struct journal_reader *reader;
	uint64_t found_sequence;

	assert_int_equal(journal_file_read_from(&source, 1, &reader, &f->error), TG_OK);
	if (!journal_fixture_matches(f, reader, 1, &found_sequence))
		fail_msg("%s", f->why);
	assert_int_equal(found_sequence, last_sequence);
	journal_reader_close(reader);
}

/* What: a journal cut at any byte gives back its whole batches (R3); a cut header is refused.
 * How:  300 records, every length from 0 to all, recovered and read. */
static void
cut_at_every_byte_keeps_the_whole_batches(void **state)
{
	struct damage *d = *state;

	build(d, true);
	for (uint64_t length = 0; length <= d->used_bytes; length++) {
		struct journal_opened opened;
		uint64_t batches = batches_before(d, length);

		sim_disk_put(d->f->disk, d->path, d->bytes, length);
		if (length < SEGMENT_HEADER_BYTES) {
			assert_int_equal(recover(d, &opened), TG_CORRUPT);
			assert_non_null(strstr(d->f->error.text, d->path));
			continue;
		}
		assert_int_equal(recover(d, &opened), TG_OK);
		assert_int_equal(opened.last_sequence, batches * BATCH_RECORDS);
		assert_int_equal(opened.has_mark, length == d->used_bytes);
		if (length % 128 == 0)
			assert_prefix(d, opened.last_sequence);
	}
}

/* What must come of a flipped bit at offset: UINT64_MAX for a refusal, else the last sequence. */
static uint64_t
expected_after_flip(const struct damage *d, uint64_t offset, bool has_mark)
{
	uint64_t batches = batches_before(d, offset);

	if (offset >= d->batch_ends[BATCHES]) /* in the mark, or in what was never written */
		return RECORDS;
	if (offset < SEGMENT_HEADER_BYTES || has_mark || batches + 1 < BATCHES)
		return UINT64_MAX;
	return batches * BATCH_RECORDS; /* the very last batch, before its mark */
}

static void
flip_every_bit(struct damage *d, bool has_mark)
{
	struct journal_fixture *f = d->f;

	for (uint64_t bit = 0; bit < (d->used_bytes + 64) * 8; bit++) {
		uint64_t offset = bit / 8;
		uint64_t expected = expected_after_flip(d, offset, has_mark);
		struct journal_opened opened;
		enum tg_status status;

		sim_disk_flip(f->disk, d->path, offset, (uint8_t)(1u << (bit % 8)));
		status = recover(d, &opened);
		if (expected != UINT64_MAX) {
			assert_int_equal(status, TG_OK);
			assert_int_equal(opened.last_sequence, expected);
			sim_disk_put(f->disk, d->path, d->bytes, sizeof d->bytes);
			continue;
		}
		assert_int_equal(status, TG_CORRUPT);
		assert_non_null(strstr(f->error.text, d->path));
		if (offset >= SEGMENT_HEADER_BYTES) {
			uint64_t batches = batches_before(d, offset);

			assert_int_equal(f->error.offset, d->batch_ends[batches]);
			assert_int_equal(f->error.sequence, batches * BATCH_RECORDS + 1);
		}
		sim_disk_flip(f->disk, d->path, offset, (uint8_t)(1u << (bit % 8)));
	}
}

/*
 * What: with a mark, a flip of any bit of any record's batch is named, with sequence and offset
 * (R5).
 */
static void
flip_of_every_bit_before_the_mark_is_named(void **state)
{
	build(*state, true);
	flip_every_bit(*state, true);
}

/* What: without a mark the last batch, and only that, may be taken for a torn tail. */
static void
flip_of_every_bit_is_named_but_for_the_last_batch(void **state)
{
	build(*state, false);
	flip_every_bit(*state, false);
}

/* What: a block that was lost whole is damage like any other. */
static void
lost_block_is_named(void **state)
{
	struct damage *d = *state;
	uint8_t bytes[ONE_SEGMENT_BYTES];
	struct journal_opened opened;

	build(d, true);
	for (size_t batch = 0; batch < BATCHES; batch++) {
		memcpy(bytes, d->bytes, sizeof bytes);
		memset(bytes + d->batch_ends[batch], 0,
		       d->batch_ends[batch + 1] - d->batch_ends[batch]);
		sim_disk_put(d->f->disk, d->path, bytes, sizeof bytes);
		assert_int_equal(recover(d, &opened), TG_CORRUPT);
		assert_int_equal(d->f->error.offset, d->batch_ends[batch]);
	}
}

/* What: records that a snapshot or the database has cannot be taken for a torn tail. */
static void
witnesses_turn_a_torn_tail_into_damage(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;
	struct journal_opened opened;

	build(d, false);
	sim_disk_flip(f->disk, d->path, d->batch_ends[BATCHES] - 4, 1);
	f->config.snapshot_sequence = RECORDS - BATCH_RECORDS + 1;
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	assert_non_null(strstr(f->error.text, "snapshot of sequence 226"));
	f->config.snapshot_sequence = 0;
	f->config.sink_sequence = RECORDS;
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	assert_non_null(strstr(f->error.text, "up to sequence 300"));
	assert_int_equal(f->error.sequence, RECORDS - BATCH_RECORDS + 1);
	f->config.sink_sequence = RECORDS - BATCH_RECORDS;
	assert_int_equal(recover(d, &opened), TG_OK);
	assert_int_equal(opened.last_sequence, RECORDS - BATCH_RECORDS);
	assert_true(opened.cut_bytes > 0);
	assert_int_equal(opened.cut_offset, d->batch_ends[BATCHES - 1]);
}

/*
 * What: a journal whose end is gone is refused when a witness knows more, also if nothing is torn.
 */
static void
missing_end_is_named_when_a_witness_knows_it(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;

	build(d, true);
	d->f->config.sink_sequence = RECORDS + 1;
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	assert_int_equal(d->f->error.sequence, RECORDS + 1);
	sim_disk_remove(d->f->disk, d->path);
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	d->f->config.sink_sequence = 0;
	assert_int_equal(recover(d, &opened), TG_OK);
	assert_int_equal(opened.last_sequence, 0);
}

/* What: a missing segment in the middle is named by the records that are missing. */
static void
missing_segment_is_named(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;
	struct segment_name name;
	const char *path;

	assert_int_equal(journal_fixture_open(f), TG_OK);
	while (journal_facts(f->journal).segments < 4)
		assert_int_equal(journal_fixture_append(f, 20), TG_OK);
	journal_fixture_close(f);
	path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 1);
	assert_true(segment_name_parse(strrchr(path, '/') + 1, &name));
	memcpy(d->path, path, strlen(path) + 1);
	sim_disk_remove(f->disk, d->path);
	assert_int_equal(journal_fixture_open(f), TG_CORRUPT);
	assert_int_equal(f->error.sequence, name.first_sequence);
	assert_non_null(strstr(f->error.text, "are missing before segment"));
}

/* What: a tail cut once stays cut, and what is written afterwards stands behind it. */
static void
life_goes_on_after_a_cut(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;

	build(d, false);
	sim_disk_flip(f->disk, d->path, d->batch_ends[BATCHES] - 4, 1);
	f->acknowledged = RECORDS - BATCH_RECORDS; /* the damaged batch counts as never told */
	for (int start = 0; start < 4; start++) {
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(f->opened.cut_bytes > 0, start == 0);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		assert_int_equal(journal_fixture_append(f, 3), TG_OK);
		journal_fixture_abandon(f, true);
	}
	/* The batch before the cut is no longer the last one: damage to it is damage. */
	sim_disk_flip(f->disk, d->path, d->batch_ends[BATCHES - 1] - 4, 1);
	assert_int_equal(journal_fixture_open(f), TG_CORRUPT);
	assert_int_equal(f->error.offset, d->batch_ends[BATCHES - 2]);
}

/* What: sound batches of an older life in a segment used again are never replayed (R6).
 * How:  the old segment becomes the next one, so that its batches follow what is written to it. */
static void
stale_batches_are_never_replayed(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;

	build(d, true);
	for (uint64_t batches = 0; batches <= BATCHES; batches++) {
		sim_disk_put(f->disk, FIXTURE_DIRECTORY "/next.journal", d->bytes, sizeof d->bytes);
		assert_int_equal(journal_fixture_open(f), TG_OK);
		for (uint64_t batch = 0; batch < batches; batch++)
			assert_int_equal(journal_fixture_append(f, BATCH_RECORDS), TG_OK);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		journal_fixture_abandon(f, true);
		assert_int_equal(journal_fixture_open(f), TG_OK);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		journal_fixture_close(f);
	}
}

/* What: the same when only the salt tells them apart: same incarnation, same sequences.
 * How:  the journal is lost and begun anew, in a segment that has the old batches. */
static void
stale_batches_of_a_lost_journal_are_never_replayed(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;

	build(d, true);
	for (uint32_t batches = 0; batches <= BATCHES; batches++) {
		for (const char *path; (path = sim_disk_path(f->disk, FIXTURE_DIRECTORY "/0", 0));)
			sim_disk_remove(f->disk, path);
		sim_disk_put(f->disk, FIXTURE_DIRECTORY "/next.journal", d->bytes, sizeof d->bytes);
		f->acknowledged = f->attempted = 0;
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(f->opened.incarnation, 1);
		for (uint32_t batch = 0; batch < batches; batch++)
			assert_int_equal(journal_fixture_append(f, BATCH_RECORDS), TG_OK);
		journal_fixture_abandon(f, true);
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(f->opened.last_sequence, batches * BATCH_RECORDS);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		journal_fixture_close(f);
	}
}

/* Change a batch and make its checksums right again. */
static void
forge_batch(struct damage *d, uint64_t offset)
{
	uint8_t *bytes = d->bytes + offset;
	struct batch_header header;

	assert_true(batch_header_decode(bytes, &header));
	bytes[header.batch_bytes - 1] ^= 1;
	header.payload_checksum = segment_checksum(bytes + SEGMENT_BATCH_HEADER_BYTES,
						   header.batch_bytes - SEGMENT_BATCH_HEADER_BYTES);
	batch_header_encode(&header, bytes);
	sim_disk_put(d->f->disk, d->path, d->bytes, sizeof d->bytes);
}

/* What: a batch that is sound by itself but not the one that was written breaks the chain. */
static void
forged_batch_breaks_the_chain(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;

	build(d, true);
	forge_batch(d, d->batch_ends[1]);
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	assert_int_equal(d->f->error.offset, d->batch_ends[2]);
}

/* What: the same across segments: the next one knows what it follows. */
static void
forged_end_of_a_segment_breaks_the_chain(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;

	build(d, true);
	assert_int_equal(journal_fixture_open(d->f), TG_OK);
	journal_fixture_close(d->f);
	forge_batch(d, d->batch_ends[BATCHES]); /* the mark */
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
	assert_int_equal(d->f->error.offset, d->used_bytes);
	assert_false(journal_fixture_open(d->f) == TG_OK);
}

/* What: a sound batch moved to another place in its own segment is not believed there. */
static void
batch_in_another_place_is_not_believed(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;
	uint64_t first_bytes;

	build(d, false);
	first_bytes = d->batch_ends[1] - d->batch_ends[0];
	memcpy(d->bytes + d->batch_ends[BATCHES], d->bytes + d->batch_ends[0], first_bytes);
	sim_disk_put(d->f->disk, d->path, d->bytes, sizeof d->bytes);
	assert_int_equal(recover(d, &opened), TG_OK);
	assert_int_equal(opened.last_sequence, RECORDS);
}

/* What: a file of a newer version is named, not taken for damage, and nothing is changed. */
static void
newer_version_is_named(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;

	build(d, true);
	bytes_put_u32(d->bytes + 8, SEGMENT_VERSION + 1);
	bytes_put_u64(d->bytes + SEGMENT_HEADER_BYTES - 8,
		      segment_checksum(d->bytes, SEGMENT_HEADER_BYTES - 8));
	sim_disk_put(d->f->disk, d->path, d->bytes, sizeof d->bytes);
	assert_int_equal(recover(d, &opened), TG_TOO_NEW);
	assert_non_null(strstr(d->f->error.text, d->path));
}

/* What: segments of another instance, or under another segment's name, are refused. */
static void
foreign_segments_are_refused(void **state)
{
	struct damage *d = *state;
	struct journal_opened opened;

	build(d, true);
	d->f->config.instance = "another";
	assert_int_equal(recover(d, &opened), TG_CONFIG);
	assert_non_null(strstr(d->f->error.text, "fixture"));
	d->f->config.instance = "fixture";
	sim_disk_remove(d->f->disk, d->path);
	sim_disk_put(d->f->disk, FIXTURE_DIRECTORY "/00000000000000000007-0000000001.journal",
		     d->bytes, sizeof d->bytes);
	assert_int_equal(recover(d, &opened), TG_CORRUPT);
}

/* What: after a failed sync, memory may show what the disk does not have; recovery asks the disk.
 * How:  the sync of a batch fails and loses sectors; the process is killed, memory survives. */
static void
recovery_believes_the_disk_not_the_cache(void **state)
{
	struct damage *d = *state;
	struct journal_fixture *f = d->f;

	for (uint64_t seed = 0; seed < 50; seed++) {
		assert_int_equal(journal_fixture_open(f), TG_OK);
		assert_int_equal(journal_fixture_append(f, 10), TG_OK);
		sim_disk_fail_call(f->disk, 2, SIM_ONCE, TG_IO); /* the write passes */
		assert_int_equal(journal_fixture_append(f, 100), TG_IO);
		journal_fixture_abandon(f, false);
		assert_int_equal(journal_fixture_open(f), TG_OK);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		journal_fixture_abandon(f, true);
		assert_int_equal(journal_fixture_open(f), TG_OK);
		if (!journal_fixture_holds(f, 1))
			fail_msg("%s", f->why);
		journal_fixture_close(f);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(cut_at_every_byte_keeps_the_whole_batches),
		TEST(flip_of_every_bit_before_the_mark_is_named),
		TEST(flip_of_every_bit_is_named_but_for_the_last_batch),
		TEST(lost_block_is_named),
		TEST(witnesses_turn_a_torn_tail_into_damage),
		TEST(missing_end_is_named_when_a_witness_knows_it),
		TEST(missing_segment_is_named),
		TEST(life_goes_on_after_a_cut),
		TEST(stale_batches_are_never_replayed),
		TEST(stale_batches_of_a_lost_journal_are_never_replayed),
		TEST(forged_batch_breaks_the_chain),
		TEST(forged_end_of_a_segment_breaks_the_chain),
		TEST(batch_in_another_place_is_not_believed),
		TEST(newer_version_is_named),
		TEST(foreign_segments_are_refused),
		TEST(recovery_believes_the_disk_not_the_cache),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
