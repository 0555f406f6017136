/*
 * test_merge.c - two members joined and parted again, against a ledger in which they never were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/state.h"
#include "tests/ledger/fixture.h"

#define OPERATIONS 1000
#define MEMBERS 2
#define MINUTE_MS INT64_C(60000)
#define KEPT 64			/* transactions that later requests may name, of each member */

static const char *const names[MEMBERS] = { "ann", "bob" };

/* What a member did, for what is done about it. */
struct past {
	uint64_t numbers[KEPT];		/* of the request; its id is made of it */
	uint8_t	 kinds[KEPT];
	unsigned count;
};

struct run {
	struct ledger_fixture joined;
	struct ledger_fixture alone;
	struct past pasts[MEMBERS];
	uint64_t random;
	uint64_t number;		/* of the request */
	unsigned done;			/* changing requests that were granted */
	unsigned kinds_done[UINT8_MAX + 1];
};

/* xorshift64*: the same history for the same seed everywhere. */
static uint64_t
below(struct run *run, uint64_t bound)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return run->random * UINT64_C(2685821657736338717) % bound;
}

static int
setup(void **state)
{
	struct run *run = calloc(1, sizeof(*run));

	*state = run;
	if (run == NULL)
		return 1;
	fixture_init(&run->joined);
	fixture_init(&run->alone);
	run->random = 20240401;
	return 0;
}

static int
teardown(void **state)
{
	struct run *run = *state;

	fixture_audit(&run->joined);
	fixture_audit(&run->alone);
	fixture_deinit(&run->joined);
	fixture_deinit(&run->alone);
	free(run);
	return 0;
}

static struct ledger_request
request(struct run *run, uint8_t kind, unsigned member)
{
	char id[17];
	struct ledger_request q;

	snprintf(id, sizeof(id), "%u", (unsigned)++run->number);
	q = fixture_request(&run->joined, kind, id);
	q.identifier = fixture_identifier(names[member]);
	return q;
}

static struct ledger_request
order(struct run *run, uint8_t kind, const char *other)
{
	struct ledger_request q = request(run, kind, 0);

	q.principal = 0;
	memcpy(q.operator_name, "test", sizeof("test"));
	if (other != NULL)
		q.new_identifier = fixture_identifier(other);
	return q;
}

/* What the member has of its own: of points, or of stored value. */
static int64_t
usable(struct run *run, unsigned member, bool is_value)
{
	struct ledger_request q = request(run, REQUEST_INQUIRY, member);
	const struct ledger_answer *a = fixture_ask(&run->alone, &q);

	return is_value ? a->value_after : a->usable_points;
}

/* What this member began; false: nothing yet. */
static bool
name_original(struct run *run, unsigned member, uint8_t kind, struct ledger_request *q)
{
	const struct past *past = &run->pasts[member];
	const unsigned kept = past->count < KEPT ? past->count : KEPT;
	const unsigned start = kept == 0 ? 0 : (unsigned)below(run, kept);

	for (unsigned i = 0; i < kept; i++) {
		const unsigned at = (start + i) % kept;
		char id[17];

		if (past->kinds[at] != kind)
			continue;
		snprintf(id, sizeof(id), "%u", (unsigned)past->numbers[at]);
		fixture_id(q->original_id, id);
		q->has_original = true;
		q->original_time_utc_ms = run->joined.now.utc_ms;
		return true;
	}
	return false;
}

