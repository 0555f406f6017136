/*
 * record_text.c - one function for each group of sections.
 *
 * Identifiers are hashes in a record, so nothing here needs a mask.
 */
#include "admin/record_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/config_noun.h"
#include "admin/text_table.h"
#include "admin/when.h"

/* Names and values, two columns. */
static const char *const fact_titles[] = { "what", "value" };

static void
fact(struct text_table *table, const char *name, int64_t value)
{
	text_table_cell(table, "%s", name);
	text_table_cell(table, "%" PRId64, value);
}

/* As fact(), but nothing for 0. */
static void
fact_unless_zero(struct text_table *table, const char *name, int64_t value)
{
	if (value != 0)
		fact(table, name, value);
}

static void
fact_text(struct text_table *table, const char *name, const char *text)
{
	text_table_cell(table, "%s", name);
	text_table_cell(table, "%s", text);
}

static void
fact_day(struct text_table *table, const char *name, int32_t day)
{
	char text[WHEN_BYTES];

	fact_text(table, name, when_day(day, text));
}

static void
fact_utc(struct text_table *table, const char *name, int64_t utc_ms)
{
	char text[WHEN_BYTES];

	fact_text(table, name, when_utc(utc_ms, text));
}

static void
fact_id(struct text_table *table, const char *name, const uint8_t id[16])
{
	char text[33];

	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	fact_text(table, name, text);
}

static void
print_header(struct text_table *t, const struct record *r)
{
	static const struct {
		uint16_t flag;
		const char *text;
	} flags[] = { { RECORD_LATE, "sent late" },	    { RECORD_REPEAT, "sent before" },
		      { RECORD_TEST, "test member" },	    { RECORD_CAPPED, "bonus capped" },
		      { RECORD_TOMBSTONE, "tombstone" },    { RECORD_GROSS, "base not reduced" },
		      { RECORD_SKIP_LIMITED, "limited points left alone" },
		      { RECORD_PAST_STOP, "past the issuer's stop" },
		      { RECORD_OUT, "into own currency" },
		      { RECORD_OF_VALUE, "of stored value" } };

	text_table_cell(t, "record");
	text_table_cell(t, "%" PRIu64 " %s", r->sequence, record_kind_name(r->kind));
	fact_text(t, "status", tg_status_name((enum tg_status)r->status));
	fact_utc(t, "booked at", r->booked_at_utc_ms);
	fact_day(t, "business date", r->business_date);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((r->flags & flags[i].flag) != 0)
			fact_text(t, "flag", flags[i].text);
	}
}

static void
print_who(struct text_table *t, const struct record *r)
{
	if (RECORD_HAS(r, PRINCIPAL)) {
		fact(t, "partner", r->partner);
		fact_unless_zero(t, "store", r->store);
		fact(t, "terminal", r->terminal);
	}
	if (RECORD_HAS(r, OPERATOR)) {
		text_table_cell(t, "operator");
		text_table_cell(t, "%.*s", OPERATOR_BYTES, (const char *)r->operator_name);
		text_table_cell(t, "origin");
		text_table_cell(t, "%.*s", ORIGIN_BYTES, (const char *)r->origin);
	}
	if (RECORD_HAS(r, TEXT)) {
		text_table_cell(t, "text");
		text_table_cell(t, "%.*s", (int)r->text_bytes, (const char *)r->text);
	}
	if (RECORD_HAS(r, BLOCK)) {
		text_table_cell(t, r->block_target == BLOCK_IDENTIFIER ? "identifier" : "member");
		text_table_cell(t, r->is_blocked != 0 ? "blocked" : "unblocked");
	}
	if (RECORD_HAS(r, BIRTHDAY)) {
		text_table_cell(t, "birthday");
		text_table_cell(t, "%02u-%02u", r->birthday >> 5, r->birthday & 31u);
	}
	if (RECORD_HAS(r, TRANSACTION)) {
		fact_id(t, "transaction id", r->transaction_id);
		fact_utc(t, "business time", r->business_time_utc_ms);
	}
	if (RECORD_HAS(r, MEMBER)) {
		text_table_cell(t, "member");
		text_table_cell(t, "%" PRIu64, r->member);
	}
}

