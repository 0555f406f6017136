/*
 * test_trace.c - a log gives back what was written, and passes over damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "contrib/load/trace.h"

#define PATH_BYTES 64
#define REQUESTS 20 /* of a part */

static int
setup(void **state)
{
	char *path = calloc(1, PATH_BYTES);
	int fd;

	assert_non_null(path);
	snprintf(path, PATH_BYTES, "/tmp/test_trace.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	*state = path;
	return 0;
}

static int
teardown(void **state)
{
	unlink(*state);
	free(*state);
	return 0;
}

/* Append a part: a session and requests of growing length. */
static void
write_part(const char *path, int64_t at_us)
{
	struct failure failure;
	struct trace_writer *writer = trace_writer_open(path, at_us, &failure);
	uint8_t payload[REQUESTS];

	assert_non_null(writer);
	trace_write_session(writer, 7, at_us, 101, 1, 11);
	for (size_t i = 0; i < REQUESTS; i++) {
		memset(payload, (int)i, sizeof(payload));
		trace_write(writer, TRACE_REQUEST, 7, at_us + (int64_t)i, payload, i);
	}
	assert_true(trace_flush(writer, &failure));
	trace_writer_close(writer);
}

/* Count the entries, and the runs they belong to. */
static size_t
count_entries(const char *path, uint32_t *ret_runs, uint64_t *ret_skipped)
{
	struct failure failure;
	struct trace_reader *reader = trace_reader_open(path, &failure);
	struct trace_entry entry;
	size_t count = 0;

	assert_non_null(reader);
	*ret_runs = 0;
	while (trace_read(reader, &entry)) {
		*ret_runs = entry.run;
		count++;
	}
	*ret_skipped = trace_skipped_bytes(reader);
	trace_reader_close(reader);
	return count;
}

/* What: entries come back as they were written, run by run. */
static void
entries_come_back(void **state)
{
	struct failure failure;
	struct trace_reader *reader;
	struct trace_entry entry;
	uint32_t terminal, partner, store;

	write_part(*state, 1000);
	write_part(*state, 2000);
	reader = trace_reader_open(*state, &failure);
	assert_non_null(reader);
	for (uint32_t run = 1; run <= 2; run++) {
		assert_true(trace_read(reader, &entry));
		assert_int_equal(entry.kind, TRACE_RUN);
		assert_int_equal(entry.run, run);
		assert_true(trace_read(reader, &entry));
		assert_true(trace_read_session(&entry, &terminal, &partner, &store));
		assert_int_equal(terminal, 101);
		assert_int_equal(partner, 1);
		assert_int_equal(store, 11);
		for (size_t i = 0; i < REQUESTS; i++) {
			assert_true(trace_read(reader, &entry));
			assert_int_equal(entry.kind, TRACE_REQUEST);
			assert_int_equal(entry.session, 7);
			assert_int_equal(entry.at_utc_us, 1000 * run + i);
			assert_int_equal(entry.payload_bytes, i);
			assert_true(i == 0 || entry.payload[i - 1] == i);
		}
	}
	assert_false(trace_read(reader, &entry));
	assert_int_equal(trace_skipped_bytes(reader), 0);
	trace_reader_close(reader);
}

/* What: a part cut off anywhere costs its own last entry at most, and no later part.
 * How:  the file cut at every byte, then another part appended. */
static void
a_cut_costs_one_entry(void **state)
{
	const size_t whole = REQUESTS + 2;
	struct stat status;
	size_t previous = 0;

	write_part(*state, 1000);
	assert_int_equal(stat(*state, &status), 0);
	for (off_t bytes = TRACE_ENTRY_BYTES + TRACE_MAGIC_BYTES; bytes < status.st_size;
	     bytes += 3) {
		uint64_t skipped;
		uint32_t runs;
		size_t count;

		unlink(*state);
		write_part(*state, 1000);
		assert_int_equal(truncate(*state, bytes), 0);
		count = count_entries(*state, &runs, &skipped);
		assert_true(count >= previous && count <= whole);
		previous = count;
		write_part(*state, 2000);
		/* The bytes that were cut off may be zero, as those that follow are. */
		assert_in_range(count_entries(*state, &runs, &skipped), count + whole,
				count + 1 + whole);
		assert_int_equal(runs, 2);
		assert_true(skipped < 2 * TRACE_ENTRY_BYTES + REQUESTS);
	}
}

/* What: a flipped bit never gives a false entry.
 * How:  each byte of a part changed; what is read is the beginning, and the whole next part. */
static void
a_flipped_bit_gives_no_false_entry(void **state)
{
	struct stat status;

	write_part(*state, 1000);
	write_part(*state, 2000);
	assert_int_equal(stat(*state, &status), 0);
	for (off_t at = TRACE_ENTRY_BYTES + TRACE_MAGIC_BYTES;
	     at < (status.st_size - TRACE_ENTRY_BYTES) / 2; at++) {
		FILE *file = fopen(*state, "r+");
		uint64_t skipped;
		uint32_t runs;
		int byte;

		assert_non_null(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		byte = fgetc(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		fputc(byte ^ 0x10, file);
		fclose(file);
		assert_true(count_entries(*state, &runs, &skipped) < 2 * (REQUESTS + 2));
		assert_true(skipped > 0);
		file = fopen(*state, "r+");
		assert_non_null(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		fputc(byte, file);
		fclose(file);
	}
}

/* What: a file that is something else is not appended to. */
static void
another_file_is_left_alone(void **state)
{
	struct failure failure = { "" };
	FILE *file = fopen(*state, "w");

	assert_non_null(file);
	fputs("a letter that somebody may want to keep\n", file);
	fclose(file);
	assert_null(trace_writer_open(*state, 0, &failure));
	assert_non_null(strstr(failure.text, "no log"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_costs_one_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flipped_bit_gives_no_false_entry, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_file_is_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
