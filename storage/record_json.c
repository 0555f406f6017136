/*
 * record_json.c - one function per section, in the order of record.h.
 *
 * Out of memory shows in the end only: json_object_set_new() of a NULL fails, and so does the
 * whole.
 */
#include "storage/record_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/calendar.h"
#include "ledger/request.h"
#include "storage/record_json_object.h"

#define DAY_MS INT64_C(86400000)
#define HEX_BYTES_MAX 32
#define TEXT_BYTES 48

static void
put_hex(struct object *o, const char *name, const uint8_t *bytes, size_t bytes_count)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * HEX_BYTES_MAX + 1];

	for (size_t i = 0; i < bytes_count && i < HEX_BYTES_MAX; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	put(o, name, json_stringn(text, 2 * bytes_count));
}

/* Text padded with zeros; what is no UTF-8 is shown in hexadecimal. */
void
record_json_put_text(struct object *o, const char *name, const uint8_t *bytes, size_t bytes_max)
{
	size_t length = strnlen((const char *)bytes, bytes_max);
	json_t *text = json_stringn((const char *)bytes, length);

	if (text != NULL)
		put(o, name, text);
	else
		put_hex(o, name, bytes, length < HEX_BYTES_MAX ? length : HEX_BYTES_MAX);
}

static json_t *
day_text(int32_t day)
{
	struct civil_date date;
	char text[TEXT_BYTES];

	if (day == INT32_MAX || day == INT32_MIN)
		return json_null();
	date = calendar_date(day);
	(void)snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
	return json_string(text);
}

void
record_json_put_day(struct object *o, const char *name, int32_t day)
{
	put(o, name, day_text(day));
}

json_t *
record_json_time(int64_t utc_ms)
{
	int64_t day = utc_ms / DAY_MS - (utc_ms % DAY_MS < 0);
	int ms = (int)(utc_ms - day * DAY_MS);
	struct civil_date date;
	char text[TEXT_BYTES];

	if (day < INT32_MIN || day > INT32_MAX)
		return json_null();
	date = calendar_date((int32_t)day);
	(void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year,
		       date.month, date.day, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60,
		       ms % 1000);
	return json_string(text);
}

void
record_json_put_time(struct object *o, const char *name, int64_t utc_ms)
{
	put(o, name, record_json_time(utc_ms));
}

json_t *
record_json_hash(struct state_hash hash)
{
	char text[TEXT_BYTES];

	(void)snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
	return json_string(text);
}

static void
put_header(struct object *o, const struct record *r)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = { { RECORD_LATE, "late" },
		      { RECORD_REPEAT, "repeat" },
		      { RECORD_TEST, "test" },
		      { RECORD_CAPPED, "capped" },
		      { RECORD_TOMBSTONE, "tombstone" },
		      { RECORD_GROSS, "gross" },
		      { RECORD_SKIP_LIMITED, "skip_limited" },
		      { RECORD_PAST_STOP, "past_stop" },
		      { RECORD_OUT, "out" },
		      { RECORD_OF_VALUE, "of_value" } };
	json_t *set = json_array();

	put_number(o, "sequence", r->sequence);
	put(o, "kind", json_string(record_kind_name(r->kind)));
	put(o, "status", json_string(tg_status_name((enum tg_status)r->status)));
	record_json_put_time(o, "booked_at", r->booked_at_utc_ms);
	record_json_put_day(o, "business_date", r->business_date);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if ((r->flags & flags[i].bit) != 0)
			(void)json_array_append_new(set, json_string(flags[i].name));
	}
	if (r->flags != 0)
		put(o, "flags", set);
	else
		json_decref(set);
}

