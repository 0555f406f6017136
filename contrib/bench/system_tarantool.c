/*
 * system_tarantool.c - Tarantool: IPROTO_CALL of earn or earn_many, as the guest user.
 *
 * Keys and codes: https://www.tarantool.io/en/doc/latest/reference/internals/iproto/
 */
#include <string.h>

#include "contrib/bench/bench.h"
#include "protocol/cursor.h"
#include "protocol/writer.h"

#define GREETING_BYTES 128
#define LENGTH_BYTES 5 /* 0xce and four bytes */
#define EARN_BYTES_MAX 64
#define HEAD_BYTES_MAX 64

/* Keys of headers and bodies, and the request type. */
#define KEY_TYPE 0x00
#define KEY_SYNC 0x01
#define KEY_TUPLE 0x21
#define KEY_FUNCTION 0x22
#define KEY_DATA 0x30
#define TYPE_CALL 0x0a

static bool
tarantool_open(struct bench_connection *conn, const uint8_t *bytes, size_t count,
	       size_t *ret_used, bool *ret_is_done, struct failure *failure)
{
	(void)conn;
	*ret_is_done = count >= GREETING_BYTES;
	*ret_used = *ret_is_done ? GREETING_BYTES : 0;
	if (count >= 9 && memcmp(bytes, "Tarantool", 9) != 0)
		return failure_set(failure, "no Tarantool greets");
	return true;
}

static void
put_earn(struct bench *bench, struct tg_writer *writer)
{
	struct bench_earn earn;

	bench_draw(bench, &earn);
	tg_write_bin(writer, earn.id, sizeof(earn.id));
	tg_write_str(writer, earn.card, BENCH_CARD_DIGITS);
	tg_write_integer(writer, earn.amount);
}

static void
tarantool_ask(struct bench_connection *conn)
{
	struct bench *bench = conn->bench;
	uint32_t batch = (uint32_t)bench->options->batch;
	size_t room_bytes = HEAD_BYTES_MAX + batch * EARN_BYTES_MAX;
	uint8_t *room = bench_room(&conn->out, room_bytes);
	struct tg_writer writer;
	uint32_t bytes;

	tg_writer_init(&writer, room + LENGTH_BYTES, room_bytes - LENGTH_BYTES);
	tg_write_map(&writer, 2);
	tg_write_integer(&writer, KEY_TYPE);
	tg_write_integer(&writer, TYPE_CALL);
	tg_write_integer(&writer, KEY_SYNC);
	tg_write_integer(&writer, (int64_t)conn->asked);
	tg_write_map(&writer, 2);
	tg_write_integer(&writer, KEY_FUNCTION);
	tg_write_str(&writer, batch == 1 ? "earn" : "earn_many", batch == 1 ? 4 : 9);
	tg_write_integer(&writer, KEY_TUPLE);
	if (batch == 1) {
		tg_write_array(&writer, 3);
	} else {
		tg_write_array(&writer, 1);
		tg_write_array(&writer, 3 * batch);
	}
	for (uint32_t i = 0; i < batch; i++)
		put_earn(bench, &writer);
	bytes = (uint32_t)writer.used_bytes;
	room[0] = 0xce;
	for (int i = 0; i < 4; i++)
		room[1 + i] = (uint8_t)(bytes >> (24 - 8 * i));
	conn->out.to_bytes += LENGTH_BYTES + bytes;
}

/* The next integer that must be there. */
static bool
read_integer(struct tg_cursor *cursor, int64_t *ret_integer)
{
	struct tg_head head;

	if (!tg_cursor_head(cursor, &head) || head.kind != TG_HEAD_INT)
		return false;
	*ret_integer = head.integer;
	return true;
}

/* Is it the answer to the oldest request, and a good one?  The header's keys are all integers. */
static bool
is_done(const struct bench_connection *conn, const uint8_t *bytes, size_t count)
{
	struct tg_cursor cursor = { bytes, bytes + count };
	struct tg_head head;
	int64_t key, value, type = -1, sync = -1;

	if (!tg_cursor_head(&cursor, &head) || head.kind != TG_HEAD_MAP)
		return false;
	for (uint32_t i = 0; i < head.length; i++) {
		if (!read_integer(&cursor, &key) || !read_integer(&cursor, &value))
			return false;
		if (key == KEY_TYPE)
			type = value;
		else if (key == KEY_SYNC)
			sync = value;
	}
	return type == 0 && sync == (int64_t)conn->answered + 1;
}

static bool
tarantool_take(struct bench_connection *conn, const uint8_t *bytes, size_t count,
	       size_t *ret_used, struct failure *failure)
{
	*ret_used = 0;
	while (count - *ret_used >= LENGTH_BYTES) {
		const uint8_t *at = bytes + *ret_used;
		size_t length = (size_t)at[1] << 24 | (size_t)at[2] << 16 | (size_t)at[3] << 8 |
				at[4];

		if (at[0] != 0xce)
			return failure_set(failure, "not the length of an answer");
		if (count - *ret_used < LENGTH_BYTES + length)
			break;
		if (!is_done(conn, at + LENGTH_BYTES, length))
			return failure_set(failure, "an error, or an answer out of turn");
		*ret_used += LENGTH_BYTES + length;
		bench_answered(conn, conn->bench->options->batch, 0);
	}
	return true;
}

const struct bench_system bench_tarantool = { "tarantool", tarantool_open, tarantool_ask,
					      tarantool_take };
