/*
 * test_client_queue_drain.c - a queue's requests on their way, against a scripted server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/tallygate.h"
#include "tests/protocol/client_fixture.h"

#define PATH_BYTES 128
#define OUTCOMES_MAX 64
#define FILE_BYTES 4096
#define STEPS_MAX 16
#define STATE_BYTES 16

#define STEPS(...) \
	(const struct fake_step[]){ __VA_ARGS__ }, \
		sizeof((struct fake_step[]){ __VA_ARGS__ }) / sizeof(struct fake_step)

#define ANSWER \
	{ \
		.move = FAKE_ANSWER \
	}
#define CLOSE \
	{ \
		.move = FAKE_CLOSE \
	}
#define REFUSE(s) \
	{ \
		FAKE_REFUSE, s, 0 \
	}

static struct tg_queue *queue;
static char folder[PATH_BYTES - 16], path[PATH_BYTES];

/* What was told of requests, in order. */
static struct tg_queue_row told[OUTCOMES_MAX];
static bool had_answer[OUTCOMES_MAX];
static uint32_t told_count;

static int
setup(void **state)
{
	snprintf(folder, sizeof(folder), "%s/tg-drain-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/queue", folder);
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	told_count = 0;
	return client_fixture_setup(state);
}

static int
teardown(void **state)
{
	int result = client_fixture_teardown(state);

	tg_queue_close(queue);
	(void)unlink(path);
	(void)rmdir(folder);
	return result;
}

#define drain_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void
on_outcome(void *context, const struct tg_queue_row *row, const struct tg_message *answer)
{
	assert_ptr_equal(context, &told_count);
	assert_true(told_count < OUTCOMES_MAX);
	had_answer[told_count] = answer != NULL;
	told[told_count++] = *row;
}

static void
start(struct client_fixture *f, const struct fake_step *steps, size_t step_count)
{
	f->options.answer_timeout_ms = 20000;
	f->server.steps = steps;
	f->server.step_count = step_count;
	client_fixture_start(f, false);
}

static void
add(struct client_fixture *f, uint32_t number)
{
	struct tg_message request;

	client_fixture_earn(f, number, &request);
	if (tg_queue_add(queue, &request) != TG_OK)
		fail_msg("%s", tg_queue_error(queue));
}

static enum tg_status
drain(struct client_fixture *f, uint32_t timeout_ms)
{
	return tg_queue_drain(queue, f->client, timeout_ms, on_outcome, &told_count);
}

/* The transactions that the server saw, without PINGs, by number as "1223"; and ends it. */
static const char *
seen_numbers(struct client_fixture *f, char text[100])
{
	const struct fake_seen *seen;
	size_t count, used = 0;

	fake_gateway_stop(f->gateway);
	count = fake_gateway_seen(f->gateway, &seen);
	for (size_t i = 0; i < count && used < 99; i++)
		if (seen[i].operation != TG_OP_PING)
			text[used++] = (char)('0' + seen[i].id[0]);
	text[used] = '\0';
	return text;
}

/* What: all go in order, are told once, and leave the queue.  How: four, and the file anew. */
static void
requests_go_in_order_and_leave(void **state)
{
	struct client_fixture *f = *state;
	char text[100];

	start(f, NULL, 0);
	for (uint32_t i = 1; i <= 4; i++)
		add(f, i);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(told_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(told[i].id[0], i + 1);
		assert_int_equal(told[i].lane, TG_QUEUE_DONE);
		assert_true(had_answer[i]);
	}
	assert_int_equal(tg_queue_depth(queue), 0);
	tg_queue_close(queue);
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	assert_int_equal(tg_queue_depth(queue), 0);
	assert_string_equal(seen_numbers(f, text), "1234");
}

