/*
 * test_fleet.c - what terminals tell of themselves is kept, compared and added up in bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/fleet.h"
#include "gateway/fleet_sums.h"
#include "gateway/translate.h"
#include "ledger/request.h"

#define NOW INT64_C(1772445600000)
#define BURN_CLOCK_MS 300000
#define TERMINALS 1000

static struct fleet *
new_fleet(void)
{
	struct fleet *fleet;

	assert_int_equal(fleet_new(TERMINALS, &fleet), TG_OK);
	return fleet;
}

static void
open_terminal(struct fleet *fleet, uint32_t terminal, uint32_t partner)
{
	const struct principal principal = { .terminal = terminal,
					     .partner = partner,
					     .store = 10 * partner };

	fleet_open(fleet, &principal, 1, NOW);
}

static void
say_software(struct fleet *fleet, uint32_t terminal, const char *text)
{
	fleet_software(fleet, terminal, (const uint8_t *)text, strlen(text));
}

/* A PING with one field. */
static void
ping(struct fleet *fleet, uint32_t terminal, enum tg_field field, int64_t value)
{
	struct tg_message message;

	tg_message_init(&message, 1, TG_OP_PING);
	tg_message_set_integer(&message, field, value);
	fleet_ping(fleet, terminal, &message, NOW);
}

/* A PING with counts of a day, and what the ledger has. */
static void
count(struct fleet *fleet, uint32_t terminal, int32_t day, int64_t points, int64_t ledger_points)
{
	struct tg_message message;

	tg_message_init(&message, 1, TG_OP_PING);
	tg_message_set_integer(&message, TG_FIELD_COUNTED_DAY, day);
	tg_message_set_integer(&message, TG_FIELD_COUNTED_TRANSACTIONS, 1);
	tg_message_set_integer(&message, TG_FIELD_COUNTED_POINTS, points);
	fleet_ping(fleet, terminal, &message, NOW);
	fleet_compare(fleet, terminal, day, 1, ledger_points);
}

/* What: a row begins with the first session and stays; it knows whether there is one now. */
static void
a_terminal_is_known_from_its_first_session_on(void **state)
{
	struct fleet *fleet = new_fleet();
	struct host_terminal row;

	(void)state;
	assert_false(fleet_find(fleet, 7, &row));
	ping(fleet, 7, TG_FIELD_QUEUE_DEPTH, 1); /* nobody we know */
	assert_false(fleet_find(fleet, 7, &row));
	open_terminal(fleet, 7, 1);
	open_terminal(fleet, 7, 2);
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.session_count, 2);
	assert_int_equal(row.partner, 2);
	assert_int_equal(row.store, 20);
	assert_int_equal(row.heard_utc_ms, NOW);
	assert_int_equal(row.settled_day, DAY_NONE);
	assert_false(row.has_queue);
	assert_false(row.has_skew);
	fleet_close(fleet, 7);
	fleet_close(fleet, 7);
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.session_count, 0);
	fleet_free(fleet);
}

/* What: each field is kept until it is told anew; texts are cut, not overrun. */
static void
what_is_not_told_stays(void **state)
{
	struct fleet *fleet = new_fleet();
	struct host_terminal row;
	char text[200];

	(void)state;
	open_terminal(fleet, 7, 1);
	ping(fleet, 7, TG_FIELD_QUEUE_DEPTH, 3);
	ping(fleet, 7, TG_FIELD_BUSINESS_TIME, NOW - 1500);
	ping(fleet, 7, TG_FIELD_SETTLED_DAY, 20513);
	say_software(fleet, 7, "till 2");
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.queue_depth, 3);
	assert_int_equal(row.skew_ms, -1500);
	assert_int_equal(row.settled_day, 20513);
	assert_string_equal(row.software, "till 2");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say_software(fleet, 7, text);
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(strlen(row.software), HOST_SOFTWARE_BYTES - 1);
	fleet_free(fleet);
}

/* What: a comparison is with counts of the same day; the newest decides. */
static void
counts_are_compared_by_day(void **state)
{
	struct fleet *fleet = new_fleet();
	struct host_terminal row;

	(void)state;
	open_terminal(fleet, 7, 1);
	fleet_compare(fleet, 7, 20513, 1, 1); /* it has counted nothing */
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.compared_day, DAY_NONE);
	count(fleet, 7, 20513, 100, 70);
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.difference_points, 30);
	assert_int_equal(row.difference_transactions, 0);
	count(fleet, 7, 20514, 5, 5);
	fleet_compare(fleet, 7, 20513, 9, 9); /* late: of the day before */
	assert_true(fleet_find(fleet, 7, &row));
	assert_int_equal(row.compared_day, 20514);
	assert_int_equal(row.difference_points, 0);
	fleet_free(fleet);
}

