/*
 * sink_compare_images.c - are the tables of members and configuration what the last record said?
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

#define NO_DATE (-354285)	/* 1000-01-01 */
#define LAST_DATE 2932896	/* 9999-12-31 */
#define MEMBERS_MAX 1000000
#define RULE_VERSIONS_MAX 100000

static const char member_sql[] =
	"SELECT member, last_sequence, is_test, is_blocked, merged_with, booked_at, business_date,"
	" enrolled_at, channel,"
	" available_points, regular_points, regular_last_day, next_expiry_day, next_expiry_points,"
	" pending_points, held_points, debt_points FROM member ORDER BY member";
static const char identifier_sql[] =
	"SELECT member, slot, last_sequence, type, key_number, HEX(hash), is_linked"
	" FROM identifier ORDER BY slot";
static const char programme_sql[] =
	"SELECT version, last_sequence, flags + 0, window_ms, clock_ahead_ms, burn_clock_ms,"
	" point_value_num, point_value_den, expiry_months, expiry_shape + 0, vintage_months,"
	" sweep_month, sweep_day, hold_seconds_default,"
	" hold_seconds_max, declines_per_terminal_day, debt_days, debt_cycles,"
	" member_day_earn_points,"
	" member_day_burn_points, value_registered_max, value_bearer_max, value_day_max"
	" FROM programme ORDER BY version";
static const char partner_sql[] =
	"SELECT partner, last_sequence, name, group_number, flags + 0, pending_days, return_days,"
	" restored_days, burn_minimum_points, burn_step_points, earn_transaction_points,"
	" burn_transaction_points, terminal_day_earn_points, terminal_day_burn_points,"
	" bonus_member_day_points, joined_day, last_earn_day, last_burn_day"
	" FROM partner ORDER BY partner";
static const char terms_sql[] =
	"SELECT partner, version, last_sequence, flags + 0, issue_price_micro, redeem_price_micro,"
	" issue_fee_micro, redeem_fee_micro, transaction_fee_micro, month_fee_micro,"
	" overdraft_points, alert_points FROM partner_terms ORDER BY partner, version";
static const char block_sql[] =
	"SELECT block, last_sequence, partner, bought_date, bought_points, price_micro,"
	" used_points, released_points FROM partner_block ORDER BY block";
static const char rule_sql[] =
	"SELECT partner, version, last_sequence, base_num, base_den, bonus_num, bonus_den,"
	" bonus_threshold_amount, bonus_fixed_points, bonus_sponsor, bonus_days, bonus_partner,"
	" bonus_store FROM rule ORDER BY partner, version";
static const char value_sql[] =
	"SELECT member, last_sequence, is_test, amount, is_registered, is_frozen FROM stored_value"
	" ORDER BY member";
static const char store_sql[] =
	"SELECT store, last_sequence, partner, name, flags + 0 FROM store ORDER BY store";
static const char terminal_sql[] =
	"SELECT terminal, last_sequence, partner, store, name, flags + 0, key_generation,"
	" key_generation_old, old_key_until, rights + 0 FROM terminal ORDER BY terminal";

/* What one member's columns keep over records that do not say them. */
struct kept {
	int64_t	 enrolled_at_utc_ms;	/* 0: never told */
	int32_t	 regular_last_day;	/* DAY_NONE: never told */
	uint8_t	 channel;		/* 0: never told */
	bool	 was_blocked;		/* at least once */
	uint8_t	 is_blocked;
	bool	 was_merged;		/* at least once */
	uint64_t merged_with;
};

/* A block of cover, as all records so far left it. */
struct block {
	uint64_t last_sequence;		/* 0: never met */
	uint32_t partner;
	int32_t	 bought_date;
	int64_t	 bought_points;		/* 0: its sale was not seen */
	int64_t	 price_micro;
	int64_t	 used_points, released_points;
};

struct images {
	struct expected_table terms, blocks, values;
	struct block *block_rows;	/* by number */
	struct expected_table members, identifiers, programmes, partners, rules, stores, terminals;
	struct kept *kept;		/* by member */
};

static void
put_limit(struct expected_line *line, int64_t points)
{
	line_i64_if(line, points != LIMIT_NONE, points);
}

static void
note_merged(struct kept *kept, const struct record *r, uint64_t other)
{
	if (r->kind != RECORD_MERGE && r->kind != RECORD_UNMERGE)
		return;
	kept->was_merged = true;
	kept->merged_with = r->kind == RECORD_MERGE ? other : 0;
}

