/*
 * index.c - entering, removing and rebuilding.
 *
 * A removed entry leaves no mark: the entries behind it move up, as long as that brings them no
 * further than their own place.  So probes stay short whatever the history of the table.
 */
#include "ledger/index.h"

#include "ledger/reserve.h"

#define SLOTS_MIN 8

/* So many rows are hashed before the first of them is entered: their slots come meanwhile. */
#define REBUILD_GROUP_ROWS 16

/* Smallest power of two with half as many slots again as rows. */
static size_t
slots_for(uint32_t rows_max)
{
	size_t wanted = (size_t)rows_max + rows_max / 2 + 1;
	size_t slots = SLOTS_MIN;

	while (slots < wanted)
		slots *= 2;
	return slots;
}

static size_t
slots_bytes(const struct index *index)
{
	return (index->slot_mask + 1) * sizeof(index->slots[0]);
}

enum tg_status
index_init(struct index *index, const struct index_config *config)
{
	uint32_t rows_max = config->table->config.rows_max;

	TG_ASSERT(config->row_hash != NULL);
	*index = (struct index){ .config = *config, .slot_mask = slots_for(rows_max) - 1 };
	index->row_mask = UINT32_MAX >> __builtin_clz(rows_max);
	index->slots = reserve_new(slots_bytes(index));
	return index->slots == NULL ? TG_NO_MEMORY : TG_OK;
}

void
index_deinit(struct index *index)
{
	reserve_free(index->slots, slots_bytes(index));
	*index = (struct index){ 0 };
}

void
index_clear(struct index *index)
{
	reserve_clear(index->slots, slots_bytes(index));
	index->count = 0;
}

void
index_insert(struct index *index, uint64_t hash, uint32_t row)
{
	size_t slot = (size_t)hash & index->slot_mask;

	TG_ASSERT(row >= 1 && row <= index->config.table->config.rows_max);
	TG_ASSERT(index->count < index->config.table->config.rows_max);
	while (index->slots[slot] != TABLE_NONE)
		slot = (slot + 1) & index->slot_mask;
	index->slots[slot] = index_tag(index, hash) | row;
	index->count++;
}

/* The slot that an entry would have if no other were in its way. */
static size_t
home_of(const struct index *index, uint32_t entry)
{
	const void *row = table_row(index->config.table, entry & index->row_mask);

	return (size_t)index->config.row_hash(row) & index->slot_mask;
}

void
index_remove(struct index *index, uint64_t hash, uint32_t row)
{
	uint32_t wanted = index_tag(index, hash) | row;
	size_t hole = (size_t)hash & index->slot_mask;
	uint32_t entry;

	while ((entry = index->slots[hole]) != wanted) {
		TG_ASSERT(entry != TABLE_NONE);
		hole = (hole + 1) & index->slot_mask;
	}
	for (size_t slot = (hole + 1) & index->slot_mask;
	     (entry = index->slots[slot]) != TABLE_NONE; slot = (slot + 1) & index->slot_mask) {
		size_t from_home = (slot - home_of(index, entry)) & index->slot_mask;
		size_t from_hole = (slot - hole) & index->slot_mask;

		if (from_home < from_hole)
			continue;
		index->slots[hole] = entry;
		hole = slot;
	}
	index->slots[hole] = TABLE_NONE;
	index->count--;
}

/* Rows on their way into the index while it is rebuilt. */
struct rebuild_group {
	uint64_t hashes[REBUILD_GROUP_ROWS];
	uint32_t rows[REBUILD_GROUP_ROWS];
	uint32_t count; /* of both */
};

static void
insert_group(struct index *index, struct rebuild_group *group)
{
	for (uint32_t i = 0; i < group->count; i++)
		index_insert(index, group->hashes[i], group->rows[i]);
	group->count = 0;
}

void
index_rebuild(struct index *index)
{
	const struct table *table = index->config.table;
	struct rebuild_group group = { .count = 0 };

	index_clear(index);
	for (uint32_t number = 1; number <= table->rows_used; number++) {
		const void *row = table_bytes(table, number);
		uint64_t hash;

		if (table_key(table, number) == 0)
			continue;
		if (index->config.has_row != NULL && !index->config.has_row(row))
			continue;
		hash = index->config.row_hash(row);
		index_prefetch(index, hash);
		group.hashes[group.count] = hash;
		group.rows[group.count] = number;
		if (++group.count == REBUILD_GROUP_ROWS)
			insert_group(index, &group);
	}
	insert_group(index, &group);
}
