/*
 * table.h - fixed-size rows in address space reserved at start-up.
 *
 * Owns the memory of all ledger state, the running state hash and the hook by which a snapshot gets
 * pre-images.  Knows nothing of what a row means.  One thread writes; nothing here locks.
 *
 * Row 0 of every table is never used, so that a zeroed link means "none".  The first eight bytes of
 * a row are its key: zero exactly while the row is free.  A free row's next bytes belong to the
 * table.
 *
 * How to change a row: table_edit(), or table_claim() and table_release(); nothing else.  The
 * pointer they give may be written until the next call of table_set_settle(), table_set_hash() or a
 * step of a snapshot, so until the end of the record being applied.
 */
#ifndef TG_LEDGER_TABLE_H
#define TG_LEDGER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/status.h"

#define TABLE_NONE UINT32_C(0)
#define TABLE_SET_MAX 40

/* Rows a table may have; the last number is left free so that a loop over rows can end. */
#define TABLE_ROWS_MAX (UINT32_MAX - 1)

/* 128-bit sum, modulo 2^128, of the hashes of all live rows of all tables. */
struct state_hash {
	uint64_t low;
	uint64_t high;
};

struct table_set;

struct table_config {
	const char *name;      /* for errors, metrics and the snapshot; static text */
	uint32_t id;	       /* 1..TABLE_SET_MAX-1, part of every row's hash; never re-used */
	uint32_t version;      /* of the row layout, kept in snapshots */
	uint32_t row_bytes;    /* multiple of 8, at least 16 */
	uint32_t hashed_bytes; /* canonical fields: the first bytes of the row, links excluded */
	uint32_t rows_max;     /* rows that can be live at once, from the configuration */
};

struct table {
	struct table_config config;
	struct table_set *set; /* borrowed: where hash and snapshot hook live */
	uint8_t *base;	       /* owned; (rows_max + 1) * row_bytes of reserved address space */
	uint32_t rows_used;    /* rows 1..rows_used have been live at some time (high-water mark) */
	uint32_t live_count;   /* rows live now */
	uint32_t free_head;    /* doubly linked list of free rows <= rows_used; TABLE_NONE: empty */
	uint32_t snapshot_next; /* rows snapshot_next..snapshot_last still owe a pre-image */
	uint32_t snapshot_last; /* rows_used when the snapshot began; 0: no snapshot */
	uint64_t *marks;	/* owned; a bit a row: pre-image given (snapshot), or loaded */
	uint64_t *dirty;	/* owned; a bit a row: taken out of the hash until it is settled */
};

/*
 * Called with a row that is about to change for the first time since the snapshot began;
 * table_bytes() still gives the row as it was.  Must not block and must not change a table.
 */
typedef void table_pre_image_fn(void *context, const struct table *table, uint32_t row);

/* A row on the dirty list. */
struct table_dirty_row {
	uint32_t id; /* of its table */
	uint32_t row;
};

/* All tables of one ledger.  Invariant: tables[id] is NULL or has that id. */
struct table_set {
	struct table *tables[TABLE_SET_MAX]; /* borrowed, by id; entered by table_init() */
	struct state_hash hash;		     /* of the live rows that are not dirty */
	struct table_dirty_row *dirty_rows;  /* owned; rows edited since they were last settled */
	uint32_t dirty_count;		     /* 0..TABLE_DIRTY_ROWS_MAX */
	bool is_dirty_overflown;	     /* some dirty rows have their bit only */
	table_pre_image_fn *on_pre_image;    /* NULL: no snapshot is being taken */
	void *on_pre_image_context;	     /* borrowed: first argument of on_pre_image */
};

/* Length of the dirty list; beyond it settling has to look through the tables' bits. */
#define TABLE_DIRTY_ROWS_MAX 65536

/* Make an empty set.  TG_OK; TG_NO_MEMORY: nothing to undo. */
TG_MUST_CHECK enum tg_status table_set_init(struct table_set *set);

/* Free what the set owns.  Its tables must have been given back before. */
void table_set_deinit(struct table_set *set);

/* Make every table of the set empty, as after table_init().  No snapshot may be in progress. */
void table_set_clear(struct table_set *set);

/*
 * Reserve a table and enter it into the set.
 *
 * config: copied, except for the text of its name; its id must be new in the set.  The table must
 * stay at its address until table_deinit().
 *
 * TG_OK; TG_NO_MEMORY: the kernel refused the address space, nothing to undo.
 */
TG_MUST_CHECK enum tg_status table_init(struct table_set *set, struct table *table,
					const struct table_config *config);

/* Give the table's memory back and take it out of its set. */
void table_deinit(struct table *table);

/* Address of any row 0 <= row <= rows_max, live or not.  For this folder and for snapshots. */
static inline const uint8_t *
table_bytes(const struct table *table, uint32_t row)
{
	return table->base + (size_t)row * table->config.row_bytes;
}

