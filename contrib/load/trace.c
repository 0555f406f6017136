/*
 * trace.c - what was asked and answered, as a file that outlives the run.
 *
 * The reader maps the whole file.
 */
#include "contrib/load/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "protocol/assert.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define PAYLOAD_BYTES_MAX ((1u << 24) - 1)
#define CHECKED_BYTES 16 /* of the entry's head, before the checksum */

static_assert(sizeof(TRACE_MAGIC) - 1 == TRACE_MAGIC_BYTES, "the magic is as long as it says");

struct trace_writer {
	int fd;
	uint8_t *buffer;	/* BUFFER_BYTES */
	size_t used_bytes;	/* not yet written */
	struct failure failure; /* of a flush that had to be made for room */
	bool has_failed;
};

struct trace_reader {
	const uint8_t *base; /* the mapped file, NULL when it is empty */
	size_t bytes;
	size_t at_bytes;	/* next entry */
	uint64_t skipped_bytes; /* passed over */
	uint32_t run;		/* of the last RUN entry */
};

static void
put_integer(uint8_t *at, uint64_t integer, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(integer >> (8 * i));
}

static uint64_t
get_integer(const uint8_t *at, unsigned bytes)
{
	uint64_t integer = 0;

	for (unsigned i = 0; i < bytes; i++)
		integer |= (uint64_t)at[i] << (8 * i);
	return integer;
}

/* The checksum of an entry: its head's first bytes, and the payload that follows the head. */
static uint32_t
checksum(const uint8_t *head, const uint8_t *payload, size_t bytes)
{
	XXH64_hash_t seed = XXH3_64bits(head, CHECKED_BYTES);

	return (uint32_t)XXH3_64bits_withSeed(payload, bytes, seed);
}

struct trace_writer *
trace_writer_open(const char *path, int64_t now_utc_us, struct failure *failure)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));
	uint8_t head[TRACE_ENTRY_BYTES + TRACE_MAGIC_BYTES];
	ssize_t count;

	TG_ASSERT(writer != NULL);
	writer->buffer = malloc(BUFFER_BYTES);
	TG_ASSERT(writer->buffer != NULL);
	writer->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (writer->fd < 0) {
		failure_set_errno(failure, errno, "log %s", path);
		trace_writer_close(writer);
		return NULL;
	}
	count = pread(writer->fd, head, sizeof(head), 0);
	if (count != 0 && (count < (ssize_t)sizeof(head) ||
			   memcmp(head + TRACE_ENTRY_BYTES, TRACE_MAGIC, TRACE_MAGIC_BYTES) != 0)) {
		failure_set(failure, "log %s: is there and no log of tally-load", path);
		trace_writer_close(writer);
		return NULL;
	}
	/* An entry cut off before must not be completed by bytes of the RUN entry. */
	if (count != 0) {
		memset(writer->buffer, 0, TRACE_ENTRY_BYTES);
		writer->used_bytes = TRACE_ENTRY_BYTES;
	}
	trace_write(writer, TRACE_RUN, 0, now_utc_us, TRACE_MAGIC, TRACE_MAGIC_BYTES);
	return writer;
}

void
trace_writer_close(struct trace_writer *writer)
{
	struct failure ignored;

	if (writer == NULL)
		return;
	if (writer->fd >= 0) {
		(void)trace_flush(writer, &ignored);
		close(writer->fd);
	}
	free(writer->buffer);
	free(writer);
}

bool
trace_flush(struct trace_writer *writer, struct failure *failure)
{
	size_t at = 0;

	while (at < writer->used_bytes && !writer->has_failed) {
		ssize_t count = write(writer->fd, writer->buffer + at, writer->used_bytes - at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			failure_set_errno(&writer->failure, errno, "log");
			writer->has_failed = true;
		} else {
			at += (size_t)count;
		}
	}
	writer->used_bytes = 0;
	if (writer->has_failed)
		*failure = writer->failure;
	return !writer->has_failed;
}

void
trace_write(struct trace_writer *writer, enum trace_kind kind, uint32_t session, int64_t at_utc_us,
	    const void *payload, size_t bytes)
{
	struct failure ignored;
	uint8_t *head;

	TG_ASSERT(bytes <= PAYLOAD_BYTES_MAX && bytes + TRACE_ENTRY_BYTES <= BUFFER_BYTES);
	if (writer->used_bytes + TRACE_ENTRY_BYTES + bytes > BUFFER_BYTES)
		(void)trace_flush(writer, &ignored);
	head = writer->buffer + writer->used_bytes;
	put_integer(head, bytes, 3);
	put_integer(head + 3, kind, 1);
	put_integer(head + 4, session, 4);
	put_integer(head + 8, (uint64_t)at_utc_us, 8);
	if (bytes > 0)
		memcpy(head + TRACE_ENTRY_BYTES, payload, bytes);
	put_integer(head + CHECKED_BYTES, checksum(head, head + TRACE_ENTRY_BYTES, bytes), 4);
	writer->used_bytes += TRACE_ENTRY_BYTES + bytes;
}

