/*
 * io_mirror.h - file operations done twice: a data directory and its mirror.
 *
 * A table of functions over another one.  What changes a segment, an archived segment or a
 * snapshot is done in the mirror too, and is done only when both have done it; a sync returns when
 * both are synced.  Reading is done from the first.  Lock, reserve and all other files are the
 * first's alone, save that both directories are locked.
 */
#ifndef TG_STORAGE_IO_MIRROR_H
#define TG_STORAGE_IO_MIRROR_H

#include "storage/io.h"

struct io_mirror;

/* Borrowed for the call, but for io, which outlives the mirror. */
struct io_mirror_config {
	const struct storage_io *io;
	const char *directory;
	const char *archive_directory;
	const char *mirror_directory;
	const char *mirror_archive_directory;
	/*
	 * When the mirror fails: go on without it, until the next start.  Otherwise its errors are
	 * those of the operation.
	 */
	bool goes_on_alone;
	bool is_inline; /* sync one after the other, without a thread: for simulations */
};

/* TG_OK; TG_NO_MEMORY; TG_IO: a path is too long. */
TG_MUST_CHECK enum tg_status io_mirror_new(const struct io_mirror_config *config,
					   struct io_mirror **ret_mirror,
					   struct storage_error *error);

/* After all files are closed.  NULL is fine. */
void io_mirror_free(struct io_mirror *mirror);

/* The table; lives as long as the mirror. */
const struct storage_io *io_mirror_io(struct io_mirror *mirror);

/* Leave the mirror alone from now on: it could not be had.  error: why. */
void io_mirror_lose(struct io_mirror *mirror, const struct storage_error *error);

/* Has the mirror failed, and is it left alone now?  Any thread. */
bool io_mirror_is_lost(const struct io_mirror *mirror);

/* Why: a line of text, or "".  ret_text: STORAGE_ERROR_TEXT_BYTES.  Any thread. */
void io_mirror_trouble(struct io_mirror *mirror, char *ret_text);

#endif
