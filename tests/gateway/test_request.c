/*
 * test_request.c - frames in every cut, order of requests, BUSY, limits in flight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/encode.h"
#include "protocol/rows.h"
#include "storage/archive_page.h"
#include "tests/gateway/io_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

/* A plain session of that terminal: frames arrive as they are cut. */
static struct peer *
open_plain(struct io_fixture *f, uint32_t terminal)
{
	struct peer *peer = fixture_connect_plain(f);
	struct tg_message answer;

	fixture_hello(f, peer, &answer);
	fixture_send_auth(f, peer, &answer, terminal, 1, false);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	return peer;
}

/* What: a frame cut anywhere is the same frame, over TLS and plain.
 * How:  two requests, cut into two at every byte; then byte by byte. */
static void
a_frame_may_be_cut_anywhere(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peers[2] = { fixture_open(f, 123), open_plain(f, 124) };
	struct tg_message earn;
	uint8_t *bytes;
	size_t count;

	for (int i = 0; i < 2; i++) {
		fixture_earn(f, 1, &earn);
		earn.request_id = 900;
		peer_put_message(peers[i], &earn);
		earn.request_id = 901;
		peer_put_message(peers[i], &earn);
		count = peers[i]->out_bytes;
		bytes = malloc(count);
		memcpy(bytes, peers[i]->out, count);
		peers[i]->out_bytes = 0;
		for (size_t cut = 0; cut <= count; cut++) {
			peer_put(peers[i], bytes, cut);
			fixture_settle(f);
			peer_put(peers[i], bytes + cut, count - cut);
			fixture_settle(f);
			fixture_expect(peers[i], 900, TG_OK);
			fixture_expect(peers[i], 901, TG_OK);
			assert_int_equal(peers[i]->in_bytes, 0);
			assert_null(fixture_session(f, (uint32_t)i)->in);
			assert_null(fixture_session(f, (uint32_t)i)->out);
		}
		for (size_t at = 0; at < count; at++) {
			peer_put(peers[i], bytes + at, 1);
			fixture_settle(f);
		}
		fixture_expect(peers[i], 900, TG_OK);
		fixture_expect(peers[i], 901, TG_OK);
		free(bytes);
	}
}

/* What: a header that is refused is refused at once, before memory is taken for it: a NOTICE says
 *       what was wrong, and the connection is closed. */
static void
a_header_out_of_bounds_ends_the_connection(void **state)
{
	static const struct {
		uint32_t length;
		enum tg_status outcome;
	} cases[] = {
		{ 0, TG_BAD_FRAME },
		{ TG_FRAME_BYTES_MAX + 1, TG_FRAME_TOO_LARGE },
		{ TG_FRAME_BYTES_MAX_BATCH, TG_FRAME_TOO_LARGE },
		{ UINT32_C(1) << 31, TG_FRAME_TOO_LARGE },
		{ UINT32_MAX, TG_FRAME_TOO_LARGE },
	};
	struct io_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *peer = fixture_open(f, 123);
		uint8_t header[4] = { (uint8_t)(cases[i].length >> 24),
				      (uint8_t)(cases[i].length >> 16),
				      (uint8_t)(cases[i].length >> 8), (uint8_t)cases[i].length };

		peer_put(peer, header, 4);
		fixture_settle(f);
		fixture_expect_notice(peer, cases[i].outcome);
		assert_true(peer->is_closed);
		peer_close(peer);
		fixture_settle(f);
	}
}

/* What: the largest frame of a session is taken, before AUTH too, and with the right to batch it
 *       is the larger one.
 * How:  a PING with an ignorable field of bytes that fills the frame. */