/* What: a lost answer is asked for again, marked as a repetition.  How: closed at the second. */
static void
lost_answer_is_asked_for_again(void **state)
{
	struct client_fixture *f = *state;
	const struct fake_seen *seen;

	start(f, STEPS(ANSWER, CLOSE));
	add(f, 1);
	add(f, 2);
	assert_int_equal(drain(f, 60000), TG_OK);
	fake_gateway_stop(f->gateway);
	/* 1, 2 lost, PING, 2 again, PING */
	assert_int_equal(fake_gateway_seen(f->gateway, &seen), 5);
	assert_int_equal(seen[2].operation, TG_OP_PING);
	assert_memory_equal(seen[3].id, seen[1].id, 16);
	assert_true(seen[3].is_repeat);
	assert_int_equal(seen[3].attempt, 1);
	assert_false(seen[1].is_repeat);
}

/* What: a refusal for good is set aside, the rest goes on.  How: NO_POINTS in the middle. */
static void
refused_request_is_set_aside(void **state)
{
	struct client_fixture *f = *state;
	struct tg_queue_row row;

	start(f, STEPS(ANSWER, REFUSE(TG_TOO_OLD)));
	for (uint32_t i = 1; i <= 3; i++)
		add(f, i);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[1].lane, TG_QUEUE_ASIDE);
	assert_int_equal(told[1].status, TG_TOO_OLD);
	tg_queue_close(queue); /* it stays aside */
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	assert_true(tg_queue_next(queue, 0, &row));
	assert_int_equal(row.id[0], 2);
	assert_int_equal(row.lane, TG_QUEUE_ASIDE);
	assert_int_equal(row.status, TG_TOO_OLD);
	assert_int_equal(tg_queue_depth(queue), 0);
	assert_int_equal(tg_queue_retry(queue, row.number), TG_OK);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_false(tg_queue_next(queue, 0, &row));
	assert_int_equal(told[3].lane, TG_QUEUE_DONE);
}

/* What: one that is dropped does not come back.  How: aside, dropped, opened again. */
static void
dropped_request_is_gone(void **state)
{
	struct client_fixture *f = *state;
	struct tg_queue_row row;

	start(f, STEPS(REFUSE(TG_CONFLICT)));
	add(f, 1);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_true(tg_queue_find(queue, told[0].id, &row));
	assert_int_equal(tg_queue_drop(queue, row.number), TG_OK);
	assert_int_equal(tg_queue_drop(queue, row.number), TG_UNKNOWN_TRANSACTION);
	tg_queue_close(queue);
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	assert_false(tg_queue_find(queue, told[0].id, &row));
}

/* What: one that costs every connection goes aside, the rest is booked.  How: PINGs answered. */
static void
poison_is_set_aside(void **state)
{
	struct client_fixture *f = *state;
	char text[100];

	start(f, STEPS(CLOSE, ANSWER, CLOSE, ANSWER, CLOSE, ANSWER, CLOSE));
	for (uint32_t i = 1; i <= 3; i++)
		add(f, i);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(told_count, 3);
	assert_int_equal(told[0].id[0], 1);
	assert_int_equal(told[0].lane, TG_QUEUE_ASIDE);
	assert_int_equal(told[0].status, TG_CLOSED);
	assert_false(had_answer[0]);
	assert_int_equal(told[2].lane, TG_QUEUE_DONE);
	assert_string_equal(seen_numbers(f, text), "111123");
}

/* What: a gateway that answers nothing costs no request its place.  How: each PING is lost, too. */
static void
gateway_that_fails_is_not_the_request_s_fault(void **state)
{
	struct client_fixture *f = *state;
	struct tg_queue_row row;

	start(f, STEPS(CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE));
	add(f, 1);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(drain(f, 60000), TG_IO);
	assert_true(tg_queue_next(queue, 0, &row));
	assert_int_equal(row.lane, TG_QUEUE_WAITING);
	assert_int_equal(row.losses, 1);
	assert_int_equal(told_count, 0);
}

