/*
 * bench.c - the connections of a run and the pace of its requests.
 */
#include "contrib/bench/bench.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "protocol/assert.h"

#define BUFFER_BYTES_FIRST 4096
#define READ_BYTES 65536
#define OPENING_MAX 200 /* connections that open at the same time */
#define OPENING_SECONDS_MAX 120
#define OPENING_TURN_S 0.01
#define PACE_US 500 /* open loop: how often what is due is looked at */

static void on_event(evutil_socket_t fd, short what, void *context);

uint64_t
bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint8_t *
bench_room(struct bench_buffer *buffer, size_t bytes)
{
	size_t waiting = buffer->to_bytes - buffer->from_bytes;

	if (buffer->from_bytes > 0 &&
	    (waiting == 0 || buffer->to_bytes + bytes > buffer->capacity_bytes)) {
		memmove(buffer->base, buffer->base + buffer->from_bytes, waiting);
		buffer->from_bytes = 0;
		buffer->to_bytes = waiting;
	}
	if (buffer->to_bytes + bytes > buffer->capacity_bytes) {
		size_t capacity = buffer->capacity_bytes;

		if (capacity == 0)
			capacity = BUFFER_BYTES_FIRST;
		while (capacity < buffer->to_bytes + bytes)
			capacity *= 2;
		buffer->base = realloc(buffer->base, capacity);
		TG_ASSERT(buffer->base != NULL);
		buffer->capacity_bytes = capacity;
	}
	return buffer->base + buffer->to_bytes;
}

void
bench_put(struct bench_buffer *buffer, const void *data, size_t bytes)
{
	memcpy(bench_room(buffer, bytes), data, bytes);
	buffer->to_bytes += bytes;
}

void
bench_print(struct bench_buffer *buffer, const char *format, ...)
{
	char *room = (char *)bench_room(buffer, BENCH_TEXT_BYTES_MAX);
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(room, BENCH_TEXT_BYTES_MAX, format, arguments);
	va_end(arguments);
	TG_ASSERT(bytes >= 0 && bytes < BENCH_TEXT_BYTES_MAX);
	buffer->to_bytes += (size_t)bytes;
}

void
bench_put_hex(struct bench_buffer *buffer, const uint8_t *bytes, size_t count)
{
	uint8_t *room = bench_room(buffer, 2 * count);

	for (size_t i = 0; i < count; i++) {
		room[2 * i] = (uint8_t)"0123456789abcdef"[bytes[i] >> 4];
		room[2 * i + 1] = (uint8_t)"0123456789abcdef"[bytes[i] & 15];
	}
	buffer->to_bytes += 2 * count;
}

void
bench_draw(struct bench *bench, struct bench_earn *ret_earn)
{
	uint64_t words[2] = { prng_next(&bench->prng), prng_next(&bench->prng) };
	uint64_t card = prng_below(&bench->prng, bench->options->members);

	memcpy(ret_earn->id, words, sizeof(ret_earn->id));
	ret_earn->amount = 100 + (int64_t)(words[0] % 9900);
	ret_earn->card[BENCH_CARD_DIGITS] = '\0';
	for (int i = BENCH_CARD_DIGITS - 1; i >= 0; i--, card /= 10)
		ret_earn->card[i] = (char)('0' + card % 10);
}

/* End the run: the reason is that of the first failure. */
static void
give_up(struct bench *bench, const char *what, const char *why)
{
	if (!bench->has_failed)
		failure_set(&bench->failure, "%s: %s", what, why);
	bench->has_failed = true;
	event_base_loopbreak(bench->base);
}

void
bench_count(struct bench *bench, uint64_t due_ns, uint64_t now_ns, uint64_t ok, uint64_t refused)
{
	if (!bench->is_measured)
		return;
	bench->ok_count += ok;
	bench->refused_count += refused;
	histogram_add(&bench->latency, now_ns - due_ns);
}

