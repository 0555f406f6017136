/*
 * journal.h - records made durable, in order and once.
 *
 * The interface of the journal: open, append a batch, durable up to, read from, close.  Behind it
 * stand backends: memory for tests, file (the default).  Nothing above knows which.
 *
 * A record is opaque here but for its first 16 bytes: u16 length of the whole record, u8 kind, u8
 * version, 4 bytes more, u64 sequence, all little endian.  Sequences are consecutive.
 *
 * Threads: journal_append() and journal_mark() belong to one thread, the journal thread.
 * journal_tend(), journal_archive() and journal_free_reserve() are for one helper thread.
 * journal_durable_sequence(), journal_has_room(), journal_facts() and journal_read_from() may be
 * called by any; a reader belongs to the thread that uses it.
 */
#ifndef TG_STORAGE_JOURNAL_H
#define TG_STORAGE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "protocol/status.h"
#include "storage/io.h"

#define JOURNAL_INSTANCE_BYTES_MAX 64	    /* of an instance's name, without its final zero */
#define JOURNAL_RECORD_HEADER_BYTES 16	    /* of a record that the journal looks at */
#define JOURNAL_BLOCK_BYTES 4096	    /* batches begin and end on multiples of it */
#define JOURNAL_SEGMENT_BYTES_MIN (16 * 1024)
#define JOURNAL_SEGMENT_BYTES_DEFAULT (64 * 1024 * 1024)
#define JOURNAL_BATCH_BYTES_MAX (64 * 1024 * 1024) /* of a batch's records, at most */
#define JOURNAL_BATCH_BYTES_DEFAULT (4 * 1024 * 1024)
#define JOURNAL_RESTORED_NAME "restored" /* a file that keeps a directory from being opened */

struct journal;
struct journal_reader;

/*
 * How to open a file journal.  Borrowed for the call, but for io, which must outlive the journal.
 */
struct journal_config {
	const struct storage_io *io;
	const char *directory;		/* of the segments; made if need be */
	const char *archive_directory;	/* of compressed segments; made if need be */
	const char *mirror_directory;	/* all of it once more; is there, NULL: none */
	bool	 mirror_goes_on_alone;	/* when the mirror fails; else that is an error */
	bool	 mirror_is_inline;	/* no thread for the mirror's syncs: for simulations */
	/* name of the coalition's instance; files of another are refused */
	const char *instance;
	uint64_t epoch;			/* ownership: never lower than what the files hold */
	uint64_t salt;			/* 64 random bits made for this start */
	uint64_t segment_bytes;		/* multiple of the block; 0: the default */
	/* of a batch's records; 0: the default, or what a segment holds */
	uint32_t batch_bytes_max;
	uint64_t low_water_bytes;	/* refuse new records when the disk has less free */
	/* of a file that is given up to finish what is in flight; 0: none */
	uint64_t reserve_bytes;
	/*
	 * Records known from elsewhere to have been durable; a journal that lacks them is damaged.
	 */
	uint64_t snapshot_sequence;	/* of the newest snapshot, 0: none */
	uint64_t sink_sequence;		/* of the sink's cursor in MariaDB, 0: none or not known */
	bool	 is_restoring;		/* open even what waits for the operator's word */
};

/* What came of comparing a journal with its mirror. */
enum journal_mirror_verdict {
	JOURNAL_MIRROR_NONE,	 /* there is no mirror */
	JOURNAL_MIRROR_EQUAL,	 /* up to the last record */
	JOURNAL_MIRROR_BEHIND,	 /* the mirror was empty, damaged or shorter: completed */
	JOURNAL_MIRROR_AHEAD,	 /* the journal was empty, damaged or shorter: completed from it */
	JOURNAL_MIRROR_LOST,	 /* the mirror could not be had: going on alone */
};

