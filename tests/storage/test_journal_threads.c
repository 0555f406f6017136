/*
 * test_journal_threads.c - a writer, a helper and readers at once, on a real disk.
 *
 * The main thread appends; a helper works ahead and archives; one reader follows inside the process
 * as the sink does, one outside as tally-journal does.  Meant for ThreadSanitizer, too.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/bytes.h"
#include "storage/journal_file.h"

#define RECORD_BYTES 64
#define BATCHES 1200
#define BATCH_RECORDS_MAX 100

struct stage {
	struct storage_io io;
	char directory[64];
	char archive[80];
	struct journal *journal;
	atomic_bool is_over;	   /* the writer has written all */
	_Atomic uint64_t last;	   /* sequence of the last record, when is_over */
	_Atomic uint32_t archived; /* segments moved */
	_Atomic uint32_t failures; /* of the other threads; they cannot fail a test themselves */
};

static void
fail_thread(struct stage *stage, const char *text)
{
	(void)fprintf(stderr, "# %s\n", text);
	atomic_fetch_add(&stage->failures, 1);
}

static void *
help(void *context)
{
	struct stage *stage = context;
	struct storage_error error;

	while (!atomic_load(&stage->is_over)) {
		uint64_t durable_sequence = journal_durable_sequence(stage->journal);
		uint32_t count = 0;

		if (journal_tend(stage->journal, &error) != TG_OK ||
		    journal_archive(stage->journal, durable_sequence / 2, &count, &error) != TG_OK)
			fail_thread(stage, error.text);
		atomic_fetch_add(&stage->archived, count);
		(void)sched_yield();
	}
	return NULL;
}

/* Read until the writer's last record; all records in order and whole. */
static void
follow(struct stage *stage, struct journal_reader *reader)
{
	uint64_t next_sequence = 1;

	while (!atomic_load(&stage->is_over) || next_sequence <= atomic_load(&stage->last)) {
		struct storage_error error;
		struct journal_item item;

		if (journal_reader_next(reader, &item, &error) != TG_OK) {
			fail_thread(stage, error.text);
			return;
		}
		if (item.kind == JOURNAL_NOTHING)
			(void)sched_yield();
		if (item.kind != JOURNAL_RECORD)
			continue;
		if (item.sequence != next_sequence || item.bytes[RECORD_BYTES - 1] != 0x5a) {
			fail_thread(stage, "record out of order");
			return;
		}
		next_sequence++;
	}
}

static void *
follow_inside(void *context)
{
	struct stage *stage = context;
	struct journal_reader *reader;
	struct storage_error error;

	if (journal_read_from(stage->journal, 1, &reader, &error) != TG_OK) {
		fail_thread(stage, error.text);
		return NULL;
	}
	follow(stage, reader);
	journal_reader_close(reader);
	return NULL;
}

static void *
follow_outside(void *context)
{
	struct stage *stage = context;
	const struct journal_source source = { .io = &stage->io,
					       .directory = stage->directory,
					       .archive_directory = stage->archive };
	struct journal_reader *reader;
	struct storage_error error;

	if (journal_file_read_from(&source, 1, &reader, &error) != TG_OK) {
		fail_thread(stage, error.text);
		return NULL;
	}
	follow(stage, reader);
	journal_reader_close(reader);
	return NULL;
}

static void
append(struct stage *stage, uint32_t count)
{
	static const struct state_hash hash;
	uint8_t records[BATCH_RECORDS_MAX * RECORD_BYTES] = { 0 };
	uint64_t first_sequence = journal_durable_sequence(stage->journal) + 1;
	struct journal_batch batch = { .records = records,
				       .records_bytes = count * (size_t)RECORD_BYTES,
				       .first_sequence = first_sequence,
				       .count = count };
	struct storage_error error;

	for (uint32_t index = 0; index < count; index++) {
		uint8_t *record = records + (size_t)index * RECORD_BYTES;

		bytes_put_u16(record, RECORD_BYTES);
		bytes_put_u64(record + 8, first_sequence + index);
		record[RECORD_BYTES - 1] = 0x5a;
	}
	if (journal_append(stage->journal, &batch, &error) != TG_OK)
		fail_msg("%s", error.text);
	if (count % 9 == 0)
		assert_int_equal(
			journal_mark(stage->journal, first_sequence + count - 1, hash, 0, &error),
			TG_OK);
}

