/*
 * test_pipeline.c - no answer before its records are durable, none after the journal is lost, and
 * the order in which requests meet the ledger.
 *
 * Every test runs with the ledger step on its own thread and inline.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/pipeline.h"
#include "tests/gateway/pipeline_fixture.h"

/* The two configurations, as initial state of the tests. */
static bool is_own_thread;
static bool is_inline = true;

static struct pipeline_fixture *
start(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);

	fixture_start(fixture);
	return fixture;
}

/* Submit an EARN and return when its batch is being synced at the shut gate. */
static void
earn_up_to_the_gate(struct pipeline_fixture *fixture, uint32_t request_id)
{
	(void)fixture_submit(fixture->port, REQUEST_EARN, request_id);
	pipeline_flush(fixture->port);
	gate_io_await_sync(&fixture->gate);
}

/* What: an answer is not told while its record is being synced, nor is a read that saw it.
 * How:  the gate is shut during the sync; then it opens and both come, in order. */
static void
no_answer_comes_before_its_records_are_durable(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_job *job;

	gate_io_shut(&fixture->gate);
	earn_up_to_the_gate(fixture, 1);
	(void)fixture_submit(fixture->port, REQUEST_INQUIRY, 2);
	pipeline_flush(fixture->port);
	while (pipeline_figures(fixture->pipeline).requests < 2)
		fixture_expect_none(fixture->port);
	fixture_expect_none(fixture->port);
	assert_int_equal(pipeline_durable_sequence(fixture->pipeline), 0);

	gate_io_open(&fixture->gate);
	job = fixture_await(fixture, fixture->port);
	assert_int_equal(job->request_id, 1);
	assert_int_equal(job->answer.sequence, 1);
	assert_int_equal(journal_durable_sequence(fixture->journal), 1);
	pipeline_job_give(fixture->port, job);
	job = fixture_await(fixture, fixture->port);
	assert_int_equal(job->request_id, 2);
	assert_int_equal(job->answer.available_points, 1);
	pipeline_job_give(fixture->port, job);
	fixture_end(fixture, TG_OK);
}

/* What: a read is answered at once when everything applied is durable. */
static void
a_read_of_durable_state_waits_for_nothing(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).sequence, 1);
	gate_io_shut(&fixture->gate);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_INQUIRY).available_points, 1);
	gate_io_open(&fixture->gate);
	fixture_end(fixture, TG_OK);
}

/* What: once a sync fails nothing is answered any more, and the file is not synced again.
 * How:  an EARN fails at the gate; a read and another EARN follow. */
static void
an_io_error_ends_all_answers(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status, TG_OK);
	gate_io_break(&fixture->gate);
	(void)fixture_submit(fixture->port, REQUEST_EARN, 2);
	pipeline_flush(fixture->port);
	while (!atomic_load(&fixture->is_dead))
		fixture_expect_none(fixture->port);
	(void)fixture_submit(fixture->port, REQUEST_EARN, 3);
	(void)fixture_submit(fixture->port, REQUEST_INQUIRY, 4);
	pipeline_flush(fixture->port);
	while (pipeline_figures(fixture->pipeline).requests < 4)
		fixture_expect_none(fixture->port);
	fixture_expect_none(fixture->port);
	assert_true(pipeline_figures(fixture->pipeline).is_dead);
	assert_int_equal(fixture->gate.syncs_after_failure, 0);
	fixture_end(fixture, TG_IO);
}

/* What: requests of one port meet the ledger in the order sent, and are answered in it. */
static void
requests_keep_their_order(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	uint64_t last_sequence = 0;

	for (uint32_t i = 0; i < 900; i++) {
		(void)fixture_submit(fixture->port,
				     i % 3 == 0	  ? REQUEST_INQUIRY
				     : i % 7 == 0 ? REQUEST_RELEASE
						  : REQUEST_EARN,
				     i);
		if (i % 50 == 0)
			pipeline_flush(fixture->port);
	}
	for (uint32_t i = 0; i < 900; i++) {
		struct pipeline_job *job = fixture_await(fixture, fixture->port);

		assert_int_equal(job->request_id, i);
		if (job->answer.sequence != 0) {
			assert_int_equal(job->answer.sequence, last_sequence + 1);
			last_sequence++;
		}
		assert_true(job->wait_sequence <= journal_durable_sequence(fixture->journal));
		pipeline_job_give(fixture->port, job);
	}
	fixture_end(fixture, TG_OK);
}

