/*
 * snapshot_writer.c - the thread that writes a snapshot, and the buffer before it.
 *
 * The writer is a small machine that does one thing at a time (see snapshot_writer_do()); a thread
 * drives it, or snapshot_writer_run() in the caller's.  Nothing of the file is visible under its
 * name before all of it is durable, and S0 is.
 */
#include "storage/snapshot_writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "protocol/assert.h"
#include "storage/snapshot_format.h"

#define TEMPORARY_NAME "snapshot.tmp"

/*
 * Sync every so often: else the last sync had to write all, and a journal on the same disk would
 * wait behind it.
 */
#define SYNC_EACH_BYTES (16 * 1024 * 1024)

/* What the machine does next. */
enum writer_state {
	WRITER_IDLE,  /* no file */
	WRITER_BEGIN, /* make the file, write its head */
	WRITER_ROWS,  /* write chunks as they come, then the end, sync */
	WRITER_NAME,  /* when S0 is durable: rename, sync the directory */
	WRITER_DONE,  /* outcome is set; nothing is open */
};

struct snapshot_writer {
	/* Fixed for life. */
	const struct storage_io *io; /* borrowed */
	size_t block_bytes;
	size_t keep_chunks; /* free ones beyond this are given back */
	bool is_inline;
	char directory[STORAGE_PATH_BYTES_MAX];
	char temporary_path[STORAGE_PATH_BYTES_MAX];

	/* Of one file, written before the thread starts. */
	uint64_t sequence;
	size_t head_bytes;
	uint8_t head[SNAPSHOT_HEAD_BYTES + SNAPSHOT_REST_BYTES_MAX];
	pthread_t thread;
	bool is_begun; /* the thread runs, or has ended and is to be joined */

	/* Shared; guarded by lock, wake is signalled when they change for the thread. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct snapshot_chunk *queue_head; /* first to be written */
	struct snapshot_chunk *queue_tail;
	struct snapshot_chunk *free_chunks;
	size_t free_count;
	size_t busy_count; /* chunks that are filled or wait */
	size_t busy_peak;
	struct snapshot_counts counts; /* valid when is_closed */
	bool is_closed;
	bool is_durable; /* S0 is */
	bool is_cancelled;
	enum writer_state state; /* changed by the machine only */

	/* The machine's own; the ledger's thread reads them in state DONE. */
	int file;		/* -1: not open */
	bool has_temporary;	/* the temporary file is there */
	uint64_t offset;	/* bytes written to file */
	uint64_t synced_offset; /* of these, synced */
	uint64_t blocks;
	XXH3_state_t *whole; /* owned: of all bytes written; aligned as it needs */
	enum tg_status status;
	struct storage_error error;
};

struct snapshot_writer *
snapshot_writer_new(const struct snapshot_config *config)
{
	struct snapshot_writer *w = calloc(1, sizeof(*w));
	struct storage_error error;

	if (w == NULL)
		return NULL;
	w->io = config->io;
	w->block_bytes = config->block_bytes;
	w->keep_chunks = config->buffer_bytes / config->block_bytes;
	w->is_inline = config->is_inline;
	w->file = -1;
	w->whole = XXH3_createState();
	if (w->whole == NULL || strlen(config->directory) >= sizeof(w->directory) ||
	    storage_path(w->temporary_path, config->directory, TEMPORARY_NAME, &error) != TG_OK) {
		(void)XXH3_freeState(w->whole);
		free(w);
		return NULL;
	}
	memcpy(w->directory, config->directory, strlen(config->directory));
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->wake, NULL);
	return w;
}

