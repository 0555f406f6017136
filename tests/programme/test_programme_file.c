/*
 * test_programme_file.c - a programme file into rules, and what is said of a bad one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/calendar.h"
#include "programme/programme.h"

/* What was complained of: "LINE text\n" for each. */
struct complaints {
	char text[4000];
	size_t used;
};

static void
note(void *context, unsigned line, const char *text)
{
	struct complaints *c = context;

	c->used += (size_t)snprintf(c->text + c->used, sizeof(c->text) - c->used, "%u %s\n", line,
				    text);
}

static enum tg_status
read_text(const char *text, struct complaints *c, struct programme_file *ret_file)
{
	char path[] = "/tmp/tg-programme.XXXXXX";
	int fd = mkstemp(path);
	enum tg_status status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	*c = (struct complaints){ .used = 0 };
	status = programme_file_read(path, note, c, ret_file);
	unlink(path);
	return status;
}

/* What: every key comes out where it belongs; rates stand before campaigns. */
static void
every_key_is_read(void **state)
{
	static const char text[] =
		"store_groups = ( { number = 3; name = \"airports\"; stores = [ 11, 12 ]; },\n"
		" { number = 1; stores = ( 12 ); } );\n"
		"campaigns = ( { number = 7; name = \"double\"; partner = 1; store = 11;\n"
		"  store_group = 3; category = [ 5, 9 ]; tender = 2; from = \"2024-02-29\";\n"
		"  until = \"2024-03-01\"; weekdays = [ \"mon\", \"sun\" ];\n"
		"  hours = \"22:00-02:30\";\n"
		"  multiplier = \"3/2\"; threshold = 5000; sponsor = 2; days = 60;\n"
		"  usable_at = \"store 12\"; budget = 4; member_times = 2; member_points = 100;\n"
		"  member_day_points = 50; first_purchase = true; birthday = true; tier = 2;\n"
		"  tag = 8; exclusive = true; },\n"
		" { number = 8; points = 500; rate = \"1/40\"; days = 3;\n"
		"  usable_at = \"partner 2\"; } );\n"
		"rates = ( { partner = 1; category = 4; rate = \"0\"; } );\n";
	struct programme_file file;
	struct complaints c;
	const struct earn_rule *rule;

	(void)state;
	if (read_text(text, &c, &file) != TG_OK)
		fail_msg("%s", c.text);
	assert_int_equal(file.rule_count, 3);
	rule = &file.rules[0].rule;
	assert_int_equal(rule->flags, EARN_RULE_RATE);
	assert_int_equal(rule->category_from, 4);
	assert_int_equal(rule->category_to, 4);
	assert_int_equal(rule->rate_num, 0);
	assert_int_equal(rule->rate_den, 1);
	rule = &file.rules[1].rule;
	assert_int_equal(file.rules[1].line, 3);
	assert_int_equal(rule->position, 1);
	assert_int_equal(rule->number, 7);
	assert_string_equal((const char *)rule->name, "double");
	assert_int_equal(rule->flags, EARN_RULE_MULTIPLIER | EARN_RULE_FIRST | EARN_RULE_BIRTHDAY |
					      EARN_RULE_EXCLUSIVE);
	assert_int_equal(rule->partner, 1);
	assert_int_equal(rule->store, 11);
	assert_int_equal(rule->store_group, 3);
	assert_int_equal(rule->category_from, 5);
	assert_int_equal(rule->category_to, 9);
	assert_int_equal(rule->tender, 2);
	assert_int_equal(rule->from_day, calendar_day((struct civil_date){ 2024, 2, 29 }));
	assert_int_equal(rule->until_day, rule->from_day + 1);
	assert_int_equal(rule->weekdays, 0x41);
	assert_int_equal(rule->from_minute, 22 * 60);
	assert_int_equal(rule->until_minute, 150);
	assert_int_equal(rule->rate_num, 3);
	assert_int_equal(rule->rate_den, 2);
	assert_int_equal(rule->threshold_amount, 5000);
	assert_int_equal(rule->sponsor, 2);
	assert_int_equal(rule->days, 60);
	assert_int_equal(rule->usable_at, USABLE_AT_STORE | 12);
	assert_int_equal(rule->budget, 4);
	assert_int_equal(rule->member_times, 2);
	assert_int_equal(rule->member_points, 100);
	assert_int_equal(rule->member_day_points, 50);
	assert_true(rule->tier == 2 && rule->tag == 8);
	rule = &file.rules[2].rule;
	assert_int_equal(rule->fixed_points, 500);
	assert_int_equal(rule->rate_den, 40);
	assert_int_equal(rule->usable_at, 2);
	assert_int_equal(rule->weekdays, WEEKDAYS_ALL);
	assert_true(rule->member_points == LIMIT_NONE);
	assert_int_equal(programme_store_groups(&file, 11), 4);
	assert_int_equal(programme_store_groups(&file, 12), 5);
	assert_int_equal(programme_store_groups(&file, 13), 0);
	programme_file_deinit(&file);
}