static void
print_purchase(struct text_table *t, const struct record *r)
{
	if (RECORD_HAS(r, AMOUNT)) {
		fact(t, "amount (minor units)", r->amount);
		fact(t, "points", r->points);
		fact_unless_zero(t, "rule version", r->rule_version);
	}
	if (RECORD_HAS(r, COMPONENTS))
		fact_unless_zero(t, "rulebook version", r->rulebook_version);
	if (RECORD_HAS(r, DETAILS)) {
		fact_unless_zero(t, "covered by points (minor units)", r->covered);
		fact_unless_zero(t, "base points", r->base_points);
		fact_unless_zero(t, "bonus points", r->bonus_points);
		fact_unless_zero(t, "bonus sponsor", r->bonus_sponsor);
		fact_unless_zero(t, "campaign", r->campaign);
		fact_unless_zero(t, "tender", r->tender);
		fact_unless_zero(t, "channel", r->channel);
		fact_unless_zero(t, "reason", r->reason);
	}
	if (RECORD_HAS(r, TILL)) {
		fact_day(t, "till's day", r->till_day);
		fact_unless_zero(t, "till", r->till);
		if (r->receipt_bytes > 0) {
			text_table_cell(t, "receipt");
			text_table_cell(t, "%.*s", (int)r->receipt_bytes,
					(const char *)r->receipt);
		}
	}
}

static void
print_original(struct text_table *t, const struct record *r)
{
	if (RECORD_HAS(r, ORIGINAL)) {
		fact_id(t, "original id", r->original_id);
		if (r->original_time_utc_ms != 0)
			fact_utc(t, "original time", r->original_time_utc_ms);
	}
	if (RECORD_HAS(r, HOLD)) {
		fact_utc(t, "hold deadline", r->hold_deadline_utc_ms);
		fact_unless_zero(t, "captured points", r->captured_points);
	}
	if (RECORD_HAS(r, REFUNDED)) {
		fact_unless_zero(t, "returned money (minor units)", r->returned_money);
		fact_unless_zero(t, "returned covered (minor units)", r->returned_covered);
		fact_unless_zero(t, "taken points", r->taken_points);
		fact_unless_zero(t, "... expired before", r->absorbed_points);
		fact_unless_zero(t, "... became debt", r->debt_points);
		fact_unless_zero(t, "restored points", r->restored_points);
		fact_unless_zero(t, "lost points", r->lost_points);
		fact_unless_zero(t, "paid debt points", r->paid_debt_points);
	}
	if (RECORD_HAS(r, EXCHANGE)) {
		const bool is_out = r->exchange.direction == TG_DIRECTION_OUT;

		fact(t, is_out ? "points offered" : "own units offered", r->exchange.given);
		fact(t, "own units", r->exchange.own_units);
		fact_unless_zero(t, is_out ? "rate, own units" : "rate, points",
				 r->exchange.rate_num);
		fact_unless_zero(t, is_out ? "... for points" : "... for own units",
				 r->exchange.rate_den);
		fact_unless_zero(t, "rulebook version", r->exchange.version);
	}
	if (RECORD_HAS(r, VALUE)) {
		fact_unless_zero(t, "stored value changed by", r->value.change);
		fact(t, "stored value after", r->value.after);
		fact_unless_zero(t, "stored value lent by the other member", r->value.lent);
		fact_unless_zero(t, "stored value flags", r->value.flags);
	}
	if (RECORD_HAS(r, REOPENED)) {
		text_table_cell(t, "reopened record");
		text_table_cell(t, "%" PRIu64 " %s", r->reopened_sequence,
				record_kind_name(r->reopened_kind));
	}
}

static void
print_after(struct text_table *t, const struct record *r)
{
	if (RECORD_HAS(r, AFTER)) {
		fact(t, "available after", r->available_points);
		if (r->next_expiry_day != INT32_MAX) {
			fact_day(t, "next expiry", r->next_expiry_day);
			fact(t, "points expiring then", r->next_expiry_points);
		}
	}
	if (RECORD_HAS(r, AFTER_OTHER)) {
		fact(t, "pending after", r->pending_points);
		fact(t, "held after", r->held_points);
		fact(t, "debt after", r->debt_after_points);
	}
	if (RECORD_HAS(r, REGULAR_DAY))
		fact_day(t, "regular points until", r->regular_last_day);
	if (RECORD_HAS(r, CLOCK))
		fact_utc(t, "clock", r->clock_utc_ms);
	if (RECORD_HAS(r, DATE))
		fact_day(t, "next business date", r->next_business_date);
	if (RECORD_HAS(r, SWEEP)) {
		fact_day(t, "sweep day", r->sweep_day);
		fact(t, "sweep phase", r->sweep_phase);
		fact(t, "sweep row", r->sweep_row);
	}
}

