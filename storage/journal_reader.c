/*
 * journal_reader.c - records from a sequence on, through archive and segments as one.
 *
 * Owns a segment reader and steps from segment to segment by their names.  What is read may be
 * being written at the same time: bytes that are no batch yet are the end for now, unless the
 * writer said that they are durable.
 */
#include "storage/journal_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/bytes.h"
#include "storage/journal_backend.h"
#include "storage/segment_list.h"
#include "storage/segment_reader.h"

#define OPEN_ATTEMPTS_MAX 5 /* a segment may move to the archive between listing and opening */
#define RECORD_SEQUENCE_OFFSET 8

struct file_reader {
	struct journal_reader reader;
	struct segment_place place;
	const struct journal *writer; /* borrowed; NULL: in another process, or there is none */
	bool is_unconfirmed_wanted;
	bool has_segment;
	struct segment_reader segment; /* when has_segment */
	uint64_t next_sequence;	       /* of the next record to give; 0: the oldest there is */
	bool has_batch;		       /* segment.batch is not given to its end */
	bool is_confirmed;	       /* ... and is known to be durable */
	uint32_t given_bytes;	       /* of its records, looked at */
};

/* Open the segment at index.  It must take up where the present one ends, if there is one. */
static enum tg_status
enter_segment(struct file_reader *reader, const struct segment_name *name,
	      struct storage_error *error)
{
	const struct segment_reader *present = reader->has_segment ? &reader->segment : NULL;
	struct segment_reader next;
	enum tg_status status;

	if (present != NULL && name->first_sequence > present->next_sequence)
		return segment_reader_fail(
			present, "the records after it are missing, up to the next segment", error);
	status = segment_reader_open(&next, &reader->place, name, error);
	if (status != TG_OK)
		return status;
	if (present != NULL && (next.header.chain != present->chain ||
				next.header.first_sequence != present->next_sequence)) {
		segment_reader_close(&next);
		return segment_reader_fail(present,
					   "the next segment does not follow what is there", error);
	}
	if (present != NULL)
		segment_reader_close(&reader->segment);
	reader->segment = next;
	reader->has_segment = true;
	return TG_OK;
}

static enum tg_status
fail_missing(const struct file_reader *reader, const struct segment_list *list,
	     struct storage_error *error)
{
	if (list->count == 0)
		(void)storage_fail(error, TG_CORRUPT,
				   "%s: no segment, record %" PRIu64 " is missing",
				   reader->place.directory, reader->next_sequence);
	else
		(void)storage_fail(error, TG_CORRUPT,
				   "%s: records %" PRIu64 " to %" PRIu64
				   " are missing before the oldest segment",
				   reader->place.directory, reader->next_sequence,
				   list->names[0].first_sequence - 1);
	error->sequence = reader->next_sequence;
	return TG_CORRUPT;
}

/* Pick the name of the segment to read next.  *ret_index = list->count: there is none (yet). */
static enum tg_status
choose_segment(struct file_reader *reader, const struct segment_list *list, size_t *ret_index,
	       struct storage_error *error)
{
	if (reader->has_segment) {
		*ret_index = segment_list_after(list, &reader->segment.name);
		return TG_OK;
	}
	if (reader->next_sequence == 0 && list->count > 0)
		reader->next_sequence = list->names[0].first_sequence;
	*ret_index = segment_list_find(list, reader->next_sequence);
	if (*ret_index < list->count || reader->next_sequence == 0)
		return TG_OK;
	return fail_missing(reader, list, error);
}

/* Is the file of that name gone since it was listed? */
static bool
has_moved(const struct file_reader *reader, const struct segment_name *name)
{
	const struct storage_io *io = reader->place.io;
	char file_name[SEGMENT_NAME_BYTES];
	char path[STORAGE_PATH_BYTES_MAX];
	struct storage_error ignored;
	struct storage_stat facts;

	if (name->is_archived)
		return false;
	segment_name_format(name, file_name);
	return storage_path(path, reader->place.directory, file_name, &ignored) == TG_OK &&
	       io->stat(io->context, path, &facts, &ignored) == TG_OK && !facts.exists;
}

