/*
 * test_matters.c - what waits for a decision of an operator: proposals and disputes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/admin/fake_host.h"

#define HOUR_MS INT64_C(3600000)

static void
enroll(struct fake_host *fake)
{
	struct ledger_request q = fixture_request(&fake->ledger, REQUEST_ENROLL, "4711");

	q.identifier = fixture_identifier("4711");
	assert_int_equal(fixture_ask(&fake->ledger, &q)->status, TG_OK);
	fake->host.second_points = 500;
	fake->host.proposal_ms = 24 * HOUR_MS;
}

/* Run a line as another operator; %llu in it is the number. */
static void
expect_as(struct fake_host *fake, const char *who, uint64_t number, const char *format,
	  const char *end, const char *part)
{
	char line[128];
	const char *place = strstr(format, "%n");

	if (place == NULL)
		snprintf(line, sizeof(line), "%s", format);
	else
		snprintf(line, sizeof(line), "%.*s%llu%s", (int)(place - format), format,
			 (unsigned long long)number, place + 2);
	fake->call.operator_name = who;
	fake_host_expect(fake, line, end, part);
}

/* What: an adjustment above the limit is proposed, not done; its proposer cannot approve it,
 *       another operator can, once, and the record has both names. */
static void
large_adjustments_need_two_operators(void **state)
{
	struct fake_host *fake = *state;
	uint64_t number, done;

	enroll(fake);
	expect_as(fake, "ann", 0, "adjust card:4711 +500 goodwill", "ok", "available=500");
	expect_as(fake, "ann", 0, "adjust card:4711 +501 big goodwill", "ok", "another operator");
	number = fake->call.sequence;
	expect_as(fake, "ann", 0, "show proposals", "ok", "+501 \"big goodwill\"");
	assert_null(strstr(fake->printed, "4711"));
	expect_as(fake, "ann", number, "approve %n", "error", "SAME_OPERATOR");
	expect_as(fake, "bob", number, "approve %n", "ok", "available=1001");
	done = fake->call.sequence;
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
	expect_as(fake, "bob", done, "record %n", "ok", "bob");
	assert_non_null(strstr(fake->printed, "ann"));
	assert_non_null(strstr(fake->printed, "ADJUST"));
	expect_as(fake, "bob", 0, "member card:4711", "ok", "1001");
	expect_as(fake, "bob", 0, "adjust card:4711 -501 \"it's\" \"a \\\" quote\"", "error",
		  "no quotes");
	expect_as(fake, "ann", 0, "adjust card:4711 +501 partner=1 for One", "ok",
		  "another operator");
	expect_as(fake, "bob", fake->call.sequence, "reject %n", "ok", "");
	expect_as(fake, "ann", 0, "adjust card:4711 +1 partner=77 nobody", "error",
		  "UNKNOWN_PARTNER");
	fixture_audit(&fake->ledger);
}

/* What: a proposal is judged when it is approved: what has become impossible is refused, and it
 *       stays; it can be rejected, and is then gone. */
static void
proposals_are_decided_anew_and_rejected(void **state)
{
	struct fake_host *fake = *state;
	uint64_t number;

	enroll(fake);
	expect_as(fake, "ann", 0, "adjust card:4711 -900 mistake", "ok", "proposed");
	number = fake->call.sequence;
	expect_as(fake, "bob", number, "approve %n", "error", "NO_POINTS");
	expect_as(fake, "bob", 0, "show proposals", "ok", "-900");
	expect_as(fake, "ann", number, "reject %n not needed", "ok", "record=");
	expect_as(fake, "bob", number, "reject %n", "error", "UNKNOWN_MATTER");
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
	fixture_audit(&fake->ledger);
}

/* What: what nobody approves in time cannot be approved, and goes by itself. */
static void
proposals_expire(void **state)
{
	struct fake_host *fake = *state;
	uint64_t number;

	enroll(fake);
	expect_as(fake, "ann", 0, "adjust card:4711 +900 late", "ok", "proposed");
	number = fake->call.sequence;
	fixture_set_time(&fake->ledger, fake->ledger.now.utc_ms + 24 * HOUR_MS);
	expect_as(fake, "bob", number, "approve %n", "error", "PROPOSAL_EXPIRED");
	fixture_tick(&fake->ledger);
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
	fixture_audit(&fake->ledger);
}

/* What: where the configuration says so, rows of the command table that ask for it need two, and
 *       the second the right of the command. */