struct journal_mirror_report {
	enum journal_mirror_verdict verdict;
	uint64_t sequence;		/* last record that the journal had */
	uint64_t mirror_sequence;	/* last record that the mirror had */
	uint64_t segments;		/* copied from one to the other */
	struct storage_error damage;	/* of the one that was wrong or lost; status TG_OK: none */
};

/* What opening found and did.  A tail is cut only when nobody was told of its records. */
struct journal_opened {
	uint64_t incarnation;		/* of this start, from 1 */
	uint64_t last_sequence;		/* of the records found, 0: none */
	uint64_t batches;		/* valid batches read */
	uint64_t cut_bytes;		/* of a torn tail that held something, 0: none was cut */
	uint64_t cut_offset;		/* where it began in its segment */
	bool	 has_mark;		/* the journal ended with a mark: */
	struct state_hash mark_hash;	/* ... state hash after last_sequence, as the mark has it */
	struct journal_mirror_report mirror;
};

/* A batch to be appended: whole records one after the other.  Borrowed for the call. */
struct journal_batch {
	const uint8_t *records;
	size_t	 records_bytes;		/* 1..journal_batch_bytes_max() */
	uint64_t first_sequence;	/* the last one appended + 1 */
	uint32_t count;			/* of records, >= 1 */
	int64_t	 written_at_utc_ms;	/* for people and tools only */
};

/*
 * A journal in memory that forgets everything when closed.  first_sequence: of the first record to
 * come, >= 1.  NULL when out of memory.
 */
struct journal *journal_memory_open(uint64_t first_sequence);

/*
 * Open the journal in config's directory, or begin one, and take the instance's lock.
 *
 * Reads all segments there: a torn tail is cut, a new segment with a new incarnation is begun.
 * ret_journal: closed by the caller.  ret_opened: what was found.  Blocks.
 *
 * TG_OK; TG_FENCED: another process has the lock, or the files have a higher epoch; TG_CORRUPT:
 * records that were durable are damaged or missing, sequence and offset in error, nothing changed;
 * TG_TOO_NEW: a file of a newer version; TG_CONFIG: files of another instance, sizes out of
 * bounds, or a directory that was restored and waits for the operator's word; TG_JOURNAL_FULL: no
 * room for a segment; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_file_open(const struct journal_config *config,
					       struct journal **ret_journal,
					       struct journal_opened *ret_opened,
					       struct storage_error *error);

/*
 * Close, without a mark: call journal_mark() before.  All readers are closed already.  NULL is
 * fine.
 */
void journal_close(struct journal *journal);

/* Largest records_bytes of a batch. */
size_t journal_batch_bytes_max(const struct journal *journal);

/*
 * Write a batch and sync it.  Returns when it is durable.
 *
 * TG_OK.  TG_JOURNAL_FULL: nothing was written, a new segment found no room; the same batch may be
 * appended again later.  TG_IO: it is not known what is on disk; the journal is dead and every
 * later call fails: stop the process and let recovery find out.
 */
TG_MUST_CHECK enum tg_status journal_append(struct journal *journal,
					    const struct journal_batch *batch,
					    struct storage_error *error);

/*
 * Write a mark: everything appended is durable, and hash is the state after it.  For an idle
 * journal (10 ms without a batch) and before closing.  sequence: of the last record appended, to
 * which hash belongs.  Without effect when nothing was appended since the mark before.  Results as
 * journal_append().
 */
TG_MUST_CHECK enum tg_status journal_mark(struct journal *journal, uint64_t sequence,
					  struct state_hash hash, int64_t written_at_utc_ms,
					  struct storage_error *error);

/*
 * Sequence up to which records are durable; first_sequence - 1 while there is none.  Never falls.
 */
uint64_t journal_durable_sequence(const struct journal *journal);

/*
 * May new records be decided?  False when the disk is nearly full or the journal is dead; true
 * again by itself once journal_tend() finds room.  Batches in flight may still be appended.
 */
bool journal_has_room(const struct journal *journal);

