/*
 * sink_index.c - finds the row of a total by its key, within one batch.
 *
 * Open addressing, at most half full.  A slot of an earlier batch is known by its generation, so
 * clearing costs nothing.
 */
#include "storage/sink_index.h"

#include <stdlib.h>
#include <xxhash.h>

#include "protocol/assert.h"

struct slot {
	struct sink_key key;
	uint32_t row;
	uint32_t generation;		/* in use when equal to the index's */
};

struct sink_index {
	struct slot *slots;		/* owned; mask + 1 */
	uint32_t mask;
	uint32_t generation;		/* from 1 */
	uint32_t used;			/* keys since the last clear */
};

struct sink_index *
sink_index_new(uint32_t keys_max)
{
	struct sink_index *index = calloc(1, sizeof *index);
	uint32_t slot_count = 16;

	if (index == NULL)
		return NULL;
	TG_ASSERT(keys_max <= UINT32_MAX / 4);
	while (slot_count < 2 * keys_max)
		slot_count *= 2;
	index->slots = calloc(slot_count, sizeof *index->slots);
	index->mask = slot_count - 1;
	index->generation = 1;
	if (index->slots == NULL) {
		free(index);
		return NULL;
	}
	return index;
}

void
sink_index_free(struct sink_index *index)
{
	if (index != NULL)
		free(index->slots);
	free(index);
}

void
sink_index_clear(struct sink_index *index)
{
	index->used = 0;
	index->generation++;
	if (index->generation != 0)
		return;
	for (uint32_t i = 0; i <= index->mask; i++)
		index->slots[i].generation = 0;
	index->generation = 1;
}

uint32_t *
sink_index_row(struct sink_index *index, struct sink_key key)
{
	uint32_t i = (uint32_t)XXH3_64bits(&key, sizeof key) & index->mask;

	while (index->slots[i].generation == index->generation) {
		struct slot *slot = &index->slots[i];

		if (slot->key.high == key.high && slot->key.low == key.low)
			return &slot->row;
		i = (i + 1) & index->mask;
	}
	TG_ASSERT(index->used < index->mask);
	index->used++;
	index->slots[i] = (struct slot){
		.key = key,
		.row = SINK_INDEX_NEW,
		.generation = index->generation,
	};
	return &index->slots[i].row;
}
