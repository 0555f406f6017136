/*
 * journal_file.c - the journal in files: writing batches, stepping to the next segment.
 *
 * Owns the instance's lock, the open segment and its buffer.  Making segments ahead, the reserve
 * and the look at the disk's free space are in journal_space.c.  Reads no clock and no random
 * source.
 */
#include "storage/journal_file.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/io_mirror.h"
#include "storage/journal_archive.h"
#include "storage/journal_backend.h"
#include "storage/journal_mirror.h"
#include "storage/journal_reader.h"
#include "storage/journal_recover.h"
#include "storage/journal_space.h"

#define LOCK_NAME "lock"
#define MIRROR_ARCHIVE_NAME "archive"

struct file_journal {
	struct journal journal;
	const struct storage_io *io; /* borrowed, or the mirror's */
	struct io_mirror *mirror;    /* owned; NULL: none */
	struct journal_space space;  /* next segment, reserve, free bytes */
	int lock_file;		     /* -1: none */
	uint64_t epoch;
	uint64_t incarnation;
	uint64_t salt; /* of this start; each segment's own is derived */
	char instance[JOURNAL_INSTANCE_BYTES_MAX + 1];
	char directory[STORAGE_PATH_BYTES_MAX];
	char archive_directory[STORAGE_PATH_BYTES_MAX];

	/* The journal thread's. */
	int file; /* the segment in use; -1: none */
	uint64_t segment_salt;
	uint64_t used_bytes; /* of the segment, from the front */
	uint64_t chain;	     /* checksum of the last batch or segment header */
	uint8_t *buffer;     /* owned; room for the largest batch */

	/* For journal_facts(). */
	_Atomic uint64_t segment_sequence;
	_Atomic uint64_t segment_used_bytes;
	_Atomic uint64_t batches;
	_Atomic uint64_t marks;
	_Atomic uint64_t bytes;
	_Atomic uint64_t segments;
};

static enum tg_status
die(struct file_journal *file, struct storage_error *error)
{
	atomic_store(&file->journal.is_dead, true);
	error->status = TG_IO;
	return TG_IO;
}

/* Put a header on the ready-made segment and give it its name, so that both last. */
static enum tg_status
name_segment(struct file_journal *file, struct segment_header *header, int *ret_file,
	     struct storage_error *error)
{
	const struct storage_io *io = file->io;
	struct segment_name name = { .first_sequence = header->first_sequence,
				     .incarnation = header->incarnation };
	char file_name[SEGMENT_NAME_BYTES];
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status;
	int next;

	segment_name_format(&name, file_name);
	status = storage_path(path, file->directory, file_name, error);
	if (status != TG_OK)
		return status;
	status = io->open(io->context, file->space.spare_path, STORAGE_WRITE, &next, error);
	if (status != TG_OK)
		return status;
	segment_header_encode(header, file->buffer);
	status = storage_write(io, next, file->buffer, SEGMENT_HEADER_BYTES, 0, error);
	if (status == TG_OK)
		status = io->sync(io->context, next, error);
	if (status == TG_OK)
		status = io->rename(io->context, file->space.spare_path, path, error);
	if (status == TG_OK)
		status = io->sync_directory(io->context, file->directory, error);
	if (status != TG_OK) {
		io->close(io->context, next);
		return status;
	}
	*ret_file = next;
	return TG_OK;
}

