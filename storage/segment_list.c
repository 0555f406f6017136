/*
 * segment_list.c - listing and finding segments by their names alone.
 */
#include "storage/segment_list.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64
#define SEGMENTS_MAX (1024 * 1024) /* 64 TiB of full segments; more is not a journal of ours */

/* What the callback for each name needs. */
struct listing {
	struct segment_list *list;
	bool is_archive;
	bool is_full;
};

static void
add_name(void *context, const char *text)
{
	struct listing *listing = context;
	struct segment_list *list = listing->list;
	struct segment_name name;

	if (!segment_name_parse(text, &name) || name.is_archived != listing->is_archive)
		return;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? CAPACITY_FIRST : list->capacity * 2;
		struct segment_name *names = NULL;

		if (capacity <= SEGMENTS_MAX)
			names = realloc(list->names, capacity * sizeof *names);
		if (names == NULL) {
			listing->is_full = true;
			return;
		}
		list->names = names;
		list->capacity = capacity;
	}
	list->names[list->count++] = name;
}

/* By the order of reading; of two that are equal the one in the journal goes first. */
static int
compare_names(const void *left, const void *right)
{
	const struct segment_name *a = left;
	const struct segment_name *b = right;
	int order = segment_name_compare(a, b);

	return order != 0 ? order : (int)a->is_archived - (int)b->is_archived;
}

static void
sort_names(struct segment_list *list)
{
	size_t kept_count = 0;

	if (list->count == 0)
		return;
	qsort(list->names, list->count, sizeof *list->names, compare_names);
	for (size_t index = 1; index < list->count; index++) {
		if (segment_name_compare(&list->names[kept_count], &list->names[index]) != 0)
			list->names[++kept_count] = list->names[index];
	}
	list->count = kept_count + 1;
}

static enum tg_status
read_directory(const struct storage_io *io, const char *path, struct listing *listing,
	       struct storage_error *error)
{
	struct storage_stat facts;
	enum tg_status status = io->stat(io->context, path, &facts, error);

	if (status != TG_OK || !facts.exists)
		return status;
	status = io->list(io->context, path, add_name, listing, error);
	if (status == TG_OK && listing->is_full)
		return storage_fail(error, TG_NO_MEMORY, "no memory to list %s", path);
	return status;
}

enum tg_status
segment_list_read(const struct storage_io *io, const char *directory, const char *archive_directory,
		  struct segment_list *ret_list, struct storage_error *error)
{
	struct segment_list list = { 0 };
	struct listing listing = { .list = &list };
	enum tg_status status;

	/* The archive last: a segment moving there meanwhile is seen twice rather than never. */
	status = read_directory(io, directory, &listing, error);
	if (status == TG_OK && archive_directory != NULL) {
		listing.is_archive = true;
		status = read_directory(io, archive_directory, &listing, error);
	}
	if (status != TG_OK) {
		segment_list_deinit(&list);
		return status;
	}
	sort_names(&list);
	*ret_list = list;
	return TG_OK;
}

void
segment_list_deinit(struct segment_list *list)
{
	free(list->names);
	*list = (struct segment_list){ 0 };
}

size_t
segment_list_find(const struct segment_list *list, uint64_t sequence)
{
	size_t found = list->count;

	for (size_t index = 0; index < list->count; index++) {
		const struct segment_name *name = &list->names[index];

		if (name->first_sequence > sequence)
			break;
		if (found == list->count ||
		    name->first_sequence != list->names[found].first_sequence)
			found = index;
	}
	return found;
}

size_t
segment_list_after(const struct segment_list *list, const struct segment_name *name)
{
	size_t index = 0;

	while (index < list->count && segment_name_compare(&list->names[index], name) <= 0)
		index++;
	return index;
}
