/*
 * sim_disk_io.c - the functions of storage_io over the disk in memory, and the tests' own hands.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "tests/storage/sim_disk.h"
#include "tests/storage/sim_disk_private.h"

static struct inode *
inode_of(struct sim_disk *disk, int file)
{
	TG_ASSERT(file >= 0 && file < HANDLES_MAX && disk->handles[file].is_open);
	TG_ASSERT(!disk->handles[file].is_lock);
	return &disk->inodes[disk->handles[file].inode];
}

static int
new_handle(struct sim_disk *disk, const char *path, int inode)
{
	for (int file = 0; file < HANDLES_MAX; file++) {
		struct handle *handle = &disk->handles[file];

		if (handle->is_open)
			continue;
		*handle = (struct handle){ .is_open = true, .inode = inode };
		memcpy(handle->path, path, strlen(path) + 1);
		return file;
	}
	TG_ASSERT(false && "a file is left open");
	return -1;
}

static enum tg_status
sim_open(void *context, const char *path, enum storage_open_mode mode, int *ret_file,
	 struct storage_error *error)
{
	struct sim_disk *disk = context;
	struct name *name;
	int inode;

	if (sim_must_fail(disk, mode == STORAGE_CREATE, path, error))
		return error->status;
	name = sim_find_name(disk, path);
	if (name == NULL && mode != STORAGE_CREATE)
		return storage_fail(error, TG_IO, "open %s: no such file", path);
	if (mode == STORAGE_CREATE) {
		/* A file emptied by opening is simulated as a new one: a crash may bring either. */
		inode = sim_new_inode(disk);
		sim_make_change(disk, "", path, inode);
	} else {
		inode = name->inode;
	}
	TG_ASSERT(inode >= 0);
	*ret_file = new_handle(disk, path, inode);
	disk->handles[*ret_file].mode = mode;
	return TG_OK;
}

static void
sim_close(void *context, int file)
{
	struct sim_disk *disk = context;

	TG_ASSERT(disk->handles[file].is_open);
	disk->handles[file].is_open = false;
}

static enum tg_status
sim_pread(void *context, int file, void *bytes, size_t bytes_max, uint64_t offset,
	  size_t *ret_bytes, struct storage_error *error)
{
	struct sim_disk *disk = context;
	const struct inode *inode = inode_of(disk, file);
	size_t left_bytes = offset < inode->seen_bytes ? inode->seen_bytes - (size_t)offset : 0;

	if (sim_must_fail(disk, false, "read", error))
		return error->status;
	if (bytes_max > left_bytes)
		bytes_max = left_bytes;
	if (disk->is_short && bytes_max > 1)
		bytes_max = 1 + (size_t)sim_disk_chance(disk, bytes_max);
	if (bytes_max > 0)
		memcpy(bytes, inode->seen + offset, bytes_max);
	*ret_bytes = bytes_max;
	return TG_OK;
}

static void
write_bytes(struct inode *inode, const uint8_t *bytes, size_t bytes_count, size_t offset)
{
	if (bytes_count == 0)
		return;
	sim_grow_inode(inode, offset + bytes_count);
	memcpy(inode->seen + offset, bytes, bytes_count);
	if (offset + bytes_count > inode->seen_bytes)
		inode->seen_bytes = offset + bytes_count;
	sim_dirty_inode(inode, offset / SECTOR_BYTES,
			(offset + bytes_count - 1) / SECTOR_BYTES + 1);
}

static enum tg_status
sim_pwrite(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
	   size_t *ret_bytes, struct storage_error *error)
{
	struct sim_disk *disk = context;
	struct inode *inode = inode_of(disk, file);
	uint64_t used_bytes = sim_disk_used_bytes(disk);
	uint64_t end_max = inode->seen_bytes;

	TG_ASSERT(disk->handles[file].mode != STORAGE_READ && bytes_count > 0);
	disk->is_misused |= inode->is_sync_lost;
	if (sim_must_fail(disk, true, "write", error)) {
		write_bytes(inode, bytes, (size_t)sim_disk_chance(disk, bytes_count + 1),
			    (size_t)offset);
		return error->status;
	}
	if (used_bytes < disk->capacity_bytes)
		end_max += disk->capacity_bytes - used_bytes;
	if (offset >= end_max)
		return storage_fail(error, TG_JOURNAL_FULL, "write %s: no space left",
				    disk->handles[file].path);
	if (bytes_count > end_max - offset)
		bytes_count = (size_t)(end_max - offset);
	if (disk->is_short && bytes_count > 1)
		bytes_count = 1 + (size_t)sim_disk_chance(disk, bytes_count);
	write_bytes(inode, bytes, bytes_count, (size_t)offset);
	*ret_bytes = bytes_count;
	return TG_OK;
}

