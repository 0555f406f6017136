/*
 * system_tallygate.c - Tallygate: EARN, or BATCH of earns, by card number.
 */
#include <openssl/ssl.h>
#include <string.h>
#include <time.h>

#include "contrib/bench/bench.h"
#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"
#include "protocol/rows.h"

#define REQUEST_BYTES_MAX 256
#define IDENTIFIER_CARD 1

/* Steps of the opening. */
enum { STEP_BEGIN, STEP_GREETING, STEP_PROOF };

/* Append a message to what goes out. */
static void
put(struct bench_connection *conn, const struct tg_message *message)
{
	uint8_t *room = bench_room(&conn->out, REQUEST_BYTES_MAX);
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, room, REQUEST_BYTES_MAX);
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	conn->out.to_bytes += writer.used_bytes;
}

static bool
say_hello(struct bench_connection *conn, struct failure *failure)
{
	const struct terminals *terminals = &conn->bench->terminals;
	const struct terminal *terminal = &terminals->items[conn->index % terminals->count];
	struct client_error error;
	struct tg_message hello;

	memset(&conn->speaker, 0, sizeof(conn->speaker));
	conn->speaker.terminal = terminal->number;
	conn->speaker.key_generation = terminal->generation;
	if (client_opening_hello(&conn->opening, &conn->speaker, &error, &hello) != TG_OK)
		return failure_set(failure, "%s", error.text);
	hello.request_id = 1;
	put(conn, &hello);
	return true;
}

/* Terminals take turns; each connection is one of them. */
static bool
prove(struct bench_connection *conn, const struct tg_message *greeting, struct failure *failure)
{
	const struct terminals *terminals = &conn->bench->terminals;
	const struct terminal *terminal = &terminals->items[conn->index % terminals->count];
	struct tg_session told;
	struct client_error error;
	struct tg_message auth;

	if (client_opening_greeted(&conn->opening, &conn->speaker, greeting, &error, &told) !=
	    TG_OK)
		return failure_set(failure, "%s", error.text);
	if (conn->tls != NULL &&
	    SSL_export_keying_material(conn->tls, conn->opening.input.exporter, TG_EXPORTER_BYTES,
				       TG_EXPORTER_LABEL, strlen(TG_EXPORTER_LABEL), NULL, 0,
				       0) != 1)
		return failure_set(failure, "TLS exports no keying material");
	if (!terminals_key(terminals, terminal, told.instance, conn->speaker.key, failure))
		return false;
	if (client_opening_auth(&conn->opening, &conn->speaker, &error, &auth) != TG_OK)
		return failure_set(failure, "%s", error.text);
	auth.request_id = 1;
	put(conn, &auth);
	return true;
}

/* The gateway, too, must know the key. */
static bool
check(struct bench_connection *conn, const struct tg_message *answer, struct failure *failure)
{
	struct tg_session told;
	struct client_error error;

	if (client_opening_proved(&conn->opening, &conn->speaker, answer, &error, &told) == TG_OK)
		return true;
	return failure_set(failure, "%s", error.text);
}

