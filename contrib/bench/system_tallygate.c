/*
 * system_tallygate.c - Tallygate: EARN, or BATCH of earns, by card number.
 */
#include <endian.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contrib/bench/bench.h"
#include "protocol/assert.h"
#include "protocol/cursor.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

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

/*
 * What is stamped over in every request: values of the widest encoding that occurs.  None of them
 * can be found elsewhere in a frame.
 */
#define STAMP_ID 0xa5 /* each byte of it */
#define STAMP_TIME INT64_C(0x5a5a5a5a5a5a)
#define STAMP_AMOUNT 0x5b5b5b5b
#define STAMP_CARD 'C' /* each digit of it */

/* id and card must live as long as message. */
static void
make_sample(const struct bench *bench, uint32_t request_id, const uint8_t *id, const uint8_t *card,
	    struct tg_message *message)
{
	tg_message_init(message, request_id, bench->options->enroll ? TG_OP_ENROLL : TG_OP_EARN);
	tg_message_set_bytes(message, TG_FIELD_TRANSACTION_ID, id, TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(message, TG_FIELD_BUSINESS_TIME, STAMP_TIME);
	tg_message_set_integer(message, TG_FIELD_IDENTIFIER_TYPE, IDENTIFIER_CARD);
	if (!bench->options->enroll)
		tg_message_set_integer(message, TG_FIELD_AMOUNT, STAMP_AMOUNT);
	tg_message_set_bytes(message, TG_FIELD_IDENTIFIER, card, BENCH_CARD_DIGITS);
}

/* Where the bytes stand in the stamp, the n-th time. */
static uint32_t
find_bytes(const struct bench_stamp *stamp, const void *bytes, size_t count, uint32_t n)
{
	const uint8_t *at = stamp->base;

	for (;;) {
		at = memmem(at, stamp->bytes - (size_t)(at - stamp->base), bytes, count);
		TG_ASSERT(at != NULL);
		if (n-- == 0)
			return (uint32_t)(at - stamp->base);
		at += count;
	}
}

/*
 * Encode a request once; the others differ from it in a few bytes.  A client that encodes and
 * decodes each message in full would take more of the machine than the server that is measured.
 */
static void
make_stamp(const struct bench *bench, struct bench_stamp *stamp)
{
	static const uint8_t amount[] = { 0x5b, 0x5b, 0x5b, 0x5b };
	static const uint8_t time[] = { 0, 0, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a };
	uint32_t batch = (uint32_t)bench->options->batch;
	size_t capacity = (size_t)REQUEST_BYTES_MAX * (batch + 1);
	uint8_t id[TG_TRANSACTION_ID_BYTES], card[BENCH_CARD_DIGITS];
	struct tg_batch_writer items;
	struct tg_message message;
	struct tg_writer writer;
	bool is_encoded;

	stamp->base = malloc(capacity);
	TG_ASSERT(stamp->base != NULL);
	memset(id, STAMP_ID, sizeof(id));
	memset(card, STAMP_CARD, sizeof(card));
	tg_writer_init(&writer, stamp->base, capacity);
	make_sample(bench, batch > 1 ? 0 : UINT32_MAX, id, card, &message);
	if (batch > 1) {
		tg_batch_begin(&items, &writer, UINT32_MAX, TG_OP_BATCH, batch);
		for (uint32_t i = 0; i < batch; i++)
			tg_batch_add(&items, &message);
		is_encoded = tg_batch_end(&items);
	} else {
		is_encoded = tg_encode(&writer, &message);
	}
	TG_ASSERT(is_encoded);
	stamp->bytes = writer.used_bytes;
	/* header, array of three, the head of an integer of four bytes */
	stamp->request_id_at = TG_FRAME_HEADER_BYTES + 2;
	stamp->id_at = find_bytes(stamp, id, sizeof(id), 0);
	stamp->time_at = find_bytes(stamp, time, sizeof(time), 0);
	stamp->card_at = find_bytes(stamp, card, sizeof(card), 0);
	if (!bench->options->enroll)
		stamp->amount_at = find_bytes(stamp, amount, sizeof(amount), 0);
	if (batch > 1)
		stamp->stride = find_bytes(stamp, id, sizeof(id), 1) - stamp->id_at;
}

/* Stamp one earn over a sample. */
static void
stamp_earn(struct bench *bench, uint8_t *sample, uint64_t time_ms)
{
	const struct bench_stamp *stamp = &bench->stamp;
	struct bench_earn earn;
	uint64_t card;

	bench_draw(bench, &earn);
	if (bench->options->enroll) {
		card = bench->next_card++;
		for (int i = BENCH_CARD_DIGITS - 1; i >= 0; i--, card /= 10)
			earn.card[i] = (char)('0' + card % 10);
	} else {
		uint32_t amount = htobe32((uint32_t)earn.amount);

		memcpy(sample + stamp->amount_at, &amount, sizeof(amount));
	}
	time_ms = htobe64(time_ms);
	memcpy(sample + stamp->time_at, &time_ms, sizeof(time_ms));
	memcpy(sample + stamp->id_at, earn.id, sizeof(earn.id));
	memcpy(sample + stamp->card_at, earn.card, BENCH_CARD_DIGITS);
}

static void
tallygate_ask(struct bench_connection *conn)
{
	struct bench *bench = conn->bench;
	struct bench_stamp *stamp = &bench->stamp;
	uint32_t request_id = htobe32((uint32_t)(conn->asked % UINT32_MAX) + 1);
	uint64_t time_ms = (uint64_t)now_ms();
	uint8_t *frame;

	if (stamp->base == NULL)
		make_stamp(bench, stamp);
	frame = bench_room(&conn->out, stamp->bytes);
	memcpy(frame, stamp->base, stamp->bytes);
	memcpy(frame + stamp->request_id_at, &request_id, sizeof(request_id));
	for (uint64_t i = 0; i < bench->options->batch; i++)
		stamp_earn(bench, frame + i * stamp->stride, time_ms);
	conn->out.to_bytes += stamp->bytes;
}

/* An integer.  False: something else. */
static bool
take_integer(struct tg_cursor *cursor, int64_t *ret_value)
{
	struct tg_head head;

	if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_INT)
		return false;
	*ret_value = head.integer;
	return true;
}