/* A random request that names one member and what that one began. */
static bool
make_request(struct run *run, unsigned member, struct ledger_request *q)
{
	static const uint8_t kinds[] = {
		REQUEST_EARN,	 REQUEST_EARN,	  REQUEST_EARN,	  REQUEST_BURN,
		REQUEST_HOLD,	 REQUEST_CAPTURE, REQUEST_RELEASE, REQUEST_REFUND,
		REQUEST_REVERSE, REQUEST_REVERSE, REQUEST_TOP_UP, REQUEST_PAY,
	};
	static const uint8_t undone[] = { REQUEST_EARN, REQUEST_BURN, REQUEST_TOP_UP, REQUEST_PAY };
	const uint8_t kind = kinds[below(run, sizeof(kinds))];
	const int64_t own = usable(run, member, kind == REQUEST_PAY);

	*q = request(run, kind, member);
	switch (kind) {
	case REQUEST_EARN:
		q->amount = (int64_t)below(run, 100000);
		return true;
	case REQUEST_TOP_UP:
		q->amount = 1 + (int64_t)below(run, 30000);
		return true;
	case REQUEST_BURN:
	case REQUEST_HOLD:
	case REQUEST_PAY:
		/* What the other would have to lend is another test's. */
		if (own <= 0)
			return false;
		if (kind == REQUEST_PAY)
			q->amount = 1 + (int64_t)below(run, (uint64_t)own);
		else
			q->points = 1 + (int64_t)below(run, (uint64_t)own);
		q->hold_seconds = 3600;
		return true;
	case REQUEST_CAPTURE:
	case REQUEST_RELEASE:
		return name_original(run, member, REQUEST_HOLD, q);
	case REQUEST_REFUND:
		q->amount = 1 + (int64_t)below(run, 50000);
		return name_original(run, member,
				     below(run, 3) == 0 ? REQUEST_PAY : REQUEST_EARN, q);
	default:
		q->reason = 2;
		return name_original(run, member, undone[below(run, sizeof(undone))], q);
	}
}

/* Both ledgers are asked the same and answer the same, but for what is shown. */
static void
ask_both(struct run *run, unsigned member, const struct ledger_request *q)
{
	struct past *past = &run->pasts[member];
	const struct ledger_answer *a = fixture_ask(&run->joined, q);
	const struct ledger_answer *b = fixture_ask(&run->alone, q);

	assert_int_equal(a->status, b->status);
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->points, b->points);
	assert_int_equal(a->taken_points, b->taken_points);
	assert_int_equal(a->restored_points, b->restored_points);
	assert_int_equal(a->lost_points, b->lost_points);
	assert_int_equal(a->value_change, b->value_change);
	if (a->status != TG_OK)
		return;
	past->numbers[past->count % KEPT] = run->number;
	past->kinds[past->count % KEPT] = q->kind;
	past->count++;
	run->done++;
	run->kinds_done[q->kind]++;
}

static void
pass_time(struct run *run)
{
	const int64_t utc_ms =
		run->joined.now.utc_ms + MINUTE_MS * (int64_t)(1 + below(run, 20));

	fixture_set_time(&run->joined, utc_ms);
	fixture_set_time(&run->alone, utc_ms);
	fixture_tick(&run->joined);
	fixture_tick(&run->alone);
}

static void
enroll(struct run *run)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct ledger_request q = request(run, REQUEST_ENROLL, i);

		assert_int_equal(fixture_ask(&run->joined, &q)->status, TG_OK);
		assert_int_equal(fixture_ask(&run->alone, &q)->status, TG_OK);
	}
}

/* What takes the place of a merge where there is none: as many records, and nothing else. */
static void
do_nothing(struct run *run)
{
	struct ledger_request q = order(run, REQUEST_LINK_FOR, names[0]);

	assert_int_equal(fixture_ask(&run->alone, &q)->status, TG_OK);
}

static void
join(struct run *run)
{
	struct ledger_request q = order(run, REQUEST_MERGE, names[1]);

	assert_int_equal(fixture_ask(&run->joined, &q)->status, TG_OK);
}

static void
part(struct run *run)
{
	struct ledger_request q = order(run, REQUEST_UNMERGE, NULL);

	assert_int_equal(fixture_ask(&run->joined, &q)->status, TG_OK);
}

static void
compare_table(const struct table *a, const struct table *b)
{
	assert_int_equal(a->live_count, b->live_count);
	assert_int_equal(a->rows_used, b->rows_used);
	for (uint32_t row = 1; row <= a->rows_used; row++) {
		assert_int_equal(table_is_live(a, row), table_is_live(b, row));
		if (table_is_live(a, row) &&
		    memcmp(table_row(a, row), table_row(b, row), a->config.hashed_bytes) != 0)
			fail_msg("row %u of %s differs", row, a->config.name);
	}
}

