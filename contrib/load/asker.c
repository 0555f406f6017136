/*
 * asker.c - sources that put the questions of a proof.
 */
#include "contrib/load/asker.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "protocol/rows.h"

/* Compares indexes of transactions by partner; context is the array. */
static int
compare_partners(const void *left, const void *right, void *context)
{
	const struct transaction *transactions = context;
	uint32_t a = transactions[*(const uint32_t *)left].partner;
	uint32_t b = transactions[*(const uint32_t *)right].partner;

	return a < b ? -1 : a > b;
}

/* Cut the sorted queue into a part for each partner. */
static void
part_queue(struct asker *asker)
{
	for (uint32_t i = 0; i < asker->queue_count; i++) {
		uint32_t partner = asker->logbook->transactions[asker->queue[i]].partner;

		if (asker->partner_count == 0 ||
		    asker->partners[asker->partner_count - 1].partner != partner) {
			asker->partners = reallocarray(asker->partners, asker->partner_count + 1,
						       sizeof(*asker->partners));
			TG_ASSERT(asker->partners != NULL);
			asker->partners[asker->partner_count].partner = partner;
			asker->partners[asker->partner_count++].next = i;
		}
		asker->partners[asker->partner_count - 1].end = i + 1;
	}
}

void
asker_init(struct asker *asker, const struct load *load, struct logbook *logbook, int64_t oldest_ms)
{
	memset(asker, 0, sizeof(*asker));
	asker->load = load;
	asker->logbook = logbook;
	asker->oldest_ms = oldest_ms;
	asker->queue = calloc((size_t)logbook->count + 1, sizeof(*asker->queue));
	asker->inquiries = calloc((size_t)logbook->accounts->count + 1, sizeof(*asker->inquiries));
	TG_ASSERT(asker->queue != NULL && asker->inquiries != NULL);
	for (uint32_t i = 0; i < logbook->count; i++) {
		if (logbook->transactions[i].business_time_ms < oldest_ms)
			asker->old_count++;
		else
			asker->queue[asker->queue_count++] = i;
	}
	qsort_r(asker->queue, asker->queue_count, sizeof(*asker->queue), compare_partners,
		logbook->transactions);
	part_queue(asker);
}

void
asker_deinit(struct asker *asker)
{
	free(asker->queue);
	free(asker->partners);
	free(asker->inquiries);
	free(asker->totals);
	memset(asker, 0, sizeof(*asker));
}

/* The partner that a slot speaks for. */
static uint32_t
partner_of(const struct asker *asker, uint32_t slot)
{
	return load_slot_partner(asker->load, slot);
}

static enum source_next
next_status(void *context, uint32_t slot, struct request *ret_request)
{
	struct asker *asker = context;
	uint32_t partner = partner_of(asker, slot);
	bool has_more = false;

	for (uint32_t i = 0; i < asker->partner_count; i++) {
		struct asker_partner *part = &asker->partners[i];
		const struct transaction *transaction;

		if (part->next == part->end)
			continue;
		if (part->partner != partner) {
			has_more = has_more || load_has_partner(asker->load, part->partner);
			continue;
		}
		transaction = &asker->logbook->transactions[asker->queue[part->next]];
		request_init(ret_request, TG_OP_STATUS, transaction->account);
		request_set_original(ret_request, transaction->id, transaction->business_time_ms);
		ret_request->cookie = asker->queue[part->next++];
		return SOURCE_REQUEST;
	}
	return has_more ? SOURCE_NOTHING : SOURCE_END;
}

/* STATUS knows the outcome of a transaction. */
static void
take_known(struct asker *asker, struct transaction *transaction, const struct tg_message *answer)
{
	struct outcome outcome;

	logbook_read_outcome(answer, (uint32_t)tg_message_integer(answer, TG_FIELD_OUTCOME, TG_OK),
			     &outcome);
	if (transaction->certainty == CERTAIN_UNKNOWN) {
		transaction->certainty = CERTAIN_FOUND;
		transaction->outcome = outcome;
		asker->found_count++;
	} else if (transaction->certainty == CERTAIN_REFUSED) {
		logbook_contradict(asker->logbook, transaction,
				   "every sending was refused, but STATUS knows it");
	} else {
		asker->checked_count++;
		/* The late original of a tombstone is told as what buried it. */
		if (transaction->outcome.status == TG_REVERSED_BEFORE &&
		    outcome.status == TG_ORIGINAL_UNKNOWN)
			return;
		if (!logbook_agrees(&transaction->outcome, &outcome))
			logbook_contradict(asker->logbook, transaction,
					   "STATUS tells another outcome than was answered");
	}
}

static void
answered_status(void *context, uint32_t slot, const struct request *request,
		const struct tg_message *answer)
{
	struct asker *asker = context;
	struct transaction *transaction = &asker->logbook->transactions[request->cookie];

	(void)slot;
	if (answer->code == TG_OK) {
		take_known(asker, transaction, answer);
	} else if (answer->code == TG_UNKNOWN_TRANSACTION || answer->code == TG_UNKNOWN_MEMBER) {
		if (transaction->certainty == CERTAIN_ACKNOWLEDGED)
			logbook_contradict(asker->logbook, transaction,
					   "acknowledged, but STATUS does not know it");
		else if (transaction->certainty == CERTAIN_UNKNOWN) {
			transaction->certainty = CERTAIN_ABSENT;
			asker->absent_count++;
		}
	} else {
		asker->unanswered_count++;
	}
}

