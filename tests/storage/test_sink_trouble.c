/*
 * test_sink_trouble.c - what stops the sink, what it waits for, and what it says of that.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/storage/sink_fixture.h"

/* Well below what would be waited for otherwise, well above what a busy machine takes. */
#define AT_ONCE_MS 10000
#define LOOKS_MAX 400
#define LOOK_MS 150 /* InnoDB tells of locks what it knew, if it is asked again within 100 ms */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t
next_sequence(const struct sink_fixture *f)
{
	return (uint64_t)mariadb_number(f->server, "SELECT next_sequence FROM sink_cursor");
}

/* A sink that must end by itself, with a status and a state that say why. */
static void
run_into(struct sink_fixture *f, enum tg_status status, enum sink_state state)
{
	sink_fixture_start(f);
	sink_fixture_await_state(f, state);
	sink_fixture_join(f);
	assert_int_equal(f->result, status);
	assert_int_equal(f->error.status, status);
}

/* What: a row that is there already stops the sink; nothing of its batch is written.
 * How:  an entry made by hand in the way of record 350. */
static void
duplicate_stops_with_an_alarm(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 100);
	sink_fixture_run(f);
	mariadb_run(f->server,
		    "INSERT INTO posting VALUES ('1000-01-01', 350, 1, 1, 1, 0, 5, 0)");
	sink_fixture_add_earns(f, 300);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_non_null(strstr(f->error.text, "1062"));
	assert_non_null(strstr(f->error.text, "350"));
	assert_int_equal(next_sequence(f), 101);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"), 100);
	/* Someone has looked, and taken it away: all goes on. */
	mariadb_run(f->server, "DELETE FROM posting WHERE sequence = 350");
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: a record that is not sound is named; all before it are written, none after.
 * How:  postings that do not sum to zero, in the middle of a batch. */
static void
unsound_record_stops_with_an_alarm(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 77);
	record_maker_earn(&f->maker, f->record);
	f->record->postings[0].points += 1;
	sink_fixture_add_record(f, f->record);
	sink_fixture_add_earns(f, 50);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 78);
	assert_int_equal(next_sequence(f), 78);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"), 77);
}

/* What: the same for one in a batch that is made while another is written, first or later in it.
 * How:  batches of a hundred, and bytes that cannot be read where batches end, begin and go on. */
static void
unsound_record_is_found_in_the_next_batch(void **state)
{
	static const uint32_t places[] = { 99, 100, 101, 150, 199, 200, 201, 250 };
	struct sink_fixture *f = *state;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		sink_fixture_reset(f, 1 + i);
		f->config.batch_records = 100;
		sink_fixture_add_earns(f, places[i]);
		sink_fixture_add_unreadable(f);
		sink_fixture_add_earns(f, 150);
		run_into(f, TG_CORRUPT, SINK_ALARM);
		assert_int_equal(f->error.sequence, places[i] + 1);
		assert_int_equal(next_sequence(f), places[i] + 1);
		assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"),
				 places[i]);
	}
}

/* What: a record that has no place in the calendar of the tables is named in the same way.
 * How:  one that is booked at the end of all time. */
static void
record_beyond_the_calendar_stops_with_an_alarm(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 5);
	record_maker_earn(&f->maker, f->record);
	f->record->booked_at_utc_ms = INT64_MAX;
	sink_fixture_add_record(f, f->record);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 6);
	assert_int_equal(next_sequence(f), 6);
}

/* What: bytes that cannot be read as a record are named, too.
 * How:  a version that does not exist. */
static void
unreadable_record_stops_with_an_alarm(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 8);
	sink_fixture_add_unreadable(f);
	sink_fixture_add_earns(f, 8);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 9);
	assert_int_equal(next_sequence(f), 9);
}

/* What: when the server refuses one value among hundreds, the record is found and named.
 * How:  a partner with a flag that the column does not know. */
static void
refused_value_is_traced_to_its_record(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 123);
	record_maker_make(&f->maker, RECORD_PARTNER, f->record);
	f->record->partner_image.flags = 0x8000;
	sink_fixture_add_record(f, f->record);
	sink_fixture_add_earns(f, 50);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 124);
	assert_int_equal(next_sequence(f), 124);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"), 123);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM partner"), 0);
}

/* What: tables that a higher epoch owns are not touched.
 * How:  epoch 7 writes, then epoch 6 comes. */