/* What: with all jobs out further requests are BUSY, but RELEASE and REVERSE have some kept. */
static void
a_full_queue_is_busy_but_for_its_reserve(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);

	fixture->config.requests_max = 64;
	fixture->config.requests_reserved = 4;
	fixture_start(fixture);
	gate_io_shut(&fixture->gate);
	for (uint32_t i = 0; i < 60; i++)
		(void)fixture_submit(fixture->port, REQUEST_EARN, i);
	assert_null(pipeline_job_take(fixture->port, REQUEST_EARN));
	assert_null(pipeline_job_take(fixture->port, REQUEST_CAPTURE));
	for (uint32_t i = 60; i < 64; i++)
		(void)fixture_submit(fixture->port, i % 2 ? REQUEST_RELEASE : REQUEST_REVERSE, i);
	assert_null(pipeline_job_take(fixture->port, REQUEST_REVERSE));
	assert_int_equal(pipeline_figures(fixture->pipeline).busy, 3);
	assert_int_equal(pipeline_port_in_flight(fixture->port), 64);
	gate_io_open(&fixture->gate);
	for (uint32_t i = 0; i < 64; i++) {
		struct pipeline_job *job = fixture_await(fixture, fixture->port);

		assert_int_equal(job->request_id, i);
		pipeline_job_give(fixture->port, job);
	}
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status, TG_OK);
	fixture_end(fixture, TG_OK);
}

/* What: while the journal is slow the open batch fills, then the queue waits; nothing is lost.
 * How:  records of 16 KiB, more than a batch holds, against a shut gate. */
static void
a_full_batch_makes_the_queue_wait(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	size_t batch_bytes = journal_batch_bytes_max(fixture->journal);
	uint32_t count = (uint32_t)(batch_bytes / 16384) + 100;

	ledger_double_set_record_bytes(fixture->ledger, 16384);
	assert_true(count < 1000);
	gate_io_shut(&fixture->gate);
	earn_up_to_the_gate(fixture, 0);
	for (uint32_t i = 1; i < count; i++)
		(void)fixture_submit(fixture->port, REQUEST_EARN, i);
	pipeline_flush(fixture->port);
	gate_io_open(&fixture->gate);
	for (uint32_t i = 0; i < count; i++) {
		struct pipeline_job *job = fixture_await(fixture, fixture->port);

		assert_int_equal(job->request_id, i);
		assert_int_equal(job->answer.sequence, i + 1);
		pipeline_job_give(fixture->port, job);
	}
	fixture_end(fixture, TG_OK);
}

/* What: terminals' requests go before items of batches that were there first. */
static void
terminals_go_before_batch_items(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	uint64_t sequence_of_batch_items = 0;

	if (!fixture->config.is_inline) { /* the other thread may be quicker than we submit */
		fixture_end(fixture, TG_OK);
		return;
	}
	for (uint32_t i = 0; i < 20; i++) {
		struct pipeline_job *job = pipeline_job_take(fixture->port, REQUEST_EARN);

		job->lane = PIPELINE_BATCH;
		assert_int_equal(pipeline_submit(fixture->port, job), TG_OK);
	}
	for (uint32_t i = 0; i < 10; i++)
		(void)fixture_submit(fixture->port, REQUEST_EARN, 1000 + i);
	for (uint32_t i = 0; i < 30; i++) {
		struct pipeline_job *job = fixture_await(fixture, fixture->port);

		if (job->request_id >= 1000)
			assert_true(job->answer.sequence <= 10);
		else
			sequence_of_batch_items += job->answer.sequence;
		pipeline_job_give(fixture->port, job);
	}
	assert_int_equal(sequence_of_batch_items, 20 * 10 + 20 * 21 / 2);
	fixture_end(fixture, TG_OK);
}

/* What: batch items take at most half of the jobs, so that terminals always find some. */
static void
batch_items_leave_room_for_terminals(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_job *job;

	gate_io_shut(&fixture->gate);
	for (uint32_t i = 0; i < 512; i++) {
		job = pipeline_job_take(fixture->port, REQUEST_EARN);
		job->lane = PIPELINE_BATCH;
		assert_int_equal(pipeline_submit(fixture->port, job), TG_OK);
	}
	job = pipeline_job_take(fixture->port, REQUEST_EARN);
	job->lane = PIPELINE_BATCH;
	assert_int_equal(pipeline_submit(fixture->port, job), TG_BUSY);
	pipeline_job_give(fixture->port, job);
	(void)fixture_submit(fixture->port, REQUEST_EARN, 1);
	gate_io_open(&fixture->gate);
	for (uint32_t i = 0; i < 513; i++)
		pipeline_job_give(fixture->port, fixture_await(fixture, fixture->port));
	fixture_end(fixture, TG_OK);
}

