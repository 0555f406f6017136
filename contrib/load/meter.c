/*
 * meter.c - what a run has seen: outcomes, latencies, points by partner.
 */
#include "contrib/load/meter.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

void
meter_deinit(struct meter *meter)
{
	for (int i = 0; i < METER_OPERATIONS; i++)
		free(meter->operations[i]);
	free(meter->partners);
	memset(meter, 0, sizeof(*meter));
}

void
meter_begin(struct meter *meter)
{
	struct meter *kept = malloc(sizeof(*kept));

	TG_ASSERT(kept != NULL);
	*kept = *meter;
	meter_deinit(meter);
	meter->connect = kept->connect;
	meter->ready_count = kept->ready_count;
	meter->failed_count = kept->failed_count;
	meter->ended_count = kept->ended_count;
	free(kept);
}

struct meter_partner *
meter_partner(struct meter *meter, uint32_t number)
{
	uint32_t at = 0;

	while (at < meter->partner_count && meter->partners[at].number < number)
		at++;
	if (at < meter->partner_count && meter->partners[at].number == number)
		return &meter->partners[at];
	meter->partners =
		reallocarray(meter->partners, meter->partner_count + 1, sizeof(*meter->partners));
	TG_ASSERT(meter->partners != NULL);
	memmove(&meter->partners[at + 1], &meter->partners[at],
		(meter->partner_count++ - at) * sizeof(*meter->partners));
	memset(&meter->partners[at], 0, sizeof(*meter->partners));
	meter->partners[at].number = number;
	return &meter->partners[at];
}

/* Add the points of an operation that was done. */
static void
add_points(struct meter_partner *partner, uint32_t operation, const struct tg_message *answer)
{
	int64_t points = tg_message_integer(answer, TG_FIELD_POINTS, 0);
	bool is_out = tg_message_integer(answer, TG_FIELD_DIRECTION, 0) == TG_DIRECTION_OUT;

	if (operation == TG_OP_EARN || (operation == TG_OP_EXCHANGE && !is_out))
		partner->issued_points += points;
	if (operation == TG_OP_BURN || operation == TG_OP_CAPTURE ||
	    (operation == TG_OP_EXCHANGE && is_out))
		partner->burned_points += points;
	if (operation == TG_OP_REFUND || operation == TG_OP_REVERSE) {
		partner->taken_points += tg_message_integer(answer, TG_FIELD_TAKEN_POINTS, 0);
		partner->restored_points += tg_message_integer(answer, TG_FIELD_RESTORED_POINTS, 0);
	}
}

void
meter_answer(struct meter *meter, uint32_t operation, uint32_t partner,
	     const struct tg_message *answer, uint64_t latency_ns, bool is_copy)
{
	uint32_t status = answer->code < METER_STATUSES ? answer->code : METER_STATUSES - 1;

	TG_ASSERT(operation < METER_OPERATIONS);
	if (tg_message_integer(answer, TG_FIELD_REPLAY, 0) != 0)
		meter->replay_count++;
	if (is_copy)
		return;
	meter->outcomes[operation][status]++;
	meter->answered_count++;
	meter->recent_count++;
	histogram_add(&meter->all, latency_ns);
	histogram_add(&meter->recent, latency_ns);
	if (meter->operations[operation] == NULL) {
		meter->operations[operation] = calloc(1, sizeof(struct histogram));
		TG_ASSERT(meter->operations[operation] != NULL);
	}
	histogram_add(meter->operations[operation], latency_ns);
	if (answer->code == TG_OK)
		add_points(meter_partner(meter, partner), operation, answer);
}

uint64_t
meter_status_count(const struct meter *meter, uint32_t status)
{
	uint64_t count = 0;

	for (int i = 0; i < METER_OPERATIONS; i++)
		count += meter->outcomes[i][status];
	return count;
}
