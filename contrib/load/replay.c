/*
 * replay.c - a source that plays a purchase history, one day at a time.
 */
#include "contrib/load/replay.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/common/day.h"
#include "protocol/assert.h"

#define HOME_PPM 800000 /* purchases at the customer's own till */
#define NONE UINT32_MAX

/* What a draw decides; part of what is drawn from, so that the draws are independent. */
enum draw {
	DRAW_HOME,
	DRAW_AWAY,
	DRAW_TILL,
	DRAW_BURN,
	DRAW_HOLD,
	DRAW_REFUND,
	DRAW_REPEAT,
	DRAW_HOW
};

/* What a receipt does next, in this order; request->tag. */
enum step { STEP_EARN, STEP_BURN, STEP_HOLD, STEP_CAPTURE, STEP_RELEASE, STEP_REFUND, STEP_DONE };

/* One purchase of the day. */
struct receipt {
	uint32_t purchase;	 /* index in the history */
	uint32_t slot;		 /* the till */
	uint32_t next_of_member; /* next receipt of this member today, NONE: none */
	uint32_t next_ready;	 /* next in the slot's queue */
	enum step step;
	uint8_t earn_id[TG_TRANSACTION_ID_BYTES];
	uint8_t hold_id[TG_TRANSACTION_ID_BYTES];
	int64_t earn_time_ms, hold_time_ms;
	int64_t held_points;
};

/* Receipts that may go on, by slot. */
struct ready_queue {
	uint32_t first, last; /* NONE: empty */
};

struct replay {
	struct replay_options options;
	const struct history *history;
	const struct load *load;
	struct transaction_ids *ids;
	struct receipt *receipts; /* owned; of this day */
	uint32_t receipt_capacity;
	uint32_t receipt_count;
	uint32_t begun_count;	   /* of them, the first ones: may be sent */
	uint32_t left_count;	   /* of them not done */
	uint64_t begin_ns;	   /* when the day began, and how long it is; 0: no time at all */
	uint64_t day_ns;
	struct ready_queue *ready; /* owned; by slot */
	uint32_t *last_of_member;  /* owned; by member: its last receipt today, or NONE */
	size_t purchase_at;	   /* first purchase of the next day */
	uint64_t failed_count;
};

struct replay *
replay_new(const struct replay_options *options, const struct history *history,
	   const struct load *load, struct transaction_ids *ids)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	TG_ASSERT(replay != NULL && history->member_count <= load->members->count);
	replay->options = *options;
	replay->history = history;
	replay->load = load;
	replay->ids = ids;
	replay->ready = calloc(load->slot_count, sizeof(*replay->ready));
	replay->last_of_member = calloc(history->member_count, sizeof(*replay->last_of_member));
	TG_ASSERT(replay->ready != NULL && replay->last_of_member != NULL);
	for (uint32_t i = 0; i < load->slot_count; i++)
		replay->ready[i].first = replay->ready[i].last = NONE;
	return replay;
}

void
replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	free(replay->receipts);
	free(replay->ready);
	free(replay->last_of_member);
	free(replay);
}

/* A number that depends on the seed, the purpose and the subject only. */
static uint64_t
draw(const struct replay *replay, enum draw purpose, uint64_t subject)
{
	return prng_scatter(prng_scatter(replay->options.seed + (uint64_t)purpose) ^ subject);
}

static bool
is_drawn(const struct replay *replay, enum draw purpose, uint64_t subject, uint32_t ppm)
{
	return draw(replay, purpose, subject) % 1000000 < ppm;
}

/* The till of a purchase. */
static uint32_t
till_of(const struct replay *replay, uint32_t purchase)
{
	uint32_t customer = replay->history->purchases[purchase].customer;

	if (is_drawn(replay, DRAW_HOME, purchase, HOME_PPM))
		return (uint32_t)(draw(replay, DRAW_TILL, customer) % replay->load->slot_count);
	return (uint32_t)(draw(replay, DRAW_AWAY, purchase) % replay->load->slot_count);
}

static void
push_ready(struct replay *replay, uint32_t index)
{
	struct receipt *receipt = &replay->receipts[index];
	struct ready_queue *queue = &replay->ready[receipt->slot];

	receipt->next_ready = NONE;
	if (queue->last != NONE)
		replay->receipts[queue->last].next_ready = index;
	else
		queue->first = index;
	queue->last = index;
}