/* Free a list of chunks. */
static void
chunks_free(struct snapshot_chunk *chunk)
{
	while (chunk != NULL) {
		struct snapshot_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

/* Free the chunks that wait and those that are free.  The lock is not held. */
static void
drop_buffer(struct snapshot_writer *w)
{
	struct snapshot_chunk *waiting;
	struct snapshot_chunk *unused;

	(void)pthread_mutex_lock(&w->lock);
	waiting = w->queue_head;
	unused = w->free_chunks;
	w->queue_head = NULL;
	w->queue_tail = NULL;
	w->free_chunks = NULL;
	w->free_count = 0;
	(void)pthread_mutex_unlock(&w->lock);
	chunks_free(waiting);
	chunks_free(unused);
}

/* Write at the end of the file and into the checksum of the whole. */
static enum tg_status
put(struct snapshot_writer *w, const void *bytes, size_t length)
{
	enum tg_status status = storage_write(w->io, w->file, bytes, length, w->offset, &w->error);

	if (status != TG_OK)
		return status;
	(void)XXH3_128bits_update(w->whole, bytes, length);
	w->offset += length;
	return TG_OK;
}

/* Make what was written durable. */
static enum tg_status
sync_file(struct snapshot_writer *w)
{
	enum tg_status status = w->io->sync(w->io->context, w->file, &w->error);

	if (status == TG_OK)
		w->synced_offset = w->offset;
	return status;
}

/* Make the temporary file and write the head. */
static enum tg_status
begin_file(struct snapshot_writer *w)
{
	enum tg_status status =
		w->io->open(w->io->context, w->temporary_path, STORAGE_CREATE, &w->file, &w->error);

	if (status != TG_OK) {
		w->file = -1;
		return status;
	}
	w->has_temporary = true;
	return put(w, w->head, w->head_bytes);
}

/* Write one block; room for its head is in front of the payload. */
static enum tg_status
put_block(struct snapshot_writer *w, enum snapshot_block_kind kind, uint8_t *bytes, size_t length)
{
	const uint8_t *payload = bytes + SNAPSHOT_BLOCK_HEAD_BYTES;
	size_t payload_bytes = length - SNAPSHOT_BLOCK_HEAD_BYTES;
	struct snapshot_block_head head = {
		.kind = kind,
		.payload_bytes = (uint32_t)payload_bytes,
		.number = ++w->blocks,
		.payload_checksum = XXH3_64bits(payload, payload_bytes),
	};

	snapshot_encode_block_head(&head, w->sequence, bytes);
	return put(w, bytes, length);
}

/* Write a chunk of rows. */
static enum tg_status
put_chunk(struct snapshot_writer *w, struct snapshot_chunk *chunk)
{
	enum tg_status status = put_block(w, SNAPSHOT_BLOCK_ROWS, chunk->bytes, chunk->used_bytes);

	if (status == TG_OK && w->offset - w->synced_offset >= SYNC_EACH_BYTES)
		status = sync_file(w);
	return status;
}

/* Write the last block, make the file durable and close it. */
static enum tg_status
end_file(struct snapshot_writer *w, const struct snapshot_counts *counts)
{
	uint8_t bytes[SNAPSHOT_BLOCK_HEAD_BYTES + SNAPSHOT_END_BYTES];
	XXH128_hash_t whole = XXH3_128bits_digest(w->whole);
	struct snapshot_end end = {
		.blocks = w->blocks,
		.rows = counts->rows,
		.pre_images = counts->pre_images,
		.bytes = w->offset,
		.whole = { .low = whole.low64, .high = whole.high64 },
	};
	enum tg_status status;

	snapshot_encode_end(&end, bytes + SNAPSHOT_BLOCK_HEAD_BYTES);
	status = put_block(w, SNAPSHOT_BLOCK_END, bytes, sizeof(bytes));
	if (status == TG_OK)
		status = sync_file(w);
	if (status != TG_OK)
		return status;
	w->io->close(w->io->context, w->file);
	w->file = -1;
	return TG_OK;
}

/* Give the file its name, durably. */
static enum tg_status
name_file(struct snapshot_writer *w)
{
	char name[STORAGE_NAME_BYTES_MAX];
	char path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status;

	snapshot_file_name(w->sequence, name);
	status = storage_path(path, w->directory, name, &w->error);
	if (status == TG_OK)
		status = w->io->rename(w->io->context, w->temporary_path, path, &w->error);
	if (status != TG_OK)
		return status;
	w->has_temporary = false;
	return w->io->sync_directory(w->io->context, w->directory, &w->error);
}

/* Is there anything to do?  With the lock held. */
static bool
has_work(const struct snapshot_writer *w)
{
	switch (w->state) {
	case WRITER_BEGIN:
		return true;
	case WRITER_ROWS:
		return w->queue_head != NULL || w->is_closed || w->is_cancelled;
	case WRITER_NAME:
		return w->is_durable || w->is_cancelled;
	case WRITER_IDLE:
	case WRITER_DONE:
		break;
	}
	return false;
}

/* Take the first chunk out of the queue; NULL: it is empty.  With the lock held. */
static struct snapshot_chunk *
queue_pop(struct snapshot_writer *w)
{
	struct snapshot_chunk *chunk = w->queue_head;

	if (chunk == NULL)
		return NULL;
	w->queue_head = chunk->next;
	if (w->queue_head == NULL)
		w->queue_tail = NULL;
	return chunk;
}

/* A chunk is not in use any more.  With the lock held.  Returns what is to be freed without it. */
static struct snapshot_chunk *
chunk_put_back(struct snapshot_writer *w, struct snapshot_chunk *chunk)
{
	if (chunk == NULL)
		return NULL;
	w->busy_count--;
	chunk->next = NULL;
	if (w->free_count >= w->keep_chunks)
		return chunk;
	chunk->next = w->free_chunks;
	w->free_chunks = chunk;
	w->free_count++;
	return NULL;
}

/* Leave no half file behind and come to rest.  status: why. */
static void
come_to_rest(struct snapshot_writer *w, enum tg_status status)
{
	struct storage_error ignored;

	if (w->file >= 0)
		w->io->close(w->io->context, w->file);
	w->file = -1;
	/* If this fails, too, the next snapshot begins by emptying the file. */
	if (w->has_temporary)
		(void)w->io->unlink(w->io->context, w->temporary_path, &ignored);
	w->has_temporary = false;
	w->status = status;
	/* Here rather than when it is collected: it may be much, and the ledger would wait. */
	drop_buffer(w);
	(void)pthread_mutex_lock(&w->lock);
	w->state = WRITER_DONE;
	(void)pthread_mutex_unlock(&w->lock);
}

/* Do the next thing.  has_work() is true; the lock is not held. */
static void
snapshot_writer_do(struct snapshot_writer *w)
{
	struct snapshot_chunk *chunk = NULL;
	enum writer_state next = w->state;
	enum tg_status status;

	(void)pthread_mutex_lock(&w->lock);
	if (w->state == WRITER_ROWS)
		chunk = queue_pop(w);
	status = w->is_cancelled ? TG_CLOSED : TG_OK;
	(void)pthread_mutex_unlock(&w->lock);

	if (status != TG_OK) {
		(void)storage_fail(&w->error, status, "%s: given up", w->temporary_path);
	} else if (w->state == WRITER_BEGIN) {
		status = begin_file(w);
		next = WRITER_ROWS;
	} else if (w->state == WRITER_ROWS && chunk != NULL) {
		status = put_chunk(w, chunk);
	} else if (w->state == WRITER_ROWS) {
		status = end_file(w, &w->counts);
		next = WRITER_NAME;
	} else {
		status = name_file(w);
		next = WRITER_DONE;
	}

	(void)pthread_mutex_lock(&w->lock);
	chunk = chunk_put_back(w, chunk);
	if (status == TG_OK && next != WRITER_DONE)
		w->state = next;
	(void)pthread_mutex_unlock(&w->lock);
	free(chunk);
	if (status != TG_OK || next == WRITER_DONE)
		come_to_rest(w, status);
}

/* Body of the thread. */
static void *
run_thread(void *context)
{
	struct snapshot_writer *w = context;

	(void)pthread_setname_np(pthread_self(), "snapshot");
	while (w->state != WRITER_DONE) {
		(void)pthread_mutex_lock(&w->lock);
		while (!has_work(w))
			(void)pthread_cond_wait(&w->wake, &w->lock);
		(void)pthread_mutex_unlock(&w->lock);
		snapshot_writer_do(w);
	}
	return NULL;
}

void
snapshot_writer_run(struct snapshot_writer *w)
{
	TG_ASSERT(w->is_inline);
	while (has_work(w))
		snapshot_writer_do(w);
}

enum tg_status
snapshot_writer_begin(struct snapshot_writer *w, uint64_t sequence, const uint8_t *head,
		      size_t head_bytes)
{
	TG_ASSERT(!w->is_begun && head_bytes <= sizeof(w->head));
	w->sequence = sequence;
	memcpy(w->head, head, head_bytes);
	w->head_bytes = head_bytes;
	w->busy_count = 0;
	w->busy_peak = 0;
	w->is_closed = false;
	w->is_durable = false;
	w->is_cancelled = false;
	w->offset = 0;
	w->synced_offset = 0;
	w->blocks = 0;
	w->error = (struct storage_error){ 0 };
	(void)XXH3_128bits_reset(w->whole);
	w->state = WRITER_BEGIN;
	if (!w->is_inline && pthread_create(&w->thread, NULL, run_thread, w) != 0) {
		w->state = WRITER_IDLE;
		return TG_NO_MEMORY;
	}
	w->is_begun = true;
	return TG_OK;
}

size_t
snapshot_writer_waiting_bytes(struct snapshot_writer *w)
{
	size_t waiting_bytes;

	(void)pthread_mutex_lock(&w->lock);
	waiting_bytes = w->busy_count * w->block_bytes;
	(void)pthread_mutex_unlock(&w->lock);
	return waiting_bytes;
}

struct snapshot_chunk *
snapshot_writer_take(struct snapshot_writer *w, size_t buffer_bytes)
{
	struct snapshot_chunk *chunk = NULL;
	bool has_room;

	(void)pthread_mutex_lock(&w->lock);
	has_room = (w->busy_count + 1) * w->block_bytes <= buffer_bytes;
	if (has_room && w->free_chunks != NULL) {
		chunk = w->free_chunks;
		w->free_chunks = chunk->next;
		w->free_count--;
	}
	(void)pthread_mutex_unlock(&w->lock);
	if (has_room && chunk == NULL)
		chunk = malloc(sizeof(*chunk) + w->block_bytes);
	if (chunk == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->used_bytes = SNAPSHOT_BLOCK_HEAD_BYTES;
	(void)pthread_mutex_lock(&w->lock);
	w->busy_count++;
	if (w->busy_count > w->busy_peak)
		w->busy_peak = w->busy_count;
	(void)pthread_mutex_unlock(&w->lock);
	return chunk;
}

void
snapshot_writer_push(struct snapshot_writer *w, struct snapshot_chunk *chunk)
{
	(void)pthread_mutex_lock(&w->lock);
	if (w->queue_tail == NULL)
		w->queue_head = chunk;
	else
		w->queue_tail->next = chunk;
	w->queue_tail = chunk;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
}

void
snapshot_writer_close(struct snapshot_writer *w, const struct snapshot_counts *counts)
{
	(void)pthread_mutex_lock(&w->lock);
	w->counts = *counts;
	w->is_closed = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
}

void
snapshot_writer_set_durable(struct snapshot_writer *w, uint64_t durable_sequence)
{
	(void)pthread_mutex_lock(&w->lock);
	if (durable_sequence >= w->sequence) {
		w->is_durable = true;
		(void)pthread_cond_signal(&w->wake);
	}
	(void)pthread_mutex_unlock(&w->lock);
}

void
snapshot_writer_cancel(struct snapshot_writer *w, struct snapshot_chunk *chunk)
{
	(void)pthread_mutex_lock(&w->lock);
	chunk = chunk_put_back(w, chunk);
	w->is_cancelled = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	free(chunk);
}

bool
snapshot_writer_is_done(struct snapshot_writer *w)
{
	bool is_done;

	(void)pthread_mutex_lock(&w->lock);
	is_done = w->state == WRITER_DONE;
	(void)pthread_mutex_unlock(&w->lock);
	return is_done;
}

void
snapshot_writer_collect(struct snapshot_writer *w, struct snapshot_result *ret_result)
{
	TG_ASSERT(snapshot_writer_is_done(w));
	if (!w->is_inline)
		(void)pthread_join(w->thread, NULL);
	drop_buffer(w);
	ret_result->bytes = w->offset;
	ret_result->buffer_bytes_peak = w->busy_peak * w->block_bytes;
	ret_result->status = w->status;
	ret_result->error = w->error;
	w->state = WRITER_IDLE;
	w->is_begun = false;
}

void
snapshot_writer_free(struct snapshot_writer *w)
{
	if (w == NULL)
		return;
	if (w->is_begun) {
		snapshot_writer_cancel(w, NULL);
		if (w->is_inline)
			snapshot_writer_run(w);
		else
			(void)pthread_join(w->thread, NULL);
	}
	drop_buffer(w);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	(void)XXH3_freeState(w->whole);
	free(w);
}
