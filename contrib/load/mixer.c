/*
 * mixer.c - a source that draws work by weight for members drawn at random.
 */
#include "contrib/load/mixer.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"

#define RECENT_MAX 8	 /* transactions that a slot remembers */
#define FOLLOWERS_MAX 64 /* steps that wait on a slot; more are left out */
#define CARD_DIGITS 10
#define BURN_POINTS_MAX 2000	    /* of a burn that is likely covered */
#define BURN_POINTS_BLIND 50	    /* of one for a member whose points are not known */
#define UNKNOWN_ORIGINAL_PPM 100000 /* reversals of what never was */
#define LATE_ORIGINAL_PPM 500000    /* of these, followed by the original */
#define WHOLE_PPM 500000	    /* captures and refunds of all there is */
#define RECEIPT_PPM 500000	    /* earns that tell a receipt */
#define OUT_PPM 500000		    /* exchanges of points for own currency */
#define BY_REFERENCE_PPM 500000	    /* members named by reference where it is known */

/* What a request is for; request->tag. */
enum purpose {
	PURPOSE_PLAIN,
	PURPOSE_CAPTURE, /* a hold that will be captured */
	PURPOSE_RELEASE, /* a hold that will be released */
	PURPOSE_LATE,	 /* a reversal of what never was, which will then be sent */
};

/* A transaction that was done, to be undone or asked about. */
struct recent {
	uint8_t operation; /* 0: none */
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint32_t member;
	int64_t business_time_ms;
	int64_t amount; /* of an earn, not yet refunded */
};

/* A step that follows one that was answered. */
struct follower {
	uint8_t operation;
	uint8_t original[TG_TRANSACTION_ID_BYTES];
	uint32_t member;
	int64_t original_time_ms;
	int64_t points;
};

/* What the mixer knows of one slot. */
struct mixer_slot {
	struct recent recents[RECENT_MAX];	  /* a ring */
	uint32_t recent_at;			  /* where the next goes */
	struct follower followers[FOLLOWERS_MAX]; /* a ring */
	uint32_t follower_at;			  /* first that waits */
	uint32_t follower_count;
};

struct mixer {
	struct mixer_options options;
	const struct load *load;
	struct transaction_ids *ids;
	struct prng prng;
	struct mixer_slot *slots; /* owned, one for each of load's */
	uint64_t receipt;	  /* number of the last, unlike those of other runs */
	uint32_t duplicate_total; /* sum of the weights */
};

struct mixer *
mixer_new(const struct mixer_options *options, const struct load *load, struct transaction_ids *ids)
{
	struct mixer *mixer = calloc(1, sizeof(*mixer));

	TG_ASSERT(mixer != NULL && load->members->count >= 1 && options->amount_max >= 1);
	mixer->options = *options;
	mixer->load = load;
	mixer->ids = ids;
	prng_init(&mixer->prng, options->seed);
	mixer->slots = calloc(load->slot_count, sizeof(*mixer->slots));
	TG_ASSERT(mixer->slots != NULL);
	memcpy(&mixer->receipt, ids->run, sizeof(mixer->receipt));
	mixer->receipt >>= 1;
	for (int i = 0; i < 4; i++)
		mixer->duplicate_total += options->duplicate_weights[i];
	return mixer;
}

void
mixer_free(struct mixer *mixer)
{
	if (mixer == NULL)
		return;
	free(mixer->slots);
	free(mixer);
}

static uint32_t
draw_member(struct mixer *mixer)
{
	if (prng_chance(&mixer->prng, mixer->options.hot_ppm))
		return 0;
	return (uint32_t)prng_below(&mixer->prng, mixer->load->members->count);
}

/* Points that the member probably has. */
static int64_t
draw_points(struct mixer *mixer, uint32_t member)
{
	int64_t available = mixer->load->members->items[member].available_points;

	if (available <= 0)
		return 1 + (int64_t)prng_below(&mixer->prng, BURN_POINTS_BLIND);
	if (available > BURN_POINTS_MAX)
		available = BURN_POINTS_MAX;
	return 1 + (int64_t)prng_below(&mixer->prng, (uint64_t)available);
}