/* What: the sponsors of a joint promotion come in their order, with their shares. */
static void
sponsors_are_read(void **state)
{
	static const char text[] =
		"campaigns = ( { number = 8; points = 500;\n"
		"  sponsors = ( { partner = 4; share = 1; }, { share = 2; partner = 3; } ); } );\n";
	struct programme_file file;
	struct complaints c;
	const struct earn_rule *rule;

	(void)state;
	if (read_text(text, &c, &file) != TG_OK)
		fail_msg("%s", c.text);
	rule = &file.rules[0].rule;
	assert_int_equal(rule->sponsor, 0);
	assert_int_equal(rule->sponsor_count, 2);
	assert_true(rule->sponsors[0].partner == 4 && rule->sponsors[0].weight == 1);
	assert_true(rule->sponsors[1].partner == 3 && rule->sponsors[1].weight == 2);
	programme_file_deinit(&file);
}

/* What: an exchange's keys come out where they belong, behind rates and campaigns. */
static void
exchanges_are_read(void **state)
{
	static const char text[] =
		"exchanges = ( { name = \"miles\"; partner = 4; direction = \"in\";\n"
		"  rate = \"4/5\";\n"
		"  minimum = 500; step = 100; from = \"2024-02-29\"; until = \"2024-03-01\"; },\n"
		" { partner = 4; direction = \"out\"; rate = \"1/2\"; } );\n"
		"rates = ( { partner = 1; category = 4; rate = \"0\"; } );\n";
	struct programme_file file;
	struct complaints c;
	const struct earn_rule *rule;

	(void)state;
	if (read_text(text, &c, &file) != TG_OK)
		fail_msg("%s", c.text);
	assert_int_equal(file.rule_count, 3);
	rule = &file.rules[1].rule;
	assert_int_equal(rule->flags, EARN_RULE_EXCHANGE_IN);
	assert_int_equal(rule->position, 1);
	assert_int_equal(rule->number, 0);
	assert_int_equal(rule->partner, 4);
	assert_int_equal(rule->rate_num, 4);
	assert_int_equal(rule->rate_den, 5);
	assert_int_equal(rule->threshold_amount, 500);
	assert_int_equal(rule->step, 100);
	assert_int_equal(rule->until_day, rule->from_day + 1);
	rule = &file.rules[2].rule;
	assert_int_equal(rule->flags, EARN_RULE_EXCHANGE_OUT);
	assert_int_equal(rule->threshold_amount, 0);
	assert_int_equal(rule->step, 0);
	assert_int_equal(rule->from_day, INT32_MIN);
	programme_file_deinit(&file);
}

/* A file that is not sound, and all that is said of it. */
struct bad_file {
	const char *text;
	const char *expected;
};

static void
expect_complaints(const struct bad_file *bad)
{
	struct programme_file file;
	struct complaints c;

	assert_int_equal(read_text(bad->text, &c, &file), TG_CONFIG);
	assert_string_equal(c.text, bad->expected);
}

