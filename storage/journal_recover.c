/*
 * journal_recover.c - torn tail or damage?
 *
 * A batch is written only after the one before it was synced.  So a crash leaves at most one batch
 * that is not whole, the last, of which nobody was told.  Anything else is damage: a sound batch
 * header behind the first unsound batch, a later segment that begins behind it, or word from
 * elsewhere (snapshot, sink) that its sequence had been durable.
 */
#include "storage/journal_recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/segment_list.h"
#include "storage/segment_reader.h"

/* One recovery under way. */
struct recovery {
	const struct journal_config *config;
	struct segment_place place;
	struct journal_end end;	      /* so far */
	struct journal_opened opened; /* so far */
};

/*
 * Make what memory holds of the last segment durable, then read it from the disk: the process
 * before us may have died between write and fdatasync, or of a failed fdatasync.
 */
static enum tg_status
settle_segment(const struct recovery *recovery, const struct segment_name *name,
	       struct storage_error *error)
{
	const struct storage_io *io = recovery->config->io;
	char file_name[SEGMENT_NAME_BYTES];
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status;
	int file;

	segment_name_format(name, file_name);
	status = storage_path(path, recovery->config->directory, file_name, error);
	if (status == TG_OK)
		status = io->open(io->context, path, STORAGE_WRITE, &file, error);
	if (status != TG_OK)
		return status;
	status = io->sync(io->context, file, error);
	if (status == TG_OK)
		io->forget_cache(io->context, file);
	io->close(io->context, file);
	return status;
}

/* Has somebody been told of records that reader does not find?  TG_CORRUPT names the witness. */
static enum tg_status
ask_witnesses(const struct recovery *recovery, const struct segment_reader *reader,
	      const struct segment_tail *tail, struct storage_error *error)
{
	const struct journal_config *config = recovery->config;
	char why[STORAGE_ERROR_TEXT_BYTES];
	const char *fault = reader->fault != NULL ? reader->fault : "batch is missing";

	if (tail->has_batch)
		(void)snprintf(why, sizeof why,
			       "%s, but batch of sequence %" PRIu64 " follows at offset %" PRIu64,
			       fault, tail->batch_sequence, tail->batch_offset);
	else if (reader->next_sequence <= config->snapshot_sequence)
		(void)snprintf(why, sizeof why, "%s, but a snapshot of sequence %" PRIu64 " exists",
			       fault, config->snapshot_sequence);
	else if (reader->next_sequence <= config->sink_sequence)
		(void)snprintf(why, sizeof why,
			       "%s, but the database has records up to sequence %" PRIu64, fault,
			       config->sink_sequence);
	else
		return TG_OK;
	return segment_reader_fail(reader, why, error);
}

/* Cut the last segment behind its last sound batch. */
static enum tg_status
cut_tail(struct recovery *recovery, const struct segment_reader *reader,
	 const struct segment_tail *tail, struct storage_error *error)
{
	const struct storage_io *io = recovery->config->io;
	enum tg_status status;
	int file;

	if (tail->end_offset > reader->offset_bytes) {
		recovery->opened.cut_bytes = tail->end_offset - reader->offset_bytes;
		recovery->opened.cut_offset = reader->offset_bytes;
	}
	if (tail->file_bytes <= reader->offset_bytes)
		return TG_OK;
	status = io->open(io->context, segment_source_path(reader->source), STORAGE_WRITE, &file,
			  error);
	if (status != TG_OK)
		return status;
	status = io->truncate(io->context, file, reader->offset_bytes, error);
	if (status == TG_OK)
		status = io->sync(io->context, file, error);
	io->close(io->context, file);
	return status;
}

/* Take in all sound batches of one segment; reader then stands behind the last. */
static enum tg_status
read_batches(struct recovery *recovery, struct segment_reader *reader, struct storage_error *error)
{
	for (;;) {
		enum segment_found found;
		enum tg_status status = segment_reader_next(reader, 0, &found, error);

		if (status != TG_OK || found != SEGMENT_BATCH)
			return status;
		recovery->opened.batches++;
		recovery->opened.has_mark = reader->batch.is_mark;
		recovery->opened.mark_hash = reader->batch.hash;
	}
}