/* All of it, or a part of at least 1. */
static int64_t
draw_part(struct mixer *mixer, int64_t whole)
{
	if (whole <= 1 || prng_chance(&mixer->prng, WHOLE_PPM))
		return whole;
	return 1 + (int64_t)prng_below(&mixer->prng, (uint64_t)whole);
}

/* Begin a request for the member; a transaction if the operation is one. */
static void
begin(struct mixer *mixer, struct request *request, enum tg_operation operation, uint32_t member)
{
	const struct member *known = &mixer->load->members->items[member];

	request_init(request, operation, member);
	request->by_reference = operation != TG_OP_ENROLL && known->reference != 0 &&
				prng_chance(&mixer->prng, BY_REFERENCE_PPM);
	if (tg_operation_info(operation)->has_transaction_id)
		request_set_transaction(request, mixer->ids, load_server_time_ms(mixer->load));
}

static void
make_earn(struct mixer *mixer, uint32_t slot, struct request *request, uint32_t member)
{
	begin(mixer, request, TG_OP_EARN, member);
	request->amount =
		1 + (int64_t)prng_below(&mixer->prng, (uint64_t)mixer->options.amount_max);
	if (prng_chance(&mixer->prng, RECEIPT_PPM)) {
		request->receipt = ++mixer->receipt;
		request->till = slot + 1;
	}
}

/* Take a transaction out of the ring.  operation: 0 for any.  False when there is none. */
static bool
take_recent(struct mixer *mixer, uint32_t slot, uint8_t operation, bool is_kept,
	    struct recent *ret_recent)
{
	struct recent *recents = mixer->slots[slot].recents;
	uint32_t start = (uint32_t)prng_below(&mixer->prng, RECENT_MAX);

	for (uint32_t i = 0; i < RECENT_MAX; i++) {
		struct recent *recent = &recents[(start + i) % RECENT_MAX];

		if (recent->operation == 0 || (operation != 0 && recent->operation != operation))
			continue;
		*ret_recent = *recent;
		if (!is_kept)
			recent->operation = 0;
		return true;
	}
	return false;
}

static void
remember(struct mixer *mixer, uint32_t slot, const struct recent *recent)
{
	struct mixer_slot *mixer_slot = &mixer->slots[slot];

	mixer_slot->recents[mixer_slot->recent_at] = *recent;
	mixer_slot->recent_at = (mixer_slot->recent_at + 1) % RECENT_MAX;
}

static void
make_refund(struct mixer *mixer, uint32_t slot, struct request *request)
{
	struct recent recent;

	if (!take_recent(mixer, slot, TG_OP_EARN, false, &recent)) {
		make_earn(mixer, slot, request, draw_member(mixer));
		return;
	}
	begin(mixer, request, TG_OP_REFUND, recent.member);
	request_set_original(request, recent.id, recent.business_time_ms);
	request->amount = draw_part(mixer, recent.amount);
	request->reason = TG_REASON_RETURNED;
	request->cookie = (uint64_t)recent.amount;
}

static void
make_reverse(struct mixer *mixer, uint32_t slot, struct request *request)
{
	struct recent recent;

	if (prng_chance(&mixer->prng, UNKNOWN_ORIGINAL_PPM)) {
		begin(mixer, request, TG_OP_REVERSE, draw_member(mixer));
		transaction_ids_next(mixer->ids, recent.id);
		request_set_original(request, recent.id, request->business_time_ms);
		request->reason = TG_REASON_TIME_OUT;
		if (prng_chance(&mixer->prng, LATE_ORIGINAL_PPM))
			request->tag = PURPOSE_LATE;
		return;
	}
	if (!take_recent(mixer, slot, 0, false, &recent)) {
		make_earn(mixer, slot, request, draw_member(mixer));
		return;
	}
	begin(mixer, request, TG_OP_REVERSE, recent.member);
	request_set_original(request, recent.id, recent.business_time_ms);
	request->reason = TG_REASON_VOIDED;
}

