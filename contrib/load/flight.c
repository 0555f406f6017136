/*
 * flight.c - frames of one session that wait for their answers.
 *
 * A request id is a round number (high half) and the place of the flight, from 1 (low half), so an
 * answer finds its flight without a search, and a late one to an earlier flight finds nothing.
 */
#include "contrib/load/flight.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define PLACE_BITS 16
#define PLACE_MASK 0xffffu

void
flights_init(struct flights *flights, uint32_t capacity)
{
	TG_ASSERT(capacity >= 1 && capacity <= FLIGHTS_MAX);
	memset(flights, 0, sizeof(*flights));
	flights->items = calloc(capacity, sizeof(*flights->items));
	TG_ASSERT(flights->items != NULL);
	flights->capacity = capacity;
}

void
flights_deinit(struct flights *flights)
{
	free(flights->items);
	memset(flights, 0, sizeof(*flights));
}

struct flight *
flights_begin(struct flights *flights, bool is_batch, uint64_t now_ns)
{
	struct flight *flight;
	uint32_t place = 0;

	TG_ASSERT(flights->count < flights->capacity);
	while (flights->items[place].request_id != 0)
		place++;
	flight = &flights->items[place];
	flights->round++;
	flight->request_id = (flights->round & PLACE_MASK) << PLACE_BITS | (place + 1);
	flight->sent_ns = now_ns;
	flight->order = flights->order++;
	flight->is_batch = is_batch;
	flights->count++;
	return flight;
}

void
flights_end(struct flights *flights, struct flight *flight)
{
	TG_ASSERT(flight->request_id != 0);
	memset(flight, 0, sizeof(*flight));
	flights->count--;
}

struct flight *
flights_find(struct flights *flights, uint32_t request_id)
{
	uint32_t place = request_id & PLACE_MASK;

	if (place == 0 || place > flights->capacity ||
	    flights->items[place - 1].request_id != request_id)
		return NULL;
	return &flights->items[place - 1];
}

struct flight *
flights_oldest(struct flights *flights)
{
	struct flight *oldest = NULL;

	if (flights->count == 0)
		return NULL;
	for (uint32_t i = 0; i < flights->capacity; i++) {
		struct flight *flight = &flights->items[i];

		if (flight->request_id != 0 && (oldest == NULL || flight->order < oldest->order))
			oldest = flight;
	}
	return oldest;
}