static void
print_config(struct text_table *t, const struct record *r)
{
	const struct {
		bool is_there;
		const struct field_set *fields;
		const void *image;
	} images[] = {
		{ RECORD_HAS(r, PARTNER), &partner_field_set, &r->partner_image },
		{ RECORD_HAS(r, RULE), &rule_field_set, &r->rule },
		{ RECORD_HAS(r, STORE), &store_field_set, &r->store_image },
		{ RECORD_HAS(r, TERMINAL), &terminal_field_set, &r->terminal_image },
		{ RECORD_HAS(r, CYCLE), &cycle_field_set, &r->cycle_image },
		{ RECORD_HAS(r, FUNDING), &funding_field_set, &r->funding },
	};
	char text[FIELD_TEXT_BYTES];

	if (RECORD_HAS(r, PROGRAMME))
		fact(t, "programme version", r->programme.version);
	if (RECORD_HAS(r, FUNDED)) {
		fact(t, "funded partner", r->funded_partner);
		fact(t, "points of cover", r->funded_points);
	}
	if (RECORD_HAS(r, ACTIVATION)) {
		fact_text(t, "one-time code", r->activation.is_used ? "used" : "made");
		fact_utc(t, "code expires", r->activation.expires_utc_ms);
		fact(t, "code's generation", r->activation.key_generation);
	}
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		for (uint32_t k = 0; images[i].is_there && k < images[i].fields->count; k++) {
			field_format(&images[i].fields->fields[k], images[i].image, text);
			fact_text(t, images[i].fields->fields[k].name, text);
		}
	}
}

static void
print_settlement(struct text_table *t, const struct record *r)
{
	if (RECORD_HAS(r, CLOSED)) {
		fact(t, "closed cycle of partner", r->closed.partner);
		fact(t, "number of the cycle", r->closed.number);
		fact_day(t, "its first day", r->closed.first_day);
		fact_day(t, "its last day", r->closed.last_day);
	}
	if (RECORD_HAS(r, CYCLE)) {
		fact(t, "open cycle", r->cycle_open.number);
		fact_day(t, "first day", r->cycle_open.first_day);
		fact_day(t, "last day", r->cycle_open.last_day);
	}
	if (RECORD_HAS(r, HOLIDAY)) {
		fact(t, "calendar", r->holiday.calendar);
		fact_day(t, r->holiday.is_rest != 0 ? "holiday" : "holiday no more",
			 r->holiday.day);
	}
	if (RECORD_HAS(r, STATEMENT)) {
		fact(t, "statement of partner", r->statement_partner);
		fact(t, "for cycle", r->statement_cycle);
		fact(t, "is now in state", r->statement_state);
	}
	if (RECORD_HAS(r, ITEM)) {
		fact(t, "partner", r->item.partner);
		fact(t, "owes partner", r->item.other);
		fact(t, "amount (minor units)", r->item.amount);
		fact_unless_zero(t, "about record", (int64_t)r->item.about);
	}
}

static void
print_matters(struct text_table *t, const struct record *r)
{
	char text[PROPOSAL_TEXT_BYTES + 1];

	if (RECORD_HAS(r, DAY_PROOF)) {
		fact(t, "signed day of scope", r->day_proof.scope);
		fact(t, "of number", r->day_proof.owner);
		fact(t, "by basis", r->day_proof.basis);
		fact_day(t, "day", r->day_proof.day);
		fact(t, "transactions", r->day_proof.count);
		fact_id(t, "digest", r->day_proof.digest);
		fact_id(t, "chain", r->day_proof.chain);
	}
	if (RECORD_HAS(r, PROPOSAL)) {
		fact(t, "proposal", (int64_t)r->proposal.number);
		fact(t, "is now in state", r->proposal.state);
		snprintf(text, sizeof(text), "%.*s", OPERATOR_BYTES,
			 (const char *)r->proposal.proposer);
		fact_text(t, "proposed by", text);
		fact_utc(t, "expires", r->proposal.expires_utc_ms);
		snprintf(text, sizeof(text), "%.*s", (int)r->proposal.text_bytes,
			 (const char *)r->proposal.text);
		fact_text(t, "command", text);
	}
	if (RECORD_HAS(r, OTHER))
		fact(t, "other member", (int64_t)r->other_member);
	if (RECORD_HAS(r, SHARED))
		fact(t, "available of the other", r->shared.available_points);
	if (RECORD_HAS(r, DISPUTE)) {
		fact(t, "dispute", (int64_t)r->dispute.number);
		fact(t, "is now in state", r->dispute.state);
		fact(t, "reason", r->dispute.reason);
		fact(t, "about record", (int64_t)r->dispute.about);
		fact_id(t, "transaction", r->dispute.original_id);
		fact_unless_zero(t, "claimed amount (minor units)", r->dispute.amount);
	}
}

