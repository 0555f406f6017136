/*
 * snapshot_fixture.h - tables that change at random, and a directory for their snapshots.
 */
#ifndef TG_TESTS_STORAGE_SNAPSHOT_FIXTURE_H
#define TG_TESTS_STORAGE_SNAPSHOT_FIXTURE_H

#include <stdint.h>

#include "ledger/table.h"
#include "storage/io.h"
#include "storage/snapshot.h"

#define FIXTURE_TABLES 3
#define FIXTURE_INSTANCE "coalition"

/* A set of tables of several row sizes.  The last eight bytes of a row do not count in the hash. */
struct fixture_tables {
	struct table_set set;
	struct table tables[FIXTURE_TABLES];
	uint64_t random; /* state of fixture_random() */
};

/* What live rows were at one moment. */
struct fixture_image {
	uint32_t rows_used[FIXTURE_TABLES];
	uint8_t *rows[FIXTURE_TABLES]; /* owned; row 0 first */
	struct state_hash hash;
};

/* Make empty tables of at most rows_max rows each; version: of every row layout. */
void fixture_tables_init(struct fixture_tables *f, uint32_t rows_max, uint32_t version);
void fixture_tables_deinit(struct fixture_tables *f);

/* A number below bound. */
uint32_t fixture_random(struct fixture_tables *f, uint32_t bound);

/* count random claims, edits and releases. */
void fixture_change(struct fixture_tables *f, uint32_t count);

/* Keep what the tables are now.  fixture_image_free() frees it. */
void fixture_keep(struct fixture_tables *f, struct fixture_image *ret_image);
void fixture_image_free(struct fixture_image *image);

/* Fail the test unless the tables are as in the image: rows, hash, counts and free rows. */
void fixture_assert_equal(struct fixture_tables *f, const struct fixture_image *image);

/* Fail the test unless all tables are empty. */
void fixture_assert_empty(struct fixture_tables *f);

/* Make an empty directory.  ret_path has STORAGE_PATH_BYTES_MAX bytes. */
void fixture_directory_new(char *ret_path);

/* Remove a directory with the files in it. */
void fixture_directory_free(const char *path);

/* How to load into the tables. */
struct snapshot_load_config fixture_load_config(struct fixture_tables *f,
						const struct storage_io *io, const char *directory);

/* Load a snapshot into new tables and compare with the image. */
void fixture_assert_loads(const struct storage_io *io, const char *directory, uint64_t sequence,
			  uint32_t rows_max, const struct fixture_image *image);

#endif