/*
 * Work ahead: make the next segment (writes all its zeros), look at the disk's free space, restore
 * the reserve.  Call each second or so, and soon after facts.has_spare became false; blocks.
 * Without it a batch at a segment's end waits for a new one.
 * TG_OK, also when the disk is nearly full: journal_has_room() tells.  TG_IO: not fatal by itself.
 */
TG_MUST_CHECK enum tg_status journal_tend(struct journal *journal, struct storage_error *error);

/* Give the reserve back to the disk: at shutdown, when a snapshot or a mark finds no room. */
void journal_free_reserve(struct journal *journal);

/*
 * Move full segments that end below sequence to the archive, compressed.  ret_count: segments
 * moved.  below_sequence: of the last-but-one snapshot or of what the sink has confirmed, the lower
 * one, + 1.  TG_OK; TG_CORRUPT: a segment is damaged and stays; TG_JOURNAL_FULL; TG_NO_MEMORY;
 * TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_archive(struct journal *journal, uint64_t below_sequence,
					     uint32_t *ret_count, struct storage_error *error);

/* Figures for the console and metrics.  Each is right, together they may be a batch apart. */
struct journal_facts {
	uint64_t durable_sequence;
	uint64_t incarnation;
	uint64_t epoch;
	uint64_t batches;		/* appended since the start, marks not counted */
	uint64_t marks;
	uint64_t bytes;			/* written since the start, padding included */
	uint64_t segments;		/* begun since the start */
	uint64_t segment_sequence;	/* first sequence of the segment in use */
	uint64_t segment_used_bytes;
	uint64_t segment_bytes;
	uint64_t free_bytes;		/* of the disk, when last looked */
	bool	 has_spare;		/* the next segment is ready */
	bool	 has_reserve;
	bool	 has_room;
	bool	 is_dead;
	bool	 has_mirror;		/* every batch is synced there, too, unless: */
	bool	 is_mirror_lost;	/* it has failed, and is left alone now */
	char	 mirror_trouble[STORAGE_ERROR_TEXT_BYTES]; /* is_mirror_lost: why */
};
struct journal_facts journal_facts(const struct journal *journal);

/*
 * File operations for what lies beside the journal, snapshots: done in the mirror, too, if there is
 * one.  Lives as long as the journal.  NULL: a journal in memory.
 */
const struct storage_io *journal_io(const struct journal *journal);

/* What a reader comes upon. */
enum journal_item_kind {
	JOURNAL_NOTHING, /* the end for now: ask again later */
	JOURNAL_RECORD,
	JOURNAL_MARK,
};

struct journal_item {
	enum journal_item_kind kind;
	uint64_t sequence;		/* RECORD: its own; MARK: of the last record before it */
	const uint8_t *bytes;		/* RECORD: valid until the next call on the reader */
	uint32_t bytes_count;
	struct state_hash hash;		/* MARK: of the state after sequence */
	int64_t	 written_at_utc_ms;	/* of the batch it lies in */
};

/*
 * Read durable records from sequence on, through archive and segments as one.
 * sequence: >= 1, at most the durable one + 1.  ret_reader: closed by the caller, before the
 * journal.  Blocks.  TG_OK; TG_CORRUPT: no segment holds it, text names the first one missing, or
 * sequence lies further ahead (another store knows more than the journal); TG_TOO_NEW; TG_CONFIG:
 * another instance's; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status journal_read_from(struct journal *journal, uint64_t sequence,
					       struct journal_reader **ret_reader,
					       struct storage_error *error);

/*
 * The next record or mark, or JOURNAL_NOTHING when the durable end is reached; a reader may follow
 * a journal being written for as long as it lives.  Blocks for reading only.
 * TG_OK; TG_CORRUPT with sequence and offset; TG_IO.  After an error only journal_reader_close().
 */
TG_MUST_CHECK enum tg_status journal_reader_next(struct journal_reader *reader,
						 struct journal_item *ret_item,
						 struct storage_error *error);

/* NULL is fine. */
void journal_reader_close(struct journal_reader *reader);

#endif
