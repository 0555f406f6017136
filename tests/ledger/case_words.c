/*
 * case_words.c - words of money cases and what they stand for.
 */
#include "tests/ledger/case_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/calendar.h"
#include "ledger/ledger.h"

#define MS_PER_DAY INT64_C(86400000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FIELD(type, shown, member) \
	{ \
		shown, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}
#define LIST(fields) { fields, COUNT(fields) }

static const struct named_field request_fields[] = {
	FIELD(ledger_request, "amount", amount),
	FIELD(ledger_request, "covered", covered),
	FIELD(ledger_request, "points", points),
	FIELD(ledger_request, "units", own_units),
	FIELD(ledger_request, "terminal", principal),
	FIELD(ledger_request, "for", terminal),
	FIELD(ledger_request, "store", store),
	FIELD(ledger_request, "reason", reason),
	FIELD(ledger_request, "target", block_target),
	FIELD(ledger_request, "blocked", is_blocked),
	FIELD(ledger_request, "till", till),
	FIELD(ledger_request, "till_day", till_day),
	FIELD(ledger_request, "seconds", hold_seconds),
	FIELD(ledger_request, "day", total_day),
	FIELD(ledger_request, "basis", total_basis),
	FIELD(ledger_request, "scope", total_scope),
	FIELD(ledger_request, "entries", entries_wanted),
	FIELD(ledger_request, "tender", tender),
	FIELD(ledger_request, "channel", channel),
	FIELD(ledger_request, "campaign", campaign),
	FIELD(ledger_request, "partner", partner),
};
const struct named_fields request_words = LIST(request_fields);

static const struct named_field answer_fields[] = {
	FIELD(ledger_answer, "points", points),
	FIELD(ledger_answer, "units", own_units),
	FIELD(ledger_answer, "value", value_after),
	FIELD(ledger_answer, "change", value_change),
	FIELD(ledger_answer, "direction", direction),
	FIELD(ledger_answer, "rate", rate_num),
	FIELD(ledger_answer, "per", rate_den),
	FIELD(ledger_answer, "base", base_points),
	FIELD(ledger_answer, "bonus", bonus_points),
	FIELD(ledger_answer, "taken", taken_points),
	FIELD(ledger_answer, "restored", restored_points),
	FIELD(ledger_answer, "lost", lost_points),
	FIELD(ledger_answer, "paid", paid_debt_points),
	FIELD(ledger_answer, "money", money_returned),
	FIELD(ledger_answer, "available", available_points),
	FIELD(ledger_answer, "usable", usable_points),
	FIELD(ledger_answer, "pending", pending_points),
	FIELD(ledger_answer, "held", held_points),
	FIELD(ledger_answer, "debt", debt_points),
	FIELD(ledger_answer, "expires", next_expiry_day),
	FIELD(ledger_answer, "expiring", next_expiry_points),
	FIELD(ledger_answer, "replay", is_replay),
	FIELD(ledger_answer, "capped", is_capped),
	FIELD(ledger_answer, "parts", component_count),
	FIELD(ledger_answer, "date", business_date),
	FIELD(ledger_answer, "outcome", outcome),
	FIELD(ledger_answer, "state", outcome_state),
	FIELD(ledger_answer, "kind", outcome_kind),
	FIELD(ledger_answer, "totals", total_count),
	FIELD(ledger_answer, "wants_archive", wants_archive),
	FIELD(ledger_answer, "entries", entry_count),
	FIELD(ledger_answer, "expiries", expiry_count),
	FIELD(ledger_answer, "field", field),
	FIELD(ledger_answer, "partner", partner),
	FIELD(ledger_answer, "store", store),
	FIELD(ledger_answer, "rights", rights),
	FIELD(ledger_answer, "key_generation", key_generation),
};
const struct named_fields answer_words = LIST(answer_fields);

