/*
 * io_posix.c - the file operations of storage on a real disk.
 *
 * The only file of storage that sees errno.  Calls broken off by a signal are begun again; a failed
 * fdatasync is not (the kernel marks the pages clean, so a second call would lie).
 */
#include "storage/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ERRNO_TEXT_BYTES 128
#define FILE_MODE 0640
#define DIRECTORY_MODE 0750

/* Translate errno at the border.  what: the operation; path: NULL for an open file. */
static enum tg_status
fail_errno(struct storage_error *error, const char *what, const char *path, int file)
{
	int saved_errno = errno;
	char reason[ERRNO_TEXT_BYTES];
	char link[64];
	char name[STORAGE_PATH_BYTES_MAX] = "?";
	enum tg_status status = TG_IO;

	if (saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG)
		status = TG_JOURNAL_FULL;
	if (path == NULL) {
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", file);
		ssize_t length = readlink(link, name, sizeof name - 1);

		name[length > 0 ? length : 0] = '\0';
		path = name;
	}
	return storage_fail(error, status, "%s %s: %s", what, path,
			    strerror_r(saved_errno, reason, sizeof reason));
}

static enum tg_status
posix_open(void *context, const char *path, enum storage_open_mode mode, int *ret_file,
	   struct storage_error *error)
{
	int flags = O_CLOEXEC;
	int file;

	(void)context;
	switch (mode) {
	case STORAGE_READ:
		flags |= O_RDONLY;
		break;
	case STORAGE_WRITE:
		flags |= O_RDWR;
		break;
	case STORAGE_CREATE:
		flags |= O_RDWR | O_CREAT | O_TRUNC;
		break;
	}
	do
		file = open(path, flags, FILE_MODE);
	while (file < 0 && errno == EINTR);
	if (file < 0)
		return fail_errno(error, "open", path, -1);
	*ret_file = file;
	return TG_OK;
}

static void
posix_close(void *context, int file)
{
	(void)context;
	(void)close(file);
}

static enum tg_status
posix_pread(void *context, int file, void *bytes, size_t bytes_max, uint64_t offset,
	    size_t *ret_bytes, struct storage_error *error)
{
	ssize_t count;

	(void)context;
	if (bytes_max > SSIZE_MAX)
		bytes_max = SSIZE_MAX;
	do
		count = pread(file, bytes, bytes_max, (off_t)offset);
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		enum tg_status status = fail_errno(error, "read", NULL, file);

		error->offset = offset;
		return status;
	}
	*ret_bytes = (size_t)count;
	return TG_OK;
}

static enum tg_status
posix_pwrite(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
	     size_t *ret_bytes, struct storage_error *error)
{
	ssize_t count;

	(void)context;
	if (bytes_count > SSIZE_MAX)
		bytes_count = SSIZE_MAX;
	do
		count = pwrite(file, bytes, bytes_count, (off_t)offset);
	while (count < 0 && errno == EINTR);
	if (count <= 0) {
		enum tg_status status;

		if (count == 0) /* never for a file; without this a caller could spin */
			errno = ENOSPC;
		status = fail_errno(error, "write", NULL, file);
		error->offset = offset;
		return status;
	}
	*ret_bytes = (size_t)count;
	return TG_OK;
}

static enum tg_status
posix_sync(void *context, int file, struct storage_error *error)
{
	(void)context;
	if (fdatasync(file) != 0)
		return fail_errno(error, "fdatasync", NULL, file);
	return TG_OK;
}

