/*
 * table.c - rows, free lists, the running hash and the marks of a snapshot.
 *
 * The hash is a sum, so that it does not depend on the order of changes nor on where a row lies: a
 * row's part is taken out before its first edit and put back when the row is settled.  Between the
 * two the row is "dirty", which is a bit a row and, as a short cut, a list.
 */
#include "ledger/table.h"

#include <stdlib.h>

#define XXH_INLINE_ALL /* short keys of known length: a call costs more than the hash */
#include <xxhash.h>

#include "ledger/reserve.h"

/* What a free row holds after its key.  Every other byte of it is zero. */
struct free_links {
	uint32_t prev; /* TABLE_NONE: this is the head */
	uint32_t next; /* TABLE_NONE: this is the tail */
};

#define KEY_BYTES sizeof(uint64_t)
#define ROW_BYTES_MIN (KEY_BYTES + sizeof(struct free_links))

static_assert(ROW_BYTES_MIN == 16, "table.h names the smallest row");

static bool
bit_is_set(const uint64_t *bits, uint32_t row)
{
	return (bits[row / 64] >> (row % 64)) & 1;
}

static void
bit_set(uint64_t *bits, uint32_t row)
{
	bits[row / 64] |= UINT64_C(1) << (row % 64);
}

static void
bit_clear(uint64_t *bits, uint32_t row)
{
	bits[row / 64] &= ~(UINT64_C(1) << (row % 64));
}

/* Clear the bits of rows first..last. */
static void
bits_clear(uint64_t *bits, uint32_t first, uint32_t last)
{
	uint64_t row = first;

	while (row <= last) {
		if (row % 64 == 0 && last - row >= 63) {
			bits[row / 64] = 0;
			row += 64;
		} else {
			bit_clear(bits, (uint32_t)row);
			row++;
		}
	}
}

/* Bytes of a bit a row, for rows 0..rows_max. */
static size_t
bits_bytes(uint32_t rows_max)
{
	return ((size_t)rows_max / 64 + 1) * sizeof(uint64_t);
}

static size_t
base_bytes(const struct table_config *config)
{
	return ((size_t)config->rows_max + 1) * config->row_bytes;
}

static uint8_t *
row_at(struct table *table, uint32_t row)
{
	return table->base + (size_t)row * table->config.row_bytes;
}

static struct free_links
links_get(const struct table *table, uint32_t row)
{
	struct free_links links;

	memcpy(&links, table_bytes(table, row) + KEY_BYTES, sizeof(links));
	return links;
}

static void
links_put(struct table *table, uint32_t row, struct free_links links)
{
	memcpy(row_at(table, row) + KEY_BYTES, &links, sizeof(links));
}

/* Put a free row at the head of the free list. */
static void
free_push(struct table *table, uint32_t row)
{
	uint32_t old_head = table->free_head;

	links_put(table, row, (struct free_links){ .prev = TABLE_NONE, .next = old_head });
	if (old_head != TABLE_NONE) {
		struct free_links links = links_get(table, old_head);

		links.prev = row;
		links_put(table, old_head, links);
	}
	table->free_head = row;
}

/* Take a free row out of the free list, wherever it stands. */
static void
free_unlink(struct table *table, uint32_t row)
{
	struct free_links links = links_get(table, row);
	struct free_links other;

	if (links.next != TABLE_NONE) {
		other = links_get(table, links.next);
		other.prev = links.prev;
		links_put(table, links.next, other);
	}
	if (links.prev != TABLE_NONE) {
		other = links_get(table, links.prev);
		other.next = links.next;
		links_put(table, links.prev, other);
	} else {
		TG_ASSERT(table->free_head == row);
		table->free_head = links.next;
	}
	links_put(table, row, (struct free_links){ TABLE_NONE, TABLE_NONE });
}

struct state_hash
state_hash_of_row(uint32_t table_id, const void *row, uint32_t hashed_bytes)
{
	XXH128_hash_t part = XXH3_128bits_withSeed(row, hashed_bytes, table_id);

	return (struct state_hash){ .low = part.low64, .high = part.high64 };
}

/* The part of a live row. */
static struct state_hash
part_of(const struct table *table, uint32_t row)
{
	return state_hash_of_row(table->config.id, table_bytes(table, row),
				 table->config.hashed_bytes);
}

static void
hash_add_row(struct state_hash *hash, const struct table *table, uint32_t row)
{
	*hash = state_hash_sum(*hash, part_of(table, row));
}

static void
hash_subtract_row(struct state_hash *hash, const struct table *table, uint32_t row)
{
	*hash = state_hash_difference(*hash, part_of(table, row));
}

/* Give the snapshot the row as it is, if it has not been given yet. */
static void
give_pre_image(struct table *table, uint32_t row)
{
	if (row > table->snapshot_last || row < table->snapshot_next ||
	    bit_is_set(table->marks, row))
		return;
	bit_set(table->marks, row);
	table->set->on_pre_image(table->set->on_pre_image_context, table, row);
}