static void
lower_epoch_is_fenced(void **state)
{
	struct sink_fixture *f = *state;

	f->config.epoch = 7;
	sink_fixture_add(f, 100);
	sink_fixture_run(f);
	f->config.epoch = 6;
	sink_fixture_add(f, 100);
	run_into(f, TG_FENCED, SINK_FENCED);
	assert_int_equal(next_sequence(f), 101);
	f->config.epoch = 8;
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: a sink that is overtaken while it runs writes nothing more.
 * How:  the epoch is raised under it. */
static void
overtaken_sink_is_fenced(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 100);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	mariadb_run(f->server, "UPDATE sink_cursor SET epoch = 9");
	sink_fixture_add(f, 100);
	sink_fixture_await_state(f, SINK_FENCED);
	sink_fixture_join(f);
	assert_int_equal(f->result, TG_FENCED);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"), 100);
}

/* What: a cursor moved by someone else under the same epoch is noticed, too.
 * How:  it is set back by hand. */
static void
moved_cursor_is_fenced(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 100);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	mariadb_run(f->server, "UPDATE sink_cursor SET next_sequence = 50");
	sink_fixture_add(f, 10);
	sink_fixture_await_state(f, SINK_FENCED);
	sink_fixture_join(f);
	assert_int_equal(f->result, TG_FENCED);
}

/* What: another journal than the one that MariaDB was written from is refused.
 * How:  the same number of records, made from another seed. */
static void
other_journal_is_refused(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 200);
	sink_fixture_run(f);
	sink_fixture_replace_journal(f, 99);
	sink_fixture_add(f, 300);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 200);
	assert_int_equal(next_sequence(f), 201);
}

/* What: a journal that ends before what MariaDB has is refused.
 * How:  a journal with fewer records. */
static void
journal_behind_mariadb_is_refused(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 200);
	sink_fixture_run(f);
	sink_fixture_replace_journal(f, 1);
	sink_fixture_add(f, 150);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_int_equal(f->error.sequence, 200);
}

/* What: MariaDB set back to an older state, as from a backup, is caught up from the journal.
 * How:  the server's folder is kept and put back. */
