/*
 * map.c - finds numbers by 64-bit keys.
 *
 * Linear probing; a key that goes is replaced by the next of its run that may stand there, so
 * there are no marks of what was.
 */
#include "contrib/load/map.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/load/prng.h"
#include "protocol/assert.h"

#define CAPACITY_FIRST 1024

void
map_deinit(struct map *map)
{
	free(map->places);
	memset(map, 0, sizeof(*map));
}

void
map_clear(struct map *map)
{
	if (map->capacity > 0)
		memset(map->places, 0, map->capacity * sizeof(*map->places));
	map->count = 0;
}

/* Where a key begins to be looked for. */
static size_t
home_of(const struct map *map, uint64_t key)
{
	return (size_t)prng_scatter(key) & (map->capacity - 1);
}

/* The key's place, or the empty one where it would go. */
static size_t
place_of(const struct map *map, uint64_t key)
{
	size_t place = home_of(map, key);

	while (map->places[place].value != 0 && map->places[place].key != key)
		place = (place + 1) & (map->capacity - 1);
	return place;
}

static void
grow(struct map *map)
{
	struct map old = *map;

	map->capacity = old.capacity > 0 ? old.capacity * 2 : CAPACITY_FIRST;
	map->places = calloc(map->capacity, sizeof(*map->places));
	TG_ASSERT(map->places != NULL);
	for (size_t i = 0; i < old.capacity; i++)
		if (old.places[i].value != 0)
			map->places[place_of(map, old.places[i].key)] = old.places[i];
	free(old.places);
}

void
map_put(struct map *map, uint64_t key, uint64_t value)
{
	struct map_place *place;

	TG_ASSERT(value < UINT64_MAX);
	if ((map->count + 1) * 2 > map->capacity)
		grow(map);
	place = &map->places[place_of(map, key)];
	if (place->value == 0)
		map->count++;
	place->key = key;
	place->value = value + 1;
}

bool
map_get(const struct map *map, uint64_t key, uint64_t *ret_value)
{
	size_t place;

	if (map->count == 0)
		return false;
	place = place_of(map, key);
	if (map->places[place].value == 0)
		return false;
	*ret_value = map->places[place].value - 1;
	return true;
}

bool
map_take(struct map *map, uint64_t key, uint64_t *ret_value)
{
	size_t mask = map->capacity - 1;
	size_t hole, next;

	if (!map_get(map, key, ret_value))
		return false;
	hole = place_of(map, key);
	for (next = (hole + 1) & mask; map->places[next].value != 0; next = (next + 1) & mask) {
		size_t home = home_of(map, map->places[next].key);

		/* It may move into the hole unless its home lies behind it. */
		if (((next - home) & mask) >= ((next - hole) & mask)) {
			map->places[hole] = map->places[next];
			hole = next;
		}
	}
	map->places[hole].value = 0;
	map->count--;
	return true;
}