/* The key of a row: its first eight bytes, zero while it is free. */
static inline uint64_t
table_key(const struct table *table, uint32_t row)
{
	uint64_t key;

	memcpy(&key, table_bytes(table, row), sizeof(key));
	return key;
}

/* Is this the number of a live row?  Any number may be asked for. */
static inline bool
table_is_live(const struct table *table, uint32_t row)
{
	return row != TABLE_NONE && row <= table->rows_used && table_key(table, row) != 0;
}

/* Read a row that has been live at some time: 1 <= row <= rows_used.  Valid for good. */
static inline const void *
table_row(const struct table *table, uint32_t row)
{
	TG_ASSERT(row - 1 < table->rows_used);
	return table_bytes(table, row);
}

/* table_edit() of a row that is not dirty yet, or of which a snapshot may want a pre-image. */
void *table_edit_first(struct table *table, uint32_t row);

/*
 * Change a live row: the only way to do so.  See the head of this file for how long the answer may
 * be written to.  The key may be changed, but not to zero.
 */
static inline void *
table_edit(struct table *table, uint32_t row)
{
	TG_ASSERT(row <= table->rows_used);
	if (((table->dirty[row / 64] >> (row % 64)) & 1) == 0 || table->snapshot_last != 0 ||
	    table_key(table, row) == 0)
		return table_edit_first(table, row);
	return table->base + (size_t)row * table->config.row_bytes;
}

/*
 * The row that the nth (from 0) next claim would take; TABLE_NONE when there are no so many free
 * rows.  Changes nothing, so that several claims can be planned; takes nth steps.
 */
uint32_t table_free_peek(const struct table *table, uint32_t nth);

/*
 * Make the named free row live, any from 1 to rows_max, in any order.
 *
 * The answer is a row of zeros, which the caller fills at once: the key first of all.  Rows skipped
 * over by a claim beyond rows_used become free.
 */
void *table_claim(struct table *table, uint32_t row);

/* Make a live row free.  Its bytes are wiped. */
void table_release(struct table *table, uint32_t row);

/* Rows that can still be claimed. */
static inline uint32_t
table_free_count(const struct table *table)
{
	return table->config.rows_max - table->live_count;
}

/*
 * Take up to rows_max edited rows into the hash, newest first.  The ledger step calls it between
 * two records or batches, with more rows than it edited since the last call, so that the dirty list
 * stays short and table_set_hash() quick.
 */
void table_set_settle(struct table_set *set, uint32_t rows_max);

/* The state hash now.  Settles every edited row. */
struct state_hash table_set_hash(struct table_set *set);

/* The state hash from scratch, over every row of every table: for verification.  Slow. */
struct state_hash table_set_hash_recompute(const struct table_set *set);

/* Are the two equal? */
static inline bool
state_hash_equal(struct state_hash a, struct state_hash b)
{
	return a.low == b.low && a.high == b.high;
}

/* a + b, modulo 2^128. */
static inline struct state_hash
state_hash_sum(struct state_hash a, struct state_hash b)
{
	a.low += b.low;
	a.high += b.high + (a.low < b.low);
	return a;
}

/* a - b, modulo 2^128. */
static inline struct state_hash
state_hash_difference(struct state_hash a, struct state_hash b)
{
	a.high -= b.high + (a.low < b.low);
	a.low -= b.low;
	return a;
}

/* What a live row adds to the state hash: of its table's id and its first hashed_bytes. */
struct state_hash state_hash_of_row(uint32_t table_id, const void *row, uint32_t hashed_bytes);

/*
 * Snapshot side.  From begin to end, each row that is live or free up to the present rows_used is
 * given once: by the hook if it changes before table_snapshot_copied() has covered it, else by the
 * snapshot copying it.
 */

/* Start giving pre-images.  context: borrowed until table_set_snapshot_end(). */
void table_set_snapshot_begin(struct table_set *set, table_pre_image_fn *on_pre_image,
			      void *context);

/* Rows up to and including last have been copied: they owe no pre-image any more. */
void table_snapshot_copied(struct table *table, uint32_t last);

/* Stop giving pre-images, whether all rows have been copied or not. */
void table_set_snapshot_end(struct table_set *set);

/*
 * Load side, on a set that is empty (table_set_clear()).  Rows may come in any order; a pre-image
 * wins over a row of a slice.  Rows of the table's present layout.
 */

/* Put count rows, first and following, of a slice.  All within 1..rows_max. */
void table_load_rows(struct table *table, uint32_t first, uint32_t count, const void *rows);

/* Put one row as a pre-image.  False: this row's pre-image was put before; nothing changed. */
TG_MUST_CHECK bool table_load_pre_image(struct table *table, uint32_t row, const void *bytes);

/* Has the row been put as a pre-image?  False again after table_load_finish(). */
bool table_has_pre_image(const struct table *table, uint32_t row);

/*
 * All rows of the table are there: its first rows_used rows are as loaded, live or free.  Returns
 * the table's part of the state hash, computed from its rows and added to the set's.  Slow.
 */
struct state_hash table_load_finish(struct table *table, uint32_t rows_used);

#endif
