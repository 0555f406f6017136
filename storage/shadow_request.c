/*
 * shadow_request.c - the request that a record is the outcome of.
 */
#include <string.h>

#include "storage/shadow.h"

#define MS_PER_SECOND 1000

static bool
is_set(const uint8_t *id)
{
	static const uint8_t none[TG_TRANSACTION_ID_BYTES];

	return memcmp(id, none, sizeof none) != 0;
}

static void
take_original(const struct record *r, struct ledger_request *q)
{
	q->has_original = is_set(r->original_id);
	q->has_original_burn = is_set(r->original_burn_id);
	memcpy(q->original_id, r->original_id, sizeof q->original_id);
	memcpy(q->original_burn_id, r->original_burn_id, sizeof q->original_burn_id);
	q->original_time_utc_ms = r->original_time_utc_ms;
}

static void
take_till(const struct record *r, struct ledger_request *q)
{
	q->till_day = r->till_day;
	q->till = r->till;
	q->receipt_bytes = r->receipt_bytes;
	memcpy(q->receipt, r->receipt, r->receipt_bytes);
}

static void
take_identifier(const struct identifier_image *image, struct identifier_hash *hash)
{
	hash->type = image->type;
	hash->key = image->key;
	memcpy(hash->hash, image->hash, sizeof hash->hash);
}

/* An enrolment names one or two; linking the one that is new. */
static void
take_identifiers(const struct record *r, struct ledger_request *q)
{
	if (r->kind != RECORD_ENROLL && r->identifier_count > 0) {
		take_identifier(&r->identifiers[0], &q->new_identifier);
		return;
	}
	if (r->identifier_count > 0)
		take_identifier(&r->identifiers[0], &q->identifier);
	if (r->identifier_count > 1)
		take_identifier(&r->identifiers[1], &q->new_identifier);
}

/* What was offered, not what was taken of it.  What was expected of it was another rate's. */
static void
take_exchange(const struct exchange *exchange, struct ledger_request *q)
{
	q->direction = exchange->direction;
	if (exchange->direction == TG_DIRECTION_OUT) {
		q->points = exchange->given;
		q->has_points = true;
	} else {
		q->own_units = exchange->given;
		q->has_own_units = true;
	}
}

/* How much was asked for: records of an earn say what was granted instead. */
static void
take_points(const struct record *r, struct ledger_request *q)
{
	q->amount = r->amount;
	if (RECORD_HAS(r, EXCHANGE) && r->kind == RECORD_EXCHANGE) {
		take_exchange(&r->exchange, q);
		return;
	}
	if (r->kind == RECORD_EARN || r->kind == RECORD_CONFIRM || r->kind == RECORD_REVERSE)
		return;
	q->points = r->points;
	q->has_points = r->points > 0;
}

/* A transaction of a till. */
static bool
till_request(const struct record *r, struct ledger_request *q)
{
	if (!RECORD_HAS(r, PRINCIPAL) || !RECORD_HAS(r, TRANSACTION))
		return false;
	q->principal = r->terminal;
	q->store = r->store;
	memcpy(q->transaction_id, r->transaction_id, sizeof q->transaction_id);
	memcpy(q->fingerprint, r->fingerprint, sizeof q->fingerprint);
	q->business_time_utc_ms = r->business_time_utc_ms;
	q->is_late = (r->flags & RECORD_LATE) != 0;
	q->is_repeat = (r->flags & RECORD_REPEAT) != 0;
	q->skip_limited = (r->flags & RECORD_SKIP_LIMITED) != 0;
	q->is_of_value = (r->flags & RECORD_OF_VALUE) != 0;
	q->member = RECORD_HAS(r, MEMBER) && r->kind != RECORD_ENROLL ? r->member : 0;
	if (RECORD_HAS(r, AMOUNT))
		take_points(r, q);
	if (RECORD_HAS(r, DETAILS)) {
		q->covered = r->covered;
		q->campaign = r->campaign;
		q->tender = r->tender;
		q->channel = r->channel;
		q->reason = r->reason;
	}
	if (RECORD_HAS(r, TILL))
		take_till(r, q);
	if (RECORD_HAS(r, ORIGINAL))
		take_original(r, q);
	if (RECORD_HAS(r, IDENTIFIERS))
		take_identifiers(r, q);
	if (RECORD_HAS(r, HOLD) && r->kind == RECORD_HOLD)
		q->hold_seconds = (int32_t)((r->hold_deadline_utc_ms - r->booked_at_utc_ms) /
					    MS_PER_SECOND);
	if (RECORD_HAS(r, LINES)) {
		q->line_count = r->line_count;
		q->lines_bytes = r->lines_bytes;
		q->lines = r->lines;
	}
	return q->member != 0 || r->kind == RECORD_ENROLL;
}

static bool
adjustment(const struct record *r, struct ledger_request *q)
{
	q->member = r->member;
	q->points = r->points;
	q->is_debit = record_posted_points(r, ACCOUNT_ADJUSTMENTS) > 0;
	for (uint32_t i = 0; i < r->posting_count; i++) {
		if (r->postings[i].account == ACCOUNT_ADJUSTMENTS)
			q->partner = r->postings[i].partner;
	}
	q->text_bytes = r->text_bytes;
	memcpy(q->text, r->text, r->text_bytes);
	return RECORD_HAS(r, MEMBER) && RECORD_HAS(r, TEXT);
}