static void
print_postings(struct output *out, const struct record *r)
{
	static const char *const titles[] = { "posting", ">partner", ">points" };
	struct text_table table;

	if (r->posting_count == 0)
		return;
	text_table_init(&table, out, titles, 3);
	for (uint32_t i = 0; i < r->posting_count; i++) {
		text_table_cell(&table, "%s", account_name(r->postings[i].account));
		text_table_cell(&table, "%" PRIu32, r->postings[i].partner);
		text_table_cell(&table, "%+" PRId64, r->postings[i].points);
	}
	text_table_end(&table);
}

static void
print_moves(struct output *out, const struct record *r)
{
	static const char *const titles[] = { "move", ">row", "", ">points", "last day" };
	static const char *const kinds[] = { "?",    "regular", "lot",	"pending",
					     "debt", "portion", "cover", "stopped" };
	struct text_table table;
	char day[WHEN_BYTES];

	if (r->move_count == 0)
		return;
	text_table_init(&table, out, titles, 5);
	for (uint32_t i = 0; i < r->move_count; i++) {
		const struct move *m = &r->moves[i];
		const bool is_new = (m->flags & MOVE_NEW) != 0;

		text_table_cell(&table, "%s", kinds[m->kind <= MOVE_STOPPED ? m->kind : 0]);
		text_table_cell(&table, "%" PRIu32, m->row);
		text_table_cell(&table, "%s%s", is_new ? "new " : "",
				(m->flags & MOVE_GONE) != 0 ? "gone" : "");
		text_table_cell(&table, "%+" PRId64, m->points);
		text_table_cell(&table, "%s", is_new ? when_day(m->last_day, day) : "");
	}
	text_table_end(&table);
}

/* Which rates and campaigns gave what; of a refund, what goes back of each. */
static void
print_components(struct output *out, const struct record *r)
{
	static const char *const titles[] = { "part", ">rate", ">sponsor", ">amount", ">points",
					      ">refusal" };
	struct text_table table;

	if (r->component_count == 0)
		return;
	text_table_init(&table, out, titles, 6);
	for (uint32_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];

		if (c->campaign == 0)
			text_table_cell(&table, "base");
		else
			text_table_cell(&table, "campaign %" PRIu32, c->campaign);
		/* As a programme file counts its rates, which come first in it. */
		if (c->rate_position == EARN_RULE_NONE)
			text_table_cell(&table, "%s", c->campaign == 0 ? "partner's own" : "");
		else
			text_table_cell(&table, "%d", c->rate_position + 1);
		text_table_cell(&table, "%" PRIu32, c->sponsor);
		text_table_cell(&table, "%" PRId64, c->amount);
		text_table_cell(&table, "%+" PRId64, c->points);
		text_table_cell(&table, "%u", c->refusal);
	}
	text_table_end(&table);
}

static void
print_lines(struct output *out, const struct record *r)
{
	static const char *const titles[] = { "item", ">category", ">quantity / 1000", ">amount" };
	struct text_table table;
	struct purchase_line line;
	size_t offset = 0;

	if (r->line_count == 0)
		return;
	text_table_init(&table, out, titles, 4);
	while (record_line_next(r, &offset, &line)) {
		text_table_cell(&table, "%.*s", (int)line.item_bytes, (const char *)line.item);
		text_table_cell(&table, "%" PRIu32, line.category);
		text_table_cell(&table, "%" PRIu32, line.quantity);
		text_table_cell(&table, "%" PRId64, line.amount);
	}
	text_table_end(&table);
}

void
record_text_print(struct output *out, const struct record *record)
{
	struct text_table table;

	text_table_init(&table, out, fact_titles, 2);
	print_header(&table, record);
	print_who(&table, record);
	print_purchase(&table, record);
	print_original(&table, record);
	print_after(&table, record);
	print_config(&table, record);
	print_settlement(&table, record);
	print_matters(&table, record);
	text_table_end(&table);
	print_postings(out, record);
	print_moves(out, record);
	print_components(out, record);
	print_lines(out, record);
}