/* What: after a merge, any requests that name one of the two, and an unmerge, both members are
 *       what they would have been.
 * How:  the same requests to a ledger without the merge; all their rows, byte for byte. */
static void
parted_members_are_as_if_never_joined(void **state)
{
	struct run *run = *state;
	struct ledger *a = run->joined.ledger, *b = run->alone.ledger;
	unsigned asked = 0;

	enroll(run);
	join(run);
	do_nothing(run);
	while (asked < OPERATIONS) {
		const unsigned member = (unsigned)below(run, MEMBERS);
		struct ledger_request q;

		if (!make_request(run, member, &q))
			continue;
		ask_both(run, member, &q);
		asked++;
		if (below(run, 4) == 0)
			pass_time(run);
	}
	assert_int_equal(a->extensions.live_count, 2);
	part(run);
	do_nothing(run);
	assert_int_equal(a->extensions.live_count, 0);
	assert_true(run->done > OPERATIONS / 2);
	for (uint8_t kind = REQUEST_EARN; kind <= REQUEST_REVERSE; kind++)
		assert_true(run->kinds_done[kind] > 0);
	assert_true(run->kinds_done[REQUEST_TOP_UP] > 0 && run->kinds_done[REQUEST_PAY] > 0);
	compare_table(&a->members, &b->members);
	compare_table(&a->identifiers, &b->identifiers);
	compare_table(&a->lots, &b->lots);
	compare_table(&a->pendings, &b->pendings);
	compare_table(&a->debts, &b->debts);
	compare_table(&a->holds, &b->holds);
	compare_table(&a->portions, &b->portions);
	compare_table(&a->values, &b->values);
	compare_table(&a->accounts, &b->accounts);
	compare_table(&a->totals, &b->totals);
}

/* What: points that one lends the other are neither made nor lost.
 * How:  random burns of more than the member has, some reversed, then parted: what both have is
 *       what was issued less what was redeemed; the fixture audits each. */
static void
lending_keeps_the_sum(void **state)
{
	struct run *run = *state;
	struct ledger_fixture *f = &run->joined;
	unsigned lent = 0;
	int64_t sum = 0;

	enroll(run);
	join(run);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		const unsigned member = (unsigned)below(run, MEMBERS);
		const bool is_earn = below(run, 3) == 0;
		struct ledger_request q =
			request(run, is_earn ? REQUEST_EARN : REQUEST_BURN, member);

		if (is_earn)
			q.amount = (int64_t)below(run, 10000);
		else
			q.points = 1 + (int64_t)below(run, 150);
		if (!is_earn && below(run, 3) == 0 &&
		    name_original(run, member, REQUEST_BURN, &q)) {
			q.kind = REQUEST_REVERSE;
			q.points = 0;
			q.reason = 2;
		}
		if (fixture_ask(f, &q)->status == TG_OK) {
			struct past *past = &run->pasts[member];

			lent += f->decision->records[0].kind == RECORD_TRANSFER;
			past->numbers[past->count % KEPT] = run->number;
			past->kinds[past->count % KEPT] = q.kind;
			past->count++;
		}
	}
	assert_true(lent > OPERATIONS / 50);
	part(run);
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct ledger_request q = request(run, REQUEST_INQUIRY, i);

		sum += fixture_ask(f, &q)->available_points;
	}
	assert_int_equal(sum, ledger_account_points(f->ledger, ACCOUNT_AVAILABLE, UNIT_POINTS, 0));
	assert_int_equal(sum, -ledger_account_points(f->ledger, ACCOUNT_ISSUED, UNIT_POINTS, 1) -
				      ledger_account_points(f->ledger, ACCOUNT_REDEEMED,
							    UNIT_POINTS, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parted_members_are_as_if_never_joined, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lending_keeps_the_sum, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