static const struct named_field record_fields[] = {
	FIELD(record, "date", business_date),
	FIELD(record, "partner", partner),
	FIELD(record, "store", store),
	FIELD(record, "terminal", terminal),
	FIELD(record, "rule", rule_version),
	FIELD(record, "rulebook", rulebook_version),
	FIELD(record, "given", exchange.given),
	FIELD(record, "units", exchange.own_units),
	FIELD(record, "version", exchange.version),
	FIELD(record, "covered", covered),
	FIELD(record, "base", base_points),
	FIELD(record, "bonus", bonus_points),
	FIELD(record, "sponsor", bonus_sponsor),
	FIELD(record, "campaign", campaign),
	FIELD(record, "tender", tender),
	FIELD(record, "channel", channel),
	FIELD(record, "reason", reason),
	FIELD(record, "money", returned_money),
	FIELD(record, "covered_back", returned_covered),
	FIELD(record, "absorbed", absorbed_points),
	FIELD(record, "debt", debt_points),
	FIELD(record, "captured", captured_points),
	FIELD(record, "flags", flags),
	FIELD(record, "programme", programme.version),
	FIELD(record, "item", item.amount),
};
const struct named_fields record_words = LIST(record_fields);

static const struct named_field limits_fields[] = {
	FIELD(ledger_limits, "members", members_max),
	FIELD(ledger_limits, "identifiers", identifiers_max),
	FIELD(ledger_limits, "lots", lots_max),
	FIELD(ledger_limits, "pendings", pendings_max),
	FIELD(ledger_limits, "debts", debts_max),
	FIELD(ledger_limits, "holds", holds_max),
	FIELD(ledger_limits, "portions", portions_max),
	FIELD(ledger_limits, "transactions", transactions_max),
	FIELD(ledger_limits, "partners", partners_max),
	FIELD(ledger_limits, "rules", rules_max),
	FIELD(ledger_limits, "stores", stores_max),
	FIELD(ledger_limits, "terminals", terminals_max),
	FIELD(ledger_limits, "totals", totals_max),
};
const struct named_fields limits_words = LIST(limits_fields);

static const struct named_field programme_fields[] = {
	FIELD(programme_config, "window_ms", window_ms),
	FIELD(programme_config, "clock_ahead_ms", clock_ahead_ms),
	FIELD(programme_config, "flags", flags),
	FIELD(programme_config, "months", expiry_months),
	FIELD(programme_config, "shape", expiry_shape),
	FIELD(programme_config, "vintage", vintage_months),
	FIELD(programme_config, "sweep_month", sweep_month),
	FIELD(programme_config, "sweep_day", sweep_day),
	FIELD(programme_config, "declines", declines_per_terminal_day),
	FIELD(programme_config, "debt_days", debt_days),
	FIELD(programme_config, "debt_cycles", debt_cycles),
	FIELD(programme_config, "member_earn", member_day_earn_points),
	FIELD(programme_config, "member_burn", member_day_burn_points),
	FIELD(programme_config, "value_registered", value_registered_max),
	FIELD(programme_config, "value_bearer", value_bearer_max),
	FIELD(programme_config, "value_day", value_day_max),
	FIELD(programme_config, "hold_default", hold_seconds_default),
	FIELD(programme_config, "hold_max", hold_seconds_max),
	FIELD(programme_config, "value_num", point_value_num),
	FIELD(programme_config, "value_den", point_value_den),
};
const struct named_fields programme_words = LIST(programme_fields);

static const struct named_field partner_fields[] = {
	FIELD(partner_config, "group", group),
	FIELD(partner_config, "flags", flags),
	FIELD(partner_config, "pending", pending_days),
	FIELD(partner_config, "return_days", return_days),
	FIELD(partner_config, "restored_days", restored_days),
	FIELD(partner_config, "joined_day", joined_day),
	FIELD(partner_config, "last_earn_day", last_earn_day),
	FIELD(partner_config, "last_burn_day", last_burn_day),
	FIELD(partner_config, "minimum", burn_minimum_points),
	FIELD(partner_config, "step", burn_step_points),
	FIELD(partner_config, "earn_max", earn_transaction_points),
	FIELD(partner_config, "burn_max", burn_transaction_points),
	FIELD(partner_config, "terminal_earn", terminal_day_earn_points),
	FIELD(partner_config, "terminal_burn", terminal_day_burn_points),
	FIELD(partner_config, "bonus_cap", bonus_member_day_points),
};
const struct named_fields partner_words = LIST(partner_fields);

