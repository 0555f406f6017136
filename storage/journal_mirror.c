/*
 * journal_mirror.c - a data directory and its mirror, made equal before the journal is opened.
 */
#include "storage/journal_mirror.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/journal_copy.h"
#include "storage/segment_list.h"
#include "storage/segment_reader.h"
#include "storage/snapshot.h"

#define SPARE_NAME "next.journal"
#define UNFINISHED_NAME "unfinished"
#define ASIDE_SUFFIX ".damaged"

/* One of the two. */
struct side {
	struct segment_place place;
	struct segment_list list;     /* owned */
	uint64_t last_sequence;	      /* of the records before any damage */
	size_t damaged_index;	      /* of the first segment that is wrong */
	struct storage_error damage;  /* status TG_OK: none */
};

/* See that the newest segment is read from the disk, as recovery does. */
static enum tg_status
settle(const struct side *side, struct storage_error *error)
{
	const struct storage_io *io = side->place.io;
	const struct segment_name *name = &side->list.names[side->list.count - 1];
	char file_name[SEGMENT_NAME_BYTES];
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status;
	int file;

	if (name->is_archived)
		return TG_OK;
	segment_name_format(name, file_name);
	status = storage_path(path, side->place.directory, file_name, error);
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

/* Read a segment to its end.  TG_CORRUPT: what follows shows that the end is none. */
static enum tg_status
read_through(struct side *side, size_t index, struct segment_reader *reader,
	     struct storage_error *error)
{
	const bool is_last = index + 1 == side->list.count;
	enum segment_found found = SEGMENT_BATCH;
	struct segment_tail tail = { .has_batch = false };
	enum tg_status status = TG_OK;

	while (status == TG_OK && found == SEGMENT_BATCH)
		status = segment_reader_next(reader, 0, &found, error);
	if (status == TG_OK && is_last)
		status = segment_reader_examine_tail(reader, &tail, error);
	if (status != TG_OK)
		return status;
	side->last_sequence = reader->next_sequence - 1;
	if (tail.has_batch ||
	    (!is_last && side->list.names[index + 1].first_sequence != reader->next_sequence))
		return segment_reader_fail(
			reader, found == SEGMENT_FAULT ? reader->fault : "batch is missing", error);
	return TG_OK;
}

/* List and read one of the two.  Damage is no failure; it is left in side. */
static enum tg_status
assess(struct side *side, struct storage_error *error)
{
	enum tg_status status = segment_list_read(side->place.io, side->place.directory,
						  side->place.archive_directory, &side->list,
						  error);

	if (status == TG_OK && side->list.count > 0)
		status = settle(side, error);
	for (size_t index = 0; status == TG_OK && index < side->list.count; index++) {
		struct segment_reader reader = { 0 };

		if (side->list.names[index].is_archived)
			continue;
		status = segment_reader_open(&reader, &side->place, &side->list.names[index],
					     &side->damage);
		if (status == TG_OK)
			status = read_through(side, index, &reader, &side->damage);
		segment_reader_close(&reader);
		if (status == TG_CORRUPT) {
			side->damaged_index = index;
			return TG_OK;
		}
		if (status != TG_OK)
			*error = side->damage;
		side->damage.status = TG_OK;
	}
	return status;
}

static bool
is_damaged(const struct side *side)
{
	return side->damage.status != TG_OK;
}

/* Which one is right?  TG_CORRUPT: neither. */
static enum tg_status
choose(const struct side *journal, const struct side *mirror, bool *ret_is_mirror,
       struct storage_error *error)
{
	const bool is_mirror_longer = mirror->last_sequence > journal->last_sequence;
	const bool is_mirror_shorter = mirror->last_sequence < journal->last_sequence;

	*ret_is_mirror = mirror->list.count > 0 &&
			 (journal->list.count == 0 || is_damaged(journal) ||
			  (is_mirror_longer && !is_damaged(mirror)));
	if (mirror->list.count == 0 || (!is_damaged(journal) && !is_damaged(mirror)))
		return TG_OK;
	if (is_damaged(journal) && !is_damaged(mirror) && !is_mirror_shorter)
		return TG_OK;
	if (is_damaged(mirror) && !is_damaged(journal) && journal->list.count > 0 &&
	    !is_mirror_longer)
		return TG_OK;
	*error = is_damaged(journal) ? journal->damage : mirror->damage;
	return error->status;
}

/* Keep damaged segments, and what follows them, under names that nobody reads. */
static enum tg_status
set_aside(const struct side *side, struct storage_error *error)
{
	const struct storage_io *io = side->place.io;
	enum tg_status status = TG_OK;

	for (size_t index = side->damaged_index;
	     is_damaged(side) && status == TG_OK && index < side->list.count; index++) {
		char file_name[SEGMENT_NAME_BYTES];
		char aside_name[SEGMENT_NAME_BYTES + sizeof ASIDE_SUFFIX];
		char path[STORAGE_PATH_BYTES_MAX];
		char aside[STORAGE_PATH_BYTES_MAX];

		segment_name_format(&side->list.names[index], file_name);
		(void)snprintf(aside_name, sizeof aside_name, "%s" ASIDE_SUFFIX, file_name);
		status = storage_path(path, side->place.directory, file_name, error);
		if (status == TG_OK)
			status = storage_path(aside, side->place.directory, aside_name, error);
		if (status == TG_OK)
			status = io->rename(io->context, path, aside, error);
	}
	return status;
}

static bool
has_segment(const struct side *side, const struct segment_name *name)
{
	for (size_t index = 0; index < side->list.count; index++) {
		if (segment_name_compare(&side->list.names[index], name) == 0)
			return true;
	}
	return false;
}

/* A segment that the right one lacks: it may have been begun, but holds no record. */
static enum tg_status
remove_begun(const struct side *wrong, const struct side *right, const struct segment_name *name,
	     struct storage_error *error)
{
	const struct storage_io *io = wrong->place.io;
	struct segment_reader reader;
	enum segment_found found = SEGMENT_BATCH;
	enum tg_status status = segment_reader_open(&reader, &wrong->place, name, error);

	if (status != TG_OK)
		return status;
	while (status == TG_OK && found == SEGMENT_BATCH)
		status = segment_reader_next(&reader, 0, &found, error);
	if (status == TG_OK && reader.next_sequence != name->first_sequence)
		status = storage_fail(error, TG_CONFIG,
				      "%s has records that %s lacks, which goes on differently: "
				      "say which is right by moving the other away",
				      segment_source_path(reader.source), right->place.directory);
	if (status == TG_OK)
		status = io->unlink(io->context, segment_source_path(reader.source), error);
	segment_reader_close(&reader);
	return status;
}

static enum tg_status
remove_extra(const struct side *wrong, const struct side *right, struct storage_error *error)
{
	size_t count = is_damaged(wrong) ? wrong->damaged_index : wrong->list.count;
	enum tg_status status = TG_OK;

	for (size_t index = 0; status == TG_OK && index < count; index++) {
		const struct segment_name *name = &wrong->list.names[index];

		if (!name->is_archived && !has_segment(right, name))
			status = remove_begun(wrong, right, name, error);
	}
	return status;
}

/* What was made ahead is made anew, in both. */
static enum tg_status
remove_ahead(const struct side *side, struct storage_error *error)
{
	static const char *const names[] = { SPARE_NAME, UNFINISHED_NAME };
	const struct storage_io *io = side->place.io;
	enum tg_status status = TG_OK;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && status == TG_OK; i++) {
		char path[STORAGE_PATH_BYTES_MAX];
		struct storage_stat facts = { .exists = false };

		status = storage_path(path, side->place.directory, names[i], error);
		if (status == TG_OK)
			status = io->stat(io->context, path, &facts, error);
		if (status == TG_OK && facts.exists)
			status = io->unlink(io->context, path, error);
	}
	return status == TG_OK ? io->sync_directory(io->context, side->place.directory, error)
			       : status;
}