static bool
tallygate_open(struct bench_connection *conn, const uint8_t *bytes, size_t count,
	       size_t *ret_used, bool *ret_is_done, struct failure *failure)
{
	struct tg_message answer;
	struct tg_frame frame;
	uint32_t field;

	*ret_is_done = false;
	*ret_used = 0;
	if (conn->step == STEP_BEGIN) {
		conn->step = STEP_GREETING;
		return say_hello(conn, failure);
	}
	if (tg_frame_peek(bytes, count, TG_FRAME_BYTES_MAX, &frame) != TG_FRAME_WHOLE)
		return true;
	if (tg_decode_answer(frame.payload, frame.payload_bytes, &answer, &field) != TG_OK)
		return failure_set(failure, "an answer that is not understood");
	*ret_used = frame.frame_bytes;
	if (conn->step == STEP_GREETING) {
		conn->step = STEP_PROOF;
		return prove(conn, &answer, failure);
	}
	*ret_is_done = check(conn, &answer, failure);
	return *ret_is_done;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Points into earn. */
static void
make_earn(struct bench *bench, uint32_t request_id, struct bench_earn *earn,
	  struct tg_message *message)
{
	bool is_enroll = bench->options->enroll;
	uint64_t card = bench->next_card;

	bench_draw(bench, earn);
	tg_message_init(message, request_id, is_enroll ? TG_OP_ENROLL : TG_OP_EARN);
	tg_message_set_bytes(message, TG_FIELD_TRANSACTION_ID, earn->id, sizeof(earn->id));
	tg_message_set_integer(message, TG_FIELD_BUSINESS_TIME, now_ms());
	tg_message_set_integer(message, TG_FIELD_IDENTIFIER_TYPE, IDENTIFIER_CARD);
	if (is_enroll) {
		for (int i = BENCH_CARD_DIGITS - 1; i >= 0; i--, card /= 10)
			earn->card[i] = (char)('0' + card % 10);
		bench->next_card++;
	} else {
		tg_message_set_integer(message, TG_FIELD_AMOUNT, earn->amount);
	}
	tg_message_set_bytes(message, TG_FIELD_IDENTIFIER, earn->card, BENCH_CARD_DIGITS);
}

static void
ask_batch(struct bench_connection *conn, uint32_t request_id)
{
	struct bench *bench = conn->bench;
	uint32_t batch = (uint32_t)bench->options->batch;
	size_t capacity = (size_t)REQUEST_BYTES_MAX * (batch + 1);
	uint8_t *room = bench_room(&conn->out, capacity);
	struct tg_batch_writer items;
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, room, capacity);
	tg_batch_begin(&items, &writer, request_id, TG_OP_BATCH, batch);
	for (uint32_t i = 0; i < batch; i++) {
		struct bench_earn earn;
		struct tg_message message;

		make_earn(bench, 0, &earn, &message);
		tg_batch_add(&items, &message);
	}
	is_encoded = tg_batch_end(&items);
	TG_ASSERT(is_encoded);
	conn->out.to_bytes += writer.used_bytes;
}

static void
tallygate_ask(struct bench_connection *conn)
{
	uint32_t request_id = (uint32_t)(conn->asked % UINT32_MAX) + 1;
	struct bench_earn earn;
	struct tg_message message;

	if (conn->bench->options->batch > 1) {
		ask_batch(conn, request_id);
		return;
	}
	make_earn(conn->bench, request_id, &earn, &message);
	put(conn, &message);
}

/* How many items of an answered batch were done. */
static uint64_t
count_done(const struct tg_message *answer)
{
	struct tg_message item;
	struct tg_cursor cursor;
	struct tg_rows rows;
	uint64_t done = 0;
	uint32_t field;

	if (answer->code != TG_OK || !tg_message_has(answer, TG_FIELD_ITEMS))
		return 0;
	tg_rows_start(&answer->values[TG_FIELD_ITEMS], &rows);
	while (tg_rows_next_item(&rows, &cursor)) {
		if (tg_decode_item_answer(cursor, &item, &field) == TG_OK && item.code == TG_OK)
			done++;
	}
	return done;
}

static bool
tallygate_take(struct bench_connection *conn, const uint8_t *bytes, size_t count,
	       size_t *ret_used, struct failure *failure)
{
	uint64_t batch = conn->bench->options->batch;
	struct tg_message answer;
	struct tg_frame frame;
	uint32_t field;

	*ret_used = 0;
	while (*ret_used < count &&
	       tg_frame_peek(bytes + *ret_used, count - *ret_used, TG_FRAME_BYTES_MAX_BATCH,
			     &frame) == TG_FRAME_WHOLE) {
		uint64_t done;

		if (tg_decode_answer(frame.payload, frame.payload_bytes, &answer, &field) != TG_OK)
			return failure_set(failure, "an answer that is not understood");
		if (answer.request_id == 0)
			return failure_set(failure, "NOTICE %lld",
					   (long long)tg_message_integer(&answer, TG_FIELD_OUTCOME,
									 0));
		*ret_used += frame.frame_bytes;
		done = batch > 1 ? count_done(&answer) : answer.code == TG_OK;
		bench_answered(conn, done, batch - done);
	}
	return true;
}

const struct bench_system bench_tallygate = { "tallygate", tallygate_open, tallygate_ask,
					      tallygate_take };
