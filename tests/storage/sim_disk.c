/*
 * sim_disk.c - the disk in memory.
 *
 * Owns inodes (each with the bytes the process sees and the bytes that are durable) and two sets of
 * names (the same).  Knows nothing of journals or snapshots.
 */
#include "tests/storage/sim_disk.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "tests/storage/sim_disk_private.h"

/* ---- chance (splitmix64) ---- */

uint64_t
sim_disk_chance(struct sim_disk *disk, uint64_t bound)
{
	uint64_t value = disk->chance += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	value ^= value >> 31;
	return value % bound;
}

/* ---- names ---- */

static void
copy_path(char *to, const char *path)
{
	size_t length = strlen(path);

	TG_ASSERT(length < STORAGE_PATH_BYTES_MAX);
	memcpy(to, path, length + 1);
}

static struct name *
find_name(struct name *names, size_t count, const char *path)
{
	for (size_t index = 0; index < count; index++) {
		if (strcmp(names[index].path, path) == 0)
			return &names[index];
	}
	return NULL;
}

static void
set_name(struct name *names, size_t *count, const char *path, int inode)
{
	struct name *name = find_name(names, *count, path);

	if (name == NULL) {
		TG_ASSERT(*count < NAMES_MAX);
		name = &names[(*count)++];
		copy_path(name->path, path);
	}
	name->inode = inode;
}

static void
remove_name(struct name *names, size_t *count, const char *path)
{
	struct name *name = find_name(names, *count, path);

	if (name != NULL)
		*name = names[--*count];
}

void
sim_make_change(struct sim_disk *disk, const char *removed, const char *set, int inode)
{
	struct change *change;

	TG_ASSERT(disk->change_count < CHANGES_MAX);
	change = &disk->changes[disk->change_count++];
	copy_path(change->removed, removed);
	copy_path(change->set, set);
	change->inode = inode;
	if (removed[0] != '\0')
		remove_name(disk->seen, &disk->seen_count, removed);
	if (set[0] != '\0')
		set_name(disk->seen, &disk->seen_count, set, inode);
}

static void
keep_change(struct sim_disk *disk, const struct change *change)
{
	if (change->removed[0] != '\0')
		remove_name(disk->kept, &disk->kept_count, change->removed);
	if (change->set[0] != '\0')
		set_name(disk->kept, &disk->kept_count, change->set, change->inode);
}

struct name *
sim_find_name(struct sim_disk *disk, const char *path)
{
	return find_name(disk->seen, disk->seen_count, path);
}

static bool
is_in_directory(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/' &&
	       strchr(path + length + 1, '/') == NULL;
}

void
sim_keep_directory(struct sim_disk *disk, const char *directory)
{
	size_t left = 0;

	for (size_t index = 0; index < disk->change_count; index++) {
		const struct change *change = &disk->changes[index];

		if (is_in_directory(change->removed, directory) ||
		    is_in_directory(change->set, directory))
			keep_change(disk, change);
		else
			disk->changes[left++] = *change;
	}
	disk->change_count = left;
}

/* ---- inodes ---- */

/* Give back inodes that have no name and no handle any more. */
static void
collect_inodes(struct sim_disk *disk)
{
	bool has_use[INODES_MAX] = { false };

	for (size_t index = 0; index < disk->seen_count; index++) {
		if (disk->seen[index].inode >= 0)
			has_use[disk->seen[index].inode] = true;
	}
	for (size_t index = 0; index < disk->kept_count; index++) {
		if (disk->kept[index].inode >= 0)
			has_use[disk->kept[index].inode] = true;
	}
	for (size_t index = 0; index < disk->change_count; index++) {
		if (disk->changes[index].inode >= 0)
			has_use[disk->changes[index].inode] = true;
	}
	for (size_t index = 0; index < HANDLES_MAX; index++) {
		if (disk->handles[index].is_open && disk->handles[index].inode >= 0)
			has_use[disk->handles[index].inode] = true;
	}
	for (size_t index = 0; index < INODES_MAX; index++) {
		struct inode *inode = &disk->inodes[index];

		if (!inode->is_used || has_use[index])
			continue;
		free(inode->seen);
		free(inode->kept);
		free(inode->dirty);
		*inode = (struct inode){ 0 };
	}
}

int
sim_new_inode(struct sim_disk *disk)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		for (int index = 0; index < INODES_MAX; index++) {
			if (!disk->inodes[index].is_used) {
				disk->inodes[index].is_used = true;
				return index;
			}
		}
		collect_inodes(disk);
	}
	TG_ASSERT(false && "simulated disk has no inode left");
	return -1;
}

