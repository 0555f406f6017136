/*
 * snapshot.h - the tables of a ledger as they were after one record, in a file.
 *
 * Made without a pause: a snapshot begins at a sequence S0; between batches the ledger's thread
 * copies slices of rows into a bounded buffer, which a thread of the snapshot's own writes; a row
 * that changes before its slice was copied first gives its old bytes, the pre-image, to the same
 * buffer.  Slices with the pre-images over them are exactly the state at S0.
 *
 * Owns the files "snapshot-<sequence, 20 digits>" of its directory and, while one is made,
 * "snapshot.tmp".  Knows tables, but not what their rows mean.  Nothing here logs.
 */
#ifndef TG_STORAGE_SNAPSHOT_H
#define TG_STORAGE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "protocol/status.h"
#include "storage/io.h"

#define SNAPSHOT_INSTANCE_BYTES_MAX 64 /* of an instance's name, without its final zero */
#define SNAPSHOT_BLOB_BYTES_MAX 4096   /* of what the ledger keeps outside its tables */
#define SNAPSHOT_TABLE_NAME_BYTES_MAX 64
#define SNAPSHOT_ROW_BYTES_MAX 4096
#define SNAPSHOT_SLICE_BYTES (64 * 1024)
#define SNAPSHOT_BLOCK_BYTES_DEFAULT (256 * 1024)
#define SNAPSHOT_BLOCK_BYTES_MIN (8 * 1024)
#define SNAPSHOT_BLOCK_BYTES_MAX (16 * 1024 * 1024)
#define SNAPSHOT_BUFFER_BYTES_DEFAULT (4 * 1024 * 1024)
#define SNAPSHOT_BUFFER_BYTES_MAX_DEFAULT (256 * 1024 * 1024)
#define SNAPSHOT_KEEP_MIN 2 /* files that snapshot_prune() always leaves */
#define SNAPSHOT_LIST_MAX 64

/* How snapshots are made. */
struct snapshot_config {
	const struct storage_io *io; /* borrowed; outlives the snapshot object */
	const char *directory;	     /* of the files, exists; copied */
	const char *instance;	     /* name of the coalition's instance; copied */
	struct table_set *set;	     /* borrowed: what is copied; its tables stay the same ones */
	uint32_t block_bytes;	     /* of one write and one checksum; 0: the default */
	size_t buffer_bytes;	 /* no more slices are copied while so much waits; 0: the default */
	size_t buffer_bytes_max; /* pre-images may bring it up to this; 0: the default */
	bool is_inline;		 /* snapshot_step() writes, no thread: for tools and simulations */
};

/* Where the making of a snapshot stands, as the ledger's thread sees it. */
enum snapshot_phase {
	SNAPSHOT_IDLE,	  /* none is being made; snapshot_result() tells of the last one */
	SNAPSHOT_COPYING, /* rows are left to copy: call snapshot_step() often */
	SNAPSHOT_WRITING, /* all is copied; the file is being written, or waits for its name */
	SNAPSHOT_ENDING,  /* given up; the writer is coming to rest */
};

/* What became of the last snapshot. */
struct snapshot_result {
	uint64_t sequence;	    /* S0; 0 with status TG_OK also when there was none yet */
	enum tg_status status;	    /* TG_OK: the file has its name and is durable */
	uint64_t bytes;		    /* of the file */
	uint64_t rows;		    /* copied in slices */
	uint64_t pre_images;	    /* rows copied because they changed first */
	size_t buffer_bytes_peak;   /* most that waited to be written */
	struct storage_error error; /* when status is not TG_OK */
};

/* What stands at the head of a snapshot file. */
struct snapshot_info {
	uint64_t sequence;	/* S0 */
	struct state_hash hash; /* of the state at S0 */
	uint64_t file_bytes;
	uint32_t blob_bytes;
	uint8_t blob[SNAPSHOT_BLOB_BYTES_MAX]; /* as given to snapshot_begin() */
};

struct snapshot;

/*
 * Make an object that makes snapshots, one after the other.  config: borrowed for the call, except
 * as told there.  NULL: out of memory, or the directory's path is too long.
 */
struct snapshot *snapshot_new(const struct snapshot_config *config);

/* Give up what is being made, wait for its writer (blocks for a write and a sync), free all. */
void snapshot_free(struct snapshot *snapshot);