static void
put_request(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, PRINCIPAL)) {
		put_number(o, "partner", r->partner);
		put_number(o, "store", r->store);
		put_number(o, "terminal", r->terminal);
	}
	if (RECORD_HAS(r, OPERATOR)) {
		record_json_put_text(o, "operator", r->operator_name, sizeof r->operator_name);
		record_json_put_text(o, "origin", r->origin, sizeof r->origin);
	}
	if (RECORD_HAS(r, TEXT))
		record_json_put_text(o, "text", r->text, r->text_bytes);
	if (RECORD_HAS(r, BLOCK)) {
		put_number(o, "block_target", r->block_target);
		put_number(o, "is_blocked", r->is_blocked);
		put_number(o, "blocked_row", r->blocked_row);
	}
	if (RECORD_HAS(r, BIRTHDAY)) {
		put_number(o, "birthday_month", r->birthday >> 5);
		put_number(o, "birthday_day", r->birthday & 31u);
	}
	if (RECORD_HAS(r, TRANSACTION)) {
		put_hex(o, "transaction_id", r->transaction_id, sizeof r->transaction_id);
		put_hex(o, "fingerprint", r->fingerprint, sizeof r->fingerprint);
		record_json_put_time(o, "business_time", r->business_time_utc_ms);
		put_number(o, "transaction_row", r->transaction_row);
	}
	if (RECORD_HAS(r, MEMBER))
		put_number(o, "member", r->member);
	if (RECORD_HAS(r, AMOUNT)) {
		put_int(o, "amount", r->amount);
		put_int(o, "points", r->points);
		put_number(o, "rule_version", r->rule_version);
	}
	if (RECORD_HAS(r, TILL)) {
		record_json_put_day(o, "till_day", r->till_day);
		put_number(o, "till", r->till);
		record_json_put_text(o, "receipt", r->receipt, r->receipt_bytes);
		put_hex(o, "receipt_key", r->receipt_key, sizeof r->receipt_key);
	}
	if (RECORD_HAS(r, DETAILS)) {
		put_int(o, "covered", r->covered);
		put_int(o, "base_points", r->base_points);
		put_int(o, "bonus_points", r->bonus_points);
		put_number(o, "bonus_sponsor", r->bonus_sponsor);
		put_number(o, "campaign", r->campaign);
		put_number(o, "tender", r->tender);
		put_number(o, "channel", r->channel);
		put_number(o, "reason", r->reason);
	}
}

static void
put_exchange(struct object *o, const struct exchange *exchange)
{
	put(o, "direction",
	    json_string(exchange->direction == TG_DIRECTION_OUT ? "out" : "in"));
	put_int(o, "given", exchange->given);
	if (exchange->expected >= 0)
		put_int(o, "expected", exchange->expected);
	put_int(o, "own_units", exchange->own_units);
	put_int(o, "rate_num", exchange->rate_num);
	put_int(o, "rate_den", exchange->rate_den);
	put_number(o, "exchange_version", exchange->version);
	put_number(o, "exchange_position", exchange->position);
}

static void
put_value(struct object *o, const struct record_value *value)
{
	put_number(o, "value_row", value->row);
	put_number(o, "value_is_new", value->is_new);
	put_number(o, "value_flags", value->flags);
	put_int(o, "value_change", value->change);
	put_int(o, "value_after", value->after);
	put_int(o, "value_shared", value->shared);
	if (value->lent == 0)
		return;
	put_int(o, "value_lent", value->lent);
	put_number(o, "value_other_row", value->other_row);
	put_number(o, "value_other_flags", value->other_flags);
}

