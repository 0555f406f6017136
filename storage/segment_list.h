/*
 * segment_list.h - which segments there are, in the order of reading.
 *
 * Owns its array of names.  A segment that lies in journal and archive both (a crash between
 * archiving and removing) is listed once, as the one in the journal.
 */
#ifndef TG_STORAGE_SEGMENT_LIST_H
#define TG_STORAGE_SEGMENT_LIST_H

#include "storage/io.h"
#include "storage/segment.h"

struct segment_list {
	struct segment_name *names; /* owned; sorted, no two equal */
	size_t count;
	size_t capacity;
};

/*
 * List the segments of directory and, when archive_directory is not NULL and there, of the archive.
 * ret_list: freed by the caller.  TG_OK; TG_NO_MEMORY; TG_IO.  A directory that is not there is
 * empty.
 */
TG_MUST_CHECK enum tg_status segment_list_read(const struct storage_io *io, const char *directory,
					       const char *archive_directory,
					       struct segment_list *ret_list,
					       struct storage_error *error);

/* Free the names; a list of zeros is fine. */
void segment_list_deinit(struct segment_list *list);

/*
 * Index of the segment to open for reading from sequence on; list->count: all begin later.
 * Of several with the same first sequence the oldest: all but the last are without records.
 */
size_t segment_list_find(const struct segment_list *list, uint64_t sequence);

/* Index of the first segment after name in the order of reading; list->count: none. */
size_t segment_list_after(const struct segment_list *list, const struct segment_name *name);

#endif
