/*
 * test_batch.c - BATCH: slices, order, outcomes, BUSY items and those that name them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/batch.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/rows.h"
#include "tests/gateway/io_fixture.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, io_setup, io_teardown)

/* A batch being written for a peer. */
struct batch_frame {
	struct tg_batch_writer batch;
	struct tg_writer writer;
	uint8_t *bytes;
	uint32_t request_id;
};

static void
begin(struct io_fixture *f, struct batch_frame *frame, uint32_t item_count)
{
	frame->bytes = malloc(TG_FRAME_BYTES_MAX_BATCH + 4);
	frame->request_id = f->next_id++;
	tg_writer_init(&frame->writer, frame->bytes, TG_FRAME_BYTES_MAX_BATCH + 4);
	tg_batch_begin(&frame->batch, &frame->writer, frame->request_id, TG_OP_BATCH, item_count);
}

static void
send_batch(struct io_fixture *f, struct peer *peer, struct batch_frame *frame)
{
	assert_true(tg_batch_end(&frame->batch));
	peer_put(peer, frame->bytes, frame->writer.used_bytes);
	free(frame->bytes);
	fixture_settle(f);
}

/* Take a batch's answer and its items' statuses. */
static void
take_outcomes(struct peer *peer, uint32_t request_id, enum tg_status *statuses, uint32_t count)
{
	struct tg_message answer, item;
	struct tg_cursor cursor;
	struct tg_rows rows;
	uint32_t field;

	fixture_take(peer, &answer);
	assert_int_equal(answer.request_id, request_id);
	assert_int_equal(answer.code, TG_OK);
	assert_int_equal(answer.values[TG_FIELD_ITEMS].count, count);
	tg_rows_start(&answer.values[TG_FIELD_ITEMS], &rows);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(tg_rows_next_item(&rows, &cursor));
		assert_int_equal(tg_decode_item_answer(cursor, &item, &field), TG_OK);
		statuses[i] = (enum tg_status)item.code;
		if (item.code == TG_OK)
			assert_int_equal(tg_message_integer(&item, TG_FIELD_POINTS, -1), i);
	}
}

/* What: the largest batch goes to the ledger in slices and in order, comes back as one answer in
 *       the order of its items, though answers may change places; nothing else is taken
 *       meanwhile, and what waits is taken afterwards. */
static void
a_batch_goes_in_slices_and_comes_back_whole(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	enum tg_status *statuses = calloc(TG_BATCH_ITEMS_MAX, sizeof(*statuses));
	struct tg_message earn, later;
	struct batch_frame frame;
	uint32_t done = 0;

	f->pipeline->is_holding = true;
	begin(f, &frame, TG_BATCH_ITEMS_MAX);
	for (uint32_t i = 0; i < TG_BATCH_ITEMS_MAX; i++) {
		fixture_earn(f, i % 4096, &earn);
		earn.values[TG_FIELD_AMOUNT].integer = i * INT64_C(100);
		tg_batch_add(&frame.batch, &earn);
	}
	fixture_earn(f, 1, &later);
	assert_true(tg_batch_end(&frame.batch));
	peer_put(peer, frame.bytes, frame.writer.used_bytes);
	free(frame.bytes);
	peer_put_message(peer, &later);
	fixture_settle(f);
	while (done < TG_BATCH_ITEMS_MAX) {
		uint32_t held = f->port->held_count;

		assert_true(held == BATCH_SLICE_ITEMS || held == TG_BATCH_ITEMS_MAX - done);
		assert_int_equal(peer->in_bytes, 0);
		for (uint32_t i = 0; i + 1 < held; i++)
			assert_true(f->port->held[i]->item_index <
				    f->port->held[i + 1]->item_index);
		assert_int_equal(f->port->held[0]->lane, PIPELINE_BATCH);
		if (held > 3)
			double_answer_nth(f->port, held - 2);
		else
			double_answer(f->port, 1);
		double_answer(f->port, held > 3 ? held / 2 : 0);
		done += held > 3 ? 1 + held / 2 : 1;
		fixture_settle(f);
	}
	take_outcomes(peer, frame.request_id, statuses, TG_BATCH_ITEMS_MAX);
	for (uint32_t i = 0; i < TG_BATCH_ITEMS_MAX; i++)
		assert_int_equal(statuses[i], TG_OK);
	assert_int_equal(f->port->held_count, 1);
	assert_int_equal(f->port->held[0]->request_id, later.request_id);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(peer, later.request_id, TG_OK);
	assert_int_equal(f->io->meter.items, TG_BATCH_ITEMS_MAX);
	assert_null(fixture_session(f, 0)->batch);
	free(statuses);
}