void
trace_write_session(struct trace_writer *writer, uint32_t session, int64_t at_utc_us,
		    uint32_t terminal, uint32_t partner, uint32_t store)
{
	uint8_t payload[12];

	put_integer(payload, terminal, 4);
	put_integer(payload + 4, partner, 4);
	put_integer(payload + 8, store, 4);
	trace_write(writer, TRACE_SESSION, session, at_utc_us, payload, sizeof(payload));
}

struct trace_reader *
trace_reader_open(const char *path, struct failure *failure)
{
	struct trace_reader *reader;
	struct stat status;
	void *base = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0) {
		failure_set_errno(failure, errno, "log %s", path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (status.st_size > 0)
		base = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (base == MAP_FAILED) {
		failure_set_errno(failure, errno, "log %s", path);
		return NULL;
	}
	reader = calloc(1, sizeof(*reader));
	TG_ASSERT(reader != NULL);
	reader->base = base;
	reader->bytes = (size_t)status.st_size;
	return reader;
}

void
trace_reader_close(struct trace_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->base != NULL)
		munmap((void *)(uintptr_t)reader->base, reader->bytes);
	free(reader);
}

/* Read the entry at an offset; its run is not set.  False when it is cut off or damaged. */
static bool
entry_at(const struct trace_reader *reader, size_t at, struct trace_entry *ret_entry)
{
	const uint8_t *head = reader->base + at;
	size_t bytes;
	uint8_t kind;

	if (reader->bytes - at < TRACE_ENTRY_BYTES)
		return false;
	bytes = (size_t)get_integer(head, 3);
	kind = head[3];
	if (kind < TRACE_RUN || kind > TRACE_CLOSED ||
	    reader->bytes - at - TRACE_ENTRY_BYTES < bytes)
		return false;
	if (get_integer(head + CHECKED_BYTES, 4) != checksum(head, head + TRACE_ENTRY_BYTES, bytes))
		return false;
	ret_entry->kind = (enum trace_kind)kind;
	ret_entry->session = (uint32_t)get_integer(head + 4, 4);
	ret_entry->at_utc_us = (int64_t)get_integer(head + 8, 8);
	ret_entry->payload = head + TRACE_ENTRY_BYTES;
	ret_entry->payload_bytes = bytes;
	return true;
}

/* Pass over damage to the next RUN entry, or to the end of the file. */
static void
skip_to_run(struct trace_reader *reader)
{
	size_t start = reader->at_bytes;
	size_t at = start + 1;
	struct trace_entry entry;

	for (;;) {
		const uint8_t *found = NULL;

		if (at + TRACE_ENTRY_BYTES < reader->bytes)
			found = memmem(reader->base + at + TRACE_ENTRY_BYTES,
				       reader->bytes - at - TRACE_ENTRY_BYTES, TRACE_MAGIC,
				       TRACE_MAGIC_BYTES);
		if (found == NULL) {
			at = reader->bytes;
			break;
		}
		at = (size_t)(found - reader->base) - TRACE_ENTRY_BYTES;
		if (entry_at(reader, at, &entry) && entry.kind == TRACE_RUN)
			break;
		at++;
	}
	reader->skipped_bytes += at - start;
	reader->at_bytes = at;
}

/* Pass over the gap that stands before a part. */
static void
pass_gap(struct trace_reader *reader)
{
	static const uint8_t gap[TRACE_ENTRY_BYTES];

	if (reader->bytes - reader->at_bytes >= sizeof(gap) &&
	    memcmp(reader->base + reader->at_bytes, gap, sizeof(gap)) == 0)
		reader->at_bytes += sizeof(gap);
}

bool
trace_read(struct trace_reader *reader, struct trace_entry *ret_entry)
{
	pass_gap(reader);
	if (reader->at_bytes < reader->bytes && !entry_at(reader, reader->at_bytes, ret_entry))
		skip_to_run(reader);
	if (reader->at_bytes >= reader->bytes || !entry_at(reader, reader->at_bytes, ret_entry))
		return false;
	reader->at_bytes += TRACE_ENTRY_BYTES + ret_entry->payload_bytes;
	if (ret_entry->kind == TRACE_RUN)
		reader->run++;
	ret_entry->run = reader->run;
	return true;
}

bool
trace_read_session(const struct trace_entry *entry, uint32_t *ret_terminal, uint32_t *ret_partner,
		   uint32_t *ret_store)
{
	if (entry->kind != TRACE_SESSION || entry->payload_bytes != 12)
		return false;
	*ret_terminal = (uint32_t)get_integer(entry->payload, 4);
	*ret_partner = (uint32_t)get_integer(entry->payload + 4, 4);
	*ret_store = (uint32_t)get_integer(entry->payload + 8, 4);
	return true;
}

const uint8_t *
trace_reader_base(const struct trace_reader *reader)
{
	return reader->base;
}

uint64_t
trace_skipped_bytes(const struct trace_reader *reader)
{
	return reader->skipped_bytes;
}