/* Does the segment take up where those before it ended?  previous: NULL for the first. */
static enum tg_status
check_joint(const struct recovery *recovery, const struct segment_reader *previous,
	    const struct segment_reader *reader, struct storage_error *error)
{
	const char *path = segment_source_path(reader->source);
	char why[STORAGE_ERROR_TEXT_BYTES];

	if (reader->header.epoch > recovery->config->epoch)
		return storage_fail(error, TG_FENCED,
				    "%s: written under epoch %" PRIu64 ", ours is %" PRIu64, path,
				    reader->header.epoch, recovery->config->epoch);
	if (previous == NULL)
		return TG_OK;
	if (reader->header.first_sequence < previous->next_sequence)
		(void)snprintf(why, sizeof why, "segment %s begins before", path);
	else if (reader->header.first_sequence > previous->next_sequence)
		(void)snprintf(why, sizeof why,
			       "%s; records %" PRIu64 " to %" PRIu64
			       " are missing before segment %s",
			       previous->fault != NULL ? previous->fault : "it ends there",
			       previous->next_sequence, reader->header.first_sequence - 1, path);
	else if (reader->header.chain != previous->chain)
		(void)snprintf(why, sizeof why, "%s; it is not what segment %s follows",
			       previous->fault != NULL ? previous->fault : "it ends there", path);
	else
		return TG_OK;
	return segment_reader_fail(previous, why, error);
}

static enum tg_status
finish_last(struct recovery *recovery, struct segment_reader *reader, struct storage_error *error)
{
	struct segment_tail tail = { 0 };
	enum tg_status status = segment_reader_examine_tail(reader, &tail, error);

	if (status == TG_OK)
		status = ask_witnesses(recovery, reader, &tail, error);
	if (status == TG_OK)
		status = cut_tail(recovery, reader, &tail, error);
	if (status != TG_OK)
		return status;
	recovery->end = (struct journal_end){ .next_sequence = reader->next_sequence,
					      .chain = reader->chain,
					      .incarnation = reader->header.incarnation };
	recovery->opened.last_sequence = reader->next_sequence - 1;
	return TG_OK;
}

static enum tg_status
read_segments(struct recovery *recovery, const struct segment_list *list,
	      struct storage_error *error)
{
	struct segment_reader previous = { 0 };
	struct segment_reader reader = { 0 };
	enum tg_status status = settle_segment(recovery, &list->names[list->count - 1], error);

	for (size_t index = 0; index < list->count && status == TG_OK; index++) {
		status = segment_reader_open(&reader, &recovery->place, &list->names[index], error);
		if (status != TG_OK)
			break;
		status = check_joint(recovery, index > 0 ? &previous : NULL, &reader, error);
		if (status == TG_OK)
			status = read_batches(recovery, &reader, error);
		if (status == TG_OK && index + 1 == list->count)
			status = finish_last(recovery, &reader, error);
		segment_reader_close(&previous);
		previous = reader;
		reader = (struct segment_reader){ 0 };
	}
	segment_reader_close(&previous);
	segment_reader_close(&reader);
	return status;
}

/* There is no segment: right for a first start only. */
static enum tg_status
begin_first(const struct journal_config *config, struct storage_error *error)
{
	struct segment_list archived;
	enum tg_status status = segment_list_read(config->io, config->directory,
						  config->archive_directory, &archived, error);

	if (status != TG_OK)
		return status;
	if (archived.count > 0 || config->snapshot_sequence > 0 || config->sink_sequence > 0)
		status = storage_fail(
			error, TG_CORRUPT,
			"%s holds no segment, but the archive holds %zu, a snapshot has "
			"sequence %" PRIu64 ", the database %" PRIu64,
			config->directory, archived.count, config->snapshot_sequence,
			config->sink_sequence);
	segment_list_deinit(&archived);
	return status;
}

enum tg_status
journal_recover(const struct journal_config *config, struct journal_end *ret_end,
		struct journal_opened *ret_opened, struct storage_error *error)
{
	struct recovery recovery = { .config = config,
				     .place = { .io = config->io,
						.directory = config->directory,
						.instance = config->instance },
				     .end = { .next_sequence = 1 } };
	struct segment_list list;
	enum tg_status status =
		segment_list_read(config->io, config->directory, NULL, &list, error);

	if (status != TG_OK)
		return status;
	if (list.count == 0)
		status = begin_first(config, error);
	else
		status = read_segments(&recovery, &list, error);
	segment_list_deinit(&list);
	if (status != TG_OK)
		return status;
	recovery.opened.mirror = ret_opened->mirror;
	*ret_end = recovery.end;
	*ret_opened = recovery.opened;
	return TG_OK;
}