/* What: one that is refused for now lets others pass, but not those that build on it. */
static void
dependants_wait_and_others_pass(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message earn, reversal;
	uint8_t id[16] = { 2 };
	char text[100];

	start(f, STEPS({ FAKE_REFUSE, TG_UNKNOWN_MEMBER, 60000 }));
	add(f, 1);
	client_fixture_earn(f, 1, &earn);
	tg_reversal_of(&earn, id, TG_REASON_VOIDED, &reversal);
	assert_int_equal(tg_queue_add(queue, &reversal), TG_OK);
	add(f, 3);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].id[0], 3);
	assert_int_equal(tg_queue_depth(queue), 2);
	/* The pause is the process's; another one asks at once. */
	tg_queue_close(queue);
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(tg_queue_depth(queue), 0);
	assert_string_equal(seen_numbers(f, text), "1312");
}

/* What: BUSY is waited out and counts against nobody.  How: twice. */
static void
busy_gateway_is_waited_for(void **state)
{
	struct client_fixture *f = *state;

	start(f, STEPS({ FAKE_REFUSE, TG_BUSY, 1 }, { FAKE_REFUSE, TG_BUSY, 1 }));
	add(f, 1);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].losses, 0);
}

/* What: a blocked terminal keeps its queue.  How: BLOCKED, then good again. */
static void
blocked_terminal_keeps_its_queue(void **state)
{
	struct client_fixture *f = *state;

	start(f, STEPS(REFUSE(TG_BLOCKED)));
	add(f, 1);
	assert_int_equal(drain(f, 60000), TG_BLOCKED);
	assert_int_equal(tg_queue_depth(queue), 1);
	assert_int_equal(drain(f, 60000), TG_OK);
	assert_int_equal(tg_queue_depth(queue), 0);
}

/* What: an unreachable gateway leaves the queue as it is.  How: the server has gone. */
static void
unreachable_gateway_leaves_all_waiting(void **state)
{
	struct client_fixture *f = *state;

	start(f, NULL, 0);
	fake_gateway_stop(f->gateway);
	add(f, 1);
	assert_int_equal(drain(f, 100), TG_IO);
	assert_int_equal(tg_queue_depth(queue), 1);
	assert_int_equal(told_count, 0);
}

/* What: calls take the queue along, older requests first.  How: a call and a transaction. */
static void
calls_drain_an_attached_queue(void **state)
{
	struct client_fixture *f = *state;
	struct tg_message request, answer;
	char text[100];

	start(f, STEPS(ANSWER, CLOSE));
	tg_client_attach_queue(f->client, queue, on_outcome, &told_count);
	add(f, 1);
	add(f, 2);
	tg_message_init(&request, 0, TG_OP_PING);
	client_fixture_earn(f, 3, &request);
	assert_int_equal(tg_client_transact(f->client, &request, 60000, &answer), TG_OK);
	assert_int_equal(told_count, 2);
	add(f, 4);
	client_fixture_earn(f, 5, &request);
	assert_int_equal(tg_client_call(f->client, &request, 60000, &answer), TG_OK);
	assert_int_equal(tg_message_integer(&answer, TG_FIELD_POINTS, 0), 100);
	assert_int_equal(told_count, 3);
	assert_string_equal(seen_numbers(f, text), "122345");
}

/* What: the file does not grow with what has left it.  How: 3000 requests through it. */
static void
file_stays_small(void **state)
{
	struct client_fixture *f = *state;
	struct stat status;

	start(f, STEPS(REFUSE(TG_TOO_OLD)));
	add(f, 1);
	assert_int_equal(drain(f, 60000), TG_OK);
	for (uint32_t i = 2; i < 3000; i++) {
		told_count = 0;
		add(f, i);
		assert_int_equal(drain(f, 60000), TG_OK);
	}
	assert_int_equal(stat(path, &status), 0);
	assert_in_range(status.st_size, 100, 160 * 1024);
	tg_queue_close(queue);
	assert_int_equal(tg_queue_open(path, 0, NULL, 0, &queue), TG_OK);
	assert_true(tg_queue_next(queue, 0, told));
	assert_int_equal(told[0].status, TG_TOO_OLD);
	assert_false(tg_queue_next(queue, told[0].number, told));
}

