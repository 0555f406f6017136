/*
 * segment_reader.c - finding and checking batch after batch.
 *
 * A header is believed only when its own checksum holds and it is the very batch that must come
 * next: salt, incarnation and epoch of the segment, the chain, the sequence.  Then its length may
 * be used.
 */
#include "storage/segment_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/journal_backend.h"

#define TAIL_READ_BYTES (64 * 1024)

static enum tg_status
fail_header(const struct segment_reader *reader, enum tg_status status, const char *why,
	    struct storage_error *error)
{
	(void)storage_fail(error, status, "%s: %s", segment_source_path(reader->source), why);
	error->sequence = reader->name.first_sequence;
	return status;
}

static enum tg_status
read_header(struct segment_reader *reader, const struct segment_place *place,
	    struct storage_error *error)
{
	struct segment_header *header = &reader->header;
	size_t read_bytes;
	enum tg_status status = segment_source_read(reader->source, reader->buffer,
						    SEGMENT_HEADER_BYTES, 0, &read_bytes, error);

	if (status != TG_OK)
		return status;
	if (read_bytes < SEGMENT_HEADER_BYTES)
		return fail_header(reader, TG_CORRUPT, "segment header cut short", error);
	status = segment_header_decode(reader->buffer, header);
	if (status == TG_TOO_NEW)
		return fail_header(reader, status, "file is of a newer version", error);
	if (status != TG_OK)
		return fail_header(reader, status, "segment header damaged", error);
	if (header->first_sequence != reader->name.first_sequence ||
	    header->incarnation != reader->name.incarnation)
		return fail_header(reader, TG_CORRUPT, "file has the name of another segment",
				   error);
	if (place->instance != NULL && strcmp(header->instance, place->instance) != 0) {
		(void)storage_fail(error, TG_CONFIG, "%s: segment of instance %s, not of %s",
				   segment_source_path(reader->source), header->instance,
				   place->instance);
		return TG_CONFIG;
	}
	return TG_OK;
}

