/*
 * test_day.c - the end of a day between two sides that differ.
 *
 * Both sides have their items in memory; questions and answers are frames in between, encoded and
 * decoded as on a wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/day.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/tallygate.h"

#define ITEMS 100000
#define MESSAGES_MAX 40
#define DAY 20000
#define DAY_MS INT64_C(86400000)

/* The gateway's side. */
struct other {
	struct tg_proof_item *items; /* owned */
	uint32_t count;
	/* What was booked, and what of it the archive has; both grow with each question. */
	int64_t booked, held;
	int64_t booked_step, held_step;
	bool is_complete;
	uint8_t rows[TG_FRAME_BYTES_MAX];
	uint8_t frame[TG_FRAME_BYTES_MAX];
};

struct sides {
	struct tg_proof_item *items; /* the till's; owned */
	struct tg_day day;
	struct other other;
	struct tg_day_result result;
	uint32_t told[4]; /* differences of each kind */
	uint32_t waits;	  /* that are left */
	uint8_t last_id[TG_TRANSACTION_ID_BYTES]; /* of the last difference */
};

static uint32_t
mixed(uint32_t number)
{
	number ^= number >> 16;
	number *= 0x7feb352d;
	number ^= number >> 15;
	number *= 0x846ca68b;
	return number ^ number >> 16;
}

/* Item number of a day of trade: earns, burns, refunds; all at one hour if is_rush. */
static struct tg_proof_item
item_of(uint32_t number, bool is_rush)
{
	static const uint32_t kinds[] = { TG_OP_EARN, TG_OP_EARN, TG_OP_BURN, TG_OP_REFUND };
	struct tg_proof_item item = { .kind = is_rush ? TG_OP_EARN : kinds[mixed(number) % 4] };

	/* As bad an id as there is: it counts up. */
	memcpy(item.id + 12, &number, sizeof(number));
	item.business_time_utc_ms = DAY * DAY_MS + mixed(number + 7) % (is_rush ? 3600 : 86400) *
							    INT64_C(1000);
	item.amount = mixed(number + 1) % 10000;
	item.points = item.kind == TG_OP_REFUND ? -(item.amount / 100) : item.amount / 100;
	return item;
}

static void
sides_init(struct sides *sides, uint32_t count, bool is_rush)
{
	memset(sides, 0, sizeof(*sides));
	sides->items = calloc(count + 1, sizeof(*sides->items));
	sides->other.items = calloc(count + 1, sizeof(*sides->items));
	assert_non_null(sides->items);
	assert_non_null(sides->other.items);
	for (uint32_t i = 0; i < count; i++)
		sides->items[i] = sides->other.items[i] = item_of(i, is_rush);
	sides->other.count = count;
	sides->day = (struct tg_day){ .day = DAY,
				      .basis = TG_BASIS_TILL_DAY,
				      .scope = TG_SCOPE_PARTNER,
				      .items = sides->items,
				      .item_count = count };
}

static void
sides_deinit(struct sides *sides)
{
	free(sides->items);
	free(sides->other.items);
}

/* DAY_END as the gateway answers it. */
static void
answer_totals(struct other *other, const struct tg_message *request, struct tg_message *answer)
{
	int64_t counts[256] = { 0 }, points[256] = { 0 };
	bool is_agreed = true;
	struct tg_rows rows;
	struct tg_total total;

	for (uint32_t i = 0; i < other->count; i++) {
		counts[other->items[i].kind]++;
		points[other->items[i].kind] += other->items[i].points;
	}
	tg_rows_start(&request->values[TG_FIELD_CLAIMED], &rows);
	while (tg_rows_next_total(&rows, &total)) {
		is_agreed = is_agreed && counts[total.kind] == total.count &&
			    points[total.kind] == total.points;
		counts[total.kind] = 0;
	}
	for (uint32_t kind = 0; kind < 256; kind++)
		is_agreed = is_agreed && counts[kind] == 0;
	tg_message_set_integer(answer, TG_FIELD_RESULT,
			       is_agreed ? TG_RESULT_AGREED : TG_RESULT_OUT_OF_BALANCE);
}

/* PART, after the item with that number. */
static void
answer_list(struct other *other, const struct tg_selection *selection, uint32_t after,
	    struct tg_writer *writer, struct tg_message *answer)
{
	struct tg_history rows[TG_HISTORY_MAX];
	uint32_t count = 0;