/* The queue as "1w2a": what waits, and what is aside. */
static void
state_of(char text[STATE_BYTES])
{
	struct tg_queue_row row = { .number = 0 };
	size_t used = 0;

	while (tg_queue_next(queue, row.number, &row)) {
		text[used++] = (char)('0' + row.id[0]);
		text[used++] = row.lane == TG_QUEUE_ASIDE ? 'a' : 'w';
	}
	text[used] = '\0';
}

/* What the file was like after each step of its life. */
struct life {
	uint8_t bytes[FILE_BYTES];
	size_t ends[STEPS_MAX];
	char states[STEPS_MAX][STATE_BYTES];
	size_t count;
};

/* Remember the file as it is. */
static void
note_step(struct life *life)
{
	FILE *file = fopen(path, "rbe");

	assert_non_null(file);
	life->ends[life->count] = fread(life->bytes, 1, FILE_BYTES, file);
	fclose(file);
	state_of(life->states[life->count++]);
}

/* Requests that are done, aside, and sent without an answer. */
static void
live(struct client_fixture *f, struct life *life)
{
	start(f, STEPS(ANSWER, ANSWER, REFUSE(TG_TOO_OLD), ANSWER, CLOSE, CLOSE));
	memset(life, 0, sizeof(*life));
	note_step(life);
	for (uint32_t i = 1; i <= 3; i++) {
		add(f, i);
		note_step(life);
		assert_int_equal(drain(f, 60000), i < 3 ? TG_OK : TG_IO);
		note_step(life);
	}
	assert_string_equal(life->states[life->count - 1], "2a3w");
}

/* Open so many of the bytes as the queue. */
static enum tg_status
open_bytes(const uint8_t *bytes, size_t count)
{
	FILE *file;

	tg_queue_close(queue);
	queue = NULL;
	file = fopen(path, "wbe");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	fclose(file);
	return tg_queue_open(path, 0, NULL, 0, &queue);
}

/* What: a file that ends anywhere is what it was at that time.  How: cut at every byte. */
static void
file_cut_anywhere_is_what_it_was(void **state)
{
	char found[STATE_BYTES];
	struct life life;
	size_t step = 0;

	live(*state, &life);
	for (size_t bytes = life.ends[0]; bytes <= life.ends[life.count - 1]; bytes++) {
		while (step + 1 < life.count && life.ends[step + 1] <= bytes)
			step++;
		assert_int_equal(open_bytes(life.bytes, bytes), TG_OK);
		state_of(found);
		assert_string_equal(found, life.states[step]);
	}
}

/* What: no damage loses a request unnoticed: it is named, or costs a mark.  How: every byte. */
static void
damage_anywhere_loses_no_request(void **state)
{
	size_t named = 0, end;
	char found[STATE_BYTES];
	struct life life;

	live(*state, &life);
	end = life.ends[life.count - 1];
	for (size_t at = 0; at < end; at++) {
		life.bytes[at] ^= 0x08;
		if (open_bytes(life.bytes, end) == TG_OK) {
			state_of(found);
			assert_non_null(strstr(found, "2"));
			assert_non_null(strstr(found, "3w"));
		} else {
			named++;
		}
		life.bytes[at] ^= 0x08;
	}
	/* All but the last mark has a request, or a mark about one, behind it. */
	assert_int_equal(named, life.ends[life.count - 2]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		drain_test(requests_go_in_order_and_leave),
		drain_test(lost_answer_is_asked_for_again),
		drain_test(refused_request_is_set_aside),
		drain_test(dropped_request_is_gone),
		drain_test(poison_is_set_aside),
		drain_test(gateway_that_fails_is_not_the_request_s_fault),
		drain_test(dependants_wait_and_others_pass),
		drain_test(busy_gateway_is_waited_for),
		drain_test(blocked_terminal_keeps_its_queue),
		drain_test(unreachable_gateway_leaves_all_waiting),
		drain_test(calls_drain_an_attached_queue),
		drain_test(file_stays_small),
		drain_test(file_cut_anywhere_is_what_it_was),
		drain_test(damage_anywhere_loses_no_request),
	};

	return cmocka_run_group_tests_name("client_queue_drain", tests, NULL, NULL);
}