static void
put_effect(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, ORIGINAL)) {
		put_hex(o, "original_id", r->original_id, sizeof r->original_id);
		record_json_put_time(o, "original_time", r->original_time_utc_ms);
		put_number(o, "original_row", r->original_row);
		put_hex(o, "original_burn_id", r->original_burn_id, sizeof r->original_burn_id);
		put_number(o, "original_burn_row", r->original_burn_row);
	}
	if (RECORD_HAS(r, HOLD)) {
		put_number(o, "hold_row", r->hold_row);
		record_json_put_time(o, "hold_deadline", r->hold_deadline_utc_ms);
		put_int(o, "captured_points", r->captured_points);
	}
	if (RECORD_HAS(r, REFUNDED)) {
		put_int(o, "returned_money", r->returned_money);
		put_int(o, "returned_covered", r->returned_covered);
		put_int(o, "taken_points", r->taken_points);
		put_int(o, "absorbed_points", r->absorbed_points);
		put_int(o, "debt_points", r->debt_points);
		put_int(o, "restored_points", r->restored_points);
		put_int(o, "restored_regular_points", r->restored_regular_points);
		put_int(o, "lost_points", r->lost_points);
		put_int(o, "paid_debt_points", r->paid_debt_points);
	}
	if (RECORD_HAS(r, EXCHANGE))
		put_exchange(o, &r->exchange);
	if (RECORD_HAS(r, VALUE))
		put_value(o, &r->value);
	if (RECORD_HAS(r, REGULAR_DAY))
		record_json_put_day(o, "regular_last_day", r->regular_last_day);
	if (RECORD_HAS(r, AFTER)) {
		put_int(o, "available_points", r->available_points);
		put_int(o, "regular_points", r->regular_points);
		record_json_put_day(o, "next_expiry_day", r->next_expiry_day);
		put_int(o, "next_expiry_points", r->next_expiry_points);
	}
	if (RECORD_HAS(r, AFTER_OTHER)) {
		put_int(o, "pending_points", r->pending_points);
		put_int(o, "held_points", r->held_points);
		put_int(o, "debt_after_points", r->debt_after_points);
	}
}

/* Append element, which may have failed, to the array. */
void
record_json_append(struct object *o, json_t *array, struct object *element)
{
	o->has_failed |= element->has_failed;
	if (json_array_append_new(array, element->json) != 0)
		o->has_failed = true;
}

static void
put_postings(struct object *o, const struct record *r)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < r->posting_count; i++) {
		const struct posting *posting = &r->postings[i];
		struct object element = { .json = json_object() };

		put(&element, "account", json_string(account_name(posting->account)));
		put_number(&element, "unit", posting->unit);
		if (posting->partner != 0)
			put_number(&element, "partner", posting->partner);
		put_int(&element, "points", posting->points);
		record_json_append(o, array, &element);
	}
	put(o, "postings", array);
}

static const char *
move_name(uint8_t kind)
{
	switch ((enum move_kind)kind) {
	case MOVE_REGULAR:
		return "regular";
	case MOVE_LOT:
		return "lot";
	case MOVE_PENDING:
		return "pending";
	case MOVE_DEBT:
		return "debt";
	case MOVE_PORTION:
		return "portion";
	case MOVE_COVER:
		return "cover";
	case MOVE_STOPPED:
		return "stopped";
	}
	return "?";
}

static void
put_moves(struct object *o, const struct record *r)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < r->move_count; i++) {
		const struct move *move = &r->moves[i];
		struct object element = { .json = json_object() };

		put(&element, "what", json_string(move_name(move->kind)));
		put_number(&element, "row", move->row);
		put_int(&element, "points", move->points);
		if ((move->flags & MOVE_GONE) != 0)
			put(&element, "gone", json_true());
		if ((move->flags & MOVE_OF_HOLD) != 0)
			put(&element, "of_hold", json_true());
		if ((move->flags & MOVE_NEW) != 0) {
			put(&element, "new", json_true());
			put_number(&element, "serial", move->serial);
			record_json_put_day(&element, "last_day", move->last_day);
			record_json_put_day(&element, "matures_day", move->matures_day);
			put_int(&element, "life_days", move->life_days);
			put_number(&element, "usable_at", move->usable_at);
			put_number(&element, "partner", move->partner);
			put_number(&element, "lot_flags", move->lot_flags);
			put_number(&element, "campaign", move->campaign);
		} else if (move->kind == MOVE_COVER) {
			put_number(&element, "serial", move->serial);
			put_number(&element, "partner", move->partner);
		} else if (move->partner != 0) {
			put_number(&element, "partner", move->partner);
		}
		record_json_append(o, array, &element);
	}
	put(o, "moves", array);
}

