/*
 * load.c - what all connections of a run share.
 */
#include "contrib/load/load.h"

#include <stdlib.h>
#include <time.h>

#include "contrib/load/slot.h"
#include "protocol/assert.h"

void
load_tick(struct load *load)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	load->now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t
load_wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
load_server_time_ms(const struct load *load)
{
	if (load->stepped_ms != 0)
		return load->stepped_ms;
	return load_wall_us() / 1000 + load->clock_offset_ms;
}

void
load_learn_time(struct load *load, int64_t server_time_ms, bool is_stepped)
{
	if (server_time_ms == 0)
		return;
	load->clock_offset_ms = server_time_ms - load_wall_us() / 1000;
	load->stepped_ms = is_stepped ? server_time_ms : 0;
}

struct request *
load_new_request(struct load *load)
{
	struct request *request = load->free_requests;

	if (request != NULL)
		load->free_requests = request->next;
	else
		request = malloc(sizeof(*request));
	TG_ASSERT(request != NULL);
	load->alive_count++;
	return request;
}

void
load_release(struct load *load, struct request *request)
{
	TG_ASSERT(load->alive_count > 0);
	load->alive_count--;
	request->next = load->free_requests;
	load->free_requests = request;
}

void
load_free_requests(struct load *load)
{
	while (load->free_requests != NULL) {
		struct request *next = load->free_requests->next;

		free(load->free_requests);
		load->free_requests = next;
	}
}

uint64_t
load_jitter_ns(struct load *load, uint64_t mean_ns)
{
	return mean_ns / 2 + prng_below(&load->prng, mean_ns + 1);
}

bool
load_is_due(const struct load *load)
{
	/* However late the end of an open loop is noticed, what was due after it is not made. */
	return load->pace_ns == 0 ||
	       (load->next_due_ns <= load->now_ns && load->next_due_ns < load->end_ns);
}

void
load_release_all(struct load *load, struct request_queue *queue)
{
	struct request *request;

	while ((request = request_queue_pop(queue)) != NULL)
		load_release(load, request);
}

uint32_t
load_slot_partner(const struct load *load, uint32_t slot)
{
	TG_ASSERT(slot < load->slot_count);
	return load->slots[slot].session.told.partner;
}

bool
load_has_partner(const struct load *load, uint32_t partner)
{
	for (uint32_t i = 0; i < load->slot_count; i++)
		if (load->slots[i].session.told.partner == partner)
			return true;
	return false;
}
