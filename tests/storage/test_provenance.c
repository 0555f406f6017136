/*
 * test_provenance.c - whose points a member spends, as text tables: regular points first in, first
 * out, limited ones by their issuer.
 *
 * A line is one record of the member: its postings as account/partner=points, and `limited/N`, what
 * its moves say of N's limited points, `prepaid/N` as issued/N of a prepaid one; behind the arrow
 * who owes whom for how many.  0 is the operator, x: they expired.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/record.h"
#include "storage/provenance.h"

#define TEXT_BYTES 512
#define MEMBER 77
#define MONTH 202404

static const struct table {
	const char *claim;
	const char *lines[12];
} tables[] = {
	{ "regular points leave in the order of issue",
	  { "issued/1=-100 ->", "issued/2=-50 ->", "redeemed/3=120 -> 1>3=100 2>3=20",
	    "redeemed/1=30 -> 2>1=30" } },
	{ "limited points leave by their issuer, whatever came before them",
	  { "issued/1=-100 ->", "issued/2=-50 limited/2=50 ->",
	    "redeemed/3=30 limited/2=-30 -> 2>3=30", "redeemed/3=100 -> 1>3=100",
	    "redeemed/3=20 limited/2=-20 -> 2>3=20" } },
	{ "a burn of both takes each from where it is",
	  { "issued/1=-100 ->", "issued/2=-50 limited/2=50 ->",
	    "redeemed/3=70 limited/2=-50 -> 1>3=20 2>3=50" } },
	{ "sponsors of a joint promotion owe by what left of each one's lot",
	  { "issued/1=-60 issued/2=-30 limited/1=60 limited/2=30 ->",
	    "redeemed/3=30 limited/1=-20 limited/2=-10 -> 1>3=20 2>3=10",
	    "redeemed/1=30 limited/1=-20 limited/2=-10 -> 1>1=20 2>1=10" } },
	{ "what a reversal gives back to a lot is its issuer's again",
	  { "issued/1=-40 ->", "issued/2=-50 limited/2=50 ->",
	    "redeemed/3=60 limited/2=-50 -> 1>3=10 2>3=50",
	    "redeemed/3=-60 limited/2=50 -> 1>3=-10 2>3=-50",
	    "redeemed/3=40 -> 1>3=40", "redeemed/3=50 limited/2=-50 -> 2>3=50" } },
	{ "a hold moves nobody's points",
	  { "issued/2=-50 limited/2=50 ->", "limited/2=-30 limited/2=30 ->",
	    "redeemed/3=30 limited/2=-30 -> 2>3=30" } },
	{ "expired limited points are their issuer's",
	  { "issued/1=-10 ->", "issued/2=-50 limited/2=50 ->",
	    "breakage=50 limited/2=-50 -> 2>x=50",
	    "redeemed/3=10 -> 1>3=10" } },
	{ "an issuer takes its own limited points back first, and owes for others'",
	  { "issued/1=-100 ->", "issued/2=-50 limited/2=50 ->",
	    "issued/1=20 issued/2=30 limited/2=-40 -> 2>1=10",
	    "redeemed/3=90 -> 1>3=90", "redeemed/3=10 limited/2=-10 -> 2>3=10" } },
	{ "what became debt leaves nobody, and its payment leaves at the front",
	  { "issued/1=-50 ->", "redeemed/3=50 -> 1>3=50", "issued/1=50 debt/1=-50 ->",
	    "issued/2=-80 debt/1=50 -> 2>1=50", "redeemed/3=30 -> 2>3=30" } },
	{ "a refund at another partner owes the issuer what became debt, and is paid for it later",
	  { "issued/1=-50 ->", "redeemed/3=50 -> 1>3=50", "issued/1=50 debt/2=-50 -> 2>1=50",
	    "issued/3=-80 debt/2=50 -> 3>2=50" } },
	{ "debt that is given up is paid by nobody",
	  { "issued/1=-50 ->", "redeemed/3=50 -> 1>3=50", "issued/1=50 debt/1=-50 ->",
	    "debt/1=50 written_off=-50 ->", "issued/2=-10 ->", "redeemed/3=10 -> 2>3=10" } },
	{ "what an operator gave is nobody's, and what it took is owed to it",
	  { "adjustments=-30 ->", "issued/1=-20 ->", "redeemed/3=40 -> 0>3=30 1>3=10",
	    "adjustments=10 -> 1>0=10" } },
	{ "what a prepaid issuer takes back in place of its own is owed to the operator",
	  { "issued/1=-50 ->", "issued/2=-50 ->", "redeemed/3=50 -> 1>3=50",
	    "prepaid/1=50 -> 2>0=50" } },
	{ "a prepaid issuer takes its own back like others, and limited ones not its own",
	  { "issued/1=-50 ->", "issued/2=-20 limited/2=20 ->", "redeemed/3=20 -> 1>3=20",
	    "prepaid/1=50 limited/2=-20 -> 2>0=20" } },
	{ "lots that became known late leave from what there is",
	  { "issued/1=-30 ->", "redeemed/3=20 limited/2=-20 -> 1>3=20",
	    "redeemed/3=10 -> 1>3=10" } },
};

struct look {
	char text[TEXT_BYTES];
	int64_t owed[4][5];		/* issuer; redeemer, 4: expired */
};

