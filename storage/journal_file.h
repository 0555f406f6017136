/*
 * journal_file.h - reading a file journal from outside the process that writes it.
 */
#ifndef TG_STORAGE_JOURNAL_FILE_H
#define TG_STORAGE_JOURNAL_FILE_H

#include "storage/journal.h"
#include "storage/segment.h"

/* Where to read, and how far.  Borrowed until the reader is closed. */
struct journal_source {
	const struct storage_io *io;
	const char *directory;
	const char *archive_directory; /* NULL: leave the archive alone */
	const char *instance;	       /* NULL: of any */
	/*
	 * Also give the last batch when nothing shows yet that it is durable: for a journal that
	 * nobody writes.  Otherwise a batch is given once another batch, a mark or a segment
	 * follows.
	 */
	bool is_unconfirmed_wanted;
};

/*
 * Read records from sequence on; 0: from the oldest there is.  Takes no lock and changes nothing,
 * so it may run beside the writer.  Results as journal_read_from(); an empty journal gives a reader
 * that finds nothing.
 */
TG_MUST_CHECK enum tg_status journal_file_read_from(const struct journal_source *source,
						    uint64_t sequence,
						    struct journal_reader **ret_reader,
						    struct storage_error *error);

/*
 * Header of the batch that the last item came from, and where it is.  reader: of a file journal,
 * has given an item.  ret_path: lives until the next call on the reader.
 */
const struct batch_header *journal_file_reader_batch(const struct journal_reader *reader,
						     const char **ret_path,
						     uint64_t *ret_offset_bytes);

/*
 * After JOURNAL_NOTHING, for a reader that does not follow: is this the end, or damage with sound
 * batches behind it?  ret_torn_bytes: of what a crash, or a writer at work, left behind the end.
 * TG_OK; TG_CORRUPT; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_file_reader_check_end(struct journal_reader *reader,
							   uint64_t *ret_torn_bytes,
							   struct storage_error *error);

#endif
