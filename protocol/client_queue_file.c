/*
 * client_queue_file.c - the file of a queue: entries appended, found again after a loss of power.
 */
#include "protocol/client_queue_file.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "protocol/assert.h"

#define FILE_MAGIC "TGQUEUE1"
#define FILE_HEAD_BYTES 24
#define ENTRY_MAGIC "entr"
#define FILE_BYTES_MAX (INT64_C(1) << 30)
#define OPEN_TRIES 100

static const size_t checksum_at = 20; /* in the head of an entry */

static_assert(CLIENT_QUEUE_HEAD_BYTES == 4 + 4 + 4 + 8 + 8, "an entry's head");

static void
put_u32(uint8_t *bytes, uint32_t value)
{
	value = htole32(value);
	memcpy(bytes, &value, sizeof(value));
}

static void
put_u64(uint8_t *bytes, uint64_t value)
{
	value = htole64(value);
	memcpy(bytes, &value, sizeof(value));
}

static uint32_t
get_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static uint64_t
get_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

/* Checksum of an entry at a place: its head up to the checksum, and the payload. */
static uint64_t
checksum_of(uint64_t salt, int64_t at, const uint8_t *head, const uint8_t *payload, size_t bytes)
{
	uint64_t seed = XXH3_64bits_withSeed(head, checksum_at, salt ^ (uint64_t)at);

	return XXH3_64bits_withSeed(payload, bytes, seed);
}

static enum tg_status
fail_errno(const struct client_queue_file *file, const char *what, struct client_error *error)
{
	client_error_set(error, "queue %s: %s: %s", file->path, what, strerror(errno));
	return TG_IO;
}

/* Read an entry that begins at a place of the whole file.  False: there is no sound one. */
static bool
parse_entry(uint64_t salt, const uint8_t *base, int64_t at, int64_t end,
	    struct client_queue_entry *ret_entry)
{
	const uint8_t *head = base + at;
	size_t payload_bytes;

	if (end - at < CLIENT_QUEUE_HEAD_BYTES || memcmp(head, ENTRY_MAGIC, 4) != 0)
		return false;
	payload_bytes = get_u32(head + 4);
	if (payload_bytes > CLIENT_QUEUE_PAYLOAD_MAX ||
	    (int64_t)payload_bytes > end - at - CLIENT_QUEUE_HEAD_BYTES)
		return false;
	ret_entry->kind = (enum client_queue_kind)get_u32(head + 8);
	ret_entry->number = get_u64(head + 12);
	ret_entry->payload = head + CLIENT_QUEUE_HEAD_BYTES;
	ret_entry->payload_bytes = payload_bytes;
	ret_entry->payload_at = at + CLIENT_QUEUE_HEAD_BYTES;
	return get_u64(head + checksum_at) ==
	       checksum_of(salt, at, head, ret_entry->payload, payload_bytes);
}

/*
 * Is there anything behind a bad place that was written after a sync: another request, or a mark
 * about one that has not been seen?  Then what is bad was promised to be on the disk.
 */
static bool
is_promised(uint64_t salt, const uint8_t *base, int64_t at, int64_t end, uint64_t last_number)
{
	struct client_queue_entry entry;

	while (at < end) {
		if (!parse_entry(salt, base, at, end, &entry)) {
			at++;
			continue;
		}
		if (entry.kind == CLIENT_QUEUE_REQUEST || entry.number > last_number)
			return true;
		at = entry.payload_at + (int64_t)entry.payload_bytes;
	}
	return false;
}

/* Visit the entries of the whole file; ret_end: where the sound ones end. */
static enum tg_status
visit_all(const struct client_queue_file *file, const uint8_t *base, int64_t end,
	  client_queue_visit visit, void *context, struct client_error *error, int64_t *ret_end)
{
	struct client_queue_entry entry;
	uint64_t last_number = 0;
	int64_t at = FILE_HEAD_BYTES;

	while (at < end && parse_entry(file->salt, base, at, end, &entry)) {
		enum tg_status status = visit(context, &entry, error);

		if (status != TG_OK)
			return status;
		if (entry.number > last_number)
			last_number = entry.number;
		at = entry.payload_at + (int64_t)entry.payload_bytes;
	}
	if (at < end && is_promised(file->salt, base, at, end, last_number)) {
		client_error_set(error, "queue %s is damaged at byte %lld, after request %llu",
				 file->path, (long long)at, (unsigned long long)last_number);
		return TG_CORRUPT;
	}
	*ret_end = at;
	return TG_OK;
}