/* What: terminals beyond the bound are not noted, and harm nobody. */
static void
a_full_fleet_notes_no_more(void **state)
{
	struct fleet *fleet = new_fleet();
	struct host_terminal rows[TERMINALS + 1];

	(void)state;
	for (uint32_t i = 1; i <= TERMINALS + 10; i++)
		open_terminal(fleet, i * 65536, 1);
	for (uint32_t i = 1; i <= TERMINALS + 10; i++)
		fleet_close(fleet, i * 65536);
	ping(fleet, (TERMINALS + 5) * 65536, TG_FIELD_QUEUE_DEPTH, 1);
	assert_int_equal(fleet_rows(fleet, 0, rows, TERMINALS + 1), TERMINALS);
	assert_int_equal(fleet_rows(fleet, TERMINALS - 1, rows, TERMINALS), 1);
	assert_int_equal(rows[0].terminal, TERMINALS * 65536);
	assert_int_equal(fleet_rows(fleet, TERMINALS, rows, TERMINALS), 0);
	fleet_free(fleet);
}

/* Add up, with partner 1 by name. */
static struct fleet_sums *
sum(struct fleet *fleet, struct fleet_difference differences[2])
{
	struct fleet_sums *sums = calloc(1, sizeof(*sums));

	assert_non_null(sums);
	memset(differences, 0, 2 * sizeof(differences[0]));
	differences[0].partner = 1;
	sums->differences = differences;
	sums->difference_count = 2;
	assert_int_equal(fleet_sum(fleet, BURN_CLOCK_MS, sums), TG_OK);
	return sums;
}

/* What: queues, clocks, days and differences are added up; signs do not cancel. */
static void
the_fleet_is_added_up(void **state)
{
	struct fleet *fleet = new_fleet();
	struct fleet_difference differences[2];
	struct fleet_sums *sums;

	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		open_terminal(fleet, i, (i + 1) / 2);
	fleet_close(fleet, 5);
	ping(fleet, 1, TG_FIELD_QUEUE_DEPTH, 3);
	ping(fleet, 2, TG_FIELD_QUEUE_DEPTH, 8);
	ping(fleet, 3, TG_FIELD_QUEUE_DEPTH, 0);
	ping(fleet, 1, TG_FIELD_BUSINESS_TIME, NOW + BURN_CLOCK_MS);
	ping(fleet, 2, TG_FIELD_BUSINESS_TIME, NOW - BURN_CLOCK_MS - 1);
	ping(fleet, 3, TG_FIELD_SETTLED_DAY, 20512);
	ping(fleet, 5, TG_FIELD_SETTLED_DAY, 20000); /* but it is gone */
	count(fleet, 1, 20513, 100, 70);
	count(fleet, 2, 20513, 70, 100);
	count(fleet, 3, 20513, 9, 8);
	count(fleet, 4, 20513, 8, 8);
	sums = sum(fleet, differences);
	assert_int_equal(sums->known, 5);
	assert_int_equal(sums->connected, 4);
	assert_int_equal(sums->queueing, 2);
	assert_int_equal(sums->queued, 11);
	assert_int_equal(sums->queue_max, 8);
	assert_int_equal(sums->clock_off, 1);
	assert_int_equal(sums->settled_day_min, 20512);
	assert_int_equal(sums->differing, 3);
	assert_int_equal(differences[0].points, 60);
	assert_int_equal(differences[1].points, 1);
	free(sums);
	fleet_free(fleet);
}

/* What: the commonest versions stand first; however many there are, all terminals are counted. */
static void
versions_are_bounded(void **state)
{
	struct fleet *fleet = new_fleet();
	struct fleet_difference differences[2];
	struct fleet_sums *sums;
	uint64_t all = 0;
	char text[32];

	(void)state;
	for (uint32_t i = 1; i <= 600; i++) {
		open_terminal(fleet, i, 1);
		snprintf(text, sizeof(text), "version %u", i <= 200 ? i % 2 : i);
		say_software(fleet, i, text);
	}
	say_software(fleet, 1, "other");
	say_software(fleet, 2, "unknown");
	say_software(fleet, 3, "");
	sums = sum(fleet, differences);
	assert_int_equal(sums->version_count, FLEET_VERSIONS_MAX);
	assert_string_equal(sums->versions[0].text, "version 0");
	assert_int_equal(sums->versions[0].terminals, 99);
	assert_string_equal(sums->versions[1].text, "version 1");
	assert_int_equal(sums->versions[1].terminals, 98);
	assert_string_equal(sums->versions[2].text, "unknown");
	assert_int_equal(sums->versions[2].terminals, 2);
	for (uint32_t i = 0; i < sums->version_count; i++) {
		all += sums->versions[i].terminals;
		assert_string_not_equal(sums->versions[i].text, "other");
	}
	assert_int_equal(all + sums->versions_other, 600);
	free(sums);
	fleet_free(fleet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_is_known_from_its_first_session_on),
		cmocka_unit_test(what_is_not_told_stays),
		cmocka_unit_test(counts_are_compared_by_day),
		cmocka_unit_test(a_full_fleet_notes_no_more),
		cmocka_unit_test(the_fleet_is_added_up),
		cmocka_unit_test(versions_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