static void
remove_all(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char file[400];

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		(void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		(void)unlink(file);
	}
	if (directory != NULL)
		(void)closedir(directory);
	(void)rmdir(path);
}

/* Let writer, helper and readers work together, from opening to closing. */
static void
play(struct stage *stage, const struct journal_config *config)
{
	struct journal_opened opened;
	struct storage_error error = { 0 };
	pthread_t threads[3];
	uint32_t archived;

	if (journal_file_open(config, &stage->journal, &opened, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_int_equal(pthread_create(&threads[0], NULL, help, stage), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, follow_inside, stage), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, follow_outside, stage), 0);
	for (uint32_t batch = 0; batch < BATCHES; batch++)
		append(stage, 1 + batch % BATCH_RECORDS_MAX);
	append(stage, 9); /* with a mark, which lets the outside reader finish */
	atomic_store(&stage->last, journal_durable_sequence(stage->journal));
	atomic_store(&stage->is_over, true);
	for (size_t thread = 0; thread < 3; thread++)
		assert_int_equal(pthread_join(threads[thread], NULL), 0);
	assert_int_equal(atomic_load(&stage->failures), 0);
	assert_int_equal(journal_archive(stage->journal, UINT64_MAX, &archived, &error), TG_OK);
	assert_true(atomic_load(&stage->archived) + archived > 10);
	journal_close(stage->journal);
}

static struct journal_config
prepare(struct stage *stage)
{
	storage_io_posix(&stage->io);
	assert_non_null(mkdtemp(stage->directory));
	(void)snprintf(stage->archive, sizeof stage->archive, "%s/archive", stage->directory);
	return (struct journal_config){ .io = &stage->io,
					.directory = stage->directory,
					.archive_directory = stage->archive,
					.instance = "threads",
					.segment_bytes = 32 * JOURNAL_BLOCK_BYTES,
					.salt = 99 };
}

/* What: readers inside and outside get every record once and in order, while segments are made,
 * filled and moved to the archive. */
static void
readers_follow_the_writer(void **state)
{
	/* Static: after a failure the other threads go on until the process ends. */
	static struct stage stage = { .directory = "/tmp/tg_journal_XXXXXX" };
	const struct journal_config config = prepare(&stage);

	(void)state;
	play(&stage, &config);
	remove_all(stage.archive);
	remove_all(stage.directory);
}

/* What: the same with a mirror, whose syncs have a thread; and in the end both are equal.
 * How:  the same, then another start, and a start on the mirror alone. */
static void
a_mirror_is_written_beside(void **state)
{
	static struct stage stage = { .directory = "/tmp/tg_journal_XXXXXX" };
	struct journal_config config = prepare(&stage);
	struct storage_error error = { 0 };
	struct journal_opened opened;
	char mirror[80];
	char mirror_archive[100];

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/mirror", stage.directory);
	(void)snprintf(mirror_archive, sizeof mirror_archive, "%s/archive", mirror);
	config.mirror_directory = mirror;
	assert_int_equal(stage.io.make_directory(stage.io.context, mirror, &error), TG_OK);
	play(&stage, &config);
	config.salt++;
	if (journal_file_open(&config, &stage.journal, &opened, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_int_equal(opened.mirror.verdict, JOURNAL_MIRROR_EQUAL);
	assert_int_equal(opened.last_sequence, atomic_load(&stage.last));
	journal_close(stage.journal);
	config.directory = mirror;
	config.archive_directory = mirror_archive;
	config.mirror_directory = NULL;
	if (journal_file_open(&config, &stage.journal, &opened, &error) != TG_OK)
		fail_msg("%s", error.text);
	assert_int_equal(opened.last_sequence, atomic_load(&stage.last));
	journal_close(stage.journal);
	remove_all(mirror_archive);
	remove_all(mirror);
	remove_all(stage.archive);
	remove_all(stage.directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_follow_the_writer),
		cmocka_unit_test(a_mirror_is_written_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
