/*
 * fake_gateway.c - a gateway that exists only in tests.
 *
 * One thread, poll(), blocking writes: clients of tests read what they are sent.
 */
#include "tests/contrib/fake_gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "contrib/common/day.h"
#include "protocol/assert.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"

#define CLIENTS_MAX 64
#define IN_BYTES (512 * 1024)
#define OUT_BYTES (1024 * 1024)
#define ITEM_BYTES_MAX 512
#define RIGHTS_ALL 0xff

const uint8_t fake_master[FAKE_MASTER_BYTES] = "master key of the fake gateway.";

const char *const fake_terminals = "number,store,partner\n"
				   "101,11,1\n102,11,1\n201,21,2\n202,21,2\n";

struct fake_client {
	int fd; /* -1: free */
	uint32_t terminal;
	uint8_t client_nonce[TG_NONCE_BYTES], server_nonce[TG_NONCE_BYTES];
	bool is_ready;
	uint8_t *in; /* IN_BYTES */
	size_t in_bytes;
};

struct fake_gateway {
	struct fake_options options;
	struct fake_ledger *ledger;
	int listener, stop_pipe[2];
	pthread_t thread;
	struct fake_client clients[CLIENTS_MAX];
	uint8_t *out;  /* OUT_BYTES */
	uint64_t turn; /* requests so far */
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
hang_up(struct fake_client *client)
{
	close(client->fd);
	client->fd = -1;
	client->is_ready = false;
	client->in_bytes = 0;
}

static void
send_all(struct fake_client *client, const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t count = send(client->fd, data, bytes, MSG_NOSIGNAL);

		if (count <= 0) {
			hang_up(client);
			return;
		}
		data += count;
		bytes -= (size_t)count;
	}
}

static void
send_message(struct fake_gateway *gateway, struct fake_client *client,
	     const struct tg_message *message)
{
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, gateway->out, OUT_BYTES);
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	send_all(client, gateway->out, writer.used_bytes);
}

static void
take_hello(struct fake_gateway *gateway, struct fake_client *client,
	   const struct tg_message *request)
{
	struct tg_message answer;

	memcpy(client->client_nonce, request->values[TG_FIELD_CLIENT_NONCE].data, TG_NONCE_BYTES);
	memset(client->server_nonce, client->fd, TG_NONCE_BYTES);
	tg_message_init(&answer, request->request_id, TG_OK);
	tg_message_set_integer(&answer, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
	tg_message_set_bytes(&answer, TG_FIELD_SERVER_NONCE, client->server_nonce, TG_NONCE_BYTES);
	tg_message_set_text(&answer, TG_FIELD_INSTANCE, FAKE_INSTANCE);
	tg_message_set_integer(&answer, TG_FIELD_IN_FLIGHT_MAX, 32);
	tg_message_set_integer(&answer, TG_FIELD_BUSINESS_DATE, day_of_utc_ms(now_ms()));
	tg_message_set_integer(&answer, TG_FIELD_SERVER_TIME, now_ms());
	send_message(gateway, client, &answer);
}

static void
take_auth(struct fake_gateway *gateway, struct fake_client *client,
	  const struct tg_message *request)
{
	struct tg_auth_input input = { .version = TG_PROTOCOL_VERSION };
	uint8_t key[TG_KEY_BYTES], proof[TG_PROOF_BYTES];
	struct tg_message answer;
	bool is_known;

	client->terminal = (uint32_t)request->values[TG_FIELD_TERMINAL].integer;
	input.terminal = client->terminal;
	input.generation = (uint16_t)tg_message_integer(request, TG_FIELD_KEY_GENERATION, 1);
	memcpy(input.client_nonce, client->client_nonce, TG_NONCE_BYTES);
	memcpy(input.server_nonce, client->server_nonce, TG_NONCE_BYTES);
	is_known = tg_auth_derive_key(fake_master, sizeof(fake_master), FAKE_INSTANCE,
				      client->terminal, input.generation, key) == TG_OK &&
		   tg_message_has(request, TG_FIELD_PROOF) &&
		   tg_auth_check_proof(TG_AUTH_TERMINAL, key, &input,
				       request->values[TG_FIELD_PROOF].data) &&
		   tg_auth_make_proof(TG_AUTH_SERVER, key, &input, proof) == TG_OK;
	tg_message_init(&answer, request->request_id,
			is_known && !gateway->options.refuses_auth ? TG_OK : TG_AUTH_FAILED);
	if (answer.code == TG_OK) {
		client->is_ready = true;
		tg_message_set_bytes(&answer, TG_FIELD_PROOF, proof, sizeof(proof));
		tg_message_set_integer(&answer, TG_FIELD_PARTNER, client->terminal / 100);
		tg_message_set_integer(&answer, TG_FIELD_STORE, client->terminal / 10);
		tg_message_set_integer(&answer, TG_FIELD_RIGHTS, RIGHTS_ALL);
		tg_message_set_integer(&answer, TG_FIELD_FRAME_BYTES_MAX, TG_FRAME_BYTES_MAX_BATCH);
		tg_message_set_integer(&answer, TG_FIELD_SERVER_TIME, now_ms());
	}
	send_message(gateway, client, &answer);
}

/* Is it one of so many turns? */
static bool
is_turn(const struct fake_gateway *gateway, uint32_t every)
{
	return every != 0 && gateway->turn % every == every - 1;
}

/* Do nothing for so long, as a gateway whose disk does not answer. */
static void
stall(uint32_t ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&wait, NULL);
}