void
sim_grow_inode(struct inode *inode, size_t bytes)
{
	size_t capacity = inode->capacity > 0 ? inode->capacity : 8 * SECTOR_BYTES;

	if (bytes <= inode->capacity)
		return;
	while (capacity < bytes)
		capacity *= 2;
	inode->seen = realloc(inode->seen, capacity);
	inode->kept = realloc(inode->kept, capacity);
	inode->dirty = realloc(inode->dirty, capacity / SECTOR_BYTES);
	TG_ASSERT(inode->seen != NULL && inode->kept != NULL && inode->dirty != NULL);
	memset(inode->seen + inode->capacity, 0, capacity - inode->capacity);
	memset(inode->kept + inode->capacity, 0, capacity - inode->capacity);
	memset(inode->dirty + inode->capacity / SECTOR_BYTES, 0,
	       (capacity - inode->capacity) / SECTOR_BYTES);
	inode->capacity = capacity;
}

void
sim_dirty_inode(struct inode *inode, size_t first, size_t end)
{
	if (first >= end)
		return;
	memset(inode->dirty + first, 1, end - first);
	if (inode->dirty_first >= inode->dirty_end || first < inode->dirty_first)
		inode->dirty_first = first;
	if (end > inode->dirty_end)
		inode->dirty_end = end;
}

static void
clean_inode(struct inode *inode)
{
	if (inode->dirty_first < inode->dirty_end)
		memset(inode->dirty + inode->dirty_first, 0,
		       inode->dirty_end - inode->dirty_first);
	inode->dirty_first = inode->dirty_end = 0;
}

void
sim_keep_inode(struct inode *inode)
{
	for (size_t sector = inode->dirty_first; sector < inode->dirty_end; sector++) {
		if (inode->dirty[sector])
			memcpy(inode->kept + sector * SECTOR_BYTES,
			       inode->seen + sector * SECTOR_BYTES, SECTOR_BYTES);
	}
	clean_inode(inode);
	inode->kept_bytes = inode->seen_bytes;
}

void
sim_forget_inode(struct inode *inode)
{
	inode->seen_bytes = inode->kept_bytes;
	if (inode->capacity == 0)
		return;
	memcpy(inode->seen, inode->kept, inode->capacity);
	clean_inode(inode);
}

void
sim_forget_clean(struct inode *inode)
{
	for (size_t sector = 0; sector < inode->capacity / SECTOR_BYTES; sector++) {
		if (!inode->dirty[sector])
			memcpy(inode->seen + sector * SECTOR_BYTES,
			       inode->kept + sector * SECTOR_BYTES, SECTOR_BYTES);
	}
}

void
sim_shrink_inode(struct inode *inode, size_t bytes)
{
	size_t first = bytes / SECTOR_BYTES;

	if (inode->capacity == 0)
		return;
	memset(inode->seen + bytes, 0, inode->capacity - bytes);
	sim_dirty_inode(inode, first, inode->capacity / SECTOR_BYTES);
	inode->seen_bytes = bytes;
}

void
sim_draw_inode(struct sim_disk *disk, struct inode *inode, uint64_t luck)
{
	for (size_t sector = inode->dirty_first; sector < inode->dirty_end; sector++) {
		uint8_t *kept = inode->kept + sector * SECTOR_BYTES;
		const uint8_t *seen = inode->seen + sector * SECTOR_BYTES;
		size_t part_bytes;

		if (!inode->dirty[sector])
			continue;
		if (sim_disk_chance(disk, 8) < luck) {
			memcpy(kept, seen, SECTOR_BYTES);
			continue;
		}
		switch (sim_disk_chance(disk, 6)) {
		case 0: /* torn */
			part_bytes = (size_t)sim_disk_chance(disk, SECTOR_BYTES);
			memcpy(kept, seen, part_bytes);
			break;
		case 1: /* torn from behind */
			part_bytes = (size_t)sim_disk_chance(disk, SECTOR_BYTES);
			memcpy(kept + part_bytes, seen + part_bytes, SECTOR_BYTES - part_bytes);
			break;
		case 2: /* garbage */
			for (size_t at = 0; at < SECTOR_BYTES; at++)
				kept[at] = (uint8_t)sim_disk_chance(disk, 256);
			break;
		default: /* lost */
			break;
		}
	}
	if (inode->seen_bytes != inode->kept_bytes && sim_disk_chance(disk, 2) == 0)
		inode->kept_bytes = inode->seen_bytes;
	clean_inode(inode);
}

/* ---- life and death ---- */

struct sim_disk *
sim_disk_new(uint64_t seed, uint64_t capacity_bytes)
{
	struct sim_disk *disk = calloc(1, sizeof *disk);

	TG_ASSERT(disk != NULL);
	disk->chance = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
	disk->capacity_bytes = capacity_bytes;
	return disk;
}