static void
make_status(struct mixer *mixer, uint32_t slot, struct request *request)
{
	struct recent recent;

	if (!take_recent(mixer, slot, 0, true, &recent)) {
		begin(mixer, request, TG_OP_INQUIRY, draw_member(mixer));
		return;
	}
	begin(mixer, request, TG_OP_STATUS, recent.member);
	request_set_original(request, recent.id, recent.business_time_ms);
}

static void
make_hold(struct mixer *mixer, struct request *request, enum purpose purpose)
{
	begin(mixer, request, TG_OP_HOLD, draw_member(mixer));
	request->points = draw_points(mixer, request->member);
	request->hold_seconds = mixer->options.hold_seconds;
	request->tag = purpose;
}

static void
make_quote(struct mixer *mixer, struct request *request)
{
	begin(mixer, request, TG_OP_QUOTE, draw_member(mixer));
	if (prng_chance(&mixer->prng, WHOLE_PPM)) {
		request->quoted_operation = TG_OP_BURN;
		request->points = draw_points(mixer, request->member);
	} else {
		request->quoted_operation = TG_OP_EARN;
		request->amount =
			1 + (int64_t)prng_below(&mixer->prng, (uint64_t)mixer->options.amount_max);
	}
}

/* Own units as money is drawn, or points as a burn takes them. */
static void
make_exchange(struct mixer *mixer, struct request *request)
{
	begin(mixer, request, TG_OP_EXCHANGE, draw_member(mixer));
	if (prng_chance(&mixer->prng, OUT_PPM)) {
		request->direction = TG_DIRECTION_OUT;
		request->points = draw_points(mixer, request->member);
	} else {
		request->direction = TG_DIRECTION_IN;
		request->own_units =
			1 + (int64_t)prng_below(&mixer->prng, (uint64_t)mixer->options.amount_max);
	}
}

static void
make_enroll(struct mixer *mixer, struct request *request)
{
	struct members *members = mixer->load->members;
	uint32_t index = members_add_card(members, mixer->options.card_prefix,
					  (uint64_t)members->count + 1, CARD_DIGITS);

	begin(mixer, request, TG_OP_ENROLL, index);
}

/* The step that waits longest on the slot.  False when there is none. */
static bool
make_follower(struct mixer *mixer, uint32_t slot, struct request *request)
{
	struct mixer_slot *mixer_slot = &mixer->slots[slot];
	const struct follower *follower = &mixer_slot->followers[mixer_slot->follower_at];

	if (mixer_slot->follower_count == 0)
		return false;
	mixer_slot->follower_at = (mixer_slot->follower_at + 1) % FOLLOWERS_MAX;
	mixer_slot->follower_count--;
	begin(mixer, request, (enum tg_operation)follower->operation, follower->member);
	switch (follower->operation) {
	case TG_OP_CAPTURE:
		request_set_original(request, follower->original, follower->original_time_ms);
		request->points = draw_part(mixer, follower->points);
		break;
	case TG_OP_RELEASE:
		request_set_original(request, follower->original, follower->original_time_ms);
		break;
	default:
		/* The original that was reversed before it arrived. */
		memcpy(request->transaction_id, follower->original, TG_TRANSACTION_ID_BYTES);
		request->business_time_ms = follower->original_time_ms;
		request->amount =
			1 + (int64_t)prng_below(&mixer->prng, (uint64_t)mixer->options.amount_max);
		break;
	}
	return true;
}

/* Decide whether and how it is sent again. */
static void
draw_repeat(struct mixer *mixer, struct request *request)
{
	uint64_t at;

	if (!request->is_transaction || mixer->duplicate_total == 0 ||
	    !prng_chance(&mixer->prng, mixer->options.duplicates_ppm))
		return;
	at = prng_below(&mixer->prng, mixer->duplicate_total);
	for (int i = 0; i < 4; i++) {
		if (at < mixer->options.duplicate_weights[i]) {
			request->repeat = (enum repeat_kind)i;
			return;
		}
		at -= mixer->options.duplicate_weights[i];
	}
}