static enum tg_status
note(void *context, uint32_t issuer, uint32_t redeemer, uint32_t month, int64_t points)
{
	struct look *look = context;

	(void)month;
	assert_true(issuer < 4 && (redeemer < 4 || redeemer == PROVENANCE_EXPIRED));
	look->owed[issuer][redeemer == PROVENANCE_EXPIRED ? 4 : redeemer] += points;
	return TG_OK;
}

static uint8_t
account_of(const char *word)
{
	static const struct {
		const char *word;
		uint8_t account;
	} accounts[] = {
		{ "debt", ACCOUNT_DEBT },	  { "issued", ACCOUNT_ISSUED },
		{ "redeemed", ACCOUNT_REDEEMED }, { "breakage", ACCOUNT_BREAKAGE },
		{ "written_off", ACCOUNT_WRITTEN_OFF },
		{ "adjustments", ACCOUNT_ADJUSTMENTS },
		{ "limited", PROVENANCE_LIMITED_LEG },
		{ "prepaid", ACCOUNT_ISSUED },
	};

	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
		if (strcmp(accounts[i].word, word) == 0)
			return accounts[i].account;
	}
	fail_msg("no account: %s", word);
	return 0;
}

/* "issued/1=-100" */
static struct provenance_leg
leg_of(char *word)
{
	char *equals = strchr(word, '=');
	char *slash = strchr(word, '/');
	struct provenance_leg leg = { .partner = 0 };

	assert_non_null(equals);
	leg.points = strtoll(equals + 1, NULL, 10);
	*equals = '\0';
	if (slash != NULL) {
		leg.partner = (uint32_t)strtoul(slash + 1, NULL, 10);
		*slash = '\0';
	}
	leg.is_prepaid = strcmp(word, "prepaid") == 0;
	leg.account = account_of(word);
	return leg;
}

/* Do one record, and say who owes whom as the table does. */
static void
do_record(struct provenance *p, const char *line, const char *arrow, struct look *look)
{
	struct provenance_leg legs[16];
	char words[TEXT_BYTES], *rest = NULL;
	uint32_t count = 0;
	size_t used = 0;

	(void)snprintf(words, sizeof words, "%.*s", (int)(arrow - line), line);
	for (char *word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		legs[count++] = leg_of(word);
	*look = (struct look){ .text = "" };
	assert_int_equal(provenance_apply(p, MEMBER, MONTH, legs, count, note, look), TG_OK);
	for (uint32_t issuer = 0; issuer < 4; issuer++) {
		for (uint32_t to = 0; to < 5; to++) {
			const long long points = look->owed[issuer][to];
			const char name = to == 4 ? 'x' : (char)('0' + to);

			if (points != 0)
				used += (size_t)snprintf(look->text + used, TEXT_BYTES - used,
							 " %u>%c=%lld", issuer, name, points);
		}
	}
}

static enum tg_status
copy(void *context, enum provenance_place place, const struct provenance_run *run)
{
	return provenance_put(context, MEMBER, place, run);
}

/* What: every line of every table; and the same where queues are kept and put together again.
 * How:  before each record what there is, is told to another provenance, which goes on with it. */
static void
tables_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		struct provenance *p = provenance_new();

		for (size_t k = 0; k < 12 && tables[i].lines[k] != NULL; k++) {
			const char *line = tables[i].lines[k];
			const char *arrow = strstr(line, "->");
			struct provenance *next = provenance_new();
			struct look look;

			assert_true(p != NULL && next != NULL && arrow != NULL);
			assert_int_equal(provenance_each(p, MEMBER, copy, next), TG_OK);
			provenance_free(p);
			p = next;
			do_record(p, line, arrow, &look);
			if (strcmp(look.text, arrow + 2) != 0)
				fail_msg("%s: %s: got%s", tables[i].claim, line, look.text);
		}
		provenance_free(p);
	}
}