/* Answer one request or item.  False when the connection is to end instead. */
static bool
decide(struct fake_gateway *gateway, const struct fake_client *client,
       const struct tg_message *request, struct fake_room *room, struct tg_message *answer)
{
	gateway->turn++;
	if (gateway->turn == gateway->options.stall_turn)
		stall(gateway->options.stall_ms);
	tg_message_init(answer, request->request_id, TG_OK);
	if (is_turn(gateway, gateway->options.ignore_every))
		return false;
	if (is_turn(gateway, gateway->options.busy_every)) {
		answer->code = TG_BUSY;
		tg_message_set_integer(answer, TG_FIELD_RETRY_AFTER, 1);
		return true;
	}
	fake_ledger_answer(gateway->ledger, client->terminal / 100, request, now_ms(), room,
			   answer);
	return !is_turn(gateway, gateway->options.lose_every);
}

static void
take_batch(struct fake_gateway *gateway, struct fake_client *client,
	   const struct tg_message *request)
{
	uint32_t count = request->values[TG_FIELD_ITEMS].count, field;
	struct tg_message item_request, item_answer;
	struct tg_batch_writer batch;
	struct fake_room room;
	struct tg_writer writer;
	struct tg_rows rows;
	struct tg_cursor item;
	bool is_encoded;

	tg_writer_init(&writer, gateway->out, OUT_BYTES);
	tg_batch_begin(&batch, &writer, request->request_id, TG_OK, count);
	tg_rows_start(&request->values[TG_FIELD_ITEMS], &rows);
	while (tg_rows_next_item(&rows, &item)) {
		enum tg_status status = tg_decode_item_request(item, &item_request, &field);

		TG_ASSERT(status == TG_OK);
		if (!decide(gateway, client, &item_request, &room, &item_answer)) {
			hang_up(client);
			return;
		}
		tg_batch_add(&batch, &item_answer);
	}
	is_encoded = tg_batch_end(&batch);
	TG_ASSERT(is_encoded);
	send_all(client, gateway->out, writer.used_bytes);
}

static void
take_frame(struct fake_gateway *gateway, struct fake_client *client, const struct tg_frame *frame)
{
	struct tg_message request, answer;
	struct fake_room room;
	uint32_t field;
	enum tg_status status =
		tg_decode_request(frame->payload, frame->payload_bytes, &request, &field);

	if (status != TG_OK) {
		tg_message_init(&answer, request.request_id, (uint32_t)status);
		tg_message_set_integer(&answer, TG_FIELD_FIELD, field);
		send_message(gateway, client, &answer);
	} else if (request.code == TG_OP_HELLO) {
		take_hello(gateway, client, &request);
	} else if (request.code == TG_OP_AUTH) {
		take_auth(gateway, client, &request);
	} else if (!client->is_ready) {
		tg_message_init(&answer, request.request_id, TG_AUTH_REQUIRED);
		send_message(gateway, client, &answer);
	} else if (request.code == TG_OP_BATCH) {
		take_batch(gateway, client, &request);
	} else if (decide(gateway, client, &request, &room, &answer)) {
		send_message(gateway, client, &answer);
	} else {
		hang_up(client);
	}
}

