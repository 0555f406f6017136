/*
 * snapshot_writer.h - blocks of rows on their way into a snapshot file.
 *
 * For snapshot.c only.  Owns the buffer between the ledger's thread and the disk, the thread that
 * writes, and the file until it has its name.  Does not know tables.
 *
 * All functions belong to the ledger's thread and do not wait for a disk, except where they say so.
 */
#ifndef TG_STORAGE_SNAPSHOT_WRITER_H
#define TG_STORAGE_SNAPSHOT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/io.h"
#include "storage/snapshot.h"

/* A block being filled or waiting to be written. */
struct snapshot_chunk {
	struct snapshot_chunk *next; /* in the writer's queue or among its free ones */
	size_t used_bytes;	     /* of bytes, the block's head included */
	uint8_t bytes[]; /* config.block_bytes; the first are left free for the block's head */
};

/* What was written into a file: for its last block. */
struct snapshot_counts {
	uint64_t rows; /* in slices */
	uint64_t pre_images;
};

struct snapshot_writer;

/* Make a writer.  config: as snapshot_new() has it, sizes settled.  NULL: out of memory. */
struct snapshot_writer *snapshot_writer_new(const struct snapshot_config *config);

/* Cancel and wait for the thread: blocks for a write and a sync.  NULL is fine. */
void snapshot_writer_free(struct snapshot_writer *writer);

/*
 * Start on a file that begins with head.  The one before must have been collected.
 * sequence: S0.  head: copied, head_bytes <= SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX.
 * TG_OK; TG_NO_MEMORY: no thread.
 */
TG_MUST_CHECK enum tg_status snapshot_writer_begin(struct snapshot_writer *writer,
						   uint64_t sequence, const uint8_t *head,
						   size_t head_bytes);

/*
 * An empty chunk, owned by the caller until snapshot_writer_push().  NULL: buffer_bytes are filled
 * or wait already, or there is no memory.
 */
struct snapshot_chunk *snapshot_writer_take(struct snapshot_writer *writer, size_t buffer_bytes);

/* Bytes that are filled or wait, counted in whole chunks. */
size_t snapshot_writer_waiting_bytes(struct snapshot_writer *writer);

/* Hand a chunk over to be written. */
void snapshot_writer_push(struct snapshot_writer *writer, struct snapshot_chunk *chunk);

/* No more chunks will come: the file can be ended. */
void snapshot_writer_close(struct snapshot_writer *writer, const struct snapshot_counts *counts);

/* Records up to durable_sequence are durable: the file may get its name if S0 is among them. */
void snapshot_writer_set_durable(struct snapshot_writer *writer, uint64_t durable_sequence);

/* Give the file up; the cause is the caller's.  NULL chunk is fine; else it is taken back. */
void snapshot_writer_cancel(struct snapshot_writer *writer, struct snapshot_chunk *chunk);

/* Inline writers only: do all that can be done now.  Waits for the disk. */
void snapshot_writer_run(struct snapshot_writer *writer);

/* Has the writer come to rest: file named, failed or cancelled? */
bool snapshot_writer_is_done(struct snapshot_writer *writer);

/*
 * After is_done: end the thread, free the buffer, tell the outcome.  Fills bytes,
 * buffer_bytes_peak, status and error of ret_result.  A cancelled file has TG_CLOSED.
 */
void snapshot_writer_collect(struct snapshot_writer *writer, struct snapshot_result *ret_result);

#endif