/* Go to the next segment, or to the first.  *ret_is_there: false when there is none (yet). */
static enum tg_status
advance_segment(struct file_reader *reader, bool *ret_is_there, struct storage_error *error)
{
	for (int attempt = 1;; attempt++) {
		struct segment_list list;
		struct segment_name name;
		size_t index;
		enum tg_status status =
			segment_list_read(reader->place.io, reader->place.directory,
					  reader->place.archive_directory, &list, error);

		if (status != TG_OK)
			return status;
		status = choose_segment(reader, &list, &index, error);
		*ret_is_there = status == TG_OK && index < list.count;
		if (*ret_is_there)
			name = list.names[index];
		segment_list_deinit(&list);
		if (!*ret_is_there)
			return status;
		status = enter_segment(reader, &name, error);
		if (status != TG_IO || attempt == OPEN_ATTEMPTS_MAX || !has_moved(reader, &name))
			return status;
	}
}

/* Has the writer begun another segment than the one being read? */
static bool
has_writer_moved_on(const struct file_reader *reader)
{
	struct journal_facts facts = journal_facts(reader->writer);

	return facts.segment_sequence != reader->segment.name.first_sequence ||
	       facts.incarnation != reader->segment.name.incarnation;
}

/*
 * Find the next batch, in this segment or the next.  *ret_is_there: false at the end for now.
 * durable_sequence: of the writer, read before any byte of the file.
 */
static enum tg_status
next_batch(struct file_reader *reader, uint64_t durable_sequence, bool *ret_is_there,
	   struct storage_error *error)
{
	bool is_second_look = false;
	bool is_there = true;

	if (!reader->has_segment) {
		enum tg_status status = advance_segment(reader, &is_there, error);

		if (status != TG_OK || !is_there) {
			*ret_is_there = false;
			return status;
		}
	}
	for (;;) {
		enum segment_found found;
		enum tg_status status =
			segment_reader_next(&reader->segment, reader->next_sequence, &found, error);

		if (status != TG_OK)
			return status;
		*ret_is_there = found == SEGMENT_BATCH;
		if (*ret_is_there)
			return TG_OK;
		if (reader->writer != NULL && reader->segment.next_sequence > durable_sequence &&
		    !has_writer_moved_on(reader))
			return TG_OK;
		status = advance_segment(reader, &is_there, error);
		/* The writer may have gone on here, after we looked, before it began the next. */
		if (status == TG_CORRUPT && !is_second_look && !reader->segment.name.is_archived) {
			is_second_look = true;
			continue;
		}
		if (status != TG_OK)
			return status;
		if (!is_there && reader->segment.next_sequence <= durable_sequence)
			return segment_reader_fail(&reader->segment,
						   found == SEGMENT_FAULT ? reader->segment.fault
									  : "batch is missing",
						   error);
		if (!is_there)
			return TG_OK;
		is_second_look = false;
	}
}

/* Is the batch at hand durable?  In another process: when something follows it. */
static enum tg_status
confirm_batch(struct file_reader *reader, uint64_t durable_sequence, struct storage_error *error)
{
	const struct batch_header *batch = &reader->segment.batch;
	struct segment_list list;
	enum tg_status status;

	if (reader->writer != NULL) {
		reader->is_confirmed = batch->first_sequence + batch->count <= durable_sequence + 1;
		return TG_OK;
	}
	reader->is_confirmed =
		reader->is_unconfirmed_wanted || batch->is_mark || reader->segment.name.is_archived;
	if (reader->is_confirmed)
		return TG_OK;
	status = segment_reader_peek(&reader->segment, &reader->is_confirmed, error);
	if (status != TG_OK || reader->is_confirmed)
		return status;
	status = segment_list_read(reader->place.io, reader->place.directory,
				   reader->place.archive_directory, &list, error);
	if (status != TG_OK)
		return status;
	reader->is_confirmed = segment_list_after(&list, &reader->segment.name) < list.count;
	segment_list_deinit(&list);
	return TG_OK;
}

/* Give the next record of the batch at hand that is wanted; false at its end. */
static bool
next_record(struct file_reader *reader, struct journal_item *ret_item)
{
	const struct batch_header *batch = &reader->segment.batch;

	if (batch->first_sequence + batch->count <= reader->next_sequence)
		return false; /* passed over; its records were not read */
	while (reader->given_bytes < batch->records_bytes) {
		const uint8_t *record =
			segment_reader_records(&reader->segment) + reader->given_bytes;
		uint64_t sequence = bytes_get_u64(record + RECORD_SEQUENCE_OFFSET);
		uint16_t length = bytes_get_u16(record);

		reader->given_bytes += length;
		if (sequence < reader->next_sequence)
			continue;
		reader->next_sequence = sequence + 1;
		*ret_item = (struct journal_item){ .kind = JOURNAL_RECORD,
						   .sequence = sequence,
						   .bytes = record,
						   .bytes_count = length,
						   .written_at_utc_ms = batch->written_at_utc_ms };
		return true;
	}
	return false;
}

