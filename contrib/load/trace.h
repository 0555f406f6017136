/*
 * trace.h - what was asked and answered, as a file that outlives the run.
 *
 * Every request is in the file before its first byte is sent, every answer when it has come, each
 * as the frame that went over the wire.  The file is only ever appended to; every run begins a
 * part of its own, so a server can be killed between and within runs, and so can the harness: an
 * entry cut off at the end of a part is passed over.
 *
 * An entry is 20 bytes, little endian, and its payload: length of the payload (3 bytes) and kind
 * (1), session (4), time in microseconds of UTC (8), checksum (4: XXH3-64, low half, over the 16
 * bytes before and the payload).  A RUN entry's payload is TRACE_MAGIC, by which a reader finds
 * the next part behind damage; every part but the first is preceded by 20 bytes of zero.
 */
#ifndef TG_CONTRIB_LOAD_TRACE_H
#define TG_CONTRIB_LOAD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrib/common/failure.h"

#define TRACE_MAGIC "tally-load log 1"
#define TRACE_MAGIC_BYTES 16
#define TRACE_ENTRY_BYTES 20 /* before the payload */

/* What an entry holds.  Numbers are never re-used. */
enum trace_kind {
	TRACE_RUN = 1,	   /* a run begins: TRACE_MAGIC */
	TRACE_SESSION = 2, /* a session is ready: terminal, partner, store, 4 bytes each */
	TRACE_REQUEST = 3, /* frame without its length */
	TRACE_ANSWER = 4,  /* frame without its length */
	TRACE_CLOSED = 5,  /* the session ended; what it has not answered is unknown */
};

/* One entry, read. */
struct trace_entry {
	enum trace_kind kind;
	uint32_t	run;	       /* counts up from 1 over the file */
	uint32_t	session;       /* number within the run */
	int64_t		at_utc_us;     /* when it was written */
	const uint8_t  *payload;       /* borrowed from the reader, until it is closed */
	size_t		payload_bytes; /* at most 2^24 - 1 */
};

struct trace_writer;
struct trace_reader;

/*
 * Open a file to append to, and begin a part.  NULL with the reason when that is not possible,
 * also when the file holds something else.
 */
struct trace_writer *trace_writer_open(const char *path, int64_t now_utc_us,
				       struct failure *failure);

/* Flush and close; NULL is fine. */
void trace_writer_close(struct trace_writer *writer);

/* Append an entry to what the next trace_flush() writes.  payload may be NULL when bytes is 0. */
void trace_write(struct trace_writer *writer, enum trace_kind kind, uint32_t session,
		 int64_t at_utc_us, const void *payload, size_t bytes);

/* Append the SESSION entry. */
void trace_write_session(struct trace_writer *writer, uint32_t session, int64_t at_utc_us,
			 uint32_t terminal, uint32_t partner, uint32_t store);

/* Hand everything to the operating system, so that it survives this process.  False on failure. */
bool trace_flush(struct trace_writer *writer, struct failure *failure);

/* Open a file to read.  NULL with the reason. */
struct trace_reader *trace_reader_open(const char *path, struct failure *failure);

void trace_reader_close(struct trace_reader *reader);

/* The next entry.  False at the end of the file. */
bool trace_read(struct trace_reader *reader, struct trace_entry *ret_entry);

/* Take a SESSION entry apart.  False when it is none. */
bool trace_read_session(const struct trace_entry *entry, uint32_t *ret_terminal,
			uint32_t *ret_partner, uint32_t *ret_store);

/* The file in memory: all payloads point into it, and stay valid until the reader is closed. */
const uint8_t *trace_reader_base(const struct trace_reader *reader);

/* Bytes passed over so far because they were cut off or damaged. */
uint64_t trace_skipped_bytes(const struct trace_reader *reader);

#endif