static enum tg_status
sim_sync(void *context, int file, struct storage_error *error)
{
	struct sim_disk *disk = context;
	struct inode *inode = inode_of(disk, file);

	disk->is_misused |= inode->is_sync_lost;
	if (sim_must_fail(disk, true, "fdatasync", error)) {
		sim_draw_inode(disk, inode, 4);
		inode->is_sync_lost = true;
		return error->status;
	}
	if (!disk->is_sync_ignored)
		sim_keep_inode(inode);
	return TG_OK;
}

static void
sim_forget_cache(void *context, int file)
{
	struct sim_disk *disk = context;

	sim_forget_clean(inode_of(disk, file));
}

/* A disk that takes no hints. */
static void
sim_will_read(void *context, int file, uint64_t offset, uint64_t bytes)
{
	(void)context, (void)file, (void)offset, (void)bytes;
}

static enum tg_status
sim_truncate(void *context, int file, uint64_t bytes, struct storage_error *error)
{
	struct sim_disk *disk = context;
	struct inode *inode = inode_of(disk, file);

	if (sim_must_fail(disk, true, "truncate", error))
		return error->status;
	sim_grow_inode(inode, (size_t)bytes);
	if (bytes < inode->seen_bytes)
		sim_shrink_inode(inode, (size_t)bytes);
	inode->seen_bytes = (size_t)bytes;
	return TG_OK;
}

static enum tg_status
sim_rename(void *context, const char *from, const char *to, struct storage_error *error)
{
	struct sim_disk *disk = context;
	struct name *name;

	if (sim_must_fail(disk, true, to, error))
		return error->status;
	name = sim_find_name(disk, from);
	if (name == NULL)
		return storage_fail(error, TG_IO, "rename %s: no such file", from);
	sim_make_change(disk, from, to, name->inode);
	return TG_OK;
}

static enum tg_status
sim_unlink(void *context, const char *path, struct storage_error *error)
{
	struct sim_disk *disk = context;

	if (sim_must_fail(disk, false, path, error))
		return error->status;
	if (sim_find_name(disk, path) == NULL)
		return storage_fail(error, TG_IO, "remove %s: no such file", path);
	sim_make_change(disk, path, "", 0);
	return TG_OK;
}

static enum tg_status
sim_sync_directory(void *context, const char *path, struct storage_error *error)
{
	struct sim_disk *disk = context;

	if (sim_must_fail(disk, true, path, error))
		return error->status;
	sim_keep_directory(disk, path);
	return TG_OK;
}

static enum tg_status
sim_make_directory(void *context, const char *path, struct storage_error *error)
{
	struct sim_disk *disk = context;

	if (sim_must_fail(disk, true, path, error))
		return error->status;
	if (sim_find_name(disk, path) == NULL)
		sim_make_change(disk, "", path, INODE_DIRECTORY);
	return TG_OK;
}

static enum tg_status
sim_list(void *context, const char *path, storage_name_fn *each, void *each_context,
	 struct storage_error *error)
{
	struct sim_disk *disk = context;
	size_t length = strlen(path);

	if (sim_must_fail(disk, false, path, error))
		return error->status;
	for (size_t index = 0; index < disk->seen_count; index++) {
		const char *name = disk->seen[index].path;

		if (strncmp(name, path, length) == 0 && name[length] == '/' &&
		    strchr(name + length + 1, '/') == NULL)
			each(each_context, name + length + 1);
	}
	return TG_OK;
}

static enum tg_status
sim_stat(void *context, const char *path, struct storage_stat *ret_stat,
	 struct storage_error *error)
{
	struct sim_disk *disk = context;
	const struct name *name;

	if (sim_must_fail(disk, false, path, error))
		return error->status;
	name = sim_find_name(disk, path);
	*ret_stat = (struct storage_stat){ .exists = name != NULL };
	if (name == NULL)
		return TG_OK;
	ret_stat->is_directory = name->inode == INODE_DIRECTORY;
	if (!ret_stat->is_directory)
		ret_stat->bytes = disk->inodes[name->inode].seen_bytes;
	return TG_OK;
}