/* Add one purchase to the day's receipts. */
static void
add_receipt(struct replay *replay, uint32_t purchase)
{
	uint32_t index = replay->receipt_count++;
	struct receipt *receipt;

	if (index == replay->receipt_capacity) {
		replay->receipt_capacity = index * 2 + 256;
		replay->receipts = reallocarray(replay->receipts, replay->receipt_capacity,
						sizeof(*replay->receipts));
		TG_ASSERT(replay->receipts != NULL);
	}
	receipt = &replay->receipts[index];
	memset(receipt, 0, sizeof(*receipt));
	receipt->purchase = purchase;
	receipt->slot = till_of(replay, purchase);
	receipt->next_of_member = NONE;
}

/* Let a receipt begin, behind those of its member that are not done. */
static void
begin_receipt(struct replay *replay, uint32_t index)
{
	uint32_t member = replay->history->purchases[replay->receipts[index].purchase].member;
	uint32_t *last = &replay->last_of_member[member];

	if (*last != NONE && replay->receipts[*last].step != STEP_DONE)
		replay->receipts[*last].next_of_member = index;
	else
		push_ready(replay, index);
	*last = index;
}

/* Begin all whose time has come. */
static void
begin_receipts(struct replay *replay)
{
	uint64_t gone_ns = replay->load->now_ns - replay->begin_ns;

	while (replay->begun_count < replay->receipt_count &&
	       replay->day_ns / replay->receipt_count * replay->begun_count <= gone_ns)
		begin_receipt(replay, replay->begun_count++);
}

uint32_t
replay_begin_day(struct replay *replay, int32_t day, uint64_t begin_ns, uint64_t day_ns)
{
	const struct history *history = replay->history;

	TG_ASSERT(replay->left_count == 0);
	memset(replay->last_of_member, 0xff,
	       history->member_count * sizeof(*replay->last_of_member));
	replay->receipt_count = 0;
	replay->begun_count = 0;
	replay->begin_ns = begin_ns;
	replay->day_ns = day_ns;
	while (replay->purchase_at < history->purchase_count &&
	       history->purchases[replay->purchase_at].day <= day)
		add_receipt(replay, (uint32_t)replay->purchase_at++);
	replay->left_count = replay->receipt_count;
	return replay->receipt_count;
}

/* Points that the receipt's member has, as told last. */
static int64_t
points_of(const struct replay *replay, const struct receipt *receipt)
{
	uint32_t member = replay->history->purchases[receipt->purchase].member;
	int64_t points = replay->load->members->items[member].available_points;

	return points > 0 ? points : 0;
}

/* What comes after a step that was done or left out. */
static enum step
step_after(const struct replay *replay, const struct receipt *receipt, enum step step)
{
	const struct replay_options *options = &replay->options;
	bool is_held = is_drawn(replay, DRAW_HOLD, receipt->purchase,
				options->capture_ppm + options->release_ppm);
	bool is_released = is_drawn(replay, DRAW_HOLD, receipt->purchase, options->release_ppm);

	if (step < STEP_BURN && points_of(replay, receipt) >= 2 &&
	    is_drawn(replay, DRAW_BURN, receipt->purchase, options->burn_ppm))
		return STEP_BURN;
	if (step < STEP_HOLD && points_of(replay, receipt) >= 2 && is_held)
		return STEP_HOLD;
	if (step == STEP_HOLD)
		return is_released ? STEP_RELEASE : STEP_CAPTURE;
	if (step < STEP_REFUND && replay->history->purchases[receipt->purchase].amount_cents >= 2 &&
	    is_drawn(replay, DRAW_REFUND, receipt->purchase, options->refund_ppm))
		return STEP_REFUND;
	return STEP_DONE;
}

/* Decide whether and how an earn is sent again. */
static enum repeat_kind
repeat_of(const struct replay *replay, const struct receipt *receipt)
{
	uint64_t how = draw(replay, DRAW_HOW, receipt->purchase) % 10;

	if (!is_drawn(replay, DRAW_REPEAT, receipt->purchase, replay->options.repeat_ppm))
		return REPEAT_NONE;
	return how == 0 ? REPEAT_RECONNECT : how < 5 ? REPEAT_NOW : REPEAT_OTHER;
}