static enum tg_status
file_reader_next(struct journal_reader *base, struct journal_item *ret_item,
		 struct storage_error *error)
{
	struct file_reader *reader = (struct file_reader *)base;
	const struct batch_header *batch = &reader->segment.batch;
	uint64_t durable_sequence = 0;

	if (reader->writer != NULL)
		durable_sequence = journal_durable_sequence(reader->writer);
	for (;;) {
		enum tg_status status;

		*ret_item = (struct journal_item){ .kind = JOURNAL_NOTHING };
		if (!reader->has_batch) {
			status = next_batch(reader, durable_sequence, &reader->has_batch, error);
			if (status != TG_OK || !reader->has_batch)
				return status;
			reader->is_confirmed = false;
			reader->given_bytes = 0;
		}
		if (!reader->is_confirmed) {
			status = confirm_batch(reader, durable_sequence, error);
			if (status != TG_OK || !reader->is_confirmed)
				return status;
		}
		if (batch->is_mark && batch->first_sequence >= reader->next_sequence) {
			*ret_item = (struct journal_item){
				.kind = JOURNAL_MARK,
				.sequence = batch->first_sequence - 1,
				.hash = batch->hash,
				.written_at_utc_ms = batch->written_at_utc_ms,
			};
			reader->has_batch = false;
			return TG_OK;
		}
		if (next_record(reader, ret_item))
			return TG_OK;
		reader->has_batch = false;
	}
}

static void
file_reader_close(struct journal_reader *base)
{
	struct file_reader *reader = (struct file_reader *)base;

	if (reader->has_segment)
		segment_reader_close(&reader->segment);
	free(reader);
}

enum tg_status
journal_reader_open(const struct journal_source *source, const struct journal *writer,
		    uint64_t sequence, struct journal_reader **ret_reader,
		    struct storage_error *error)
{
	struct file_reader *reader = calloc(1, sizeof *reader);
	enum tg_status status;
	bool is_there;

	if (reader == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a reader");
	reader->reader.next = file_reader_next;
	reader->reader.close = file_reader_close;
	reader->place = (struct segment_place){ .io = source->io,
						.directory = source->directory,
						.archive_directory = source->archive_directory,
						.instance = source->instance };
	reader->writer = writer;
	reader->is_unconfirmed_wanted = source->is_unconfirmed_wanted;
	reader->next_sequence = sequence;
	status = advance_segment(reader, &is_there, error);
	if (status != TG_OK) {
		file_reader_close(&reader->reader);
		return status;
	}
	*ret_reader = &reader->reader;
	return TG_OK;
}

enum tg_status
journal_file_read_from(const struct journal_source *source, uint64_t sequence,
		       struct journal_reader **ret_reader, struct storage_error *error)
{
	return journal_reader_open(source, NULL, sequence, ret_reader, error);
}

const struct batch_header *
journal_file_reader_batch(const struct journal_reader *base, const char **ret_path,
			  uint64_t *ret_offset_bytes)
{
	const struct file_reader *reader = (const struct file_reader *)base;

	TG_ASSERT(reader->has_segment && reader->segment.batch.batch_bytes > 0);
	*ret_path = segment_source_path(reader->segment.source);
	*ret_offset_bytes = reader->segment.batch_offset_bytes;
	return &reader->segment.batch;
}

enum tg_status
journal_file_reader_check_end(struct journal_reader *base, uint64_t *ret_torn_bytes,
			      struct storage_error *error)
{
	struct file_reader *reader = (struct file_reader *)base;
	struct segment_reader *segment = &reader->segment;
	struct segment_tail tail;
	enum segment_found found;
	enum tg_status status;

	*ret_torn_bytes = 0;
	if (!reader->has_segment || reader->has_batch || segment->name.is_archived)
		return TG_OK;
	status = segment_reader_examine_tail(segment, &tail, error);
	if (status != TG_OK)
		return status;
	if (tail.end_offset > segment->offset_bytes)
		*ret_torn_bytes = tail.end_offset - segment->offset_bytes;
	if (!tail.has_batch)
		return TG_OK;
	/* A writer may have gone on since the end was seen; damage stays. */
	status = segment_reader_next(segment, reader->next_sequence, &found, error);
	if (status != TG_OK)
		return status;
	reader->has_batch = found == SEGMENT_BATCH;
	reader->is_confirmed = false;
	reader->given_bytes = 0;
	if (reader->has_batch)
		return TG_OK;
	return segment_reader_fail(
		segment, found == SEGMENT_FAULT ? segment->fault : "batch is missing", error);
}
