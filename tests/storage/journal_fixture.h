/*
 * journal_fixture.h - a journal on a simulated disk, and a model of what must be in it.
 *
 * The model knows for each sequence a seed, from which the record's bytes follow, and which
 * sequence was acknowledged last.  After any end of the process the journal must hold all
 * acknowledged records, may hold the batch that was on its way, and nothing else.
 */
#ifndef TG_TESTS_STORAGE_JOURNAL_FIXTURE_H
#define TG_TESTS_STORAGE_JOURNAL_FIXTURE_H

#include "storage/journal_file.h"
#include "tests/storage/sim_disk.h"

#define FIXTURE_SEQUENCES_MAX 20000
#define FIXTURE_DIRECTORY "/data/journal"
#define FIXTURE_ARCHIVE "/data/archive"
#define FIXTURE_DISK_BYTES (64 * 1024 * 1024)

struct journal_fixture {
	struct sim_disk *disk;	      /* owned */
	struct storage_io io;
	struct journal_config config; /* of the next open; salt is drawn at each */
	struct journal *journal;      /* owned; NULL: not open */
	struct journal_opened opened;
	struct storage_error error;   /* of the last call that failed */
	uint32_t record_bytes_max;    /* records are 16 to this long */
	uint64_t acknowledged;	      /* highest sequence whose append returned TG_OK */
	uint64_t attempted;	      /* highest sequence given to append */
	uint32_t seeds[FIXTURE_SEQUENCES_MAX];
	struct state_hash hashes[FIXTURE_SEQUENCES_MAX]; /* sum over the records' hashes so far */
	char	 why[512];	      /* what journal_fixture_holds() did not like */
};

/* A fixture with an empty disk, the journal not opened.  Small segments.  Freed by _free(). */
struct journal_fixture *journal_fixture_new(uint64_t seed);
void journal_fixture_free(struct journal_fixture *f);

/* Open the journal.  Status as journal_file_open(). */
enum tg_status journal_fixture_open(struct journal_fixture *f);

/* Close the journal without a mark. */
void journal_fixture_close(struct journal_fixture *f);

/* Forget the open journal, whose process died with the disk; then crash or kill the disk. */
void journal_fixture_abandon(struct journal_fixture *f, bool is_power_failure);

/*
 * Append the next count records as one batch; after a failure the same again.  Status as
 * journal_append().
 */
enum tg_status journal_fixture_append(struct journal_fixture *f, uint32_t count);

/* Write a mark with the model's hash. */
enum tg_status journal_fixture_mark(struct journal_fixture *f);

/* The bytes of the model's record: returns its length.  bytes has room for record_bytes_max. */
uint32_t journal_fixture_record(const struct journal_fixture *f, uint64_t sequence,
				uint8_t *bytes);

/*
 * Does the open journal hold all acknowledged records and nothing wrong, from first_sequence on?
 * Marks are compared with the model's hashes.  On true the model takes over what was attempted and
 * survived.  On false f->why tells.
 */
bool journal_fixture_holds(struct journal_fixture *f, uint64_t first_sequence);

/* The same through a reader, up to its end; ret_last: last sequence read. */
bool journal_fixture_matches(struct journal_fixture *f, struct journal_reader *reader,
			     uint64_t first_sequence, uint64_t *ret_last);

#endif