static void
the_largest_frame_is_taken(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peers[2] = { fixture_open(f, 123), fixture_open(f, DOUBLE_SYSTEM) };

	for (int i = 0; i < 2; i++) {
		size_t payload = i == 0 ? TG_FRAME_BYTES_MAX : TG_FRAME_BYTES_MAX_BATCH;
		uint8_t *frame = calloc(1, payload + 4);
		struct tg_writer writer;

		tg_writer_init(&writer, frame, payload + 4);
		tg_write_raw(&writer,
			     (uint8_t[]){ (uint8_t)(payload >> 24), (uint8_t)(payload >> 16),
					  (uint8_t)(payload >> 8), (uint8_t)payload },
			     4);
		tg_write_array(&writer, 3);
		tg_write_integer(&writer, 99);
		tg_write_integer(&writer, TG_OP_PING);
		tg_write_map(&writer, 1);
		tg_write_integer(&writer, 127);
		tg_write_raw(&writer, i == 0 ? "\xc5" : "\xc6", 1);
		if (i == 0)
			tg_write_raw(&writer,
				     (uint8_t[]){ (uint8_t)((payload - 8) >> 8),
						  (uint8_t)(payload - 8) },
				     2);
		else
			tg_write_raw(&writer,
				     (uint8_t[]){ 0, (uint8_t)((payload - 10) >> 16),
						  (uint8_t)((payload - 10) >> 8),
						  (uint8_t)(payload - 10) },
				     4);
		peer_put(peers[i], frame, payload + 4);
		fixture_settle(f);
		fixture_expect(peers[i], 99, TG_OK);
		free(frame);
	}
}

/* What: a malformed frame is answered under its id where it has one, else by NOTICE; what came
 *       before it is served, what comes after it is not, and the connection ends. */
static void
a_malformed_frame_ends_the_connection(void **state)
{
	static const uint8_t with_id[] = { 0, 0, 0, 4, 0x93, 7, 20, 0xc0 };
	static const uint8_t without[] = { 0, 0, 0, 1, 0xc1 };
	struct io_fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct peer *peer = fixture_open(f, 123);
		struct tg_message earn;

		f->pipeline->is_holding = true;
		fixture_earn(f, 1, &earn);
		peer_put_message(peer, &earn);
		peer_put(peer, i == 0 ? with_id : without, i == 0 ? sizeof(with_id) : 5);
		peer_put_message(peer, &earn);
		fixture_settle(f);
		assert_int_equal(f->port->held_count, 1);
		if (i == 0)
			fixture_expect(peer, 7, TG_BAD_FRAME);
		else
			fixture_expect_notice(peer, TG_BAD_FRAME);
		assert_false(peer->is_closed);
		double_answer(f->port, 1);
		fixture_settle(f);
		fixture_expect(peer, earn.request_id, TG_OK);
		assert_true(peer->is_closed);
		f->pipeline->is_holding = false;
	}
}

/* What: a wrong field is named, and the connection goes on. */
static void
a_wrong_field_is_named(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message earn, answer;

	fixture_earn(f, 1, &earn);
	earn.values[TG_FIELD_AMOUNT].integer = -1;
	peer_put_message(peer, &earn);
	fixture_request(f, TG_OP_PING, &answer);
	answer.code = 4711;
	peer_put_message(peer, &answer);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_BAD_FIELD);
	assert_int_equal(answer.values[TG_FIELD_FIELD].integer, TG_FIELD_AMOUNT);
	fixture_expect(peer, earn.request_id + 1, TG_UNKNOWN_OPERATION);
	assert_false(peer->is_closed);
}

/* What: requests enter the pipeline in the order sent, many frames in one read or not; answers go
 *       out in whatever order they come. */
static void
requests_enter_in_the_order_sent(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message earn;
	uint32_t first = f->next_id;

	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 30; i++) {
		fixture_earn(f, i, &earn);
		peer_put_message(peer, &earn);
	}
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 30);
	for (uint32_t i = 0; i < 30; i++) {
		assert_int_equal(f->port->held[i]->request_id, first + i);
		assert_int_equal(f->port->held[i]->lane, PIPELINE_TERMINAL);
	}
	for (uint32_t i = 30; i > 0; i--) {
		double_answer_nth(f->port, i - 1);
		fixture_settle(f);
		fixture_expect(peer, first + i - 1, TG_OK);
	}
}