static void
put_lists(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, POSTINGS))
		put_postings(o, r);
	if (RECORD_HAS(r, MOVES))
		put_moves(o, r);
	if (RECORD_HAS(r, LINES)) {
		json_t *array = json_array();
		struct purchase_line line;
		size_t offset = 0;

		while (record_line_next(r, &offset, &line)) {
			struct object element = { .json = json_object() };

			record_json_put_text(&element, "item", line.item, line.item_bytes);
			put_number(&element, "category", line.category);
			put_number(&element, "quantity", line.quantity);
			put_int(&element, "amount", line.amount);
			record_json_append(o, array, &element);
		}
		put(o, "lines", array);
	}
	if (RECORD_HAS(r, IDENTIFIERS)) {
		json_t *array = json_array();

		for (uint8_t i = 0; i < r->identifier_count; i++) {
			const struct identifier_image *image = &r->identifiers[i];
			struct object element = { .json = json_object() };

			put_number(&element, "row", image->row);
			put_number(&element, "type", image->type);
			put_number(&element, "key", image->key);
			put_hex(&element, "hash", image->hash, sizeof image->hash);
			record_json_append(o, array, &element);
		}
		put(o, "identifiers", array);
	}
}

/* What is known of a one-time code; its hash is nobody's business. */
static void
put_activation(struct object *o, const struct record *r)
{
	if (!RECORD_HAS(r, ACTIVATION))
		return;
	put_number(o, "code_generation", r->activation.key_generation);
	record_json_put_time(o, "code_expires", r->activation.expires_utc_ms);
	put(o, "code_is_used", json_boolean(r->activation.is_used));
}

static void
put_cycle(struct object *o, const char *name, const struct cycle *cycle)
{
	struct object row = { .json = json_object() };

	put_number(&row, "partner", cycle->partner);
	put_number(&row, "number", cycle->number);
	if (cycle->first_day != DAY_NONE)
		record_json_put_day(&row, "first_day", cycle->first_day);
	record_json_put_day(&row, "last_day", cycle->last_day);
	o->has_failed |= row.has_failed;
	put(o, name, row.json);
}

static void
put_terms(struct object *o, const struct settlement_terms *terms)
{
	struct object row = { .json = json_object() };

	put(&row, "is_traced", json_boolean(terms->is_traced));
	put_int(&row, "issued_num", terms->issued_num);
	put_int(&row, "issued_den", terms->issued_den);
	put_int(&row, "redeemed_num", terms->redeemed_num);
	put_int(&row, "redeemed_den", terms->redeemed_den);
	put_int(&row, "minimum_amount", terms->minimum_amount);
	o->has_failed |= row.has_failed;
	put(o, "terms", row.json);
}

static void
put_settlement(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, CYCLE)) {
		put_number(o, "cycle_period", r->cycle_image.period);
		put_number(o, "cycle_ends_on", r->cycle_image.ends_on);
		put_number(o, "cycle_calendar", r->cycle_image.calendar);
		put_number(o, "cycle_flags", r->cycle_image.flags);
		put_int(o, "cycle_minimum_amount", r->cycle_image.minimum_amount);
		put_cycle(o, "open_cycle", &r->cycle_open);
	}
	if (RECORD_HAS(r, HOLIDAY)) {
		put_number(o, "calendar", r->holiday.calendar);
		record_json_put_day(o, "holiday", r->holiday.day);
		put(o, "is_rest", json_boolean(r->holiday.is_rest));
	}
	if (RECORD_HAS(r, CLOSED)) {
		put_cycle(o, "closed_cycle", &r->closed);
		put_terms(o, &r->terms);
	}
	if (RECORD_HAS(r, STATEMENT)) {
		put_number(o, "statement_partner", r->statement_partner);
		put_number(o, "statement_cycle", r->statement_cycle);
		put_number(o, "statement_state", r->statement_state);
	}
	if (RECORD_HAS(r, ITEM)) {
		put_number(o, "item_partner", r->item.partner);
		put_number(o, "item_other", r->item.other);
		put_int(o, "item_amount", r->item.amount);
		put_number(o, "item_about", r->item.about);
	}
}

