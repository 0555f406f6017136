/*
 * index.h - from a key to the row that has it.
 *
 * Open addressing with linear probing over row numbers; capacity is fixed for life, so there is
 * never a pause to rehash.  Owns the slots.  Does not know keys: the caller gives hash and
 * comparison, and makes sure that a key is entered once.  Part of the state but not of the state
 * hash: an index can always be rebuilt from its table.
 */
#ifndef TG_LEDGER_INDEX_H
#define TG_LEDGER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/table.h"
#include "protocol/assert.h"
#include "protocol/status.h"

/* Hash of a live row's key: all 64 bits well mixed (XXH3), depending on the key alone. */
typedef uint64_t index_row_hash_fn(const void *row);

/* Does the row have this key?  Give a static inline function to have it inlined. */
typedef bool index_match_fn(const void *row, const void *key);

/* Does the row stand in the index at all? */
typedef bool index_has_row_fn(const void *row);

struct index_config {
	const struct table *table; /* borrowed: whose rows; initialised, outlives the index */
	index_row_hash_fn *row_hash;
	index_has_row_fn *has_row; /* NULL: every live row stands in the index */
};

/*
 * A slot is a row number in the low bits (row_mask), and in the rest a tag from the high half of
 * the hash, by which most foreign rows are passed over without touching their memory.  0: empty.
 */
struct index {
	struct index_config config;
	uint32_t *slots; /* owned; slot_mask + 1 of them, at least 1.5 a row */
	size_t slot_mask; /* number of slots, a power of two, less one */
	uint32_t row_mask; /* as many low bits as a row number of the table needs */
	uint32_t count; /* rows entered: 0..rows_max of the table */
};

/* Reserve an empty index.  config: copied.  TG_OK; TG_NO_MEMORY: nothing to undo. */
TG_MUST_CHECK enum tg_status index_init(struct index *index, const struct index_config *config);

/* Give the slots back.  Never touches the table. */
void index_deinit(struct index *index);

/* Enter a live row whose key is not in the index yet.  hash: as row_hash gives it. */
void index_insert(struct index *index, uint64_t hash, uint32_t row);

/*
 * Take out a row that is in the index.  hash: of the key under which it was entered; the row itself
 * is not read.  Every other row in the index must have the key it was entered under: to change a
 * key, remove, edit, insert.
 */
void index_remove(struct index *index, uint64_t hash, uint32_t row);

/* Forget everything and enter all live rows of the table: after a snapshot was loaded.  Slow. */
void index_rebuild(struct index *index);

/* Forget everything. */
void index_clear(struct index *index);

/* The tag bits of a hash, placed as in a slot. */
static inline uint32_t
index_tag(const struct index *index, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~index->row_mask;
}

/* The row whose key matches; TABLE_NONE: there is none.  hash: of the key, as row_hash gives it. */
static inline uint32_t
index_find(const struct index *index, uint64_t hash, index_match_fn *match, const void *key)
{
	uint32_t tag = index_tag(index, hash);
	size_t slot = (size_t)hash & index->slot_mask;
	uint32_t entry;

	while ((entry = index->slots[slot]) != TABLE_NONE) {
		uint32_t row = entry & index->row_mask;

		if ((entry ^ row) == tag && match(table_row(index->config.table, row), key))
			return row;
		slot = (slot + 1) & index->slot_mask;
	}
	return TABLE_NONE;
}

/* The first row that may have a key of this hash, by its tag alone; TABLE_NONE: there is none. */
static inline uint32_t
index_candidate(const struct index *index, uint64_t hash)
{
	uint32_t tag = index_tag(index, hash);
	size_t slot = (size_t)hash & index->slot_mask;
	uint32_t entry;

	while ((entry = index->slots[slot]) != TABLE_NONE) {
		if ((entry & ~index->row_mask) == tag)
			return entry & index->row_mask;
		slot = (slot + 1) & index->slot_mask;
	}
	return TABLE_NONE;
}

/* Ask for the memory that index_find() will read first: hides its latency behind other work. */
static inline void
index_prefetch(const struct index *index, uint64_t hash)
{
	__builtin_prefetch(&index->slots[(size_t)hash & index->slot_mask]);
}

#endif