/* What: at the limit of requests in flight nothing more is taken; each answer lets one more in,
 *       in order; other sessions are not held up. */
static void
in_flight_is_bounded_by_not_reading(void **state)
{
	struct io_fixture *f = *state;
	struct peer *greedy = fixture_open(f, 123), *other = fixture_open(f, 124);
	struct tg_message earn;
	uint32_t first = f->next_id;

	f->config->limits_in_flight = 4;
	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 500; i++) {
		fixture_earn(f, i, &earn);
		peer_put_message(greedy, &earn);
	}
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 4);
	fixture_earn(f, 501, &earn);
	peer_put_message(other, &earn);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 5);
	double_answer_nth(f->port, 4);
	fixture_settle(f);
	fixture_expect(other, earn.request_id, TG_OK);
	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(f->port->held_count, i + 4 <= 500 ? 4 : 500 - i);
		assert_int_equal(f->port->held[0]->request_id, first + i);
		double_answer(f->port, 1);
		fixture_settle(f);
		fixture_expect(greedy, first + i, TG_OK);
	}
}

/* What: one session with a lot to say takes a bounded share of a turn.
 * How:  400 PINGs in the socket; one turn answers requests_per_wakeup of them. */
static void
a_turn_takes_a_bounded_share(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = open_plain(f, 123);
	struct tg_message ping;
	uint64_t before;

	f->config->limits_requests_per_wakeup = 10;
	for (int i = 0; i < 400; i++) {
		fixture_request(f, TG_OP_PING, &ping);
		peer_put_message(peer, &ping);
	}
	peer_step(peer);
	before = f->io->meter.requests;
	io_turn(f->io, false);
	assert_int_equal(f->io->meter.requests, before + 10);
	fixture_settle(f);
	assert_int_equal(f->io->meter.requests, before + 400);
}

/* What: when a request is refused as BUSY, everything read with it is BUSY too, also one whose
 *       frame was not whole yet, so that nothing overtakes it; when the connection has been read
 *       empty it starts afresh. */
static void
busy_holds_for_all_that_was_read(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = open_plain(f, 123);
	struct tg_message message, answer;
	uint32_t first = f->next_id;
	uint8_t tail[10];

	f->pipeline->submit = TG_BUSY;
	f->pipeline->refuse_from = f->pipeline->submits + 3; /* the third and all after it */
	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 6; i++) {
		fixture_earn(f, i, &message);
		peer_put_message(peer, &message);
	}
	peer->out_bytes -= 10;
	memcpy(tail, peer->out + peer->out_bytes, 10);
	peer_step(peer);
	/* Were it asked again the pipeline would take them: it must not be. */
	io_turn(f->io, false);
	f->pipeline->submit = TG_OK;
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 2);
	peer_put(peer, tail, 10);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 2);
	for (uint32_t i = 2; i < 6; i++) {
		fixture_take(peer, &answer);
		assert_int_equal(answer.request_id, first + i);
		assert_int_equal(answer.code, TG_BUSY);
		assert_true(answer.values[TG_FIELD_RETRY_AFTER].integer >= 200);
		assert_true(answer.values[TG_FIELD_RETRY_AFTER].integer <= 400);
	}
	fixture_earn(f, 7, &message);
	peer_put_message(peer, &message);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 3);
	double_answer(f->port, 3);
	fixture_settle(f);
	fixture_expect(peer, first, TG_OK);
	fixture_expect(peer, first + 1, TG_OK);
	fixture_expect(peer, message.request_id, TG_OK);
	assert_int_equal(f->io->meter.busy, 4);
}

/* What: without a free job a request is BUSY like any other; PING is not. */
static void
no_job_means_busy(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message earns[2], ping;

	f->pipeline->jobs_left = 1;
	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 2; i++) {
		fixture_earn(f, i, &earns[i]);
		peer_put_message(peer, &earns[i]);
	}
	fixture_request(f, TG_OP_PING, &ping);
	peer_put_message(peer, &ping);
	fixture_settle(f);
	fixture_expect(peer, earns[1].request_id, TG_BUSY);
	fixture_expect(peer, ping.request_id, TG_OK);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(peer, earns[0].request_id, TG_OK);
}