static enum source_next
on_next(void *context, uint32_t slot, struct request *ret_request)
{
	struct mixer *mixer = context;

	if (!make_follower(mixer, slot, ret_request)) {
		switch (mix_draw(&mixer->options.mix, &mixer->prng)) {
		case MIX_ENROLL:
			make_enroll(mixer, ret_request);
			break;
		case MIX_INQUIRY:
			begin(mixer, ret_request, TG_OP_INQUIRY, draw_member(mixer));
			break;
		case MIX_QUOTE:
			make_quote(mixer, ret_request);
			break;
		case MIX_EARN:
			make_earn(mixer, slot, ret_request, draw_member(mixer));
			break;
		case MIX_BURN:
			begin(mixer, ret_request, TG_OP_BURN, draw_member(mixer));
			ret_request->points = draw_points(mixer, ret_request->member);
			break;
		case MIX_CAPTURE:
			make_hold(mixer, ret_request, PURPOSE_CAPTURE);
			break;
		case MIX_RELEASE:
			make_hold(mixer, ret_request, PURPOSE_RELEASE);
			break;
		case MIX_REFUND:
			make_refund(mixer, slot, ret_request);
			break;
		case MIX_REVERSE:
			make_reverse(mixer, slot, ret_request);
			break;
		case MIX_STATUS:
			make_status(mixer, slot, ret_request);
			break;
		case MIX_EXCHANGE:
			make_exchange(mixer, ret_request);
			break;
		case MIX_COUNT:
			return SOURCE_END;
		}
	}
	draw_repeat(mixer, ret_request);
	return SOURCE_REQUEST;
}

/* Have a step follow on the slot. */
static void
follow(struct mixer *mixer, uint32_t slot, enum tg_operation operation,
       const struct request *request, const uint8_t original[TG_TRANSACTION_ID_BYTES])
{
	struct mixer_slot *mixer_slot = &mixer->slots[slot];
	struct follower *follower;

	if (mixer_slot->follower_count == FOLLOWERS_MAX)
		return;
	follower = &mixer_slot->followers[(mixer_slot->follower_at + mixer_slot->follower_count) %
					  FOLLOWERS_MAX];
	mixer_slot->follower_count++;
	follower->operation = (uint8_t)operation;
	memcpy(follower->original, original, TG_TRANSACTION_ID_BYTES);
	follower->member = request->member;
	follower->original_time_ms = request->business_time_ms;
	follower->points = request->points;
}

static void
on_answered(void *context, uint32_t slot, const struct request *request,
	    const struct tg_message *answer)
{
	struct mixer *mixer = context;
	struct recent recent = { .operation = request->operation,
				 .member = request->member,
				 .business_time_ms = request->business_time_ms,
				 .amount = request->amount };

	memcpy(recent.id, request->transaction_id, TG_TRANSACTION_ID_BYTES);
	if (request->tag == PURPOSE_LATE && answer->code == TG_ORIGINAL_UNKNOWN)
		follow(mixer, slot, TG_OP_EARN, request, request->original);
	if (answer->code != TG_OK)
		return;
	if (request->operation == TG_OP_EARN || request->operation == TG_OP_BURN ||
	    request->operation == TG_OP_EXCHANGE) {
		remember(mixer, slot, &recent);
	} else if (request->operation == TG_OP_HOLD) {
		follow(mixer, slot, request->tag == PURPOSE_CAPTURE ? TG_OP_CAPTURE : TG_OP_RELEASE,
		       request, request->transaction_id);
	} else if (request->operation == TG_OP_REFUND &&
		   (int64_t)request->cookie > request->amount) {
		/* What is left of the purchase may come back later. */
		recent.operation = TG_OP_EARN;
		recent.amount = (int64_t)request->cookie - request->amount;
		memcpy(recent.id, request->original, TG_TRANSACTION_ID_BYTES);
		recent.business_time_ms = request->original_time_ms;
		remember(mixer, slot, &recent);
	}
}

static void
on_lost(void *context, uint32_t slot, const struct request *request)
{
	(void)context;
	(void)slot;
	(void)request;
}

struct source
mixer_source(struct mixer *mixer)
{
	struct source source = { mixer, on_next, on_answered, on_lost };

	return source;
}