static void
lost_status(void *context, uint32_t slot, const struct request *request)
{
	struct asker *asker = context;

	(void)slot;
	(void)request;
	asker->unanswered_count++;
}

struct source
asker_status_source(struct asker *asker)
{
	struct source source = { asker, next_status, answered_status, lost_status };

	return source;
}

static enum source_next
next_inquiry(void *context, uint32_t slot, struct request *ret_request)
{
	struct asker *asker = context;

	(void)slot;
	if (asker->next_account == asker->logbook->accounts->count)
		return SOURCE_END;
	request_init(ret_request, TG_OP_INQUIRY, asker->next_account++);
	return SOURCE_REQUEST;
}

static void
answered_inquiry(void *context, uint32_t slot, const struct request *request,
		 const struct tg_message *answer)
{
	struct asker *asker = context;
	struct inquiry *inquiry = &asker->inquiries[request->member];

	(void)slot;
	inquiry->is_answered = true;
	inquiry->status = (uint16_t)answer->code;
	inquiry->at_ms = load_server_time_ms(asker->load);
	inquiry->available = tg_message_integer(answer, TG_FIELD_AVAILABLE, 0);
	inquiry->pending = tg_message_integer(answer, TG_FIELD_PENDING, 0);
	inquiry->held = tg_message_integer(answer, TG_FIELD_HELD, 0);
	inquiry->debt = tg_message_integer(answer, TG_FIELD_DEBT, 0);
}

static void
ignore_lost(void *context, uint32_t slot, const struct request *request)
{
	(void)context;
	(void)slot;
	(void)request;
}

struct source
asker_inquiry_source(struct asker *asker)
{
	struct source source = { asker, next_inquiry, answered_inquiry, ignore_lost };

	return source;
}

/* The totals of a partner; made when they are new. */
static struct partner_totals *
totals_of(struct asker *asker, uint32_t partner)
{
	struct partner_totals *totals;

	for (uint32_t i = 0; i < asker->totals_count; i++)
		if (asker->totals[i].partner == partner)
			return &asker->totals[i];
	asker->totals =
		reallocarray(asker->totals, asker->totals_count + 1, sizeof(*asker->totals));
	TG_ASSERT(asker->totals != NULL);
	totals = &asker->totals[asker->totals_count++];
	memset(totals, 0, sizeof(*totals));
	totals->partner = partner;
	totals->first_date = INT32_MAX;
	totals->last_date = INT32_MIN;
	return totals;
}

/* Sum up what the log and STATUS tell. */
static void
sum_log(struct asker *asker)
{
	for (uint32_t i = 0; i < asker->logbook->count; i++) {
		const struct transaction *transaction = &asker->logbook->transactions[i];
		const struct outcome *outcome = &transaction->outcome;
		struct partner_totals *totals;

		if (!logbook_has_record(transaction))
			continue;
		totals = totals_of(asker, transaction->partner);
		totals->logged_count[transaction->operation % ASKER_KINDS]++;
		/* Exchanges are counted in less out. */
		if (outcome->status == TG_OK && outcome->points > 0)
			totals->logged_points[transaction->operation % ASKER_KINDS] +=
				transaction->direction == TG_DIRECTION_OUT ? -outcome->points :
									     outcome->points;
		if (outcome->business_date < 0)
			continue;
		if (outcome->business_date < totals->first_date)
			totals->first_date = outcome->business_date;
		if (outcome->business_date > totals->last_date)
			totals->last_date = outcome->business_date;
	}
	for (uint32_t i = 0; i < asker->totals_count; i++)
		asker->totals[i].next_date = asker->totals[i].first_date;
}

static enum source_next
next_totals(void *context, uint32_t slot, struct request *ret_request)
{
	struct asker *asker = context;
	uint32_t partner = partner_of(asker, slot);
	bool has_more = false;

	for (uint32_t i = 0; i < asker->totals_count; i++) {
		struct partner_totals *totals = &asker->totals[i];

		if (totals->next_date > totals->last_date)
			continue;
		if (totals->partner != partner) {
			has_more = has_more || load_has_partner(asker->load, totals->partner);
			continue;
		}
		request_init(ret_request, TG_OP_TOTALS, MEMBER_NONE);
		ret_request->total_day = totals->next_date++;
		ret_request->cookie = i;
		totals->open_count++;
		return SOURCE_REQUEST;
	}
	return has_more ? SOURCE_NOTHING : SOURCE_END;
}

static void
answered_totals(void *context, uint32_t slot, const struct request *request,
		const struct tg_message *answer)
{
	struct asker *asker = context;
	struct partner_totals *totals = &asker->totals[request->cookie];
	struct tg_rows rows = { .left = 0 };
	struct tg_total total;

	(void)slot;
	totals->open_count--;
	if (answer->code != TG_OK) {
		totals->is_refused = true;
		return;
	}
	if (tg_message_has(answer, TG_FIELD_TOTALS))
		tg_rows_start(&answer->values[TG_FIELD_TOTALS], &rows);
	while (tg_rows_next_total(&rows, &total)) {
		if (total.kind >= ASKER_KINDS)
			continue;
		totals->told_count[total.kind] += (uint64_t)total.count;
		if (!total.is_declined)
			totals->told_points[total.kind] += total.points;
	}
}

struct source
asker_totals_source(struct asker *asker)
{
	struct source source = { asker, next_totals, answered_totals, ignore_lost };

	sum_log(asker);
	return source;
}