void
bench_answered(struct bench_connection *conn, uint64_t ok, uint64_t refused)
{
	struct bench *bench = conn->bench;

	if (conn->answered == conn->asked) {
		give_up(bench, bench->system->name, "an answer that nobody asked for");
		return;
	}
	bench_count(bench, conn->due_ns[conn->answered++ % bench->options->depth], bench_now_ns(),
		    ok, refused);
}

static void
want_write(struct bench_connection *conn, bool is_wanted)
{
	if (conn->is_write_wanted == is_wanted)
		return;
	if (is_wanted)
		event_add(conn->write_event, NULL);
	else
		event_del(conn->write_event);
	conn->is_write_wanted = is_wanted;
}

/* Read or write: > 0 bytes moved; 0: not now; -1: the run has been given up. */
static ssize_t
transfer(struct bench_connection *conn, bool is_read, uint8_t *data, size_t bytes)
{
	size_t moved = 0;
	ssize_t result;
	int error;

	if (conn->tls == NULL) {
		result = is_read ? read(conn->fd, data, bytes) :
				   send(conn->fd, data, bytes, MSG_NOSIGNAL);
		if (result > 0)
			return result;
		if (result < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		give_up(conn->bench, "connection",
			result == 0 ? "closed by the server" : strerrordesc_np(errno));
		return -1;
	}
	ERR_clear_error();
	result = is_read ? SSL_read_ex(conn->tls, data, bytes, &moved) :
			   SSL_write_ex(conn->tls, data, bytes, &moved);
	if (result == 1)
		return (ssize_t)moved;
	error = SSL_get_error(conn->tls, (int)result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return 0;
	give_up(conn->bench, "connection", "TLS broke");
	return -1;
}

static void
flush(struct bench_connection *conn)
{
	struct bench_buffer *out = &conn->out;

	while (out->from_bytes < out->to_bytes) {
		ssize_t moved = transfer(conn, false, out->base + out->from_bytes,
					 out->to_bytes - out->from_bytes);

		if (moved < 0)
			return;
		if (moved == 0)
			break;
		out->from_bytes += (size_t)moved;
	}
	want_write(conn, out->from_bytes < out->to_bytes);
}

static bool
may_ask(const struct bench_connection *conn)
{
	const struct bench *bench = conn->bench;

	return conn->is_open && conn->asked - conn->answered < bench->options->depth &&
	       !(bench->options->enroll && bench->next_card >= bench->options->members);
}

static void
ask(struct bench_connection *conn, uint64_t due_ns)
{
	conn->due_ns[conn->asked++ % conn->bench->options->depth] = due_ns;
	conn->bench->system->ask(conn);
}

/* Closed loop: whoever may ask does. */
static void
refill(struct bench_connection *conn)
{
	uint64_t now_ns = 0;

	if (conn->bench->options->rate != 0)
		return;
	while (may_ask(conn)) {
		if (now_ns == 0)
			now_ns = bench_now_ns();
		ask(conn, now_ns);
	}
}

/* Open loop: ask for all that is due by now, on connections that take turns. */
static void
on_pace(evutil_socket_t fd, short what, void *context)
{
	struct bench *bench = context;
	uint64_t rate = bench->options->rate;
	uint64_t now_ns = bench_now_ns();
	uint32_t count = (uint32_t)bench->options->connections, tried = 0;

	(void)fd, (void)what;
	while (tried < count) {
		uint64_t due_ns = bench->started_ns +
				  (uint64_t)((__uint128_t)bench->due_count * 1000000000u / rate);
		struct bench_connection *conn = &bench->connections[bench->next_free];

		if (due_ns > now_ns)
			break;
		bench->next_free = (bench->next_free + 1) % count;
		if (!may_ask(conn)) {
			tried++;
			continue;
		}
		tried = 0;
		bench->due_count++;
		ask(conn, due_ns);
		flush(conn);
	}
}

/* Hand what came to the system.  False: the run has been given up. */
static bool
understand(struct bench_connection *conn)
{
	struct bench *bench = conn->bench;
	struct bench_buffer *in = &conn->in;
	struct failure failure;
	bool is_ok, is_done = false;
	size_t used = 0;

	if (conn->is_open) {
		is_ok = bench->system->take(conn, in->base + in->from_bytes,
					    in->to_bytes - in->from_bytes, &used, &failure);
	} else {
		is_ok = bench->system->open(conn, in->base + in->from_bytes,
					    in->to_bytes - in->from_bytes, &used, &is_done,
					    &failure);
		if (is_ok && is_done) {
			conn->is_open = true;
			bench->open_count++;
		}
	}
	in->from_bytes += used;
	if (!is_ok)
		give_up(bench, bench->system->name, failure.text);
	return !bench->has_failed;
}

static void
on_bytes(struct bench_connection *conn)
{
	struct bench *bench = conn->bench;

	for (;;) {
		uint8_t *room = bench_room(&conn->in, READ_BYTES);
		size_t room_bytes = conn->in.capacity_bytes - conn->in.to_bytes;
		ssize_t moved = transfer(conn, true, room, room_bytes);

		if (moved < 0)
			return;
		if (moved == 0)
			break;
		conn->in.to_bytes += (size_t)moved;
		if (!understand(conn))
			return;
		if (conn->tls != NULL ? SSL_has_pending(conn->tls) == 0 :
					(size_t)moved < room_bytes)
			break;
	}
	if (bench->started_ns != 0)
		refill(conn);
	if (conn->out.from_bytes < conn->out.to_bytes)
		flush(conn);
}

/* Begin to speak: the socket is connected, and TLS is there. */
static void
begin(struct bench_connection *conn)
{
	event_add(conn->read_event, NULL);
	if (understand(conn))
		flush(conn);
}

static void
shake_hands(struct bench_connection *conn)
{
	int result, error;

	ERR_clear_error();
	result = SSL_do_handshake(conn->tls);
	if (result == 1) {
		conn->is_shaking = false;
		want_write(conn, false);
		begin(conn);
		return;
	}
	error = SSL_get_error(conn->tls, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		event_add(conn->read_event, NULL);
		want_write(conn, error == SSL_ERROR_WANT_WRITE);
		return;
	}
	endpoint_tls_reason(conn->tls, conn->bench->failure.text,
			    sizeof(conn->bench->failure.text));
	conn->bench->has_failed = true;
	event_base_loopbreak(conn->bench->base);
}

static void
on_connected(struct bench_connection *conn)
{
	socklen_t bytes = sizeof(int);
	int error = 0;

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0)
		error = errno;
	if (error != 0) {
		give_up(conn->bench, "connection", strerrordesc_np(error));
		return;
	}
	want_write(conn, false);
	if (conn->bench->endpoint.tls == NULL) {
		begin(conn);
		return;
	}
	conn->tls = endpoint_start_tls(&conn->bench->endpoint, conn->fd);
	TG_ASSERT(conn->tls != NULL);
	SSL_set_read_ahead(conn->tls, 1);
	conn->is_shaking = true;
	shake_hands(conn);
}

static void
on_event(evutil_socket_t fd, short what, void *context)
{
	struct bench_connection *conn = context;

	(void)fd;
	if (conn->is_shaking)
		shake_hands(conn);
	else if (!event_pending(conn->read_event, EV_READ, NULL))
		on_connected(conn);
	else if ((what & EV_WRITE) != 0)
		flush(conn);
	else
		on_bytes(conn);
}

static bool
connect_one(struct bench *bench, uint32_t index, struct failure *failure)
{
	struct bench_connection *conn = &bench->connections[index];

	conn->bench = bench;
	conn->index = index;
	conn->fd = endpoint_connect(&bench->endpoint);
	if (conn->fd < 0)
		return failure_set_errno(failure, errno, "connect");
	conn->due_ns = calloc(bench->options->depth, sizeof(*conn->due_ns));
	conn->read_event = event_new(bench->base, conn->fd, EV_READ | EV_PERSIST, on_event, conn);
	conn->write_event = event_new(bench->base, conn->fd, EV_WRITE | EV_PERSIST, on_event, conn);
	TG_ASSERT(conn->due_ns != NULL && conn->read_event != NULL && conn->write_event != NULL);
	want_write(conn, true);
	return true;
}

static void
on_end(evutil_socket_t fd, short what, void *context)
{
	struct bench *bench = context;

	(void)fd, (void)what;
	event_base_loopbreak(bench->base);
}

bool
bench_run_for(struct bench *bench, double seconds, struct failure *failure)
{
	const struct timeval time = { .tv_sec = (time_t)seconds,
				      .tv_usec = (suseconds_t)(seconds * 1e6) % 1000000 };
	struct event *end = evtimer_new(bench->base, on_end, bench);

	TG_ASSERT(end != NULL);
	event_add(end, &time);
	event_base_dispatch(bench->base);
	event_free(end);
	if (bench->has_failed)
		*failure = bench->failure;
	return !bench->has_failed;
}

/* Open all connections, some at a time. */
static bool
connect_all(struct bench *bench, struct failure *failure)
{
	uint32_t count = (uint32_t)bench->options->connections, begun = 0;
	uint64_t deadline_ns = bench_now_ns() + OPENING_SECONDS_MAX * UINT64_C(1000000000);

	while (bench->open_count < count) {
		while (begun < count && begun < bench->open_count + OPENING_MAX) {
			if (!connect_one(bench, begun++, failure))
				return false;
		}
		if (!bench_run_for(bench, OPENING_TURN_S, failure))
			return false;
		if (bench_now_ns() > deadline_ns)
			return failure_set(failure, "%u of %u connections opened in %d s",
					   bench->open_count, count, OPENING_SECONDS_MAX);
	}
	return true;
}

static void
disconnect_all(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->options->connections; i++) {
		struct bench_connection *conn = &bench->connections[i];

		if (conn->bench == NULL || conn->fd < 0)
			continue;
		event_free(conn->read_event);
		event_free(conn->write_event);
		SSL_free(conn->tls);
		close(conn->fd);
		free(conn->due_ns);
		free(conn->in.base);
		free(conn->out.base);
	}
	free(bench->connections);
}