static void
serve(struct fake_gateway *gateway, struct fake_client *client)
{
	ssize_t count = recv(client->fd, client->in + client->in_bytes, IN_BYTES - client->in_bytes,
			     MSG_DONTWAIT);
	size_t at = 0;

	if (count < 0 && errno == EAGAIN)
		return;
	if (count <= 0) {
		hang_up(client);
		return;
	}
	client->in_bytes += (size_t)count;
	while (client->fd >= 0) {
		struct tg_frame frame;

		if (tg_frame_peek(client->in + at, client->in_bytes - at, TG_FRAME_BYTES_MAX_BATCH,
				  &frame) != TG_FRAME_WHOLE)
			break;
		take_frame(gateway, client, &frame);
		at += frame.frame_bytes;
	}
	if (client->fd < 0)
		return;
	memmove(client->in, client->in + at, client->in_bytes - at);
	client->in_bytes -= at;
}

static void
welcome(struct fake_gateway *gateway)
{
	int fd = accept(gateway->listener, NULL, NULL);

	for (int i = 0; i < CLIENTS_MAX && fd >= 0; i++) {
		struct fake_client *client = &gateway->clients[i];

		if (client->fd >= 0)
			continue;
		client->fd = fd;
		if (client->in == NULL)
			client->in = malloc(IN_BYTES);
		TG_ASSERT(client->in != NULL);
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void *
run(void *context)
{
	struct fake_gateway *gateway = context;
	struct pollfd fds[CLIENTS_MAX + 2];

	for (;;) {
		fds[0].fd = gateway->stop_pipe[0];
		fds[1].fd = gateway->listener;
		for (int i = 0; i < CLIENTS_MAX; i++)
			fds[i + 2].fd = gateway->clients[i].fd;
		for (int i = 0; i < CLIENTS_MAX + 2; i++)
			fds[i].events = POLLIN;
		if (poll(fds, CLIENTS_MAX + 2, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			return NULL;
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (fds[i + 2].fd >= 0 && fds[i + 2].revents != 0)
				serve(gateway, &gateway->clients[i]);
		if (fds[1].revents != 0)
			welcome(gateway);
	}
}

struct fake_gateway *
fake_gateway_start(const struct fake_options *options, char ret_port[8])
{
	struct fake_gateway *gateway = calloc(1, sizeof(*gateway));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(address);
	bool is_ok;

	TG_ASSERT(gateway != NULL);
	gateway->options = *options;
	gateway->ledger =
		fake_ledger_new(options->lie, options->lie_every > 0 ? options->lie_every : 1);
	gateway->out = malloc(OUT_BYTES);
	TG_ASSERT(gateway->out != NULL);
	for (int i = 0; i < CLIENTS_MAX; i++)
		gateway->clients[i].fd = -1;
	gateway->listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	is_ok = bind(gateway->listener, (struct sockaddr *)&address, bytes) == 0 &&
		listen(gateway->listener, CLIENTS_MAX) == 0 &&
		getsockname(gateway->listener, (struct sockaddr *)&address, &bytes) == 0 &&
		pipe(gateway->stop_pipe) == 0 &&
		pthread_create(&gateway->thread, NULL, run, gateway) == 0;
	TG_ASSERT(is_ok);
	snprintf(ret_port, 8, "%u", ntohs(address.sin_port));
	return gateway;
}

void
fake_gateway_stop(struct fake_gateway *gateway)
{
	ssize_t count = write(gateway->stop_pipe[1], "", 1);

	TG_ASSERT(count == 1);
	pthread_join(gateway->thread, NULL);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		if (gateway->clients[i].fd >= 0)
			close(gateway->clients[i].fd);
		free(gateway->clients[i].in);
	}
	close(gateway->listener);
	close(gateway->stop_pipe[0]);
	close(gateway->stop_pipe[1]);
	fake_ledger_free(gateway->ledger);
	free(gateway->out);
	free(gateway);
}

const struct fake_ledger *
fake_gateway_ledger(const struct fake_gateway *gateway)
{
	return gateway->ledger;
}