static const struct named_field rule_fields[] = {
	FIELD(rule_config, "base", base_num),
	FIELD(rule_config, "per", base_den),
	FIELD(rule_config, "bonus", bonus_num),
	FIELD(rule_config, "bonus_per", bonus_den),
	FIELD(rule_config, "threshold", bonus_threshold_amount),
	FIELD(rule_config, "fixed", bonus_fixed_points),
	FIELD(rule_config, "sponsor", bonus_sponsor),
	FIELD(rule_config, "days", bonus_days),
};
const struct named_fields rule_words = LIST(rule_fields);

static const struct named_field earn_rule_fields[] = {
	FIELD(earn_rule, "number", number),
	FIELD(earn_rule, "partner", partner),
	FIELD(earn_rule, "store", store),
	FIELD(earn_rule, "store_group", store_group),
	FIELD(earn_rule, "category", category_from),
	FIELD(earn_rule, "category_to", category_to),
	FIELD(earn_rule, "from", from_day),
	FIELD(earn_rule, "until", until_day),
	FIELD(earn_rule, "from_minute", from_minute),
	FIELD(earn_rule, "until_minute", until_minute),
	FIELD(earn_rule, "weekdays", weekdays),
	FIELD(earn_rule, "tender", tender),
	FIELD(earn_rule, "tier", tier),
	FIELD(earn_rule, "tag", tag),
	FIELD(earn_rule, "sponsor", sponsor),
	FIELD(earn_rule, "days", days),
	FIELD(earn_rule, "usable_at", usable_at),
	FIELD(earn_rule, "budget", budget),
	FIELD(earn_rule, "member_times", member_times),
	FIELD(earn_rule, "member_points", member_points),
	FIELD(earn_rule, "member_day", member_day_points),
	FIELD(earn_rule, "threshold", threshold_amount),
	FIELD(earn_rule, "rate", rate_num),
	FIELD(earn_rule, "per", rate_den),
	FIELD(earn_rule, "points", fixed_points),
	FIELD(earn_rule, "step", step),
};
const struct named_fields earn_rule_words = LIST(earn_rule_fields);
static const struct named_field funding_fields[] = {
	FIELD(funding_config, "prepaid", flags),
	FIELD(funding_config, "issue_price", issue_price_micro),
	FIELD(funding_config, "redeem_price", redeem_price_micro),
	FIELD(funding_config, "issue_fee", issue_fee_micro),
	FIELD(funding_config, "redeem_fee", redeem_fee_micro),
	FIELD(funding_config, "transaction_fee", transaction_fee_micro),
	FIELD(funding_config, "month_fee", month_fee_micro),
	FIELD(funding_config, "overdraft", overdraft_points),
	FIELD(funding_config, "alert", alert_points),
};
const struct named_fields funding_words = LIST(funding_fields);

