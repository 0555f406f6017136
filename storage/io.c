/*
 * io.c - what every kind of disk shares: error texts, paths, whole reads and writes.
 */
#include "storage/io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ZEROS_BYTES (1024 * 1024)

static const uint8_t zeros[ZEROS_BYTES];

enum tg_status
storage_fail(struct storage_error *error, enum tg_status status, const char *format, ...)
{
	va_list arguments;

	*error = (struct storage_error){ .status = status };
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return status;
}

enum tg_status
storage_write(const struct storage_io *io, int file, const void *bytes, size_t bytes_count,
	      uint64_t offset, struct storage_error *error)
{
	const uint8_t *next = bytes;
	size_t left_bytes = bytes_count;

	while (left_bytes > 0) {
		size_t written_bytes;
		enum tg_status status = io->pwrite(io->context, file, next, left_bytes, offset,
						   &written_bytes, error);

		if (status != TG_OK)
			return status;
		next += written_bytes;
		left_bytes -= written_bytes;
		offset += written_bytes;
	}
	return TG_OK;
}

enum tg_status
storage_read(const struct storage_io *io, int file, void *bytes, size_t bytes_max, uint64_t offset,
	     size_t *ret_bytes, struct storage_error *error)
{
	uint8_t *next = bytes;
	size_t have_bytes = 0;

	while (have_bytes < bytes_max) {
		size_t read_bytes;
		enum tg_status status =
			io->pread(io->context, file, next + have_bytes, bytes_max - have_bytes,
				  offset + have_bytes, &read_bytes, error);

		if (status != TG_OK)
			return status;
		if (read_bytes == 0)
			break;
		have_bytes += read_bytes;
	}
	*ret_bytes = have_bytes;
	return TG_OK;
}

enum tg_status
storage_write_zeros(const struct storage_io *io, int file, uint64_t offset, uint64_t bytes_count,
		    struct storage_error *error)
{
	while (bytes_count > 0) {
		size_t step_bytes = bytes_count < ZEROS_BYTES ? (size_t)bytes_count : ZEROS_BYTES;
		enum tg_status status = storage_write(io, file, zeros, step_bytes, offset, error);

		if (status != TG_OK)
			return status;
		offset += step_bytes;
		bytes_count -= step_bytes;
	}
	return TG_OK;
}

enum tg_status
storage_path(char *ret_path, const char *directory, const char *name, struct storage_error *error)
{
	int length = snprintf(ret_path, STORAGE_PATH_BYTES_MAX, "%s/%s", directory, name);

	if (length < 0 || length >= STORAGE_PATH_BYTES_MAX)
		return storage_fail(error, TG_IO, "path too long: %.200s/%.100s", directory, name);
	return TG_OK;
}

enum tg_status
storage_path_copy(char *ret_path, const char *path, struct storage_error *error)
{
	size_t length = strlen(path);

	if (length >= STORAGE_PATH_BYTES_MAX)
		return storage_fail(error, TG_IO, "path too long: %.300s", path);
	memcpy(ret_path, path, length + 1);
	return TG_OK;
}

enum tg_status
storage_make_directory(const struct storage_io *io, const char *path, struct storage_error *error)
{
	char parent[STORAGE_PATH_BYTES_MAX];
	struct storage_stat facts;
	char *slash;
	enum tg_status status = io->stat(io->context, path, &facts, error);

	if (status != TG_OK || facts.exists)
		return status;
	status = io->make_directory(io->context, path, error);
	if (status == TG_OK)
		status = storage_path_copy(parent, path, error);
	if (status != TG_OK)
		return status;
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return io->sync_directory(io->context, ".", error);
	slash[slash == parent ? 1 : 0] = '\0';
	return io->sync_directory(io->context, parent, error);
}