/* Go on in a new segment.  TG_JOURNAL_FULL: there is no room for one, all is as before. */
static enum tg_status
begin_segment(struct file_journal *file, uint64_t first_sequence, struct storage_error *error)
{
	uint64_t salt_of[3] = { file->salt, file->incarnation, first_sequence };
	struct segment_header header = {
		.incarnation = file->incarnation,
		.epoch = file->epoch,
		.first_sequence = first_sequence,
		.salt = segment_checksum((const uint8_t *)salt_of, sizeof salt_of),
		.chain = file->chain,
		.segment_bytes = file->space.segment_bytes,
	};
	enum tg_status status = journal_space_hold_spare(&file->space, error);
	int next;

	/* The name is first sequence and incarnation: no two may begin with the same record. */
	TG_ASSERT(file->file < 0 || first_sequence > atomic_load(&file->segment_sequence));
	if (status == TG_JOURNAL_FULL) {
		atomic_store(&file->journal.has_room, false);
		return status;
	}
	if (status != TG_OK)
		return die(file, error);
	memcpy(header.instance, file->instance, sizeof header.instance);
	status = name_segment(file, &header, &next, error);
	journal_space_release_spare(&file->space, true);
	if (status != TG_OK)
		return die(file, error);
	if (file->file >= 0)
		file->io->close(file->io->context, file->file);
	file->file = next;
	file->segment_salt = header.salt;
	file->used_bytes = SEGMENT_HEADER_BYTES;
	file->chain = header.checksum;
	atomic_store(&file->segment_sequence, first_sequence);
	atomic_store(&file->segment_used_bytes, file->used_bytes);
	atomic_fetch_add(&file->segments, 1);
	return TG_OK;
}

/*
 * Find a place for a batch of header->batch_bytes and fill in what all batches share.
 * TG_JOURNAL_FULL: nothing has changed; TG_IO: dead.
 */
static enum tg_status
place_batch(struct file_journal *file, struct batch_header *header, struct storage_error *error)
{
	if (file->used_bytes + header->batch_bytes > file->space.segment_bytes) {
		enum tg_status status = begin_segment(file, header->first_sequence, error);

		if (status != TG_OK)
			return status;
	}
	header->durable_sequence = journal_durable_sequence(&file->journal);
	header->salt = file->segment_salt;
	header->incarnation = file->incarnation;
	header->epoch = file->epoch;
	header->chain = file->chain;
	return TG_OK;
}

/*
 * Write the batch whose records are in the buffer, and sync it.  Any error is the journal's last.
 */
static enum tg_status
write_batch(struct file_journal *file, struct batch_header *header, struct storage_error *error)
{
	const struct storage_io *io = file->io;
	enum tg_status status;
	size_t filled_bytes = SEGMENT_BATCH_HEADER_BYTES + header->records_bytes;

	memset(file->buffer + filled_bytes, 0, header->batch_bytes - filled_bytes);
	header->payload_checksum =
		segment_checksum(file->buffer + SEGMENT_BATCH_HEADER_BYTES,
				 header->batch_bytes - SEGMENT_BATCH_HEADER_BYTES);
	batch_header_encode(header, file->buffer);
	status = storage_write(io, file->file, file->buffer, header->batch_bytes, file->used_bytes,
			       error);
	if (status == TG_OK)
		status = io->sync(io->context, file->file, error);
	if (status != TG_OK) {
		error->offset = file->used_bytes;
		return die(file, error);
	}
	file->used_bytes += header->batch_bytes;
	file->chain = header->checksum;
	atomic_store(&file->segment_used_bytes, file->used_bytes);
	atomic_fetch_add(&file->bytes, header->batch_bytes);
	return TG_OK;
}

static enum tg_status
file_append(struct journal *journal, const struct journal_batch *batch, struct storage_error *error)
{
	struct file_journal *file = (struct file_journal *)journal;
	struct batch_header header = {
		.batch_bytes = (uint32_t)segment_batch_bytes(batch->records_bytes),
		.records_bytes = (uint32_t)batch->records_bytes,
		.count = batch->count,
		.first_sequence = batch->first_sequence,
		.written_at_utc_ms = batch->written_at_utc_ms,
	};
	enum tg_status status = place_batch(file, &header, error);

	if (status != TG_OK)
		return status;
	memcpy(file->buffer + SEGMENT_BATCH_HEADER_BYTES, batch->records, batch->records_bytes);
	status = write_batch(file, &header, error);
	if (status == TG_OK)
		atomic_fetch_add(&file->batches, 1);
	return status;
}

static enum tg_status
file_mark(struct journal *journal, struct state_hash hash, int64_t written_at_utc_ms,
	  struct storage_error *error)
{
	struct file_journal *file = (struct file_journal *)journal;
	struct batch_header header = {
		.batch_bytes = (uint32_t)segment_batch_bytes(0),
		.is_mark = true,
		.first_sequence = journal_durable_sequence(journal) + 1,
		.written_at_utc_ms = written_at_utc_ms,
		.hash = hash,
	};
	enum tg_status status = place_batch(file, &header, error);

