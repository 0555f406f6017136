/*
 * journal_backend.h - what a backend of the journal provides.
 *
 * For journal.c and the backends only.  A backend embeds struct journal and struct journal_reader
 * as its first member.  Arguments and results are those of journal.h; journal.c has checked them.
 */
#ifndef TG_STORAGE_JOURNAL_BACKEND_H
#define TG_STORAGE_JOURNAL_BACKEND_H

#include <stdatomic.h>

#include "storage/journal.h"

struct journal_backend {
	void (*close)(struct journal *journal);
	enum tg_status (*append)(struct journal *journal, const struct journal_batch *batch,
				 struct storage_error *error);
	enum tg_status (*mark)(struct journal *journal, struct state_hash hash,
			       int64_t written_at_utc_ms, struct storage_error *error);
	enum tg_status (*read_from)(struct journal *journal, uint64_t sequence,
				    struct journal_reader **ret_reader,
				    struct storage_error *error);
	/* NULL where there is nothing to do. */
	enum tg_status (*tend)(struct journal *journal, struct storage_error *error);
	void (*free_reserve)(struct journal *journal);
	enum tg_status (*archive)(struct journal *journal, uint64_t below_sequence,
				  uint32_t *ret_count, struct storage_error *error);
	void (*facts)(const struct journal *journal, struct journal_facts *ret_facts);
};

struct journal {
	const struct journal_backend *backend;
	const struct storage_io *io;	   /* for what lies beside it; NULL: in memory */
	size_t		 batch_bytes_max;  /* fixed for life */
	bool		 is_marked;	   /* the last batch is a mark; the journal thread's */
	_Atomic uint64_t durable_sequence; /* written by the journal thread */
	atomic_bool	 has_room;	   /* journal thread and helper write it */
	atomic_bool	 is_dead;	   /* once true, for ever */
};

struct journal_reader {
	enum tg_status (*next)(struct journal_reader *reader, struct journal_item *ret_item,
			       struct storage_error *error);
	void (*close)(struct journal_reader *reader);
};

/*
 * Are bytes whole records, count of them, numbered from first_sequence on?  ret_fault_bytes: where
 * the first unsound one begins; untouched when all are sound.
 */
bool journal_records_are_sound(const uint8_t *bytes, size_t bytes_count, uint64_t first_sequence,
			       uint32_t count, size_t *ret_fault_bytes);

#endif
