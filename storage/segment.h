/*
 * segment.h - the file format of the journal: names, segment headers, batch headers.
 *
 * Pure: bytes in, structs out, and back.  Knows no files and no order of segments.
 *
 * A segment is one block (4 KiB) of header, then batches, each of whole blocks: a batch header, the
 * records, zeros.  What follows the last batch is zeros, or whatever a crash left there.  Numbers
 * are little endian; a checksum is XXH3-64.  Each batch holds the checksum of the one before (its
 * chain); the first of a segment that of the segment header, which in turn holds that of the last
 * batch of the segment before.  The segment's salt is random, so bytes of other segments never pass
 * for ours.
 */
#ifndef TG_STORAGE_SEGMENT_H
#define TG_STORAGE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "protocol/status.h"
#include "storage/journal.h"

#define SEGMENT_VERSION 1
#define SEGMENT_HEADER_BYTES JOURNAL_BLOCK_BYTES
#define SEGMENT_BATCH_HEADER_BYTES 128
#define SEGMENT_BATCH_BYTES_MAX (JOURNAL_BATCH_BYTES_MAX + JOURNAL_BLOCK_BYTES)
#define SEGMENT_NAME_BYTES 64

struct segment_header {
	char	 instance[JOURNAL_INSTANCE_BYTES_MAX + 1]; /* zero-terminated */
	uint32_t version;	 /* of the format, as found; encoding writes SEGMENT_VERSION */
	uint64_t incarnation;	 /* number of the start that began it, from 1 */
	uint64_t epoch;		 /* ownership */
	uint64_t first_sequence; /* of its first record, come or to come; all before are durable */
	uint64_t salt;		 /* random; repeated in each batch */
	uint64_t chain;		 /* checksum of the last batch before, 0: none */
	uint64_t segment_bytes;	 /* size it was made with */
	uint64_t checksum;	 /* of the block; set by encoding and decoding */
};

struct batch_header {
	uint32_t batch_bytes;	   /* with header and padding, a multiple of the block */
	uint32_t records_bytes;	   /* without padding; 0 in a mark */
	bool	 is_mark;
	uint32_t count;		   /* of records; 0 in a mark */
	uint64_t first_sequence;   /* of its first record; in a mark: of the next to come */
	uint64_t durable_sequence; /* highest known durable when written */
	uint64_t salt;		   /* of the segment */
	uint64_t incarnation;	   /* of the segment */
	uint64_t epoch;		   /* of the segment */
	uint64_t chain;		   /* checksum of the batch, or of the segment header, before */
	uint64_t payload_checksum; /* of everything after this header, padding included */
	int64_t	 written_at_utc_ms;
	struct state_hash hash;	   /* of a mark: state after first_sequence - 1 */
	uint64_t checksum;	   /* of the header; set by encoding and decoding */
};

/* What a directory entry of the journal is, and which. */
struct segment_name {
	uint64_t first_sequence;
	uint64_t incarnation;
	bool	 is_archived; /* compressed */
};

/* Round up to whole blocks. */
static inline uint64_t
segment_round_up(uint64_t bytes)
{
	return (bytes + JOURNAL_BLOCK_BYTES - 1) / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
}

/* Bytes on disk of a batch of that many bytes of records. */
static inline uint64_t
segment_batch_bytes(size_t records_bytes)
{
	return segment_round_up(SEGMENT_BATCH_HEADER_BYTES + records_bytes);
}

/* Write the name of a segment's file, zero-terminated, to ret_name[SEGMENT_NAME_BYTES]. */
void segment_name_format(const struct segment_name *name, char *ret_name);

/* Read a name; false: not a segment's. */
bool segment_name_parse(const char *text, struct segment_name *ret_name);

/* The order of reading: by first sequence, then incarnation.  Less, equal, more: -1, 0, 1. */
int segment_name_compare(const struct segment_name *a, const struct segment_name *b);

/* Fill the whole block from header and set header->checksum. */
void segment_header_encode(struct segment_header *header, uint8_t *block);

/*
 * Read a block.  TG_OK; TG_CORRUPT: not a segment header, or damaged; TG_TOO_NEW: sound, but of a
 * newer version (only ret_header->version is set).
 */
TG_MUST_CHECK enum tg_status segment_header_decode(const uint8_t *block,
						   struct segment_header *ret_header);

/* Write SEGMENT_BATCH_HEADER_BYTES from header and set header->checksum. */
void batch_header_encode(struct batch_header *header, uint8_t *bytes);

/* Read SEGMENT_BATCH_HEADER_BYTES; false: not a batch header, damaged, or sizes that cannot be. */
bool batch_header_decode(const uint8_t *bytes, struct batch_header *ret_header);

/* Checksum of bytes, as used throughout the journal. */
uint64_t segment_checksum(const uint8_t *bytes, size_t bytes_count);

#endif