static enum tg_status
copy_snapshots(const struct side *right, const struct side *wrong, struct storage_error *error)
{
	const struct storage_io *io = right->place.io;
	struct snapshot_list list = { .count = 0 };
	uint64_t bytes;
	enum tg_status status = snapshot_list(io, right->place.directory, &list, error);

	for (uint32_t i = 0; i < list.count && i < SNAPSHOT_KEEP_MIN && status == TG_OK; i++)
		status = journal_copy_snapshot(io, right->place.directory, wrong->place.directory,
					       list.sequences[i], &bytes, error);
	if (status == TG_OK)
		status = snapshot_prune(io, wrong->place.directory, SNAPSHOT_KEEP_MIN, error);
	return status;
}

/* Make the wrong one what the right one is. */
static enum tg_status
complete(const struct side *right, const struct side *wrong, uint64_t *ret_segments,
	 struct storage_error *error)
{
	const struct journal_copy copy = {
		.from = { .io = right->place.io,
			  .directory = right->place.directory,
			  .archive_directory = right->place.archive_directory,
			  .instance = right->place.instance,
			  .is_unconfirmed_wanted = true },
		.directory = wrong->place.directory,
		.archive_directory = wrong->place.archive_directory,
	};
	struct journal_copied copied;
	enum tg_status status = remove_extra(wrong, right, error);