/* What an operator does to a member's identifiers; of a lost one the record says no name. */
static bool
identifiers(const struct record *r, struct ledger_request *q)
{
	q->kind = r->kind == RECORD_LINK ? REQUEST_LINK_FOR : REQUEST_UNLINK_FOR;
	q->member = r->kind == RECORD_LINK ? r->member : 0;
	if (r->identifier_count == 0)
		return false;
	take_identifier(&r->identifiers[0],
			r->kind == RECORD_LINK ? &q->new_identifier : &q->identifier);
	return true;
}

/* Of members only: which identifier it was the record does not say. */
static bool
block(const struct record *r, struct ledger_request *q)
{
	q->member = r->member;
	q->block_target = r->block_target;
	q->is_blocked = r->is_blocked != 0;
	return r->block_target == BLOCK_MEMBER && RECORD_HAS(r, MEMBER);
}

/* What a partner may issue: else it is stopped otherwise than it was. */
static bool
funding(const struct record *r, struct ledger_request *q)
{
	if (r->kind == RECORD_FUNDING) {
		q->kind = REQUEST_SET_FUNDING;
		q->funding = r->funding;
		return true;
	}
	q->kind = REQUEST_FUND;
	q->partner = r->funded_partner;
	q->points = r->funded_points;
	q->price_micro = r->funded_price_micro;
	q->is_debit = r->kind == RECORD_UNFUND;
	return true;
}

/* Rows of the configuration, set whole. */
static bool
configuration(const struct record *r, struct ledger_request *q)
{
	switch (r->kind) {
	case RECORD_PROGRAMME:
		q->kind = REQUEST_SET_PROGRAMME;
		q->programme = r->programme;
		return true;
	case RECORD_PARTNER:
		q->kind = REQUEST_SET_PARTNER;
		q->partner_image = r->partner_image;
		return true;
	case RECORD_RULE:
		q->kind = REQUEST_ADD_RULE;
		q->rule = r->rule;
		return true;
	case RECORD_STORE:
		q->kind = REQUEST_SET_STORE;
		q->store_image = r->store_image;
		return true;
	case RECORD_TERMINAL:
		q->kind = REQUEST_SET_TERMINAL;
		q->terminal_image = r->terminal_image;
		return true;
	default:
		return false;
	}
}

/* What the flags are from then on. */
static bool
set_value(const struct record *r, struct ledger_request *q)
{
	if (!RECORD_HAS(r, MEMBER) || !RECORD_HAS(r, VALUE))
		return false;
	q->member = r->member;
	q->value_flags_on = r->value.flags;
	q->value_flags_off = (uint8_t)~r->value.flags;
	return true;
}

bool
shadow_request(const struct record *r, struct ledger_request *q)
{
	memset(q, 0, sizeof *q);
	q->till_day = DAY_NONE;
	if (RECORD_HAS(r, OPERATOR)) {
		memcpy(q->operator_name, r->operator_name, sizeof q->operator_name);
		memcpy(q->origin, r->origin, sizeof q->origin);
	}
	switch (r->kind) {
	case RECORD_LINK:
	case RECORD_UNLINK:
		if (!RECORD_HAS(r, PRINCIPAL))
			return identifiers(r, q);
		q->kind = r->kind;
		return till_request(r, q);
	case RECORD_ENROLL:
	case RECORD_EARN:
	case RECORD_BURN:
	case RECORD_HOLD:
	case RECORD_CAPTURE:
	case RECORD_RELEASE:
	case RECORD_REFUND:
	case RECORD_REVERSE:
	case RECORD_CONFIRM:
	case RECORD_EXCHANGE:
	case RECORD_TOP_UP:
	case RECORD_PAY:
		q->kind = r->kind;
		return till_request(r, q);
	case RECORD_ADJUST:
		q->kind = REQUEST_ADJUST;
		return adjustment(r, q);
	case RECORD_BLOCK:
		q->kind = REQUEST_BLOCK;
		return block(r, q);
	case RECORD_MERGE:
	case RECORD_UNMERGE:
		q->kind = r->kind == RECORD_MERGE ? REQUEST_MERGE : REQUEST_UNMERGE;
		q->member = r->member;
		q->other_member = r->other_member;
		return true;
	case RECORD_SET_VALUE:
		q->kind = REQUEST_SET_VALUE;
		return set_value(r, q);
	case RECORD_BIRTHDAY:
		q->kind = REQUEST_SET_BIRTHDAY;
		q->member = r->member;
		q->birthday = r->birthday;
		return true;
	case RECORD_FUNDING:
	case RECORD_FUND:
	case RECORD_UNFUND:
		return funding(r, q);
	case RECORD_CUTOVER:
		q->kind = REQUEST_CUTOVER;
		return true;
	case RECORD_SWEEP:
	case RECORD_FORGET:
	case RECORD_EXPIRE:
	case RECORD_MATURE:
	case RECORD_HOLD_EXPIRE:
	case RECORD_WRITE_OFF:
	case RECORD_CYCLE_CLOSED:
		q->kind = REQUEST_TICK;
		return true;
	default:
		return configuration(r, q);
	}
}