/* Write all bytes at a place. */
static bool
write_all(int fd, const void *data, size_t bytes, int64_t at)
{
	const uint8_t *from = data;

	while (bytes > 0) {
		ssize_t written = pwrite(fd, from, bytes, at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		from += written;
		at += written;
		bytes -= (size_t)written;
	}
	return true;
}

static bool
read_all(int fd, void *data, size_t bytes, int64_t at)
{
	uint8_t *to = data;

	while (bytes > 0) {
		ssize_t count = pread(fd, to, bytes, at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = EIO; /* shorter than it was */
		if (count <= 0)
			return false;
		to += count;
		at += count;
		bytes -= (size_t)count;
	}
	return true;
}

/* Make the name of a file in its folder survive. */
static bool
sync_folder(const char *path)
{
	char copy[PATH_MAX];
	bool is_synced;
	int fd;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_synced = fsync(fd) == 0;
	close(fd);
	return is_synced;
}

/* Give a new file its head. */
static enum tg_status
write_head(struct client_queue_file *file, struct client_error *error)
{
	uint8_t head[FILE_HEAD_BYTES] = FILE_MAGIC;

	if (RAND_bytes((unsigned char *)&file->salt, sizeof(file->salt)) != 1) {
		client_error_set(error, "queue %s: no random bytes", file->path);
		return TG_IO;
	}
	put_u64(head + 8, file->salt);
	put_u64(head + 16, XXH3_64bits(head, 16));
	if (!write_all(file->fd, head, sizeof(head), 0) || fsync(file->fd) != 0)
		return fail_errno(file, "write", error);
	file->end_bytes = FILE_HEAD_BYTES;
	return TG_OK;
}

/* Was this file begun and never finished?  Then nothing has ever been in it. */
static bool
is_stillborn(const uint8_t *base, int64_t bytes)
{
	static const uint8_t zeros[FILE_HEAD_BYTES];

	return bytes < FILE_HEAD_BYTES ||
	       (bytes == FILE_HEAD_BYTES && memcmp(base, zeros, FILE_HEAD_BYTES) == 0);
}

/* Read the whole file, visit what is in it, cut off what was never promised. */
static enum tg_status
load(struct client_queue_file *file, int64_t bytes, client_queue_visit visit, void *context,
     struct client_error *error)
{
	uint8_t *base = malloc((size_t)bytes + 1);
	enum tg_status status = TG_NO_MEMORY;
	int64_t end = FILE_HEAD_BYTES;

	client_error_set(error, "out of memory");
	if (base == NULL)
		return TG_NO_MEMORY;
	if (!read_all(file->fd, base, (size_t)bytes, 0)) {
		status = fail_errno(file, "read", error);
	} else if (is_stillborn(base, bytes)) {
		status = write_head(file, error);
		if (status == TG_OK && !sync_folder(file->path))
			status = fail_errno(file, "its folder", error);
	} else if (memcmp(base, FILE_MAGIC, 8) != 0 ||
		   get_u64(base + 16) != XXH3_64bits(base, 16)) {
		client_error_set(error, "queue %s: not a queue, or damaged at byte 0", file->path);
		status = TG_CORRUPT;
	} else {
		file->salt = get_u64(base + 8);
		status = visit_all(file, base, bytes, visit, context, error, &end);
		if (status == TG_OK && end < bytes &&
		    (ftruncate(file->fd, end) != 0 || fsync(file->fd) != 0))
			status = fail_errno(file, "cut", error);
		file->end_bytes = end;
	}
	free(base);
	return status;
}

/* Open and lock, unless another took its place meanwhile; then try again. */
static enum tg_status
open_locked(struct client_queue_file *file, int64_t *ret_bytes, struct client_error *error)
{
	struct stat opened, named;

	for (int i = 0; i < OPEN_TRIES; i++) {
		file->fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (file->fd < 0 || fstat(file->fd, &opened) != 0)
			return fail_errno(file, "open", error);
		if (!S_ISREG(opened.st_mode) || opened.st_size > FILE_BYTES_MAX) {
			client_error_set(error, "queue %s: not a file, or larger than a queue",
					 file->path);
			return TG_CORRUPT;
		}
		if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
			client_error_set(error, "queue %s is in use by another process",
					 file->path);
			return TG_FENCED;
		}
		*ret_bytes = opened.st_size;
		if (fstat(file->fd, &opened) == 0 && stat(file->path, &named) == 0 &&
		    opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
			*ret_bytes = opened.st_size;
			return TG_OK;
		}
		close(file->fd);
		file->fd = -1;
	}
	client_error_set(error, "queue %s is replaced all the time", file->path);
	return TG_FENCED;
}

enum tg_status
client_queue_file_open(struct client_queue_file *file, const char *path, client_queue_visit visit,
		       void *context, struct client_error *error)
{
	int64_t bytes = 0;
	enum tg_status status;

	memset(file, 0, sizeof(*file));
	file->fd = -1;
	file->path = strdup(path);
	if (file->path == NULL) {
		client_error_set(error, "out of memory");
		return TG_NO_MEMORY;
	}
	status = open_locked(file, &bytes, error);
	return status == TG_OK ? load(file, bytes, visit, context, error) : status;
}

void
client_queue_file_close(struct client_queue_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->path);
	file->path = NULL;
}

