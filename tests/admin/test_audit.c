/*
 * test_audit.c - whatever an operator changes is a record that names him and whence he came.
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

/*
 * One use of each command that changes something, in an order in which each succeeds.  %s is a
 * folder of the test's own.  A new command that is for more than viewers gets a line here.
 */
static const char *const lines[] = {
	"partner add 7",
	"partner change 7 name=Seven",
	"rule add 7 base=1/100",
	"partner terms 7 prepaid=yes issue_price_micro=1000000",
	"partner fund 7 1000",
	"partner release 7 100",
	"cycle add 7 period=daily",
	"cycle change 7 minimum_amount=500",
	"calendar add 1 2030-01-01",
	"calendar end 1 2030-01-01",
	"item add 7 0 +500 a poster",
	"budget ask 1 100 name=all",
	"budget refuse 1",
	"budget ask 1 100",
	"budget stop 1",
	"budget resume 1",
	"store add 71 partner=7",
	"store change 71 name=Corner",
	"terminal add 701 partner=7 store=71 rights=all",
	"terminal change 701 name=Till",
	"terminal code 701",
	"terminal rotate 701",
	"block terminal 701",
	"unblock terminal 701",
	"block store 71",
	"unblock store 71",
	"block partner 7",
	"unblock partner 7",
	"burn off all",
	"burn on 7",
	"adjust card:4711 +5 a mistake at the till",
	"birthday card:4711 02-29 by letter",
	"block member card:4711 lost",
	"unblock member card:4711",
	"value register card:4711 showed a passport",
	"value bearer card:4711 a mistake",
	"value freeze card:4711 lost",
	"value free card:4711",
	"block identifier card:4711 lost",
	"unblock identifier card:4711",
	"link identifier card:4711 phone:0123 by letter",
	"unlink identifier phone:0123",
	"replace identifier card:4711 card:4712 lost on the train",
	"merge members card:4711 card:4713 one person",
	"unmerge member card:4713 two persons",
	"terminal change 101 rights=all",
	"terminal change 201 rights=all",
	"export partners %s/partners",
	"export rules %s/rules",
	"export stores %s/stores",
	"export terminals %s/terminals",
	"partner change 7 name=Other",
	"import partners %s/partners",
	"rule add 7 base=2/100",
	"import rules %s/rules",
	"store change 71 name=Other",
	"import stores %s/stores",
	"terminal change 701 name=Other",
	"import terminals %s/terminals",
	"drain all yes",
	"drain partner 7",
	"resume all",
	"resume partner 7",
	"cutover yes",
	"clock accept yes",
	"clock step 2030-01-02",
	"kill session 1",
	"set limits.in_flight 8",
	"reload",
	"log level debug",
	"snapshot",
	"shutdown yes",
};

/* These need another operator, a day that has ended or a file: test_matters, every_command.py. */
static const char *const elsewhere[] = { "approve",	   "reject",	     "dispute decide",
					 "budget approve", "budget release", "cycle close",
					 "statement set",  "programme load" };

/* The members that the lines name. */
static void
enroll(struct fake_host *fake)
{
	static const char *const cards[] = { "4711", "4713" };

	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		struct ledger_request q =
			fixture_request(&fake->ledger, REQUEST_ENROLL, cards[i]);

		q.identifier = fixture_identifier(cards[i]);
		assert_int_equal(fixture_ask(&fake->ledger, &q)->status, TG_OK);
	}
}

/* Run a line, and look at its record. */
static void
expect_record(struct fake_host *fake, const char *line)
{
	char look[64];

	fake_host_run(fake, line);
	if (!fake->call.is_done || fake->call.sequence == 0)
		fail_msg("\"%s\" left no record: %s", line, fake->call.result);
	snprintf(look, sizeof(look), "record %llu", (unsigned long long)fake->call.sequence);
	fake_host_expect(fake, look, "ok", "ann");
	if (strstr(fake->printed, "uid=1000") == NULL)
		fail_msg("\"%s\" does not say whence it came:\n%s", line, fake->printed);
}

/* What: each command that changes something is a record with its operator and origin, which the
 *       audit lists. */
static void
what_is_changed_names_its_operator(void **state)
{
	struct fake_host *fake = *state;
	char folder[] = "/tmp/test_audit.XXXXXX", line[128], end[32];
	uint32_t count = 0;

	assert_non_null(mkdtemp(folder));
	enroll(fake);
	fake->session_count = 1;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *percent = strstr(lines[i], "%s");

		if (percent != NULL)
			snprintf(line, sizeof(line), "%.*s%s%s", (int)(percent - lines[i]),
				 lines[i], folder, percent + 2);
		else
			snprintf(line, sizeof(line), "%s", lines[i]);
		expect_record(fake, line);
		count++;
		if (strncmp(line, "import ", 7) == 0)
			assert_int_equal(unlink(strchr(line, '/')), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	snprintf(end, sizeof(end), "ok %u records", (unsigned)count);
	fake_host_expect(fake, "show audit 1000", "ok", end);
}

/* What: no command that may change something is left out above. */
static void
no_changing_command_is_left_out(void **state)
{
	(void)state;
	for (uint32_t row = 0; row < command_row_count; row++) {
		const char *words = command_rows[row].words;
		bool is_there = COMMAND_RIGHT(&command_rows[row]) == RIGHT_VIEWER;

		for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
			is_there = is_there || strcmp(elsewhere[i], words) == 0;
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
			is_there = is_there || strncmp(lines[i], words, strlen(words)) == 0;
		if (!is_there)
			fail_msg("nothing shows that \"%s\" is recorded", words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_changed_names_its_operator, fake_host_setup,
						fake_host_teardown),
		cmocka_unit_test(no_changing_command_is_left_out),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