/* What: an item that is wrong, forbidden or no transaction is refused by itself. */
static void
a_wrong_item_is_refused_by_itself(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	struct batch_frame frame;
	enum tg_status statuses[5];
	struct tg_message item;

	begin(f, &frame, 5);
	for (uint32_t i = 0; i < 5; i++) {
		fixture_earn(f, i, &item);
		if (i == 1)
			item.values[TG_FIELD_AMOUNT].integer = -1;
		if (i == 2)
			item.code = TG_OP_PING;
		if (i == 3)
			item.code = TG_OP_BATCH;
		tg_batch_add(&frame.batch, &item);
	}
	send_batch(f, peer, &frame);
	take_outcomes(peer, frame.request_id, statuses, 5);
	assert_int_equal(statuses[0], TG_OK);
	assert_int_equal(statuses[1], TG_BAD_FIELD);
	assert_int_equal(statuses[2], TG_UNKNOWN_OPERATION);
	assert_int_equal(statuses[3], TG_UNKNOWN_OPERATION);
	assert_int_equal(statuses[4], TG_OK);
}

/* What: without the right a batch is forbidden. */
static void
a_batch_needs_its_right(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, 123);
	struct batch_frame frame;
	struct tg_message item;

	begin(f, &frame, 1);
	fixture_earn(f, 1, &item);
	tg_batch_add(&frame.batch, &item);
	send_batch(f, peer, &frame);
	fixture_expect(peer, frame.request_id, TG_FORBIDDEN);
}

/* A REVERSE, or a REFUND with a burn, of the transaction that fixture_earn() makes from number. */
static void
make_undoing(struct io_fixture *f, uint32_t number, enum tg_field original,
	     struct tg_message *message)
{
	struct tg_message earn;
	bool is_burn = original == TG_FIELD_ORIGINAL_BURN;