	for (uint32_t i = after; i < other->count; i++) {
		const struct tg_proof_item *item = &other->items[i];

		if (!tg_selection_has(selection, item))
			continue;
		if (count == TG_HISTORY_MAX) {
			tg_message_set_integer(answer, TG_FIELD_MORE, 1);
			break;
		}
		rows[count++] = (struct tg_history){ .sequence = i + 1,
						     .kind = item->kind,
						     .id = item->id,
						     .id_bytes = sizeof(item->id),
						     .business_time_utc_ms =
							     item->business_time_utc_ms,
						     .amount = item->amount,
						     .points = item->points };
	}
	if (count > 0)
		assert_true(tg_history_write(writer, rows, count, answer));
}

static void
answer_buckets(struct other *other, const struct tg_message *request, struct tg_writer *writer,
	       struct tg_message *answer)
{
	struct tg_selection selection = {
		.has_hour = tg_message_has(request, TG_FIELD_OF_HOUR),
		.hour = (uint32_t)tg_message_integer(request, TG_FIELD_OF_HOUR, 0),
		.kind = (uint32_t)tg_message_integer(request, TG_FIELD_OF_KIND, 0),
	};
	static struct tg_division division;

	if (tg_message_has(request, TG_FIELD_PREFIX)) {
		selection.prefix_bytes = request->values[TG_FIELD_PREFIX].bytes;
		memcpy(selection.prefix, request->values[TG_FIELD_PREFIX].data,
		       selection.prefix_bytes);
	}
	if (request->code == TG_OP_PART) {
		answer_list(other, &selection,
			    (uint32_t)tg_message_integer(request, TG_FIELD_AFTER, 0), writer,
			    answer);
		return;
	}
	other->booked += other->booked_step;
	other->held += other->held_step;
	tg_message_set_integer(answer, TG_FIELD_HELD_SEQUENCE, other->held);
	tg_message_set_integer(answer, TG_FIELD_LAG_RECORDS, other->booked - other->held);
	if (other->is_complete)
		tg_message_set_integer(answer, TG_FIELD_COMPLETE, 1);
	tg_division_init(&division, (enum tg_divide)request->values[TG_FIELD_DIVIDE].integer,
			 &selection);
	for (uint32_t i = 0; i < other->count; i++)
		tg_division_add(&division, &other->items[i]);
	tg_division_compact(&division);
	if (division.bucket_count > 0)
		assert_true(tg_buckets_write(writer, division.buckets, division.bucket_count,
					     answer));
}

/* The request is encoded and decoded, answered, and the answer too. */
static enum tg_status
ask(void *context, const struct tg_message *request, struct tg_message *ret_answer)
{
	struct sides *sides = context;
	struct other *other = &sides->other;
	struct tg_writer writer, rows;
	struct tg_message decoded, answer;
	uint32_t field;

	decoded = *request;
	decoded.request_id = 1;
	tg_writer_init(&writer, other->frame, sizeof(other->frame));
	assert_true(tg_encode(&writer, &decoded));
	assert_int_equal(tg_decode_request(other->frame + TG_FRAME_HEADER_BYTES,
					   writer.used_bytes - TG_FRAME_HEADER_BYTES, &decoded,
					   &field),
			 TG_OK);
	tg_message_init(&answer, 1, TG_OK);
	tg_writer_init(&rows, other->rows, sizeof(other->rows));
	if (decoded.code == TG_OP_DAY_END)
		answer_totals(other, &decoded, &answer);
	else
		answer_buckets(other, &decoded, &rows, &answer);
	tg_writer_init(&writer, other->frame, sizeof(other->frame));
	assert_true(tg_encode(&writer, &answer));
	assert_int_equal(tg_decode_answer(other->frame + TG_FRAME_HEADER_BYTES,
					  writer.used_bytes - TG_FRAME_HEADER_BYTES, ret_answer,
					  &field),
			 TG_OK);
	return TG_OK;
}

