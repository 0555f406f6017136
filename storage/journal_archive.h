/*
 * journal_archive.h - moving segments that nobody writes any more to the archive, compressed.
 */
#ifndef TG_STORAGE_JOURNAL_ARCHIVE_H
#define TG_STORAGE_JOURNAL_ARCHIVE_H

#include "storage/segment_reader.h"

/*
 * Move the segments of place->directory whose records all lie below below_sequence; never the
 * newest.  Each is read through and checked first.  Arguments and results as journal_archive().
 */
TG_MUST_CHECK enum tg_status journal_archive_segments(const struct segment_place *place,
						      uint64_t below_sequence, uint32_t *ret_count,
						      struct storage_error *error);

#endif