/* What: more than there is cannot leave. */
static void
more_than_came_is_refused(void **state)
{
	const struct provenance_leg in = { ACCOUNT_ISSUED, 1, -5, false };
	const struct provenance_leg out = { ACCOUNT_REDEEMED, 2, 6, false };
	struct provenance *p = provenance_new();
	struct look look = { .text = "" };

	(void)state;
	assert_non_null(p);
	assert_int_equal(provenance_apply(p, MEMBER, MONTH, &in, 1, note, &look), TG_OK);
	assert_int_equal(provenance_apply(p, MEMBER, MONTH, &out, 1, note, &look), TG_CORRUPT);
	provenance_free(p);
}

/* What: what one member lends another stays whose it was, and nobody owes anything until it is
 *       spent; more than there is cannot be lent.
 * How:  limited points and some of the queue, spent by the borrower; the rest by the lender. */
static void
what_is_lent_is_whose_it_was(void **state)
{
	const struct provenance_leg issue[] = { { ACCOUNT_ISSUED, 1, -100, false },
						{ ACCOUNT_ISSUED, 2, -50, false },
						{ PROVENANCE_LIMITED_LEG, 2, 50, false } };
	const struct provenance_leg lent[] = { { PROVENANCE_LIMITED_LEG, 2, -50, false },
					       { PROVENANCE_LIMITED_LEG, 2, 50, false } };
	const struct provenance_leg spend[] = { { ACCOUNT_REDEEMED, 3, 70, false },
						{ PROVENANCE_LIMITED_LEG, 2, -50, false } };
	const struct provenance_leg rest = { ACCOUNT_REDEEMED, 3, 80, false };
	struct provenance *p = provenance_new();
	struct look look = { .text = "" };

	(void)state;
	assert_non_null(p);
	assert_int_equal(provenance_apply(p, MEMBER, MONTH, issue, 3, note, &look), TG_OK);
	assert_int_equal(provenance_lend(p, MEMBER, MEMBER + 1, 70, lent, 2), TG_OK);
	assert_int_equal(look.owed[1][3] + look.owed[2][3], 0);
	assert_int_equal(provenance_apply(p, MEMBER + 1, MONTH + 1, spend, 2, note, &look), TG_OK);
	assert_int_equal(look.owed[1][3], 20);
	assert_int_equal(look.owed[2][3], 50);
	assert_int_equal(provenance_lend(p, MEMBER, MEMBER + 1, 81, NULL, 0), TG_CORRUPT);
	provenance_free(p);
	p = provenance_new();
	assert_non_null(p);
	assert_int_equal(provenance_apply(p, MEMBER, MONTH, issue, 3, note, &look), TG_OK);
	assert_int_equal(provenance_lend(p, MEMBER, MEMBER + 1, 70, lent, 2), TG_OK);
	assert_int_equal(provenance_apply(p, MEMBER, MONTH + 1, &rest, 1, note, &look), TG_OK);
	assert_int_equal(look.owed[1][3], 100);
	provenance_free(p);
}

static enum tg_status
count_run(void *context, enum provenance_place place, const struct provenance_run *run)
{
	(void)run;
	if (place == PROVENANCE_SPENT)
		++*(uint32_t *)context;
	return TG_OK;
}

static void
move_points(struct provenance *p, uint8_t account, uint32_t partner, int64_t points,
	    struct look *look)
{
	const struct provenance_leg leg = { account, partner, points, false };

	assert_int_equal(provenance_apply(p, MEMBER, MONTH, &leg, 1, note, look), TG_OK);
}

static enum tg_status
write_run(void *context, enum provenance_place place, const struct provenance_run *run)
{
	char *text = context;
	const size_t used = strlen(text);

	(void)snprintf(text + used, TEXT_BYTES - used, " %c%u/%u=%lld",
		       place == PROVENANCE_HELD ? 'h' : place == PROVENANCE_LIMITED ? 'l' : 's',
		       run->issuer, run->month, (long long)run->points);
	return TG_OK;
}