/* What: an idle journal gets a mark with the state hash, and so does one that is closed. */
static void
an_idle_journal_is_marked(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);
	struct journal_reader *reader;
	struct journal_item item;
	struct storage_error error = { 0 };

	fixture->config.idle_mark_ms = 1;
	fixture_start(fixture);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).sequence, 1);
	while (pipeline_figures(fixture->pipeline).marks == 0)
		fixture_expect_none(fixture->port);
	assert_int_equal(journal_read_from(fixture->journal, 1, &reader, &error), TG_OK);
	assert_int_equal(journal_reader_next(reader, &item, &error), TG_OK);
	assert_int_equal(item.kind, JOURNAL_RECORD);
	assert_int_equal(journal_reader_next(reader, &item, &error), TG_OK);
	assert_int_equal(item.kind, JOURNAL_MARK);
	assert_int_equal(item.sequence, 1);
	assert_int_equal(item.hash.low, 1);
	assert_int_equal(item.hash.high, 1);
	journal_reader_close(reader);
	fixture_end(fixture, TG_OK);
}

/* What: with the disk nearly full records are refused, reads answered; it ends by itself. */
static void
a_full_disk_refuses_records_and_answers_reads(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct storage_error error = { 0 };

	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status, TG_OK);
	gate_io_set_free_bytes(&fixture->gate, 0);
	assert_int_equal(journal_tend(fixture->journal, &error), TG_OK);
	assert_false(journal_has_room(fixture->journal));
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status,
			 TG_JOURNAL_FULL);
	assert_int_equal(fixture_call(fixture, fixture->control, REQUEST_CLOCK).status,
			 TG_JOURNAL_FULL);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_INQUIRY).available_points, 1);
	assert_int_equal(pipeline_figures(fixture->pipeline).refused_full, 1);
	gate_io_set_free_bytes(&fixture->gate, UINT64_MAX);
	assert_int_equal(journal_tend(fixture->journal, &error), TG_OK);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).sequence, 2);
	fixture_end(fixture, TG_OK);
}

/* What: a changed terminal is told to every port, once the record is durable. */
static void
a_block_reaches_every_port_when_durable(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_notice notice;
	struct pipeline_job *job;

	gate_io_shut(&fixture->gate);
	job = pipeline_job_take(fixture->control, REQUEST_SET_TERMINAL);
	job->request.terminal_image = (struct terminal_config){
		.number = 31, .partner = 7, .flags = TERMINAL_BLOCKED, .key_generation = 2
	};
	assert_int_equal(pipeline_submit(fixture->control, job), TG_OK);
	pipeline_flush(fixture->control);
	pipeline_flush(fixture->port);
	gate_io_await_sync(&fixture->gate);
	assert_false(pipeline_notice_next(fixture->port, &notice));
	gate_io_open(&fixture->gate);
	pipeline_job_give(fixture->control, fixture_await(fixture, fixture->control));
	assert_true(pipeline_notice_next(fixture->port, &notice));
	assert_int_equal(notice.kind, RECORD_TERMINAL);
	assert_int_equal(notice.number, 31);
	assert_int_equal(notice.partner, 7);
	assert_int_equal(notice.key_generation, 2);
	assert_true(notice.is_blocked);
	assert_false(pipeline_notice_next(fixture->port, &notice));
	fixture_end(fixture, TG_OK);
}

/* What: more changes than a port has room for wait for it to read them; none is lost. */
static void
changes_wait_for_a_port_that_does_not_read_notices(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_notice notice;
	uint32_t seen = 0, answered = 0;

	for (uint32_t i = 0; i < 400; i++) {
		(void)fixture_submit(fixture->control, REQUEST_SET_PARTNER, i);
		pipeline_flush(fixture->control);
	}
	while (answered < 400) {
		pipeline_flush(fixture->port);
		while (pipeline_notice_next(fixture->port, &notice))
			seen++;
		while (pipeline_notice_next(fixture->control, &notice))
			assert_int_equal(notice.kind, RECORD_PARTNER);
		for (struct pipeline_job *job; (job = pipeline_job_done(fixture->control)) != NULL;
		     answered++)
			pipeline_job_give(fixture->control, job);
	}
	while (pipeline_notice_next(fixture->port, &notice))
		seen++;
	assert_int_equal(seen, 400);
	fixture_end(fixture, TG_OK);
}

