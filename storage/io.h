/*
 * io.h - the file operations of storage, as a table of functions.
 *
 * Journal and snapshot do all their file work through a struct storage_io: io_posix.c gives the
 * real one, tests/storage/sim_disk.c one in memory that forgets what was not synced and fails on
 * demand.  Errors of the system are translated here and nowhere else.  Storage does not log: what a
 * person must know about a failure is left in the caller's struct storage_error.
 */
#ifndef TG_STORAGE_IO_H
#define TG_STORAGE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

#define STORAGE_PATH_BYTES_MAX 512  /* of a path given to storage, with its final zero */
#define STORAGE_NAME_BYTES_MAX 128  /* of a file name made by storage, with its final zero */
#define STORAGE_ERROR_TEXT_BYTES 768

/* Why an operation failed.  Caller's memory; written on failure only, so start with all zero. */
struct storage_error {
	enum tg_status status;	 /* as returned */
	uint64_t       sequence; /* first record concerned; 0: none or not known */
	uint64_t       offset;	 /* in the file that text names, in bytes */
	char	       text[STORAGE_ERROR_TEXT_BYTES]; /* one line: operation, file, reason */
};

/*
 * Fill error with status and a line of text, sequence and offset 0, and return status.
 * error: not NULL.  format: as printf; the line is cut at STORAGE_ERROR_TEXT_BYTES.
 */
enum tg_status storage_fail(struct storage_error *error, enum tg_status status, const char *format,
			    ...) __attribute__((format(printf, 3, 4)));

enum storage_open_mode {
	STORAGE_READ,	/* the file exists; read only */
	STORAGE_WRITE,	/* the file exists; read and write */
	STORAGE_CREATE, /* the file is made anew and empty; an old one of that name is emptied */
};

struct storage_stat {
	bool	 exists;
	bool	 is_directory;
	uint64_t bytes; /* of a file */
};

/* Called for each name in a directory, without "." and ".."; the name lives for the call only. */
typedef void storage_name_fn(void *context, const char *name);

/*
 * The table.  Every function takes io->context first; paths are UTF-8, zero-terminated; error is
 * not NULL.  Results are TG_OK, TG_JOURNAL_FULL when the disk has no room, TG_IO for all other
 * errors, or what the function names besides.  All block.  Different files may be used by different
 * threads at once; positions are explicit, so readers may share a file with its writer.
 */
struct storage_io {
	void *context; /* borrowed; lives as long as the table is in use */

	/* Open a file.  ret_file: number for the other functions, >= 0; the caller closes it. */
	enum tg_status (*open)(void *context, const char *path, enum storage_open_mode mode,
			       int *ret_file, struct storage_error *error);
	/* Close a file; gives back a lock, too.  No error: what matters was synced before. */
	void (*close)(void *context, int file);
	/* Read some bytes, at least one unless at the end of the file (then *ret_bytes = 0). */
	enum tg_status (*pread)(void *context, int file, void *bytes, size_t bytes_max,
				uint64_t offset, size_t *ret_bytes, struct storage_error *error);
	/* Write some of the bytes, at least one.  Use storage_write(), which writes all. */
	enum tg_status (*pwrite)(void *context, int file, const void *bytes, size_t bytes_count,
				 uint64_t offset, size_t *ret_bytes, struct storage_error *error);
	/* Make written bytes and the size durable (fdatasync).  After an error the file is lost. */
	enum tg_status (*sync)(void *context, int file, struct storage_error *error);
	/*
	 * Forget what memory holds of a synced file, so that the next read comes from the disk.
	 * After a failed sync of another process memory may hold bytes that the disk never got.
	 */
	void (*forget_cache)(void *context, int file);
	/* So many bytes will be read soon.  Only a hint: what fails, fails when they are read. */
	void (*will_read)(void *context, int file, uint64_t offset, uint64_t bytes);
	/* Cut or lengthen (with zeros, perhaps sparse) to bytes. */
	enum tg_status (*truncate)(void *context, int file, uint64_t bytes,
				   struct storage_error *error);
	/* Rename over whatever has the new name; durable after sync_directory(). */
	enum tg_status (*rename)(void *context, const char *from, const char *to,
				 struct storage_error *error);
	/* Remove a file; durable after sync_directory(). */
	enum tg_status (*unlink)(void *context, const char *path, struct storage_error *error);
	/* Make the names in a directory durable: needed after open CREATE, rename and unlink. */
	enum tg_status (*sync_directory)(void *context, const char *path,
					 struct storage_error *error);
	/* Make a directory, mode 0750; fine if it is there. */
	enum tg_status (*make_directory)(void *context, const char *path,
					 struct storage_error *error);
	/* Call each for every name in a directory, in no order. */
	enum tg_status (*list)(void *context, const char *path, storage_name_fn *each,
			       void *each_context, struct storage_error *error);
	/* Tell what path is; that nothing is there is no error. */
	enum tg_status (*stat)(void *context, const char *path, struct storage_stat *ret_stat,
			       struct storage_error *error);
	/* Bytes an ordinary user may still write on the file system that holds path. */
	enum tg_status (*free_bytes)(void *context, const char *path, uint64_t *ret_bytes,
				     struct storage_error *error);
	/*
	 * Take the exclusive lock on a file, made if need be, and write this process's number into
	 * it.  Held until close() or the end of the process.  TG_FENCED: another has it; text tells
	 * its number.
	 */
	enum tg_status (*lock)(void *context, const char *path, int *ret_file,
			       struct storage_error *error);
};

/* The real disk.  ret_io is written; nothing to free. */
void storage_io_posix(struct storage_io *ret_io);

/* Write all bytes at offset, in as many calls as it takes.  TG_JOURNAL_FULL, TG_IO: some may be. */
TG_MUST_CHECK enum tg_status storage_write(const struct storage_io *io, int file, const void *bytes,
					   size_t bytes_count, uint64_t offset,
					   struct storage_error *error);

/* Read bytes_max bytes at offset, fewer only at the end of the file: *ret_bytes tells. */
TG_MUST_CHECK enum tg_status storage_read(const struct storage_io *io, int file, void *bytes,
					  size_t bytes_max, uint64_t offset, size_t *ret_bytes,
					  struct storage_error *error);

/*
 * Write bytes_count real zeros from offset on, 1 MiB a call, so that blocks are there before use.
 */
TG_MUST_CHECK enum tg_status storage_write_zeros(const struct storage_io *io, int file,
						 uint64_t offset, uint64_t bytes_count,
						 struct storage_error *error);

/*
 * Join directory and name with a slash.  ret_path has STORAGE_PATH_BYTES_MAX bytes.  TG_IO: too
 * long.
 */
TG_MUST_CHECK enum tg_status storage_path(char *ret_path, const char *directory, const char *name,
					  struct storage_error *error);

/* Make a directory unless it is there, and see that its name lasts.  TG_JOURNAL_FULL; TG_IO. */
TG_MUST_CHECK enum tg_status storage_make_directory(const struct storage_io *io, const char *path,
						    struct storage_error *error);

/* Copy a path.  ret_path has STORAGE_PATH_BYTES_MAX bytes.  TG_IO: too long. */
TG_MUST_CHECK enum tg_status storage_path_copy(char *ret_path, const char *path,
					       struct storage_error *error);

#endif