static void
on_difference(void *context, enum tg_difference difference, const struct tg_proof_item *here,
	      const struct tg_history *there)
{
	struct sides *sides = context;

	assert_int_equal(here != NULL, difference != TG_DIFFERENCE_ONLY_THERE);
	assert_int_equal(there != NULL, difference != TG_DIFFERENCE_ONLY_HERE);
	sides->told[difference]++;
	memcpy(sides->last_id, here != NULL ? here->id : there->id, sizeof(sides->last_id));
}

static void
prove(struct sides *sides)
{
	const struct tg_day_callbacks callbacks = { ask, on_difference, sides, NULL };

	memset(sides->told, 0, sizeof(sides->told));
	assert_int_equal(tg_day_end(&sides->day, &callbacks, &sides->result), TG_OK);
	assert_int_equal(sides->result.difference_count,
			 sides->told[1] + sides->told[2] + sides->told[3]);
}

/* Find one that differs; the questions and their answers together are few. */
static void
expect_found(struct sides *sides, enum tg_difference difference,
	     const struct tg_proof_item *item)
{
	prove(sides);
	assert_int_equal(sides->result.result, TG_RESULT_OUT_OF_BALANCE);
	assert_int_equal(sides->result.difference_count, 1);
	assert_int_equal(sides->told[difference], 1);
	assert_memory_equal(sides->last_id, item->id, sizeof(item->id));
	print_message("# %u messages find one of %u that differs in way %d\n",
		      2 * sides->result.question_count, sides->day.item_count, difference);
	assert_true(2 * sides->result.question_count <= MESSAGES_MAX);
}

/*
 * What: one transaction that differs among 100,000 is found with at most 40 messages, whether its
 * points differ or one side lacks it; also where all have one hour and kind.
 */
static void
one_in_a_hundred_thousand_is_found_with_few_messages(void **state)
{
	struct sides sides;

	(void)state;
	for (int is_rush = 0; is_rush < 2; is_rush++) {
		sides_init(&sides, ITEMS, is_rush != 0);
		sides.other.items[77777].points++;
		expect_found(&sides, TG_DIFFERENCE_FIGURES, &sides.items[77777]);
		sides.other.items[77777].points--;
		sides.other.count--;
		expect_found(&sides, TG_DIFFERENCE_ONLY_HERE, &sides.items[ITEMS - 1]);
		sides.other.count++;
		sides.day.item_count--;
		expect_found(&sides, TG_DIFFERENCE_ONLY_THERE, &sides.other.items[ITEMS - 1]);
		sides_deinit(&sides);
	}
}

/* What: equal sides agree with one question, and empty ones have nothing to settle by totals. */
static void
equal_sides_agree_with_one_question(void **state)
{
	struct sides sides;

	(void)state;
	sides_init(&sides, 1000, false);
	prove(&sides);
	assert_int_equal(sides.result.result, TG_RESULT_AGREED);
	assert_int_equal(sides.result.question_count, 1);
	assert_false(sides.result.is_divided);
	sides.day.is_divided = true;
	prove(&sides);
	assert_int_equal(sides.result.question_count, 2);
	assert_int_equal(sides.result.difference_count, 0);
	sides_deinit(&sides);
}

/* What: totals that agree by chance hide nothing from who divides.  How: two earns swap points. */
static void
errors_that_cancel_out_are_found_by_digest(void **state)
{
	struct sides sides;

	(void)state;
	sides_init(&sides, 1000, true);
	sides.other.items[3].points += 5;
	sides.other.items[900].points -= 5;
	prove(&sides);
	assert_int_equal(sides.result.result, TG_RESULT_AGREED);
	sides.day.is_divided = true;
	prove(&sides);
	assert_int_equal(sides.told[TG_DIFFERENCE_FIGURES], 2);
	sides_deinit(&sides);
}

/* What: any number of differences is told, each once, whatever they are. */
static void
every_difference_is_told_once(void **state)
{
	for (uint32_t step = 1; step < 4000; step = step * 3 + 1) {
		uint32_t wrong = 0, there = 0, kept = 0;
		struct sides sides;

		(void)state;
		sides_init(&sides, 3000, step % 2 == 0);
		for (uint32_t i = 0; i < 3000; i++) {
			const struct tg_proof_item item = item_of(i, step % 2 == 0);
			const bool is_lost = i % step == 0 && i / step % 3 == 0;

			if (!is_lost)
				sides.items[kept++] = item;
			there += is_lost;
			if (i % step == 0 && i / step % 3 == 1) {
				sides.other.items[i].amount++;
				wrong++;
			}
		}
		sides.day.item_count = kept;
		prove(&sides);
		assert_int_equal(sides.told[TG_DIFFERENCE_ONLY_THERE], there);
		assert_int_equal(sides.told[TG_DIFFERENCE_FIGURES], wrong);
		assert_int_equal(sides.told[TG_DIFFERENCE_ONLY_HERE], 0);
		sides_deinit(&sides);
	}
}