/* What: a partner's share of requests in flight is bounded over all its sessions; another partner
 *       has its own. */
static void
a_partner_has_its_share_of_requests(void **state)
{
	struct io_fixture *f = *state;
	struct peer *one = fixture_open(f, 123), *two = fixture_open(f, 124);
	struct peer *other = fixture_open(f, 223);
	struct tg_message earn;

	f->config->limits_partner_in_flight = 3;
	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 2; i++) {
		fixture_earn(f, i, &earn);
		peer_put_message(one, &earn);
		fixture_earn(f, i + 10, &earn);
		peer_put_message(two, &earn);
	}
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 3);
	assert_int_equal(one->in_bytes > 0, two->in_bytes == 0);
	fixture_earn(f, 20, &earn);
	peer_put_message(other, &earn);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 4);
	double_answer(f->port, 4);
	fixture_settle(f);
	fixture_expect(other, earn.request_id, TG_OK);
	assert_int_equal(census_find(&f->census, 1)->in_flight, 0);
	assert_int_equal(census_find(&f->census, 2)->in_flight, 0);
}

/* Send a request and see how it is answered. */
static void
expect_answer(struct io_fixture *f, struct peer *peer, const struct tg_message *request,
	      enum tg_status status)
{
	peer_put_message(peer, request);
	fixture_settle(f);
	fixture_expect(peer, request->request_id, status);
}

/* What: beyond the rate, of a partner or of all, requests are BUSY and do not reach the pipeline;
 *       what takes something back always does.
 * How:  one a second, so that after the first there is no room for a second. */
static void
rate_of_admission_is_bounded(void **state)
{
	struct io_fixture *f = *state;
	struct peer *one = fixture_open(f, 123), *other = fixture_open(f, 223);
	uint8_t id[TG_TRANSACTION_ID_BYTES] = { 7 }, original[TG_TRANSACTION_ID_BYTES] = { 8 };
	struct tg_message request;
	uint32_t submits;

	f->config->limits_partner_requests_per_second = 1;
	fixture_earn(f, 1, &request);
	expect_answer(f, one, &request, TG_OK);
	submits = f->pipeline->submits;
	fixture_earn(f, 2, &request);
	expect_answer(f, one, &request, TG_BUSY);
	assert_int_equal(f->pipeline->submits, submits);
	fixture_earn(f, 3, &request);
	expect_answer(f, other, &request, TG_OK);
	f->config->limits_partner_requests_per_second = 0;
	f->config->limits_requests_per_second = 1;
	fixture_earn(f, 4, &request);
	expect_answer(f, one, &request, TG_OK);
	submits = f->pipeline->submits;
	fixture_earn(f, 5, &request);
	expect_answer(f, other, &request, TG_BUSY);
	assert_int_equal(f->pipeline->submits, submits);
	fixture_request(f, TG_OP_REVERSE, &request);
	tg_message_set_bytes(&request, TG_FIELD_TRANSACTION_ID, id, sizeof(id));
	tg_message_set_integer(&request, TG_FIELD_BUSINESS_TIME, f->pipeline->utc_ms);
	tg_message_set_bytes(&request, TG_FIELD_ORIGINAL, original, sizeof(original));
	tg_message_set_bytes(&request, TG_FIELD_ORIGINAL, original, sizeof(original));
	tg_message_set_integer(&request, TG_FIELD_ORIGINAL_TIME, f->pipeline->utc_ms);
	tg_message_set_integer(&request, TG_FIELD_REASON, 1);
	tg_message_set_integer(&request, TG_FIELD_IDENTIFIER_TYPE, 1);
	tg_message_set_text(&request, TG_FIELD_IDENTIFIER, "4902530000012345");
	expect_answer(f, other, &request, TG_OK);
}