static uint64_t
archive_waiting(struct pipeline_fixture *fixture, enum pipeline_archive_lane lane)
{
	return pipeline_figures(fixture->pipeline).archive_waiting[lane];
}

static void
submit_archived(struct pipeline_fixture *fixture)
{
	struct pipeline_job *job = pipeline_job_take(fixture->port, REQUEST_REVERSE);

	job->request.has_original = true;
	job->request.original_id[0] = DOUBLE_ARCHIVED_ID;
	assert_int_equal(pipeline_submit(fixture->port, job), TG_OK);
	pipeline_flush(fixture->port);
}

static struct ledger_answer
reverse_archived(struct pipeline_fixture *fixture)
{
	struct pipeline_job *job;
	struct ledger_answer answer;

	submit_archived(fixture);
	job = fixture_await(fixture, fixture->port);
	answer = job->answer;
	pipeline_job_give(fixture->port, job);
	return answer;
}

/* What: an original outside the window is fetched and the request decided again; without the
 * archive the answer says so. */
static void
an_archived_original_is_fetched_off_the_hot_path(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	/* Record 1 opens the original again, record 2 reverses it. */
	assert_int_equal(reverse_archived(fixture).sequence, 2);
	assert_int_equal(atomic_load(&fixture->archive_calls), 1);
	fixture->archive_status = TG_DATABASE;
	assert_int_equal(reverse_archived(fixture).status, TG_ORIGINAL_ARCHIVED);
	assert_int_equal(atomic_load(&fixture->archive_calls), 2);
	fixture_end(fixture, TG_OK);
}

/* What: the archive must know all that was applied when it is asked.
 * How:  three records before the question; the double opens and reverses with two more. */
static void
the_archive_is_asked_for_all_that_was_applied(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	for (uint32_t i = 0; i < 3; i++)
		(void)fixture_call(fixture, fixture->port, REQUEST_EARN);
	assert_int_equal(reverse_archived(fixture).sequence, 5);
	assert_int_equal(atomic_load(&fixture->archive_through), 3);
	fixture_end(fixture, TG_OK);
}

/* What: an archive that stands still holds up nobody else; a bounded number waits for it, the next
 * is refused at once.
 * How:  three questions of three at a shut archive, a fourth, an EARN; then it answers. */
static void
a_slow_archive_holds_up_its_own_requests_only(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	fixture->archive_status = TG_TIMEOUT;
	atomic_store(&fixture->is_archive_shut, true);
	for (uint32_t i = 0; i < 3; i++)
		submit_archived(fixture);
	assert_int_equal(reverse_archived(fixture).status, TG_ORIGINAL_ARCHIVED);
	assert_int_equal(pipeline_figures(fixture->pipeline).archive_full[PIPELINE_ORIGINALS], 1);
	assert_int_equal(archive_waiting(fixture, PIPELINE_ORIGINALS), 3);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).sequence, 1);
	atomic_store(&fixture->is_archive_shut, false);
	for (uint32_t i = 0; i < 3; i++) {
		struct pipeline_job *job = fixture_await(fixture, fixture->port);

		assert_int_equal(job->answer.status, TG_ORIGINAL_ARCHIVED);
		pipeline_job_give(fixture->port, job);
	}
	assert_int_equal(archive_waiting(fixture, PIPELINE_ORIGINALS), 0);
	assert_int_equal(atomic_load(&fixture->archive_calls), 3);
	fixture_end(fixture, TG_OK);
}

static void
submit_history_of(struct pipeline_fixture *fixture, uint32_t terminal, uint64_t before)
{
	struct pipeline_job *job = pipeline_job_take(fixture->port, REQUEST_HISTORY);

	job->request.principal = terminal;
	job->request.member = FIXTURE_MEMBER;
	job->request.page_before = before;
	assert_int_equal(pipeline_submit(fixture->port, job), TG_OK);
	pipeline_flush(fixture->port);
}

static void
submit_history(struct pipeline_fixture *fixture, uint64_t before)
{
	submit_history_of(fixture, 1, before);
}

/* The status of the next answer, which is one to a HISTORY. */
static enum tg_status
await_history(struct pipeline_fixture *fixture, uint64_t before)
{
	struct pipeline_job *job = fixture_await(fixture, fixture->port);
	enum tg_status status = (enum tg_status)job->answer.status;

	assert_int_equal(job->request.kind, REQUEST_HISTORY);
	if (status == TG_OK)
		assert_int_equal(job->answer.page->held_sequence, before);
	pipeline_job_give(fixture->port, job);
	return status;
}