/* Enter a row that is no part of the hash any more into the dirty rows. */
static void
dirty_push(struct table *table, uint32_t row)
{
	struct table_set *set = table->set;

	bit_set(table->dirty, row);
	if (set->dirty_count == TABLE_DIRTY_ROWS_MAX) {
		/* Settling here would put rows back that the caller is still writing. */
		set->is_dirty_overflown = true;
		return;
	}
	set->dirty_rows[set->dirty_count++] = (struct table_dirty_row){ table->config.id, row };
}

enum tg_status
table_set_init(struct table_set *set)
{
	*set = (struct table_set){ 0 };
	set->dirty_rows = calloc(TABLE_DIRTY_ROWS_MAX, sizeof(set->dirty_rows[0]));
	return set->dirty_rows == NULL ? TG_NO_MEMORY : TG_OK;
}

void
table_set_deinit(struct table_set *set)
{
	for (size_t i = 0; i < TABLE_SET_MAX; i++)
		TG_ASSERT(set->tables[i] == NULL);
	free(set->dirty_rows);
	set->dirty_rows = NULL;
}

void
table_set_clear(struct table_set *set)
{
	TG_ASSERT(set->on_pre_image == NULL);
	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		struct table *table = set->tables[i];

		if (table == NULL)
			continue;
		reserve_clear(table->base, base_bytes(&table->config));
		reserve_clear(table->marks, bits_bytes(table->config.rows_max));
		reserve_clear(table->dirty, bits_bytes(table->config.rows_max));
		table->rows_used = 0;
		table->live_count = 0;
		table->free_head = TABLE_NONE;
	}
	set->hash = (struct state_hash){ 0 };
	set->dirty_count = 0;
	set->is_dirty_overflown = false;
}

enum tg_status
table_init(struct table_set *set, struct table *table, const struct table_config *config)
{
	TG_ASSERT(config->id >= 1 && config->id < TABLE_SET_MAX);
	TG_ASSERT(set->tables[config->id] == NULL);
	TG_ASSERT(config->row_bytes >= ROW_BYTES_MIN && config->row_bytes % 8 == 0);
	TG_ASSERT(config->hashed_bytes >= KEY_BYTES && config->hashed_bytes <= config->row_bytes);
	TG_ASSERT(config->rows_max >= 1 && config->rows_max <= TABLE_ROWS_MAX);
	*table = (struct table){ .config = *config, .set = set };
	table->base = reserve_new(base_bytes(config));
	table->marks = reserve_new(bits_bytes(config->rows_max));
	table->dirty = reserve_new(bits_bytes(config->rows_max));
	set->tables[config->id] = table;
	if (table->base == NULL || table->marks == NULL || table->dirty == NULL) {
		table_deinit(table);
		return TG_NO_MEMORY;
	}
	return TG_OK;
}

void
table_deinit(struct table *table)
{
	TG_ASSERT(table->set->tables[table->config.id] == table);
	table->set->tables[table->config.id] = NULL;
	reserve_free(table->base, base_bytes(&table->config));
	reserve_free(table->marks, bits_bytes(table->config.rows_max));
	reserve_free(table->dirty, bits_bytes(table->config.rows_max));
	*table = (struct table){ 0 };
}

void *
table_edit_first(struct table *table, uint32_t row)
{
	TG_ASSERT(table_is_live(table, row));
	give_pre_image(table, row);
	if (!bit_is_set(table->dirty, row)) {
		hash_subtract_row(&table->set->hash, table, row);
		dirty_push(table, row);
	}
	return row_at(table, row);
}

uint32_t
table_free_peek(const struct table *table, uint32_t nth)
{
	uint32_t listed = table->rows_used - table->live_count;
	uint32_t row = table->free_head;

	if (nth >= table_free_count(table))
		return TABLE_NONE;
	if (nth >= listed)
		return table->rows_used + (nth - listed) + 1;
	for (uint32_t i = 0; i < nth; i++)
		row = links_get(table, row).next;
	return row;
}

void *
table_claim(struct table *table, uint32_t row)
{
	TG_ASSERT(row >= 1 && row <= table->config.rows_max);
	TG_ASSERT(table_key(table, row) == 0);
	if (row <= table->rows_used) {
		give_pre_image(table, row);
		free_unlink(table, row);
	} else {
		/* From the top down, so that the lowest is taken first. */
		for (uint32_t skipped = row - 1; skipped > table->rows_used; skipped--)
			free_push(table, skipped);
		table->rows_used = row;
	}
	table->live_count++;
	if (!bit_is_set(table->dirty, row))
		dirty_push(table, row);
	return row_at(table, row);
}

