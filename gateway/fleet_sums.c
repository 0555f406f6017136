/*
 * fleet_sums.c - the fleet in a few numbers: for metrics.
 */
#include "gateway/fleet_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/request.h"

#define SLICE 256
#define SLOTS (2 * FLEET_VERSIONS_MAX)	/* a power of two */

/* Rows being added up, and where each version is counted. */
struct adding {
	struct host_terminal rows[SLICE];
	uint16_t slots[SLOTS];		/* index in versions + 1; 0: free */
};

static void
add_version(struct adding *adding, struct fleet_sums *sums, const char *text)
{
	uint64_t at;

	/* A terminal that says one of our words means what they mean: no two samples are alike. */
	if (text[0] == '\0')
		text = "unknown";
	if (strcmp(text, "other") == 0) {
		sums->versions_other++;
		return;
	}
	at = XXH3_64bits(text, strlen(text));
	for (;; at++) {
		uint16_t *slot = &adding->slots[at % SLOTS];

		if (*slot == 0 && sums->version_count == FLEET_VERSIONS_MAX) {
			sums->versions_other++;
			return;
		}
		if (*slot == 0) {
			*slot = (uint16_t)++sums->version_count;
			(void)snprintf(sums->versions[*slot - 1].text, HOST_SOFTWARE_BYTES, "%s",
				       text);
		}
		if (strcmp(sums->versions[*slot - 1].text, text) == 0) {
			sums->versions[*slot - 1].terminals++;
			return;
		}
	}
}

static uint64_t
distance(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static void
add_difference(struct fleet_sums *sums, const struct host_terminal *row)
{
	uint32_t at = 0;

	if (row->compared_day == DAY_NONE ||
	    (row->difference_transactions == 0 && row->difference_points == 0))
		return;
	sums->differing++;
	while (at + 1 < sums->difference_count && sums->differences[at].partner != row->partner)
		at++;
	sums->differences[at].transactions += distance(row->difference_transactions);
	sums->differences[at].points += distance(row->difference_points);
}

static void
add(struct adding *adding, struct fleet_sums *sums, const struct host_terminal *row,
    int64_t burn_clock_ms)
{
	sums->known++;
	sums->connected += row->session_count > 0;
	if (row->has_queue) {
		sums->queueing += row->queue_depth > 0;
		sums->queued += row->queue_depth;
		if (row->queue_depth > sums->queue_max)
			sums->queue_max = row->queue_depth;
		if (row->queue_age_s > sums->queue_age_max_s)
			sums->queue_age_max_s = row->queue_age_s;
	}
	sums->clock_off += row->has_skew && distance(row->skew_ms) > distance(burn_clock_ms);
	if (row->session_count > 0 && row->settled_day != DAY_NONE &&
	    (sums->settled_day_min == DAY_NONE || row->settled_day < sums->settled_day_min))
		sums->settled_day_min = row->settled_day;
	add_version(adding, sums, row->software);
	add_difference(sums, row);
}

/* Commonest first. */
static int
compare(const void *left, const void *right)
{
	const struct fleet_version *a = left, *b = right;

	if (a->terminals != b->terminals)
		return a->terminals > b->terminals ? -1 : 1;
	return strcmp(a->text, b->text);
}

enum tg_status
fleet_sum(struct fleet *fleet, int64_t burn_clock_ms, struct fleet_sums *sums)
{
	struct fleet_difference *differences = sums->differences;
	uint32_t difference_count = sums->difference_count, first = 0, count;
	struct adding *adding = calloc(1, sizeof(*adding));

	if (adding == NULL)
		return TG_NO_MEMORY;
	memset(sums, 0, sizeof(*sums));
	sums->differences = differences;
	sums->difference_count = difference_count;
	sums->settled_day_min = DAY_NONE;
	do {
		count = fleet_rows(fleet, first, adding->rows, SLICE);
		for (uint32_t i = 0; i < count; i++)
			add(adding, sums, &adding->rows[i], burn_clock_ms);
		first += count;
	} while (count == SLICE);
	qsort(sums->versions, sums->version_count, sizeof(sums->versions[0]), compare);
	free(adding);
	return TG_OK;
}