	if (status == TG_OK)
		status = set_aside(wrong, error);
	if (status == TG_OK)
		status = remove_ahead(right, error);
	if (status == TG_OK)
		status = remove_ahead(wrong, error);
	if (status == TG_OK)
		status = copy_snapshots(right, wrong, error);
	if (status == TG_OK)
		status = journal_copy_run(&copy, &copied, error);
	if (status == TG_OK)
		*ret_segments = copied.segments;
	return status;
}

/* The mirror cannot be had; the journal can.  Histories that differ are still for a person. */
static enum tg_status
go_on_alone(enum tg_status status, bool may, struct journal_mirror_report *report,
	    const struct storage_error *error)
{
	if (!may || (status != TG_IO && status != TG_JOURNAL_FULL))
		return status;
	report->verdict = JOURNAL_MIRROR_LOST;
	report->damage = *error;
	return TG_OK;
}

static enum tg_status
reconcile(struct side *journal, struct side *mirror, bool may_go_alone,
	  struct journal_mirror_report *report, struct storage_error *error)
{
	const struct side *right = journal;
	const struct side *wrong = mirror;
	bool is_mirror_right = false;
	enum tg_status status = assess(journal, error);

	if (status == TG_OK) {
		status = assess(mirror, error);
		if (status != TG_OK && journal->list.count > 0 && !is_damaged(journal))
			return go_on_alone(status, may_go_alone, report, error);
	}
	if (status == TG_OK)
		status = choose(journal, mirror, &is_mirror_right, error);
	if (status != TG_OK)
		return status;
	report->sequence = journal->last_sequence;
	report->mirror_sequence = mirror->last_sequence;
	/* Damage that nothing can mend: recovery names it, and refuses. */
	if (!is_mirror_right && is_damaged(journal))
		return TG_OK;
	if (is_mirror_right) {
		right = mirror;
		wrong = journal;
	}
	report->damage = wrong->damage;
	status = complete(right, wrong, &report->segments, error);
	if (status != TG_OK && !is_mirror_right && journal->list.count > 0)
		return go_on_alone(status, may_go_alone, report, error);
	if (status == TG_OK && report->segments > 0)
		report->verdict = is_mirror_right ? JOURNAL_MIRROR_AHEAD : JOURNAL_MIRROR_BEHIND;
	return status;
}

enum tg_status
journal_mirror_reconcile(const struct journal_mirror_config *config,
			 struct journal_mirror_report *ret_report, struct storage_error *error)
{
	struct journal_mirror_report report = { .verdict = JOURNAL_MIRROR_EQUAL };
	struct side journal = { .place = { .io = config->io,
					   .directory = config->directory,
					   .archive_directory = config->archive_directory,
					   .instance = config->instance } };
	struct side mirror = { .place = { .io = config->io,
					  .directory = config->mirror_directory,
					  .archive_directory = config->mirror_archive_directory,
					  .instance = config->instance } };
	enum tg_status status = reconcile(&journal, &mirror, config->goes_on_alone, &report,
					  error);

	segment_list_deinit(&journal.list);
	segment_list_deinit(&mirror.list);
	if (status == TG_OK)
		*ret_report = report;
	return status;
}
