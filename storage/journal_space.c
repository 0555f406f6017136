/*
 * journal_space.c - files made ahead of need.
 *
 * Zeros are really written: a segment of mere holes would have its blocks allocated at each sync,
 * which costs the journal thread a second write, and finds a full disk when it is too late.
 */
#include "storage/journal_space.h"

#include <string.h>

#define SPARE_NAME "next.journal"
#define RESERVE_NAME "reserve"
#define UNFINISHED_NAME "unfinished"

/* Sync after as much, so that making a segment never has the disk busy for long. */
#define SYNC_EACH_BYTES (4 * 1024 * 1024)

void
journal_space_init(struct journal_space *space)
{
	*space = (struct journal_space){ 0 };
	(void)pthread_mutex_init(&space->lock, NULL);
}

void
journal_space_deinit(struct journal_space *space)
{
	(void)pthread_mutex_destroy(&space->lock);
}

/* Is a whole file of that size there?  One of another size is removed. */
static enum tg_status
find_left(const struct journal_space *space, const char *path, uint64_t bytes, bool *ret_is_there,
	  struct storage_error *error)
{
	const struct storage_io *io = space->io;
	struct storage_stat facts;
	enum tg_status status = io->stat(io->context, path, &facts, error);

	*ret_is_there = false;
	if (status != TG_OK || !facts.exists)
		return status;
	*ret_is_there = bytes > 0 && facts.bytes == bytes;
	if (*ret_is_there)
		return TG_OK;
	return io->unlink(io->context, path, error);
}

enum tg_status
journal_space_open(struct journal_space *space, const struct journal_config *config,
		   uint64_t segment_bytes, struct storage_error *error)
{
	bool is_there = false;
	enum tg_status status;

	space->io = config->io;
	space->segment_bytes = segment_bytes;
	space->low_water_bytes = config->low_water_bytes;
	space->reserve_bytes = config->reserve_bytes;
	status = storage_path_copy(space->directory, config->directory, error);
	if (status == TG_OK)
		status = storage_path(space->spare_path, config->directory, SPARE_NAME, error);
	if (status == TG_OK)
		status = storage_path(space->reserve_path, config->directory, RESERVE_NAME, error);
	if (status == TG_OK)
		status = storage_path(space->unfinished_path, config->directory, UNFINISHED_NAME,
				      error);
	if (status == TG_OK)
		status = find_left(space, space->unfinished_path, 0, &is_there, error);
	if (status == TG_OK)
		status = find_left(space, space->spare_path, segment_bytes, &is_there, error);
	atomic_store(&space->has_spare, is_there);
	if (status == TG_OK)
		status = find_left(space, space->reserve_path, space->reserve_bytes, &is_there,
				   error);
	atomic_store(&space->has_reserve, is_there);
	return status;
}

/* Make a file of zeros: it has its name only once it is whole and synced.  The lock is held. */
static enum tg_status
make_zeros(struct journal_space *space, const char *path, uint64_t bytes,
	   struct storage_error *error)
{
	const struct storage_io *io = space->io;
	struct storage_error ignored;
	uint64_t done_bytes = 0;
	enum tg_status status;
	int file;

	status = io->open(io->context, space->unfinished_path, STORAGE_CREATE, &file, error);
	if (status != TG_OK)
		return status;
	while (status == TG_OK && done_bytes < bytes) {
		uint64_t step_bytes = bytes - done_bytes;

		if (step_bytes > SYNC_EACH_BYTES)
			step_bytes = SYNC_EACH_BYTES;
		status = storage_write_zeros(io, file, done_bytes, step_bytes, error);
		if (status == TG_OK)
			status = io->sync(io->context, file, error);
		done_bytes += step_bytes;
	}
	io->close(io->context, file);
	if (status == TG_OK)
		status = io->rename(io->context, space->unfinished_path, path, error);
	if (status != TG_OK)
		(void)io->unlink(io->context, space->unfinished_path, &ignored);
	return status;
}

static void
remove_reserve(struct journal_space *space)
{
	struct storage_error ignored;

	if (atomic_load(&space->has_reserve) &&
	    space->io->unlink(space->io->context, space->reserve_path, &ignored) == TG_OK)
		atomic_store(&space->has_reserve, false);
}

enum tg_status
journal_space_hold_spare(struct journal_space *space, struct storage_error *error)
{
	enum tg_status status = TG_OK;

	(void)pthread_mutex_lock(&space->lock);
	if (!atomic_load(&space->has_spare)) {
		status = make_zeros(space, space->spare_path, space->segment_bytes, error);
		if (status == TG_JOURNAL_FULL && atomic_load(&space->has_reserve)) {
			remove_reserve(space);
			status = make_zeros(space, space->spare_path, space->segment_bytes, error);
		}
		atomic_store(&space->has_spare, status == TG_OK);
	}
	if (status != TG_OK)
		(void)pthread_mutex_unlock(&space->lock);
	return status;
}

void
journal_space_release_spare(struct journal_space *space, bool is_used)
{
	if (is_used)
		atomic_store(&space->has_spare, false);
	(void)pthread_mutex_unlock(&space->lock);
}

static enum tg_status
look_at_disk(struct journal_space *space, uint64_t *ret_free_bytes, struct storage_error *error)
{
	enum tg_status status =
		space->io->free_bytes(space->io->context, space->directory, ret_free_bytes, error);

	if (status == TG_OK)
		atomic_store(&space->free_bytes, *ret_free_bytes);
	return status;
}

/* Make a file if it is missing and room stays above the low-water mark.  The lock is held. */
static enum tg_status
make_if_missing(struct journal_space *space, atomic_bool *has_file, const char *path,
		uint64_t bytes, struct storage_error *error)
{
	uint64_t free_bytes;
	enum tg_status status;

	if (bytes == 0 || atomic_load(has_file))
		return TG_OK;
	status = look_at_disk(space, &free_bytes, error);
	if (status != TG_OK)
		return status;
	if (free_bytes < bytes || free_bytes - bytes < space->low_water_bytes)
		return TG_OK;
	status = make_zeros(space, path, bytes, error);
	if (status == TG_OK)
		atomic_store(has_file, true);
	return status == TG_JOURNAL_FULL ? TG_OK : status;
}

enum tg_status
journal_space_tend(struct journal_space *space, bool *ret_has_room, struct storage_error *error)
{
	uint64_t free_bytes;
	enum tg_status status;

	(void)pthread_mutex_lock(&space->lock);
	status = make_if_missing(space, &space->has_spare, space->spare_path, space->segment_bytes,
				 error);
	if (status == TG_OK)
		status = make_if_missing(space, &space->has_reserve, space->reserve_path,
					 space->reserve_bytes, error);
	if (status == TG_OK)
		status = look_at_disk(space, &free_bytes, error);
	if (status == TG_OK)
		*ret_has_room =
			atomic_load(&space->has_spare) && free_bytes >= space->low_water_bytes;
	(void)pthread_mutex_unlock(&space->lock);
	return status;
}

void
journal_space_free_reserve(struct journal_space *space)
{
	(void)pthread_mutex_lock(&space->lock);
	remove_reserve(space);
	(void)pthread_mutex_unlock(&space->lock);
}