/* The beginning of an array or map.  False: something else. */
static bool
take_beginning(struct tg_cursor *cursor, enum tg_head_kind kind, uint32_t *ret_length)
{
	struct tg_head head;

	if (!tg_cursor_head(cursor, &head) || head.kind != kind)
		return false;
	*ret_length = head.length;
	return true;
}

/* How many items of an answered batch were done; cursor: at its body. */
static bool
count_done(struct tg_cursor *cursor, uint64_t *ret_done)
{
	uint32_t fields, count, length;
	int64_t number, status;

	if (!take_beginning(cursor, TG_HEAD_MAP, &fields))
		return false;
	for (uint32_t i = 0; i < fields; i++) {
		if (!take_integer(cursor, &number))
			return false;
		if (number != TG_FIELD_ITEMS) {
			if (!tg_cursor_skip(cursor))
				return false;
			continue;
		}
		if (!take_beginning(cursor, TG_HEAD_ARRAY, &count))
			return false;
		while (count-- > 0) {
			if (!take_beginning(cursor, TG_HEAD_ARRAY, &length) || length != 2 ||
			    !take_integer(cursor, &status) || !tg_cursor_skip(cursor))
				return false;
			*ret_done += status == TG_OK;
		}
	}
	return true;
}

/* One answer: how many earns were done.  Only what tells that is read. */
static bool
take_answer(struct tg_cursor cursor, uint64_t batch, uint64_t *ret_done, struct failure *failure)
{
	int64_t request_id, status;
	uint32_t length;

	*ret_done = 0;
	if (!take_beginning(&cursor, TG_HEAD_ARRAY, &length) || length != 3 ||
	    !take_integer(&cursor, &request_id) || !take_integer(&cursor, &status))
		return failure_set(failure, "an answer that is not understood");
	if (request_id == 0)
		return failure_set(failure, "the gateway is going away");
	if (status != TG_OK)
		return true;
	if (batch == 1)
		*ret_done = 1;
	else if (!count_done(&cursor, ret_done))
		return failure_set(failure, "an answer to a batch that is not understood");
	return true;
}

static bool
tallygate_take(struct bench_connection *conn, const uint8_t *bytes, size_t count,
	       size_t *ret_used, struct failure *failure)
{
	uint64_t batch = conn->bench->options->batch, done;
	struct tg_frame frame;

	*ret_used = 0;
	while (*ret_used < count &&
	       tg_frame_peek(bytes + *ret_used, count - *ret_used, TG_FRAME_BYTES_MAX_BATCH,
			     &frame) == TG_FRAME_WHOLE) {
		const struct tg_cursor cursor = { frame.payload,
						  frame.payload + frame.payload_bytes };

		if (!take_answer(cursor, batch, &done, failure))
			return false;
		*ret_used += frame.frame_bytes;
		bench_answered(conn, done, batch - done);
	}
	return true;
}

const struct bench_system bench_tallygate = { "tallygate", tallygate_open, tallygate_ask,
					      tallygate_take };