static bool
has_unanswered(const struct bench *bench)
{
	for (uint32_t i = 0; i < bench->options->connections; i++) {
		if (bench->connections[i].asked != bench->connections[i].answered)
			return true;
	}
	return false;
}

static void
start(struct bench *bench, struct event *pace)
{
	const struct timeval period = { .tv_usec = PACE_US };

	bench->started_ns = bench_now_ns();
	if (bench->options->rate != 0) {
		event_add(pace, &period);
		return;
	}
	for (uint32_t i = 0; i < bench->options->connections; i++) {
		refill(&bench->connections[i]);
		flush(&bench->connections[i]);
	}
}

bool
bench_measure(struct bench *bench, struct failure *failure)
{
	if (!bench_run_for(bench, (double)bench->options->warm_up, failure))
		return false;
	bench->is_measured = true;
	bench->measured_ns = bench_now_ns();
	if (!bench_run_for(bench, (double)bench->options->seconds, failure))
		return false;
	bench->end_ns = bench_now_ns();
	return true;
}

/* Put the load on: measure, or enrol everybody. */
static bool
load(struct bench *bench, struct failure *failure)
{
	struct event *pace = event_new(bench->base, -1, EV_PERSIST, on_pace, bench);
	bool is_ok = true;

	TG_ASSERT(pace != NULL);
	if (bench->options->enroll)
		bench->is_measured = true;
	start(bench, pace);
	if (bench->options->enroll) {
		bench->measured_ns = bench->started_ns;
		while (is_ok && has_unanswered(bench))
			is_ok = bench_run_for(bench, 0.05, failure);
		bench->end_ns = bench_now_ns();
	} else {
		is_ok = bench_measure(bench, failure);
	}
	event_free(pace);
	return is_ok;
}

bool
bench_run(struct bench *bench, struct failure *failure)
{
	bool is_ok;

	bench->base = event_base_new();
	bench->connections = calloc(bench->options->connections, sizeof(*bench->connections));
	TG_ASSERT(bench->base != NULL && bench->connections != NULL);
	is_ok = connect_all(bench, failure) && load(bench, failure);
	disconnect_all(bench);
	event_base_free(bench->base);
	return is_ok;
}
