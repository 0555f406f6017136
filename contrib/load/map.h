/*
 * map.h - finds numbers by 64-bit keys: open addressing, grows by doubling.
 */
#ifndef TG_CONTRIB_LOAD_MAP_H
#define TG_CONTRIB_LOAD_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place of the table; value 0 is an empty one. */
struct map_place {
	uint64_t key;
	uint64_t value; /* what was put, plus one */
};

/* All zero is an empty map.  Invariant: at most half of the places are taken. */
struct map {
	struct map_place *places; /* owned */
	size_t		  capacity; /* a power of two, or 0 */
	size_t		  count;
};

void map_deinit(struct map *map);

/* Forget all keys, keep the memory. */
void map_clear(struct map *map);

/* Put a value under a key, in place of what was there.  value: below UINT64_MAX. */
void map_put(struct map *map, uint64_t key, uint64_t value);

/* Find a key.  False when it is not there. */
bool map_get(const struct map *map, uint64_t key, uint64_t *ret_value);

/* Forget a key.  False when it was not there. */
bool map_take(struct map *map, uint64_t key, uint64_t *ret_value);

#endif
