/*
 * journal_ahead.c - a ring of chunks, filled by a thread and emptied by the caller.
 *
 * A chunk belongs to one side at a time, which changes under the lock; so the lock is taken once in
 * some thousands of records.
 */
#include "storage/journal_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/journal_backend.h"

#define CHUNKS 3 /* one worked on, one full, one being filled */
#define CHUNK_ITEMS 4096
#define CHUNK_BYTES (1 << 20)

/* No record is longer: its length is told in two bytes. */
#define ITEM_BYTES_MAX UINT16_MAX

struct chunk {
	uint32_t count;			/* of items */
	bool	 is_last;		/* the reader's end, or its error, comes behind the items */
	enum tg_status status;		/* is_last: what the reader said */
	struct storage_error error;	/* ... and why, when that is not TG_OK */
	struct journal_item items[CHUNK_ITEMS]; /* records in bytes */
	uint8_t	 bytes[CHUNK_BYTES];
};

struct ahead {
	struct journal_reader base;
	struct journal_reader *reader;	/* owned; the thread's, until it is joined */
	pthread_t thread;
	pthread_mutex_t lock;		/* guards the next three */
	pthread_cond_t changed;		/* one of them has */
	uint64_t filled;		/* chunks so far */
	uint64_t emptied;		/* at most CHUNKS fewer */
	bool	 is_ending;		/* nobody wants more */
	struct chunk *chunk;		/* the caller's present one; NULL: none yet */
	uint32_t given;			/* items of it */
	struct chunk chunks[CHUNKS];	/* the nth one filled is [n % CHUNKS] */
};

/* Read until the chunk is full or there is no more. */
static void
fill(struct journal_reader *reader, struct chunk *chunk)
{
	size_t used_bytes = 0;

	chunk->count = 0;
	chunk->is_last = false;
	while (chunk->count < CHUNK_ITEMS && CHUNK_BYTES - used_bytes >= ITEM_BYTES_MAX) {
		struct journal_item *item = &chunk->items[chunk->count];

		chunk->status = journal_reader_next(reader, item, &chunk->error);
		chunk->is_last = chunk->status != TG_OK || item->kind == JOURNAL_NOTHING;
		if (chunk->is_last)
			return;
		if (item->kind == JOURNAL_RECORD) {
			TG_ASSERT(item->bytes_count <= ITEM_BYTES_MAX);
			memcpy(chunk->bytes + used_bytes, item->bytes, item->bytes_count);
			item->bytes = chunk->bytes + used_bytes;
			used_bytes += item->bytes_count;
		}
		chunk->count++;
	}
}

static void *
run(void *context)
{
	struct ahead *ahead = context;
	bool is_last = false;

	(void)pthread_setname_np(pthread_self(), "read ahead");
	pthread_mutex_lock(&ahead->lock);
	while (!is_last) {
		struct chunk *chunk = &ahead->chunks[ahead->filled % CHUNKS];

		while (ahead->filled - ahead->emptied == CHUNKS && !ahead->is_ending)
			pthread_cond_wait(&ahead->changed, &ahead->lock);
		if (ahead->is_ending)
			break;
		pthread_mutex_unlock(&ahead->lock);
		fill(ahead->reader, chunk);
		is_last = chunk->is_last;
		pthread_mutex_lock(&ahead->lock);
		ahead->filled++;
		pthread_cond_broadcast(&ahead->changed);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

/* Give the present chunk back, if there is one, and wait for the next. */
static void
next_chunk(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	if (ahead->chunk != NULL) {
		ahead->emptied++;
		pthread_cond_broadcast(&ahead->changed);
	}
	while (ahead->filled == ahead->emptied)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	ahead->chunk = &ahead->chunks[ahead->emptied % CHUNKS];
	pthread_mutex_unlock(&ahead->lock);
	ahead->given = 0;
}

static enum tg_status
ahead_next(struct journal_reader *base, struct journal_item *ret_item, struct storage_error *error)
{
	struct ahead *ahead = (struct ahead *)base;

	while (ahead->chunk == NULL ||
	       (ahead->given == ahead->chunk->count && !ahead->chunk->is_last))
		next_chunk(ahead);
	if (ahead->given < ahead->chunk->count) {
		*ret_item = ahead->chunk->items[ahead->given++];
		return TG_OK;
	}
	*ret_item = (struct journal_item){ .kind = JOURNAL_NOTHING };
	if (ahead->chunk->status != TG_OK)
		*error = ahead->chunk->error;
	return ahead->chunk->status;
}

static void
ahead_close(struct journal_reader *base)
{
	struct ahead *ahead = (struct ahead *)base;

	pthread_mutex_lock(&ahead->lock);
	ahead->is_ending = true;
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	(void)pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->changed);
	pthread_mutex_destroy(&ahead->lock);
	journal_reader_close(ahead->reader);
	free(ahead);
}

enum tg_status
journal_ahead_open(struct journal_reader *reader, struct journal_reader **ret_ahead,
		   struct storage_error *error)
{
	struct ahead *ahead = malloc(sizeof(*ahead));

	if (ahead == NULL)
		goto no_memory;
	ahead->base = (struct journal_reader){ .next = ahead_next, .close = ahead_close };
	ahead->reader = reader;
	ahead->filled = ahead->emptied = 0;
	ahead->is_ending = false;
	ahead->chunk = NULL;
	if (pthread_mutex_init(&ahead->lock, NULL) != 0)
		goto no_lock;
	if (pthread_cond_init(&ahead->changed, NULL) != 0)
		goto no_condition;
	if (pthread_create(&ahead->thread, NULL, run, ahead) != 0)
		goto no_thread;
	*ret_ahead = &ahead->base;
	return TG_OK;
no_thread:
	pthread_cond_destroy(&ahead->changed);
no_condition:
	pthread_mutex_destroy(&ahead->lock);
no_lock:
	free(ahead);
no_memory:
	journal_reader_close(reader);
	return storage_fail(error, TG_NO_MEMORY, "no memory, or no thread, to read the journal");
}