static void
put_matters(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, DAY_PROOF)) {
		put_number(o, "proof_scope", r->day_proof.scope);
		put_number(o, "proof_owner", r->day_proof.owner);
		put_number(o, "proof_basis", r->day_proof.basis);
		record_json_put_day(o, "proof_day", r->day_proof.day);
		put_int(o, "proof_transactions", r->day_proof.count);
		put_hex(o, "proof_digest", r->day_proof.digest, sizeof(r->day_proof.digest));
		put_hex(o, "proof_chain", r->day_proof.chain, sizeof(r->day_proof.chain));
	}
	if (RECORD_HAS(r, PROPOSAL)) {
		put_number(o, "proposal", r->proposal.number);
		put_number(o, "proposal_state", r->proposal.state);
		record_json_put_text(o, "proposed_by", r->proposal.proposer,
				     sizeof(r->proposal.proposer));
		record_json_put_time(o, "proposal_expires_at", r->proposal.expires_utc_ms);
		record_json_put_text(o, "proposed_command", r->proposal.text,
				     r->proposal.text_bytes);
	}
	if (RECORD_HAS(r, OTHER)) {
		put_number(o, "other_member", r->other_member);
		put_number(o, "extension_row", r->extension_rows[0]);
		put_number(o, "other_extension_row", r->extension_rows[1]);
	}
	if (RECORD_HAS(r, SHARED)) {
		put_int(o, "shared_available_points", r->shared.available_points);
		put_int(o, "shared_regular_points", r->shared.regular_points);
		put_int(o, "shared_pending_points", r->shared.pending_points);
		put_int(o, "shared_held_points", r->shared.held_points);
		put_int(o, "shared_debt_points", r->shared.debt_points);
		put_int(o, "shared_next_expiry_points", r->shared.next_expiry_points);
		record_json_put_day(o, "shared_next_expiry_day", r->shared.next_expiry_day);
	}
	if (RECORD_HAS(r, DISPUTE)) {
		put_number(o, "dispute", r->dispute.number);
		put_number(o, "dispute_state", r->dispute.state);
		put_number(o, "dispute_reason", r->dispute.reason);
		put_number(o, "dispute_partner", r->dispute.partner);
		put_number(o, "dispute_about", r->dispute.about);
		put_number(o, "dispute_member", r->dispute.member);
		put_int(o, "dispute_amount", r->dispute.amount);
		put_hex(o, "dispute_transaction", r->dispute.original_id,
			sizeof(r->dispute.original_id));
	}
}

static void
put_housekeeping(struct object *o, const struct record *r)
{
	if (RECORD_HAS(r, CLOCK))
		record_json_put_time(o, "clock", r->clock_utc_ms);
	if (RECORD_HAS(r, DATE))
		record_json_put_day(o, "next_business_date", r->next_business_date);
	if (RECORD_HAS(r, SWEEP)) {
		record_json_put_day(o, "sweep_day", r->sweep_day);
		put_number(o, "sweep_phase", r->sweep_phase);
		put_number(o, "sweep_row", r->sweep_row);
		put_int(o, "sweep_before_utc_ms", r->sweep_before_utc_ms);
		put_number(o, "forget_count", r->forget_count);
	}
	if (RECORD_HAS(r, REOPENED)) {
		put_number(o, "reopened_sequence", r->reopened_sequence);
		put(o, "reopened_kind", json_string(record_kind_name(r->reopened_kind)));
		record_json_put_time(o, "reopened_booked_at", r->reopened_booked_at_utc_ms);
	}
}

json_t *
record_json(const struct record *record)
{
	struct object o = { .json = json_object() };

	put_header(&o, record);
	put_request(&o, record);
	put_effect(&o, record);
	put_lists(&o, record);
	record_json_put_config(&o, record);
	if (RECORD_HAS(record, BUDGET))
		record_json_put_budgets(&o, record);
	if (RECORD_HAS(record, COMPONENTS))
		record_json_put_components(&o, record);
	put_activation(&o, record);
	put_settlement(&o, record);
	put_matters(&o, record);
	record_json_put_funded(&o, record);
	put_housekeeping(&o, record);
	if (!o.has_failed)
		return o.json;
	json_decref(o.json);
	return NULL;
}
