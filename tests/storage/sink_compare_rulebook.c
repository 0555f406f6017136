/*
 * sink_compare_rulebook.c - are the tables of the rulebook, of budgets and of earns' parts what the
 * records said?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "ledger/request.h"
#include "tests/storage/expected_text.h"
#include "tests/storage/sink_compare.h"
#include "tests/storage/sink_fixture.h"

#define BUDGETS_MAX 64
#define NO_DATE (-354285) /* 1000-01-01 */

static const char component_sql[] =
	"SELECT business_date, sequence, line, is_test, campaign, rulebook_version, position,"
	" rate_position, budget, sponsor, refusal + 0, amount, points, carried, carried_date"
	" FROM component"
	" ORDER BY sequence, line";
static const char rulebook_sql[] =
	"SELECT version, last_sequence, rules, starts_at FROM rulebook ORDER BY version";
static const char rule_sql[] =
	"SELECT version, position, last_sequence, number, name, flags + 0, partner, store,"
	" store_group, category_from, category_to, tender, from_date, until_date, weekdays + 0,"
	" from_minute, until_minute, tier, tag, sponsor, sponsors, life_days, usable_partner,"
	" usable_store, budget, member_times, member_points, member_day_points,"
	" threshold_amount, rate_num, rate_den, fixed_points, step FROM earn_rule"
	" ORDER BY version, position";
static const char sponsor_sql[] = "SELECT version, position, line, last_sequence, partner, weight"
				  " FROM earn_rule_sponsor ORDER BY version, position, line";
static const char budget_sql[] =
	"SELECT budget, last_sequence, name, parent, is_stopped, granted_points, passed_points,"
	" asked_points, asked_from, asked_by, used_points FROM budget ORDER BY budget";

/* A budget as all records so far left it. */
struct kept_budget {
	bool	 is_set;
	struct budget budget;
	int64_t	 used_points;
};

struct books {
	struct expected_table components, rulebooks, rules, sponsors, budgets;
	struct kept_budget kept[BUDGETS_MAX];
};

static void
line_limit(struct expected_line *line, int64_t points)
{
	line_i64_if(line, points != INT64_MAX, points);
}

static void
line_bound(struct expected_line *line, int32_t day)
{
	if (day == 0 || day == INT32_MAX)
		line_null(line);
	else
		line_day(line, day);
}

static void
expect_rule(struct books *books, const struct record *r)
{
	const struct earn_rule *rule = &r->earn_rule;
	const bool has_category = rule->category_from != 0 || rule->category_to != 0;
	const bool is_store = rule->usable_at >> 31 != 0;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, rule->version);
	line_u64(&line, rule->position);
	line_u64(&line, r->sequence);
	line_u64_unless_0(&line, true, rule->number);
	line_text(&line, rule->name, sizeof rule->name);
	line_u64(&line, rule->flags);
	line_u64_unless_0(&line, true, rule->partner);
	line_u64_unless_0(&line, true, rule->store);
	line_u64_unless_0(&line, true, rule->store_group);
	line_i64_if(&line, has_category, rule->category_from);
	line_i64_if(&line, has_category, rule->category_to);
	line_u64_unless_0(&line, true, rule->tender);
	line_bound(&line, rule->from_day);
	line_bound(&line, rule->until_day);
	line_u64(&line, rule->weekdays);
	line_u64(&line, rule->from_minute);
	line_u64(&line, rule->until_minute);
	line_u64_unless_0(&line, true, rule->tier);
	line_u64_unless_0(&line, true, rule->tag);
	line_u64_unless_0(&line, true, rule->sponsor);
	line_u64(&line, rule->sponsor_count);
	line_i64(&line, rule->days);
	line_u64_unless_0(&line, !is_store, rule->usable_at);
	line_i64_if(&line, is_store, rule->usable_at & 0x7fffffff);
	line_u64_unless_0(&line, true, rule->budget);
	line_u64_unless_0(&line, true, rule->member_times);
	line_limit(&line, rule->member_points);
	line_limit(&line, rule->member_day_points);
	line_i64(&line, rule->threshold_amount);
	line_i64(&line, rule->rate_num);
	line_i64(&line, rule->rate_den);
	line_i64(&line, rule->fixed_points);
	line_u64(&line, rule->step);
	expected_set(&books->rules, rule->version * 256 + rule->position, &line);
}

static void
expect_sponsors(struct books *books, const struct record *r)
{
	const struct earn_rule *rule = &r->earn_rule;

	for (uint8_t i = 0; i < rule->sponsor_count; i++) {
		struct expected_line line = { .bytes = 0 };

		line_u64(&line, rule->version);
		line_u64(&line, rule->position);
		line_u64(&line, i + 1u);
		line_u64(&line, r->sequence);
		line_u64(&line, rule->sponsors[i].partner);
		line_u64(&line, rule->sponsors[i].weight);
		expected_set(&books->sponsors,
			     rule->version * 1024 + rule->position * 16 + i + 1u, &line);
	}
}