static bool
wait_for_archive(void *context)
{
	struct sides *sides = context;

	return sides->waits > 0 && sides->waits-- > 0;
}

/*
 * What: an archive that never has all is compared when it has what was booked when it was first
 * asked; if it does not come so far nothing is compared; a date that is over is not waited for.
 * How:  it lacks 500 records, gets 100 between two questions, and as many are booked.
 */
static void
an_archive_that_is_always_behind_is_waited_for_once(void **state)
{
	struct sides sides;
	const struct tg_day_callbacks callbacks = { ask, on_difference, &sides, wait_for_archive };

	(void)state;
	sides_init(&sides, 1000, false);
	sides.other.items[7].points++;
	sides.other.booked = 1000;
	sides.other.held = 500;
	sides.other.booked_step = sides.other.held_step = 100;
	sides.waits = 100;
	assert_int_equal(tg_day_end(&sides.day, &callbacks, &sides.result), TG_OK);
	assert_int_equal(sides.result.difference_count, 1);
	assert_int_equal(sides.result.lag_records, 0);
	assert_int_equal(sides.waits, 95);
	sides.waits = 3;
	assert_int_equal(tg_day_end(&sides.day, &callbacks, &sides.result), TG_TIMEOUT);
	assert_int_equal(sides.result.difference_count, 0);
	assert_int_equal(sides.result.lag_records, 200);
	sides.day.basis = TG_BASIS_BUSINESS_DATE;
	sides.other.is_complete = true;
	assert_int_equal(tg_day_end(&sides.day, &callbacks, &sides.result), TG_OK);
	assert_int_equal(sides.result.difference_count, 1);
	sides_deinit(&sides);
}

static enum tg_status
ask_nobody(void *context, const struct tg_message *request, struct tg_message *ret_answer)
{
	(void)context;
	(void)request;
	(void)ret_answer;
	return TG_TIMEOUT;
}

/* What: without an answer the proof ends with why, and says nothing of what differs. */
static void
a_proof_without_answers_fails(void **state)
{
	const struct tg_day_callbacks callbacks = { ask_nobody, on_difference, NULL, NULL };
	struct tg_day_result result;
	struct sides sides;

	(void)state;
	sides_init(&sides, 10, false);
	assert_int_equal(tg_day_end(&sides.day, &callbacks, &result), TG_TIMEOUT);
	assert_int_equal(result.difference_count, 0);
	sides_deinit(&sides);
}

/* What: the digest of a day is the sum over its items in any order, and differs for any other. */
static void
a_digest_is_of_a_set(void **state)
{
	uint8_t first[TG_DIGEST_BYTES], second[TG_DIGEST_BYTES];
	struct tg_proof_item last;
	struct sides sides;

	(void)state;
	sides_init(&sides, 100, false);
	tg_day_digest(&sides.day, first);
	last = sides.items[99];
	memmove(&sides.items[1], &sides.items[0], 99 * sizeof(last));
	sides.items[0] = last;
	tg_day_digest(&sides.day, second);
	assert_memory_equal(first, second, sizeof(first));
	sides.items[50].amount++;
	tg_day_digest(&sides.day, second);
	assert_memory_not_equal(first, second, sizeof(first));
	sides_deinit(&sides);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_a_hundred_thousand_is_found_with_few_messages),
		cmocka_unit_test(equal_sides_agree_with_one_question),
		cmocka_unit_test(errors_that_cancel_out_are_found_by_digest),
		cmocka_unit_test(every_difference_is_told_once),
		cmocka_unit_test(an_archive_that_is_always_behind_is_waited_for_once),
		cmocka_unit_test(a_proof_without_answers_fails),
		cmocka_unit_test(a_digest_is_of_a_set),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