void
table_release(struct table *table, uint32_t row)
{
	TG_ASSERT(table_is_live(table, row));
	give_pre_image(table, row);
	/* A dirty row stays so: with its key gone it will add nothing when it is settled. */
	if (!bit_is_set(table->dirty, row))
		hash_subtract_row(&table->set->hash, table, row);
	memset(row_at(table, row), 0, table->config.row_bytes);
	free_push(table, row);
	table->live_count--;
}

/* Take a dirty row into the hash, if it is live. */
static void
settle_row(struct table *table, uint32_t row)
{
	bit_clear(table->dirty, row);
	if (table_key(table, row) != 0)
		hash_add_row(&table->set->hash, table, row);
}

/* Settle the rows that have their dirty bit only. */
static void
settle_overflow(struct table_set *set)
{
	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		struct table *table = set->tables[i];

		if (table == NULL)
			continue;
		for (uint32_t word = 0; word <= table->rows_used / 64; word++)
			while (table->dirty[word] != 0)
				settle_row(table, word * 64 + (uint32_t)__builtin_ctzll(
								      table->dirty[word]));
	}
	set->is_dirty_overflown = false;
}

void
table_set_settle(struct table_set *set, uint32_t rows_max)
{
	for (uint32_t i = 0; i < rows_max && set->dirty_count > 0; i++) {
		struct table_dirty_row dirty = set->dirty_rows[--set->dirty_count];

		settle_row(set->tables[dirty.id], dirty.row);
	}
}

struct state_hash
table_set_hash(struct table_set *set)
{
	table_set_settle(set, TABLE_DIRTY_ROWS_MAX);
	if (set->is_dirty_overflown)
		settle_overflow(set);
	return set->hash;
}

struct state_hash
table_set_hash_recompute(const struct table_set *set)
{
	struct state_hash hash = { 0, 0 };

	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		const struct table *table = set->tables[i];

		if (table == NULL)
			continue;
		for (uint32_t row = 1; row <= table->rows_used; row++)
			if (table_key(table, row) != 0)
				hash_add_row(&hash, table, row);
	}
	return hash;
}

void
table_set_snapshot_begin(struct table_set *set, table_pre_image_fn *on_pre_image, void *context)
{
	TG_ASSERT(set->on_pre_image == NULL && on_pre_image != NULL);
	set->on_pre_image = on_pre_image;
	set->on_pre_image_context = context;
	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		struct table *table = set->tables[i];

		if (table == NULL)
			continue;
		table->snapshot_next = 1;
		table->snapshot_last = table->rows_used;
	}
}

void
table_snapshot_copied(struct table *table, uint32_t last)
{
	TG_ASSERT(last <= table->snapshot_last);
	bits_clear(table->marks, table->snapshot_next, last);
	table->snapshot_next = last + 1;
}

void
table_set_snapshot_end(struct table_set *set)
{
	for (size_t i = 0; i < TABLE_SET_MAX; i++) {
		struct table *table = set->tables[i];

		if (table == NULL)
			continue;
		bits_clear(table->marks, table->snapshot_next, table->snapshot_last);
		table->snapshot_next = 0;
		table->snapshot_last = 0;
	}
	set->on_pre_image = NULL;
	set->on_pre_image_context = NULL;
}

void
table_load_rows(struct table *table, uint32_t first, uint32_t count, const void *rows)
{
	const uint8_t *from = rows;
	size_t bytes = table->config.row_bytes;

	TG_ASSERT(first >= 1 && count <= table->config.rows_max &&
		  first - 1 <= table->config.rows_max - count);
	for (uint32_t i = 0; i < count; i++)
		if (!bit_is_set(table->marks, first + i))
			memcpy(row_at(table, first + i), from + i * bytes, bytes);
}

bool
table_load_pre_image(struct table *table, uint32_t row, const void *bytes)
{
	TG_ASSERT(row >= 1 && row <= table->config.rows_max);
	if (bit_is_set(table->marks, row))
		return false;
	bit_set(table->marks, row);
	memcpy(row_at(table, row), bytes, table->config.row_bytes);
	return true;
}

bool
table_has_pre_image(const struct table *table, uint32_t row)
{
	TG_ASSERT(row >= 1 && row <= table->config.rows_max);
	return bit_is_set(table->marks, row);
}

struct state_hash
table_load_finish(struct table *table, uint32_t rows_used)
{
	struct state_hash part = { 0, 0 };

	TG_ASSERT(rows_used <= table->config.rows_max);
	bits_clear(table->marks, 1, rows_used);
	table->rows_used = rows_used;
	table->live_count = 0;
	table->free_head = TABLE_NONE;
	/* From the top down, so that the lowest free row is taken first. */
	for (uint32_t row = rows_used; row >= 1; row--) {
		if (table_key(table, row) != 0) {
			table->live_count++;
			hash_add_row(&part, table, row);
			continue;
		}
		/* Its links are of another free list. */
		memset(row_at(table, row), 0, table->config.row_bytes);
		free_push(table, row);
	}
	table->set->hash = state_hash_sum(table->set->hash, part);
	return part;
}
