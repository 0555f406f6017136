/*
 * system_echo.c - frames that come back as they are: the limit of the network path.
 */
#include <string.h>

#include "contrib/bench/bench.h"
#include "protocol/frame.h"

static bool
echo_open(struct bench_connection *conn, const uint8_t *bytes, size_t count, size_t *ret_used,
	  bool *ret_is_done, struct failure *failure)
{
	(void)conn, (void)bytes, (void)count, (void)failure;
	*ret_used = 0;
	*ret_is_done = true;
	return true;
}

static void
echo_ask(struct bench_connection *conn)
{
	size_t bytes = conn->bench->options->bytes;
	uint8_t *room = bench_room(&conn->out, bytes);

	memset(room, 0x2a, bytes);
	tg_frame_put_header(room, bytes - TG_FRAME_HEADER_BYTES);
	conn->out.to_bytes += bytes;
}

static bool
echo_take(struct bench_connection *conn, const uint8_t *bytes, size_t count, size_t *ret_used,
	  struct failure *failure)
{
	struct tg_frame frame;

	*ret_used = 0;
	while (*ret_used < count &&
	       tg_frame_peek(bytes + *ret_used, count - *ret_used, 1 << 20, &frame) ==
		       TG_FRAME_WHOLE) {
		if (frame.frame_bytes != conn->bench->options->bytes)
			return failure_set(failure, "%zu bytes came back", frame.frame_bytes);
		*ret_used += frame.frame_bytes;
		bench_answered(conn, 1, 0);
	}
	return true;
}

const struct bench_system bench_echo = { "echo", echo_open, echo_ask, echo_take };