static enum tg_status
sim_free_bytes(void *context, const char *path, uint64_t *ret_bytes, struct storage_error *error)
{
	struct sim_disk *disk = context;
	uint64_t used_bytes = sim_disk_used_bytes(disk);

	if (sim_must_fail(disk, false, path, error))
		return error->status;
	*ret_bytes = used_bytes < disk->capacity_bytes ? disk->capacity_bytes - used_bytes : 0;
	return TG_OK;
}

static enum tg_status
sim_lock(void *context, const char *path, int *ret_file, struct storage_error *error)
{
	struct sim_disk *disk = context;

	if (sim_must_fail(disk, false, path, error))
		return error->status;
	for (size_t file = 0; file < HANDLES_MAX; file++) {
		const struct handle *handle = &disk->handles[file];

		if (handle->is_open && handle->is_lock && strcmp(handle->path, path) == 0)
			return storage_fail(error, TG_FENCED, "%s is locked by process 1", path);
	}
	*ret_file = new_handle(disk, path, INODE_DIRECTORY);
	disk->handles[*ret_file].is_lock = true;
	return TG_OK;
}

void
sim_disk_io(struct sim_disk *disk, struct storage_io *ret_io)
{
	*ret_io = (struct storage_io){
		.context = disk,
		.open = sim_open,
		.close = sim_close,
		.pread = sim_pread,
		.pwrite = sim_pwrite,
		.sync = sim_sync,
		.forget_cache = sim_forget_cache,
		.will_read = sim_will_read,
		.truncate = sim_truncate,
		.rename = sim_rename,
		.unlink = sim_unlink,
		.sync_directory = sim_sync_directory,
		.make_directory = sim_make_directory,
		.list = sim_list,
		.stat = sim_stat,
		.free_bytes = sim_free_bytes,
		.lock = sim_lock,
	};
}

/* ---- the tests' own hands ---- */

static struct inode *
inode_at(const struct sim_disk *disk, const char *path)
{
	struct name *name = sim_find_name((struct sim_disk *)disk, path);

	if (name == NULL || name->inode == INODE_DIRECTORY)
		return NULL;
	return (struct inode *)&disk->inodes[name->inode];
}

const uint8_t *
sim_disk_get(const struct sim_disk *disk, const char *path, size_t *ret_bytes)
{
	const struct inode *inode = inode_at(disk, path);

	if (inode == NULL)
		return NULL;
	*ret_bytes = inode->seen_bytes;
	return inode->seen;
}

static void
keep_parent(struct sim_disk *disk, const char *path)
{
	char directory[STORAGE_PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');

	TG_ASSERT(slash != NULL);
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	sim_keep_directory(disk, directory);
}

void
sim_disk_put(struct sim_disk *disk, const char *path, const uint8_t *bytes, size_t bytes_count)
{
	struct inode *inode = inode_at(disk, path);

	if (inode == NULL) {
		int fresh = sim_new_inode(disk);

		sim_make_change(disk, "", path, fresh);
		keep_parent(disk, path);
		inode = &disk->inodes[fresh];
	}
	sim_shrink_inode(inode, 0);
	write_bytes(inode, bytes, bytes_count, 0);
	inode->seen_bytes = bytes_count;
	sim_keep_inode(inode);
}

void
sim_disk_flip(struct sim_disk *disk, const char *path, size_t offset, uint8_t mask)
{
	struct inode *inode = inode_at(disk, path);

	TG_ASSERT(inode != NULL && offset < inode->seen_bytes);
	inode->seen[offset] ^= mask;
	inode->kept[offset] ^= mask;
}

const char *
sim_disk_path(const struct sim_disk *disk, const char *prefix, size_t index)
{
	const char *found = "";

	/* The smallest path above the last one found, index + 1 times. */
	for (size_t round = 0; round <= index; round++) {
		const char *next = NULL;

		for (size_t at = 0; at < disk->seen_count; at++) {
			const char *path = disk->seen[at].path;

			if (strncmp(path, prefix, strlen(prefix)) == 0 && strcmp(path, found) > 0 &&
			    (next == NULL || strcmp(path, next) < 0))
				next = path;
		}
		if (next == NULL)
			return NULL;
		found = next;
	}
	return found;
}

void
sim_disk_remove(struct sim_disk *disk, const char *path)
{
	sim_make_change(disk, path, "", 0);
	keep_parent(disk, path);
}