/* portion_ and part_: of its first one */
static const struct named_field archived_fields[] = {
	FIELD(archived_transaction, "partner", partner),
	FIELD(archived_transaction, "flags", flags),
	FIELD(archived_transaction, "amount", amount),
	FIELD(archived_transaction, "covered", covered),
	FIELD(archived_transaction, "points", points),
	FIELD(archived_transaction, "money", returned_money),
	FIELD(archived_transaction, "covered_back", returned_covered),
	FIELD(archived_transaction, "taken", taken_points),
	FIELD(archived_transaction, "absorbed", absorbed_points),
	FIELD(archived_transaction, "restored", restored_points),
	FIELD(archived_transaction, "lost", lost_points),
	FIELD(archived_transaction, "expired", expired_points),
	FIELD(archived_transaction, "portions", portion_count),
	FIELD(archived_transaction, "portion_points", portions[0].points),
	FIELD(archived_transaction, "rulebook", rulebook_version),
	FIELD(archived_transaction, "parts", component_count),
	FIELD(archived_transaction, "part_campaign", components[0].campaign),
	FIELD(archived_transaction, "part_position", components[0].campaign_position),
	FIELD(archived_transaction, "part_rate", components[0].rate_position),
	FIELD(archived_transaction, "part_sponsor", components[0].sponsor),
	FIELD(archived_transaction, "part_amount", components[0].amount),
	FIELD(archived_transaction, "part_points", components[0].points),
	FIELD(archived_transaction, "part_amount_back", components[0].undone.amount),
	FIELD(archived_transaction, "part_taken", components[0].undone.points),
};
const struct named_fields archived_words = LIST(archived_fields);

bool
words_number(const char *text, int64_t *ret_value)
{
	struct civil_date date;
	char *end;
	long long value;
	int used = 0;

	if (strcmp(text, "none") == 0) {
		*ret_value = LIMIT_NONE;
		return true;
	}
	if (strcmp(text, "always") == 0 || strcmp(text, "confirmed") == 0 ||
	    strcmp(text, "never") == 0) {
		*ret_value = INT32_MAX;
		return true;
	}
	if (sscanf(text, "%d-%d-%d%n", &date.year, &date.month, &date.day, &used) == 3 &&
	    text[used] == '\0') {
		*ret_value = calendar_day(date);
		return true;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end == 'e')
		for (long zeros = strtol(end + 1, &end, 10); zeros > 0; zeros--)
			value *= 10;
	*ret_value = value;
	return *text != '\0' && *end == '\0' && errno == 0;
}

bool
words_time(const char *text, int64_t *ret_utc_ms)
{
	struct civil_date date;
	int hour = 12, minute = 0, second = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d", &date.year, &date.month, &date.day, &hour, &minute,
		   &second) < 3)
		return false;
	*ret_utc_ms = calendar_day(date) * MS_PER_DAY +
		      ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	return true;
}

const char *
words_value(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

const struct named_field *
words_field(const struct named_fields *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++) {
		if (words_value(word, list->fields[i].name) != NULL)
			return &list->fields[i];
	}
	return NULL;
}

void
words_store(void *base, const struct named_field *field, int64_t value)
{
	memcpy((uint8_t *)base + field->offset, &value, field->bytes);
}

int64_t
words_load(const void *base, const struct named_field *field)
{
	int64_t value = 0;
	size_t unused = sizeof(value) - field->bytes;

	memcpy(&value, (const uint8_t *)base + field->offset, field->bytes);
	/* Sign-extend what is narrower: unsigned ones are small, but for those of a byte. */
	if (field->bytes == 1)
		return value;
	return (int64_t)((uint64_t)value << (8 * unused)) >> (8 * unused);
}

uint8_t
words_request_kind(const char *word)
{
#define MATCH_KIND(name, number, text) \
	if (strcasecmp(word, #name) == 0) \
		return number;
	LEDGER_REQUEST_LIST(MATCH_KIND)
#undef MATCH_KIND
	return 0;
}

uint8_t
words_record_kind(const char *word)
{
#define MATCH_RECORD(name, number, text) \
	if (strcasecmp(word, #name) == 0) \
		return number;
	RECORD_KIND_LIST(MATCH_RECORD)
#undef MATCH_RECORD
	return 0;
}

uint8_t
words_account(const char *word)
{
#define MATCH_ACCOUNT(name, number, sign, per_partner, text) \
	if (strcasecmp(word, #name) == 0) \
		return number;
	ACCOUNT_LIST(MATCH_ACCOUNT)
#undef MATCH_ACCOUNT
	return 0;
}