static void
posix_forget_cache(void *context, int file)
{
	(void)context;
	(void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

static void
posix_will_read(void *context, int file, uint64_t offset, uint64_t bytes)
{
	(void)context;
	(void)posix_fadvise(file, (off_t)offset, (off_t)bytes, POSIX_FADV_WILLNEED);
}

static enum tg_status
posix_truncate(void *context, int file, uint64_t bytes, struct storage_error *error)
{
	int result;

	(void)context;
	do
		result = ftruncate(file, (off_t)bytes);
	while (result != 0 && errno == EINTR);
	if (result != 0)
		return fail_errno(error, "truncate", NULL, file);
	return TG_OK;
}

static enum tg_status
posix_rename(void *context, const char *from, const char *to, struct storage_error *error)
{
	(void)context;
	if (rename(from, to) != 0)
		return fail_errno(error, "rename to", to, -1);
	return TG_OK;
}

static enum tg_status
posix_unlink(void *context, const char *path, struct storage_error *error)
{
	(void)context;
	if (unlink(path) != 0)
		return fail_errno(error, "remove", path, -1);
	return TG_OK;
}

static enum tg_status
posix_sync_directory(void *context, const char *path, struct storage_error *error)
{
	int directory;
	enum tg_status status = TG_OK;

	(void)context;
	do
		directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (directory < 0 && errno == EINTR);
	if (directory < 0)
		return fail_errno(error, "open directory", path, -1);
	if (fsync(directory) != 0)
		status = fail_errno(error, "fsync directory", path, -1);
	(void)close(directory);
	return status;
}

static enum tg_status
posix_make_directory(void *context, const char *path, struct storage_error *error)
{
	(void)context;
	if (mkdir(path, DIRECTORY_MODE) != 0 && errno != EEXIST)
		return fail_errno(error, "make directory", path, -1);
	return TG_OK;
}

static enum tg_status
posix_list(void *context, const char *path, storage_name_fn *each, void *each_context,
	   struct storage_error *error)
{
	enum tg_status status = TG_OK;
	struct dirent *entry;
	DIR *directory = opendir(path);

	(void)context;
	if (directory == NULL)
		return fail_errno(error, "open directory", path, -1);
	for (;;) {
		errno = 0;
		entry = readdir(directory);
		if (entry == NULL)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			each(each_context, entry->d_name);
	}
	if (errno != 0)
		status = fail_errno(error, "list directory", path, -1);
	(void)closedir(directory);
	return status;
}

static enum tg_status
posix_stat(void *context, const char *path, struct storage_stat *ret_stat,
	   struct storage_error *error)
{
	struct stat facts;

	(void)context;
	if (stat(path, &facts) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return fail_errno(error, "stat", path, -1);
		*ret_stat = (struct storage_stat){ .exists = false };
		return TG_OK;
	}
	*ret_stat = (struct storage_stat){ .exists = true,
					   .is_directory = S_ISDIR(facts.st_mode),
					   .bytes = (uint64_t)facts.st_size };
	return TG_OK;
}

static enum tg_status
posix_free_bytes(void *context, const char *path, uint64_t *ret_bytes, struct storage_error *error)
{
	struct statvfs facts;

	(void)context;
	if (statvfs(path, &facts) != 0)
		return fail_errno(error, "statvfs", path, -1);
	*ret_bytes = (uint64_t)facts.f_bavail * (uint64_t)facts.f_frsize;
	return TG_OK;
}

static enum tg_status
posix_lock(void *context, const char *path, int *ret_file, struct storage_error *error)
{
	char pid[32] = "";
	enum tg_status status;
	int length;
	int file;

	(void)context;
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (file < 0)
		return fail_errno(error, "open", path, -1);
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK) {
			status = fail_errno(error, "lock", path, -1);
		} else {
			ssize_t count = pread(file, pid, sizeof pid - 1, 0);

			pid[count > 0 ? count : 0] = '\0';
			pid[strcspn(pid, "\n")] = '\0';
			status = storage_fail(error, TG_FENCED, "%s is locked by process %s", path,
					      pid[0] != '\0' ? pid : "unknown");
		}
		(void)close(file);
		return status;
	}
	length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(file, 0) != 0 || pwrite(file, pid, (size_t)length, 0) != length) {
		status = fail_errno(error, "write", path, -1);
		(void)close(file);
		return status;
	}
	*ret_file = file;
	return TG_OK;
}

void
storage_io_posix(struct storage_io *ret_io)
{
	*ret_io = (struct storage_io){
		.open = posix_open,
		.close = posix_close,
		.pread = posix_pread,
		.pwrite = posix_pwrite,
		.sync = posix_sync,
		.forget_cache = posix_forget_cache,
		.will_read = posix_will_read,
		.truncate = posix_truncate,
		.rename = posix_rename,
		.unlink = posix_unlink,
		.sync_directory = posix_sync_directory,
		.make_directory = posix_make_directory,
		.list = posix_list,
		.stat = posix_stat,
		.free_bytes = posix_free_bytes,
		.lock = posix_lock,
	};
}