/* What: points keep the month in which they were issued, spent and given back, too; an issuer's
 *       oldest limited points leave first.
 * How:  records in three months, and after each what there is. */
static void
points_keep_their_month(void **state)
{
	static const struct {
		uint32_t month;
		const char *line, *runs;
	} steps[] = {
		{ 100001, "issued/1=-100", " h1/100001=100" },
		{ 202402, "issued/1=-50", " h1/100001=100 h1/202402=50" },
		{ 202402, "redeemed/3=120", " h1/202402=30 s1/100001=100 s1/202402=20" },
		{ 202403, "redeemed/3=-60",
		  " h1/100001=40 h1/202402=50 s1/100001=60" },
		{ 202403, "issued/1=60", " h1/100001=30 s1/100001=60" },
		{ 202402, "issued/2=-5 limited/2=5", " h1/100001=30 l2/202402=5 s1/100001=60" },
		{ 202403, "issued/2=-7 limited/2=7",
		  " h1/100001=30 l2/202402=5 l2/202403=7 s1/100001=60" },
		{ 202403, "redeemed/3=9 limited/2=-9",
		  " h1/100001=30 l2/202403=3 s1/100001=60 s2/202402=5 s2/202403=4" },
		{ 202404, "redeemed/3=-9 limited/2=9",
		  " h1/100001=30 l2/202403=7 l2/202402=5 s1/100001=60" },
		{ 202404, "issued/2=6 limited/2=-6", " h1/100001=30 l2/202403=6 s1/100001=60" },
	};
	struct provenance *p = provenance_new();

	(void)state;
	assert_non_null(p);
	assert_int_equal(provenance_month(INT32_MIN), 100001);
	assert_int_equal(provenance_month(19723), 202401);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct provenance_leg legs[2];
		struct look look = { .text = "" };
		char words[TEXT_BYTES], runs[TEXT_BYTES] = "", *rest = NULL;
		uint32_t count = 0;

		(void)snprintf(words, sizeof words, "%s", steps[i].line);
		for (char *word = strtok_r(words, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			legs[count++] = leg_of(word);
		assert_int_equal(provenance_apply(p, MEMBER, steps[i].month, legs, count, note,
						  &look), TG_OK);
		assert_int_equal(provenance_each(p, MEMBER, write_run, runs), TG_OK);
		assert_string_equal(runs, steps[i].runs);
	}
	provenance_free(p);
}

/* What: a queue does not grow with what is spent; all of it can come back, and what comes back is
 *       owed no more; and all that where the queue is kept and put together again.
 * How:  points of two issuers, burned by turns at two partners, a thousand times. */
static void
what_was_spent_long_ago_is_summed(void **state)
{
	struct provenance *p = provenance_new();
	struct look look = { .text = "" };

	(void)state;
	assert_non_null(p);
	for (uint32_t i = 0; i < 1000; i++) {
		struct provenance *next = provenance_new();
		uint32_t runs = 0;

		assert_non_null(next);
		move_points(p, ACCOUNT_ISSUED, 1 + i % 2, -7, &look);
		move_points(p, ACCOUNT_REDEEMED, 2 + i / 2 % 2, 5, &look);
		if (i % 5 == 4)
			move_points(p, ACCOUNT_REDEEMED, 2 + i / 2 % 2, -3, &look);
		assert_int_equal(provenance_each(p, MEMBER, count_run, &runs), TG_OK);
		assert_true(runs <= 64 + 4);
		assert_int_equal(provenance_each(p, MEMBER, copy, next), TG_OK);
		provenance_free(p);
		p = next;
	}
	for (uint32_t redeemer = 2; redeemer <= 3; redeemer++)
		move_points(p, ACCOUNT_REDEEMED, redeemer,
			    -(look.owed[1][redeemer] + look.owed[2][redeemer]), &look);
	for (uint32_t issuer = 1; issuer <= 2; issuer++) {
		for (uint32_t redeemer = 2; redeemer <= 3; redeemer++)
			assert_true(look.owed[issuer][redeemer] == 0);
	}
	provenance_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_hold),
		cmocka_unit_test(more_than_came_is_refused),
		cmocka_unit_test(points_keep_their_month),
		cmocka_unit_test(what_is_lent_is_whose_it_was),
		cmocka_unit_test(what_was_spent_long_ago_is_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