/* From what blocked the member to where it came from. */
static void
put_kept(struct expected_line *line, const struct kept *kept, const struct record *r)
{
	line_i64_if(line, kept->was_blocked, kept->is_blocked);
	line_i64_if(line, kept->was_merged, (int64_t)kept->merged_with);
	line_ms(line, r->booked_at_utc_ms);
	line_day(line, r->business_date == DAY_NONE ? NO_DATE : r->business_date);
	if (kept->enrolled_at_utc_ms != 0)
		line_ms(line, kept->enrolled_at_utc_ms);
	else
		line_null(line);
	line_u64_unless_0(line, true, kept->channel);
}

static void
put_regular_day(struct expected_line *line, const struct kept *kept)
{
	if (kept->regular_last_day != DAY_NONE)
		line_day(line, kept->regular_last_day);
	else
		line_null(line);
}

static void
expect_other_member(struct images *images, const struct record *r)
{
	struct kept *kept = &images->kept[r->other_member];
	struct expected_line line = { .bytes = 0 };

	note_merged(kept, r, r->member);
	line_u64(&line, r->other_member);
	line_u64(&line, r->sequence);
	line_u64(&line, (r->flags & RECORD_TEST) != 0);
	put_kept(&line, kept, r);
	line_i64(&line, r->shared.available_points);
	line_i64(&line, r->shared.regular_points);
	put_regular_day(&line, kept);
	if (r->shared.next_expiry_day != INT32_MAX)
		line_day(&line, r->shared.next_expiry_day);
	else
		line_null(&line);
	line_i64(&line, r->shared.next_expiry_points);
	line_i64(&line, r->shared.pending_points);
	line_i64(&line, r->shared.held_points);
	line_i64(&line, r->shared.debt_points);
	expected_set(&images->members, r->other_member, &line);
}

static void
expect_member(struct images *images, const struct record *r)
{
	const bool has_after = RECORD_HAS(r, AFTER);
	const bool has_other = RECORD_HAS(r, AFTER_OTHER);
	const bool is_new = r->kind == RECORD_ENROLL && r->status == TG_OK;
	struct kept *kept = &images->kept[r->member];
	struct expected_line line = { .bytes = 0 };

	if (!has_after && !is_new)
		return;
	note_merged(kept, r, r->other_member);
	if (is_new)
		kept->enrolled_at_utc_ms = r->booked_at_utc_ms;
	if (is_new && RECORD_HAS(r, DETAILS) && r->channel != 0)
		kept->channel = r->channel;
	if (RECORD_HAS(r, REGULAR_DAY))
		kept->regular_last_day = r->regular_last_day == INT32_MAX ? LAST_DATE :
									    r->regular_last_day;
	line_u64(&line, r->member);
	line_u64(&line, r->sequence);
	line_u64(&line, (r->flags & RECORD_TEST) != 0);
	if (RECORD_HAS(r, BLOCK) && r->block_target == BLOCK_MEMBER) {
		kept->was_blocked = true;
		kept->is_blocked = r->is_blocked;
	}
	put_kept(&line, kept, r);
	line_i64(&line, has_after ? r->available_points : 0);
	line_i64(&line, has_after ? r->regular_points : 0);
	put_regular_day(&line, kept);
	if (has_after && r->next_expiry_day != INT32_MAX)
		line_day(&line, r->next_expiry_day);
	else
		line_null(&line);
	line_i64(&line, has_after ? r->next_expiry_points : 0);
	line_i64(&line, has_other ? r->pending_points : 0);
	line_i64(&line, has_other ? r->held_points : 0);
	line_i64(&line, has_other ? r->debt_after_points : 0);
	expected_set(&images->members, r->member, &line);
	if (RECORD_HAS(r, OTHER))
		expect_other_member(images, r);
}

static void
expect_identifiers(struct images *images, const struct record *r)
{
	for (uint32_t i = 0; r->status == TG_OK && i < r->identifier_count; i++) {
		const struct identifier_image *image = &r->identifiers[i];
		struct expected_line line = { .bytes = 0 };

		line_u64(&line, r->member);
		line_u64(&line, image->row);
		line_u64(&line, r->sequence);
		line_u64(&line, image->type);
		line_u64(&line, image->key);
		line_hex(&line, image->hash);
		line_u64(&line, r->kind != RECORD_UNLINK);
		expected_set(&images->identifiers, image->row, &line);
	}
}

static void
expect_stored(struct images *images, const struct record *r, uint64_t member, int64_t amount,
	      uint8_t flags)
{
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, member);
	line_u64(&line, r->sequence);
	line_u64(&line, (r->flags & RECORD_TEST) != 0);
	line_i64(&line, amount);
	line_u64(&line, flags & VALUE_REGISTERED ? 1 : 0);
	line_u64(&line, flags & VALUE_FROZEN ? 1 : 0);
	expected_set(&images->values, member, &line);
}