/* What: a page is fetched off the hot path, told what was booked when it was asked for; without the
 * archive the answer says so. */
static void
a_page_is_fetched_off_the_hot_path(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	for (uint32_t i = 0; i < 3; i++)
		(void)fixture_call(fixture, fixture->port, REQUEST_EARN);
	submit_history(fixture, 55);
	assert_int_equal(await_history(fixture, 55), TG_OK);
	assert_int_equal(atomic_load(&fixture->archive_through), 3);
	fixture->archive_status = TG_TIMEOUT;
	submit_history(fixture, 56);
	assert_int_equal(await_history(fixture, 56), TG_DATABASE);
	assert_int_equal(atomic_load(&fixture->page_calls), 2);
	fixture_end(fixture, TG_OK);
}

/* What: a bounded number of pages waits, the next is BUSY; an original overtakes those that wait,
 * and all else does not wait at all.
 * How:  three pages at a shut archive, an original, an EARN; then it answers. */
static void
pages_wait_behind_originals(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_job *job;

	atomic_store(&fixture->is_archive_shut, true);
	submit_history(fixture, 1);
	while (atomic_load(&fixture->page_calls) == 0)
		pipeline_flush(fixture->port);
	submit_history(fixture, 2);
	submit_history(fixture, 3);
	assert_int_equal(await_history(fixture, 3), TG_BUSY);
	assert_int_equal(pipeline_figures(fixture->pipeline).archive_full[PIPELINE_PAGES], 1);
	assert_int_equal(archive_waiting(fixture, PIPELINE_PAGES), 2);
	submit_archived(fixture);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).sequence, 1);
	atomic_store(&fixture->is_archive_shut, false);
	assert_int_equal(await_history(fixture, 1), TG_OK);
	job = fixture_await(fixture, fixture->port);
	assert_int_equal(job->request.kind, REQUEST_REVERSE);
	assert_int_equal(job->answer.sequence, 3);
	pipeline_job_give(fixture->port, job);
	assert_int_equal(await_history(fixture, 2), TG_OK);
	assert_int_equal(archive_waiting(fixture, PIPELINE_PAGES), 0);
	fixture_end(fixture, TG_OK);
}

/* What: a partner has half of the room for pages; the other half is for others.
 * How:  at a shut archive two pages of one, a third; two of another; then it answers. */
static void
a_partner_has_half_of_the_pages(void **state)
{
	struct pipeline_fixture *fixture = start(state);

	atomic_store(&fixture->is_archive_shut, true);
	submit_history(fixture, 1);
	submit_history(fixture, 2);
	submit_history(fixture, 3);
	assert_int_equal(await_history(fixture, 3), TG_BUSY);
	submit_history_of(fixture, DOUBLE_OTHER, 4);
	submit_history_of(fixture, DOUBLE_OTHER, 5);
	submit_history_of(fixture, DOUBLE_OTHER, 6);
	assert_int_equal(await_history(fixture, 6), TG_BUSY);
	assert_int_equal(archive_waiting(fixture, PIPELINE_PAGES), 4);
	atomic_store(&fixture->is_archive_shut, false);
	assert_int_equal(await_history(fixture, 1), TG_OK);
	submit_history(fixture, 7);
	assert_int_equal(await_history(fixture, 2), TG_OK);
	assert_int_equal(await_history(fixture, 4), TG_OK);
	assert_int_equal(await_history(fixture, 5), TG_OK);
	assert_int_equal(await_history(fixture, 7), TG_OK);
	fixture_end(fixture, TG_OK);
}

/* What: without pages a HISTORY is an operation that is not known here. */
static void
without_pages_there_is_no_history(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);

	fixture->config.pages_max = 0;
	fixture_start(fixture);
	submit_history(fixture, 1);
	assert_int_equal(await_history(fixture, 1), TG_UNKNOWN_OPERATION);
	assert_int_equal(atomic_load(&fixture->page_calls), 0);
	fixture_end(fixture, TG_OK);
}

/* What: while the clock waits for the operator nothing is recorded; reads are answered; it ends
 * with CLOCK, which is booked at the accepted time. */
