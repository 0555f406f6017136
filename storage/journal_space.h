/*
 * journal_space.h - room on the disk: the next segment made ahead, the reserve, the low-water mark.
 *
 * Owns the files "next.journal" and "reserve" in the journal's directory.  The helper thread tends
 * it, the journal thread takes the next segment from it.
 */
#ifndef TG_STORAGE_JOURNAL_SPACE_H
#define TG_STORAGE_JOURNAL_SPACE_H

#include <pthread.h>
#include <stdatomic.h>

#include "storage/journal.h"

struct journal_space {
	/* borrowed; the rest is fixed for life but for the last four */
	const struct storage_io *io;
	uint64_t segment_bytes;
	uint64_t low_water_bytes;
	uint64_t reserve_bytes;	     /* 0: no reserve */
	char	 directory[STORAGE_PATH_BYTES_MAX];
	char	 spare_path[STORAGE_PATH_BYTES_MAX];
	char	 reserve_path[STORAGE_PATH_BYTES_MAX];
	char	 unfinished_path[STORAGE_PATH_BYTES_MAX]; /* what is being made; lock is held */
	pthread_mutex_t lock;	     /* over making and taking files */
	atomic_bool has_spare;	     /* changed under lock */
	atomic_bool has_reserve;     /* changed under lock */
	_Atomic uint64_t free_bytes; /* of the disk, when last looked */
};

/* Make space fit for journal_space_deinit(). */
void journal_space_init(struct journal_space *space);
void journal_space_deinit(struct journal_space *space);

/*
 * See what an earlier start left.  segment_bytes: config's, or the default.  The instance's lock is
 * held.  TG_OK; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_space_open(struct journal_space *space,
						const struct journal_config *config,
						uint64_t segment_bytes,
						struct storage_error *error);

/*
 * Have a segment of zeros at spare_path, and keep the helper from it until
 * journal_space_release_spare().  Made here and now if need be; the reserve is given up for it.
 * TG_OK; TG_JOURNAL_FULL, TG_IO: nothing is held.
 */
TG_MUST_CHECK enum tg_status journal_space_hold_spare(struct journal_space *space,
						      struct storage_error *error);

/* After hold: is_used: the spare has another name now, or must not be used again. */
void journal_space_release_spare(struct journal_space *space, bool is_used);

/*
 * Make the spare and the reserve if they are missing and the disk has room for them above the
 * low-water mark.  ret_has_room: may new records be decided?  TG_OK; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_space_tend(struct journal_space *space, bool *ret_has_room,
						struct storage_error *error);

/* Remove the reserve; journal_space_tend() makes it again when there is room. */
void journal_space_free_reserve(struct journal_space *space);

#endif