static void
expect_programme(struct images *images, const struct record *r)
{
	const struct programme_config *p = &r->programme;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->version);
	line_u64(&line, r->sequence);
	line_u64(&line, p->flags);
	line_i64(&line, p->window_ms);
	line_i64(&line, p->clock_ahead_ms);
	line_i64(&line, p->burn_clock_ms);
	line_i64(&line, p->point_value_num);
	line_i64(&line, p->point_value_den);
	line_i64(&line, p->expiry_months);
	line_u64(&line, p->expiry_shape + 1u);
	line_u64(&line, p->vintage_months);
	line_u64(&line, p->sweep_month);
	line_u64(&line, p->sweep_day);
	line_i64(&line, p->hold_seconds_default);
	line_i64(&line, p->hold_seconds_max);
	line_i64(&line, p->declines_per_terminal_day);
	line_i64(&line, p->debt_days);
	line_i64(&line, p->debt_cycles);
	put_limit(&line, p->member_day_earn_points);
	put_limit(&line, p->member_day_burn_points);
	line_i64(&line, p->value_registered_max);
	line_i64(&line, p->value_bearer_max);
	put_limit(&line, p->value_day_max);
	expected_set(&images->programmes, p->version, &line);
}

static void
put_life_day(struct expected_line *line, int32_t day)
{
	if (day != 0)
		line_day(line, day);
	else
		line_null(line);
}

static void
expect_partner(struct images *images, const struct record *r)
{
	const struct partner_config *p = &r->partner_image;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->number);
	line_u64(&line, r->sequence);
	line_text(&line, p->name, NAME_BYTES);
	line_u64_unless_0(&line, true, p->group);
	line_u64(&line, p->flags);
	line_i64_if(&line, p->pending_days != PENDING_UNTIL_CONFIRMED, p->pending_days);
	line_i64_if(&line, p->return_days != INT32_MAX, p->return_days);
	line_i64(&line, p->restored_days);
	line_i64(&line, p->burn_minimum_points);
	line_i64(&line, p->burn_step_points);
	put_limit(&line, p->earn_transaction_points);
	put_limit(&line, p->burn_transaction_points);
	put_limit(&line, p->terminal_day_earn_points);
	put_limit(&line, p->terminal_day_burn_points);
	put_limit(&line, p->bonus_member_day_points);
	put_life_day(&line, p->joined_day);
	put_life_day(&line, p->last_earn_day);
	put_life_day(&line, p->last_burn_day);
	expected_set(&images->partners, p->number, &line);
}

static void
expect_terms(struct images *images, const struct record *r)
{
	const struct funding_config *p = &r->funding;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->partner);
	line_u64(&line, p->version);
	line_u64(&line, r->sequence);
	line_u64(&line, p->flags);
	line_i64(&line, p->issue_price_micro);
	line_i64(&line, p->redeem_price_micro);
	line_i64(&line, p->issue_fee_micro);
	line_i64(&line, p->redeem_fee_micro);
	line_i64(&line, p->transaction_fee_micro);
	line_i64(&line, p->month_fee_micro);
	put_limit(&line, p->overdraft_points);
	line_i64(&line, p->alert_points);
	assert_true(p->version < RULE_VERSIONS_MAX);
	expected_set(&images->terms, (uint64_t)p->partner * RULE_VERSIONS_MAX + p->version, &line);
}

static void
set_block(struct images *images, uint64_t number)
{
	const struct block *b = &images->block_rows[number];
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, number);
	line_u64(&line, b->last_sequence);
	line_u64(&line, b->partner);
	if (b->bought_points != 0)
		line_day(&line, b->bought_date);
	else
		line_null(&line);
	line_i64_if(&line, b->bought_points != 0, b->bought_points);
	line_i64_if(&line, b->bought_points != 0, b->price_micro);
	line_i64(&line, b->used_points);
	line_i64(&line, b->released_points);
	expected_set(&images->blocks, number, &line);
}

static void
expect_blocks(struct images *images, const struct record *r)
{
	if (r->kind == RECORD_FUND && r->cover_row != 0) {
		assert_true(r->sequence < MEMBERS_MAX);
		images->block_rows[r->sequence] = (struct block){
			.last_sequence = r->sequence,
			.partner = r->funded_partner,
			.bought_date = r->business_date == DAY_NONE ? NO_DATE : r->business_date,
			.bought_points = r->funded_points,
			.price_micro = r->funded_price_micro,
		};
		set_block(images, r->sequence);
	}
	for (uint32_t i = 0; RECORD_HAS(r, MOVES) && i < r->move_count; i++) {
		const struct move *m = &r->moves[i];
		struct block *b;

		if (m->kind != MOVE_COVER || m->points == 0)
			continue;
		assert_true(m->serial < MEMBERS_MAX);
		b = &images->block_rows[m->serial];
		b->last_sequence = r->sequence;
		b->partner = m->partner;
		*(r->kind == RECORD_UNFUND ? &b->released_points : &b->used_points) -= m->points;
		set_block(images, m->serial);
	}
}

