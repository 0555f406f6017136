/*
 * table.h - fixed-size rows in address space reserved at start-up.
 *
 * Owns the memory of all ledger state, the running state hash and the hook by which a snapshot gets
 * pre-images.  Knows nothing of what a row means.  One thread writes; nothing here locks.
 *
 * Row 0 of every table is never used, so that a zeroed link means "none".  The first eight bytes of a
 * row are its key: zero exactly while the row is free.  A free row's next bytes belong to the table.
 */
#ifndef TG_LEDGER_TABLE_H
#define TG_LEDGER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/status.h"

#define TABLE_NONE UINT32_C(0)
#define TABLE_SET_MAX 32

/* 128-bit sum, modulo 2^128, of the hashes of all live rows of all tables. */
struct state_hash {
	uint64_t low;
	uint64_t high;
};

struct table_set;

struct table_config {
	const char *name;	/* for errors, metrics and the snapshot; static text */
	uint32_t    id;		/* 1..TABLE_SET_MAX-1, part of every row's hash; never re-used */
	uint32_t    version;	/* of the row layout, kept in snapshots */
	uint32_t    row_bytes;	/* multiple of 8, at least 16 */
	uint32_t    hashed_bytes; /* canonical fields: the first bytes of the row, links excluded */
	uint32_t    rows_max;	/* rows that can be live at once, from the configuration */
};

struct table {
	struct table_config config;
	struct table_set *set;	/* borrowed: where hash and snapshot hook live */
	uint8_t	 *base;		/* owned; (rows_max + 1) * row_bytes of reserved address space */
	uint32_t  rows_used;	/* rows 1..rows_used have been live at some time (high-water mark) */
	uint32_t  live_count;	/* rows live now */
	uint32_t  free_head;	/* doubly linked list of free rows <= rows_used; TABLE_NONE: empty */
	uint64_t *marks;	/* owned; a bit a row: pre-image given (snapshot) */
	uint64_t *dirty;	/* owned; a bit a row: taken out of the hash until table_set_hash() */
};

/* Called with the row's bytes as they are before its first change since the snapshot began. */
typedef void table_pre_image_fn(void *context, const struct table *table, uint32_t row);

#endif
