/*
 * open_batch.c - the journal batch being filled, and the one being written.
 *
 * The lock is held for the encoding of one decision, or for a swap: well under a microsecond
 * mostly.
 */
#include "gateway/open_batch.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

enum tg_status
open_batch_init(struct open_batch *open, size_t capacity_bytes)
{
	memset(open, 0, sizeof(*open));
	open->capacity_bytes = capacity_bytes;
	open->pair[0].bytes = malloc(capacity_bytes);
	open->pair[1].bytes = malloc(capacity_bytes);
	if (open->pair[0].bytes != NULL && open->pair[1].bytes != NULL &&
	    pthread_mutex_init(&open->lock, NULL) == 0)
		return TG_OK;
	free(open->pair[0].bytes);
	free(open->pair[1].bytes);
	open->pair[0].bytes = NULL;
	open->pair[1].bytes = NULL;
	return TG_NO_MEMORY;
}

void
open_batch_deinit(struct open_batch *open)
{
	pthread_mutex_destroy(&open->lock);
	free(open->pair[0].bytes);
	free(open->pair[1].bytes);
}

struct batch *
open_batch_lock(struct open_batch *open, size_t room_bytes)
{
	struct batch *batch;

	pthread_mutex_lock(&open->lock);
	batch = &open->pair[open->open];
	if (open->capacity_bytes - batch->used_bytes >= room_bytes)
		return batch;
	pthread_mutex_unlock(&open->lock);
	return NULL;
}

void
open_batch_commit(struct open_batch *open)
{
	TG_ASSERT(open->pair[open->open].used_bytes <= open->capacity_bytes);
	if (open->pair[open->open].count > 0)
		open->has_mark = false;
	pthread_mutex_unlock(&open->lock);
}

void
open_batch_set_mark(struct open_batch *open, const struct batch_mark *mark)
{
	pthread_mutex_lock(&open->lock);
	if (open->pair[open->open].count == 0) {
		open->mark = *mark;
		open->has_mark = true;
	}
	pthread_mutex_unlock(&open->lock);
}

const struct batch *
open_batch_take(struct open_batch *open)
{
	struct batch *taken = NULL;

	pthread_mutex_lock(&open->lock);
	if (open->pair[open->open].count > 0) {
		taken = &open->pair[open->open];
		open->open ^= 1;
		open->pair[open->open].used_bytes = 0;
		open->pair[open->open].count = 0;
		atomic_fetch_add(&open->number, 1);
	}
	pthread_mutex_unlock(&open->lock);
	return taken;
}

bool
open_batch_take_mark(struct open_batch *open, struct batch_mark *ret_mark)
{
	bool has_mark;

	pthread_mutex_lock(&open->lock);
	has_mark = open->has_mark;
	if (has_mark)
		*ret_mark = open->mark;
	open->has_mark = false;
	pthread_mutex_unlock(&open->lock);
	return has_mark;
}
