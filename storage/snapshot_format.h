/*
 * snapshot_format.h - the bytes of a snapshot file.
 *
 * For the files of this folder whose names begin with snapshot.  All numbers are little endian;
 * rows are as they lie in memory, which is little endian too.
 *
 *   head      32 bytes whose shape never changes: magic, format version, length and XXH3-64 of the
 *             rest of the head, XXH3-64 of these 24 bytes
 *   rest      sequence, state hash, counts; instance, blob, a descriptor a table
 *   block...  32 bytes: kind, payload bytes, number from 1, XXH3-64 of the payload, XXH3-64 of
 *             these 24 bytes seeded with the sequence; then the payload
 *     ROWS    entries of 16 bytes each followed by rows: slices (row after row from 1 on, a table
 *             complete before the next begins) and pre-images (each before the slice that has its
 *             row, because a copied row owes none)
 *     END     counts and XXH3-128 of all bytes before this block; then the file ends
 */
#ifndef TG_STORAGE_SNAPSHOT_FORMAT_H
#define TG_STORAGE_SNAPSHOT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "storage/io.h"
#include "storage/snapshot.h"

/* "TGSNAPSH" */
#define SNAPSHOT_MAGIC UINT64_C(0x485350414e534754)
#define SNAPSHOT_FORMAT_VERSION 1

#define SNAPSHOT_HEAD_BYTES 32	     /* of the part that never changes shape */
#define SNAPSHOT_REST_BYTES 40	     /* of the fixed part of the rest */
#define SNAPSHOT_DESCRIPTOR_BYTES 24 /* of a table, without its name */
#define SNAPSHOT_BLOCK_HEAD_BYTES 32
#define SNAPSHOT_ENTRY_BYTES 16
#define SNAPSHOT_END_BYTES 48

/* Largest rest of the head that any program writes. */
#define SNAPSHOT_REST_BYTES_MAX \
	(SNAPSHOT_REST_BYTES + SNAPSHOT_INSTANCE_BYTES_MAX + SNAPSHOT_BLOB_BYTES_MAX + \
	 TABLE_SET_MAX * (SNAPSHOT_DESCRIPTOR_BYTES + SNAPSHOT_TABLE_NAME_BYTES_MAX))

/* Kinds of blocks and of entries.  Numbers are never re-used. */
enum snapshot_block_kind {
	SNAPSHOT_BLOCK_ROWS = 1,
	SNAPSHOT_BLOCK_END = 2,
};
enum snapshot_entry_kind {
	SNAPSHOT_ENTRY_SLICE = 1,
	SNAPSHOT_ENTRY_PRE_IMAGE = 2, /* count is 1 */
};

/* The head of a block.  The checksums are made and checked by the functions below. */
struct snapshot_block_head {
	uint32_t kind; /* enum snapshot_block_kind */
	uint32_t payload_bytes;
	uint64_t number; /* from 1, without gaps */
	uint64_t payload_checksum;
};

/* What stands before the rows of an entry. */
struct snapshot_entry {
	uint16_t kind; /* enum snapshot_entry_kind */
	uint16_t table_id;
	uint32_t first; /* row */
	uint32_t count; /* of rows that follow, >= 1 */
};

/* The payload of the last block. */
struct snapshot_end {
	uint64_t blocks; /* before this one */
	uint64_t rows;	 /* in slices */
	uint64_t pre_images;
	uint64_t bytes;		 /* of the file before this block */
	struct state_hash whole; /* XXH3-128 of those bytes */
};

/* A table as the file describes it. */
struct snapshot_table {
	uint32_t id;
	uint32_t version; /* of the row layout */
	uint32_t row_bytes;
	uint32_t hashed_bytes;
	uint32_t rows_used;
	char name[SNAPSHOT_TABLE_NAME_BYTES_MAX + 1];
};

/* The whole head of a file. */
struct snapshot_head {
	struct snapshot_info info; /* file_bytes: of the file, not in the head itself */
	char instance[SNAPSHOT_INSTANCE_BYTES_MAX + 1];
	uint32_t table_count;
	struct snapshot_table tables[TABLE_SET_MAX]; /* table_count of them */
	uint64_t head_bytes;			     /* where the first block begins */
};

/*
 * Encode the head, both parts.  ret_bytes has room for SNAPSHOT_HEAD_BYTES +
 * SNAPSHOT_REST_BYTES_MAX.  Returns how many were written.
 */
size_t snapshot_encode_head(const struct snapshot_head *head, uint8_t *ret_bytes);

/*
 * Read and check the head of an open file.  name: of the file, for errors.  file_bytes: its length.
 * ret_head: undefined on failure.  TG_OK; TG_CORRUPT; TG_TOO_NEW; TG_IO.
 */
TG_MUST_CHECK enum tg_status snapshot_read_head(const struct storage_io *io, int file,
						const char *name, uint64_t file_bytes,
						struct snapshot_head *ret_head,
						struct storage_error *error);

/* Encode a block's head into SNAPSHOT_BLOCK_HEAD_BYTES. */
void snapshot_encode_block_head(const struct snapshot_block_head *head, uint64_t sequence,
				uint8_t *ret_bytes);

/* Decode a block's head.  False: its checksum is wrong. */
TG_MUST_CHECK bool snapshot_decode_block_head(const uint8_t *bytes, uint64_t sequence,
					      struct snapshot_block_head *ret_head);

/* Encode into and decode from SNAPSHOT_ENTRY_BYTES.  False: reserved bytes are not zero. */
void snapshot_encode_entry(const struct snapshot_entry *entry, uint8_t *ret_bytes);
TG_MUST_CHECK bool snapshot_decode_entry(const uint8_t *bytes, struct snapshot_entry *ret_entry);

/* Encode into and decode from SNAPSHOT_END_BYTES. */
void snapshot_encode_end(const struct snapshot_end *end, uint8_t *ret_bytes);
void snapshot_decode_end(const uint8_t *bytes, struct snapshot_end *ret_end);

/* The name of the snapshot of a sequence.  ret_name has STORAGE_NAME_BYTES_MAX bytes. */
void snapshot_file_name(uint64_t sequence, char *ret_name);

/* Fill error with a place in a file and return status. */
enum tg_status snapshot_fail_at(struct storage_error *error, enum tg_status status,
				const char *name, uint64_t offset, const char *what);

#endif