enum tg_status
segment_reader_open(struct segment_reader *ret_reader, const struct segment_place *place,
		    const struct segment_name *name, struct storage_error *error)
{
	struct segment_reader reader = { .name = *name, .buffer_bytes = JOURNAL_BLOCK_BYTES };
	enum tg_status status;

	reader.buffer = malloc(reader.buffer_bytes);
	if (reader.buffer == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory to read a segment");
	status = segment_source_open(place->io, place->directory, place->archive_directory, name,
				     &reader.source, error);
	if (status == TG_OK)
		status = read_header(&reader, place, error);
	if (status != TG_OK) {
		segment_reader_close(&reader);
		return status;
	}
	reader.offset_bytes = SEGMENT_HEADER_BYTES;
	reader.next_sequence = reader.header.first_sequence;
	reader.chain = reader.header.checksum;
	*ret_reader = reader;
	return TG_OK;
}

static bool
is_zero(const uint8_t *bytes, size_t bytes_count)
{
	return bytes_count == 0 ||
	       (bytes[0] == 0 && memcmp(bytes, bytes + 1, bytes_count - 1) == 0);
}

/* Why header cannot be the next batch, or NULL when it is. */
static const char *
header_fault(const struct segment_reader *reader, const struct batch_header *header)
{
	if (header->salt != reader->header.salt ||
	    header->incarnation != reader->header.incarnation ||
	    header->epoch != reader->header.epoch)
		return "batch of another segment";
	if (header->chain != reader->chain)
		return "batch does not follow the one before";
	if (header->first_sequence != reader->next_sequence)
		return "batch has the wrong sequence";
	return NULL;
}

/* Read the rest of a batch whose first block is in the buffer.  *ret_fault: NULL when sound. */
static enum tg_status
read_payload(struct segment_reader *reader, const struct batch_header *header,
	     const char **ret_fault, struct storage_error *error)
{
	size_t fault_bytes;
	size_t read_bytes;
	enum tg_status status;

	if (header->batch_bytes > reader->buffer_bytes) {
		uint8_t *buffer = realloc(reader->buffer, header->batch_bytes);

		if (buffer == NULL)
			return storage_fail(error, TG_NO_MEMORY, "no memory to read a batch");
		reader->buffer = buffer;
		reader->buffer_bytes = header->batch_bytes;
	}
	if (header->batch_bytes > JOURNAL_BLOCK_BYTES) {
		size_t rest_bytes = header->batch_bytes - JOURNAL_BLOCK_BYTES;

		status = segment_source_read(reader->source, reader->buffer + JOURNAL_BLOCK_BYTES,
					     rest_bytes, reader->offset_bytes + JOURNAL_BLOCK_BYTES,
					     &read_bytes, error);
		if (status != TG_OK)
			return status;
		if (read_bytes < rest_bytes) {
			*ret_fault = "batch is cut short";
			return TG_OK;
		}
	}
	if (segment_checksum(reader->buffer + SEGMENT_BATCH_HEADER_BYTES,
			     header->batch_bytes - SEGMENT_BATCH_HEADER_BYTES) !=
	    header->payload_checksum)
		*ret_fault = "checksum of the records does not hold";
	else if (!journal_records_are_sound(reader->buffer + SEGMENT_BATCH_HEADER_BYTES,
					    header->records_bytes, header->first_sequence,
					    header->count, &fault_bytes))
		*ret_fault = "records are not in sequence";
	else
		*ret_fault = NULL;
	return TG_OK;
}

/* Read the block at the next batch.  SEGMENT_BATCH: header holds, and it is the one to come. */
static enum tg_status
read_batch_header(struct segment_reader *reader, struct batch_header *ret_header,
		  enum segment_found *ret_found, struct storage_error *error)
{
	size_t read_bytes;
	enum tg_status status =
		segment_source_read(reader->source, reader->buffer, JOURNAL_BLOCK_BYTES,
				    reader->offset_bytes, &read_bytes, error);

	if (status != TG_OK)
		return status;
	*ret_found = SEGMENT_FAULT;
	if (is_zero(reader->buffer, read_bytes))
		*ret_found = SEGMENT_END;
	else if (read_bytes < JOURNAL_BLOCK_BYTES)
		reader->fault = "batch is cut short";
	else if (!batch_header_decode(reader->buffer, ret_header))
		reader->fault = "batch header damaged";
	else if ((reader->fault = header_fault(reader, ret_header)) == NULL)
		*ret_found = SEGMENT_BATCH;
	return TG_OK;
}

enum tg_status
segment_reader_next(struct segment_reader *reader, uint64_t skip_below_sequence,
		    enum segment_found *ret_found, struct storage_error *error)
{
	struct batch_header header;
	enum segment_found found;
	enum tg_status status = read_batch_header(reader, &header, &found, error);

	if (status != TG_OK)
		return status;
	if (found == SEGMENT_BATCH &&
	    (header.count == 0 || header.first_sequence + header.count > skip_below_sequence)) {
		status = read_payload(reader, &header, &reader->fault, error);
		if (status != TG_OK)
			return status;
		if (reader->fault != NULL)
			found = SEGMENT_FAULT;
	}
	*ret_found = found;
	if (found != SEGMENT_BATCH)
		return TG_OK;
	reader->batch = header;
	reader->batch_offset_bytes = reader->offset_bytes;
	reader->offset_bytes += header.batch_bytes;
	reader->next_sequence += header.count;
	reader->chain = header.checksum;
	return TG_OK;
}

const uint8_t *
segment_reader_records(const struct segment_reader *reader)
{
	return reader->buffer + SEGMENT_BATCH_HEADER_BYTES;
}

enum tg_status
segment_reader_peek(struct segment_reader *reader, bool *ret_is_there, struct storage_error *error)
{
	uint8_t bytes[SEGMENT_BATCH_HEADER_BYTES];
	struct batch_header header;
	size_t read_bytes;
	enum tg_status status = segment_source_read(reader->source, bytes, sizeof bytes,
						    reader->offset_bytes, &read_bytes, error);

	if (status != TG_OK)
		return status;
	*ret_is_there = read_bytes == sizeof bytes && batch_header_decode(bytes, &header) &&
			header_fault(reader, &header) == NULL;
	return TG_OK;
}

enum tg_status
segment_reader_examine_tail(struct segment_reader *reader, struct segment_tail *ret_tail,
			    struct storage_error *error)
{
	struct segment_tail tail = { 0 };
	uint64_t offset = reader->offset_bytes;
	uint8_t *bytes = malloc(TAIL_READ_BYTES);
	enum tg_status status;
	size_t read_bytes;

	if (bytes == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory to read a segment");
	for (;;) {
		status = segment_source_read(reader->source, bytes, TAIL_READ_BYTES, offset,
					     &read_bytes, error);
		if (status != TG_OK || read_bytes == 0)
			break;
		for (size_t at = read_bytes; at > 0; at--) {
			if (bytes[at - 1] != 0) {
				tail.end_offset = offset + at;
				break;
			}
		}
		for (size_t at = 0;
		     at + SEGMENT_BATCH_HEADER_BYTES <= read_bytes && !tail.has_batch;
		     at += JOURNAL_BLOCK_BYTES) {
			struct batch_header header;

			/* The batch at the end itself is the one under suspicion. */
			if (offset + at == reader->offset_bytes ||
			    !batch_header_decode(bytes + at, &header) ||
			    header.salt != reader->header.salt ||
			    header.incarnation != reader->header.incarnation)
				continue;
			tail.has_batch = true;
			tail.batch_offset = offset + at;
			tail.batch_sequence = header.first_sequence;
		}
		offset += read_bytes;
	}
	tail.file_bytes = offset;
	free(bytes);
	if (status == TG_OK)
		*ret_tail = tail;
	return status;
}

enum tg_status
segment_reader_fail(const struct segment_reader *reader, const char *why,
		    struct storage_error *error)
{
	(void)storage_fail(error, TG_CORRUPT,
			   "%s: damaged at offset %" PRIu64 ", sequence %" PRIu64 ": %s",
			   segment_source_path(reader->source), reader->offset_bytes,
			   reader->next_sequence, why);
	error->sequence = reader->next_sequence;
	error->offset = reader->offset_bytes;
	return TG_CORRUPT;
}

void
segment_reader_close(struct segment_reader *reader)
{
	segment_source_close(reader->source);
	free(reader->buffer);
	*reader = (struct segment_reader){ 0 };
}
