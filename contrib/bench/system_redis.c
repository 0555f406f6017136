/*
 * system_redis.c - Redis: one call of the function earn, or of earn_many with a list, a request.
 *
 * The function is in earn.lua, loaded before.  What is spoken is RESP 2
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/): arrays of bulk strings out, an
 * integer or an array of integers in.
 */
#include <stdlib.h>
#include <string.h>

#include "contrib/bench/bench.h"

static bool
redis_open(struct bench_connection *conn, const uint8_t *bytes, size_t count, size_t *ret_used,
	   bool *ret_is_done, struct failure *failure)
{
	(void)conn, (void)bytes, (void)count, (void)failure;
	*ret_used = 0;
	*ret_is_done = true;
	return true;
}

#define DIGITS_MAX 20

/* Write number in decimal digits at the end of text.  Returns where they begin. */
static const char *
digits_of(uint64_t number, char text[DIGITS_MAX])
{
	char *at = text + DIGITS_MAX;

	do
		*--at = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return at;
}

/* Append "$<bytes>\r\n<data>\r\n"; without printf, which would cost more than the server does. */
static void
put_bulk(struct bench_buffer *out, const void *data, size_t bytes)
{
	char text[DIGITS_MAX];
	const char *digits = digits_of(bytes, text);
	uint8_t *at = bench_room(out, 1 + DIGITS_MAX + 2 + bytes + 2);

	*at++ = '$';
	at = mempcpy(at, digits, (size_t)(text + DIGITS_MAX - digits));
	at = mempcpy(at, "\r\n", 2);
	at = mempcpy(at, data, bytes);
	at = mempcpy(at, "\r\n", 2);
	out->to_bytes = (size_t)(at - out->base);
}

static void
put_number(struct bench_buffer *out, uint64_t number)
{
	char text[DIGITS_MAX];
	const char *digits = digits_of(number, text);

	put_bulk(out, digits, (size_t)(text + DIGITS_MAX - digits));
}

/* FCALL earn 2 <id> <card> <amount>, or FCALL earn_many 2n <id> <card>... <amount>... */
static void
redis_ask(struct bench_connection *conn)
{
	struct bench *bench = conn->bench;
	struct bench_buffer *out = &conn->out;
	uint64_t batch = bench->options->batch;
	int64_t amounts[BENCH_BATCH_MAX];

	bench_print(out, "*%llu\r\n", (unsigned long long)(3 + 3 * batch));
	put_bulk(out, "FCALL", 5);
	put_bulk(out, batch == 1 ? "earn" : "earn_many", batch == 1 ? 4 : 9);
	put_number(out, 2 * batch);
	for (uint64_t i = 0; i < batch; i++) {
		struct bench_earn earn;

		bench_draw(bench, &earn);
		put_bulk(out, earn.id, sizeof(earn.id));
		put_bulk(out, earn.card, BENCH_CARD_DIGITS);
		amounts[i] = earn.amount;
	}
	for (uint64_t i = 0; i < batch; i++)
		put_number(out, (uint64_t)amounts[i]);
}

/* The line at the front, without its end; 0 when it is not whole. */
static size_t
line_bytes(const uint8_t *bytes, size_t count)
{
	const uint8_t *end = memchr(bytes, '\n', count);

	return end == NULL ? 0 : (size_t)(end - bytes) + 1;
}

/* One answer: ":<balance>", or "*<n>" and n of them.  0: more must come. */
static size_t
answer_bytes(const uint8_t *bytes, size_t count, uint64_t *ret_values)
{
	size_t used = line_bytes(bytes, count);
	uint64_t left = 0;

	*ret_values = 1;
	if (used == 0 || bytes[0] != '*')
		return used;
	left = *ret_values = strtoull((const char *)bytes + 1, NULL, 10);
	while (left-- > 0) {
		size_t more = line_bytes(bytes + used, count - used);

		if (more == 0)
			return 0;
		used += more;
	}
	return used;
}

static bool
redis_take(struct bench_connection *conn, const uint8_t *bytes, size_t count, size_t *ret_used,
	   struct failure *failure)
{
	uint64_t values;
	size_t used;

	*ret_used = 0;
	while (*ret_used < count &&
	       (used = answer_bytes(bytes + *ret_used, count - *ret_used, &values)) > 0) {
		const uint8_t *answer = bytes + *ret_used;

		if (answer[0] != ':' && answer[0] != '*')
			return failure_set(failure, "%.*s", (int)used - 2, (const char *)answer);
		if (values != conn->bench->options->batch)
			return failure_set(failure, "%llu answers", (unsigned long long)values);
		*ret_used += used;
		bench_answered(conn, values, 0);
	}
	return true;
}

const struct bench_system bench_redis = { "redis", redis_open, redis_ask, redis_take };