static void
older_backup_is_caught_up(void **state)
{
	struct sink_fixture *f = *state;
	char command[512];

	sink_fixture_add(f, 1000);
	sink_fixture_run(f);
	mariadb_stop(f->server);
	(void)snprintf(command, sizeof command, "cd %s && cp -a data backup",
		       mariadb_folder(f->server));
	assert_int_equal(system(command), 0);
	mariadb_start(f->server);
	sink_fixture_add(f, 1000);
	sink_fixture_run(f);
	mariadb_stop(f->server);
	(void)snprintf(command, sizeof command, "cd %s && rm -rf data && mv backup data",
		       mariadb_folder(f->server));
	assert_int_equal(system(command), 0);
	mariadb_start(f->server);
	assert_int_equal(next_sequence(f), 1001);
	sink_fixture_add(f, 10);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: a server that is not fit is waited for, with the reason to be seen.
 * How:  commits that are not flushed; then they are. */
static void
unfit_server_is_waited_for(void **state)
{
	struct sink_fixture *f = *state;

	mariadb_run(f->server, "SET GLOBAL innodb_flush_log_at_trx_commit = 2");
	sink_fixture_add(f, 100);
	sink_fixture_start(f);
	sink_fixture_await_state(f, SINK_WAITING);
	assert_non_null(strstr(sink_status(f->sink).error, "innodb_flush_log_at_trx_commit"));
	mariadb_run(f->server, "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
	sink_fixture_await_all(f);
	assert_true(sink_status(f->sink).failures > 0);
	sink_fixture_stop(f);
	sink_fixture_assert_equal(f);
}

/* What: a server set to read only is waited for, in the middle of writing.
 * How:  read_only while records flow, for a user that may not ignore it. */
static void
read_only_server_is_waited_for(void **state)
{
	struct sink_fixture *f = *state;

	mariadb_run(f->server, "CREATE OR REPLACE USER plain@localhost");
	mariadb_run(f->server, "GRANT ALL ON tallygate.* TO plain@localhost");
	f->config.database.user = "plain";
	sink_fixture_add(f, 100);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	mariadb_run(f->server, "SET GLOBAL read_only = 1");
	sink_fixture_add(f, 1000);
	sink_fixture_await_state(f, SINK_WAITING);
	assert_non_null(strstr(sink_status(f->sink).error, "1290"));
	assert_true(sink_status(f->sink).oldest_waiting_utc_ms > 0);
	assert_int_equal(sink_status(f->sink).lag_records, 1000);
	mariadb_run(f->server, "SET GLOBAL read_only = 0");
	sink_fixture_await_all(f);
	sink_fixture_stop(f);
	sink_fixture_assert_equal(f);
}

/* Entries of the next count records, as a split batch leaves them that was cut off. */
static void
leave_entries(const struct sink_fixture *f, uint64_t first, uint64_t count, uint64_t named_first)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO entry (business_date, sequence, line, kind, status, flags,"
		       " booked_at, posting_count, move_count, line_count, component_count)"
		       " SELECT COALESCE(c.business_date, '1000-01-01'), s.seq, 0, 1, 0, 0, NOW(),"
		       " 2, 0, 0, 0 FROM seq_%" PRIu64 "_to_%" PRIu64 " s JOIN sink_cursor c",
		       first, first + count - 1);
	mariadb_run(f->server, sql);
	(void)snprintf(sql, sizeof sql,
		       "UPDATE entry_ahead SET first_sequence = %" PRIu64
		       ", next_sequence = %" PRIu64, named_first, first + count);
	mariadb_run(f->server, sql);
}

static int64_t
check_findings(const struct sink_fixture *f)
{
	return mariadb_number(f->server, "SELECT SUM(findings) FROM check_all");
}

/* What: entries that lie beyond the cursor, because the rest of their batch was not committed, are
 * no finding of the checks; they are taken away and written again.
 * How:  such entries made by hand, before and after the business date changes. */
static void
entries_beyond_the_cursor_are_written_again(void **state)
{
	struct sink_fixture *f = *state;

	for (uint64_t i = 1; i <= 3; i++) {
		sink_fixture_add(f, 300);
		sink_fixture_run(f);
		leave_entries(f, 300 * i + 1, 7, 300 * i + 1);
		assert_int_equal(check_findings(f), 0);
	}
	sink_fixture_add(f, 200);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

/* What: an entry beyond the cursor that nobody has named stays, and stops the sink.
 * How:  entry_ahead speaks of another place. */
static void
unknown_entries_stop_with_an_alarm(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add(f, 300);
	sink_fixture_run(f);
	leave_entries(f, 301, 7, 250);
	assert_int_equal(check_findings(f), 1);
	sink_fixture_add_earns(f, 200);
	run_into(f, TG_CORRUPT, SINK_ALARM);
	assert_non_null(strstr(f->error.text, "1062"));
	assert_int_equal(next_sequence(f), 301);
	assert_int_equal(mariadb_number(f->server, "SELECT COUNT(*) FROM entry"), 307);
}

/* What: entries of a split batch are fenced like the rest.
 * How:  their row is taken by another epoch. */
static void
overtaken_entries_are_fenced(void **state)
{
	struct sink_fixture *f = *state;

	sink_fixture_add_earns(f, 400);
	sink_fixture_start(f);
	sink_fixture_await_all(f);
	mariadb_run(f->server, "UPDATE entry_ahead SET epoch = 9");
	sink_fixture_add_earns(f, 400);
	sink_fixture_await_state(f, SINK_FENCED);
	sink_fixture_join(f);
	assert_int_equal(f->result, TG_FENCED);
	assert_true(mariadb_number(f->server, "SELECT next_sequence FROM sink_cursor") < 801);
}

/* What: a server that grants one connection only is written by one.
 * How:  a user who may not have two at once. */
static void
one_connection_is_enough(void **state)
{
	struct sink_fixture *f = *state;

	mariadb_run(f->server, "CREATE OR REPLACE USER lonely@localhost WITH"
			       " MAX_USER_CONNECTIONS 1");
	mariadb_run(f->server, "GRANT ALL ON tallygate.* TO lonely@localhost");
	f->config.database.user = "lonely";
	sink_fixture_add(f, 3000);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
	assert_int_equal(mariadb_number(f->server, "SELECT next_sequence FROM entry_ahead"), 0);
}

/* Until a transaction waits for a lock of another one. */
static void
await_lock_wait(const struct sink_fixture *f)
{
	for (int i = 0; i < LOOKS_MAX; i++) {
		if (mariadb_number(f->server, "SELECT COUNT(*) FROM information_schema.innodb_trx"
					      " WHERE trx_state = 'LOCK WAIT'") > 0)
			return;
		sink_fixture_pause_ms(LOOK_MS);
	}
	fail_msg("nobody waits for a lock");
}

/* What: a deadlock and killed statements are tried again as whole transactions.
 * How:  a heavier transaction that holds a row the sink needs, and wants the cursor. */
static void
deadlock_is_tried_again(void **state)
{
	struct sink_fixture *f = *state;
	struct database *other;
	struct storage_error error;

	sink_fixture_add_earns(f, 100);
	sink_fixture_run(f);
	mariadb_run(f->server, "CREATE TABLE ballast (a INT AUTO_INCREMENT PRIMARY KEY, b INT)"
			       " ENGINE=InnoDB");
	assert_int_equal(database_open(mariadb_config(f->server), &other, &error), TG_OK);
	assert_int_equal(database_run(other, "START TRANSACTION", NULL, &error), TG_OK);
	assert_int_equal(database_run(other, "INSERT INTO ballast (b)"
		" SELECT a.sequence FROM entry a JOIN entry b", NULL, &error), TG_OK);
	assert_int_equal(database_run(other, "UPDATE account_total SET postings = postings + 0",
				      NULL, &error), TG_OK);
	assert_int_equal(database_run(other, "SELECT * FROM account_total FOR UPDATE", NULL,
				      &error), TG_OK);
	sink_fixture_add_earns(f, 100);
	sink_fixture_start(f);
	await_lock_wait(f);
	assert_int_equal(database_run(other, "SELECT * FROM sink_cursor FOR UPDATE", NULL,
				      &error), TG_OK);
	assert_int_equal(database_run(other, "ROLLBACK", NULL, &error), TG_OK);
	database_close(other);
	sink_fixture_await_all(f);
	assert_int_equal(sink_status(f->sink).failures, 1);
	assert_non_null(strstr(sink_status(f->sink).error, "1213"));
	sink_fixture_stop(f);
	mariadb_run(f->server, "DROP TABLE ballast");
	sink_fixture_assert_equal(f);
}

/* What: a sink without a server stops at once when told so, however long it would wait.
 * How:  no server, and a minute between two tries. */
static void
waiting_sink_stops_at_once(void **state)
{
	struct sink_fixture *f = *state;
	int64_t begun_ms;

	f->config.database.socket_path = "/nonexistent/socket";
	f->config.retry_min_ms = 60000;
	f->config.retry_max_ms = 60000;
	sink_fixture_add(f, 10);
	sink_fixture_start(f);
	sink_fixture_await_state(f, SINK_WAITING);
	assert_false(sink_status(f->sink).has_position);
	begun_ms = now_ms();
	sink_fixture_stop(f);
	assert_true(now_ms() - begun_ms < AT_ONCE_MS);
	assert_int_equal(f->result, TG_OK);
}

/* What: a sink whose server stands still is cut loose at once; nothing is lost by that.
 * How:  SIGSTOP in the middle of writing, sink_cut(), SIGCONT. */
static void
hung_sink_is_cut_loose(void **state)
{
	struct sink_fixture *f = *state;
	int64_t begun_ms;

	sink_fixture_add(f, 3000);
	sink_fixture_start(f);
	sink_fixture_await_records(f, 500);
	mariadb_freeze(f->server);
	sink_fixture_pause_ms(100);
	begun_ms = now_ms();
	sink_cut(f->sink);
	sink_fixture_join(f);
	assert_true(now_ms() - begun_ms < AT_ONCE_MS);
	assert_int_equal(f->result, TG_OK);
	mariadb_thaw(f->server);
	sink_fixture_run(f);
	sink_fixture_assert_equal(f);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, sink_fixture_setup, sink_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(duplicate_stops_with_an_alarm),
		TEST(unsound_record_stops_with_an_alarm),
		TEST(unsound_record_is_found_in_the_next_batch),
		TEST(record_beyond_the_calendar_stops_with_an_alarm),
		TEST(unreadable_record_stops_with_an_alarm),
		TEST(refused_value_is_traced_to_its_record),
		TEST(lower_epoch_is_fenced),
		TEST(overtaken_sink_is_fenced),
		TEST(moved_cursor_is_fenced),
		TEST(other_journal_is_refused),
		TEST(journal_behind_mariadb_is_refused),
		TEST(older_backup_is_caught_up),
		TEST(unfit_server_is_waited_for),
		TEST(read_only_server_is_waited_for),
		TEST(entries_beyond_the_cursor_are_written_again),
		TEST(unknown_entries_stop_with_an_alarm),
		TEST(overtaken_entries_are_fenced),
		TEST(one_connection_is_enough),
		TEST(deadlock_is_tried_again),
		TEST(waiting_sink_stops_at_once),
		TEST(hung_sink_is_cut_loose),
	};

	if (mariadb_missing() != NULL)
		return mariadb_skip_all();
	return cmocka_run_group_tests_name("sink in trouble", tests, sink_fixture_group_setup,
					   sink_fixture_group_teardown);
}
