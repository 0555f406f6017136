/*
 * journal_copy.c - copies of a journal's files: what one place lacks is copied from another.
 */
#include "storage/journal_copy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "storage/segment_list.h"
#include "storage/segment_reader.h"
#include "storage/snapshot_format.h"

#define UNFINISHED_NAME "unfinished"
#define BUFFER_BYTES (1024 * 1024)
#define ATTEMPTS_MAX 20 /* a segment may move to the archive between listing and opening */

/* One copying under way. */
struct copying {
	const struct journal_copy *copy;
	const struct storage_io *io;
	struct segment_place from;
	struct segment_place to;
	struct journal_copied copied;
};

/* Where a segment ends. */
struct segment_end {
	uint64_t salt;
	uint64_t next_sequence;
	uint64_t chain;
	uint64_t offset_bytes;
};

/* Copy a file's bytes as they are, give the copy its name, see that it lasts. */
static enum tg_status
copy_file(const struct storage_io *io, const char *from, const char *directory, const char *name,
	  uint64_t *ret_bytes, struct storage_error *error)
{
	char unfinished[STORAGE_PATH_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	uint8_t *buffer = malloc(BUFFER_BYTES);
	uint64_t offset = 0;
	size_t read_bytes = 1;
	int source = -1;
	int target = -1;
	enum tg_status status = TG_OK;

	if (buffer == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory to copy %s", from);
	status = storage_path(unfinished, directory, UNFINISHED_NAME, error);
	if (status == TG_OK)
		status = storage_path(path, directory, name, error);
	if (status == TG_OK)
		status = io->open(io->context, from, STORAGE_READ, &source, error);
	if (status == TG_OK)
		status = io->open(io->context, unfinished, STORAGE_CREATE, &target, error);
	while (status == TG_OK && read_bytes > 0) {
		status = storage_read(io, source, buffer, BUFFER_BYTES, offset, &read_bytes, error);
		if (status == TG_OK && read_bytes > 0)
			status = storage_write(io, target, buffer, read_bytes, offset, error);
		offset += read_bytes;
	}
	if (status == TG_OK)
		status = io->sync(io->context, target, error);
	if (target >= 0)
		io->close(io->context, target);
	if (source >= 0)
		io->close(io->context, source);
	if (status == TG_OK)
		status = io->rename(io->context, unfinished, path, error);
	if (status == TG_OK)
		status = io->sync_directory(io->context, directory, error);
	free(buffer);
	*ret_bytes = offset;
	return status;
}

/* Are there files of the same size under both paths? */
static enum tg_status
is_same_size(const struct storage_io *io, const char *from, const char *to, bool *ret_is,
	     struct storage_error *error)
{
	struct storage_stat source;
	struct storage_stat target;
	enum tg_status status = io->stat(io->context, from, &source, error);

	if (status == TG_OK)
		status = io->stat(io->context, to, &target, error);
	if (status == TG_OK)
		*ret_is = source.exists && target.exists && source.bytes == target.bytes;
	return status;
}

enum tg_status
journal_copy_snapshot(const struct storage_io *io, const char *from, const char *to,
		      uint64_t sequence, uint64_t *ret_bytes, struct storage_error *error)
{
	char name[STORAGE_NAME_BYTES_MAX];
	char source[STORAGE_PATH_BYTES_MAX];
	char target[STORAGE_PATH_BYTES_MAX];
	bool is_there = false;
	enum tg_status status;

	snapshot_file_name(sequence, name);
	status = storage_path(source, from, name, error);
	if (status == TG_OK)
		status = storage_path(target, to, name, error);
	if (status == TG_OK)
		status = is_same_size(io, source, target, &is_there, error);
	*ret_bytes = 0;
	if (status == TG_OK && !is_there)
		status = copy_file(io, source, to, name, ret_bytes, error);
	return status;
}

/* Is there a file at path? */
static enum tg_status
look(const struct storage_io *io, const char *path, bool *ret_exists, struct storage_error *error)
{
	struct storage_stat facts;
	enum tg_status status = io->stat(io->context, path, &facts, error);

	if (status == TG_OK)
		*ret_exists = facts.exists;
	return status;
}

/* The path of a segment at a place. */
static enum tg_status
segment_path(const struct segment_place *place, const struct segment_name *name, char *ret_path,
	     struct storage_error *error)
{
	char file_name[SEGMENT_NAME_BYTES];

	segment_name_format(name, file_name);
	return storage_path(ret_path,
			    name->is_archived ? place->archive_directory : place->directory,
			    file_name, error);
}

/* A segment that is in the archive needs not be in the journal any more. */
static enum tg_status
remove_original(const struct copying *c, const struct segment_name *archived,
		struct storage_error *error)
{
	const struct segment_name name = { .first_sequence = archived->first_sequence,
					   .incarnation = archived->incarnation };
	char path[STORAGE_PATH_BYTES_MAX];
	bool is_there = false;
	enum tg_status status = segment_path(&c->to, &name, path, error);

	if (status == TG_OK)
		status = look(c->io, path, &is_there, error);
	if (status == TG_OK && is_there)
		status = c->io->unlink(c->io->context, path, error);
	if (status == TG_OK && is_there)
		status = c->io->sync_directory(c->io->context, c->to.directory, error);
	return status;
}

static enum tg_status
copy_archived(struct copying *c, const struct segment_name *name, struct storage_error *error)
{
	char file_name[SEGMENT_NAME_BYTES];
	char from[STORAGE_PATH_BYTES_MAX];
	char to[STORAGE_PATH_BYTES_MAX];
	bool is_there = false;
	uint64_t bytes;
	enum tg_status status = segment_path(&c->from, name, from, error);

	if (status == TG_OK)
		status = segment_path(&c->to, name, to, error);
	if (status == TG_OK)
		status = is_same_size(c->io, from, to, &is_there, error);
	if (status != TG_OK)
		return status;
	if (is_there) {
		c->copied.segments_there++;
		return remove_original(c, name, error);
	}
	segment_name_format(name, file_name);
	status = copy_file(c->io, from, c->to.archive_directory, file_name, &bytes, error);
	if (status != TG_OK)
		return status;
	c->copied.segments++;
	c->copied.bytes += bytes;
	return remove_original(c, name, error);
}

/* May the batch read last be copied?  is_last: no segment follows this one. */
static enum tg_status
is_durable(const struct copying *c, struct segment_reader *reader, bool is_last, bool *ret_is,
	   struct storage_error *error)
{
	const struct batch_header *batch = &reader->batch;

	*ret_is = !is_last || batch->is_mark || c->copy->from.is_unconfirmed_wanted ||
		  batch->first_sequence <= c->copy->durable_sequence;
	return *ret_is ? TG_OK : segment_reader_peek(reader, ret_is, error);
}

/* How far to read a segment. */
struct reach {
	bool is_last;	 /* of the source: read the batches, too, as the end may be torn */
	bool is_durable; /* only what is durable */
};

/* Go to the end of a segment; of batches only the headers are read, unless it is the last. */
static enum tg_status
find_end(const struct copying *c, const struct segment_place *place,
	 const struct segment_name *name, struct reach reach, struct segment_end *ret_end,
	 struct storage_error *error)
{
	const uint64_t skip_below = reach.is_last ? 0 : UINT64_MAX;
	struct segment_reader reader;
	enum segment_found found = SEGMENT_BATCH;
	enum tg_status status = segment_reader_open(&reader, place, name, error);

	if (status != TG_OK)
		return status;
	*ret_end = (struct segment_end){ .salt = reader.header.salt,
					 .next_sequence = reader.next_sequence,
					 .chain = reader.chain,
					 .offset_bytes = reader.offset_bytes };
	while (status == TG_OK && found == SEGMENT_BATCH) {
		bool may_go = true;

		status = segment_reader_next(&reader, skip_below, &found, error);
		if (status == TG_OK && found == SEGMENT_BATCH && reach.is_durable)
			status = is_durable(c, &reader, reach.is_last, &may_go, error);
		if (status != TG_OK || found != SEGMENT_BATCH || !may_go)
			break;
		ret_end->next_sequence = reader.next_sequence;
		ret_end->chain = reader.chain;
		ret_end->offset_bytes = reader.offset_bytes;
	}
	segment_reader_close(&reader);
	return status;
}

/* Write header and batches up to end to a file, each batch checked. */
static enum tg_status
write_batches(struct copying *c, const struct segment_name *name, const struct segment_end *end,
	      int file, struct storage_error *error)
{
	struct segment_reader reader;
	enum tg_status status = segment_reader_open(&reader, &c->from, name, error);
	uint64_t offset = SEGMENT_HEADER_BYTES;

	if (status != TG_OK)
		return status;
	status = storage_write(c->io, file, reader.buffer, SEGMENT_HEADER_BYTES, 0, error);
	while (status == TG_OK && offset < end->offset_bytes) {
		enum segment_found found;

		status = segment_reader_next(&reader, 0, &found, error);
		if (status == TG_OK && found != SEGMENT_BATCH)
			status = segment_reader_fail(&reader,
						     found == SEGMENT_FAULT ? reader.fault
									    : "batch is missing",
						     error);
		if (status == TG_OK)
			status = storage_write(c->io, file, reader.buffer,
					       reader.batch.batch_bytes, offset, error);
		offset = reader.offset_bytes;
	}
	segment_reader_close(&reader);
	c->copied.bytes += offset;
	return status;
}

static enum tg_status
write_segment(struct copying *c, const struct segment_name *name, const struct segment_end *end,
	      struct storage_error *error)
{
	const struct storage_io *io = c->io;
	char unfinished[STORAGE_PATH_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	int file = -1;
	enum tg_status status = storage_path(unfinished, c->to.directory, UNFINISHED_NAME, error);

	if (status == TG_OK)
		status = segment_path(&c->to, name, path, error);
	if (status == TG_OK)
		status = io->open(io->context, unfinished, STORAGE_CREATE, &file, error);
	if (status == TG_OK)
		status = write_batches(c, name, end, file, error);
	if (status == TG_OK)
		status = io->sync(io->context, file, error);
	if (file >= 0)
		io->close(io->context, file);
	if (status == TG_OK)
		status = io->rename(io->context, unfinished, path, error);
	if (status == TG_OK)
		status = io->sync_directory(io->context, c->to.directory, error);
	if (status == TG_OK)
		c->copied.segments++;
	return status;
}

/* Does what is there need to be written anew?  TG_CONFIG: it is another history. */
static enum tg_status
compare_ends(const struct copying *c, const char *path, const struct segment_end *source,
	     const struct segment_end *target, bool *ret_is_wanted, struct storage_error *error)
{
	if (source->salt != target->salt)
		return storage_fail(error, TG_CONFIG,
				    "%s is another segment than the one of that name in %s", path,
				    c->from.directory);
	*ret_is_wanted = source->offset_bytes > target->offset_bytes;
	if (source->offset_bytes < target->offset_bytes && !c->copy->may_be_longer)
		return storage_fail(error, TG_CONFIG,
				    "%s has records up to %" PRIu64 ", %s ends with %" PRIu64
				    ": another history",
				    path, target->next_sequence - 1, c->from.directory,
				    source->next_sequence - 1);
	if (source->offset_bytes == target->offset_bytes && source->chain != target->chain)
		return storage_fail(error, TG_CONFIG, "%s has other records than %s", path,
				    c->from.directory);
	return TG_OK;
}

/* A segment that another follows goes on up to that one. */
static enum tg_status
check_joint(const struct copying *c, const struct segment_name *name,
	    const struct segment_name *next, const struct segment_end *end,
	    struct storage_error *error)
{
	char path[STORAGE_PATH_BYTES_MAX];

	if (next == NULL || next->first_sequence == end->next_sequence ||
	    segment_path(&c->from, name, path, error) != TG_OK)
		return TG_OK;
	(void)storage_fail(error, TG_CORRUPT,
			   "%s: sequence %" PRIu64 ", offset %" PRIu64
			   ": damaged, or records before the next segment are missing",
			   path, end->next_sequence, end->offset_bytes);
	error->sequence = end->next_sequence;
	error->offset = end->offset_bytes;
	return TG_CORRUPT;
}

/* next: the segment that follows; NULL: this is the newest. */
static enum tg_status
copy_segment(struct copying *c, const struct segment_name *name, const struct segment_name *next,
	     struct storage_error *error)
{
	const struct reach source_reach = { .is_last = next == NULL, .is_durable = true };
	const struct reach target_reach = { .is_last = next == NULL };
	struct segment_name archived = *name;
	char path[STORAGE_PATH_BYTES_MAX];
	struct segment_end source;
	struct segment_end target;
	bool is_there = false;
	bool is_wanted = true;
	enum tg_status status = find_end(c, &c->from, name, source_reach, &source, error);

	if (status == TG_OK)
		status = check_joint(c, name, next, &source, error);
	if (status != TG_OK)
		return status;
	c->copied.last_sequence = source.next_sequence - 1;
	archived.is_archived = true;
	status = segment_path(&c->to, &archived, path, error);
	if (status == TG_OK)
		status = look(c->io, path, &is_there, error);
	if (status == TG_OK && is_there) {
		c->copied.segments_there++;
		return TG_OK;
	}
	if (status == TG_OK)
		status = segment_path(&c->to, name, path, error);
	if (status == TG_OK)
		status = look(c->io, path, &is_there, error);
	if (status == TG_OK && is_there)
		status = find_end(c, &c->to, name, target_reach, &target, error);
	if (status == TG_OK && is_there)
		status = compare_ends(c, path, &source, &target, &is_wanted, error);
	if (status == TG_OK && is_wanted)
		return write_segment(c, name, &source, error);
	if (status == TG_OK)
		c->copied.segments_there++;
	return status;
}

/* Has the segment left the place where it was listed? */
static bool
has_moved(const struct copying *c, const struct segment_name *name)
{
	char path[STORAGE_PATH_BYTES_MAX];
	struct storage_error ignored;
	bool is_there = true;

	return segment_path(&c->from, name, path, &ignored) == TG_OK &&
	       look(c->io, path, &is_there, &ignored) == TG_OK && !is_there;
}

/* Copy what the list has; *ret_has_moved: look again, a segment has gone to the archive. */
static enum tg_status
copy_listed(struct copying *c, const struct segment_list *list, bool *ret_has_moved,
	    struct storage_error *error)
{
	enum tg_status status = TG_OK;

	*ret_has_moved = false;
	for (size_t index = 0; index < list->count && status == TG_OK; index++) {
		const struct segment_name *name = &list->names[index];

		if (name->is_archived)
			status = copy_archived(c, name, error);
		else
			status = copy_segment(c, name, index + 1 < list->count ? name + 1 : NULL,
					      error);
		if (status == TG_IO && has_moved(c, name)) {
			*ret_has_moved = true;
			return TG_OK;
		}
	}
	return status;
}

enum tg_status
journal_copy_run(const struct journal_copy *copy, struct journal_copied *ret_copied,
		 struct storage_error *error)
{
	struct copying c = {
		.copy = copy,
		.io = copy->from.io,
		.from = { .io = copy->from.io,
			  .directory = copy->from.directory,
			  .archive_directory = copy->from.archive_directory,
			  .instance = copy->from.instance },
		.to = { .io = copy->from.io,
			.directory = copy->directory,
			.archive_directory = copy->archive_directory,
			.instance = copy->from.instance },
	};
	bool has_moved_on = true;
	enum tg_status status = TG_OK;

	for (int attempt = 0; status == TG_OK && has_moved_on; attempt++) {
		struct segment_list list;

		if (attempt == ATTEMPTS_MAX)
			return storage_fail(error, TG_IO, "%s: segments move faster than they are "
					    "copied", copy->from.directory);
		c.copied = (struct journal_copied){ .bytes = c.copied.bytes };
		status = segment_list_read(c.io, copy->from.directory,
					   copy->from.archive_directory, &list, error);
		if (status != TG_OK)
			return status;
		status = copy_listed(&c, &list, &has_moved_on, error);
		segment_list_deinit(&list);
	}
	if (status == TG_OK)
		*ret_copied = c.copied;
	return status;
}