enum tg_status
client_queue_file_sync(struct client_queue_file *file, struct client_error *error)
{
	if (!file->is_unsynced || file->is_draft)
		return TG_OK;
	file->is_unsynced = false;
	file->is_broken |= fdatasync(file->fd) != 0;
	return file->is_broken ? fail_errno(file, "sync", error) : TG_OK;
}

enum tg_status
client_queue_file_append(struct client_queue_file *file, struct client_queue_entry *entry,
			 struct client_error *error)
{
	uint8_t bytes[CLIENT_QUEUE_HEAD_BYTES + CLIENT_QUEUE_PAYLOAD_MAX] = ENTRY_MAGIC;
	size_t count = CLIENT_QUEUE_HEAD_BYTES + entry->payload_bytes;

	TG_ASSERT(entry->payload_bytes <= CLIENT_QUEUE_PAYLOAD_MAX);
	if (file->is_broken) {
		client_error_set(error, "queue %s: an earlier write has failed", file->path);
		return TG_IO;
	}
	if (entry->is_synced && client_queue_file_sync(file, error) != TG_OK)
		return TG_IO;
	put_u32(bytes + 4, (uint32_t)entry->payload_bytes);
	put_u32(bytes + 8, entry->kind);
	put_u64(bytes + 12, entry->number);
	if (entry->payload_bytes > 0)
		memcpy(bytes + CLIENT_QUEUE_HEAD_BYTES, entry->payload, entry->payload_bytes);
	put_u64(bytes + checksum_at,
		checksum_of(file->salt, file->end_bytes, bytes, bytes + CLIENT_QUEUE_HEAD_BYTES,
			    entry->payload_bytes));
	if (!write_all(file->fd, bytes, count, file->end_bytes)) {
		enum tg_status status = fail_errno(file, "write", error);

		file->is_broken = ftruncate(file->fd, file->end_bytes) != 0;
		return status;
	}
	entry->payload_at = file->end_bytes + CLIENT_QUEUE_HEAD_BYTES;
	file->end_bytes += (int64_t)count;
	file->is_unsynced = true;
	return entry->is_synced ? client_queue_file_sync(file, error) : TG_OK;
}

enum tg_status
client_queue_file_read(const struct client_queue_file *file, int64_t payload_at, void *ret_payload,
		       size_t bytes, struct client_error *error)
{
	return read_all(file->fd, ret_payload, bytes, payload_at) ? TG_OK
								  : fail_errno(file, "read", error);
}

enum tg_status
client_queue_file_begin(struct client_queue_file *fresh, const struct client_queue_file *old,
			struct client_error *error)
{
	size_t bytes = strlen(old->path) + sizeof(".new");

	memset(fresh, 0, sizeof(*fresh));
	fresh->fd = -1;
	fresh->is_draft = true;
	fresh->path = malloc(bytes);
	if (fresh->path == NULL) {
		client_error_set(error, "out of memory");
		return TG_NO_MEMORY;
	}
	snprintf(fresh->path, bytes, "%s.new", old->path);
	fresh->fd = open(fresh->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fresh->fd < 0)
		return fail_errno(fresh, "open", error);
	if (flock(fresh->fd, LOCK_EX | LOCK_NB) != 0)
		return fail_errno(fresh, "lock", error);
	return write_head(fresh, error);
}

enum tg_status
client_queue_file_replace(struct client_queue_file *fresh, struct client_queue_file *old,
			  struct client_error *error)
{
	if (fsync(fresh->fd) != 0 || rename(fresh->path, old->path) != 0)
		return fail_errno(fresh, "replace", error);
	close(old->fd);
	old->fd = fresh->fd;
	old->salt = fresh->salt;
	old->is_unsynced = false;
	old->end_bytes = fresh->end_bytes;
	fresh->fd = -1;
	/* The old one may come back with a loss of power: it holds no less. */
	old->is_broken = !sync_folder(old->path);
	client_queue_file_close(fresh);
	return TG_OK;
}