static void
copy_inode(struct inode *to, const struct inode *from)
{
	sim_grow_inode(to, from->capacity);
	memcpy(to->seen, from->seen, from->capacity);
	memcpy(to->kept, from->kept, from->capacity);
	memcpy(to->dirty, from->dirty, from->capacity / SECTOR_BYTES);
	to->dirty_first = from->dirty_first;
	to->dirty_end = from->dirty_end;
	to->seen_bytes = from->seen_bytes;
	to->kept_bytes = from->kept_bytes;
	to->is_used = true;
}

struct sim_disk *
sim_disk_copy(const struct sim_disk *disk, uint64_t seed)
{
	struct sim_disk *copy = sim_disk_new(seed, disk->capacity_bytes);

	memcpy(copy->seen, disk->seen, disk->seen_count * sizeof *disk->seen);
	memcpy(copy->kept, disk->kept, disk->kept_count * sizeof *disk->kept);
	memcpy(copy->changes, disk->changes, disk->change_count * sizeof *disk->changes);
	copy->seen_count = disk->seen_count;
	copy->kept_count = disk->kept_count;
	copy->change_count = disk->change_count;
	for (size_t index = 0; index < INODES_MAX; index++) {
		if (disk->inodes[index].capacity > 0)
			copy_inode(&copy->inodes[index], &disk->inodes[index]);
		copy->inodes[index].is_used = disk->inodes[index].is_used;
	}
	return copy;
}

void
sim_disk_free(struct sim_disk *disk)
{
	if (disk == NULL)
		return;
	for (size_t index = 0; index < INODES_MAX; index++) {
		free(disk->inodes[index].seen);
		free(disk->inodes[index].kept);
		free(disk->inodes[index].dirty);
	}
	free(disk);
}

void
sim_disk_kill(struct sim_disk *disk)
{
	for (size_t index = 0; index < HANDLES_MAX; index++)
		disk->handles[index].is_open = false;
	for (size_t index = 0; index < INODES_MAX; index++)
		disk->inodes[index].is_sync_lost = false;
	disk->calls_left = 0;
	disk->has_failed = false;
	collect_inodes(disk);
}

void
sim_disk_crash(struct sim_disk *disk)
{
	uint64_t luck = sim_disk_chance(disk, 10); /* now and then all or nothing is kept */

	for (size_t index = 0; index < disk->change_count; index++) {
		if (sim_disk_chance(disk, 2) == 0)
			keep_change(disk, &disk->changes[index]);
	}
	disk->change_count = 0;
	memcpy(disk->seen, disk->kept, disk->kept_count * sizeof *disk->kept);
	disk->seen_count = disk->kept_count;
	for (size_t index = 0; index < INODES_MAX; index++) {
		if (!disk->inodes[index].is_used)
			continue;
		sim_draw_inode(disk, &disk->inodes[index], luck);
		sim_forget_inode(&disk->inodes[index]);
	}
	sim_disk_kill(disk);
}

/* ---- scripts ---- */

void
sim_disk_ignore_sync(struct sim_disk *disk, bool is_ignored)
{
	disk->is_sync_ignored = is_ignored;
}

void
sim_disk_make_short(struct sim_disk *disk, bool is_short)
{
	disk->is_short = is_short;
}

void
sim_disk_fail_call(struct sim_disk *disk, uint64_t nth, enum sim_failure failure,
		   enum tg_status status)
{
	disk->calls_left = nth;
	disk->failure = failure;
	disk->failure_status = status;
	disk->has_failed = false;
}

void
sim_disk_hold_failures(struct sim_disk *disk, bool is_held)
{
	disk->is_held = is_held;
}

bool
sim_disk_has_failed(const struct sim_disk *disk)
{
	return disk->has_failed;
}

bool
sim_disk_is_misused(const struct sim_disk *disk)
{
	return disk->is_misused;
}

void
sim_disk_set_capacity(struct sim_disk *disk, uint64_t capacity_bytes)
{
	disk->capacity_bytes = capacity_bytes;
}

uint64_t
sim_disk_used_bytes(const struct sim_disk *disk)
{
	uint64_t bytes = 0;

	for (size_t index = 0; index < disk->seen_count; index++) {
		if (disk->seen[index].inode >= 0)
			bytes += disk->inodes[disk->seen[index].inode].seen_bytes;
	}
	return bytes;
}

bool
sim_must_fail(struct sim_disk *disk, bool needs_room, const char *what, struct storage_error *error)
{
	if (disk->is_held || disk->calls_left == 0 ||
	    (disk->failure_status == TG_JOURNAL_FULL && !needs_room))
		return false;
	if (disk->calls_left > 1) {
		disk->calls_left--;
		return false;
	}
	if (disk->failure == SIM_ONCE)
		disk->calls_left = 0;
	disk->has_failed = true;
	(void)storage_fail(error, disk->failure_status, "%s: scripted failure", what);
	return true;
}