static void
an_unaccepted_clock_records_nothing(void **state)
{
	struct pipeline_fixture *fixture = fixture_new(*(bool *)*state);
	struct ledger_answer answer;

	clock_start(&fixture->clock, fixture->clock.source, false,
		    FIXTURE_NOW - CLOCK_START_GAP_MS_MAX - 1, INT64_MIN);
	fixture_start(fixture);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status, TG_BUSY);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_INQUIRY).status, TG_OK);
	answer = fixture_call(fixture, fixture->control, REQUEST_CLOCK);
	assert_int_equal(answer.status, TG_OK);
	assert_int_equal(answer.booked_at_utc_ms, FIXTURE_NOW);
	assert_int_equal(fixture_call(fixture, fixture->port, REQUEST_EARN).status, TG_OK);
	assert_int_equal(pipeline_figures(fixture->pipeline).refused_clock, 1);
	fixture_end(fixture, TG_OK);
}

static void
read_sequence(const struct ledger *ledger, void *argument)
{
	*(uint64_t *)argument = ledger_sequence(ledger);
}

/* What: a look at the ledger comes back when what it may have seen is durable. */
static void
a_look_at_the_ledger_waits_for_what_it_saw(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	uint64_t seen = 0;
	struct pipeline_job *job;

	gate_io_shut(&fixture->gate);
	earn_up_to_the_gate(fixture, 1);
	job = pipeline_job_take(fixture->control, REQUEST_TICK);
	job->read = read_sequence;
	job->read_argument = &seen;
	assert_int_equal(pipeline_submit(fixture->control, job), TG_OK);
	pipeline_flush(fixture->control);
	while (pipeline_figures(fixture->pipeline).requests < 2)
		fixture_expect_none(fixture->port);
	fixture_expect_none(fixture->control);
	gate_io_open(&fixture->gate);
	job = fixture_await(fixture, fixture->control);
	assert_int_equal(seen, 1);
	assert_int_equal(job->answer.status, TG_OK);
	pipeline_job_give(fixture->control, job);
	pipeline_job_give(fixture->port, fixture_await(fixture, fixture->port));
	fixture_end(fixture, TG_OK);
}

/* What: what was submitted before the end is answered and durable; later requests are refused. */
static void
draining_answers_what_was_submitted(void **state)
{
	struct pipeline_fixture *fixture = start(state);
	struct pipeline_job *job;

	for (uint32_t i = 0; i < 100; i++)
		(void)fixture_submit(fixture->port, REQUEST_EARN, i);
	pipeline_drain(fixture->pipeline);
	job = pipeline_job_take(fixture->port, REQUEST_EARN);
	assert_int_equal(pipeline_submit(fixture->port, job), TG_SHUTTING_DOWN);
	pipeline_job_give(fixture->port, job);
	assert_int_equal(pipeline_stop(fixture->pipeline), TG_OK);
	assert_int_equal(journal_durable_sequence(fixture->journal), 100);
	for (uint32_t i = 0; i < 100; i++) {
		job = pipeline_job_done(fixture->port);
		assert_non_null(job);
		assert_int_equal(job->request_id, i);
		pipeline_job_give(fixture->port, job);
	}
	fixture_end(fixture, TG_OK);
}

#define BOTH(test) \
	{ #test, test, NULL, NULL, &is_own_thread }, \
	{ \
#test "_inline", test, NULL, NULL, &is_inline \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(no_answer_comes_before_its_records_are_durable),
		BOTH(a_read_of_durable_state_waits_for_nothing),
		BOTH(an_io_error_ends_all_answers),
		BOTH(requests_keep_their_order),
		BOTH(a_full_queue_is_busy_but_for_its_reserve),
		BOTH(a_full_batch_makes_the_queue_wait),
		BOTH(terminals_go_before_batch_items),
		BOTH(batch_items_leave_room_for_terminals),
		BOTH(an_idle_journal_is_marked),
		BOTH(a_full_disk_refuses_records_and_answers_reads),
		BOTH(a_block_reaches_every_port_when_durable),
		BOTH(changes_wait_for_a_port_that_does_not_read_notices),
		BOTH(an_archived_original_is_fetched_off_the_hot_path),
		BOTH(the_archive_is_asked_for_all_that_was_applied),
		BOTH(a_slow_archive_holds_up_its_own_requests_only),
		BOTH(a_page_is_fetched_off_the_hot_path),
		BOTH(pages_wait_behind_originals),
		BOTH(a_partner_has_half_of_the_pages),
		BOTH(without_pages_there_is_no_history),
		BOTH(an_unaccepted_clock_records_nothing),
		BOTH(a_look_at_the_ledger_waits_for_what_it_saw),
		BOTH(draining_answers_what_was_submitted),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
