/*
 * segment_reader.h - the batches of one segment, each checked before it is shown.
 *
 * Used by recovery, by readers of the journal, by the archive and by tools.  Tells what it found
 * and gives no verdict: whether bytes that are no batch are a torn tail, damage, or a batch being
 * written just now is for the caller to judge.
 */
#ifndef TG_STORAGE_SEGMENT_READER_H
#define TG_STORAGE_SEGMENT_READER_H

#include "storage/io.h"
#include "storage/segment.h"
#include "storage/segment_source.h"

struct segment_reader {
	struct segment_name name;
	struct segment_source *source;	/* owned */
	struct segment_header header;
	uint64_t offset_bytes;		/* of the next batch in the segment */
	uint64_t next_sequence;		/* of the next record */
	uint64_t chain;			/* that the next batch must have */
	uint8_t *buffer;		/* owned; the batch read last, header included */
	size_t	 buffer_bytes;
	struct batch_header batch;	/* the one read last */
	uint64_t batch_offset_bytes;	/* where it begins */
	const char *fault;		/* after SEGMENT_FAULT: why; static text */
};

enum segment_found {
	SEGMENT_BATCH, /* reader->batch and its bytes are sound */
	SEGMENT_END,   /* zeros or the end of the file */
	SEGMENT_FAULT, /* bytes that are not the next batch: reader->fault */
};

/* Which segments to accept. */
struct segment_place {
	const struct storage_io *io;
	const char *directory;
	const char *archive_directory; /* used for compressed ones only */
	const char *instance;	       /* NULL: of any */
};

/*
 * Open a segment and check its header against its name and place.
 * ret_reader: closed by the caller.  TG_OK; TG_CORRUPT; TG_TOO_NEW; TG_CONFIG: of another instance;
 * TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status segment_reader_open(struct segment_reader *ret_reader,
						 const struct segment_place *place,
						 const struct segment_name *name,
						 struct storage_error *error);

/*
 * Look at the next batch and, if it is sound, step over it.  A batch wholly below
 * skip_below_sequence has only its header checked, and no bytes are read.
 * TG_OK, with what was found; TG_CORRUPT: compressed bytes damaged; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status segment_reader_next(struct segment_reader *reader,
						 uint64_t skip_below_sequence,
						 enum segment_found *ret_found,
						 struct storage_error *error);

/* Records of the batch read last: reader->batch.records_bytes bytes, until the next call. */
const uint8_t *segment_reader_records(const struct segment_reader *reader);

/* Is there, after the batch read last, the sound header of another?  Not for compressed ones. */
TG_MUST_CHECK enum tg_status segment_reader_peek(struct segment_reader *reader, bool *ret_is_there,
						 struct storage_error *error);

/* What lies behind the last sound batch. */
struct segment_tail {
	/* behind the next batch's place: the header of a later one of ours */
	bool	 has_batch;
	uint64_t batch_offset;	 /* ... where it is */
	uint64_t batch_sequence; /* ... its first sequence */
	uint64_t end_offset;	 /* of the last byte that is not zero, + 1; 0: all zeros */
	uint64_t file_bytes;	 /* size of the segment's file */
};

/*
 * Look through the rest of a segment that is not compressed, after SEGMENT_END or SEGMENT_FAULT.
 * TG_OK; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status segment_reader_examine_tail(struct segment_reader *reader,
							 struct segment_tail *ret_tail,
							 struct storage_error *error);

/*
 * Fill error: the place of the next batch is damaged.  Returns TG_CORRUPT.  why: what makes it
 * damage.
 */
enum tg_status segment_reader_fail(const struct segment_reader *reader, const char *why,
				   struct storage_error *error);

/* A reader of zeros is fine. */
void segment_reader_close(struct segment_reader *reader);

#endif
