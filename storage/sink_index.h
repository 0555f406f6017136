/*
 * sink_index.h - finds the row of a total by its key, within one batch.
 */
#ifndef TG_STORAGE_SINK_INDEX_H
#define TG_STORAGE_SINK_INDEX_H

#include <stdint.h>

struct sink_key {
	uint64_t high;
	uint64_t low;
};

#define SINK_INDEX_NEW UINT32_MAX

struct sink_index;

/* keys_max: keys between two clears at most.  NULL when out of memory. */
struct sink_index *sink_index_new(uint32_t keys_max);
void sink_index_free(struct sink_index *index);

void sink_index_clear(struct sink_index *index);

/* Where the row of key stands; SINK_INDEX_NEW is there for a key not seen since the last clear. */
uint32_t *sink_index_row(struct sink_index *index, struct sink_key key);

#endif