/* What: what is wrong is named with its line, everything at once. */
static void
errors_are_named_with_their_lines(void **state)
{
	static const struct bad_file cases[] = {
		{ "campaigns = (\n{ number = 1;\n points = ; } );", "3 syntax error\n" },
		{ "campagnes = ();\n",
		  "1 campagnes: a programme has store_groups, rates, campaigns, exchanges\n" },
		{ "campaigns = (\n{ number = 1; points = 5;\n weekday = 1; },\n"
		  "{ number = 1;\n points = 6;\n hours = \"9-12\"; } );",
		  "3 weekday: no key of a campaign\n"
		  "6 hours: wanted: \"10:00-14:00\"\n"
		  "4 number 1 is that of the campaign in line 2\n" },
		{ "campaigns = ( { number = 1; } );",
		  "1 say what it gives: rate, multiplier or points\n" },
		{ "campaigns = ( { points = 1; } );", "1 a campaign has a number\n" },
		{ "campaigns = ( { number = 1; multiplier = \"1\"; } );",
		  "1 a multiplier is above 1, its numbers at most 1000000\n" },
		{ "campaigns = ( { number = 1; multiplier = \"2\"; points = 1; } );",
		  "1 a multiplier stands alone: no rate, no points beside it\n" },
		{ "campaigns = ( { number = 1; points = 1; sponsor = 2; sponsors ="
		  " ( { partner = 1; share = 1; }, { partner = 2; share = 1; } ); } );",
		  "1 one sponsor or several: sponsor stands alone\n" },
		{ "campaigns = ( { number = 1; points = 1; sponsors ="
		  " ( { partner = 1; share = 1; }, { partner = 1; share = 1; } ); } );",
		  "1 sponsors: wanted: ( { partner = 1; share = 2; },"
		  " { partner = 2; share = 1; } )\n" },
		{ "campaigns = ( { number = 1; points = 1; usable_at = \"store 1\"; } );",
		  "1 usable_at is for limited points: say days, too\n" },
		{ "campaigns = ( { number = 1; points = 1; tier = 300; } );",
		  "1 tier: wanted: a number, 1 to 255\n" },
		{ "campaigns = ( { number = 1; points = 1; from = \"2023-02-29\"; } );",
		  "1 from: wanted: \"2024-04-01\"\n" },
		{ "campaigns = ( { number = 1; points = 1; from = \"2024-04-02\";\n"
		  "until = \"2024-04-01\"; } );",
		  "1 it ends before it begins\n" },
		{ "campaigns = ( { number = 1; points = 1; store_group = 2; } );",
		  "1 store_group: no store is in group 2\n" },
		{ "campaigns = ( { number = 1; points = 1; category = [ 9, 5 ]; } );",
		  "1 category: wanted: a number, or [ 100, 199 ], 1 to 4294967295\n" },
		{ "campaigns = { number = 1; };", "1 campaigns is a list: ( { ... }, { ... } )\n" },
		{ "rates = ( { partner = 1; rate = \"1/100\"; } );",
		  "1 the partner's own rate is set by `rule add`; here stand exceptions to it: "
		  "name a store, category, tender or time\n" },
		{ "rates = ( { category = 1; rate = \"1/0\"; sponsor = 2; } );",
		  "1 rate: wanted: \"3/100\"\n1 sponsor: no key of a rate\n"
		  "1 a rate names its partner\n" },
		{ "store_groups = ( { number = 65; stores = [ 1 ]; } );",
		  "1 a group of stores is { number = 1 to 64; stores = [ 11, 12 ]; }\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_complaints(&cases[i]);
}

/* What: ... those of exchanges, too. */
static void
errors_of_exchanges_are_named_with_their_lines(void **state)
{
	static const struct bad_file cases[] = {
		{ "exchanges = ( { direction = \"both\"; points = 5; minimum = -1; },\n"
		  "{ partner = 1; direction = \"in\"; rate = \"0\"; } );",
		  "1 direction: wanted: \"in\" or \"out\"\n1 points: no key of an exchange\n"
		  "1 minimum: wanted: a number, 0 to 1000000000000\n"
		  "1 an exchange names its partner\n1 direction is missing\n1 rate is missing\n"
		  "2 an exchange gives something: its rate is above 0\n" },
		{ "exchanges = ( { partner = 1; direction = \"in\"; rate = \"1\";\n"
		  "until = \"2024-04-30\"; },\n"
		  "{ partner = 1; direction = \"out\"; rate = \"1\"; },\n"
		  "{ partner = 1; direction = \"in\"; rate = \"2\"; from = \"2024-04-30\"; } );",
		  "4 partner 1 has a rate for these days in line 1\n" },
		{ "rates = ( { partner = 1; rate = \"1/9\"; tender = 1; step = 5; } );",
		  "1 step: no key of a rate\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_complaints(&cases[i]);
}

/* What: a file that is not there is named so. */
static void
missing_file_is_an_error(void **state)
{
	struct programme_file file;
	struct complaints c = { .used = 0 };

	(void)state;
	assert_int_equal(programme_file_read("/nonexistent/programme", note, &c, &file), TG_CONFIG);
	assert_true(c.used > 0);
}

/* What: the page about the file has a line for each key. */
static void
every_key_is_in_the_page(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[4000], wanted[80];
	static char page[64 * 1024];
	FILE *file;
	const struct programme_key *key;

	(void)state;
	snprintf(path, sizeof(path), "%s/programme/FORMAT.md", top != NULL ? top : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(page, 1, sizeof(page) - 1, file) > 0);
	fclose(file);
	for (size_t i = 0; (key = programme_key_at(i)) != NULL; i++) {
		snprintf(wanted, sizeof(wanted), "`%s`", key->name);
		if (strstr(page, wanted) == NULL)
			fail_msg("%s: not in the page", key->name);
		assert_true(strlen(key->text) > 0 && strlen(key->form) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(sponsors_are_read),
		cmocka_unit_test(exchanges_are_read),
		cmocka_unit_test(errors_are_named_with_their_lines),
		cmocka_unit_test(errors_of_exchanges_are_named_with_their_lines),
		cmocka_unit_test(missing_file_is_an_error),
		cmocka_unit_test(every_key_is_in_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
