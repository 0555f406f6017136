/*
 * sink_source.h - where the sink reads durable records: an interface, and the journal behind it.
 */
#ifndef TG_STORAGE_SINK_SOURCE_H
#define TG_STORAGE_SINK_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"
#include "storage/io.h"
#include "storage/journal.h"

/* Used by the sink's thread only, but for durable_sequence. */
struct sink_source {
	void	*context;		/* borrowed */

	/*
	 * Let next() begin with the record of sequence, which is at most the durable one + 1.
	 * TG_OK; TG_CORRUPT: it is not to be had any more; TG_IO and others: not now.
	 */
	enum tg_status (*seek)(void *context, uint64_t sequence, struct storage_error *error);

	/*
	 * The bytes of the next durable record, borrowed until the next call; *ret_bytes = NULL
	 * while there is none.  Results as seek.
	 */
	enum tg_status (*next)(void *context, const uint8_t **ret_bytes, size_t *ret_bytes_count,
			       struct storage_error *error);

	/* Sequence up to which records are durable; 0: none.  Any thread. */
	uint64_t (*durable_sequence)(void *context);
};

/* A source over a journal; closes its reader. */
struct sink_journal {
	struct journal *journal;	/* borrowed; outlives the sink */
	struct journal_reader *reader;	/* owned; NULL before the first seek */
};

/* Make a source of journal.  state: caller's memory, lives as long as the source. */
void sink_journal_init(struct sink_journal *state, struct journal *journal,
		       struct sink_source *ret_source);

/* After the sink's thread has ended, before the journal is closed. */
void sink_journal_deinit(struct sink_journal *state);

#endif