/* Answers with the page that is the context, if there is one. */
static void
answer_page(void *context, struct pipeline_job *job)
{
	if (job->request.kind != REQUEST_HISTORY && job->request.kind != REQUEST_ENTRIES)
		return;
	job->answer.sequence = 0;
	job->answer.page = context;
	if (context == NULL)
		job->answer.status = TG_DATABASE;
}

/* What: a page of entries is asked for and told; without one who asks is told when to come again.
 * How:  a page of two entries, then none; the request's bounds come to their places. */
static void
a_page_of_entries_is_told(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_POOR);
	struct archived_page *page = calloc(1, sizeof(*page));
	struct tg_message request, answer;
	struct tg_history row;
	struct tg_rows rows;

	page->row_count = 2;
	page->rows[0] = (struct tg_history){ .sequence = 9, .kind = TG_OP_EARN };
	page->rows[1] = (struct tg_history){ .sequence = 7, .kind = TG_OP_BURN };
	page->held_sequence = 12;
	page->lag_records = 3;
	page->lag_ms = 40;
	page->has_more = true;
	f->pipeline->on_answer = answer_page;
	f->pipeline->context = page;
	f->pipeline->is_holding = true;
	fixture_request(f, TG_OP_HISTORY, &request);
	tg_message_set_integer(&request, TG_FIELD_MEMBER, 77);
	tg_message_set_integer(&request, TG_FIELD_BEFORE, 10);
	tg_message_set_integer(&request, TG_FIELD_ROWS_WANTED, 2);
	peer_put_message(peer, &request);
	fixture_settle(f);
	assert_int_equal(f->port->held[0]->request.page_before, 10);
	assert_int_equal(f->port->held[0]->request.page_rows, 2);
	f->pipeline->is_holding = false;
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_MEMBER, 0), 77);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_HELD_SEQUENCE, 0), 12);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_LAG_RECORDS, 0), 3);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_LAG, 0), 40);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_MORE, 0), 1);
	tg_rows_start(&answer.values[TG_FIELD_HISTORY], &rows);
	assert_true(tg_rows_next_history(&rows, &row) && row.sequence == 9);
	assert_true(tg_rows_next_history(&rows, &row) && row.sequence == 7);
	assert_false(tg_rows_next_history(&rows, &row));
	f->pipeline->context = NULL;
	fixture_request(f, TG_OP_ENTRIES, &request);
	tg_message_set_integer(&request, TG_FIELD_DAY, 20000);
	peer_put_message(peer, &request);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_DATABASE);
	assert_false(tg_message_has(&answer, TG_FIELD_HISTORY));
	assert_true(tg_message_integer(&answer, TG_FIELD_RETRY_AFTER, 0) >=
		    f->config->history_retry_after_ms);
	free(page);
}

/* What: while the pipeline drains, requests are told to come again elsewhere. */
static void
shutting_down_is_told(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct tg_message earn, answer;

	f->pipeline->submit = TG_SHUTTING_DOWN;
	fixture_earn(f, 1, &earn);
	peer_put_message(peer, &earn);
	fixture_settle(f);
	fixture_take(peer, &answer);
	assert_int_equal(answer.code, TG_SHUTTING_DOWN);
	assert_true(answer.values[TG_FIELD_RETRY_AFTER].integer >= 500);
	assert_int_equal(f->io->meter.busy, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_frame_may_be_cut_anywhere),
		CASE(a_header_out_of_bounds_ends_the_connection),
		CASE(the_largest_frame_is_taken),
		CASE(a_malformed_frame_ends_the_connection),
		CASE(a_wrong_field_is_named),
		CASE(requests_enter_in_the_order_sent),
		CASE(in_flight_is_bounded_by_not_reading),
		CASE(a_turn_takes_a_bounded_share),
		CASE(busy_holds_for_all_that_was_read),
		CASE(no_job_means_busy),
		CASE(a_partner_has_its_share_of_requests),
		CASE(rate_of_admission_is_bounded),
		CASE(a_page_of_entries_is_told),
		CASE(shutting_down_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