	if (status == TG_OK)
		status = write_batch(file, &header, error);
	if (status == TG_OK)
		atomic_fetch_add(&file->marks, 1);
	return status;
}

static enum tg_status
file_read_from(struct journal *journal, uint64_t sequence, struct journal_reader **ret_reader,
	       struct storage_error *error)
{
	const struct file_journal *file = (const struct file_journal *)journal;
	const struct journal_source source = { .io = file->io,
					       .directory = file->directory,
					       .archive_directory = file->archive_directory,
					       .instance = file->instance };

	return journal_reader_open(&source, journal, sequence, ret_reader, error);
}

static enum tg_status
file_tend(struct journal *journal, struct storage_error *error)
{
	struct file_journal *file = (struct file_journal *)journal;
	bool has_room;
	enum tg_status status = journal_space_tend(&file->space, &has_room, error);

	if (status == TG_OK)
		atomic_store(&journal->has_room, has_room);
	return status;
}

static void
file_free_reserve(struct journal *journal)
{
	journal_space_free_reserve(&((struct file_journal *)journal)->space);
}

static enum tg_status
file_archive(struct journal *journal, uint64_t below_sequence, uint32_t *ret_count,
	     struct storage_error *error)
{
	const struct file_journal *file = (const struct file_journal *)journal;
	const struct segment_place place = { .io = file->io,
					     .directory = file->directory,
					     .archive_directory = file->archive_directory,
					     .instance = file->instance };

	return journal_archive_segments(&place, below_sequence, ret_count, error);
}

static void
file_facts(const struct journal *journal, struct journal_facts *ret_facts)
{
	const struct file_journal *file = (const struct file_journal *)journal;

	*ret_facts = (struct journal_facts){
		.incarnation = file->incarnation,
		.epoch = file->epoch,
		.batches = atomic_load(&file->batches),
		.marks = atomic_load(&file->marks),
		.bytes = atomic_load(&file->bytes),
		.segments = atomic_load(&file->segments),
		.segment_sequence = atomic_load(&file->segment_sequence),
		.segment_used_bytes = atomic_load(&file->segment_used_bytes),
		.segment_bytes = file->space.segment_bytes,
		.free_bytes = atomic_load(&file->space.free_bytes),
		.has_spare = atomic_load(&file->space.has_spare),
		.has_reserve = atomic_load(&file->space.has_reserve),
		.has_mirror = file->mirror != NULL,
		.is_mirror_lost = file->mirror != NULL && io_mirror_is_lost(file->mirror),
	};
	if (ret_facts->is_mirror_lost)
		io_mirror_trouble(file->mirror, ret_facts->mirror_trouble);
}

static void
file_close(struct journal *journal)
{
	struct file_journal *file = (struct file_journal *)journal;

	if (file->file >= 0)
		file->io->close(file->io->context, file->file);
	if (file->lock_file >= 0)
		file->io->close(file->io->context, file->lock_file);
	journal_space_deinit(&file->space);
	io_mirror_free(file->mirror);
	free(file->buffer);
	free(file);
}

static const struct journal_backend file_backend = {
	.close = file_close,
	.append = file_append,
	.mark = file_mark,
	.read_from = file_read_from,
	.tend = file_tend,
	.free_reserve = file_free_reserve,
	.archive = file_archive,
	.facts = file_facts,
};

