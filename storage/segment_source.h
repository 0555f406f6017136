/*
 * segment_source.h - the bytes of one segment from front to back, compressed or not.
 *
 * Owns the open file and, for a compressed one, the decompressor.  Knows nothing of batches.
 */
#ifndef TG_STORAGE_SEGMENT_SOURCE_H
#define TG_STORAGE_SEGMENT_SOURCE_H

#include "storage/io.h"
#include "storage/segment.h"

struct segment_source;

/*
 * Open the segment called name in directory (a compressed one in archive_directory).
 * ret_source: closed by the caller.  TG_OK; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status segment_source_open(const struct storage_io *io, const char *directory,
						 const char *archive_directory,
						 const struct segment_name *name,
						 struct segment_source **ret_source,
						 struct storage_error *error);

/*
 * Read bytes_max bytes at offset, fewer only at the end: *ret_bytes.  In a compressed segment
 * offset never goes back.  TG_OK; TG_CORRUPT: not to be decompressed; TG_IO.
 */
TG_MUST_CHECK enum tg_status segment_source_read(struct segment_source *source, void *bytes,
						 size_t bytes_max, uint64_t offset,
						 size_t *ret_bytes, struct storage_error *error);

/* Path of the file, for messages; lives as long as source. */
const char *segment_source_path(const struct segment_source *source);

/* NULL is fine. */
void segment_source_close(struct segment_source *source);

#endif