static void
changes_of_rates_may_need_two_operators(void **state)
{
	struct fake_host *fake = *state;
	uint64_t number;

	enroll(fake);
	expect_as(fake, "ann", 0, "rule add 1 base=3/100", "ok", "");
	fake->host.needs_second_for_rates = true;
	expect_as(fake, "ann", 0, "rule add 1 base=4/100", "ok", "proposed");
	number = fake->call.sequence;
	expect_as(fake, "bob", 0, "show rules", "ok", "3/100");
	fake->call.right = RIGHT_OPERATOR;
	expect_as(fake, "bob", number, "approve %n", "error", "right of admin");
	fake->call.right = RIGHT_ADMIN;
	expect_as(fake, "bob", number, "approve %n", "ok", "");
	expect_as(fake, "bob", fake->call.sequence, "record %n", "ok", "ann");
	expect_as(fake, "bob", 0, "show rules", "ok", "4/100");
}

/* What: so does a file of rates; a note names both, and the records of its rows name the note.
 * How:  two rows, as a proposal ends with the first record that approves it. */
static void
a_file_of_rates_may_need_two_operators(void **state)
{
	struct fake_host *fake = *state;
	char path[] = "/tmp/test_matters.XXXXXX", line[64], origin[32];
	const int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_true(fputs("partner,base\n1,5/100\n8,6/100\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	enroll(fake);
	expect_as(fake, "ann", 0, "partner add 8 name=Eight", "ok", "");
	expect_as(fake, "ann", 0, "rule add 8 base=1/100", "ok", "");
	fake->host.needs_second_for_rates = true;
	snprintf(line, sizeof(line), "import rules %s", path);
	expect_as(fake, "ann", 0, line, "ok", "proposed");
	expect_as(fake, "bob", fake->call.sequence, "approve %n", "ok", "changed=2");
	snprintf(origin, sizeof(origin), "import=%llu", (unsigned long long)fake->call.sequence);
	expect_as(fake, "bob", fake->call.sequence, "record %n", "ok", "ann");
	expect_as(fake, "bob", 0, "show rules", "ok", "6/100");
	expect_as(fake, "bob", ledger_sequence(fake->ledger.ledger), "record %n", "ok", origin);
	expect_as(fake, "bob", 0, "show proposals", "ok", "");
	assert_null(strstr(fake->printed, "import"));
	assert_int_equal(unlink(path), 0);
}

/* What: so do changes of what has been settled: items between partners, cycles closed before their
 *       end, and disputes that are decided; what was proposed has no effect, and each record
 *       has both names. */
static void
settling_anew_may_need_two_operators(void **state)
{
	static const char *const lines[] = {
		"cycle add 1 period=daily",
		"item add 1 0 +250 forgotten invoice",
		"item add 1 0 -100 paid twice",
	};
	struct fake_host *fake = *state;
	uint64_t number;

	enroll(fake);
	fake->host.needs_second_for_rates = true;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		expect_as(fake, "ann", 0, lines[i], "ok", "another operator");
		number = fake->call.sequence;
		expect_as(fake, "ann", number, "approve %n", "error", "SAME_OPERATOR");
		expect_as(fake, "bob", number, "approve %n", "ok", "");
		expect_as(fake, "bob", fake->call.sequence, "record %n", "ok", "ann");
		assert_non_null(strstr(fake->printed, "bob"));
	}
	expect_as(fake, "ann", 0, "cycle close 1 moved", "ok", "another operator");
	expect_as(fake, "ann", 0, "dispute decide uphold 77 100 sent twice", "ok",
		  "another operator");
	number = fake->call.sequence;
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
	expect_as(fake, "bob", 0, "show proposals", "ok", "dispute decide");
	fixture_audit(&fake->ledger);
}

/* What: members are joined and parted by two operators where changes of rates need two; what is
 *       proposed names no identifier. */
static void
merges_may_need_two_operators(void **state)
{
	struct fake_host *fake = *state;
	struct ledger_request q;
	uint64_t number;

	enroll(fake);
	q = fixture_request(&fake->ledger, REQUEST_ENROLL, "4713");
	q.identifier = fixture_identifier("4713");
	assert_int_equal(fixture_ask(&fake->ledger, &q)->status, TG_OK);
	fake->host.needs_second_for_rates = true;
	expect_as(fake, "ann", 0, "merge members card:4711 card:4713 one person", "ok",
		  "another operator");
	number = fake->call.sequence;
	expect_as(fake, "ann", 0, "show proposals", "ok", "merge members");
	assert_null(strstr(fake->printed, "4711"));
	expect_as(fake, "ann", number, "approve %n", "error", "SAME_OPERATOR");
	expect_as(fake, "bob", number, "approve %n", "ok", "record=");
	expect_as(fake, "bob", fake->call.sequence, "record %n", "ok", "ann");
	expect_as(fake, "bob", 0, "member card:4713", "ok", "merged with");
	expect_as(fake, "ann", 0, "merge members card:4711 card:4999 nobody", "error",
		  "UNKNOWN_MEMBER");
	expect_as(fake, "ann", 0, "unmerge member card:4713 \"a \\\" quote\" ticket:12345", "ok",
		  "another operator");
	number = fake->call.sequence;
	expect_as(fake, "bob", number, "approve %n", "ok", "record=");
	expect_as(fake, "bob", fake->call.sequence, "record %n", "ok",
		  "a \" quote ticket:12345");
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
	expect_as(fake, "bob", 0, "member card:4713", "ok", "available");
	assert_null(strstr(fake->printed, "merged with"));
	fixture_audit(&fake->ledger);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/*
 * One command: proposed it has no effect, and its proposer cannot approve it; another operator
 * can, and the record has both names.  Proposed anew and left alone it expires.
 */
static void
expect_two_operators(struct fake_host *fake, const char *line, const char *look, const char *before,
		     const char *after)
{
	uint64_t number;

	expect_as(fake, "ann", 0, line, "ok", "another operator");
	number = fake->call.sequence;
	expect_as(fake, "ann", 0, look, "ok", before);
	expect_as(fake, "ann", number, "approve %n", "error", "SAME_OPERATOR");
	expect_as(fake, "ann", 0, look, "ok", before);
	expect_as(fake, "bob", number, "approve %n", "ok", "record=");
	expect_as(fake, "bob", fake->call.sequence, "record %n", "ok", "ann");
	assert_non_null(strstr(fake->printed, "bob"));
	expect_as(fake, "ann", 0, look, "ok", after);
	expect_as(fake, "cid", number, "approve %n", "error", "UNKNOWN_MATTER");
	expect_as(fake, "ann", 0, line, "ok", "another operator");
	number = fake->call.sequence;
	fixture_set_time(&fake->ledger, fake->ledger.now.utc_ms + 24 * HOUR_MS);
	expect_as(fake, "bob", number, "approve %n", "error", "PROPOSAL_EXPIRED");
	fixture_tick(&fake->ledger);
	expect_as(fake, "bob", number, "approve %n", "error", "UNKNOWN_MATTER");
}

/* What: terms of partners, how they are settled, and programmes may need two operators. */
static void
terms_cycles_and_programmes_may_need_two_operators(void **state)
{
	struct fake_host *fake = *state;
	char folder[] = "/tmp/test matters.XXXXXX", path[64], line[128];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a programme", folder);
	snprintf(line, sizeof(line), "programme load \"%s\"", path);
	write_file(path, "campaigns = ( { number = 9; points = 5; } );\n");
	enroll(fake);
	fake->host.needs_second_for_rates = true;
	expect_two_operators(fake, "partner terms 1 overdraft=4321", "show funding", "partners=0",
			     "4321");
	expect_two_operators(fake, "partner terms 1 overdraft=1234", "show funding", "4321",
			     "1234");
	expect_two_operators(fake, "cycle add 1 period=daily", "show cycles", "0 partners",
			     "1 partners");
	expect_two_operators(fake, "cycle change 1 period=weekly ends_on=5", "cycle show 1",
			     "daily", "weekly");
	expect_two_operators(fake, line, "show rulebook", "versions=0", "versions=1");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	fixture_audit(&fake->ledger);
}

/* What: who approves a file approves what it said when it was proposed. */
static void
a_file_that_changed_is_not_approved(void **state)
{
	static const char first[] = "campaigns = ( { number = 9; points = 5; } );\n";
	struct fake_host *fake = *state;
	char path[] = "/tmp/test_matters.XXXXXX", line[64];
	const int fd = mkstemp(path);
	uint64_t number;

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	write_file(path, first);
	enroll(fake);
	fake->host.needs_second_for_rates = true;
	snprintf(line, sizeof(line), "programme load %s", path);
	expect_as(fake, "ann", 0, line, "ok", "another operator");
	number = fake->call.sequence;
	write_file(path, "campaigns = ( { number = 9; points = 6; } );\n");
	expect_as(fake, "bob", number, "approve %n", "error", "not what was proposed");
	assert_int_equal(unlink(path), 0);
	expect_as(fake, "bob", number, "approve %n", "error", "not what was proposed");
	expect_as(fake, "ann", 0, line, "error", "nothing proposed");
	expect_as(fake, "ann", 0, "programme load programme", "error", "begin with /");
	expect_as(fake, "ann", 0, "import rules /tmp", "error", "nothing proposed");
	expect_as(fake, "ann", 0, "show rulebook", "ok", "versions=0");
	write_file(path, first);
	expect_as(fake, "bob", number, "approve %n", "ok", "rules=1");
	assert_int_equal(unlink(path), 0);
}

/* What: what is explained adds up to the balance, now and at a past record. */
static void
an_explanation_adds_up(void **state)
{
	struct fake_host *fake = *state;
	uint64_t first;

	enroll(fake);
	expect_as(fake, "ann", 0, "adjust card:4711 +400 start", "ok", "available=400");
	first = fake->call.sequence;
	expect_as(fake, "ann", 0, "adjust card:4711 -150 wrong", "ok", "available=250");
	expect_as(fake, "ann", 0, "explain member card:4711", "ok",
		  "records=2 available=250 pending=0 held=0 debt=0");
	assert_non_null(strstr(fake->printed, "-150"));
	assert_non_null(strstr(fake->printed, "regular"));
	expect_as(fake, "ann", first, "explain member card:4711 %n", "ok",
		  "records=1 available=400");
	expect_as(fake, "ann", 0, "explain member card:4711 1970-01-01T00:00:00Z", "ok",
		  "records=0 available=0");
	expect_as(fake, "ann", 0, "explain member card:4711 2149-01-01T00:00:00Z", "ok",
		  "records=2 available=250");
	expect_as(fake, "ann", 0, "explain member card:4711 yesterday", "error", "neither");
	expect_as(fake, "ann", 0, "explain member card:4712", "error", "UNKNOWN_MEMBER");
}

static void
move_value(struct fake_host *fake, uint8_t kind, const char *card, const char *id, int64_t amount)
{
	struct ledger_request q = fixture_request(&fake->ledger, kind, id);
	struct ledger_answer answer;

	q.identifier = fixture_identifier(card);
	q.amount = amount;
	assert_int_equal(fake->host.submit(fake->host.context, &q, &answer), TG_OK);
	assert_int_equal(answer.status, TG_OK);
}

/* What: stored value is explained apart from points, record by record; lent one for both. */
static void
an_explanation_tells_stored_value(void **state)
{
	struct fake_host *fake = *state;

	enroll(fake);
	move_value(fake, REQUEST_ENROLL, "4712", "other", 0);
	move_value(fake, REQUEST_TOP_UP, "4711", "come", 900);
	move_value(fake, REQUEST_PAY, "4711", "leave", 350);
	expect_as(fake, "ann", 0, "value freeze card:4711 lost", "ok", "value=550");
	expect_as(fake, "ann", 0, "explain member card:4711", "ok",
		  "records=2 available=0 pending=0 held=0 debt=0 lapsed=0 value=550");
	assert_non_null(strstr(fake->printed, "+900"));
	assert_non_null(strstr(fake->printed, "-350"));
	expect_as(fake, "ann", 0, "value free card:4711", "ok", "value=550");
	expect_as(fake, "ann", 0, "merge members card:4711 card:4712 by letter", "ok", "record=");
	move_value(fake, REQUEST_PAY, "4712", "lent", 50);
	expect_as(fake, "ann", 0, "explain member card:4711", "ok", "records=3");
	assert_non_null(strstr(fake->printed, "value=500"));
	expect_as(fake, "ann", 0, "explain member card:4712", "ok", "value=0");
}

/* What: what is outstanding is shown by issuer, of all or one, and what each would owe. */
static void
what_is_outstanding_is_shown_by_issuer(void **state)
{
	struct fake_host *fake = *state;

	enroll(fake);
	expect_as(fake, "ann", 0, "adjust card:4711 +400 start", "ok", "available=400");
	expect_as(fake, "ann", 0, "adjust card:4711 -150 wrong", "ok", "available=250");
	expect_as(fake, "ann", 0, "show runoff", "ok", "outstanding=250 record=");
	assert_non_null(strstr(fake->printed, "operator"));
	expect_as(fake, "ann", 0, "show runoff 1", "ok", "outstanding=0 record=");
	expect_as(fake, "ann", 0, "show runoff x", "error", "");
	expect_as(fake, "ann", 0, "show winddown", "ok", "outstanding=250 owed=0 record=");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_adjustments_need_two_operators,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(proposals_are_decided_anew_and_rejected,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(proposals_expire, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(settling_anew_may_need_two_operators,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(merges_may_need_two_operators,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(terms_cycles_and_programmes_may_need_two_operators,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(a_file_that_changed_is_not_approved,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(an_explanation_adds_up, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test_setup_teardown(an_explanation_tells_stored_value,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(what_is_outstanding_is_shown_by_issuer,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(changes_of_rates_may_need_two_operators,
						fake_host_setup, fake_host_teardown),
		cmocka_unit_test_setup_teardown(a_file_of_rates_may_need_two_operators,
						fake_host_setup, fake_host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