static void
expect_rulebook(struct books *books, const struct record *r)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, r->rulebook.version);
	line_u64(&line, r->sequence);
	line_u64(&line, r->rulebook.rule_count);
	line_ms(&line, r->rulebook.starts_at_utc_ms);
	expected_set(&books->rulebooks, r->rulebook.version, &line);
}

static void
set_budget(struct books *books, uint32_t number, uint64_t sequence)
{
	const struct kept_budget *kept = &books->kept[number];
	const struct budget *b = &kept->budget;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, number);
	line_u64(&line, sequence);
	if (kept->is_set)
		line_text(&line, b->name, sizeof b->name);
	else
		line_null(&line);
	line_i64_if(&line, kept->is_set, b->parent);
	line_i64_if(&line, kept->is_set, b->flags & 1);
	line_i64_if(&line, kept->is_set, b->granted_points);
	line_i64_if(&line, kept->is_set, b->passed_points);
	line_i64_if(&line, kept->is_set, b->asked_points);
	line_i64_if(&line, kept->is_set, b->asked_from);
	if (kept->is_set)
		line_text(&line, b->asked_by, sizeof b->asked_by);
	else
		line_null(&line);
	line_i64(&line, kept->used_points);
	expected_set(&books->budgets, number, &line);
}

static void
expect_budgets(struct books *books, const struct record *r)
{
	for (uint8_t i = 0; i < r->budget_count; i++) {
		uint32_t number = r->budgets[i].number;

		assert_true(number < BUDGETS_MAX);
		books->kept[number].is_set = true;
		books->kept[number].budget = r->budgets[i];
		set_budget(books, number, r->sequence);
	}
}

static void
put_position(struct expected_line *line, uint16_t position)
{
	line_i64_if(line, position != UINT16_MAX, position);
}

static bool
carries(const struct record *r, const struct record_component *c)
{
	return RECORD_HAS(r, CARRIED) && r->kind == RECORD_EARN && c->campaign == 0 &&
	       c->rate_position == UINT16_MAX;
}

static void
expect_components(struct books *books, const struct record *r)
{
	for (uint8_t i = 0; i < r->component_count; i++) {
		const struct record_component *c = &r->components[i];
		struct expected_line line = { .bytes = 0 };

		line_day(&line, r->business_date == DAY_NONE ? NO_DATE : r->business_date);
		line_u64(&line, r->sequence);
		line_u64(&line, i + 1u);
		line_u64(&line, r->flags >> 2 & 1);
		line_u64_unless_0(&line, true, c->campaign);
		line_u64(&line, r->rulebook_version);
		put_position(&line, c->campaign_position);
		put_position(&line, c->rate_position);
		line_u64_unless_0(&line, true, c->budget);
		line_u64_unless_0(&line, true, c->sponsor);
		line_u64_unless_0(&line, true, c->refusal);
		line_i64(&line, c->amount);
		line_i64(&line, c->points);
		line_i64_if(&line, carries(r, c), r->carried.before);
		if (carries(r, c))
			line_day(&line, r->carried.day);
		else
			line_null(&line);
		expected_add(&books->components, &line);
		if (c->budget == 0)
			continue;
		assert_true(c->budget < BUDGETS_MAX);
		books->kept[c->budget].used_points +=
			r->kind == RECORD_EARN ? c->points : -c->points;
		set_budget(books, c->budget, r->sequence);
	}
}

static void
expect(void *context, const struct record *r)
{
	struct books *books = context;

	if (RECORD_HAS(r, COMPONENTS) && r->kind != RECORD_REOPEN && r->status == TG_OK)
		expect_components(books, r);
	if (RECORD_HAS(r, EARN_RULE))
		expect_rule(books, r);
	if (RECORD_HAS(r, EARN_RULE))
		expect_sponsors(books, r);
	if (RECORD_HAS(r, RULEBOOK))
		expect_rulebook(books, r);
	if (RECORD_HAS(r, BUDGET))
		expect_budgets(books, r);
}

void
sink_compare_rulebook(struct database *database, const struct made_records *made)
{
	struct books *books = calloc(1, sizeof *books);

	assert_true(books != NULL);
	sink_compare_each(made, expect, books);
	expected_compare(&books->components, database, "component", component_sql);
	expected_compare(&books->rulebooks, database, "rulebook", rulebook_sql);
	expected_compare(&books->rules, database, "earn_rule", rule_sql);
	expected_compare(&books->sponsors, database, "earn_rule_sponsor", sponsor_sql);
	expected_compare(&books->budgets, database, "budget", budget_sql);
	free(books);
}