/* Take sizes and names over, defaults filled in.  TG_CONFIG: not usable. */
static enum tg_status
take_config(struct file_journal *file, const struct journal_config *config,
	    uint64_t *ret_segment_bytes, struct storage_error *error)
{
	uint64_t segment_bytes = config->segment_bytes;
	size_t batch_bytes_max = config->batch_bytes_max;
	size_t held_bytes_max;
	enum tg_status status;

	if (segment_bytes == 0)
		segment_bytes = JOURNAL_SEGMENT_BYTES_DEFAULT;
	if (segment_bytes < JOURNAL_SEGMENT_BYTES_MIN || segment_bytes % JOURNAL_BLOCK_BYTES != 0)
		return storage_fail(error, TG_CONFIG,
				    "journal segments of %llu bytes: not possible",
				    (unsigned long long)segment_bytes);
	held_bytes_max = JOURNAL_BATCH_BYTES_MAX;
	/* A segment has room for a mark and the largest batch, so that none is without records. */
	if (segment_bytes < SEGMENT_HEADER_BYTES + JOURNAL_BLOCK_BYTES + SEGMENT_BATCH_BYTES_MAX)
		held_bytes_max = (size_t)segment_bytes - SEGMENT_HEADER_BYTES -
				 JOURNAL_BLOCK_BYTES - SEGMENT_BATCH_HEADER_BYTES;
	if (batch_bytes_max > held_bytes_max)
		return storage_fail(error, TG_CONFIG,
				    "journal batches of %zu bytes: a segment holds %zu",
				    batch_bytes_max, held_bytes_max);
	if (batch_bytes_max == 0)
		batch_bytes_max = held_bytes_max < JOURNAL_BATCH_BYTES_DEFAULT
					  ? held_bytes_max
					  : JOURNAL_BATCH_BYTES_DEFAULT;
	if (strlen(config->instance) > JOURNAL_INSTANCE_BYTES_MAX)
		return storage_fail(error, TG_CONFIG, "name of instance too long: %s",
				    config->instance);
	memcpy(file->instance, config->instance, strlen(config->instance) + 1);
	file->epoch = config->epoch;
	file->salt = config->salt;
	file->journal.batch_bytes_max = batch_bytes_max;
	*ret_segment_bytes = segment_bytes;
	status = storage_path_copy(file->directory, config->directory, error);
	if (status == TG_OK)
		status = storage_path_copy(file->archive_directory, config->archive_directory,
					   error);
	return status;
}

/* What was restored from a backup may lack records: somebody must have looked. */
static enum tg_status
check_word(const struct journal_config *config, struct storage_error *error)
{
	const struct storage_io *io = config->io;
	char path[STORAGE_PATH_BYTES_MAX];
	struct storage_stat facts;
	enum tg_status status;

	if (config->is_restoring)
		return TG_OK;
	status = storage_path(path, config->directory, JOURNAL_RESTORED_NAME, error);
	if (status == TG_OK)
		status = io->stat(io->context, path, &facts, error);
	if (status == TG_OK && facts.exists)
		return storage_fail(error, TG_CONFIG,
				    "%s was restored and waits for the operator's word: read the "
				    "report, then run tally-journal restore --accept %s",
				    config->directory, config->directory);
	return status;
}

/* The mirror's directory is not made here: it may be missing because its disk is. */
static enum tg_status
find_mirror(const struct storage_io *io, const char *directory, const char *archive,
	    struct storage_error *error)
{
	struct storage_stat facts;
	enum tg_status status = io->stat(io->context, directory, &facts, error);

	if (status == TG_OK && !facts.exists)
		return storage_fail(error, TG_IO, "%s is not there: is the mirror's disk mounted?",
				    directory);
	return status == TG_OK ? storage_make_directory(io, archive, error) : status;
}

/* Have every change done twice from here on. */
static enum tg_status
take_mirror(struct file_journal *file, const struct journal_config *config,
	    struct journal_mirror_config *ret_mirror, char *archive, struct storage_error *error)
{
	const struct io_mirror_config mirror = {
		.io = config->io,
		.directory = file->directory,
		.archive_directory = file->archive_directory,
		.mirror_directory = config->mirror_directory,
		.mirror_archive_directory = archive,
		.goes_on_alone = config->mirror_goes_on_alone,
		.is_inline = config->mirror_is_inline,
	};
	enum tg_status status =
		storage_path(archive, config->mirror_directory, MIRROR_ARCHIVE_NAME, error);

	if (status == TG_OK)
		status = io_mirror_new(&mirror, &file->mirror, error);
	if (status != TG_OK)
		return status;
	status = find_mirror(config->io, config->mirror_directory, archive, error);
	if (status != TG_OK && !config->mirror_goes_on_alone)
		return status;
	if (status != TG_OK)
		io_mirror_lose(file->mirror, error);
	file->io = io_mirror_io(file->mirror);
	*ret_mirror = (struct journal_mirror_config){
		.io = config->io,
		.directory = file->directory,
		.archive_directory = file->archive_directory,
		.mirror_directory = config->mirror_directory,
		.mirror_archive_directory = archive,
		.instance = config->instance,
		.goes_on_alone = config->mirror_goes_on_alone,
	};
	return TG_OK;
}