/* Say what the receipt's step asks. */
static void
make_step(struct replay *replay, struct receipt *receipt, struct request *request)
{
	static const enum tg_operation operations[] = {
		TG_OP_EARN, TG_OP_BURN, TG_OP_HOLD, TG_OP_CAPTURE, TG_OP_RELEASE, TG_OP_REFUND
	};
	const struct purchase *purchase = &replay->history->purchases[receipt->purchase];
	int64_t now_ms = load_server_time_ms(replay->load);

	TG_ASSERT(receipt->step < STEP_DONE);
	request_init(request, operations[receipt->step], purchase->member);
	request_set_transaction(request, replay->ids, now_ms);
	request->by_reference = replay->load->members->items[purchase->member].reference != 0 &&
				is_drawn(replay, DRAW_HOW, receipt->purchase, HOME_PPM / 2);
	switch (receipt->step) {
	case STEP_EARN:
		request->amount = purchase->amount_cents;
		request->receipt = (uint64_t)receipt->purchase + 1;
		request->piece_count = purchase->item_count;
		request->till = receipt->slot + 1;
		request->till_day = day_of_utc_ms(now_ms);
		request->repeat = repeat_of(replay, receipt);
		memcpy(receipt->earn_id, request->transaction_id, TG_TRANSACTION_ID_BYTES);
		receipt->earn_time_ms = now_ms;
		break;
	case STEP_BURN:
		request->points = points_of(replay, receipt) / 2;
		break;
	case STEP_HOLD:
		request->points = points_of(replay, receipt) / 2;
		memcpy(receipt->hold_id, request->transaction_id, TG_TRANSACTION_ID_BYTES);
		receipt->hold_time_ms = now_ms;
		receipt->held_points = request->points;
		break;
	case STEP_CAPTURE:
		request_set_original(request, receipt->hold_id, receipt->hold_time_ms);
		request->points = (receipt->held_points + 1) / 2;
		break;
	case STEP_RELEASE:
		request_set_original(request, receipt->hold_id, receipt->hold_time_ms);
		break;
	case STEP_REFUND:
		request_set_original(request, receipt->earn_id, receipt->earn_time_ms);
		request->amount = purchase->amount_cents / 2;
		request->reason = TG_REASON_RETURNED;
		break;
	case STEP_DONE:
		break;
	}
}

static enum source_next
on_next(void *context, uint32_t slot, struct request *ret_request)
{
	struct replay *replay = context;
	struct ready_queue *queue = &replay->ready[slot];
	uint32_t index;

	if (replay->left_count == 0)
		return SOURCE_END;
	begin_receipts(replay);
	index = queue->first;
	if (index == NONE)
		return SOURCE_NOTHING;
	queue->first = replay->receipts[index].next_ready;
	if (queue->first == NONE)
		queue->last = NONE;
	make_step(replay, &replay->receipts[index], ret_request);
	ret_request->cookie = index;
	return SOURCE_REQUEST;
}

/* The receipt is done: the member's next one may begin. */
static void
finish(struct replay *replay, struct receipt *receipt)
{
	receipt->step = STEP_DONE;
	replay->left_count--;
	if (receipt->next_of_member != NONE)
		push_ready(replay, receipt->next_of_member);
}

static void
on_answered(void *context, uint32_t slot, const struct request *request,
	    const struct tg_message *answer)
{
	struct replay *replay = context;
	uint32_t index = (uint32_t)request->cookie;
	struct receipt *receipt = &replay->receipts[index];
	enum step step = receipt->step;

	(void)slot;
	if (step == STEP_EARN && answer->code != TG_OK) {
		replay->failed_count++;
		finish(replay, receipt);
		return;
	}
	if (step == STEP_HOLD && answer->code != TG_OK)
		step = STEP_RELEASE;
	receipt->step = step_after(replay, receipt, step);
	if (receipt->step == STEP_DONE)
		finish(replay, receipt);
	else
		push_ready(replay, index);
}

static void
on_lost(void *context, uint32_t slot, const struct request *request)
{
	struct replay *replay = context;
	struct receipt *receipt = &replay->receipts[request->cookie];

	(void)slot;
	if (receipt->step == STEP_EARN)
		replay->failed_count++;
	finish(replay, receipt);
}

struct source
replay_source(struct replay *replay)
{
	struct source source = { replay, on_next, on_answered, on_lost };

	return source;
}

uint64_t
replay_failed_count(const struct replay *replay)
{
	return replay->failed_count;
}