/*
 * Begin at the present state.  By the ledger's thread, between two batches, in phase IDLE.
 *
 * sequence: of the last record applied, S0.  blob: what the ledger keeps outside its tables; it is
 * copied.
 *
 * Settles the state hash, does not wait for a disk.  Until the snapshot has ended table_edit()
 * gives pre-images, so tables must not be added or removed.
 * TG_OK; TG_NO_MEMORY: no thread or no memory, nothing was begun.
 */
TG_MUST_CHECK enum tg_status snapshot_begin(struct snapshot *snapshot, uint64_t sequence,
					    const void *blob, uint32_t blob_bytes);

/*
 * Copy slices, at most about bytes_max bytes but one at least, unless the buffer is full; notice
 * what the writer has done.  By the ledger's thread, after each batch and at each tick, in any
 * phase.  Does not wait for a disk, unless config.is_inline.
 *
 * A snapshot is given up, with a status in snapshot_result(), when its file cannot be written or
 * when pre-images outgrow buffer_bytes_max (TG_BUSY: the disk is slower than the changes; try
 * later).
 */
enum snapshot_phase snapshot_step(struct snapshot *snapshot, size_t bytes_max);

/*
 * Tell up to which sequence records are durable: the file gets its name only when S0 is.  Any
 * number of times, in any phase.  Does not wait for a disk.
 */
void snapshot_finish(struct snapshot *snapshot, uint64_t durable_sequence);

/* Give up, if one is being made.  snapshot_step() until IDLE. */
void snapshot_abort(struct snapshot *snapshot);

/* The phase as of the last call. */
enum snapshot_phase snapshot_phase(const struct snapshot *snapshot);

/* What became of the last one that ended.  Valid until the next one ends. */
const struct snapshot_result *snapshot_result(const struct snapshot *snapshot);

/*
 * Lift a row of an older layout: fill ret_row, which is zeroed and as long as the present layout
 * has it.  The key must stay.
 */
typedef void snapshot_lift_fn(const void *old_row, void *ret_row);

/* One older layout of one table that this program still reads. */
struct snapshot_lift {
	uint32_t table_id;
	uint32_t version;	/* the older one */
	snapshot_lift_fn *lift; /* to the present version */
};

/* How a snapshot is loaded. */
struct snapshot_load_config {
	const struct storage_io *io;	   /* borrowed */
	const char *directory;		   /* borrowed */
	const char *instance;		   /* borrowed; a file of another one is refused */
	struct table_set *set;		   /* borrowed: emptied, then filled */
	const struct snapshot_lift *lifts; /* borrowed; lift_count of them, in any order */
	size_t lift_count;
};

/*
 * Load the snapshot of a sequence into the tables, check everything, and compare the state hash.
 * Indexes and all else that is derived from rows are the caller's to rebuild.
 *
 * ret_info: untouched on failure.  On failure the tables are empty, so that another may be tried;
 * when none can be, make the ledger anew: its tables lack what they had at birth.
 * Blocks.  TG_OK; TG_CORRUPT with the file's name and the offset; TG_TOO_NEW: file, table or row
 * layout is of a later program; TG_CONFIG: another instance's, a table too small, or a row layout
 * that has no lift; TG_NO_MEMORY; TG_IO.
 */
TG_MUST_CHECK enum tg_status snapshot_load(const struct snapshot_load_config *config,
					   uint64_t sequence, struct snapshot_info *ret_info,
					   struct storage_error *error);

/*
 * Read the head of a snapshot file only.  instance: NULL for any.
 * Results as snapshot_load(); the blocks behind the head are not looked at.
 */
TG_MUST_CHECK enum tg_status snapshot_read_info(const struct storage_io *io, const char *directory,
						const char *instance, uint64_t sequence,
						struct snapshot_info *ret_info,
						struct storage_error *error);

/* Snapshots of a directory, newest first; the oldest are left out beyond SNAPSHOT_LIST_MAX. */
struct snapshot_list {
	uint64_t sequences[SNAPSHOT_LIST_MAX];
	uint32_t count;
};

/* List by name; files are not opened.  Blocks.  TG_OK; TG_IO. */
TG_MUST_CHECK enum tg_status snapshot_list(const struct storage_io *io, const char *directory,
					   struct snapshot_list *ret_list,
					   struct storage_error *error);

/*
 * Remove all but the newest keep_count, which is SNAPSHOT_KEEP_MIN at least.  May run while another
 * is being made.  Blocks.  TG_OK; TG_IO: some may be left.
 */
TG_MUST_CHECK enum tg_status snapshot_prune(const struct storage_io *io, const char *directory,
					    uint32_t keep_count, struct storage_error *error);

#endif
