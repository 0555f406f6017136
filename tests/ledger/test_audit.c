/*
 * test_audit.c - the audit notices every kind of wrong row and account, and names it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/state.h"
#include "tests/ledger/fixture.h"

#define WHY_BYTES 200

static int
setup(void **state)
{
	static struct ledger_fixture f;
	struct ledger_request q;

	fixture_init(&f);
	q = fixture_request(&f, REQUEST_ENROLL, "enroll");
	q.identifier = fixture_identifier("ann");
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	q = fixture_request(&f, REQUEST_EARN, "earn");
	q.identifier = fixture_identifier("ann");
	q.amount = 10000;
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	q = fixture_request(&f, REQUEST_HOLD, "hold");
	q.identifier = fixture_identifier("ann");
	q.points = 40;
	q.has_points = true;
	q.hold_seconds = 60;
	assert_int_equal(fixture_ask(&f, &q)->status, TG_OK);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_deinit(*state);
	return 0;
}

/* The audit fails, and says so; why: how it begins. */
static void
assert_found(struct ledger *l, const char *why)
{
	char text[WHY_BYTES] = "";

	assert_false(ledger_audit(l, text, sizeof(text)));
	if (strncmp(text, why, strlen(why)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", text, why);
}

static void
assert_sound(struct ledger *l)
{
	char text[WHY_BYTES] = "";

	if (!ledger_audit(l, text, sizeof(text)))
		fail_msg("%s", text);
}

/* A point more on an account, or one less. */
static void
post(struct ledger *l, uint8_t account, uint8_t unit, int64_t points)
{
	uint32_t row = state_find_account(l, state_account_key(account, unit, 0));

	if (row == TABLE_NONE) {
		struct account_row *made;

		row = table_free_peek(&l->accounts, 0);
		made = table_claim(&l->accounts, row);
		made->key = state_account_key(account, unit, 0);
		made->balance_points = points;
		index_insert(&l->accounts_by_key, state_hash_u64(made->key), row);
		return;
	}
	((struct account_row *)table_edit(&l->accounts, row))->balance_points += points;
}

/* What: an account that differs from the rows it stands for, or from zero in sum, is named.
 * How:  one more and one less on each. */
static void
every_wrong_account_is_named(void **state)
{
	static const struct {
		const char *why;
		uint8_t account, unit;
	} wrongs[] = {
		{ "member.available: accounts say 61, rows 60", ACCOUNT_AVAILABLE, UNIT_POINTS },
		{ "member.pending: accounts say 1, rows 0", ACCOUNT_PENDING, UNIT_POINTS },
		{ "member.held: accounts say 41, rows 40", ACCOUNT_HELD, UNIT_POINTS },
		{ "member.debt: accounts say 1, rows 0", ACCOUNT_DEBT, UNIT_POINTS },
		{ "sum of all accounts: accounts say 1, rows 0", ACCOUNT_BREAKAGE, UNIT_POINTS },
		{ "sum of all cover: accounts say 1, rows 0", ACCOUNT_COVER, UNIT_COVER },
		{ "sum of partners' own units: accounts say 1, rows 0", ACCOUNT_OWN, UNIT_OWN },
		{ "member.value: accounts say 1, rows 0", ACCOUNT_VALUE, UNIT_VALUE },
		{ "sum of stored value: accounts say 1, rows 0", ACCOUNT_VALUE_PAID, UNIT_VALUE },
	};
	struct ledger_fixture *f = *state;

	assert_sound(f->ledger);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		post(f->ledger, wrongs[i].account, wrongs[i].unit, 1);
		assert_found(f->ledger, wrongs[i].why);
		post(f->ledger, wrongs[i].account, wrongs[i].unit, -1);
		assert_sound(f->ledger);
	}
}

/* What: points that appear in a row are named.
 * How:  a point more for the member, a point less in the hold. */
static void
every_wrong_row_is_named(void **state)
{
	struct ledger_fixture *f = *state;
	struct ledger *l = f->ledger;

	((struct member_row *)table_edit(&l->members, 1))->regular_points++;
	assert_found(l, "member.available: accounts say 60, rows 61");
	((struct member_row *)table_edit(&l->members, 1))->regular_points--;
	((struct hold_row *)table_edit(&l->holds, 1))->points--;
	assert_found(l, "member.held: accounts say 40, rows 39");
	((struct hold_row *)table_edit(&l->holds, 1))->points++;
	assert_sound(l);
}

/* What: a row that was written behind the table's back shows in the state hash.
 * How:  a bit that no sum counts. */
static void
a_row_changed_past_the_table_shows_in_the_hash(void **state)
{
	struct ledger_fixture *f = *state;
	uint8_t *row = (uint8_t *)(uintptr_t)table_bytes(&f->ledger->members, 1);

	(void)table_set_hash(&f->ledger->set);
	row[offsetof(struct member_row, counters_day)] ^= 1;
	assert_found(f->ledger, "state hash differs from the rows");
	row[offsetof(struct member_row, counters_day)] ^= 1;
	assert_sound(f->ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_wrong_account_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(every_wrong_row_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_changed_past_the_table_shows_in_the_hash,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
