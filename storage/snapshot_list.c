/*
 * snapshot_list.c - which snapshots a directory has, and removing the old ones.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/snapshot.h"
#include "storage/snapshot_format.h"

#define NAME_PREFIX "snapshot-"
#define NAME_PREFIX_BYTES (sizeof(NAME_PREFIX) - 1)
#define NAME_DIGITS 20

/* The sequence in a snapshot's name.  False: this is no such name. */
static bool
parse_name(const char *name, uint64_t *ret_sequence)
{
	char again[STORAGE_NAME_BYTES_MAX];
	uint64_t sequence;

	if (strncmp(name, NAME_PREFIX, NAME_PREFIX_BYTES) != 0 ||
	    strspn(name + NAME_PREFIX_BYTES, "0123456789") != NAME_DIGITS)
		return false;
	sequence = strtoull(name + NAME_PREFIX_BYTES, NULL, 10);
	/* Not for something behind the digits, nor for a number that does not fit. */
	snapshot_file_name(sequence, again);
	if (strcmp(name, again) != 0)
		return false;
	*ret_sequence = sequence;
	return true;
}

/* Put a name in its place in the list. */
static void
add_name(void *context, const char *name)
{
	struct snapshot_list *list = context;
	uint64_t sequence;
	uint32_t place;

	if (!parse_name(name, &sequence))
		return;
	if (list->count == SNAPSHOT_LIST_MAX) {
		if (sequence < list->sequences[SNAPSHOT_LIST_MAX - 1])
			return;
		list->count--;
	}
	for (place = list->count; place > 0 && list->sequences[place - 1] < sequence; place--)
		list->sequences[place] = list->sequences[place - 1];
	list->sequences[place] = sequence;
	list->count++;
}

enum tg_status
snapshot_list(const struct storage_io *io, const char *directory, struct snapshot_list *ret_list,
	      struct storage_error *error)
{
	struct snapshot_list list = { .count = 0 };
	enum tg_status status = io->list(io->context, directory, add_name, &list, error);

	if (status == TG_OK)
		*ret_list = list;
	return status;
}

enum tg_status
snapshot_prune(const struct storage_io *io, const char *directory, uint32_t keep_count,
	       struct storage_error *error)
{
	struct snapshot_list list;
	char name[STORAGE_NAME_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = snapshot_list(io, directory, &list, error);

	TG_ASSERT(keep_count >= SNAPSHOT_KEEP_MIN);
	if (status != TG_OK || list.count <= keep_count)
		return status;
	/* The oldest first, so that an interruption leaves no gap. */
	while (list.count > keep_count) {
		snapshot_file_name(list.sequences[--list.count], name);
		status = storage_path(path, directory, name, error);
		if (status == TG_OK)
			status = io->unlink(io->context, path, error);
		if (status != TG_OK)
			return status;
	}
	return io->sync_directory(io->context, directory, error);
}
