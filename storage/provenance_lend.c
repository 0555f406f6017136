/*
 * provenance_lend.c - points that go from one member to another: they leave the one as if spent,
 * and come to the other as if issued anew by those that had issued them.
 */
#include <stdlib.h>

#include "ledger/record.h"
#include "protocol/assert.h"
#include "storage/provenance.h"

/* Points of one issuer that left, in the order in which they did. */
struct part {
	uint32_t issuer;
	uint32_t month;			/* of issue */
	int64_t	 points;
};

struct lent {
	struct part *parts;		/* owned */
	uint32_t count;
	uint32_t capacity;
};

static enum tg_status
collect(void *context, uint32_t issuer, uint32_t redeemer, uint32_t month, int64_t points)
{
	struct lent *lent = context;

	TG_ASSERT(redeemer == PROVENANCE_LENT && points > 0);
	if (lent->count == lent->capacity) {
		const uint32_t capacity = lent->capacity * 2 + 8;
		struct part *parts = realloc(lent->parts, capacity * sizeof *parts);

		if (parts == NULL)
			return TG_NO_MEMORY;
		lent->parts = parts;
		lent->capacity = capacity;
	}
	lent->parts[lent->count++] = (struct part){ issuer, month, points };
	return TG_OK;
}

/* Nothing that comes makes anybody owe. */
static enum tg_status
expect_nothing(void *context, uint32_t issuer, uint32_t redeemer, uint32_t month, int64_t points)
{
	(void)context;
	(void)issuer;
	(void)redeemer;
	(void)month;
	(void)points;
	return TG_CORRUPT;
}

/* Some points of an issuer come. */
static enum tg_status
come(struct provenance *p, uint64_t to, const struct part *part, int64_t points, bool is_limited)
{
	const struct provenance_leg legs[] = {
		{ .account = ACCOUNT_ISSUED, .partner = part->issuer, .points = -points },
		{ .account = PROVENANCE_LIMITED_LEG, .partner = part->issuer, .points = points },
	};

	if (points == 0)
		return TG_OK;
	return provenance_apply(p, to, part->month, legs, is_limited ? 2 : 1, expect_nothing,
				NULL);
}

enum tg_status
provenance_lend(struct provenance *p, uint64_t from, uint64_t to, int64_t points,
		const struct provenance_leg *legs, uint32_t count)
{
	struct provenance_leg out[PROVENANCE_LEGS_MAX];
	struct lent lent = { .parts = NULL };
	/* What leaves the queue is told first, then the limited points. */
	int64_t queued = points;
	uint32_t used = 0;
	enum tg_status status;

	TG_ASSERT(from != 0 && to != 0 && from != to && count < PROVENANCE_LEGS_MAX);
	out[used++] = (struct provenance_leg){ .account = ACCOUNT_REDEEMED,
					       .partner = PROVENANCE_LENT,
					       .points = points };
	for (uint32_t i = 0; i < count; i++) {
		if (legs[i].account != PROVENANCE_LIMITED_LEG || legs[i].points >= 0)
			continue;
		out[used++] = legs[i];
		queued += legs[i].points;
	}
	/* What leaves keeps its month; nothing is issued that would need another. */
	status = provenance_apply(p, from, PROVENANCE_MONTH_NONE, out, used, collect, &lent);
	for (uint32_t i = 0; status == TG_OK && i < lent.count; i++) {
		const struct part *part = &lent.parts[i];
		const int64_t of_queue = part->points < queued ? part->points : queued;

		queued -= of_queue;
		status = come(p, to, part, of_queue, false);
		if (status == TG_OK)
			status = come(p, to, part, part->points - of_queue, true);
	}
	free(lent.parts);
	return status;
}
