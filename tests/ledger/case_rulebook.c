/*
 * case_rulebook.c - lines of money cases about rates, campaigns and budgets, and receipts' goods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ledger/case_run.h"
#include "tests/ledger/case_words.h"

static const struct flag_word {
	const char *word;
	uint32_t flag;
} flag_words[] = {
	{ "rate", EARN_RULE_RATE },
	{ "multiplier", EARN_RULE_MULTIPLIER },
	{ "exclusive", EARN_RULE_EXCLUSIVE },
	{ "first", EARN_RULE_FIRST },
	{ "birthday", EARN_RULE_BIRTHDAY },
	{ "exchange_in", EARN_RULE_EXCHANGE_IN },
	{ "exchange_out", EARN_RULE_EXCHANGE_OUT },
};

static bool
read_flag(struct earn_rule *rule, const char *word)
{
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++) {
		if (strcmp(word, flag_words[i].word) == 0) {
			rule->flags |= flag_words[i].flag;
			return true;
		}
	}
	return false;
}

/* PARTNER:WEIGHT,PARTNER:WEIGHT,... of a joint promotion */
static void
read_sponsors(struct case_run *run, struct earn_rule *rule, const char *text)
{
	while (*text != '\0') {
		struct sponsor_share *share = &rule->sponsors[rule->sponsor_count++];
		char *end;

		if (rule->sponsor_count > SPONSORS_MAX)
			case_complain(run, "more sponsors than there can be");
		share->partner = (uint32_t)strtoul(text, &end, 10);
		if (*end != ':')
			case_complain(run, "sponsors=PARTNER:WEIGHT,...");
		share->weight = (uint32_t)strtoul(end + 1, &end, 10);
		text = *end == ',' ? end + 1 : end;
		if (*end != ',' && *end != '\0')
			case_complain(run, "sponsors=PARTNER:WEIGHT,...");
	}
}

/* earn_rule POSITION [rate] [multiplier] [exclusive] [first] FIELD=N ... */
void
case_read_earn_rule(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	struct earn_rule *rule = &q->earn_rule;

	q->kind = REQUEST_SET_EARN_RULE;
	*rule = (struct earn_rule){
		.position = q->partner,
		.until_day = INT32_MAX,
		.until_minute = MINUTES_PER_DAY,
		.weekdays = WEEKDAYS_ALL,
		.member_points = LIMIT_NONE,
		.member_day_points = LIMIT_NONE,
		.rate_den = 1,
	};
	for (unsigned i = 2; i < count; i++) {
		const struct named_field *field = words_field(&earn_rule_words, words[i]);

		if (words_value(words[i], "sponsors") != NULL)
			read_sponsors(run, rule, words_value(words[i], "sponsors"));
		else if (field != NULL)
			words_store(rule, field, case_number(run, strchr(words[i], '=') + 1));
		else if (!read_flag(rule, words[i]))
			case_complain(run, "not understood: %s", words[i]);
	}
	if (rule->category_to == 0)
		rule->category_to = rule->category_from;
}

/* rulebook COUNT [starts=TIME] */
void
case_read_rulebook(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	q->kind = REQUEST_START_RULEBOOK;
	q->rulebook.rule_count = q->partner;
	for (unsigned i = 2; i < count; i++) {
		const char *starts = words_value(words[i], "starts");

		if (starts == NULL)
			case_complain(run, "not understood: %s", words[i]);
		q->rulebook.starts_at_utc_ms = case_time(run, starts);
	}
}

/* budget N ask|approve|refuse|release|stop|resume [points=N] [parent=N] [from=N] [by=NAME] */
void
case_read_budget(struct case_run *run, struct ledger_request *q, char *words[], unsigned count)
{
	static const char *const actions[] = { "", "ask", "approve", "refuse", "release", "stop",
					       "resume" };

	q->kind = REQUEST_BUDGET;
	q->budget.number = q->partner;
	for (uint8_t i = 1; count > 2 && i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(words[2], actions[i]) == 0)
			q->budget_action = i;
	}
	for (unsigned i = 3; i < count; i++) {
		const char *value;

		if ((value = words_value(words[i], "points")) != NULL)
			q->points = case_number(run, value);
		else if ((value = words_value(words[i], "parent")) != NULL)
			q->budget.parent = (uint32_t)case_number(run, value);
		else if ((value = words_value(words[i], "from")) != NULL)
			q->budget.asked_from = (uint32_t)case_number(run, value);
		else if ((value = words_value(words[i], "by")) != NULL)
			snprintf((char *)q->operator_name, sizeof(q->operator_name), "%s", value);
		else
			case_complain(run, "not understood: %s", words[i]);
	}
}

/* CATEGORY:AMOUNT,CATEGORY:AMOUNT,... as lines of the receipt */
void
case_read_goods(struct case_run *run, struct ledger_request *q, const char *text)
{
	q->lines = run->lines;
	q->lines_bytes = 0;
	q->line_count = 0;
	while (*text != '\0') {
		struct purchase_line line = { .item = (const uint8_t *)"", .quantity = 1000 };
		char *end;

		line.category = (uint32_t)strtoul(text, &end, 10);
		if (*end != ':')
			case_complain(run, "goods=CATEGORY:AMOUNT,...");
		line.amount = strtoll(end + 1, &end, 10);
		q->lines_bytes = (uint16_t)(q->lines_bytes +
					    record_line_append(run->lines + q->lines_bytes,
							       sizeof(run->lines) - q->lines_bytes,
							       &line));
		q->line_count++;
		text = *end == ',' ? end + 1 : end;
		if (*end != ',' && *end != '\0')
			case_complain(run, "goods=CATEGORY:AMOUNT,...");
	}
}