	fixture_earn(f, number, &earn);
	fixture_earn(f, number + 1000, message);
	message->code = is_burn ? TG_OP_REFUND : TG_OP_REVERSE;
	if (!is_burn)
		message->present.words[0] &= ~(UINT64_C(1) << TG_FIELD_AMOUNT);
	tg_message_set_bytes(message, original, earn.values[TG_FIELD_TRANSACTION_ID].data,
			     TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(message, TG_FIELD_ORIGINAL_TIME, f->pipeline->utc_ms);
	if (!is_burn)
		tg_message_set_integer(message, TG_FIELD_REASON, 1);
}

/* What: after an item was BUSY, later items that name its id, or those of such an item, or have
 *       it, are BUSY though the queue has room again; others go on. */
static void
items_that_name_a_busy_one_are_busy(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	struct batch_frame frame;
	enum tg_status statuses[7];
	struct tg_message item;

	begin(f, &frame, 7);
	for (uint32_t i = 0; i < 2; i++) { /* the second will be busy */
		fixture_earn(f, i, &item);
		tg_batch_add(&frame.batch, &item);
	}
	make_undoing(f, 1, TG_FIELD_ORIGINAL, &item);
	tg_batch_add(&frame.batch, &item);
	make_undoing(f, 0, TG_FIELD_ORIGINAL, &item);
	tg_batch_add(&frame.batch, &item);
	make_undoing(f, 1001, TG_FIELD_ORIGINAL_BURN, &item);
	tg_batch_add(&frame.batch, &item);
	fixture_earn(f, 1, &item);
	tg_batch_add(&frame.batch, &item);
	fixture_earn(f, 6, &item);
	tg_batch_add(&frame.batch, &item);

	f->pipeline->submit = TG_BUSY;
	f->pipeline->refuse_from = f->pipeline->submits + 2;
	f->pipeline->refuse_until = f->pipeline->submits + 2;
	send_batch(f, peer, &frame);
	{
		struct tg_message answer, outcome;
		struct tg_cursor cursor;
		struct tg_rows rows;
		uint32_t field;

		fixture_take(peer, &answer);
		tg_rows_start(&answer.values[TG_FIELD_ITEMS], &rows);
		for (uint32_t i = 0; i < 7; i++) {
			assert_true(tg_rows_next_item(&rows, &cursor));
			assert_int_equal(tg_decode_item_answer(cursor, &outcome, &field), TG_OK);
			statuses[i] = (enum tg_status)outcome.code;
		}
	}
	assert_int_equal(statuses[0], TG_OK);
	assert_int_equal(statuses[1], TG_BUSY);
	assert_int_equal(statuses[2], TG_BUSY);
	assert_int_equal(statuses[3], TG_OK);
	assert_int_equal(statuses[4], TG_BUSY);
	assert_int_equal(statuses[5], TG_BUSY);
	assert_int_equal(statuses[6], TG_OK);
}

/* What: a batch by itself takes all the room there is, more than a slice.
 * How:  room for 200. */
static void
a_batch_takes_what_room_there_is(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	enum tg_status statuses[300];
	struct tg_message item;
	struct batch_frame frame;

	f->pipeline->is_holding = true;
	f->pipeline->batch_jobs = 200;
	begin(f, &frame, 300);
	for (uint32_t i = 0; i < 300; i++) {
		fixture_earn(f, i, &item);
		item.values[TG_FIELD_AMOUNT].integer = i * INT64_C(100);
		tg_batch_add(&frame.batch, &item);
	}
	send_batch(f, peer, &frame);
	assert_int_equal(f->port->held_count, 200);
	double_answer(f->port, 60);
	fixture_settle(f);
	assert_int_equal(f->port->held_count, 200);
	double_answer(f->port, 200);
	fixture_settle(f);
	double_answer(f->port, 40);
	fixture_settle(f);
	take_outcomes(peer, frame.request_id, statuses, 300);
	assert_int_equal(f->port->held_count, 0);
}

/* Send a batch of so many EARNs. */
static void
send_earns(struct io_fixture *f, struct peer *peer, struct batch_frame *frame, uint32_t count)
{
	struct tg_message item;

	begin(f, frame, count);
	for (uint32_t i = 0; i < count; i++) {
		fixture_earn(f, i, &item);
		item.values[TG_FIELD_AMOUNT].integer = i * INT64_C(100);
		tg_batch_add(&frame->batch, &item);
	}
	send_batch(f, peer, frame);
}

/* What: batches that find no room get in line; none is refused, none is passed over.
 * How:  three of 300 on room for 128, answered 50 at a time: after each round every job is in use,
 *       and the slowest is at most two slices behind the fastest. */
static void
batches_take_turns_for_room(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peers[3];
	struct batch_frame frames[3];
	enum tg_status statuses[300];
	uint32_t next[3] = { 0 };

	for (int i = 0; i < 3; i++)
		peers[i] = fixture_open(f, DOUBLE_SYSTEM);
	f->pipeline->is_holding = true;
	for (int i = 0; i < 3; i++)
		send_earns(f, peers[i], &frames[i], 300);
	for (uint32_t done = 0; done < 3 * 300; done += 50) {
		uint32_t left = 3 * 300 - done;
		uint32_t least = UINT32_MAX, most = 0;

		assert_int_equal(f->port->held_count,
				 left < BATCH_SLICE_ITEMS ? left : BATCH_SLICE_ITEMS);
		for (uint32_t i = 0; i < f->port->held_count; i++) {
			const struct pipeline_job *job = f->port->held[i];

			for (int j = 0; j < 3; j++) {
				if (job->request_id == frames[j].request_id)
					next[j] = job->item_index + 1;
			}
		}
		for (int j = 0; j < 3; j++) {
			least = next[j] < least ? next[j] : least;
			most = next[j] > most ? next[j] : most;
		}
		assert_true(most - least <= 2 * BATCH_SLICE_ITEMS);
		double_answer(f->port, 50);
		fixture_settle(f);
	}
	for (int i = 0; i < 3; i++) {
		take_outcomes(peers[i], frames[i].request_id, statuses, 300);
		for (uint32_t j = 0; j < 300; j++)
			assert_int_equal(statuses[j], TG_OK);
	}
}

/* What: a session that ends while its batch is in line leaves the line; the next has its turn. */
static void
one_that_leaves_the_line_is_forgotten(void **state)
{
	struct io_fixture *f = *state;
	struct peer *first = fixture_open(f, DOUBLE_SYSTEM);
	struct peer *second = fixture_open(f, DOUBLE_SYSTEM_2);
	struct peer *third = fixture_open(f, DOUBLE_SYSTEM);
	struct batch_frame frames[3];
	enum tg_status statuses[200];

	f->pipeline->is_holding = true;
	send_earns(f, first, &frames[0], BATCH_SLICE_ITEMS);
	send_earns(f, second, &frames[1], 200);
	send_earns(f, third, &frames[2], 200);
	double_notify(f->port, &(struct pipeline_notice){ .kind = RECORD_PARTNER,
							  .number = 2,
							  .is_blocked = true });
	fixture_settle(f);
	peer_close(second);
	fixture_settle(f);
	for (int i = 0; i < 5; i++) {
		double_answer(f->port, BATCH_SLICE_ITEMS);
		fixture_settle(f);
	}
	take_outcomes(third, frames[2].request_id, statuses, 200);
	assert_int_equal(statuses[199], TG_OK);
	assert_int_equal(f->port->held_count, 0);
}

/* What: items go to the ledger when all that was sent before their batch is answered, and what is
 *       sent behind it when it is done: no item overtakes the request that it may name.
 * How:  two EARNs, a BATCH, a third EARN; the pipeline's answers are let go one by one. */
static void
a_batch_keeps_its_place_among_requests(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	struct tg_message earns[3], item;
	enum tg_status statuses[2];
	struct batch_frame frame;

	f->pipeline->is_holding = true;
	for (uint32_t i = 0; i < 2; i++) {
		fixture_earn(f, 10 + i, &earns[i]);
		peer_put_message(peer, &earns[i]);
	}
	begin(f, &frame, 2);
	for (uint32_t i = 0; i < 2; i++) {
		fixture_earn(f, i, &item);
		tg_batch_add(&frame.batch, &item);
	}
	send_batch(f, peer, &frame);
	fixture_earn(f, 12, &earns[2]);
	peer_put_message(peer, &earns[2]);
	for (uint32_t i = 0; i < 2; i++) {
		fixture_settle(f);
		assert_int_equal(f->port->held_count, 2 - i);
		assert_int_equal(f->port->held[0]->lane, PIPELINE_TERMINAL);
		double_answer(f->port, 1);
		fixture_settle(f);
		fixture_expect(peer, earns[i].request_id, TG_OK);
	}
	assert_int_equal(f->port->held_count, 2);
	assert_int_equal(f->port->held[0]->lane, PIPELINE_BATCH);
	double_answer(f->port, 2);
	fixture_settle(f);
	take_outcomes(peer, frame.request_id, statuses, 2);
	assert_int_equal(f->port->held_count, 1);
	assert_int_equal(f->port->held[0]->request_id, earns[2].request_id);
	double_answer(f->port, 1);
	fixture_settle(f);
	fixture_expect(peer, earns[2].request_id, TG_OK);
}

/* What: a session that ends with a batch under way leaves nothing behind, blocked or vanished. */
static void
a_session_can_end_with_a_batch_under_way(void **state)
{
	struct io_fixture *f = *state;

	for (int is_blocked = 0; is_blocked < 2; is_blocked++) {
		struct peer *peer;
		struct batch_frame frame;
		struct tg_message item;

		f->pipeline->is_holding = false;
		peer = fixture_open(f, DOUBLE_SYSTEM);
		f->pipeline->is_holding = true;
		begin(f, &frame, 300);
		for (uint32_t i = 0; i < 300; i++) {
			fixture_earn(f, i, &item);
			tg_batch_add(&frame.batch, &item);
		}
		send_batch(f, peer, &frame);
		assert_int_equal(f->port->held_count, BATCH_SLICE_ITEMS);
		if (is_blocked)
			double_notify(f->port, &(struct pipeline_notice){ .kind = RECORD_PARTNER,
									  .number = 1,
									  .is_blocked = true });
		else
			peer_close(peer);
		fixture_settle(f);
		double_answer(f->port, 50);
		fixture_settle(f);
		if (is_blocked)
			peer_close(peer);
		fixture_settle(f);
		/* Who has vanished is not noticed before the batch is done. */
		for (int i = 0; i < 5; i++) {
			double_answer(f->port, 1000);
			fixture_settle(f);
		}
		assert_int_equal(f->port->held_count, 0);
		assert_int_equal(f->port->free_count, DOUBLE_JOBS);
		assert_int_equal(f->census.connections, 0);
		assert_int_equal(census_find(&f->census, 1)->in_flight, 0);
	}
}

/* What: a peer that closes its side after a batch gets the whole answer. */
static void
a_half_closed_peer_gets_its_batch(void **state)
{
	struct io_fixture *f = *state;
	struct peer *peer = fixture_open(f, DOUBLE_SYSTEM);
	enum tg_status statuses[300];
	struct batch_frame frame;
	struct tg_message item;

	f->pipeline->is_holding = true;
	begin(f, &frame, 300);
	for (uint32_t i = 0; i < 300; i++) {
		fixture_earn(f, i, &item);
		tg_batch_add(&frame.batch, &item);
	}
	send_batch(f, peer, &frame);
	SSL_shutdown(peer->ssl);
	for (int i = 0; i < 10; i++) {
		double_answer(f->port, 64);
		fixture_settle(f);
	}
	take_outcomes(peer, frame.request_id, statuses, 300);
	assert_int_equal(statuses[299], TG_OK);
	assert_true(peer->is_closed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_batch_goes_in_slices_and_comes_back_whole),
		CASE(a_wrong_item_is_refused_by_itself),
		CASE(a_batch_needs_its_right),
		CASE(items_that_name_a_busy_one_are_busy),
		CASE(a_batch_takes_what_room_there_is),
		CASE(batches_take_turns_for_room),
		CASE(one_that_leaves_the_line_is_forgotten),
		CASE(a_batch_keeps_its_place_among_requests),
		CASE(a_session_can_end_with_a_batch_under_way),
		CASE(a_half_closed_peer_gets_its_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