/* Make journal and mirror equal, or go on without the mirror. */
static enum tg_status
reconcile(struct file_journal *file, const struct journal_mirror_config *mirror,
	  struct journal_mirror_report *ret_report, struct storage_error *error)
{
	enum tg_status status;

	if (io_mirror_is_lost(file->mirror)) {
		ret_report->verdict = JOURNAL_MIRROR_LOST;
		ret_report->damage.status = TG_IO;
		io_mirror_trouble(file->mirror, ret_report->damage.text);
		return TG_OK;
	}
	status = journal_mirror_reconcile(mirror, ret_report, error);
	if (status == TG_OK && ret_report->verdict == JOURNAL_MIRROR_LOST)
		io_mirror_lose(file->mirror, &ret_report->damage);
	return status;
}

/* The work of opening; on failure the caller closes what there is. */
static enum tg_status
open_files(struct file_journal *file, const struct journal_config *wanted,
	   struct journal_opened *ret_opened, struct storage_error *error)
{
	struct journal_config mirrored = *wanted;
	const struct journal_config *config = &mirrored;
	const struct storage_io *io = wanted->io;
	struct journal_mirror_config mirror;
	char mirror_archive[STORAGE_PATH_BYTES_MAX];
	char lock_path[STORAGE_PATH_BYTES_MAX];
	uint64_t segment_bytes = 0;
	struct journal_end end;
	bool has_room;
	enum tg_status status = take_config(file, config, &segment_bytes, error);

	if (status == TG_OK)
		status = storage_make_directory(io, file->directory, error);
	if (status == TG_OK)
		status = storage_make_directory(io, file->archive_directory, error);
	if (status == TG_OK && wanted->mirror_directory != NULL)
		status = take_mirror(file, wanted, &mirror, mirror_archive, error);
	mirrored.io = file->io;
	if (status == TG_OK)
		status = storage_path(lock_path, file->directory, LOCK_NAME, error);
	if (status == TG_OK)
		status = file->io->lock(file->io->context, lock_path, &file->lock_file, error);
	if (status == TG_OK)
		status = check_word(config, error);
	if (status == TG_OK && file->mirror != NULL)
		status = reconcile(file, &mirror, &ret_opened->mirror, error);
	if (status == TG_OK)
		status = journal_recover(config, &end, ret_opened, error);
	if (status == TG_OK)
		status = journal_space_open(&file->space, config, segment_bytes, error);
	if (status != TG_OK)
		return status;
	file->buffer = malloc(segment_batch_bytes(file->journal.batch_bytes_max));
	if (file->buffer == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for a batch");
	file->incarnation = end.incarnation + 1;
	ret_opened->incarnation = file->incarnation;
	file->journal.io = file->io;
	file->chain = end.chain;
	atomic_store(&file->journal.durable_sequence, end.next_sequence - 1);
	status = begin_segment(file, end.next_sequence, error);
	if (status != TG_OK)
		return status;
	status = journal_space_tend(&file->space, &has_room, error);
	if (status == TG_OK)
		atomic_store(&file->journal.has_room, has_room);
	return status;
}

enum tg_status
journal_file_open(const struct journal_config *config, struct journal **ret_journal,
		  struct journal_opened *ret_opened, struct storage_error *error)
{
	struct journal_opened opened = { 0 };
	struct file_journal *file = calloc(1, sizeof *file);
	enum tg_status status;

	if (file == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for the journal");
	file->journal.backend = &file_backend;
	file->io = config->io;
	file->lock_file = -1;
	file->file = -1;
	journal_space_init(&file->space);
	status = open_files(file, config, &opened, error);
	if (status != TG_OK) {
		file_close(&file->journal);
		return status;
	}
	*ret_journal = &file->journal;
	*ret_opened = opened;
	return TG_OK;
}