static void
expect_rule(struct images *images, const struct record *r)
{
	const struct rule_config *p = &r->rule;
	const bool is_store = (p->bonus_usable_at & USABLE_AT_STORE) != 0;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->partner);
	line_u64(&line, p->version);
	line_u64(&line, r->sequence);
	line_i64(&line, p->base_num);
	line_i64(&line, p->base_den);
	line_i64(&line, p->bonus_num);
	line_i64(&line, p->bonus_den);
	line_i64(&line, p->bonus_threshold_amount);
	line_i64(&line, p->bonus_fixed_points);
	line_u64_unless_0(&line, true, p->bonus_sponsor);
	line_i64(&line, p->bonus_days);
	line_u64_unless_0(&line, !is_store, p->bonus_usable_at);
	line_u64_unless_0(&line, is_store, p->bonus_usable_at & 0x7fffffff);
	assert_true(p->version < RULE_VERSIONS_MAX);
	expected_set(&images->rules, (uint64_t)p->partner * RULE_VERSIONS_MAX + p->version, &line);
}

static void
expect_store(struct images *images, const struct record *r)
{
	const struct store_config *p = &r->store_image;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->number);
	line_u64(&line, r->sequence);
	line_u64(&line, p->partner);
	line_text(&line, p->name, NAME_BYTES);
	line_u64(&line, p->flags);
	expected_set(&images->stores, p->number, &line);
}

static void
expect_terminal(struct images *images, const struct record *r)
{
	const struct terminal_config *p = &r->terminal_image;
	struct expected_line line = { .bytes = 0 };

	line_u64(&line, p->number);
	line_u64(&line, r->sequence);
	line_u64(&line, p->partner);
	line_u64_unless_0(&line, true, p->store);
	line_text(&line, p->name, NAME_BYTES);
	line_u64(&line, p->flags);
	line_u64(&line, p->key_generation);
	line_u64_unless_0(&line, true, p->key_generation_old);
	if (p->old_key_until_utc_ms == 0)
		line_null(&line);
	else
		line_ms(&line, p->old_key_until_utc_ms);
	line_u64(&line, p->rights);
	expected_set(&images->terminals, p->number, &line);
}

static void
expect(void *context, const struct record *r)
{
	struct images *images = context;

	if (RECORD_HAS(r, MEMBER)) {
		assert_true(r->member < MEMBERS_MAX);
		expect_member(images, r);
	}
	if (RECORD_HAS(r, IDENTIFIERS))
		expect_identifiers(images, r);
	if (RECORD_HAS(r, MEMBER) && RECORD_HAS(r, VALUE))
		expect_stored(images, r, r->member, r->value.after, r->value.flags);
	if (RECORD_HAS(r, VALUE) && r->value.lent > 0)
		expect_stored(images, r, r->other_member, r->value.shared, r->value.other_flags);
	if (r->kind == RECORD_PROGRAMME)
		expect_programme(images, r);
	if (r->kind == RECORD_PARTNER)
		expect_partner(images, r);
	if (r->kind == RECORD_RULE)
		expect_rule(images, r);
	if (r->kind == RECORD_STORE)
		expect_store(images, r);
	if (r->kind == RECORD_TERMINAL)
		expect_terminal(images, r);
	if (r->kind == RECORD_FUNDING)
		expect_terms(images, r);
	expect_blocks(images, r);
}

void
sink_compare_images(struct database *database, const struct made_records *made)
{
	struct images images = { .kept = calloc(MEMBERS_MAX, sizeof *images.kept) };

	images.block_rows = calloc(MEMBERS_MAX, sizeof *images.block_rows);
	assert_true(images.kept != NULL && images.block_rows != NULL);
	for (size_t i = 0; i < MEMBERS_MAX; i++)
		images.kept[i].regular_last_day = DAY_NONE;
	sink_compare_each(made, expect, &images);
	expected_compare(&images.members, database, "member", member_sql);
	expected_compare(&images.identifiers, database, "identifier", identifier_sql);
	expected_compare(&images.programmes, database, "programme", programme_sql);
	expected_compare(&images.partners, database, "partner", partner_sql);
	expected_compare(&images.rules, database, "rule", rule_sql);
	expected_compare(&images.stores, database, "store", store_sql);
	expected_compare(&images.terminals, database, "terminal", terminal_sql);
	expected_compare(&images.terms, database, "partner_terms", terms_sql);
	expected_compare(&images.blocks, database, "partner_block", block_sql);
	expected_compare(&images.values, database, "stored_value", value_sql);
	free(images.block_rows);
	free(images.kept);
}
